using Tervik.Records.Marks;

namespace Tervik.Trust.Consent;

/// <summary>A professional as choices name them.</summary>
/// <param name="Practitioner"><c>Practitioner/id</c>.</param>
/// <param name="Units"><c>Organization/id</c> of all units they work in and of what these are part of.</param>
/// <param name="Roles">Codes of their roles, <c>system|code</c>.</param>
public sealed record ProfessionalIdentity(string Practitioner, IReadOnlySet<string> Units, IReadOnlySet<string> Roles);

/// <summary>What one patient's choices leave to one professional.</summary>
/// <param name="IsClosed">The whole record is closed.</param>
/// <param name="Hidden">Otherwise, the parts that are.</param>
/// <param name="Absolute">Of these, the parts that stay closed in an emergency.</param>
public sealed record ConsentEffect(bool IsClosed, IReadOnlyList<string> Hidden, IReadOnlyList<string> Absolute)
{
    /// <summary>Nothing is hidden.</summary>
    public static ConsentEffect None { get; } = new(false, [], []);
}

/// <summary>How choices work together: a pure function of them. Of two that contradict each other the one that names the professional more closely wins, and of equals the newer.</summary>
public static class ConsentRules
{
    /// <param name="choices">Of one patient; those that do not hold are ignored.</param>
    /// <param name="who">The professional.</param>
    /// <param name="nowUs">Microseconds since 1970-01-01 UTC.</param>
    public static ConsentEffect For(IReadOnlyList<SharingChoice> choices, ProfessionalIdentity who, long nowUs)
    {
        List<string> hidden = [], absolute = [];
        var isClosed = false;
        foreach (var choice in choices)
        {
            if (!choice.HoldsAt(nowUs) || Closeness(choice, who) is not { } closeness) continue;
            if (choice.Kind == SharingKind.OptOut)
            {
                absolute.Add(choice.What);
                hidden.Add(choice.What);
            }
            if (choice.Kind != SharingKind.KeepOut || choices.Any(other => Lifts(other, choice, closeness, who, nowUs))) continue;
            if (choice.What == SharingChoice.Everything) isClosed = true;
            else hidden.Add(choice.What);
        }
        return isClosed || hidden.Count > 0 ? new(isClosed, [.. hidden.Distinct()], [.. absolute.Distinct()]) : ConsentEffect.None;
    }

    static bool Lifts(SharingChoice other, SharingChoice choice, int closeness, ProfessionalIdentity who, long nowUs) =>
        other.Kind == SharingKind.Allow && other.HoldsAt(nowUs) && (other.What == choice.What || other.What == SharingChoice.Everything)
        && Closeness(other, who) is { } its && (its > closeness || its == closeness && other.MadeUs > choice.MadeUs);

    /// <summary>How closely a choice names a professional; null when it does not concern them.</summary>
    static int? Closeness(SharingChoice choice, ProfessionalIdentity who) =>
        choice.Actor == who.Practitioner ? 3
        : who.Units.Contains(choice.Actor) ? 2
        : choice.Actor.StartsWith("role ", StringComparison.Ordinal) && who.Roles.Contains(choice.Actor["role ".Length..]) ? 1
        : choice.Actor == SharingChoice.Everybody ? 0 : null;

    /// <summary>Whether a choice can be about this part.</summary>
    public static bool IsPart(string what) => what == SharingChoice.Everything || SensitiveCodes.Categories.Contains(what)
        || what.Split(' ') is ["item", var reference] && reference.Split('/') is [{ Length: > 0 }, { Length: > 0 }]
        || what.Split(' ') is ["period", var from, var to] && DateOnly.TryParseExact(from, "yyyy-MM-dd", out var first) && DateOnly.TryParseExact(to, "yyyy-MM-dd", out var last) && first <= last;
}
