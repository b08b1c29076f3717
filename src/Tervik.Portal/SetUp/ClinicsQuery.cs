using System.Text;
using System.Text.Json.Nodes;
using NodaTime;
using Tervik.Care.Booking;
using Tervik.Care.Calendars;
using Tervik.Care.Clinics;
using Tervik.Portal.Calendar;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Trust;
using Tervik.Trust.Relations;

namespace Tervik.Portal.SetUp;

/// <summary>A service of a unit, whether it can be booked or not.</summary>
/// <param name="Stored">The HealthcareService.</param>
/// <param name="Unit">Reference of the Organization.</param>
/// <param name="Name">As it is shown.</param>
/// <param name="Service">As it is booked; null for one that is switched off, or was never made bookable.</param>
public sealed record ServiceLine(StoredResource Stored, string Unit, string Name, Service? Service);

/// <summary>A calendar of a unit.</summary>
/// <param name="Stored">The Schedule.</param>
/// <param name="Actor">Reference of the Practitioner, Location or Device.</param>
/// <param name="Name">Its name.</param>
/// <param name="Calendar">As it is booked; null for one that is switched off or has no hours.</param>
/// <param name="MayChange">Whether it is the reader's to change: it names one of their units, or none.</param>
public sealed record CalendarLine(StoredResource Stored, string Actor, string Name, ClinicCalendar? Calendar, bool MayChange)
{
    /// <summary><c>Practitioner</c>, <c>Location</c>, <c>Device</c> …</summary>
    public string Kind => Actor.Split('/')[0];
    /// <summary>Whether it is switched on.</summary>
    public bool IsActive => Stored.Take(json => json.TextAt("active") != "false");
}

/// <summary>A reference with its name.</summary>
/// <param name="Reference">Such as <c>Location/7</c>.</param>
/// <param name="Name">As it is shown.</param>
public sealed record Named(string Reference, string Name);

/// <summary>What the units that somebody leads have.</summary>
/// <param name="Units">Their units.</param>
/// <param name="Services">By name.</param>
/// <param name="Calendars">By name.</param>
/// <param name="People">Who works there.</param>
/// <param name="Places">Rooms and houses.</param>
/// <param name="Devices">Devices.</param>
/// <param name="Questionnaires">Those that can be asked before a visit.</param>
/// <param name="Setup">As all clinics are set up now.</param>
public sealed record ClinicsModel(IReadOnlyList<Named> Units, IReadOnlyList<ServiceLine> Services, IReadOnlyList<CalendarLine> Calendars, IReadOnlyList<Named> People, IReadOnlyList<Named> Places, IReadOnlyList<Named> Devices, IReadOnlyList<Named> Questionnaires, ClinicSetup Setup)
{
    /// <summary>The zone in which new hours begin: that of the hours there are; the server's where there are none.</summary>
    public string Zone => Calendars.Select(line => line.Calendar?.Zone.Id).OfType<string>().FirstOrDefault() ?? (Zones.Current.TryGet(TimeZoneInfo.Local.Id, out var zone) ? zone.Id : "UTC");

    /// <summary>What a reference of a calendar or a service is called.</summary>
    public string NameOf(string reference) => Calendars.FirstOrDefault(line => $"Schedule/{line.Stored.Id}" == reference)?.Name ?? Services.FirstOrDefault(line => $"HealthcareService/{line.Stored.Id}" == reference)?.Name
        ?? Setup.Calendars.GetValueOrDefault(reference)?.ActorName ?? (reference.Split('/') is ["HealthcareService", var id] ? Setup.Services.GetValueOrDefault(id)?.Name : null) ?? reference;
}

/// <summary>Hours or times of a day, as a preview shows them.</summary>
/// <param name="Day">On the wall.</param>
/// <param name="Spans">In order.</param>
public sealed record PreviewDay(LocalDate Day, IReadOnlyList<ZonedSpan> Spans);

/// <summary>Reads the set-up of the units that somebody leads, and what a change of it would mean.</summary>
sealed class ClinicsQuery(RecordQuery record, RecordStore store, Clinics clinics, StaffRegister register)
{
    /// <summary>Days that a preview shows.</summary>
    public const int PreviewDays = 14;
    const int Most = 2000;
    const string PerPage = "500";

