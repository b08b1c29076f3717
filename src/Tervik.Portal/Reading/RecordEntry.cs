using System.Collections.Frozen;
using System.Text.Json;

namespace Tervik.Portal.Reading;

/// <summary>What a reader calls a group of entries; also the filter of the timeline.</summary>
public enum EntryKind { Visits, Problems, Medication, Allergies, Vaccinations, Procedures, Results, Imaging, Plans, Documents, Messages, Administration }

/// <summary>One entry of a record in a line: when, what, how it stands.</summary>
/// <param name="Type">Resource type.</param>
/// <param name="Id">Logical id.</param>
/// <param name="Kind">Its group.</param>
/// <param name="Date">When it happened or was written; null when the entry does not say.</param>
/// <param name="Title">Never empty: the type's name where nothing else is given.</param>
/// <param name="Detail">One more line, or null.</param>
/// <param name="Status">In words when it is not the expected one (a stopped medication, a cancelled visit), or null.</param>
public sealed record RecordEntry(string Type, string Id, EntryKind Kind, FhirDate? Date, string Title, string? Detail, string? Status)
{
    /// <summary>Whether a type is a text to be read rather than facts to be listed.</summary>
    public static bool IsDocument(string type) => type is "DocumentReference" or "Composition" or "DiagnosticReport" or "QuestionnaireResponse";

    /// <summary>The page that shows an entry best: documents are read, everything else is listed in full.</summary>
    /// <param name="patient">Whose record: logical id.</param>
    /// <param name="type">Resource type.</param>
    /// <param name="id">Logical id.</param>
    public static string Address(string patient, string type, string id) => $"/patients/{Uri.EscapeDataString(patient)}/{(IsDocument(type) ? "documents" : "entry")}/{type}/{Uri.EscapeDataString(id)}";

    /// <inheritdoc cref="Address(string, string, string)"/>
    public string Address(string patient) => Address(patient, Type, Id);

    // Where a type keeps its date and its name: the first member that is there counts.
    static readonly string[] Dates =
    [
        "onsetDateTime", "onsetPeriod", "occurrenceDateTime", "occurrencePeriod", "performedDateTime", "performedPeriod", "effectiveDateTime", "effectivePeriod",
        "effectiveInstant", "period", "start", "started", "whenHandedOver", "whenPrepared", "startDate", "servicedDate", "recordedDate", "authoredOn", "authored",
        "assertedDate", "sent", "received", "date", "dateTime", "issued", "created", "recorded", "dateAsserted", "dateRecorded", "requestedPeriod", "billablePeriod", "createdDateTime",
    ];

    static readonly string[] Titles =
    [
        "code", "vaccineCode", "medicationCodeableConcept", "medicationReference", "procedureCode", "type", "serviceType", "class", "productCodeableConcept", "appointmentType",
        "category", "title", "description", "name", "deviceName", "topic", "modality", "purpose", "use",
    ];

    static readonly FrozenDictionary<string, EntryKind> Kinds = new Dictionary<string, EntryKind>
    {
        ["Encounter"] = EntryKind.Visits, ["Appointment"] = EntryKind.Visits, ["EpisodeOfCare"] = EntryKind.Visits,
        ["Condition"] = EntryKind.Problems, ["Flag"] = EntryKind.Problems, ["ClinicalImpression"] = EntryKind.Problems, ["AdverseEvent"] = EntryKind.Problems, ["FamilyMemberHistory"] = EntryKind.Problems,
        ["MedicationRequest"] = EntryKind.Medication, ["MedicationStatement"] = EntryKind.Medication, ["MedicationAdministration"] = EntryKind.Medication, ["MedicationDispense"] = EntryKind.Medication,
        ["AllergyIntolerance"] = EntryKind.Allergies,
        ["Immunization"] = EntryKind.Vaccinations, ["ImmunizationRecommendation"] = EntryKind.Vaccinations,
        ["Procedure"] = EntryKind.Procedures, ["DeviceUseStatement"] = EntryKind.Procedures,
        ["Observation"] = EntryKind.Results, ["DiagnosticReport"] = EntryKind.Results, ["Specimen"] = EntryKind.Results, ["RiskAssessment"] = EntryKind.Results,
        ["ImagingStudy"] = EntryKind.Imaging, ["Media"] = EntryKind.Imaging,
        ["CarePlan"] = EntryKind.Plans, ["CareTeam"] = EntryKind.Plans, ["Goal"] = EntryKind.Plans, ["ServiceRequest"] = EntryKind.Plans, ["Task"] = EntryKind.Plans, ["NutritionOrder"] = EntryKind.Plans,
        ["DocumentReference"] = EntryKind.Documents, ["Composition"] = EntryKind.Documents, ["QuestionnaireResponse"] = EntryKind.Documents, ["Consent"] = EntryKind.Documents,
        ["Communication"] = EntryKind.Messages, ["CommunicationRequest"] = EntryKind.Messages,
    }.ToFrozenDictionary();

    // States that need no word: everything is as one expects.
    static readonly FrozenSet<string> Expected = FrozenSet.ToFrozenSet(["active", "completed", "final", "finished", "current", "available", "confirmed", "fulfilled", "generated", "registered", "booked"]);

    public static EntryKind KindOf(string type) => Kinds.GetValueOrDefault(type, EntryKind.Administration);

