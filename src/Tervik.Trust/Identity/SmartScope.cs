namespace Tervik.Trust.Identity;

/// <summary>What a resource scope allows, letter by letter.</summary>
[Flags]
public enum SmartActions
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary><c>c</c>: create.</summary>
    Create = 1,
    /// <summary><c>r</c>: read, vread and the history of one resource.</summary>
    Read = 2,
    /// <summary><c>u</c>: update and patch.</summary>
    Update = 4,
    /// <summary><c>d</c>: delete.</summary>
    Delete = 8,
    /// <summary><c>s</c>: search and the history of a type or of all.</summary>
    Search = 16,
}

/// <summary>One granted resource scope, such as <c>patient/Observation.rs?category=laboratory</c>. Its context (patient, user, system) says whose data, which the principal says already.</summary>
/// <param name="Type">Resource type; <c>*</c> for all.</param>
/// <param name="Actions">What may be done.</param>
/// <param name="Criteria">Token search parameters that a resource must match, all of them, with their values; empty for no narrowing.</param>
/// <remarks>Source: SMART App Launch 2.2, Scopes and Launch Context.</remarks>
public sealed record SmartScope(string Type, SmartActions Actions, IReadOnlyList<KeyValuePair<string, string>> Criteria);
