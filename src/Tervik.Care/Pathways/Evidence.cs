using System.Globalization;
using System.Text.Json;
using Tervik.Care.Messages;
using Tervik.Care.Referrals;
using Tervik.Records.Model;

namespace Tervik.Care.Pathways;

/// <summary>What the record says that may answer a step of a pathway.</summary>
/// <param name="Kind">Which kind of step it may answer.</param>
/// <param name="Type">Resource type.</param>
/// <param name="Reference">The resource.</param>
/// <param name="Day">When it was done: sent, booked, measured; of a visit, when that was.</param>
/// <param name="Codes">Element and code of what it is (<c>element|system|code</c>).</param>
/// <param name="BasedOn">References of what it was done for.</param>
public sealed record Evidence(AnswerKind Kind, string Type, string Reference, DateOnly Day, IReadOnlyList<string> Codes, IReadOnlyList<string> BasedOn)
{
    /// <summary>Of an appointment: the day of the visit.</summary>
    public DateOnly? Planned { get; init; }
    /// <summary>Of a referral: the unit that it goes to.</summary>
    public Correspondent? Unit { get; init; }
    /// <summary>Of answers: the canonical address of the Questionnaire, without its version.</summary>
    public string? Questionnaire { get; init; }

    /// <summary>Reads a resource; nothing when it is called off, a draft, not dated, or of no type that answers a step. A closed referral and a visited appointment are two things.</summary>
    /// <param name="type">Resource type.</param>
    /// <param name="id">Logical id.</param>
    /// <param name="json">The resource.</param>
    /// <param name="changed">Day on which this version was written: for what does not say when it became so.</param>
    public static IEnumerable<Evidence> Read(string type, string id, JsonElement json, DateOnly changed)
    {
        var status = json.TextAt("status");
        var reference = $"{type}/{id}";
        List<string> basedOn = [.. References(json, "basedOn"), .. References(json, "appointment")];
        Evidence Of(AnswerKind kind, DateOnly day, params ReadOnlySpan<string> paths)
        {
            var codes = new List<string>();
            foreach (var path in paths) codes.AddRange(json.ItemsAt(path).SelectMany(concept => concept.ItemsAt("coding")).Select(coding => $"{path}|{coding.TextAt("system")}|{coding.TextAt("code")}"));
            return new(kind, type, reference, day, codes, basedOn);
        }
        switch (type)
        {
            case "ServiceRequest" when status is "active" or "on-hold" or "completed" && DayOf(json, "authoredOn") is { } sent:
                var isReferral = json.ItemsAt("category").SelectMany(category => category.ItemsAt("coding")).Any(coding => coding.TextAt("code") == Referral.Category && coding.TextAt("system") == Referral.Snomed);
                var unit = json.ItemsAt("performer").FirstOrDefault(one => one.TextAt("reference")?.StartsWith("Organization/", StringComparison.Ordinal) == true);
                yield return Of(isReferral ? AnswerKind.Referral : AnswerKind.Order, sent, "code") with { Unit = isReferral && unit.TextAt("reference") is { } to ? new(to, unit.TextAt("display") ?? to) : null };
                if (isReferral && status == "completed") yield return Of(AnswerKind.ReferralAnswer, changed, "code");
                break;
            case "Appointment" when status is "pending" or "booked" or "arrived" or "checked-in" or "fulfilled" && DayOf(json, "start") is { } planned:
                yield return Of(AnswerKind.Appointment, DayOf(json, "created") ?? changed, "serviceType", "specialty") with { Planned = planned };
                if (status == "fulfilled") yield return Of(AnswerKind.Visit, planned, "serviceType") with { Type = "Encounter" };
                break;
            case "Encounter" when status == "finished" && DayOf(json.At("period"), "start") is { } visited:
                yield return Of(AnswerKind.Visit, visited, "type", "serviceType");
                break;
            case "DiagnosticReport" or "Observation" when status is "final" or "amended" or "corrected" or "appended" && (DayOf(json, "effectiveDateTime") ?? DayOf(json.At("effectivePeriod"), "start") ?? DayOf(json, "issued")) is { } measured:
                yield return Of(AnswerKind.Result, measured, "code");
                break;
            case "Procedure" when status == "completed" && (DayOf(json, "performedDateTime") ?? DayOf(json.At("performedPeriod"), "start")) is { } performed:
                yield return Of(AnswerKind.Result, performed, "code");
                break;
            case "QuestionnaireResponse" when status is "completed" or "amended" && DayOf(json, "authored") is { } answered:
                yield return Of(AnswerKind.Questionnaire, answered) with { Questionnaire = json.TextAt("questionnaire")?.Split('|')[0] };
                break;
        }
    }

    /// <summary>Whether it is of the kind, and has the code, that answers a step.</summary>
    /// <param name="answer">What answers the step.</param>
    /// <param name="based">What the pathway and its steps so far consist of: what was done for one of these answers without a code.</param>
    /// <param name="isBased">Whether it was done for one of them.</param>
    public bool Answers(StepAnswer answer, IReadOnlySet<string> based, out bool isBased)
    {
        isBased = based.Contains(Reference) || BasedOn.Any(based.Contains);
        if (Kind != answer.Kind || Type != answer.Type) return false;
        if (answer.Questionnaire is { } questionnaire) return Questionnaire == questionnaire;
        return answer.Codes.Count == 0 ? isBased : answer.Codes.Any(code => Codes.Contains($"{answer.Path}|{code}"));
    }

    static IEnumerable<string> References(JsonElement json, string name) => json.ItemsAt(name).Select(one => one.TextAt("reference")).OfType<string>();

    /// <summary>The day of a date or a moment, by the clock of this node; null when it is less than a day exact, or of another age.</summary>
    static DateOnly? DayOf(JsonElement json, string name)
    {
        var text = json.TextAt(name);
        DateOnly? day = text is { Length: 10 } ? DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? date : null
            : text is { Length: > 10 } && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) && at.Year is > 1900 and < 9000 ? DateOnly.FromDateTime(at.LocalDateTime) : null;
        return day is { Year: > 1900 and < 9000 } ? day : null;
    }
}
