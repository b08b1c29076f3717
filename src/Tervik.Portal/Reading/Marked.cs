using System.Text;
using Tervik.Records.Indexing;

namespace Tervik.Portal.Reading;

/// <summary>A part of a text, and whether it is what was searched.</summary>
public readonly record struct MarkedPart(string Text, bool IsMark);

/// <summary>Shows where the words of a search stand in a text: without regard to case and accents, also inside of words, because Estonian and Korean change their ends.</summary>
public static class Marked
{
    const int SnippetLength = 180, BeforeMark = 60;

    /// <summary>Whether each word stands somewhere in the texts.</summary>
    /// <param name="texts">Folded.</param>
    /// <param name="words">Folded.</param>
    public static bool HasAll(IReadOnlyCollection<string> texts, IReadOnlyList<string> words) => words.All(word => texts.Any(text => text.Contains(word, StringComparison.Ordinal)));

    /// <summary>The text in parts, marked and not, in its order; together they are the text.</summary>
    public static IReadOnlyList<MarkedPart> Parts(string text, IReadOnlyList<string> words)
    {
        var isMark = Marks(text, words);
        var parts = new List<MarkedPart>();
        for (var start = 0; start < text.Length;)
        {
            var end = start;
            while (end < text.Length && isMark[end] == isMark[start]) end++;
            parts.Add(new(text[start..end], isMark[start]));
            start = end;
        }
        return parts;
    }

    /// <summary>A piece of a long text around the first word that is found, on one line.</summary>
    public static IReadOnlyList<MarkedPart> Snippet(string text, IReadOnlyList<string> words)
    {
        text = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        var first = Math.Max(0, Array.IndexOf(Marks(text, words), true));
        var start = Math.Max(0, first - BeforeMark);
        while (start > 0 && start < first && text[start - 1] != ' ') start++;
        if (start > 0 && char.IsLowSurrogate(text[start])) start--;
        var end = Math.Min(text.Length, start + SnippetLength);
        if (end < text.Length && char.IsLowSurrogate(text[end])) end--;
        return Parts($"{(start > 0 ? "… " : "")}{text[start..end]}{(end < text.Length ? " …" : "")}", words);
    }

    // Folding changes lengths (ß, Hangul syllables), so each folded character remembers where it comes from.
    static bool[] Marks(string text, IReadOnlyList<string> words)
    {
        var folded = new StringBuilder(text.Length);
        var (starts, ends) = (new List<int>(text.Length), new List<int>(text.Length));
        for (var at = 0; at < text.Length;)
        {
            var length = Rune.TryGetRuneAt(text, at, out var rune) ? rune.Utf16SequenceLength : 1;
            var piece = length == 1 && !Rune.IsValid(text[at]) || Rune.IsWhiteSpace(rune) ? " " : FoldedText.Fold(text.Substring(at, length));
            folded.Append(piece);
            for (var i = 0; i < piece.Length; i++)
            {
                starts.Add(at);
                ends.Add(at + length);
            }
            at += length;
        }
        var all = folded.ToString();
        var marks = new bool[text.Length];
        foreach (var word in words.Where(word => word.Length > 0))
            for (var found = all.IndexOf(word, StringComparison.Ordinal); found >= 0; found = all.IndexOf(word, found + word.Length, StringComparison.Ordinal))
                marks.AsSpan(starts[found], ends[found + word.Length - 1] - starts[found]).Fill(true);
        return marks;
    }
}
