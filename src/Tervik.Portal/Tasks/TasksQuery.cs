using System.Globalization;
using System.Text.Json;
using Tervik.Portal.Medication;
using Tervik.Portal.Messages;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Portal.Today;
using Tervik.Records.Access;
using Tervik.Records.Resources;

namespace Tervik.Portal.Tasks;

/// <summary>A task in a line.</summary>
/// <param name="Id">Logical id.</param>
/// <param name="Version">What is shown of it.</param>
/// <param name="Title">What is to be done.</param>
/// <param name="Detail">More, or null.</param>
/// <param name="Patient">About whom.</param>
/// <param name="Priority">FHIR's word; routine when it says none.</param>
/// <param name="Status">FHIR's word.</param>
/// <param name="Due">By when, or null.</param>
/// <param name="IsOverdue">Whether that is past.</param>
/// <param name="From">Who asks, or null.</param>
/// <param name="Focus">What it is about: type and id, or null.</param>
/// <param name="Notes">What was written to it, oldest first.</param>
/// <param name="IsRenewal">A patient asks for a medication to be renewed: that is answered with a prescription, on a page of its own.</param>
public sealed record TaskLine(string Id, int Version, string Title, string? Detail, PatientHeader Patient, string Priority, string Status, FhirDate? Due, bool IsOverdue, string? From, (string Type, string Id)? Focus, IReadOnlyList<string> Notes, bool IsRenewal)
{
    static readonly string[] Priorities = ["stat", "asap", "urgent", "routine"];

    /// <summary>0 cannot wait.</summary>
    public int Rank => Array.IndexOf(Priorities, Priority) is var rank and >= 0 ? rank : Priorities.Length;
    /// <summary>The ServiceRequest of a referral, which is answered on its own page: logical id; null for other tasks.</summary>
    public string? Referral { get; init; }
    public bool IsOpen => Status is "requested" or "received" or "accepted" or "ready" or "in-progress" or "on-hold";
}

/// <summary>A result that somebody has to say they have seen.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Result">What.</param>
/// <param name="Version">Of its observation.</param>
public sealed record ResultLine(PatientHeader Patient, Result Result, int Version);

/// <summary>What waits for a professional.</summary>
/// <param name="Tasks">The most urgent first, then by when they are due.</param>
/// <param name="UnreadMessages">How many threads of messages are unread.</param>
/// <param name="Results">Newest first.</param>
public sealed record TasksModel(IReadOnlyList<TaskLine> Tasks, long UnreadMessages, IReadOnlyList<ResultLine> Results)
{
    /// <summary>Pathways that are late and concern the reader, the longest late first.</summary>
    public IReadOnlyList<Pathways.PathwayModel> LatePathways { get; init; } = [];
}

/// <summary>Reads tasks and critical results, and counts messages; the access filter lets through only those about patients of the reader.</summary>
sealed class TasksQuery(RecordQuery record, DutyQuery duties, MessagesQuery messages, RecordStore store)
{
    const int MostTasks = 200, MostObservations = 500, MostResults = 50;
    /// <summary>Critical results are asked about for so long.</summary>
    const int ResultDays = 14;

