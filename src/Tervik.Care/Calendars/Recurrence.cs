using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Ical.Net;
using Ical.Net.DataTypes;
using Ical.Net.Evaluation;
using NodaTime;
using NodaTime.Text;
using Tervik.Records;

namespace Tervik.Care.Calendars;

/// <summary>A recurrence rule (RFC 5545, section 3.3.10), read strictly and reckoned on the wall clock by Ical.Net. Cannot be changed; rules that were read stay read.</summary>
/// <remarks>Four things are done around the library: what a year gives is put in order; a rule without COUNT is begun shortly before the time that is asked for and not at its start years ago; numbers that are given twice count once; years of INTERVAL are counted
/// by the calendar also where weeks are numbered (BYWEEKNO), as other programs do.</remarks>
public sealed partial class Recurrence
{
    /// <summary>The longest text; a rule with every part in full has about 2,000.</summary>
    public const int MostLetters = 4_000;
    /// <summary>Steps of the rule without a match after which it is given up: eleven years of hours.</summary>
    public const int MostSteps = 100_000;
    /// <summary>Rules that are kept.</summary>
    const int MostKept = 4_096;

    static readonly ConcurrentDictionary<string, Recurrence> Kept = new(StringComparer.Ordinal);
    static readonly Dictionary<string, (int From, int To, bool IsSigned)> Ranges = new(StringComparer.Ordinal)
    {
        ["BYSECOND"] = (0, 60, false), ["BYMINUTE"] = (0, 59, false), ["BYHOUR"] = (0, 23, false), ["BYMONTHDAY"] = (1, 31, true), ["BYYEARDAY"] = (1, 366, true), ["BYWEEKNO"] = (1, 53, true), ["BYMONTH"] = (1, 12, false), ["BYSETPOS"] = (1, 366, true),
    };
    static readonly LocalDateTimePattern Times = LocalDateTimePattern.CreateWithInvariantCulture("uuuuMMdd'T'HHmmss");
    static readonly LocalDatePattern Dates = LocalDatePattern.CreateWithInvariantCulture("uuuuMMdd");

    readonly Dictionary<string, string> parts;
    readonly RecurrenceRule rule;
    readonly LocalDateTime? until;
    readonly bool isUntilUtc;

