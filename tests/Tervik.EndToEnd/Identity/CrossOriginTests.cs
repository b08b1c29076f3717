
namespace Tervik.EndToEnd.Identity;

/// <summary>Pages of registered applications ask the programs' interfaces from a browser, and those of nobody else.</summary>
public sealed class CrossOriginTests(OAuthNode node) : IClassFixture<OAuthNode>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    async Task<string?> Allowed(HttpMethod method, string path, string origin)
    {
        using var http = new HttpClient { BaseAddress = new(node.Node.Address) };
        using var request = new HttpRequestMessage(method, path) { Headers = { { "Origin", origin }, { "Access-Control-Request-Method", "GET" } } };
        using var answer = await http.SendAsync(request, Stop);
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Credentials"), path);
        if (path.StartsWith("/fhir", StringComparison.Ordinal)) Assert.Contains("Origin", answer.Headers.Vary); // no cache gives one the answer of another
        return answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var values) ? values.Single() : null;
    }

    [Theory, InlineData("https://app.example", true), InlineData("https://confidential.example", true), InlineData("https://evil.example", false), InlineData("http://app.example", false), InlineData("https://app.example:8443", false), InlineData("https://app.example.evil.example", false), InlineData("null", false)]
    public async Task An_origin_is_allowed_when_an_application_is_registered_there(string origin, bool isAllowed)
    {
        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Options])
            foreach (var path in (string[])["/fhir/metadata", "/fhir/Patient/p01", "/oauth/token", "/.well-known/smart-configuration", "/fhir/.well-known/smart-configuration"])
                Assert.Equal((path, isAllowed ? origin : null), (path, await Allowed(method, path, origin)));
        foreach (var path in (string[])["/", "/sign-in", "/account", "/oauth/authorize", "/access-log/checkpoint"]) Assert.Null(await Allowed(HttpMethod.Get, path, origin));
    }

    [Fact]
    public async Task It_ends_with_the_registration()
    {
        await node.Node.Run("app", "add", "short-lived", "--redirect", "https://short.example/callback");
        await Task.Delay(TimeSpan.FromSeconds(1), Stop);
        Assert.Equal("https://short.example", await Allowed(HttpMethod.Get, "/fhir/metadata", "https://short.example"));
        await node.Node.Run("app", "remove", "short-lived");
        await Task.Delay(TimeSpan.FromSeconds(1), Stop);
        Assert.Null(await Allowed(HttpMethod.Get, "/fhir/metadata", "https://short.example"));
    }
}
