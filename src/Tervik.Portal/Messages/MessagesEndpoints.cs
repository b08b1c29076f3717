using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Care.Messages;
using Tervik.Portal.Faults;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Trust.Identity;

namespace Tervik.Portal.Messages;

/// <summary>The inbox, threads, and all that is done in a thread. Beginning one is in <see cref="NewMessage"/>, telling what is new in <see cref="LiveMessages"/>.</summary>
static class MessagesEndpoints
{
    public const int LongestText = 10_000, LongestReason = 300;
    /// <summary>Somebody else may change the thread at the same moment: then it is looked at once more.</summary>
    const int Attempts = 5;

    public static void MapMessages(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/messages", Inbox);
        routes.MapGet("/patients/{id}/messages", About);
        routes.MapNewMessage();
        routes.MapGet("/messages/live", LiveMessages.Send);
        routes.MapGet("/messages/{id}", Show);
        routes.MapPost("/messages/{id}", Reply).DisableAntiforgery(); // FormGuard does it.
        routes.MapPost("/messages/{id}/read", MarkRead).DisableAntiforgery();
        routes.MapPost("/messages/{id}/take", Take).DisableAntiforgery();
        routes.MapPost("/messages/{id}/close", Close).DisableAntiforgery();
        routes.MapGet("/messages/{id}/hand-over", HandOverForm);
        routes.MapPost("/messages/{id}/hand-over", HandOver).DisableAntiforgery();
        routes.MapSearch("/messages/{id}/hand-over", id => new("read", "Communication", id), ["q"], [], "/find");
    }

