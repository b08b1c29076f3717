namespace Tervik.Storage.Sealing;

/// <summary>A secret of the node in a file of its own, which its user alone may read; encrypted with a data key where the node has them.</summary>
/// <param name="path">The file.</param>
/// <param name="vault">With whose keys; null for a plain file.</param>
public sealed class KeyFile(string path, Vault? vault)
{
    static ReadOnlySpan<byte> Head => "tervik key file 1\n"u8;

    readonly string @class = "file " + System.IO.Path.GetFileName(path);

    /// <summary>Where it lies.</summary>
    public string Path => path;

    /// <summary>What it holds; null when there is none. One that was plain is encrypted.</summary>
    /// <exception cref="StorageException">It is encrypted, and the keys are not there or are others.</exception>
    public byte[]? Read()
    {
        if (!File.Exists(path)) return null;
        var bytes = File.ReadAllBytes(path);
        if (bytes.AsSpan().StartsWith(Head))
            return vault is null ? throw new StorageException($"{path} is encrypted: the setting keys is missing.") : vault.Open(0, @class, bytes.AsSpan(Head.Length), About);
        if (vault is not null) Write(bytes);
        return bytes;
    }

    /// <summary>Puts this in its place, durable; a crash leaves the old or the new.</summary>
    public void Write(ReadOnlySpan<byte> secret)
    {
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        Folders.Make(folder);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(path + ".new", options))
        {
            if (vault is null) file.Write(secret);
            else
            {
                vault.Prepare([(0, @class)]);
                file.Write(Head);
                file.Write(vault.Seal(0, @class, secret, About));
            }
            file.Flush(flushToDisk: true);
        }
        File.Move(path + ".new", path, overwrite: true);
        Folders.Flush(folder);
    }

    ReadOnlySpan<byte> About => System.Text.Encoding.UTF8.GetBytes(System.IO.Path.GetFileName(path));
}
