using CsCheck;
using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Records.Model;

namespace Tervik.Records.Tests.Model;

public sealed class FhirJsonTests
{
    static JsonDocument Parse(string json) => FhirJson.Parse(Encoding.UTF8.GetBytes(json));
    static Fault Refused(byte[] json, DocumentLimits? limits = null) => Assert.Throws<FaultException>(() => FhirJson.Parse(json, limits).Dispose()).Faults[0];

    [Fact]
    public void The_JSON_test_suite_is_accepted_and_refused_as_it_says()
    {
        var wrong = new List<string>();
        foreach (var (name, bytes) in SharedData.Files("json", "JSONTestSuite.zip"))
        {
            var file = Path.GetFileName(name);
            if (file[0] is not ('y' or 'n') || file[1] != '_') continue;
            var accepted = true;
            try { FhirJson.Parse(bytes).Dispose(); }
            catch (FaultException) { accepted = false; }
            if (accepted != (file[0] == 'y')) wrong.Add(file);
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public void A_syntax_error_is_named_with_line_and_column()
    {
        var fault = Refused("{\n  \"a\": tru\n}"u8.ToArray());
        Assert.Equal((FaultKind.Invalid, "structure"), (fault.Kind, fault.Code));
        Assert.Contains("line 2, column 11", fault.What, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_UTF8_is_refused_with_its_place() =>
        Assert.Contains("line 2, column 3", Refused([(byte)'{', (byte)'\n', (byte)'"', (byte)'a', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}']).What, StringComparison.Ordinal);

    [Theory]
    [InlineData("""["\uD800"]""")]
    [InlineData("""["\\\uDC00\uD800"]""")]
    [InlineData("""["\uD800\u0041"]""")]
    public void Half_a_character_is_refused(string json) => Assert.Contains("surrogate", Refused(Encoding.UTF8.GetBytes(json)).What, StringComparison.Ordinal);

    [Theory]
    [InlineData("""["\uD83D\uDE00"]""")]
    [InlineData("""["\\uD800"]""")]
    public void Whole_characters_are_accepted(string json) => Parse(json).Dispose();

    [Fact]
    public void Size_and_depth_are_limited()
    {
        var limits = new DocumentLimits(Bytes: 20, Depth: 3);
        FhirJson.Parse("[[[1]]]"u8.ToArray(), limits).Dispose();
        Assert.Equal(FaultKind.TooLarge, Refused("[[[[1]]]]"u8.ToArray(), limits).Kind);
        Assert.Equal(FaultKind.TooLarge, Refused("[1,2,3,4,5,6,7,8,9,10,11]"u8.ToArray(), limits).Kind);
    }

    [Fact]
    public void A_byte_order_mark_is_passed_over() => FhirJson.Parse("\uFEFF[]"u8.ToArray()).Dispose();

    static (string Head, string Tail) Compose(string json, string id)
    {
        using var document = Parse(json);
        var (head, tail) = DraftBody.Compose(document.RootElement, id);
        return (Encoding.UTF8.GetString(head), Encoding.UTF8.GetString(tail));
    }

    [Theory]
    [InlineData("""{ "name" : [ { "family" : "A B" } ] , "resourceType" : "Patient" }""", """},"name":[{"family":"A B"}]}""")]
    [InlineData("""{"resourceType":"Patient","id":"old","meta":{"versionId":"7","profile":[ "p" ],"lastUpdated":"2020","tag":[{"code":"t"}]},"active":true}""",
        ""","profile":["p"],"tag":[{"code":"t"}]},"active":true}""")]
    [InlineData("""{"resourceType":"Patient"}""", "}}")]
    [InlineData("""{"resourceType":"Patient","meta":{"versionId":"1"}}""", "}}")]
    [InlineData("""{"resourceType":"Patient","language":"\u00e9\/\u0022\\\n\u000A\u0001\ud83d\ude00","x":1.50e+2}""", """},"language":"é/\"\\\n\n\u0001😀","x":1.50e+2}""")]
    public void A_draft_holds_the_elements_minified_in_the_order_sent(string json, string tail) =>
        Assert.Equal(("""{"resourceType":"Patient","id":"1","meta":{""", tail), Compose(json, "1"));

    [Fact] // Strings with quotes, backslashes, controls and surrogate pairs, escaped in full, pretty and minified.
    public void A_draft_says_what_was_sent() => Gen.String[Gen.Char.Where(c => !char.IsSurrogate(c)), 0, 20].Select(Gen.Double.Where(double.IsFinite)).Array[1, 5].Sample(members =>
    {
        var sent = new JsonObject { ["resourceType"] = "Basic" };
        foreach (var (text, number) in members) sent[$"k{text}"] = new JsonArray(text, number, new JsonObject { [text] = null, ["😀"] = text });
        var expected = sent.DeepClone().AsObject();
        (expected["id"], expected["meta"]) = ("7", new JsonObject());
        return Enumerable.Range(0, 2).All(pretty =>
        {
            var (head, tail) = Compose(sent.ToJsonString(new JsonSerializerOptions { WriteIndented = pretty == 1 }), "7");
            return JsonNode.DeepEquals(expected, JsonNode.Parse(head + (tail[0] == ',' ? tail[1..] : tail))) && !tail.Contains('\n', StringComparison.Ordinal);
        });
    });

    static string Filtered(Subset subset, string json)
    {
        var output = new ArrayBufferWriter<byte>();
        subset.Write(Encoding.UTF8.GetBytes(json), output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    const string Stored = """{"resourceType":"Patient","id":"1","meta":{"versionId":"2","tag":[{"code":"t"}]},"text":{"status":"generated","div":"<div/>"},"extension":[{"url":"u"}],"name":[{"family":"A","_family":{"id":"f"},"period":{"start":"2000"},"extension":[{"url":"u"}]},{"extension":[{"url":"only"}]}],"maritalStatus":{"text":"m"},"multipleBirthInteger":2}""";
    const string Tag = """{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED","display":"Resource encoded in summary mode"}""";
    const string Start = """{"resourceType":"Patient","id":"1","meta":{"versionId":"2","tag":[{"code":"t"},""" + Tag + "]}";

    [Fact]
    public void A_summary_holds_the_marked_elements_at_every_level() =>
        Assert.Equal(Start + ""","name":[{"family":"A","_family":{"id":"f"},"period":{"start":"2000"}},{"extension":[{"url":"only"}]}]}""", Filtered(Subset.Summary, Stored));

    [Fact]
    public void Data_is_all_but_the_narrative_and_text_is_the_narrative()
    {
        Assert.DoesNotContain("generated", Filtered(Subset.Data, Stored), StringComparison.Ordinal);
        Assert.EndsWith(""","multipleBirthInteger":2}""", Filtered(Subset.Data, Stored), StringComparison.Ordinal);
        Assert.Equal(Start + ""","text":{"status":"generated","div":"<div/>"}}""", Filtered(Subset.Text, Stored));
    }

    [Fact]
    public void Elements_are_chosen_by_name_and_a_choice_by_its_name_without_type() =>
        Assert.Equal(Start + ""","maritalStatus":{"text":"m"},"multipleBirthInteger":2}""", Filtered(Subset.Elements(["Patient.maritalStatus", "multipleBirth"]), Stored));

    [Fact]
    public void Mandatory_elements_are_always_kept_and_meta_is_made_where_it_lacks() =>
        Assert.Equal("""{"resourceType":"Observation","status":"final","code":{"text":"c"},"meta":{"tag":[""" + Tag + "]}}",
            Filtered(Subset.Elements(["id"]), """{"resourceType":"Observation","status":"final","code":{"text":"c"},"valueString":"x"}"""));

    [Fact]
    public void Indenting_changes_nothing_but_white_space()
    {
        var output = new ArrayBufferWriter<byte>();
        FhirJson.Indent("""{"a":[1.50,{"b":"é\"\u0001"},[],{}],"c":null}"""u8, output);
        Assert.Equal("{\n  \"a\": [\n    1.50,\n    {\n      \"b\": \"é\\\"\\u0001\"\n    },\n    [],\n    {}\n  ],\n  \"c\": null\n}", Encoding.UTF8.GetString(output.WrittenSpan).ReplaceLineEndings("\n"));
    }
}
