using CsCheck;
using NodaTime;
using Tervik.Care.Calendars;
using Tervik.Records;

namespace Tervik.Care.Tests.Calendars;

public sealed class RecurrenceTests
{
    static readonly string[] Days = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

    static readonly string[] Frequencies = ["MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"];

    static Gen<string> Numbers(string name, int from, int to, bool isSigned = false) =>
        Gen.Select(Gen.Int[from, to], Gen.Bool, (number, isBelow) => isSigned && isBelow ? -number : number).Array[1, 3].Select(numbers => $";{name}={string.Join(',', numbers)}");

    static Gen<string> Perhaps(Gen<string> part, int oneIn = 3) => Gen.Int[1, oneIn].SelectMany(n => n == 1 ? part : Gen.Const(""));

    static Gen<string> WeekDays(bool withNumbers) => Gen.Select(Gen.Int[0, 6], withNumbers ? Gen.Int[-5, 5] : Gen.Const(0), (day, number) => number == 0 ? Days[day] : $"{number}{Days[day]}").Array[1, 3].Select(days => $";BYDAY={string.Join(',', days)}");

    /// <summary>Rules of all kinds that RFC 5545 allows, but BYSETPOS, of which the sets are.</summary>
    static readonly Gen<string> AnyRule = Gen.Int[0, 5].Select(n => Frequencies[n]).SelectMany(frequency => Gen.Select(
        Gen.Int[1, 4].Select(interval => interval == 1 ? "" : $";INTERVAL={interval}"),
        Perhaps(Numbers("BYMONTH", 1, 12)),
        frequency == "WEEKLY" ? Gen.Const("") : Perhaps(Numbers("BYMONTHDAY", 1, 31, isSigned: true), oneIn: 4),
        frequency is "YEARLY" ? Perhaps(Numbers("BYYEARDAY", 1, 366, isSigned: true), oneIn: 6) : Gen.Const(""),
        Gen.Select(Perhaps(WeekDays(frequency is "MONTHLY" or "YEARLY")), Gen.Select(Perhaps(Numbers("BYHOUR", 0, 23)), Perhaps(Numbers("BYMINUTE", 0, 59)), (hours, minutes) => hours + minutes), (days, times) => days + times),
        Perhaps(Gen.Int[0, 6].Select(day => $";WKST={Days[day]}"), oneIn: 4),
        Perhaps(Gen.Int[1, 30].Select(count => $";COUNT={count}"), oneIn: 4),
        (interval, months, monthDays, yearDays, days, week, count) => $"FREQ={frequency}{interval}{months}{monthDays}{yearDays}{days}{week}{count}"));

    static readonly Gen<LocalDateTime> AnyStart = Gen.Select(Gen.Int[0, 3000], Gen.Int[0, 24 * 12 - 1], (day, cell) => new LocalDateTime(2019, 1, 1, 0, 0).PlusDays(day).PlusMinutes(cell * 5));

    static DateTime[] Walked(string rule, LocalDateTime first, LocalDateTime from, LocalDateTime to) =>
        [.. NaiveRule.Starts(rule, first.ToDateTimeUnspecified(), to.ToDateTimeUnspecified()).Where(start => start >= from.ToDateTimeUnspecified())];

    static DateTime[]? Reckoned(string rule, LocalDateTime first, LocalDateTime from, LocalDateTime to)
    {
        try
        {
            return [.. Recurrence.Parse(rule).Starts(first, from, to).Select(start => start.ToDateTimeUnspecified())];
        }
        catch (FaultException fault) when (fault.Faults[0].Code == "too-costly")
        {
            return null;
        }
    }

    [Fact]
    public void Any_rule_gives_in_any_span_what_walking_over_all_days_gives() => Gen.Select(AnyRule, AnyStart, Gen.Int[0, 900], Gen.Int[1, 120]).Sample((rule, first, after, length) =>
    {
        // Of days of a month in a rule of years without months, libical takes the month of the start and dateutil every month; we do as libical (conformance suite ical).
        if (rule.StartsWith("FREQ=YEARLY", StringComparison.Ordinal) && rule.Contains("BYMONTHDAY=", StringComparison.Ordinal) && !rule.Contains("BYMONTH=", StringComparison.Ordinal)) return;
        if (rule.StartsWith("FREQ=MINUTELY", StringComparison.Ordinal)) (after, length) = (after % 20, length % 5 + 1);
        var (from, to) = (first.PlusDays(after), first.PlusDays(after + length));
        Assert.Equal(Walked(rule, first, from, to), Reckoned(rule, first, from, to));
    }, iter: 4000, print: one => $"{one.Item1} {one.Item2:uuuuMMdd'T'HHmmss} +{one.Item3} {one.Item4}");
}
