using System.Globalization;
using System.Text.Json;
using Tervik.Care.Referrals;
using Tervik.Records;
using Tervik.Records.Model;

namespace Tervik.Care.Pathways;

/// <summary>What in the record answers a step.</summary>
public enum AnswerKind
{
    /// <summary>Nothing: somebody says that it is done.</summary>
    Hand,
    /// <summary>A referral that was sent.</summary>
    Referral,
    /// <summary>A referral that is completed.</summary>
    ReferralAnswer,
    /// <summary>An order, as of a test.</summary>
    Order,
    /// <summary>An appointment that is booked.</summary>
    Appointment,
    /// <summary>A visit that took place.</summary>
    Visit,
    /// <summary>A report, an observation or a procedure.</summary>
    Result,
    /// <summary>A questionnaire that was sent in.</summary>
    Questionnaire,
}

/// <summary>Who has a step in hand.</summary>
public enum OwnerKind
{
    /// <summary>The patient.</summary>
    Patient,
    /// <summary>Whoever starts the pathway.</summary>
    Starter,
    /// <summary>The unit that the referral of the pathway goes to; whoever started it, until there is one.</summary>
    Receiver,
    /// <summary>The one whom the template names.</summary>
    Named,
}

/// <summary>A length of time in days and months, as promises are made.</summary>
/// <param name="Days">Of 24 hours by the calendar.</param>
/// <param name="Months">Of the calendar: from 31 January one is to the last day of February.</param>
public readonly record struct Span(int Days, int Months = 0)
{
    /// <summary>The day so long after another.</summary>
    public DateOnly After(DateOnly day) => day.AddMonths(Months).AddDays(Days);
    /// <summary>The day so long before another.</summary>
    public DateOnly Before(DateOnly day) => day.AddMonths(-Months).AddDays(-Days);
}

/// <summary>How a step hangs together with another.</summary>
/// <param name="Step">Id of the other.</param>
/// <param name="IsBefore">It is done so long before the other; else so long after it.</param>
/// <param name="Offset">By when: at the latest so long after, or so long before.</param>
/// <param name="Earliest">What answers it may come so long after the other at the earliest.</param>
public sealed record StepRelation(string Step, bool IsBefore, Span Offset, Span Earliest = default);

/// <summary>What answers a step.</summary>
/// <param name="Kind">Of what kind.</param>
/// <param name="Type">Resource type; empty for <see cref="AnswerKind.Hand"/>.</param>
/// <param name="Path">Element that has the code; empty when only what is based on the pathway answers it.</param>
/// <param name="Codes">One of these (<c>system|code</c>).</param>
/// <param name="Questionnaire">Canonical address of the Questionnaire without its version, or null.</param>
public sealed record StepAnswer(AnswerKind Kind, string Type = "", string Path = "", IReadOnlyList<string>? Codes = null, string? Questionnaire = null)
{
    /// <summary>One of these.</summary>
    public IReadOnlyList<string> Codes { get; } = Codes ?? [];
    /// <summary>A step towards another: where that is done, this one was.</summary>
    public bool IsPreparation => Kind is AnswerKind.Referral or AnswerKind.Order or AnswerKind.Appointment;
}

/// <summary>A step of a pathway.</summary>
/// <param name="Id">Names it in the template.</param>
/// <param name="Title">What is done, in words for everybody.</param>
/// <param name="Text">More of it, or null.</param>
/// <param name="Owner">Who has it in hand.</param>
/// <param name="OwnerReference">Of a named owner: a unit or a person; else null.</param>
/// <param name="OwnerName">Their name, or null.</param>
/// <param name="Answer">What answers it.</param>
/// <param name="FromStart">By when, from the beginning of the pathway; null where only other steps say that.</param>
/// <param name="Relations">How it hangs together with others.</param>
public sealed record PathwayStep(string Id, string Title, string? Text, OwnerKind Owner, string? OwnerReference, string? OwnerName, StepAnswer Answer, Span? FromStart, IReadOnlyList<StepRelation> Relations)
{
    /// <summary>Codes of what is done, as they stand in the template: a JSON array of Coding.</summary>
    public string Codings { get; init; } = "[]";
}

