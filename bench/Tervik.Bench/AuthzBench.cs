using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Tervik.Authz;

namespace Tervik.Bench;

/// <summary>The authorization matrix: a seeded world, generated requests, and an oracle that shares no code with the product.</summary>
static class AuthzBench
{
    const int AtATime = 6;

    public static async Task<int> Run(string[] options)
    {
        var count = int.Parse(RecordBench.Option(options, "--cases") ?? "50000", CultureInfo.InvariantCulture);
        var seed = int.Parse(RecordBench.Option(options, "--seed") ?? "1", CultureInfo.InvariantCulture);
        var program = RecordBench.Option(options, "--program") ?? Path.Combine(AppContext.BaseDirectory, "../../../tervik/tervik");
        if (!File.Exists(program)) return RecordBench.Fail("The program is not built: run ./tervik bench authz.");
        var world = new World(seed, DateTime.UtcNow);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {world.Items.Count} resources, {world.Callers.Count} principals, {world.Choices.Count} choices"));
        await using var node = await AuthzNode.Start(program, world);
        using var run = new Authz.Run(world, node.Address, node.Tokens);
        if (options.Contains("--named"))
        {
            using var probe = new Probe(world, node.Address, node.Tokens);
            return await Named(probe) ? 0 : 3;
        }
        if (RecordBench.Option(options, "--ask") is { } asked)
        {
            // AGENT path, AGENT path: to look into a case of this seed.
            foreach (var one in asked.Split(", "))
                Console.WriteLine($"{one}\n{await run.Ask(one.Split(' ')[0], one.Split(' ')[1])}\n");
            return 0;
        }
        var before = await run.State();
        var watch = Stopwatch.StartNew();
        await run.All(seed, count, AtATime);
        watch.Stop();
        Console.Write(run.Report(watch.Elapsed));
        var isUnchanged = before == await run.State();
        Console.WriteLine(isUnchanged ? "the world is as it was" : "A CASE CHANGED THE WORLD");
        var twin = world.WithoutHidden(seed);
        await using var second = await AuthzNode.Start(program, twin);
        using var other = new Authz.Run(twin, second.Address, second.Tokens);
        var pairs = Math.Max(100, count / 10);
        var differences = await run.Beside(other, seed, pairs);
        foreach (var one in differences.Take(10)) Console.WriteLine($"\n{one.Case.Curl(node.Address)}\n  without it {one.Expected}\n  with it    {one.Got}");
        Console.WriteLine($"two worlds, {world.Items.Count - twin.Items.Count} resources hidden: {pairs} requests, {differences.Count} answered otherwise");
        using var named = new Probe(world, node.Address, node.Tokens);
        using var without = new Probe(twin, second.Address, second.Tokens);
        if (int.Parse(RecordBench.Option(options, "--pairs") ?? "2000", CultureInfo.InvariantCulture) is > 0 and var timed) await Time(named, without, timed);
        // After the worlds were compared: some of these write.
        var isNamedRight = await Named(named);
        if (RecordBench.Option(options, "--json") is { } file)
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { seed, cases = count, wrong = run.Wrongs.Count, seconds = watch.Elapsed.TotalSeconds, requests = run.Requests, pairs, differences = differences.Count }));
        var leaked = node.SideCopies().Select(copy => (copy.Where, Count: Authz.Run.CanariesIn(copy.Text).Count())).ToList();
        foreach (var (where, number) in leaked.Where(copy => copy.Count > 0)) Console.WriteLine($"  {number} in {where}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"canaries in the output, {leaked.Select(copy => copy.Where).Distinct().Count() - 2} files and {node.Exports} exports of traces and metrics: {leaked.Sum(copy => copy.Count)}"));
        return run.Wrongs.Count == 0 && leaked.TrueForAll(copy => copy.Count == 0) && node.Exports > 0 && isUnchanged && differences.Count == 0 && isNamedRight ? 0 : 3;
    }

    /// <summary>Whether the time of an answer tells what is hidden: two nodes in turn.</summary>
    static async Task Time(Probe with, Probe without, int pairs)
    {
        var watch = Stopwatch.StartNew();
        var measured = await Timing.Measure(with, without, pairs);
        Console.WriteLine($"\n{"route",-64} {"AUC",6} {"with ms",8} {"without",8}");
        foreach (var one in measured) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{one.Route,-64} {one.Auc,6:0.000} {one.WithMs,8:0.00} {one.WithoutMs,8:0.00}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"time over {measured.Count - 1} routes, {pairs} pairs each: AUC at most {measured.SkipLast(1).Max(one => one.Telling):0.000} (goal 0.6); of what is not hidden, the noise of two nodes, {measured[^1].Telling:0.000}; {watch.Elapsed.TotalSeconds:0} s"));
    }

    /// <summary>Tries the named cases and prints what does not hold.</summary>
    static async Task<bool> Named(Probe probe)
    {
        var tried = await NamedCases.Run(probe);
        foreach (var (one, fault) in tried.Where(one => one.Fault is not null)) Console.WriteLine($"\nleak path {one.Path}, {one.Name}\n  {fault}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"named cases: {tried.Count}, {tried.Count(one => one.Fault is not null)} wrong"));
        return tried.TrueForAll(one => one.Fault is null);
    }
}
