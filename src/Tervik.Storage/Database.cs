using Tervik.Storage.PostgreSql;
using Tervik.Storage.Sealing;
using Tervik.Storage.Sqlite;

namespace Tervik.Storage;

/// <summary>How to open a database.</summary>
/// <param name="Connection">A PostgreSQL connection string (<c>Host=…</c>), or the path of an SQLite file.</param>
/// <param name="Readers">Pooled read connections.</param>
public sealed record DatabaseOptions(string Connection, int Readers = 8)
{
    /// <summary>Page cache of the writing connection in MB (SQLite).</summary>
    public int WriterCacheMb { get; init; } = 64;
    /// <summary>Page cache of each reading connection in MB (SQLite).</summary>
    public int ReaderCacheMb { get; init; } = 8;

    /// <summary>File system of SQLite that encrypts the database (<see cref="Sealing.Vault.FileSystemOf"/>); null for a plain one.</summary>
    public string? FileSystem { get; init; }

    /// <summary>Whether a connection to PostgreSQL on another machine may be one that others on the line can read or answer, or begin with a password.</summary>
    public bool IsUnprotectedAllowed { get; init; }

    /// <summary>Which database <see cref="Connection"/> names.</summary>
    public Engine Engine => Connection.Contains("Host=", StringComparison.OrdinalIgnoreCase) ? Engine.PostgreSql : Engine.Sqlite;
}

/// <summary>A database with one writer at a time and pooled readers. SQLite: WAL, synchronous=FULL, checkpoints from a connection of their own.</summary>
public abstract class Database : IAsyncDisposable
{
    /// <summary>Which database this is.</summary>
    public Engine Engine => Dialect.Engine;
    /// <summary>The differences in SQL.</summary>
    public abstract Dialect Dialect { get; }

    /// <summary>Opens (SQLite: creates) the database and applies <paramref name="migrations"/> that are missing.</summary>
    /// <exception cref="StorageException">It cannot be opened, or an applied migration was changed; the message says what to do.</exception>
    public static async Task<Database> Open(DatabaseOptions options, Migrations migrations, CancellationToken stop)
    {
        Database database = options.Engine == Engine.Sqlite ? new SqliteDatabase(options) : await PostgreSqlDatabase.Connect(options, migrations.Room, stop);
        try
        {
            await migrations.Apply(database, stop);
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes an encrypted copy of a plain SQLite database beside it, and puts it in its place. Nobody else may have it open.</summary>
    /// <param name="path">The database.</param>
    /// <param name="key">Of the database (<see cref="Sealing.Vault.KeyOf"/>).</param>
    /// <returns>False when it was encrypted already, or there is none.</returns>
    public static bool Seal(string path, byte[] key)
    {
        var head = new byte[SqliteDatabase.PlainHead.Length];
        if (!File.Exists(path)) return false;
        using (var file = File.OpenRead(path))
            if (file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length || !SqliteDatabase.PlainHead.SequenceEqual(head)) return false;
        var (room, copy) = (path + ".room", path + ".sealed");
        File.Delete(room);
        using (var plain = new SqliteConnection(new(path), cacheMb: 16, writes: true)) plain.CopyWithRoom(room);
        SealedFiles.Encrypt(room, copy, key);
        File.Delete(room);
        File.Move(copy, path, overwrite: true);
        Folders.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
        return true;
    }

    /// <summary>Refuses when somebody has this encrypted SQLite database open.</summary>
    /// <param name="path">The database; nothing is asked of one that is not there.</param>
    /// <param name="key">Key it has.</param>
    /// <exception cref="StorageException">Somebody has.</exception>
    public static void DemandAlone(string path, byte[] key)
    {
        if (!File.Exists(path)) return;
        using var connection = new SqliteConnection(new(path) { FileSystem = SealedFiles.Register(key) }, cacheMb: 1, writes: true, alone: true);
        connection.Run("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    /// <summary>Writes a copy of an encrypted SQLite database, encrypted with another key, and puts it in its place.</summary>
    /// <param name="path">The database.</param>
    /// <param name="before">Key it has.</param>
    /// <param name="key">Key it gets.</param>
    /// <returns>False when it has that one already, or there is none.</returns>
    /// <exception cref="StorageException">Somebody has it open, or neither key opens it.</exception>
    public static bool Reseal(string path, byte[] before, byte[] key)
    {
        if (!File.Exists(path) || SealedFiles.IsEncryptedWith(path, key)) return false;
        DemandAlone(path, before);
        var copy = path + ".sealed";
        SealedFiles.Encrypt(path, copy, key, before);
        File.Move(copy, path, overwrite: true);
        Folders.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
        return true;
    }

    /// <summary>Runs <paramref name="work"/> on a pooled connection, in one read snapshot.</summary>
    public abstract ValueTask<T> Read<T>(Func<Session, ValueTask<T>> work, CancellationToken stop);

    /// <summary>The same without a transaction around it, for work of one statement: on PostgreSQL one round trip instead of two.</summary>
    public abstract ValueTask<T> ReadOnce<T>(Func<Session, ValueTask<T>> work, CancellationToken stop);

    /// <summary>Runs <paramref name="work"/> alone in a write transaction.</summary>
    /// <returns>Its result, once durable. When <paramref name="work"/> throws, nothing is written.</returns>
    public abstract Task<T> Write<T>(Func<Session, ValueTask<T>> work, CancellationToken stop);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    /// <summary>After much was written: lets the planner know how large the tables have become. PostgreSQL does so by itself, but minutes late; SQLite needs no figures for our statements.</summary>
    public virtual Task Analyze(CancellationToken stop) => Task.CompletedTask;
}

/// <summary>The database cannot do what was asked; the message is for the operator.</summary>
public sealed class StorageException(string message, Exception? cause = null) : Exception(message, cause);
