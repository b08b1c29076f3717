using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Tervik.Care.Questionnaires;

namespace Tervik.Care.Tests.Questionnaires;

public sealed class AnswerSheetTests
{
    static Questionnaire Asked(string items, string more = "")
    {
        using var json = JsonDocument.Parse($$"""{"resourceType":"Questionnaire","status":"active","url":"urn:test:q","title":"Test"{{more}},"item":[{{items}}]}""");
        return Questionnaire.Read("q", json.RootElement);
    }

    static (AnswerSheet Sheet, List<AnswerFault> Faults) Given(Questionnaire asked, string items)
    {
        using var json = JsonDocument.Parse($$"""{"resourceType":"QuestionnaireResponse","item":[{{items}}]}""");
        var faults = new List<AnswerFault>();
        return (AnswerSheet.Read(asked, json.RootElement, faults), faults);
    }

    static string[] Codes(string asked, string answers, bool isComplete = true)
    {
        var questionnaire = Asked(asked);
        Assert.Empty(questionnaire.Faults);
        var (sheet, faults) = Given(questionnaire, answers);
        return [.. faults.Concat(sheet.Check(isComplete)).Select(fault => $"{fault.LinkId} {fault.Code}")];
    }

    const string Question = """{"linkId":"a","text":"A?","type":"TYPE"MORE}""", Answer = """{"linkId":"a","answer":[{VALUE}]}""";

    [Theory]
    [InlineData("boolean", "", "\"valueBoolean\":true", null)]
    [InlineData("boolean", "", "\"valueString\":\"true\"", "type")]
    [InlineData("decimal", "", "\"valueDecimal\":1.50", null)]
    [InlineData("decimal", ""","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/maxDecimalPlaces","valueInteger":1}]""", "\"valueDecimal\":1.25", "decimal-places")]
    [InlineData("decimal", ""","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/minValue","valueDecimal":10}]""", "\"valueDecimal\":9.99", "too-small")]
    [InlineData("integer", ""","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/maxValue","valueInteger":10}]""", "\"valueInteger\":11", "too-large")]
    [InlineData("integer", "", "\"valueInteger\":11", null)]
    [InlineData("integer", "", "\"valueDecimal\":11.5", "type")]
    [InlineData("date", "", "\"valueDate\":\"2026-11\"", null)]
    [InlineData("date", "", "\"valueDate\":\"2026-02-30\"", "type")]
    [InlineData("date", ""","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/maxValue","valueDate":"2026-11-27"}]""", "\"valueDate\":\"2026-11-28\"", "too-large")]
    [InlineData("dateTime", "", "\"valueDateTime\":\"2026-11-27T10:00:00+02:00\"", null)]
    [InlineData("dateTime", ""","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/minValue","valueDateTime":"2026-11-27T08:30:00Z"}]""", "\"valueDateTime\":\"2026-11-27T10:00:00+02:00\"", "too-small")]
    [InlineData("time", "", "\"valueTime\":\"08:30:00\"", null)]
    [InlineData("time", "", "\"valueTime\":\"25:30:00\"", "type")]
    [InlineData("string", ""","maxLength":3""", "\"valueString\":\"four\"", "too-long")]
    [InlineData("string", ""","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/regex","valueString":"[0-9]{4}"}]""", "\"valueString\":\"12345\"", "pattern")]
    [InlineData("string", ""","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/regex","valueString":"[0-9]{4}"}]""", "\"valueString\":\"1234\"", null)]
    [InlineData("string", ""","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/minLength","valueInteger":3}]""", "\"valueString\":\"ab\"", "too-short")]
    [InlineData("text", "", "\"valueString\":\"two\\nlines\"", null)]
    [InlineData("url", "", "\"valueUri\":\"https://example.org\"", null)]
    [InlineData("url", "", "\"valueUri\":\"nowhere\"", "type")]
    [InlineData("choice", ""","answerOption":[{"valueCoding":{"system":"s","code":"x"}},{"valueCoding":{"system":"s","code":"y"}}]""", "\"valueCoding\":{\"system\":\"s\",\"code\":\"y\"}", null)]
    [InlineData("choice", ""","answerOption":[{"valueCoding":{"system":"s","code":"x"}}]""", "\"valueCoding\":{\"system\":\"s\",\"code\":\"z\"}", "option")]
    [InlineData("choice", ""","answerOption":[{"valueInteger":1},{"valueInteger":2}]""", "\"valueInteger\":2", null)]
    [InlineData("choice", ""","answerOption":[{"valueInteger":1},{"valueInteger":2}]""", "\"valueInteger\":3", "option")]
    [InlineData("open-choice", ""","answerOption":[{"valueCoding":{"system":"s","code":"x"}}]""", "\"valueString\":\"another\"", null)]
    [InlineData("open-choice", ""","answerOption":[{"valueCoding":{"system":"s","code":"x"}}]""", "\"valueCoding\":{\"system\":\"s\",\"code\":\"z\"}", "option")]
    [InlineData("quantity", ""","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-unit","valueCoding":{"system":"http://unitsofmeasure.org","code":"kg","display":"kg"}}]""", "\"valueQuantity\":{\"value\":70,\"unit\":\"kg\",\"code\":\"kg\"}", null)]
    [InlineData("quantity", ""","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-unit","valueCoding":{"system":"http://unitsofmeasure.org","code":"kg","display":"kg"}}]""", "\"valueQuantity\":{\"value\":70,\"unit\":\"lb\",\"code\":\"[lb_av]\"}", "unit")]
    [InlineData("attachment", "", "\"valueAttachment\":{\"title\":\"x\"}", null)]
    public void An_answer_fits_its_question_or_is_told_why_not(string type, string more, string value, string? fault) =>
        Assert.Equal(fault is null ? [] : [$"a {fault}"], Codes(Question.Replace("TYPE", type, StringComparison.Ordinal).Replace("MORE", more, StringComparison.Ordinal), Answer.Replace("VALUE", value, StringComparison.Ordinal)));

