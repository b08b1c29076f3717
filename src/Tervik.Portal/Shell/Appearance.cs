using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Shell;

/// <summary>Light, dark, high contrast, or as the system says: a cookie, so that it works without JavaScript and from the first byte.</summary>
static class Appearance
{
    static string Cookie(HttpContext request) => request.Request.IsHttps ? "__Host-appearance" : "appearance";

    /// <summary>What can be chosen.</summary>
    public static readonly string[] All = ["auto", "light", "dark", "contrast"];

    public static string Of(HttpContext request) => request.Request.Cookies[Cookie(request)] is { } scheme && All.Contains(scheme) ? scheme : "auto";

    public static void MapAppearance(this IEndpointRouteBuilder routes) => routes.MapPost("/appearance", async (HttpContext request, CancellationToken stop) =>
    {
        var form = await request.Request.ReadFormAsync(stop);
        if (!FormGuard.Accepts(request, form)) return Microsoft.AspNetCore.Http.Results.BadRequest();
        var scheme = form["scheme"].ToString() is var chosen && All.Contains(chosen) ? chosen : "auto";
        request.Response.Cookies.Append(Cookie(request), scheme,
            new() { HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = request.Request.IsHttps, MaxAge = TimeSpan.FromDays(365), Path = "/" });
        return Microsoft.AspNetCore.Http.Results.LocalRedirect(LocalPath.Of(form["to"]));
    }).DisableAntiforgery(); // FormGuard does it.
}

/// <summary>Addresses to go on to, taken from a form or query: never out of this site.</summary>
static class LocalPath
{
    public static string Of(string? path) => path is ['/', ..] && !path.StartsWith("//", StringComparison.Ordinal) && !path.StartsWith("/\\", StringComparison.Ordinal)
        && !path.Any(char.IsControl) ? path : "/";
}
