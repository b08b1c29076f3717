using System.Text.Json;
using Tervik.Care.Clinics;
using Tervik.Care.Messages;
using Tervik.Care.Referrals;
using Tervik.Portal.Messages;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Access;
using Tervik.Records.Resources;

namespace Tervik.Portal.Referrals;

/// <summary>A referral as pages show it: the same to patient and professional.</summary>
/// <param name="Patient">About whom.</param>
/// <param name="Referral">What is stored.</param>
/// <param name="Way">Where it is.</param>
/// <param name="Outcomes">What came of it.</param>
/// <param name="Acts">What the reader may do with it now.</param>
public sealed record ReferralModel(PatientHeader Patient, Referral Referral, ReferralWay Way, Outcomes Outcomes, IReadOnlyList<string> Acts)
{
    /// <summary>Version of the Task; 0 where there is none yet.</summary>
    public int TaskVersion { get; init; }
    /// <summary>Version of the ServiceRequest.</summary>
    public int RequestVersion { get; init; }
    /// <summary>Whether the reader may book a time for it.</summary>
    public bool CanBook { get; init; }
    /// <summary>Names of those whom it refers to without a name.</summary>
    public IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>();
    /// <summary>The appointment that is booked for it: logical id, or null.</summary>
    public string? Appointment { get; init; }
    /// <summary>Services that it could be redirected to; only on the form for that.</summary>
    public IReadOnlyList<Service> Services { get; init; } = [];
    /// <summary>What was typed into a form that can no longer be written.</summary>
    public IReadOnlyList<string> Kept { get; init; } = [];

    /// <summary>Its page.</summary>
    public string Path => $"/patients/{Uri.EscapeDataString(Patient.Id)}/referrals/{Uri.EscapeDataString(Referral.Id)}";
    /// <summary>Somebody by name.</summary>
    public string NameOf(Correspondent? one) => one is null ? "" : one.Name != one.Reference ? one.Name : Names.GetValueOrDefault(one.Reference, one.Reference);
    /// <summary>To whom it goes: the service, else the unit.</summary>
    public string Receiver => NameOf(Referral.Service ?? Referral.Unit);

    /// <summary>What happens next, in one sentence.</summary>
    public string Next => Words.Of($"referral stage {Way.Stage}", NameOf(Way.Holder), Way.Stage switch
    {
        Stage.Booked when Outcomes.Appointment is { } at => Written(at),
        Stage.Visited when Outcomes.Visited is { } at => Written(at),
        _ => "",
    });

    /// <summary>The promise, and whether it is kept; null when there is none.</summary>
    public string? Promise => Way.Due is { } due && Way.IsOpen ? Words.Of(Way.IsLate ? Way.Stage == Stage.Booked ? "referral later than promised" : "referral late" : "referral promised", Written(due)) : null;

    /// <summary>The whole way in words.</summary>
    public WayLine Line => new(Referral.Title, Next,
        Way.Holder is { } holder && Way.IsOpen ? [Way.Since is { } since ? Words.Of("referral who since", NameOf(holder), Written(since)) : Words.Of("referral who", NameOf(holder))] : [],
        Promise, Promise is not null && Way.IsLate, [.. Way.Steps.Select(step => new WayMark(Words.Of($"referral step {step.Name}"), When(step), step.IsDone, step.IsNext))]);

    string When(WayStep step) => step.IsDone ? step.Done is { } done ? Written(done) : Words.Of("referral step done")
        : step.Name == "visit" && Outcomes.Appointment is { } at ? Words.Of("referral step planned", Written(at))
        : step.Due is { } due ? Words.Of(step.IsLate ? "referral step late" : "referral step promised", Written(due))
        : Words.Of(step.IsNext ? "referral step next" : "referral step to come");

