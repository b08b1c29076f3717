using System.Text.Json;

namespace Tervik.Portal.Reading;

/// <summary>What the reader calls the types and elements of FHIR.</summary>
static class ElementWords
{
    /// <summary><c>MedicationRequest</c> as "Prescription"; spelt out where we have no word for it.</summary>
    public static string Type(string type) => Words.Has($"entry type {type}") ? Words.Of($"entry type {type}") : RecordEntry.TypeInWords(type);

    /// <summary>The class of an Encounter, a code of HL7's ActCode such as <c>IMP</c>, as "Stay in hospital".</summary>
    public static string? VisitKind(JsonElement encounterClass) => encounterClass.TextAt("code") is { } code && Words.Has($"visit kind {code}") ? Words.Of($"visit kind {code}") : Codes.Write(encounterClass);

    /// <summary><c>effectiveDateTime</c> as "When"; spelt out where we have no word for it.</summary>
    public static string Element(string name) => Words.Has($"element {name}") ? Words.Of($"element {name}") : RecordEntry.TypeInWords(char.ToUpperInvariant(name[0]) + name[1..]);
}
