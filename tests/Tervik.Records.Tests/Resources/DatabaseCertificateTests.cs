using System.Text.Json;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.Records.Tests.Resources;

/// <summary>The record on a PostgreSQL that others could reach: it and the node know each other by certificates, and no password is there.</summary>
public sealed class DatabaseCertificateTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_record_is_written_and_read_by_who_shows_a_certificate_and_by_nobody_else()
    {
        using var authority = DatabaseAuthority.Make();
        Assert.SkipWhen(authority is null, "This machine has no address besides loopback.");
        using var stranger = DatabaseAuthority.Make()!;
        using var cluster = PostgreSqlCluster.Start(isDurable: false, authority);
        Assert.SkipWhen(cluster is null, "PostgreSQL 15 or later is not installed (Debian: postgresql).");
        cluster.NewRole("tervik");
        var server = $"Host={authority.Address};Port={authority.Port};Database=tervik;Root Certificate={authority.RootFile}";

        await using (var database = await Database.Open(new($"{server};Username=tervik;{authority.Client("tervik")}"), RecordStore.RecordMigrations, Stop))
        await using (var store = await RecordStore.Open(database, Stop))
        {
            using var json = JsonDocument.Parse("""{"resourceType":"Patient","id":"p1","active":true}""");
            var written = await store.Commit([new() { Method = "PUT", Type = "Patient", Id = "p1", Draft = Draft.Of(json.RootElement, "p1", store.Indexer) }], [], Stop);
            Assert.Equal(CommitOutcome.Done, written.Outcome);
            Assert.Equal(written.Results[0]!.Body, (await store.Read("Patient", "p1", AccessFilter.Everything, Stop))!.Body);
        }

        foreach (var (who, connection) in ((string, string)[])
        [
            ("nobody", $"{server};Username=tervik"), ("somebody else", $"{server};Username=tervik;{authority.Client("other")}"), ("another role", $"{server};Username=postgres;{authority.Client("tervik")}"),
            ("the certificate of a stranger", $"{server};Username=tervik;{stranger.Client("tervik")}"),
            ("a server of a stranger", $"{server.Replace(authority.RootFile, stranger.RootFile, StringComparison.Ordinal)};Username=tervik;{authority.Client("tervik")}"),
        ])
        {
            var refused = await Record.ExceptionAsync(async () => await (await Database.Open(new($"{connection};Pooling=false"), RecordStore.RecordMigrations, Stop)).DisposeAsync());
            Assert.True(refused is StorageException, $"{who}: {refused}");
        }
    }
}
