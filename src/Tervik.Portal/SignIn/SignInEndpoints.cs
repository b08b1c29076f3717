using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Faults;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Trust;
using Tervik.Trust.Identity;

namespace Tervik.Portal.SignIn;

/// <summary>What the sign-in page shows.</summary>
/// <param name="To">Where to go afterwards.</param>
/// <param name="Held">What was being written when the session ended; null when nothing was.</param>
/// <param name="Ways">The ways in besides the demonstration.</param>
/// <param name="Demonstration">What the demonstration shows; null where there is none.</param>
/// <param name="Fault">Why the last attempt came to nothing, as a key of the words; null when there was none.</param>
public sealed record SignInModel(string To, HeldForm? Held, Ways Ways, RenderFragment? Demonstration, string? Fault);

/// <summary>After a sign-in that interrupted writing: what was written, to go on with.</summary>
/// <param name="To">Address of the form.</param>
/// <param name="Held">Its fields.</param>
/// <param name="Key">Of the form in the new session, when the person was there all the time and only confirmed that it is them; null after a new sign-in, when the form is looked over before it is sent.</param>
public sealed record ContinueModel(string To, HeldForm Held, string? Key);

/// <summary>Sign-in and sign-out: by eID (EidEndpoints), passkey (PasskeyEndpoints), or what a demonstration adds (IDemonstration).</summary>
static class SignInEndpoints
{
    public static void MapSignIn(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/sign-in", Show);
        routes.MapPost("/sign-out", Leave).DisableAntiforgery(); // FormGuard does it.
    }

    static Task<IResult> Show(string? to, HttpContext request, SignInParts parts, CancellationToken stop) => Page(request, to, held: null, fault: null, parts, stop);

    /// <summary>The sign-in page.</summary>
    internal static async Task<IResult> Page(HttpContext request, string? to, HeldForm? held, string? fault, SignInParts parts, CancellationToken stop)
    {
        var visit = await parts.Entrance.Enter(request, interaction: null, stop);
        var ways = await parts.Ways(request, held, stop);
        var demonstration = parts.Demonstration is { } there ? await there.SignIn(request, visit.Frame, LocalPath.Of(to), held, stop) : null;
        var page = visit.Page<SignInPage>(new SignInModel(LocalPath.Of(to), held, ways, demonstration, fault));
        // The form was not written, or nobody was let in.
        if (held is not null || fault is not null) page.StatusCode = StatusCodes.Status401Unauthorized;
        return page;
    }

    static async Task<IResult> Leave(HttpContext request, Entrance entrance, Identification identification, Sessions sessions, IAccessControl control, CancellationToken stop)
    {
        var form = await request.Request.ReadFormAsync(stop);
        if (!FormGuard.Accepts(request, form)) return FaultPage.Of((await entrance.Enter(request, interaction: null, stop)).Frame, StatusCodes.Status400BadRequest);
        if ((await identification.Of(request, stop)).Agent is { } agent) await control.Log(new(agent, new("sign-out", null), null, [], StatusCodes.Status302Found), stop);
        await sessions.Close(request, stop);
        return TypedResults.LocalRedirect("/sign-in");
    }
}
