using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Faults;
using Tervik.Portal.Forms;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records;
using Tervik.Trust.Snooping;

namespace Tervik.Portal.Alerts;

/// <summary>What looks like curiosity in the log, for the lead of the unit and for data protection: each alert with what speaks against it, answered and commented. To everybody else, and about oneself, there is none.</summary>
static class AlertsEndpoints
{
    public static void MapAlerts(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/alerts", Show);
        routes.MapGet("/alerts/{id}", ShowOne);
        routes.MapPost("/alerts/{id}", Answer).DisableAntiforgery(); // FormGuard does it.
    }

    static async Task<IResult> Show(string? state, HttpContext request, Entrance entrance, AlertsQuery query, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("alerts", null), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Frame.ReviewsAlerts) return FaultPage.Of(FaultKind.Forbidden, visit.Frame);
        var model = await query.Load(visit.Person.Reference, Enum.TryParse<AlertState>(state, ignoreCase: true, out var wanted) ? wanted : AlertState.Open, stop);
        await visit.Log("alerts", [], [], stop);
        return visit.Page<AlertsPage>(model);
    }

    static async Task<IResult> ShowOne(string id, HttpContext request, Entrance entrance, AlertsQuery query, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("alerts", null), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await query.Find(id, visit.Person.Reference, stop) is not { } model) return await visit.NotFound(stop);
        await Log(visit, "alert", model, record, stop);
        return visit.Page<AlertPage>(model, Form.New(request));
    }

    static async Task<IResult> Answer(string id, HttpContext request, Entrance entrance, AlertsQuery query, RecordQuery record, Trust.Snooping.Alerts alerts, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("alert-review", null), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await query.Find(id, visit.Person.Reference, stop) is not { } model) return await visit.NotFound(stop);
        var state = form.Choice("state", AlertPage.Answers);
        var comment = form.Text("comment", Trust.Snooping.Alerts.LongestComment);
        await Log(visit, form.MustShowAgain ? "alert" : "alert-review", model, record, stop);
        if (form.MustShowAgain) return visit.Page<AlertPage>(model, form);
        await alerts.Review(model.Line.Alert, visit.Person.Reference, Enum.Parse<AlertState>(state), comment, stop);
        return TypedResults.LocalRedirect($"/alerts/{Uri.EscapeDataString(id)}");
    }

    // It names the patient: to them that is an access like any other.
    static ValueTask Log(Visit visit, string view, AlertModel model, RecordQuery record, CancellationToken stop) =>
        visit.Log(view, [], model.Line.Alert.Patient?.Split('/') is ["Patient", var id] ? [record.Compartment(id)] : [], stop);
}
