using Tervik.Records.Definitions;
using Tervik.Records.Model;

namespace Tervik.Records.Indexing;

/// <summary>Computes the index entries of a resource: every search parameter's expression, compiled once.</summary>
public sealed class Indexer(Schema schema, Keys keys)
{
    /// <summary>All entries of a resource.</summary>
    public IndexEntries Extract(Node resource) => throw new NotImplementedException($"{schema}{keys}{resource}");
}
