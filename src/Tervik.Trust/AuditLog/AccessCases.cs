using System.Globalization;
using System.Text.Json;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.Trust.AuditLog;

/// <summary>A question of a patient about who looked, for the institution to answer.</summary>
/// <param name="Id">Of its Task.</param>
/// <param name="Agent">Whose accesses it is about.</param>
/// <param name="Day">On which day, <c>2026-11-25</c>.</param>
/// <param name="Text">What the patient wrote, or null.</param>
/// <param name="Status">Of the Task: requested, accepted, in-progress, completed, rejected …</param>
/// <param name="Answer">What the institution wrote, or null.</param>
/// <param name="OpenedOn">When it was asked, a FHIR instant.</param>
public sealed record AccessCase(string Id, string? Agent, string? Day, string? Text, string Status, string? Answer, string OpenedOn);

/// <summary>Questions about accesses ("this looks wrong"): each a Task for the data protection of an institution, whose systems find it under <c>Task?code=urn:tervik:task|access-question</c>.</summary>
/// <remarks>The Task names the patient by an identifier and not by a reference, and so is in no patient's compartment: the professional it is about does not see it. Patients read theirs here.</remarks>
public sealed class AccessCases(RecordStore store, SearchEngine search, TimeProvider clock)
{
    /// <summary>System of the codes of Tervik's own tasks.</summary>
    public const string TaskSystem = "urn:tervik:task";
    const string Code = "access-question";
    /// <summary>System of the identifier that says whose accesses are asked about; its value is <c>Patient/id</c>.</summary>
    const string PatientSystem = "urn:tervik:access-question-of";

    /// <summary>Opens a case; with the same id a second time, nothing happens.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="patient">Whose record, <c>Patient/id</c>.</param>
    /// <param name="asker">Who asks: the patient, or a parent.</param>
    /// <param name="agent">Whose accesses; null for somebody who was not signed in.</param>
    /// <param name="day">On which day.</param>
    /// <param name="text">What seems wrong, or null.</param>
    /// <param name="institution"><c>Organization/id</c> that has to answer, or null when none is known.</param>
    /// <param name="stop">Stops waiting.</param>
    public async Task Open(string id, string patient, string asker, string? agent, string day, string? text, string? institution, CancellationToken stop)
    {
        using var body = new MemoryStream();
        await using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("resourceType", "Task");
            json.WriteString("id", id);
            json.WriteString("status", "requested");
            json.WriteString("intent", "order");
            json.WriteStartArray("identifier");
            Identifier(json, patient);
            json.WriteEndArray();
            Concept(json, "code", Code);
            json.WriteStartObject("for");
            json.WritePropertyName("identifier");
            Identifier(json, patient);
            json.WriteEndObject();
            json.WriteString("authoredOn", clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            Reference(json, "requester", asker);
            if (institution is not null) Reference(json, "owner", institution);
            if (text is not null)
            {
                json.WriteStartArray("note");
                json.WriteStartObject();
                json.WriteString("text", text);
                json.WriteEndObject();
                json.WriteEndArray();
            }
            json.WriteStartArray("input");
            Input(json, "agent", "valueString", agent ?? "");
            Input(json, "day", "valueDate", day);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        using var resource = FhirJson.Parse(body.ToArray());
        var draft = Draft.Of(resource.RootElement, id, store.Indexer);
        await store.Commit([new() { Method = "POST", Type = "Task", Id = id, Draft = draft, ExpectedVersion = 0 }], [], stop);
    }

    /// <summary>The cases of a patient, newest first.</summary>
    public async Task<IReadOnlyList<AccessCase>> Of(string patient, CancellationToken stop)
    {
        var page = await search.Search(new("Task", [new("identifier", $"{PatientSystem}|{patient}"), new("code", $"{TaskSystem}|{Code}"), new("_sort", "-authored-on"), new("_count", "50")], Strict: true), AccessFilter.Everything, stop);
        return [.. page.Matches.Select(Read)];
    }

    static AccessCase Read(StoredResource stored)
    {
        using var json = JsonDocument.Parse(stored.Body);
        var task = json.RootElement;
        string? agent = null, day = null;
        foreach (var input in task.GetProperty("input").EnumerateArray())
            switch (input.GetProperty("type").GetProperty("coding")[0].GetProperty("code").GetString())
            {
                case "agent": agent = input.GetProperty("valueString").GetString(); break;
                case "day": day = input.GetProperty("valueDate").GetString(); break;
            }
        var text = task.TryGetProperty("note", out var notes) && notes.GetArrayLength() > 0 ? notes[0].GetProperty("text").GetString() : null;
        var answer = task.TryGetProperty("statusReason", out var reason) && reason.TryGetProperty("text", out var words) ? words.GetString() : null;
        return new(stored.Id, agent, day, text, task.GetProperty("status").GetString()!, answer, task.GetProperty("authoredOn").GetString()!);
    }

    static void Concept(Utf8JsonWriter json, string name, string code)
    {
        json.WriteStartObject(name);
        json.WriteStartArray("coding");
        json.WriteStartObject();
        json.WriteString("system", TaskSystem);
        json.WriteString("code", code);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void Identifier(Utf8JsonWriter json, string patient)
    {
        json.WriteStartObject();
        json.WriteString("system", PatientSystem);
        json.WriteString("value", patient);
        json.WriteEndObject();
    }

    static void Reference(Utf8JsonWriter json, string name, string reference)
    {
        json.WriteStartObject(name);
        json.WriteString("reference", reference);
        json.WriteEndObject();
    }

    static void Input(Utf8JsonWriter json, string code, string name, string value)
    {
        json.WriteStartObject();
        Concept(json, "type", code);
        json.WriteString(name, value.Length == 0 ? "unknown" : value);
        json.WriteEndObject();
    }
}
