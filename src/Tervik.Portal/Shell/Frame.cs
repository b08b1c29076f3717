using Tervik.Portal.Forms;
using Tervik.Trust.BreakGlass;
using Tervik.Trust.Identity;
using Tervik.Trust.Relations;

namespace Tervik.Portal.Shell;

/// <summary>What surrounds a page: who is signed in, and how it shall look.</summary>
/// <param name="Person">Who is signed in; null when nobody is.</param>
/// <param name="Scheme"><c>auto</c>, <c>light</c>, <c>dark</c> or <c>contrast</c>.</param>
/// <param name="Here">Path and query of the page, to come back to.</param>
/// <param name="FormToken">For every form.</param>
public sealed record Frame(SignedIn? Person, string Scheme, string Here, string FormToken)
{
    /// <summary>Seconds until the session ends if nothing more is asked; null without one.</summary>
    public long? SessionSeconds { get; init; }
    /// <summary>What is searched for on the page.</summary>
    public Sought Sought { get; init; } = Sought.Nothing;
    /// <summary>Whether this professional answers alerts about accesses.</summary>
    public bool ReviewsAlerts { get; init; }
    /// <summary>Counts the threads of messages that the person has not read, for a page that is shown: forms, files and streams have no use for it. Null where none are shown.</summary>
    public Func<Task<long>>? CountUnread { get; init; }
    /// <summary>Counts the notices that the person has not read; null for nobody.</summary>
    public Func<Task<long>>? CountNotices { get; init; }
    /// <summary>Whether the page that tells whom to be and what to try is there.</summary>
    public bool HasTour { get; init; }
}

/// <summary>The person in front of the screen.</summary>
/// <param name="Reference"><c>Patient/1</c> or <c>Practitioner/7</c>.</param>
/// <param name="Kind">Patient or professional.</param>
/// <param name="Name">In one line.</param>
public sealed record SignedIn(string Reference, PrincipalKind Kind, string Name)
{
    public string Id => Reference[(Reference.IndexOf('/', StringComparison.Ordinal) + 1)..];
    public bool IsProfessional => Kind == PrincipalKind.Professional;
    /// <summary>What a professional has opened out of the ordinary and is still open.</summary>
    public IReadOnlyList<ExceptionalAccess> Opened { get; init; } = [];
    /// <summary>Whose records a patient may read besides the own.</summary>
    public IReadOnlyList<FamilyMember> Family { get; init; } = [];
    /// <summary>Why this patient may read the record of another; null for the own one, and for professionals.</summary>
    public FamilyKind? FamilyOf(string patient) => Family.FirstOrDefault(member => member.Patient == $"Patient/{patient}")?.Kind;

    /// <summary>Whether they book appointments for a member of their family.</summary>
    public bool BooksFor(string patient) => Family.Any(member => member.Patient == $"Patient/{patient}" && member.Books);
    /// <summary>Whether this is the person's own record.</summary>
    public bool Owns(string patient) => !IsProfessional && Id == patient;
}

/// <summary>Which entry of the main navigation a page belongs to.</summary>
public enum Place { None, Record, Today, Calendar, Patients, Tasks, Messages, Notices, Alerts, Account }
