using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tervik.Portal.Shell;
using Tervik.Trust.Identity;

namespace Tervik.Portal.SignIn;

/// <summary>What the page shows on which somebody confirms that it is them.</summary>
/// <param name="Action">What for.</param>
/// <param name="To">Where to go afterwards.</param>
/// <param name="Held">The form that waits; null when none does.</param>
/// <param name="Ways">The ways.</param>
/// <param name="Demonstration">What the demonstration shows; null where there is none.</param>
/// <param name="Fault">Why the last attempt came to nothing, as a key of the words; null when there was none.</param>
public sealed record ConfirmModel(SensitiveAction Action, string To, HeldForm? Held, Ways Ways, RenderFragment? Demonstration, string? Fault);

/// <summary>Step-up: before what opens much, people prove again that it is them. What they have written waits in the page.</summary>
static class ConfirmEndpoints
{
    public static void MapConfirm(this IEndpointRouteBuilder routes) => routes.MapGet("/sign-in/confirm", Show);

    static async Task<IResult> Show(string? @for, string? to, HttpContext request, SignInParts parts, CancellationToken stop)
    {
        if (ActionOf(@for) is not { } action) return TypedResults.LocalRedirect("/");
        return await Page(request, action, to, held: null, fault: null, parts, stop);
    }

    /// <summary>The page.</summary>
    public static async Task<IResult> Page(HttpContext request, SensitiveAction action, string? to, HeldForm? held, string? fault, SignInParts parts, CancellationToken stop)
    {
        var visit = await parts.Entrance.Enter(request, interaction: null, stop);
        if (visit.Refusal is { } refusal) return refusal;
        var ways = await parts.Ways(request, held, stop);
        var page = visit.Page<ConfirmPage>(new ConfirmModel(action, LocalPath.Of(to), held, ways, parts.Demonstration?.Confirm(visit.Frame, LocalPath.Of(to), action, held), fault));
        if (held is not null || fault is not null) page.StatusCode = StatusCodes.Status401Unauthorized;
        return page;
    }

    /// <summary>The action a form or query names; null for none.</summary>
    public static SensitiveAction? ActionOf(string? name) => name is { Length: > 0 } && Enum.GetNames<SensitiveAction>().Contains(name, StringComparer.Ordinal) ? Enum.Parse<SensitiveAction>(name) : null;

    /// <summary>To the page, and back here afterwards: for a page that is only shown to who has confirmed.</summary>
    public static IResult Send(HttpContext request, SensitiveAction action) =>
        TypedResults.LocalRedirect($"/sign-in/confirm?for={action}&to={Uri.EscapeDataString(request.Request.Path + request.Request.QueryString)}");
}

/// <summary>The answer to a form for which its sender has to confirm first: the form waits in the page.</summary>
sealed class ConfirmFirst(IFormCollection posted, SensitiveAction action) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var page = await ConfirmEndpoints.Page(httpContext, action, httpContext.Request.Path + httpContext.Request.QueryString, HeldForm.Of(posted), fault: null, httpContext.RequestServices.GetRequiredService<SignInParts>(), httpContext.RequestAborted);
        await page.ExecuteAsync(httpContext);
    }
}
