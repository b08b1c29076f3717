using System.Globalization;
using Tervik.Storage;
using Tervik.Trust.AuditLog;

namespace Tervik.Trust.Snooping;

/// <summary>Judges the log in its order, in steps: what a step found is stored together with how far it came, so that nothing is judged twice or left out after a crash.</summary>
public sealed class SnoopingReview(Database database, SnoopingFacts facts, Alerts alerts, TimeProvider clock)
{
    const int LargestStep = 1000, MostFollowedUp = 200;
    const long AwaitsRelation = 1, OffDuty = 2;

    SnoopingWatch watch = new(clock.LocalTimeZone);
    bool hasMemory;

    readonly record struct Finding(Alert Alert, IReadOnlyDictionary<string, bool> Units);

    /// <summary>Judges the next accesses.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> Step(CancellationToken stop)
    {
        var (cursor, newest) = await Cursor(stop);
        if (newest <= cursor) return false;
        if (!hasMemory) await Remember(cursor, stop);
        var events = await Next(cursor, newest, stop);
        var reached = events.Count == LargestStep ? events[^1].Event : newest;
        // Until the step is stored, a fault makes the next one begin with what the log says.
        hasMemory = false;
        var (found, hints, offDuty) = (new List<Finding>(), new List<(long Kind, Look Look)>(), new Dictionary<string, IReadOnlyDictionary<string, bool>>(StringComparer.Ordinal));
        foreach (var access in events)
            if (watch.Next(access) is { } look)
            {
                await Judge(look, found, hints, stop);
                if (hints is [.., (OffDuty, var last)] && last == look) offDuty[look.Agent] = await alerts.UnitsOf(look.Agent, stop);
            }
        await database.Write(async session =>
        {
            foreach (var (kind, look) in hints) await session.Execute("INSERT INTO snooping_hint (kind, agent, comp, at_us) VALUES ($1, $2, $3, $4) ON CONFLICT (kind, at_us, agent, comp) DO NOTHING", kind, look.Agent, look.Patient, look.AtUs);
            foreach (var (agent, units) in offDuty)
                if (await Pattern(session, agent) is { } pattern) await Alerts.Raise(session, pattern, units);
            foreach (var finding in found) await Alerts.Raise(session, finding.Alert, finding.Units);
            await session.Execute("DELETE FROM snooping_hint WHERE kind = $1 AND at_us < $2", OffDuty, reached - SnoopingRules.PatternUs);
            return await session.Execute("UPDATE snooping_cursor SET event = $1", reached);
        }, stop);
        hasMemory = true;
        return events.Count == LargestStep;
    }

    async Task Judge(Look look, List<Finding> found, List<(long, Look)> hints, CancellationToken stop)
    {
        var (patient, known) = await facts.Of(look, stop);
        var verdict = watch.Judge(look, known);
        var day = Alerts.DayOf(watch.DateOf(look.AtUs));
        // Emergencies are reviewed each by itself; only a spree of them is found here.
        if (verdict.IsCuriosity && !look.IsBreakGlass) found.Add(await Found(SnoopingRule.Curiosity, look.Agent, $"{patient}|{day}", patient, look.AtUs, 1, verdict.Reasons, stop));
        if (verdict.Spree > 0) found.Add(await Found(SnoopingRule.Spree, look.Agent, day, null, look.AtUs, verdict.Spree, verdict.Reasons, stop));
        if (verdict.AwaitsRelation) hints.Add((AwaitsRelation, look));
        if (verdict.IsOffDuty) hints.Add((OffDuty, look));
    }

    async Task<Finding> Found(SnoopingRule rule, string agent, string what, string? patient, long atUs, int patients, LookReasons reasons, CancellationToken stop) =>
        new(Raised(rule, agent, what, patient, atUs, patients, reasons), await alerts.UnitsOf(agent, stop));

