using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Resources;

namespace Tervik.Portal.Writing;

/// <summary>A form for one entry of a record.</summary>
/// <param name="Patient">Whose record.</param>
/// <param name="Kind">Which form.</param>
/// <param name="Situation">What the record says that matters meanwhile.</param>
/// <param name="Entry">Id of the entry that is changed; null for a new one.</param>
/// <param name="Subject">For an observation that is changed: what it is about.</param>
/// <param name="Hints">To be confirmed before it is saved.</param>
public sealed record WritingModel(PatientHeader Patient, EntryForm Kind, Situation Situation, string? Entry, string Subject, IReadOnlyList<Hint> Hints);

/// <summary>What professionals write into a record. Mounted at /patients/{id}/new/{kind} and /patients/{id}/edit/{type}/{entry}.</summary>
static class WritingEndpoints
{
    /// <summary>Field that says which hints were read and confirmed.</summary>
    public const string Confirmed = "confirmed";

    public static void MapWriting(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/patients/{id}/new/{kind}", New);
        routes.MapPost("/patients/{id}/new/{kind}", Create);
        routes.MapGet("/patients/{id}/edit/{type}/{entry}", Edit);
        routes.MapPost("/patients/{id}/edit/{type}/{entry}", Change);
    }

    static async Task<IResult> New(string id, string kind, HttpContext request, Entrance entrance, SituationQuery situations, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (OfKey(kind) is not { } form || !visit.Person.IsProfessional || await situations.Load(id, visit, stop) is not var (situation, patient, read)) return await visit.NotFound(stop);
        await visit.Log($"form-{form.Key}", read, [record.Compartment(id)], stop);
        var fields = Form.New(request);
        fields.Begin(form.Begin(situation));
        return visit.Page<WritingPage>(new WritingModel(patient, form, situation, Entry: null, "", []), fields);
    }

    static async Task<IResult> Edit(string id, string type, string entry, HttpContext request, Entrance entrance, SituationQuery situations, RecordQuery record, RecordStore store, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("read", type, entry), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (OfType(type) is not { } form || !visit.Person.IsProfessional || await situations.Load(id, visit, stop) is not var (situation, patient, read)
            || await Own(form, entry, id, visit, record, store, stop) is not { } stored) return await visit.NotFound(stop);
        await visit.Log($"form-{form.Key}", [stored, .. read], [record.Compartment(id)], stop);
        var values = stored.Take(form.Values);
        return visit.Page<WritingPage>(new WritingModel(patient, form, situation.Without(entry), entry, Subject(form, stored), []), Form.Of(request, stored.Version, values));
    }

    static Task<IResult> Create(string id, string kind, HttpContext request, Entrance entrance, SituationQuery situations, RecordQuery record, RecordStore store, RecordWriter writer, CancellationToken stop) =>
        Save(OfKey(kind), id, entry: null, request, entrance, situations, record, store, writer, stop);

    static Task<IResult> Change(string id, string type, string entry, HttpContext request, Entrance entrance, SituationQuery situations, RecordQuery record, RecordStore store, RecordWriter writer, CancellationToken stop) =>
        Save(OfType(type), id, entry, request, entrance, situations, record, store, writer, stop);

