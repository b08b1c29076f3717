using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Files;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Rest;
using Tervik.Records.Search;
using Tervik.Records.Validation;

namespace Tervik.Import;

/// <summary>What an import did.</summary>
/// <param name="Written">Resources that are new or changed.</param>
/// <param name="Unchanged">Resources the record had already.</param>
/// <param name="Refused">Resources and files that are not valid.</param>
/// <param name="Open">Conditional references that found nothing, or too much, and stay as they are.</param>
/// <param name="Time">From start to end.</param>
/// <param name="Reasons">Refusals by code.</param>
/// <param name="Examples">The first refusals in words.</param>
/// <param name="Unfit">Files that were taken although their content does not fit their type.</param>
/// <param name="Warnings">The first of those in words.</param>
sealed record ImportResult(long Written, long Unchanged, long Refused, long Open, TimeSpan Time, IReadOnlyDictionary<string, long> Reasons, IReadOnlyList<string> Examples, long Unfit, IReadOnlyList<string> Warnings)
{
    public double PerSecond => Written / Math.Max(Time.TotalSeconds, 0.001);
}

/// <summary>Brings bundles, resources and NDJSON into the record. Every resource keeps its id, or gets one from its fullUrl or its content, so that a repeated import finds it again and adds nothing. What an operator brings is taken even where a file does not fit its type, and said.</summary>
sealed class Importer(RecordStore store, MalwareScanner? scanner)
{
    const int MostExamples = 200;
    /// <summary>So many earlier versions are compared with what is imported.</summary>
    const int MostVersions = 20;
    /// <summary>Resources committed together; one fsync for all.</summary>
    const int CommitSize = 500;
    static readonly int Workers = Math.Max(2, Environment.ProcessorCount);

    readonly ConcurrentDictionary<string, long> reasons = new(StringComparer.Ordinal);
    readonly ConcurrentQueue<string> examples = new(), warnings = new();
    readonly SearchEngine searches = new(store);
    /// <summary>Targets of conditional references found so far.</summary>
    readonly ConcurrentDictionary<string, string> targets = new(StringComparer.Ordinal);
    /// <summary>Files that refer to what is not there yet; they are imported after all others.</summary>
    readonly ConcurrentQueue<string> postponed = new();
    bool isLastRound;
    long written, unchanged, refused, open, unfit;

    /// <summary>Resources handled so far.</summary>
    public long Handled => Interlocked.Read(ref written) + Interlocked.Read(ref unchanged) + Interlocked.Read(ref refused);

    /// <summary>Files under the paths, in order.</summary>
    public static List<string> Files(IEnumerable<string> paths) => [.. paths.SelectMany(Under)];

    static IEnumerable<string> Under(string path)
    {
        if (Directory.Exists(path)) return Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(IsImportable).Order(StringComparer.Ordinal);
        return File.Exists(path) ? [path] : throw new FileNotFoundException($"{path} does not exist.");
    }

    static bool IsImportable(string path) => Path.GetExtension(path.EndsWith(".gz", StringComparison.Ordinal) ? path[..^3] : path) is ".json" or ".xml" or ".ndjson" or ".jsonl";

    /// <summary>Imports the files; those that hold people and places others refer to should come first, but need not.</summary>
    public async Task<ImportResult> Run(IReadOnlyList<string> files, Action<string> done, CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        await Round(files, done, stop);
        isLastRound = true;
        await Round([.. postponed], done, stop);
        if (written > 0) await store.Database.Analyze(stop);
        return new(written, unchanged, refused, open, watch.Elapsed, reasons, [.. examples], unfit, [.. warnings]);
    }

