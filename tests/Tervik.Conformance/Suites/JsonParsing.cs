using System.IO.Compression;
using Tervik.Records;
using Tervik.Records.Model;

namespace Tervik.Conformance.Suites;

/// <summary>JSONTestSuite: y_ is read, n_ is refused with a fault, i_ either.</summary>
static class JsonParsing
{
    public static IEnumerable<Case> Run(string path)
    {
        foreach (var file in Directory.EnumerateFiles(path, "*.zip").Order(StringComparer.Ordinal))
        {
            using var zip = ZipFile.OpenRead(file);
            foreach (var entry in zip.Entries.Where(entry => entry.Name.EndsWith(".json", StringComparison.Ordinal)).OrderBy(entry => entry.FullName, StringComparer.Ordinal))
            {
                using var content = new MemoryStream();
                using (var stream = entry.Open()) stream.CopyTo(content);
                yield return Suite.Try(entry.FullName, () => Check(entry.Name, content.ToArray()));
            }
        }
    }

    static string? Check(string name, byte[] bytes)
    {
        try
        {
            using var json = FhirJson.Parse(bytes);
            return name.StartsWith("n_", StringComparison.Ordinal) ? "it was read, but is no JSON" : null;
        }
        catch (FaultException fault)
        {
            return name.StartsWith("y_", StringComparison.Ordinal) ? fault.Message : null;
        }
    }
}
