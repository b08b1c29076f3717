using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Writing;

/// <summary>A vaccination given here, or one that is reported from elsewhere, as Immunization.</summary>
public sealed class VaccinationForm : EntryForm
{
    /// <summary>Days within which the same vaccine again is worth a question.</summary>
    const int SoonAgain = 21;
    static readonly string[] SuppressingGroups = ["L04", "L01", "H02AB"];

    public static readonly string[] Sources = ["here", "reported"];

    /// <summary>Places of the body by their words <c>site {key}</c>, ways by <c>route {key}</c>: codes of HL7.</summary>
    public static readonly (string Key, string Code)[] Sites = [("left-arm", "LA"), ("right-arm", "RA"), ("left-thigh", "LT"), ("right-thigh", "RT")],
        Routes = [("intramuscular", "IM"), ("subcutaneous", "SQ"), ("intradermal", "IDINJ"), ("oral", "PO"), ("nasal", "NASINHLC")];

    public override string Key => "vaccination";
    public override string Type => "Immunization";
    public override Type Fields => typeof(VaccinationFields);

    public override Dictionary<string, string> Begin(Situation situation) => new() { ["source"] = "here", ["when"] = Today(situation), ["route"] = "intramuscular" };

    public override Dictionary<string, string> Values(JsonElement stored) => new()
    {
        ["what"] = Codes.Write(stored.At("vaccineCode")) ?? "", ["when"] = Raw(stored, "occurrenceDateTime") is { Length: > 10 } moment ? moment[..10] : Raw(stored, "occurrenceDateTime"),
        ["source"] = stored.At("primarySource").ValueKind == JsonValueKind.False ? "reported" : "here", ["lot"] = Raw(stored, "lotNumber"),
        ["number"] = stored.FirstAt("protocolApplied").TextAt("doseNumberPositiveInt") ?? "", ["site"] = Sites.FirstOrDefault(one => Codes.Has(stored.At("site"), one.Code)).Key ?? "",
        ["route"] = Routes.FirstOrDefault(one => Codes.Has(stored.At("route"), one.Code)).Key ?? "", ["text"] = Elements.NoteOf(stored),
    };

    public override Outcome Read(Form form, Target target, Situation situation)
    {
        var (resource, stored) = (target.Resource, target.Stored);
        var before = stored.Exists() ? Values(stored) : [];
        var what = form.Text("what", ShortText);
        var source = form.Choice("source", Sources);
        var when = PartialDate(form, "when", situation, isRequired: true);
        if (source == "here" && when is { Length: < 10 }) form.Fail("when", Words.Of("error day of vaccination"));
        var lot = form.Text("lot", 50, isRequired: false);
        var number = form.Number("number", 1, 20, isRequired: false);
        if (number is { } dose && dose != Math.Truncate(dose)) form.Fail("number", Words.Of("error whole number"));
        var site = form.Choice("site", Sites.Select(one => one.Key), isRequired: false);
        var route = form.Choice("route", Routes.Select(one => one.Key), isRequired: false);
        var text = form.Text("text", LongText, isRequired: false);
        var takenBack = TakenBack(form);

        var term = Catalogue.Vaccines.Find(what);
        resource["status"] = takenBack is not null ? "entered-in-error" : stored.TextAt("status") is "not-done" ? "not-done" : "completed";
        resource.PutConcept("vaccineCode", what, term, stored);
        resource["patient"] ??= situation.Subject;
        if (!stored.Exists() && situation.Encounter is var (reference, name) && source == "here") resource["encounter"] = Elements.Reference(reference, name);
        if (when is not null && when != before.GetValueOrDefault("when")) resource.PutChoice("occurrence", "DateTime", when);
        resource["recorded"] ??= situation.Now;
        if (source.Length > 0) resource["primarySource"] = source == "here";
        resource.Put("lotNumber", lot);
        if (site != before.GetValueOrDefault("site", "")) resource.Put("site", site.Length == 0 ? null : Elements.Hl7Concept("v3-ActSite", Sites.First(one => one.Key == site).Code));
        if (route != before.GetValueOrDefault("route", "")) resource.Put("route", route.Length == 0 ? null : Elements.Hl7Concept("v3-RouteOfAdministration", Routes.First(one => one.Key == route).Code));
        if (resource["performer"] is null && source == "here") resource["performer"] = new JsonArray(new JsonObject { ["actor"] = Elements.Author(situation.Author) });
        PutNumber(resource, number is { } digits ? digits.ToString("0", CultureInfo.InvariantCulture) : "", before.GetValueOrDefault("number", ""));
        resource.PutNote(text, stored, situation);
        return new([target.Change with { Reason = takenBack }], takenBack is null && source != "reported" ? [.. Hints(what, term, when, situation)]
            : takenBack is null ? [.. Again(what, term, when, situation)] : []);
    }

