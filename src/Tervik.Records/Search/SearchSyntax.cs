using System.Globalization;
using System.Text;

namespace Tervik.Records.Search;

/// <summary>The comparison before an ordered value.</summary>
enum Prefix
{
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    /// <summary>Starts after.</summary>
    Sa,
    /// <summary>Ends before.</summary>
    Eb,
    /// <summary>Approximately: a tenth more or less.</summary>
    Ap,
}

/// <summary>The small syntax inside parameter values (search.html#escaping, search.html#prefix).</summary>
public static class SearchSyntax
{
    static readonly string[] Prefixes = ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"];

    /// <summary>Splits at <paramref name="separator"/> where no backslash stands before it; the parts keep their escapes.</summary>
    internal static string[] Split(string text, char separator)
    {
        if (!text.Contains('\\', StringComparison.Ordinal)) return text.Split(separator);
        var parts = new List<string>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] == separator)
            {
                parts.Add(text[start..i]);
                start = i + 1;
            }
        }
        parts.Add(text[start..]);
        return [.. parts];
    }

    /// <summary>Takes the backslashes off <c>\,</c> <c>\|</c> <c>\$</c> and <c>\\</c>; others stand for themselves.</summary>
    internal static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal)) return text;
        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] is ',' or '|' or '$' or '\\') i++;
            plain.Append(text[i]);
        }
        return plain.ToString();
    }

    /// <summary>A value as it stands in a search parameter: the inverse of <see cref="Unescape"/> (search.html#escaping).</summary>
    public static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal)
        .Replace("|", "\\|", StringComparison.Ordinal).Replace("$", "\\$", StringComparison.Ordinal);

    /// <summary>Takes a prefix off a value; without one it is <see cref="Prefix.Eq"/>.</summary>
    internal static Prefix TakePrefix(ref string value)
    {
        if (value.Length < 3 || !char.IsAsciiLetter(value[0])) return Prefix.Eq;
        var index = Array.IndexOf(Prefixes, value[..2]);
        if (index < 0) return Prefix.Eq;
        value = value[2..];
        return (Prefix)index;
    }

    /// <summary>A decimal and half of the place of its last digit: 5.40 is 5.40 ± 0.005, 1e2 is 100 ± 50.</summary>
    /// <remarks>Source: search.html#number.</remarks>
    internal static bool TryNumber(string text, out decimal value, out decimal half)
    {
        (value, half) = (0, 0);
        if (text.Length is 0 or > 60 || !decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value)) return false;
        var exponentAt = text.IndexOfAny(['e', 'E']);
        var exponent = exponentAt < 0 ? 0 : int.Parse(text[(exponentAt + 1)..], CultureInfo.InvariantCulture);
        var digits = exponentAt < 0 ? text : text[..exponentAt];
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        var place = exponent - (point < 0 ? 0 : digits.Length - point - 1);
        if (place is < -27 or > 27) return true;
        half = 0.5m;
        for (; place > 0; place--) half *= 10;
        for (; place < 0; place++) half /= 10;
        return true;
    }
}
