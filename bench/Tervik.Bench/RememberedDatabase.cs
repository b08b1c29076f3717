using System.Collections.Concurrent;
using System.Text;
using Tervik.Storage;

namespace Tervik.Bench;

/// <summary>A store whose reads are stubbed out: what a statement answered the first time, it answers from memory ever after. What a page costs beyond that is the store's.</summary>
sealed class RememberedDatabase(Database inner) : Database
{
    readonly ConcurrentDictionary<string, List<Dictionary<(int Column, char Kind), object?>>> answers = new(StringComparer.Ordinal);

    sealed class NotRememberedException : Exception;

    public override Dialect Dialect => inner.Dialect;

    public override async ValueTask<T> Read<T>(Func<Session, ValueTask<T>> work, CancellationToken stop)
    {
        try
        {
            return await work(new StubSession(this, live: null));
        }
        catch (NotRememberedException)
        {
            return await inner.Read(session => work(new StubSession(this, session)), stop);
        }
    }

    public override ValueTask<T> ReadOnce<T>(Func<Session, ValueTask<T>> work, CancellationToken stop) => Read(work, stop);

    public override Task<T> Write<T>(Func<Session, ValueTask<T>> work, CancellationToken stop) => inner.Write(work, stop);

    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    static string Key(string sql, ReadOnlySpan<SqlValue> values)
    {
        var key = new StringBuilder(sql);
        foreach (var value in values)
            key.Append('|').Append(value.Object switch { null => value.IsNull ? "null" : $"{value.Integer}", long[] many => string.Join(',', many), byte[] bytes => Convert.ToHexString(bytes), var text => text });
        return key.ToString();
    }

    sealed class StubSession(RememberedDatabase database, Session? live) : Session
    {
        public override Dialect Dialect => database.Dialect;

        public override ValueTask<Rows> Query(string sql, params ReadOnlySpan<SqlValue> values)
        {
            var key = Key(sql, values);
            if (live is null) return database.answers.TryGetValue(key, out var known) ? new(new StubRows(known, live: null)) : throw new NotRememberedException();
            return Record(key, live.Query(sql, values));
        }

        async ValueTask<Rows> Record(string key, ValueTask<Rows> answer) => new StubRows(database.answers[key] = [], await answer);

        public override ValueTask<int> Execute(string sql, params ReadOnlySpan<SqlValue> values) => throw new NotSupportedException("A read does not write.");
        public override ValueTask BulkInsert(string table, string[] columns, Array[] data, bool ignoreConflicts = false) => throw new NotSupportedException("A read does not write.");
        public override ValueTask BulkDelete(string table, string[] columns, Array[] data) => throw new NotSupportedException("A read does not write.");
        public override ValueTask Flush() => ValueTask.CompletedTask;
    }

    /// <summary>Rows that are noted while they are read for the first time, or come from those notes.</summary>
    sealed class StubRows(List<Dictionary<(int Column, char Kind), object?>> notes, Rows? live) : Rows
    {
        int row = -1;

        public override async ValueTask<bool> Read()
        {
            row++;
            if (live is null) return row < notes.Count;
            if (!await live.Read()) return false;
            notes.Add([]);
            return true;
        }

        T Of<T>(int column, char kind, Func<Rows, T> read)
        {
            if (live is not null) notes[row][(column, kind)] = read(live);
            return (T)notes[row][(column, kind)]!;
        }

        public override long Int64(int column) => Of(column, 'i', rows => rows.Int64(column));
        public override string? Text(int column) => Of(column, 't', rows => rows.Text(column));
        public override ReadOnlySpan<byte> Bytes(int column) => Of(column, 'b', rows => rows.Bytes(column).ToArray());
        public override bool IsNull(int column) => Of(column, 'n', rows => rows.IsNull(column));
        public override ValueTask DisposeAsync() => live?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
