using System.Security.Cryptography;

namespace Tervik.Storage.Tests;

public sealed class BlobStoreTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("tervik-blobs-").FullName;
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_value_is_named_by_its_content_and_kept_once()
    {
        var blobs = new BlobStore(folder);
        var content = RandomNumberGenerator.GetBytes(300_000);
        var name = await blobs.Put(new MemoryStream(content), content.Length, Stop);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), name);
        Assert.Equal(name, await blobs.Put(new MemoryStream(content), content.Length, Stop));
        Assert.Single(Directory.GetFiles(folder, "*", SearchOption.AllDirectories));
        await using var stored = new BlobStore(folder).Open(name)!;
        var read = new MemoryStream();
        await stored.CopyToAsync(read, Stop);
        Assert.Equal(content, read.ToArray());
        Assert.Null(blobs.Open(new string('0', 64)));
    }

    [Fact]
    public async Task What_is_too_long_leaves_nothing()
    {
        var blobs = new BlobStore(folder);
        await Assert.ThrowsAsync<StorageException>(() => blobs.Put(new MemoryStream(new byte[11]), 10, Stop));
        Assert.Empty(Directory.GetFiles(folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Damage_is_found()
    {
        var blobs = new BlobStore(folder);
        var name = await blobs.Put(new MemoryStream([1, 2, 3]), 10, Stop);
        Assert.Empty(await blobs.FindDamaged(Stop).ToListAsync(Stop));
        await File.WriteAllBytesAsync(Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Single(), [1, 2, 4], Stop);
        Assert.Equal([name], await blobs.FindDamaged(Stop).ToListAsync(Stop));
    }

    [Theory, InlineData("../secret"), InlineData(""), InlineData("AB")]
    public void A_name_is_a_hash_and_never_a_path(string name) => Assert.Throws<StorageException>(() => new BlobStore(folder).Open(name));

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
