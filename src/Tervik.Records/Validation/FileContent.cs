using System.Buffers.Text;
using System.Text;

namespace Tervik.Records.Validation;

/// <summary>Whether a file is what its media type says, for the types that browsers show: what pretends to be a picture or a PDF is not taken (docs/record.md, Files).</summary>
static class FileContent
{
    /// <summary>Letters of base64 that hold the longest beginning, 12 bytes.</summary>
    const int Letters = 16;

    /// <summary>How the files begin. Sources: PNG 1.2, JFIF 1.02, GIF89a, the WebP container, ISO 32000.</summary>
    static readonly Dictionary<string, Func<ReadOnlySpan<byte>, bool>> Beginnings = new(StringComparer.OrdinalIgnoreCase)
    {
        ["application/pdf"] = bytes => bytes.StartsWith("%PDF"u8),
        ["image/png"] = bytes => bytes.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G']),
        ["image/jpeg"] = bytes => bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]),
        ["image/gif"] = bytes => bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8),
        ["image/webp"] = bytes => bytes.StartsWith("RIFF"u8) && bytes.Length >= 12 && bytes[8..].StartsWith("WEBP"u8),
    };

    /// <summary>Whether bytes begin as their type does; true for types that are not looked into.</summary>
    /// <param name="contentType">Media type, with or without parameters.</param>
    /// <param name="base64">The file.</param>
    public static bool Fits(string contentType, string base64)
    {
        if (!Beginnings.TryGetValue(contentType.Split(';')[0].Trim(), out var begins)) return true;
        // Line breaks may stand anywhere in it.
        var letters = new StringBuilder(Letters);
        foreach (var letter in base64)
            if (!char.IsWhiteSpace(letter) && letters.Append(letter).Length == Letters) break;
        Span<byte> bytes = stackalloc byte[Base64.GetMaxDecodedFromUtf8Length(Letters)];
        return Convert.TryFromBase64String(letters.ToString(), bytes, out var length) && begins(bytes[..length]);
    }
}
