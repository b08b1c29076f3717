using Microsoft.AspNetCore.Builder;
using Tervik.Conformance;
using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.Bench;

/// <summary>The record without Trust: what the audit costs is the difference.</summary>
static class Unaudited
{
    public static async Task<int> Serve(string address, string connection)
    {
        await using var database = await Database.Open(new(connection), RecordStore.RecordMigrations, CancellationToken.None);
        await using var store = await RecordStore.Open(database, CancellationToken.None);
        await using var app = OpenRecord.Build(store, address);
        await app.RunAsync();
        return 0;
    }
}
