using System.Text.RegularExpressions;

namespace Tervik.Authz;

/// <summary>Two nodes: in one, patients have hidden things from a professional; in the other these things (and what refers to them) never were, and nobody chose anything. Every request of theirs must be answered alike, byte by byte after
/// times, addresses and what servers draw by lot.</summary>
public sealed partial class TwoWorlds
{
    /// <param name="program">The program.</param>
    /// <param name="seed">Of the world and of the order of requests.</param>
    /// <param name="professional">Whose requests.</param>
    /// <param name="most">At most so many requests.</param>
    /// <param name="stop">Stops it.</param>
    /// <returns>How many requests, how many things were hidden, and the differences in words.</returns>
    public static async Task<(int Requests, int Hidden, IReadOnlyList<string> Differences)> Run(string program, int seed, string professional, int most, CancellationToken stop)
    {
        var asker = new Asker("professional", professional);
        var whole = new World(seed, DateTime.UtcNow, professional);
        var oracle = new Oracle(whole);
        var less = whole.With(thing => oracle.Sees(asker, thing));
        // The log tells of requests, not of the record, and differs with what was asked before.
        var cases = Cases.All(whole, oracle, seed).Where(one => one.Asker == asker && one.Family != "log" && !one.Path.EndsWith("/access", StringComparison.Ordinal)).Take(most).ToList();
        await using var first = await AuthzNode.Start(program, whole, [asker], stop);
        await using var second = await AuthzNode.Start(program, less, [asker], stop);
        using var ofFirst = new AuthzRun(first, whole, oracle);
        using var ofSecond = new AuthzRun(second, less, new Oracle(less));
        var differences = new List<string>();
        foreach (var one in cases)
        {
            var (status, text, headers) = await ofFirst.Send(one, one.Path, stop);
            var (otherStatus, otherText, otherHeaders) = await ofSecond.Send(one, one.Path, stop);
            var (a, b) = ($"{status}\n{Normal(headers, first)}\n{Normal(text, first)}", $"{otherStatus}\n{Normal(otherHeaders, second)}\n{Normal(otherText, second)}");
            if (a != b) differences.Add($"{one}\n    {Around(a, b)}\n    {Around(b, a)}");
        }
        return (cases.Count, whole.Things.Count - less.Things.Count, differences);
    }

    static string Normal(string text, AuthzNode node) => Lots().Replace(Times().Replace(text.Replace(node.Address, "http://node", StringComparison.Ordinal).Replace(new Uri(node.Address).Authority, "node", StringComparison.Ordinal), "time"), "lot");

    static string Around(string text, string other)
    {
        var at = 0;
        while (at < text.Length && at < other.Length && text[at] == other[at]) at++;
        return text[Math.Max(0, at - 60)..Math.Min(text.Length, at + 140)].Replace('\n', ' ');
    }

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT|\d{1,2}:\d\d|_before=\d+|_after=-?\d+|lastUpdated\W+lt\w+")]
    private static partial Regex Times();
    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}|_cursor=[^\"&]+|name=\"form-(token|key)\" value=\"[^\"]+\"|tervik-(session|form)=[^;,]+|data-seconds=\"\\d+\"|Content-Length|(?<=\\n)\\d+(?=\\n|$)")]
    private static partial Regex Lots();
}
