namespace Tervik.Trust;

/// <summary>Times as they are kept: microseconds since 1970-01-01 UTC.</summary>
public static class Clock
{
    /// <summary>Now.</summary>
    public static long NowUs(this TimeProvider clock) => clock.GetUtcNow().Us();

    /// <summary>A moment as it is kept.</summary>
    public static long Us(this DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>A kept moment.</summary>
    public static DateTimeOffset Time(long us) => DateTimeOffset.UnixEpoch.AddTicks(us * TimeSpan.TicksPerMicrosecond);
}
