using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tervik.Records.Access;
using Tervik.Records.Indexing;
using Tervik.Storage;
using Tervik.Tests;
using Tervik.Trust;
using Tervik.Trust.AuditLog;
using Tervik.Trust.SealedLog;

namespace Tervik.Bench;

/// <summary>The log of accesses: how fast it is written, sealed, checked and proven; and whether an answer ever left before its access was durable.</summary>
static partial class AuditBench
{
    const int Writers = 4096, Proofs = 2000, Readers = 8;

    sealed record Line(string Name, double Seconds, double PerSecond, double Ratio);

    public static async Task<int> Run(string[] options)
    {
        var events = int.Parse(RecordBench.Option(options, "--events") ?? "1000000", CultureInfo.InvariantCulture);
        var kills = int.Parse(RecordBench.Option(options, "--kills") ?? "20", CultureInfo.InvariantCulture);
        var complete = int.Parse(RecordBench.Option(options, "--complete") ?? "0", CultureInfo.InvariantCulture);
        using var cluster = RecordBench.Cluster(options);
        var folder = Directory.CreateTempSubdirectory("tervik-bench-").FullName;
        try
        {
            List<Line> lines = events == 0 ? [] : await Log(folder, RecordBench.Connection(options, cluster), events);
            var killed = kills == 0 ? 0 : await Kill(folder, RecordBench.Connection(options, cluster), kills);
            var wrong = complete == 0 ? 0 : await Complete(folder, RecordBench.Connection(options, cluster), complete);
            if (RecordBench.Option(options, "--json") is { } file) await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { events, lines, kills, killed, complete, wrong }));
            return killed + wrong == 0 ? 0 : 2;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static AccessEvent Access(Keys keys, int number) => new($"Practitioner/{number % 997}", new("read", "Observation", $"patient-{number % 5003}-laboratory-{number}"), null,
        [new($"Observation/patient-{number % 5003}-laboratory-{number}", [keys.Reference($"Patient/patient-{number % 5003}")])], 200);