    [Theory]
    [InlineData("exists", "\"answerBoolean\":true", "5", true)]
    [InlineData("exists", "\"answerBoolean\":true", null, false)]
    [InlineData("exists", "\"answerBoolean\":false", null, true)]
    [InlineData("=", "\"answerInteger\":5", "5", true)]
    [InlineData("=", "\"answerInteger\":5", "6", false)]
    [InlineData("!=", "\"answerInteger\":5", "6", true)]
    [InlineData("!=", "\"answerInteger\":5", "5", false)]
    [InlineData("!=", "\"answerInteger\":5", null, true)]
    [InlineData(">", "\"answerInteger\":5", "6", true)]
    [InlineData(">", "\"answerInteger\":5", "5", false)]
    [InlineData("<", "\"answerInteger\":5", "4", true)]
    [InlineData(">=", "\"answerInteger\":5", "5", true)]
    [InlineData("<=", "\"answerInteger\":5", "6", false)]
    [InlineData("<=", "\"answerInteger\":5", null, false)]
    public void A_question_is_asked_when_its_condition_holds(string how, string answer, string? given, bool isAsked)
    {
        var asked = Asked($$"""{"linkId":"n","type":"integer"},{"linkId":"x","type":"string","required":true,"enableWhen":[{"question":"n","operator":"{{how}}",{{answer}}}]}""");
        var (sheet, _) = Given(asked, given is null ? "" : $$"""{"linkId":"n","answer":[{"valueInteger":{{given}}}]}""");
        Assert.Equal(isAsked, sheet.Places[1].IsAsked);
        // What is not asked is not missed either.
        Assert.Equal(isAsked ? ["required"] : [], sheet.Check(isComplete: true).Select(fault => fault.Code));
        Assert.Empty(sheet.Check(isComplete: false));
    }

    [Theory, InlineData("all", true, true, true), InlineData("all", true, false, false), InlineData("any", true, false, true), InlineData("any", false, false, false)]
    public void All_conditions_or_one(string behaviour, bool first, bool second, bool isAsked)
    {
        var asked = Asked($$"""{"linkId":"a","type":"boolean"},{"linkId":"b","type":"boolean"},{"linkId":"x","type":"string","enableBehavior":"{{behaviour}}","enableWhen":[{"question":"a","operator":"=","answerBoolean":true},{"question":"b","operator":"=","answerBoolean":true}]}""");
        var (sheet, _) = Given(asked, $$"""{"linkId":"a","answer":[{"valueBoolean":{{(first ? "true" : "false")}}}]},{"linkId":"b","answer":[{"valueBoolean":{{(second ? "true" : "false")}}}]}""");
        Assert.Equal(isAsked, sheet.Places[2].IsAsked);
    }

