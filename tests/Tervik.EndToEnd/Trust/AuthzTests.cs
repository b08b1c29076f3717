using System.Text.RegularExpressions;
using Tervik.Authz;

namespace Tervik.EndToEnd.Trust;

/// <summary>A draw of the authorization matrix; <c>./tervik bench authz</c> runs all of it.</summary>
public sealed class AuthzTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    const int Drawn = 6000;

    [Theory, InlineData(1), InlineData(2)]
    public async Task Every_answer_is_as_the_oracle_says_and_holds_nothing_of_others(int seed)
    {
        var world = new World(seed, DateTime.UtcNow);
        var oracle = new Oracle(world);
        var all = Cases.All(world, oracle, seed);
        // A world in which nobody may see anything, or everybody everything, would show nothing.
        var seen = Cases.Askers.Where(asker => asker.Kind == "professional").Average(asker => world.Things.Count(thing => thing.Canary is not null && oracle.Sees(asker, thing)) / (double)world.ByCanary.Count);
        Assert.InRange(seen, 0.02, 0.6);
        Assert.True(all.Count > 100_000, $"{all.Count} cases");
        await using var node = await AuthzNode.Start(Path.Combine(AppContext.BaseDirectory, "tervik"), world, Cases.Askers, Stop);
        using var run = new AuthzRun(node, world, oracle);
        var result = await run.Run([.. all.Take(Drawn)], Stop);
        Assert.True(result.Wrong.Count == 0, $"{result.Wrong.Count} wrong:\n{string.Join('\n', result.Wrong.Take(10))}");
        Assert.Empty(Regex.Matches(node.Printed, "zq\\d+q").Select(match => match.Value));
    }
}
