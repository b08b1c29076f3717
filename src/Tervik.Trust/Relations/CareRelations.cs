using System.Collections.Concurrent;
using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.Trust.Relations;

/// <summary>A fact that makes a professional one who treats a patient.</summary>
/// <param name="Practitioner">Who, <c>Practitioner/id</c>.</param>
/// <param name="Type">Encounter or Appointment.</param>
/// <param name="Id">Its logical id.</param>
/// <param name="Body">As it is stored, UTF-8 JSON.</param>
public sealed record CareFact(string Practitioner, string Type, string Id, byte[] Body);

/// <summary>Which patients a professional treats, derived from the record: those with whom they, or a role of theirs, have an encounter or an appointment, without those who keep them out.</summary>
/// <remarks>Derived from facts and never typed in. What was cancelled or entered in error makes no relation.</remarks>
public sealed class CareRelations(RecordStore store, Sharing sharing)
{
    /// <summary>Above this the kept answers are dropped; they come back with the next request.</summary>
    const int MostKept = 10_000;
    /// <summary>An institution within an institution, and so on: deeper ones are no institutions.</summary>
    const int DeepestInstitution = 8;

    // The newest write of the types that make relations: as long as it is the same, no answer has changed.
    const string NewestFact = """
        SELECT max(at) FROM (
            SELECT max(at_us) AS at FROM res WHERE type = 'Encounter'
            UNION ALL SELECT max(at_us) FROM res WHERE type = 'Appointment'
            UNION ALL SELECT max(at_us) FROM res WHERE type = 'PractitionerRole'
            UNION ALL SELECT max(at_us) FROM res WHERE type = 'Organization') AS newest
        """;

    const string RolesOf = "SELECT res.rid FROM rev JOIN res ON res.pk = rev.source WHERE rev.target = $1 AND rev.param = $2";

    // What resources of these keys refer to by a parameter.
    const string TargetsOf = "SELECT fwd.target FROM res JOIN fwd ON fwd.source = res.pk AND fwd.param = $2 WHERE res.rid = $1";

    // $1 the professional or role, $2 the parameter that names them, $3 the one that names the patient, $4 and $5 the states that do not count.
    const string PatientsOf = """
        SELECT DISTINCT fwd.target FROM rev JOIN fwd ON fwd.source = rev.source AND fwd.param = $3
        WHERE rev.target = $1 AND rev.param = $2
          AND NOT EXISTS (SELECT 1 FROM ixg WHERE ixg.key IN ($4, $5) AND ixg.pk = rev.source)
        """;

    // The same from the patient: $1, $2 the parameter that names them, $3 the one that names professionals and roles, $6 the one by which a role names its professional.
    const string FactsOf = """
        SELECT COALESCE(person.id, who.id), fact.type, fact.id, fact.body
        FROM rev JOIN fwd ON fwd.source = rev.source AND fwd.param = $3 JOIN res fact ON fact.pk = rev.source JOIN res who ON who.rid = fwd.target
        LEFT JOIN fwd role ON role.source = who.pk AND role.param = $6 LEFT JOIN res person ON person.rid = role.target
        WHERE rev.target = $1 AND rev.param = $2 AND (who.type = 'Practitioner' OR who.type = 'PractitionerRole' AND person.type = 'Practitioner')
          AND NOT EXISTS (SELECT 1 FROM ixg WHERE ixg.key IN ($4, $5) AND ixg.pk = rev.source)
        """;

    /// <summary>What the record says of one professional.</summary>
    /// <param name="NewestFactUs">How far the record had come.</param>
    /// <param name="Patients">Whom they treat, ascending.</param>
    /// <param name="Actors">The professional and the institutions they belong to.</param>
    sealed record Derived(long NewestFactUs, long[] Patients, long[] Actors)
    {
        /// <summary>One object, so that another thread never sees the one list without the other.</summary>
        sealed record Remaining(long[] KeptOut, long[] Patients);

        Remaining? last;

        /// <summary>The same array as before when the same patients keep them out.</summary>
        public long[] Without(long[] keptOut)
        {
            if (keptOut.Length == 0) return Patients;
            if (Volatile.Read(ref last) is { } known && known.KeptOut.AsSpan().SequenceEqual(keptOut)) return known.Patients;
            var remaining = new Remaining(keptOut, [.. Patients.Where(patient => Array.BinarySearch(keptOut, patient) < 0)]);
            Volatile.Write(ref last, remaining);
            return remaining.Patients;
        }
    }

    readonly ConcurrentDictionary<string, Derived> kept = new(StringComparer.Ordinal);