    [Fact]
    public void A_condition_in_a_group_that_repeats_looks_at_its_own_time_and_one_outside_at_the_question_outside()
    {
        var asked = Asked("""
            {"linkId":"smokes","type":"boolean"},
            {"linkId":"g","type":"group","repeats":true,"item":[{"linkId":"kind","type":"string"},
              {"linkId":"more","type":"string","enableWhen":[{"question":"kind","operator":"=","answerString":"x"}]},
              {"linkId":"much","type":"integer","enableWhen":[{"question":"smokes","operator":"=","answerBoolean":true}]}]}
            """);
        var (sheet, faults) = Given(asked, """{"linkId":"smokes","answer":[{"valueBoolean":true}]},{"linkId":"g","item":[{"linkId":"kind","answer":[{"valueString":"x"}]}]},{"linkId":"g","item":[{"linkId":"kind","answer":[{"valueString":"y"}]}]}""");
        Assert.Empty(faults);
        Assert.Equal((true, false), (sheet.Places[1].Places[1].IsAsked, sheet.Places[2].Places[1].IsAsked));
        Assert.True(sheet.Places[1].Places[2].IsAsked && sheet.Places[2].Places[2].IsAsked);
        Assert.Equal(["q-kind-0", "q-kind-1"], sheet.Places.Skip(1).Select(group => group.Places[0].Name));
    }

    [Fact]
    public void What_is_not_asked_is_not_written_and_a_chain_of_conditions_falls_with_its_first()
    {
        var asked = Asked("""
            {"linkId":"a","type":"boolean"},
            {"linkId":"b","type":"boolean","enableWhen":[{"question":"a","operator":"=","answerBoolean":true}]},
            {"linkId":"c","type":"string","enableWhen":[{"question":"b","operator":"=","answerBoolean":true}]}
            """);
        var (sheet, _) = Given(asked, """{"linkId":"a","answer":[{"valueBoolean":false}]},{"linkId":"b","answer":[{"valueBoolean":true}]},{"linkId":"c","answer":[{"valueString":"left over"}]}""");
        Assert.Equal(["b", "c"], sheet.Check(isComplete: false).Where(fault => fault.Code == "not-asked").Select(fault => fault.LinkId));
        Assert.Equal("""[{"linkId":"a","answer":[{"valueBoolean":false}]}]""", sheet.Write().ToJsonString());
    }

    [Fact]
    public void A_circle_of_conditions_asks_nothing_and_ends()
    {
        var asked = Asked("""{"linkId":"a","type":"boolean","enableWhen":[{"question":"b","operator":"=","answerBoolean":true}]},{"linkId":"b","type":"boolean","enableWhen":[{"question":"a","operator":"=","answerBoolean":true}]}""");
        Assert.All(Given(asked, "").Sheet.Places, place => Assert.False(place.IsAsked));
    }

    [Theory]
    [InlineData("""{"linkId":"z","answer":[{"valueString":"x"}]}""", "z unknown")]
    [InlineData("""{"linkId":"b","item":[]},{"linkId":"a","answer":[{"valueString":"x"}]}""", "a order")]
    [InlineData("""{"linkId":"a","answer":[{"valueString":"x"},{"valueString":"y"}]}""", "a several")]
    [InlineData("""{"linkId":"a","answer":[{"valueString":"x"}]},{"linkId":"a","answer":[{"valueString":"y"}]}""", "a several")]
    [InlineData("""{"linkId":"a","item":[{"linkId":"c"}],"answer":[{"valueString":"x"}]}""", "a place")]
    [InlineData("""{"linkId":"a","answer":[{"valueString":"x"}]},{"linkId":"b","answer":[{"valueString":"y"}]}""", "b place")]
    public void What_does_not_stand_where_the_questionnaire_has_it_is_told(string answers, string fault) =>
        Assert.Contains(fault, Codes("""{"linkId":"a","type":"string"},{"linkId":"b","type":"group","item":[{"linkId":"c","type":"string"}]}""", answers));

