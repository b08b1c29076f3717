using System.Collections.Frozen;
using Tervik.Trust.Identity;

namespace Tervik.Trust.Decision;

/// <summary>The policy as a table: who may do what, before the question whose data it is. Whatever is not in it is refused.</summary>
static class Policy
{
    /// <summary>Changes with every change of the table.</summary>
    public const int Version = 7;

    /// <summary>One row: these callers may do these interactions when their credential has the scope.</summary>
    /// <param name="Who">The kind of caller.</param>
    /// <param name="Scope">What the credential must allow.</param>
    /// <param name="Interactions">As CapabilityStatement names them.</param>
    internal sealed record Rule(PrincipalKind Who, Scope Scope, params string[] Interactions)
    {
        /// <summary>Types the row is not about.</summary>
        public FrozenSet<string> ExceptTypes { get; init; } = [];
        /// <summary>The only types the row is about; empty for all.</summary>
        public FrozenSet<string> OnlyTypes { get; init; } = [];
    }

    /// <summary>Types that describe the health system and not a patient. Everyone who is signed in sees them, unless one is in a patient's compartment.</summary>
    public static readonly FrozenSet<string> Directory = FrozenSet.ToFrozenSet(
    [
        "ActivityDefinition", "CapabilityStatement", "CodeSystem", "CompartmentDefinition", "ConceptMap", "Endpoint", "GraphDefinition", "HealthcareService",
        "ImplementationGuide", "Library", "Location", "Measure", "Medication", "MedicationKnowledge", "NamingSystem", "ObservationDefinition", "OperationDefinition",
        "Organization", "OrganizationAffiliation", "PlanDefinition", "Practitioner", "PractitionerRole", "Questionnaire", "Schedule", "SearchParameter", "Slot",
        "SpecimenDefinition", "StructureDefinition", "StructureMap", "Substance", "ValueSet",
    ]);

    static readonly string[] Reading =
    [
        "read", "vread", "history-instance", "history-type", "history-system", "search-type", "search-system", "search-compartment",
        "$everything", "$summary", "$lastn", "$meta", "$validate", "batch",
    ];

    public static readonly IReadOnlyList<Rule> Rules =
    [
        new(PrincipalKind.Nobody, Scope.None, "capabilities", "sealed-log", "$bulk-publish"),
        new(PrincipalKind.Patient, Scope.None, "capabilities", "sealed-log", "$bulk-publish"),
        new(PrincipalKind.Professional, Scope.None, "capabilities", "sealed-log", "$bulk-publish"),
        new(PrincipalKind.System, Scope.None, "capabilities", "sealed-log", "$bulk-publish"),
        new(PrincipalKind.Patient, Scope.Read, Reading),
        new(PrincipalKind.Professional, Scope.Read, Reading),
        new(PrincipalKind.System, Scope.Read, Reading),
        // Finding somebody by number, opening a record out of the ordinary, reviewing it: pages of the portal, whose forms are guarded one by one.
        new(PrincipalKind.Professional, Scope.Read, "look-up", "open-record") { OnlyTypes = ["Patient"] },
        new(PrincipalKind.Professional, Scope.Read, "review"),
        // Appointments: finding shows nobody's; holding and booking are for whom one may write (Care/Booking).
        new(PrincipalKind.Patient, Scope.Read, "$find") { OnlyTypes = ["Appointment"] },
        new(PrincipalKind.Professional, Scope.Read, "$find") { OnlyTypes = ["Appointment"] },
        new(PrincipalKind.System, Scope.Read, "$find") { OnlyTypes = ["Appointment"] },
        new(PrincipalKind.Patient, Scope.Write, "$hold", "$book") { OnlyTypes = ["Appointment"] },
        new(PrincipalKind.Professional, Scope.Write, "$hold", "$book") { OnlyTypes = ["Appointment"] },
        new(PrincipalKind.System, Scope.Write, "$hold", "$book") { OnlyTypes = ["Appointment"] },
        // Absences in the calendars of one's own units (Portal/Calendar asks which these are).
        new(PrincipalKind.Professional, Scope.Write, "block-time") { OnlyTypes = ["Slot"] },
        // How a clinic is set up, for who leads its unit (Portal/SetUp asks whether they do): the services, whose calendars, the rooms and devices, and the note of who did it.
        new(PrincipalKind.Professional, Scope.Write, SetUpClinic) { OnlyTypes = ["HealthcareService", "Schedule", "Location", "Device", "Provenance"] },
        // One's applications.
        new(PrincipalKind.Patient, Scope.Read, "apps"),
        new(PrincipalKind.Professional, Scope.Read, "apps"),
        // The directory is kept by institutions' systems; and only they bring a patient into the record or take one out.
        new(PrincipalKind.Professional, Scope.Write, "update", "patch") { ExceptTypes = Directory },
        new(PrincipalKind.Professional, Scope.Write, "create", "delete") { ExceptTypes = [.. Directory, "Patient"] },
        new(PrincipalKind.Professional, Scope.Write, "transaction", "$meta-add", "$meta-delete") { ExceptTypes = Directory },
        // What patients write in the portal: its forms decide what goes into it, so these are no interactions of the API, but for choices about the own record (Consent/ConsentEndpoints). Who wrote it is noted with it.
        new(PrincipalKind.Patient, Scope.Write, "create-own") { OnlyTypes = ["Communication", "Consent", "Provenance", "QuestionnaireResponse", "Task"] },
        new(PrincipalKind.Patient, Scope.Write, "update-own") { OnlyTypes = ["Communication", "Consent", "Patient", "Provenance", "QuestionnaireResponse", "Task"] },
        // Which alerts are whose to answer is asked beside this (Snooping/Alerts).
        new(PrincipalKind.Professional, Scope.Read, "alerts"),
        new(PrincipalKind.Professional, Scope.Write, "alert-review"),
        // Writing alone is enough for a transaction: its conditions and its reads are decided entry by entry.
        new(PrincipalKind.System, Scope.Write, "create", "update", "patch", "delete", "transaction", "batch", "$meta-add", "$meta-delete", "$validate", "$reindex"),
    ];

    /// <summary>The interaction that writes what is no patient's, and nothing that is.</summary>
    public const string SetUpClinic = "set-up-clinic";

    /// <summary>Whether an interaction changes the record: of it, a limit can no longer take anything back.</summary>
    public static bool Writes(string interaction) => interaction is "create" or "update" or "patch" or "delete" or "create-own" or "update-own" or "$hold" or "$book" or "block-time" or SetUpClinic or "$meta-add" or "$meta-delete" or "$reindex";

    static readonly FrozenDictionary<(PrincipalKind, string), Rule[]> ByInteraction = Rules
        .SelectMany(rule => rule.Interactions.Select(name => (Name: name, Rule: rule)))
        .GroupBy(row => (row.Rule.Who, row.Name), row => row.Rule)
        .ToFrozenDictionary(rows => rows.Key, rows => rows.ToArray());

    public static ReadOnlySpan<Rule> For(PrincipalKind who, string interaction) => ByInteraction.TryGetValue((who, interaction), out var rules) ? rules : [];
}
