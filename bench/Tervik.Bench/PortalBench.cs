using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tervik.Portal.Shell;
using Tervik.Records.Resources;
using Tervik.Records.Rest;
using Tervik.Storage;
using Tervik.Trust;
using Tervik.Authz;
using Tervik.DemoPortal;

namespace Tervik.Bench;

/// <summary>The portal's pages for a patient with a long record in a nation of thousands, beside the same pages with the store's reads stubbed out.</summary>
static partial class PortalBench
{
    /// <summary>One page.</summary>
    /// <param name="Name">What it is.</param>
    /// <param name="P50Ms">Time of half of the answers, one request at a time: the server's time and the way over loopback.</param>
    /// <param name="P99Ms">Of 99 in 100.</param>
    /// <param name="PerSecond">Pages per second with <see cref="Connections"/> readers at once.</param>
    /// <param name="StubbedPerSecond">The same with the store's reads stubbed out.</param>
    /// <param name="Ratio">Of the two.</param>
    /// <param name="Failures">Answers other than 200.</param>
    /// <param name="Kilobytes">Size of the page.</param>
    sealed record PageLine(string Name, double P50Ms, double P99Ms, double PerSecond, double StubbedPerSecond, double Ratio, long Failures, double Kilobytes);

    const int Connections = 8, WarmSeconds = 1;
    static readonly string[] Both = ["timeline", "results", "conditions", "medication", "allergies", "vaccinations", "procedures", "imaging", "documents", "encounters", "referrals", "care-team", "wishes", "access", "download"];

    public static async Task<int> Run(string[] options)
    {
        var patients = RecordBench.Option(options, "--patients") ?? "5000";
        var seconds = int.Parse(RecordBench.Option(options, "--seconds") ?? "3", CultureInfo.InvariantCulture);
        var program = Path.Combine(AppContext.BaseDirectory, "../../../tervik/tervik");
        if (!File.Exists(program)) return RecordBench.Fail("The program is not built: run ./tervik bench portal.");
        var folder = RecordBench.Option(options, "--data") ?? Directory.CreateTempSubdirectory("tervik-bench-").FullName;
        try
        {
            if (!File.Exists(Path.Combine(folder, "record.db"))) Console.WriteLine((await RecordBench.Output(program, ["demo", "--patients", patients, "--seed", RecordBench.Option(options, "--seed") ?? "7", "--data", folder])).Trim().Split('\n')[^1]);
            return await Run(program, folder, seconds, RecordBench.Option(options, "--only") ?? "", RecordBench.Option(options, "--json"));
        }
        finally
        {
            if (RecordBench.Option(options, "--data") is null) Directory.Delete(folder, recursive: true);
        }
    }

    static async Task<int> Run(string program, string folder, int seconds, string only, string? jsonFile)
    {
        var (patient, resources, professional) = await Longest(folder);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Patient/{patient} with {resources} resources, {professional}"));
        var (address, stubbed) = ($"http://127.0.0.1:{RecordBench.FreePort()}", $"http://127.0.0.1:{RecordBench.FreePort()}");
        using var server = RecordBench.Start(program, ["serve", "--listen", address, "--demo", "true", "--data", folder]);
        await RecordBench.Ready(address + "/health/ready");
        using var stub = RecordBench.Start(Environment.ProcessPath!, ["portal-stub", stubbed, folder]);
        await RecordBench.Ready(stubbed + "/sign-in");
        var lines = new List<PageLine>();
        try
        {
            (string Who, string Reference, string[] Pages)[] faces =
            [
                ("patient", $"Patient/{patient}", ["/", .. Both.Select(page => $"/patients/{patient}/{page}"), $"/patients/{patient}/sharing", $"/patients/{patient}/family", $"/patients/{patient}/details", "/account"]),
                ("professional", professional, ["/", "/patients", "/tasks", "/go?q=a", $"/patients/{patient}", $"/patients/{patient}/flowsheet", $"/patients/{patient}/handover", .. Both.Select(page => $"/patients/{patient}/{page}"),
                    $"/patients/{patient}/new/prescription", $"/patients/{patient}/new/note"]),
            ];
            foreach (var (who, reference, pages) in faces)
            {
                var (cookie, stubCookie) = (await SignIn(address, reference), await SignIn(stubbed, reference));
                foreach (var page in pages)
                {
                    var name = $"{who} {(page == $"/patients/{patient}" ? "chart" : page.Replace($"/patients/{patient}", "", StringComparison.Ordinal))}";
                    if (!name.Contains(only, StringComparison.Ordinal)) continue;
                    var alone = await Load(address + Sealed(page, cookie), cookie, 1, seconds);
                    var many = await Load(address + Sealed(page, cookie), cookie, Connections, seconds);
                    var without = await Load(stubbed + Sealed(page, stubCookie), stubCookie, Connections, seconds);
                    lines.Add(new(name, alone.P50Ms, alone.P99Ms, many.PerSecond, without.PerSecond, many.PerSecond / Math.Max(1, without.PerSecond), alone.Failures + many.Failures + without.Failures, alone.Kilobytes));
                    Print(lines[^1]);
                }
            }
        }
        finally
        {
            server.Kill(entireProcessTree: true);
            stub.Kill(entireProcessTree: true);
        }
        if (jsonFile is not null) await File.WriteAllTextAsync(jsonFile, JsonSerializer.Serialize(new { patient, resources, lines }));
        return lines.Exists(line => line.Failures > 0) ? 2 : 0;
    }

    static bool headed;

