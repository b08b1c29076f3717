using Tervik.Demo.Writing;

namespace Tervik.Demo.Institutions;

/// <summary>The pathways of the nation (docs/pathways.md). Their times are our own, no country's guideline.</summary>
static class Pathways
{
    /// <summary>System of the role by which a step names its owner.</summary>
    const string Owners = "urn:tervik:pathway:owner";

    /// <summary>One step.</summary>
    /// <param name="Id">Names it.</param>
    /// <param name="Title">In words for everybody.</param>
    /// <param name="Owner"><c>patient</c>, <c>starter</c> or <c>receiver</c>.</param>
    /// <param name="Promised">Days from the beginning by which it is due when nothing is late; a pathway that is under way says so of each step.</param>
    internal sealed record Step(string Id, string Title, string Owner, int Promised)
    {
        public string? Text { get; init; }
        /// <summary>Days from the beginning.</summary>
        public int? From { get; init; }
        /// <summary>Comes after another: which, and by how many days at the latest.</summary>
        public (string Step, int Days)[] After { get; init; } = [];
        /// <summary>Comes so many days before another.</summary>
        public (string Step, int Days)? Before { get; init; }
        /// <summary>Days after the other at the earliest.</summary>
        public int? Earliest { get; init; }
        /// <summary>What answers it: type, element and code.</summary>
        public (string Type, string? Path, Term? Code)? Answer { get; init; }
        public string? Questionnaire { get; init; }
    }

    /// <summary>A pathway.</summary>
    internal sealed record Template(string Id, string Title, string Description, Step[] Steps)
    {
        public string Url => $"urn:tervik:demo:pathway:{Id}";
    }

    static readonly Term Referral = Term.Snomed("3457005", "Referral"), BloodCount = Term.Loinc("58410-2", "Blood count"), Tissue = Term.Loinc("11526-1", "Examination of tissue"), Potassium = Term.Loinc("2823-3", "Potassium"),
        Echo = Term.Loinc("34552-0", "Ultrasound of the heart"), Knee = Term.Loinc("37644-2", "X-ray of the knee");

    public static readonly Template Bowel = new("bowel", "Suspected bowel cancer", "Something has to be looked at soon. Most people who are examined have no cancer. You see here what happens, by when, and who has to do it.",
    [
        new("referral", "Referral to the hospital", "starter", 0) { From = 0, Answer = ("ServiceRequest", "category", Referral) },
        new("booking", "The hospital gives you a time", "receiver", 3) { After = [("referral", 3)], Answer = ("Appointment", null, null) },
        new("blood", "Blood test at your family practice", "starter", 10) { Before = ("examination", 3), Answer = ("DiagnosticReport", "code", BloodCount) },
        new("examination", "Examination of the bowel", "receiver", 13) { After = [("booking", 10)], Answer = ("Encounter", null, null), Text = "You get a letter that says how to prepare." },
        new("tissue", "Answer of the laboratory", "receiver", 23) { After = [("examination", 10)], Answer = ("DiagnosticReport", "code", Tissue) },
        new("talk", "The hospital tells you what was found", "receiver", 27) { After = [("tissue", 4)] },
        new("follow-up", "Your family doctor goes through it with you", "starter", 41) { After = [("talk", 14)] },
    ]);

    public static readonly Template HeartFailure = new("heart-failure", "Heart failure: after the hospital", "The first weeks after a stay in hospital decide much. Weigh yourself every morning, and call when you gain two kilograms in three days.",
    [
        new("call", "The heart nurse calls you", "starter", 3) { From = 3 },
        new("blood", "Blood test: kidneys and salts", "patient", 12) { Before = ("visit", 2), After = [("call", 14)], Answer = ("Observation", "code", Potassium) },
        new("questions", "Answer the questions of the heart clinic", "patient", 13) { Before = ("visit", 1), Questionnaire = $"urn:tervik:demo:questionnaire:{Questionnaires.Heart}", Answer = ("QuestionnaireResponse", null, null) },
        new("visit", "Visit at the heart clinic", "starter", 14) { From = 14, After = [("call", 10)], Text = "The medicines are adjusted." },
        new("blood-again", "Blood test after the change", "patient", 28) { After = [("visit", 14)], Earliest = 7, Answer = ("Observation", "code", Potassium) },
        new("ultrasound", "Ultrasound of the heart", "starter", 98) { After = [("visit", 84)], Answer = ("DiagnosticReport", "code", Echo) },
        new("control", "Control visit", "starter", 112) { After = [("blood-again", 14), ("ultrasound", 14)] },
    ]);

