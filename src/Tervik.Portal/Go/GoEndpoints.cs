using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Faults;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records;
using Tervik.Records.Access;

namespace Tervik.Portal.Go;

/// <summary>"Search or go to": a page, and the same as JSON for the command bar. Each look-up is decided, filtered and logged like a search.</summary>
static class GoEndpoints
{
    const int LongestText = 100, LongestId = 64;
    static readonly Interaction Interaction = new("search-type", "Patient");

    public static void MapGo(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/go", Show);
        routes.MapSearch("/go", _ => Interaction, ["q"], ["about"]);
        routes.MapPost("/go/find", Answer).DisableAntiforgery(); // FormGuard does it.
    }

    static async Task<IResult> Show(string? about, HttpContext request, Entrance entrance, GoQuery places, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, Interaction, stop);
        return visit.Refusal ?? await Find(visit.Frame.Sought["q"], about, visit, found => visit.Page<GoPage>(found), places, record, stop);
    }

    static async Task<IResult> Answer(HttpContext request, Entrance entrance, GoQuery places, RecordQuery record, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, Interaction, stop);
        return visit.Refusal ?? await Find(form["q"].Trim(), form["about"], visit, found => TypedResults.Text(Json(found).ToJsonString(), "application/json"), places, record, stop);
    }

    static async Task<IResult> Find(string text, string? about, Visit visit, Func<GoModel, IResult> show, GoQuery places, RecordQuery record, CancellationToken stop)
    {
        if (!visit.Person.IsProfessional) return FaultPage.Of(FaultKind.Forbidden, visit.Frame);
        if (text.Length > LongestText) text = text[..LongestText];
        var (model, read) = await places.Find(text, about is { Length: > 0 and <= LongestId } ? about : null, visit.Filter, stop);
        // The list of places alone shows nothing of anybody.
        if (GoQuery.IsLookUp(text)) await visit.Log("find-patient", read, [.. read.Select(patient => record.Compartment(patient.Id))], stop);
        return show(model);
    }

    // The words come along, so that the script has none of its own.
    static JsonObject Json(GoModel model) => new()
    {
        ["said"] = model.Hits.Count switch { 0 => Words.Of("No hit"), 1 => Words.Of("One hit"), var count => Words.Of("{0} hits", count) },
        ["groups"] = new JsonArray([.. model.Hits.GroupBy(hit => hit.Group).Select(group => new JsonObject
        {
            ["name"] = Words.Of(group.Key),
            ["hits"] = new JsonArray([.. group.Select(hit => new JsonObject { ["title"] = hit.Title, ["detail"] = hit.Detail, ["path"] = hit.Path })]),
        })]),
    };
}
