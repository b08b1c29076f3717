using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tervik.Records;
using Tervik.Records.Marks;
using Tervik.Trust.AuditLog;

namespace Tervik.Trust.Consent;

/// <summary>A choice of a patient as FHIR R4 Consent of the scope patient-privacy, and back. Outside stands the Consent, inside the normal form; one says no more and no less than the other.</summary>
/// <remarks>
/// A denial that gives way in an emergency says so: it has a nested provision that permits for the purpose BTG. Without one it is absolute, which only a denial of genetic data to all can be.
/// Whatever in a Consent the normal form cannot say is refused, never left out: it would hide less or more than the patient meant.
/// </remarks>
public static class ConsentJson
{
    /// <summary>Begins the ids of choices, so that Consents brought by others keep theirs.</summary>
    public const string IdPrefix = "choice-";
    /// <summary>The tag of each choice: system and code.</summary>
    public const string TagSystem = "urn:tervik:consent", TagCode = "choice";
    /// <summary>The absolute opt-out is of this category.</summary>
    public const string Genetics = "GDIS";

    const string ConsentScope = "http://terminology.hl7.org/CodeSystem/consentscope", ConsentAction = "http://terminology.hl7.org/CodeSystem/consentaction", Participation = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
        ActCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode", ResourceTypes = "http://hl7.org/fhir/resource-types", Loinc = "http://loinc.org", ConsentDocument = "59284-0";
    /// <summary>Of the provision of a let-in: what the adult does for the patient beside reading, <c>appointments</c>.</summary>
    const string ActsExtension = "urn:tervik:acts";
    /// <summary>Meaning of a data reference: the item and what refers to it, as marks have it.</summary>
    const string Dependents = "dependents";

    static readonly JsonSerializerOptions Options = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Logical id of a choice.</summary>
    public static string Id(SharingChoice choice) => IdPrefix + choice.Id;

    /// <summary>Version of a choice's Consent: it is changed once, when it is ended by hand.</summary>
    internal static string Version(SharingChoice choice) => choice.EndedUs == 0 ? "1" : "2";

    /// <summary>One Consent.</summary>
    /// <param name="choice">The choice.</param>
    /// <param name="nowUs">Microseconds since 1970-01-01 UTC.</param>
    public static byte[] Resource(SharingChoice choice, long nowUs) => JsonSerializer.SerializeToUtf8Bytes(Of(choice, nowUs), Options);

    /// <summary>Choices to be taken along: a Bundle of type collection.</summary>
    public static byte[] Collection(IEnumerable<SharingChoice> choices, string server, long nowUs) => JsonSerializer.SerializeToUtf8Bytes(
        new { resourceType = "Bundle", type = "collection", entry = choices.Select(choice => new { fullUrl = $"{server}/Consent/{Id(choice)}", resource = Of(choice, nowUs) }) }, Options);

    /// <summary>One page of a search.</summary>
    /// <param name="page">The matches.</param>
    /// <param name="total">Of all pages.</param>
    /// <param name="links">Relation and address.</param>
    /// <param name="server">Address of the FHIR base.</param>
    /// <param name="nowUs">Microseconds since 1970-01-01 UTC.</param>
    internal static byte[] Found(IEnumerable<SharingChoice> page, int total, IEnumerable<(string Relation, string Address)> links, string server, long nowUs)
    {
        var entries = page.Select(choice => new { fullUrl = $"{server}/Consent/{Id(choice)}", resource = Of(choice, nowUs), search = new { mode = "match" } }).ToList();
        return JsonSerializer.SerializeToUtf8Bytes(new { resourceType = "Bundle", type = "searchset", total, link = links.Select(link => new { relation = link.Relation, url = link.Address }), entry = entries.Count == 0 ? null : entries }, Options);
    }

    static object Of(SharingChoice choice, long nowUs) => new
    {
        resourceType = "Consent", id = Id(choice),
        meta = new { versionId = Version(choice), lastUpdated = Instant(Math.Max(choice.MadeUs, choice.EndedUs)), tag = new[] { new { system = TagSystem, code = TagCode } } },
        status = choice.HoldsAt(nowUs) ? "active" : "inactive",
        scope = Concept(ConsentScope, "patient-privacy"), category = new[] { Concept(Loinc, ConsentDocument) },
        patient = new { reference = choice.Patient }, dateTime = Instant(choice.MadeUs), performer = new[] { new { reference = choice.Patient } }, policyRule = Concept(ActCode, "OPTIN"),
        provision = new
        {
            type = choice.Kind is SharingKind.LetIn or SharingKind.Allow ? "permit" : "deny",
            period = new { start = Instant(choice.MadeUs), end = choice.EndedUs != 0 ? Instant(choice.EndedUs) : choice.EndsUs != 0 ? Instant(choice.EndsUs) : null },
            actor = Actor(choice.Actor), action = new[] { Concept(ConsentAction, "access") },
            securityLabel = SensitiveCodes.Categories.Contains(choice.What) ? new[] { new { system = LabelSystem(choice.What), code = choice.What } } : null,
            extension = choice.Books ? new[] { new { url = ActsExtension, valueCode = "appointments" } } : null,
            @class = choice.Kind == SharingKind.LetIn && choice.Classes.Count > 0 ? choice.Classes.SelectMany(DataClasses.Of).Distinct().Order(StringComparer.Ordinal).Select(type => new { system = ResourceTypes, code = type }) : null,
            dataPeriod = choice.What.Split(' ') is ["period", var from, var to] ? new { start = from, end = to } : null,
            data = choice.What.Split(' ') is ["item", var item] ? new[] { new { meaning = Dependents, reference = new { reference = item } } } : null,
            provision = choice.Kind == SharingKind.KeepOut ? new[] { new { type = "permit", purpose = new[] { new { system = PurposeOfUse.System, code = PurposeOfUse.BreakTheGlass } } } } : null,
        },
    };

