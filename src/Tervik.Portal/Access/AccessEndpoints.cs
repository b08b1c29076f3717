using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Trust.AuditLog;
using Tervik.Trust.Identity;
using Tervik.Trust.Relations;
using Tervik.Trust.SealedLog;

namespace Tervik.Portal.Access;

/// <summary>The form "this looks wrong".</summary>
/// <param name="Patient">Whose record.</param>
/// <param name="Who">Whose accesses.</param>
/// <param name="Day">On which day, in words.</param>
/// <param name="Institution">Who will answer, or null when no institution is known.</param>
public sealed record QuestionModel(PatientHeader Patient, Staff Who, string Day, string? Institution);

/// <summary>Who has seen the data of a patient: for the patient (and who has custody of a child) all accesses, for a professional their own. What looks wrong becomes a case.</summary>
static class AccessEndpoints
{
    const int LongestText = 2000;
    static readonly JsonSerializerOptions WithoutNulls = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public static void MapAccess(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/patients/{id}/access", Show);
        routes.MapGet("/patients/{id}/access/proof", Prove);
        routes.MapGet("/patients/{id}/access/question", Ask);
        routes.MapPost("/patients/{id}/access/question", Open).DisableAntiforgery(); // FormGuard does it.
    }

    static async Task<IResult> Show(string id, string? agent, string? from, string? to, string? before, HttpContext request, Entrance entrance, RecordQuery record, AccessQuery query, Identification identification, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "AuditEvent"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!MayReadLog(visit, id) || await record.Patient(id, visit.Filter, stop) is not var (header, patient)) return await visit.NotFound(stop);
        var model = await query.Load(header, Choice(visit, agent, from, to, before), visit, await identification.Of(request, stop), stop);
        await visit.Log("access", [patient], [record.Compartment(id)], stop);
        return visit.Page<AccessPage>(model);
    }

    /// <summary>The accesses of the page with their proofs, for the script that checks them, and to be kept.</summary>
    static async Task<IResult> Prove(string id, string? agent, string? from, string? to, string? before, string? known, HttpContext request, Entrance entrance, RecordQuery record, AccessQuery query, SealProofs proofs, Identification identification, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "AuditEvent"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!MayReadLog(visit, id) || await record.Patient(id, visit.Filter, stop) is not var (_, patient)) return await visit.NotFound(stop);
        var seen = await query.Read(record.Compartment(id), Choice(visit, agent, from, to, before), visit, await identification.Of(request, stop), stop);
        var proof = await proofs.Of(seen, long.TryParse(known, NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : 0, stop);
        await visit.Log("seal", [patient], [record.Compartment(id)], stop);
        request.Response.Headers.CacheControl = "no-store";
        return TypedResults.Bytes(Json(proof), "application/json", $"access-{id}.json");
    }

    /// <summary>A proof as <c>seal.js</c> and <c>tools/verify-log.mjs</c> read it; bytes in base64.</summary>
    static byte[] Json(SealProof proof) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        key = proof.Key.ToString(),
        checkpoint = proof.Checkpoint?.Note,
        consistency = proof.Consistency,
        accesses = proof.Accesses.Select(access => new
        {
            @event = access.Event,
            leaf = access.Where?.Leaf,
            path = access.Where?.Path,
            items = access.Items.Select(item => new { text = item.Text, salt = item.Salt, hash = item.Text is null ? item.Hash : null }),
        }),
    }, WithoutNulls);

    static AccessFilterChoice Choice(Visit visit, string? agent, string? from, string? to, string? before) => new(string.IsNullOrEmpty(agent) || visit.Person.IsProfessional ? null : agent, Day(from), Day(to),
        long.TryParse(before, NumberStyles.None, CultureInfo.InvariantCulture, out var cursor) ? cursor : null);

    // Who was let in reads the record, not who else has read it.
    static bool MayReadLog(Visit visit, string id) => visit.Person.FamilyOf(id) != FamilyKind.LetIn;

    static async Task<IResult> Ask(string id, string? agent, string? day, HttpContext request, Entrance entrance, RecordQuery record, AccessQuery query, StaffQuery staff, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "AuditEvent"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await Question(visit, id, agent, day, record, query, staff, stop) is not { } question) return await visit.NotFound(stop);
        await visit.Log("access", [], [record.Compartment(id)], stop);
        return visit.Page<QuestionPage>(question.Model, Form.Of(request, version: 0, new Dictionary<string, string> { ["agent"] = agent ?? "", ["day"] = day ?? "" }));
    }

    static async Task<IResult> Open(string id, HttpContext request, Entrance entrance, RecordQuery record, AccessQuery query, StaffQuery staff, AccessCases cases, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, new("create-own", "Task"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await Question(visit, id, form["agent"], form["day"], record, query, staff, stop) is not { } question) return await visit.NotFound(stop);
        var text = form.Text("text", LongestText);
        if (form.MustShowAgain) return visit.Page<QuestionPage>(question.Model, form);
        await visit.Log("question", [], [record.Compartment(id)], stop);
        await cases.Open(form.NewId, $"Patient/{id}", visit.Person.Reference, question.Model.Who.Reference is { Length: > 0 } who ? who : null, form["day"], text, question.Institution, stop);
        return TypedResults.LocalRedirect($"/patients/{Uri.EscapeDataString(id)}/access#cases");
    }

    /// <summary>What the form is about; null where this reader has nothing to ask.</summary>
    static async Task<(QuestionModel Model, string? Institution)?> Question(Visit visit, string id, string? agent, string? day, RecordQuery record, AccessQuery query, StaffQuery staff, CancellationToken stop)
    {
        if (visit.Person.IsProfessional || !MayReadLog(visit, id) || Day(day) is not { } date || await record.Patient(id, visit.Filter, stop) is not var (header, patient)) return null;
        var who = await query.Who(string.IsNullOrEmpty(agent) ? null : agent, stop);
        var institution = who.Institution ?? patient.Take(json => json.At("managingOrganization").TextAt("reference"));
        return (new(header, who, date.ToString(Words.Of("format of day"), Language.Reader), institution is null ? null : await staff.NameOf(institution, stop)), institution);
    }

    static DateOnly? Day(string? text) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is > 1900 and < 9000 ? day : null;
}
