using System.Runtime.InteropServices;

namespace Tervik.Care.Booking;

/// <summary>Rules about holds.</summary>
public sealed record HoldRules
{
    /// <summary>How long a hold lasts, and by how much one extension is longer than now.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromMinutes(10);
    /// <summary>How often it may be extended (WCAG 2.2, 2.2.1: ten times).</summary>
    public int MostExtensions { get; init; } = 10;
    /// <summary>Holds of one owner at the same time: a calendar is not to be hoarded.</summary>
    public int MostOfOwner { get; init; } = 3;
}

/// <summary>One change of the board, from which what is stored is brought up to date.</summary>
/// <param name="Before">The claim as it was; null when it is new.</param>
/// <param name="After">As it is; null when it has ended.</param>
public readonly record struct BookingChange(Claim? Before, Claim? After);

/// <summary>Who has which cells of which calendar: the decision itself, in memory, made by one owner one after the other. It knows no clock and no store; what it changes it tells, and takes back when that could not be stored.</summary>
/// <remarks>Not for several threads at once. Holds that have ended are as if they were not; they are told as changes when they are in the way, or by <see cref="Expire"/>.</remarks>
public sealed class BookingBoard
{
    readonly HoldRules rules;
    readonly Func<long, int> capacity;
    readonly Dictionary<string, Claim> claims = new(StringComparer.Ordinal);
    /// <summary>Claims by calendar and day; one that lasts over midnight stands in both.</summary>
    readonly Dictionary<(long Calendar, long Day), List<(long From, long To, Claim Claim)>> days = [];
    readonly Dictionary<long, List<Claim>> referrals = [], holds = [];
    readonly PriorityQueue<string, long> ends = new();
    readonly List<BookingChange> changes = [];

    /// <param name="rules">About holds.</param>
    /// <param name="capacity">How many claims a calendar takes at the same time; 1 for a person, a room, a device.</param>
    public BookingBoard(HoldRules rules, Func<long, int>? capacity = null) => (this.rules, this.capacity) = (rules, capacity ?? (_ => 1));

    /// <summary>What was changed since it was last accepted or taken back.</summary>
    public IReadOnlyList<BookingChange> Changes => changes;

    /// <summary>All claims; those that ended may be among them.</summary>
    public IEnumerable<Claim> All() => claims.Values;

    /// <summary>A claim; null when there is none.</summary>
    public Claim? Find(string id) => claims.GetValueOrDefault(id);

    /// <summary>Whether all of a span could be had.</summary>
    /// <param name="span">Which cells.</param>
    /// <param name="nowUs">Microseconds since 1970-01-01 UTC.</param>
    /// <param name="but">A claim that is not in the way.</param>
    /// <param name="keptFor">Key of an owner whose holds are not; 0 for none.</param>
    public bool IsFree(Span span, long nowUs, string? but = null, long keptFor = 0) => InTheWay(span, but is null ? null : Find(but), nowUs, keptFor) is null;

    /// <summary>What takes cells of a span, each once, in the order of beginning.</summary>
    public IReadOnlyList<Claim> Claims(Span span, long nowUs)
    {
        var found = new List<(long From, Claim Claim)>();
        for (var day = Cells.Day(span.From); day <= Cells.Day(span.To - 1); day++)
            if (days.TryGetValue((span.Calendar, day), out var taken))
                foreach (var one in taken)
                    if (one.From < span.To && one.To > span.From && one.Claim.Stands(nowUs) && !found.Exists(other => ReferenceEquals(other.Claim, one.Claim))) found.Add((one.From, one.Claim));
        found.Sort((a, b) => a.From.CompareTo(b.From));
        return found.ConvertAll(one => one.Claim);
    }

    /// <summary>What was changed is stored.</summary>
    public void Accept() => changes.Clear();

    /// <summary>What was changed could not be stored: everything is as it was.</summary>
    public void TakeBack()
    {
        for (var i = changes.Count - 1; i >= 0; i--)
        {
            if (changes[i].After is { } after) Remove(after);
            if (changes[i].Before is { } before) Put(before);
        }
        changes.Clear();
    }

    /// <summary>Puts a claim that was stored before, unless it is there; nothing is decided and nothing changed by it.</summary>
    public void Load(Claim claim)
    {
        if (!claims.ContainsKey(claim.Id)) Put(claim);
    }

    /// <summary>Keeps cells free for somebody. The same id with the same cells gives the hold that there is.</summary>
    /// <param name="id">Names the claim.</param>
    /// <param name="owner">Key of who asks.</param>
    /// <param name="referral">Key of the referral it answers; 0 for none.</param>
    /// <param name="spans">In order.</param>
    /// <param name="nowUs">Microseconds since 1970-01-01 UTC.</param>
    /// <param name="proposal">What it was made from.</param>
    /// <param name="untilUs">When it ends; null for the time that the rules give.</param>
    public Verdict Hold(string id, long owner, long referral, IReadOnlyList<Span> spans, long nowUs, string proposal = "", long? untilUs = null)
    {
        if (Standing(id, nowUs) is { } known) return new(known.Owner == owner && known.Spans.SequenceEqual(spans) ? BookingOutcome.Done : BookingOutcome.IdTaken, known);
        if (OfReferral(referral, nowUs) is { } other) return other;
        if (holds.TryGetValue(owner, out var own) && own.Count(claim => claim.Stands(nowUs)) >= rules.MostOfOwner) return new(BookingOutcome.TooManyHolds, null);
        return Enter(new(id, owner, referral, spans, ClaimState.Held, untilUs ?? nowUs + (long)rules.Length.TotalMicroseconds, 0) { Proposal = proposal }, null, nowUs);
    }

