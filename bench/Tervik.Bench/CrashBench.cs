using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Tervik.Bench;

/// <summary><c>kill -9</c> during a mixed load, again and again; then every answer the clients got is held against the store.</summary>
static class CrashBench
{
    const int Clients = 8;
    /// <summary>Each life of the server lasts so long at least and at most, after it is ready.</summary>
    const int ShortestMs = 200, LongestMs = 1600;

    /// <summary>What a client was told: the resource and its version.</summary>
    static readonly ConcurrentDictionary<string, int> Acknowledged = new(StringComparer.Ordinal);
    /// <summary>Transactions by their mark: acknowledged, or sent and cut off.</summary>
    static readonly ConcurrentDictionary<string, bool> Transactions = new(StringComparer.Ordinal);

    public static async Task<int> Run(string[] options)
    {
        var kills = int.Parse(RecordBench.Option(options, "--kills") ?? "20", CultureInfo.InvariantCulture);
        using var cluster = RecordBench.Cluster(options);
        var database = RecordBench.Connection(options, cluster);
        var program = Path.Combine(AppContext.BaseDirectory, "../../../tervik/tervik");
        if (!File.Exists(program)) return RecordBench.Fail("The program is not built: run ./tervik bench crash.");
        var folder = Directory.CreateTempSubdirectory("tervik-crash-").FullName;
        string[] place = database is null ? ["--data", folder, "--demo", "false"] : ["--data", folder, "--demo", "false", "--database", database];
        try
        {
            var token = (await RecordBench.Output(program, ["token", "client/crash", .. place])).Trim();
            var random = new Random(42);
            for (var kill = 0; kill < kills; kill++)
            {
                await Life(program, place, token, random.Next(ShortestMs, LongestMs));
                if (!Console.IsOutputRedirected) Console.Write(string.Create(CultureInfo.InvariantCulture, $"\r{kill + 1} of {kills} kills, {Acknowledged.Count} resources acknowledged"));
            }
            Console.WriteLine();
            var wrong = await Check(program, place, token);
            var verify = (await RecordBench.Output(program, ["verify", .. place])).Trim();
            Console.WriteLine(verify);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kills} kills, {Acknowledged.Count} acknowledged resources, {Transactions.Count} transactions: {wrong} lost, doubled or half"));
            return wrong == 0 && verify.EndsWith(" 0 findings", StringComparison.Ordinal) ? 0 : 2;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>One life of the server, ended by SIGKILL in the middle of the load.</summary>
    static async Task Life(string program, string[] place, string token, int ms)
    {
        var address = $"http://127.0.0.1:{RecordBench.FreePort()}";
        using var server = RecordBench.Start(program, ["serve", "--listen", address, .. place]);
        await RecordBench.Ready(address + "/health/ready");
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Clients).Select(number => Client(address, token, number, stop.Token)).ToList();
        await Task.Delay(ms);
        server.Kill(entireProcessTree: true); // SIGKILL
        await stop.CancelAsync();
        await Task.WhenAll(clients);
        await server.WaitForExitAsync();
    }

    static async Task Client(string address, string token, int number, CancellationToken stop)
    {
        using var http = Http(address, token);
        var random = new Random(number + Environment.TickCount);
        while (!stop.IsCancellationRequested)
            try
            {
                var own = Acknowledged.Keys.FirstOrDefault(key => key.StartsWith($"Observation/c{number}-", StringComparison.Ordinal));
                if (random.Next(3) == 0) await Transaction(http, stop);
                else if (own is not null && random.Next(3) == 0) await Put(http, own, stop);
                else await Put(http, $"Observation/c{number}-{Guid.NewGuid():N}", stop);
            }
            catch (Exception cut) when (cut is HttpRequestException or OperationCanceledException or IOException)
            {
                return; // the server is gone: nothing was acknowledged
            }
    }

    static HttpClient Http(string address, string token)
    {
        var http = new HttpClient { BaseAddress = new Uri(address + "/fhir/") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return http;
    }

    static StringContent Json(string text) => new(text, Encoding.UTF8, "application/fhir+json");

    static async Task Put(HttpClient http, string name, CancellationToken stop)
    {
        using var answer = await http.PutAsync(new Uri(name, UriKind.Relative), Json($$$"""{"resourceType":"Observation","id":"{{{name[12..]}}}","status":"final","code":{"text":"crash"}}"""), stop);
        if (!answer.IsSuccessStatusCode) return;
        var version = int.Parse(answer.Headers.ETag!.Tag.Trim('"'), CultureInfo.InvariantCulture);
        Acknowledged.AddOrUpdate(name, version, (_, known) => Math.Max(known, version));
    }

    static async Task Transaction(HttpClient http, CancellationToken stop)
    {
        var mark = Guid.NewGuid().ToString("N");
        Transactions[mark] = false;
        var entries = Enumerable.Range(0, 3).Select(part => $$$"""{"resource":{"resourceType":"Basic","identifier":[{"system":"urn:crash","value":"{{{mark}}}"}],"code":{"text":"part {{{part}}}"}},"request":{"method":"POST","url":"Basic"}}""");
        using var answer = await http.PostAsync(new Uri("", UriKind.Relative), Json($$$"""{"resourceType":"Bundle","type":"transaction","entry":[{{{string.Join(',', entries)}}}]}"""), stop);
        if (answer.IsSuccessStatusCode) Transactions[mark] = true;
    }

    /// <summary>Counts what is lost, doubled or half.</summary>
    static async Task<int> Check(string program, string[] place, string token)
    {
        var address = $"http://127.0.0.1:{RecordBench.FreePort()}";
        using var server = RecordBench.Start(program, ["serve", "--listen", address, .. place]);
        await RecordBench.Ready(address + "/health/ready");
        using var http = Http(address, token);
        var wrong = 0;
        foreach (var (name, version) in Acknowledged)
        {
            using var answer = await http.GetAsync(new Uri(name, UriKind.Relative));
            // A later write may have been made durable without its answer getting through.
            if (answer.StatusCode != HttpStatusCode.OK || int.Parse(answer.Headers.ETag!.Tag.Trim('"'), CultureInfo.InvariantCulture) < version) wrong++;
        }
        foreach (var (mark, isAcknowledged) in Transactions)
        {
            using var found = JsonDocument.Parse(await http.GetStringAsync(new Uri($"Basic?identifier=urn:crash%7C{mark}&_summary=count", UriKind.Relative)));
            var count = found.RootElement.GetProperty("total").GetInt32();
            if (count != 3 && (isAcknowledged || count != 0)) wrong++;
        }
        server.Kill(entireProcessTree: true);
        await server.WaitForExitAsync();
        return wrong;
    }
}
