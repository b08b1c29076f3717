using System.Text;
using System.Text.Json;
using CsCheck;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Tests;

namespace Tervik.Records.Tests.Resources;

public sealed class RecordStoreTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_resource_lives_through_versions_and_deletion(Engine engine)
    {
        await using var house = await House.Open(engine);
        var created = await house.Put("Patient", "p1", """{"resourceType":"Patient","id":"p1","active":true}""", expected: 0);
        Assert.Equal(1, created!.Version);
        Assert.Equal($$"""{"resourceType":"Patient","id":"p1","meta":{"versionId":"1","lastUpdated":"{{Instant(created.AtUs)}}"},"active":true}""", Encoding.UTF8.GetString(created.Body));
        var updated = await house.Put("Patient", "p1", """{"resourceType":"Patient","meta":{"tag":[{"code":"x"}]},"active":false}""", expected: 1);
        Assert.Equal((2, created.Pk), (updated!.Version, updated.Pk));
        Assert.True(updated.AtUs > created.AtUs);
        var deleted = await house.Delete("Patient", "p1");
        Assert.True(deleted!.IsDeleted);
        Assert.Null(await house.Delete("Patient", "p1"));
        var again = await house.Put("Patient", "p1", """{"resourceType":"Patient"}""", expected: 0);
        Assert.Equal(4, again!.Version);

        Assert.Equal(again.Body, (await house.Store.Read("Patient", "p1", AccessFilter.Everything, Stop))!.Body);
        Assert.Equal(updated.Body, (await house.Store.ReadVersion("Patient", "p1", 2, AccessFilter.Everything, Stop))!.Body);
        Assert.Null(await house.Store.ReadVersion("Patient", "p1", 5, AccessFilter.Everything, Stop));
        foreach (var (type, id) in ((string?, string?)[])[("Patient", "p1"), ("Patient", null), (null, null)])
            Assert.Equal([4, 3, 2, 1], (await house.Store.History(type, id, 0, long.MaxValue, 10, AccessFilter.Everything, Stop)).Select(version => version.Version));
        Assert.Equal([2, 1], (await house.Store.History("Patient", "p1", 0, deleted.AtUs, 10, AccessFilter.Everything, Stop)).Select(version => version.Version));
        await house.Verify();
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task An_expected_version_or_a_guard_that_does_not_hold_writes_nothing(Engine engine)
    {
        await using var house = await House.Open(engine);
        await house.Put("Patient", "p1", """{"resourceType":"Patient"}""");
        var conflict = await house.Store.Commit([house.WriteOf("Patient", "new", """{"resourceType":"Patient"}"""), house.WriteOf("Patient", "p1", """{"resourceType":"Patient"}""", expected: 7)], [], Stop);
        Assert.Equal((CommitOutcome.VersionConflict, 1), (conflict.Outcome, conflict.FailedWrite));
        var guarded = await house.Store.Commit([house.WriteOf("Patient", "new", """{"resourceType":"Patient"}""")], [new(async session =>
        {
            await using var rows = await session.Query("SELECT count(*) FROM res");
            await rows.Read();
            return rows.Int64(0) == 0;
        })], Stop);
        Assert.Equal(CommitOutcome.GuardFailed, guarded.Outcome);
        Assert.Null(await house.Store.Read("Patient", "new", AccessFilter.Everything, Stop));
        await house.Verify();
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_guard_sees_the_earlier_commits_of_its_group_so_a_condition_is_met_once(Engine engine)
    {
        await using var house = await House.Open(engine);
        var guard = new Guard(async session =>
        {
            await using var rows = await session.Query("SELECT count(*) FROM res WHERE type = $1", "Patient");
            await rows.Read();
            return rows.Int64(0) == 0;
        });
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(number => house.Store.Commit([house.WriteOf("Patient", $"p{number}", """{"resourceType":"Patient"}""")], [guard], Stop)));
        Assert.Single(outcomes, outcome => outcome.Outcome == CommitOutcome.Done);
        Assert.Equal(39, outcomes.Count(outcome => outcome.Outcome == CommitOutcome.GuardFailed));
        await house.Verify();
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Only_one_of_many_with_the_same_expected_version_wins(Engine engine)
    {
        await using var house = await House.Open(engine);
        await house.Put("Patient", "p1", """{"resourceType":"Patient"}""");
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => house.Store.Commit([house.WriteOf("Patient", "p1", """{"resourceType":"Patient","active":true}""", expected: 1)], [], Stop)));
        Assert.Single(outcomes, outcome => outcome.Outcome == CommitOutcome.Done);
        await house.Verify();
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Hidden_versions_are_absent(Engine engine)
    {
        await using var house = await House.Open(engine);
        await house.Put("Patient", "a", """{"resourceType":"Patient"}""");
        await house.Put("Patient", "b", """{"resourceType":"Patient"}""");
        await house.Put("Observation", "oa", """{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"}}""");
        await house.Put("Observation", "ob", """{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/b"}}""");
        await house.Put("Appointment", "both", """{"resourceType":"Appointment","status":"booked","participant":[{"actor":{"reference":"Patient/a"},"status":"accepted"},{"actor":{"reference":"Patient/b"},"status":"accepted"}]}""");
        await house.Put("Organization", "o", """{"resourceType":"Organization","name":"x"}""");
        var asA = new AccessFilter { Compartments = [house.Store.Keys.Reference("Patient/a")] };
        var seen = await house.Store.History(null, null, 0, long.MaxValue, 2, asA, Stop);
        Assert.Equal(["Appointment/both", "Observation/oa"], seen.Select(version => $"{version.Type}/{version.Id}"));
        Assert.Equal(3, (await house.Store.History(null, null, 0, long.MaxValue, 50, asA, Stop)).Count);
        Assert.Null(await house.Store.Read("Observation", "ob", asA, Stop));
        Assert.Null(await house.Store.ReadVersion("Observation", "ob", 1, asA, Stop));
        Assert.NotNull(await house.Store.Read("Appointment", "both", asA, Stop));
        Assert.Null(await house.Store.Read("Organization", "o", asA, Stop));
        Assert.Empty(await house.Store.History("Observation", "ob", 0, long.MaxValue, 50, asA, Stop));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Any_sequence_of_writes_leaves_a_sound_store(Engine engine)
    {
        var step = Gen.Select(Gen.Int[0, 5], Gen.Int[0, 3], Gen.Int[0, 40]);
        await step.List[1, 40].SampleAsync(async steps =>
        {
            await using var house = await House.Open(engine);
            var commits = steps.Chunk(4).Select(chunk => house.Store.Commit([.. chunk.Select(s => s.Item2 == 0
                ? new Write { Method = "DELETE", Type = "Observation", Id = $"o{s.Item1}" }
                : house.WriteOf("Observation", $"o{s.Item1}", $$$"""
                    {"resourceType":"Observation","status":"{{{(s.Item2 == 1 ? "final" : "amended")}}}","code":{"coding":[{"system":"http://loinc.org","code":"{{{s.Item3}}}-1","display":"Thing {{{s.Item3}}}"}]},
                    "subject":{"reference":"Patient/p{{{s.Item3 % 3}}}"},"effectiveDateTime":"2020-01-{{{s.Item3 % 28 + 1:00}}}","valueQuantity":{"value":{{{s.Item3}}}.50,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}
                    """))], [], Stop));
            Assert.All(await Task.WhenAll(commits), result => Assert.Equal(CommitOutcome.Done, result.Outcome));
            await house.Verify();
        }, iter: engine == Engine.Sqlite ? 30 : 5, threads: 1);
    }

    /// <summary>PostgreSQL knows how common a type is on the whole, not that its rows lie together: along the times of all it would read the whole record.</summary>
    [Fact]
    public async Task What_is_asked_of_a_rare_type_reads_no_rows_of_the_others()
    {
        await using var house = await House.Open(Engine.PostgreSql);
        await house.Put("Organization", "o", """{"resourceType":"Organization","name":"Ward"}""");
        for (var type = 0; type < 20; type++)
            await house.Store.Commit([.. Enumerable.Range(0, 200).Select(i => house.WriteOf("Patient", $"p{type}-{i}", """{"resourceType":"Patient"}"""))], [], Stop);
        await house.Database.Write(session => session.Execute("ANALYZE res"), Stop);
        await house.Database.ReadOnce(async session =>
        {
            // As a statement is planned that was asked often.
            await session.Execute("SET plan_cache_mode = force_generic_plan");
            var before = await Read(session);
            Assert.Empty(await house.Store.Changed(session, "Task", 0, 200));
            Assert.Single(await house.Store.Changed(session, "Organization", 0, 200));
            Assert.NotEqual(0, await new NewestOf("Organization", "Task").In(session));
            Assert.InRange(await Read(session) - before, 1, 50);
            return 0;
        }, Stop);

        // Rows of the indices of the table that were read so far.
        static async Task<long> Read(Session session)
        {
            await using (var flush = await session.Query("SELECT 1 FROM (SELECT pg_stat_force_next_flush()) AS flushed"))
                await flush.Read();
            await using var rows = await session.Query("SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes WHERE relname = 'res'");
            await rows.Read();
            return rows.Int64(0);
        }
    }

    [Fact]
    public async Task Verification_finds_every_kind_of_damage()
    {
        string[] damages =
        [
            "UPDATE res SET body = CAST(replace(CAST(body AS TEXT), 'final', 'fatal') AS BLOB) WHERE type = 'Observation'",
            "DELETE FROM ix WHERE key = (SELECT max(key) FROM ix)", "DELETE FROM ixg WHERE key = (SELECT max(key) FROM ixg)", "UPDATE rng SET lo = lo + 1",
            "DELETE FROM rev", "DELETE FROM fwd", "INSERT INTO str (param, pk, val) VALUES (1, 1, 'x')", "DELETE FROM tup", "DELETE FROM hist WHERE ver = 2", "UPDATE hist SET ver = 9 WHERE ver = 1",
            "DELETE FROM form WHERE form = (SELECT min(form) FROM form)", "DELETE FROM txt WHERE key = (SELECT min(key) FROM txt)", "UPDATE res SET comp = 5 WHERE type = 'Observation'", "UPDATE res SET rid = 5 WHERE type = 'Patient'",
        ];
        foreach (var damage in damages)
        {
            await using var house = await House.Open(Engine.Sqlite);
            for (var version = 0; version < 3; version++)
                await house.Put("Observation", "o", """
                    {"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"1-1","display":"Thing"}]},"subject":{"reference":"Patient/p"},"effectiveDateTime":"2020","valueQuantity":{"value":1}}
                    """);
            await house.Put("Patient", "p", """{"resourceType":"Patient","name":[{"family":"Tamm"}]}""");
            await house.Verify();
            Assert.True(await house.Database.Write(session => session.Execute(damage), Stop) > 0, $"nothing to damage: {damage}");
            Assert.NotEmpty((await new Verification(house.Store).Run(null, Stop)).Findings);
        }
    }

    static string Instant(long us) => DateTime.UnixEpoch.AddTicks(us * 10).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A record store on an empty database.</summary>
    sealed class House(TestDatabase place, Database database, RecordStore store) : IAsyncDisposable
    {
        public RecordStore Store => store;
        public Database Database => database;

        public static async Task<House> Open(Engine engine)
        {
            var place = TestDatabase.Create(engine);
            var database = await place.Open(RecordStore.RecordMigrations);
            return new(place, database, await RecordStore.Open(database, Stop));
        }

        public Write WriteOf(string type, string id, string json, int? expected = null)
        {
            using var document = JsonDocument.Parse(json);
            return new() { Method = "PUT", Type = type, Id = id, ExpectedVersion = expected, Draft = Draft.Of(document.RootElement, id, store.Indexer) };
        }

        public async Task<StoredResource?> Put(string type, string id, string json, int? expected = null) => await One(WriteOf(type, id, json, expected));

        public async Task<StoredResource?> Delete(string type, string id) => await One(new() { Method = "DELETE", Type = type, Id = id });

        async Task<StoredResource?> One(Write write)
        {
            var result = await store.Commit([write], [], Stop);
            Assert.Equal(CommitOutcome.Done, result.Outcome);
            return result.Results[0];
        }

        public async Task Verify() => Assert.Empty((await new Verification(store).Run(null, Stop)).Findings);

        public async ValueTask DisposeAsync()
        {
            await store.DisposeAsync();
            await database.DisposeAsync();
            place.Dispose();
        }
    }
}
