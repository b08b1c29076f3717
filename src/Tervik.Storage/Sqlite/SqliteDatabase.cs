using System.Collections.Concurrent;

namespace Tervik.Storage.Sqlite;

/// <summary>SQLite in WAL mode: one connection writes on a thread of its own (an fsync must not hold a thread of the pool), pooled connections read, and another one moves the log into the file.</summary>
sealed class SqliteDatabase : Database
{
    /// <summary>After so many pages (16 MB) the log is copied into the file, beside the writer.</summary>
    const int CheckpointPages = 4096;
    /// <summary>When the log has grown to this size, since readers were in the way, the writer waits for them.</summary>
    const long RestartBytes = 128 << 20;

    /// <summary>With what a database that is not encrypted begins.</summary>
    public static ReadOnlySpan<byte> PlainHead => "SQLite format 3\0"u8;

    readonly DatabaseOptions options;
    readonly SqliteSession writer;
    readonly SqliteConnection checkpointer;
    readonly BlockingCollection<Action> writes = [];
    readonly Thread writing;
    readonly ConcurrentBag<SqliteSession> idle = [];
    readonly SemaphoreSlim readers;
    readonly FileInfo log;
    /// <summary>Copies the log; null when none has begun since the last one was finished.</summary>
    Task? checkpointing;
    /// <summary>Written to the log since the last copying began.</summary>
    int pages;

    public SqliteDatabase(DatabaseOptions options)
    {
        this.options = options;
        if (Path.GetDirectoryName(Path.GetFullPath(options.Connection)) is { } folder) Folders.Make(folder);
        writer = new(new SqliteConnection(options, options.WriterCacheMb, writes: true), Dialect);
        checkpointer = new(options, cacheMb: 1, writes: true);
        readers = new(options.Readers);
        log = new(options.Connection + "-wal");
        writing = new(() => { foreach (var write in writes.GetConsumingEnumerable()) write(); }) { IsBackground = true, Name = "SQLite writer" };
        writing.Start();
    }

    public override Dialect Dialect { get; } = new(Engine.Sqlite);

    public override async ValueTask<T> Read<T>(Func<Session, ValueTask<T>> work, CancellationToken stop)
    {
        var session = await Take(stop);
        try
        {
            using var interruption = stop.UnsafeRegister(static connection => ((SqliteConnection)connection!).Interrupt(), session.Connection);
            session.Connection.Run("BEGIN");
            try
            {
                return await work(session);
            }
            finally
            {
                session.Connection.Run("ROLLBACK");
            }
        }
        finally
        {
            Give(session);
        }
    }

    public override async ValueTask<T> ReadOnce<T>(Func<Session, ValueTask<T>> work, CancellationToken stop)
    {
        var session = await Take(stop);
        try
        {
            using var interruption = stop.UnsafeRegister(static connection => ((SqliteConnection)connection!).Interrupt(), session.Connection);
            return await work(session);
        }
        finally
        {
            Give(session);
        }
    }

    public override Task<T> Write<T>(Func<Session, ValueTask<T>> work, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            writes.Add(() => Write(work, done), stop);
        }
        catch (InvalidOperationException closed)
        {
            throw new StorageException("Writing has ended: the program is stopping.", closed);
        }
        return done.Task;
    }

    void Write<T>(Func<Session, ValueTask<T>> work, TaskCompletionSource<T> done)
    {
        try
        {
            writer.Connection.Run("BEGIN IMMEDIATE");
            T result;
            try
            {
                var task = work(writer);
                result = task.IsCompleted ? task.GetAwaiter().GetResult() : task.AsTask().GetAwaiter().GetResult();
                writer.Connection.Run("COMMIT");
            }
            catch
            {
                writer.Connection.Run("ROLLBACK");
                throw;
            }
            done.SetResult(result);
            KeepLogShort();
        }
        catch (Exception fault)
        {
            done.TrySetException(fault);
        }
    }

    void KeepLogShort()
    {
        pages += writer.Connection.PagesWritten();
        if (checkpointing is { IsCompleted: true })
        {
            // The little that came meanwhile: when all is copied, the log starts from its beginning again.
            checkpointing = null;
            log.Refresh();
            writer.Connection.Checkpoint(restart: log.Exists && log.Length > RestartBytes);
        }
        else if (checkpointing is null && pages >= CheckpointPages)
        {
            pages = 0;
            checkpointing = Task.Run(() => checkpointer.Checkpoint(restart: false));
        }
    }

    async ValueTask<SqliteSession> Take(CancellationToken stop)
    {
        await readers.WaitAsync(stop);
        if (idle.TryTake(out var session)) return session;
        try
        {
            return new(new SqliteConnection(options, options.ReaderCacheMb, writes: false), Dialect);
        }
        catch
        {
            readers.Release();
            throw;
        }
    }

    void Give(SqliteSession session)
    {
        idle.Add(session);
        readers.Release();
    }

    public override async ValueTask DisposeAsync()
    {
        writes.CompleteAdding();
        await Task.Run(writing.Join);
        if (checkpointing is not null) await checkpointing;
        while (idle.TryTake(out var session)) session.Connection.Dispose();
        checkpointer.Dispose();
        writer.Connection.Dispose();
        writes.Dispose();
        readers.Dispose();
    }
}
