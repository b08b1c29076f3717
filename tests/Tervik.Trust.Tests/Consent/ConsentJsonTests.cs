using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Records;
using Tervik.Records.Marks;
using Tervik.Records.Model;
using Tervik.Records.Validation;
using Tervik.Tests;
using Tervik.Trust.Consent;

namespace Tervik.Trust.Tests.Consent;

/// <summary>A choice says the same as a Consent and inside, whichever way it is turned.</summary>
public sealed class ConsentJsonTests
{
    static readonly long Now = new DateTimeOffset(2026, 11, 27, 12, 0, 0, TimeSpan.Zero).Us();
    static readonly string[] Actors = [SharingChoice.Everybody, "Practitioner/holm", "Organization/ward-1", "role http://snomed.info/sct|17561000"];

    static IEnumerable<SharingChoice> Choices()
    {
        string[] parts = [SharingChoice.Everything, .. SensitiveCodes.Categories, RecordMarks.Item("Condition/c-1"), RecordMarks.Period(new(2020, 2, 29), new(2021, 1, 1))];
        foreach (var actor in Actors)
            foreach (var part in parts)
                foreach (var kind in (SharingKind[])[SharingKind.KeepOut, SharingKind.Allow])
                    foreach (var endsUs in (long[])[0, Now + 86_400_000_000])
                        yield return new("1", kind, "Patient/p1", actor, Now, endsUs, 0, part);
        yield return new("1", SharingKind.OptOut, "Patient/p1", SharingChoice.Everybody, Now, 0, 0, "GDIS");
    }

    static SharingChoice Read(byte[] consent)
    {
        using var json = FhirJson.Parse(consent);
        return ConsentJson.Read(json.RootElement, "1", Now);
    }

    [Fact]
    public void Every_choice_is_a_valid_Consent_that_says_the_same_again() => Assert.All(Choices(), choice =>
    {
        var consent = ConsentJson.Resource(choice, Now);
        using var json = FhirJson.Parse(consent);
        Assert.Empty(ResourceValidator.Validate(Node.Resource(json.RootElement), ValidationDepth.Invariants));
        Assert.Equal(choice, Read(consent));
    });

