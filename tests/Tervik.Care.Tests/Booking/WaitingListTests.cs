using System.Text;
using System.Text.Json;
using Tervik.Care.Booking;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.Care.Tests.Booking;

/// <summary>Who waits for an earlier time, and whose clinic is away: on a real database, on a clock that the test moves.</summary>
public sealed class WaitingListTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;
    static DateTimeOffset Monday => House.Monday;

    [Theory]
    [InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_freed_time_goes_to_the_most_urgent_then_to_who_waits_longest_and_on_when_it_is_not_taken(Engine engine)
    {
        await using var house = await new House(engine).Made();
        // All of the days before the fifth are full.
        var full = new List<string>();
        for (var day = 0; day < 5; day++)
            foreach (var offer in await house.On(day)) full.Add(await house.Book("other", offer));
        var last = await house.On(5);
        var (slow, quick, urgent) = (await house.Book("slow", last[0]), await house.Book("quick", last[1]), await house.Book("urgent", last[2]));
        await house.Wait(quick);
        await house.Wait(slow);
        await house.Wait(urgent, priority: 1);
        Assert.Equal([urgent, quick, slow], (await house.List.Waiting("visit", Stop)).Select(one => one.Stored.Id));
        await house.List.Sweep(Stop);
        Assert.All([await house.Kept(urgent), await house.Kept(quick), await house.Kept(slow)], Assert.Empty);

        // One time becomes free: the most urgent is asked, alone, and nobody else finds it.
        await house.Desk.Cancel(await house.Read(full[9]), null, Stop);
        await house.List.Sweep(Stop);
        var kept = Assert.Single(await house.Kept(urgent));
        Assert.Equal(KeptWhy.Earlier, kept.Why);
        Assert.Empty(await house.Kept(quick));
        Assert.Empty(await house.On(2));
        // The same when the program ends and begins again.
        await house.Close();
        await house.Open();
        await house.List.Sweep(Stop);
        Assert.Equal(kept, Assert.Single(await house.Kept(urgent)));
        Assert.Empty(await house.Kept(quick));
        Assert.Equal(BookingOutcome.Taken, (await house.Desk.Book(kept.Offer, new("Patient/thief", null, null, null, null), "Patient/thief", null, Stop)).Outcome);

        // Declined, the next is asked, and who declined is not asked for it again.
        await house.Desk.LetGoKept(await house.Read(urgent), Stop);
        await house.List.Sweep(Stop);
        Assert.Empty(await house.Kept(urgent));
        Assert.Equal(kept.Offer, Assert.Single(await house.Kept(quick)).Offer);
        // Not answered in time, the one after.
        house.Clock.Now += TimeSpan.FromHours(4) + TimeSpan.FromMinutes(1);
        await house.List.Sweep(Stop);
        Assert.Empty(await house.Kept(quick));
        Assert.Equal(kept.Offer, Assert.Single(await house.Kept(slow)).Offer);
        // Taken, it is booked and what it had is free: for who waits still.
        Assert.True((await house.Desk.Move(await house.Read(slow), kept.Offer, Stop)).IsDone);
        Assert.Equal(kept.Start, await house.Of(slow, json => DateTimeOffset.Parse(json.GetProperty("start").GetString()!, System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal((null, 0), await house.Of(slow, json => (KeptTimes.Earlier(json), KeptTimes.Of(json).Count)));
        Assert.Contains((await house.On(5)), offer => offer.Id == last[0].Id);
        Assert.Equal([urgent, quick], (await house.List.Waiting("visit", Stop)).Select(one => one.Stored.Id));
    }

    [Theory]
    [InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task An_absence_closes_the_calendar_and_keeps_other_times_for_who_stands_in_it(Engine engine)
    {
        await using var house = await new House(engine).Made();
        var day = await house.On(2);
        var (first, second) = (await house.Book("first", day[0]), await house.Book("second", day[1]));
        await house.Put("Slot", "away", """{"resourceType":"Slot","schedule":{"reference":"Schedule/doc"},"status":"busy-unavailable","start":"2030-06-05T00:00:00+03:00","end":"2030-06-06T00:00:00+03:00"}""");
        Assert.Empty(await house.On(2));
        await house.List.Sweep(Stop);
        foreach (var id in (string[])[first, second])
        {
            var kept = await house.Kept(id);
            Assert.Equal(3, kept.Select(time => time.Start.Date).Distinct().Count());
            Assert.All(kept, time => Assert.True(time.Why == KeptWhy.Absence && time.Start.Date != new DateTime(2030, 6, 5)));
        }
        Assert.Empty((await house.Kept(first)).Select(time => time.Offer).Intersect((await house.Kept(second)).Select(time => time.Offer)));
        // The one that is taken is booked, the two others are free again.
        var (taken, others) = ((await house.Kept(first))[1], (await house.Kept(first)).Where((_, i) => i != 1).ToList());
        Assert.True((await house.Desk.Move(await house.Read(first), taken.Offer, Stop)).IsDone);
        foreach (var other in others) Assert.Contains((await house.Offers.Find(new() { From = other.Start, To = other.Start.AddMinutes(1), Services = ["visit"] }, Stop)).Offers, offer => offer.Id == other.Offer.ToString());
        // Cancelled, nothing is kept either.
        var kept2 = await house.Kept(second);
        await house.Desk.Cancel(await house.Read(second), null, Stop);
        foreach (var other in kept2) Assert.NotEmpty((await house.Offers.Find(new() { From = other.Start, To = other.Start.AddMinutes(1), Services = ["visit"] }, Stop)).Offers);
        Assert.DoesNotContain("urn:tervik:waiting", Encoding.UTF8.GetString((await house.Read(second)).Body), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task An_absence_that_is_taken_back_gives_the_appointment_its_time_again(Engine engine)
    {
        await using var house = await new House(engine).Made();
        var id = await house.Book("one", (await house.On(2))[0]);
        await house.Put("Slot", "away", """{"resourceType":"Slot","schedule":{"reference":"Schedule/doc"},"status":"busy-unavailable","start":"2030-06-05T00:00:00+03:00","end":"2030-06-06T00:00:00+03:00"}""");
        await house.List.Sweep(Stop);
        Assert.NotEmpty(await house.Kept(id));
        await house.Store.Commit([new() { Method = "DELETE", Type = "Slot", Id = "away", ExpectedVersion = 1 }], [], Stop);
        await house.List.Sweep(Stop);
        await house.List.Sweep(Stop);
        Assert.Empty(await house.Kept(id));
        Assert.False(await house.Of(id, KeptTimes.IsDisplaced));
        Assert.Equal("booked", await house.Of(id, json => json.GetProperty("status").GetString()));
    }
}
