using Tervik.Records.Definitions;
using Tervik.Records.Search;

namespace Tervik.Records.Rest;

/// <summary>References that name their target by a search, such as <c>Patient?identifier=…</c> (http.html#trules).</summary>
public static class ConditionalReferences
{
    /// <summary>Those of a resource, each once.</summary>
    public static IReadOnlyCollection<string> In(ReadOnlyMemory<byte> resource)
    {
        if (resource.Span.IndexOf((byte)'?') < 0) return [];
        var found = new HashSet<string>(StringComparer.Ordinal);
        ReferenceRewriter.Rewrite(resource, (text, isReference) =>
        {
            if (isReference && text.IndexOf('?', StringComparison.Ordinal) > 0) found.Add(text);
            return null;
        });
        return found;
    }

    /// <summary>The search that finds the target; null when the text is another kind of reference.</summary>
    public static SearchRequest? Search(string reference, string baseAddress = "/")
    {
        var (path, query) = RestRequest.ParseUrl(reference, baseAddress);
        return path is [var type] && Schema.R4.Find(type) is { Kind: FhirTypeKind.Resource } ? new(type, query, Strict: true) : null;
    }
}
