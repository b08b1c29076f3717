using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tervik.Trust.AuditLog;

/// <summary>An access as FHIR R4 AuditEvent, in the shape of IHE Basic Audit Log Patterns (BALP).</summary>
static class AuditEventJson
{
    /// <summary>Begins the ids of our own events, so that AuditEvents brought by others keep theirs.</summary>
    public const string IdPrefix = "access-";

    public static string Id(long number) => $"{IdPrefix}{number.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Number of the access behind an id; null when the id is not one of ours.</summary>
    public static long? Number(string id) =>
        id.StartsWith(IdPrefix, StringComparison.Ordinal) && long.TryParse(id.AsSpan(IdPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <param name="json">Where to write.</param>
    /// <param name="access">What to write, already reduced to what the reader may see.</param>
    /// <param name="patients">References of the patients concerned that the reader may see.</param>
    public static void Write(Utf8JsonWriter json, LoggedAccess access, IReadOnlyList<string> patients)
    {
        json.WriteStartObject();
        json.WriteString("resourceType", "AuditEvent");
        json.WriteString("id", Id(access.Event));
        json.WriteStartObject("meta");
        json.WriteString("versionId", "1");
        json.WriteString("lastUpdated", Instant(access));
        json.WriteEndObject();
        WriteKind(json, access);
        json.WriteString("action", Action(access.Interaction.Name));
        json.WriteString("recorded", Instant(access));
        json.WriteString("outcome", access.Status switch { < 400 => "0", < 500 => "4", _ => "8" });
        if (access.Status >= 400) json.WriteString("outcomeDesc", $"HTTP {access.Status}");
        WriteAgent(json, access.Agent);
        WriteSource(json);
        WriteEntities(json, access, patients);
        json.WriteEndObject();
    }

    static void WriteKind(Utf8JsonWriter json, LoggedAccess access)
    {
        const string Dicom = "http://dicom.nema.org/resources/ontology/DCM";
        switch (access.Interaction.Name)
        {
            case "sign-in":
                Coding(json, "type", Dicom, "110114", "User Authentication");
                Codings(json, "subtype", Dicom, "110122", "Login");
                break;
            case "sign-out":
                Coding(json, "type", Dicom, "110114", "User Authentication");
                Codings(json, "subtype", Dicom, "110123", "Logout");
                break;
            default:
                Coding(json, "type", "http://terminology.hl7.org/CodeSystem/audit-event-type", "rest", "RESTful Operation");
                // An operation is named by its code with "operation" beside it; a search over a compartment is a search over the system.
                Codings(json, "subtype", "http://hl7.org/fhir/restful-interaction", RestfulInteraction(access.Interaction.Name), display: null);
                break;
        }
    }

    static string RestfulInteraction(string name) => name switch
    {
        ['$', ..] => "operation",
        "search-compartment" => "search-system",
        _ => name,
    };

    static string Action(string interaction) => interaction switch
    {
        "read" or "vread" or "history-instance" or "history-type" or "history-system" or "capabilities" => "R",
        "create" => "C",
        "update" or "patch" => "U",
        "delete" => "D",
        _ => "E",
    };

    static void WriteAgent(Utf8JsonWriter json, string? agent)
    {
        json.WriteStartArray("agent");
        json.WriteStartObject();
        json.WriteStartObject("who");
        if (agent is null) json.WriteString("display", "Not signed in");
        else if (agent.StartsWith("client/", StringComparison.Ordinal))
        {
            json.WriteStartObject("identifier");
            json.WriteString("value", agent);
            json.WriteEndObject();
            json.WriteString("display", agent["client/".Length..]);
        }
        else json.WriteString("reference", agent);
        json.WriteEndObject();
        json.WriteBoolean("requestor", true);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    static void WriteSource(Utf8JsonWriter json)
    {
        json.WriteStartObject("source");
        json.WriteStartObject("observer");
        json.WriteString("display", "Tervik");
        json.WriteEndObject();
        json.WriteStartArray("type");
        WriteCoding(json, "http://terminology.hl7.org/CodeSystem/security-source-type", "4", "Application Server");
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteEntities(Utf8JsonWriter json, LoggedAccess access, IReadOnlyList<string> patients)
    {
        if (patients.Count == 0 && access.Resources.Count == 0 && access.Query is null && access.Request is null) return;
        json.WriteStartArray("entity");
        foreach (var patient in patients) WriteEntity(json, patient, type: ("1", "Person"), role: ("1", "Patient"));
        foreach (var resource in access.Resources)
            if (!patients.Contains(resource)) WriteEntity(json, resource, type: ("2", "System Object"), role: ("4", "Domain Resource"));
        if (access.Query is { } query)
        {
            json.WriteStartObject();
            Coding(json, "type", EntityTypes, "2", "System Object");
            Coding(json, "role", Roles, "24", "Query");
            json.WriteString("query", Convert.ToBase64String(Encoding.UTF8.GetBytes(query)));
            json.WriteEndObject();
        }
        if (access.Request is { } request)
        {
            json.WriteStartObject();
            json.WriteStartObject("what");
            json.WriteStartObject("identifier");
            json.WriteString("value", request);
            json.WriteEndObject();
            json.WriteEndObject();
            Coding(json, "type", "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId", display: null);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    const string EntityTypes = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
    const string Roles = "http://terminology.hl7.org/CodeSystem/object-role";

    static void WriteEntity(Utf8JsonWriter json, string reference, (string Code, string Display) type, (string Code, string Display) role)
    {
        json.WriteStartObject();
        json.WriteStartObject("what");
        json.WriteString("reference", reference);
        json.WriteEndObject();
        Coding(json, "type", EntityTypes, type.Code, type.Display);
        Coding(json, "role", Roles, role.Code, role.Display);
        json.WriteEndObject();
    }

    static void Codings(Utf8JsonWriter json, string name, string system, string code, string? display)
    {
        json.WriteStartArray(name);
        WriteCoding(json, system, code, display);
        json.WriteEndArray();
    }

    static void Coding(Utf8JsonWriter json, string name, string system, string code, string? display)
    {
        json.WritePropertyName(name);
        WriteCoding(json, system, code, display);
    }

    static void WriteCoding(Utf8JsonWriter json, string system, string code, string? display)
    {
        json.WriteStartObject();
        json.WriteString("system", system);
        json.WriteString("code", code);
        if (display is not null) json.WriteString("display", display);
        json.WriteEndObject();
    }

    static string Instant(LoggedAccess access) => access.At.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
