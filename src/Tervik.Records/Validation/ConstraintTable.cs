using System.Collections.Frozen;
using Tervik.Records.Definitions;
using Tervik.Records.FhirPath;

namespace Tervik.Records.Validation;

/// <summary>A constraint of the specification.</summary>
/// <param name="Key">Such as <c>obs-7</c>.</param>
/// <param name="Human">In words.</param>
/// <param name="IsError">Else a warning.</param>
/// <param name="Expression">What must be true.</param>
sealed record Constraint(string Key, string Human, bool IsError, FhirPathExpression Expression);

/// <summary>The constraints published with R4, by the type or the element they belong to.</summary>
sealed class ConstraintTable
{
    /// <summary>Checked by hand, faster and with a better place; dom-6 is a recommendation about narratives, which most systems do without.</summary>
    static readonly FrozenSet<string> ByHand = FrozenSet.ToFrozenSet(
        ["ele-1", "ext-1", "dom-2", "dom-3", "dom-4", "dom-5", "dom-6", "txt-1", "txt-2", "per-1", "ref-1", "att-1", "rng-2", "rat-1", "cpt-2", "pat-1", "obs-3", "obs-6", "obs-7", "ait-1", "ait-2", "con-4", "con-5", "qty-3",
            "que-7"]); // as published it asks a FHIR boolean to be a System.Boolean, which it never is

    static readonly Lazy<ConstraintTable> Loaded = new(() => new());

    readonly FrozenDictionary<string, Constraint[]> byPlace;

    public static ConstraintTable R4 => Loaded.Value;

    ConstraintTable()
    {
        var rows = Pack.Open("constraints.pack").List(static pack => (Path: pack.Text(), Key: pack.Text(), Human: pack.OptionalText() ?? "", Expression: pack.OptionalText(), Flags: pack.Int()));
        byPlace = rows.Where(row => row.Expression is not null && !ByHand.Contains(row.Key) && (row.Flags & 2) == 0)
            .GroupBy(row => row.Path).ToFrozenDictionary(group => group.Key, group => group.Select(row => Compile(row.Key, row.Human, row.Flags, row.Expression!)).OfType<Constraint>().ToArray());
    }

    static Constraint? Compile(string key, string human, int flags, string expression)
    {
        try
        {
            return new(key, human, (flags & 1) != 0, FhirPathExpression.Compile(expression));
        }
        catch (FhirPathException)
        {
            return null; // needs a function that no engine of R4 has
        }
    }

    /// <summary>Constraints at a path such as <c>Patient.contact</c> or <c>Timing</c>.</summary>
    public ReadOnlySpan<Constraint> At(string path) => byPlace.TryGetValue(path, out var found) ? found : [];
}
