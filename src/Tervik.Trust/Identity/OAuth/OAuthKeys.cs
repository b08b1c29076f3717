using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace Tervik.Trust.Identity.OAuth;

/// <summary>The keys of the authorization server: they sign its ID tokens and encrypt what is inside of its own tokens. Kept beside the database, readable by its user only.</summary>
public sealed class OAuthKeys
{
    const string FileName = "oauth.keys";

    sealed record Stored(string[] Signing, string Encryption);

    OAuthKeys(IReadOnlyList<ECDsaSecurityKey> signing, SymmetricSecurityKey encryption) => (Signing, Encryption) = (signing, encryption);

    /// <summary>ECDSA P-256; the first signs, all are published.</summary>
    public IReadOnlyList<ECDsaSecurityKey> Signing { get; }
    /// <summary>256 bits.</summary>
    public SymmetricSecurityKey Encryption { get; }

    /// <summary>The keys in a folder; made when there are none.</summary>
    /// <exception cref="InvalidDataException">The file is no file of keys.</exception>
    public static OAuthKeys Open(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) Write(path, new([NewKey()], Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))));
        var stored = Read(path);
        return new([.. stored.Signing.Select(Key)], new SymmetricSecurityKey(Convert.FromBase64String(stored.Encryption)));
    }

    /// <summary>Puts a new signing key before the others; what the older ones signed stays valid until they are removed.</summary>
    /// <param name="folder">Where the file lies.</param>
    /// <param name="kept">So many older ones stay.</param>
    public static void Rotate(string folder, int kept)
    {
        var path = Path.Combine(folder, FileName);
        var stored = Read(path);
        Write(path, stored with { Signing = [NewKey(), .. stored.Signing.Take(kept)] });
    }

    static Stored Read(string path) => JsonSerializer.Deserialize<Stored>(File.ReadAllText(path)) is { Signing.Length: > 0, Encryption.Length: > 0 } stored ? stored : throw new InvalidDataException($"{path} holds no keys.");

    static void Write(string path, Stored stored)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var fresh = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(fresh, options))
        {
            JsonSerializer.Serialize(file, stored);
            file.Flush(flushToDisk: true);
        }
        File.Move(fresh, path, overwrite: true);
    }

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