    static async Task<List<Line>> Log(string folder, string? connection, int events)
    {
        var (keys, stop) = (new Keys(7), CancellationToken.None);
        await using var database = await Database.Open(new(connection ?? Path.Combine(folder, "log.db"), 2), TrustRoom.Migrations, stop);
        await using var log = new AccessLog(database, keys, TimeProvider.System);
        using var seal = new AccessSeal(database, folder, TimeProvider.System);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{events} events, {(connection is null ? "SQLite" : "PostgreSQL")}"));
        var lines = new List<Line>();
        var limit = 0.0;
        // The machine's limit: the hashes of the leaves and of the tree alone, on all cores.
        limit = await Time("hashes alone (the limit)", events, () =>
        {
            Parallel.For(0, events, static _ =>
            {
                Span<byte> input = stackalloc byte[128];
                for (var hash = 0; hash < 11; hash++) SHA256.HashData(input, input);
            });
            return Task.CompletedTask;
        });
        await Time("written, each durable", events, async () =>
        {
            var next = -1;
            await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(async () =>
            {
                while (Interlocked.Increment(ref next) is var number && number < events) await log.Append(Access(keys, number), AccessOrigin.Unknown, stop);
            })));
        });
        await Time("sealed", events, () => seal.Seal(stop));
        await log.Read(new(Agent: "Practitioner/1"), stop); // the indices are complete from here
        SealReport? report = null;
        await Time("checked whole (audit verify)", events, async () => report = await new SealVerification(database, keys).Run(seal, [], stop));
        if (report!.Findings.Count > 0) throw new InvalidOperationException(report.Findings[0]);
        var head = (await seal.Newest(stop))!;
        var asked = new List<LoggedAccess>();
        for (var patient = 0; asked.Count < Proofs; patient++) asked.AddRange(await log.Read(new(Compartment: keys.Reference($"Patient/patient-{patient}"), Count: 50), stop));
        await Time("proven, 50 at a time", asked.Count, async () =>
        {
            foreach (var page in asked.Chunk(50)) await seal.Prove(head, page.Select(access => access.Event), 0, stop);
        });
        var checkpoint = Checkpoint.Parse(head.Note);
        var (inclusions, _) = await seal.Prove(head, asked.Select(access => access.Event), 0, stop);
        var leaves = inclusions.ToDictionary(one => one.Key, one => one.Value);
        var first = leaves.First();
        var leaf = MerkleTree.Leaf((await seal.Entries(first.Value.Leaf / MerkleTree.TileWidth, stop))![(int)(first.Value.Leaf % MerkleTree.TileWidth)]);
        await Time("a proof checked", 100_000, () =>
        {
            for (var i = 0; i < 100_000; i++)
                if (!MerkleTree.IsIncluded(first.Value.Leaf, checkpoint.Size, leaf, first.Value.Path, checkpoint.Root)) throw new InvalidOperationException("A proof does not hold.");
            return Task.CompletedTask;
        });
        return lines;

        async Task<double> Time(string name, int count, Func<Task> work)
        {
            var watch = Stopwatch.StartNew();
            await work();
            var line = new Line(name, watch.Elapsed.TotalSeconds, count / watch.Elapsed.TotalSeconds, limit == 0 ? 1 : count / watch.Elapsed.TotalSeconds / limit);
            if (lines.Count == 0) Console.WriteLine($"{"",-32}{"seconds",10}{"per second",14}{"ratio",8}");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-32}{line.Seconds,10:0.00}{line.PerSecond,14:N0}{line.Ratio,8:0.00}"));
            lines.Add(line);
            return line.PerSecond;
        }
    }

    /// <summary>SIGKILL at random moments while clients read: each answer of which a byte came is in the log, once, and the log verifies.</summary>
    static async Task<int> Kill(string parent, string? database, int kills)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "../../../tervik/tervik");
        if (!File.Exists(program)) return RecordBench.Fail("The program is not built: run ./tervik bench audit.");
        var folder = Directory.CreateDirectory(Path.Combine(parent, "killed")).FullName;
        string[] place = database is null ? ["--data", folder, "--demo", "false"] : ["--data", folder, "--demo", "false", "--database", database];
        var token = (await RecordBench.Output(program, ["token", "client/audit", .. place])).Trim();
        var (answered, random) = (new ConcurrentDictionary<string, bool>(), new Random(42));
        for (var kill = 0; kill < kills; kill++)
        {
            var address = $"http://127.0.0.1:{RecordBench.FreePort()}";
            using var server = RecordBench.Start(program, ["serve", "--listen", address, .. place]);
            await RecordBench.Ready(address + "/health/ready");
            if (kill == 0) await Put(address, token);
            using var stop = new CancellationTokenSource();
            var clients = Enumerable.Range(0, Readers).Select(_ => Read(address, token, answered, stop.Token)).ToList();
            await Task.Delay(random.Next(20, 1500));
            server.Kill(entireProcessTree: true);
            await stop.CancelAsync();
            await Task.WhenAll(clients);
            await server.WaitForExitAsync();
            if (!Console.IsOutputRedirected) Console.Write(string.Create(CultureInfo.InvariantCulture, $"\r{kill + 1} of {kills} kills, {answered.Count} answers"));
        }
        var logged = new Dictionary<string, int>(StringComparer.Ordinal);
        await using (var trust = await Database.Open(new(database ?? Path.Combine(folder, "trust.db"), 2), TrustRoom.Migrations, CancellationToken.None))
            await trust.Read(async session =>
            {
                await using var rows = await session.Query("SELECT query FROM access_event WHERE query IS NOT NULL");
                while (await rows.Read())
                    if (Mark().Match(rows.Text(0)!) is { Success: true } mark) logged[mark.Value] = logged.GetValueOrDefault(mark.Value) + 1;
                return 0;
            }, CancellationToken.None);
        var missing = answered.Keys.Count(mark => logged.GetValueOrDefault(mark) != 1);
        var verified = (await RecordBench.Output(program, ["audit", "verify", .. place])).Trim();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\r{kills} kills, {answered.Count} answers of which a byte left, {logged.Count} accesses in the log: {missing} answers not logged exactly once"));
        Console.WriteLine(verified);
        return missing + (verified.Contains(", 0 findings", StringComparison.Ordinal) ? 0 : 1);
    }

    /// <summary>Clients that count of whom they received anything, over all ways of asking; each patient's log holds each of these accesses once.</summary>
    static async Task<int> Complete(string parent, string? database, int requests)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "../../../tervik/tervik");
        if (!File.Exists(program)) return RecordBench.Fail("The program is not built: run ./tervik bench audit.");
        var folder = Directory.CreateDirectory(Path.Combine(parent, "complete")).FullName;
        string[] place = database is null ? ["--data", folder] : ["--data", folder, "--database", database];
        var address = $"http://127.0.0.1:{RecordBench.FreePort()}";
        using var server = RecordBench.Start(program, ["serve", "--listen", address, "--demo", "true", "--set", "demoPatients=15", .. place]);
        try
        {
            await RecordBench.Ready(address + "/health/ready");
            var client = new CountingClient(address, (await RecordBench.Output(program, ["token", "client/counting", .. place])).Trim(), (await RecordBench.Output(program, ["token", CountingClient.Doctor, .. place])).Trim());
            await client.Prepare();
            var watch = Stopwatch.StartNew();
            await client.Ask(requests, Readers, seed: 42);
            var asked = watch.Elapsed.TotalSeconds;
            var counted = await client.Compare();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{counted.Requests} answers in {asked:0} s held data of a patient {counted.Accesses} times; their logs hold {counted.Events} events of them; {counted.Wrong.Count} differences"));
            foreach (var (way, accesses) in counted.ByWay.OrderBy(one => one.Key, StringComparer.Ordinal)) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {way,-28}{accesses,8}"));
            foreach (var difference in counted.Wrong.Take(20)) Console.WriteLine($"  {difference}");
            return counted.Wrong.Count;
        }
        finally
        {
            server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync();
        }
    }

    static HttpClient Http(string address, string token)
    {
        var http = new HttpClient { BaseAddress = new Uri(address + "/fhir/") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return http;
    }

    static async Task Put(string address, string token)
    {
        using var http = Http(address, token);
        using var body = new StringContent("""{"resourceType":"Patient","id":"audit","active":true}""", Encoding.UTF8, "application/fhir+json");
        (await http.PutAsync(new Uri("Patient/audit", UriKind.Relative), body)).EnsureSuccessStatusCode();
    }

    static async Task Read(string address, string token, ConcurrentDictionary<string, bool> answered, CancellationToken stop)
    {
        using var http = Http(address, token);
        while (!stop.IsCancellationRequested)
            try
            {
                var mark = Guid.NewGuid().ToString("N");
                // The first byte counts, whether the rest comes or not.
                using var answer = await http.GetAsync(new Uri($"Patient?_id=audit&_tag:not=mark{mark}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, stop);
                if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"A read answered {(int)answer.StatusCode}.");
                answered[$"mark{mark}"] = true;
                await answer.Content.ReadAsByteArrayAsync(stop);
            }
            catch (Exception cut) when (cut is HttpRequestException or OperationCanceledException or IOException)
            {
                return; // the server is gone
            }
    }

    [GeneratedRegex("mark[0-9a-f]{32}")]
    private static partial Regex Mark();
}
