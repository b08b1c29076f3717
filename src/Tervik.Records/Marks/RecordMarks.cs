using System.Globalization;
using Tervik.Records.Access;
using Tervik.Records.Definitions;
using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.Records.Marks;

/// <summary>Marks that a patient sets: on one item, or on a period; and how much of a record bears which.</summary>
public sealed class RecordMarks(RecordStore store)
{
    const int PageSize = 1000;

    /// <summary>Name of the mark of one item.</summary>
    public static string Item(string reference) => $"item {reference}";

    /// <summary>Name of the mark of a period, both ends included.</summary>
    public static string Period(DateOnly from, DateOnly to) => string.Create(CultureInfo.InvariantCulture, $"period {from:yyyy-MM-dd} {to:yyyy-MM-dd}");

    /// <summary>Marks what a choice is about, where its name is that of an item or a period; categories are marked as things are written.</summary>
    /// <returns>Whether a choice can be about it (<see cref="MarkItem"/>).</returns>
    public async Task<bool> Mark(string patient, string what, CancellationToken stop)
    {
        switch (what.Split(' '))
        {
            case ["item", var reference]: return await MarkItem(patient, reference, stop);
            case ["period", var from, var to]:
                await MarkPeriod(patient, DateOnly.ParseExact(from, "yyyy-MM-dd"), DateOnly.ParseExact(to, "yyyy-MM-dd"), stop);
                return true;
            default: return true;
        }
    }

    /// <summary>Marks an item and all that refers to it, now and later.</summary>
    /// <param name="patient"><c>Patient/id</c>.</param>
    /// <param name="reference"><c>Type/id</c>.</param>
    /// <param name="stop">Stops waiting.</param>
    /// <returns>Whether it is in the patient's compartment. What is not bears no mark of theirs: it would be hidden where others need it.</returns>
    public Task<bool> MarkItem(string patient, string reference, CancellationToken stop) => store.Database.Write(async session =>
    {
        var compartment = store.Keys.Reference(patient);
        if (reference.Split('/') is not [not "Patient" and var type, var id] || await store.Read(session, type, id, AccessFilter.Everything) is not { IsDeleted: false } item || !store.CompartmentsOf(item).Contains(compartment)) return false;
        await Marking.Spread(session, [(store.Keys.Reference(reference), store.Keys.Mark(compartment, Item(reference)))]);
        return true;
    }, stop);

    /// <summary>Marks what is dated within a period (and all that refers to it), now and later.</summary>
    public Task MarkPeriod(string patient, DateOnly from, DateOnly to, CancellationToken stop) => store.Database.Write(async session =>
    {
        var compartment = store.Keys.Reference(patient);
        var (key, fromUs, toUs) = (store.Keys.Mark(compartment, Period(from, to)), Us(from), Us(to.AddDays(1)));
        await session.Execute("INSERT INTO mark_period (comp, key, from_us, to_us) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", compartment, key, fromUs, toUs);
        var fresh = new HashSet<(long, long)>();
        foreach (var type in Schema.R4.ResourceTypes)
        {
            var dates = type.Name == "Patient" ? [] : store.Indexer.Parameters.DateKeys(type.Name);
            if (dates.Length == 0) continue;
            await using var rows = await session.Query($"""
                SELECT DISTINCT r.rid FROM ix CROSS JOIN rng CROSS JOIN res r
                WHERE ix.comp = $1 AND ix.key = $2 AND rng.pk = ix.pk AND {session.Dialect.InArray("rng.param", "$3")} AND rng.hi >= $4 AND rng.lo < $5 AND r.pk = ix.pk
                """, compartment, store.Keys.Member(type.Name), dates, fromUs, toUs);
            while (await rows.Read()) fresh.Add((rows.Int64(0), key));
        }
        await Marking.Spread(session, fresh);
        return 0;
    }, stop);

    /// <summary>The resources of a patient that bear a mark, as <c>Type/id</c>.</summary>
    /// <param name="patient"><c>Patient/id</c>.</param>
    /// <param name="what">A category, or the name of an item's or a period's mark.</param>
    /// <param name="stop">Stops the query.</param>
    public ValueTask<List<string>> Marked(string patient, string what, CancellationToken stop) => store.Database.Read(async session =>
    {
        var found = new List<string>();
        await using var rows = await session.Query("SELECT r.type, r.id FROM mark m JOIN res r ON r.rid = m.rid WHERE m.key = $1 AND r.method <> 'DELETE' ORDER BY r.type, r.pk", store.Keys.Mark(store.Keys.Reference(patient), what));
        while (await rows.Read()) found.Add($"{rows.Text(0)}/{rows.Text(1)}");
        return found;
    }, stop);

    /// <summary>Marks everything that is stored by the table of this program, when it was done by another one or never. Before anything is served.</summary>
    internal async Task Complete(CancellationToken stop)
    {
        const string Name = "marks";
        if (await store.Setting(Name, () => "", stop) == SensitiveCodes.Version) return;
        for (var after = long.MinValue; ;)
        {
            var page = await store.Page(after, PageSize, stop);
            if (page.Count == 0) break;
            var written = page.Where(resource => !resource.IsDeleted && resource.Compartment != 0)
                .Select(resource => new Marking.Written(store.Keys.Reference($"{resource.Type}/{resource.Id}"), resource.Type, store.Extract(resource.Body))).ToList();
            await store.Database.Write(async session =>
            {
                await new Marking(session, store).Save(written);
                return 0;
            }, stop);
            after = page[^1].Pk;
        }
        await store.Database.Write(session => session.Execute("UPDATE setting SET value = $1 WHERE name = $2", SensitiveCodes.Version, Name), stop);
    }

    static long Us(DateOnly day) => (day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc) - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
