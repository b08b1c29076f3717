using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Chart;
using Tervik.Portal.Faults;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records;

namespace Tervik.Portal.Handover;

/// <summary>A hand-over between professionals.</summary>
/// <param name="Chart">What is known.</param>
/// <param name="At">When it was made.</param>
public sealed record HandoverModel(ChartModel Chart, DateTime At);

/// <summary>The summary one colleague gives another, in the order of ISBAR: identification, situation, background, assessment, recommendation.</summary>
static class HandoverEndpoints
{
    public static void MapHandover(this IEndpointRouteBuilder routes) => routes.MapGet("/patients/{id}/handover", Show);

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, ChartQuery charts, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional) return FaultPage.Of(FaultKind.Forbidden, visit.Frame);
        if (await charts.Load(id, visit.Filter, stop) is not var (chart, read)) return await visit.NotFound(stop);
        await visit.Log("handover", read, [record.Compartment(id)], stop);
        return visit.Page<HandoverPage>(new HandoverModel(chart, record.Today));
    }
}
