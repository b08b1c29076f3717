using System.Globalization;
using System.Text;
using Tervik.Records.Access;
using Tervik.Records.Indexing;
using Tervik.Storage;

namespace Tervik.Records.Search;

/// <summary>A query in the making: its text depends on the shape of the search only, so that databases keep it prepared; all values are parameters.</summary>
sealed class SqlWriter(Dialect dialect, Keys keys, AccessFilter access)
{
    readonly StringBuilder text = new(1024);
    readonly List<SqlValue> values = [];
    int aliases;

    public Dialect Dialect => dialect;
    public Keys Keys => keys;
    public AccessFilter Access => access;

    /// <summary>The patient compartments to which the present level is limited; its tokens are then looked up by patient. Null: no limit.</summary>
    public long[]? Compartments { get; set; }

    public string Alias() => string.Create(CultureInfo.InvariantCulture, $"t{++aliases}");

    public SqlWriter Add(string sql)
    {
        text.Append(sql);
        return this;
    }

    public SqlWriter Value(long value) => Bind(value);
    public SqlWriter Value(string value) => Bind(value);

    SqlWriter Bind(SqlValue value)
    {
        values.Add(value);
        text.Append('$').Append(values.Count);
        return this;
    }

    string Hold(SqlValue value)
    {
        values.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"${values.Count}");
    }

    /// <summary>Condition that <paramref name="expression"/> is one of <paramref name="choices"/>.</summary>
    public SqlWriter OneOf(string expression, ReadOnlySpan<long> choices)
    {
        if (choices.Length == 0) return Add("1 = 0");
        if (choices.Length == 1) return Add(expression).Add(" = ").Value(choices[0]);
        if (choices.Length > 8) return Add(dialect.InArray(expression, Hold(choices.ToArray())));
        // 2, 4 or 8 places, so that there are few texts.
        var places = choices.Length <= 2 ? 2 : choices.Length <= 4 ? 4 : 8;
        Add(expression).Add(" IN (");
        for (var i = 0; i < places; i++)
        {
            if (i > 0) Add(", ");
            Value(choices[Math.Min(i, choices.Length - 1)]);
        }
        return Add(")");
    }

    /// <summary>Condition that the text <paramref name="expression"/> contains <paramref name="part"/>.</summary>
    public SqlWriter Inside(string expression, string part) => Add(dialect.Position(expression, Hold(part))).Add(" > 0");

    /// <summary>Condition that the caller may see the row <paramref name="row"/> of res, which is of type <paramref name="type"/>.</summary>
    public SqlWriter Visible(string row, string type)
    {
        if (access.SeesEverything) return Add("1 = 1");
        if (access.Narrowing is not null && access.Narrowing.For(type) is null) return Add("1 = 0");
        InCompartments(row, type);
        if (access.HiddenMarks.Length > 0)
        {
            var mark = Alias();
            Add($" AND NOT EXISTS (SELECT 1 FROM mark {mark} WHERE {mark}.rid = {row}.rid AND ").OneOf($"{mark}.key", access.HiddenMarks).Add(")");
        }
        return access.Narrowing?.HasCriteria(type) == true ? Narrowed(row, access.Narrowing.For(type)!) : this;
    }

    void InCompartments(string row, string type)
    {
        var (open, compartments) = (access.OpenTypes.Contains(type), access.CompartmentsFor(type));
        if (access.SeesAllPatients)
        {
            Add("1 = 1");
            return;
        }
        if (compartments.Length == 0)
        {
            Add(open ? $"{row}.comp = 0" : "1 = 0");
            return;
        }
        Add("(").OneOf($"{row}.comp", compartments);
        if (open) Add($" OR {row}.comp = 0");
        var member = Alias();
        Add($" OR ({row}.comp = -1 AND EXISTS (SELECT 1 FROM ix {member} WHERE ").OneOf($"{member}.comp", compartments)
            .Add($" AND {member}.key = ").Value(keys.Member(type)).Add($" AND {member}.pk = {row}.pk)))");
    }

    SqlWriter Narrowed(string row, long[][][] alternatives)
    {
        Add(" AND (1 = 0");
        foreach (var alternative in alternatives)
        {
            Add(" OR (1 = 1");
            foreach (var forms in alternative)
            {
                var (value, form) = (Alias(), Alias());
                Add($" AND EXISTS (SELECT 1 FROM ixg {value} WHERE {value}.pk = {row}.pk AND (").OneOf($"{value}.key", forms)
                    .Add($" OR {value}.key IN (SELECT {form}.key FROM form {form} WHERE ").OneOf($"{form}.form", forms).Add(")))");
            }
            Add(")");
        }
        return Add(")");
    }

    public SqlValue[] Values => [.. values];
    public override string ToString() => text.ToString();
}
