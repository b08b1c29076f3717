using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;

namespace Tervik.Portal.Writing;

/// <summary>An allergy or intolerance, or the statement that none is known, as AllergyIntolerance.</summary>
public sealed class AllergyForm : EntryForm
{
    const string NoKnownAllergy = "716186003";
    static readonly string[] NoneCodes = [NoKnownAllergy, "no-known-allergies", "409137002"];

    public static readonly string[] Kinds = ["allergy", "intolerance", "none"];
    public static readonly string[] Categories = ["medication", "food", "environment", "biologic"];
    public static readonly string[] Criticalities = ["low", "high", "unable-to-assess"];
    public static readonly string[] ClinicalStates = ["active", "inactive", "resolved"];
    public static readonly string[] Verifications = ["confirmed", "unconfirmed", "refuted"];
    public static readonly string[] Severities = ["mild", "moderate", "severe"];

    public override string Key => "allergy";
    public override string Type => "AllergyIntolerance";
    public override Type Fields => typeof(AllergyFields);

    /// <summary>Whether the entry says that no allergy is known.</summary>
    public static bool SaysNone(JsonElement stored) => Codes.Has(stored.At("code"), NoneCodes);

    public override Dictionary<string, string> Begin(Situation situation) => new() { ["kind"] = "allergy", ["clinical"] = "active", ["verification"] = "confirmed" };

    public override Dictionary<string, string> Values(JsonElement stored) => new()
    {
        ["kind"] = SaysNone(stored) ? "none" : stored.TextAt("type") == "intolerance" ? "intolerance" : "allergy", ["what"] = SaysNone(stored) ? "" : Codes.Write(stored.At("code")) ?? "",
        ["category"] = stored.FirstAt("category").AsText() ?? "", ["criticality"] = stored.TextAt("criticality") ?? "",
        ["clinical"] = Codes.Code(stored.At("clinicalStatus")) ?? "", ["verification"] = Codes.Code(stored.At("verificationStatus")) ?? "confirmed",
        ["reaction"] = string.Join("; ", stored.FirstAt("reaction").ItemsAt("manifestation").Select(Codes.Write)), ["severity"] = stored.FirstAt("reaction").TextAt("severity") ?? "",
        ["since"] = Raw(stored, "onsetDateTime") is { Length: > 10 } moment ? moment[..10] : Raw(stored, "onsetDateTime"), ["text"] = Elements.NoteOf(stored),
    };

