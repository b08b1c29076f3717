using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Records.Resources;

namespace Tervik.DemoPortal.Tour;

/// <summary>Somebody of the demonstration whom a visitor can be.</summary>
/// <param name="Reference"><c>Patient/id</c> or <c>Practitioner/id</c>.</param>
/// <param name="Name">In one line.</param>
/// <param name="IsProfessional">Whether it is a professional.</param>
/// <param name="Who">Who they are, in one line in the reader's language.</param>
/// <param name="Try">What to try as them, in the reader's language.</param>
public sealed record TourPersona(string Reference, string Name, bool IsProfessional, Func<string> Who, Func<IReadOnlyList<string>> Try);

/// <summary>The people of the tour.</summary>
sealed class PeopleOfTour(IReadOnlyList<TourPersona> personas, RecordStore store)
{
    /// <summary>Everyone.</summary>
    public IReadOnlyList<TourPersona> Personas => personas;

    /// <summary>Those who are in the record of this node.</summary>
    public async Task<IReadOnlyList<TourPersona>> Present(CancellationToken stop)
    {
        var present = new List<TourPersona>();
        foreach (var persona in personas)
            if (persona.Reference.Split('/') is [var type, var id] && await store.Read(type, id, AccessFilter.Everything, stop) is { IsDeleted: false }) present.Add(persona);
        return present;
    }
}

/// <summary>What the tour's page shows.</summary>
/// <param name="Personas">Whom one can be.</param>
public sealed record TourModel(IReadOnlyList<TourPersona> Personas);

/// <summary>The page that tells whom to be and what to try.</summary>
static class TourEndpoints
{
    public static void MapTour(this IEndpointRouteBuilder routes) => routes.MapGet("/tour", Show);

    static async Task<IResult> Show(HttpContext request, Entrance entrance, PeopleOfTour tour, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, interaction: null, stop);
        return tour.Personas.Count > 0 ? visit.Page<TourPage>(new TourModel(await tour.Present(stop))) : await visit.NotFound(stop);
    }
}
