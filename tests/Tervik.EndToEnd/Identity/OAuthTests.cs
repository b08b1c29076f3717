using System.Net;

namespace Tervik.EndToEnd.Identity;

/// <summary>The ways that are right: launch, consent, tokens, refresh, backend services, exchange, taking back.</summary>
public sealed class OAuthTests(OAuthNode node) : IClassFixture<OAuthNode>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_patient_lets_an_application_in_which_reads_what_was_granted_and_nothing_more_until_it_is_taken_back()
    {
        using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
        var request = client.Request(("scope", "openid fhirUser launch/patient offline_access patient/Observation.rs patient/Condition.rs"));
        var (_, _, html) = await client.Open(request);
        Assert.Contains("Test app", html, StringComparison.Ordinal);
        // One of the two is unticked.
        var (_, location) = await client.Decide(request, html, keep: scope => !scope.Contains("Condition", StringComparison.Ordinal));
        Assert.Equal("s-1", OAuthClient.Parameter(location!, "state"));
        Assert.StartsWith(node.Node.Address, OAuthClient.Parameter(location!, "iss"), StringComparison.Ordinal);
        var tokens = await client.Exchange(OAuthClient.Parameter(location!, "code")!);
        Assert.Equal(("ok", "p01", "Bearer"), (tokens.Outcome, tokens["patient"], tokens["token_type"]));
        Assert.Equal("fhirUser launch/patient offline_access openid patient/Observation.rs", string.Join(' ', tokens["scope"]!.Split(' ').Order(StringComparer.Ordinal)));
        Assert.NotNull(tokens["id_token"]);
        var access = tokens["access_token"]!;
        Assert.Equal("ok", (await client.Get("/fhir/Observation?patient=p01&_count=1", access)).Outcome);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.Get("/fhir/Condition?patient=p01", access)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.Get("/fhir/Patient/p01", access)).Status);
        Assert.Equal("p01", (await client.Get("/oauth/userinfo", access))["fhirUser"]!.Split('/')[^1]);
        // In the list of the person, and gone when taken back: at once for refreshing, within a second for reading.
        var page = await client.Page("/apps");
        Assert.Contains("Test app", page, StringComparison.Ordinal);
        var id = System.Text.RegularExpressions.Regex.Match(page, "name=\"app\" value=\"([^\"]+)\"").Groups[1].Value;
        await client.PostForm("/apps", "/apps/take-back", ("app", id));
        Assert.Equal("invalid_grant", (await client.Token(("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"]), ("client_id", OAuthClient.App))).Outcome);
        await Task.Delay(TimeSpan.FromSeconds(1), Stop);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.Get("/fhir/Observation?patient=p01", access)).Status);
        Assert.DoesNotContain(id, await client.Page("/apps"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_decides_is_told_who_asks_for_what_about_whom_and_for_how_long()
    {
        using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
        var (_, _, html) = await client.Open(client.Request(("scope", "launch/patient patient/Observation.rs")));
        foreach (var words in (string[])["Test app", "app.example", "Mari Tamm", "patient/Observation.rs", "Its access ends after an hour"]) Assert.Contains(words, html, StringComparison.Ordinal);
        Assert.DoesNotContain("30 days", html, StringComparison.Ordinal);
        (_, _, html) = await client.Open(client.Request(("scope", "launch/patient offline_access patient/Observation.rs")));
        Assert.Contains("for 30 days", html, StringComparison.Ordinal);
        // As it is said: an hour for the access token.
        var tokens = await client.Exchange(await client.Code());
        Assert.InRange(int.Parse(tokens["expires_in"]!, System.Globalization.CultureInfo.InvariantCulture), 3590, 3600);
    }

    [Fact]
    public async Task An_ID_token_names_its_application_and_an_access_token_the_FHIR_server()
    {
        using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
        var tokens = await client.Exchange(await client.Code());
        using var id = System.Text.Json.JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(tokens["id_token"]!.Split('.')[1]));
        Assert.Equal((OAuthClient.App, $"{node.Node.Address}/"), (id.RootElement.GetProperty("aud").GetString(), id.RootElement.GetProperty("iss").GetString()));
        var exchanged = await client.Token(("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("subject_token", tokens["access_token"]), ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("scope", "patient/Observation.rs"), ("client_assertion_type", Assertion.Type), ("client_assertion", node.Assertion("ES384")));
        var known = await client.Post("/oauth/introspect", [("token", exchanged["access_token"]), ("client_assertion_type", Assertion.Type), ("client_assertion", node.Assertion("ES384"))]);
        Assert.Equal(("True", client.Audience, OAuthNode.Service), (known["active"], known["aud"], known["client_id"]));
        // An ID token opens nothing, here or elsewhere.
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.Get("/fhir/Observation?_count=1", tokens["id_token"])).Status);
    }

    [Fact]
    public async Task A_refresh_token_is_good_once_and_one_that_comes_again_ends_them_all()
    {
        using var client = await OAuthClient.SignedIn(node.Node, "Patient/p02");
        var first = await client.Exchange(await client.Code());
        Task<OAuthAnswer> Refresh(string? token) => client.Token(("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", OAuthClient.App));
        var second = await Refresh(first["refresh_token"]);
        Assert.Equal(("ok", "p02"), (second.Outcome, second["patient"]));
        Assert.NotEqual(first["refresh_token"], second["refresh_token"]);
        Assert.Equal("invalid_grant", (await Refresh(first["refresh_token"])).Outcome);
        Assert.Equal("invalid_grant", (await Refresh(second["refresh_token"])).Outcome);
        await Task.Delay(TimeSpan.FromSeconds(1), Stop);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.Get("/fhir/Observation?_count=1", second["access_token"])).Status);
    }

    [Fact]
    public async Task A_professional_launches_an_application_about_a_patient_and_it_sees_this_patient_only()
    {
        using var client = await OAuthClient.SignedIn(node.Node, "Practitioner/holm");
        Assert.Contains("Test app", await client.Page("/patients/p01/apps"), StringComparison.Ordinal);
        var launched = await client.Launch("p01");
        Assert.Equal(client.Audience, OAuthClient.Parameter(launched, "iss"));
        var code = await client.Code(("scope", "launch user/Patient.rs user/Observation.rs?category=laboratory"), ("launch", OAuthClient.Parameter(launched, "launch")));
        var tokens = await client.Exchange(code);
        Assert.Equal(("ok", "p01"), (tokens.Outcome, tokens["patient"]));
        var found = await client.Get("/fhir/Patient?_summary=count", tokens["access_token"]);
        Assert.Equal("1", found["total"]);
        var laboratory = int.Parse((await client.Get("/fhir/Observation?_summary=count", tokens["access_token"]))["total"]!, System.Globalization.CultureInfo.InvariantCulture);
        using var all = await node.Node.Client("client/reader", "read");
        var whole = await all.GetStringAsync(new Uri("Observation?patient=p01&category=laboratory&_summary=count", UriKind.Relative), Stop);
        Assert.Contains($"\"total\":{laboratory}", whole, StringComparison.Ordinal);
        Assert.Equal("0", (await client.Get("/fhir/Observation?category=vital-signs&_summary=count", tokens["access_token"]))["total"]);
        // A launch is good once.
        var request = client.Request(("scope", "launch user/Patient.rs"), ("launch", OAuthClient.Parameter(launched, "launch")));
        Assert.Equal("invalid_request", OAuthClient.Parameter((await client.Open(request)).Location!, "error"));
    }

    [Fact]
    public async Task A_pushed_request_is_used_instead_of_parameters_in_the_address()
    {
        using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
        var pushed = await client.Post("/oauth/par", [.. client.Request().Select(pair => (pair.Key, (string?)pair.Value))]);
        Assert.Equal("ok", pushed.Outcome);
        var request = new Dictionary<string, string> { ["client_id"] = OAuthClient.App, ["request_uri"] = pushed["request_uri"]! };
        var (status, _, html) = await client.Open(request);
        Assert.Equal(HttpStatusCode.OK, status);
        var (_, location) = await client.Decide(request, html);
        Assert.Equal("ok", (await client.Exchange(OAuthClient.Parameter(location!, "code")!)).Outcome);
    }

    [Fact]
    public async Task A_backend_service_signs_with_its_key_and_gets_what_its_scopes_say()
    {
        using var client = await OAuthClient.SignedIn(node.Node, agent: null);
        foreach (var algorithm in (string[])["ES384", "RS384"])
        {
            var tokens = await client.Token(("grant_type", "client_credentials"), ("scope", "system/Patient.rs"), ("client_assertion_type", Assertion.Type), ("client_assertion", node.Assertion(algorithm)));
            Assert.True(tokens.Outcome == "ok", tokens.Json.ToString());
            Assert.Null(tokens["refresh_token"]);
            Assert.NotEqual("0", (await client.Get("/fhir/Patient?_summary=count", tokens["access_token"]))["total"]);
            Assert.Equal(HttpStatusCode.Forbidden, (await client.Get("/fhir/Observation?_summary=count", tokens["access_token"])).Status);
        }
    }

    [Fact]
    public async Task A_service_exchanges_a_persons_token_for_less_and_asks_what_it_is()
    {
        using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
        var tokens = await client.Exchange(await client.Code(("scope", "launch/patient patient/Observation.rs patient/Condition.rs")));
        var exchanged = await client.Token(("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("subject_token", tokens["access_token"]), ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("scope", "patient/Observation.rs"), ("client_assertion_type", Assertion.Type), ("client_assertion", node.Assertion("ES384")));
        Assert.True(exchanged.Outcome == "ok", exchanged.Json.ToString());
        Assert.Equal("ok", (await client.Get("/fhir/Observation?_count=1", exchanged["access_token"])).Outcome);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.Get("/fhir/Condition?_count=1", exchanged["access_token"])).Status);
        var known = await client.Post("/oauth/introspect", [("token", exchanged["access_token"]), ("client_assertion_type", Assertion.Type), ("client_assertion", node.Assertion("ES384"))]);
        Assert.Equal(("True", "Patient/p01"), (known["active"], known["sub"]));
        Assert.Equal("ok", (await client.Post("/oauth/revoke", [("token", exchanged["access_token"]), ("client_assertion_type", Assertion.Type), ("client_assertion", node.Assertion("ES384"))])).Outcome);
        Assert.Equal("False", (await client.Post("/oauth/introspect", [("token", exchanged["access_token"]), ("client_assertion_type", Assertion.Type), ("client_assertion", node.Assertion("ES384"))]))["active"]);
    }

    [Fact]
    public async Task The_server_says_what_it_can()
    {
        using var client = await OAuthClient.SignedIn(node.Node, agent: null);
        foreach (var path in (string[])["/fhir/.well-known/smart-configuration", "/.well-known/smart-configuration"])
        {
            var smart = await client.Get(path);
            Assert.Equal($"{node.Node.Address}/oauth/token", smart["token_endpoint"]);
            Assert.Contains("launch-ehr", smart["capabilities"], StringComparison.Ordinal);
        }
        var discovery = await client.Get("/.well-known/openid-configuration");
        Assert.Equal($"{node.Node.Address}/", discovery["issuer"]);
        Assert.Equal(["S256"], discovery.Json.GetProperty("code_challenge_methods_supported").EnumerateArray().Select(one => one.GetString()));
        Assert.DoesNotContain("none", discovery["token_endpoint_auth_signing_alg_values_supported"] ?? "", StringComparison.Ordinal);
        Assert.DoesNotContain("implicit", discovery["grant_types_supported"], StringComparison.Ordinal);
        Assert.DoesNotContain("password", discovery["grant_types_supported"], StringComparison.Ordinal);
        Assert.Equal("ok", (await client.Get("/oauth/jwks")).Outcome);
    }
}
