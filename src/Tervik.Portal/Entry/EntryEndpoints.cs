using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Explain;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Model;
using Tervik.Records.Resources;

namespace Tervik.Portal.Entry;

/// <summary>One entry of a record in full.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Line">What it is.</param>
/// <param name="Rows">Its elements in words, in the order of the record; nested ones are indented.</param>
/// <param name="Json">As it is stored.</param>
/// <param name="Explained">The code that can be explained as <c>system|code</c>, or null.</param>
/// <param name="Unit">UCUM code of its unit, or null.</param>
public sealed record EntryModel(PatientHeader Patient, RecordEntry Line, IReadOnlyList<(int Depth, string Label, string? Value)> Rows, string Json, string? Explained, string? Unit);

/// <summary>The page of one entry.</summary>
static class EntryEndpoints
{
    const int DeepestRow = 4, MostRows = 200;
    static readonly string[] Unshown = ["resourceType", "id", "meta", "text", "contained", "extension", "modifierExtension", "implicitRules", "language", "subject", "patient"];

    public static void MapEntry(this IEndpointRouteBuilder routes) => routes.MapGet("/patients/{id}/entry/{type}/{entry}", Show);

    static async Task<IResult> Show(string id, string type, string entry, HttpContext request, Entrance entrance, RecordQuery record, RecordStore store, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("read", type, entry), stop);
        if (visit.Refusal is { } refusal) return refusal;
        var found = await record.Patient(id, visit.Filter, stop);
        // Only entries of this patient belong on their page.
        if (found is not var (header, _) || await store.Read(type, entry, visit.Filter, stop) is not { IsDeleted: false } stored || !store.CompartmentsOf(stored).Contains(record.Compartment(id))) return await visit.NotFound(stop);
        await visit.Log("entry", [stored], store.CompartmentsOf(stored), stop);
        return visit.Page<EntryPage>(new EntryModel(header, RecordQuery.Entry(stored), RecordQuery.Take(stored, Rows), Indented(stored.Body), RecordQuery.Take(stored, ExplainedOf),
            RecordQuery.Take(stored, json => json.At("valueQuantity").TextAt("code"))));
    }

    static string? ExplainedOf(JsonElement json) => Explanations.KeyOf(json.At("code")) ?? Explanations.KeyOf(json.At("medicationCodeableConcept")) ?? Explanations.KeyOf(json.At("vaccineCode"));

    static string Indented(byte[] body)
    {
        var output = new ArrayBufferWriter<byte>(body.Length * 2);
        FhirJson.Indent(body, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    static List<(int, string, string?)> Rows(JsonElement resource)
    {
        var rows = new List<(int, string, string?)>();
        foreach (var member in resource.EnumerateObject())
            if (!Unshown.Contains(member.Name) && !member.Name.StartsWith('_')) Add(rows, 0, member.Name, member.Value);
        return rows;
    }

    static void Add(List<(int, string, string?)> rows, int depth, string name, JsonElement value)
    {
        if (rows.Count >= MostRows || depth > DeepestRow) return;
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray()) Add(rows, depth, name, item);
            return;
        }
        var label = Label(name);
        if (Short(value) is { } words)
        {
            rows.Add((depth, label, words));
            return;
        }
        rows.Add((depth, label, null));
        foreach (var member in value.EnumerateObject())
            if (member.Name is not ("id" or "extension") && !member.Name.StartsWith('_')) Add(rows, depth + 1, member.Name, member.Value);
    }

    /// <summary>A value that fits in a line; null for an element with parts of its own.</summary>
    static string? Short(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object) return FhirDate.Read(value.AsText()) is { } date && value.AsText()!.Length >= 10 ? date.DayAndTime
            : value.ValueKind == JsonValueKind.Number ? Numbers.Write(value.GetRawText()) : value.AsText() ?? "";
        if (value.TextAt("reference") is { } reference) return value.TextAt("display") ?? reference;
        if (value.At("start").Exists() || value.At("end").Exists())
            return string.Join(" – ", FhirDate.Read(value.TextAt("start"))?.DayAndTime ?? "", FhirDate.Read(value.TextAt("end"))?.DayAndTime ?? "");
        if (value.At("value").Exists() && Values.Quantity(value) is { } quantity) return quantity;
        return value.At("coding").Exists() || value.At("code").Exists() || value.At("text").Exists() ? Codes.Write(value) : null;
    }

    /// <summary><c>effectiveDateTime</c> as "Effective date time".</summary>
    static string Label(string name) => RecordEntry.TypeInWords(char.ToUpperInvariant(name[0]) + name[1..]);
}