    static object[]? Actor(string actor) =>
        actor.StartsWith("role ", StringComparison.Ordinal) && actor["role ".Length..].Split('|') is [var system, var code] ? [new { role = Concept(system, code), reference = new { display = "Everybody with this role" } }]
        : actor == SharingChoice.Everybody ? null : [new { role = Concept(Participation, "IRCP"), reference = new { reference = actor } }];

    /// <summary>Categories are sensitivities; only "restricted" is a confidentiality.</summary>
    static string LabelSystem(string category) => category == "R" ? "http://terminology.hl7.org/CodeSystem/v3-Confidentiality" : ActCode;

    static object Concept(string system, string code) => new { coding = new[] { new { system, code } } };
    static string Instant(long us) => Clock.Time(us).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The choice that a Consent says, with the id given.</summary>
    /// <param name="consent">A valid R4 Consent.</param>
    /// <param name="id">Of the choice.</param>
    /// <param name="nowUs">When it is made: microseconds since 1970-01-01 UTC.</param>
    /// <exception cref="FaultException">422: it says something that is no choice; the fault says what and where.</exception>
    internal static SharingChoice Read(JsonElement consent, string id, long nowUs)
    {
        Only(consent, "Consent", "resourceType", "id", "meta", "text", "language", "extension", "status", "scope", "category", "patient", "dateTime", "performer", "organization", "policy", "policyRule", "provision");
        if (!IsCode(consent.GetProperty("scope"), ConsentScope, "patient-privacy")) throw Wrong("Consent.scope", "a choice is of the scope patient-privacy");
        var patient = Reference(consent, "patient") ?? throw Wrong("Consent.patient", "whose record it is about");
        if (consent.TryGetProperty("performer", out var performers) && performers.EnumerateArray().Any(performer => Text(performer, "reference") != patient)) throw Wrong("Consent.performer", "choices are made by the patient alone");
        if (!consent.TryGetProperty("provision", out var provision)) throw Wrong("Consent.provision", "what is denied or permitted, and to whom");
        Only(provision, "Consent.provision", "extension", "type", "period", "actor", "action", "securityLabel", "dataPeriod", "data", "provision");
        if (provision.TryGetProperty("action", out var actions) && !(actions.GetArrayLength() == 1 && IsCode(actions[0], ConsentAction, "access"))) throw Wrong("Consent.provision.action", "access, or none");
        var (actor, what) = (ActorOf(provision), PartOf(provision));
        return new(id, KindOf(provision, actor, what), patient, actor, nowUs, EndOf(provision, nowUs), EndedUs: 0, what);
    }

    static SharingKind KindOf(JsonElement provision, string actor, string what)
    {
        var nested = provision.TryGetProperty("provision", out var exceptions);
        switch (Text(provision, "type"))
        {
            case "permit":
                if (nested) throw Wrong("Consent.provision.provision", "a permission without exceptions");
                return SharingKind.Allow;
            case "deny":
                if (nested)
                {
                    if (exceptions.GetArrayLength() != 1 || !IsEmergency(exceptions[0])) throw Wrong("Consent.provision.provision", $"one exception: permit for the purpose {PurposeOfUse.BreakTheGlass}");
                    return SharingKind.KeepOut;
                }
                if (actor == SharingChoice.Everybody && what == Genetics) return SharingKind.OptOut;
                throw Wrong("Consent.provision.provision", $"the exception for emergencies, permit for the purpose {PurposeOfUse.BreakTheGlass}: only genetic data ({Genetics}) can be closed to all without it");
            default: throw Wrong("Consent.provision.type", "permit or deny");
        }
    }

    static bool IsEmergency(JsonElement exception)
    {
        Only(exception, "Consent.provision.provision", "type", "purpose");
        return Text(exception, "type") == "permit" && exception.TryGetProperty("purpose", out var purposes) && purposes.GetArrayLength() == 1 && IsCoding(purposes[0], PurposeOfUse.System, PurposeOfUse.BreakTheGlass);
    }

