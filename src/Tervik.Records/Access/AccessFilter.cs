using System.Collections.Concurrent;
using System.Collections.Frozen;

namespace Tervik.Records.Access;

/// <summary>What a caller may see, as a value: the store knows no roles. It is applied inside every search step, on every read, and again on the output.</summary>
/// <remarks>A resource is visible when it is in one of the patient compartments that are open for its type, or in none and of one of <see cref="OpenTypes"/>;
/// bears none of <see cref="HiddenMarks"/>; and is within <see cref="Narrowing"/>.</remarks>
public sealed class AccessFilter
{
    /// <summary>The system itself: everything.</summary>
    public static AccessFilter Everything { get; } = new() { SeesAllPatients = true };
    /// <summary>Nothing.</summary>
    public static AccessFilter Nothing { get; } = new();

    readonly ConcurrentDictionary<string, long[]> byType = new(StringComparer.Ordinal);

    /// <summary>No restriction at all.</summary>
    public bool SeesEverything => SeesAllPatients && Narrowing is null && HiddenMarks.Length == 0;
    /// <summary>All compartments and all types, within <see cref="Narrowing"/>.</summary>
    public bool SeesAllPatients { get; init; }
    /// <summary>Keys (<see cref="Indexing.Keys.Reference"/> of <c>Patient/id</c>) of the patient compartments that are open for all types, ascending.</summary>
    public long[] Compartments { get; init; } = [];
    /// <summary>Compartments that are open for some types only.</summary>
    public IReadOnlyList<PartialAccess> Parts { get; init; } = [];
    /// <summary>Marks (<see cref="Indexing.Keys.Mark"/>) whose bearers do not exist for the caller.</summary>
    public long[] HiddenMarks { get; init; } = [];
    /// <summary>Types that may be seen when they are in no patient compartment (Practitioner, Organization, Location, ValueSet …).</summary>
    public FrozenSet<string> OpenTypes { get; init; } = [];
    /// <summary>What an application was granted; null for no narrowing.</summary>
    public Narrowing? Narrowing { get; init; }

    /// <summary>The compartments that are open for a type, ascending.</summary>
    public long[] CompartmentsFor(string type) => Parts.Count == 0 ? Compartments
        : byType.GetOrAdd(type, name => [.. Parts.Where(part => part.Types.Contains(name)).SelectMany(part => part.Compartments).Concat(Compartments).Distinct().Order()]);

    /// <summary>The compartments that are open for any type, ascending.</summary>
    public long[] AllCompartments => Parts.Count == 0 ? Compartments : byType.GetOrAdd("", _ => [.. Parts.SelectMany(part => part.Compartments).Concat(Compartments).Distinct().Order()]);

    /// <summary>Whether resources of a type with these compartments are open, marks and criteria of the narrowing aside.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="compartments">All compartments it is in.</param>
    public bool Sees(string type, ReadOnlySpan<long> compartments)
    {
        if (Narrowing is not null && Narrowing.For(type) is null) return false;
        if (SeesAllPatients) return true;
        if (compartments.IsEmpty) return OpenTypes.Contains(type);
        var open = CompartmentsFor(type);
        foreach (var compartment in compartments)
            if (Array.BinarySearch(open, compartment) >= 0) return true;
        return false;
    }
}

/// <summary>Compartments that are open for some types only: what a relation is about.</summary>
/// <param name="Types">Resource types.</param>
/// <param name="Compartments">Keys, ascending.</param>
public sealed record PartialAccess(FrozenSet<string> Types, long[] Compartments);

/// <summary>An interaction as CapabilityStatement names it; operations have their name with <c>$</c>.</summary>
/// <param name="Name">read, vread, update, patch, delete, history-instance, history-type, create, search-type, search-system, transaction, <c>$everything</c> …</param>
/// <param name="Type">Resource type, or null for the whole system.</param>
/// <param name="Id">Logical id, or null.</param>
public sealed record Interaction(string Name, string? Type, string? Id = null);

/// <summary>Who asks and what they may see: the answer to one request's question.</summary>
/// <param name="Agent">Reference of the person or client who asks, such as <c>Practitioner/7</c>; null for nobody.</param>
/// <param name="Filter">What may be seen.</param>
/// <param name="Refusal">Why the interaction is refused; null when it is permitted.</param>
public record Permission(string? Agent, AccessFilter Filter, Fault? Refusal);

/// <summary>One access. The log that patients read has an event of it for each patient concerned, with only what is theirs.</summary>
/// <param name="Agent">Who.</param>
/// <param name="Interaction">What was done.</param>
/// <param name="Query">Search parameters as understood, or null.</param>
/// <param name="Resources">What was given out or written.</param>
/// <param name="Status">HTTP status of the answer.</param>
public sealed record AccessEvent(string? Agent, Interaction Interaction, string? Query, IReadOnlyList<AccessedResource> Resources, int Status)
{
    /// <summary>Compartment keys of patients whom it concerns besides those whose resources it gave out.</summary>
    public IReadOnlyList<long> Patients { get; init; } = [];
}

/// <summary>What Records asks of Trust: the one decision, and the log. The direction of references is turned around here.</summary>
public interface IAccessControl
{
    /// <summary>Decides about a request before anything is read.</summary>
    ValueTask<Permission> Decide(Microsoft.AspNetCore.Http.HttpContext request, Interaction interaction, CancellationToken stop);
    /// <summary>Whether <paramref name="permission"/> covers writing a resource of this type with these compartments.</summary>
    Fault? MayWrite(Permission permission, Interaction interaction, ReadOnlySpan<long> compartments);
    /// <summary>Returns when the event is durable; the answer leaves after that.</summary>
    ValueTask Log(AccessEvent access, CancellationToken stop);
}
