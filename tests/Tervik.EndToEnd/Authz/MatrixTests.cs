using System.Globalization;
using Tervik.Authz;

namespace Tervik.EndToEnd.Authz;

/// <summary>A small draw of <c>./tervik bench authz</c>: every answer against the oracle, and two worlds beside each other.</summary>
public sealed class MatrixTests
{
    const int AtATime = 4;

    /// <summary>A seed that never changes, and one that is another every day.</summary>
    public static TheoryData<int> Seeds => [1, int.Parse(DateTime.UtcNow.ToString("yyyyMMdd", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)];

    [Theory, MemberData(nameof(Seeds))]
    public async Task Who_may_see_what_is_as_the_text_says_on_every_path(int seed)
    {
        var world = new World(seed, DateTime.UtcNow);
        await using var node = await AuthzNode.Start(Node.Program, world);
        using var run = new Run(world, node.Address, node.Tokens);
        var before = await run.State();
        await run.All(seed, count: 3000, AtATime);
        Assert.True(run.Wrongs.Count == 0, run.Report(TimeSpan.FromSeconds(1)));
        // A draw that finds nothing would prove nothing.
        Assert.True(run.Fruitful > 600, $"only {run.Fruitful} answers bore a resource");
        Assert.Equal(before, await run.State());
        // Whatever it wrote besides its databases.
        Assert.All(node.SideCopies(), copy => Assert.Equal((copy.Where, ""), (copy.Where, string.Join(' ', Run.CanariesIn(copy.Text)))));
        Assert.NotEqual(0, node.Exports);
    }

    [Fact]
    public async Task With_and_without_what_is_hidden_a_professional_is_answered_alike()
    {
        var world = new World(seed: 2, DateTime.UtcNow);
        var twin = world.WithoutHidden(seed: 2);
        Assert.NotEqual(world.Items.Count, twin.Items.Count);
        await using var first = await AuthzNode.Start(Node.Program, world);
        await using var second = await AuthzNode.Start(Node.Program, twin);
        using var run = new Run(world, first.Address, first.Tokens);
        using var other = new Run(twin, second.Address, second.Tokens);
        var differences = await run.Beside(other, seed: 2, count: 600);
        Assert.True(differences.Count == 0, string.Join('\n', differences.Take(5).Select(one => $"{one.Case.Curl(first.Address)}\n  without it {one.Expected}\n  with it    {one.Got}")));
    }
}
