using System.Diagnostics;
using System.Globalization;

namespace Tervik.Tests;

/// <summary>A private PostgreSQL server in a temporary folder, listening on a socket in it; from Debian's package.</summary>
public sealed class PostgreSqlCluster : IDisposable
{
    readonly string folder;
    readonly string programs;
    int databases;
    bool isDisposed;

    PostgreSqlCluster(string folder, string programs) => (this.folder, this.programs) = (folder, programs);

    /// <summary>Connection string of a new, empty database.</summary>
    public string NewDatabase()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"t{Interlocked.Increment(ref databases)}");
        Run("createdb", "-h", folder, "-U", "postgres", name);
        return $"Host={folder};Username=postgres;Database={name};Pooling=true";
    }

    /// <summary>Starts one; null where PostgreSQL is not installed.</summary>
    /// <param name="isDurable">Whether it waits for the disk at each commit; tests of behaviour need not.</param>
    public static PostgreSqlCluster? Start(bool isDurable)
    {
        var programs = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).LastOrDefault(bin => File.Exists(Path.Combine(bin, "initdb")))
            : null;
        if (programs is null) return null;
        var cluster = new PostgreSqlCluster(Directory.CreateTempSubdirectory("tervik-pg-").FullName, programs);
        if (Environment.UserName == "root") Execute("chown", "postgres", cluster.folder);
        cluster.Run("initdb", "-D", $"{cluster.folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync");
        cluster.Run("pg_ctl", "start", "-w", "-D", $"{cluster.folder}/data", "-l", $"{cluster.folder}/log", "-o", $"-k {cluster.folder} -c listen_addresses= -c fsync={(isDurable ? "on" : "off")} -c max_connections=300");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => cluster.Dispose();
        return cluster;
    }

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
