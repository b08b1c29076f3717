using System.IO.Compression;

namespace Tervik.Tests;

/// <summary>The official suites and samples, which are no part of the project: environment variable TERVIK_SHARED_DATA, else <c>../shared/data</c> beside the repository.</summary>
static class SharedData
{
    public static string? Root { get; } = Find();

    /// <summary>A folder or file of it; the test is skipped where it is absent.</summary>
    public static string Path(params string[] parts)
    {
        var path = Root is null ? null : System.IO.Path.Combine([Root, .. parts]);
        Assert.SkipWhen(path is null || (!File.Exists(path) && !Directory.Exists(path)), $"The shared test data ({string.Join('/', parts)}) are not here; set TERVIK_SHARED_DATA.");
        return path!;
    }

    /// <summary>All files under a folder or in a zip, .gz unpacked, by name.</summary>
    public static IEnumerable<(string Name, byte[] Bytes)> Files(params string[] parts)
    {
        var path = Path(parts);
        var files = Directory.Exists(path) ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal) : Enumerable.Repeat(path, 1);
        return files.SelectMany(Unpacked);
    }

    static IEnumerable<(string Name, byte[] Bytes)> Unpacked(string file)
    {
        if (file.EndsWith(".zip", StringComparison.Ordinal))
        {
            using var zip = ZipFile.OpenRead(file);
            foreach (var entry in zip.Entries.Where(entry => entry.Length > 0))
            {
                using var content = entry.Open();
                yield return ($"{file}!{entry.FullName}", ReadAll(content));
            }
        }
        else if (file.EndsWith(".gz", StringComparison.Ordinal))
        {
            using var content = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
            yield return (file[..^3], ReadAll(content));
        }
        else yield return (file, File.ReadAllBytes(file));
    }

    static byte[] ReadAll(Stream content)
    {
        using var buffer = new MemoryStream();
        content.CopyTo(buffer);
        return buffer.ToArray();
    }

    static string? Find()
    {
        if (Environment.GetEnvironmentVariable("TERVIK_SHARED_DATA") is { Length: > 0 } named) return named;
        return Repository is { } repository ? System.IO.Path.Combine(System.IO.Path.GetDirectoryName(repository)!, "shared", "data") : null;
    }

    /// <summary>The folder of the project; null when the tests run elsewhere.</summary>
    public static string? Repository
    {
        get
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
                if (File.Exists(System.IO.Path.Combine(folder.FullName, "Tervik.slnx"))) return folder.FullName;
            return null;
        }
    }
}
