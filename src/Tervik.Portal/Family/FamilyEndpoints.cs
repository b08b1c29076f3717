using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Sharing;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Trust;
using Tervik.Trust.Consent;
using Tervik.Trust.Relations;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Family;

/// <summary>Children's records, adults one let in, and adults who let one in. Only for the patients themselves.</summary>
static class FamilyEndpoints
{
    const int LongestNumber = 50;
    /// <summary>Nobody is let in for longer without being asked again.</summary>
    const int MostYears = 5;

    public static void MapFamily(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/patients/{id}/family", Show);
        routes.MapPost("/patients/{id}/family/let-in", LetIn).DisableAntiforgery(); // FormGuard does it.
        routes.MapPost("/patients/{id}/family/end", End).DisableAntiforgery();
    }

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, RecordQuery record, FamilyQuery family, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "Consent"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await SharingEndpoints.Own(visit, id, record, stop) is not { } patient) return await visit.NotFound(stop);
        return await Page(visit, patient, Form.New(request), record, family, stop);
    }

    static async Task<IResult> LetIn(string id, HttpContext request, Entrance entrance, RecordQuery record, FamilyQuery family, Trust.Consent.Sharing sharing, IAccessControl control, TimeProvider clock, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("create-own", "Consent"), stop, SensitiveAction.LetIn);
        if (visit.Refusal is { } refusal) return refusal;
        if (await SharingEndpoints.Own(visit, id, record, stop) is not { } patient) return await visit.NotFound(stop);
        var number = form.Text("number", LongestNumber);
        var today = DateOnly.FromDateTime(record.Today);
        var until = form.Day("until", today, today.AddYears(MostYears));
        var part = form.Choice("part", FamilyPage.Parts, isRequired: false);
        string? other = null;
        if (number.Length > 0 && !form.IsReview)
        {
            other = await family.ByNationalNumber(number, stop);
            // Looking somebody up by their number is an access, also when nobody is found.
            await control.Log(new(visit.Person.Reference, new("search-type", "Patient"), "portal:look-up", other is null ? [] : [new($"Patient/{other}", [record.Compartment(other)])], StatusCodes.Status200OK), stop);
            if (other is null) form.Fail("number", Words.Of("error nobody of this number"));
            else if (other == id) form.Fail("number", Words.Of("error own number"));
        }
        if (form.MustShowAgain || other is null || until is null) return await Page(visit, patient, form, record, family, stop);
        await visit.Log("let-in", [], [record.Compartment(id)], stop);
        // The last day is a whole one.
        var endsUs = new DateTimeOffset(until.Value.AddDays(1).ToDateTime(TimeOnly.MinValue), clock.GetLocalNow().Offset).Us();
        await sharing.Make(form.NewId, SharingKind.LetIn, $"Patient/{id}", $"Patient/{other}", endsUs, stop, What(part, form["books"] == "yes"));
        return TypedResults.LocalRedirect($"/patients/{Uri.EscapeDataString(id)}/family#let-in");
    }

    /// <summary>Whoever books for somebody sees their appointments.</summary>
    static string What(string part, bool books)
    {
        if (!books) return part;
        var classes = part.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return string.Join(' ', [.. classes.Length > 0 && !classes.Contains("appointments") ? classes.Prepend("appointments") : classes, SharingChoice.Booking]);
    }

    static async Task<IResult> End(string id, HttpContext request, Entrance entrance, RecordQuery record, Trust.Consent.Sharing sharing, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("update-own", "Consent"), stop, SensitiveAction.LetIn);
        if (visit.Refusal is { } refusal) return refusal;
        if (await SharingEndpoints.Own(visit, id, record, stop) is null) return await visit.NotFound(stop);
        await visit.Log("let-in-end", [], [record.Compartment(id)], stop);
        await sharing.End(form["choice"], $"Patient/{id}", stop);
        return TypedResults.LocalRedirect($"/patients/{Uri.EscapeDataString(id)}/family#let-in");
    }

    static async Task<IResult> Page(Visit visit, PatientHeader patient, Form form, RecordQuery record, FamilyQuery family, CancellationToken stop)
    {
        var model = await family.Load(patient, visit, stop);
        // The names and ages of relatives are theirs.
        await visit.Log("family", [], [record.Compartment(patient.Id), .. model.Children.Concat(model.LetMeIn).Select(relative => record.Compartment(relative.Id))], stop);
        return visit.Page<FamilyPage>(model, form);
    }
}
