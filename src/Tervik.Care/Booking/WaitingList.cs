using System.Globalization;
using Microsoft.Extensions.Logging;
using Tervik.Care.Clinics;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Search;
using Tervik.Trust;

namespace Tervik.Care.Booking;

/// <summary>Rules about times that are kept for those who wait.</summary>
public sealed record WaitingRules
{
    /// <summary>How long an earlier time is kept for one patient before the next is asked.</summary>
    public TimeSpan Earlier { get; init; } = TimeSpan.FromHours(4);
    /// <summary>How long other times are kept for an appointment that the clinic cannot keep.</summary>
    public TimeSpan Absence { get; init; } = TimeSpan.FromHours(48);
    /// <summary>A time that is nearer than this is kept for nobody: one has to be able to answer and to come.</summary>
    public TimeSpan Nearest { get; init; } = TimeSpan.FromHours(4);
    /// <summary>So much earlier an earlier time has to be.</summary>
    public TimeSpan Gain { get; init; } = TimeSpan.FromHours(12);
}

/// <summary>One who waits for an earlier time.</summary>
/// <param name="Stored">The Appointment.</param>
/// <param name="Service">Logical id of the service.</param>
/// <param name="Priority">Of the Appointment, 1 the most urgent (RFC 5545 as FHIR takes it); 0 for none said, which comes last.</param>
/// <param name="Wish">Since when, and from which day.</param>
/// <param name="Kept">What is offered now.</param>
public sealed record Waiting(StoredResource Stored, string Service, int Priority, EarlierWish Wish, IReadOnlyList<KeptTime> Kept);

/// <summary>Keeps freed times for those who wait, and other times for those whose clinic is away: by clinical priority, then by how long they have waited. One is asked at a time, and the next when that one declined or did not answer in time.</summary>
/// <remarks>All of it stands in the Appointments (<see cref="KeptTimes"/>) and in the calendars' holds: nothing is lost with the program.</remarks>
public sealed partial class WaitingList(RecordStore store, SearchEngine search, Clinics.Clinics clinics, Offers offers, Bookings bookings, BookingDesk desk, WaitingRules rules, TimeProvider clock, ILogger<WaitingList> logger) : Follower(logger)
{
    /// <summary>Times that are kept at once for an appointment whose clinic is away.</summary>
    const int Choices = 3;
    const int MostLooked = 100, PerPage = 200;
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    static readonly string[] Standing = ["booked", "pending"];

    long woken;
    /// <summary>What there was, and when, at the last look that came to its end.</summary>
    (long Seen, long At) swept = (-1, 0);

    /// <summary>Somebody waits who did not: looks at once.</summary>
    public void Wake() => Interlocked.Increment(ref woken);

    /// <inheritdoc/>
    protected override async Task<bool> Step(CancellationToken stop)
    {
        // Only what was given back, a wish, or an absence can change anything; and time, of what was kept.
        var (now, at) = (bookings.GivenBack + Interlocked.Read(ref woken) + store.ChangesOf("Slot"), clock.GetTimestamp());
        if (now == swept.Seen && clock.GetElapsedTime(swept.At, at) <= Longest) return false;
        await Sweep(stop);
        swept = (now, at);
        return false;
    }

    /// <summary>Looks once at all who wait.</summary>
    public async Task Sweep(CancellationToken stop)
    {
        var setup = await clinics.Now(stop);
        foreach (var stored in await Tagged(KeptTimes.OfferedTag, stop)) await Try(stored, () => EndOver(stored, stop));
        foreach (var stored in await Tagged(KeptTimes.DisplacedTag, stop)) await Try(stored, () => Settle(stored, setup, stop));
        foreach (var stored in await Displaced(setup, stop)) await Try(stored, () => Replace(stored, setup, stop));
        foreach (var one in await Waiting(null, stop)) await Try(one.Stored, () => Advance(one, setup, stop));
    }

    /// <summary>Those who wait for an earlier time, in the order in which they are asked.</summary>
    /// <param name="service">Logical id; null for all.</param>
    /// <param name="stop">Stops it.</param>
    public async Task<IReadOnlyList<Waiting>> Waiting(string? service, CancellationToken stop)
    {
        var (setup, waiting) = (await clinics.Now(stop), new List<Waiting>());
        foreach (var stored in await Tagged(KeptTimes.EarlierTag, stop, service is null ? [] : [("actor", $"HealthcareService/{service}")]))
            if (stored.Take(json => KeptTimes.Earlier(json) is { } wish && AppointmentReading.ServiceOf(json, setup) is { } of ? new Waiting(stored, of.Id, AppointmentReading.Priority(json), wish, KeptTimes.Of(json)) : null) is { } one && (service is null || one.Service == service))
                waiting.Add(one);
        return [.. waiting.OrderBy(one => one.Priority == 0 ? int.MaxValue : one.Priority).ThenBy(one => one.Wish.Since).ThenBy(one => one.Stored.Id, StringComparer.Ordinal)];
    }

    // One that was changed at the same moment is looked at again the next time.
    async Task Try(StoredResource stored, Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (FaultException fault)
        {
            LogSkipped(Logger, fault, stored.Id);
        }
    }

    async Task EndOver(StoredResource stored, CancellationToken stop)
    {
        if (stored.Take(json => KeptTimes.Of(json) is var kept && (kept.Count == 0 || kept[0].Until <= clock.GetUtcNow()))) await desk.LetGoKept(stored, stop);
    }

