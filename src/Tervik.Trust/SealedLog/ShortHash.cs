using System.Security.Cryptography;

namespace Tervik.Trust.SealedLog;

/// <summary>SHA-256 of short inputs, of which each event of the log needs a dozen: one hash object for each thread, since most of the cost of a short hash is making what makes it.</summary>
static class ShortHash
{
    [ThreadStatic]
    static IncrementalHash? own;

    /// <param name="input">What to hash.</param>
    /// <param name="hash">Room for 32 bytes; may be a part of <paramref name="input"/>.</param>
    public static void Of(ReadOnlySpan<byte> input, Span<byte> hash)
    {
        var sha = own ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(input);
        sha.GetHashAndReset(hash);
    }
}
