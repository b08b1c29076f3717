using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Portal.Reading;
using Tervik.Portal.Shell;
using Tervik.Portal.Writing;
using Tervik.Trust.Identity;

namespace Tervik.EndToEnd.Portal;

/// <summary>The rules of the write forms: pure functions of what is typed and what the record says.</summary>
public sealed class WritingRulesTests
{
    static Situation Situation(int age = 50) => new(new(2026, 7, 1), "2026-07-01T10:00:00Z", new("Practitioner/x", PrincipalKind.Professional, "X"), "p", "P") { Born = new(2026 - age, 1, 1), Sex = "female" };

    static Known Drug(string title, string? atc = null) => new("MedicationRequest", title, title, atc is null ? [] : [$"{Catalogue.Atc}|{atc}"]);
    static Known Allergy(string title, params string[] codes) => new("AllergyIntolerance", title, title, codes);
    static FhirDate Day(string text) => FhirDate.Read(text)!.Value;

    static string[] Prescribing(string medication, string strength, Dosage? dosage, Situation situation) =>
        [.. PrescriptionHints.Of($"{medication} {strength}".Trim(), strength, Catalogue.Medications.Find(medication), dosage, situation).Select(hint => hint.Name)];

    static Dosage Tablets(decimal dose, params string[] times) => new(dose, "tablet", times) { Start = new(2026, 7, 1) };

    [Theory]
    [InlineData(1, "morning", "Ibuprofen", "400 mg tablet", "")]
    [InlineData(3, "morning", "Ibuprofen", "400 mg tablet", "dose high")]
    [InlineData(0.25, "morning", "Ibuprofen", "400 mg tablet", "dose low")]
    [InlineData(2, "morning noon evening night", "Ibuprofen", "400 mg tablet", "dose per day high")]
    [InlineData(2, "morning", "Paracetamol", "500 mg tablet", "")]
    [InlineData(3, "morning noon evening", "Paracetamol", "500 mg tablet", "dose high dose per day high")]
    [InlineData(6, "morning", "Methotrexate", "2.5 mg tablet", "taken every days")]
    [InlineData(1, "morning", "Levothyroxine", "50 microgram tablet", "")]
    [InlineData(1, "morning", "Levothyroxine", "1 mg tablet", "dose high dose per day high")]
    public void A_dose_outside_the_usual_range_is_pointed_out(double dose, string times, string medication, string strength, string expected) =>
        Assert.Equal(expected, string.Join(' ', Prescribing(medication, strength, Tablets((decimal)dose, times.Split(' ')), Situation())));

    [Fact]
    public void A_weekly_dose_is_no_daily_one_and_a_dose_as_needed_is_judged_by_the_most_in_a_day()
    {
        Assert.Empty(Prescribing("Methotrexate", "2.5 mg tablet", new(6, "tablet", [], EveryDays: 7), Situation()));
        Assert.Empty(Prescribing("Paracetamol", "500 mg tablet", new(2, "tablet", []) { IsAsNeeded = true, MostPerDay = 8 }, Situation()));
        Assert.Equal(["dose per day high"], Prescribing("Paracetamol", "500 mg tablet", new(2, "tablet", []) { IsAsNeeded = true, MostPerDay = 12 }, Situation()));
        Assert.Equal(["dose of a child"], Prescribing("Paracetamol", "24 mg/ml oral solution", new(5, "ml", [], EveryHours: 6), Situation(age: 4)));
    }

