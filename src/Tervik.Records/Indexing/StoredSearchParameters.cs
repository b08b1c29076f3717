using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Tervik.Records.Definitions;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.Records.Indexing;

/// <summary>Search parameters posted as resources: those that are active, and drafts that can be indexed (the published ones are drafts too), are used as soon as what is stored already has been indexed for them.
/// The reindex goes through the resources in small commits between those of others, and after a restart goes on where it was.</summary>
public sealed class StoredSearchParameters : IAsyncDisposable
{
    /// <summary>Resources indexed in one commit: others wait for it some 20 ms.</summary>
    const int BatchSize = 200;
    const string Setting = "search-parameter:";
    const string Finished = "done";

    readonly RecordStore store;
    readonly SemaphoreSlim turn = new(1);
    // Not disposed: a reindex may still look at it, and it has no timer.
    readonly CancellationTokenSource ending = new();
    readonly ConcurrentDictionary<string, Known> known = new(StringComparer.Ordinal);
    readonly Lock queue = new();
    Task work = Task.CompletedTask;

    internal StoredSearchParameters(RecordStore store) => this.store = store;

    /// <summary>A stored definition and how far it is indexed.</summary>
    sealed class Known(string id, string text, SearchParameterDefinition definition)
    {
        public string Id => id;
        public string Text => text;
        public SearchParameterDefinition Definition => definition;
        /// <summary>Percent, or null when complete.</summary>
        public int? Percent { get; set; }
    }

    SearchParameterCatalog Catalog => store.Indexer.Parameters;

    /// <summary>Completes when no reindex is left to do.</summary>
    public Task Idle
    {
        get { lock (queue) return work; }
    }

    /// <summary>Refuses an active definition that could not be indexed. A draft may say anything, and is not used then.</summary>
    /// <exception cref="FaultException">What is wrong.</exception>
    internal void Check(byte[] body)
    {
        using var json = JsonDocument.Parse(body);
        if (json.RootElement.TryGetProperty("status"u8, out var status) && status.ValueEquals("active"u8) && Read(json.RootElement) is { } definition && Catalog.Check(definition) is { } fault) throw new FaultException(fault);
    }

    /// <summary>The definition in a resource; null when it is not in use, or one of the published ones.</summary>
    SearchParameterDefinition? Read(JsonElement resource)
    {
        static string? Text(JsonElement owner, string name) => owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        static string[] Texts(JsonElement owner, string name) => owner.TryGetProperty(name, out var items) && items.ValueKind == JsonValueKind.Array ? [.. items.EnumerateArray().Select(item => item.GetString() ?? "")] : [];
        if (Text(resource, "status") is "retired" || Text(resource, "url") is not { } url || Text(resource, "code") is not { } code || Text(resource, "type") is not { } type || Catalog.IsPublished(url)) return null;
        return new SearchParameterDefinition
        {
            Url = url,
            Code = code,
            Type = type,
            Base = Texts(resource, "base"),
            Expression = Text(resource, "expression"),
            Target = Texts(resource, "target"),
            Description = Text(resource, "description"),
            Components = resource.TryGetProperty("component", out var components) && components.ValueKind == JsonValueKind.Array
                ? [.. components.EnumerateArray().Select(component => (Text(component, "definition") ?? "", Text(component, "expression") ?? ""))] : [],
        };
    }

    /// <summary>Compares what is stored with what is used, and begins or goes on to index what differs.</summary>
    internal async Task Refresh(CancellationToken stop)
    {
        await turn.WaitAsync(stop);
        try
        {
            var (stored, progress) = await store.Database.Read(Load, stop);
            foreach (var (id, text) in stored)
            {
                if (known.TryGetValue(id, out var before) && before.Text == text) continue;
                using var json = JsonDocument.Parse(text);
                if (Read(json.RootElement) is not { } definition || Catalog.Check(definition) is not null) continue;
                await Use(new Known(id, text, definition), before, progress.GetValueOrDefault(id));
            }
            foreach (var (id, gone) in known.Where(item => !stored.TryGetValue(item.Key, out var text) || text != item.Value.Text).ToList())
                await Drop(gone);
        }
        finally
        {
            turn.Release();
        }
    }

    async ValueTask<(Dictionary<string, string> Stored, Dictionary<string, string> Progress)> Load(Session session)
    {
        Dictionary<string, string> stored = new(StringComparer.Ordinal), progress = new(StringComparer.Ordinal);
        await using (var rows = await session.Query("SELECT r.pk, r.type, r.id, r.ver, r.at_us, r.method, r.comp, r.body FROM ixg x CROSS JOIN res r WHERE x.key = $1 AND r.pk = x.pk", store.Keys.Member("SearchParameter")))
            while (await rows.Read())
            {
                var resource = store.Stored(rows);
                using var json = JsonDocument.Parse(resource.Body);
                if (Read(json.RootElement) is not null) stored[resource.Id] = WithoutMeta(json.RootElement);
            }
        await using (var rows = await session.Query("SELECT name, value FROM setting WHERE name >= $1 AND name < $2", Setting, Setting + "~"))
            while (await rows.Read()) progress[rows.Text(0)![Setting.Length..]] = rows.Text(1)!;
        return (stored, progress);
    }

    /// <summary>A new version that says the same needs no new index.</summary>
    static string WithoutMeta(JsonElement resource) => "{" + string.Join(',', resource.EnumerateObject().Where(property => property.Name is not ("meta" or "text")).Select(property => property.ToString())) + "}";

