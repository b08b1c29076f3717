using Tervik.Records.Access;
using Tervik.Records.Indexing;
using Tervik.Storage;

namespace Tervik.Records.Search;

/// <summary>Where a page begins.</summary>
/// <param name="Values">Of the sort keys at the resource beside the page: long or string.</param>
/// <param name="Pk">Key of that resource.</param>
/// <param name="IsBackward">The page ends before it, instead of beginning after it.</param>
/// <param name="SnapshotPk">Resources made later are not shown.</param>
sealed record PagePoint(object[] Values, long Pk, bool IsBackward, long SnapshotPk);

/// <summary>Turns a parsed search into SQL: each type begins at the criterion that finds least, and the others are checked on what it finds.</summary>
sealed class SearchPlan
{
    /// <summary>When a criterion finds fewer than this, it is good enough to begin with.</summary>
    const int Few = 64;
    const string Columns = "r.pk, r.type, r.id, r.ver, r.at_us, r.method, r.comp, r.body";
    const string Highest = "\U0010FFFF";

    readonly SearchQuery query;
    readonly Keys keys;
    readonly AccessFilter access;
    readonly Session session;
    /// <summary>Counting ends here.</summary>
    readonly int many;
    readonly List<Beginning> beginnings = [];

    /// <summary>Where the search of a type begins.</summary>
    /// <param name="Query">What is sought.</param>
    /// <param name="First">The criterion that lists candidates.</param>
    /// <param name="Compartments">Patients to whom it is limited.</param>
    /// <param name="Found">How many it lists, as far as they were counted.</param>
    sealed record Beginning(TypeQuery Query, Criterion First, long[]? Compartments, int Found);

    bool FindsMany(Beginning beginning) => beginning.Found >= many;

    SearchPlan(SearchQuery query, Keys keys, AccessFilter access, Session session, int many) => (this.query, this.keys, this.access, this.session, this.many) = (query, keys, access, session, many);

    public static async ValueTask<SearchPlan> Make(SearchQuery query, Keys keys, AccessFilter access, Vocabulary vocabulary, SearchLimits limits)
    {
        var plan = new SearchPlan(query, keys, access, vocabulary.Session, limits.ManyMatches);
        foreach (var type in query.Types)
        {
            foreach (var criterion in type.Criteria) await criterion.Resolve(vocabulary);
            plan.beginnings.Add(await plan.Begin(type));
        }
        return plan;
    }

    SqlWriter NewWriter(long[]? compartments) => new(session.Dialect, keys, access) { Compartments = compartments };

    async ValueTask<Beginning> Begin(TypeQuery type)
    {
        long[]? compartments = null;
        foreach (var criterion in type.Criteria)
            if (criterion.Compartments is { } named) compartments = compartments is null ? named : [.. compartments.Intersect(named)];
        // What the caller may see is then looked up by patient.
        if (compartments is null && !access.SeesAllPatients && !access.OpenTypes.Contains(type.Type) && access.CompartmentsFor(type.Type) is { Length: > 0 } open) compartments = open;
        var candidates = type.Criteria.Where(criterion => criterion.Rank is not null).OrderBy(criterion => criterion.Rank).ToList();
        if (candidates.Count == 0) return new(type, new Everyone(keys, type.Type), compartments, int.MaxValue);
        // By patient, a token finds few; and what has rank 0 to 2 does so in any case.
        if (compartments is { Length: 1 } && candidates.FirstOrDefault(criterion => criterion is TokenCriterion) is { } token && candidates[0].Rank > 0) return new(type, token, compartments, Few);
        if (candidates[0].Rank <= 2) return new(type, candidates[0], compartments, Few);
        if (candidates.Count == 1 && query.Sort.Count == 0 && ListsInOrder(candidates[0], compartments)) return new(type, candidates[0], compartments, many);
        var (best, least) = (candidates[0], int.MaxValue);
        foreach (var candidate in candidates)
        {
            var found = await Count(candidate.Measure, candidate.Measure == candidate ? compartments : null, Math.Min(many, least));
            if (found < least) (best, least) = (candidate, found);
            if (least < Few) break;
        }
        return new(type, best, compartments, least);
    }

    /// <summary>Whether a criterion lists by key of the resource, so that the first page is ready when it is full.</summary>
    bool ListsInOrder(Criterion criterion, long[]? compartments) => criterion is TokenCriterion or Everyone && criterion.ListsOnce(NewWriter(compartments));

    async ValueTask<int> Count(Criterion criterion, long[]? compartments, int most)
    {
        var sql = NewWriter(compartments);
        sql.Add("SELECT count(*) FROM (SELECT 1 AS one FROM (");
        criterion.List(sql);
        sql.Add(") l LIMIT ").Value(most).Add(") c");
        await using var rows = await session.Query(sql.ToString(), sql.Values);
        return await rows.Read() ? (int)rows.Int64(0) : 0;
    }

