using System.Globalization;
using System.Security.Cryptography;
using Tervik.Records.Access;
using Tervik.Records.Indexing;
using Tervik.Storage;
using Tervik.Trust.SealedLog;

namespace Tervik.Trust.AuditLog;

/// <summary>One access as it is kept.</summary>
/// <param name="Event">Its number: the microsecond since 1970-01-01 UTC at which it became durable, unique and ascending.</param>
/// <param name="Agent">Who; null for somebody who was not signed in.</param>
/// <param name="Interaction">What was done.</param>
/// <param name="Query">Search parameters as understood, or null.</param>
/// <param name="Resources">What was given out or written, as <c>Type/id</c>.</param>
/// <param name="Compartments">Keys of the patients concerned.</param>
/// <param name="Status">HTTP status of the answer.</param>
/// <param name="Request">What joins it with the logs of the client and the operator, or null.</param>
public sealed record LoggedAccess(long Event, string? Agent, Interaction Interaction, string? Query, IReadOnlyList<string> Resources, IReadOnlyList<long> Compartments, int Status, string? Request)
{
    /// <summary>When.</summary>
    public DateTimeOffset At => Clock.Time(Event);

    /// <summary>The application through which somebody asked; null: the portal, or a program for itself.</summary>
    public string? Client { get; init; }
    /// <summary>Code of v3-PurposeOfUse, or null.</summary>
    public string? Purpose { get; init; }
    /// <summary>Of the network it came from; null where it is not known or not shown.</summary>
    public string? Address { get; init; }
    /// <summary>How many patients the access concerned, each of whom has an event of it; null for events from before there was one for each.</summary>
    public int? Concerned { get; init; }

    /// <summary>Its secret in the sealed log; empty for what was logged before there was one.</summary>
    internal byte[] Salt { get; init; } = [];
}

/// <summary>Which part of the log to read: newest first, with event numbers in [From, Before).</summary>
/// <param name="Compartment">Only accesses to this patient's data.</param>
/// <param name="Agent">Only accesses by this person or program.</param>
/// <param name="From">Smallest event number.</param>
/// <param name="Before">Event number that is no longer part of it; also the cursor of the next page.</param>
/// <param name="Count">At most.</param>
/// <param name="Interaction">Of an agent's accesses only those of this name, such as <c>sign-in</c>; null for all.</param>
public sealed record LogExcerpt(long? Compartment = null, string? Agent = null, long From = long.MinValue, long Before = long.MaxValue, int Count = 50, string? Interaction = null);

/// <summary>The log of accesses: appended in groups, each durable before its answers leave.</summary>
public sealed class AccessLog : IAsyncDisposable
{
    const int LargestGroup = 1024;
    /// <summary>So many events may wait for their place in the indices by patient and by agent: entered together they share pages, one by one each would rewrite a page of its own.</summary>
    const int MostUnindexed = 1024;
    /// <summary>Longer queries are cut, so that nobody fills the log with one request.</summary>
    const int LongestQuery = 4096;
    const string Columns = "e.event, e.agent, e.interaction, e.type, e.id, e.query, e.resources, e.compartments, e.status, e.request, e.salt, e.concerned, e.client, e.purpose, e.address";

    static readonly string[] EventColumns = ["event", "agent", "interaction", "type", "id", "query", "resources", "compartments", "status", "request", "salt", "concerned", "client", "purpose", "address"];

    readonly Database database;
    readonly Keys keys;
    readonly TimeProvider clock;
    readonly GroupCommit<Entry, long> appends;

    /// <summary>Events that the indices do not hold yet. Those of an earlier life of the program are counted as one.</summary>
    int unindexed = 1;

    /// <param name="Access">What was done; null asks only that the indices be completed.</param>
    /// <param name="Origin">How it came about.</param>
    /// <param name="Parts">The events it becomes.</param>
    sealed record Entry(AccessEvent? Access, AccessOrigin Origin, IReadOnlyList<AccessPart> Parts)
    {
        public int Concerned { get; } = Parts.Count(part => part.Patient is not null);
    }
    static readonly Entry Completion = new(null, AccessOrigin.Unknown, []);
    readonly record struct Row(Entry Entry, AccessPart Part)
    {
        public AccessEvent Access => Entry.Access!;
    }

    /// <param name="database">Opened with <see cref="TrustRoom.Migrations"/>.</param>
    /// <param name="keys">Of the record: compartments and agents have the same keys there and here.</param>
    /// <param name="clock">Gives the event numbers.</param>
    public AccessLog(Database database, Keys keys, TimeProvider clock)
    {
        (this.database, this.keys, this.clock) = (database, keys, clock);
        appends = new(database, Apply, LargestGroup);
    }

