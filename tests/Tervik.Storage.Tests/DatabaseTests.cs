using System.Text;
using CsCheck;
using Tervik.Tests;

namespace Tervik.Storage.Tests;

public sealed class DatabaseTests
{
    static readonly Migrations Migrations = new("test", typeof(DatabaseTests).Assembly);
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task What_was_written_is_read_also_after_reopening(Engine engine)
    {
        using var place = TestDatabase.Create(engine);
        await using (var database = await place.Open(Migrations))
            Assert.Equal(1, await database.Write(session => session.Execute("INSERT INTO item (number, name, content) VALUES ($1, $2, $3)", 7, "Õun", Encoding.UTF8.GetBytes("sisu")), Stop));
        await using var again = await place.Open(Migrations);
        var (name, content, nothing) = await again.Read(async session =>
        {
            await using var rows = await session.Query("SELECT name, content, NULL FROM item WHERE number = $1", 7);
            Assert.True(await rows.Read());
            return (rows.Text(0), Encoding.UTF8.GetString(rows.Bytes(1)), rows.IsNull(2));
        }, Stop);
        Assert.Equal(("Õun", "sisu", true), (name, content, nothing));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_write_that_throws_leaves_nothing(Engine engine)
    {
        using var place = TestDatabase.Create(engine);
        await using var database = await place.Open(Migrations);
        await Assert.ThrowsAsync<InvalidOperationException>(() => database.Write<int>(async session =>
        {
            await session.Execute("INSERT INTO item (number, name) VALUES (1, 'a')");
            throw new InvalidOperationException();
        }, Stop));
        Assert.Equal(0, await Count(database));
        await Assert.ThrowsAsync<StorageException>(() => database.Write(session => session.Execute("INSERT INTO nothing VALUES (1)"), Stop));
        await database.Write(session => session.Execute("INSERT INTO item (number, name) VALUES (1, 'a')"), Stop);
        Assert.Equal(1, await Count(database));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_read_sees_one_moment(Engine engine)
    {
        using var place = TestDatabase.Create(engine);
        await using var database = await place.Open(Migrations);
        var (before, after) = await database.Read(async session =>
        {
            var first = await Count(session);
            await database.Write(other => other.Execute("INSERT INTO item (number, name) VALUES (1, 'a')"), Stop);
            return (first, await Count(session));
        }, Stop);
        Assert.Equal((0, 0), (before, after));
        Assert.Equal(1, await Count(database));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Rows_in_bulk_are_inserted_ignored_and_deleted(Engine engine)
    {
        using var place = TestDatabase.Create(engine);
        await using var database = await place.Open(Migrations);
        await Gen.Select(Gen.Long, Gen.String.AlphaNumeric, Gen.Byte.Array).List[1, 200].SampleAsync(async items =>
        {
            var distinct = items.DistinctBy(item => item.Item1).ToList();
            Array[] columns = [distinct.ConvertAll(item => item.Item1).ToArray(), distinct.ConvertAll(item => item.Item2).ToArray(), distinct.ConvertAll(item => item.Item3).ToArray()];
            await database.Write(async session =>
            {
                await session.BulkInsert("item", ["number", "name", "content"], columns);
                await session.BulkInsert("item", ["number", "name", "content"], columns, ignoreConflicts: true);
                Assert.Equal(distinct.Count, await Count(session));
                await session.BulkDelete("item", ["number"], [columns[0]]);
                return await Count(session);
            }, Stop);
            Assert.Equal(0, await Count(database));
        }, iter: 20, threads: 1);
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Arrays_select_many_keys(Engine engine)
    {
        using var place = TestDatabase.Create(engine);
        await using var database = await place.Open(Migrations);
        await database.Write(async session =>
        {
            await session.BulkInsert("item", ["number", "name"], [new long[] { long.MinValue, -1, 0, 5, long.MaxValue }, new[] { "a", "b", "c", "d", "e" }]);
            return 0;
        }, Stop);
        var names = await database.Read(async session =>
        {
            var found = new List<string>();
            await using (var rows = await session.Query($"SELECT name FROM item WHERE {session.Dialect.InArray("number", "$1")} ORDER BY name", new long[] { long.MinValue, 5, 6, long.MaxValue }))
                while (await rows.Read()) found.Add(rows.Text(0)!);
            await using (var rows = await session.Query($"SELECT count(*) FROM {session.Dialect.ArrayTable("$1")} t", Array.Empty<long>()))
                found.Add(await rows.Read() ? rows.Int64(0).ToString(System.Globalization.CultureInfo.InvariantCulture) : "");
            return found;
        }, Stop);
        Assert.Equal(["a", "d", "e", "0"], names);
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_group_is_one_commit_and_a_bad_item_fails_alone(Engine engine)
    {
        using var place = TestDatabase.Create(engine);
        await using var database = await place.Open(Migrations);
        var sizes = new List<int>();
        await using (var group = new GroupCommit<long, long>(database, async (session, items) =>
        {
            sizes.Add(items.Count);
            foreach (var item in items) await session.Execute("INSERT INTO item (number, name) VALUES ($1, 'x')", item);
            return [.. items.Select(item => item * 2)];
        }, largestGroup: 100))
        {
            var submissions = Enumerable.Range(1, 50).Append(13).Select(number => group.Submit(number, Stop)).ToList();
            var failures = 0;
            for (var i = 0; i < submissions.Count; i++)
                try
                {
                    Assert.Equal((i == 50 ? 13 : i + 1) * 2, await submissions[i]);
                }
                catch (StorageException)
                {
                    failures++;
                }
            Assert.Equal(1, failures);
        }
        Assert.Equal(50, await Count(database));
        Assert.Contains(sizes, size => size > 1);
    }

    [Fact]
    public async Task A_changed_migration_is_refused()
    {
        using var place = TestDatabase.Create(Engine.Sqlite);
        await using (var database = await place.Open(Migrations))
            await database.Write(session => session.Execute("UPDATE migration SET hash = 'other'"), Stop);
        var refusal = await Assert.ThrowsAsync<StorageException>(() => place.Open(Migrations));
        Assert.Contains("was changed after", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_query_stops_when_its_caller_goes_away()
    {
        using var place = TestDatabase.Create(Engine.Sqlite);
        await using var database = await place.Open(Migrations);
        using var going = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await database.Read(async session =>
        {
            await using var rows = await session.Query("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n");
            return await rows.Read();
        }, going.Token));
        Assert.Equal(0, await Count(database));
    }

    static ValueTask<long> Count(Database database) => database.Read(Count, Stop);

    static async ValueTask<long> Count(Session session)
    {
        await using var rows = await session.Query("SELECT count(*) FROM item");
        await rows.Read();
        return rows.Int64(0);
    }
}
