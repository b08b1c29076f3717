using Tervik.Trust.AuditLog;
using Tervik.Trust.Identity;

namespace Tervik.Trust.Snooping;

/// <summary>What a look led to.</summary>
/// <param name="Reasons">What speaks against it.</param>
/// <param name="IsCuriosity">It is an alert of its own.</param>
/// <param name="Spree">Patients without a contact in the spree it belongs to; 0 when it belongs to none.</param>
/// <param name="AwaitsRelation">It had no contact yet: to be looked at again when one would have been entered.</param>
/// <param name="IsOffDuty">It counts for the pattern of looks off duty.</param>
public sealed record LookVerdict(LookReasons Reasons, bool IsCuriosity, int Spree, bool AwaitsRelation, bool IsOffDuty);

/// <summary>Goes through the log in its order and remembers of each professional the looks of the last hours. It knows no database: after a restart it is shown the last hours again.</summary>
/// <param name="zone">In whose days people work.</param>
public sealed class SnoopingWatch(TimeZoneInfo zone)
{
    sealed class Recent
    {
        public readonly Dictionary<long, long> LastUs = [];
        /// <summary>First looks of a day without a contact around it, ascending, those of the last hours.</summary>
        public readonly List<(long AtUs, long Patient)> Unbooked = [];
    }

    readonly Dictionary<string, Recent> recents = new(StringComparer.Ordinal);
    DateOnly day;

    /// <summary>So long the watch remembers, and so much of the log it must be shown again after a restart.</summary>
    public const long MemoryUs = 24 * SnoopingRules.SpreeUs;

    /// <summary>The look that an access is; null when it is none: of no professional, refused, without a patient, or not the first of its kind on that day.</summary>
    public Look? Next(LoggedAccess access)
    {
        if (access.Status >= 400 || access.Agent is not { } agent || Principal.KindOf(agent) != PrincipalKind.Professional || access.Compartments is not [var patient]) return null;
        var today = DateOf(access.Event);
        if (today > day) Forget(access.Event, today);
        if (!recents.TryGetValue(agent, out var recent)) recents[agent] = recent = new();
        var isList = access.Concerned > 1;
        // A list and an opened record are two looks: the second says more.
        var key = isList ? ~patient : patient;
        if (recent.LastUs.TryGetValue(key, out var last) && DateOf(last) == today) return null;
        recent.LastUs[key] = access.Event;
        return new(agent, patient, access.Event, isList, access.Purpose == PurposeOfUse.BreakTheGlass);
    }

    /// <summary>Judges a look with what is known about it.</summary>
    public LookVerdict Judge(Look look, LookFacts facts)
    {
        var reasons = SnoopingRules.Reasons(facts);
        // Whoever was treated once stands in lists; whoever never was does not.
        if (facts.Contact == Contact.Current || look.IsList && facts.Contact == Contact.Old) return new(reasons, IsCuriosity: false, Spree: 0, AwaitsRelation: false, IsOffDuty: false);
        var unbooked = recents[look.Agent].Unbooked;
        unbooked.RemoveAll(one => one.Patient == look.Patient || look.AtUs - one.AtUs > SnoopingRules.LongSpreeUs);
        unbooked.Add((look.AtUs, look.Patient));
        var spree = SnoopingRules.IsSpree(unbooked.ConvertAll(one => one.AtUs)) ? unbooked.Count : 0;
        return new(reasons, !look.IsList && SnoopingRules.IsCuriosity(reasons), spree, AwaitsRelation: facts.Contact == Contact.None, !look.IsList && facts.IsOffDuty);
    }

    /// <summary>The day of a moment, where people work.</summary>
    public DateOnly DateOf(long atUs) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(Clock.Time(atUs), zone).DateTime);

    void Forget(long nowUs, DateOnly today)
    {
        day = today;
        foreach (var (agent, recent) in recents.ToList())
        {
            foreach (var (patient, last) in recent.LastUs.ToList())
                if (nowUs - last > MemoryUs) recent.LastUs.Remove(patient);
            if (recent.LastUs.Count == 0) recents.Remove(agent);
        }
    }
}
