using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tervik.EndToEnd.Portal;
using Tervik.Trust;

namespace Tervik.EndToEnd.House;

/// <summary>What a hostile browser, page or program sends over plain HTTP, and what it must not get.</summary>
public sealed partial class HttpSecurityTests(Node node) : IClassFixture<Node>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    HttpClient Http() => new(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new(node.Address) };

    static StringContent Json(string text) => new(text, Encoding.UTF8, "application/fhir+json");

    /// <summary>Signs in by plain requests.</summary>
    /// <returns>The cookie of the session, and the answer that set it.</returns>
    async Task<(string Cookie, HttpResponseMessage Answer)> SignIn(string person, string to = "/", string? before = null)
    {
        using var http = Http();
        using var form = await http.GetAsync(new Uri("/sign-in", UriKind.Relative), Stop);
        var cookie = form.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        var token = Token().Match(await form.Content.ReadAsStringAsync(Stop)).Groups[1].Value;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sign-in") { Content = new FormUrlEncodedContent([new("form-token", token), new("person", person), new("to", to)]) };
        request.Headers.Add("Cookie", cookie);
        if (before is not null) request.Headers.Add("Cookie", before);
        var answer = await http.SendAsync(request, Stop);
        return (answer.Headers.TryGetValues("Set-Cookie", out var set) ? set.Last().Split(';')[0] : "", answer);
    }

    async Task<HttpResponseMessage> Send(HttpMethod method, string path, string? cookie = null, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using var http = Http();
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (cookie is not null) request.Headers.Add("Cookie", cookie);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await http.SendAsync(request, Stop);
    }

    [Fact]
    public async Task A_cookie_alone_writes_nothing_and_a_form_without_its_token_does_nothing()
    {
        var (cookie, _) = await SignIn("Practitioner/holm");
        const string Observation = """{"resourceType":"Observation","status":"final","code":{"text":"forged"},"subject":{"reference":"Patient/p01"}}""";
        // As a page elsewhere can send it without asking first, and as it cannot.
        foreach (var type in (string[])["text/plain", "application/x-www-form-urlencoded", "application/fhir+json"])
            Assert.True((int)(await Send(HttpMethod.Post, "/fhir/Observation", cookie, new StringContent(Observation, Encoding.UTF8, type))).StatusCode is 400 or 403 or 415, type);
        Assert.Equal(HttpStatusCode.Forbidden, (await Send(HttpMethod.Post, "/fhir/Observation", cookie, Json(Observation))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await Send(HttpMethod.Delete, "/fhir/Observation/p01-weight-0", cookie)).StatusCode);
        foreach (var path in (string[])["/sign-in", "/sign-out", "/language", "/appearance", "/session/extend", "/account/tokens", "/account/tokens/revoke", "/account/sessions/close", "/account/sessions/end", "/patients/p01/new/note", "/patients/p01/emergency/treatment", "/look-up", "/patients", "/go", "/go/find", "/patients/p01/timeline", "/explain"])
        {
            using var answer = await Send(HttpMethod.Post, path, cookie, new FormUrlEncodedContent([new("person", "Patient/p01"), new("language", "da"), new("label", "x"), new("days", "3"), new("number", "1"), new("scheme", "dark")]));
            Assert.True(answer.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed, $"{path}: {answer.StatusCode}");
            Assert.False(answer.Headers.Contains("Set-Cookie"), path);
        }
        Assert.Equal(HttpStatusCode.OK, (await Send(HttpMethod.Get, "/patients", cookie)).StatusCode); // still signed in
    }

    [Fact]
    public async Task What_changes_something_is_not_done_by_GET_and_other_methods_are_refused()
    {
        var (cookie, _) = await SignIn("Patient/p01");
        foreach (var path in (string[])["/sign-out", "/session/extend", "/account/tokens", "/account/tokens/revoke", "/account/sessions/close", "/language", "/appearance"])
            Assert.True((await Send(HttpMethod.Get, path, cookie)).StatusCode is HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotFound, path);
        Assert.Equal(HttpStatusCode.OK, (await Send(HttpMethod.Get, "/account", cookie)).StatusCode);
        foreach (var path in (string[])["/", "/fhir/metadata", "/fhir/Patient/p01", "/account"])
            foreach (var method in (string[])["TRACE", "TRACK", "CONNECTED"])
                Assert.False((await Send(new(method), path, cookie)).IsSuccessStatusCode, $"{method} {path}");
    }

    [Fact]
    public async Task No_other_site_may_read_what_a_cookie_opened_nor_any_page()
    {
        var (cookie, _) = await SignIn("Patient/p01");
        foreach (var path in (string[])["/fhir/Patient/p01", "/fhir/metadata", "/account", "/access-log/checkpoint", "/oauth/authorize", "/patients/p01"])
            foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Options])
            {
                using var answer = await Send(method, path, cookie, null, ("Origin", "https://elsewhere.example"), ("Access-Control-Request-Method", "GET"));
                foreach (var header in (string[])["Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Methods"]) Assert.False(answer.Headers.Contains(header), path);
            }
    }

    [Fact]
    public async Task A_session_is_of_its_sign_in_alone_and_after_the_sign_out_its_cookie_opens_nothing()
    {
        var (first, answer) = await SignIn("Patient/p01");
        var set = answer.Headers.GetValues("Set-Cookie").Last();
        Assert.Contains("httponly", set, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", set, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(first.Split('=')[1], await (await Send(HttpMethod.Get, "/account", first)).Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);

        var html = await (await Send(HttpMethod.Get, "/account", first)).Content.ReadAsStringAsync(Stop);
        Assert.Contains("action=\"/sign-out\"", html, StringComparison.Ordinal);
        using var body = new FormUrlEncodedContent([new("form-token", Token().Match(html).Groups[1].Value)]);
        Assert.Equal(HttpStatusCode.Found, (await Send(HttpMethod.Post, "/sign-out", first, body)).StatusCode);
        using var refused = await Send(HttpMethod.Get, "/account", first);
        Assert.StartsWith("/sign-in", refused.Headers.Location!.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Send(HttpMethod.Get, "/fhir/Patient/p01", first)).StatusCode);
    }

    [Theory, InlineData("https://elsewhere.example/"), InlineData("//elsewhere.example/"), InlineData("/\\elsewhere.example"), InlineData("javascript:alert(1)"), InlineData("/\t/elsewhere.example")]
    public async Task After_the_sign_in_one_is_sent_to_a_page_of_this_site_only(string to)
    {
        var (_, answer) = await SignIn("Patient/p01", to);
        Assert.Equal((HttpStatusCode.Found, "/"), (answer.StatusCode, answer.Headers.Location?.ToString()));
    }

    [Fact]
    public async Task A_token_is_read_from_its_header_only_and_a_bad_one_is_nobody_even_beside_a_session()
    {
        using var client = await node.Client("client/reader", "read");
        var token = client.DefaultRequestHeaders.Authorization!.Parameter!;
        Assert.Equal(HttpStatusCode.OK, (await Send(HttpMethod.Get, "/fhir/Patient/p01", null, null, ("Authorization", $"Bearer {token}"))).StatusCode);
        foreach (var path in (string[])[$"/fhir/Patient/p01?access_token={token}", $"/fhir/Patient/p01?token={token}"]) Assert.Equal(HttpStatusCode.Unauthorized, (await Send(HttpMethod.Get, path)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Send(HttpMethod.Get, "/fhir/Patient/p01", $"tervik-session={token}")).StatusCode);
        var (cookie, _) = await SignIn("Patient/p01");
        foreach (var bad in (string[])["Bearer tervik_nothing", "Basic cDAxOng=", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJQYXRpZW50L3AwMSJ9.", "Bearer "])
            Assert.Equal(HttpStatusCode.Unauthorized, (await Send(HttpMethod.Get, "/fhir/Patient/p01", cookie, null, ("Authorization", bad))).StatusCode);
    }

    [Fact]
    public async Task A_patients_own_token_reads_and_does_not_write_whatever_the_form_asks_for()
    {
        using var person = await PortalPerson.SignIn(node, "Patient/p01");
        var (_, html) = await person.Fill("/account", "/account/tokens", ("label", "mine"), ("days", "2"), ("scope", "write"), ("agent", "client/root"), ("person", "Practitioner/holm"));
        var token = Secret().Match(html).Groups[1].Value;
        Assert.NotEmpty(token);
        (string, string) bearer = ("Authorization", $"Bearer {token}");
        Assert.Equal(HttpStatusCode.OK, (await Send(HttpMethod.Get, "/fhir/Patient/p01", null, null, bearer)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await Send(HttpMethod.Get, "/fhir/Patient/p02", null, null, bearer)).StatusCode);
        foreach (var (method, path, body) in ((HttpMethod, string, string)[])[(HttpMethod.Post, "/fhir/Task", """{"resourceType":"Task","status":"requested","intent":"order"}"""), (HttpMethod.Put, "/fhir/Patient/p01", """{"resourceType":"Patient","id":"p01"}""")])
            Assert.Equal(HttpStatusCode.Forbidden, (await Send(method, path, null, Json(body), bearer)).StatusCode);
    }

    [Fact]
    public async Task A_field_that_is_sent_twice_makes_nobody_of_two()
    {
        using var http = Http();
        using var form = await http.GetAsync(new Uri("/sign-in", UriKind.Relative), Stop);
        var token = Token().Match(await form.Content.ReadAsStringAsync(Stop)).Groups[1].Value;
        using var answer = await Send(HttpMethod.Post, "/sign-in?person=Patient%2Fp02", form.Headers.GetValues("Set-Cookie").Single().Split(';')[0], new FormUrlEncodedContent([new("form-token", token), new("person", "Patient/p01"), new("person", "Practitioner/holm")]));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task What_an_intermediary_would_say_is_not_believed_from_anybody()
    {
        using var client = await node.Client("client/proxied", "read");
        var bearer = ("Authorization", client.DefaultRequestHeaders.Authorization!.ToString());
        using var answer = await Send(HttpMethod.Get, "/fhir/Patient/p01/_history?_count=1", null, null, bearer, ("X-Forwarded-For", "203.0.113.77"), ("X-Real-IP", "203.0.113.77"), ("X-Forwarded-Host", "elsewhere.example"), ("X-Forwarded-Proto", "https"),
            ("Forwarded", "for=203.0.113.77;host=elsewhere.example"), ("X-Original-URL", "/fhir/Patient/p02"), ("X-HTTP-Method-Override", "DELETE"), ("X-User-ID", "Practitioner/holm"));
        var body = await answer.Content.ReadAsStringAsync(Stop);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.DoesNotContain("elsewhere.example", body, StringComparison.Ordinal);
        var log = await client.GetStringAsync(new Uri("AuditEvent?patient=Patient/p01&_count=50", UriKind.Relative), Stop);
        Assert.Contains("client/proxied", log, StringComparison.Ordinal);
        Assert.DoesNotContain("203.0.113.77", log, StringComparison.Ordinal);
    }

    [Theory, InlineData("/.git/config"), InlineData("/.git/HEAD"), InlineData("/appsettings.json"), InlineData("/tervik.json"), InlineData("/data/record.db"), InlineData("/record.db"), InlineData("/access-log.key"), InlineData("/assets/"), InlineData("/assets"),
        InlineData("/assets/../access-log.key"), InlineData("/assets/..%2f..%2fetc%2fpasswd"), InlineData("/%2e%2e/%2e%2e/etc/passwd"), InlineData("/swagger"), InlineData("/openapi/v1.json"), InlineData("/metrics"), InlineData("/debug"), InlineData("/access-log/")]
    public async Task There_are_no_files_lists_or_tools_to_be_found(string path) => Assert.Equal(HttpStatusCode.NotFound, (await Send(HttpMethod.Get, path)).StatusCode);

    [Fact]
    public async Task Every_body_says_its_type_and_its_letters()
    {
        using var client = await node.Client("client/types", "read");
        var bearer = ("Authorization", client.DefaultRequestHeaders.Authorization!.ToString());
        var page = await (await Send(HttpMethod.Get, "/sign-in")).Content.ReadAsStringAsync(Stop);
        foreach (var (path, type) in ((string, string)[])
        [
            ("/sign-in", "text/html; charset=utf-8"), ("/fhir/metadata", "application/fhir+json; charset=utf-8"), ("/fhir/metadata?_format=xml", "application/fhir+xml; charset=utf-8"), ("/fhir/Patient/p01", "application/fhir+json; charset=utf-8"),
            ("/fhir/Patient/none", "application/fhir+json; charset=utf-8"), ("/fhir/Patient?_format=xml", "application/fhir+xml; charset=utf-8"), ("/health/live", "text/plain; charset=utf-8"), ("/access-log/key", "text/plain; charset=utf-8"),
            (Regex.Match(page, "href=\"(/assets/[^\"]+css)\"").Groups[1].Value, "text/css; charset=utf-8"),
        ])
        {
            using var answer = await Send(HttpMethod.Get, path, null, null, bearer);
            Assert.Equal((path, type), (path, answer.Content.Headers.ContentType?.ToString()));
            if (path != "/health/live") Assert.Equal((path, "nosniff"), (path, answer.Headers.GetValues("X-Content-Type-Options").Single()));
        }
    }

    /// <summary>Messages whose end two readers could see at different places.</summary>
    [Theory, InlineData("Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), InlineData("Transfer-Encoding: gzip, identity\r\n\r\nhello"), InlineData("Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n"),
        InlineData("Transfer-Encoding: chunked\r\n\r\n5;a\nb\r\nhello\r\n0\r\n\r\n"), InlineData("Content-Length : 5\r\n\r\nhello"), InlineData("X: a\rContent-Length: 5\r\n\r\nhello"), InlineData("Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nhello")]
    public async Task A_request_whose_end_is_not_certain_is_refused_and_the_connection_closed(string rest)
    {
        var answers = await Raw($"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n{rest}GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        Assert.True(Regex.Count(answers, "HTTP/1\\.1 ") == 1 && Regex.IsMatch(answers, "^HTTP/1\\.1 [45]"), answers);
    }

    [Fact]
    public async Task With_both_a_length_and_chunks_the_chunks_count()
    {
        // Read by its length, the body would end before what is a request of its own then.
        const string Hidden = "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n";
        var answers = await Raw($"POST /fhir/Nothing HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n{Hidden.Length:x}\r\n{Hidden}\r\n0\r\n\r\n");
        Assert.True(Regex.Count(answers, "HTTP/1\\.1 ") == 1 && !answers.Contains("live", StringComparison.Ordinal), answers);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_before_it_is_sent()
    {
        var answer = await Raw($"POST /fhir/Patient HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {await node.Token("client/large")}\r\nContent-Type: application/fhir+json\r\nContent-Length: 9000000000\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
        Assert.Contains("too-long", answer, StringComparison.Ordinal);
    }

    /// <summary>Nothing of the body is sent: the answer comes before it.</summary>
    [Theory, InlineData("Content-Length: 70000", null, "401"), InlineData("Transfer-Encoding: chunked", null, "401"), InlineData("Content-Length: 70000", "read", "403"), InlineData("Transfer-Encoding: chunked", "read", "403")]
    public async Task Who_sends_a_large_body_is_identified_before_it_is_read(string length, string? scope, string expected)
    {
        var bearer = scope is null ? "" : $"Authorization: Bearer {await node.Token("client/large", scope)}\r\n";
        foreach (var path in (string[])["POST /fhir/Patient", "PUT /fhir/Patient/large", scope is null ? "POST /fhir" : "PATCH /fhir/Patient/p01"])
            Assert.StartsWith($"HTTP/1.1 {expected} ", await Raw($"{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{bearer}Content-Type: application/fhir+json\r\n{length}\r\n\r\n", untilClosed: false), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_posted_to_a_page_and_is_no_form_is_refused_with_a_page()
    {
        foreach (var (path, type) in ((string, string?)[])[("/sign-in", "application/json"), ("/language", "text/plain"), ("/account/tokens", null), ("/patients/p01/new/note", "application/fhir+json"), ("/session/extend", "application/xml")])
        {
            using var content = new StringContent("{}");
            content.Headers.ContentType = type is null ? null : new(type);
            using var answer = await Send(HttpMethod.Post, path, null, content);
            Assert.Equal((path, HttpStatusCode.UnsupportedMediaType, "text/html"), (path, answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        }
        using var endless = new StringContent(new string('a', 2_000_000), Encoding.UTF8, "application/x-www-form-urlencoded");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await Send(HttpMethod.Post, "/sign-in", null, endless)).StatusCode);
        using var many = new FormUrlEncodedContent(Enumerable.Range(0, 5000).Select(i => KeyValuePair.Create($"f{i}", "x")));
        Assert.Equal(HttpStatusCode.BadRequest, (await Send(HttpMethod.Post, "/sign-in", null, many)).StatusCode);
    }

    /// <summary>What went wrong inside is nobody's business outside, whatever the machine's environment says.</summary>
    [Fact]
    public async Task An_unexpected_fault_tells_nothing_of_the_inside_even_where_the_machine_is_set_to_development()
    {
        Environment.SetEnvironmentVariable("ASPNETCORE_ENVIRONMENT", "Development"); // of processes started from here
        Environment.SetEnvironmentVariable("DOTNET_ENVIRONMENT", "Development");
        try
        {
            await using var development = new Node();
            await development.InitializeAsync();
            using var http = new HttpClient { BaseAddress = new(development.Address) };
            static void IsClosed(string text)
            {
                foreach (var word in (string[])["Exception", " at Tervik", ".cs:", "Microsoft.AspNetCore", "SELECT", "no such table"]) Assert.DoesNotContain(word, text, StringComparison.Ordinal);
            }
            async Task<JsonElement> Line(string word)
            {
                string[] lines = [];
                for (var wait = 0; wait < 50 && lines.Length == 0; wait++)
                {
                    await Task.Delay(100, Stop);
                    lines = [.. development.Output.Split('\n').Where(line => line.Contains(word, StringComparison.Ordinal))];
                }
                // One line of JSON with its time in UTC, whatever stands in it.
                using var json = JsonDocument.Parse(lines[0]);
                Assert.Matches("^[0-9-]+T[0-9:.]+Z$", json.RootElement.GetProperty("Timestamp").GetString());
                return json.RootElement.Clone();
            }
            // What a body says that it is stands in the log, and must not write lines of it.
            using var body = Json("{}");
            body.Headers.Remove("Content-Type");
            body.Headers.TryAddWithoutValidation("Content-Type", "application/x; a=\"\\\"},{\\\"LogLevel\\\":\\\"forged\\\"\"");
            using var answer = await http.PostAsync(new Uri("/sign-in", UriKind.Relative), body, Stop);
            Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
            IsClosed(await answer.Content.ReadAsStringAsync(Stop));
            Assert.Equal("Warning", (await Line("forged")).GetProperty("LogLevel").GetString());
            // A table is gone: nobody expects that.
            await using (var trust = await Storage.Database.Open(new(Path.Combine(development.Folder, "trust.db"), 1), TrustRoom.Migrations, Stop))
                await trust.Write(session => session.Execute("ALTER TABLE session RENAME TO session_gone"), Stop);
            using var request = new HttpRequestMessage(HttpMethod.Get, "/account") { Headers = { { "Cookie", "tervik-session=unexpected" } } };
            using var broken = await http.SendAsync(request, Stop);
            Assert.Equal(HttpStatusCode.InternalServerError, broken.StatusCode);
            IsClosed(await broken.Content.ReadAsStringAsync(Stop));
            Assert.Equal("Error", (await Line("no such table")).GetProperty("LogLevel").GetString());
        }
        finally
        {
            Environment.SetEnvironmentVariable("ASPNETCORE_ENVIRONMENT", null);
            Environment.SetEnvironmentVariable("DOTNET_ENVIRONMENT", null);
        }
    }

    [Fact]
    public async Task Who_is_refused_stands_in_the_log_without_what_was_asked_and_nobody_but_a_system_sees_it()
    {
        using var stranger = await node.Client("Patient/p02");
        var id = $"attempt-{Guid.NewGuid():N}";
        using (var refused = new HttpRequestMessage(HttpMethod.Post, "Observation") { Headers = { { "X-Request-Id", id } }, Content = Json("""{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p01"}}""") })
            Assert.Equal(HttpStatusCode.Forbidden, (await stranger.SendAsync(refused, Stop)).StatusCode);
        using var system = await node.Client("client/watch", "read");
        var log = await system.GetFromJsonAsync<JsonElement>(new Uri("AuditEvent?agent=Patient/p02&_count=20", UriKind.Relative), Stop);
        var attempt = Assert.Single(log.GetProperty("entry").EnumerateArray(), entry => entry.GetRawText().Contains(id, StringComparison.Ordinal)).GetRawText();
        Assert.Contains("HTTP 403", attempt, StringComparison.Ordinal);
        Assert.DoesNotContain("Patient/p01", attempt, StringComparison.Ordinal);
        // In UTC, with everything that a time line needs.
        Assert.Matches("\"recorded\":\"[0-9T:.-]+(Z|\\+00:00)\"", attempt);
        using var patient = await node.Client("Patient/p01");
        Assert.DoesNotContain(id, await patient.GetStringAsync(new Uri("AuditEvent?_count=200", UriKind.Relative), Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_of_accesses_is_not_written_by_clients()
    {
        using var system = await node.Client("client/forger");
        await system.GetAsync(new Uri("Patient?_count=1", UriKind.Relative), Stop);
        var log = await system.GetFromJsonAsync<JsonElement>(new Uri("AuditEvent?_count=1", UriKind.Relative), Stop);
        var id = log.GetProperty("entry")[0].GetProperty("resource").GetProperty("id").GetString();
        Assert.StartsWith("access-", id, StringComparison.Ordinal);
        await system.DeleteAsync(new Uri($"AuditEvent/{id}", UriKind.Relative), Stop);
        using var body = Json(log.GetProperty("entry")[0].GetProperty("resource").GetRawText());
        await system.PutAsync(new Uri($"AuditEvent/{id}", UriKind.Relative), body, Stop);
        var after = await system.GetFromJsonAsync<JsonElement>(new Uri($"AuditEvent/{id}", UriKind.Relative), Stop);
        Assert.Equal(log.GetProperty("entry")[0].GetProperty("resource").GetRawText(), after.GetRawText());
    }

    [Fact]
    public async Task Behind_a_proxy_the_address_is_the_one_of_the_settings_and_nobody_is_let_in_as_anybody()
    {
        await using var behind = new Node { Others = ["publicAddress=https://health.example/", "requireKeys=false"] };
        await behind.InitializeAsync();
        Assert.Contains("records are not encrypted", behind.Output, StringComparison.Ordinal); // what the operator took on themselves stands in the log of the start
        using var http = new HttpClient(new HttpClientHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = new(behind.Address) };
        async Task<HttpResponseMessage> Ask(HttpMethod method, string path, HttpContent? content, params (string, string)[] headers)
        {
            using var request = new HttpRequestMessage(method, path) { Content = content, Headers = { Host = "elsewhere.example" } };
            foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
            return await http.SendAsync(request, Stop);
        }
        using var metadata = await Ask(HttpMethod.Get, "/fhir/metadata", null);
        var text = await metadata.Content.ReadAsStringAsync(Stop);
        Assert.DoesNotContain("elsewhere.example", text, StringComparison.Ordinal);
        Assert.Contains("https://health.example/fhir", text, StringComparison.Ordinal);
        Assert.StartsWith("max-age=31536000", metadata.Headers.GetValues("Strict-Transport-Security").Single(), StringComparison.Ordinal);
        using var page = await Ask(HttpMethod.Get, "/sign-in", null);
        var (html, set) = (await page.Content.ReadAsStringAsync(Stop), page.Headers.GetValues("Set-Cookie").Single());
        Assert.DoesNotContain("name=\"person\"", html, StringComparison.Ordinal);
        Assert.StartsWith("__Host-", set, StringComparison.Ordinal);
        Assert.Contains("secure", set, StringComparison.OrdinalIgnoreCase);
        // A form of a page at the public address is one of ours, and the cookies it sets are bound to the host too.
        FormUrlEncodedContent Form(string name, string value) => new([new("form-token", Token().Match(html).Groups[1].Value), new(name, value), new("to", "/sign-in")]);
        foreach (var (path, name, value) in ((string, string, string)[])[("/language", "language", "da"), ("/appearance", "scheme", "dark")])
        {
            using var ours = await Ask(HttpMethod.Post, path, Form(name, value), ("Cookie", set.Split(';')[0]), ("Origin", "https://health.example"));
            Assert.Equal(HttpStatusCode.Found, ours.StatusCode);
            Assert.StartsWith($"__Host-{path[1..]}={value}; ", ours.Headers.GetValues("Set-Cookie").Single(), StringComparison.Ordinal);
            using var theirs = await Ask(HttpMethod.Post, path, Form(name, value), ("Cookie", set.Split(';')[0]), ("Origin", "https://elsewhere.example"));
            Assert.Equal(HttpStatusCode.BadRequest, theirs.StatusCode);
        }
        using var danish = await Ask(HttpMethod.Get, "/sign-in", null, ("Cookie", "__Host-language=da"));
        Assert.Contains("lang=\"da\"", await danish.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await Ask(HttpMethod.Post, "/sign-in", Form("person", "Practitioner/holm"), ("Cookie", set.Split(';')[0]), ("Origin", "https://health.example"))).StatusCode);
    }

    [Fact]
    public async Task Files_and_sockets_come_back_after_faults()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Handles are counted by Linux.");
        using var client = await node.Client("client/handles");
        async Task Misbehave()
        {
            // Broken off in the headers, in the body, and in the answer.
            foreach (var text in (string[])["GET /fhir/Patient HT", $"POST /fhir/Patient HTTP/1.1\r\nHost: 127.0.0.1\r\n{client.DefaultRequestHeaders}Content-Type: application/fhir+json\r\nContent-Length: 9000\r\n\r\n{{", $"GET /fhir/Observation?_count=1000 HTTP/1.1\r\nHost: 127.0.0.1\r\n{client.DefaultRequestHeaders}\r\n"])
            {
                using var socket = new TcpClient("127.0.0.1", new Uri(node.Address).Port) { LingerState = new(enable: true, seconds: 0) };
                await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text), Stop);
            }
            using var broken = await client.PostAsync(new Uri("Patient", UriKind.Relative), Json("{\"resourceType\":"), Stop);
            using var cursor = await client.GetAsync(new Uri("Patient?_cursor=x", UriKind.Relative), Stop);
            using var form = await Send(HttpMethod.Post, "/sign-in", null, Json("{}"));
        }
        for (var i = 0; i < 20; i++) await Misbehave(); // what is opened once stays
        await Task.Delay(TimeSpan.FromSeconds(2), Stop);
        var before = node.Handles;
        for (var i = 0; i < 100; i++) await Misbehave();
        var after = node.Handles;
        for (var wait = 0; wait < 100 && after > before + 10; wait++)
        {
            await Task.Delay(100, Stop);
            after = node.Handles;
        }
        Assert.True(after <= before + 10, $"{before} before, {after} after");
    }

    [Theory, InlineData("<!ENTITY e SYSTEM \"file:///etc/hostname\">"), InlineData("<!ENTITY e \"eeee\">"), InlineData("<!ENTITY % e SYSTEM \"http://127.0.0.1:9/e\"> %e;")]
    public async Task XML_that_names_entities_is_refused(string entity)
    {
        using var client = await node.Client("client/xml");
        var xml = $"<?xml version=\"1.0\"?><!DOCTYPE x [{entity}]><Basic xmlns=\"http://hl7.org/fhir\"><code><text value=\"&e;\"/></code></Basic>";
        using var answer = await client.PostAsync(new Uri("Basic", UriKind.Relative), new StringContent(xml, Encoding.UTF8, "application/fhir+xml"), Stop);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("DTD", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    }

    /// <param name="request">As it goes over the wire.</param>
    /// <param name="untilClosed">Whether to read all that comes; the server waits some seconds for a body before it closes.</param>
    async Task<string> Raw(string request, bool untilClosed = true)
    {
        using var socket = new TcpClient("127.0.0.1", new Uri(node.Address).Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), Stop);
        var (answer, bytes) = (new StringBuilder(), new byte[4096]);
        try
        {
            while ((untilClosed || answer.Length == 0) && await stream.ReadAsync(bytes, Stop) is > 0 and var length) answer.Append(Encoding.Latin1.GetString(bytes, 0, length));
        }
        catch (IOException) { } // closed by force, after what came before
        return answer.ToString();
    }

    [GeneratedRegex("name=\"form-token\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
    [GeneratedRegex("<code class=\"secret\">(tervik_[^<]+)</code>")]
    private static partial Regex Secret();
}
