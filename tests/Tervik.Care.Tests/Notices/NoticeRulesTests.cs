using CsCheck;
using NodaTime;
using Tervik.Care.Notices;

namespace Tervik.Care.Tests.Notices;

public sealed class NoticeRulesTests
{
    const long Minute = 60_000_000, Day = 1440 * Minute;

    [Fact]
    public void A_change_is_told_once_by_what_it_is()
    {
        var booked = new KnownAppointment("booked", 10 * Day, Day);
        Assert.Equal(NoticeKind.Booked, NoticeRules.Told(null, "booked", 10 * Day, 2 * Day));
        Assert.Equal(NoticeKind.Booked, NoticeRules.Told(new("proposed", 10 * Day, Day), "booked", 10 * Day, 2 * Day));
        Assert.Equal(NoticeKind.Moved, NoticeRules.Told(booked, "booked", 11 * Day, 2 * Day));
        Assert.Equal(NoticeKind.Cancelled, NoticeRules.Told(booked, "cancelled", 10 * Day, 2 * Day));
        Assert.Equal(NoticeKind.Cancelled, NoticeRules.Told(booked, "entered-in-error", 10 * Day, 2 * Day));
        // The patient says that they are here; a comment was added; it was cancelled before; it is over.
        Assert.Null(NoticeRules.Told(booked, "arrived", 10 * Day, 2 * Day));
        Assert.Null(NoticeRules.Told(booked, "booked", 10 * Day, 2 * Day));
        Assert.Null(NoticeRules.Told(new("cancelled", 10 * Day, Day), "cancelled", 10 * Day, 2 * Day));
        Assert.Null(NoticeRules.Told(null, "cancelled", 10 * Day, 2 * Day));
        Assert.Null(NoticeRules.Told(null, "booked", Day, 2 * Day));
    }

    [Fact]
    public void Minute_by_minute_each_reminder_comes_once_at_its_time_and_none_whose_time_had_passed() => Gen.Select(Gen.Int[0, 12 * 1440], Gen.Int[0, 15]).Sample((lead, which) =>
    {
        // Booked at 0, so many minutes ahead; these reminders are wanted.
        var wanted = NoticeRules.Reminders.Where((_, i) => (which & 1 << i) != 0).ToList();
        var appointment = new KnownAppointment("booked", 100 * Day + lead * Minute, 100 * Day);
        var told = new List<(long At, int Minutes)>();
        for (var (now, next) = (100 * Day, NoticeRules.Next(appointment, 100 * Day)); next < long.MaxValue; next = NoticeRules.Next(appointment, now))
        {
            now = next;
            if (NoticeRules.Due(appointment, wanted, now) is { } minutes && !told.Exists(one => one.Minutes == minutes)) told.Add((now, minutes));
        }
        Assert.Equal(wanted.Where(minutes => minutes < lead).OrderDescending().Select(minutes => (100 * Day + (lead - minutes) * Minute, minutes)), told);
    }, iter: 2_000);

    [Fact]
    public void After_a_long_stop_only_the_last_reminder_comes()
    {
        var appointment = new KnownAppointment("booked", 100 * Day, 0);
        Assert.Equal(1440, NoticeRules.Due(appointment, NoticeRules.Reminders, 100 * Day - 600 * Minute));
        Assert.Null(NoticeRules.Due(appointment, NoticeRules.Reminders, 100 * Day));
        Assert.Null(NoticeRules.Due(appointment with { Status = "cancelled" }, NoticeRules.Reminders, 100 * Day - 600 * Minute));
    }

    [Fact]
    public void Waits_grow_and_end_after_days()
    {
        var waits = Enumerable.Range(1, 20).Select(NoticeRules.Wait).TakeWhile(wait => wait is not null).Select(wait => wait!.Value).ToList();
        Assert.Equal(waits.Order(), waits);
        Assert.InRange(waits.Sum(wait => wait.TotalDays), 3, 5);
        Assert.Null(NoticeRules.Wait(waits.Count + 1));
    }

    [Fact]
    public void Quiet_hours_end_when_the_wall_says_so() => Gen.Select(Gen.Int[0, 1439], Gen.Int[0, 1439], Gen.Int[0, 365 * 1440], Gen.Int[0, 3]).Sample((from, to, at, which) =>
    {
        var zone = ((string[])["Europe/Tallinn", "Asia/Seoul", "America/New_York", "UTC"])[which];
        var preference = new NoticePreference { QuietFrom = from, QuietTo = to, Zone = zone };
        bool IsQuiet(Instant now)
        {
            var wall = now.InZone(DateTimeZoneProviders.Tzdb[zone]).TimeOfDay;
            var minute = wall.Hour * 60 + wall.Minute;
            return from != to && (from < to ? minute >= from && minute < to : minute >= from || minute < to);
        }
        var now = Instant.FromUtc(2026, 1, 1, 0, 0) + Duration.FromMinutes(at);
        var until = preference.QuietUntil(now);
        Assert.Equal(IsQuiet(now), until is not null);
        if (until is not { } end) return;
        // Not quiet any more, and not later than a day: but where the clock is changed in between it may be an hour off the walk.
        Assert.True(end > now && end - now <= Duration.FromHours(25), $"{now} {end}");
        if (DateTimeZoneProviders.Tzdb[zone].GetUtcOffset(now) == DateTimeZoneProviders.Tzdb[zone].GetUtcOffset(end))
        {
            Assert.False(IsQuiet(end));
            Assert.True(IsQuiet(end - Duration.FromMinutes(1)));
        }
    }, iter: 5_000);
}
