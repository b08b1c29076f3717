using NodaTime;

namespace Tervik.Care.Calendars;

/// <summary>Where the time before and after an appointment (set-up, cleaning, notes) may lie.</summary>
public enum Buffers
{
    /// <summary>Inside the window: the first appointment begins after its set-up, and the last is cleaned up after before the window closes.</summary>
    Inside,
    /// <summary>Over the edges of the window as well: the window says when appointments are, and staff come earlier and stay longer.</summary>
    OverEdges,
}

/// <summary>A time that can be booked.</summary>
/// <param name="Span">Of the appointment.</param>
/// <param name="BusyFrom">From when its calendar is taken, set-up included.</param>
/// <param name="BusyTo">Until when, what comes after included.</param>
public readonly record struct OpenSlot(ZonedSpan Span, Instant BusyFrom, Instant BusyTo)
{
    /// <summary>Microseconds since 1970-01-01 UTC.</summary>
    public long BusyFromUs => BusyFrom.ToUnixTimeTicks() / 10;

    /// <summary>Microseconds since 1970-01-01 UTC.</summary>
    public long BusyToUs => BusyTo.ToUnixTimeTicks() / 10;
}

/// <summary>Cuts windows into slots on the line of UTC, so that on days on which the clock is changed a slot is as long as on others, none begins in an hour that is skipped, and those in an hour that is repeated are different instants.</summary>
public static class Slots
{
    /// <summary>The longest length, step or buffer: a day.</summary>
    public const int MostMinutes = 24 * 60;

    /// <summary>The slots of a window, earliest first.</summary>
    /// <param name="window">As <see cref="Opening.Windows"/> gives it.</param>
    /// <param name="lengthMinutes">Of the appointment, real minutes.</param>
    /// <param name="stepMinutes">From one beginning to the next. Less than the length and the buffers together: the slots are alternatives that overlap.</param>
    /// <param name="bufferBefore">Minutes the calendar is taken before it.</param>
    /// <param name="bufferAfter">Minutes the calendar is taken after it.</param>
    /// <param name="buffers">Where these may lie.</param>
    /// <exception cref="Records.FaultException">A number is out of range.</exception>
    public static IReadOnlyList<OpenSlot> Cut(ZonedSpan window, int lengthMinutes, int stepMinutes, int bufferBefore = 0, int bufferAfter = 0, Buffers buffers = Buffers.Inside)
    {
        Check(nameof(lengthMinutes), lengthMinutes, 1);
        Check(nameof(stepMinutes), stepMinutes, 1);
        Check(nameof(bufferBefore), bufferBefore, 0);
        Check(nameof(bufferAfter), bufferAfter, 0);
        var zone = Zones.Current.Get(window.Zone);
        var (length, step, before, after) = (Duration.FromMinutes(lengthMinutes), Duration.FromMinutes(stepMinutes), Duration.FromMinutes(bufferBefore), Duration.FromMinutes(bufferAfter));
        var (first, last) = buffers == Buffers.Inside ? (window.StartUtc + before, window.EndUtc - after) : (window.StartUtc, window.EndUtc);
        var slots = new List<OpenSlot>();
        for (var start = first; start + length <= last; start += step) slots.Add(new(ZonedSpan.Of(zone, start, start + length), start - before, start + length + after));
        return slots;
    }

    static void Check(string name, int minutes, int least)
    {
        if (minutes < least || minutes > MostMinutes) throw Refusal.Of(name, $"{minutes} minutes; expected {least} to {MostMinutes}.");
    }
}
