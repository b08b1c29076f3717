using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Tervik.Trust.Identity.OAuth;

/// <summary>Lets applications of other sites ask the programs' interfaces from a browser: with a token of theirs, never with our cookie.</summary>
/// <remarks>Source: SMART App Launch 2.2, section on cross-origin resource sharing; Fetch standard: <c>*</c> goes without credentials.</remarks>
static class CrossOrigin
{
    static readonly string[] Paths = ["/fhir", "/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/oauth/jwks", "/.well-known"];

    public static void UseCrossOrigin(this WebApplication app) => app.Use((request, next) =>
    {
        if (request.Request.Headers.Origin.Count == 0 || !Array.Exists(Paths, path => request.Request.Path.StartsWithSegments(path, StringComparison.Ordinal))) return next(request);
        var headers = request.Response.Headers;
        headers.AccessControlAllowOrigin = "*";
        headers.AccessControlExposeHeaders = "Location, ETag, Content-Location, Last-Modified, X-Request-Id, Retry-After";
        if (!HttpMethods.IsOptions(request.Request.Method) || request.Request.Headers.AccessControlRequestMethod.Count == 0) return next(request);
        headers.AccessControlAllowMethods = "GET, HEAD, POST, PUT, PATCH, DELETE";
        headers.AccessControlAllowHeaders = "Authorization, Content-Type, Accept, Prefer, If-Match, If-None-Match, If-None-Exist, If-Modified-Since, X-Request-Id";
        headers.AccessControlMaxAge = "600";
        request.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    });
}
