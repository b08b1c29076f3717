using Tervik.Storage;

namespace Tervik.Trust.SealedLog;

/// <summary>Reads hashes of the tree from its tiles, each tile once.</summary>
sealed class TileReader(Session session)
{
    readonly Dictionary<(int Level, long Number), byte[]> tiles = [];

    /// <summary>A tile's hashes, one after the other; empty when there is none.</summary>
    public async ValueTask<byte[]> Tile(int level, long number)
    {
        if (tiles.TryGetValue((level, number), out var known)) return known;
        await using var rows = await session.Query("SELECT hashes FROM access_tile WHERE level = $1 AND number = $2", level, number);
        return tiles[(level, number)] = await rows.Read() ? rows.Bytes(0).ToArray() : [];
    }

    /// <summary>Hash of a perfect subtree.</summary>
    /// <exception cref="StorageException">The tiles do not hold it: they were tampered with.</exception>
    public async ValueTask<byte[]> Subtree(int height, long index)
    {
        var (level, above) = (height / MerkleTree.TileHeight, height % MerkleTree.TileHeight);
        var first = index << above;
        var (start, bytes) = ((int)(first & (MerkleTree.TileWidth - 1)) * MerkleTree.HashBytes, (1 << above) * MerkleTree.HashBytes);
        var tile = await Tile(level, first >> MerkleTree.TileHeight);
        return tile.Length >= start + bytes ? MerkleTree.Fold(tile.AsSpan(start, bytes)) : throw new StorageException($"Tile {first >> MerkleTree.TileHeight} of level {level} of the sealed log is missing or too short; run audit verify.");
    }

    /// <summary>The event of a tile's first leaf; 0 when there is no such tile.</summary>
    public async ValueTask<long> FirstEvent(long number)
    {
        await using var rows = await session.Query("SELECT first_event FROM access_tile WHERE level = 0 AND number = $1", number);
        return await rows.Read() ? rows.Int64(0) : 0;
    }

    /// <summary>The first event of a tile, and how many it holds.</summary>
    public async ValueTask<(long First, int Count)?> Bounds(long number) => (await Tile(0, number)).Length is > 0 and var bytes ? (await FirstEvent(number), bytes / MerkleTree.HashBytes) : null;

    /// <summary>An event's place in the tree; null when there is no such event.</summary>
    public async ValueTask<long?> LeafOf(long number)
    {
        long tile, first;
        await using (var rows = await session.Query("SELECT number, first_event FROM access_tile WHERE level = 0 AND first_event <= $1 ORDER BY first_event DESC LIMIT 1", number))
        {
            if (!await rows.Read()) return null;
            (tile, first) = (rows.Int64(0), rows.Int64(1));
        }
        await using var count = await session.Query("SELECT count(*), max(event) FROM access_event WHERE event >= $1 AND event <= $2", first, number);
        return await count.Read() && count.Int64(0) > 0 && count.Int64(1) == number ? tile * MerkleTree.TileWidth + count.Int64(0) - 1 : null;
    }
}