/// <summary>A pathway as it goes for everybody: a FHIR R4 PlanDefinition (docs/pathways.md says which part of it is understood).</summary>
/// <param name="Id">Logical id.</param>
/// <param name="Canonical">Its address, with the version where it has one.</param>
/// <param name="Title">What it is called.</param>
/// <param name="Description">What it is for, in words for the patient; or null.</param>
/// <param name="Steps">In an order in which each stands after those it hangs on.</param>
public sealed record PathwayTemplate(string Id, string Canonical, string Title, string? Description, IReadOnlyList<PathwayStep> Steps)
{
    /// <summary>System of the role by which an action names its owner: <c>patient</c>, <c>starter</c>, <c>receiver</c>.</summary>
    public const string OwnerSystem = "urn:tervik:pathway:owner";
    /// <summary>Extension of a participant that names a unit or a person.</summary>
    public const string OwnerExtension = "urn:tervik:pathway:owner";
    /// <summary>More than anybody follows.</summary>
    public const int MostSteps = 50;
    const int MostRelations = 10, MostCodes = 50, LongestTitle = 200, LongestText = 2000, LongestDays = 3660;

    /// <summary>By when each step is due, in days from the beginning, when nothing is late.</summary>
    public int Days => DueDates.Reckon(Steps, DateOnly.FromDayNumber(700_000), _ => null, DateOnly.MinValue).Values.Max().DayNumber - 700_000;

    /// <summary>Whether a PlanDefinition is a pathway: a clinical protocol, a workflow, or one that does not say what it is. Order sets and rules are something else.</summary>
    public static bool IsPathway(JsonElement definition) => !definition.At("type").ItemsAt("coding").Any(coding => coding.TextAt("code") is "order-set" or "eca-rule");

    /// <summary>Reads a PlanDefinition.</summary>
    /// <param name="id">Logical id.</param>
    /// <param name="json">The PlanDefinition.</param>
    /// <param name="faults">What is not understood; then there is no template.</param>
    public static PathwayTemplate? Read(string id, JsonElement json, out IReadOnlyList<Fault> faults)
    {
        var reader = new Reader();
        var template = reader.Read(id, json);
        faults = reader.Faults;
        return faults.Count == 0 ? template : null;
    }

    sealed class Reader
    {
        public List<Fault> Faults { get; } = [];

        void Fail(string where, string what) => Faults.Add(new(FaultKind.Unprocessable, "value", where, what));

        public PathwayTemplate? Read(string id, JsonElement json)
        {
            if (json.TextAt("resourceType") != "PlanDefinition") Fail("PlanDefinition", "Expected a PlanDefinition.");
            Refuse(json, "PlanDefinition", "modifierExtension");
            var title = Line(json, "title", "PlanDefinition") ?? json.TextAt("name");
            if (title is null) Fail("PlanDefinition.title", "Expected a title: people read it.");
            if (json.TextAt("url") is not { Length: > 0 and <= LongestText } url) url = "";
            if (url.Length == 0) Fail("PlanDefinition.url", "Expected an address: pathways that are under way name their template by it.");
            var actions = json.ItemsAt("action").Take(MostSteps + 1).ToList();
            if (actions.Count is 0 or > MostSteps) Fail("PlanDefinition.action", $"Expected 1 to {MostSteps} actions.");
            if (Faults.Count > 0) return null;
            var steps = actions.Select((action, i) => Step(action, $"PlanDefinition.action[{i}]")).ToList();
            if (Faults.Count > 0) return null;
            var known = new HashSet<string>(StringComparer.Ordinal);
            for (var i = 0; i < steps.Count; i++)
            {
                if (!known.Add(steps[i].Id)) Fail($"PlanDefinition.action[{i}].id", $"'{steps[i].Id}' names two actions; expected an id of its own for each.");
                foreach (var relation in steps[i].Relations)
                    if (relation.Step == steps[i].Id || !steps.Exists(other => other.Id == relation.Step)) Fail($"PlanDefinition.action[{i}].relatedAction", $"'{relation.Step}' is no other action of this plan.");
            }
            if (Faults.Count > 0) return null;
            if (DueDates.Ordered(steps) is not { } ordered)
            {
                Fail("PlanDefinition.action.relatedAction", "The actions wait for each other in a circle; expected an order in which they can be done.");
                return null;
            }
            foreach (var step in DueDates.Undated(ordered)) Fail($"PlanDefinition.action.where(id='{step}')", "No day can be reckoned by which it is due: expected timingDuration, or a relatedAction that leads to one.");
            var version = json.TextAt("version");
            return new(id, version is null ? url : $"{url}|{version}", title!, Text(json, "description", "PlanDefinition"), ordered);
        }

        // What would change who does something, when, or whether at all, must not be passed over in silence.
        void Refuse(JsonElement json, string where, params ReadOnlySpan<string> names)
        {
            foreach (var name in names)
                if (json.At(name).Exists()) Fail($"{where}.{name}", "It would change what is done, and is not understood here; expected it to be absent.");
        }