    public static RecordEntry Read(string type, string id, JsonElement resource)
    {
        var status = Codes.Code(resource.At("clinicalStatus")) ?? resource.TextAt("status") ?? resource.TextAt("lifecycleStatus");
        var (title, detail) = (TitleOf(type, resource), DetailOf(type, resource));
        return new(type, id, KindOf(type), FhirDate.Of(resource, Dates), title, detail == title ? null : detail, status is null || Expected.Contains(status) ? null : Codes.Readable(status));
    }

    static string TitleOf(string type, JsonElement resource)
    {
        foreach (var name in Titles)
            foreach (var item in resource.ItemsAt(name))
                if ((name switch { "medicationReference" => Medication(resource, item), "class" => ElementWords.VisitKind(item), _ => Codes.Write(item) }) is { } words) return words;
        if (type == "Goal" && Codes.Write(resource.At("description")) is { } goal) return goal;
        if (resource.FirstAt("payload").TextAt("contentString") is { } message) return message;
        return TypeInWords(type);
    }

    /// <summary><c>MedicationRequest</c> as "Medication request".</summary>
    public static string TypeInWords(string type)
    {
        var words = new System.Text.StringBuilder();
        foreach (var letter in type) words.Append(char.IsAsciiLetterUpper(letter) && words.Length > 0 ? $" {char.ToLowerInvariant(letter)}" : letter.ToString());
        return words.ToString();
    }

    // A medication may be named, contained, or only referred to.
    static string? Medication(JsonElement resource, JsonElement reference)
    {
        if (reference.TextAt("display") is { } display) return display;
        if (reference.TextAt("reference") is not ['#', .. var local]) return null;
        foreach (var contained in resource.ItemsAt("contained"))
            if (contained.TextAt("id") == local) return Codes.Write(contained.At("code"));
        return null;
    }

    static string? DetailOf(string type, JsonElement resource) => type switch
    {
        "Encounter" => Join(Codes.First(resource, "reasonCode"), resource.At("serviceProvider").TextAt("display"), Performer(resource)),
        "Appointment" => Join(resource.TextAt("description"), Codes.First(resource, "reasonCode")),
        "Condition" => Codes.First(resource, "severity"),
        "AllergyIntolerance" => Join(Reactions(resource), resource.TextAt("criticality") is { } criticality && criticality != "unable-to-assess" ? Words.Of($"criticality {criticality}") : null),
        "MedicationRequest" or "MedicationDispense" => Dosage(resource, "dosageInstruction"),
        "MedicationStatement" => Dosage(resource, "dosage"),
        "Observation" => ObservationDetail(resource),
        "DiagnosticReport" => resource.TextAt("conclusion") ?? (resource.ItemsAt("result").Count() is > 0 and var count ? Words.Of(count == 1 ? "one result" : "{0} results", count) : null),
        "DocumentReference" => Join(resource.TextAt("description"), resource.FirstAt("author").TextAt("display")),
        "ImagingStudy" => Join(resource.TextAt("description"), Codes.Write(resource.FirstAt("series").At("bodySite"))),
        "CarePlan" => Join([.. resource.ItemsAt("activity").Select(activity => Codes.Write(activity.At("detail").At("code")))]),
        "CareTeam" => Join([.. resource.ItemsAt("participant").Select(participant => participant.At("member").TextAt("display"))]),
        "Procedure" => Join(Codes.First(resource, "reasonCode"), resource.FirstAt("reasonReference").TextAt("display")),
        "Immunization" => resource.At("primarySource").ValueKind == JsonValueKind.False ? Words.Of("Reported, not given here") : null,
        _ => null,
    };

    static string? ObservationDetail(JsonElement observation) => Values.Write(observation)
        ?? Join([.. observation.ItemsAt("component").Select(component => Values.Write(component) is { } value ? $"{Codes.Write(component.At("code"))} {value}" : null)])
        ?? Codes.Write(observation.At("dataAbsentReason"));

    static string? Performer(JsonElement encounter) => encounter.FirstAt("participant").At("individual").TextAt("display");

    static string? Reactions(JsonElement allergy) =>
        Join([.. allergy.ItemsAt("reaction").SelectMany(reaction => reaction.ItemsAt("manifestation")).Select(Codes.Write)]);

    /// <summary>How to take a medication, in one line; null when it is not said.</summary>
    public static string? Dosage(JsonElement resource, string name)
    {
        foreach (var dosage in resource.ItemsAt(name))
            if ((dosage.TextAt("text") ?? dosage.TextAt("patientInstruction") ?? Structured(dosage)) is { } words) return words;
        return null;
    }

    static string? Structured(JsonElement dosage)
    {
        var rate = dosage.FirstAt("doseAndRate");
        var dose = Values.Quantity(rate.At("doseQuantity")) ?? Values.Range(rate.At("doseRange"));
        var repeat = dosage.At("timing").At("repeat");
        var timing = Codes.Write(dosage.At("timing").At("code")) ?? (repeat.TextAt("frequency") is { } frequency && repeat.TextAt("period") is { } period
            ? Words.Of($"{{0}} per {(period is "1" or "1.0" ? "one" : "{1}")} {repeat.TextAt("periodUnit")}", frequency, period) : null);
        var asNeeded = dosage.At("asNeededBoolean").ValueKind == JsonValueKind.True ? Words.Of("as needed") : null;
        return Join(dose is null && timing is not null ? null : dose, timing, asNeeded);
    }

    static string? Join(params string?[] parts) => string.Join(" · ", parts.OfType<string>().Distinct()) is { Length: > 0 } joined ? joined : null;
}
