namespace Tervik.Care.Booking;

/// <summary>What a claim takes of one calendar: the cells [From, To), with the time to set up and to clean.</summary>
/// <param name="Calendar">Key of whose calendar: a Practitioner, a Location, a Device, a group.</param>
/// <param name="From">First cell.</param>
/// <param name="To">The cell after the last.</param>
public readonly record struct Span(long Calendar, long From, long To);

/// <summary>How firm a claim is.</summary>
public enum ClaimState
{
    /// <summary>Kept free for somebody until a time.</summary>
    Held = 1,
    /// <summary>An appointment.</summary>
    Booked = 2,
}

/// <summary>A hold or a booking: all its calendars, or none.</summary>
/// <param name="Id">Names it; the Appointment bears the same.</param>
/// <param name="Owner">Key of who asked: holds are counted for each.</param>
/// <param name="Referral">Key of the referral it answers, of which there is one hold and one booking at most; 0 for none.</param>
/// <param name="Spans">In order of calendar and time; those of one calendar do not overlap.</param>
/// <param name="State">Held or booked.</param>
/// <param name="UntilUs">When a hold ends, microseconds since 1970-01-01 UTC.</param>
/// <param name="Extended">How often it was extended.</param>
public sealed record Claim(string Id, long Owner, long Referral, IReadOnlyList<Span> Spans, ClaimState State, long UntilUs, int Extended)
{
    /// <summary>The proposal it was made from, by which a hold is shown; empty for none.</summary>
    public string Proposal { get; init; } = "";

    /// <summary>Whether it still takes its cells.</summary>
    /// <param name="nowUs">Microseconds since 1970-01-01 UTC.</param>
    public bool Stands(long nowUs) => State == ClaimState.Booked || UntilUs > nowUs;

    /// <summary>Whether all of it lies before a cell.</summary>
    public bool IsOver(long cell)
    {
        foreach (var span in Spans)
            if (span.To > cell) return false;
        return true;
    }
}

/// <summary>What became of a request.</summary>
public enum BookingOutcome
{
    /// <summary>Done.</summary>
    Done,
    /// <summary>Somebody else has one of the cells.</summary>
    Taken,
    /// <summary>There is no such claim, or it has ended.</summary>
    Gone,
    /// <summary>The referral has a hold of another claim.</summary>
    ReferralHeld,
    /// <summary>The referral has a booking.</summary>
    ReferralBooked,
    /// <summary>The owner holds as many as one may.</summary>
    TooManyHolds,
    /// <summary>The hold was extended as often as one may.</summary>
    TooManyExtensions,
    /// <summary>The id names another claim.</summary>
    IdTaken,
}

/// <summary>An answer.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Claim">The claim as it is now; of <see cref="BookingOutcome.Taken"/> and the referral's, the one in the way. Null where there is none.</param>
public readonly record struct Verdict(BookingOutcome Outcome, Claim? Claim)
{
    /// <summary>Whether it was done.</summary>
    public bool IsDone => Outcome == BookingOutcome.Done;
}
