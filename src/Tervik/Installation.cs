using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Trust;

namespace Tervik;

/// <summary>The opened databases of a node.</summary>
sealed class Installation(Database records, Database trust, RecordStore store) : IAsyncDisposable
{
    public RecordStore Store => store;
    public Database Trust => trust;

    public static async Task<Installation> Open(Settings settings, CancellationToken stop)
    {
        DocumentLimits.Default = settings.Documents;
        var records = await Database.Open(settings.Record, RecordStore.RecordMigrations, stop);
        try
        {
            return new(records, await Database.Open(settings.Trust, TrustRoom.Migrations, stop), await RecordStore.Open(records, stop));
        }
        catch
        {
            await records.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await records.DisposeAsync();
        await trust.DisposeAsync();
    }
}
