using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Records.Rest;
using Tervik.Trust;
using Tervik.Trust.Consent;
using Tervik.Trust.Relations;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Sharing;

/// <summary>Who can see one's record and why, and closing it to a person or an institution. Only for the patients themselves: to anybody else these pages do not exist.</summary>
static class SharingEndpoints
{
    const int LongestName = 100;

    public static void MapSharing(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/patients/{id}/sharing", Show);
        routes.MapSearch("/patients/{id}/sharing", _ => new("search-type", "Consent"), ["name"], []);
        routes.MapGet("/patients/{id}/sharing/close", Explain);
        routes.MapPost("/patients/{id}/sharing/close", Close).DisableAntiforgery(); // FormGuard does it.
        routes.MapPost("/patients/{id}/sharing/open", Open).DisableAntiforgery();
        routes.MapGet("/patients/{id}/sharing/consents", Consents);
    }

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, RecordQuery record, SharingQuery sharing, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "Consent"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await Own(visit, id, record, stop) is not { } patient) return await visit.NotFound(stop);
        var wanted = visit.Frame.Sought["name"];
        var model = await sharing.Load(patient, wanted.Length > LongestName ? wanted[..LongestName] : wanted, stop);
        await visit.Log("sharing", [], [record.Compartment(id)], stop);
        return visit.Page<SharingPage>(model);
    }

    static async Task<IResult> Explain(string id, string? actor, HttpContext request, Entrance entrance, RecordQuery record, SharingQuery sharing, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "Consent"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await Own(visit, id, record, stop) is not { } patient || await sharing.Close(patient, actor ?? "", stop) is not { } model) return await visit.NotFound(stop);
        await visit.Log("sharing", [], [record.Compartment(id)], stop);
        return visit.Page<ClosePage>(model, Form.Of(request, version: 0, new Dictionary<string, string> { ["actor"] = actor! }));
    }

    static async Task<IResult> Close(string id, HttpContext request, Entrance entrance, RecordQuery record, SharingQuery query, Trust.Consent.Sharing sharing, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("create-own", "Consent"), stop, SensitiveAction.ChangeSharing);
        if (visit.Refusal is { } refusal) return refusal;
        if (await Own(visit, id, record, stop) is not { } patient || await query.Close(patient, form["actor"], stop) is not { } model) return await visit.NotFound(stop);
        if (form["understood"] != "yes") form.Fail("understood", Words.Of("error understood"));
        if (form.MustShowAgain) return visit.Page<ClosePage>(model, form);
        await visit.Log("close", [], [record.Compartment(id)], stop);
        await sharing.Make(form.NewId, SharingKind.KeepOut, $"Patient/{id}", model.Actor.Reference, endsUs: 0, stop);
        return TypedResults.LocalRedirect($"/patients/{Uri.EscapeDataString(id)}/sharing#closed");
    }

    static async Task<IResult> Open(string id, HttpContext request, Entrance entrance, RecordQuery record, Trust.Consent.Sharing sharing, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("update-own", "Consent"), stop, SensitiveAction.ChangeSharing);
        if (visit.Refusal is { } refusal) return refusal;
        if (await Own(visit, id, record, stop) is null) return await visit.NotFound(stop);
        await visit.Log("reopen", [], [record.Compartment(id)], stop);
        await sharing.End(form["choice"], $"Patient/{id}", stop);
        return TypedResults.LocalRedirect($"/patients/{Uri.EscapeDataString(id)}/sharing#closed");
    }

    static async Task<IResult> Consents(string id, HttpContext request, Entrance entrance, RecordQuery record, Trust.Consent.Sharing sharing, TimeProvider clock, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "Consent"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await Own(visit, id, record, stop) is null) return await visit.NotFound(stop);
        var body = ConsentJson.Collection(await sharing.Of($"Patient/{id}", stop), FhirEndpoints.Address(request.Request), clock.NowUs());
        await visit.Log("sharing", [], [record.Compartment(id)], stop);
        return TypedResults.Bytes(body, "application/fhir+json; charset=utf-8", "consents.json");
    }

    /// <summary>The reader's own record; null when it is another's, or the reader is no patient.</summary>
    internal static async Task<PatientHeader?> Own(Visit visit, string id, RecordQuery record, CancellationToken stop) =>
        visit.Person.Owns(id) && await record.Patient(id, visit.Filter, stop) is var (header, _) ? header : null;
}
