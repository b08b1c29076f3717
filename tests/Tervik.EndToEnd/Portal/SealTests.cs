using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Tervik.EndToEnd.Portal;

/// <summary>The sealed log as a patient, an operator and a stranger check it.</summary>
public sealed partial class SealTests(Browser browser) : IClassFixture<Browser>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Waits until all that was logged so far is sealed: a second or two.</summary>
    static async Task Sealed(IPage page)
    {
        for (var wait = 0; wait < 100; wait++)
        {
            using var proof = JsonDocument.Parse(await (await page.APIRequest.GetAsync("/patients/p01/access/proof?known=0")).TextAsync());
            if (proof.RootElement.GetProperty("accesses").EnumerateArray().Any(access => access.TryGetProperty("leaf", out _))) return;
            await Task.Delay(200, Stop);
        }
        Assert.Fail("Nothing was sealed.");
    }

    /// <summary>Waits for another head than this one: what was asked since is sealed under it.</summary>
    static async Task SealedBeyond(IPage page, string head)
    {
        for (var wait = 0; wait < 100; wait++)
        {
            if (await (await page.APIRequest.GetAsync("/access-log/checkpoint")).TextAsync() != head) return;
            await Task.Delay(200, Stop);
        }
        Assert.Fail("Nothing more was sealed.");
    }

    static async Task<string> Check(IPage page)
    {
        await page.GotoAsync("/patients/p01/access");
        await page.GetByRole(AriaRole.Button, new() { Name = "Check the seal" }).ClickAsync();
        await page.Locator("[data-seal][data-state]").WaitForAsync();
        return await page.Locator("[data-seal] [role=status]").InnerTextAsync();
    }

    [Fact]
    public async Task The_browser_checks_the_accesses_of_the_page_and_tells_what_was_changed_on_the_way()
    {
        var page = await browser.Open();
        await Browser.SignIn(page, "Mari Tamm");
        await Sealed(page);
        Assert.Matches("^All is well: your browser found each of the [1-9][0-9]* accesses on this page in the sealed log of [1-9][0-9]*\\.", await Check(page));
        Assert.True(double.Parse((await page.Locator("[data-seal]").GetAttributeAsync("data-ms"))!, System.Globalization.CultureInfo.InvariantCulture) > 0);
        Assert.Contains("goes on from what this browser saw", await Check(page), StringComparison.Ordinal);
        Assert.Empty(await Accessibility.Violations(page));
        // What the patient is told, or the way to the root, or the signed head, changed on the way.
        foreach (var change in (Action<JsonNode>[])
        [
            proof => First(proof)["items"]![0]!["text"] = First(proof)["items"]![0]!["text"]!.GetValue<string>().Replace("Patient/p01", "Patient/p02", StringComparison.Ordinal).Replace("\"access\",", "\"access\", ", StringComparison.Ordinal),
            proof => First(proof)["path"]![0] = Convert.ToBase64String(new byte[32]),
            proof => First(proof)["leaf"] = First(proof)["leaf"]!.GetValue<long>() + 1,
            proof => proof["checkpoint"] = Size().Replace(proof["checkpoint"]!.GetValue<string>(), "\n999999\n", 1),
        ])
        {
            await page.RouteAsync("**/access/proof**", async route =>
            {
                var proof = JsonNode.Parse(await (await route.FetchAsync()).TextAsync())!;
                change(proof);
                await route.FulfillAsync(new() { ContentType = "application/json", Body = proof.ToJsonString() });
            });
            Assert.StartsWith("This does not fit together", await Check(page), StringComparison.Ordinal);
            await page.UnrouteAllAsync();
        }
        // A history that is not the one this browser knows.
        await page.EvaluateAsync("localStorage.setItem('tervik-seal', JSON.stringify({ ...JSON.parse(localStorage.getItem('tervik-seal')), size: 1, root: btoa('x'.repeat(32)) }))");
        Assert.StartsWith("This does not fit together", await Check(page), StringComparison.Ordinal);
    }

    static JsonNode First(JsonNode proof) => proof["accesses"]!.AsArray().First(access => access!["leaf"] is not null && access["path"]!.AsArray().Count > 0)!;

    [GeneratedRegex("\\n[0-9]+\\n")]
    private static partial Regex Size();

    /// <summary>What another patient was given in the same access stays a hash in the proof.</summary>
    [Fact]
    public async Task A_proof_tells_nothing_of_others()
    {
        await TestPatient.Make(browser.Node, "t-seal-one", "Ene", "Pitsatkivi", "880808-9011");
        await TestPatient.Make(browser.Node, "t-seal-two", "Ott", "Vahakuju", "880808-9012");
        using (var doctor = await browser.Node.Client("Practitioner/holm")) await doctor.GetStringAsync(new Uri("Observation?patient=Patient/t-seal-one,Patient/t-seal-two", UriKind.Relative), Stop);
        var page = await browser.Open();
        using var person = await PortalPerson.SignIn(browser.Node, "Patient/t-seal-one");
        var proof = (await person.Get("/patients/t-seal-one/access/proof")).Html;
        Assert.Contains("Practitioner/holm", proof, StringComparison.Ordinal);
        Assert.Contains("Observation/t-seal-one-weight-0", proof, StringComparison.Ordinal);
        Assert.Contains("\"hash\"", proof, StringComparison.Ordinal);
        Assert.DoesNotContain("t-seal-two", proof, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_verifier_that_shares_nothing_with_the_program_agrees_and_so_does_the_operators()
    {
        var page = await browser.Open();
        await Browser.SignIn(page, "Mari Tamm");
        await Sealed(page);
        var folder = Directory.CreateTempSubdirectory("tervik-seal-").FullName;
        try
        {
            var key = (await (await page.APIRequest.GetAsync("/access-log/key")).TextAsync()).Trim();
            var (first, head, proof) = (Path.Combine(folder, "first"), Path.Combine(folder, "head"), Path.Combine(folder, "proof.json"));
            Assert.Matches("^[1-9][0-9]* entries, root .*, 0 findings", await Verifier(key, 0, "--save", first));
            await File.WriteAllTextAsync(proof, await (await page.APIRequest.GetAsync("/patients/p01/access/proof")).TextAsync(), Stop);
            await SealedBeyond(page, await File.ReadAllTextAsync(first, Stop));
            Assert.Matches("^[1-9][0-9]* entries, .*, going on from [1-9][0-9]*, [1-9][0-9]* accesses proven, [0-9]+ not sealed yet, 0 findings", await Verifier(key, 0, "--since", first, "--save", head, "--proof", proof));
            // Another log's key, another history, another access.
            Assert.Contains("is of the log", await Verifier("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8", 3), StringComparison.Ordinal);
            await File.WriteAllTextAsync(proof, (await File.ReadAllTextAsync(proof, Stop)).Replace("Patient/p01", "Patient/p09", StringComparison.Ordinal), Stop);
            Assert.Contains("is not in the log as it was saved", await Verifier(key, 3, "--proof", proof), StringComparison.Ordinal);
            var (code, output) = await browser.Node.Run("audit", "verify", "--checkpoint", head);
            Assert.True(code == 0, output);
            Assert.Contains(", 0 findings", output, StringComparison.Ordinal);
            await File.WriteAllTextAsync(head, (await File.ReadAllTextAsync(head, Stop)).Replace("— tervik", "— other", StringComparison.Ordinal), Stop);
            (code, output) = await browser.Node.Run("audit", "verify", "--checkpoint", head);
            Assert.Equal((3, true), (code, output.Contains("is not signed by", StringComparison.Ordinal)));
            (code, output) = await browser.Node.Run("audit", "scope", "--account", "Patient/p01", "--from", "2026-01-01", "--to", "2126-01-01");
            Assert.True(code == 0 && output.Contains("Patient/p01 ", StringComparison.Ordinal), output);
            foreach (var path in (string[])["tile/0/001", "tile/9/000", "tile/x/000", "tile/0/0", "tile/entries/999"])
                Assert.Equal(404, (await page.APIRequest.GetAsync($"/access-log/{path}")).Status);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        async Task<string> Verifier(string key, int expected, params string[] options)
        {
            using var process = Process.Start(new ProcessStartInfo("node", [Path.Combine(SharedData.Repository!, "tools", "verify-log.mjs"), $"{browser.Node.Address}/access-log", key, .. options]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var errors = process.StandardError.ReadToEndAsync(Stop);
            var output = await process.StandardOutput.ReadToEndAsync(Stop) + await errors;
            await process.WaitForExitAsync(Stop);
            Assert.True(process.ExitCode == expected, output);
            return output;
        }
    }

    [Fact]
    public async Task A_witness_elsewhere_signs_the_head()
    {
        var page = await browser.Open();
        await Browser.SignIn(page, "Mari Tamm");
        await Sealed(page);
        var key = (await (await page.APIRequest.GetAsync("/access-log/key")).TextAsync()).Trim();
        await using var witness = new Node { Command = ["witness", "--log", key, "--name", "witness.example"] };
        await witness.InitializeAsync();
        var note = await (await page.APIRequest.GetAsync("/access-log/checkpoint")).TextAsync();
        using var http = new HttpClient();
        using var body = new StringContent($"old 0\n\n{note}");
        using var answer = await http.PostAsync(new Uri($"{witness.Address}/add-checkpoint"), body, Stop);
        Assert.StartsWith("witness.example+", await http.GetStringAsync(new Uri($"{witness.Address}/key"), Stop), StringComparison.Ordinal);
        Assert.StartsWith("— witness.example ", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    }
}
