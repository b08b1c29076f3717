using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Tervik.EndToEnd.Identity;

/// <summary>Operators end what an account has open, and a deletion of the person does.</summary>
public sealed class AccountTests(OAuthNode node) : IClassFixture<OAuthNode>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Nodes keep what they found for a credential so long.</summary>
    static Task ASecond() => Task.Delay(TimeSpan.FromSeconds(1), Stop);

    /// <summary>Whether a session, a personal token and an application's tokens get in.</summary>
    async Task<(HttpStatusCode Session, HttpStatusCode Token, HttpStatusCode App, string Refresh)> Try(OAuthClient person, string token, OAuthAnswer tokens)
    {
        using var http = new HttpClient(new HttpClientHandler { CookieContainer = person.Cookies, AllowAutoRedirect = false }) { BaseAddress = new(node.Node.Address) };
        var session = (await http.GetAsync(new Uri("/account", UriKind.Relative), Stop)).StatusCode;
        async Task<HttpStatusCode> Bearer(string? secret)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/fhir/Observation?_count=1") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", secret) } };
            using var plain = new HttpClient { BaseAddress = new(node.Node.Address) };
            return (await plain.SendAsync(request, Stop)).StatusCode;
        }
        var refreshed = await person.Token(("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"]), ("client_id", OAuthClient.App));
        return (session, await Bearer(token), await Bearer(tokens["access_token"]), refreshed.Outcome);
    }

    async Task<(OAuthClient Person, string Token, OAuthAnswer Tokens)> Enter(string agent)
    {
        var person = await OAuthClient.SignedIn(node.Node, agent);
        return (person, await node.Node.Token(agent), await person.Exchange(await person.Code(("scope", "openid offline_access user/Observation.rs"))));
    }

    [Fact]
    public async Task The_operator_ends_all_that_an_account_has_open_and_it_is_on_its_log_and_on_nobody_elses()
    {
        var (person, token, tokens) = await Enter("Patient/p03");
        var (other, otherToken, otherTokens) = await Enter("Patient/p04");
        using (person)
        using (other)
        {
            var (code, output) = await node.Node.Run("account", "end", "Patient/p03");
            Assert.Equal(0, code);
            Assert.Matches("^Ended: 1 sessions, 1 personal tokens, 1 accesses of applications with [2-4] tokens$", output.Trim());
            await ASecond();
            Assert.Equal((HttpStatusCode.Redirect, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, "invalid_grant"), await Try(person, token, tokens));
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK, "ok"), await Try(other, otherToken, otherTokens));
            // The account itself stays.
            await person.SignIn("Patient/p03");
            using var reader = await node.Node.Client("Patient/p03", "read");
            var log = await reader.GetStringAsync(new Uri("AuditEvent?_count=50", UriKind.Relative), Stop);
            Assert.Contains("client/operator", log, StringComparison.Ordinal);
            using var stranger = await node.Node.Client("Patient/p04", "read");
            Assert.DoesNotContain("client/operator", await stranger.GetStringAsync(new Uri("AuditEvent?_count=50", UriKind.Relative), Stop), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_operator_ends_what_everybody_has_open()
    {
        await using var another = new OAuthNode();
        await another.InitializeAsync();
        using var person = await OAuthClient.SignedIn(another.Node, "Patient/p05");
        using var system = await another.Node.Client("client/feed");
        Assert.True((await system.GetAsync(new Uri("Patient?_count=1", UriKind.Relative), Stop)).IsSuccessStatusCode);
        var (code, output) = await another.Node.Run("account", "end", "--all");
        Assert.True(code == 0, output);
        await ASecond();
        Assert.Equal(HttpStatusCode.Unauthorized, (await system.GetAsync(new Uri("Patient?_count=1", UriKind.Relative), Stop)).StatusCode);
        Assert.Equal("/sign-in", (await person.Open(person.Request())).Location?.OriginalString.Split('?')[0]);
    }

    [Theory, InlineData(1, "Either", "end"), InlineData(1, "Either", "end", "Patient/p01", "--all"), InlineData(1, "no account", "end", "p01")]
    public async Task It_is_said_whose(int exit, string why, params string[] arguments)
    {
        var (code, output) = await node.Node.Run(["account", .. arguments]);
        Assert.True(code == exit && output.Contains(why, StringComparison.Ordinal), output);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Who_was_deleted_from_the_record_has_no_session_and_no_token(bool isTransaction)
    {
        var id = isTransaction ? "leaver-2" : "leaver-1";
        using var system = await node.Node.Client("client/registry");
        using var patient = new StringContent($$"""{"resourceType":"Patient","id":"{{id}}","identifier":[{"system":"https://tervik.example/person","value":"{{id}}"}],"name":[{"family":"Leaver"}]}""", Encoding.UTF8, "application/fhir+json");
        Assert.Equal(HttpStatusCode.Created, (await system.PutAsync(new Uri($"Patient/{id}", UriKind.Relative), patient, Stop)).StatusCode);
        var (person, token, tokens) = await Enter($"Patient/{id}");
        using (person)
        {
            if (isTransaction)
            {
                using var bundle = new StringContent("""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Patient/ID"}}]}""".Replace("ID", id, StringComparison.Ordinal), Encoding.UTF8, "application/fhir+json");
                Assert.Equal(HttpStatusCode.OK, (await system.PostAsync(new Uri("", UriKind.Relative), bundle, Stop)).StatusCode);
            }
            else Assert.True((await system.DeleteAsync(new Uri($"Patient/{id}", UriKind.Relative), Stop)).IsSuccessStatusCode);
            await ASecond();
            Assert.Equal((HttpStatusCode.Redirect, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, "invalid_grant"), await Try(person, token, tokens));
            // One that is made afterwards opens nothing either.
            using var later = await node.Node.Client($"Patient/{id}", "read");
            Assert.Equal(HttpStatusCode.Unauthorized, (await later.GetAsync(new Uri("Observation?_count=1", UriKind.Relative), Stop)).StatusCode);
        }
    }

    [Fact]
    public async Task The_id_of_somebody_who_was_deleted_is_not_given_to_another_person()
    {
        using var system = await node.Node.Client("client/registry");
        async Task<HttpStatusCode> Put(string type, string id, string? identifier, bool isTransaction)
        {
            var person = $"{{\"resourceType\":\"{type}\",\"id\":\"{id}\",{(identifier is null ? "" : $"\"identifier\":[{{\"system\":\"https://tervik.example/person\",\"value\":\"{identifier}\"}}],")}\"name\":[{{\"family\":\"Somebody\"}}]}}";
            using var body = new StringContent(isTransaction ? $"{{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{{\"resource\":{person},\"request\":{{\"method\":\"PUT\",\"url\":\"{type}/{id}\"}}}}]}}" : person, Encoding.UTF8, "application/fhir+json");
            using var answer = isTransaction ? await system.PostAsync(new Uri("", UriKind.Relative), body, Stop) : await system.PutAsync(new Uri($"{type}/{id}", UriKind.Relative), body, Stop);
            return answer.StatusCode;
        }
        foreach (var type in (string[])["Patient", "Practitioner"])
            foreach (var isTransaction in (bool[])[false, true])
            {
                var id = $"once-{(isTransaction ? 2 : 1)}";
                Assert.Equal(HttpStatusCode.Created, await Put(type, id, "first", isTransaction: false));
                await system.DeleteAsync(new Uri($"{type}/{id}", UriKind.Relative), Stop);
                Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.Conflict), (await Put(type, id, "second", isTransaction), await Put(type, id, null, isTransaction)));
                Assert.Equal(HttpStatusCode.Gone, (await system.GetAsync(new Uri($"{type}/{id}", UriKind.Relative), Stop)).StatusCode);
                // Who was deleted by mistake comes back.
                Assert.True(await Put(type, id, "first", isTransaction) is HttpStatusCode.Created or HttpStatusCode.OK);
            }
    }

    [Fact]
    public async Task A_professional_who_is_not_active_any_more_is_signed_out()
    {
        using var system = await node.Node.Client("client/registry");
        async Task Put(bool isActive)
        {
            using var person = new StringContent($$"""{"resourceType":"Practitioner","id":"leaver","active":{{(isActive ? "true" : "false")}},"name":[{"family":"Leaver"}]}""", Encoding.UTF8, "application/fhir+json");
            Assert.True((await system.PutAsync(new Uri("Practitioner/leaver", UriKind.Relative), person, Stop)).IsSuccessStatusCode);
        }
        await Put(isActive: true);
        var (person, token, tokens) = await Enter("Practitioner/leaver");
        using (person)
        {
            await Put(isActive: false);
            await ASecond();
            Assert.Equal((HttpStatusCode.Redirect, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, "invalid_grant"), await Try(person, token, tokens));
            // Whoever comes back signs in again; what was open stays ended.
            await Put(isActive: true);
            await ASecond();
            Assert.Equal((HttpStatusCode.Redirect, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, "invalid_grant"), await Try(person, token, tokens));
        }
    }
}
