using Tervik.Care.Booking;

namespace Tervik.Care.Tests.Booking;

/// <summary>Many actors hold, book, move and release at random, against a plain model; a seed replays exactly.</summary>
public sealed class BookingBoardTests
{
    const int Seeds = 10_000, Steps = 60, Calendars = 4, Owners = 5;
    const long Minute = 60_000_000, Midnight = 20_000 * Cells.PerDay;
    static readonly HoldRules Rules = new() { Length = TimeSpan.FromMinutes(10), MostExtensions = 2, MostOfOwner = 2 };

    static int Capacity(long calendar) => calendar == 3 ? 3 : 1;

    /// <summary>One to three calendars around midnight, each for one to six cells.</summary>
    static List<Span> Spans(Random dice) =>
        [.. Enumerable.Range(0, Calendars).OrderBy(_ => dice.Next()).Take(dice.Next(1, 4)).Order().Select(calendar => Midnight + dice.Next(-12, 12) is var from ? new Span(calendar, from, from + dice.Next(1, 7)) : default)];

    static string Said(BookingBoard board, long now) => string.Join('\n', board.All().Where(claim => claim.Stands(now)).OrderBy(claim => claim.Id, StringComparer.Ordinal).Select(Text));
    static string Said(NaiveBoard model, long now) => string.Join('\n', model.Claims.Where(claim => claim.Stands(now)).OrderBy(claim => claim.Id, StringComparer.Ordinal).Select(Text));
    static string Text(Claim claim) => $"{claim.Id} {claim.Owner} {claim.Referral} {claim.State} {claim.UntilUs} {claim.Extended} {string.Join(' ', claim.Spans)}";

    static string Play(int seed)
    {
        var dice = new Random(seed);
        var (board, model) = (new BookingBoard(Rules, Capacity), new NaiveBoard(Rules, Capacity));
        var (now, story) = (Cells.StartUs(Midnight) - 45 * Minute, new List<string>());
        var (kept, stored) = (model.Copy(), new Dictionary<string, Claim>());
        for (var step = 0; step < Steps; step++)
        {
            now += dice.Next(0, 4) * Minute;
            var (id, owner, referral, spans) = ($"c{dice.Next(12)}", dice.Next(Owners), dice.Next(2) == 0 ? 0 : 1 + dice.Next(4), Spans(dice));
            var keptFor = dice.Next(2) == 0 ? 0 : dice.Next(Owners);
            var (what, got, expected) = dice.Next(7) switch
            {
                0 or 1 => ("hold", board.Hold(id, owner, referral, spans, now), model.Hold(id, owner, referral, spans, now)),
                2 => ("book", board.Book(id, owner, referral, spans, now), model.Book(id, owner, referral, spans, now)),
                3 => ("confirm", board.Book(id, board.Find(id)?.Owner ?? owner, 0, [], now), model.Book(id, board.Find(id)?.Owner ?? owner, 0, [], now)),
                4 => ("extend", board.Extend(id, board.Find(id)?.Owner ?? owner, now), model.Extend(id, board.Find(id)?.Owner ?? owner, now)),
                5 => ("move", board.Move(id, spans, now, keptFor: keptFor), model.Move(id, spans, now, keptFor)),
                _ => ("release", board.Release(id, now, keptFor), model.Release(id, now, keptFor)),
            };
            story.Add($"{what} {id} {owner} {referral} {string.Join(' ', spans)}: {got.Outcome}");
            Assert.True(got.Outcome == expected, $"seed {seed}, step {step}: {story[^1]}, expected {expected}");
            Assert.True(got.Outcome != BookingOutcome.Taken || got.Claim!.Spans.Any(one => spans.Any(span => span.Calendar == one.Calendar && span.From < one.To && one.From < span.To)), $"seed {seed}, step {step}: {got.Claim} is not in the way");
            if (dice.Next(10) == 0) board.Expire(now);
            // Some groups are stored, some are not and never were.
            if (dice.Next(3) == 0)
            {
                if (dice.Next(4) == 0) (model, _) = (kept.Copy(), Undo(board));
                else Store(board, stored);
                kept = model.Copy();
            }
            Assert.True(Said(board, now) == Said(model, now), $"seed {seed}, step {step}: {story[^1]}\nboard:\n{Said(board, now)}\nmodel:\n{Said(model, now)}");
            // Nobody has what another has.
            foreach (var of in board.All().Where(claim => claim.Stands(now)).SelectMany(claim => claim.Spans).SelectMany(span => Enumerable.Range(0, (int)(span.To - span.From)).Select(i => (span.Calendar, span.From + i))).GroupBy(cell => cell))
                Assert.True(of.Count() <= Capacity(of.Key.Calendar), $"seed {seed}, step {step}: {of.Key} has {of.Count()}");
            if (dice.Next(20) != 0 || board.Changes.Count > 0) continue;
            // The program ends and begins again with what was stored.
            board = new(Rules, Capacity);
            foreach (var claim in stored.Values) board.Load(claim);
        }
        return string.Join('\n', story);
    }

    static bool Undo(BookingBoard board)
    {
        board.TakeBack();
        return true;
    }

    // As a store would: by what changed alone.
    static void Store(BookingBoard board, Dictionary<string, Claim> stored)
    {
        foreach (var (before, after) in board.Changes)
        {
            if (before is not null) Assert.True(stored.Remove(before.Id), $"{before} was never stored");
            if (after is not null) stored.Add(after.Id, after);
        }
        board.Accept();
    }

    [Fact]
    public void Whatever_many_do_at_once_it_is_as_in_the_plain_model() => Parallel.For(0, Seeds, seed => Play(seed));

    [Fact]
    public void A_seed_replays_exactly() => Assert.Equal(Play(4711), Play(4711));

    [Fact]
    public void A_hold_that_has_ended_is_in_nobodys_way_and_is_told_as_ended()
    {
        var board = new BookingBoard(Rules);
        Assert.True(board.Hold("a", 1, 7, [new(1, 10, 12)], 0).IsDone);
        board.Accept();
        Assert.Equal(BookingOutcome.Taken, board.Book("b", 2, 0, [new(1, 11, 13)], 10 * Minute - 1).Outcome);
        Assert.True(board.Book("b", 2, 7, [new(1, 11, 13)], 10 * Minute).IsDone);
        Assert.Equal(["a", "b"], board.Changes.Select(change => (change.Before ?? change.After)!.Id));
        Assert.Null(board.Find("a"));
    }

    [Theory]
    [InlineData(0, 0, 0, 0), InlineData(1, 0, 1, 0), InlineData(299_999_999, 0, 1, 0), InlineData(300_000_000, 1, 1, 0), InlineData(-1, -1, 0, -1), InlineData(-300_000_000, -1, -1, -1), InlineData(86_400_000_000, 288, 288, 1)]
    public void An_instant_lies_in_a_cell_and_a_cell_in_a_day(long us, long at, long until, long day) => Assert.Equal((at, until, day), (Cells.At(us), Cells.Until(us), Cells.Day(Cells.At(us))));
}
