namespace Tervik.Storage.Sealing;

/// <summary>The key of an institution, which encrypts its data keys (AES-256-GCM). It has generations: the newest wraps, and while a rotation runs, the one before can still open.</summary>
public abstract class InstitutionKey : IDisposable
{
    /// <summary>Opens the key that a setting names; makes it when there is none.</summary>
    /// <param name="setting"><c>file:/path/of/institution.key</c>, or <c>pkcs11:token=NAME?module-path=/path/of/library.so&amp;pin-source=file:/path/of/pin</c> (RFC 7512).</param>
    /// <exception cref="StorageException">It cannot be used; the message says what was expected.</exception>
    public static InstitutionKey Open(string setting) => setting switch
    {
        _ when setting.StartsWith("file:", StringComparison.Ordinal) => new FileKey(setting["file:".Length..]),
        _ when setting.StartsWith("pkcs11:", StringComparison.Ordinal) => new Pkcs11Key(setting),
        _ => throw new StorageException($"The setting keys is {setting}; file:/path/of/institution.key or pkcs11:token=NAME?module-path=/path/of/library.so&pin-source=file:/path/of/pin was expected."),
    };

    /// <summary>Numbers of the generations there are, the newest last; read anew where the key lies, since another process may rotate it.</summary>
    public abstract IReadOnlyList<int> Generations();

    /// <summary>Encrypts with the newest generation.</summary>
    /// <param name="key">What to protect.</param>
    /// <param name="about">Whose it is; needed to open it.</param>
    /// <returns>Generation (4 bytes, big-endian), nonce (12), ciphertext, tag (16).</returns>
    public abstract byte[] Wrap(ReadOnlySpan<byte> key, ReadOnlySpan<byte> about);

    /// <summary>The reverse.</summary>
    /// <exception cref="StorageException">It was wrapped by a generation that is gone, for something else, or was changed.</exception>
    public abstract byte[] Unwrap(ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> about);

    /// <summary>Makes a new generation.</summary>
    public abstract void Next();

    /// <summary>Destroys all but the newest: what only they could open, nobody can open any more.</summary>
    public abstract void DestroyOlder();

    /// <inheritdoc/>
    public abstract void Dispose();

    private protected static StorageException Unknown(int generation) =>
        new($"A data key is protected by generation {generation} of the institution key, which was destroyed: this store of data keys is older than the key. Use its newest copy.");
}
