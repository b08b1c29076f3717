using System.Globalization;
using Tervik.Portal.Patients;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Records.Resources;

namespace Tervik.Portal.Go;

/// <summary>Somewhere to go.</summary>
/// <param name="Group">Words key of its heading: <c>Patients</c>, <c>This record</c>, <c>Places</c>.</param>
/// <param name="Title">In words.</param>
/// <param name="Detail">More, or null.</param>
/// <param name="Path">Where.</param>
public sealed record GoHit(string Group, string Title, string? Detail, string Path);

/// <summary>What was asked, and where it leads.</summary>
/// <param name="Text">As typed.</param>
/// <param name="About">The patient whose record was open, or null.</param>
/// <param name="Hits">Patients first.</param>
public sealed record GoModel(string Text, string? About, IReadOnlyList<GoHit> Hits);

/// <summary>Finds patients by name or number, pages of the present record, and places. Only patients of the reader are found: the access filter lets no others through.</summary>
sealed class GoQuery(RecordQuery record)
{
    const int MostPatients = 8;
    /// <summary>Of a name in Latin letters; one letter of Korean is a family name.</summary>
    const int ShortestName = 2;

    static readonly (string Words, string Path)[] Places = [("My day", "/today"), ("My patients", "/patients"), ("Tasks", "/tasks"), ("Look somebody up", "/look-up"), ("Reviews", "/reviews"), ("Account", "/account")];

    /// <param name="text">Words or a number.</param>
    /// <param name="about">Patient whose record is open, or null.</param>
    /// <param name="filter">What the reader may see.</param>
    /// <param name="stop">Stops the search.</param>
    public async Task<(GoModel Model, IReadOnlyList<StoredResource> Read)> Find(string text, string? about, AccessFilter filter, CancellationToken stop)
    {
        var hits = new List<GoHit>();
        var read = await Patients(text, filter, stop);
        foreach (var stored in read)
        {
            var header = stored.Take(json => PatientHeader.Read(json, record.Today));
            var detail = string.Join(" · ", new[] { header.Born?.Short, header.MainIdentifier }.OfType<string>());
            hits.Add(new("Patients", header.Name, detail.Length > 0 ? detail : null, $"/patients/{Uri.EscapeDataString(header.Id)}"));
        }
        if (about is not null)
            foreach (var (group, ways) in RecordWays.Of(RecordWays.Face.Professional))
                foreach (var way in ways)
                    hits.Add(new("This record", way.Key == "summary" ? Words.Of("Chart") : Words.Of($"page {way.Key}"), group == "group write" ? Words.Of(group) : null, $"/patients/{Uri.EscapeDataString(about)}{way.Path}"));
        foreach (var (words, path) in Places) hits.Add(new("Places", Words.Of(words), null, path));
        hits.RemoveAll(hit => hit.Group != "Patients" && !IsMeant(hit, text));
        return (new(text, about, hits), read);
    }

    /// <summary>Whether the text is looked up among patients.</summary>
    public static bool IsLookUp(string text) => text.Length >= ShortestName || text.Length == 1 && text[0] > '\u024F';

    async Task<IReadOnlyList<StoredResource>> Patients(string text, AccessFilter filter, CancellationToken stop) => !IsLookUp(text) ? []
        : (await record.Everywhere("Patient", filter, stop, [.. PatientsQuery.Criteria(text), ("_sort", "family,given"), ("_count", MostPatients.ToString(CultureInfo.InvariantCulture))])).Matches;

    static bool IsMeant(GoHit hit, string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .All(word => Language.Reader.CompareInfo.IndexOf($"{hit.Detail} {hit.Title}", word, CompareOptions.IgnoreCase | CompareOptions.IgnoreNonSpace) >= 0);
}
