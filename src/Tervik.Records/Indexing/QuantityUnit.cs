using System.Collections.Concurrent;
using System.Globalization;
using Fhir.Metrics;

namespace Tervik.Records.Indexing;

/// <summary>A unit under which quantities are indexed, and how numbers are brought to it.</summary>
/// <param name="Name"><c>ucum:</c> and a canonical unit, <c>system|code</c>, or <c>|unit</c>.</param>
readonly record struct QuantityUnit(string Name, double Factor, double Offset)
{
    public const string Ucum = "http://unitsofmeasure.org", Currencies = "urn:iso:std:iso:4217";
    // Units come from clients: the table must not grow without end.
    const int MostUnits = 10_000;

    static readonly ConcurrentDictionary<string, QuantityUnit?> Canonicals = new(StringComparer.Ordinal);
    static readonly Lazy<SystemOfUnits> Units = new(() => UCUM.Load());

    public double Convert(double value) => double.IsInfinity(value) || Factor == 1 && Offset == 0 ? value
        // 5.4 mg and 0.0054 g must come out the same: 15 digits hide the last bit.
        : double.Parse((value * Factor + Offset).ToString("G15", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>The units a quantity is found by.</summary>
    public static IEnumerable<QuantityUnit> Of(string? system, string? code, string? unit)
    {
        if (system == Ucum && code is not null && Canonical(code) is { } canonical)
        {
            yield return canonical;
            if (unit is not null && unit != code) yield return new("|" + unit, 1, 0);
            yield break;
        }
        if (system is not null && code is not null) yield return new($"{system}|{code}", 1, 0);
        if (code is not null) yield return new("|" + code, 1, 0);
        if (unit is not null && unit != code) yield return new("|" + unit, 1, 0);
    }

    /// <summary>The canonical form of a UCUM unit; null when it is none.</summary>
    public static QuantityUnit? Canonical(string code)
    {
        if (Canonicals.TryGetValue(code, out var known)) return known;
        var found = Compute(code);
        if (Canonicals.Count < MostUnits) Canonicals[code] = found;
        return found;
    }

    static QuantityUnit? Compute(string code)
    {
        if (code.Length > 100) return null;
        try
        {
            var canonical = Units.Value.Canonical(Units.Value.Quantity("1", code));
            return new("ucum:" + canonical.Metric, (double)canonical.Value.ToDecimal(), 0);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException) { return null; }
    }

    public static long Key(Keys keys, IndexPath path, string unit) => keys.Parameter(path.Type, $"{path.Name}@{unit}");
    public static long LongKey(Keys keys, IndexPath path, string unit) => keys.Parameter(path.Type, $"{path.Name}@{unit}~");
}
