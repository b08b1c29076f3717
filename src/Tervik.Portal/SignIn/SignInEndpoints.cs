using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Faults;
using Tervik.Portal.Reading;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Trust;
using Tervik.Trust.Identity;

namespace Tervik.Portal.SignIn;

/// <summary>Somebody to choose on the demonstration page.</summary>
/// <param name="Reference">Who one would be.</param>
/// <param name="Name">In one line.</param>
/// <param name="Detail">Birth date and age, or qualification and patients.</param>
public sealed record Choice(string Reference, string Name, string? Detail);

/// <summary>What the sign-in page shows.</summary>
/// <param name="IsOffered">Whether the demonstration sign-in is on.</param>
/// <param name="Name">What was searched for.</param>
/// <param name="To">Where to go afterwards.</param>
/// <param name="Patients">First of the patients found.</param>
/// <param name="Professionals">First of the professionals found.</param>
/// <param name="Held">What was being written when the session ended; null when nothing was.</param>
/// <param name="Personas">People of the tour, offered first while nobody is searched for.</param>
/// <param name="Ways">The ways in besides the demonstration.</param>
/// <param name="Fault">Why the last attempt came to nothing, as a key of the words; null when there was none.</param>
public sealed record SignInModel(bool IsOffered, string Name, string To, IReadOnlyList<Choice> Patients, IReadOnlyList<Choice> Professionals, HeldForm? Held, IReadOnlyList<TourPersona> Personas, Ways Ways, string? Fault);

/// <summary>After a sign-in that interrupted writing: what was written, to go on with.</summary>
/// <param name="To">Address of the form.</param>
/// <param name="Held">Its fields.</param>
/// <param name="Key">Of the form in the new session, when the person was there all the time and only confirmed that it is them; null after a new sign-in, when the form is looked over before it is sent.</param>
public sealed record ContinueModel(string To, HeldForm Held, string? Key);

/// <summary>Sign-in and sign-out: by eID (EidEndpoints), passkey (PasskeyEndpoints), or the demonstration for synthetic data, where one chooses who one is.</summary>
static class SignInEndpoints
{
    const int LongestName = 100;

    public static void MapSignIn(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/sign-in", Show);
        routes.MapPost("/sign-in/again", Again).DisableAntiforgery();
        routes.MapPost("/sign-in", Enter).DisableAntiforgery(); // FormGuard does it.
        routes.MapPost("/sign-out", Leave).DisableAntiforgery();
    }

    static Task<IResult> Show(string? name, string? to, HttpContext request, SignInParts parts, CancellationToken stop) => Page(request, name, to, held: null, fault: null, parts, stop);

    /// <summary>The same with a form that waits: searching by name must not lose it, so it is posted.</summary>
    static async Task<IResult> Again(HttpContext request, SignInParts parts, CancellationToken stop)
    {
        var form = await request.Request.ReadFormAsync(stop);
        return await Page(request, form["name"], form["to"], FormGuard.IsFromHere(request) ? HeldForm.Back(form) : null, fault: null, parts, stop);
    }

    /// <summary>The sign-in page.</summary>
    internal static async Task<IResult> Page(HttpContext request, string? name, string? to, HeldForm? held, string? fault, SignInParts parts, CancellationToken stop)
    {
        var visit = await parts.Entrance.Enter(request, interaction: null, stop);
        var wanted = name is null ? "" : name.Trim() is { Length: > LongestName } long_ ? long_[..LongestName] : name.Trim();
        var (today, people) = (parts.Clock.GetLocalNow().DateTime, parts.People);
        IReadOnlyList<Choice> patients = people.IsOffered ? [.. (await people.Find("Patient", wanted, stop)).Select(person => Patient(person, today))] : [];
        IReadOnlyList<Choice> professionals = people.IsOffered ? [.. (await people.Find("Practitioner", wanted, stop)).Select(Professional)] : [];
        var ways = await parts.Ways(request, held, stop);
        var page = visit.Page<SignInPage>(new SignInModel(people.IsOffered, wanted, LocalPath.Of(to), patients, professionals, held, wanted.Length == 0 ? await parts.Tour.Present(stop) : [], ways, fault));
        // The form was not written, or nobody was let in.
        if (held is not null || fault is not null) page.StatusCode = StatusCodes.Status401Unauthorized;
        return page;
    }

    static async Task<IResult> Enter(HttpContext request, SignInParts parts, CancellationToken stop)
    {
        var form = await request.Request.ReadFormAsync(stop);
        var reference = form["person"].ToString();
        if (!parts.People.IsOffered || !FormGuard.Accepts(request, form) || !await parts.People.Exists(reference, stop))
            return FaultPage.Of((await parts.Entrance.Enter(request, interaction: null, stop)).Frame, StatusCodes.Status400BadRequest);
        return await parts.Arrive(request, reference, new("demonstration", Assurance.High, parts.Clock.NowUs(), []), form["to"], HeldForm.Back(form), ConfirmEndpoints.ActionOf(form["confirm"]), stop);
    }

    static async Task<IResult> Leave(HttpContext request, Entrance entrance, Identification identification, Sessions sessions, IAccessControl control, CancellationToken stop)
    {
        var form = await request.Request.ReadFormAsync(stop);
        if (!FormGuard.Accepts(request, form)) return FaultPage.Of((await entrance.Enter(request, interaction: null, stop)).Frame, StatusCodes.Status400BadRequest);
        if ((await identification.Of(request, stop)).Agent is { } agent) await control.Log(new(agent, new("sign-out", null), null, [], StatusCodes.Status302Found), stop);
        await sessions.Close(request, stop);
        return TypedResults.LocalRedirect("/sign-in");
    }

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
