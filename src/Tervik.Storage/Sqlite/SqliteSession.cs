namespace Tervik.Storage.Sqlite;

/// <summary>A session on SQLite: everything happens on the calling thread, before the task is returned.</summary>
sealed class SqliteSession(SqliteConnection connection, Dialect dialect) : Session
{
    readonly Dictionary<(string Table, string Kind), string> bulkTexts = [];

    public SqliteConnection Connection => connection;
    public override Dialect Dialect => dialect;

    public override ValueTask<Rows> Query(string sql, params ReadOnlySpan<SqlValue> values) =>
        new(connection.Prepare(sql).Start(values));

    public override ValueTask<int> Execute(string sql, params ReadOnlySpan<SqlValue> values)
    {
        var statement = connection.Prepare(sql).Start(values);
        while (statement.Step()) { }
        statement.Reset();
        return new(connection.Changes);
    }

    public override ValueTask BulkInsert(string table, string[] columns, Array[] data, bool ignoreConflicts = false)
    {
        Bulk(table, ignoreConflicts ? "INSERT OR IGNORE" : "INSERT", columns, data);
        return ValueTask.CompletedTask;
    }

    public override ValueTask BulkDelete(string table, string[] columns, Array[] data)
    {
        Bulk(table, "DELETE", columns, data);
        return ValueTask.CompletedTask;
    }

    public override ValueTask Flush() => ValueTask.CompletedTask;

    void Bulk(string table, string kind, string[] columns, Array[] data)
    {
        if (!bulkTexts.TryGetValue((table, kind), out var sql)) bulkTexts.Add((table, kind), sql = BulkText(table, kind, columns));
        var statement = connection.Prepare(sql);
        for (var row = 0; row < data[0].Length; row++)
        {
            for (var column = 0; column < data.Length; column++)
                switch (data[column])
                {
                    case long[] integers: statement.BindInt64(column + 1, integers[row]); break;
                    case int[] integers: statement.BindInt64(column + 1, integers[row]); break;
                    case string?[] texts: statement.BindText(column + 1, texts[row]); break;
                    case byte[]?[] bytes: statement.BindBytes(column + 1, bytes[row]); break;
                    default: throw new ArgumentException($"Column {columns[column]} has the type {data[column].GetType()}; long[], int[], string[] or byte[][] was expected.", nameof(data));
                }
            statement.StepAgain();
        }
    }

    static string BulkText(string table, string kind, string[] columns) => kind == "DELETE"
        ? $"DELETE FROM {table} WHERE {string.Join(" AND ", columns.Select((column, i) => $"{column} = ${i + 1}"))}"
        : $"{kind} INTO {table} ({string.Join(", ", columns)}) VALUES ({string.Join(", ", columns.Select((_, i) => $"${i + 1}"))})";
}
