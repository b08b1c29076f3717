using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
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
public sealed partial class WaitingList(RecordStore store, SearchEngine search, Clinics.Clinics clinics, Offers offers, Bookings bookings, BookingDesk desk, WaitingRules rules, TimeProvider clock, ILogger<WaitingList> logger) : BackgroundService
{
    /// <summary>Times that are kept at once for an appointment whose clinic is away.</summary>
    const int Choices = 3;
    const int MostLooked = 100, PerPage = 200;
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1), Longest = TimeSpan.FromMinutes(1);
    static readonly string[] Standing = ["booked", "pending"];

    long woken;

    /// <summary>Somebody waits who did not: looks at once.</summary>
    public void Wake() => Interlocked.Increment(ref woken);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (seen, at) = (-1L, 0L);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // Only what was given back, a wish, or an absence can change anything; and time, of what was kept.
                var now = bookings.GivenBack + Interlocked.Read(ref woken) + store.ChangesOf("Slot");
                if (now != seen || clock.GetElapsedTime(at) > Longest)
                {
                    (seen, at) = (now, clock.GetTimestamp());
                    await Sweep(stoppingToken);
                }
                await Task.Delay(Pause, clock, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                LogLater(logger, fault);
                seen = -1;
                await Task.Delay(Pause, clock, stoppingToken);
            }
        }
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
        var setup = await clinics.Now(stop);
        var waiting = new List<Waiting>();
        foreach (var stored in await Tagged(KeptTimes.EarlierTag, stop))
            if (Read(stored, json => KeptTimes.Earlier(json) is { } wish && ServiceOf(json, setup) is { } of ? new Waiting(stored, of.Id, int.TryParse(json.TextAt("priority"), NumberStyles.None, CultureInfo.InvariantCulture, out var priority) ? priority : 0, wish, KeptTimes.Of(json)) : null) is { } one && (service is null || one.Service == service))
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
            LogSkipped(logger, fault, stored.Id);
        }
    }

    async Task EndOver(StoredResource stored, CancellationToken stop)
    {
        if (Read(stored, json => KeptTimes.Of(json) is var kept && (kept.Count == 0 || kept[0].Until <= clock.GetUtcNow()))) await desk.LetGoKept(stored, stop);
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
                    if (!Read(stored, KeptTimes.IsDisplaced)) found[stored.Id] = stored;
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
        return [.. all.Where(stored => Read(stored, json => Time(json, "start") is { } start && Time(json, "end") is { } end && start < to && end > from))];
    }

    /// <summary>An absence that was taken back gives the appointment its time again.</summary>
    async Task Settle(StoredResource stored, ClinicSetup setup, CancellationToken stop)
    {
        var (isAway, kept) = Read(stored, json => (Time(json, "start") is { } start && Time(json, "end") is { } end
            && Participants(json).Any(actor => setup.ByActor.TryGetValue(store.Keys.Reference(actor), out var calendars) && calendars.Any(calendar => setup.Absences.GetValueOrDefault(calendar.Reference, []).Any(absence => absence.Takes(start.Us(), end.Us())))), KeptTimes.Of(json)));
        if (isAway) return;
        if (kept.Count > 0) await desk.LetGoKept(stored, stop);
        else await desk.Change(stored, json => KeptTimes.Displace(json, false), gives: false, stop);
    }

    async Task Replace(StoredResource stored, ClinicSetup setup, CancellationToken stop)
    {
        var (service, actors) = Read(stored, json => (ServiceOf(json, setup), Actors(json)));
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
        var (start, declined) = Read(one.Stored, json => (Time(json, "start"), KeptTimes.Declined(json)));
        var from = clock.GetUtcNow() + rules.Nearest;
        if (one.Wish.From is { } day && new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero) is var earliest && earliest > from) from = earliest;
        if (start is not { } own || Sooner(own - rules.Gain, from + Offers.Longest) is var to && to <= from) return;
        var page = await offers.Find(new() { From = from, To = to, Services = [one.Service], IsStaff = true, Count = MostLooked, But = one.Stored.Id }, stop);
        if (page.Offers.FirstOrDefault(offer => !declined.Contains(offer.Id)) is { } time)
            await desk.Keep(one.Stored, [time], KeptWhy.Earlier, Sooner(clock.GetUtcNow() + rules.Earlier, time.Time.Start - rules.Nearest / 2), stop);
    }

    static DateTimeOffset Sooner(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    Task<List<StoredResource>> Tagged(string tag, CancellationToken stop) => All(stop, ("_tag", $"{KeptTimes.Tags}|{tag}"), ("status", string.Join(',', Standing)), ("date", $"ge{Day(clock.GetUtcNow())}"));

    async Task<List<StoredResource>> All(CancellationToken stop, params (string Name, string Value)[] parameters)
    {
        var found = new List<StoredResource>();
        string? cursor = null;
        do
        {
            var page = await search.Search(new("Appointment", [.. parameters.Append(("_count", PerPage.ToString(CultureInfo.InvariantCulture))).Select(one => KeyValuePair.Create(one.Item1, one.Item2))], Strict: true) { Cursor = cursor }, AccessFilter.Everything, stop);
            found.AddRange(page.Matches);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return found;
    }

    static Service? ServiceOf(JsonElement appointment, ClinicSetup setup) =>
        Participants(appointment).Select(reference => reference.Split('/') is ["HealthcareService", var id] ? setup.Services.GetValueOrDefault(id) : null).FirstOrDefault(service => service is not null);

    static IEnumerable<string> Participants(JsonElement appointment) => appointment.ItemsAt("participant").Select(one => one.At("actor").TextAt("reference")).OfType<string>();

    static IReadOnlyList<string> Actors(JsonElement appointment) =>
        [.. Participants(appointment).Where(reference => reference.StartsWith("Practitioner", StringComparison.Ordinal))];

    static DateTimeOffset? Time(JsonElement json, string name) => DateTimeOffset.TryParse(json.TextAt(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    static T Read<T>(StoredResource stored, Func<JsonElement, T> read)
    {
        using var json = FhirJson.Parse(stored.Body);
        return read(json.RootElement);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Appointment/{Id} was changed while times were looked for it; it is looked at again.")]
    static partial void LogSkipped(ILogger logger, Exception fault, string id);

    [LoggerMessage(Level = LogLevel.Error, Message = "Those who wait could not be looked at; it is tried again.")]
    static partial void LogLater(ILogger logger, Exception fault);
}
