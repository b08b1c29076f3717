using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Tervik.Portal;

namespace Tervik.EndToEnd.Portal;

public sealed partial class LanguageTests(Browser browser) : IClassFixture<Browser>
{
    static readonly ResourceManager Words = new("Tervik.Portal.PortalWords", typeof(PortalWords).Assembly);

    static Dictionary<string, string> Texts(string language) => Words.GetResourceSet(CultureInfo.GetCultureInfo(language), createIfNotExists: true, tryParents: language == "en")!
        .Cast<System.Collections.DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Place();

    [Theory, InlineData("da"), InlineData("et"), InlineData("ko")]
    public void Every_text_is_there_in_each_language_with_the_same_places_for_values(string language)
    {
        var (english, translated) = (Texts("en"), Texts(language));
        Assert.Equal(english.Keys.Order(), translated.Keys.Order());
        foreach (var (key, text) in translated)
        {
            Assert.False(string.IsNullOrWhiteSpace(text), $"{key} is empty.");
            if (key != "One patient") Assert.Equal(Place().Matches(english[key]).Select(place => place.Value).Order(), Place().Matches(text).Select(place => place.Value).Order());
        }
    }

    [Theory, InlineData("da", "Dansk", "Overblik"), InlineData("et", "Eesti", "Ülevaade"), InlineData("ko", "한국어", "개요")]
    public async Task A_chosen_language_stays_on_every_page_fits_a_phone_and_is_accessible(string code, string name, string overview)
    {
        var page = await browser.Open(360, dark: false);
        await Browser.SignIn(page, "Mari Tamm");
        await page.GetByRole(AriaRole.Button, new() { Name = name }).ClickAsync();
        await page.WaitForURLAsync("**/");
        Assert.Equal(code, await page.Locator("html").GetAttributeAsync("lang"));
        Assert.Contains(overview, await page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
        foreach (var path in (string[])["/", "/patients/p01/timeline", "/patients/p01/results", "/patients/p01/access", "/account"])
        {
            await page.GotoAsync(path);
            Assert.Equal(code, await page.Locator("html").GetAttributeAsync("lang"));
            Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= 360, $"{path} is wider than the window.");
            await page.AddScriptTagAsync(new() { Path = PortalTests.Axe() });
            Assert.Equal("[]", await page.EvaluateAsync<string>("async () => JSON.stringify((await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })).violations.map(v => v.id + ': ' + v.nodes.map(n => n.target + ' ' + n.failureSummary).join('; ')))"));
            if (Environment.GetEnvironmentVariable("TERVIK_SCREENSHOTS") is { Length: > 0 } folder)
                await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{code}{path.Replace('/', '-')}-360.png"), FullPage = true });
        }
    }

    [Fact]
    public async Task Without_a_choice_the_browser_decides()
    {
        using var http = new HttpClient { BaseAddress = new Uri(browser.Node.Address) };
        http.DefaultRequestHeaders.Add("Accept-Language", "fr, et;q=0.5, ko;q=0.8");
        Assert.Contains("lang=\"ko\"", await http.GetStringAsync(new Uri("/sign-in", UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
