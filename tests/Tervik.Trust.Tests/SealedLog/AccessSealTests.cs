using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tervik.Records.Access;
using Tervik.Records.Indexing;
using Tervik.Storage;
using Tervik.Tests;
using Tervik.Trust.AuditLog;
using Tervik.Trust.SealedLog;

namespace Tervik.Trust.Tests.SealedLog;

public sealed class AccessSealTests
{
    static readonly Keys Keys = new(42);
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static AccessEvent Access(int number) => new($"Practitioner/{number % 11}", new("read", "Observation", $"{number}"), number % 3 == 0 ? $"code={number}" : null,
        [new($"Observation/{number}", [Keys.Reference($"Patient/{number % 7}")]), new($"Patient/{number % 7}", [Keys.Reference($"Patient/{number % 7}")])], 200);

    /// <summary>A log in a database and a folder of its own.</summary>
    sealed class Place(TestDatabase place, Database database, AccessLog log, AccessSeal seal) : IAsyncDisposable
    {
        public Database Database => database;
        public AccessLog Log => log;
        public AccessSeal Seal => seal;

        public static async Task<Place> Open(Engine engine)
        {
            var place = TestDatabase.Create(engine);
            var database = await place.Open(TrustRoom.Migrations);
            return new(place, database, new(database, Keys, TimeProvider.System), new(database, Directory.CreateTempSubdirectory("tervik-seal-").FullName, TimeProvider.System));
        }

        public Task Append(int from, int count) => Task.WhenAll(Enumerable.Range(from, count).Select(number => log.Append(Access(number), AccessOrigin.Unknown, Stop).AsTask()));

        public Task<SealReport> Verify(params SealVerification.Witnessed[] copies) => new SealVerification(database, Keys).Run(seal, copies, Stop);

