using System.Globalization;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Resources;
using Tervik.Trust;
using Tervik.Trust.AuditLog;
using Tervik.Trust.Identity;
using Tervik.Trust.Consent;
using Tervik.Trust.Relations;
using Tervik.Trust.SealedLog;
using Tervik.Trust.Snooping;

namespace Tervik.Portal.Access;

/// <summary>A visit of one person to the record: their accesses on one day, or with no more than twelve hours in between.</summary>
/// <param name="From">The first of them.</param>
/// <param name="To">The last of them.</param>
/// <param name="Agent">Who, as the log has it; null for somebody who was not signed in.</param>
/// <param name="Who">Name, or what kind of program.</param>
/// <param name="Position">Role and unit, or null.</param>
/// <param name="IsSelf">The reader did it.</param>
/// <param name="Why">Why they could, or null.</param>
/// <param name="What">In words, each once, with how often.</param>
/// <param name="MayAsk">Whether the reader may open a case about it.</param>
public sealed record AccessLine(DateTime From, DateTime To, string? Agent, string Who, string? Position, bool IsSelf, string? Why, IReadOnlyList<(string Words, int Times)> What, bool MayAsk)
{
    /// <summary>Nobody of this unit had looked before.</summary>
    public bool IsFirstOfUnit { get; init; }
    /// <summary>It was declared as an emergency.</summary>
    public bool IsEmergency { get; init; }
    /// <summary>Applications through which they came, besides the portal.</summary>
    public IReadOnlyList<string> Applications { get; init; } = [];
}

/// <summary>A unit that looked for the first time.</summary>
public sealed record NewUnit(string Name, DateTime At);

/// <summary>A question that the patient asked about an access, and how it stands.</summary>
public sealed record CaseLine(string Who, string? Day, string? Text, string Status, string? Answer, string OpenedOn);

/// <summary>What the reader asked for.</summary>
/// <param name="Agent">Only accesses by this one, or null.</param>
/// <param name="From">First day, or null.</param>
/// <param name="To">Last day, or null.</param>
/// <param name="Before">Cursor of the page, or null.</param>
public sealed record AccessFilterChoice(string? Agent, DateOnly? From, DateOnly? To, long? Before)
{
    public bool IsEmpty => Agent is null && From is null && To is null;
}

/// <summary>The page "who has seen".</summary>
/// <param name="Patient">Whose record.</param>
/// <param name="Lines">Newest first.</param>
/// <param name="Agents">Who can be chosen: reference and name.</param>
/// <param name="Cases">Questions asked so far.</param>
/// <param name="Choice">What was asked for.</param>
/// <param name="Next">Cursor of the page after, or null.</param>
/// <param name="SealedAt">When the log was last sealed; null when it never was.</param>
public sealed record AccessModel(PatientHeader Patient, IReadOnlyList<AccessLine> Lines, IReadOnlyList<(string Value, string Words)> Agents, IReadOnlyList<CaseLine> Cases, AccessFilterChoice Choice, long? Next, DateTime? SealedAt)
{
    /// <summary>Up to when the list is complete: each answer that left before is in it.</summary>
    public DateTime CompleteUntil { get; init; }
    /// <summary>Stretches within the list in which the log is not what was sealed.</summary>
    public IReadOnlyList<(DateTime From, DateTime To)> Gaps { get; init; } = [];
    /// <summary>Units that looked for the first time within the last thirty days, newest first.</summary>
    public IReadOnlyList<NewUnit> NewUnits { get; init; } = [];
}

/// <summary>Reads the log for the page, with who people are and why they could.</summary>
sealed class AccessQuery(AuditView audit, AccessSeal seal, CareRelations care, FamilyRelations family, Trust.Consent.Sharing sharing, AccessCases cases, StaffQuery staff, RecordQuery record, AccessLog log, LogCompleteness completeness, StaffRegister roles, TimeProvider clock)
{
    const int PageSize = 200, MostListed = 500;
    static readonly TimeSpan Pause = TimeSpan.FromHours(12), NoticedFor = TimeSpan.FromDays(30);