    [Fact]
    public void One_that_has_ended_and_one_that_lets_an_adult_in_are_valid_too()
    {
        foreach (var (choice, status, text) in ((SharingChoice, string, string)[])
        [
            (new("1", SharingKind.KeepOut, "Patient/p1", "*", Now - 9, 0, Now - 1), "inactive", "deny"), (new("1", SharingKind.KeepOut, "Patient/p1", "*", Now - 9, Now - 1, 0), "inactive", "deny"),
            (new("1", SharingKind.LetIn, "Patient/p1", "Patient/p2", Now, Now + 9, 0, "medication results"), "active", "MedicationRequest"),
            (new("1", SharingKind.LetIn, "Patient/p1", "Patient/p2", Now, Now + 9, 0, "appointments booking"), "active", """{"url":"urn:tervik:acts","valueCode":"appointments"}"""),
        ])
        {
            var consent = ConsentJson.Resource(choice, Now);
            using var json = FhirJson.Parse(consent);
            Assert.Empty(ResourceValidator.Validate(Node.Resource(json.RootElement), ValidationDepth.Invariants));
            Assert.Equal(status, json.RootElement.GetProperty("status").GetString());
            Assert.Contains(text, Encoding.UTF8.GetString(consent), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("""{"scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"research"}]}}""", "Consent.scope")]
    [InlineData("""{"performer":[{"reference":"Practitioner/holm"}]}""", "Consent.performer")]
    [InlineData("""{"provision":null}""", "Consent.provision")]
    [InlineData("""{"verification":[{"verified":true}]}""", "Consent.verification")]
    [InlineData("""{"modifierExtension":[{"url":"urn:x","valueBoolean":true}]}""", "Consent.modifierExtension")]
    [InlineData("""{"provision":{"type":"deny"}}""", "Consent.provision.provision")]
    [InlineData("""{"provision":{"provision":[{"type":"permit","purpose":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"TREAT"}]}]}}""", "Consent.provision.provision")]
    [InlineData("""{"provision":{"type":"permit","provision":[{"type":"deny"}]}}""", "Consent.provision.provision")]
    [InlineData("""{"provision":{"purpose":[{"code":"TREAT"}]}}""", "Consent.provision.purpose")]
    [InlineData("""{"provision":{"class":[{"code":"Observation"}]}}""", "Consent.provision.class")]
    [InlineData("""{"provision":{"code":[{"text":"x"}]}}""", "Consent.provision.code")]
    [InlineData("""{"provision":{"action":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentaction","code":"collect"}]}]}}""", "Consent.provision.action")]
    [InlineData("""{"provision":{"actor":[{"role":{"text":"x"},"reference":{"reference":"Patient/p2"}}]}}""", "Consent.provision.actor")]
    [InlineData("""{"provision":{"actor":[{"role":{"coding":[{"code":"CST"}]},"reference":{"reference":"Practitioner/holm"}}]}}""", "Consent.provision.actor.role")]
    [InlineData("""{"provision":{"actor":[{"role":{"coding":[{"system":"a|b","code":"c"}]},"reference":{"display":"x"}}]}}""", "Consent.provision.actor.role")]
    [InlineData("""{"provision":{"actor":[{"role":{"text":"x"},"reference":{"display":"a"}},{"role":{"text":"x"},"reference":{"display":"b"}}]}}""", "Consent.provision.actor")]
    [InlineData("""{"provision":{"securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"R"}]}}""", "Consent.provision.securityLabel")]
    [InlineData("""{"provision":{"data":[{"meaning":"instance","reference":{"reference":"Condition/c"}}]}}""", "Consent.provision.data")]
    [InlineData("""{"provision":{"data":[{"meaning":"dependents","reference":{"reference":"https://x.example/Condition/c"}}]}}""", "Consent.provision.data")]
    [InlineData("""{"provision":{"dataPeriod":{"start":"2026-01-02","end":"2026-01-01"}}}""", "Consent.provision.dataPeriod")]
    [InlineData("""{"provision":{"dataPeriod":{"start":"2026"}}}""", "Consent.provision.dataPeriod")]
    [InlineData("""{"provision":{"dataPeriod":{"start":"2026-01-01","end":"2026-01-01"},"securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"MH"}]}}""", "Consent.provision")]
    [InlineData("""{"provision":{"period":{"end":"2026-11-26"}}}""", "Consent.provision.period.end")]
    [InlineData("""{"provision":{"period":{"start":"2027-01-01"}}}""", "Consent.provision.period.start")]
    [InlineData("""{"provision":{"period":{"end":"2027"}}}""", "Consent.provision.period")]
    public void What_a_choice_cannot_say_is_refused_and_not_left_out(string changes, string where)
    {
        var consent = JsonNode.Parse(ConsentJson.Resource(new("1", SharingKind.KeepOut, "Patient/p1", "Practitioner/holm", Now, 0, 0), Now))!.AsObject();
        Merge(consent, JsonNode.Parse(changes)!.AsObject());
        if (changes == """{"provision":{"type":"deny"}}""") consent["provision"]!.AsObject().Remove("provision");
        var fault = Assert.Throws<FaultException>(() => Read(Encoding.UTF8.GetBytes(consent.ToJsonString()))).Faults[0];
        Assert.Equal((where, FaultKind.Unprocessable), (fault.Where, fault.Kind));
    }

    static void Merge(JsonObject into, JsonObject changes)
    {
        foreach (var (name, value) in changes.ToList())
            if (value is null) into.Remove(name);
            else if (value is JsonObject inner && into[name] is JsonObject old && name == "provision") Merge(old, inner);
            else into[name] = value.DeepClone();
    }

    [Fact]
    public void Whatever_valid_Consent_is_sent_it_is_a_choice_or_a_fault()
    {
        var dice = new Random(20261127);
        var (read, refused) = (0, 0);
        var choices = Choices().ToList();
        for (var i = 0; i < 4000; i++)
        {
            var json = JsonNode.Parse(ConsentJson.Resource(choices[dice.Next(choices.Count)], Now))!;
            var other = JsonNode.Parse(ConsentJson.Resource(choices[dice.Next(choices.Count)], Now))!;
            for (var change = dice.Next(3); change >= 0; change--) Damage(json, other, dice);
            using var document = JsonDocument.Parse(json.ToJsonString());
            // What is no valid Consent does not come so far.
            if (ResourceValidator.Validate(Node.Resource(document.RootElement), ValidationDepth.Invariants).Any(fault => fault.Severity is "error" or "fatal")) continue;
            try
            {
                var choice = ConsentJson.Read(document.RootElement, "1", Now);
                Assert.Equal(choice, Read(ConsentJson.Resource(choice, Now)));
                read++;
            }
            catch (FaultException)
            {
                refused++;
            }
        }
        Assert.InRange(read, 300, 4000);
        Assert.InRange(refused, 300, 4000);
    }

    [Fact]
    public void The_official_examples_are_no_choices_and_are_refused_with_a_place()
    {
        var examples = SharedData.Files("fhir-r4-examples", "r4-examples-json.zip").Where(file => file.Name.Contains("consent-example", StringComparison.OrdinalIgnoreCase)).ToList();
        Assert.InRange(examples.Count, 5, 50);
        Assert.All(examples, example =>
        {
            using var json = FhirJson.Parse(example.Bytes);
            Assert.StartsWith("Consent.", Assert.Throws<FaultException>(() => ConsentJson.Read(json.RootElement, "1", Now)).Faults[0].Where, StringComparison.Ordinal);
        });
    }

    /// <summary>Removes, doubles or exchanges something anywhere.</summary>
    static void Damage(JsonNode json, JsonNode other, Random dice)
    {
        var places = All(json).Where(node => node.Parent is not null && node.GetPath() is not "$.resourceType").ToList();
        var place = places[dice.Next(places.Count)];
        var replacement = dice.Next(3) == 0 ? null : All(other).Where(node => node.GetPath() == place.GetPath()).Select(node => node.DeepClone()).FirstOrDefault();
        if (place.Parent is JsonObject owner)
        {
            var name = place.GetPropertyName();
            if (replacement is null) owner.Remove(name);
            else owner[name] = replacement;
        }
        else if (place.Parent is JsonArray list)
        {
            if (replacement is not null || list.Count == 1) list.Add(replacement ?? place.DeepClone());
            else list.RemoveAt(place.GetElementIndex());
        }
    }

    static IEnumerable<JsonNode> All(JsonNode node) => node switch
    {
        JsonObject json => [node, .. json.Where(pair => pair.Value is not null).SelectMany(pair => All(pair.Value!))],
        JsonArray list => [node, .. list.Where(item => item is not null).SelectMany(item => All(item!))],
        _ => [node],
    };
}
