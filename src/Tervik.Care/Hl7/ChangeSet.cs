using System.Security.Cryptography;
using System.Text;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.Care.Hl7;

/// <summary>What a message makes of the record: resources that were read, found or begun, each once.</summary>
/// <param name="store">The record.</param>
/// <param name="searches">Its searches.</param>
/// <param name="seeing">What the sender may find.</param>
/// <param name="secret">Ids are made of names with it, so that nobody can tell whose they are.</param>
sealed class ChangeSet(RecordStore store, SearchEngine searches, AccessFilter seeing, byte[] secret, CancellationToken stop)
{
    readonly Dictionary<string, Edited> all = new(StringComparer.Ordinal);
    readonly Dictionary<(string Type, Key Key, string? Patient), Edited?> found = [];

    /// <summary>In the order in which they were begun.</summary>
    public IEnumerable<Edited> All => all.Values;
    /// <summary>What was found to be absent, and must still be.</summary>
    public List<Guard> Guards { get; } = [];

    /// <summary>The id that a resource with this name has: the same name gives the same id.</summary>
    public string IdOf(string type, params ReadOnlySpan<string?> name)
    {
        var hash = HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"{type}\u001F{string.Join('\u001F', name!)}"));
        return new Guid(hash.AsSpan(0, 16)).ToString("D");
    }

    /// <summary>The resource of an id; null when there is none that the sender may see.</summary>
    public async ValueTask<Edited?> Read(string type, string id)
    {
        if (all.TryGetValue($"{type}/{id}", out var known)) return known;
        return await store.Read(type, id, seeing, stop) is { IsDeleted: false } stored ? Take(stored) : null;
    }

    /// <summary>The resource of an id, or a new one.</summary>
    public async ValueTask<Edited> ReadOrBegin(string type, string id) => await Read(type, id) ?? Begin(type, id);

    /// <summary>Begins a new resource.</summary>
    public Edited Begin(string type, string id) => all[$"{type}/{id}"] = Edited.New(type, id);

    /// <summary>Forgets a resource that was begun.</summary>
    public void Drop(Edited edited) => all.Remove(edited.Reference);

    /// <summary>The resource with an identifier; null when there is none.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="key">The identifier.</param>
    /// <param name="patient">Of this patient alone, <c>Patient/id</c>; null for anybody's.</param>
    /// <exception cref="Hl7Exception">Several have it.</exception>
    public async ValueTask<Edited?> Find(string type, Key key, Hl7Place place, string? patient = null)
    {
        if (found.TryGetValue((type, key, patient), out var known)) return known;
        var stored = await Matches(type, key, patient);
        // Who was merged into another keeps the number, and is not meant.
        if (stored.Count > 1 && type == "Patient" && stored.Where(one => JsonIsActive(one.Body)).ToList() is [var only]) stored = [only];
        if (stored.Count > 1) throw new Hl7Exception(new Hl7Fault(Hl7Error.DuplicateKey, place, $"Several resources of {type} have this identifier; one was expected. Nothing was changed."));
        return found[(type, key, patient)] = stored.Count == 0 ? null : all.TryGetValue($"{type}/{stored[0].Id}", out var edited) ? edited : Take(stored[0]);
    }

    /// <summary>Notes that an identifier is this resource's from now on, and was nobody's before.</summary>
    public void Name(Edited edited, Key key, bool isGuarded = false)
    {
        found[(edited.Type, key, null)] = edited;
        if (isGuarded) Guards.Add(new(async session => (await searches.Match(session, Request(edited.Type, key, null), AccessFilter.Everything, CancellationToken.None)).Count == 0));
    }

    async ValueTask<IReadOnlyList<StoredResource>> Matches(string type, Key key, string? patient) =>
        await store.Database.Read(session => searches.Match(session, Request(type, key, patient), seeing, stop), stop);

    static SearchRequest Request(string type, Key key, string? patient) => new(type,
    [
        new("identifier", $"{(key.System is null ? "" : SearchSyntax.Escape(key.System))}|{SearchSyntax.Escape(key.Value)}"),
        .. patient is null ? Enumerable.Empty<KeyValuePair<string, string>>() : [new("patient", patient)],
    ], Strict: true);

    Edited Take(StoredResource stored)
    {
        if (all.TryGetValue($"{stored.Type}/{stored.Id}", out var known)) return known;
        return all[$"{stored.Type}/{stored.Id}"] = Edited.Of(stored);
    }

    static bool JsonIsActive(byte[] body) => System.Text.Json.Nodes.JsonNode.Parse(body)?["active"]?.GetValue<bool>() != false;
}
