using Tervik.Portal.Medication;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Writing;

/// <summary>The one place where prescribing asks what medications do together.</summary>
static class MedicationConcerns
{
    public static IEnumerable<Hint> Of(string medication, Term? term, Situation situation)
    {
        var added = new MedicationLine(medication, term?.CodeIn(Catalogue.Atc) is { } atc ? [atc] : Substances.AtcOf(medication));
        // Several entries may speak of the same medication.
        foreach (var found in Interactions.Check(added, [.. situation.Medication.Select(Line)]).DistinctBy(found => (found.WordsKey, found.B.Name)))
            yield return new("interaction", found.B.Name, Words.Of(found.WordsKey)) { IsInformation = found.Severity == Severity.Information };
    }

    static MedicationLine Line(Known known) => new(known.Title, Conflicts.AtcOf(known) is { } atc ? [atc] : []);
}
