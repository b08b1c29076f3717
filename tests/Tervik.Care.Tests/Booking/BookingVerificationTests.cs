using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Tervik.Care.Booking;
using Tervik.Care.Clinics;
using Tervik.Records.Search;
using Tervik.Storage;

namespace Tervik.Care.Tests.Booking;

/// <summary>Cells against claims against Appointments, on databases that were damaged on purpose; and what the previews of the set-up show, against what is offered.</summary>
public sealed class BookingVerificationTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static async Task<House> Open(Engine engine)
    {
        var house = await new House(engine).Made();
        foreach (var setting in (string[])["appointments-followed", "calendars-followed"]) await house.Store.Setting(setting, () => "0", Stop);
        return house;
    }

    static async Task<(string Id, Offer Offer)> Book(House house, int number)
    {
        var from = house.Clock.Now.AddDays(2);
        var offer = (await house.Offers.Find(new() { From = from, To = from.AddDays(3), Services = ["visit"] }, Stop)).Offers[number];
        return (await house.Book("p", offer), offer);
    }

    static string Appointment(Offer offer, string actor, string status = "booked") =>
        $$"""{"resourceType":"Appointment","status":"{{status}}","start":"{{offer.Time.Start:yyyy-MM-ddTHH:mm:sszzz}}","end":"{{offer.Time.End:yyyy-MM-ddTHH:mm:sszzz}}","participant":[{"actor":{"reference":"{{actor}}"},"status":"accepted"}]}""";

    static AppointmentFollower Follower(House house) => new(house.Store, new SearchEngine(house.Store), house.Clinics, house.Bookings, house.Clock, NullLogger<AppointmentFollower>.Instance);

    static async Task Follow(House house)
    {
        using var follower = Follower(house);
        await follower.Follow(0, Stop);
    }

    static async Task FollowCalendars(House house)
    {
        using var follower = Follower(house);
        await follower.FollowCalendars(0, Stop);
    }

    static Task<int> Execute(House house, string sql, params SqlValue[] values) => house.Database.Write(session => session.Execute(sql, values), Stop);
    static Task<BookingVerificationResult> Verify(House house) => new BookingVerification(house.Store, house.Clock).Run(Stop);

    [Theory]
    [InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task What_agrees_is_sound_and_each_damage_is_said(Engine engine)
    {
        await using var house = await Open(engine);
        var (one, offer) = await Book(house, 0);
        var (two, _) = await Book(house, 4);
        var (three, _) = await Book(house, 8);
        await Follow(house);
        await FollowCalendars(house);
        var sound = await Verify(house);
        Assert.Empty(sound.Findings);
        Assert.Equal((3, 3, 0), (sound.Claims, sound.Appointments, sound.NotFollowed));

        // Stored another way, at a time that is taken: both stay, and it is said whose it is.
        await house.Put("Appointment", "late", Appointment(offer, "Practitioner/doc"));
        await Follow(house);
        Assert.Contains((await Verify(house)).Findings, finding => finding.StartsWith("Appointment/late: two claims;", StringComparison.Ordinal) && finding.Contains($"Appointment/{one}", StringComparison.Ordinal) && finding.Contains("Practitioner/doc", StringComparison.Ordinal));
        await house.Put("Appointment", "late", Appointment(offer, "Practitioner/doc", "cancelled"), version: 1);
        await Follow(house);
        Assert.Empty((await Verify(house)).Findings);

        async Task<string> Damage(string sql, params SqlValue[] values)
        {
            await Execute(house, sql, values);
            return string.Join('\n', (await Verify(house)).Findings);
        }
        var key = house.Store.Keys.Reference($"Appointment/{one}");
        Assert.Matches($"booking {one}: it has 0 of its 3 cells", await Damage("DELETE FROM booking_cell WHERE booking = $1", key));
        Assert.Contains($"Appointment/{one}: an appointment without its cells", await Damage("DELETE FROM booking WHERE no = $1", key), StringComparison.Ordinal);
        Assert.Contains("cells without a claim", await Damage("DELETE FROM booking WHERE no = $1", house.Store.Keys.Reference($"Appointment/{two}")), StringComparison.Ordinal);
        Assert.Contains("that its claim", await Damage("UPDATE booking_cell SET cell = cell + 2000 WHERE booking = $1", house.Store.Keys.Reference($"Appointment/{three}")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_claim_whose_appointment_is_cancelled_or_gone_is_found_and_what_was_not_followed_yet_is_not_judged(Engine engine)
    {
        await using var house = await Open(engine);
        var (id, offer) = await Book(house, 0);
        await Follow(house);
        await FollowCalendars(house);
        await house.Put("Appointment", id, Appointment(offer, "Practitioner/doc", "cancelled"), version: 1);
        await house.Put("Appointment", "new", Appointment(offer, "Practitioner/doc"));
        var ahead = await Verify(house);
        Assert.Empty(ahead.Findings);
        Assert.Equal(2, ahead.NotFollowed);
        // As if it had been gone through, and what it led to had been lost.
        await Execute(house, "UPDATE setting SET value = $2 WHERE name = $1", "appointments-followed", long.MaxValue.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Contains((await Verify(house)).Findings, finding => finding.StartsWith($"booking {id}: cells without an appointment", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Who_gets_a_calendar_has_the_time_of_appointments_that_were_there_before_it_taken(Engine engine)
    {
        await using var house = await Open(engine);
        var (_, offer) = await Book(house, 3);
        await house.Put("Appointment", "early", Appointment(offer, "Practitioner/nurse"));
        await Follow(house);
        await FollowCalendars(house);
        Assert.Equal((1, 1), ((await Verify(house)).Claims, (await Verify(house)).Appointments));
        await house.Put("Schedule", "nurse", """{"resourceType":"Schedule","active":true,"actor":[{"reference":"Practitioner/nurse"}],"extension":[{"url":"urn:tervik:opening","extension":[{"url":"zone","valueCode":"Europe/Tallinn"},{"url":"start","valueString":"2026-06-01T08:00"},{"url":"minutes","valuePositiveInt":600},{"url":"rule","valueString":"FREQ=DAILY"}]}]}""");
        await FollowCalendars(house);
        var now = await Verify(house);
        Assert.Empty(now.Findings);
        Assert.Equal((2, 2), (now.Claims, now.Appointments));
    }

    [Fact]
    public async Task What_a_preview_shows_is_what_is_offered_where_nobody_has_booked()
    {
        await using var house = await new House(Engine.Sqlite).Open();
        var random = new Random(20261128);
        T Any<T>(params T[] of) => of[random.Next(of.Length)];
        for (var round = 0; round < 25; round++)
        {
            var day = LocalDate.FromDateTime(house.Clock.Now.UtcDateTime.AddDays(random.Next(1, 20)));
            string Schedule(string actor)
            {
                var openings = Enumerable.Range(0, random.Next(1, 4)).Select(_ => new OpeningPattern(Any("Europe/Tallinn", "Europe/Copenhagen", "Asia/Seoul"), day.PlusDays(random.Next(-40, 5)), new(random.Next(0, 24), Any(0, 15, 30)), new(random.Next(0, 24), Any(0, 45)))
                {
                    Weekdays = [.. Enumerable.Range(1, 7).Where(_ => random.Next(2) == 0).Select(one => (IsoDayOfWeek)one)], EveryWeeks = random.Next(1, 3), Except = random.Next(2) == 0 ? [day.PlusDays(3)] : [], Also = random.Next(2) == 0 ? [day.PlusDays(5)] : [],
                    Services = random.Next(4) == 0 ? ["HealthcareService/other"] : [],
                }).Select(pattern => (JsonNode)pattern.Write()).ToArray();
                return new JsonObject { ["resourceType"] = "Schedule", ["actor"] = new JsonArray(new JsonObject { ["reference"] = actor }), ["extension"] = new JsonArray(openings) }.ToJsonString();
            }
            static string Need(params string[] of) => $$"""{"url":"need","extension":[{{string.Join(',', of.Select(one => $$$"""{"url":"calendar","valueReference":{"reference":"Schedule/{{{one}}}"}}"""))}}]}""";
            foreach (var name in (string[])["a", "b", "room"]) await house.Put("Schedule", $"{name}{round}", Schedule(name == "room" ? $"Location/{name}{round}" : $"Practitioner/{name}{round}"));
            var needs = Need($"a{round}", $"b{round}") + (round % 2 == 0 ? $",{Need($"room{round}")}" : "");
            await house.Put("HealthcareService", $"s{round}", $$$"""{"resourceType":"HealthcareService","name":"S","extension":[{"url":"urn:tervik:bookable","extension":[{"url":"minutes","valuePositiveInt":{{{Any(10, 20, 45)}}}},{"url":"step","valuePositiveInt":{{{Any(15, 30)}}}},{"url":"before","valueUnsignedInt":{{{Any(0, 5)}}}},{{{needs}}}]}]}""");
            var setup = await house.Clinics.Now(Stop);
            var (from, to) = (new DateTimeOffset(day.ToDateTimeUnspecified(), TimeSpan.Zero), new DateTimeOffset(day.PlusDays(14).ToDateTimeUnspecified(), TimeSpan.Zero));
            var shown = Offers.Possible(setup.Services[$"s{round}"], setup, from, to);
            var offered = (await house.Offers.Find(new() { From = from, To = to, Services = [$"s{round}"], Count = 100_000 }, Stop)).Offers.GroupBy(offer => offer.Time.StartUtc).Select(same => (same.First().Time, same.Count()));
            Assert.Equal(offered, shown);
        }
    }
}
