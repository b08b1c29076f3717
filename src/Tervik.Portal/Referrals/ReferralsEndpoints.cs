using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;

namespace Tervik.Portal.Referrals;

/// <summary>Referrals and orders: how they stand, and what happens next.</summary>
static class ReferralsEndpoints
{
    public static void MapReferrals(this IEndpointRouteBuilder routes) => routes.MapGet("/patients/{id}/referrals", Show);

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, Sections sections, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await sections.Open(id, request, visit.Filter, stop) is not { } section) return await visit.NotFound(stop);
        var model = await ReferralsQuery.Load(section);
        await visit.Log("referrals", section.Logged, [section.Compartment], stop);
        return visit.Page<ReferralsPage>(model);
    }
}
