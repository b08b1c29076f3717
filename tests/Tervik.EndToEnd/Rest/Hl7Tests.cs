using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Tervik.EndToEnd.Rest;

/// <summary>HL7 v2 as a hospital sends it: to a real node, by HTTP and by MLLP.</summary>
public sealed class Hl7Tests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;
    const string Media = "x-application/hl7-v2+er7";

    static string Admission(string id, string patient, string visit = "V1", string extra = "") => $"MSH|^~\\&|HIS|HOSP|EHR|NODE|202601020304+0100||ADT^A01^ADT_A01|{id}|P|2.5{extra}\rEVN|A01|20260102030405\rPID|1||{patient}^^^HOSP&1.2.3&ISO^MR||Doe^Jane||19800203|F\rPV1|1|I|W3^12^2^HOSP{new string('|', 16)}{visit}\r";

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    static async Task<(HttpStatusCode Status, string Answer)> Post(HttpClient http, string text, string media = Media)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(media) } };
        using var answer = await http.PostAsync(new Uri("/hl7/v2", UriKind.Relative), content, Stop);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }

    static byte[] Framed(string text) => [0x0B, .. Encoding.UTF8.GetBytes(text), 0x1C, 0x0D];

    /// <summary>The next answer; null when the connection ends.</summary>
    static async Task<string?> Answer(Stream stream)
    {
        var (bytes, one) = (new List<byte>(), new byte[1]);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (await stream.ReadAsync(one, limit.Token) == 1)
        {
            bytes.Add(one[0]);
            if (bytes is [0x0B, .., 0x1C, 0x0D]) return Encoding.UTF8.GetString([.. bytes[1..^2]]);
        }
        return null;
    }

    static async Task<List<JsonElement>> Found(HttpClient fhir, string query)
    {
        using var json = JsonDocument.Parse(await fhir.GetStringAsync(new Uri(query, UriKind.Relative), Stop));
        return json.RootElement.TryGetProperty("entry", out var entries) ? [.. entries.EnumerateArray().Select(entry => entry.GetProperty("resource").Clone())] : [];
    }

    [Fact]
    public async Task A_feed_over_HTTP_and_MLLP_is_written_allowed_logged_and_survives_a_crash()
    {
        var port = FreePort();
        await using var node = new Node { Others = ["demo=false", $"hl7=127.0.0.1:{port}=client/mllp"] };
        await node.InitializeAsync();
        using var fhir = await node.Client("client/reader");
        using var http = new HttpClient { BaseAddress = new Uri(node.Address) };

        // Nobody, people and readers send nothing.
        Assert.Equal(HttpStatusCode.Unauthorized, (await Post(http, Admission("1", "12"))).Status);
        foreach (var (agent, scope) in new[] { ("Practitioner/1", "readwrite"), ("client/hospital", "read"), ("client/hospital", "write") })
        {
            http.DefaultRequestHeaders.Authorization = new("Bearer", await node.Token(agent, scope));
            var (status, answer) = await Post(http, Admission("1", "12"));
            Assert.True(status == HttpStatusCode.Forbidden && answer.Contains("MSA|AR|", StringComparison.Ordinal), $"{agent} {scope}: {status} {answer}");
        }
        Assert.Empty(await Found(fhir, "Patient?identifier=urn:oid:1.2.3|12"));

        http.DefaultRequestHeaders.Authorization = new("Bearer", await node.Token("client/hospital"));
        var taken = await Post(http, Admission("1", "12"));
        Assert.True(taken.Status == HttpStatusCode.OK && taken.Answer.Contains("MSA|AA|1\r", StringComparison.Ordinal), taken.Answer);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await Post(http, Admission("2", ""))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await Post(http, "hello")).Status);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await Post(http, Admission("3", "12"), "application/hl7-v2+xml")).Status);
        var patient = Assert.Single(await Found(fhir, "Patient?identifier=urn:oid:1.2.3|12")).GetProperty("id").GetString();
        Assert.Equal("in-progress", Assert.Single(await Found(fhir, $"Encounter?patient={patient}")).GetProperty("status").GetString());
        Assert.NotEmpty(await Found(fhir, $"Provenance?target=Patient/{patient}"));
        Assert.Contains(await Found(fhir, $"AuditEvent?patient=Patient/{patient}"), access => access.GetRawText().Contains("client/hospital", StringComparison.Ordinal));

        // By MLLP: several on a connection, in pieces, one of them bad; the same again; none is answered that wants no answer.
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, port, Stop);
            await using var stream = client.GetStream();
            byte[] all = [.. Framed(Admission("10", "50")), .. Framed(Admission("11", "")), .. Framed(Admission("12", "51", extra: "|||NE|NE")), .. Framed(Admission("13", "52", extra: "|||AL|NE")), .. Framed(Admission("10", "50"))];
            foreach (var piece in all.Chunk(100))
            {
                await stream.WriteAsync(piece, Stop);
                await stream.FlushAsync(Stop);
            }
            var first = await Answer(stream);
            Assert.Contains("MSA|AA|10\r", first, StringComparison.Ordinal);
            Assert.Contains("MSA|AE|11|", await Answer(stream), StringComparison.Ordinal);
            Assert.Contains("MSA|CA|13\r", await Answer(stream), StringComparison.Ordinal);
            Assert.Equal(first, await Answer(stream));
        }
        Assert.Single(await Found(fhir, "Patient?identifier=urn:oid:1.2.3|51"));
        // What is no MLLP is told so, and the connection ends.
        foreach (var bytes in (byte[][])["GET / HTTP/1.1\r\n\r\n"u8.ToArray(), [0x0B, .. new byte[9 << 20]]])
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, Stop);
            await using var stream = client.GetStream();
            var sending = Task.Run(async () =>
            {
                try { await stream.WriteAsync(bytes, Stop); }
                catch (IOException) { /* The other side has had enough. */ }
            }, Stop);
            try
            {
                Assert.Contains("MSA|AR|", await Answer(stream), StringComparison.Ordinal);
                Assert.Null(await Answer(stream));
            }
            catch (IOException) when (bytes.Length > 1000)
            {
                // A reset while still sending may overtake the answer.
            }
            await sending;
        }

        // What was answered is there after a kill -9, and known as taken.
        await node.Kill();
        await node.InitializeAsync();
        Assert.Equal(taken.Answer, (await Post(http, Admission("1", "12"))).Answer);
        using var again = new TcpClient();
        await again.ConnectAsync(IPAddress.Loopback, port, Stop);
        await again.GetStream().WriteAsync(Framed(Admission("20", "50", "V9")), Stop);
        Assert.Contains("MSA|AA|20\r", await Answer(again.GetStream()), StringComparison.Ordinal);
        Assert.Single(await Found(fhir, "Patient?identifier=urn:oid:1.2.3|50"));
    }

    [Theory]
    [InlineData("0.0.0.0:2575=client/x", "hl7Certificate")]
    [InlineData("127.0.0.1:2575", "client/name")]
    [InlineData("127.0.0.1:2575=Practitioner/1", "client/name")]
    [InlineData("127.0.0.1:2575=client/a;127.0.0.1:2575=client/b", "twice")]
    public void A_port_that_is_not_protected_or_nobodys_stops_the_start(string hl7, string said) =>
        Assert.Contains(said, Assert.Throws<SettingsException>(() => Settings.Load(null, new Dictionary<string, string?> { ["hl7"] = hl7 })).Message, StringComparison.Ordinal);

    [Fact]
    public void A_port_in_a_closed_network_may_be_unprotected_when_the_operator_says_so() =>
        Assert.Single(Settings.Load(null, new Dictionary<string, string?> { ["hl7"] = "0.0.0.0:2575=client/x", ["hl7Unprotected"] = "true", ["hl7TimeZone"] = "Europe/Tallinn" }).Hl7.Mllp);

    [Fact]
    public async Task With_TLS_only_a_client_with_a_certificate_of_our_authority_is_let_in()
    {
        var (folder, port) = (Directory.CreateTempSubdirectory("tervik-hl7-tls-").FullName, FreePort());
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var authority = Certificate("CN=Hospitals", authorityKey, null, null);
        using var strangerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var stranger = Certificate("CN=Strangers", strangerKey, null, null);
        using var ours = Signed("CN=127.0.0.1", authority, "1.3.6.1.5.5.7.3.1");
        using var hospital = Signed("CN=hospital", authority, "1.3.6.1.5.5.7.3.2");
        using var foreign = Signed("CN=foreign", stranger, "1.3.6.1.5.5.7.3.2");
        string Written(string name, string text)
        {
            File.WriteAllText(Path.Combine(folder, name), text);
            return Path.Combine(folder, name);
        }
        var settings = new[] { $"hl7Certificate={Written("cert.pem", ours.ExportCertificatePem())}", $"hl7CertificateKey={Written("key.pem", ours.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem())}", $"hl7ClientAuthorities={Written("ca.pem", authority.ExportCertificatePem())}" };
        await using var node = new Node { Others = ["demo=false", $"hl7=127.0.0.1:{port}=client/mllp", .. settings] };
        await node.InitializeAsync();

        async Task<string?> Sent(X509Certificate2? shown, string id)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, Stop);
            try
            {
                await using var stream = new SslStream(client.GetStream(), false, (_, shown, _, _) => shown?.Issuer == authority.Subject);
                await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "127.0.0.1", ClientCertificates = shown is null ? null : [shown] }, Stop);
                await stream.WriteAsync(Framed(Admission(id, id)), Stop);
                return await Answer(stream);
            }
            catch (Exception fault) when (fault is IOException or System.Security.Authentication.AuthenticationException)
            {
                return null;
            }
        }
        Assert.Contains("MSA|AA|1\r", await Sent(hospital, "1"), StringComparison.Ordinal);
        Assert.Null(await Sent(null, "2"));
        Assert.Null(await Sent(foreign, "3"));
        Directory.Delete(folder, recursive: true);
    }

    static X509Certificate2 Certificate(string name, ECDsa key, X509Certificate2? issuer, string? usage)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(issuer is null, false, 0, true));
        if (usage is not null) request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new(usage)], false));
        var (from, to) = (DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(12));
        return issuer is null ? request.CreateSelfSigned(from, to) : request.Create(issuer, from.AddMinutes(1), to.AddMinutes(-1), RandomNumberGenerator.GetBytes(8));
    }

    static X509Certificate2 Signed(string name, X509Certificate2 issuer, string usage)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var signed = Certificate(name, key, issuer, usage);
        using var whole = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }
}
