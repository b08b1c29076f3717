using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tervik.Trust.AuditLog;

namespace Tervik.Trust.SealedLog;

/// <summary>One thing that an event says, as a JSON array: what anybody concerned may read of it can be shown and proven without the rest.</summary>
/// <param name="Text">Such as <c>["resources","Observation/7"]</c>; null where the reader may not see it.</param>
/// <param name="Salt">16 bytes, with the text.</param>
/// <param name="Hash">SHA-256 of salt and text.</param>
public sealed record LeafItem(string? Text, byte[]? Salt, byte[] Hash);

/// <summary>What an event of the access log is in the tree: the hash of the hashes of what it says, each with a salt of its own that comes from the event's secret one.</summary>
/// <remarks>The tree and its tiles so tell nothing of anybody; and when an event is erased, with its salt, its hash stays and means nothing.</remarks>
public static class AccessLeaf
{
    /// <summary>Bytes of an event's salt, and of those derived from it.</summary>
    public const int SaltBytes = 16;

    /// <summary>The texts of one event, one after the other, each with room for a salt before it.</summary>
    sealed class Writer
    {
        readonly ArrayBufferWriter<byte> buffer = new(1024);
        readonly List<int> ends = [];
        public int Count => ends.Count;
        public ReadOnlySpan<byte> Written => buffer.WrittenSpan;
        public Range Place(int number) => (number == 0 ? 0 : ends[number - 1])..ends[number];
        /// <summary>Room for the salt, then the text.</summary>
        public Span<byte> Item(int number) => MemoryMarshal.AsMemory(buffer.WrittenMemory).Span[Place(number)];

        public void Clear()
        {
            buffer.ResetWrittenCount();
            ends.Clear();
        }

        public void Write(LoggedAccess access)
        {
            using var json = new Utf8JsonWriter(buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
            Begin(json, "access"u8);
            json.WriteNumberValue(access.Event);
            json.WriteStringValue(access.Agent);
            json.WriteStringValue(access.Interaction.Name);
            json.WriteStringValue(access.Interaction.Type);
            json.WriteStringValue(access.Interaction.Id);
            json.WriteNumberValue(access.Status);
            json.WriteStringValue(access.Request);
            if (access.Concerned is { } concerned) json.WriteNumberValue(concerned);
            else json.WriteNullValue();
            json.WriteStringValue(access.Client);
            json.WriteStringValue(access.Purpose);
            End(json);
            if (access.Query is { } query) One(json, "query"u8, query);
            if (access.Address is { } address) One(json, "address"u8, address);
            // One item for all of them: who may see an event of one patient, may see what was given out of that patient.
            if (access.Resources.Count > 0)
            {
                Begin(json, "resources"u8);
                foreach (var resource in access.Resources) json.WriteStringValue(resource);
                End(json);
            }
            // As a text: the numbers are larger than those of scripts.
            Span<char> key = stackalloc char[20];
            foreach (var patient in access.Compartments)
            {
                patient.TryFormat(key, out var length, provider: CultureInfo.InvariantCulture);
                Begin(json, "patient"u8);
                json.WriteStringValue(key[..length]);
                End(json);
            }
        }

        /// <summary>Puts each item's own salt before its text: two to a hash of the event's salt and their number.</summary>
        public void PutSalts(ReadOnlySpan<byte> salt)
        {
            Span<byte> input = stackalloc byte[PairBytes], pair = stackalloc byte[MerkleTree.HashBytes];
            for (var i = 0; i < Count; i++)
            {
                if (i % 2 == 0)
                {
                    PutPair(salt, i / 2, input);
                    ShortHash.Of(input, pair);
                }
                pair.Slice(i % 2 * SaltBytes, SaltBytes).CopyTo(Item(i));
            }
        }

        void One(Utf8JsonWriter json, ReadOnlySpan<byte> label, string? value)
        {
            Begin(json, label);
            json.WriteStringValue(value);
            End(json);
        }

        void Begin(Utf8JsonWriter json, ReadOnlySpan<byte> label)
        {
            buffer.GetSpan(SaltBytes);
            buffer.Advance(SaltBytes);
            json.Reset();
            json.WriteStartArray();
            json.WriteStringValue(label);
        }

        void End(Utf8JsonWriter json)
        {
            json.WriteEndArray();
            json.Flush();
            ends.Add(buffer.WrittenCount);
        }
    }

    const int PairBytes = SaltBytes + sizeof(int);

    /// <summary>What two salts are the hash of.</summary>
    static void PutPair(ReadOnlySpan<byte> salt, int number, Span<byte> input)
    {
        input[..SaltBytes].Clear();
        salt.CopyTo(input);
        BinaryPrimitives.WriteInt32BigEndian(input[SaltBytes..], number);
    }

    [ThreadStatic]
    static Writer? own;

