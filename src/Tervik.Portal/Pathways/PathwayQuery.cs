using System.Globalization;
using Tervik.Care.Messages;
using Tervik.Care.Pathways;
using Tervik.Portal.Messages;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Referrals;
using Tervik.Portal.Shell;
using Tervik.Records.Resources;
using Tervik.Records.Search;
using Tervik.Trust;

namespace Tervik.Portal.Pathways;

/// <summary>A pathway as pages show it: the same to patient and professional.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Pathway">What is stored.</param>
/// <param name="Way">Where it is.</param>
/// <param name="Version">Of the CarePlan.</param>
public sealed record PathwayModel(PatientHeader Patient, Pathway Pathway, PathwayWay Way, int Version)
{
    /// <summary>Whether the reader is a professional, who may go on with it.</summary>
    public bool IsProfessional { get; init; }
    /// <summary>Names of those whom it refers to without a name.</summary>
    public IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>();
    /// <summary>What was typed into a form that can no longer be written.</summary>
    public string Kept { get; init; } = "";

    /// <summary>Its page.</summary>
    public string Path => PathwaysEndpoints.Of(Patient.Id, Pathway.Id);
    /// <summary>Somebody by name; the patient by the name that stands above the page.</summary>
    public string NameOf(Correspondent? one) => one is null ? Words.Of("pathway nobody") : one.Reference == $"Patient/{Patient.Id}" ? Patient.Name : one.Name != one.Reference ? one.Name : Names.GetValueOrDefault(one.Reference, one.Reference);
    /// <summary>Several by name.</summary>
    public string NamesOf(IEnumerable<Correspondent> all) => string.Join(", ", all.Select(NameOf));

    /// <summary>What may be done with the whole of it now.</summary>
    public IReadOnlyList<string> Acts => IsProfessional && Pathway.IsOpen ? ["end", "call-off"] : [];
    /// <summary>What may be done with a step now. What the record itself says is not taken back here.</summary>
    public IReadOnlyList<string> ActsOf(PathwayWayStep step) => !IsProfessional || !Pathway.IsOpen ? [] : step.Mark is not null ? ["reopen"] : step.IsOver ? [] : ["done", "skip"];

    /// <summary>What happens next, in one sentence.</summary>
    public string Next => Pathway.Status == "revoked" ? Words.Of("pathway called off") : !Pathway.IsOpen ? Words.Of("pathway ended") : Way.Next.Count == 0 ? Words.Of("pathway through", NameOf(Pathway.Starter))
        : Words.Of("pathway next", string.Join("; ", Way.Next.Select(one => Words.Of("pathway step of", one.Step.Title, NameOf(one.Owner)))));

    /// <summary>The whole way in words.</summary>
    public WayLine Line => new(Pathway.Title, Next, [.. Way.Next.Where(one => one.WaitedForBy.Count > 0).Select(Waits)], Promise, Way.IsLate, [.. Way.Steps.Select(step => new WayMark(step.Step.Title, When(step), step.IsOver, step.State == StepState.Next))]);

    /// <summary>Who waits for whom.</summary>
    public string Waits(PathwayWayStep step) => step.Since is { } since ? Words.Of("pathway waits since", NamesOf(step.WaitedForBy), NameOf(step.Owner), ReferralModel.Written(since)) : Words.Of("pathway waits", NamesOf(step.WaitedForBy), NameOf(step.Owner));

    string? Promise => Way.Next is not [var soonest, ..] ? null : (Way.Next.FirstOrDefault(one => one.IsLate) ?? soonest) is var next && next.IsLate
        ? next.Planned > next.Due ? Words.Of("pathway booked late", ReferralModel.Written(next.Due)) : Words.Of("referral late", ReferralModel.Written(next.Due)) : Words.Of("referral promised", ReferralModel.Written(next.Due));

    string When(PathwayWayStep step) => !step.IsOver && !Pathway.IsOpen ? Words.Of("pathway step not done") : step.State == StepState.Skipped ? Words.Of("pathway step skipped") : step.State == StepState.Done ? step.Done is { } done ? ReferralModel.Written(done) : Words.Of("referral step done")
        : step.Planned is { } planned ? Words.Of("referral step planned", ReferralModel.Written(planned)) : Words.Of(step.IsLate ? "referral step late" : step.Due == step.Promised ? "referral step promised" : "pathway step due", ReferralModel.Written(step.Due));
}

/// <summary>All pathways of a patient.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Open">Those that go on, the newest first.</param>
/// <param name="Over">Those that ended or were called off.</param>
public sealed record PathwaysModel(PatientHeader Patient, IReadOnlyList<PathwayModel> Open, IReadOnlyList<PathwayModel> Over);