    [Fact]
    public void What_cannot_be_filled_in_here_is_told_when_the_questionnaire_is_read()
    {
        Assert.Contains("cannot be answered here", Assert.Single(Asked("""{"linkId":"f","type":"attachment","required":true}""").Faults), StringComparison.Ordinal);
        Assert.Empty(Asked("""{"linkId":"f","type":"attachment"}""").Faults);
        Assert.Contains("more than once", Assert.Single(Asked("""{"linkId":"f","type":"string"},{"linkId":"f","type":"string"}""").Faults), StringComparison.Ordinal);
        Assert.Contains("no such item", Assert.Single(Asked("""{"linkId":"f","type":"string","enableWhen":[{"question":"g","operator":"exists","answerBoolean":true}]}""").Faults), StringComparison.Ordinal);
        Assert.Contains("regular expression", Assert.Single(Asked("""{"linkId":"f","type":"string","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/regex","valueString":"("}]}""").Faults), StringComparison.Ordinal);
        Assert.Contains("nested more than", Assert.Single(Asked(string.Concat(Enumerable.Range(0, 20).Select(i => $$"""{"linkId":"{{i}}","type":"group","item":[""")) + string.Concat(Enumerable.Repeat("]}", 20))).Faults), StringComparison.Ordinal);
        var many = Asked(string.Join(',', Enumerable.Range(0, 3000).Select(i => $$"""{"linkId":"{{i}}","type":"string"}""")));
        Assert.Contains("more than 1000 items", Assert.Single(many.Faults), StringComparison.Ordinal);
        Assert.Equal(Questionnaire.MostItems, many.All.Count());
    }

    [Fact]
    public void A_response_that_is_too_long_is_cut_and_told()
    {
        var asked = Asked("""{"linkId":"g","type":"group","repeats":true,"item":[{"linkId":"a","type":"string","repeats":true},{"linkId":"b","type":"string","repeats":true},{"linkId":"c","type":"string","repeats":true}]}""");
        var answers = string.Join(',', Enumerable.Repeat("""{"valueString":"x"}""", 60));
        var (sheet, faults) = Given(asked, string.Join(',', Enumerable.Repeat($$"""{"linkId":"g","item":[{"linkId":"a","answer":[{{answers}}]},{"linkId":"b","answer":[{{answers}}]},{"linkId":"c","answer":[{{answers}}]}]}""", 60)));
        Assert.True(sheet.All.Count() <= AnswerSheet.MostPlaces);
        Assert.Contains(faults, fault => fault is { Code: "too-many", LinkId: "" });
        Assert.Contains(faults, fault => fault is { Code: "too-many", LinkId: "a" });
    }

