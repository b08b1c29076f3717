using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Records.Access;
using Tervik.Records.Resources;

namespace Tervik.Portal.Results;

/// <summary>Results of one kind over time.</summary>
/// <param name="Code">Its key in addresses.</param>
/// <param name="Name">In words.</param>
/// <param name="Values">Newest first; at least one.</param>
public sealed record Series(string Code, string Name, IReadOnlyList<Result> Values)
{
    public Result Latest => Values[0];
    /// <summary>Whether there is something to draw: two numbers in one unit, with their dates.</summary>
    public bool IsDrawn => Drawn.Count > 1;
    /// <summary>What is drawn, oldest first.</summary>
    public IReadOnlyList<Result> Drawn { get; } = [.. Values.Where(value => value.Number is not null && value.Date is not null && value.Unit == Values[0].Unit).Reverse()];
}

/// <summary>The results page.</summary>
/// <param name="Patient">Who.</param>
/// <param name="Category"><c>laboratory</c>, <c>vital-signs</c>, or null for all.</param>
/// <param name="Series">All kinds, by name.</param>
/// <param name="Chosen">The one shown in full, or null.</param>
public sealed record ResultsModel(PatientHeader Patient, string? Category, IReadOnlyList<Series> Series, Series? Chosen);

/// <summary>Reads the results of a patient.</summary>
sealed class ResultsQuery(RecordQuery record)
{
    const string MostObservations = "1000";
    public static readonly string[] Categories = ["laboratory", "vital-signs"];

    public async Task<(ResultsModel Model, IReadOnlyList<StoredResource> Read)?> Load(string id, string? category, string? code, AccessFilter filter, CancellationToken stop)
    {
        if (await record.Patient(id, filter, stop) is not var (header, patient)) return null;
        List<(string, string)> parameters = [("_sort", "-date"), ("_count", MostObservations)];
        if (category is not null) parameters.Add(("category", category));
        var found = await record.Find(id, "Observation", filter, stop, [.. parameters]);
        var series = found.SelectMany(RecordQuery.Results).GroupBy(result => result.Code).Select(group => new Series(group.Key, group.First().Name, [.. group])).OrderBy(one => one.Name, StringComparer.CurrentCultureIgnoreCase).ToList();
        return (new(header, category, series, series.Find(one => one.Code == code)), [patient, .. found]);
    }
}