    static void Print(PageLine line)
    {
        if (!headed) Console.WriteLine($"{"",-32}{"p50 ms",9}{"p99 ms",9}{"pages/s",9}{"stubbed",9}{"ratio",7}{"KB",7}{"failed",8}");
        headed = true;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{line.Name,-32}{line.P50Ms,9:0.0}{line.P99Ms,9:0.0}{line.PerSecond,9:0}{line.StubbedPerSecond,9:0}{line.Ratio,7:0.00}{line.Kilobytes,7:0}{line.Failures,8}"));
    }

    /// <summary>The patient with the most resources, and a professional who treats them.</summary>
    static async Task<(string Patient, long Resources, string Professional)> Longest(string folder)
    {
        await using var database = await Database.Open(new(Path.Combine(folder, "record.db")), RecordStore.RecordMigrations, CancellationToken.None);
        await using var store = await RecordStore.Open(database, CancellationToken.None);
        return await database.Read(async session =>
        {
            long compartment, count;
            await using (var rows = await session.Query("SELECT comp, count(*) AS n FROM res WHERE comp > 0 OR comp < -1 GROUP BY comp ORDER BY n DESC LIMIT 1"))
            {
                await rows.Read();
                (compartment, count) = (rows.Int64(0), rows.Int64(1));
            }
            string patient;
            await using (var rows = await session.Query("SELECT id FROM res WHERE rid = $1", compartment))
            {
                await rows.Read();
                patient = rows.Text(0)!;
            }
            await using var encounters = await session.Query("SELECT body FROM res WHERE comp = $1 AND type = 'Encounter' ORDER BY pk DESC LIMIT 20", compartment);
            while (await encounters.Read())
                if (Professional().Match(System.Text.Encoding.UTF8.GetString(encounters.Bytes(0))) is { Success: true } found) return (patient, count, found.Value);
            throw new InvalidOperationException($"Nobody treats Patient/{patient}.");
        }, CancellationToken.None);
    }

    // What is searched for is sealed by the session.
    static string Sealed(string page, string cookie) => SealedSearch.Address(page, cookie.Split("; ").Select(one => one.Split('=', 2)).First(one => one[0] == "tervik-session")[1]);

    internal static async Task<string> SignIn(string address, string reference)
    {
        using var handler = new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() };
        using var http = new HttpClient(handler) { BaseAddress = new Uri(address) };
        var page = await http.GetStringAsync(new Uri("/sign-in", UriKind.Relative));
        using var form = new FormUrlEncodedContent([new("form-token", FormToken().Match(page).Groups[1].Value), new("to", "/"), new("person", reference)]);
        using var answer = await http.PostAsync(new Uri("/sign-in", UriKind.Relative), form);
        return handler.CookieContainer.GetCookieHeader(new Uri(address)) is { Length: > 0 } cookie && answer.StatusCode == HttpStatusCode.Redirect ? cookie
            : throw new InvalidOperationException($"Signing in as {reference} answered {(int)answer.StatusCode}.");
    }

    internal readonly record struct Measured(double P50Ms, double P99Ms, double PerSecond, long Failures, double Kilobytes);

    /// <summary>Asks for one page again and again, each reader one request at a time.</summary>
    internal static async Task<Measured> Load(string page, string cookie, int readers, int seconds)
    {
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = readers, UseCookies = false });
        http.DefaultRequestHeaders.Add("Cookie", cookie);
        var (times, failures, bytes) = (new List<double>(), 0L, 0L);
        await Ask(WarmSeconds, keep: false);
        var watch = Stopwatch.StartNew();
        await Ask(seconds, keep: true);
        var elapsed = watch.Elapsed.TotalSeconds;
        times.Sort();
        return new(times[times.Count / 2], times[(int)(times.Count * 0.99)], times.Count / elapsed, failures, bytes / 1024.0);

        Task Ask(int time, bool keep) => Task.WhenAll(Enumerable.Range(0, readers).Select(_ => Task.Run(async () =>
        {
            var until = Stopwatch.StartNew();
            while (until.Elapsed.TotalSeconds < time)
            {
                var start = Stopwatch.GetTimestamp();
                using var answer = await http.GetAsync(new Uri(page));
                var body = await answer.Content.ReadAsByteArrayAsync();
                var took = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                if (!keep) continue;
                lock (times)
                {
                    times.Add(took);
                    bytes = body.Length;
                    if (answer.StatusCode != HttpStatusCode.OK) failures++;
                }
            }
        })));
    }

    /// <summary>The portal over a copy of nothing but memory: <see cref="RememberedDatabase"/>. Sessions and the access log are real.</summary>
    public static async Task<int> ServeStubbed(string address, string folder)
    {
        await using var database = new RememberedDatabase(await Database.Open(new(Path.Combine(folder, "record.db")), RecordStore.RecordMigrations, CancellationToken.None));
        await using var store = await RecordStore.Open(database, CancellationToken.None);
        await using var trust = await Database.Open(new(Path.Combine(folder, "trust.db")), TrustRoom.Migrations, CancellationToken.None);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(address);
        builder.Logging.ClearProviders();
        builder.Services.AddRecords(store, new RestSettings());
        builder.Services.AddTrust(trust, new TrustSettings { Folder = folder });
        builder.Services.AddPortal();
        builder.Services.AddDemonstration([]);
        await using var app = builder.Build();
        app.UsePortal();
        app.MapPortal();
        app.MapDemonstration();
        await app.RunAsync();
        return 0;
    }

    [GeneratedRegex("Practitioner/[A-Za-z0-9.-]+")]
    private static partial Regex Professional();

    [GeneratedRegex("name=\"form-token\" value=\"([^\"]+)\"")]
    private static partial Regex FormToken();
}
