using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Tervik.Records.Access;
using Tervik.Records.Resources;

namespace Tervik.Records.Rest;

/// <summary>read, vread and history (http.html#read, #vread, #history).</summary>
sealed class Reading(RecordStore store, RestSettings settings)
{
    public async ValueTask<RestAnswer> Read(RestRequest request, Permission permission, Interaction interaction)
    {
        Only(request, []);
        var found = await store.Read(interaction.Type!, interaction.Id!, permission.Filter, request.Http.RequestAborted);
        return Answer(request, found ?? throw Absent(interaction));
    }

    public async ValueTask<RestAnswer> ReadVersion(RestRequest request, Permission permission, Interaction interaction)
    {
        Only(request, []);
        if (!int.TryParse(request.Path[3], NumberStyles.None, CultureInfo.InvariantCulture, out var version)) throw Absent(interaction);
        var found = await store.ReadVersion(interaction.Type!, interaction.Id!, version, permission.Filter, request.Http.RequestAborted);
        return Answer(request, found ?? throw Absent(interaction));
    }

    /// <summary>The same words for what does not exist and for what is hidden.</summary>
    public static FaultException Absent(Interaction interaction) => new(new Fault(FaultKind.NotFound, "not-found", null, $"There is no {interaction.Type}/{interaction.Id}."));

    RestAnswer Answer(RestRequest request, StoredResource found)
    {
        var name = $"{found.Type}/{found.Id}";
        if (found.IsDeleted)
            throw new FaultException(new Fault(FaultKind.Gone, "deleted", null, $"{name} was deleted on {JsonText.Instant(found.AtUs)}."));
        var isKnown = request.IfNoneMatch is { } tags ? Tags.Match(tags, found.Version)
            : request.IfModifiedSince is { } since && DateTimeOffset.TryParse(since, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                && found.AtUs / 1_000_000 <= time.ToUnixTimeSeconds();
        return new(isKnown ? 304 : 200)
        {
            Body = isKnown ? default : found.Body, IsResource = true, Version = found.Version, AtUs = found.AtUs,
            Resources = [new(name, store.CompartmentsOf(found))],
        };
    }

    /// <summary>Versions of one resource, a type or everything, newest first, with <c>_count</c>, <c>_since</c> and links to the next page.</summary>
    public async ValueTask<RestAnswer> History(RestRequest request, Permission permission, Interaction interaction)
    {
        Only(request, ["_count", "_since", "_before"]);
        var count = Math.Min(Number(request, "_count", settings.Search.PageSize), settings.Search.LargestPage);
        var since = request.Parameter("_since") is { } text ? Instant("_since", text) : 0;
        var before = request.Parameter("_before") is { } cursor
            ? long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? at : throw Bad("_before", cursor, "the value of a page link")
            : long.MaxValue;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(request.Http.RequestAborted);
        limit.CancelAfter(settings.Search.LongestQuery);
        var versions = count == 0 ? [] : await store.History(interaction.Type, interaction.Id, since, before, count + 1, permission.Filter, limit.Token);
        if (versions.Count == 0 && interaction.Id is not null && before == long.MaxValue && since == 0 && count > 0) throw Absent(interaction);
        var page = versions.Take(count).ToList();
        return new(200)
        {
            Body = HistoryBundle(request, page, hasMore: versions.Count > count),
            Resources = AccessedResource.Of(store, page),
        };
    }

    static byte[] HistoryBundle(RestRequest request, List<StoredResource> page, bool hasMore)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(output, JsonText.Options))
        {
            json.WriteStartObject();
            json.WriteString("resourceType"u8, "Bundle"u8);
            json.WriteString("type"u8, "history"u8);
            json.WriteStartArray("link"u8);
            BundleText.Link(json, "self", BundleText.Address(request, request.Query));
            if (hasMore)
                BundleText.Link(json, "next", BundleText.Address(request,
                    [.. request.Query.Where(parameter => parameter.Key != "_before"), new("_before", page[^1].AtUs.ToString(CultureInfo.InvariantCulture))]));
            json.WriteEndArray();
            if (page.Count > 0) json.WriteStartArray("entry"u8);
            foreach (var version in page) Write(json, request.Base, version);
            if (page.Count > 0) json.WriteEndArray();
            json.WriteEndObject();
        }
        return output.WrittenSpan.ToArray();
    }

    static void Write(Utf8JsonWriter json, string address, StoredResource version)
    {
        json.WriteStartObject();
        json.WriteString("fullUrl"u8, $"{address}/{version.Type}/{version.Id}");
        if (!version.IsDeleted)
        {
            json.WritePropertyName("resource"u8);
            json.WriteRawValue(version.Body, skipInputValidation: true);
        }
        json.WriteStartObject("request"u8);
        json.WriteString("method"u8, version.Method);
        json.WriteString("url"u8, version.Method == "POST" ? version.Type : $"{version.Type}/{version.Id}");
        json.WriteEndObject();
        json.WriteStartObject("response"u8);
        json.WriteString("status"u8, version.IsDeleted ? "204" : version.Version == 1 ? "201" : "200");
        json.WriteString("etag"u8, string.Create(CultureInfo.InvariantCulture, $"W/\"{version.Version}\""));
        json.WriteString("lastModified"u8, JsonText.Instant(version.AtUs));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>An unknown parameter is never ignored in silence.</summary>
    public static void Only(RestRequest request, string[] known)
    {
        foreach (var (name, _) in request.Query)
            if (!known.Contains(name) && !Formats.Parameters.Contains(name))
                throw new FaultException(new Fault(FaultKind.Invalid, "not-supported", name, $"The parameter {name} is not known here{(known.Length == 0 ? "" : $"; {string.Join(", ", known)} are")}."));
    }

    public static int Number(RestRequest request, string name, int otherwise) => request.Parameter(name) is not { } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw Bad(name, text, "a whole number");

    static long Instant(string name, string text) =>
        DateTimeOffset.TryParse(text.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? (time.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond : throw Bad(name, text, "an instant such as 2026-01-31T12:00:00Z");

    static FaultException Bad(string name, string value, string expected) => new(new Fault(FaultKind.Invalid, "value", name, $"{name} is {value}; {expected} was expected."));
}

/// <summary>Entity tags of versions: <c>W/"3"</c>.</summary>
static class Tags
{
    /// <summary>Whether a list of tags names the version; <c>*</c> names any.</summary>
    public static bool Match(string tags, int version)
    {
        foreach (var tag in tags.Split(','))
            if (tag.Trim() == "*" || Version(tag) == version) return true;
        return false;
    }

    /// <summary>The version a tag names, or null. Some clients send it without quotes.</summary>
    public static int? Version(string tag)
    {
        var text = tag.AsSpan().Trim();
        if (text.StartsWith("W/", StringComparison.OrdinalIgnoreCase)) text = text[2..];
        return int.TryParse(text.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;
    }
}
