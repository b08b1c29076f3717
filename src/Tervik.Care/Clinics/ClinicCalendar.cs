using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using NodaTime;
using NodaTime.Text;
using Tervik.Care.Calendars;
using Tervik.Records;
using Tervik.Records.Indexing;
using Tervik.Records.Model;

namespace Tervik.Care.Clinics;

/// <summary>Whose time can be had and when they are there: a Schedule with the extension <see cref="Extension"/>.</summary>
public sealed class ClinicCalendar
{
    /// <summary>Of the extension, which may come several times: <c>zone</c>, <c>start</c> (wall time), <c>minutes</c>, <c>rule</c> (RFC 5545), <c>except</c> and <c>also</c> (wall times), <c>service</c> (for these alone).</summary>
    public const string Extension = "urn:tervik:opening";
    /// <summary>Of the extension that says which Organization keeps the calendar: whoever leads it may change it. Without it, those whose services take it.</summary>
    public const string UnitExtension = "urn:tervik:unit";
    /// <summary>Of the extension that says how many appointments the calendar takes at the same time.</summary>
    public const string CapacityExtension = "urn:tervik:capacity";
    /// <summary>Months of openings that are kept expanded.</summary>
    const int MostKept = 4000;
    internal static readonly LocalDateTimePattern Wall = LocalDateTimePattern.CreateWithInvariantCulture("yyyy-MM-dd'T'HH:mm");

    readonly List<(Opening Opening, HashSet<string> Services)> openings = [];
    readonly ConcurrentDictionary<(int Opening, int Month), ZonedSpan[]> windows = new();

    ClinicCalendar() { }

    /// <summary><c>Schedule/id</c>.</summary>
    public required string Reference { get; init; }
    /// <summary>Key of that.</summary>
    public required long ScheduleKey { get; init; }
    /// <summary>Reference of the Practitioner, Location or Device.</summary>
    public required string Actor { get; init; }
    /// <summary>Its name, or null.</summary>
    public required string? ActorName { get; init; }
    /// <summary>Key of the actor: two calendars of one doctor take the same time.</summary>
    public required long Key { get; init; }
    /// <summary>Appointments at the same time.</summary>
    public required int Capacity { get; init; }

    /// <summary>Reads a Schedule; null when it is not active, has nobody, or says nothing of when they are there.</summary>
    public static ClinicCalendar? Read(string id, JsonElement json, Keys keys)
    {
        if (json.TextAt("active") == "false" || json.FirstAt("actor").TextAt("reference") is not { } actor) return null;
        var capacity = json.Extension(CapacityExtension).TextAt("valuePositiveInt") is { } text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Math.Clamp(number, 1, 1000) : 1;
        var calendar = new ClinicCalendar { Reference = $"Schedule/{id}", ScheduleKey = keys.Reference($"Schedule/{id}"), Actor = actor, ActorName = json.FirstAt("actor").TextAt("display"), Key = keys.Reference(actor), Capacity = capacity };
        foreach (var opening in json.Extensions(Extension))
        {
            if (Times(opening, "start") is not [var start] || opening.Extension("zone").TextAt("valueCode") is not { } zone || !int.TryParse(opening.Extension("minutes").TextAt("valuePositiveInt"), NumberStyles.None, CultureInfo.InvariantCulture, out var minutes)) continue;
            try
            {
                calendar.openings.Add((new(zone, start, minutes, opening.Extension("rule").TextAt("valueString"), Times(opening, "except"), Times(opening, "also")), [.. opening.Extensions("service").Select(service => service.At("valueReference").TextAt("reference")).OfType<string>()]));
            }
            catch (FaultException)
            {
                // What is not understood is left out; its other openings are there nevertheless.
            }
        }
        return calendar.openings.Count > 0 ? calendar : null;
    }

    internal static List<LocalDateTime> Times(JsonElement opening, string name) => [.. opening.Extensions(name).Select(part => Wall.Parse(part.TextAt("valueString") ?? "")).Where(parsed => parsed.Success).Select(parsed => parsed.Value)];

    /// <summary>When an appointment could be, whoever has that time: in order of the openings. Where two of them overlap, what begins at the same instant is given once.</summary>
    public IEnumerable<ZonedSpan> Times(Service service, DateTimeOffset from, DateTimeOffset to)
    {
        var (first, last) = (Instant.FromDateTimeOffset(from), Instant.FromDateTimeOffset(to));
        return OpeningsOf(service).SelectMany(at => Windows(at, first, last)).SelectMany(window => Slots.Cut(window, service.Minutes, service.Step, first, last)).DistinctBy(time => time.StartUtc);
    }

    /// <summary>Whether its owner is there for all of an appointment.</summary>
    public bool IsOpen(Service service, ZonedSpan time) => IsOpen(service, time.StartUtc, time.EndUtc);

    /// <summary>The same of a time; whatever an opening is for where no service is named.</summary>
    public bool IsOpen(Service? service, Instant start, Instant end) =>
        (service is null ? Enumerable.Range(0, openings.Count) : OpeningsOf(service)).Any(at => Windows(at, start, end).Any(window => window.StartUtc <= start && end <= window.EndUtc));

    /// <summary>The zone of its wall: of its first opening.</summary>
    public DateTimeZone Zone => Zones.Current.Get(openings[0].Opening.Zone);

    /// <summary>When it is open, for whatever service; openings of several services may overlap.</summary>
    public IEnumerable<ZonedSpan> Open(Instant from, Instant to) => Enumerable.Range(0, openings.Count).SelectMany(at => Windows(at, from, to)).OrderBy(window => window.StartUtc).ThenBy(window => window.EndUtc);

    /// <summary>A span as this calendar's wall shows it.</summary>
    public ZonedSpan TimeAt(DateTimeOffset start, int minutes) => ZonedSpan.Of(Zone, Instant.FromDateTimeOffset(start), Instant.FromDateTimeOffset(start) + Duration.FromMinutes(minutes));

    IEnumerable<int> OpeningsOf(Service service) => Enumerable.Range(0, openings.Count).Where(at => openings[at].Services.Count == 0 || openings[at].Services.Contains($"HealthcareService/{service.Id}"));

    IEnumerable<ZonedSpan> Windows(int opening, Instant from, Instant to)
    {
        static int Month(Instant at) => at.InUtc().Year * 12 + at.InUtc().Month;
        for (var month = Month(from) - 1; month <= Month(to); month++)
        {
            if (windows.Count > MostKept) windows.Clear();
            foreach (var window in windows.GetOrAdd((opening, month), static (key, self) => self.Expand(key.Opening, key.Month), this))
                if (window.EndUtc > from && window.StartUtc < to) yield return window;
        }
    }

    /// <summary>The windows that begin in a month of UTC.</summary>
    ZonedSpan[] Expand(int at, int month)
    {
        var (first, next) = (Instant.FromUtc((month - 1) / 12, (month - 1) % 12 + 1, 1, 0, 0), Instant.FromUtc(month / 12, month % 12 + 1, 1, 0, 0));
        return [.. openings[at].Opening.Windows(first, next).Where(window => window.StartUtc >= first && window.StartUtc < next)];
    }
}
