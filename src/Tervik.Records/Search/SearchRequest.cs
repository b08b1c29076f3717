using Tervik.Records.Resources;

namespace Tervik.Records.Search;

/// <summary>A search as asked: type, and parameters as name and raw (already percent-decoded) value in the order of the request.</summary>
/// <param name="Type">Null for a search over all types (<c>_type</c> may narrow it).</param>
/// <param name="Parameters">Including <c>_sort</c>, <c>_count</c>, <c>_include</c> … A <c>_count</c> of 0 asks for the total only.</param>
/// <param name="Strict"><c>Prefer: handling=strict</c>: an unknown parameter is an error; otherwise it is left out and named in <see cref="SearchPage.Warnings"/>.</param>
public sealed record SearchRequest(string? Type, IReadOnlyList<KeyValuePair<string, string>> Parameters, bool Strict = false)
{
    /// <summary>Compartment search: <c>Patient/123</c>; null otherwise.</summary>
    public string? Compartment { get; init; }
    /// <summary>The cursor of a page link; then the other members are taken from it.</summary>
    public string? Cursor { get; init; }
    /// <summary>Address of the FHIR base: references that begin with it are taken as relative ones. Null when none do.</summary>
    public string? Base { get; init; }
}

/// <summary>One page of a search.</summary>
/// <param name="Matches">In order.</param>
/// <param name="Included">Of _include and _revinclude, without those already among the matches.</param>
/// <param name="Total">When asked for.</param>
/// <param name="NextCursor">Of the next page; null on the last. <paramref name="PreviousCursor"/> likewise.</param>
/// <param name="PreviousCursor">Of the page before; null on the first.</param>
/// <param name="Understood">The parameters that were used, for the self link.</param>
/// <param name="Warnings">What was left out, each naming its parameter.</param>
public sealed record SearchPage(IReadOnlyList<StoredResource> Matches, IReadOnlyList<StoredResource> Included, long? Total, string? NextCursor, string? PreviousCursor,
    IReadOnlyList<KeyValuePair<string, string>> Understood, IReadOnlyList<Fault> Warnings);