    /// <summary>The page query: columns of the resource, then the values of the sort keys.</summary>
    /// <param name="point">Where it begins; null for the first.</param>
    /// <param name="count">Resources to give.</param>
    /// <param name="mayWalk">Whether it may walk along the index of the first sort key, which leaves out resources without a value.</param>
    public (string Sql, SqlValue[] Values) Page(PagePoint? point, int count, bool mayWalk)
    {
        var sql = NewWriter(null);
        var backward = point is { IsBackward: true };
        var walks = mayWalk && CanWalk(point);
        var sortColumns = string.Concat(query.Sort.Select((_, i) => $", k.s{i}"));
        sql.Add($"SELECT {Columns}{sortColumns} FROM (");
        if (walks) Walk(sql, point);
        else Keyed(sql, point);
        sql.Add(" ORDER BY ");
        Order(sql, "", backward);
        sql.Add(" LIMIT ").Value(count).Add(") k CROSS JOIN res r WHERE r.pk = k.pk ORDER BY ");
        Order(sql, "k.", backward);
        return (sql.ToString(), sql.Values);
    }

    /// <summary>With many matches it is quicker to walk along the sort key and check each resource until the page is full, than to sort them all.</summary>
    public bool CanWalk(PagePoint? point) => beginnings.Count == 1 && FindsMany(beginnings[0]) && point is not { IsBackward: true } && query.Sort.Count > 0
        && (query.Sort[0].Source == SortSource.Updated || query.Sort[0] is { Source: SortSource.Range, IsSingle: true, Parameters.Length: 1 } && point?.Values[0] is not (long.MaxValue or long.MinValue));

    void Walk(SqlWriter sql, PagePoint? point)
    {
        var (query, _, compartments, _) = beginnings[0];
        var sort = this.query.Sort;
        var isUpdated = sort[0].Source == SortSource.Updated;
        var value = isUpdated ? "w.at_us" : "w.lo";
        sql.Compartments = compartments;
        sql.Add(sort.Count == 1 ? $"SELECT w.pk AS pk, {value} AS s0" : $"SELECT * FROM (SELECT w.pk AS pk, {value} AS s0");
        for (var i = 1; i < sort.Count; i++)
        {
            SortValue(sql.Add(", "), sort[i], "w.pk");
            sql.Add($" AS s{i}");
        }
        if (isUpdated) sql.Add(" FROM res w WHERE w.type = ").Value(query.Type).Add(" AND w.method <> 'DELETE'");
        else sql.Add(access.SeesEverything ? " FROM rng w WHERE w.param = " : " FROM rng w CROSS JOIN res wr WHERE wr.pk = w.pk AND w.param = ").Value(sort[0].Parameters[0]);
        if (!access.SeesEverything) sql.Add(" AND ").Visible(isUpdated ? "w" : "wr", query.Type);
        foreach (var criterion in query.Criteria)
        {
            criterion.Bound(sql, isUpdated ? null : sort[0].Parameters[0], value);
            criterion.Check(sql.Add(" AND "), "w.pk");
        }
        if (point is not null)
        {
            sql.Add(" AND w.pk <= ").Value(point.SnapshotPk);
            Bind(sql.Add($" AND {value} {(sort[0].IsDescending ? "<=" : ">=")} "), point.Values[0]);
        }
        sql.Compartments = null;
        if (sort.Count == 1)
        {
            if (point is null) return;
            Bind(sql.Add($" AND ({value} <> "), point.Values[0]).Add(" OR w.pk > ").Value(point.Pk).Add(")");
            return;
        }
        sql.Add(") q");
        if (point is not null) Beyond(sql.Add(" WHERE "), point);
    }

    /// <summary>Keys and sort values of all matches beyond a point.</summary>
    void Keyed(SqlWriter sql, PagePoint? point)
    {
        if (query.Sort.Count == 0)
        {
            Matches(sql, point);
            return;
        }
        sql.Add("SELECT * FROM (SELECT m.pk AS pk");
        for (var i = 0; i < query.Sort.Count; i++)
        {
            sql.Add(", ");
            SortValue(sql, query.Sort[i], "m.pk");
            sql.Add($" AS s{i}");
        }
        sql.Add(" FROM (");
        Matches(sql, point);
        sql.Add(") m) q");
        if (point is not null) Beyond(sql.Add(" WHERE "), point);
    }

    void Order(SqlWriter sql, string row, bool backward)
    {
        for (var i = 0; i < query.Sort.Count; i++) sql.Add($"{row}s{i}{(query.Sort[i].IsDescending != backward ? " DESC" : "")}, ");
        sql.Add($"{row}pk{(backward ? " DESC" : "")}");
    }

    /// <summary>Lexicographically after (or before) the point.</summary>
    void Beyond(SqlWriter sql, PagePoint point)
    {
        sql.Add("(");
        for (var i = 0; i <= query.Sort.Count; i++)
        {
            if (i > 0) sql.Add(" OR ");
            sql.Add("(");
            for (var j = 0; j < i; j++) Bind(sql.Add($"s{j} = "), point.Values[j]).Add(" AND ");
            var isDescending = i < query.Sort.Count && query.Sort[i].IsDescending;
            var sign = isDescending != point.IsBackward ? "<" : ">";
            if (i < query.Sort.Count) Bind(sql.Add($"s{i} {sign} "), point.Values[i]);
            else sql.Add($"pk {sign} ").Value(point.Pk);
            sql.Add(")");
        }
        sql.Add(")");
    }