    /// <summary>Makes a hold last longer.</summary>
    public Verdict Extend(string id, long owner, long nowUs)
    {
        if (Standing(id, nowUs) is not { State: ClaimState.Held } hold || hold.Owner != owner) return new(BookingOutcome.Gone, null);
        if (hold.Extended >= rules.MostExtensions) return new(BookingOutcome.TooManyExtensions, hold);
        return Replace(hold, hold with { UntilUs = nowUs + (long)rules.Length.TotalMicroseconds, Extended = hold.Extended + 1 });
    }

    /// <summary>Books: a hold of the same owner becomes firm, or the cells are taken at once. The same again gives the booking that there is.</summary>
    /// <param name="id">Of the hold, or of the new claim.</param>
    /// <param name="owner">Key of who asks.</param>
    /// <param name="referral">Key of the referral it answers; 0 for none.</param>
    /// <param name="spans">In order; empty to make a hold firm.</param>
    /// <param name="nowUs">Microseconds since 1970-01-01 UTC.</param>
    /// <param name="proposal">What it was made from.</param>
    public Verdict Book(string id, long owner, long referral, IReadOnlyList<Span> spans, long nowUs, string proposal = "")
    {
        if (Standing(id, nowUs) is { } known)
        {
            if (known.Owner != owner || spans.Count > 0 && !known.Spans.SequenceEqual(spans)) return new(BookingOutcome.IdTaken, known);
            return known.State == ClaimState.Booked ? new(BookingOutcome.Done, known) : Replace(known, known with { State = ClaimState.Booked, UntilUs = 0 });
        }
        if (spans.Count == 0) return new(BookingOutcome.Gone, null);
        if (OfReferral(referral, nowUs) is { } other) return other;
        return Enter(new(id, owner, referral, spans, ClaimState.Booked, 0, 0) { Proposal = proposal }, null, nowUs);
    }

    /// <summary>Books anew and gives the old cells back in one step; the new ones may overlap the old.</summary>
    /// <param name="id">Of the booking, which keeps it.</param>
    /// <param name="spans">The new cells, in order.</param>
    /// <param name="nowUs">Microseconds since 1970-01-01 UTC.</param>
    /// <param name="proposal">What it is made from now.</param>
    /// <param name="keptFor">Key of an owner whose holds are kept for this booking: they are not in its way, and end with it. 0 for none.</param>
    public Verdict Move(string id, IReadOnlyList<Span> spans, long nowUs, string proposal = "", long keptFor = 0)
    {
        if (Standing(id, nowUs) is not { State: ClaimState.Booked } old) return new(BookingOutcome.Gone, null);
        var verdict = Enter(old with { Spans = spans, Proposal = proposal }, old, nowUs, keptFor);
        if (verdict.IsDone) EndHolds(keptFor);
        return verdict;
    }

    /// <summary>Gives the cells of a hold or a booking back.</summary>
    /// <param name="id">Which.</param>
    /// <param name="nowUs">Microseconds since 1970-01-01 UTC.</param>
    /// <param name="keptFor">Key of an owner whose holds were kept for this booking and end with it; 0 for none.</param>
    public Verdict Release(string id, long nowUs, long keptFor = 0)
    {
        if (Standing(id, nowUs) is not { } claim) return new(BookingOutcome.Gone, null);
        End(claim);
        EndHolds(keptFor);
        return new(BookingOutcome.Done, claim);
    }

    /// <summary>Ends all holds of an owner; 0 for nobody's.</summary>
    public void EndHolds(long owner)
    {
        if (owner == 0 || !holds.TryGetValue(owner, out var own)) return;
        foreach (var hold in own.ToList()) End(hold);
    }

    /// <summary>Drops what lies before a cell; no change is told of it.</summary>
    public void Forget(long cell)
    {
        foreach (var claim in claims.Values.Where(claim => claim.IsOver(cell)).ToList()) Remove(claim);
    }

    /// <summary>Ends the holds whose time is over.</summary>
    /// <returns>How many.</returns>
    public int Expire(long nowUs)
    {
        var count = 0;
        while (ends.TryPeek(out var id, out var at) && at <= nowUs)
        {
            ends.Dequeue();
            if (claims.TryGetValue(id, out var claim) && !claim.Stands(nowUs))
            {
                End(claim);
                count++;
            }
        }
        return count;
    }

