using System.Text.Json;

namespace Tervik.Portal.Reading;

/// <summary>Names of people, as one addresses them.</summary>
static class Names
{
    /// <summary>The name of a Patient, Practitioner or RelatedPerson; an identifier where there is no name, the id where there is neither.</summary>
    public static string OfPerson(JsonElement person)
    {
        if (Best(person) is { } name && Write(name) is { } written) return written;
        foreach (var identifier in person.ItemsAt("identifier"))
            if (identifier.TextAt("value") is { } value) return value;
        return person.TextAt("id") ?? Words.Of("Unnamed");
    }

    /// <summary>The one that is used now: official, then usual, then any other that is neither old nor a maiden name.</summary>
    static JsonElement? Best(JsonElement person)
    {
        JsonElement? best = null;
        var bestRank = int.MaxValue;
        foreach (var name in person.ItemsAt("name"))
        {
            var rank = name.TextAt("use") switch { "official" => 0, "usual" => 1, null => 2, "nickname" or "anonymous" => 4, "temp" => 5, "old" => 6, "maiden" => 7, _ => 3 };
            if (name.At("period").TextAt("end") is { } end && string.CompareOrdinal(end, DateTimeOffset.UtcNow.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)) < 0) rank += 10;
            if (rank < bestRank && Write(name) is not null) (best, bestRank) = (name, rank);
        }
        return best;
    }

    /// <summary>A HumanName in one line; null when it has no part.</summary>
    static string? Write(JsonElement name)
    {
        if (name.ValueKind == JsonValueKind.String) return name.AsText(); // Organization.name
        if (name.TextAt("text") is { } text) return text;
        var given = Parts(name, "given");
        var family = name.TextAt("family");
        // Chinese, Japanese and Korean names are written with the family first and without a space.
        if (family is not null && given.Length > 0 && IsEastAsian(family)) return family + string.Concat(given);
        string[] parts = [.. Parts(name, "prefix"), .. given, .. family is null ? Array.Empty<string>() : [family], .. Parts(name, "suffix")];
        return parts.Length == 0 ? null : string.Join(' ', parts);
    }

    static string[] Parts(JsonElement name, string part) => [.. name.ItemsAt(part).Select(item => item.AsText()).OfType<string>()];

    // Hangul syllables, CJK ideographs, kana.
    static bool IsEastAsian(string text) => text[0] is (>= '\uAC00' and <= '\uD7A3') or (>= '\u3040' and <= '\u30FF') or (>= '\u3400' and <= '\u9FFF');
}
