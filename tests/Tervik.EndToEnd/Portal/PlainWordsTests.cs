using System.Globalization;
using System.Text.Json;
using CsCheck;
using Tervik.Portal.Explain;
using Tervik.Portal.Reading;
using Tervik.Portal.Results;
using Tervik.Portal.Shell;

namespace Tervik.EndToEnd.Portal;

/// <summary>Rules of what pages say about values: pure, without a server.</summary>
public sealed class PlainWordsTests
{
    static T In<T>(string language, Func<T> work)
    {
        var before = CultureInfo.CurrentUICulture;
        CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(language);
        try
        {
            return work();
        }
        finally
        {
            CultureInfo.CurrentUICulture = before;
        }
    }

    [Theory, InlineData("en", "12345.60", "12,345.60"), InlineData("da", "12345.60", "12.345,60"), InlineData("et", "12345.60", "12\u00A0345,60"), InlineData("ko", "12345.60", "12,345.60"),
        InlineData("da", "1234.5", "1234,5"), InlineData("et", "-0.50", "-0,50"), InlineData("da", "6.10", "6,10"), InlineData("da", "1.5e3", "1,5e3"), InlineData("da", "1234567", "1.234.567"), InlineData("da", "1.2.3", "1.2.3"),
        InlineData("da", "", ""), InlineData("da", "-", "-"), InlineData("da", "1.", "1."), InlineData("da", "about 5.5", "about 5.5")]
    public void A_number_is_written_the_readers_way(string language, string digits, string written) => Assert.Equal(written, In(language, () => Numbers.Write(digits)));

    [Fact]
    public void No_digit_of_a_number_is_lost_or_added_in_any_language() => Gen.Select(Gen.Decimal, Gen.Int[0, 3].Select(at => Language.All[at].Code)).Sample((value, language) =>
    {
        var digits = value.ToString(CultureInfo.InvariantCulture);
        var written = In(language, () => Numbers.Write(digits));
        return string.Concat(written.Where(char.IsAsciiDigit)) == string.Concat(digits.Where(char.IsAsciiDigit)) && written.StartsWith('-') == digits.StartsWith('-');
    });

    [Fact]
    public void Whatever_stands_for_a_number_is_shown() => Gen.Select(Gen.String, Gen.Int[0, 3].Select(at => Language.All[at].Code)).Sample((text, language) => text.Length == 0 || In(language, () => Numbers.Write(text)).Length > 0);

    static Result Value(double number, string day = "2026-10-01", double? low = 4, double? high = 6, Flag? flag = null) => new("o", "c", "n", FhirDate.Read(day), number.ToString(CultureInfo.InvariantCulture), number, "%", null, low, high,
        flag ?? (number < low ? Flag.Low : number > high ? Flag.High : Flag.None));

    [Theory, InlineData(5, 4.0, 6.0, Distance.Usual), InlineData(6.1, 4.0, 6.0, Distance.ALittleAbove), InlineData(7, 4.0, 6.0, Distance.Above), InlineData(9, 4.0, 6.0, Distance.FarAbove), InlineData(3.9, 4.0, 6.0, Distance.ALittleBelow),
        InlineData(3, 4.0, 6.0, Distance.Below), InlineData(1, 4.0, 6.0, Distance.FarBelow), InlineData(55, 60.0, null, Distance.Below), InlineData(59, 60.0, null, Distance.ALittleBelow), InlineData(80, 60.0, null, Distance.Usual), InlineData(5, null, null, Distance.Unknown)]
    public void A_value_lies_to_the_usual_range_as_one_would_say(double number, double? low, double? high, Distance expected) => Assert.Equal(expected, Standing.Of(Value(number, low: low, high: high), []).Range);

    [Fact]
    public void The_laboratorys_word_counts_more_than_the_numbers()
    {
        Assert.Equal(Distance.FarAbove, Standing.Of(Value(6.1, flag: Flag.CriticallyHigh), []).Range);
        Assert.Equal(Distance.Usual, Standing.Of(Value(6.1, flag: Flag.None), []).Range);
        Assert.Equal(Distance.Above, Standing.Of(Value(6.1, low: null, high: null, flag: Flag.High), []).Range);
        Assert.Equal(Distance.Unusual, Standing.Of(Value(6.1, flag: Flag.Abnormal), []).Range);
    }

    [Fact]
    public void A_value_is_compared_with_the_last_and_with_the_median_of_three_years()
    {
        var standing = Standing.Of(Value(6.9), [Value(8, "2026-06-01"), Value(6.8, "2026-01-01"), Value(6.8, "2025-06-01"), Value(20, "2020-01-01")]);
        Assert.Equal((Change.Lower, "8", Change.Same, 6.8), (standing.Last!.Value, standing.Before, standing.Own!.Value, standing.OwnUsual!.Value));
        Assert.Equal(["Above the usual range", "Lower than last time (8)", "About your own usual (6.8)"], In("en", () => standing.InWords(isOwn: true).ToList()));
        Assert.Contains("patsiendi enda tavaline tase (6,8)", In("et", () => string.Join(' ', standing.InWords(isOwn: false))), StringComparison.Ordinal);
    }

