using System.Globalization;
using CsCheck;
using Tervik.Care.Hl7;

namespace Tervik.Care.Tests.Hl7;

public sealed class Hl7TimeTests
{
    static readonly Hl7Zone Copenhagen = new(null, TimeZoneInfo.FindSystemTimeZoneById("Europe/Copenhagen"));

    static string? Written(string text, Hl7Zone zone) => Hl7Time.TryRead(text, out var time) ? time?.DateTime(zone) ?? "nothing" : null;

    [Theory]
    [InlineData("2026", "2026")]
    [InlineData("202601", "2026-01")]
    [InlineData("20260102", "2026-01-02")]
    [InlineData("2026010203", "2026-01-02T03:00:00+01:00")] // FHIR has no hours alone
    [InlineData("202607020304", "2026-07-02T03:04:00+02:00")]
    [InlineData("20260102030405", "2026-01-02T03:04:05+01:00")]
    [InlineData("20260102030405.1234", "2026-01-02T03:04:05.1234+01:00")]
    [InlineData("20260102030405-0330", "2026-01-02T03:04:05-03:30")]
    [InlineData("202601020304+0000", "2026-01-02T03:04:00Z")]
    [InlineData("20260102240000", "2026-01-03T00:00:00+01:00")]
    [InlineData("0000", "nothing")]
    [InlineData("00000000", "nothing")]
    public void A_time_keeps_its_precision_and_has_the_zone_of_its_sender(string sent, string meant) => Assert.Equal(meant, Written(sent, Copenhagen));

    [Theory]
    [InlineData("20261301"), InlineData("20260230"), InlineData("2026-01-02"), InlineData("202"), InlineData("2026010225"), InlineData("20260102+01"), InlineData("20260102030405+2500"), InlineData("202601020304.5"), InlineData("today"), InlineData("20260102030405.12345678901")]
    public void What_is_no_time_is_none(string sent) => Assert.Null(Written(sent, Copenhagen));

    [Fact]
    public void The_offset_of_the_header_is_that_of_the_message() => Assert.Equal("2026-07-02T03:04:00-05:00", Written("202607020304", new(TimeSpan.FromHours(-5), TimeZoneInfo.Utc)));

    [Fact]
    public void A_moment_that_is_written_is_read_back() => Gen.Select(Gen.DateTime[new DateTime(1, 1, 3, 0, 0, 0, DateTimeKind.Unspecified), new DateTime(9998, 1, 1, 0, 0, 0, DateTimeKind.Unspecified)], Gen.Int[-14 * 4, 14 * 4]).Sample((time, quarters) =>
    {
        var (moment, offset) = (new DateTime(time.Ticks - time.Ticks % TimeSpan.TicksPerSecond), TimeSpan.FromMinutes(15 * quarters));
        var sent = moment.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture) + (offset < TimeSpan.Zero ? "-" : "+") + offset.ToString("hhmm", CultureInfo.InvariantCulture);
        return Hl7Time.TryRead(sent, out var read) && read is { } one && one.Local == moment && one.Offset == offset && DateTimeOffset.Parse(one.DateTime(Hl7Zone.Utc), CultureInfo.InvariantCulture) == new DateTimeOffset(moment, offset);
    });

    [Fact]
    public void Whatever_stands_there_is_a_time_or_none() => Gen.String[Gen.Char["0123456789.+- T:"], 1, 25].Sample(text => !Hl7Time.TryRead(text, out var time) || time is null || time.Value.Instant(Hl7Zone.Utc).Length >= 20);
}
