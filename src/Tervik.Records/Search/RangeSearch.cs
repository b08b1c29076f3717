using Tervik.Records.Indexing;

namespace Tervik.Records.Search;

/// <summary>A comparison of ranges: that of the resource, columns <c>lo</c> and <c>hi</c>, with that of the search, both ends included.</summary>
/// <remarks>Source: search.html#prefix. Equal is "inside"; greater and less look at what the resource's range covers beyond; "or equal" counts any overlap in, as servers agree.</remarks>
readonly record struct RangeTest(Prefix Prefix, long Low, long High)
{
    /// <summary>Whether a range that begins below <see cref="FromLow"/> can pass: such are looked for among the long ones.</summary>
    public bool LooksAtEnds => Prefix is Prefix.Gt or Prefix.Ge or Prefix.Ap;
    /// <summary>Points that pass begin at or after.</summary>
    public long FromLow => Prefix is Prefix.Lt or Prefix.Le or Prefix.Eb or Prefix.Ne ? long.MinValue : Prefix is Prefix.Gt or Prefix.Sa ? High : Low;
    /// <summary>All that pass begin at or before.</summary>
    public long ToLow => Prefix is Prefix.Gt or Prefix.Ge or Prefix.Sa or Prefix.Ne ? long.MaxValue : Prefix is Prefix.Le or Prefix.Ap or Prefix.Eq ? High : Low;
    /// <summary>Whether the values can be listed from the tree.</summary>
    public bool CanList => Prefix != Prefix.Ne;

    /// <summary>The comparison of a value that stands in one column.</summary>
    public void WritePoint(SqlWriter sql, string column)
    {
        switch (Prefix)
        {
            case Prefix.Eq or Prefix.Ap: sql.Add($"({column} >= ").Value(Low).Add($" AND {column} <= ").Value(High).Add(")"); break;
            case Prefix.Ne: sql.Add($"({column} < ").Value(Low).Add($" OR {column} > ").Value(High).Add(")"); break;
            case Prefix.Gt or Prefix.Sa: sql.Add($"{column} > ").Value(High); break;
            case Prefix.Lt or Prefix.Eb: sql.Add($"{column} < ").Value(Low); break;
            case Prefix.Ge: sql.Add($"{column} >= ").Value(Low); break;
            case Prefix.Le: sql.Add($"{column} <= ").Value(High); break;
        }
    }

    public void Write(SqlWriter sql, string row)
    {
        sql.Add("(");
        switch (Prefix)
        {
            case Prefix.Eq: sql.Add($"{row}lo >= ").Value(Low).Add($" AND {row}hi <= ").Value(High); break;
            case Prefix.Ne: sql.Add($"{row}lo < ").Value(Low).Add($" OR {row}hi > ").Value(High); break;
            case Prefix.Gt: sql.Add($"{row}hi > ").Value(High); break;
            case Prefix.Lt: sql.Add($"{row}lo < ").Value(Low); break;
            case Prefix.Ge: sql.Add($"{row}hi >= ").Value(Low); break;
            case Prefix.Le: sql.Add($"{row}lo <= ").Value(High); break;
            case Prefix.Sa: sql.Add($"{row}lo > ").Value(High); break;
            case Prefix.Eb: sql.Add($"{row}hi < ").Value(Low); break;
            case Prefix.Ap: sql.Add($"{row}lo <= ").Value(High).Add($" AND {row}hi >= ").Value(Low); break;
        }
        sql.Add(")");
    }
}

/// <summary>A range under one of the keys it can be found by.</summary>
/// <param name="Key">In table rng.</param>
/// <param name="LongKey">Where ranges longer than <paramref name="ShortSpan"/> stand once more.</param>
/// <param name="ShortSpan">Others are at most this long.</param>
/// <param name="Test">The comparison.</param>
readonly record struct RangeProbe(long Key, long LongKey, long ShortSpan, RangeTest Test);

/// <summary>Dates, numbers and quantities.</summary>
sealed class RangeCriterion(IReadOnlyList<RangeProbe> probes) : Criterion
{
    public override int? Rank => probes.All(probe => probe.Test.CanList) ? probes.All(probe => probe.Test.Prefix is Prefix.Eq or Prefix.Ap) ? 6 : 7 : null;