    public async Task<AccessModel> Load(PatientHeader patient, AccessFilterChoice choice, Visit visit, Principal reader, CancellationToken stop)
    {
        var compartment = record.Compartment(patient.Id);
        var completeUntil = clock.GetUtcNow(); // before the log is read
        var seen = await Read(compartment, choice, visit, reader, stop, PageSize + 1);
        var page = seen.Take(PageSize).Select(one => one.Access).ToList();
        var checkpoint = await seal.Newest(stop);
        var facts = (await care.OfPatient($"Patient/{patient.Id}", stop)).ToLookup(fact => fact.Practitioner, Fact);
        var isProfessional = visit.Person.IsProfessional;
        var firsts = isProfessional ? [] : await FirstOfUnits(compartment, stop);
        var lines = new List<AccessLine>();
        foreach (var group in Visits(page))
        {
            var (day, agent) = (group[^1].At.LocalDateTime.Date, group[0].Agent);
            var who = await Who(agent, stop);
            var what = AccessWords.Summary(group);
            var isSelf = agent == visit.Person.Reference;
            lines.Add(new(group.Min(access => access.At.LocalDateTime), group.Max(access => access.At.LocalDateTime), agent, who.Name, who.Position, isSelf,
                isProfessional ? null : await Why(agent, patient.Id, day, facts, stop), what, MayAsk: !isProfessional && !isSelf)
            {
                IsFirstOfUnit = group.Exists(access => firsts.ContainsKey(access.Event)), IsEmergency = group.Exists(access => access.Purpose == PurposeOfUse.BreakTheGlass),
                Applications = [.. group.Select(access => access.Client).OfType<string>().Distinct()],
            });
        }
        var gaps = page.Count == 0 ? [] : await completeness.Gaps(seen.Count > PageSize ? page[^1].Event : choice.From is { } from ? Us(from) : long.MinValue, choice.Before ?? (choice.To is { } to ? Us(to.AddDays(1)) : long.MaxValue), stop);
        return new(patient, [.. lines.OrderByDescending(line => line.To)], isProfessional ? [] : await Agents(compartment, reader, visit, stop),
            isProfessional ? [] : await Cases(patient.Id, stop), choice, seen.Count > PageSize ? page[^1].Event : null,
            checkpoint?.At.LocalDateTime)
        {
            CompleteUntil = completeUntil.LocalDateTime, Gaps = [.. gaps.Select(gap => (Clock.Time(gap.FromUs).LocalDateTime, Clock.Time(gap.ToUs).LocalDateTime))],
            NewUnits = await NewUnits(firsts, completeUntil, stop),
        };
    }

    /// <summary>Accesses of one person that belong together, each list oldest first.</summary>
    /// <param name="newestFirst">Accesses, of all.</param>
    internal static List<List<LoggedAccess>> Visits(IReadOnlyList<LoggedAccess> newestFirst)
    {
        var (visits, last) = (new List<List<LoggedAccess>>(), new Dictionary<string, List<LoggedAccess>>(StringComparer.Ordinal));
        foreach (var access in newestFirst.Reverse())
        {
            if (last.TryGetValue(access.Agent ?? "", out var visit) && (visit[^1].At.LocalDateTime.Date == access.At.LocalDateTime.Date || access.At - visit[^1].At <= Pause)) visit.Add(access);
            else visits.Add(last[access.Agent ?? ""] = [access]);
        }
        return visits;
    }

