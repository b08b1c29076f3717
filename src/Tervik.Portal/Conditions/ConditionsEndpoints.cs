using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;

namespace Tervik.Portal.Conditions;

/// <summary>Problems and diagnoses, the current ones first.</summary>
static class ConditionsEndpoints
{
    public static void MapConditions(this IEndpointRouteBuilder routes) => routes.MapGet("/patients/{id}/conditions", Show);

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, Sections sections, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await sections.Open(id, request, visit.Filter, stop) is not { } section) return await visit.NotFound(stop);
        var model = await ConditionsQuery.Load(section);
        await visit.Log("conditions", section.Logged, [section.Compartment], stop);
        return visit.Page<ConditionsPage>(model);
    }
}
