using Npgsql;
using NpgsqlTypes;

namespace Tervik.Storage.PostgreSql;

/// <summary>A session on PostgreSQL. Bulk statements wait in a batch, which goes out in one round trip at <see cref="Flush"/> or with the next query.</summary>
sealed class PostgreSqlSession(NpgsqlConnection connection, Dialect dialect, CancellationToken stop) : Session
{
    readonly List<NpgsqlBatchCommand> waiting = [];

    public override Dialect Dialect => dialect;

    public override ValueTask<Rows> Query(string sql, params ReadOnlySpan<SqlValue> values) => Query(Command(sql, values));

    public override ValueTask<int> Execute(string sql, params ReadOnlySpan<SqlValue> values) => Execute(Command(sql, values));

    async ValueTask<Rows> Query(NpgsqlCommand command)
    {
        await Flush();
        try
        {
            return new PostgreSqlRows(command, await command.ExecuteReaderAsync(stop), stop);
        }
        catch (PostgresException fault)
        {
            throw Explained(fault, command.CommandText);
        }
    }

    async ValueTask<int> Execute(NpgsqlCommand command)
    {
        await Flush();
        try
        {
            await using (command) return await command.ExecuteNonQueryAsync(stop);
        }
        catch (PostgresException fault)
        {
            throw Explained(fault, command.CommandText);
        }
    }

    public override ValueTask BulkInsert(string table, string[] columns, Array[] data, bool ignoreConflicts = false)
    {
        Wait($"INSERT INTO {table} ({string.Join(", ", columns)}) SELECT * FROM unnest({Arrays(data)}){(ignoreConflicts ? " ON CONFLICT DO NOTHING" : "")}", data);
        return ValueTask.CompletedTask;
    }

    public override ValueTask BulkDelete(string table, string[] columns, Array[] data)
    {
        Wait($"DELETE FROM {table} USING unnest({Arrays(data)}) AS gone ({string.Join(", ", columns)}) WHERE {string.Join(" AND ", columns.Select(column => $"{table}.{column} = gone.{column}"))}", data);
        return ValueTask.CompletedTask;
    }

    public override async ValueTask Flush()
    {
        if (waiting.Count == 0) return;
        await using var batch = new NpgsqlBatch(connection);
        foreach (var command in waiting) batch.BatchCommands.Add(command);
        waiting.Clear();
        try
        {
            await batch.ExecuteNonQueryAsync(stop);
        }
        catch (PostgresException fault)
        {
            throw Explained(fault, fault.BatchCommand?.CommandText ?? "batch");
        }
    }

    void Wait(string sql, Array[] data)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var column in data) command.Parameters.Add(new NpgsqlParameter { Value = column, NpgsqlDbType = NpgsqlDbType.Array | ElementType(column) });
        waiting.Add(command);
    }

    static string Arrays(Array[] data) => string.Join(", ", data.Select((column, i) => $"${i + 1}::{ElementType(column) switch
    {
        NpgsqlDbType.Bigint => "bigint[]",
        NpgsqlDbType.Integer => "integer[]",
        NpgsqlDbType.Bytea => "bytea[]",
        _ => "text[]",
    }}"));

    static NpgsqlDbType ElementType(Array column) => column switch
    {
        long[] => NpgsqlDbType.Bigint,
        int[] => NpgsqlDbType.Integer,
        string?[] => NpgsqlDbType.Text,
        byte[]?[] => NpgsqlDbType.Bytea,
        _ => throw new ArgumentException($"A column of the type {column.GetType()}; long[], int[], string[] or byte[][] was expected.", nameof(column)),
    };

    NpgsqlCommand Command(string sql, ReadOnlySpan<SqlValue> values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(value switch
            {
                { IsNull: true } => new NpgsqlParameter { Value = DBNull.Value },
                { Object: null } => new NpgsqlParameter<long> { TypedValue = value.Integer },
                { Object: string text } => new NpgsqlParameter<string> { TypedValue = text, NpgsqlDbType = NpgsqlDbType.Text },
                { Object: byte[] bytes } => new NpgsqlParameter<byte[]> { TypedValue = bytes },
                { Object: long[] integers } => new NpgsqlParameter<long[]> { TypedValue = integers },
                _ => throw new ArgumentException($"A parameter of the type {value.Object.GetType()}.", nameof(values)),
            });
        return command;
    }

    static Exception Explained(PostgresException fault, string sql) => fault.SqlState == PostgresErrorCodes.QueryCanceled
        ? new OperationCanceledException("The query was stopped.", fault)
        : new StorageException($"PostgreSQL: {fault.MessageText} ({fault.SqlState}) in: {sql}", fault);
}

/// <summary>Rows of a reader.</summary>
sealed class PostgreSqlRows(NpgsqlCommand command, NpgsqlDataReader reader, CancellationToken stop) : Rows
{
    public override ValueTask<bool> Read() => new(reader.ReadAsync(stop));
    public override long Int64(int column) => reader.IsDBNull(column) ? 0 : reader.GetFieldType(column) == typeof(int) ? reader.GetInt32(column) : reader.GetInt64(column);
    public override string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
    public override ReadOnlySpan<byte> Bytes(int column) => reader.IsDBNull(column) ? default : reader.GetFieldValue<byte[]>(column);
    public override bool IsNull(int column) => reader.IsDBNull(column);

    public override async ValueTask DisposeAsync()
    {
        await reader.DisposeAsync();
        await command.DisposeAsync();
    }
}
