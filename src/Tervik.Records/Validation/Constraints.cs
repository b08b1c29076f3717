using System.Text.Json;
using Tervik.Records.Definitions;
using Tervik.Records.Indexing;
using Tervik.Records.Model;

namespace Tervik.Records.Validation;

/// <summary>The constraints of the general types and of the resources that are written most, by their keys in the specification.</summary>
sealed partial class Inspection
{
    void Constraints(JsonElement value, FhirType type)
    {
        switch (type.Name)
        {
            case "Extension": Extension(value); break;
            case "Period": Period(value); break;
            case "Reference": Reference(value); break;
            case "Attachment" when Has(value, "data"u8) && !Has(value, "contentType"u8): Wrong("invariant", "An attachment with data needs a contentType (att-1)."); break;
            case "Attachment" or "Binary" or "Signature" when value.TryGetProperty("data"u8, out var data) && data.ValueKind == JsonValueKind.String:
                (files ??= []).Add(new($"{Where()}.data", Text(value, "contentType"u8), data));
                break;
            case "Range": Range(value); break;
            case "Ratio": Ratio(value); break;
            case "ContactPoint" when Has(value, "value"u8) && !Has(value, "system"u8): Wrong("invariant", "A contact point with a value needs a system (cpt-2)."); break;
            case "Patient.contact" when !Has(value, "name"u8) && !Has(value, "telecom"u8) && !Has(value, "address"u8) && !Has(value, "organization"u8):
                Wrong("invariant", "A contact needs a name, telecom, address or organization (pat-1)."); break;
            case "Observation": Observation(value); break;
            case "Observation.referenceRange" when !Has(value, "low"u8) && !Has(value, "high"u8) && !Has(value, "text"u8): Wrong("invariant", "A reference range needs low, high or text (obs-3)."); break;
            case "AllergyIntolerance": Allergy(value); break;
            case "Condition": Condition(value); break;
            case "Bundle.link" or "Bundle.entry.link": break;
            default:
                if (type.Is("Quantity") && Has(value, "code"u8) && !Has(value, "system"u8)) Wrong("invariant", "A quantity with a code needs the system of the code (qty-3).");
                break;
        }
    }

    static bool Has(JsonElement value, ReadOnlySpan<byte> name) => value.TryGetProperty(name, out _);

    static string? Text(JsonElement value, ReadOnlySpan<byte> name) => value.TryGetProperty(name, out var child) && child.ValueKind == JsonValueKind.String ? child.GetString() : null;

    void Extension(JsonElement value)
    {
        var hasValue = false;
        foreach (var property in value.EnumerateObject()) hasValue |= property.Name.TrimStart('_').StartsWith("value", StringComparison.Ordinal);
        if (hasValue == Has(value, "extension"u8)) Wrong("invariant", "An extension has either a value or extensions (ext-1).");
    }

    void Period(JsonElement value)
    {
        if (DateRange.TryParse(Text(value, "start"u8), out var start) && DateRange.TryParse(Text(value, "end"u8), out var end) && start.LowUs > end.HighUs)
            Wrong("invariant", "A period must not end before it starts (per-1).");
    }

    /// <summary>A reference inside the resource must find its contained resource.</summary>
    void Reference(JsonElement value)
    {
        if (Text(value, "reference"u8) is not ['#', _, ..] reference || path[0].Name is "Bundle" or "Parameters") return;
        if (root.TryGetProperty("contained"u8, out var contained) && contained.ValueKind == JsonValueKind.Array)
            foreach (var resource in contained.EnumerateArray())
                if (resource.ValueKind == JsonValueKind.Object && Text(resource, "id"u8) == reference[1..]) return;
        Wrong("invariant", $"There is no contained resource {reference} (ref-1).", "reference");
    }

    void Range(JsonElement value)
    {
        if (Number(value, "low"u8) is { } low && Number(value, "high"u8) is { } high && low > high) Wrong("invariant", "The low end of a range must not be above its high end (rng-2).");
    }

    static decimal? Number(JsonElement value, ReadOnlySpan<byte> name) => value.TryGetProperty(name, out var quantity) && quantity.ValueKind == JsonValueKind.Object
        && quantity.TryGetProperty("value"u8, out var number) && number.ValueKind == JsonValueKind.Number && number.TryGetDecimal(out var found) ? found : null;

    void Ratio(JsonElement value)
    {
        if (Has(value, "numerator"u8) != Has(value, "denominator"u8) || !Has(value, "numerator"u8) && !Has(value, "extension"u8)) Wrong("invariant", "A ratio has both numerator and denominator (rat-1).");
    }

