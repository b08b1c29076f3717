using System.IO.Compression;
using System.Text.Json;
using Tervik.Records.Model;
using Tervik.Records.Validation;

namespace Tervik.Conformance.Suites;

/// <summary>The official examples that hold files: written over HTTP and read again, each byte of theirs is the same. Some of the files are placeholders, which a node takes only where its settings say so (docs/record.md#files).</summary>
static class ExampleFiles
{
    public static IEnumerable<Case> Run(string path) => Task.Run(() => Cases(path)).GetAwaiter().GetResult();

    static async Task<List<Case>> Cases(string path)
    {
        var cases = new List<Case>();
        await using var house = await FhirHouse.Open();
        using var zip = ZipFile.OpenRead(Path.Combine(path, "r4-examples-json.zip"));
        foreach (var entry in zip.Entries.Where(entry => entry.Name.EndsWith(".json", StringComparison.Ordinal)).OrderBy(entry => entry.FullName, StringComparer.Ordinal))
        {
            using var content = new MemoryStream();
            using (var stream = entry.Open()) stream.CopyTo(content);
            var bytes = content.ToArray();
            if (HasFiles(bytes)) cases.Add(await Suite.Attempt($"{entry.Name} keeps its files", () => RoundTrip(house, bytes)));
        }
        return cases;
    }

    static bool HasFiles(byte[] bytes)
    {
        using var json = FhirJson.Parse(bytes);
        ResourceValidator.Validate(Node.Resource(json.RootElement), ValidationDepth.Invariants, out var files);
        return files.Any(file => file.ContentType is not null);
    }

    static async Task<string?> RoundTrip(FhirHouse house, byte[] bytes)
    {
        using var sent = JsonDocument.Parse(bytes);
        var place = $"{sent.RootElement.GetProperty("resourceType").GetString()}/{sent.RootElement.GetProperty("id").GetString()}";
        if (await house.Send(HttpMethod.Put, place, bytes) is { Status: not (200 or 201) } refused) return refused.Text;
        var read = await house.Get(place);
        foreach (var property in sent.RootElement.EnumerateObject())
            if (property.Name != "meta" && (!read.Json.TryGetProperty(property.Name, out var kept) || Examples.Difference(property.Value, kept, property.Name) is not null)) return $"{property.Name} differs after reading";
        return null;
    }
}
