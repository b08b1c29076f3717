using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.Care.Pathways;

/// <summary>The pathways that can be started: active PlanDefinitions of the record that are understood. Of one that is not, the log says once for each version why.</summary>
public sealed partial class PathwayTemplates(SearchEngine search, ILogger<PathwayTemplates> logger)
{
    const int Most = 200, MostFaults = 5;
    readonly ConcurrentDictionary<(string Id, int Version), bool> told = new();

    /// <summary>All that a reader may see, by title.</summary>
    /// <param name="filter">What the reader may see.</param>
    /// <param name="stop">Stops reading.</param>
    public async Task<IReadOnlyList<(PathwayTemplate Template, StoredResource Stored)>> Now(AccessFilter filter, CancellationToken stop)
    {
        var found = new List<(PathwayTemplate, StoredResource)>();
        foreach (var stored in (await search.Search(new("PlanDefinition", [new("status", "active"), new("_count", $"{Most}")], Strict: true), filter, stop)).Matches)
        {
            var (template, faults) = stored.Take(json => PathwayTemplate.IsPathway(json) ? (PathwayTemplate.Read(stored.Id, json, out var wrong), wrong) : (null, []));
            if (template is not null) found.Add((template, stored));
            else if (faults.Count > 0 && told.TryAdd((stored.Id, stored.Version), true)) LogNotUnderstood(stored.Id, stored.Version, string.Join(' ', faults.Take(MostFaults).Select(fault => $"{fault.Where}: {fault.What}")));
        }
        return [.. found.OrderBy(one => one.Item1.Title, StringComparer.CurrentCulture)];
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "PlanDefinition/{Id} (version {Version}) is not offered as a pathway. {Why}")]
    partial void LogNotUnderstood(string id, int version, string why);
}
