using System.Globalization;
using System.Text.Json;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;
using Tervik.Trust.Relations;

namespace Tervik.Trust.Snooping;

/// <summary>Finds in the record what is known about a look.</summary>
public sealed class SnoopingFacts(RecordStore store, SearchEngine search, CareRelations care, StaffRegister staff)
{
    const int MostBookings = 200, MostIdentifiers = 10;
    const long BookingsUs = 7 * 24 * SnoopingRules.SpreeUs;

    /// <summary>Who the patient is, and what the record knows of the two.</summary>
    /// <returns>The patient's reference, null where the record is gone; and the facts.</returns>
    public async Task<(string? Patient, LookFacts Facts)> Of(Look look, CancellationToken stop)
    {
        var reference = (await store.References([look.Patient], stop)).GetValueOrDefault(look.Patient);
        if (reference is null) return (null, new(Contact.None));
        var units = (await staff.Of(look.Agent, stop)).Roles.Select(role => role.Organization).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var contact = SnoopingRules.ContactOf(look.AtUs, await Contacts(look.Agent, units, reference, stop));
        // Who treats somebody now needs no further reason.
        if (contact == Contact.Current) return (reference, new(contact));
        using var patient = await Read(reference, stop);
        using var professional = await Read(look.Agent, stop);
        if (patient is null || professional is null) return (reference, new(contact));
        return (reference, new(contact)
        {
            IsProminent = await IsProminent(patient.RootElement, reference, stop),
            IsSameName = Names(patient.RootElement).Intersect(Names(professional.RootElement)).Any(),
            IsSameAddress = Addresses(patient.RootElement).Intersect(Addresses(professional.RootElement)).Any(),
            IsColleague = await IsColleague(patient.RootElement, look.Agent, stop),
            IsOffDuty = SnoopingRules.IsOffDuty(look.AtUs, await Bookings(look, stop)),
        });
    }

    /// <summary>Visits and appointments of a patient with a professional, or with somebody of one of their units.</summary>
    async Task<List<(long, long)?>> Contacts(string agent, HashSet<string> units, string patient, CancellationToken stop)
    {
        var contacts = new List<(long, long)?>();
        foreach (var fact in await care.OfPatient(patient, stop))
            if (fact.Practitioner == agent || (await staff.Of(fact.Practitioner, stop)).Roles.Any(role => role.Organization is { } unit && units.Contains(unit)))
            {
                using var json = JsonDocument.Parse(fact.Body);
                contacts.Add(Times(json.RootElement));
            }
        return contacts;
    }

    async Task<List<(long, long)>> Bookings(Look look, CancellationToken stop)
    {
        var bookings = new List<(long, long)>();
        foreach (var (type, who) in ((string, string)[])[("Appointment", "actor"), ("Encounter", "participant")])
        {
            var found = await search.Search(new(type, [new(who, look.Agent), new("date", $"ge{Day(look.AtUs - BookingsUs)}"), new("date", $"le{Day(look.AtUs + BookingsUs)}"), new("_count", $"{MostBookings}")], Strict: true), AccessFilter.Everything, stop);
            foreach (var match in found.Matches)
            {
                using var json = JsonDocument.Parse(match.Body);
                if (Times(json.RootElement) is { } times) bookings.Add(times);
            }
        }
        return bookings;
    }

    /// <summary>From when to when an Encounter or an Appointment is; one that goes on has no end. Null where it has no times.</summary>
    static (long FromUs, long ToUs)? Times(JsonElement json)
    {
        var times = json.TryGetProperty("period", out var period) ? period : json;
        if (Moment(times, "start") is not { } from) return null;
        return (from, Moment(times, "end") ?? (json.TryGetProperty("status", out var status) && status.ValueEquals("in-progress") ? long.MaxValue / 2 : from));
    }

