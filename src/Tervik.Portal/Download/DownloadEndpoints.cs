using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Operations;

namespace Tervik.Portal.Download;

/// <summary>A summary of the record to take along: as PDF, as a page that opens anywhere, and as International Patient Summary. Each goes into the log before its first byte leaves.</summary>
static class DownloadEndpoints
{
    public static void MapDownload(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/patients/{id}/download", Show);
        routes.MapGet("/patients/{id}/summary.json", (string id, HttpContext request, Entrance entrance, SummaryDocuments summaries, RecordQuery record, CancellationToken stop) =>
            Send(id, "json", request, entrance, summaries, record, (document, _) => TypedResults.Bytes(document.Body, "application/fhir+json; charset=utf-8"), stop));
        routes.MapGet("/patients/{id}/summary.html", (string id, HttpContext request, Entrance entrance, SummaryDocuments summaries, RecordQuery record, CancellationToken stop) =>
            Send(id, "html", request, entrance, summaries, record, (document, visit) => visit.Page<SummaryPage>(ReadableSummary.Read(document, record.Today)), stop));
        routes.MapGet("/patients/{id}/summary.pdf", (string id, HttpContext request, Entrance entrance, SummaryDocuments summaries, RecordQuery record, CancellationToken stop) =>
            Send(id, "pdf", request, entrance, summaries, record, (document, _) => TypedResults.Bytes(SummaryPdf.Write(ReadableSummary.Read(document, record.Today)), "application/pdf"), stop));
    }

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("read", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await record.Patient(id, visit.Filter, stop) is not var (header, patient)) return await visit.NotFound(stop);
        await visit.Log("download", [patient], [record.Compartment(id)], stop);
        return visit.Page<DownloadPage>(header);
    }

    static async Task<IResult> Send(string id, string form, HttpContext request, Entrance entrance, SummaryDocuments summaries, RecordQuery record, Func<SummaryDocument, Visit, IResult> write, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("$summary", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await summaries.Of(id, visit.Filter, stop) is not { } document) return await visit.NotFound(stop);
        var answer = write(document, visit);
        await visit.Log("summary-download", document.Read, [record.Compartment(id)], stop);
        var headers = request.Response.Headers;
        headers.ContentDisposition = string.Create(CultureInfo.InvariantCulture, $"attachment; filename=\"patient-summary-{id}-{record.Today:yyyy-MM-dd}.{form}\"");
        headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";
        return answer;
    }
}
