using System.Collections.Concurrent;
using Tervik.Trust.AuditLog;
using Tervik.Trust.Identity;
using Tervik.Trust.Relations;
using Tervik.Trust.Snooping;

namespace Tervik.Trust.Limits;

/// <summary>How many different patients an account was given something of within an hour. Those it knows already cost nothing, so that work at hand goes on.</summary>
/// <remarks>It is counted in memory, on the way of every access; what an account saw before the program began is read from the log at its first access.</remarks>
public sealed class PatientLimit(LimitSettings settings, StaffRegister staff, AccessLog log, Alerts alerts, TimeProvider clock)
{
    const long HourUs = 3_600_000_000;
    /// <summary>Above this those that were idle for an hour are dropped.</summary>
    const int MostAccounts = 10_000;
    const int Page = 1000;

    /// <summary>What one account saw.</summary>
    sealed class Seen(int limit, long untilUs)
    {
        readonly Dictionary<long, long> lastUs = [];
        long alertedUs = long.MinValue;

        /// <summary>When the role is asked for again.</summary>
        public long UntilUs => untilUs;
        public int Limit => limit;
        public long NewestUs { get; private set; }

        /// <summary>Notes patients, or none of them when there are too many.</summary>
        /// <returns>When there is room again; null when they are noted.</returns>
        public long? Take(IReadOnlyList<long> patients, long nowUs, bool mayRefuse)
        {
            lock (lastUs)
            {
                NewestUs = nowUs;
                if (mayRefuse && FullUntil(patients, nowUs) is { } untilUs) return untilUs;
                foreach (var patient in patients) lastUs[patient] = nowUs;
                return null;
            }
        }

        /// <summary>When there will be room for all of these; null when there is.</summary>
        public long? FullUntil(IReadOnlyList<long> patients, long nowUs)
        {
            lock (lastUs)
            {
                if (lastUs.Count + patients.Count <= limit || Strangers(patients) is var strangers && lastUs.Count + strangers <= limit) return null;
                foreach (var (patient, atUs) in lastUs)
                    if (atUs <= nowUs - HourUs) lastUs.Remove(patient);
                strangers = Strangers(patients);
                var excess = lastUs.Count + strangers - limit;
                return strangers == 0 || excess <= 0 ? null : excess > lastUs.Count ? nowUs + HourUs : lastUs.Values.Order().ElementAt(excess - 1) + HourUs;
            }
        }

        int Strangers(IReadOnlyList<long> patients)
        {
            var strangers = 0;
            foreach (var patient in patients)
                if (!lastUs.ContainsKey(patient)) strangers++;
            return strangers;
        }

        public void Remember(long patient, long atUs)
        {
            lock (lastUs)
                if (lastUs.GetValueOrDefault(patient) < atUs) lastUs[patient] = atUs;
        }

        /// <summary>Whether an alert is due: one an hour is enough.</summary>
        public bool MayAlert(long nowUs)
        {
            lock (lastUs)
            {
                if (nowUs - HourUs < alertedUs) return false;
                alertedUs = nowUs;
                return true;
            }
        }

        /// <summary>With another limit, the same memory.</summary>
        public Seen With(int other, long nextUs)
        {
            var seen = new Seen(other, nextUs) { alertedUs = alertedUs, NewestUs = NewestUs };
            lock (lastUs)
                foreach (var (patient, atUs) in lastUs) seen.lastUs[patient] = atUs;
            return seen;
        }
    }

    readonly ConcurrentDictionary<string, Seen> accounts = new(StringComparer.Ordinal);

    /// <summary>Notes of whom an account is given something.</summary>
    /// <param name="principal">The account.</param>
    /// <param name="patients">Compartment keys.</param>
    /// <param name="mayRefuse">Whether it can still be kept from it: not when something was written already.</param>
    /// <param name="stop">Stops waiting.</param>
    /// <returns>After which time there is room again, when it was refused and nothing was noted; null when all is well.</returns>
    public async ValueTask<TimeSpan?> Take(Principal principal, IReadOnlyList<long> patients, bool mayRefuse, CancellationToken stop)
    {
        if (patients.Count == 0 || principal.Agent is not { } agent || principal.Kind is not (PrincipalKind.Professional or PrincipalKind.System)) return null;
        var nowUs = clock.NowUs();
        var seen = accounts.TryGetValue(agent, out var known) && known.UntilUs > nowUs ? known : await Begin(principal, agent, nowUs, known, stop);
        if (seen.Take(patients, nowUs, mayRefuse) is not { } untilUs) return null;
        if (seen.MayAlert(nowUs))
            await alerts.Raise(new(Alert.IdOf(SnoopingRule.Limit, agent, $"{nowUs / HourUs}"), SnoopingRule.Limit, agent, null, nowUs, seen.Limit, LookReasons.None, nowUs, AlertState.Open), stop);
        return TimeSpan.FromMicroseconds(untilUs - nowUs);
    }

    /// <summary>When an account may write into these compartments again; null when it may now. Asked before, because afterwards it is too late.</summary>
    public TimeSpan? FullFor(Principal principal, ReadOnlySpan<long> patients)
    {
        var nowUs = clock.NowUs();
        return principal.Agent is { } agent && accounts.TryGetValue(agent, out var seen) && seen.FullUntil(patients.ToArray(), nowUs) is { } untilUs ? TimeSpan.FromMicroseconds(untilUs - nowUs) : null;
    }

    async Task<Seen> Begin(Principal principal, string agent, long nowUs, Seen? known, CancellationToken stop)
    {
        var limit = principal.Kind == PrincipalKind.System ? settings.PatientsPerHourOfProgram
            : (await staff.Of(agent, stop)).Codes.Contains(StaffRegister.Emergency) ? settings.PatientsPerHourInEmergency : settings.PatientsPerHour;
        var seen = known?.With(limit, nowUs + HourUs) ?? new(limit, nowUs + HourUs);
        if (known is null)
            for (var before = long.MaxValue; ;)
            {
                var page = await log.Read(new(Agent: agent, From: nowUs - HourUs, Before: before, Count: Page), stop);
                foreach (var access in page.Where(access => access.Status < 400))
                    foreach (var patient in access.Compartments) seen.Remember(patient, access.Event);
                if (page.Count < Page) break;
                before = page[^1].Event;
            }
        if (accounts.Count >= MostAccounts)
            foreach (var (other, idle) in accounts)
                if (idle.NewestUs <= nowUs - HourUs) accounts.TryRemove(other, out _);
        return accounts[agent] = seen;
    }
}
