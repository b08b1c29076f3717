using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Trust.BreakGlass;
using Tervik.Trust.Identity;
using Tervik.Trust.Relations;

namespace Tervik.Portal.Emergency;

/// <summary>The page on which a professional opens a record out of the ordinary.</summary>
/// <param name="Id">Logical id of the patient, whether there is one or not.</param>
/// <param name="Patient">Who it is, when the reader sees the record anyway.</param>
/// <param name="Units">Units of the reader: reference and name.</param>
public sealed record EmergencyModel(string Id, PatientHeader? Patient, IReadOnlyList<(string Value, string Words)> Units);

/// <summary>Break-glass and declared relations: offered the same way for every patient, whether the record is open, closed in part, or does not exist.</summary>
static class EmergencyEndpoints
{
    public static void MapEmergency(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/patients/{id}/emergency", Show);
        routes.MapPost("/patients/{id}/emergency", Open).DisableAntiforgery(); // FormGuard does it.
        routes.MapPost("/patients/{id}/emergency/end", End).DisableAntiforgery();
        routes.MapPost("/patients/{id}/emergency/noticed", Notice).DisableAntiforgery();
    }

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, RecordQuery record, StaffRegister register, Tervik.Portal.Access.StaffQuery staff, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("open-record", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        var model = await Load(id, visit, record, register, staff, stop);
        await visit.Log("emergency", [], model.Patient is null ? [] : [record.Compartment(id)], stop);
        return visit.Page<EmergencyPage>(model, Form.Of(request, version: 0, new Dictionary<string, string> { ["unit"] = model.Units.Count > 0 ? model.Units[0].Value : "" }));
    }

    static async Task<IResult> Open(string id, HttpContext request, Entrance entrance, RecordQuery record, StaffRegister register, Tervik.Portal.Access.StaffQuery staff, ExceptionalAccesses accesses, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("open-record", "Patient", id), stop, SensitiveAction.OpenInEmergency);
        if (visit.Refusal is { } refusal) return refusal;
        var model = await Load(id, visit, record, register, staff, stop);
        var kind = form["kind"] == "declared" ? ExceptionalKind.Declared : ExceptionalKind.Glass;
        var reason = form.Choice(kind == ExceptionalKind.Glass ? "reason" : "relation", ExceptionalAccesses.ReasonsOf(kind));
        var note = form.Text(kind == ExceptionalKind.Glass ? "note" : "relation-note", ExceptionalAccesses.LongestNote, isRequired: kind == ExceptionalKind.Declared);
        var unit = model.Units.Count == 0 ? "" : form.Choice("unit", model.Units.Select(one => one.Value));
        if (form.MustShowAgain) return visit.Page<EmergencyPage>(model, form);
        // Who asks this way is told whether there is such a record: the question itself is on the log.
        if (await record.Patient(id, AccessFilter.Everything, stop) is not var (_, stored)) return await visit.NotFound(stop);
        await visit.Log(kind == ExceptionalKind.Glass ? "glass" : "declared", [stored], [record.Compartment(id)], stop);
        await accesses.Open(form.NewId, kind, visit.Person.Reference, $"Patient/{id}", unit, reason, note, stop);
        return TypedResults.LocalRedirect($"/patients/{Uri.EscapeDataString(id)}");
    }

    static async Task<IResult> End(string id, HttpContext request, Entrance entrance, ExceptionalAccesses accesses, RecordQuery record, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("open-record", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        await visit.Log("closed-again", [], await record.Patient(id, visit.Filter, stop) is null ? [] : [record.Compartment(id)], stop);
        await accesses.Close(form["access"], visit.Person.Reference, stop);
        return TypedResults.LocalRedirect("/patients");
    }

    /// <summary>The patient has seen who opened the record.</summary>
    static async Task<IResult> Notice(string id, HttpContext request, Entrance entrance, ExceptionalAccesses accesses, RecordQuery record, CancellationToken stop)
    {
        var (visit, _) = await entrance.EnterForm(request, new("update-own", "Consent"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.Owns(id)) return await visit.NotFound(stop);
        await visit.Log("sharing", [], [record.Compartment(id)], stop);
        await accesses.Notice($"Patient/{id}", stop);
        return TypedResults.LocalRedirect("/");
    }

    static async Task<EmergencyModel> Load(string id, Visit visit, RecordQuery record, StaffRegister register, Tervik.Portal.Access.StaffQuery staff, CancellationToken stop)
    {
        var units = new List<(string, string)>();
        foreach (var unit in (await register.Of(visit.Person.Reference, stop)).Roles.Select(role => role.Organization).OfType<string>().Distinct()) units.Add((unit, await staff.NameOf(unit, stop) ?? unit));
        return new(id, await record.Patient(id, visit.Filter, stop) is var (header, _) ? header : null, units);
    }
}
