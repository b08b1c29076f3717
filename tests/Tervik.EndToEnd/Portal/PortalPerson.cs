using System.Net;
using System.Text.RegularExpressions;

namespace Tervik.EndToEnd.Portal;

/// <summary>Somebody signed in to the portal by plain requests: links and forms, as without a script.</summary>
public sealed partial class PortalPerson : IDisposable
{
    readonly HttpClient http;

    PortalPerson(Node node) => http = new(new HttpClientHandler { CookieContainer = new CookieContainer() }) { BaseAddress = new Uri(node.Address) };

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<PortalPerson> SignIn(Node node, string reference, string to = "/")
    {
        var person = new PortalPerson(node);
        var (status, _) = await person.Post("/sign-in", "/sign-in", ("person", reference), ("to", to));
        Assert.Equal(HttpStatusCode.OK, status);
        return person;
    }

    public async Task<(HttpStatusCode Status, string Html)> Get(string path)
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), Stop);
        return (answer.StatusCode, WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(Stop)));
    }

    /// <summary>Fills in the form of a page and sends it; <paramref name="times"/> over when somebody presses twice.</summary>
    public async Task<(HttpStatusCode Status, string Html)> Post(string page, string action, (string Name, string Value) first, (string Name, string Value)? second = null, (string Name, string Value)? third = null, int times = 1)
    {
        var (_, html) = await Get(page);
        List<KeyValuePair<string, string>> fields = [new("form-token", Token().Match(html).Groups[1].Value), new("form-key", Key().Match(html).Groups[1].Value), new(first.Name, first.Value)];
        if (second is { } more) fields.Add(new(more.Name, more.Value));
        if (third is { } most) fields.Add(new(most.Name, most.Value));
        (HttpStatusCode, string) last = default;
        for (var i = 0; i < times; i++)
        {
            using var body = new FormUrlEncodedContent(fields);
            using var answer = await http.PostAsync(new Uri(action, UriKind.Relative), body, Stop);
            last = (answer.StatusCode, WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(Stop)));
        }
        return last;
    }

    /// <summary>Sends a form with the token, key and version of a page and these fields.</summary>
    public async Task<(HttpStatusCode Status, string Html)> Fill(string page, string action, params (string Name, string Value)[] fields)
    {
        var (_, html) = await Get(page);
        List<KeyValuePair<string, string>> all = [new("form-token", Token().Match(html).Groups[1].Value), new("form-key", Key().Match(html).Groups[1].Value), .. fields.Select(field => KeyValuePair.Create(field.Name, field.Value))];
        if (Version().Match(html) is { Success: true } version && !all.Exists(field => field.Key == "form-version")) all.Add(new("form-version", version.Groups[1].Value));
        using var body = new FormUrlEncodedContent(all);
        using var answer = await http.PostAsync(new Uri(action, UriKind.Relative), body, Stop);
        return (answer.StatusCode, WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(Stop)));
    }

    /// <summary>Value of the button that ends the first choice on a page.</summary>
    public async Task<string> FirstChoice(string page) => Choice().Match((await Get(page)).Html).Groups[1].Value;

    public void Dispose() => http.Dispose();

    [GeneratedRegex("name=\"form-token\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
    [GeneratedRegex("name=\"form-key\" value=\"([^\"]+)\"")]
    private static partial Regex Key();
    [GeneratedRegex("name=\"form-version\" value=\"([^\"]+)\"")]
    private static partial Regex Version();
    [GeneratedRegex("name=\"choice\" value=\"([^\"]+)\"")]
    private static partial Regex Choice();
}
