using System.Security.Cryptography;
using System.Text;

namespace Tervik.Care.Notices;

/// <summary>What a notice tells.</summary>
public enum NoticeKind
{
    /// <summary>An appointment was booked.</summary>
    Booked,
    /// <summary>An appointment is at another time.</summary>
    Moved,
    /// <summary>An appointment was cancelled.</summary>
    Cancelled,
    /// <summary>An appointment comes.</summary>
    Reminder,
    /// <summary>Another time is kept for an appointment, and waits for an answer.</summary>
    TimeKept,
    /// <summary>A message came.</summary>
    Message,
    /// <summary>Something was done with a referral.</summary>
    Referral,
}

/// <summary>A notice to be stored: references alone.</summary>
/// <param name="Person">Whom to tell: <c>Patient/id</c> or <c>Practitioner/id</c>.</param>
/// <param name="Event">What happened, so that it is told once.</param>
/// <param name="Kind">Which kind.</param>
/// <param name="About"><c>Type/id</c> of what it tells of.</param>
/// <param name="Patient">Logical id of whose record that is.</param>
public sealed record NoticeDraft(string Person, string Event, NoticeKind Kind, string About, string Patient)
{
    /// <summary>Told outside of the portal once for each of these; the event where nothing else is said.</summary>
    public string Occasion { get; init; } = Event;
    /// <summary>Whether quiet hours do not hold it.</summary>
    public bool IsUrgent { get; init; }
    /// <summary>Of no use from then on, microseconds since 1970-01-01 UTC; 0 for always.</summary>
    public long UntilUs { get; init; }
    /// <summary>Its name: of this person and event always the same.</summary>
    public string Id { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Person}\n{Event}")).AsSpan(0, 16));
}

/// <summary>A notice as its reader finds it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Kind">What it tells.</param>
/// <param name="About"><c>Type/id</c>.</param>
/// <param name="Patient">Logical id of whose record that is.</param>
/// <param name="MadeUs">Microseconds since 1970-01-01 UTC.</param>
/// <param name="ReadUs">0 while it is unread.</param>
public sealed record Notice(string Id, NoticeKind Kind, string About, string Patient, long MadeUs, long ReadUs);

/// <summary>What is known of an appointment and its reminders: a row of notice_appointment.</summary>
/// <param name="Status">Of FHIR.</param>
/// <param name="StartUs">When; 0 without a time.</param>
/// <param name="SinceUs">Since when it is at this time.</param>
public sealed record KnownAppointment(string Status, long StartUs, long SinceUs);

/// <summary>When something is told: pure functions.</summary>
public static class NoticeRules
{
    /// <summary>Minutes before an appointment at which a reminder may be had: 7, 2 and 1 days, 2 hours.</summary>
    public static readonly int[] Reminders = [7 * 1440, 2 * 1440, 1440, 120];
    /// <summary>Waits after a failed attempt, in minutes; growing, and given up after them: about four days.</summary>
    static readonly int[] Waits = [1, 5, 15, 60, 4 * 60, 12 * 60, 24 * 60, 24 * 60, 24 * 60];
    const long MinuteUs = 60_000_000;

    /// <summary>Written in tables and webhooks.</summary>
    public static string Write(NoticeKind kind) => kind switch { NoticeKind.Booked => "booked", NoticeKind.Moved => "moved", NoticeKind.Cancelled => "cancelled", NoticeKind.Reminder => "reminder", NoticeKind.TimeKept => "time-kept", NoticeKind.Message => "message", _ => "referral" };

    /// <summary>Read from tables.</summary>
    public static NoticeKind Read(string text) => Enum.GetValues<NoticeKind>().First(kind => Write(kind) == text);

    static bool IsFirm(string status) => status is "booked" or "arrived" or "checked-in" or "fulfilled";

    /// <summary>What the change of an appointment tells; null for nothing.</summary>
    /// <param name="before">As it was told last; null when it is new.</param>
    /// <param name="status">Now; <c>entered-in-error</c> for one that was deleted.</param>
    /// <param name="startUs">Now.</param>
    /// <param name="nowUs">An appointment that is over tells nothing.</param>
    public static NoticeKind? Told(KnownAppointment? before, string status, long startUs, long nowUs)
    {
        if (startUs <= nowUs && (before is null || before.StartUs <= nowUs)) return null;
        if (IsFirm(status)) return before is null || !IsFirm(before.Status) ? NoticeKind.Booked : before.StartUs != startUs ? NoticeKind.Moved : null;
        return status is "cancelled" or "entered-in-error" && before is not null && IsFirm(before.Status) ? NoticeKind.Cancelled : null;
    }

    /// <summary>The reminder that is due: of several that are, the last. None whose time had passed when the appointment was made.</summary>
    /// <returns>Minutes before; null when none is due.</returns>
    public static int? Due(KnownAppointment appointment, IEnumerable<int> wanted, long nowUs) => appointment.Status != "booked" || appointment.StartUs <= nowUs ? null
        : wanted.Where(minutes => appointment.StartUs - minutes * MinuteUs <= nowUs && appointment.StartUs - minutes * MinuteUs > appointment.SinceUs).Order().Select(minutes => (int?)minutes).FirstOrDefault();

    /// <summary>When the next reminder may be due, whoever wants which; <see cref="long.MaxValue"/> for never.</summary>
    public static long Next(KnownAppointment appointment, long nowUs) => appointment.Status != "booked" ? long.MaxValue
        : Reminders.Select(minutes => appointment.StartUs - minutes * MinuteUs).Where(dueUs => dueUs > nowUs && dueUs > appointment.SinceUs).DefaultIfEmpty(long.MaxValue).Min();

    /// <summary>When to try again.</summary>
    /// <param name="attempts">Made so far.</param>
    /// <returns>Null when it is given up.</returns>
    public static TimeSpan? Wait(int attempts) => attempts <= Waits.Length ? TimeSpan.FromMinutes(Waits[attempts - 1]) : null;
}
