namespace Tervik.Records.Search;

/// <summary>How much one search may ask for. Over a limit, a fault says which one.</summary>
public sealed record SearchLimits
{
    /// <summary>Matches on a page when the request does not say.</summary>
    public int PageSize { get; init; } = 20;
    /// <summary>Matches on a page at most; a larger <c>_count</c> is answered with this many.</summary>
    public int LargestPage { get; init; } = 1000;
    /// <summary>Parameters of a request.</summary>
    public int MostParameters { get; init; } = 100;
    /// <summary>Values of a request in all, alternatives included.</summary>
    public int MostValues { get; init; } = 2000;
    /// <summary>Steps of a chain, and of <c>_has</c> inside each other.</summary>
    public int DeepestChain { get; init; } = 5;
    /// <summary>Keys of <c>_sort</c>.</summary>
    public int MostSortKeys { get; init; } = 5;
    /// <summary>Resources that includes may add to a page.</summary>
    public int MostIncluded { get; init; } = 5000;
    /// <summary>Codes that a value set or hierarchy in <c>:in</c>, <c>:not-in</c>, <c>:above</c> or <c>:below</c> may stand for.</summary>
    public int MostCodes { get; init; } = 10_000;
    /// <summary>With this many matches, a search walks along its order and checks each resource until the page is full, rather than sort them all.</summary>
    public int ManyMatches { get; init; } = 3000;
    /// <summary>A search that takes longer is stopped.</summary>
    public TimeSpan LongestQuery { get; init; } = TimeSpan.FromSeconds(30);
}
