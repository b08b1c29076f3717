using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Trust.Consent;

namespace Tervik.Trust.BreakGlass;

/// <summary>A way to a record without a relation in it.</summary>
public enum ExceptionalKind
{
    /// <summary>In an emergency: reads everything, what the patient closed too, but for an absolute opt-out.</summary>
    Glass = 1,
    /// <summary>A relation the record does not know yet, declared by the professional: what the patient closed stays closed.</summary>
    Declared = 2,
}

/// <summary>What the lead of the unit found.</summary>
public enum ReviewState
{
    /// <summary>It waits for the review.</summary>
    Waits,
    /// <summary>There was a reason.</summary>
    Justified,
    /// <summary>There was none.</summary>
    NotJustified,
}

/// <summary>One access out of the ordinary.</summary>
/// <param name="Id">Names it.</param>
/// <param name="Kind">Which way.</param>
/// <param name="Practitioner">Who, <c>Practitioner/id</c>.</param>
/// <param name="Patient">Whose record, <c>Patient/id</c>.</param>
/// <param name="Unit"><c>Organization/id</c> for which; empty for none.</param>
/// <param name="Reason">One of <see cref="ExceptionalAccesses.ReasonsOf"/>.</param>
/// <param name="Note">In their words.</param>
/// <param name="MadeUs">Microseconds since 1970-01-01 UTC.</param>
/// <param name="EndsUs">Likewise: not valid from then on.</param>
/// <param name="EndedUs">When it was ended before; 0 when it was not.</param>
/// <param name="NoticedUs">When the patient said that they have seen it; 0 before.</param>
/// <param name="Review">What the review found.</param>
/// <param name="Reviewer"><c>Practitioner/id</c>, or empty.</param>
/// <param name="ReviewedUs">When; 0 before.</param>
/// <param name="ReviewNote">In the reviewer's words.</param>
public sealed record ExceptionalAccess(string Id, ExceptionalKind Kind, string Practitioner, string Patient, string Unit, string Reason, string Note, long MadeUs, long EndsUs, long EndedUs, long NoticedUs,
    ReviewState Review, string Reviewer, long ReviewedUs, string ReviewNote)
{
    /// <summary>Whether it holds at a time.</summary>
    public bool HoldsAt(long us) => EndedUs == 0 && us >= MadeUs && us < EndsUs;
}

/// <summary>Numbers of a time, for the page of the reviews: how often, why, and how many wait for their review too long.</summary>
/// <param name="Glasses">Break-glass.</param>
/// <param name="Declared">Declared relations.</param>
/// <param name="NotJustified">Reviewed and not justified.</param>
/// <param name="Late">Not reviewed within <see cref="ExceptionalAccesses.ReviewWithin"/>.</param>
/// <param name="Reasons">How often each reason was given.</param>
public sealed record ExceptionalNumbers(int Glasses, int Declared, int NotJustified, int Late, IReadOnlyList<(string Reason, int Count)> Reasons);

/// <summary>Opens records out of the ordinary, for a short time and with a reason; the patient is told and the lead of the unit reviews it.</summary>
/// <param name="database">Opened with <see cref="TrustRoom.Migrations"/>.</param>
/// <param name="store">Gives the keys.</param>
/// <param name="clock">Begins and ends it.</param>
public sealed class ExceptionalAccesses(Database database, RecordStore store, TimeProvider clock)
{
    /// <summary>So long a broken glass stays open.</summary>
    public static readonly TimeSpan GlassLasts = TimeSpan.FromHours(4);
    /// <summary>So long a declared relation lasts; by then the record holds a fact, or it was none.</summary>
    public static readonly TimeSpan DeclaredLasts = TimeSpan.FromDays(7);
    /// <summary>A review is due within this time.</summary>
    public static readonly TimeSpan ReviewWithin = TimeSpan.FromDays(7);
    /// <summary>Longest note.</summary>
    public const int LongestNote = 500;
    const int MostListed = 500;
    const string Columns = "id, kind, practitioner, patient, unit, reason, note, made_us, ends_us, ended_us, noticed_us, review, reviewer, reviewed_us, review_note";

    /// <summary>The reasons one can give, each a word of the portal.</summary>
    public static IReadOnlyList<string> ReasonsOf(ExceptionalKind kind) => kind == ExceptionalKind.Glass
        ? ["life-threatening", "cannot-be-asked", "public-health-danger"] : ["patient-asks", "second-opinion", "covering-colleague", "walk-in"];

    /// <summary>Opens a record.</summary>
    /// <param name="id">Its name: opening it twice opens it once.</param>
    /// <param name="kind">Which way.</param>
    /// <param name="practitioner">Who.</param>
    /// <param name="patient">Whose record.</param>
    /// <param name="unit">For which unit; empty for none.</param>
    /// <param name="reason">One of <see cref="ReasonsOf"/>.</param>
    /// <param name="note">In their words.</param>
    /// <param name="stop">Stops waiting.</param>
    public async Task Open(string id, ExceptionalKind kind, string practitioner, string patient, string unit, string reason, string note, CancellationToken stop)
    {
        if (!ReasonsOf(kind).Contains(reason)) throw new ArgumentException($"'{reason}' is no reason of {kind}.", nameof(reason));
        var nowUs = clock.NowUs();
        var endsUs = nowUs + (long)(kind == ExceptionalKind.Glass ? GlassLasts : DeclaredLasts).TotalMicroseconds;
        await database.Write(async session => await session.Execute(
            $"INSERT INTO exceptional_access ({Columns}, practitioner_key, comp, seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, 0, '', 0, '', $10, $11, $12) ON CONFLICT DO NOTHING",
            id, (long)kind, practitioner, patient, unit, reason, note, nowUs, endsUs, store.Keys.Reference(practitioner), store.Keys.Reference(patient), await ChoiceVersion.Next(session)), stop);
    }

