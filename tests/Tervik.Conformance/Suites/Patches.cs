using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Tervik.Records;
using Tervik.Records.Model;
using Tervik.Records.Patch;

namespace Tervik.Conformance.Suites;

/// <summary>JSON Patch (json-patch-tests) and FHIRPath Patch (fhir-test-cases).</summary>
static class Patches
{
    public static IEnumerable<Case> Json(string path)
    {
        foreach (var file in Directory.EnumerateFiles(path, "*.json").Order(StringComparer.Ordinal))
        {
            var index = 0;
            foreach (var record in JsonNode.Parse(File.ReadAllText(file))!.AsArray())
            {
                var name = $"{Path.GetFileName(file)} {index++} {record!["comment"]}";
                if (record["disabled"] is not null || record["patch"] is null) continue;
                yield return Suite.Try(name, () => CheckJson(record));
            }
        }
    }

    static string? CheckJson(JsonNode record)
    {
        JsonNode? result;
        try
        {
            using var patch = JsonDocument.Parse(record["patch"]!.ToJsonString());
            result = JsonPatch.Apply(record["doc"]?.DeepClone(), patch.RootElement);
        }
        catch (FaultException fault)
        {
            return record["error"] is null ? fault.Message : null;
        }
        if (record["error"] is { } expected) return $"an error was expected: {expected}";
        return !record.AsObject().ContainsKey("expected") || JsonNode.DeepEquals(result, record["expected"]) ? null : $"{result?.ToJsonString()}";
    }

    public static IEnumerable<Case> FhirPath(string path)
    {
        foreach (var test in XDocument.Load(Path.Combine(path, "fhir-patch-tests.xml")).Descendants("case"))
            yield return Suite.Try(test.Attribute("name")!.Value, () => CheckFhirPath(test));
    }

    static string? CheckFhirPath(XElement test)
    {
        byte[] result;
        try
        {
            result = ResourcePatch.Apply(Inside(test, "input"), Inside(test, "diff"), "application/fhir+json");
        }
        catch (FaultException fault)
        {
            return test.Element("error") is null ? fault.Message : null;
        }
        if (test.Element("error") is not null) return "an error was expected";
        var expected = JsonNode.Parse(Inside(test, "output"));
        return JsonNode.DeepEquals(JsonNode.Parse(result), expected) ? null : $"{Encoding.UTF8.GetString(result)} instead of {expected!.ToJsonString()}";
    }

    static byte[] Inside(XElement test, string name) => FhirXml.ToJson(Encoding.UTF8.GetBytes(test.Element(name)!.Elements().Single().ToString()));
}