/// <summary>The form of a new pathway.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Templates">To choose from, with the PlanDefinition of each.</param>
/// <param name="Referrals">Open ones that it may begin with.</param>
/// <param name="Open">Pathways that go on.</param>
public sealed record StartModel(PatientHeader Patient, IReadOnlyList<(PathwayTemplate Template, StoredResource Stored)> Templates, IReadOnlyList<ReferralModel> Referrals, IReadOnlyList<PathwayModel> Open);

/// <summary>Reads pathways with what the record says about their steps, always under the reader's access filter.</summary>
sealed class PathwayQuery(RecordQuery record, RecordStore store, MessagesQuery messages, ReferralQuery referrals, PathwayTemplates templates)
{
    const int Most = 50, MostAnswers = 500;
    const string Category = $"{Pathway.System}|{Pathway.Code}";

    /// <summary>One pathway of a patient; null when there is none that the reader may see.</summary>
    public async Task<(PathwayModel Model, List<StoredResource> Read)?> One(string id, string pathway, Visit visit, CancellationToken stop)
    {
        if (await record.Patient(id, visit.Filter, stop) is not var (header, patient) || await store.Read("CarePlan", pathway, visit.Filter, stop) is not { IsDeleted: false } stored) return null;
        if (!store.CompartmentsOf(stored).Contains(record.Compartment(id))) return null;
        var (models, read) = await Models([stored], _ => header, visit, stop);
        return models is [var model] ? (model, [patient, .. read]) : null;
    }

    /// <summary>All of a patient; null when there is no such patient for this reader.</summary>
    public async Task<(PathwaysModel Model, List<StoredResource> Read)?> All(string id, Visit visit, CancellationToken stop)
    {
        if (await record.Patient(id, visit.Filter, stop) is not var (header, patient)) return null;
        var found = await record.Find(id, "CarePlan", visit.Filter, stop, ("category", Category), ("status", "active,on-hold,completed,revoked"), ("_sort", "-date"), Count(Most));
        var (models, read) = await Models(found, _ => header, visit, stop);
        return (new(header, [.. models.Where(one => one.Pathway.IsOpen)], [.. models.Where(one => !one.Pathway.IsOpen)]), [patient, .. read]);
    }

    /// <summary>The form of a new one; null when there is no such patient for this reader.</summary>
    public async Task<(StartModel Model, List<StoredResource> Read)?> New(string id, Visit visit, CancellationToken stop)
    {
        if (await All(id, visit, stop) is not var (all, read)) return null;
        var (open, requests) = await referrals.Open(all.Patient, visit, stop);
        return (new(all.Patient, await templates.Now(visit.Filter, stop), [.. open.Where(one => one.Way.IsOpen)], all.Open), [.. read, .. requests]);
    }

    /// <summary>Pathways that are late and that the reader, or a unit of theirs, owns, started or waits for; the longest late first.</summary>
    public async Task<(IReadOnlyList<PathwayModel> Late, List<StoredResource> Read)> Late(Visit visit, CancellationToken stop)
    {
        var found = (await record.Everywhere("CarePlan", visit.Filter, stop, ("category", Category), ("status", "active"), ("_sort", "-date"), Count(Most))).Matches;
        var people = await record.Patients(found.Select(one => one.Take(RecordQuery.PatientOf)).OfType<string>(), visit.Filter, stop);
        var (models, _) = await Models(found, one => one.Take(RecordQuery.PatientOf) is { } patient && people.TryGetValue(patient, out var who) ? who.Header : null, visit, stop);
        var party = await messages.PartyOf(visit.Person, stop);
        var late = models.Where(one => one.Way.IsLate && one.Way.Next.Where(step => step.IsLate).SelectMany(step => step.WaitedForBy.Append(step.Owner)).Append(one.Pathway.Starter).OfType<Correspondent>().Any(who => party.Is(who.Reference)))
            .OrderBy(one => one.Way.Next.First(step => step.IsLate).Due).ToList();
        // What is not shown was looked at by the program alone.
        return (late, [.. found.Where(one => late.Exists(model => model.Pathway.Id == one.Id)), .. people.Values.Where(one => late.Exists(model => model.Patient.Id == one.Header.Id)).Select(one => one.Stored)]);
    }

