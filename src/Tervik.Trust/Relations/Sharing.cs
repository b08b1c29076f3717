using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.Trust.Relations;

/// <summary>What a choice does.</summary>
public enum SharingKind
{
    /// <summary>Another adult may read the record.</summary>
    LetIn = 1,
    /// <summary>A professional, or everyone of an institution, may not.</summary>
    KeepOut = 2,
}

/// <summary>One choice of a patient about the own record.</summary>
/// <param name="Id">Names it.</param>
/// <param name="Kind">Let in or keep out.</param>
/// <param name="Patient">Whose record, <c>Patient/id</c>.</param>
/// <param name="Actor">Whom: <c>Patient/id</c>, <c>Practitioner/id</c> or <c>Organization/id</c>.</param>
/// <param name="MadeUs">Microseconds since 1970-01-01 UTC.</param>
/// <param name="EndsUs">Likewise: not valid from then on; 0 when it has no end.</param>
/// <param name="EndedUs">When it was ended by hand; 0 while it was not.</param>
public sealed record SharingChoice(string Id, SharingKind Kind, string Patient, string Actor, long MadeUs, long EndsUs, long EndedUs)
{
    /// <summary>Whether it holds at a time.</summary>
    public bool HoldsAt(long us) => EndedUs == 0 && (EndsUs == 0 || EndsUs > us);
}

/// <summary>Whom patients let in and keep out. Asked with every request, so a choice acts from the next one on.</summary>
/// <param name="database">Opened with <see cref="TrustRoom.Migrations"/>.</param>
/// <param name="store">Gives the keys.</param>
/// <param name="clock">Tells what has ended.</param>
public sealed class Sharing(Database database, RecordStore store, TimeProvider clock)
{
    const string Columns = "id, kind, patient, actor, made_us, ends_us, ended_us";

    /// <summary>All choices about a record, newest first; those that ended too.</summary>
    public ValueTask<List<SharingChoice>> Of(string patient, CancellationToken stop) => database.ReadOnce(async session =>
    {
        var choices = new List<SharingChoice>();
        await using var rows = await session.Query($"SELECT {Columns} FROM sharing WHERE comp = $1 AND patient = $2 ORDER BY made_us DESC LIMIT 500", store.Keys.Reference(patient), patient);
        while (await rows.Read()) choices.Add(Choice(rows));
        return choices;
    }, stop);

    /// <summary>The choices that hold now and let this person in, or keep them out.</summary>
    public ValueTask<List<SharingChoice>> About(string actor, SharingKind kind, CancellationToken stop) => database.ReadOnce(async session =>
    {
        var (choices, nowUs) = (new List<SharingChoice>(), clock.NowUs());
        await using var rows = await session.Query($"SELECT {Columns} FROM sharing WHERE actor_key = $1 AND ended_us = 0 AND actor = $2 AND kind = $3", store.Keys.Reference(actor), actor, (long)kind);
        while (await rows.Read())
            if (Choice(rows) is var choice && choice.HoldsAt(nowUs)) choices.Add(choice);
        return choices;
    }, stop);

    /// <summary>Keys of the patients who keep out any of these actors, ascending.</summary>
    /// <param name="actors">Keys of a professional and of the institutions they belong to.</param>
    /// <param name="stop">Stops the query.</param>
    internal ValueTask<long[]> KeptOut(long[] actors, CancellationToken stop) => database.ReadOnce(async session =>
    {
        var (patients, nowUs) = (new SortedSet<long>(), clock.NowUs());
        await using var rows = await session.Query($"SELECT comp, ends_us FROM sharing WHERE {session.Dialect.InArray("actor_key", "$1")} AND ended_us = 0 AND kind = 2", actors);
        while (await rows.Read())
            if (rows.Int64(1) is var endsUs && (endsUs == 0 || endsUs > nowUs)) patients.Add(rows.Int64(0));
        return (long[])[.. patients];
    }, stop);

    /// <summary>Makes a choice; one about the same person that still stands is replaced by it.</summary>
    /// <param name="id">Its name: making it twice makes it once.</param>
    /// <param name="kind">Let in or keep out.</param>
    /// <param name="patient">Whose record.</param>
    /// <param name="actor">Whom.</param>
    /// <param name="endsUs">When it ends by itself; 0 for never.</param>
    /// <param name="stop">Stops waiting.</param>
    public async Task Make(string id, SharingKind kind, string patient, string actor, long endsUs, CancellationToken stop)
    {
        var nowUs = clock.NowUs();
        await database.Write(async session =>
        {
            await session.Execute("UPDATE sharing SET ended_us = $1 WHERE comp = $2 AND patient = $3 AND actor = $4 AND kind = $5 AND ended_us = 0 AND id <> $6",
                nowUs, store.Keys.Reference(patient), patient, actor, (long)kind, id);
            return await session.Execute($"INSERT INTO sharing ({Columns}, comp, actor_key) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8) ON CONFLICT DO NOTHING",
                id, (long)kind, patient, actor, nowUs, endsUs, store.Keys.Reference(patient), store.Keys.Reference(actor));
        }, stop);
    }

    /// <summary>Ends a choice.</summary>
    /// <param name="id">Which.</param>
    /// <param name="patient">Whose it must be.</param>
    /// <param name="stop">Stops waiting.</param>
    /// <returns>Whether there was one that stood.</returns>
    public async Task<bool> End(string id, string patient, CancellationToken stop)
    {
        var nowUs = clock.NowUs();
        return await database.Write(session => session.Execute("UPDATE sharing SET ended_us = $1 WHERE id = $2 AND patient = $3 AND ended_us = 0", nowUs, id, patient), stop) == 1;
    }

    static SharingChoice Choice(Rows rows) => new(rows.Text(0)!, (SharingKind)rows.Int64(1), rows.Text(2)!, rows.Text(3)!, rows.Int64(4), rows.Int64(5), rows.Int64(6));
}
