using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tervik.Trust.AuditLog;

namespace Tervik.Trust.SealedLog;

/// <summary>One thing that an event says, as a JSON array: what anybody concerned may read of it can be shown and proven without the rest.</summary>
/// <param name="Text">Such as <c>["resource","Observation/7"]</c>; null where the reader may not see it.</param>
/// <param name="Salt">16 bytes, with the text.</param>
/// <param name="Hash">SHA-256 of salt and text.</param>
public sealed record LeafItem(string? Text, byte[]? Salt, byte[] Hash);

/// <summary>What an event of the access log is in the tree: the hash of the hashes of what it says, each with a salt of its own that comes from the event's secret one.</summary>
/// <remarks>The tree and its tiles so tell nothing of anybody; and when an event is erased, with its salt, its hash stays and means nothing.</remarks>
public static class AccessLeaf
{
    /// <summary>Bytes of an event's salt, and of those derived from it.</summary>
    public const int SaltBytes = 16;
    static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What the event says: who did what and when; what was asked; each thing given out; each patient concerned.</summary>
    public static List<string> Texts(LoggedAccess access)
    {
        List<string> texts =
        [
            JsonSerializer.Serialize<object?[]>(["access", access.Event, access.Agent, access.Interaction.Name, access.Interaction.Type, access.Interaction.Id, access.Status, access.Request], Plain),
            JsonSerializer.Serialize<object?[]>(["query", access.Query], Plain),
        ];
        foreach (var resource in access.Resources) texts.Add($"[\"resource\",{JsonSerializer.Serialize(resource, Plain)}]");
        // As a text: the numbers are larger than those of scripts.
        foreach (var patient in access.Compartments) texts.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"[\"patient\",\"{patient}\"]"));
        return texts;
    }

    /// <summary>What is entered into the tree for an event: 32 bytes.</summary>
    public static byte[] Data(LoggedAccess access, ReadOnlySpan<byte> salt)
    {
        var texts = Texts(access);
        var hashes = new byte[texts.Count * MerkleTree.HashBytes];
        for (var i = 0; i < texts.Count; i++) ItemHash(texts[i], ItemSalt(salt, i), hashes.AsSpan(i * MerkleTree.HashBytes));
        return SHA256.HashData(hashes);
    }

    /// <summary>The items of an event, with the text of those that may be seen.</summary>
    public static List<LeafItem> Items(LoggedAccess access, ReadOnlySpan<byte> salt, Predicate<string> maySee)
    {
        var items = new List<LeafItem>();
        foreach (var text in Texts(access))
        {
            var (itemSalt, hash) = (ItemSalt(salt, items.Count), new byte[MerkleTree.HashBytes]);
            ItemHash(text, itemSalt, hash);
            items.Add(maySee(text) ? new(text, itemSalt, hash) : new(null, null, hash));
        }
        return items;
    }

    static byte[] ItemSalt(ReadOnlySpan<byte> salt, int item)
    {
        Span<byte> input = stackalloc byte[SaltBytes + sizeof(int)];
        salt.CopyTo(input);
        BinaryPrimitives.WriteInt32BigEndian(input[SaltBytes..], item);
        return SHA256.HashData(input)[..SaltBytes];
    }

    static void ItemHash(string text, ReadOnlySpan<byte> salt, Span<byte> hash)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        Span<byte> input = bytes <= 1024 ? stackalloc byte[SaltBytes + bytes] : new byte[SaltBytes + bytes];
        salt.CopyTo(input);
        Encoding.UTF8.GetBytes(text, input[SaltBytes..]);
        SHA256.HashData(input, hash);
    }
}
