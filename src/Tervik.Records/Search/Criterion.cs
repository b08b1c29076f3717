using Tervik.Records.Indexing;
using Tervik.Storage;

namespace Tervik.Records.Search;

/// <summary>A condition on one resource, the algebra that searches are planned in: it can be checked for a given resource, and most can also list the resources that meet it.</summary>
abstract class Criterion
{
    /// <summary>Looks up what the vocabulary must tell before SQL can be written.</summary>
    public virtual ValueTask Resolve(Vocabulary vocabulary) => ValueTask.CompletedTask;

    /// <summary>Writes the condition that the resource with key <paramref name="pk"/> (an SQL expression) meets this.</summary>
    public abstract void Check(SqlWriter sql, string pk);

    /// <summary>How promising it is to begin a search here: 0 finds next to nothing, 9 very much; null: it can only be checked.</summary>
    public virtual int? Rank => null;

    /// <summary>Writes a query with one column <c>pk</c> of all resources that meet this; one may come several times unless <see cref="ListsOnce"/>.</summary>
    public virtual void List(SqlWriter sql) => throw new InvalidOperationException($"{GetType().Name} can only be checked.");

    /// <summary>Whether <see cref="List"/> gives each resource once.</summary>
    public virtual bool ListsOnce(SqlWriter sql) => false;

    /// <summary>Whether <see cref="List"/> gives only resources in the compartments of the present level.</summary>
    public virtual bool ListsCompartments => false;

    /// <summary>What is counted to guess the size of the list.</summary>
    public virtual Criterion Measure => this;

    /// <summary>Writes what follows for <paramref name="column"/> when it holds the lower end under the key <paramref name="parameter"/> (null: the time of the last change): where a walk along it begins and ends.</summary>
    public virtual void Bound(SqlWriter sql, long? parameter, string column) { }

    /// <summary>Patients to whose compartments this limits the search; null when to none.</summary>
    public virtual long[]? Compartments => null;
}

/// <summary>All of several.</summary>
sealed class AllOf(IReadOnlyList<Criterion> parts) : Criterion
{
    public override async ValueTask Resolve(Vocabulary vocabulary)
    {
        foreach (var part in parts) await part.Resolve(vocabulary);
    }

    public override void Check(SqlWriter sql, string pk) => AnyOf.Join(sql, parts, pk, " AND ", "1 = 1");

    public override int? Rank => parts.Min(part => part.Rank);

    public override void List(SqlWriter sql)
    {
        var first = parts.Where(part => part.Rank is not null).MinBy(part => part.Rank)!;
        var alias = sql.Alias();
        sql.Add($"SELECT {alias}.pk AS pk FROM (");
        first.List(sql);
        sql.Add($") {alias} WHERE 1 = 1");
        foreach (var part in parts)
        {
            if (part == first) continue;
            sql.Add(" AND ");
            part.Check(sql, $"{alias}.pk");
        }
    }
}

/// <summary>At least one of several.</summary>
sealed class AnyOf(IReadOnlyList<Criterion> parts) : Criterion
{
    public override async ValueTask Resolve(Vocabulary vocabulary)
    {
        foreach (var part in parts) await part.Resolve(vocabulary);
    }

    public override void Check(SqlWriter sql, string pk) => Join(sql, parts, pk, " OR ", "1 = 0");

    public override int? Rank => parts.All(part => part.Rank is not null) && parts.Count > 0 ? parts.Max(part => part.Rank) : null;

    public override void List(SqlWriter sql)
    {
        for (var i = 0; i < parts.Count; i++)
        {
            if (i > 0) sql.Add(" UNION ALL ");
            var alias = sql.Alias();
            sql.Add($"SELECT {alias}.pk AS pk FROM (");
            parts[i].List(sql);
            sql.Add($") {alias}");
        }
    }

    internal static void Join(SqlWriter sql, IReadOnlyList<Criterion> parts, string pk, string word, string empty)
    {
        if (parts.Count == 0)
        {
            sql.Add(empty);
            return;
        }
        sql.Add("(");
        for (var i = 0; i < parts.Count; i++)
        {
            if (i > 0) sql.Add(word);
            parts[i].Check(sql, pk);
        }
        sql.Add(")");
    }
}

/// <summary>The opposite.</summary>
sealed class NotThat(Criterion inner) : Criterion
{
    public override ValueTask Resolve(Vocabulary vocabulary) => inner.Resolve(vocabulary);

    public override void Check(SqlWriter sql, string pk)
    {
        sql.Add("NOT ");
        inner.Check(sql, pk);
    }
}

/// <summary>Met by nothing.</summary>
sealed class Nothing : Criterion
{
    public override void Check(SqlWriter sql, string pk) => sql.Add("1 = 0");
    public override int? Rank => 0;
    public override bool ListsOnce(SqlWriter sql) => true;
    public override void List(SqlWriter sql) => sql.Add("SELECT pk FROM res WHERE 1 = 0");
}

/// <summary>Every resource of a type; where a search begins that has nothing better.</summary>
sealed class Everyone(Keys keys, string type) : Criterion
{
    public override void Check(SqlWriter sql, string pk)
    {
        var alias = sql.Alias();
        sql.Add($"EXISTS (SELECT 1 FROM ixg {alias} WHERE {alias}.key = ").Value(keys.Member(type)).Add($" AND {alias}.pk = {pk})");
    }

    public override int? Rank => 9;
    public override bool ListsOnce(SqlWriter sql) => sql.Compartments is null or { Length: 1 };
    public override bool ListsCompartments => true;

    public override void List(SqlWriter sql)
    {
        if (sql.Compartments is { } compartments) sql.Add("SELECT pk FROM ix WHERE ").OneOf("comp", compartments).Add(" AND key = ").Value(keys.Member(type));
        else sql.Add("SELECT pk FROM ixg WHERE key = ").Value(keys.Member(type));
    }
}

/// <summary>Resources in a patient's compartment, for <c>/Patient/1/Observation</c>.</summary>
sealed class InCompartment(Keys keys, string type, long[] compartments) : Criterion
{
    public override long[] Compartments => compartments;
    public override int? Rank => 4;
    public override bool ListsOnce(SqlWriter sql) => compartments.Length == 1;
    public override bool ListsCompartments => true;

    public override void Check(SqlWriter sql, string pk)
    {
        var alias = sql.Alias();
        sql.Add($"EXISTS (SELECT 1 FROM ix {alias} WHERE ").OneOf($"{alias}.comp", compartments).Add($" AND {alias}.key = ").Value(keys.Member(type)).Add($" AND {alias}.pk = {pk})");
    }

    public override void List(SqlWriter sql) => sql.Add("SELECT pk FROM ix WHERE ").OneOf("comp", compartments).Add(" AND key = ").Value(keys.Member(type));
}
