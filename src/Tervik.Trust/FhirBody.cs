using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tervik.Records;
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
