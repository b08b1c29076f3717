using System.Text;
using System.Text.Json;
using Tervik.Records.Definitions;

namespace Tervik.Records.Indexing;

/// <summary>Tokens: one key for a value, and for a new key the forms and texts by which it can be found.</summary>
sealed partial class Extraction
{
    // Between the fields of a value under one key; no FHIR string may hold them.
    const byte Field = 0x1F, Item = 0x1E;
    const int MostText = 250;

    void Token(IndexPath path, JsonElement value, FhirType type)
    {
        if (TokenKey(path, value, type, default) is not { } key) return;
        values.Add(key);
        Present(path);
    }

    /// <summary>The key of a token value under a path, its vocabulary noted when new.</summary>
    /// <param name="suffix">Appended to value and forms: the unit of a composite's quantity.</param>
    /// <returns>Null when the value is empty.</returns>
    long? TokenKey(IndexPath path, JsonElement value, FhirType type, ReadOnlySpan<byte> suffix)
    {
        Begin(path.Prefix);
        var start = used;
        switch (type.Name)
        {
            case "CodeableConcept" when value.ValueKind == JsonValueKind.Object: AppendConcept(value); break;
            case "Coding" when value.ValueKind == JsonValueKind.Object: AppendFields(value, "system"u8, "code"u8, "display"u8); break;
            case "Identifier" when value.ValueKind == JsonValueKind.Object:
                AppendFields(value, "system"u8, "value"u8, default);
                if (value.TryGetProperty("type"u8, out var kind) && kind.ValueKind == JsonValueKind.Object) AppendConcept(kind);
                break;
            case "ContactPoint" when value.ValueKind == JsonValueKind.Object: AppendFields(value, "system"u8, "value"u8, default); break;
            default:
                if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Undefined) return null;
                Append(value);
                break;
        }
        if (used == start) return null;
        if (!suffix.IsEmpty)
        {
            Append("@"u8);
            Append(suffix);
        }
        var key = keys.Hash(Bytes);
        if (!keys.Knows(key)) Introduce(path, key, value, type, suffix.IsEmpty ? "" : "@" + Encoding.UTF8.GetString(suffix));
        return key;
    }

    void AppendConcept(JsonElement concept)
    {
        if (concept.TryGetProperty("coding"u8, out var codings) && codings.ValueKind == JsonValueKind.Array)
            foreach (var coding in codings.EnumerateArray())
            {
                if (coding.ValueKind == JsonValueKind.Object) AppendFields(coding, "system"u8, "code"u8, "display"u8);
                Append([Item]);
            }
        if (concept.TryGetProperty("text"u8, out var text)) Append(text);
    }

    void AppendFields(JsonElement value, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third)
    {
        if (value.TryGetProperty(first, out var field)) Append(field);
        Append([Field]);
        if (value.TryGetProperty(second, out field)) Append(field);
        Append([Field]);
        if (!third.IsEmpty && value.TryGetProperty(third, out field)) Append(field);
    }

    void Direct(IndexPath path, long key, string text)
    {
        values.Add(key);
        if (!keys.Knows(key)) texts.Add((path.Key, FoldedText.Cut(text, MostText), key));
    }

    void Introduce(IndexPath path, long key, JsonElement value, FhirType type, string suffix)
    {
        switch (type.Name)
        {
            case "CodeableConcept":
                if (value.TryGetProperty("coding"u8, out var codings) && codings.ValueKind == JsonValueKind.Array)
                    foreach (var coding in codings.EnumerateArray()) IntroduceCoding(path, key, coding, suffix);
                if (suffix.Length == 0) IntroduceText(path, key, Text(value, "text"u8), sort: codings.ValueKind != JsonValueKind.Array);
                break;
            case "Coding": IntroduceCoding(path, key, value, suffix); break;
            case "Identifier": IntroduceIdentifier(path, key, value); break;
            case "ContactPoint":
                // Addresses and numbers are the same in any case.
                IntroduceForms(path, key, Text(value, "system"u8)?.ToLowerInvariant(), Text(value, "value"u8)?.ToLowerInvariant(), suffix);
                break;
            default:
                // The key is that of the one form it has; only its order has to be known.
                if (suffix.Length == 0) texts.Add((path.Key, FoldedText.Cut(value.ToString(), MostText), key));
                else forms.Add((keys.Hash(Bytes), key));
                break;
        }
    }

    void IntroduceCoding(IndexPath path, long key, JsonElement coding, string suffix)
    {
        if (coding.ValueKind != JsonValueKind.Object) return;
        IntroduceForms(path, key, Text(coding, "system"u8), Text(coding, "code"u8), suffix);
        if (suffix.Length == 0) IntroduceText(path, key, Text(coding, "display"u8), sort: false);
    }

    void IntroduceIdentifier(IndexPath path, long key, JsonElement identifier)
    {
        var value = Text(identifier, "value"u8);
        IntroduceForms(path, key, Text(identifier, "system"u8), value, "");
        if (!identifier.TryGetProperty("type"u8, out var type) || type.ValueKind != JsonValueKind.Object) return;
        IntroduceText(path, key, Text(type, "text"u8), sort: false);
        if (value is null || !type.TryGetProperty("coding"u8, out var codings) || codings.ValueKind != JsonValueKind.Array) return;
        foreach (var coding in codings.EnumerateArray())
            if (coding.ValueKind == JsonValueKind.Object)
                forms.Add((path.Form(keys, $"of-type:{Text(coding, "system"u8)}|{Text(coding, "code"u8)}|{value}"), key));
    }

    void IntroduceForms(IndexPath path, long key, string? system, string? code, string suffix)
    {
        if (code is not null) forms.Add((path.Form(keys, code + suffix), key));
        if (system is not null && code is not null) forms.Add((path.Form(keys, $"{system}|{code}{suffix}"), key));
        if (system is null && code is not null) forms.Add((path.Form(keys, $"|{code}{suffix}"), key));
        if (system is not null) forms.Add((path.Form(keys, $"{system}|{suffix}"), key));
        if (code is not null && suffix.Length == 0) texts.Add((path.Key, FoldedText.Cut(code, MostText), key));
    }

    void IntroduceText(IndexPath path, long key, string? text, bool sort)
    {
        if (string.IsNullOrEmpty(text)) return;
        texts.Add((path.TextKey, FoldedText.Cut(FoldedText.Fold(text), MostText), key));
        if (sort) texts.Add((path.Key, FoldedText.Cut(text, MostText), key));
    }

    static string? Text(JsonElement value, ReadOnlySpan<byte> name) =>
        value.TryGetProperty(name, out var field) && field.ValueKind == JsonValueKind.String ? field.GetString() is { Length: > 0 } text ? text : null : null;
}
