using System.Text.Json;
using Microsoft.AspNetCore.Components;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Records.Access;
using Tervik.Records.Resources;

namespace Tervik.Portal.Documents;

/// <summary>The list of documents.</summary>
/// <param name="Section">The lists.</param>
/// <param name="Kind">The kind that was chosen; null for the newest of all.</param>
public sealed record DocumentsModel(SectionModel Section, string? Kind);

/// <summary>A part of a document that is read from top to bottom.</summary>
/// <param name="Heading">Its title, or null.</param>
/// <param name="Plain">As text with its line breaks, or null.</param>
/// <param name="Html">As safe HTML, or null.</param>
/// <param name="Facts">As label and value.</param>
public sealed record Block(string? Heading, string? Plain, MarkupString? Html, IReadOnlyList<Fact> Facts);

/// <summary>A document to read.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Type">Resource type.</param>
/// <param name="Line">Title, date, state and facts.</param>
/// <param name="Blocks">Its text.</param>
/// <param name="Files">What can be opened or downloaded.</param>
/// <param name="Base">Address below which the files are.</param>
/// <param name="EntryHref">The entry in full.</param>
public sealed record DocumentModel(PatientHeader Patient, string Type, SectionLine Line, IReadOnlyList<Block> Blocks, IReadOnlyList<Attachment> Files, string Base, string EntryHref);

/// <summary>Reads documents, whichever type they are stored as.</summary>
static class DocumentsQuery
{
    const int MostResults = 60, DeepestSection = 6;

    /// <summary>The kinds in the order of the filter: words <c>documents {Key}</c>, type, and the parameter with the date.</summary>
    public static readonly (string Key, string Type, string Date)[] Kinds =
        [("letters", "DocumentReference", "date"), ("summaries", "Composition", "date"), ("reports", "DiagnosticReport", "date"), ("answers", "QuestionnaireResponse", "authored")];

    /// <summary>The newest of all kinds, or one kind page by page.</summary>
    public static async Task<DocumentsModel> Load(Section section, string? kind)
    {
        if (Array.Find(Kinds, one => one.Key == kind) is { Key: { } key } chosen)
            return new(section.Model(await section.Group(key, Words.Of($"documents {key}"), chosen.Type, Line, ("_sort", $"-{chosen.Date}")) with { ByYear = true }), key);
        var newest = new List<SectionLine>();
        foreach (var (one, type, date) in Kinds) newest.AddRange((await section.Group(one, "", type, Line, ("_sort", $"-{date}"))).Lines);
        var lines = newest.OrderByDescending(line => line.Date?.Instant ?? DateTimeOffset.MinValue).Take(Section.PageSize).ToList();
        return new(section.Model(new SectionGroup("newest", Words.Of(newest.Count > lines.Count ? "Newest documents" : "All documents"), lines, null) { ByYear = true }), null);
    }

    /// <summary>A document's line; null for a report that is only a list of values, which stand with the results.</summary>
    public static SectionLine? Line(Shown shown)
    {
        var json = shown.Json;
        if (shown.Type == "DiagnosticReport" && !json.At("presentedForm").Exists() && json.TextAt("conclusion") is null) return null;
        if (json.TextAt("status") == "entered-in-error") return null;
        var date = FhirDate.Of(json, "date", "effectiveDateTime", "effectivePeriod", "issued", "authored", "created", "indexed");
        var title = TitleOf(shown) ?? shown.Title;
        var line = shown.Line(date, date?.Day, [StateTag(json.TextAt("docStatus") ?? json.TextAt("status"))],
        [
            new(Words.Of("fact Kind"), Codes.Write(json.At("type")) is { } kind && kind != title ? kind : ElementWords.Type(shown.Type)),
            shown.FirstReference(Words.Of("fact Written by"), "author", "authenticator", "performer", "resultsInterpreter", "source"),
            shown.Reference(Words.Of("fact From"), json.At("custodian")),
            shown.FirstReference(Words.Of("fact Visit"), "encounter") ?? shown.Reference(Words.Of("fact Visit"), json.At("context").FirstAt("encounter")),
            json.TextAt("description") is { } description && description != title ? new(null, description) : null,
        ], title);
        return line with { Href = $"/patients/{Uri.EscapeDataString(shown.Patient)}/documents/{shown.Type}/{Uri.EscapeDataString(shown.Id)}" };
    }

