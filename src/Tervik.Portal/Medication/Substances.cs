using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Medication;

/// <summary>Which substances a medication holds, as ATC codes: from its codes, else from the names in its texts. Records from elsewhere often have only RxNorm or SNOMED CT codes and a display.</summary>
static class Substances
{
    const string Local = "local";
    static readonly FrozenSet<string> AtcSystems = FrozenSet.ToFrozenSet(["http://www.whocc.no/atc", "urn:oid:2.16.840.1.113883.6.73", "http://fhir.de/CodeSystem/bfarm/atc"]);

    /// <summary>ATC codes, and the beginnings of words that stand for them.</summary>
    static readonly (string[] Codes, Stem[] Stems)[] Names = [.. DataTable.Read("substances").Select(row => (row[0].Split(','), Stem.List(row[1])))];

    /// <summary>ATC codes of a CodeableConcept; none when nothing in it is known.</summary>
    public static IReadOnlyList<string> AtcOf(JsonElement concept)
    {
        var codes = concept.ItemsAt("coding").Where(coding => AtcSystems.Contains(coding.TextAt("system") ?? "")).Select(coding => coding.TextAt("code")?.ToUpperInvariant()).OfType<string>().Distinct().ToList();
        return codes.Count > 0 ? codes : AtcOf([concept.TextAt("text"), .. concept.ItemsAt("coding").Select(coding => coding.TextAt("display"))]);
    }

    /// <summary>ATC codes of the substances named in these texts.</summary>
    public static IReadOnlyList<string> AtcOf(params ReadOnlySpan<string?> texts)
    {
        var found = new List<string>();
        foreach (var text in texts)
        {
            if (text is null) continue;
            var words = Stem.WordsOf(text);
            foreach (var (codes, stems) in Names)
            {
                if (!stems.Any(stem => stem.IsIn(words))) continue;
                // What is put on the skin or into the eye hardly reaches the blood.
                if (codes[0] == Local) return [];
                found.AddRange(codes.Where(code => !found.Contains(code)));
            }
        }
        return found;
    }
}

/// <summary>The beginning of a word, or of words that follow each other; <c>^</c> before it: the text begins so; <c>$</c> after it: the word ends there.</summary>
/// <param name="Text">With a space before, and one behind when the word ends there.</param>
/// <param name="IsFirst">The text begins with it.</param>
readonly record struct Stem(string Text, bool IsFirst)
{
    public static Stem[] List(string cell) => cell == "-" ? [] : [.. cell.Split(',').Select(stem => new Stem($" {stem.Trim('^', '$')}{(stem.EndsWith('$') ? " " : "")}", stem.StartsWith('^')))];

    /// <summary>Lower case, one space between words and around them, nothing but letters and digits.</summary>
    public static string WordsOf(string text)
    {
        var words = new StringBuilder(" ");
        foreach (var letter in text.Normalize())
            if (char.IsLetterOrDigit(letter)) words.Append(char.ToLowerInvariant(letter));
            else if (words[^1] != ' ') words.Append(' ');
        if (words[^1] != ' ') words.Append(' ');
        return words.ToString();
    }

    public bool IsIn(string words) => IsFirst ? words.StartsWith(Text, StringComparison.Ordinal) : words.Contains(Text, StringComparison.Ordinal);
}

/// <summary>The tables of this folder: cells between tabs, comments after <c>#</c>.</summary>
static class DataTable
{
    public static IEnumerable<string[]> Read(string name)
    {
        using var file = new StreamReader(typeof(DataTable).Assembly.GetManifestResourceStream($"data.{name}.tsv")!);
        while (file.ReadLine() is { } line)
            if (line.Length > 0 && line[0] != '#') yield return line.Split('\t');
    }
}
