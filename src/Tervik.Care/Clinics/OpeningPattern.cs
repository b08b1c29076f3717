using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ical.Net;
using NodaTime;
using NodaTime.Text;
using Tervik.Care.Calendars;
using Tervik.Records;
using Tervik.Records.Model;

namespace Tervik.Care.Clinics;

/// <summary>Hours of a calendar as people say them: on these weekdays from eight to noon, every second week, from this day to that, but not on Christmas Eve. Kept as RFC 5545 (FREQ=WEEKLY).</summary>
/// <param name="Zone">IANA name.</param>
/// <param name="First">The first day; with <see cref="EveryWeeks"/> above one, weeks are counted from that of this day (Monday to Sunday).</param>
/// <param name="From">When it begins, on the wall.</param>
/// <param name="To">When it ends, on the wall; not later than the beginning is on the day after, and the same is 24 hours.</param>
public sealed record OpeningPattern(string Zone, LocalDate First, LocalTime From, LocalTime To)
{
    /// <summary>Most exceptions, and most additional days.</summary>
    public const int MostDays = 400;
    /// <summary>Every so many weeks at most.</summary>
    public const int MostWeeks = 52;
    const int Day = 24 * 60;
    static readonly (IsoDayOfWeek Day, string Code)[] Codes =
        [(IsoDayOfWeek.Monday, "MO"), (IsoDayOfWeek.Tuesday, "TU"), (IsoDayOfWeek.Wednesday, "WE"), (IsoDayOfWeek.Thursday, "TH"), (IsoDayOfWeek.Friday, "FR"), (IsoDayOfWeek.Saturday, "SA"), (IsoDayOfWeek.Sunday, "SU")];
    static readonly LocalDateTimePattern Instants = LocalDateTimePattern.CreateWithInvariantCulture("uuuuMMdd'T'HHmmss'Z'");
    static readonly string[] Parts = ["zone", "start", "minutes", "rule", "except", "also", "service"];

    /// <summary>On which days of the week; none: on the first day alone.</summary>
    public IReadOnlyList<IsoDayOfWeek> Weekdays { get; init; } = [];
    /// <summary>Every so many weeks.</summary>
    public int EveryWeeks { get; init; } = 1;
    /// <summary>The last day; null: without end.</summary>
    public LocalDate? Last { get; init; }
    /// <summary>Days that are left out.</summary>
    public IReadOnlyList<LocalDate> Except { get; init; } = [];
    /// <summary>Days beside those, with the same hours.</summary>
    public IReadOnlyList<LocalDate> Also { get; init; } = [];
    /// <summary>References of the services it is for; none: for all.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Length on the wall.</summary>
    public int Minutes => (To.Hour * 60 + To.Minute - From.Hour * 60 - From.Minute + Day - 1) % Day + 1;

    /// <summary>The rule; null when it is once.</summary>
    public string? Rule
    {
        get
        {
            if (Weekdays.Count == 0) return null;
            var rule = $"FREQ=WEEKLY{(EveryWeeks > 1 ? string.Create(CultureInfo.InvariantCulture, $";INTERVAL={EveryWeeks}") : "")};BYDAY={string.Join(',', Codes.Where(one => Weekdays.Contains(one.Day)).Select(one => one.Code))}";
            // With a zone, UNTIL is in UTC (section 3.3.10): the last second of that day.
            return Last is not { } last ? rule : $"{rule};UNTIL={Instants.Format((Zones.Current.Get(Zone).AtStartOfDay(last.PlusDays(1)).ToInstant() - Duration.FromSeconds(1)).InUtc().LocalDateTime)}";
        }
    }

