using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Portal.Reading;
using Tervik.Portal.Shell;

namespace Tervik.Portal.Writing;

/// <summary>Elements of FHIR as the forms write them. What a stored resource has beside them stays as it is.</summary>
static class Elements
{
    /// <summary>Begins the id of an annotation that says which hints were confirmed.</summary>
    const string HintNote = "hints-";
    const string Hl7 = "http://terminology.hl7.org/CodeSystem/";

    /// <summary>Sets an element, or takes it away when there is nothing to say.</summary>
    public static void Put(this JsonObject parent, string name, JsonNode? value)
    {
        if (value is null) parent.Remove(name);
        else parent[name] = value;
    }

    public static void Put(this JsonObject parent, string name, string? text) => parent.Put(name, string.IsNullOrEmpty(text) ? null : (JsonNode)text);

    /// <summary>Sets a choice such as <c>onset[x]</c> to one of its types and takes every other away.</summary>
    public static void PutChoice(this JsonObject parent, string choice, string type, JsonNode? value)
    {
        var name = choice + type;
        foreach (var other in parent.Select(member => member.Key).Where(key => key.TrimStart('_') is var plain && plain != name && plain.Length > choice.Length
            && plain.StartsWith(choice, StringComparison.Ordinal) && char.IsAsciiLetterUpper(plain[choice.Length])).ToList()) parent.Remove(other);
        parent.Put(name, value);
    }

    /// <summary>A CodeableConcept of a typed text: with the codes of the term it names, else only the text. What says the same already keeps all its codes.</summary>
    public static void PutConcept(this JsonObject parent, string name, string text, Term? term, JsonElement stored)
    {
        if (text.Length == 0) parent.Remove(name);
        else if (Codes.Write(stored.At(name)) != text) parent[name] = Concept(text, term);
    }

    public static JsonObject Concept(string text, Term? term)
    {
        var concept = new JsonObject();
        if (term is { Codes.Count: > 0 }) concept["coding"] = new JsonArray([.. term.Codes.Select(code => (JsonNode)new JsonObject { ["system"] = code.System, ["code"] = code.Code, ["display"] = term.Display })]);
        concept["text"] = text;
        return concept;
    }

    /// <summary>A concept of one code of HL7's own terminology.</summary>
    public static JsonObject Hl7Concept(string system, string code) => Coded(Hl7 + system, code, null);

    public static JsonObject Coded(string system, string code, string? display)
    {
        var coding = new JsonObject { ["system"] = system, ["code"] = code };
        if (display is not null) coding["display"] = display;
        return new() { ["coding"] = new JsonArray(coding) };
    }

    public static JsonObject Quantity(decimal value, string unit, string ucum) => new() { ["value"] = value, ["unit"] = unit, ["system"] = Catalogue.Ucum, ["code"] = ucum };

    public static JsonObject Reference(string reference, string? display)
    {
        var written = new JsonObject { ["reference"] = reference };
        written.Put("display", display);
        return written;
    }

    public static JsonObject Author(SignedIn person) => Reference(person.Reference, person.Name);

    /// <summary>The form's own note: the first of the author's that is not about a hint is replaced, others stay.</summary>
    public static void PutNote(this JsonObject resource, string text, JsonElement stored, Situation situation)
    {
        var before = NoteOf(stored);
        if (text == before) return;
        var notes = resource["note"] as JsonArray;
        if (before.Length > 0 && notes?.FirstOrDefault(note => note?["text"]?.GetValue<string>() == before) is JsonObject old)
        {
            if (text.Length > 0) old["text"] = text;
            else notes.Remove(old);
        }
        else if (text.Length > 0) AddNote(resource, text, situation, first: true);
        if (notes is { Count: 0 }) resource.Remove("note");
    }

    /// <summary>The note that the form shows: the first that was not made for a hint.</summary>
    public static string NoteOf(JsonElement stored) => stored.ItemsAt("note").Where(note => note.TextAt("id")?.StartsWith(HintNote, StringComparison.Ordinal) != true)
        .Select(note => note.At("text").ValueKind == JsonValueKind.String ? note.At("text").GetString() : null).FirstOrDefault(text => text is not null) ?? "";

    /// <summary>Keeps with the entry which hints were confirmed, by whom and when; once, however often the same are.</summary>
    public static void PutHints(this JsonObject resource, IReadOnlyList<Hint> hints, Situation situation)
    {
        var id = HintNote + Hint.Seal(hints);
        if (resource["note"] is JsonArray notes && notes.Any(note => note is JsonObject known && known["id"] is JsonValue value && value.TryGetValue<string>(out var same) && same == id)) return;
        AddNote(resource, Words.Of("Saved in spite of", string.Join(" ", hints.Select(hint => hint.Text))), situation, first: false, id);
    }

    static void AddNote(JsonObject resource, string text, Situation situation, bool first, string? id = null)
    {
        if (resource["note"] is not JsonArray notes) resource["note"] = notes = [];
        var note = new JsonObject();
        note.Put("id", id);
        note["authorReference"] = Author(situation.Author);
        note["time"] = situation.Now;
        note["text"] = text;
        notes.Insert(first ? 0 : notes.Count, note);
    }

    public static string Written(this DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
