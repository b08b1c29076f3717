using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Resources;

namespace Tervik.Portal.Entry;

/// <summary>One version of an entry.</summary>
/// <param name="Number">From 1.</param>
/// <param name="When">When it was stored.</param>
/// <param name="Who">Who wrote it; null when nobody says so.</param>
/// <param name="IsDeleted">Whether it says that the entry was deleted.</param>
/// <param name="Changes">What differs from the version before; null for the first one.</param>
public sealed record EntryVersion(int Number, FhirDate When, string? Who, bool IsDeleted, IReadOnlyList<EntryChange>? Changes);

/// <summary>The history of an entry.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Title">Of the entry as it is now.</param>
/// <param name="Base">Its address.</param>
/// <param name="Versions">Newest first.</param>
/// <param name="IsCut">Whether there are older ones.</param>
public sealed record EntryHistoryModel(PatientHeader Patient, string Title, string Base, IReadOnlyList<EntryVersion> Versions, bool IsCut);

/// <summary>The page of an entry's versions: who wrote what, and when.</summary>
static class EntryHistory
{
    const int MostVersions = 50, MostProvenances = 200;
    // Who an entry itself says wrote it, the nearest to the pen first.
    static readonly string[] Writers = ["recorder", "author", "requester", "asserter", "performer", "informationSource", "sender", "enterer", "dispenser"];

    public static async Task<IResult> Show(string id, string type, string entry, HttpContext request, Entrance entrance, Sections sections, RecordStore store, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("history-instance", type, entry), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await sections.Open(id, request, visit.Filter, stop) is not { } section || await section.One(type, entry) is not { } stored) return await visit.NotFound(stop);
        // A version may have been of another patient before it was put right: it stays with that patient.
        var versions = (await store.History(type, entry, 0, long.MaxValue, MostVersions + 1, visit.Filter, stop)).Where(version => version.IsDeleted || section.Concerns(version)).ToList();
        var provenances = await section.All("Provenance", MostProvenances, ("target", $"{type}/{entry}"));
        await section.Mentions.Add([.. versions.Where(version => !version.IsDeleted), .. provenances]);
        var lines = new List<EntryVersion>();
        for (var i = 0; i < Math.Min(versions.Count, MostVersions); i++)
            lines.Add(Line(section, versions[i], versions.Skip(i + 1).FirstOrDefault(version => !version.IsDeleted), provenances, $"{type}/{entry}"));
        var title = section.Take(stored, EntryEndpoints.TitleOf);
        await visit.Log("entry-history", section.Logged, [section.Compartment], stop);
        return visit.Page<EntryHistoryPage>(new EntryHistoryModel(section.Patient, title, section.Take(stored, shown => shown.Href), lines, versions.Count > MostVersions));
    }

    static EntryVersion Line(Section section, StoredResource version, StoredResource? before, IReadOnlyList<StoredResource> provenances, string target)
    {
        var at = DateTimeOffset.UnixEpoch.AddMicroseconds(version.AtUs).ToLocalTime();
        var when = FhirDate.Read(at.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture))!.Value;
        var who = provenances.Select(provenance => section.Take(provenance, shown => Agent(shown, $"{target}/_history/{version.Version.ToString(CultureInfo.InvariantCulture)}"))).OfType<string>().FirstOrDefault()
            ?? (version.IsDeleted ? null : section.Take(version, Writer));
        return new(version.Version, when, who, version.IsDeleted, version.IsDeleted || before is null ? null
            : section.Take(version, young => before.Take(old => EntryRows.Changes(old, young.Json, section.Mentions))));
    }

    static string? Agent(Shown provenance, string target) => !provenance.Json.ItemsAt("target").Any(one => one.TextAt("reference") == target) ? null
        : string.Join(", ", provenance.Json.ItemsAt("agent").Select(agent => provenance.Mentions.NameOf(agent.At("who"), provenance.Json)).OfType<string>().Distinct()) is { Length: > 0 } names ? names : null;

    static string? Writer(Shown version)
    {
        foreach (var element in Writers)
            foreach (var writer in version.Json.ItemsAt(element))
                if (version.Mentions.NameOf(writer.At("actor").Exists() ? writer.At("actor") : writer, version.Json) is { } name) return name;
        return null;
    }
}
