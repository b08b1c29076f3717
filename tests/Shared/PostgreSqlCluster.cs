using System.Diagnostics;
using System.Globalization;

namespace Tervik.Tests;

/// <summary>A private PostgreSQL server in a temporary folder, listening on a socket in it; from Debian's package.</summary>
public sealed class PostgreSqlCluster : IDisposable
{
    readonly string folder;
    readonly string programs;
    readonly string? port;
    int databases;
    bool isDisposed;

    PostgreSqlCluster(string folder, string programs, string? port) => (this.folder, this.programs, this.port) = (folder, programs, port);

    /// <summary>Connection string of a new, empty database.</summary>
    public string NewDatabase()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"t{Interlocked.Increment(ref databases)}");
        Run("createdb", [.. Socket, name]);
        return $"Host={folder};Username=postgres;Database={name};Pooling=true";
    }

    /// <summary>Starts one; null where PostgreSQL is not installed.</summary>
    /// <param name="isDurable">Whether it waits for the disk at each commit; tests of behaviour need not.</param>
    /// <param name="over">A server that is reached over TLS by who shows a certificate; null for one that listens on its socket alone.</param>
    public static PostgreSqlCluster? Start(bool isDurable, DatabaseAuthority? over = null)
    {
        var programs = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).LastOrDefault(bin => File.Exists(Path.Combine(bin, "initdb")))
            : null;
        if (programs is null) return null;
        var cluster = new PostgreSqlCluster(Directory.CreateTempSubdirectory("tervik-pg-").FullName, programs, over?.Port.ToString(CultureInfo.InvariantCulture));
        if (Environment.UserName == "root") Execute("chown", "postgres", cluster.folder);
        cluster.Run("initdb", "-D", $"{cluster.folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync");
        var listens = "-c listen_addresses=";
        if (over is not null)
        {
            over.WriteServer(cluster.folder);
            // On the socket, who sets the test up; over the network, the bearer of a certificate.
            File.WriteAllText($"{cluster.folder}/data/pg_hba.conf", $"local all all trust\nhostssl all all {over.Address}/32 cert\n");
            if (Environment.UserName == "root") Execute("chown", "-R", "postgres", cluster.folder);
            listens = $"-c listen_addresses={over.Address} -p {over.Port} -c ssl=on -c ssl_cert_file={cluster.folder}/server.crt -c ssl_key_file={cluster.folder}/server.key -c ssl_ca_file={cluster.folder}/ca.crt";
        }
        cluster.Run("pg_ctl", "start", "-w", "-D", $"{cluster.folder}/data", "-l", $"{cluster.folder}/log", "-o", $"-k {cluster.folder} {listens} -c fsync={(isDurable ? "on" : "off")} -c max_connections=300");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => cluster.Dispose();
        return cluster;
    }

    /// <summary>Makes a role that owns a database of its own, of the same name.</summary>
    public void NewRole(string name)
    {
        Run("createuser", [.. Socket, name]);
        Run("createdb", [.. Socket, "-O", name, name]);
    }

    string[] Socket => port is null ? ["-h", folder, "-U", "postgres"] : ["-h", folder, "-p", port, "-U", "postgres"];

    /// <summary>PostgreSQL refuses to run as root.</summary>
    void Run(string program, params string[] arguments)
    {
        var path = Path.Combine(programs, program);
        if (Environment.UserName == "root") Execute("runuser", ["-u", "postgres", "--", path, .. arguments]);
        else Execute(path, arguments);
    }

    static void Execute(string program, params string[] arguments)
    {
        // The server inherits the output of pg_ctl: reading it to its end would wait for the server.
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >/dev/null 2>&1 </dev/null", "sh", program, .. arguments]) { WorkingDirectory = "/" })!;
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }

    /// <summary>Ends the server and removes its files.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref isDisposed, true)) return; // also called at the end of the process
        Run("pg_ctl", "stop", "-m", "immediate", "-D", $"{folder}/data");
        Directory.Delete(folder, recursive: true);
    }
}
