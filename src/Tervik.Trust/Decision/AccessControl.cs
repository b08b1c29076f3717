using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Trust.AuditLog;
using Tervik.Trust.Identity;
using Tervik.Trust.Limits;
using Tervik.Trust.Relations;

namespace Tervik.Trust.Decision;

/// <summary>Answers what Records asks: identify, relate, decide; and log.</summary>
sealed class AccessControl(Identification identification, CareRelations relations, FamilyRelations family, AccessLog log, RecordStore store, PatientLimit limit, IHttpContextAccessor requests) : IAccessControl
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

    public Fault? MayWrite(Permission permission, Interaction interaction, ReadOnlySpan<long> compartments)
    {
        if (permission is not Decided decided) return new(FaultKind.Forbidden, "forbidden", interaction.Type, "This permission was not given by the access control.");
        return Decision.RefuseWrite(decided, interaction, compartments) ?? (limit.FullFor(decided.Principal, compartments) is { } after ? TooManyPatients(after) : null);
    }

    public async ValueTask Log(AccessEvent access, CancellationToken stop)
    {
        var request = requests.HttpContext;
        var origin = await AccessOrigin.Of(request, identification, stop);
        var parts = AccessPart.Of(access);
        // What was written is written; who may not is told before (MayWrite).
        if (access.Status < 400 && request is not null && await limit.Take(await identification.Of(request, stop), PatientsOf(parts), mayRefuse: !Policy.Writes(access.Interaction.Name), stop) is { } after)
        {
            await log.Append(access with { Query = null, Resources = [], Patients = [], Status = StatusCodes.Status429TooManyRequests }, origin, stop);
            throw new FaultException(TooManyPatients(after));
        }
        await log.Append(access, parts, origin, stop);
    }

    static long[] PatientsOf(IReadOnlyList<AccessPart> parts) => parts is [{ Patient: { } only }] ? [only] : [.. parts.Select(part => part.Patient).OfType<long>()];

    Fault TooManyPatients(TimeSpan after)
    {
        if (requests.HttpContext is { } request) LimitMiddleware.RetryAfter(request.Response, after);
        return new(FaultKind.TooMany, "throttled", null, "This account was given the data of as many different patients in an hour as it may see. Patients it saw within the hour stay open; others after the time in Retry-After.");
    }

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
