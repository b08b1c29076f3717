using Tervik.Portal.Reading;

namespace Tervik.Portal.Download;

/// <summary>What stands under the patient's name.</summary>
static class SummaryFacts
{
    /// <summary>Label and value of each.</summary>
    public static IEnumerable<(string Label, string Value)> Of(PatientHeader patient)
    {
        yield return (Words.Of("Born"), patient.Born?.Day ?? Words.Of("not known"));
        if (patient.IsDeceased) yield return (Words.Of("Deceased"), patient.Deceased?.Day ?? Words.Of("date not known"));
        if (patient.Sex is { } sex) yield return (Words.Of("Sex"), sex);
        foreach (var identifier in patient.Identifiers) yield return identifier;
        foreach (var contact in patient.Contacts) yield return (Words.Of("summary contact"), contact);
    }
}
