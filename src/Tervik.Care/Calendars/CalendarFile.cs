using System.Text;

namespace Tervik.Care.Calendars;

/// <summary>A parameter of a property, such as <c>TZID=Europe/Tallinn</c>.</summary>
/// <param name="Name">In capitals.</param>
/// <param name="Values">One or several, as they are meant: without quotes, RFC 6868 undone.</param>
public sealed record CalendarParameter(string Name, IReadOnlyList<string> Values);

/// <summary>A property of a component (RFC 5545, section 3.1).</summary>
/// <param name="Name">In capitals.</param>
/// <param name="Value">As it stands in the file: text is escaped there.</param>
public sealed record CalendarProperty(string Name, string Value)
{
    /// <summary>In their order.</summary>
    public IReadOnlyList<CalendarParameter> Parameters { get; init; } = [];
    /// <summary>Where it begins in the file that was read; 0 for one that was made.</summary>
    public int Line { get; init; }

    /// <summary>A property of type TEXT (section 3.3.11).</summary>
    /// <param name="name">In capitals.</param>
    /// <param name="text">As people read it.</param>
    public static CalendarProperty OfText(string name, string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var letter in text.ReplaceLineEndings("\n"))
            if (letter is '\\' or ';' or ',') escaped.Append('\\').Append(letter);
            else if (letter == '\n') escaped.Append("\\n");
            else if (letter == '\t' || !char.IsControl(letter)) escaped.Append(letter);
        return new(name, escaped.ToString());
    }

    /// <summary>The value read as TEXT.</summary>
    public string Text
    {
        get
        {
            if (!Value.Contains('\\', StringComparison.Ordinal)) return Value;
            var text = new StringBuilder(Value.Length);
            for (var i = 0; i < Value.Length; i++)
                if (Value[i] != '\\' || i + 1 == Value.Length) text.Append(Value[i]);
                else text.Append(Value[++i] is 'n' or 'N' ? '\n' : Value[i]);
            return text.ToString();
        }
    }

    /// <summary>The first value of a parameter; null without it.</summary>
    public string? Of(string parameter) => Parameters.FirstOrDefault(one => one.Name == parameter)?.Values[0];
}

/// <summary>A component, such as VCALENDAR, VEVENT or VALARM: what stands between BEGIN and END.</summary>
/// <param name="Name">In capitals.</param>
public sealed record CalendarComponent(string Name)
{
    /// <summary>In their order.</summary>
    public IReadOnlyList<CalendarProperty> Properties { get; init; } = [];
    /// <summary>What lies inside, in its order.</summary>
    public IReadOnlyList<CalendarComponent> Components { get; init; } = [];
    /// <summary>Where its BEGIN stands; 0 for one that was made.</summary>
    public int Line { get; init; }

    /// <summary>The first property of a name; null without it.</summary>
    public CalendarProperty? Of(string name) => Properties.FirstOrDefault(one => one.Name == name);

    /// <summary>It and all inside it.</summary>
    public IEnumerable<CalendarComponent> All => Components.SelectMany(one => one.All).Prepend(this);
}

/// <summary>What a calendar file holds against the letter of RFC 5545 and can be understood nevertheless.</summary>
/// <param name="Line">Where.</param>
/// <param name="What">What is wrong and what was expected.</param>
public sealed record CalendarDeviation(int Line, string What);

/// <summary>A file of iCalendar (RFC 5545, with the parameter values of RFC 6868): one calendar or several.</summary>
public sealed partial record CalendarFile
{
    /// <summary>Media type.</summary>
    public const string MediaType = "text/calendar; charset=utf-8";
    /// <summary>Octets of a line before it is folded (section 3.1).</summary>
    const int LineOctets = 75;

    /// <summary>The VCALENDARs.</summary>
    public required IReadOnlyList<CalendarComponent> Calendars { get; init; }

    /// <summary>What in it is not as RFC 5545 demands, although it was understood. Empty for one that was made.</summary>
    public IReadOnlyList<CalendarDeviation> Deviations { get; init; } = [];

    /// <summary>All components, VCALENDARs too.</summary>
    public IEnumerable<CalendarComponent> All => Calendars.SelectMany(one => one.All);

    /// <summary>The file: UTF-8, lines folded and ended with CR LF.</summary>
    public byte[] Write()
    {
        using var file = new MemoryStream();
        foreach (var calendar in Calendars) Write(file, calendar);
        return file.ToArray();
    }

    static void Write(MemoryStream file, CalendarComponent component)
    {
        Fold(file, $"BEGIN:{component.Name}");
        foreach (var property in component.Properties) Fold(file, Line(property));
        foreach (var inside in component.Components) Write(file, inside);
        Fold(file, $"END:{component.Name}");
    }

    static string Line(CalendarProperty property)
    {
        var line = new StringBuilder(property.Name);
        foreach (var parameter in property.Parameters)
            line.Append(';').Append(parameter.Name).Append('=').AppendJoin(',', parameter.Values.Select(Quoted));
        return line.Append(':').Append(property.Value).ToString();
    }

    static string Quoted(string value)
    {
        var safe = value.Replace("^", "^^", StringComparison.Ordinal).Replace("\n", "^n", StringComparison.Ordinal).Replace("\"", "^'", StringComparison.Ordinal);
        return safe.AsSpan().IndexOfAny(",;:") >= 0 ? $"\"{safe}\"" : safe;
    }

    /// <summary>A line in pieces of at most 75 octets, none of which ends inside a character.</summary>
    static void Fold(MemoryStream file, string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line);
        for (var (at, room) = (0, LineOctets); ; room = LineOctets - 1)
        {
            var end = Math.Min(bytes.Length, at + room);
            // 10xxxxxx goes on with a character.
            while (end < bytes.Length && (bytes[end] & 0xC0) == 0x80) end--;
            file.Write(bytes, at, end - at);
            file.Write("\r\n"u8);
            if ((at = end) >= bytes.Length) return;
            file.WriteByte((byte)' ');
        }
    }
}
