using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Tervik.Storage.Sealing;

/// <summary>An institution key in a file that its user alone may read: a line a generation, number and base64.</summary>
sealed class FileKey : InstitutionKey
{
    const int KeyBytes = 32;
    const int NonceBytes = 12;
    const int TagBytes = 16;

    readonly string path;
    SortedDictionary<int, byte[]> keys;

    public FileKey(string path)
    {
        this.path = Path.GetFullPath(path);
        if (!File.Exists(this.path)) Save(new() { [1] = RandomNumberGenerator.GetBytes(KeyBytes) });
        keys = Load();
    }

    public override IReadOnlyList<int> Generations()
    {
        keys = Load();
        return [.. keys.Keys];
    }

    public override byte[] Wrap(ReadOnlySpan<byte> key, ReadOnlySpan<byte> about)
    {
        var (generation, secret) = keys.Last();
        var wrapped = new byte[sizeof(int) + NonceBytes + key.Length + TagBytes];
        BinaryPrimitives.WriteInt32BigEndian(wrapped, generation);
        RandomNumberGenerator.Fill(wrapped.AsSpan(sizeof(int), NonceBytes));
        using var gcm = new AesGcm(secret, TagBytes);
        gcm.Encrypt(wrapped.AsSpan(sizeof(int), NonceBytes), key, wrapped.AsSpan(sizeof(int) + NonceBytes, key.Length), wrapped.AsSpan(^TagBytes..), about);
        return wrapped;
    }

    public override byte[] Unwrap(ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> about)
    {
        if (wrapped.Length < sizeof(int) + NonceBytes + TagBytes) throw new StorageException("A data key is damaged: it is too short.");
        var generation = BinaryPrimitives.ReadInt32BigEndian(wrapped);
        if (!keys.TryGetValue(generation, out var secret) && !(keys = Load()).TryGetValue(generation, out secret)) throw Unknown(generation);
        var key = new byte[wrapped.Length - sizeof(int) - NonceBytes - TagBytes];
        using var gcm = new AesGcm(secret, TagBytes);
        try
        {
            gcm.Decrypt(wrapped.Slice(sizeof(int), NonceBytes), wrapped[(sizeof(int) + NonceBytes)..^TagBytes], wrapped[^TagBytes..], key, about);
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new StorageException($"A data key cannot be opened with {path}: it was changed, or belongs to another key.");
        }
        return key;
    }

    public override void Next()
    {
        var all = Load();
        all[all.Keys.Last() + 1] = RandomNumberGenerator.GetBytes(KeyBytes);
        Save(all);
        keys = all;
    }

    public override void DestroyOlder()
    {
        // The newest alone is in place before the bytes of the others are overwritten, so that a crash between loses nothing.
        using var old = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        var newest = Load().Last();
        Save(new() { [newest.Key] = newest.Value });
        old.Write(new byte[old.Length]);
        old.Flush(flushToDisk: true);
        keys = Load();
    }

    SortedDictionary<int, byte[]> Load()
    {
        var loaded = new SortedDictionary<int, byte[]>();
        foreach (var line in File.ReadLines(path))
        {
            var key = new byte[KeyBytes];
            if (line.Split(' ') is not [var number, var text] || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
                || !Convert.TryFromBase64String(text, key, out var length) || length != KeyBytes)
                throw new StorageException($"{path} is no institution key: lines of a number and 32 bytes in base64 were expected.");
            loaded[generation] = key;
        }
        return loaded.Count > 0 ? loaded : throw new StorageException($"{path} holds no key. Restore it: without it nothing can be read.");
    }

    void Save(SortedDictionary<int, byte[]> all)
    {
        Folders.Make(Path.GetDirectoryName(path)!);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(path + ".new", options))
        {
            file.Write(Text(all));
            file.Flush(flushToDisk: true);
        }
        File.Move(path + ".new", path, overwrite: true);
        Folders.Flush(Path.GetDirectoryName(path)!);
    }

    static byte[] Text(SortedDictionary<int, byte[]> all) =>
        System.Text.Encoding.ASCII.GetBytes(string.Concat(all.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Key} {Convert.ToBase64String(one.Value)}\n"))));

    public override void Dispose()
    {
        foreach (var key in keys.Values) CryptographicOperations.ZeroMemory(key);
    }
}
