using Tervik.Records.Indexing;
using Tervik.Storage;

namespace Tervik.Records.Resources;

/// <summary>Rows of the index tables, gathered from the entries of many resources, then written table by table in key order: neighbours in a B-tree are written together.</summary>
sealed class IndexRows
{
    readonly List<(long Compartment, long Key, long Pk)> ix = [];
    readonly List<(long Key, long Pk)> ixg = [];
    readonly List<(long Target, long Parameter, long Source)> rev = [];
    readonly List<(long Source, long Parameter, long Target)> fwd = [];
    readonly List<(long Parameter, long Pk, long Low, long High)> rng = [];
    readonly List<(long Parameter, long Pk, string Value)> str = [];
    readonly List<(long Key, long Low, long High, long Pk)> tup = [];
    readonly List<(long Key, long Pk)> word = [];
    readonly List<(long Form, long Key)> form = [];
    readonly List<(long Parameter, string Text, long Key)> txt = [];

    /// <summary>Adds the rows of one resource, without its vocabulary.</summary>
    public void Add(long pk, IndexEntries entries)
    {
        foreach (var key in entries.Values)
        {
            ixg.Add((key, pk));
            foreach (var compartment in entries.Compartments) ix.Add((compartment, key, pk));
        }
        foreach (var (parameter, target) in entries.References)
        {
            rev.Add((target, parameter, pk));
            fwd.Add((pk, parameter, target));
        }
        foreach (var (parameter, low, high) in entries.Ranges) rng.Add((parameter, pk, low, high));
        foreach (var (parameter, value) in entries.Strings) str.Add((parameter, pk, value));
        foreach (var (key, low, high) in entries.Tuples) tup.Add((key, low, high, pk));
        foreach (var key in entries.Words) word.Add((key, pk));
    }

    /// <summary>Adds what the vocabulary must know of a resource.</summary>
    public void AddVocabulary(IndexEntries entries)
    {
        form.AddRange(entries.Forms);
        txt.AddRange(entries.Texts);
    }

    /// <summary>A number for each table that two equal sets of rows share, in whatever order they come: the sum of their hashes. The vocabulary, which may hold more, is left out.</summary>
    public Dictionary<string, IndexSum> Sums() => new()
    {
        ["ix"] = IndexSum.Of(ix, row => IndexSum.Hash(row.Compartment, row.Key, row.Pk)),
        ["ixg"] = IndexSum.Of(ixg, row => IndexSum.Hash(row.Key, row.Pk)),
        ["rev"] = IndexSum.Of(rev, row => IndexSum.Hash(row.Target, row.Parameter, row.Source)),
        ["fwd"] = IndexSum.Of(fwd, row => IndexSum.Hash(row.Source, row.Parameter, row.Target)),
        ["rng"] = IndexSum.Of(rng, row => IndexSum.Hash(row.Parameter, row.Pk, row.Low, row.High)),
        ["str"] = IndexSum.Of(str, row => IndexSum.Hash(row.Value, row.Parameter, row.Pk)),
        ["tup"] = IndexSum.Of(tup, row => IndexSum.Hash(row.Key, row.Low, row.High, row.Pk)),
        ["word"] = IndexSum.Of(word, row => IndexSum.Hash(row.Key, row.Pk)),
    };

    /// <summary>Keys, with parameter and text, that the vocabulary must know.</summary>
    public (List<(long Form, long Key)> Forms, List<(long Parameter, string Text, long Key)> Texts) Vocabulary => (form, txt);

    /// <summary>Removes what is only in <paramref name="gone"/> and inserts what is only in <paramref name="fresh"/>.</summary>
    public static async ValueTask Replace(Session session, IndexRows gone, IndexRows fresh)
    {
        await Replace(session, "ix", ["comp", "key", "pk"], gone.ix, fresh.ix, rows => [Column(rows, r => r.Compartment), Column(rows, r => r.Key), Column(rows, r => r.Pk)]);
        await Replace(session, "ixg", ["key", "pk"], gone.ixg, fresh.ixg, rows => [Column(rows, r => r.Key), Column(rows, r => r.Pk)]);
        await Replace(session, "rev", ["target", "param", "source"], gone.rev, fresh.rev, rows => [Column(rows, r => r.Target), Column(rows, r => r.Parameter), Column(rows, r => r.Source)]);
        await Replace(session, "fwd", ["source", "param", "target"], gone.fwd, fresh.fwd, rows => [Column(rows, r => r.Source), Column(rows, r => r.Parameter), Column(rows, r => r.Target)]);
        await Replace(session, "rng", ["param", "pk", "lo", "hi"], gone.rng, fresh.rng, rows => [Column(rows, r => r.Parameter), Column(rows, r => r.Pk), Column(rows, r => r.Low), Column(rows, r => r.High)]);
        await Replace(session, "str", ["param", "pk", "val"], gone.str, fresh.str, rows => [Column(rows, r => r.Parameter), Column(rows, r => r.Pk), Column(rows, r => r.Value)], ByText);
        await Replace(session, "tup", ["key", "lo", "hi", "pk"], gone.tup, fresh.tup, rows => [Column(rows, r => r.Key), Column(rows, r => r.Low), Column(rows, r => r.High), Column(rows, r => r.Pk)]);
        await Replace(session, "word", ["key", "pk"], gone.word, fresh.word, rows => [Column(rows, r => r.Key), Column(rows, r => r.Pk)]);
        // The vocabulary only grows.
        await Replace(session, "form", ["form", "key"], [], fresh.form, rows => [Column(rows, r => r.Form), Column(rows, r => r.Key)]);
        await Replace(session, "txt", ["param", "val", "key"], [], fresh.txt, rows => [Column(rows, r => r.Parameter), Column(rows, r => r.Text), Column(rows, r => r.Key)],
            (a, b) => (a.Parameter, b.Parameter) is var (x, y) && x != y ? x.CompareTo(y) : string.CompareOrdinal(a.Text, b.Text));
    }

    static int ByText((long Parameter, long Pk, string Value) a, (long Parameter, long Pk, string Value) b) =>
        a.Parameter != b.Parameter ? a.Parameter.CompareTo(b.Parameter) : a.Pk != b.Pk ? a.Pk.CompareTo(b.Pk) : string.CompareOrdinal(a.Value, b.Value);

    static async ValueTask Replace<T>(Session session, string table, string[] columns, List<T> gone, List<T> fresh, Func<List<T>, Array[]> split, Comparison<T>? order = null) where T : struct
    {
        if (gone.Count > 0)
        {
            HashSet<T> before = [.. gone], after = [.. fresh];
            gone = gone.FindAll(row => !after.Contains(row));
            fresh = fresh.FindAll(row => !before.Contains(row));
            if (gone.Count > 0) await session.BulkDelete(table, columns, split(gone));
        }
        if (fresh.Count == 0) return;
        if (order is null) fresh.Sort();
        else fresh.Sort(order);
        await session.BulkInsert(table, columns, split(fresh), ignoreConflicts: true);
    }

    static TColumn[] Column<T, TColumn>(List<T> rows, Func<T, TColumn> value)
    {
        var column = new TColumn[rows.Count];
        for (var i = 0; i < column.Length; i++) column[i] = value(rows[i]);
        return column;
    }
}