    /// <summary>Compartment keys of the patients of <c>Practitioner/id</c>, ascending; the same array as before when nothing changed.</summary>
    /// <remarks>The newest fact is asked each time (index steps), so a new encounter opens, and a cancelled one or a patient who closes the record closes, with the next request.
    /// A patient who keeps somebody out is left out here, at the root: to every way of asking it looks as if there were no relation.</remarks>
    public async ValueTask<long[]> PatientsOfProfessional(string practitioner, CancellationToken stop)
    {
        var derived = await store.Database.Read(async session =>
        {
            var newestFactUs = await Single(session, NewestFact);
            if (kept.TryGetValue(practitioner, out var known) && known.NewestFactUs == newestFactUs) return known;
            var found = await Derive(session, practitioner, newestFactUs);
            if (kept.Count >= MostKept) kept.Clear();
            return kept[practitioner] = found;
        }, stop);
        return derived.Without(await sharing.KeptOut(derived.Actors, stop));
    }

    /// <summary>Whether a closing to this <c>Practitioner/id</c> or <c>Organization/id</c> concerns a professional: it is they, or an institution they belong to.</summary>
    public async ValueTask<bool> BelongsTo(string practitioner, string actor, CancellationToken stop)
    {
        await PatientsOfProfessional(practitioner, stop);
        return kept.TryGetValue(practitioner, out var derived) && Array.IndexOf(derived.Actors, store.Keys.Reference(actor)) >= 0;
    }

    /// <summary>The facts that make professionals those who treat <c>Patient/id</c>; whom the patient keeps out, too.</summary>
    public ValueTask<List<CareFact>> OfPatient(string patient, CancellationToken stop) => store.Database.Read(async session =>
    {
        var facts = new List<CareFact>();
        foreach (var (type, who) in ((string, string)[])[("Encounter", "participant"), ("Appointment", "actor")])
        {
            var parameters = store.Indexer.Parameters;
            await using var rows = await session.Query(FactsOf, store.Keys.Reference(patient), parameters.IndexKeys(type, "patient")[0], parameters.IndexKeys(type, who)[0],
                parameters.ValueKeys(type, "status", "cancelled")[0], parameters.ValueKeys(type, "status", "entered-in-error")[0], parameters.IndexKeys("PractitionerRole", "practitioner")[0]);
            while (await rows.Read()) facts.Add(new($"Practitioner/{rows.Text(0)}", rows.Text(1)!, rows.Text(2)!, rows.Bytes(3).ToArray()));
        }
        return facts;
    }, stop);

    async ValueTask<Derived> Derive(Session session, string practitioner, long newestFactUs)
    {
        var (keys, parameters) = (store.Keys, store.Indexer.Parameters);
        var found = new SortedSet<long>();
        var self = keys.Reference(practitioner);
        var roles = await Column(session, RolesOf, self, parameters.IndexKeys("PractitionerRole", "practitioner")[0]);
        foreach (var actor in (long[])[self, .. roles])
        {
            found.UnionWith(await Column(session, PatientsOf, actor, parameters.IndexKeys("Encounter", "participant")[0], parameters.IndexKeys("Encounter", "patient")[0],
                parameters.ValueKeys("Encounter", "status", "cancelled")[0], parameters.ValueKeys("Encounter", "status", "entered-in-error")[0]));
            found.UnionWith(await Column(session, PatientsOf, actor, parameters.IndexKeys("Appointment", "actor")[0], parameters.IndexKeys("Appointment", "patient")[0],
                parameters.ValueKeys("Appointment", "status", "cancelled")[0], parameters.ValueKeys("Appointment", "status", "entered-in-error")[0]));
        }
        return new(newestFactUs, [.. found], [self, .. await Institutions(session, roles)]);
    }

    /// <summary>The institutions of these roles, and those they are part of.</summary>
    async ValueTask<HashSet<long>> Institutions(Session session, List<long> roles)
    {
        var parameters = store.Indexer.Parameters;
        var (institutions, next) = (new HashSet<long>(), new List<long>());
        foreach (var role in roles) next.AddRange(await Column(session, TargetsOf, role, parameters.IndexKeys("PractitionerRole", "organization")[0]));
        for (var depth = 0; depth < DeepestInstitution && next.Count > 0; depth++)
        {
            var parents = new List<long>();
            foreach (var institution in next)
                if (institutions.Add(institution)) parents.AddRange(await Column(session, TargetsOf, institution, parameters.IndexKeys("Organization", "partof")[0]));
            next = parents;
        }
        return institutions;
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
