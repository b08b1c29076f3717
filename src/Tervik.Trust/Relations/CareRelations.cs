using System.Collections.Concurrent;
using System.Collections.Frozen;
using Tervik.Records.Indexing;
using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.Trust.Relations;

/// <summary>A fact that makes a professional one who treats a patient.</summary>
/// <param name="Practitioner">Who, <c>Practitioner/id</c>.</param>
/// <param name="Type">Encounter or Appointment.</param>
/// <param name="Id">Its logical id.</param>
/// <param name="Body">As it is stored, UTF-8 JSON.</param>
public sealed record CareFact(string Practitioner, string Type, string Id, byte[] Body);

/// <summary>A relation of care that holds now.</summary>
/// <param name="Compartment">Key of the patient.</param>
/// <param name="Rule">Name of the rule that makes it; of several the one that opens most.</param>
/// <param name="Scope">Resource types it opens; null for the whole record.</param>
/// <param name="EndsUs">When it ends, if no new fact comes; <see cref="long.MaxValue"/> for never.</param>
public sealed record CareRelation(long Compartment, string Rule, FrozenSet<string>? Scope, long EndsUs);

/// <summary>Who may see a record by a fact in it.</summary>
/// <param name="Who"><c>Practitioner/id</c>, or <c>Organization/id</c> for everybody who works there.</param>
/// <param name="Rule">Name of the rule.</param>
/// <param name="Scope">Resource types it opens; null for the whole record.</param>
/// <param name="EndsUs">When it ends, if no new fact comes; <see cref="long.MaxValue"/> for never.</param>
public sealed record Carer(string Who, string Rule, FrozenSet<string>? Scope, long EndsUs);

/// <summary>What the record says of one professional now; the same object while nothing changed.</summary>
/// <param name="Staff">Who they are.</param>
/// <param name="Relations">Whom they treat: by patient, ascending; several of one patient when their scopes differ.</param>
/// <param name="CheckAgainUs">When one of them begins or ends next, microseconds since 1970-01-01 UTC.</param>
public sealed record CareView(StaffMember Staff, IReadOnlyList<CareRelation> Relations, long CheckAgainUs);

/// <summary>Which patients a professional treats, derived from the facts of the record by the table <see cref="CareRules"/>, each for its time and with its scope. Derived and never typed in.</summary>
public sealed class CareRelations(RecordStore store, StaffRegister register, TimeProvider clock)
{
    /// <summary>Above this the kept answers are dropped; they come back with the next request.</summary>
    const int MostKept = 10_000;
    const long DayUs = 86_400_000_000;

    // As long as the newest write of the types that make relations is the same, no answer has changed.
    static readonly NewestOf NewestFact = new([.. CareRules.Types]);

    /// <summary>A rule with its keys, and the query that lists patients by it: $1 who is named, $2 the parameter that names them, $3 the one that names the patient, $4 that of the time, $5 and on the keys of states and forms of categories.</summary>
    sealed record Compiled(CareRule Rule, string Sql, SqlValue[] Values);

    readonly Lazy<Compiled[]> rules = new(() => [.. CareRules.All.Select(rule => Compile(rule, store))]);
    readonly ConcurrentDictionary<string, (long NewestFactUs, CareView View)> kept = new(StringComparer.Ordinal);

    /// <summary>What the record says of <c>Practitioner/id</c>.</summary>
    /// <remarks>The newest fact is asked each time (index steps), so a new encounter opens and a cancelled one closes with the next request.</remarks>
    public ValueTask<CareView> Of(string practitioner, CancellationToken stop) => store.Database.Read(async session =>
    {
        var newestFactUs = await NewestFact.In(session);
        if (kept.TryGetValue(practitioner, out var known) && known.NewestFactUs == newestFactUs && clock.NowUs() < known.View.CheckAgainUs) return known.View;
        var view = await Derive(session, practitioner);
        if (kept.Count >= MostKept) kept.Clear();
        kept[practitioner] = (newestFactUs, view);
        return view;
    }, stop);

