using System.Globalization;
using System.Text.Json;
using CsCheck;
using Tervik.Portal.Medication;
using Tervik.Portal.Reading;

namespace Tervik.EndToEnd.Portal;

/// <summary>Dose plan, interactions, allergies and doubles: values in, values out.</summary>
public sealed class MedicationRulesTests
{
    static readonly DateOnly Wednesday = new(2026, 11, 25);

    static Dosage Of(string json, string since = "2026-11-25")
    {
        using var parsed = JsonDocument.Parse(json);
        return Dosage.Read(parsed.RootElement, FhirDate.Read(since));
    }

    static Gen<string> AnyOf(params string[] of) => Gen.Int[0, of.Length - 1].Select(at => of[at]);

    static string Plan(Dosage dosage, DateOnly? day = null) => string.Join(' ', dosage.On(day ?? Wednesday).Select(dose => $"{dose.Time}{(dose.Clock is { } clock ? $"@{clock:HH\\:mm}" : "")}×{dose.Times}"));

    static MedicationLine Line(string name, params string[] atc) => new(name, atc.Length > 0 ? atc : Substances.AtcOf(name));

    [Theory]
    [InlineData("""{"timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"d"}}}""", "AnyTime×1")]
    [InlineData("""{"timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d"}}}""", "Morning×1 Evening×1")]
    [InlineData("""{"timing":{"repeat":{"frequency":4,"period":1,"periodUnit":"d"}}}""", "Morning×1 Noon×1 Evening×1 Night×1")]
    [InlineData("""{"timing":{"repeat":{"frequency":1,"period":4,"periodUnit":"h"}}}""", "Morning×2 Noon×1 Evening×2 Night×1")]
    [InlineData("""{"timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"d","when":["HS"]}}}""", "Night×1")]
    [InlineData("""{"timing":{"repeat":{"when":["MORN","EVE"]}}}""", "Morning×1 Evening×1")]
    [InlineData("""{"timing":{"repeat":{"frequency":3,"period":1,"periodUnit":"d","when":["C"]}}}""", "Morning×1 Noon×1 Evening×1")]
    [InlineData("""{"timing":{"repeat":{"frequency":3,"period":1,"periodUnit":"d","when":["CM","CV"]}}}""", "Morning×2 Evening×1")]
    [InlineData("""{"timing":{"repeat":{"timeOfDay":["20:00:00","08:00:00"]}}}""", "Morning@08:00×1 Evening@20:00×1")]
    [InlineData("""{"timing":{"code":{"coding":[{"code":"BID"}]}}}""", "Morning×1 Evening×1")]
    [InlineData("""{"timing":{"code":{"coding":[{"code":"AM"}]}}}""", "Morning×1")]
    [InlineData("""{"asNeededBoolean":true,"timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"d"}}}""", "AsNeeded×0")]
    [InlineData("""{"text":"One now and then"}""", "AsWritten×0")]
    [InlineData("""{"timing":{"repeat":{"boundsPeriod":{"end":"2026-11-24"},"frequency":1,"period":1,"periodUnit":"d"}}}""", "")]
    [InlineData("""{"timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"wk","dayOfWeek":["wed"]}}}""", "AnyTime×1")]
    [InlineData("""{"timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"wk","dayOfWeek":["mon","fri"]}}}""", "")]
    public void A_dosage_gives_the_doses_of_a_day(string json, string plan) => Assert.Equal(plan, Plan(Of(json)));

    [Fact]
    public void Every_other_day_counts_from_the_beginning_and_a_month_keeps_its_day()
    {
        var other = Of("""{"timing":{"repeat":{"frequency":1,"period":2,"periodUnit":"d"}}}""", "2026-11-20");
        Assert.Equal([0, 1, 0, 1], Enumerable.Range(0, 4).Select(day => other.DosesOn(new DateOnly(2026, 11, 21).AddDays(day))));
        var monthly = Of("""{"timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"mo"}}}""", "2026-01-31");
        Assert.Equal([new(2026, 1, 31), new(2026, 2, 28), new(2026, 3, 31), new(2026, 4, 30)], Enumerable.Range(0, 120).Select(day => new DateOnly(2026, 1, 1).AddDays(day)).Where(day => monthly.DosesOn(day) == 1));
        var course = Of("""{"timing":{"repeat":{"boundsDuration":{"value":7,"unit":"d"},"frequency":3,"period":1,"periodUnit":"d"}}}""", "2026-11-25");
        Assert.Equal((3, 3, 0), (course.DosesOn(Wednesday), course.DosesOn(Wednesday.AddDays(6)), course.DosesOn(Wednesday.AddDays(7))));
    }

