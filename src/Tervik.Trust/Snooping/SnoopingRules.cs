namespace Tervik.Trust.Snooping;

/// <summary>The rules, as pure functions of looks and facts. Their numbers are set on generated years other than those they are tested with.</summary>
public static class SnoopingRules
{
    /// <summary>So many patients without a contact around the day within <see cref="SpreeUs"/> are a spree.</summary>
    public const int SpreePatients = 10;
    /// <summary>So many within <see cref="LongSpreeUs"/>: who goes slowly.</summary>
    public const int LongSpreePatients = 24;
    /// <summary>An hour.</summary>
    public const long SpreeUs = 3_600_000_000;
    /// <summary>A day's work.</summary>
    public const long LongSpreeUs = 10 * SpreeUs;
    /// <summary>So many looks off duty within <see cref="PatternUs"/> are a pattern.</summary>
    public const int PatternLooks = 5;
    /// <summary>Two weeks.</summary>
    public const long PatternUs = 14 * 24 * SpreeUs;
    /// <summary>A visit is entered late by at most so much; after it a look without one has no relation.</summary>
    public const long FollowUpUs = 7 * 24 * SpreeUs;
    /// <summary>Around a visit or an appointment, so long before and after, professionals prepare and finish it.</summary>
    public const long AroundUs = 30L * 24 * SpreeUs;
    /// <summary>Off duty is who has bookings on <see cref="DutyDays"/> of the days around, and none within so much of the look.</summary>
    public const long DutyUs = 6 * SpreeUs;
    /// <summary>Who is booked on fewer days has hours that nobody knows.</summary>
    public const int DutyDays = 3;

    const int Suspicious = 4;

    /// <summary>What speaks against a look.</summary>
    public static LookReasons Reasons(LookFacts facts) =>
        facts.Contact switch { Contact.None => LookReasons.NoContact, Contact.Old => LookReasons.OldContact, _ => LookReasons.None }
        | (facts.IsProminent ? LookReasons.Prominent : 0) | (facts.IsSameName ? LookReasons.SameName : 0) | (facts.IsSameAddress ? LookReasons.SameAddress : 0)
        | (facts.IsColleague ? LookReasons.Colleague : 0) | (facts.IsOffDuty ? LookReasons.OffDuty : 0);

    /// <summary>Whether one look is an alert of its own: it takes a personal reason, and no contact around the day. A name or a workplace in common is none where there was a contact once.</summary>
    public static bool IsCuriosity(LookReasons reasons)
    {
        var personal = (reasons.HasFlag(LookReasons.Prominent) ? 2 : 0) + (reasons.HasFlag(LookReasons.SameName) ? 1 : 0) + (reasons.HasFlag(LookReasons.SameAddress) ? 3 : 0) + (reasons.HasFlag(LookReasons.Colleague) ? 1 : 0);
        var contact = reasons.HasFlag(LookReasons.NoContact) ? 3 : reasons.HasFlag(LookReasons.OldContact) ? 2 : 0;
        return personal > 0 && contact > 0 && personal + contact + (reasons.HasFlag(LookReasons.OffDuty) ? 1 : 0) >= Suspicious;
    }

    /// <summary>Whether looks without a contact around the day, ascending and the newest last, are a spree.</summary>
    /// <param name="atUs">When each patient was looked at first.</param>
    public static bool IsSpree(IReadOnlyList<long> atUs) => HasRun(atUs, SpreePatients, SpreeUs) || HasRun(atUs, LongSpreePatients, LongSpreeUs);

    /// <summary>Whether looks off duty, ascending and the newest last, are a pattern.</summary>
    public static bool IsPattern(IReadOnlyList<long> atUs) => HasRun(atUs, PatternLooks, PatternUs);

    /// <summary>Whether the newest and those before it are so many within so much time.</summary>
    static bool HasRun(IReadOnlyList<long> atUs, int count, long withinUs) => atUs.Count >= count && atUs[^1] - atUs[^count] <= withinUs;

    /// <summary>How a look stands to the visits and appointments of the professional or their unit.</summary>
    /// <param name="atUs">When it was.</param>
    /// <param name="contacts">From when to when each was; those without times count as old.</param>
    public static Contact ContactOf(long atUs, IReadOnlyCollection<(long FromUs, long ToUs)?> contacts) => contacts.Count == 0 ? Contact.None
        : contacts.Any(one => one is var (from, to) && from - AroundUs <= atUs && atUs <= to + AroundUs) ? Contact.Current : Contact.Old;

    /// <summary>Whether somebody with these bookings, those of the days around, was off duty.</summary>
    public static bool IsOffDuty(long atUs, IReadOnlyCollection<(long FromUs, long ToUs)> bookings) =>
        bookings.Select(one => one.FromUs / (24 * SpreeUs)).Distinct().Count() >= DutyDays && bookings.All(one => atUs < one.FromUs - DutyUs || one.ToUs + DutyUs < atUs);
}
