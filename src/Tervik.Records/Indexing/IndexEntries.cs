using Tervik.Records.Marks;

namespace Tervik.Records.Indexing;

/// <summary>Everything the index holds of one version of one resource; computed from its body alone.</summary>
/// <remarks>Lists are sorted and without duplicates, so that the writer can subtract the old from the new.
/// <see cref="Forms"/> and <see cref="Texts"/> are vocabulary, shared by all resources: inserted where missing and never removed.</remarks>
public sealed record IndexEntries
{
    /// <summary>State of the catalogue of parameters they were extracted with.</summary>
    internal int CatalogVersion { get; init; }

    /// <summary>Keys of <c>Patient/id</c> compartments the resource is in, the primary one (its subject) first; empty when it concerns no patient.</summary>
    public long[] Compartments { get; init; } = [];
    /// <summary>Token, uri, flag and membership keys, for ix (once per compartment) and for ixg.</summary>
    public long[] Values { get; init; } = [];
    /// <summary>References: parameter key and target key, for rev and fwd.</summary>
    public (long Parameter, long Target)[] References { get; init; } = [];
    /// <summary>Dates (microseconds), numbers and quantities (order-preserving bits of a double): parameter key and range, both ends included, for rng. Open ends are <see cref="long.MinValue"/> and <see cref="long.MaxValue"/>.</summary>
    public (long Parameter, long Low, long High)[] Ranges { get; init; } = [];
    /// <summary>Folded strings (lower case, no accents) followed by U+0001 and the string as it was, for str.</summary>
    public (long Parameter, string Value)[] Strings { get; init; } = [];
    /// <summary>Composites: key of parameter and first component, and range of the second component (or its key as both ends), for tup.</summary>
    public (long Key, long Low, long High)[] Tuples { get; init; } = [];
    /// <summary>Keys of the words of the narrative, for word.</summary>
    public long[] Words { get; init; } = [];

    /// <summary>What the body refers to and which sensitive categories its codes belong to; nothing when it concerns no patient.</summary>
    public BodyScan Scan { get; init; } = BodyScan.Empty;

    /// <summary>Forms by which a key of <see cref="Values"/> can be found, for form: only of keys that <see cref="Keys.Knows"/> did not know. Insert ignoring conflicts; call <see cref="Keys.Learn"/> once durable.</summary>
    public (long Form, long Key)[] Forms { get; init; } = [];
    /// <summary>Texts of such keys, for txt; likewise.</summary>
    public (long Parameter, string Text, long Key)[] Texts { get; init; } = [];
}
