using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Writing;

/// <summary>A prescription, as MedicationRequest.</summary>
public sealed class PrescriptionForm : EntryForm
{
    public static readonly string[] Rhythms = ["times", "hours", "days"];
    public static readonly string[] States = ["active", "on-hold", "completed", "stopped"];

    /// <summary>Ways by their words <c>route {key}</c>: SNOMED CT code and display.</summary>
    public static readonly (string Key, string Code, string Display)[] Routes =
    [
        ("oral", "26643006", "Oral"), ("sublingual", "37839007", "Sublingual"), ("inhaled", "447694001", "Inhalation"), ("subcutaneous", "34206005", "Subcutaneous"), ("intramuscular", "78421000", "Intramuscular"),
        ("intravenous", "47625008", "Intravenous"), ("rectal", "37161004", "Rectal"), ("cutaneous", "6064005", "Topical"), ("eye", "54485002", "Ophthalmic"), ("nasal", "46713006", "Nasal"),
    ];

    /// <summary>Fields that make the dosage: as long as none of them is changed, a stored one stays as it is.</summary>
    static readonly string[] DosageFields = ["dose", "unit", "rhythm", "every", "morning", "noon", "evening", "night", "needed", "needed-for", "start", "days", "most", "dosage", "instruction", "route"];

    public override string Key => "prescription";
    public override string Type => "MedicationRequest";
    public override Type Fields => typeof(PrescriptionFields);

    /// <summary>Strengths of all medications, for a datalist.</summary>
    public static readonly IReadOnlyList<(string, string)> Strengths = [.. Catalogue.Medications.All.SelectMany(term => term.List("strengths", ';')).Distinct().Order(StringComparer.Ordinal).Select(one => (one, ""))];

    public override Dictionary<string, string> Begin(Situation situation) => new() { ["unit"] = "tablet", ["rhythm"] = "times", ["start"] = Today(situation), ["route"] = "oral", ["state"] = "active" };

    public override Dictionary<string, string> Values(JsonElement stored)
    {
        var full = Codes.Write(stored.At("medicationCodeableConcept")) ?? (stored.At("medicationReference").Exists() ? RecordEntry.Read("MedicationRequest", "", stored).Title : "");
        var (term, strength) = Catalogue.Medications.FindBeginning(full);
        var supply = stored.At("dispenseRequest");
        var values = new Dictionary<string, string>
        {
            ["medication"] = term is null || strength.Length == 0 ? full : full[..^strength.Length].TrimEnd(' ', ','), ["strength"] = term is null ? "" : strength, ["state"] = stored.TextAt("status") ?? "",
            ["stop-reason"] = stored.At("statusReason").TextAt("text") ?? "", ["quantity"] = supply.At("quantity").TextAt("value") ?? "", ["quantity-unit"] = supply.At("quantity").TextAt("unit") ?? "",
            ["repeats"] = supply.TextAt("numberOfRepeatsAllowed") ?? "", ["because"] = stored.FirstAt("reasonReference").TextAt("reference") ?? "", ["text"] = Elements.NoteOf(stored),
        };
        var dosages = stored.ItemsAt("dosageInstruction").ToList();
        if (dosages.Count == 0) return values;
        values["instruction"] = Raw(dosages[0], "patientInstruction");
        values["route"] = Routes.FirstOrDefault(route => Codes.Has(dosages[0].At("route"), route.Code)).Key ?? "";
        if (dosages.Count > 1 || Dosage.Read(dosages[0]) is not { } dosage)
        {
            values["dosage"] = string.Join("\n", dosages.Select(one => one.TextAt("text") ?? RecordEntry.Dosage(stored, "dosageInstruction")).OfType<string>());
            return values;
        }
        values["dose"] = Number(dosage.Dose);
        values["unit"] = dosage.Unit;
        values["rhythm"] = dosage.EveryHours is not null ? "hours" : dosage.EveryDays is not null ? "days" : "times";
        values["every"] = (dosage.EveryHours ?? dosage.EveryDays)?.ToString(CultureInfo.InvariantCulture) ?? "";
        foreach (var time in dosage.Times) values[time] = "yes";
        if (dosage.IsAsNeeded) values["needed"] = "yes";
        values["needed-for"] = dosage.NeededFor;
        if (dosage.Start != default) values["start"] = dosage.Start.Written();
        values["days"] = dosage.Days?.ToString(CultureInfo.InvariantCulture) ?? "";
        values["most"] = dosage.MostPerDay is { } most ? Number(most) : "";
        return values;
    }

