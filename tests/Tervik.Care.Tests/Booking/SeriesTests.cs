using Tervik.Care.Booking;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Search;
using Tervik.Storage;
using Tervik.Tests;

namespace Tervik.Care.Tests.Booking;

/// <summary>Appointments a week after the other, on a real database.</summary>
public sealed class SeriesTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;
    const string Owner = "Patient/p", Weekly = """{"resourceType":"HealthcareService","active":true,"name":"Weekly","extension":[{"url":"urn:tervik:bookable","extension":[{"url":"minutes","valuePositiveInt":15},{"url":"by","valueCode":"patient"},{"url":"series","valuePositiveInt":6},{"url":"video","valueBoolean":true},{"url":"video-address","valueUrl":"https://video.test/rooms/"},{"url":"need","extension":[{"url":"calendar","valueReference":{"reference":"Schedule/doc"}}]}]}]}""";

    static BookingWish Wish(string? referral = null) => new("Patient/p", "Pia", referral, "Same time each week.", Owner);

    static async Task<Offer> At(House house, string service, DateTime day, int number = 1) =>
        (await house.Offers.Find(new() { From = new DateTimeOffset(day, TimeSpan.Zero), To = new DateTimeOffset(day.AddDays(1), TimeSpan.Zero), Services = [service] }, Stop)).Offers[number];

    static async Task<string> Hold(House house, Offer offer, BookingWish wish)
    {
        var held = await house.Desk.Hold(OfferId.Parse(offer.Id)!.Value, wish, Owner, null, Stop);
        Assert.True(held.IsDone);
        return held.Id;
    }

    static async Task<List<(string Id, DateTimeOffset Start, string? Status)>> Series(House house, string first) =>
        [.. (await new SearchEngine(house.Store).Search(new("Appointment", [new("identifier", AppointmentReading.SeriesToken(first)), new("_sort", "date"), new("_count", "100")], Strict: true), AccessFilter.Everything, Stop)).Matches
            .Select(one => one.Take(json => (one.Id, AppointmentReading.Time(json, "start")!.Value, json.TextAt("status"))))];

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task It_is_at_the_same_time_on_the_wall_over_a_change_of_the_clock_and_leaves_out_weeks_that_are_taken(Engine engine)
    {
        await using var house = await new House(engine).Made();
        await house.Put("HealthcareService", "weekly", Weekly);
        // Tallinn puts its clocks back on 27 October 2030.
        var monday = new DateTime(2030, 10, 14);
        var first = await Hold(house, await At(house, "weekly", monday), Wish());
        await house.Book("other", await At(house, "visit", monday.AddDays(7)));
        var (result, booked) = await house.Desk.BookSeries(first, Wish(), Owner, 4, Stop);
        Assert.Equal((true, 3), (result.IsDone, booked));
        var series = await Series(house, first);
        Assert.Equal([new(2030, 10, 14, 8, 15, 0, TimeSpan.FromHours(3)), new(2030, 10, 28, 8, 15, 0, TimeSpan.FromHours(2)), new(2030, 11, 4, 8, 15, 0, TimeSpan.FromHours(2))], series.Select(one => one.Start));
        Assert.Equal(first, series[0].Id);
        Assert.All(series, one => Assert.Equal("booked", one.Status));
        // A room each.
        foreach (var (id, _, _) in series) Assert.Equal($"https://video.test/rooms/{id}", (await house.Of(id, AppointmentReading.VideoRoom))!.AbsoluteUri);
        // Their times are taken from others.
        var last = (await At(house, "weekly", monday.AddDays(28))).InWeeks(-1)!.Value;
        Assert.Equal(BookingOutcome.Taken, (await house.Desk.Book(last with { Minute = series[2].Start.ToUnixTimeSeconds() / 60 }, new("Patient/other", null, null, null, null), "Patient/other", null, Stop)).Outcome);
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Sent_again_it_goes_on_where_it_was_and_never_beyond_what_the_service_allows(Engine engine)
    {
        await using var house = await new House(engine).Made();
        await house.Put("HealthcareService", "weekly", Weekly);
        var first = await Hold(house, await At(house, "weekly", House.Monday.Date.AddDays(7)), Wish());
        Assert.Equal(2, (await house.Desk.BookSeries(first, Wish(), Owner, 2, Stop)).Booked);
        Assert.Equal(4, (await house.Desk.BookSeries(first, Wish(), Owner, 4, Stop)).Booked);
        Assert.Equal(4, (await house.Desk.BookSeries(first, Wish(), Owner, 4, Stop)).Booked);
        Assert.Equal(4, (await Series(house, first)).Count);
        Assert.Equal(6, (await house.Desk.BookSeries(first, Wish(), Owner, 50, Stop)).Booked);
        // Somebody else's hold is nobody's series; a service without one gives one.
        Assert.False((await house.Desk.BookSeries(first, Wish(), "Patient/thief", 2, Stop)) is { First.IsDone: true, First.IsRepeated: false });
        var single = await Hold(house, await At(house, "visit", House.Monday.Date.AddDays(60)), Wish());
        Assert.Equal(1, (await house.Desk.BookSeries(single, Wish(), Owner, 5, Stop)).Booked);
    }

    [Fact]
    public async Task For_a_referral_it_is_one_booking()
    {
        await using var house = await new House(Engine.Sqlite).Made();
        await house.Put("HealthcareService", "weekly", Weekly);
        await house.Put("ServiceRequest", "r", """{"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"reference":"Patient/p"}}""");
        var wish = Wish("ServiceRequest/r");
        var first = await Hold(house, await At(house, "weekly", House.Monday.Date.AddDays(7)), wish);
        Assert.Equal(3, (await house.Desk.BookSeries(first, wish, Owner, 3, Stop)).Booked);
        foreach (var (id, _, _) in await Series(house, first)) Assert.Equal("ServiceRequest/r", await house.Of(id, json => json.FirstAt("basedOn").TextAt("reference")));
        Assert.Equal(BookingOutcome.ReferralBooked, (await house.Desk.Book(OfferId.Parse((await At(house, "weekly", House.Monday.Date.AddDays(40))).Id)!.Value, wish, Owner, null, Stop)).Outcome);
    }
}
