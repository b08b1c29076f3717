using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Care.Messages;
using Tervik.Care.Referrals;
using Tervik.Portal.Faults;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records;
using Tervik.Records.Resources;

namespace Tervik.Portal.Referrals;

/// <summary>The page of a patient's referrals.</summary>
/// <param name="Section">Orders, and what is closed.</param>
/// <param name="OnTheWay">Open referrals.</param>
public sealed record ReferralsModel(SectionModel Section, IReadOnlyList<ReferralModel> OnTheWay);

/// <summary>The form of one thing that is done.</summary>
/// <param name="Act">Of <see cref="ReferralsEndpoints.Acts"/>.</param>
/// <param name="Referral">With what.</param>
public sealed record ActModel(string Act, ReferralModel Referral);

/// <summary>Referrals and orders of a patient, and the way of a referral: sending, triage, closing (docs/referrals.md).</summary>
static class ReferralsEndpoints
{
    const int LongestText = 10_000, LongestReason = 300, MostDocuments = 20;
    const string Path = "/patients/{id}/referrals";

    /// <summary>What is done with a referral on a page of its own.</summary>
    public static readonly string[] Acts = ["take", "accept", "ask", "answer", "redirect", "return", "close", "withdraw"];

    public static void MapReferrals(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/referrals", Inbox);
        routes.MapGet("/waiting-times", Waiting);
        routes.MapGet(Path, Show);
        routes.MapGet(Path + "/new", New);
        routes.MapPost(Path + "/new", Send).DisableAntiforgery(); // FormGuard does it.
        routes.MapGet(Path + "/{referral}", ShowOne);
        routes.MapGet(Path + "/{referral}/{act}", ShowAct);
        routes.MapPost(Path + "/{referral}/{act}", Act).DisableAntiforgery();
    }

    static string Of(string id, string referral) => $"/patients/{Uri.EscapeDataString(id)}/referrals/{Uri.EscapeDataString(referral)}";