    static string Number(decimal number) => number.ToString("0.####", CultureInfo.InvariantCulture);

    public override Outcome Read(Form form, Target target, Situation situation)
    {
        var (resource, stored) = (target.Resource, target.Stored);
        var before = stored.Exists() ? Values(stored) : [];
        var medication = form.Text("medication", ShortText);
        var strength = form.Text("strength", ShortText, isRequired: false);
        var (term, rest) = Catalogue.Medications.FindBeginning(medication);
        if (strength.Length == 0 && term is not null && rest.Length > 0) strength = rest;
        else if (rest.Length > 0 && rest != strength) term = null; // More stands there than we know: no code for what might be another thing.
        var full = strength.Length == 0 || medication.EndsWith(strength, StringComparison.OrdinalIgnoreCase) ? medication : $"{medication} {strength}";
        var state = form.Choice("state", States, isRequired: target.Version is not null);
        var stopReason = form.Text("stop-reason", ShortText, isRequired: state == "stopped");
        var quantity = form.Number("quantity", 0.01m, 100_000, isRequired: false);
        var quantityUnit = form.Text("quantity-unit", 50, isRequired: false);
        var repeats = form.Number("repeats", 0, 24, isRequired: false);
        var because = form.Choice("because", [.. situation.Conditions.Select(known => $"Condition/{known.Id}"), .. before.TryGetValue("because", out var old) && old.Length > 0 ? [old] : Array.Empty<string>()], isRequired: false);
        var instruction = form.Text("instruction", 1000, isRequired: false);
        var route = form.Choice("route", Routes.Select(one => one.Key), isRequired: false);
        var text = form.Text("text", LongText, isRequired: false);
        var takenBack = TakenBack(form);
        var isSameDosage = stored.At("dosageInstruction").Exists() && DosageFields.All(field => form[field] == before.GetValueOrDefault(field, field is "rhythm" && form["dose"].Length == 0 ? form[field] : ""));
        var dosage = ReadDosage(form, situation, isSameDosage);
        var words = form.Text("dosage", 1000, isRequired: false);
        if (!isSameDosage && form["dose"].Trim().Length == 0 && words.Length == 0) form.Fail("dose", Words.Of("error no dosage"));
        if (form["dose"].Trim().Length > 0 && words.Length > 0) form.Fail("dosage", Words.Of("error two dosages"));

        resource["status"] = takenBack is not null ? "entered-in-error" : state.Length > 0 ? state : "active";
        resource.Put("statusReason", stopReason.Length == 0 ? null : Keep(stored.At("statusReason"), resource["statusReason"], stopReason));
        resource["intent"] ??= "order";
        if (full != (Codes.Write(stored.At("medicationCodeableConcept")) ?? before.GetValueOrDefault("medication")))
            resource.PutChoice("medication", "CodeableConcept", full.Length == 0 ? null : Elements.Concept(full, term));
        resource["subject"] ??= situation.Subject;
        if (!stored.Exists() && situation.Encounter is var (reference, name)) resource["encounter"] = Elements.Reference(reference, name);
        resource["authoredOn"] ??= situation.Now;
        resource["requester"] ??= Elements.Author(situation.Author);
        if (because != before.GetValueOrDefault("because", ""))
            resource.Put("reasonReference", because.Length == 0 ? null : new JsonArray(Elements.Reference(because, situation.Conditions.FirstOrDefault(known => $"Condition/{known.Id}" == because)?.Title)));
        if (!isSameDosage) PutDosage(resource, dosage, words, instruction, route);
        PutSupply(resource, quantity, quantityUnit, repeats, dosage?.Days);
        resource.PutNote(text, stored, situation);
        var isGiven = takenBack is null && state is "" or "active";
        return new([target.Change with { Reason = takenBack ?? (stopReason.Length > 0 ? stopReason : null) }],
            isGiven ? [.. PrescriptionHints.Of(full, strength, term, dosage, situation)] : []);
    }

