using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Writing;

/// <summary>Vital signs, a laboratory or other value, and smoking, each as an Observation; the body mass index is computed beside a weight.</summary>
public sealed partial class ObservationForm : EntryForm
{
    const string BloodPressure = "85354-9", Smoking = "72166-2", Interpretations = "v3-ObservationInterpretation";

    /// <summary>Fields of vital signs: keys of the catalogue, in the order they are taken.</summary>
    public static readonly string[] Vitals = ["systolic", "diastolic", "pulse", "temperature", "saturation", "breathing", "weight", "height"];

    /// <summary>By their words <c>smoking {key}</c>: SNOMED CT code and display.</summary>
    public static readonly (string Key, string Code, string Display)[] SmokingStates =
        [("never", "266919005", "Never smoked"), ("former", "8517006", "Ex-smoker"), ("smoker", "77176002", "Smoker"), ("unknown", "266927001", "Not known whether ever smoked")];

    public override string Key => "observation";
    public override string Type => "Observation";
    public override Type Fields => typeof(ObservationFields);

    /// <summary>What a field of a vital sign is about.</summary>
    public static Term Vital(string key) => Catalogue.Observations.All.First(term => term["key"] == key);

    public override Dictionary<string, string> Begin(Situation situation) => new() { ["day"] = Today(situation), ["time"] = TimeNow(situation) };

    /// <summary>What a stored observation is about: <c>blood-pressure</c>, a vital sign, <c>smoking</c>, or <c>other</c>.</summary>
    public static string Subject(JsonElement stored) => Codes.Has(stored.At("code"), BloodPressure) && Component(stored, "systolic").Exists() ? "blood-pressure" : Codes.Has(stored.At("code"), Smoking) ? "smoking"
        : Vitals.FirstOrDefault(key => Codes.Has(stored.At("code"), Vital(key)["loinc"]) && stored.At("valueQuantity").Exists() && stored.At("valueQuantity").TextAt("code") == Vital(key)["ucum"]) ?? "other";

    public override Dictionary<string, string> Values(JsonElement stored)
    {
        var values = new Dictionary<string, string> { ["text"] = Elements.NoteOf(stored), ["subject"] = Subject(stored) };
        PutMoment(values, "day", "time", stored, "effectiveDateTime", "effectiveInstant", "effectivePeriod");
        switch (values["subject"])
        {
            case "blood-pressure":
                foreach (var key in (string[])["systolic", "diastolic"]) values[key] = Component(stored, key).At("valueQuantity").TextAt("value") ?? "";
                break;
            case "smoking":
                values["smoking"] = SmokingStates.FirstOrDefault(state => Codes.Has(stored.At("valueCodeableConcept"), state.Code)).Key ?? "";
                break;
            case "other":
                values["what"] = Codes.Write(stored.At("code")) ?? "";
                var quantity = stored.At("valueQuantity");
                values["value"] = quantity.Exists() ? $"{quantity.TextAt("comparator")}{quantity.TextAt("value")}" : Reading.Values.Write(stored) ?? "";
                values["unit"] = Reading.Values.Unit(quantity) ?? "";
                break;
            case var vital:
                values[vital] = $"{stored.At("valueQuantity").TextAt("comparator")}{stored.At("valueQuantity").TextAt("value")}";
                break;
        }
        return values;
    }

    static JsonElement Component(JsonElement stored, string key) => stored.ItemsAt("component").FirstOrDefault(part => Codes.Has(part.At("code"), Vital(key)["loinc"]) && part.At("valueQuantity").Exists());

