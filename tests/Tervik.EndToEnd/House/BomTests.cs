using System.Text.Json;

namespace Tervik.EndToEnd.House;

/// <summary>The bill of materials names what the program was built from.</summary>
public sealed class BomTests
{
    static async Task<JsonElement> Bom()
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(Node.Program, ["bom"]) { RedirectStandardOutput = true })!;
        using var bom = JsonDocument.Parse(await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        return bom.RootElement.Clone();
    }

    [Fact]
    public async Task It_names_each_library_in_the_version_that_was_restored_with_its_hash()
    {
        var bom = await Bom();
        Assert.Equal(("CycloneDX", "1.6", "tervik"), (bom.GetProperty("bomFormat").GetString(), bom.GetProperty("specVersion").GetString(), bom.GetProperty("metadata").GetProperty("component").GetProperty("name").GetString()));
        var parts = bom.GetProperty("components").EnumerateArray().ToDictionary(part => part.GetProperty("purl").GetString()!);

        using var assets = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(SourceTests.Root, "artifacts/obj/Tervik/project.assets.json"), TestContext.Current.CancellationToken));
        var program = Path.Combine(SourceTests.Root, "artifacts/bin/Tervik", new DirectoryInfo(AppContext.BaseDirectory).Name);
        // What .NET itself brings in a newer version is left out by the build.
        var restored = assets.RootElement.GetProperty("targets").GetProperty("net10.0").EnumerateObject().Where(library => library.Value.GetProperty("type").GetString() == "package"
            && (library.Value.TryGetProperty("runtime", out var files) ? files.EnumerateObject().Any(file => File.Exists(Path.Combine(program, Path.GetFileName(file.Name)))) : library.Value.TryGetProperty("runtimeTargets", out _))).Select(library => library.Name.Split('/')).ToList();
        Assert.True(restored.Count > 20, $"{restored.Count}");
        Assert.DoesNotContain(restored.Select(one => $"pkg:nuget/{one[0]}@{one[1]}"), one => !parts.ContainsKey(one));

        using var packages = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(SourceTests.Root, "package.json"), TestContext.Current.CancellationToken));
        foreach (var package in packages.RootElement.GetProperty("dependencies").EnumerateObject()) Assert.Contains($"pkg:npm/{package.Name.Replace("@", "%40", StringComparison.Ordinal)}@{package.Value.GetString()}", parts.Keys);
        foreach (var package in packages.RootElement.GetProperty("devDependencies").EnumerateObject()) Assert.DoesNotContain(parts.Keys, part => part.Contains($"/{package.Name}@", StringComparison.Ordinal));
        Assert.All(parts.Values.Where(part => part.GetProperty("type").GetString() == "library"), part => Assert.Matches("^[0-9a-f]{128}$", part.GetProperty("hashes")[0].GetProperty("content").GetString()));
        Assert.Contains($"pkg:generic/dotnet@{Environment.Version.ToString(3)}", parts.Keys);
    }

    [Fact]
    public async Task What_needs_what_is_said_by_names_that_are_there()
    {
        var bom = await Bom();
        var names = bom.GetProperty("components").EnumerateArray().Append(bom.GetProperty("metadata").GetProperty("component")).Select(part => part.GetProperty("bom-ref").GetString()).ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
        var needs = bom.GetProperty("dependencies").EnumerateArray().ToList();
        Assert.Equal(names.Order(StringComparer.Ordinal), needs.Select(one => one.GetProperty("ref").GetString()).Order(StringComparer.Ordinal));
        Assert.All(needs, one => Assert.All(one.GetProperty("dependsOn").EnumerateArray(), need => Assert.Contains(need.GetString(), names)));
        // What the program uses itself and what its rooms use.
        var own = needs.Single(one => one.GetProperty("ref").GetString()!.StartsWith("pkg:generic/tervik", StringComparison.Ordinal)).GetProperty("dependsOn").EnumerateArray().Select(one => one.GetString()!.Split('@')[0]).ToList();
        Assert.Contains("pkg:nuget/System.CommandLine", own);
        Assert.Contains("pkg:nuget/Npgsql", own);
    }
}
