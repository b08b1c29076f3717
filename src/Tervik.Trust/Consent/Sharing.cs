using Tervik.Records.Marks;
using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.Trust.Consent;

/// <summary>What a choice does.</summary>
public enum SharingKind
{
    /// <summary>Another adult may read the record.</summary>
    LetIn = 1,
    /// <summary>Professionals may not see it, or a part of it.</summary>
    KeepOut = 2,
    /// <summary>An exception from a <see cref="KeepOut"/>.</summary>
    Allow = 3,
    /// <summary>A category that nobody may see, not even in an emergency.</summary>
    OptOut = 4,
}

/// <summary>One choice of a patient about the own record, in its normal form.</summary>
/// <param name="Id">Names it.</param>
/// <param name="Kind">Let in, keep out, allow, opt out.</param>
/// <param name="Patient">Whose record, <c>Patient/id</c>.</param>
/// <param name="Actor">Whom: <c>Patient/id</c> (let in); <c>Practitioner/id</c>, <c>Organization/id</c>, <c>role system|code</c>, or <see cref="Everybody"/>.</param>
/// <param name="MadeUs">Microseconds since 1970-01-01 UTC.</param>
/// <param name="EndsUs">Likewise: not valid from then on; 0 when it has no end.</param>
/// <param name="EndedUs">When it was ended by hand; 0 while it was not.</param>
/// <param name="What">The part it is about; <see cref="Everything"/>, a category (<see cref="SensitiveCodes.Categories"/>), or the name of an item's or a period's mark (<see cref="RecordMarks"/>). Of a let-in: <see cref="Classes"/> and <see cref="Booking"/>, separated by spaces.</param>
public sealed record SharingChoice(string Id, SharingKind Kind, string Patient, string Actor, long MadeUs, long EndsUs, long EndedUs, string What = "")
{
    /// <summary>All professionals.</summary>
    public const string Everybody = "*";
    /// <summary>The whole record.</summary>
    public const string Everything = "";
    /// <summary>A word of <see cref="What"/> of a let-in: they may book, move and cancel appointments too.</summary>
    public const string Booking = "booking";

    /// <summary>Of a let-in: the classes of <see cref="DataClasses"/> that may be read; empty for the whole record.</summary>
    public IReadOnlyList<string> Classes => [.. What.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(word => word != Booking)];

    /// <summary>Whether it is a let-in with <see cref="Booking"/>.</summary>
    public bool Books => Kind == SharingKind.LetIn && What.Split(' ').Contains(Booking);

    /// <summary>Whether it holds at a time.</summary>
    public bool HoldsAt(long us) => EndedUs == 0 && (EndsUs == 0 || EndsUs > us);
}

/// <summary>What patients chose about their records. Asked with every request, so a choice acts from the next one on.</summary>
/// <param name="database">Opened with <see cref="TrustRoom.Migrations"/>.</param>
/// <param name="store">Gives the keys.</param>
/// <param name="clock">Tells what has ended.</param>
public sealed class Sharing(Database database, RecordStore store, TimeProvider clock)
{
    const string Columns = "id, kind, patient, actor, made_us, ends_us, ended_us, what";

    /// <summary>All choices about a record, newest first; those that ended too.</summary>
    public ValueTask<List<SharingChoice>> Of(string patient, CancellationToken stop) => database.ReadOnce(async session =>
    {
        var choices = new List<SharingChoice>();
        await using var rows = await session.Query($"SELECT {Columns} FROM sharing WHERE comp = $1 AND patient = $2 ORDER BY made_us DESC LIMIT 500", store.Keys.Reference(patient), patient);
        while (await rows.Read()) choices.Add(Choice(rows));
        return choices;
    }, stop);

    /// <summary>One choice about a record, ended or not; null when there is none of this name.</summary>
    public ValueTask<SharingChoice?> Find(string id, string patient, CancellationToken stop) => database.ReadOnce(async session =>
    {
        await using var rows = await session.Query($"SELECT {Columns} FROM sharing WHERE id = $1 AND comp = $2 AND patient = $3", id, store.Keys.Reference(patient), patient);
        return await rows.Read() ? Choice(rows) : null;
    }, stop);

