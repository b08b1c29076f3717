using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Tervik.Records.Access;
using Tervik.Records.Definitions;
using Tervik.Records.Indexing;
using Tervik.Records.Resources;
using Tervik.Records.Rest;
using Tervik.Records.Search;
using Tervik.Storage;

namespace Tervik.Records.Operations;

/// <summary><c>$everything</c> of a patient or an encounter (patient-operation-everything.html), and <c>$lastn</c> (observation-operation-lastn.html).</summary>
sealed class CompartmentOperations(SearchEngine searches, RecordStore store, RestSettings settings)
{
    /// <summary>$everything gives so many resources at once when the client does not say.</summary>
    const int LargestRecord = 20_000;

    /// <summary>Parameters that say when care happened.</summary>
    static readonly string[] CareDates = ["date", "period", "onset-date", "authoredon", "effective-time", "performed", "started"];

    static readonly string[] EverythingParameters = ["_count", "_type", "_since", "_after", "start", "end"];

    public async ValueTask<RestAnswer> Everything(RestRequest request, Permission permission, Interaction interaction)
    {
        Reading.Only(request, EverythingParameters);
        var stop = request.Http.RequestAborted;
        var focus = await store.Read(interaction.Type!, interaction.Id!, permission.Filter, stop);
        if (focus is null or { IsDeleted: true }) throw Reading.Absent(interaction);
        var count = Math.Min(Reading.Number(request, "_count", LargestRecord), LargestRecord);
        var after = request.Parameter("_after") is { } cursor && long.TryParse(cursor, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var pk) ? pk : long.MinValue;
        var types = Types(request);
        var members = await store.Database.Read(session => Members(session, focus, types, after, count + 1), stop);
        var page = members.Take(count).ToList();
        var since = request.Parameter("_since") is { } text ? CareTime(text, "_since").LowUs : long.MinValue;
        var (start, end) = (request.Parameter("start") is { } s ? CareTime(s, "start").LowUs : long.MinValue, request.Parameter("end") is { } e ? CareTime(e, "end").HighUs : long.MaxValue);
        var matches = await store.Visible([.. page.Where(resource => resource.AtUs >= since && IsCareOf(resource, start, end))], permission.Filter, stop);
        var named = types.Length > 0 ? [] : await store.Database.Read(session => Named(session, matches), stop);
        var included = await store.Visible([.. named.Where(resource => resource.AtUs >= since)], permission.Filter, stop);
        KeyValuePair<string, string>[] next = members.Count > count ? [.. request.Query.Where(parameter => parameter.Key != "_after"), new("_after", page[^1].Pk.ToString(CultureInfo.InvariantCulture))] : [];
        return new(200)
        {
            Body = Bundle(request, matches, included, next),
            Resources = AccessedResource.Of(store, matches.Concat(included)),
        };
    }

