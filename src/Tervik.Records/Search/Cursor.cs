using System.Buffers;
using System.Buffers.Text;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace Tervik.Records.Search;

/// <summary>A place in a search as a client gets it: sealed with AES-GCM, so that nobody can read or change what it holds (a patient's name in a parameter, a sort value of a hidden resource).</summary>
sealed class Cursors(byte[] key)
{
    const int NonceBytes = 12, TagBytes = 16;
    /// <summary>No address may be longer at most proxies.</summary>
    const int LongestCursor = 16_384;

    public string Seal(SearchRequest request, PagePoint point)
    {
        var plain = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(plain))
        {
            json.WriteStartArray();
            json.WriteStringValue(request.Type);
            json.WriteStringValue(request.Compartment);
            json.WriteBooleanValue(request.Strict);
            json.WriteStringValue(request.Base);
            json.WriteStartArray();
            foreach (var (name, value) in request.Parameters)
            {
                json.WriteStringValue(name);
                json.WriteStringValue(value);
            }
            json.WriteEndArray();
            json.WriteStartArray();
            foreach (var value in point.Values)
                if (value is long integer) json.WriteNumberValue(integer);
                else json.WriteStringValue((string)value);
            json.WriteEndArray();
            json.WriteNumberValue(point.Pk);
            json.WriteBooleanValue(point.IsBackward);
            json.WriteNumberValue(point.SnapshotPk);
            json.WriteEndArray();
        }
        var packed = Pack(plain.WrittenSpan);
        var sealedBytes = new byte[NonceBytes + packed.Length + TagBytes];
        var nonce = sealedBytes.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(nonce, packed, sealedBytes.AsSpan(NonceBytes, packed.Length), sealedBytes.AsSpan(NonceBytes + packed.Length));
        return Base64Url.EncodeToString(sealedBytes);
    }

    /// <exception cref="FaultException">It was not made by this store.</exception>
    public (SearchRequest Request, PagePoint Point) Open(string cursor)
    {
        try
        {
            if (cursor.Length > LongestCursor) throw new FormatException("too long");
            var sealedBytes = Base64Url.DecodeFromChars(cursor);
            if (sealedBytes.Length < NonceBytes + TagBytes) throw new FormatException("too short");
            var packed = new byte[sealedBytes.Length - NonceBytes - TagBytes];
            using var cipher = new AesGcm(key, TagBytes);
            cipher.Decrypt(sealedBytes.AsSpan(0, NonceBytes), sealedBytes.AsSpan(NonceBytes, packed.Length), sealedBytes.AsSpan(NonceBytes + packed.Length), packed);
            return Read(packed);
        }
        catch (Exception fault) when (fault is FormatException or CryptographicException)
        {
            throw new FaultException(new Fault(FaultKind.Invalid, "value", "_cursor", "The page link is not one of this server's, or was changed. Begin the search again."));
        }
    }

    static (SearchRequest, PagePoint) Read(byte[] packed)
    {
        using var document = JsonDocument.Parse(Unpack(packed));
        var root = document.RootElement;
        var pairs = root[4].EnumerateArray().Select(item => item.GetString()!).Chunk(2).Select(pair => KeyValuePair.Create(pair[0], pair[1]));
        var request = new SearchRequest(root[0].GetString(), [.. pairs], root[2].GetBoolean()) { Compartment = root[1].GetString(), Base = root[3].GetString() };
        object[] values = [.. root[5].EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number ? (object)item.GetInt64() : item.GetString()!)];
        return (request, new(values, root[6].GetInt64(), root[7].GetBoolean(), root[8].GetInt64()));
    }

    // Searches with many ids would make addresses too long for some proxies.
    static byte[] Pack(ReadOnlySpan<byte> plain)
    {
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.Fastest)) deflate.Write(plain);
        return packed.ToArray();
    }

    static byte[] Unpack(byte[] packed)
    {
        using var deflate = new DeflateStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        deflate.CopyTo(plain);
        return plain.ToArray();
    }
}