    static Writer Written(LoggedAccess access)
    {
        var writer = own ??= new();
        writer.Clear();
        writer.Write(access);
        return writer;
    }

    /// <summary>What the event says: who did what and when; what was asked; what was given out; each patient concerned.</summary>
    public static List<string> Texts(LoggedAccess access)
    {
        var (writer, texts) = (Written(access), new List<string>());
        for (var i = 0; i < writer.Count; i++) texts.Add(Encoding.UTF8.GetString(writer.Item(i)[SaltBytes..]));
        return texts;
    }

    /// <summary>What is entered into the tree for an event: 32 bytes.</summary>
    public static byte[] Data(LoggedAccess access)
    {
        var writer = Written(access);
        Span<byte> hashes = writer.Count <= 32 ? stackalloc byte[writer.Count * MerkleTree.HashBytes] : new byte[writer.Count * MerkleTree.HashBytes];
        writer.PutSalts(access.Salt);
        for (var i = 0; i < writer.Count; i++) ShortHash.Of(writer.Item(i), hashes[(i * MerkleTree.HashBytes)..]);
        var data = new byte[MerkleTree.HashBytes];
        ShortHash.Of(hashes, data);
        return data;
    }

    /// <summary>The hashes of the leaves of many events, in their order: as <see cref="MerkleTree.Leaf"/> of <see cref="Data"/>, but step by step for all of them.</summary>
    public static byte[][] Leaves(IReadOnlyList<LoggedAccess> accesses)
    {
        var writer = own ??= new();
        writer.Clear();
        var firsts = new int[accesses.Count + 1];
        for (var i = 0; i < accesses.Count; i++)
        {
            writer.Write(accesses[i]);
            firsts[i + 1] = writer.Count;
        }
        // Salts, two to a hash.
        var (pairs, pairPlaces) = (new byte[(writer.Count + accesses.Count) * PairBytes], new Range[writer.Count + accesses.Count]);
        var pair = 0;
        for (var i = 0; i < accesses.Count; i++)
            for (var j = 0; 2 * j < firsts[i + 1] - firsts[i]; j++, pair++) PutPair(accesses[i].Salt, j, pairs.AsSpan((pairPlaces[pair] = Place(pair, PairBytes))));
        var salts = new byte[pair * MerkleTree.HashBytes];
        ManyHashes.Of(pairs, pairPlaces.AsSpan(0, pair), salts);
        pair = 0;
        for (var i = 0; i < accesses.Count; i++)
        {
            var count = firsts[i + 1] - firsts[i];
            for (var j = 0; j < count; j++) salts.AsSpan((pair + j / 2) * MerkleTree.HashBytes + j % 2 * SaltBytes, SaltBytes).CopyTo(writer.Item(firsts[i] + j));
            pair += (count + 1) / 2;
        }
        // Items, then of each event its items' hashes, then the leaf.
        var (items, places, data) = (new byte[writer.Count * MerkleTree.HashBytes], new Range[Math.Max(writer.Count, accesses.Count)], new byte[accesses.Count * MerkleTree.HashBytes]);
        for (var i = 0; i < writer.Count; i++) places[i] = writer.Place(i);
        ManyHashes.Of(writer.Written, places.AsSpan(0, writer.Count), items);
        for (var i = 0; i < accesses.Count; i++) places[i] = (firsts[i] * MerkleTree.HashBytes)..(firsts[i + 1] * MerkleTree.HashBytes);
        ManyHashes.Of(items, places.AsSpan(0, accesses.Count), data);
        var (inputs, leaves) = (new byte[accesses.Count * (1 + MerkleTree.HashBytes)], new byte[accesses.Count * MerkleTree.HashBytes]);
        for (var i = 0; i < accesses.Count; i++)
        {
            places[i] = Place(i, 1 + MerkleTree.HashBytes);
            data.AsSpan(Place(i, MerkleTree.HashBytes)).CopyTo(inputs.AsSpan(places[i])[1..]);
        }
        ManyHashes.Of(inputs, places.AsSpan(0, accesses.Count), leaves);
        return [.. leaves.Chunk(MerkleTree.HashBytes)];

        static Range Place(int number, int bytes) => (number * bytes)..((number + 1) * bytes);
    }

    /// <summary>The items of an event, with the text of those that may be seen.</summary>
    public static List<LeafItem> Items(LoggedAccess access, Predicate<string> maySee)
    {
        var (writer, items) = (Written(access), new List<LeafItem>());
        writer.PutSalts(access.Salt);
        for (var i = 0; i < writer.Count; i++)
        {
            var item = writer.Item(i);
            var hash = new byte[MerkleTree.HashBytes];
            ShortHash.Of(item, hash);
            var text = Encoding.UTF8.GetString(item[SaltBytes..]);
            items.Add(maySee(text) ? new(text, item[..SaltBytes].ToArray(), hash) : new(null, null, hash));
        }
        return items;
    }
}
