using System.Buffers;
using System.Text.Json;

namespace Tervik.Records.Rest;

/// <summary>Faults as OperationOutcome and as HTTP status.</summary>
public static class OperationOutcomes
{
    /// <summary>The status of an answer to faults: the first decides.</summary>
    public static int Status(FaultKind kind) => kind switch
    {
        FaultKind.Invalid => 400,
        FaultKind.Unprocessable => 422,
        FaultKind.Unauthenticated => 401,
        FaultKind.Forbidden or FaultKind.TooCostly => 403,
        FaultKind.NotFound => 404,
        FaultKind.Gone => 410,
        FaultKind.NotSupported => 405,
        FaultKind.Conflict => 409,
        FaultKind.PreconditionFailed => 412,
        FaultKind.TooLarge => 413,
        FaultKind.NotAcceptable => 406,
        FaultKind.UnsupportedMedia => 415,
        FaultKind.TooMany => 429,
        FaultKind.Unavailable => 503,
        _ => 500,
    };

    /// <summary>An OperationOutcome with one issue per fault.</summary>
    public static byte[] Json(IReadOnlyList<Fault> faults)
    {
        var output = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(output, JsonText.Options)) Write(json, faults);
        return output.WrittenSpan.ToArray();
    }

    internal static void Write(Utf8JsonWriter json, IReadOnlyList<Fault> faults)
    {
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "OperationOutcome"u8);
        json.WriteStartArray("issue"u8);
        foreach (var fault in faults)
        {
            json.WriteStartObject();
            json.WriteString("severity"u8, fault.Severity);
            json.WriteString("code"u8, fault.Code);
            json.WriteString("diagnostics"u8, fault.What);
            if (fault.Where is { Length: > 0 } where)
            {
                json.WriteStartArray("expression"u8);
                json.WriteStringValue(where);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>"All is well" for <c>Prefer: return=OperationOutcome</c> and <c>$validate</c>.</summary>
    internal static Fault Fine(string what) => new(FaultKind.Invalid, "informational", null, what) { Severity = "information" };

    /// <summary>The answer to faults.</summary>
    internal static RestAnswer Answer(IReadOnlyList<Fault> faults) => new(Status(faults[0].Kind)) { Body = Json(faults) };
}

/// <summary>JSON as FHIR servers write it: only what must be escaped is.</summary>
public static class JsonText
{
    /// <summary>A time as it stands in meta.lastUpdated.</summary>
    public static string Instant(long us) => DateTime.UnixEpoch.AddTicks(us * TimeSpan.TicksPerMicrosecond).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>How what we write is written: letters as they are.</summary>
    public static readonly JsonWriterOptions Options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
}
