using Tervik.Records.Access;
using Tervik.Records.Indexing;
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

    /// <summary>The stored body: head, <c>"versionId":"n","lastUpdated":"…Z"</c>, tail.</summary>
    public byte[] Body(int version, long atUs) => throw new NotImplementedException($"{version}{atUs}");
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

/// <summary>The record: current versions, history and index, in one database. Every acknowledged write is durable; commits of concurrent callers are grouped.</summary>
public sealed class RecordStore : IAsyncDisposable
{
    /// <summary>Opens the record in <paramref name="database"/> (migrated with <see cref="RecordMigrations"/>).</summary>
    /// <param name="database">Where it is.</param>
    /// <param name="indexer">Recomputes the entries of an old body when it is replaced.</param>
    /// <param name="stop">Stops the opening.</param>
    public static Task<RecordStore> Open(Database database, Func<string, ReadOnlyMemory<byte>, IndexEntries> indexer, CancellationToken stop) => throw new NotImplementedException($"{database}{indexer}{stop}");

    /// <summary>The migrations of this room.</summary>
    public static Migrations RecordMigrations => new("records", typeof(RecordStore).Assembly);

    /// <summary>The database, for searches.</summary>
    public Database Database => throw new NotImplementedException();
    /// <summary>The keys of this store.</summary>
    public Keys Keys => throw new NotImplementedException();

    /// <summary>The current version (which may be a deletion), or null when it never existed or <paramref name="access"/> hides it.</summary>
    public ValueTask<StoredResource?> Read(string type, string id, AccessFilter access, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>A certain version, or null.</summary>
    public ValueTask<StoredResource?> ReadVersion(string type, string id, int version, AccessFilter access, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>Versions, newest first, of one resource (<paramref name="type"/> and <paramref name="id"/>), a type, or all.</summary>
    /// <param name="type">Null for all types.</param>
    /// <param name="id">Null for all of the type.</param>
    /// <param name="sinceUs">Only those written at or after.</param>
    /// <param name="beforeUs">Only those written before (the page cursor).</param>
    /// <param name="count">At most.</param>
    /// <param name="access">What the caller may see.</param>
    /// <param name="stop">Stops the query.</param>
    public Task<IReadOnlyList<StoredResource>> History(string? type, string? id, long sinceUs, long beforeUs, int count, AccessFilter access, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>Writes all or nothing; returns once durable.</summary>
    public Task<CommitResult> Commit(IReadOnlyList<Write> writes, IReadOnlyList<Guard> guards, CancellationToken stop) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