    [Fact]
    public void A_dosage_is_said_in_plain_words()
    {
        Assert.Equal("1 tablet · twice a day · with breakfast · with dinner", Of("""{"doseAndRate":[{"doseQuantity":{"value":1,"unit":"tablet"}}],"timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d","when":["CM","CV"]}}}""").InWords);
        Assert.Equal("1 tablet · on Monday, Thursday", Of("""{"doseAndRate":[{"doseQuantity":{"value":1,"unit":"tablet"}}],"timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"wk","dayOfWeek":["thu","mon"]}}}""").InWords);
        Assert.Equal("2 puff · as needed: wheezing · at most 8 puff a day", Of("""{"asNeededCodeableConcept":{"text":"wheezing"},"doseAndRate":[{"doseQuantity":{"value":2,"unit":"puff"}}],"maxDosePerPeriod":{"numerator":{"value":8,"unit":"puff"},"denominator":{"value":24,"unit":"h","code":"h"}}}""").InWords);
        Assert.Equal("One now and then", Of("""{"text":"One now and then"}""").InWords);
    }

    /// <summary>Whatever stands in a dosage, whole periods hold as many doses as frequency says, and the parts of a day sum up to it.</summary>
    [Fact]
    public void Any_rhythm_gives_as_many_doses_as_its_frequency() =>
        Gen.Select(Gen.Int[1, 8], Gen.Int[1, 30], AnyOf("h", "d", "wk"), Gen.Int[0, 4000]).Sample((frequency, period, unit, start) =>
        {
            if (frequency * 24m / (period * (unit == "h" ? 1 : unit == "d" ? 24 : 168)) > 24) return true;
            var first = new DateOnly(2020, 1, 1).AddDays(start);
            var dosage = Of(string.Create(CultureInfo.InvariantCulture, $$"""{"timing":{"repeat":{"frequency":{{frequency}},"period":{{period}},"periodUnit":"{{unit}}"} } }"""), first.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            // Hours: so many days that whole periods fill them.
            var (days, doses) = unit switch { "h" => (period, 24 * frequency), "d" => (period, frequency), _ => (7 * period, frequency) };
            var counted = Enumerable.Range(0, days).Select(day => first.AddDays(day)).ToList();
            return counted.Sum(dosage.DosesOn) == doses && counted.All(day => dosage.On(day).Sum(dose => dose.Times) == dosage.DosesOn(day)) && dosage.DosesOn(first.AddDays(-1)) == 0;
        });

    [Fact]
    public void Any_dosage_gives_a_plan_whose_parts_agree_and_words() =>
        Gen.Select(Repeat, Gen.Bool, AnyOf("", ""","asNeededBoolean":true""", ""","asNeededCodeableConcept":{"text":"pain"}""", ""","text":"as told" """, ""","doseAndRate":[{"doseQuantity":{"value":1,"unit":"tablet"}}]""", ""","doseAndRate":"none" """))
            .Sample((repeat, hasStart, more) =>
            {
                var dosage = Of($$"""{"timing":{{repeat}}{{more}}}""", hasStart ? "2026-03-31" : "");
                var days = Enumerable.Range(0, 40).Select(day => Wednesday.AddDays(day));
                return days.All(day => dosage.On(day).Sum(dose => dose.Times) == dosage.DosesOn(day)) && dosage.InWords is null or { Length: > 0 };
            }, iter: 5_000);

    // Valid and odd members of Timing.repeat, in any mixture.
    static readonly Gen<string> Repeat = AnyOf(
        "\"frequency\":1", "\"frequency\":0", "\"frequency\":-3", "\"frequency\":3", "\"frequency\":2147483647", "\"frequency\":\"two\"", "\"period\":1", "\"period\":0.5", "\"period\":0", "\"period\":-1", "\"period\":1e20", "\"period\":7",
        "\"periodUnit\":\"d\"", "\"periodUnit\":\"h\"", "\"periodUnit\":\"s\"", "\"periodUnit\":\"mo\"", "\"periodUnit\":\"a\"", "\"periodUnit\":\"fortnight\"", "\"frequencyMax\":4", "\"when\":[\"MORN\",\"EVE\"]", "\"when\":[\"PC\"]", "\"when\":[\"??\"]", "\"when\":\"HS\"",
        "\"timeOfDay\":[\"08:00:00\",\"25:99:00\"]", "\"dayOfWeek\":[\"mon\",\"sun\",\"x\"]", "\"boundsPeriod\":{\"start\":\"2026-12-01\",\"end\":\"2026-11-01\"}", "\"boundsPeriod\":{\"start\":\"9999-12-31\"}", "\"boundsDuration\":{\"value\":9999,\"code\":\"a\"}",
        "\"boundsDuration\":{\"value\":10,\"code\":\"d\"}").Array[0, 6].Select(members => $$"""{"repeat":{{{string.Join(',', members.DistinctBy(member => member.Split(':')[0]))}}},"event":["2026-11-26"]}""".Replace(",\"event\":[\"2026-11-26\"]", members.Length == 6 ? ",\"event\":[\"2026-11-26\"]" : "", StringComparison.Ordinal));

    [Theory]
    [InlineData("Warfarin 2.5 mg", "Ibuprofen 400 MG Oral Tablet [Ibu]", "interaction bleeding-painkiller")]
    [InlineData("lisinopril 10 MG Oral Tablet", "Spironolactone 25 mg", "interaction potassium")]
    [InlineData("Sertraliin 50 mg", "Tramadool 50 mg", "interaction serotonin")]
    [InlineData("Marevan 3 mg", "Burana 400 mg", null)] // Brands are not known: silence, no guess.
    [InlineData("Sertraline 50 mg", "tramadol hydrochloride 50 MG Oral Tablet", "interaction serotonin")]
    [InlineData("Simvastatin 20 mg", "Clarithromycin 500 mg", "interaction statin")]
    [InlineData("Methotrexate 10 MG Oral Tablet", "Trimethoprim 160 mg", "interaction methotrexate")]
    [InlineData("와파린 2mg", "이부프로펜 200mg", "interaction bleeding-painkiller")]
    [InlineData("Paracetamol 500 mg", "Ramipril 5 mg", null)]
    [InlineData("Ibuprofen gel 5 %", "Warfarin 2.5 mg", null)]
    [InlineData("Atorvastatin calcium 20 mg", "Ciprofloxacin 500 mg", null)]
    public void Well_known_pairs_are_found_in_both_orders(string a, string b, string? key)
    {
        Assert.Equal(key is null ? [] : [key], Interactions.Check(Line(a), [Line(b)]).Select(found => found.WordsKey));
        Assert.Equal(key is null ? [] : [key], Interactions.Between([Line(b), Line(a)]).Select(found => found.WordsKey));
    }

    [Fact]
    public void Codes_of_ATC_count_before_names_and_a_line_does_not_act_on_itself()
    {
        var metformin = Line("Metformin 500 mg", "A10BA02");
        Assert.Empty(Interactions.Check(metformin, [metformin]));
        Assert.Equal("interaction metformin", Assert.Single(Interactions.Check(metformin, [Line("Iohexol", "V08AB02")])).WordsKey);
        using var coded = JsonDocument.Parse("""{"coding":[{"system":"http://www.whocc.no/atc","code":"c09aa05"}],"text":"Warfarin"}""");
        Assert.Equal(["C09AA05"], Substances.AtcOf(coded.RootElement));
    }

    [Fact]
    public void Every_row_of_the_table_has_an_explanation() => Assert.DoesNotContain(Interactions.Keys, key => !Words.Has(key));

    [Fact]
    public void Doubles_are_found_by_substance_and_by_class_but_not_where_several_are_usual()
    {
        var found = Interactions.Duplicates([Line("Ibuprofen 200 mg"), Line("Ibuprofen 400 mg"), Line("Naproxen 250 mg"), Line("Insulin A", "A10AB05"), Line("Insulin B", "A10AB06")]);
        Assert.Equal([true, false, false], found.Select(duplicate => duplicate.IsSameSubstance));
    }

    [Fact]
    public void An_allergy_stands_against_its_group_and_what_is_related()
    {
        using var json = JsonDocument.Parse("""{"code":{"coding":[{"system":"http://snomed.info/sct","code":"91936005","display":"Allergy to penicillin"}]},"criticality":"high"}""");
        var penicillin = MedicationAllergy.Read("a", json.RootElement)!;
        Assert.False(Assert.Single(AllergyConflicts.Check(Line("Amoxicillin 500 MG Oral Tablet"), [penicillin])).IsRelated);
        Assert.True(Assert.Single(AllergyConflicts.Check(Line("Cefuroxime 250 MG Oral Tablet"), [penicillin])).IsRelated);
        Assert.Empty(AllergyConflicts.Check(Line("Ibuprofen 200 mg"), [penicillin]));
        using var over = JsonDocument.Parse("""{"code":{"text":"penicillin"},"verificationStatus":{"coding":[{"code":"refuted"}]}}""");
        Assert.Null(MedicationAllergy.Read("b", over.RootElement));
        using var own = JsonDocument.Parse("""{"code":{"text":"Allergi over for ibuprofen"}}""");
        Assert.NotEmpty(AllergyConflicts.Check(Line("Ibuprofen 200 mg"), [MedicationAllergy.Read("c", own.RootElement)!]));
    }
}
