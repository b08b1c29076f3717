using Tervik.Storage;

namespace Tervik.Tests;

/// <summary>An empty place for a database on either engine; the same tests run on both.</summary>
public sealed class TestDatabase : IDisposable
{
    readonly string? folder;

    TestDatabase(string connection, string? folder) => (Connection, this.folder) = (connection, folder);

    /// <summary>What <see cref="DatabaseOptions"/> takes.</summary>
    public string Connection { get; }

    /// <summary>A new one. Skips the test where PostgreSQL is asked for and not installed.</summary>
    public static TestDatabase Create(Engine engine)
    {
        if (engine == Engine.PostgreSql) return new(PostgreSqlCluster.NewDatabase(), null);
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
