using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Faults;
using Tervik.Portal.Shell;
using Tervik.Trust.Identity;
using Tervik.Trust.Identity.Eid;

namespace Tervik.Portal.SignIn;

/// <summary>The page on which somebody who is several people of the record (a professional is a patient too) chooses who they are now.</summary>
/// <param name="People">Reference and name.</param>
/// <param name="To">Where to go afterwards.</param>
/// <param name="Held">The form that waits; null when none does.</param>
public sealed record ChooseModel(IReadOnlyList<(string Reference, string Name)> People, string To, HeldForm? Held);

/// <summary>Sign-in by eID: to the provider and back.</summary>
static class EidEndpoints
{
    const string ToItem = "tervik.to", HeldItem = "tervik.held", ActionItem = "tervik.for";
    /// <summary>What waits is kept on the server until the eID answers; more than a form holds is not.</summary>
    const int LongestHeld = 1 << 20;

    public static void MapEid(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(EidClient.Path, Begin);
        routes.MapPost(EidClient.Path, BeginHeld).DisableAntiforgery(); // FormGuard does it.
        routes.MapGet(EidClient.AnswerPath, Receive);
        routes.MapGet("/sign-in/as", ShowChoice);
        routes.MapPost("/sign-in/as", TakeChoice).DisableAntiforgery();
    }

    static async Task<IResult> Begin(string? to, string? confirm, HttpContext request, SignInParts parts, CancellationToken stop) =>
        parts.Eid.IsOffered ? await Send(request, parts, to, held: null, confirm, stop) : FaultPage.Of((await parts.Entrance.Enter(request, interaction: null, stop)).Frame, StatusCodes.Status404NotFound);

    static async Task<IResult> BeginHeld(HttpContext request, SignInParts parts, CancellationToken stop)
    {
        var form = await request.Request.ReadFormAsync(stop);
        var held = HeldForm.Back(form);
        if (!parts.Eid.IsOffered || !FormGuard.Accepts(request, form) || held?.Fields.Sum(field => field.Key.Length + field.Value.Length) > LongestHeld)
            return FaultPage.Of((await parts.Entrance.Enter(request, interaction: null, stop)).Frame, StatusCodes.Status400BadRequest);
        return await Send(request, parts, form["to"], held, form["confirm"], stop);
    }

    static async Task<IResult> Send(HttpContext request, SignInParts parts, string? to, HeldForm? held, string? confirm, CancellationToken stop)
    {
        var action = ConfirmEndpoints.ActionOf(confirm);
        if (await parts.Eid.Metadata(stop) is null) return await parts.Fail(request, agent: null, "eid", "no metadata", "eid unreachable", to, held, action, stop);
        return parts.Eid.Send(action is { } sensitive ? StepUp.Of(sensitive).Least : Assurance.None, isFresh: action is not null, new Dictionary<string, string?>
        {
            [ToItem] = LocalPath.Of(to), [HeldItem] = held is null ? null : JsonSerializer.Serialize(held), [ActionItem] = action?.ToString(),
        });
    }

    static async Task<IResult> Receive(HttpContext request, SignInParts parts, CancellationToken stop)
    {
        if (!parts.Eid.IsOffered) return FaultPage.Of((await parts.Entrance.Enter(request, interaction: null, stop)).Frame, StatusCodes.Status404NotFound);
        var answer = await parts.Eid.Receive(request, stop);
        var (to, action) = (answer.Items.GetValueOrDefault(ToItem), ConfirmEndpoints.ActionOf(answer.Items.GetValueOrDefault(ActionItem)));
        var held = answer.Items.GetValueOrDefault(HeldItem) is { } text ? JsonSerializer.Deserialize<HeldForm>(text) : null;
        if (answer.Fault is { } fault) return await parts.Fail(request, agent: null, "eid", answer.Detail, $"eid {fault}", to, held, action, stop);
        return await parts.Arrive(request, answer.Agents[0], answer.By!, to, held, action, stop);
    }

    /// <summary>The page that asks who somebody is now.</summary>
    public static async Task<IResult> Choose(HttpContext request, string? to, HeldForm? held, SignInParts parts, CancellationToken stop)
    {
        var visit = await parts.Entrance.Enter(request, interaction: null, stop);
        if (visit.Refusal is { } refusal) return refusal;
        var people = new List<(string, string)>();
        foreach (var reference in Sessions.By(request)?.Others ?? []) people.Add((reference, await parts.Entrance.NameOf(reference, stop)));
        return people.Count < 2 ? TypedResults.LocalRedirect(LocalPath.Of(to)) : visit.Page<ChoosePage>(new ChooseModel(people, LocalPath.Of(to), held));
    }

    static async Task<IResult> ShowChoice(string? to, HttpContext request, SignInParts parts, CancellationToken stop) => await Choose(request, to, held: null, parts, stop);

    static async Task<IResult> TakeChoice(HttpContext request, SignInParts parts, CancellationToken stop)
    {
        var form = await request.Request.ReadFormAsync(stop);
        var visit = await parts.Entrance.Enter(request, interaction: null, stop);
        if (visit.Refusal is { } refusal) return refusal;
        var wanted = form["person"].ToString();
        if (!FormGuard.Accepts(request, form) || Sessions.By(request) is not { } by || !by.Others.Contains(wanted)) return FaultPage.Of(visit.Frame, StatusCodes.Status400BadRequest);
        await parts.Open(request, wanted, by, stop);
        return await parts.GoOn(request, form["to"], HeldForm.Back(form), isConfirmed: false, stop);
    }
}
