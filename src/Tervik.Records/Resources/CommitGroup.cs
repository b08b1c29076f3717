using System.IO.Hashing;
using Tervik.Records.Indexing;
using Tervik.Records.Marks;
using Tervik.Storage;

namespace Tervik.Records.Resources;

/// <summary>Applies the commits of several callers in one write transaction: all rows they touch are read at once, decided in memory in order, and written in bulk.</summary>
sealed class CommitGroup(Session session, RecordStore store)
{
    static readonly string[] ResourceColumns = ["pk", "rid", "type", "id", "ver", "at_us", "method", "comp", "body", "sum"];
    static readonly string[] HistoryColumns = ["pk", "type", "id", "ver", "at_us", "method", "comp", "body", "sum"];

    readonly Dictionary<(string Type, string Id), Place> places = [];
    /// <summary>Of every draft, also those that a later write of the group replaces: their callers will remember it as stored.</summary>
    readonly List<IndexEntries> vocabulary = [];
    long lastUs;

    /// <summary>A logical resource the group touches: as the database has it, and as it shall be.</summary>
    sealed class Place(long rid)
    {
        public long Rid => rid;
        public StoredResource? Written { get; set; }
        public StoredResource? Current { get; set; }
        public IndexEntries? Entries { get; set; }
        /// <summary>Versions of this group that a later write of it has replaced already.</summary>
        public List<StoredResource> Replaced { get; } = [];
    }

    public async ValueTask<CommitResult[]> Apply(IReadOnlyList<Commitment> group)
    {
        await Load(group);
        var results = new CommitResult[group.Count];
        for (var i = 0; i < group.Count; i++)
        {
            if (group[i].Guards.Count > 0) await Save(); // guards look at the database
            results[i] = await Holds(group[i].Guards) ? Apply(group[i].Writes) : new(CommitOutcome.GuardFailed, []);
            if (group[i].Beside is not { } beside || results[i].Outcome != CommitOutcome.Done) continue;
            await Save();
            await beside(session);
        }
        await Save();
        return results;
    }

    async ValueTask Load(IReadOnlyList<Commitment> group)
    {
        foreach (var commitment in group)
            foreach (var write in commitment.Writes)
                if (!places.ContainsKey((write.Type, write.Id))) places.Add((write.Type, write.Id), new(store.Keys.Reference($"{write.Type}/{write.Id}")));
        await using (var last = await session.Query("SELECT max(at_us) FROM res"))
            lastUs = await last.Read() ? last.Int64(0) : 0;
        if (places.Count == 0) return;
        await using var rows = await session.Query(
            $"SELECT pk, type, id, ver, at_us, method, comp, body FROM res WHERE {session.Dialect.InArray("rid", "$1")}", places.Values.Select(place => place.Rid).ToArray());
        while (await rows.Read())
        {
            var stored = store.Stored(rows);
            if (!places.TryGetValue((stored.Type, stored.Id), out var place))
                throw new StorageException($"Two resources have one key; {stored.Type}/{stored.Id} is there already. Choose another id.");
            place.Written = place.Current = stored;
        }
    }

    async ValueTask<bool> Holds(IReadOnlyList<Guard> guards)
    {
        foreach (var guard in guards)
            if (!await guard.Holds(session)) return false;
        return true;
    }

    CommitResult Apply(IReadOnlyList<Write> writes)
    {
        var versions = new Dictionary<Place, int>();
        for (var i = 0; i < writes.Count; i++)
        {
            var place = places[(writes[i].Type, writes[i].Id)];
            if (!versions.TryGetValue(place, out var version)) version = place.Current is { IsDeleted: false } current ? current.Version : 0;
            if (writes[i].ExpectedVersion is { } expected && expected != version) return new(CommitOutcome.VersionConflict, [], i);
            versions[place] = writes[i].Draft is null ? 0 : version == 0 ? (place.Current?.Version ?? 0) + 1 : version + 1;
        }
        var results = new StoredResource?[writes.Count];
        for (var i = 0; i < writes.Count; i++) results[i] = Apply(writes[i], places[(writes[i].Type, writes[i].Id)]);
        return new(CommitOutcome.Done, results);
    }

