using System.Buffers;
using System.Text.Json;
using Tervik.Records.Definitions;
using Tervik.Records.Rest;

namespace Tervik.Records.Metadata;

/// <summary>The CapabilityStatement at <c>/metadata</c>, generated from the types, interactions and search parameters that are really there.</summary>
sealed class CapabilityStatements
{
    static readonly string[] Interactions = ["read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type"];
    static readonly string[] SystemInteractions = ["transaction", "batch", "search-system", "history-system"];

    readonly string startedAt = JsonText.Instant((DateTime.UtcNow.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);
    (string Base, byte[] Body) kept = ("", []);

    public RestAnswer Answer(string address)
    {
        var (known, body) = kept;
        if (known != address) kept = (address, body = Write(address));
        return new(200) { Body = body };
    }

    byte[] Write(string address)
    {
        var output = new ArrayBufferWriter<byte>(1 << 20);
        using (var json = new Utf8JsonWriter(output, JsonText.Options))
        {
            json.WriteStartObject();
            json.WriteString("resourceType"u8, "CapabilityStatement"u8);
            json.WriteString("status"u8, "active"u8);
            json.WriteString("date"u8, startedAt);
            json.WriteString("kind"u8, "instance"u8);
            json.WriteStartObject("software"u8);
            json.WriteString("name"u8, "Tervik"u8);
            json.WriteString("version"u8, typeof(CapabilityStatements).Assembly.GetName().Version?.ToString(3));
            json.WriteEndObject();
            json.WriteStartObject("implementation"u8);
            json.WriteString("description"u8, "Tervik, a national health cloud"u8);
            json.WriteString("url"u8, address);
            json.WriteEndObject();
            json.WriteString("fhirVersion"u8, "4.0.1"u8);
            Strings(json, "format", ["application/fhir+json", "application/fhir+xml", "json", "xml"]);
            Strings(json, "patchFormat", ["application/json-patch+json", "application/fhir+json", "application/fhir+xml"]);
            json.WriteStartArray("rest"u8);
            json.WriteStartObject();
            json.WriteString("mode"u8, "server"u8);
            WriteSecurity(json);
            json.WriteStartArray("resource"u8);
            foreach (var type in Schema.R4.ResourceTypes)
                if (!type.IsAbstract) WriteType(json, type);
            json.WriteEndArray();
            Codes(json, "interaction", SystemInteractions);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return output.WrittenSpan.ToArray();
    }

    static void WriteSecurity(Utf8JsonWriter json)
    {
        json.WriteStartObject("security"u8);
        json.WriteBoolean("cors"u8, false);
        json.WriteString("description"u8, "Bearer tokens. Patients see their own compartment, professionals those of patients with whom they have an encounter or appointment; every access is an AuditEvent."u8);
        json.WriteEndObject();
    }

    static void WriteType(Utf8JsonWriter json, FhirType type)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, type.Name);
        json.WriteString("profile"u8, $"http://hl7.org/fhir/StructureDefinition/{type.Name}");
        Codes(json, "interaction", Interactions);
        json.WriteString("versioning"u8, "versioned-update"u8);
        json.WriteBoolean("readHistory"u8, true);
        json.WriteBoolean("updateCreate"u8, true);
        json.WriteBoolean("conditionalCreate"u8, true);
        json.WriteString("conditionalRead"u8, "full-support"u8);
        json.WriteBoolean("conditionalUpdate"u8, true);
        json.WriteString("conditionalDelete"u8, "single"u8);
        var parameters = Schema.R4.SearchParameters.Where(parameter => parameter.Expression is not null && (parameter.Base.Contains(type.Name) || parameter.Base.Contains("Resource") || (parameter.Base.Contains("DomainResource") && type.Is("DomainResource"))))
            .DistinctBy(parameter => parameter.Code).OrderBy(parameter => parameter.Code, StringComparer.Ordinal).ToList();
        Strings(json, "searchInclude", ["*", .. parameters.Where(parameter => parameter.Type == "reference").Select(parameter => $"{type.Name}:{parameter.Code}")]);
        json.WriteStartArray("searchParam"u8);
        foreach (var parameter in parameters)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, parameter.Code);
            json.WriteString("definition"u8, parameter.Url);
            json.WriteString("type"u8, parameter.Type);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteOperations(json, type.Name);
        json.WriteEndObject();
    }

    static void WriteOperations(Utf8JsonWriter json, string type)
    {
        json.WriteStartArray("operation"u8);
        Operation(json, "validate", "http://hl7.org/fhir/OperationDefinition/Resource-validate");
        Operation(json, "meta", "http://hl7.org/fhir/OperationDefinition/Resource-meta");
        Operation(json, "meta-add", "http://hl7.org/fhir/OperationDefinition/Resource-meta-add");
        Operation(json, "meta-delete", "http://hl7.org/fhir/OperationDefinition/Resource-meta-delete");
        if (type is "Patient" or "Encounter") Operation(json, "everything", $"http://hl7.org/fhir/OperationDefinition/{type}-everything");
        if (type is "Patient") Operation(json, "summary", "http://hl7.org/fhir/uv/ips/OperationDefinition/summary");
        if (type is "Observation") Operation(json, "lastn", "http://hl7.org/fhir/OperationDefinition/Observation-lastn");
        json.WriteEndArray();
    }

    static void Operation(Utf8JsonWriter json, string name, string definition)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, name);
        json.WriteString("definition"u8, definition);
        json.WriteEndObject();
    }

    static void Codes(Utf8JsonWriter json, string name, string[] codes)
    {
        json.WriteStartArray(name);
        foreach (var code in codes)
        {
            json.WriteStartObject();
            json.WriteString("code"u8, code);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    static void Strings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
