using System.Text.Json;

namespace Tervik.Portal.Reading;

/// <summary>Whose value it is, as far as reference ranges ask.</summary>
/// <param name="Gender">As of <c>Patient.gender</c>, or null.</param>
/// <param name="Born">Date of birth, or null.</param>
public readonly record struct MeasuredPerson(string? Gender, FhirDate? Born)
{
    // SNOMED CT, HL7 v3 and FHIR.
    static readonly string[] Female = ["248152002", "F", "female"], Male = ["248153007", "M", "male"];

    public static MeasuredPerson Of(JsonElement patient) => new(patient.TextAt("gender"), FhirDate.Read(patient.TextAt("birthDate")));

    /// <summary>The usual range for this person: one for their sex and age before one for everybody; undefined when none is for them.</summary>
    public JsonElement RangeOf(JsonElement measured, FhirDate? date)
    {
        JsonElement best = default;
        var bestRank = -1;
        foreach (var range in measured.ItemsAt("referenceRange"))
        {
            var type = range.At("type");
            // Target and treatment ranges are something else than what is usual.
            if (type.Exists() && !Codes.Has(type, "normal", "recommended", "type")) continue;
            if (Rank(range, date) is var rank && rank > bestRank) (best, bestRank) = (range, rank);
        }
        return best;
    }

    // -1: not for this person.
    int Rank(JsonElement range, FhirDate? date)
    {
        var rank = 0;
        foreach (var group in range.ItemsAt("appliesTo"))
        {
            var (isFemale, isMale) = (Codes.Has(group, Female), Codes.Has(group, Male));
            if (!isFemale && !isMale) continue;
            if (Gender is null or "unknown" or "other") continue;
            if (isFemale != (Gender == "female")) return -1;
            rank++;
        }
        if (range.At("age") is { ValueKind: JsonValueKind.Object } ages && Born is { } born && date is { } day)
        {
            var years = (day.Instant - born.Instant).TotalDays / 365.25;
            if (years < Years(ages.At("low")) || years > Years(ages.At("high"))) return -1;
            rank++;
        }
        return rank;
    }

    static double? Years(JsonElement age) => Values.Number(age) is { } number
        ? (age.TextAt("code") ?? age.TextAt("unit")) switch { "mo" or "month" or "months" => number / 12, "wk" or "week" or "weeks" => number / 52.18, "d" or "day" or "days" => number / 365.25, _ => number } : null;
}
