namespace Tervik.Care.Booking;

/// <summary>Time in cells of five minutes, numbered from 1970-01-01T00:00Z: the grain in which calendars are divided. A slot on a clock whose offset is no multiple of five minutes takes the cells it touches.</summary>
public static class Cells
{
    /// <summary>Length of a cell.</summary>
    public const int Minutes = 5;
    /// <summary>Cells of a day of UTC.</summary>
    public const int PerDay = 24 * 60 / Minutes;
    const long Us = Minutes * 60_000_000L;

    /// <summary>The cell in which an instant lies.</summary>
    /// <param name="us">Microseconds since 1970-01-01 UTC.</param>
    public static long At(long us) => Floor(us, Us);

    /// <summary>The first cell that begins at or after an instant: the end of what lasts until then.</summary>
    /// <param name="us">Microseconds since 1970-01-01 UTC.</param>
    public static long Until(long us) => At(us - 1) + 1;

    /// <summary>The beginning of a cell, in microseconds since 1970-01-01 UTC.</summary>
    public static long StartUs(long cell) => cell * Us;

    /// <summary>The day of UTC a cell lies in, numbered from 1970-01-01.</summary>
    public static long Day(long cell) => Floor(cell, PerDay);

    static long Floor(long value, long by) => value >= 0 ? value / by : (value + 1) / by - 1;
}
