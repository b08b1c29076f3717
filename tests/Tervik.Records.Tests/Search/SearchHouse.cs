using System.Text.Json;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;
using Tervik.Storage;
using Tervik.Tests;

namespace Tervik.Records.Tests.Search;

/// <summary>A record store on an empty database, and its search.</summary>
sealed class SearchHouse(TestDatabase place, Database database, RecordStore store) : IAsyncDisposable
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public RecordStore Store => store;
    public SearchEngine Engine { get; } = new(store);

    public static async Task<SearchHouse> Open(Engine engine)
    {
        var place = TestDatabase.Create(engine);
        var database = await place.Open(RecordStore.RecordMigrations);
        return new(place, database, await RecordStore.Open(database, Stop));
    }

    /// <summary>Stores resources under the ids they have, in one commit.</summary>
    public async Task Put(params IEnumerable<string> resources)
    {
        var writes = new List<Write>();
        foreach (var text in resources)
        {
            using var json = JsonDocument.Parse(text);
            var (type, id) = (json.RootElement.GetProperty("resourceType").GetString()!, json.RootElement.GetProperty("id").GetString()!);
            writes.Add(new() { Method = "PUT", Type = type, Id = id, Draft = Draft.Of(json.RootElement, id, store.Indexer) });
        }
        Assert.Equal(CommitOutcome.Done, (await store.Commit(writes, [], Stop)).Outcome);
    }

    public async Task Delete(string type, string id) => await store.Commit([new() { Method = "DELETE", Type = type, Id = id }], [], Stop);

    /// <summary>A request written like a URL: <c>Observation?code=1&amp;_count=2</c>; nothing is percent-decoded.</summary>
    public static SearchRequest Request(string text, bool strict = true)
    {
        var question = text.IndexOf('?', StringComparison.Ordinal);
        var path = (question < 0 ? text : text[..question]).Split('/');
        var parameters = question < 0 || question == text.Length - 1 ? [] : text[(question + 1)..].Split('&').Select(pair => pair.Split('=', 2)).Select(pair => KeyValuePair.Create(pair[0], pair[1])).ToList();
        var type = path[^1] is "" or "*" ? null : path[^1];
        return new(type, parameters, strict) { Compartment = path.Length == 3 ? $"{path[0]}/{path[1]}" : null };
    }

    public Task<SearchPage> Search(string text, AccessFilter? access = null, bool strict = true) => Engine.Search(Request(text, strict), access ?? AccessFilter.Everything, Stop);

    public Task<SearchPage> Next(string cursor, AccessFilter? access = null) => Engine.Search(new(null, []) { Cursor = cursor }, access ?? AccessFilter.Everything, Stop);

    /// <summary>Ids of the matches in order; with their type in a search over several types.</summary>
    public async Task<string> Ids(string text, AccessFilter? access = null)
    {
        var page = await Search(text, access);
        return string.Join(' ', page.Matches.Select(match => Request(text).Type is null ? $"{match.Type}/{match.Id}" : match.Id));
    }

    public async Task<Fault> Fails(string text, bool strict = true) => (await Assert.ThrowsAsync<FaultException>(() => Search(text, strict: strict))).Faults[0];

    public AccessFilter Only(params string[] patients) => new()
    {
        Compartments = [.. patients.Select(id => store.Keys.Reference($"Patient/{id}")).Order()],
        OpenTypes = System.Collections.Frozen.FrozenSet.ToFrozenSet(["Practitioner", "Organization"]),
    };

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await database.DisposeAsync();
        place.Dispose();
    }
}
