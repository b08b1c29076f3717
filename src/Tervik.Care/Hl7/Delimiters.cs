using System.Buffers;
using System.Globalization;
using System.Text;

namespace Tervik.Care.Hl7;

/// <summary>The characters by which a message is divided (MSH-1, MSH-2). Source: HL7 v2.8, chapter 2, section 2.5.4; escapes 2.7.</summary>
/// <param name="Field">Usually <c>|</c>.</param>
/// <param name="Component">Usually <c>^</c>.</param>
/// <param name="Repetition">Usually <c>~</c>.</param>
/// <param name="Escape">Usually <c>\</c>; NUL where the sender has none.</param>
/// <param name="Subcomponent">Usually <c>&amp;</c>; NUL where the sender has none.</param>
sealed record Delimiters(char Field, char Component, char Repetition, char Escape, char Subcomponent)
{
    /// <summary>As the standard suggests.</summary>
    public static Delimiters Usual { get; } = new('|', '^', '~', '\\', '&');

    const char None = '\0';
    static readonly SearchValues<char> Hex = SearchValues.Create("0123456789ABCDEFabcdef");

    /// <summary>Of which bytes <c>\Xdd\</c> speaks.</summary>
    public Encoding Bytes { get; init; } = Encoding.Latin1;

    /// <summary>MSH-2.</summary>
    public string Encoding2 => string.Concat(((char[])[Component, Repetition, Escape, Subcomponent]).Where(one => one != None));

    /// <summary>Reads them from the first segment.</summary>
    /// <param name="header">Begins with MSH, FHS or BHS.</param>
    /// <exception cref="Hl7Exception">They are missing, two are the same, or one is a letter, digit, blank or control character.</exception>
    public static Delimiters Read(string header)
    {
        var name = header[..3];
        if (header.Length < 5) throw Wrong(name, 1, "The header ends before its delimiters; MSH|^~\\& was expected.");
        var field = header[3];
        var end = header.IndexOf(field, 4);
        var others = end < 0 ? header[4..] : header[4..end];
        // Some senders write the escape character twice, as their programming language does.
        if (others.Length == 5 && others[2] == others[3]) others = others.Remove(3, 1);
        if (others.Length is < 1 or > 5) throw Wrong(name, 2, $"{name}-2 has {others.Length} encoding characters; four, such as ^~\\&, were expected.");
        var read = new Delimiters(field, others[0], others.Length > 1 ? others[1] : '~', others.Length > 2 ? others[2] : None, others.Length > 3 ? others[3] : None);
        char[] all = [field, .. others];
        foreach (var one in all)
            if (char.IsLetterOrDigit(one) || char.IsWhiteSpace(one) || char.IsControl(one) || one is '"' or '\uFFFD') throw Wrong(name, one == field ? 1 : 2, "A letter, digit, blank, quotation mark or control character delimits nothing; MSH|^~\\& was expected.");
        if (all.Distinct().Count() != all.Length) throw Wrong(name, 2, "Two delimiters are the same character; five different ones were expected.");
        return read;
    }

    static Hl7Exception Wrong(string segment, int field, string what) => new(new Hl7Fault(Hl7Error.DataType, new(segment, 1, field), what)) { IsUnreadable = true };

    /// <summary>What a sender meant by a text: escapes become what they stand for; highlighting and what nobody defined is left out.</summary>
    public string Unescape(string raw)
    {
        if (Escape == None || !raw.Contains(Escape, StringComparison.Ordinal)) return Clean(raw);
        var text = new StringBuilder(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            var end = raw[i] == Escape ? raw.IndexOf(Escape, i + 1) : -1;
            // A lone escape character is itself: senders forget to escape it, in paths above all.
            if (end < 0 || Meaning(raw.AsSpan(i + 1, end - i - 1)) is not { } meaning)
            {
                text.Append(raw[i]);
                continue;
            }
            text.Append(meaning);
            i = end;
        }
        return Clean(text.ToString());
    }

    string? Meaning(ReadOnlySpan<char> code) => code switch
    {
        "F" => Field.ToString(),
        "S" => Component.ToString(),
        "T" => Subcomponent == None ? "&" : Subcomponent.ToString(),
        "R" => Repetition.ToString(),
        "E" => Escape.ToString(),
        "P" => "#",
        "H" or "N" => "",
        ['X' or 'x', .. var hex] when hex.Length > 0 && hex.Length % 2 == 0 && hex.IndexOfAnyExcept(Hex) < 0 => Bytes.GetString(Convert.FromHexString(hex)),
        ['.', 'b' or 'B', 'r' or 'R'] or ['.', 'c' or 'C', 'e' or 'E'] => "\n",
        ['.', 's' or 'S', 'p' or 'P', .. var count] => new('\n', int.TryParse(count.Trim("+ "), NumberStyles.None, CultureInfo.InvariantCulture, out var lines) ? Math.Clamp(lines, 1, 100) : 1),
        ['.', 's' or 'S', 'k' or 'K', .. var count] => new(' ', int.TryParse(count.Trim("+ "), NumberStyles.None, CultureInfo.InvariantCulture, out var blanks) ? Math.Clamp(blanks, 1, 100) : 1),
        ['.', 'f' or 'F' or 'n' or 'N' or 'i' or 'I' or 't' or 'T', _, ..] => "",
        ['Z' or 'C' or 'M', .. { Length: > 0 and < 40 } rest] when rest.IndexOfAnyExceptInRange('0', 'z') < 0 => "",
        _ => null,
    };

    /// <summary>FHIR has no control characters but tab and line ends.</summary>
    static string Clean(string text) => text.Any(IsForbidden) ? string.Concat(text.Where(letter => !IsForbidden(letter))) : text;
    static bool IsForbidden(char letter) => letter < ' ' && letter is not ('\t' or '\n' or '\r') || letter is '\u007F';

    /// <summary>A text as it is sent: delimiters and line ends escaped.</summary>
    public string Escaped(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var letter in text)
            escaped.Append(letter switch
            {
                _ when Escape == None => letter == Field || letter == Component || letter == Repetition || letter == Subcomponent || char.IsControl(letter) ? " " : letter.ToString(),
                _ when letter == Escape => $"{Escape}E{Escape}",
                _ when letter == Field => $"{Escape}F{Escape}",
                _ when letter == Component => $"{Escape}S{Escape}",
                _ when letter == Repetition => $"{Escape}R{Escape}",
                _ when letter == Subcomponent => $"{Escape}T{Escape}",
                '\n' => $"{Escape}.br{Escape}",
                _ when char.IsControl(letter) => "",
                _ => letter.ToString(),
            });
        return escaped.ToString();
    }
}
