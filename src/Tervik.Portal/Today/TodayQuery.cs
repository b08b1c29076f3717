using System.Globalization;
using Tervik.Portal.Chart;
using Tervik.Portal.Messages;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Records.Resources;

namespace Tervik.Portal.Today;

/// <summary>An appointment of the day.</summary>
/// <param name="Id">Of the appointment.</param>
/// <param name="Start">When; null when it does not say.</param>
/// <param name="Patient">With whom; null when with no patient one may see.</param>
/// <param name="Reason">Why, or null.</param>
/// <param name="Alerts">Severe allergies and flags.</param>
/// <param name="State">FHIR's word.</param>
/// <param name="IsNext">The first that has not begun.</param>
public sealed record AppointmentLine(string Id, FhirDate? Start, PatientHeader? Patient, string? Reason, IReadOnlyList<Alert> Alerts, string State, bool IsNext);

/// <summary>Somebody who is in hospital or being seen now.</summary>
/// <param name="Patient">Who.</param>
/// <param name="Stay">The encounter.</param>
/// <param name="IsStay">Whether it has a bed.</param>
/// <param name="Place">Where, or null.</param>
/// <param name="IsOnMyWard">Whether that is a place of the reader's roles.</param>
/// <param name="Alerts">Severe allergies and flags.</param>
public sealed record StayLine(PatientHeader Patient, RecordEntry Stay, bool IsStay, string? Place, bool IsOnMyWard, IReadOnlyList<Alert> Alerts);

/// <summary>A result that cannot wait.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Result">What.</param>
public sealed record CriticalLine(PatientHeader Patient, Result Result);

/// <summary>A day of a professional.</summary>
/// <param name="Day">Which.</param>
/// <param name="IsToday">Whether it is the present one.</param>
/// <param name="Appointments">In order.</param>
/// <param name="Stays">The own ward first; only today.</param>
/// <param name="Critical">Newest first; only today.</param>
/// <param name="OpenTasks">How many.</param>
/// <param name="UnreadMessages">How many.</param>
public sealed record TodayModel(DateTime Day, bool IsToday, IReadOnlyList<AppointmentLine> Appointments, IReadOnlyList<StayLine> Stays, IReadOnlyList<CriticalLine> Critical, long OpenTasks, long UnreadMessages);

/// <summary>Reads a day. Whose patients they are is not asked here: the access filter lets no others through.</summary>
sealed class TodayQuery(RecordQuery record, DutyQuery duties, MessagesQuery messages)
{
    const int MostAppointments = 100, MostStays = 100, MostAlerts = 1000, MostObservations = 300, ShownCritical = 10;
    /// <summary>A critical result older than this stands in the chart, not on the day's page.</summary>
    const int CriticalDays = 2;

