using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Tervik.EndToEnd.Portal;

/// <summary>What tests of forms look at: accessible and not too wide; fields as they were sent; naughty strings.</summary>
static partial class PageChecks
{
    /// <summary>No violation of WCAG 2.2 AA that axe knows, and no scrolling to the side.</summary>
    public static async Task IsAccessible(IPage page, int width, string? screenshot = null)
    {
        if (screenshot is not null && Environment.GetEnvironmentVariable("TERVIK_SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{screenshot}.png"), FullPage = true });
        Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width, $"{page.Url} is wider than the window.");
        Assert.Empty(await Accessibility.Violations(page));
    }

    /// <summary>The hidden fields of the first form that has each: token, key, version.</summary>
    public static Dictionary<string, string> Hidden(string html) => HiddenField().Matches(html).DistinctBy(field => field.Groups[1].Value).ToDictionary(field => field.Groups[1].Value, field => WebUtility.HtmlDecode(field.Groups[2].Value));

    /// <summary>What stands in an input or textarea; HTML does not count the line break a textarea begins with.</summary>
    public static string Value(string html, string name) =>
        Regex.Match(html, $"<input [^>]*name=\"{name}\"[^>]*? value=\"([^\"]*)\"") is { Success: true } input ? WebUtility.HtmlDecode(input.Groups[1].Value)
        : Regex.Match(html, $"<textarea [^>]*name=\"{name}\"[^>]*>([^<]*)</textarea>") is { Success: true } area && WebUtility.HtmlDecode(area.Groups[1].Value) is var text ? text.StartsWith('\n') ? text[1..] : text : "";

    /// <summary>Posts fields as the browser of this page would, without following the answer.</summary>
    public static Task<IAPIResponse> Post(IPage page, string path, Dictionary<string, string> fields)
    {
        var form = page.APIRequest.CreateFormData();
        foreach (var (name, value) in fields) form.Set(name, value);
        return page.APIRequest.PostAsync(path, new() { Form = form, MaxRedirects = 0 });
    }

    public static async Task<string> Get(IPage page, string path) => await (await page.APIRequest.GetAsync(path)).TextAsync();

    /// <summary>The big list of naughty strings, as a form keeps them: without spaces around and control characters. Skipped where it is absent.</summary>
    public static List<string> Naughty()
    {
        var path = Tests.SharedData.Path("naughty-strings", "blns.json");
        return [.. JsonSerializer.Deserialize<string[]>(File.ReadAllText(path))!.Select(Kept).Where(text => text.Length > 0).Distinct()];
    }

    /// <summary>What a field keeps of a text.</summary>
    public static string Kept(string text) => new string([.. text.Replace("\r\n", "\n", StringComparison.Ordinal).Where(letter => letter is '\n' or '\t' || !char.IsControl(letter) && letter is not ('\uFFFE' or '\uFFFF'))]).Trim();

    [GeneratedRegex("<input type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\"")]
    private static partial Regex HiddenField();
}
