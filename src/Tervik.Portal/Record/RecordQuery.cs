using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.Portal.Record;

/// <summary>Reads what pages show of one patient's record, always under the reader's access filter.</summary>
sealed class RecordQuery(RecordStore store, SearchEngine search, TimeProvider clock)
{
    /// <summary>Who the record is about; null when there is no such patient or the reader may not see them.</summary>
    public async Task<(PatientHeader Header, StoredResource Stored)?> Patient(string id, AccessFilter filter, CancellationToken stop)
    {
        if (await store.Read("Patient", id, filter, stop) is not { IsDeleted: false } stored) return null;
        using var json = JsonDocument.Parse(stored.Body);
        return (PatientHeader.Read(json.RootElement, Today), stored);
    }

    /// <summary>The patient's compartment, for the log.</summary>
    public long Compartment(string id) => store.Keys.Reference($"Patient/{id}");

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

    /// <summary>Parses a resource just long enough to take from it what is shown.</summary>
    public static T Take<T>(StoredResource stored, Func<JsonElement, T> take)
    {
        using var json = JsonDocument.Parse(stored.Body);
        return take(json.RootElement);
    }

    public static RecordEntry Entry(StoredResource stored) => Take(stored, json => RecordEntry.Read(stored.Type, stored.Id, json));

    public static IEnumerable<Result> Results(StoredResource stored) => Take(stored, json => Result.Read(stored.Id, json).ToList());
}
