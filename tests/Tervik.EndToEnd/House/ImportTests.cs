using System.Diagnostics;
using System.Text.Json;

namespace Tervik.EndToEnd.House;

/// <summary>The command, as an operator runs it on an empty folder.</summary>
public sealed class ImportTests : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tervik-import-");

    public void Dispose() => folder.Delete(recursive: true);

    async Task<(int Code, string Output)> Run(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Node.Program, [.. arguments, "--data", Path.Combine(folder.FullName, "data")])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder.FullName,
        })!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output + await errors);
    }

    void Write(string name, string text) => File.WriteAllText(Path.Combine(folder.CreateSubdirectory("in").FullName, name), text);

    static string Bundle(params string[] resources) => $$$"""{"resourceType":"Bundle","type":"transaction","entry":[{{{string.Join(',', resources.Select(resource => $"{{\"resource\":{resource},\"request\":{{\"method\":\"POST\",\"url\":\"x\"}}}}"))}}}]}""";

    [Fact]
    public async Task A_repeated_import_adds_nothing_even_when_files_hold_different_states_and_refer_to_later_ones()
    {
        Write("a.json", Bundle("""{"resourceType":"Organization","id":"o","name":"Before"}""", """{"resourceType":"Encounter","id":"e","status":"planned","class":{"code":"AMB"},"subject":{"reference":"Patient?identifier=urn:x|1"},"serviceProvider":{"reference":"Organization?identifier=nobody"}}"""));
        Write("b.json", Bundle("""{"resourceType":"Organization","id":"o","name":"After"}""", """{"resourceType":"Patient","id":"p","identifier":[{"system":"urn:x","value":"1"}]}"""));
        Write("c.ndjson", """{"resourceType":"Observation","id":"x","status":"final","code":{"text":"fine"}}""" + "\n" + """{"resourceType":"Observation","id":"y","status":"nonsense","code":{"text":"not fine"}}""" + "\n");
        var (code, output) = await Run("import", "in");
        Assert.True(code == 2, output);
        Assert.Contains("5 written, 0 unchanged, 1 refused", output, StringComparison.Ordinal);
        Assert.Contains("c.ndjson line 2", output, StringComparison.Ordinal);
        Assert.Contains("1 conditional references found nothing", output, StringComparison.Ordinal);

        Assert.Contains("0 written, 5 unchanged, 1 refused", (await Run("import", "in")).Output, StringComparison.Ordinal);
        Assert.Contains("0 findings", (await Run("verify")).Output, StringComparison.Ordinal);

        await Run("export", "out");
        using var encounter = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder.FullName, "out/Encounter.ndjson"), TestContext.Current.CancellationToken));
        Assert.Equal("Patient/p", encounter.RootElement.GetProperty("subject").GetProperty("reference").GetString());
        Assert.Equal("Organization?identifier=nobody", encounter.RootElement.GetProperty("serviceProvider").GetProperty("reference").GetString());
    }

    [Fact]
    public async Task A_setting_that_does_not_exist_or_has_no_sensible_value_is_named()
    {
        var (code, output) = await Run("verify", "--set", "deepestChian=3");
        Assert.True(code == 1 && output.Contains("deepestChian", StringComparison.Ordinal) && output.Contains("deepestChain", StringComparison.Ordinal), output);
        (code, output) = await Run("verify", "--set", "deepestChain=many");
        Assert.True(code == 1 && output.Contains("a number from 1 to 20", StringComparison.Ordinal), output);
    }
}