    /// <summary>The dosage as far as it was typed; for showing it in words.</summary>
    public static Dosage? DosageOf(Form form, Situation situation) => ReadDosage(form, situation, isSame: true);

    static Dosage? ReadDosage(Form form, Situation situation, bool isSame)
    {
        var isTyped = form["dose"].Trim().Length > 0;
        var dose = form.Number("dose", 0.001m, 10_000, isRequired: false);
        var unit = form.Choice("unit", Dosage.Units.Select(one => one.Key), isRequired: isTyped);
        var rhythm = form.Choice("rhythm", Rhythms, isRequired: isTyped);
        List<string> times = [.. Dosage.TimesOfDay.Select(one => one.Key).Where(key => form[key].Length > 0)];
        var every = form.Number("every", 1, rhythm == "hours" ? 48 : 366, isRequired: isTyped && rhythm is "hours" or "days");
        if (every is { } number && number != Math.Truncate(number)) form.Fail("every", Words.Of("error whole number"));
        var isAsNeeded = form["needed"].Length > 0;
        var neededFor = form.Text("needed-for", ShortText, isRequired: false);
        var earliest = isSame ? new DateOnly(1900, 1, 1) : situation.Today.AddYears(-1);
        var start = form.Day("start", earliest, situation.Today.AddYears(2), isRequired: isTyped && !isSame);
        var days = form.Number("days", 1, 3660, isRequired: false);
        if (days is { } length && length != Math.Truncate(length)) form.Fail("days", Words.Of("error whole number"));
        var most = form.Number("most", 0.001m, 100_000, isRequired: false);
        if (isTyped && rhythm == "times" && times.Count == 0 && !isAsNeeded) form.Fail("morning", Words.Of("error no time of day"));
        if (dose is not { } amount || unit.Length == 0) return null;
        return new(amount, unit, rhythm == "times" ? times : [], rhythm == "hours" ? (int?)every : null, rhythm == "days" ? (int?)every : null)
        {
            IsAsNeeded = isAsNeeded || neededFor.Length > 0, NeededFor = neededFor, Start = start ?? situation.Today, Days = (int?)days, MostPerDay = most,
        };
    }

    static void PutDosage(JsonObject resource, Dosage? dosage, string words, string instruction, string route)
    {
        var dosages = resource["dosageInstruction"] as JsonArray;
        // One in words replaces all that was said; a structured one is written into the first.
        var first = dosage is not null && dosages is [JsonObject only] ? only : new JsonObject();
        if (dosage is not null) dosage.Into(first);
        else first.Put("text", words);
        first.Put("patientInstruction", instruction);
        if (route.Length > 0 && Routes.First(one => one.Key == route) is var (_, code, display)) first["route"] = Elements.Coded(Catalogue.Snomed, code, display);
        else first.Remove("route");
        if (first.Parent is null) resource["dosageInstruction"] = new JsonArray(first);
    }

    static void PutSupply(JsonObject resource, decimal? quantity, string unit, decimal? repeats, int? days)
    {
        if (quantity is null && repeats is null && resource["dispenseRequest"] is null) return;
        if (resource["dispenseRequest"] is not JsonObject supply) resource["dispenseRequest"] = supply = new();
        if (supply["quantity"] is not JsonObject before || quantity is null || before["value"]?.ToString() != Number(quantity.Value) || (before["unit"]?.ToString() ?? "") != unit)
        {
            var amount = quantity is null ? null : new JsonObject { ["value"] = quantity };
            if (unit.Length > 0) amount?.Put("unit", unit);
            supply.Put("quantity", amount);
        }
        supply.Put("numberOfRepeatsAllowed", repeats is { } times ? (int)times : (JsonNode?)null);
        if (days is { } length && !supply.ContainsKey("expectedSupplyDuration") && quantity is not null) supply["expectedSupplyDuration"] = Elements.Quantity(length, "days", "d");
        if (supply.Count == 0) resource.Remove("dispenseRequest");
    }

    // A coded reason that says the same keeps its codes.
    static JsonNode Keep(JsonElement stored, JsonNode? now, string text) => Codes.Write(stored) == text && now is not null ? now.DeepClone() : new JsonObject { ["text"] = text };
}
