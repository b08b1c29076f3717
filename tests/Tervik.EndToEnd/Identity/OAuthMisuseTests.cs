using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tervik.EndToEnd.Identity;

/// <summary>What must not work: each case says in a sentence what is tried. It is done over real HTTP on a node where the same thing, done rightly, works (<see cref="OAuthTests"/>).</summary>
public sealed class OAuthMisuseTests(OAuthNode node) : IClassFixture<OAuthNode>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>A case: what is tried, and what comes of it.</summary>
    sealed record Case(string Name, string Expected, Func<OAuthNode, Task<string>> Try);

    static readonly Dictionary<string, Case> Cases = new List<Case>([.. Assertions(), .. Codes(), .. Requests(), .. Redirects(), .. Scopes(), .. Bearers(), .. Decisions()]).ToDictionary(one => one.Name);

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory, MemberData(nameof(Names))]
    public async Task It_does_not_work(string name)
    {
        var outcome = await Cases[name].Try(node);
        Assert.True(Cases[name].Expected.Split(" or ").Contains(outcome), $"{name}: {outcome} instead of {Cases[name].Expected}");
    }

    [Fact]
    public void There_are_enough_of_them() => Assert.True(Cases.Count >= 120, $"{Cases.Count}");

    // ---- client assertions

    static IEnumerable<Case> Assertions()
    {
        Case Of(string name, Func<OAuthNode, string> assertion, string expected = "invalid_client or invalid_token or invalid_request or invalid_grant") => new("An assertion " + name, expected, async node =>
        {
            using var client = await OAuthClient.SignedIn(node.Node, null);
            var answer = await client.Token(("grant_type", "client_credentials"), ("scope", "system/Patient.rs"), ("client_assertion_type", Assertion.Type), ("client_assertion", assertion(node)));
            Assert.Null(answer["access_token"]);
            return answer.Outcome;
        });
        static string Resign(OAuthNode node, Assertion assertion) => assertion.ToString();
        foreach (var none in (string[])["none", "None", "NONE", "nOnE", ""]) yield return Of($"with the algorithm '{none}' and no signature", node => Resign(node, new(node) { Algorithm = none, Sign = _ => [] }));
        foreach (var (algorithm, hash) in ((string, Func<byte[], byte[], byte[]>)[])[("HS256", HMACSHA256.HashData), ("HS384", HMACSHA384.HashData), ("HS512", HMACSHA512.HashData)])
        {
            yield return Of($"signed as {algorithm} with the public EC key as secret", node => Resign(node, new(node) { Algorithm = algorithm, KeyId = "ec", Sign = bytes => hash(Encoding.UTF8.GetBytes(node.Ec.ExportSubjectPublicKeyInfoPem()), bytes) }));
            yield return Of($"signed as {algorithm} with the public RSA key as secret", node => Resign(node, new(node) { Algorithm = algorithm, KeyId = "rsa", Sign = bytes => hash(node.Rsa.ExportSubjectPublicKeyInfo(), bytes) }));
        }
        yield return Of("signed with another EC key", node => Resign(node, new(node) { Sign = bytes => { using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384); return other.SignData(bytes, HashAlgorithmName.SHA384); } }));
        yield return Of("signed with another RSA key", node => Resign(node, new(node) { Algorithm = "RS384", Sign = bytes => { using var other = RSA.Create(3072); return other.SignData(bytes, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1); } }));
        yield return Of("with a signature of zeros", node => Resign(node, new(node) { Sign = _ => new byte[96] }));
        yield return Of("with an empty signature", node => Resign(node, new(node) { Sign = _ => [] }));
        yield return Of("with half of its signature", node => Resign(node, new(node) { Sign = bytes => node.Ec.SignData(bytes, HashAlgorithmName.SHA384)[..48] }));
        yield return Of("with a signature in DER", node => Resign(node, new(node) { Sign = bytes => node.Ec.SignData(bytes, HashAlgorithmName.SHA384, DSASignatureFormat.Rfc3279DerSequence) }));
        yield return Of("signed over other bytes", node => Resign(node, new(node) { Sign = bytes => node.Ec.SignData([.. bytes, 1], HashAlgorithmName.SHA384) }));
        yield return Of("whose algorithm belongs to another curve", node => Resign(node, new(node) { Algorithm = "ES256" }));
        yield return Of("whose RSA key is named for an EC algorithm", node => Resign(node, new(node) { Algorithm = "ES384", KeyId = "rsa", Sign = bytes => node.Rsa.SignData(bytes, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1) }));
        foreach (var header in (string[])["jku", "x5u"])
            yield return Of($"with a {header} header to keys of the sender's", node => Resign(node, new(node) { KeyId = "theirs", Header = new() { [header] = "https://evil.example/keys" }, Sign = Foreign }));
        yield return Of("with the sender's key inside (jwk)", node =>
        {
            using var own = ECDsa.Create(ECCurve.NamedCurves.nistP384);
            var parameters = own.ExportParameters(false);
            var key = new { kty = "EC", crv = "P-384", x = OAuthClient.Base64Url(parameters.Q.X!), y = OAuthClient.Base64Url(parameters.Q.Y!) };
            return new Assertion(node) { KeyId = "theirs", Header = new() { ["jwk"] = key }, Sign = bytes => own.SignData(bytes, HashAlgorithmName.SHA384) }.ToString();
        });
        yield return Of("with a path as kid and a foreign key", node => Resign(node, new(node) { KeyId = "../../../../dev/null", Sign = Foreign }));
        yield return Of("with SQL as kid and a foreign key", node => Resign(node, new(node) { KeyId = "' OR 1=1 --", Sign = Foreign }));
        yield return Of("of another issuer", node => Resign(node, new(node) { Issuer = OAuthNode.Confidential }));
        yield return Of("of another subject", node => Resign(node, new(node) { Subject = OAuthNode.Confidential }));
        yield return Of("of an application without keys", node => Resign(node, new(node) { Issuer = OAuthClient.App, Subject = OAuthClient.App }));
        yield return Of("of an application that does not exist", node => Resign(node, new(node) { Issuer = "nobody", Subject = "nobody" }));
        yield return Of("without an issuer", node => Resign(node, new(node) { Issuer = null }));
        yield return Of("without a subject", node => Resign(node, new(node) { Subject = null }));
        yield return Of("for another server", node => Resign(node, new(node) { Audience = "https://other.example/oauth/token" }));
        yield return Of("for a server whose name begins like ours", node => Resign(node, new(node) { Audience = node.Node.Address + ".evil.example/oauth/token" }));
        yield return Of("for the FHIR server", node => Resign(node, new(node) { Audience = $"{node.Node.Address}/fhir" }));
        yield return Of("with an empty audience", node => Resign(node, new(node) { Audience = "" }));
        yield return Of("that has ended", node => Resign(node, new(node) { Expires = DateTimeOffset.UtcNow.AddMinutes(-20).ToUnixTimeSeconds() }));
        yield return Of("that never ends", node => Resign(node, new(node) { Expires = null }));
        yield return Of("that ends in a year", node => Resign(node, new(node) { Expires = DateTimeOffset.UtcNow.AddYears(1).ToUnixTimeSeconds() }));
        yield return Of("that is not valid yet", node => Resign(node, new(node) { NotBefore = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds() }));
        yield return Of("without a jti", node => Resign(node, new(node) { Jti = null }));
        yield return Of("whose end is a text", node => Resign(node, new(node) { Expires = "tomorrow" }));
        yield return Of("with an unknown critical header", node => Resign(node, new(node) { Header = new() { ["crit"] = new[] { "x-unknown" }, ["x-unknown"] = true } }));
        yield return Of("with the type of an access token", node => Resign(node, new(node) { Header = new() { ["typ"] = "at+jwt" } }));
        yield return Of("of five parts", node => node.Assertion("ES384") + ".YQ.YQ");
        yield return Of("of two parts", node => string.Join('.', node.Assertion("ES384").Split('.').Take(2)));
        yield return Of("that is empty", _ => "");
        yield return Of("that is no token", _ => "Zm9v");
        yield return Of("with a payload that was changed", node =>
        {
            var parts = node.Assertion("ES384").Split('.');
            var payload = Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(parts[1])).Replace(OAuthNode.Service, OAuthNode.Confidential, StringComparison.Ordinal);
            return $"{parts[0]}.{OAuthClient.Base64Url(Encoding.UTF8.GetBytes(payload))}.{parts[2]}";
        });
        yield return new("An assertion that is sent twice", "invalid_client", async node =>
        {
            using var client = await OAuthClient.SignedIn(node.Node, null);
            var assertion = node.Assertion("ES384");
            Task<OAuthAnswer> Send() => client.Token(("grant_type", "client_credentials"), ("scope", "system/Patient.rs"), ("client_assertion_type", Assertion.Type), ("client_assertion", assertion));
            Assert.Equal("ok", (await Send()).Outcome);
            return (await Send()).Outcome;
        });
        yield return new("An assertion with another assertion type", "invalid_request or invalid_client", async node =>
        {
            using var client = await OAuthClient.SignedIn(node.Node, null);
            return (await client.Token(("grant_type", "client_credentials"), ("scope", "system/Patient.rs"), ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"), ("client_assertion", node.Assertion("ES384")))).Outcome;
        });
    }

    static byte[] Foreign(byte[] bytes)
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        return own.SignData(bytes, HashAlgorithmName.SHA384);
    }

    // ---- codes and refresh tokens

    static IEnumerable<Case> Codes()
    {
        Case Of(string name, string expected, params (string, string?)[] changes) => new("A code " + name, expected, async node =>
        {
            using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
            var answer = await client.Exchange(await client.Code(), changes);
            Assert.Null(answer["access_token"]);
            return answer.Outcome;
        });
        yield return Of("without its verifier", "invalid_request or invalid_grant", ("code_verifier", null));
        yield return Of("with another verifier", "invalid_grant", ("code_verifier", new string('a', 43)));
        yield return Of("with an empty verifier", "invalid_request or invalid_grant", ("code_verifier", ""));
        yield return Of("with a verifier of one letter", "invalid_grant or invalid_request", ("code_verifier", "a"));
        yield return Of("with another redirect address", "invalid_grant", ("redirect_uri", "https://other.example/callback"));
        yield return Of("with a slash after its redirect address", "invalid_grant", ("redirect_uri", OAuthClient.Redirect + "/"));
        yield return Of("without its redirect address", "invalid_request or invalid_grant", ("redirect_uri", null));
        yield return Of("of another application", "invalid_grant", ("client_id", OAuthNode.Other));
        yield return Of("without an application", "invalid_client or invalid_request", ("client_id", null));
        yield return Of("of an unknown application", "invalid_client", ("client_id", "nobody"));
        yield return Of("by an application with a secret that is not sent", "invalid_client", ("client_id", OAuthNode.Confidential));
        yield return Of("by an application with a wrong secret", "invalid_client", ("client_id", OAuthNode.Confidential), ("client_secret", "wrong"));
        yield return Of("by an application with a secret that has none", "invalid_client or invalid_request", ("client_secret", OAuthNode.Secret));
        foreach (var grant in (string?[])["password", "implicit", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:saml2-bearer", "AUTHORIZATION_CODE", "", null])
            yield return Of($"with the grant type '{grant ?? "missing"}'", "unsupported_grant_type or invalid_request or unauthorized_client", ("grant_type", grant));
        foreach (var code in (string[])["", "x", "null", "../../etc/passwd", new string('a', 5000)]) yield return Of($"that was made up ({code.Length} letters)", "invalid_grant or invalid_request", ("code", code));
        yield return new("A code that comes a second time", "invalid_grant and its tokens ended", async node =>
        {
            using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
            var code = await client.Code();
            var first = await client.Exchange(code);
            var second = await client.Exchange(code);
            await Task.Delay(TimeSpan.FromSeconds(1), Stop);
            return $"{second.Outcome} and {((await client.Get("/fhir/Observation?_count=1", first["access_token"])).Status == HttpStatusCode.Unauthorized ? "its tokens ended" : "its tokens live")}";
        });
        yield return new("A challenge that is used as the verifier", "invalid_grant", async node =>
        {
            using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
            return (await client.Exchange(await client.Code(), ("code_verifier", client.Request()["code_challenge"]))).Outcome;
        });
        Case Refresh(string name, string expected, Func<OAuthAnswer, (string, string?)[]> fields) => new("A refresh token " + name, expected, async node =>
        {
            using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
            var tokens = await client.Exchange(await client.Code());
            var answer = await client.Token([("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"]), ("client_id", OAuthClient.App), .. fields(tokens)]);
            Assert.Null(answer["access_token"]);
            return answer.Outcome;
        });
        yield return Refresh("of another application", "invalid_grant", _ => [("client_id", OAuthNode.Other)]);
        yield return Refresh("without an application", "invalid_client or invalid_request", _ => [("client_id", null)]);
        yield return Refresh("with more scopes than before", "invalid_grant or invalid_scope", _ => [("scope", "patient/Observation.rs patient/Condition.rs")]);
        yield return Refresh("with another letter in a scope", "invalid_grant or invalid_scope", _ => [("scope", "patient/Observation.cruds")]);
        yield return Refresh("that is an access token", "invalid_grant", tokens => [("refresh_token", tokens["access_token"])]);
        yield return Refresh("that is an ID token", "invalid_grant", tokens => [("refresh_token", tokens["id_token"])]);
        yield return Refresh("with a letter changed", "invalid_grant", tokens => [("refresh_token", Changed(tokens["refresh_token"]!))]);
        yield return Refresh("that is empty", "invalid_request or invalid_grant", _ => [("refresh_token", "")]);
        Case Exchange(string name, string expected, Func<OAuthNode, OAuthAnswer, (string, string?)[]> fields) => new("A token exchange " + name, expected, async node =>
        {
            using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
            var tokens = await client.Exchange(await client.Code());
            var answer = await client.Token([("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("subject_token", tokens["access_token"]), ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
                ("client_assertion_type", Assertion.Type), ("client_assertion", node.Assertion("ES384")), .. fields(node, tokens)]);
            Assert.Null(answer["access_token"]);
            return answer.Outcome;
        });
        yield return Exchange("for more scopes", "invalid_scope", (_, _) => [("scope", "patient/Condition.rs")]);
        yield return Exchange("of a token that was made up", "invalid_grant", (_, _) => [("subject_token", "made-up")]);
        yield return Exchange("of a refresh token as an access token", "invalid_grant", (_, tokens) => [("subject_token", tokens["refresh_token"])]);
        yield return Exchange("by an application without that right", "unauthorized_client or invalid_client or invalid_grant", (_, _) => [("client_assertion_type", null), ("client_assertion", null), ("client_id", OAuthNode.Confidential), ("client_secret", OAuthNode.Secret)]);
        yield return Exchange("by a public application", "unauthorized_client or invalid_client or invalid_grant", (_, _) => [("client_assertion_type", null), ("client_assertion", null), ("client_id", OAuthClient.App)]);
        yield return new("Client credentials of a public application", "unauthorized_client or invalid_client or invalid_request", async node =>
        {
            using var client = await OAuthClient.SignedIn(node.Node, null);
            return (await client.Token(("grant_type", "client_credentials"), ("client_id", OAuthClient.App), ("scope", "system/Patient.rs"))).Outcome;
        });
        foreach (var scope in (string?[])["patient/Patient.rs", "user/Patient.rs", "system/Patient.rs user/Patient.rs", "openid", "system/patient.rs", "", null])
            yield return new($"Client credentials for the scope '{scope ?? "missing"}'", "invalid_scope", async node =>
            {
                using var client = await OAuthClient.SignedIn(node.Node, null);
                var answer = await client.Token(("grant_type", "client_credentials"), ("scope", scope), ("client_assertion_type", Assertion.Type), ("client_assertion", node.Assertion("ES384")));
                Assert.Null(answer["access_token"]);
                return answer.Outcome;
            });
    }

    static string Changed(string token) => (token[0] == 'A' ? 'B' : 'A') + token[1..];

    // ---- authorization requests

    /// <summary>What comes of an authorization request: an error at the application's address, a page that says so (and leads nowhere), the sign-in, or the page on which to decide.</summary>
    static async Task<string> Ask(OAuthNode node, string? agent, Func<OAuthClient, IEnumerable<KeyValuePair<string, string>>> request)
    {
        using var client = await OAuthClient.SignedIn(node.Node, agent);
        var (status, location, html) = await client.Open(request(client));
        if (location is null) return status == HttpStatusCode.OK && html.Contains("name=\"decision\"", StringComparison.Ordinal) ? "page" : $"{(int)status} and nowhere";
        if (location.OriginalString.StartsWith("/sign-in", StringComparison.Ordinal)) return "sign-in";
        return location.GetLeftPart(UriPartial.Path) == OAuthClient.Redirect ? $"{OAuthClient.Parameter(location, "error")}" : $"to {location}";
    }

    static IEnumerable<Case> Requests()
    {
        Case Of(string name, string expected, params (string, string?)[] changes) => new("A request " + name, expected, node => Ask(node, "Patient/p01", client => client.Request(changes)));
        foreach (var type in (string[])["token", "id_token", "code token", "code id_token", "none", "CODE", ""]) yield return Of($"for the response type '{type}'", "400 and nowhere or unsupported_response_type or unauthorized_client or invalid_request", ("response_type", type));
        yield return Of("without a response type", "400 and nowhere or invalid_request", ("response_type", null));
        yield return Of("without PKCE", "400 and nowhere or invalid_request", ("code_challenge", null), ("code_challenge_method", null));
        yield return Of("with a challenge that is plain", "400 and nowhere or invalid_request", ("code_challenge_method", "plain"));
        yield return Of("with a challenge without its method, which would be plain", "400 and nowhere or invalid_request", ("code_challenge_method", null));
        yield return Of("with a challenge of an unknown method", "400 and nowhere or invalid_request", ("code_challenge_method", "S512"));
        yield return Of("with an empty challenge", "400 and nowhere or invalid_request", ("code_challenge", ""));
        yield return Of("of an unknown application", "400 and nowhere", ("client_id", "nobody"));
        yield return Of("without an application", "400 and nowhere", ("client_id", null));
        yield return Of("of an application without pages", "400 and nowhere", ("client_id", OAuthNode.Service));
        yield return Of("for another FHIR server", "invalid_request", ("aud", "https://other.example/fhir"));
        yield return Of("for no FHIR server", "invalid_request", ("aud", null));
        yield return Of("with a launch that was made up", "invalid_request", ("launch", "made-up"), ("scope", "launch patient/Observation.rs"));
        yield return Of("with the scope launch and no launch", "invalid_request", ("scope", "launch patient/Observation.rs"));
        yield return Of("with a request object without a signature", "400 and nowhere or request_not_supported or invalid_request", ("request", "eyJhbGciOiJub25lIn0.e30."));
        yield return Of("with a request at an address of the sender's", "400 and nowhere or request_uri_not_supported or invalid_request or invalid_request_uri", ("request_uri", "https://evil.example/request"));
        yield return Of("with a pushed request that was made up", "400 and nowhere or invalid_request or invalid_request_uri", ("request_uri", "urn:ietf:params:oauth:request_uri:made-up"));
        yield return Of("with an unknown response mode", "400 and nowhere or invalid_request", ("response_mode", "letter"));
        yield return Of("that shall show nothing", "consent_required or interaction_required", ("prompt", "none"));
        yield return new("A request that shall show nothing while nobody is signed in", "login_required", node => Ask(node, null, client => client.Request(("prompt", "none"))));
        yield return new("A request while nobody is signed in", "sign-in", node => Ask(node, null, client => client.Request()));
        yield return new("A launch that somebody else began", "invalid_request", async node =>
        {
            using var doctor = await OAuthClient.SignedIn(node.Node, "Practitioner/holm");
            var launch = OAuthClient.Parameter(await doctor.Launch("p01"), "launch");
            return await Ask(node, "Patient/p02", client => client.Request(("launch", launch), ("scope", "launch patient/Observation.rs")));
        });
        Case Pushed(string name, string expected, Func<OAuthClient, (string, string?)[]> fields) => new("A pushed request " + name, expected, async node =>
        {
            using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
            return (await client.Post("/oauth/par", [.. client.Request().Select(pair => (pair.Key, (string?)pair.Value)), .. fields(client)])).Outcome;
        });
        yield return Pushed("of an unknown application", "invalid_client or invalid_request", _ => [("client_id", "nobody")]);
        yield return Pushed("with another redirect address", "invalid_request", _ => [("redirect_uri", "https://evil.example/")]);
        yield return Pushed("without PKCE", "invalid_request", _ => [("code_challenge", null), ("code_challenge_method", null)]);
        yield return Pushed("that names a pushed request", "invalid_request", _ => [("request_uri", "urn:ietf:params:oauth:request_uri:x")]);
        yield return Pushed("of an application with a secret that is not sent", "invalid_client", _ => [("client_id", OAuthNode.Confidential), ("redirect_uri", "https://confidential.example/callback")]);
        yield return new("A pushed request of another application", "400 and nowhere or invalid_request or invalid_request_uri", async node =>
        {
            using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
            var pushed = await client.Post("/oauth/par", [.. client.Request().Select(pair => (pair.Key, (string?)pair.Value))]);
            return await Ask(node, "Patient/p01", _ => new Dictionary<string, string> { ["client_id"] = OAuthNode.Other, ["request_uri"] = pushed["request_uri"]! });
        });
        yield return new("A pushed request that was used", "400 and nowhere or invalid_request or invalid_request_uri or invalid_token", async node =>
        {
            using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
            var pushed = await client.Post("/oauth/par", [.. client.Request().Select(pair => (pair.Key, (string?)pair.Value))]);
            var request = new Dictionary<string, string> { ["client_id"] = OAuthClient.App, ["request_uri"] = pushed["request_uri"]! };
            var (_, _, html) = await client.Open(request);
            Assert.NotNull(OAuthClient.Parameter((await client.Decide(request, html)).Location!, "code"));
            return await Ask(node, "Patient/p01", _ => request);
        });
    }

    static IEnumerable<Case> Redirects()
    {
        const string Registered = OAuthClient.Redirect;
        string[] near =
        [
            Registered + "/", Registered + "?x=1", Registered + "#x", Registered + "%20", Registered + "//", Registered.ToUpperInvariant(), "https://app.example/Callback", "https://APP.example/other", "http://app.example/callback", "https://app.example:8443/callback",
            "https://app.example:443/callback/", "https://app.example/callback/../callback", "https://app.example/./callback/", "https://app.example/callback%2f", "https://app.example//callback", "https://app.example/callback;x", "https://app.example/callback\\",
            "https://app.example.evil.example/callback", "https://evil.example/https://app.example/callback", "https://app.example@evil.example/callback", "https://user@app.example/callback", "https://evil.example/callback", "https://app.example/", "https://app.example",
            "//app.example/callback", "/callback", "javascript:alert(1)", "data:text/html,x", "app.example/callback", "https://app.example/callback,https://evil.example/", "https://app.example/callback\r\nLocation: https://evil.example/", "https://аpp.example/callback", "",
        ];
        foreach (var redirect in near) yield return new($"The redirect address '{redirect.Replace("\r\n", "␍␊", StringComparison.Ordinal)}'", "400 and nowhere", node => Ask(node, "Patient/p01", client => client.Request(("redirect_uri", redirect))));
    }

    static IEnumerable<Case> Scopes()
    {
        string[] wrong =
        [
            "patient/Observation", "patient/Observation.", "patient/.rs", "patient/Observation.sr", "patient/Observation.rr", "patient/Observation.x", "patient/Observation.RS", "Patient/Observation.rs", "patient/observation.rs", "patient/Unheard.rs", "patient/Resource.rs",
            "patient%2FObservation.rs", "patient/Observation.rs?", "patient/Observation.rs?category", "patient/Observation.rs?category=", "patient/Observation.rs?unheard=x", "patient/Observation.rs?date=2024", "patient/*.rs?category=x", "patient/Observation.rs#x", "system/Observation.rs",
            "admin/*.*", "*", "patient/Observation.rs.rs", "patient/../Observation.rs", "user/Observation.read.write",
        ];
        foreach (var scope in wrong) yield return new($"The scope {scope}", "invalid_scope", node => Ask(node, "Patient/p01", client => client.Request(("scope", $"launch/patient patient/Patient.rs {scope}"))));
        yield return new("The empty scope", "invalid_scope", node => Ask(node, "Patient/p01", client => client.Request(("scope", null))));
    }

    // ---- bearers

    static IEnumerable<Case> Bearers()
    {
        Case Of(string name, Func<OAuthAnswer, string?> header, string path = "/fhir/Observation?_count=1") => new("At the FHIR server " + name, "401", async node =>
        {
            using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
            var tokens = await client.Exchange(await client.Code());
            using var http = new HttpClient { BaseAddress = new Uri(node.Node.Address) };
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path.Replace("{token}", tokens["access_token"], StringComparison.Ordinal), UriKind.Relative));
            if (header(tokens) is { } value) request.Headers.TryAddWithoutValidation("Authorization", value);
            return $"{(int)(await http.SendAsync(request, Stop)).StatusCode}";
        });
        yield return Of("no token", _ => null);
        yield return Of("an empty token", _ => "Bearer ");
        yield return Of("a token that was made up", _ => "Bearer made-up");
        yield return Of("a token with a letter changed", tokens => $"Bearer {Changed(tokens["access_token"]!)}");
        yield return Of("a token with a letter more", tokens => $"Bearer {tokens["access_token"]}A");
        yield return Of("the refresh token", tokens => $"Bearer {tokens["refresh_token"]}");
        yield return Of("the ID token", tokens => $"Bearer {tokens["id_token"]}");
        yield return Of("a token of another scheme", tokens => $"Basic {tokens["access_token"]}");
        yield return Of("a token without its scheme", tokens => tokens["access_token"]);
        yield return Of("two tokens", tokens => $"Bearer {tokens["access_token"]}, Bearer {tokens["access_token"]}");
        yield return Of("a token in the address", _ => null, "/fhir/Observation?_count=1&access_token={token}");
        yield return Of("a token of our own making without a signature", _ => $"Bearer {OAuthClient.Base64Url("""{"alg":"none","typ":"at+jwt"}"""u8.ToArray())}.{OAuthClient.Base64Url(JsonSerializer.SerializeToUtf8Bytes(new { sub = "Practitioner/holm", scope = "user/*.cruds" }))}.");
        yield return Of("a token of 100,000 letters", _ => $"Bearer {new string('a', 10_000)}");
        yield return Of("a token with a null byte", tokens => $"Bearer {tokens["access_token"]}%00");
    }

    // ---- decisions

    static IEnumerable<Case> Decisions()
    {
        Case Of(string name, string expected, string agent, (string, string?)[] changes, Func<OAuthClient, IReadOnlyDictionary<string, string>, string, Task<(HttpStatusCode Status, Uri? Location)>> decide) => new(name, expected, async node =>
        {
            using var client = await OAuthClient.SignedIn(node.Node, agent);
            var request = client.Request(changes);
            var (_, _, html) = await client.Open(request);
            var (status, location) = await decide(client, request, html);
            if (location is null) return $"{(int)status} and nowhere";
            if (OAuthClient.Parameter(location, "code") is not { } code) return OAuthClient.Parameter(location, "error") ?? location.OriginalString;
            var tokens = await client.Exchange(code);
            return $"{tokens["patient"]}: {tokens["scope"]}";
        });
        yield return Of("A decision from another site", "400 and nowhere", "Patient/p01", [], (client, request, html) => client.Decide(request, html, token: "x"));
        yield return Of("A decision without a form token", "400 and nowhere", "Patient/p01", [], (client, request, html) => client.Decide(request, html, token: ""));
        yield return Of("A decision with the form token of somebody else", "400 and nowhere", "Patient/p01", [], async (client, request, html) =>
        {
            using var other = await OAuthClient.SignedIn(new Uri(client.Audience).GetLeftPart(UriPartial.Authority), "Patient/p02");
            var (_, _, theirs) = await other.Open(request);
            return await client.Decide(request, theirs);
        });
        yield return Of("A decision not to allow it", "access_denied", "Patient/p01", [], (client, request, html) => client.Decide(request, html, decision: "deny"));
        yield return Of("An unknown decision", "access_denied", "Patient/p01", [], (client, request, html) => client.Decide(request, html, decision: "perhaps"));
        yield return Of("A decision about a patient of others", "p01: launch/patient patient/Observation.rs", "Patient/p01", [("scope", "launch/patient patient/Observation.rs")], (client, request, html) => client.Decide(request, html, patient: "Patient/p02"));
        yield return Of("A doctor's decision about a patient of others", "access_denied", "Practitioner/holm", [("scope", "launch/patient patient/Observation.rs")], (client, request, html) => client.Decide(request, html, patient: "Patient/p02"));
        yield return Of("A decision that grants what was not asked for", "p01: launch/patient patient/Observation.rs", "Patient/p01", [("scope", "launch/patient patient/Observation.rs")],
            (client, request, html) => client.Decide(request, html.Replace("value=\"patient/Observation.rs\"", "value=\"patient/Observation.rs\"><input name=\"grant\" value=\"patient/*.cruds\"", StringComparison.Ordinal)));
        yield return Of("A decision on a request that was changed after it was shown", "invalid_scope", "Patient/p01", [("scope", "launch/patient patient/Observation.rs")],
            (client, request, html) => client.Decide(new Dictionary<string, string>(request) { ["scope"] = "launch/patient system/*.cruds" }, html));
        yield return Of("A decision that sends the code elsewhere", "400 and nowhere", "Patient/p01", [], (client, request, html) => client.Decide(new Dictionary<string, string>(request) { ["redirect_uri"] = "https://evil.example/" }, html));
        yield return Of("A decision that drops PKCE", "400 and nowhere or invalid_request", "Patient/p01", [], (client, request, html) => client.Decide(new Dictionary<string, string>(request.Where(pair => !pair.Key.StartsWith("code_", StringComparison.Ordinal))), html));
        yield return new("A session cookie that was planted before the sign-in", "not signed in by it", async node =>
        {
            using var client = await OAuthClient.SignedIn(node.Node, null);
            client.Cookies.Add(new Uri(node.Node.Address), new Cookie("tervik-session", "planted-secret-of-the-thief-0000000000000000"));
            await client.SignIn("Patient/p01");
            using var thief = await OAuthClient.SignedIn(node.Node, null);
            thief.Cookies.Add(new Uri(node.Node.Address), new Cookie("tervik-session", "planted-secret-of-the-thief-0000000000000000"));
            return (await thief.Open(thief.Request())).Location?.OriginalString.StartsWith("/sign-in", StringComparison.Ordinal) == true ? "not signed in by it" : "signed in by it";
        });
        yield return new("Introspection by a public application", "invalid_client or unauthorized_client or invalid_request", async node =>
        {
            using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
            var tokens = await client.Exchange(await client.Code());
            return (await client.Post("/oauth/introspect", [("token", tokens["access_token"]), ("client_id", OAuthClient.App)])).Outcome;
        });
        yield return new("Introspection of a token of another application", "False", async node =>
        {
            using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
            var tokens = await client.Exchange(await client.Code());
            var answer = await client.Post("/oauth/introspect", [("token", tokens["access_token"]), ("client_id", OAuthNode.Confidential), ("client_secret", OAuthNode.Secret)]);
            return answer["active"] ?? answer.Outcome;
        });
        yield return new("Revocation of a token of another application", "the token lives", async node =>
        {
            using var client = await OAuthClient.SignedIn(node.Node, "Patient/p01");
            var tokens = await client.Exchange(await client.Code());
            await client.Post("/oauth/revoke", [("token", tokens["access_token"]), ("client_id", OAuthNode.Confidential), ("client_secret", OAuthNode.Secret)]);
            await Task.Delay(TimeSpan.FromSeconds(1), Stop);
            return (await client.Get("/fhir/Observation?_count=1", tokens["access_token"])).Status == HttpStatusCode.OK ? "the token lives" : "the token ended";
        });
    }
}
