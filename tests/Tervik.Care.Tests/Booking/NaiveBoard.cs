using Tervik.Care.Booking;

namespace Tervik.Care.Tests.Booking;

/// <summary>What the board is held against: a list of claims that is looked through cell by cell. Slow and plain.</summary>
sealed class NaiveBoard(HoldRules rules, Func<long, int> capacity)
{
    public List<Claim> Claims { get; private set; } = [];

    public NaiveBoard Copy() => new(rules, capacity) { Claims = [.. Claims] };

    Claim? Get(string id, long now) => Claims.Find(claim => claim.Id == id && claim.Stands(now));

    bool Fits(IReadOnlyList<Span> spans, string? but, long now, long keptFor = 0) => spans.All(span =>
    {
        for (var cell = span.From; cell < span.To; cell++)
            if (Claims.Count(claim => claim.Id != but && !IsKept(claim, keptFor) && claim.Stands(now) && claim.Spans.Any(one => one.Calendar == span.Calendar && one.From <= cell && cell < one.To)) >= capacity(span.Calendar)) return false;
        return true;
    });

    BookingOutcome? OfReferral(long referral, long now) =>
        referral != 0 && Claims.Find(claim => claim.Referral == referral && claim.Stands(now) && claim.Spans.Any(span => Cells.StartUs(span.To) > now)) is { } other ? other.State == ClaimState.Held ? BookingOutcome.ReferralHeld : BookingOutcome.ReferralBooked : null;

    BookingOutcome Put(Claim claim)
    {
        Claims.RemoveAll(one => one.Id == claim.Id);
        Claims.Add(claim);
        return BookingOutcome.Done;
    }

    public BookingOutcome Hold(string id, long owner, long referral, IReadOnlyList<Span> spans, long now)
    {
        if (Get(id, now) is { } known) return known.Owner == owner && known.Spans.SequenceEqual(spans) ? BookingOutcome.Done : BookingOutcome.IdTaken;
        if (OfReferral(referral, now) is { } other) return other;
        if (Claims.Count(claim => claim.Owner == owner && claim.State == ClaimState.Held && claim.Stands(now)) >= rules.MostOfOwner) return BookingOutcome.TooManyHolds;
        return Fits(spans, null, now) ? Put(new(id, owner, referral, spans, ClaimState.Held, now + (long)rules.Length.TotalMicroseconds, 0)) : BookingOutcome.Taken;
    }

    public BookingOutcome Extend(string id, long owner, long now) =>
        Get(id, now) is not { State: ClaimState.Held } hold || hold.Owner != owner ? BookingOutcome.Gone
        : hold.Extended >= rules.MostExtensions ? BookingOutcome.TooManyExtensions : Put(hold with { UntilUs = now + (long)rules.Length.TotalMicroseconds, Extended = hold.Extended + 1 });

    public BookingOutcome Book(string id, long owner, long referral, IReadOnlyList<Span> spans, long now)
    {
        if (Get(id, now) is { } known)
            return known.Owner != owner || spans.Count > 0 && !known.Spans.SequenceEqual(spans) ? BookingOutcome.IdTaken : known.State == ClaimState.Booked ? BookingOutcome.Done : Put(known with { State = ClaimState.Booked, UntilUs = 0 });
        if (spans.Count == 0) return BookingOutcome.Gone;
        return OfReferral(referral, now) ?? (Fits(spans, null, now) ? Put(new(id, owner, referral, spans, ClaimState.Booked, 0, 0)) : BookingOutcome.Taken);
    }

    static bool IsKept(Claim claim, long keptFor) => keptFor != 0 && claim.State == ClaimState.Held && claim.Owner == keptFor;

    public BookingOutcome Move(string id, IReadOnlyList<Span> spans, long now, long keptFor)
    {
        if (Get(id, now) is not { State: ClaimState.Booked } old) return BookingOutcome.Gone;
        if (!Fits(spans, id, now, keptFor)) return BookingOutcome.Taken;
        Claims.RemoveAll(claim => IsKept(claim, keptFor));
        return Put(old with { Spans = spans });
    }

    public BookingOutcome Release(string id, long now, long keptFor)
    {
        if (Get(id, now) is null) return BookingOutcome.Gone;
        Claims.RemoveAll(claim => claim.Id == id || IsKept(claim, keptFor));
        return BookingOutcome.Done;
    }
}
