using System.Buffers;
using System.Security.Cryptography;

namespace Tervik.Storage;

/// <summary>Large values as files named by their content: SHA-256, two levels of folders. What <see cref="Put"/> has acknowledged survives a crash; equal content is kept once.</summary>
public sealed class BlobStore
{
    const int BufferBytes = 128 << 10;

    readonly string root;
    readonly string arriving;

    /// <param name="root">Folder of the store; created when absent. Files that were arriving when the program ended are removed.</param>
    public BlobStore(string root)
    {
        (this.root, arriving) = (root, Path.Combine(root, "arriving"));
        if (Directory.Exists(arriving)) Directory.Delete(arriving, recursive: true);
        Directory.CreateDirectory(arriving);
    }

    /// <summary>Stores <paramref name="content"/> until its end.</summary>
    /// <param name="content">Bytes.</param>
    /// <param name="most">At most so many bytes.</param>
    /// <param name="stop">Stops the copying; nothing remains then.</param>
    /// <returns>The name: SHA-256 in lower-case hexadecimal, 64 characters.</returns>
    /// <exception cref="StorageException">It is longer than <paramref name="most"/>.</exception>
    public async Task<string> Put(Stream content, long most, CancellationToken stop)
    {
        var draft = Path.Combine(arriving, Guid.NewGuid().ToString("N"));
        try
        {
            var name = await Copy(content, draft, most, stop);
            var path = PathOf(name);
            if (File.Exists(path)) return name;
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Move(draft, path, overwrite: true);
            Folders.Flush(Path.GetDirectoryName(path)!);
            return name;
        }
        finally
        {
            File.Delete(draft);
        }
    }

    /// <summary>Opens a stored value.</summary>
    /// <param name="name">What <see cref="Put"/> returned.</param>
    /// <returns>A seekable stream, or null when there is none of this name.</returns>
    public Stream? Open(string name)
    {
        var path = PathOf(name);
        return File.Exists(path) ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, FileOptions.Asynchronous) : null;
    }

    /// <summary>Reads every value and compares it with its name.</summary>
    /// <returns>Names whose content differs.</returns>
    public async IAsyncEnumerable<string> FindDamaged([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        foreach (var path in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
        {
            if (path.StartsWith(arriving, StringComparison.Ordinal)) continue;
            await using var content = File.OpenRead(path);
            var name = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, stop));
            if (name != Path.GetFileName(path)) yield return Path.GetFileName(path);
        }
    }

    string PathOf(string name)
    {
        if (name.Length != 64 || !name.All(char.IsAsciiHexDigitLower)) throw new StorageException("A blob is named by 64 hexadecimal digits.");
        return Path.Combine(root, name[..2], name[2..4], name);
    }

    static async Task<string> Copy(Stream content, string path, long most, CancellationToken stop)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.Asynchronous);
            for (long total = 0; await content.ReadAsync(buffer, stop) is var read and > 0;)
            {
                if ((total += read) > most) throw new StorageException($"Longer than the limit of {most} bytes.");
                hash.AppendData(buffer, 0, read);
                await file.WriteAsync(buffer.AsMemory(0, read), stop);
            }
            file.Flush(flushToDisk: true);
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
