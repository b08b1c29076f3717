using System.Collections.Concurrent;

namespace Tervik.Storage.Sqlite;

/// <summary>SQLite in WAL mode: one connection writes on a thread of its own (an fsync must not hold a thread of the pool), pooled connections read, and another one moves the log into the file.</summary>
sealed class SqliteDatabase : Database
{
    /// <summary>From this size of the log on, its pages are copied into the file, beside the writer.</summary>
    const long CheckpointBytes = 16 << 20;
    /// <summary>From this size on, the writer waits until the log can start from its beginning again.</summary>
    const long RestartBytes = 128 << 20;

    readonly DatabaseOptions options;
    readonly SqliteSession writer;
    readonly SqliteConnection checkpointer;
    readonly BlockingCollection<Action> writes = [];
    readonly Thread writing;
    readonly ConcurrentBag<SqliteSession> idle = [];
    readonly SemaphoreSlim readers;
    readonly FileInfo log;
    Task checkpointing = Task.CompletedTask;

    public SqliteDatabase(DatabaseOptions options)
    {
        this.options = options;
        if (Path.GetDirectoryName(Path.GetFullPath(options.Connection)) is { } folder) Directory.CreateDirectory(folder);
        writer = new(new SqliteConnection(options.Connection, options.WriterCacheMb, writes: true), Dialect);
        checkpointer = new(options.Connection, cacheMb: 1, writes: true);
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
        log.Refresh();
        if (!log.Exists || log.Length < CheckpointBytes) return;
        if (log.Length > RestartBytes)
        {
            checkpointing.Wait();
            writer.Connection.Checkpoint(restart: true);
        }
        else if (checkpointing.IsCompleted)
            checkpointing = Task.Run(() => checkpointer.Checkpoint(restart: false));
    }

    async ValueTask<SqliteSession> Take(CancellationToken stop)
    {
        await readers.WaitAsync(stop);
        if (idle.TryTake(out var session)) return session;
        try
        {
            return new(new SqliteConnection(options.Connection, options.ReaderCacheMb, writes: false), Dialect);
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
        await checkpointing;
        while (idle.TryTake(out var session)) session.Connection.Dispose();
        checkpointer.Dispose();
        writer.Connection.Dispose();
        writes.Dispose();
        readers.Dispose();
    }
}
