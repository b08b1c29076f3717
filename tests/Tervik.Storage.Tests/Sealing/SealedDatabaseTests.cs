using System.Text;
using CsCheck;
using Tervik.Storage.Sealing;

namespace Tervik.Storage.Tests.Sealing;

/// <summary>SQLite whose files are encrypted page by page: it behaves as a plain one, no byte of what it holds is on disk, and changed files are refused.</summary>
public sealed class SealedDatabaseTests : IDisposable
{
    const string Canary = "canary-4711";
    static readonly Migrations Migrations = new("test", typeof(DatabaseTests).Assembly);
    static readonly byte[] Key = [.. Enumerable.Range(7, 32).Select(i => (byte)i)];
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    readonly string folder = Directory.CreateTempSubdirectory("tervik-sealed-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    Task<Database> Open(string name, byte[]? key) =>
        Database.Open(new(Path.Combine(folder, name)) { FileSystem = key is null ? null : SealedFiles.Register(key), WriterCacheMb = 1, ReaderCacheMb = 1 }, Migrations, Stop);

    static Task<int> Put(Database database, long number, string name, byte[]? content = null) =>
        database.Write(session => session.Execute("INSERT INTO item (number, name, content) VALUES ($1, $2, $3) ON CONFLICT (number) DO UPDATE SET name = excluded.name, content = excluded.content", number, name, content), Stop);

    static ValueTask<List<(long, string)>> All(Database database) => database.Read(async session =>
    {
        var all = new List<(long, string)>();
        await using var rows = await session.Query("SELECT number, name, content FROM item ORDER BY number");
        while (await rows.Read()) all.Add((rows.Int64(0), rows.Text(1) + Convert.ToHexString(rows.Bytes(2))));
        return all;
    }, Stop);

    [Fact]
    public async Task It_answers_as_a_plain_database_does_whatever_is_written()
    {
        var changes = Gen.Select(Gen.Long[0, 60], Gen.Int[0, 2], Gen.Byte.Array[0, 9000]);
        var n = 0;
        await changes.List[1, 12].List[1, 12].SampleAsync(async transactions =>
        {
            var (plainName, sealedName) = ($"plain-{n}.db", $"sealed-{n++}.db");
            for (var half = 0; half < 2; half++)
            {
                await using var plain = await Open(plainName, null);
                await using var secret = await Open(sealedName, Key);
                foreach (var transaction in transactions.Skip(half * transactions.Count / 2).Take((transactions.Count + 1) / 2))
                    foreach (var database in new[] { plain, secret })
                        await database.Write(async session =>
                        {
                            foreach (var (number, what, content) in transaction)
                                _ = what switch
                                {
                                    0 => await session.Execute("DELETE FROM item WHERE number = $1", number),
                                    1 => await session.Execute("UPDATE item SET content = $2 WHERE number >= $1", number, content),
                                    _ => await session.Execute("INSERT INTO item (number, name, content) VALUES ($1, $2, $3) ON CONFLICT (number) DO UPDATE SET content = excluded.content", number, "n", content),
                                };
                            return 0;
                        }, Stop);
                Assert.Equal(await All(plain), await All(secret));
            }
        }, iter: 15, threads: 1);
    }

    [Fact]
    public async Task A_transaction_larger_than_the_cache_is_whole_after_a_crash()
    {
        var content = new byte[3000];
        await using var database = await Open("large.db", Key);
        // Pages that leave the cache early are written into the log, and again when they change once more: SQLite then sums their frames anew.
        await database.Write(async session =>
        {
            for (var round = 0; round < 3; round++)
                for (var i = 0; i < 2000; i++)
                {
                    content[0] = (byte)round;
                    await session.Execute("INSERT INTO item (number, name, content) VALUES ($1, $2, $3) ON CONFLICT (number) DO UPDATE SET content = excluded.content", i, "n", content);
                }
            return 0;
        }, Stop);
        var before = await All(database);
        foreach (var file in new[] { "large.db", "large.db-wal" }) File.Copy(Path.Combine(folder, file), Path.Combine(folder, "crashed-" + file));
        await using var again = await Open("crashed-large.db", Key);
        Assert.Equal(before, await All(again));
        Assert.Equal(2000, before.Count);
    }

    [Fact]
    public async Task A_log_that_was_cut_or_torn_gives_the_commits_before_it()
    {
        await using (var database = await Open("torn.db", Key))
        {
            for (var i = 0; i < 40; i++) await Put(database, i, $"n{i}");
            File.Copy(Path.Combine(folder, "torn.db"), Path.Combine(folder, "base.db"));
            File.Copy(Path.Combine(folder, "torn.db-wal"), Path.Combine(folder, "base.db-wal"));
        }
        var log = await File.ReadAllBytesAsync(Path.Combine(folder, "base.db-wal"), Stop);
        var random = new Random(5);
        var lengths = new HashSet<int>();
        for (var n = 0; n < 60; n++)
        {
            File.Copy(Path.Combine(folder, "base.db"), Path.Combine(folder, "try.db"), overwrite: true);
            var at = random.Next(log.Length);
            var changed = n % 2 == 0 ? log[..at] : [.. log];
            if (n % 2 == 1) changed[at] ^= 0x40;
            await File.WriteAllBytesAsync(Path.Combine(folder, "try.db-wal"), changed, Stop);
            await using (var database = await Open("try.db", Key))
            {
                var all = await All(database);
                Assert.Equal(Enumerable.Range(0, all.Count).Select(i => ((long)i, $"n{i}")), all);
                lengths.Add(all.Count);
            }
            foreach (var file in Directory.EnumerateFiles(folder, "try.db*")) File.Delete(file);
        }
        Assert.InRange(lengths.Count, 10, 41);
    }

    [Fact]
    public async Task Nothing_of_it_stands_in_any_file_during_work_and_after()
    {
        await using (var plain = await Open("plain.db", null))
            await Put(plain, 1, Canary, Encoding.UTF8.GetBytes(Canary));
        Assert.Contains("plain.db", await FilesWith(Canary));
        File.Delete(Path.Combine(folder, "plain.db"));
        await using (var database = await Open("secret.db", Key))
        {
            for (var i = 0; i < 500; i++) await Put(database, i, Canary + i, Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Canary, 50))));
            // A large sort, and a statement that fails half way, use temporary space.
            await database.Read(async session =>
            {
                await using var rows = await session.Query("SELECT a.name || b.name AS both FROM item a CROSS JOIN item b ORDER BY both DESC LIMIT 1");
                return await rows.Read();
            }, Stop);
            await Assert.ThrowsAsync<StorageException>(() => database.Write(session => session.Execute("INSERT INTO item (number, name, content) SELECT CASE WHEN number < 400 THEN 1000 + number ELSE number END, name, content FROM item"), Stop));
            Assert.Contains(Directory.EnumerateFiles(folder), file => file.EndsWith("-wal", StringComparison.Ordinal) && new FileInfo(file).Length > 100_000);
            Assert.Empty(await FilesWith(Canary));
        }
        Assert.Empty(await FilesWith(Canary));
        await using var again = await Open("secret.db", Key);
        Assert.Equal(500, (await All(again)).Count);
    }

    async Task<List<string>> FilesWith(string text)
    {
        var found = new List<string>();
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[stream.Length];
            await stream.ReadExactlyAsync(bytes, Stop);
            if (bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0) found.Add(Path.GetFileName(file));
        }
        return found;
    }

    [Fact]
    public async Task Another_key_or_none_is_refused_and_changes_nothing()
    {
        await using (var database = await Open("secret.db", Key)) await Put(database, 1, "a");
        await using (var database = await Open("plain.db", null)) await Put(database, 1, "a");
        var before = await File.ReadAllBytesAsync(Path.Combine(folder, "secret.db"), Stop);
        Assert.Contains("decrypted", (await Assert.ThrowsAsync<StorageException>(() => Open("secret.db", [.. Key.Reverse()]))).Message, StringComparison.Ordinal);
        Assert.Contains("decrypted", (await Assert.ThrowsAsync<StorageException>(() => Open("secret.db", null))).Message, StringComparison.Ordinal);
        Assert.Contains("decrypted", (await Assert.ThrowsAsync<StorageException>(() => Open("plain.db", Key))).Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(Path.Combine(folder, "secret.db"), Stop));
        await using var again = await Open("secret.db", Key);
        Assert.Equal([(1L, "a")], await All(again));
    }

    [Fact]
    public async Task A_page_that_was_changed_or_moved_is_never_believed()
    {
        await using (var database = await Open("secret.db", Key))
            for (var i = 0; i < 200; i++) await Put(database, i, $"n{i}", new byte[500]);
        List<(long, string)> right;
        await using (var database = await Open("secret.db", Key)) right = await All(database);
        var path = Path.Combine(folder, "secret.db");
        var file = await File.ReadAllBytesAsync(path, Stop);
        var random = new Random(9);
        var refused = 0;
        for (var n = 0; n < 60; n++)
        {
            byte[] changed = [.. file];
            if (n % 3 == 0)
            {
                int from = random.Next(file.Length / PageCipher.PageBytes), to = random.Next(file.Length / PageCipher.PageBytes);
                file.AsSpan(from * PageCipher.PageBytes, PageCipher.PageBytes).CopyTo(changed.AsSpan(to * PageCipher.PageBytes));
            }
            else changed[random.Next(file.Length)] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(path, changed, Stop);
            try
            {
                await using var database = await Open("secret.db", Key);
                Assert.Equal(right, await All(database)); // a page nobody read, or the four bytes without meaning
            }
            catch (StorageException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 40, 60);
    }
}
