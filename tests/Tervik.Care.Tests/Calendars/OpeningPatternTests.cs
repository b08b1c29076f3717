using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using NodaTime;
using Tervik.Care.Calendars;
using Tervik.Care.Clinics;

namespace Tervik.Care.Tests.Calendars;

/// <summary>Hours as people say them, as rules of RFC 5545, and back.</summary>
public sealed class OpeningPatternTests
{
    static readonly Gen<LocalDate> AnyDay = Gen.Int[0, 3000].Select(days => new LocalDate(2024, 1, 1).PlusDays(days));
    static readonly Gen<LocalTime> AnyTime = Gen.Int[0, 24 * 60 - 1].Select(minutes => LocalTime.Midnight.PlusMinutes(minutes));

    static Gen<OpeningPattern> Any(params string[] zones) =>
        from zone in Gen.Int[0, zones.Length - 1].Select(i => zones[i])
        from first in AnyDay
        from times in Gen.Select(AnyTime, AnyTime)
        from days in Gen.Int[0, 127]
        from every in Gen.Int[1, 5]
        from length in Gen.Int[-60, 120]
        from except in Gen.Int[0, 60].Array[0, 4]
        from also in Gen.Int[0, 60].Array[0, 4]
        from services in Gen.Int[0, 2]
        let weekdays = Enumerable.Range(1, 7).Where(day => (days >> (day - 1) & 1) == 1).Select(day => (IsoDayOfWeek)day).ToList()
        select new OpeningPattern(zone, first, times.Item1, times.Item2)
        {
            Weekdays = weekdays, EveryWeeks = weekdays.Count > 0 ? every : 1, Last = weekdays.Count > 0 && length >= 0 ? first.PlusDays(length) : null,
            Except = [.. except.Distinct().Order().Select(first.PlusDays)], Also = [.. also.Distinct().Order().Select(first.PlusDays)], Services = [.. Enumerable.Range(0, services).Select(i => $"HealthcareService/{i}")],
        };

    static OpeningPattern? Read(JsonNode opening)
    {
        using var json = JsonDocument.Parse(opening.ToJsonString());
        return OpeningPattern.Read(json.RootElement);
    }

    static string Said(OpeningPattern? pattern) => pattern is null ? "nothing"
        : $"{pattern.Zone} {pattern.First} {pattern.From} {pattern.To} {string.Join(',', pattern.Weekdays)} {pattern.EveryWeeks} {pattern.Last} [{string.Join(',', pattern.Except)}] [{string.Join(',', pattern.Also)}] [{string.Join(',', pattern.Services)}]";

    // Zones whose clocks change at midnight, by half an hour, or never.
    [Fact]
    public void What_is_written_is_read_back_as_it_was() =>
        Any("Europe/Copenhagen", "Europe/Tallinn", "Asia/Seoul", "Asia/Beirut", "America/Havana", "Australia/Lord_Howe", "America/Scoresbysund", "Africa/Cairo", "UTC").Sample(pattern => Said(Read(pattern.Write())) == Said(pattern), print: Said);

    [Fact]
    public void The_rule_opens_on_exactly_the_days_that_the_pattern_names() => Any("Europe/Copenhagen", "Asia/Seoul", "UTC").Where(pattern => pattern.From.Hour is > 5 and < 22).Sample(pattern =>
    {
        var monday = pattern.First.PlusDays(1 - (int)pattern.First.DayOfWeek);
        bool IsOn(LocalDate day) => !pattern.Except.Contains(day) && (pattern.Also.Contains(day) || (pattern.Weekdays.Count == 0 ? day == pattern.First
            : day >= pattern.First && (pattern.Last is not { } last || day <= last) && pattern.Weekdays.Contains(day.DayOfWeek) && Period.DaysBetween(monday, day) / 7 % pattern.EveryWeeks == 0));
        var opening = new Opening(pattern.Zone, pattern.First + pattern.From, pattern.Minutes, pattern.Rule, pattern.Except.Select(day => day + pattern.From), pattern.Also.Select(day => day + pattern.From));
        var zone = Zones.Current.Get(pattern.Zone);
        var (from, days) = (pattern.First.PlusDays(-10), 150);
        // Hours that end in one that the clock shows twice have a second piece, which begins at no hour of theirs; and those of nearly a day may reach into the next.
        if (pattern.Minutes > 22 * 60) return true;
        var found = opening.Windows(zone.AtStartOfDay(from).ToInstant(), zone.AtStartOfDay(from.PlusDays(days)).ToInstant()).Where(window => window.WallStart.TimeOfDay == pattern.From).Select(window => window.WallStart.Date).Where(day => day >= from).ToList();
        return found.SequenceEqual(Enumerable.Range(0, days).Select(from.PlusDays).Where(IsOn));
    }, print: Said);

