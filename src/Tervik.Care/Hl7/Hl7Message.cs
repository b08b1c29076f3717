using System.Diagnostics.CodeAnalysis;

namespace Tervik.Care.Hl7;

/// <summary>A message in the vertical-bar encoding, as its sender delimited it. Source: HL7 v2.8, chapter 2.</summary>
sealed class Hl7Message
{
    /// <summary>Characters; longer ones are refused before anything is divided. Documents belong into other messages.</summary>
    public const int LongestMessage = 8 << 20;
    /// <summary>More are refused: each could be a resource.</summary>
    public const int MostSegments = 5000;
    /// <summary>Of one segment; the longest of the standard has about 60.</summary>
    public const int MostFields = 400;

    Hl7Message(Delimiters delimiters, IReadOnlyList<Hl7Segment> segments) => (Delimiters, Segments) = (delimiters, segments);

    /// <summary>By what it is divided.</summary>
    public Delimiters Delimiters { get; }
    /// <summary>In order; the first is MSH.</summary>
    public IReadOnlyList<Hl7Segment> Segments { get; }
    /// <summary>The header.</summary>
    public Hl7Segment Header => Segments[0];
    /// <summary>MSH-9.1, such as ADT.</summary>
    public string Type => Header[9][1].Text;
    /// <summary>MSH-9.2, such as A01. Before version 2.2 nothing else told it than EVN-1.</summary>
    public string Event => Header[9][2].Text is { Length: > 0 } trigger ? trigger : First("EVN")?[1].Text ?? "";
    /// <summary>MSH-10.</summary>
    public string ControlId => Header[10].Text;
    /// <summary>MSH-12.1.</summary>
    public string Version => Header[12][1].Text;

    /// <summary>The first segment of a name; null when there is none.</summary>
    public Hl7Segment? First(string name) => Segments.FirstOrDefault(segment => segment.Name == name);
    /// <summary>All segments of a name.</summary>
    public IEnumerable<Hl7Segment> All(string name) => Segments.Where(segment => segment.Name == name);

    /// <summary>Divides a message into segments. Fields are divided when they are asked for.</summary>
    /// <param name="text">Lines that end with CR, LF or both; the first begins with MSH.</param>
    /// <param name="bytes">The encoding it came in, for <c>\Xdd\</c>.</param>
    /// <exception cref="Hl7Exception">It is no message, or over a limit.</exception>
    public static Hl7Message Parse(string text, System.Text.Encoding? bytes = null)
    {
        if (text.Length > LongestMessage) throw TooLarge($"The message has {text.Length} characters; at most {LongestMessage} are taken.");
        if (!text.StartsWith("MSH", StringComparison.Ordinal)) throw new Hl7Exception(new Hl7Fault(Hl7Error.Sequence, new("MSH"), "The message does not begin with MSH.")) { IsUnreadable = true };
        var segments = new List<Hl7Segment>();
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        Delimiters? delimiters = null;
        foreach (var range in text.AsSpan().SplitAny('\r', '\n'))
        {
            var line = text[range];
            if (string.IsNullOrWhiteSpace(line) || line.All(letter => char.IsWhiteSpace(letter) || letter < ' ')) continue;
            delimiters ??= Delimiters.Read(line) with { Bytes = bytes ?? System.Text.Encoding.Latin1 };
            if (segments.Count == MostSegments) throw TooLarge($"The message has more than {MostSegments} segments.");
            if (NameOf(line, delimiters) is not { } name)
                throw new Hl7Exception(new Hl7Fault(Hl7Error.Sequence, new(segments.Count > 0 ? segments[^1].Name : "MSH", segments.Count > 0 ? segments[^1].Sequence : 1),
                    $"Line {segments.Count + 1} does not begin with the three letters of a segment and {delimiters.Field}; a line end inside a field is written {delimiters.Escape}.br{delimiters.Escape}."))
                { IsUnreadable = true };
            if (name == "MSH" && segments.Count > 0) throw new Hl7Exception(new Hl7Fault(Hl7Error.Sequence, new("MSH", 2), "A second MSH begins before the message has ended."));
            var sequence = counts[name] = counts.GetValueOrDefault(name) + 1;
            segments.Add(Hl7Segment.Parse(name, sequence, line, delimiters));
        }
        return new(delimiters!, segments);
    }

    internal static Hl7Exception TooLarge(string what) => new(new Hl7Fault(Hl7Error.Internal, new(""), what)) { IsUnreadable = true };

    static string? NameOf(string line, Delimiters delimiters)
    {
        if (line.Length < 3 || line.Length > 3 && line[3] != delimiters.Field && !string.IsNullOrWhiteSpace(line[3..])) return null;
        return char.IsAsciiLetterUpper(line[0]) && (char.IsAsciiLetterUpper(line[1]) || char.IsAsciiDigit(line[1])) && (char.IsAsciiLetterUpper(line[2]) || char.IsAsciiDigit(line[2])) ? line[..3] : null;
    }
}

/// <summary>A segment: fields are numbered from 1, as in the standard.</summary>
sealed class Hl7Segment
{
    readonly string[] fields;
    readonly Delimiters delimiters;

    Hl7Segment(string name, int sequence, string[] fields, Delimiters delimiters) => (Name, Sequence, this.fields, this.delimiters) = (name, sequence, fields, delimiters);

    /// <summary>Three letters or digits.</summary>
    public string Name { get; }
    /// <summary>Which of its name in the message, from 1.</summary>
    public int Sequence { get; }
    /// <summary>The number of the last field that was sent.</summary>
    public int Count => fields.Length - 1;

