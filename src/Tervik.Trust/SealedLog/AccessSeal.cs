using System.Security.Cryptography;
using Tervik.Storage;
using Tervik.Storage.Sealing;
using Tervik.Trust.AuditLog;

namespace Tervik.Trust.SealedLog;

/// <summary>A checkpoint as it is kept.</summary>
/// <param name="Size">Events in the tree.</param>
/// <param name="AtUs">When it was signed, microseconds since 1970-01-01 UTC.</param>
/// <param name="LastEvent">The newest event in it; 0 for none.</param>
/// <param name="Note">C2SP tlog-checkpoint.</param>
public sealed record KeptCheckpoint(long Size, long AtUs, long LastEvent, string Note)
{
    /// <summary>When it was signed.</summary>
    public DateTimeOffset At => Clock.Time(AtUs);
}

/// <summary>Where an event is in the tree, and what leads from there to the root of a checkpoint.</summary>
/// <param name="Leaf">Its number in the tree.</param>
/// <param name="Path">From the leaf up.</param>
public sealed record Inclusion(long Leaf, IReadOnlyList<byte[]> Path);

/// <summary>Seals the log of accesses: enters each event into a Merkle tree and signs its head, so that nobody, whoever has the database, can change, leave out or exchange an event without being found out.</summary>
/// <remarks>The tree's tiles, its head and its signatures have the forms of C2SP tlog-tiles, tlog-checkpoint and signed-note: any monitor of such logs reads them.</remarks>
public sealed class AccessSeal : IDisposable
{
    /// <summary>So many events at most are sealed under one signature.</summary>
    public const int LargestBatch = 65_536;
    /// <summary>Events whose leaves are computed side by side.</summary>
    internal const int HashedTogether = 256;
    const long HourUs = 3_600_000_000;

    readonly Database database;
    readonly TimeProvider clock;
    readonly string folder;
    readonly KeyFile file;
    Lazy<NoteKeys> keys;
    readonly SemaphoreSlim turn = new(1, 1);
    TreeEdge? edge;

    /// <param name="database">Opened with <see cref="TrustRoom.Migrations"/>.</param>
    /// <param name="folder">Where the signing key and the newest checkpoint lie besides the database.</param>
    /// <param name="clock">Tells when a checkpoint was signed.</param>
    /// <param name="vault">With whose keys the signing key is encrypted; null for a plain file.</param>
    public AccessSeal(Database database, string folder, TimeProvider clock, Vault? vault = null)
    {
        (this.database, this.folder, this.clock) = (database, folder, clock);
        file = new(Path.Combine(folder, "access-log.key"), vault);
        keys = new(OpenKeys);
    }

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    NoteKeys OpenKeys() => NoteKeys.Load(file, () => $"tervik-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}/access", NoteVerifier.Signature);

    /// <summary>Who signs.</summary>
    public NoteVerifier Verifier => keys.Value.Signer.Verifier;

    /// <summary>Who signed before the key was renewed; the newest first.</summary>
    public IReadOnlyList<NoteVerifier> VerifiersBefore => keys.Value.Before;

    /// <summary>Holds the signing key; made at the first use.</summary>
    public string KeyFile => file.Path;

    /// <summary>The file beside the database that holds the newest checkpoint: who sets the database back does not set it back with it.</summary>
    public string CheckpointFile => Path.Combine(folder, "access-log.checkpoint");

    /// <summary>The newest checkpoint; null before the first.</summary>
    public ValueTask<KeptCheckpoint?> Newest(CancellationToken stop) => database.ReadOnce(async session =>
    {
        await using var rows = await session.Query("SELECT size, at_us, last_event, note FROM access_checkpoint ORDER BY size DESC LIMIT 1");
        return await rows.Read() ? new KeptCheckpoint(rows.Int64(0), rows.Int64(1), rows.Int64(2), rows.Text(3)!) : null;
    }, stop);

