using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.Portal.Access;

/// <summary>Somebody of the health service, as patients are told.</summary>
/// <param name="Reference"><c>Practitioner/id</c>.</param>
/// <param name="Name">In one line.</param>
/// <param name="Role">What they are, in words, or null.</param>
/// <param name="Unit">Name of the institution or unit, or null.</param>
/// <param name="Institution"><c>Organization/id</c> of it, or null.</param>
public sealed record Staff(string Reference, string Name, string? Role, string? Unit, string? Institution)
{
    /// <summary>Role and unit in one line; null when neither is known.</summary>
    public string? Position => string.Join(", ", new[] { Role, Unit }.OfType<string>()) is { Length: > 0 } words ? words : null;
}

/// <summary>Reads who somebody is from the directory, which everyone may see.</summary>
sealed class StaffQuery(RecordStore store, SearchEngine search)
{
    /// <summary>Name, role and unit of <c>Practitioner/id</c>; its reference where nothing is known.</summary>
    public async Task<Staff> Of(string reference, CancellationToken stop)
    {
        if (await Read(reference, stop) is not { } person) return new(reference, reference, null, null, null);
        var name = person.Take(Names.OfPerson);
        var qualification = person.Take(json => Codes.Write(json.FirstAt("qualification").At("code")));
        var roles = await search.Search(new("PractitionerRole", [new("practitioner", reference), new("_count", "10")], Strict: true), AccessFilter.Everything, stop);
        foreach (var role in roles.Matches.OrderBy(role => role.Take(json => json.At("active").ValueKind == JsonValueKind.False)))
        {
            var (words, unit, institution) = role.Take(json => (Codes.First(json, "code") ?? Codes.First(json, "specialty"), json.At("organization").TextAt("display"), json.At("organization").TextAt("reference")));
            return new(reference, name, words ?? qualification, unit ?? (institution is null ? null : await NameOf(institution, stop)), institution);
        }
        return new(reference, name, qualification, null, null);
    }

    /// <summary>Name of a person or institution; null when there is none of this reference.</summary>
    public async Task<string?> NameOf(string reference, CancellationToken stop) => await Read(reference, stop) is not { } stored ? null
        : stored.Take(json => stored.Type == "Organization" ? json.TextAt("name") ?? json.TextAt("id") ?? reference : Names.OfPerson(json));

    // A name is no access to a record; whose name it is, is what the page is about.
    async Task<StoredResource?> Read(string reference, CancellationToken stop) =>
        reference.Split('/') is [("Practitioner" or "Organization" or "Patient") and var type, var id] && await store.Read(type, id, AccessFilter.Everything, stop) is { IsDeleted: false } stored ? stored : null;
}
