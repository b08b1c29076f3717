using Tervik.Records.Indexing;
using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.Records.Marks;

/// <summary>Keeps the marks true while resources are written: a resource has those of its own codes, of the periods its dates lie in, and of everything it refers to; and so have those that refer to it.</summary>
/// <remarks>Derived data thus inherits the strictest label. It hides rather too much than too little: a visit that names a hidden diagnosis is hidden as a whole, for a part of it would tell of the rest.</remarks>
sealed class Marking(Session session, RecordStore store)
{
    /// <summary>References that lead on and on end here: no record is linked so deep.</summary>
    const int DeepestLink = 32;

    /// <summary>A resource that is being written.</summary>
    /// <param name="Rid">Its key.</param>
    /// <param name="Type">Its type.</param>
    /// <param name="Entries">What the index holds of it.</param>
    public readonly record struct Written(long Rid, string Type, IndexEntries Entries);

    readonly Dictionary<long, HashSet<long>> known = [];
    readonly Dictionary<long, List<(long Key, long FromUs, long ToUs)>> periods = [];

    /// <summary>Marks what was written, after its references have been saved.</summary>
    public async ValueTask Save(List<Written> written)
    {
        if (written.Count == 0) return;
        await Load(written);
        var fresh = new HashSet<(long Rid, long Key)>();
        foreach (var one in written)
            foreach (var key in OwnMarks(one))
                if (MarksOf(one.Rid).Add(key)) fresh.Add((one.Rid, key));
        // Within the group one may refer to another, in any order.
        for (var changed = known.Count > 0; changed;)
        {
            changed = false;
            foreach (var one in written)
            {
                foreach (var link in one.Entries.Scan.Links)
                    if (Array.BinarySearch(one.Entries.Scan.Files, link) < 0) changed |= Pass(link, one.Rid, fresh);
                foreach (var file in one.Entries.Scan.Files) changed |= Pass(one.Rid, file, fresh);
            }
        }
        await SaveLinks(written);
        await Spread(session, fresh);
    }

    bool Pass(long from, long to, HashSet<(long, long)> fresh)
    {
        if (!known.TryGetValue(from, out var marks)) return false;
        var changed = false;
        foreach (var key in marks)
            if (MarksOf(to).Add(key)) changed |= fresh.Add((to, key));
        return changed;
    }

    HashSet<long> MarksOf(long rid) => known.TryGetValue(rid, out var marks) ? marks : known[rid] = [];

    IEnumerable<long> OwnMarks(Written one)
    {
        // A person as such is not hidden by a code; what is closed whole is closed at the root.
        if (one.Type == "Patient") yield break;
        foreach (var compartment in one.Entries.Compartments)
        {
            foreach (var category in one.Entries.Scan.Categories) yield return store.Keys.Mark(compartment, category);
            if (!periods.TryGetValue(compartment, out var own)) continue;
            var dates = store.Indexer.Parameters.DateKeys(one.Type);
            foreach (var (key, fromUs, toUs) in own)
                if (Array.Exists(one.Entries.Ranges, range => range.High >= fromUs && range.Low < toUs && Array.BinarySearch(dates, range.Parameter) >= 0)) yield return key;
        }
    }

    async ValueTask Load(List<Written> written)
    {
        var (rids, compartments) = (new HashSet<long>(), new HashSet<long>());
        foreach (var one in written)
        {
            rids.Add(one.Rid);
            rids.UnionWith(one.Entries.Scan.Links);
            compartments.UnionWith(one.Entries.Compartments);
        }
        await using var rows = await session.Query($"""
            SELECT 0 AS kind, rid, key, 0 AS from_us, 0 AS to_us FROM mark WHERE {session.Dialect.InArray("rid", "$1")}
            UNION ALL SELECT 1, comp, key, from_us, to_us FROM mark_period WHERE {session.Dialect.InArray("comp", "$2")}
            """, rids.ToArray(), compartments.ToArray());
        while (await rows.Read())
            if (rows.Int64(0) == 0) MarksOf(rows.Int64(1)).Add(rows.Int64(2));
            else (periods.TryGetValue(rows.Int64(1), out var own) ? own : periods[rows.Int64(1)] = []).Add((rows.Int64(2), rows.Int64(3), rows.Int64(4)));
    }

    async ValueTask SaveLinks(List<Written> written)
    {
        var links = new SortedSet<(long Target, long Source)>();
        foreach (var one in written)
            foreach (var link in one.Entries.Scan.Links)
                if (!Array.Exists(one.Entries.References, reference => reference.Target == link)) links.Add((link, one.Rid));
        if (links.Count > 0) await session.BulkInsert("mark_link", ["target", "source"], [links.Select(link => link.Target).ToArray(), links.Select(link => link.Source).ToArray()], ignoreConflicts: true);
    }

    /// <summary>Saves marks and passes them on to all that refer to a resource, however far.</summary>
    public static async ValueTask Spread(Session session, HashSet<(long Rid, long Key)> fresh)
    {
        for (var depth = 0; depth < DeepestLink && fresh.Count > 0; depth++)
        {
            var ordered = fresh.Order().ToList();
            await session.BulkInsert("mark", ["rid", "key"], [ordered.ConvertAll(mark => mark.Rid).ToArray(), ordered.ConvertAll(mark => mark.Key).ToArray()], ignoreConflicts: true);
            fresh = await Referring(session, [.. ordered.Select(mark => mark.Rid).Distinct()]);
        }
    }

    /// <summary>Marks that those who refer to these resources do not have yet. People are not marked: that somebody has a doctor or a ward hides nobody.</summary>
    static async ValueTask<HashSet<(long Rid, long Key)>> Referring(Session session, long[] targets)
    {
        var fresh = new HashSet<(long, long)>();
        var among = session.Dialect.InArray("m.rid", "$1");
        await using var rows = await session.Query($"""
            SELECT s.rid, m.key FROM mark m CROSS JOIN rev CROSS JOIN res s WHERE {among} AND rev.target = m.rid AND s.pk = rev.source AND s.comp <> 0 AND s.type <> 'Patient'
              AND NOT EXISTS (SELECT 1 FROM mark o WHERE o.rid = s.rid AND o.key = m.key)
            UNION SELECT l.source, m.key FROM mark m CROSS JOIN mark_link l WHERE {among} AND l.target = m.rid AND NOT EXISTS (SELECT 1 FROM mark o WHERE o.rid = l.source AND o.key = m.key)
            """, targets);
        while (await rows.Read()) fresh.Add((rows.Int64(0), rows.Int64(1)));
        return fresh;
    }
}
