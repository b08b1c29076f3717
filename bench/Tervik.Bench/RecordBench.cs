using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tervik.Tests;

namespace Tervik.Bench;

/// <summary>One line of the table.</summary>
/// <param name="Name">What was asked.</param>
/// <param name="PerSecond">Answers per second.</param>
/// <param name="P50Ms">Half of the answers came within so many milliseconds.</param>
/// <param name="P99Ms">99 of 100.</param>
/// <param name="Failures">Answers other than 2xx.</param>
/// <param name="Ratio">To the bare server of the same run.</param>
sealed record Line(string Name, double PerSecond, double P50Ms, double P99Ms, long Failures, double Ratio);

/// <summary>The record under load over HTTP, by wrk on the same machine.</summary>
static partial class RecordBench
{
    const int Connections = 32, PatientResources = 64, ManyResources = 1000;
    /// <summary>Load before the measurement, so that the code has been compiled for it.</summary>
    const int WarmSeconds = 4;

    /// <summary>What wrk sends to create an observation.</summary>
    public const string CreateObservation = "local n = math.random(0, 1000000); wrk.headers['Content-Type'] = 'application/fhir+json'; return wrk.format('POST', '/fhir/Observation', nil, '{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"c1\",\"display\":\"Test 1\"}]},\"subject\":{\"reference\":\"Patient/p' .. (n % 100) .. '\"},\"effectiveDateTime\":\"2026-01-02T03:04:05Z\",\"valueQuantity\":{\"value\":' .. n .. ',\"unit\":\"mg\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"mg\"}}')";