    public override void Check(SqlWriter sql, string pk)
    {
        if (probes.Count == 0)
        {
            sql.Add("1 = 0");
            return;
        }
        sql.Add("(");
        for (var i = 0; i < probes.Count; i++)
        {
            var alias = sql.Alias();
            sql.Add(i > 0 ? " OR " : "").Add($"EXISTS (SELECT 1 FROM rng {alias} WHERE {alias}.param = ").Value(probes[i].Key).Add($" AND {alias}.pk = {pk} AND ");
            probes[i].Test.Write(sql, alias + ".");
            sql.Add(")");
        }
        sql.Add(")");
    }

    public override void Bound(SqlWriter sql, long? parameter, string column)
    {
        if (probes.Count != 1 || probes[0].Key != parameter || !probes[0].Test.CanList) return;
        sql.Add($" AND {column} <= ").Value(probes[0].Test.ToLow);
        if (!probes[0].Test.LooksAtEnds) sql.Add($" AND {column} >= ").Value(probes[0].Test.FromLow);
    }

    public override void List(SqlWriter sql)
    {
        for (var i = 0; i < probes.Count; i++)
        {
            if (i > 0) sql.Add(" UNION ALL ");
            List(sql, probes[i]);
        }
    }

    static void List(SqlWriter sql, RangeProbe probe)
    {
        var test = probe.Test;
        var from = test.LooksAtEnds && test.FromLow > long.MinValue + probe.ShortSpan ? test.FromLow - probe.ShortSpan : test.FromLow;
        sql.Add("SELECT pk FROM rng WHERE param = ").Value(probe.Key).Add(" AND lo >= ").Value(from).Add(" AND lo <= ").Value(test.ToLow).Add(" AND ");
        test.Write(sql, "");
        if (!test.LooksAtEnds) return;
        sql.Add(" UNION ALL SELECT pk FROM rng WHERE param = ").Value(probe.LongKey).Add(" AND lo < ").Value(from).Add(" AND ");
        test.Write(sql, "");
    }
}

/// <summary><c>_lastUpdated</c>.</summary>
sealed class UpdatedCriterion(string type, IReadOnlyList<RangeTest> tests) : Criterion
{
    public override int? Rank => tests.All(test => test.CanList) ? 7 : null;
    public override bool ListsOnce(SqlWriter sql) => tests.Count == 1;

    public override void Check(SqlWriter sql, string pk)
    {
        var alias = sql.Alias();
        sql.Add($"EXISTS (SELECT 1 FROM res {alias} WHERE {alias}.pk = {pk} AND (");
        for (var i = 0; i < tests.Count; i++) tests[i].WritePoint(sql.Add(i > 0 ? " OR " : ""), $"{alias}.at_us");
        sql.Add("))");
    }

    public override void List(SqlWriter sql)
    {
        for (var i = 0; i < tests.Count; i++)
        {
            sql.Add(i > 0 ? " UNION ALL " : "").Add("SELECT pk FROM res WHERE type = ").Value(type).Add(" AND ");
            tests[i].WritePoint(sql, "at_us");
            sql.Add(" AND method <> 'DELETE'");
        }
    }

    public override void Bound(SqlWriter sql, long? parameter, string column)
    {
        if (parameter is null && tests.Count == 1) tests[0].WritePoint(sql.Add(" AND "), column);
    }
}

/// <summary><c>_id</c>.</summary>
sealed class IdCriterion(long[] rids) : Criterion
{
    public override int? Rank => 0;
    public override bool ListsOnce(SqlWriter sql) => true;

    public override void Check(SqlWriter sql, string pk)
    {
        var alias = sql.Alias();
        sql.Add($"EXISTS (SELECT 1 FROM res {alias} WHERE {alias}.pk = {pk} AND ").OneOf($"{alias}.rid", rids).Add(")");
    }

    // The key of a resource holds its type; naming the type as well would tempt the planner to read all of it.
    public override void List(SqlWriter sql) => sql.Add("SELECT pk FROM res WHERE ").OneOf("rid", rids).Add(" AND method <> 'DELETE'");
}
