using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Portal.Shell;

namespace Tervik.Portal.Explain;

/// <summary>What is explained.</summary>
public enum Explained { Test, Condition, Medicine, Unit, Term }

/// <summary>Something of the record in plain words.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Codes">The codes it stands for; the first one names it in addresses.</param>
/// <param name="Title">Its plain name.</param>
/// <param name="Text">One or two sentences.</param>
public sealed record Explanation(Explained Kind, string[] Codes, string Title, string Text);

/// <summary>Explanations of tests (LOINC), conditions (SNOMED CT, ICD-10), medicines (groups of ATC) and units (UCUM), in the reader's language: our own sentences, in the tables beside this file.</summary>
/// <remarks>A table has a line for each thing: its codes with commas between, then title and text in each language in the order of <see cref="Language.All"/>, all between tabs.
/// In the table of conditions, codes of digits are SNOMED CT and others ICD-10, where <c>E11</c> stands for all codes that begin with it. A test finds lines with a missing part.</remarks>
public static class Explanations
{
    const string Loinc = "http://loinc.org", Snomed = "http://snomed.info/sct", Ucum = "http://unitsofmeasure.org";
    const int ShortestAtc = 3;

    static readonly (Explained Kind, string Table)[] Tables = [(Explained.Test, "tests"), (Explained.Condition, "conditions"), (Explained.Medicine, "medicines"), (Explained.Unit, "units")];

    static readonly FrozenDictionary<string, FrozenDictionary<(Explained, string), Explanation>> ByLanguage = Language.All.ToFrozenDictionary(language => language.Code,
        language => Tables.SelectMany(table => Lines(table.Table).Select(line => Read(table.Kind, line, Array.FindIndex(Language.All, one => one.Code == language.Code))))
            .SelectMany(one => one.Codes.Select(code => KeyValuePair.Create((one.Kind, code), one))).DistinctBy(pair => pair.Key).ToFrozenDictionary());

    static Explanation Read(Explained kind, string[] line, int language) => new(kind, line[0].Split(','), line[1 + 2 * language], line[2 + 2 * language]);

    /// <summary>The lines of a table in their parts, for the tests.</summary>
    internal static IEnumerable<string[]> Lines(string table)
    {
        using var stream = typeof(Explanations).Assembly.GetManifestResourceStream($"data.{table}.tsv")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
            if (line.Length > 0) yield return line.Split('\t');
    }

    /// <summary>All in the reader's language, by title.</summary>
    public static IEnumerable<Explanation> All => ByLanguage[Language.Current].Values.Distinct().OrderBy(one => one.Kind).ThenBy(one => one.Title, StringComparer.Create(Language.Reader, ignoreCase: true));

    /// <summary>An explanation by system and code; null when there is none.</summary>
    /// <param name="key"><c>system|code</c>.</param>
    public static Explanation? Find(string key) => key.LastIndexOf('|') is > 0 and var bar ? Find(key[..bar], key[(bar + 1)..]) : null;

    /// <summary>An explanation by system and code; null when there is none.</summary>
    public static Explanation? Find(string system, string code)
    {
        var known = ByLanguage[Language.Current];
        return system switch
        {
            Loinc => known.GetValueOrDefault((Explained.Test, code)),
            Snomed => known.GetValueOrDefault((Explained.Condition, code)),
            Ucum => known.GetValueOrDefault((Explained.Unit, code)),
            "http://www.whocc.no/atc" or "urn:oid:2.16.840.1.113883.6.73" => Longest(known, Explained.Medicine, code, ShortestAtc),
            _ when system.Contains("icd-10", StringComparison.OrdinalIgnoreCase) || system is "urn:oid:1.2.208.176.2.4" => Longest(known, Explained.Condition, code, 3),
            _ => null,
        };
    }

    // A06.1 is a kind of A06: the most exact that we have.
    static Explanation? Longest(FrozenDictionary<(Explained, string), Explanation> known, Explained kind, string code, int shortest)
    {
        for (var length = code.Length; length >= shortest; length--)
            if (known.TryGetValue((kind, code[..length]), out var explanation)) return explanation;
        return null;
    }

    /// <summary>The explanation of a unit; null when there is none.</summary>
    /// <param name="code">UCUM.</param>
    public static Explanation? OfUnit(string? code) => code is null ? null : Find(Ucum, code);

    /// <summary>The first coding of a CodeableConcept that can be explained, as <c>system|code</c>; null when none can.</summary>
    /// <param name="concept">A CodeableConcept or Coding.</param>
    public static string? KeyOf(JsonElement concept)
    {
        foreach (var coding in concept.At("coding").Exists() ? concept.ItemsAt("coding") : [concept])
            if (coding.TextAt("system") is { } system && coding.TextAt("code") is { } code && Find(system, code) is not null) return $"{system}|{code}";
        return null;
    }
}
