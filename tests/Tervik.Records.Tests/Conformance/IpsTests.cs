using System.Text;
using System.Text.Json.Nodes;
using Tervik.Conformance.Suites;

namespace Tervik.Records.Tests.Conformance;

/// <summary>Proves the judge: what it accepts it refuses as soon as one rule of the guide is broken.</summary>
[Collection("official definitions")] // the library behind both keeps state that two at a time disturb
public sealed class IpsTests
{
    static readonly (string Name, Action<JsonObject> Damage)[] Damages =
    [
        ("no identifier of the document", bundle => bundle.Remove("identifier")),
        ("no time of the document", bundle => bundle.Remove("timestamp")),
        ("a collection", bundle => bundle["type"] = "collection"),
        ("an entry without address", bundle => Entries(bundle)[^1].Remove("fullUrl")),
        ("an entry with a request", bundle => Entries(bundle)[^1]["request"] = new JsonObject { ["method"] = "GET", ["url"] = "Patient/1" }),
        ("two compositions", bundle => bundle["entry"]!.AsArray().Add(new JsonObject { ["fullUrl"] = "urn:uuid:6f9d6f80-7a55-4a5c-9b49-46fbb9b7a001", ["resource"] = Composition(bundle).DeepClone() })),
        ("two patients", bundle => bundle["entry"]!.AsArray().Add(new JsonObject { ["fullUrl"] = "urn:uuid:6f9d6f80-7a55-4a5c-9b49-46fbb9b7a002", ["resource"] = The(bundle, "Patient").DeepClone() })),
        ("another kind of document", bundle => Composition(bundle)["type"]!["coding"]![0]!["code"] = "34133-9"),
        ("no subject", bundle => Composition(bundle).Remove("subject")),
        ("no section of allergies", bundle => Composition(bundle)["section"]!.AsArray().Remove(Section(bundle, "48765-2"))),
        ("two sections of problems", bundle => Composition(bundle)["section"]!.AsArray().Add(Section(bundle, "11450-4").DeepClone())),
        ("a section without narrative", bundle => Section(bundle, "10160-0").Remove("text")),
        ("a section without title", bundle => Section(bundle, "10160-0").Remove("title")),
        ("a section with neither entry nor reason", bundle => Section(bundle, "48765-2").Remove("entry")),
        ("a section in a section", bundle => Section(bundle, "48765-2")["section"] = new JsonArray(Section(bundle, "10160-0").DeepClone())),
        ("a problem among the allergies", bundle => Section(bundle, "48765-2")["entry"]![0]!["reference"] = Section(bundle, "11450-4")["entry"]![0]!["reference"]!.DeepClone()),
        ("a reference out of the document", bundle => Section(bundle, "48765-2")["entry"]![0]!["reference"] = "urn:uuid:00000000-0000-4000-8000-000000000000"),
        ("a patient without birth date", bundle => The(bundle, "Patient").Remove("birthDate")),
        ("a patient without name", bundle => The(bundle, "Patient")["name"] = new JsonArray(new JsonObject { ["use"] = "official" })),
        ("an allergy without code", bundle => The(bundle, "AllergyIntolerance").Remove("code")),
        ("a problem without code", bundle => The(bundle, "Condition").Remove("code")),
        ("a problem of nobody in the document", bundle => The(bundle, "Condition")["subject"] = new JsonObject { ["display"] = "Martha" }),
        ("a problem that is only a diagnosis", bundle => The(bundle, "Condition")["category"]![0]!["coding"]![0]!["code"] = "encounter-diagnosis"),
        ("a medication without time", bundle => The(bundle, "MedicationStatement").Remove("effectivePeriod")),
        ("a medicine without code", bundle => The(bundle, "Medication").Remove("code")),
        ("an organization without name", bundle => The(bundle, "Organization").Remove("name")),
        ("a practitioner without name", bundle => The(bundle, "Practitioner").Remove("name")),
    ];

    static readonly (string File, string Name, Action<JsonObject> Damage)[] SingleDamages =
    [
        ("Immunization-75680.json", "no occurrence", resource => resource.Remove("occurrenceDateTime")),
        ("Device-eumfh-70-275-1.json", "no patient in the document", resource => resource["patient"] = new JsonObject { ["display"] = "Martha" }),
        ("Flag-546482.json", "an inactive alert", resource => resource["status"] = "inactive"),
        ("DiagnosticReport-hemoglobin.json", "no category", resource => resource.Remove("category")),
        ("DiagnosticReport-hemoglobin.json", "no time", resource => resource.Remove("effectiveDateTime")),
        ("Observation-hemoglobin.json", "no performer", resource => resource.Remove("performer")),
        ("Observation-hemoglobin.json", "in error", resource => resource["status"] = "entered-in-error"),
        ("Observation-hemoglobin.json", "no value", resource => resource.Remove("valueQuantity")),
        ("Observation-tobacco-use-example.json", "components", resource => resource["component"] = new JsonArray(new JsonObject { ["code"] = new JsonObject { ["text"] = "x" }, ["valueString"] = "y" })),
        ("Observation-tobacco-use-example.json", "no time", resource => resource.Remove("effectiveDateTime")),
        ("Observation-pregnancy-status-example.json", "a body site", resource => resource["bodySite"] = new JsonObject { ["text"] = "x" }),
    ];

    public static TheoryData<string> Broken => [.. Damages.Select(damage => damage.Name)];
    public static TheoryData<string, string> BrokenSingles
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var (file, name, _) in SingleDamages) all.Add(file, name);
            return all;
        }
    }

    [Theory, MemberData(nameof(Broken))]
    public void A_document_of_the_guide_is_refused_when_it_has(string name)
    {
        var bundle = Example("Bundle-IPS-examples-Bundle-01.json");
        Assert.Null(Judge(bundle));
        Damages.Single(damage => damage.Name == name).Damage(bundle);
        Assert.NotNull(Judge(bundle));
    }

    [Theory, MemberData(nameof(BrokenSingles))]
    public void A_resource_of_the_guide_is_refused_when_it_has(string file, string name)
    {
        var resource = Example(file);
        Assert.Null(Judge(resource));
        SingleDamages.Single(damage => (damage.File, damage.Name) == (file, name)).Damage(resource);
        Assert.NotNull(Judge(resource));
    }

    static string? Judge(JsonObject resource) => Ips.Wrong(Encoding.UTF8.GetBytes(resource.ToJsonString()));

    static JsonObject Example(string file) => JsonNode.Parse(File.ReadAllBytes(SharedData.Path("ig", "ips", file)))!.AsObject();

    static List<JsonObject> Entries(JsonObject bundle) => [.. bundle["entry"]!.AsArray().Select(entry => entry!.AsObject())];

    static JsonObject Composition(JsonObject bundle) => The(bundle, "Composition");

    static JsonObject The(JsonObject bundle, string type) => Entries(bundle).Select(entry => entry["resource"]!.AsObject()).First(resource => resource["resourceType"]!.GetValue<string>() == type);

    static JsonObject Section(JsonObject bundle, string code) => Composition(bundle)["section"]!.AsArray().Select(section => section!.AsObject()).First(section => section["code"]!["coding"]![0]!["code"]!.GetValue<string>() == code);
}