    StoredResource? Apply(Write write, Place place)
    {
        var before = place.Current;
        if (write.Draft is null && before is null or { IsDeleted: true }) return null;
        // Strictly increasing, also when the clock is set back or asked twice in a microsecond.
        lastUs = Math.Max((DateTime.UtcNow.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond, lastUs + 1);
        var version = (before?.Version ?? 0) + 1;
        var body = write.Draft?.Body(version, lastUs) ?? [];
        // A search parameter may have been added since the draft was made.
        var entries = write.Draft?.Entries is { } drafted && drafted.CatalogVersion != store.Indexer.Parameters.Version ? store.Extract(body) : write.Draft?.Entries;
        var after = new StoredResource(before?.Pk ?? lastUs, write.Type, write.Id, version, lastUs, write.Method, entries is null ? before!.Compartment : Compartment(entries), body);
        if (before is not null && !ReferenceEquals(before, place.Written)) place.Replaced.Add(before);
        (place.Current, place.Entries) = (after, entries);
        if (entries is not null) vocabulary.Add(entries);
        return after;
    }

    static long Compartment(IndexEntries entries) => entries.Compartments switch { [] => 0, [var only] => only, _ => -1 };

    /// <summary>Brings the database to what was decided so far.</summary>
    async ValueTask Save()
    {
        var changed = places.Values.Where(place => !ReferenceEquals(place.Current, place.Written)).ToList();
        if (changed.Count == 0) return;
        var replaced = changed.SelectMany(place => place.Written is null ? place.Replaced : place.Replaced.Prepend(place.Written)).OrderBy(version => version.Pk).ThenBy(version => version.Version).ToList();
        if (replaced.Count > 0)
        {
            await session.BulkDelete("res", ["pk"], [changed.Where(place => place.Written is not null).Select(place => place.Written!.Pk).Order().ToArray()]);
            await session.BulkInsert("hist", HistoryColumns, Columns(replaced, []));
        }
        changed.Sort((a, b) => a.Current!.Pk.CompareTo(b.Current!.Pk));
        await session.BulkInsert("res", ResourceColumns, Columns(changed.ConvertAll(place => place.Current!), changed.ConvertAll(place => place.Rid)));
        await SaveIndex(changed);
        foreach (var place in changed)
        {
            place.Written = place.Current;
            place.Replaced.Clear();
        }
    }

    async ValueTask SaveIndex(List<Place> changed)
    {
        IndexRows gone = new(), fresh = new();
        var marked = new List<Marking.Written>();
        foreach (var place in changed)
        {
            if (place.Entries is { Compartments.Length: > 0 } of) marked.Add(new(place.Rid, place.Current!.Type, of));
            if (place.Written is { IsDeleted: false } written) gone.Add(written.Pk, store.Extract(written.Body));
            if (place.Entries is { } entries) fresh.Add(place.Current!.Pk, entries);
        }
        foreach (var entries in vocabulary) fresh.AddVocabulary(entries);
        vocabulary.Clear();
        await IndexRows.Replace(session, gone, fresh);
        await new Marking(session, store).Save(marked);
    }

    Array[] Columns(List<StoredResource> rows, List<long> rids)
    {
        var bodies = store.Sealed(rows);
        var columns = new List<Array>
        {
            rows.ConvertAll(row => row.Pk).ToArray(), rows.ConvertAll(row => row.Type).ToArray(), rows.ConvertAll(row => row.Id).ToArray(),
            rows.ConvertAll(row => row.Version).ToArray(), rows.ConvertAll(row => row.AtUs).ToArray(), rows.ConvertAll(row => row.Method).ToArray(),
            rows.ConvertAll(row => row.Compartment).ToArray(), bodies, Array.ConvertAll(bodies, body => BodySum(body)),
        };
        if (rids.Count > 0) columns.Insert(1, rids.ToArray());
        return [.. columns];
    }

    /// <summary>What column <c>sum</c> holds of a body as it is stored.</summary>
    public static long BodySum(ReadOnlySpan<byte> body) => unchecked((long)XxHash3.HashToUInt64(body));
}