    public static readonly Template KneePain = new("knee-pain", "Knee pain", "Exercise helps most knees better than an operation. If it does not help you, specialists look at it.",
    [
        new("x-ray", "X-ray of the knee", "starter", 14) { From = 14, Answer = ("DiagnosticReport", "code", Knee) },
        new("exercise", "Six weeks of exercises", "patient", 42) { From = 42, Text = "Three times a week, with a physiotherapist or with the leaflet of the practice." },
        new("look", "You and your family doctor look whether it helped", "starter", 56) { After = [("x-ray", 14), ("exercise", 14)] },
        new("referral", "Referral to the specialists for bones and joints", "starter", 63) { After = [("look", 7)], Answer = ("ServiceRequest", "category", Referral), Text = "Left out when the exercises helped." },
        new("visit", "Visit at the specialists", "receiver", 123) { After = [("referral", 60)], Answer = ("Encounter", null, null) },
        new("follow-up", "Your family doctor asks how it goes", "starter", 207) { After = [("visit", 84)] },
    ]);

    public static readonly Template[] All = [Bowel, HeartFailure, KneePain];

    public static void Write(ResourceWriter w)
    {
        foreach (var template in All)
            using (w.Resource("PlanDefinition", template.Id)) Content(w, template);
    }

    /// <summary>What stands in the PlanDefinition; a pathway that is under way holds the same.</summary>
    internal static void Content(ResourceWriter w, Template template)
    {
        w.Text("url", template.Url);
        w.Text("version", "1");
        w.Text("name", template.Id.Replace('-', '_'));
        w.Text("title", template.Title);
        using (w.Object("type")) w.Codings("coding", Term.Of("plan-definition-type", "clinical-protocol", "Clinical protocol"));
        w.Text("status", "active");
        w.Text("description", template.Description);
        using var actions = w.List("action");
        foreach (var step in template.Steps)
            using (w.Item())
            {
                w.Text("id", step.Id);
                w.Text("title", step.Title);
                w.Text("description", step.Text);
                if (step.Answer is (_, "code", { } code)) w.Concepts("code", code);
                if (step.After.Length > 0 || step.Before is not null)
                    using (w.List("relatedAction"))
                    {
                        foreach (var (other, days) in step.After) Related(w, other, "after-end", days, step.Earliest);
                        if (step.Before is var (later, before)) Related(w, later, "before-start", before, earliest: null);
                    }
                if (step.From is { } from) Days(w, "timingDuration", from);
                using (w.One("participant"))
                {
                    w.Text("type", step.Owner == "patient" ? "patient" : "practitioner");
                    using (w.Object("role")) w.Codings("coding", new Term(Owners, step.Owner, step.Owner));
                }
                w.Text("definitionCanonical", step.Questionnaire);
                if (step.Answer is var (type, path, what))
                    using (w.One("output"))
                    {
                        w.Text("type", type);
                        if (path is not null)
                            using (w.One("codeFilter"))
                            {
                                w.Text("path", path);
                                w.Codings("code", what!);
                            }
                    }
            }
    }

    static void Related(ResourceWriter w, string other, string relationship, int days, int? earliest)
    {
        using var _ = w.Item();
        w.Text("actionId", other);
        w.Text("relationship", relationship);
        if (earliest is { } low)
            using (w.Object("offsetRange"))
            {
                w.Amount("low", low, "days", "d");
                w.Amount("high", days, "days", "d");
            }
        else Days(w, "offsetDuration", days);
    }

    static void Days(ResourceWriter w, string name, int days) => w.Amount(name, days, "days", "d");
}
