using Tervik.Demo.Illnesses;
using Tervik.Demo.Institutions;
using Tervik.Demo.Writing;

namespace Tervik.Demo.Lives;

/// <summary>What happens at a contact, gathered while it lasts: Encounter, results and note are written from it.</summary>
sealed class Visit
{
    public static readonly Term Ambulatory = Term.Of("v3-ActCode", "AMB", "Ambulatory"), Emergency = Term.Of("v3-ActCode", "EMER", "Emergency"), Inpatient = Term.Of("v3-ActCode", "IMP", "Inpatient"), Virtual = Term.Of("v3-ActCode", "VR", "Virtual");

    public required string Id { get; init; }
    public required DateTimeOffset Start { get; init; }
    public required Clinician Clinician { get; init; }
    /// <summary>What kind of contact, in words.</summary>
    public required string Type { get; init; }
    public Term Class { get; init; } = Ambulatory;
    public int Minutes { get; init; } = 25;
    /// <summary>Before the time from which the record is complete, only illnesses, operations and vaccinations are known.</summary>
    public required bool IsRecorded { get; init; }
    public DateOnly Day => DateOnly.FromDateTime(Start.DateTime);
    public Link Link => new($"Encounter/{Id}");

    /// <summary>Illnesses it is about.</summary>
    public List<Ailment> Reasons { get; } = [];
    /// <summary>What was found, for the note and for decisions.</summary>
    public Dictionary<Marker, decimal> Found { get; } = new(ReferenceEqualityComparer.Instance);
    /// <summary>Keys of the words for the plan, with values.</summary>
    public List<(string Key, string[] Values)> Plan { get; } = [];
    /// <summary>What the patient says: key of the words.</summary>
    public string Complaint { get; set; } = "check";
    /// <summary>Another sentence after it, or null.</summary>
    public string? Remark { get; set; }
}
