using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Trust;

namespace Tervik.Care.Booking;

/// <summary>What is asked of the calendars.</summary>
public enum BookingAct
{
    /// <summary>Keep cells free for a while.</summary>
    Hold,
    /// <summary>Make a hold last longer.</summary>
    Extend,
    /// <summary>Book: a hold becomes firm, or cells are taken at once.</summary>
    Book,
    /// <summary>Book anew and give back the old, in one step.</summary>
    Move,
    /// <summary>Give back.</summary>
    Release,
    /// <summary>Give back the times that are kept for a booking, and not the booking.</summary>
    LetGoKept,
}

/// <summary>A request to the owner of the calendars.</summary>
/// <param name="Act">What.</param>
/// <param name="Id">Of the claim and of its Appointment.</param>
/// <param name="Owner">Key of who asks.</param>
/// <param name="Referral">Key of the referral it answers; 0 for none.</param>
/// <param name="Spans">The cells; empty where the claim has them.</param>
public sealed record BookingRequest(BookingAct Act, string Id, long Owner, long Referral, IReadOnlyList<Span> Spans)
{
    /// <summary>The proposal it was made from.</summary>
    public string Proposal { get; init; } = "";
    /// <summary>When a hold ends, microseconds since 1970-01-01 UTC; null for the time that the rules give.</summary>
    public long? UntilUs { get; init; }
    /// <summary>Key of an owner whose holds are kept for this booking (<see cref="BookingBoard.Move"/>); 0 for none.</summary>
    public long KeptFor { get; init; }
    /// <summary>What the record gets in the same transaction, when it is granted. Not written when nothing changes: a repeated request.</summary>
    public IReadOnlyList<Write> Writes { get; init; } = [];
}

/// <summary>An answer of the owner; what it says is durable.</summary>
/// <param name="Verdict">What became of it.</param>
/// <param name="HasChanged">Whether anything is other than before; not so when the same was asked again.</param>
/// <param name="Commit">What became of the record: of a version that was no longer the current one, nothing was booked. Null when nothing was written.</param>
public sealed record BookingAnswer(Verdict Verdict, bool HasChanged, CommitResult? Commit)
{
    /// <summary>Whether it was done.</summary>
    public bool IsDone => Verdict.IsDone && Commit is null or { Outcome: CommitOutcome.Done };
}

/// <summary>The one owner of all calendars: it decides requests one after the other in memory, stores what a group of them changed in one transaction together with the Appointments, and then answers.</summary>
/// <remarks>What is not durable is taken back, and the requests of the group are decided again one by one. The next group gathers meanwhile.</remarks>
public sealed class Bookings : IAsyncDisposable
{
    const int LargestGroup = 256;
    /// <summary>Holds that nobody took up end within this time after their end.</summary>
    static readonly TimeSpan Sweep = TimeSpan.FromSeconds(1);

    readonly RecordStore store;
    readonly TimeProvider clock;
    readonly BookingRows rows;
    readonly BookingBoard board;
    readonly Lock reading = new();
    readonly HashSet<long> known = [];
    readonly GroupCommit<Wanted, BookingAnswer> decisions;
    readonly ITimer sweeping;
    bool knowsHolds;
    long givenBack;
    long knownFrom;

    /// <summary>What waits to be decided; without a request these calendars are only loaded.</summary>
    sealed record Wanted(BookingRequest? Request, IReadOnlyList<long> Calendars);

    /// <summary>One of a group was about a version that is no longer the current one: nothing of the group was stored.</summary>
    sealed class GroupSpoiltException : Exception;

    /// <param name="store">Its record; the tables lie in its database.</param>
    /// <param name="rules">About holds.</param>
    /// <param name="capacity">How many claims a calendar takes at the same time.</param>
    /// <param name="clock">The server's clock, on which holds end.</param>
    public Bookings(RecordStore store, HoldRules rules, Func<long, int> capacity, TimeProvider clock)
    {
        (this.store, this.clock, rows, board) = (store, clock, new(store.Keys, capacity), new(rules, capacity));
        knownFrom = Yesterday();
        decisions = new(Decide, LargestGroup);
        // Nobody waits for it, and what fails is tried again.
        sweeping = clock.CreateTimer(_ => decisions.Submit(new(null, []), CancellationToken.None).ContinueWith(swept => swept.Exception, TaskScheduler.Default), null, Sweep, Sweep);
    }

