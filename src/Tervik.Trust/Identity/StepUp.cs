namespace Tervik.Trust.Identity;

/// <summary>What asks for a fresh proof that it is still the same person: it opens much, or cannot be taken back easily.</summary>
public enum SensitiveAction
{
    /// <summary>Opening a record out of the ordinary.</summary>
    OpenInEmergency,
    /// <summary>Changing who may see one's record.</summary>
    ChangeSharing,
    /// <summary>Letting somebody else into one's record, and taking that back.</summary>
    LetIn,
    /// <summary>Allowing an application.</summary>
    AllowApp,
    /// <summary>Making a token for one's own applications.</summary>
    MakeToken,
    /// <summary>Adding or removing a passkey.</summary>
    ChangePasskeys,
    /// <summary>Ending other sessions of one's own.</summary>
    EndSessions,
}

/// <summary>Step-up: how surely and how lately somebody must have been identified for a sensitive action.</summary>
public static class StepUp
{
    static readonly TimeSpan Fresh = TimeSpan.FromMinutes(15), Recent = TimeSpan.FromMinutes(30);

    /// <summary>The row of the table for an action.</summary>
    public static (Assurance Least, TimeSpan Within) Of(SensitiveAction action) => action switch
    {
        SensitiveAction.OpenInEmergency or SensitiveAction.MakeToken or SensitiveAction.ChangePasskeys => (Assurance.High, Fresh),
        SensitiveAction.ChangeSharing or SensitiveAction.LetIn or SensitiveAction.AllowApp or SensitiveAction.EndSessions => (Assurance.Substantial, Recent),
        _ => throw new ArgumentOutOfRangeException(nameof(action)),
    };

    /// <summary>Whether somebody has to prove again who they are.</summary>
    /// <param name="principal">Who asks.</param>
    /// <param name="action">What for.</param>
    /// <param name="nowUs">Microseconds since 1970-01-01 UTC.</param>
    public static bool IsNeeded(Principal principal, SensitiveAction action, long nowUs)
    {
        var (least, within) = Of(action);
        // A proof from the future is none.
        return principal.Assurance < least || nowUs - principal.AuthenticatedUs > (long)within.TotalMicroseconds || principal.AuthenticatedUs > nowUs;
    }
}
