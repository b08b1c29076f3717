using System.Collections.Concurrent;
using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.Trust.Relations;

/// <summary>Which patients a professional treats, derived from the record: those with whom they, or a role of theirs, have an encounter or an appointment.</summary>
/// <remarks>Derived from facts and never typed in. What was cancelled or entered in error makes no relation.</remarks>
sealed class CareRelations(RecordStore store)
{
    /// <summary>Above this the kept answers are dropped; they come back with the next request.</summary>
    const int MostKept = 10_000;

    // The newest write of the types that make relations: as long as it is the same, no answer has changed.
    const string NewestFact = """
        SELECT max(at) FROM (
            SELECT max(at_us) AS at FROM res WHERE type = 'Encounter'
            UNION ALL SELECT max(at_us) FROM res WHERE type = 'Appointment'
            UNION ALL SELECT max(at_us) FROM res WHERE type = 'PractitionerRole') AS newest
        """;

    const string RolesOf = "SELECT rid FROM rev JOIN res ON res.pk = rev.source WHERE rev.target = $1 AND rev.param = $2";

    // $1 the professional or role, $2 the parameter that names them, $3 the one that names the patient, $4 and $5 the states that do not count.
    const string PatientsOf = """
        SELECT DISTINCT fwd.target FROM rev JOIN fwd ON fwd.source = rev.source AND fwd.param = $3
        WHERE rev.target = $1 AND rev.param = $2
          AND NOT EXISTS (SELECT 1 FROM ixg WHERE ixg.key IN ($4, $5) AND ixg.pk = rev.source)
        """;

    readonly ConcurrentDictionary<string, (long[] Patients, long NewestFactUs)> kept = new(StringComparer.Ordinal);

    /// <summary>Compartment keys of the patients of <c>Practitioner/id</c>, ascending; the same array as before when nothing changed.</summary>
    /// <remarks>The newest fact is asked each time (three index steps), so a new encounter opens, and a cancelled one closes, with the next request.</remarks>
    public ValueTask<long[]> PatientsOfProfessional(string practitioner, CancellationToken stop) => store.Database.Read(async session =>
    {
        var newestFactUs = await Single(session, NewestFact);
        if (kept.TryGetValue(practitioner, out var known) && known.NewestFactUs == newestFactUs) return known.Patients;
        var patients = await Derive(session, practitioner);
        if (kept.Count >= MostKept) kept.Clear();
        kept[practitioner] = (patients, newestFactUs);
        return patients;
    }, stop);

    async ValueTask<long[]> Derive(Session session, string practitioner)
    {
        var (keys, parameters) = (store.Keys, store.Indexer.Parameters);
        var found = new SortedSet<long>();
        var self = keys.Reference(practitioner);
        foreach (var actor in (long[])[self, .. await Column(session, RolesOf, self, parameters.IndexKeys("PractitionerRole", "practitioner")[0])])
        {
            found.UnionWith(await Column(session, PatientsOf, actor, parameters.IndexKeys("Encounter", "participant")[0], parameters.IndexKeys("Encounter", "patient")[0],
                parameters.ValueKeys("Encounter", "status", "cancelled")[0], parameters.ValueKeys("Encounter", "status", "entered-in-error")[0]));
            found.UnionWith(await Column(session, PatientsOf, actor, parameters.IndexKeys("Appointment", "actor")[0], parameters.IndexKeys("Appointment", "patient")[0],
                parameters.ValueKeys("Appointment", "status", "cancelled")[0], parameters.ValueKeys("Appointment", "status", "entered-in-error")[0]));
        }
        return [.. found];
    }

    static async ValueTask<long> Single(Session session, string sql)
    {
        await using var rows = await session.Query(sql);
        return await rows.Read() ? rows.Int64(0) : 0;
    }

    static async ValueTask<List<long>> Column(Session session, string sql, params SqlValue[] values)
    {
        var column = new List<long>();
        await using var rows = await session.Query(sql, values);
        while (await rows.Read()) column.Add(rows.Int64(0));
        return column;
    }
}
