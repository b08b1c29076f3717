namespace Tervik.Storage;

/// <summary>How to open a database.</summary>
/// <param name="Connection">A PostgreSQL connection string (<c>Host=…</c>), or the path of an SQLite file.</param>
/// <param name="Readers">Pooled read connections.</param>
public sealed record DatabaseOptions(string Connection, int Readers = 8);

/// <summary>A database with one group-committing writer and pooled readers. SQLite: WAL, synchronous=FULL, checkpoints from a connection of their own.</summary>
public sealed class Database : IAsyncDisposable
{
    /// <summary>Which database this is.</summary>
    public Engine Engine => throw new NotImplementedException();
    /// <summary>The differences in SQL.</summary>
    public Dialect Dialect => throw new NotImplementedException();

    /// <summary>Opens (SQLite: creates) the database and applies <paramref name="migrations"/> that are missing.</summary>
    /// <exception cref="StorageException">It cannot be opened, or an applied migration was changed; the message says what to do.</exception>
    public static Task<Database> Open(DatabaseOptions options, Migrations migrations, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>Runs <paramref name="work"/> on a pooled connection, in one read snapshot.</summary>
    public ValueTask<T> Read<T>(Func<Session, ValueTask<T>> work, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>Runs <paramref name="work"/> alone in a write transaction.</summary>
    /// <returns>Its result, once durable. When <paramref name="work"/> throws, nothing is written.</returns>
    public Task<T> Write<T>(Func<Session, ValueTask<T>> work, CancellationToken stop) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}

/// <summary>Collects what concurrent callers submit and applies whatever waits in one write transaction: one durable commit for all of them.</summary>
/// <param name="database">Where to write.</param>
/// <param name="apply">Applies a group, in order, and returns one result per item. When it throws, the group is rolled back and its items are applied one by one, so that only the guilty one fails.</param>
/// <param name="largestGroup">At most this many items in a group.</param>
public sealed class GroupCommit<TItem, TResult>(Database database, Func<Session, IReadOnlyList<TItem>, ValueTask<TResult[]>> apply, int largestGroup) : IAsyncDisposable
{
    /// <summary>Waits until <paramref name="item"/> is durable.</summary>
    public Task<TResult> Submit(TItem item, CancellationToken stop) => throw new NotImplementedException($"{database}{apply}{largestGroup}");
    /// <summary>Applies what waits, then ends.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}

/// <summary>Numbered SQL files embedded in an assembly (<c>0001_name.sql</c>; <c>0001_name.sqlite.sql</c> and <c>0001_name.postgresql.sql</c> where they must differ), applied in order and checked by hash.</summary>
/// <param name="Room">Name under which the applied numbers are kept, such as <c>records</c>.</param>
/// <param name="Assembly">Where the files are embedded.</param>
public sealed record Migrations(string Room, System.Reflection.Assembly Assembly);

/// <summary>The database cannot do what was asked; the message is for the operator.</summary>
public sealed class StorageException(string message, Exception? cause = null) : Exception(message, cause);
