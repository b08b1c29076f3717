using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tervik.EndToEnd.Identity;

/// <summary>Attempts to go around the controls stand in the operator's log, each as a line of its own, without what was tried.</summary>
public sealed class SecurityLogTests(OAuthNode node) : IClassFixture<OAuthNode>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>The newest line of an event.</summary>
    async Task<JsonElement> Line(string what)
    {
        for (var wait = 0; wait < 50; wait++)
        {
            foreach (var line in node.Node.Output.Split('\n').Reverse())
            {
                if (!line.Contains($"\"Event\":\"{what}\"", StringComparison.Ordinal)) continue;
                using var json = JsonDocument.Parse(line);
                return json.RootElement.Clone();
            }
            await Task.Delay(100, Stop);
        }
        throw new InvalidOperationException($"There is no line of {what}: {node.Node.Output}");
    }

    async Task Stands(string what, string? detail, params string?[] secrets)
    {
        var line = await Line(what);
        Assert.Equal(("Tervik.Security", "Warning"), (line.GetProperty("Category").GetString(), line.GetProperty("LogLevel").GetString()));
        var state = line.GetProperty("State");
        Assert.Equal((what, "127.0.0.1", detail), (state.GetProperty("Event").GetString(), state.GetProperty("Network").GetString(), state.GetProperty("Detail").GetString()));
        Assert.NotEmpty(state.GetProperty("Trace").GetString()!);
        foreach (var secret in secrets) Assert.DoesNotContain(secret!, node.Node.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Patient/p0", node.Node.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_forged_form_and_what_is_none()
    {
        using var person = await OAuthClient.SignedIn(node.Node, "Patient/p01");
        using var http = new HttpClient(new HttpClientHandler { CookieContainer = person.Cookies, AllowAutoRedirect = false }) { BaseAddress = new(node.Node.Address) };
        using var forged = new FormUrlEncodedContent([new("form-token", "forged-token-of-somebody"), new("label", "mine"), new("days", "3")]);
        await http.PostAsync(new Uri("/account/tokens", UriKind.Relative), forged, Stop);
        await Stands("form-refused", null, "forged-token-of-somebody");
        using var none = new StringContent("{\"secret\":\"in-the-body\"}") { Headers = { ContentType = new("application/json") } };
        await http.PostAsync(new Uri("/account/tokens", UriKind.Relative), none, Stop);
        await Stands("form-malformed", "application/json", "in-the-body");
    }

    [Fact]
    public async Task A_code_a_refresh_token_and_an_assertion_that_come_again()
    {
        using var client = await OAuthClient.SignedIn(node.Node, "Patient/p02");
        var code = await client.Code();
        await client.Exchange(code);
        Assert.Equal("invalid_grant", (await client.Exchange(code)).Outcome);
        await Stands("code-replayed", OAuthClient.App, code);
        var tokens = await client.Exchange(await client.Code());
        for (var i = 0; i < 2; i++) await client.Token(("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"]), ("client_id", OAuthClient.App));
        await Stands("refresh-token-replayed", OAuthClient.App, tokens["refresh_token"], tokens["access_token"]);
        var assertion = node.Assertion("ES384");
        for (var i = 0; i < 2; i++) await client.Token(("grant_type", "client_credentials"), ("scope", "system/Patient.rs"), ("client_assertion_type", Assertion.Type), ("client_assertion", assertion));
        await Stands("assertion-replayed", null, assertion);
        await client.Token(("grant_type", "client_credentials"), ("scope", "system/Patient.rs"), ("client_id", OAuthNode.Confidential), ("client_secret", "guessed-secret-of-more-than-32-characters"));
        await Stands("client-refused", OAuthNode.Confidential, "guessed-secret");
        await client.Exchange("made-up-code");
        await Stands("grant-refused", OAuthClient.App, "made-up-code");
    }

    [Fact]
    public async Task A_cursor_that_was_changed()
    {
        using var client = await node.Node.Client("client/pages", "read");
        var page = await client.GetStringAsync(new Uri("Patient?_count=1", UriKind.Relative), Stop);
        var cursor = Regex.Match(page, "_cursor=([^\"&]+)").Groups[1].Value;
        var changed = (cursor[0] == 'A' ? 'B' : 'A') + cursor[1..];
        Assert.False((await client.GetAsync(new Uri($"Patient?_count=1&_cursor={changed}", UriKind.Relative), Stop)).IsSuccessStatusCode);
        await Stands("cursor-changed", null, changed);
    }
}