    static void PutNumber(JsonObject resource, string number, string before)
    {
        if (number == before) return;
        if (number.Length == 0) resource.Remove("protocolApplied");
        else if (resource["protocolApplied"]?[0] is JsonObject protocol) protocol.PutChoice("doseNumber", "PositiveInt", int.Parse(number, CultureInfo.InvariantCulture));
        else resource["protocolApplied"] = new JsonArray(new JsonObject { ["doseNumberPositiveInt"] = int.Parse(number, CultureInfo.InvariantCulture) });
    }

    /// <summary>What to think about before a vaccine is given.</summary>
    public static IEnumerable<Hint> Hints(string what, Term? term, string? when, Situation situation)
    {
        foreach (var hint in Again(what, term, when, situation)) yield return hint;
        if (what.Length == 0) yield break;
        foreach (var allergy in situation.Allergies)
            if (Matches(allergy, what, term)) yield return new("allergy", allergy.Title);
        if (term is null) yield break;
        if (term["live"].Length > 0)
        {
            if (situation.IsPregnant) yield return new("live vaccine in pregnancy", term.Display);
            if (situation.Medication.FirstOrDefault(known => Conflicts.AtcOf(known) is { } atc && SuppressingGroups.Any(group => atc.StartsWith(group, StringComparison.Ordinal))) is { } drug)
                yield return new("live vaccine and weak defence", term.Display, drug.Title);
        }
        if (when is { Length: 10 } && situation.AgeMonths(DateOnly.ParseExact(when, "yyyy-MM-dd", CultureInfo.InvariantCulture)) is { } months)
        {
            if (months < term.Number("fromMonths")) yield return new("vaccine too young", term.Display, Age((int)term.Number("fromMonths")!));
            if (months > term.Number("toMonths")) yield return new("vaccine too old", term.Display, Age((int)term.Number("toMonths")!));
        }
    }

    static IEnumerable<Hint> Again(string what, Term? term, string? when, Situation situation)
    {
        if (what.Length == 0 || when is null || FhirDate.Read(when) is not { } day) yield break;
        foreach (var known in situation.Vaccinations)
            if (known.Date is { } before && Duplicates.AreSame(known, what, term) && Math.Abs((before.Local - day.Local).TotalDays) < SoonAgain)
            {
                yield return new("same vaccine", known.Title, before.Day);
                yield break;
            }
    }

    static bool Matches(Known allergy, string what, Term? term)
    {
        var allergen = Catalogue.Allergens.Of(allergy);
        return term is not null && term.List("allergens").Any(one => string.Equals(allergen?.Display ?? allergy.Title, one, StringComparison.OrdinalIgnoreCase))
            || Conflicts.Between(allergen, allergy.Title, term?.CodeIn(Catalogue.Atc), what) == Conflicts.Kind.Same;
    }

    static string Age(int months) => months < 24 ? Words.Of("age in months", months) : Words.Of("age in years", months / 12);
}
