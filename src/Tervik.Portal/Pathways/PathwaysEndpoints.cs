using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Care.Messages;
using Tervik.Care.Pathways;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Referrals;
using Tervik.Portal.Shell;
using Tervik.Records;
using Tervik.Records.Resources;

namespace Tervik.Portal.Pathways;

/// <summary>The form of one thing that is done.</summary>
/// <param name="Act">Of <see cref="PathwaysEndpoints.Acts"/>.</param>
/// <param name="Pathway">With what.</param>
/// <param name="Step">With which step; null for the whole of it.</param>
public sealed record PathwayActModel(string Act, PathwayModel Pathway, PathwayWayStep? Step);

/// <summary>Pathways of a patient: starting one, going on, ending (docs/pathways.md).</summary>
static class PathwaysEndpoints
{
    const int LongestText = 2000;
    const string Path = "/patients/{id}/pathways";

    /// <summary>What is done on a page of its own: the first three with a step.</summary>
    public static readonly string[] Acts = ["done", "skip", "reopen", "end", "call-off"];

    public static void MapPathways(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, Show);
        routes.MapGet(Path + "/new", New);
        routes.MapPost(Path + "/new", Begin).DisableAntiforgery(); // FormGuard does it.
        routes.MapGet(Path + "/{pathway}", ShowOne);
        routes.MapGet(Path + "/{pathway}/{act}", ShowAct);
        routes.MapPost(Path + "/{pathway}/{act}", Act).DisableAntiforgery();
    }

    /// <summary>Address of a pathway.</summary>
    public static string Of(string id, string pathway) => $"/patients/{Uri.EscapeDataString(id)}/pathways/{Uri.EscapeDataString(pathway)}";

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, PathwayQuery query, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await query.All(id, visit, stop) is not var (model, read)) return await visit.NotFound(stop);
        await visit.Log("pathways", read, [record.Compartment(id)], stop);
        return visit.Page<PathwaysPage>(model);
    }

    static async Task<IResult> New(string id, HttpContext request, Entrance entrance, PathwayQuery query, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional || await query.New(id, visit, stop) is not var (model, read)) return await visit.NotFound(stop);
        await visit.Log("form-pathway", read, [record.Compartment(id)], stop);
        var form = Form.New(request);
        form.Begin(new Dictionary<string, string> { ["referral"] = request.Request.Query["referral"].ToString() });
        return visit.Page<StartPage>(model, form);
    }

    static async Task<IResult> Begin(string id, HttpContext request, Entrance entrance, PathwayQuery query, RecordQuery record, RecordStore store, RecordWriter writer, TimeProvider clock, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("create", "CarePlan"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional || await query.New(id, visit, stop) is not var (model, read)) return await visit.NotFound(stop);
        // The same form a second time: it has begun.
        if (await store.Read("CarePlan", form.NewId, visit.Filter, stop) is { IsDeleted: false } begun && store.CompartmentsOf(begun).Contains(record.Compartment(id))) return Begun();
        var (template, stored) = model.Templates.FirstOrDefault(one => one.Template.Id == form.Choice("template", model.Templates.Select(each => each.Template.Id)));
        var referral = model.Referrals.FirstOrDefault(one => one.Referral.Id == form.Choice("referral", model.Referrals.Select(each => each.Referral.Id), isRequired: false));
        var note = form.Text("note", LongestText, isRequired: false);
        if (template is not null && form["again"] != template.Id && model.Open.Any(one => one.Pathway.Template.Canonical == template.Canonical)) form.Fail("again", Words.Of("pathway there is one", template.Title));
        if (!form.MustShowAgain)
        {
            var pathway = Pathway.Begin(form.NewId, template!, stored.Body, new($"Patient/{id}", model.Patient.Name), new(visit.Person.Reference, visit.Person.Name),
                referral is null ? null : (new($"ServiceRequest/{referral.Referral.Id}", referral.Referral.Title), DateOnly.FromDateTime((referral.Referral.Sent ?? clock.GetUtcNow()).LocalDateTime), referral.Referral.Unit), note, clock.GetUtcNow(), DateOnly.FromDateTime(record.Today));
            var result = await writer.Write(visit, id, "write-pathway", [new(pathway.Plan, form.NewId)], stop);
            // Who sends a form twice at the same moment is told by a conflict that it is there.
            if (result.Outcome is Written.Saved or Written.Conflict) return Begun();
            if (result.IsForbidden) return await visit.NotFound(stop);
            form.Fail("", result.Why);
        }
        await visit.Log("form-pathway", read, [record.Compartment(id)], stop);
        return visit.Page<StartPage>(model, form);

        IResult Begun() => TypedResults.LocalRedirect($"{Of(id, form.NewId)}?saved=pathway-start");
    }

    static async Task<IResult> ShowOne(string id, string pathway, HttpContext request, Entrance entrance, PathwayQuery query, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("read", "CarePlan", pathway), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await query.One(id, pathway, visit, stop) is not var (model, read)) return await visit.NotFound(stop);
        await visit.Log("pathway", read, [record.Compartment(id)], stop);
        return visit.Page<PathwayPage>(model, Form.Of(request, model.Version, new Dictionary<string, string>()));
    }

    static async Task<IResult> ShowAct(string id, string pathway, string act, HttpContext request, Entrance entrance, PathwayQuery query, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("read", "CarePlan", pathway), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await query.One(id, pathway, visit, stop) is not var (model, read) || !Acts.Contains(act)) return await visit.NotFound(stop);
        var step = StepOf(model, act, request.Request.Query["step"].ToString());
        if (!May(model, act, step)) return TypedResults.LocalRedirect(model.Path);
        await visit.Log("pathway", read, [record.Compartment(id)], stop);
        return visit.Page<PathwayActPage>(new PathwayActModel(act, model, step), Form.Of(request, model.Version, new Dictionary<string, string> { ["day"] = RecordQuery.Day(record.Today), ["step"] = step?.Step.Id ?? "" }));
    }

    static PathwayWayStep? StepOf(PathwayModel model, string act, string step) => act is "done" or "skip" or "reopen" ? model.Way.Steps.FirstOrDefault(one => one.Step.Id == step) : null;
    static bool May(PathwayModel model, string act, PathwayWayStep? step) => act is "done" or "skip" or "reopen" ? step is not null && model.ActsOf(step).Contains(act) : model.Acts.Contains(act);

    static async Task<IResult> Act(string id, string pathway, string act, HttpContext request, Entrance entrance, PathwayQuery query, RecordQuery record, RecordWriter writer, TimeProvider clock, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("update", "CarePlan", pathway), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!Acts.Contains(act) || !visit.Person.IsProfessional) return await visit.NotFound(stop);
        for (var attempt = 1; ; attempt++)
        {
            if (await query.One(id, pathway, visit, stop) is not var (model, read)) return await visit.NotFound(stop);
            if (model.Pathway.Knows(form.NewId)) return Done();
            var today = DateOnly.FromDateTime(record.Today);
            var step = StepOf(model, act, form["step"]);
            var text = form.Text("text", LongestText, isRequired: act is "skip" or "call-off");
            var day = act == "done" ? form.Day("day", model.Pathway.Start, today) : null;
            // What was decided about another state of it has to be looked at once more; where it is over, what was typed is shown to be kept.
            var may = May(model, act, step);
            if (form.Version != model.Version || !may)
                form.Conflict(model.Version, new Dictionary<string, string>(), model.Pathway.Events is [.., var last] ? $"{model.NameOf(last.Who)}, {ReferralModel.Written(last.At)}" : null);
            if (form.MustShowAgain)
            {
                await visit.Log("pathway", read, [record.Compartment(id)], stop);
                return may ? visit.Page<PathwayActPage>(new PathwayActModel(act, model, step), form) : visit.Page<PathwayPage>(model with { Kept = text }, form);
            }
            var (by, at) = (new Correspondent(visit.Person.Reference, visit.Person.Name), clock.GetUtcNow());
            switch (act)
            {
                case "done": model.Pathway.Done(form.NewId, by, step!.Step, day!.Value, text, at); break;
                case "skip": model.Pathway.Skip(form.NewId, by, step!.Step, today, text, at); break;
                case "reopen": model.Pathway.Reopen(form.NewId, by, step!.Step, text, at); break;
                case "end": model.Pathway.End(form.NewId, by, text, at, today); break;
                case "call-off": model.Pathway.CallOff(form.NewId, by, text, at, today); break;
            }
            var result = await writer.Write(visit, id, $"write-pathway-{act}", [new(model.Pathway.Plan, pathway, model.Version, text)], stop);
            if (result.Outcome == Written.Saved) return Done();
            if (result.Outcome == Written.Refused)
            {
                if (result.IsForbidden) return await visit.NotFound(stop);
                form.Fail("", result.Why);
                if (await query.One(id, pathway, visit, stop) is not var (now, shown)) return await visit.NotFound(stop);
                await visit.Log("pathway", shown, [record.Compartment(id)], stop);
                return visit.Page<PathwayActPage>(new PathwayActModel(act, now, StepOf(now, act, form["step"])), form);
            }
            // Somebody was faster: what they did is read, and either it was this form or its sender is told.
            if (attempt == 5) return await visit.NotFound(stop);
        }

        IResult Done() => TypedResults.LocalRedirect($"{Of(id, pathway)}?saved=pathway-{act}");
    }
}
