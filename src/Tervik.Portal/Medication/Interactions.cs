namespace Tervik.Portal.Medication;

/// <summary>How much an interaction matters.</summary>
public enum Severity
{
    /// <summary>Worth knowing; often a matter of timing.</summary>
    Information,
    /// <summary>Common together, and somebody should look after it.</summary>
    Caution,
    /// <summary>Usually avoided, or only with checks.</summary>
    Serious,
}

/// <summary>Two medications that act on each other.</summary>
/// <param name="Severity">How much it matters.</param>
/// <param name="WordsKey">Key of the explanation in words.</param>
/// <param name="A">The one.</param>
/// <param name="B">The other.</param>
public sealed record Interaction(Severity Severity, string WordsKey, MedicationLine A, MedicationLine B);

/// <summary>Two medications of one kind.</summary>
/// <param name="A">The one.</param>
/// <param name="B">The other.</param>
/// <param name="IsSameSubstance">The same substance, not only the same class (fourth level of ATC).</param>
public sealed record Duplicate(MedicationLine A, MedicationLine B, bool IsSameSubstance);

/// <summary>What is well known about two medications together. Pure; the table stands in interactions.tsv.</summary>
public static class Interactions
{
    const int SubstanceLength = 7, ClassLength = 5;

    // Of these, several at once are usual: insulins, inhalers, fluids, laxatives, contrast, and what acts on skin or eyes.
    static readonly string[] OftenTogether = ["A06", "A10A", "B05", "D", "J07", "R03", "S01", "V"];

    static readonly (string[] A, string[] B, Severity Severity, string Key)[] Table =
        [.. DataTable.Read("interactions").Select(row => (row[0].Split(','), row[1].Split(','), Enum.Parse<Severity>(row[2], ignoreCase: true), $"interaction {row[3]}"))];

    /// <summary>Keys of all explanations.</summary>
    public static IEnumerable<string> Keys => Table.Select(row => row.Key).Distinct();

    /// <summary>What one medication does together with others, the serious first.</summary>
    /// <param name="added">The one.</param>
    /// <param name="current">The others; the same one among them is left out.</param>
    public static IReadOnlyList<Interaction> Check(MedicationLine added, IReadOnlyList<MedicationLine> current) =>
        [.. current.Where(other => !ReferenceEquals(other, added)).SelectMany(other => Of(added, other)).OrderByDescending(found => found.Severity)];

    /// <summary>What medications do together, each pair once, the serious first.</summary>
    public static IReadOnlyList<Interaction> Between(IEnumerable<MedicationLine> lines) => [.. Pairs(lines).SelectMany(pair => Of(pair.A, pair.B)).OrderByDescending(found => found.Severity)];

    /// <summary>Medications of the same substance or class.</summary>
    public static IReadOnlyList<Duplicate> Duplicates(IEnumerable<MedicationLine> lines) => [.. Pairs(lines).Select(pair => Duplicate(pair.A, pair.B)).OfType<Duplicate>()];

    /// <summary>The ones among others that are of the same substance or class as one.</summary>
    public static IReadOnlyList<Duplicate> Duplicates(MedicationLine added, IReadOnlyList<MedicationLine> current) =>
        [.. current.Where(other => !ReferenceEquals(other, added)).Select(other => Duplicate(added, other)).OfType<Duplicate>()];

    static IEnumerable<(MedicationLine A, MedicationLine B)> Pairs(IEnumerable<MedicationLine> lines)
    {
        var all = lines.ToList();
        for (var a = 0; a < all.Count; a++)
            for (var b = a + 1; b < all.Count; b++) yield return (all[a], all[b]);
    }

    // Of explanations of one kind ("bleeding-…") the most serious is enough for a pair.
    static IEnumerable<Interaction> Of(MedicationLine a, MedicationLine b) => Table
        .Where(row => Holds(a, row.A) && Holds(b, row.B) || Holds(a, row.B) && Holds(b, row.A))
        .OrderByDescending(row => row.Severity).DistinctBy(row => row.Key.Split('-')[0])
        .Select(row => new Interaction(row.Severity, row.Key, a, b));

    static Duplicate? Duplicate(MedicationLine a, MedicationLine b)
    {
        if (a.AtcCodes.Where(code => code.Length >= SubstanceLength).Intersect(b.AtcCodes).Any()) return new(a, b, IsSameSubstance: true);
        return Classes(a).Intersect(Classes(b)).Any() ? new(a, b, IsSameSubstance: false) : null;
    }

    static IEnumerable<string> Classes(MedicationLine line) => line.AtcCodes
        .Where(code => code.Length >= ClassLength && !OftenTogether.Any(group => code.StartsWith(group, StringComparison.Ordinal))).Select(code => code[..ClassLength]);

    /// <summary>Whether a medication holds a substance of one of these groups.</summary>
    internal static bool Holds(MedicationLine line, IEnumerable<string> groups) => groups.Any(group => line.AtcCodes.Any(code => code.StartsWith(group, StringComparison.Ordinal)));
}
