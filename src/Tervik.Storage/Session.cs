namespace Tervik.Storage;

/// <summary>One connection inside one transaction. SQL is the common subset of SQLite and PostgreSQL with parameters <c>$1</c>, <c>$2</c> …;
/// statements are prepared once per connection and kept, so pass constant texts.</summary>
/// <remarks>On SQLite every task completes synchronously. A session is used by one caller at a time.</remarks>
public abstract class Session
{
    /// <summary>Where this session runs; the few differences in SQL are asked of <see cref="Storage.Dialect"/>.</summary>
    public abstract Dialect Dialect { get; }

    /// <summary>Runs a query. Dispose the rows before the next statement of this session.</summary>
    public abstract ValueTask<Rows> Query(string sql, params ReadOnlySpan<SqlValue> values);

    /// <summary>Runs a statement.</summary>
    /// <returns>The number of rows changed.</returns>
    public abstract ValueTask<int> Execute(string sql, params ReadOnlySpan<SqlValue> values);

    /// <summary>Inserts many rows, given by column; each column is a <c>long[]</c>, <c>string?[]</c>, <c>byte[]?[]</c> or <c>int[]</c> of the same length.
    /// SQLite: one prepared statement, in the order given (sort beforehand). PostgreSQL: <c>unnest</c>, one round trip for all that waits at the next <see cref="Flush"/>.</summary>
    /// <param name="table">Table name.</param>
    /// <param name="columns">Column names, in the order of <paramref name="data"/>.</param>
    /// <param name="data">One array per column.</param>
    /// <param name="ignoreConflicts">Leaves rows whose key exists already as they are.</param>
    public abstract ValueTask BulkInsert(string table, string[] columns, Array[] data, bool ignoreConflicts = false);

    /// <summary>Deletes the rows whose <paramref name="columns"/> equal the given values, row by row; shapes as in <see cref="BulkInsert"/>.</summary>
    public abstract ValueTask BulkDelete(string table, string[] columns, Array[] data);

    /// <summary>Sends what is still queued (PostgreSQL). Queries flush by themselves.</summary>
    public abstract ValueTask Flush();
}

/// <summary>The answer of a query, row by row. Values are read by column position; a span is valid until the next <see cref="Read"/>.</summary>
public abstract class Rows : IAsyncDisposable
{
    /// <summary>Moves to the next row.</summary>
    /// <returns>False after the last.</returns>
    public abstract ValueTask<bool> Read();
    /// <summary>A 64-bit integer; 0 when null.</summary>
    public abstract long Int64(int column);
    /// <summary>A text; null when null.</summary>
    public abstract string? Text(int column);
    /// <summary>Bytes; empty when null.</summary>
    public abstract ReadOnlySpan<byte> Bytes(int column);
    /// <summary>Whether the value is null.</summary>
    public abstract bool IsNull(int column);
    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}

/// <summary>A parameter: null, an integer, a text, bytes, or an array of integers (for <see cref="Dialect.InArray"/>).</summary>
public readonly struct SqlValue
{
    /// <summary>The integer when <see cref="Object"/> is null and <see cref="IsNull"/> is false.</summary>
    public long Integer { get; }
    /// <summary>A string, a byte[] or a long[]; null for integers and for null.</summary>
    public object? Object { get; }
    /// <summary>Whether this is SQL null.</summary>
    public bool IsNull { get; }

    SqlValue(long integer, object? value, bool isNull) => (Integer, Object, IsNull) = (integer, value, isNull);

    /// <summary>SQL null.</summary>
    public static SqlValue Null => new(0, null, isNull: true);
    /// <summary>An integer.</summary>
    public static implicit operator SqlValue(long value) => new(value, null, isNull: false);
    /// <summary>A text, or null.</summary>
    public static implicit operator SqlValue(string? value) => new(0, value, value is null);
    /// <summary>Bytes, or null.</summary>
    public static implicit operator SqlValue(byte[]? value) => new(0, value, value is null);
    /// <summary>Integers as one parameter.</summary>
    public static implicit operator SqlValue(long[] value) => new(0, value, isNull: false);
}
