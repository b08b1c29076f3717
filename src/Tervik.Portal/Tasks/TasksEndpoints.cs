using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Faults;
using Tervik.Portal.Forms;
using Tervik.Portal.Pathways;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records;
using Tervik.Records.Resources;

namespace Tervik.Portal.Tasks;

/// <summary>One task and the answer to it.</summary>
public sealed record TaskModel(TaskLine Task);

/// <summary>What waits for a professional: tasks to answer, results to acknowledge; how many messages are unread.</summary>
static class TasksEndpoints
{
    const int LongestComment = 2000;
    /// <summary>What can be answered to a task.</summary>
    public static readonly string[] Answers = ["in-progress", "completed", "rejected"];

    public static void MapTasks(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/tasks", Show);
        routes.MapGet("/tasks/{id}", ShowOne);
        routes.MapPost("/tasks/{id}", Answer).DisableAntiforgery(); // FormGuard does it.
        routes.MapPost("/tasks/results/{id}", Acknowledge).DisableAntiforgery();
    }

    static async Task<IResult> Show(HttpContext request, Entrance entrance, TasksQuery tasks, PathwayQuery pathways, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "Task"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional) return FaultPage.Of(FaultKind.Forbidden, visit.Frame);
        var (model, read, patients) = await tasks.Load(visit.Person, visit.Filter, stop);
        var (late, more) = await pathways.Late(visit, stop);
        await visit.Log("tasks", read.Concat(more), [.. patients.Concat(late.Select(one => one.Patient.Id)).Distinct().Select(record.Compartment)], stop);
        return visit.Page<TasksPage>(model with { LatePathways = late }, Form.New(request));
    }

    static async Task<IResult> ShowOne(string id, HttpContext request, Entrance entrance, TasksQuery tasks, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("read", "Task", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional) return FaultPage.Of(FaultKind.Forbidden, visit.Frame);
        if (await tasks.Find(id, visit.Filter, stop) is not var (line, stored, patient)) return await visit.NotFound(stop);
        if (line.IsRenewal) return TypedResults.LocalRedirect($"/patients/{Uri.EscapeDataString(patient.Id)}/medication/requests/{Uri.EscapeDataString(id)}");
        if (line.Referral is { } referral) return TypedResults.LocalRedirect($"/patients/{Uri.EscapeDataString(patient.Id)}/referrals/{Uri.EscapeDataString(referral)}");
        await visit.Log("tasks", [stored, patient], [record.Compartment(patient.Id)], stop);
        return visit.Page<TaskPage>(new TaskModel(line), Form.Of(request, stored.Version, new Dictionary<string, string>()));
    }

    static async Task<IResult> Answer(string id, HttpContext request, Entrance entrance, TasksQuery tasks, RecordQuery record, RecordWriter writer, TimeProvider clock, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("update", "Task", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await tasks.Find(id, visit.Filter, stop) is not var (line, stored, patient) || line.Referral is not null) return await visit.NotFound(stop);
        var status = form.Choice("status", Answers);
        var comment = form.Text("comment", LongestComment, isRequired: status == "rejected");
        if (form.MustShowAgain) return await Again(line, stored, patient);
        // The same answer a second time stands there already: its version went up by one.
        if (stored.Version == form.Version + 1 && IsSaid(line, status, comment)) return TypedResults.LocalRedirect("/tasks");
        if (stored.Version != form.Version) return await Conflict(line, stored, patient);
        var result = await writer.Write(visit, patient.Id, "answer-task", [new(Answered(stored, visit.Person, status, comment, clock), id, form.Version)], stop);
        if (result.Outcome == Written.Saved) return TypedResults.LocalRedirect("/tasks");
        if (result.Outcome == Written.Refused)
        {
            form.Fail("", Words.Of("Not allowed to write this"));
            return await Again(line, stored, patient);
        }
        if (await tasks.Find(id, visit.Filter, stop) is not var (now, current, _)) return await visit.NotFound(stop);
        return current.Version == form.Version + 1 && IsSaid(now, status, comment) ? TypedResults.LocalRedirect("/tasks") : await Conflict(now, current, patient);

        Task<IResult> Conflict(TaskLine theirs, StoredResource current, StoredResource who)
        {
            form.Conflict(current.Version, new Dictionary<string, string> { ["status"] = Words.OfCode("task", theirs.Status), ["comment"] = theirs.Notes.Count > 0 ? theirs.Notes[^1] : "" }, by: null);
            return Again(theirs, current, who);
        }

        async Task<IResult> Again(TaskLine shown, StoredResource current, StoredResource who)
        {
            await visit.Log("tasks", [current, who], [record.Compartment(who.Id)], stop);
            return visit.Page<TaskPage>(new TaskModel(shown), form);
        }
    }

    static bool IsSaid(TaskLine line, string status, string comment) => line.Status == status && (comment.Length == 0 || line.Notes.Count > 0 && line.Notes[^1] == comment);

    static JsonObject Answered(StoredResource stored, SignedIn person, string status, string comment, TimeProvider clock)
    {
        var task = JsonNode.Parse(stored.Body)!.AsObject();
        var now = Now(clock);
        task["status"] = status;
        task["lastModified"] = now;
        if (status == "completed")
        {
            // Foreign tasks may hold anything here; a period that is one keeps its start.
            var period = task["executionPeriod"] as JsonObject ?? [];
            task["executionPeriod"] = new JsonObject { ["start"] = period["start"]?.DeepClone() ?? now, ["end"] = now };
        }
        if (comment.Length > 0)
        {
            var notes = task["note"] as JsonArray ?? [];
            notes.Add(new JsonObject { ["authorReference"] = Reference(person.Reference, person.Name), ["time"] = now, ["text"] = comment });
            if (task["note"] is null) task["note"] = notes;
        }
        return task;
    }

    static async Task<IResult> Acknowledge(string id, HttpContext request, Entrance entrance, RecordStore store, RecordWriter writer, TimeProvider clock, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("create", "Task"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (form.IsReview) return TypedResults.LocalRedirect("/tasks#results");
        if (await store.Read("Observation", id, visit.Filter, stop) is not { IsDeleted: false } stored || stored.Take(RecordQuery.PatientOf) is not { } patient) return await visit.NotFound(stop);
        var (name, now) = (RecordQuery.Entry(stored).Title, Now(clock));
        // All forms of the page have one key; with the result's own id each writes a task of its own, and the same one twice.
        var task = new JsonObject
        {
            ["resourceType"] = "Task", ["status"] = "completed", ["intent"] = "order",
            ["code"] = new JsonObject { ["coding"] = new JsonArray(new JsonObject { ["system"] = "http://hl7.org/fhir/CodeSystem/task-code", ["code"] = "approve" }), ["text"] = Words.Of("Result acknowledged") },
            ["focus"] = Reference($"Observation/{id}", name), ["for"] = Reference($"Patient/{patient}", display: null), ["authoredOn"] = now, ["lastModified"] = now,
            ["requester"] = Reference(visit.Person.Reference, visit.Person.Name), ["owner"] = Reference(visit.Person.Reference, visit.Person.Name),
        };
        var result = await writer.Write(visit, patient, "acknowledge-result", [new(task, IdOf(form.NewId, id))], stop);
        // A conflict says that it was written by the first sending of this form.
        return result.Outcome == Written.Refused ? FaultPage.Of(FaultKind.Forbidden, visit.Frame) : TypedResults.LocalRedirect("/tasks#results");
    }

    /// <summary>An id made of two: the same each time, and within FHIR's 64 characters.</summary>
    static string IdOf(string form, string observation) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{form} {observation}")).AsSpan(0, 16));

    static string Now(TimeProvider clock) => clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    static JsonObject Reference(string reference, string? display) => display is null ? new() { ["reference"] = reference } : new() { ["reference"] = reference, ["display"] = display };
}
