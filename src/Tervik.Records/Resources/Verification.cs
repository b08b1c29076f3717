using System.Text.Json;
using Tervik.Records.Indexing;
using Tervik.Records.Model;
using Tervik.Storage;

namespace Tervik.Records.Resources;

/// <summary>What the check of a whole store found.</summary>
/// <param name="Resources">Logical resources, deleted ones included.</param>
/// <param name="Versions">Stored versions.</param>
/// <param name="IndexRows">Rows of the index.</param>
/// <param name="Findings">What is wrong, in words; empty when the store is sound.</param>
public sealed record VerificationResult(long Resources, long Versions, long IndexRows, IReadOnlyList<string> Findings);

/// <summary>Checks a whole store: bodies against their sums and columns, history without gaps, and every index row against a new extraction from the resources.</summary>
public sealed class Verification(RecordStore store)
{
    /// <summary>Resources read at a time.</summary>
    const int PageSize = 2000;
    /// <summary>More than so many findings are not listed.</summary>
    const int MostFindings = 100;

    static readonly (string Table, string Columns)[] Tables =
    [
        ("ix", "comp, key, pk"), ("ixg", "key, pk"), ("rev", "target, param, source"), ("fwd", "source, param, target"),
        ("rng", "param, pk, lo, hi"), ("str", "val, param, pk"), ("tup", "key, lo, hi, pk"), ("word", "key, pk"),
    ];

    readonly List<string> findings = [];
    readonly Dictionary<string, IndexSum> expected = Tables.ToDictionary(table => table.Table, _ => default(IndexSum));
    // A fresh memory of the vocabulary, so that every form is looked up once.
    readonly Indexer indexer = store.Indexer.WithoutMemory();
    long resources, versions;

    /// <summary>Reads everything once, in one snapshot: what is written meanwhile is left for the next time.</summary>
    /// <param name="progress">Told the number of resources checked so far.</param>
    /// <param name="stop">Stops the check.</param>
    public async Task<VerificationResult> Run(IProgress<long>? progress, CancellationToken stop)
    {
        var rows = await store.Database.Read(async session =>
        {
            for (var after = long.MinValue; ;)
            {
                var page = await Page(session, after);
                if (page.Count == 0) break;
                await CheckHistory(session, page);
                await CheckIndex(session, page);
                after = page[^1].Resource.Pk;
                resources += page.Count;
                progress?.Report(resources);
                stop.ThrowIfCancellationRequested();
            }
            await CheckOrder(session);
            return await CompareIndex(session);
        }, stop);
        return new(resources, versions, rows, findings);
    }

    void Find(string finding)
    {
        if (findings.Count < MostFindings) findings.Add(finding);
        else if (findings.Count == MostFindings) findings.Add($"More than {MostFindings} findings; the rest is not listed.");
    }

    async ValueTask<List<(StoredResource Resource, long Rid)>> Page(Session session, long after)
    {
        var page = new List<(StoredResource, long)>();
        await using var rows = await session.Query("SELECT pk, type, id, ver, at_us, method, comp, body, sum, rid FROM res WHERE pk > $1 ORDER BY pk LIMIT $2", after, PageSize);
        while (await rows.Read())
        {
            var stored = Check(rows);
            if (rows.Int64(9) != store.Keys.Reference($"{stored.Type}/{stored.Id}")) Find($"{stored.Type}/{stored.Id}: its key is not the hash of its name.");
            page.Add((stored, rows.Int64(9)));
        }
        return page;
    }

    StoredResource Check(Rows rows)
    {
        versions++;
        var sum = CommitGroup.BodySum(rows.Bytes(7));
        var stored = store.Stored(rows);
        if (sum == rows.Int64(8)) CheckBody(stored);
        else Find($"{stored.Type}/{stored.Id} version {stored.Version}: the body was changed after it had been written (its hash differs).");
        return stored;
    }

    void CheckBody(StoredResource stored)
    {
        var name = $"{stored.Type}/{stored.Id} version {stored.Version}";
        if (stored.IsDeleted)
        {
            if (stored.Body.Length > 0) Find($"{name}: a deletion with a body.");
            return;
        }
        using var json = JsonDocument.Parse(stored.Body);
        var root = json.RootElement;
        if (root.GetProperty("resourceType"u8).GetString() != stored.Type || root.GetProperty("id"u8).GetString() != stored.Id
            || root.GetProperty("meta"u8).GetProperty("versionId"u8).GetString() != $"{stored.Version}"
            || root.GetProperty("meta"u8).GetProperty("lastUpdated"u8).GetDateTimeOffset() != DateTimeOffset.UnixEpoch.AddTicks(stored.AtUs * TimeSpan.TicksPerMicrosecond))
            Find($"{name}: type, id, version or time in the body differ from the row's.");
    }

