using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tervik.Authz;

namespace Tervik.Bench;

/// <summary>Every asker by every way at everything of a generated world, over real HTTP, held against an oracle that was written from docs/access.md and shares no code with the product.</summary>
static class AuthzBench
{
    const int MostShown = 20;

    public static async Task<int> Run(string[] options)
    {
        var cases = int.Parse(RecordBench.Option(options, "--cases") ?? "50000", CultureInfo.InvariantCulture);
        var seed = int.Parse(RecordBench.Option(options, "--seed") ?? "1", CultureInfo.InvariantCulture);
        var program = Path.Combine(AppContext.BaseDirectory, "../../../tervik/tervik");
        if (!File.Exists(program)) return RecordBench.Fail("The program is not built: run ./tervik bench authz.");
        var world = new World(seed, DateTime.UtcNow);
        var oracle = new Oracle(world);
        var all = Cases.All(world, oracle, seed);
        await using var node = await AuthzNode.Start(program, world, Cases.Askers, CancellationToken.None);
        using var run = new AuthzRun(node, world, oracle);
        var result = await run.Run([.. all.Take(cases)], CancellationToken.None);

        Console.WriteLine($"{"asker",-14} {"way",-32} {"cases",8} {"wrong",6}");
        foreach (var ((kind, family), (count, wrong)) in result.Done.OrderBy(one => one.Key)) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind,-14} {family,-32} {count,8} {wrong,6}"));
        foreach (var wrong in result.Wrong.Take(MostShown)) Console.WriteLine(wrong);
        var printed = Regex.Matches(node.Printed, "zq\\d+q").Select(match => match.Value).Distinct().Count();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Cases} of {all.Count} cases, {result.Requests} requests, {result.Wrong.Count} wrong, {printed} canaries printed, {result.Time.TotalSeconds:0} s, {result.Requests / result.Time.TotalSeconds:0} requests/s (seed {seed})"));
        if (RecordBench.Option(options, "--json") is { } file)
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { seed, result.Cases, result.Requests, wrong = result.Wrong.Count, printed, seconds = result.Time.TotalSeconds }));
        var (requests, differences) = (0, 0);
        foreach (var professional in (string[])["dr0", "dr3", "dr8"])
        {
            var (asked, hidden, differing) = await TwoWorlds.Run(program, seed, professional, cases, CancellationToken.None);
            (requests, differences) = (requests + asked, differences + differing.Count);
            foreach (var difference in differing.Take(5)) Console.WriteLine(difference);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"two worlds for {professional}: {hidden} things hidden or absent, {asked} requests, {differing.Count} answered differently"));
        }
        return result.Wrong.Count + printed + differences == 0 ? 0 : 3;
    }
}