    static async Task<IResult> Save(EntryForm? kind, string id, string? entry, HttpContext request, Entrance entrance, SituationQuery situations, RecordQuery record, RecordStore store, RecordWriter writer, CancellationToken stop)
    {
        var (visit, form) = await entrance.EnterForm(request, entry is null ? new("create", kind?.Type) : new("update", kind?.Type, entry), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (kind is null || !visit.Person.IsProfessional || await situations.Load(id, visit, stop) is not var (whole, patient, _)) return await visit.NotFound(stop);
        var target = entry ?? form.NewId;
        var situation = whole.Without(target);
        for (var attempt = 1; ; attempt++)
        {
            // What is stored now is the ground: it keeps what the form does not know, and the same form sent twice says the same twice.
            var stored = await Own(kind, target, id, visit, record, store, stop);
            if (stored is null && entry is not null) return await visit.NotFound(stop);
            // Of an entry that is changed one knows where one began; without it nothing tells what others did meanwhile.
            if (entry is not null && form.Version is null) form.Conflict(stored!.Version, stored.Take(kind.Values), by: null);
            using var json = stored is null ? null : JsonDocument.Parse(stored.Body);
            var ground = stored is null ? NewTarget(kind, form) : new Target(target, form.Version, JsonNode.Parse(stored.Body)!.AsObject(), json!.RootElement);
            var (changes, hints) = kind.Read(form, ground, situation);
            var isConfirmed = hints.Count == 0 || form[Confirmed] == Hint.Seal(hints);
            var model = new WritingModel(patient, kind, situation, entry, stored is null || form.Version is null ? "" : Subject(kind, stored), hints);
            if (form.MustShowAgain || !isConfirmed)
            {
                // Not saved: whoever only reads the status has to know it.
                if (!form.MustShowAgain) request.Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
                return visit.Page<WritingPage>(model, form);
            }
            if (hints.Count > 0 && kind is not NoteForm) changes[0].Resource.PutHints(hints, situation);
            var result = await writer.Write(visit, id, $"write-{kind.Key}", changes, stop);
            switch (result.Outcome)
            {
                case Written.Saved:
                    return TypedResults.LocalRedirect($"{RecordEntry.Address(id, kind.Type, target)}?saved={(entry is null ? kind.Key : "change")}");
                // The same form may have been faster than itself: read what it wrote, and say it once more.
                case Written.Conflict when attempt == 1:
                    continue;
                case Written.Conflict when result.Current is { } current && current.Id == target:
                    form.Conflict(current.Version, current.Take(kind.Values), await By(current, visit, store, stop));
                    return visit.Page<WritingPage>(model, form);
                case Written.Conflict:
                    form.Fail("", Words.Of("error deleted meanwhile"));
                    return visit.Page<WritingPage>(model, form);
                default:
                    // Whether it may be written is known only now; everything else was checked above.
                    if (result.IsForbidden) return await visit.NotFound(stop);
                    form.Fail("", result.Why);
                    return visit.Page<WritingPage>(model, form);
            }
        }
    }

    static EntryForm? OfKey(string key) => Array.Find(EntryForm.All, form => form.Key == key);
    static EntryForm? OfType(string type) => Array.Find(EntryForm.All, form => form.Type == type);

    static Target NewTarget(EntryForm kind, Form form) => new(form.NewId, form.Version, new() { ["resourceType"] = kind.Type }, default);

    static string Subject(EntryForm kind, StoredResource stored) => kind is ObservationForm ? stored.Take(ObservationForm.Subject) : "";

    /// <summary>The entry when it is one of this patient's; null when not, or not there.</summary>
    static async Task<StoredResource?> Own(EntryForm kind, string entry, string patient, Visit visit, RecordQuery record, RecordStore store, CancellationToken stop) =>
        await store.Read(kind.Type, entry, visit.Filter, stop) is { IsDeleted: false } stored && store.CompartmentsOf(stored).Contains(record.Compartment(patient)) ? stored : null;

    /// <summary>Who wrote a version, and when.</summary>
    static async Task<string> By(StoredResource stored, Visit visit, RecordStore store, CancellationToken stop)
    {
        var when = DateTimeOffset.UnixEpoch.AddTicks(stored.AtUs * TimeSpan.TicksPerMicrosecond).ToLocalTime();
        var words = $"{when.ToString(Words.Of("format of day"), Language.Reader)}, {when:HH:mm}";
        // What came through the interfaces has no Provenance of ours.
        var who = await store.Read("Provenance", $"{stored.Id}-v{stored.Version}", visit.Filter, stop) is { IsDeleted: false } provenance
            ? provenance.Take(json => json.FirstAt("agent").At("who").TextAt("display")) : null;
        return who is null ? words : $"{who}, {words}";
    }
}
