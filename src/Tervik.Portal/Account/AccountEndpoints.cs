using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Trust;
using Tervik.Trust.AuditLog;
using Tervik.Trust.Identity;
using Tervik.Trust.Identity.Passkeys;

namespace Tervik.Portal.Account;

/// <summary>What the account page shows.</summary>
/// <param name="Tokens">The person's tokens, newest first.</param>
/// <param name="NowUs">To tell which have ended.</param>
/// <param name="Sessions">Where the person is signed in, the last used first.</param>
/// <param name="SignIns">The last sign-ins: when, and on which device.</param>
/// <param name="Passkeys">The person's passkeys; null where there are none to be had.</param>
/// <param name="IsOthers">Whether the same identification makes the person somebody else of the record as well.</param>
/// <param name="Secret">Of the token that was just made, shown this once; null otherwise.</param>
/// <param name="Fault">What was wrong with the form; null when nothing was.</param>
public sealed record AccountModel(IReadOnlyList<AccessToken> Tokens, long NowUs, IReadOnlyList<OwnSession> Sessions, IReadOnlyList<(DateTime At, Device Device)> SignIns, IReadOnlyList<OwnPasskey>? Passkeys, bool IsOthers, string? Secret = null, string? Fault = null);

/// <summary>One's account: the tokens with which one's own applications read the record, and the sessions.</summary>
static class AccountEndpoints
{
    const int LongestLabel = 100;
    const int MostSignIns = 20, DaysOfSignIns = 90;

    public static void MapAccount(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/account", Show);
        routes.MapPost("/account/tokens", Issue).DisableAntiforgery(); // FormGuard does it.
        routes.MapPost("/account/tokens/revoke", Revoke).DisableAntiforgery();
        routes.MapPost("/account/sessions/close", CloseOthers).DisableAntiforgery();
        routes.MapPost("/account/sessions/end", End).DisableAntiforgery();
    }

    static async Task<IResult> Show(HttpContext request, Entrance entrance, AccountParts parts, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, interaction: null, stop);
        return visit.Refusal ?? await Page(request, visit, parts, secret: null, fault: null, stop);
    }

    static async Task<IResult> Issue(HttpContext request, Entrance entrance, AccountParts parts, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, interaction: null, stop, SensitiveAction.MakeToken);
        if (visit.Refusal is { } refusal) return refusal;
        var label = form["label"].Trim();
        if (label.Length is 0 or > LongestLabel) return await Page(request, visit, parts, secret: null, fault: "Name the token", stop);
        if (!int.TryParse(form["days"], NumberStyles.None, CultureInfo.InvariantCulture, out var days) || days is < 1 or > 366)
            return await Page(request, visit, parts, secret: null, fault: "Days out of range", stop);
        var scope = form["scope"] == "write" && visit.Person.IsProfessional ? Scope.Read | Scope.Write : Scope.Read;
        await parts.Control.Log(new(visit.Person.Reference, new("token-new", null), $"{scope}, {days} days", [], StatusCodes.Status201Created), stop);
        var (_, secret) = await parts.Tokens.Issue(visit.Person.Reference, scope, label, TimeSpan.FromDays(days), stop);
        return await Page(request, visit, parts, secret, fault: null, stop);
    }

    static async Task<IResult> Revoke(HttpContext request, Entrance entrance, AccountParts parts, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, interaction: null, stop);
        if (visit.Refusal is { } refusal) return refusal;
        await parts.Control.Log(new(visit.Person.Reference, new("token-revoked", null), null, [], StatusCodes.Status302Found), stop);
        await parts.Tokens.Revoke(form["id"], visit.Person.Reference, stop);
        return TypedResults.LocalRedirect("/account");
    }

    static async Task<IResult> CloseOthers(HttpContext request, Entrance entrance, Sessions sessions, CancellationToken stop)
    {
        var (visit, _) = await entrance.EnterForm(request, interaction: null, stop, SensitiveAction.EndSessions);
        if (visit.Refusal is { } refusal) return refusal;
        await sessions.CloseOthers(request, visit.Person.Reference, stop);
        return TypedResults.LocalRedirect("/account#sessions");
    }

    static async Task<IResult> End(HttpContext request, Entrance entrance, Sessions sessions, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, interaction: null, stop, SensitiveAction.EndSessions);
        if (visit.Refusal is { } refusal) return refusal;
        await sessions.Close(form["id"], visit.Person.Reference, stop);
        return TypedResults.LocalRedirect("/account#sessions");
    }

    static async Task<IResult> Page(HttpContext request, Visit visit, AccountParts parts, string? secret, string? fault, CancellationToken stop)
    {
        var (now, person) = (parts.Clock.GetUtcNow(), visit.Person.Reference);
        var signIns = await parts.Log.Read(new(Agent: person, From: now.AddDays(-DaysOfSignIns).Us(), Count: MostSignIns, Interaction: "sign-in"), stop);
        return visit.Page<AccountPage>(new AccountModel(await parts.Tokens.Of(person, stop), now.Us(), await parts.Sessions.Of(request, person, stop),
            [.. signIns.Where(signIn => signIn.Status < StatusCodes.Status400BadRequest).Select(signIn => (signIn.At.LocalDateTime, Device.Parse(signIn.Query?.Split(' ', 2) is [_, var device] ? device : "")))],
            parts.Passkeys.IsOffered ? await parts.Passkeys.Of(person, stop) : null, Sessions.By(request) is { Others.Count: > 1 }, secret, fault));
    }
}

/// <summary>What the account page is read from.</summary>
sealed record AccountParts(AccessTokens Tokens, Sessions Sessions, PasskeyDesk Passkeys, AccessLog Log, IAccessControl Control, TimeProvider Clock);
