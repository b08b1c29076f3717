using System.Data.Common;
using System.Net;
using Npgsql;

namespace Tervik.Storage.PostgreSql;

/// <summary>Which connections to PostgreSQL are encrypted, and whose certificate they believe.</summary>
static class ConnectionSecurity
{
    /// <summary>A connection to another machine is encrypted to a server that shows its name's certificate, unless its string says how.</summary>
    /// <param name="connection">Gets <c>SSL Mode=VerifyFull</c> where it names none.</param>
    /// <param name="isUnprotectedAllowed">The operator takes it on themselves that nobody else is on the line.</param>
    /// <exception cref="StorageException">The string asks for less than a certificate that is verified.</exception>
    public static void Demand(NpgsqlConnectionStringBuilder connection, bool isUnprotectedAllowed)
    {
        if (HostsOf(connection).All(IsLocal)) return;
        // What the operator wrote: the builder itself always has a value.
        var written = new DbConnectionStringBuilder { ConnectionString = connection.ConnectionString };
        if (!written.Keys!.Cast<string>().Any(key => key.Replace(" ", "", StringComparison.Ordinal).Equals("sslmode", StringComparison.OrdinalIgnoreCase))) connection.SslMode = SslMode.VerifyFull;
        else if (connection.SslMode < SslMode.VerifyCA && !isUnprotectedAllowed)
            throw new StorageException($"The connection to PostgreSQL on another machine ({connection.Host}) has SSL Mode={connection.SslMode}: it may be read, or answered by somebody else, on the way. Leave SSL Mode away (VerifyFull) or set VerifyCA with Root Certificate; the setting insecureDatabase=true allows it as it is.");
    }

    static string[] HostsOf(NpgsqlConnectionStringBuilder connection) => (connection.Host ?? Environment.GetEnvironmentVariable("PGHOST") ?? "localhost").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A socket in the file system, or loopback; a port may follow.</summary>
    static bool IsLocal(string host)
    {
        if (host[0] is '/' or '@') return true;
        if (IPEndPoint.TryParse(host, out var address)) return IPAddress.IsLoopback(address.Address);
        return host.Split(':')[0].Equals("localhost", StringComparison.OrdinalIgnoreCase);
    }
}