    Alert Raised(SnoopingRule rule, string agent, string what, string? patient, long atUs, int patients, LookReasons reasons) =>
        new(Alert.IdOf(rule, agent, what), rule, agent, patient, atUs, patients, reasons, clock.NowUs(), AlertState.Open);

    async ValueTask<Alert?> Pattern(Session session, string agent)
    {
        var times = new List<long>();
        await using (var rows = await session.Query("SELECT at_us FROM snooping_hint WHERE kind = $1 AND agent = $2 ORDER BY at_us", OffDuty, agent))
            while (await rows.Read()) times.Add(rows.Int64(0));
        if (!SnoopingRules.IsPattern(times)) return null;
        var week = string.Create(CultureInfo.InvariantCulture, $"{times[^1] / SnoopingRules.PatternUs}");
        return Raised(SnoopingRule.OffDuty, agent, week, null, times[^1], times.Count, LookReasons.OffDuty);
    }

    /// <summary>Looks once more at those that had no relation, when one would have been entered by now.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> FollowUp(CancellationToken stop)
    {
        var due = await database.Read(async session =>
        {
            var looks = new List<Look>();
            await using var rows = await session.Query($"SELECT agent, comp, at_us FROM snooping_hint WHERE kind = $1 AND at_us <= $2 ORDER BY at_us LIMIT {MostFollowedUp}", AwaitsRelation, clock.NowUs() - SnoopingRules.FollowUpUs);
            while (await rows.Read()) looks.Add(new(rows.Text(0)!, rows.Int64(1), rows.Int64(2)));
            return looks;
        }, stop);
        var found = new List<Finding>();
        foreach (var look in due)
            if (await facts.Of(look, stop) is (var patient, { Contact: Contact.None } known))
                found.Add(await Found(SnoopingRule.NoRelation, look.Agent, $"{look.Patient}|{Alerts.DayOf(watch.DateOf(look.AtUs))}", patient, look.AtUs, 1, SnoopingRules.Reasons(known), stop));
        if (due.Count > 0)
            await database.Write(async session =>
            {
                foreach (var finding in found) await Alerts.Raise(session, finding.Alert, finding.Units);
                foreach (var look in due) await session.Execute("DELETE FROM snooping_hint WHERE kind = $1 AND at_us = $2 AND agent = $3 AND comp = $4", AwaitsRelation, look.AtUs, look.Agent, look.Patient);
                return 0;
            }, stop);
        return due.Count == MostFollowedUp;
    }

    /// <summary>How far the log was judged, and how far it goes.</summary>
    ValueTask<(long Judged, long Newest)> Cursor(CancellationToken stop) => database.Read(async session =>
    {
        await using var rows = await session.Query("SELECT event, (SELECT COALESCE(max(event), 0) FROM access_event) FROM snooping_cursor");
        return await rows.Read() ? (rows.Int64(0), rows.Int64(1)) : (0, 0);
    }, stop);

    /// <summary>The next accesses of professionals to patients: programs, who ask most, are not judged.</summary>
    ValueTask<List<LoggedAccess>> Next(long after, long until, CancellationToken stop) => database.Read(session =>
        AccessLog.Read(session, $"WHERE e.event > $1 AND e.event <= $2 AND e.agent LIKE 'Practitioner/%' AND e.compartments <> '' ORDER BY e.event LIMIT {LargestStep}", after, until), stop);

    /// <summary>Shows the watch the last hours again, which were judged before.</summary>
    async Task Remember(long cursor, CancellationToken stop)
    {
        watch = new(clock.LocalTimeZone);
        for (var from = cursor - SnoopingWatch.MemoryUs; ;)
        {
            var events = await Next(from, cursor, stop);
            foreach (var access in events)
                if (watch.Next(access) is { } look) watch.Judge(look, (await facts.Of(look, stop)).Facts);
            if (events.Count < LargestStep) break;
            from = events[^1].Event;
        }
        hasMemory = true;
    }
}
