using Tervik.Conformance;

namespace Tervik.Records.Tests.Conformance;

[Collection("official definitions")]
public sealed class SuiteTests
{
    public static TheoryData<string> Names => [.. Suite.All.Select(suite => suite.Name)];

    [Theory, MemberData(nameof(Names))]
    public void A_suite_fails_only_where_it_is_known_to(string name)
    {
        var suite = Suite.All.Single(one => one.Name == name);
        var result = suite.Run(SharedData.Path(suite.Place));
        Assert.True(result.New.Count == 0, $"{result.New.Count} new failures: {string.Join("\n", result.New.Take(20))}");
        Assert.True(result.Mended.Count == 0, $"These pass now, take them off the list: {string.Join(", ", result.Mended)}");
        Assert.NotEqual(0, result.Passed);
    }
}
