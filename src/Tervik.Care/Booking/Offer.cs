using Tervik.Care.Calendars;
using Tervik.Care.Clinics;

namespace Tervik.Care.Booking;

/// <summary>An appointment that could be had.</summary>
/// <param name="Service">What.</param>
/// <param name="Time">When.</param>
/// <param name="Calendars">With whom, where and with what: one for each need of the service, in their order.</param>
/// <param name="Spans">The cells it takes, with the time to set up and to clean, in order of calendar.</param>
public sealed record Offer(Service Service, ZonedSpan Time, IReadOnlyList<ClinicCalendar> Calendars, IReadOnlyList<Span> Spans)
{
    const long MinuteUs = 60_000_000;

    /// <summary>Names it, on this node and after a restart: service, calendar and minute.</summary>
    public required string Id { get; init; }

    /// <summary>What would name the same some weeks later, at the same time on the wall; whether there is such an offer is not said. Null when the clock skips that time.</summary>
    public OfferId? InWeeks(int weeks)
    {
        var wall = Zones.Current.Get(Time.Zone).MapLocal(Time.WallStart.PlusWeeks(weeks));
        return wall.Count == 0 ? null : new(Service.Key, Calendars[0].ScheduleKey, wall.First().ToInstant().ToUnixTimeSeconds() / 60);
    }

    /// <summary>The cells of each calendar.</summary>
    public static IReadOnlyList<Span> SpansOf(Service service, ZonedSpan time, IEnumerable<ClinicCalendar> calendars)
    {
        var (from, to) = Cut(service, time);
        return [.. calendars.Select(calendar => new Span(calendar.Key, from, to)).DistinctBy(span => span.Calendar).OrderBy(span => span.Calendar)];
    }

    /// <summary>First cell and cell after the last.</summary>
    public static (long From, long To) Cut(Service service, ZonedSpan time) =>
        (Cells.At(time.StartUs - service.Before * MinuteUs), Cells.Until(time.EndUs + service.After * MinuteUs));
}

/// <summary>What names an offer: <c>p-SERVICE-CALENDAR-MINUTE</c>, keys and minutes since 1970 to the base of 36. Nothing is kept of an offer that nobody took.</summary>
/// <param name="Service">Key of the HealthcareService.</param>
/// <param name="Calendar">Key of the Schedule.</param>
/// <param name="Minute">Of its start, since 1970-01-01 UTC.</param>
public readonly record struct OfferId(long Service, long Calendar, long Minute)
{
    const string Digits = "0123456789abcdefghijklmnopqrstuvwxyz";

    /// <inheritdoc/>
    public override string ToString() => $"p-{Write(unchecked((ulong)Service))}-{Write(unchecked((ulong)Calendar))}-{Write((ulong)Minute)}";

    /// <summary>Reads one; null when it is none.</summary>
    public static OfferId? Parse(string id) =>
        id.Split('-') is ["p", { Length: > 0 } service, { Length: > 0 } calendar, { Length: > 0 } minute] && Read(service) is { } one && Read(calendar) is { } other && Read(minute) is { } at and < 1UL << 40
            ? new(unchecked((long)one), unchecked((long)other), (long)at) : null;

    static string Write(ulong value)
    {
        Span<char> digits = stackalloc char[13];
        var at = digits.Length;
        do digits[--at] = Digits[(int)(value % 36)];
        while ((value /= 36) > 0);
        return digits[at..].ToString();
    }

    static ulong? Read(string text)
    {
        if (text.Length > 13) return null;
        UInt128 value = 0;
        foreach (var one in text)
        {
            if (!char.IsAsciiDigit(one) && one is not (>= 'a' and <= 'z')) return null;
            value = value * 36 + (UInt128)(uint)(one <= '9' ? one - '0' : one - 'a' + 10);
        }
        return value <= ulong.MaxValue ? (ulong)value : null;
    }
}
