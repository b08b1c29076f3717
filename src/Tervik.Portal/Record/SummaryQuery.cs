using Tervik.Portal.Reading;
using Tervik.Records.Access;
using Tervik.Records.Resources;

namespace Tervik.Portal.Record;

/// <summary>The chart on one page: what one must know first.</summary>
/// <param name="Patient">Who.</param>
/// <param name="Allergies">Active ones, the critical first.</param>
/// <param name="HasNoKnownAllergy">Somebody recorded that there is none.</param>
/// <param name="Conditions">Active problems, newest first.</param>
/// <param name="Medication">Current.</param>
/// <param name="Vitals">Latest value of each.</param>
/// <param name="Laboratory">Latest value of each, newest first.</param>
/// <param name="Immunizations">Latest of each vaccine.</param>
/// <param name="CareTeam">Who is responsible.</param>
/// <param name="LastVisits">Newest first.</param>
/// <param name="NextVisits">Soonest first.</param>
public sealed record Summary(PatientHeader Patient, IReadOnlyList<RecordEntry> Allergies, bool HasNoKnownAllergy, IReadOnlyList<RecordEntry> Conditions, IReadOnlyList<RecordEntry> Medication,
    IReadOnlyList<Result> Vitals, IReadOnlyList<Result> Laboratory, IReadOnlyList<RecordEntry> Immunizations, IReadOnlyList<CareTeamMember> CareTeam,
    IReadOnlyList<RecordEntry> LastVisits, IReadOnlyList<RecordEntry> NextVisits);

/// <summary>Somebody of a care team.</summary>
/// <param name="Name">Who.</param>
/// <param name="Role">As what, or null.</param>
public sealed record CareTeamMember(string Name, string? Role);

/// <summary>Reads the summary: a few searches in the patient's compartment, each for no more than is shown.</summary>
sealed class SummaryQuery(RecordQuery record)
{
    const int MostEntries = 100;
    const int RecentVitals = 40;
    const int RecentLaboratory = 60;
    const int ShownVitals = 8;
    const int ShownLaboratory = 10;
    const int ShownVaccines = 8;
    const int ShownVisits = 3;

    /// <returns>The summary and all that was read for it, for the log; null when there is no such patient for this reader.</returns>
    public async Task<(Summary Summary, IReadOnlyList<StoredResource> Read)?> Load(string id, AccessFilter filter, CancellationToken stop)
    {
        if (await record.Patient(id, filter, stop) is not var (header, patient)) return null;
        List<StoredResource> read = [patient];
        var of = RecordQuery.Take(patient, MeasuredPerson.Of);
        var today = record.Today.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

        var conditions = await Find("Condition", ("_sort", "-onset-date"), Count(MostEntries));
        var allergies = await Find("AllergyIntolerance", Count(MostEntries));
        var requests = await Find("MedicationRequest", ("status", "active,on-hold"), ("_sort", "-authoredon"), Count(MostEntries));
        var statements = await Find("MedicationStatement", ("status", "active,intended,on-hold"), Count(MostEntries));
        var vitals = await Find("Observation", ("category", "vital-signs"), ("_sort", "-date"), Count(RecentVitals));
        var laboratory = await Find("Observation", ("category", "laboratory"), ("_sort", "-date"), Count(RecentLaboratory));
        var vaccines = await Find("Immunization", ("_sort", "-date"), Count(MostEntries));
        var teams = await Find("CareTeam", Count(MostEntries));
        var visits = await Find("Encounter", ("date", $"le{today}"), ("_sort", "-date"), Count(ShownVisits));
        var planned = await Find("Appointment", ("date", $"ge{today}"), ("_sort", "date"), Count(ShownVisits));

        var known = allergies.Where(IsActive).ToList();
        return (new(header,
            [.. known.Where(allergy => !SaysNone(allergy) && !RecordQuery.Take(allergy, KnownAllergies.SaysUnknown)).OrderBy(allergy => IsCritical(allergy) ? 0 : 1).Select(RecordQuery.Entry)], known.Any(SaysNone),
            [.. conditions.Where(IsActive).Select(RecordQuery.Entry)],
            [.. requests.Concat(statements).Select(RecordQuery.Entry).DistinctBy(entry => entry.Title)],
            [.. Latest(vitals, of).Take(ShownVitals)], [.. Latest(laboratory, of).Take(ShownLaboratory)],
            [.. vaccines.Select(RecordQuery.Entry).DistinctBy(entry => entry.Title).Take(ShownVaccines)],
            [.. teams.Where(IsActive).SelectMany(Members).Distinct()],
            [.. visits.Select(RecordQuery.Entry)], [.. planned.Select(RecordQuery.Entry)]), read);

        async Task<IReadOnlyList<StoredResource>> Find(string type, params (string, string)[] parameters)
        {
            var found = await record.Find(id, type, filter, stop, parameters);
            read.AddRange(found);
            return found;
        }
    }

    static (string, string) Count(int most) => ("_count", most.ToString(System.Globalization.CultureInfo.InvariantCulture));

    // What is resolved, refuted or an error is history; it stands in the timeline.
    static bool IsActive(StoredResource stored) => RecordQuery.Take(stored, json =>
        !Codes.Has(json.At("clinicalStatus"), "inactive", "resolved", "remission") && !Codes.Has(json.At("verificationStatus"), "refuted", "entered-in-error")
        && json.TextAt("status") is not ("inactive" or "entered-in-error"));

    static bool IsCritical(StoredResource allergy) => RecordQuery.Take(allergy, json => json.TextAt("criticality") == "high");

    static bool SaysNone(StoredResource allergy) => RecordQuery.Take(allergy, KnownAllergies.SaysNone);

    static IEnumerable<Result> Latest(IEnumerable<StoredResource> observations, MeasuredPerson of) => observations.SelectMany(stored => RecordQuery.Results(stored, of)).DistinctBy(result => result.Code);

    static List<CareTeamMember> Members(StoredResource team) => RecordQuery.Take(team, json => json.ItemsAt("participant")
        .Where(participant => participant.At("member").TextAt("reference")?.StartsWith("Patient/", StringComparison.Ordinal) != true)
        .Select(participant => participant.At("member").TextAt("display") is { } name ? new CareTeamMember(name, Codes.First(participant, "role")) : null)
        .OfType<CareTeamMember>().ToList());
}
