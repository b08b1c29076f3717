using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Session;

/// <summary>Staying signed in: what the time-out's dialog asks for. It shows nothing of anybody.</summary>
static class SessionEndpoints
{
    public static void MapSession(this IEndpointRouteBuilder routes) => routes.MapPost("/session/extend", Extend).DisableAntiforgery(); // FormGuard does it.

    /// <returns>Seconds until the session ends; 401 when it has ended.</returns>
    static async Task<IResult> Extend(HttpContext request, Sessions sessions, Identification identification, CancellationToken stop)
    {
        if (!FormGuard.Accepts(request, await request.Request.ReadFormAsync(stop))) return TypedResults.BadRequest();
        if ((await identification.Of(request, stop)).Kind == PrincipalKind.Nobody) return TypedResults.Unauthorized();
        await sessions.Extend(request, stop);
        return TypedResults.Text((sessions.SecondsLeft(request) ?? 0).ToString(CultureInfo.InvariantCulture));
    }
}
