namespace Tervik.Portal.Reading;

/// <summary>What the reader calls the types and elements of FHIR.</summary>
static class ElementWords
{
    /// <summary><c>MedicationRequest</c> as "Prescription"; spelt out where we have no word for it.</summary>
    public static string Type(string type) => Words.Has($"entry type {type}") ? Words.Of($"entry type {type}") : RecordEntry.TypeInWords(type);

    /// <summary><c>effectiveDateTime</c> as "When"; spelt out where we have no word for it.</summary>
    public static string Element(string name) => Words.Has($"element {name}") ? Words.Of($"element {name}") : RecordEntry.TypeInWords(char.ToUpperInvariant(name[0]) + name[1..]);
}