    /// <summary>Waits until what was asked is decided and durable.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="stop">Ends the wait for a place in the queue; what has its place is done in any case.</param>
    /// <exception cref="StorageException">The database does not answer; nothing was booked.</exception>
    public Task<BookingAnswer> Ask(BookingRequest request, CancellationToken stop) => decisions.Submit(new(request, [.. request.Spans.Select(span => span.Calendar)]), stop);

    /// <summary>Reads the calendars as they are decided now: what is asked of the view is answered from memory.</summary>
    /// <param name="calendars">Whose claims are needed; they are loaded before.</param>
    /// <param name="read">Looks; it must be brief, since nothing is booked meanwhile.</param>
    /// <param name="stop">Stops waiting.</param>
    public async Task<T> Look<T>(IReadOnlyList<long> calendars, BookingReader<T> read, CancellationToken stop)
    {
        bool isKnown;
        lock (reading) isKnown = calendars.All(known.Contains);
        if (!isKnown) await decisions.Submit(new(null, calendars), stop);
        lock (reading) return read(new(board, clock.NowUs()));
    }

    /// <summary>How often time was given back since the program began: whoever waits for some looks again when it is another number.</summary>
    public long GivenBack => Interlocked.Read(ref givenBack);

    /// <summary>A claim, of whatever calendar; null when it is neither held nor booked.</summary>
    public async Task<Claim?> Find(string id, CancellationToken stop)
    {
        lock (reading)
            if (board.Find(id) is { } claim) return claim.Stands(clock.NowUs()) ? claim : null;
        // Of a calendar that nobody has asked for since the program began.
        var found = await store.Database.ReadOnce(session => new ValueTask<List<Claim>>(BookingRows.Named(session, store.Keys.Reference($"Appointment/{id}"))), stop);
        return found is [var stored] && stored.Stands(clock.NowUs()) ? stored : null;
    }

    async Task<BookingAnswer[]> Decide(IReadOnlyList<Wanted> group)
    {
        var answers = new BookingAnswer[group.Count];
        var writesOf = new int[group.Count];
        try
        {
            if (Yesterday() is var from && from > knownFrom) await Forget(from);
            await Load(group);
            List<Write> writes = [];
            bool hasChanged;
            lock (reading)
            {
                var nowUs = clock.NowUs();
                board.Expire(nowUs);
                for (var i = 0; i < group.Count; i++)
                {
                    if (group[i].Request is not { } request)
                    {
                        answers[i] = new(default, HasChanged: false, null);
                        continue;
                    }
                    var before = board.Changes.Count;
                    var verdict = Decide(request, nowUs);
                    answers[i] = new(verdict, board.Changes.Count > before, null);
                    // A repeated request writes nothing; what says of an Appointment that its times are let go stands in it alone when they have ended.
                    if (!answers[i].HasChanged && request.Act != BookingAct.LetGoKept) continue;
                    writes.AddRange(request.Writes);
                    writesOf[i] = request.Writes.Count;
                }
                hasChanged = board.Changes.Count > 0 || writes.Count > 0;
            }
            if (!hasChanged) return answers;
            var commit = await store.Commit(writes, [], CancellationToken.None, session => rows.Save(session, board.Changes));
            if (commit.Outcome != CommitOutcome.Done && group.Count > 1) throw new GroupSpoiltException();
            lock (reading)
            {
                if (commit.Outcome == CommitOutcome.Done)
                {
                    // A move gives back what it left.
                    Interlocked.Add(ref givenBack, board.Changes.Count(change => change.Before is { } before && change.After?.Spans != before.Spans));
                    board.Accept();
                }
                else board.TakeBack();
            }
            for (var (i, at) = (0, 0); i < group.Count; at += writesOf[i++])
                // Each hears of its own writes.
                if (writesOf[i] > 0) answers[i] = answers[i] with { Commit = commit.Outcome == CommitOutcome.Done ? commit with { Results = [.. commit.Results.Skip(at).Take(writesOf[i])] } : commit };
            return answers;
        }
        catch
        {
            lock (reading) board.TakeBack();
            throw;
        }
    }

