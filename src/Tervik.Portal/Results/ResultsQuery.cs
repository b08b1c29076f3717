using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tervik.Portal.Explain;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Records.Access;
using Tervik.Records.Indexing;
using Tervik.Records.Resources;

namespace Tervik.Portal.Results;

/// <summary>Results of one kind over time.</summary>
/// <param name="Code">Its key in addresses.</param>
/// <param name="Name">In words.</param>
/// <param name="Values">Newest first; at least one.</param>
public sealed record Series(string Code, string Name, IReadOnlyList<Result> Values)
{
    public Result Latest => Values[0];
    /// <summary>What the latest value means.</summary>
    public Standing Standing { get; } = Standing.Of(Values[0], Values.Skip(1));
    /// <summary>The plain name of the test where we have one that differs from the record's.</summary>
    public string? PlainName { get; } = Explanations.Find(Code) is { } explanation && !string.Equals(explanation.Title, Name, StringComparison.OrdinalIgnoreCase) ? explanation.Title : null;
    /// <summary>What is drawn, oldest first: numbers in one unit, with their dates.</summary>
    public IReadOnlyList<Result> Drawn { get; } = [.. Values.Where(value => value.Number is not null && value.Date is not null && value.Unit == Values[0].Unit).Reverse()];
}

/// <summary>What of the results is asked for.</summary>
/// <param name="Category"><c>laboratory</c>, <c>vital-signs</c>, or null for all.</param>
/// <param name="Years">Only those of so many years, or null.</param>
/// <param name="OnlyUnusual">Only those whose latest value is outside of what is usual.</param>
/// <param name="Search">Words in the name, or null.</param>
public sealed record ResultsFilter(string? Category, int? Years, bool OnlyUnusual, string? Search)
{
    public static readonly string[] Categories = ["laboratory", "vital-signs"];
    public static readonly int[] Periods = [1, 3, 5];

    public bool IsAny => Category is not null || Years is not null || OnlyUnusual || Search is not null;
}

/// <summary>Results that one looks at together.</summary>
public sealed record ResultsGroup(string Name, IReadOnlyList<Series> Series);

/// <summary>All kinds of results.</summary>
/// <param name="Patient">Who.</param>
/// <param name="Filter">What was asked for.</param>
/// <param name="Groups">The one with the newest result first.</param>
/// <param name="IsCut">There are older ones that were not read.</param>
public sealed record ResultsModel(PatientHeader Patient, ResultsFilter Filter, IReadOnlyList<ResultsGroup> Groups, bool IsCut);

/// <summary>What somebody wrote about a result, or ordered after it.</summary>
/// <param name="Entry">The report or order.</param>
/// <param name="Text">The conclusion, or the reason of the order; null when there is none.</param>
public sealed record Sequel(RecordEntry Entry, string? Text);

/// <summary>One kind of result over time.</summary>
/// <param name="Patient">Who.</param>
/// <param name="Chosen">The kind.</param>
/// <param name="Together">The kinds on one chart and in one table: the chosen one, or all values of a panel such as blood pressure.</param>
/// <param name="Title">Of them all.</param>
/// <param name="Reports">With what they conclude, newest first.</param>
/// <param name="Orders">What was ordered after it and is not done yet.</param>
public sealed record ResultModel(PatientHeader Patient, Series Chosen, IReadOnlyList<Series> Together, string Title, IReadOnlyList<Sequel> Reports, IReadOnlyList<Sequel> Orders)
{
    /// <summary>The table's rows, newest first: an observation and its value of each kind.</summary>
    public IEnumerable<(Result First, Result?[] Values)> Rows => Together.SelectMany(series => series.Values).GroupBy(value => value.ObservationId)
        .Select(group => (group.First(), Together.Select(series => group.FirstOrDefault(value => value.Code == series.Code)).ToArray()))
        .OrderByDescending(row => row.Item1.Date?.Instant);
}

/// <summary>Reads the results of a patient.</summary>
sealed partial class ResultsQuery(RecordQuery record)
{
    /// <summary>Newer ones first, so a life longer than this loses the oldest; one kind is read whole on its own page.</summary>
    const int MostObservations = 3000;
    const int MostReports = 500;
    const int ShownReports = 5;

    public async Task<(ResultsModel Model, IReadOnlyList<StoredResource> Read)?> Load(string id, ResultsFilter filter, AccessFilter access, CancellationToken stop)
    {
        if (await record.Patient(id, access, stop) is not var (header, patient)) return null;
        List<(string, string)> parameters = [("_sort", "-date")];
        if (filter.Category is not null) parameters.Add(("category", filter.Category));
        if (filter.Years is { } years) parameters.Add(("date", $"ge{record.Today.AddYears(-years).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}"));
        var (found, isCut) = await record.FindAll(id, "Observation", MostObservations, access, stop, [.. parameters]);
        var all = SeriesOf(found, patient);
        // Only kinds that no table names need their report to be grouped.
        var unnamed = all.Any(one => ResultGroup.Of(one.Code, one.Latest.Panel, one.Latest.Category) is null);
        var (reports, _) = unnamed ? await record.FindAll(id, "DiagnosticReport", MostReports, access, stop, ("_sort", "-date")) : ([], false);
        var titles = TitlesOf(reports);
        var groups = all.Where(one => IsAsked(one, filter))
            .GroupBy(one => ResultGroup.Of(one.Code, one.Latest.Panel, one.Latest.Category) is { } key ? Words.Of(key) : titles.GetValueOrDefault(one.Latest.ObservationId) ?? Words.Of(one.Latest.Category == "laboratory" ? "results other laboratory" : "results other"))
            .Select(group => new ResultsGroup(group.Key, [.. group.OrderByDescending(one => one.Latest.Date?.Instant)]))
            .OrderByDescending(group => group.Series[0].Latest.Date?.Instant).ThenBy(group => group.Name, StringComparer.CurrentCultureIgnoreCase);
        return (new(header, filter, [.. groups], isCut), [patient, .. found]);
    }

