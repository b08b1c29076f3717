using Microsoft.Playwright;

namespace Tervik.EndToEnd.Portal;

public sealed class PortalTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task A_patient_reads_the_own_record_with_the_keyboard_alone()
    {
        var page = await browser.Open();
        await page.GotoAsync("/sign-in?name=Mari");
        await Press(page, "Mari Tamm");
        await page.ArrivesAt("**/");
        Assert.Equal("My health", await page.Locator("h1").InnerTextAsync());
        await Press(page, "Results");
        await page.ArrivesAt("**/results");
        await Press(page, "Hemoglobin A1c");
        await page.ArrivesAt("**code=*");
        await page.Locator(".chart canvas").WaitForAsync();
        Assert.NotEqual(0, await page.Locator(".chosen tbody tr").CountAsync());
    }

    [Fact]
    public async Task Everything_works_without_JavaScript()
    {
        var page = await browser.Open(javaScript: false);
        await Browser.SignIn(page, "Søren Holm");
        await page.GetByRole(AriaRole.Link, new() { Name = "My patients" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { NameRegex = new("Mari Tamm") }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Timeline", Exact = true }).ClickAsync();
        Assert.NotEqual(0, await page.Locator("ol.timeline li").CountAsync());
        await page.Locator("ol.timeline a").First.ClickAsync();
        Assert.Contains("/entry/", page.Url, StringComparison.Ordinal);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        Assert.EndsWith("/sign-in", page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Both_look_at_the_same_record_and_the_patient_sees_who_looked()
    {
        var professional = await browser.Open();
        await Browser.SignIn(professional, "Søren Holm");
        await professional.GotoAsync("/patients/p01/timeline");
        var seen = await professional.Locator(".record-page").InnerTextAsync();
        var patient = await browser.Open();
        await Browser.SignIn(patient, "Mari Tamm");
        await patient.GotoAsync("/patients/p01/timeline");
        Assert.Equal(seen, await patient.Locator(".record-page").InnerTextAsync());
        await patient.GotoAsync("/patients/p01/access");
        Assert.Contains("Søren Holm", await patient.Locator("ol.accesses").InnerTextAsync(), StringComparison.Ordinal);
    }

    [Theory, InlineData("/patients/p02"), InlineData("/patients/p02/timeline"), InlineData("/patients/p02/results"), InlineData("/patients/p02/access"), InlineData("/patients/p02/entry/Appointment/p02-appointment"),
        InlineData("/patients/p01/entry/Appointment/p02-appointment"), InlineData("/patients/nobody")]
    public async Task A_patient_does_not_reach_the_record_of_another(string path)
    {
        var page = await browser.Open();
        await Browser.SignIn(page, "Mari Tamm");
        var answer = await page.GotoAsync(path);
        Assert.Equal(404, answer!.Status);
        Assert.DoesNotContain("Jaan", await page.ContentAsync(), StringComparison.Ordinal);
    }

    /// <summary>Tabs to what bears the name, and presses Enter.</summary>
    static async Task Press(IPage page, string name)
    {
        for (var steps = 0; steps < 100; steps++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (!(await page.EvaluateAsync<string>("document.activeElement.innerText ?? ''")).Contains(name, StringComparison.Ordinal)) continue;
            await page.Keyboard.PressAsync("Enter");
            return;
        }
        Assert.Fail($"{name} cannot be reached with the keyboard.");
    }
}
