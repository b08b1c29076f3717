using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using NodaTime;
using NodaTime.Text;
using Tervik.Records;

namespace Tervik.Care.Calendars;

/// <summary>Reading: content lines into components, and then whether what stands in them can be understood.</summary>
public sealed partial record CalendarFile
{
    /// <summary>Octets of a file; years of a busy calendar have one.</summary>
    public const int MostBytes = 16 << 20;
    /// <summary>Octets of an unfolded line: a picture as an attachment has as many.</summary>
    public const int MostOfLine = 4 << 20;
    /// <summary>Components of a file, and of components inside each other; VALARM inside VEVENT inside VCALENDAR is three.</summary>
    public const int MostComponents = 100_000, Deepest = 8;
    /// <summary>Parameters of a property, and values of a parameter.</summary>
    public const int MostParameters = 200;
    /// <summary>Deviations that are listed.</summary>
    const int MostDeviations = 200;

    static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    static readonly LocalDatePattern Dates = LocalDatePattern.CreateWithInvariantCulture("uuuuMMdd");
    static readonly LocalDateTimePattern Times = LocalDateTimePattern.CreateWithInvariantCulture("uuuuMMdd'T'HHmmss");

    /// <summary>Properties that each of these components has once (sections 3.6.1 to 3.6.6 and 3.4).</summary>
    static readonly Dictionary<string, string[]> Needed = new(StringComparer.Ordinal)
    {
        ["VCALENDAR"] = ["PRODID", "VERSION"], ["VEVENT"] = ["DTSTAMP", "UID"], ["VTODO"] = ["DTSTAMP", "UID"], ["VJOURNAL"] = ["DTSTAMP", "UID"], ["VFREEBUSY"] = ["DTSTAMP", "UID"],
        ["VTIMEZONE"] = ["TZID"], ["STANDARD"] = ["DTSTART", "TZOFFSETFROM", "TZOFFSETTO"], ["DAYLIGHT"] = ["DTSTART", "TZOFFSETFROM", "TZOFFSETTO"], ["VALARM"] = ["ACTION", "TRIGGER"],
    };

    /// <summary>Properties that no component has twice.</summary>
    static readonly HashSet<string> Once = new(StringComparer.Ordinal)
    {
        "PRODID", "VERSION", "CALSCALE", "METHOD", "UID", "DTSTAMP", "DTSTART", "DTEND", "DUE", "DURATION", "CLASS", "CREATED", "GEO", "LAST-MODIFIED", "LOCATION", "ORGANIZER", "PRIORITY", "SEQUENCE", "STATUS", "SUMMARY", "TRANSP", "URL", "RECURRENCE-ID", "COMPLETED",
        "PERCENT-COMPLETE", "TZID", "TZURL", "TZOFFSETFROM", "TZOFFSETTO", "ACTION", "TRIGGER", "REPEAT",
    };

