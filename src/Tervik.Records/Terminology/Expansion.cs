using System.Collections.Concurrent;
using System.Text.Json;
using Tervik.Records.Indexing;
using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.Records.Terminology;

/// <summary>The codes that a value set or a place in a hierarchy stands for: of ValueSet and CodeSystem resources in the store first, then of those published with FHIR R4.</summary>
public sealed class Expansion(RecordStore store)
{
    /// <summary>Value sets that refer to value sets: published ones do so three times at most.</summary>
    const int DeepestValueSet = 10;

    static readonly ConcurrentDictionary<string, string[]> Systems = new(StringComparer.Ordinal);

    /// <summary>A concept of a hierarchy and the codes directly above it.</summary>
    sealed record Place(string Code, List<string> Parents);

    /// <summary>The codes of a value set.</summary>
    /// <param name="url">Canonical URL (a version after a bar is left out), or <c>ValueSet/id</c>.</param>
    /// <param name="session">Where to look.</param>
    /// <param name="name">The search parameter, for the fault.</param>
    /// <exception cref="FaultException">It is not known, or cannot be listed here.</exception>
    public ValueTask<IReadOnlyCollection<(string System, string Code)>> CodesOf(string url, Session session, string name) => CodesOf(url, session, name, 0);

    async ValueTask<IReadOnlyCollection<(string System, string Code)>> CodesOf(string url, Session session, string name, int depth)
    {
        if (depth > DeepestValueSet) throw Fault(name, $"The value set {url} refers to others more than {DeepestValueSet} times.");
        var bar = url.IndexOf('|', StringComparison.Ordinal);
        if (bar > 0) url = url[..bar];
        using var stored = await Find(session, "ValueSet", url);
        if (stored is not null) return await Compose(stored.RootElement, url, session, name, depth);
        return R4Terminology.Instance.ValueSet(url)?.All ?? throw Fault(name, $"The value set {url} is not known here, or draws on a code system that is not. Store the ValueSet with its codes.");
    }

    async ValueTask<IReadOnlyCollection<(string System, string Code)>> Compose(JsonElement set, string url, Session session, string name, int depth)
    {
        var codes = new HashSet<(string, string)>();
        if (!set.TryGetProperty("compose"u8, out var compose))
        {
            if (!set.TryGetProperty("expansion"u8, out var expansion)) throw Fault(name, $"The value set {url} has neither a composition nor an expansion.");
            Listed(expansion, codes);
            return codes;
        }
        foreach (var clause in Items(compose, "include"u8)) codes.UnionWith(await Codes(clause, url, session, name, depth));
        foreach (var clause in Items(compose, "exclude"u8)) codes.ExceptWith(await Codes(clause, url, session, name, depth));
        return codes;
    }

    static void Listed(JsonElement expansion, HashSet<(string, string)> codes)
    {
        foreach (var item in Items(expansion, "contains"u8))
        {
            if (Text(item, "code"u8) is { } code && !(item.TryGetProperty("abstract"u8, out var isAbstract) && isAbstract.ValueKind == JsonValueKind.True)) codes.Add((Text(item, "system"u8) ?? "", code));
            Listed(item, codes);
        }
    }

    async ValueTask<HashSet<(string, string)>> Codes(JsonElement clause, string url, Session session, string name, int depth)
    {
        HashSet<(string, string)>? found = null;
        if (Text(clause, "system"u8) is { } system)
        {
            var concepts = Items(clause, "concept"u8).Select(concept => Text(concept, "code"u8)).OfType<string>().ToList();
            if (concepts.Count == 0) concepts = await Filtered(clause, system, url, session, name);
            found = concepts.Select(code => (system, code)).ToHashSet();
        }
        foreach (var other in Items(clause, "valueSet"u8))
        {
            var set = await CodesOf(other.GetString() ?? "", session, name, depth + 1);
            if (found is null) found = [.. set];
            else found.IntersectWith(set);
        }
        return found ?? [];
    }

    async ValueTask<List<string>> Filtered(JsonElement clause, string system, string url, Session session, string name)
    {
        var places = await Hierarchy(system, session) ?? throw Fault(name, $"The value set {url} draws on {system}, which is not here.");
        IEnumerable<string> codes = places.Keys;
        foreach (var filter in Items(clause, "filter"u8))
        {
            var (property, op, value) = (Text(filter, "property"u8), Text(filter, "op"u8), Text(filter, "value"u8) ?? "");
            if (property is not ("concept" or "code") || op is not ("is-a" or "descendent-of" or "is-not-a" or "=" or "in")) throw Fault(name, $"The value set {url} has the filter '{property} {op}', which is not supported.");
            var named = op == "in" ? [.. value.Split(',').Select(code => code.Trim())] : op == "=" ? new HashSet<string> { value } : Below(places, value);
            if (op == "descendent-of") named.Remove(value);
            codes = codes.Where(code => named.Contains(code) != (op == "is-not-a")).ToList();
        }
        return [.. codes];
    }

