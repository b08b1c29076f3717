using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tervik.Records;
using Tervik.Records.Model;
using Tervik.Records.Rest;

namespace Tervik.Trust;

/// <summary>A FHIR resource as the answer of what a room above Records serves below the FHIR base itself.</summary>
/// <param name="Bytes">JSON; empty for none.</param>
/// <param name="Status">Of HTTP.</param>
public sealed record FhirBody(ReadOnlyMemory<byte> Bytes, int Status = StatusCodes.Status200OK) : IResult
{
    /// <summary>An OperationOutcome that says what is wrong.</summary>
    public static FhirBody Outcome(IReadOnlyList<Fault> faults) => new(OperationOutcomes.Json(faults), OperationOutcomes.Status(faults[0].Kind));

    /// <inheritdoc cref="Outcome(IReadOnlyList{Fault})"/>
    public static FhirBody Outcome(Fault fault) => Outcome([fault]);

    /// <summary>What is written, as the body.</summary>
    public static FhirBody Of(Action<Utf8JsonWriter> write, int status = StatusCodes.Status200OK)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, JsonText.Options)) write(json);
        return new(bytes.WrittenMemory, status);
    }

    /// <summary>Whether JSON is sent with a request.</summary>
    public static bool IsJson(HttpRequest request) => request.ContentType?.Split(';')[0].Trim() is "application/fhir+json" or "application/json";

    /// <summary>The JSON that was sent with a request, within a limit of its own. The caller disposes it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="longest">Bytes.</param>
    /// <param name="what">What is sent, such as <c>Choices</c>.</param>
    /// <param name="tooLong">What is said when it is longer.</param>
    /// <exception cref="FaultException">It is of another type, too long, or no JSON.</exception>
    public static async Task<JsonDocument> Sent(HttpContext request, int longest, string what, string tooLong)
    {
        if (!IsJson(request.Request))
            throw new FaultException(new Fault(FaultKind.UnsupportedMedia, "not-supported", "Content-Type", $"{what} are sent as application/fhir+json."));
        var limit = new Fault(FaultKind.TooLarge, "too-long", null, tooLong);
        if (request.Request.ContentLength > longest) throw new FaultException(limit);
        if (request.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature) feature.MaxRequestBodySize = longest;
        using var body = new MemoryStream();
        try { await request.Request.Body.CopyToAsync(body, request.RequestAborted); }
        catch (BadHttpRequestException) { throw new FaultException(limit); }
        return FhirJson.Parse(body.ToArray());
    }

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.Headers.CacheControl = "no-store";
        if (Status == StatusCodes.Status401Unauthorized && response.Headers.WWWAuthenticate.Count == 0) response.Headers.WWWAuthenticate = "Bearer";
        if (Bytes.IsEmpty) return;
        response.ContentType = "application/fhir+json; charset=utf-8";
        response.ContentLength = Bytes.Length;
        await response.Body.WriteAsync(Bytes, httpContext.RequestAborted);
    }
}
