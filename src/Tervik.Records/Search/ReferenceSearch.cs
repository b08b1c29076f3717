using Tervik.Records.Indexing;

namespace Tervik.Records.Search;

/// <summary>References to one of some targets (search.html#reference).</summary>
/// <param name="parameters">Keys of the paths.</param>
/// <param name="targets">Keys of what they point to.</param>
/// <param name="compartments">Patients whose compartments hold everything that can match, or null.</param>
sealed class ReferenceCriterion(long[] parameters, long[] targets, long[]? compartments) : Criterion
{
    public override long[]? Compartments => compartments;
    public override int? Rank => targets.Length == 0 ? 0 : compartments is null ? 4 : 2;
    public override bool ListsOnce(SqlWriter sql) => parameters.Length == 1 && targets.Length <= 1;
    public override bool ListsCompartments => compartments is not null;

    public override void Check(SqlWriter sql, string pk)
    {
        var alias = sql.Alias();
        sql.Add($"EXISTS (SELECT 1 FROM fwd {alias} WHERE {alias}.source = {pk} AND ").OneOf($"{alias}.param", parameters).Add(" AND ").OneOf($"{alias}.target", targets).Add(")");
    }

    public override void List(SqlWriter sql) => sql.Add("SELECT source AS pk FROM rev WHERE ").OneOf("target", targets).Add(" AND ").OneOf("param", parameters);
}

/// <summary>References to a resource that meets criteria of its own: a chain (search.html#chaining). What the caller may not see is no link of it.</summary>
/// <param name="parameters">Keys of the reference's paths.</param>
/// <param name="target">Type of the resource referred to.</param>
/// <param name="inner">What it must meet.</param>
sealed class ChainCriterion(long[] parameters, string target, Criterion inner) : Criterion
{
    public override ValueTask Resolve(Vocabulary vocabulary) => inner.Resolve(vocabulary);
    public override int? Rank => inner.Rank is { } rank ? Math.Min(9, rank + 1) : null;

    public override void Check(SqlWriter sql, string pk)
    {
        var (link, row, outer) = (sql.Alias(), sql.Alias(), sql.Compartments);
        sql.Compartments = null;
        sql.Add($"EXISTS (SELECT 1 FROM fwd {link} CROSS JOIN res {row} WHERE {link}.source = {pk} AND ").OneOf($"{link}.param", parameters)
            .Add($" AND {row}.rid = {link}.target AND {row}.type = ").Value(target).Add($" AND {row}.method <> 'DELETE' AND ").Visible(row, target).Add(" AND ");
        inner.Check(sql, $"{row}.pk");
        sql.Add(")");
        sql.Compartments = outer;
    }

    public override void List(SqlWriter sql)
    {
        var (list, row, link, outer) = (sql.Alias(), sql.Alias(), sql.Alias(), sql.Compartments);
        sql.Compartments = null;
        sql.Add($"SELECT {link}.source AS pk FROM (");
        inner.List(sql);
        sql.Add($") {list} CROSS JOIN res {row} CROSS JOIN rev {link} WHERE {row}.pk = {list}.pk AND {link}.target = {row}.rid AND ").OneOf($"{link}.param", parameters).Add(" AND ").Visible(row, target);
        sql.Compartments = outer;
    }
}

/// <summary>Referred to by a resource that meets criteria of its own (<c>_has</c>, search.html#has).</summary>
/// <param name="type">Type of the resource sought.</param>
/// <param name="source">Type of the resource that refers to it.</param>
/// <param name="parameters">Keys of the reference's paths.</param>
/// <param name="inner">What the source must meet.</param>
sealed class HasCriterion(string type, string source, long[] parameters, Criterion inner) : Criterion
{
    public override ValueTask Resolve(Vocabulary vocabulary) => inner.Resolve(vocabulary);
    public override int? Rank => inner.Rank is { } rank ? Math.Min(9, rank + 1) : null;

    public override void Check(SqlWriter sql, string pk)
    {
        var (own, link, row, outer) = (sql.Alias(), sql.Alias(), sql.Alias(), sql.Compartments);
        sql.Compartments = null;
        sql.Add($"EXISTS (SELECT 1 FROM res {own} CROSS JOIN rev {link} CROSS JOIN res {row} WHERE {own}.pk = {pk} AND {link}.target = {own}.rid AND ").OneOf($"{link}.param", parameters)
            .Add($" AND {row}.pk = {link}.source AND ").Visible(row, source).Add(" AND ");
        inner.Check(sql, $"{row}.pk");
        sql.Add(")");
        sql.Compartments = outer;
    }

    public override void List(SqlWriter sql)
    {
        var (list, row, link, own, outer) = (sql.Alias(), sql.Alias(), sql.Alias(), sql.Alias(), sql.Compartments);
        sql.Compartments = null;
        // Many sources point to one target: it is looked up once.
        sql.Add($"SELECT {own}.pk AS pk FROM (SELECT DISTINCT {link}.target AS rid FROM (");
        inner.List(sql);
        sql.Add($") {list}{(sql.Access.SeesEverything ? "" : $" CROSS JOIN res {row}")} CROSS JOIN fwd {link} WHERE {link}.source = {list}.pk AND ").OneOf($"{link}.param", parameters);
        if (!sql.Access.SeesEverything) sql.Add($" AND {row}.pk = {list}.pk AND ").Visible(row, source);
        sql.Add($") {link}d CROSS JOIN res {own} WHERE {own}.rid = {link}d.rid AND {own}.type = ").Value(type).Add($" AND {own}.method <> 'DELETE'");
        sql.Compartments = outer;
    }

    public override bool ListsOnce(SqlWriter sql) => true;
    public override Criterion Measure => inner.Measure;
}

/// <summary>Members of a List (<c>_list</c>).</summary>
sealed class ListCriterion(string type, long[] lists, long[] parameters) : Criterion
{
    public override int? Rank => 3;

    public override void Check(SqlWriter sql, string pk)
    {
        var (own, link, row) = (sql.Alias(), sql.Alias(), sql.Alias());
        sql.Add($"EXISTS (SELECT 1 FROM res {own} CROSS JOIN rev {link} CROSS JOIN res {row} WHERE {own}.pk = {pk} AND {link}.target = {own}.rid AND ").OneOf($"{link}.param", parameters)
            .Add($" AND {row}.pk = {link}.source AND ").OneOf($"{row}.rid", lists).Add(" AND ").Visible(row, "List").Add(")");
    }

    public override void List(SqlWriter sql)
    {
        var (own, link, row) = (sql.Alias(), sql.Alias(), sql.Alias());
        sql.Add($"SELECT {own}.pk AS pk FROM res {row} CROSS JOIN fwd {link} CROSS JOIN res {own} WHERE ").OneOf($"{row}.rid", lists)
            .Add($" AND {row}.method <> 'DELETE' AND ").Visible(row, "List").Add($" AND {link}.source = {row}.pk AND ").OneOf($"{link}.param", parameters)
            .Add($" AND {own}.rid = {link}.target AND {own}.type = ").Value(type).Add($" AND {own}.method <> 'DELETE'");
    }
}
