using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Storage;
using Tervik.Trust.Identity;
using Tervik.Trust.Relations;

namespace Tervik.Trust.AuditLog;

/// <summary>What a reader sees of one access.</summary>
/// <param name="Access">Without what concerns others.</param>
/// <param name="Patients">Patients concerned, as <c>Patient/id</c>.</param>
public sealed record SeenAccess(LoggedAccess Access, IReadOnlyList<string> Patients)
{
    /// <summary>As it was logged and sealed, also what concerns others.</summary>
    internal LoggedAccess Whole { get; init; } = Access;
}

/// <summary>The log as each reader may see it: patients see who saw their data and that of their children, professionals what they did themselves, system clients everything.</summary>
/// <remarks>Who was let in by another adult reads that record, but not who else has looked at it.</remarks>
public sealed class AuditView(AccessLog log, RecordStore store, FamilyRelations family)
{
    /// <summary>Reads part of the log.</summary>
    /// <param name="part">What is asked for; narrowed to what the reader may see.</param>
    /// <param name="reader">Who asks.</param>
    /// <param name="filter">What they may see of the record.</param>
    /// <param name="stop">Stops the query.</param>
    public async Task<List<SeenAccess>> Read(LogExcerpt part, Principal reader, AccessFilter filter, CancellationToken stop)
    {
        var seen = new List<SeenAccess>();
        var own = await Own(reader, filter, stop);
        if (Narrow(part, reader, own) is not { } allowed) return seen;
        foreach (var access in await log.Read(allowed, stop)) seen.Add(await Reduce(access, reader, own, stop));
        return seen;
    }

    /// <summary>One access, or null when there is none that the reader may see.</summary>
    public async Task<SeenAccess?> Find(long number, Principal reader, AccessFilter filter, CancellationToken stop)
    {
        var own = await Own(reader, filter, stop);
        if (await log.Find(number, stop) is not { } access || !MaySee(access, reader, own)) return null;
        return await Reduce(access, reader, own, stop);
    }

    /// <summary>Of a patient's filter the part whose log is theirs to read: the own record, and those of the children they have custody of.</summary>
    async ValueTask<AccessFilter> Own(Principal reader, AccessFilter filter, CancellationToken stop)
    {
        if (reader.Kind != PrincipalKind.Patient || filter.Compartments.Length <= 1) return filter;
        var letIn = (await family.Of(reader.Agent!, stop)).Where(member => member.Kind == FamilyKind.LetIn).Select(member => member.Compartment).ToHashSet();
        return new() { Compartments = [.. filter.Compartments.Where(compartment => !letIn.Contains(compartment))], OpenTypes = filter.OpenTypes };
    }

    LogExcerpt? Narrow(LogExcerpt part, Principal reader, AccessFilter own) => reader.Kind switch
    {
        PrincipalKind.System => part,
        PrincipalKind.Patient when part.Compartment is { } asked => own.Compartments.Contains(asked) ? part : null,
        PrincipalKind.Patient => part with { Compartment = store.Keys.Reference(reader.Agent!) },
        PrincipalKind.Professional when part.Agent is { } asked && asked != reader.Agent => null,
        // Whoever is no longer their patient looks like somebody who never was, also in their own log.
        PrincipalKind.Professional when part.Compartment is { } asked && !own.Compartments.Contains(asked) => null,
        PrincipalKind.Professional => part with { Agent = reader.Agent },
        _ => null,
    };

    static bool MaySee(LoggedAccess access, Principal reader, AccessFilter filter) => reader.Kind switch
    {
        PrincipalKind.System => true,
        PrincipalKind.Patient => access.Compartments.Any(filter.Compartments.Contains),
        PrincipalKind.Professional => access.Agent == reader.Agent && access.Compartments.All(filter.Compartments.Contains),
        _ => false,
    };

    // What was asked in an access that concerned several patients (a list, a search) may name the others; events from before there was one for each patient hold the others' data too.
    async Task<SeenAccess> Reduce(LoggedAccess access, Principal reader, AccessFilter filter, CancellationToken stop)
    {
        // Where somebody sat is told to those who run the systems, and to themselves.
        var shown = reader.Kind == PrincipalKind.System || access.Agent == reader.Agent ? access : access with { Address = null };
        var isOwn = access.Compartments.All(filter.Compartments.Contains);
        if (reader.Kind == PrincipalKind.System || isOwn && access.Concerned is null or <= 1) return new(shown, await Patients(access.Compartments, stop)) { Whole = access };
        if (isOwn) return new(shown with { Query = Word(access.Query) }, await Patients(access.Compartments, stop)) { Whole = access };
        var own = new List<string>();
        foreach (var resource in access.Resources)
            if (resource.Split('/') is [var type, var id] && await store.Read(type, id, filter, stop) is not null) own.Add(resource);
        long[] compartments = [.. access.Compartments.Where(filter.Compartments.Contains)];
        return new(shown with { Query = null, Resources = own, Compartments = compartments }, await Patients(compartments, stop)) { Whole = access };
    }

    // A page of the portal is named by a word and not by what was asked.
    static string? Word(string? query) => query is not null && query.StartsWith("portal:", StringComparison.Ordinal) ? query : null;

    async Task<IReadOnlyList<string>> Patients(IReadOnlyList<long> compartments, CancellationToken stop) => compartments.Count == 0 ? [] : [.. (await store.References(compartments, stop)).Values];
}
