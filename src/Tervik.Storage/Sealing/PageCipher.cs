using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Tervik.Storage.Sealing;

/// <summary>Encrypts the pages of one open file of SQLite, database or log, with AES-256-GCM. The last 32 bytes of a page hold nonce (12), tag (16) and nothing (4): SQLite leaves them to us.
/// Used by one thread at a time.</summary>
sealed class PageCipher : IDisposable
{
    public const int PageBytes = 4096;
    /// <summary>SQLite's "reserved bytes" of every page.</summary>
    public const int ReservedBytes = 32;
    const int ContentBytes = PageBytes - ReservedBytes;
    const int NonceBytes = 12;
    const int TagBytes = 16;

    readonly AesGcm gcm;
    readonly Aes block;
    readonly byte kind;
    readonly byte[] scratch = new byte[PageBytes];
    // Never twice the same nonce: eight random bytes an open file, then a counter (SP 800-38D, 8.2.1).
    readonly byte[] nonce = new byte[NonceBytes];
    uint counter;

    /// <param name="key">32 bytes, of the database.</param>
    /// <param name="kind">What file of it: pages of one do not pass for pages of the other.</param>
    public PageCipher(byte[] key, byte kind)
    {
        this.kind = kind;
        gcm = new(HKDF.DeriveKey(HashAlgorithmName.SHA256, key, 32, info: "tervik page"u8.ToArray()), TagBytes);
        block = Aes.Create();
        block.Key = HKDF.DeriveKey(HashAlgorithmName.SHA256, key, 32, info: "tervik frame"u8.ToArray());
        RandomNumberGenerator.Fill(nonce.AsSpan(0, 8));
    }

    /// <param name="page">Whole page of SQLite.</param>
    /// <param name="offset">Where in the file it goes.</param>
    /// <returns>What to write, valid until the next call; empty when the page uses the reserved bytes.</returns>
    public ReadOnlySpan<byte> Seal(ReadOnlySpan<byte> page, long offset)
    {
        // SQLite's sum over a frame of the log covers the reserved bytes too: a reader sees zeros there, so a writer must.
        if (page[ContentBytes..].ContainsAnyExcept((byte)0)) return default;
        if (unchecked(++counter) == 0) RandomNumberGenerator.Fill(nonce.AsSpan(0, 8));
        BinaryPrimitives.WriteUInt32LittleEndian(nonce.AsSpan(8), counter);
        Span<byte> place = stackalloc byte[9];
        var tail = scratch.AsSpan(ContentBytes);
        nonce.CopyTo(tail);
        gcm.Encrypt(nonce, page[..ContentBytes], scratch.AsSpan(0, ContentBytes), tail.Slice(NonceBytes, TagBytes), Place(place, offset));
        return scratch;
    }

    /// <summary>Decrypts in place.</summary>
    /// <returns>False when the page is not what was written at this place; it is all zeros then.</returns>
    public bool TryOpen(Span<byte> page, long offset)
    {
        Span<byte> place = stackalloc byte[9];
        var tail = page[ContentBytes..];
        try
        {
            gcm.Decrypt(tail[..NonceBytes], page[..ContentBytes], tail.Slice(NonceBytes, TagBytes), page[..ContentBytes], Place(place, offset));
            tail.Clear();
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            page.Clear();
            return false;
        }
    }

    ReadOnlySpan<byte> Place(Span<byte> place, long offset)
    {
        place[0] = kind;
        BinaryPrimitives.WriteInt64LittleEndian(place[1..], offset);
        return place;
    }

    /// <summary>The head of a frame of the log (24 bytes) ends with a running sum over what the pages say: with most of a page known, it would tell the rest. So its last block is encrypted.</summary>
    public void SealHead(Span<byte> head) => block.EncryptEcb(head.Slice(8, 16), head.Slice(8, 16), PaddingMode.None);

    public void OpenHead(Span<byte> head) => block.DecryptEcb(head.Slice(8, 16), head.Slice(8, 16), PaddingMode.None);

    public void Dispose()
    {
        gcm.Dispose();
        block.Dispose();
    }
}
