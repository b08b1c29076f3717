using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Tervik.Trust.Identity;

/// <summary>Encrypts what a page says to itself through an address: only the session (or token) that wrote it reads it, so that history, logs and links hold a text that tells nothing.</summary>
/// <remarks>Nonce, ciphertext and tag of AES-256-GCM in base64url, under a key that HKDF (RFC 5869) derives from the secret of the cookie or token. It is kept nowhere, and is worth nothing once the session has ended.</remarks>
public static class SessionSeal
{
    const int KeyBytes = 32, NonceBytes = 12, TagBytes = 16;
    /// <summary>Longer ones cannot be ours: no search has so many words.</summary>
    const int LongestCharacters = 4096;
    const string Bearer = "Bearer ";

    /// <summary>What goes into the address; null when the request has neither session nor token.</summary>
    public static string? Seal(HttpContext request, ReadOnlySpan<byte> plain)
    {
        if (KeyOf(request) is not { } key) return null;
        var text = new byte[NonceBytes + plain.Length + TagBytes];
        RandomNumberGenerator.Fill(text.AsSpan(0, NonceBytes));
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(text.AsSpan(0, NonceBytes), plain, text.AsSpan(NonceBytes, plain.Length), text.AsSpan(NonceBytes + plain.Length));
        return Base64Url.EncodeToString(text);
    }

    /// <summary>What was sealed; null for what this session did not seal.</summary>
    public static byte[]? Open(HttpContext request, string text)
    {
        if (text.Length > LongestCharacters || !Base64Url.IsValid(text) || KeyOf(request) is not { } key) return null;
        var bytes = Base64Url.DecodeFromChars(text);
        if (bytes.Length < NonceBytes + TagBytes) return null;
        var plain = new byte[bytes.Length - NonceBytes - TagBytes];
        using var cipher = new AesGcm(key, TagBytes);
        try
        {
            cipher.Decrypt(bytes.AsSpan(0, NonceBytes), bytes.AsSpan(NonceBytes, plain.Length), bytes.AsSpan(NonceBytes + plain.Length), plain);
            return plain;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    static byte[]? KeyOf(HttpContext request)
    {
        var authorization = request.Request.Headers.Authorization.ToString();
        var secret = authorization.Length == 0 ? Sessions.SecretOf(request) : authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? authorization[Bearer.Length..].Trim() : null;
        return string.IsNullOrEmpty(secret) ? null : HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), KeyBytes, info: "tervik search"u8.ToArray());
    }
}
