using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Documents;
using Tervik.Portal.Explain;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Model;
using Tervik.Records.Resources;

namespace Tervik.Portal.Entry;

/// <summary>One entry of a record in full.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Type">Resource type.</param>
/// <param name="Title">Never empty.</param>
/// <param name="Date">When it happened or was written.</param>
/// <param name="Status">In words when it is not the expected one.</param>
/// <param name="Rows">Its elements in words.</param>
/// <param name="Narrative">Its text, when the elements say nothing.</param>
/// <param name="Files">Files inside it.</param>
/// <param name="Belonging">For a visit: what was written and measured in it.</param>
/// <param name="Version">Number of the version shown.</param>
/// <param name="Base">Address of the entry.</param>
/// <param name="FilesBase">Address below which the files are.</param>
/// <param name="ReadHref">Where it is read as a document, or null when it is none.</param>
/// <param name="Json">As it is stored.</param>
/// <param name="Explained">The code that can be explained as <c>system|code</c>, or null.</param>
/// <param name="Unit">UCUM code of its unit, or null.</param>
public sealed record EntryModel(PatientHeader Patient, string Type, string Title, FhirDate? Date, string? Status, IReadOnlyList<EntryRow> Rows, MarkupString? Narrative, IReadOnlyList<Attachment> Files,
    IReadOnlyList<SectionLine> Belonging, int Version, string Base, string FilesBase, string? ReadHref, string Json, string? Explained, string? Unit);

/// <summary>The page of one entry.</summary>
static class EntryEndpoints
{
    const int MostOfAKind = 50;

    // What says to which visit it belongs, and is read most.
    static readonly string[] OfAVisit = ["Composition", "DocumentReference", "DiagnosticReport", "Condition", "Procedure", "MedicationRequest", "ServiceRequest", "ImagingStudy", "Observation", "Communication", "QuestionnaireResponse"];

    public static void MapEntry(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/patients/{id}/entry/{type}/{entry}", Show);
        routes.MapGet("/patients/{id}/entry/{type}/{entry}/history", EntryHistory.Show);
    }

    static async Task<IResult> Show(string id, string type, string entry, HttpContext request, Entrance entrance, Sections sections, RecordStore store, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("read", type, entry), stop);
        if (visit.Refusal is { } refusal) return refusal;
        // Only entries of this patient belong on their page.
        if (await sections.Open(id, request, visit.Filter, stop) is not { } section || await section.One(type, entry) is not { } stored) return await visit.NotFound(stop);
        await section.Mentions.Add([stored], withParts: true);
        var belonging = new List<SectionLine>();
        if (type == "Encounter")
            foreach (var kind in OfAVisit) belonging.AddRange(section.Lines(await section.All(kind, MostOfAKind, ("encounter", $"Encounter/{entry}")), Belonging));
        var files = await DocumentsQuery.Files(section, store, visit.Filter, stored, stop);
        var home = $"/patients/{Uri.EscapeDataString(id)}";
        var model = section.Take(stored, shown =>
        {
            var rows = EntryRows.Of(shown.Json, section.Mentions);
            return new EntryModel(section.Patient, type, TitleOf(shown), shown.Entry.Date, shown.Entry.Status, rows, rows.Count == 0 ? SafeHtml.Of(shown.Json.At("text").TextAt("div")) : null, files, belonging,
                stored.Version, shown.Href, $"{home}/documents/{type}/{Uri.EscapeDataString(entry)}", RecordEntry.IsDocument(type) ? RecordEntry.Address(id, type, entry) : null, Indented(stored.Body),
                ExplainedOf(shown.Json), shown.Json.At("valueQuantity").TextAt("code"));
        });
        await visit.Log("entry", section.Logged, [section.Compartment], stop);
        return visit.Page<EntryPage>(model);
    }

    /// <summary>What an entry is called; its type in the reader's words where it says nothing.</summary>
    internal static string TitleOf(Shown shown) => shown.Title == RecordEntry.TypeInWords(shown.Type) ? ElementWords.Type(shown.Type) : shown.Title;

    static string? ExplainedOf(JsonElement json) => Explanations.KeyOf(json.At("code")) ?? Explanations.KeyOf(json.At("medicationCodeableConcept")) ?? Explanations.KeyOf(json.At("vaccineCode"));

    static SectionLine Belonging(Shown shown) => shown.Line(shown.Entry.Date, shown.Entry.Date?.DayAndTime, [new(ElementWords.Type(shown.Type))], [shown.Entry.Detail is { } detail ? new(null, detail) : null], TitleOf(shown));

    static string Indented(byte[] body)
    {
        var output = new ArrayBufferWriter<byte>(body.Length * 2);
        FhirJson.Indent(body, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