    Recurrence(string text, string where)
    {
        Text = text;
        parts = Split(text, where);
        if (!parts.TryGetValue("FREQ", out var frequency) || !Enum.TryParse<FrequencyType>(frequency, ignoreCase: true, out var read) || !Enum.IsDefined(read) || !char.IsLetter(frequency[0]))
            throw Wrong("FREQ", frequency ?? "", "SECONDLY, MINUTELY, HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY");
        Frequency = read;
        FaultException Wrong(string name, string value, string expected) => Refusal.Of(where, $"{name}={Refusal.Shown(value)}; expected {expected}.");
        int? Number(string name) => !parts.TryGetValue(name, out var value) ? null
            : int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 1_000_000 ? number : throw Wrong(name, value, "a whole number from 1 to 1000000");
        Count = Number("COUNT");
        Interval = Number("INTERVAL") ?? 1;
        foreach (var (name, range) in Ranges)
        {
            if (!parts.TryGetValue(name, out var value)) continue;
            var numbers = new SortedSet<int>();
            foreach (var item in value.Split(','))
            {
                if (!int.TryParse(item, range.IsSigned ? NumberStyles.AllowLeadingSign : NumberStyles.None, CultureInfo.InvariantCulture, out var number) || Math.Abs(number) < range.From || Math.Abs(number) > range.To)
                    throw Wrong(name, item, $"numbers from {range.From} to {range.To}{(range.IsSigned ? ", or the same below zero" : "")}");
                numbers.Add(number);
            }
            parts[name] = string.Join(',', numbers);
        }
        if (parts.TryGetValue("BYDAY", out var days))
        {
            var all = days.ToUpperInvariant().Split(',').Distinct(StringComparer.Ordinal).ToList();
            if (all.Find(day => !WeekDays().IsMatch(day)) is { } odd) throw Wrong("BYDAY", odd, "MO, TU, WE, TH, FR, SA or SU, with a number from 1 to 53 in front where it counts in a month or year");
            if (all.Exists(day => day.Length > 2) && (Frequency is not (FrequencyType.Monthly or FrequencyType.Yearly) || parts.ContainsKey("BYWEEKNO")))
                throw Wrong("BYDAY", days, "weekdays without numbers unless FREQ is MONTHLY or YEARLY without BYWEEKNO");
            parts["BYDAY"] = string.Join(',', all);
        }
        if (parts.TryGetValue("WKST", out var week) && (week.Length != 2 || !WeekDays().IsMatch(week.ToUpperInvariant()))) throw Wrong("WKST", week, "a weekday, such as MO");
        if (parts.TryGetValue("UNTIL", out var end))
        {
            if (Count is not null) throw Refusal.Of(where, "It has COUNT and UNTIL; expected one of them.");
            isUntilUtc = end.EndsWith('Z');
            until = Dates.Parse(end) is { Success: true } date ? date.Value.AtMidnight() : Times.Parse(isUntilUtc ? end[..^1] : end) is { Success: true } time ? time.Value : throw Wrong("UNTIL", end, "a date or time such as 20271231T225959Z");
        }
        // The table of section 3.3.10, and what stands beside it.
        void Not(string name, params ReadOnlySpan<FrequencyType> frequencies)
        {
            if (parts.TryGetValue(name, out var value) && frequencies.Contains(Frequency)) throw Refusal.Of(where, $"{name}={Refusal.Shown(value)} has no meaning with FREQ={frequency.ToUpperInvariant()} (RFC 5545, section 3.3.10).");
        }
        Not("BYWEEKNO", FrequencyType.Secondly, FrequencyType.Minutely, FrequencyType.Hourly, FrequencyType.Daily, FrequencyType.Weekly, FrequencyType.Monthly);
        Not("BYYEARDAY", FrequencyType.Daily, FrequencyType.Weekly, FrequencyType.Monthly);
        Not("BYMONTHDAY", FrequencyType.Weekly);
        if (parts.ContainsKey("BYSETPOS") && !parts.Keys.Any(name => name.StartsWith("BY", StringComparison.Ordinal) && name != "BYSETPOS")) throw Refusal.Of(where, "BYSETPOS stands alone; expected another BY… part beside it.");
        if (parts.TryGetValue("RSCALE", out var scale) && !scale.Equals("GREGORIAN", StringComparison.OrdinalIgnoreCase)) throw Wrong("RSCALE", scale, "GREGORIAN");
        if (parts.TryGetValue("SKIP", out var skip) && !skip.Equals("OMIT", StringComparison.OrdinalIgnoreCase)) throw Wrong("SKIP", skip, "OMIT");
        IsFinerThanMinutes = Frequency == FrequencyType.Secondly || parts.TryGetValue("BYSECOND", out var seconds) && seconds != "0";
        rule = new(string.Join(';', parts.Where(part => part.Key is not ("UNTIL" or "RSCALE" or "SKIP")).Select(part => $"{part.Key}={part.Value}")));
    }

    /// <summary>Reads a rule.</summary>
    /// <param name="text">Without the name of the property.</param>
    /// <param name="where">What to name in the error.</param>
    /// <exception cref="FaultException">It is none; says which part and what was expected.</exception>
    public static Recurrence Parse(string text, string where = "rrule")
    {
        if (Kept.TryGetValue(text, out var kept)) return kept;
        if (text.Length > MostLetters) throw Refusal.Of(where, $"It has {text.Length} letters; expected {MostLetters} at most.", "too-long");
        var read = new Recurrence(text, where);
        if (Kept.Count >= MostKept) Kept.Clear();
        Kept[text] = read;
        return read;
    }

    /// <summary>As it was sent.</summary>
    public string Text { get; }
    /// <summary>COUNT; null without.</summary>
    public int? Count { get; }
    /// <summary>Whether it has neither COUNT nor UNTIL.</summary>
    public bool IsEndless => Count is null && until is null;