    /// <summary>Returns when the access is durable: all its events, in one commit.</summary>
    public ValueTask Append(AccessEvent access, AccessOrigin origin, CancellationToken stop) => Append(access, AccessPart.Of(access), origin, stop);

    /// <summary>The same with its events at hand.</summary>
    internal async ValueTask Append(AccessEvent access, IReadOnlyList<AccessPart> parts, AccessOrigin origin, CancellationToken stop) => await appends.Submit(new(access, origin, parts), stop);

    /// <summary>Part of the log, newest first.</summary>
    public async ValueTask<List<LoggedAccess>> Read(LogExcerpt part, CancellationToken stop)
    {
        if (Volatile.Read(ref unindexed) > 0 && (part.Compartment is not null || part.Agent is not null))
        {
            try
            {
                await appends.Submit(Completion, stop);
            }
            catch
            {
                Volatile.Write(ref unindexed, 1); // rolled back: the next reader asks again
                throw;
            }
        }
        return await database.Read(async session =>
        {
            var found = new List<LoggedAccess>();
            await using var rows = await Select(session, part);
            while (await rows.Read()) found.Add(ReadAccess(rows));
            return found;
        }, stop);
    }

    /// <summary>The log as it grows, oldest first: whoever asks again after the last number misses none, since numbers ascend in the order of the commits.</summary>
    /// <param name="number">What was read before; <see cref="long.MinValue"/> from the beginning.</param>
    /// <param name="count">At most.</param>
    /// <param name="stop">Stops waiting.</param>
    public ValueTask<List<LoggedAccess>> After(long number, int count, CancellationToken stop) =>
        database.Read(session => Read(session, "WHERE e.event > $1 ORDER BY e.event LIMIT $2", number, count), stop);

    /// <summary>One access; null when there is none of this number.</summary>
    public ValueTask<LoggedAccess?> Find(long number, CancellationToken stop) => database.Read(async session =>
    {
        await using var rows = await session.Query($"SELECT {Columns} FROM access_event e WHERE e.event = $1", number);
        return await rows.Read() ? ReadAccess(rows) : null;
    }, stop);

