using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Tervik.Storage;
using Tervik.Trust.Relations;

namespace Tervik.Trust.Snooping;

/// <summary>How an alert stands.</summary>
public enum AlertState
{
    /// <summary>Nobody has answered it.</summary>
    Open,
    /// <summary>There was a good reason.</summary>
    Explained,
    /// <summary>There was none.</summary>
    Confirmed,
}

/// <summary>An alert.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Rule">Which rule raised it.</param>
/// <param name="Agent">Whose accesses it is about.</param>
/// <param name="Patient">To whose record, <c>Patient/id</c>; null when it is about many.</param>
/// <param name="AtUs">The event that led to it.</param>
/// <param name="Patients">How many patients it is about.</param>
/// <param name="Reasons">What speaks against it.</param>
/// <param name="RaisedUs">When it was raised.</param>
/// <param name="State">How it stands.</param>
public sealed record Alert(string Id, SnoopingRule Rule, string Agent, string? Patient, long AtUs, int Patients, LookReasons Reasons, long RaisedUs, AlertState State)
{
    /// <summary>The same finding has the same id, so that it is raised once.</summary>
    /// <param name="rule">Which rule.</param>
    /// <param name="agent">Whose accesses.</param>
    /// <param name="what">The patient and day, or the day.</param>
    internal static string IdOf(SnoopingRule rule, string agent, string what) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{rule}|{agent}|{what}")).AsSpan(0, 16));
}

/// <summary>One answer to an alert.</summary>
public sealed record AlertReview(long AtUs, string Reviewer, AlertState State, string Comment);

/// <summary>The alerts, and who answers them: the lead of the unit and the data protection of the institution. Nobody sees those about themselves.</summary>
public sealed class Alerts(Database database, StaffRegister staff, TimeProvider clock)
{
    const string Columns = "a.id, a.rule, a.agent, a.patient, a.at_us, a.patients, a.reasons, a.raised_us, a.state";
    /// <summary>Longest comment.</summary>
    public const int LongestComment = 2000;

    /// <summary>Institutions whose alerts somebody reviews: as their lead those of the unit itself, for data protection those of all its parts too. Empty for everybody else.</summary>
    public async ValueTask<IReadOnlyList<(string Institution, bool IsOwn)>> ReviewedBy(string practitioner, CancellationToken stop)
    {
        var reviewed = new HashSet<(string, bool)>();
        foreach (var role in (await staff.Of(practitioner, stop)).Roles)
        {
            if (role.Organization is not { } institution) continue;
            if (role.Codes.Contains(StaffRegister.UnitLead)) reviewed.Add((institution, true));
            if (!role.Codes.Contains(StaffRegister.DataProtection)) continue;
            reviewed.Add((institution, false));
            reviewed.Add(("", false)); // of somebody whose institution nobody knows
        }
        return [.. reviewed];
    }

    /// <summary>The newest alerts that somebody reviews, newest first.</summary>
    public async Task<List<Alert>> For(string practitioner, AlertState? state, int count, CancellationToken stop)
    {
        var found = new Dictionary<string, Alert>(StringComparer.Ordinal);
        foreach (var (institution, isOwn) in await ReviewedBy(practitioner, stop))
            await database.Read(async session =>
            {
                await using var rows = await session.Query(
                    $"SELECT {Columns} FROM snooping_alert_unit u JOIN snooping_alert a ON a.id = u.id WHERE u.unit = $1 AND u.is_own >= $2 AND a.agent <> $3 AND ($4 = '' OR a.state = $4) ORDER BY u.raised_us DESC LIMIT $5",
                    institution, isOwn ? 1 : 0, practitioner, state?.ToString() ?? "", count);
                while (await rows.Read()) found[rows.Text(0)!] = ReadAlert(rows);
                return 0;
            }, stop);
        return [.. found.Values.OrderByDescending(alert => alert.RaisedUs).Take(count)];
    }

