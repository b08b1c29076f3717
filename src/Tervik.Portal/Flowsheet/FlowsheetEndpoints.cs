using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Faults;
using Tervik.Portal.Forms;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records;

namespace Tervik.Portal.Flowsheet;

/// <summary>Results as a grid: tests down, rounds of measurement across, the newest first.</summary>
static class FlowsheetEndpoints
{
    const int LongestText = 60;

    public static void MapFlowsheet(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/patients/{id}/flowsheet", Show);
        routes.MapSearch("/patients/{id}/flowsheet", id => new("search-compartment", "Patient", id), ["q"], ["group"]);
    }

    static async Task<IResult> Show(string id, string? group, string? before, HttpContext request, Entrance entrance, FlowsheetQuery flowsheets, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional) return FaultPage.Of(FaultKind.Forbidden, visit.Frame);
        var text = visit.Frame.Sought["q"] is { Length: > LongestText } tooLong ? tooLong[..LongestText] : visit.Frame.Sought["q"];
        DateTimeOffset? limit = DateTimeOffset.TryParseExact(before, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var parsed) ? parsed : null;
        if (await flowsheets.Load(id, FlowsheetQuery.GroupKeys.Contains(group) ? group : null, text, limit, visit.Filter, stop) is not var (model, read)) return await visit.NotFound(stop);
        await visit.Log("flowsheet", read, [record.Compartment(id)], stop);
        return visit.Page<FlowsheetPage>(model);
    }
}