    async Task<(List<PathwayModel> Models, List<StoredResource> Read)> Models(IReadOnlyList<StoredResource> plans, Func<StoredResource, PatientHeader?> who, Visit visit, CancellationToken stop)
    {
        var pathways = plans.Select(stored => (Stored: stored, Patient: who(stored), Pathway: Pathway.Of(stored.Id, stored.Body))).Where(one => one is { Patient: not null, Pathway: not null }).Select(one => (one.Stored, Patient: one.Patient!, Pathway: one.Pathway!)).ToList();
        if (pathways.Count == 0) return ([], []);
        var found = await Found([.. pathways.Select(one => (one.Patient.Id, one.Pathway))], visit, stop);
        var evidence = found.SelectMany(one => one.Take(json => (Of: RecordQuery.PatientOf(json), All: Evidence.Read(one.Type, one.Id, json, DateOnly.FromDateTime(Clock.Time(one.AtUs).LocalDateTime)).ToList())) is var (of, all) ? all.Select(each => (Of: of, Each: each)) : [])
            .ToLookup(one => one.Of, one => one.Each);
        var models = new List<PathwayModel>();
        foreach (var (stored, patient, pathway) in pathways)
        {
            var way = PathwayWay.Of(pathway, evidence[patient.Id], DateOnly.FromDateTime(record.Today));
            var unnamed = way.Steps.Select(step => step.Owner).Append(pathway.Starter).OfType<Correspondent>().Where(one => one.Name == one.Reference).Select(one => one.Reference);
            models.Add(new(patient, pathway, way, stored.Version) { IsProfessional = visit.Person.IsProfessional, Names = await record.NamesOf(unnamed, visit.Filter, stop) });
        }
        return (models, [.. plans, .. found]);
    }

    /// <summary>What may answer a step of one of these pathways, of all their patients at once.</summary>
    async Task<List<StoredResource>> Found(IReadOnlyList<(string Patient, Pathway Pathway)> pathways, Visit visit, CancellationToken stop)
    {
        var patients = string.Join(',', pathways.Select(one => $"Patient/{one.Patient}").Distinct());
        var answers = pathways.SelectMany(one => one.Pathway.Template.Steps).Select(step => step.Answer).ToList();
        var found = new Dictionary<string, StoredResource>(StringComparer.Ordinal);
        async Task<IReadOnlyList<StoredResource>> Look(string type, params (string, string)[] which)
        {
            var matches = (await record.Everywhere(type, visit.Filter, stop, [("patient", patients), .. which, Count(MostAnswers)])).Matches;
            foreach (var one in matches) found[$"{one.Type}/{one.Id}"] = one;
            return matches;
        }
        var basis = pathways.SelectMany(one => one.Pathway.Basis).Where(one => one.Reference.StartsWith("ServiceRequest/", StringComparison.Ordinal)).Select(one => one.Reference["ServiceRequest/".Length..]).Distinct().ToList();
        if (basis.Count > 0) await Look("ServiceRequest", ("_id", string.Join(',', basis)));
        // What was done for a referral that is older than the pathway counts since it was sent.
        var from = found.Values.SelectMany(one => one.Take(json => Evidence.Read(one.Type, one.Id, json, DateOnly.MaxValue).Select(each => each.Day).ToList())).Concat(pathways.Select(one => one.Pathway.Start)).Min().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        if (answers.Exists(one => one.Type == "ServiceRequest")) await Look("ServiceRequest", ("authored", $"ge{from}"), ("_sort", "-authored"));
        var requests = found.Keys.Concat(pathways.Select(one => one.Pathway.Reference)).ToList();
        if (answers.Exists(one => one.Kind is AnswerKind.Appointment or AnswerKind.Visit)) await Look("Appointment", ("date", $"ge{from}"));
        if (answers.Exists(one => one.Kind == AnswerKind.Visit)) await Look("Encounter", ("date", $"ge{from}"), ("_sort", "-date"));
        if (answers.Exists(one => one.Kind == AnswerKind.Questionnaire)) await Look("QuestionnaireResponse", ("authored", $"ge{from}"));
        foreach (var of in answers.Where(one => one.Kind == AnswerKind.Result).GroupBy(one => one.Type))
        {
            if (of.SelectMany(one => one.Codes).Distinct().ToList() is { Count: > 0 } codes) await Look(of.Key, ("code", string.Join(',', codes.Select(Escaped))), ("date", $"ge{from}"), ("_sort", "-date"));
            if (of.Any(one => one.Codes.Count == 0)) await Look(of.Key, ("based-on", string.Join(',', requests)));
        }
        return [.. found.Values];
    }

    // The bar parts system and code.
    static string Escaped(string code) => string.Join('|', code.Split('|').Select(SearchSyntax.Escape));
    static (string, string) Count(int most) => ("_count", most.ToString(CultureInfo.InvariantCulture));
}