    static JsonObject Extension(string? rule, string start = "2026-01-05T08:00", int minutes = 240, string except = "", string zone = "Europe/Copenhagen")
    {
        var parts = new JsonArray(new JsonObject { ["url"] = "zone", ["valueCode"] = zone }, new JsonObject { ["url"] = "start", ["valueString"] = start }, new JsonObject { ["url"] = "minutes", ["valuePositiveInt"] = minutes });
        if (rule is not null) parts.Add(new JsonObject { ["url"] = "rule", ["valueString"] = rule });
        if (except.Length > 0) parts.Add(new JsonObject { ["url"] = "except", ["valueString"] = except });
        return new() { ["url"] = ClinicCalendar.Extension, ["extension"] = parts };
    }

    [Theory]
    [InlineData("FREQ=MONTHLY;BYDAY=1MO"), InlineData("FREQ=WEEKLY;BYDAY=MO;COUNT=10"), InlineData("FREQ=DAILY;INTERVAL=2"), InlineData("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU"), InlineData("FREQ=WEEKLY;BYDAY=MO;BYHOUR=8,13"), InlineData("not a rule"), InlineData("FREQ=WEEKLY;INTERVAL=99")]
    public void A_rule_that_the_form_cannot_show_is_none_of_these(string rule) => Assert.Null(Read(Extension(rule)));

    [Theory]
    [InlineData(1500, "", "Europe/Copenhagen"), InlineData(240, "2026-01-06T09:00", "Europe/Copenhagen"), InlineData(240, "2026-01-06", "Europe/Copenhagen"), InlineData(240, "", "Europe/Nowhere")]
    public void Nor_is_more_than_a_day_or_an_exception_at_another_time_or_a_zone_that_there_is_not(int minutes, string except, string zone) => Assert.Null(Read(Extension("FREQ=WEEKLY;BYDAY=MO", minutes: minutes, except: except, zone: zone)));

    [Theory]
    [InlineData("FREQ=DAILY", "Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday", 1, null)]
    [InlineData("FREQ=WEEKLY", "Monday", 1, null), InlineData("BYDAY=FR,MO;FREQ=WEEKLY;WKST=SU", "Monday,Friday", 1, null), InlineData("FREQ=WEEKLY;INTERVAL=3;BYDAY=WE;WKST=MO", "Wednesday", 3, null)]
    // The last second of that day, the beginning of its hours, a moment before it, and an instant on the day before in UTC.
    [InlineData("FREQ=WEEKLY;BYDAY=MO;UNTIL=20260330T215959Z", "Monday", 1, "2026-03-30"), InlineData("FREQ=WEEKLY;BYDAY=MO;UNTIL=20260330T060000Z", "Monday", 1, "2026-03-30"), InlineData("FREQ=WEEKLY;BYDAY=MO;UNTIL=20260330T055959Z", "Monday", 1, "2026-03-29")]
    [InlineData("FREQ=WEEKLY;BYDAY=MO;UNTIL=20260330T080000", "Monday", 1, "2026-03-30"), InlineData("FREQ=WEEKLY;BYDAY=MO;UNTIL=20260330T075900", "Monday", 1, "2026-03-29"), InlineData("FREQ=WEEKLY;BYDAY=MO;UNTIL=20260330", "Monday", 1, "2026-03-29")]
    public void Rules_of_others_that_mean_the_same_are_shown(string rule, string days, int every, string? last)
    {
        var pattern = Read(Extension(rule));
        Assert.NotNull(pattern);
        Assert.Equal((days, every, last), (string.Join(',', pattern.Weekdays), pattern.EveryWeeks, pattern.Last?.ToString("uuuu-MM-dd", null)));
    }

    [Fact]
    public void What_another_system_says_beside_it_stays()
    {
        var before = Extension("FREQ=DAILY");
        before["extension"]!.AsArray().Add(new JsonObject { ["url"] = "urn:other:colour", ["valueString"] = "green" });
        var written = Read(before)!.Write(before);
        Assert.Contains("urn:other:colour", written.ToJsonString(), StringComparison.Ordinal);
        Assert.Single(written["extension"]!.AsArray(), part => part!["url"]!.GetValue<string>() == "start");
    }
}