    static async Task<IResult> Inbox(HttpContext request, Entrance entrance, ReferralQuery query, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "ServiceRequest"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional) return FaultPage.Of(FaultKind.Forbidden, visit.Frame);
        var (model, read, patients) = await query.Inbox(visit, stop);
        await visit.Log("referral-inbox", read, [.. patients.Select(record.Compartment)], stop);
        return visit.Page<InboxPage>(model);
    }

    // Numbers about services, in which nobody is found: what everybody sees of the directory.
    static async Task<IResult> Waiting(HttpContext request, Entrance entrance, WaitingTimes times, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "HealthcareService"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        var table = await times.Now(stop);
        await visit.Log("waiting-times", [], [], stop);
        return visit.Page<WaitingTimesPage>(table);
    }

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, Sections sections, ReferralQuery query, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await sections.Open(id, request, visit.Filter, stop) is not { } section) return await visit.NotFound(stop);
        var model = await ReferralsQuery.Load(section);
        var (open, read) = section.Continued is null ? await query.Open(section.Patient, visit, stop) : ([], []);
        await visit.Log("referrals", section.Logged.Concat(read), [section.Compartment], stop);
        return visit.Page<ReferralsPage>(new ReferralsModel(model, open));
    }

    static async Task<IResult> New(string id, HttpContext request, Entrance entrance, ReferralQuery query, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional || await query.New(id, "", visit, stop) is not var (model, read)) return await visit.NotFound(stop);
        await visit.Log("form-referral", read, [record.Compartment(id)], stop);
        var form = Form.New(request);
        form.Begin(new Dictionary<string, string> { ["priority"] = "routine", ["pathway"] = request.Request.Query["pathway"].ToString() });
        return visit.Page<ReferPage>(model, form);
    }

    static async Task<IResult> Send(string id, HttpContext request, Entrance entrance, ReferralQuery query, RecordQuery record, RecordStore store, RecordWriter writer, TimeProvider clock, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("create", "ServiceRequest"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional || await query.New(id, form["service"], visit, stop) is not var (model, read)) return await visit.NotFound(stop);
        // The same form a second time: it is sent.
        if (await store.Read("ServiceRequest", form.NewId, visit.Filter, stop) is { IsDeleted: false } sent && store.CompartmentsOf(sent).Contains(record.Compartment(id))) return Sent();
        var service = model.Services.FirstOrDefault(one => one.Id == form.Choice("service", model.Services.Select(one => one.Id)));
        var priority = form.Choice("priority", PromisedTimes.Priorities);
        var because = form.Choice("because", model.Conditions.Select(one => one.Id), isRequired: false);
        var reason = form.Text("reason", LongestReason, isRequired: because.Length == 0);
        var question = form.Text("question", LongestText);
        var chosen = form["document"].Split(',', StringSplitOptions.RemoveEmptyEntries);
        var documents = model.Documents.Where(one => chosen.Contains($"{one.Type}/{one.Id}")).ToList();
        if (documents.Count < chosen.Length || documents.Count > MostDocuments) form.Fail("document", Words.Of("error choose"));
        if (service is not null && model.IsDouble && form["again"] != service.Id) form.Fail("again", Words.Of("referral there is one", service.Name));
        var pathway = form["pathway"] is { Length: > 0 } plan && await store.Read("CarePlan", plan, visit.Filter, stop) is { IsDeleted: false } begun && store.CompartmentsOf(begun).Contains(record.Compartment(id)) ? $"CarePlan/{plan}" : null;
        if (!form.MustShowAgain)
        {
            var now = clock.GetUtcNow();
            var condition = model.Conditions.FirstOrDefault(one => one.Id == because);
            var referral = Referral.Send(form.NewId, new(new($"Patient/{id}", model.Patient.Name), new(visit.Person.Reference, visit.Person.Name), new($"HealthcareService/{service!.Id}", service.Name), new(service.Organization!, service.OrganizationName ?? service.Organization!),
                priority, reason, condition is null ? null : new($"Condition/{condition.Id}", condition.Title), question, [.. documents.Select(one => new Correspondent($"{one.Type}/{one.Id}", one.Title))], Words.Of("referral title", service.Name)) { Pathway = pathway, TargetDays = service.TargetDays }, now);
            var result = await writer.Write(visit, id, "write-referral", [new(referral.Request, form.NewId), new(referral.Task, Referral.TaskIdOf(form.NewId))], stop);
            // Who sends a form twice at the same moment is told by a conflict that it is there.
            if (result.Outcome is Written.Saved or Written.Conflict) return Sent();
            if (result.IsForbidden) return await visit.NotFound(stop);
            form.Fail("", result.Why);
        }
        await visit.Log("form-referral", read, [record.Compartment(id)], stop);
        return visit.Page<ReferPage>(model, form);

        IResult Sent() => TypedResults.LocalRedirect($"{Of(id, form.NewId)}?saved=referral-send");
    }

    static async Task<IResult> ShowOne(string id, string referral, HttpContext request, Entrance entrance, ReferralQuery query, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("read", "ServiceRequest", referral), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await query.One(id, referral, visit, stop) is not var (model, read)) return await visit.NotFound(stop);
        await visit.Log("referral", read, [record.Compartment(id)], stop);
        return visit.Page<ReferralPage>(model, Form.Of(request, model.TaskVersion, new Dictionary<string, string>()));
    }

    static async Task<IResult> ShowAct(string id, string referral, string act, HttpContext request, Entrance entrance, ReferralQuery query, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("read", "ServiceRequest", referral), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await query.One(id, referral, visit, stop) is not var (model, read) || !Acts.Contains(act)) return await visit.NotFound(stop);
        if (act == "take" || !model.Acts.Contains(act)) return TypedResults.LocalRedirect(model.Path);
        await visit.Log("referral", read, [record.Compartment(id)], stop);
        return await ActPage(act, model, Form.Of(request, model.TaskVersion, new Dictionary<string, string> { ["priority"] = Offered(model.Referral.Priority) }), visit, query, stop);
    }

    // A referral of another system may have an urgency that the form does not offer.
    static string Offered(string priority) => PromisedTimes.Priorities.Contains(priority) ? priority : priority == "stat" ? "asap" : "routine";

    static async Task<IResult> ActPage(string act, ReferralModel model, Form form, Visit visit, ReferralQuery query, CancellationToken stop) =>
        visit.Page<ActPage>(new ActModel(act, act == "redirect" ? model with { Services = await Elsewhere(model, query, stop) } : model), form);

    static async Task<IReadOnlyList<Care.Clinics.Service>> Elsewhere(ReferralModel model, ReferralQuery query, CancellationToken stop) => [.. (await query.Services(stop)).Where(service => $"HealthcareService/{service.Id}" != model.Referral.Service?.Reference)];

    static async Task<IResult> Act(string id, string referral, string act, HttpContext request, Entrance entrance, ReferralQuery query, RecordQuery record, RecordWriter writer, TimeProvider clock, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("update", "Task", Referral.TaskIdOf(referral)), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!Acts.Contains(act) || !visit.Person.IsProfessional) return await visit.NotFound(stop);
        for (var attempt = 1; ; attempt++)
        {
            if (await query.One(id, referral, visit, stop) is not var (model, read)) return await visit.NotFound(stop);
            if (model.Referral.Knows(form.NewId)) return Done(isGone: false);
            var (priority, text) = (act == "accept" ? form.Choice("priority", PromisedTimes.Priorities) : "", act is "take" or "return" ? "" : form.Text("text", LongestText, isRequired: act != "accept"));
            var (advice, plain) = act == "return" ? (form.Text("advice", LongestText), form.Text("plain", LongestText)) : ("", "");
            var services = act == "redirect" ? await Elsewhere(model, query, stop) : [];
            var service = act == "redirect" ? services.FirstOrDefault(one => one.Id == form.Choice("service", services.Select(one => one.Id))) : null;
            // What was decided about another state of it has to be looked at once more; where it is over, what was typed is shown to be kept.
            var isStale = form.Version != model.TaskVersion || form["request"] != model.RequestVersion.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (isStale || !model.Acts.Contains(act))
            {
                var last = model.Referral.Events is [.., var newest] ? newest : null;
                form.Conflict(model.TaskVersion, new Dictionary<string, string>(), last is null ? null : $"{model.NameOf(last.Who)}, {ReferralModel.Written(last.At)}");
            }
            if (form.MustShowAgain)
            {
                await visit.Log("referral", read, [record.Compartment(id)], stop);
                return act != "take" && model.Acts.Contains(act) ? await ActPage(act, model, form, visit, query, stop) : visit.Page<ReferralPage>(model with { Kept = [.. new[] { text, advice, plain }.Where(one => one.Length > 0)] }, form);
            }
            var before = model.Referral.Request.ToJsonString();
            var (by, at) = (new Correspondent(visit.Person.Reference, visit.Person.Name), clock.GetUtcNow());
            switch (act)
            {
                case "take": model.Referral.Take(form.NewId, by, at); break;
                case "accept":
                    var asked = (await query.Services(stop)).FirstOrDefault(one => $"HealthcareService/{one.Id}" == model.Referral.Service?.Reference);
                    model.Referral.Accept(form.NewId, by, priority, text, at, asked?.TargetDays);
                    break;
                case "ask": model.Referral.Ask(form.NewId, by, text, at); break;
                case "answer": model.Referral.Answer(form.NewId, by, text, at); break;
                case "redirect": model.Referral.Redirect(form.NewId, by, new($"HealthcareService/{service!.Id}", service.Name), new(service.Organization!, service.OrganizationName ?? service.Organization!), Words.Of("referral title", service.Name), text, at); break;
                case "return": model.Referral.Return(form.NewId, by, advice, plain, at); break;
                case "close": model.Referral.Close(form.NewId, by, text, at); break;
                case "withdraw": model.Referral.Withdraw(form.NewId, by, text, at); break;
            }
            List<Change> changes = [new(model.Referral.Task, Referral.TaskIdOf(referral), model.TaskVersion == 0 ? null : model.TaskVersion)];
            if (model.Referral.Request.ToJsonString() != before) changes.Add(new(model.Referral.Request, referral, model.RequestVersion));
            var result = await writer.Write(visit, id, $"write-referral-{act}", changes, stop);
            if (result.Outcome == Written.Saved) return Done(isGone: act == "redirect");
            if (result.Outcome == Written.Refused)
            {
                if (result.IsForbidden) return await visit.NotFound(stop);
                form.Fail("", result.Why);
                if (await query.One(id, referral, visit, stop) is not var (now, shown)) return await visit.NotFound(stop);
                await visit.Log("referral", shown, [record.Compartment(id)], stop);
                return act == "take" ? visit.Page<ReferralPage>(now, form) : await ActPage(act, now, form, visit, query, stop);
            }
            // Somebody was faster: what they did is read, and either it was this form or its sender is told.
            if (attempt == 5) return await visit.NotFound(stop);
        }

        // Who passed it on may not be one who sees it.
        IResult Done(bool isGone) => TypedResults.LocalRedirect(isGone ? "/referrals?saved=referral-redirect" : $"{Of(id, referral)}?saved=referral-{act}");
    }
}
