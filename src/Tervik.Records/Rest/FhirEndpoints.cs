using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Storage;

namespace Tervik.Records.Rest;

/// <summary>The edge between HTTP and FHIR: formats, headers, faults as OperationOutcome.</summary>
public static partial class FhirEndpoints
{
    /// <summary>Path of the FHIR base.</summary>
    public const string Base = "/fhir";

    /// <summary>Address of the FHIR base as this request names it, without a slash at its end.</summary>
    public static string Address(HttpRequest request) => $"{request.Scheme}://{request.Host}{Base}";

    /// <summary>Bytes of a body that is read from anybody; one whose length is not said counts as longer.</summary>
    const int ShortBody = 64 << 10;

    /// <summary>What does not answer now, a database or a scanner, is started again in about this time.</summary>
    const string TryAgainSeconds = "30";

    static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

    /// <summary>Maps the FHIR base. Each request is decided by <see cref="Access.IAccessControl"/> and logged before its answer leaves.</summary>
    public static WebApplication MapFhir(this WebApplication app)
    {
        var server = app.Services.GetRequiredService<FhirServer>();
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Tervik.Records.Rest");
        app.MapMethods(Base + "/{**path}", Methods, (HttpContext http) => Handle(http, server, logger));
        app.MapMethods(Base, Methods, (HttpContext http) => Handle(http, server, logger));
        return app;
    }

    static async Task Handle(HttpContext http, FhirServer server, ILogger logger)
    {
        var format = Format.Json;
        RestAnswer answer;
        try
        {
            format = Formats.OfAnswer(http.Request);
            answer = await server.Answer(await Read(http, server));
        }
        catch (FaultException fault)
        {
            if (fault.Faults[0].Where == "_cursor") SecurityLog.Note(http, "cursor-changed");
            answer = OperationOutcomes.Answer(fault.Faults);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (BadHttpRequestException fault)
        {
            answer = OperationOutcomes.Answer([new(fault.StatusCode == StatusCodes.Status413PayloadTooLarge ? FaultKind.TooLarge : FaultKind.Invalid, "too-long", null, fault.Message)]);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            LogUnexpected(logger, fault, http.Request.Method, http.TraceIdentifier);
            answer = OperationOutcomes.Answer([fault is StorageException
                ? new(FaultKind.Unavailable, "transient", null, $"The record cannot be reached now; nothing was changed. Try again. (Trace {http.TraceIdentifier})")
                : new(FaultKind.Internal, "exception", null, $"Something went wrong on our side; nothing was changed. (Trace {http.TraceIdentifier})")]);
        }
        await Write(http, answer, format);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A FHIR {Method} request failed (trace {Trace})")]
    static partial void LogUnexpected(ILogger logger, Exception fault, string method, string trace);

    static async ValueTask<RestRequest> Read(HttpContext http, FhirServer server)
    {
        var (request, asked) = (http.Request, Head(http));
        if (!(request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0)) return asked;
        // Who sends more than a form or a small resource is known before it is read.
        if (request.ContentLength is null or > ShortBody) await server.Admit(asked);
        var body = await ReadBody(http, server.Settings.LongestBody);
        if (asked.ContentType == "application/x-www-form-urlencoded") return asked with { Query = [.. asked.Query, .. RestRequest.ParseQuery(Encoding.UTF8.GetString(body.Span))] };
        return asked with { Body = request.Method != "PATCH" || Formats.IsXml(asked.ContentType) ? Formats.ToJson(body, asked.ContentType) : body };
    }

    /// <summary>What a request asks, without its body.</summary>
    static RestRequest Head(HttpContext http)
    {
        var request = http.Request;
        var path = http.GetRouteValue("path") as string ?? "";
        var headers = request.Headers;
        var prefer = Prefer(headers);
        return new()
        {
            Http = http,
            Method = request.Method,
            Path = path.Length == 0 ? [] : path.Split('/', StringSplitOptions.RemoveEmptyEntries),
            Query = request.QueryString.HasValue ? RestRequest.ParseQuery(request.QueryString.Value!) : [],
            Base = Address(request),
            ContentType = Formats.MediaType(request.ContentType),
            IfMatch = Header(headers.IfMatch),
            IfNoneMatch = Header(headers.IfNoneMatch),
            IfModifiedSince = Header(headers.IfModifiedSince),
            IfNoneExist = Header(headers["If-None-Exist"]),
            Return = prefer.Contains("return=minimal", StringComparison.OrdinalIgnoreCase) ? ReturnPreference.Minimal
                : prefer.Contains("return=OperationOutcome", StringComparison.OrdinalIgnoreCase) ? ReturnPreference.OperationOutcome : ReturnPreference.Representation,
            Strict = prefer.Contains("handling=strict", StringComparison.OrdinalIgnoreCase),
        };
    }

    static string Prefer(IHeaderDictionary headers) => headers.TryGetValue("Prefer", out var values) ? values.ToString().Replace(" ", "", StringComparison.Ordinal) : "";

    static string? Header(Microsoft.Extensions.Primitives.StringValues values) => values.Count == 0 ? null : values.ToString();

    static async ValueTask<ReadOnlyMemory<byte>> ReadBody(HttpContext http, int longest)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = longest;
        if (http.Request.ContentLength > longest)
            throw new FaultException(new Fault(FaultKind.TooLarge, "too-long", "Content-Length", $"The request has {http.Request.ContentLength} bytes, more than the limit of {longest}."));
        var reader = http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(http.RequestAborted);
            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    static async Task Write(HttpContext http, RestAnswer answer, Format format)
    {
        var response = http.Response;
        response.StatusCode = answer.Status;
        var headers = response.Headers;
        headers.CacheControl = "no-store";
        if (answer.Version is { } version) headers.ETag = string.Create(CultureInfo.InvariantCulture, $"W/\"{version}\"");
        if (answer.AtUs is { } atUs) headers.LastModified = DateTime.UnixEpoch.AddTicks(atUs * TimeSpan.TicksPerMicrosecond).ToString("R", CultureInfo.InvariantCulture);
        if (answer.Location is { } location)
        {
            var address = $"{Address(http.Request)}/{location}";
            headers.Location = address;
            headers.ContentLocation = address;
        }
        if (answer.Status == StatusCodes.Status503ServiceUnavailable) headers.RetryAfter = TryAgainSeconds;
        if (answer.Status == StatusCodes.Status401Unauthorized) headers.WWWAuthenticate = "Bearer";
        if (answer.Body.IsEmpty || answer.Status is StatusCodes.Status204NoContent or StatusCodes.Status304NotModified) return;
        var body = Formats.Shape(answer, http.Request, format);
        response.ContentType = format == Format.Xml ? "application/fhir+xml; charset=utf-8" : "application/fhir+json; charset=utf-8";
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method)) await response.Body.WriteAsync(body, http.RequestAborted);
    }
}
