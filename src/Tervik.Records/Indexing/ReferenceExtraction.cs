using System.Text.Json;

namespace Tervik.Records.Indexing;

/// <summary>References: by the key of what they point to.</summary>
sealed partial class Extraction
{
    void Reference(IndexPath path, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            Target(path, value.GetString()!);
            return;
        }
        if (value.ValueKind != JsonValueKind.Object) return;
        if (value.TryGetProperty("reference"u8, out var literal) && literal.ValueKind == JsonValueKind.String) Target(path, literal.GetString()!);
        else if (value.TryGetProperty("resourceType"u8, out var type) && value.TryGetProperty("id"u8, out var id)) Target(path, $"{type.GetString()}/{id.GetString()}");
        else references.Add((path.Key, 0)); // present, but nothing to follow
        if (value.TryGetProperty("identifier"u8, out var identifier) && identifier.ValueKind == JsonValueKind.Object) Identifier(path.Identifiers!, identifier);
    }

    void Identifier(IndexPath path, JsonElement identifier)
    {
        Begin(path.Prefix);
        AppendFields(identifier, "system"u8, "value"u8, default);
        var key = keys.Hash(Bytes);
        values.Add(key);
        if (!keys.Knows(key)) IntroduceForms(path, key, Text(identifier, "system"u8), Text(identifier, "value"u8), "");
    }

    void Target(IndexPath path, string reference)
    {
        if (reference.StartsWith('#')) // contained: not a resource of its own
        {
            references.Add((path.Key, 0));
            return;
        }
        var target = ReferenceText.WithoutVersion(reference);
        var key = keys.Reference(target);
        references.Add((path.Key, key));
        if (path.CompartmentRank >= 0 && target.StartsWith("Patient/", StringComparison.Ordinal)) compartments.Add((key, path.CompartmentRank));
        // A canonical with a version is found with and without it.
        var bar = target.IndexOf('|', StringComparison.Ordinal);
        if (bar > 0) references.Add((path.Key, keys.Reference(target[..bar])));
    }
}

/// <summary>The forms of a literal reference.</summary>
static class ReferenceText
{
    /// <summary><c>Patient/1/_history/2</c> is <c>Patient/1</c> to a search.</summary>
    public static string WithoutVersion(string reference)
    {
        var at = reference.IndexOf("/_history/", StringComparison.Ordinal);
        return at > 0 ? reference[..at] : reference;
    }
}
