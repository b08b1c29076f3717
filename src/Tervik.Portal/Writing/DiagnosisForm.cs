using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Writing;

/// <summary>A diagnosis, as Condition.</summary>
public sealed class DiagnosisForm : EntryForm
{
    public static readonly string[] ClinicalStates = ["active", "recurrence", "relapse", "inactive", "remission", "resolved"];
    public static readonly string[] Verifications = ["confirmed", "provisional", "differential", "unconfirmed", "refuted"];
    public static readonly string[] Categories = ["problem-list-item", "encounter-diagnosis"];
    public static readonly (string Key, string Code, string Display)[] Severities = [("mild", "255604002", "Mild"), ("moderate", "6736007", "Moderate"), ("severe", "24484000", "Severe")];

    public override string Key => "diagnosis";
    public override string Type => "Condition";
    public override Type Fields => typeof(DiagnosisFields);

    public override Dictionary<string, string> Begin(Situation situation) => new() { ["clinical"] = "active", ["verification"] = "confirmed", ["category"] = "problem-list-item" };

    public override Dictionary<string, string> Values(JsonElement stored) => new()
    {
        ["what"] = Codes.Write(stored.At("code")) ?? "", ["clinical"] = Codes.Code(stored.At("clinicalStatus")) ?? "", ["verification"] = Codes.Code(stored.At("verificationStatus")) ?? "confirmed",
        ["category"] = stored.ItemsAt("category").Select(Codes.Code).FirstOrDefault(code => Categories.Contains(code)) ?? "",
        ["severity"] = Severities.FirstOrDefault(one => Codes.Has(stored.At("severity"), one.Code)).Key ?? "",
        ["since"] = Raw(stored, "onsetDateTime") is { Length: > 10 } moment ? moment[..10] : Raw(stored, "onsetDateTime"),
        ["until"] = Raw(stored, "abatementDateTime") is { Length: > 10 } end ? end[..10] : Raw(stored, "abatementDateTime"), ["text"] = Elements.NoteOf(stored),
    };

    public override Outcome Read(Form form, Target target, Situation situation)
    {
        var (resource, stored) = (target.Resource, target.Stored);
        var what = form.Text("what", ShortText);
        var clinical = form.Choice("clinical", ClinicalStates);
        var verification = form.Choice("verification", Verifications);
        var category = form.Choice("category", Categories, isRequired: !stored.At("category").Exists());
        var severity = form.Choice("severity", Severities.Select(one => one.Key), isRequired: false);
        var since = PartialDate(form, "since", situation);
        var until = PartialDate(form, "until", situation);
        var text = form.Text("text", LongText, isRequired: false);
        var takenBack = TakenBack(form);
        if (until is not null && clinical is "active" or "recurrence" or "relapse") form.Fail("until", Words.Of("error until of active"));
        if (until is not null && since is not null && string.CompareOrdinal(until[..Math.Min(until.Length, since.Length)], since[..Math.Min(until.Length, since.Length)]) < 0) form.Fail("until", Words.Of("error ends before it begins"));

        var term = Catalogue.Diagnoses.Find(what);
        resource["subject"] ??= situation.Subject;
        resource["recordedDate"] ??= situation.Now;
        resource["recorder"] ??= Elements.Author(situation.Author);
        if (!stored.Exists() && situation.Encounter is var (reference, name)) resource["encounter"] = Elements.Reference(reference, name);
        resource.PutConcept("code", what, term, stored);
        // con-5: what never was one has no clinical status.
        resource.Put("clinicalStatus", takenBack is null && clinical.Length > 0 ? Elements.Hl7Concept("condition-clinical", clinical) : null);
        if (verification.Length > 0 || takenBack is not null) resource["verificationStatus"] = Elements.Hl7Concept("condition-ver-status", takenBack is null ? verification : "entered-in-error");
        if (category.Length > 0 && !stored.ItemsAt("category").Any(one => Codes.Has(one, category)))
            resource["category"] = new JsonArray([.. Kept(resource, "category"), Elements.Hl7Concept("condition-category", category)]);
        if (severity.Length > 0 || stored.At("severity").Exists() && Values(stored)["severity"].Length > 0)
            resource.Put("severity", severity.Length == 0 ? null : Severities.First(one => one.Key == severity) is var one ? Elements.Coded(Catalogue.Snomed, one.Code, one.Display) : null);
        PutDate(resource, stored, "onset", since);
        PutDate(resource, stored, "abatement", until);
        resource.PutNote(text, stored, situation);
        return new([target.Change with { Reason = takenBack }], takenBack is null && clinical is "active" or "recurrence" or "relapse" ? [.. Hints(what, term, situation)] : []);
    }

    /// <summary>The same problem stands there already.</summary>
    public static IEnumerable<Hint> Hints(string what, Term? term, Situation situation)
    {
        if (what.Length == 0) yield break;
        if (situation.Conditions.FirstOrDefault(known => Duplicates.AreSame(known, what, term)) is { } same)
            yield return same.Date is { } since ? new("same diagnosis since", same.Title, since.Day) : new("same diagnosis", same.Title);
    }

    // Categories that the form does not know are somebody else's.
    static IEnumerable<JsonNode?> Kept(JsonObject resource, string name) => resource[name] is JsonArray all
        ? all.Where(one => one?["coding"]?[0]?["code"]?.ToString() is not { } code || !Categories.Contains(code)).Select(one => one?.DeepClone()) : [];

    // An onset given as an age or a period stays unless a date is written.
    static void PutDate(JsonObject resource, JsonElement stored, string choice, string? date)
    {
        var before = Raw(stored, choice + "DateTime");
        if (date is not null && date != before && !(before.Length > 10 && before.StartsWith(date, StringComparison.Ordinal))) resource.PutChoice(choice, "DateTime", date);
        else if (date is null && before.Length > 0) resource.Remove(choice + "DateTime");
    }
}
