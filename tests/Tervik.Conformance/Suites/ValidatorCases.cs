using System.Text.Json;
using Tervik.Records;
using Tervik.Records.Model;
using Tervik.Records.Validation;

namespace Tervik.Conformance.Suites;

/// <summary>HL7's validator cases for R4, without the profiles some of them add: is the resource valid or not, as the Java validator says?</summary>
static class ValidatorCases
{
    public static IEnumerable<Case> Run(string path)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(path, "manifest.json")));
        foreach (var test in manifest.RootElement.GetProperty("test-cases").EnumerateArray())
        {
            var file = Path.Combine(path, test.GetProperty("file").GetString()!);
            if (!test.TryGetProperty("java", out var java) || IsValid(path, java) is not { } expected || !File.Exists(file)) continue;
            yield return Suite.Try(test.GetProperty("name").GetString()!, () =>
            {
                var fault = FirstFault(file);
                return fault is null == expected ? null : expected ? $"refused: {fault}" : "accepted";
            });
        }
    }

    static bool? IsValid(string path, JsonElement java)
    {
        if (java.ValueKind == JsonValueKind.Object)
            return java.TryGetProperty("outcome", out var inside) ? IsValid(inside) : java.TryGetProperty("errorCount", out var count) ? count.GetInt32() == 0 : null;
        var file = Path.Combine(path, "outcomes", java.GetString()!);
        if (!File.Exists(file)) return null;
        using var outcome = JsonDocument.Parse(File.ReadAllBytes(file));
        return IsValid(outcome.RootElement);
    }

    static bool IsValid(JsonElement outcome) => !outcome.TryGetProperty("issue", out var issues) || !issues.EnumerateArray().Any(issue => issue.GetProperty("severity").GetString() is "error" or "fatal");

    static string? FirstFault(string file)
    {
        try
        {
            var bytes = File.ReadAllBytes(file);
            using var json = FhirJson.Parse(Path.GetExtension(file) == ".xml" ? FhirXml.ToJson(bytes) : bytes);
            return ResourceValidator.Validate(Node.Resource(json.RootElement), ValidationDepth.Invariants).FirstOrDefault(fault => fault.Severity is "error" or "fatal") is { } found ? $"{found.Where}: {found.What}" : null;
        }
        catch (FaultException fault)
        {
            return fault.Message;
        }
    }
}
