using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Tervik.EndToEnd;

/// <summary>The program as an operator starts it: a process of its own, on an empty folder with the sample nation.</summary>
public sealed class Node : IAsyncLifetime
{
    /// <summary>A folder in which the sample nation is stored already: nodes of the usual settings begin with a copy of it, as storing it takes longer than starting.</summary>
    static readonly Lazy<Task<string>> Nation = new(MakeNation);

    readonly StringBuilder output = new();
    readonly ConcurrentDictionary<(string Agent, string Scope), Lazy<Task<string>>> tokens = new();
    Process? server;

    /// <summary>Where its data lies.</summary>
    public string Folder { get; init; } = Directory.CreateTempSubdirectory("tervik-e2e-").FullName;

    /// <summary>Further settings, each <c>name=value</c>; <c>{port}</c> stands for the port it listens on.</summary>
    public string[] Others { get; init; } = [];

    /// <summary>Variables of its environment.</summary>
    public (string Name, string Value)[] Variables { get; init; } = [];

    /// <summary>One machine is all accounts and networks here: only tests of the limits meet them.</summary>
    static readonly string[] Unlimited = [.. ((string[])["mostRequestsOfAccount", "mostRequestsOfApplication", "mostRequestsOfAddress", "mostSignInsOfAddress", "mostPatientsPerHour"]).Select(name => $"{name}=1000000")];

    /// <summary>What it runs.</summary>
    public string[] Command { get; init; } = ["serve"];

    public string Address { get; } = $"http://127.0.0.1:{FreePort()}";

    static async Task<string> MakeNation()
    {
        var folder = Directory.CreateTempSubdirectory("tervik-nation-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        using var made = Process.Start(new ProcessStartInfo(Program, ["demo", "--data", folder]) { RedirectStandardOutput = true })!;
        await made.StandardOutput.ReadToEndAsync();
        await made.WaitForExitAsync();
        return made.ExitCode == 0 ? folder : throw new InvalidOperationException($"tervik demo ended with {made.ExitCode}.");
    }

    public async ValueTask InitializeAsync()
    {
        // Keys are each node's own.
        if (Command is ["serve"] && Others.Length == 0 && Variables.Length == 0 && !Directory.EnumerateFileSystemEntries(Folder).Any())
            foreach (var file in Directory.GetFiles(await Nation.Value, "*.db*")) File.Copy(file, Path.Combine(Folder, Path.GetFileName(file)));
        server = Start(Command);
        // Read all the time: a full pipe would hold the program up.
        foreach (var stream in (StreamReader[])[server.StandardOutput, server.StandardError]) _ = Keep(stream);
        using var http = new HttpClient();
        for (var wait = 0; wait < 1200; wait++)
        {
            try
            {
                if ((await http.GetAsync(new Uri($"{Address}/health/ready"))).IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                if (server.HasExited) throw new InvalidOperationException($"The server ended with {server.ExitCode}: {Output}");
            }
            await Task.Delay(100);
        }
        throw new TimeoutException("The server did not become ready.");
    }

    async Task Keep(StreamReader stream)
    {
        while (await stream.ReadLineAsync() is { } line)
            lock (output) output.AppendLine(line);
    }

    /// <summary>Files and sockets it holds open, as Linux counts them.</summary>
    public int Handles => Directory.GetFileSystemEntries($"/proc/{server!.Id}/fd").Length;

    /// <summary>What the server has printed so far: its log.</summary>
    public string Output
    {
        get { lock (output) return output.ToString(); }
    }

    /// <summary>A FHIR client with a token of this agent, the same for all of them.</summary>
    public async Task<HttpClient> Client(string agent, string scope = "readwrite")
    {
        var client = new HttpClient { BaseAddress = new Uri($"{Address}/fhir/") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await tokens.GetOrAdd((agent, scope), _ => new(() => Token(agent, scope))).Value);
        return client;
    }

    /// <summary>A new token of this agent.</summary>
    public async Task<string> Token(string agent, string scope = "readwrite")
    {
        using var issue = Start("token", agent, "--scope", scope);
        var token = (await issue.StandardOutput.ReadToEndAsync()).Trim();
        await issue.WaitForExitAsync();
        return token;
    }

    /// <summary>Runs a command of the program on the same data, while the node serves.</summary>
    /// <returns>Its exit code and what it printed.</returns>
    public async Task<(int Code, string Output)> Run(params string[] arguments)
    {
        using var process = Start(arguments);
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }

    /// <summary>Starts a command of the program on the same data.</summary>
    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Program, [.. arguments, "--data", Folder, "--listen", Address, .. Unlimited.Concat(Others).SelectMany(one => new[] { "--set", one.Replace("{port}", $"{new Uri(Address).Port}", StringComparison.Ordinal) })])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder,
        };
        foreach (var (name, value) in Variables) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>The program that is tested.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "tervik");

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>kill -9; <see cref="InitializeAsync"/> starts it again.</summary>
    public async Task Kill()
    {
        if (server is { HasExited: false })
        {
            server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync();
        }
        server?.Dispose();
        server = null;
    }

    public async ValueTask DisposeAsync()
    {
        await Kill();
        if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
    }
}
