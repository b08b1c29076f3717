using System.Text;
using Tervik.Records.Definitions;

namespace Tervik.Records.Indexing;

/// <summary>What is to be extracted from a type, sorted by the first property of each path, so that one pass over the resource finds the beginnings of all.</summary>
sealed class ExtractionPlan
{
    public readonly record struct Beginning(Extracted Extracted, FhirType Type);

    readonly Dictionary<int, (byte[] Name, Beginning[] Beginnings)[]> byProperty = [];

    public ExtractionPlan(TypeParameters parameters)
    {
        var pathed = parameters.Extracted.Where(extracted => extracted is { IsTruth: false, Selection: { FromResource: false, Steps.Length: > 0 } });
        foreach (var group in pathed.SelectMany(extracted => extracted.Selection!.Steps[0].Forms.Select(form => (form.Name, Beginning: new Beginning(extracted, form.Type))))
            .GroupBy(item => item.Name, StringComparer.Ordinal).GroupBy(group => Shape(Encoding.UTF8.GetBytes(group.Key))))
            byProperty[group.Key] = [.. group.Select(named => (Encoding.UTF8.GetBytes(named.Key), named.Select(item => item.Beginning).ToArray()))];
        AtRoot = [.. parameters.Extracted.Where(extracted => extracted.Selection is { FromResource: false, Steps.Length: 0 })];
        Truths = [.. parameters.Extracted.Where(extracted => extracted.IsTruth)];
        General = [.. parameters.Extracted.Where(extracted => extracted.General is not null)];
        HasPrimaryPath = parameters.HasPrimaryPath;
    }

    /// <summary>Composites of the resource itself.</summary>
    public Extracted[] AtRoot { get; }
    /// <summary>Whether an element is there and not false.</summary>
    public Extracted[] Truths { get; }
    /// <summary>Those that need the general FHIRPath engine.</summary>
    public Extracted[] General { get; }
    public bool HasPrimaryPath { get; }

    public Beginning[] Find(ReadOnlySpan<byte> property)
    {
        if (byProperty.TryGetValue(Shape(property), out var candidates))
            foreach (var (name, beginnings) in candidates)
                if (property.SequenceEqual(name)) return beginnings;
        return [];
    }

    // Length, first and last letter tell nearly all property names of a type apart.
    static int Shape(ReadOnlySpan<byte> name) => name.IsEmpty ? 0 : name.Length << 16 | name[0] << 8 | name[^1];
}
