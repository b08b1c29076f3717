using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NodaTime;

namespace Tervik.Care.Calendars;

/// <summary>An appointment as a calendar program shows it.</summary>
/// <param name="Uid">The same whenever it is written; see <see cref="UidOf"/>.</param>
/// <param name="Sequence">Greater with every change, so that a program takes the newer one.</param>
/// <param name="ChangedAt">When it was changed last.</param>
/// <param name="Start">When.</param>
/// <param name="End">Until when.</param>
/// <param name="Zone">IANA name of the wall it is kept by; null: UTC.</param>
/// <param name="Status">TENTATIVE, CONFIRMED or CANCELLED.</param>
/// <param name="Summary">Its title.</param>
/// <param name="Location">Where, or null.</param>
/// <param name="Description">More words, or null.</param>
public sealed record CalendarEntry(string Uid, int Sequence, Instant ChangedAt, Instant Start, Instant End, string? Zone, string Status, string Summary, string? Location, string? Description)
{
    /// <summary>A name for an Appointment that nobody else's calendar has, and that says nothing: a hash and the host.</summary>
    /// <param name="id">Logical id of the Appointment.</param>
    /// <param name="node">Address of the node.</param>
    public static string UidOf(string id, Uri node) => $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{node.Authority}/Appointment/{id}")).AsSpan(0, 16))}@{node.Host}";

    /// <summary>STATUS of an Appointment's status (FHIR R4).</summary>
    public static string StatusOf(string appointment) => appointment switch { "proposed" or "pending" or "waitlist" => "TENTATIVE", "cancelled" or "entered-in-error" => "CANCELLED", _ => "CONFIRMED" };
}

/// <summary>Writing: appointments as a calendar (RFC 5545; METHOD as in RFC 5546, section 3.2; NAME and REFRESH-INTERVAL of RFC 7986).</summary>
public sealed partial record CalendarFile
{
    static readonly Duration Around = Duration.FromDays(1);

    /// <summary>A calendar of appointments.</summary>
    /// <param name="entries">In the order in which they are written.</param>
    /// <param name="node">Address of the node: the organizer, and where a reader finds more.</param>
    /// <param name="method">PUBLISH, or CANCEL when all of them are cancelled.</param>
    /// <param name="name">Of the calendar; null for a file of one appointment.</param>
    /// <param name="refresh">How often a program should ask again; null for a file that is not asked for again.</param>
    public static CalendarFile Of(IReadOnlyList<CalendarEntry> entries, Uri node, string method = "PUBLISH", string? name = null, Duration? refresh = null)
    {
        List<CalendarProperty> properties = [new("VERSION", "2.0"), new("PRODID", "-//Tervik//Appointments//EN"), new("CALSCALE", "GREGORIAN"), new("METHOD", method)];
        // What RFC 7986 standardized, and what programs read before it.
        if (name is not null) properties.AddRange([CalendarProperty.OfText("NAME", name), CalendarProperty.OfText("X-WR-CALNAME", name)]);
        if (refresh is { } often)
        {
            var written = string.Create(CultureInfo.InvariantCulture, $"PT{(long)often.TotalMinutes}M");
            properties.AddRange([new("REFRESH-INTERVAL", written) { Parameters = [new("VALUE", ["DURATION"])] }, new("X-PUBLISHED-TTL", written)]);
        }
        var zones = entries.Where(entry => entry.Zone is not null && Zones.Current.TryGet(entry.Zone, out _)).GroupBy(entry => entry.Zone!).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => Zone(Zones.Current.Get(group.Key), group.Min(entry => entry.Start) - Around, group.Max(entry => entry.End) + Around));
        return new() { Calendars = [new("VCALENDAR") { Properties = properties, Components = [.. zones, .. entries.Select(entry => Event(entry, node))] }] };
    }

    static CalendarComponent Event(CalendarEntry entry, Uri node)
    {
        var zone = entry.Zone is not null && Zones.Current.TryGet(entry.Zone, out var found) ? found : null;
        CalendarProperty At(string name, Instant at) => zone is null ? new(name, Utc(at)) : new(name, Times.Format(at.InZone(zone).LocalDateTime)) { Parameters = [new("TZID", [zone.Id])] };
        List<CalendarProperty> properties =
        [
            new("UID", entry.Uid), new("DTSTAMP", Utc(entry.ChangedAt)), new("LAST-MODIFIED", Utc(entry.ChangedAt)), new("SEQUENCE", entry.Sequence.ToString(CultureInfo.InvariantCulture)),
            At("DTSTART", entry.Start), At("DTEND", entry.End), CalendarProperty.OfText("SUMMARY", entry.Summary), new("STATUS", entry.Status),
            // Whoever shares a calendar shows no more than that the time is taken.
            new("CLASS", "PRIVATE"), new("TRANSP", entry.Status == "CANCELLED" ? "TRANSPARENT" : "OPAQUE"), new("ORGANIZER", node.AbsoluteUri) { Parameters = [new("CN", ["Tervik"])] }, new("URL", node.AbsoluteUri),
        ];
        if (entry.Location is { Length: > 0 } location) properties.Add(CalendarProperty.OfText("LOCATION", location));
        if (entry.Description is { Length: > 0 } description) properties.Add(CalendarProperty.OfText("DESCRIPTION", description));
        return new("VEVENT") { Properties = properties };
    }

    /// <summary>What a zone does in a span of time (section 3.6.5), change for change: as the tz database says it, without a rule that might be another next year.</summary>
    static CalendarComponent Zone(DateTimeZone zone, Instant from, Instant to) => new("VTIMEZONE")
    {
        Properties = [new("TZID", zone.Id)],
        Components =
        [
            .. zone.GetZoneIntervals(from, to).Select(interval =>
            {
                var before = interval.HasStart ? zone.GetUtcOffset(interval.Start - Duration.Epsilon) : interval.WallOffset;
                var start = interval.HasStart ? interval.Start.WithOffset(before).LocalDateTime : new LocalDateTime(1970, 1, 1, 0, 0);
                return new CalendarComponent(interval.Savings == Offset.Zero ? "STANDARD" : "DAYLIGHT")
                {
                    Properties = [new("DTSTART", Times.Format(start)), new("TZOFFSETFROM", Written(before)), new("TZOFFSETTO", Written(interval.WallOffset)), CalendarProperty.OfText("TZNAME", interval.Name)],
                };
            }),
        ],
    };

    static string Written(Offset offset) => NodaTime.Text.OffsetPattern.CreateWithInvariantCulture(offset.Seconds % 60 == 0 ? "+HHmm" : "+HHmmss").Format(offset);
    static string Utc(Instant at) => Times.Format(at.InUtc().LocalDateTime) + "Z";
}
