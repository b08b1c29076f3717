using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Trust.AuditLog;
using Tervik.Trust.BreakGlass;
using Tervik.Trust.Identity;
using Tervik.Trust.Limits;
using Tervik.Trust.Relations;

namespace Tervik.Trust.Decision;

/// <summary>Answers what Records asks: identify, relate, decide; and log.</summary>
sealed class AccessControl(Identification identification, ProfessionalAccess professionals, FamilyRelations family, AccessLog log, RecordStore store, PatientLimit limit, GoneAccounts gone, IHttpContextAccessor requests) : IAccessControl
{
    const int MostKept = 10_000;
    readonly ConcurrentDictionary<string, (IReadOnlyList<FamilyMember> Family, AccessFilter Seeing, AccessFilter Writing)> patients = new(StringComparer.Ordinal);
    /// <summary>What an application sees of what its user sees; forgotten with the user's filter.</summary>
    readonly ConditionalWeakTable<AccessFilter, ConcurrentDictionary<(IReadOnlyList<SmartScope>?, SmartActions, string?), AccessFilter>> narrowed = [];

    public async ValueTask<Permission> Decide(HttpContext request, Interaction interaction, CancellationToken stop)
    {
        var principal = await identification.Of(request, stop);
        var (seeing, writing) = await Own(principal, stop);
        if (principal.Granted is not null || principal.LaunchPatient is not null) (seeing, writing) = (Narrow(seeing, principal, interaction), Narrow(writing, principal with { Granted = null }, interaction));
        return Decision.Decide(principal, interaction, seeing) with { Writing = writing };
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
        if (access.Agent is { } agent && agent.StartsWith("Practitioner/", StringComparison.Ordinal) && await IsBehindGlass(agent, access, stop)) origin = origin with { Purpose = PurposeOfUse.BreakTheGlass };
        var parts = AccessPart.Of(access);
        // What was written is written; who may not is told before (MayWrite).
        if (access.Status < 400 && request is not null && await limit.Take(await identification.Of(request, stop), PatientsOf(parts), mayRefuse: !Policy.Writes(access.Interaction.Name), stop) is { } after)
        {
            await log.Append(access with { Query = null, Resources = [], Patients = [], Status = StatusCodes.Status429TooManyRequests }, origin, stop);
            throw new FaultException(TooManyPatients(after));
        }
        await log.Append(access, parts, origin, stop);
        await gone.After(access, stop);
    }

    /// <summary>Whether somebody saw this because they had broken the glass, and would not have without.</summary>
    async ValueTask<bool> IsBehindGlass(string practitioner, AccessEvent access, CancellationToken stop)
    {
        var view = await professionals.Of(practitioner, stop);
        if (view.Exceptional.Count == 0) return false;
        var opened = view.Exceptional.Where(one => one.Kind == ExceptionalKind.Glass).Select(one => store.Keys.Reference(one.Patient)).ToHashSet();
        return opened.Overlaps(access.Patients) || access.Resources.Any(resource => opened.Overlaps(resource.Compartments));
    }

    static long[] PatientsOf(IReadOnlyList<AccessPart> parts) => parts is [{ Patient: { } only }] ? [only] : [.. parts.Select(part => part.Patient).OfType<long>()];

    Fault TooManyPatients(TimeSpan after)
    {
        if (requests.HttpContext is { } request) LimitMiddleware.RetryAfter(request.Response, after);
        return new(FaultKind.TooMany, "throttled", null, "This account was given the data of as many different patients in an hour as it may see. Patients it saw within the hour stay open; others after the time in Retry-After.");
    }

    async ValueTask<(AccessFilter Seeing, AccessFilter Writing)> Own(Principal principal, CancellationToken stop)
    {
        switch (principal.Kind)
        {
            case PrincipalKind.System: return (AccessFilter.Everything, AccessFilter.Everything);
            case PrincipalKind.Patient: return await OfPatient(principal.Agent!, stop);
            case PrincipalKind.Professional:
                var view = await professionals.Of(principal.Agent!, stop);
                return (view.Seeing, view.Writing);
            default: return (AccessFilter.Nothing, AccessFilter.Nothing);
        }
    }

    static readonly FrozenSet<string> Booked = ["Appointment"];

    // Patients read the own record and those of their family, and write into the own and those of the children they have custody of; appointments for adults who asked them to.
    async ValueTask<(AccessFilter Seeing, AccessFilter Writing)> OfPatient(string patient, CancellationToken stop)
    {
        var others = await family.Of(patient, stop);
        if (patients.TryGetValue(patient, out var known) && known.Family.SequenceEqual(others)) return (known.Seeing, known.Writing);
        var self = store.Keys.Reference(patient);
        var seeing = new AccessFilter
        {
            Compartments = [.. others.Where(other => other.Scope is null).Select(other => other.Compartment).Append(self).Order()], OpenTypes = Policy.Directory,
            Parts = [.. others.Where(other => other.Scope is not null).Select(other => new PartialAccess(other.Scope!, [other.Compartment]))],
            HiddenMarks = [.. others.SelectMany(other => other.Hidden.Select(what => store.Keys.Mark(other.Compartment, what))).Order()],
        };
        var writing = new AccessFilter
        {
            Compartments = [.. others.Where(other => other.Kind == FamilyKind.Guardian).Select(other => other.Compartment).Append(self).Order()],
            Parts = [.. others.Where(other => other.Kind == FamilyKind.LetIn && other.Books).Select(other => new PartialAccess(Booked, [other.Compartment]))],
        };
        if (patients.Count >= MostKept) patients.Clear();
        patients[patient] = (others, seeing, writing);
        return (seeing, writing);
    }

    /// <summary>What is left of a user's access for the application they use: one patient, the types and codes that were granted.</summary>
    AccessFilter Narrow(AccessFilter filter, Principal principal, Interaction interaction)
    {
        // A type may be granted for reading or for searching alone; operations and includes do either. What a write replaces is found by the letter for that write:
        // the answer of a write asks for the right to read by itself, and scopes with criteria do not write.
        var needed = Decision.Needed(interaction.Name);
        var writes = (needed & (SmartActions.Create | SmartActions.Update | SmartActions.Delete)) != 0;
        return narrowed.GetOrCreateValue(filter).GetOrAdd((principal.Granted, needed, principal.LaunchPatient), _ =>
        {
            var only = principal.LaunchPatient is { } patient ? (long?)store.Keys.Reference(patient) : null;
            bool IsOpen(long compartment) => only is null || only == compartment;
            return new()
            {
                SeesAllPatients = filter.SeesAllPatients && only is null,
                Compartments = filter.SeesAllPatients && only is { } one ? [one] : [.. filter.Compartments.Where(IsOpen)],
                Parts = [.. filter.Parts.Select(part => part with { Compartments = [.. part.Compartments.Where(IsOpen)] })],
                HiddenMarks = filter.HiddenMarks, OpenTypes = filter.SeesAllPatients ? Policy.Directory : filter.OpenTypes,
                Narrowing = principal.Granted is not { } granted ? null
                    : Narrowing.To(granted.Where(scope => (scope.Actions & needed) == needed && (writes ? scope.Criteria.Count == 0 : (scope.Actions & (SmartActions.Read | SmartActions.Search)) != 0)).Select(scope => (scope.Type, scope.Criteria)), store.Indexer.Parameters),
            };
        });
    }
}