    /// <summary>Appointments in the time of an absence for which nothing was done yet.</summary>
    async Task<IReadOnlyList<StoredResource>> Displaced(ClinicSetup setup, CancellationToken stop)
    {
        var found = new Dictionary<string, StoredResource>(StringComparer.Ordinal);
        foreach (var (schedule, absences) in setup.Absences)
        {
            if (!setup.Calendars.TryGetValue(schedule, out var calendar)) continue;
            foreach (var absence in absences)
                foreach (var stored in await Between(calendar, absence, stop))
                    if (!stored.Take(KeptTimes.IsDisplaced)) found[stored.Id] = stored;
        }
        return [.. found.Values];
    }

    /// <summary>Appointments that stand in the time of an absence.</summary>
    public async Task<IReadOnlyList<StoredResource>> Between(ClinicCalendar calendar, Absence absence, CancellationToken stop)
    {
        var (from, to) = (Clock.Time(Math.Max(absence.StartUs, clock.NowUs())), Clock.Time(absence.EndUs));
        if (from >= to) return [];
        // None lasts longer than a day (AppointmentFollower).
        var all = await All(stop, ("actor", calendar.Actor), ("date", $"ge{Day(from.AddDays(-1))}"), ("date", $"le{Day(to)}"), ("status", string.Join(',', Standing)));
        return [.. all.Where(stored => stored.Take(json => AppointmentReading.Time(json, "start") is { } start && AppointmentReading.Time(json, "end") is { } end && start < to && end > from))];
    }

    /// <summary>An absence that was taken back gives the appointment its time again.</summary>
    async Task Settle(StoredResource stored, ClinicSetup setup, CancellationToken stop)
    {
        var (isAway, kept) = stored.Take(json => (AppointmentReading.Time(json, "start") is { } start && AppointmentReading.Time(json, "end") is { } end
            && AppointmentReading.Actors(json).Any(actor => setup.ByActor.TryGetValue(store.Keys.Reference(actor), out var calendars) && calendars.Any(calendar => setup.Absences.GetValueOrDefault(calendar.Reference, []).Any(absence => absence.Takes(start.Us(), end.Us())))), KeptTimes.Of(json)));
        if (isAway) return;
        if (kept.Count > 0) await desk.LetGoKept(stored, stop);
        else await desk.Change(stored, json => KeptTimes.Displace(json, false), gives: false, stop);
    }

    async Task Replace(StoredResource stored, ClinicSetup setup, CancellationToken stop)
    {
        var (service, actors) = stored.Take(json => (AppointmentReading.ServiceOf(json, setup), AppointmentReading.Actors(json).Where(actor => actor.StartsWith("Practitioner", StringComparison.Ordinal)).ToList()));
        var from = clock.GetUtcNow() + rules.Nearest;
        var times = new List<Offer>();
        if (service is not null)
            foreach (var of in (IReadOnlyList<string>[])[actors, []])
            {
                // With the same person where that can be, each on a day of its own.
                var page = await offers.Find(new() { From = from, To = from + Offers.Longest, Services = [service.Id], Actors = of, IsStaff = true, Count = MostLooked, But = stored.Id }, stop);
                foreach (var day in page.Offers.GroupBy(offer => offer.Time.WallStart.Date))
                    if (times.Count < Choices && !times.Exists(time => time.Time.WallStart.Date == day.Key)) times.Add(day.First());
            }
        if (times.Count == 0) await desk.Change(stored, json => KeptTimes.Displace(json, true), gives: false, stop);
        else await desk.Keep(stored, times, KeptWhy.Absence, Sooner(clock.GetUtcNow() + rules.Absence, times.Min(time => time.Time.Start) - rules.Nearest / 2), stop);
    }

    async Task Advance(Waiting one, ClinicSetup setup, CancellationToken stop)
    {
        if (one.Kept.Count > 0) return;
        var (start, declined) = one.Stored.Take(json => (AppointmentReading.Time(json, "start"), KeptTimes.Declined(json)));
        var from = clock.GetUtcNow() + rules.Nearest;
        if (one.Wish.From is { } day && new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero) is var earliest && earliest > from) from = earliest;
        if (start is not { } own || Sooner(own - rules.Gain, from + Offers.Longest) is var to && to <= from) return;
        var page = await offers.Find(new() { From = from, To = to, Services = [one.Service], IsStaff = true, Count = MostLooked, But = one.Stored.Id }, stop);
        if (page.Offers.FirstOrDefault(offer => !declined.Contains(offer.Id)) is { } time)
            await desk.Keep(one.Stored, [time], KeptWhy.Earlier, Sooner(clock.GetUtcNow() + rules.Earlier, time.Time.Start - rules.Nearest / 2), stop);
    }

    static DateTimeOffset Sooner(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    Task<List<StoredResource>> Tagged(string tag, CancellationToken stop, params (string Name, string Value)[] more) => All(stop, [("_tag", $"{KeptTimes.Tags}|{tag}"), ("status", string.Join(',', Standing)), ("date", $"ge{Day(clock.GetUtcNow())}"), .. more]);

    Task<List<StoredResource>> All(CancellationToken stop, params (string Name, string Value)[] parameters) =>
        search.All(new("Appointment", [.. parameters.Select(one => KeyValuePair.Create(one.Name, one.Value)), new("_count", $"{PerPage}")], Strict: true), AccessFilter.Everything, stop).ToListAsync(stop).AsTask();

    static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    [LoggerMessage(Level = LogLevel.Information, Message = "Appointment/{Id} was changed while times were looked for it; it is looked at again.")]
    static partial void LogSkipped(ILogger logger, Exception fault, string id);
}
