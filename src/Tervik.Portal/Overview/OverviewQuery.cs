using System.Globalization;
using System.Text.Json;
using Tervik.Portal.Chart;
using Tervik.Portal.Emergency;
using Tervik.Portal.Messages;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Records.Access;
using Tervik.Records.Resources;

namespace Tervik.Portal.Overview;

/// <summary>Results that came on one day.</summary>
/// <param name="Date">When.</param>
/// <param name="Count">How many.</param>
/// <param name="Outside">How many of them lie outside what is usual.</param>
/// <param name="Names">The first few, in words.</param>
public sealed record ResultDay(FhirDate Date, int Count, int Outside, string Names);

/// <summary>Something the patient can do.</summary>
/// <param name="Kind">Words key <c>to do {Kind}</c>.</param>
/// <param name="Title">About what.</param>
/// <param name="Until">By when, or null.</param>
/// <param name="Path">Where it is done.</param>
public sealed record ToDo(string Kind, string Title, FhirDate? Until, string Path);

/// <summary>One page that answers: what is new, what is next, what should I do, who is responsible.</summary>
/// <param name="Patient">Who.</param>
/// <param name="ResultDays">New results by day, newest first.</param>
/// <param name="News">New documents, reports and other entries, newest first.</param>
/// <param name="Appointments">Soonest first.</param>
/// <param name="DueVaccinations">Soonest first: which, and when.</param>
/// <param name="ToDos">What waits for the patient.</param>
/// <param name="Team">Who is responsible.</param>
/// <param name="Stay">The encounter that goes on, or null.</param>
/// <param name="Allergies">Active ones, the critical first.</param>
/// <param name="HasNoKnownAllergy">Somebody recorded that there is none.</param>
/// <param name="Problems">Active.</param>
/// <param name="Medication">Current.</param>
/// <param name="Results">The newest of each kind.</param>
public sealed record OverviewModel(PatientHeader Patient, IReadOnlyList<ResultDay> ResultDays, IReadOnlyList<RecordEntry> News, IReadOnlyList<RecordEntry> Appointments,
    IReadOnlyList<(string Vaccine, FhirDate Date)> DueVaccinations, IReadOnlyList<ToDo> ToDos, IReadOnlyList<TeamMember> Team, RecordEntry? Stay, IReadOnlyList<Alert> Allergies, bool HasNoKnownAllergy,
    IReadOnlyList<RecordEntry> Problems, IReadOnlyList<RecordEntry> Medication, IReadOnlyList<ResultRow> Results)
{
    /// <summary>What was opened out of the ordinary and not yet noticed; for the patients themselves.</summary>
    public IReadOnlyList<OpenedLine> Opened { get; init; } = [];
}

/// <summary>Reads the overview in six searches.</summary>
sealed class OverviewQuery(RecordQuery record, MessagesQuery messages)
{
    /// <summary>What came within these days is new.</summary>
    public const int NewDays = 30;
    /// <summary>Medication that ends within these days is to be renewed; one that ended longer ago than the second was not missed.</summary>
    const int RenewalDays = 21, MissedDays = 90;
    const int VaccinationDays = 365, MostStanding = 500, LatestResults = 120, ShownNews = 8, ShownAppointments = 3, ShownVaccinations = 4, ShownResults = 6, MostMessages = 20, NamesOfDay = 3;