    /// <summary>Ends an access of a professional's own before its time.</summary>
    /// <returns>Whether it was open.</returns>
    public async Task<bool> Close(string id, string practitioner, CancellationToken stop)
    {
        var nowUs = clock.NowUs();
        return await database.Write(async session => await session.Execute("UPDATE exceptional_access SET ended_us = $1, seq = $4 WHERE id = $2 AND practitioner = $3 AND ended_us = 0 AND ends_us > $1",
            nowUs, id, practitioner, await ChoiceVersion.Next(session)), stop) == 1;
    }

    /// <summary>Those of one record, newest first.</summary>
    public ValueTask<List<ExceptionalAccess>> OfPatient(string patient, CancellationToken stop) => Read("comp = $1 AND patient = $2 ORDER BY made_us DESC", stop, store.Keys.Reference(patient), patient);

    /// <summary>One; null when there is none of this name.</summary>
    public async Task<ExceptionalAccess?> Find(string id, CancellationToken stop) => (await Read("id = $1", stop, id)) is [var one] ? one : null;

    /// <summary>Those that wait for a review, oldest first; then those that were reviewed lately.</summary>
    public async Task<(List<ExceptionalAccess> Waiting, List<ExceptionalAccess> Reviewed)> ForReview(CancellationToken stop) =>
        (await Read("review = 0 ORDER BY made_us", stop), await Read("review <> 0 ORDER BY reviewed_us DESC", stop));

    /// <summary>The patient has seen that the record was opened.</summary>
    public async Task Notice(string patient, CancellationToken stop)
    {
        var nowUs = clock.NowUs();
        await database.Write(session => session.Execute("UPDATE exceptional_access SET noticed_us = $1 WHERE comp = $2 AND patient = $3 AND noticed_us = 0", nowUs, store.Keys.Reference(patient), patient), stop);
    }

    /// <summary>Writes down a review; the first one counts.</summary>
    /// <returns>Whether it waited for one.</returns>
    public async Task<bool> Review(string id, ReviewState state, string reviewer, string note, CancellationToken stop)
    {
        if (state == ReviewState.Waits) throw new ArgumentException("A review says justified or not.", nameof(state));
        var nowUs = clock.NowUs();
        return await database.Write(session => session.Execute("UPDATE exceptional_access SET review = $1, reviewer = $2, reviewed_us = $3, review_note = $4 WHERE id = $5 AND review = 0",
            (long)state, reviewer, nowUs, note, id), stop) == 1;
    }

    /// <summary>Numbers of the last days, over all units: that accesses are not reviewed is nobody's secret.</summary>
    public async Task<ExceptionalNumbers> Numbers(TimeSpan last, CancellationToken stop)
    {
        var nowUs = clock.NowUs();
        var (from, due) = (nowUs - (long)last.TotalMicroseconds, nowUs - (long)ReviewWithin.TotalMicroseconds);
        return await database.ReadOnce(async session =>
        {
            var (counts, reasons) = (new int[4], new List<(string, int)>());
            await using (var rows = await session.Query("SELECT kind, reason, review, made_us FROM exceptional_access WHERE made_us >= $1 OR review = 0", Math.Min(from, due)))
                while (await rows.Read())
                {
                    if (rows.Int64(2) == 0 && rows.Int64(3) < due) counts[3]++;
                    if (rows.Int64(3) < from) continue;
                    counts[rows.Int64(0) == (long)ExceptionalKind.Glass ? 0 : 1]++;
                    if (rows.Int64(2) == (long)ReviewState.NotJustified) counts[2]++;
                    reasons.Add((rows.Text(1)!, 1));
                }
            return new ExceptionalNumbers(counts[0], counts[1], counts[2], counts[3], [.. reasons.GroupBy(reason => reason.Item1).Select(group => (group.Key, group.Count())).OrderByDescending(pair => pair.Item2)]);
        }, stop);
    }

    /// <summary>Those of a professional that were not ended and whose time is not over yet.</summary>
    internal static async ValueTask<List<ExceptionalAccess>> OpenTo(Session session, long practitionerKey, string practitioner, long nowUs)
    {
        var open = new List<ExceptionalAccess>();
        await using var rows = await session.Query($"SELECT {Columns} FROM exceptional_access WHERE practitioner_key = $1 AND practitioner = $2 AND ended_us = 0 AND ends_us > $3 AND made_us > $4", practitionerKey, practitioner, nowUs, nowUs - (long)DeclaredLasts.TotalMicroseconds - 1);
        while (await rows.Read()) open.Add(One(rows));
        return open;
    }

    ValueTask<List<ExceptionalAccess>> Read(string which, CancellationToken stop, params SqlValue[] values) => database.ReadOnce(async session =>
    {
        var found = new List<ExceptionalAccess>();
        await using var rows = await session.Query($"SELECT {Columns} FROM exceptional_access WHERE {which} LIMIT {MostListed}", values);
        while (await rows.Read()) found.Add(One(rows));
        return found;
    }, stop);

    static ExceptionalAccess One(Rows rows) => new(rows.Text(0)!, (ExceptionalKind)rows.Int64(1), rows.Text(2)!, rows.Text(3)!, rows.Text(4)!, rows.Text(5)!, rows.Text(6)!, rows.Int64(7), rows.Int64(8), rows.Int64(9),
        rows.Int64(10), (ReviewState)rows.Int64(11), rows.Text(12)!, rows.Int64(13), rows.Text(14)!);
}