    /// <summary>Enters all events that are not in the tree yet, and signs its head. What comes meanwhile is for the next time: each head costs a commit and a file.</summary>
    /// <returns>The newest checkpoint; null when nothing was ever logged.</returns>
    public async Task<KeptCheckpoint?> Seal(CancellationToken stop)
    {
        await turn.WaitAsync(stop);
        try
        {
            var newest = await Newest(stop);
            for (var isAll = false; !isAll && await SealBatch(newest, stop) is { } next; newest = next) isAll = next.Size - (newest?.Size ?? 0) < LargestBatch;
            return newest;
        }
        finally
        {
            turn.Release();
        }
    }

    async Task<KeptCheckpoint?> SealBatch(KeptCheckpoint? newest, CancellationToken stop)
    {
        var before = newest?.Size ?? 0;
        // Another program on the same database may have gone on.
        var current = edge?.Size == before ? edge : await Load(newest, stop);
        edge = null; // What is changed below is the tree's edge again only once it is stored.
        var tiles = new List<Tile>();
        // A part after the other, as they are read: a list of them all would outlive the collections that take short-lived objects for nothing.
        var part = new List<LoggedAccess>(HashedTogether);
        void Enter()
        {
            var leaves = AccessLeaf.Leaves(part);
            for (var i = 0; i < leaves.Length; i++) current.Enter(leaves[i], part[i].Event, tiles.Add);
            part.Clear();
        }
        await database.Read(session => AccessLog.Visit(session, $"WHERE e.event > $1 ORDER BY e.event LIMIT {LargestBatch}", access =>
        {
            part.Add(access);
            if (part.Count == HashedTogether) Enter();
        }, current.LastEvent), stop);
        Enter();
        if (current.Size == before)
        {
            edge = current;
            return null;
        }
        tiles.AddRange(current.Partial());
        var text = Checkpoint.TextOf(Verifier.Name, current.Size, current.Root);
        var checkpoint = new KeptCheckpoint(current.Size, clock.NowUs(), current.LastEvent, $"{text}\n{keys.Value.Signer.Sign(text, clock.GetUtcNow())}");
        await database.Write(async session =>
        {
            await using (var rows = await session.Query("SELECT max(size) FROM access_checkpoint"))
                if ((await rows.Read() ? rows.Int64(0) : 0) != before) throw new StorageException("Another program seals this log too; what it did is read first.");
            foreach (var tile in tiles)
                await session.Execute("INSERT INTO access_tile (level, number, first_event, hashes) VALUES ($1, $2, $3, $4) ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes", tile.Level, tile.Number, tile.FirstEvent, tile.Hashes);
            // Of the checkpoints of an hour the last is enough.
            await session.Execute("DELETE FROM access_checkpoint WHERE at_us >= $1", checkpoint.AtUs - checkpoint.AtUs % HourUs);
            return await session.Execute("INSERT INTO access_checkpoint (size, at_us, last_event, note) VALUES ($1, $2, $3, $4)", checkpoint.Size, checkpoint.AtUs, checkpoint.LastEvent, checkpoint.Note);
        }, stop);
        edge = current;
        await Keep(CheckpointFile, checkpoint.Note, stop);
        return checkpoint;
    }

    // Sealing on would write over the one trace that the end of the log was cut off.
    async Task RefuseWhatWasSetBack(CancellationToken stop)
    {
        if (!File.Exists(CheckpointFile) || Checkpoint.Parse(await File.ReadAllTextAsync(CheckpointFile, stop)).Size is var size && size <= ((await Newest(stop))?.Size ?? 0)) return;
        throw new StorageException($"{CheckpointFile} is of {size} events and the database holds fewer: it was set back. Run audit verify. After a restore that was meant, move the file to where it is kept, and sealing goes on.");
    }

