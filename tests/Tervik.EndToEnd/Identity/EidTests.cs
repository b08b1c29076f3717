using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.WebUtilities;
using Tervik.Trust.AuditLog;

namespace Tervik.EndToEnd.Identity;

/// <summary>Sign-in by eID over real HTTP: the way that is right, and answers each of which is wrong in one thing.</summary>
public sealed partial class EidTests(EidNode node) : IClassFixture<EidNode>
{
    const string Mari = "EE49001010001", Doctor = "DK0101801234", Nurse = "DK0202801234";

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [GeneratedRegex("name=\"form-token\" value=\"([^\"]+)\"")]
    private static partial Regex FormToken();

    [GeneratedRegex("name=\"form-key\" value=\"([^\"]+)\"")]
    private static partial Regex FormKey();

    /// <summary>A browser, as far as cookies go.</summary>
    sealed class Visitor(EidNode node) : IDisposable
    {
        readonly HttpClient http = new(new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = new() }) { BaseAddress = new(node.Node.Address) };

        public async Task<(HttpStatusCode Status, string Location, string Html)> Get(string path)
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.RelativeOrAbsolute), Stop);
            return (answer.StatusCode, answer.Headers.Location?.ToString() ?? "", WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(Stop)));
        }

        public async Task<(HttpStatusCode Status, string Location, string Html)> Post(string path, params (string Name, string Value)[] fields)
        {
            using var body = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
            using var answer = await http.PostAsync(new Uri(path, UriKind.Relative), body, Stop);
            return (answer.StatusCode, answer.Headers.Location?.ToString() ?? "", WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(Stop)));
        }

        /// <summary>Goes to the eID; gives what it is asked.</summary>
        public async Task<Dictionary<string, string>> Begin(string to = "/", string? confirm = null)
        {
            var (status, location, _) = await Get($"/sign-in/eid?to={Uri.EscapeDataString(to)}{(confirm is null ? "" : $"&confirm={confirm}")}");
            Assert.Equal(HttpStatusCode.Found, status);
            Assert.StartsWith($"{node.Eid.Address}/authorize?", location, StringComparison.Ordinal);
            var asked = QueryHelpers.ParseQuery(new Uri(location).Query).ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
            node.Eid.Nonce = asked["nonce"];
            return asked;
        }

        /// <summary>Comes back from it.</summary>
        public Task<(HttpStatusCode Status, string Location, string Html)> Return(string state, string more = "&code=good", string? issuer = null) =>
            Get($"/sign-in/eid/answer?state={Uri.EscapeDataString(state)}{more}&iss={Uri.EscapeDataString(issuer ?? node.Eid.Address + "/")}");

        public async Task<(HttpStatusCode Status, string Location, string Html)> SignIn(string subject, string to = "/", string acr = "high")
        {
            node.Eid.Answer = nonce => FakeEid.Tokens(node.Eid.Sign(node.Eid.Claims(subject, nonce, acr)));
            return await Return((await Begin(to))["state"]);
        }

        public async Task<bool> IsSignedIn() => (await Get("/account")).Status == HttpStatusCode.OK;

        public void Dispose() => http.Dispose();
    }

    [Fact]
    public async Task A_patient_signs_in_and_comes_to_where_they_wanted()
    {
        using var visitor = new Visitor(node);
        var asked = await visitor.Begin("/patients/mari/results");
        Assert.Equal(("code", "S256", "substantial", FakeEid.ClientId, $"{node.Node.Address}/sign-in/eid/answer"), (asked["response_type"], asked["code_challenge_method"], asked["acr_values"], asked["client_id"], asked["redirect_uri"]));
        node.Eid.Answer = nonce => FakeEid.Tokens(node.Eid.Sign(node.Eid.Claims(Mari, nonce)));
        var (status, location, _) = await visitor.Return(asked["state"]);
        Assert.Equal((HttpStatusCode.Found, "/patients/mari/results"), (status, location));
        // The code is bound to the request by PKCE, and the client proves who it is.
        Assert.Equal(asked["code_challenge"], WebEncoders.Base64UrlEncode(System.Security.Cryptography.SHA256.HashData(Encoding.ASCII.GetBytes(node.Eid.Asked["code_verifier"]))));
        Assert.StartsWith("Basic ", node.Eid.Asked["authorization"], StringComparison.Ordinal);
        Assert.Contains("Eid-mari", (await visitor.Get("/account")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_professional_who_is_a_patient_too_chooses_and_can_change()
    {
        using var visitor = new Visitor(node);
        var (status, _, html) = await visitor.SignIn(Doctor, "/today");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("Practitioner/doctor", html, StringComparison.Ordinal);
        Assert.Contains("Patient/doctor-as-patient", html, StringComparison.Ordinal);
        var (chosen, to, _) = await visitor.Post("/sign-in/as", ("form-token", FormToken().Match(html).Groups[1].Value), ("person", "Patient/doctor-as-patient"), ("to", "/account"));
        Assert.Equal((HttpStatusCode.Found, "/account"), (chosen, to));
        var account = (await visitor.Get("/account")).Html;
        Assert.Contains("Eid-doctor-as-patient", account, StringComparison.Ordinal);
        Assert.Contains("/sign-in/as", account, StringComparison.Ordinal);
        // Nobody else can be chosen.
        var (refused, _, _) = await visitor.Post("/sign-in/as", ("form-token", FormToken().Match(account).Groups[1].Value), ("person", "Patient/mari"), ("to", "/"));
        Assert.Equal(HttpStatusCode.BadRequest, refused);
        Assert.Contains("Eid-doctor-as-patient", (await visitor.Get("/account")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_professional_alone_goes_straight_on()
    {
        using var visitor = new Visitor(node);
        Assert.Equal((HttpStatusCode.Found, "/today"), ((await visitor.SignIn(Nurse, "/today")) is var (status, location, _) ? (status, location) : default));
    }

    /// <summary>What is wrong with the ID token or the answer around it, in a word.</summary>
    public static TheoryData<string> WrongAnswers =>
    [
        "other-key", "none", "secret", "public", "changed", "unknown-kid", "jwk-inside", "iss other", "iss missing", "iss without slash of another host", "aud other", "aud missing", "aud two others", "expired", "exp missing", "not yet", "issued in the future",
        "nonce other", "nonce missing", "nonce empty", "sub missing", "sub empty", "sub number", "acr low", "acr missing", "acr unknown", "acr of another kind", "acr list", "auth_time future", "auth_time text", "no id token", "id token empty", "id token no jwt", "id token two parts",
        "id token of five parts", "error of the token endpoint", "encrypted with nothing", "sub nobody", "sub other country", "sub no country", "sub dead", "sub merged", "sub twice", "sub left", "sub roleless", "sub injection",
    ];

    [Theory, MemberData(nameof(WrongAnswers))]
    public async Task A_wrong_answer_signs_nobody_in(string what)
    {
        using var visitor = new Visitor(node);
        var asked = await visitor.Begin();
        node.Eid.Answer = nonce => Wrong(what, node.Eid.Claims(Mari, nonce));
        var (status, location, html) = await visitor.Return(asked["state"]);
        Assert.Equal((HttpStatusCode.Unauthorized, ""), (status, location));
        Assert.Contains("role=\"alert\"", html, StringComparison.Ordinal);
        Assert.False(await visitor.IsSignedIn());
    }

    JsonObject? Wrong(string what, JsonObject claims)
    {
        var now = DateTimeOffset.UtcNow;
        string Sign(string how = "good") => node.Eid.Sign(claims, how);
        JsonObject With(string name, JsonNode? value)
        {
            if (value is null) claims.Remove(name);
            else claims[name] = value;
            return FakeEid.Tokens(Sign());
        }
        return what switch
        {
            "iss other" => With("iss", "https://eid.example/"),
            "iss missing" => With("iss", null),
            "iss without slash of another host" => With("iss", node.Eid.Address + ".example"),
            "aud other" => With("aud", "another-portal"),
            "aud missing" => With("aud", null),
            "aud two others" => With("aud", new JsonArray("a", "b")),
            "expired" => With("exp", now.AddHours(-1).ToUnixTimeSeconds()),
            "exp missing" => With("exp", null),
            "not yet" => With("nbf", now.AddHours(1).ToUnixTimeSeconds()),
            "issued in the future" => With("iat", now.AddHours(1).ToUnixTimeSeconds()),
            "nonce other" => With("nonce", "another"),
            "nonce missing" => With("nonce", null),
            "nonce empty" => With("nonce", ""),
            "sub missing" => With("sub", null),
            "sub empty" => With("sub", ""),
            "sub number" => With("sub", 49001010001),
            "acr low" => With("acr", "low"),
            "acr missing" => With("acr", null),
            "acr unknown" => With("acr", "very high"),
            "acr of another kind" => With("acr", "https://data.gov.dk/concept/core/nsis/loa/Extreme"),
            "acr list" => With("acr", new JsonArray("high", "low")),
            "auth_time future" => With("auth_time", now.AddMinutes(10).ToUnixTimeSeconds()),
            "auth_time text" => With("auth_time", "yesterday"),
            "no id token" => FakeEid.Tokens(null),
            "id token empty" => FakeEid.Tokens(""),
            "id token no jwt" => FakeEid.Tokens("good"),
            "id token two parts" => FakeEid.Tokens(string.Join('.', Sign().Split('.')[..2])),
            "id token of five parts" => FakeEid.Tokens(Sign() + ".x.y"),
            "error of the token endpoint" => null,
            "encrypted with nothing" => FakeEid.Tokens($"{WebEncoders.Base64UrlEncode("""{"alg":"dir","enc":"A128CBC-HS256"}"""u8.ToArray())}..x.y.z"),
            "sub nobody" => With("sub", "EE00000000000"),
            "sub other country" => With("sub", "LV49001010001"),
            "sub no country" => With("sub", "49001010001"),
            "sub dead" => With("sub", "EE39001010002"),
            "sub merged" => With("sub", "EE39001010003"),
            "sub twice" => With("sub", "EE39001010004"),
            "sub left" => With("sub", "DK0303801234"),
            "sub roleless" => With("sub", "DK0404801234"),
            "sub injection" => With("sub", "EE49001010001,urn:test:ee|39001010004"),
            _ => FakeEid.Tokens(Sign(what)),
        };
    }

    [Theory, InlineData("replayed"), InlineData("of another browser"), InlineData("unknown"), InlineData("missing"), InlineData("changed"), InlineData("issuer of another"), InlineData("issuer missing"), InlineData("no code"), InlineData("error and code"), InlineData("given up")]
    public async Task A_return_that_does_not_belong_to_the_attempt_signs_nobody_in(string what)
    {
        using var visitor = new Visitor(node);
        using var victim = new Visitor(node);
        node.Eid.Answer = nonce => FakeEid.Tokens(node.Eid.Sign(node.Eid.Claims(Mari, nonce)));
        var state = (await visitor.Begin())["state"];
        if (what == "replayed")
        {
            await visitor.Return(state);
            var page = (await visitor.Get("/account")).Html;
            await visitor.Post("/sign-out", ("form-token", FormToken().Match(page).Groups[1].Value));
        }
        var who = what == "of another browser" ? victim : visitor;
        var (status, _, _) = what switch
        {
            "unknown" => await who.Return("x.y.z"),
            "missing" => await who.Get($"/sign-in/eid/answer?code=good&iss={Uri.EscapeDataString(node.Eid.Address + "/")}"),
            "changed" => await who.Return(state[..^2] + (state.EndsWith("AA", StringComparison.Ordinal) ? "BB" : "AA")),
            "issuer of another" => await who.Return(state, issuer: "https://eid.example/"),
            "issuer missing" => await who.Get($"/sign-in/eid/answer?state={Uri.EscapeDataString(state)}&code=good"),
            "no code" => await who.Return(state, more: ""),
            "error and code" => await who.Return(state, more: "&code=good&error=server_error"),
            "given up" => await who.Return(state, more: "&error=access_denied"),
            _ => await who.Return(state),
        };
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.False(await who.IsSignedIn());
    }

    [Fact]
    public async Task A_planted_session_is_worth_nothing_after_the_sign_in()
    {
        using var visitor = new Visitor(node);
        await visitor.SignIn(Mari);
        var page = (await visitor.Get("/account")).Html;
        // The forms of the session before are not those of the one after.
        await visitor.SignIn(Nurse);
        var (status, _, _) = await visitor.Post("/sign-out", ("form-token", FormToken().Match(page).Groups[1].Value));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.True(await visitor.IsSignedIn());
    }

    [Fact]
    public async Task What_opens_much_asks_for_a_high_level_anew_and_what_was_written_goes_on()
    {
        using var visitor = new Visitor(node);
        await visitor.SignIn(Nurse, acr: "substantial");
        var page = (await visitor.Get("/patients/mari/emergency")).Html;
        (string, string)[] fields = [("form-token", FormToken().Match(page).Groups[1].Value), ("form-key", FormKey().Match(page).Groups[1].Value), ("kind", "glass"), ("reason", "life-threatening"), ("note", "found on the street"), ("unit", "Organization/ward")];
        var (status, _, confirm) = await visitor.Post("/patients/mari/emergency", fields);
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Contains("found on the street", confirm, StringComparison.Ordinal);
        // The eID is asked for its highest level, and to ask the person now.
        (string, string)[] held = [("form-token", FormToken().Match(confirm).Groups[1].Value), ("to", "/patients/mari/emergency"), ("confirm", "OpenInEmergency"), .. fields.Skip(2).Select(field => ($"held:{field.Item1}", field.Item2))];
        var (sent, location, _) = await visitor.Post("/sign-in/eid", held);
        Assert.Equal(HttpStatusCode.Found, sent);
        var asked = QueryHelpers.ParseQuery(new Uri(location).Query);
        Assert.Equal(("high", "login", "0"), (asked["acr_values"].ToString(), asked["prompt"].ToString(), asked["max_age"].ToString()));
        node.Eid.Nonce = asked["nonce"].ToString();
        node.Eid.Answer = nonce => FakeEid.Tokens(node.Eid.Sign(node.Eid.Claims(Nurse, nonce)));
        var (back, _, goOn) = await visitor.Return(asked["state"].ToString());
        Assert.Equal(HttpStatusCode.OK, back);
        Assert.Contains("found on the street", goOn, StringComparison.Ordinal);
        var (opened, to, _) = await visitor.Post("/patients/mari/emergency", [("form-token", FormToken().Match(goOn).Groups[1].Value), ("form-key", FormKey().Match(goOn).Groups[1].Value), .. fields.Skip(2)]);
        Assert.Equal((HttpStatusCode.Found, "/patients/mari"), (opened, to));
        Assert.Equal(HttpStatusCode.OK, (await visitor.Get("/patients/mari")).Status);
    }

    [Theory, InlineData("somebody else"), InlineData("old"), InlineData("no time"), InlineData("too low")]
    public async Task A_confirmation_that_proves_too_little_opens_nothing(string what)
    {
        using var visitor = new Visitor(node);
        await visitor.SignIn(Nurse, acr: "substantial");
        var asked = await visitor.Begin("/account", confirm: "MakeToken");
        node.Eid.Answer = nonce =>
        {
            var claims = node.Eid.Claims(what == "somebody else" ? Doctor : Nurse, nonce, what == "too low" ? "substantial" : "high");
            if (what == "old") claims["auth_time"] = DateTimeOffset.UtcNow.AddMinutes(-20).ToUnixTimeSeconds();
            if (what == "no time") claims.Remove("auth_time");
            return FakeEid.Tokens(node.Eid.Sign(claims));
        };
        var (status, _, html) = await visitor.Return(asked["state"]);
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Contains("role=\"alert\"", html, StringComparison.Ordinal);
        var account = (await visitor.Get("/account")).Html;
        Assert.Contains("Eid-nurse", account, StringComparison.Ordinal);
        var (refused, _, made) = await visitor.Post("/account/tokens", ("form-token", FormToken().Match(account).Groups[1].Value), ("label", "x"), ("days", "5"));
        Assert.Equal(HttpStatusCode.Unauthorized, refused);
        Assert.DoesNotContain("class=\"secret\"", made, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_attempt_that_failed_is_in_the_log_and_its_cause_holds_nothing_personal()
    {
        using var visitor = new Visitor(node);
        node.Eid.Answer = nonce => FakeEid.Tokens(node.Eid.Sign(node.Eid.Claims("EE00000000009", nonce)));
        await visitor.Return((await visitor.Begin())["state"]);
        Assert.DoesNotContain("00000000009", node.Node.Output, StringComparison.Ordinal);
        await using var installation = await Installation.Open(Settings.Load(null, new Dictionary<string, string?> { ["data"] = node.Node.Folder }), Stop);
        await using var log = new AccessLog(installation.Trust, installation.Store.Keys, TimeProvider.System);
        var failed = (await log.Read(new(Count: 1000), Stop)).Where(access => access is { Interaction.Name: "sign-in", Status: 401, Agent: null }).ToList();
        Assert.Contains(failed, access => access.Query == "eid failed: nobody of the record has this identifier");
        Assert.DoesNotContain(failed, access => access.Query!.Contains("00000000009", StringComparison.Ordinal));
    }

    [Theory, InlineData("another issuer"), InlineData("nothing")]
    public async Task Metadata_of_another_issuer_or_none_sign_nobody_in(string what)
    {
        await using var eid = new FakeEid { MetadataIssuer = "https://eid.example/" };
        if (what != "nothing") await eid.InitializeAsync();
        var folder = Directory.CreateTempSubdirectory("tervik-eid-").FullName;
        var secret = Path.Combine(folder, "eid.secret");
        await File.WriteAllTextAsync(secret, FakeEid.ClientSecret, Stop);
        await using var other = new Node { Folder = folder, Others = ["demo=false", $"eidIssuer={eid.Address}/", $"eidClientId={FakeEid.ClientId}", $"eidSecret=file:{secret}", "eidSystems=EE=urn:test:ee"] };
        await other.InitializeAsync();
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new(other.Address) };
        using var answer = await http.GetAsync(new Uri("/sign-in/eid", UriKind.Relative), Stop);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains("does not answer now", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    }

    [Theory, InlineData("/sign-in/eid"), InlineData("/sign-in/as"), InlineData("/sign-in/passkey"), InlineData("/account/passkeys"), InlineData("/account/passkeys/remove")]
    public async Task A_form_of_another_site_does_nothing(string path)
    {
        using var visitor = new Visitor(node);
        await visitor.SignIn(Mari);
        var (status, _, _) = await visitor.Post(path, ("form-token", "forged"), ("person", "Patient/mari"), ("to", "/"));
        Assert.Equal(HttpStatusCode.BadRequest, status);
    }
}
