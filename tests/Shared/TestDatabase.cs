using Tervik.Storage;

namespace Tervik.Tests;

/// <summary>An empty place for a database on either engine; the same tests run on both.</summary>
public sealed class TestDatabase : IDisposable
{
    /// <summary>One per test run.</summary>
    static readonly Lazy<PostgreSqlCluster?> Cluster = new(() => PostgreSqlCluster.Start(isDurable: false));

    readonly string? folder;

    TestDatabase(string connection, string? folder) => (Connection, this.folder) = (connection, folder);

    /// <summary>What <see cref="DatabaseOptions"/> takes.</summary>
    public string Connection { get; }

    /// <summary>A new one. Skips the test where PostgreSQL is asked for and not installed.</summary>
    public static TestDatabase Create(Engine engine)
    {
        if (engine == Engine.PostgreSql)
        {
            if (Cluster.Value is null) Assert.Skip("PostgreSQL 15 or later is not installed (Debian: postgresql).");
            return new(Cluster.Value.NewDatabase(), null);
        }
        var folder = Directory.CreateTempSubdirectory("tervik-").FullName;
        return new(Path.Combine(folder, "test.db"), folder);
    }

    /// <summary>Opens it.</summary>
    public Task<Database> Open(Migrations migrations) => Database.Open(new(Connection), migrations, TestContext.Current.CancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (folder is not null) Directory.Delete(folder, recursive: true);
    }
}