    /// <summary>A field; empty when the segment ends before it.</summary>
    public Hl7Field this[int number] => new(number < fields.Length ? fields[number] : "", delimiters, new(Name, Sequence, number));

    internal static Hl7Segment Parse(string name, int sequence, string line, Delimiters delimiters)
    {
        var parts = line.Split(delimiters.Field, Hl7Message.MostFields + 2);
        if (parts.Length > Hl7Message.MostFields + 1) throw Hl7Message.TooLarge($"{name} {sequence} has more than {Hl7Message.MostFields} fields.");
        // MSH-1 is the character that divides the others.
        return new(name, sequence, name is "MSH" or "FHS" or "BHS" ? [parts[0], delimiters.Field.ToString(), .. parts[1..]] : parts, delimiters);
    }
}

/// <summary>A field: repetitions from 1.</summary>
readonly struct Hl7Field(string raw, Delimiters delimiters, Hl7Place place)
{
    /// <summary>More are refused.</summary>
    const int MostRepetitions = 1000;

    /// <summary>As it was sent.</summary>
    public string Raw => raw;
    /// <summary>Where it stands.</summary>
    public Hl7Place Place => place;
    /// <summary>Nothing was sent: what is stored stays.</summary>
    public bool IsEmpty => string.IsNullOrWhiteSpace(raw) || raw.All(IsDelimiter);
    /// <summary><c>""</c> was sent: what is stored is removed.</summary>
    public bool IsNull => raw.Trim() == "\"\"";
    /// <summary>A value was sent.</summary>
    public bool HasValue => !IsEmpty && !IsNull;
    /// <summary>The same of a field of a segment that may be absent.</summary>
    public bool HasValueOrDefault => raw is not null && HasValue;
    /// <summary>A value or <c>""</c> was sent.</summary>
    public bool IsSaid => !IsEmpty;
    /// <summary>The first repetition.</summary>
    public Hl7Value First => Repetitions is [var first, ..] ? first : new("", delimiters, place with { Repetition = 1 });
    /// <summary>A component of the first repetition.</summary>
    public Hl7Value this[int component] => First[component];
    /// <summary>The text of the first repetition; empty when there is none.</summary>
    public string Text => First.Text;
    /// <summary>All that stands in it as text, delimiters of components and repetitions too: some senders do not escape them in free text.</summary>
    public string Whole => IsNull ? "" : delimiters.Unescape(raw).Trim();

    /// <summary>The repetitions that have a value.</summary>
    public IReadOnlyList<Hl7Value> Repetitions
    {
        get
        {
            if (!HasValue) return [];
            if (place is { Segment: "MSH", Field: 1 or 2 }) return [new(raw, delimiters, place with { Repetition = 1 })];
            var parts = raw.Split(delimiters.Repetition, MostRepetitions + 1);
            if (parts.Length > MostRepetitions) throw Hl7Message.TooLarge($"{place.Segment}-{place.Field} repeats more than {MostRepetitions} times.");
            var values = new List<Hl7Value>(parts.Length);
            for (var i = 0; i < parts.Length; i++)
                if (new Hl7Value(parts[i], delimiters, place with { Repetition = i + 1 }) is { HasValue: true } value) values.Add(value);
            return values;
        }
    }

    bool IsDelimiter(char letter) => char.IsWhiteSpace(letter) || letter == delimiters.Component || letter == delimiters.Repetition || letter == delimiters.Subcomponent;
}

/// <summary>A repetition, a component or a sub-component.</summary>
[SuppressMessage("Performance", "CA1815", Justification = "Never compared.")]
readonly struct Hl7Value(string raw, Delimiters delimiters, Hl7Place place)
{
    /// <summary>As it was sent.</summary>
    public string Raw => raw;
    /// <summary>Where it stands.</summary>
    public Hl7Place Place => place;
    /// <summary>Whether anything but delimiters and <c>""</c> was sent.</summary>
    public bool HasValue
    {
        get
        {
            foreach (var letter in raw)
                if (!char.IsWhiteSpace(letter) && letter != delimiters.Component && letter != delimiters.Subcomponent && letter != '"') return true;
            return false;
        }
    }

    /// <summary>A component of a repetition, from 1.</summary>
    public Hl7Value this[int component] => new(Part(raw, delimiters.Component, component), delimiters, place with { Component = component });
    /// <summary>A sub-component of a component, from 1.</summary>
    public Hl7Value Sub(int number) => new(Part(raw, delimiters.Subcomponent, number), delimiters, place);
    /// <summary>Its text; of what has components or sub-components the first, as the standard asks of who does not know the others. Empty when nothing was sent, or <c>""</c>.</summary>
    public string Text => Part(Part(raw, delimiters.Component, 1), delimiters.Subcomponent, 1).Trim() is var first && first == "\"\"" ? "" : delimiters.Unescape(first).Trim();
    /// <summary>The text; null when there is none.</summary>
    public string? Said => Text is { Length: > 0 } text ? text : null;

    static string Part(string raw, char delimiter, int number)
    {
        if (delimiter == '\0') return number == 1 ? raw : "";
        var start = 0;
        for (var i = 1; i < number; i++)
        {
            var next = raw.IndexOf(delimiter, start);
            if (next < 0) return "";
            start = next + 1;
        }
        var end = raw.IndexOf(delimiter, start);
        return end < 0 ? raw[start..] : raw[start..end];
    }
}
