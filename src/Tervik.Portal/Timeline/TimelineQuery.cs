using System.Globalization;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Records.Access;
using Tervik.Records.Indexing;
using Tervik.Records.Resources;

namespace Tervik.Portal.Timeline;

/// <summary>What of the history is asked for.</summary>
/// <param name="Kind">One kind only, or null.</param>
/// <param name="From">First day (yyyy-MM-dd), or null.</param>
/// <param name="To">Last day, or null.</param>
/// <param name="Who">Words in the name of a person or place, or null.</param>
/// <param name="OnlyImportant">Only what one must know of a long history.</param>
/// <param name="Search">Words anywhere in the entry, or null.</param>
public sealed record TimelineFilter(EntryKind? Kind, string? From, string? To, string? Who, bool OnlyImportant, string? Search)
{
    /// <summary>Whether entries must be read to know if they are asked for; kinds and days the index knows.</summary>
    public bool NeedsReading => Who is not null || OnlyImportant || Search is not null;
    public bool IsAny => NeedsReading || Kind is not null || From is not null || To is not null;
}

/// <summary>An entry, and where the searched words stand in it.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Title">Its title, marked.</param>
/// <param name="Text">The text in which the words were found, else its detail; null when it has neither.</param>
public sealed record TimelineEntry(RecordEntry Entry, IReadOnlyList<MarkedPart> Title, IReadOnlyList<MarkedPart>? Text);

/// <summary>A page of the history.</summary>
/// <param name="Patient">Who.</param>
/// <param name="Filter">What was asked for.</param>
/// <param name="Entries">Newest first; those without a date last.</param>
/// <param name="Before">Day before which the next page begins, or null on the last page.</param>
/// <param name="IsFirst">Whether this is the newest page.</param>
/// <param name="Found">How many entries fit in all, where they were counted.</param>
/// <param name="IsCut">There are older ones that were not searched.</param>
public sealed record TimelineModel(PatientHeader Patient, TimelineFilter Filter, IReadOnlyList<TimelineEntry> Entries, string? Before, bool IsFirst, int? Found, bool IsCut);

