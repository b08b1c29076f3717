using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Tervik.Demo.Writing;

/// <summary>One resource of the nation.</summary>
/// <param name="Type">Resource type.</param>
/// <param name="Id">Logical id.</param>
/// <param name="Json">UTF-8.</param>
public readonly record struct DemoResource(string Type, string Id, ReadOnlyMemory<byte> Json);

/// <summary>Writes resources one after the other: <c>using (w.Resource(…)) { w.Text(…); using (w.Object(…)) … }</c>.</summary>
sealed class ResourceWriter : IDisposable
{
    static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    readonly ArrayBufferWriter<byte> buffer = new(4096);
    readonly Utf8JsonWriter json;
    readonly List<DemoResource> resources = [];
    string type = "", id = "";

    public ResourceWriter() => json = new(buffer, Options);

    /// <summary>What was written so far.</summary>
    public IReadOnlyList<DemoResource> Resources => resources;

    /// <summary>Begins a resource; disposing the scope ends it.</summary>
    public Scope Resource(string resourceType, string resourceId)
    {
        (type, id) = (resourceType, resourceId);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, resourceType);
        json.WriteString("id"u8, resourceId);
        return new(this, Kind.Resource);
    }

    public Scope Object(string name)
    {
        json.WriteStartObject(name);
        return new(this, Kind.Object);
    }

    public Scope List(string name)
    {
        json.WriteStartArray(name);
        return new(this, Kind.List);
    }

    /// <summary>An object in a list.</summary>
    public Scope Item()
    {
        json.WriteStartObject();
        return new(this, Kind.Object);
    }

    /// <summary>A list of one object.</summary>
    public Scope One(string name)
    {
        json.WriteStartArray(name);
        json.WriteStartObject();
        return new(this, Kind.One);
    }

    public void Text(string name, string? value)
    {
        if (value is not null) json.WriteString(name, value);
    }

    public void Texts(string name, params ReadOnlySpan<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }

    public void Number(string name, decimal value) => json.WriteNumber(name, value);
    public void Number(string name, int value) => json.WriteNumber(name, value);
    public void Flag(string name, bool value) => json.WriteBoolean(name, value);
    public void Base64(string name, ReadOnlySpan<byte> value) => json.WriteBase64String(name, value);

    public void Day(string name, DateOnly day) => json.WriteString(name, day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
    public void Instant(string name, DateTimeOffset at) => json.WriteString(name, at.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture));

    public void Period(string name, DateTimeOffset from, DateTimeOffset? to)
    {
        using var period = Object(name);
        Instant("start", from);
        if (to is { } end) Instant("end", end);
    }

    public void Coding(string name, Term term)
    {
        json.WriteStartObject(name);
        Members(term);
        json.WriteEndObject();
    }

    /// <summary>A list of one Coding.</summary>
    public void Codings(string name, Term term)
    {
        json.WriteStartArray(name);
        json.WriteStartObject();
        Members(term);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    /// <summary>A CodeableConcept: codings of the same meaning, and the first one's words as its text.</summary>
    public void Concept(string name, Term term, Term? also = null, string? text = null)
    {
        json.WriteStartObject(name);
        Inside(term, also, text);
        json.WriteEndObject();
    }

    /// <summary>A list of one CodeableConcept.</summary>
    public void Concepts(string name, Term term, Term? also = null, string? text = null)
    {
        json.WriteStartArray(name);
        json.WriteStartObject();
        Inside(term, also, text);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    /// <summary>A list of CodeableConcepts.</summary>
    public void ConceptList(string name, IEnumerable<Term> terms)
    {
        json.WriteStartArray(name);
        foreach (var term in terms)
        {
            json.WriteStartObject();
            Inside(term, null, null);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>A CodeableConcept without a code.</summary>
    public void Words(string name, string text)
    {
        using var concept = Object(name);
        Text("text", text);
    }

    void Inside(Term term, Term? also, string? text)
    {
        json.WriteStartArray("coding"u8);
        json.WriteStartObject();
        Members(term);
        json.WriteEndObject();
        if (also is not null)
        {
            json.WriteStartObject();
            Members(also);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("text"u8, text ?? term.Display);
    }

    void Members(Term term)
    {
        json.WriteString("system"u8, term.System);
        json.WriteString("code"u8, term.Code);
        json.WriteString("display"u8, term.Display);
    }

    public void Reference(string name, Link link)
    {
        json.WriteStartObject(name);
        Inside(link);
        json.WriteEndObject();
    }

    public void References(string name, params ReadOnlySpan<Link> links)
    {
        json.WriteStartArray(name);
        foreach (var link in links)
        {
            json.WriteStartObject();
            Inside(link);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    void Inside(Link link)
    {
        json.WriteString("reference"u8, link.Reference);
        if (link.Display is { } display) json.WriteString("display"u8, display);
    }

    /// <summary>A Quantity with a UCUM code.</summary>
    public void Amount(string name, decimal value, string unit, string ucum)
    {
        using var amount = Object(name);
        Number("value", value);
        Text("unit", unit);
        Text("system", "http://unitsofmeasure.org");
        Text("code", ucum);
    }

    public void Dispose() => json.Dispose();

    void End(Kind kind)
    {
        if (kind == Kind.List) json.WriteEndArray();
        else json.WriteEndObject();
        if (kind == Kind.One) json.WriteEndArray();
        if (kind != Kind.Resource) return;
        json.Flush();
        resources.Add(new(type, id, buffer.WrittenSpan.ToArray()));
        buffer.ResetWrittenCount();
        json.Reset();
    }

    internal enum Kind { Resource, Object, List, One }

    /// <summary>Closes what was opened.</summary>
    public readonly struct Scope(ResourceWriter writer, Kind kind) : IDisposable
    {
        public void Dispose() => writer.End(kind);
    }
}

/// <summary>A reference with the words a reader sees.</summary>
/// <param name="Reference"><c>Type/id</c>.</param>
/// <param name="Display">Or null.</param>
readonly record struct Link(string Reference, string? Display = null);