    async Task<TreeEdge> Load(KeptCheckpoint? newest, CancellationToken stop)
    {
        await RefuseWhatWasSetBack(stop);
        if (newest is null) return new(0, 0);
        return await database.Read(async session =>
        {
            var edge = new TreeEdge(newest.Size, newest.LastEvent);
            var tiles = new TileReader(session);
            for (var level = 0; newest.Size >> (MerkleTree.TileHeight * level) > 0; level++)
            {
                var count = (int)(newest.Size >> (MerkleTree.TileHeight * level)) & (MerkleTree.TileWidth - 1);
                edge.Tiles.Add([]);
                var number = newest.Size >> (MerkleTree.TileHeight * (level + 1));
                if (count > 0) edge.Tiles[level].AddRange((await tiles.Tile(level, number))[..(count * MerkleTree.HashBytes)].Chunk(MerkleTree.HashBytes));
                if (level == 0 && count > 0) edge.FirstEventOfTile = await tiles.FirstEvent(number);
            }
            var from = 0L;
            for (var height = 62; height >= 0; height--)
                if ((newest.Size >> height & 1) == 1)
                {
                    edge.Frontier.Add((height, await tiles.Subtree(height, from >> height)));
                    from += 1L << height;
                }
            return edge;
        }, stop);
    }

    /// <summary>Writes a small file so that a crash leaves the old or the new one.</summary>
    internal static async Task Keep(string file, string text, CancellationToken stop)
    {
        var next = file + ".next";
        await using (var stream = new FileStream(next, FileMode.Create, FileAccess.Write))
        {
            await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), stop);
            stream.Flush(flushToDisk: true);
        }
        File.Move(next, file, overwrite: true);
    }

    /// <summary>A tile's hashes as far as a tree of this size has them; null when it has none there.</summary>
    public ValueTask<byte[]?> HashesOf(int level, long number, CancellationToken stop) => database.ReadOnce(async session =>
    {
        await using var rows = await session.Query("SELECT hashes FROM access_tile WHERE level = $1 AND number = $2", level, number);
        return await rows.Read() ? rows.Bytes(0).ToArray() : null;
    }, stop);

    /// <summary>What was entered for the events of a tile: 32 bytes each. Null when there is no such tile.</summary>
    public ValueTask<List<byte[]>?> Entries(long tile, CancellationToken stop) => database.Read(async session =>
    {
        if (await new TileReader(session).Bounds(tile) is not var (first, count)) return null;
        return (List<byte[]>?)(await AccessLog.Read(session, "WHERE e.event >= $1 ORDER BY e.event LIMIT $2", first, count)).ConvertAll(AccessLeaf.Data);
    }, stop);

    /// <summary>Proves, for the tree of a checkpoint, that it holds these events, and that it begins with an older tree.</summary>
    /// <param name="checkpoint">Of this log.</param>
    /// <param name="events">Numbers of events; those that are not sealed yet have no inclusion.</param>
    /// <param name="old">Size of the tree that the reader knows; 0 for none.</param>
    /// <param name="stop">Stops the query.</param>
    public ValueTask<(Dictionary<long, Inclusion> Inclusions, List<byte[]> Consistency)> Prove(KeptCheckpoint checkpoint, IEnumerable<long> events, long old, CancellationToken stop) => database.Read(async session =>
    {
        var (tiles, found) = (new TileReader(session), new Dictionary<long, Inclusion>());
        foreach (var number in events.Where(number => number <= checkpoint.LastEvent).Distinct())
            if (await tiles.LeafOf(number) is { } leaf) found[number] = new(leaf, await MerkleTree.Inclusion(leaf, checkpoint.Size, tiles.Subtree));
        return (found, old > 0 && old <= checkpoint.Size ? await MerkleTree.Consistency(old, checkpoint.Size, tiles.Subtree) : []);
    }, stop);

    /// <summary>Goes on with a new signing key, and has it sign the newest head beside the old one, so that whoever trusts the old key is led to the new. No other program may have the log open.</summary>
    public async Task RenewKey(CancellationToken stop)
    {
        var newest = await Seal(stop);
        var renewed = keys.Value.Renewed();
        renewed.Save(file);
        keys = new(renewed);
        if (newest is null) return;
        await Cosign(newest.Size, renewed.Signer.Sign(Checkpoint.Parse(newest.Note).Text, clock.GetUtcNow()), stop);
        await Keep(CheckpointFile, (await Newest(stop))!.Note, stop);
    }

    /// <summary>Adds the lines of witnesses to a checkpoint that is still kept.</summary>
    public async Task Cosign(long size, string lines, CancellationToken stop) =>
        await database.Write(session => session.Execute("UPDATE access_checkpoint SET note = note || $1 WHERE size = $2", lines, size), stop);
}
