using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Tervik.Trust.SealedLog;

/// <summary>SHA-256 (FIPS 180-4) of many short inputs: eight at a time, one in each lane of a vector. A call of the library for one short input costs several times what its bytes do.</summary>
/// <remarks>Where the processor has no vectors of 256 bits, the library hashes one after the other.</remarks>
static class ManyHashes
{
    const int Lanes = 8, BlockBytes = 64, BlockWords = 16, Rounds = 64;

    static readonly uint[] Constants =
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    static readonly uint[] Initial = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    /// <param name="data">Holds the inputs.</param>
    /// <param name="inputs">Where each lies.</param>
    /// <param name="hashes">Room for 32 bytes each, in the same order; no part of <paramref name="data"/>.</param>
    public static void Of(ReadOnlySpan<byte> data, ReadOnlySpan<Range> inputs, Span<byte> hashes)
    {
        if (!Vector256.IsHardwareAccelerated)
        {
            for (var i = 0; i < inputs.Length; i++) ShortHash.Of(data[inputs[i]], hashes[(i * MerkleTree.HashBytes)..]);
            return;
        }
        // Inputs of as many blocks go together, so that no lane waits for another.
        var (order, blocks) = (ArrayPool<int>.Shared.Rent(inputs.Length), ArrayPool<int>.Shared.Rent(inputs.Length));
        for (var i = 0; i < inputs.Length; i++) (order[i], blocks[i]) = (i, BlocksOf(inputs[i].End.Value - inputs[i].Start.Value));
        blocks.AsSpan(0, inputs.Length).Sort(order.AsSpan(0, inputs.Length));
        for (var first = 0; first < inputs.Length; first += Lanes) Eight(data, inputs, order.AsSpan(first, Math.Min(Lanes, inputs.Length - first)), hashes);
        ArrayPool<int>.Shared.Return(order);
        ArrayPool<int>.Shared.Return(blocks);
    }

    /// <summary>With the bit that ends it and the eight bytes of its length.</summary>
    static int BlocksOf(int bytes) => (bytes + 1 + sizeof(ulong) + BlockBytes - 1) / BlockBytes;

    /// <param name="chosen">Up to eight numbers of inputs, those of fewer blocks first.</param>
    static void Eight(ReadOnlySpan<byte> data, ReadOnlySpan<Range> inputs, ReadOnlySpan<int> chosen, Span<byte> hashes)
    {
        Span<uint> words = stackalloc uint[BlockWords * Lanes];
        Span<Vector256<uint>> state = stackalloc Vector256<uint>[Initial.Length], schedule = stackalloc Vector256<uint>[BlockWords];
        for (var i = 0; i < Initial.Length; i++) state[i] = Vector256.Create(Initial[i]);
        words.Clear();
        for (int block = 0, done = 0; done < chosen.Length; block++)
        {
            for (var lane = done; lane < chosen.Length; lane++) Put(data[inputs[chosen[lane]]], block, words[lane..]);
            for (var i = 0; i < BlockWords; i++) schedule[i] = Vector256.Create(words.Slice(i * Lanes, Lanes));
            Compress(state, schedule);
            for (; done < chosen.Length && BlocksOf(inputs[chosen[done]].End.Value - inputs[chosen[done]].Start.Value) == block + 1; done++)
                for (var i = 0; i < Initial.Length; i++) BinaryPrimitives.WriteUInt32BigEndian(hashes[(chosen[done] * MerkleTree.HashBytes + i * sizeof(uint))..], state[i][done]);
        }
    }

    /// <summary>The words of one block of an input, each where its lane has it.</summary>
    static void Put(ReadOnlySpan<byte> input, int block, Span<uint> words)
    {
        Span<byte> padded = stackalloc byte[BlockBytes];
        var from = block * BlockBytes;
        if (from + BlockBytes > input.Length)
        {
            padded.Clear();
            if (from < input.Length) input[from..].CopyTo(padded);
            if (from <= input.Length) padded[input.Length - from] = 0x80;
            if (block + 1 == BlocksOf(input.Length)) BinaryPrimitives.WriteUInt64BigEndian(padded[(BlockBytes - sizeof(ulong))..], (ulong)input.Length * 8);
        }
        else input.Slice(from, BlockBytes).CopyTo(padded);
        for (var i = 0; i < BlockWords; i++) words[i * Lanes] = BinaryPrimitives.ReadUInt32BigEndian(padded[(i * sizeof(uint))..]);
    }

    /// <summary>One block of each lane (FIPS 180-4, 6.2.2). The schedule is kept as its last sixteen words.</summary>
    static void Compress(Span<Vector256<uint>> state, Span<Vector256<uint>> schedule)
    {
        var (a, b, c, d, e, f, g, h) = (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]);
        for (var round = 0; round < Rounds; round++)
        {
            if (round >= BlockWords)
            {
                var (w15, w2) = (schedule[(round + 1) & 15], schedule[(round + 14) & 15]);
                schedule[round & 15] += (Turn(w15, 7) ^ Turn(w15, 18) ^ (w15 >>> 3)) + schedule[(round + 9) & 15] + (Turn(w2, 17) ^ Turn(w2, 19) ^ (w2 >>> 10));
            }
            var first = h + (Turn(e, 6) ^ Turn(e, 11) ^ Turn(e, 25)) + ((e & f) ^ Vector256.AndNot(g, e)) + Vector256.Create(Constants[round]) + schedule[round & 15];
            var second = (Turn(a, 2) ^ Turn(a, 13) ^ Turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d + first, c, b, a, first + second);
        }
        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }

    static Vector256<uint> Turn(Vector256<uint> word, int bits) => (word >>> bits) | (word << (32 - bits));
}
