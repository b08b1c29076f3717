using System.Net;

namespace Tervik.EndToEnd.Identity;

/// <summary>An application gets what it is registered for, whichever way it asks.</summary>
public sealed class AppScopesTests(OAuthNode node) : IClassFixture<OAuthNode>
{
    const string Narrow = "narrow-app", Redirect = "https://narrow.example/callback";

    Task<(int Code, string Output)> Register(string scopes, params string[] others) => node.Node.Run(["app", "add", Narrow, "--redirect", Redirect, "--scopes", scopes, .. others]);

    static Dictionary<string, string> Ask(OAuthClient client, string scope) => client.Request(("client_id", Narrow), ("redirect_uri", Redirect), ("scope", scope));

    [Fact]
    public async Task It_asks_for_no_more_than_it_is_registered_for()
    {
        var (code, output) = await Register("patient/Observation.rs?category=laboratory patient/Condition.read launch/patient openid");
        Assert.True(code == 0, output);
        using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
        foreach (var (scope, error) in ((string, string?)[])
        [
            ("launch/patient patient/Observation.rs?category=laboratory", null), ("launch/patient openid patient/Observation.r?category=laboratory patient/Condition.rs", null),
            ("launch/patient patient/Observation.rs", "invalid_scope"), ("launch/patient patient/Observation.rs?category=vital-signs", "invalid_scope"), ("launch/patient patient/*.rs", "invalid_scope"), ("launch/patient patient/Condition.cruds", "invalid_scope"),
            ("launch/patient patient/Patient.rs", "invalid_scope"), ("user/Condition.rs", "invalid_scope"), ("launch/patient patient/Condition.rs offline_access", "invalid_scope"), ("launch/patient patient/Condition.rs fhirUser", "invalid_scope"),
        ])
        {
            var (status, location, _) = await client.Open(Ask(client, scope));
            Assert.Equal((scope, error), (scope, location is null ? status == HttpStatusCode.OK ? null : $"{status}" : OAuthClient.Parameter(location, "error")));
            var pushed = await client.Post("/oauth/par", [.. Ask(client, scope).Select(pair => (pair.Key, (string?)pair.Value))]);
            Assert.Equal((scope, error ?? "ok"), (scope, pushed.Outcome));
        }
    }

    [Fact]
    public async Task What_was_granted_is_not_refreshed_when_the_register_was_narrowed_since()
    {
        await Register("patient/*.rs launch/patient offline_access");
        using var client = await OAuthClient.SignedIn(node.Node, "Patient/p02");
        var request = Ask(client, "launch/patient offline_access patient/Observation.rs");
        var (_, _, html) = await client.Open(request);
        var (_, location) = await client.Decide(request, html);
        var tokens = await client.Exchange(OAuthClient.Parameter(location!, "code")!, ("client_id", Narrow), ("redirect_uri", Redirect));
        Assert.Equal("ok", tokens.Outcome);
        await Register("patient/Condition.rs launch/patient offline_access");
        Assert.Equal("invalid_scope", (await client.Token(("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"]), ("client_id", Narrow))).Outcome);
    }

    [Theory, InlineData("system/Patient.rs", "ok"), InlineData("system/Observation.rs?category=laboratory", "ok"), InlineData("system/Observation.rs", "invalid_scope"), InlineData("system/*.rs", "invalid_scope"), InlineData("system/Patient.cruds", "invalid_scope"), InlineData("system/Condition.rs", "invalid_scope")]
    public async Task A_backend_service_too(string scope, string expected)
    {
        using var client = await OAuthClient.SignedIn(node.Node, agent: null);
        Assert.Equal(expected, (await client.Token(("grant_type", "client_credentials"), ("scope", scope), ("client_assertion_type", Assertion.Type), ("client_assertion", node.Assertion("ES384")))).Outcome);
    }

    [Fact]
    public async Task A_token_is_exchanged_for_what_both_applications_may()
    {
        await node.Node.Run("app", "add", "narrow-exchanger", "--secret", OAuthNode.Secret, "--exchange", "--scopes", "patient/Observation.rs");
        using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
        var tokens = await client.Exchange(await client.Code(("scope", "launch/patient patient/Observation.rs patient/Condition.rs")));
        async Task<string> Exchange(string? scope) => (await client.Token(("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("subject_token", tokens["access_token"]), ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("client_id", "narrow-exchanger"), ("client_secret", OAuthNode.Secret), ("scope", scope))).Outcome;
        Assert.Equal(("ok", "invalid_scope", "invalid_scope"), (await Exchange("patient/Observation.rs"), await Exchange("patient/Condition.rs"), await Exchange(null)));
    }

    [Theory, InlineData("A backend service", "registered with the scopes it needs", "--backend", "--secret", OAuthNode.Secret), InlineData("An application of people", "for programs that ask for themselves", "--scopes", "system/*.rs"), InlineData("A scope that is none", "is not known", "--scopes", "patient/Observation")]
    public async Task It_is_not_registered(string what, string why, params string[] arguments)
    {
        var (code, output) = await node.Node.Run(["app", "add", "refused-app", "--redirect", Redirect, .. arguments]);
        Assert.True(code == 1 && output.Contains(why, StringComparison.Ordinal), $"{what}: {output}");
    }

    [Fact]
    public async Task A_key_below_128_bits_of_security_is_not_registered()
    {
        using var rsa = System.Security.Cryptography.RSA.Create(2048);
        var file = Path.Combine(node.Node.Folder, "weak.json");
        await File.WriteAllTextAsync(file, $$"""{"keys":[{"kty":"RSA","kid":"weak","n":"{{OAuthClient.Base64Url(rsa.ExportParameters(false).Modulus!)}}","e":"AQAB"}]}""", TestContext.Current.CancellationToken);
        var (code, output) = await node.Node.Run("app", "add", "weak-app", "--redirect", Redirect, "--keys", file);
        Assert.True(code == 1 && output.Contains("3072", StringComparison.Ordinal), output);
    }
}
