using System.Text.Json;
using Tervik.Care.Messages;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;
using Tervik.Trust.Decision;
using Tervik.Trust.Relations;

namespace Tervik.Portal.Messages;

/// <summary>Somebody a message can be addressed to.</summary>
/// <param name="Who">Reference and name, as they stand in the message.</param>
/// <param name="Words">As the list shows it.</param>
/// <param name="Group">Words of its group in the list.</param>
public sealed record Recipient(Correspondent Who, string Words, string Group);

/// <summary>To whom messages about a patient go: those who treat them, the patient, and for professionals everybody in the directory.</summary>
/// <remarks>Whether an addressee may see the record is Trust's to say when they look, and is not told to who writes: a patient's choice would show in it. A patient is offered nobody to whom their own record is closed.</remarks>
sealed class Recipients(RecordQuery record, RecordStore store, CareRelations care, ProfessionalAccess professionals)
{
    const int MostAround = 60, MostFound = 20;

    /// <summary>Those the list begins with.</summary>
    public async Task<List<Recipient>> Around(PatientHeader patient, SignedIn person, Party party, AccessFilter filter, CancellationToken stop)
    {
        var around = await care.Around($"Patient/{patient.Id}", stop);
        var wanted = around.Where(one => one.Scope is null && !party.Is(one.Who)).Select(one => one.Who).Distinct(StringComparer.Ordinal).Take(MostAround).ToList();
        var offered = new List<Recipient>();
        if (person.IsProfessional) offered.Add(new(new($"Patient/{patient.Id}", patient.Name), patient.Name, "to the patient"));
        var compartment = record.Compartment(patient.Id);
        foreach (var reference in wanted)
        {
            if (!person.IsProfessional && reference.StartsWith("Practitioner/", StringComparison.Ordinal) && !(await professionals.Of(reference, stop)).Seeing.Sees("Communication", [compartment])) continue;
            if (await Find(reference, filter, stop) is { } who) offered.Add(new(who, who.Name, reference.StartsWith("Organization/", StringComparison.Ordinal) ? "to a unit" : "to who treats"));
        }
        var generals = await record.Patient(patient.Id, filter, stop) is var (_, stored) ? stored.Take(json => json.ItemsAt("generalPractitioner").Select(one => one.TextAt("reference")).OfType<string>().ToHashSet()) : [];
        return [.. offered.OrderBy(one => one.Group switch { "to the patient" => 0, "to who treats" => 1, _ => 2 }).ThenBy(one => generals.Contains(one.Who.Reference) ? 0 : 1).ThenBy(one => one.Words, StringComparer.CurrentCulture)
            .Select(one => generals.Contains(one.Who.Reference) ? one with { Words = $"{one.Words} ({Words.Of("General practitioner")})" } : one)];
    }

    /// <summary>People, roles and units of the directory by words of their name, specialty or place.</summary>
    public async Task<List<Recipient>> Search(string text, Party party, AccessFilter filter, CancellationToken stop)
    {
        (string, string)[] Named(string parameter) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(4).Select(word => (parameter, SearchSyntax.Escape(word))), ("_count", $"{MostFound}")];
        var people = (await record.Everywhere("Practitioner", filter, stop, Named("name"))).Matches;
        var roles = people.Count == 0 ? [] : (await record.Everywhere("PractitionerRole", filter, stop, ("practitioner", string.Join(',', people.Select(one => $"Practitioner/{one.Id}"))), ("_count", "100"))).Matches;
        var units = (await record.Everywhere("Organization", filter, stop, Named("name:contains"))).Matches;
        var bySpecialty = (await record.Everywhere("PractitionerRole", filter, stop, Named("specialty:text"))).Matches;
        var found = new List<Recipient>();
        foreach (var one in people)
        {
            var reference = $"Practitioner/{one.Id}";
            var role = roles.Where(role => role.Take(json => json.At("practitioner").TextAt("reference") == reference)).Select(role => role.Take(WordsOfRole)).FirstOrDefault();
            var name = one.Take(Names.OfPerson);
            found.Add(new(new(reference, name), role is null ? name : $"{name}, {role}", "to a person"));
        }
        foreach (var one in units)
            if (one.Take(Names.OfPerson) is var name) found.Add(new(new($"Organization/{one.Id}", name), name, "to a unit"));
        foreach (var one in bySpecialty.Where(one => one.Take<bool>(IsActive)))
            if (one.Take(NameOfRole) is var name) found.Add(new(new($"PractitionerRole/{one.Id}", name), name, "to a role"));
        return [.. found.Where(one => !party.Standing.Contains(one.Who.Reference) || one.Who.Reference.StartsWith("Organization/", StringComparison.Ordinal))];
    }

    /// <summary>Who a reference names; null when it is nobody a message can go to.</summary>
    public async Task<Correspondent?> Find(string reference, AccessFilter filter, CancellationToken stop)
    {
        if (reference.Split('/') is not [var type and ("Practitioner" or "PractitionerRole" or "Organization"), { Length: > 0 } id] || await store.Read(type, id, filter, stop) is not { IsDeleted: false } stored || !stored.Take<bool>(IsActive)) return null;
        return new(reference, stored.Take(json => type == "PractitionerRole" ? NameOfRole(json) : Names.OfPerson(json)));
    }

    static bool IsActive(JsonElement json) => json.At("active").ValueKind != JsonValueKind.False;
    static string WordsOfRole(JsonElement role) => string.Join(", ", new[] { Codes.First(role, "specialty") ?? Codes.First(role, "code"), role.At("organization").TextAt("display") }.OfType<string>());
    static string NameOfRole(JsonElement role) => string.Join(", ", new[] { Codes.First(role, "specialty") ?? Codes.First(role, "code"), role.At("organization").TextAt("display"), role.At("practitioner").TextAt("display") }.OfType<string>());
}

/// <summary>The form that passes a thread on.</summary>
/// <param name="Thread">Which.</param>
/// <param name="Offered">To whom.</param>
/// <param name="Sought">What was looked for.</param>
public sealed record HandOverModel(ThreadModel Thread, IReadOnlyList<Recipient> Offered, string Sought);
