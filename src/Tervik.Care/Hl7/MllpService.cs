using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tervik.Records.Access;
using Tervik.Trust.Identity;

namespace Tervik.Care.Hl7;

/// <summary>Takes messages by MLLP: <c>0x0B message 0x1C 0x0D</c>, as many as come on a connection, one after the other: who sends faster than the record writes, waits. Source: HL7 Minimal Lower Layer Protocol, release 1.</summary>
sealed partial class MllpService(Hl7Settings settings, Hl7Intake intake, IServiceScopeFactory scopes, IHttpContextAccessor requests, ILogger<MllpService> logger) : BackgroundService
{
    const byte Start = 0x0B, End = 0x1C, Return = 0x0D;
    /// <summary>Of one port; a hospital's engine opens a few.</summary>
    const int MostConnections = 100;
    static readonly TimeSpan Handshake = TimeSpan.FromSeconds(15);

    readonly List<(TcpListener Listener, MllpPlace Place)> listeners = [];
    SslServerAuthenticationOptions? encryption;

    /// <summary>Opens the ports; the node does not start when one cannot be.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (settings.WhyNotOpened is { } why) throw new InvalidOperationException(why);
        if (settings.Mllp.Count > 0 && settings.Certificate is { } certificate) encryption = Encryption(certificate, settings.CertificateKey ?? certificate, settings.ClientAuthorities);
        foreach (var place in settings.Mllp)
        {
            var listener = new TcpListener(place.Address);
            try
            {
                listener.Start();
            }
            catch (SocketException fault)
            {
                listener.Dispose();
                throw new InvalidOperationException($"HL7 cannot listen on {place.Address}: {fault.Message}.", fault);
            }
            listeners.Add((listener, place));
        }
        return base.StartAsync(cancellationToken);
    }

    static SslServerAuthenticationOptions Encryption(string certificate, string key, string? authorities)
    {
        using var read = X509Certificate2.CreateFromPemFile(certificate, key);
        var options = new SslServerAuthenticationOptions
        {
            // Some systems cannot use a key that is in memory alone.
            ServerCertificate = X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), password: null),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateRequired = authorities is not null,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
        if (authorities is null) return options;
        var trusted = new X509Certificate2Collection();
        trusted.ImportFromPemFile(authorities);
        options.CertificateChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, ApplicationPolicy = { new("1.3.6.1.5.5.7.3.2") } };
        options.CertificateChainPolicy.CustomTrustStore.AddRange(trusted);
        options.RemoteCertificateValidationCallback = (_, shown, _, errors) => shown is not null && errors == SslPolicyErrors.None;
        return options;
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(listeners.Select(one => Accept(one.Listener, one.Place, stoppingToken)));

    async Task Accept(TcpListener listener, MllpPlace place, CancellationToken stop)
    {
        var open = new HashSet<Task>();
        try
        {
            while (!stop.IsCancellationRequested)
            {
                Socket socket;
                try
                {
                    socket = await listener.AcceptSocketAsync(stop);
                }
                catch (SocketException fault)
                {
                    LogBroken(logger, place.Address, fault.Message);
                    await Task.Delay(TimeSpan.FromSeconds(1), stop);
                    continue;
                }
                open.RemoveWhere(task => task.IsCompleted);
                if (open.Count >= MostConnections)
                {
                    LogFull(logger, place.Address, MostConnections);
                    socket.Dispose();
                }
                else open.Add(Serve(socket, place, stop));
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The program ends.
        }
        finally
        {
            listener.Dispose();
        }
        // What has begun is finished.
        await Task.WhenAll(open);
    }

    async Task Serve(Socket socket, MllpPlace place, CancellationToken stop)
    {
        // Off the loop that accepts.
        await Task.Yield();
        var sender = (socket.RemoteEndPoint as IPEndPoint)?.Address;
        try
        {
            socket.NoDelay = true;
            await using var plain = new NetworkStream(socket, ownsSocket: true);
            if (encryption is null)
            {
                await Serve(plain, place, sender, stop);
                return;
            }
            await using var encrypted = new SslStream(plain);
            using (var limit = CancellationTokenSource.CreateLinkedTokenSource(stop))
            {
                limit.CancelAfter(Handshake);
                await encrypted.AuthenticateAsServerAsync(encryption, limit.Token);
            }
            await Serve(encrypted, place, sender, stop);
        }
        catch (Exception fault) when (fault is IOException or SocketException or AuthenticationException or OperationCanceledException or ObjectDisposedException)
        {
            if (fault is AuthenticationException) LogRefused(logger, place.Address, sender is null ? null : SecurityLog.NetworkOf(sender), fault.Message);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            LogFault(logger, place.Address, fault);
        }
    }

    async Task Serve(Stream stream, MllpPlace place, IPAddress? sender, CancellationToken stop)
    {
        var reader = PipeReader.Create(stream, new(leaveOpen: true));
        try
        {
            while (true)
            {
                var (message, why) = await Next(reader, stop);
                if (why is not null)
                {
                    await Send(stream, intake.Unreadable(why).Answer, Encoding.UTF8, stop);
                    return;
                }
                if (message is null) return;
                // A message that came is taken, also while the program ends.
                var answer = await Take(message, place, sender);
                if (Said(answer) is { Length: > 0 } text) await Send(stream, text, answer.Encoding, stop);
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    /// <summary>The next message; null at the end; or why the connection ends.</summary>
    async ValueTask<(byte[]? Message, string? Why)> Next(PipeReader reader, CancellationToken stop)
    {
        var (hasBegun, began) = (false, 0L);
        while (true)
        {
            ReadResult read;
            using (var limit = CancellationTokenSource.CreateLinkedTokenSource(stop))
            {
                var left = hasBegun ? settings.LongestTransfer - System.Diagnostics.Stopwatch.GetElapsedTime(began) : settings.Idle;
                if (left <= TimeSpan.Zero) return (null, "The message did not come to its end in time.");
                limit.CancelAfter(left);
                try
                {
                    read = await reader.ReadAsync(limit.Token);
                }
                catch (OperationCanceledException) when (!stop.IsCancellationRequested)
                {
                    return (null, hasBegun ? "The message did not come to its end in time." : null);
                }
            }
            var buffer = read.Buffer;
            if (!hasBegun)
            {
                while (!buffer.IsEmpty && buffer.FirstSpan[0] is Return or (byte)'\n' or (byte)' ' or 0) buffer = buffer.Slice(1);
                if (!buffer.IsEmpty && buffer.FirstSpan[0] != Start) return (null, "What came does not begin with 0x0B, as MLLP does.");
                if (!buffer.IsEmpty) (hasBegun, began) = (true, System.Diagnostics.Stopwatch.GetTimestamp());
            }
            if (hasBegun && buffer.PositionOf(End) is { } end)
            {
                var message = buffer.Slice(1, end);
                if (message.Length > Hl7Message.LongestMessage) return (null, TooLong);
                var bytes = message.ToArray();
                // The return after it may still be on its way: it is skipped before the next message.
                reader.AdvanceTo(buffer.GetPosition(1, end));
                return (bytes, null);
            }
            if (buffer.Length > Hl7Message.LongestMessage + 1) return (null, TooLong);
            if (read.IsCompleted) return (null, hasBegun ? "The connection ended inside a message." : null);
            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    static readonly string TooLong = $"A message is at most {Hl7Message.LongestMessage} bytes long.";

    async Task<IntakeAnswer> Take(byte[] message, MllpPlace place, IPAddress? sender)
    {
        using var scope = scopes.CreateScope();
        var request = new DefaultHttpContext { RequestServices = scope.ServiceProvider, TraceIdentifier = Guid.CreateVersion7().ToString("N") };
        request.Connection.RemoteIpAddress = sender;
        Identification.Admit(request, new(PrincipalKind.System, place.Client, Scope.Read | Scope.Write));
        requests.HttpContext = request;
        try
        {
            return await intake.Take(request, message, null, CancellationToken.None);
        }
        finally
        {
            requests.HttpContext = null;
        }
    }

    /// <summary>What goes back: in enhanced mode (MSH-15 or MSH-16 is said) no more than was asked for.</summary>
    static string Said(IntakeAnswer answer)
    {
        if (answer.Messages is not [{ Message: { } message } only]) return answer.Text;
        var (accept, application) = (message.Header[15].Text, message.Header[16].Text);
        if (accept.Length + application.Length == 0) return answer.Text;
        bool Wants(string condition) => condition.ToUpperInvariant() switch { "AL" => true, "ER" => only.Code != "AA", "SU" => only.Code == "AA", _ => false };
        // The application's answer says all that the other one would.
        return Wants(application) ? answer.Text : Wants(accept) ? Acknowledgment.Write(message, $"C{only.Code[1]}", only.Faults, TimeProvider.System.GetUtcNow()) : "";
    }

    static async ValueTask Send(Stream stream, string text, Encoding encoding, CancellationToken stop)
    {
        byte[] framed = [Start, .. encoding.GetBytes(text), End, Return];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        // An answer to what was taken goes out also while the program ends.
        await stream.WriteAsync(framed, stop.IsCancellationRequested ? CancellationToken.None : limit.Token);
        await stream.FlushAsync(CancellationToken.None);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "HL7 on {Address}: accepting a connection failed: {Reason}")]
    static partial void LogBroken(ILogger logger, IPEndPoint address, string reason);
    [LoggerMessage(Level = LogLevel.Warning, Message = "HL7 on {Address}: more than {Most} connections; one was closed")]
    static partial void LogFull(ILogger logger, IPEndPoint address, int most);
    [LoggerMessage(Level = LogLevel.Warning, Message = "HL7 on {Address}: a connection from {Network} was refused: {Reason}")]
    static partial void LogRefused(ILogger logger, IPEndPoint address, IPAddress? network, string reason);
    [LoggerMessage(Level = LogLevel.Error, Message = "HL7 on {Address}: a connection ended by a fault of ours")]
    static partial void LogFault(ILogger logger, IPEndPoint address, Exception fault);
}