    static string[] Types(RestRequest request)
    {
        if (request.Parameter("_type") is not { } text) return [];
        var types = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var type in types)
            if (Schema.R4.Find(type) is not { Kind: FhirTypeKind.Resource }) throw new FaultException(new Fault(FaultKind.Invalid, "value", "_type", $"{type} is not a resource type of FHIR R4."));
        return types;
    }

    static DateRange CareTime(string text, string name) => Indexing.DateRange.TryParse(text, out var range) ? range : throw new FaultException(new Fault(FaultKind.Invalid, "value", name, $"{name} is {text}; a date such as 2026-01-31 was expected."));

    /// <summary>Whether its care dates, where it has any, touch the time asked for.</summary>
    bool IsCareOf(StoredResource resource, long start, long end)
    {
        if (start == long.MinValue && end == long.MaxValue) return true;
        var keys = CareDates.SelectMany(code => store.Indexer.Parameters.Find(resource.Type, code)?.Paths ?? []).Select(path => path.Key).ToHashSet();
        var dates = store.Extract(resource.Body).Ranges.Where(range => keys.Contains(range.Parameter)).ToList();
        return dates.Count == 0 || dates.Exists(date => date.Low <= end && date.High >= start);
    }

    /// <summary>The resources of a compartment in the order of their creation, the focus among them.</summary>
    async ValueTask<List<StoredResource>> Members(Session session, StoredResource focus, string[] types, long after, int count)
    {
        var focusKey = store.Keys.Reference($"{focus.Type}/{focus.Id}");
        var keys = (types.Length > 0 ? types : Schema.R4.ResourceTypes.Select(type => type.Name)).Select(store.Keys.Member).ToArray();
        var isPatient = focus.Type == "Patient";
        var source = isPatient
            ? $"SELECT pk FROM ix WHERE comp = $1 AND {session.Dialect.InArray("key", "$2")} AND pk > $3"
            : $"SELECT rev.source AS pk FROM rev JOIN ixg ON ixg.pk = rev.source AND {session.Dialect.InArray("ixg.key", "$2")} WHERE rev.target = $1 AND rev.source > $3 UNION SELECT pk FROM res WHERE rid = $1 AND pk > $3";
        var found = new List<StoredResource>();
        await using var rows = await session.Query($"""
            SELECT res.pk, res.type, res.id, res.ver, res.at_us, res.method, res.comp, res.body FROM (SELECT DISTINCT pk FROM ({source}) AS every) AS member
            JOIN res ON res.pk = member.pk ORDER BY member.pk LIMIT $4
            """, focusKey, keys, after, count);
        while (await rows.Read()) found.Add(store.Stored(rows));
        return found;
    }

    /// <summary>What the members refer to outside the compartment: professionals, organizations, places, medication.</summary>
    async ValueTask<List<StoredResource>> Named(Session session, List<StoredResource> members)
    {
        var found = new List<StoredResource>();
        if (members.Count == 0) return found;
        await using var rows = await session.Query($"""
            SELECT res.pk, res.type, res.id, res.ver, res.at_us, res.method, res.comp, res.body FROM (SELECT DISTINCT target FROM fwd WHERE {session.Dialect.InArray("source", "$1")}) AS named
            JOIN res ON res.rid = named.target WHERE res.comp = 0 AND res.method <> 'DELETE'
            """, members.Select(member => member.Pk).ToArray());
        while (await rows.Read()) found.Add(store.Stored(rows));
        return found;
    }

    /// <summary>The latest observations of each code: parameter <c>max</c> says how many (default 1); others are search parameters, of which a patient or subject is needed.</summary>
    public async ValueTask<RestAnswer> LastN(RestRequest request, Permission permission, Interaction interaction)
    {
        var max = Reading.Number(request, "max", 1);
        if (max is < 1 or > 100) throw new FaultException(new Fault(FaultKind.Invalid, "value", "max", $"max is {max}; 1 to 100 was expected."));
        if (!request.Query.Any(parameter => parameter.Key.Split(':', '.')[0] is "patient" or "subject"))
            throw new FaultException(new Fault(FaultKind.Invalid, "required", "patient", "$lastn needs a patient or a subject."));
        var search = new SearchRequest("Observation", [.. request.Query.Where(parameter => parameter.Key is not "max" && !Formats.Parameters.Contains(parameter.Key)), new("_sort", "-date"), new("_count", settings.Search.LargestPage.ToString(CultureInfo.InvariantCulture))], request.Strict);
        var taken = new Dictionary<string, int>(StringComparer.Ordinal);
        var latest = new List<StoredResource>();
        for (var cursor = (string?)null; ;)
        {
            var page = await searches.Search(search with { Cursor = cursor }, permission.Filter, request.Http.RequestAborted);
            foreach (var observation in page.Matches)
                foreach (var code in Codes(observation).Take(1))
                {
                    var seen = taken.GetValueOrDefault(code);
                    taken[code] = seen + 1;
                    if (seen < max) latest.Add(observation);
                }
            if ((cursor = page.NextCursor) is null) break;
        }
        return new(200)
        {
            Body = Bundle(request, latest, [], []),
            Resources = AccessedResource.Of(store, latest),
        };
    }

    /// <summary>The first coding, or the text: observations that share it are of one kind.</summary>
    static IEnumerable<string> Codes(StoredResource observation)
    {
        using var json = JsonDocument.Parse(observation.Body);
        if (!json.RootElement.TryGetProperty("code"u8, out var concept)) yield break;
        if (concept.TryGetProperty("coding"u8, out var codings))
            foreach (var coding in codings.EnumerateArray())
                yield return $"{Text(coding, "system")}|{Text(coding, "code")}";
        yield return Text(concept, "text");
    }

    static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    static ReadOnlyMemory<byte> Bundle(RestRequest request, List<StoredResource> matches, List<StoredResource> included, KeyValuePair<string, string>[] next)
    {
        var output = new ArrayBufferWriter<byte>(matches.Sum(match => match.Body.Length + 200) + 1024);
        using (var json = new Utf8JsonWriter(output, JsonText.Options))
        {
            json.WriteStartObject();
            json.WriteString("resourceType"u8, "Bundle"u8);
            json.WriteString("type"u8, "searchset"u8);
            json.WriteStartArray("link"u8);
            BundleText.Link(json, "self", BundleText.Address(request, request.Query));
            if (next.Length > 0) BundleText.Link(json, "next", BundleText.Address(request, next));
            json.WriteEndArray();
            if (matches.Count + included.Count > 0)
            {
                json.WriteStartArray("entry"u8);
                foreach (var resource in matches) Searching.Write(json, request.Base, resource, "match"u8, null);
                foreach (var resource in included) Searching.Write(json, request.Base, resource, "include"u8, null);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        return output.WrittenMemory;
    }
}
