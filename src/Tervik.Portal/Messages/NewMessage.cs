using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tervik.Care.Messages;
using Tervik.Portal.Forms;
using Tervik.Portal.Patients;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records;
using Tervik.Records.Resources;
using Tervik.Trust.Identity;
using Tervik.Trust.Relations;

namespace Tervik.Portal.Messages;

/// <summary>The form that begins a thread.</summary>
/// <param name="Patient">About whom; null while a professional has not chosen.</param>
/// <param name="Choices">Of whom one may be chosen: a professional's patients that were looked for, a parent's children and the parent.</param>
/// <param name="About">An entry of the record it is about: reference and words; or null.</param>
/// <param name="Offered">To whom it may go.</param>
/// <param name="Sought">What was looked for.</param>
public sealed record NewMessageModel(PatientHeader? Patient, IReadOnlyList<PatientHeader> Choices, Correspondent? About, IReadOnlyList<Recipient> Offered, string Sought)
{
    /// <summary>Address of the form.</summary>
    public string Query => Patient is null ? "" : $"?about={Uri.EscapeDataString(Patient.Id)}{(About is null ? "" : $"&entry={Uri.EscapeDataString(About.Reference)}")}";
}

/// <summary>Beginning a thread: about whom, to whom, and what.</summary>
static class NewMessage
{
    const int LongestTopic = 200, MostChoices = 20;

    public static void MapNewMessage(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/messages/new", Show);
        routes.MapPost("/messages/new", Send).DisableAntiforgery(); // FormGuard does it.
        routes.MapSearch("/messages/new", _ => new("search-type", "Patient"), ["q"], ["about", "entry"], "/find");
    }

    static async Task<IResult> Show(string? about, string? entry, HttpContext request, Entrance entrance, MessagesQuery messages, Recipients recipients, RecordQuery record, RecordStore store, CancellationToken stop)
    {
        var visit = await entrance.Enter(request, new("search-type", "Patient"), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await Load(about, entry, visit, messages, recipients, record, store, stop) is not var (model, read, _)) return await visit.NotFound(stop);
        return await Page(visit, model, read, Form.New(request), record, stop);
    }

    static async Task<IResult> Page(Visit visit, NewMessageModel model, IReadOnlyList<StoredResource> read, Form form, RecordQuery record, CancellationToken stop)
    {
        await visit.Log("new-message", read, [.. model.Choices.Select(one => one.Id).Append(model.Patient?.Id).OfType<string>().Distinct().Select(record.Compartment)], stop);
        return visit.Page<NewMessagePage>(model, form);
    }

    static async Task<IResult> Send(string? about, string? entry, HttpContext request, Entrance entrance, Identification identification, MessagesQuery messages, Recipients recipients, RecordQuery record, RecordStore store, RecordWriter writer, MessageFeed feed, TimeProvider clock, CancellationToken stop)
    {
        await Uploads.Admit(request, identification, stop);
        var (visit, form) = await entrance.EnterForm(request, await MessagesEndpoints.Writing(request, identification, id: null, stop), stop);
        if (visit.Refusal is { } refusal) return refusal;
        if (await Load(about, entry, visit, messages, recipients, record, store, stop) is not var (model, read, party) || model.Patient is not { } patient) return await visit.NotFound(stop);
        var to = await Addressee(form, model, visit, recipients, stop);
        var (topic, files) = (form.Text("topic", LongestTopic).Replace('\n', ' '), await Uploads.Read(request, form, stop));
        var text = form.Text("text", MessagesEndpoints.LongestText, isRequired: files.Count == 0);
        var reason = MessagesEndpoints.Urgent(form, visit.Person);
        if (!form.MustShowAgain)
        {
            var (id, message) = (form.NewId, $"{form.NewId}-1");
            var thread = MessageThread.Begin(new($"Patient/{patient.Id}", patient.Name), party.Self, [to!], topic, model.About);
            var said = thread.Say(id, party, text, files, reason, clock.GetUtcNow());
            // Sent twice, it is one thread.
            var result = await store.Read("Communication", message, visit.Filter, stop) is { IsDeleted: false } ? new(Written.Saved, null, []) : await writer.Write(visit, patient.Id, "write-message", [new(thread.Head, id), new(said, message)], stop);
            feed.Wake();
            if (result.Outcome != Written.Refused) return TypedResults.LocalRedirect($"/messages/{Uri.EscapeDataString(id)}");
            form.Fail("", MessagesEndpoints.Why(result.Faults));
        }
        return await Page(visit, model, read, form, record, stop);
    }

