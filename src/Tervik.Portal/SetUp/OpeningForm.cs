using System.Globalization;
using NodaTime;
using Tervik.Care.Calendars;
using Tervik.Care.Clinics;
using Tervik.Portal.Calendar;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Shell;

namespace Tervik.Portal.SetUp;

/// <summary>Hours of a calendar as fields of a form, and back; and in words.</summary>
static class OpeningForm
{
    /// <summary>Days of the week by the numbers that the form sends, Monday first.</summary>
    public static readonly IsoDayOfWeek[] Weekdays = [IsoDayOfWeek.Monday, IsoDayOfWeek.Tuesday, IsoDayOfWeek.Wednesday, IsoDayOfWeek.Thursday, IsoDayOfWeek.Friday, IsoDayOfWeek.Saturday, IsoDayOfWeek.Sunday];
    static readonly DateOnly Earliest = new(2000, 1, 1), Latest = new(2150, 12, 31);
    static readonly string[] DayForms = ["yyyy-MM-dd", "d.M.yyyy", "d/M/yyyy"];

    static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
    static string Day(LocalDate day) => day.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture);
    static string Time(LocalTime time) => time.ToString("HH:mm", CultureInfo.InvariantCulture);

    /// <summary>What the fields show of a pattern.</summary>
    public static Dictionary<string, string> Values(OpeningPattern pattern) => new(StringComparer.Ordinal)
    {
        ["zone"] = pattern.Zone, ["first"] = Day(pattern.First), ["from"] = Time(pattern.From), ["to"] = Time(pattern.To), ["days"] = string.Join(',', pattern.Weekdays.Select(day => Number((int)day))), ["every"] = Number(pattern.EveryWeeks),
        ["last"] = pattern.Last is { } last ? Day(last) : "", ["except"] = string.Join('\n', pattern.Except.Select(Day)), ["also"] = string.Join('\n', pattern.Also.Select(Day)), ["services"] = string.Join(',', pattern.Services),
    };

    /// <summary>What the fields of new hours begin with.</summary>
    public static Dictionary<string, string> New(string zone, DateTime today) => new(StringComparer.Ordinal) { ["zone"] = zone, ["first"] = today.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), ["every"] = "1" };

    /// <summary>The pattern that the fields say; null when something is wrong, which is noted.</summary>
    /// <param name="form">As it was sent.</param>
    /// <param name="services">References of the services to choose from.</param>
    public static OpeningPattern? Read(Form form, IEnumerable<string> services)
    {
        var days = ServiceForm.Chosen(form, "days").Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 7 ? (IsoDayOfWeek)number : IsoDayOfWeek.None).Where(day => day != IsoDayOfWeek.None).Distinct().Order().ToList();
        var (from, to) = (AbsencesEndpoints.Time(form, "from"), AbsencesEndpoints.Time(form, "to"));
        var every = ServiceForm.Whole(form, "every", 1, OpeningPattern.MostWeeks);
        var first = form.Day("first", Earliest, Latest);
        var last = form.Day("last", first ?? Earliest, Latest, isRequired: false);
        var zone = form.Text("zone", 64);
        if (zone.Length > 0 && !Zones.Current.TryGet(zone, out _)) form.Fail("zone", Words.Of("opening no zone"));
        var (except, also, offered) = (Days(form, "except"), Days(form, "also"), services.ToHashSet(StringComparer.Ordinal));
        if (form.Errors.Count > 0 || from is not { } begins || to is not { } ends || first is not { } day) return null;
        return new(zone, LocalDate.FromDateOnly(day), LocalTime.FromTimeOnly(begins), LocalTime.FromTimeOnly(ends))
        {
            Weekdays = days, EveryWeeks = days.Count > 0 ? every ?? 1 : 1, Last = days.Count > 0 && last is { } end ? LocalDate.FromDateOnly(end) : null, Except = except, Also = also,
            Services = [.. ServiceForm.Chosen(form, "services").Where(offered.Contains)],
        };
    }

    static List<LocalDate> Days(Form form, string name)
    {
        var days = new SortedSet<LocalDate>();
        foreach (var text in form[name].Split([' ', ',', ';', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            if (DateOnly.TryParseExact(text, DayForms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day >= Earliest && day <= Latest) days.Add(LocalDate.FromDateOnly(day));
            else form.Fail(name, Words.Of("opening no day", text.Length > 40 ? text[..40] : text));
        if (days.Count > OpeningPattern.MostDays) form.Fail(name, Words.Of("opening too many days", OpeningPattern.MostDays));
        return [.. days];
    }

    /// <summary>Name of a day of the week in the reader's language.</summary>
    public static string NameOf(IsoDayOfWeek day) => Language.Reader.DateTimeFormat.GetDayName((DayOfWeek)((int)day % 7));

    /// <summary>A pattern in words: one or several lines.</summary>
    public static IEnumerable<string> Said(OpeningPattern pattern)
    {
        var (format, reader) = (Words.Of("format of day"), Language.Reader);
        string Written(LocalDate day) => day.ToDateTimeUnspecified().ToString(format, reader);
        var hours = $"{Time(pattern.From)}–{Time(pattern.To)}";
        yield return pattern.Weekdays.Count == 0 ? $"{Written(pattern.First)}, {hours}" : $"{string.Join(", ", pattern.Weekdays.Select(NameOf))}, {hours}{(pattern.EveryWeeks > 1 ? $", {Words.Of("opening every weeks", pattern.EveryWeeks)}" : "")}";
        if (pattern.Weekdays.Count > 0) yield return pattern.Last is { } last ? Words.Of("opening from until", Written(pattern.First), Written(last)) : Words.Of("opening from on", Written(pattern.First));
        if (pattern.Except.Count > 0) yield return Words.Of("opening not on", string.Join(", ", pattern.Except.Select(Written)));
        if (pattern.Also.Count > 0) yield return Words.Of("opening also on", string.Join(", ", pattern.Also.Select(Written)));
    }
}
