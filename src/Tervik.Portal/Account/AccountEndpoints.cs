using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Faults;
using Tervik.Portal.Shell;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Account;

/// <summary>What the account page shows.</summary>
/// <param name="Tokens">The person's tokens, newest first.</param>
/// <param name="NowUs">To tell which have ended.</param>
/// <param name="Secret">Of the token that was just made, shown this once; null otherwise.</param>
/// <param name="Fault">What was wrong with the form; null when nothing was.</param>
public sealed record AccountModel(IReadOnlyList<AccessToken> Tokens, long NowUs, string? Secret = null, string? Fault = null);

/// <summary>One's account: the tokens with which one's own applications read the record, and the sessions.</summary>
static class AccountEndpoints
{
    const int LongestLabel = 100;

    public static void MapAccount(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/account", Show);
        routes.MapPost("/account/tokens", Issue).DisableAntiforgery(); // FormGuard does it.
        routes.MapPost("/account/tokens/revoke", Revoke).DisableAntiforgery();
        routes.MapPost("/account/sessions/close", CloseOthers).DisableAntiforgery();
    }

    static async Task<IResult> Show(HttpContext request, Entrance entrance, AccessTokens tokens, TimeProvider clock, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, interaction: null, stop);
        return visit.Refusal ?? await Page(visit, tokens, clock, secret: null, fault: null, stop);
    }

    static async Task<IResult> Issue(HttpContext request, Entrance entrance, AccessTokens tokens, TimeProvider clock, CancellationToken stop)
    {
        var (visit, form, refusal) = await EnterForm(request, entrance, stop);
        if (refusal is not null) return refusal;
        var label = form["label"].ToString().Trim();
        if (label.Length is 0 or > LongestLabel) return await Page(visit, tokens, clock, secret: null, fault: "Name the token", stop);
        if (!int.TryParse(form["days"], NumberStyles.None, CultureInfo.InvariantCulture, out var days) || days is < 1 or > 366)
            return await Page(visit, tokens, clock, secret: null, fault: "Days out of range", stop);
        var scope = form["scope"] == "write" && visit.Person.IsProfessional ? Scope.Read | Scope.Write : Scope.Read;
        var (_, secret) = await tokens.Issue(visit.Person.Reference, scope, label, TimeSpan.FromDays(days), stop);
        return await Page(visit, tokens, clock, secret, fault: null, stop);
    }

    static async Task<IResult> Revoke(HttpContext request, Entrance entrance, AccessTokens tokens, CancellationToken stop)
    {
        var (visit, form, refusal) = await EnterForm(request, entrance, stop);
        if (refusal is not null) return refusal;
        await tokens.Revoke(form["id"].ToString(), visit.Person.Reference, stop);
        return TypedResults.LocalRedirect("/account");
    }

    static async Task<IResult> CloseOthers(HttpContext request, Entrance entrance, Sessions sessions, CancellationToken stop)
    {
        var (visit, _, refusal) = await EnterForm(request, entrance, stop);
        if (refusal is not null) return refusal;
        await sessions.CloseOthers(request, visit.Person.Reference, stop);
        return TypedResults.LocalRedirect("/account");
    }

    static async Task<(Visit Visit, IFormCollection Form, IResult? Refusal)> EnterForm(HttpContext request, Entrance entrance, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, interaction: null, stop);
        var form = await request.Request.ReadFormAsync(stop);
        return (visit, form, visit.Refusal ?? (FormGuard.Accepts(request, form) ? null : FaultPage.Of(visit.Frame, StatusCodes.Status400BadRequest)));
    }

    static async Task<IResult> Page(Visit visit, AccessTokens tokens, TimeProvider clock, string? secret, string? fault, CancellationToken stop)
    {
        var nowUs = (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        return visit.Page<AccountPage>(new AccountModel(await tokens.Of(visit.Person.Reference, stop), nowUs, secret, fault));
    }
}
