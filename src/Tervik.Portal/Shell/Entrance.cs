using System.Text.Json;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Tervik.Portal.Faults;
using Tervik.Portal.Forms;
using Tervik.Portal.Messages;
using Tervik.Portal.Reading;
using Tervik.Portal.SignIn;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Trust;
using Tervik.Trust.Decision;
using Tervik.Trust.Identity;
using Tervik.Trust.Relations;

namespace Tervik.Portal.Shell;

/// <summary>Where every page begins: who is it, may they, and what surrounds the page.</summary>
sealed class Entrance(IAccessControl control, Identification identification, FamilyRelations family, ProfessionalAccess professionals, Sessions sessions, RecordStore store, Trust.Snooping.Alerts alerts, MessagesQuery messages, Care.Notices.NoticeOutbox notices, TimeProvider clock, IDemonstration? demonstration = null)
{
    /// <summary>Asks for the decision about a page.</summary>
    /// <param name="request">The request.</param>
    /// <param name="interaction">What the page does, in FHIR's terms; null for a page that shows nothing of the record.</param>
    /// <param name="stop">Stops waiting.</param>
    public async Task<Visit> Enter(HttpContext request, Interaction? interaction, CancellationToken stop)
    {
        var principal = await identification.Of(request, stop);
        return await Enter(request, principal, interaction, held: null, stop);
    }

    /// <summary>Asks for the decision about a posted form, and reads it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="interaction">What the form does, in FHIR's terms; null for one that touches nothing of the record.</param>
    /// <param name="stop">Stops waiting.</param>
    /// <param name="action">What asks for a fresh proof of who sends it; null for a form that does not.</param>
    /// <returns>The visit, whose refusal comes first; and the form.</returns>
    public async Task<(Visit Visit, Form Form)> EnterForm(HttpContext request, Interaction? interaction, CancellationToken stop, SensitiveAction? action = null)
    {
        var posted = await request.Request.ReadFormAsync(stop);
        var isOurs = await identification.Accepts(request, posted, stop);
        var principal = await identification.Of(request, stop);
        // Signed out while writing: what was written comes back after the sign-in. Another site's form is no form of ours.
        IResult? held = principal.Kind == PrincipalKind.Nobody && (isOurs || FormGuard.IsFromHere(request)) ? new SignInAgain(posted)
            : !isOurs ? new Faults.BadForm()
            : action is { } sensitive && StepUp.IsNeeded(principal, sensitive, clock.NowUs()) ? new ConfirmFirst(posted, sensitive) : null;
        return (await Enter(request, principal, interaction, held, stop), Form.Posted(request, posted));
    }

    async Task<Visit> Enter(HttpContext request, Principal principal, Interaction? interaction, IResult? held, CancellationToken stop)
    {
        var permission = interaction is null ? null : await control.Decide(request, interaction, stop);
        if (permission is { Refusal: { } refused })
            await control.Log(new(permission.Agent, interaction!, "portal", [], refused.Kind == FaultKind.Unauthenticated ? StatusCodes.Status401Unauthorized : StatusCodes.Status403Forbidden), stop);
        var person = principal.Kind is PrincipalKind.Patient or PrincipalKind.Professional
            ? new SignedIn(principal.Agent!, principal.Kind, await NameOf(principal.Agent!, stop)) 
            {
                Family = principal.Kind == PrincipalKind.Patient ? await family.Of(principal.Agent!, stop) : [],
                Opened = principal.Kind == PrincipalKind.Professional ? (await professionals.Of(principal.Agent!, stop)).Exceptional : [],
            } : null;
        var frame = new Frame(person, Appearance.Of(request), request.Request.Path + request.Request.QueryString, FormGuard.TokenFor(request)) { SessionSeconds = person is null ? null : sessions.SecondsLeft(request), HasTour = demonstration?.HasTour == true, Sought = Sought.Of(request),
            ReviewsAlerts = person is { IsProfessional: true } && (await alerts.ReviewedBy(person.Reference, stop)).Count > 0,
            CountNotices = person is null ? null : async () => await notices.Unread(person.Reference, stop),
            CountUnread = person is null || permission is not { Refusal: null } ? null : async () => await messages.Unread(await messages.PartyOf(person, stop), permission.Filter, stop) };
        return new(control, store, interaction, permission, frame, held);
    }

