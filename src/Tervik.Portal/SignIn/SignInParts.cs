using Microsoft.AspNetCore.Http;
using Tervik.Portal.Forms;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Trust;
using Tervik.Trust.Identity;
using Tervik.Trust.Identity.Eid;
using Tervik.Trust.Identity.Passkeys;

namespace Tervik.Portal.SignIn;

/// <summary>The ways in besides the demonstration.</summary>
/// <param name="Eid">Name of the eID; null when none is set.</param>
/// <param name="HasPasskeys">Whether passkeys can be used here.</param>
public sealed record Ways(string? Eid, bool HasPasskeys);

/// <summary>What every sign-in needs, and how each ends.</summary>
sealed record SignInParts(Entrance Entrance, Sessions Sessions, Identification Identification, EidClient Eid, PasskeyDesk Passkeys, IAccessControl Control, TimeProvider Clock, IDemonstration? Demonstration = null)
{
    /// <summary>The ways in. Where a form waits, it is posted to the eID: browsers must be told beforehand that it leads there.</summary>
    public async Task<Ways> Ways(HttpContext request, HeldForm? held, CancellationToken stop)
    {
        if (held is not null && Eid.IsOffered)
            request.Response.Headers.ContentSecurityPolicy = request.Response.Headers.ContentSecurityPolicy.ToString().Replace("form-action 'self'", $"form-action 'self' {string.Join(' ', await Eid.Origins(stop))}", StringComparison.Ordinal);
        return new(Eid.IsOffered ? Eid.Name : null, Passkeys.IsOffered);
    }

    /// <summary>Somebody was identified: opens their session, or renews it when they only confirmed that it is them.</summary>
    /// <param name="request">The request.</param>
    /// <param name="agent">Who.</param>
    /// <param name="by">How.</param>
    /// <param name="to">Where they go.</param>
    /// <param name="held">What waited; null when nothing did.</param>
    /// <param name="action">What they confirmed it for; null for a sign-in.</param>
    /// <param name="stop">Stops waiting.</param>
    public async Task<IResult> Arrive(HttpContext request, string agent, Identified by, string? to, HeldForm? held, SensitiveAction? action, CancellationToken stop)
    {
        if (action is not null)
        {
            var current = await Identification.Of(request, stop);
            // The session stays what it was: who else the person is, is not asked again.
            if (Sessions.By(request) is not { } before || current.Agent is not { } same || same != agent && !by.Others.Contains(same))
                return await Fail(request, agent, by.Method, "confirmed by somebody else", "somebody else confirmed", to, held, action, stop);
            (agent, by) = (same, by with { Others = before.Others });
        }
        await Open(request, agent, by, stop);
        if (action is { } still && by.Assurance < StepUp.Of(still).Least) return await ConfirmEndpoints.Page(request, still, to, held, "way too weak", this, stop);
        if (action is null && by.Others.Count > 1) return await EidEndpoints.Choose(request, to, held, this, stop);
        return await GoOn(request, to, held, isConfirmed: action is not null, stop);
    }

    /// <summary>Opens somebody's session, which stands in the log.</summary>
    public async Task Open(HttpContext request, string agent, Identified by, CancellationToken stop)
    {
        await Control.Log(new(agent, new("sign-in", null), $"{by.Method} {Device.Of(request.Request.Headers.UserAgent.ToString())}", [], StatusCodes.Status302Found), stop);
        await Sessions.Open(request, agent, by, stop);
    }

    /// <summary>On to where somebody wanted; or first to what they were writing.</summary>
    /// <param name="request">The request.</param>
    /// <param name="to">Where.</param>
    /// <param name="held">What waited; null when nothing did.</param>
    /// <param name="isConfirmed">They were there all the time: the form is sent without being looked over.</param>
    /// <param name="stop">Stops waiting.</param>
    public async Task<IResult> GoOn(HttpContext request, string? to, HeldForm? held, bool isConfirmed, CancellationToken stop)
    {
        if (held is null) return TypedResults.LocalRedirect(LocalPath.Of(to));
        var visit = await Entrance.Enter(request, interaction: null, stop);
        return visit.Page<ContinuePage>(new ContinueModel(LocalPath.Of(to), held, isConfirmed ? FormGuard.NewKey(request) : null));
    }

    /// <summary>An attempt came to nothing: it is noted, and the page it began from says why. What waited waits on.</summary>
    /// <param name="request">The request.</param>
    /// <param name="agent">Whose; null when it is not known.</param>
    /// <param name="method">Which way.</param>
    /// <param name="why">What was wrong, for the log.</param>
    /// <param name="fault">The same for the person, as a key of the words.</param>
    /// <param name="to">Where they go.</param>
    /// <param name="held">What waited; null when nothing did.</param>
    /// <param name="action">What it was to confirm; null for a sign-in.</param>
    /// <param name="stop">Stops waiting.</param>
    public async Task<IResult> Fail(HttpContext request, string? agent, string method, string why, string fault, string? to, HeldForm? held, SensitiveAction? action, CancellationToken stop)
    {
        await Control.Log(new(agent, new("sign-in", null), $"{method} failed: {why}", [], StatusCodes.Status401Unauthorized), stop);
        return action is { } sensitive ? await ConfirmEndpoints.Page(request, sensitive, to, held, fault, this, stop) : await SignInEndpoints.Page(request, to, held, fault, this, stop);
    }
}