        string? Line(JsonElement json, string name, string where)
        {
            if (json.TextAt(name) is not { } text) return null;
            if (text.Trim().Length is > 0 and <= LongestTitle) return text.Trim();
            Fail($"{where}.{name}", $"Expected 1 to {LongestTitle} characters.");
            return null;
        }

        string? Text(JsonElement json, string name, string where)
        {
            if (json.TextAt(name) is not { } text || text.Length <= LongestText) return json.TextAt(name);
            Fail($"{where}.{name}", $"Expected at most {LongestText} characters.");
            return null;
        }

        PathwayStep Step(JsonElement action, string where)
        {
            Refuse(action, where, "modifierExtension", "action", "condition", "trigger", "dynamicValue", "transform", "selectionBehavior", "cardinalityBehavior", "precheckBehavior", "groupingBehavior");
            if (action.TextAt("requiredBehavior") is { } behavior && behavior != "must") Fail($"{where}.requiredBehavior", $"Expected 'must', not '{behavior}': a step can be skipped by a professional, who says why.");
            var id = action.TextAt("id") ?? "";
            if (id.Length is 0 or > 64 || id.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '.' or '_'))) Fail($"{where}.id", "Expected 1 to 64 letters, digits, '-', '.' or '_': other actions name it by its id.");
            var title = Line(action, "title", where);
            if (title is null) Fail($"{where}.title", "Expected a title: people read it.");
            var (owner, reference, name) = Owner(action, where);
            Span? fromStart = action.At("timingDuration").Exists() ? Length(action.At("timingDuration"), $"{where}.timingDuration") : null;
            Refuse(action, where, "timingDateTime", "timingAge", "timingPeriod", "timingRange", "timingTiming");
            var relations = action.ItemsAt("relatedAction").Take(MostRelations + 1).Select((relation, i) => Relation(relation, $"{where}.relatedAction[{i}]")).ToList();
            if (relations.Count > MostRelations) Fail($"{where}.relatedAction", $"Expected at most {MostRelations}.");
            var codings = action.FirstAt("code").At("coding");
            return new(id, title ?? "", Text(action, "description", where), owner, reference, name, Answer(action, where), fromStart, relations) { Codings = codings.ValueKind == JsonValueKind.Array && codings.GetArrayLength() <= MostCodes ? codings.GetRawText() : "[]" };
        }

        (OwnerKind, string?, string?) Owner(JsonElement action, string where)
        {
            var participants = action.ItemsAt("participant").Take(2).ToList();
            if (participants is [var participant])
            {
                if (participant.ItemsAt("extension").FirstOrDefault(one => one.TextAt("url") == OwnerExtension).At("valueReference") is { ValueKind: JsonValueKind.Object } named)
                {
                    if (named.TextAt("reference") is { } reference && reference.Split('/') is ["Organization" or "Practitioner" or "PractitionerRole", { Length: > 0 and <= 64 }]) return (OwnerKind.Named, reference, named.TextAt("display"));
                    Fail($"{where}.participant.extension", "Expected a reference to an Organization, a Practitioner or a PractitionerRole.");
                    return default;
                }
                switch (participant.At("role").ItemsAt("coding").FirstOrDefault(coding => coding.TextAt("system") == OwnerSystem).TextAt("code"))
                {
                    case "starter": return (OwnerKind.Starter, null, null);
                    case "receiver": return (OwnerKind.Receiver, null, null);
                    case "patient": return (OwnerKind.Patient, null, null);
                    case null when participant.TextAt("type") == "patient": return (OwnerKind.Patient, null, null);
                }
            }
            Fail($"{where}.participant", $"Expected one participant who owns the step: of type 'patient', with a role of {OwnerSystem} (starter, receiver, patient), or with the extension {OwnerExtension}.");
            return default;
        }

        StepRelation Relation(JsonElement relation, string where)
        {
            var (step, kind) = (relation.TextAt("actionId") ?? "", relation.TextAt("relationship"));
            // A step is one moment here, so that its start is its end.
            if (kind is not ("after" or "after-start" or "after-end" or "before" or "before-start")) Fail($"{where}.relationship", $"Expected after-end, after-start, after, before-start or before, not '{kind}'.");
            var isBefore = kind?.StartsWith("before", StringComparison.Ordinal) == true;
            if (relation.At("offsetRange") is { ValueKind: JsonValueKind.Object } range)
            {
                if (isBefore) Fail($"{where}.offsetRange", "Expected offsetDuration with a step that is done before another.");
                var (low, high) = (range.At("low").Exists() ? Length(range.At("low"), $"{where}.offsetRange.low") : default, Length(range.At("high"), $"{where}.offsetRange.high"));
                if (low.After(DateOnly.FromDayNumber(700_000)) > high.After(DateOnly.FromDayNumber(700_000))) Fail($"{where}.offsetRange", "Expected low not to be longer than high.");
                return new(step, isBefore, high, low);
            }
            return new(step, isBefore, relation.At("offsetDuration").Exists() ? Length(relation.At("offsetDuration"), $"{where}.offsetDuration") : default);
        }

        /// <summary>A Duration in whole days, weeks, months or years (UCUM).</summary>
        Span Length(JsonElement duration, string where)
        {
            if (int.TryParse(duration.TextAt("value"), NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= LongestDays && duration.TextAt("comparator") is null && duration.TextAt("system") is null or "http://unitsofmeasure.org")
                switch (duration.TextAt("code") ?? duration.TextAt("unit"))
                {
                    case "d": return new(value);
                    case "wk" when value <= LongestDays / 7: return new(value * 7);
                    case "mo" when value <= LongestDays / 30: return new(0, value);
                    case "a" when value <= LongestDays / 365: return new(0, value * 12);
                }
            Fail(where, $"Expected a whole number of days (d), weeks (wk), months (mo) or years (a), ten years at most.");
            return default;
        }

        StepAnswer Answer(JsonElement action, string where)
        {
            var outputs = action.ItemsAt("output").Take(2).ToList();
            if (outputs.Count == 0) return new(AnswerKind.Hand);
            if (outputs.Count > 1) Fail($"{where}.output", "Expected one output at most: what answers the step.");
            var output = outputs[0];
            Refuse(output, $"{where}.output", "subjectCodeableConcept", "subjectReference", "dateFilter", "modifierExtension");
            var type = output.TextAt("type") ?? "";
            var (path, codes, isReferral, isCompleted) = ("", new List<string>(), false, false);
            foreach (var (filter, i) in output.ItemsAt("codeFilter").Take(4).Select((filter, i) => (filter, i)))
            {
                var here = $"{where}.output.codeFilter[{i}]";
                Refuse(filter, here, "searchParam", "valueSet");
                var wanted = filter.ItemsAt("code").Take(MostCodes + 1).Select(code => $"{code.TextAt("system")}|{code.TextAt("code")}").ToList();
                if (wanted.Count is 0 or > MostCodes) Fail(here, $"Expected 1 to {MostCodes} codes.");
                var of = filter.TextAt("path");
                if (type == "ServiceRequest" && of == "category" && wanted is [$"{Referral.Snomed}|{Referral.Category}"]) isReferral = true;
                else if (type == "ServiceRequest" && of == "status" && wanted.TrueForAll(code => code.EndsWith("|completed", StringComparison.Ordinal))) isCompleted = true;
                else if (path.Length == 0 && IsCodePath(type, of)) (path, codes) = (of!, wanted);
                else Fail($"{here}.path", $"'{of}' of {type} is not understood here, or there are two; expected one element that has a code of what is done.");
            }
            if (type == "ServiceRequest" && isCompleted && !isReferral) Fail($"{where}.output.codeFilter", $"Expected the category {Referral.Snomed}|{Referral.Category} with the status: of an order, its result answers a step.");
            var canonical = action.TextAt("definitionCanonical");
            AnswerKind? kind = type switch
            {
                "ServiceRequest" => isReferral ? isCompleted ? AnswerKind.ReferralAnswer : AnswerKind.Referral : AnswerKind.Order,
                "Appointment" => AnswerKind.Appointment, "Encounter" => AnswerKind.Visit, "DiagnosticReport" or "Observation" or "Procedure" => AnswerKind.Result, "QuestionnaireResponse" => AnswerKind.Questionnaire,
                _ => null,
            };
            if (kind is null) Fail($"{where}.output.type", $"'{type}' answers no step; expected ServiceRequest, Appointment, Encounter, DiagnosticReport, Observation, Procedure or QuestionnaireResponse.");
            if (kind == AnswerKind.Questionnaire && canonical is null or "" or ['#', ..]) Fail($"{where}.definitionCanonical", "Expected the address of the Questionnaire that is answered.");
            return new(kind ?? default, type, path, codes, kind == AnswerKind.Questionnaire ? canonical?.Split('|')[0] : null);
        }

        static bool IsCodePath(string type, string? path) => type switch
        {
            "ServiceRequest" or "DiagnosticReport" or "Observation" or "Procedure" => path == "code",
            "Appointment" => path is "serviceType" or "specialty",
            "Encounter" => path is "type" or "serviceType",
            _ => false,
        };
    }
}
