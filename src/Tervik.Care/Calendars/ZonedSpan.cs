using NodaTime;
using NodaTime.Text;

namespace Tervik.Care.Calendars;

/// <summary>A span of time, <c>[start, end)</c>, on the line of UTC and as clocks on the wall show it.</summary>
/// <param name="Zone">IANA name.</param>
/// <param name="StartUtc">First instant.</param>
/// <param name="EndUtc">First instant after it.</param>
/// <param name="WallStart">What the clock shows at its start.</param>
/// <param name="WallEnd">What the clock shows at its end.</param>
/// <param name="StartOffset">From UTC at its start.</param>
/// <param name="EndOffset">From UTC at its end.</param>
/// <param name="IsStartTwice">Whether the clock shows the time of the start twice: it is to be shown with its offset.</param>
/// <param name="IsEndTwice">The same of the end.</param>
public readonly record struct ZonedSpan(string Zone, Instant StartUtc, Instant EndUtc, LocalDateTime WallStart, LocalDateTime WallEnd, Offset StartOffset, Offset EndOffset, bool IsStartTwice, bool IsEndTwice)
{
    static readonly OffsetPattern Offsets = OffsetPattern.CreateWithInvariantCulture("+HH:mm");
    static readonly LocalTimePattern Times = LocalTimePattern.CreateWithInvariantCulture("HH:mm");

    /// <summary>The span between two instants.</summary>
    public static ZonedSpan Of(DateTimeZone zone, Instant start, Instant end)
    {
        var (from, to) = (zone.GetUtcOffset(start), zone.GetUtcOffset(end));
        var (wallStart, wallEnd) = (start.WithOffset(from).LocalDateTime, end.WithOffset(to).LocalDateTime);
        return new(zone.Id, start, end, wallStart, wallEnd, from, to, zone.MapLocal(wallStart).Count == 2, zone.MapLocal(wallEnd).Count == 2);
    }

    /// <summary>The spans in which the clock shows a time in <c>[start, end)</c>. One as a rule; an hour more or less where the clock is changed inside; two where a bound lies in an hour that is repeated; none where all of it is skipped.</summary>
    /// <remarks>Said like this, hours that meet on the wall meet on the line of UTC too, whatever the clock does: nothing is open twice and nothing is left out.</remarks>
    public static IEnumerable<ZonedSpan> OnWall(DateTimeZone zone, LocalDateTime start, LocalDateTime end)
    {
        (Instant From, Instant To)? open = null;
        // Offsets are less than a day.
        var last = end.InUtc().ToInstant() + Duration.FromDays(1);
        for (var at = start.InUtc().ToInstant() - Duration.FromDays(1); at < last;)
        {
            var interval = zone.GetZoneInterval(at);
            var (from, to) = (start.WithOffset(interval.WallOffset).ToInstant(), end.WithOffset(interval.WallOffset).ToInstant());
            if (interval.HasStart && interval.Start > from) from = interval.Start;
            if (interval.HasEnd && interval.End < to) to = interval.End;
            if (from < to)
            {
                if (open is { } before && before.To == from) open = (before.From, to);
                else
                {
                    if (open is { } done) yield return Of(zone, done.From, done.To);
                    open = (from, to);
                }
            }
            if (!interval.HasEnd) break;
            at = interval.End;
        }
        if (open is { } rest) yield return Of(zone, rest.From, rest.To);
    }

    /// <summary>Its start, with the offset of the wall.</summary>
    public DateTimeOffset Start => new(WallStart.ToDateTimeUnspecified(), StartOffset.ToTimeSpan());

    /// <summary>Its end, with the offset of the wall.</summary>
    public DateTimeOffset End => new(WallEnd.ToDateTimeUnspecified(), EndOffset.ToTimeSpan());

    /// <summary>Microseconds since 1970-01-01 UTC.</summary>
    public long StartUs => StartUtc.ToUnixTimeTicks() / 10;

    /// <summary>Microseconds since 1970-01-01 UTC.</summary>
    public long EndUs => EndUtc.ToUnixTimeTicks() / 10;

    /// <summary>How long it really lasts.</summary>
    public Duration Length => EndUtc - StartUtc;

    /// <summary>The time of the start as it is shown: <c>09:00</c>, and <c>02:30 (UTC+01:00)</c> where the clock shows it twice.</summary>
    public string StartShown => Shown(WallStart, StartOffset, IsStartTwice);

    /// <summary>The time of the end as it is shown.</summary>
    public string EndShown => Shown(WallEnd, EndOffset, IsEndTwice);

    static string Shown(LocalDateTime wall, Offset offset, bool isTwice) => isTwice ? $"{Times.Format(wall.TimeOfDay)} (UTC{Offsets.Format(offset)})" : Times.Format(wall.TimeOfDay);
}
