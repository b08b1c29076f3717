using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Indexing;

namespace Tervik.Portal.Timeline;

/// <summary>The whole history of a patient, newest first.</summary>
static class TimelineEndpoints
{
    public static void MapTimeline(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/patients/{id}/timeline", Show);
        routes.MapSearch("/patients/{id}/timeline", id => new("search-compartment", "Patient", id), ["q", "who"], ["kind", "from", "to", "important"]);
    }

    static async Task<IResult> Show(string id, string? kind, string? from, string? to, string? important, string? before, HttpContext request, Entrance entrance, TimelineQuery timeline, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        EntryKind? chosen = Enum.TryParse<EntryKind>(kind, ignoreCase: true, out var parsed) && TimelineQuery.Kinds.Contains(parsed) ? parsed : null;
        var filter = new TimelineFilter(chosen, Day(from), Day(to), Words(visit.Frame.Sought["who"]), important is "1", Words(visit.Frame.Sought["q"]));
        if (await timeline.Load(id, filter, Day(before), visit.Filter, stop) is not var (model, read)) return await visit.NotFound(stop);
        await visit.Log("timeline", read, [record.Compartment(id)], stop);
        return visit.Page<TimelinePage>(model);
    }

    static string? Day(string? text) => DateTime.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _) ? text : null;

    // A search for signs alone finds nothing; it counts as none.
    static string? Words(string text) => FoldedText.Words(text).Any() ? FoldedText.Cut(text, 200) : null;
}
