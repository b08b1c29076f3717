using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Tervik.Records.Access;
using Tervik.Records.Model;

namespace Tervik.Records.Rest;

/// <summary>One entry of a batch or transaction as sent.</summary>
/// <param name="Index">Its place in the bundle.</param>
/// <param name="FullUrl">What other entries call it by, or null.</param>
/// <param name="Request">The interaction it asks for.</param>
sealed record BundleEntry(int Index, string? FullUrl, RestRequest Request)
{
    /// <summary>FHIRPath of its resource, for faults.</summary>
    public string Where => string.Create(CultureInfo.InvariantCulture, $"Bundle.entry[{Index}].resource");
}

/// <summary>batch and transaction (http.html#transaction).</summary>
sealed class Bundles(FhirServer server)
{
    static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

    /// <summary><c>batch</c> or <c>transaction</c>, as the body says, so that it can be decided before it is read whole.</summary>
    public static string Kind(RestRequest request)
    {
        if (request.Body.IsEmpty) throw Bad(null, "The request has no body; a Bundle of type batch or transaction was expected.");
        using var json = FhirJson.Parse(request.Body);
        var node = Node.Resource(json.RootElement);
        if (node.Type.Name != "Bundle") throw Bad("resourceType", $"A {node.Type.Name} was sent to the base address; a Bundle was expected.");
        var type = json.RootElement.TryGetProperty("type"u8, out var found) && found.ValueKind == JsonValueKind.String ? found.GetString() : null;
        return type is "batch" or "transaction" ? type : throw Bad("Bundle.type", type is null ? "The Bundle has no type; batch or transaction was expected." : $"A Bundle of type {type} cannot be processed; batch or transaction was expected.");
    }

    public async ValueTask<RestAnswer> Answer(RestRequest request, Permission permission)
    {
        using var json = FhirJson.Parse(request.Body);
        CheckSelf(json.RootElement);
        var isTransaction = json.RootElement.GetProperty("type"u8).ValueEquals("transaction"u8);
        var entries = new List<JsonElement>();
        if (json.RootElement.TryGetProperty("entry"u8, out var sent))
        {
            if (sent.ValueKind != JsonValueKind.Array) throw Bad("Bundle.entry", "Bundle.entry is no array.");
            if (sent.GetArrayLength() > server.Settings.MostEntries)
                throw new FaultException(new Fault(FaultKind.TooLarge, "too-long", "Bundle.entry", $"The Bundle has {sent.GetArrayLength()} entries, more than the limit of {server.Settings.MostEntries}."));
            entries.AddRange(sent.EnumerateArray());
        }
        return isTransaction ? await new Transaction(server).Answer(request, entries) : await Batch(request, entries);
    }

    /// <summary>The bundle's own elements; its resources are validated where they are written.</summary>
    static void CheckSelf(JsonElement bundle)
    {
        foreach (var property in bundle.EnumerateObject())
            if (property.Name.TrimStart('_') is not ("resourceType" or "id" or "meta" or "implicitRules" or "language" or "identifier" or "type" or "timestamp" or "total" or "link" or "entry" or "signature"))
                throw Bad($"Bundle.{property.Name}", $"A Bundle has no element {property.Name}.");
    }

    async Task<RestAnswer> Batch(RestRequest request, List<JsonElement> entries)
    {
        var answers = new List<RestAnswer>(entries.Count);
        // Entries are logged while the next ones are answered, so that they share commits; the answer waits for all.
        var logging = new List<Task>();
        for (var i = 0; i < entries.Count; i++)
        {
            try
            {
                var entry = Read(request, entries[i], i);
                answers.Add(await server.Answer(entry.Request with { Logging = logging }));
            }
            catch (FaultException fault)
            {
                answers.Add(OperationOutcomes.Answer([.. fault.Faults.Select(one => Incoming.Located(one, null))]));
            }
        }
        await Task.WhenAll(logging);
        return Response("batch-response", answers);
    }

