using System.Globalization;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Record;

/// <summary>One kind of result in a line: the latest value, and how it came to it.</summary>
/// <param name="Name">In words.</param>
/// <param name="Latest">The newest value.</param>
/// <param name="Change">Difference to the value before, with its sign; null when the two cannot be compared.</param>
/// <param name="Before">The value before; null when there is none to compare with.</param>
/// <param name="Course">Numbers in the unit of the latest, oldest first.</param>
public sealed record ResultRow(string Name, Result Latest, string? Change, Result? Before, IReadOnlyList<double> Course)
{
    /// <summary>A course longer than this shows no more in the size of a word.</summary>
    const int LongestCourse = 12;
    const string Systolic = "http://loinc.org|8480-6", Diastolic = "http://loinc.org|8462-4";

    /// <summary>Whether one must not miss it.</summary>
    public bool IsCritical => Latest.Flag is Flag.CriticallyHigh or Flag.CriticallyLow;

    /// <summary>One row for each kind.</summary>
    /// <param name="newestFirst">Results, the newest first.</param>
    public static List<ResultRow> Of(IEnumerable<Result> newestFirst)
    {
        var kinds = newestFirst.GroupBy(result => result.Code).ToDictionary(kind => kind.Key, kind => kind.ToList(), StringComparer.Ordinal);
        var rows = new List<ResultRow>();
        foreach (var (code, results) in kinds)
            if (code == Systolic && kinds.TryGetValue(Diastolic, out var lower)) rows.Add(Pressure(results, lower));
            else if (code != Diastolic || !kinds.ContainsKey(Systolic)) rows.Add(Of(results[0].Name, results));
        return rows;
    }

    static ResultRow Of(string name, List<Result> results)
    {
        var latest = results[0];
        double[] course = [.. results.Where(result => result.Number is not null && result.Unit == latest.Unit).Take(LongestCourse).Select(result => result.Number!.Value).Reverse()];
        var before = latest.Number is null ? null : results.Skip(1).FirstOrDefault(result => result.Number is not null && result.Unit == latest.Unit);
        return new(name, latest, before is null ? null : Difference(latest.Number!.Value - before.Number!.Value), before, course);
    }

    // Two components of one observation are read as one: 128/80.
    static ResultRow Pressure(List<Result> upper, List<Result> lower)
    {
        var row = Of(Words.Of("Blood pressure"), upper);
        if (lower.Find(result => result.ObservationId == row.Latest.ObservationId) is not { Number: not null } with || row.Latest.Number is null) return row;
        var flag = row.Latest.Flag == Flag.None ? with.Flag : row.Latest.Flag;
        return row with { Latest = row.Latest with { Value = $"{Number(row.Latest.Number.Value)}/{with.Value}", Flag = flag, Reference = null } };
    }

    /// <summary>A difference with its sign, in the reader's writing.</summary>
    public static string Difference(double difference) => Math.Round(difference, 4) is not 0 and var rounded ? $"{(rounded < 0 ? '\u2212' : '+')}{Number(Math.Abs(rounded))}" : "=";

    static string Number(double number) => Numbers.Write(number.ToString("0.####", CultureInfo.InvariantCulture));
}
