using System.Diagnostics;
using Tervik.Demo.Writing;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;

namespace Tervik.Demo;

/// <summary>What loading did.</summary>
/// <param name="Written">Resources that are new or differ.</param>
/// <param name="Unchanged">Resources that were there already.</param>
/// <param name="Time">Generated and stored, from start to end.</param>
public sealed record LoadResult(long Written, long Unchanged, TimeSpan Time)
{
    /// <summary>Of all that was generated.</summary>
    public double PerSecond => (Written + Unchanged) / Math.Max(Time.TotalSeconds, 0.001);
}

/// <summary>Brings the nation into a record. Ids are always the same, so repeating adds nothing and a larger nation only adds.</summary>
public sealed class NationLoader(Nation nation, RecordStore store)
{
    /// <summary>Resources committed together; one fsync for all.</summary>
    const int CommitSize = 1000;
    /// <summary>More than cores, so that some live while others wait for the disk.</summary>
    static readonly int Workers = Environment.ProcessorCount * 2;

    long written, unchanged, patients;

    /// <summary>Generates and stores.</summary>
    /// <param name="count">Patients; the people of the tour are always among them.</param>
    /// <param name="progress">Told patients and resources so far; may be called from several threads.</param>
    /// <param name="stop">Ends it between two commits; what was committed stays.</param>
    public async Task<LoadResult> Load(int count, Action<long, long> progress, CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        // In an empty record nothing needs to be looked for.
        var isEmpty = (await store.Page(long.MinValue, 1, stop)).Count == 0;
        await Store(nation.Institutions(), isEmpty, stop);
        var next = -1;
        var all = Math.Max(count, Nation.Fewest);
        await Parallel.ForEachAsync(Enumerable.Range(0, Workers), new ParallelOptions { MaxDegreeOfParallelism = Workers, CancellationToken = stop }, async (_, cancel) =>
        {
            var waiting = new List<DemoResource>();
            while (Interlocked.Increment(ref next) is var number && number < all)
            {
                waiting.AddRange(nation.Patient(number));
                Interlocked.Increment(ref patients);
                if (waiting.Count < CommitSize) continue;
                await Flush();
            }
            await Flush();

            async Task Flush()
            {
                await Store(waiting, isEmpty, cancel);
                waiting.Clear();
                progress(Interlocked.Read(ref patients), Interlocked.Read(ref written) + Interlocked.Read(ref unchanged));
            }
        });
        if (written > 0) await store.Database.Analyze(stop);
        return new(written, unchanged, watch.Elapsed);
    }

    async Task Store(IReadOnlyList<DemoResource> resources, bool isEmpty, CancellationToken stop)
    {
        var writes = new List<Write>(resources.Count);
        foreach (var resource in resources)
        {
            using var json = FhirJson.Parse(resource.Json);
            var draft = Draft.Of(json.RootElement, resource.Id, store.Indexer);
            if (!isEmpty && await store.Read(draft.Type, draft.Id, AccessFilter.Everything, stop) is { IsDeleted: false } existing && draft.IsBodyOf(existing)) Interlocked.Increment(ref unchanged);
            else writes.Add(new() { Method = "PUT", Type = draft.Type, Id = draft.Id, Draft = draft });
        }
        if (writes.Count == 0) return;
        await store.Commit(writes, [], stop);
        Interlocked.Add(ref written, writes.Count);
    }
}
