using System.Security.Cryptography;
using CsCheck;
using Tervik.Trust.SealedLog;

namespace Tervik.Trust.Tests.SealedLog;

public sealed class MerkleTreeTests
{
    static byte[] Data(int number) => BitConverter.GetBytes(number);

    // RFC 6962, 2.1, word for word: another way to the same root.
    static byte[] Plain(int from, int to)
    {
        if (to == from) return SHA256.HashData([]);
        if (to - from == 1) return SHA256.HashData([0, .. Data(from)]);
        var half = 1;
        while (half * 2 < to - from) half *= 2;
        return SHA256.HashData([1, .. Plain(from, from + half), .. Plain(from + half, to)]);
    }

    static ValueTask<byte[]> Subtree(int height, long index) => new(Plain((int)(index << height), (int)((index + 1) << height)));

    [Fact]
    public async Task Roots_are_those_of_the_definition()
    {
        var edge = new TreeEdge(0, 0);
        for (var size = 0; size < 700; size++)
        {
            Assert.Equal(Plain(0, size), edge.Root);
            if (size is < 20 or > 600) Assert.Equal(Plain(0, size), await MerkleTree.Root(0, size, Subtree));
            edge.Enter(MerkleTree.Leaf(Data(size)), size, _ => { });
        }
    }

    [Fact]
    public async Task Every_leaf_is_proven_in_every_tree_and_no_other_is()
    {
        for (var size = 1; size < 40; size++)
            for (var leaf = 0; leaf < size; leaf++)
            {
                var path = await MerkleTree.Inclusion(leaf, size, Subtree);
                Assert.True(MerkleTree.IsIncluded(leaf, size, MerkleTree.Leaf(Data(leaf)), path, Plain(0, size)));
                Assert.False(MerkleTree.IsIncluded(leaf, size, MerkleTree.Leaf(Data(leaf + 1)), path, Plain(0, size)));
                Assert.False(MerkleTree.IsIncluded((leaf + 1) % size, size, MerkleTree.Leaf(Data(leaf)), path, Plain(0, size)) && size > 1);
                Assert.False(MerkleTree.IsIncluded(leaf, size, MerkleTree.Leaf(Data(leaf)), [.. path, new byte[32]], Plain(0, size)));
                if (path.Count > 0) Assert.False(MerkleTree.IsIncluded(leaf, size, MerkleTree.Leaf(Data(leaf)), path[..^1], Plain(0, size)));
            }
    }

    [Fact]
    public async Task Every_older_tree_is_proven_and_no_other_is()
    {
        for (var size = 1; size < 40; size++)
            for (var old = 0; old <= size; old++)
            {
                var path = await MerkleTree.Consistency(old, size, Subtree);
                Assert.True(MerkleTree.IsConsistent(old, size, Plain(0, old), Plain(0, size), path), $"{old} of {size}");
                if (old == 0) continue;
                Assert.False(MerkleTree.IsConsistent(old, size, Plain(1, old + 1), Plain(0, size), path));
                Assert.False(MerkleTree.IsConsistent(old, size, Plain(0, old), Plain(1, size + 1), path));
                if (path.Count > 0) Assert.False(MerkleTree.IsConsistent(old, size, Plain(0, old), Plain(0, size), path[1..]));
            }
    }

    [Fact]
    public void Notes_are_read_as_they_were_written_and_nothing_else_throws_anything_but_a_format_fault()
    {
        var signer = NoteSigner.New("tervik.example/access", NoteVerifier.Signature);
        Gen.Select(Gen.Long[0, long.MaxValue], Gen.Byte.Array[32]).Sample((size, root) =>
        {
            var text = Checkpoint.TextOf(signer.Verifier.Name, size, root);
            var read = Checkpoint.Parse($"{text}\n{signer.Sign(text, DateTimeOffset.UnixEpoch)}");
            Assert.Equal((size, text), (read.Size, read.Text));
            Assert.Equal(root, read.Root);
            Assert.True(read.IsSignedBy(NoteVerifier.Parse(signer.Verifier.ToString())));
            Assert.False(read.IsSignedBy(NoteSigner.New("tervik.example/access", NoteVerifier.Signature).Verifier));
        }, iter: 50);
        var whole = Checkpoint.TextOf("o", 3, new byte[32]) is var note ? $"{note}\n{signer.Sign(note, DateTimeOffset.UnixEpoch)}" : "";
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Char.AlphaNumeric, Gen.Int[0, 2]).Sample((at, letter, how) =>
        {
            var changed = how switch { 0 => whole[..at], 1 => whole.Remove(at, 1), _ => whole.Insert(at, letter.ToString()) };
            try
            {
                var read = Checkpoint.Parse(changed);
                Assert.False(read.IsSignedBy(signer.Verifier) && (read.Text != note));
            }
            catch (FormatException)
            {
                // As it should be.
            }
        }, iter: 2000);
    }

    // From the example of C2SP signed-note: a key of the Go checksum database and how its name is written.
    [Fact]
    public void A_key_known_from_elsewhere_is_read()
    {
        const string Go = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
        Assert.Equal(Go, NoteVerifier.Parse(Go).ToString());
        Assert.Throws<FormatException>(() => NoteVerifier.Parse(Go.Replace("033de0ae", "033de0af", StringComparison.Ordinal)));
    }
}
