using System.Globalization;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Writing;

/// <summary>What to think about before a medication is prescribed. Figures are those of the catalogue: usual, not binding.</summary>
static class PrescriptionHints
{
    /// <summary>Usual doses are those of adults.</summary>
    const int Adult = 16;

    // Of these, several at once are usual: inhalers, laxatives, and what acts on skin or eyes.
    static readonly string[] OftenTogether = ["A06", "D", "R03", "S01"];

    /// <param name="medication">In words.</param>
    /// <param name="strength">Of one piece or volume, as typed.</param>
    /// <param name="term">Its term; null when it is none of the catalogue.</param>
    /// <param name="dosage">How it is taken; null as far as that cannot be said.</param>
    /// <param name="situation">Its medication without the prescription that is being changed.</param>
    public static IEnumerable<Hint> Of(string medication, string strength, Term? term, Dosage? dosage, Situation situation) => medication.Length == 0 ? [] :
        [.. Allergies(medication, term, situation), .. Twice(medication, term, situation), .. MedicationConcerns.Of(medication, term, situation), .. Doses(strength, term, dosage, situation), .. Person(term, situation)];

    static IEnumerable<Hint> Allergies(string medication, Term? term, Situation situation)
    {
        foreach (var allergy in situation.Allergies)
            switch (Conflicts.Between(Catalogue.Allergens.Of(allergy), allergy.Title, term?.CodeIn(Catalogue.Atc), medication))
            {
                case Conflicts.Kind.Same: yield return new("allergy", allergy.Title); break;
                case Conflicts.Kind.Related: yield return new("related allergy", allergy.Title) { IsInformation = true }; break;
            }
    }

    static IEnumerable<Hint> Twice(string medication, Term? term, Situation situation)
    {
        var atc = term?.CodeIn(Catalogue.Atc);
        foreach (var known in situation.Medication)
        {
            var other = Conflicts.AtcOf(known);
            if (atc is not null && atc == other || string.Equals(known.Title, medication, StringComparison.OrdinalIgnoreCase)) yield return new("same medication", known.Title);
            // The fourth level of ATC: the same chemical group, as two statins are.
            else if (atc is { Length: 7 } && other is { Length: 7 } && atc[..5] == other[..5] && !OftenTogether.Any(group => atc.StartsWith(group, StringComparison.Ordinal))) yield return new("same class", known.Title);
        }
    }

    static IEnumerable<Hint> Doses(string strength, Term? term, Dosage? dosage, Situation situation)
    {
        if (term is null || dosage is null) yield break;
        if (term.Number("days") is { } interval && dosage.TimesPerDay is { } often && often > 1 / interval) yield return new("taken every days", term.Display, interval);
        var unit = term["unit"];
        if (unit.Length == 0 || Dosage.AmountIn(dosage.Dose, dosage.Unit, strength, unit) is not { } amount) yield break;
        if (situation.AgeYears < Adult)
        {
            yield return new("dose of a child", term.Display) { IsInformation = true };
            yield break;
        }
        var (least, most, mostPerDay) = (term.Number("least"), term.Number("most"), term.Number("mostPerDay"));
        if (amount > most || amount < least) yield return new(amount > most ? "dose high" : "dose low", With(amount, unit), Short(least!.Value), With(most!.Value, unit));
        var perDay = dosage.TimesPerDay is { } times ? amount * times : (decimal?)null;
        var stated = dosage.MostPerDay is { } limit ? Dosage.AmountIn(limit, dosage.Unit, strength, unit) : null;
        if ((perDay is { } a && stated is { } b ? Math.Min(a, b) : perDay ?? stated) is { } total && total > mostPerDay) yield return new("dose per day high", With(total, unit), With(mostPerDay.Value, unit));
    }

    static IEnumerable<Hint> Person(Term? term, Situation situation)
    {
        if (term is null) yield break;
        if (term.Number("eGFR") is { } limit && situation.KidneyFunction is var (value, date) && value < limit) yield return new("kidneys", term.Display, Short(value), date.Day, Short(limit));
        if (term["pregnancy"].Length > 0 && situation.IsPregnant) yield return new("pregnancy", term.Display);
        if (term["ages"].Split('-') is [var from, var to] && situation.AgeYears is { } age)
        {
            if (Catalogue.Number(from) is { } youngest && age < youngest) yield return new("too young", term.Display, Short(youngest), age);
            if (Catalogue.Number(to) is { } oldest && age > oldest) yield return new("too old", term.Display, Short(oldest), age);
        }
    }

    static string With(decimal amount, string unit) => $"{Short(amount)} {Dosage.UnitWords(unit, amount)}";
    static string Short(decimal number) => number.ToString("0.####", CultureInfo.InvariantCulture);
}
