namespace Tervik.Records.Indexing;

/// <summary>The span of time a FHIR date, dateTime or instant stands for: 2024-03 is all of March. Without a zone it is UTC.</summary>
/// <param name="LowUs">First microsecond since 1970-01-01 UTC.</param>
/// <param name="HighUs">Last microsecond.</param>
public readonly record struct DateRange(long LowUs, long HighUs)
{
    const long DayUs = 86_400_000_000;

    /// <summary>Reads <c>YYYY[-MM[-DD[Thh:mm[:ss[.fff…]][Z|±hh:mm]]]]</c>; minutes without seconds are allowed in searches.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out DateRange range)
    {
        range = default;
        if (!Digits(text, 0, 4, out var year) || year < 1) return false;
        if (text.Length == 4) return Whole(new DateTime(year, 1, 1), year == 9999 ? DateTime.MaxValue : new DateTime(year + 1, 1, 1), out range);
        if (text.Length < 7 || text[4] != '-' || !Digits(text, 5, 2, out var month) || month is < 1 or > 12) return false;
        var first = new DateTime(year, month, 1);
        if (text.Length == 7) return Whole(first, year == 9999 && month == 12 ? DateTime.MaxValue : first.AddMonths(1), out range);
        if (text.Length < 10 || text[7] != '-' || !Digits(text, 8, 2, out var day) || day < 1 || day > DateTime.DaysInMonth(year, month)) return false;
        var startUs = Us(first.AddDays(day - 1));
        if (text.Length == 10)
        {
            range = new(startUs, startUs + DayUs - 1);
            return true;
        }
        return text[10] is 'T' or ' ' && Time(text[11..], startUs, out range);
    }

    static bool Time(ReadOnlySpan<char> text, long dayUs, out DateRange range)
    {
        range = default;
        if (!Digits(text, 0, 2, out var hour) || hour > 24 || text.Length < 5 || text[2] != ':' || !Digits(text, 3, 2, out var minute) || minute > 59) return false;
        var us = dayUs + hour * 3_600_000_000L + minute * 60_000_000L;
        var spanUs = 60_000_000L;
        var at = 5;
        if (at < text.Length && text[at] == ':')
        {
            if (!Digits(text, 6, 2, out var second) || second > 60) return false;
            (us, spanUs, at) = (us + second * 1_000_000L, 1_000_000, 8);
            if (at < text.Length && text[at] == '.')
            {
                var start = ++at;
                for (; at < text.Length && char.IsAsciiDigit(text[at]); at++)
                {
                    if (spanUs == 1) continue;
                    spanUs /= 10;
                    us += (text[at] - '0') * spanUs;
                }
                if (at == start) return false;
            }
        }
        if (!Zone(text[at..], out var offsetUs)) return false;
        range = new(us - offsetUs, us - offsetUs + spanUs - 1);
        return true;
    }

    static bool Zone(ReadOnlySpan<char> text, out long offsetUs)
    {
        offsetUs = 0;
        if (text.Length == 0 || text is "Z") return true;
        // A plus sign that came through a URL unescaped is a blank.
        if (text.Length != 6 || text[0] is not ('+' or '-' or ' ') || text[3] != ':' || !Digits(text, 1, 2, out var hours) || !Digits(text, 4, 2, out var minutes)) return false;
        offsetUs = (hours * 60L + minutes) * 60_000_000L * (text[0] == '-' ? -1 : 1);
        return hours <= 14 && minutes <= 59;
    }

    static bool Whole(DateTime from, DateTime to, out DateRange range)
    {
        range = new(Us(from), Us(to) - 1);
        return true;
    }

    internal static long Us(DateTime time) => (time.Ticks - DateTime.UnixEpoch.Ticks) / 10;

    static bool Digits(ReadOnlySpan<char> text, int at, int count, out int value)
    {
        value = 0;
        if (text.Length < at + count) return false;
        foreach (var c in text.Slice(at, count))
        {
            if (!char.IsAsciiDigit(c)) return false;
            value = value * 10 + (c - '0');
        }
        return true;
    }
}
