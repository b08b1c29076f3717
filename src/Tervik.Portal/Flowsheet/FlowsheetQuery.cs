using System.Globalization;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Records.Access;
using Tervik.Records.Resources;

namespace Tervik.Portal.Flowsheet;

/// <summary>A round of measurements: what was measured within an hour stands in one column.</summary>
/// <param name="Newest">Its latest measurement.</param>
/// <param name="Oldest">Its first.</param>
public sealed record Column(FhirDate Newest, FhirDate Oldest);

/// <summary>One test over time.</summary>
/// <param name="Name">In words.</param>
/// <param name="Code">Its key in addresses.</param>
/// <param name="Unit">Of the newest value, or null.</param>
/// <param name="Reference">What is usual, of the newest value, or null.</param>
/// <param name="Cells">One for each column, newest first: the values in it, newest first; empty when there is none.</param>
/// <param name="Course">Numbers in one unit, oldest first.</param>
/// <param name="Low">Lower end of what is usual.</param>
/// <param name="High">Upper end.</param>
public sealed record FlowRow(string Name, string Code, string? Unit, string? Reference, IReadOnlyList<IReadOnlyList<Result>> Cells, IReadOnlyList<double> Course, double? Low, double? High);

/// <summary>The flowsheet: tests by time.</summary>
/// <param name="Patient">Who.</param>
/// <param name="Group"><c>laboratory</c>, <c>vital-signs</c>, or null for all.</param>
/// <param name="Text">Only tests whose name holds this.</param>
/// <param name="Columns">Newest first.</param>
/// <param name="Groups">Rows by the key of their group.</param>
/// <param name="Before">Where older columns begin, or null.</param>
/// <param name="IsFirst">Whether it begins with the newest.</param>
public sealed record FlowsheetModel(PatientHeader Patient, string? Group, string Text, IReadOnlyList<Column> Columns, IReadOnlyList<(string Group, IReadOnlyList<FlowRow> Rows)> Groups, string? Before, bool IsFirst);

/// <summary>Reads a page of the flowsheet in one search.</summary>
sealed class FlowsheetQuery(RecordQuery record)
{
    public const int MostColumns = 12;
    /// <summary>Observations that are read for a page; a patient in intensive care has about 40 an hour.</summary>
    const int MostObservations = 800;
    static readonly TimeSpan Round = TimeSpan.FromHours(1);

    public static readonly string[] GroupKeys = ["laboratory", "vital-signs"];

    /// <returns>The page and all that was read for it, for the log; null when there is no such patient for this reader.</returns>
    /// <param name="id">The patient.</param>
    /// <param name="group">One group only, or null.</param>
    /// <param name="text">Part of a test's name; empty for all.</param>
    /// <param name="before">Only measurements before this instant, or null to begin with the newest.</param>
    /// <param name="filter">What the reader may see.</param>
    /// <param name="stop">Stops the search.</param>
    public async Task<(FlowsheetModel Model, IReadOnlyList<StoredResource> Read)?> Load(string id, string? group, string text, DateTimeOffset? before, AccessFilter filter, CancellationToken stop)
    {
        if (await record.Patient(id, filter, stop) is not var (header, patient)) return null;
        List<(string, string)> parameters = [("_sort", "-date"), ("_count", MostObservations.ToString(CultureInfo.InvariantCulture))];
        if (group is not null) parameters.Add(("category", group));
        if (before is { } limit) parameters.Add(("date", $"lt{Instant(limit)}"));
        var found = await record.Find(id, "Observation", filter, stop, [.. parameters]);
        using var read = new ParsedRecord();
        var of = MeasuredPerson.Of(read.Add([patient])[0].Json);
        var measured = new List<(string Group, FhirDate Date, Result Result)>();
        foreach (var one in read.Add(found))
        {
            var key = Array.Find(GroupKeys, candidate => one.Json.ItemsAt("category").Any(category => Codes.Has(category, candidate))) ?? "other results";
            foreach (var result in Result.Read(one.Stored.Id, one.Json, of))
                if (result.Date is { } date && (before is null || date.Instant < before) && result.Name.Contains(text, StringComparison.CurrentCultureIgnoreCase)) measured.Add((key, date, result));
        }
        var (columns, hasOlder) = Rounds([.. measured.OrderByDescending(one => one.Date.Instant)], isAll: found.Count < MostObservations);
        var rows = Rows(measured, columns);
        var next = hasOlder ? columns[^1].Oldest.Instant : (DateTimeOffset?)null;
        return (new(header, group, text, columns, rows, next is { } oldest ? Instant(oldest) : null, before is null), read.Read);
    }

    public static string Instant(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Cuts measurements into rounds; and says whether there are older ones than these.</summary>
    static (List<Column> Columns, bool HasOlder) Rounds(List<(string Group, FhirDate Date, Result Result)> newestFirst, bool isAll)
    {
        var columns = new List<Column>();
        foreach (var (_, date, _) in newestFirst)
        {
            if (columns.Count > 0 && columns[^1].Newest.Instant - date.Instant < Round) columns[^1] = columns[^1] with { Oldest = date };
            else if (columns.Count == MostColumns) return (columns, true);
            else columns.Add(new(date, date));
        }
        // The last round may go on beyond what was read: it is shown whole on the next page.
        if (!isAll && columns.Count > 1) columns.RemoveAt(columns.Count - 1);
        return (columns, !isAll && columns.Count > 0);
    }

    static List<(string, IReadOnlyList<FlowRow>)> Rows(List<(string Group, FhirDate Date, Result Result)> measured, List<Column> columns)
    {
        if (columns.Count == 0) return [];
        var shown = measured.Where(one => one.Date.Instant >= columns[^1].Oldest.Instant);
        return [.. shown.GroupBy(one => one.Group).OrderBy(group => Array.IndexOf(GroupKeys, group.Key) is var place and >= 0 ? place : GroupKeys.Length)
            .Select(group => (group.Key, (IReadOnlyList<FlowRow>)[.. group.GroupBy(one => one.Result.Code).Select(test => Row([.. test.OrderByDescending(one => one.Date.Instant).Select(one => one.Result)], columns))
                .OrderBy(row => row.Name, StringComparer.CurrentCultureIgnoreCase)]))];
    }

    static FlowRow Row(List<Result> newestFirst, List<Column> columns)
    {
        var latest = newestFirst[0];
        var cells = columns.Select(column => (IReadOnlyList<Result>)[.. newestFirst.Where(result => result.Date!.Value.Instant is var at && at <= column.Newest.Instant && at >= column.Oldest.Instant)]);
        var drawn = newestFirst.Where(result => result.Number is not null && result.Unit == latest.Unit).Select(result => result.Number!.Value).Reverse();
        return new(latest.Name, latest.Code, latest.Unit, latest.Reference, [.. cells], [.. drawn], latest.Low, latest.High);
    }
}