    /// <summary>Reads a file.</summary>
    /// <param name="bytes">UTF-8. Lines end with CR LF; LF alone, blank lines and a byte order mark are taken too, as calendar programs do.</param>
    /// <exception cref="FaultException">It is no iCalendar, or a time, number, duration or rule in it is none; says the line and what was expected.</exception>
    public static CalendarFile Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MostBytes) throw Refusal.Of("file", $"It has {bytes.Length} bytes; expected {MostBytes} at most.", "too-long");
        if (bytes.StartsWith("\uFEFF"u8)) bytes = bytes[3..];
        var (calendars, open, deviations) = (new List<CalendarComponent>(), new Stack<Begun>(), new List<CalendarDeviation>());
        var (number, count) = (0, 0);
        var (unfolded, isEnded) = (new List<byte>(LineOctets), bytes.EndsWith("\n"u8));
        while (NextLine(ref bytes, unfolded, ref number) is var line && line > 0)
        {
            if (unfolded.Count == 0)
            {
                Deviate(deviations, line, "A line is blank.");
                continue;
            }
            var property = Property(unfolded, line);
            if (property.Name == "BEGIN")
            {
                var name = property.Value.Trim().ToUpperInvariant();
                if (!Names().IsMatch(name)) throw Wrong(line, $"BEGIN:{Refusal.Shown(property.Value)} names no component; expected letters, digits and hyphens.");
                if (open.Count == 0 && name != "VCALENDAR") throw Wrong(line, $"BEGIN:{Refusal.Shown(name)} stands outside of a calendar; expected BEGIN:VCALENDAR.");
                if (open.Count > 0 && name == "VCALENDAR") throw Wrong(line, $"BEGIN:VCALENDAR stands inside of the calendar that begins in line {open.Last().Line}; expected END:VCALENDAR before it.");
                if (open.Count == Deepest) throw Wrong(line, $"Components lie deeper inside each other than {Deepest}.");
                if (++count > MostComponents) throw Wrong(line, $"It has more than {MostComponents} components.");
                open.Push(new(name, line));
            }
            else if (!open.TryPeek(out var current)) throw Wrong(line, $"{Refusal.Shown(property.Name)} stands outside of a calendar; expected BEGIN:VCALENDAR.");
            else if (property.Name == "END")
            {
                var name = property.Value.Trim().ToUpperInvariant();
                if (name != current.Name) throw Wrong(line, $"END:{Refusal.Shown(name)} was found; expected END:{current.Name} for what begins in line {current.Line}.");
                open.Pop();
                var done = new CalendarComponent(name) { Properties = current.Properties, Components = current.Components, Line = current.Line };
                Check(done, open.TryPeek(out var around) ? around.Name : null, deviations);
                (around?.Components ?? calendars).Add(done);
            }
            else
            {
                Understand(property, deviations);
                current.Properties.Add(property);
            }
        }
        if (open.TryPeek(out var left)) throw Wrong(number, $"The file ends inside of {left.Name}, which begins in line {left.Line}; expected END:{left.Name}.");
        if (!isEnded) Deviate(deviations, number, "The last line is not ended.");
        if (calendars.Count == 0) throw Wrong(Math.Max(number, 1), "It holds no calendar; expected BEGIN:VCALENDAR.");
        return new() { Calendars = calendars, Deviations = [.. deviations.OrderBy(one => one.Line)] };
    }

    sealed record Begun(string Name, int Line)
    {
        public List<CalendarProperty> Properties { get; } = [];
        public List<CalendarComponent> Components { get; } = [];
    }

    static FaultException Wrong(int line, string what) => Refusal.Of($"line {line}", what);

    /// <summary>The next content line, unfolded: as octets, since programs fold inside of characters too.</summary>
    /// <returns>Where it begins; 0 after the last.</returns>
    static int NextLine(ref ReadOnlySpan<byte> rest, List<byte> line, ref int number)
    {
        line.Clear();
        if (rest.IsEmpty) return 0;
        var begin = number + 1;
        while (true)
        {
            number++;
            var end = rest.IndexOf((byte)'\n');
            var physical = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (physical.EndsWith("\r"u8)) physical = physical[..^1];
            if (line.Count + physical.Length > MostOfLine) throw Wrong(begin, $"A line has more than {MostOfLine} octets.");
            line.AddRange(physical);
            if (rest.IsEmpty || rest[0] is not ((byte)' ' or (byte)'\t')) return begin;
            rest = rest[1..];
        }
    }

    static CalendarProperty Property(List<byte> octets, int line)
    {
        string text;
        try
        {
            text = Utf8.GetString(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(octets));
        }
        catch (ArgumentException)
        {
            throw Wrong(line, "It holds bytes that are no UTF-8 (RFC 5545, section 3.1.4).");
        }
        foreach (var letter in text)
            if (letter != '\t' && char.IsControl(letter) && letter < '\u0080') throw Wrong(line, $"It holds the control character U+{(int)letter:X4}; expected none but tabs.");
        var at = text.AsSpan().IndexOfAny(";:");
        if (at < 0) throw Wrong(line, $"'{Refusal.Shown(text)}' is no property; expected a name, and a colon before the value.");
        var name = text[..at].ToUpperInvariant();
        if (!Names().IsMatch(name)) throw Wrong(line, $"'{Refusal.Shown(text[..at])}' is no name of a property; expected letters, digits and hyphens.");
        var parameters = new List<CalendarParameter>();
        while (text[at] == ';')
        {
            var equals = text.IndexOf('=', at);
            if (equals < 0 || !Names().IsMatch(text.AsSpan(at + 1, equals - at - 1))) throw Wrong(line, $"A parameter of {name} has no name and value; expected such as TZID=Europe/Tallinn.");
            if (parameters.Count == MostParameters) throw Wrong(line, $"{name} has more than {MostParameters} parameters.");
            var (parameter, values) = (text[(at + 1)..equals].ToUpperInvariant(), new List<string>());
            at = equals;
            do
            {
                if (values.Count == MostParameters) throw Wrong(line, $"{parameter} of {name} has more than {MostParameters} values.");
                values.Add(Value(text, ref at, name, line));
            }
            while (text[at] == ',');
            parameters.Add(new(parameter, values));
        }
        return new(name, text[(at + 1)..]) { Parameters = parameters, Line = line };
    }

    /// <summary>A value of a parameter, in quotes or without; <paramref name="at"/> goes from the sign before it to the one after it.</summary>
    static string Value(string text, ref int at, string name, int line)
    {
        var from = at + 1;
        if (from < text.Length && text[from] == '"')
        {
            var end = text.IndexOf('"', from + 1);
            if (end < 0 || end + 1 == text.Length || text[end + 1] is not (',' or ';' or ':')) throw Wrong(line, $"A quoted value of a parameter of {name} does not end; expected a quote, and after it a comma, semicolon or colon.");
            at = end + 1;
            return Plain(text[(from + 1)..end]);
        }
        var stop = text.AsSpan(from).IndexOfAny(",;:");
        if (stop < 0) throw Wrong(line, $"{name} has parameters and no value; expected a colon before the value.");
        at = from + stop;
        return text.AsSpan(from, stop).Contains('"') ? throw Wrong(line, $"A value of a parameter of {name} has a quote inside; expected quotes around all of it.") : Plain(text[from..at]);
    }

    // RFC 6868, section 3.2.
    static string Plain(string value)
    {
        if (!value.Contains('^', StringComparison.Ordinal)) return value;
        var plain = new StringBuilder(value.Length);
        for (var i = 0; i < value.Length; i++)
            plain.Append((value[i], i + 1 < value.Length ? value[i + 1] : ' ') switch { ('^', 'n') => Skip('\n', ref i), ('^', '\'') => Skip('"', ref i), ('^', '^') => Skip('^', ref i), var (letter, _) => letter });
        return plain.ToString();
        static char Skip(char letter, ref int at)
        {
            at++;
            return letter;
        }
    }

    /// <summary>Whether the value is of its type (section 3.3).</summary>
    static void Understand(CalendarProperty property, List<CalendarDeviation> deviations)
    {
        var (name, value, line) = (property.Name, property.Value, property.Line);
        FaultException No(string expected) => Wrong(line, $"{name}:{Refusal.Shown(value)} was found; expected {expected}.");
        switch (name)
        {
            case "VERSION":
                if (value.Trim() is not ("2.0" or "2.0;2.0")) throw No("2.0 (RFC 5545)");
                break;
            case "DTSTART" or "DTEND" or "DUE" or "RECURRENCE-ID" or "DTSTAMP" or "CREATED" or "LAST-MODIFIED" or "COMPLETED":
                var isDate = Time(value, property, deviations) ?? throw No("a date such as 20261127, or a time such as 20261127T081500 or 20261127T081500Z");
                if (name is "DTSTAMP" or "CREATED" or "LAST-MODIFIED" or "COMPLETED" && (isDate || !value.EndsWith('Z'))) Deviate(deviations, line, $"{name} is not a time in UTC.");
                break;
            case "EXDATE" or "RDATE":
                foreach (var one in value.Split(','))
                    if (one.Split('/') is var parts && (Time(parts[0], property, deviations) is null || parts.Length > 2 || parts.Length == 2 && Time(parts[1], property, deviations) is null && !Durations().IsMatch(parts[1])))
                        throw No("dates or times with commas between");
                break;
            case "FREEBUSY":
                foreach (var one in value.Split(','))
                    if (one.Split('/') is not [var from, var to] || Time(from, property, deviations) is not false || Time(to, property, deviations) is not false && !Durations().IsMatch(to)) throw No("periods such as 20261127T080000Z/PT1H");
                break;
            case "DURATION":
                if (!Durations().IsMatch(value)) throw No("a duration such as PT30M or P1D");
                break;
            case "TRIGGER":
                if (!Durations().IsMatch(value) && Time(value, property, deviations) is not false) throw No("a duration such as -PT15M, or a time");
                break;
            case "TZOFFSETFROM" or "TZOFFSETTO":
                if (!Offsets().IsMatch(value)) throw No("an offset such as +0200");
                break;
            case "SEQUENCE" or "REPEAT" or "PRIORITY" or "PERCENT-COMPLETE":
                if (!int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)) throw No("a whole number");
                break;
            case "GEO":
                if (!Places().IsMatch(value)) throw No("latitude and longitude with a semicolon between");
                break;
            case "RRULE" or "EXRULE":
                try
                {
                    Recurrence.Parse(value, $"line {line}");
                }
                catch (FaultException fault) when (fault.Faults[0].Where == $"line {line}")
                {
                    throw Wrong(line, $"{name}: {fault.Faults[0].What}");
                }
                break;
        }
    }

    /// <summary>Whether it is a date (and no time); null when it is neither.</summary>
    static bool? Time(string value, CalendarProperty property, List<CalendarDeviation> deviations)
    {
        if (Dates.Parse(value).Success)
        {
            if (property.Of("VALUE")?.Equals("DATE", StringComparison.OrdinalIgnoreCase) != true && property.Name is not ("EXDATE" or "RDATE")) Deviate(deviations, property.Line, $"{property.Name} is a date without VALUE=DATE.");
            return true;
        }
        var time = value.EndsWith('Z') ? value[..^1] : value;
        // A leap second (section 3.3.12).
        if (time.Length == 15 && time.EndsWith("60", StringComparison.Ordinal)) time = time[..13] + "59";
        if (!Times.Parse(time).Success) return null;
        if (property.Of("VALUE")?.Equals("DATE", StringComparison.OrdinalIgnoreCase) == true) Deviate(deviations, property.Line, $"{property.Name} is a time, although VALUE=DATE.");
        return false;
    }

    /// <summary>What a component must have, and what it may not have twice.</summary>
    static void Check(CalendarComponent component, string? around, List<CalendarDeviation> deviations)
    {
        foreach (var name in Needed.GetValueOrDefault(component.Name) ?? [])
            if (component.Of(name) is null) Deviate(deviations, component.Line, $"{component.Name} has no {name}.");
        foreach (var twice in component.Properties.Where(one => Once.Contains(one.Name)).GroupBy(one => one.Name).Where(group => group.Skip(1).Any()))
            Deviate(deviations, twice.Skip(1).First().Line, $"{component.Name} has {twice.Key} twice; the first counts.");
        if (component.Of("DTEND") is not null && component.Of("DURATION") is not null && component.Name == "VEVENT") Deviate(deviations, component.Line, "VEVENT has DTEND and DURATION; expected one of them.");
        if (component.Name == "VALARM" && around is not ("VEVENT" or "VTODO")) Deviate(deviations, component.Line, "VALARM stands outside of VEVENT and VTODO.");
        if (component.Name != "VCALENDAR") return;
        var zones = component.Components.Where(one => one.Name == "VTIMEZONE").Select(one => one.Of("TZID")?.Value).ToHashSet();
        foreach (var property in component.Components.Where(one => one.Name != "VTIMEZONE").SelectMany(one => one.All).SelectMany(one => one.Properties))
            if (property.Of("TZID") is { } zone && !zone.StartsWith('/') && !zones.Contains(zone)) Deviate(deviations, property.Line, $"TZID={Refusal.Shown(zone)} has no VTIMEZONE.");
    }

    static void Deviate(List<CalendarDeviation> deviations, int line, string what)
    {
        if (deviations.Count < MostDeviations) deviations.Add(new(line, what));
    }

    [GeneratedRegex("^[A-Za-z0-9_-]{1,100}$", RegexOptions.CultureInvariant)]
    private static partial Regex Names();
    // Section 3.3.6.
    [GeneratedRegex("^[+-]?P([0-9]{1,9}W|([0-9]{1,9}D)?(T(?=[0-9])([0-9]{1,9}H)?([0-9]{1,9}M)?([0-9]{1,9}S)?)?)(?<!P)$", RegexOptions.CultureInvariant)]
    private static partial Regex Durations();
    [GeneratedRegex("^[+-](0[0-9]|1[0-9]|2[0-3])[0-5][0-9]([0-5][0-9])?$", RegexOptions.CultureInvariant)]
    private static partial Regex Offsets();
    [GeneratedRegex(@"^[+-]?[0-9]{1,3}(\.[0-9]{1,20})?;[+-]?[0-9]{1,3}(\.[0-9]{1,20})?$", RegexOptions.CultureInvariant)]
    private static partial Regex Places();
}
