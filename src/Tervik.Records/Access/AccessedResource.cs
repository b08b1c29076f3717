using Tervik.Records.Resources;

namespace Tervik.Records.Access;

/// <summary>A resource that was given out or written, and whose it is.</summary>
/// <param name="Name"><c>Type/id</c>.</param>
/// <param name="Compartments">Keys of the patients whose it is; empty for what is nobody's, such as a Practitioner.</param>
public readonly record struct AccessedResource(string Name, IReadOnlyList<long> Compartments)
{
    /// <summary>Stored versions as the log wants them.</summary>
    public static IReadOnlyList<AccessedResource> Of(RecordStore store, IEnumerable<StoredResource> resources) =>
        [.. resources.Select(resource => new AccessedResource($"{resource.Type}/{resource.Id}", store.CompartmentsOf(resource)))];
}
