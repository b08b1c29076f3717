using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Tervik.Records.Indexing;
using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.Trust.Relations;

/// <summary>One role of a professional, as the register has it (PractitionerRole).</summary>
/// <param name="Id">Logical id.</param>
/// <param name="Organization"><c>Organization/id</c> of the unit; null when none is named.</param>
/// <param name="Codes"><c>system|code</c>.</param>
public sealed record StaffRole(string Id, string? Organization, IReadOnlyList<string> Codes);

/// <summary>A professional as the register has them now.</summary>
/// <param name="Practitioner"><c>Practitioner/id</c>.</param>
/// <param name="Roles">Roles that hold now.</param>
/// <param name="HoldsNone">The register knows roles of theirs, but none that holds now: they see nobody's record.</param>
/// <param name="Units"><c>Organization/id</c> of all units of their roles and of what these are part of.</param>
/// <param name="PersonKeys">Keys of the professional and of their roles.</param>
/// <param name="OwnUnitKeys">Keys of the units of their roles alone.</param>
/// <param name="CheckAgainUs">When a role begins or ends next, microseconds since 1970-01-01 UTC.</param>
public sealed record StaffMember(string Practitioner, IReadOnlyList<StaffRole> Roles, bool HoldsNone, IReadOnlySet<string> Units, long[] PersonKeys, long[] OwnUnitKeys, long CheckAgainUs)
{
    /// <summary>Codes of all roles, <c>system|code</c>.</summary>
    public IReadOnlySet<string> Codes { get; } = Roles.SelectMany(role => role.Codes).ToHashSet();

    /// <summary><c>Organization/id</c> of the units that they lead.</summary>
    public IReadOnlySet<string> Leads => Roles.Where(role => role.Codes.Contains(StaffRegister.UnitLead)).Select(role => role.Organization).OfType<string>().ToHashSet();

    /// <summary>Whether a role with this code holds, in this unit or in one that it is part of.</summary>
    /// <param name="code"><c>system|code</c>.</param>
    /// <param name="units">The unit and all that it is part of.</param>
    public bool Holds(string code, IReadOnlySet<string> units) => Roles.Any(role => role.Codes.Contains(code) && role.Organization is { } unit && units.Contains(unit));
}

/// <summary>Role, unit and employer of professionals, from the directory's PractitionerRole and Organization.</summary>
public sealed class StaffRegister(RecordStore store, TimeProvider clock)
{
    /// <summary>Code of who leads a unit and reviews what was opened out of the ordinary.</summary>
    public const string UnitLead = "urn:tervik:role|unit-lead";
    /// <summary>Code of the data protection officer of an institution.</summary>
    public const string DataProtection = "urn:tervik:role|data-protection";
    /// <summary>Code of who works in emergency care, where limits are wider.</summary>
    public const string Emergency = "urn:tervik:role|emergency";

    const int MostKept = 10_000;
    /// <summary>An institution within an institution, and so on: deeper ones are no institutions.</summary>
    const int DeepestInstitution = 8;

    static readonly NewestOf NewestFact = new("PractitionerRole", "Organization");
    const string RolesOf = "SELECT res.pk, res.type, res.id, res.ver, res.at_us, res.method, res.comp, res.body, res.rid FROM rev JOIN res ON res.pk = rev.source WHERE rev.target = $1 AND rev.param = $2";
    const string UnitsAbove = "SELECT up.type, up.id, up.rid FROM res JOIN fwd ON fwd.source = res.pk AND fwd.param = $2 JOIN res up ON up.rid = fwd.target WHERE res.rid = $1";

    readonly ConcurrentDictionary<string, (long NewestFactUs, StaffMember Member)> kept = new(StringComparer.Ordinal);

    /// <summary>Who <c>Practitioner/id</c> is now; the same object while nothing changed.</summary>
    public ValueTask<StaffMember> Of(string practitioner, CancellationToken stop) => store.Database.Read(session => Of(session, practitioner), stop);

    /// <summary>A unit and all that it is part of, <c>Organization/id</c>.</summary>
    public ValueTask<HashSet<string>> UnitAndAbove(string organization, CancellationToken stop) => store.Database.Read(async session => (await Above(session, [organization])).Names, stop);

