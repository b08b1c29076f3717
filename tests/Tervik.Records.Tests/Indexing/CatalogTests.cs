using Tervik.Records.Definitions;
using Tervik.Records.Indexing;

namespace Tervik.Records.Tests.Indexing;

/// <summary>Every published parameter has its place in the index.</summary>
public sealed class CatalogTests
{
    [Fact]
    public void Every_search_parameter_of_every_type_is_extracted_from_somewhere()
    {
        var catalog = SearchParameterCatalog.Of(Schema.R4, new Keys(7));
        var lost = new List<string>();
        foreach (var type in Schema.R4.ResourceTypes)
            foreach (var parameter in catalog.All(type.Name))
                if (parameter.Kind != ParameterKind.Special && parameter.Paths.Count == 0) lost.Add($"{type.Name}.{parameter.Code}");
        Assert.Equal("", string.Join(' ', lost));
    }
}
