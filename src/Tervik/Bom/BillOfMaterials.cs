using System.Text.Json;

namespace Tervik.Bom;

/// <summary>What the program is made of, as CycloneDX 1.6: the libraries beside it (its .deps.json), the .NET it runs on, and what was taken from npm into it.</summary>
/// <remarks>Source: ECMA-424 (CycloneDX 1.6), package URLs by the purl specification. The same program gives the same text: it names no time and no serial number.</remarks>
static class BillOfMaterials
{
    sealed record Part(string Kind, string Name, string Version, string? Hash, string? License, IReadOnlyList<string> Needs)
    {
        // A scope of npm is a namespace of the package URL.
        public string Reference => Kind == "npm" ? $"pkg:npm/{Name.Replace("@", "%40", StringComparison.Ordinal)}@{Version}" : $"pkg:{Kind}/{Name}@{Version}";
    }

    /// <param name="json">Where to write.</param>
    /// <param name="dependencies">The .deps.json of the program.</param>
    /// <param name="packageLock">The package-lock.json it was built with.</param>
    /// <param name="runtime">Version of .NET.</param>
    public static void Write(Utf8JsonWriter json, JsonElement dependencies, JsonElement packageLock, Version runtime)
    {
        var (program, parts) = Libraries(dependencies);
        parts.AddRange(Npm(packageLock));
        parts.Add(new("generic", "dotnet", runtime.ToString(3), null, "MIT", []));
        json.WriteStartObject();
        json.WriteString("bomFormat", "CycloneDX");
        json.WriteString("specVersion", "1.6");
        json.WriteNumber("version", 1);
        json.WriteStartObject("metadata");
        json.WriteStartObject("component");
        WriteComponent(json, "application", program with { License = "Apache-2.0" });
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartArray("components");
        foreach (var part in parts.OrderBy(part => part.Reference, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            WriteComponent(json, part.Name == "dotnet" ? "platform" : "library", part);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        var known = parts.Select(part => part.Reference).ToHashSet();
        json.WriteStartArray("dependencies");
        foreach (var part in parts.Prepend(program).OrderBy(part => part.Reference, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("ref", part.Reference);
            json.WriteStartArray("dependsOn");
            foreach (var need in part.Needs.Where(known.Contains).Order(StringComparer.Ordinal)) json.WriteStringValue(need);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The program, and the packages of NuGet that lie beside it. Its own rooms are part of it.</summary>
    static (Part Program, List<Part> Parts) Libraries(JsonElement dependencies)
    {
        var target = dependencies.GetProperty("targets").GetProperty(dependencies.GetProperty("runtimeTarget").GetProperty("name").GetString()!);
        var kinds = dependencies.GetProperty("libraries").EnumerateObject().ToDictionary(one => one.Name, one => one.Value);
        Part? program = null;
        var parts = new List<Part>();
        var ofRooms = new List<string>();
        foreach (var library in target.EnumerateObject())
        {
            var needs = library.Value.TryGetProperty("dependencies", out var all) ? all.EnumerateObject().Select(one => $"pkg:nuget/{one.Name}@{one.Value.GetString()}").ToList() : [];
            var (name, version) = library.Name.Split('/') is [var first, var second] ? (first, second) : throw new InvalidDataException($"{library.Name} is no library with a version.");
            var kind = kinds[library.Name];
            if (kind.GetProperty("type").GetString() == "package") parts.Add(new("nuget", name, version, Hex(kind.GetProperty("sha512").GetString()), null, needs));
            else ofRooms.AddRange(needs);
            program ??= new("generic", name, version, null, null, ofRooms); // it comes first
        }
        return (program ?? throw new InvalidDataException("The program is not in its own .deps.json."), parts);
    }

    /// <summary>What is taken from npm, without what only builds and tests need.</summary>
    static IEnumerable<Part> Npm(JsonElement packageLock)
    {
        const string Folder = "node_modules/";
        foreach (var package in packageLock.GetProperty("packages").EnumerateObject())
        {
            var at = package.Name.LastIndexOf(Folder, StringComparison.Ordinal);
            if (at < 0 || package.Value.TryGetProperty("dev", out var isDev) && isDev.GetBoolean()) continue;
            yield return new("npm", package.Name[(at + Folder.Length)..], package.Value.GetProperty("version").GetString()!, package.Value.TryGetProperty("integrity", out var hash) ? Hex(hash.GetString()) : null,
                package.Value.TryGetProperty("license", out var license) ? license.GetString() : null, []);
        }
    }

    /// <summary><c>sha512-</c> and base64, as both of them write it, in hex.</summary>
    static string? Hex(string? hash) => hash is not null && hash.StartsWith("sha512-", StringComparison.Ordinal) ? Convert.ToHexStringLower(Convert.FromBase64String(hash["sha512-".Length..])) : null;

    static void WriteComponent(Utf8JsonWriter json, string type, Part part)
    {
        json.WriteString("type", type);
        json.WriteString("bom-ref", part.Reference);
        json.WriteString("name", part.Name);
        json.WriteString("version", part.Version);
        if (part.Hash is { } hash)
        {
            json.WriteStartArray("hashes");
            json.WriteStartObject();
            json.WriteString("alg", "SHA-512");
            json.WriteString("content", hash);
            json.WriteEndObject();
            json.WriteEndArray();
        }
        if (part.License is { } license)
        {
            json.WriteStartArray("licenses");
            json.WriteStartObject();
            json.WriteString("expression", license);
            json.WriteEndObject();
            json.WriteEndArray();
        }
        json.WriteString("purl", part.Reference);
    }
}