    public override Outcome Read(Form form, Target target, Situation situation)
    {
        var stored = target.Stored;
        var isChange = target.Version is not null;
        var subject = isChange ? Subject(stored) : "";
        var moment = Moment(form, "day", "time", situation);
        var text = form.Text("text", LongText, isRequired: false);
        var takenBack = TakenBack(form);
        var fill = new Filling(form, target, situation, moment, text, takenBack);
        List<Hint> hints = [];

        bool Asks(string part) => subject.Length == 0 || subject == part;
        if (Asks("blood-pressure"))
        {
            var (systolic, diastolic) = (Measured(form, "systolic", hints), Measured(form, "diastolic", hints));
            if (systolic is null && form["systolic"].Trim().Length == 0 && (diastolic is not null || isChange)) form.Fail("systolic", Words.Of("error both pressures"));
            if (diastolic is null && form["diastolic"].Trim().Length == 0 && (systolic is not null || isChange)) form.Fail("diastolic", Words.Of("error both pressures"));
            if (systolic is { } high && diastolic is { } low)
            {
                if (low.Value >= high.Value) form.Fail("diastolic", Words.Of("error pressures swapped"));
                fill.Pressure(high.Value, low.Value);
            }
        }
        foreach (var key in Vitals.Skip(2).Where(Asks))
            if (Measured(form, key, hints) is { } measured) fill.Number(Vital(key), measured.Value, measured.Comparator, Vital(key)["unit"], "vital-signs");
            else if (isChange && form[key].Trim().Length == 0) form.Fail(key, Words.Of("error required"));
        if (subject.Length == 0 && form.Errors.Count == 0) BodyMass(form, fill, situation);
        if (Asks("smoking") && form.Choice("smoking", SmokingStates.Select(state => state.Key), isRequired: isChange) is { Length: > 0 } smoking)
        {
            var (_, code, display) = SmokingStates.First(state => state.Key == smoking);
            fill.Add("social-history", resource =>
            {
                if (!Codes.Has(stored.At("code"), Smoking)) resource["code"] = Elements.Coded(Catalogue.Loinc, Smoking, "Tobacco smoking status");
                resource.PutChoice("value", "CodeableConcept", Elements.Coded(Catalogue.Snomed, code, display));
            });
        }
        if (Asks("other")) Other(form, fill, isChange, hints);
        if (fill.Changes.Count == 0 && form.Errors.Count == 0)
        {
            if (isChange && takenBack is not null) fill.Add("", _ => { });
            else form.Fail("", Words.Of("error nothing measured"));
        }
        return new(fill.Changes, takenBack is null ? hints : []);
    }

    static void Other(Form form, Filling fill, bool isChange, List<Hint> hints)
    {
        var isTyped = isChange || form["what"].Trim().Length > 0 || form["value"].Trim().Length > 0 || form["unit"].Trim().Length > 0;
        var what = form.Text("what", ShortText, isTyped);
        var value = form.Text("value", 2000, isTyped);
        var unit = form.Text("unit", 50, isRequired: false);
        if (!isTyped || what.Length == 0 || value.Length == 0) return;
        var term = Catalogue.Observations.Find(what) ?? (isChange ? fill.StoredTerm : null);
        if (term is null)
        {
            if (unit.Length > 0 && Parse(value) is null) form.Fail("unit", Words.Of("error unit of a text"));
            fill.Add("laboratory", resource =>
            {
                resource.PutConcept("code", what, null, fill.Stored);
                if (Parse(value) is var (number, comparator)) resource.PutChoice("value", "Quantity", Filling.SameQuantity(number, comparator, unit, fill.Stored) ?? Free(number, comparator, unit));
                else if (Reading.Values.Write(fill.Stored) != value) resource.PutChoice("value", "String", value);
            });
            return;
        }
        if (unit.Length > 0 && unit != term["unit"] && unit != term["ucum"]) form.Fail("unit", Words.Of("error unit", term["unit"]));
        if (Measured(form, "value", hints, term) is { } measured) fill.Number(term, measured.Value, measured.Comparator, term["unit"], term["category"] == "vital" ? "vital-signs" : term["category"], what);
    }

    static JsonObject Free(decimal number, string comparator, string unit)
    {
        var quantity = new JsonObject { ["value"] = number };
        if (comparator.Length > 0) quantity["comparator"] = comparator;
        quantity.Put("unit", unit);
        return quantity;
    }

    /// <summary>A number within what is possible; what is only unusual gives a hint.</summary>
    static (decimal Value, string Comparator)? Measured(Form form, string field, List<Hint> hints, Term? term = null)
    {
        term ??= Vital(field);
        var text = form.Text(field, 30, isRequired: false);
        if (text.Length == 0) return null;
        if (Parse(text) is not var (number, comparator))
        {
            form.Fail(field, Words.Of("error no number"));
            return null;
        }
        var (least, most) = (term.Number("least"), term.Number("most"));
        if (number < least || number > most)
        {
            form.Fail(field, Words.Of("error not possible", Short(least!.Value), Short(most!.Value), term["unit"]));
            return null;
        }
        if (number < term.Number("unusualBelow") || number > term.Number("unusualAbove")) hints.Add(new("unusual value", term.Display, Short(number), term["unit"]));
        return (number, comparator);
    }