    [Fact]
    public void Names_of_fields_are_letters_digits_and_signs_and_no_two_are_the_same()
    {
        Gen.String[1, 8].Array[1, 12].Sample(links =>
        {
            var distinct = links.Where(link => link.Trim().Length > 0).Select(link => link.Trim()).Distinct().ToArray();
            var names = distinct.Select(link => Place.NameOf(new(link, ItemType.String, ""), null)).ToList();
            return names.Distinct().Count() == distinct.Length && names.All(name => name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_'));
        });
    }

    // Random questionnaires: conditions name any item, also themselves; random answers of any type, right and wrong, in any nesting.
    static readonly string[] Types = ["group", "display", "boolean", "decimal", "integer", "date", "dateTime", "time", "string", "text", "url", "choice", "open-choice", "attachment", "reference", "quantity"];
    static readonly string[] Values = ["\"valueBoolean\":true", "\"valueBoolean\":false", "\"valueInteger\":3", "\"valueDecimal\":3.5", "\"valueDate\":\"2026-01-05\"", "\"valueDateTime\":\"2026-01-05T08:00:00Z\"", "\"valueTime\":\"08:00:00\"", "\"valueString\":\"x\"", "\"valueUri\":\"urn:x\"",
        "\"valueCoding\":{\"system\":\"s\",\"code\":\"x\"}", "\"valueCoding\":{\"display\":\"x\"}", "\"valueQuantity\":{\"value\":3,\"code\":\"kg\"}", "\"valueAttachment\":{\"title\":\"x\"}", "\"valueReference\":{\"reference\":\"Patient/x\"}", "\"extension\":[]"];
    static readonly string[] Operators = ["exists", "=", "!=", ">", "<", ">=", "<="];

    sealed record Drawn(int Type, bool IsRequired, bool Repeats, int Condition, int Operator, int Value, Drawn[] Below);

    static readonly Gen<Drawn[]> AnyItems = Gen.Recursive<Drawn[]>((depth, items) => Gen.Select(Gen.Int[0, Types.Length - 1], Gen.Bool, Gen.Bool, Gen.Int[-12, 12], Gen.Int[0, 6], Gen.Int[0, Values.Length - 2], depth > 3 ? Gen.Const(Array.Empty<Drawn>()) : items,
        (type, isRequired, repeats, condition, how, value, below) => new Drawn(type, isRequired, repeats, condition, how, value, below)).Array[0, 4]);

    static string Written(Drawn[] items, ref int number)
    {
        var written = new List<string>();
        foreach (var item in items)
        {
            var link = number++;
            var condition = item.Condition < 0 ? "" : $$""","enableBehavior":"{{(item.IsRequired ? "all" : "any")}}","enableWhen":[{"question":"{{item.Condition}}","operator":"{{Operators[item.Operator]}}",{{(item.Operator == 0 ? "\"answerBoolean\":true" : Values[item.Value].Replace("value", "answer", StringComparison.Ordinal))}}}]""";
            var options = Types[item.Type].EndsWith("choice", StringComparison.Ordinal) && item.Value % 2 == 0 ? ""","answerOption":[{"valueCoding":{"system":"s","code":"x"}},{"valueString":"y"}]""" : "";
            written.Add($$"""{"linkId":"{{link}}","type":"{{Types[item.Type]}}","required":{{(item.IsRequired ? "true" : "false")}},"repeats":{{(item.Repeats ? "true" : "false")}}{{condition}}{{options}},"item":[{{Written(item.Below, ref number)}}]}""");
        }
        return string.Join(',', written);
    }

    static readonly Gen<string> AnyAnswers = Gen.Recursive<string>((depth, items) => Gen.Select(Gen.Int[0, 14], Gen.Int[0, Values.Length - 1].Array[0, 3], depth > 4 ? Gen.Const("") : items, depth > 4 ? Gen.Const("") : items,
        (link, values, inAnswer, inItem) => $$"""{"linkId":"{{link}}"{{(values.Length == 0 ? "" : $",\"answer\":[{string.Join(',', values.Select(value => $"{{{Values[value]},\"item\":[{inAnswer}]}}"))}]")}}{{(inItem.Length == 0 ? "" : $",\"item\":[{inItem}]")}}}""").Array[0, 5].Select(all => string.Join(',', all)));

    [Fact]
    public void Whatever_is_asked_and_answered_what_is_written_is_read_again_without_a_fault_of_its_place() => Gen.Select(AnyItems, AnyAnswers).Sample((items, answers) =>
    {
        var number = 0;
        var asked = Asked(Written(items, ref number));
        var (sheet, faults) = Given(asked, answers);
        var written = sheet.Write();
        var (again, second) = Given(asked, string.Join(',', written.Select(one => one!.ToJsonString())));
        // Nothing that is not asked comes through; what was written is written the same again, and nothing more is wrong with it than was before.
        return second.TrueForAll(fault => faults.Exists(one => one.Code == fault.Code && one.LinkId == fault.LinkId)) && again.Write().ToJsonString() == written.ToJsonString()
            && !again.Check(isComplete: false).Any(fault => fault.Code == "not-asked") && again.All.Where(place => place.Value is not null).All(place => place.IsAsked);
    }, iter: 400);

    [Fact]
    public void A_sheet_without_a_fault_stays_without_one_and_one_required_answer_less_is_missed()
    {
        var asked = Asked("""{"linkId":"a","type":"integer","required":true,"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/minValue","valueInteger":-50},{"url":"http://hl7.org/fhir/StructureDefinition/maxValue","valueInteger":50}]},{"linkId":"b","type":"string","required":true,"enableWhen":[{"question":"a","operator":">","answerInteger":0}]}""");
        Gen.Select(Gen.Int[-100, 100], Gen.Bool).Sample((number, hasText) =>
        {
            var (sheet, _) = Given(asked, $$"""{"linkId":"a","answer":[{"valueInteger":{{number}}}]}{{(hasText ? ""","linkId":"b","answer":[{"valueString":"x"}]}""".Insert(1, "{") : "")}}""");
            string[] expected = [.. number < -50 ? ["too-small"] : (string[])[], .. number > 50 ? ["too-large"] : (string[])[], .. number > 0 && !hasText ? ["required"] : (string[])[], .. number <= 0 && hasText ? ["not-asked"] : (string[])[]];
            return expected.SequenceEqual(sheet.Check(isComplete: true).Select(fault => fault.Code));
        });
    }

