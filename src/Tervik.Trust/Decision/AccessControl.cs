using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Trust.AuditLog;
using Tervik.Trust.Identity;
using Tervik.Trust.Relations;

namespace Tervik.Trust.Decision;

/// <summary>Answers what Records asks: identify, relate, decide; and log.</summary>
sealed class AccessControl(Identification identification, CareRelations relations, AccessLog log, RecordStore store) : IAccessControl
{
    const int MostKept = 10_000;
    readonly ConcurrentDictionary<string, AccessFilter> kept = new(StringComparer.Ordinal);

    public async ValueTask<Permission> Decide(HttpContext request, Interaction interaction, CancellationToken stop)
    {
        var principal = await identification.Of(request, stop);
        return Decision.Decide(principal, interaction, await Own(principal, stop));
    }

    public Fault? MayWrite(Permission permission, Interaction interaction, ReadOnlySpan<long> compartments) => permission is Decided decided
        ? Decision.RefuseWrite(decided, interaction, compartments)
        : new(FaultKind.Forbidden, "forbidden", interaction.Type, "This permission was not given by the access control.");

    public ValueTask Log(AccessEvent access, CancellationToken stop) => log.Append(access, stop);

    async ValueTask<AccessFilter> Own(Principal principal, CancellationToken stop) => principal.Kind switch
    {
        PrincipalKind.System => AccessFilter.Everything,
        PrincipalKind.Patient => Filter(principal.Agent!, [store.Keys.Reference(principal.Agent!)]),
        PrincipalKind.Professional => Filter(principal.Agent!, await relations.PatientsOfProfessional(principal.Agent!, stop)),
        _ => AccessFilter.Nothing,
    };

    AccessFilter Filter(string agent, long[] compartments)
    {
        if (kept.TryGetValue(agent, out var filter) && (filter.Compartments == compartments || compartments is [var only] && filter.Compartments is [var same] && only == same))
            return filter;
        if (kept.Count >= MostKept) kept.Clear();
        return kept[agent] = new() { Compartments = compartments, OpenTypes = Policy.Directory };
    }
}
