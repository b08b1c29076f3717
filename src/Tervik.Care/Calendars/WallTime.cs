using NodaTime;
using NodaTime.Text;
using NodaTime.TimeZones;

namespace Tervik.Care.Calendars;

/// <summary>A time as it was agreed: what the clock on the wall shows, where, and the instant this was when it was reckoned. The first two hold; the instant follows when a country changes its clocks.</summary>
/// <param name="Local">What the clock shows.</param>
/// <param name="Zone">IANA name.</param>
/// <param name="Offset">From UTC; it tells the two readings of a repeated hour apart.</param>
/// <param name="Instant">In UTC.</param>
/// <param name="TzdbVersion">The release of the tz database it was reckoned with.</param>
public sealed record WallTime(LocalDateTime Local, string Zone, Offset Offset, Instant Instant, string TzdbVersion)
{
    /// <summary>The wall time of an instant.</summary>
    public static WallTime Of(Instant instant, string zone, Zones? zones = null)
    {
        zones ??= Zones.Current;
        var zoned = instant.InZone(zones.Get(zone));
        return new(zoned.LocalDateTime, zone, zoned.Offset, instant, zones.Version);
    }

    /// <summary>The instant of a wall time. A time that is twice is the one with <paramref name="offset"/>, else the first; one that is not is as much later as the clock was put forward (RFC 5545, section 3.3.5), and <see cref="Local"/> says what the clock shows then.</summary>
    public static WallTime At(LocalDateTime local, string zone, Offset? offset = null, Zones? zones = null)
    {
        zones ??= Zones.Current;
        var mapped = zones.Get(zone).MapLocal(local);
        var zoned = mapped.Count switch
        {
            1 => mapped.Single(),
            2 => mapped.Last() is var last && last.Offset == offset ? last : mapped.First(),
            _ => Resolvers.ReturnForwardShifted(local, mapped.Zone, mapped.EarlyInterval, mapped.LateInterval),
        };
        return new(zoned.LocalDateTime, zone, zoned.Offset, zoned.ToInstant(), zones.Version);
    }

    /// <summary>Microseconds since 1970-01-01 UTC.</summary>
    public long Us => Instant.ToUnixTimeTicks() / 10;

    /// <summary>The wall time reckoned again with another release: the wall keeps its time, the instant follows. The same value when the release is the same.</summary>
    public WallTime Reckon(Zones zones) => TzdbVersion == zones.Version ? this : At(Local, Zone, Offset, zones);

    /// <summary>Reckons stored wall times again after an update of the tz database and tells which moved.</summary>
    /// <param name="times">Of any release; a key of the caller's with each.</param>
    /// <param name="now">What lies before has happened when it happened and keeps its instant.</param>
    /// <returns>Those of another release, to be stored; most will not have moved.</returns>
    public static IEnumerable<Reckoned<TKey>> Reckon<TKey>(IEnumerable<(TKey Key, WallTime Time)> times, Instant now, Zones? zones = null)
    {
        zones ??= Zones.Current;
        foreach (var (key, time) in times)
            if (time.TzdbVersion != zones.Version && time.Instant >= now) yield return new(key, time, time.Reckon(zones));
    }

    /// <summary>As RFC 9557 writes it, such as <c>2026-10-25T02:30:00+01:00[Europe/Copenhagen]</c>.</summary>
    public override string ToString() => $"{LocalDateTimePattern.ExtendedIso.Format(Local)}{OffsetPattern.CreateWithInvariantCulture("+HH:mm").Format(Offset)}[{Zone}]";
}

/// <summary>A stored wall time that was reckoned again.</summary>
/// <param name="Key">The caller's.</param>
/// <param name="Before">As it was stored.</param>
/// <param name="After">As it is now.</param>
public sealed record Reckoned<TKey>(TKey Key, WallTime Before, WallTime After)
{
    /// <summary>It is at another instant: calendars of people, rooms and reminders follow.</summary>
    public bool HasMoved => Before.Instant != After.Instant;

    /// <summary>The clock shows another time, because the agreed one does not exist any more: people have to be told.</summary>
    public bool IsAtAnotherTime => Before.Local != After.Local;
}
