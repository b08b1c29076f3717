using System.Buffers.Binary;
using Tervik.Records.Indexing;
using Tervik.Storage;

namespace Tervik.Care.Booking;

/// <summary>Claims as rows of <c>booking</c> and <c>booking_cell</c>.</summary>
/// <param name="keys">Of the record they lie beside.</param>
/// <param name="capacity">How many claims a calendar takes at the same time.</param>
sealed class BookingRows(Keys keys, Func<long, int> capacity)
{
    const string Columns = "id, owner, referral, state, until_us, extended, proposal, spans";
    static readonly string[] BookingColumns = ["no", "id", "owner", "referral", "state", "until_us", "extended", "to_cell", "proposal", "spans"];
    static readonly string[] CellColumns = ["calendar", "cell", "seat", "booking"];
    const int SpanBytes = 3 * sizeof(long);

    long No(Claim claim) => keys.Reference($"Appointment/{claim.Id}");

    /// <summary>Holds of all, for what counts them.</summary>
    public static Task<List<Claim>> Held(Session session) => Read(session, $"SELECT {Columns} FROM booking WHERE state = {(int)ClaimState.Held}");

    /// <summary>What takes cells of these calendars, from a cell on, and what is of these referrals.</summary>
    public static async Task<List<Claim>> Of(Session session, long[] calendars, long[] referrals, long fromCell)
    {
        var found = new List<Claim>();
        if (calendars.Length > 0)
            found.AddRange(await Read(session, $"SELECT {Columns} FROM booking WHERE no IN (SELECT booking FROM booking_cell WHERE {session.Dialect.InArray("calendar", "$1")} AND cell >= $2)", calendars, fromCell));
        if (referrals.Length > 0)
            found.AddRange(await Read(session, $"SELECT {Columns} FROM booking WHERE {session.Dialect.InArray("referral", "$1")} AND to_cell > $2", referrals, fromCell));
        return found;
    }

    /// <summary>All that end after a cell.</summary>
    public static Task<List<Claim>> From(Session session, long cell) => Read(session, $"SELECT {Columns} FROM booking WHERE to_cell > $1", cell);

    /// <summary>The one of this id, if any.</summary>
    public static Task<List<Claim>> Named(Session session, long no) => Read(session, $"SELECT {Columns} FROM booking WHERE no = $1", no);

    static async Task<List<Claim>> Read(Session session, string sql, params SqlValue[] values)
    {
        var found = new List<Claim>();
        await using var rows = await session.Query(sql, values);
        while (await rows.Read())
            found.Add(new(rows.Text(0)!, rows.Int64(1), rows.Int64(2), Spans(rows.Bytes(7)), (ClaimState)rows.Int64(3), rows.Int64(4), (int)rows.Int64(5)) { Proposal = rows.Text(6)! });
        return found;
    }

