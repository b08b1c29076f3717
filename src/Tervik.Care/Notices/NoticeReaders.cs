using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Search;
using Tervik.Trust;
using Tervik.Trust.Consent;
using Tervik.Trust.Identity;
using Tervik.Trust.Relations;

namespace Tervik.Care.Notices;

/// <summary>Whom to tell of what happened in a record, and whether they may see it: Trust decides as if they had asked.</summary>
public sealed class NoticeReaders(RecordStore store, SearchEngine search, FamilyRelations family, Sharing sharing, TimeProvider clock, IAccessControl control)
{
    const string MostFound = "50";

    /// <summary>The patient, of a child those who have custody, and the adults who book for the patient.</summary>
    /// <param name="patient">Logical id.</param>
    /// <param name="stop">Stops it.</param>
    public async Task<IReadOnlyList<string>> Around(string patient, CancellationToken stop)
    {
        var nowUs = clock.NowUs();
        List<string> people = [$"Patient/{patient}", .. (await sharing.Of($"Patient/{patient}", stop)).Where(choice => choice.Books && choice.HoldsAt(nowUs)).Select(choice => choice.Actor).Distinct()];
        var relatives = await search.Search(new("RelatedPerson", [new("patient", $"Patient/{patient}"), new("_count", MostFound)], Strict: true), AccessFilter.Everything, stop);
        foreach (var relative in relatives.Matches)
        {
            List<(string System, string Value)> numbers;
            using (var json = JsonDocument.Parse(relative.Body)) numbers = [.. FamilyRelations.NationalNumbers(json.RootElement)];
            foreach (var (system, value) in numbers)
                foreach (var one in (await search.Search(new("Patient", [new("identifier", $"{SearchSyntax.Escape(system)}|{SearchSyntax.Escape(value)}"), new("_count", MostFound)], Strict: true), AccessFilter.Everything, stop)).Matches)
                    // Whether it is custody, and still, says the one who decides about it.
                    if (!people.Contains($"Patient/{one.Id}") && (await family.Of($"Patient/{one.Id}", stop)).Any(member => member.Patient == $"Patient/{patient}" && member.Kind == FamilyKind.Guardian)) people.Add($"Patient/{one.Id}");
        }
        return people;
    }

    /// <summary>A resource, if this person may see it now; null when not.</summary>
    /// <param name="person"><c>Patient/id</c> or <c>Practitioner/id</c>.</param>
    /// <param name="about"><c>Type/id</c>.</param>
    /// <param name="stop">Stops it.</param>
    public async Task<StoredResource?> Seen(string person, string about, CancellationToken stop)
    {
        if (about.Split('/') is not [var type, var id] || Principal.KindOf(person) is not { } kind || person.Split('/') is not [var own, var self] || await store.Read(own, self, AccessFilter.Everything, stop) is not { IsDeleted: false }) return null;
        var request = new DefaultHttpContext();
        Identification.Admit(request, new(kind, person, Scope.Read));
        var permission = await control.Decide(request, new("read", type, id), stop);
        return permission.Refusal is null && await store.Read(type, id, permission.Filter, stop) is { IsDeleted: false } stored ? stored : null;
    }

    /// <summary>Whether a message is read by a person: its thread no longer names them, or the patient they stand for, among those who have not.</summary>
    public static bool IsRead(StoredResource thread, string person, string patient)
    {
        using var json = JsonDocument.Parse(thread.Body);
        return !json.RootElement.At("meta").ItemsAt("tag").Any(tag => tag.TextAt("system") == Messages.MessageCodes.Unread && tag.TextAt("code") is { } unread && (unread == person || person.StartsWith("Patient/", StringComparison.Ordinal) && unread == $"Patient/{patient}"));
    }
}
