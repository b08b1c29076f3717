using System.Text.Json.Nodes;
using Tervik.Records.Definitions;

namespace Tervik.Records.Operations;

/// <summary>Turns the references of a resource into addresses inside the document. What is not in the document is named, where the record names it, and otherwise left out.</summary>
/// <param name="resolve">Address of <c>Type/id</c> in the document; null when it is not in it.</param>
sealed class SummaryReferences(Func<string, ValueTask<string?>> resolve)
{
    /// <summary>Rewrites all of a resource.</summary>
    public async ValueTask Rewrite(JsonObject resource) => await Inside(resource, Schema.R4.Find(resource.Text("resourceType")!)!);

    /// <returns>False when the element can no longer stand, since something it needs is gone or nothing is left.</returns>
    async ValueTask<bool> Inside(JsonObject element, FhirType type)
    {
        var hasLost = false;
        foreach (var (name, child) in element.ToList())
        {
            if (type.ByJsonName(name) is not { } form || child is null) continue;
            if (child is JsonArray items)
            {
                for (var i = items.Count - 1; i >= 0; i--)
                    if (items[i] is JsonObject item && !await Keep(item, form, type)) items.RemoveAt(i);
                if (items.Count > 0) continue;
            }
            else if (child is not JsonObject single || await Keep(single, form, type)) continue;
            element.Remove(name);
            hasLost = true;
        }
        if (!hasLost) return true;
        if (type.Name == "Extension") return element.Count > 1; // more than its url
        foreach (var needed in type.Elements)
            if (needed.Min > 0 && !needed.Forms.Any(form => element.ContainsKey(form.JsonName) || element.ContainsKey($"_{form.JsonName}"))) return false;
        return element.Any(member => member.Key != "id");
    }

    async ValueTask<bool> Keep(JsonObject value, ElementOfType form, FhirType owner)
    {
        if (form.Type is { Kind: FhirTypeKind.Resource, IsAbstract: true })
        {
            // A contained resource stays, whatever it loses: others point at it.
            if (value.Text("resourceType") is { } name && Schema.R4.Find(name) is { } contained) await Inside(value, contained);
            return true;
        }
        if (form.Type.Name != "Reference") return await Inside(value, form.Type);
        if (value.Text("reference") is not { } reference || reference.StartsWith('#') || reference.StartsWith("urn:uuid:", StringComparison.Ordinal) && await resolve(reference) is not null) return true;
        if (await resolve(WithoutVersion(reference)) is { } address)
        {
            value["reference"] = address;
            return true;
        }
        value.Remove("reference");
        if (value.Any(member => member.Key is not ("id" or "type"))) return true;
        // A resource cannot do without it: it says at least of what kind it was.
        if (form.Element.Min == 0 || owner.Kind != FhirTypeKind.Resource) return false;
        value["type"] = reference.Split('/') is [var type, ..] && Schema.R4.Find(type) is not null ? type : form.Element.ReferenceTargets is [var first, ..] ? first : "Resource";
        return true;
    }

    static string WithoutVersion(string reference) => reference.IndexOf("/_history/", StringComparison.Ordinal) is > 0 and var at ? reference[..at] : reference;
}
