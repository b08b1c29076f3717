using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tervik.EndToEnd.Portal;
using Tervik.Serving;
using Tervik.Trust.AuditLog;

namespace Tervik.EndToEnd.Trust;

/// <summary>Each route of the program, as the program itself lists them.</summary>
public sealed partial class RoutesTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>What shows nothing of anybody's record, and so asks nobody. Everything else asks the access control.</summary>
    static readonly string[] Open =
    [
        "GET /health/live", "GET /health/ready", "GET /assets/", "GET /access-log/checkpoint", "GET /access-log/key", "GET /access-log/tile/", // hashes alone
        "GET /fhir/$bulk-publish", "GET /fhir/$bulk-publish/", // times of clinics, no patient
        "GET /sign-in", "POST /sign-in", "POST /sign-in/again", "POST /sign-out", "GET /tour", "POST /explain", "POST /language", "POST /appearance", "POST /session/extend", "GET /explain", "GET /", // the first page sends elsewhere
        "GET /oauth/authorize", "POST /oauth/authorize", "POST /oauth/token", "GET /oauth/userinfo", "GET /.well-known/smart-configuration", "GET /fhir/.well-known/smart-configuration", // OpenIddict asks who it is; the page asks the person
        "GET /account", "POST /account/tokens", "POST /account/tokens/revoke", "POST /account/sessions/close", "POST /account/sessions/end", // one's own account
        "GET /sign-in/eid", "POST /sign-in/eid", "GET /sign-in/eid/answer", "GET /sign-in/as", "POST /sign-in/as", "GET /sign-in/confirm", "POST /sign-in/passkey/begin", "POST /sign-in/passkey", // who one is
        "GET /notices/x", "POST /notices/read", "GET /notices/preferences", "POST /notices/preferences", "POST /notices/preferences/mail", // one's own notices: references, whose pages ask
        "GET /account/passkeys/new", "POST /account/passkeys/begin", "POST /account/passkeys", "POST /account/passkeys/remove",
    ];

    [GeneratedRegex(@"\{\**(\w+)[^}]*?(\)\})?\}")]
    private static partial Regex Parameter();

    static string Filled(string pattern) => Parameter().Replace(pattern.Replace("{id:regex(^access-[[0-9]]+$)}", "access-1", StringComparison.Ordinal), parameter => parameter.Groups[1].Value switch
    {
        "type" => "Observation", "number" => "0", "kind" => "treatment", "path" => "Observation/x", "level" => "0", _ => "x",
    });

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [Fact]
    public async Task Every_route_asks_the_access_control_or_is_on_the_list_and_every_answer_has_the_headers()
    {
        var folder = Directory.CreateTempSubdirectory("tervik-routes-").FullName;
        var address = $"http://127.0.0.1:{FreePort()}";
        var settings = Settings.Load(null, new Dictionary<string, string?> { ["data"] = folder, ["listen"] = address, ["mostSignInsOfAddress"] = "1000" });
        await using (var installation = await Installation.Open(settings, Stop))
        {
            await using var app = Server.Build(settings, installation);
            await app.StartAsync(Stop);
            using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new(address) };
            var (routes, faults) = (new List<(string Name, string Request)>(), new List<string>());
            foreach (var endpoint in ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>())
                foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
                {
                    var (path, id) = ("/" + Filled(endpoint.RoutePattern.RawText!).TrimStart('/'), Guid.NewGuid().ToString("N"));
                    if (path == "/fhir") path = method == "GET" ? "/fhir?_id=x" : "/fhir/Observation/x";
                    // Only what is read as a form is sent as one: a body of FHIR that cannot be parsed is refused before anybody is asked.
                    using var request = new HttpRequestMessage(new(method), new Uri(path == "/fhir/Observation/x" && method == "POST" ? "/fhir/Observation/_search" : path, UriKind.Relative)) { Headers = { { "X-Request-Id", id } } };
                    if (method is "POST") request.Content = new StringContent("", Encoding.UTF8, "application/x-www-form-urlencoded");
                    using var answer = await http.SendAsync(request, Stop);
                    routes.Add(($"{method} {path}", id));
                    string? Header(string name) => answer.Headers.TryGetValues(name, out var values) || answer.Content.Headers.TryGetValues(name, out values) ? string.Join(',', values) : null;
                    if ((int)answer.StatusCode >= 500) faults.Add($"{method} {path} answered {(int)answer.StatusCode}");
                    if (Header("X-Content-Type-Options") != "nosniff" || Header("Referrer-Policy") is null) faults.Add($"{method} {path} lacks a header");
                    // Data is no page: its policy is a sandbox instead.
                    if (path.StartsWith("/fhir", StringComparison.Ordinal) ? Header("Content-Security-Policy")?.EndsWith("; sandbox", StringComparison.Ordinal) != true : Header("Permissions-Policy") is null || Header("Cross-Origin-Opener-Policy") != "same-origin") faults.Add($"{method} {path} lacks a header");
                    if (Header("Content-Security-Policy") is not { } policy || !policy.StartsWith("default-src 'none'", StringComparison.Ordinal) || !policy.Contains("frame-ancestors 'none'", StringComparison.Ordinal) || policy.Contains("unsafe", StringComparison.Ordinal)) faults.Add($"{method} {path} has no policy");
                    if (!path.StartsWith("/assets/", StringComparison.Ordinal) && !path.StartsWith("/access-log/tile", StringComparison.Ordinal) && path != "/fhir/$bulk-publish" && Header("Cache-Control") != "no-store") faults.Add($"{method} {path} may be kept: {Header("Cache-Control")}");
                    if (Header("X-Request-Id") != id) faults.Add($"{method} {path} does not say which request it answers");
                    if (answer.Headers.Contains("Server")) faults.Add($"{method} {path} says what it runs on");
                    foreach (var cookie in answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies : [])
                        if (!cookie.Contains("httponly", StringComparison.OrdinalIgnoreCase) || !cookie.Contains("samesite", StringComparison.OrdinalIgnoreCase)) faults.Add($"{method} {path} sets {cookie}");
                }
            // Who asks the access control and is nobody is refused, and that stands in the log.
            var asked = (await app.Services.GetRequiredService<AccessLog>().Read(new(Count: 10_000), Stop)).Where(access => access.Status is 401).Select(access => access.Request).ToHashSet();
            foreach (var (name, request) in routes)
            {
                var isOpen = Open.Any(open => open.EndsWith('/') && open.Length > "GET /".Length ? name.StartsWith(open, StringComparison.Ordinal) : name == open);
                if (isOpen == asked.Contains(request)) faults.Add(isOpen ? $"{name} is on the list and asks" : $"{name} asks nobody and is not on the list");
            }
            Assert.True(routes.Count > 80, $"{routes.Count} routes");
            Assert.True(faults.Count == 0, string.Join('\n', faults));
            using var unknown = await http.GetAsync(new Uri("/nothing/here", UriKind.Relative), Stop);
            Assert.Equal((HttpStatusCode.NotFound, true), (unknown.StatusCode, unknown.Headers.Contains("Content-Security-Policy")));
            await app.StopAsync(Stop);
        }
        Directory.Delete(folder, recursive: true);
    }
}

