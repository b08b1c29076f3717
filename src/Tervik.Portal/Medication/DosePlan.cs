namespace Tervik.Portal.Medication;

/// <summary>One line of a day's plan.</summary>
/// <param name="Line">Which medication.</param>
/// <param name="Dosage">How it is taken.</param>
/// <param name="Dose">When, and how often.</param>
public sealed record PlanEntry(MedicationLine Line, Dosage Dosage, PlannedDose Dose);

/// <summary>What is taken when: a day by its parts, and a week in numbers. Pure.</summary>
public static class DosePlan
{
    /// <summary>The plan of a day: parts of the day in order, and what is taken then. Paused medication is not in it.</summary>
    public static IReadOnlyList<(DoseTime Time, IReadOnlyList<PlanEntry> Entries)> Of(IEnumerable<MedicationLine> lines, DateOnly day) =>
        [.. Taken(lines).SelectMany(line => line.Dosages.SelectMany(dosage => dosage.On(day).Select(dose => new PlanEntry(line, dosage, dose)))).GroupBy(entry => entry.Dose.Time).OrderBy(group => group.Key)
            .Select(group => (group.Key, (IReadOnlyList<PlanEntry>)[.. group.OrderBy(entry => entry.Dose.Clock)]))];

    /// <summary>Seven days from <paramref name="first"/>: the number of doses of each medication that can be planned and has one in that week.</summary>
    public static IReadOnlyList<(MedicationLine Line, IReadOnlyList<int> Doses)> Week(IEnumerable<MedicationLine> lines, DateOnly first) =>
        [.. Taken(lines).Select(line => (line, (IReadOnlyList<int>)[.. Enumerable.Range(0, 7).Select(day => line.Dosages.Sum(dosage => dosage.DosesOn(first.AddDays(day))))])).Where(row => row.Item2.Any(doses => doses > 0))];

    static IEnumerable<MedicationLine> Taken(IEnumerable<MedicationLine> lines) => lines.Where(line => !line.IsOnHold);
}
