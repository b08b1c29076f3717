using System.Text;
using Tervik.Portal.Shell;

namespace Tervik.Portal.Reading;

/// <summary>Numbers as the reader writes them. Only what is shown goes through here: attributes, queries and keys keep the digits of the record.</summary>
public static class Numbers
{
    /// <summary>Whole numbers of fewer digits are read at a glance and stay together.</summary>
    const int GroupedFrom = 5;

    /// <summary>The digits of a FHIR decimal with the reader's signs: <c>12345.60</c> is <c>12.345,60</c> in Danish. No digit is added, dropped or rounded; what is no number stays as it is.</summary>
    public static string Write(string digits)
    {
        var start = digits is ['-', ..] ? 1 : 0;
        var whole = start;
        while (whole < digits.Length && char.IsAsciiDigit(digits[whole])) whole++;
        if (whole == start || !IsRest(digits.AsSpan(whole))) return digits;
        var (point, group) = Signs(Language.Current);
        var written = new StringBuilder(digits.Length + 4).Append(digits, 0, start);
        for (var i = start; i < whole; i++)
        {
            if (i > start && whole - start >= GroupedFrom && (whole - i) % 3 == 0) written.Append(group);
            written.Append(digits[i]);
        }
        if (whole < digits.Length) written.Append(digits[whole] == '.' ? point : digits[whole]).Append(digits, whole + 1, digits.Length - whole - 1);
        return written.ToString();
    }

    // The culture's own table is not asked: it puts marks into 1,000 already, and its Estonian minus is no sign of a dose.
    static (char Point, char Group) Signs(string language) => language switch { "da" => (',', '.'), "et" => (',', '\u00A0'), _ => ('.', ',') };

    // What may follow the whole part: a fraction, a power of ten, or nothing.
    static bool IsRest(ReadOnlySpan<char> rest)
    {
        if (rest is ['.', ..])
        {
            rest = rest[1..];
            var fraction = 0;
            while (fraction < rest.Length && char.IsAsciiDigit(rest[fraction])) fraction++;
            if (fraction == 0) return false;
            rest = rest[fraction..];
        }
        if (rest.IsEmpty) return true;
        if (rest[0] is not ('e' or 'E')) return false;
        rest = rest[1..];
        if (rest is ['-' or '+', ..]) rest = rest[1..];
        return rest.Length > 0 && rest.IndexOfAnyExceptInRange('0', '9') < 0;
    }
}
