using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Hl7.Fhir.FhirPath;
using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;
using Tervik.Records.Access;
using Tervik.Records.Definitions;
using Tervik.Records.Indexing;
using Tervik.Records.Resources;
using Tervik.Records.Search;
using Tervik.Storage;
using Task = System.Threading.Tasks.Task;

namespace Tervik.Conformance.Suites;

/// <summary>What the expression of a search parameter finds in an official example, a search finds. Firely's FHIRPath engine evaluates the expression, so that nothing is shared with the index.</summary>
static class ExampleSearch
{
    static readonly JsonSerializerOptions Firely = new JsonSerializerOptions().ForFhir(ModelInfo.ModelInspector);

    /// <summary>A case per resource type and search parameter.</summary>
    public static IEnumerable<Case> Run(string path) => Task.Run(() => Cases(path)).GetAwaiter().GetResult();

    static async Task<List<Case>> Cases(string path)
    {
        var folder = Directory.CreateTempSubdirectory("tervik-examples-");
        try
        {
            await using var database = await Database.Open(new(Path.Combine(folder.FullName, "examples.db")), RecordStore.RecordMigrations, CancellationToken.None);
            await using var store = await RecordStore.Open(database, CancellationToken.None);
            var stored = Examples(path);
            foreach (var (_, text, resource) in stored)
            {
                using var json = JsonDocument.Parse(text);
                await store.Commit([new() { Method = "PUT", Type = resource.TypeName, Id = resource.Id!, Draft = Draft.Of(json.RootElement, resource.Id!, store.Indexer) }], [], CancellationToken.None);
            }
            var engine = new SearchEngine(store);
            var lost = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
            foreach (var (name, _, resource) in stored)
                foreach (var (code, kind, terms) in Terms(resource))
                {
                    if (!lost.TryGetValue($"{resource.TypeName}?{code}", out var misses)) lost.Add($"{resource.TypeName}?{code}", misses = []);
                    foreach (var (modifier, value) in terms)
                        if (await Misses(engine, new(resource.TypeName, [new(code + modifier, value), new("_id", resource.Id!)], Strict: true)) is { } why) misses.Add($"{name}: {code}{modifier}={value} ({kind}) {why}");
                }
            return [.. lost.Select(one => new Case(one.Key, one.Value.Count == 0 ? null : string.Join("; ", one.Value.Take(3))))];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    static async Task<string?> Misses(SearchEngine engine, SearchRequest request)
    {
        try
        {
            return (await engine.Search(request, AccessFilter.Everything, CancellationToken.None)).Matches.Count == 1 ? null : "is not found";
        }
        catch (Records.FaultException fault)
        {
            return fault.Message;
        }
    }

    /// <summary>Those that Firely can read. Several examples may share an id: the last one stands.</summary>
    static List<(string Name, string Text, Resource Resource)> Examples(string path)
    {
        var deserializer = new FhirJsonDeserializer(new DeserializerSettings().UsingMode(DeserializationMode.Recoverable));
        var examples = new List<(string Name, string Text, Resource Resource)>();
        using var zip = ZipFile.OpenRead(Path.Combine(path, "r4-examples-json.zip"));
        foreach (var entry in zip.Entries.Where(entry => entry.Name.EndsWith(".json", StringComparison.Ordinal)).OrderBy(entry => entry.FullName, StringComparer.Ordinal))
        {
            using var reader = new StreamReader(entry.Open(), Encoding.UTF8);
            var text = reader.ReadToEnd();
            try
            {
                examples.Add((entry.Name, text, deserializer.DeserializeResource(text)));
            }
            catch (DeserializationFailedException)
            {
                continue;
            }
        }
        return [.. examples.Where(example => !string.IsNullOrEmpty(example.Resource.Id)).GroupBy(example => (example.Resource.TypeName, example.Resource.Id)).Select(group => group.Last())];
    }

    static IEnumerable<(string Code, ParameterKind Kind, List<(string, string)> Terms)> Terms(Resource resource)
    {
        foreach (var definition in Schema.R4.SearchParameters)
        {
            if (definition.Expression is null || !definition.Base.Any(name => name == resource.TypeName || name == "Resource" || name == "DomainResource" && resource is DomainResource)) continue;
            if (!Enum.TryParse<ParameterKind>(definition.Type, ignoreCase: true, out var kind) || kind is ParameterKind.Special or ParameterKind.Composite || definition.Code is "_id" or "_lastUpdated") continue;
            List<Base> values;
            try
            {
                values = [.. resource.Select(definition.Expression).OfType<Base>()];
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                continue; // resolve() of what is not here
            }
            if (values.Count > 0) yield return (definition.Code, kind, [.. values.SelectMany(value => SearchTerms.Of(kind, value.TypeName, JsonOf(value)))]);
        }
    }

    static JsonElement JsonOf(Base value) => value is PrimitiveType primitive
        ? primitive.JsonValue is bool or decimal or int or long ? JsonSerializer.SerializeToElement(primitive.JsonValue) : JsonSerializer.SerializeToElement(primitive.ToString())
        : JsonSerializer.SerializeToElement(value, value.GetType(), Firely);
}
