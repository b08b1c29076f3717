using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;

namespace Tervik.Portal.Procedures;

/// <summary>Operations, treatments and examinations: what is planned, then what was done.</summary>
static class ProceduresEndpoints
{
    public static void MapProcedures(this IEndpointRouteBuilder routes) => routes.MapGet("/patients/{id}/procedures", Show);

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, Sections sections, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await sections.Open(id, request, visit.Filter, stop) is not { } section) return await visit.NotFound(stop);
        var model = await ProceduresQuery.Load(section);
        await visit.Log("procedures", section.Logged, [section.Compartment], stop);
        return visit.Page<ProceduresPage>(model);
    }
}
