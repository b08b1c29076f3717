using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Npgsql;
using Tervik.Storage.PostgreSql;

namespace Tervik.Storage.Tests;

/// <summary>What leaves the machine on its way to PostgreSQL is encrypted, to a server that is who it says.</summary>
public sealed class ConnectionSecurityTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Host=/var/run/postgresql", SslMode.Prefer), InlineData("Host=localhost;Port=5433", SslMode.Prefer), InlineData("Host=127.0.0.1:5432,[::1]", SslMode.Prefer), InlineData("Host=127.0.0.1;SSL Mode=Disable", SslMode.Disable)]
    [InlineData("Host=db.example", SslMode.VerifyFull), InlineData("Host=10.0.0.7", SslMode.VerifyFull), InlineData("Host=localhost,db.example", SslMode.VerifyFull), InlineData("Host=localhost.example", SslMode.VerifyFull), InlineData("Host=db.example;sslmode=VerifyCA", SslMode.VerifyCA), InlineData("Host=db.example;SSL Mode=VerifyFull", SslMode.VerifyFull)]
    public void It_is_connected_so(string text, SslMode expected)
    {
        var connection = new NpgsqlConnectionStringBuilder(text);
        ConnectionSecurity.Demand(connection, isUnprotectedAllowed: false);
        Assert.Equal(expected, connection.SslMode);
    }

    [Theory, InlineData("Disable"), InlineData("Allow"), InlineData("Prefer"), InlineData("Require")]
    public async Task Less_than_a_verified_certificate_is_refused_unless_the_operator_takes_it_on(string mode)
    {
        var text = $"Host=db.example;SSL Mode={mode}";
        var refused = await Assert.ThrowsAsync<StorageException>(() => PostgreSqlDatabase.Connect(new(text), "test", Stop));
        Assert.Contains("insecureDatabase=true", refused.Message, StringComparison.Ordinal);
        ConnectionSecurity.Demand(new(text), isUnprotectedAllowed: true);
    }

    [Theory, InlineData("Host=db.example;Username=tervik;Password=geheim"), InlineData("Host=10.0.0.7;PASSWORD=geheim;SSL Mode=VerifyFull;SSL Certificate=node.crt;SSL Key=node.key"), InlineData("Host=localhost,db.example;pwd=geheim"), InlineData("Host=db.example;Passfile=/etc/tervik/pgpass")]
    public async Task A_password_for_another_machine_is_refused_unless_the_operator_takes_it_on(string text)
    {
        var refused = await Assert.ThrowsAsync<StorageException>(() => PostgreSqlDatabase.Connect(new(text), "test", Stop));
        Assert.Contains("insecureDatabase=true", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", refused.Message, StringComparison.Ordinal);
        var taken = new NpgsqlConnectionStringBuilder(text);
        ConnectionSecurity.Demand(taken, isUnprotectedAllowed: true);
        Assert.Null(taken.RequireAuth);
    }

    [Theory, InlineData("Host=db.example;Username=tervik", "None"), InlineData("Host=db.example;Require Auth=Password", "None"), InlineData("Host=/var/run/postgresql;Password=geheim", null), InlineData("Host=127.0.0.1;Password=geheim", null)]
    public void A_server_elsewhere_that_asks_for_a_password_gets_none(string text, string? expected)
    {
        var connection = new NpgsqlConnectionStringBuilder(text);
        ConnectionSecurity.Demand(connection, isUnprotectedAllowed: false);
        Assert.Equal(expected, connection.RequireAuth);
    }

    [Fact]
    public async Task A_server_that_will_not_encrypt_is_sent_nothing()
    {
        var address = NetworkInterface.GetAllNetworkInterfaces().SelectMany(one => one.GetIPProperties().UnicastAddresses).Select(one => one.Address).FirstOrDefault(one => one.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(one));
        Assert.SkipWhen(address is null, "This machine has no address besides loopback.");
        using var listener = new TcpListener(address, 0);
        listener.Start();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var received = Task.Run(async () =>
        {
            var (asked, others) = (0, 0);
            try
            {
                while (true)
                {
                    using var client = await listener.AcceptTcpClientAsync(end.Token);
                    var (stream, message) = (client.GetStream(), new byte[8]);
                    // It may ask for encryption by TLS (80877103) or GSSAPI (80877104), and is told no.
                    while (await stream.ReadAtLeastAsync(message, message.Length, throwOnEndOfStream: false, end.Token) is > 0 and var length)
                    {
                        var isAsking = length == message.Length && BinaryPrimitives.ReadInt32BigEndian(message) == 8 && BinaryPrimitives.ReadInt32BigEndian(message.AsSpan(4)) is 80877103 or 80877104;
                        (asked, others) = (asked + (isAsking ? 1 : 0), others + (isAsking ? 0 : 1));
                        await stream.WriteAsync("N"u8.ToArray(), end.Token);
                    }
                }
            }
            catch (OperationCanceledException)
            {
                return (asked > 0, others);
            }
        }, Stop);
        await Assert.ThrowsAsync<StorageException>(() => PostgreSqlDatabase.Connect(new($"Host={address};Port={((IPEndPoint)listener.LocalEndpoint).Port};Username=tervik"), "test", Stop));
        await end.CancelAsync();
        Assert.Equal((true, 0), await received);
    }
}
