using Tervik.Care.Booking;
using Tervik.Care.Clinics;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.Care.Referrals;

/// <summary>How long people wait for a service, from the referral to the visit.</summary>
/// <param name="Service">Reference of the HealthcareService.</param>
/// <param name="People">How many, rounded down to a multiple of <see cref="WaitingTimes.Fewest"/>, so that two looks do not tell of one person.</param>
/// <param name="Half">Days that half of them waited no longer than.</param>
/// <param name="Nine">Days that nine of ten waited no longer than.</param>
public sealed record WaitingTime(string Service, int People, int Half, int Nine)
{
    /// <summary>As it is shown.</summary>
    public string Name { get; init; } = "";
    /// <summary>Where, or null.</summary>
    public string? Place { get; init; }
}

/// <summary>What stands in the table.</summary>
/// <param name="At">When it was reckoned.</param>
/// <param name="Services">By name.</param>
public sealed record WaitingTable(DateTimeOffset At, IReadOnlyList<WaitingTime> Services);

/// <summary>Waiting times of the whole node, as everybody who is signed in may read them: numbers about services, in which nobody is found. They are reckoned once an hour from the referrals of all, and kept.</summary>
public sealed class WaitingTimes(SearchEngine search, Clinics.Clinics clinics, TimeProvider clock) : IDisposable
{
    /// <summary>Referrals of so many days count.</summary>
    public const int Days = 90;
    /// <summary>What concerns fewer people is not shown.</summary>
    public const int Fewest = 5;
    const int PerPage = 500, Batch = 50, MostReferrals = 200_000;
    static readonly TimeSpan Fresh = TimeSpan.FromHours(1);

    readonly SemaphoreSlim reckoning = new(1);
    volatile WaitingTable? kept;

    /// <summary>The table, at most an hour old.</summary>
    public async ValueTask<WaitingTable> Now(CancellationToken stop)
    {
        if (kept is { } known && clock.GetUtcNow() - known.At < Fresh) return known;
        await reckoning.WaitAsync(stop);
        try
        {
            if (kept is { } meanwhile && clock.GetUtcNow() - meanwhile.At < Fresh) return meanwhile;
            return kept = await Reckon(stop);
        }
        finally
        {
            reckoning.Release();
        }
    }

    async Task<WaitingTable> Reckon(CancellationToken stop)
    {
        var (now, waits) = (clock.GetUtcNow(), new List<(string Service, string Person, int Days)>());
        var referrals = search.All(new("ServiceRequest", [new("category", $"{Referral.Snomed}|{Referral.Category}"), new("authored", $"ge{now.AddDays(-Days):yyyy-MM-dd}"), new("status", "active,on-hold,completed"), new("_count", $"{PerPage}")], Strict: true), AccessFilter.Everything, stop);
        await foreach (var some in referrals.Take(MostReferrals).Chunk(Batch).WithCancellation(stop)) waits.AddRange(await Waits(some, stop));
        var setup = await clinics.Now(stop);
        return new(now, [.. Of(waits).Select(one => setup.Services.GetValueOrDefault(one.Service["HealthcareService/".Length..]) is { } service ? one with { Name = service.Name, Place = service.PlaceName ?? service.OrganizationName } : null)
            .OfType<WaitingTime>().OrderBy(one => one.Name, StringComparer.Ordinal)]);
    }

    async Task<List<(string, string, int)>> Waits(StoredResource[] referrals, CancellationToken stop)
    {
        var sent = new Dictionary<string, (string Service, string Person, DateTimeOffset Sent)>(StringComparer.Ordinal);
        foreach (var stored in referrals)
        {
            using var json = FhirJson.Parse(stored.Body);
            if (json.RootElement.ItemsAt("performer").Select(one => one.TextAt("reference")).FirstOrDefault(one => one?.StartsWith("HealthcareService/", StringComparison.Ordinal) == true) is { } service
                && json.RootElement.At("subject").TextAt("reference") is { } person && AppointmentReading.Time(json.RootElement, "authoredOn") is { } at) sent[$"ServiceRequest/{stored.Id}"] = (service, person, at);
        }
        if (sent.Count == 0) return [];
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        await foreach (var appointment in search.All(new("Appointment", [new("based-on", string.Join(',', sent.Keys)), new("status", "pending,booked,arrived,checked-in,fulfilled"), new("_count", $"{PerPage}")], Strict: true), AccessFilter.Everything, stop))
        {
            var (start, targets) = appointment.Take(json => (AppointmentReading.Time(json, "start"), json.ItemsAt("basedOn").Select(one => one.TextAt("reference")).OfType<string>().ToList()));
            foreach (var target in targets)
                if (start is { } at && sent.TryGetValue(target, out var of) && Math.Max(0, (at - of.Sent).Days) is var days && (!first.TryGetValue(target, out var known) || days < known)) first[target] = days;
        }
        return [.. first.Select(one => (sent[one.Key].Service, sent[one.Key].Person, one.Value))];
    }

    /// <summary>Of single waits those numbers in which nobody is found. Somebody who waited twice for the same counts once, by the longer time.</summary>
    /// <param name="waits">Reference of the HealthcareService, whose wait it is, and days.</param>
    public static IReadOnlyList<WaitingTime> Of(IEnumerable<(string Service, string Person, int Days)> waits) =>
    [
        .. waits.GroupBy(one => one.Service)
            .Select(service => (Service: service.Key, Days: service.GroupBy(one => one.Person).Select(person => person.Max(one => one.Days)).Order().ToList()))
            .Where(service => service.Days.Count >= Fewest)
            .Select(service => new WaitingTime(service.Service, service.Days.Count / Fewest * Fewest, At(service.Days, 5), At(service.Days, 9))),
    ];

    /// <summary>The least number that so many of ten do not exceed.</summary>
    static int At(List<int> sorted, int ofTen) => sorted[(sorted.Count * ofTen + 9) / 10 - 1];

    /// <inheritdoc/>
    public void Dispose() => reckoning.Dispose();
}
