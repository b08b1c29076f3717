using Tervik.Records.Definitions;
using Tervik.Records.Model;

namespace Tervik.Records.Indexing;

/// <summary>Computes the index entries of a resource: every search parameter's expression, compiled once.</summary>
public sealed class Indexer(Schema schema, Keys keys)
{
    [ThreadStatic] static Extraction? reused;

    /// <summary>The parameters that are extracted.</summary>
    public SearchParameterCatalog Parameters { get; } = SearchParameterCatalog.Of(schema, keys);

    /// <summary>The keys it makes.</summary>
    public Keys Keys => keys;

    /// <summary>The same with keys that know no vocabulary yet, so that every form of a value is given once more.</summary>
    public Indexer WithoutMemory()
    {
        var other = new Indexer(schema, keys.WithoutMemory());
        other.Parameters.Like(Parameters);
        return other;
    }

    /// <summary>All entries of a resource.</summary>
    /// <param name="resource">Its root.</param>
    /// <param name="id">Its logical id, when the JSON does not hold it yet.</param>
    public IndexEntries Extract(Node resource, string? id = null) => Extract(resource, id, Parameters);

    internal IndexEntries Extract(Node resource, string? id, SearchParameterCatalog catalog)
    {
        var extraction = reused ?? new Extraction();
        reused = null; // a general expression may index again
        var version = catalog.Version;
        var entries = extraction.Run(catalog, keys, resource, id) with { CatalogVersion = version };
        reused = extraction;
        return entries;
    }
}
