using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tervik.Tests;

/// <summary>An authority of a test, which gives a PostgreSQL server and its clients their certificates.</summary>
public sealed class DatabaseAuthority : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("tervik-ca-").FullName;
    readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    readonly X509Certificate2 root;

    DatabaseAuthority(IPAddress address)
    {
        Address = address;
        using var listener = new TcpListener(address, 0);
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var request = new CertificateRequest("CN=Authority of a test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(RootFile, root.ExportCertificatePem());
    }

    /// <summary>Where the server listens; nowhere that counts as this machine alone.</summary>
    public IPAddress Address { get; }
    public int Port { get; }
    public string RootFile => Path.Combine(folder, "ca.crt");

    /// <summary>One for a server on this machine's address in its network; null where it has none.</summary>
    public static DatabaseAuthority? Make() => NetworkInterface.GetAllNetworkInterfaces().SelectMany(one => one.GetIPProperties().UnicastAddresses).Select(one => one.Address)
        .FirstOrDefault(one => one.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(one)) is { } address ? new(address) : null;

    /// <summary>Files of the server: its certificate, for its address, its key, and whom it believes.</summary>
    public void WriteServer(string into)
    {
        Write(into, "server", Address);
        File.Copy(RootFile, Path.Combine(into, "ca.crt"));
    }

    /// <summary>A certificate of a client.</summary>
    /// <param name="name">Of its role.</param>
    /// <returns>Settings of the connection.</returns>
    public string Client(string name)
    {
        Write(folder, name, address: null);
        return $"SSL Certificate={Path.Combine(folder, $"{name}.crt")};SSL Key={Path.Combine(folder, $"{name}.key")}";
    }

    void Write(string into, string name, IPAddress? address)
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", own, HashAlgorithmName.SHA256);
        if (address is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(address);
            request.CertificateExtensions.Add(names.Build());
        }
        using var certificate = request.Create(root, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddHours(12), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(Path.Combine(into, $"{name}.crt"), certificate.ExportCertificatePem());
        var file = Path.Combine(into, $"{name}.key");
        File.WriteAllText(file, own.ExportPkcs8PrivateKeyPem());
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public void Dispose()
    {
        root.Dispose();
        key.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
