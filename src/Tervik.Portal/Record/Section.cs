using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tervik.Portal.Reading;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.Portal.Record;

/// <summary>A short statement beside a title, such as a state.</summary>
/// <param name="Text">In words.</param>
/// <param name="Color">Of Designsystemet; it only repeats what the text says.</param>
public sealed record Tag(string Text, string Color = "neutral");

/// <summary>One thing that a line says of its entry.</summary>
/// <param name="Label">What it is, or null for a sentence that speaks for itself.</param>
/// <param name="Text">In words.</param>
/// <param name="Href">Where it leads, or null.</param>
public sealed record Fact(string? Label, string Text, string? Href = null);

/// <summary>One entry in a list of a section page.</summary>
/// <param name="Title">Never empty.</param>
/// <param name="Href">Its own page, or null.</param>
/// <param name="Date">To sort and group by; null when it is not known.</param>
/// <param name="When">In words, or null.</param>
/// <param name="Tags">Beside the title.</param>
/// <param name="Facts">Below it.</param>
public sealed record SectionLine(string Title, string? Href, FhirDate? Date, string? When, IReadOnlyList<Tag> Tags, IReadOnlyList<Fact> Facts);

/// <summary>Lines that belong together, at most a page of them.</summary>
/// <param name="Key">Names the list in addresses.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Lines">In order.</param>
/// <param name="Next">Cursor of the lines after these; null when there are none.</param>
public sealed record SectionGroup(string Key, string Title, IReadOnlyList<SectionLine> Lines, string? Next)
{
    /// <summary>Whether years stand between the lines.</summary>
    public bool ByYear { get; init; }
}

/// <summary>A section page: lists of one kind of entries.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Groups">What matters today first.</param>
/// <param name="IsFirst">Whether these are the first lines, or a list is being continued.</param>
public sealed record SectionModel(PatientHeader Patient, IReadOnlyList<SectionGroup> Groups, bool IsFirst)
{
    public bool IsEmpty => Groups.All(group => group.Lines.Count == 0);
}

/// <summary>One stored entry while it is put into words.</summary>
/// <param name="Patient">Whose page it is: logical id.</param>
/// <param name="Type">Resource type.</param>
/// <param name="Id">Logical id.</param>
/// <param name="Json">Its elements.</param>
/// <param name="Mentions">Names of what it refers to.</param>
public sealed record Shown(string Patient, string Type, string Id, JsonElement Json, Mentions Mentions)
{
    RecordEntry? entry;
    public RecordEntry Entry => entry ??= RecordEntry.Read(Type, Id, Json);
    public string Title => Entry.Title;
    public string Href => $"/patients/{Uri.EscapeDataString(Patient)}/entry/{Type}/{Uri.EscapeDataString(Id)}";

    /// <summary>A coded or plain text element as a fact.</summary>
    public Fact? Text(string label, string element) => Codes.Write(Json.FirstAt(element)) is { } words ? new(label, words) : null;

    /// <summary>What a reference names; null when nobody knows a name for it.</summary>
    public Fact? Reference(string label, JsonElement reference) => Mentions.NameOf(reference, Json) is { } name ? new(label, name, Mentions.HrefOf(reference)) : null;

    /// <summary>The first of these elements that names somebody or something.</summary>
    public Fact? FirstReference(string label, params ReadOnlySpan<string> elements)
    {
        foreach (var element in elements)
            foreach (var reference in Json.ItemsAt(element))
                if (Reference(label, reference) is { } fact) return fact;
        return null;
    }

    /// <summary>Notes, in the words of who wrote them.</summary>
    public IEnumerable<Fact> Notes() => Json.ItemsAt("note").Select(note => note.TextAt("text")).OfType<string>().Select(text => new Fact(Words.Of("fact Note"), text));

    /// <summary>The line of this entry.</summary>
    public SectionLine Line(FhirDate? date, string? when, IEnumerable<Tag?> tags, IEnumerable<Fact?> facts, string? title = null) =>
        new(title ?? Title, Href, date, when, [.. tags.OfType<Tag>()], [.. facts.OfType<Fact>()]);
}

/// <summary>Begins a section page.</summary>
sealed class Sections(RecordQuery record, RecordStore store, SearchEngine search)
{
    /// <returns>The section; null when there is no such patient for this reader.</returns>
    /// <param name="id">The patient.</param>
    /// <param name="request">Its query may name a list (<c>list</c>) and where it goes on (<c>from</c>).</param>
    /// <param name="filter">What the reader may see.</param>
    /// <param name="stop">Stops all that the section reads.</param>
    public async Task<Section?> Open(string id, HttpContext request, AccessFilter filter, CancellationToken stop) =>
        await record.Patient(id, filter, stop) is not var (header, patient) ? null
            : new(header, patient, record, store, search, filter, request.Request.Query["list"], request.Request.Query["from"], stop);
}

