using Tervik.Storage;
using Tervik.Trust.SealedLog;

namespace Tervik.Trust.AuditLog;

/// <summary>A stretch of the log with other events than were sealed.</summary>
/// <param name="FromUs">Where it begins.</param>
/// <param name="ToUs">Where it ends.</param>
/// <param name="Missing">How many events are missing; below zero: so many were put in.</param>
public sealed record LogGap(long FromUs, long ToUs, int Missing);

/// <summary>Counts whether the log still holds each event that was sealed, tile by tile, round and round: what is missing is shown on the pages that show the log. What a single event says, <c>audit verify</c> checks.</summary>
public sealed class LogCompleteness(Database database)
{
    const int TilesInAStep = 4000;

    long next;

    /// <summary>Counts the next part of the log; after the last it begins anew.</summary>
    public async Task Check(CancellationToken stop)
    {
        var (tiles, end) = await database.Read(async session =>
        {
            var found = new List<(long Number, long First, int Events)>();
            await using (var rows = await session.Query($"SELECT number, first_event, length(hashes) FROM access_tile WHERE level = 0 AND number >= $1 ORDER BY number LIMIT {TilesInAStep + 1}", next))
                while (await rows.Read()) found.Add((rows.Int64(0), rows.Int64(1), (int)rows.Int64(2) / MerkleTree.HashBytes));
            await using var last = await session.Query("SELECT last_event FROM access_checkpoint ORDER BY size DESC LIMIT 1");
            return (found, await last.Read() ? last.Int64(0) + 1 : 0);
        }, stop);
        var gaps = new List<LogGap>();
        var counted = tiles.Take(TilesInAStep).ToList();
        for (var i = 0; i < counted.Count; i++)
        {
            var (_, first, sealedEvents) = counted[i];
            // The newest tile ends with the newest head, before what is sealed next.
            var nextFirst = i + 1 < tiles.Count ? tiles[i + 1].First : end;
            var missing = sealedEvents - await Count(first, nextFirst, stop);
            if (missing != 0) gaps.Add(new(first, nextFirst, missing));
        }
        next = tiles.Count > TilesInAStep ? tiles[TilesInAStep].Number : 0;
        if (counted.Count == 0) return;
        await database.Write(async session =>
        {
            // What was mended, from a backup, is no gap any more.
            await session.Execute("DELETE FROM access_gap WHERE first_event >= $1 AND first_event <= $2", counted[0].First, counted[^1].First);
            foreach (var gap in gaps) await session.Execute("INSERT INTO access_gap (first_event, next_event, missing) VALUES ($1, $2, $3)", gap.FromUs, gap.ToUs, gap.Missing);
            return 0;
        }, stop);
    }

    ValueTask<int> Count(long from, long before, CancellationToken stop) => database.ReadOnce(async session =>
    {
        await using var rows = await session.Query("SELECT count(*) FROM access_event WHERE event >= $1 AND event < $2", from, before);
        return await rows.Read() ? (int)rows.Int64(0) : 0;
    }, stop);

    /// <summary>Gaps within a time, oldest first.</summary>
    public ValueTask<List<LogGap>> Gaps(long fromUs, long beforeUs, CancellationToken stop) => database.Read(async session =>
    {
        var gaps = new List<LogGap>();
        await using var rows = await session.Query("SELECT first_event, next_event, missing FROM access_gap WHERE next_event > $1 AND first_event < $2 ORDER BY first_event LIMIT 20", fromUs, beforeUs);
        while (await rows.Read()) gaps.Add(new(rows.Int64(0), rows.Int64(1), (int)rows.Int64(2)));
        return gaps;
    }, stop);
}
