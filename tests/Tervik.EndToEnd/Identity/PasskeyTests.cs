using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tervik.EndToEnd.Identity;

/// <summary>A node on a name of a host, as passkeys need it.</summary>
public sealed class PasskeyNode : IAsyncLifetime
{
    public Node Node { get; } = new() { Others = ["publicAddress=http://localhost:{port}", "demo=true"] };
    public string Origin => $"http://localhost:{new Uri(Node.Address).Port}";

    public ValueTask InitializeAsync() => Node.InitializeAsync();
    public ValueTask DisposeAsync() => Node.DisposeAsync();
}

/// <summary>Passkeys over real HTTP with a security key in software: the way that is right, and answers each of which is wrong in one thing.</summary>
public sealed partial class PasskeyTests(PasskeyNode node) : IClassFixture<PasskeyNode>
{
    const string Doctor = "Practitioner/holm", Other = "Practitioner/kuusk";

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [GeneratedRegex("name=\"form-token\" value=\"([^\"]+)\"")]
    private static partial Regex FormToken();

    [GeneratedRegex("name=\"id\" value=\"([\\w-]{43})\" aria-label=\"Remove")]
    private static partial Regex OwnKey();

    sealed class Visitor(PasskeyNode node) : IDisposable
    {
        readonly HttpClient http = new(new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = new() }) { BaseAddress = new(node.Node.Address) };