    Verdict Decide(BookingRequest request, long nowUs)
    {
        // Of a new set of times that are kept for a booking, the old set is none of them.
        if (request.Act == BookingAct.Hold) board.EndHolds(request.KeptFor);
        return request.Act switch
        {
            BookingAct.Hold => board.Hold(request.Id, request.Owner, request.Referral, request.Spans, nowUs, request.Proposal, request.UntilUs),
            BookingAct.Extend => board.Extend(request.Id, request.Owner, nowUs),
            BookingAct.Book => board.Book(request.Id, request.Owner, request.Referral, request.Spans, nowUs, request.Proposal),
            BookingAct.Move => board.Move(request.Id, request.Spans, nowUs, request.Proposal, request.KeptFor),
            BookingAct.LetGoKept => LetGoKept(),
            _ => board.Release(request.Id, nowUs, request.KeptFor),
        };

        Verdict LetGoKept()
        {
            board.EndHolds(request.KeptFor);
            return new(BookingOutcome.Done, null);
        }
    }

    /// <summary>Loads the claims of calendars and referrals that this group is about and the board does not know; the first time all holds, which are counted.</summary>
    async ValueTask Load(IReadOnlyList<Wanted> group)
    {
        var calendars = group.SelectMany(wanted => wanted.Calendars).Where(calendar => !known.Contains(calendar)).Distinct().ToArray();
        var referrals = group.Select(wanted => wanted.Request?.Referral ?? 0).Where(referral => referral != 0).Distinct().ToArray();
        // A booking of which only the name is said.
        var named = group.Where(wanted => wanted.Request is { Spans.Count: 0 } or { Act: BookingAct.Move }).Select(wanted => wanted.Request!.Id).Where(id => board.Find(id) is null).Distinct().ToList();
        if (knowsHolds && calendars.Length == 0 && referrals.Length == 0 && named.Count == 0) return;
        var found = await store.Database.Read(async session =>
        {
            var claims = await BookingRows.Of(session, calendars, referrals, knownFrom);
            if (!knowsHolds) claims.AddRange(await BookingRows.Held(session));
            foreach (var id in named) claims.AddRange(await BookingRows.Named(session, store.Keys.Reference($"Appointment/{id}")));
            return claims;
        }, CancellationToken.None);
        knowsHolds = true;
        lock (reading)
        {
            foreach (var claim in found) board.Load(claim);
            known.UnionWith(calendars);
        }
    }

    /// <summary>Once a day: the record keeps the Appointments, the calendars need them no longer.</summary>
    async ValueTask Forget(long from)
    {
        await store.Database.Write(async session => await session.Execute("DELETE FROM booking_cell WHERE cell < $1", from) + await session.Execute("DELETE FROM booking WHERE to_cell <= $1", from), CancellationToken.None);
        lock (reading) board.Forget(from);
        knownFrom = from;
    }

    /// <summary>The first cell of yesterday: what was before is in nobody's way.</summary>
    long Yesterday() => (Cells.Day(Cells.At(clock.NowUs())) - 1) * Cells.PerDay;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await sweeping.DisposeAsync();
        await decisions.DisposeAsync();
    }
}

/// <summary>Looks at the calendars.</summary>
public delegate T BookingReader<T>(BookingView view);

/// <summary>The calendars as they are decided at a moment.</summary>
public readonly ref struct BookingView
{
    // Of the default view nothing is taken.
    readonly BookingBoard? board;
    readonly long nowUs;

    internal BookingView(BookingBoard board, long nowUs) => (this.board, this.nowUs) = (board, nowUs);

    /// <summary>Whether all of a span could be had.</summary>
    /// <param name="span">Of a calendar that was named to <see cref="Bookings.Look"/>.</param>
    /// <param name="but">A claim that is not in the way: the one that would be moved.</param>
    /// <param name="keptFor">Key of an owner whose holds are not in the way: of what would be moved, the times that are kept for it.</param>
    public bool IsFree(Span span, string? but = null, long keptFor = 0) => board is null || board.IsFree(span, nowUs, but, keptFor);

    /// <summary>What takes cells of a calendar.</summary>
    public IReadOnlyList<Claim> Claims(Span span) => board?.Claims(span, nowUs) ?? [];
}
