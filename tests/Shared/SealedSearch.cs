using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tervik.Authz;

/// <summary>Addresses of searches as the portal writes them: what is typed is sealed under the secret of the session or token. Written from the description, not with the program's own code.</summary>
public static class SealedSearch
{
    /// <summary>What people type. On the history <c>who</c> is a name; elsewhere it is a reference, which stands in clear.</summary>
    static bool IsTyped(string page, string name) => name is "q" or "name" || name == "who" && page.EndsWith("/timeline", StringComparison.Ordinal);

    /// <summary>The address of a search.</summary>
    /// <param name="path">With what is typed in clear: <c>/go?q=mari&amp;about=p01</c>. Others are left as they are.</param>
    /// <param name="secret">Of the session or token; null for who has none.</param>
    public static string Address(string path, string? secret)
    {
        if (!path.StartsWith('/') || path.Split('?') is not [var page, var query]) return path;
        var parts = query.Split('&').ToLookup(part => IsTyped(page, part.Split('=')[0]));
        var words = parts[true].Select(part => part.Split('=')).ToDictionary(part => part[0], part => Uri.UnescapeDataString(part[1].Replace('+', ' ')));
        if (words.Count == 0) return path;
        var plain = JsonSerializer.SerializeToUtf8Bytes(words);
        var text = RandomNumberGenerator.GetBytes(12 + plain.Length + 16);
        using var cipher = new AesGcm(HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret ?? "nobody"), 32, info: "tervik search"u8.ToArray()), 16);
        cipher.Encrypt(text.AsSpan(0, 12), plain, text.AsSpan(12, plain.Length), text.AsSpan(12 + plain.Length));
        return $"{page}?{string.Join('&', parts[false].Append($"sought={Base64Url.EncodeToString(text)}"))}";
    }
}
