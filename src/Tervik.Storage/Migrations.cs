using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Tervik.Storage;

/// <summary>Numbered SQL files embedded in an assembly (<c>0001_name.sql</c>; <c>0001_name.sqlite.sql</c> and <c>0001_name.postgresql.sql</c> where they must differ in more than BLOB, which PostgreSQL calls BYTEA), applied in order and checked by hash.</summary>
/// <param name="Room">Name under which the applied numbers are kept, such as <c>records</c>.</param>
/// <param name="Assembly">Where the files are embedded.</param>
public sealed partial record Migrations(string Room, Assembly Assembly)
{
    sealed record Migration(int Number, string Name, string Sql)
    {
        public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql.ReplaceLineEndings("\n"))));
    }

    /// <summary>Applies, each in a transaction of its own, what <paramref name="database"/> does not have yet.</summary>
    /// <exception cref="StorageException">An applied migration was changed, or the database comes from a newer version.</exception>
    public async Task Apply(Database database, CancellationToken stop)
    {
        // A role that may not make tables uses those that another one made.
        if (!await database.Read(IsThere, stop)) await database.Write(session => session.Execute(
            "CREATE TABLE IF NOT EXISTS migration (room TEXT NOT NULL, number BIGINT NOT NULL, name TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (room, number))"), stop);
        var known = Find(database.Engine);
        var applied = await database.Read(Applied, stop);
        if (applied.Count > known.Count)
            throw new StorageException($"The database has {applied.Count} migrations of {Room}, this program knows {known.Count}: it was written by a newer version of Tervik. Start that version.");
        foreach (var migration in known)
        {
            if (applied.TryGetValue(migration.Number, out var hash))
            {
                if (hash != migration.Hash)
                    throw new StorageException($"Migration {migration.Name} of {Room} was changed after it had been applied. Restore the file, and put the change into a new migration.");
            }
            else await database.Write(session => Apply(session, migration), stop);
        }
    }

    static async ValueTask<bool> IsThere(Session session)
    {
        await using var rows = await session.Query(session.Dialect.Engine == Engine.Sqlite ? "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migration'" : "SELECT 1 WHERE to_regclass('migration') IS NOT NULL");
        return await rows.Read();
    }

    async ValueTask<Dictionary<int, string>> Applied(Session session)
    {
        var applied = new Dictionary<int, string>();
        await using var rows = await session.Query("SELECT number, hash FROM migration WHERE room = $1", Room);
        while (await rows.Read()) applied.Add((int)rows.Int64(0), rows.Text(1)!);
        return applied;
    }

    async ValueTask<int> Apply(Session session, Migration migration)
    {
        foreach (var statement in Statements(migration.Sql)) await session.Execute(statement);
        return await session.Execute("INSERT INTO migration (room, number, name, hash) VALUES ($1, $2, $3, $4)", Room, migration.Number, migration.Name, migration.Hash);
    }

    /// <summary>Our migrations hold neither triggers nor texts with a semicolon; comments are dropped first.</summary>
    static string[] Statements(string sql) =>
        string.Join('\n', sql.Split('\n').Select(line => line.IndexOf("--", StringComparison.Ordinal) is var comment and >= 0 ? line[..comment] : line))
            .Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    List<Migration> Find(Engine engine)
    {
        var others = engine == Engine.Sqlite ? ".postgresql.sql" : ".sqlite.sql";
        var found = new List<Migration>();
        foreach (var resource in Assembly.GetManifestResourceNames())
        {
            if (FileName().Match(resource) is not { Success: true, Value: var name } || name.EndsWith(others, StringComparison.Ordinal)) continue;
            using var reader = new StreamReader(Assembly.GetManifestResourceStream(resource)!);
            var sql = reader.ReadToEnd();
            // The one type that has another name; a file for one engine alone already has its own.
            if (engine == Engine.PostgreSql && !name.EndsWith(".postgresql.sql", StringComparison.Ordinal)) sql = Blob().Replace(sql, "BYTEA");
            found.Add(new(int.Parse(name.AsSpan(0, 4), CultureInfo.InvariantCulture), name, sql));
        }
        found.Sort((a, b) => a.Number.CompareTo(b.Number));
        return found;
    }

    [GeneratedRegex(@"\bBLOB\b")]
    private static partial Regex Blob();

    /// <summary>The end of a resource's name, which begins with namespace and folders.</summary>
    [GeneratedRegex(@"(?<=^|[./])\d{4}_[a-z_]+(\.[a-z]+)?\.sql$")]
    private static partial Regex FileName();
}
