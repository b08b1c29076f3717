using System.Globalization;

namespace Tervik.Records.FhirPath;

/// <summary>Dates and times in the precision they are written in.</summary>
static class Moments
{
    public static bool Are(PathItem a, PathItem b) => a.Kind is ItemKind.Date or ItemKind.DateTime && b.Kind is ItemKind.Date or ItemKind.DateTime || a.Kind == ItemKind.Time && b.Kind == ItemKind.Time;

    /// <summary>Parts of a moment: year, month, day, hour, minute, second with fraction; as many as are written.</summary>
    static (decimal[] Parts, TimeSpan? Zone) Split(PathItem moment)
    {
        var text = moment.Text;
        var parts = new List<decimal>();
        TimeSpan? zone = null;
        var time = text;
        if (moment.Kind != ItemKind.Time)
        {
            var t = text.IndexOf('T', StringComparison.Ordinal);
            foreach (var part in (t < 0 ? text : text[..t]).Split('-')) parts.Add(decimal.Parse(part, CultureInfo.InvariantCulture));
            if (t < 0) return ([.. parts], null);
            time = text[(t + 1)..];
        }
        if (time.EndsWith('Z')) (zone, time) = (TimeSpan.Zero, time[..^1]);
        else if (time.Length > 6 && time[^6] is '+' or '-' && time[^3] == ':')
        {
            var span = new TimeSpan(int.Parse(time.AsSpan(time.Length - 5, 2), CultureInfo.InvariantCulture), int.Parse(time.AsSpan(time.Length - 2), CultureInfo.InvariantCulture), 0);
            (zone, time) = (time[^6] == '-' ? -span : span, time[..^6]);
        }
        foreach (var part in time.Split(':')) parts.Add(decimal.Parse(part, CultureInfo.InvariantCulture));
        return ([.. parts], zone);
    }

    /// <summary>Order; null when one has fewer parts and those they share are equal, or one has a zone and the other not.</summary>
    public static int? Compare(PathItem a, PathItem b)
    {
        var ((x, zoneX), (y, zoneY)) = (Split(a), Split(b));
        if (zoneX is { } p && zoneY is { } q && p != q) (x, y) = (InUtc(x, p), InUtc(y, q));
        else if ((zoneX is null) != (zoneY is null) && x.Length > 3 && y.Length > 3) return null;
        for (var i = 0; i < Math.Min(x.Length, y.Length); i++)
            if (x[i] != y[i]) return x[i].CompareTo(y[i]);
        return x.Length == y.Length ? 0 : null;
    }

    static decimal[] InUtc(decimal[] parts, TimeSpan zone)
    {
        if (parts.Length < 5) return parts;
        var time = new DateTime((int)parts[0], (int)parts[1], (int)parts[2], (int)parts[3], (int)parts[4], 0) - zone;
        decimal[] moved = [time.Year, time.Month, time.Day, time.Hour, time.Minute];
        return parts.Length == 5 ? moved : [.. moved, parts[5]];
    }

    /// <summary>Moves a moment by an amount of a unit; finer units than its precision are rounded down to it.</summary>
    public static PathItem? Move(PathItem moment, decimal amount, string unit)
    {
        var (parts, zone) = Split(moment);
        var isTime = moment.Kind == ItemKind.Time;
        try
        {
            var seconds = parts.Length > (isTime ? 2 : 5) ? parts[isTime ? 2 : 5] : 0;
            var at = isTime ? new DateTime(2000, 1, 1, (int)parts[0], parts.Length > 1 ? (int)parts[1] : 0, 0) : new DateTime((int)parts[0], parts.Length > 1 ? (int)parts[1] : 1, parts.Length > 2 ? (int)parts[2] : 1, parts.Length > 3 ? (int)parts[3] : 0, parts.Length > 4 ? (int)parts[4] : 0, 0);
            at = at.AddTicks((long)(seconds * TimeSpan.TicksPerSecond));
            var whole = (int)Math.Truncate(amount);
            if (!isTime) (unit, whole) = Coarsen(unit, amount, parts.Length);
            at = unit switch
            {
                "a" => at.AddYears(whole),
                "mo" => at.AddMonths(whole),
                "wk" => at.AddDays(whole * 7),
                "d" => at.AddDays(whole),
                "h" => at.AddHours(whole),
                "min" => at.AddMinutes(whole),
                "ms" => at.AddTicks((long)(amount * TimeSpan.TicksPerMillisecond)),
                _ => at.AddTicks((long)(amount * TimeSpan.TicksPerSecond)),
            };
            return moment with { Text = Write(at, parts, zone, isTime, moment.Text) };
        }
        catch (ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    static (string, int) Coarsen(string unit, decimal amount, int precision)
    {
        var whole = (int)Math.Truncate(amount);
        return (precision, unit) switch
        {
            (1, "mo") => ("a", whole / 12),
            (1, "d") => ("a", whole / 365),
            (1, "wk") => ("a", whole * 7 / 365),
            (2, "d") => ("mo", whole / 30),
            (2, "wk") => ("mo", whole * 7 / 30),
            (3, "h") => ("d", whole / 24),
            (3, "min") => ("d", whole / 1440),
            (3, "s") => ("d", whole / 86400),
            _ => (unit, whole),
        };
    }

    static string Write(DateTime at, decimal[] parts, TimeSpan? zone, bool isTime, string before)
    {
        var dot = before.IndexOf('.', StringComparison.Ordinal);
        var digits = dot < 0 ? 0 : before[(dot + 1)..].TakeWhile(char.IsAsciiDigit).Count();
        var fraction = digits == 0 ? "" : "'.'" + new string('f', Math.Min(digits, 7));
        string[] formats = isTime ? ["HH", "HH:mm", $"HH:mm:ss{fraction}"] : ["yyyy", "yyyy-MM", "yyyy-MM-dd", "yyyy-MM-dd'T'HH", "yyyy-MM-dd'T'HH:mm", $"yyyy-MM-dd'T'HH:mm:ss{fraction}"];
        var text = at.ToString(formats[parts.Length - 1], CultureInfo.InvariantCulture);
        if (zone is not { } offset) return text;
        return before.EndsWith('Z') ? text + "Z" : text + (offset < TimeSpan.Zero ? "-" : "+") + offset.ToString("hh\\:mm", CultureInfo.InvariantCulture);
    }
}
