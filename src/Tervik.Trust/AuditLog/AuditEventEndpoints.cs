using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Rest;
using Tervik.Trust.Identity;

namespace Tervik.Trust.AuditLog;

/// <summary>The access log as FHIR AuditEvent: <c>GET /fhir/AuditEvent/access-…</c> and <c>GET /fhir/AuditEvent?patient=…</c>. Reading it is an access too.</summary>
static class AuditEventEndpoints
{
    const string Path = "/fhir/AuditEvent";

    public static void MapAuditEvents(this WebApplication app)
    {
        app.MapGet(Path + "/{id:regex(^access-[0-9]+$)}", Read);
        // A route cannot look at the query and step aside, a middleware can.
        app.Use((request, next) => HttpMethods.IsGet(request.Request.Method) && request.Request.Path == Path && AuditEventSearch.Answers(request.Request.Query.Keys) ? Found(request) : next(request));

        static async Task Found(HttpContext request) => await (await Search(request, request.RequestAborted)).ExecuteAsync(request);
    }

    static async Task<IResult> Read(string id, HttpContext request, IAccessControl control, Identification identification, AuditView view, CancellationToken stop)
    {
        var interaction = new Interaction("read", "AuditEvent", id);
        var permission = await control.Decide(request, interaction, stop);
        if (permission.Refusal is { } refusal) return await Refused(control, permission, interaction, refusal, stop);
        var reader = await identification.Of(request, stop);
        var seen = AuditEventJson.Number(id) is { } number ? await view.Find(number, reader, permission.Filter, stop) : null;
        await control.Log(new(permission.Agent, interaction, Query: null, seen is null ? [] : [Given(seen)], seen is null ? 404 : 200), stop);
        return seen is null
            ? FhirBody.Outcome(new Fault(FaultKind.NotFound, "not-found", null, $"There is no AuditEvent/{id}."))
            : FhirBody.Of(json => AuditEventJson.Write(json, seen.Access, seen.Patients, FhirEndpoints.Address(request.Request)));
    }

    static async Task<IResult> Search(HttpContext request, CancellationToken stop)
    {
        var services = request.RequestServices;
        var control = services.GetRequiredService<IAccessControl>();
        var interaction = new Interaction("search-type", "AuditEvent");
        var permission = await control.Decide(request, interaction, stop);
        if (permission.Refusal is { } refusal) return await Refused(control, permission, interaction, refusal, stop);
        LogExcerpt part;
        try { part = AuditEventSearch.Parse(request.Request.Query, services.GetRequiredService<RecordStore>().Keys); }
        catch (FaultException wrong) { return FhirBody.Outcome(wrong.Faults); }

        var reader = await services.GetRequiredService<Identification>().Of(request, stop);
        var found = await services.GetRequiredService<AuditView>().Read(part with { Count = part.Count + 1 }, reader, permission.Filter, stop);
        var page = found.Take(part.Count).ToList();
        await control.Log(new(permission.Agent, interaction, request.Request.QueryString.Value?.TrimStart('?'), [.. page.Select(Given)], Status: 200), stop);
        return FhirBody.Of(json => WriteBundle(json, request.Request, page, hasMore: found.Count > part.Count));
    }

    static AccessedResource Given(SeenAccess seen) => new($"AuditEvent/{AuditEventJson.Id(seen.Access.Event)}", seen.Access.Compartments);

    static async Task<IResult> Refused(IAccessControl control, Permission permission, Interaction interaction, Fault refusal, CancellationToken stop)
    {
        var outcome = FhirBody.Outcome(refusal);
        await control.Log(new(permission.Agent, interaction, Query: null, [], outcome.Status), stop);
        return outcome;
    }

    static void WriteBundle(Utf8JsonWriter json, HttpRequest request, List<SeenAccess> page, bool hasMore)
    {
        var address = $"{FhirEndpoints.Address(request)}/AuditEvent";
        json.WriteStartObject();
        json.WriteString("resourceType", "Bundle");
        json.WriteString("type", "searchset");
        json.WriteStartArray("link");
        WriteLink(json, "self", address + request.QueryString);
        if (hasMore) WriteLink(json, "next", address + NextQuery(request, page[^1].Access.Event));
        json.WriteEndArray();
        if (page.Count > 0) json.WriteStartArray("entry");
        foreach (var seen in page)
        {
            json.WriteStartObject();
            json.WriteString("fullUrl", $"{address}/{AuditEventJson.Id(seen.Access.Event)}");
            json.WritePropertyName("resource");
            AuditEventJson.Write(json, seen.Access, seen.Patients, FhirEndpoints.Address(request));
            json.WriteStartObject("search");
            json.WriteString("mode", "match");
            json.WriteEndObject();
            json.WriteEndObject();
        }
        if (page.Count > 0) json.WriteEndArray();
        json.WriteEndObject();
    }

    static QueryString NextQuery(HttpRequest request, long before) => QueryString
        .Create(request.Query.Where(parameter => parameter.Key != "_before"))
        .Add("_before", before.ToString(CultureInfo.InvariantCulture));

    static void WriteLink(Utf8JsonWriter json, string relation, string url)
    {
        json.WriteStartObject();
        json.WriteString("relation", relation);
        json.WriteString("url", url);
        json.WriteEndObject();
    }
}
