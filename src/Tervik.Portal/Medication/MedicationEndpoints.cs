using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Resources;

namespace Tervik.Portal.Medication;

/// <summary>The form with which a patient asks for renewal.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Line">Of which medication.</param>
/// <param name="Open">A request that waits already, or null.</param>
/// <param name="OwnerName">Who will answer, or null.</param>
public sealed record RenewalModel(PatientHeader Patient, MedicationLine Line, RenewalRequest? Open, string? OwnerName);

/// <summary>One request, to be taken back or answered.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Request">The request.</param>
/// <param name="Line">The prescription it is about; null when it is gone.</param>
/// <param name="Together">What is known about it and the other current medication.</param>
/// <param name="Conflicts">Allergies it does not go with.</param>
public sealed record RequestModel(PatientHeader Patient, RenewalRequest Request, MedicationLine? Line, IReadOnlyList<Interaction> Together, IReadOnlyList<AllergyConflict> Conflicts);

/// <summary>Medication: what is taken, when, what to know about it, and new prescriptions of it.</summary>
static class MedicationEndpoints
{
    const int LongestText = 2000, LongestName = 200, MostDays = 366;

    /// <summary>Field with the version of the prescription that a renewal goes on from.</summary>
    public const string MedicationVersion = "medication-version";

    public static void MapMedication(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/patients/{id}/medication", Show);
        routes.MapGet("/patients/{id}/medication/{prescription}/renewal", Ask);
        routes.MapPost("/patients/{id}/medication/{prescription}/renewal", Send).DisableAntiforgery(); // FormGuard does it.
        routes.MapGet("/patients/{id}/medication/requests/{task}", ShowRequest);
        routes.MapPost("/patients/{id}/medication/requests/{task}/withdraw", Withdraw).DisableAntiforgery();
        routes.MapPost("/patients/{id}/medication/requests/{task}/answer", Answer).DisableAntiforgery();
    }

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, MedicationQuery medication, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await medication.Load(id, visit.Filter, stop) is not var (model, read)) return await visit.NotFound(stop);
        await visit.Log("medication", read, [record.Compartment(id)], stop);
        return visit.Page<MedicationPage>(model);
    }

    static async Task<IResult> Ask(string id, string prescription, HttpContext request, Entrance entrance, MedicationQuery medication, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (visit.Person.IsProfessional || await medication.Load(id, visit.Filter, stop) is not var (model, read) || await Renewal(model, prescription, visit, record, stop) is not var (renewal, _)) return await visit.NotFound(stop);
        await visit.Log("medication", read, [record.Compartment(id)], stop);
        return visit.Page<RenewalPage>(renewal, Form.New(request));
    }

    static async Task<IResult> Send(string id, string prescription, HttpContext request, Entrance entrance, MedicationQuery medication, RecordQuery record, RecordWriter writer, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("create-own", "Task"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await medication.Load(id, visit.Filter, stop) is not var (model, read) || await Renewal(model, prescription, visit, record, stop) is not var (renewal, owner)) return await visit.NotFound(stop);
        var days = form.Number("days", 0, MostDays, isRequired: false);
        if (days is { } number && !decimal.IsInteger(number)) form.Fail("days", Words.Of("error number out of range", 0, MostDays));
        var (pharmacy, comment) = (form.Text("pharmacy", LongestName, isRequired: false), form.Text("comment", LongestText, isRequired: false));
        // Asking twice is told; the same form sent twice is one request.
        if (renewal.Open is { } open && open.Stored.Id != form.NewId) form.Fail("", AskedAlready(open));
        if (!form.MustShowAgain)
        {
            var task = RenewalRequest.New(id, renewal.Patient.Name, renewal.Line, owner, renewal.OwnerName, visit.Person, model.Today, (int?)days, pharmacy, comment);
            var result = await writer.Write(visit, id, "ask-renewal", [new(task, form.NewId)], stop);
            if (result.Outcome == Written.Saved) return TypedResults.LocalRedirect($"/patients/{Uri.EscapeDataString(id)}/medication#requests");
            form.Fail("", result.Outcome == Written.Conflict ? Words.Of("asked already", renewal.Line.Name) : result.Why);
        }
        await visit.Log("medication", read, [record.Compartment(id)], stop);
        return visit.Page<RenewalPage>(renewal, form);
    }

    static async Task<(RenewalModel Model, string? Owner)?> Renewal(MedicationModel model, string prescription, Visit visit, RecordQuery record, CancellationToken stop)
    {
        if (model.Current.FirstOrDefault(line => line.Id == prescription && !line.IsReported) is not { } line) return null;
        var (owner, name) = (line.Prescriber, line.By);
        if (owner is null && await record.Patient(model.Patient.Id, visit.Filter, stop) is var (_, stored))
            (owner, name) = stored.Take(json => json.FirstAt("generalPractitioner") is var doctor && doctor.TextAt("reference") is ['P', ..] reference ? (reference, doctor.TextAt("display")) : ((string?)null, (string?)null));
        return (new(model.Patient, line, model.OpenRequest(line), name), owner);
    }

    static string AskedAlready(RenewalRequest open) => open.Asked is { } asked ? Words.Of("asked already on", open.Name, asked.Day) : Words.Of("asked already", open.Name);

    static async Task<IResult> ShowRequest(string id, string task, HttpContext request, Entrance entrance, MedicationQuery medication, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await medication.Load(id, visit.Filter, stop) is not var (model, read) || Request(model, task) is not { } shown) return await visit.NotFound(stop);
        await visit.Log("medication", read, [record.Compartment(id)], stop);
        return visit.Page<RequestPage>(shown, Form.Of(request, shown.Request.Stored.Version, new Dictionary<string, string>()));
    }

    static RequestModel? Request(MedicationModel model, string task)
    {
        if (model.Requests.FirstOrDefault(one => one.Stored.Id == task) is not { } request) return null;
        var line = model.All.FirstOrDefault(one => one.Type == "MedicationRequest" && one.Id == request.Medication);
        return new(model.Patient, request, line, line is null ? [] : Interactions.Check(line, [.. model.Current.Where(other => other.Key != line.Key)]), line is null ? [] : AllergyConflicts.Check(line, model.Allergies));
    }

    static async Task<IResult> Withdraw(string id, string task, HttpContext request, Entrance entrance, MedicationQuery medication, RecordQuery record, RecordWriter writer, Authorship authors, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("update-own", "Task", task), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await medication.Load(id, visit.Filter, stop) is not var (model, _) || Request(model, task) is not { } shown) return await visit.NotFound(stop);
        if (form is { IsReview: false, Version: { } version } && (shown.Request.IsOpen || version != shown.Request.Stored.Version))
        {
            var result = await writer.Write(visit, id, "withdraw-renewal", [new(shown.Request.Withdrawn(model.Today), task, version)], stop);
            if (result.Outcome == Written.Saved) return TypedResults.LocalRedirect($"/patients/{Uri.EscapeDataString(id)}/medication#requests");
            await Note(form, result, id, shown.Request.Stored, visit, authors, stop);
        }
        return await Again(id, task, form, visit, medication, record, stop);
    }

    static async Task<IResult> Answer(string id, string task, HttpContext request, Entrance entrance, MedicationQuery medication, RecordQuery record, RecordStore store, RecordWriter writer, Authorship authors, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("update", "Task", task), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional || await medication.Load(id, visit.Filter, stop) is not var (model, _) || Request(model, task) is not { } shown) return await visit.NotFound(stop);
        var decision = form.Choice("decision", ["renew", "decline"]);
        var days = form.Number("days", 1, MostDays, isRequired: decision == "renew");
        if (days is { } number && !decimal.IsInteger(number)) form.Fail("days", Words.Of("error number out of range", 1, MostDays));
        var words = form.Text("words", LongestText, isRequired: decision == "decline");
        var old = await store.Read("MedicationRequest", shown.Request.Medication, visit.Filter, stop);
        if (decision == "renew" && (old is not { IsDeleted: false } || shown.Line is null)) form.Fail("decision", Words.Of("prescription is gone"));
        if (form is { MustShowAgain: false, Version: { } version } && (shown.Request.IsOpen || version != shown.Request.Stored.Version))
        {
            List<Change> changes = decision == "decline" ? [new(shown.Request.Declined(visit.Person, words, model.Today), task, version)] : Renewed(old!);
            var result = await writer.Write(visit, id, decision == "renew" ? "renew" : "decline-renewal", changes, stop);
            if (result.Outcome == Written.Saved) return TypedResults.LocalRedirect($"/patients/{Uri.EscapeDataString(id)}/medication#requests");
            await Note(form, result, id, shown.Request.Stored, visit, authors, stop);

            List<Change> Renewed(StoredResource prescription)
            {
                var before = JsonNode.Parse(prescription.Body)!.AsObject();
                var next = RenewalRequest.Renewed(before, prescription.Id, visit.Person, model.Today, (int)days!.Value);
                before["status"] = "completed";
                var seen = int.TryParse(form[MedicationVersion], NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : prescription.Version;
                return [new(next, form.NewId), new(shown.Request.Fulfilled(visit.Person, form.NewId, words, model.Today), task, version), new(before, prescription.Id, seen)];
            }
        }
        return await Again(id, task, form, visit, medication, record, stop);
    }

    static async Task Note(Form form, WriteResult result, string id, StoredResource task, Visit visit, Authorship authors, CancellationToken stop)
    {
        if (result.Outcome == Written.Refused) form.Fail("", result.Why);
        else form.Conflict(result.Current is { Type: "Task" } current ? current.Version : task.Version, new Dictionary<string, string>(), result.Current is null ? null : await authors.Of(id, result.Current, visit.Filter, stop));
    }

    // What is stored now, with what was typed and what is wrong with it.
    static async Task<IResult> Again(string id, string task, Form form, Visit visit, MedicationQuery medication, RecordQuery record, CancellationToken stop)
    {
        if (await medication.Load(id, visit.Filter, stop) is not var (model, read) || Request(model, task) is not { } shown) return await visit.NotFound(stop);
        await visit.Log("medication", read, [record.Compartment(id)], stop);
        return visit.Page<RequestPage>(shown, form);
    }
}
