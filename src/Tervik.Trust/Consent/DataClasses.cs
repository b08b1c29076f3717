using System.Collections.Frozen;

namespace Tervik.Trust.Consent;

/// <summary>Parts of a record by resource type, for those who may see a part: adults who were let in, pharmacies, laboratories.</summary>
public static class DataClasses
{
    static readonly string[] Always = ["Patient"];

    static readonly FrozenDictionary<string, FrozenSet<string>> Types = new Dictionary<string, string[]>
    {
        ["appointments"] = ["Appointment", "AppointmentResponse", "ServiceRequest", "Task"],
        ["medication"] = ["MedicationRequest", "MedicationDispense", "MedicationStatement", "MedicationAdministration", "AllergyIntolerance", "Immunization"],
        ["results"] = ["Observation", "DiagnosticReport", "ImagingStudy", "Specimen", "Media"],
        ["orders"] = ["ServiceRequest", "Observation", "DiagnosticReport", "ImagingStudy", "Specimen", "Media", "AllergyIntolerance", "DeviceRequest"],
    }.ToFrozenDictionary(pair => pair.Key, pair => FrozenSet.ToFrozenSet(pair.Value.Concat(Always)));

    /// <summary>Those an adult can be let into one by one.</summary>
    public static IReadOnlyList<string> ForAdults { get; } = ["appointments", "medication", "results"];

    /// <summary>Resource types of a class, that of the person included.</summary>
    /// <exception cref="KeyNotFoundException">There is no such class.</exception>
    public static FrozenSet<string> Of(string name) => Types[name];
}