    /// <summary>UNTIL, and whether it is an instant of UTC; a date is its midnight.</summary>
    internal (LocalDateTime Time, bool IsUtc)? Until => until is { } time ? (time, isUntilUtc) : null;
    internal FrequencyType Frequency { get; }
    internal int Interval { get; }
    internal bool IsFinerThanMinutes { get; }
    internal IReadOnlyDictionary<string, string> Parts => parts;

    /// <summary>The most that it can give in a day, seconds not counted.</summary>
    internal int MostOfDay
    {
        get
        {
            int Values(string name, int without) => parts.TryGetValue(name, out var value) ? value.Count(letter => letter == ',') + 1 : without;
            return Frequency switch
            {
                FrequencyType.Minutely => Math.Min(Values("BYHOUR", 24) * Values("BYMINUTE", 60), (24 * 60 - 1) / Interval + 1),
                FrequencyType.Hourly => Math.Min(Values("BYHOUR", 24), 23 / Interval + 1) * Values("BYMINUTE", 1),
                _ => Values("BYHOUR", 1) * Values("BYMINUTE", 1),
            };
        }
    }

    /// <summary>All starts, in order; without end if the rule has none.</summary>
    /// <param name="first">DTSTART. It is among them only if the rule gives it: what else it would mean is not defined.</param>
    /// <param name="zone">In which an UNTIL in UTC is compared; null: as if the wall were UTC.</param>
    /// <param name="isDate">Whether DTSTART is a date: then parts about the time of day are without effect.</param>
    /// <exception cref="FaultException">Nothing matches in <see cref="MostSteps"/> steps.</exception>
    public IEnumerable<LocalDateTime> Starts(LocalDateTime first, DateTimeZone? zone = null, bool isDate = false) => Starts(first, first, LocalDateTime.MaxIsoValue, zone, isDate);

    /// <summary>The starts in <c>[from, to)</c>, in order.</summary>
    /// <param name="first">DTSTART.</param>
    /// <param name="from">From when, on the wall.</param>
    /// <param name="to">Until when, on the wall.</param>
    /// <param name="zone">In which an UNTIL in UTC is compared.</param>
    /// <param name="isDate">Whether DTSTART is a date.</param>
    /// <exception cref="FaultException">Nothing matches in <see cref="MostSteps"/> steps.</exception>
    public IEnumerable<LocalDateTime> Starts(LocalDateTime first, LocalDateTime from, LocalDateTime to, DateTimeZone? zone = null, bool isDate = false)
    {
        var one = new RecurrenceRule();
        one.CopyFrom(rule);
        var isUntilInstant = isUntilUtc && zone is not null;
        var end = isUntilInstant ? until!.Value.InUtc().ToInstant() : default;
        if (until is { } wall)
        {
            // An instant is compared below; up to then a repeated hour may let the wall run ahead of it.
            if (isUntilInstant) wall = end.InZone(zone!).LocalDateTime.PlusHours(3);
            if (wall < to) to = wall.PlusTicks(1);
        }
        if (to <= first) yield break;
        // The library compares where a step begins with UNTIL, and not what the step gives: a step more, and the end is looked at below.
        if (to.Year + Interval + 1 < LocalDateTime.MaxIsoValue.Year) one.Until = Cal(Frequency switch { FrequencyType.Yearly => to.PlusYears(Interval), FrequencyType.Monthly => to.PlusMonths(Interval), _ => to }, isDate);
        var months = parts.TryGetValue("BYMONTH", out var named) ? named.Split(',').Select(int.Parse).ToHashSet() : null;
        // The library counts INTERVAL in years of weeks there; others, and people, count calendar years.
        var isByWeeks = Frequency == FrequencyType.Yearly && Interval > 1 && rule.ByWeekNo.Count > 0 && rule.BySetPosition.Count == 0;
        if (isByWeeks) (one.Interval, one.Count) = (1, null);
        // What a year gives, it may give out of order, and twice (BYYEARDAY beside BYMONTH): its count cannot be used either.
        var isByYears = Frequency == FrequencyType.Yearly && rule.ByWeekNo.Count == 0;
        if (isByYears) one.Count = null;
        var left = Count ?? int.MaxValue;
        var walked = Walk(one, Cal(Count is null ? Later(first, from) : first, isDate));
        foreach (var start in isByYears ? InOrderOfYears(walked) : walked)
        {
            if (start >= to) yield break;
            // It forgets them beside BYYEARDAY.
            if (months is not null && !months.Contains(start.Month)) continue;
            if (isByWeeks && (start.Year - first.Year) % Interval != 0) continue;
            if (isUntilInstant && zone!.MapLocal(start) is { Count: > 0 } mapped && mapped.First().ToInstant() > end) continue;
            if (start >= from) yield return start;
            if (--left == 0) yield break;
        }
    }