    /// <summary>The choices that hold now and let this person in.</summary>
    public ValueTask<List<SharingChoice>> LettingIn(string actor, CancellationToken stop) => database.ReadOnce(async session =>
    {
        var (choices, nowUs) = (new List<SharingChoice>(), clock.NowUs());
        await using var rows = await session.Query($"SELECT {Columns} FROM sharing WHERE actor_key = $1 AND ended_us = 0 AND actor = $2 AND kind = $3", store.Keys.Reference(actor), actor, (long)SharingKind.LetIn);
        while (await rows.Read())
            if (Choice(rows) is var choice && choice.HoldsAt(nowUs)) choices.Add(choice);
        return choices;
    }, stop);

    /// <summary>The choices about professionals that were not ended by hand, by key of the patient.</summary>
    /// <param name="session">Of the room's database.</param>
    /// <param name="compartments">Keys of patients.</param>
    internal static async ValueTask<Dictionary<long, List<SharingChoice>>> AboutProfessionals(Session session, long[] compartments)
    {
        var choices = new Dictionary<long, List<SharingChoice>>();
        await using var rows = await session.Query($"SELECT {Columns}, comp FROM sharing WHERE {session.Dialect.InArray("comp", "$1")} AND ended_us = 0 AND kind <> 1", compartments);
        while (await rows.Read())
            (choices.TryGetValue(rows.Int64(8), out var own) ? own : choices[rows.Int64(8)] = []).Add(Choice(rows));
        return choices;
    }

    /// <summary>Makes a choice; one of the same kind about the same person and part that still stands is replaced by it.</summary>
    /// <param name="id">Its name: making it twice makes it once.</param>
    /// <param name="kind">What it does.</param>
    /// <param name="patient">Whose record.</param>
    /// <param name="actor">Whom.</param>
    /// <param name="endsUs">When it ends by itself; 0 for never.</param>
    /// <param name="stop">Stops waiting.</param>
    /// <param name="what">Which part.</param>
    /// <returns>Whether it was made: an item must be of the patient's record.</returns>
    public async Task<bool> Make(string id, SharingKind kind, string patient, string actor, long endsUs, CancellationToken stop, string what = SharingChoice.Everything)
    {
        var nowUs = clock.NowUs();
        // The marks first: a choice that stands hides what it says.
        if (!await store.Marks.Mark(patient, what, stop)) return false;
        await database.Write(async session =>
        {
            var seq = await ChoiceVersion.Next(session);
            await session.Execute("UPDATE sharing SET ended_us = $1, seq = $8 WHERE comp = $2 AND patient = $3 AND actor = $4 AND kind = $5 AND ended_us = 0 AND id <> $6 AND what = $7",
                nowUs, store.Keys.Reference(patient), patient, actor, (long)kind, id, what, seq);
            return await session.Execute($"INSERT INTO sharing ({Columns}, comp, actor_key, seq) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
                id, (long)kind, patient, actor, nowUs, endsUs, what, store.Keys.Reference(patient), store.Keys.Reference(actor), seq);
        }, stop);
        return true;
    }

    /// <summary>Ends a choice.</summary>
    /// <param name="id">Which.</param>
    /// <param name="patient">Whose it must be.</param>
    /// <param name="stop">Stops waiting.</param>
    /// <returns>Whether there was one that stood.</returns>
    public async Task<bool> End(string id, string patient, CancellationToken stop)
    {
        var nowUs = clock.NowUs();
        return await database.Write(async session => await session.Execute("UPDATE sharing SET ended_us = $1, seq = $4 WHERE id = $2 AND patient = $3 AND ended_us = 0",
            nowUs, id, patient, await ChoiceVersion.Next(session)), stop) == 1;
    }

    static SharingChoice Choice(Rows rows) => new(rows.Text(0)!, (SharingKind)rows.Int64(1), rows.Text(2)!, rows.Text(3)!, rows.Int64(4), rows.Int64(5), rows.Int64(6), rows.Text(7)!);
}
