using System.Buffers;
using System.Text.Json;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.Records.Rest;

/// <summary>search on a type, the system or a compartment (http.html#search), by GET and POST; the answer is a searchset.</summary>
sealed class Searching(SearchEngine searches, RecordStore store)
{
    public async ValueTask<RestAnswer> Answer(RestRequest request, Permission permission, Interaction interaction)
    {
        var subset = Formats.SubsetOf(request.Parameter("_summary"), request.Parameter("_elements"));
        var page = await searches.Search(Read(request, interaction.Type) with
        {
            Compartment = interaction.Name == "search-compartment" ? $"{request.Path[0]}/{request.Path[1]}" : null,
            Cursor = request.Parameter("_cursor"),
        }, permission.Filter, request.Http.RequestAborted);
        return new(200)
        {
            Body = Bundle(request, page, subset),
            Resources = AccessedResource.Of(store, page.Matches.Concat(page.Included)),
        };
    }

    /// <summary>What a request asks of the search, without what only shapes the answer.</summary>
    public static SearchRequest Read(RestRequest request, string? type)
    {
        var parameters = request.Query.Where(parameter => parameter.Key != "_cursor" && !Formats.Parameters.Contains(parameter.Key)).ToList();
        if (request.Parameter("_summary") == "count") parameters = [.. parameters.Where(parameter => parameter.Key != "_count"), new("_count", "0")];
        return new(type, parameters, request.Strict);
    }

    static ReadOnlyMemory<byte> Bundle(RestRequest request, SearchPage page, Subset? subset)
    {
        var size = 1024;
        foreach (var resource in page.Matches) size += resource.Body.Length + 200;
        var output = new ArrayBufferWriter<byte>(size);
        using (var json = new Utf8JsonWriter(output, JsonText.Options))
        {
            json.WriteStartObject();
            json.WriteString("resourceType"u8, "Bundle"u8);
            json.WriteString("type"u8, "searchset"u8);
            if (page.Total is { } total) json.WriteNumber("total"u8, total);
            WriteLinks(json, request, page);
            if (page.Matches.Count + page.Included.Count + page.Warnings.Count > 0)
            {
                json.WriteStartArray("entry"u8);
                foreach (var resource in page.Matches) Write(json, request.Base, resource, "match"u8, subset);
                foreach (var resource in page.Included) Write(json, request.Base, resource, "include"u8, subset);
                if (page.Warnings.Count > 0) WriteOutcome(json, page.Warnings);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        return output.WrittenMemory;
    }

    static void WriteLinks(Utf8JsonWriter json, RestRequest request, SearchPage page)
    {
        var form = request.Query.Where(parameter => parameter.Key is "_summary" or "_elements" or "_format" or "_pretty").ToList();
        json.WriteStartArray("link"u8);
        BundleText.Link(json, "self", BundleText.Address(request, [.. page.Understood.Where(parameter => request.Parameter("_summary") != "count" || parameter.Key != "_count"), .. form]));
        if (page.NextCursor is { } next) BundleText.Link(json, "next", BundleText.Address(request, [new("_cursor", next), .. form]));
        if (page.PreviousCursor is { } previous) BundleText.Link(json, "previous", BundleText.Address(request, [new("_cursor", previous), .. form]));
        json.WriteEndArray();
    }

    internal static void Write(Utf8JsonWriter json, string address, StoredResource resource, ReadOnlySpan<byte> mode, Subset? subset)
    {
        json.WriteStartObject();
        json.WriteString("fullUrl"u8, $"{address}/{resource.Type}/{resource.Id}");
        json.WritePropertyName("resource"u8);
        if (subset is null) json.WriteRawValue(resource.Body, skipInputValidation: true);
        else
        {
            var part = new ArrayBufferWriter<byte>(resource.Body.Length);
            subset.Write(resource.Body, part);
            json.WriteRawValue(part.WrittenSpan, skipInputValidation: true);
        }
        json.WriteStartObject("search"u8);
        json.WriteString("mode"u8, mode);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>What was left out of a lenient search, said in the bundle.</summary>
    static void WriteOutcome(Utf8JsonWriter json, IReadOnlyList<Fault> warnings)
    {
        json.WriteStartObject();
        json.WritePropertyName("resource"u8);
        OperationOutcomes.Write(json, warnings);
        json.WriteStartObject("search"u8);
        json.WriteString("mode"u8, "outcome"u8);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