    /// <summary>Brings the tables from what was to what is. Throws when a cell would be given twice: nothing is written then.</summary>
    public async ValueTask Save(Session session, IReadOnlyList<BookingChange> changes)
    {
        // Several changes of one claim in a group: its first state and its last.
        var claims = new Dictionary<string, (Claim? Before, Claim? After)>(StringComparer.Ordinal);
        foreach (var (before, after) in changes)
        {
            var id = (before ?? after)!.Id;
            claims[id] = (claims.TryGetValue(id, out var known) ? known.Before : before, after);
        }
        var gone = claims.Values.Where(one => one.Before is not null).Select(one => one.Before!).ToList();
        var fresh = claims.Values.Where(one => one.After is not null).Select(one => one.After!).ToList();
        if (gone.Count > 0) await session.BulkDelete("booking", ["no"], [gone.Select(No).Order().ToArray()]);
        // A hold that becomes firm keeps its cells.
        var left = claims.Values.Where(one => one.Before is not null && !KeepsCells(one)).SelectMany(one => CellsOf(one.Before!)).ToList();
        if (left.Count > 0)
            await session.BulkDelete("booking_cell", ["calendar", "cell", "booking"], [left.Select(cell => cell.Calendar).ToArray(), left.Select(cell => cell.Cell).ToArray(), left.Select(cell => cell.Booking).ToArray()]);
        if (fresh.Count == 0) return;
        await session.BulkInsert("booking", BookingColumns,
        [
            fresh.Select(No).ToArray(), fresh.Select(claim => claim.Id).ToArray(), fresh.Select(claim => claim.Owner).ToArray(), fresh.Select(claim => claim.Referral).ToArray(), fresh.Select(claim => (long)claim.State).ToArray(),
            fresh.Select(claim => claim.UntilUs).ToArray(), fresh.Select(claim => (long)claim.Extended).ToArray(), fresh.Select(claim => claim.Spans.Max(span => span.To)).ToArray(), fresh.Select(claim => claim.Proposal).ToArray(), fresh.Select(claim => Bytes(claim.Spans)).ToArray(),
        ]);
        var taken = claims.Values.Where(one => one.After is not null && !KeepsCells(one)).SelectMany(one => CellsOf(one.After!)).Order().ToList();
        if (taken.Count == 0) return;
        await session.BulkInsert("booking_cell", CellColumns,
            [taken.Select(cell => cell.Calendar).ToArray(), taken.Select(cell => cell.Cell).ToArray(), await Seats(session, taken), taken.Select(cell => cell.Booking).ToArray()]);
        await session.Flush();
    }

    static bool KeepsCells((Claim? Before, Claim? After) one) => one is { Before: { } before, After: { } after } && before.Spans.SequenceEqual(after.Spans);

    IEnumerable<(long Calendar, long Cell, long Booking)> CellsOf(Claim claim)
    {
        var no = No(claim);
        foreach (var span in claim.Spans)
            for (var cell = span.From; cell < span.To; cell++) yield return (span.Calendar, cell, no);
    }

    /// <summary>The lowest free seat of each cell; 0 where there is one seat only.</summary>
    async ValueTask<long[]> Seats(Session session, List<(long Calendar, long Cell, long Booking)> taken)
    {
        var seats = new long[taken.Count];
        var shared = taken.Where(cell => capacity(cell.Calendar) > 1).GroupBy(cell => cell.Calendar).ToDictionary(cells => cells.Key, cells => (From: cells.Min(cell => cell.Cell), To: cells.Max(cell => cell.Cell)));
        if (shared.Count == 0) return seats;
        var full = new HashSet<(long Calendar, long Cell, long Seat)>();
        foreach (var (calendar, (from, to)) in shared)
        {
            await using var rows = await session.Query("SELECT cell, seat FROM booking_cell WHERE calendar = $1 AND cell BETWEEN $2 AND $3", calendar, from, to);
            while (await rows.Read()) full.Add((calendar, rows.Int64(0), rows.Int64(1)));
        }
        for (var i = 0; i < seats.Length; i++)
            if (shared.ContainsKey(taken[i].Calendar))
                while (!full.Add((taken[i].Calendar, taken[i].Cell, seats[i]))) seats[i]++;
        return seats;
    }

    static byte[] Bytes(IReadOnlyList<Span> spans)
    {
        var bytes = new byte[spans.Count * SpanBytes];
        for (var i = 0; i < spans.Count; i++)
        {
            var at = bytes.AsSpan(i * SpanBytes);
            BinaryPrimitives.WriteInt64LittleEndian(at, spans[i].Calendar);
            BinaryPrimitives.WriteInt64LittleEndian(at[8..], spans[i].From);
            BinaryPrimitives.WriteInt64LittleEndian(at[16..], spans[i].To);
        }
        return bytes;
    }

    static Span[] Spans(ReadOnlySpan<byte> bytes)
    {
        var spans = new Span[bytes.Length / SpanBytes];
        for (var i = 0; i < spans.Length; i++)
        {
            var at = bytes[(i * SpanBytes)..];
            spans[i] = new(BinaryPrimitives.ReadInt64LittleEndian(at), BinaryPrimitives.ReadInt64LittleEndian(at[8..]), BinaryPrimitives.ReadInt64LittleEndian(at[16..]));
        }
        return spans;
    }
}
