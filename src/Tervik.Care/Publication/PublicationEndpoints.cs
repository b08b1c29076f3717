using System.IO.Compression;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Rest;
using Tervik.Trust;

namespace Tervik.Care.Publication;

/// <summary>SMART Scheduling Links: <c>GET /fhir/$bulk-publish</c>, the manifest, and the files it names below it. Open to everybody, and about no patient.</summary>
static class PublicationEndpoints
{
    const string Path = FhirEndpoints.Base + "/$bulk-publish", Ndjson = "application/fhir+ndjson";

    public static void MapPublication(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, Manifest);
        routes.MapGet(Path + "/{file}", File);
    }

    static async Task<IResult> Manifest(HttpContext request, SlotPublication publication, PublicationSettings settings, CancellationToken stop)
    {
        if (await Refused(request, settings, stop) is { } refused) return refused;
        var edition = await publication.Now(stop);
        Keep(request);
        var server = settings.Base + Path;
        var body = FhirBody.Of(json =>
        {
            json.WriteStartObject();
            json.WriteString("transactionTime", edition.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture));
            json.WriteString("request", server);
            json.WriteStartArray("output");
            foreach (var file in edition.Files)
            {
                json.WriteStartObject();
                json.WriteString("type", file.Type);
                json.WriteString("url", $"{server}/{file.Name}");
                if (file.State is { } state)
                {
                    json.WriteStartObject("extension");
                    json.WriteStartArray("state");
                    json.WriteStringValue(state);
                    json.WriteEndArray();
                    json.WriteEndObject();
                }
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("error");
            json.WriteEndArray();
            json.WriteEndObject();
        });
        return Results.Bytes(body.Bytes, "application/json", lastModified: Second(edition.At), entityTag: new($"\"{edition.Tag}\""));
    }

    static async Task<IResult> File(string file, HttpContext request, SlotPublication publication, PublicationSettings settings, CancellationToken stop)
    {
        if (await Refused(request, settings, stop) is { } refused) return refused;
        if ((await publication.Now(stop)).Files.FirstOrDefault(one => one.Name == file) is not { } found) return FhirBody.Outcome(new Fault(FaultKind.NotFound, "not-found", null, "There is no such file now; the manifest names those there are."));
        Keep(request);
        // The same content either way: a weak tag.
        var tag = new EntityTagHeaderValue($"\"{found.Tag}\"", isWeak: true);
        request.Response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (request.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase))
        {
            request.Response.Headers.ContentEncoding = "gzip";
            return Results.Bytes(found.Gzip, Ndjson, lastModified: Second(found.ChangedAt), entityTag: tag);
        }
        return Results.Stream(new GZipStream(new MemoryStream(found.Gzip), CompressionMode.Decompress), Ndjson, lastModified: Second(found.ChangedAt), entityTag: tag);
    }

    static async Task<IResult?> Refused(HttpContext request, PublicationSettings settings, CancellationToken stop)
    {
        if ((await request.RequestServices.GetRequiredService<IAccessControl>().Decide(request, new("$bulk-publish", null), stop)).Refusal is { } refusal) return FhirBody.Outcome(refusal);
        return settings.IsOn ? null : FhirBody.Outcome(new Fault(FaultKind.NotFound, "not-supported", null, "Times are not published here."));
    }

    static void Keep(HttpContext request) => request.Response.Headers.CacheControl = $"public, max-age={(int)SlotPublication.Fresh.TotalSeconds}";

    // Headers of HTTP know whole seconds; one that is later than what it says would never be the same.
    static DateTimeOffset Second(DateTimeOffset at) => new(at.UtcTicks - at.UtcTicks % TimeSpan.TicksPerSecond, TimeSpan.Zero);
}
