using System.Security.Cryptography;

namespace Tervik.Trust.SealedLog;

/// <summary>256 hashes of one level, or fewer at the edge of the tree (C2SP tlog-tiles).</summary>
/// <param name="Level">0 holds leaves; 1 the roots of full tiles of level 0, and so on.</param>
/// <param name="Number">From 0.</param>
/// <param name="FirstEvent">Level 0: the event of its first leaf; above: 0.</param>
/// <param name="Hashes">32 bytes each, one after the other.</param>
sealed record Tile(int Level, long Number, long FirstEvent, byte[] Hashes);

/// <summary>The right edge of a growing tree: its perfect subtrees, and what the last tile of each level holds so far.</summary>
/// <param name="size">Leaves so far.</param>
/// <param name="lastEvent">The event of the last of them.</param>
sealed class TreeEdge(long size, long lastEvent)
{
    public long Size { get; private set; } = size;
    public long LastEvent { get; private set; } = lastEvent;
    public long FirstEventOfTile { get; set; }
    /// <summary>Perfect subtrees from the left, each higher than the next.</summary>
    public List<(int Height, byte[] Hash)> Frontier { get; } = [];
    /// <summary>By level the hashes of the tile that is not full.</summary>
    public List<List<byte[]>> Tiles { get; } = [];

    public byte[] Root => Frontier.Count == 0 ? SHA256.HashData([]) : Frontier.Select(part => part.Hash).Reverse().Aggregate((right, left) => MerkleTree.Node(left, right));

    /// <summary>Enters a leaf.</summary>
    /// <param name="leaf">Its hash.</param>
    /// <param name="number">Its event.</param>
    /// <param name="full">Takes each tile that it fills.</param>
    public void Enter(byte[] leaf, long number, Action<Tile> full)
    {
        if (Size % MerkleTree.TileWidth == 0) FirstEventOfTile = number;
        Place(0, leaf);
        var (hash, height) = (leaf, 0);
        for (; Frontier.Count > 0 && Frontier[^1].Height == height; height++)
        {
            hash = MerkleTree.Node(Frontier[^1].Hash, hash);
            Frontier.RemoveAt(Frontier.Count - 1);
            if (height % MerkleTree.TileHeight != MerkleTree.TileHeight - 1) continue;
            // The tile is full: its root goes into the one above.
            var level = height / MerkleTree.TileHeight;
            full(Tile(level));
            Tiles[level].Clear();
            Place(level + 1, hash);
        }
        Frontier.Add((height, hash));
        (Size, LastEvent) = (Size + 1, number);
    }

    /// <summary>The tiles that are not full.</summary>
    public IEnumerable<Tile> Partial() => Enumerable.Range(0, Tiles.Count).Where(level => Tiles[level].Count > 0).Select(Tile);

    // While a tile is being filled, the size still counts the leaf before it: full or not, the number is that of the tile the last leaf lies in.
    Tile Tile(int level)
    {
        var hashes = new byte[Tiles[level].Count * MerkleTree.HashBytes];
        for (var i = 0; i < Tiles[level].Count; i++) Tiles[level][i].CopyTo(hashes, i * MerkleTree.HashBytes);
        return new(level, Size >> (MerkleTree.TileHeight * (level + 1)), level == 0 ? FirstEventOfTile : 0, hashes);
    }

    void Place(int level, byte[] hash)
    {
        while (Tiles.Count <= level) Tiles.Add([]);
        Tiles[level].Add(hash);
    }
}
