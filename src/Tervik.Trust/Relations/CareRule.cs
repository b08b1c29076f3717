using System.Collections.Frozen;
using Tervik.Trust.Consent;

namespace Tervik.Trust.Relations;

/// <summary>Whom a fact names.</summary>
enum Named
{
    /// <summary>A professional, or a role of theirs.</summary>
    Person,
    /// <summary>A unit: everybody who works in it.</summary>
    Unit,
    /// <summary>Either.</summary>
    PersonOrUnit,
}

/// <summary>A kind of fact in the record that makes professionals those who treat a patient.</summary>
/// <param name="Name">As patients are told why.</param>
/// <param name="Type">Resource type.</param>
/// <param name="Who">Search parameter that names the professional or unit.</param>
/// <param name="Names">Whom it names.</param>
/// <param name="When">Search parameter of its time; null: as long as the fact stands.</param>
/// <param name="DaysBefore">It counts from so many days before.</param>
/// <param name="DaysAfter">And until so many days after.</param>
sealed record CareRule(string Name, string Type, string Who, Named Names, string? When, int DaysBefore, int DaysAfter)
{
    /// <summary>States that do not count.</summary>
    public string[] Not { get; init; } = ["cancelled", "entered-in-error"];
    /// <summary>The only states that count; empty for all others.</summary>
    public string[] Only { get; init; } = [];
    /// <summary>States in which something without an end has one: its beginning.</summary>
    public string[] Over { get; init; } = [];
    /// <summary>Only facts with one of these codes as category.</summary>
    public string[] Categories { get; init; } = [];
    /// <summary>Only facts with none of these.</summary>
    public string[] NotCategories { get; init; } = [];
    /// <summary>What the relation opens; null for the whole record.</summary>
    public FrozenSet<string>? Scope { get; init; }
}

/// <summary>The facts that count, as a table: a ministry changes a number here and nothing else. Whatever is not in it makes no relation.</summary>
static class CareRules
{
    static readonly string[] Orders = ["http://snomed.info/sct|108252007", "http://snomed.info/sct|363679005", "laboratory", "imaging"];
    static readonly string[] Requested = ["draft", "revoked", "entered-in-error", "on-hold"];

    public static readonly IReadOnlyList<CareRule> All =
    [
        new("general practitioner", "Patient", "general-practitioner", Named.PersonOrUnit, null, 0, 0) { Not = [] },
        new("encounter", "Encounter", "participant", Named.Person, "date", 7, 365) { Over = ["finished"] },
        new("admission", "Encounter", "service-provider", Named.Unit, "date", 1, 1) { Only = ["arrived", "triaged", "in-progress", "onleave"] },
        new("appointment", "Appointment", "actor", Named.Person, "date", 30, 30),
        new("care team", "CareTeam", "participant", Named.Person, "date", 0, 0) { Only = ["active"] },
        new("referral", "ServiceRequest", "performer", Named.PersonOrUnit, "authored", 0, 180) { Not = Requested, NotCategories = Orders },
        new("order", "ServiceRequest", "performer", Named.PersonOrUnit, "authored", 0, 90) { Not = Requested, Categories = Orders, Scope = DataClasses.Of("orders") },
        new("prescription", "MedicationRequest", "intended-dispenser", Named.Unit, "authoredon", 0, 365) { Not = ["cancelled", "entered-in-error", "draft", "stopped", "completed"], Scope = DataClasses.Of("medication") },
    ];

    /// <summary>Types whose writes may change a relation.</summary>
    public static readonly string[] Types = [.. All.Select(rule => rule.Type).Distinct(), "PractitionerRole", "Organization"];
}
