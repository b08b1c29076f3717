using System.Text.Json.Nodes;

namespace Tervik.Care.Hl7;

/// <summary>Puts FHIR together: whatever was not sent leaves no trace.</summary>
static class Fhir
{
    /// <summary>An object of the members that have a value; null when none has.</summary>
    public static JsonObject? Object(params IEnumerable<(string Name, JsonNode? Value)> members)
    {
        JsonObject? made = null;
        foreach (var (name, value) in members)
            if (value is not null) (made ??= [])[name] = value;
        return made;
    }

    /// <summary>An array of what has a value; null when nothing has.</summary>
    public static JsonArray? Array(params IEnumerable<JsonNode?> items)
    {
        JsonArray? made = null;
        foreach (var item in items)
            if (item is not null) (made ??= []).Add(item);
        return made;
    }

    /// <summary>An array of texts.</summary>
    public static JsonArray? Texts(params IEnumerable<string?> texts) => Array(texts.Select(text => string.IsNullOrWhiteSpace(text) ? null : JsonValue.Create(text)));

    /// <summary>A Reference by address.</summary>
    public static JsonObject Reference(string address, string? display = null) => Object(("reference", address), ("display", display))!;

    /// <summary>A CodeableConcept of one code.</summary>
    public static JsonObject Concept(string system, string code, string? display = null) => new() { ["coding"] = new JsonArray(Object(("system", system), ("code", code), ("display", display))) };

    /// <summary>An extension.</summary>
    public static JsonObject? Extension(string url, string value, JsonNode? content) => content is null ? null : new() { ["url"] = url, [value] = content };

    /// <summary>The text of a member; null when there is none.</summary>
    public static string? Text(this JsonNode? node, string name) => (node as JsonObject)?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>The objects of an array member.</summary>
    public static IEnumerable<JsonObject> Items(this JsonNode? node, string name) => (node as JsonObject)?[name] is JsonArray array ? array.OfType<JsonObject>() : [];

    /// <summary>Whether a CodeableConcept has a code.</summary>
    public static bool Has(this JsonNode? concept, string code) => concept.Items("coding").Any(coding => coding.Text("code") == code);
}
