using Tervik.Portal.Access;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Trust;
using Tervik.Trust.AuditLog;
using Tervik.Trust.Snooping;

namespace Tervik.Portal.Alerts;

/// <summary>An alert in words.</summary>
/// <param name="Alert">As it is kept.</param>
/// <param name="Who">Whose accesses.</param>
/// <param name="At">When.</param>
public sealed record AlertLine(Alert Alert, Staff Who, DateTime At)
{
    public string Title => Words.Of($"alert {Alert.Rule}", Alert.Patients);
}

/// <summary>The alerts of one state.</summary>
public sealed record AlertsModel(IReadOnlyList<AlertLine> Lines, AlertState State);

/// <summary>One alert, with all that helps to answer it.</summary>
/// <param name="Line">The alert.</param>
/// <param name="Patient">Name of the patient, or null when it is about many.</param>
/// <param name="Reasons">What speaks against it.</param>
/// <param name="What">What they did there on that day.</param>
/// <param name="Reviews">What was answered so far, oldest first.</param>
public sealed record AlertModel(AlertLine Line, string? Patient, IReadOnlyList<string> Reasons, IReadOnlyList<(string Words, int Times)> What, IReadOnlyList<(DateTime At, string Who, AlertState State, string Comment)> Reviews);

/// <summary>Reads alerts for their pages.</summary>
sealed class AlertsQuery(Trust.Snooping.Alerts alerts, StaffQuery staff, AccessLog log, RecordQuery record)
{
    const int MostListed = 200, MostAccesses = 500;

    public async Task<AlertsModel> Load(string reviewer, AlertState state, CancellationToken stop)
    {
        var lines = new List<AlertLine>();
        foreach (var alert in await alerts.For(reviewer, state, MostListed, stop)) lines.Add(await Line(alert, stop));
        return new(lines, state);
    }

    /// <summary>One alert; null when there is none that this reviewer answers.</summary>
    public async Task<AlertModel?> Find(string id, string reviewer, CancellationToken stop)
    {
        if (await alerts.Find(id, reviewer, stop) is not var (alert, reviews)) return null;
        var answers = new List<(DateTime, string, AlertState, string)>();
        foreach (var review in reviews) answers.Add((Clock.Time(review.AtUs).LocalDateTime, (await staff.Of(review.Reviewer, stop)).Name, review.State, review.Comment));
        return new(await Line(alert, stop), alert.Patient is { } patient ? await staff.NameOf(patient, stop) ?? patient : null,
            [.. Enum.GetValues<LookReasons>().Where(reason => reason != LookReasons.None && alert.Reasons.HasFlag(reason)).Select(reason => Words.Of($"reason {reason}"))],
            alert.Patient is { } whose ? await What(alert, whose, stop) : [], answers);
    }

    async Task<AlertLine> Line(Alert alert, CancellationToken stop) => new(alert, alert.Agent.StartsWith("Practitioner/", StringComparison.Ordinal) ? await staff.Of(alert.Agent, stop) : new(alert.Agent, alert.Agent, null, null, null), Clock.Time(alert.AtUs).LocalDateTime);

    async Task<IReadOnlyList<(string, int)>> What(Alert alert, string patient, CancellationToken stop)
    {
        var day = new DateTimeOffset(Clock.Time(alert.AtUs).LocalDateTime.Date);
        var accesses = await log.Read(new(record.Compartment(patient["Patient/".Length..]), alert.Agent, day.Us(), day.AddDays(1).Us(), MostAccesses), stop);
        return AccessWords.Summary(accesses);
    }
}