    /// <summary>Reads an entry.</summary>
    /// <exception cref="FaultException">It lacks what an entry needs; the fault says where.</exception>
    public static BundleEntry Read(RestRequest request, JsonElement entry, int index)
    {
        var where = string.Create(CultureInfo.InvariantCulture, $"Bundle.entry[{index}]");
        if (entry.ValueKind != JsonValueKind.Object) throw Bad(where, "An entry is an object.");
        if (!entry.TryGetProperty("request"u8, out var asked) || asked.ValueKind != JsonValueKind.Object) throw Bad($"{where}.request", "The entry has no request; method and url were expected.");
        var method = Text(asked, "method"u8, where) ?? throw Bad($"{where}.request.method", "The request has no method.");
        if (!Methods.Contains(method)) throw Bad($"{where}.request.method", $"{method} is no method; one of {string.Join(", ", Methods)} was expected.");
        var url = Text(asked, "url"u8, where) ?? throw Bad($"{where}.request.url", "The request has no url.");
        var hasResource = entry.TryGetProperty("resource"u8, out var resource);
        if (method is "POST" or "PUT" or "PATCH" && !hasResource && !url.Contains('$', StringComparison.Ordinal) && !url.EndsWith("_search", StringComparison.Ordinal))
            throw Bad($"{where}.resource", $"A {method} needs a resource.");
        var (path, query) = RestRequest.ParseUrl(url, request.Base);
        if (path.Length == 0 && method != "GET") throw Bad($"{where}.request.url", $"The url {url} names no type.");
        var (body, contentType) = hasResource ? Content(resource, method) : (default, null);
        return new(index, Text(entry, "fullUrl"u8, where), new()
        {
            Http = request.Http, Method = method, Path = path, Query = query, Base = request.Base, Body = body, ContentType = contentType,
            IfMatch = Text(asked, "ifMatch"u8, where), IfNoneMatch = Text(asked, "ifNoneMatch"u8, where), IfModifiedSince = Text(asked, "ifModifiedSince"u8, where),
            IfNoneExist = Text(asked, "ifNoneExist"u8, where), Return = request.Return, Strict = request.Strict, Entry = where,
        });
    }

    /// <summary>The resource; for PATCH a Binary carries a JSON Patch document.</summary>
    static (ReadOnlyMemory<byte>, string?) Content(JsonElement resource, string method)
    {
        if (method == "PATCH" && resource.ValueKind == JsonValueKind.Object && resource.TryGetProperty("resourceType"u8, out var type) && type.ValueEquals("Binary"u8)
            && resource.TryGetProperty("data"u8, out var data) && data.TryGetBytesFromBase64(out var patch))
            return (patch, Formats.MediaType(resource.TryGetProperty("contentType"u8, out var media) ? media.GetString() : null));
        return (JsonMarshal.GetRawUtf8Value(resource).ToArray(), "application/fhir+json");
    }

    static string? Text(JsonElement element, ReadOnlySpan<byte> name, string where)
    {
        if (!element.TryGetProperty(name, out var value)) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Bad(where, $"{System.Text.Encoding.UTF8.GetString(name)} is no string.");
    }

    /// <summary>The answer's bundle, entries in the order of the request's.</summary>
    public static RestAnswer Response(string type, List<RestAnswer> answers)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(output, JsonText.Options))
        {
            json.WriteStartObject();
            json.WriteString("resourceType"u8, "Bundle"u8);
            json.WriteString("type"u8, type);
            if (answers.Count > 0) json.WriteStartArray("entry"u8);
            foreach (var answer in answers) Write(json, answer);
            if (answers.Count > 0) json.WriteEndArray();
            json.WriteEndObject();
        }
        return new(200)
        {
            Body = output.WrittenMemory,
        };
    }

    static void Write(Utf8JsonWriter json, RestAnswer answer)
    {
        json.WriteStartObject();
        var isOutcome = answer.Status >= 400;
        if (!answer.Body.IsEmpty && !isOutcome)
        {
            json.WritePropertyName("resource"u8);
            json.WriteRawValue(answer.Body.Span, skipInputValidation: true);
        }
        json.WriteStartObject("response"u8);
        json.WriteString("status"u8, answer.Status.ToString(CultureInfo.InvariantCulture));
        if (answer.Location is { } location) json.WriteString("location"u8, location);
        if (answer.Version is { } version) json.WriteString("etag"u8, string.Create(CultureInfo.InvariantCulture, $"W/\"{version}\""));
        if (answer.AtUs is { } atUs) json.WriteString("lastModified"u8, JsonText.Instant(atUs));
        if (isOutcome)
        {
            json.WritePropertyName("outcome"u8);
            json.WriteRawValue(answer.Body.Span, skipInputValidation: true);
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    internal static FaultException Bad(string? where, string what) => new(new Fault(FaultKind.Invalid, "invalid", where, what));
}
