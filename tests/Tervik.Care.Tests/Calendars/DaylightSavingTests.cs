using NodaTime;
using NodaTime.Text;
using Tervik.Care.Calendars;

namespace Tervik.Care.Tests.Calendars;

/// <summary>Openings and slots around every change of the clock from 2000 to 2035, held against a walk minute by minute that only asks for the offset of an instant.</summary>
public sealed class DaylightSavingTests
{
    static readonly (int From, int To)[] Hours = [(0, 24 * 60), (60, 4 * 60), (90, 150), (0, 60), (23 * 60, 26 * 60), (8 * 60, 12 * 60)];
    static readonly LocalDateTimePattern Wall = LocalDateTimePattern.GeneralIso;

    static IEnumerable<Instant> Changes(string zone) =>
        DateTimeZoneProviders.Tzdb[zone].GetZoneIntervals(Instant.FromUtc(2000, 1, 1, 0, 0), Instant.FromUtc(2036, 1, 1, 0, 0)).Skip(1).Select(interval => interval.Start);

    [Theory]
    [InlineData("Europe/Copenhagen", 72), InlineData("Europe/Tallinn", 68), InlineData("America/New_York", 72), InlineData("Australia/Lord_Howe", 72), InlineData("Asia/Seoul", 0)]
    public void Around_every_change_of_the_clock_the_wall_is_open_when_it_says_so_and_no_slot_is_lost_or_given_twice(string zoneId, int fewest)
    {
        var zone = DateTimeZoneProviders.Tzdb[zoneId];
        var changes = Changes(zoneId).ToList();
        Assert.InRange(changes.Count, fewest, 80);
        // A zone without changes has ordinary days only.
        foreach (var change in changes.Count > 0 ? changes : [Instant.FromUtc(2026, 3, 29, 1, 0)])
            foreach (var (from, to) in Hours)
            {
                var opening = new Opening(zoneId, new LocalDateTime(1999, 12, 1, 0, 0).PlusMinutes(from), to - from, "FREQ=DAILY");
                var (first, last) = (change - Duration.FromHours(50), change + Duration.FromHours(50));
                var open = new HashSet<long>();
                for (var minute = first - Duration.FromDays(1); minute < last + Duration.FromDays(1); minute += Duration.FromMinutes(1))
                {
                    var clock = minute.InZone(zone).TimeOfDay;
                    var at = clock.Hour * 60 + clock.Minute;
                    if (at >= from && at < to || at + 24 * 60 < to) open.Add(minute.ToUnixTimeSeconds() / 60);
                }
                var windows = opening.Windows(first, last);
                for (var i = 1; i < windows.Count; i++) Assert.True(windows[i - 1].EndUtc <= windows[i].StartUtc, $"{zoneId} {change}: {windows[i - 1]} and {windows[i]} overlap");
                var said = windows.SelectMany(window => Enumerable.Range(0, (int)window.Length.TotalMinutes).Select(i => window.StartUtc.ToUnixTimeSeconds() / 60 + i)).ToHashSet();
                for (var minute = first.ToUnixTimeSeconds() / 60; minute < last.ToUnixTimeSeconds() / 60; minute++)
                    Assert.True(open.Contains(minute) == said.Contains(minute), $"{zoneId} {change} {from}-{to}: minute {Instant.FromUnixTimeSeconds(minute * 60)} is {(said.Contains(minute) ? "open" : "closed")}");

                var starts = new HashSet<Instant>();
                foreach (var window in windows)
                {
                    var slots = Slots.Cut(window, 20, 20, window.StartUtc, window.EndUtc).ToList();
                    Assert.Equal((int)window.Length.TotalMinutes / 20, slots.Count);
                    foreach (var slot in slots)
                    {
                        Assert.True(starts.Add(slot.StartUtc));
                        Assert.Equal(Duration.FromMinutes(20), slot.Length);
                        // The wall shows it, so it does not lie in the gap; where the wall shows it twice, the offset tells which.
                        var mapped = zone.MapLocal(slot.WallStart);
                        Assert.InRange(mapped.Count, 1, 2);
                        Assert.Equal(mapped.Count == 2, slot.StartShown.Contains("UTC", StringComparison.Ordinal));
                        Assert.Equal(slot.StartUtc, slot.WallStart.WithOffset(slot.StartOffset).ToInstant());
                    }
                    // What is shown tells all of them apart.
                    Assert.Equal(slots.Count, slots.Select(slot => $"{slot.WallStart.Date} {slot.StartShown}").Distinct().Count());
                }
            }
    }

    [Fact]
    public void A_time_in_the_gap_is_never_offered_and_one_in_the_fold_twice()
    {
        static List<string> Shown(string day) => [.. new Opening("Europe/Copenhagen", Wall.Parse($"{day}T01:30:00").Value, 120).Windows(Instant.FromUtc(2026, 1, 1, 0, 0), Instant.FromUtc(2027, 1, 1, 0, 0)).SelectMany(window => Slots.Cut(window, 30, 30, window.StartUtc, window.EndUtc)).Select(slot => slot.StartShown)];
        Assert.Equal(["01:30", "03:00"], Shown("2026-03-29"));
        Assert.Equal(["01:30", "02:00 (UTC+02:00)", "02:30 (UTC+02:00)", "02:00 (UTC+01:00)", "02:30 (UTC+01:00)", "03:00"], Shown("2026-10-25"));
    }
}
