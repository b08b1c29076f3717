using System.Runtime.CompilerServices;
using Tervik.Records.Access;
using Tervik.Records.Definitions;
using Tervik.Records.Indexing;
using Tervik.Records.Resources;
using Tervik.Records.Terminology;
using Tervik.Storage;

namespace Tervik.Records.Search;

/// <summary>Parses, plans and runs searches. One for each store; safe for concurrent use.</summary>
public sealed class SearchEngine(RecordStore store, SearchLimits? searchLimits = null)
{
    /// <summary>After the columns of a resource.</summary>
    const int FirstSortColumn = 8;

    readonly SearchLimits limits = searchLimits ?? new();
    readonly VocabularyMemory memory = new();
    readonly Expansion expansion = new(store);
    Cursors? cursors;

    /// <summary>Runs a search in one read snapshot.</summary>
    /// <exception cref="FaultException">A parameter or value is not understood, or over a limit.</exception>
    public async Task<SearchPage> Search(SearchRequest request, AccessFilter access, CancellationToken stop)
    {
        PagePoint? point = null;
        var sealing = cursors ?? await OpenCursors(stop);
        if (request.Cursor is { } cursor)
        {
            var type = request.Type;
            (request, point) = sealing.Open(cursor);
            if (type is not null && request.Type != type) throw new FaultException(new Fault(FaultKind.Invalid, "value", "_cursor", $"The page link belongs to a search of {request.Type ?? "all types"}, not of {type}."));
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(limits.LongestQuery);
        try
        {
            // A search over all types asks first which there are; one that names them does not need to.
            var query = request.Type is null && !request.Parameters.Any(parameter => parameter.Key == "_type") ? null : Parse(request, []);
            ValueTask<SearchPage> Work(Session session) => Run(session, request, query, point, access, sealing);
            // One statement sees one state of the record; what adds to its matches needs a snapshot.
            return await (query is { WantsTotal: false, Includes.Count: 0 } ? store.Database.ReadOnce(Work, limit.Token) : store.Database.Read(Work, limit.Token));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new FaultException(new Fault(FaultKind.TooCostly, "too-costly", null, $"The search took longer than {limits.LongestQuery.TotalSeconds:0} s and was stopped. Add a criterion, such as a patient or a date."));
        }
    }

    /// <summary>All that a search finds, page after page: each in a snapshot of its own.</summary>
    /// <param name="request">Its <c>_count</c> is the size of a page.</param>
    /// <param name="access">What may be seen.</param>
    /// <param name="stop">Stops it.</param>
    /// <exception cref="FaultException">As <see cref="Search"/>.</exception>
    public async IAsyncEnumerable<StoredResource> All(SearchRequest request, AccessFilter access, [EnumeratorCancellation] CancellationToken stop)
    {
        do
        {
            var page = await Search(request, access, stop);
            foreach (var stored in page.Matches) yield return stored;
            request = request with { Cursor = page.NextCursor };
        }
        while (request.Cursor is not null);
    }

    /// <summary>Whether a search of one type is understood; nothing is looked up.</summary>
    /// <exception cref="FaultException">A parameter or value is not understood, or over a limit.</exception>
    public void Check(SearchRequest request) => Parse(request, []);

    SearchQuery Parse(SearchRequest request, List<string> types) => new SearchParser(store.Indexer.Parameters, store.Keys, limits, expansion, request).Parse(types);

    async ValueTask<SearchPage> Run(Session session, SearchRequest request, SearchQuery? parsed, PagePoint? point, AccessFilter access, Cursors sealing)
    {
        var query = parsed ?? Parse(request, await ExistingTypes(session));
        var plan = await SearchPlan.Make(query, store.Keys, access, new(session, store.Keys, memory, limits), limits);
        long? total = query.WantsTotal ? await plan.Total() : null;
        if (query.Count == 0) return new([], [], total, null, null, query.Understood, query.Warnings);
        var (matches, points, more) = await Fetch(session, plan, query, point);
        string? next = null, previous = null;
        if (more || point is not null)
        {
            var snapshot = point?.SnapshotPk ?? await LastPk(session);
            var backward = point is { IsBackward: true };
            if (matches.Count > 0 && (backward || more)) next = sealing.Seal(request, points[^1] with { SnapshotPk = snapshot });
            if (matches.Count > 0 && point is not null && (!backward || more)) previous = sealing.Seal(request, points[0] with { SnapshotPk = snapshot, IsBackward = true });
        }
        await Assure(session, matches, access);
        var included = query.Includes.Count == 0 ? [] : await new Includes(store, session, access, limits).Of(matches, query.Includes);
        return new(matches, included, total, next, previous, query.Understood, query.Warnings);
    }

    /// <summary>Decides once more on the output, by other code than the query's. One that should not be there is a fault of ours: nothing leaves.</summary>
    async ValueTask Assure(Session session, List<StoredResource> matches, AccessFilter access)
    {
        if (!access.SeesEverything && (await store.Visible(session, matches, access)).Count != matches.Count)
            throw new InvalidOperationException("A search found what its caller may not see; the answer was withheld.");
    }

    async ValueTask<(List<StoredResource> Matches, List<PagePoint> Points, bool More)> Fetch(Session session, SearchPlan plan, SearchQuery query, PagePoint? point)
    {
        var walks = plan.CanWalk(point);
        var (matches, points) = await Rows(session, plan.Page(point, query.Count + 1, mayWalk: true), query);
        // The rest of a last page may be resources without the sort value.
        if (walks && matches.Count <= query.Count) (matches, points) = await Rows(session, plan.Page(point, query.Count + 1, mayWalk: false), query);
        var more = matches.Count > query.Count;
        if (more)
        {
            matches.RemoveAt(query.Count);
            points.RemoveAt(query.Count);
        }
        if (point is { IsBackward: true })
        {
            matches.Reverse();
            points.Reverse();
        }
        return (matches, points, more);
    }

    async ValueTask<(List<StoredResource>, List<PagePoint>)> Rows(Session session, (string Sql, SqlValue[] Values) page, SearchQuery query)
    {
        var matches = new List<StoredResource>(Math.Min(query.Count + 1, 64));
        var points = new List<PagePoint>(matches.Capacity);
        await using var rows = await session.Query(page.Sql, page.Values);
        while (await rows.Read())
        {
            matches.Add(store.Stored(rows));
            var values = query.Sort.Count == 0 ? [] : new object[query.Sort.Count];
            for (var i = 0; i < values.Length; i++) values[i] = query.Sort[i].IsText ? rows.Text(FirstSortColumn + i) ?? "" : rows.Int64(FirstSortColumn + i);
            points.Add(new(values, matches[^1].Pk, false, 0));
        }
        return (matches, points);
    }

    /// <summary>For conditional interactions: up to two matches, on a session of the caller's (the writer's, in a guard). Unknown parameters are errors.</summary>
    public async ValueTask<IReadOnlyList<StoredResource>> Match(Session session, SearchRequest request, AccessFilter access, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var query = Parse(request with { Strict = true }, []);
        // The writer sees vocabulary that is not durable yet: it must not be remembered for others.
        var plan = await SearchPlan.Make(query, store.Keys, access, new(session, store.Keys, new(), limits), limits);
        var (sql, values) = plan.Page(null, 2, mayWalk: false);
        var found = new List<StoredResource>(2);
        await using var rows = await session.Query(sql, values);
        while (await rows.Read()) found.Add(store.Stored(rows));
        return found;
    }

    /// <summary>Types of which there is something, found by leaps over the index.</summary>
    static async ValueTask<List<string>> ExistingTypes(Session session)
    {
        var types = new List<string>();
        for (var last = ""; ;)
        {
            await using var rows = await session.Query("SELECT type FROM res WHERE type > $1 ORDER BY type LIMIT 1", last);
            if (!await rows.Read()) return types;
            last = rows.Text(0)!;
            if (Schema.R4.Find(last) is not null) types.Add(last);
        }
    }

    static async ValueTask<long> LastPk(Session session)
    {
        await using var rows = await session.Query("SELECT max(pk) FROM res");
        return await rows.Read() ? rows.Int64(0) : 0;
    }

    // Two callers at once make the same.
    async Task<Cursors> OpenCursors(CancellationToken stop) =>
        cursors ??= new(await store.CursorKey(stop));
}