    /// <summary>Reads it; null for who leads no unit.</summary>
    public async Task<ClinicsModel?> Load(SignedIn person, AccessFilter filter, CancellationToken stop)
    {
        var leads = (await register.Of(person.Reference, stop)).Leads;
        if (!person.IsProfessional || leads.Count == 0) return null;
        var (setup, of) = (await clinics.Now(stop), string.Join(',', leads));
        var units = new List<Named>();
        foreach (var unit in leads.Order(StringComparer.Ordinal))
            units.Add(new(unit, unit.Split('/') is ["Organization", var id] && await store.Read("Organization", id, filter, stop) is { IsDeleted: false } stored ? stored.Take(json => json.TextAt("name")) ?? unit : unit));
        var services = (await All("HealthcareService", filter, stop, ("organization", of))).Select(stored => stored.Take(json => new ServiceLine(stored, json.At("providedBy").TextAt("reference")!, json.TextAt("name") ?? Codes.Write(json.FirstAt("type")) ?? stored.Id, setup.Services.GetValueOrDefault(stored.Id)))).ToList();
        // Who holds nothing but an office of ours (data protection) sees no patients.
        var people = (await All("PractitionerRole", filter, stop, ("organization", of))).Select(stored => stored.Take(json => json.TextAt("active") != "false" && !(json.ItemsAt("code").Any() && json.ItemsAt("code").All(code => code.FirstAt("coding").TextAt("system") == "urn:tervik:role"))
            && json.At("practitioner").TextAt("reference") is { } reference ? new Named(reference, json.At("practitioner").TextAt("display") ?? reference) : null)).OfType<Named>().DistinctBy(one => one.Reference).ToList();
        for (var i = 0; i < people.Count; i++)
            if (people[i].Name == people[i].Reference && people[i].Reference.Split('/') is ["Practitioner", var id] && await store.Read("Practitioner", id, filter, stop) is { IsDeleted: false } stored) people[i] = people[i] with { Name = stored.Take(Names.OfPerson) };
        var places = (await All("Location", filter, stop, ("organization", of))).Select(stored => stored.Take(json => json.TextAt("status") == "inactive" ? null : new Named($"Location/{stored.Id}", json.TextAt("name") ?? stored.Id))).OfType<Named>().ToList();
        // Devices may be patients', and are not of the directory; these belong to the unit and to nobody else.
        var devices = (await All("Device", AccessFilter.Everything, stop, ("organization", of))).Where(stored => store.CompartmentsOf(stored) is []).Select(stored => stored.Take(json => json.TextAt("status") is "inactive" or "entered-in-error" ? null : new Named($"Device/{stored.Id}", json.FirstAt("deviceName").TextAt("name") ?? Codes.Write(json.At("type")) ?? stored.Id))).OfType<Named>().ToList();
        var questionnaires = (await All("Questionnaire", filter, stop, ("status", "active"))).Select(stored => new Named($"Questionnaire/{stored.Id}", stored.Take(json => json.TextAt("title") ?? json.TextAt("name") ?? stored.Id))).ToList();

        var schedules = new Dictionary<string, StoredResource>(StringComparer.Ordinal);
        string[] taken = [.. services.SelectMany(line => line.Stored.Take(json => json.Extension(Service.Extension).Extensions("need").SelectMany(need => need.Extensions("calendar")).Select(calendar => calendar.At("valueReference").TextAt("reference")).OfType<string>().ToList())).Distinct().Select(reference => reference.Split('/')).Where(parts => parts is ["Schedule", _]).Select(parts => parts[1])];
        foreach (var ids in taken.Chunk(100))
            foreach (var stored in await All("Schedule", filter, stop, ("_id", string.Join(',', ids)))) schedules[stored.Id] = stored;
        string? UnitOf(StoredResource stored) => stored.Take(json => json.Extension(ClinicCalendar.UnitExtension).At("valueReference").TextAt("reference"));
        foreach (var actors in people.Concat(places).Concat(devices).Select(one => one.Reference).Chunk(100))
            foreach (var stored in await All("Schedule", filter, stop, ("actor", string.Join(',', actors))))
                if (UnitOf(stored) is { } unit && leads.Contains(unit)) schedules[stored.Id] = stored;
        var names = people.Concat(places).Concat(devices).ToLookup(one => one.Reference, one => one.Name);
        var calendars = schedules.Values.Select(stored => stored.Take(json => json.FirstAt("actor") is var actor && actor.TextAt("reference") is { } reference
            ? new CalendarLine(stored, reference, actor.TextAt("display") ?? names[reference].FirstOrDefault() ?? reference, setup.Calendars.GetValueOrDefault($"Schedule/{stored.Id}"), UnitOf(stored) is not { } unit || leads.Contains(unit)) : null)).OfType<CalendarLine>();
        static IReadOnlyList<Named> Ordered(IEnumerable<Named> all) => [.. all.OrderBy(one => one.Name, StringComparer.CurrentCulture)];
        return new(units, [.. services.OrderBy(line => line.Name, StringComparer.CurrentCulture)], [.. calendars.OrderBy(line => line.Kind switch { "Location" => 1, "Device" => 2, _ => 0 }).ThenBy(line => line.Name, StringComparer.CurrentCulture)], Ordered(people), Ordered(places), Ordered(devices), Ordered(questionnaires), setup);
    }

