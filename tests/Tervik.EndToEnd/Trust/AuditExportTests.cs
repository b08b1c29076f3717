using System.Text.Json;

namespace Tervik.EndToEnd.Trust;

/// <summary>The events of the log go to another system as they come.</summary>
public sealed class AuditExportTests(Node node) : IClassFixture<Node>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_event_is_a_line_once_in_order_from_where_one_was_and_as_it_comes()
    {
        using var client = await node.Client("client/exported", "read");
        for (var i = 0; i < 5; i++) (await client.GetAsync(new Uri("Patient/p01", UriKind.Relative), Stop)).Dispose();
        var lines = (await node.Run("audit", "export")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var numbers = lines.Select(line => line.GetProperty("event").GetInt64()).ToList();
        Assert.Equal(numbers.Order().Distinct(), numbers);
        var own = lines.Where(line => line.GetProperty("agent").GetString() == "client/exported").ToList();
        Assert.Equal((5, "read", "Patient/p01"), (own.Count, own[0].GetProperty("interaction").GetString(), own[0].GetProperty("patients")[0].GetString()));

        using var following = node.Start("audit", "export", "--follow", "--after", $"{numbers[^1]}");
        try
        {
            (await client.GetAsync(new Uri("Patient/p02", UriKind.Relative), Stop)).Dispose();
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            patience.CancelAfter(TimeSpan.FromSeconds(60));
            using var next = JsonDocument.Parse((await following.StandardOutput.ReadLineAsync(patience.Token))!);
            Assert.Equal("Patient/p02", next.RootElement.GetProperty("patients")[0].GetString());
            (await client.GetAsync(new Uri("Patient/p03", UriKind.Relative), Stop)).Dispose();
            using var last = JsonDocument.Parse((await following.StandardOutput.ReadLineAsync(patience.Token))!);
            Assert.Equal("Patient/p03", last.RootElement.GetProperty("patients")[0].GetString());
        }
        finally
        {
            following.Kill();
            await following.WaitForExitAsync(Stop);
        }
    }
}
