using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Tervik.Care.Booking;
using Tervik.Care.Clinics;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Search;
using Tervik.Storage;
using Tervik.Tests;

namespace Tervik.Care.Tests.Booking;

/// <summary>Cells against claims against Appointments, on databases that were damaged on purpose; and what the previews of the set-up show, against what is offered.</summary>
public sealed class BookingVerificationTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    sealed class House(Engine engine) : IAsyncDisposable
    {
        readonly TestDatabase place = TestDatabase.Create(engine);
        Bookings bookings = null!;
        BookingDesk desk = null!;
        AppointmentFollower follower = null!;
        public Database Database { get; private set; } = null!;
        public RecordStore Store { get; private set; } = null!;
        public Care.Clinics.Clinics Clinics { get; private set; } = null!;
        public Offers Offers { get; private set; } = null!;

        public async Task<House> Open()
        {
            Database = await place.Open(RecordStore.RecordMigrations);
            await CareRoom.Migrations.Apply(Database, Stop);
            Store = await RecordStore.Open(Database, Stop);
            var rules = new HoldRules();
            Clinics = new(Store, TimeProvider.System);
            bookings = new(Store, rules, Clinics.CapacityOf, TimeProvider.System);
            Offers = new(Clinics, bookings, Store, TimeProvider.System);
            desk = new(Clinics, Offers, bookings, rules, Store, TimeProvider.System);
            follower = new(Store, new SearchEngine(Store), Clinics, bookings, TimeProvider.System, NullLogger<AppointmentFollower>.Instance);
            foreach (var setting in (string[])["appointments-followed", "calendars-followed"]) await Store.Setting(setting, () => "0", Stop);
            return this;
        }

        public async Task<House> Made()
        {
            await Open();
            await Put("Schedule", "doc", """{"resourceType":"Schedule","active":true,"actor":[{"reference":"Practitioner/doc"}],"extension":[{"url":"urn:tervik:opening","extension":[{"url":"zone","valueCode":"Europe/Tallinn"},{"url":"start","valueString":"2026-06-01T08:00"},{"url":"minutes","valuePositiveInt":600},{"url":"rule","valueString":"FREQ=DAILY"}]}]}""");
            await Put("HealthcareService", "visit", """{"resourceType":"HealthcareService","active":true,"name":"Visit","extension":[{"url":"urn:tervik:bookable","extension":[{"url":"minutes","valuePositiveInt":15},{"url":"need","extension":[{"url":"calendar","valueReference":{"reference":"Schedule/doc"}}]}]}]}""");
            return this;
        }

        public async Task Put(string type, string id, string body, int version = 0)
        {
            using var json = FhirJson.Parse(Encoding.UTF8.GetBytes(body));
            Assert.Equal(CommitOutcome.Done, (await Store.Commit([new() { Method = version == 0 ? "POST" : "PUT", Type = type, Id = id, Draft = Draft.Of(json.RootElement, id, Store.Indexer), ExpectedVersion = version }], [], Stop)).Outcome);
        }

        public async Task<(string Id, Offer Offer)> Book(int number)
        {
            var from = DateTimeOffset.UtcNow.AddDays(2);
            var offers = (await Offers.Find(new() { From = from, To = from.AddDays(3), Services = ["visit"] }, Stop)).Offers;
            var booked = await desk.Book(OfferId.Parse(offers[number].Id)!.Value, new("Patient/p", "P", null, null, "Patient/p"), "Patient/p", null, Stop);
            Assert.True(booked.IsDone);
            return (booked.Id, offers[number]);
        }

        public static string Appointment(Offer offer, string actor, string status = "booked") =>
            $$"""{"resourceType":"Appointment","status":"{{status}}","start":"{{offer.Time.Start:yyyy-MM-ddTHH:mm:sszzz}}","end":"{{offer.Time.End:yyyy-MM-ddTHH:mm:sszzz}}","participant":[{"actor":{"reference":"{{actor}}"},"status":"accepted"}]}""";

        public Task<long> Follow() => follower.Follow(0, Stop);
        public Task<long> FollowCalendars() => follower.FollowCalendars(0, Stop);
        public Task<int> Execute(string sql, params SqlValue[] values) => Database.Write(session => session.Execute(sql, values), Stop);
        public Task<BookingVerificationResult> Verify() => new BookingVerification(Store, TimeProvider.System).Run(Stop);

        public async ValueTask DisposeAsync()
        {
            await bookings.DisposeAsync();
            Clinics.Dispose();
            follower.Dispose();
            await Store.DisposeAsync();
            await Database.DisposeAsync();
            place.Dispose();
        }
    }

    [Theory]
    [InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task What_agrees_is_sound_and_each_damage_is_said(Engine engine)
    {
        await using var house = await new House(engine).Made();
        var (one, offer) = await house.Book(0);
        var (two, _) = await house.Book(4);
        var (three, _) = await house.Book(8);
        await house.Follow();
        await house.FollowCalendars();
        var sound = await house.Verify();
        Assert.Empty(sound.Findings);
        Assert.Equal((3, 3, 0), (sound.Claims, sound.Appointments, sound.NotFollowed));

        // Stored another way, at a time that is taken: both stay, and it is said whose it is.
        await house.Put("Appointment", "late", House.Appointment(offer, "Practitioner/doc"));
        await house.Follow();
        Assert.Contains((await house.Verify()).Findings, finding => finding.StartsWith("Appointment/late: two claims;", StringComparison.Ordinal) && finding.Contains($"Appointment/{one}", StringComparison.Ordinal) && finding.Contains("Practitioner/doc", StringComparison.Ordinal));
        await house.Put("Appointment", "late", House.Appointment(offer, "Practitioner/doc", "cancelled"), version: 1);
        await house.Follow();
        Assert.Empty((await house.Verify()).Findings);

        async Task<string> Damage(string sql, params SqlValue[] values)
        {
            await house.Execute(sql, values);
            return string.Join('\n', (await house.Verify()).Findings);
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
        await using var house = await new House(engine).Made();
        var (id, offer) = await house.Book(0);
        await house.Follow();
        await house.FollowCalendars();
        await house.Put("Appointment", id, House.Appointment(offer, "Practitioner/doc", "cancelled"), version: 1);
        await house.Put("Appointment", "new", House.Appointment(offer, "Practitioner/doc"));
        var ahead = await house.Verify();
        Assert.Empty(ahead.Findings);
        Assert.Equal(2, ahead.NotFollowed);
        // As if it had been gone through, and what it led to had been lost.
        await house.Execute("UPDATE setting SET value = $2 WHERE name = $1", "appointments-followed", long.MaxValue.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Contains((await house.Verify()).Findings, finding => finding.StartsWith($"booking {id}: cells without an appointment", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Who_gets_a_calendar_has_the_time_of_appointments_that_were_there_before_it_taken(Engine engine)
    {
        await using var house = await new House(engine).Made();
        var (_, offer) = await house.Book(3);
        await house.Put("Appointment", "early", House.Appointment(offer, "Practitioner/nurse"));
        await house.Follow();
        await house.FollowCalendars();
        Assert.Equal((1, 1), ((await house.Verify()).Claims, (await house.Verify()).Appointments));
        await house.Put("Schedule", "nurse", """{"resourceType":"Schedule","active":true,"actor":[{"reference":"Practitioner/nurse"}],"extension":[{"url":"urn:tervik:opening","extension":[{"url":"zone","valueCode":"Europe/Tallinn"},{"url":"start","valueString":"2026-06-01T08:00"},{"url":"minutes","valuePositiveInt":600},{"url":"rule","valueString":"FREQ=DAILY"}]}]}""");
        await house.FollowCalendars();
        var now = await house.Verify();
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
            var day = LocalDate.FromDateTime(DateTime.UtcNow.AddDays(random.Next(1, 20)));
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