    public static async Task<int> Run(string[] options)
    {
        var resources = int.Parse(Option(options, "--resources") ?? "10000", CultureInfo.InvariantCulture);
        var seconds = int.Parse(Option(options, "--seconds") ?? "5", CultureInfo.InvariantCulture);
        if (!OnPath("wrk")) return Fail("wrk is missing (Debian: wrk).");
        var program = Path.Combine(AppContext.BaseDirectory, "../../../tervik/tervik");
        if (!File.Exists(program)) return Fail("The program is not built: run ./tervik bench record.");
        var folder = Directory.CreateTempSubdirectory("tervik-bench-").FullName;
        try
        {
            if (Option(options, "--beside") is { } other) return await BesideBench.Run(program, other, folder, int.Parse(Option(options, "--rounds") ?? "8", CultureInfo.InvariantCulture), seconds, Option(options, "--json"));
            using var cluster = Cluster(options);
            return await Run(program, folder, resources, seconds, Connection(options, cluster), Option(options, "--synthea"), Option(options, "--json"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A PostgreSQL of its own for <c>--engine postgresql</c>, with fsync on.</summary>
    /// <exception cref="InvalidOperationException">The engine is unknown, or PostgreSQL is not installed.</exception>
    public static PostgreSqlCluster? Cluster(string[] options) => Option(options, "--engine") switch
    {
        null or "sqlite" => null,
        "postgresql" => PostgreSqlCluster.Start(isDurable: true) ?? throw new InvalidOperationException("PostgreSQL 15 or later is not installed (Debian: postgresql)."),
        var other => throw new InvalidOperationException($"There is no engine {other}: sqlite or postgresql was expected."),
    };

    /// <summary>Connection string of PostgreSQL, or null for SQLite.</summary>
    public static string? Connection(string[] options, PostgreSqlCluster? cluster) => Option(options, "--database") ?? cluster?.NewDatabase();

    public static string? Option(string[] options, string name) => Array.IndexOf(options, name) is var at and >= 0 && at + 1 < options.Length ? options[at + 1] : null;

    static bool OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    public static int Fail(string message)
    {
        Console.Error.WriteLine(message);
        return 1;
    }

    static async Task<int> Run(string program, string folder, int resources, int seconds, string? database, string? synthea, string? jsonFile)
    {
        string[] place = database is null ? ["--data", folder] : ["--data", folder, "--database", database];
        var patients = Math.Max(1, resources / PatientResources);
        var ndjson = Path.Combine(folder, "nation.ndjson");
        await File.WriteAllLinesAsync(ndjson, Nation(patients));
        var watch = Stopwatch.StartNew();
        var import = await Output(program, ["import", ndjson, .. place]);
        Console.WriteLine(import.Trim().Split('\n')[^1]);
        File.Delete(ndjson);

        var token = (await Output(program, ["token", "client/bench", .. place])).Trim();
        var address = $"http://127.0.0.1:{FreePort()}";
        watch.Restart();
        using var server = Start(program, ["serve", "--listen", address, .. place]);
        await Ready(address + "/health/ready");
        var startMs = watch.ElapsedMilliseconds;
        using var http = new HttpClient { BaseAddress = new Uri(address + "/fhir/") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var sample = Path.Combine(folder, "sample.json");
        await File.WriteAllBytesAsync(sample, await http.GetByteArrayAsync(new Uri("Observation/p0-o0", UriKind.Relative)));

        var lines = new List<Line>();
        var bareAddress = $"http://127.0.0.1:{FreePort()}";
        using (var bare = Start(Environment.ProcessPath!, ["bare", bareAddress, sample]))
        {
            await Ready(bareAddress);
            lines.Add(await Wrk("bare Kestrel, same bytes", bareAddress, "return wrk.format('GET', '/')", token, seconds, folder, 0));
            bare.Kill(entireProcessTree: true);
        }
        var limit = lines[0].PerSecond;
        string Pick(string path) => $"local p = math.random(0, {patients - 1}); return wrk.format('GET', '/fhir/' .. {path})";
        var readById = Pick("'Observation/p' .. p .. '-o' .. math.random(0, 49)");
        var unauditedAddress = $"http://127.0.0.1:{FreePort()}";
        using (var unaudited = Start(Environment.ProcessPath!, ["unaudited", unauditedAddress, database ?? Path.Combine(folder, "record.db")]))
        {
            await Ready(unauditedAddress + "/fhir/metadata");
            lines.Add(await Wrk("read by id, no audit", unauditedAddress, readById, token, seconds, folder, limit));
            unaudited.Kill(entireProcessTree: true);
        }
        var reads = new (string Name, string Lua)[]
        {
            ("read by id, audit durable", readById),
            ("patient + code, by date, 20", Pick("'Observation?patient=p' .. p .. '&code=http://loinc.org%7Cc' .. math.random(0, 4) .. '&_sort=-date&_count=20'")),
            ("chain", Pick("'Observation?patient.identifier=urn:bench%7Cn' .. p .. '&_count=10'")),
            ("_has", Pick("'Patient?_has:Encounter:patient:identifier=urn:bench%7Ce' .. p .. '&_count=10'")),
            ("include", Pick("'Encounter?patient=p' .. p .. '&_include=Encounter:patient&_count=10'")),
            ("composite", Pick("'Observation?patient=p' .. p .. '&code-value-quantity=c1$gt50&_count=10'")),
            ("string", Pick("'Patient?family=family' .. p .. '&_count=10'")),
            ("$everything, 64 resources", Pick("'Patient/p' .. p .. '/$everything'")),
        };
        foreach (var (name, lua) in reads) lines.Add(await Wrk(name, address, lua, token, seconds, folder, limit));
        lines.Add(await Wrk($"$everything, {ManyResources}, alone", address, "return wrk.format('GET', '/fhir/Patient/many/$everything')", token, seconds, folder, limit, connections: 1));
        lines.Add(await Wrk("create, validated, indexed", address, CreateObservation, token, seconds, folder, limit));
        var transactions = synthea is null ? null : await Transactions(synthea, http);
        var peakMb = PeakMb(server.Id);
        server.Kill(entireProcessTree: true);
        await server.WaitForExitAsync();

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{resources} resources, {(database is null ? "SQLite, synchronous=FULL" : "PostgreSQL")}, {Connections} connections, load client on the same {Environment.ProcessorCount} cores"));
        Console.WriteLine($"{"",-30}{"per s",9}{"p50 ms",9}{"p99 ms",9}{"ratio",8}{"failed",8}");
        foreach (var line in lines) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{line.Name,-30}{line.PerSecond,9:0}{line.P50Ms,9:0.0}{line.P99Ms,9:0.0}{line.Ratio,8:0.00}{line.Failures,8}"));
        if (transactions is not null) Console.WriteLine(transactions);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"start {startMs} ms, peak memory {peakMb} MB"));
        if (jsonFile is not null) await File.WriteAllTextAsync(jsonFile, JsonSerializer.Serialize(new { resources, engine = database is null ? "sqlite" : "postgresql", startMs, peakMb, import = import.Trim(), transactions, lines }));
        return lines.Exists(line => line.Failures > 0) ? 2 : 0;
    }

    /// <summary>Patients with 50 observations, encounters and conditions each; deterministic.</summary>
    public static IEnumerable<string> Nation(int patients)
    {
        yield return """{"resourceType":"Patient","id":"many","name":[{"family":"Many"}]}""";
        for (var o = 1; o < ManyResources; o++) yield return Observation("many", o);
        for (var p = 0; p < patients; p++)
        {
            yield return $$"""{"resourceType":"Patient","id":"p{{p}}","identifier":[{"system":"urn:bench","value":"n{{p}}"}],"name":[{"family":"Family{{p}}","given":["Given{{p % 97}}"]}],"gender":"female","birthDate":"19{{p % 90 + 10}}-03-04"}""";
            for (var e = 0; e < 8; e++)
                yield return $$$"""{"resourceType":"Encounter","id":"p{{{p}}}-e{{{e}}}","identifier":[{"system":"urn:bench","value":"e{{{(e == 0 ? p : patients + p * 8 + e)}}}"}],"status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},"subject":{"reference":"Patient/p{{{p}}}"},"period":{"start":"20{{{10 + e}}}-05-06T07:08:09Z","end":"20{{{10 + e}}}-05-06T07:28:09Z"}}""";
            for (var c = 0; c < 5; c++)
                yield return $$$"""{"resourceType":"Condition","id":"p{{{p}}}-c{{{c}}}","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},"code":{"coding":[{"system":"http://snomed.info/sct","code":"{{{1000 + c}}}","display":"Condition {{{c}}}"}]},"subject":{"reference":"Patient/p{{{p}}}"},"onsetDateTime":"2015-06-0{{{c + 1}}}"}""";
            for (var o = 0; o < 50; o++)
                yield return Observation($"p{p}", o);
        }
    }

    static string Observation(string patient, int o) =>
        $$$"""{"resourceType":"Observation","id":"{{{patient}}}-o{{{o}}}","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"c{{{o % 5}}}","display":"Test {{{o % 5}}}"}],"text":"Test {{{o % 5}}}"},"subject":{"reference":"Patient/{{{patient}}}"},"encounter":{"reference":"Encounter/{{{patient}}}-e{{{o % 8}}}"},"effectiveDateTime":"20{{{10 + o % 15}}}-{{{o % 12 + 1:00}}}-{{{o % 28 + 1:00}}}T08:00:00Z","issued":"20{{{10 + o % 15}}}-{{{o % 12 + 1:00}}}-{{{o % 28 + 1:00}}}T10:00:00.000Z","valueQuantity":{"value":{{{(patient.Length * 7 + o * 13) % 100}}}.5,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"},"note":[{"text":"A line of text, so that the resource is about as long as those of other generators are, and copying it costs what it costs there."}]}""";

    /// <summary>Sends Synthea's transaction bundles, hospitals and practitioners first, four at a time.</summary>
    static async Task<string> Transactions(string folder, HttpClient http)
    {
        var bundles = Directory.EnumerateFiles(folder, "*.json.gz", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file => (IsCommon: Path.GetFileName(file).Contains("Information", StringComparison.Ordinal), Text: Unpacked(file))).ToList();
        var (watch, resources, failed) = (Stopwatch.StartNew(), 0, 0);
        foreach (var part in new[] { bundles.Where(bundle => bundle.IsCommon), bundles.Where(bundle => !bundle.IsCommon) })
            await Parallel.ForEachAsync(part, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (bundle, stop) =>
            {
                using var content = new ByteArrayContent(bundle.Text) { Headers = { ContentType = new("application/fhir+json") } };
                using var answer = await http.PostAsync(new Uri("", UriKind.Relative), content, stop);
                var body = await answer.Content.ReadAsByteArrayAsync(stop);
                if (answer.IsSuccessStatusCode)
                {
                    using var document = JsonDocument.Parse(body);
                    Interlocked.Add(ref resources, document.RootElement.GetProperty("entry").GetArrayLength());
                }
                else
                {
                    Interlocked.Increment(ref failed);
                    Console.WriteLine($"{(int)answer.StatusCode}: {Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 1000)))}");
                }
            });
        return string.Create(CultureInfo.InvariantCulture, $"Synthea transactions: {bundles.Count} bundles, {failed} failed, {resources} resources in {watch.Elapsed.TotalSeconds:0.0} s, {resources / watch.Elapsed.TotalSeconds:0} resources/s");
    }

    static byte[] Unpacked(string file)
    {
        using var stream = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }

    public static async Task<Line> Wrk(string name, string address, string lua, string token, int seconds, string folder, double limit, int connections = Connections)
    {
        var script = Path.Combine(folder, "load.lua");
        await File.WriteAllTextAsync(script, $$"""
            local threads = 0
            function setup(thread) thread:set('seed', threads); threads = threads + 1 end
            function init(args) math.randomseed(42 + seed); wrk.headers['Authorization'] = 'Bearer {{token}}' end
            function request() {{lua}} end
            """);
        string[] Arguments(int time) => ["-t1", $"-c{connections}", $"-d{time}s", "--latency", "-s", script, address];
        await Output("wrk", Arguments(WarmSeconds));
        var report = await Output("wrk", Arguments(seconds));
        var perSecond = double.Parse(Number().Match(report[report.IndexOf("Requests/sec:", StringComparison.Ordinal)..]).Value, CultureInfo.InvariantCulture);
        var failed = report.IndexOf("Non-2xx", StringComparison.Ordinal) is var at and >= 0 ? long.Parse(Number().Match(report[(at + 8)..].Split(':')[1]).Value, CultureInfo.InvariantCulture) : 0;
        return new(name, perSecond, Latency(report, "50%"), Latency(report, "99%"), failed, limit == 0 ? 1 : perSecond / limit);
    }

    static double Latency(string report, string percent)
    {
        var text = report.Split('\n').First(line => line.TrimStart().StartsWith(percent, StringComparison.Ordinal)).Trim()[percent.Length..].Trim();
        var number = double.Parse(Number().Match(text).Value, CultureInfo.InvariantCulture);
        return text.EndsWith("us", StringComparison.Ordinal) ? number / 1000 : text.EndsWith("ms", StringComparison.Ordinal) ? number : number * 1000;
    }

    [GeneratedRegex(@"[\d.]+")]
    private static partial Regex Number();

    static long PeakMb(int process) => long.Parse(Number().Match(File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal))).Value, CultureInfo.InvariantCulture) / 1024;

    /// <summary>One account and one network ask here for what a country does: the limits are there and count, and are not met.</summary>
    static readonly string[] Wide = [.. ((string[])["mostRequestsOfAccount", "mostRequestsOfApplication", "mostRequestsOfAddress", "mostSignInsOfAddress", "mostPatientsPerHour", "mostPatientsPerHourOfProgram"]).SelectMany(name => (string[])["--set", $"{name}=10000000"])];

    public static Process Start(string program, string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments is ["serve", ..] ? [.. arguments, .. Wide] : arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    public static async Task<string> Output(string program, string[] arguments)
    {
        using var process = Start(program, arguments);
        var errors = process.StandardError.ReadToEndAsync();
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? text : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {await errors}{text}");
    }

    public static async Task Ready(string address)
    {
        using var http = new HttpClient();
        for (var wait = 0; wait < 1000; wait++)
        {
            try
            {
                if ((await http.GetAsync(new Uri(address))).IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(10);
            }
        }
        throw new TimeoutException($"{address} did not become ready.");
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
