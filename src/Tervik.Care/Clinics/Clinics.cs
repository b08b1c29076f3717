using System.Collections.Frozen;
using NodaTime;
using Tervik.Care.Calendars;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Trust;

namespace Tervik.Care.Clinics;

/// <summary>How the clinics are set up at a moment: what they offer, and whose calendars it takes.</summary>
/// <param name="AtUs">The newest change it knows.</param>
/// <param name="Services">By logical id.</param>
/// <param name="Calendars">By reference of the Schedule.</param>
public sealed record ClinicSetup(long AtUs, FrozenDictionary<string, Service> Services, FrozenDictionary<string, ClinicCalendar> Calendars)
{
    /// <summary>Services and calendars by the key of their reference, as proposals name them.</summary>
    public required FrozenDictionary<long, Service> ServicesByKey { get; init; }
    /// <inheritdoc cref="ServicesByKey"/>
    public required FrozenDictionary<long, ClinicCalendar> CalendarsByKey { get; init; }
    /// <summary>The calendars of one actor, by its key: a doctor may have one at each of two clinics.</summary>
    public required FrozenDictionary<long, IReadOnlyList<ClinicCalendar>> ByActor { get; init; }

    /// <summary>When somebody is not there although their openings say so, by reference of the Schedule.</summary>
    public FrozenDictionary<string, IReadOnlyList<Absence>> Absences { get; init; } = FrozenDictionary<string, IReadOnlyList<Absence>>.Empty;

    /// <summary>Whether an absence takes some of a time.</summary>
    public bool IsAbsent(ClinicCalendar calendar, ZonedSpan time)
    {
        if (!Absences.TryGetValue(calendar.Reference, out var all)) return false;
        foreach (var one in all)
            if (one.Takes(time.StartUs, time.EndUs)) return true;
        return false;
    }

    /// <summary>The calendars a service may take for one of its needs.</summary>
    public IEnumerable<ClinicCalendar> CalendarsOf(IReadOnlyList<string> need) => need.Select(reference => Calendars.GetValueOrDefault(reference)).OfType<ClinicCalendar>();

    /// <summary>Whether a calendar of somebody is open for all of a time, absences aside. False for who has no calendar.</summary>
    /// <param name="actor">Key of the Practitioner, Location or Device.</param>
    /// <param name="service">What the time is for; null where nobody knows.</param>
    /// <param name="start">First instant.</param>
    /// <param name="end">First instant after it.</param>
    public bool IsOpen(long actor, Service? service, Instant start, Instant end) => ByActor.TryGetValue(actor, out var calendars) && calendars.Any(calendar => calendar.IsOpen(service, start, end));

    /// <summary>Whether an appointment of a service has one of each of its needs among its participants.</summary>
    /// <param name="service">The service.</param>
    /// <param name="actors">References of the participants.</param>
    public bool Fits(Service service, IReadOnlyCollection<string> actors) => service.Needs.All(need => CalendarsOf(need).Any(calendar => actors.Contains(calendar.Actor)));

    /// <summary>As it would be with a service as it is to be; null is none, or one that is switched off.</summary>
    /// <param name="id">Logical id.</param>
    /// <param name="service">The service.</param>
    public ClinicSetup WithService(string id, Service? service) => Of(AtUs, Services.Values.Where(one => one.Id != id).Concat(service is null ? [] : [service]), Calendars.Values, Absences);

    /// <summary>As it would be with a calendar as it is to be; null is none, or one that is switched off.</summary>
    /// <param name="reference">Of the Schedule.</param>
    /// <param name="calendar">The calendar.</param>
    public ClinicSetup WithCalendar(string reference, ClinicCalendar? calendar) => Of(AtUs, Services.Values, Calendars.Values.Where(one => one.Reference != reference).Concat(calendar is null ? [] : [calendar]), Absences);