    public override Outcome Read(Form form, Target target, Situation situation)
    {
        var (resource, stored) = (target.Resource, target.Stored);
        var kind = form.Choice("kind", Kinds);
        var isNone = kind == "none";
        var what = form.Text("what", ShortText, isRequired: !isNone);
        var category = form.Choice("category", Categories, isRequired: false);
        var criticality = form.Choice("criticality", Criticalities, isRequired: false);
        var clinical = form.Choice("clinical", ClinicalStates, isRequired: !isNone);
        var verification = form.Choice("verification", Verifications, isRequired: !isNone);
        var reaction = form.Text("reaction", ShortText, isRequired: false);
        var severity = form.Choice("severity", Severities, isRequired: false);
        var since = PartialDate(form, "since", situation);
        var text = form.Text("text", LongText, isRequired: false);
        var takenBack = TakenBack(form);
        if (isNone && takenBack is null && situation.Allergies is [var there, ..]) form.Fail("kind", Words.Of("error there is an allergy", there.Title));
        if (severity.Length > 0 && reaction.Length == 0) form.Fail("reaction", Words.Of("error severity without reaction"));

        var term = isNone ? null : Catalogue.Allergens.Find(what);
        resource["patient"] ??= situation.Subject;
        resource["recordedDate"] ??= situation.Now;
        resource["recorder"] ??= Elements.Author(situation.Author);
        if (!stored.Exists() && situation.Encounter is var (reference, name)) resource["encounter"] = Elements.Reference(reference, name);
        // ait-2: what is an error has no clinical status.
        resource.Put("clinicalStatus", takenBack is not null ? null : Elements.Hl7Concept("allergyintolerance-clinical", isNone || clinical.Length == 0 ? "active" : clinical));
        resource["verificationStatus"] = Elements.Hl7Concept("allergyintolerance-verification", takenBack is not null ? "entered-in-error" : isNone || verification.Length == 0 ? "confirmed" : verification);
        if (isNone)
        {
            if (!SaysNone(stored)) resource["code"] = Elements.Concept(Words.Of("No known allergy"), new("No known allergy", [(Catalogue.Snomed, NoKnownAllergy)], [], new Dictionary<string, string>()));
            foreach (var other in (string[])["type", "category", "criticality", "reaction", "onsetDateTime"]) resource.Remove(other);
        }
        else
        {
            resource["type"] = kind.Length == 0 ? "allergy" : kind;
            resource.PutConcept("code", what, term, stored);
            // Also of the same form sent twice, for which it stands there already.
            if (category.Length == 0 && (target.Version is null || !stored.At("category").Exists())) category = term?["category"] ?? "";
            if (category != (stored.FirstAt("category").AsText() ?? "")) resource.Put("category", category.Length == 0 ? null : new JsonArray(category));
            resource.Put("criticality", criticality);
            if (since != Values(stored)["since"]) resource.PutChoice("onset", "DateTime", since);
            PutReaction(resource, stored, reaction, severity);
        }
        resource.PutNote(text, stored, situation);

        List<Change> changes = [target.Change with { Reason = takenBack }];
        List<Hint> hints = [];
        if (!isNone && takenBack is null && clinical == "active" && verification != "refuted")
        {
            if (what.Length > 0 && situation.Allergies.FirstOrDefault(known => Duplicates.AreSame(known, what, term)) is { } same) hints.Add(new("same allergy", same.Title));
            hints.AddRange(Medication(term, what, situation));
            // The statement that there is none ends with the first that is known.
            foreach (var none in situation.NoKnownAllergy)
            {
                hints.Add(new("no known allergy ends") { IsInformation = true });
                changes.Add(new(Ended(none), none.Id, none.Version));
            }
        }
        return new(changes, hints);
    }

    /// <summary>Current medication that the allergy speaks against.</summary>
    public static IEnumerable<Hint> Medication(Term? allergen, string what, Situation situation)
    {
        foreach (var drug in situation.Medication)
            if (Conflicts.Between(allergen, what, Conflicts.AtcOf(drug), drug.Title) is Conflicts.Kind.Same) yield return new("takes what causes it", drug.Title);
    }

    static JsonObject Ended(Tervik.Records.Resources.StoredResource none)
    {
        var resource = JsonNode.Parse(none.Body)!.AsObject();
        resource["clinicalStatus"] = Elements.Hl7Concept("allergyintolerance-clinical", "inactive");
        return resource;
    }

    static void PutReaction(JsonObject resource, JsonElement stored, string reaction, string severity)
    {
        var before = string.Join("; ", stored.FirstAt("reaction").ItemsAt("manifestation").Select(Codes.Write));
        if (reaction == before && severity == (stored.FirstAt("reaction").TextAt("severity") ?? "")) return;
        if (resource["reaction"] is not JsonArray reactions) resource["reaction"] = reactions = [];
        if (reaction.Length == 0)
        {
            if (reactions.Count > 0) reactions.RemoveAt(0);
            if (reactions.Count == 0) resource.Remove("reaction");
            return;
        }
        if (reactions.Count == 0) reactions.Add(new JsonObject());
        var first = reactions[0]!.AsObject();
        if (reaction != before)
            first["manifestation"] = new JsonArray([.. reaction.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).DefaultIfEmpty(reaction)
                .Select(one => (JsonNode)Elements.Concept(one, Catalogue.Reactions.Find(one)))]);
        first.Put("severity", severity);
    }
}
