using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Writing;

/// <summary>An order: laboratory, imaging, another examination, or a referral to a specialty; as ServiceRequest.</summary>
public sealed class OrderForm : EntryForm
{
    /// <summary>Days within which the same open order is worth a question.</summary>
    const int Recent = 90;
    const decimal ContrastNeeds = 45, MostYears = 2;
    const string Referral = "3457005";

    /// <summary>Kinds by their words <c>order {key}</c>: SNOMED CT code and display of the category.</summary>
    public static readonly (string Key, string Code, string Display)[] Kinds =
        [("laboratory", "108252007", "Laboratory procedure"), ("imaging", "363679005", "Imaging"), ("procedure", "103693007", "Diagnostic procedure"), ("referral", Referral, "Patient referral")];

    public static readonly string[] Priorities = ["routine", "urgent", "asap", "stat"];
    public static readonly string[] States = ["active", "on-hold", "completed", "revoked"];

    public override string Key => "order";
    public override string Type => "ServiceRequest";
    public override Type Fields => typeof(OrderFields);

    public override Dictionary<string, string> Begin(Situation situation) => new() { ["priority"] = "routine", ["state"] = "active" };

    public override Dictionary<string, string> Values(JsonElement stored)
    {
        var values = new Dictionary<string, string>
        {
            ["what"] = Codes.Write(stored.At("code")) ?? "", ["kind"] = Kinds.FirstOrDefault(kind => stored.ItemsAt("category").Any(category => Codes.Has(category, kind.Code))).Key ?? "",
            ["priority"] = stored.TextAt("priority") ?? "routine", ["state"] = stored.TextAt("status") ?? "", ["because"] = stored.FirstAt("reasonReference").TextAt("reference") ?? "",
            ["reason-text"] = stored.ItemsAt("reasonCode").Select(Codes.Write).FirstOrDefault() ?? "", ["text"] = Elements.NoteOf(stored), ["instruction"] = Raw(stored, "patientInstruction"),
        };
        if (Raw(stored, "occurrenceDateTime") is { Length: >= 10 } when) values["when"] = when[..10];
        return values;
    }

    public override Outcome Read(Form form, Target target, Situation situation)
    {
        var (resource, stored) = (target.Resource, target.Stored);
        var before = stored.Exists() ? Values(stored) : [];
        var what = form.Text("what", ShortText);
        var term = Catalogue.Orders.Find(what);
        var kind = form.Choice("kind", Kinds.Select(one => one.Key), isRequired: term is null && !stored.At("category").Exists());
        if (kind.Length == 0) kind = term?["kind"] ?? "";
        else if (term is not null && term["kind"] != kind && !stored.Exists()) form.Fail("kind", Words.Of("error kind of order", Words.Of($"order {term["kind"]}")));
        var priority = form.Choice("priority", Priorities);
        var when = form.Day("when", stored.Exists() ? new(1900, 1, 1) : situation.Today, situation.Today.AddYears((int)MostYears), isRequired: false);
        var because = form.Choice("because", [.. situation.Conditions.Select(known => $"Condition/{known.Id}"), .. before.TryGetValue("because", out var old) && old.Length > 0 ? [old] : Array.Empty<string>()], isRequired: false);
        var reason = form.Text("reason-text", ShortText, isRequired: kind == "referral" && because.Length == 0);
        var text = form.Text("text", LongText, isRequired: false);
        var instruction = form.Text("instruction", 1000, isRequired: false);
        var state = form.Choice("state", States, isRequired: target.Version is not null);
        var takenBack = TakenBack(form);

        resource["status"] = takenBack is not null ? "entered-in-error" : state.Length > 0 ? state : "active";
        resource["intent"] ??= "order";
        if (kind.Length > 0 && kind != before.GetValueOrDefault("kind") && Kinds.First(one => one.Key == kind) is var (_, code, display)) resource["category"] = new JsonArray(Elements.Coded(Catalogue.Snomed, code, display));
        resource["priority"] = priority.Length > 0 ? priority : "routine";
        if (what.Length > 0 && what != before.GetValueOrDefault("what")) PutCode(resource, what, term, kind);
        resource["subject"] ??= situation.Subject;
        if (!stored.Exists() && situation.Encounter is var (reference, name)) resource["encounter"] = Elements.Reference(reference, name);
        if (when?.Written() is var day && (day ?? "") != before.GetValueOrDefault("when", "")) resource.PutChoice("occurrence", "DateTime", day);
        resource["authoredOn"] ??= situation.Now;
        resource["requester"] ??= Elements.Author(situation.Author);
        if (because != before.GetValueOrDefault("because", ""))
            resource.Put("reasonReference", because.Length == 0 ? null : new JsonArray(Elements.Reference(because, situation.Conditions.FirstOrDefault(known => $"Condition/{known.Id}" == because)?.Title)));
        if (reason != before.GetValueOrDefault("reason-text", "")) resource.Put("reasonCode", reason.Length == 0 ? null : new JsonArray(Elements.Concept(reason, Catalogue.Diagnoses.Find(reason))));
        resource.PutNote(text, stored, situation);
        resource.Put("patientInstruction", instruction);
        return new([target.Change with { Reason = takenBack }],
            takenBack is null && state is "" or "active" ? [.. Hints(what, term, situation)] : []);
    }

    // A referral is one procedure; to which specialty, its performer says.
    static void PutCode(JsonObject resource, string what, Term? term, string kind)
    {
        if (kind != "referral")
        {
            resource["code"] = Elements.Concept(what, term);
            return;
        }
        var code = Elements.Coded(Catalogue.Snomed, Referral, "Patient referral");
        code["text"] = what;
        resource["code"] = code;
        resource.Put("performerType", term is null ? null : Elements.Coded(Catalogue.Snomed, term["code"], term.Synonyms is [var specialty, ..] ? specialty : term.Display));
    }

    /// <summary>The same open order; contrast for weak kidneys; rays and magnets.</summary>
    public static IEnumerable<Hint> Hints(string what, Term? term, Situation situation)
    {
        if (what.Length == 0) yield break;
        foreach (var known in situation.Orders)
            if (Duplicates.AreSame(known, what, term) && known.Date is { } date && situation.Today.DayNumber - DateOnly.FromDateTime(date.Local).DayNumber <= Recent)
            {
                yield return new("same order", known.Title, date.Day);
                break;
            }
        if (term is null) yield break;
        var cautions = term.List("cautions");
        if (cautions.Contains("radiation") && situation.IsPregnant) yield return new("radiation in pregnancy", term.Display);
        if (!cautions.Contains("contrast")) yield break;
        if (situation.KidneyFunction is var (value, measured) && value < ContrastNeeds) yield return new("contrast and kidneys", value.ToString("0.#", CultureInfo.InvariantCulture), measured.Day);
        if (situation.Allergies.FirstOrDefault(known => Catalogue.Allergens.Of(known)?.List("atc").Contains("V08A") == true) is { } allergy) yield return new("allergy", allergy.Title);
        if (situation.Medication.FirstOrDefault(known => Conflicts.AtcOf(known)?.StartsWith("A10BA", StringComparison.Ordinal) == true) is { } metformin) yield return new("contrast and metformin", metformin.Title) { IsInformation = true };
    }
}