    // Inside a write, so that no commit is half way between the catalogue before and after.
    async Task Use(Known parameter, Known? before, string? progress)
    {
        var hash = store.Keys.Hash(parameter.Text).ToString(CultureInfo.InvariantCulture);
        var place = progress is not null && progress.Split(' ') is [var of, var where] && of == hash ? where : null;
        parameter.Percent = place == Finished ? null : 0;
        await store.Database.Write(async session =>
        {
            if (before is not null && before.Definition.Url != parameter.Definition.Url) Catalog.Change(before.Definition.Url, null);
            Catalog.Change(parameter.Definition.Url, new(parameter.Definition, () => parameter.Percent));
            return place is null ? await Note(session, parameter.Id, $"{hash} :") : 0;
        }, CancellationToken.None);
        known[parameter.Id] = parameter;
        if (before is not null) Begin(() => Clear(before));
        if (place != Finished) Begin(() => Reindex(parameter, hash, place ?? ":"));
    }

    static ValueTask<int> Note(Session session, string id, string value) =>
        session.Execute("INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", Setting + id, value);

    async Task Drop(Known parameter)
    {
        known.TryRemove(parameter.Id, out _);
        await store.Database.Write(async session =>
        {
            Catalog.Change(parameter.Definition.Url, null);
            return await session.Execute("DELETE FROM setting WHERE name = $1", Setting + parameter.Id);
        }, CancellationToken.None);
        Begin(() => Clear(parameter));
    }

    void Begin(Func<Task> step)
    {
        lock (queue) work = After(work, step);

        async Task After(Task before, Func<Task> next)
        {
            await before;
            if (ending.IsCancellationRequested) return;
            try
            {
                await Task.Run(next, ending.Token);
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                // After the next start it goes on.
            }
        }
    }

    static List<string> TypesOf(SearchParameterDefinition definition) =>
        [.. Schema.R4.ResourceTypes.Where(type => definition.Base.Any(type.Is)).Select(type => type.Name)];

    /// <summary>Indexes what is stored for a parameter. The place, kept with every batch, is the type and the key of the last resource done.</summary>
    async Task Reindex(Known parameter, string hash, string place)
    {
        var types = TypesOf(parameter.Definition);
        var (type, after) = place.Split(':') is [{ Length: > 0 } at, var key] ? (at, long.Parse(key, CultureInfo.InvariantCulture)) : (types[0], long.MinValue);
        for (var i = Math.Max(0, types.IndexOf(type)); i < types.Count && known.GetValueOrDefault(parameter.Id) == parameter; i++, after = long.MinValue)
        {
            parameter.Percent = 100 * i / types.Count;
            while (await Batch(types[i], after, fresh: Catalog, gone: null, last => Place(types[i], last)) is { } last) after = last;
        }
        if (known.GetValueOrDefault(parameter.Id) != parameter) return;
        await store.Database.Write(session => Note(session, parameter.Id, $"{hash} {Finished}"), ending.Token);
        parameter.Percent = null;

        (string, string) Place(string of, long last) => (parameter.Id, string.Create(CultureInfo.InvariantCulture, $"{hash} {of}:{last}"));
    }

    /// <summary>Takes the rows of a parameter out that is no longer used.</summary>
    async Task Clear(Known parameter)
    {
        var with = Catalog.With(parameter.Definition.Url, new(parameter.Definition, static () => null));
        foreach (var type in TypesOf(parameter.Definition))
            for (var after = (long?)long.MinValue; after is { } from;) after = await Batch(type, from, fresh: Catalog, gone: with, null);
    }

    /// <summary>Brings some resources of a type to what <paramref name="fresh"/> extracts.</summary>
    /// <returns>Key of the last; null when there was none.</returns>
    Task<long?> Batch(string type, long after, SearchParameterCatalog fresh, SearchParameterCatalog? gone, Func<long, (string Id, string Place)>? place) => store.Database.Write<long?>(async session =>
    {
        ending.Token.ThrowIfCancellationRequested();
        var bodies = new List<(long Pk, byte[] Body)>();
        await using (var rows = await session.Query("SELECT r.pk, r.type, r.id, r.ver, r.at_us, r.method, r.comp, r.body FROM ixg x CROSS JOIN res r WHERE x.key = $1 AND x.pk > $2 AND r.pk = x.pk ORDER BY x.pk LIMIT $3", store.Keys.Member(type), after, BatchSize))
            while (await rows.Read()) bodies.Add((rows.Int64(0), store.Stored(rows).Body));
        if (bodies.Count == 0) return null;
        IndexRows old = new(), now = new();
        foreach (var (pk, body) in bodies)
        {
            using var json = FhirJson.Parse(body);
            var root = Node.Resource(json.RootElement);
            var entries = store.Indexer.Extract(root, null, fresh);
            now.Add(pk, entries);
            now.AddVocabulary(entries);
            if (gone is not null) old.Add(pk, store.Indexer.Extract(root, null, gone));
        }
        await IndexRows.Replace(session, old, now);
        if (place?.Invoke(bodies[^1].Pk) is var (id, where)) await Note(session, id, where);
        return bodies[^1].Pk;
    }, ending.Token);

    /// <summary>Ends a reindex; it goes on after the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        if (ending.IsCancellationRequested) return;
        await ending.CancelAsync();
        await Idle;
        turn.Dispose();
    }
}