    /// <summary>Versions before the current one: 1, 2, 3 … without gaps, each later than the one before.</summary>
    async ValueTask CheckHistory(Session session, List<(StoredResource Resource, long Rid)> page)
    {
        var older = page.Where(row => row.Resource.Version > 1).ToDictionary(row => row.Resource.Pk, _ => (Versions: 0, LastUs: long.MinValue));
        await using (var rows = await session.Query(
            "SELECT pk, type, id, ver, at_us, method, comp, body, sum FROM hist WHERE pk >= $1 AND pk <= $2 ORDER BY pk, ver", page[0].Resource.Pk, page[^1].Resource.Pk))
            while (await rows.Read())
            {
                var version = Check(rows);
                if (!older.TryGetValue(version.Pk, out var before))
                {
                    Find($"{version.Type}/{version.Id}: version {version.Version} is in the history, but there is no later one.");
                    continue;
                }
                if (version.Version != before.Versions + 1) Find($"{version.Type}/{version.Id}: version {before.Versions + 1} is missing.");
                if (version.AtUs <= before.LastUs) Find($"{version.Type}/{version.Id}: version {version.Version} is not later than the one before.");
                older[version.Pk] = (version.Version, version.AtUs);
            }
        foreach (var (resource, _) in page)
            if (older.TryGetValue(resource.Pk, out var before) && (before.Versions != resource.Version - 1 || before.LastUs >= resource.AtUs))
                Find($"{resource.Type}/{resource.Id}: the current version is {resource.Version}, the history ends with {before.Versions}.");
    }

    async ValueTask CheckIndex(Session session, List<(StoredResource Resource, long Rid)> page)
    {
        var rows = new IndexRows();
        foreach (var (resource, _) in page)
        {
            if (resource.IsDeleted) continue;
            using var json = FhirJson.Parse(resource.Body);
            var entries = indexer.Extract(Node.Resource(json.RootElement));
            indexer.Keys.Learn(entries);
            rows.Add(resource.Pk, entries);
            rows.AddVocabulary(entries);
            if (resource.Compartment != entries.Compartments switch { [] => 0, [var only] => only, _ => -1 })
                Find($"{resource.Type}/{resource.Id}: its compartment is not the one of its references.");
        }
        foreach (var (table, sum) in rows.Sums()) expected[table] += sum;
        var (forms, texts) = rows.Vocabulary;
        foreach (var (form, key) in forms)
            if (!await Exists(session, "SELECT 1 FROM form WHERE form = $1 AND key = $2", form, key)) Find($"form: the row ({form}, {key}) is missing.");
        foreach (var (parameter, text, key) in texts)
            if (!await Exists(session, "SELECT 1 FROM txt WHERE param = $1 AND val = $2 AND key = $3", parameter, text, key)) Find($"txt: the row ({parameter}, …, {key}) is missing.");
    }

    static async ValueTask<bool> Exists(Session session, string sql, params SqlValue[] values)
    {
        await using var rows = await session.Query(sql, values);
        return await rows.Read();
    }

    /// <summary>Times are the commit order: no two versions share one.</summary>
    async ValueTask CheckOrder(Session session)
    {
        await using var rows = await session.Query("SELECT count(*) FROM hist h JOIN res r ON r.at_us = h.at_us");
        if (await rows.Read() && rows.Int64(0) is var shared and > 0) Find($"{shared} versions share their time with another one.");
    }

    async ValueTask<long> CompareIndex(Session session)
    {
        var total = 0L;
        foreach (var (table, columns) in Tables)
        {
            var sum = default(IndexSum);
            await using (var rows = await session.Query($"SELECT {columns} FROM {table}"))
            {
                var width = columns.Split(',').Length;
                var row = new long[width];
                while (await rows.Read())
                {
                    if (table == "str") sum += new IndexSum(1, IndexSum.Hash(rows.Text(0)!, rows.Int64(1), rows.Int64(2)));
                    else
                    {
                        for (var column = 0; column < width; column++) row[column] = rows.Int64(column);
                        sum += new IndexSum(1, IndexSum.Hash(row));
                    }
                }
            }
            total += sum.Rows;
            if (sum != expected[table]) Find($"{table}: {sum.Rows} rows, {expected[table].Rows} expected{(sum.Rows == expected[table].Rows ? ", some of them different" : "")}; a reindex mends it.");
        }
        return total;
    }
}
