using Tervik.Portal.Medication;

namespace Tervik.Portal.Writing;

/// <summary>Allergies against substances: by ATC class, else by the name.</summary>
static class Conflicts
{
    public enum Kind { None, Related, Same }

    /// <summary>The ATC code of a recorded medication: its own, else that of the substance its name speaks of.</summary>
    public static string? AtcOf(Known known) => known.In(Catalogue.Atc).FirstOrDefault() ?? Catalogue.Medications.FindBeginning(known.Title).Term?.CodeIn(Catalogue.Atc) ?? (Substances.AtcOf(known.Title) is [var first, ..] ? first : null);

    /// <summary>Whether somebody with this allergy would get what they do not bear.</summary>
    /// <param name="allergen">The term of the allergy, or null.</param>
    /// <param name="allergy">Its words.</param>
    /// <param name="atc">Of the substance, or null.</param>
    /// <param name="substance">Its name.</param>
    public static Kind Between(Term? allergen, string allergy, string? atc, string substance)
    {
        if (atc is not null && allergen is not null)
        {
            if (allergen.List("atc").Any(group => atc.StartsWith(group, StringComparison.Ordinal))) return Kind.Same;
            if (allergen.List("related").Any(group => atc.StartsWith(group, StringComparison.Ordinal))) return Kind.Related;
        }
        // "Allergy to ibuprofen" and "Ibuprofen 400 mg tablet": a whole word of the substance's name stands in the other.
        var name = Catalogue.Medications.FindBeginning(substance).Term?.Display ?? substance;
        if (name.Length >= 4 && HasWords(allergy, name)) return Kind.Same;
        // "Penicillin V": an allergy to a drug of our list covers its ATC code.
        return atc is not null && allergen is null && Catalogue.Medications.FindBeginning(allergy).Term?.CodeIn(Catalogue.Atc) is { } own && own[..5] == atc[..Math.Min(5, atc.Length)]
            ? own == atc ? Kind.Same : Kind.Related : Kind.None;
    }

    static bool HasWords(string text, string words)
    {
        for (var at = text.IndexOf(words, StringComparison.OrdinalIgnoreCase); at >= 0; at = text.IndexOf(words, at + 1, StringComparison.OrdinalIgnoreCase))
            if ((at == 0 || !char.IsLetter(text[at - 1])) && (at + words.Length == text.Length || !char.IsLetter(text[at + words.Length]))) return true;
        return false;
    }
}
