using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;

namespace Tervik.Portal.Encounters;

/// <summary>Appointments to come, then visits and stays in hospital.</summary>
static class EncountersEndpoints
{
    public static void MapEncounters(this IEndpointRouteBuilder routes) => routes.MapGet("/patients/{id}/encounters", Show);

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, Sections sections, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await sections.Open(id, request, visit.Filter, stop) is not { } section) return await visit.NotFound(stop);
        var model = await EncountersQuery.Load(section);
        await visit.Log("encounters", section.Logged, [section.Compartment], stop);
        return visit.Page<EncountersPage>(model);
    }
}
