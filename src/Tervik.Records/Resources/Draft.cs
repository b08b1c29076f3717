using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using Tervik.Records.Indexing;
using Tervik.Records.Model;
using Tervik.Storage;

namespace Tervik.Records.Resources;

/// <summary>One version of a resource as it is stored.</summary>
/// <param name="Pk">Time-ordered key of the logical resource: the microsecond of its creation; the same for all versions.</param>
/// <param name="Type">Resource type.</param>
/// <param name="Id">Logical id.</param>
/// <param name="Version">1, 2, 3 … without gaps; a deletion is a version too.</param>
/// <param name="AtUs">When it was written, microseconds since 1970-01-01 UTC; strictly increasing over all writes of the store, so it is also the commit order.</param>
/// <param name="Method"><c>POST</c>, <c>PUT</c>, <c>PATCH</c> or <c>DELETE</c>.</param>
/// <param name="Compartment">Key of the primary patient compartment, 0 for none, -1 when there are several.</param>
/// <param name="Body">UTF-8 JSON as it is sent, id and meta included; empty for a deletion.</param>
public sealed record StoredResource(long Pk, string Type, string Id, int Version, long AtUs, string Method, long Compartment, byte[] Body)
{
    /// <summary>Whether this version says that the resource was deleted.</summary>
    public bool IsDeleted => Method == "DELETE";

    /// <summary>Parses the body just long enough to take something from it. What is taken must not hold on to the JSON.</summary>
    public T Take<T>(Func<JsonElement, T> take)
    {
        using var json = JsonDocument.Parse(Body, new JsonDocumentOptions { MaxDepth = DocumentLimits.Default.Depth });
        return take(json.RootElement);
    }
}

/// <summary>A resource to be written: its JSON without id, versionId and lastUpdated, ready to be completed by the writer with a copy of bytes.</summary>
public sealed class Draft
{
    /// <summary>Resource type.</summary>
    public required string Type { get; init; }
    /// <summary>Logical id it will have.</summary>
    public required string Id { get; init; }
    /// <summary>UTF-8 JSON up to and including the opening of meta: <c>{"resourceType":"X","id":"1","meta":{</c>.</summary>
    public required byte[] Head { get; init; }
    /// <summary>The rest, after versionId and lastUpdated: other members of meta (with a leading comma when there are any), <c>}</c>, the other elements.</summary>
    public required byte[] Tail { get; init; }
    /// <summary>What the index will hold.</summary>
    public required IndexEntries Entries { get; init; }

    /// <summary>Prepares a resource for writing, off the writer's thread.</summary>
    /// <param name="resource">Valid FHIR.</param>
    /// <param name="id">Logical id it will have, whatever the JSON says.</param>
    /// <param name="indexer">Of the store it will be written to.</param>
    public static Draft Of(JsonElement resource, string id, Indexer indexer)
    {
        var (head, tail) = DraftBody.Compose(resource, id);
        var node = Node.Resource(resource);
        return new() { Type = node.Type.Name, Id = id, Head = head, Tail = tail, Entries = indexer.Extract(node, id) };
    }

    /// <summary>The stored body: head, <c>"versionId":"n","lastUpdated":"…Z"</c>, tail.</summary>
    public byte[] Body(int version, long atUs)
    {
        var body = new byte[Head.Length + "\"versionId\":\"\",\"lastUpdated\":\"\""u8.Length + Digits(version) + "2026-01-02T03:04:05.678901Z".Length + Tail.Length];
        var length = 0;
        Append(body, Head, ref length);
        Append(body, "\"versionId\":\""u8, ref length);
        Utf8Formatter.TryFormat(version, body.AsSpan(length), out var written);
        length += written;
        Append(body, "\",\"lastUpdated\":\""u8, ref length);
        length += FormatInstant(atUs, body.AsSpan(length));
        Append(body, "\""u8, ref length);
        Append(body, Tail, ref length);
        return body;
    }

    /// <summary>Whether a stored version says the same, whatever its number and time.</summary>
    public bool IsBodyOf(StoredResource stored) => stored.Body.AsSpan().StartsWith(Head) && stored.Body.AsSpan().EndsWith(Tail) && Body(stored.Version, stored.AtUs).Length == stored.Body.Length;

    static void Append(byte[] body, ReadOnlySpan<byte> part, ref int length)
    {
        part.CopyTo(body.AsSpan(length));
        length += part.Length;
    }

    /// <summary>Writes an instant as <c>2026-01-02T03:04:05.678901Z</c>.</summary>
    /// <returns>Bytes written.</returns>
    static int FormatInstant(long atUs, Span<byte> output)
    {
        DateTime.UnixEpoch.AddTicks(atUs * TimeSpan.TicksPerMicrosecond).TryFormat(output, out var written, "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        return written;
    }

    static int Digits(int number)
    {
        var digits = 1;
        while ((number /= 10) > 0) digits++;
        return digits;
    }
}

/// <summary>One write of a commit.</summary>
public sealed record Write
{
    /// <summary>HTTP method shown in the history: POST, PUT, PATCH or DELETE.</summary>
    public required string Method { get; init; }
    /// <summary>Resource type.</summary>
    public required string Type { get; init; }
    /// <summary>Logical id.</summary>
    public required string Id { get; init; }
    /// <summary>What to write; null for DELETE.</summary>
    public Draft? Draft { get; init; }
    /// <summary>The current version must be this one (If-Match, and every read-modify-write); null: any; 0: it must not exist or be deleted (create).</summary>
    public int? ExpectedVersion { get; init; }
}

/// <summary>Something that was found before the commit and must still hold inside it, such as "this search finds nothing" of a conditional create.</summary>
/// <param name="Holds">Evaluated on the writer's session, after the writes of earlier commits of its group.</param>
public sealed record Guard(Func<Session, ValueTask<bool>> Holds);

/// <summary>What became of a commit.</summary>
/// <param name="Outcome">Done, or why nothing was written.</param>
/// <param name="Results">One per write, in order, when done: the stored version. A delete of what does not exist gives null, an update that changes nothing still makes a version.</param>
/// <param name="FailedWrite">Index of the write whose expected version did not hold, or -1.</param>
public sealed record CommitResult(CommitOutcome Outcome, IReadOnlyList<StoredResource?> Results, int FailedWrite = -1);

/// <summary>How a commit ended.</summary>
public enum CommitOutcome
{
    /// <summary>Durable.</summary>
    Done,
    /// <summary>An expected version did not hold; nothing was written.</summary>
    VersionConflict,
    /// <summary>A guard did not hold; look again and retry.</summary>
    GuardFailed,
}
