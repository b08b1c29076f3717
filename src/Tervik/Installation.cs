using Tervik.Care;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Storage.Sealing;
using Tervik.Trust;

namespace Tervik;

/// <summary>The opened databases of a node.</summary>
sealed class Installation(Database records, Database trust, RecordStore store, Vault? vault) : IAsyncDisposable
{
    public RecordStore Store => store;
    public Database Trust => trust;
    /// <summary>The data keys; null when nothing is encrypted.</summary>
    public Vault? Vault => vault;

    /// <param name="settings">Where they are.</param>
    /// <param name="stop">Stops it.</param>
    /// <param name="isRenewal">The data keys are being replaced.</param>
    public static async Task<Installation> Open(Settings settings, CancellationToken stop, bool isRenewal = false)
    {
        DocumentLimits.Default = settings.Documents;
        var vault = settings.OpenVault();
        Database? records = null, trust = null;
        try
        {
            if (vault is { IsRenewing: true } && !isRenewal) throw new StorageException("A renewal of the keys was interrupted: run keys renew, which goes on with it.");
            records = await Database.Open(settings.Record with { FileSystem = vault?.FileSystemOf("record") }, RecordStore.RecordMigrations, stop);
            await CareRoom.Migrations.Apply(records, stop);
            trust = await Database.Open(settings.Trust with { FileSystem = vault?.FileSystemOf("trust") }, TrustRoom.Migrations, stop);
            return new(records, trust, await RecordStore.Open(records, stop, vault), vault);
        }
        catch
        {
            if (trust is not null) await trust.DisposeAsync();
            if (records is not null) await records.DisposeAsync();
            vault?.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await records.DisposeAsync();
        await trust.DisposeAsync();
        vault?.Dispose();
    }
}
