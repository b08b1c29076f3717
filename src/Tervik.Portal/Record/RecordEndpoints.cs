using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Shell;

namespace Tervik.Portal.Record;

/// <summary>The record page: the same for the patient ("My health") and for the professionals who treat them.</summary>
static class RecordEndpoints
{
    public static void MapRecord(this IEndpointRouteBuilder routes) => routes.MapGet("/patients/{id}", Show);

    public static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, SummaryQuery summaries, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await summaries.Load(id, visit.Filter, stop) is not var (summary, read)) return await visit.NotFound(stop);
        await visit.Log("summary", read, [record.Compartment(id)], stop);
        return visit.Page<RecordPage>(summary);
    }
}