    static async Task<IResult> Inbox(string? show, string? about, string? cursor, HttpContext request, Entrance entrance, MessagesQuery messages, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "Communication"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await messages.Inbox(visit.Person, MessagesQuery.Shows.Contains(show) ? show! : MessagesQuery.Shows[0], about is { Length: > 0 } ? about : null, cursor, visit.Filter, stop) is not var (model, read, patients)) return await visit.NotFound(stop);
        await visit.Log("messages", read, [.. patients.Select(record.Compartment)], stop);
        return visit.Page<InboxPage>(model, Form.New(request));
    }

    static async Task<IResult> About(string id, string? cursor, HttpContext request, Entrance entrance, MessagesQuery messages, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-compartment", "Patient", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await messages.About(id, visit.Person, cursor, visit.Filter, stop) is not var (model, read)) return await visit.NotFound(stop);
        await visit.Log("messages", read, [record.Compartment(id)], stop);
        return visit.Page<ThreadsPage>(model);
    }

    static async Task<IResult> Show(string id, HttpContext request, Entrance entrance, MessagesQuery messages, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("read", "Communication", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await messages.Open(id, visit.Person, visit.Filter, stop) is not { } open) return await visit.NotFound(stop);
        // A message of a thread is read in its thread.
        if (open.Thread is null && await messages.ThreadOf(id, visit.Filter, stop) is { } thread && thread != id) return TypedResults.LocalRedirect($"/messages/{Uri.EscapeDataString(thread)}#m-{Uri.EscapeDataString(id)}");
        return await Page(visit, open, Form.New(request), record, stop);
    }

    static async Task<IResult> Page(Visit visit, OpenThread open, Form form, RecordQuery record, CancellationToken stop)
    {
        await visit.Log("message-thread", open.Read, [record.Compartment(open.Model.Patient.Id)], stop);
        return visit.Page<ThreadPage>(open.Model, form);
    }

    /// <summary>A form of a thread: professionals and patients send the same ones under different rows of the policy.</summary>
    static async Task<(Visit Visit, Form Form)> Enter(string id, HttpContext request, Entrance entrance, Identification identification, CancellationToken stop)
    {
        await Uploads.Admit(request, identification, stop);
        return await entrance.EnterForm(request, await Writing(request, identification, id, stop), stop);
    }

    /// <summary>What writing a message is to the policy.</summary>
    public static async Task<Interaction> Writing(HttpContext request, Identification identification, string? id, CancellationToken stop)
    {
        var isProfessional = (await identification.Of(request, stop)).Kind == PrincipalKind.Professional;
        return new(id is null ? isProfessional ? "create" : "create-own" : isProfessional ? "update" : "update-own", "Communication", id);
    }

    static async Task<IResult> Reply(string id, HttpContext request, Entrance entrance, Identification identification, MessagesQuery messages, RecordQuery record, RecordStore store, RecordWriter writer, MessageFeed feed, TimeProvider clock, CancellationToken stop)
    {
        var (visit, form) = await Enter(id, request, entrance, identification, stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await messages.Open(id, visit.Person, visit.Filter, stop) is not { Model.TakesPart: true } first) return await visit.NotFound(stop);
        var files = await Uploads.Read(request, form, stop);
        var text = form.Text("text", LongestText, isRequired: files.Count == 0);
        var reason = Urgent(form, visit.Person);
        if (form.MustShowAgain) return await Page(visit, first, form, record, stop);
        // A message from elsewhere gets a thread around it, of which it is the first part.
        var thread = first.Thread is null ? form.NewId : id;
        var message = first.Thread is null ? $"{form.NewId}-1" : form.NewId;
        var (outcome, faults) = await Change(visit, id, messages, "write-message", store, message, writer, open =>
        {
            var now = clock.GetUtcNow();
            if (open.Thread is { } known) return [new(known.Head, thread, open.Stored.Version), new(Said(known, open.Party, now), message)];
            var foreign = JsonNode.Parse(open.Stored.Body)!.AsObject();
            var begun = Around(foreign, open);
            MessageThread.Adopt(thread, foreign, now);
            var said = Said(begun, open.Party, now);
            said["inResponseTo"] = new JsonArray(new JsonObject { ["reference"] = $"Communication/{id}" });
            return [new(begun.Head, thread), new(said, message), new(foreign, id, open.Stored.Version)];
        }, stop);
        feed.Wake();
        if (outcome == Written.Saved) return TypedResults.LocalRedirect($"/messages/{Uri.EscapeDataString(thread)}#m-{Uri.EscapeDataString(message)}");
        form.Fail("", outcome == Written.Refused ? Why(faults) : Words.Of("gone meanwhile"));
        return await messages.Open(id, visit.Person, visit.Filter, stop) is { } again ? await Page(visit, again, form, record, stop) : await visit.NotFound(stop);

        JsonObject Said(MessageThread open, Party party, DateTimeOffset now) => open.Say(thread, party, text, files, reason, now);
    }

    /// <summary>The thread around a message that came without one.</summary>
    static MessageThread Around(JsonObject foreign, OpenThread open)
    {
        static Correspondent Of(JsonNode? json) => new((string?)json?["reference"] ?? "", (string?)json?["display"] ?? (string?)json?["reference"] ?? "");
        List<Correspondent> all = [.. (foreign["recipient"] as JsonArray ?? []).Select(Of).Prepend(Of(foreign["sender"])).Where(one => one.Reference.Length > 0).DistinctBy(one => one.Reference).Take(MessageThread.MostParticipants)];
        return MessageThread.Begin(new($"Patient/{open.Model.Patient.Id}", open.Model.Patient.Name), all[0], all.Skip(1), open.Model.Line.Topic, about: null);
    }

    /// <summary>Why a message cannot wait; null when it can, or a patient writes.</summary>
    public static string? Urgent(Form form, SignedIn person) => person.IsProfessional && form["urgent"] == "yes" ? form.Text("urgent-reason", LongestReason) : null;

    /// <summary>Why the record did not take it, in the reader's words where it is the writer's right that is missing.</summary>
    public static string Why(IReadOnlyList<Fault> faults) => faults.Any(fault => fault.Kind == FaultKind.Forbidden) ? Words.Of("Not allowed to write this") : Words.Of("error not valid", string.Join("; ", faults.Select(fault => fault.What)));

    static async Task<IResult> MarkRead(string id, HttpContext request, Entrance entrance, Identification identification, MessagesQuery messages, RecordStore store, RecordWriter writer, MessageFeed feed, TimeProvider clock, CancellationToken stop)
    {
        var (visit, form) = await Enter(id, request, entrance, identification, stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await messages.Open(id, visit.Person, visit.Filter, stop) is not { Model.TakesPart: true }) return await visit.NotFound(stop);
        if (form.IsReview) return TypedResults.LocalRedirect($"/messages/{Uri.EscapeDataString(id)}");
        var until = DateTimeOffset.TryParse(form["until"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var seen) ? seen : DateTimeOffset.MinValue;
        var (outcome, _) = await Change(visit, id, messages, "read-message", store, null, writer, open =>
        {
            var now = clock.GetUtcNow();
            if (open.Thread is { } thread) return thread.MarkRead(open.Party, until, now) ? [new(thread.Head, id, open.Stored.Version)] : [];
            var foreign = JsonNode.Parse(open.Stored.Body)!.AsObject();
            if (foreign["received"] is not null) return [];
            foreign["received"] = MessageThread.Write(now);
            return [new(foreign, id, open.Stored.Version)];
        }, stop);
        feed.Wake();
        return outcome == Written.Refused ? FaultPage.Of(FaultKind.Forbidden, visit.Frame) : TypedResults.LocalRedirect($"/messages/{Uri.EscapeDataString(id)}");
    }

    static Task<IResult> Take(string id, HttpContext request, Entrance entrance, Identification identification, MessagesQuery messages, RecordStore store, RecordWriter writer, MessageFeed feed, TimeProvider clock, CancellationToken stop) =>
        Act(id, "take-message", request, entrance, identification, messages, store, writer, feed, open => open.Model.IsHolder && !open.Thread!.IsUnreadBy(open.Party) ? null : open.Thread!.Take(id, open.Party, clock.GetUtcNow()), stop);

    static Task<IResult> Close(string id, HttpContext request, Entrance entrance, Identification identification, MessagesQuery messages, RecordStore store, RecordWriter writer, MessageFeed feed, TimeProvider clock, CancellationToken stop) =>
        Act(id, "close-message", request, entrance, identification, messages, store, writer, feed, open => open.Thread!.IsClosed ? null : open.Thread.Close(id, open.Party, clock.GetUtcNow()), stop);

    /// <summary>A button of a thread; only professionals have them.</summary>
    static async Task<IResult> Act(string id, string view, HttpContext request, Entrance entrance, Identification identification, MessagesQuery messages, RecordStore store, RecordWriter writer, MessageFeed feed, Func<OpenThread, JsonObject?> act, CancellationToken stop)
    {
        var (visit, form) = await Enter(id, request, entrance, identification, stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional || await messages.Open(id, visit.Person, visit.Filter, stop) is not { Thread: not null, Model.TakesPart: true }) return await visit.NotFound(stop);
        if (form.IsReview) return TypedResults.LocalRedirect($"/messages/{Uri.EscapeDataString(id)}");
        // The forms of a page have one key; each writes a message of its own.
        var done = $"{form.NewId}-{view[..view.IndexOf('-', StringComparison.Ordinal)]}";
        var (outcome, _) = await Change(visit, id, messages, view, store, done, writer, open => act(open) is { } message ? [new(open.Thread!.Head, id, open.Stored.Version), new(message, done)] : [], stop);
        feed.Wake();
        return outcome == Written.Refused ? FaultPage.Of(FaultKind.Forbidden, visit.Frame) : TypedResults.LocalRedirect($"/messages/{Uri.EscapeDataString(id)}");
    }

    static async Task<IResult> HandOverForm(string id, HttpContext request, Entrance entrance, MessagesQuery messages, Recipients recipients, RecordQuery record, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("read", "Communication", id), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional || await messages.Open(id, visit.Person, visit.Filter, stop) is not { Thread: not null, Model.TakesPart: true } open) return await visit.NotFound(stop);
        return await HandOverPage(visit, open, Form.New(request), recipients, record, stop);
    }

    static async Task<IResult> HandOverPage(Visit visit, OpenThread open, Form form, Recipients recipients, RecordQuery record, CancellationToken stop)
    {
        var sought = visit.Frame.Sought["q"];
        List<Recipient> offered = [.. sought.Length > 0 ? await recipients.Search(sought, open.Party, visit.Filter, stop) : [], .. (await recipients.Around(open.Model.Patient, visit.Person, open.Party, visit.Filter, stop)).Where(one => !one.Who.IsPatient)];
        await visit.Log("message-thread", open.Read, [record.Compartment(open.Model.Patient.Id)], stop);
        return visit.Page<HandOverPage>(new HandOverModel(open.Model, [.. offered.DistinctBy(one => one.Who.Reference)], sought), form);
    }

    static async Task<IResult> HandOver(string id, HttpContext request, Entrance entrance, Identification identification, MessagesQuery messages, Recipients recipients, RecordQuery record, RecordStore store, RecordWriter writer, MessageFeed feed, TimeProvider clock, CancellationToken stop)
    {
        var (visit, form) = await Enter(id, request, entrance, identification, stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (!visit.Person.IsProfessional || await messages.Open(id, visit.Person, visit.Filter, stop) is not { Thread: not null, Model.TakesPart: true } first) return await visit.NotFound(stop);
        var note = form.Text("note", LongestText, isRequired: false);
        var to = form["to"].Length == 0 ? null : await recipients.Find(form["to"], visit.Filter, stop);
        if (to is null || to.Reference == visit.Person.Reference) form.Fail("to", Words.Of("error choose"));
        if (!form.MustShowAgain)
        {
            var (outcome, faults) = await Change(visit, id, messages, "hand-over-message", store, form.NewId, writer, open => [new(open.Thread!.Head, id, open.Stored.Version), new(open.Thread.HandOver(id, open.Party, to!, note, clock.GetUtcNow()), form.NewId)], stop);
            feed.Wake();
            if (outcome == Written.Saved) return TypedResults.LocalRedirect($"/messages/{Uri.EscapeDataString(id)}#m-{Uri.EscapeDataString(form.NewId)}");
            form.Fail("", outcome == Written.Refused ? Why(faults) : Words.Of("gone meanwhile"));
        }
        return await HandOverPage(visit, first, form, recipients, record, stop);
    }

    /// <summary>Changes a thread as it is now, again when somebody else was faster; the same form twice changes it once.</summary>
    /// <param name="once">Id of what the form writes besides, or null.</param>
    /// <param name="changes">What is to be stored; none when there is nothing to do.</param>
    static async Task<(Written Outcome, IReadOnlyList<Fault> Faults)> Change(Visit visit, string id, MessagesQuery messages, string view, RecordStore store, string? once, RecordWriter writer, Func<OpenThread, List<Change>> changes, CancellationToken stop)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (once is not null && await store.Read("Communication", once, visit.Filter, stop) is { IsDeleted: false }) return (Written.Saved, []);
            if (await messages.Open(id, visit.Person, visit.Filter, stop) is not { Model.TakesPart: true } open) return (Written.Conflict, []);
            var wanted = changes(open);
            if (wanted.Count == 0) return (Written.Saved, []);
            var result = await writer.Write(visit, open.Model.Patient.Id, view, wanted, stop);
            if (result.Outcome != Written.Conflict) return (result.Outcome, result.Faults);
        }
        return (Written.Conflict, []);
    }
}
