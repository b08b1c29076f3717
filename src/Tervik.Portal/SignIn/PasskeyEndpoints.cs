using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Faults;
using Tervik.Portal.Shell;
using Tervik.Trust;
using Tervik.Trust.Identity;
using Tervik.Trust.Identity.Passkeys;

namespace Tervik.Portal.SignIn;

/// <summary>The page on which somebody makes a passkey.</summary>
/// <param name="Fault">Why the last attempt came to nothing, as a key of the words; null when there was none.</param>
public sealed record NewPasskeyModel(string? Fault);

/// <summary>Passkeys: signing in with one, making and removing one. The script passkey.js asks the device between two requests.</summary>
static class PasskeyEndpoints
{
    const int LongestName = 100;

    public static void MapPasskeys(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/sign-in/passkey/begin", Begin).DisableAntiforgery(); // FormGuard does it.
        routes.MapPost("/sign-in/passkey", Enter).DisableAntiforgery();
        routes.MapGet("/account/passkeys/new", ShowNew);
        routes.MapPost("/account/passkeys/begin", BeginNew).DisableAntiforgery();
        routes.MapPost("/account/passkeys", Make).DisableAntiforgery();
        routes.MapPost("/account/passkeys/remove", Remove).DisableAntiforgery();
    }

    static Microsoft.AspNetCore.Http.HttpResults.JsonHttpResult<JsonObject> Sent(PasskeyAttempt attempt) => TypedResults.Json(new JsonObject { ["challenge"] = attempt.Challenge, ["options"] = JsonNode.Parse(attempt.Options) });

    static async Task<IResult> Begin(HttpContext request, SignInParts parts, CancellationToken stop) =>
        !parts.Passkeys.IsOffered || !FormGuard.Accepts(request, await request.Request.ReadFormAsync(stop)) ? TypedResults.BadRequest() : Sent(await parts.Passkeys.BeginSignIn(request, stop));

    static async Task<IResult> Enter(HttpContext request, SignInParts parts, CancellationToken stop)
    {
        var form = await request.Request.ReadFormAsync(stop);
        if (!parts.Passkeys.IsOffered || !FormGuard.Accepts(request, form)) return FaultPage.Of((await parts.Entrance.Enter(request, interaction: null, stop)).Frame, StatusCodes.Status400BadRequest);
        var (held, action) = (HeldForm.Back(form), ConfirmEndpoints.ActionOf(form["confirm"]));
        var (agent, by, fault) = await parts.Passkeys.SignIn(request, form["challenge"].ToString(), form["answer"].ToString(), stop);
        if (by is not null) return await parts.Arrive(request, agent!, by, form["to"], held, action, stop);
        return await parts.Fail(request, agent, "passkey", fault!, "passkey failed", form["to"], held, action, stop);
    }

    static async Task<IResult> ShowNew(HttpContext request, SignInParts parts, CancellationToken stop)
    {
        var visit = await parts.Entrance.Enter(request, interaction: null, stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!parts.Passkeys.IsOffered) return await visit.NotFound(stop);
        return await Confirms(request, parts, stop) ? ConfirmEndpoints.Send(request, SensitiveAction.ChangePasskeys) : visit.Page<NewPasskeyPage>(new NewPasskeyModel(Fault: null));
    }

    static async Task<bool> Confirms(HttpContext request, SignInParts parts, CancellationToken stop) => StepUp.IsNeeded(await parts.Identification.Of(request, stop), SensitiveAction.ChangePasskeys, parts.Clock.NowUs());

    static async Task<IResult> BeginNew(HttpContext request, SignInParts parts, CancellationToken stop)
    {
        var visit = await parts.Entrance.Enter(request, interaction: null, stop);
        if (visit.Refusal is not null || !parts.Passkeys.IsOffered || !FormGuard.Accepts(request, await request.Request.ReadFormAsync(stop)) || await Confirms(request, parts, stop)) return TypedResults.BadRequest();
        return Sent(await parts.Passkeys.BeginMaking(request, visit.Person.Reference, visit.Person.Name, stop));
    }

    static async Task<IResult> Make(HttpContext request, SignInParts parts, CancellationToken stop)
    {
        var (visit, form) = await parts.Entrance.EnterForm(request, interaction: null, stop, SensitiveAction.ChangePasskeys);
        if (visit.Refusal is { } refusal) return refusal;
        var name = form["name"].Trim();
        var fault = name.Length is 0 or > LongestName ? "Name the passkey" : !parts.Passkeys.IsOffered ? "passkey failed"
            : await parts.Passkeys.Make(request, visit.Person.Reference, form["challenge"], form["answer"], name, stop) is null ? null : "passkey not made";
        await parts.Control.Log(new(visit.Person.Reference, new("passkey-new", null), fault, [], fault is null ? StatusCodes.Status201Created : StatusCodes.Status400BadRequest), stop);
        if (fault is null) return TypedResults.LocalRedirect("/account#passkeys");
        var page = visit.Page<NewPasskeyPage>(new NewPasskeyModel(fault));
        page.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return page;
    }

    static async Task<IResult> Remove(HttpContext request, SignInParts parts, CancellationToken stop)
    {
        var (visit, form) = await parts.Entrance.EnterForm(request, interaction: null, stop, SensitiveAction.ChangePasskeys);
        if (visit.Refusal is { } refusal) return refusal;
        await parts.Control.Log(new(visit.Person.Reference, new("passkey-removed", null), null, [], StatusCodes.Status302Found), stop);
        await parts.Passkeys.Remove(form["id"], visit.Person.Reference, stop);
        return TypedResults.LocalRedirect("/account#passkeys");
    }
}