    // The name on top of the page is the signed-in person's own; it is no access to anybody's record.
    internal async ValueTask<string> NameOf(string reference, CancellationToken stop)
    {
        var parts = reference.Split('/');
        if (await store.Read(parts[0], parts[1], AccessFilter.Everything, stop) is not { IsDeleted: false } stored) return reference;
        using var json = JsonDocument.Parse(stored.Body);
        return Names.OfPerson(json.RootElement);
    }
}

/// <summary>One request of a signed-in person for one page.</summary>
sealed class Visit(IAccessControl control, RecordStore store, Interaction? interaction, Permission? permission, Frame frame, IResult? held)
{
    public Frame Frame => frame;
    /// <summary>The decision; null for a page that shows nothing of the record.</summary>
    public Permission? Permission => permission;
    /// <summary>What may be seen.</summary>
    public AccessFilter Filter => permission?.Filter ?? AccessFilter.Nothing;
    /// <summary>Who is signed in. Only after <see cref="Refusal"/> was null.</summary>
    public SignedIn Person => frame.Person!;

    /// <summary>The answer when the visit ends here: to the sign-in, or a page that says why; null when it may go on.</summary>
    public IResult? Refusal => held ?? (frame.Person is null ? TypedResults.Redirect($"/sign-in?to={Uri.EscapeDataString(frame.Here)}")
        : permission?.Refusal is { } refusal ? FaultPage.Of(refusal.Kind, frame) : null);

    /// <summary>Why the reader may not write a resource with these compartments; null when they may.</summary>
    public Fault? MayWrite(string type, ReadOnlySpan<long> compartments) => permission is null || interaction is null
        ? new(FaultKind.Forbidden, "forbidden", type, "This page writes nothing.") : control.MayWrite(permission, interaction with { Type = type }, compartments);

    /// <summary>Whether the reader may hold, book, move and cancel for this patient. A page that is only read is told whether to offer it; the form that is sent is decided.</summary>
    /// <param name="patient">Logical id.</param>
    /// <param name="compartment">Its key, or that of another patient whom the appointment concerns.</param>
    public bool MayBook(string patient, long compartment) => interaction is { Name: "$hold" or "$book" } ? control.MayWrite(permission!, interaction, [compartment]) is null
        : Person.IsProfessional || Person.FamilyOf(patient) is null || Person.BooksFor(patient);

    /// <summary>Logs what the page shows; the page leaves after that.</summary>
    /// <param name="view">Which page, in a word: it stands in the log as the query.</param>
    /// <param name="resources">What it shows.</param>
    /// <param name="patients">Compartment keys of whom the page is about, whether it shows anything of theirs or not.</param>
    /// <param name="stop">Stops waiting.</param>
    public ValueTask Log(string view, IEnumerable<StoredResource> resources, IReadOnlyList<long> patients, CancellationToken stop) => control.Log(
        new(permission!.Agent, interaction!, $"portal:{view}", AccessedResource.Of(store, resources), StatusCodes.Status200OK) { Patients = patients }, stop);

    /// <summary>The page for what is not there, or not theirs: which of the two, it does not say. The attempt is logged.</summary>
    public async Task<IResult> NotFound(CancellationToken stop)
    {
        if (interaction is not null) await control.Log(new(permission!.Agent, interaction, "portal", [], StatusCodes.Status404NotFound), stop);
        return FaultPage.Of(FaultKind.NotFound, frame);
    }

    /// <summary>The page itself.</summary>
    /// <param name="model">What it shows.</param>
    /// <param name="form">The form on it, or null when it has none. One that must be shown again makes the answer 422, or 409 when somebody else was faster.</param>
    public RazorComponentResult<TPage> Page<TPage>(object model, Form? form = null) where TPage : IComponent
    {
        var parameters = new Dictionary<string, object?> { ["Frame"] = frame, ["Model"] = model };
        if (form is not null) parameters["Form"] = form;
        return new(parameters)
        {
            PreventStreamingRendering = true,
            StatusCode = form switch { { Theirs: not null } => StatusCodes.Status409Conflict, { Errors.Count: > 0 } => StatusCodes.Status422UnprocessableEntity, _ => null },
        };
    }
}
