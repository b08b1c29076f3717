using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Faults;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records;

namespace Tervik.Portal.Go;

/// <summary>"Search or go to": a page, and the same as JSON for the command bar. Each look-up is decided, filtered and logged like a search.</summary>
static class GoEndpoints
{
    const int LongestText = 100, LongestId = 64;

    public static void MapGo(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/go", (string? q, string? about, HttpContext request, Entrance entrance, GoQuery places, RecordQuery record, CancellationToken stop) => Find(q, about, isJson: false, request, entrance, places, record, stop));
        routes.MapGet("/go/find", (string? q, string? about, HttpContext request, Entrance entrance, GoQuery places, RecordQuery record, CancellationToken stop) => Find(q, about, isJson: true, request, entrance, places, record, stop));
    }

    static async Task<IResult> Find(string? q, string? about, bool isJson, HttpContext request, Entrance entrance, GoQuery places, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "Patient"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional) return FaultPage.Of(FaultKind.Forbidden, visit.Frame);
        var text = q?.Trim() is { Length: > LongestText } tooLong ? tooLong[..LongestText] : q?.Trim() ?? "";
        var (model, read) = await places.Find(text, about is { Length: > 0 and <= LongestId } ? about : null, visit.Filter, stop);
        // The list of places alone shows nothing of anybody.
        if (GoQuery.IsLookUp(text)) await visit.Log("find-patient", read, [.. read.Select(patient => record.Compartment(patient.Id))], stop);
        if (!isJson) return visit.Page<GoPage>(model);
        request.Response.Headers.CacheControl = "no-store";
        return TypedResults.Text(Json(model).ToJsonString(), "application/json");
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