    /// <summary>Whose role <c>PractitionerRole/id</c> is; null when nobody's.</summary>
    public ValueTask<string?> PractitionerOf(string role, CancellationToken stop) => store.Database.ReadOnce(async session =>
    {
        await using var rows = await session.Query("SELECT who.type, who.id FROM res JOIN fwd ON fwd.source = res.pk AND fwd.param = $2 JOIN res who ON who.rid = fwd.target WHERE res.rid = $1",
            store.Keys.Reference(role), store.Indexer.Parameters.IndexKeys("PractitionerRole", "practitioner")[0]);
        return await rows.Read() ? $"{rows.Text(0)}/{rows.Text(1)}" : null;
    }, stop);

    internal async ValueTask<StaffMember> Of(Session session, string practitioner)
    {
        var newestFactUs = await NewestFact.In(session);
        if (kept.TryGetValue(practitioner, out var known) && known.NewestFactUs == newestFactUs && clock.NowUs() < known.Member.CheckAgainUs) return known.Member;
        var member = await Derive(session, practitioner);
        if (kept.Count >= MostKept) kept.Clear();
        kept[practitioner] = (newestFactUs, member);
        return member;
    }

    async ValueTask<StaffMember> Derive(Session session, string practitioner)
    {
        var (self, nowUs, checkAgainUs, all) = (store.Keys.Reference(practitioner), clock.NowUs(), long.MaxValue, 0);
        var (roles, keys) = (new List<StaffRole>(), new List<long> { self });
        await using (var rows = await session.Query(RolesOf, self, store.Indexer.Parameters.IndexKeys("PractitionerRole", "practitioner")[0]))
            while (await rows.Read())
            {
                all++;
                var stored = store.Stored(rows);
                using var json = JsonDocument.Parse(stored.Body);
                var (startsUs, endsUs) = Period(json.RootElement);
                if (nowUs < startsUs) checkAgainUs = Math.Min(checkAgainUs, startsUs);
                else if (nowUs < endsUs) checkAgainUs = Math.Min(checkAgainUs, endsUs);
                if (nowUs < startsUs || nowUs >= endsUs || json.RootElement.TryGetProperty("active", out var active) && active.ValueKind == JsonValueKind.False) continue;
                roles.Add(new(stored.Id, json.RootElement.TryGetProperty("organization", out var unit) && unit.TryGetProperty("reference", out var reference) ? reference.GetString() : null, Codes(json.RootElement)));
                keys.Add(rows.Int64(8));
            }
        var own = roles.Select(role => role.Organization).OfType<string>().Distinct().ToList();
        var (units, _) = await Above(session, own);
        return new(practitioner, roles, HoldsNone: all > 0 && roles.Count == 0, units, [.. keys], [.. own.Select(store.Keys.Reference)], checkAgainUs);
    }

    async ValueTask<(HashSet<string> Names, HashSet<long> Keys)> Above(Session session, IReadOnlyList<string> units)
    {
        var (names, keys, next) = (units.ToHashSet(), units.Select(store.Keys.Reference).ToHashSet(), units.Select(store.Keys.Reference).ToList());
        for (var depth = 0; depth < DeepestInstitution && next.Count > 0; depth++)
        {
            var parents = new List<long>();
            foreach (var unit in next)
            {
                await using var rows = await session.Query(UnitsAbove, unit, store.Indexer.Parameters.IndexKeys("Organization", "partof")[0]);
                while (await rows.Read())
                    if (keys.Add(rows.Int64(2)))
                    {
                        names.Add($"{rows.Text(0)}/{rows.Text(1)}");
                        parents.Add(rows.Int64(2));
                    }
            }
            next = parents;
        }
        return (names, keys);
    }

    static List<string> Codes(JsonElement role)
    {
        var codes = new List<string>();
        if (!role.TryGetProperty("code", out var concepts) || concepts.ValueKind != JsonValueKind.Array) return codes;
        foreach (var concept in concepts.EnumerateArray())
            if (concept.TryGetProperty("coding", out var codings) && codings.ValueKind == JsonValueKind.Array)
                foreach (var coding in codings.EnumerateArray())
                    if (coding.TryGetProperty("code", out var code)) codes.Add($"{(coding.TryGetProperty("system", out var system) ? system.GetString() : "")}|{code.GetString()}");
        return codes;
    }

    static (long StartsUs, long EndsUs) Period(JsonElement role)
    {
        if (!role.TryGetProperty("period", out var period) || period.ValueKind != JsonValueKind.Object) return (long.MinValue, long.MaxValue);
        return (period.TryGetProperty("start", out var start) && DateRange.TryParse(start.GetString(), out var from) ? from.LowUs : long.MinValue,
            period.TryGetProperty("end", out var end) && DateRange.TryParse(end.GetString(), out var to) && to.HighUs < long.MaxValue ? to.HighUs + 1 : long.MaxValue);
    }
}