    Task Round(IReadOnlyList<string> files, Action<string> done, CancellationToken stop) =>
        Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = Workers * 2, CancellationToken = stop }, async (file, cancel) =>
        {
            try
            {
                if (!await Import(file, cancel))
                {
                    postponed.Enqueue(file);
                    return;
                }
            }
            catch (FaultException fault)
            {
                Refuse(Path.GetFileName(file), fault.Faults);
            }
            catch (InvalidDataException fault)
            {
                Refuse(Path.GetFileName(file), [new(FaultKind.Invalid, "structure", null, $"The file cannot be unpacked: {fault.Message}")]);
            }
            done(file);
        });

    /// <returns>False when the file is postponed.</returns>
    async Task<bool> Import(string file, CancellationToken stop)
    {
        var name = file.EndsWith(".gz", StringComparison.Ordinal) ? file[..^3] : file;
        await using var raw = File.OpenRead(file);
        await using Stream content = name.Length < file.Length ? new GZipStream(raw, CompressionMode.Decompress) : raw;
        if (Path.GetExtension(name) is ".ndjson" or ".jsonl")
        {
            await ImportLines(content, Path.GetFileName(file), stop);
            return true;
        }
        var bytes = await ReadAll(content, stop);
        return await ImportDocument(Path.GetExtension(name) == ".xml" ? FhirXml.ToJson(bytes) : bytes, Path.GetFileName(file), stop);
    }

    static async Task<byte[]> ReadAll(Stream content, CancellationToken stop)
    {
        using var buffer = new MemoryStream();
        var chunk = new byte[128 << 10];
        while (await content.ReadAsync(chunk, stop) is var read and > 0)
        {
            if (buffer.Length + read > DocumentLimits.Default.Bytes) throw new FaultException(new Fault(FaultKind.TooLarge, "too-long", null, $"The document has more than {DocumentLimits.Default.Bytes} bytes."));
            buffer.Write(chunk, 0, read);
        }
        return buffer.ToArray();
    }

    async Task ImportLines(Stream content, string file, CancellationToken stop)
    {
        using var reader = new StreamReader(content);
        var writes = new List<Write>();
        for (var line = 1; await reader.ReadLineAsync(stop) is { } text; line++)
        {
            if (string.IsNullOrWhiteSpace(text)) continue;
            var where = string.Create(CultureInfo.InvariantCulture, $"{file} line {line}");
            try
            {
                using var json = FhirJson.Parse(System.Text.Encoding.UTF8.GetBytes(text));
                if (await Prepare(json.RootElement, null, where, stop) is { } write) writes.Add(write);
            }
            catch (FaultException fault)
            {
                Refuse(where, fault.Faults);
            }
            if (writes.Count >= CommitSize) await Commit(writes, stop);
        }
        await Commit(writes, stop);
    }

    /// <returns>False when it refers to what is not there yet: nothing was imported.</returns>
    async Task<bool> ImportDocument(ReadOnlyMemory<byte> document, string file, CancellationToken stop)
    {
        if (!await FindTargets(document, stop)) return false;
        using var json = FhirJson.Parse(document);
        var root = json.RootElement;
        var writes = new List<Write>();
        // A document or message is one signed whole and stays one; other bundles are envelopes.
        var isEnvelope = Node.Resource(root).Type.Name == "Bundle" && root.TryGetProperty("type"u8, out var type) && type.GetString() is "transaction" or "batch" or "collection" or "searchset" or "history";
        if (!isEnvelope)
        {
            if (await Prepare(root, null, file, stop) is { } write) writes.Add(write);
        }
        else if (root.TryGetProperty("entry"u8, out var entries) && entries.ValueKind == JsonValueKind.Array)
        {
            var names = Names(entries);
            var index = 0;
            foreach (var entry in entries.EnumerateArray())
            {
                var where = string.Create(CultureInfo.InvariantCulture, $"{file} entry[{index++}]");
                if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("resource"u8, out var resource)) continue;
                try
                {
                    var rewritten = ReferenceRewriter.Rewrite(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(resource).ToArray(), (text, _) => names.GetValueOrDefault(text) ?? targets.GetValueOrDefault(text));
                    using var parsed = FhirJson.Parse(rewritten);
                    if (await Prepare(parsed.RootElement, FullUrl(entry), where, stop) is { } write) writes.Add(write);
                }
                catch (FaultException fault)
                {
                    Refuse(where, fault.Faults);
                }
            }
        }
        foreach (var part in writes.DistinctBy(write => (write.Type, write.Id)).Chunk(CommitSize * 4)) await Commit([.. part], stop);
        return true;
    }

    /// <summary>Looks up what the document refers to by a search.</summary>
    /// <returns>False when something is not there yet and may come with another file.</returns>
    async Task<bool> FindTargets(ReadOnlyMemory<byte> document, CancellationToken stop)
    {
        var isComplete = true;
        foreach (var reference in ConditionalReferences.In(document))
        {
            if (targets.ContainsKey(reference) || ConditionalReferences.Search(reference) is not { } search) continue;
            var found = (await searches.Search(search, AccessFilter.Everything, stop)).Matches;
            if (found.Count == 1) targets.TryAdd(reference, $"{found[0].Type}/{found[0].Id}");
            else if (isLastRound) Interlocked.Increment(ref open);
            else isComplete = false;
        }
        return isComplete;
    }

    static string? FullUrl(JsonElement entry) => entry.TryGetProperty("fullUrl"u8, out var url) && url.ValueKind == JsonValueKind.String ? url.GetString() : null;

    /// <summary>What the entries call each other by, and what they will be.</summary>
    static Dictionary<string, string> Names(JsonElement entries)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in entries.EnumerateArray())
            if (entry.ValueKind == JsonValueKind.Object && FullUrl(entry) is { } url && entry.TryGetProperty("resource"u8, out var resource) && resource.ValueKind == JsonValueKind.Object
                && resource.TryGetProperty("resourceType"u8, out var type) && type.ValueKind == JsonValueKind.String)
                names[url] = $"{type.GetString()}/{IdOf(resource, url)}";
        return names;
    }

    static string IdOf(JsonElement resource, string? fullUrl)
    {
        if (resource.TryGetProperty("id"u8, out var id) && id.ValueKind == JsonValueKind.String && FhirIds.IsId(id.GetString()!)) return id.GetString()!;
        if (fullUrl is not null && fullUrl.StartsWith("urn:uuid:", StringComparison.Ordinal) && FhirIds.IsId(fullUrl[9..])) return fullUrl[9..];
        return Convert.ToHexStringLower(SHA256.HashData(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(resource)).AsSpan(0, 16));
    }

    /// <summary>The write of a resource; null when the record has the same already.</summary>
    async Task<Write?> Prepare(JsonElement resource, string? fullUrl, string where, CancellationToken stop)
    {
        var node = Node.Resource(resource);
        var faults = ResourceValidator.Validate(node, ValidationDepth.Invariants, out var files).Where(fault => fault.Severity is "error" or "fatal").ToList();
        if (faults.Count > 0)
        {
            Refuse($"{where} {node.Type.Name}", faults);
            return null;
        }
        var draft = Draft.Of(resource, IdOf(resource, fullUrl), store.Indexer);
        var existing = await store.Read(draft.Type, draft.Id, AccessFilter.Everything, stop);
        if (existing is { IsDeleted: false } && await WasThere(draft, existing, stop))
        {
            Interlocked.Increment(ref unchanged);
            return null;
        }
        return await MayTake(files, $"{where} {node.Type.Name}", stop) ? new() { Method = "PUT", Type = draft.Type, Id = draft.Id, Draft = draft } : null;
    }

    /// <summary>Has files scanned, and notes those that do not fit their types.</summary>
    /// <exception cref="ScannerUnavailableException">Nothing is known of a file; the import ends.</exception>
    async ValueTask<bool> MayTake(IReadOnlyList<SentFile> files, string where, CancellationToken stop)
    {
        foreach (var file in files)
            if (scanner is not null && (await scanner.Scan(file, stop)).WhyRefused(file.Where) is { } refusal)
            {
                Refuse(where, [refusal]);
                return false;
            }
        foreach (var file in files)
        {
            if (file.WhatIsUnfit() is not { } wrong) continue;
            Interlocked.Increment(ref unfit);
            if (warnings.Count < MostExamples) warnings.Enqueue($"{where}: {wrong.Where}: {wrong.What}");
        }
        return true;
    }

    /// <summary>Whether this is the current version or one before it: files may hold different states of a resource, and a repeated import must not turn back from one to the other.</summary>
    async ValueTask<bool> WasThere(Draft draft, StoredResource current, CancellationToken stop)
    {
        if (draft.IsBodyOf(current)) return true;
        for (var version = current.Version - 1; version >= Math.Max(1, current.Version - MostVersions); version--)
            if (await store.ReadVersion(draft.Type, draft.Id, version, AccessFilter.Everything, stop) is { } before && draft.IsBodyOf(before)) return true;
        return false;
    }

    async Task Commit(List<Write> writes, CancellationToken stop)
    {
        if (writes.Count == 0) return;
        await store.Commit(writes, [], stop);
        Interlocked.Add(ref written, writes.Count);
        writes.Clear();
    }

    void Refuse(string where, IReadOnlyList<Fault> faults)
    {
        Interlocked.Increment(ref refused);
        foreach (var fault in faults)
        {
            reasons.AddOrUpdate(fault.Code, 1, (_, count) => count + 1);
            if (examples.Count < MostExamples) examples.Enqueue($"{where}: {fault.Where}{(fault.Where is null ? "" : ": ")}{fault.What}");
        }
    }
}
