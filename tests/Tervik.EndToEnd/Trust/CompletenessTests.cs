namespace Tervik.EndToEnd.Trust;

/// <summary>A draw of what <c>./tervik bench audit --complete 50000</c> does.</summary>
public sealed class CompletenessTests(Node node) : IClassFixture<Node>
{
    [Fact]
    public async Task For_each_answer_the_log_of_each_patient_in_it_has_exactly_one_event_at_once()
    {
        var client = new CountingClient(node.Address, await node.Token("client/counting"), await node.Token(CountingClient.Doctor));
        await client.Prepare();
        await client.Ask(1500, clients: 4, seed: 7);
        var counted = await client.Compare();
        Assert.True(counted.Wrong.Count == 0, string.Join('\n', counted.Wrong.Take(40)));
        Assert.Equal((1500, counted.Accesses), (counted.Requests, counted.Events));
        // Each way gave something, but for those that are to give nothing.
        Assert.Equal(["count alone", "search that finds nothing"], counted.ByWay.Where(way => way.Value == 0).Select(way => way.Key).Order(StringComparer.Ordinal));
        Assert.Equal(24, counted.ByWay.Count);
    }
}
