using NodaTime;

namespace Tervik.Care.Calendars;

/// <summary>Cuts windows into slots on the line of UTC, so that on days on which the clock is changed a slot is as long as on others, none begins in an hour that is skipped, and those in an hour that is repeated are different instants.</summary>
public static class Slots
{
    /// <summary>The slots of a window, earliest first. Each lies inside it; the time to set up and to clean may hang over its edges: the window says when appointments are, and staff come earlier and stay longer.</summary>
    /// <param name="window">As <see cref="Opening.Windows"/> gives it.</param>
    /// <param name="minutes">Length of an appointment, real minutes, at least one.</param>
    /// <param name="step">From one beginning to the next, at least one. Less than the length: the slots are alternatives that overlap.</param>
    /// <param name="from">Those that begin then or later.</param>
    /// <param name="to">Those that begin before.</param>
    public static IEnumerable<ZonedSpan> Cut(ZonedSpan window, int minutes, int step, Instant from, Instant to)
    {
        var zone = Zones.Current.Get(window.Zone);
        var length = Duration.FromMinutes(minutes);
        for (var start = window.StartUtc; start + length <= window.EndUtc && start < to; start += Duration.FromMinutes(step))
            if (start >= from) yield return ZonedSpan.Of(zone, start, start + length);
    }
}
