using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tervik.EndToEnd.House;

/// <summary>A node that is served over https, as an operator starts it.</summary>
[SupportedOSPlatform("linux")]
public sealed class TlsTests : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tervik-tls-");
    readonly X509Certificate2 certificate;
    readonly int port;
    readonly Process server;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public TlsTests()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=node.example", key, HashAlgorithmName.SHA256);
        certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Path.Combine(folder.FullName, "node.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder.FullName, "node.key"), key.ExportPkcs8PrivateKeyPem());
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        server = Process.Start(new ProcessStartInfo(Node.Program, ["serve", "--data", Path.Combine(folder.FullName, "data"), "--listen", $"https://127.0.0.1:{port}", "--demo", "false"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder.FullName,
            Environment = { ["Kestrel__Certificates__Default__Path"] = "node.crt", ["Kestrel__Certificates__Default__KeyPath"] = "node.key" },
        })!;
    }

    public void Dispose()
    {
        server.Kill(entireProcessTree: true);
        server.WaitForExit();
        server.Dispose();
        certificate.Dispose();
        folder.Delete(recursive: true);
    }

    async Task<(SslProtocols Protocol, TlsCipherSuite Suite)> Shake(SslProtocols protocols, params TlsCipherSuite[] suites)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port, Stop);
        await using var tls = new SslStream(socket.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "node.example", EnabledSslProtocols = protocols, CipherSuitesPolicy = suites.Length == 0 ? null : new(suites),
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown!.GetCertHashString() == certificate.GetCertHashString(),
        }, Stop);
        return (tls.SslProtocol, tls.NegotiatedCipherSuite);
    }

    [Fact]
    public async Task Over_https_only_current_protocols_and_suites_are_spoken_and_cookies_are_bound_to_the_host()
    {
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, shown, _, _) => shown!.Thumbprint == certificate.Thumbprint, UseCookies = false };
        using var http = new HttpClient(handler) { BaseAddress = new($"https://127.0.0.1:{port}") };
        for (var wait = 0; ; wait++)
            try
            {
                if ((await http.GetAsync(new Uri("/health/ready", UriKind.Relative), Stop)).IsSuccessStatusCode) break;
            }
            catch (HttpRequestException) when (wait < 300 && !server.HasExited)
            {
                await Task.Delay(100, Stop);
            }

        Assert.Equal(SslProtocols.Tls13, (await Shake(SslProtocols.Tls12 | SslProtocols.Tls13)).Protocol);
        Assert.Equal(TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, (await Shake(SslProtocols.Tls12, TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)).Suite);
        // This client speaks it, as the line above shows that it speaks TLS 1.2; the server does not.
        await Assert.ThrowsAnyAsync<Exception>(() => Shake(SslProtocols.Tls12, TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384));
        Assert.Equal("alert 70", await Hello(0x02));

        using var page = await http.GetAsync(new Uri("/sign-in", UriKind.Relative), Stop);
        var cookie = Assert.Single(page.Headers.GetValues("Set-Cookie"));
        Assert.StartsWith("__Host-", cookie, StringComparison.Ordinal);
        foreach (var word in (string[])["secure", "httponly", "samesite=", "path=/"]) Assert.Contains(word, cookie, StringComparison.OrdinalIgnoreCase);

        foreach (var path in (string[])["/sign-in", "/fhir/metadata", "/fhir/Patient/none", "/health/live", "/oauth/jwks", "/access-log/key", "/none"])
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), Stop);
            Assert.Equal((path, "max-age=31536000; includeSubDomains"), (path, answer.Headers.TryGetValues("Strict-Transport-Security", out var values) ? string.Join(' ', values) : ""));
        }

        // What is not encrypted is not answered, and sent nowhere else either.
        using var plain = new TcpClient();
        await plain.ConnectAsync(IPAddress.Loopback, port, Stop);
        await plain.GetStream().WriteAsync("GET /sign-in HTTP/1.1\r\nHost: node.example\r\n\r\n"u8.ToArray(), Stop);
        var bytes = new byte[100];
        int length;
        try { length = await plain.GetStream().ReadAsync(bytes, Stop); } catch (IOException) { length = 0; }
        Assert.DoesNotContain("HTTP/1.1 ", System.Text.Encoding.Latin1.GetString(bytes, 0, length), StringComparison.Ordinal);
    }

    /// <summary>A first message of TLS 1.<paramref name="minor"/> minus one, by hand: no client of today sends such.</summary>
    /// <returns>What kind of record answers, and of an alert its description.</returns>
    async Task<string> Hello(byte minor)
    {
        byte[] extensions = [0, 10, 0, 4, 0, 2, 0, 23, 0, 11, 0, 2, 1, 0]; // supported groups P-256, points uncompressed
        byte[] hello = [3, minor, .. RandomNumberGenerator.GetBytes(32), 0, 0, 4, 0xC0, 0x0A, 0xC0, 0x09, 1, 0, 0, (byte)extensions.Length, .. extensions]; // ECDHE-ECDSA with AES-CBC
        byte[] message = [1, 0, 0, (byte)hello.Length, .. hello];
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port, Stop);
        await socket.GetStream().WriteAsync((byte[])[22, 3, 1, 0, (byte)message.Length, .. message], Stop);
        var answer = new byte[7];
        await socket.GetStream().ReadExactlyAsync(answer, Stop);
        return answer[0] == 21 ? $"alert {answer[6]}" : $"record {answer[0]}";
    }
}
