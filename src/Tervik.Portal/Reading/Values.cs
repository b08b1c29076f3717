using System.Globalization;
using System.Text.Json;

namespace Tervik.Portal.Reading;

/// <summary>Values in words: quantities, ranges, ratios, and whatever else a <c>value[x]</c> can be.</summary>
static class Values
{
    /// <summary>The value of a choice element such as <c>value[x]</c>; null when there is none.</summary>
    public static string? Write(JsonElement parent, string choice = "value")
    {
        if (parent.ValueKind != JsonValueKind.Object) return null;
        foreach (var property in parent.EnumerateObject())
            if (property.Name.Length > choice.Length && property.Name.StartsWith(choice, StringComparison.Ordinal) && char.IsAsciiLetterUpper(property.Name[choice.Length])
                && OfType(property.Name[choice.Length..], property.Value) is { } written) return written;
        return null;
    }

    static string? OfType(string type, JsonElement value) => type switch
    {
        "Quantity" or "Age" or "Duration" or "Distance" or "Count" => Quantity(value),
        "CodeableConcept" or "Coding" or "Code" => Codes.Write(value),
        "Range" => Range(value),
        "Ratio" => Ratio(value),
        "Period" => Period(value),
        "DateTime" or "Date" or "Instant" => FhirDate.Read(value.AsText())?.DayAndTime,
        "Boolean" => Words.Of(value.ValueKind == JsonValueKind.True ? "Yes" : "No"),
        "Reference" => value.TextAt("display"),
        "SampledData" => Words.Of("A recorded curve"),
        "Attachment" => value.TextAt("title") ?? Words.Of("A document"),
        "Integer" or "Decimal" or "PositiveInt" or "UnsignedInt" => value.AsText() is { } digits ? Numbers.Write(digits) : null,
        _ => value.AsText(),
    };

    /// <summary><c>&lt; 5.2 mmol/L</c> with the reader's signs; null when there is no value.</summary>
    public static string? Quantity(JsonElement quantity)
    {
        if (quantity.TextAt("value") is not { } digits) return null;
        var unit = Unit(quantity);
        return string.Concat(Comparator(quantity), Numbers.Write(Short(digits)), unit is null ? "" : unit == "%" ? " %" : $" {unit}");
    }

    /// <summary>The unit in words, or as UCUM writes it.</summary>
    public static string? Unit(JsonElement quantity) => (quantity.TextAt("unit") ?? quantity.TextAt("code")) is { } unit && unit != "1" ? Readable(unit) : null;

    /// <summary>The number to draw; null when there is none.</summary>
    public static double? Number(JsonElement quantity) =>
        quantity.At("value") is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out var number) && double.IsFinite(number) ? number : null;

    /// <summary><c>3.5 – 5.0 mmol/L</c>, <c>≥ 3</c>.</summary>
    public static string? Range(JsonElement range) => (Quantity(range.At("low")), Quantity(range.At("high"))) switch
    {
        (null, null) => null,
        ({ } low, null) => $"≥ {low}",
        (null, { } high) => $"≤ {high}",
        ({ } low, { } high) => $"{(Unit(range.At("low")) == Unit(range.At("high")) ? Numbers.Write(Short(range.At("low").TextAt("value")!)) : low)} – {high}",
    };

    static string? Ratio(JsonElement ratio) => Quantity(ratio.At("numerator")) is { } numerator
        ? Quantity(ratio.At("denominator")) is { } denominator ? $"{numerator} / {denominator}" : numerator : null;

    /// <summary>From when to when.</summary>
    public static string? Period(JsonElement period) => (FhirDate.Read(period.TextAt("start")), FhirDate.Read(period.TextAt("end"))) switch
    {
        (null, null) => null,
        ({ } start, null) => Words.Of("since {0}", start.Day),
        (null, { } end) => Words.Of("until {0}", end.Day),
        ({ } start, { } end) => start.Day == end.Day ? start.Day : $"{start.Day} – {end.Day}",
    };

    static string Comparator(JsonElement quantity) => quantity.TextAt("comparator") switch { "<" => "< ", "<=" => "≤ ", ">=" => "≥ ", ">" => "> ", _ => "" };

    /// <summary>Digits a reader needs: machines write 178.69452709041775. Up to four places are kept as they were measured; the entry's own page shows all.</summary>
    public static string Short(string digits)
    {
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        if (point < 0 || digits.Length - point <= 5 || digits.Contains('e', StringComparison.OrdinalIgnoreCase)) return digits;
        if (!decimal.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)) return digits;
        var places = Math.Abs(value) switch { >= 100 => 0, >= 10 => 1, >= 1 => 2, >= 0.1m => 3, _ => 6 };
        return Math.Round(value, places, MidpointRounding.AwayFromZero).ToString("0.######", CultureInfo.InvariantCulture);
    }

    // UCUM is written for machines: "mm[Hg]", "10*9/L", "umol/L". Annotations such as "{score}" are words for readers.
    static string Readable(string unit)
    {
        if (unit is ['{', .., '}'] && unit.IndexOf('{', 1) < 0) return unit[1..^1];
        if (unit == "Cel") return "°C";
        if (unit.StartsWith("umol", StringComparison.Ordinal) || unit.StartsWith("ug", StringComparison.Ordinal) || unit.StartsWith("uL", StringComparison.Ordinal)) unit = "µ" + unit[1..];
        foreach (var (ucum, written) in Signs) unit = unit.Replace(ucum, written, StringComparison.Ordinal);
        return unit;
    }

    static readonly (string, string)[] Signs =
    [
        ("mm[Hg]", "mmHg"), ("[IU]", "IU"), ("10*12/", "10¹²/"), ("10*9/", "10⁹/"), ("10*6/", "10⁶/"), ("10*3/", "10³/"), ("/uL", "/µL"), ("{1.73_m2}", "1.73 m²"), ("kg/m2", "kg/m²"), ("cm[H2O]", "cmH₂O"), ("[degF]", "°F"), ("[lb_av]", "lb"), ("[in_i]", "in"),
    ];
}