/// <summary>One request's reading of a part of a record: searches under the reader's filter, keeps what was read for the log, and names what entries refer to.</summary>
sealed class Section(PatientHeader header, StoredResource patient, RecordQuery record, RecordStore store, SearchEngine search, AccessFilter filter, string? list, string? from, CancellationToken stop)
{
    public const int PageSize = 50;
    // A page whose entries all have no line says nothing; the reader is not sent through many of them.
    const int MostEmptyPages = 10;

    readonly List<StoredResource> read = [patient];

    public PatientHeader Patient => header;
    public StoredResource Stored => patient;
    public IReadOnlyList<StoredResource> Read => read;
    public DateTime Today => record.Today;
    public string Day => Today.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    public long Compartment { get; } = record.Compartment(header.Id);
    public Mentions Mentions { get; } = new(header, search, store, filter, stop);
    /// <summary>The one list that is being continued; null on the first page.</summary>
    public string? Continued => list is not null && from is not null ? list : null;

    /// <summary>Where the continued list goes on; null on the first page.</summary>
    public string? Cursor => Continued is null ? null : from;

    /// <summary>Whether a list is on this page.</summary>
    public bool Has(string key) => Continued is null || Continued == key;

    /// <summary>A page of entries of one type, and where the next begins.</summary>
    public async Task<(IReadOnlyList<StoredResource> Found, string? Next)> Page(string type, string? cursor, int count, params (string Name, string Value)[] parameters)
    {
        List<KeyValuePair<string, string>> all = [new("patient", $"Patient/{header.Id}"), .. parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value)),
            new("_count", count.ToString(CultureInfo.InvariantCulture))];
        SearchPage page;
        try
        {
            page = await search.Search(new(type, all, Strict: true) { Cursor = cursor }, filter, stop);
        }
        catch (FaultException) when (cursor is not null)
        {
            return ([], null); // A page link that was changed or is of another node: nothing is behind it.
        }
        // A page link of another patient's list continues nothing here, even for somebody who may see both.
        if (cursor is not null && page.Matches.Any(match => !Concerns(match))) return ([], null);
        read.AddRange(page.Matches);
        return (page.Matches, page.NextCursor);
    }

    /// <summary>All entries of one type up to a number.</summary>
    public async Task<IReadOnlyList<StoredResource>> All(string type, int most, params (string Name, string Value)[] parameters) => (await Page(type, null, most, parameters)).Found;

    /// <summary>One entry of this patient; null when there is none that the reader may see.</summary>
    public async Task<StoredResource?> One(string type, string id)
    {
        if (await store.Read(type, id, filter, stop) is not { IsDeleted: false } stored || !Concerns(stored)) return null;
        read.Add(stored);
        return stored;
    }

    /// <summary>Whether an entry is part of this patient's record.</summary>
    public bool Concerns(StoredResource stored) => store.CompartmentsOf(stored).Contains(Compartment);

    /// <summary>A page of a list, put into words.</summary>
    /// <param name="key">The list's name in addresses.</param>
    /// <param name="title">Its heading.</param>
    /// <param name="type">Resource type.</param>
    /// <param name="line">Writes an entry's line; null leaves it out.</param>
    /// <param name="parameters">Which, and in what order.</param>
    public async Task<SectionGroup> Group(string key, string title, string type, Func<Shown, SectionLine?> line, params (string Name, string Value)[] parameters)
    {
        if (!Has(key)) return new(key, title, [], null);
        var next = Cursor;
        List<SectionLine> lines = [];
        for (var pages = 0; lines.Count == 0 && pages < MostEmptyPages && (pages == 0 || next is not null); pages++)
        {
            (var found, next) = await Page(type, next, PageSize, parameters);
            await Mentions.Add(found);
            lines = Lines(found, line);
        }
        return new(key, title, lines, next);
    }

    public List<SectionLine> Lines(IEnumerable<StoredResource> found, Func<Shown, SectionLine?> line) => [.. found.Select(stored => Take(stored, line)).OfType<SectionLine>()];

    /// <summary>Takes from an entry what is shown of it.</summary>
    public T Take<T>(StoredResource stored, Func<Shown, T> take) => stored.Take(json => take(new(header.Id, stored.Type, stored.Id, json, Mentions)));

    public SectionModel Model(params SectionGroup[] groups) => new(header, groups, Continued is null);

    /// <summary>What was read, with what was named on the way: for the log.</summary>
    public IEnumerable<StoredResource> Logged => read.Concat(Mentions.Read).Where(Concerns);
}
