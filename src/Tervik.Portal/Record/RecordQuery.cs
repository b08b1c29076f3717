using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.Portal.Record;

/// <summary>Reads what pages show of one patient's record, always under the reader's access filter.</summary>
sealed class RecordQuery(RecordStore store, SearchEngine search, TimeProvider clock)
{
    /// <summary>A record names a few hundred people and places at most; each costs a read.</summary>
    const int MostNames = 500;

    /// <summary>Who the record is about; null when there is no such patient or the reader may not see them.</summary>
    public async Task<(PatientHeader Header, StoredResource Stored)?> Patient(string id, AccessFilter filter, CancellationToken stop)
    {
        if (await store.Read("Patient", id, filter, stop) is not { IsDeleted: false } stored) return null;
        using var json = JsonDocument.Parse(stored.Body);
        return (PatientHeader.Read(json.RootElement, Today), stored);
    }

    /// <summary>The patient's compartment, for the log.</summary>
    public long Compartment(string id) => store.Keys.Reference($"Patient/{id}");

    /// <summary>On the server's clock, with the offset of its zone.</summary>
    public DateTimeOffset Now => clock.GetLocalNow();

    public DateTime Today => clock.GetLocalNow().DateTime;

    /// <summary>Entries of one type that concern the patient.</summary>
    /// <param name="patient">Logical id.</param>
    /// <param name="type">Resource type.</param>
    /// <param name="filter">What the reader may see.</param>
    /// <param name="stop">Stops the search.</param>
    /// <param name="parameters">Further search parameters.</param>
    public async Task<IReadOnlyList<StoredResource>> Find(string patient, string type, AccessFilter filter, CancellationToken stop, params (string Name, string Value)[] parameters)
    {
        List<KeyValuePair<string, string>> all = [new("patient", $"Patient/{patient}"), .. parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value))];
        return (await search.Search(new(type, all, Strict: true), filter, stop)).Matches;
    }

    /// <summary>Entries of several types that concern the patient, in one search.</summary>
    /// <param name="patient">Logical id.</param>
    /// <param name="types">Resource types, separated by commas.</param>
    /// <param name="filter">What the reader may see.</param>
    /// <param name="stop">Stops the search.</param>
    /// <param name="parameters">Further search parameters; each type must have them.</param>
    public async Task<IReadOnlyList<StoredResource>> Across(string patient, string types, AccessFilter filter, CancellationToken stop, params (string Name, string Value)[] parameters)
    {
        List<KeyValuePair<string, string>> all = [new("_type", types), new("patient", $"Patient/{patient}"), .. parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value))];
        return (await search.Search(new(null, all, Strict: true), filter, stop)).Matches;
    }

    /// <summary>Entries of one type in the records of all patients whom the reader may see.</summary>
    public Task<SearchPage> Everywhere(string? type, AccessFilter filter, CancellationToken stop, params (string Name, string Value)[] parameters) =>
        search.Search(new(type, [.. parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value))], Strict: true), filter, stop);

    /// <summary>The same, from a page on.</summary>
    /// <param name="cursor">Of the page; null for the first.</param>
    public Task<SearchPage> Everywhere(string? cursor, string? type, AccessFilter filter, CancellationToken stop, params (string Name, string Value)[] parameters) =>
        search.Search(new(type, [.. parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value))], Strict: true) { Cursor = cursor }, filter, stop);

    /// <summary>The same, page after page.</summary>
    public IAsyncEnumerable<StoredResource> All(string type, AccessFilter filter, CancellationToken stop, params (string Name, string Value)[] parameters) =>
        search.All(new(type, [.. parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value))], Strict: true), filter, stop);

    /// <summary>These patients, as far as the reader may see them, by their id.</summary>
    public async Task<Dictionary<string, (PatientHeader Header, StoredResource Stored)>> Patients(IEnumerable<string> ids, AccessFilter filter, CancellationToken stop)
    {
        string[] wanted = [.. ids.Distinct()];
        if (wanted.Length == 0) return [];
        var found = await Everywhere("Patient", filter, stop, ("_id", string.Join(',', wanted)), ("_count", wanted.Length.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        return found.Matches.ToDictionary(stored => stored.Id, stored => (stored.Take(json => PatientHeader.Read(json, Today)), stored), StringComparer.Ordinal);
    }

    /// <summary>A day as searches write it.</summary>
    public static string Day(DateTime day) => day.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The patient that a resource is about; null when it is about none. Absolute references of the same patient count as well.</summary>
    public static string? PatientOf(JsonElement resource)
    {
        foreach (var name in (ReadOnlySpan<string>)["subject", "patient", "for"])
            if (PatientId(resource.At(name)) is { } id) return id;
        foreach (var participant in resource.ItemsAt("participant"))
            if (PatientId(participant.At("actor")) is { } id) return id;
        return null;
    }

    static string? PatientId(JsonElement reference) => reference.TextAt("reference")?.Split('/') switch
    {
        [.., "Patient", var id] => id,
        [.., "Patient", var id, "_history", _] => id,
        _ => null,
    };

    /// <summary>Like <see cref="Find"/>, page after page, until all are there or <paramref name="most"/>.</summary>
    /// <returns>What was found, and whether there is more.</returns>
    public async Task<(List<StoredResource> Found, bool IsCut)> FindAll(string patient, string type, int most, AccessFilter filter, CancellationToken stop, params (string Name, string Value)[] parameters)
    {
        List<KeyValuePair<string, string>> all = [new("patient", $"Patient/{patient}"), .. parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value)), new("_count", "1000")];
        var found = new List<StoredResource>();
        for (string? cursor = null; ;)
        {
            var page = await search.Search(new(type, all, Strict: true) { Cursor = cursor }, filter, stop);
            found.AddRange(page.Matches);
            cursor = page.NextCursor;
            if (cursor is null || page.Matches.Count == 0) return (found, false);
            if (found.Count >= most) return (found, true);
        }
    }

    /// <summary>Names of people, organizations and places that entries refer to without saying their names; those the reader may not see are left out.</summary>
    /// <param name="references">Relative references.</param>
    /// <param name="filter">What the reader may see.</param>
    /// <param name="stop">Stops reading.</param>
    public async Task<Dictionary<string, string>> NamesOf(IEnumerable<string> references, AccessFilter filter, CancellationToken stop)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var reference in references.Distinct(StringComparer.Ordinal).Take(MostNames))
            if (reference.Split('/') is [var type and ("Practitioner" or "PractitionerRole" or "Organization" or "Location" or "CareTeam" or "RelatedPerson"), var id]
                && await store.Read(type, id, filter, stop) is { IsDeleted: false } stored)
                names[reference] = stored.Take(json => type is "PractitionerRole" ? json.At("practitioner").TextAt("display") ?? id : Names.OfPerson(json));
        return names;
    }

    public static RecordEntry Entry(StoredResource stored) => stored.Take(json => RecordEntry.Read(stored.Type, stored.Id, json));

    /// <param name="stored">An Observation.</param>
    /// <param name="of">Whose, to choose between reference ranges.</param>
    public static IReadOnlyList<Result> Results(StoredResource stored, MeasuredPerson of = default) => stored.Take(json => Result.Read(stored.Id, json, of).ToList());
}
