using System.Collections.Frozen;
using System.Globalization;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Portal.Today;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.Portal.Patients;

/// <summary>One patient of the list.</summary>
/// <param name="Header">Who.</param>
/// <param name="Last">Last encounter that has begun, or null.</param>
/// <param name="Next">Next appointment, or null.</param>
public sealed record PatientLine(PatientHeader Header, RecordEntry? Last, RecordEntry? Next);

/// <summary>Which patients, in which order.</summary>
/// <param name="Text">Part of a name, or a whole number; empty for all.</param>
/// <param name="Show">One of <see cref="PatientsQuery.Shows"/>.</param>
/// <param name="Sort">One of <see cref="PatientsQuery.Sorts"/>.</param>
public sealed record PatientsWanted(string Text, string Show, string Sort);

/// <summary>A page of the professional's patients.</summary>
/// <param name="Wanted">What was asked for.</param>
/// <param name="Lines">In order.</param>
/// <param name="Total">How many there are in all.</param>
/// <param name="Next">Cursor of the next page, or null.</param>
/// <param name="Previous">Cursor of the page before, or null.</param>
public sealed record PatientList(PatientsWanted Wanted, IReadOnlyList<PatientLine> Lines, long? Total, string? Next, string? Previous);

/// <summary>Reads the list in a few searches, however many patients there are. Whose patients they are is not asked here: the access filter lets no others through.</summary>
sealed class PatientsQuery(SearchEngine search, RecordQuery record, DutyQuery duties)
{
    const int PageSize = 20, MostOfADay = 500;
    /// <summary>Encounters are read in parts of this size, newest first, until each patient of the page has one; most have it in the first.</summary>
    const int PartSize = 100, MostParts = 6;

    /// <summary>What can be shown.</summary>
    public static readonly string[] Shows = ["all", "today", "hospital"];
    /// <summary>Orders, and the sort of the search.</summary>
    public static readonly FrozenDictionary<string, string> Sorts = new Dictionary<string, string> { ["name"] = "family,given", ["oldest"] = "birthdate", ["youngest"] = "-birthdate" }.ToFrozenDictionary();

    public async Task<(PatientList List, IReadOnlyList<StoredResource> Read)> Load(PatientsWanted wanted, SignedIn person, string? cursor, AccessFilter filter, CancellationToken stop)
    {
        List<(string, string)> parameters = [.. Criteria(wanted.Text), ("_sort", Sorts[wanted.Sort]), ("_count", $"{PageSize}"), ("_total", "accurate")];
        if (wanted.Show != "all")
        {
            var ids = await (wanted.Show == "today" ? OfToday(person, filter, stop) : InHospital(filter, stop));
            if (ids.Count == 0) return (new(wanted, [], 0, null, null), []);
            parameters.Add(("_id", string.Join(',', ids)));
        }
        var page = await search.Search(new("Patient", [.. parameters.Select(parameter => KeyValuePair.Create(parameter.Item1, parameter.Item2))]) { Cursor = cursor }, filter, stop);
        string[] found = [.. page.Matches.Select(patient => patient.Id)];
        var today = RecordQuery.Day(record.Today);
        using var read = new ParsedRecord();
        var last = await FirstOfEach(found, "Encounter", $"le{today}", "-date", read, filter, stop);
        var next = await FirstOfEach(found, "Appointment", $"ge{today}", "date", read, filter, stop);
        var lines = read.Add(page.Matches).Select(patient => new PatientLine(PatientHeader.Read(patient.Json, record.Today), last.GetValueOrDefault(patient.Stored.Id), next.GetValueOrDefault(patient.Stored.Id)));
        return (new(wanted, [.. lines], page.Total, page.NextCursor, page.PreviousCursor), read.Read);
    }

    /// <summary>What somebody typed as criteria on Patient: a word with a digit is a number and must be the whole of it, others begin a name.</summary>
    public static IEnumerable<(string Name, string Value)> Criteria(string text) => text.Any(char.IsAsciiDigit)
        ? [("identifier", SearchSyntax.Escape(text))]
        : text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => ("name", SearchSyntax.Escape(word)));

    // Reads the first entry of each patient by date: those who have one drop out, and the search goes on for the others.
    async Task<Dictionary<string, RecordEntry>> FirstOfEach(IReadOnlyList<string> patients, string type, string date, string sort, ParsedRecord read, AccessFilter filter, CancellationToken stop)
    {
        var first = new Dictionary<string, RecordEntry>(StringComparer.Ordinal);
        var waiting = patients.ToHashSet(StringComparer.Ordinal);
        for (var part = 0; part < MostParts && waiting.Count > 0; part++)
        {
            var found = (await record.Everywhere(type, filter, stop, ("patient", string.Join(',', waiting.Select(id => $"Patient/{id}"))), ("date", date), ("_sort", sort), ("_count", $"{PartSize}"))).Matches;
            foreach (var stored in found)
            {
                var (patient, status) = stored.Take(json => (RecordQuery.PatientOf(json), json.TextAt("status")));
                if (patient is null || status is "cancelled" or "entered-in-error" or "noshow" || !waiting.Remove(patient)) continue;
                first[patient] = read.Add([stored])[0].Entry;
            }
            if (found.Count < PartSize) break;
        }
        return first;
    }

    async Task<IReadOnlyList<string>> OfToday(SignedIn person, AccessFilter filter, CancellationToken stop)
    {
        var actors = string.Join(',', (await duties.Load(person, filter, stop)).Actors);
        var (from, before) = ($"ge{RecordQuery.Day(record.Today)}", $"lt{RecordQuery.Day(record.Today.AddDays(1))}");
        var booked = await record.Everywhere("Appointment", filter, stop, ("actor", actors), ("date", from), ("date", before), ("status", "pending,booked,arrived,checked-in,fulfilled"), ("_count", $"{MostOfADay}"));
        var seen = await record.Everywhere("Encounter", filter, stop, ("participant", actors), ("date", from), ("date", before), ("_count", $"{MostOfADay}"));
        return Of(booked.Matches.Concat(seen.Matches));
    }

    async Task<IReadOnlyList<string>> InHospital(AccessFilter filter, CancellationToken stop) =>
        Of((await record.Everywhere("Encounter", filter, stop, ("status", Standing.RunningStates), ("class", "IMP,ACUTE,NONAC,OBSENC,SS"), ("_count", $"{MostOfADay}"))).Matches);

    static List<string> Of(IEnumerable<StoredResource> found) => [.. found.Select(stored => stored.Take(RecordQuery.PatientOf)).OfType<string>().Distinct()];
}
