using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Trust.Identity;

namespace Tervik.Trust.Decision;

/// <summary>A permission that remembers for whom it was given, so that each write of a bundle is decided again from the same policy.</summary>
/// <param name="Principal">Who asked.</param>
/// <param name="Filter">What may be seen.</param>
/// <param name="Refusal">Why not; null when permitted.</param>
sealed record Decided(Principal Principal, AccessFilter Filter, Fault? Refusal) : Permission(Principal.Agent, Filter, Refusal)
{
    /// <summary>Where may be written: what may be seen, where nothing else is said.</summary>
    public AccessFilter Writing { get; init; } = Filter;
}

/// <summary>The one decision: a pure function of who asks, what for, and whose patients are theirs. Default deny.</summary>
static class Decision
{
    /// <param name="principal">Who asks.</param>
    /// <param name="interaction">What they want to do.</param>
    /// <param name="own">Compartments of the patients that are theirs: oneself, or those one treats.</param>
    public static Decided Decide(Principal principal, Interaction interaction, AccessFilter own) =>
        Refuse(principal, interaction) is { } refusal ? new(principal, AccessFilter.Nothing, refusal) : new(principal, own, Refusal: null);

    /// <summary>Why the caller may not do this at all; null when the policy has a row for it.</summary>
    public static Fault? Refuse(Principal principal, Interaction interaction)
    {
        if (principal.Granted is { } granted && !Grants(granted, interaction))
            return new(FaultKind.Forbidden, "forbidden", interaction.Type, $"The application was not granted {interaction.Name}{(interaction.Type is null ? "" : $" of {interaction.Type}")}.");
        var scopeIsMissing = false;
        foreach (var rule in Policy.For(principal.Kind, interaction.Name))
        {
            if (interaction.Type is { } type && (rule.ExceptTypes.Contains(type) || rule.OnlyTypes.Count > 0 && !rule.OnlyTypes.Contains(type))) continue;
            if ((principal.Scope & rule.Scope) == rule.Scope) return null;
            scopeIsMissing = true;
        }
        if (principal.Kind == PrincipalKind.Nobody)
            return new(FaultKind.Unauthenticated, "login", "Authorization", principal.CredentialIsBad
                ? "The token is unknown, has ended or was revoked. Ask for a new one."
                : "Sign in, or send a bearer token in the header Authorization.");
        var target = interaction.Type is null ? interaction.Name : $"{interaction.Name} of {interaction.Type}";
        return new(FaultKind.Forbidden, "forbidden", interaction.Type, scopeIsMissing
            ? $"The credential does not allow {target}: its scope is {Describe(principal.Scope)}."
            : $"{target} is not open to a {Describe(principal.Kind)}.");
    }

    /// <summary>Whether a resource in these compartments may be written: a professional writes only into records of their patients.</summary>
    public static Fault? RefuseWrite(Decided permission, Interaction interaction, ReadOnlySpan<long> compartments)
    {
        if (Refuse(permission.Principal, interaction) is { } refusal) return refusal;
        if (interaction.Name == Policy.SetUpClinic) return compartments.IsEmpty ? null : new(FaultKind.Forbidden, "forbidden", interaction.Type, $"{interaction.Name} of {interaction.Type} is of no patient; expected no patient in it.");
        if (permission.Writing.SeesAllPatients) return null;
        var (isOwn, writable) = (!compartments.IsEmpty, permission.Writing.CompartmentsFor(interaction.Type ?? ""));
        foreach (var compartment in compartments) isOwn &= Array.BinarySearch(writable, compartment) >= 0;
        // The same words whether that patient exists or not.
        return isOwn ? null : new(FaultKind.Forbidden, "forbidden", interaction.Type,
            $"{interaction.Name} of {interaction.Type} needs a patient whom you treat, and no other patient in it.");
    }

    /// <summary>What an interaction needs of an application's scopes; an operation reads and searches.</summary>
    internal static SmartActions Needed(string interaction) => interaction switch
    {
        "capabilities" or "sealed-log" or "$bulk-publish" => SmartActions.None,
        "read" or "vread" or "history-instance" or "$meta" => SmartActions.Read,
        "create" or "create-own" or "$hold" => SmartActions.Create,
        "update" or "update-own" or "patch" or "$meta-add" or "$meta-delete" => SmartActions.Update,
        "delete" => SmartActions.Delete,
        // Makes, changes and cancels.
        "$book" => SmartActions.Create | SmartActions.Update,
        _ when interaction.StartsWith("search", StringComparison.Ordinal) || interaction.StartsWith("history", StringComparison.Ordinal) => SmartActions.Search,
        _ => SmartActions.Read | SmartActions.Search,
    };

    /// <summary>Whether an application's scopes cover an interaction. A bundle is decided entry by entry, and a scope with criteria never writes: what it would admit is not known before.</summary>
    static bool Grants(IReadOnlyList<SmartScope> granted, Interaction interaction)
    {
        var needed = Needed(interaction.Name);
        if (needed == SmartActions.None || interaction.Name is "batch" or "transaction") return true;
        var writes = (needed & (SmartActions.Create | SmartActions.Update | SmartActions.Delete)) != 0;
        return granted.Any(scope => (scope.Type == "*" || interaction.Type is null || scope.Type == interaction.Type) && (scope.Actions & needed) == needed && (!writes || scope.Criteria.Count == 0 && (scope.Type == "*" || interaction.Type is not null)));
    }

    static string Describe(Scope scope) => scope == Scope.None ? "empty" : scope.ToString().ToLowerInvariant();
    static string Describe(PrincipalKind kind) => kind switch
    {
        PrincipalKind.Patient => "patient",
        PrincipalKind.Professional => "professional",
        _ => "system client",
    };
}
