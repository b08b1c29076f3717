using Microsoft.AspNetCore.Builder;

namespace Tervik.Portal.Shell;

/// <summary>What browsers may do with our pages: load from this site alone, run no script and apply no style that stands in the page, show them in no frame, keep nothing, tell nobody where they come from.</summary>
static class SecurityHeaders
{
    const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

    /// <summary>An answer of the programs' interface is no page, wherever it is opened.</summary>
    const string PolicyOfData = "default-src 'none'; frame-ancestors 'none'; sandbox";
    const string Nothing = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

    /// <summary>On every answer. Before the routes, so that what needs other headers (files that never change) sets its own.</summary>
    public static void UseSecurityHeaders(this WebApplication app) => app.Use((request, next) =>
    {
        var headers = request.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "same-origin";
        if (request.Request.Path.StartsWithSegments("/fhir", StringComparison.Ordinal)) headers.ContentSecurityPolicy = PolicyOfData;
        else
        {
            headers["Permissions-Policy"] = Nothing;
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers.ContentSecurityPolicy = Policy;
        }
        if (request.Request.IsHttps) headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";
        return next(request);
    });
}