    /// <summary>Reads an extension <see cref="ClinicCalendar.Extension"/>; null when it says what such a pattern cannot: another rule, hours on other days than others, more than a day.</summary>
    public static OpeningPattern? Read(JsonElement opening)
    {
        if (ClinicCalendar.Times(opening, "start") is not [var start] || opening.Extension("zone").TextAt("valueCode") is not { } zone || !Zones.Current.TryGet(zone, out var wall)
            || !int.TryParse(opening.Extension("minutes").TextAt("valuePositiveInt"), NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) || minutes is < 1 or > Day) return null;
        var (except, also) = (ClinicCalendar.Times(opening, "except"), ClinicCalendar.Times(opening, "also"));
        if (except.Count > MostDays || also.Count > MostDays || except.Concat(also).Any(time => time.TimeOfDay != start.TimeOfDay) || opening.Extensions("except").Count() != except.Count || opening.Extensions("also").Count() != also.Count) return null;
        var pattern = new OpeningPattern(zone, start.Date, start.TimeOfDay, start.TimeOfDay.PlusMinutes(minutes))
        {
            Except = [.. except.Select(time => time.Date).Distinct().Order()], Also = [.. also.Select(time => time.Date).Distinct().Order()],
            Services = [.. opening.Extensions("service").Select(service => service.At("valueReference").TextAt("reference")).OfType<string>()],
        };
        return opening.Extension("rule").TextAt("valueString") is not { } text ? pattern : pattern.With(text, wall);
    }

    OpeningPattern? With(string text, DateTimeZone wall)
    {
        Recurrence rule;
        try
        {
            rule = Recurrence.Parse(text);
        }
        catch (FaultException)
        {
            return null;
        }
        var parts = rule.Parts;
        var isDaily = rule is { Frequency: FrequencyType.Daily, Interval: 1 };
        if (rule.Frequency != FrequencyType.Weekly && !isDaily || rule.Count is not null || rule.Interval > MostWeeks || parts.Keys.Any(name => name is not ("FREQ" or "INTERVAL" or "BYDAY" or "UNTIL" or "WKST"))) return null;
        // Where a week begins matters when weeks are left out.
        if (rule.Interval > 1 && parts.TryGetValue("WKST", out var week) && !week.Equals("MO", StringComparison.OrdinalIgnoreCase)) return null;
        IReadOnlyList<IsoDayOfWeek> days = parts.TryGetValue("BYDAY", out var named) ? [.. Codes.Where(one => named.Split(',').Contains(one.Code)).Select(one => one.Day)] : isDaily ? [.. Codes.Select(one => one.Day)] : [First.DayOfWeek];
        return this with { Weekdays = days, EveryWeeks = rule.Interval, Last = rule.Until is var (until, isUtc) ? LastOf(until, isUtc, wall) : null };
    }

    /// <summary>The last day on which a rule that ends at a time can still begin.</summary>
    LocalDate LastOf(LocalDateTime until, bool isUtc, DateTimeZone wall)
    {
        if (!isUtc) return From <= until.TimeOfDay ? until.Date : until.Date.PlusDays(-1);
        var end = until.InUtc().ToInstant();
        var day = end.InZone(wall).Date;
        return wall.MapLocal(day + From) is { Count: > 0 } mapped && mapped.First().ToInstant() > end ? day.PlusDays(-1) : day;
    }

    /// <summary>The extension.</summary>
    /// <param name="before">What it was: parts of other systems in it stay. Null for a new one.</param>
    public JsonObject Write(JsonObject? before = null)
    {
        var parts = new JsonArray();
        foreach (var part in before?["extension"] as JsonArray ?? [])
            if (part?["url"]?.GetValue<string>() is { } url && !Parts.Contains(url)) parts.Add(part.DeepClone());
        void Add(string url, string type, JsonNode value) => parts.Add(new JsonObject { ["url"] = url, [type] = value });
        string At(LocalDate day) => ClinicCalendar.Wall.Format(day + From);
        Add("zone", "valueCode", Zone);
        Add("start", "valueString", At(First));
        Add("minutes", "valuePositiveInt", Minutes);
        if (Rule is { } rule) Add("rule", "valueString", rule);
        foreach (var day in Except) Add("except", "valueString", At(day));
        foreach (var day in Also) Add("also", "valueString", At(day));
        foreach (var service in Services) Add("service", "valueReference", new JsonObject { ["reference"] = service });
        return new() { ["url"] = ClinicCalendar.Extension, ["extension"] = parts };
    }
}
