using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Resources;

namespace Tervik.Portal.Documents;

/// <summary>Notes, letters, reports and answers to questionnaires: the list, one to read, and the files with them.</summary>
static class DocumentsEndpoints
{
    public static void MapDocuments(this IEndpointRouteBuilder routes)
    {
        var documents = routes.MapGroup("/patients/{id}/documents");
        documents.MapGet("", List);
        documents.MapGet("/{type}/{entry}", Read);
        documents.MapGet("/{type}/{entry}/{number:int}", File);
    }

    static async Task<IResult> List(string id, string? kind, HttpContext request, Entrance entrance, Sections sections, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await sections.Open(id, request, visit.Filter, stop) is not { } section) return await visit.NotFound(stop);
        var model = await DocumentsQuery.Load(section, kind);
        await visit.Log("documents", section.Logged, [section.Compartment], stop);
        return visit.Page<DocumentsPage>(model);
    }

    static async Task<IResult> Read(string id, string type, string entry, HttpContext request, Entrance entrance, Sections sections, RecordStore store, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("read", type, entry), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await sections.Open(id, request, visit.Filter, stop) is not { } section
            || await DocumentsQuery.Open(section, store, visit.Filter, type, entry, stop) is not { } model) return await visit.NotFound(stop);
        await visit.Log("document", section.Logged, [section.Compartment], stop);
        return visit.Page<DocumentPage>(model);
    }

    /// <summary>The bytes of one attachment. What is not on the short list of harmless types is only ever saved, not shown.</summary>
    static async Task<IResult> File(string id, string type, string entry, int number, string? save, HttpContext request, Entrance entrance, Sections sections, RecordStore store, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("read", type, entry), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await sections.Open(id, request, visit.Filter, stop) is not { } section || await section.One(type, entry) is not { } stored) return await visit.NotFound(stop);
        if (stored.Take(Attachment.In).ElementAtOrDefault(number) is not { } file
            || await DocumentsQuery.Bytes(section, store, visit.Filter, stored, file, stop) is not var (bytes, contentType)) return await visit.NotFound(stop);
        await visit.Log("attachment", [stored], [section.Compartment], stop);

        var isInline = save is null && Attachment.MayBeInline(contentType, bytes);
        var disposition = new ContentDispositionHeaderValue(isInline ? "inline" : "attachment");
        disposition.SetHttpFileName(file.FileName($"{type}-{number.ToString(CultureInfo.InvariantCulture)}"));
        var headers = request.Response.Headers;
        headers.ContentDisposition = disposition.ToString();
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "private, no-store";
        // Chromium's own reader of PDF does not start in a sandbox; nothing else needs more than to be drawn.
        headers.ContentSecurityPolicy = contentType == "application/pdf" && isInline ? "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'" : "default-src 'none'; sandbox; frame-ancestors 'none'";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        return TypedResults.Bytes(bytes, !Attachment.MayBeInline(contentType, bytes) ? "application/octet-stream"
            : contentType == "text/plain" ? $"text/plain; charset={(file.Charset is { } charset && charset.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_') ? charset : "utf-8")}" : contentType);
    }
}
