using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using Tervik.Storage.Sealing;

namespace Tervik.Trust.Identity.OAuth;

/// <summary>The keys of the authorization server: they sign its ID tokens and encrypt what is inside of its own tokens. Kept beside the database (<see cref="KeyFile"/>).</summary>
public sealed class OAuthKeys
{
    sealed record Stored(string[] Signing, string[] Encryption);

    OAuthKeys(IReadOnlyList<ECDsaSecurityKey> signing, IReadOnlyList<SymmetricSecurityKey> encryption) => (Signing, Encryption) = (signing, encryption);

    /// <summary>ECDSA P-256; the first signs, all are published.</summary>
    public IReadOnlyList<ECDsaSecurityKey> Signing { get; }
    /// <summary>256 bits; the first encrypts, all can open.</summary>
    public IReadOnlyList<SymmetricSecurityKey> Encryption { get; }

    /// <summary>Where they lie in the folder of a node.</summary>
    public static KeyFile FileIn(string folder, Vault? vault) => new(Path.Combine(folder, "oauth.keys"), vault);

    /// <summary>The keys in a file; made when there are none.</summary>
    /// <exception cref="InvalidDataException">The file is no file of keys.</exception>
    public static OAuthKeys Open(KeyFile file)
    {
        if (Read(file) is not { } stored) Write(file, stored = new([NewKey()], [NewSecret()]));
        return new([.. stored.Signing.Select(Key)], [.. stored.Encryption.Select(secret => new SymmetricSecurityKey(Convert.FromBase64String(secret)))]);
    }

    /// <summary>Puts new keys before the others; what the older ones signed and encrypted stays valid until they are removed.</summary>
    /// <param name="file">Where they lie.</param>
    /// <param name="kept">So many older ones stay.</param>
    public static void Renew(KeyFile file, int kept)
    {
        var stored = Read(file) ?? new([], []);
        Write(file, new([NewKey(), .. stored.Signing.Take(kept)], [NewSecret(), .. stored.Encryption.Take(kept)]));
    }

    static Stored? Read(KeyFile file)
    {
        if (file.Read() is not { } bytes) return null;
        try
        {
            if (JsonSerializer.Deserialize<Stored>(bytes) is { Signing.Length: > 0, Encryption.Length: > 0 } stored) return stored;
        }
        catch (JsonException)
        {
            // As below.
        }
        throw new InvalidDataException($"{file.Path} holds no keys. Restore it, or remove it: then new ones are made, and the tokens of applications end.");
    }

    static void Write(KeyFile file, Stored stored) => file.Write(JsonSerializer.SerializeToUtf8Bytes(stored));

    static string NewSecret() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    static string NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(key.ExportPkcs8PrivateKey());
    }

    static ECDsaSecurityKey Key(string text)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(Convert.FromBase64String(text), out _);
        // Named by its public half, so that clients tell keys apart.
        return new(key) { KeyId = Base64UrlEncoder.Encode(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..16] };
    }
}
