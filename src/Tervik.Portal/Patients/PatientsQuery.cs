using System.Globalization;
using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.Portal.Patients;

/// <summary>One patient of the list.</summary>
/// <param name="Header">Who.</param>
/// <param name="Last">Last encounter that has begun, or null.</param>
/// <param name="Next">Next appointment, or null.</param>
public sealed record PatientLine(PatientHeader Header, RecordEntry? Last, RecordEntry? Next);

/// <summary>A page of the professional's patients.</summary>
/// <param name="Name">What was searched for.</param>
/// <param name="Lines">In the order of their names.</param>
/// <param name="Total">How many there are in all.</param>
/// <param name="Next">Cursor of the next page, or null.</param>
/// <param name="Previous">Cursor of the page before, or null.</param>
public sealed record PatientList(string Name, IReadOnlyList<PatientLine> Lines, long? Total, string? Next, string? Previous);

/// <summary>Reads the list. Whose patients they are is not asked here: the access filter lets no others through.</summary>
sealed class PatientsQuery(SearchEngine search, RecordQuery record)
{
    const int PageSize = 20;

    public async Task<(PatientList List, IReadOnlyList<StoredResource> Read)> Load(string name, string? cursor, AccessFilter filter, CancellationToken stop)
    {
        List<KeyValuePair<string, string>> parameters = [new("_count", $"{PageSize}"), new("_sort", "family,given"), new("_total", "accurate")];
        foreach (var word in name.Split(' ', StringSplitOptions.RemoveEmptyEntries)) parameters.Add(new("name", Escaped(word)));
        var page = await search.Search(new("Patient", parameters) { Cursor = cursor }, filter, stop);
        List<StoredResource> read = [.. page.Matches];
        var lines = new List<PatientLine>();
        var today = record.Today.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        foreach (var patient in page.Matches)
            lines.Add(new(RecordQuery.Take(patient, json => PatientHeader.Read(json, record.Today)),
                await One(patient.Id, "Encounter", $"le{today}", "-date"), await One(patient.Id, "Appointment", $"ge{today}", "date")));
        return (new(name, lines, page.Total, page.NextCursor, page.PreviousCursor), read);

        async Task<RecordEntry?> One(string id, string type, string date, string sort)
        {
            var found = await record.Find(id, type, filter, stop, ("date", date), ("_sort", sort), ("_count", "1"));
            read.AddRange(found);
            return found.Count > 0 ? RecordQuery.Entry(found[0]) : null;
        }
    }

    static string Escaped(string word) => word.Replace("\\", "\\\\").Replace(",", "\\,").Replace("|", "\\|").Replace("$", "\\$");
}