    void Observation(JsonElement value)
    {
        var hasValue = false;
        foreach (var property in value.EnumerateObject()) hasValue |= property.Name.StartsWith("value", StringComparison.Ordinal);
        if (hasValue && Has(value, "dataAbsentReason"u8)) Wrong("invariant", "An observation with a value has no dataAbsentReason (obs-6).");
        if (!hasValue || !value.TryGetProperty("component"u8, out var components) || components.ValueKind != JsonValueKind.Array || !value.TryGetProperty("code"u8, out var code)) return;
        foreach (var component in components.EnumerateArray())
            if (component.ValueKind == JsonValueKind.Object && component.TryGetProperty("code"u8, out var part) && SharesCoding(code, part))
                Wrong("invariant", "When a component has the code of the observation, the observation itself has no value (obs-7).");
    }

    static bool SharesCoding(JsonElement a, JsonElement b)
    {
        if (!a.TryGetProperty("coding"u8, out var first) || !b.TryGetProperty("coding"u8, out var second) || first.ValueKind != JsonValueKind.Array || second.ValueKind != JsonValueKind.Array) return false;
        foreach (var x in first.EnumerateArray())
            foreach (var y in second.EnumerateArray())
                if (x.ValueKind == JsonValueKind.Object && y.ValueKind == JsonValueKind.Object && Text(x, "code"u8) is { } code && code == Text(y, "code"u8) && Text(x, "system"u8) == Text(y, "system"u8)) return true;
        return false;
    }

    static bool HasCode(JsonElement value, ReadOnlySpan<byte> name, string code)
    {
        if (!value.TryGetProperty(name, out var concept) || concept.ValueKind != JsonValueKind.Object || !concept.TryGetProperty("coding"u8, out var codings) || codings.ValueKind != JsonValueKind.Array) return false;
        foreach (var coding in codings.EnumerateArray())
            if (coding.ValueKind == JsonValueKind.Object && Text(coding, "code"u8) == code) return true;
        return false;
    }

    void Allergy(JsonElement value)
    {
        var isError = HasCode(value, "verificationStatus"u8, "entered-in-error");
        if (!isError && !Has(value, "clinicalStatus"u8)) Wrong("invariant", "An allergy that was not entered in error has a clinicalStatus (ait-1).");
        if (isError && Has(value, "clinicalStatus"u8)) Wrong("invariant", "An allergy that was entered in error has no clinicalStatus (ait-2).");
    }

    void Condition(JsonElement value)
    {
        if (HasCode(value, "verificationStatus"u8, "entered-in-error") && Has(value, "clinicalStatus"u8)) Wrong("invariant", "A condition that was entered in error has no clinicalStatus (con-5).");
        var hasAbatement = false;
        foreach (var property in value.EnumerateObject()) hasAbatement |= property.Name.StartsWith("abatement", StringComparison.Ordinal);
        if (hasAbatement && !HasCode(value, "clinicalStatus"u8, "inactive") && !HasCode(value, "clinicalStatus"u8, "resolved") && !HasCode(value, "clinicalStatus"u8, "remission"))
            Wrong("invariant", "A condition with an abatement is inactive, in remission or resolved (con-4).");
    }

    /// <summary>dom-2 to dom-5: contained resources are flat, have no version of their own, and are referred to.</summary>
    void Domain(Node resource)
    {
        if (!resource.Value.TryGetProperty("contained"u8, out var contained) || contained.ValueKind != JsonValueKind.Array) return;
        var index = 0;
        foreach (var inside in contained.EnumerateArray())
        {
            path.Add(("contained", index++));
            if (inside.ValueKind == JsonValueKind.Object)
            {
                if (Has(inside, "contained"u8)) Wrong("invariant", "A contained resource contains no others (dom-2).");
                if (inside.TryGetProperty("meta"u8, out var meta) && meta.ValueKind == JsonValueKind.Object && (Has(meta, "versionId"u8) || Has(meta, "lastUpdated"u8))) Wrong("invariant", "A contained resource has no version (dom-4).");
                if (inside.TryGetProperty("meta"u8, out meta) && meta.ValueKind == JsonValueKind.Object && Has(meta, "security"u8)) Wrong("invariant", "A contained resource has no security label (dom-5).");
                if (Text(inside, "id"u8) is { } id && resource.Value.GetRawText() is var text && !text.Contains($"\"#{id}\"", StringComparison.Ordinal) && !text.Contains("\"#\"", StringComparison.Ordinal))
                    Wrong("invariant", $"Nothing refers to the contained resource #{id} (dom-3).");
            }
            path.RemoveAt(path.Count - 1);
        }
    }
}