        public async ValueTask DisposeAsync()
        {
            var folder = Path.GetDirectoryName(seal.KeyFile)!;
            seal.Dispose();
            await log.DisposeAsync();
            await database.DisposeAsync();
            place.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task What_was_sealed_in_pieces_is_proven_and_verifies_also_after_a_restart(Engine engine)
    {
        await using var place = await Place.Open(engine);
        Assert.Null(await place.Seal.Seal(Stop));
        var old = (Size: 0L, Root: Array.Empty<byte>());
        var next = 0;
        foreach (var count in (int[])[1, 255, 1, 300, 66_000, 7])
        {
            await place.Append(next, count);
            next += count;
            // Another one, as after a restart, goes on where the first stopped.
            using var again = new AccessSeal(place.Database, Path.GetDirectoryName(place.Seal.KeyFile)!, TimeProvider.System);
            var seal = next % 2 == 0 ? again : place.Seal;
            var kept = Assert.IsType<KeptCheckpoint>(await seal.Seal(Stop));
            var head = Checkpoint.Parse(kept.Note);
            Assert.Equal((next, next), (kept.Size, head.Size));
            Assert.True(head.IsSignedBy(place.Seal.Verifier));
            Assert.Equal(kept.Note, await File.ReadAllTextAsync(place.Seal.CheckpointFile, Stop));
            var newest = await place.Log.Read(new(Count: 3), Stop);
            var (inclusions, consistency) = await place.Seal.Prove(kept, newest.Select(access => access.Event), old.Size, Stop);
            foreach (var access in newest)
            {
                var (entries, inclusion) = (await place.Seal.Entries(inclusions[access.Event].Leaf / 256, Stop), inclusions[access.Event]);
                Assert.True(MerkleTree.IsIncluded(inclusion.Leaf, head.Size, MerkleTree.Leaf(entries![(int)(inclusion.Leaf % 256)]), inclusion.Path, head.Root));
            }
            if (old.Size > 0) Assert.True(MerkleTree.IsConsistent(old.Size, head.Size, old.Root, head.Root, consistency));
            old = (head.Size, head.Root);
            var report = await place.Verify();
            Assert.Equal((next, 0L, ""), (report.Events, report.Unsealed, string.Join('\n', report.Findings)));
        }
        await place.Append(next, 5);
        Assert.Equal((next, 5L), await place.Verify() is var last ? (last.Events, last.Unsealed) : default);
    }

    [Fact]
    public async Task A_log_that_was_set_back_is_not_sealed_over_the_head_that_shows_it()
    {
        await using var place = await Place.Open(Engine.Sqlite);
        await place.Append(0, 300);
        await place.Seal.Seal(Stop);
        await Save(place.Database, "earlier");
        await place.Append(300, 300);
        var head = (await place.Seal.Seal(Stop))!.Note;
        await Restore(place.Database, "earlier");
        await place.Append(600, 10);
        using var again = new AccessSeal(place.Database, Path.GetDirectoryName(place.Seal.KeyFile)!, TimeProvider.System);
        foreach (var seal in (AccessSeal[])[place.Seal, again, place.Seal, again])
        {
            var fault = await Assert.ThrowsAsync<StorageException>(() => seal.Seal(Stop));
            Assert.Contains("is of 600 events", fault.Message, StringComparison.Ordinal);
            Assert.Equal(head, await File.ReadAllTextAsync(place.Seal.CheckpointFile, Stop));
        }
        File.Delete(place.Seal.CheckpointFile);
        Assert.Equal(310, (await again.Seal(Stop))!.Size);
    }

    [Fact]
    public async Task After_the_key_is_renewed_the_old_one_leads_to_the_new_and_makes_no_newest_head_any_more()
    {
        await using var place = await Place.Open(Engine.Sqlite);
        await place.Append(0, 300);
        await place.Seal.Seal(Stop);
        var (old, stolen) = (place.Seal.Verifier, await File.ReadAllTextAsync(place.Seal.KeyFile, Stop));
        await place.Seal.RenewKey(Stop);
        var both = Checkpoint.Parse((await place.Seal.Newest(Stop))!.Note);
        Assert.True(both.IsSignedBy(old) && both.IsSignedBy(place.Seal.Verifier) && old.Hash != place.Seal.Verifier.Hash && old.Name == place.Seal.Verifier.Name);
        await place.Append(300, 10);
        using (var again = new AccessSeal(place.Database, Path.GetDirectoryName(place.Seal.KeyFile)!, TimeProvider.System))
        {
            var next = Checkpoint.Parse((await again.Seal(Stop))!.Note);
            Assert.True(next.IsSignedBy(place.Seal.Verifier) && !next.IsSignedBy(old));
        }
        Assert.Empty((await place.Verify()).Findings);
        // Who has the key of before signs the whole log anew.
        await File.WriteAllTextAsync(Path.Combine(Path.GetDirectoryName(place.Seal.KeyFile)!, "stolen"), stolen, Stop);
        var thief = NoteKeys.Load(new(Path.Combine(Path.GetDirectoryName(place.Seal.KeyFile)!, "stolen"), null), () => throw new InvalidOperationException(), NoteVerifier.Signature).Signer;
        var newest = (await place.Seal.Newest(Stop))!;
        var text = Checkpoint.Parse(newest.Note).Text;
        await place.Database.Write(session => session.Execute("UPDATE access_checkpoint SET note = $1 WHERE size = $2", $"{text}\n{thief.Sign(text, TimeProvider.System.GetUtcNow())}", newest.Size), Stop);
        Assert.Contains((await place.Verify()).Findings, finding => finding.Contains("is not signed by", StringComparison.Ordinal));
    }

    static readonly string[] Tables = ["access_event", "access_patient", "access_agent", "access_tile", "access_checkpoint"];

    static Task<int> Save(Database database, string prefix) => database.Write(async session =>
    {
        foreach (var table in Tables) await session.Execute($"CREATE TABLE {prefix}_{table} AS SELECT * FROM {table}");
        return 0;
    }, Stop);

    static Task<int> Restore(Database database, string prefix) => database.Write(async session =>
    {
        foreach (var table in Tables)
        {
            await session.Execute($"DELETE FROM {table}");
            await session.Execute($"INSERT INTO {table} SELECT * FROM {prefix}_{table}");
        }
        return 0;
    }, Stop);

    /// <summary>A thousand ways to change the past, by somebody who has the database and the files.</summary>
    [Fact]
    public async Task Each_of_a_thousand_changes_in_the_database_and_the_files_is_found()
    {
        await using var place = await Place.Open(Engine.Sqlite);
        var earlier = "";
        for (var batch = 0; batch < 3; batch++)
        {
            await place.Append(batch * 230, 230);
            await place.Seal.Seal(Stop);
            await place.Log.Read(new(Agent: "Practitioner/1"), Stop); // enters all of them into the indices
            if (batch != 1) continue;
            await Save(place.Database, "earlier");
            earlier = await File.ReadAllTextAsync(place.Seal.CheckpointFile, Stop);
        }
        await Save(place.Database, "whole");
        var head = await File.ReadAllTextAsync(place.Seal.CheckpointFile, Stop);
        var witnessed = new SealVerification.Witnessed("the witness's copy", head);
        Assert.Empty((await place.Verify(witnessed)).Findings);
        var events = (await place.Log.Read(new(Count: 2000), Stop)).Select(access => access.Event).Order().ToArray();
        var (random, missed, kinds) = (new Random(20261126), new List<string>(), new HashSet<string>());
        for (var number = 0; number < 1000; number++)
        {
            var (kind, statements, file) = Change(random, events, head, earlier);
            kinds.Add(kind);
            await place.Database.Write(async session =>
            {
                foreach (var sql in statements) await session.Execute(sql);
                return 0;
            }, Stop);
            if (kind == "everything set back") await Restore(place.Database, "earlier");
            if (file is null) File.Delete(place.Seal.CheckpointFile);
            else await File.WriteAllTextAsync(place.Seal.CheckpointFile, file, Stop);
            if ((await place.Verify(witnessed)).Findings.Count == 0) missed.Add($"{kind}: {string.Join("; ", statements)}");
            await Restore(place.Database, "whole");
            await File.WriteAllTextAsync(place.Seal.CheckpointFile, head, Stop);
        }
        Assert.Empty(missed);
        Assert.Equal(Kinds, kinds.Count);
        Assert.Empty((await place.Verify(witnessed)).Findings);
    }

    const int Kinds = 17;

    /// <summary>One change, as SQL, and what the file beside the database then holds (null: nothing, it is deleted).</summary>
    static (string Kind, string[] Statements, string? File) Change(Random random, long[] events, string head, string earlier)
    {
        var at = random.Next(events.Length - 1);
        var (one, other) = (events[at], events[(at + 1 + random.Next(events.Length - 2)) % events.Length]);
        string Event(string change) => $"UPDATE access_event SET {change} WHERE event = {one}";
        var tile = (string[])["level = 0 AND number = 0", "level = 0 AND number = 1", "level = 0 AND number = 2", "level = 1 AND number = 0"];
        var which = tile[random.Next(tile.Length)];
        return random.Next(Kinds) switch
        {
            0 => ("who", [Event("agent = 'Practitioner/9999'")], head),
            1 => ("what", [Event(random.Next(3) switch { 0 => "interaction = 'vread'", 1 => "id = '0815'", _ => "type = 'Condition'" })], head),
            2 => ("which entries", [Event("resources = 'Observation/0815'")], head),
            3 => ("which patient", [Event("compartments = '815'")], head),
            4 => ("the question, the status, the request, the circumstances", [Event(random.Next(7) switch
            {
                0 => "query = 'nothing'", 1 => "status = 404", 2 => "request = 'another'", 3 => "concerned = NULL", 4 => "client = 'another'", 5 => "address = '192.0.2.8'", _ => "purpose = 'BTG'",
            })], head),
            5 => ("the salt", [Event("salt = x'00112233445566778899aabbccddeeff'")], head),
            6 => ("when", [$"UPDATE access_event SET event = {one} * 10 WHERE event = {one}"], head),
            7 => ("left out", [$"DELETE FROM access_event WHERE event = {one}"], head),
            8 => ("put in", [$"INSERT INTO access_event SELECT {events[0] - 1 - random.Next(1000)}, agent, interaction, type, id, query, resources, compartments, status, request, salt, concerned, client, purpose, address FROM access_event WHERE event = {one}"], head),
            9 => ("exchanged", [$"UPDATE access_event SET event = -1 WHERE event = {one}", $"UPDATE access_event SET event = {one} WHERE event = {other}", $"UPDATE access_event SET event = {other} WHERE event = -1"], head),
            10 => ("cut off", [$"DELETE FROM access_event WHERE event >= {one}"], head),
            11 => ("cut off with all that tells", [$"DELETE FROM access_event WHERE event > {events[459]}", "DELETE FROM access_checkpoint", "INSERT INTO access_checkpoint SELECT * FROM earlier_access_checkpoint", "DELETE FROM access_tile", "INSERT INTO access_tile SELECT * FROM earlier_access_tile",
                "DELETE FROM access_patient", "INSERT INTO access_patient SELECT * FROM earlier_access_patient", "DELETE FROM access_agent", "INSERT INTO access_agent SELECT * FROM earlier_access_agent"], head),
            12 => ("everything set back", [], earlier),
            13 => ("a tile", [random.Next(4) switch
            {
                0 => $"UPDATE access_tile SET hashes = x'{Convert.ToHexString(RandomBytes(random, 32))}' || substr(hashes, 33) WHERE {which}",
                1 => $"DELETE FROM access_tile WHERE {which}",
                2 => $"UPDATE access_tile SET hashes = substr(hashes, 1, length(hashes) - 32) WHERE {which}",
                _ => $"UPDATE access_tile SET first_event = first_event + 1 WHERE level = 0 AND number = {random.Next(3)}",
            }], head),
            14 => ("a signed head", [random.Next(3) switch
            {
                0 => "DELETE FROM access_checkpoint",
                1 => $"UPDATE access_checkpoint SET note = substr(note, 1, {random.Next(1, head.Length - 2)}) || '~' || substr(note, {random.Next(1, head.Length - 2)})",
                _ => "UPDATE access_checkpoint SET size = size - 1",
            }], head),
            15 => ("the file", [], random.Next(3) switch { 0 => null, 1 => head.Remove(random.Next(head.Length), 1), _ => head.Insert(random.Next(head.Length), "x") }),
            _ => ("what people are shown", [random.Next(3) switch
            {
                0 => $"DELETE FROM access_patient WHERE event = {one}",
                1 => $"DELETE FROM access_agent WHERE event = {one}",
                _ => $"UPDATE access_patient SET comp = comp + 1 WHERE event = {one}",
            }], head),
        };
    }

    static byte[] RandomBytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    [Fact]
    public async Task A_witness_signs_what_goes_on_from_what_it_saw_and_nothing_else()
    {
        await using var place = await Place.Open(Engine.Sqlite);
        var folder = Directory.CreateTempSubdirectory("tervik-witness-").FullName;
        try
        {
            using var witness = new Witness(folder, "witness.example", [place.Seal.Verifier], TimeProvider.System);
            await place.Append(0, 300);
            var first = (await place.Seal.Seal(Stop))!;
            Assert.Equal(200, (await witness.Add($"old 0\n\n{first.Note}", Stop)).Status);
            await place.Append(300, 500);
            var second = (await place.Seal.Seal(Stop))!;
            var proof = (await place.Seal.Prove(second, [], first.Size, Stop)).Consistency.ConvertAll(Convert.ToBase64String);
            var request = $"old {first.Size}\n{string.Join('\n', proof)}\n\n{second.Note}";
            Assert.Equal((409, "300\n"), await witness.Add($"old 0\n\n{second.Note}", Stop));
            Assert.Equal(422, (await witness.Add($"old {first.Size}\n{string.Join('\n', proof[1..])}\n\n{second.Note}", Stop)).Status);
            Assert.Equal(400, (await witness.Add(request.Replace("old 300", "old x", StringComparison.Ordinal), Stop)).Status);
            Assert.Equal(400, (await witness.Add("", Stop)).Status);
            Assert.Equal(404, (await witness.Add(request.Replace(place.Seal.Verifier.Name, "other", StringComparison.Ordinal), Stop)).Status);
            Assert.Equal(403, (await witness.Add(request.Replace("\n800\n", "\n801\n", StringComparison.Ordinal), Stop)).Status);
            var (status, line) = await witness.Add(request, Stop);
            Assert.Equal(200, status);
            Assert.True(Checkpoint.Parse(second.Note + line).IsSignedBy(NoteVerifier.Parse(witness.Verifier.ToString())));
            // Set back, it is not signed again; and the copy shows it.
            Assert.Equal((409, "800\n"), await witness.Add($"old {first.Size}\n\n{first.Note}", Stop));
            Assert.Equal((409, "800\n"), await witness.Add($"old 0\n\n{first.Note}", Stop));
            var copy = await File.ReadAllTextAsync(witness.FileOf(place.Seal.Verifier.Name), Stop);
            Assert.Empty((await place.Verify(new SealVerification.Witnessed("copy", copy))).Findings);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Heads_are_shown_to_witnesses_over_HTTP_and_what_they_sign_is_kept_with_the_head()
    {
        await using var place = await Place.Open(Engine.Sqlite);
        var folder = Directory.CreateTempSubdirectory("tervik-witness-").FullName;
        using var witness = new Witness(folder, "witness.example", [place.Seal.Verifier], TimeProvider.System);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.MapPost("/w/add-checkpoint", async (HttpContext request) =>
        {
            using var reader = new StreamReader(request.Request.Body);
            var (status, text) = await witness.Add(await reader.ReadToEndAsync(Stop), Stop);
            return Results.Text(text, "text/plain; charset=utf-8", statusCode: status);
        });
        await app.StartAsync(Stop);
        var places = WitnessPlace.Parse($"{app.Urls.First()}/w {witness.Verifier}, http://127.0.0.1:9/away {NoteSigner.New("away", NoteVerifier.Cosignature).Verifier}");
        for (var number = 0; number < 3; number++)
        {
            // The second time as after a restart: what the witness has seen is asked from it.
            using var witnesses = new Witnesses(place.Seal, places, NullLogger<Witnesses>.Instance);
            for (var again = 0; again < 2; again++)
            {
                await place.Append(number * 1000 + again * 300, 300);
                await witnesses.Show((await place.Seal.Seal(Stop))!, Stop);
                Assert.True(Checkpoint.Parse((await place.Seal.Newest(Stop))!.Note).IsSignedBy(witness.Verifier));
            }
        }
        Assert.Empty((await place.Verify()).Findings);
        Directory.Delete(folder, recursive: true);
        Assert.Throws<FormatException>(() => WitnessPlace.Parse("http://127.0.0.1:9"));
        Assert.Throws<FormatException>(() => WitnessPlace.Parse($"http://127.0.0.1:9 {place.Seal.Verifier}"));
    }

    [Fact]
    public async Task Whom_an_account_has_looked_at_is_listed_once_with_all_entries()
    {
        await using var place = await Place.Open(Engine.Sqlite);
        await place.Append(0, 3000);
        await place.Log.Append(new("Practitioner/1", new("read", "Observation", "refused"), null, [], 403) { Patients = [Keys.Reference("Patient/refused")] }, AccessOrigin.Unknown, Stop);
        var scope = await AccessScope.Of(place.Log, "Practitioner/1", 0, long.MaxValue, Stop);
        var numbers = Enumerable.Range(0, 3000).Where(number => number % 11 == 1).ToList();
        Assert.Equal(numbers.Count, scope.Accesses);
        Assert.Equal(numbers.Select(number => Keys.Reference($"Patient/{number % 7}")).Distinct().Order(), scope.Patients.Keys.Order());
        Assert.Equal(numbers.Where(number => number % 7 == 3).Select(number => $"Observation/{number}").Append("Patient/3").Order(), scope.Patients[Keys.Reference("Patient/3")].Entries.Order());
    }

    [Theory]
    [InlineData("000", 0, 256)]
    [InlineData("x001/234", 1234, 256)]
    [InlineData("x001/x234/067.p/17", 1234067, 17)]
    [InlineData("x01/234", -1, 0)]
    [InlineData("x001/234.p/256", -1, 0)]
    [InlineData("001/234", -1, 0)]
    [InlineData("x001", -1, 0)]
    [InlineData("", -1, 0)]
    public void Tiles_are_named_as_in_the_specification(string path, long number, int width) => Assert.Equal(number < 0 ? null : (number, width), SealEndpoints.Number(path));
}