    /// <returns>The day, all that was read for it, and the patients it shows, for the log.</returns>
    public async Task<(TodayModel Model, IReadOnlyList<StoredResource> Read, IReadOnlyList<string> Patients)> Load(SignedIn person, DateTime day, AccessFilter filter, CancellationToken stop)
    {
        var now = record.Today;
        var isToday = day.Date == now.Date;
        var duty = await duties.Load(person, filter, stop);
        var appointments = record.Everywhere("Appointment", filter, stop, ("actor", string.Join(',', duty.Actors)), ("date", $"ge{RecordQuery.Day(day)}"), ("date", $"lt{RecordQuery.Day(day.AddDays(1))}"),
            ("_sort", "date"), Count(MostAppointments));
        var running = isToday ? record.Everywhere("Encounter", filter, stop, ("status", Standing.RunningStates), ("_sort", "-date"), Count(MostStays)) : null;
        var observations = isToday ? record.Everywhere("Observation", filter, stop, ("date", $"ge{RecordQuery.Day(now.AddDays(-CriticalDays))}"), ("_sort", "-date"), Count(MostObservations)) : null;
        var tasks = record.Everywhere("Task", filter, stop, ("owner", duty.Recipients), ("status", Standing.OpenTaskStates), ("_count", "0"));
        var unread = messages.HowManyUnread(person, filter, stop);

        using var read = new ParsedRecord();
        var booked = read.Add((await appointments).Matches);
        var stays = running is null ? [] : read.Add((await running).Matches);
        List<(Parsed One, Result Result)> critical = [];
        foreach (var stored in observations is null ? [] : (await observations).Matches)
        {
            if (RecordQuery.Results(stored).FirstOrDefault(result => result.Flag is Flag.CriticallyHigh or Flag.CriticallyLow) is not { } result || critical.Count == ShownCritical) continue;
            critical.Add((read.Add([stored])[0], result));
        }
        var people = await record.Patients(booked.Concat(stays).Concat(critical.Select(one => one.One)).Select(one => RecordQuery.PatientOf(one.Json)).OfType<string>(), filter, stop);
        read.Add(people.Values.Select(one => one.Stored));
        var alerts = await AlertsOf(people.Keys, filter, read, stop);
        var next = isToday ? booked.FirstOrDefault(one => FhirDate.Read(one.Json.TextAt("start")) is { } start && start.Instant > now && one.Json.TextAt("status") is "booked" or "pending" or "arrived" or "checked-in") : default;
        return (new(day, isToday,
            [.. booked.Select(one => new AppointmentLine(one.Stored.Id, FhirDate.Read(one.Json.TextAt("start")), Who(one)?.Header, Reason(one), Who(one) is { } who ? alerts[who.Header.Id] : [],
                one.Json.TextAt("status") ?? "booked", one.Stored == next.Stored))],
            [.. stays.Where(one => Who(one) is not null).Select(one => new StayLine(Who(one)!.Value.Header, one.Entry, Standing.IsStay(one.Json), PlaceOf(one), IsOn(one, duty.Wards), alerts[Who(one)!.Value.Header.Id]))
                .OrderBy(line => line.IsOnMyWard ? 0 : 1).ThenBy(line => line.IsStay ? 0 : 1).ThenBy(line => line.Place, StringComparer.CurrentCulture)],
            [.. critical.Where(one => Who(one.One) is not null).Select(one => new CriticalLine(Who(one.One)!.Value.Header, one.Result))],
            (await tasks).Total ?? 0, await unread), read.Read, [.. people.Keys]);

        (PatientHeader Header, StoredResource Stored)? Who(Parsed one) => RecordQuery.PatientOf(one.Json) is { } id && people.TryGetValue(id, out var found) ? found : null;
    }

    // One search for all patients of the page.
    async Task<Dictionary<string, List<Alert>>> AlertsOf(IEnumerable<string> patients, AccessFilter filter, ParsedRecord read, CancellationToken stop)
    {
        var alerts = patients.ToDictionary(id => id, _ => new List<Alert>(), StringComparer.Ordinal);
        if (alerts.Count == 0) return alerts;
        var found = read.Add((await record.Everywhere(null, filter, stop, ("_type", "AllergyIntolerance,Flag"), ("patient", string.Join(',', alerts.Keys.Select(id => $"Patient/{id}"))), Count(MostAlerts))).Matches);
        foreach (var group in found.GroupBy(one => RecordQuery.PatientOf(one.Json)))
            if (group.Key is { } id && alerts.TryGetValue(id, out var own))
                own.AddRange(Chart.Alerts.Allergies(group).Where(alert => alert.IsSevere).Concat(Chart.Alerts.Others([.. group], [], [], record.Today)));
        return alerts;
    }

    static (string, string) Count(int most) => ("_count", most.ToString(CultureInfo.InvariantCulture));

    static string? Reason(Parsed appointment) => Codes.First(appointment.Json, "reasonCode") ?? appointment.Json.TextAt("description") ?? Codes.First(appointment.Json, "serviceType") ?? Codes.Write(appointment.Json.At("appointmentType"));

    static string? PlaceOf(Parsed encounter) => encounter.Json.ItemsAt("location").Where(one => one.TextAt("status") is "active" or null).Select(one => one.At("location").TextAt("display")).LastOrDefault(name => name is not null)
        ?? encounter.Json.At("serviceProvider").TextAt("display");

    static bool IsOn(Parsed encounter, IReadOnlySet<string> wards) => encounter.Json.ItemsAt("location").Any(one => one.TextAt("status") is "active" or null && one.At("location").TextAt("reference") is { } place && wards.Contains(place));
}
