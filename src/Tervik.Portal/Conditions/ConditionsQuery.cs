using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;

namespace Tervik.Portal.Conditions;

/// <summary>Reads the problems of a patient: current, of an unknown state, past.</summary>
static class ConditionsQuery
{
    public static async Task<SectionModel> Load(Section section)
    {
        var current = await section.Group("current", Words.Of("fact Current problems"), "Condition", Line, ("clinical-status", "active,recurrence,relapse"), ("_sort", "-onset-date"));
        // A record may leave out how a problem stands: it is current unless it says that it ended.
        var unsaid = await section.Group("unsaid", Words.Of("State not recorded"), "Condition", Line, ("clinical-status:missing", "true"), ("_sort", "-onset-date"));
        var past = await section.Group("past", Words.Of("fact Past problems"), "Condition", Line, ("clinical-status", "inactive,remission,resolved"), ("_sort", "-onset-date"));
        return section.Model(current, unsaid, past);
    }

    /// <summary>A problem in a line; null when it was entered in error.</summary>
    public static SectionLine? Line(Shown shown)
    {
        var json = shown.Json;
        if (Codes.Has(json.At("verificationStatus"), "entered-in-error")) return null;
        return shown.Line(FhirDate.Of(json, "onsetDateTime", "onsetPeriod") ?? FhirDate.Of(json, "recordedDate", "assertedDate"), When(json),
            [ClinicalTag(json), VerificationTag(json)],
            [
                Codes.Write(json.At("severity")) is { } severity ? new(Words.Of("fact Severity"), severity) : null,
                shown.Text(Words.Of("fact Part of the body"), "bodySite"),
                json.FirstAt("stage") is var stage && (Codes.Write(stage.At("summary")) ?? Codes.Write(stage.At("type"))) is { } words ? new(Words.Of("fact Stage"), words) : null,
                shown.FirstReference(Words.Of("fact Recorded by"), "recorder", "asserter"),
                shown.Reference(Words.Of("fact Visit"), json.At("encounter")),
                .. Related(shown),
                .. json.ItemsAt("evidence").SelectMany(evidence => evidence.ItemsAt("detail")).Select(detail => shown.Reference(Words.Of("fact Seen in"), detail)),
                .. shown.Notes(),
            ]);
    }

    /// <summary>Since when, from when to when, or at what age; null when nothing is known.</summary>
    public static string? When(JsonElement condition)
    {
        var onset = FhirDate.Of(condition, "onsetDateTime", "onsetPeriod");
        var end = FhirDate.Of(condition, "abatementDateTime") ?? FhirDate.Read(condition.At("abatementPeriod").TextAt("end") ?? condition.At("onsetPeriod").TextAt("end"));
        return (onset?.Day, end?.Day) switch
        {
            ({ } from, { } to) => from == to ? from : $"{from} – {to}",
            ({ } from, null) => HasEnded(condition) ? Words.Of("fact began {0}", from) : Words.Of("since {0}", from),
            (null, { } to) => Words.Of("until {0}", to),
            _ => Values.Write(condition, "onset") is { } age ? condition.At("onsetAge").Exists() || condition.At("onsetRange").Exists() ? Words.Of("fact at the age of {0}", age) : age
                : FhirDate.Of(condition, "recordedDate", "assertedDate") is { } recorded ? Words.Of("fact recorded {0}", recorded.Day) : null,
        };
    }

    static bool HasEnded(JsonElement condition) => Codes.Has(condition.At("clinicalStatus"), "inactive", "remission", "resolved")
        || condition.At("abatementString").Exists() || condition.At("abatementAge").Exists() || condition.At("abatementRange").Exists() || condition.At("abatementPeriod").Exists();

    static Tag? ClinicalTag(JsonElement condition) => Codes.Code(condition.At("clinicalStatus")) is { } state && state != "active" ? new(States.Of(condition.At("clinicalStatus"))!, state is "recurrence" or "relapse" ? "warning" : "neutral") : null;

    static Tag? VerificationTag(JsonElement condition) => Codes.Code(condition.At("verificationStatus")) is { } state && state != "confirmed" ? new(States.Of(condition.At("verificationStatus"))!, state == "refuted" ? "neutral" : "info") : null;

    // Standard extensions of Condition: condition-dueTo, condition-occurredFollowing, condition-related, and part-of.
    static IEnumerable<Fact?> Related(Shown shown)
    {
        foreach (var extension in shown.Json.ItemsAt("extension"))
        {
            var kind = extension.TextAt("url")?.Split('/')[^1] switch
            {
                "condition-dueTo" => "fact Caused by", "condition-occurredFollowing" => "fact Came after", "condition-related" => "fact Related to", "condition-partOf" or "event-partOf" or "workflow-partOf" => "fact Part of", _ => null,
            };
            if (kind is null) continue;
            yield return Codes.Write(extension.At("valueCodeableConcept")) is { } words ? new(Words.Of(kind), words) : shown.Reference(Words.Of(kind), extension.At("valueReference"));
        }
    }
}