    static string ActorOf(JsonElement provision)
    {
        const string Where = "Consent.provision.actor";
        if (!provision.TryGetProperty("actor", out var actors)) return SharingChoice.Everybody;
        if (actors.GetArrayLength() != 1) throw Wrong(Where, "one actor; make a choice for each");
        var role = actors[0].GetProperty("role");
        if (Reference(actors[0], "reference") is { } reference)
        {
            if (reference.Split('/') is not ["Practitioner" or "Organization", { Length: > 0 }]) throw Wrong(Where, "a Practitioner, an Organization, or a role; adults are let in on the page about the family");
            return IsCode(role, Participation, "IRCP") ? reference : throw Wrong($"{Where}.role", "IRCP (information recipient) beside a reference");
        }
        if (!role.TryGetProperty("coding", out var codings) || codings.GetArrayLength() != 1 || Text(codings[0], "system") is not { } system || Text(codings[0], "code") is not { } code || system.Contains('|') || code.Contains('|'))
            throw Wrong($"{Where}.role", "one coding with system and code, of a role, or a reference to somebody");
        return $"role {system}|{code}";
    }

    static string PartOf(JsonElement provision)
    {
        var parts = new List<string>();
        if (provision.TryGetProperty("securityLabel", out var labels))
        {
            if (labels.GetArrayLength() != 1 || Text(labels[0], "code") is not { } category || !SensitiveCodes.Categories.Contains(category) || Text(labels[0], "system") != LabelSystem(category))
                throw Wrong("Consent.provision.securityLabel", $"one category: {string.Join(", ", SensitiveCodes.Categories.Select(category => $"{LabelSystem(category)}|{category}"))}");
            parts.Add(category);
        }
        if (provision.TryGetProperty("data", out var data))
        {
            if (data.GetArrayLength() != 1 || Text(data[0], "meaning") != Dependents || Reference(data[0], "reference") is not { } item || !ConsentRules.IsPart(RecordMarks.Item(item)))
                throw Wrong("Consent.provision.data", $"one entry of the record with the meaning {Dependents}: what refers to it goes with it");
            parts.Add(RecordMarks.Item(item));
        }
        if (provision.TryGetProperty("dataPeriod", out var period))
            parts.Add(Day(period, "start") is { } from && Day(period, "end") is { } to && from <= to ? RecordMarks.Period(from, to) : throw Wrong("Consent.provision.dataPeriod", "two days, the first not after the last"));
        return parts.Count switch { 0 => SharingChoice.Everything, 1 => parts[0], _ => throw Wrong("Consent.provision", "one of securityLabel, data and dataPeriod; make a choice for each") };
    }

    static long EndOf(JsonElement provision, long nowUs)
    {
        const string Where = "Consent.provision.period";
        if (!provision.TryGetProperty("period", out var period)) return 0;
        if (Text(period, "start") is { } start && (InstantOf(start, isEnd: false) ?? throw Wrong(Where, "a day or a time")) > nowUs) throw Wrong($"{Where}.start", "a choice acts at once");
        if (Text(period, "end") is not { } end) return 0;
        var us = InstantOf(end, isEnd: true) ?? throw Wrong(Where, "a day or a time");
        return us > nowUs ? us : throw Wrong($"{Where}.end", "a time to come");
    }

    /// <summary>A day, whose end is the midnight after it, here; or an instant.</summary>
    static long? InstantOf(string text, bool isEnd) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day < DateOnly.MaxValue ? new DateTimeOffset(day.AddDays(isEnd ? 1 : 0).ToDateTime(TimeOnly.MinValue, DateTimeKind.Local)).Us()
        : text.Contains('T') && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var instant) ? instant.Us() : null;

    static DateOnly? Day(JsonElement period, string name) => DateOnly.TryParseExact(Text(period, name), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day < DateOnly.MaxValue ? day : null;

    static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;
    static string? Reference(JsonElement json, string name) => json.TryGetProperty(name, out var reference) ? Text(reference, "reference") : null;
    static bool IsCoding(JsonElement coding, string system, string code) => Text(coding, "system") == system && Text(coding, "code") == code;
    static bool IsCode(JsonElement concept, string system, string code) => concept.TryGetProperty("coding", out var codings) && codings.GetArrayLength() == 1 && IsCoding(codings[0], system, code);

    static void Only(JsonElement json, string where, params ReadOnlySpan<string> names)
    {
        foreach (var property in json.EnumerateObject())
            if (!names.Contains(property.Name)) throw Wrong($"{where}.{property.Name}", "nothing here: a choice cannot say it");
    }

    static FaultException Wrong(string where, string expected) => new(new Fault(FaultKind.Unprocessable, "business-rule", where, $"This is no choice about one's record; expected {expected}."));
}
