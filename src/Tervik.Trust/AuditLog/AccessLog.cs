using System.Diagnostics;
using System.Globalization;
using Tervik.Records.Access;
using Tervik.Records.Indexing;
using Tervik.Storage;

namespace Tervik.Trust.AuditLog;

/// <summary>One access as it is kept.</summary>
/// <param name="Event">Its number: the microsecond since 1970-01-01 UTC at which it became durable, unique and ascending.</param>
/// <param name="Agent">Who; null for somebody who was not signed in.</param>
/// <param name="Interaction">What was done.</param>
/// <param name="Query">Search parameters as understood, or null.</param>
/// <param name="Resources">What was given out or written, as <c>Type/id</c>.</param>
/// <param name="Compartments">Keys of the patients concerned.</param>
/// <param name="Status">HTTP status of the answer.</param>
/// <param name="Request">Trace id of the request, or null.</param>
public sealed record LoggedAccess(long Event, string? Agent, Interaction Interaction, string? Query, IReadOnlyList<string> Resources, IReadOnlyList<long> Compartments, int Status, string? Request)
{
    /// <summary>When.</summary>
    public DateTimeOffset At => DateTimeOffset.UnixEpoch.AddTicks(Event * TimeSpan.TicksPerMicrosecond);
}

/// <summary>Which part of the log to read: newest first, with event numbers in [From, Before).</summary>
/// <param name="Compartment">Only accesses to this patient's data.</param>
/// <param name="Agent">Only accesses by this person or program.</param>
/// <param name="From">Smallest event number.</param>
/// <param name="Before">Event number that is no longer part of it; also the cursor of the next page.</param>
/// <param name="Count">At most.</param>
public sealed record LogExcerpt(long? Compartment = null, string? Agent = null, long From = long.MinValue, long Before = long.MaxValue, int Count = 50);

/// <summary>The log of accesses: appended in groups, each durable before its answers leave.</summary>
public sealed class AccessLog : IAsyncDisposable
{
    const int LargestGroup = 1024;
    /// <summary>Longer queries are cut, so that nobody fills the log with one request.</summary>
    const int LongestQuery = 4096;
    const string Columns = "e.event, e.agent, e.interaction, e.type, e.id, e.query, e.resources, e.compartments, e.status, e.request";

    static readonly string[] EventColumns = ["event", "agent", "interaction", "type", "id", "query", "resources", "compartments", "status", "request"];

    readonly Database database;
    readonly Keys keys;
    readonly TimeProvider clock;
    readonly GroupCommit<Entry, long> appends;

    readonly record struct Entry(AccessEvent Access, string? Request);

    /// <param name="database">Opened with <see cref="TrustRoom.Migrations"/>.</param>
    /// <param name="keys">Of the record: compartments and agents have the same keys there and here.</param>
    /// <param name="clock">Gives the event numbers.</param>
    public AccessLog(Database database, Keys keys, TimeProvider clock)
    {
        (this.database, this.keys, this.clock) = (database, keys, clock);
        appends = new(database, Apply, LargestGroup);
    }

    /// <summary>Returns when the access is durable.</summary>
    public async ValueTask Append(AccessEvent access, CancellationToken stop) => await appends.Submit(new(access, Activity.Current?.TraceId.ToHexString()), stop);

    /// <summary>Part of the log, newest first.</summary>
    public ValueTask<List<LoggedAccess>> Read(LogExcerpt part, CancellationToken stop) => database.Read(async session =>
    {
        var found = new List<LoggedAccess>();
        await using var rows = await Select(session, part);
        while (await rows.Read()) found.Add(ReadAccess(rows));
        return found;
    }, stop);

    /// <summary>One access; null when there is none of this number.</summary>
    public ValueTask<LoggedAccess?> Find(long number, CancellationToken stop) => database.Read(async session =>
    {
        await using var rows = await session.Query($"SELECT {Columns} FROM access_event e WHERE e.event = $1", number);
        return await rows.Read() ? ReadAccess(rows) : null;
    }, stop);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => appends.DisposeAsync();

