using System.Data;
using Npgsql;

namespace Tervik.Storage.PostgreSql;

/// <summary>PostgreSQL 15 or later. Writers of one room take turns (an advisory lock held by each write transaction), so that the order of commits is total there too.</summary>
sealed class PostgreSqlDatabase : Database
{
    readonly NpgsqlDataSource source;
    readonly SemaphoreSlim turn = new(1);
    readonly long room;

    PostgreSqlDatabase(NpgsqlDataSource source, long room) => (this.source, this.room) = (source, room);

    /// <param name="options">Where it is.</param>
    /// <param name="room">Name of the lock of its writers.</param>
    /// <param name="stop">Stops the attempt.</param>
    public static async Task<PostgreSqlDatabase> Connect(DatabaseOptions options, string room, CancellationToken stop)
    {
        NpgsqlDataSource? source = null;
        try
        {
            var connection = new NpgsqlConnectionStringBuilder(options.Connection)
            {
                MaxAutoPrepare = 500,
                AutoPrepareMinUsages = 2,
                MaxPoolSize = options.Readers + 4,
                NoResetOnClose = true,
                ApplicationName = "tervik",
            };
            ConnectionSecurity.Demand(connection, options.IsUnprotectedAllowed);
            // Our statements say in which order they are to be run: planning them anew for each value costs more than running them.
            connection.Options ??= "-c plan_cache_mode=force_generic_plan -c jit=off";
            source = new NpgsqlSlimDataSourceBuilder(connection.ConnectionString).EnableArrays().EnableTransportSecurity().Build();
            await using var first = await source.OpenConnectionAsync(stop);
            if (first.PostgreSqlVersion.Major < 15)
                throw new StorageException($"PostgreSQL {first.PostgreSqlVersion} answers; 15 or later is needed.");
            return new(source, BitConverter.ToInt64(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes("tervik:" + room))));
        }
        catch (Exception fault) when (fault is NpgsqlException or ArgumentException)
        {
            if (source is not null) await source.DisposeAsync();
            throw new StorageException($"Cannot connect to PostgreSQL: {fault.Message} Check the connection string and that the server runs.", fault);
        }
    }

    public override Dialect Dialect { get; } = new(Engine.PostgreSql);

    public override async ValueTask<T> Read<T>(Func<Session, ValueTask<T>> work, CancellationToken stop)
    {
        await using var connection = await source.OpenConnectionAsync(stop);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, stop);
        return await work(new PostgreSqlSession(connection, Dialect, stop));
    }

    public override async ValueTask<T> ReadOnce<T>(Func<Session, ValueTask<T>> work, CancellationToken stop)
    {
        await using var connection = await source.OpenConnectionAsync(stop);
        return await work(new PostgreSqlSession(connection, Dialect, stop));
    }

    public override async Task<T> Write<T>(Func<Session, ValueTask<T>> work, CancellationToken stop)
    {
        await turn.WaitAsync(stop);
        try
        {
            await using var connection = await source.OpenConnectionAsync(stop);
            await using var transaction = await connection.BeginTransactionAsync(stop);
            var session = new PostgreSqlSession(connection, Dialect, stop);
            await session.Execute("SELECT pg_advisory_xact_lock($1)", room);
            var result = await work(session);
            await session.Flush();
            await transaction.CommitAsync(stop);
            return result;
        }
        finally
        {
            turn.Release();
        }
    }

    public override async Task Analyze(CancellationToken stop)
    {
        await using var connection = await source.OpenConnectionAsync(stop);
        await using var command = new NpgsqlCommand("ANALYZE", connection);
        await command.ExecuteNonQueryAsync(stop);
    }

    public override async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        turn.Dispose();
    }
}
