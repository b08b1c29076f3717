using System.Text.Json;
using Tervik.Records.Access;
using Tervik.Records.Resources;

namespace Tervik.Records.Rest;

/// <summary>The id of a Patient or Practitioner stays that person's: it stands for their account, in the log, and in what others allowed them. Who was deleted by mistake comes back under it; nobody else does.</summary>
static class PersonIds
{
    /// <summary>Refuses to write somebody under the id of another person who was deleted: they share no identifier.</summary>
    /// <param name="store">Where.</param>
    /// <param name="type">Resource type; others than those of persons are not looked at.</param>
    /// <param name="id">Under which id.</param>
    /// <param name="sent">Who is to be written.</param>
    /// <param name="stop">Stops waiting.</param>
    /// <exception cref="FaultException">409.</exception>
    public static async ValueTask Check(RecordStore store, string type, string id, JsonElement sent, CancellationToken stop)
    {
        if (type is not ("Patient" or "Practitioner") || await store.Read(type, id, AccessFilter.Everything, stop) is not { IsDeleted: true } deleted) return;
        // What was shredded has no version to compare with.
        if (await store.ReadVersion(type, id, deleted.Version - 1, AccessFilter.Everything, stop) is { IsDeleted: false } last)
        {
            using var before = JsonDocument.Parse(last.Body);
            if (Identifiers(before.RootElement).Overlaps(Identifiers(sent))) return;
        }
        throw new FaultException(new Fault(FaultKind.Conflict, "conflict", $"{type}.identifier", $"{type}/{id} was deleted; its id is not given to another person. To bring the same person back, send one of the identifiers that the last version had; for somebody else, let the server choose an id (POST)."));
    }

    static HashSet<(string?, string)> Identifiers(JsonElement person)
    {
        var found = new HashSet<(string?, string)>();
        if (person.TryGetProperty("identifier"u8, out var all) && all.ValueKind == JsonValueKind.Array)
            foreach (var one in all.EnumerateArray())
                if (one.ValueKind == JsonValueKind.Object && one.TryGetProperty("value"u8, out var value) && value.GetString() is { Length: > 0 } text)
                    found.Add((one.TryGetProperty("system"u8, out var system) ? system.GetString() : null, text));
        return found;
    }
}
