using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Trust;
using Tervik.Trust.BreakGlass;
using Tervik.Trust.Consent;
using Tervik.Trust.Identity;

namespace Tervik.Authz;

/// <summary>A node of its own with the world in it. What patients chose and professionals opened is put into its database before it starts; everything after that is real HTTP.</summary>
public sealed class AuthzNode : IAsyncDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("tervik-authz-").FullName;
    readonly StringBuilder printed = new();
    Process? server;

    public string Address { get; } = $"http://127.0.0.1:{FreePort()}";
    /// <summary>Bearer tokens by asker.</summary>
    public Dictionary<Asker, string> Tokens { get; } = [];
    /// <summary>What it printed, for the search for canaries.</summary>
    public string Printed
    {
        get { lock (printed) return printed.ToString(); }
    }

    public static async Task<AuthzNode> Start(string program, World world, IEnumerable<Asker> askers, CancellationToken stop)
    {
        var node = new AuthzNode();
        try
        {
            var file = Path.Combine(node.folder, "world.ndjson");
            await File.WriteAllLinesAsync(file, world.Things.Select(thing => thing.Json.ToJsonString()), stop);
            using (var import = node.Run(program, "import", file))
            {
                var problems = import.StandardError.ReadToEndAsync(stop);
                var errors = await import.StandardOutput.ReadToEndAsync(stop) + await problems;
                await import.WaitForExitAsync(stop);
                if (import.ExitCode != 0) throw new InvalidOperationException($"The world was not imported: {errors}");
            }
            File.Delete(file);
            await node.SetUp(world, askers, stop);
            node.server = node.Run(program, "serve", "--demo", "true", "--set", "mostRequestsOfAccount=1000000", "--set", "mostRequestsOfApplication=1000000", "--set", "mostRequestsOfAddress=1000000", "--set", "mostSignInsOfAddress=100000", "--set", "mostPatientsPerHour=100000");
            node.server.OutputDataReceived += node.Note;
            node.server.ErrorDataReceived += node.Note;
            node.server.BeginOutputReadLine();
            node.server.BeginErrorReadLine();
            using var http = new HttpClient();
            for (var wait = 0; wait < 600; wait++)
            {
                try
                {
                    if ((await http.GetAsync(new Uri($"{node.Address}/health/ready"), stop)).IsSuccessStatusCode) return node;
                }
                catch (HttpRequestException) when (!node.server.HasExited) { }
                await Task.Delay(100, stop);
            }
            throw new TimeoutException("The node did not become ready.");
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    void Note(object sender, DataReceivedEventArgs line)
    {
        lock (printed) printed.AppendLine(line.Data);
    }

    async Task SetUp(World world, IEnumerable<Asker> askers, CancellationToken stop)
    {
        await using var records = await Database.Open(new(Path.Combine(folder, "record.db")), RecordStore.RecordMigrations, stop);
        await using var trust = await Database.Open(new(Path.Combine(folder, "trust.db")), TrustRoom.Migrations, stop);
        await using var store = await RecordStore.Open(records, stop);
        var (sharing, exceptional, tokens) = (new Sharing(trust, store, TimeProvider.System), new ExceptionalAccesses(trust, store, TimeProvider.System), new AccessTokens(trust, TimeProvider.System));
        var number = 0;
        foreach (var choice in world.Choices)
        {
            var id = $"choice-{++number}";
            var kind = choice.Kind switch { "let in" => SharingKind.LetIn, "keep out" => SharingKind.KeepOut, "allow" => SharingKind.Allow, _ => SharingKind.OptOut };
            await sharing.Make(id, kind, $"Patient/{choice.Patient}", choice.Actor, 0, stop, choice.What);
            if (choice.IsEnded) await sharing.End(id, $"Patient/{choice.Patient}", stop);
        }
        foreach (var opened in world.Opened)
        {
            var id = $"opened-{++number}";
            await exceptional.Open(id, opened.IsGlass ? ExceptionalKind.Glass : ExceptionalKind.Declared, $"Practitioner/{opened.Practitioner}", $"Patient/{opened.Patient}", "", opened.IsGlass ? "life-threatening" : "second-opinion", "", stop);
            if (opened.IsEnded) await exceptional.Close(id, $"Practitioner/{opened.Practitioner}", stop);
        }
        foreach (var asker in askers.Where(asker => asker.Kind != "nobody"))
        {
            var (token, secret) = await tokens.Issue(asker.Agent, asker.Kind == "writer" ? Scope.Write : Scope.Read | Scope.Write, "authz", TimeSpan.FromDays(1), stop);
            if (asker.Kind == "refused") await tokens.Revoke(token.Id, null, stop);
            Tokens[asker] = secret;
        }
    }

    Process Run(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, [.. arguments, "--data", folder, "--listen", Address]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder })!;

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (server is { HasExited: false })
        {
            server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync();
        }
        server?.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
