using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Tervik.Storage.Sealing;

namespace Tervik.Bench;

/// <summary>What encryption at rest costs: the same record plain and encrypted, asked in turns; and how long it takes to wrap many data keys anew.</summary>
static class KeysBench
{
    const int PatientResources = 64;

    public static async Task<int> Run(string[] options)
    {
        var resources = int.Parse(RecordBench.Option(options, "--resources") ?? "10000", CultureInfo.InvariantCulture);
        var seconds = int.Parse(RecordBench.Option(options, "--seconds") ?? "3", CultureInfo.InvariantCulture);
        var rounds = int.Parse(RecordBench.Option(options, "--rounds") ?? "3", CultureInfo.InvariantCulture);
        var dataKeys = int.Parse(RecordBench.Option(options, "--data-keys") ?? "100000", CultureInfo.InvariantCulture);
        var program = Path.Combine(AppContext.BaseDirectory, "../../../tervik/tervik");
        if (!File.Exists(program)) return RecordBench.Fail("The program is not built: run ./tervik bench keys.");
        var folder = Directory.CreateTempSubdirectory("tervik-bench-").FullName;
        try
        {
            var lines = await Compare(program, folder, Math.Max(1, resources / PatientResources), seconds, rounds);
            Console.WriteLine($"\n{"",-30}{"plain/s",10}{"encrypted/s",13}{"ratio",8}{"plain p99",11}{"encr. p99",11}");
            foreach (var (name, plain, secret) in lines)
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-30}{plain.PerSecond,10:0}{secret.PerSecond,13:0}{secret.PerSecond / plain.PerSecond,8:0.00}{plain.P99Ms,11:0.0}{secret.P99Ms,11:0.0}"));
            var rotationSeconds = Rotation(folder, dataKeys);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{dataKeys} data keys wrapped anew in {rotationSeconds:0.00} s (institution key in a file)"));
            if (RecordBench.Option(options, "--json") is { } file)
                await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { resources, dataKeys, rotationSeconds, lines = lines.Select(line => new { line.Name, plain = line.Plain, encrypted = line.Secret, ratio = line.Secret.PerSecond / line.Plain.PerSecond }) }));
            return lines.Exists(line => line.Plain.Failures + line.Secret.Failures > 0) ? 2 : 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static async Task<List<(string Name, Line Plain, Line Secret)>> Compare(string program, string folder, int patients, int seconds, int rounds)
    {
        var ndjson = Path.Combine(folder, "nation.ndjson");
        await File.WriteAllLinesAsync(ndjson, RecordBench.Nation(patients));
        var nodes = new List<(Process Server, string Address, string Token)>();
        try
        {
            foreach (var name in new[] { "plain", "encrypted" })
            {
                var data = Path.Combine(folder, name);
                string[] place = name == "plain" ? ["--data", data] : ["--data", data, "--set", $"keys=file:{folder}/institution.key", "--set", $"dataKeys={folder}/keys.db"];
                Console.WriteLine($"{name}: {(await RecordBench.Output(program, ["import", ndjson, .. place])).Trim().Split('\n')[^1]}");
                var token = (await RecordBench.Output(program, ["token", "client/bench", .. place])).Trim();
                var address = $"http://127.0.0.1:{RecordBench.FreePort()}";
                var server = RecordBench.Start(program, ["serve", "--listen", address, .. place]);
                nodes.Add((server, address, token));
                await RecordBench.Ready(address + "/health/ready");
            }
            string Pick(string path) => $"local p = math.random(0, {patients - 1}); return wrk.format('GET', '/fhir/' .. {path})";
            var questions = new (string Name, string Lua)[]
            {
                ("read by id", Pick("'Observation/p' .. p .. '-o' .. math.random(0, 49)")),
                ("patient + code, by date, 20", Pick("'Observation?patient=p' .. p .. '&code=http://loinc.org%7Cc' .. math.random(0, 4) .. '&_sort=-date&_count=20'")),
                ("string", Pick("'Patient?family=family' .. p .. '&_count=10'")),
                ("$everything, 64 resources", Pick("'Patient/p' .. p .. '/$everything'")),
                ("create, validated, indexed", RecordBench.CreateObservation),
            };
            var lines = new List<(string, Line, Line)>();
            foreach (var (name, lua) in questions)
            {
                var runs = new List<(Line Plain, Line Secret)>();
                for (var round = 0; round < rounds; round++)
                {
                    var plain = await RecordBench.Wrk(name, nodes[0].Address, lua, nodes[0].Token, seconds, folder, 1);
                    runs.Add((plain, await RecordBench.Wrk(name, nodes[1].Address, lua, nodes[1].Token, seconds, folder, 1)));
                }
                // The round in the middle: another load of the machine in one of them decides nothing.
                var middle = runs.OrderBy(run => run.Secret.PerSecond / run.Plain.PerSecond).ElementAt(rounds / 2);
                lines.Add((name, middle.Plain, middle.Secret));
            }
            return lines;
        }
        finally
        {
            foreach (var (server, _, _) in nodes)
            {
                server.Kill(entireProcessTree: true);
                await server.WaitForExitAsync();
                server.Dispose();
            }
        }
    }

    static double Rotation(string folder, int dataKeys)
    {
        using var vault = Vault.Open($"file:{folder}/rotation.key", Path.Combine(folder, "rotation.db"));
        vault.Prepare(Enumerable.Range(1, dataKeys).Select(owner => ((long)owner, "clinical")));
        var watch = Stopwatch.StartNew();
        vault.Rotate();
        return watch.Elapsed.TotalSeconds;
    }
}
