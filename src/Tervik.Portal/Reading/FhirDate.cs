using System.Globalization;
using System.Text.Json;
using Tervik.Portal.Shell;

namespace Tervik.Portal.Reading;

/// <summary>A FHIR date, dateTime or instant with the precision it was given, at the place where it was written down.</summary>
/// <param name="Text">As it stands in the record.</param>
/// <param name="Local">Its beginning, in the clock of the place.</param>
/// <param name="Instant">Its beginning, to sort by.</param>
public readonly record struct FhirDate(string Text, DateTime Local, DateTimeOffset Instant)
{
    /// <summary>Reads one; null when it is absent or none.</summary>
    public static FhirDate? Read(string? text)
    {
        if (text is null || text.Length < 4) return null;
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal;
        var culture = CultureInfo.InvariantCulture;
        // A local time without offset does not occur in valid FHIR; a leap second is shown as the second before.
        var regular = text.Contains(":60", StringComparison.Ordinal) ? text.Replace(":60", ":59", StringComparison.Ordinal) : text;
        return DateTimeOffset.TryParseExact(regular, ["yyyy-MM-dd", "yyyy-MM", "yyyy", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK"], culture, Utc, out var time)
            ? new(text, time.DateTime, time) : null;
    }

    /// <summary>Reads the first of these members that is there; a Period counts by its start, or its end where it has none.</summary>
    public static FhirDate? Of(JsonElement resource, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            var value = resource.At(name);
            if (value.ValueKind == JsonValueKind.Object) value = value.At("start").Exists() ? value.At("start") : value.At("end");
            if (Read(value.AsText()) is { } date) return date;
        }
        return null;
    }

    /// <summary><c>2020</c>, <c>March 2020</c>, <c>12 March 2020</c>.</summary>
    public string Day => Text.Length switch
    {
        4 => Text,
        7 => In("format of month"),
        _ => In("format of day"),
    };

    /// <summary>With the time of day where it has one.</summary>
    public string DayAndTime => Text.Length > 10 ? $"{In("format of day")}, {Local:HH:mm}" : Day;

    /// <summary>As narrow columns show it: <c>12 Mar 2020</c>.</summary>
    public string Short => Text.Length switch
    {
        4 => Text,
        7 => In("format of short month"),
        _ => In("format of short day"),
    };

    /// <summary>For the attribute <c>datetime</c> of HTML, which knows the same forms.</summary>
    public string Machine => Text.Length > 10 ? Instant.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture) : Text;

    public int Year => Local.Year;

    string In(string format) => Local.ToString(Words.Of(format), Language.Reader);

    public int CompareTo(FhirDate other) => Instant.CompareTo(other.Instant);

    /// <summary>Whole years from this date to <paramref name="day"/>; counted from the beginning of a date that is not exact.</summary>
    public int YearsUntil(DateTime day)
    {
        var years = day.Year - Local.Year;
        return day < Local.AddYears(years) ? years - 1 : years;
    }
}