    /// <returns>The page, all that was read for it, and the patients it shows, for the log.</returns>
    public async Task<(TasksModel Model, IReadOnlyList<StoredResource> Read, IReadOnlyList<string> Patients)> Load(SignedIn person, AccessFilter filter, CancellationToken stop)
    {
        var now = record.Today;
        var duty = await duties.Load(person, filter, stop);
        var owned = record.Everywhere("Task", filter, stop, ("owner", duty.Recipients), ("status", Standing.OpenTaskStates), ("_sort", "authored-on"), Count(MostTasks));
        var unread = messages.HowManyUnread(person, filter, stop);
        var observed = record.Everywhere("Observation", filter, stop, ("date", $"ge{RecordQuery.Day(now.AddDays(-ResultDays))}"), ("_sort", "-date"), Count(MostObservations));

        using var read = new ParsedRecord();
        var tasks = read.Add((await owned).Matches);
        var critical = new List<(StoredResource Stored, Result Result)>();
        foreach (var stored in (await observed).Matches)
            if (critical.Count < MostResults && RecordQuery.Results(stored).FirstOrDefault(result => result.Flag is Flag.CriticallyHigh or Flag.CriticallyLow) is { } result) critical.Add((stored, result));
        var acknowledged = await Acknowledged([.. critical.Select(one => one.Stored.Id)], filter, stop);
        critical.RemoveAll(one => acknowledged.Contains(one.Stored.Id));
        var results = read.Add(critical.Select(one => one.Stored));
        var people = await record.Patients(tasks.Concat(results).Select(one => RecordQuery.PatientOf(one.Json)).OfType<string>(), filter, stop);
        read.Add(people.Values.Select(one => one.Stored));
        return (new(
            [.. tasks.Where(one => Who(one) is not null).Select(one => Line(one, Who(one)!, now)).OrderBy(line => line.Rank).ThenBy(line => line.Due?.Instant ?? DateTimeOffset.MaxValue)],
            await unread,
            [.. results.Zip(critical).Where(pair => Who(pair.First) is not null).Select(pair => new ResultLine(Who(pair.First)!, pair.Second.Result, pair.First.Stored.Version))]), read.Read, [.. people.Keys]);

        PatientHeader? Who(Parsed one) => RecordQuery.PatientOf(one.Json) is { } id && people.TryGetValue(id, out var found) ? found.Header : null;
    }

    /// <summary>One task, with the patient it is about; null when there is none that the reader may see.</summary>
    public async Task<(TaskLine Line, StoredResource Stored, StoredResource Patient)?> Find(string id, AccessFilter filter, CancellationToken stop)
    {
        if (await store.Read("Task", id, filter, stop) is not { IsDeleted: false } stored) return null;
        if (stored.Take(RecordQuery.PatientOf) is not { } patient || await record.Patient(patient, filter, stop) is not var (header, who)) return null;
        return (stored.Take(json => Line(new(stored, json), header, record.Today)), stored, who);
    }

    // Whoever says that they have seen a result writes a completed Task about it.
    async Task<HashSet<string>> Acknowledged(IReadOnlyList<string> observations, AccessFilter filter, CancellationToken stop)
    {
        if (observations.Count == 0) return [];
        var tasks = (await record.Everywhere("Task", filter, stop, ("focus", string.Join(',', observations.Select(id => $"Observation/{id}"))), ("status", "completed"), Count(MostObservations))).Matches;
        return tasks.Select(task => task.Take(json => FocusOf(json)?.Id)).OfType<string>().ToHashSet(StringComparer.Ordinal);
    }

    static (string, string) Count(int most) => ("_count", most.ToString(CultureInfo.InvariantCulture));

    static TaskLine Line(Parsed task, PatientHeader patient, DateTime now)
    {
        var entry = task.Entry;
        var due = FhirDate.Read(task.Json.At("restriction").At("period").TextAt("end")) ?? FhirDate.Read(task.Json.At("executionPeriod").TextAt("end"));
        // A day is over when the next begins.
        var isOverdue = due is { } by && (by.Text.Length > 10 ? by.Instant < now : by.Local.Date < now.Date);
        return new(task.Stored.Id, task.Stored.Version, entry.Title, task.Json.TextAt("description") is { } description && description != entry.Title ? description : null, patient,
            task.Json.TextAt("priority") ?? "routine", task.Json.TextAt("status") ?? "requested", due, isOverdue, task.Json.At("requester").TextAt("display"), FocusOf(task.Json),
            [.. task.Json.ItemsAt("note").Select(note => note.TextAt("text")).OfType<string>()], Codes.Has(task.Json.At("code"), RenewalRequest.Code))
        {
            Referral = Codes.Has(task.Json.At("code"), Care.Referrals.Referral.Code) && FocusOf(task.Json) is ("ServiceRequest", var request) ? request : null,
        };
    }

    static (string Type, string Id)? FocusOf(JsonElement task) => task.At("focus").TextAt("reference")?.Split('/') is [var type, var id, ..] ? (type, id) : null;
}
