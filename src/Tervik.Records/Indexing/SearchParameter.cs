using System.Text;
using Tervik.Records.Definitions;

namespace Tervik.Records.Indexing;

/// <summary>How the values of a search parameter are compared.</summary>
public enum ParameterKind
{
    /// <summary>Ordered values without unit.</summary>
    Number,
    /// <summary>Points and periods of time.</summary>
    Date,
    /// <summary>Text, compared without case and accents.</summary>
    String,
    /// <summary>Codes and identifiers.</summary>
    Token,
    /// <summary>Links to resources.</summary>
    Reference,
    /// <summary>Several values of the same element.</summary>
    Composite,
    /// <summary>Ordered values with a unit.</summary>
    Quantity,
    /// <summary>URIs, compared exactly.</summary>
    Uri,
    /// <summary>Defined by its name alone: <c>_id</c>, <c>_lastUpdated</c>, <c>_text</c> …</summary>
    Special,
}

/// <summary>A search parameter as it applies to one resource type.</summary>
public sealed class SearchParameter
{
    /// <summary>Resource type.</summary>
    public required string Type { get; init; }
    /// <summary>Name in a query.</summary>
    public required string Code { get; init; }
    /// <summary>Canonical URL of its definition.</summary>
    public required string Url { get; init; }
    /// <summary>How its values are compared.</summary>
    public required ParameterKind Kind { get; init; }
    /// <summary>Types a reference may point to; empty for any.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];
    /// <summary>Human description, for the capability statement.</summary>
    public string? Description { get; init; }
    /// <summary>Whether the expression itself restricts the target (<c>where(resolve() is Patient)</c>): its values are then a part of those in <see cref="Paths"/>.</summary>
    internal bool OnlyTargets { get; init; }
    /// <summary>Where its values stand in the index.</summary>
    internal IReadOnlyList<IndexPath> Paths { get; init; } = [];
    /// <summary>The parts of a composite.</summary>
    internal IReadOnlyList<SearchParameter> Components { get; init; } = [];
    /// <summary>Percent indexed so far, when it was added at run time and is not complete; null when usable.</summary>
    public Func<int?>? Indexed { get; init; }
}

/// <summary>A place in resources of a type whose values are indexed under one key. Parameters that share a place share its entries
/// (<c>combo-code</c> is <c>code</c> and <c>component-code</c>; <c>patient</c> is <c>subject</c> where it is a patient): each value is written once.</summary>
sealed class IndexPath
{
    public required string Type { get; init; }
    /// <summary>The expressions it stands for, as in FHIRPath; part of the keys.</summary>
    public required string Name { get; init; }
    public required ParameterKind Kind { get; init; }
    /// <summary>Key for rng, str, rev, fwd and txt.</summary>
    public required long Key { get; init; }
    /// <summary>UTF-8 of <c>Type|Name=</c>: a value's bytes follow and are hashed with it.</summary>
    public required byte[] Prefix { get; init; }
    /// <summary>Token values that are primitives: the key is that of the value itself, without a detour over the vocabulary.</summary>
    public bool IsDirect { get; init; }
    /// <summary>Telephone numbers and addresses of e-mail, which are the same in any case: their forms are in lower case.</summary>
    public bool FoldsCase { get; init; }
    /// <summary>At most one value per resource.</summary>
    public bool IsSingle { get; init; }
    /// <summary>Bit in the presence row of the type, or -1.</summary>
    public int Bit { get; init; } = -1;
    /// <summary>Required binding of a code element, whose system need not be stored.</summary>
    public string? ValueSet { get; init; }
    /// <summary>0: defines the primary patient compartment; 1: another membership; -1: none.</summary>
    public int CompartmentRank { get; init; } = -1;
    /// <summary>Key of the texts of tokens.</summary>
    public long TextKey { get; init; }
    /// <summary>For references: the path of their identifiers.</summary>
    public IndexPath? Identifiers { get; init; }
    /// <summary>Ranges longer than <see cref="LongRangeUs"/> stand under this key too, so that the others can be found by their lower end.</summary>
    public long LongKey { get; init; }

    /// <summary>A day and a bit: dates and most encounters are shorter.</summary>
    public const long LongRangeUs = 26L * 3600 * 1_000_000;

    public static IndexPath Create(Keys keys, string type, string name, ParameterKind kind, bool direct = false, bool single = false, int bit = -1, string? valueSet = null, int rank = -1, bool foldsCase = false) => new()
    {
        Type = type,
        Name = name,
        Kind = kind,
        Key = keys.Parameter(type, name),
        Prefix = Encoding.UTF8.GetBytes($"{type}|{name}="),
        IsDirect = direct,
        FoldsCase = foldsCase,
        IsSingle = single,
        Bit = bit,
        ValueSet = valueSet,
        CompartmentRank = rank,
        TextKey = keys.Parameter(type, name + ":text"),
        LongKey = keys.Parameter(type, name + "~"),
        Identifiers = kind == ParameterKind.Reference ? Create(keys, type, name + ":identifier", ParameterKind.Token) : null,
    };

    public long Form(Keys keys, string form) => keys.Value(Type, Name, form);
}
