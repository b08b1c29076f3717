using System.Data.Common;
using System.Net;
using Npgsql;

namespace Tervik.Storage.PostgreSql;

/// <summary>Which connections to PostgreSQL are encrypted, whose certificate they believe, and what the node shows of itself.</summary>
static class ConnectionSecurity
{
    /// <summary>A connection to another machine is encrypted to a server that shows its name's certificate, unless its string says how, and no password is sent over it: the node shows a certificate of its own.</summary>
    /// <param name="connection">Gets <c>SSL Mode=VerifyFull</c> where it names none, and <c>Require Auth=None</c>: a server that asks for a password gets none.</param>
    /// <param name="isUnprotectedAllowed">The operator takes it on themselves that nobody else is on the line.</param>
    /// <exception cref="StorageException">The string asks for less than a certificate that is verified, or a password is given.</exception>
    public static void Demand(NpgsqlConnectionStringBuilder connection, bool isUnprotectedAllowed)
    {
        if (HostsOf(connection).All(IsLocal)) return;
        if (!isUnprotectedAllowed)
        {
            if (PasswordOf(connection) is { } where)
                throw new StorageException($"The connection to PostgreSQL on another machine ({connection.Host}) has a password ({where}): it stays the same until somebody changes it, and opens the database to whoever reads it. Let the node show a certificate instead (SSL Certificate and SSL Key, which your authority renews; cert in pg_hba.conf); the setting insecureDatabase=true allows it as it is.");
            connection.RequireAuth = "None";
        }
        // What the operator wrote: the builder itself always has a value.
        var written = new DbConnectionStringBuilder { ConnectionString = connection.ConnectionString };
        if (!written.Keys!.Cast<string>().Any(key => key.Replace(" ", "", StringComparison.Ordinal).Equals("sslmode", StringComparison.OrdinalIgnoreCase))) connection.SslMode = SslMode.VerifyFull;
        else if (connection.SslMode < SslMode.VerifyCA && !isUnprotectedAllowed)
            throw new StorageException($"The connection to PostgreSQL on another machine ({connection.Host}) has SSL Mode={connection.SslMode}: it may be read, or answered by somebody else, on the way. Leave SSL Mode away (VerifyFull) or set VerifyCA with Root Certificate; the setting insecureDatabase=true allows it as it is.");
    }

    /// <summary>Where a password is given; null when none is.</summary>
    static string? PasswordOf(NpgsqlConnectionStringBuilder connection) => !string.IsNullOrEmpty(connection.Password) ? "Password" : !string.IsNullOrEmpty(connection.Passfile) ? "Passfile"
        : ((string[])["PGPASSWORD", "PGPASSFILE"]).FirstOrDefault(name => Environment.GetEnvironmentVariable(name) is { Length: > 0 });

    static string[] HostsOf(NpgsqlConnectionStringBuilder connection) => (connection.Host ?? Environment.GetEnvironmentVariable("PGHOST") ?? "localhost").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A socket in the file system, or loopback; a port may follow.</summary>
    static bool IsLocal(string host)
    {
        if (host[0] is '/' or '@') return true;
        if (IPEndPoint.TryParse(host, out var address)) return IPAddress.IsLoopback(address.Address);
        return host.Split(':')[0].Equals("localhost", StringComparison.OrdinalIgnoreCase);
    }
}
