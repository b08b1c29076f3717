using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Tervik.Records.Model;
using Tervik.Records.Validation;

namespace Tervik.Conformance.Suites;

/// <summary>International Patient Summary: the guide's examples and those of the Australian summary keep to the profiles of <see cref="IpsProfiles"/>, and so do documents made of twenty patients of Synthea, over HTTP. The base specification is checked by our own validator.</summary>
public static class Ips
{
    const int Patients = 20;

    /// <param name="path">The folder <c>ig/ips</c>; the patients lie in <c>synthea</c> beside <c>ig</c>.</param>
    internal static IEnumerable<Case> Run(string path)
    {
        foreach (var file in Directory.EnumerateFiles(path, "*.json").Order(StringComparer.Ordinal))
            yield return Suite.Try(Path.GetFileName(file), () => Wrong(File.ReadAllBytes(file)));
        if (Path.Combine(path, "..", "au-ps") is var australian && Directory.Exists(australian)) // The Australian summary is a profile of the international one.
            foreach (var file in Directory.EnumerateFiles(australian, "*.xml").Order(StringComparer.Ordinal))
                yield return Suite.Try($"au-ps {Path.GetFileName(file)}", () => Wrong(FhirXml.ToJson(File.ReadAllBytes(file)).ToArray()));
        foreach (var document in Documents(Path.Combine(path, "..", "..", "synthea", "blaze-2021"))) yield return document;
    }

    static List<Case> Documents(string synthea) => !Directory.Exists(synthea) ? [] : Task.Run(async () =>
    {
        var cases = new List<Case>();
        await using var house = await FhirHouse.Open();
        // Hospitals and practitioners come first: patients refer to them by identifier.
        var files = Directory.EnumerateFiles(synthea, "*.json.gz").OrderBy(file => Path.GetFileName(file).StartsWith("0-", StringComparison.Ordinal) ? 0 : 1).ThenBy(file => file, StringComparer.Ordinal).ToList();
        foreach (var file in files)
        {
            if (cases.Count == Patients) break;
            var bundle = Unpacked(file);
            var loaded = await house.Send(HttpMethod.Post, "", bundle);
            if (loaded.Status != 200) throw new InvalidOperationException($"{Path.GetFileName(file)} is not accepted: {loaded.Text}");
            if (PatientOf(loaded.Json) is not { } patient) continue;
            cases.Add(await Suite.Attempt($"document of {Path.GetFileName(file)[..8]}", async () =>
            {
                var answer = await house.Get($"{patient}/$summary");
                return answer.Status == 200 ? Wrong(Encoding.UTF8.GetBytes(answer.Json.GetRawText())) : answer.Text;
            }));
        }
        return cases;
    }).GetAwaiter().GetResult();

    /// <summary>What is wrong with an example or document by either validator, or by its references; null when it is right.</summary>
    public static string? Wrong(byte[] bytes)
    {
        using var json = FhirJson.Parse(bytes);
        List<string> faults =
        [
            .. ResourceValidator.Validate(Node.Resource(json.RootElement), ValidationDepth.Invariants).Where(fault => fault.Severity is "error" or "fatal").Select(fault => $"{fault.Where}: {fault.What}"),
            .. IpsProfiles.Faults(Encoding.UTF8.GetString(bytes)), .. Unresolved(json.RootElement),
        ];
        return faults.Count == 0 ? null : string.Join("; ", faults.Take(8));
    }

    /// <summary>References of a document that point at none of its entries.</summary>
    static IEnumerable<string> Unresolved(JsonElement document)
    {
        if (document.GetProperty("resourceType").GetString() != "Bundle") yield break;
        var addresses = document.GetProperty("entry").EnumerateArray().SelectMany(Addresses).ToHashSet(StringComparer.Ordinal);
        foreach (var reference in References(document).Distinct())
            if (!reference.StartsWith('#') && !addresses.Contains(reference)) yield return $"{reference} is not in the document";
    }

    /// <summary>A relative reference is meant beside a fullUrl that is a RESTful address.</summary>
    static IEnumerable<string> Addresses(JsonElement entry)
    {
        if (!entry.TryGetProperty("fullUrl", out var address)) return [];
        var url = address.GetString()!;
        return url.StartsWith("urn:", StringComparison.Ordinal) ? [url] : [url, string.Join('/', url.Split('/')[^2..])];
    }

    static IEnumerable<string> References(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().SelectMany(member => member.Name == "reference" && member.Value.ValueKind == JsonValueKind.String ? [member.Value.GetString()!] : References(member.Value)),
        JsonValueKind.Array => json.EnumerateArray().SelectMany(References),
        _ => [],
    };

    static string? PatientOf(JsonElement response)
    {
        foreach (var entry in response.GetProperty("entry").EnumerateArray())
            if (entry.GetProperty("response").GetProperty("location").GetString()!.Split('/') is var parts && Array.IndexOf(parts, "Patient") is >= 0 and var at) return $"Patient/{parts[at + 1]}";
        return null;
    }

    static byte[] Unpacked(string file)
    {
        using var stream = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