    [Fact]
    public void What_a_question_begins_with_stands_on_the_sheet()
    {
        var asked = Asked("""{"linkId":"a","type":"string","initial":[{"valueString":"one"}]},{"linkId":"b","type":"choice","repeats":true,"answerOption":[{"valueCoding":{"code":"x"},"initialSelected":true},{"valueCoding":{"code":"y"}},{"valueCoding":{"code":"z"},"initialSelected":true}]},{"linkId":"c","type":"string"}""");
        var sheet = AnswerSheet.Begin(asked, new Dictionary<string, AnswerValue> { ["c"] = new("String", "from the record") });
        Assert.Equal(["one", "x", "z", "from the record"], sheet.Places.Select(place => place.Value!.Text));
        Assert.Empty(sheet.Check(isComplete: true));
        Assert.Equal("""[{"linkId":"a","answer":[{"valueString":"one"}]},{"linkId":"b","answer":[{"valueCoding":{"code":"x"}},{"valueCoding":{"code":"z"}}]},{"linkId":"c","answer":[{"valueString":"from the record"}]}]""", sheet.Write().ToJsonString());
    }

    [Fact]
    public void The_example_of_HL7_is_read_and_its_answers_belong_to_it()
    {
        var folder = Tervik.Tests.SharedData.Path("fhirpath", "fhirpath.js", "resources", "weight-examples");
        using var asked = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "questionnaire-R4.json")));
        using var response = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "questionnaire-response-R4.json")));
        var questionnaire = Questionnaire.Read("weight", asked.RootElement);
        Assert.NotEmpty(questionnaire.Items);
        var faults = new List<AnswerFault>();
        var sheet = AnswerSheet.Read(questionnaire, response.RootElement, faults);
        Assert.DoesNotContain(faults.Concat(sheet.Check(isComplete: false)), fault => fault.Code is "unknown" or "order" or "place");
        Assert.Contains(sheet.All, place => place.Value is not null);
    }

    [Fact]
    public void A_response_names_its_appointment_its_questionnaire_and_how_far_it_is()
    {
        var sheet = AnswerSheet.Begin(Asked("""{"linkId":"a","type":"string","initial":[{"valueString":"one"}]}""", ""","version":"2" """));
        JsonObject Written(string? before, bool isComplete)
        {
            using var old = before is null ? null : JsonDocument.Parse($$"""{"status":"{{before}}"}""");
            return VisitQuestionnaires.Write(sheet, old?.RootElement, ("Patient/p", "P"), "ap", null, isComplete, DateTimeOffset.UnixEpoch);
        }
        Assert.Equal(["in-progress", "completed", "completed", "amended", "amended"], new[] { Written(null, false), Written(null, true), Written("in-progress", true), Written("completed", true), Written("amended", true) }.Select(one => (string?)one["status"]));
        Assert.Equal(("urn:test:q|2", "Appointment/ap"), ((string?)Written(null, true)["questionnaire"], (string?)Written(null, true)["extension"]![0]!["valueReference"]!["reference"]));
    }
}
