using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Chart;
using Tervik.Portal.Emergency;
using Tervik.Portal.Overview;
using Tervik.Portal.Shell;

namespace Tervik.Portal.Record;

/// <summary>The first page of a record: the chart for a professional, the overview for the patient.</summary>
static class RecordEndpoints
{
    public static void MapRecord(this IEndpointRouteBuilder routes) => routes.MapGet("/patients/{id}", Show);

    public static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, ChartQuery charts, OverviewQuery overviews, RecordQuery record, OpenedQuery opened, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (visit.Person.IsProfessional)
        {
            if (await charts.Load(id, visit.Filter, stop) is not var (chart, seen)) return await visit.NotFound(stop);
            await visit.Log("chart", seen, [record.Compartment(id)], stop);
            return visit.Page<ChartPage>(chart);
        }
        if (await overviews.Load(id, visit.Filter, stop) is not var (overview, read)) return await visit.NotFound(stop);
        await visit.Log("summary", read, [record.Compartment(id)], stop);
        if (visit.Person.Owns(id)) overview = overview with { Opened = [.. (await opened.Of(id, stop)).Where(line => line.Access.NoticedUs == 0)] };
        return visit.Page<OverviewPage>(overview);
    }
}