    async ValueTask<CareView> Derive(Session session, string practitioner)
    {
        var staff = await register.Of(session, practitioner);
        var (nowUs, checkAgainUs) = (clock.NowUs(), staff.CheckAgainUs);
        var found = new Dictionary<(long Compartment, FrozenSet<string>? Scope), CareRelation>();
        foreach (var (rule, sql, values) in staff.HoldsNone ? [] : rules.Value)
        {
            long[] named = rule.Names switch { Named.Person => staff.PersonKeys, Named.Unit => staff.OwnUnitKeys, _ => [.. staff.PersonKeys, .. staff.OwnUnitKeys] };
            if (named.Length == 0) continue;
            await using var rows = await session.Query(string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, session.Dialect.InArray("rev.target", "$1")), [named, .. values]);
            while (await rows.Read())
            {
                var (startsUs, endsUs) = Window(rule, rows.Int64(1), rows.Int64(2), isOver: rows.Int64(3) != 0);
                if (nowUs < startsUs) checkAgainUs = Math.Min(checkAgainUs, startsUs);
                else if (nowUs < endsUs) checkAgainUs = Math.Min(checkAgainUs, endsUs);
                if (nowUs < startsUs || nowUs >= endsUs) continue;
                var key = (rows.Int64(0), rule.Scope);
                if (!found.TryGetValue(key, out var known) || known.EndsUs < endsUs) found[key] = new(rows.Int64(0), rule.Name, rule.Scope, endsUs);
            }
        }
        // Who sees the whole record needs no relation that opens a part of it.
        var whole = found.Values.Where(relation => relation.Scope is null).Select(relation => relation.Compartment).ToHashSet();
        return new(staff, [.. found.Values.Where(relation => relation.Scope is null || !whole.Contains(relation.Compartment)).OrderBy(relation => relation.Compartment)], checkAgainUs);
    }

    /// <summary>When a fact counts.</summary>
    static (long StartsUs, long EndsUs) Window(CareRule rule, long lowUs, long highUs, bool isOver)
    {
        if (rule.When is null) return (long.MinValue, long.MaxValue);
        if (highUs == long.MaxValue && isOver) highUs = lowUs;
        return (lowUs == long.MinValue ? lowUs : lowUs - rule.DaysBefore * DayUs, highUs == long.MaxValue ? highUs : highUs + rule.DaysAfter * DayUs);
    }

    /// <summary>Who may see the record of <c>Patient/id</c> by a fact that counts now: professionals, and units whose people do. What the patient chose is not asked.</summary>
    public async ValueTask<IReadOnlyList<Carer>> Around(string patient, CancellationToken stop)
    {
        var named = await store.Database.Read(async session =>
        {
            var (found, nowUs) = (new List<(long Who, CareRule Rule, long EndsUs)>(), clock.NowUs());
            foreach (var (rule, sql, values) in rules.Value)
            {
                // The same query from the other side: the two parameters change places.
                var (text, swapped) = rule.Type == "Patient"
                    ? ("SELECT fwd.target, r.at_us, r.at_us, 0, $3, $4 FROM res r JOIN fwd ON fwd.source = r.pk AND fwd.param = $2 WHERE r.rid = $1", values)
                    : (string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, "rev.target = $1"), [values[1], values[0], .. values[2..]]);
                await using var rows = await session.Query(text, [store.Keys.Reference(patient), .. swapped]);
                while (await rows.Read())
                    if (Window(rule, rows.Int64(1), rows.Int64(2), rows.Int64(3) != 0) is var (startsUs, endsUs) && nowUs >= startsUs && nowUs < endsUs) found.Add((rows.Int64(0), rule, endsUs));
            }
            return found;
        }, stop);
        var names = await store.References(named.Select(one => one.Who).Distinct(), stop);
        var carers = new List<Carer>();
        foreach (var (who, rule, endsUs) in named)
        {
            if (!names.TryGetValue(who, out var reference)) continue;
            var isUnit = reference.StartsWith("Organization/", StringComparison.Ordinal);
            if (isUnit && rule.Names == Named.Person || !isUnit && rule.Names == Named.Unit) continue;
            if (reference.StartsWith("PractitionerRole/", StringComparison.Ordinal)) reference = await register.PractitionerOf(reference, stop) ?? reference;
            carers.Add(new(reference, rule.Name, rule.Scope, endsUs));
        }
        return [.. carers.GroupBy(carer => (carer.Who, carer.Rule)).Select(group => group.MaxBy(carer => carer.EndsUs)!)];
    }

    static Compiled Compile(CareRule rule, RecordStore store)
    {
        var parameters = store.Indexer.Parameters;
        List<SqlValue> values = [parameters.IndexKeys(rule.Type, rule.Who)[0], rule.Type == "Patient" ? 0 : parameters.IndexKeys(rule.Type, "patient")[0], rule.When is null ? 0 : parameters.IndexKeys(rule.Type, rule.When)[0]];
        string Place(long value)
        {
            values.Add(value);
            return $"${values.Count + 1}";
        }
        string States(string[] states) => $"EXISTS (SELECT 1 FROM ixg WHERE ixg.key IN ({string.Join(", ", states.Select(state => Place(parameters.ValueKeys(rule.Type, "status", state)[0])))}) AND ixg.pk = rev.source)";
        string Categories(string[] codes) => $"EXISTS (SELECT 1 FROM form CROSS JOIN ixg WHERE form.form IN ({string.Join(", ", codes.SelectMany(code => parameters.FormKeys(rule.Type, "category", code)).Select(Place))}) AND ixg.key = form.key AND ixg.pk = rev.source)";
        var which = new List<string>();
        if (rule.Not.Length > 0) which.Add("NOT " + States(rule.Not));
        if (rule.Only.Length > 0) which.Add(States(rule.Only));
        if (rule.Categories.Length > 0) which.Add(Categories(rule.Categories));
        if (rule.NotCategories.Length > 0) which.Add("NOT " + Categories(rule.NotCategories));
        var over = rule.Over.Length == 0 ? "0" : $"CASE WHEN {States(rule.Over)} THEN 1 ELSE 0 END";
        // A fact without a time happened when it was written; one that is said to be going on goes on.
        var (low, high) = rule.Only.Length > 0 ? ("0", $"{long.MaxValue}") : ("r.at_us", "r.at_us");
        var sql = rule.Type == "Patient"
            ? "SELECT r.rid, r.at_us, r.at_us, 0, $3, $4 FROM rev JOIN res r ON r.pk = rev.source WHERE {0} AND rev.param = $2"
            : $$"""
                SELECT fwd.target, COALESCE(rng.lo, {{low}}), COALESCE(rng.hi, {{high}}), {{over}}
                FROM rev JOIN fwd ON fwd.source = rev.source AND fwd.param = $3 JOIN res r ON r.pk = rev.source LEFT JOIN rng ON rng.param = $4 AND rng.pk = rev.source
                WHERE {0} AND rev.param = $2{{string.Concat(which.Select(one => $" AND {one}"))}}
                """;
        return new(rule, sql, [.. values]);
    }

    // From the patient: $1, $2 the parameter that names them, $3 the one that names professionals and roles, $4 and $5 the states that do not count, $6 the parameter by which a role names its professional.
    const string FactsOf = """
        SELECT fact.pk, fact.type, fact.id, fact.ver, fact.at_us, fact.method, fact.comp, fact.body, COALESCE(person.id, who.id)
        FROM rev JOIN fwd ON fwd.source = rev.source AND fwd.param = $3 JOIN res fact ON fact.pk = rev.source JOIN res who ON who.rid = fwd.target
        LEFT JOIN fwd role ON role.source = who.pk AND role.param = $6 LEFT JOIN res person ON person.rid = role.target
        WHERE rev.target = $1 AND rev.param = $2 AND (who.type = 'Practitioner' OR who.type = 'PractitionerRole' AND person.type = 'Practitioner')
          AND NOT EXISTS (SELECT 1 FROM ixg WHERE ixg.key IN ($4, $5) AND ixg.pk = rev.source)
        """;

    /// <summary>The visits and appointments that professionals have or had with <c>Patient/id</c>, those whose time is over too.</summary>
    public ValueTask<List<CareFact>> OfPatient(string patient, CancellationToken stop) => store.Database.Read(async session =>
    {
        var facts = new List<CareFact>();
        foreach (var (type, who) in ((string, string)[])[("Encounter", "participant"), ("Appointment", "actor")])
        {
            var parameters = store.Indexer.Parameters;
            await using var rows = await session.Query(FactsOf, store.Keys.Reference(patient), parameters.IndexKeys(type, "patient")[0], parameters.IndexKeys(type, who)[0],
                parameters.ValueKeys(type, "status", "cancelled")[0], parameters.ValueKeys(type, "status", "entered-in-error")[0], parameters.IndexKeys("PractitionerRole", "practitioner")[0]);
            while (await rows.Read())
                if (store.Stored(rows) is var fact) facts.Add(new($"Practitioner/{rows.Text(8)}", fact.Type, fact.Id, fact.Body));
        }
        return facts;
    }, stop);
}
