using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;

namespace Tervik.Portal.CareTeam;

/// <summary>Somebody who is responsible.</summary>
/// <param name="Name">Who.</param>
/// <param name="Roles">As what, each once.</param>
/// <param name="Contacts">Telephone, e-mail.</param>
/// <param name="Since">Since when, in words, or null.</param>
public sealed record Member(string Name, IReadOnlyList<string> Roles, IReadOnlyList<string> Contacts, string? Since);

/// <summary>A care plan with what is to be done.</summary>
/// <param name="Line">Title, when, state.</param>
/// <param name="Activities">Each with its state.</param>
public sealed record Plan(SectionLine Line, IReadOnlyList<SectionLine> Activities);

/// <summary>The page of care team and plans.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Members">The one in charge first: the patient's own doctor, then the teams.</param>
/// <param name="Plans">Plans that count now.</param>
/// <param name="Goals">Goals that count now.</param>
/// <param name="Past">Plans that have ended, page by page.</param>
public sealed record CareTeamModel(PatientHeader Patient, IReadOnlyList<Member> Members, IReadOnlyList<Plan> Plans, IReadOnlyList<SectionLine> Goals, SectionModel Past);

/// <summary>Reads who is responsible for a patient, and what is planned.</summary>
static class CareTeamQuery
{
    const int Most = 100;
    const string Ended = "revoked,completed,entered-in-error";

    public static async Task<CareTeamModel> Load(Section section)
    {
        var past = section.Model(await section.Group("past", Words.Of("Plans that have ended"), "CarePlan", shown => PlanLine(shown), ("status", "revoked,completed"), ("_sort", "-date")));
        if (!past.IsFirst) return new(section.Patient, [], [], [], past);
        var teams = await section.All("CareTeam", Most);
        var plans = await section.All("CarePlan", Most, ("status:not", Ended), ("_sort", "-date"));
        var goals = await section.All("Goal", Most, ("lifecycle-status:not", "completed,cancelled,entered-in-error,rejected"));
        await section.Mentions.Add([section.Stored, .. teams, .. plans, .. goals]);
        List<Member> members = [.. section.Take(section.Stored, Own), .. teams.SelectMany(team => section.Take(team, shown => Members(shown).ToList()))];
        return new(section.Patient, Joined(members), [.. plans.Select(plan => section.Take(plan, shown => new Plan(PlanLine(shown), [.. Activities(shown)])))],
            section.Lines(goals, GoalLine), past);
    }

    static List<Member> Own(Shown patient) =>
    [
        .. patient.Json.ItemsAt("generalPractitioner").Select(reference => Of(patient, reference, Words.Of("fact General practitioner"), null)).OfType<Member>(),
        .. patient.Json.ItemsAt("managingOrganization").Select(reference => Of(patient, reference, Words.Of("Keeps the record"), null)).OfType<Member>(),
    ];

    /// <summary>Members of a team that works now; the patient and who has left are none.</summary>
    static IEnumerable<Member> Members(Shown team)
    {
        if (team.Json.TextAt("status") is "inactive" or "entered-in-error") yield break;
        foreach (var participant in team.Json.ItemsAt("participant"))
        {
            if (participant.At("member").TextAt("reference")?.StartsWith("Patient/", StringComparison.Ordinal) == true || participant.At("period").TextAt("end") is not null) continue;
            if (Of(team, participant.At("member"), Codes.First(participant, "role"), FhirDate.Read(participant.At("period").TextAt("start"))) is { } member) yield return member;
        }
        foreach (var organization in team.Json.ItemsAt("managingOrganization"))
            if (Of(team, organization, Words.Of("In charge of the team"), null) is { } member) yield return member;
    }

    static Member? Of(Shown shown, JsonElement reference, string? role, FhirDate? since) => shown.Mentions.NameOf(reference, shown.Json) is { } name
        ? new(name, role is null ? [] : [role], shown.Mentions.Of(reference)?.Contacts ?? [], since is { } day ? Words.Of("since {0}", day.Day) : null) : null;

