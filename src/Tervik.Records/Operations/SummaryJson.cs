using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tervik.Records.Operations;

/// <summary>Steps into resources that are being rewritten. Whatever is absent reads as null.</summary>
static class SummaryJson
{
    /// <summary>A member's text, or the digits of its number; null when there is none.</summary>
    public static string? Text(this JsonNode? node, string name) => node.Member(name).AsText();

    /// <summary>A member of an object; null for any other node.</summary>
    public static JsonNode? Member(this JsonNode? node, string name) => (node as JsonObject)?[name];

    public static string? AsText(this JsonNode? node) => node is not JsonValue value ? null : value.GetValueKind() switch
    {
        JsonValueKind.String => value.GetValue<string>(),
        JsonValueKind.Number => value.ToJsonString(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => null,
    };

    /// <summary>The items of an array; any other node is one item.</summary>
    public static IEnumerable<JsonNode> Items(this JsonNode? node) => node switch { null => [], JsonArray array => array.OfType<JsonNode>(), _ => [node] };

    /// <summary>All codings of a CodeableConcept, or of a list of them.</summary>
    public static IEnumerable<JsonNode> Codings(this JsonNode? concepts) => concepts.Items().SelectMany(concept => concept.Member("coding").Items());

    /// <summary>The first code of a CodeableConcept.</summary>
    public static string? Code(this JsonNode? concept) => concept.Codings().Select(coding => coding.Text("code")).FirstOrDefault(code => code is not null);

    /// <summary>The code of a system; null when there is none.</summary>
    public static string? CodeOf(this JsonNode? concepts, string system) => concepts.Codings().FirstOrDefault(coding => coding.Text("system") == system).Text("code");

    /// <summary>What things of one kind have in common: the first coding, else the text.</summary>
    public static string? Kind(this JsonNode? concept) => concept.Codings().FirstOrDefault() is { } coding ? $"{coding.Text("system")}|{coding.Text("code")}" : concept.Text("text");

    /// <summary>In words: the text, else a display, else the code; null when it has none.</summary>
    public static string? Words(this JsonNode? concept)
    {
        if (concept.Text("text") is { Length: > 0 } text) return text;
        string? code = null;
        foreach (var coding in concept.Codings())
        {
            if (coding.Text("display") is { Length: > 0 } display) return display;
            code ??= coding.Text("code");
        }
        return code;
    }

    /// <summary>Name of the form a choice element has (<c>effectivePeriod</c> for <c>effective</c>), also when it has only extensions; null when it is absent.</summary>
    public static string? Form(this JsonObject resource, string choice)
    {
        foreach (var (name, _) in resource)
        {
            var plain = name.AsSpan().TrimStart('_');
            if (plain.Length > choice.Length && plain.StartsWith(choice, StringComparison.Ordinal) && char.IsAsciiLetterUpper(plain[choice.Length])) return plain.ToString();
        }
        return null;
    }

    /// <summary>When: the date, or start or end of the period, of a choice element.</summary>
    public static string? Time(this JsonObject resource, string choice) => resource.Form(choice) is not { } form ? null
        : resource[form] is JsonObject period ? period.Text("start") ?? period.Text("end") : resource.Text(form);

    public static JsonObject Coding(string system, string code, string? display = null)
    {
        var coding = new JsonObject { ["system"] = system, ["code"] = code };
        if (display is not null) coding["display"] = display;
        return coding;
    }

    public static JsonObject Concept(string system, string code, string? display = null) => new() { ["coding"] = new JsonArray(Coding(system, code, display)) };

    /// <summary>Stands where a value is needed and not known.</summary>
    public static JsonObject Unknown() => new() { ["extension"] = new JsonArray(new JsonObject { ["url"] = SummaryCodes.DataAbsentReason, ["valueCode"] = "unknown" }) };

    public static JsonObject UnknownConcept() => Concept(SummaryCodes.AbsentReasons, "unknown", "Unknown");
}
