using System.Diagnostics.CodeAnalysis;
using NodaTime;
using NodaTime.TimeZones;
using Tervik.Records;

namespace Tervik.Care.Calendars;

/// <summary>Time zones by their IANA names, from one release of the tz database: the one inside the program, so that every machine of an institution reckons alike whatever its own is.</summary>
/// <param name="provider">Gives zones by name.</param>
/// <param name="version">The release, such as <c>2026a</c>.</param>
public sealed class Zones(IDateTimeZoneProvider provider, string version)
{
    /// <summary>Those inside the program.</summary>
    public static Zones Current { get; } = new(DateTimeZoneProviders.Tzdb, TzdbDateTimeZoneSource.Default.TzdbVersion);

    /// <summary>The release of the tz database.</summary>
    public string Version => version;

    /// <summary>All names, in order.</summary>
    public IReadOnlyCollection<string> Names => provider.Ids;

    /// <summary>A zone by its IANA name; letter case counts.</summary>
    /// <param name="where">What to name in the error.</param>
    /// <exception cref="FaultException">There is none.</exception>
    public DateTimeZone Get(string id, string where = "zone") => TryGet(id, out var zone) ? zone
        : throw Refusal.Of(where, $"'{Refusal.Shown(id)}' is no time zone of the tz database {version}; expected an IANA name such as Europe/Copenhagen.");

    /// <summary>A zone by its IANA name, if there is one.</summary>
    public bool TryGet(string id, [NotNullWhen(true)] out DateTimeZone? zone) => (zone = id.Length is > 0 and <= 64 ? provider.GetZoneOrNull(id) : null) is not null;
}

/// <summary>How what is wrong with a time, a rule or a calendar file is said.</summary>
static class Refusal
{
    /// <param name="where">Which input.</param>
    /// <param name="what">What is wrong and what was expected.</param>
    /// <param name="code">FHIR issue type.</param>
    public static FaultException Of(string where, string what, string code = "value", FaultKind kind = FaultKind.Unprocessable) => new(new Fault(kind, code, where, what));

    /// <summary>Sent text as it may stand in an error: short, and on one line.</summary>
    public static string Shown(string text) => string.Concat((text.Length > 60 ? $"{text[..60]}…" : text).Select(letter => char.IsControl(letter) ? ' ' : letter));
}
