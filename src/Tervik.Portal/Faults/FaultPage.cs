using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
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
        FaultKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    });

    public static RazorComponentResult<FaultDocument> Of(Frame frame, int status) =>
        new(new Dictionary<string, object?> { ["Frame"] = frame, ["Status"] = status }) { StatusCode = status, PreventStreamingRendering = true };
}
