using System.Text.Json;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Tervik.Portal.Faults;
using Tervik.Portal.Reading;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Shell;

/// <summary>Where every page begins: who is it, may they, and what surrounds the page.</summary>
sealed class Entrance(IAccessControl control, Identification identification, RecordStore store)
{
    /// <summary>Asks for the decision about a page.</summary>
    /// <param name="request">The request.</param>
    /// <param name="interaction">What the page does, in FHIR's terms; null for a page that shows nothing of the record.</param>
    /// <param name="stop">Stops waiting.</param>
    public async Task<Visit> Enter(HttpContext request, Interaction? interaction, CancellationToken stop)
    {
        var principal = await identification.Of(request, stop);
        var permission = interaction is null ? null : await control.Decide(request, interaction, stop);
        var person = principal.Kind is PrincipalKind.Patient or PrincipalKind.Professional
            ? new SignedIn(principal.Agent!, principal.Kind, await NameOf(principal.Agent!, stop)) : null;
        var frame = new Frame(person, Appearance.Of(request), request.Request.Path + request.Request.QueryString, FormGuard.TokenFor(request));
        return new(control, interaction, permission, frame);
    }

    // The name on top of the page is the signed-in person's own; it is no access to anybody's record.
    async ValueTask<string> NameOf(string reference, CancellationToken stop)
    {
        var parts = reference.Split('/');
        if (await store.Read(parts[0], parts[1], AccessFilter.Everything, stop) is not { IsDeleted: false } stored) return reference;
        using var json = JsonDocument.Parse(stored.Body);
        return Names.OfPerson(json.RootElement);
    }
}

/// <summary>One request of a signed-in person for one page.</summary>
sealed class Visit(IAccessControl control, Interaction? interaction, Permission? permission, Frame frame)
{
    public Frame Frame => frame;
    /// <summary>What may be seen.</summary>
    public AccessFilter Filter => permission?.Filter ?? AccessFilter.Nothing;
    /// <summary>Who is signed in. Only after <see cref="Refusal"/> was null.</summary>
    public SignedIn Person => frame.Person!;

    /// <summary>The answer when the visit ends here: to the sign-in, or a page that says why; null when it may go on.</summary>
    public IResult? Refusal => frame.Person is null ? TypedResults.Redirect($"/sign-in?to={Uri.EscapeDataString(frame.Here)}")
        : permission?.Refusal is { } refusal ? FaultPage.Of(refusal.Kind, frame) : null;

    /// <summary>Logs what the page shows; the page leaves after that.</summary>
    /// <param name="view">Which page, in a word: it stands in the log as the query.</param>
    /// <param name="resources">What it shows.</param>
    /// <param name="compartments">Of whom.</param>
    /// <param name="stop">Stops waiting.</param>
    public ValueTask Log(string view, IEnumerable<StoredResource> resources, IReadOnlyList<long> compartments, CancellationToken stop) => control.Log(
        new(permission!.Agent, interaction!, $"portal:{view}", [.. resources.Select(resource => $"{resource.Type}/{resource.Id}").Distinct()], compartments, StatusCodes.Status200OK), stop);

    /// <summary>The page for what is not there, or not theirs: which of the two, it does not say. The attempt is logged.</summary>
    public async Task<IResult> NotFound(CancellationToken stop)
    {
        if (interaction is not null) await control.Log(new(permission!.Agent, interaction, "portal", [], [], StatusCodes.Status404NotFound), stop);
        return FaultPage.Of(FaultKind.NotFound, frame);
    }

    /// <summary>The page itself.</summary>
    public RazorComponentResult<TPage> Page<TPage>(object model) where TPage : IComponent =>
        new(new Dictionary<string, object?> { ["Frame"] = frame, ["Model"] = model }) { PreventStreamingRendering = true };
}