    /// <summary>Whom the form chose: a patient one of those that are offered, a professional anybody in the directory or the patient.</summary>
    static async Task<Correspondent?> Addressee(Form form, NewMessageModel model, Visit visit, Recipients recipients, CancellationToken stop)
    {
        var chosen = form["to"];
        if (model.Offered.FirstOrDefault(one => one.Who.Reference == chosen)?.Who is { } offered) return offered;
        if (visit.Person.IsProfessional && chosen != visit.Person.Reference && await recipients.Find(chosen, visit.Filter, stop) is { } found) return found;
        form.Fail("to", Words.Of("error choose"));
        return null;
    }

    static async Task<(NewMessageModel Model, IReadOnlyList<StoredResource> Read, Party Party)?> Load(string? about, string? entry, Visit visit, MessagesQuery messages, Recipients recipients, RecordQuery record, RecordStore store, CancellationToken stop)
    {
        var (person, sought) = (visit.Person, visit.Frame.Sought["q"]);
        var party = await messages.PartyOf(person, stop);
        var choices = new List<StoredResource>();
        if (person.IsProfessional)
        {
            if (about is null && sought.Length > 0) choices.AddRange((await record.Everywhere("Patient", visit.Filter, stop, [.. PatientsQuery.Criteria(sought), ("_sort", "name"), ("_count", $"{MostChoices}")])).Matches);
        }
        else
        {
            foreach (var one in person.Family.Where(one => one.Kind == FamilyKind.Guardian))
                if (await record.Patient(one.Patient["Patient/".Length..], visit.Filter, stop) is var (_, child)) choices.Add(child);
            if (choices.Count > 0 && await record.Patient(person.Id, visit.Filter, stop) is var (_, self)) choices.Insert(0, self);
            about ??= person.Id;
        }
        List<PatientHeader> chosen = [.. choices.Select(one => one.Take(json => PatientHeader.Read(json, record.Today)))];
        if (about is null) return (new(null, chosen, null, [], sought), choices, party);
        // Patients write about themselves and the children they have custody of; others' records they were let into they only read.
        if (!person.IsProfessional && !party.Is($"Patient/{about}") || await record.Patient(about, visit.Filter, stop) is not var (header, stored)) return null;
        List<StoredResource> read = [stored, .. choices];
        Correspondent? of = null;
        if (entry is { Length: > 0 })
        {
            if (entry.Split('/') is not [var type, var id] || await store.Read(type, id, visit.Filter, stop) is not { IsDeleted: false } found || !store.CompartmentsOf(found).Contains(record.Compartment(about))) return null;
            of = new(entry, RecordQuery.Entry(found) is { } one && one.Title != RecordEntry.TypeInWords(type) ? one.Title : ElementWords.Type(type));
            read.Add(found);
        }
        party = MessagesQuery.WritingAbout(party, $"Patient/{about}", header.Name);
        List<Recipient> offered = [.. person.IsProfessional && sought.Length > 0 ? await recipients.Search(sought, party, visit.Filter, stop) : [], .. await recipients.Around(header, person, party, visit.Filter, stop)];
        return (new(header, chosen, of, [.. offered.DistinctBy(one => one.Who.Reference)], sought), read, party);
    }
}
