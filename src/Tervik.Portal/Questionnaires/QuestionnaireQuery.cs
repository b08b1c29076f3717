using System.Globalization;
using System.Text.Json;
using Tervik.Care.Questionnaires;
using Tervik.Portal.Appointments;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Model;
using Tervik.Records.Resources;

namespace Tervik.Portal.Questionnaires;

/// <summary>A line of answers to read.</summary>
/// <param name="Depth">How deep it stands.</param>
/// <param name="Question">In the words in which it was asked.</param>
/// <param name="Answers">In words; empty for a heading.</param>
public sealed record AnswerLine(int Depth, string Question, IReadOnlyList<string> Answers);

/// <summary>How the questionnaire of an appointment stands, for the appointment's page.</summary>
/// <param name="Title">Of the questionnaire.</param>
/// <param name="State"><c>to-answer</c>, <c>begun</c>, <c>answered</c>.</param>
/// <param name="Authored">When it was written last.</param>
/// <param name="CanWrite">Whether this reader may write into it, until the visit.</param>
public sealed record QuestionnaireState(string Title, string State, FhirDate? Authored, bool CanWrite);

/// <summary>The page of a questionnaire.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Appointment">For which.</param>
/// <param name="Questionnaire">What is asked.</param>
/// <param name="Sheet">With the answers so far.</param>
/// <param name="State">How it stands.</param>
/// <param name="Answers">To read.</param>
public sealed record QuestionnaireModel(PatientHeader Patient, AppointmentModel Appointment, Questionnaire Questionnaire, AnswerSheet Sheet, QuestionnaireState State, IReadOnlyList<AnswerLine> Answers)
{
    /// <summary>What is stored, or null.</summary>
    public StoredResource? Stored { get; init; }
    /// <summary>Who wrote it last, and when.</summary>
    public string? By { get; init; }
    /// <summary>Some of the stored answers are to questions that are no longer asked.</summary>
    public bool HasLeftOver { get; init; }
    /// <summary>The answers that were sent brought up questions that were not shown.</summary>
    public bool HasMore { get; init; }
    /// <summary>The zone of times.</summary>
    public required TimeZoneInfo Zone { get; init; }
}

/// <summary>Reads the questionnaire of an appointment.</summary>
sealed class QuestionnaireQuery(AppointmentsQuery appointments, VisitQuestionnaires questionnaires, RecordQuery record, Authorship authors, TimeProvider clock)
{
    const int DeepestLine = 20, LongestPrefill = 2000;
    const string MostListed = "50";

    /// <summary>How the questionnaire of an appointment stands; null when there is none.</summary>
    /// <returns>With what was read for it.</returns>
    public async Task<(QuestionnaireState State, IReadOnlyList<StoredResource> Read)?> StateOf(AppointmentModel appointment, Visit visit, CancellationToken stop)
    {
        if (appointment.Service is not { } service || await questionnaires.Of(service, visit.Filter, stop) is not var (questionnaire, _)) return null;
        var stored = await questionnaires.Answers(appointment.Id, questionnaire.Id, visit.Filter, stop);
        return (State(appointment, questionnaire, stored), stored is null ? [] : [stored]);
    }

    static QuestionnaireState State(AppointmentModel appointment, Questionnaire questionnaire, StoredResource? stored)
    {
        var (status, authored) = stored is null ? (null, null) : stored.Take(json => (json.TextAt("status"), FhirDate.Of(json, "authored")));
        return new(questionnaire.Title, status switch { null or "entered-in-error" or "stopped" => "to-answer", "in-progress" => "begun", _ => "answered" }, authored, appointment.CanChange && questionnaire.Faults.Count == 0);
    }