    ValueTask<Rows> Select(Session session, LogExcerpt part) => part switch
    {
        { Compartment: { } compartment, Agent: null } => session.Query(
            $"SELECT {Columns} FROM access_patient p JOIN access_event e ON e.event = p.event WHERE p.comp = $1 AND p.event >= $2 AND p.event < $3 ORDER BY p.event DESC LIMIT $4",
            compartment, part.From, part.Before, part.Count),
        { Compartment: { } compartment, Agent: { } agent } => session.Query(
            $"""
            SELECT {Columns} FROM access_patient p JOIN access_event e ON e.event = p.event
            WHERE p.comp = $1 AND p.event >= $2 AND p.event < $3 AND e.agent = $5 ORDER BY p.event DESC LIMIT $4
            """, compartment, part.From, part.Before, part.Count, agent),
        { Agent: { } agent } => session.Query(
            $"SELECT {Columns} FROM access_agent a JOIN access_event e ON e.event = a.event WHERE a.agent = $1 AND a.event >= $2 AND a.event < $3 ORDER BY a.event DESC LIMIT $4",
            keys.Reference(agent), part.From, part.Before, part.Count),
        _ => session.Query($"SELECT {Columns} FROM access_event e WHERE e.event >= $1 AND e.event < $2 ORDER BY e.event DESC LIMIT $3", part.From, part.Before, part.Count),
    };

    async ValueTask<long[]> Apply(Session session, IReadOnlyList<Entry> group)
    {
        var numbers = await Numbers(session, group.Count);
        await session.BulkInsert("access_event", EventColumns,
        [
            numbers, Texts(group, e => e.Access.Agent), Texts(group, e => e.Access.Interaction.Name), Texts(group, e => e.Access.Interaction.Type),
            Texts(group, e => e.Access.Interaction.Id), Texts(group, e => Cut(e.Access.Query)), Texts(group, e => string.Join(' ', e.Access.Resources)),
            Texts(group, e => string.Join(' ', e.Access.Compartments)), Array.ConvertAll([.. group], e => (long)e.Access.Status), Texts(group, e => e.Request),
        ]);
        await Index(session, "access_patient", "comp", group.SelectMany((entry, i) => entry.Access.Compartments.Distinct().Select(compartment => (compartment, numbers[i]))));
        await Index(session, "access_agent", "agent", group.SelectMany((entry, i) => entry.Access.Agent is { } agent ? [(keys.Reference(agent), numbers[i])] : Array.Empty<(long, long)>()));
        return numbers;
    }

    // The writer is alone, so the newest number is known; a clock that was set back makes them denser, never equal.
    async ValueTask<long[]> Numbers(Session session, int count)
    {
        long newest;
        await using (var rows = await session.Query("SELECT max(event) FROM access_event"))
            newest = await rows.Read() ? rows.Int64(0) : 0;
        var first = Math.Max(newest + 1, clock.NowUs());
        var numbers = new long[count];
        for (var i = 0; i < count; i++) numbers[i] = first + i;
        return numbers;
    }

    static ValueTask Index(Session session, string table, string column, IEnumerable<(long Key, long Event)> entries)
    {
        (long Key, long Event)[] sorted = [.. entries.Order()];
        return sorted.Length == 0 ? default : session.BulkInsert(table, [column, "event"], [Array.ConvertAll(sorted, e => e.Key), Array.ConvertAll(sorted, e => e.Event)]);
    }

    static string?[] Texts(IReadOnlyList<Entry> group, Func<Entry, string?> text)
    {
        var texts = new string?[group.Count];
        for (var i = 0; i < texts.Length; i++) texts[i] = text(group[i]);
        return texts;
    }

    static string? Cut(string? query) => query is { Length: > LongestQuery } ? query[..LongestQuery] : query;

    static LoggedAccess ReadAccess(Rows rows) => new(
        rows.Int64(0), rows.Text(1), new(rows.Text(2)!, rows.Text(3), rows.Text(4)), rows.Text(5),
        rows.Text(6)!.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        Array.ConvertAll(rows.Text(7)!.Split(' ', StringSplitOptions.RemoveEmptyEntries), key => long.Parse(key, CultureInfo.InvariantCulture)),
        (int)rows.Int64(8), rows.Text(9));
}
