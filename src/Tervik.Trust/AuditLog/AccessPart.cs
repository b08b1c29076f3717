using Tervik.Records.Access;

namespace Tervik.Trust.AuditLog;

/// <summary>What one access gave of one patient: one event of the log.</summary>
/// <param name="Patient">Compartment key; null where nobody's data was given.</param>
/// <param name="Resources"><c>Type/id</c>, each once.</param>
sealed record AccessPart(long? Patient, IReadOnlyCollection<string> Resources)
{
    /// <summary>Each patient concerned once, with only what is theirs. What is nobody's goes with the only patient; beside several it is an event of its own, so that each sees nothing of the others.</summary>
    public static IReadOnlyList<AccessPart> Of(AccessEvent access)
    {
        // Most accesses are of one resource.
        if (access is { Patients.Count: 0, Resources: [{ Compartments.Count: <= 1 } only] }) return [new(only.Compartments is [var whose] ? whose : null, [only.Name])];

        var (parts, nobodys) = (new OrderedDictionary<long, HashSet<string>>(), new HashSet<string>(StringComparer.Ordinal));
        foreach (var patient in access.Patients) parts.TryAdd(patient, new(StringComparer.Ordinal));
        foreach (var (name, compartments) in access.Resources)
        {
            if (compartments.Count == 0) nobodys.Add(name);
            foreach (var patient in compartments)
            {
                if (!parts.TryGetValue(patient, out var names)) parts.Add(patient, names = new(StringComparer.Ordinal));
                names.Add(name);
            }
        }
        if (parts.Count == 0) return [new(null, nobodys)];
        if (parts.Count == 1) parts.GetAt(0).Value.UnionWith(nobodys);
        else if (nobodys.Count > 0) return [.. parts.Select(part => new AccessPart(part.Key, part.Value)), new(null, nobodys)];
        return [.. parts.Select(part => new AccessPart(part.Key, part.Value))];
    }
}
