using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Tervik.Care.Booking;
using Tervik.Care.Clinics;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Search;
using Tervik.Storage;
using Tervik.Tests;

namespace Tervik.Care.Tests.Booking;

/// <summary>A clock that the test moves.</summary>
sealed class MovedClock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = House.Monday;
    public override DateTimeOffset GetUtcNow() => Now;
}

/// <summary>A clinic with one doctor, which can be closed and opened again.</summary>
sealed class House(Engine engine) : IAsyncDisposable
{
    /// <summary>A Monday; the clinic has four times a day, from eight to nine.</summary>
    public static readonly DateTimeOffset Monday = new(2030, 6, 3, 6, 0, 0, TimeSpan.Zero);

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    readonly TestDatabase place = TestDatabase.Create(engine);
    public Database Database { get; private set; } = null!;
    public Care.Clinics.Clinics Clinics { get; private set; } = null!;
    public Bookings Bookings { get; private set; } = null!;
    public MovedClock Clock { get; } = new();
    public RecordStore Store { get; private set; } = null!;
    public Offers Offers { get; private set; } = null!;
    public BookingDesk Desk { get; private set; } = null!;
    public WaitingList List { get; private set; } = null!;

    public async Task<House> Open()
    {
        Database = await place.Open(RecordStore.RecordMigrations);
        await CareRoom.Migrations.Apply(Database, Stop);
        Store = await RecordStore.Open(Database, Stop);
        var rules = new HoldRules();
        Clinics = new(Store, Clock);
        Bookings = new(Store, rules, Clinics.CapacityOf, Clock);
        Offers = new(Clinics, Bookings, Store, Clock);
        Desk = new(Clinics, Offers, Bookings, rules, Store, Clock);
        List = new(Store, new SearchEngine(Store), Clinics, Offers, Bookings, Desk, new WaitingRules(), Clock, NullLogger<WaitingList>.Instance);
        return this;
    }

    public async Task<House> Made()
    {
        await Open();
        await Put("Schedule", "doc", """{"resourceType":"Schedule","active":true,"actor":[{"reference":"Practitioner/doc","display":"Dr. Doc"}],"extension":[{"url":"urn:tervik:opening","extension":[{"url":"zone","valueCode":"Europe/Tallinn"},{"url":"start","valueString":"2030-06-01T08:00"},{"url":"minutes","valuePositiveInt":60},{"url":"rule","valueString":"FREQ=DAILY"}]}]}""");
        await Put("HealthcareService", "visit", """{"resourceType":"HealthcareService","active":true,"name":"Visit","extension":[{"url":"urn:tervik:bookable","extension":[{"url":"minutes","valuePositiveInt":15},{"url":"by","valueCode":"patient"},{"url":"need","extension":[{"url":"calendar","valueReference":{"reference":"Schedule/doc"}}]}]}]}""");
        return this;
    }

    public async Task Put(string type, string id, string body, int version = 0)
    {
        using var json = FhirJson.Parse(Encoding.UTF8.GetBytes(body));
        Assert.Equal(CommitOutcome.Done, (await Store.Commit([new() { Method = version == 0 ? "POST" : "PUT", Type = type, Id = id, Draft = Draft.Of(json.RootElement, id, Store.Indexer), ExpectedVersion = version }], [], Stop)).Outcome);
    }

    /// <summary>The times that can be had on the n-th day from Monday.</summary>
    public async Task<IReadOnlyList<Offer>> On(int day) => (await Offers.Find(new() { From = Monday.Date.AddDays(day), To = Monday.Date.AddDays(day + 1), Services = ["visit"] }, Stop)).Offers;

    public async Task<string> Book(string patient, Offer offer)
    {
        var booked = await Desk.Book(OfferId.Parse(offer.Id)!.Value, new($"Patient/{patient}", patient, null, null, $"Patient/{patient}"), $"Patient/{patient}", null, Stop);
        Assert.True(booked.IsDone);
        return booked.Id;
    }

    public async Task<StoredResource> Read(string id) => (await Store.Read("Appointment", id, AccessFilter.Everything, Stop))!;

    public async Task<T> Of<T>(string id, Func<JsonElement, T> read)
    {
        using var json = FhirJson.Parse((await Read(id)).Body);
        return read(json.RootElement);
    }

    public Task<IReadOnlyList<KeptTime>> Kept(string id) => Of(id, KeptTimes.Of);

    public async Task Wait(string id, int priority = 0)
    {
        Clock.Now += TimeSpan.FromSeconds(1);
        await Desk.Change(await Read(id), json =>
        {
            KeptTimes.Wish(json, new(Clock.Now, null));
            if (priority > 0) json["priority"] = priority;
        }, gives: false, Stop);
    }

    public async Task Close()
    {
        await Bookings.DisposeAsync();
        Clinics.Dispose();
        List.Dispose();
        await Store.DisposeAsync();
        await Database.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Close();
        place.Dispose();
    }
}
