using System.Buffers;
using Microsoft.AspNetCore.Http;
using Tervik.Records.Model;

namespace Tervik.Records.Rest;

/// <summary>How an answer is written.</summary>
enum Format
{
    Json,
    Xml,
}

/// <summary>JSON and XML, asked by <c>_format</c> or Accept; <c>_pretty</c>, <c>_summary</c> and <c>_elements</c> on the way out.</summary>
static class Formats
{
    /// <summary>Search parameters that are about the form of the answer.</summary>
    public static readonly string[] Parameters = ["_format", "_pretty", "_summary", "_elements"];

    public static string? MediaType(string? contentType)
    {
        if (contentType is null) return null;
        var semicolon = contentType.IndexOf(';', StringComparison.Ordinal);
        return (semicolon < 0 ? contentType : contentType[..semicolon]).Trim().ToLowerInvariant();
    }

    public static bool IsXml(string? mediaType) => mediaType is "application/fhir+xml" or "application/xml" or "text/xml" or "xml";

    static bool IsJson(string? mediaType) => mediaType is null or "application/fhir+json" or "application/json" or "text/json" or "json";

    /// <summary>The format of the answer; the parameter before the header.</summary>
    /// <exception cref="FaultException">406: neither JSON nor XML is acceptable.</exception>
    public static Format OfAnswer(HttpRequest request)
    {
        if (request.QueryString.HasValue && request.Query.TryGetValue("_format", out var asked) && asked.Count > 0)
        {
            var format = MediaType(asked[^1]!.Replace(' ', '+'));
            return IsXml(format) ? Format.Xml : IsJson(format) || format is "application/fhir+json" ? Format.Json
                : throw new FaultException(new Fault(FaultKind.NotAcceptable, "not-supported", "_format", $"The format {asked[^1]} is not offered; json and xml are."));
        }
        var accept = request.Headers.Accept;
        if (accept.Count == 0) return Format.Json;
        return OfAccept(accept.ToString()) ?? throw new FaultException(new Fault(FaultKind.NotAcceptable, "not-supported", "Accept", $"None of {accept} is offered; application/fhir+json and application/fhir+xml are."));
    }

    static Format? OfAccept(string accept)
    {
        Format? best = null;
        var bestQuality = 0.0;
        foreach (var part in accept.Split(','))
        {
            var pieces = part.Split(';', StringSplitOptions.TrimEntries);
            var quality = 1.0;
            foreach (var piece in pieces.AsSpan(1))
                if (piece.StartsWith("q=", StringComparison.Ordinal) && double.TryParse(piece.AsSpan(2), System.Globalization.CultureInfo.InvariantCulture, out var q)) quality = q;
            var type = pieces[0].ToLowerInvariant();
            Format? format = IsXml(type) ? Format.Xml : IsJson(type) || type is "*/*" or "application/*" or "text/html" ? Format.Json : null;
            if (format is null || quality <= bestQuality) continue;
            (best, bestQuality) = (format, quality);
        }
        return best;
    }

    /// <summary>A body as JSON.</summary>
    /// <exception cref="FaultException">415, or the XML is not well formed.</exception>
    public static ReadOnlyMemory<byte> ToJson(ReadOnlyMemory<byte> body, string? contentType)
    {
        if (IsXml(contentType)) return FhirXml.ToJson(body);
        if (IsJson(contentType)) return body;
        throw new FaultException(new Fault(FaultKind.UnsupportedMedia, "not-supported", "Content-Type", $"The type {contentType} is not accepted; application/fhir+json and application/fhir+xml are."));
    }

    /// <summary>The body as it is sent.</summary>
    public static ReadOnlyMemory<byte> Shape(RestAnswer answer, HttpRequest request, Format format)
    {
        var body = answer.Body;
        if (request.QueryString.HasValue)
        {
            if (answer.IsResource && SubsetOf(request.Query["_summary"], request.Query["_elements"]) is { } subset)
            {
                var output = new ArrayBufferWriter<byte>(body.Length);
                subset.Write(body.Span, output);
                body = output.WrittenMemory;
            }
            if (format == Format.Json && request.Query["_pretty"] is ["true", ..])
            {
                var output = new ArrayBufferWriter<byte>(body.Length * 2);
                FhirJson.Indent(body.Span, output);
                body = output.WrittenMemory;
            }
        }
        return format == Format.Xml ? FhirXml.FromJson(body) : body;
    }

    /// <summary>Which part of a resource is asked for; null for all of it.</summary>
    /// <exception cref="FaultException">A summary that the specification does not know.</exception>
    public static Subset? SubsetOf(string? summary, string? elements) => (summary, elements) switch
    {
        (null or "" or "false", null or "") => null,
        (null or "" or "false", _) => Subset.Elements(elements!.Split(',')),
        ("true", _) => Subset.Summary,
        ("text", _) => Subset.Text,
        ("data", _) => Subset.Data,
        ("count", _) => null,
        _ => throw new FaultException(new Fault(FaultKind.Invalid, "value", "_summary", $"_summary is {summary}; true, false, text, data or count was expected.")),
    };
}
