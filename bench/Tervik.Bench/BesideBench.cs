using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Tervik.Bench;

/// <summary>Two builds of the program on the same data, asked in turns: what a change costs, whatever else the machine does meanwhile.</summary>
static class BesideBench
{
    sealed record Side(string Name, string Address, string Token, Process Server);

    static readonly (string Name, string Lua)[] Questions =
    [
        ("read by id", "return wrk.format('GET', '/fhir/Observation/p' .. math.random(0, 59) .. '-o' .. math.random(0, 49))"),
        ("patient + code, by date, 20", "return wrk.format('GET', '/fhir/Observation?patient=p' .. math.random(0, 59) .. '&code=http://loinc.org%7Cc' .. math.random(0, 4) .. '&_sort=-date&_count=20')"),
        ("create, validated, indexed", RecordBench.CreateObservation.Replace("n % 100", "n % 60", StringComparison.Ordinal)),
    ];

    /// <param name="program">The build of now.</param>
    /// <param name="other">An older build.</param>
    /// <param name="folder">For the data.</param>
    /// <param name="rounds">Pairs for each question.</param>
    /// <param name="seconds">Of each measurement.</param>
    /// <param name="jsonFile">Where the figures go as well, or null.</param>
    public static async Task<int> Run(string program, string other, string folder, int rounds, int seconds, string? jsonFile)
    {
        var nation = Path.Combine(folder, "nation.ndjson");
        await File.WriteAllLinesAsync(nation, RecordBench.Nation(60));
        Side[] sides = [await Start("now", program, folder, nation), await Start("other", other, folder, nation)];
        try
        {
            Console.WriteLine($"{rounds} pairs of {seconds} s, in turns: answers per second of this build by those of the other\n");
            Console.WriteLine($"{"",-30}{"median",8}{"least",8}{"most",8}{"now",9}{"other",9}{"failed",8}");
            var (lines, failed) = (new List<object>(), 0L);
            foreach (var (name, lua) in Questions)
            {
                var ratios = new List<double>();
                var perSecond = new Dictionary<string, List<double>> { ["now"] = [], ["other"] = [] };
                long failures = 0;
                for (var round = 0; round < rounds; round++)
                {
                    foreach (var side in round % 2 == 0 ? sides : sides.Reverse())
                    {
                        var line = await RecordBench.Wrk(name, side.Address, lua, side.Token, seconds, folder, 0);
                        perSecond[side.Name].Add(line.PerSecond);
                        failures += line.Failures;
                    }
                    ratios.Add(perSecond["now"][^1] / perSecond["other"][^1]);
                }
                var (median, now, before) = (Median(ratios), Median(perSecond["now"]), Median(perSecond["other"]));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-30}{median,8:0.00}{ratios.Min(),8:0.00}{ratios.Max(),8:0.00}{now,9:0}{before,9:0}{failures,8}"));
                lines.Add(new { name, median, ratios, now, other = before, failures });
                failed += failures;
            }
            if (jsonFile is not null) await File.WriteAllTextAsync(jsonFile, JsonSerializer.Serialize(lines));
            return failed > 0 ? 2 : 0;
        }
        finally
        {
            foreach (var side in sides) side.Server.Kill(entireProcessTree: true);
        }
    }

    static async Task<Side> Start(string name, string program, string folder, string nation)
    {
        var data = Path.Combine(folder, name);
        await RecordBench.Output(program, ["import", nation, "--data", data]);
        var token = (await RecordBench.Output(program, ["token", "client/bench", "--data", data])).Trim().Split('\n')[^1];
        var address = $"http://127.0.0.1:{RecordBench.FreePort()}";
        string[] serve = ["serve", "--listen", address, "--data", data];
        var server = RecordBench.Start(program, serve);
        // A build from before there were limits does not know how to widen them.
        if (server.WaitForExit(TimeSpan.FromSeconds(3))) server = Process.Start(new ProcessStartInfo(program, serve) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        await RecordBench.Ready(address + "/health/ready");
        return new(name, address, token, server);
    }

    static double Median(List<double> values)
    {
        var ordered = values.Order().ToList();
        return (ordered[(ordered.Count - 1) / 2] + ordered[ordered.Count / 2]) / 2;
    }
}
