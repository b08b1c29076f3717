using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Tervik.Trust.Identity.OAuth;

/// <summary>Lets pages of registered applications ask the programs' interfaces from a browser: with a token of theirs, never with our cookie.</summary>
/// <remarks>Source: SMART App Launch 2.2, section on cross-origin resource sharing; Fetch standard: without Allow-Credentials the answer to a request with cookies is not shown.</remarks>
static class CrossOrigin
{
    static readonly string[] Paths = ["/fhir", "/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/oauth/jwks", "/.well-known"];

    public static void UseCrossOrigin(this WebApplication app)
    {
        var origins = app.Services.GetRequiredService<AppOrigins>();
        app.Use((request, next) =>
        {
            if (!Array.Exists(Paths, path => request.Request.Path.StartsWithSegments(path, StringComparison.Ordinal))) return next(request);
            request.Response.Headers.Vary = "Origin";
            return request.Request.Headers.Origin is [{ Length: > 0 } origin] ? FromPage(origin, request, next) : next(request);
        });

        async Task FromPage(string origin, HttpContext request, RequestDelegate next)
        {
            var headers = request.Response.Headers;
            if (await origins.Has(request, origin))
            {
                headers.AccessControlAllowOrigin = origin;
                headers.AccessControlExposeHeaders = "Location, ETag, Content-Location, Last-Modified, X-Request-Id, Retry-After";
                if (HttpMethods.IsOptions(request.Request.Method) && request.Request.Headers.AccessControlRequestMethod.Count > 0)
                {
                    headers.AccessControlAllowMethods = "GET, HEAD, POST, PUT, PATCH, DELETE";
                    headers.AccessControlAllowHeaders = "Authorization, Content-Type, Accept, Prefer, If-Match, If-None-Match, If-None-Exist, If-Modified-Since, X-Request-Id";
                    headers.AccessControlMaxAge = "600";
                    request.Response.StatusCode = StatusCodes.Status204NoContent;
                    return;
                }
            }
            await next(request);
        }
    }
}
