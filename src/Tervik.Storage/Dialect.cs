namespace Tervik.Storage;

/// <summary>The database a node keeps its record in.</summary>
public enum Engine
{
    /// <summary>A file beside the program; the default.</summary>
    Sqlite,
    /// <summary>PostgreSQL 15 or later, by connection string.</summary>
    PostgreSql,
}

/// <summary>The few places where the SQL of SQLite and PostgreSQL differs.</summary>
public sealed class Dialect(Engine engine)
{
    /// <summary>Which database.</summary>
    public Engine Engine => engine;

    /// <summary>Condition that <paramref name="expression"/> is one of the integers of array parameter <paramref name="parameter"/> (such as <c>$3</c>).</summary>
    public string InArray(string expression, string parameter) => engine == Engine.Sqlite
        ? $"{expression} IN (SELECT value FROM json_each({parameter}))"
        : $"{expression} = ANY({parameter})";

    /// <summary>The integers of array parameter <paramref name="parameter"/> as a table with one column <c>value</c>.</summary>
    public string ArrayTable(string parameter) => engine == Engine.Sqlite
        ? $"(SELECT value FROM json_each({parameter}))"
        : $"(SELECT value FROM unnest({parameter}) AS value)";

    /// <summary>Place of <paramref name="part"/> in the text <paramref name="expression"/>, counted from 1; 0 when it is not in it.</summary>
    public string Position(string expression, string part) => engine == Engine.Sqlite ? $"instr({expression}, {part})" : $"strpos({expression}, {part})";

    /// <summary>The UTF-8 bytes <paramref name="expression"/> as text in lower case (SQLite: of A to Z only).</summary>
    public string LowerText(string expression) => engine == Engine.Sqlite ? $"lower(CAST({expression} AS TEXT))" : $"lower(convert_from({expression}, 'UTF8'))";
}
