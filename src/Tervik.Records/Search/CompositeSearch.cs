using Tervik.Records.Indexing;

namespace Tervik.Records.Search;

/// <summary>Values of the same element: a key for the first part, a range or key for the second (search.html#combining).</summary>
sealed class CompositeCriterion : Criterion
{
    /// <summary>One combination asked for.</summary>
    /// <param name="First">Forms of the first part; a primitive's form is its key.</param>
    /// <param name="Second">Comparison of the second part; null when <paramref name="SecondForms"/> or <paramref name="Targets"/> is given.</param>
    /// <param name="SecondForms">Forms of the second part.</param>
    /// <param name="Targets">Keys of what the second part refers to.</param>
    /// <param name="Third">Comparison of the third part: the second is the low end of the tuple, the third the high one.</param>
    public sealed record Probe(long[] First, RangeTest? Second, long[]? SecondForms, long[]? Targets, RangeTest? Third)
    {
        public long[] Keys { get; set; } = [];
        public long[] SecondKeys { get; set; } = [];
    }

    readonly IReadOnlyList<Probe> probes;

    public CompositeCriterion(IReadOnlyList<Probe> probes) => this.probes = probes;

    public override async ValueTask Resolve(Vocabulary vocabulary)
    {
        foreach (var probe in probes)
        {
            probe.Keys = await KeysOf(vocabulary, probe.First);
            probe.SecondKeys = probe.Targets ?? (probe.SecondForms is null ? [] : await KeysOf(vocabulary, probe.SecondForms));
        }
    }

    static async ValueTask<long[]> KeysOf(Vocabulary vocabulary, long[] forms)
    {
        var keys = new SortedSet<long>(forms);
        keys.UnionWith(await vocabulary.KeysOf(forms));
        return [.. keys];
    }

    public override int? Rank => probes.All(probe => probe.Second?.CanList ?? true) ? 5 : null;

    public override void Check(SqlWriter sql, string pk)
    {
        sql.Add("(");
        for (var i = 0; i < probes.Count; i++)
        {
            var alias = sql.Alias();
            sql.Add(i > 0 ? " OR " : "").Add($"EXISTS (SELECT 1 FROM tup {alias} WHERE {alias}.pk = {pk} AND ").OneOf($"{alias}.key", probes[i].Keys).Add(" AND ");
            Compare(sql, probes[i], alias + ".");
            sql.Add(")");
        }
        sql.Add(probes.Count == 0 ? "1 = 0)" : ")");
    }

    static void Compare(SqlWriter sql, Probe probe, string row)
    {
        if (probe.Third is { } third)
        {
            probe.Second!.Value.WritePoint(sql, row + "lo");
            third.WritePoint(sql.Add(" AND "), row + "hi");
        }
        else if (probe.Second is { } second) second.Write(sql, row);
        else sql.OneOf(row + "lo", probe.SecondKeys);
    }

    public override void List(SqlWriter sql)
    {
        for (var i = 0; i < probes.Count; i++)
        {
            var probe = probes[i];
            sql.Add(i > 0 ? " UNION ALL " : "").Add("SELECT pk FROM tup WHERE ").OneOf("key", probe.Keys);
            if (probe is { Second: { } test, Third: null }) sql.Add(" AND lo >= ").Value(test.FromLow).Add(" AND lo <= ").Value(test.ToLow);
            Compare(sql.Add(" AND "), probe, "");
            if (probe is not { Second: { LooksAtEnds: true } ends, Third: null }) continue;
            // Ranges stand under another key too.
            sql.Add(" UNION ALL SELECT pk FROM tup WHERE ").OneOf("key", [.. probe.Keys.Select(key => unchecked(-1 - key))]).Add(" AND lo < ").Value(ends.FromLow).Add(" AND ");
            ends.Write(sql, "");
        }
    }
}
