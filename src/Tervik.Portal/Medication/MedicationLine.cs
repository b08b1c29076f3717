namespace Tervik.Portal.Medication;

/// <summary>One medication of a patient: what prescriptions (MedicationRequest) and reports (MedicationStatement) say of the same thing, together.</summary>
/// <param name="Name">As it was recorded, never empty.</param>
/// <param name="AtcCodes">Its substances; empty when they are not known.</param>
public sealed record MedicationLine(string Name, IReadOnlyList<string> AtcCodes)
{
    /// <summary>The newest resource it comes from; empty for one that is not recorded yet.</summary>
    public string Type { get; init; } = "";
    /// <summary>Logical id of that resource.</summary>
    public string Id { get; init; } = "";
    /// <summary>Version of that resource.</summary>
    public int Version { get; init; }
    /// <summary>What makes two resources the same medication: a code, or the name.</summary>
    public string Key { get; init; } = "";
    /// <summary>Its strength where the name does not say it.</summary>
    public string? Strength { get; init; }
    /// <summary>What it is for, in words.</summary>
    public string? Why { get; init; }
    /// <summary>How it is taken.</summary>
    public IReadOnlyList<Dosage> Dosages { get; init; } = [];
    /// <summary>Since when.</summary>
    public Reading.FhirDate? Since { get; init; }
    /// <summary>Until when.</summary>
    public Reading.FhirDate? Until { get; init; }
    /// <summary>Who prescribed it, by name.</summary>
    public string? By { get; init; }
    /// <summary>Reference of who prescribed it, when that is a professional.</summary>
    public string? Prescriber { get; init; }
    /// <summary>Paused for now.</summary>
    public bool IsOnHold { get; init; }
    /// <summary>Somebody said that it is taken; nobody here prescribed it.</summary>
    public bool IsReported => Type == "MedicationStatement";
    /// <summary>Why it was ended, in words.</summary>
    public string? WhyStopped { get; init; }
    /// <summary>Status as FHIR has it.</summary>
    public string Status { get; init; } = "active";
    /// <summary>How many earlier prescriptions there are of the same.</summary>
    public int Earlier { get; init; }
    /// <summary>The prescription this one goes on from: its logical id.</summary>
    public string? Prior { get; init; }
}
