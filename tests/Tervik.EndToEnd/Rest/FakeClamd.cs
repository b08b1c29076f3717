using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tervik.EndToEnd.Rest;

/// <summary>How it behaves.</summary>
public enum ClamdWay
{
    Scans,
    /// <summary>Takes all and says nothing.</summary>
    Hangs,
    Garbage,
    /// <summary>Says that all is well before it has seen the file.</summary>
    HastyOk,
    Closes,
    /// <summary>Says half an answer and closes.</summary>
    Cut,
    /// <summary>Has a StreamMaxLength of 100,000.</summary>
    TakesLittle,
}

/// <summary>A daemon that speaks clamd's INSTREAM and knows one malware: the test file of EICAR.</summary>
public sealed class FakeClamd : IAsyncDisposable
{
    /// <summary>In two halves, so that no scanner stops at these sources.</summary>
    public static readonly string Eicar = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*";
    const int StreamMaxLength = 100_000;

    readonly Socket listener;
    readonly CancellationTokenSource stop = new();
    readonly string? path;

    /// <param name="path">Of a Unix socket; null for a port on loopback.</param>
    public FakeClamd(string? path = null)
    {
        this.path = path;
        listener = path is null ? new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) : new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(path is null ? new IPEndPoint(IPAddress.Loopback, 0) : new UnixDomainSocketEndPoint(path));
        listener.Listen();
        _ = Accept();
    }

    /// <summary>What the setting says.</summary>
    public string Setting => path is null ? $"clamd://127.0.0.1:{((IPEndPoint)listener.LocalEndPoint!).Port}" : $"clamd://{path}";

    public ClamdWay Way { get; set; }

    /// <summary>What was streamed, file by file.</summary>
    public List<byte[]> Received { get; } = [];

    async Task Accept()
    {
        while (!stop.IsCancellationRequested)
            try
            {
                _ = Serve(await listener.AcceptAsync(stop.Token));
            }
            catch (Exception fault) when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
    }

    async Task Serve(Socket socket)
    {
        try
        {
            await using var stream = new NetworkStream(socket, ownsSocket: true);
            var command = new byte[10];
            await stream.ReadExactlyAsync(command, stop.Token);
            if (!command.AsSpan().SequenceEqual("zINSTREAM\0"u8)) throw new InvalidDataException(Encoding.Latin1.GetString(command));
            if (Way == ClamdWay.Closes) return;
            if (Way == ClamdWay.HastyOk)
            {
                await stream.WriteAsync("stream: OK\0"u8.ToArray(), stop.Token);
                // Until the other side has read it, being kept from sending on: an answer after the last byte would be a good one.
                await Task.Delay(TimeSpan.FromSeconds(1), stop.Token);
            }
            var file = new MemoryStream();
            var length = new byte[4];
            while (true)
            {
                await stream.ReadExactlyAsync(length, stop.Token);
                var part = new byte[BinaryPrimitives.ReadUInt32BigEndian(length)];
                if (part.Length == 0) break;
                await stream.ReadExactlyAsync(part, stop.Token);
                file.Write(part);
                if (Way != ClamdWay.TakesLittle || file.Length <= StreamMaxLength) continue;
                await stream.WriteAsync("INSTREAM size limit exceeded. ERROR\0"u8.ToArray(), stop.Token);
                return;
            }
            lock (Received) Received.Add(file.ToArray());
            if (Way == ClamdWay.Hangs) await Task.Delay(Timeout.Infinite, stop.Token);
            var isFound = Encoding.Latin1.GetString(file.ToArray()).Contains(Eicar, StringComparison.Ordinal);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Way switch { ClamdWay.Garbage => "HTTP/1.1 200 OK\0", ClamdWay.Cut => "stream: OK", _ => isFound ? "stream: Eicar-Test-Signature FOUND\0" : "stream: OK\0" }), stop.Token);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        if (path is not null) File.Delete(path);
    }
}
