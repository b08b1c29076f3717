using System.Globalization;
using System.Runtime.InteropServices;
using SQLitePCL;
using Tervik.Storage.Sealing;

namespace Tervik.Storage.Sqlite;

/// <summary>One native connection and the statements prepared on it. Used by one thread at a time.</summary>
sealed class SqliteConnection : IDisposable
{
    /// <summary>When more statements than this have been prepared, all are dropped: the texts are constant, so this happens only to a caller who breaks the rule.</summary>
    const int MostStatements = 1000;
    const int StatementJournalSpill = 26; // SQLITE_CONFIG_STMTJRNL_SPILL

    static SqliteConnection()
    {
        Batteries_V2.Init();
        raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0); // nobody asks for them, and each allocation would take a lock for them
        raw.sqlite3_config(StatementJournalSpill, -1); // what undoes a half-done statement stays in memory
    }

    readonly sqlite3 handle;
    readonly Dictionary<string, SqliteStatement> statements = [];

    /// <param name="options">Which database.</param>
    /// <param name="cacheMb">Memory for pages.</param>
    /// <param name="writes">Whether it may.</param>
    /// <param name="alone">Refused when somebody else has it open.</param>
    public SqliteConnection(DatabaseOptions options, int cacheMb, bool writes, bool alone = false)
    {
        var path = options.Connection;
        var flags = raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_NOMUTEX | (writes ? raw.SQLITE_OPEN_CREATE : 0);
        var code = raw.sqlite3_open_v2(path, out handle, flags, options.FileSystem);
        if (raw.sqlite3_extended_errcode(handle) == SealedFiles.BadData) throw Unreadable(path);
        if (code != raw.SQLITE_OK) throw new StorageException($"Cannot open {path}: {raw.sqlite3_errmsg(handle).utf8_to_string()}. Check that the folder exists and that this user may write to it.");
        raw.sqlite3_db_config(handle, raw.SQLITE_DBCONFIG_ENABLE_QPSG, 1, out _); // otherwise new values have a statement prepared again
        Run("PRAGMA busy_timeout = 10000");
        Run("PRAGMA page_size = 4096");
        if (alone)
        {
            Run("PRAGMA locking_mode = EXCLUSIVE");
            Run("PRAGMA busy_timeout = 0");
        }
        if (options.FileSystem is not null && !(File.Exists(path) && new FileInfo(path).Length > 0))
        {
            SealedFiles.LeaveRoom(handle);
            Run("PRAGMA journal_mode = MEMORY"); // for the first page, which is written before there is a log
        }
        Run("PRAGMA journal_mode = WAL");
        Run("PRAGMA synchronous = FULL");
        Run("PRAGMA wal_autocheckpoint = 0");
        Run("PRAGMA temp_store = MEMORY");
        Run(string.Create(CultureInfo.InvariantCulture, $"PRAGMA cache_size = -{cacheMb * 1024}"));
        if (!writes) Run("PRAGMA query_only = ON");
    }

    /// <summary>Runs a statement without parameters or rows.</summary>
    public void Run(string sql)
    {
        var statement = Prepare(sql);
        while (statement.Step()) { }
        statement.Reset();
    }

    /// <summary>Copies all into a new plain database whose pages have room for what encryption adds.</summary>
    public void CopyWithRoom(string path)
    {
        SealedFiles.LeaveRoom(handle);
        Prepare("VACUUM INTO $1").Start([path]).StepAgain();
    }

    public SqliteStatement Prepare(string sql)
    {
        if (statements.TryGetValue(sql, out var known)) return known;
        if (statements.Count >= MostStatements) Forget();
        Check(raw.sqlite3_prepare_v3(handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out var native), sql);
        var statement = new SqliteStatement(this, native, sql);
        statements.Add(sql, statement);
        return statement;
    }

    public int Changes => raw.sqlite3_changes(handle);

    /// <summary>Stops what this connection is running; called from another thread.</summary>
    public void Interrupt() => raw.sqlite3_interrupt(handle);

    /// <summary>Copies pages of the log into the database file.</summary>
    /// <returns>Whether all of the log was copied.</returns>
    public bool Checkpoint(bool restart)
    {
        var mode = restart ? raw.SQLITE_CHECKPOINT_RESTART : raw.SQLITE_CHECKPOINT_PASSIVE;
        var code = raw.sqlite3_wal_checkpoint_v2(handle, null!, mode, out var inLog, out var copied);
        if (code is raw.SQLITE_BUSY or raw.SQLITE_LOCKED) return false;
        Check(code, "checkpoint");
        return inLog == copied;
    }

    /// <summary>Pages this connection has written since the last call.</summary>
    public int PagesWritten()
    {
        raw.sqlite3_db_status(handle, raw.SQLITE_DBSTATUS_CACHE_WRITE, out var pages, out _, 1);
        return pages;
    }

    public void Check(int code, string sql)
    {
        if (code is raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE) return;
        if (code == raw.SQLITE_INTERRUPT) throw new OperationCanceledException("The query was stopped.");
        if (code == raw.SQLITE_NOTADB || raw.sqlite3_extended_errcode(handle) == SealedFiles.BadData) throw Unreadable(raw.sqlite3_db_filename(handle, "main").utf8_to_string());
        if (code == raw.SQLITE_BUSY) throw new StorageException($"{raw.sqlite3_db_filename(handle, "main").utf8_to_string()} is in use by another program, and it did not let go in time: {sql}");
        throw new StorageException($"SQLite: {raw.sqlite3_errmsg(handle).utf8_to_string()} ({code}) in: {sql}");
    }

    static StorageException Unreadable(string path) =>
        new($"{path} cannot be decrypted: it was changed, or is encrypted with another key than the setting keys names, or is plain where that setting is given (encrypted where it is not).");

    void Forget()
    {
        foreach (var statement in statements.Values) statement.Dispose();
        statements.Clear();
    }

    public void Dispose()
    {
        Forget();
        handle.Dispose();
    }
}

