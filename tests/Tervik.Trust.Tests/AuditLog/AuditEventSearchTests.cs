using Microsoft.Extensions.Primitives;
using Tervik.Records;
using Tervik.Records.Indexing;
using Tervik.Trust.AuditLog;
using Xunit;

namespace Tervik.Trust.Tests.AuditLog;

public sealed class AuditEventSearchTests
{
    static readonly Keys Keys = new(seed: 42);
    const long Day = 24L * 3600 * 1_000_000;
    static readonly long Nov23 = (new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero) - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    [Fact]
    public void A_patient_is_found_with_and_without_its_type()
    {
        Assert.Equal(Keys.Reference("Patient/1"), Parse(("patient", "1")).Compartment);
        Assert.Equal(Keys.Reference("Patient/1"), Parse(("patient", "Patient/1")).Compartment);
    }

    [Fact]
    public void Dates_narrow_the_excerpt_by_their_precision()
    {
        Assert.Equal((Nov23, Nov23 + Day), Range(("date", "2026-11-23")));
        Assert.Equal((Nov23, long.MaxValue), Range(("date", "ge2026-11-23")));
        Assert.Equal((Nov23 + Day, long.MaxValue), Range(("date", "gt2026-11-23")));
        Assert.Equal((long.MinValue, Nov23), Range(("date", "lt2026-11-23")));
        Assert.Equal((long.MinValue, Nov23 + Day), Range(("date", "le2026-11-23")));
        Assert.Equal((Nov23, Nov23 + 2 * Day), Range(("date", "ge2026-11-23"), ("date", "le2026-11-24")));
        Assert.Equal((Nov23, Nov23 + 1_000_000), Range(("date", "2026-11-23T01:00:00+01:00")));
    }

    [Theory]
    [InlineData("date", "yesterday")]
    [InlineData("date", "ap2026")]
    [InlineData("date", "2026-13")]
    [InlineData("agent", "7")]
    [InlineData("_count", "many")]
    [InlineData("_before", "-1")]
    public void A_value_that_is_not_understood_is_named(string name, string value)
    {
        var error = Assert.Throws<FaultException>(() => Parse((name, value)));
        Assert.Equal((name, true), (error.Faults[0].Where, error.Faults[0].What.Contains(value)));
    }

    [Fact]
    public void Counts_stay_within_their_limits()
    {
        Assert.Equal(1, Parse(("_count", "0")).Count);
        Assert.Equal(500, Parse(("_count", "100000")).Count);
    }

    [Fact]
    public void Other_parameters_are_left_to_the_record() =>
        Assert.Equal((true, false), (AuditEventSearch.Answers(["patient", "_count"]), AuditEventSearch.Answers(["patient", "type"])));

    static (long, long) Range(params (string, string)[] parameters) => Parse(parameters) is var part ? (part.From, part.Before) : default;

    static LogExcerpt Parse(params (string Name, string Value)[] parameters) => AuditEventSearch.Parse(
        parameters.GroupBy(p => p.Name).Select(group => KeyValuePair.Create(group.Key, new StringValues([.. group.Select(p => p.Value)]))), Keys);
}
