using System.Text.Json;
using Microsoft.Playwright;

namespace Tervik.EndToEnd.Portal;

public sealed class PortalTests(Browser browser) : IClassFixture<Browser>
{
    /// <summary>Pages of both faces: who looks, and where.</summary>
    static readonly (string Name, string? Who, string Path)[] Pages =
    [
        ("sign-in", null, "/sign-in"),
        ("overview-patient", "Mari Tamm", "/"), ("timeline-patient", "Mari Tamm", "/patients/p01/timeline"), ("results-patient", "Mari Tamm", "/patients/p01/results"),
        ("result-patient", "Mari Tamm", "/patients/p01/results?code=http%3A%2F%2Floinc.org%7C4548-4"), ("access-patient", "Mari Tamm", "/patients/p01/access"),
        ("blood-pressure-patient", "Mari Tamm", "/patients/p01/results?code=http%3A%2F%2Floinc.org%7C8480-6"), ("unusual-patient", "Mari Tamm", "/patients/p01/results?unusual=1&years=3"),
        ("found-patient", "Mari Tamm", "/patients/p01/timeline?q=blood&important=0"), ("explain", "Mari Tamm", "/explain?q=sugar"), ("explained", "Mari Tamm", "/explain?system=http%3A%2F%2Floinc.org&code=4548-4&unit=%25"),
        ("entry-patient", "Mari Tamm", "/patients/p01/entry/Appointment/p01-appointment"), ("account-patient", "Mari Tamm", "/account"), ("not-found", "Mari Tamm", "/patients/p02"),
        ("patients-professional", "Søren Holm", "/patients"), ("overview-professional", "Søren Holm", "/patients/p01"), ("results-professional", "Søren Holm", "/patients/p01/results"),
    ];

    public static TheoryData<string, int, bool> AllPages
    {
        get
        {
            var all = new TheoryData<string, int, bool>();
            foreach (var (name, _, _) in Pages)
                foreach (var width in (int[])[1280, 360])
                    foreach (var dark in (bool[])[false, true]) all.Add(name, width, dark);
            return all;
        }
    }

    [Theory, MemberData(nameof(AllPages))]
    public async Task Every_page_is_accessible_and_fits_its_width(string name, int width, bool dark)
    {
        var page = await browser.Open(width, dark);
        var (_, who, path) = Pages.Single(one => one.Name == name);
        if (who is not null) await Browser.SignIn(page, who);
        await page.GotoAsync(path);
        Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width, "The page is wider than the window.");
        await page.AddScriptTagAsync(new() { Path = Axe() });
        var found = await page.EvaluateAsync<string>("async () => JSON.stringify((await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })).violations.map(v => v.id + ': ' + v.nodes.map(n => n.target + ' ' + n.failureSummary).join('; ')))");
        Assert.Equal("[]", found);
        if (Environment.GetEnvironmentVariable("TERVIK_SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}-{width}-{(dark ? "dark" : "light")}.png"), FullPage = true });
    }

    [Fact]
    public async Task A_patient_reads_the_own_record_with_the_keyboard_alone()
    {
        var page = await browser.Open();
        await page.GotoAsync("/sign-in?name=Mari");
        await Press(page, "Mari Tamm");
        await page.WaitForURLAsync("**/");
        Assert.Equal("My health", await page.Locator("h1").InnerTextAsync());
        await Press(page, "Results");
        await page.WaitForURLAsync("**/results");
        await Press(page, "Hemoglobin A1c");
        await page.WaitForURLAsync("**code=*");
        await page.Locator(".chart canvas").WaitForAsync();
        Assert.NotEqual(0, await page.Locator(".chosen tbody tr").CountAsync());
    }

    [Fact]
    public async Task Everything_works_without_JavaScript()
    {
        var page = await browser.Open(javaScript: false);
        await Browser.SignIn(page, "Søren Holm");
        await page.GetByRole(AriaRole.Link, new() { NameRegex = new("Mari Tamm") }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Timeline" }).ClickAsync();
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
        await professional.GotoAsync("/patients/p01");
        var seen = await professional.Locator("section:has(#laboratory) tbody").InnerTextAsync();
        var patient = await browser.Open();
        await Browser.SignIn(patient, "Mari Tamm");
        Assert.Equal(seen, await patient.Locator("section:has(#laboratory) tbody").InnerTextAsync());
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

    public static string Axe()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Path.Combine(folder.FullName, "node_modules", "axe-core", "axe.min.js") is var path && File.Exists(path)) return path;
        throw new FileNotFoundException("axe-core is missing: run npm ci.");
    }
}
