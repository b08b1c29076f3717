using System.Net;
using Microsoft.Playwright;

namespace Tervik.EndToEnd.Portal;

/// <summary>Somebody of holm's practice looks at a prominent patient whom nobody there has seen for years.</summary>
public sealed class AlertsTests(Browser browser) : IClassFixture<Browser>
{
    const string Curious = "Practitioner/practice-tartu-1-d1";
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    async Task<string> Raised(string patient)
    {
        await TestPatient.Put(browser.Node, $"Patient/{patient}", $$"""{"resourceType":"Patient","id":"{{patient}}","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"CEL"}]},"generalPractitioner":[{"reference":"{{Curious}}"}],"name":[{"family":"Tuntud","given":["Kuulus"]}]}""");
        await TestPatient.Put(browser.Node, $"Encounter/{patient}-visit", $$"""{"resourceType":"Encounter","id":"{{patient}}-visit","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},"subject":{"reference":"Patient/{{patient}}"},"period":{"start":"2020-10-01","end":"2020-10-01"},"participant":[{"individual":{"reference":"{{Curious}}"} }]}""");
        using (var curious = await PortalPerson.SignIn(browser.Node, Curious)) Assert.Equal(HttpStatusCode.OK, (await curious.Get($"/patients/{patient}")).Status);
        for (var wait = 0; wait < 200; wait++)
        {
            var (_, output) = await browser.Node.Run("audit", "alerts", "--json");
            if (output.Split('\n').FirstOrDefault(line => line.Contains($"Patient/{patient}\"", StringComparison.Ordinal)) is { } line) return System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("id").GetString()!;
            await Task.Delay(250, Stop);
        }
        throw new TimeoutException("No alert was raised.");
    }

    [Theory, InlineData(1280, false), InlineData(360, true)]
    public async Task The_lead_answers_an_alert_and_its_history_stays(int width, bool dark)
    {
        var alert = await Raised($"t-famous-{width}");
        var page = await browser.Open(width, dark);
        await Browser.SignIn(page, "Søren Holm");
        await page.GotoAsync("/alerts");
        await Check(page, "alerts", width, dark);
        await page.Locator($"a[href='/alerts/{alert}']").ClickAsync();
        var text = await page.Locator("main").InnerTextAsync();
        foreach (var expected in (string[])["A look that may be curiosity", "Kuulus Tuntud", "marked as somebody whom many are curious about", "more than a month away", "saw the chart"]) Assert.Contains(expected, text, StringComparison.Ordinal);
        await Check(page, "alert", width, dark);
        await page.GetByLabel("There was a good reason").CheckAsync();
        await page.FillAsync("#comment", "She wrote the letter <b>he</b> had asked for.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        Assert.Contains("She wrote the letter <b>he</b> had asked for.", await page.Locator("section:has(#history)").InnerTextAsync(), StringComparison.Ordinal);
        await Check(page, "alert-answered", width, dark);
        await page.GotoAsync("/alerts");
        Assert.Equal(0, await page.Locator($"a[href='/alerts/{alert}']").CountAsync());
        await page.GotoAsync("/alerts?state=Explained");
        Assert.Equal(1, await page.Locator($"a[href='/alerts/{alert}']").CountAsync());
        // The patient reads who looked, and that somebody checked it.
        using var patient = await PortalPerson.SignIn(browser.Node, $"Patient/t-famous-{width}");
        Assert.Contains("checked whether somebody else looked without a reason", (await patient.Get($"/patients/t-famous-{width}/access")).Html, StringComparison.Ordinal);
    }

    static async Task Check(IPage page, string name, int width, bool dark)
    {
        Assert.Empty(await page.EvaluateAsync<string[]>(PortalPage.Misfits));
        Assert.Empty(await Accessibility.Violations(page));
        if (Environment.GetEnvironmentVariable("TERVIK_SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}-{width}-{(dark ? "dark" : "light")}.png"), FullPage = true });
    }

    [Fact]
    public async Task Data_protection_sees_it_and_neither_the_person_nor_another_unit_nor_a_patient_does()
    {
        await browser.Open(); // skips where there is no browser, and so no node
        var alert = await Raised("t-famous-protected");
        using (var officer = await PortalPerson.SignIn(browser.Node, "Practitioner/tartu-officer"))
        {
            Assert.Contains($"/alerts/{alert}", (await officer.Get("/alerts")).Html, StringComparison.Ordinal);
            var (status, html) = await officer.Post($"/alerts/{alert}", $"/alerts/{alert}", ("state", "Confirmed"), ("comment", "Nobody had asked."));
            Assert.Equal((HttpStatusCode.OK, true), (status, html.Contains("Nobody had asked.", StringComparison.Ordinal)));
        }
        foreach (var (who, list) in ((string, HttpStatusCode)[])[(Curious, HttpStatusCode.Forbidden), ("Practitioner/kuusk", HttpStatusCode.OK), ("Practitioner/copenhagen-officer", HttpStatusCode.OK), ("Practitioner/lund", HttpStatusCode.Forbidden), ("Patient/t-famous-protected", HttpStatusCode.Forbidden)])
        {
            using var other = await PortalPerson.SignIn(browser.Node, who);
            var (status, html) = await other.Get("/alerts");
            Assert.Equal((who, list, false), (who, status, html.Contains(alert, StringComparison.Ordinal)));
            Assert.NotEqual((who, HttpStatusCode.OK), (who, (await other.Get($"/alerts/{alert}")).Status));
            Assert.NotEqual((who, HttpStatusCode.OK), (who, (await other.Post("/account", $"/alerts/{alert}", ("state", "Explained"), ("comment", "No."))).Status));
        }
        Assert.Contains("Confirmed", (await browser.Node.Run("audit", "alerts", "--state", "confirmed")).Output, StringComparison.Ordinal);
    }
}
