using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Records.Model;
using Tervik.Records.Operations;

namespace Tervik.Records.Patch;

/// <summary>PATCH of a resource: JSON Patch or FHIRPath Patch, by the media type.</summary>
static class ResourcePatch
{
    /// <summary>The patched resource as JSON; not validated yet.</summary>
    /// <param name="body">A stored body.</param>
    /// <param name="patch">As sent; FHIRPath Patch as JSON.</param>
    /// <param name="contentType">Media type of the patch.</param>
    public static byte[] Apply(byte[] body, ReadOnlyMemory<byte> patch, string? contentType)
    {
        using var json = FhirJson.Parse(patch);
        var resource = JsonNode.Parse(body);
        var patched = contentType switch
        {
            "application/json-patch+json" => JsonPatch.Apply(resource, json.RootElement),
            "application/fhir+json" or "application/json" or "application/fhir+xml" or "application/xml" when IsParameters(json.RootElement) => FhirPathPatch.Apply(resource!.AsObject(), json.RootElement),
            _ => throw new FaultException(new Fault(FaultKind.UnsupportedMedia, "not-supported", "Content-Type", $"A patch of the type {contentType} is not accepted; application/json-patch+json and Parameters (application/fhir+json, application/fhir+xml) are.")),
        };
        return patched is JsonObject result ? JsonSerializer.SerializeToUtf8Bytes(result, NodeJson.Default.JsonObject)
            : throw new FaultException(new Fault(FaultKind.Unprocessable, "structure", null, "After the patch there is no resource."));
    }

    static bool IsParameters(JsonElement json) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty("resourceType"u8, out var type) && type.ValueEquals("Parameters"u8);
}
