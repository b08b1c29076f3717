using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tervik.EndToEnd.Identity;

/// <summary>An answer of an OAuth endpoint.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Json">Its body.</param>
/// <param name="Headers">Its headers.</param>
public sealed record OAuthAnswer(HttpStatusCode Status, JsonElement Json, HttpResponseHeaders Headers)
{
    /// <summary>A member of the body as text; null when it is missing.</summary>
    public string? this[string name] => Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty(name, out var value) ? value.ToString() : null;
    /// <summary>The error, or <c>ok</c>.</summary>
    public string Outcome => this["error"] ?? (Status == HttpStatusCode.OK || Status == HttpStatusCode.Created ? "ok" : $"{(int)Status}");
}

/// <summary>A client of OAuth by plain requests, and the person in front of it: so that each step can be done wrongly.</summary>
public sealed partial class OAuthClient : IDisposable
{
    readonly string address;
    readonly HttpClient browser, http;

    OAuthClient(string address)
    {
        this.address = address;
        browser = new(new HttpClientHandler { CookieContainer = Cookies, AllowAutoRedirect = false }) { BaseAddress = new Uri(address) };
        http = new(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(address) };
    }

    public const string App = "test-app", Redirect = "https://app.example/callback";

    public CookieContainer Cookies { get; } = new();
    public string Verifier { get; } = Base64Url(RandomNumberGenerator.GetBytes(32));
    public string Audience => $"{address}/fhir";

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Somebody signed in, with a client beside.</summary>
    public static Task<OAuthClient> SignedIn(Node node, string? agent) => SignedIn(node.Address, agent);

    public static async Task<OAuthClient> SignedIn(string address, string? agent)
    {
        var client = new OAuthClient(address);
        if (agent is not null) await client.SignIn(agent);
        return client;
    }

    public async Task SignIn(string agent)
    {
        var html = await browser.GetStringAsync(new Uri("/sign-in", UriKind.Relative), Stop);
        using var body = new FormUrlEncodedContent([new("form-token", FormToken().Match(html).Groups[1].Value), new("person", agent), new("to", "/")]);
        using var answer = await browser.PostAsync(new Uri("/sign-in", UriKind.Relative), body, Stop);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
    }