    // What an author called the document says more than its type.
    static string? TitleOf(Shown shown) => shown.Type switch
    {
        "Composition" => shown.Json.TextAt("title"),
        "DocumentReference" => shown.Json.TextAt("description") ?? (shown.Title == RecordEntry.TypeInWords(shown.Type) ? shown.Json.FirstAt("content").At("attachment").TextAt("title") ?? ElementWords.Type(shown.Type) : null),
        "QuestionnaireResponse" => Values.Write(shown.Json.At("_questionnaire").FirstAt("extension")) ?? (shown.Title == RecordEntry.TypeInWords(shown.Type) ? ElementWords.Type(shown.Type) : null),
        _ => null,
    };

    static Tag? StateTag(string? status) => status is null or "current" or "final" or "completed" ? null : new(States.Of(status)!, status is "preliminary" or "in-progress" or "partial" or "registered" ? "warning" : "neutral");

    /// <summary>One document; null when this patient has none of this id that the reader may see.</summary>
    public static async Task<DocumentModel?> Open(Section section, RecordStore store, AccessFilter filter, string type, string id, CancellationToken stop)
    {
        if (!Kinds.Any(kind => kind.Type == type) || await section.One(type, id) is not { } stored) return null;
        await section.Mentions.Add([stored], withParts: true);
        var files = await Files(section, store, filter, stored, stop);
        var blocks = section.Take(stored, shown => BlocksOf(shown).ToList());
        if (type == "DiagnosticReport" && await Results(section, stored) is { Count: > 0 } results) blocks.Add(new(Words.Of("Results"), null, null, results));
        foreach (var file in files.Where(file => file.IsText))
            if (await Bytes(section, store, filter, stored, file, stop) is var (bytes, _)) blocks.Add(BlockOf(file, bytes));
        var home = $"/patients/{Uri.EscapeDataString(section.Patient.Id)}";
        return section.Take(stored, shown =>
        {
            // A narrative is for those to whom nothing else speaks.
            if (blocks.Count == 0 && SafeHtml.Of(shown.Json.At("text").TextAt("div")) is { } narrative) blocks.Add(new(null, null, narrative, []));
            var line = Line(shown) ?? shown.Line(shown.Entry.Date, shown.Entry.Date?.Day, [StateTag(shown.Json.TextAt("status"))], []);
            return new DocumentModel(section.Patient, type, line, [.. blocks.Where(block => block.Plain is not null || block.Html is not null || block.Facts.Count > 0)], files, $"{home}/documents/{type}/{Uri.EscapeDataString(id)}", shown.Href);
        });
    }

    /// <summary>The attachments of an entry; one whose bytes this reader cannot have here is known by its name only.</summary>
    public static async Task<List<Attachment>> Files(Section section, RecordStore store, AccessFilter filter, StoredResource entry, CancellationToken stop)
    {
        var files = entry.Take(Attachment.In);
        for (var i = 0; i < files.Count; i++)
            if (files[i].BinaryId is not null && await Bytes(section, store, filter, entry, files[i], stop) is null) files[i] = files[i] with { Url = null };
        return files;
    }

    static Block BlockOf(Attachment file, byte[] bytes)
    {
        var text = Attachment.Text(bytes, file.Charset);
        return file.IsHtml ? new(file.Title, null, SafeHtml.Of(text), []) : new(file.Title, text, null, []);
    }

