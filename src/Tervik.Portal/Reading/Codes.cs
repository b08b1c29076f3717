using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tervik.Portal.Reading;

/// <summary>Coded values in words.</summary>
static partial class Codes
{
    const string Snomed = "http://snomed.info/sct";

    /// <summary>A CodeableConcept, Coding or code: its text, else a display, else the code; null when it has none of them.</summary>
    public static string? Write(JsonElement concept)
    {
        if (concept.ValueKind == JsonValueKind.String) return Readable(concept.AsText());
        var isSnomed = false;
        string? display = null, chosen = null, code = null;
        foreach (var coding in concept.ItemsAt("coding"))
        {
            isSnomed |= coding.TextAt("system") == Snomed;
            display ??= coding.TextAt("display");
            if (coding.At("userSelected").ValueKind == JsonValueKind.True) chosen ??= coding.TextAt("display");
            code ??= coding.TextAt("code");
        }
        isSnomed |= concept.TextAt("system") == Snomed;
        var words = concept.TextAt("text") ?? chosen ?? display ?? concept.TextAt("display");
        if (words is not null) return isSnomed ? SemanticTag().Replace(words, "") : words;
        return Readable(code ?? concept.TextAt("code"));
    }

    /// <summary>The first that can be written of an array of concepts.</summary>
    public static string? First(JsonElement parent, string name)
    {
        foreach (var concept in parent.ItemsAt(name))
            if (Write(concept) is { } words) return words;
        return null;
    }

    /// <summary>The first code of a CodeableConcept, for decisions; null when there is none.</summary>
    public static string? Code(JsonElement concept) => concept.FirstAt("coding").TextAt("code");

    /// <summary>Whether any coding of the concept has one of these codes.</summary>
    public static bool Has(JsonElement concept, params ReadOnlySpan<string> codes)
    {
        foreach (var coding in concept.ItemsAt("coding"))
            if (coding.TextAt("code") is { } code && codes.Contains(code)) return true;
        return false;
    }

    /// <summary><c>entered-in-error</c> as "Entered in error"; codes that are no words stay as they are.</summary>
    public static string? Readable(string? code) => code is not null && Words().IsMatch(code) ? char.ToUpperInvariant(code[0]) + code[1..].Replace('-', ' ') : code;

    // "Hypertension (disorder)": the tag tells terminologists apart what readers do not confuse.
    [GeneratedRegex(@" \((?:procedure|disorder|finding|situation|regime/therapy|substance|product|person|occupation|observable entity|morphologic abnormality|qualifier value|environment|event|record artifact|physical object|body structure|organism|context-dependent category)\)$", RegexOptions.CultureInvariant)]
    private static partial Regex SemanticTag();

    [GeneratedRegex("^[a-z]{3,}(?:-[a-z]+)*$", RegexOptions.CultureInvariant)]
    private static partial Regex Words();
}