    /// <summary>The questionnaire of an appointment with its answers; null when there is none that the reader may see.</summary>
    public async Task<(QuestionnaireModel Model, IReadOnlyList<StoredResource> Read)?> Load(string id, string appointment, Visit visit, CancellationToken stop)
    {
        if (await appointments.One(id, appointment, visit, stop) is not var (model, storedAppointment) || model.Service is not { } service || await questionnaires.Of(service, visit.Filter, stop) is not var (questionnaire, _)) return null;
        List<StoredResource> read = [storedAppointment];
        var stored = await questionnaires.Answers(appointment, questionnaire.Id, visit.Filter, stop);
        var state = State(model, questionnaire, stored);
        var left = new List<AnswerFault>();
        AnswerSheet sheet;
        if (stored is null) sheet = AnswerSheet.Begin(questionnaire, state.CanWrite ? await Prefilled(id, questionnaire, visit, read, stop) : null);
        else
        {
            read.Add(stored);
            sheet = stored.Take(json => AnswerSheet.Read(questionnaire, json, left));
        }
        return (new(model.Patient, model, questionnaire, sheet, state, stored is null ? [] : stored.Take(json => (List<AnswerLine>)[.. Lines(json, 0)]))
        {
            Stored = stored, By = stored is null ? null : await authors.Of(id, stored, visit.Filter, stop), HasLeftOver = left.Count > 0, Zone = clock.LocalTimeZone,
        }, read);
    }

    static IEnumerable<AnswerLine> Lines(JsonElement parent, int depth)
    {
        if (depth > DeepestLine) yield break;
        foreach (var item in parent.ItemsAt("item"))
        {
            var answers = item.ItemsAt("answer").ToList();
            yield return new(depth, item.TextAt("text") ?? item.TextAt("linkId") ?? "", [.. answers.Select(answer => Values.Write(answer)).OfType<string>()]);
            foreach (var below in answers.SelectMany(answer => Lines(answer, depth + 1)).Concat(Lines(item, depth + 1))) yield return below;
        }
    }

    /// <summary>What questions begin with that ask for what the record knows. The page says beside them where it is from.</summary>
    async Task<Dictionary<string, AnswerValue>> Prefilled(string id, Questionnaire questionnaire, Visit visit, List<StoredResource> read, CancellationToken stop)
    {
        var begin = new Dictionary<string, AnswerValue>(StringComparer.Ordinal);
        foreach (var kind in questionnaire.All.Where(item => item is { Prefill: not null, Type: ItemType.String or ItemType.Text or ItemType.Date }).GroupBy(item => item.Prefill!))
        {
            var text = kind.Key switch
            {
                "name" or "birth-date" or "phone" or "email" => await OfPatient(kind.Key),
                "medication" => await Listed("MedicationRequest,MedicationStatement", ("status", "active")),
                "allergies" => await Listed("AllergyIntolerance", ("clinical-status", "active")),
                _ => null,
            };
            if (text is not { Length: > 0 }) continue;
            foreach (var item in kind) begin[item.LinkId] = new(item.Type == ItemType.Date ? "Date" : "String", text.Length > (item.MaxLength ?? LongestPrefill) ? text[..(item.MaxLength ?? LongestPrefill)] : text);
        }
        return begin;

        async Task<string?> OfPatient(string what)
        {
            if (await record.Patient(id, visit.Filter, stop) is not var (header, patient)) return null;
            read.Add(patient);
            return patient.Take(json => what switch
            {
                "name" => header.Name,
                "birth-date" => json.TextAt("birthDate"),
                _ => json.ItemsAt("telecom").FirstOrDefault(contact => contact.TextAt("system") == what && contact.TextAt("use") != "old").TextAt("value"),
            });
        }

        async Task<string?> Listed(string types, (string, string) which)
        {
            var found = await record.Across(id, types, visit.Filter, stop, which, ("_count", MostListed));
            read.AddRange(found);
            return string.Join('\n', found.Select(one => RecordQuery.Entry(one)).Select(entry => entry.Title).Distinct(StringComparer.CurrentCulture).Order(StringComparer.CurrentCulture));
        }
    }
}
