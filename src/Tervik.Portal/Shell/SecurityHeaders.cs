using Microsoft.AspNetCore.Builder;

namespace Tervik.Portal.Shell;

/// <summary>What browsers may do with our pages: load from this site alone, run no script and apply no style that stands in the page, show them in no frame, keep nothing, tell nobody where they come from.</summary>
static class SecurityHeaders
{
    const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

    /// <summary>For everything but the programs' interfaces. Before the routes, so that what needs other headers (files that never change) sets its own.</summary>
    public static void UseSecurityHeaders(this WebApplication app) => app.Use((request, next) =>
    {
        var headers = request.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        if (!request.Request.Path.StartsWithSegments("/fhir", StringComparison.Ordinal))
        {
            headers.ContentSecurityPolicy = Policy;
            headers.CacheControl = "no-store";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
        }
        return next(request);
    });
}