    /// <returns>The overview and all that was read for it, for the log; null when there is no such patient for this reader.</returns>
    public async Task<(OverviewModel Overview, IReadOnlyList<StoredResource> Read)?> Load(string id, AccessFilter filter, CancellationToken stop)
    {
        if (await record.Patient(id, filter, stop) is not var (header, patient)) return null;
        var now = record.Today;
        var fromDay = RecordQuery.Day(now.AddDays(-NewDays));
        var standing = record.Across(id, "AllergyIntolerance,CareTeam,Condition,ImmunizationRecommendation", filter, stop, Count(MostStanding));
        var running = record.Across(id, "Encounter,MedicationRequest,MedicationStatement,QuestionnaireResponse,Task", filter, stop,
            ("status", "active,on-hold,intended,requested,received,accepted,ready,in-progress,arrived,triaged,onleave"), Count(MostStanding));
        var laboratory = record.Find(id, "Observation", filter, stop, ("category", "laboratory"), ("_sort", "-date"), Count(LatestResults));
        var news = record.Across(id, "Composition,DiagnosticReport,DocumentReference,Immunization,Procedure", filter, stop, ("date", $"ge{fromDay}"), ("_sort", "-date"), Count(ShownNews));
        var unreadThreads = messages.UnreadThreads(new(new($"Patient/{id}", ""), [$"Patient/{id}"]), MostMessages, filter, stop);
        var appointments = record.Find(id, "Appointment", filter, stop, ("date", $"ge{RecordQuery.Day(now)}"), ("status", "proposed,pending,booked,arrived,checked-in,waitlist"), ("_sort", "date"), Count(ShownAppointments));
        await Task.WhenAll(standing, running, laboratory, news, unreadThreads, appointments);

        using var read = new ParsedRecord();
        var of = MeasuredPerson.Of(read.Add([patient])[0].Json);
        var (lasting, open) = (read.Add(await standing), read.Add(await running));
        var taken = open.Where(Standing.IsTaken).ToList();
        var allergies = lasting.Where(one => one.Type == "AllergyIntolerance").ToList();
        var results = read.Add(await laboratory).SelectMany(one => Result.Read(one.Stored.Id, one.Json, of)).ToList();
        var unread = read.Add(await unreadThreads);
        var stay = open.FirstOrDefault(Standing.IsRunning);
        var general = read.Add([patient])[0].Json.ItemsAt("generalPractitioner").Select(one => one.TextAt("display")).OfType<string>().Select(name => new TeamMember(name, Words.Of("General practitioner")));
        var overview = new OverviewModel(header, Days(results, now),
            [.. read.Add(await news).Select(one => one.Entry).Where(entry => entry.Date is { } date && date.Instant <= now.AddDays(1))],
            [.. read.Add(await appointments).Select(one => one.Entry)], Due(lasting, now), [.. ToDos(id, open, taken, unread, now)],
            [.. general.Concat(TeamMember.Of(lasting)).DistinctBy(member => member.Name)], stay.Stored is null ? null : stay.Entry,
            Chart.Alerts.Allergies(allergies), allergies.Exists(one => Standing.IsActive(one) && Standing.SaysNoAllergy(one)),
            [.. lasting.Where(one => one.Type == "Condition" && Standing.IsActive(one)).Select(one => one.Entry).OrderByDescending(entry => entry.Date?.Instant ?? DateTimeOffset.MinValue)],
            [.. taken.Select(one => one.Entry).DistinctBy(entry => (entry.Title, entry.Detail))], [.. ResultRow.Of(results).Take(ShownResults)]);
        return (overview, read.Read);
    }

    static (string, string) Count(int most) => ("_count", most.ToString(CultureInfo.InvariantCulture));

    static List<ResultDay> Days(IEnumerable<Result> results, DateTime now) => [.. results.Where(result => result.Date is { } date && date.Local >= now.Date.AddDays(-NewDays) && date.Local <= now.AddDays(1))
        .GroupBy(result => result.Date!.Value.Local.Date)
        .Select(day => new ResultDay(day.First().Date!.Value, day.Count(), day.Count(result => result.Flag != Flag.None), string.Join(", ", day.Select(result => result.Name).Distinct().Take(NamesOfDay))))];

