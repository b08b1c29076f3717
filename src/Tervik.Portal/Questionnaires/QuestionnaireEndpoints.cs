using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Care.Questionnaires;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Questionnaires;

/// <summary>The questionnaire before a visit: answered in pieces, handed in, changed until the visit, read by those who treat. Mounted at /patients/{id}/appointments/{appointment}/questionnaire.</summary>
static class QuestionnaireEndpoints
{
    const string Path = "/patients/{id}/appointments/{appointment}/questionnaire";

    public static void MapQuestionnaires(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, Show);
        routes.MapPost(Path, Save).DisableAntiforgery(); // FormGuard does it.
    }

    static string Appointment(string id, string appointment) => $"/patients/{Uri.EscapeDataString(id)}/appointments/{Uri.EscapeDataString(appointment)}";

    static async Task<IResult> Show(string id, string appointment, string? change, HttpContext request, Entrance entrance, QuestionnaireQuery query, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await query.Load(id, appointment, visit, stop) is not var (model, read)) return await visit.NotFound(stop);
        await visit.Log("questionnaire", read, [record.Compartment(id)], stop);
        // Who treats the patient reads first; they write where the patient asks them to.
        if (!model.State.CanWrite || change is null && (model.State.State == "answered" || visit.Person.IsProfessional)) return visit.Page<AnswersPage>(model);
        var values = QuestionnaireForm.Values(model.Sheet, model.Zone);
        if (model.Stored is { } stored) return visit.Page<QuestionnairePage>(model, Form.Of(request, stored.Version, values));
        var form = Form.New(request);
        form.Begin(values);
        return visit.Page<QuestionnairePage>(model, form);
    }

    static async Task<IResult> Save(string id, string appointment, HttpContext request, Entrance entrance, Identification identification, QuestionnaireQuery query, RecordQuery record, RecordWriter writer, Authorship authors, CancellationToken stop)
    {
        var isProfessional = (await identification.Of(request, stop)).Kind == PrincipalKind.Professional;
        // Both what is begun and what is changed: the policy has the same types for both here.
        var (visit, form) = await entrance.EnterForm(request, new(isProfessional ? "update" : "update-own", "QuestionnaireResponse"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await query.Load(id, appointment, visit, stop) is not ({ State.CanWrite: true } model, var read)) return await visit.NotFound(stop);
        var sheet = QuestionnaireForm.Read(model.Questionnaire, form, model.Sheet, model.Zone);
        // What was handed in stays complete when it is changed.
        var isComplete = form["act"] == "submit" || model.State.State == "answered";
        if (form[QuestionnaireForm.Add].Length == 0)
        {
            var items = model.Questionnaire.All.ToLookup(item => item.LinkId);
            foreach (var fault in sheet.Check(isComplete))
                if (fault.Code != "not-asked") form.Fail(fault.Field, QuestionnaireForm.Said(fault, items[fault.LinkId].FirstOrDefault()));
            var shown = form[QuestionnaireForm.Shown].Split(' ');
            var hasMore = isComplete && !form.MustShowAgain && QuestionnaireForm.Conditional(sheet).Except(shown, StringComparer.Ordinal).Any();
            model = model with { HasMore = hasMore };
            if (!form.MustShowAgain && !hasMore && await Write(visit, id, appointment, model, sheet, isComplete, form, record, writer, authors, stop))
                return TypedResults.LocalRedirect(isComplete ? $"{Appointment(id, appointment)}?saved=answers" : $"{Appointment(id, appointment)}/questionnaire?change=1&saved=answers-begun");
        }
        await visit.Log("questionnaire", read, [record.Compartment(id)], stop);
        return visit.Page<QuestionnairePage>(model with { Sheet = sheet }, form);
    }

    static async Task<bool> Write(Visit visit, string id, string appointment, QuestionnaireModel model, AnswerSheet sheet, bool isComplete, Form form, RecordQuery record, RecordWriter writer, Authorship authors, CancellationToken stop)
    {
        var person = visit.Person;
        JsonObject Resource(JsonElement? before) => VisitQuestionnaires.Write(sheet, before, ($"Patient/{id}", model.Patient.Name), appointment, person.IsProfessional || person.Id == id ? (person.Reference, person.Name) : null, isComplete, record.Now);
        var response = model.Stored is { } stored ? stored.Take(json => Resource(json)) : Resource(null);
        var result = await writer.Write(visit, id, isComplete ? "questionnaire-answers" : "questionnaire-begun", [new(response, VisitQuestionnaires.ResponseId(appointment, model.Questionnaire.Id), form.Version)], stop);
        if (result.Outcome == Written.Saved) return true;
        if (result.Outcome == Written.Refused) form.Fail("", result.Why);
        else if (result.Current is not { } current) form.Fail("", Words.Of("gone meanwhile"));
        // The same form a second time: what it says stands there already.
        else if (current.Take(json => JsonNode.DeepEquals(JsonNode.Parse(json.At("item").Exists() ? json.At("item").GetRawText() : "[]"), sheet.Write()) && json.TextAt("status") != "in-progress" == isComplete)) return true;
        else form.Conflict(current.Version, QuestionnaireForm.Values(current.Take(json => AnswerSheet.Read(model.Questionnaire, json, [])), model.Zone), await authors.Of(id, current, visit.Filter, stop));
        return false;
    }
}
