using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Tervik.Portal.Shell;
using Tervik.Records;

namespace Tervik.Portal.Faults;

/// <summary>Pages for what went wrong, in words that say what to do.</summary>
static class FaultPage
{
    public static RazorComponentResult<FaultDocument> Of(FaultKind kind, Frame frame) => Of(frame, kind switch
    {
        FaultKind.Unauthenticated => StatusCodes.Status401Unauthorized,
        FaultKind.Forbidden => StatusCodes.Status403Forbidden,
        FaultKind.NotFound or FaultKind.Gone => StatusCodes.Status404NotFound,
        FaultKind.Invalid => StatusCodes.Status400BadRequest,
        FaultKind.TooMany => StatusCodes.Status429TooManyRequests,
        FaultKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    });

    public static RazorComponentResult<FaultDocument> Of(Frame frame, int status) =>
        new(new Dictionary<string, object?> { ["Frame"] = frame, ["Status"] = status }) { StatusCode = status, PreventStreamingRendering = true };
}

/// <summary>The answer to a form that is not of our pages, or too old.</summary>
sealed class BadForm : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var visit = await httpContext.RequestServices.GetRequiredService<Entrance>().Enter(httpContext, interaction: null, httpContext.RequestAborted);
        await FaultPage.Of(visit.Frame, StatusCodes.Status400BadRequest).ExecuteAsync(httpContext);
    }
}
