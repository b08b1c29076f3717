using Tervik.Authz;

namespace Tervik.EndToEnd.Authz;

/// <summary>The named cases of the leak paths, on a node of their own.</summary>
public sealed class LeakPathTests(LeakPathTests.SeedNode seed) : IClassFixture<LeakPathTests.SeedNode>
{
    /// <summary>One node with a seed world for all cases: none changes what another is about.</summary>
    public sealed class SeedNode : IAsyncLifetime
    {
        AuthzNode? node;

        internal Probe Probe { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            var world = new World(seed: 1, DateTime.UtcNow);
            node = await AuthzNode.Start(Node.Program, world);
            Probe = new(world, node.Address, node.Tokens);
        }

        public async ValueTask DisposeAsync()
        {
            Probe?.Dispose();
            if (node is not null) await node.DisposeAsync();
        }
    }

    public static TheoryData<int, string> Names => [.. NamedCases.All.Select(one => (one.Path, one.Name))];

    [Theory, MemberData(nameof(Names))]
    public async Task What_leaked_elsewhere_does_not_leak_here(int path, string name) =>
        Assert.Null(await NamedCases.All.Single(one => one.Path == path && one.Name == name).Fault(seed.Probe));
}