    static List<Series> SeriesOf(IEnumerable<StoredResource> found, StoredResource patient)
    {
        var of = patient.Take(MeasuredPerson.Of);
        return [.. found.SelectMany(stored => RecordQuery.Results(stored, of)).GroupBy(result => result.Code).Select(group => new Series(group.Key, group.First().Name, [.. group]))];
    }

    static bool IsAsked(Series series, ResultsFilter filter)
    {
        if (filter.OnlyUnusual && !series.Standing.IsUnusual) return false;
        if (filter.Search is not { } search) return true;
        var text = FoldedText.Fold($"{series.Name} {series.PlainName} {series.Latest.PanelName}");
        return FoldedText.Words(search).All(word => text.Contains(word, StringComparison.Ordinal));
    }

    static Dictionary<string, string> TitlesOf(List<StoredResource> reports)
    {
        var titles = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var report in reports)
            foreach (var (observation, title) in report.Take(json => json.ItemsAt("result").Select(result => (IdOf(result), Codes.Write(json.At("code")))).ToList()))
                if (observation is not null && title is not null) titles.TryAdd(observation, title);
        return titles;
    }

    static string? IdOf(JsonElement reference) => reference.TextAt("reference") is { } text && text.StartsWith("Observation/", StringComparison.Ordinal) ? text.Split('/')[1] : null;

    /// <summary>One kind.</summary>
    public async Task<(ResultModel Model, IReadOnlyList<StoredResource> Read)?> One(string id, string code, AccessFilter access, CancellationToken stop)
    {
        if (await record.Patient(id, access, stop) is not var (header, patient)) return null;
        // A kind without a code of its own is found by its name, among all.
        var (found, _) = await record.FindAll(id, "Observation", MostObservations, access, stop, PlainKey().IsMatch(code) ? [("_sort", "-date"), ("combo-code", code)] : [("_sort", "-date")]);
        var all = SeriesOf(found, patient);
        if (all.Find(one => KeyOf(one.Code) == code) is not { } chosen) return null;
        List<Series> together = chosen.Latest.Panel is { } panel && chosen.Drawn.Count > 0
            ? [.. all.Where(one => one.Latest.Panel == panel && one.Latest.Unit == chosen.Latest.Unit && one.Drawn.Count > 0)] : [chosen];
        var shown = together.SelectMany(series => series.Values).Select(value => value.ObservationId).ToHashSet(StringComparer.Ordinal);
        // "Blood pressure panel with all children optional": a panel's name is for those who order it.
        var title = together.Count == 1 ? chosen.Name : Explanations.Find(chosen.Latest.Panel!)?.Title ?? chosen.Latest.PanelName ?? chosen.Name;

        var (reports, _) = await record.FindAll(id, "DiagnosticReport", MostReports, access, stop, ("_sort", "-date"));
        var concluded = reports.Where(report => report.Take(json => json.ItemsAt("result").Any(result => IdOf(result) is { } observation && shown.Contains(observation)))).Take(ShownReports).ToList();
        var orders = (await record.Find(id, "ServiceRequest", access, stop, ("status", "active,on-hold"), ("_sort", "-authored"), ("_count", "100"))).Where(order => order.Take(json => Follows(json, chosen.Code, shown))).ToList();
        return (new(header, chosen, together, title, [.. concluded.Select(SequelOf)], [.. orders.Select(SequelOf)]),
            [patient, .. found.Where(stored => shown.Contains(stored.Id)), .. concluded, .. orders]);
    }

    // Ordered because of one of these values, or the same test again.
    static bool Follows(JsonElement order, string code, HashSet<string> shown) =>
        order.At("code").ItemsAt("coding").Any(coding => $"{coding.TextAt("system")}|{coding.TextAt("code")}" == code)
        || order.ItemsAt("reasonReference").Concat(order.ItemsAt("supportingInfo")).Any(reference => IdOf(reference) is { } observation && shown.Contains(observation));

    static Sequel SequelOf(StoredResource stored) => stored.Take(json => new Sequel(RecordEntry.Read(stored.Type, stored.Id, json),
        json.TextAt("conclusion") ?? json.TextAt("patientInstruction") ?? json.FirstAt("note").TextAt("text") ?? FhirDate.Of(json, "occurrenceDateTime", "occurrencePeriod")?.Day));

    /// <summary>What stands in an address for a kind of result: its code; a kind without one has a name that may say anything, and a hash of it stands for it.</summary>
    public static string KeyOf(string code) => PlainKey().IsMatch(code) ? code : $"~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(code)))[..32]}";

    [GeneratedRegex(@"^[a-z][A-Za-z0-9:/._#-]*\|[A-Za-z0-9._-]+$", RegexOptions.CultureInvariant)]
    private static partial Regex PlainKey();
}