    // The earliest date that a recommendation names: due, else recommended, else the first it has.
    static List<(string, FhirDate)> Due(IEnumerable<Parsed> standing, DateTime now)
    {
        var due = new List<(string, FhirDate)>();
        foreach (var one in standing.Where(one => one.Type == "ImmunizationRecommendation"))
            foreach (var recommendation in one.Json.ItemsAt("recommendation"))
            {
                if (Codes.Has(recommendation.At("forecastStatus"), "complete", "immune", "contraindicated")) continue;
                var dates = recommendation.ItemsAt("dateCriterion").Select(criterion => (Code: Codes.Code(criterion.At("code")), Date: FhirDate.Read(criterion.TextAt("value")))).Where(criterion => criterion.Date is not null).ToList();
                if (dates.Count == 0) continue;
                var date = (dates.Find(criterion => criterion.Code == "30980-7") is { Date: not null } planned ? planned : dates[0]).Date!.Value; // LOINC 30980-7: date vaccine due
                if (date.Local <= now.AddDays(VaccinationDays) && (Codes.First(recommendation, "vaccineCode") ?? Codes.Write(recommendation.At("targetDisease"))) is { } vaccine) due.Add((vaccine, date));
            }
        return [.. due.OrderBy(one => one.Item2.Instant).Take(ShownVaccinations)];
    }

    static IEnumerable<ToDo> ToDos(string id, IReadOnlyList<Parsed> open, IReadOnlyList<Parsed> taken, IReadOnlyList<Parsed> unread, DateTime now)
    {
        var record = $"/patients/{Uri.EscapeDataString(id)}";
        foreach (var task in open.Where(one => Standing.IsOpenTask(one) && one.Json.At("owner").TextAt("reference") == $"Patient/{id}"))
            yield return new("task", task.Json.TextAt("description") ?? task.Entry.Title, FhirDate.Read(task.Json.At("restriction").At("period").TextAt("end")), EntryPath(task));
        foreach (var answers in open.Where(one => one.Type == "QuestionnaireResponse"))
            yield return new("questionnaire", answers.Json.At("_questionnaire").FirstAt("extension").TextAt("valueString") ?? answers.Entry.Title, Until: null,
                answers.Json.ItemsAt("extension").FirstOrDefault(extension => extension.TextAt("url") == Care.Questionnaires.VisitQuestionnaires.AppointmentExtension).At("valueReference").TextAt("reference") is { } appointment ? $"{record}/appointments/{Uri.EscapeDataString(appointment[(appointment.LastIndexOf('/') + 1)..])}/questionnaire" : EntryPath(answers));
        foreach (var message in unread)
            yield return new("message", message.Json.At("topic").Exists() ? message.Entry.Title : message.Json.At("sender").TextAt("display") ?? message.Entry.Title, FhirDate.Read(message.Json.TextAt("sent")), $"/messages/{Uri.EscapeDataString(message.Stored.Id)}");
        foreach (var medicine in taken)
            if (EndOf(medicine.Json) is { } end && end.Local <= now.AddDays(RenewalDays) && end.Local >= now.AddDays(-MissedDays)) yield return new("renewal", medicine.Entry.Title, end, $"{record}/medication");

        string EntryPath(Parsed one) => $"{record}/entry/{one.Type}/{Uri.EscapeDataString(one.Stored.Id)}";
    }

    /// <summary>When a prescription runs out: the end of its validity, else its supply and repeats counted from the day it was written; null when it does not say.</summary>
    public static FhirDate? EndOf(JsonElement prescription)
    {
        var dispense = prescription.At("dispenseRequest");
        if (FhirDate.Read(dispense.At("validityPeriod").TextAt("end")) is { } end) return end;
        if (Values.Number(dispense.At("expectedSupplyDuration")) is not ({ } supply and > 0 and < 5000) || dispense.At("expectedSupplyDuration").TextAt("code") is not ("d" or null)
            || FhirDate.Read(prescription.TextAt("authoredOn")) is not { } written) return null;
        var repeats = dispense.At("numberOfRepeatsAllowed") is { ValueKind: JsonValueKind.Number } allowed && allowed.TryGetInt32(out var number) ? Math.Clamp(number, 0, 100) : 0;
        return FhirDate.Read(RecordQuery.Day(written.Local.AddDays(supply * (repeats + 1))));
    }
}