    [Theory]
    [InlineData(2, "tablet", "500 mg tablet", "mg", "1000")]
    [InlineData(2, "tablet", "0.5 g tablet", "mg", "1000")]
    [InlineData(5, "ml", "24 mg/ml oral solution", "mg", "120")]
    [InlineData(5, "ml", "250 mg/5 ml suspension", "mg", "250")]
    [InlineData(1, "g", "", "mg", "1000")]
    [InlineData(2, "puff", "100 microgram inhaler", "microgram", "200")]
    [InlineData(18, "units", "100 units/ml pen", "units", "18")]
    [InlineData(1, "tablet", "500/125 mg tablet", "mg", null)] // two substances
    [InlineData(1, "tablet", "24 mg/ml", "mg", null)] // a tablet has no volume
    [InlineData(1, "tablet", "", "mg", null)]
    [InlineData(1, "application", "1 % cream", "mg", null)]
    public void The_amount_of_a_dose_follows_from_its_strength(double dose, string unit, string strength, string wanted, string? expected) =>
        Assert.Equal(expected, Dosage.AmountIn((decimal)dose, unit, strength, wanted)?.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture));

    [Fact]
    public void An_allergy_is_found_by_code_class_name_and_kinship()
    {
        string[] Asked(string drug, Known allergy) => Prescribing(drug, "", null, Situation() with { Allergies = [allergy] });
        Assert.Equal(["allergy"], Asked("Amoxicillin", Allergy("Penicillin", $"{Catalogue.Snomed}|764146007")));
        Assert.Equal(["allergy"], Asked("Phenoxymethylpenicillin", Allergy("Allergy to penicillin")));
        Assert.Equal(["allergy"], Asked("Phenoxymethylpenicillin", Allergy("Whatever it is called", $"{Catalogue.Snomed}|91936005")));
        Assert.Equal(["related allergy"], Asked("Cefuroxime", Allergy("Penicillin")));
        Assert.Equal(["related allergy"], Asked("Ibuprofen", Allergy("Aspirin allergy")));
        Assert.Equal(["allergy"], Asked("Metoprolol", Allergy("allergic to metoprolol, rash")));
        Assert.Empty(Asked("Paracetamol", Allergy("Penicillin")));
        Assert.Empty(Asked("Paracetamol", Allergy("Birch pollen")));
        Assert.True(Assert.Single(PrescriptionHints.Of("Cefuroxime", "", Catalogue.Medications.Find("Cefuroxime"), null, Situation() with { Allergies = [Allergy("Penicillin")] })).IsInformation);
    }

    [Fact]
    public void The_same_medication_its_class_weak_kidneys_pregnancy_and_age_are_pointed_out()
    {
        Assert.Equal(["same medication"], Prescribing("Atorvastatin", "20 mg tablet", null, Situation() with { Medication = [Drug("Lipitor", "C10AA05")] }));
        Assert.Equal(["same class"], Prescribing("Atorvastatin", "20 mg tablet", null, Situation() with { Medication = [Drug("Simvastatin 40 mg tablet")] }));
        Assert.Equal(["same medication"], Prescribing("Unheard of", "", null, Situation() with { Medication = [Drug("unheard OF")] }));
        Assert.Empty(Prescribing("Insulin aspart", "", null, Situation() with { Medication = [Drug("Insulin glargine", "A10AE04")] }));
        Assert.Equal(["kidneys"], Prescribing("Metformin", "", null, Situation() with { KidneyFunction = (38, Day("2026-05-01")) }));
        Assert.Empty(Prescribing("Metformin", "", null, Situation() with { KidneyFunction = (45, Day("2026-05-01")) }));
        Assert.Equal(["interaction"], Prescribing("Ibuprofen", "", null, Situation() with { Medication = [Drug("Warfarin 5 mg tablet")] }));
        Assert.Equal(["pregnancy"], Prescribing("Atorvastatin", "", null, Situation(30) with { IsPregnant = true }));
        Assert.Equal(["too young"], Prescribing("Ciprofloxacin", "", null, Situation(17)));
        Assert.Equal(["too old"], Prescribing("Zopiclone", "", null, Situation(80)));
    }

    [Fact]
    public void Vaccines_orders_and_diagnoses_that_stand_there_already_are_pointed_out()
    {
        string[] Vaccine(string what, string when, Situation situation) => [.. VaccinationForm.Hints(what, Catalogue.Vaccines.Find(what), when, situation).Select(hint => hint.Name)];
        var flu = new Known("Immunization", "a", "Influenza vaccine", [], Day("2026-06-20"));
        Assert.Equal(["same vaccine"], Vaccine("flu vaccine", "2026-07-01", Situation() with { Vaccinations = [flu] }));
        Assert.Empty(Vaccine("flu vaccine", "2026-07-12", Situation() with { Vaccinations = [flu] }));
        Assert.Equal(["allergy"], Vaccine("Influenza vaccine", "2026-07-01", Situation() with { Allergies = [Allergy("Eggs", $"{Catalogue.Snomed}|102263004")] }));
        Assert.Equal(["live vaccine in pregnancy"], Vaccine("MMR", "2026-07-01", Situation(30) with { IsPregnant = true }));
        Assert.Equal(["live vaccine and weak defence"], Vaccine("MMR", "2026-07-01", Situation(30) with { Medication = [Drug("Methotrexate 2.5 mg tablet")] }));
        Assert.Equal(["vaccine too old"], Vaccine("Rotavirus vaccine", "2026-07-01", Situation(3)));
        Assert.Equal(["vaccine too young"], Vaccine("Shingrix", "2026-07-01", Situation(3)));

        string[] Order(string what, Situation situation) => [.. OrderForm.Hints(what, Catalogue.Orders.Find(what), situation).Select(hint => hint.Name)];
        var count = new Known("ServiceRequest", "a", "Complete blood count", [$"{Catalogue.Loinc}|58410-2"], Day("2026-04-10"));
        Assert.Equal(["same order"], Order("CBC", Situation() with { Orders = [count] }));
        Assert.Empty(Order("CBC", Situation() with { Orders = [count with { Date = Day("2026-04-01") }] }));
        Assert.Equal(["contrast and kidneys", "contrast and metformin"], Order("Abdominal CT with contrast", Situation() with { KidneyFunction = (30, Day("2026-05-01")), Medication = [Drug("Metformin 500 mg")] }));
        Assert.Equal(["radiation in pregnancy"], Order("Chest X-ray", Situation(30) with { IsPregnant = true }));

        string[] Diagnosis(string what, Known known) => [.. DiagnosisForm.Hints(what, Catalogue.Diagnoses.Find(what), Situation() with { Conditions = [known] }).Select(hint => hint.Name)];
        Assert.Equal(["same diagnosis"], Diagnosis("T2D", new("Condition", "a", "Zuckerkrankheit", [$"{Catalogue.Snomed}|44054006"])));
        Assert.Equal(["same diagnosis since"], Diagnosis("Own words", new("Condition", "a", "own words", [], Day("2020"))));
        Assert.Empty(Diagnosis("Gout", new("Condition", "a", "Asthma", [])));
        Assert.Equal(["takes what causes it"], AllergyForm.Medication(Catalogue.Allergens.Find("Penicillin"), "Penicillin", Situation() with { Medication = [Drug("Amoxicillin 500 mg capsule")] }).Select(hint => hint.Name));
    }

    [Theory]
    [InlineData("Potassium", 4.2, "", "N")]
    [InlineData("Potassium", 3.2, "", "L")]
    [InlineData("Potassium", 2.5, "", "LL")]
    [InlineData("Potassium", 6.5, "", "HH")]
    [InlineData("Haemoglobin", 125, "", "N")] // 135 to 175 in men
    [InlineData("C-reactive protein", 5, "<", "N")]
    [InlineData("LDL cholesterol", 2, "<", "N")]
    [InlineData("NT-proBNP", 35000, ">", "H")]
    public void A_value_is_interpreted_by_the_range_of_adults_and_of_their_sex(string test, double value, string comparator, string expected) =>
        Assert.Equal(expected, ObservationForm.Interpret(Catalogue.Observations.Find(test)!, (decimal)value, comparator, Situation())!.Value.Code);

    [Fact]
    public void Ranges_of_adults_are_not_used_for_children()
    {
        Assert.Null(ObservationForm.Interpret(Catalogue.Observations.Find("Haemoglobin")!, 110, "", Situation(3)));
        Assert.Equal("H", ObservationForm.Interpret(Catalogue.Observations.Find("temperature")!, 39.1m, "", Situation(3))!.Value.Code);
        Assert.Null(ObservationForm.Interpret(Catalogue.Observations.Find("Haemoglobin")!, 125, "", Situation() with { Sex = "unknown" }));
    }

    [Fact]
    public void A_dosage_is_read_back_as_it_was_written()
    {
        Dosage[] all =
        [
            new(1, "tablet", ["morning", "evening"]) { Start = new(2026, 7, 1), Days = 7 }, new(2.5m, "ml", [], EveryHours: 6) { Start = new(2026, 7, 1), IsAsNeeded = true, NeededFor = "fever", MostPerDay = 10 },
            new(6, "tablet", [], EveryDays: 7) { Start = new(2026, 7, 1) }, new(1, "puff", []) { Start = new(2026, 7, 1), IsAsNeeded = true }, new(18, "units", ["night"]) { Start = new(2026, 7, 1), Days = 1 },
        ];
        foreach (var dosage in all)
        {
            var json = new JsonObject { ["sequence"] = 1, ["site"] = new JsonObject { ["text"] = "left" } };
            dosage.Into(json);
            using var written = JsonDocument.Parse(json.ToJsonString());
            var back = Dosage.Read(written.RootElement);
            Assert.NotNull(back);
            Assert.Equal(dosage with { Times = [] }, back with { Times = [] });
            Assert.Equal(dosage.Times, back.Times);
            Assert.Equal("left", written.RootElement.GetProperty("site").GetProperty("text").GetString());
        }
        Assert.Equal("2.5 ml, every 6 hours, as needed for fever, at most 10 ml a day", all[1].Text);
        Assert.Equal("6 tablets, once a week", all[2].Text);
    }

    [Theory]
    [InlineData("""{"text":"as told"}""")]
    [InlineData("""{"doseAndRate":[{"doseQuantity":{"value":1,"code":"{tbl}"}}],"timing":{"repeat":{"when":["ACM"]}}}""")]
    [InlineData("""{"doseAndRate":[{"doseQuantity":{"value":1,"code":"{tbl}"}}],"timing":{"repeat":{"frequency":3,"period":1,"periodUnit":"d"}}}""")]
    [InlineData("""{"doseAndRate":[{"doseQuantity":{"value":1,"code":"{tbl}"}},{"doseQuantity":{"value":2,"code":"{tbl}"}}]}""")]
    [InlineData("""{"doseAndRate":[{"doseQuantity":{"value":1,"code":"{tbl}"}}],"timing":{"repeat":{"timeOfDay":["08:00:00"],"frequency":1,"period":1,"periodUnit":"d"}}}""")]
    public void A_dosage_that_the_form_cannot_show_is_not_shown_as_another(string json)
    {
        using var dosage = JsonDocument.Parse(json);
        Assert.Null(Dosage.Read(dosage.RootElement));
    }

    [Fact]
    public void A_typed_text_finds_its_term_whatever_the_case_and_keeps_what_follows()
    {
        Assert.Equal(("Ibuprofen", "400 mg tablet"), Named("IBUPROFEN 400 mg tablet"));
        Assert.Equal(("Acetylsalicylic acid low dose", "75 mg"), Named("acetylsalicylic acid low dose 75 mg"));
        Assert.Equal((null, "Ibuprofenol"), Named("Ibuprofenol"));
        Assert.Equal("Haemoglobin A1c", Catalogue.Observations.Find(" hba1c ")?.Display);
        Assert.Null(Catalogue.Diagnoses.Find("nothing we know"));

        static (string?, string) Named(string text) => Catalogue.Medications.FindBeginning(text) is var (term, rest) ? (term?.Display, rest) : default;
    }

    [Fact]
    public void Hints_are_confirmed_one_by_one()
    {
        Hint[] seen = [new("allergy", "Penicillin")];
        Assert.Equal(Hint.Seal(seen), Hint.Seal([new("allergy", "Penicillin")]));
        Assert.NotEqual(Hint.Seal(seen), Hint.Seal([new("allergy", "Egg")]));
        Assert.NotEqual(Hint.Seal(seen), Hint.Seal([.. seen, new("kidneys", "x")]));
    }

    /// <summary>Each table is read, has what its form needs, and names nothing twice.</summary>
    [Fact]
    public void The_catalogue_is_sound()
    {
        (Catalogue Table, int Least)[] all = [(Catalogue.Diagnoses, 150), (Catalogue.Medications, 150), (Catalogue.Observations, 60), (Catalogue.Allergens, 50), (Catalogue.Reactions, 20), (Catalogue.Vaccines, 30), (Catalogue.Orders, 80)];
        foreach (var (table, least) in all)
        {
            Assert.True(table.All.Count >= least);
            Assert.Empty(table.All.GroupBy(term => term.Display, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1).Select(group => group.Key));
        }
        foreach (var code in all.SelectMany(one => one.Table.All).SelectMany(term => term.Codes))
            Assert.True(code.System switch { Catalogue.Snomed => IsSnomed(code.Code), Catalogue.Loinc => IsLoinc(code.Code), _ => true }, $"{code} has a wrong check digit.");
        foreach (var term in Catalogue.Medications.All.Where(term => term["unit"].Length > 0)) Assert.True(term.Number("least") <= term.Number("most") && term.Number("most") <= term.Number("mostPerDay"), term.Display);
        foreach (var term in Catalogue.Observations.All) Assert.True(term.Number("least") <= term.Number("unusualBelow") | term["unusualBelow"].Length == 0 && term.Number("unusualAbove") <= term.Number("most") | term["unusualAbove"].Length == 0, term.Display);
        Assert.All(Catalogue.Vaccines.All.SelectMany(term => term.List("allergens")), one => Assert.NotNull(Catalogue.Allergens.Find(one)));
        foreach (var key in ObservationForm.Vitals) Assert.NotEqual("", ObservationForm.Vital(key)["ucum"]);
    }

    // LOINC: the check digit is mod 10 (Luhn).
    static bool IsLoinc(string code)
    {
        var (digits, check) = (code[..^2], code[^1] - '0');
        var sum = digits.Reverse().Select((digit, at) => (digit - '0') * (at % 2 == 0 ? 2 : 1)).Sum(n => n > 9 ? n - 9 : n);
        return (10 - sum % 10) % 10 == check;
    }

    // SNOMED CT: the check digit is Verhoeff's.
    static bool IsSnomed(string code)
    {
        const string D = "0123456789123406789523401789563401289567401239567859876043216598710432765982104387659321049876543210", P = "01234567891576283094580379614289160435279453126870428657390127938064157046913258";
        var check = 0;
        for (var at = 0; at < code.Length; at++) check = D[check * 10 + (P[at % 8 * 10 + code[^(at + 1)] - '0'] - '0')] - '0';
        return check == 0;
    }
}
