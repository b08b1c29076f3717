using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tervik.EndToEnd.Care;

/// <summary>A mail that arrived.</summary>
/// <param name="To">Of the envelope.</param>
/// <param name="Text">Header and body as sent.</param>
sealed record ArrivedMail(string To, string Text)
{
    public string Header(string name) => Text.Split("\r\n\r\n")[0].Replace("\r\n ", " ", StringComparison.Ordinal).Replace("\r\n\t", " ", StringComparison.Ordinal).Split("\r\n").First(line => line.StartsWith($"{name}:", StringComparison.OrdinalIgnoreCase))[(name.Length + 1)..].Trim();
}

/// <summary>A mail server (RFC 5321) on loopback: it takes what it gets.</summary>
sealed class SmtpServer : IDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource ending = new();

    public SmtpServer()
    {
        listener.Start();
        _ = Task.Run(Accept);
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;
    public ConcurrentQueue<ArrivedMail> Mails { get; } = [];
    /// <summary>It has the mail, and does not say so.</summary>
    public bool IsSilent { get; set; }
    /// <summary>Answers of 451 before the next mail is taken.</summary>
    public int Refusals;

    public async Task<ArrivedMail> Next(int number)
    {
        for (var wait = 0; wait < 300 && Mails.Count <= number; wait++) await Task.Delay(100, TestContext.Current.CancellationToken);
        return Mails.ElementAtOrDefault(number) ?? throw new TimeoutException($"{Mails.Count} mails arrived, {number + 1} were expected.");
    }

    async Task Accept()
    {
        while (!ending.IsCancellationRequested)
            try
            {
                var client = await listener.AcceptTcpClientAsync(ending.Token);
                _ = Task.Run(() => Serve(client));
            }
            catch (Exception fault) when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
    }

    async Task Serve(TcpClient client)
    {
        try
        {
            using (client)
            {
                var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.UTF8);
                Task Say(string line) => stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"), ending.Token).AsTask();
                await Say("220 test ESMTP");
                var to = "";
                while (await reader.ReadLineAsync(ending.Token) is { } line)
                {
                    var verb = line.Split(' ', ':')[0].ToUpperInvariant();
                    if (verb == "QUIT")
                    {
                        await Say("221 bye");
                        return;
                    }
                    if (verb == "RCPT") to = line.Split('<', '>')[1];
                    if (verb == "MAIL" && Interlocked.Decrement(ref Refusals) >= 0)
                    {
                        await Say("451 later");
                        continue;
                    }
                    if (verb != "DATA")
                    {
                        await Say("250 ok");
                        continue;
                    }
                    await Say("354 go on");
                    var text = new StringBuilder();
                    while (await reader.ReadLineAsync(ending.Token) is { } part && part != ".") text.Append(part.StartsWith("..", StringComparison.Ordinal) ? part[1..] : part).Append("\r\n");
                    Mails.Enqueue(new(to, text.ToString()));
                    if (IsSilent) await Task.Delay(Timeout.Infinite, ending.Token);
                    await Say("250 taken");
                }
            }
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or ObjectDisposedException)
        {
        }
    }

    public void Dispose()
    {
        ending.Cancel();
        listener.Dispose();
        ending.Dispose();
    }
}
