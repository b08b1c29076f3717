using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Tervik.Trust.SealedLog;

namespace Tervik.Trust.Identity;

/// <summary>Random secrets that are shown once; only their SHA-256 is kept, so a stolen database opens no session.</summary>
static class Secret
{
    const int RandomBytes = 32;
    /// <summary>Longer ones cannot be ours and are not hashed.</summary>
    const int LongestCharacters = 128;

    public static string New(string prefix = "") => prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));

    /// <summary>The form under which a secret is kept and looked up; null for what cannot be one.</summary>
    public static string? Hash(ReadOnlySpan<char> secret)
    {
        if (secret.Length is 0 or > LongestCharacters) return null;
        Span<byte> bytes = stackalloc byte[LongestCharacters];
        if (!Encoding.ASCII.TryGetBytes(secret, bytes, out var count)) return null;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        ShortHash.Of(bytes[..count], hash);
        return Convert.ToHexStringLower(hash);
    }
}
