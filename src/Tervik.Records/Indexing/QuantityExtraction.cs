using System.Text;
using System.Text.Json;
using Tervik.Records.Definitions;

namespace Tervik.Records.Indexing;

/// <summary>Quantities: by number alone, and by number with unit; UCUM units in their canonical form, so that 1 g is 1000 mg.</summary>
sealed partial class Extraction
{
    void Quantity(IndexPath path, JsonElement value, FhirType type)
    {
        foreach (var (low, high, unit) in Amounts(value, type))
            if (unit is null) NumberRange(path.Key, path.LongKey, low, high);
            else NumberRange(QuantityUnit.Key(keys, path, unit), QuantityUnit.LongKey(keys, path, unit), low, high);
    }

    /// <summary>The ranges of a quantity by unit: first without (null), then canonical, or as <c>system|code</c> and <c>|unit</c>.</summary>
    static IEnumerable<(double Low, double High, string? Unit)> Amounts(JsonElement value, FhirType type)
    {
        if (value.ValueKind != JsonValueKind.Object) yield break;
        double? low, high;
        var of = value;
        switch (type.Name)
        {
            case "Range":
                low = value.TryGetProperty("low"u8, out var from) ? Decimal(from, "value"u8) : null;
                high = value.TryGetProperty("high"u8, out var to) ? Decimal(to, "value"u8) : null;
                of = low is not null ? from : to;
                if (low is null && high is null) yield break;
                break;
            case "SampledData":
                // The data's bounds where they are given, else the origin.
                value.TryGetProperty("origin"u8, out of);
                low = Decimal(value, "lowerLimit"u8) ?? Decimal(of, "value"u8);
                high = Decimal(value, "upperLimit"u8) ?? low;
                if (low is null) yield break;
                break;
            default:
                low = high = Decimal(value, "value"u8);
                if (low is null) yield break;
                var comparator = Text(value, "comparator"u8);
                if (comparator is "<" or "<=") low = null;
                if (comparator is ">" or ">=") high = null;
                break;
        }
        var (least, most) = (low ?? double.NegativeInfinity, high ?? double.PositiveInfinity);
        yield return (least, most, null);
        if (of.ValueKind != JsonValueKind.Object) yield break;
        var (system, code, unit) = type.Name == "Money" ? (QuantityUnit.Currencies, Text(of, "currency"u8), null) : (Text(of, "system"u8), Text(of, "code"u8), Text(of, "unit"u8));
        foreach (var named in QuantityUnit.Of(system, code, unit))
            yield return (named.Convert(least), named.Convert(most), named.Name);
    }

    /// <summary>Composites: key of the first part (with the unit of the second, where it has one), range or key of the second.</summary>
    void Composite(Extracted extracted, JsonElement focus)
    {
        var all = extracted.Parts!;
        // With a string, a composite of the resource itself is both parts at once: the search looks them up one by one.
        if (all.Length is < 2 or > 3 || all.Any(part => part.Kind == ParameterKind.String)) return;
        for (var i = 0; i < all.Length; i++)
        {
            parts[i].Clear();
            foreach (var selection in all[i].Selections)
                selection.Select(selection.FromResource ? resource.Value : focus, parts[i], static (value, type, found) => found.Add((value, type)));
            if (parts[i].Count == 0) return;
        }
        foreach (var (value, type) in parts[0])
            foreach (var (second, secondType) in parts[1])
                if (all.Length == 3) Triple(all, value, type, second, secondType);
                else Pair(all, value, type, second, secondType);
    }

    void Pair(ExtractedPart[] all, JsonElement value, FhirType type, JsonElement second, FhirType secondType)
    {
        switch (all[1].Kind)
        {
            case ParameterKind.Quantity:
                foreach (var (low, high, unit) in Amounts(second, secondType))
                    if (TokenKey(all[0].Path, value, type, unit is null ? default : Encoding.UTF8.GetBytes(unit)) is { } withUnit) Tuple(withUnit, Ordered(low), Ordered(high));
                break;
            case ParameterKind.Number:
                if (Decimal(second) is { } number && TokenKey(all[0].Path, value, type, default) is { } counted) Tuple(counted, OrderedNumber.Of(number), OrderedNumber.Of(number));
                break;
            case ParameterKind.Date:
                if (Span(second, secondType) is { } span && TokenKey(all[0].Path, value, type, default) is { } dated) Tuple(dated, span.LowUs, span.HighUs);
                break;
            case ParameterKind.Token or ParameterKind.Uri:
                if (TokenKey(all[1].Path, second, secondType, default) is { } other && TokenKey(all[0].Path, value, type, default) is { } coded) Tuple(coded, other, other);
                break;
            case ParameterKind.Reference:
                if (second.ValueKind == JsonValueKind.Object && Text(second, "reference"u8) is { } reference && TokenKey(all[0].Path, value, type, default) is { } linked)
                {
                    var target = keys.Reference(ReferenceText.WithoutVersion(reference));
                    Tuple(linked, target, target);
                }
                break;
        }
    }

    // Two numbers, such as start and end: one is the low end of the tuple, the other the high end.
    void Triple(ExtractedPart[] all, JsonElement value, FhirType type, JsonElement second, FhirType secondType)
    {
        if (all[1].Kind != ParameterKind.Number || all[2].Kind != ParameterKind.Number || secondType.Name == "Range") return;
        foreach (var (third, _) in parts[2])
            if (Decimal(second) is { } from && Decimal(third) is { } to && TokenKey(all[0].Path, value, type, default) is { } key) tuples.Add((key, OrderedNumber.Of(from), OrderedNumber.Of(to)));
    }

    static long Ordered(double value) => double.IsNegativeInfinity(value) ? long.MinValue : double.IsPositiveInfinity(value) ? long.MaxValue : OrderedNumber.Of(value);

    void Tuple(long key, long low, long high)
    {
        if (low > high) return;
        tuples.Add((key, low, high));
        // Searches for "greater than" look for points by their lower end, and for the others under this key.
        if (low != high) tuples.Add((-1 - key, low, high));
    }
}
