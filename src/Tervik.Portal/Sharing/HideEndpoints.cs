using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Marks;
using Tervik.Trust;
using Tervik.Trust.Consent;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Sharing;

/// <summary>Hiding a part of the own record, exceptions from it, and looking at the record as a professional sees it. Only for the patients themselves.</summary>
static class HideEndpoints
{
    const int LongestName = 100;

    public static void MapHide(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/patients/{id}/sharing/hide", Show);
        routes.MapSearch("/patients/{id}/sharing/hide", _ => new("search-type", "Consent"), ["name"], ["kind", "what"], part: "/whom");
        routes.MapPost("/patients/{id}/sharing/hide", Save).DisableAntiforgery(); // FormGuard does it.
        routes.MapGet("/patients/{id}/sharing/as", SeenAs);
    }

    static async Task<IResult> Show(string id, string? what, string? from, string? to, string? actor, string? kind, HttpContext request, Entrance entrance, RecordQuery record, HideQuery hiding, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "Consent"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await SharingEndpoints.Own(visit, id, record, stop) is not { } patient) return await visit.NotFound(stop);
        var model = await hiding.Load(patient, Part(what, from, to), string.IsNullOrEmpty(actor) ? null : actor, kind == "allow", Cut(visit.Frame.Sought["name"]), stop);
        await visit.Log("hiding", [], [record.Compartment(id)], stop);
        return visit.Page<HidePage>(model, Form.Of(request, version: 0, new Dictionary<string, string> { ["what"] = model.What ?? "", ["actor"] = model.Actor ?? "", ["kind"] = model.IsException ? "allow" : "hide" }));
    }

    static async Task<IResult> Save(string id, HttpContext request, Entrance entrance, RecordQuery record, HideQuery hiding, Trust.Consent.Sharing sharing, TimeProvider clock, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("create-own", "Consent"), stop, SensitiveAction.ChangeSharing);
        if (visit.Refusal is { } refusal) return refusal;
        if (await SharingEndpoints.Own(visit, id, record, stop) is not { } patient) return await visit.NotFound(stop);
        var isException = form["kind"] == "allow";
        var model = await hiding.Load(patient, form["what"], form["actor"], isException, "", stop);
        if (model.What is not { } what || model.Actor is not { } actor) return await visit.NotFound(stop);
        var today = DateOnly.FromDateTime(clock.GetLocalNow().DateTime);
        var until = form.Day("until", today, today.AddYears(100), isRequired: false);
        var isAbsolute = what == ConsentJson.Genetics && !isException && form["absolute"] == "yes";
        if (form["understood"] != "yes") form.Fail("understood", Words.Of("error understood"));
        if (form.MustShowAgain) return visit.Page<HidePage>(model, form);
        await visit.Log(isException ? "allowing" : "hid", [], [record.Compartment(id)], stop);
        var kind = isException ? SharingKind.Allow : isAbsolute ? SharingKind.OptOut : SharingKind.KeepOut;
        await sharing.Make(form.NewId, kind, $"Patient/{id}", isAbsolute ? SharingChoice.Everybody : actor,
            until is { } last ? new DateTimeOffset(last.AddDays(1).ToDateTime(TimeOnly.MinValue, DateTimeKind.Local)).Us() : 0, stop, what);
        return TypedResults.LocalRedirect($"/patients/{Uri.EscapeDataString(id)}/sharing#parts");
    }

    static async Task<IResult> SeenAs(string id, string? who, HttpContext request, Entrance entrance, RecordQuery record, HideQuery hiding, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "Consent"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await SharingEndpoints.Own(visit, id, record, stop) is not { } patient || await hiding.SeenAs(patient, who ?? "", stop) is not { } model) return await visit.NotFound(stop);
        await visit.Log("sharing", [], [record.Compartment(id)], stop);
        return visit.Page<SeenAsPage>(model);
    }

    static string? Part(string? what, string? from, string? to) => what == "period"
        ? DateOnly.TryParse(from, out var first) && DateOnly.TryParse(to, out var last) && first <= last ? RecordMarks.Period(first, last) : null
        : what == "everything" ? SharingChoice.Everything : string.IsNullOrEmpty(what) ? null : what;

    static string Cut(string? name) => name?.Trim() is { } text ? text.Length > LongestName ? text[..LongestName] : text : "";
}
