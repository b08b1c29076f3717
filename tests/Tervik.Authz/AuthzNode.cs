using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
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
    /// <summary>Its files.</summary>
    public string Folder => folder;

    /// <summary>Writes the world through the API of a system client, then the choices, openings and tokens.</summary>
    public static async Task<AuthzNode> Start(string program, World world)
    {
        var node = new AuthzNode();
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
                if (caller.Agent is null) continue;
                var tokens = new AccessTokens(trust, caller is { Dead: true, Revoked: false } ? new Past(TimeSpan.FromDays(2)) : TimeProvider.System);
                var (token, secret) = await tokens.Issue(caller.Agent, (caller.Read ? Scope.Read : Scope.None) | (caller.Write ? Scope.Write : Scope.None), "", TimeSpan.FromDays(1), default);
                if (caller.Revoked) await tokens.Revoke(token.Id, null, default);
                node.Tokens[caller] = secret;
            }
        });
        await node.Serve(program);
        return node;
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
        server = Process.Start(new ProcessStartInfo(program, ["serve", "--data", folder, "--listen", Address, "--demo", "false", .. Unlimited]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder })!;
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
        Directory.Delete(folder, recursive: true);
    }
}
