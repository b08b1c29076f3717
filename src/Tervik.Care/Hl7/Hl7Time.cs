using System.Globalization;

namespace Tervik.Care.Hl7;

/// <summary>A time as it was sent: <c>YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]</c>, to the precision that was sent. Source: HL7 v2.8, chapter 2A, DTM.</summary>
/// <param name="Local">Year to fraction, missing parts as their least.</param>
/// <param name="Digits">How many digits of year to second were sent: 4, 6, 8, 10, 12 or 14.</param>
/// <param name="Fraction">Digits of the fraction of a second.</param>
/// <param name="Offset">From UTC; null when none was sent.</param>
readonly record struct Hl7Time(DateTime Local, int Digits, string Fraction, TimeSpan? Offset)
{
    /// <summary>Reads a time.</summary>
    /// <returns>Null when nothing was sent, or the year 0, by which senders say that they do not know.</returns>
    /// <exception cref="Hl7Exception">It is no time.</exception>
    public static Hl7Time? Read(Hl7Value value)
    {
        var text = value.Text;
        if (text.Length == 0) return null;
        return TryRead(text, out var time) ? time : throw new Hl7Exception(new Hl7Fault(Hl7Error.DataType, value.Place, $"{value.Place.Segment}-{value.Place.Field} is no time; YYYY[MM[DD[HH[MM[SS[.SSSS]]]]]][+/-ZZZZ] was expected."));
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">Trimmed, not empty.</param>
    /// <param name="time">Null for the year 0.</param>
    public static bool TryRead(string text, out Hl7Time? time)
    {
        time = null;
        var sign = text.IndexOfAny(['+', '-']);
        TimeSpan? offset = null;
        if (sign >= 0)
        {
            var zone = text[(sign + 1)..];
            if (zone.Length != 4 || !int.TryParse(zone, NumberStyles.None, CultureInfo.InvariantCulture, out var hours) || hours / 100 > 14 || hours % 100 > 59) return false;
            offset = new TimeSpan(hours / 100, hours % 100, 0) * (text[sign] == '-' ? -1 : 1);
            // FHIR knows no further than 14 hours.
            if (offset.Value.Duration() > TimeSpan.FromHours(14)) return false;
            text = text[..sign].TrimEnd();
        }
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var fraction = dot < 0 ? "" : text[(dot + 1)..];
        var digits = dot < 0 ? text : text[..dot];
        if (digits.Length is not (4 or 6 or 8 or 10 or 12 or 14) || !digits.All(char.IsAsciiDigit) || fraction.Length > 9 || !fraction.All(char.IsAsciiDigit) || fraction.Length > 0 && digits.Length != 14) return false;
        if (digits.All(digit => digit == '0')) return true;
        int Part(int from, int least) => digits.Length >= from + 2 ? int.Parse(digits.AsSpan(from, 2), CultureInfo.InvariantCulture) : least;
        var (year, month, day, hour, minute, second) = (int.Parse(digits.AsSpan(0, 4), CultureInfo.InvariantCulture), Part(4, 1), Part(6, 1), Part(8, 0), Part(10, 0), Part(12, 0));
        if (year == 0) return true;
        // Midnight at the end of a day, and the leap second, are written by some.
        var next = (hour, minute, second) == (24, 0, 0);
        if (month is < 1 or > 12 || day < 1 || day > System.DateTime.DaysInMonth(year, month) || hour > 23 && !next || minute > 59 || second > 60) return false;
        var local = new DateTime(year, month, day, next ? 0 : hour, minute, Math.Min(second, 59), DateTimeKind.Unspecified);
        if (next && local.Date == System.DateTime.MaxValue.Date) return false;
        time = new(next ? local.AddDays(1) : local, digits.Length, fraction, offset);
        return true;
    }

    /// <summary>FHIR <c>date</c>: no more than a day.</summary>
    public string Date => Local.ToString(Digits switch { 4 => "yyyy", 6 => "yyyy-MM", _ => "yyyy-MM-dd" }, CultureInfo.InvariantCulture);

    /// <summary>Whether the time of day was sent.</summary>
    public bool HasTime => Digits > 8;

    /// <summary>FHIR <c>dateTime</c>, to the precision that was sent: an hour is its beginning, since FHIR has no hours without minutes.</summary>
    /// <param name="zone">Of who did not say an offset.</param>
    public string DateTime(Hl7Zone zone) => HasTime ? Instant(zone) : Date;

    /// <summary>FHIR <c>instant</c>: what was not sent is the least it can be.</summary>
    /// <param name="zone">Of who did not say an offset.</param>
    public string Instant(Hl7Zone zone) => $"{Local.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture)}{(Fraction.Length > 0 ? $".{Fraction}" : "")}{Zone(Offset ?? zone.OffsetAt(Local))}";

    /// <summary>The moment.</summary>
    public DateTimeOffset At(Hl7Zone zone)
    {
        var offset = Offset ?? zone.OffsetAt(Local);
        return Local.Ticks - offset.Ticks is var utc && (utc < 0 || utc > System.DateTime.MaxValue.Ticks) ? new(Local, TimeSpan.Zero) : new(Local, offset);
    }

    static string Zone(TimeSpan offset) => offset == TimeSpan.Zero ? "Z" : $"{(offset < TimeSpan.Zero ? '-' : '+')}{offset.Duration():hh\\:mm}";
}

/// <summary>What a time without offset means: the offset of MSH-7, which the standard makes the default of the message, else the zone of the sender.</summary>
/// <param name="Offset">Of MSH-7; null when it has none.</param>
/// <param name="Zone">Of the sender, by the settings.</param>
sealed record Hl7Zone(TimeSpan? Offset, TimeZoneInfo Zone)
{
    /// <summary>UTC.</summary>
    public static Hl7Zone Utc { get; } = new(null, TimeZoneInfo.Utc);
    /// <summary>The offset at a local time.</summary>
    public TimeSpan OffsetAt(DateTime local)
    {
        if (Offset is { } offset) return offset;
        var found = Zone.GetUtcOffset(local);
        // To the minute, as FHIR writes it.
        return new(found.Hours, found.Minutes, 0);
    }
}