    /// <summary>A moment as the reader writes it.</summary>
    public static string Written(DateTimeOffset at) => at.ToLocalTime() is var local && local.TimeOfDay == TimeSpan.Zero ? Written(DateOnly.FromDateTime(local.DateTime)) : local.ToString(Words.Of("format of day and time"), Language.Reader);
    /// <summary>A day as the reader writes it.</summary>
    public static string Written(DateOnly day) => day.ToString(Words.Of("format of day"), Language.Reader);
}

/// <summary>The form of a new referral.</summary>
/// <param name="Patient">About whom.</param>
/// <param name="Services">To choose from.</param>
/// <param name="Conditions">Of the record, as reasons.</param>
/// <param name="Documents">Of the record, to go with it.</param>
/// <param name="IsDouble">Whether there is an open one to the same service.</param>
public sealed record ReferModel(PatientHeader Patient, IReadOnlyList<Service> Services, IReadOnlyList<RecordEntry> Conditions, IReadOnlyList<RecordEntry> Documents, bool IsDouble);

/// <summary>The inbox of a professional's units.</summary>
/// <param name="Undecided">Most urgent first, then oldest.</param>
/// <param name="ToBook">Accepted, without a time.</param>
/// <param name="Booked">With a time, and those whose answer is awaited.</param>
/// <param name="Sent">Referrals that the reader sent, newest first.</param>
public sealed record InboxModel(IReadOnlyList<ReferralModel> Undecided, IReadOnlyList<ReferralModel> ToBook, IReadOnlyList<ReferralModel> Booked, IReadOnlyList<ReferralModel> Sent);

/// <summary>Reads referrals with what came of them, always under the reader's access filter.</summary>
sealed class ReferralQuery(RecordQuery record, RecordStore store, MessagesQuery messages, Clinics clinics)
{
    const int MostListed = 200, Batch = 50, MostEntries = 20, SentDays = 60;
    const string Referrals = $"{Referral.Snomed}|{Referral.Category}";

    /// <summary>Whether a ServiceRequest is a referral.</summary>
    public static bool IsReferral(JsonElement request) => request.ItemsAt("category").Any(category => Codes.Has(category, Referral.Category));

    /// <summary>One referral of a patient; null when there is none that the reader may see.</summary>
    public async Task<(ReferralModel Model, List<StoredResource> Read)?> One(string id, string referral, Visit visit, CancellationToken stop)
    {
        if (await record.Patient(id, visit.Filter, stop) is not var (header, patient) || await store.Read("ServiceRequest", referral, visit.Filter, stop) is not { IsDeleted: false } stored) return null;
        if (!store.CompartmentsOf(stored).Contains(record.Compartment(id)) || !stored.Take(IsReferral)) return null;
        var (models, read) = await Models([stored], _ => header, visit, stop);
        return (models[0], [patient, .. read]);
    }

    /// <summary>Referrals of one patient: open ones.</summary>
    public async Task<(IReadOnlyList<ReferralModel> Models, List<StoredResource> Read)> Open(PatientHeader patient, Visit visit, CancellationToken stop)
    {
        var found = await record.Find(patient.Id, "ServiceRequest", visit.Filter, stop, ("category", Referrals), ("status", "draft,active,on-hold,unknown"), ("_sort", "-authored"), Count(MostListed));
        return await Models(found, _ => patient, visit, stop);
    }

