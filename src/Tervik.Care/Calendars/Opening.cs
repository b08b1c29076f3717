using NodaTime;
using Tervik.Records;

namespace Tervik.Care.Calendars;

/// <summary>When a calendar can be booked: hours on the wall of one place, once or again and again.</summary>
/// <remarks>Cannot be changed and is safe for several threads. What it gives is reckoned on the wall clock (RFC 5545, section 3.8.5.3), so eight o'clock stays eight o'clock when the clocks change; see <see cref="ZonedSpan.OnWall"/> for the days on which they do.
/// With a rule, the start is an opening only if the rule says so too.</remarks>
public sealed class Opening
{
    /// <summary>The longest window: a week.</summary>
    public const int MostMinutes = 7 * 24 * 60;
    /// <summary>Openings in a day: one every five minutes, the grain of calendars.</summary>
    public const int MostOfDay = 288;
    /// <summary>Occurrences that a rule with COUNT may have, windows of one answer, and exceptions and additions.</summary>
    public const int Most = 10_000;

    readonly DateTimeZone zone;
    readonly Recurrence? rule;
    readonly LocalDateTime[] additions;
    readonly HashSet<LocalDateTime> exceptions;
    /// <summary>A rule with COUNT has to be walked from its start; that is done once.</summary>
    readonly Lazy<LocalDateTime[]>? counted;

    /// <param name="zoneId">IANA name.</param>
    /// <param name="start">Of the first, on the wall; whole minutes.</param>
    /// <param name="lengthMinutes">On the wall: eight o'clock to noon is 240 minutes on every day.</param>
    /// <param name="rrule">RFC 5545 recurrence rule, without the name of the property; null: once.</param>
    /// <param name="exceptions">EXDATE: starts, on the wall, that are left out.</param>
    /// <param name="additions">RDATE: starts, on the wall, beside the rule.</param>
    /// <exception cref="FaultException">Something of it is wrong; says what, where, and what was expected.</exception>
    public Opening(string zoneId, LocalDateTime start, int lengthMinutes, string? rrule = null, IEnumerable<LocalDateTime>? exceptions = null, IEnumerable<LocalDateTime>? additions = null)
    {
        (zone, Start, LengthMinutes) = (Zones.Current.Get(zoneId), start, lengthMinutes);
        (this.exceptions, this.additions) = ([.. exceptions ?? []], [.. (additions ?? []).Distinct().Order()]);
        if (lengthMinutes is < 1 or > MostMinutes) throw Refusal.Of("length", $"{lengthMinutes} minutes; expected 1 to {MostMinutes}.");
        foreach (var one in this.additions.Prepend(start))
        {
            if (one.Year is < 1900 or > 2200) throw Refusal.Of("start", $"The year is {one.Year}; expected 1900 to 2200.");
            if (one.Second != 0 || one.NanosecondOfSecond != 0) throw Refusal.Of("start", "It has seconds; expected whole minutes.");
        }
        if (this.exceptions.Count > Most || this.additions.Length > Most) throw Refusal.Of("exceptions", $"More than {Most} exceptions or additions.", "too-costly");
        if (rrule is null) return;
        rule = Recurrence.Parse(rrule);
        if (rule.IsFinerThanMinutes) throw Refusal.Of("rrule", "It counts in seconds; expected FREQ=MINUTELY or longer, and no BYSECOND.");
        if (rule.MostOfDay > MostOfDay) throw Refusal.Of("rrule", $"It may give {rule.MostOfDay} openings in a day; expected {MostOfDay} at most.", "too-costly");
        if (rule.Count > Most) throw Refusal.Of("rrule", $"COUNT={rule.Count}; expected {Most} at most.", "too-costly");
        if (rule.Count is not null) counted = new(() => [.. rule.Starts(Start, zone: zone)]);
    }

    /// <summary>IANA name.</summary>
    public string Zone => zone.Id;
    /// <summary>Of the first, on the wall.</summary>
    public LocalDateTime Start { get; }
    /// <summary>On the wall.</summary>
    public int LengthMinutes { get; }
    /// <summary>RFC 5545; null when it is once.</summary>
    public string? Rule => rule?.Text;
    /// <summary>Starts that are left out.</summary>
    public IReadOnlySet<LocalDateTime> Exceptions => exceptions;
    /// <summary>Starts beside the rule.</summary>
    public IReadOnlyList<LocalDateTime> Additions => additions;

    /// <summary>The windows that overlap a span, whole and in order. They do not overlap each other: hours that do are joined.</summary>
    /// <param name="fromUtc">From when.</param>
    /// <param name="toUtc">Until when.</param>
    /// <exception cref="FaultException">There are more than <see cref="Most"/>, or none was found for too long.</exception>
    public IReadOnlyList<ZonedSpan> Windows(Instant fromUtc, Instant toUtc)
    {
        var windows = new List<ZonedSpan>();
        if (toUtc <= fromUtc) return windows;
        // A day more on either side: the clock may be put back, or a day left out (Samoa, 2011).
        var (from, to) = (fromUtc.InZone(zone).LocalDateTime.PlusMinutes(-LengthMinutes).PlusDays(-1), toUtc.InZone(zone).LocalDateTime.PlusDays(1));
        var spans = new List<ZonedSpan>();
        foreach (var start in Starts(from, to))
            foreach (var span in ZonedSpan.OnWall(zone, start, start.PlusMinutes(LengthMinutes)))
                if (span.StartUtc < toUtc && span.EndUtc > fromUtc) spans.Add(span);
        spans.Sort((one, other) => one.StartUtc.CompareTo(other.StartUtc));
        foreach (var span in spans)
        {
            if (windows.Count > 0 && windows[^1] is var last && span.StartUtc < last.EndUtc)
            {
                if (span.EndUtc > last.EndUtc) windows[^1] = ZonedSpan.Of(zone, last.StartUtc, span.EndUtc);
            }
            else windows.Add(span);
        }
        return windows;
    }

    /// <summary>The starts on the wall in <c>[from, to)</c>, in order.</summary>
    SortedSet<LocalDateTime> Starts(LocalDateTime from, LocalDateTime to)
    {
        var starts = new SortedSet<LocalDateTime>();
        void Add(IEnumerable<LocalDateTime> more)
        {
            foreach (var one in more)
            {
                if (one >= to) break;
                if (one >= from && !exceptions.Contains(one) && starts.Add(one) && starts.Count > Most)
                    throw Refusal.Of("rrule", $"It gives more than {Most} openings in the time that was asked for; ask for less at once.", "too-costly", FaultKind.TooCostly);
            }
        }
        Add(counted is not null ? counted.Value : rule is not null ? rule.Starts(Start, from, to, zone) : [Start]);
        Add(additions);
        return starts;
    }
}
