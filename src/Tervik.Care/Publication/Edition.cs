using System.IO.Compression;
using System.Security.Cryptography;

namespace Tervik.Care.Publication;

/// <summary>A file of NDJSON, kept compressed: a slot takes some twenty bytes of it.</summary>
/// <param name="Name">Of the file.</param>
/// <param name="Type">Resources in it: Location, Schedule or Slot.</param>
/// <param name="State">State of the addresses of its slots, where they have one.</param>
/// <param name="Gzip">Its bytes.</param>
/// <param name="Tag">Hash of what it says.</param>
/// <param name="ChangedAt">When it began to say that.</param>
public sealed record PublishedFile(string Name, string Type, string? State, byte[] Gzip, string Tag, DateTimeOffset ChangedAt);

/// <summary>All that is published at a moment.</summary>
/// <param name="At">When it last changed.</param>
/// <param name="Files">In the order of the manifest: locations, schedules, slots by week.</param>
public sealed record Edition(DateTimeOffset At, IReadOnlyList<PublishedFile> Files)
{
    /// <summary>Hash of all of it.</summary>
    public string Tag { get; } = Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', Files.Select(file => $"{file.Name} {file.Tag}")))).AsSpan(0, 16));
}

/// <summary>Writes one file, line by line.</summary>
sealed class FileWriter : IDisposable
{
    readonly MemoryStream bytes = new();
    readonly GZipStream gzip;
    readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public FileWriter(string name, string type, string? state) => (Name, Type, State, gzip) = (name, type, state, new(bytes, CompressionLevel.Fastest, leaveOpen: true));

    string Name { get; }
    string Type { get; }
    string? State { get; }

    public void Line(ReadOnlySpan<byte> json)
    {
        gzip.Write(json);
        gzip.Write("\n"u8);
        hash.AppendData(json);
        hash.AppendData("\n"u8);
    }

    /// <summary>The file; one that says the same as before keeps its time.</summary>
    public PublishedFile End(Edition? before, DateTimeOffset now)
    {
        gzip.Dispose();
        var tag = Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
        return new(Name, Type, State, bytes.ToArray(), tag, before?.Files.FirstOrDefault(file => file.Name == Name && file.Tag == tag)?.ChangedAt ?? now);
    }

    public void Dispose()
    {
        gzip.Dispose();
        bytes.Dispose();
        hash.Dispose();
    }
}