    /// <summary>What a professional's units have to do, and what became of what they sent.</summary>
    public async Task<(InboxModel Model, List<StoredResource> Read, IReadOnlyList<string> Patients)> Inbox(Visit visit, CancellationToken stop)
    {
        var party = await messages.PartyOf(visit.Person, stop);
        var received = (await record.Everywhere("ServiceRequest", visit.Filter, stop, ("performer", string.Join(',', party.Standing)), ("category", Referrals), ("status", "active,on-hold"), ("_sort", "authored"), Count(MostListed))).Matches;
        var sent = (await record.Everywhere("ServiceRequest", visit.Filter, stop, ("requester", string.Join(',', party.Standing)), ("category", Referrals), ("authored", $"ge{RecordQuery.Day(record.Today.AddDays(-SentDays))}"), ("_sort", "-authored"), Count(MostListed))).Matches;
        var all = received.Concat(sent).DistinctBy(one => one.Id).ToList();
        var people = await record.Patients(all.Select(one => one.Take(RecordQuery.PatientOf)).OfType<string>(), visit.Filter, stop);
        var (models, read) = await Models(all, one => one.Take(RecordQuery.PatientOf) is { } patient && people.TryGetValue(patient, out var who) ? who.Header : null, visit, stop);
        read.AddRange(people.Values.Select(one => one.Stored));
        var mine = models.Where(one => received.Any(request => request.Id == one.Referral.Id)).OrderBy(one => PromisedTimes.Rank(one.Referral.Priority)).ThenBy(one => one.Referral.Sent).ToList();
        return (new([.. mine.Where(one => one.Way.IsUndecided)], [.. mine.Where(one => one.Way.Stage == Stage.Accepted)], [.. mine.Where(one => one.Way.Stage is Stage.Booked or Stage.Visited)],
            [.. models.Where(one => sent.Any(request => request.Id == one.Referral.Id))]), read, [.. people.Keys]);
    }

    async Task<(List<ReferralModel> Models, List<StoredResource> Read)> Models(IReadOnlyList<StoredResource> requests, Func<StoredResource, PatientHeader?> who, Visit visit, CancellationToken stop)
    {
        var (read, tasks, answers) = (new List<StoredResource>(requests), new Dictionary<string, StoredResource>(StringComparer.Ordinal), new Dictionary<string, List<StoredResource>>(StringComparer.Ordinal));
        foreach (var some in requests.Chunk(Batch))
        {
            foreach (var task in (await record.Everywhere("Task", visit.Filter, stop, ("_id", string.Join(',', some.Select(one => Referral.TaskIdOf(one.Id)))), Count(Batch))).Matches)
            {
                tasks[task.Id] = task;
                read.Add(task);
            }
            var ids = string.Join(',', some.Select(one => $"ServiceRequest/{one.Id}"));
            foreach (var type in (string[])["Appointment", "Encounter", "DiagnosticReport"])
                foreach (var answer in (await record.Everywhere(type, visit.Filter, stop, ("based-on", ids), Count(MostListed))).Matches)
                {
                    read.Add(answer);
                    foreach (var target in answer.Take(json => json.ItemsAt("basedOn").Select(one => one.TextAt("reference")).OfType<string>().ToList()))
                    {
                        if (!answers.TryGetValue(target, out var list)) answers[target] = list = [];
                        list.Add(answer);
                    }
                }
        }
        var party = await messages.PartyOf(visit.Person, stop);
        var models = new List<ReferralModel>();
        foreach (var stored in requests)
        {
            if (who(stored) is not { } patient) continue;
            var task = tasks.GetValueOrDefault(Referral.TaskIdOf(stored.Id));
            var referral = Referral.Of(stored.Id, stored.Body, task?.Body);
            var (outcomes, appointment) = Read(answers.GetValueOrDefault($"ServiceRequest/{stored.Id}", []));
            var way = ReferralWay.Of(referral, outcomes, DateOnly.FromDateTime(record.Today));
            var unnamed = new[] { referral.Requester, referral.Owner, referral.Service, way.Holder }.Concat(referral.Performers).OfType<Correspondent>().Where(one => one.Name == one.Reference).Select(one => one.Reference);
            models.Add(new(patient, referral, way, outcomes, visit.Person.IsProfessional ? referral.ActsOf(way.Stage, party) : [])
            {
                TaskVersion = task?.Version ?? 0, RequestVersion = stored.Version, Appointment = appointment, Names = await record.NamesOf(unnamed, visit.Filter, stop),
                CanBook = way.Stage == Stage.Accepted && visit.MayBook(patient.Id, record.Compartment(patient.Id)),
            });
        }
        return (models, read);
    }

