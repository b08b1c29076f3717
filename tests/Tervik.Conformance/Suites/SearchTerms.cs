using System.Text.Json;
using Tervik.Records.Indexing;

namespace Tervik.Conformance.Suites;

/// <summary>What to search for, so that a value which an expression found must be found: one or more <c>modifier</c> and value of a parameter.</summary>
static class SearchTerms
{
    /// <param name="kind">How the parameter compares.</param>
    /// <param name="type">FHIR type of the value.</param>
    /// <param name="value">Its JSON; a primitive as string, number or boolean.</param>
    public static IEnumerable<(string Modifier, string Value)> Of(ParameterKind kind, string type, JsonElement value) => kind switch
    {
        ParameterKind.String => Strings(type, value).Where(text => text.Trim().Length > 0).Select(text => ("", Escaped(text))),
        ParameterKind.Token => Tokens(type, value),
        ParameterKind.Uri => value.ValueKind == JsonValueKind.String ? [("", Escaped(value.GetString()!))] : [],
        ParameterKind.Reference => References(type, value),
        ParameterKind.Date => Dates(type, value).Select(term => ("", term)),
        ParameterKind.Number => Numbers(type, value).Select(term => ("", term)),
        ParameterKind.Quantity => Quantities(type, value).Select(term => ("", term)),
        _ => [],
    };

    static string Escaped(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal).Replace("|", "\\|", StringComparison.Ordinal).Replace("$", "\\$", StringComparison.Ordinal);

    static string? Text(JsonElement owner, string name) => owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number
        ? value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText() : null;

    static JsonElement.ArrayEnumerator Items(JsonElement owner, string name) => owner.TryGetProperty(name, out var items) && items.ValueKind == JsonValueKind.Array ? items.EnumerateArray() : default;

    static IEnumerable<string> Strings(string type, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String) return [value.GetString()!];
        if (value.ValueKind != JsonValueKind.Object) return [];
        string[] lists = type == "HumanName" ? ["given", "prefix", "suffix"] : type == "Address" ? ["line"] : [];
        string[] singles = type == "HumanName" ? ["family", "text"] : type == "Address" ? ["city", "district", "state", "postalCode", "country", "text"] : type == "CodeableConcept" ? ["text"] : [];
        return lists.SelectMany(name => Items(value, name)).Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!).Concat(singles.Select(name => Text(value, name)).OfType<string>());
    }

    static IEnumerable<(string, string)> Tokens(string type, JsonElement value)
    {
        switch (type)
        {
            case "CodeableConcept":
                foreach (var coding in Items(value, "coding"))
                    foreach (var term in Pair(Text(coding, "system"), Text(coding, "code"))) yield return term;
                break;
            case "Coding":
                foreach (var term in Pair(Text(value, "system"), Text(value, "code"))) yield return term;
                break;
            case "Identifier" or "ContactPoint":
                foreach (var term in Pair(Text(value, "system"), Text(value, "value"))) yield return term;
                break;
            default:
                if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) yield return ("", value.ValueKind == JsonValueKind.True ? "true" : "false");
                else if (value.ValueKind == JsonValueKind.String && value.GetString()!.Trim().Length > 0) yield return ("", Escaped(value.GetString()!));
                else if (value.ValueKind == JsonValueKind.Number) yield return ("", value.GetRawText());
                break;
        }
    }

    static IEnumerable<(string, string)> Pair(string? system, string? code)
    {
        if (code is null) yield break;
        yield return ("", Escaped(code));
        yield return ("", $"{Escaped(system ?? "")}|{Escaped(code)}");
        if (system is not null) yield return ("", $"{Escaped(system)}|");
    }

    static IEnumerable<(string, string)> References(string type, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String && !value.GetString()!.StartsWith('#')) yield return ("", Escaped(value.GetString()!));
        if (value.ValueKind != JsonValueKind.Object) yield break;
        if (Text(value, "reference") is { } reference && !reference.StartsWith('#')) yield return ("", Escaped(reference));
        if (value.TryGetProperty("identifier", out var identifier) && type == "Reference")
            foreach (var (_, term) in Pair(Text(identifier, "system"), Text(identifier, "value"))) yield return (":identifier", term);
        if (Text(value, "resourceType") is { } contained && Text(value, "id") is { } id) yield return ("", $"{contained}/{id}");
    }

    static IEnumerable<string> Dates(string type, JsonElement value)
    {
        if (type == "string") return []; // occurrenceString and the like: free text
        if (value.ValueKind == JsonValueKind.String) return [value.GetString()!, "ge" + value.GetString(), "le" + value.GetString(), "ap" + value.GetString()];
        if (type == "Period") return new[] { Text(value, "start") is { } start ? "le" + start : null, Text(value, "end") is { } end ? "ge" + end : null }.OfType<string>();
        return type == "Timing" ? Items(value, "event").Where(one => one.ValueKind == JsonValueKind.String).SelectMany(one => new[] { "ge" + one.GetString(), "le" + one.GetString() }) : [];
    }

    static IEnumerable<string> Numbers(string type, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number) return [value.GetRawText(), "ge" + value.GetRawText(), "le" + value.GetRawText()];
        return type == "Range" ? Quantities(type, value) : [];
    }

    static IEnumerable<string> Quantities(string type, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object) yield break;
        if (type == "Range")
        {
            if (value.TryGetProperty("low", out var low) && Text(low, "value") is { } from) yield return "ge" + from;
            if (value.TryGetProperty("high", out var high) && Text(high, "value") is { } to) yield return "le" + to;
            yield break;
        }
        if (Text(value, "value") is not { } number) yield break;
        var prefix = Text(value, "comparator") switch { null => "", "<" or "<=" => "le", _ => "ge" };
        yield return prefix + number;
        if (type == "Money")
        {
            if (Text(value, "currency") is { } currency) yield return $"{number}|urn:iso:std:iso:4217|{currency}";
            yield break;
        }
        if (Text(value, "code") is not { } code) yield break;
        if (Text(value, "system") is { } system) yield return $"{prefix}{number}|{Escaped(system)}|{Escaped(code)}";
        yield return $"{prefix}{number}||{Escaped(Text(value, "unit") ?? code)}";
    }
}