    Task<List<StoredResource>> All(string type, AccessFilter filter, CancellationToken stop, params (string Name, string Value)[] parameters) => record.All(type, filter, stop, [.. parameters, ("_count", PerPage)]).Take(Most).ToListAsync(stop).AsTask();

    /// <summary>A Schedule as it would be booked; null for one that is switched off or has no hours.</summary>
    public ClinicCalendar? CalendarOf(string id, JsonObject schedule)
    {
        using var json = FhirJson.Parse(Encoding.UTF8.GetBytes(schedule.ToJsonString()));
        return ClinicCalendar.Read(id, json.RootElement, store.Keys);
    }

    /// <summary>A HealthcareService as it would be booked; null for one that is switched off.</summary>
    public Service? ServiceOf(string id, JsonObject service)
    {
        using var json = FhirJson.Parse(Encoding.UTF8.GetBytes(service.ToJsonString()));
        return Service.Read(id, json.RootElement, store.Keys);
    }

    /// <summary>Appointments to come with somebody whose calendars are not open then, soonest first.</summary>
    public async Task<IReadOnlyList<StoredResource>> Outside(string actor, ClinicSetup setup, CancellationToken stop)
    {
        var (coming, key) = (await Coming(actor, stop), store.Keys.Reference(actor));
        return [.. coming.Where(stored => stored.Take(json => AppointmentReading.Time(json, "start") is { } start && AppointmentReading.Time(json, "end") is { } end && end > start
            && !setup.IsOpen(key, AppointmentReading.ServiceOf(json, setup), Instant.FromDateTimeOffset(start), Instant.FromDateTimeOffset(end))))];
    }

    /// <summary>Appointments to come of a service which it no longer fits: all of one that is switched off; else those that lack one of its needs.</summary>
    public async Task<IReadOnlyList<StoredResource>> Unfit(string id, ClinicSetup setup, CancellationToken stop)
    {
        var coming = await Coming($"HealthcareService/{id}", stop);
        return setup.Services.GetValueOrDefault(id) is not { } service ? coming : [.. coming.Where(stored => !setup.Fits(service, stored.Take(json => AppointmentReading.Actors(json).ToHashSet())))];
    }

    // Whoever leads the unit has to know of all of them, whatever patients they treat; those of others are shown without a name.
    async Task<IReadOnlyList<StoredResource>> Coming(string actor, CancellationToken stop)
    {
        var all = await All("Appointment", AccessFilter.Everything, stop, ("actor", actor), ("date", $"ge{RecordQuery.Day(record.Now.UtcDateTime.AddDays(-1))}"), ("status", string.Join(',', AppointmentReading.Standing)), ("_sort", "date"));
        return [.. all.Where(stored => stored.Take(json => AppointmentReading.Time(json, "start") is { } start && start > record.Now))];
    }

    /// <summary>The hours of a calendar in the days from one on, each day of its wall with its own.</summary>
    public static IReadOnlyList<PreviewDay> Hours(ClinicCalendar calendar, LocalDate from)
    {
        var (start, end) = (calendar.Zone.AtStartOfDay(from).ToInstant(), calendar.Zone.AtStartOfDay(from.PlusDays(PreviewDays)).ToInstant());
        var spans = calendar.Open(start, end).Where(span => span.WallStart.Date >= from && span.WallStart.Date < from.PlusDays(PreviewDays)).DistinctBy(span => (span.StartUtc, span.EndUtc)).ToLookup(span => span.WallStart.Date);
        return [.. Enumerable.Range(0, PreviewDays).Select(from.PlusDays).Select(day => new PreviewDay(day, [.. spans[day]]))];
    }

    /// <summary>The times of a service in the days from one on, if nobody had booked anything.</summary>
    public static IReadOnlyList<PreviewDay> Times(Service service, ClinicSetup setup, LocalDate from, DateTimeOffset now)
    {
        var zone = setup.CalendarsOf(service.Needs[0]).FirstOrDefault()?.Zone ?? DateTimeZone.Utc;
        var (start, end) = (zone.AtStartOfDay(from).ToDateTimeOffset(), zone.AtStartOfDay(from.PlusDays(PreviewDays)).ToDateTimeOffset());
        var spans = Offers.Possible(service, setup, start > now ? start : now, end).ToLookup(one => one.Time.WallStart.Date, one => one.Time);
        return [.. Enumerable.Range(0, PreviewDays).Select(from.PlusDays).Select(day => new PreviewDay(day, [.. spans[day]]))];
    }
}
