using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Records.Access;
using Tervik.Records.Resources;

namespace Tervik.Portal.Forms;

/// <summary>Who wrote a version of a resource, from the Provenance that every form writes with it.</summary>
sealed class Authorship(RecordQuery record)
{
    const string MostVersions = "200";

    /// <summary>Who and when, by version; of what is no patient's (null), whatever the reader may see: that they may see it was asked before. What came by other ways than the portal's forms has no entry unless its sender said so.</summary>
    public async Task<IReadOnlyDictionary<int, (string Who, FhirDate When)>> Of(string? patient, string type, string id, AccessFilter filter, CancellationToken stop)
    {
        var authors = new Dictionary<int, (string, FhirDate)>();
        (string, string)[] sought = [("target", $"{type}/{id}"), ("_count", MostVersions)];
        foreach (var provenance in patient is null ? (await record.Everywhere("Provenance", AccessFilter.Everything, stop, sought)).Matches : await record.Find(patient, "Provenance", filter, stop, sought))
            provenance.Take(json =>
            {
                foreach (var target in json.ItemsAt("target"))
                    if (target.TextAt("reference")?.Split('/') is [var one, var logical, "_history", var version] && one == type && logical == id && int.TryParse(version, System.Globalization.CultureInfo.InvariantCulture, out var number)
                        && json.FirstAt("agent").At("who") is var who && (who.TextAt("display") ?? who.TextAt("reference")) is { } name && FhirDate.Read(json.TextAt("recorded")) is { } recorded)
                        authors.TryAdd(number, (name, recorded));
                return true;
            });
        return authors;
    }

    /// <summary>Who wrote what is stored now, and when, in words for <see cref="Form.Conflict"/>; null when nobody noted it.</summary>
    public async Task<string?> Of(string? patient, StoredResource current, AccessFilter filter, CancellationToken stop) =>
        (await Of(patient, current.Type, current.Id, filter, stop)).TryGetValue(current.Version, out var author) ? $"{author.Who}, {author.When.DayAndTime}" : null;
}
