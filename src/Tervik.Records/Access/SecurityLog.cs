using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Tervik.Records.Access;

/// <summary>Attempts to go around the controls, in the operator's log: a line each, with its event as <c>State.Event</c> (docs/security/events.md). It holds no secret, and nobody's name or id; the trace joins it with the log of accesses, which knows whose it was.</summary>
public static partial class SecurityLog
{
    /// <summary>Category of its lines.</summary>
    public const string Category = "Tervik.Security";
    /// <summary>Longer texts of the sender are cut.</summary>
    const int LongestText = 100;

    /// <summary>Notes an attempt.</summary>
    /// <param name="request">The request.</param>
    /// <param name="what">Name of the event.</param>
    /// <param name="detail">What the sender said of itself, such as the id of its application; null for nothing.</param>
    public static void Note(HttpContext request, string what, string? detail = null)
    {
        // A context without services is no request of the server.
        if (request.RequestServices?.GetService<ILoggerFactory>() is { } loggers)
            Write(loggers.CreateLogger(Category), what, detail is { Length: > LongestText } ? detail[..LongestText] : detail, NetworkOf(request), request.TraceIdentifier);
    }

    /// <summary>Notes a file that was refused as malware. A program that sent it is named; a person is known by the trace alone.</summary>
    /// <param name="request">The request.</param>
    /// <param name="signature">What the scanner calls it.</param>
    /// <param name="sizeBytes">Of the file.</param>
    /// <param name="sha256">Of the file.</param>
    /// <param name="agent">Who sent it.</param>
    public static void Malware(HttpContext request, string signature, long sizeBytes, string sha256, string? agent)
    {
        if (request.RequestServices?.GetService<ILoggerFactory>() is { } loggers)
            WriteMalware(loggers.CreateLogger(Category), "malware-found", signature, agent is not null && agent.StartsWith("client/", StringComparison.Ordinal) ? agent : "a person", sizeBytes, sha256, NetworkOf(request), request.TraceIdentifier);
    }

    static string? NetworkOf(HttpContext request) => request.Connection.RemoteIpAddress is { } address ? NetworkOf(address).ToString() : null;

    [LoggerMessage(Level = LogLevel.Warning, EventName = "malware", Message = "{Event} {Detail} sent by {Sender}, {SizeBytes} bytes with SHA-256 {Sha256}, from {Network} (trace {Trace})")]
    static partial void WriteMalware(ILogger logger, string Event, string detail, string sender, long sizeBytes, string sha256, string? network, string trace);

    [LoggerMessage(Level = LogLevel.Warning, EventName = "security", Message = "{Event} {Detail} from {Network} (trace {Trace})")]
    static partial void Write(ILogger logger, string @event, string? detail, string? network, string trace);

    /// <summary>Whoever has one address of IPv6 has 2⁶⁴ of them: the first half is the network.</summary>
    public static IPAddress NetworkOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new(bytes);
    }
}
