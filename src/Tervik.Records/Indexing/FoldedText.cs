using System.Globalization;
using System.Text;

namespace Tervik.Records.Indexing;

/// <summary>Text as strings are compared: lower case, without accents and compatibility forms, one blank between words.</summary>
public static class FoldedText
{
    /// <summary>Longest folded part of a value in the index: PostgreSQL refuses index rows above 2,704 bytes.</summary>
    public const int MostFolded = 400;
    const int MostOriginal = 250;

    /// <summary>Ends the folded part of a value of table str; the original follows.</summary>
    public const char End = '\u0001';

    /// <summary>The text as it is compared.</summary>
    public static string Fold(string text)
    {
        if (Ascii.IsValid(text)) return FoldAscii(text);
        text = text.Normalize(NormalizationForm.FormKD);
        var folded = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune) || rune.Value < ' ')
            {
                if (folded.Length > 0 && folded[^1] != ' ') folded.Append(' ');
                continue;
            }
            if (rune.Value >= 0x300 && Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark) continue;
            switch (rune.Value)
            {
                case 'ß' or 'ẞ': folded.Append("ss"); break;
                case 'æ' or 'Æ': folded.Append("ae"); break;
                case 'ø' or 'Ø': folded.Append('o'); break;
                case 'ł' or 'Ł': folded.Append('l'); break;
                default:
                    var lower = Rune.ToLowerInvariant(rune);
                    if (lower.IsBmp) folded.Append((char)lower.Value);
                    else folded.Append(lower.ToString());
                    break;
            }
        }
        if (folded.Length > 0 && folded[^1] == ' ') folded.Length--;
        return folded.ToString();
    }

    // Most of a record, and ten times as fast.
    static string FoldAscii(string text)
    {
        Span<char> folded = text.Length <= 512 ? stackalloc char[text.Length] : new char[text.Length];
        var length = 0;
        foreach (var c in text)
            if (c > ' ') folded[length++] = char.IsAsciiLetterUpper(c) ? (char)(c | ' ') : c;
            else if (length > 0 && folded[length - 1] != ' ') folded[length++] = ' ';
        if (length > 0 && folded[length - 1] == ' ') length--;
        return new(folded[..length]);
    }

    /// <summary>The value of table str: folded text, <see cref="End"/>, and the text as it was, each cut to what an index row can hold.</summary>
    public static string ForIndex(string text) => Cut(Fold(text), MostFolded) + End + Cut(text.Replace("\0", "", StringComparison.Ordinal), MostOriginal);

    /// <summary>At most <paramref name="most"/> characters, without half a surrogate pair.</summary>
    public static string Cut(string text, int most) =>
        text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];

    /// <summary>The first text that does not begin with <paramref name="prefix"/> and is greater, in the order of code points.</summary>
    public static string After(string prefix) => prefix + "\U0010FFFF";

    /// <summary>Words of a text, folded: runs of letters and digits.</summary>
    public static IEnumerable<string> Words(string text)
    {
        var folded = Fold(text);
        for (var i = 0; i < folded.Length;)
        {
            while (i < folded.Length && !char.IsLetterOrDigit(folded[i])) i++;
            var start = i;
            while (i < folded.Length && char.IsLetterOrDigit(folded[i])) i++;
            if (i > start) yield return folded[start..i];
        }
    }
}
