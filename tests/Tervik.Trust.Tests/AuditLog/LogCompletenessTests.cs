using Tervik.Records.Indexing;
using Tervik.Storage;
using Tervik.Tests;
using Tervik.Trust.AuditLog;
using Tervik.Trust.SealedLog;

namespace Tervik.Trust.Tests.AuditLog;

public sealed class LogCompletenessTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Events_that_were_taken_out_are_a_gap_until_they_are_back(Engine engine)
    {
        using var place = TestDatabase.Create(engine);
        await using var database = await place.Open(TrustRoom.Migrations);
        await using var log = new AccessLog(database, new Keys(42), TimeProvider.System);
        using var seal = new AccessSeal(database, Directory.CreateTempSubdirectory("tervik-seal-").FullName, TimeProvider.System);
        var completeness = new LogCompleteness(database);
        await completeness.Check(Stop);
        for (var batch = 0; batch < 3; batch++)
        {
            await Task.WhenAll(Enumerable.Range(0, 300).Select(number => log.Append(new("Practitioner/1", new("read", "Patient", $"{number}"), null, [], 200), AccessOrigin.Unknown, Stop).AsTask()));
            await seal.Seal(Stop);
        }
        await log.Append(new("Practitioner/1", new("read", "Patient", "later"), null, [], 200), AccessOrigin.Unknown, Stop); // not sealed yet
        async Task<string> Gaps()
        {
            await completeness.Check(Stop);
            return string.Join(' ', (await completeness.Gaps(0, long.MaxValue, Stop)).Select(gap => gap.Missing));
        }
        Assert.Equal("", await Gaps());
        var events = (await log.Read(new(Count: 2000), Stop)).Select(access => access.Event).Order().ToList();
        async Task Change(string sql) => await database.Write(session => session.Execute(sql), Stop);
        // One of the first tile, two of the last.
        await Change($"CREATE TABLE kept AS SELECT * FROM access_event WHERE event IN ({events[10]}, {events[880]}, {events[881]})");
        await Change($"DELETE FROM access_event WHERE event IN ({events[10]}, {events[880]}, {events[881]})");
        Assert.Equal("1 2", await Gaps());
        Assert.Single(await completeness.Gaps(events[10], events[11], Stop));
        Assert.Empty(await completeness.Gaps(events[300], events[400], Stop));
        await Change("INSERT INTO access_event SELECT * FROM kept");
        Assert.Equal("", await Gaps());
    }
}
