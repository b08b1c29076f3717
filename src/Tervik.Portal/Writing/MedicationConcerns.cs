namespace Tervik.Portal.Writing;

/// <summary>The one place where prescribing asks what medications do together.</summary>
static class MedicationConcerns
{
    public static IEnumerable<Hint> Of(string medication, Term? term, Situation situation) => [];
}
