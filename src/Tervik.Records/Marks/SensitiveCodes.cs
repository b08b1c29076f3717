using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Tervik.Records.Marks;

/// <summary>Which codes make a resource sensitive, and of which category: the codes of HL7 v3-ActCode MH, SUD, SEX, STD, GDIS and SDV, and R for what its author marked confidential.</summary>
/// <remarks>A table, <c>sensitive.tsv</c>, with codes of ICD-10, SNOMED CT, LOINC and ATC, and the security labels of FHIR (meta.security).</remarks>
public static class SensitiveCodes
{
    /// <summary>All categories, in the order in which they are shown.</summary>
    public static IReadOnlyList<string> Categories { get; } = ["MH", "SUD", "SEX", "STD", "GDIS", "SDV", "R"];

    /// <summary>Longest code in the table with its end left open; longer ones are looked up by their beginnings.</summary>
    const int LongestPrefix = 5;

    static readonly FrozenDictionary<string, string> Systems = new Dictionary<string, string>
    {
        ["http://hl7.org/fhir/sid/icd-10"] = "icd10", ["http://hl7.org/fhir/sid/icd-10-cm"] = "icd10", ["http://hl7.org/fhir/sid/icd-10-nl"] = "icd10", ["http://hl7.org/fhir/sid/icd-10-de"] = "icd10",
        ["urn:oid:1.2.208.176.2.4.12"] = "icd10", ["https://fhir.ee/CodeSystem/rhk-10"] = "icd10",
        ["http://snomed.info/sct"] = "snomed", ["http://loinc.org"] = "loinc", ["http://www.whocc.no/atc"] = "atc",
        ["http://terminology.hl7.org/CodeSystem/v3-ActCode"] = "security", ["http://terminology.hl7.org/CodeSystem/v3-Confidentiality"] = "confidentiality",
        ["http://terminology.hl7.org/CodeSystem/v2-0074"] = "diagnostic-section",
    }.ToFrozenDictionary();

    static readonly (FrozenDictionary<string, string> Exact, FrozenDictionary<string, string> Prefixes, FrozenDictionary<string, string> Types, string Hash) Table = Load();

    /// <summary>Changes when the table does: resources that were marked by another one are marked anew.</summary>
    public static string Version => Table.Hash;

    /// <summary>The category a coding belongs to; null for none.</summary>
    /// <param name="system">Its code system.</param>
    /// <param name="code">Its code.</param>
    public static string? CategoryOf(string system, string code)
    {
        if (!Systems.TryGetValue(system, out var name)) return null;
        var key = $"{name} {code}";
        if (Table.Exact.TryGetValue(key, out var category)) return category;
        if (name is not ("icd10" or "atc")) return null;
        // ICD-10 is written with and without the dot.
        if (name == "icd10" && code.Length > 3 && code[3] != '.' && Table.Exact.TryGetValue($"{name} {code[..3]}.{code[3..]}", out category)) return category;
        for (var length = Math.Min(LongestPrefix, code.Length); length > 1; length--)
            if (Table.Prefixes.TryGetValue($"{name} {code[..length]}", out category)) return category;
        return null;
    }

    /// <summary>The category of a whole resource type; null for none.</summary>
    public static string? CategoryOfType(string type) => Table.Types.GetValueOrDefault(type);

    static (FrozenDictionary<string, string>, FrozenDictionary<string, string>, FrozenDictionary<string, string>, string) Load()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("sensitive.tsv")!;
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        Dictionary<string, string> exact = [], prefixes = [], types = [];
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line.StartsWith('#')) continue;
            var (category, system, codes) = line.Split('\t') is [var one, var two, var three] ? (one, two, three) : throw new InvalidDataException($"sensitive.tsv: {line}");
            foreach (var code in codes.Split(' '))
                if (system == "type") types.Add(code, category);
                else if (code.EndsWith('*')) prefixes.Add($"{system} {code[..^1]}", category);
                else exact.Add($"{system} {code}", category);
        }
        return (exact.ToFrozenDictionary(), prefixes.ToFrozenDictionary(), types.ToFrozenDictionary(), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
    }
}