    static long? Moment(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && DateTimeOffset.TryParse(value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.Us() : null;

    static string Day(long us) => Clock.Time(us).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>A label CEL on the Patient, or a Flag with that code.</summary>
    async Task<bool> IsProminent(JsonElement patient, string reference, CancellationToken stop)
    {
        if (patient.TryGetProperty("meta", out var meta))
            foreach (var list in (string[])["security", "tag"])
                if (Items(meta, list).Any(IsCelebrity)) return true;
        foreach (var match in (await search.Search(new("Flag", [new("patient", reference), new("_count", "100")], Strict: true), AccessFilter.Everything, stop)).Matches)
        {
            using var flag = JsonDocument.Parse(match.Body);
            if (flag.RootElement.TryGetProperty("code", out var code) && Items(code, "coding").Any(IsCelebrity)) return true;
        }
        return false;
    }

    static bool IsCelebrity(JsonElement coding) => Text(coding, "code") == "CEL" && Text(coding, "system")?.StartsWith("http://terminology.hl7.org/CodeSystem/v3-", StringComparison.Ordinal) == true;

    /// <summary>The patient works where the professional does, or is the professional: the same person by an identifier, or by name and birth date.</summary>
    async Task<bool> IsColleague(JsonElement patient, string agent, CancellationToken stop)
    {
        var institutions = (await staff.Of(agent, stop)).Units;
        foreach (var person in await SamePerson(patient, stop))
            if (person == agent || (await staff.Of(person, stop)).Units.Overlaps(institutions)) return true;
        return false;
    }

    async Task<HashSet<string>> SamePerson(JsonElement patient, CancellationToken stop)
    {
        var persons = new HashSet<string>(StringComparer.Ordinal);
        foreach (var identifier in Items(patient, "identifier").Take(MostIdentifiers))
            if (Text(identifier, "system") is { } system && Text(identifier, "value") is { } value)
                foreach (var match in (await search.Search(new("Practitioner", [new("identifier", $"{SearchSyntax.Escape(system)}|{SearchSyntax.Escape(value)}")], Strict: true), AccessFilter.Everything, stop)).Matches) persons.Add($"Practitioner/{match.Id}");
        if (Text(patient, "birthDate") is not { } born || Items(patient, "name").FirstOrDefault() is not { ValueKind: JsonValueKind.Object } name || Text(name, "family") is not { } family) return persons;
        var given = Items(name, "given").Select(one => one.GetString()).FirstOrDefault();
        var found = await search.Search(new("Practitioner", [new("family:exact", SearchSyntax.Escape(family)), .. given is null ? [] : (KeyValuePair<string, string>[])[new("given:exact", SearchSyntax.Escape(given))], new("_count", "50")], Strict: true), AccessFilter.Everything, stop);
        foreach (var match in found.Matches)
        {
            using var json = JsonDocument.Parse(match.Body);
            if (Text(json.RootElement, "birthDate") == born) persons.Add($"Practitioner/{match.Id}");
        }
        return persons;
    }

    static IEnumerable<string> Names(JsonElement person) => Items(person, "name").Select(name => Folded(Text(name, "family"))).OfType<string>();

    static IEnumerable<string> Addresses(JsonElement person) => Items(person, "address").Where(address => Text(address, "use") != "work")
        .Select(address => Items(address, "line").FirstOrDefault() is { ValueKind: JsonValueKind.String } line ? Folded($"{line.GetString()} {Text(address, "postalCode")}") : null).OfType<string>();

    static string? Folded(string? text) => text is null ? null : new string([.. text.Where(char.IsLetterOrDigit)]).ToUpperInvariant() is { Length: > 0 } folded ? folded : null;

    async Task<JsonDocument?> Read(string reference, CancellationToken stop) =>
        reference.Split('/') is [var type, var id] && await store.Read(type, id, AccessFilter.Everything, stop) is { IsDeleted: false } stored ? JsonDocument.Parse(stored.Body) : null;

    static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    static JsonElement.ArrayEnumerator Items(JsonElement json, string name) => json.TryGetProperty(name, out var items) && items.ValueKind == JsonValueKind.Array ? items.EnumerateArray() : default;
}