    /// <summary>One alert with its answers, oldest first; null when there is none that this professional reviews.</summary>
    public async Task<(Alert Alert, IReadOnlyList<AlertReview> Reviews)?> Find(string id, string practitioner, CancellationToken stop)
    {
        var reviewed = await ReviewedBy(practitioner, stop);
        return await database.Read(async session =>
        {
            Alert? alert = null;
            await using (var rows = await session.Query($"SELECT {Columns} FROM snooping_alert a WHERE a.id = $1", id))
                if (await rows.Read()) alert = ReadAlert(rows);
            if (alert is null || alert.Agent == practitioner) return null;
            var isTheirs = false;
            await using (var rows = await session.Query("SELECT unit, is_own FROM snooping_alert_unit WHERE raised_us = $1 AND id = $2", alert.RaisedUs, id))
                while (await rows.Read()) isTheirs |= reviewed.Contains((rows.Text(0)!, false)) || rows.Int64(1) == 1 && reviewed.Contains((rows.Text(0)!, true));
            if (!isTheirs) return null;
            var reviews = new List<AlertReview>();
            await using (var rows = await session.Query("SELECT at_us, reviewer, state, comment FROM snooping_review WHERE id = $1 ORDER BY at_us", id))
                while (await rows.Read()) reviews.Add(new(rows.Int64(0), rows.Text(1)!, Enum.Parse<AlertState>(rows.Text(2)!), rows.Text(3)!));
            return ((Alert, IReadOnlyList<AlertReview>)?)(alert, reviews);
        }, stop);
    }

    /// <summary>All alerts, newest first: for the operator.</summary>
    public ValueTask<List<Alert>> All(AlertState? state, int count, CancellationToken stop) => database.Read(async session =>
    {
        var alerts = new List<Alert>();
        await using var rows = await session.Query($"SELECT {Columns} FROM snooping_alert a WHERE ($1 = '' OR a.state = $1) ORDER BY a.raised_us DESC, a.id LIMIT $2", state?.ToString() ?? "", count);
        while (await rows.Read()) alerts.Add(ReadAlert(rows));
        return alerts;
    }, stop);

    /// <summary>Answers an alert; what was answered before stays in its history.</summary>
    public async Task Review(Alert alert, string reviewer, AlertState state, string comment, CancellationToken stop) => await database.Write(async session =>
    {
        // Two answers in one microsecond are still two.
        await session.Execute("INSERT INTO snooping_review (id, at_us, reviewer, state, comment) SELECT $1, CASE WHEN max(at_us) >= $2 THEN max(at_us) + 1 ELSE $2 END, $3, $4, $5 FROM snooping_review WHERE id = $1",
            alert.Id, clock.NowUs(), reviewer, state.ToString(), comment);
        return await session.Execute("UPDATE snooping_alert SET state = $1 WHERE id = $2", state.ToString(), alert.Id);
    }, stop);

    /// <summary>Raises alerts outside of a transaction of the caller's.</summary>
    internal async Task Raise(Alert alert, CancellationToken stop)
    {
        var units = await UnitsOf(alert.Agent, stop);
        await database.Write(async session =>
        {
            await Raise(session, alert, units);
            return 0;
        }, stop);
    }

    /// <summary>Institutions of somebody: their own, and those these are part of.</summary>
    internal async Task<IReadOnlyDictionary<string, bool>> UnitsOf(string agent, CancellationToken stop)
    {
        var units = new Dictionary<string, bool>(StringComparer.Ordinal);
        if (agent.StartsWith("Practitioner/", StringComparison.Ordinal) && await staff.Of(agent, stop) is var member)
            foreach (var institution in member.Units) units[institution] = member.Roles.Any(role => role.Organization == institution);
        if (units.Count == 0) units[""] = false;
        return units;
    }

    /// <summary>Stores an alert; one that is there already only learns of how many patients it is by now.</summary>
    internal static async ValueTask Raise(Session session, Alert alert, IReadOnlyDictionary<string, bool> units)
    {
        var isNew = await session.Execute("""
            INSERT INTO snooping_alert (id, rule, agent, patient, at_us, patients, reasons, raised_us, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING
            """, alert.Id, alert.Rule.ToString(), alert.Agent, alert.Patient, alert.AtUs, alert.Patients, (long)alert.Reasons, alert.RaisedUs, alert.State.ToString()) > 0;
        if (!isNew) await session.Execute("UPDATE snooping_alert SET patients = $1 WHERE id = $2 AND patients < $1", alert.Patients, alert.Id);
        else
            foreach (var (unit, isOwn) in units)
                await session.Execute("INSERT INTO snooping_alert_unit (unit, raised_us, id, is_own) VALUES ($1, $2, $3, $4)", unit, alert.RaisedUs, alert.Id, isOwn ? 1 : 0);
    }

    static Alert ReadAlert(Rows rows) => new(rows.Text(0)!, Enum.Parse<SnoopingRule>(rows.Text(1)!), rows.Text(2)!, rows.Text(3), rows.Int64(4), (int)rows.Int64(5), (LookReasons)rows.Int64(6), rows.Int64(7), Enum.Parse<AlertState>(rows.Text(8)!));

    internal static string DayOf(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
