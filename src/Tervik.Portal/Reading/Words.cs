using System.Collections;
using System.Collections.Frozen;
using System.Globalization;
using System.Resources;
using Tervik.Portal.Shell;

namespace Tervik.Portal.Reading;

/// <summary>Every text of the portal, in the reader's language: the resource files of all folders (<c>*.resx</c> in English, <c>*.da.resx</c> and so on) read into one table for each language.</summary>
public static class Words
{
    static readonly FrozenDictionary<string, FrozenDictionary<string, string>> Tables = Language.All.ToFrozenDictionary(language => language.Code, language => Table(language.Code));

    /// <summary>A text by its key, with values put in; the key itself where there is none.</summary>
    public static string Of(string key, params ReadOnlySpan<object?> values)
    {
        var text = Tables[Language.Current].GetValueOrDefault(key, key);
        return values.IsEmpty ? text : string.Format(Language.Reader, text, values);
    }

    /// <summary>Whether there is a text of this key.</summary>
    public static bool Has(string key) => Tables[Language.Current].ContainsKey(key);

    /// <summary>A value of the record in words; itself where we have no words for it.</summary>
    /// <param name="kind">Begins the key, such as <c>status</c>.</param>
    /// <param name="code">Goes on with it: a code of FHIR.</param>
    public static string OfCode(string kind, string code) => Tables[Language.Current].GetValueOrDefault($"{kind} {code}") ?? Codes.Readable(code)!;

    /// <summary>All resource files in one language, for the test that finds what is missing: name of the file, keys and texts.</summary>
    internal static IEnumerable<(string File, Dictionary<string, string> Texts)> Files(string language)
    {
        var assembly = typeof(Words).Assembly;
        foreach (var file in assembly.GetManifestResourceNames().Where(name => name.EndsWith(".resources", StringComparison.Ordinal)))
        {
            var texts = new ResourceManager(file[..^".resources".Length], assembly).GetResourceSet(CultureInfo.GetCultureInfo(language), createIfNotExists: true, tryParents: language == "en");
            yield return (file, texts is null ? [] : texts.Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!));
        }
    }

    // A test says when two files have the same key.
    static FrozenDictionary<string, string> Table(string language) => Files(language).SelectMany(file => file.Texts).DistinctBy(text => text.Key).ToFrozenDictionary(text => text.Key, text => text.Value);
}