    /// <summary>Each person once, with all roles.</summary>
    public static List<Member> Joined(IEnumerable<Member> members) =>
        [.. members.GroupBy(member => member.Name).Select(group => new Member(group.Key, [.. group.SelectMany(member => member.Roles).Distinct()], [.. group.SelectMany(member => member.Contacts).Distinct()], group.Select(member => member.Since).OfType<string>().FirstOrDefault()))];

    static SectionLine PlanLine(Shown shown)
    {
        var json = shown.Json;
        return shown.Line(FhirDate.Of(json, "period", "created"), Values.Period(json.At("period")) ?? FhirDate.Of(json, "created")?.Day,
            [json.TextAt("status") is { } status && status != "active" ? new(States.Of(status)!) : null, json.TextAt("intent") == "proposal" ? new(States.Of("proposed")!, "info") : null],
            [
                json.TextAt("description") is { } description && description != shown.Title ? new(null, description) : null,
                shown.FirstReference(Words.Of("fact Written by"), "author", "contributor"),
                .. json.ItemsAt("addresses").Select(condition => shown.Reference(Words.Of("fact For"), condition)),
                .. json.ItemsAt("goal").Select(goal => shown.Reference(Words.Of("fact Goal"), goal)),
                .. shown.Notes(),
            ], json.TextAt("title"));
    }

    /// <summary>What a plan says is to be done, with how it stands.</summary>
    static IEnumerable<SectionLine> Activities(Shown shown)
    {
        foreach (var activity in shown.Json.ItemsAt("activity"))
        {
            var detail = activity.At("detail");
            var title = Codes.Write(detail.At("code")) ?? detail.TextAt("description") ?? shown.Mentions.NameOf(activity.At("reference"), shown.Json) ?? Words.Of("Activity without a name");
            var status = detail.TextAt("status");
            yield return new(title, shown.Mentions.HrefOf(activity.At("reference")), null, Values.Period(detail.At("scheduledPeriod")) ?? detail.TextAt("scheduledString"),
                status is null or "in-progress" or "unknown" ? [] : [new(States.Of(status)!, status is "completed" ? "success" : "neutral")],
                [
                    .. Details(shown, detail, title).OfType<Fact>(),
                    .. activity.ItemsAt("progress").Select(note => note.TextAt("text")).OfType<string>().Select(text => new Fact(Words.Of("fact Progress"), text)),
                ]);
        }
    }

    static Fact?[] Details(Shown shown, JsonElement detail, string title) =>
    [
        detail.TextAt("description") is { } description && description != title ? new(null, description) : null,
        detail.ItemsAt("performer").Select(performer => shown.Reference(Words.Of("fact Done by"), performer)).OfType<Fact>().FirstOrDefault(),
        shown.Reference(Words.Of("fact Place"), detail.At("location")),
    ];

    /// <summary>A goal in a line: what, until when, how far.</summary>
    static SectionLine GoalLine(Shown shown)
    {
        var json = shown.Json;
        var target = json.FirstAt("target");
        var due = FhirDate.Read(target.TextAt("dueDate"));
        var start = FhirDate.Of(json, "startDate");
        return shown.Line(due ?? start, due is { } day ? Words.Of("until {0}", day.Day) : start is { } began ? Words.Of("since {0}", began.Day) : null,
            [Codes.Code(json.At("achievementStatus")) is not null ? new(States.Of(json.At("achievementStatus"))!, Codes.Has(json.At("achievementStatus"), "achieved", "sustaining", "improving") ? "success" : "info") : json.TextAt("lifecycleStatus") is { } status && status != "active" ? new(States.Of(status)!) : null],
            [
                .. json.ItemsAt("target").Select(one => Values.Write(one, "detail") is { } value ? new Fact(Codes.Write(one.At("measure")) ?? Words.Of("fact Target"), value) : null),
                .. json.ItemsAt("addresses").Select(condition => shown.Reference(Words.Of("fact For"), condition)),
                shown.Reference(Words.Of("fact Set by"), json.At("expressedBy")),
                .. shown.Notes(),
            ], Codes.Write(json.At("description")) ?? json.TextAt("description"));
    }
}