/// <summary>Reads the history a page at a time: one search per type, newest first, merged by day. A page ends between two days, so no entry is lost or shown twice.</summary>
/// <remarks>A search for words, people or what is important reads the entries of this one patient, as far as the reader may see them: 3,000 take a few hundredths of a second, every language and attachment is
/// searched alike, and words are found inside of others. An index of words could find only whole ones, and would have to hold every attachment twice.</remarks>
sealed class TimelineQuery(RecordQuery record)
{
    const int PageSize = 40;
    /// <summary>A day with more entries than a page is shown whole up to this.</summary>
    const int LargestDay = 400;
    /// <summary>Of each type, so many of the newest are searched for words.</summary>
    const int MostSearched = 5000;

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
        ("ClinicalImpression", "date", EntryKind.Problems), ("Flag", "date", EntryKind.Problems), ("FamilyMemberHistory", "date", EntryKind.Problems), ("Communication", "sent", EntryKind.Messages), ("Claim", "created", EntryKind.Administration), ("ExplanationOfBenefit", "created", EntryKind.Administration),
    ];

    public static IEnumerable<EntryKind> Kinds => Sources.Select(source => source.Kind).Distinct();

    /// <returns>The page and all that was read for it, for the log; null when there is no such patient for this reader.</returns>
    /// <param name="id">The patient.</param>
    /// <param name="asked">What is asked for.</param>
    /// <param name="before">Only entries before this day (yyyy-MM-dd), or null to begin with the newest.</param>
    /// <param name="filter">What the reader may see.</param>
    /// <param name="stop">Stops the searches.</param>
    public async Task<(TimelineModel Model, IReadOnlyList<StoredResource> Read)?> Load(string id, TimelineFilter asked, string? before, AccessFilter filter, CancellationToken stop)
    {
        if (await record.Patient(id, filter, stop) is not var (header, patient)) return null;
        var (page, next, count, isCut) = asked.NeedsReading ? await Searched(id, asked, before, filter, stop) : await Browsed(id, asked, before, filter, stop);
        var words = asked.Search is { } search ? FoldedText.Words(search).Distinct().ToList() : [];
        return (new(header, asked, [.. page.Select(dated => Shown(dated, words))], next, before is null, count, isCut), [patient, .. page.Select(dated => dated.Stored)]);
    }

    async Task<(List<Dated> Page, string? Next, int? Count, bool IsCut)> Browsed(string id, TimelineFilter asked, string? before, AccessFilter filter, CancellationToken stop)
    {
        var found = new List<Dated>();
        foreach (var source in Sources.Where(source => IsShown(source, asked)))
            found.AddRange(await Newest(id, source, asked, before, PageSize + 1, filter, stop));
        NewestFirst(found);
        var (page, next) = Cut(found);
        if (page.Count == 0 && next is not null) page = await WholeDay(id, asked, next, filter, stop);
        // What has no date lies in no period.
        if (next is null && asked is { From: null, To: null }) page.AddRange(await Undated(id, asked, filter, stop));
        return (page, next, null, false);
    }

    /// <summary>Reads all entries and keeps those that fit.</summary>
    async Task<(List<Dated> Page, string? Next, int? Count, bool IsCut)> Searched(string id, TimelineFilter asked, string? before, AccessFilter filter, CancellationToken stop)
    {
        var words = asked.Search is { } search ? FoldedText.Words(search).Distinct().ToList() : [];
        var who = asked.Who is { } name ? FoldedText.Words(name).Distinct().ToList() : [];
        var (fitting, isCut) = (new List<Dated>(), false);
        foreach (var source in Sources.Where(source => IsShown(source, asked)).DistinctBy(source => source.Type))
        {
            var (all, more) = await record.FindAll(id, source.Type, MostSearched, filter, stop, ("_sort", $"-{source.Date}"));
            isCut |= more;
            fitting.AddRange(all.Where(stored => stored.Take(json => (!asked.OnlyImportant || Importance.Is(stored.Type, json)) && (words.Count == 0 || HasAll(SearchableText.Of(json), words)))).Select(Dated.Read));
        }
        fitting.RemoveAll(dated => !IsInPeriod(dated, asked));
        if (who.Count > 0) fitting = await OfPeople(fitting, who, filter, stop);
        NewestFirst(fitting);
        var count = fitting.Count;
        var (page, next) = Cut([.. fitting.Where(dated => before is null || (dated.Day.Length > 0 ? string.CompareOrdinal(dated.Day, before) < 0 : true))]);
        if (page.Count == 0 && next is not null) page = [.. fitting.Where(dated => dated.Day == next)];
        // All that has no date counts as one day, the last.
        if (next == "") (page, next) = ([.. page, .. fitting.Where(dated => dated.Day.Length == 0 && !page.Contains(dated))], null);
        return (page, next, count, isCut);
    }

    async Task<List<Dated>> OfPeople(List<Dated> entries, List<string> who, AccessFilter filter, CancellationToken stop)
    {
        var mentioned = entries.ConvertAll(dated => (Dated: dated, Who: dated.Stored.Take(SearchableText.Who)));
        var names = await record.NamesOf(mentioned.SelectMany(one => one.Who.References), filter, stop);
        return [.. mentioned.Where(one => Marked.HasAll(Folded([.. one.Who.Names, .. one.Who.References.Select(reference => names.GetValueOrDefault(reference)).OfType<string>()]), who)).Select(one => one.Dated)];
    }

    // One fold of all: most entries have a dozen short texts. A blank stands between them, and no word holds one.
    static bool HasAll(List<string> texts, List<string> words)
    {
        var all = FoldedText.Fold(string.Join('\n', texts));
        return words.TrueForAll(word => all.Contains(word, StringComparison.Ordinal));
    }

    static List<string> Folded(List<string> texts) => texts.ConvertAll(FoldedText.Fold);

    static bool IsInPeriod(Dated dated, TimelineFilter asked) => (asked.From is null || (dated.Day.Length > 0 && string.CompareOrdinal(dated.Day, asked.From) >= 0))
        && (asked.To is null || (dated.Day.Length > 0 && string.CompareOrdinal(dated.Day, asked.To) <= 0));

    static TimelineEntry Shown(Dated dated, List<string> words)
    {
        var (title, detail) = (dated.Entry.Title, dated.Entry.Detail);
        if (words.Count == 0) return new(dated.Entry, [new(title, IsMark: false)], detail is null ? null : [new(detail, IsMark: false)]);
        // Where the words stand: in the title, in the line below it, else in whatever of the entry has most of them.
        string[] told = [title, detail ?? ""];
        var untold = words.Where(word => !told.Any(text => FoldedText.Fold(text).Contains(word, StringComparison.Ordinal))).ToList();
        var place = untold.Count == 0 ? null : dated.Stored.Take(SearchableText.Of).MaxBy(text => FoldedText.Fold(text) is var folded ? untold.Count(word => folded.Contains(word, StringComparison.Ordinal)) : 0);
        return new(dated.Entry, Marked.Parts(title, words), place is not null ? Marked.Snippet(place, words) : detail is null ? null : Marked.Parts(detail, words));
    }

    sealed record Dated(StoredResource Stored, RecordEntry Entry)
    {
        // Sorted by the first day of what is only known to the month or year, as the search does.
        public string Day { get; } = Entry.Date is { } date ? date.Instant.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : "";

        public static Dated Read(StoredResource stored) => new(stored, RecordQuery.Entry(stored));
    }

    static void NewestFirst(List<Dated> found) => found.Sort((a, b) =>
        string.CompareOrdinal(b.Day, a.Day) is not 0 and var byDay ? byDay : Nullable.Compare(b.Entry.Date?.Instant, a.Entry.Date?.Instant) is not 0 and var byTime ? byTime : string.CompareOrdinal(a.Entry.Id, b.Entry.Id));

    static bool IsShown((string Type, string Date, EntryKind Kind) source, TimelineFilter asked) =>
        asked.Kind is { } kind ? source.Kind == kind : source.Kind != EntryKind.Administration && (source.Type != "Observation" || asked.Search is not null || asked.OnlyImportant);

    async Task<List<Dated>> Newest(string id, (string Type, string Date, EntryKind Kind) source, TimelineFilter asked, string? before, int count, AccessFilter filter, CancellationToken stop)
    {
        List<(string, string)> parameters = [("_sort", $"-{source.Date}"), ("_count", count.ToString(CultureInfo.InvariantCulture))];
        parameters.Add((source.Date, before is null ? "le9999" : $"lt{before}"));
        if (asked.From is { } from) parameters.Add((source.Date, $"ge{from}"));
        if (asked.To is { } to) parameters.Add((source.Date, $"le{to}"));
        if (source.Date == "recorded-date") parameters.Add(("onset-date:missing", "true"));
        return Read(await record.Find(id, source.Type, filter, stop, [.. parameters])).Where(dated => dated.Entry.Date is not null && IsInPeriod(dated, asked) && (before is null || string.CompareOrdinal(dated.Day, before) < 0)).ToList();
    }

    // The last whole day that fits; the next page begins before it. No cut is needed when everything was found and fits.
    static (List<Dated> Page, string? Next) Cut(List<Dated> found)
    {
        if (found.Count <= PageSize) return (found, null);
        var cut = PageSize;
        while (cut > 0 && found[cut - 1].Day == found[cut].Day) cut--;
        return (found[..cut], cut > 0 ? found[cut - 1].Day : found[0].Day);
    }

    async Task<List<Dated>> WholeDay(string id, TimelineFilter asked, string day, AccessFilter filter, CancellationToken stop)
    {
        var after = DateTime.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture).AddDays(1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var found = new List<Dated>();
        foreach (var source in Sources.Where(source => IsShown(source, asked)))
            found.AddRange((await Newest(id, source, asked, after, LargestDay, filter, stop)).Where(dated => dated.Day == day));
        return found;
    }

    async Task<List<Dated>> Undated(string id, TimelineFilter asked, AccessFilter filter, CancellationToken stop)
    {
        var found = new List<Dated>();
        foreach (var sources in Sources.Where(source => IsShown(source, asked)).GroupBy(source => source.Type))
        {
            List<(string, string)> parameters = [.. sources.Select(source => ($"{source.Date}:missing", "true")), ("_count", PageSize.ToString(CultureInfo.InvariantCulture))];
            found.AddRange(Read(await record.Find(id, sources.Key, filter, stop, [.. parameters])).Select(dated => dated with { Entry = dated.Entry with { Date = null } }));
        }
        return found;
    }

    static IEnumerable<Dated> Read(IEnumerable<StoredResource> found) => found.Select(Dated.Read);
}
