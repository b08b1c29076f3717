using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tervik.Trust.AuditLog;

/// <summary>An access as FHIR R4 AuditEvent, by the patterns of IHE Basic Audit Log Patterns (BALP) 1.1.4: read, query, create, update and delete, with a patient and without; what was refused is an authorization decision.</summary>
/// <remarks>Beside the patterns each thing given out is an entity, typed by its resource type where the pattern leaves no other place. An operation, a history and a page of the portal that shows several things have no pattern; they claim no profile and keep to the nearest one.</remarks>
static class AuditEventJson
{
    /// <summary>Begins the ids of our own events, so that AuditEvents brought by others keep theirs.</summary>
    public const string IdPrefix = "access-";

    const string Profiles = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.";
    const string EntityTypes = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
    const string ResourceTypes = "http://hl7.org/fhir/resource-types";
    const string Roles = "http://terminology.hl7.org/CodeSystem/object-role";
    const string Participation = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
    const string Dicom = "http://dicom.nema.org/resources/ontology/DCM";
    /// <summary>Codes of <c>network-type</c>.</summary>
    const string IpAddress = "2", Uri = "5";

    static readonly (string System, string Code, string Display) Source = (Dicom, "110153", "Source Role ID"), Destination = (Dicom, "110152", "Destination Role ID"), Application = (Dicom, "110150", "Application"),
        Custodian = ("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "custodian", "Custodian"), Authorizer = ("http://terminology.hl7.org/CodeSystem/extra-security-role-type", "authserver", "authorization server"),
        Recipient = (Participation, "IRCP", "information recipient"), Author = (Participation, "AUT", "author (originator)");

    public static string Id(long number) => $"{IdPrefix}{number.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Number of the access behind an id; null when the id is not one of ours.</summary>
    public static long? Number(string id) =>
        id.StartsWith(IdPrefix, StringComparison.Ordinal) && long.TryParse(id.AsSpan(IdPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>What kind of deed an access was, which decides who is source and who destination.</summary>
    enum Deed { Other, Read, Query, Create, Update, Delete, Refused, Session }

    static Deed DeedOf(LoggedAccess access) => access switch
    {
        { Status: 401 or 403 } => Deed.Refused,
        { Interaction.Name: "sign-in" or "sign-out" } => Deed.Session,
        { Interaction.Name: "read" or "vread" } => Deed.Read,
        { Interaction.Name: "search-type" or "search-system" or "search-compartment" } => Deed.Query,
        { Interaction.Name: "create" or "create-own" } => Deed.Create,
        { Interaction.Name: "update" or "update-own" or "patch" } => Deed.Update,
        { Interaction.Name: "delete" or "shred" } => Deed.Delete,
        _ => Deed.Other,
    };

    /// <param name="json">Where to write.</param>
    /// <param name="access">What to write, already reduced to what the reader may see.</param>
    /// <param name="patients">References of the patients concerned that the reader may see.</param>
    /// <param name="server">Address of the FHIR base.</param>
    public static void Write(Utf8JsonWriter json, LoggedAccess access, IReadOnlyList<string> patients, string server)
    {
        var deed = DeedOf(access);
        json.WriteStartObject();
        json.WriteString("resourceType", "AuditEvent");
        json.WriteString("id", Id(access.Event));
        json.WriteStartObject("meta");
        json.WriteString("versionId", "1");
        json.WriteString("lastUpdated", Instant(access));
        if (ProfileOf(access, deed, patients) is { } profile)
        {
            json.WriteStartArray("profile");
            json.WriteStringValue(profile);
            json.WriteEndArray();
        }
        json.WriteEndObject();
        WriteKind(json, access, deed);
        json.WriteString("action", deed switch { Deed.Read => "R", Deed.Create => "C", Deed.Update => "U", Deed.Delete => "D", _ => access.Interaction.Name.StartsWith("history", StringComparison.Ordinal) ? "R" : "E" });
        json.WriteString("recorded", Instant(access));
        json.WriteString("outcome", access.Status switch { < 400 => "0", < 500 => "4", _ => "8" });
        if (access.Status >= 400) json.WriteString("outcomeDesc", $"HTTP {access.Status}");
        WriteAgents(json, access, deed, server);
        WriteSource(json);
        WriteEntities(json, access, deed, patients);
        json.WriteEndObject();
    }

    static string? ProfileOf(LoggedAccess access, Deed deed, IReadOnlyList<string> patients)
    {
        if (access.Status >= 400 || patients.Count > 1 || deed is not (Deed.Read or Deed.Query or Deed.Create or Deed.Update or Deed.Delete) || deed != Deed.Query && access.Resources.Count != 1) return null;
        return $"{Profiles}{(patients.Count == 1 ? "Patient" : "")}{deed}";
    }

    static void WriteKind(Utf8JsonWriter json, LoggedAccess access, Deed deed)
    {
        switch (deed)
        {
            case Deed.Session:
                Coding(json, "type", Dicom, "110114", "User Authentication");
                var isSignIn = access.Interaction.Name == "sign-in";
                Codings(json, "subtype", (Dicom, isSignIn ? "110122" : "110123", isSignIn ? "Login" : "Logout"));
                break;
            case Deed.Refused:
                Coding(json, "type", Dicom, "110113", "Security Alert");
                Codings(json, "subtype", ("https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType", "AuthZ-Role", null), Interaction(access.Interaction.Name));
                break;
            default:
                Coding(json, "type", "http://terminology.hl7.org/CodeSystem/audit-event-type", "rest", "RESTful Operation");
                // FHIR has no word for it.
                if (access.Interaction.Name == "shred") Codings(json, "subtype", Interaction("delete"), ("urn:tervik:interaction", "shred", "Data keys destroyed"));
                else Codings(json, "subtype", Interaction(access.Interaction.Name));
                break;
        }
    }

    // An operation is named by its code with "operation" beside it; a search over a compartment is a search over the system.
    static (string, string, string?) Interaction(string name) => ("http://hl7.org/fhir/restful-interaction", name switch
    {
        ['$', ..] => "operation",
        "alerts" or "alert-review" => "operation",
        "search-compartment" => "search-system",
        "create-own" => "create",
        "update-own" => "update",
        _ => name,
    }, null);

    static void WriteAgents(Utf8JsonWriter json, LoggedAccess access, Deed deed, string server)
    {
        var (client, here, person) = deed switch
        {
            Deed.Query => (Source, Destination, Recipient),
            Deed.Create or Deed.Update => (Source, Destination, Author),
            Deed.Delete => (Application, Custodian, Author),
            Deed.Refused or Deed.Session => (Application, Authorizer, Recipient),
            _ => (Destination, Source, Recipient),
        };
        var isProgram = access.Agent is { } agent && agent.StartsWith("client/", StringComparison.Ordinal);
        json.WriteStartArray("agent");

        WriteAgent(json, client, isRequestor: isProgram || access.Agent is null, () =>
        {
            var name = isProgram ? access.Agent!["client/".Length..] : access.Client;
            if (name is not null) Identifier(json, isProgram ? access.Agent! : name);
            json.WriteString("display", name ?? (access.Query is { } query && query.StartsWith("portal", StringComparison.Ordinal) || deed == Deed.Session ? "Portal" : "Program with a token"));
        });
        // Whose network it was is told to those who run the systems, and to whoever it was.
        WriteNetwork(json, access.Address, IpAddress);
        json.WriteEndObject();

        WriteAgent(json, here, isRequestor: false, () => json.WriteString("display", "Tervik"));
        WriteNetwork(json, server, Uri);
        json.WriteEndObject();

        if (access.Agent is not null && !isProgram)
        {
            WriteAgent(json, person, isRequestor: true, () => json.WriteString("reference", access.Agent));
            if (access.Purpose is { } purpose)
            {
                json.WriteStartArray("purposeOfUse");
                json.WriteStartObject();
                Codings(json, "coding", (PurposeOfUse.System, purpose, null));
                json.WriteEndObject();
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>An agent that is left open for what only this one has.</summary>
    static void WriteAgent(Utf8JsonWriter json, (string System, string Code, string Display) type, bool isRequestor, Action who)
    {
        json.WriteStartObject();
        json.WriteStartObject("type");
        Codings(json, "coding", (type.System, type.Code, type.Display));
        json.WriteEndObject();
        json.WriteStartObject("who");
        who();
        json.WriteEndObject();
        json.WriteBoolean("requestor", isRequestor);
    }

    static void WriteNetwork(Utf8JsonWriter json, string? address, string type)
    {
        json.WriteStartObject("network");
        if (address is not null) json.WriteString("address", address);
        json.WriteString("type", type);
        json.WriteEndObject();
    }

    static void WriteSource(Utf8JsonWriter json)
    {
        json.WriteStartObject("source");
        json.WriteStartObject("observer");
        json.WriteString("display", "Tervik");
        json.WriteEndObject();
        Codings(json, "type", ("http://terminology.hl7.org/CodeSystem/security-source-type", "4", "Application Server"));
        json.WriteEndObject();
    }

    static void WriteEntities(Utf8JsonWriter json, LoggedAccess access, Deed deed, IReadOnlyList<string> patients)
    {
        if (patients.Count == 0 && access.Resources.Count == 0 && access.Query is null && access.Request is null && deed != Deed.Query) return;
        json.WriteStartArray("entity");
        foreach (var patient in patients) WriteEntity(json, patient, (EntityTypes, "1", "Person"), role: ("1", "Patient"));
        // The patterns have one System Object: what was read or written, or the question.
        var isData = deed != Deed.Query && access.Resources.Count == 1;
        foreach (var resource in access.Resources)
            WriteEntity(json, resource, isData ? (EntityTypes, "2", "System Object") : (ResourceTypes, resource[..resource.IndexOf('/', StringComparison.Ordinal)], null), role: ("4", "Domain Resource"));
        if (deed == Deed.Query || access.Query is not null) WriteQuery(json, access);
        if (access.Request is { } request)
        {
            json.WriteStartObject();
            json.WriteStartObject("what");
            Identifier(json, request);
            json.WriteEndObject();
            Coding(json, "type", "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId", display: null);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    static void WriteQuery(Utf8JsonWriter json, LoggedAccess access)
    {
        json.WriteStartObject();
        Coding(json, "type", EntityTypes, "2", "System Object");
        Coding(json, "role", Roles, "24", "Query");
        if (access.Query is null && access.Concerned > 1)
        {
            // What was asked may name the other patients.
            json.WriteStartObject("_query");
            json.WriteStartArray("extension");
            json.WriteStartObject();
            json.WriteString("url", "http://hl7.org/fhir/StructureDefinition/data-absent-reason");
            json.WriteString("valueCode", "masked");
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }
        else json.WriteString("query", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{access.Interaction.Type}?{access.Query}")));
        json.WriteEndObject();
    }

    static void WriteEntity(Utf8JsonWriter json, string reference, (string System, string Code, string? Display) type, (string Code, string Display) role)
    {
        json.WriteStartObject();
        json.WriteStartObject("what");
        json.WriteString("reference", reference);
        json.WriteEndObject();
        Coding(json, "type", type.System, type.Code, type.Display);
        Coding(json, "role", Roles, role.Code, role.Display);
        json.WriteEndObject();
    }

    static void Identifier(Utf8JsonWriter json, string value)
    {
        json.WriteStartObject("identifier");
        json.WriteString("value", value);
        json.WriteEndObject();
    }

    static void Codings(Utf8JsonWriter json, string name, params ReadOnlySpan<(string System, string Code, string? Display)> codings)
    {
        json.WriteStartArray(name);
        foreach (var (system, code, display) in codings) WriteCoding(json, system, code, display);
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
