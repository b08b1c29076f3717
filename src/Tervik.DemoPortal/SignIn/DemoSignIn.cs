using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.DemoPortal.Tour;
using Tervik.Portal.Faults;
using Tervik.Portal.Reading;
using Tervik.Portal.Shell;
using Tervik.Portal.SignIn;
using Tervik.Records.Access;
using Tervik.Trust;
using Tervik.Trust.Identity;

namespace Tervik.DemoPortal.SignIn;

/// <summary>Somebody to choose.</summary>
/// <param name="Reference">Who one would be.</param>
/// <param name="Name">In one line.</param>
/// <param name="Detail">Birth date and age, or qualification and patients.</param>
public sealed record Choice(string Reference, string Name, string? Detail);

/// <summary>What the demonstration shows on the sign-in page.</summary>
/// <param name="Name">What was searched for.</param>
/// <param name="To">Where to go afterwards.</param>
/// <param name="Patients">First of the patients found.</param>
/// <param name="Professionals">First of the professionals found.</param>
/// <param name="Held">What was being written when the session ended; null when nothing was.</param>
/// <param name="Personas">People of the tour, offered first while nobody is searched for.</param>
public sealed record DemoModel(string Name, string To, IReadOnlyList<Choice> Patients, IReadOnlyList<Choice> Professionals, HeldForm? Held, IReadOnlyList<TourPersona> Personas);

/// <summary>Signing in as anybody.</summary>
sealed class DemoSignIn(DemoPeople people, PeopleOfTour tour, TimeProvider clock) : IDemonstration
{
    const int LongestName = 100;
    const string SearchPath = "/sign-in/again";

    public bool HasTour => tour.Personas.Count > 0;
    public IReadOnlyList<(string Reference, string Name)> Patients => [.. tour.Personas.Where(one => !one.IsProfessional).Select(one => (one.Reference, one.Name))];

    public async Task<RenderFragment> SignIn(HttpContext request, Frame frame, string to, HeldForm? held, CancellationToken stop)
    {
        // A field of the same name in a form that waits is another.
        var asked = (request.Request.Path == SearchPath ? (await request.Request.ReadFormAsync(stop))["name"] : request.Request.Query["name"]).ToString().Trim();
        var (name, today) = (asked.Length > LongestName ? asked[..LongestName] : asked, clock.GetLocalNow().DateTime);
        var model = new DemoModel(name, to, [.. (await people.Find("Patient", name, stop)).Select(person => Patient(person, today))], [.. (await people.Find("Practitioner", name, stop)).Select(Professional)],
            held, name.Length == 0 ? await tour.Present(stop) : []);
        return Part<DemoPart>(("Frame", frame), ("Model", model));
    }

    public RenderFragment Confirm(Frame frame, string to, SensitiveAction action, HeldForm? held) => Part<DemoConfirm>(("Frame", frame), ("To", to), ("Action", action), ("Held", held));

    internal static RenderFragment Part<TComponent>(params (string Name, object? Value)[] parameters) where TComponent : IComponent => builder =>
    {
        builder.OpenComponent<DynamicComponent>(0);
        builder.AddComponentParameter(1, nameof(DynamicComponent.Type), typeof(TComponent));
        builder.AddComponentParameter(2, nameof(DynamicComponent.Parameters), parameters.ToDictionary(one => one.Name, one => one.Value!));
        builder.CloseComponent();
    };

    static Choice Patient(DemoPerson person, DateTime today)
    {
        using var json = JsonDocument.Parse(person.Resource);
        var header = PatientHeader.Read(json.RootElement, today);
        return new(person.Reference, header.Name, header.Born is { } born ? Words.Of(header.IsDeceased ? "born {0}, deceased" : "born {0}", born.Day) : null);
    }

    static Choice Professional(DemoPerson person)
    {
        using var json = JsonDocument.Parse(person.Resource);
        var qualification = json.RootElement.FirstAt("qualification").At("code");
        return new(person.Reference, Names.OfPerson(json.RootElement), qualification.Exists() ? Codes.Write(qualification) : null);
    }
}

/// <summary>Mounted at /sign-in.</summary>
static class DemoSignInEndpoints
{
    public static void MapDemoSignIn(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/sign-in", Enter).DisableAntiforgery(); // FormGuard does it.
        routes.MapPost("/sign-in/again", Again).DisableAntiforgery();
    }

    /// <summary>The page with those of a name; what waits, waits on.</summary>
    static async Task<IResult> Again(HttpContext request, SignInParts parts, CancellationToken stop)
    {
        var form = await request.Request.ReadFormAsync(stop);
        return await SignInEndpoints.Page(request, form["to"], FormGuard.IsFromHere(request) ? HeldForm.Back(form) : null, fault: null, parts, stop);
    }

    static async Task<IResult> Enter(HttpContext request, SignInParts parts, DemoPeople people, CancellationToken stop)
    {
        var form = await request.Request.ReadFormAsync(stop);
        var reference = form["person"].ToString();
        if (!FormGuard.Accepts(request, form) || !await people.Exists(reference, stop))
            return FaultPage.Of((await parts.Entrance.Enter(request, interaction: null, stop)).Frame, StatusCodes.Status400BadRequest);
        return await parts.Arrive(request, reference, new("demonstration", Assurance.High, parts.Clock.NowUs(), []), form["to"], HeldForm.Back(form), ConfirmEndpoints.ActionOf(form["confirm"]), stop);
    }
}