    static void BodyMass(Form form, Filling fill, Situation situation)
    {
        if (Parse(form["weight"]) is not var (weight, _)) return;
        decimal? height = Parse(form["height"])?.Value;
        // A child grows: an older height says nothing.
        if (height is null && situation.Height is var (known, date) && (situation.Today.DayNumber - DateOnly.FromDateTime(date.Local).DayNumber) is var days && days < (situation.AgeYears >= 20 ? 5 * 365 : 60)) height = known;
        if (height is not > 0 || situation.AgeYears < 2) return;
        var index = Math.Round(weight / (height.Value / 100) / (height.Value / 100), 1, MidpointRounding.AwayFromZero);
        fill.Number(Catalogue.Observations.Find("Body mass index")!, index, "", "kg/m²", "vital-signs");
    }

    static (decimal Value, string Comparator)? Parse(string text) => Amount().Match(text.Trim()) is { Success: true } match
        && decimal.TryParse(match.Groups["number"].Value.Replace(',', '.'), NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        ? (number, match.Groups["comparator"].Value switch { "≤" => "<=", "≥" => ">=", var same => same }) : null;

    [GeneratedRegex(@"^(?<comparator><=|>=|<|>|≤|≥)?\s*(?<number>-?\d{1,9}(?:[.,]\d{1,6})?)$", RegexOptions.CultureInvariant)]
    private static partial Regex Amount();

    static string Short(decimal number) => number.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>How a value stands to the usual range of a patient like this.</summary>
    /// <returns>Lower and upper end, and a code of v3-ObservationInterpretation; null where there is no range for them.</returns>
    public static (decimal? Low, decimal? High, string Code)? Interpret(Term term, decimal value, string comparator, Situation situation)
    {
        // The ranges are those of adults, but warmth and oxygen are the same in all.
        if (situation.AgeYears is not >= 18 && term["key"] is not ("temperature" or "saturation")) return null;
        var own = term["range"].Split(';').FirstOrDefault(part => !part.Contains(':', StringComparison.Ordinal) || part.StartsWith(situation.Sex == "female" ? "f:" : situation.Sex == "male" ? "m:" : "?", StringComparison.Ordinal));
        if (Range(own) is not var (low, high)) return null;
        var (critical, severe) = Range(term["critical"]) ?? (null, null);
        // "< 5" may be anything below, "> 5" anything above.
        var code = comparator.StartsWith('<') ? value <= low ? "L" : value <= high || high is null ? "N" : null : comparator.StartsWith('>') ? value >= high ? "H" : value >= low || low is null ? "N" : null
            : value < critical ? "LL" : value > severe ? "HH" : value < low ? "L" : value > high ? "H" : "N";
        return (low, high, code ?? "");
    }

    static (decimal? Low, decimal? High)? Range(string? text) => text is { Length: > 0 } && text[(text.IndexOf(':', StringComparison.Ordinal) + 1)..].Split('-') is [var low, var high] ? (Catalogue.Number(low), Catalogue.Number(high)) : null;

    /// <summary>Fills resources with what was measured: the target first, then new ones beside it.</summary>
    sealed class Filling(Form form, Target target, Situation situation, string? moment, string text, string? takenBack)
    {
        public List<Change> Changes { get; } = [];
        public JsonElement Stored => target.Stored;
        public Term? StoredTerm => Stored.At("code").ItemsAt("coding").Select(coding => Catalogue.Observations.OfCode($"{coding.TextAt("system")}|{coding.TextAt("code")}")).FirstOrDefault(term => term is not null && Codes.Write(Stored.At("code")) == form["what"]);

        public void Add(string category, Action<JsonObject> fill)
        {
            var isFirst = Changes.Count == 0;
            var resource = isFirst ? target.Resource : new JsonObject { ["resourceType"] = "Observation" };
            var stored = isFirst ? Stored : default;
            resource["status"] = takenBack is not null ? "entered-in-error" : target.Version is null ? stored.TextAt("status") ?? "final" : stored.TextAt("status") is "final" or "amended" or "corrected" ? "corrected" : stored.TextAt("status") is "entered-in-error" ? "final" : stored.TextAt("status") ?? "final";
            if (category.Length > 0 && !stored.At("category").Exists()) resource["category"] = new JsonArray(Elements.Hl7Concept("observation-category", category));
            resource["subject"] ??= situation.Subject;
            if (resource["performer"] is null) resource["performer"] = new JsonArray(Elements.Author(situation.Author));
            if (!Stored.Exists() && situation.Encounter is var (reference, name)) resource["encounter"] = Elements.Reference(reference, name);
            if (moment is not null && !IsSameMoment(moment, stored, "effectiveDateTime") && !stored.At("effectivePeriod").Exists()) resource.PutChoice("effective", "DateTime", moment);
            resource["issued"] ??= situation.Now;
            fill(resource);
            if (isFirst) resource.PutNote(text, stored, situation);
            Changes.Add(isFirst ? target.Change with { Reason = takenBack } : new(resource, string.Create(CultureInfo.InvariantCulture, $"{target.Id}-{Changes.Count + 1}")));
        }

        public void Number(Term term, decimal value, string comparator, string unit, string category, string? name = null) => Add(category, resource =>
        {
            var stored = Changes.Count == 0 ? Stored : default;
            if (!Codes.Has(stored.At("code"), term["loinc"]) || name is not null && Codes.Write(stored.At("code")) != name) resource["code"] = CodeOf(term);
            if (SameQuantity(value, comparator, unit, stored) is null)
            {
                var quantity = Elements.Quantity(value, unit, term["ucum"]);
                if (comparator.Length > 0) quantity["comparator"] = comparator;
                resource.PutChoice("value", "Quantity", quantity);
                PutInterpretation(resource, term, value, comparator, unit);
            }
        });

        /// <summary>The stored value when it says the same; null when it says another.</summary>
        public static JsonNode? SameQuantity(decimal value, string comparator, string unit, JsonElement stored) =>
            stored.At("valueQuantity") is { ValueKind: JsonValueKind.Object } before && before.At("value") is { ValueKind: JsonValueKind.Number } number && number.TryGetDecimal(out var same) && same == value
                && (before.TextAt("comparator") ?? "") == comparator && (Reading.Values.Unit(before) ?? "") == unit ? JsonNode.Parse(before.GetRawText()) : null;

        public void Pressure(decimal systolic, decimal diastolic) => Add("vital-signs", resource =>
        {
            if (!Codes.Has(Stored.At("code"), BloodPressure)) resource["code"] = Elements.Coded(Catalogue.Loinc, BloodPressure, "Blood pressure");
            if (resource["component"] is not JsonArray parts) resource["component"] = parts = [];
            foreach (var (key, value) in (ReadOnlySpan<(string, decimal)>)[("systolic", systolic), ("diastolic", diastolic)])
            {
                var term = Vital(key);
                if (parts.OfType<JsonObject>().FirstOrDefault(one => one["code"]?["coding"] is JsonArray codings && codings.Any(coding => coding?["code"]?.ToString() == term["loinc"])) is not { } part)
                    parts.Add(part = new JsonObject { ["code"] = CodeOf(term) });
                if (part["valueQuantity"]?["value"] is JsonValue before && before.TryGetValue<decimal>(out var same) && same == value) continue;
                part.PutChoice("value", "Quantity", Elements.Quantity(value, term["unit"], term["ucum"]));
                PutInterpretation(part, term, value, "", term["unit"]);
            }
        });

        void PutInterpretation(JsonObject resource, Term term, decimal value, string comparator, string unit)
        {
            if (Interpret(term, value, comparator, situation) is not var (low, high, code))
            {
                resource.Remove("interpretation");
                resource.Remove("referenceRange");
                return;
            }
            resource.Put("interpretation", code.Length == 0 ? null : new JsonArray(Elements.Hl7Concept(Interpretations, code)));
            var range = new JsonObject();
            if (low is { } from) range["low"] = Elements.Quantity(from, unit, term["ucum"]);
            if (high is { } to) range["high"] = Elements.Quantity(to, unit, term["ucum"]);
            resource["referenceRange"] = new JsonArray(range);
        }

        static JsonObject CodeOf(Term term)
        {
            var concept = Elements.Concept(term.Display, term);
            // The profile of vital signs asks for this code of oxygen saturation beside the one of the method.
            if (term["key"] == "saturation") concept["coding"]!.AsArray().Add(new JsonObject { ["system"] = Catalogue.Loinc, ["code"] = "2708-6", ["display"] = term.Display });
            return concept;
        }
    }
}
