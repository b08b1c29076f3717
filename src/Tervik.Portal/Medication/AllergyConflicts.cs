using System.Text.Json;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Medication;

/// <summary>An allergy, as far as medication is concerned.</summary>
/// <param name="Id">Logical id of the AllergyIntolerance.</param>
/// <param name="Name">In words.</param>
/// <param name="Groups">ATC groups of the allergen; empty when it is no medicine or not known.</param>
/// <param name="Related">ATC groups that may cause the same reaction.</param>
/// <param name="IsCritical">It can be severe.</param>
public sealed record MedicationAllergy(string Id, string Name, IReadOnlyList<string> Groups, IReadOnlyList<string> Related, bool IsCritical)
{
    static readonly (string[] Groups, string[] Related, string[] Codes, Stem[] Stems)[] Table =
        [.. DataTable.Read("allergens").Select(row => (row[0].Split(','), List(row[1]), List(row[2]), Stem.List(row[3])))];

    static string[] List(string cell) => cell == "-" ? [] : cell.Split(',');

    /// <summary>Reads an AllergyIntolerance; null when it is over, refuted or an error.</summary>
    public static MedicationAllergy? Read(string id, JsonElement allergy)
    {
        if (Codes.Has(allergy.At("clinicalStatus"), "inactive", "resolved") || Codes.Has(allergy.At("verificationStatus"), "refuted", "entered-in-error")) return null;
        // The substance may stand with the reaction instead of on top.
        JsonElement[] concepts = [allergy.At("code"), .. allergy.ItemsAt("reaction").Select(reaction => reaction.At("substance"))];
        var texts = concepts.SelectMany(concept => concept.ItemsAt("coding").Select(coding => coding.TextAt("display")).Append(concept.TextAt("text"))).OfType<string>().Select(Stem.WordsOf).ToList();
        var rows = Table.Where(row => concepts.Any(concept => Codes.Has(concept, row.Codes)) || texts.Any(text => row.Stems.Any(stem => stem.IsIn(text)))).ToList();
        return new(id, Codes.Write(allergy.At("code")) ?? RecordEntry.TypeInWords("AllergyIntolerance"),
            [.. rows.SelectMany(row => row.Groups).Concat(concepts.SelectMany(Substances.AtcOf)).Distinct()], [.. rows.SelectMany(row => row.Related).Distinct()], allergy.TextAt("criticality") == "high");
    }
}

/// <summary>A medication that does not go with an allergy.</summary>
/// <param name="Allergy">The allergy.</param>
/// <param name="Medication">The medication.</param>
/// <param name="IsRelated">The medication is only related to the allergen and may cause the same reaction.</param>
public sealed record AllergyConflict(MedicationAllergy Allergy, MedicationLine Medication, bool IsRelated);

/// <summary>Allergies against medication. Pure; the table stands in allergens.tsv.</summary>
public static class AllergyConflicts
{
    /// <summary>The allergies a medication does not go with, the certain ones first.</summary>
    public static IReadOnlyList<AllergyConflict> Check(MedicationLine added, IEnumerable<MedicationAllergy> allergies) =>
        [.. allergies.Select(allergy => Interactions.Holds(added, allergy.Groups) ? new AllergyConflict(allergy, added, IsRelated: false)
            : Interactions.Holds(added, allergy.Related) ? new(allergy, added, IsRelated: true) : null).OfType<AllergyConflict>().OrderBy(conflict => conflict.IsRelated)];
}
