using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Security.Cryptography;
using Tervik.Records.Indexing;
using Tervik.Storage;
using Tervik.Trust.AuditLog;

namespace Tervik.Trust.SealedLog;

/// <summary>What a check of the whole log found.</summary>
/// <param name="Events">Events in the tree.</param>
/// <param name="Unsealed">Events after the newest checkpoint, which nothing covers yet.</param>
/// <param name="Checkpoints">Signed heads that were compared.</param>
/// <param name="Findings">What is not as it was sealed; empty when all is well.</param>
public sealed record SealReport(long Events, long Unsealed, int Checkpoints, IReadOnlyList<string> Findings);

/// <summary>Checks the log of accesses against its tree, its checkpoints in and beside the database and those that others keep, and the indices by which people find what concerns them.</summary>
public sealed class SealVerification(Database database, Keys keys)
{
    const int MostFindings = 100, BatchTiles = 64;
    readonly List<string> findings = [];
    // The order of index rows is another than that of the log: sums of hashes are compared. Nobody knows the seed beforehand.
    readonly long seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(8));

    /// <summary>A signed head to compare with.</summary>
    /// <param name="Where">Names it in findings.</param>
    /// <param name="Note">As it was found.</param>
    public sealed record Witnessed(string Where, string Note);

    /// <summary>Reads everything, also the head in the file beside the database.</summary>
    /// <param name="seal">Whose signature counts.</param>
    /// <param name="copies">Heads from elsewhere: copies of witnesses.</param>
    /// <param name="stop">Stops it.</param>
    public async Task<SealReport> Run(AccessSeal seal, IEnumerable<Witnessed> copies, CancellationToken stop)
    {
        var outside = copies.ToList();
        var isThere = File.Exists(seal.CheckpointFile);
        if (isThere) outside.Add(new("the file of the newest checkpoint", await File.ReadAllTextAsync(seal.CheckpointFile, stop)));
        return await Run([seal.Verifier, .. seal.VerifiersBefore], outside, isThere, stop);
    }

    async Task<SealReport> Run(IReadOnlyList<NoteVerifier> log, List<Witnessed> outside, bool fileIsThere, CancellationToken stop)
    {
        findings.Clear();
        return await database.Read(async session =>
        {
            var kept = new List<KeptCheckpoint>();
            await using (var rows = await session.Query("SELECT size, at_us, last_event, note FROM access_checkpoint ORDER BY size"))
                while (await rows.Read()) kept.Add(new(rows.Int64(0), rows.Int64(1), rows.Int64(2), rows.Text(3)!));
            var newest = kept.LastOrDefault();
            if (newest is not null && !fileIsThere) Find("the file of the newest checkpoint beside the database is missing");
            if (newest is null && outside.Count == 0 && await Count(session, "SELECT count(*) FROM access_tile") > 0) Find("there are tiles, and no checkpoint was kept");
            var heads = new List<(string Where, long Size, byte[] Root)>();
            foreach (var one in kept)
                // A key that was given up may be known to others: its signature alone makes no newest head.
                if (Head(one == newest ? [log[0]] : log, $"checkpoint {one.Size}", one.Note) is { } head)
                {
                    if (head.Size != one.Size) Find($"checkpoint {one.Size} has the size {head.Size} in what was signed");
                    heads.Add(head);
                }
            foreach (var one in outside)
                if (Head(log, one.Where, one.Note) is { } head)
                {
                    if (head.Size > (newest?.Size ?? 0)) Find($"{one.Where} is of {head.Size} events, the newest checkpoint of the database of {newest?.Size ?? 0}: the database was set back, or its end was cut off");
                    heads.Add(head);
                }
            if (newest is not null) await Tree(session, newest, [.. heads.OrderBy(head => head.Size)], stop);
            await Indices(session, stop);
            return new SealReport(newest?.Size ?? 0, await Count(session, "SELECT count(*) FROM access_event WHERE event > $1", newest?.LastEvent ?? 0), heads.Count, findings);
        }, stop);
    }

    (string, long Size, byte[])? Head(IReadOnlyList<NoteVerifier> log, string where, string note)
    {
        try
        {
            var checkpoint = Checkpoint.Parse(note);
            if (checkpoint.Origin != log[0].Name) Find($"{where} is of the log {checkpoint.Origin}, not of {log[0].Name}");
            else if (!log.Any(checkpoint.IsSignedBy)) Find($"{where} is not signed by {log[0].Name}");
            else return (where, checkpoint.Size, checkpoint.Root);
        }
        catch (FormatException fault)
        {
            Find($"{where}: {fault.Message}");
        }
        return null;
    }

    /// <summary>Every event against its leaf, every tile against those below, every head against the tree.</summary>
    async Task Tree(Session session, KeptCheckpoint newest, List<(string Where, long Size, byte[] Root)> heads, CancellationToken stop)
    {
        var firsts = new List<long>();
        await using (var rows = await session.Query("SELECT number, first_event FROM access_tile WHERE level = 0 ORDER BY number"))
            while (await rows.Read())
            {
                if (rows.Int64(0) != firsts.Count) Find($"tile {firsts.Count} of level 0 is missing");
                while (firsts.Count < rows.Int64(0) && firsts.Count < newest.Size) firsts.Add(long.MaxValue);
                firsts.Add(rows.Int64(1));
            }
        long First(long tile) => tile < firsts.Count ? firsts[(int)tile] : newest.LastEvent + 1;
        var tiles = (newest.Size + MerkleTree.TileWidth - 1) / MerkleTree.TileWidth;
        if (firsts.Count != tiles) Find($"the database holds {firsts.Count} tiles of level 0; {newest.Size} events have {tiles}");
        var (edge, next, stored) = (new TreeEdge(0, 0), 0, new TileReader(session));
        Compare(edge, heads, ref next);
        var (all, full) = (Math.Max(tiles, firsts.Count), new List<Tile>());
        for (var from = 0L; from < all; from += BatchTiles)
        {
            var to = Math.Min(from + BatchTiles, all);
            var hashed = await Hashed(session, from == 0 ? long.MinValue : First(from), to >= all ? newest.LastEvent + 1 : First(to), stop);
            var hashes = new Dictionary<long, byte[]>();
            await using (var rows = await session.Query("SELECT number, hashes FROM access_tile WHERE level = 0 AND number >= $1 AND number < $2", from, to))
                while (await rows.Read()) hashes[rows.Int64(0)] = rows.Bytes(1).ToArray();
            var at = 0;
            for (var tile = from; tile < to; tile++)
            {
                var start = at;
                for (var before = tile + 1 < to ? First(tile + 1) : long.MaxValue; at < hashed.Length && hashed[at].Event < before;) at++;
                var expected = (int)Math.Clamp(newest.Size - tile * MerkleTree.TileWidth, 0, MerkleTree.TileWidth);
                var leaves = Leaves(tile, expected, hashed.AsSpan(start, at - start), hashes.GetValueOrDefault(tile) ?? []);
                if (at > start && tile < firsts.Count && hashed[start].Event != firsts[(int)tile]) Find($"tile {tile} begins with event {firsts[(int)tile]}, the log with event {hashed[start].Event}");
                foreach (var (number, leaf) in leaves)
                {
                    edge.Enter(leaf, number, full.Add);
                    foreach (var above in full)
                        if (above.Level > 0) await CompareAbove(stored, above);
                    full.Clear();
                    Compare(edge, heads, ref next);
                }
            }
        }
        foreach (var partial in edge.Partial().Where(one => one.Level > 0)) await CompareAbove(stored, partial);
        if (await Count(session, "SELECT count(*) FROM access_tile WHERE level > $1", edge.Tiles.Count - 1) is > 0 and var extra) Find($"{extra} tiles are of levels that a tree of {newest.Size} events does not have");
        for (var level = 1; level < edge.Tiles.Count; level++)
        {
            var should = ((newest.Size >> (MerkleTree.TileHeight * level)) + MerkleTree.TileWidth - 1) / MerkleTree.TileWidth;
            if (await Count(session, "SELECT count(*) FROM access_tile WHERE level = $1", level) is var there && there != should) Find($"the database holds {there} tiles of level {level}; {newest.Size} events have {should}");
        }
    }

    /// <summary>The leaves that follow from the events of a range.</summary>
    static async Task<(long Event, byte[] Leaf)[]> Hashed(Session session, long from, long before, CancellationToken stop)
    {
        var accesses = await AccessLog.Read(session, "WHERE e.event >= $1 AND e.event < $2 ORDER BY e.event", from, before);
        var hashed = new (long, byte[])[accesses.Count];
        Parallel.For(0, (hashed.Length + AccessSeal.HashedTogether - 1) / AccessSeal.HashedTogether, new() { CancellationToken = stop }, part =>
        {
            var first = part * AccessSeal.HashedTogether;
            var leaves = AccessLeaf.Leaves(accesses.GetRange(first, Math.Min(AccessSeal.HashedTogether, hashed.Length - first)));
            for (var i = 0; i < leaves.Length; i++) hashed[first + i] = (accesses[first + i].Event, leaves[i]);
        });
        return hashed;
    }

    /// <summary>A tile's leaves as they were sealed, each compared with its event.</summary>
    List<(long Event, byte[] Leaf)> Leaves(long tile, int expected, ReadOnlySpan<(long Event, byte[] Leaf)> events, byte[] hashes)
    {
        if (hashes.Length != expected * MerkleTree.HashBytes) Find($"tile {tile} of level 0 holds {hashes.Length / MerkleTree.HashBytes} hashes, not {expected}");
        if (events.Length != expected) Find($"of the {expected} events of tile {tile} there are {events.Length}{(events.Length > 0 ? $", from event {events[0].Event} on" : "")}");
        var leaves = new List<(long, byte[])>();
        for (var i = 0; i < expected; i++)
        {
            var leaf = hashes.Length >= (i + 1) * MerkleTree.HashBytes ? hashes[(i * MerkleTree.HashBytes)..((i + 1) * MerkleTree.HashBytes)] : i < events.Length ? events[i].Leaf : new byte[MerkleTree.HashBytes];
            if (events.Length == expected && !leaf.AsSpan().SequenceEqual(events[i].Leaf)) Find($"event {events[i].Event} is not what was sealed as leaf {tile * MerkleTree.TileWidth + i}");
            leaves.Add((i < events.Length ? events[i].Event : 0, leaf));
        }
        return leaves;
    }

    async Task CompareAbove(TileReader stored, Tile tile)
    {
        if (!(await stored.Tile(tile.Level, tile.Number)).AsSpan().SequenceEqual(tile.Hashes)) Find($"tile {tile.Number} of level {tile.Level} does not follow from the tiles below it");
    }

    void Compare(TreeEdge edge, List<(string Where, long Size, byte[] Root)> heads, ref int next)
    {
        for (; next < heads.Count && heads[next].Size <= edge.Size; next++)
            if (!edge.Root.AsSpan().SequenceEqual(heads[next].Root)) Find($"{heads[next].Where} was signed over other events than the first {heads[next].Size} of this log");
    }

    /// <summary>What the indices by patient and by agent hold, against what the events say.</summary>
    async Task Indices(Session session, CancellationToken stop)
    {
        var (byPatient, byAgent) = (0UL, 0UL);
        var indexed = await Count(session, "SELECT event FROM access_indexed");
        await using (var rows = await session.Query("SELECT event, agent, compartments FROM access_event WHERE event <= $1", indexed))
            while (await rows.Read())
            {
                stop.ThrowIfCancellationRequested();
                if (rows.Text(1) is { } agent) unchecked { byAgent += Hash(keys.Reference(agent), rows.Int64(0)); }
                foreach (var compartment in AccessLog.CompartmentsOf(rows.Text(2)!).Distinct()) unchecked { byPatient += Hash(compartment, rows.Int64(0)); }
            }
        if (await Sum(session, "SELECT comp, event FROM access_patient") != byPatient) Find("the index by patient holds other rows than the log: people are not shown all that concerns them");
        if (await Sum(session, "SELECT agent, event FROM access_agent") != byAgent) Find("the index by agent holds other rows than the log");
    }

    async Task<ulong> Sum(Session session, string sql)
    {
        var sum = 0UL;
        await using var rows = await session.Query(sql);
        while (await rows.Read()) unchecked { sum += Hash(rows.Int64(0), rows.Int64(1)); }
        return sum;
    }

    ulong Hash(long key, long number)
    {
        Span<byte> row = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(row, key);
        BinaryPrimitives.WriteInt64LittleEndian(row[8..], number);
        return XxHash3.HashToUInt64(row, seed);
    }

    static async Task<long> Count(Session session, string sql, params SqlValue[] values)
    {
        await using var rows = await session.Query(sql, values);
        return await rows.Read() ? rows.Int64(0) : 0;
    }

    void Find(string finding)
    {
        if (findings.Count < MostFindings) findings.Add(finding);
        else if (findings.Count == MostFindings) findings.Add(string.Create(CultureInfo.InvariantCulture, $"and more: only the first {MostFindings} are listed"));
    }
}