        public async Task<(HttpStatusCode Status, string Text)> Get(string path)
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), Stop);
            return (answer.StatusCode, WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(Stop)));
        }

        /// <summary>Posts with the form token of the page that the reader sees.</summary>
        public async Task<(HttpStatusCode Status, string Text)> Post(string path, params (string Name, string Value)[] fields)
        {
            var (status, page) = await Get("/account");
            if (status != HttpStatusCode.OK) page = (await Get("/sign-in")).Text;
            using var body = new FormUrlEncodedContent([new("form-token", FormToken().Match(page).Groups[1].Value), .. fields.Select(field => KeyValuePair.Create(field.Name, field.Value))]);
            using var answer = await http.PostAsync(new Uri(path, UriKind.Relative), body, Stop);
            return (answer.StatusCode, WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(Stop)));
        }

        public async Task Demonstrate(string who) => Assert.Equal(HttpStatusCode.Found, (await Post("/sign-in", ("person", who), ("to", "/"))).Status);

        public async Task<(string Challenge, JsonNode Options)> Begin(string path)
        {
            var (status, text) = await Post(path);
            Assert.Equal(HttpStatusCode.OK, status);
            var json = JsonNode.Parse(text)!;
            return (json["challenge"]!.GetValue<string>(), json["options"]!);
        }

        public async Task<HttpStatusCode> Make(SoftKey key, string name = "test key")
        {
            var (challenge, options) = await Begin("/account/passkeys/begin");
            return (await Post("/account/passkeys", ("name", name), ("challenge", challenge), ("answer", key.Make(options)))).Status;
        }

        public async Task<(HttpStatusCode Status, string Text)> SignIn(SoftKey key, string confirm = "")
        {
            var (challenge, options) = await Begin("/sign-in/passkey/begin");
            return await Post("/sign-in/passkey", ("challenge", challenge), ("answer", key.Use(options)), ("to", "/account"), ("confirm", confirm));
        }

        public async Task<bool> IsSignedIn() => (await Get("/account")).Status == HttpStatusCode.OK;

        public void Dispose() => http.Dispose();
    }

    /// <summary>A key of somebody, made in a session that was just opened.</summary>
    async Task<SoftKey> KeyOf(string who, byte flags = SoftKey.Present | SoftKey.Verified)
    {
        var key = new SoftKey(node.Origin) { Flags = flags };
        using var owner = new Visitor(node);
        await owner.Demonstrate(who);
        // Those of the tests before: one person has a few, not a hundred.
        if (OwnKey().Matches((await owner.Get("/account")).Text) is { Count: > 15 } known)
            foreach (Match one in known) await owner.Post("/account/passkeys/remove", ("id", one.Groups[1].Value));
        Assert.Equal(HttpStatusCode.Found, await owner.Make(key));
        return key;
    }

    [Fact]
    public async Task A_passkey_signs_its_owner_in_until_it_is_removed()
    {
        using var key = await KeyOf(Doctor);
        using var visitor = new Visitor(node);
        Assert.Equal(HttpStatusCode.Found, (await visitor.SignIn(key)).Status);
        var account = (await visitor.Get("/account")).Text;
        Assert.Contains("Holm", account, StringComparison.Ordinal);
        Assert.Contains("test key", account, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Found, (await visitor.Post("/account/passkeys/remove", ("id", Microsoft.AspNetCore.WebUtilities.WebEncoders.Base64UrlEncode(key.Id)))).Status);
        using var later = new Visitor(node);
        Assert.Equal(HttpStatusCode.Unauthorized, (await later.SignIn(key)).Status);
        Assert.False(await later.IsSignedIn());
    }

    [Fact]
    public async Task Nobody_removes_the_passkey_of_another()
    {
        using var key = await KeyOf(Doctor);
        using var other = new Visitor(node);
        await other.Demonstrate(Other);
        await other.Post("/account/passkeys/remove", ("id", Microsoft.AspNetCore.WebUtilities.WebEncoders.Base64UrlEncode(key.Id)));
        using var visitor = new Visitor(node);
        Assert.Equal(HttpStatusCode.Found, (await visitor.SignIn(key)).Status);
    }

    [Fact]
    public async Task A_key_that_leaves_its_device_is_not_enough_for_what_opens_much()
    {
        using var key = await KeyOf(Doctor, SoftKey.Present | SoftKey.Verified | SoftKey.Eligible | SoftKey.BackedUp);
        using var visitor = new Visitor(node);
        Assert.Equal(HttpStatusCode.Found, (await visitor.SignIn(key)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await visitor.Post("/account/tokens", ("label", "x"), ("days", "5"))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await visitor.SignIn(key, "MakeToken")).Status);
        using var bound = await KeyOf(Doctor);
        Assert.Equal(HttpStatusCode.Found, (await visitor.SignIn(bound, "MakeToken")).Status);
        Assert.Equal(HttpStatusCode.OK, (await visitor.Post("/account/tokens", ("label", "x"), ("days", "5"))).Status);
    }

    [Fact]
    public async Task The_key_of_another_does_not_confirm()
    {
        using var key = await KeyOf(Other);
        using var visitor = new Visitor(node);
        await visitor.Demonstrate(Doctor);
        Assert.Equal(HttpStatusCode.Unauthorized, (await visitor.SignIn(key, "MakeToken")).Status);
        Assert.Contains("Holm", (await visitor.Get("/account")).Text, StringComparison.Ordinal);
    }

    [Theory, InlineData("origin of another host"), InlineData("origin of another port"), InlineData("origin of another scheme"), InlineData("origin that ends like ours"), InlineData("origin missing"), InlineData("cross origin"), InlineData("in a frame of another"),
        InlineData("relying party of another"), InlineData("challenge of another"), InlineData("challenge empty"), InlineData("type of making"), InlineData("type empty"), InlineData("person not there"), InlineData("person not verified"), InlineData("signature of another key"),
        InlineData("signature empty"), InlineData("count going back"), InlineData("count the same"), InlineData("key unknown"), InlineData("handle of another"), InlineData("handle missing"), InlineData("answer empty"), InlineData("answer no json"), InlineData("answer a list"),
        InlineData("answer without a response"), InlineData("answer too long"), InlineData("answer nested deeply"), InlineData("id of another"), InlineData("authenticator data cut"), InlineData("authenticator data long"), InlineData("client data no json"), InlineData("attempt unknown"), InlineData("attempt used"),
        InlineData("attempt of another browser"), InlineData("attempt of making"), InlineData("backed up but not eligible")]
    public async Task A_wrong_answer_signs_nobody_in(string what)
    {
        using var key = await KeyOf(Doctor);
        using var visitor = new Visitor(node);
        using var another = new Visitor(node);
        if (what.StartsWith("count", StringComparison.Ordinal))
        {
            key.Count = 10;
            Assert.Equal(HttpStatusCode.Found, (await visitor.SignIn(key)).Status);
            await visitor.Post("/sign-out");
            key.Count -= what == "count the same" ? 1u : 5u;
        }
        var (challenge, options) = await visitor.Begin("/sign-in/passkey/begin");
        SetWrong(key, what);
        var answer = key.Use(options);
        if (what == "attempt unknown") challenge = "nobody";
        if (what == "attempt of making")
        {
            await another.Demonstrate(Doctor);
            challenge = (await another.Begin("/account/passkeys/begin")).Challenge;
        }
        if (what == "attempt used")
        {
            Assert.Equal(HttpStatusCode.Found, (await visitor.Post("/sign-in/passkey", ("challenge", challenge), ("answer", answer), ("to", "/"))).Status);
            await visitor.Post("/sign-out");
        }
        var who = what == "attempt of another browser" ? another : visitor;
        var (status, _) = await who.Post("/sign-in/passkey", ("challenge", challenge), ("answer", answer), ("to", "/"));
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        if (what != "attempt of making") Assert.False(await who.IsSignedIn());
    }

    void SetWrong(SoftKey key, string what)
    {
        switch (what)
        {
            case "origin of another host": key.Origin = "http://evil.example"; break;
            case "origin of another port": key.Origin = "http://localhost:1"; break;
            case "origin of another scheme": key.Origin = node.Origin.Replace("http:", "https:", StringComparison.Ordinal); break;
            case "origin that ends like ours": key.Origin = node.Origin.Replace("localhost", "evil-localhost", StringComparison.Ordinal); break;
            case "origin missing": key.Origin = ""; break;
            case "cross origin": key.CrossOrigin = true; break;
            case "in a frame of another": key.TopOrigin = "http://evil.example"; break;
            case "relying party of another": key.RelyingParty = "evil.example"; break;
            case "challenge of another": key.Challenge = "AAAAAAAAAAAAAAAAAAAAAA"; break;
            case "challenge empty": key.Challenge = ""; break;
            case "type of making": key.Type = "webauthn.create"; break;
            case "type empty": key.Type = ""; break;
            case "person not there": key.Flags = SoftKey.Verified; break;
            case "person not verified": key.Flags = SoftKey.Present; break;
            case "backed up but not eligible": key.Flags = SoftKey.Present | SoftKey.Verified | SoftKey.BackedUp; break;
            case "signature of another key": key.SignsWithAnother = true; break;
            case "signature empty": key.Mangle = json => { json["response"]!["signature"] = ""; return json.ToJsonString(); }; break;
            case "key unknown": key.Id = new byte[32]; break;
            case "handle of another": key.Handle = "bm9ib2R5"; break;
            case "handle missing": key.DropsHandle = true; break;
            case "answer empty": key.Mangle = _ => ""; break;
            case "answer no json": key.Mangle = _ => "{"; break;
            case "answer a list": key.Mangle = _ => "[]"; break;
            case "answer without a response": key.Mangle = json => { json.Remove("response"); return json.ToJsonString(); }; break;
            case "answer too long": key.Mangle = json => { json["more"] = new string('x', 70_000); return json.ToJsonString(); }; break;
            case "answer nested deeply": key.Mangle = _ => new string('[', 5000) + new string(']', 5000); break;
            case "id of another": key.Mangle = json => { json["id"] = "bm9ib2R5"; return json.ToJsonString(); }; break;
            case "authenticator data cut": key.Mangle = json => { json["response"]!["authenticatorData"] = json["response"]!["authenticatorData"]!.GetValue<string>()[..40]; return json.ToJsonString(); }; break;
            case "authenticator data long": key.Mangle = json => { json["response"]!["authenticatorData"] = json["response"]!["authenticatorData"]!.GetValue<string>() + "AAAA"; return json.ToJsonString(); }; break;
            case "client data no json": key.Mangle = json => { json["response"]!["clientDataJSON"] = "bm9ib2R5"; return json.ToJsonString(); }; break;
        }
    }

    [Theory, InlineData("origin of another host"), InlineData("cross origin"), InlineData("relying party of another"), InlineData("challenge of another"), InlineData("type of using"), InlineData("person not there"), InlineData("person not verified"), InlineData("algorithm not offered"),
        InlineData("answer empty"), InlineData("answer no json"), InlineData("answer too long"), InlineData("attempt unknown"), InlineData("attempt used"), InlineData("attempt of somebody else"), InlineData("no name")]
    public async Task A_wrong_answer_makes_no_passkey(string what)
    {
        using var visitor = new Visitor(node);
        using var another = new Visitor(node);
        using var key = new SoftKey(node.Origin);
        await visitor.Demonstrate(Doctor);
        var (challenge, options) = await visitor.Begin("/account/passkeys/begin");
        if (what == "attempt of somebody else")
        {
            await another.Demonstrate(Other);
            (challenge, options) = await another.Begin("/account/passkeys/begin");
        }
        if (what == "type of using") key.Type = "webauthn.get";
        if (what == "algorithm not offered") key.Algorithm = -65535;
        if (what == "attempt unknown") challenge = "nobody";
        SetWrong(key, what);
        var answer = key.Make(options);
        if (what == "attempt used")
        {
            Assert.Equal(HttpStatusCode.Found, (await visitor.Post("/account/passkeys", ("name", "x"), ("challenge", challenge), ("answer", answer))).Status);
            await visitor.Post("/account/passkeys/remove", ("id", Microsoft.AspNetCore.WebUtilities.WebEncoders.Base64UrlEncode(key.Id)));
        }
        var (status, _) = await visitor.Post("/account/passkeys", ("name", what == "no name" ? "" : "x"), ("challenge", challenge), ("answer", answer));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        using var later = new Visitor(node);
        Assert.Equal(HttpStatusCode.Unauthorized, (await later.SignIn(key)).Status);
    }

    [Fact]
    public async Task A_passkey_cannot_be_taken_over_by_somebody_else()
    {
        using var key = await KeyOf(Doctor);
        using var thief = new Visitor(node);
        await thief.Demonstrate(Other);
        var (challenge, options) = await thief.Begin("/account/passkeys/begin");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await thief.Post("/account/passkeys", ("name", "x"), ("challenge", challenge), ("answer", key.Make(options)))).Status);
    }

    [Fact]
    public async Task A_passkey_rests_after_too_many_wrong_answers_and_its_owner_has_other_ways_in()
    {
        using var key = await KeyOf(Doctor);
        using var visitor = new Visitor(node);
        key.SignsWithAnother = true;
        for (var i = 0; i < 10; i++) Assert.Equal(HttpStatusCode.Unauthorized, (await visitor.SignIn(key)).Status);
        key.SignsWithAnother = false;
        Assert.Equal(HttpStatusCode.Unauthorized, (await visitor.SignIn(key)).Status);
        using var fresh = await KeyOf(Doctor);
        Assert.Equal(HttpStatusCode.Found, (await visitor.SignIn(fresh)).Status);
    }
}