    /// <summary>By the event: with which access a unit looked for the first time.</summary>
    async Task<Dictionary<long, string>> FirstOfUnits(long compartment, CancellationToken stop)
    {
        var units = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (agent, first) in await log.FirstOfProfessionals(compartment, stop))
            foreach (var unit in (await roles.Of(agent, stop)).Roles.Select(role => role.Organization).OfType<string>())
                units[unit] = Math.Min(first, units.GetValueOrDefault(unit, long.MaxValue));
        return units.GroupBy(unit => unit.Value).ToDictionary(first => first.Key, first => first.First().Key);
    }

    async Task<List<NewUnit>> NewUnits(Dictionary<long, string> firsts, DateTimeOffset now, CancellationToken stop)
    {
        var units = new List<NewUnit>();
        foreach (var (first, institution) in firsts.Where(one => Clock.Time(one.Key) > now - NoticedFor).OrderByDescending(one => one.Key))
            units.Add(new(await staff.NameOf(institution, stop) ?? institution, Clock.Time(first).LocalDateTime));
        return units;
    }

    /// <summary>The accesses of a page.</summary>
    public Task<List<SeenAccess>> Read(long compartment, AccessFilterChoice choice, Visit visit, Principal reader, CancellationToken stop, int count = PageSize) => audit.Read(
        new(compartment, choice.Agent, choice.From is { } from ? Us(from) : long.MinValue, Math.Min(choice.Before ?? long.MaxValue, choice.To is { } to ? Us(to.AddDays(1)) : long.MaxValue), count), reader, visit.Filter, stop);

    /// <summary>Who an agent of the log is.</summary>
    public async Task<Staff> Who(string? agent, CancellationToken stop) => agent?.Split('/') switch
    {
        null => new("", Words.Of("Somebody who was not signed in"), null, null, null),
        ["Practitioner", _] => await staff.Of(agent, stop),
        ["Patient", _] => new(agent, await staff.NameOf(agent, stop) ?? agent, null, null, null),
        // Commands on the machine of the node log under this name.
        ["client", "operator"] => new(agent, Words.Of("The operator of this system"), null, null, null),
        [_, var program] => new(agent, Words.Of("The program {0}", program), null, null, null),
        _ => new(agent, agent, null, null, null),
    };

    async Task<List<CaseLine>> Cases(string patient, CancellationToken stop)
    {
        var lines = new List<CaseLine>();
        foreach (var one in await cases.Of($"Patient/{patient}", stop))
            lines.Add(new((await Who(one.Agent, stop)).Name, FhirDate.Read(one.Day)?.Day, one.Text, one.Status, one.Answer, FhirDate.Read(one.OpenedOn)?.Day ?? ""));
        return lines;
    }

    async Task<List<(string, string)>> Agents(long compartment, Principal reader, Visit visit, CancellationToken stop)
    {
        var recent = await audit.Read(new(compartment, Count: MostListed), reader, visit.Filter, stop);
        var agents = new List<(string Value, string Words)>();
        foreach (var agent in recent.Select(one => one.Access.Agent).OfType<string>().Distinct()) agents.Add((agent, (await Who(agent, stop)).Name));
        return [.. agents.OrderBy(agent => agent.Words, StringComparer.Create(Language.Reader, ignoreCase: true))];
    }

    /// <summary>Why somebody could look: the visit or appointment nearest to the day, custody, a choice of the patient's, or a program's contract.</summary>
    async Task<string?> Why(string? agent, string patient, DateTime day, ILookup<string, (FhirDate? Date, string Title)> facts, CancellationToken stop)
    {
        if (agent is null) return null;
        if (agent == $"Patient/{patient}") return Words.Of("why own");
        if (agent.StartsWith("Patient/", StringComparison.Ordinal)) return Words.Of(await WhyFamily(agent, $"Patient/{patient}", stop));
        if (!agent.StartsWith("Practitioner/", StringComparison.Ordinal)) return Words.Of("why program");
        var nearest = facts[agent].Where(fact => fact.Date is not null).OrderBy(fact => Math.Abs((fact.Date!.Value.Local.Date - day).Days)).FirstOrDefault();
        return nearest.Date is { } date ? Words.Of("why care", nearest.Title, date.Day) : facts.Contains(agent) ? Words.Of("why care undated") : Words.Of("why unknown");
    }

    // What holds today comes first, then what the choices of both tell of the past.
    async Task<string> WhyFamily(string agent, string patient, CancellationToken stop)
    {
        if ((await family.Of(agent, stop)).Any(member => member.Patient == patient && member.Kind == FamilyKind.Guardian)) return "why guardian";
        if ((await sharing.Of(patient, stop)).Any(choice => choice.Kind == SharingKind.LetIn && choice.Actor == agent)) return "why let in";
        return (await sharing.Of(agent, stop)).Any(choice => choice.Kind == SharingKind.LetIn && choice.Actor == patient) ? "why letting in" : "why family unknown";
    }

    /// <summary>When a fact was or will be, and what it is.</summary>
    public static (FhirDate? Date, string Title) Fact(CareFact fact)
    {
        using var json = System.Text.Json.JsonDocument.Parse(fact.Body);
        var entry = RecordEntry.Read(fact.Type, fact.Id, json.RootElement);
        return (entry.Date, entry.Title);
    }

    static long Us(DateOnly day) => new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue)).Us();
}