    /// <summary>What the library gives, until the end of the calendar.</summary>
    static IEnumerable<LocalDateTime> Walk(RecurrenceRule rule, CalDateTime begin)
    {
        using var walk = new RecurrencePatternEvaluator(rule).Evaluate(begin, null, new EvaluationOptions { MaxUnmatchedIncrementsLimit = MostSteps }).GetEnumerator();
        while (true)
        {
            try
            {
                if (!walk.MoveNext()) yield break;
            }
            catch (EvaluationLimitExceededException)
            {
                throw Refusal.Of("rrule", $"It gives nothing in {MostSteps} steps of its FREQ; expected a rule that matches more often.", "too-costly");
            }
            catch (Exception odd) when (odd is EvaluationException or ArgumentOutOfRangeException or OverflowException)
            {
                // The end of the calendar: the year 9999.
                yield break;
            }
            yield return LocalDateTime.FromDateTime(walk.Current.StartTime.Value);
        }
    }

    static IEnumerable<LocalDateTime> InOrderOfYears(IEnumerable<LocalDateTime> starts)
    {
        var year = new SortedSet<LocalDateTime>();
        foreach (var start in starts)
        {
            if (year.Count > 0 && year.Min.Year != start.Year)
            {
                foreach (var one in year) yield return one;
                year.Clear();
            }
            year.Add(start);
        }
        foreach (var one in year) yield return one;
    }

    /// <summary>A start from which the rule gives the same after <paramref name="from"/>, and which is near it: whole steps later where a step has always the same length on the wall.</summary>
    LocalDateTime Later(LocalDateTime first, LocalDateTime from)
    {
        var step = Frequency switch
        {
            FrequencyType.Weekly => 7 * 86_400L, FrequencyType.Daily => 86_400, FrequencyType.Hourly => 3_600, FrequencyType.Minutely => 60, FrequencyType.Secondly => 1, _ => 0,
        } * Interval;
        if (step == 0 || from <= first) return first;
        // One step less: what lies between two steps belongs to the earlier one.
        var steps = (from.ToDateTimeUnspecified() - first.ToDateTimeUnspecified()).Ticks / TimeSpan.TicksPerSecond / step - 1;
        return steps > 0 ? first.PlusSeconds(steps * step) : first;
    }

    static CalDateTime Cal(LocalDateTime time, bool isDate) => isDate ? new(time.Date.ToDateOnly()) : new(time.ToDateTimeUnspecified(), hasTime: true);

    static Dictionary<string, string> Split(string text, string where)
    {
        var parts = new Dictionary<string, string>(StringComparer.Ordinal);
        // Calendar programs end rules with a semicolon; it is harmless.
        foreach (var part in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var at = part.IndexOf('=', StringComparison.Ordinal);
            var name = at < 0 ? "" : part[..at].ToUpperInvariant();
            if (name is not ("FREQ" or "UNTIL" or "COUNT" or "INTERVAL" or "BYDAY" or "WKST" or "RSCALE" or "SKIP") && !Ranges.ContainsKey(name) || at == part.Length - 1)
                throw Refusal.Of(where, $"'{Refusal.Shown(part)}' is no part of a recurrence rule; expected one such as FREQ=WEEKLY;BYDAY=MO,TU (RFC 5545, section 3.3.10).");
            if (!parts.TryAdd(name, part[(at + 1)..])) throw Refusal.Of(where, $"{name} is given twice; expected once.");
        }
        return parts;
    }

    [GeneratedRegex("^([+-]?(?!0?0)([1-9]|[0-4][0-9]|5[0-3]))?(MO|TU|WE|TH|FR|SA|SU)$", RegexOptions.CultureInvariant)]
    private static partial Regex WeekDays();
}
