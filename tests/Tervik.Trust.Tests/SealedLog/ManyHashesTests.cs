using System.Security.Cryptography;
using Tervik.Records.Access;
using Tervik.Trust.AuditLog;
using Tervik.Trust.SealedLog;

namespace Tervik.Trust.Tests.SealedLog;

public sealed class ManyHashesTests
{
    static byte[][] Hash(List<byte[]> inputs)
    {
        var (data, places, hashes) = (inputs.SelectMany(input => input).ToArray(), new Range[inputs.Count], new byte[inputs.Count * 32]);
        for (int i = 0, at = 0; i < inputs.Count; at += inputs[i++].Length) places[i] = at..(at + inputs[i].Length);
        ManyHashes.Of(data, places, hashes);
        return [.. hashes.Chunk(32)];
    }

    [Fact]
    public void Inputs_of_every_length_to_some_blocks_are_hashed_as_the_library_does()
    {
        // Around 55, 56, 63 and 64 bytes the padding takes another shape.
        List<byte[]> inputs = [.. Enumerable.Range(0, 300).Select(length => Enumerable.Range(0, length).Select(i => (byte)((i * 7 + length) & 255)).ToArray())];
        Assert.Equal(inputs.Select(SHA256.HashData), Hash(inputs));
    }

    [Fact]
    public void Many_of_mixed_lengths_in_any_order_and_number_are_too()
    {
        var dice = new Random(20261127);
        for (var round = 0; round < 400; round++)
        {
            List<byte[]> inputs = [];
            for (var count = dice.Next(0, 40); count > 0; count--)
            {
                inputs.Add(new byte[dice.Next(5) == 0 ? dice.Next(4000) : dice.Next(200)]);
                dice.NextBytes(inputs[^1]);
            }
            Assert.Equal(inputs.Select(SHA256.HashData), Hash(inputs));
        }
    }

    [Fact]
    public void The_vectors_of_the_standard_come_out()
    {
        var hashes = Hash([[], "abc"u8.ToArray(), "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"u8.ToArray(), [.. Enumerable.Repeat((byte)'a', 1_000_000)]]);
        Assert.Equal(["E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
            "248D6A61D20638B8E5C026930C3E6039A33CE45964FF2167F6ECEDD419DB06C1", "CDC76E5C9914FB9281A1C7E284D73E67F1809A48A497200E046D39CCC7112CD0"], hashes.Select(Convert.ToHexString));
    }

    [Fact]
    public void The_leaves_of_many_events_are_those_of_each()
    {
        var dice = new Random(7);
        string? Maybe(string text) => dice.Next(3) == 0 ? null : text;
        var accesses = Enumerable.Range(0, 1000).Select(i => new LoggedAccess(i, Maybe("Practitioner/é" + i), new("read", Maybe("Observation"), Maybe($"{i}")), Maybe(new string('q', dice.Next(300))),
            [.. Enumerable.Range(0, dice.Next(5)).Select(n => $"Observation/{i}-{n}")], [.. Enumerable.Range(0, dice.Next(dice.Next(10) == 0 ? 40 : 3)).Select(_ => dice.NextInt64())], 200, Maybe("trace"))
        {
            Salt = dice.Next(9) == 0 ? [] : [.. Enumerable.Range(0, 16).Select(_ => (byte)dice.Next(256))], Address = Maybe("10.0.0.1"), Client = Maybe("app"), Concerned = dice.Next(3),
        }).ToList();
        foreach (var count in (int[])[0, 1, 2, 7, 8, 9, 256, 1000])
            Assert.Equal(accesses.Take(count).Select(access => MerkleTree.Leaf(AccessLeaf.Data(access))), AccessLeaf.Leaves([.. accesses.Take(count)]));
    }
}
