namespace Tervik.Records.Search;

/// <summary>A parsed search: what to find, in which order, and what to bring along.</summary>
sealed class SearchQuery
{
    /// <summary>One for each resource type that is searched.</summary>
    public required IReadOnlyList<TypeQuery> Types { get; init; }
    public required IReadOnlyList<SortKey> Sort { get; init; }
    public required IReadOnlyList<IncludePath> Includes { get; init; }
    public required int Count { get; init; }
    public required bool WantsTotal { get; init; }
    public required IReadOnlyList<KeyValuePair<string, string>> Understood { get; init; }
    public required IReadOnlyList<Fault> Warnings { get; init; }
}

/// <summary>What resources of one type must meet.</summary>
sealed record TypeQuery(string Type, IReadOnlyList<Criterion> Criteria);

/// <summary>What a sort key orders by.</summary>
enum SortSource
{
    Id,
    Updated,
    Range,
    Text,
    Token,
    Reference,
}

/// <summary>A key of <c>_sort</c>.</summary>
/// <param name="Source">Where the values are.</param>
/// <param name="Parameters">Keys of the paths, of all searched types.</param>
/// <param name="IsDescending">Largest first.</param>
/// <param name="IsSingle">No resource has two values.</param>
sealed record SortKey(SortSource Source, long[] Parameters, bool IsDescending, bool IsSingle)
{
    public bool IsText => Source is SortSource.Id or SortSource.Text or SortSource.Token or SortSource.Reference;
}

/// <summary>One <c>_include</c> or <c>_revinclude</c>.</summary>
/// <param name="IsReverse">_revinclude.</param>
/// <param name="Iterates">Also from what was included.</param>
/// <param name="SourceType">Type that holds the reference; null for any.</param>
/// <param name="Parameters">Keys of the reference's paths; null for any.</param>
/// <param name="TargetTypes">Types referred to; empty for any.</param>
sealed record IncludePath(bool IsReverse, bool Iterates, string? SourceType, long[]? Parameters, IReadOnlyList<string> TargetTypes);
