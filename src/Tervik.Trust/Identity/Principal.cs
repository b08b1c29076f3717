namespace Tervik.Trust.Identity;

/// <summary>Which kind of caller; the policy table has rows for each.</summary>
public enum PrincipalKind
{
    /// <summary>Not signed in, or with a token that is not valid.</summary>
    Nobody,
    /// <summary>A patient, signed in or through an application.</summary>
    Patient,
    /// <summary>A health professional (Practitioner).</summary>
    Professional,
    /// <summary>A program that acts for an institution.</summary>
    System,
}

/// <summary>What a session or a token may be used for, within what its holder may do.</summary>
[Flags]
public enum Scope
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>Reading and searching.</summary>
    Read = 1,
    /// <summary>Creating, changing and deleting.</summary>
    Write = 2,
}

/// <summary>Who asks, as identified from the session cookie or the bearer token.</summary>
/// <param name="Kind">Patient, professional, system, or nobody.</param>
/// <param name="Agent"><c>Patient/1</c>, <c>Practitioner/7</c>, <c>client/name</c>; null for nobody.</param>
/// <param name="Scope">What the credential allows.</param>
public sealed record Principal(PrincipalKind Kind, string? Agent, Scope Scope)
{
    /// <summary>Nobody, who sent no credential.</summary>
    public static Principal Nobody { get; } = new(PrincipalKind.Nobody, null, Scope.None);

    /// <summary>Nobody, who sent a credential that is unknown, expired or revoked.</summary>
    internal static Principal Refused { get; } = new(PrincipalKind.Nobody, null, Scope.None) { CredentialIsBad = true };

    /// <summary>Whether a credential was sent that is not valid.</summary>
    internal bool CredentialIsBad { get; private init; }

    /// <summary>The application that asks for its user or for itself; null in the portal and for personal tokens.</summary>
    public string? Client { get; init; }
    /// <summary>What the application was granted; null: no less than its user may do within <see cref="Scope"/>.</summary>
    public IReadOnlyList<SmartScope>? Granted { get; init; }
    /// <summary>The only patient the application was launched for, <c>Patient/id</c>; null: all its user may see.</summary>
    public string? LaunchPatient { get; init; }
    /// <summary>How surely the person was identified, the last time.</summary>
    public Assurance Assurance { get; init; }
    /// <summary>When that was, microseconds since 1970-01-01 UTC; 0 when it was not.</summary>
    public long AuthenticatedUs { get; init; }

    /// <summary>The kind that an agent's reference says; null when it is none of ours.</summary>
    public static PrincipalKind? KindOf(string agent) => agent.Split('/') switch
    {
        ["Patient", { Length: > 0 }] => PrincipalKind.Patient,
        ["Practitioner", { Length: > 0 }] => PrincipalKind.Professional,
        ["client", { Length: > 0 }] => PrincipalKind.System,
        _ => null,
    };

    internal static Principal Of(string agent, Scope scope) => KindOf(agent) is { } kind ? new(kind, agent, scope) : Nobody;
}

/// <summary>How surely a person was identified: the levels of eIDAS.</summary>
public enum Assurance
{
    /// <summary>Not by an eID.</summary>
    None,
    /// <summary>Low.</summary>
    Low,
    /// <summary>Substantial: two factors.</summary>
    Substantial,
    /// <summary>High: two factors, one of them bound to a device.</summary>
    High,
}
