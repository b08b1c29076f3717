using System.Numerics;
using System.Security.Cryptography;

namespace Tervik.Trust.SealedLog;

/// <summary>The hash tree of RFC 6962, section 2.1: root, inclusion and consistency over hashes of perfect subtrees.</summary>
public static class MerkleTree
{
    /// <summary>Bytes of a SHA-256.</summary>
    public const int HashBytes = 32;
    /// <summary>A tile holds 2^8 hashes.</summary>
    public const int TileHeight = 8, TileWidth = 1 << TileHeight;

    /// <summary>Hash of a perfect subtree: 2^<paramref name="Height"/> leaves from leaf <paramref name="Index"/>·2^<paramref name="Height"/> on.</summary>
    public delegate ValueTask<byte[]> Subtree(int Height, long Index);

    /// <summary>Hash of a leaf.</summary>
    public static byte[] Leaf(ReadOnlySpan<byte> data)
    {
        Span<byte> input = stackalloc byte[1 + data.Length];
        data.CopyTo(input[1..]);
        var hash = new byte[HashBytes];
        ShortHash.Of(input, hash);
        return hash;
    }

    /// <summary>Hash of an inner node.</summary>
    public static byte[] Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        Span<byte> input = stackalloc byte[1 + 2 * HashBytes];
        input[0] = 1;
        left.CopyTo(input[1..]);
        right.CopyTo(input[(1 + HashBytes)..]);
        var hash = new byte[HashBytes];
        ShortHash.Of(input, hash);
        return hash;
    }

    /// <summary>Root of a perfect subtree from the hashes of its <c>2^n</c> parts.</summary>
    public static byte[] Fold(ReadOnlySpan<byte> hashes)
    {
        if (hashes.Length == HashBytes) return hashes.ToArray();
        var half = hashes.Length / 2;
        return Node(Fold(hashes[..half]), Fold(hashes[half..]));
    }

    /// <summary>Root over leaves [<paramref name="from"/>, <paramref name="to"/>), where <paramref name="from"/> is where such a range may begin: 0, or after perfect subtrees of the range's size or more.</summary>
    public static async ValueTask<byte[]> Root(long from, long to, Subtree subtree)
    {
        var size = to - from;
        if (size == 0) return SHA256.HashData([]);
        if (BitOperations.IsPow2(size)) return await subtree(BitOperations.Log2((ulong)size), from / size);
        var middle = from + LargestPowerBelow(size);
        var (left, right) = (await Root(from, middle, subtree), await Root(middle, to, subtree));
        return Node(left, right);
    }

    /// <summary>The hashes that lead from a leaf to the root of the tree of a size (RFC 6962, 2.1.1).</summary>
    public static async ValueTask<List<byte[]>> Inclusion(long leaf, long size, Subtree subtree)
    {
        if (leaf < 0 || leaf >= size) throw new ArgumentOutOfRangeException(nameof(leaf), leaf, $"There are {size} leaves.");
        var path = new List<byte[]>();
        for (var (from, to) = (0L, size); to - from > 1;)
        {
            var middle = from + LargestPowerBelow(to - from);
            if (leaf < middle)
            {
                path.Add(await Root(middle, to, subtree));
                to = middle;
            }
            else
            {
                path.Add(await Root(from, middle, subtree));
                from = middle;
            }
        }
        path.Reverse();
        return path;
    }

    /// <summary>The hashes that show that the tree of a size begins with the tree of an older size (RFC 6962, 2.1.2).</summary>
    public static async ValueTask<List<byte[]>> Consistency(long old, long size, Subtree subtree)
    {
        if (old < 0 || old > size) throw new ArgumentOutOfRangeException(nameof(old), old, $"There are {size} leaves.");
        var path = new List<byte[]>();
        if (old == 0 || old == size) return path;
        var (from, to, isWhole) = (0L, size, true);
        while (old != to)
        {
            var middle = from + LargestPowerBelow(to - from);
            if (old <= middle)
            {
                path.Add(await Root(middle, to, subtree));
                to = middle;
            }
            else
            {
                path.Add(await Root(from, middle, subtree));
                (from, isWhole) = (middle, false);
            }
        }
        // The old tree itself is known to whoever asks; a part of it is not.
        if (!isWhole) path.Add(await Root(from, to, subtree));
        path.Reverse();
        return path;
    }

    /// <summary>Whether the path leads from the leaf's hash to the root (RFC 9162, 2.1.3.2).</summary>
    public static bool IsIncluded(long leaf, long size, ReadOnlySpan<byte> leafHash, IReadOnlyList<byte[]> path, ReadOnlySpan<byte> root)
    {
        if (leaf < 0 || leaf >= size) return false;
        var (node, last, hash) = (leaf, size - 1, leafHash.ToArray());
        foreach (var other in path)
        {
            if (last == 0) return false;
            if ((node & 1) == 1 || node == last)
            {
                hash = Node(other, hash);
                while ((node & 1) == 0 && node != 0) (node, last) = (node >> 1, last >> 1);
            }
            else hash = Node(hash, other);
            (node, last) = (node >> 1, last >> 1);
        }
        return last == 0 && root.SequenceEqual(hash);
    }

    /// <summary>Whether the path shows that the tree of the new size and root begins with that of the old (RFC 9162, 2.1.4.2).</summary>
    public static bool IsConsistent(long old, long size, ReadOnlySpan<byte> oldRoot, ReadOnlySpan<byte> root, IReadOnlyList<byte[]> path)
    {
        if (old < 0 || old > size) return false;
        if (old == size) return path.Count == 0 && oldRoot.SequenceEqual(root);
        if (old == 0) return path.Count == 0;
        var parts = new Queue<byte[]>(path);
        if (BitOperations.IsPow2(old)) parts = new([oldRoot.ToArray(), .. path]);
        if (parts.Count == 0) return false;
        var (node, last) = (old - 1, size - 1);
        while ((node & 1) == 1) (node, last) = (node >> 1, last >> 1);
        var first = parts.Dequeue();
        var (older, newer) = (first, first);
        foreach (var other in parts)
        {
            if (last == 0) return false;
            if ((node & 1) == 1 || node == last)
            {
                (older, newer) = (Node(other, older), Node(other, newer));
                while ((node & 1) == 0 && node != 0) (node, last) = (node >> 1, last >> 1);
            }
            else newer = Node(newer, other);
            (node, last) = (node >> 1, last >> 1);
        }
        return last == 0 && oldRoot.SequenceEqual(older) && root.SequenceEqual(newer);
    }

    static long LargestPowerBelow(long size) => 1L << BitOperations.Log2((ulong)(size - 1));
}
