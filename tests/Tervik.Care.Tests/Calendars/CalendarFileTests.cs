using System.Text;
using CsCheck;
using NodaTime;
using Tervik.Care.Calendars;
using Tervik.Records;

namespace Tervik.Care.Tests.Calendars;

public sealed class CalendarFileTests
{
    static readonly Uri Node = new("https://tervik.example/");

    static CalendarFile Read(params string[] lines) => CalendarFile.Read(Encoding.UTF8.GetBytes(string.Join("\r\n", lines) + "\r\n"));

    static CalendarEntry Entry(string zone, Instant start, string status = "CONFIRMED", int version = 3) =>
        new(CalendarEntry.UidOf("a1", Node), version, Instant.FromUtc(2026, 11, 1, 8, 0), start, start + Duration.FromMinutes(20), zone, status, "Appointment; with a comma, and \\", "Söndra 2,\nruum 5", "여러 줄\n둘째 줄");

    [Theory]
    [InlineData(1, "line 3", "stands outside of a calendar", "BEGIN:VCALENDAR", "END:VCALENDAR", "X:1")]
    [InlineData(2, "line 3", "expected END:VEVENT for what begins in line 2", "BEGIN:VCALENDAR", "BEGIN:VEVENT", "END:VCALENDAR")]
    [InlineData(3, "line 2", "inside of the calendar that begins in line 1", "BEGIN:VCALENDAR", "BEGIN:VCALENDAR")]
    [InlineData(4, "line 2", "which begins in line 2; expected END:VEVENT", "BEGIN:VCALENDAR", "BEGIN:VEVENT")]
    [InlineData(5, "line 2", "no property", "BEGIN:VCALENDAR", "VERSION")]
    [InlineData(6, "line 3", "DTSTART:20260230T080000Z was found; expected a date", "BEGIN:VCALENDAR", "BEGIN:VEVENT", "DTSTART:20260230T080000Z")]
    [InlineData(7, "line 2", "does not end", "BEGIN:VCALENDAR", "X;P=\"a:b")]
    [InlineData(8, "line 3", "FREQ=SOMETIMES", "BEGIN:VCALENDAR", "BEGIN:VEVENT", "RRULE:FREQ=SOMETIMES")]
    [InlineData(9, "line 2", "control character U+0007", "BEGIN:VCALENDAR", "X:\a")]
    [InlineData(10, "line 1", "VEVENT stands outside", "BEGIN:VEVENT", "END:VEVENT")]
    [InlineData(11, "line 2", "VERSION:1.0", "BEGIN:VCALENDAR", "VERSION:1.0")]
    [InlineData(12, "line 4", "is no property", "BEGIN:VCALENDAR", "X;P=1", " :folded", "no colon")]
    public void What_is_broken_is_refused_with_its_line_and_what_was_expected(int number, string line, string what, params string[] lines)
    {
        var refused = Assert.Throws<FaultException>(() => Read(lines));
        Assert.Equal((number, number == 4 ? "line 2" : line), (number, refused.Faults[0].Where));
        Assert.Contains(what, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Limits_are_kept()
    {
        Assert.Contains("deeper", Assert.Throws<FaultException>(() => Read(["BEGIN:VCALENDAR", .. Enumerable.Repeat("BEGIN:X", CalendarFile.Deepest)])).Message, StringComparison.Ordinal);
        Assert.Contains("octets", Assert.Throws<FaultException>(() => Read("BEGIN:VCALENDAR", "X:" + new string('a', CalendarFile.MostOfLine))).Message, StringComparison.Ordinal);
        Assert.Contains("bytes", Assert.Throws<FaultException>(() => CalendarFile.Read(new byte[CalendarFile.MostBytes + 1])).Message, StringComparison.Ordinal);
        Assert.Contains("parameters", Assert.Throws<FaultException>(() => Read("BEGIN:VCALENDAR", "X" + string.Concat(Enumerable.Repeat(";P=1", CalendarFile.MostParameters + 1)) + ":")).Message, StringComparison.Ordinal);
        Assert.Contains("components", Assert.Throws<FaultException>(() => Read(["BEGIN:VCALENDAR", .. Enumerable.Repeat("BEGIN:X\r\nEND:X", CalendarFile.MostComponents)])).Message, StringComparison.Ordinal);
    }

    [Theory, InlineData("Europe/Tallinn"), InlineData("Asia/Seoul"), InlineData("America/New_York"), InlineData("Europe/Dublin"), InlineData(null)]
    public void Another_program_reads_what_is_written(string? zone)
    {
        // Before, between and after the changes of the clock.
        foreach (var start in (Instant[])[Instant.FromUtc(2026, 3, 28, 22, 30), Instant.FromUtc(2026, 3, 29, 5, 0), Instant.FromUtc(2026, 7, 1, 6, 0), Instant.FromUtc(2026, 10, 25, 0, 30), Instant.FromUtc(2026, 10, 25, 1, 30), Instant.FromUtc(2026, 12, 1, 7, 0)])
        {
            var written = CalendarFile.Of([Entry(zone!, start)], Node, name: "Ajad", refresh: Duration.FromHours(1)).Write();
            var text = Encoding.UTF8.GetString(written);
            Assert.All(text.Split("\r\n"), line => Assert.InRange(Encoding.UTF8.GetByteCount(line), 0, 75));
            Assert.DoesNotContain('\n', text.Replace("\r\n", "", StringComparison.Ordinal));
            var seen = Assert.Single(Ical.Net.Calendar.Load(text)!.Events);
            Assert.Equal((CalendarEntry.UidOf("a1", Node), 3, "CONFIRMED", "Appointment; with a comma, and \\", "Söndra 2,\nruum 5", "여러 줄\n둘째 줄"), (seen.Uid, seen.Sequence, seen.Status, seen.Summary, seen.Location, seen.Description?.ReplaceLineEndings("\n")));
            // A wall time that comes twice names the first; RFC 5545 has no other way to say it.
            var twice = zone is not null && Zones.Current.Get(zone).MapLocal(start.InZone(Zones.Current.Get(zone)).LocalDateTime).Count == 2;
            if (!twice) Assert.Equal(start.ToDateTimeUtc(), seen.DtStart!.AsUtc);
            Assert.Empty(CalendarFile.Read(written).Deviations);
            // And the VTIMEZONE itself says the same as the tz database.
            if (zone is null) continue;
            var zoneRead = CalendarFile.Read(written).All.Single(one => one.Name == "VTIMEZONE");
            var wall = start.InZone(Zones.Current.Get(zone)).LocalDateTime;
            var observed = zoneRead.Components.Select(one => (Start: one.Of("DTSTART")!.Value, To: one.Of("TZOFFSETTO")!.Value)).Where(one => string.CompareOrdinal(one.Start, wall.ToString("uuuuMMdd'T'HHmmss", null)) <= 0).MaxBy(one => one.Start, StringComparer.Ordinal);
            if (!twice) Assert.Equal(Zones.Current.Get(zone).GetUtcOffset(start).ToString("+HHmm", null), observed.To);
        }
    }

    [Fact]
    public void A_cancelled_appointment_takes_the_place_of_the_booked_one()
    {
        var (booked, cancelled) = (Entry("Europe/Tallinn", Instant.FromUtc(2026, 12, 1, 7, 0)), Entry("Europe/Tallinn", Instant.FromUtc(2026, 12, 1, 7, 0), CalendarEntry.StatusOf("cancelled"), version: 4));
        var (first, second) = (Ical.Net.Calendar.Load(Encoding.UTF8.GetString(CalendarFile.Of([booked], Node).Write()))!, Ical.Net.Calendar.Load(Encoding.UTF8.GetString(CalendarFile.Of([cancelled], Node, "CANCEL").Write()))!);
        Assert.Equal(("PUBLISH", "CANCEL", "CANCELLED"), (first.Method, second.Method, second.Events[0]!.Status));
        Assert.Equal(first.Events[0]!.Uid, second.Events[0]!.Uid);
        Assert.True(second.Events[0]!.Sequence > first.Events[0]!.Sequence);
    }

    static readonly Gen<string> AnyText = Gen.String[Gen.OneOf(Gen.Char['a', 'z'], Gen.Char["\\;,:\"^\né한 \t"], Gen.Char['\u4e00', '\u9fff']), 0, 120];
    static readonly Gen<CalendarProperty> AnyProperty = Gen.Select(Gen.Int[0, 99], AnyText, Gen.Select(Gen.Int[0, 9], AnyText.List[1, 3], (name, values) => new CalendarParameter($"X-P{name}", values.Select(value => value.Replace("\t", "", StringComparison.Ordinal)).ToList())).List[0, 3],
        (name, text, parameters) => CalendarProperty.OfText($"X-{name}", text) with { Parameters = parameters });

    [Fact]
    public void What_was_written_is_read_back_as_it_was() => AnyProperty.List[0, 10].Sample(properties =>
    {
        var file = new CalendarFile { Calendars = [new("VCALENDAR") { Properties = properties, Components = [new("VEVENT") { Properties = properties }] }] };
        var written = file.Write();
        var read = CalendarFile.Read(written);
        Assert.Equal(properties.Select(one => (one.Name, one.Text, string.Join('|', one.Parameters.Select(parameter => $"{parameter.Name}={string.Join('\0', parameter.Values)}")))),
            read.Calendars[0].Components[0].Properties.Select(one => (one.Name, one.Text, string.Join('|', one.Parameters.Select(parameter => $"{parameter.Name}={string.Join('\0', parameter.Values)}")))));
        Assert.Equal(written, read.Write());
    }, iter: 2_000);

    static readonly string[] Pieces = ["BEGIN:VCALENDAR\r\n", "END:VCALENDAR\r\n", "BEGIN:VEVENT\r\n", "END:VEVENT\r\n", "RRULE:", "FREQ=DAILY;", "BYDAY=MO,-1SU;", "INTERVAL=99999999999;", "UNTIL=20261340;", "DTSTART;TZID=\"a:b\":", "20261127T080000Z", "\r\n", "\n ", ";X=", "\"", ":", "^n", ",", "\\", "\0", "é", "\uFEFF", "PT99999999999H", "EXDATE:", "/", "FREEBUSY:", "2026", "P", "GEO:1;2"];

    [Fact]
    public void Whatever_comes_it_is_read_or_refused_with_a_line() => Gen.OneOf(Gen.Int[0, Pieces.Length - 1].Select(i => Pieces[i]).List[0, 60].Select(pieces => Encoding.UTF8.GetBytes(string.Concat(pieces))), Gen.Int[0, Pieces.Length - 1].Select(i => Pieces[i]).List[0, 40].Select(pieces => Encoding.UTF8.GetBytes("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + string.Concat(pieces) + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")), Gen.Byte.Array[0, 300]).Sample(bytes =>
    {
        try
        {
            var read = CalendarFile.Read(bytes);
            Assert.Equal(read.All.Count(), CalendarFile.Read(read.Write()).All.Count());
        }
        catch (FaultException fault)
        {
            Assert.StartsWith("line ", fault.Faults[0].Where, StringComparison.Ordinal);
        }
    }, iter: 20_000);
}
