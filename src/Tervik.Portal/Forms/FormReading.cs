using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tervik.Portal.Faults;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Forms;

/// <summary>What is posted where a form is expected: no more than a form can be, and a page that says so where it is none.</summary>
static class FormReading
{
    /// <summary>Bytes of a form: the longest note with everything around it, several times over. No page takes files.</summary>
    const long Longest = 1 << 20;

    /// <summary>Around everything that reads forms. Resources have limits of their own.</summary>
    public static void UseFormReading(this WebApplication app) => app.Use((request, next) => request.Request.Path.StartsWithSegments("/fhir", StringComparison.Ordinal) ? next(request) : Guarded(request, next));

    static async Task Guarded(HttpContext request, RequestDelegate next)
    {
        if (request.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = Longest;
        if (!request.Request.HasFormContentType) request.Features.Set<IFormFeature>(new NoForm());
        try
        {
            await next(request);
        }
        catch (Exception fault) when (fault is BadHttpRequestException or InvalidDataException && !request.Response.HasStarted)
        {
            SecurityLog.Note(request, "form-malformed", request.Request.ContentType);
            var status = fault is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status400BadRequest;
            await FaultPage.Of(new Frame(null, Appearance.Of(request), "/", FormGuard.TokenFor(request)), status).ExecuteAsync(request);
        }
    }

    /// <summary>The body of a request that says it is something else.</summary>
    sealed class NoForm : IFormFeature
    {
        public bool HasFormContentType => false;
        public IFormCollection? Form { get; set; }
        public IFormCollection ReadForm() => throw new BadHttpRequestException("A form was expected.", StatusCodes.Status415UnsupportedMediaType);
        public Task<IFormCollection> ReadFormAsync(CancellationToken cancellationToken) => Task.FromException<IFormCollection>(new BadHttpRequestException("A form was expected.", StatusCodes.Status415UnsupportedMediaType));
    }
}
