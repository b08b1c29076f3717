using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Trust;
using Tervik.Trust.BreakGlass;
using Tervik.Trust.Consent;
using Tervik.Trust.Identity;

namespace Tervik.Authz;

/// <summary>A node with a seed world in it. Compiled into the bench and the tests, so that the library with the oracle refers to nothing of the product.</summary>
sealed class AuthzNode : IAsyncDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("tervik-authz-").FullName;
    readonly StringBuilder written = new();
    /// <summary>Limits are another test's.</summary>
    static readonly string[] Unlimited = [.. ((string[])["mostRequestsOfAccount=1000000", "mostRequestsOfApplication=1000000", "mostRequestsOfAddress=1000000", "mostSignInsOfAddress=100000", "mostPatientsPerHour=100000"]).SelectMany(one => new[] { "--set", one })];

    // Traces and metrics go to a listener of ours; what is written to the temporary folder stays below the node's own.
    readonly HttpListener collector = new();
    readonly string collecting = $"http://127.0.0.1:{FreePort()}";
    readonly List<string> exported = [];
    Process? server;

    public string Address { get; } = $"http://127.0.0.1:{FreePort()}";
    public Dictionary<Caller, string> Tokens { get; } = new(ReferenceEqualityComparer.Instance);
    /// <summary>What it wrote to its standard output and error.</summary>
    public string Written
    {
        get
        {
            lock (written) return written.ToString();
        }
    }
    /// <summary>Exports of traces and metrics that came.</summary>
    public int Exports
    {
        get
        {
            lock (exported) return exported.Count;
        }
    }

    /// <summary>Everything it wrote that is not its databases, and where: byte for byte as characters.</summary>
    public IEnumerable<(string Where, string Text)> SideCopies()
    {
        yield return ("standard output and error", Written);
        lock (exported)
            foreach (var body in exported) yield return ("traces and metrics", body);
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            if (Path.GetFileName(file).Split('.') is ["record" or "trust", "db" or "db-wal" or "db-shm"]) continue;
            // It may be open for writing.
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            yield return (Path.GetRelativePath(folder, file), reader.ReadToEnd());
        }
    }

    async Task Collect()
    {
        collector.Prefixes.Add(collecting + "/");
        collector.Start();
        while (collector.IsListening)
        {
            HttpListenerContext request;
            try
            {
                request = await collector.GetContextAsync();
            }
            catch (Exception ended) when (ended is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            using var reader = new StreamReader(request.Request.InputStream, Encoding.Latin1);
            var body = await reader.ReadToEndAsync();
            lock (exported) exported.Add(body);
            request.Response.Close();
        }
    }

    /// <summary>Writes the world through the API of a system client, then the choices, openings and tokens.</summary>
    public static async Task<AuthzNode> Start(string program, World world)
    {
        var node = new AuthzNode();
        _ = node.Collect();
        await node.Serve(program);
        var writer = new Caller("client/seed", "seed");
        // The databases are opened before: with the tables that the running node made.
        await node.Arrange(async (_, _, trust, _) => node.Tokens[writer] = (await new AccessTokens(trust, TimeProvider.System).Issue(writer.Agent!, Scope.Read | Scope.Write, "", TimeSpan.FromDays(1), default)).Secret);
        using (var http = new HttpClient { BaseAddress = new Uri(node.Address + "/fhir/") })
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", node.Tokens[writer]);
            foreach (var item in world.Items)
                foreach (var version in item.Versions)
                {
                    using var content = version is null ? null : new StringContent(version.ToJsonString(), Encoding.UTF8, "application/fhir+json");
                    using var answer = content is null ? await http.DeleteAsync(new Uri(item.Reference, UriKind.Relative)) : await http.PutAsync(new Uri(item.Reference, UriKind.Relative), content);
                    if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{item.Reference}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()} {version}");
                }
        }
        await node.Stop();
        await node.Arrange(async (store, _, trust, _) =>
        {
            var sharing = new Sharing(trust, store, TimeProvider.System);
            foreach (var (choice, i) in world.Choices.Select((choice, i) => (choice, i)))
            {
                await sharing.Make($"choice-{i}", (SharingKind)(int)choice.Kind, choice.Patient, choice.Actor, endsUs: 0, default, choice.What);
                if (choice.Ended) await sharing.End($"choice-{i}", choice.Patient, default);
            }
            foreach (var opened in world.Openings)
                await new ExceptionalAccesses(trust, store, opened.Expired ? new Past(TimeSpan.FromHours(5)) : TimeProvider.System).Open($"opened-{opened.Practitioner[13..]}-{opened.Patient[8..]}", opened.Glass ? ExceptionalKind.Glass : ExceptionalKind.Declared, opened.Practitioner, opened.Patient, "", opened.Glass ? "life-threatening" : "walk-in", "", default);
            foreach (var caller in world.Callers)
            {
                if (caller.Agent is null || caller.Smart is not null) continue;
                var tokens = new AccessTokens(trust, caller is { Dead: true, Revoked: false } ? new Past(TimeSpan.FromDays(2)) : TimeProvider.System);
                var (token, secret) = await tokens.Issue(caller.Agent, (caller.Read ? Scope.Read : Scope.None) | (caller.Write ? Scope.Write : Scope.None), "", TimeSpan.FromDays(1), default);
                if (caller.Revoked) await tokens.Revoke(token.Id, null, default);
                node.Tokens[caller] = secret;
            }
        });
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        foreach (var caller in world.Callers.Where(caller => caller.Smart is not null)) await node.Register(program, caller.Agent!["client/".Length..], caller.Smart!, key);
        await node.Serve(program);
        foreach (var caller in world.Callers.Where(caller => caller.Smart is not null)) node.Tokens[caller] = await node.SmartToken(caller.Agent!["client/".Length..], caller.Smart!, key);
        return node;
    }

    /// <summary>Registers an application that asks for itself, with a key and what it may ask for.</summary>
    async Task Register(string program, string client, string scopes, ECDsa key)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        var file = Path.Combine(folder, "keys.json");
        await File.WriteAllTextAsync(file, $$$"""{"keys":[{"kty":"EC","crv":"P-384","kid":"ec","use":"sig","alg":"ES384","x":"{{{Base64Url.EncodeToString(point.X)}}}","y":"{{{Base64Url.EncodeToString(point.Y)}}}"}]}""");
        using var register = Process.Start(new ProcessStartInfo(program, ["app", "add", client, "--keys", file, "--backend", "--scopes", scopes, "--data", folder, "--listen", Address]) { RedirectStandardOutput = true })!;
        var said = await register.StandardOutput.ReadToEndAsync();
        await register.WaitForExitAsync();
        if (register.ExitCode != 0) throw new InvalidOperationException($"{client} was not registered. {said}");
    }

    /// <summary>An access token of such an application (RFC 7523).</summary>
    async Task<string> SmartToken(string client, string scopes, ECDsa key)
    {
        static string Part(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
        var now = DateTimeOffset.UtcNow;
        var claims = new JsonObject { ["iss"] = client, ["sub"] = client, ["aud"] = $"{Address}/oauth/token", ["exp"] = now.AddMinutes(2).ToUnixTimeSeconds(), ["iat"] = now.ToUnixTimeSeconds(), ["jti"] = Guid.NewGuid().ToString() };
        var signed = $"{Part(new() { ["alg"] = "ES384", ["typ"] = "client-authentication+jwt", ["kid"] = "ec" })}.{Part(claims)}";
        var assertion = $"{signed}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA384))}";
        using var http = new HttpClient();
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["scope"] = scopes, ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", ["client_assertion"] = assertion });
        using var answer = await http.PostAsync(new Uri($"{Address}/oauth/token"), form);
        var text = await answer.Content.ReadAsStringAsync();
        return JsonNode.Parse(text)?["access_token"]?.ToString() ?? throw new InvalidOperationException($"{client} was given no token: {text}");
    }

    sealed class Past(TimeSpan ago) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() - ago;
    }

    async Task Arrange(Func<RecordStore, Database, Database, CancellationToken, Task> what)
    {
        await using var records = await Database.Open(new(Path.Combine(folder, "record.db")), RecordStore.RecordMigrations, default);
        await using var trust = await Database.Open(new(Path.Combine(folder, "trust.db")), TrustRoom.Migrations, default);
        await using var store = await RecordStore.Open(records, default);
        await what(store, records, trust, default);
    }

    async Task Serve(string program)
    {
        var temporary = Directory.CreateDirectory(Path.Combine(folder, "tmp")).FullName;
        server = Process.Start(new ProcessStartInfo(program, ["serve", "--data", folder, "--listen", Address, "--demo", "false", .. Unlimited]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder,
            Environment =
            {
                // Without the sockets of the runtime's diagnostics: only what the node itself writes.
                ["DOTNET_EnableDiagnostics"] = "0", ["TMPDIR"] = temporary, ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collecting, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf", ["OTEL_BSP_SCHEDULE_DELAY"] = "1000", ["OTEL_METRIC_EXPORT_INTERVAL"] = "1000",
            },
        })!;
        void Keep(object _, DataReceivedEventArgs line)
        {
            lock (written) written.AppendLine(line.Data);
        }
        server.OutputDataReceived += Keep;
        server.ErrorDataReceived += Keep;
        server.BeginOutputReadLine();
        server.BeginErrorReadLine();
        using var http = new HttpClient();
        for (var wait = 0; wait < 600; wait++)
        {
            try
            {
                if ((await http.GetAsync(new Uri($"{Address}/health/ready"))).IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                if (server.HasExited) throw new InvalidOperationException($"The server ended: {Written}");
            }
            await Task.Delay(100);
        }
        throw new TimeoutException("The server did not become ready.");
    }

    async Task Stop()
    {
        if (server is null) return;
        if (!server.HasExited) server.Kill(entireProcessTree: true);
        await server.WaitForExitAsync();
        server.Dispose();
        server = null;
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await Stop();
        collector.Close();
        Directory.Delete(folder, recursive: true);
    }
}
