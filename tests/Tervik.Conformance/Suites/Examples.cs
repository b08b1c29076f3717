using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Tervik.Records.Model;
using Tervik.Records.Validation;

namespace Tervik.Conformance.Suites;

/// <summary>The official examples: valid, and the same after JSON to XML to JSON; the XML ones likewise.</summary>
static class Examples
{
    public static IEnumerable<Case> Run(string path)
    {
        foreach (var file in Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            if (file.EndsWith(".zip", StringComparison.Ordinal))
            {
                using var zip = ZipFile.OpenRead(file);
                foreach (var entry in zip.Entries.Where(entry => entry.Length > 0).OrderBy(entry => entry.FullName, StringComparer.Ordinal))
                {
                    using var content = new MemoryStream();
                    using (var stream = entry.Open()) stream.CopyTo(content);
                    foreach (var one in Cases(entry.FullName, content.ToArray())) yield return one;
                }
            }
            else foreach (var one in Cases(Path.GetRelativePath(path, file), File.ReadAllBytes(file))) yield return one;
    }

    static IEnumerable<Case> Cases(string name, byte[] bytes)
    {
        if (Path.GetExtension(name) is not (".json" or ".xml")) yield break;
        byte[] json = [];
        var read = Suite.Try($"{name} reads", () =>
        {
            json = Path.GetExtension(name) == ".xml" ? FhirXml.ToJson(bytes) : bytes;
            using var document = FhirJson.Parse(json);
            Node.Resource(document.RootElement);
            return null;
        });
        yield return read;
        if (read.Failure is not null) yield break;
        yield return Suite.Try($"{name} is valid", () =>
        {
            using var document = FhirJson.Parse(json);
            var faults = ResourceValidator.Validate(Node.Resource(document.RootElement), ValidationDepth.Invariants).Where(fault => fault.Severity == "error").ToList();
            return faults.Count == 0 ? null : string.Join("; ", faults.Take(3).Select(fault => $"{fault.Where}: {fault.What}"));
        });
        yield return Suite.Try($"{name} round trip", () =>
        {
            using var before = FhirJson.Parse(json);
            using var after = FhirJson.Parse(FhirXml.ToJson(FhirXml.FromJson(json)));
            return Difference(before.RootElement, after.RootElement, "");
        });
    }

    /// <summary>Where two documents differ; numbers by their digits.</summary>
    internal static string? Difference(JsonElement a, JsonElement b, string where)
    {
        if (a.ValueKind != b.ValueKind) return $"{where}: {a.ValueKind} became {b.ValueKind}";
        switch (a.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in a.EnumerateObject())
                {
                    if (property.Name == "fhir_comments") continue;
                    if (!b.TryGetProperty(property.Name, out var other)) return $"{where}.{property.Name} is lost";
                    if (Difference(property.Value, other, $"{where}.{property.Name}") is { } difference) return difference;
                }
                foreach (var property in b.EnumerateObject())
                    if (!a.TryGetProperty(property.Name, out _)) return $"{where}.{property.Name} is new";
                return null;
            case JsonValueKind.Array:
                if (a.GetArrayLength() != b.GetArrayLength()) return $"{where}: {a.GetArrayLength()} items became {b.GetArrayLength()}";
                foreach (var (x, y, index) in a.EnumerateArray().Zip(b.EnumerateArray(), Enumerable.Range(0, int.MaxValue)))
                    if (Difference(x, y, $"{where}[{index}]") is { } difference) return difference;
                return null;
            case JsonValueKind.String when where.EndsWith(".div", StringComparison.Ordinal): return null; // markup may be written in other ways
            case JsonValueKind.String: return a.GetString()!.ReplaceLineEndings("\n") == b.GetString()!.ReplaceLineEndings("\n") ? null : $"{where}: {Cut(a)} became {Cut(b)}";
            default: return a.GetRawText() == b.GetRawText() ? null : $"{where}: {a.GetRawText()} became {b.GetRawText()}";
        }
    }

    static string Cut(JsonElement text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.GetString()!).AsSpan(0, Math.Min(40, Encoding.UTF8.GetByteCount(text.GetString()!))));
}
