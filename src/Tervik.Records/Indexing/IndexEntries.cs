namespace Tervik.Records.Indexing;

/// <summary>Everything the index holds of one version of one resource; computed from its body alone.</summary>
/// <remarks>Lists are sorted and without duplicates, so that the writer can subtract the old from the new.</remarks>
public sealed class IndexEntries
{
    /// <summary>Keys of <c>Patient/id</c> compartments the resource is in, the primary one (its subject) first; empty when it concerns no patient.</summary>
    public long[] Compartments { get; init; } = [];
    /// <summary>Token, uri and flag keys, for ix (once per compartment) and ixg; includes <see cref="Keys.Member"/> for ix only.</summary>
    public long[] Values { get; init; } = [];
    /// <summary>References: parameter key and target key, for rev and fwd.</summary>
    public (long Parameter, long Target)[] References { get; init; } = [];
    /// <summary>Dates (microseconds), numbers and quantities (order-preserving bits of a double): parameter key and range, for rng. Open ends are <see cref="long.MinValue"/> and <see cref="long.MaxValue"/>.</summary>
    public (long Parameter, long Low, long High)[] Ranges { get; init; } = [];
    /// <summary>Folded strings (lower case, no accents), for str.</summary>
    public (long Parameter, string Value)[] Strings { get; init; } = [];
    /// <summary>Composites: key of parameter and first component's form, and range of the second component (or its hash as both ends), for tup.</summary>
    public (long Key, long Low, long High)[] Tuples { get; init; } = [];
}
