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
sealed class AccessControl(Identification identification, CareRelations relations, FamilyRelations family, AccessLog log, RecordStore store, IHttpContextAccessor requests) : IAccessControl
{
    const int MostKept = 10_000;
    /// <summary>A family's compartments are compared one by one; the longer lists of professionals are the same array while nothing changed.</summary>
    const int MostCompared = 16;
    readonly ConcurrentDictionary<string, AccessFilter> kept = new(StringComparer.Ordinal);

    public async ValueTask<Permission> Decide(HttpContext request, Interaction interaction, CancellationToken stop)
    {
        var principal = await identification.Of(request, stop);
        return principal.Kind == PrincipalKind.Patient ? await OfPatient(principal, interaction, stop) : Decision.Decide(principal, interaction, await Own(principal, stop));
    }

    public Fault? MayWrite(Permission permission, Interaction interaction, ReadOnlySpan<long> compartments) => permission is Decided decided
        ? Decision.RefuseWrite(decided, interaction, compartments)
        : new(FaultKind.Forbidden, "forbidden", interaction.Type, "This permission was not given by the access control.");

    public async ValueTask Log(AccessEvent access, CancellationToken stop) => await log.Append(access, await AccessOrigin.Of(requests.HttpContext, identification, stop), stop);

    // Patients read the own record and those of their family, and write into the own and those of the children they have custody of.
    async ValueTask<Decided> OfPatient(Principal principal, Interaction interaction, CancellationToken stop)
    {
        var self = store.Keys.Reference(principal.Agent!);
        var others = await family.Of(principal.Agent!, stop);
        if (others.Count == 0) return Decision.Decide(principal, interaction, Filter(principal.Agent!, [self]));
        var filter = Filter(principal.Agent!, [.. others.Select(other => other.Compartment).Append(self).Order()]);
        return Decision.Decide(principal, interaction, filter) with
        {
            Writable = [.. others.Where(other => other.Kind == FamilyKind.Guardian).Select(other => other.Compartment).Append(self).Order()],
        };
    }

    async ValueTask<AccessFilter> Own(Principal principal, CancellationToken stop) => principal.Kind switch
    {
        PrincipalKind.System => AccessFilter.Everything,
        PrincipalKind.Professional => Filter(principal.Agent!, await relations.PatientsOfProfessional(principal.Agent!, stop)),
        _ => AccessFilter.Nothing,
    };

    AccessFilter Filter(string agent, long[] compartments)
    {
        if (kept.TryGetValue(agent, out var filter) && (filter.Compartments == compartments || compartments.Length <= MostCompared && filter.Compartments.AsSpan().SequenceEqual(compartments)))
            return filter;
        if (kept.Count >= MostKept) kept.Clear();
        return kept[agent] = new() { Compartments = compartments, OpenTypes = Policy.Directory };
    }
}
