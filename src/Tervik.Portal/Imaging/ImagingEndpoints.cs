using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;

namespace Tervik.Portal.Imaging;

/// <summary>Studies of images: what was taken, where, and what was read from it.</summary>
static class ImagingEndpoints
{
    public static void MapImaging(this IEndpointRouteBuilder routes) => routes.MapGet("/patients/{id}/imaging", Show);

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, Sections sections, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await sections.Open(id, request, visit.Filter, stop) is not { } section) return await visit.NotFound(stop);
        var model = await ImagingQuery.Load(section);
        await visit.Log("imaging", section.Logged, [section.Compartment], stop);
        return visit.Page<ImagingPage>(model);
    }
}
