using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;

namespace Tervik.Portal.Vaccinations;

/// <summary>What one is protected against, all doses, and what is due.</summary>
static class VaccinationsEndpoints
{
    public static void MapVaccinations(this IEndpointRouteBuilder routes) => routes.MapGet("/patients/{id}/vaccinations", Show);

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, Sections sections, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await sections.Open(id, request, visit.Filter, stop) is not { } section) return await visit.NotFound(stop);
        var model = await VaccinationsQuery.Load(section);
        await visit.Log("vaccinations", section.Logged, [section.Compartment], stop);
        return visit.Page<VaccinationsPage>(model);
    }
}