    static SqlWriter Bind(SqlWriter sql, object value) => value is long integer ? sql.Value(integer) : sql.Value((string)value);

    /// <summary>Keys of all matches that the caller may see.</summary>
    void Matches(SqlWriter sql, PagePoint? point)
    {
        if (beginnings.Count == 0) sql.Add("SELECT pk FROM res WHERE 1 = 0");
        for (var i = 0; i < beginnings.Count; i++)
        {
            if (i > 0) sql.Add(" UNION ALL ");
            Matches(sql, beginnings[i], point, isPage: true, $"b{i}");
        }
    }

    void Matches(SqlWriter sql, Beginning beginning, PagePoint? point, bool isPage, string alias)
    {
        var (query, first, compartments, _) = beginning;
        sql.Compartments = compartments;
        // Many in no order: all of the type in order, checked one by one, fill the page sooner.
        if (isPage && beginnings.Count == 1 && FindsMany(beginning) && this.query.Sort.Count == 0 && !ListsInOrder(first, compartments)) first = new Everyone(keys, query.Type);
        sql.Add(!first.ListsOnce(sql) ? "SELECT DISTINCT " : "SELECT ").Add($"{alias}.pk AS pk FROM (");
        first.List(sql);
        sql.Add($") {alias}");
        // What is listed by the compartments that the caller sees needs no second look.
        var open = access.CompartmentsFor(query.Type);
        var seen = access.SeesEverything || access.Narrowing is null && access.HiddenMarks.Length == 0
            && first.ListsCompartments && compartments is not null && Array.TrueForAll(compartments, one => Array.BinarySearch(open, one) >= 0);
        if (!seen) sql.Add($" CROSS JOIN res {alias}r");
        sql.Add(" WHERE 1 = 1");
        if (!seen) sql.Add($" AND {alias}r.pk = {alias}.pk AND ").Visible($"{alias}r", query.Type);
        foreach (var criterion in query.Criteria)
        {
            if (criterion == first) continue;
            sql.Add(" AND ");
            criterion.Check(sql, $"{alias}.pk");
        }
        if (point is not null)
        {
            sql.Add($" AND {alias}.pk <= ").Value(point.SnapshotPk);
            if (this.query.Sort.Count == 0) sql.Add($" AND {alias}.pk {(point.IsBackward ? "<" : ">")} ").Value(point.Pk);
        }
        sql.Compartments = null;
    }

    static void SortValue(SqlWriter sql, SortKey key, string pk)
    {
        var alias = sql.Alias();
        var least = key.IsDescending ? "max" : "min";
        // Resources without a value come last in either direction.
        switch (key.Source)
        {
            case SortSource.Id: sql.Add($"(SELECT {alias}.id FROM res {alias} WHERE {alias}.pk = {pk})"); return;
            case SortSource.Updated: sql.Add($"(SELECT {alias}.at_us FROM res {alias} WHERE {alias}.pk = {pk})"); return;
            case SortSource.Range:
                sql.Add($"COALESCE((SELECT {least}({alias}.lo) FROM rng {alias} WHERE ").OneOf($"{alias}.param", key.Parameters).Add($" AND {alias}.pk = {pk}), ").Value(key.IsDescending ? long.MinValue : long.MaxValue).Add(")");
                return;
            case SortSource.Text:
                sql.Add($"COALESCE((SELECT {least}({alias}.val) FROM str {alias} WHERE ").OneOf($"{alias}.param", key.Parameters).Add($" AND {alias}.pk = {pk})");
                break;
            case SortSource.Token:
                var token = sql.Alias();
                // The order of the vocabulary: the first value that the resource has ends the search.
                sql.Add($"COALESCE((SELECT {alias}.val FROM txt {alias} WHERE ").OneOf($"{alias}.param", key.Parameters)
                    .Add($" AND EXISTS (SELECT 1 FROM ixg {token} WHERE {token}.key = {alias}.key AND {token}.pk = {pk}) ORDER BY {alias}.val{(key.IsDescending ? " DESC" : "")} LIMIT 1)");
                break;
            case SortSource.Reference:
                var target = sql.Alias();
                sql.Add($"COALESCE((SELECT {least}({target}.type || '/' || {target}.id) FROM fwd {alias} CROSS JOIN res {target} WHERE {alias}.source = {pk} AND ").OneOf($"{alias}.param", key.Parameters)
                    .Add($" AND {target}.rid = {alias}.target)");
                break;
        }
        sql.Add(", ").Value(key.IsDescending ? "" : Highest).Add(")");
    }

    /// <summary>How many match.</summary>
    public async ValueTask<long> Total()
    {
        var total = 0L;
        foreach (var beginning in beginnings)
        {
            var sql = NewWriter(null);
            sql.Add("SELECT count(*) FROM (");
            Matches(sql, beginning, null, isPage: false, "b");
            sql.Add(") m");
            await using var rows = await session.Query(sql.ToString(), sql.Values);
            if (await rows.Read()) total += rows.Int64(0);
        }
        return total;
    }
}
