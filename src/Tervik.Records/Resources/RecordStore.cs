using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using Tervik.Records.Access;
using Tervik.Records.Definitions;
using Tervik.Records.Indexing;
using Tervik.Records.Marks;
using Tervik.Records.Model;
using Tervik.Storage;
using Tervik.Storage.Sealing;

namespace Tervik.Records.Resources;

/// <summary>The record: current versions, history and index, in one database. Every acknowledged write is durable; commits of concurrent callers are grouped.</summary>
public sealed class RecordStore : IAsyncDisposable
{
    const int LargestGroup = 256;
    const string Columns = "pk, type, id, ver, at_us, method, comp, body";

    readonly GroupCommit<Commitment, CommitResult> commits;

    const string CursorSetting = "cursor-key";

    readonly Vault? vault;
    readonly ConcurrentDictionary<string, long> changes = new(StringComparer.Ordinal);

    RecordStore(Database database, Keys keys, Vault? vault)
    {
        (Database, Keys, Indexer, this.vault) = (database, keys, new Indexer(Schema.R4, keys), vault);
        SearchParameters = new(this);
        Marks = new(this);
        commits = new(database, (session, group) => new CommitGroup(session, this).Apply(group), LargestGroup);
    }

    /// <summary>Opens the record in <paramref name="database"/> (migrated with <see cref="RecordMigrations"/>).</summary>
    /// <param name="database">Where it lies.</param>
    /// <param name="stop">Stops the opening.</param>
    /// <param name="vault">With whose keys bodies are encrypted; null for plain ones.</param>
    public static async Task<RecordStore> Open(Database database, CancellationToken stop, Vault? vault = null)
    {
        var seed = await Setting(database, "seed", () => BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long))).ToString(CultureInfo.InvariantCulture), stop);
        var store = new RecordStore(database, new Keys(long.Parse(seed, CultureInfo.InvariantCulture)), vault);
        if (vault is not null) await store.Erase(vault.AllShredded(), stop);
        await store.SearchParameters.Refresh(stop);
        await store.Marks.Complete(stop);
        return store;
    }

    /// <summary>The migrations of this room.</summary>
    public static Migrations RecordMigrations => new("records", typeof(RecordStore).Assembly);

    /// <summary>The database, for searches.</summary>
    public Database Database { get; }
    /// <summary>The keys of this store.</summary>
    public Keys Keys { get; }
    /// <summary>Search parameters that were stored as resources.</summary>
    public StoredSearchParameters SearchParameters { get; }
    /// <summary>Marks by which patients hide parts of their record.</summary>
    public RecordMarks Marks { get; }
    /// <summary>Computes what the index holds of a resource.</summary>
    public Indexer Indexer { get; }

    /// <summary>A value kept with the record, such as a secret; made by <paramref name="first"/> when it is asked for the first time.</summary>
    public Task<string> Setting(string name, Func<string> first, CancellationToken stop) => Setting(Database, name, first, stop);

    static Task<string> Setting(Database database, string name, Func<string> first, CancellationToken stop) => database.Write(async session =>
    {
        await session.Execute("INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", name, first());
        await using var rows = await session.Query("SELECT value FROM setting WHERE name = $1", name);
        await rows.Read();
        return rows.Text(0)!;
    }, stop);

    /// <summary>Seals the cursors of searches, 32 bytes; a data key where there are such, in the database where not.</summary>
    internal async Task<byte[]> CursorKey(CancellationToken stop) =>
        vault?.KeyOf("cursors") ?? Convert.FromBase64String(await Setting(CursorSetting, () => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), stop));

    /// <summary>The next cursors are sealed with a new key; those that clients hold end. With data keys, their renewal does so.</summary>
    public Task ForgetCursorKey(CancellationToken stop) => Database.Write(session => session.Execute("DELETE FROM setting WHERE name = $1", CursorSetting), stop);

    /// <summary>What the index holds of a stored body.</summary>
    public IndexEntries Extract(ReadOnlyMemory<byte> body) => Extract(body, Indexer);

    static IndexEntries Extract(ReadOnlyMemory<byte> body, Indexer indexer)
    {
        using var json = FhirJson.Parse(body);
        return indexer.Extract(Node.Resource(json.RootElement));
    }

    /// <summary>The current version (which may be a deletion), or null when it never existed or <paramref name="access"/> hides it.</summary>
    public ValueTask<StoredResource?> Read(string type, string id, AccessFilter access, CancellationToken stop) => Database.ReadOnce(session => Read(session, type, id, access), stop);

    /// <summary>The same inside a snapshot of the caller's.</summary>
    public async ValueTask<StoredResource?> Read(Session session, string type, string id, AccessFilter access)
    {
        StoredResource? found;
        await using (var rows = await session.Query($"SELECT {Columns} FROM res WHERE rid = $1 AND type = $2 AND id = $3", Keys.Reference($"{type}/{id}"), type, id))
            found = await rows.Read() ? Stored(rows) : null;
        return found is null ? null : await Visible(session, found, access);
    }

    /// <summary>A certain version, or null.</summary>
    public ValueTask<StoredResource?> ReadVersion(string type, string id, int version, AccessFilter access, CancellationToken stop) => Database.ReadOnce(async session =>
    {
        StoredResource? found;
        await using (var rows = await session.Query($"""
            SELECT {Columns} FROM res WHERE rid = $1 AND type = $2 AND id = $3 AND ver = $4
            UNION ALL SELECT {Columns} FROM hist WHERE pk = (SELECT pk FROM res WHERE rid = $1 AND type = $2 AND id = $3) AND ver = $4
            """, Keys.Reference($"{type}/{id}"), type, id, version))
            found = await rows.Read() ? Stored(rows) : null;
        return found is null ? null : await Visible(session, found, access);
    }, stop);

    /// <summary>Versions, newest first, of one resource (<paramref name="type"/> and <paramref name="id"/>), a type, or all.</summary>
    /// <param name="type">Null for all types.</param>
    /// <param name="id">Null for all of the type.</param>
    /// <param name="sinceUs">Only those written at or after.</param>
    /// <param name="beforeUs">Only those written before (the page cursor).</param>
    /// <param name="count">At most.</param>
    /// <param name="access">What the caller may see.</param>
    /// <param name="stop">Stops the query.</param>
    public async Task<IReadOnlyList<StoredResource>> History(string? type, string? id, long sinceUs, long beforeUs, int count, AccessFilter access, CancellationToken stop)
    {
        var found = new List<StoredResource>();
        // A page of the database may hold versions that the caller may not see: go on until the answer is full.
        for (var full = true; full && found.Count < count;)
        {
            var page = await HistoryPage(type, id, sinceUs, beforeUs, count, access, stop);
            foreach (var version in await Visible(page, access, stop))
                if (found.Count < count) found.Add(version);
            full = page.Count == count;
            if (full) beforeUs = page[^1].AtUs;
        }
        return found;
    }

    /// <summary>Visible by the compartment column; those of several patients (-1) or none (0) are looked at one by one.</summary>
    ValueTask<List<StoredResource>> HistoryPage(string? type, string? id, long sinceUs, long beforeUs, int count, AccessFilter access, CancellationToken stop) => Database.Read(async session =>
    {
        var visible = access.SeesAllPatients ? "" : $" AND (comp <= 0 AND comp >= -1 OR {session.Dialect.InArray("comp", "$4")})";
        // Of a type in pairs, as in Changed.
        var (time, order) = (type, id) is (not null, null) ? ("(type, at_us) >= ($5, $1) AND (type, at_us) < ($5, $2)", "type DESC, at_us DESC") : ("at_us >= $1 AND at_us < $2", "at_us DESC");
        var (current, replaced) = type is null || id is null ? ("", "") : ("rid = $6 AND type = $5 AND id = $7 AND ", "pk = (SELECT pk FROM res WHERE rid = $6 AND type = $5 AND id = $7) AND ");
        string Page(string table, string which) => $"SELECT * FROM (SELECT {Columns} FROM {table} WHERE {which}{time}{visible} ORDER BY {order} LIMIT $3) {table}_page";
        SqlValue[] values = (type, id) switch
        {
            (null, _) => [sinceUs, beforeUs, count, access.AllCompartments],
            (_, null) => [sinceUs, beforeUs, count, access.AllCompartments, type],
            _ => [sinceUs, beforeUs, count, access.AllCompartments, type, Keys.Reference($"{type}/{id}"), id],
        };
        var page = new List<StoredResource>();
        await using var rows = await session.Query($"{Page("res", current)} UNION ALL {Page("hist", replaced)} ORDER BY at_us DESC LIMIT $3", values);
        while (await rows.Read()) page.Add(Stored(rows));
        return page;
    }, stop);

    /// <summary>Current versions, deletions included, in the order of creation.</summary>
    /// <param name="after">Key of the last one of the page before; <see cref="long.MinValue"/> to begin.</param>
    /// <param name="count">At most.</param>
    /// <param name="stop">Stops the query.</param>
    public ValueTask<List<StoredResource>> Page(long after, int count, CancellationToken stop) => Database.ReadOnce(async session =>
    {
        var page = new List<StoredResource>();
        await using var rows = await session.Query($"SELECT {Columns} FROM res WHERE pk > $1 ORDER BY pk LIMIT $2", after, count);
        while (await rows.Read()) page.Add(Stored(rows));
        return page;
    }, stop);

    /// <summary>Current versions of a type, deletions included, that were written after a moment, in the order in which they were: for who follows what is written.</summary>
    /// <param name="session">A snapshot of the caller's.</param>
    /// <param name="type">Resource type.</param>
    /// <param name="afterUs">Microseconds since 1970-01-01 UTC.</param>
    /// <param name="most">At most so many.</param>
    public async ValueTask<List<StoredResource>> Changed(Session session, string type, long afterUs, int most)
    {
        var changed = new List<StoredResource>();
        // Pairs, for the reason that NewestOf gives.
        await using var rows = await session.Query($"SELECT {Columns} FROM res WHERE (type, at_us) > ($1, $2) AND type <= $1 ORDER BY type, at_us LIMIT $3", type, afterUs, most);
        while (await rows.Read()) changed.Add(Stored(rows));
        return changed;
    }

    /// <summary>Writes all or nothing; returns once durable.</summary>
    /// <param name="writes">In order. A resource may be written more than once; it gets as many versions.</param>
    /// <param name="guards">All must hold.</param>
    /// <param name="stop">Ends the wait for a place in the queue.</param>
    /// <param name="beside">Rows of another room, written in the same transaction after the resources and only when these are. When it throws, nothing is written and the exception is the caller's.</param>
    public async Task<CommitResult> Commit(IReadOnlyList<Write> writes, IReadOnlyList<Guard> guards, CancellationToken stop, Func<Session, ValueTask>? beside = null)
    {
        var definesParameters = false;
        foreach (var write in writes)
        {
            if (write.Type != "SearchParameter") continue;
            definesParameters = true;
            if (write.Draft is { } draft) SearchParameters.Check(draft.Body(1, 0));
        }
        var result = await commits.Submit(new(writes, guards, beside), stop);
        if (result.Outcome != CommitOutcome.Done) return result;
        foreach (var write in writes) changes.AddOrUpdate(write.Type, 1, static (_, count) => count + 1);
        foreach (var write in writes)
            if (write.Draft is { } draft) Keys.Learn(draft.Entries);
        if (definesParameters) await SearchParameters.Refresh(CancellationToken.None);
        return result;
    }

    /// <summary>Grows with every write of a type that this process made: what was read of it at another number may be out of date.</summary>
    public long ChangesOf(string type) => changes.GetValueOrDefault(type);

    /// <summary>Encrypts the bodies that were stored plain, of a store that is opened with a vault for the first time.</summary>
    /// <param name="isRenewal">All of them, with the keys of today.</param>
    /// <param name="stop">Stops it between two batches; it can be run again.</param>
    /// <returns>Versions that were encrypted.</returns>
    public async Task<long> SealBodies(bool isRenewal, CancellationToken stop)
    {
        const int batch = 1000;
        var done = 0L;
        foreach (var table in new[] { "res", "hist" })
            for (var (pk, ver, last) = (long.MinValue, 0L, batch); last == batch;)
                last = await Database.Write(async session =>
                {
                    var (read, changed) = (0, new List<StoredResource>());
                    await using (var rows = await session.Query($"SELECT {Columns} FROM {table} WHERE pk > $1 OR pk = $1 AND ver > $2 ORDER BY pk, ver LIMIT $3", pk, ver, batch))
                        for (; await rows.Read(); read++)
                        {
                            (pk, ver) = (rows.Int64(0), rows.Int64(3));
                            if (rows.Bytes(7) is [(byte)'{', ..]) changed.Add(new(pk, rows.Text(1)!, rows.Text(2)!, (int)ver, rows.Int64(4), rows.Text(5)!, rows.Int64(6), rows.Bytes(7).ToArray()));
                            else if (isRenewal && rows.Bytes(7).Length > 0) changed.Add(Stored(rows));
                        }
                    var bodies = Sealed(changed);
                    for (var i = 0; i < changed.Count; i++)
                        await session.Execute($"UPDATE {table} SET body = $3, sum = $4 WHERE pk = $1 AND ver = $2", changed[i].Pk, changed[i].Version, bodies[i], CommitGroup.BodySum(bodies[i]));
                    done += changed.Count;
                    return read;
                }, stop);
        return done;
    }

    /// <summary>Removes what is stored of patients whose data keys were destroyed: current versions, history and index. What was written later stays.</summary>
    /// <returns>Versions that were removed.</returns>
    public Task<long> Erase(IReadOnlyList<Shredded> shredded, CancellationToken stop) => shredded.Count == 0 ? Task.FromResult(0L) : Database.Write(async session =>
    {
        List<long> pks = [], rids = [];
        var removed = 0L;
        foreach (var (owner, atUs) in shredded)
        {
            await using (var rows = await session.Query("SELECT pk, rid FROM res WHERE comp = $1 AND at_us <= $2", owner, atUs))
                while (await rows.Read())
                {
                    pks.Add(rows.Int64(0));
                    rids.Add(rows.Int64(1));
                }
            removed += await session.Execute("DELETE FROM hist WHERE comp = $1 AND at_us <= $2", owner, atUs);
            removed += await session.Execute("DELETE FROM res WHERE comp = $1 AND at_us <= $2", owner, atUs);
        }
        if (pks.Count == 0) return removed;
        // Their entries can no longer be told from their bodies, so each table is gone through once.
        foreach (var (table, column) in ((string, string)[])[("ix", "pk"), ("ixg", "pk"), ("rev", "source"), ("fwd", "source"), ("rng", "pk"), ("str", "pk"), ("tup", "pk"), ("word", "pk")])
            await session.Execute($"DELETE FROM {table} WHERE {session.Dialect.InArray(column, "$1")}", pks.ToArray());
        foreach (var (table, column) in ((string, string)[])[("mark", "rid"), ("mark_link", "source")])
            await session.Execute($"DELETE FROM {table} WHERE {session.Dialect.InArray(column, "$1")}", rids.ToArray());
        return removed;
    }, stop);

    /// <summary>What the resources of these keys are called, <c>Type/id</c>; those that were deleted too.</summary>
    public ValueTask<Dictionary<long, string>> References(IEnumerable<long> keys, CancellationToken stop) => Database.Read(async session =>
    {
        var references = new Dictionary<long, string>();
        await using var rows = await session.Query($"SELECT rid, type, id FROM res WHERE {session.Dialect.InArray("rid", "$1")}", keys.ToArray());
        while (await rows.Read()) references[rows.Int64(0)] = $"{rows.Text(1)}/{rows.Text(2)}";
        return references;
    }, stop);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await SearchParameters.DisposeAsync();
        await commits.DisposeAsync();
    }

    /// <summary>A row of <c>pk, type, id, ver, at_us, method, comp, body</c>.</summary>
    /// <exception cref="StorageException">The body is encrypted and cannot be opened.</exception>
    public StoredResource Stored(Rows rows)
    {
        var (type, id, version, compartment) = (rows.Text(1)!, rows.Text(2)!, (int)rows.Int64(3), rows.Int64(6));
        var body = rows.Bytes(7);
        return new(rows.Int64(0), type, id, version, rows.Int64(4), rows.Text(5)!, compartment,
            vault is null || body.IsEmpty ? body.ToArray() : vault.Open(compartment, DataClass.Of(type), body, DataClass.Place(type, id, version)));
    }

    /// <summary>The bodies as they are stored, in the order of <paramref name="resources"/>.</summary>
    internal byte[][] Sealed(IReadOnlyList<StoredResource> resources)
    {
        vault?.Prepare(resources.Where(one => one.Body.Length > 0).Select(one => (one.Compartment, DataClass.Of(one.Type))));
        return [.. resources.Select(one => vault is null || one.Body.Length == 0 ? one.Body : vault.Seal(one.Compartment, DataClass.Of(one.Type), one.Body, DataClass.Place(one.Type, one.Id, one.Version)))];
    }

    /// <summary>All compartments a stored version is in.</summary>
    public IReadOnlyList<long> CompartmentsOf(StoredResource resource) => resource switch
    {
        { Compartment: 0 } => [],
        { Compartment: not -1 } => [resource.Compartment],
        { IsDeleted: true } => [],
        _ => Extract(resource.Body).Compartments,
    };

    async ValueTask<StoredResource?> Visible(Session session, StoredResource resource, AccessFilter access) =>
        access.SeesEverything || IsOpen(resource, access) && !await IsMarked(session, resource, access) ? resource : null;

    /// <summary>Those that <paramref name="access"/> covers, in their order.</summary>
    public ValueTask<List<StoredResource>> Visible(IReadOnlyList<StoredResource> resources, AccessFilter access, CancellationToken stop) =>
        access.SeesEverything || access.HiddenMarks.Length == 0 ? new([.. resources.Where(resource => access.SeesEverything || IsOpen(resource, access))]) : Database.Read(session => Visible(session, resources, access), stop);

    /// <summary>The same inside a snapshot of the caller's.</summary>
    internal async ValueTask<List<StoredResource>> Visible(Session session, IReadOnlyList<StoredResource> resources, AccessFilter access)
    {
        if (access.SeesEverything) return [.. resources];
        var open = resources.Where(resource => IsOpen(resource, access)).ToList();
        if (access.HiddenMarks.Length == 0 || open.Count == 0) return open;
        var hidden = await Marked(session, [.. open.Select(resource => Keys.Reference($"{resource.Type}/{resource.Id}")).Distinct()], access.HiddenMarks);
        return open.FindAll(resource => !hidden.Contains(Keys.Reference($"{resource.Type}/{resource.Id}")));
    }

    async ValueTask<bool> IsMarked(Session session, StoredResource resource, AccessFilter access) =>
        access.HiddenMarks.Length > 0 && (await Marked(session, [Keys.Reference($"{resource.Type}/{resource.Id}")], access.HiddenMarks)).Count > 0;

    static async ValueTask<HashSet<long>> Marked(Session session, long[] rids, long[] marks)
    {
        var marked = new HashSet<long>();
        await using var rows = await session.Query($"SELECT rid FROM mark WHERE {session.Dialect.InArray("rid", "$1")} AND {session.Dialect.InArray("key", "$2")}", rids, marks);
        while (await rows.Read()) marked.Add(rows.Int64(0));
        return marked;
    }

    /// <summary>Whether its compartments and codes are open; its marks are another question.</summary>
    bool IsOpen(StoredResource resource, AccessFilter access)
    {
        var isOpen = resource.Compartment switch
        {
            0 => access.Sees(resource.Type, []),
            // The deletion of something that several patients shared has no body to tell whose it was.
            -1 => !resource.IsDeleted && access.Sees(resource.Type, Extract(resource.Body).Compartments),
            var only => access.Sees(resource.Type, [only]),
        };
        if (!isOpen || access.Narrowing?.HasCriteria(resource.Type) != true) return isOpen;
        // A deletion has no codes any more.
        return !resource.IsDeleted && access.Narrowing.Admits(resource.Type, Extract(resource.Body, Indexer.WithoutMemory()));
    }
}

/// <summary>What one caller wants committed.</summary>
sealed record Commitment(IReadOnlyList<Write> Writes, IReadOnlyList<Guard> Guards, Func<Session, ValueTask>? Beside);
