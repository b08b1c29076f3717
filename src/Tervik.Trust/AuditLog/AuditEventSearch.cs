using System.Globalization;
using Microsoft.Extensions.Primitives;
using Tervik.Records;
using Tervik.Records.Indexing;

namespace Tervik.Trust.AuditLog;

/// <summary>A search over the log: <c>patient</c>, <c>agent</c>, <c>date</c>, <c>_count</c>, and <c>_before</c>, the cursor of a page link.</summary>
static class AuditEventSearch
{
    const int DefaultCount = 50;
    const int LargestCount = 500;

    /// <summary>Whether the log answers; a search with any other parameter is one over the AuditEvents that others brought into the record.</summary>
    public static bool Answers(IEnumerable<string> parameters) =>
        parameters.All(name => name is "patient" or "agent" or "date" or "_count" or "_before" or "_format" or "_pretty");

    /// <exception cref="FaultException">A value is not understood.</exception>
    public static LogExcerpt Parse(IEnumerable<KeyValuePair<string, StringValues>> parameters, Keys keys)
    {
        var part = new LogExcerpt(Count: DefaultCount);
        foreach (var (name, values) in parameters)
            foreach (var value in values)
                part = Narrow(part, name, value ?? "", keys);
        return part;
    }

    static LogExcerpt Narrow(LogExcerpt part, string name, string value, Keys keys) => name switch
    {
        "patient" => part with { Compartment = keys.Reference(value.Contains('/') ? value : $"Patient/{value}") },
        "agent" => part with { Agent = value.Contains('/') ? value : throw Wrong(name, value, "a reference with its type, such as Practitioner/7") },
        "_count" => part with { Count = Math.Clamp(Number(name, value), 1, LargestCount) },
        "_before" => part with { Before = Math.Min(part.Before, Cursor(value)) },
        "date" => Within(part, value),
        _ => part,
    };

    static LogExcerpt Within(LogExcerpt part, string value)
    {
        var prefix = value.Length > 2 && char.IsAsciiLetter(value[0]) ? value[..2] : "eq";
        var (from, to) = Range(value, value.AsSpan(value.Length > 2 && char.IsAsciiLetter(value[0]) ? 2 : 0));
        return prefix switch
        {
            "eq" => part with { From = Math.Max(part.From, from), Before = Math.Min(part.Before, to) },
            "ge" => part with { From = Math.Max(part.From, from) },
            "gt" or "sa" => part with { From = Math.Max(part.From, to) },
            "lt" or "eb" => part with { Before = Math.Min(part.Before, from) },
            "le" => part with { Before = Math.Min(part.Before, to) },
            _ => throw Wrong("date", value, "the prefix eq, ge, gt, le, lt, sa or eb"),
        };
    }

    /// <summary>The microseconds [from, to) of a FHIR date of any precision.</summary>
    static (long From, long To) Range(string value, ReadOnlySpan<char> date)
    {
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal;
        var culture = CultureInfo.InvariantCulture;
        if (DateTimeOffset.TryParseExact(date, "yyyy", culture, Utc, out var year)) return (year.Us(), year.AddYears(1).Us());
        if (DateTimeOffset.TryParseExact(date, "yyyy-MM", culture, Utc, out var month)) return (month.Us(), month.AddMonths(1).Us());
        if (DateTimeOffset.TryParseExact(date, "yyyy-MM-dd", culture, Utc, out var day)) return (day.Us(), day.AddDays(1).Us());
        if (DateTimeOffset.TryParseExact(date, "yyyy-MM-dd'T'HH:mmK", culture, Utc, out var minute)) return (minute.Us(), minute.AddMinutes(1).Us());
        if (DateTimeOffset.TryParseExact(date, "yyyy-MM-dd'T'HH:mm:ssK", culture, Utc, out var second)) return (second.Us(), second.AddSeconds(1).Us());
        if (DateTimeOffset.TryParseExact(date, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFK", culture, Utc, out var instant)) return (instant.Us(), instant.Us() + 1);
        throw Wrong("date", value, "a date such as 2026-11-23 or 2026-11-23T09:30:00Z");
    }

    static int Number(string name, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw Wrong(name, value, "a whole number");

    static long Cursor(string value) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw Wrong("_before", value, "the value of a page link");

    static FaultException Wrong(string name, string value, string expected) => new(new Fault(FaultKind.Invalid, "value", name, $"'{value}' is not understood; expected {expected}."));
}
