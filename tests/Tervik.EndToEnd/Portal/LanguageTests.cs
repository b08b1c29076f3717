using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Tervik.Portal.Reading;

namespace Tervik.EndToEnd.Portal;

public sealed partial class LanguageTests(Browser browser) : IClassFixture<Browser>
{
    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Place();

    [Theory, InlineData("da"), InlineData("et"), InlineData("ko")]
    public void Every_text_is_there_in_each_language_with_the_same_places_for_values(string language)
    {
        foreach (var ((file, english), (_, translated)) in Words.Files("en").Zip(Words.Files(language)))
        {
            Assert.Equal((file, string.Join('\n', english.Keys.Order(StringComparer.Ordinal))), (file, string.Join('\n', translated.Keys.Order(StringComparer.Ordinal))));
            foreach (var (key, text) in translated)
            {
                Assert.False(string.IsNullOrWhiteSpace(text), $"{key} is empty.");
                if (!key.StartsWith("One ", StringComparison.Ordinal)) Assert.Equal((key, Places(english[key])), (key, Places(text)));
            }
        }
    }

    static string Places(string text) => string.Join(' ', Place().Matches(text).Select(place => place.Value).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void No_key_stands_in_two_files()
    {
        var twice = Words.Files("en").SelectMany(file => file.Texts.Keys.Select(key => (key, file.File))).GroupBy(one => one.key).Where(group => group.Count() > 1);
        Assert.Empty(twice.Select(group => $"{group.Key}: {string.Join(", ", group.Select(one => one.File))}"));
    }

    /// <summary>A key is found in the sources as a literal; one with values in it begins or ends with one of these.</summary>
    [Fact]
    public void Each_literal_key_in_the_sources_has_a_text()
    {
        var known = Words.Files("en").SelectMany(file => file.Texts.Keys).ToHashSet(StringComparer.Ordinal);
        var missing = Sources().SelectMany(source => Literal().Matches(File.ReadAllText(source)).Select(match => match.Groups[1].Value)).Where(key => !known.Contains(key)).Distinct();
        Assert.Empty(missing);
    }

    static IEnumerable<string> Sources() => ((string[])["Tervik.Portal", "Tervik.DemoPortal"]).SelectMany(room => Directory.EnumerateFiles(Path.Combine(SharedData.Repository!, "src", room), "*.*", SearchOption.AllDirectories))
        .Where(file => file.EndsWith(".razor", StringComparison.Ordinal) || file.EndsWith(".cs", StringComparison.Ordinal));

    [GeneratedRegex("""Words\.Of\("([^"{}]+)"[,)]""")]
    private static partial Regex Literal();

    [Theory, InlineData("da", "Dansk", "Overblik"), InlineData("et", "Eesti", "Ülevaade"), InlineData("ko", "한국어", "개요")]
    public async Task A_chosen_language_stays_on_every_page_fits_a_phone_and_is_accessible(string code, string name, string overview)
    {
        var page = await browser.Open(360, dark: false);
        await Browser.SignIn(page, "Mari Tamm");
        await page.GetByRole(AriaRole.Button, new() { Name = name }).ClickAsync();
        await page.ArrivesAt("**/");
        Assert.Equal(code, await page.Locator("html").GetAttributeAsync("lang"));
        Assert.Contains(overview, await page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
        foreach (var path in (string[])["/", "/patients/p01/timeline", "/patients/p01/results", "/patients/p01/access", "/account"])
        {
            await page.GotoAsync(path);
            Assert.Equal(code, await page.Locator("html").GetAttributeAsync("lang"));
            Assert.Empty((await page.EvaluateAsync<string[]>(PortalPage.Misfits)).Select(misfit => $"{path} {misfit}"));
            Assert.Empty(await Accessibility.Violations(page));
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
