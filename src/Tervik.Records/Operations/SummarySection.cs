using System.Collections.Frozen;

namespace Tervik.Records.Operations;

/// <summary>A section of the International Patient Summary.</summary>
/// <param name="Code">LOINC.</param>
/// <param name="Display">What LOINC calls it.</param>
/// <param name="Title">Heading in the document.</param>
/// <param name="Nothing">What the narrative says where the record holds nothing.</param>
/// <param name="Absent">Code of the guide for missing information, carried by an entry of its own; null where the section is left out or has only an emptyReason.</param>
/// <param name="IsAlways">Whether it is there even when it is empty.</param>
sealed record SummarySection(string Code, string Display, string Title, string Nothing, string? Absent = null, bool IsAlways = false)
{
    public static readonly SummarySection Medications = new("10160-0", "History of Medication use Narrative", "Medication Summary", "No information about medication is available.", "no-medication-info", IsAlways: true);
    public static readonly SummarySection Allergies = new("48765-2", "Allergies and adverse reactions Document", "Allergies and Intolerances", "No information about allergies is available.", "no-allergy-info", IsAlways: true);
    public static readonly SummarySection Problems = new("11450-4", "Problem list - Reported", "Problem List", "No information about problems is available.", "no-problem-info", IsAlways: true);
    public static readonly SummarySection Immunizations = new("11369-6", "History of Immunization note", "Immunizations", "No information about immunizations is available.", IsAlways: true);
    public static readonly SummarySection Results = new("30954-2", "Relevant diagnostic tests/laboratory data note", "Results", "No results are available.", IsAlways: true);
    public static readonly SummarySection Procedures = new("47519-4", "History of Procedures Document", "History of Procedures", "No information about procedures is available.", IsAlways: true);
    public static readonly SummarySection Devices = new("46264-8", "History of medical device use", "Medical Devices", "No information about medical devices is available.", IsAlways: true);
    public static readonly SummarySection VitalSigns = new("8716-3", "Vital signs note", "Vital Signs", "");
    public static readonly SummarySection PastProblems = new("11348-0", "History of Past illness note", "History of Past Illness", "");
    public static readonly SummarySection SocialHistory = new("29762-2", "Social history note", "Social History", "");
    public static readonly SummarySection Pregnancy = new("10162-6", "History of pregnancies Narrative", "History of Pregnancy", "");
    public static readonly SummarySection CarePlan = new("18776-5", "Plan of care note", "Plan of Care", "");
    public static readonly SummarySection AdvanceDirectives = new("42348-3", "Advance healthcare directives", "Advance Directives", "");
    public static readonly SummarySection Alerts = new("104605-1", "Alert", "Alerts", "");

    /// <summary>In the order of the document.</summary>
    public static readonly SummarySection[] All =
        [Medications, Allergies, Problems, Immunizations, Results, Procedures, Devices, VitalSigns, PastProblems, SocialHistory, Pregnancy, CarePlan, AdvanceDirectives, Alerts];
}

/// <summary>Addresses and codes of the guide (HL7 International Patient Summary, FHIR R4).</summary>
static class SummaryCodes
{
    public const string Profiles = "http://hl7.org/fhir/uv/ips/StructureDefinition/";
    public const string AbsentUnknown = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips";
    public const string DataAbsentReason = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
    public const string AbsentReasons = "http://terminology.hl7.org/CodeSystem/data-absent-reason";
    public const string Loinc = "http://loinc.org";
    public const string Snomed = "http://snomed.info/sct";
    public const string ConditionCategory = "http://terminology.hl7.org/CodeSystem/condition-category";
    public const string ObservationCategory = "http://terminology.hl7.org/CodeSystem/observation-category";
    public const string DiagnosticService = "http://terminology.hl7.org/CodeSystem/v2-0074";
    public const string TobaccoUse = "72166-2", AlcoholUse = "74013-4", PregnancyStatus = "82810-3";
    /// <summary>Expected date of delivery: clinically estimated, from the last menstruation, from ultrasound.</summary>
    public static readonly FrozenSet<string> DeliveryDates = ["11778-8", "11779-6", "11780-4"];
    /// <summary>Numbers of births and of pregnancies by their outcome.</summary>
    public static readonly FrozenSet<string> PregnancyOutcomes = ["11636-8", "11637-6", "11638-4", "11639-2", "11640-0", "11612-9", "11613-7", "11614-5", "33065-4"];
    /// <summary>SNOMED CT: no known allergy of any kind; the guide has codes of its own for them.</summary>
    public static readonly FrozenDictionary<string, string> NoKnownAllergy = new Dictionary<string, string>
    {
        ["716186003"] = "no-known-allergies", ["409137002"] = "no-known-medication-allergies", ["428607008"] = "no-known-environmental-allergies", ["429625007"] = "no-known-food-allergies",
    }.ToFrozenDictionary();

    /// <summary>Display of a code of <see cref="AbsentUnknown"/>.</summary>
    public static string Display(string absent) => absent switch
    {
        "no-medication-info" => "No information about medications",
        "no-allergy-info" => "No information about allergies",
        "no-problem-info" => "No information about problems",
        "no-known-allergies" => "No known allergies",
        "no-known-medication-allergies" => "No known medication allergies",
        "no-known-environmental-allergies" => "No known environmental allergies",
        "no-known-food-allergies" => "No known food allergies",
        _ => throw new ArgumentOutOfRangeException(nameof(absent), absent, "No code of the guide that is used here."),
    };

    /// <summary>The profile an entry of a section keeps to; null where the guide has none.</summary>
    /// <param name="type">Resource type.</param>
    /// <param name="section">Where it stands; null for what entries refer to.</param>
    /// <param name="code">LOINC code of an observation, or null.</param>
    /// <param name="isImaging">Whether an observation is of imaging.</param>
    public static string? Profile(string type, SummarySection? section, string? code, bool isImaging) => type switch
    {
        "Patient" or "AllergyIntolerance" or "Condition" or "MedicationRequest" or "MedicationStatement" or "Medication" or "Immunization" or "Procedure" or "DiagnosticReport" or "DeviceUseStatement"
            or "Organization" or "Practitioner" or "PractitionerRole" or "Specimen" or "Composition" => $"{Profiles}{type}-uv-ips",
        "Device" => $"{Profiles}Device-uv-ips",
        "Flag" => $"{Profiles}Flag-alert-uv-ips",
        "Observation" when section == SummarySection.Results => isImaging ? $"{Profiles}Observation-results-radiology-uv-ips" : $"{Profiles}Observation-results-laboratory-pathology-uv-ips",
        "Observation" when section == SummarySection.VitalSigns => "http://hl7.org/fhir/StructureDefinition/vitalsigns",
        "Observation" when code is not null => code switch
        {
            TobaccoUse => $"{Profiles}Observation-tobaccouse-uv-ips",
            AlcoholUse => $"{Profiles}Observation-alcoholuse-uv-ips",
            PregnancyStatus => $"{Profiles}Observation-pregnancy-status-uv-ips",
            _ when DeliveryDates.Contains(code) => $"{Profiles}Observation-pregnancy-edd-uv-ips",
            _ when PregnancyOutcomes.Contains(code) => $"{Profiles}Observation-pregnancy-outcome-uv-ips",
            _ => null,
        },
        _ => null,
    };
}
