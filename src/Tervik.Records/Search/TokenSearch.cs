using Tervik.Records.Indexing;

namespace Tervik.Records.Search;

/// <summary>Tokens and uris: resources that have one of some value keys (search.html#token, search.html#uri).</summary>
sealed class TokenCriterion : Criterion
{
    readonly List<long> forms = [];
    readonly SortedSet<long> direct = [];
    readonly List<Func<Vocabulary, ValueTask<long[]>>> lookups = [];
    long[] keys = [];

    /// <summary>A form whose keys the vocabulary knows.</summary>
    public void AddForm(long form) => forms.Add(form);
    /// <summary>The key of a value itself.</summary>
    public void AddKey(long key) => direct.Add(key);
    /// <summary>Keys that take another look into the vocabulary.</summary>
    public void AddLookup(Func<Vocabulary, ValueTask<long[]>> lookup) => lookups.Add(lookup);

    public override async ValueTask Resolve(Vocabulary vocabulary)
    {
        if (direct.Count == 0 && lookups.Count == 0 && forms.Count == 1)
        {
            keys = await vocabulary.KeysOf(forms);
            return;
        }
        var all = new SortedSet<long>(direct);
        if (forms.Count > 0) all.UnionWith(await vocabulary.KeysOf(forms));
        foreach (var lookup in lookups) all.UnionWith(await lookup(vocabulary));
        keys = [.. all];
    }

    public override int? Rank => keys.Length == 0 ? 0 : 5;
    public override bool ListsOnce(SqlWriter sql) => keys.Length <= 1 && sql.Compartments is null or { Length: 1 };
    public override bool ListsCompartments => true;

    public override void Check(SqlWriter sql, string pk)
    {
        if (keys.Length == 0)
        {
            sql.Add("1 = 0");
            return;
        }
        var alias = sql.Alias();
        if (sql.Compartments is { Length: 1 } compartment) sql.Add($"EXISTS (SELECT 1 FROM ix {alias} WHERE {alias}.comp = ").Value(compartment[0]).Add(" AND ");
        else sql.Add($"EXISTS (SELECT 1 FROM ixg {alias} WHERE ");
        sql.OneOf($"{alias}.key", keys).Add($" AND {alias}.pk = {pk})");
    }

    public override void List(SqlWriter sql)
    {
        if (sql.Compartments is { } compartments) sql.Add("SELECT pk FROM ix WHERE ").OneOf("comp", compartments).Add(" AND ");
        else sql.Add("SELECT pk FROM ixg WHERE ");
        sql.OneOf("key", keys);
    }
}

/// <summary>Whether a parameter has any value (<c>:missing</c>).</summary>
sealed class PresentCriterion(SearchParameter parameter, Keys keys) : Criterion
{
    public override void Check(SqlWriter sql, string pk)
    {
        sql.Add("(");
        for (var i = 0; i < parameter.Paths.Count; i++)
        {
            if (i > 0) sql.Add(" OR ");
            Check(sql, pk, parameter.Paths[i]);
        }
        if (parameter.Paths.Count == 0) sql.Add("1 = 0");
        sql.Add(")");
    }

    void Check(SqlWriter sql, string pk, IndexPath path)
    {
        var alias = sql.Alias();
        if (path.Kind == ParameterKind.String) sql.Add($"EXISTS (SELECT 1 FROM str {alias} WHERE {alias}.param = ").Value(path.Key).Add($" AND {alias}.pk = {pk})");
        else if (path.Kind == ParameterKind.Reference) CheckReference(sql, pk, path, alias);
        else if (path.Kind is not (ParameterKind.Token or ParameterKind.Uri)) sql.Add($"EXISTS (SELECT 1 FROM rng {alias} WHERE {alias}.param = ").Value(path.Key).Add($" AND {alias}.pk = {pk})");
        else if (path.Bit < 0) sql.Add($"EXISTS (SELECT 1 FROM rng {alias} WHERE {alias}.param = ").Value(keys.Parameter(path.Type, path.Name + "#")).Add($" AND {alias}.pk = {pk})");
        else
            sql.Add($"EXISTS (SELECT 1 FROM rng {alias} WHERE {alias}.param = ").Value(keys.Parameter(path.Type, "#"))
                .Add($" AND {alias}.pk = {pk} AND ({alias}.{(path.Bit < 63 ? "lo" : "hi")} & ").Value(1L << path.Bit % 63).Add(") <> 0)");
    }

    // A parameter that is a reference "where it is a patient" shares its entries with the one for any subject: the targets tell.
    void CheckReference(SqlWriter sql, string pk, IndexPath path, string alias)
    {
        sql.Add($"EXISTS (SELECT 1 FROM fwd {alias}");
        var target = sql.Alias();
        if (parameter.OnlyTargets) sql.Add($" CROSS JOIN res {target}");
        sql.Add($" WHERE {alias}.source = {pk} AND {alias}.param = ").Value(path.Key);
        if (parameter.OnlyTargets)
        {
            sql.Add($" AND {target}.rid = {alias}.target AND {target}.type IN (");
            for (var i = 0; i < parameter.Targets.Count; i++) sql.Add(i > 0 ? ", " : "").Value(parameter.Targets[i]);
            sql.Add(")");
        }
        sql.Add(")");
    }
}
