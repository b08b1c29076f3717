using System.Collections.Frozen;
using System.Globalization;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Writing;

/// <summary>A common term that a form offers: a plain display of our own, its codes, and what is known about it.</summary>
/// <param name="Display">What is shown and stored.</param>
/// <param name="Codes">System and code; none when the term is text only.</param>
/// <param name="Synonyms">Other words (or codes) for the same.</param>
/// <param name="Facts">Columns of its table by name.</param>
public sealed record Term(string Display, IReadOnlyList<(string System, string Code)> Codes, IReadOnlyList<string> Synonyms, IReadOnlyDictionary<string, string> Facts)
{
    /// <summary>A fact; empty when it is not known.</summary>
    public string this[string fact] => Facts.GetValueOrDefault(fact, "");

    /// <summary>A fact that is a number; null when it is not known.</summary>
    public decimal? Number(string fact) => Catalogue.Number(this[fact]);

    /// <summary>A fact that is a list.</summary>
    public string[] List(string fact, char separator = ' ') => this[fact].Split(separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>The code in one system; null when it has none.</summary>
    public string? CodeIn(string system) => Codes.FirstOrDefault(code => code.System == system).Code;
}

/// <summary>The common terms of the forms (<c>Terms/*.tsv</c>). They are offered, never demanded: what fits none is stored as text.</summary>
public sealed class Catalogue
{
    public const string Snomed = "http://snomed.info/sct", Loinc = "http://loinc.org", Atc = "http://www.whocc.no/atc", Icd10 = "http://hl7.org/fhir/sid/icd-10", Cvx = "http://hl7.org/fhir/sid/cvx", Ucum = "http://unitsofmeasure.org";

    static readonly Dictionary<string, string> Systems = new(StringComparer.Ordinal)
    {
        ["snomed"] = Snomed, ["sct"] = Snomed, ["loinc"] = Loinc, ["atc"] = Atc, ["icd10"] = Icd10, ["cvx"] = Cvx,
    };

    public static readonly Catalogue Diagnoses = new("diagnoses"), Medications = new("medications"), Observations = new("observations"), Allergens = new("allergens"),
        Reactions = new("reactions"), Vaccines = new("vaccines"), Orders = new("orders");

    readonly FrozenDictionary<string, Term> byName, byCode;
    readonly int longestName;

    Catalogue(string name)
    {
        All = [.. Read(name)];
        var names = new Dictionary<string, Term>(StringComparer.OrdinalIgnoreCase);
        // A display counts before another term's synonym.
        foreach (var term in All) names.TryAdd(term.Display, term);
        foreach (var term in All)
            foreach (var synonym in term.Synonyms) names.TryAdd(synonym, term);
        byName = names.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
        longestName = byName.Keys.Max(key => key.Length);
        var codes = new Dictionary<string, Term>(StringComparer.Ordinal);
        foreach (var term in All)
            foreach (var (system, code) in term.Codes) codes.TryAdd($"{system}|{code}", term);
        byCode = codes.ToFrozenDictionary(StringComparer.Ordinal);
        Options = [.. All.Select(term => (term.Display, term.Synonyms is [var other, ..] ? other : ""))];
    }

    public IReadOnlyList<Term> All { get; }

    /// <summary>For a datalist: what is filled in, and one more word for it.</summary>
    public IReadOnlyList<(string Value, string Words)> Options { get; }

    /// <summary>The term that is called exactly this, whatever the case; null when there is none.</summary>
    public Term? Find(string text) => byName.GetValueOrDefault(text.Trim());

    /// <summary>The term with which the text begins, as in "Ibuprofen 400 mg tablet", and what follows it.</summary>
    public (Term? Term, string Remainder) FindBeginning(string text)
    {
        text = text.Trim();
        for (var length = Math.Min(text.Length, longestName); length > 0; length--)
            if ((length == text.Length || text[length] is ' ' or ',') && byName.TryGetValue(text[..length], out var term)) return (term, text[length..].Trim(' ', ','));
        return (null, text);
    }

    /// <summary>The term of a code; null when there is none. A synonym may be a code too.</summary>
    /// <param name="code"><c>system|code</c>.</param>
    public Term? OfCode(string code) => byCode.GetValueOrDefault(code) ?? byName.GetValueOrDefault(code[(code.LastIndexOf('|') + 1)..]);

    /// <summary>The term of something already recorded: by its codes, else by its name.</summary>
    public Term? Of(Known known) => known.Codes.Select(OfCode).FirstOrDefault(term => term is not null) ?? Find(known.Title);

    public static decimal? Number(string text) => decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var number) ? number : null;

    static IEnumerable<Term> Read(string name)
    {
        using var stream = typeof(Catalogue).Assembly.GetManifestResourceStream($"terms.{name}.tsv")!;
        using var reader = new StreamReader(stream);
        string[]? columns = null;
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#')) continue;
            var cells = line.Split('\t');
            if (columns is null)
            {
                columns = cells;
                continue;
            }
            var facts = columns.Zip(cells).Where(pair => pair.Second.Length > 0).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal);
            var codes = facts.Where(fact => Systems.ContainsKey(fact.Key)).Select(fact => (Systems[fact.Key], fact.Value)).ToList();
            if (facts.TryGetValue("system", out var system) && facts.TryGetValue("code", out var code)) codes.Add((Systems[system], code));
            // An allergen's ATC cell is a list of classes, not its code.
            codes.RemoveAll(one => one.Item2.Contains(' ', StringComparison.Ordinal));
            yield return new(facts["display"], codes, facts.GetValueOrDefault("synonyms", "").Split(';', StringSplitOptions.RemoveEmptyEntries), facts);
        }
    }
}