    /// <summary>When each professional was first given something of a patient.</summary>
    public ValueTask<Dictionary<string, long>> FirstOfProfessionals(long compartment, CancellationToken stop) => database.Read(async session =>
    {
        var firsts = new Dictionary<string, long>(StringComparer.Ordinal);
        await using var rows = await session.Query("SELECT e.agent, min(e.event) FROM access_patient p JOIN access_event e ON e.event = p.event WHERE p.comp = $1 AND e.status < 400 AND e.agent LIKE 'Practitioner/%' GROUP BY e.agent", compartment);
        while (await rows.Read()) firsts[rows.Text(0)!] = rows.Int64(1);
        return firsts;
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
        { Agent: { } agent, Interaction: { } interaction } => session.Query(
            $"SELECT {Columns} FROM access_agent a JOIN access_event e ON e.event = a.event WHERE a.agent = $1 AND a.event >= $2 AND a.event < $3 AND e.interaction = $5 ORDER BY a.event DESC LIMIT $4",
            keys.Reference(agent), part.From, part.Before, part.Count, interaction),
        { Agent: { } agent } => session.Query(
            $"SELECT {Columns} FROM access_agent a JOIN access_event e ON e.event = a.event WHERE a.agent = $1 AND a.event >= $2 AND a.event < $3 ORDER BY a.event DESC LIMIT $4",
            keys.Reference(agent), part.From, part.Before, part.Count),
        _ => session.Query($"SELECT {Columns} FROM access_event e WHERE e.event >= $1 AND e.event < $2 ORDER BY e.event DESC LIMIT $3", part.From, part.Before, part.Count),
    };

    async ValueTask<long[]> Apply(Session session, IReadOnlyList<Entry> group)
    {
        var rows = group.SelectMany(entry => entry.Parts, (entry, part) => new Row(entry, part)).ToList();
        if (rows.Count > 0) await Insert(session, rows);
        Volatile.Write(ref unindexed, unindexed + rows.Count);
        if (group.Contains(Completion) || unindexed > MostUnindexed) await CompleteIndices(session);
        return new long[group.Count];
    }

    async ValueTask Insert(Session session, List<Row> rows)
    {
        await session.BulkInsert("access_event", EventColumns,
        [
            await Numbers(session, rows.Count), Texts(rows, row => row.Access.Agent), Texts(rows, row => row.Access.Interaction.Name), Texts(rows, row => row.Access.Interaction.Type),
            Texts(rows, row => row.Access.Interaction.Id), Texts(rows, row => Cut(row.Access.Query)), Texts(rows, row => string.Join(' ', row.Part.Resources)),
            Texts(rows, row => row.Part.Patient?.ToString(CultureInfo.InvariantCulture) ?? ""), Longs(rows, row => row.Access.Status), Texts(rows, row => row.Entry.Origin.Request), Salts(rows.Count),
            Longs(rows, row => row.Entry.Concerned), Texts(rows, row => row.Entry.Origin.Client), Texts(rows, row => row.Entry.Origin.Purpose), Texts(rows, row => row.Entry.Origin.Address),
        ]);
    }

    /// <summary>Enters what came since the last time. It reads the log itself, so that nothing is missing after a crash.</summary>
    async ValueTask CompleteIndices(Session session)
    {
        var (patients, agents, newest) = (new List<(long, long)>(), new List<(long, long)>(), 0L);
        await using (var rows = await session.Query("SELECT e.event, e.agent, e.compartments FROM access_event e WHERE e.event > (SELECT event FROM access_indexed) ORDER BY e.event"))
            while (await rows.Read())
            {
                newest = rows.Int64(0);
                if (rows.Text(1) is { } agent) agents.Add((keys.Reference(agent), newest));
                foreach (var compartment in CompartmentsOf(rows.Text(2)!).Distinct()) patients.Add((compartment, newest));
            }
        if (newest > 0)
        {
            await Index(session, "access_patient", "comp", patients);
            await Index(session, "access_agent", "agent", agents);
            await session.Execute("UPDATE access_indexed SET event = $1", newest);
        }
        Volatile.Write(ref unindexed, 0);
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

    static byte[][] Salts(int count)
    {
        // One call for all: each costs more than its bytes.
        var random = RandomNumberGenerator.GetBytes(count * AccessLeaf.SaltBytes).AsSpan();
        var salts = new byte[count][];
        for (var i = 0; i < count; i++) salts[i] = random.Slice(i * AccessLeaf.SaltBytes, AccessLeaf.SaltBytes).ToArray();
        return salts;
    }

    static ValueTask Index(Session session, string table, string column, List<(long Key, long Event)> entries)
    {
        entries.Sort();
        return entries.Count == 0 ? default : session.BulkInsert(table, [column, "event"], [entries.ConvertAll(e => e.Key).ToArray(), entries.ConvertAll(e => e.Event).ToArray()]);
    }

    static string?[] Texts(List<Row> rows, Func<Row, string?> text)
    {
        var texts = new string?[rows.Count];
        for (var i = 0; i < texts.Length; i++) texts[i] = text(rows[i]);
        return texts;
    }

    static long[] Longs(List<Row> rows, Func<Row, long> number)
    {
        var numbers = new long[rows.Count];
        for (var i = 0; i < numbers.Length; i++) numbers[i] = number(rows[i]);
        return numbers;
    }

    internal static long[] CompartmentsOf(string text) => Array.ConvertAll(text.Split(' ', StringSplitOptions.RemoveEmptyEntries), key => long.Parse(key, CultureInfo.InvariantCulture));

    static string? Cut(string? query) => query is { Length: > LongestQuery } ? query[..LongestQuery] : query;

    /// <summary>Accesses in the order of the log.</summary>
    /// <param name="session">Of the log's database.</param>
    /// <param name="which">What comes after <c>FROM access_event e</c>, with its order.</param>
    /// <param name="values">Its parameters.</param>
    internal static async ValueTask<List<LoggedAccess>> Read(Session session, string which, params SqlValue[] values)
    {
        var found = new List<LoggedAccess>();
        await Visit(session, which, found.Add, values);
        return found;
    }

    /// <summary>The same, each as it is read.</summary>
    /// <returns>How many.</returns>
    internal static async ValueTask<int> Visit(Session session, string which, Action<LoggedAccess> visit, params SqlValue[] values)
    {
        var count = 0;
        await using var rows = await session.Query($"SELECT {Columns} FROM access_event e {which}", values);
        for (; await rows.Read(); count++) visit(ReadAccess(rows));
        return count;
    }

    static LoggedAccess ReadAccess(Rows rows) => new(
        rows.Int64(0), rows.Text(1), new(rows.Text(2)!, rows.Text(3), rows.Text(4)), rows.Text(5),
        rows.Text(6)!.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        CompartmentsOf(rows.Text(7)!),
        (int)rows.Int64(8), rows.Text(9))
    {
        Salt = rows.IsNull(10) ? [] : rows.Bytes(10).ToArray(), Concerned = rows.IsNull(11) ? null : (int)rows.Int64(11), Client = rows.Text(12), Purpose = rows.Text(13), Address = rows.Text(14),
    };
}