    static IEnumerable<Block> BlocksOf(Shown shown) => shown.Type switch
    {
        "Composition" => shown.Json.ItemsAt("section").SelectMany(section => SectionBlocks(shown, section, 0)),
        "DiagnosticReport" => shown.Json.TextAt("conclusion") is { } conclusion ? [new(Words.Of("fact Conclusion"), conclusion, null, [])] : [],
        "QuestionnaireResponse" => [new(null, null, null, [.. Answers(shown.Json, 0)])],
        _ => [],
    };

    static IEnumerable<Block> SectionBlocks(Shown shown, JsonElement section, int depth)
    {
        if (depth > DeepestSection) yield break;
        var entries = section.ItemsAt("entry").Select(entry => shown.Reference(Words.Of("fact Entries"), entry)).OfType<Fact>().ToList();
        var html = SafeHtml.Of(section.At("text").TextAt("div"));
        yield return new(section.TextAt("title") ?? Codes.Write(section.At("code")), html is null && entries.Count == 0 ? Codes.Write(section.At("emptyReason")) : null, html, entries);
        foreach (var part in section.ItemsAt("section").SelectMany(part => SectionBlocks(shown, part, depth + 1))) yield return part;
    }

    static IEnumerable<Fact> Answers(JsonElement parent, int depth)
    {
        if (depth > DeepestSection) yield break;
        foreach (var item in parent.ItemsAt("item"))
        {
            var question = item.TextAt("text") ?? item.TextAt("linkId");
            foreach (var answer in item.ItemsAt("answer"))
            {
                if (Values.Write(answer) is { } words) yield return new(question, words);
                foreach (var below in Answers(answer, depth + 1)) yield return below;
            }
            foreach (var below in Answers(item, depth + 1)) yield return below;
        }
    }

    static async Task<List<Fact>> Results(Section section, StoredResource report)
    {
        var facts = new List<Fact>();
        foreach (var id in report.Take(json => json.ItemsAt("result").Select(result => result.TextAt("reference")).OfType<string>().Where(target => target.StartsWith("Observation/", StringComparison.Ordinal)).Select(target => target["Observation/".Length..]).Take(MostResults).ToList()))
            if (await section.One("Observation", id) is { } observation)
                section.Take(observation, shown =>
                {
                    var values = Result.Read(id, shown.Json).ToList();
                    facts.AddRange(values.Select(value => new Fact(value.Name, value.Flag == Flag.None ? value.Value : $"{value.Value} ({Words.Of(value.Flag.ToString())})", shown.Href)));
                    return values.Count;
                });
        return facts;
    }

    /// <summary>The bytes of an attachment and their type; null when they are not here, or not this reader's.</summary>
    /// <remarks>A Binary is in nobody's compartment, and whoever may write a document could point to any: it opens only when it says itself (<c>securityContext</c>)
    /// that it belongs to this patient or to the entry that points to it.</remarks>
    public static async Task<(byte[] Bytes, string ContentType)?> Bytes(Section section, RecordStore store, AccessFilter filter, StoredResource entry, Attachment file, CancellationToken stop)
    {
        if (file.Base64 is not null) return file.Bytes() is { } inside ? (inside, file.ContentType) : null;
        if (file.BinaryId is not { } id || await store.Read("Binary", id, AccessFilter.Everything, stop) is not { IsDeleted: false } binary) return null;
        var (context, type, data) = binary.Take(json => (json.At("securityContext").TextAt("reference"), json.TextAt("contentType"), json.TextAt("data")));
        var isOpen = (await store.Visible([binary], filter, stop)).Count > 0 || binary.Compartment == 0 && (context == $"{entry.Type}/{entry.Id}" || context == $"Patient/{section.Patient.Id}");
        if (!isOpen || data is null) return null;
        var bytes = new byte[data.Length / 4 * 3 + 3];
        return Convert.TryFromBase64String(data, bytes, out var length) ? (bytes[..length], (type ?? file.ContentType).Split(';')[0].Trim().ToLowerInvariant()) : null;
    }
}