/// <summary>A prepared statement; also the rows of its running query.</summary>
sealed class SqliteStatement : Rows
{
    readonly SqliteConnection connection;
    readonly sqlite3_stmt native;
    readonly string sql;
    /// <summary>Position of <c>$n</c> at SQLite, which numbers named parameters in order of appearance; 0 when the text does not use it.</summary>
    readonly int[] positions;
    bool running;

    public SqliteStatement(SqliteConnection connection, sqlite3_stmt native, string sql)
    {
        (this.connection, this.native, this.sql) = (connection, native, sql);
        var highest = 0;
        for (var position = 1; position <= raw.sqlite3_bind_parameter_count(native); position++)
            highest = Math.Max(highest, Number(position));
        positions = new int[highest];
        for (var position = 1; position <= raw.sqlite3_bind_parameter_count(native); position++)
            positions[Number(position) - 1] = position;
    }

    int Number(int position) => int.Parse(raw.sqlite3_bind_parameter_name(native, position).utf8_to_string().AsSpan(1), CultureInfo.InvariantCulture);

    /// <summary>Takes the statement for a run with these values.</summary>
    public SqliteStatement Start(ReadOnlySpan<SqlValue> values)
    {
        if (running) throw new InvalidOperationException($"The rows of this statement are still open: {sql}");
        if (values.Length < positions.Length) throw new InvalidOperationException($"{positions.Length} values expected, {values.Length} given: {sql}");
        running = true;
        for (var i = 0; i < positions.Length; i++)
            if (positions[i] != 0) Bind(positions[i], values[i]);
        return this;
    }

    void Bind(int position, in SqlValue value)
    {
        if (value.IsNull) raw.sqlite3_bind_null(native, position);
        else switch (value.Object)
        {
            case null: BindInt64(position, value.Integer); break;
            case string text: raw.sqlite3_bind_text(native, position, text); break;
            case byte[] bytes: BindBytes(position, bytes); break;
            case long[] integers: raw.sqlite3_bind_text(native, position, JsonArray(integers)); break;
        }
    }

    public void BindInt64(int position, long value) => raw.sqlite3_bind_int64(native, position, value);

    public void BindText(int position, string? value)
    {
        if (value is null) raw.sqlite3_bind_null(native, position);
        else raw.sqlite3_bind_text(native, position, value);
    }

    public void BindBytes(int position, byte[]? value)
    {
        if (value is null) raw.sqlite3_bind_null(native, position);
        else if (value.Length == 0) raw.sqlite3_bind_zeroblob(native, position, 0);
        else raw.sqlite3_bind_blob(native, position, value);
    }

    /// <summary>SQLite has no array parameters; json_each unfolds this one.</summary>
    // Not string.Join over the numbers: it writes the minus sign of the operator's locale.
    static string JsonArray(long[] integers) => $"[{string.Join(',', integers.Select(integer => integer.ToString(CultureInfo.InvariantCulture)))}]";

    /// <returns>Whether there is a row.</returns>
    public bool Step()
    {
        var code = raw.sqlite3_step(native);
        if (code == raw.SQLITE_ROW) return true;
        if (code != raw.SQLITE_DONE)
        {
            Reset();
            connection.Check(code, sql);
        }
        return false;
    }

    /// <summary>Ends the run; bindings stay until the next one overwrites them.</summary>
    public void Reset()
    {
        raw.sqlite3_reset(native);
        running = false;
    }

    /// <summary>Steps and makes ready for the next row of values of a bulk run.</summary>
    public void StepAgain()
    {
        var code = raw.sqlite3_step(native);
        raw.sqlite3_reset(native);
        if (code == raw.SQLITE_DONE) return;
        running = false;
        connection.Check(code == raw.SQLITE_ROW ? raw.SQLITE_MISUSE : code, sql);
    }

    public override ValueTask<bool> Read() => new(Step());
    public override long Int64(int column) => raw.sqlite3_column_int64(native, column);
    public override string? Text(int column) => raw.sqlite3_column_text(native, column).utf8_to_string();
    public override ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(native, column);
    public override bool IsNull(int column) => raw.sqlite3_column_type(native, column) == raw.SQLITE_NULL;

    public override ValueTask DisposeAsync()
    {
        Reset();
        return ValueTask.CompletedTask;
    }

    public void Dispose() => native.Dispose();
}
