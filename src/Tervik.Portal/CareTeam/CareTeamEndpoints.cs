using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;

namespace Tervik.Portal.CareTeam;

/// <summary>Who is responsible, and what is planned.</summary>
static class CareTeamEndpoints
{
    public static void MapCareTeam(this IEndpointRouteBuilder routes) => routes.MapGet("/patients/{id}/care-team", Show);

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, Sections sections, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await sections.Open(id, request, visit.Filter, stop) is not { } section) return await visit.NotFound(stop);
        var model = await CareTeamQuery.Load(section);
        await visit.Log("care-team", section.Logged, [section.Compartment], stop);
        return visit.Page<CareTeamPage>(model);
    }
}
