using System.Globalization;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Records.Access;
using Tervik.Records.Resources;

namespace Tervik.Portal.Chart;

/// <summary>What a physician needs to know in 90 seconds.</summary>
/// <param name="Patient">Who.</param>
/// <param name="Allergies">Active ones, the critical first.</param>
/// <param name="HasNoKnownAllergy">Somebody recorded that there is none.</param>
/// <param name="Warnings">Flags, directives, pregnancy, anticoagulation, kidney function.</param>
/// <param name="Stay">The encounter that goes on, or null.</param>
/// <param name="IsStay">Whether it has a bed.</param>
/// <param name="Problems">Active, newest first.</param>
/// <param name="Medication">Current, with dose.</param>
/// <param name="Laboratory">Latest value of each kind, what is critical first.</param>
/// <param name="Vitals">Likewise.</param>
/// <param name="Timeline">The newest entries.</param>
/// <param name="Documents">The newest.</param>
/// <param name="Appointments">Soonest first.</param>
/// <param name="Orders">Open orders and referrals.</param>
/// <param name="Plans">Care plans and goals.</param>
/// <param name="Tasks">About this patient, open.</param>
/// <param name="Team">Who is responsible.</param>
public sealed record ChartModel(PatientHeader Patient, IReadOnlyList<Alert> Allergies, bool HasNoKnownAllergy, IReadOnlyList<Alert> Warnings, RecordEntry? Stay, bool IsStay,
    IReadOnlyList<RecordEntry> Problems, IReadOnlyList<RecordEntry> Medication, IReadOnlyList<ResultRow> Laboratory, IReadOnlyList<ResultRow> Vitals, IReadOnlyList<RecordEntry> Timeline,
    IReadOnlyList<RecordEntry> Documents, IReadOnlyList<RecordEntry> Appointments, IReadOnlyList<RecordEntry> Orders, IReadOnlyList<RecordEntry> Plans, IReadOnlyList<RecordEntry> Tasks, IReadOnlyList<TeamMember> Team);

/// <summary>Reads the chart in eight searches: small types together, results by date, the newest of the rest.</summary>
sealed class ChartQuery(RecordQuery record)
{
    const int MostStanding = 500, LatestLaboratory = 200, LatestVitals = 100, MostKeyObservations = 10, LatestHistory = 24, ShownHistory = 10, ShownDocuments = 5, ShownAppointments = 4;

    /// <returns>The chart and all that was read for it, for the log; null when there is no such patient for this reader.</returns>
    public async Task<(ChartModel Chart, IReadOnlyList<StoredResource> Read)?> Load(string id, AccessFilter filter, CancellationToken stop)
    {
        if (await record.Patient(id, filter, stop) is not var (header, patient)) return null;
        var now = record.Today;
        // PostgreSQL answers them side by side; SQLite answers each as it is asked.
        var standing = record.Across(id, "AllergyIntolerance,CareTeam,Condition,Consent,Flag,Goal", filter, stop, Count(MostStanding));
        var running = record.Across(id, "CarePlan,Encounter,MedicationRequest,MedicationStatement,ServiceRequest,Task", filter, stop,
            ("status", "active,on-hold,intended,draft,requested,received,accepted,ready,in-progress,arrived,triaged,onleave"), Count(MostStanding));
        var laboratory = record.Find(id, "Observation", filter, stop, ("category", "laboratory"), ("_sort", "-date"), Count(LatestLaboratory));
        var vitals = record.Find(id, "Observation", filter, stop, ("category", "vital-signs"), ("_sort", "-date"), Count(LatestVitals));
        var key = record.Find(id, "Observation", filter, stop, ("code", Alerts.KeyObservations), ("_sort", "-date"), Count(MostKeyObservations));
        var history = record.Across(id, "Composition,DiagnosticReport,DocumentReference,Encounter,Immunization,Procedure", filter, stop, ("_sort", "-date"), Count(LatestHistory));
        var documents = record.Across(id, "Composition,DocumentReference", filter, stop, ("_sort", "-date"), Count(ShownDocuments));
        var appointments = record.Find(id, "Appointment", filter, stop, ("date", $"ge{RecordQuery.Day(now)}"), ("status", "proposed,pending,booked,arrived,checked-in,waitlist"), ("_sort", "date"), Count(ShownAppointments));
        await Task.WhenAll(standing, running, laboratory, vitals, key, history, documents, appointments);

        using var read = new ParsedRecord();
        var of = MeasuredPerson.Of(read.Add([patient])[0].Json);
        var (lasting, open) = (read.Add(await standing), read.Add(await running));
        var taken = open.Where(Standing.IsTaken).ToList();
        var stay = open.Where(Standing.IsRunning).OrderBy(one => Standing.IsStay(one.Json) ? 0 : 1).ThenByDescending(one => one.Entry.Date?.Instant).FirstOrDefault();
        var allergies = lasting.Where(one => one.Type == "AllergyIntolerance").ToList();
        var problems = lasting.Where(one => one.Type == "Condition").ToList();
        var chart = new ChartModel(header, Alerts.Allergies(allergies), allergies.Exists(one => Standing.IsActive(one) && Standing.SaysNoAllergy(one)),
            Alerts.Others(lasting, taken, read.Add(await key), now), stay.Stored is null ? null : stay.Entry, stay.Stored is not null && Standing.IsStay(stay.Json),
            Newest(problems.Where(Standing.IsActive)), [.. Newest(taken).DistinctBy(entry => (entry.Title, entry.Detail))],
            Rows(read.Add(await laboratory), of), Rows(read.Add(await vitals), of),
            [.. Newest(read.Add(await history).Concat(problems).Concat(allergies).Concat(open.Where(one => one.Type is "MedicationRequest" or "ServiceRequest")))
                .Where(entry => entry.Date is { } date && date.Instant <= now.AddDays(1)).DistinctBy(entry => (entry.Type, entry.Id)).Take(ShownHistory)],
            Entries(read.Add(await documents)), Entries(read.Add(await appointments)),
            Newest(open.Where(one => one.Type == "ServiceRequest" && one.Json.TextAt("intent") is not ("proposal" or "option"))),
            [.. Newest(open.Where(one => one.Type == "CarePlan")).Select(plan => plan with { Detail = null }), .. Newest(lasting.Where(one => one.Type == "Goal" && Standing.IsActive(one)))],
            Newest(open.Where(Standing.IsOpenTask)), TeamMember.Of(lasting));
        return (chart, read.Read);
    }

    static (string, string) Count(int most) => ("_count", most.ToString(CultureInfo.InvariantCulture));
    static List<RecordEntry> Entries(IEnumerable<Parsed> found) => [.. found.Select(one => one.Entry)];
    static List<RecordEntry> Newest(IEnumerable<Parsed> found) => [.. found.Select(one => one.Entry).OrderByDescending(entry => entry.Date?.Instant ?? DateTimeOffset.MinValue)];

    // What is critical stands first, then the newest day; on it, what is out of range.
    static List<ResultRow> Rows(IEnumerable<Parsed> observations, MeasuredPerson of) => [.. ResultRow.Of(observations.SelectMany(one => Result.Read(one.Stored.Id, one.Json, of)))
        .OrderBy(row => row.IsCritical ? 0 : 1).ThenByDescending(row => row.Latest.Date?.Instant.UtcDateTime.Date).ThenBy(row => row.Latest.Flag == Flag.None ? 1 : 0)];
}