/// <summary>What must never stand in the operator's log: whose data it is, and what opens it.</summary>
public sealed class LogCanaryTests(Node node) : IClassFixture<Node>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Neither_a_name_nor_an_id_nor_a_secret_is_printed_whatever_goes_wrong()
    {
        const string Canary = "Kanaarilind";
        var token = await node.Token("client/canary");
        using var api = new HttpClient { BaseAddress = new($"{node.Address}/fhir/"), DefaultRequestHeaders = { Authorization = new("Bearer", token) } };
        await TestPatient.Make(node, $"t-{Canary}", Canary, Canary, $"{Canary}-1");
        foreach (var (method, path, body) in ((string, string, string?)[])
        [
            ("GET", $"Patient/t-{Canary}", null), ("GET", $"Patient?name={Canary}&unknown={Canary}", null), ("GET", $"Nothing/{Canary}", null), ("GET", $"Patient/{Canary}%00", null), ("PUT", $"Patient/{Canary}", $"{{\"{Canary}\""),
            ("POST", "Patient", $$"""{"resourceType":"Patient","{{Canary}}":1}"""), ("POST", "", $$"""{"resourceType":"Bundle","type":"{{Canary}}"}"""), ("PATCH", $"Patient/t-{Canary}", $"[{{\"op\":\"{Canary}\"}}]"), ("GET", $"Patient?_filter={Canary} eq", null),
            ("POST", $"Patient/$validate", $$"""{"resourceType":"Patient","birthDate":"{{Canary}}"}"""), ("GET", $"Observation?subject:Patient.name={Canary}&_count={Canary}", null), ("DELETE", $"Patient/{Canary}", null), ("GET", $"AuditEvent?patient={Canary}&date={Canary}", null),
        ])
        {
            using var request = new HttpRequestMessage(new(method), new Uri(path, UriKind.Relative)) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/fhir+json") };
            await api.SendAsync(request, Stop);
        }
        using (var stranger = new HttpClient { BaseAddress = new($"{node.Address}/fhir/"), DefaultRequestHeaders = { Authorization = new("Bearer", $"tervik_{Canary}") } })
            await stranger.GetAsync(new Uri($"Patient/t-{Canary}", UriKind.Relative), Stop);
        using (var doctor = await PortalPerson.SignIn(node, "Practitioner/holm"))
        {
            foreach (var path in (string[])[$"/patients/t-{Canary}", $"/patients?name={Canary}", $"/go?q={Canary}", $"/patients/t-{Canary}/entry/{Canary}/{Canary}", $"/patients/{Canary}/summary.pdf", $"/patients/t-{Canary}/results?code={Canary}&years={Canary}"]) await doctor.Get(path);
            foreach (var (page, field) in ((string, string)[])[("/patients", "name"), ("/go", "q"), ("/patients/p01/timeline", "q"), ("/patients/p01/flowsheet", "q"), ("/patients/p01/results", "q")]) await doctor.Fill(page, page, (field, Canary));
            await doctor.Fill("/go", "/go/find", ("q", Canary));
            await doctor.Fill("/look-up", "/look-up", ("number", Canary));
            await doctor.Post($"/patients/t-{Canary}/new/note", $"/patients/t-{Canary}/new/note", ("title", Canary), ("text", Canary));
        }
        // Requests that are no HTTP as it should be.
        using (var socket = new TcpClient("127.0.0.1", new Uri(node.Address).Port))
        {
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET /patients/{Canary} HTTP/1.1\r\nHost: x\r\nContent-Length: {Canary}\r\n\r\n"), Stop);
            await new StreamReader(socket.GetStream()).ReadToEndAsync(Stop);
        }
        Assert.Contains("Tervik is at", node.Output, StringComparison.Ordinal); // it is read at all
        Assert.DoesNotContain(Canary, node.Output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(token, node.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(token["tervik_".Length..], node.Output, StringComparison.Ordinal);
    }
}
