using System.Collections.Concurrent;
using System.Text.Json;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.Trust.Snooping;

/// <summary>What a professional is at an institution.</summary>
/// <param name="Institution"><c>Organization/id</c>.</param>
/// <param name="Within">It, and those it is part of.</param>
/// <param name="Codes">Codes of <see cref="StaffRoles.System"/>.</param>
public sealed record StaffRole(string Institution, IReadOnlyList<string> Within, IReadOnlySet<string> Codes);

/// <summary>Which roles professionals have, from their PractitionerRoles.</summary>
public sealed class StaffRoles(RecordStore store, SearchEngine search, TimeProvider clock)
{
    /// <summary>System of the codes that say who reviews, and who works where limits are wider.</summary>
    public const string System = "urn:tervik:role";
    /// <summary>Leads the unit that the role is at.</summary>
    public const string UnitLead = "unit-lead";
    /// <summary>Is responsible for data protection at the institution and all its parts.</summary>
    public const string DataProtection = "data-protection";
    /// <summary>Works in emergency care.</summary>
    public const string Emergency = "emergency";

    const int MostKept = 10_000, DeepestInstitution = 8;
    static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(1);

    readonly ConcurrentDictionary<string, (DateTimeOffset Until, IReadOnlyList<StaffRole> Roles)> kept = new(StringComparer.Ordinal);

    /// <summary>The active roles of <c>Practitioner/id</c>; a change acts within a minute.</summary>
    public async ValueTask<IReadOnlyList<StaffRole>> Of(string practitioner, CancellationToken stop)
    {
        if (kept.TryGetValue(practitioner, out var known) && known.Until > clock.GetUtcNow()) return known.Roles;
        var found = await search.Search(new("PractitionerRole", [new("practitioner", practitioner), new("_count", "50")], Strict: true), AccessFilter.Everything, stop);
        var roles = new List<StaffRole>();
        foreach (var match in found.Matches)
        {
            using var json = JsonDocument.Parse(match.Body);
            var role = json.RootElement;
            if (role.TryGetProperty("active", out var active) && active.ValueKind == JsonValueKind.False || Reference(role, "organization") is not { } institution) continue;
            roles.Add(new(institution, await Within(institution, stop), Codes(role)));
        }
        if (kept.Count >= MostKept) kept.Clear();
        kept[practitioner] = (clock.GetUtcNow() + KeptFor, roles);
        return roles;
    }

    async ValueTask<IReadOnlyList<string>> Within(string institution, CancellationToken stop)
    {
        var within = new List<string>();
        for (string? next = institution; next is not null && within.Count < DeepestInstitution && !within.Contains(next);)
        {
            within.Add(next);
            if (next.Split('/') is not ["Organization", var id] || await store.Read("Organization", id, AccessFilter.Everything, stop) is not { IsDeleted: false } stored) break;
            using var json = JsonDocument.Parse(stored.Body);
            next = Reference(json.RootElement, "partOf");
        }
        return within;
    }

    static string? Reference(JsonElement json, string name) => json.TryGetProperty(name, out var to) && to.TryGetProperty("reference", out var reference) ? reference.GetString() : null;

    static HashSet<string> Codes(JsonElement role)
    {
        var codes = new HashSet<string>(StringComparer.Ordinal);
        if (role.TryGetProperty("code", out var concepts))
            foreach (var concept in concepts.EnumerateArray())
                if (concept.TryGetProperty("coding", out var codings))
                    foreach (var coding in codings.EnumerateArray())
                        if (coding.TryGetProperty("system", out var system) && system.ValueEquals(System) && coding.TryGetProperty("code", out var code)) codes.Add(code.GetString()!);
        return codes;
    }
}