    public static string Base64Url(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    /// <summary>A good authorization request; parameters given replace or add to it, with null they are left out.</summary>
    public Dictionary<string, string> Request(params (string Name, string? Value)[] changes)
    {
        var request = new Dictionary<string, string>
        {
            ["response_type"] = "code", ["client_id"] = App, ["redirect_uri"] = Redirect, ["scope"] = "openid fhirUser launch/patient offline_access patient/Observation.rs", ["state"] = "s-1",
            ["aud"] = Audience, ["code_challenge"] = Base64Url(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier))), ["code_challenge_method"] = "S256",
        };
        foreach (var (name, value) in changes)
            if (value is null) request.Remove(name);
            else request[name] = value;
        return request;
    }

    public static string Query(IEnumerable<KeyValuePair<string, string>> parameters) => string.Join('&', parameters.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));

    /// <summary>Opens the authorization page.</summary>
    /// <returns>Status, where it leads (or nowhere), and the page.</returns>
    public async Task<(HttpStatusCode Status, Uri? Location, string Html)> Open(IEnumerable<KeyValuePair<string, string>> request)
    {
        using var answer = await browser.GetAsync(new Uri($"/oauth/authorize?{Query(request)}", UriKind.Relative), Stop);
        return (answer.StatusCode, answer.Headers.Location, WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(Stop)));
    }

    /// <summary>Decides on the page: allows all that is asked, or as the fields say.</summary>
    public async Task<(HttpStatusCode Status, Uri? Location)> Decide(IReadOnlyDictionary<string, string> request, string html, string decision = "allow", Func<string, bool>? keep = null, string? token = null, string? patient = null)
    {
        List<KeyValuePair<string, string>> fields = [new("form-token", token ?? FormToken().Match(html).Groups[1].Value), .. request, new("decision", decision)];
        foreach (Match scope in GrantedScope().Matches(html))
            if (keep?.Invoke(scope.Groups[1].Value) ?? true) fields.Add(new("grant", scope.Groups[1].Value));
        if ((patient ?? PatientField().Match(html).Groups[1].Value) is { Length: > 0 } about) fields.Add(new("patient", about));
        using var body = new FormUrlEncodedContent(fields);
        using var answer = await browser.PostAsync(new Uri("/oauth/authorize", UriKind.Relative), body, Stop);
        return (answer.StatusCode, answer.Headers.Location);
    }

    /// <summary>The whole way to a code.</summary>
    public async Task<string> Code(params (string Name, string? Value)[] changes)
    {
        var request = Request(changes);
        var (status, _, html) = await Open(request);
        Assert.True(status == HttpStatusCode.OK, html);
        var (_, location) = await Decide(request, html);
        return Parameter(location!, "code") ?? throw new InvalidOperationException($"There is no code in {location}.");
    }

    public static string? Parameter(Uri location, string name) => System.Web.HttpUtility.ParseQueryString(location.Query)[name];

    /// <summary>Exchanges a code for tokens.</summary>
    public Task<OAuthAnswer> Exchange(string code, params (string Name, string? Value)[] changes) => Token([("grant_type", "authorization_code"), ("code", code), ("redirect_uri", Redirect), ("client_id", App), ("code_verifier", Verifier), .. changes]);

    public Task<OAuthAnswer> Token(params (string Name, string? Value)[] fields) => Post("/oauth/token", fields);

    /// <summary>Posts a form without cookies; of a name that comes twice the last counts, null leaves it out.</summary>
    public async Task<OAuthAnswer> Post(string path, (string Name, string? Value)[] fields, string? authorization = null)
    {
        var form = new Dictionary<string, string>();
        foreach (var (name, value) in fields)
            if (value is null) form.Remove(name);
            else form[name] = value;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = new FormUrlEncodedContent(form) };
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        return await Read(await http.SendAsync(request, Stop));
    }

    public async Task<OAuthAnswer> Get(string path, string? bearer = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        if (bearer is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {bearer}");
        return await Read(await http.SendAsync(request, Stop));
    }

    /// <summary>Posts a form of the portal as the signed-in person.</summary>
    public async Task<HttpStatusCode> PostForm(string page, string action, params (string Name, string Value)[] fields)
    {
        var html = WebUtility.HtmlDecode(await browser.GetStringAsync(new Uri(page, UriKind.Relative), Stop));
        using var body = new FormUrlEncodedContent([new("form-token", FormToken().Match(html).Groups[1].Value), .. fields.Select(field => KeyValuePair.Create(field.Name, field.Value))]);
        using var answer = await browser.PostAsync(new Uri(action, UriKind.Relative), body, Stop);
        return answer.StatusCode;
    }

    /// <summary>Launches the test application about a patient.</summary>
    /// <returns>Where the browser goes.</returns>
    public async Task<Uri> Launch(string patient)
    {
        var html = await Page($"/patients/{patient}/apps");
        using var body = new FormUrlEncodedContent([new("form-token", FormToken().Match(html).Groups[1].Value), new("app", App)]);
        using var answer = await browser.PostAsync(new Uri($"/patients/{patient}/apps", UriKind.Relative), body, Stop);
        return answer.Headers.Location ?? throw new InvalidOperationException($"The launch answered {answer.StatusCode}.");
    }

    public async Task<string> Page(string path) => WebUtility.HtmlDecode(await browser.GetStringAsync(new Uri(path, UriKind.Relative), Stop));

    static async Task<OAuthAnswer> Read(HttpResponseMessage answer)
    {
        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync(Stop);
            var json = text.StartsWith('{') ? JsonDocument.Parse(text).RootElement.Clone() : default;
            return new(answer.StatusCode, json, answer.Headers);
        }
    }

    public void Dispose()
    {
        browser.Dispose();
        http.Dispose();
    }

    [GeneratedRegex("name=\"form-token\" value=\"([^\"]+)\"")]
    private static partial Regex FormToken();
    [GeneratedRegex("name=\"grant\" value=\"([^\"]+)\"")]
    private static partial Regex GrantedScope();
    [GeneratedRegex("name=\"patient\" value=\"([^\"]+)\"")]
    private static partial Regex PatientField();
}
