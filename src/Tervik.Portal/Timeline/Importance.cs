using System.Text.Json;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Timeline;

/// <summary>Which entries of a long history one must know: what a doctor would tell another about a life.</summary>
static class Importance
{
    // Stays in hospital and emergencies (HL7 v3 ActCode); discharge and operation summaries (LOINC).
    static readonly string[] Stays = ["IMP", "ACUTE", "NONAC", "EMER", "OBSENC"], Summaries = ["18842-5", "11490-0", "11504-8", "28655-9", "34105-7", "60591-5"], Critical = ["HH", "LL", "AA", "HU", "LU"];

    public static bool Is(string type, JsonElement json) => type switch
    {
        "Encounter" => json.At("class") is var kind && Stays.Contains(kind.TextAt("code") ?? kind.FirstAt("coding").TextAt("code")),
        "Condition" => !Codes.Has(json.At("verificationStatus"), "refuted", "entered-in-error") && !IsFinding(json) && !Codes.Has(json.At("severity"), "255604002"), // mild
        "Procedure" => json.TextAt("status") is "completed" or "in-progress" && !Codes.Has(json.At("category"), "409063005", "409073007"), // counselling, education
        "AllergyIntolerance" => json.TextAt("criticality") == "high" || json.ItemsAt("reaction").Any(reaction => reaction.TextAt("severity") == "severe"),
        "Observation" => json.ItemsAt("interpretation").Any(one => Codes.Has(one, Critical)) || json.ItemsAt("component").Any(part => part.ItemsAt("interpretation").Any(one => Codes.Has(one, Critical))),
        "DiagnosticReport" => json.TextAt("conclusion") is not null || json.At("conclusionCode").Exists(),
        "DocumentReference" or "Composition" => Codes.Has(json.At("type"), Summaries),
        "ImagingStudy" or "Flag" or "CarePlan" => true,
        _ => false,
    };

    // "Full-time employment (finding)": programs that write lives record circumstances as conditions.
    static bool IsFinding(JsonElement condition) => condition.At("code").ItemsAt("coding").Any(coding => coding.TextAt("display")?.EndsWith("(finding)", StringComparison.Ordinal) == true);
}