    static (Outcomes Outcomes, string? Appointment) Read(List<StoredResource> answers)
    {
        var (outcomes, appointment) = (new Outcomes(), (string?)null);
        foreach (var answer in answers)
            answer.Take(json =>
            {
                var status = json.TextAt("status");
                switch (answer.Type)
                {
                    case "Appointment" when status is "booked" or "pending" or "arrived" or "checked-in" && FhirDate.Of(json, "start") is { } start && (outcomes.Appointment is null || start.Instant < outcomes.Appointment):
                        (outcomes, appointment) = (outcomes with { Appointment = start.Instant, Booked = FhirDate.Of(json, "created")?.Instant }, answer.Id);
                        break;
                    case "Appointment" when status == "fulfilled" && FhirDate.Of(json, "start") is { } seen:
                        outcomes = outcomes with { Visited = seen.Instant, Booked = outcomes.Booked ?? FhirDate.Of(json, "created")?.Instant };
                        break;
                    case "Encounter" when status == "finished" && FhirDate.Of(json, "period") is { } visited:
                        outcomes = outcomes with { Visited = visited.Instant };
                        break;
                    case "DiagnosticReport" when status is "final" or "amended" or "corrected" or "appended" && FhirDate.Of(json, "issued", "effectiveDateTime") is { } reported:
                        outcomes = outcomes with { Reported = reported.Instant };
                        break;
                }
                return true;
            });
        return (outcomes, appointment);
    }

    /// <summary>What one can refer to: services that need a referral, and those of units that book all by themselves. A service that nobody provides would leave a referral without an owner.</summary>
    public async Task<IReadOnlyList<Service>> Services(CancellationToken stop)
    {
        var all = (await clinics.Now(stop)).Services.Values.Where(service => service.Organization is not null).ToList();
        return [.. all.Where(service => service.By == BookableBy.Referral || service.By == BookableBy.Staff && all.All(other => other.Organization != service.Organization || other.By == BookableBy.Staff)).OrderBy(service => service.Name, StringComparer.CurrentCulture)];
    }

    /// <summary>The form of a new referral; null when there is no such patient for this reader.</summary>
    /// <param name="id">The patient.</param>
    /// <param name="service">Logical id of the chosen service, or empty.</param>
    /// <param name="visit">Of the page.</param>
    /// <param name="stop">Stops reading.</param>
    public async Task<(ReferModel Model, List<StoredResource> Read)?> New(string id, string service, Visit visit, CancellationToken stop)
    {
        if (await record.Patient(id, visit.Filter, stop) is not var (header, patient)) return null;
        var conditions = await record.Find(id, "Condition", visit.Filter, stop, ("clinical-status", "active,recurrence,relapse"), ("_sort", "-recorded-date"), Count(MostListed));
        var documents = await record.Find(id, "DocumentReference", visit.Filter, stop, ("status", "current"), ("_sort", "-date"), Count(MostEntries));
        var reports = await record.Find(id, "DiagnosticReport", visit.Filter, stop, ("_sort", "-date"), Count(MostEntries));
        var isDouble = service.Length > 0 && (await record.Find(id, "ServiceRequest", visit.Filter, stop, ("performer", $"HealthcareService/{service}"), ("category", Referrals), ("status", "active,on-hold"), Count(1))).Count > 0;
        return (new(header, await Services(stop), [.. conditions.Select(RecordQuery.Entry)], [.. documents.Concat(reports).Select(RecordQuery.Entry).OrderByDescending(entry => entry.Date?.Instant)], isDouble), [patient, .. conditions, .. documents, .. reports]);
    }

    static (string, string) Count(int most) => ("_count", most.ToString(System.Globalization.CultureInfo.InvariantCulture));
}
