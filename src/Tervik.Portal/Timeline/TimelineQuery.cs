using System.Globalization;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Records.Access;
using Tervik.Records.Resources;

namespace Tervik.Portal.Timeline;

/// <summary>A page of the history.</summary>
/// <param name="Patient">Who.</param>
/// <param name="Kind">The kind that was chosen, or null for all.</param>
/// <param name="Entries">Newest first; those without a date last.</param>
/// <param name="Before">Day before which the next page begins, or null on the last page.</param>
/// <param name="IsFirst">Whether this is the newest page.</param>
public sealed record TimelineModel(PatientHeader Patient, EntryKind? Kind, IReadOnlyList<RecordEntry> Entries, string? Before, bool IsFirst);

/// <summary>Reads the history a page at a time: one search per type, newest first, merged by day. A page ends between two days, so no entry is lost or shown twice.</summary>
sealed class TimelineQuery(RecordQuery record)
{
    const int PageSize = 40;
    /// <summary>A day with more entries than a page is shown whole up to this.</summary>
    const int LargestDay = 400;

    /// <summary>What the history is made of: a type and the parameter with its date. Single measurements stand on the results page, and here only when asked for.</summary>
    static readonly (string Type, string Date, EntryKind Kind)[] Sources =
    [
        ("Encounter", "date", EntryKind.Visits), ("Appointment", "date", EntryKind.Visits),
        ("Condition", "onset-date", EntryKind.Problems), ("Condition", "recorded-date", EntryKind.Problems),
        ("MedicationRequest", "authoredon", EntryKind.Medication), ("MedicationStatement", "effective", EntryKind.Medication),
        ("MedicationAdministration", "effective-time", EntryKind.Medication), ("MedicationDispense", "whenhandedover", EntryKind.Medication),
        ("AllergyIntolerance", "date", EntryKind.Allergies), ("Immunization", "date", EntryKind.Vaccinations), ("Procedure", "date", EntryKind.Procedures),
        ("DiagnosticReport", "date", EntryKind.Results), ("Observation", "date", EntryKind.Results), ("ImagingStudy", "started", EntryKind.Imaging),
        ("CarePlan", "date", EntryKind.Plans), ("Goal", "start-date", EntryKind.Plans), ("ServiceRequest", "authored", EntryKind.Plans),
        ("DocumentReference", "date", EntryKind.Documents), ("Composition", "date", EntryKind.Documents), ("QuestionnaireResponse", "authored", EntryKind.Documents),
        ("Communication", "sent", EntryKind.Messages), ("Claim", "created", EntryKind.Administration), ("ExplanationOfBenefit", "created", EntryKind.Administration),
    ];

    public static IEnumerable<EntryKind> Kinds => Sources.Select(source => source.Kind).Distinct();

    /// <returns>The page and all that was read for it, for the log; null when there is no such patient for this reader.</returns>
    /// <param name="id">The patient.</param>
    /// <param name="kind">One kind only, or null.</param>
    /// <param name="before">Only entries before this day (yyyy-MM-dd), or null to begin with the newest.</param>
    /// <param name="filter">What the reader may see.</param>
    /// <param name="stop">Stops the searches.</param>
    public async Task<(TimelineModel Model, IReadOnlyList<StoredResource> Read)?> Load(string id, EntryKind? kind, string? before, AccessFilter filter, CancellationToken stop)
    {
        if (await record.Patient(id, filter, stop) is not var (header, patient)) return null;
        var found = new List<Dated>();
        foreach (var source in Sources.Where(source => IsShown(source, kind)))
            found.AddRange(await Newest(id, source, before, PageSize + 1, filter, stop));
        found.Sort((a, b) => string.CompareOrdinal(b.Day, a.Day) is not 0 and var byDay ? byDay : b.Entry.Date!.Value.Instant.CompareTo(a.Entry.Date!.Value.Instant));

        var (page, next) = Cut(found);
        if (page.Count == 0 && next is not null) page = await WholeDay(id, kind, next, filter, stop);
        if (next is null) page.AddRange(await Undated(id, kind, filter, stop));
        return (new(header, kind, [.. page.Select(dated => dated.Entry)], next, before is null), [patient, .. page.Select(dated => dated.Stored)]);
    }

    sealed record Dated(StoredResource Stored, RecordEntry Entry)
    {
        // Sorted by the first day of what is only known to the month or year, as the search does.
        public string Day => Entry.Date is { } date ? date.Instant.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : "";
    }

    static bool IsShown((string Type, string Date, EntryKind Kind) source, EntryKind? kind) =>
        kind is null ? source.Kind != EntryKind.Administration && source.Type != "Observation" : source.Kind == kind;

    async Task<List<Dated>> Newest(string id, (string Type, string Date, EntryKind Kind) source, string? before, int count, AccessFilter filter, CancellationToken stop)
    {
        List<(string, string)> parameters = [("_sort", $"-{source.Date}"), ("_count", count.ToString(CultureInfo.InvariantCulture))];
        parameters.Add((source.Date, before is null ? "le9999" : $"lt{before}"));
        if (source.Date == "recorded-date") parameters.Add(("onset-date:missing", "true"));
        return Read(await record.Find(id, source.Type, filter, stop, [.. parameters])).Where(dated => dated.Entry.Date is not null && (before is null || string.CompareOrdinal(dated.Day, before) < 0)).ToList();
    }

    // The last whole day that fits; the next page begins before it. No cut is needed when everything was found and fits.
    static (List<Dated> Page, string? Next) Cut(List<Dated> found)
    {
        if (found.Count <= PageSize) return (found, null);
        var cut = PageSize;
        while (cut > 0 && found[cut - 1].Day == found[cut].Day) cut--;
        return (found[..cut], cut > 0 ? found[cut - 1].Day : found[0].Day);
    }

    async Task<List<Dated>> WholeDay(string id, EntryKind? kind, string day, AccessFilter filter, CancellationToken stop)
    {
        var after = DateTime.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture).AddDays(1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var found = new List<Dated>();
        foreach (var source in Sources.Where(source => IsShown(source, kind)))
            found.AddRange((await Newest(id, source, after, LargestDay, filter, stop)).Where(dated => dated.Day == day));
        return found;
    }

    async Task<List<Dated>> Undated(string id, EntryKind? kind, AccessFilter filter, CancellationToken stop)
    {
        var found = new List<Dated>();
        foreach (var sources in Sources.Where(source => IsShown(source, kind)).GroupBy(source => source.Type))
        {
            List<(string, string)> parameters = [.. sources.Select(source => ($"{source.Date}:missing", "true")), ("_count", PageSize.ToString(CultureInfo.InvariantCulture))];
            found.AddRange(Read(await record.Find(id, sources.Key, filter, stop, [.. parameters])).Select(dated => dated with { Entry = dated.Entry with { Date = null } }));
        }
        return found;
    }

    static IEnumerable<Dated> Read(IEnumerable<StoredResource> found) => found.Select(stored => new Dated(stored, RecordQuery.Entry(stored)));
}
