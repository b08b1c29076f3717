using System.Globalization;

namespace Tervik.Care.Tests.Calendars;

/// <summary>A recurrence rule by walking: each second, minute, hour or day is asked whether it matches every part, as the table of RFC 5545, section 3.3.10, has it. Slow, and shares nothing with the program or its library.</summary>
static class NaiveRule
{
    static readonly string[] Names = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

    /// <summary>The starts before <paramref name="to"/>; UNTIL as on the wall.</summary>
    public static List<DateTime> Starts(string rule, DateTime first, DateTime to, bool isDate = false)
    {
        var parts = rule.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('=')).ToDictionary(part => part[0], part => part[1]);
        int[]? Numbers(string name) => parts.TryGetValue(name, out var value) ? [.. value.Split(',').Select(item => int.Parse(item, CultureInfo.InvariantCulture))] : null;
        var (frequency, interval) = (parts["FREQ"], Numbers("INTERVAL")?[0] ?? 1);
        var count = Numbers("COUNT")?[0] ?? int.MaxValue;
        var until = parts.TryGetValue("UNTIL", out var text) ? DateTime.ParseExact(text.TrimEnd('Z'), ["yyyyMMdd", "yyyyMMdd'T'HHmmss"], CultureInfo.InvariantCulture) : DateTime.MaxValue;
        var week = Array.IndexOf(Names, parts.GetValueOrDefault("WKST", "MO"));
        var days = parts.TryGetValue("BYDAY", out var list) ? list.Split(',').Select(item => (Number: item.Length == 2 ? 0 : int.Parse(item[..^2], CultureInfo.InvariantCulture), Day: (DayOfWeek)Array.IndexOf(Names, item[^2..]))).ToArray() : null;
        var (months, monthDays, yearDays, weeks, positions) = (Numbers("BYMONTH"), Numbers("BYMONTHDAY"), Numbers("BYYEARDAY"), Numbers("BYWEEKNO"), Numbers("BYSETPOS"));
        var (hours, minutes, seconds) = (Numbers("BYHOUR"), Numbers("BYMINUTE"), Numbers("BYSECOND"));
        if (isDate) (hours, minutes, seconds) = (null, null, null);

        DateTime WeekStart(DateTime day) => day.Date.AddDays(-(((int)day.DayOfWeek - week + 7) % 7));
        // Week 1 is the first with four days in the year.
        DateTime FirstWeek(int year) => WeekStart(new DateTime(year, 1, 4));
        (int Number, int Of) WeekOf(DateTime day)
        {
            var year = day >= FirstWeek(day.Year + 1) ? day.Year + 1 : day < FirstWeek(day.Year) ? day.Year - 1 : day.Year;
            return ((day.Date - FirstWeek(year)).Days / 7 + 1, (FirstWeek(year + 1) - FirstWeek(year)).Days / 7);
        }
        bool In(int[] values, int value, int most) => values.Any(one => one == value || one < 0 && most + 1 + one == value);
        bool DayMatches(DateTime day)
        {
            var (inMonth, inYear) = (DateTime.DaysInMonth(day.Year, day.Month), DateTime.IsLeapYear(day.Year) ? 366 : 365);
            if (months is not null && !months.Contains(day.Month)) return false;
            if (monthDays is not null && !In(monthDays, day.Day, inMonth)) return false;
            if (yearDays is not null && !In(yearDays, day.DayOfYear, inYear)) return false;
            if (weeks is not null && WeekOf(day) is var (number, of) && !In(weeks, number, of)) return false;
            if (days is not null && !days.Any(one => one.Day == day.DayOfWeek && (one.Number == 0
                || (frequency == "YEARLY" && months is null
                    ? one.Number == (one.Number > 0 ? (day.DayOfYear - 1) / 7 + 1 : -((inYear - day.DayOfYear) / 7 + 1))
                    : one.Number == (one.Number > 0 ? (day.Day - 1) / 7 + 1 : -((inMonth - day.Day) / 7 + 1)))))) return false;
            // What the rule leaves open is as in the start.
            if (frequency == "WEEKLY" && days is null && day.DayOfWeek != first.DayOfWeek) return false;
            if (frequency is "MONTHLY" && days is null && monthDays is null && day.Day != first.Day) return false;
            if (frequency is "YEARLY" && days is null && monthDays is null && yearDays is null)
            {
                if (weeks is not null) return day.DayOfWeek == first.DayOfWeek;
                if (day.Day != first.Day || months is null && day.Month != first.Month) return false;
            }
            return true;
        }
        IEnumerable<DateTime> Times(DateTime day) =>
            from hour in hours?.Distinct().Order().ToArray() ?? [first.Hour]
            from minute in minutes?.Distinct().Order().ToArray() ?? [first.Minute]
            from second in seconds?.Distinct().Order().ToArray() ?? [first.Second]
            select day.AddHours(hour).AddMinutes(minute).AddSeconds(second);
        var found = new List<DateTime>();
        IEnumerable<DateTime> Positioned(List<DateTime> set) => positions is null ? set : positions.Select(position => position > 0 ? position - 1 : set.Count + position).Where(index => index >= 0 && index < set.Count).Distinct().Order().Select(index => set[index]);
        bool Take(IEnumerable<DateTime> set)
        {
            foreach (var one in set)
            {
                if (one < first) continue;
                if (one > until || one >= to || found.Count == count) return false;
                found.Add(one);
            }
            return true;
        }
        IEnumerable<DateTime> Days(DateTime from, DateTime end) => Enumerable.Range(0, (end - from).Days).Select(n => from.AddDays(n)).Where(DayMatches);
        for (var n = 0; ; n += interval)
        {
            List<DateTime> set;
            DateTime start;
            switch (frequency)
            {
                case "YEARLY": start = new(first.Year + n, 1, 1); set = [.. Days(start, start.AddYears(1)).SelectMany(Times)]; break;
                case "MONTHLY": start = new DateTime(first.Year, first.Month, 1).AddMonths(n); set = [.. Days(start, start.AddMonths(1)).SelectMany(Times)]; break;
                case "WEEKLY": start = WeekStart(first).AddDays(7L * n); set = [.. Days(start, start.AddDays(7)).SelectMany(Times)]; break;
                case "DAILY": start = first.Date.AddDays(n); set = [.. Days(start, start.AddDays(1)).SelectMany(Times)]; break;
                case "HOURLY":
                    start = first.Date.AddHours(first.Hour + (double)n);
                    set = DayMatches(start.Date) && (hours is null || hours.Contains(start.Hour)) ? [.. Times(start.Date).Select(one => start.AddMinutes(one.Minute).AddSeconds(one.Second)).Distinct()] : [];
                    break;
                case "MINUTELY":
                    start = first.Date.AddHours(first.Hour).AddMinutes(first.Minute + (double)n);
                    set = DayMatches(start.Date) && (hours is null || hours.Contains(start.Hour)) && (minutes is null || minutes.Contains(start.Minute)) ? [.. Times(start.Date).Select(one => start.AddSeconds(one.Second)).Distinct()] : [];
                    break;
                default:
                    start = first.AddSeconds(n);
                    set = DayMatches(start.Date) && (hours is null || hours.Contains(start.Hour)) && (minutes is null || minutes.Contains(start.Minute)) && (seconds is null || seconds.Contains(start.Second)) ? [start] : [];
                    break;
            }
            if (start >= to || start > until || !Take(Positioned(set))) return found;
        }
    }
}