    Verdict Enter(Claim claim, Claim? instead, long nowUs, long keptFor = 0)
    {
        foreach (var span in claim.Spans)
            if (InTheWay(span, instead, nowUs, keptFor) is { } other) return new(BookingOutcome.Taken, other);
        // An ended hold of the same name, or in the same cells, makes room.
        if (instead is null && claims.TryGetValue(claim.Id, out var ended)) End(ended);
        foreach (var span in claim.Spans) Sweep(span, nowUs);
        if (instead is not null) return Replace(instead, claim);
        Put(claim);
        changes.Add(new(null, claim));
        return new(BookingOutcome.Done, claim);
    }

    Verdict Replace(Claim before, Claim after)
    {
        Remove(before);
        Put(after);
        changes.Add(new(before, after));
        return new(BookingOutcome.Done, after);
    }

    void End(Claim claim)
    {
        Remove(claim);
        changes.Add(new(claim, null));
    }

    Claim? Standing(string id, long nowUs) => claims.TryGetValue(id, out var claim) && claim.Stands(nowUs) ? claim : null;

    /// <summary>The refusal of a second claim for a referral; null when it has none that stands and is not over.</summary>
    Verdict? OfReferral(long referral, long nowUs)
    {
        if (referral == 0 || !referrals.TryGetValue(referral, out var all) || all.Find(claim => claim.Stands(nowUs) && !claim.IsOver(Cells.At(nowUs))) is not { } claim) return null;
        return new(claim.State == ClaimState.Held ? BookingOutcome.ReferralHeld : BookingOutcome.ReferralBooked, claim);
    }

    /// <summary>A claim because of which a span cannot be had; null when it can.</summary>
    Claim? InTheWay(Span span, Claim? but, long nowUs, long keptFor = 0)
    {
        var most = capacity(span.Calendar);
        for (var day = Cells.Day(span.From); day <= Cells.Day(span.To - 1); day++)
        {
            if (!days.TryGetValue((span.Calendar, day), out var taken)) continue;
            foreach (var one in taken)
            {
                if (one.From >= span.To || one.To <= span.From || !IsInTheWay(one.Claim, but, nowUs, keptFor)) continue;
                if (most == 1 || IsFull(taken, Math.Max(one.From, span.From), Math.Min(one.To, span.To), most, but, nowUs, keptFor)) return one.Claim;
            }
        }
        return null;
    }

    static bool IsInTheWay(Claim claim, Claim? but, long nowUs, long keptFor) =>
        !ReferenceEquals(claim, but) && claim.Stands(nowUs) && !(keptFor != 0 && claim.State == ClaimState.Held && claim.Owner == keptFor);

    /// <summary>Whether in one of the cells there are as many claims as the calendar takes. The number grows only where a claim begins.</summary>
    static bool IsFull(List<(long From, long To, Claim Claim)> taken, long from, long to, int most, Claim? but, long nowUs, long keptFor)
    {
        int At(long cell)
        {
            var count = 0;
            foreach (var one in taken)
                if (one.From <= cell && cell < one.To && IsInTheWay(one.Claim, but, nowUs, keptFor)) count++;
            return count;
        }
        if (At(from) >= most) return true;
        foreach (var one in taken)
            if (one.From > from && one.From < to && At(one.From) >= most) return true;
        return false;
    }

    void Sweep(Span span, long nowUs)
    {
        for (var day = Cells.Day(span.From); day <= Cells.Day(span.To - 1); day++)
        {
            if (!days.TryGetValue((span.Calendar, day), out var taken)) continue;
            for (var i = taken.Count - 1; i >= 0; i--)
                if (i < taken.Count && taken[i].From < span.To && taken[i].To > span.From && !taken[i].Claim.Stands(nowUs)) End(taken[i].Claim);
        }
    }

    void Put(Claim claim)
    {
        claims.Add(claim.Id, claim);
        foreach (var span in claim.Spans)
            for (var day = Cells.Day(span.From); day <= Cells.Day(span.To - 1); day++) List(days, (span.Calendar, day)).Add((span.From, span.To, claim));
        if (claim.Referral != 0) List(referrals, claim.Referral).Add(claim);
        if (claim.State != ClaimState.Held) return;
        List(holds, claim.Owner).Add(claim);
        ends.Enqueue(claim.Id, claim.UntilUs);
    }

    void Remove(Claim claim)
    {
        claims.Remove(claim.Id);
        foreach (var span in claim.Spans)
            for (var day = Cells.Day(span.From); day <= Cells.Day(span.To - 1); day++) Drop(days, (span.Calendar, day), one => ReferenceEquals(one.Claim, claim));
        if (claim.Referral != 0) Drop(referrals, claim.Referral, one => ReferenceEquals(one, claim));
        if (claim.State == ClaimState.Held) Drop(holds, claim.Owner, one => ReferenceEquals(one, claim));
    }

    static List<T> List<TKey, T>(Dictionary<TKey, List<T>> lists, TKey key) where TKey : notnull => CollectionsMarshal.GetValueRefOrAddDefault(lists, key, out _) ??= [];

    static void Drop<TKey, T>(Dictionary<TKey, List<T>> lists, TKey key, Predicate<T> which) where TKey : notnull
    {
        if (!lists.TryGetValue(key, out var list)) return;
        list.RemoveAll(which);
        if (list.Count == 0) lists.Remove(key);
    }
}
