using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Resources;

namespace Tervik.Portal.Details;

/// <summary>The page of one's details.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Language">The language that is stored, to be offered even when it is a rare one.</param>
/// <param name="IsSaved">It was just saved.</param>
public sealed record DetailsModel(PatientHeader Patient, string Language, bool IsSaved);

/// <summary>One's own name and numbers to look at, and how to be reached to change.</summary>
static class DetailsEndpoints
{
    public static void MapDetails(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/patients/{id}/details", Show);
        routes.MapPost("/patients/{id}/details", Save).DisableAntiforgery(); // FormGuard does it.
    }

    static async Task<IResult> Show(string id, string? saved, HttpContext request, Entrance entrance, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("read", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (visit.Person.IsProfessional || await record.Patient(id, visit.Filter, stop) is not var (header, stored)) return await visit.NotFound(stop);
        await visit.Log("details", [stored], [record.Compartment(id)], stop);
        var values = stored.Take(PatientDetails.Values);
        return visit.Page<DetailsPage>(new DetailsModel(header, values[PatientDetails.Language], saved is not null), Form.Of(request, stored.Version, values));
    }

    static async Task<IResult> Save(string id, HttpContext request, Entrance entrance, RecordQuery record, RecordStore store, RecordWriter writer, Authorship authors, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("update-own", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await record.Patient(id, visit.Filter, stop) is not var (header, stored)) return await visit.NotFound(stop);
        var now = stored.Take(PatientDetails.Values);
        var values = PatientDetails.Read(form, now);
        if (!form.MustShowAgain && form.Version is { } version)
        {
            // The form's fields are changed in the version they began from: were another in between, the writer says so. A form sent twice is applied to its own result.
            var began = version == stored.Version ? stored : await store.ReadVersion("Patient", id, version, visit.Filter, stop);
            if (began is { IsDeleted: false })
            {
                var patient = JsonNode.Parse(began.Body)!.AsObject();
                PatientDetails.Apply(patient, began.Take(PatientDetails.Values), values);
                var result = await writer.Write(visit, id, "write-details", [new(patient, id, version)], stop);
                if (result.Outcome == Written.Saved) return TypedResults.LocalRedirect($"/patients/{Uri.EscapeDataString(id)}/details?saved=1");
                if (result.Outcome == Written.Refused) form.Fail("", result.Why);
                else if (result.Current is { } current) form.Conflict(current.Version, current.Take(PatientDetails.Values), await authors.Of(id, current, visit.Filter, stop));
                else form.Fail("", Words.Of("gone meanwhile"));
            }
            else form.Conflict(stored.Version, now, await authors.Of(id, stored, visit.Filter, stop));
        }
        await visit.Log("details", [stored], [record.Compartment(id)], stop);
        return visit.Page<DetailsPage>(new DetailsModel(header, now[PatientDetails.Language], IsSaved: false), form);
    }
}
