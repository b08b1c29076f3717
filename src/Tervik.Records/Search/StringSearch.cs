using Tervik.Records.Indexing;

namespace Tervik.Records.Search;

/// <summary>How a string is compared.</summary>
enum StringMatch
{
    /// <summary>Folded, from its beginning.</summary>
    StartsWith,
    /// <summary>Folded, anywhere.</summary>
    Contains,
    /// <summary>Folded, up to its end.</summary>
    EndsWith,
    /// <summary>As it is.</summary>
    Exact,
    /// <summary>Folded, the whole.</summary>
    Equal,
}

/// <summary>Strings, without regard to case and accents unless <c>:exact</c> (search.html#string).</summary>
sealed class StringCriterion(long[] parameters, IReadOnlyList<string> texts, StringMatch match) : Criterion
{
    public override int? Rank => match is StringMatch.Contains or StringMatch.EndsWith ? 8 : 3;

    public override void Check(SqlWriter sql, string pk)
    {
        var alias = sql.Alias();
        sql.Add($"EXISTS (SELECT 1 FROM str {alias} WHERE ").OneOf($"{alias}.param", parameters).Add($" AND {alias}.pk = {pk} AND (");
        for (var i = 0; i < texts.Count; i++)
        {
            if (i > 0) sql.Add(" OR ");
            Compare(sql, $"{alias}.val", texts[i]);
        }
        sql.Add("))");
    }

    // One range of the tree for each parameter and text: planners do not split an OR by themselves.
    public override void List(SqlWriter sql)
    {
        var first = true;
        foreach (var parameter in parameters)
            foreach (var text in texts)
            {
                if (!first) sql.Add(" UNION ALL ");
                first = false;
                sql.Add("SELECT pk FROM str WHERE param = ").Value(parameter).Add(" AND ");
                Compare(sql, "val", text);
            }
    }

    void Compare(SqlWriter sql, string value, string text)
    {
        switch (match)
        {
            case StringMatch.Exact: sql.Add($"{value} = ").Value(FoldedText.ForIndex(text)); break;
            case StringMatch.StartsWith: Between(sql, value, FoldedText.Cut(FoldedText.Fold(text), FoldedText.MostFolded)); break;
            case StringMatch.Equal: Between(sql, value, FoldedText.Cut(FoldedText.Fold(text), FoldedText.MostFolded) + FoldedText.End); break;
            case StringMatch.Contains: sql.Inside(value, FoldedText.Fold(text)); break;
            case StringMatch.EndsWith: sql.Inside(value, FoldedText.Fold(text) + FoldedText.End); break;
        }
    }

    static void Between(SqlWriter sql, string value, string prefix) =>
        sql.Add($"({value} >= ").Value(prefix).Add($" AND {value} < ").Value(FoldedText.After(prefix)).Add(")");
}

/// <summary>Words of the narrative (<c>_text</c>): all of them must be there.</summary>
sealed class NarrativeCriterion(Keys keys, string[] words) : Criterion
{
    public override int? Rank => words.Length == 0 ? null : 6;
    public override bool ListsOnce(SqlWriter sql) => true;

    public override void Check(SqlWriter sql, string pk)
    {
        sql.Add("(1 = 1");
        foreach (var word in words) Check(sql.Add(" AND "), pk, word);
        sql.Add(")");
    }

    void Check(SqlWriter sql, string pk, string word)
    {
        var alias = sql.Alias();
        sql.Add($"EXISTS (SELECT 1 FROM word {alias} WHERE {alias}.key = ").Value(keys.Hash("word=" + word)).Add($" AND {alias}.pk = {pk})");
    }

    public override void List(SqlWriter sql)
    {
        // The longest word is likely the rarest.
        var first = words.MaxBy(word => word.Length)!;
        var alias = sql.Alias();
        sql.Add($"SELECT {alias}.pk AS pk FROM word {alias} WHERE {alias}.key = ").Value(keys.Hash("word=" + first));
        foreach (var word in words)
            if (word != first) Check(sql.Add(" AND "), $"{alias}.pk", word);
    }
}

/// <summary>Words anywhere in the resource (<c>_content</c>), which takes reading it.</summary>
sealed class ContentCriterion(string[] words) : Criterion
{
    public override void Check(SqlWriter sql, string pk)
    {
        var alias = sql.Alias();
        sql.Add($"EXISTS (SELECT 1 FROM res {alias} WHERE {alias}.pk = {pk}");
        foreach (var word in words) sql.Add(" AND ").Inside(sql.Dialect.LowerText($"{alias}.body"), word);
        sql.Add(")");
    }
}
