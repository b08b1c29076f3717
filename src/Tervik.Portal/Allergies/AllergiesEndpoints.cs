using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;

namespace Tervik.Portal.Allergies;

/// <summary>Allergies and intolerances, and whether anybody asked.</summary>
static class AllergiesEndpoints
{
    public static void MapAllergies(this IEndpointRouteBuilder routes) => routes.MapGet("/patients/{id}/allergies", Show);

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, Sections sections, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await sections.Open(id, request, visit.Filter, stop) is not { } section) return await visit.NotFound(stop);
        var model = await AllergiesQuery.Load(section);
        await visit.Log("allergies", section.Logged, [section.Compartment], stop);
        return visit.Page<AllergiesPage>(model);
    }
}