    [Fact]
    public void Too_few_values_or_another_unit_say_nothing()
    {
        Assert.Null(Standing.Of(Value(5), [Value(5, "2026-06-01"), Value(5, "2026-01-01")]).Own);
        Assert.Null(Standing.Of(Value(5), [Value(5, "2026-06-01") with { Unit = "mmol/mol" }]).Last);
    }

    [Fact]
    public void The_range_is_the_one_for_the_persons_sex_and_age()
    {
        using var json = JsonDocument.Parse("""
            { "resourceType": "Observation", "status": "final", "effectiveDateTime": "2026-01-01", "code": { "text": "Hb" }, "valueQuantity": { "value": 120, "unit": "g/L" }, "referenceRange": [
              { "low": { "value": 134, "unit": "g/L" }, "appliesTo": [ { "coding": [ { "system": "http://snomed.info/sct", "code": "248153007" } ] } ] },
              { "low": { "value": 117, "unit": "g/L" }, "appliesTo": [ { "coding": [ { "system": "http://hl7.org/fhir/administrative-gender", "code": "female" } ] } ] },
              { "low": { "value": 105, "unit": "g/L" }, "age": { "high": { "value": 12, "code": "a" } } } ] }
            """);
        Result Of(string gender, string born) => Result.Read("o", json.RootElement, new(gender, FhirDate.Read(born))).Single();
        Assert.Equal((134, Flag.Low), (Of("male", "1980-01-01").Low, Of("male", "1980-01-01").Flag));
        Assert.Equal((117, Flag.None), (Of("female", "1980-01-01").Low, Of("female", "1980-01-01").Flag));
        Assert.Equal(105, Of("other", "2018-01-01").Low);
    }

    [Theory, InlineData("Veresuhkur on kõrge", "korge", "kõrge"), InlineData("Sørens Straße", "strasse", "Straße"), InlineData("환자의 혈당이 높음", "혈당", "혈당"), InlineData("e\u0301cole", "eco", "e\u0301co"), InlineData("Lungebetændelse", "betaend", "betænd")]
    public void Searched_words_are_marked_in_any_script(string text, string word, string marked)
    {
        var parts = Marked.Parts(text, [Tervik.Records.Indexing.FoldedText.Fold(word)]);
        Assert.Equal(text, string.Concat(parts.Select(part => part.Text)));
        Assert.Equal([marked], parts.Where(part => part.IsMark).Select(part => part.Text));
    }

    [Fact]
    public void Marking_never_changes_a_text() => Gen.Select(Gen.String, Gen.String[1, 3]).Sample((text, word) =>
    {
        var folded = Tervik.Records.Indexing.FoldedText.Words(word).ToList();
        return string.Concat(Marked.Parts(text, folded).Select(part => part.Text)) == text && Marked.Snippet(text, folded).Count >= 0;
    });

    [Fact] // Two ways through the code: an accent anywhere takes the slow one.
    public void Plain_letters_are_folded_alike_with_and_without_an_accent_behind_them() => Gen.Char[(char)1, (char)126].Array.Select(letters => new string(letters)).Sample(text =>
        Tervik.Records.Indexing.FoldedText.Fold(text + "é") == Tervik.Records.Indexing.FoldedText.Fold(text + "e"));

    [Theory, InlineData("tests"), InlineData("conditions"), InlineData("medicines"), InlineData("units")]
    public void Every_explanation_is_there_in_every_language_and_each_code_has_one(string table)
    {
        var lines = Explanations.Lines(table).ToList();
        foreach (var line in lines)
        {
            Assert.Equal((line[0], 1 + 2 * Language.All.Length), (line[0], line.Length));
            Assert.All(line, part => Assert.Equal(part.Trim(), part.Length == 0 ? "empty" : part));
        }
        Assert.Empty(lines.SelectMany(line => line[0].Split(',')).GroupBy(code => code).Where(group => group.Count() > 1).Select(group => group.Key));
    }

    [Fact]
    public void A_code_is_explained_by_the_nearest_that_we_have()
    {
        Assert.Equal("Metformin", Explanations.Find("http://www.whocc.no/atc", "A10BA02")!.Title);
        Assert.Equal("Vaccine", Explanations.Find("http://www.whocc.no/atc", "J07AM51")!.Title);
        Assert.Equal("Kidney failure", Explanations.Find("http://hl7.org/fhir/sid/icd-10", "N18.6")!.Title);
        Assert.Equal("Type 2 diabetes", Explanations.Find("http://hl7.org/fhir/sid/icd-10-cm", "E11.65")!.Title);
        Assert.Null(Explanations.Find("http://loinc.org", "1-0"));
    }

    [Fact]
    public void No_test_stands_in_two_groups() => Assert.Empty(ResultGroup.Codes.GroupBy(code => code).Where(group => group.Count() > 1).Select(group => group.Key));
}