    internal static ClinicSetup Of(long atUs, IEnumerable<Service> services, IEnumerable<ClinicCalendar> calendars, FrozenDictionary<string, IReadOnlyList<Absence>> absences)
    {
        var (known, open) = (services.ToList(), calendars.ToList());
        return new(atUs, known.ToFrozenDictionary(one => one.Id), open.ToFrozenDictionary(one => one.Reference))
        {
            ServicesByKey = known.ToFrozenDictionary(one => one.Key),
            CalendarsByKey = open.ToFrozenDictionary(one => one.ScheduleKey),
            Absences = absences,
            ByActor = open.GroupBy(one => one.Key).ToFrozenDictionary(group => group.Key, group => (IReadOnlyList<ClinicCalendar>)[.. group]),
        };
    }
}

/// <summary>Knows the set-up of the clinics, HealthcareService and Schedule in the record, as it is now.</summary>
public sealed class Clinics(RecordStore store, TimeProvider clock) : IDisposable
{
    static readonly string[] Types = ["HealthcareService", "Schedule", "Slot"];
    static readonly NewestOf NewestChange = new(Types);
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    /// <summary>When the record was asked last, and how much this program had changed then.</summary>
    sealed record Looked(long Made, long At);

    readonly SemaphoreSlim reading = new(1);
    volatile Looked looked = new(-1, 0);
    readonly Dictionary<string, Service?> services = new(StringComparer.Ordinal);
    readonly Dictionary<string, ClinicCalendar?> calendars = new(StringComparer.Ordinal);
    readonly Dictionary<string, Absence> absences = new(StringComparer.Ordinal);
    volatile ClinicSetup setup = ClinicSetup.Of(0, [], [], FrozenDictionary<string, IReadOnlyList<Absence>>.Empty);

    /// <summary>As it is now: what this program changed since is read before, what another one did within a second.</summary>
    public async ValueTask<ClinicSetup> Now(CancellationToken stop)
    {
        var (made, last) = (Types.Sum(store.ChangesOf), looked);
        if (last.Made == made && clock.GetElapsedTime(last.At) < Fresh) return setup;
        var at = clock.GetTimestamp();
        var newest = await store.Database.ReadOnce(NewestChange.In, stop);
        if (newest <= setup.AtUs)
        {
            looked = new(made, at);
            return setup;
        }
        await reading.WaitAsync(stop);
        try
        {
            if (newest > setup.AtUs) await Read(stop);
            looked = new(made, at);
            return setup;
        }
        finally
        {
            reading.Release();
        }
    }

    /// <summary>How many claims a calendar takes at the same time, by the key of its actor.</summary>
    public int CapacityOf(long actor) => setup.ByActor.TryGetValue(actor, out var of) ? of.Max(calendar => calendar.Capacity) : 1;

    async Task Read(CancellationToken stop)
    {
        var from = setup.AtUs;
        // In one snapshot: what is newer than the newest of them was written later.
        var changed = await store.Database.Read(async session =>
        {
            var found = new List<StoredResource>();
            foreach (var type in Types) found.AddRange(await store.Changed(session, type, from, int.MaxValue));
            return found;
        }, stop);
        if (changed.Count == 0) return;
        foreach (var one in changed)
        {
            if (one.Type == "HealthcareService") services[one.Id] = one.IsDeleted ? null : one.Take(json => Service.Read(one.Id, json, store.Keys));
            else if (one.Type == "Slot")
            {
                if (one.IsDeleted || one.Take(json => Absence.Read(one.Id, one.Version, json)) is not { } absence) absences.Remove(one.Id);
                else absences[one.Id] = absence;
            }
            else calendars[$"Schedule/{one.Id}"] = one.IsDeleted ? null : one.Take(json => ClinicCalendar.Read(one.Id, json, store.Keys));
        }
        // What is over is of no use to those who book.
        var nowUs = clock.NowUs();
        foreach (var id in absences.Values.Where(absence => absence.EndUs < nowUs).Select(absence => absence.Id).ToList()) absences.Remove(id);
        setup = ClinicSetup.Of(changed.Max(one => one.AtUs), services.Values.OfType<Service>(), calendars.Values.OfType<ClinicCalendar>(),
            absences.Values.GroupBy(absence => absence.Schedule).ToFrozenDictionary(group => group.Key, group => (IReadOnlyList<Absence>)[.. group.OrderBy(absence => absence.StartUs)]));
    }

    /// <inheritdoc/>
    public void Dispose() => reading.Dispose();
}