    /// <summary>A code and what is above or below it in its code system.</summary>
    /// <exception cref="FaultException">The code system is not known here, or has no such code.</exception>
    public async ValueTask<IReadOnlyCollection<(string System, string Code)>> Related(string system, string code, bool above, Session session, string name)
    {
        var places = await Hierarchy(system, session) ?? throw Fault(name, $"The code system {system} is not here; its hierarchy is needed. Store the CodeSystem.");
        if (!places.ContainsKey(code)) throw Fault(name, $"The code system {system} has no code '{code}'.");
        return [.. (above ? Above(places, code) : Below(places, code)).Select(one => (system, one))];
    }

    /// <summary>Codes of a code system and what is directly above each; null when it is not known.</summary>
    async ValueTask<Dictionary<string, Place>?> Hierarchy(string system, Session session)
    {
        var places = new Dictionary<string, Place>(StringComparer.Ordinal);
        using var stored = await Find(session, "CodeSystem", system);
        if (stored is not null)
        {
            Nested(stored.RootElement, null, places);
            return places;
        }
        if (R4Terminology.Instance.System(system) is not { Content: "complete" } published) return null;
        var path = new List<string>();
        foreach (var concept in published.Concepts)
        {
            path.RemoveRange(concept.Depth, path.Count - concept.Depth);
            var parents = path.Count > 0 ? [path[^1]] : new List<string>();
            places[concept.Code] = new(concept.Code, [.. parents, .. concept.Parents]);
            path.Add(concept.Code);
        }
        return places;
    }

    static void Nested(JsonElement owner, string? parent, Dictionary<string, Place> places)
    {
        foreach (var concept in Items(owner, "concept"u8))
        {
            if (Text(concept, "code"u8) is not { } code) continue;
            var parents = Items(concept, "property"u8).Where(property => Text(property, "code"u8) is "parent" or "subsumedBy").Select(property => Text(property, "valueCode"u8)).OfType<string>().ToList();
            if (parent is not null) parents.Add(parent);
            places[code] = new(code, parents);
            Nested(concept, code, places);
        }
    }

    static HashSet<string> Above(Dictionary<string, Place> places, string code)
    {
        var found = new HashSet<string>(StringComparer.Ordinal) { code };
        var waiting = new Stack<string>([code]);
        while (waiting.TryPop(out var next))
            if (places.TryGetValue(next, out var place))
                foreach (var parent in place.Parents)
                    if (found.Add(parent)) waiting.Push(parent);
        return found;
    }

    static HashSet<string> Below(Dictionary<string, Place> places, string code)
    {
        var children = places.Values.SelectMany(place => place.Parents.Select(parent => (parent, place.Code))).ToLookup(pair => pair.parent, pair => pair.Code, StringComparer.Ordinal);
        var found = new HashSet<string>(StringComparer.Ordinal) { code };
        var waiting = new Stack<string>([code]);
        while (waiting.TryPop(out var next))
            foreach (var child in children[next])
                if (found.Add(child)) waiting.Push(child);
        return found;
    }

    /// <summary>The newest resource of the store with this URL, or under this name (<c>ValueSet/id</c>).</summary>
    async ValueTask<JsonDocument?> Find(Session session, string type, string url)
    {
        const string byName = "SELECT pk, type, id, ver, at_us, method, comp, body FROM res WHERE rid = $1 AND method <> 'DELETE'";
        const string byUrl = "SELECT r.pk, r.type, r.id, r.ver, r.at_us, r.method, r.comp, r.body FROM ixg x CROSS JOIN res r WHERE x.key = $1 AND r.pk = x.pk AND r.method <> 'DELETE' ORDER BY r.at_us DESC LIMIT 1";
        var isName = url.StartsWith(type + "/", StringComparison.Ordinal);
        foreach (var path in store.Indexer.Parameters.Find(type, "url")?.Paths ?? [])
        {
            await using var rows = await session.Query(isName ? byName : byUrl, isName ? store.Keys.Reference(url) : path.Form(store.Keys, url));
            if (await rows.Read()) return JsonDocument.Parse(store.Stored(rows).Body);
        }
        return null;
    }

    static JsonElement.ArrayEnumerator Items(JsonElement owner, ReadOnlySpan<byte> name) =>
        owner.TryGetProperty(name, out var items) && items.ValueKind == JsonValueKind.Array ? items.EnumerateArray() : default;

    static string? Text(JsonElement owner, ReadOnlySpan<byte> name) => owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    static FaultException Fault(string name, string what) => new(new Fault(FaultKind.Invalid, "not-supported", name, what));

    /// <summary>The code systems from which a value set of the definitions takes its codes.</summary>
    /// <param name="valueSet">Canonical URL without version.</param>
    internal static IReadOnlyCollection<string> SystemsOf(string valueSet) => Systems.GetOrAdd(valueSet, static url =>
        R4Terminology.Instance.ValueSet(url)?.All.Select(code => code.System).Distinct().ToArray() ?? [url.Replace("/ValueSet/", "/", StringComparison.Ordinal)]);
}
