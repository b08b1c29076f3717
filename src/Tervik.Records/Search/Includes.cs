using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Storage;

namespace Tervik.Records.Search;

/// <summary>Resources that matches refer to, or that refer to them (search.html#include).</summary>
sealed class Includes(RecordStore store, Session session, AccessFilter access, SearchLimits limits)
{
    const string Columns = "r.pk, r.type, r.id, r.ver, r.at_us, r.method, r.comp, r.body";

    readonly HashSet<long> taken = [];
    readonly List<StoredResource> included = [];

    /// <exception cref="FaultException">More than <see cref="SearchLimits.MostIncluded"/>.</exception>
    public async ValueTask<IReadOnlyList<StoredResource>> Of(IReadOnlyList<StoredResource> matches, IReadOnlyList<IncludePath> paths)
    {
        if (matches.Count == 0 || paths.Count == 0) return [];
        foreach (var match in matches) taken.Add(match.Pk);
        var fresh = matches;
        for (var round = 0; fresh.Count > 0; round++)
        {
            var next = new List<StoredResource>();
            foreach (var path in paths)
                if (round == 0 || path.Iterates) await Follow(path, fresh, next);
            // In the first round, a path that iterates has not yet seen what the paths after it brought; the next round does.
            fresh = next;
        }
        return included;
    }

    async ValueTask Follow(IncludePath path, IReadOnlyList<StoredResource> from, List<StoredResource> next)
    {
        var sql = new SqlWriter(session.Dialect, store.Keys, access);
        if (path.IsReverse)
        {
            var targets = from.Where(resource => path.TargetTypes.Count == 0 || path.TargetTypes.Contains(resource.Type)).Select(resource => store.Keys.Reference($"{resource.Type}/{resource.Id}")).ToArray();
            if (targets.Length == 0) return;
            sql.Add($"SELECT {Columns} FROM (SELECT DISTINCT l.source AS pk FROM rev l WHERE ").OneOf("l.target", targets);
            if (path.Parameters is { } parameters) sql.Add(" AND ").OneOf("l.param", parameters);
            sql.Add(") f CROSS JOIN res r WHERE r.pk = f.pk AND r.method <> 'DELETE'");
        }
        else
        {
            var sources = from.Where(resource => path.SourceType is null || path.SourceType == resource.Type).Select(resource => resource.Pk).ToArray();
            if (sources.Length == 0) return;
            sql.Add($"SELECT {Columns} FROM (SELECT DISTINCT l.target AS rid FROM fwd l WHERE ").OneOf("l.source", sources);
            if (path.Parameters is { } parameters) sql.Add(" AND ").OneOf("l.param", parameters);
            sql.Add(") f CROSS JOIN res r WHERE r.rid = f.rid AND r.method <> 'DELETE'");
        }
        await Take(sql, path, next);
    }

    async ValueTask Take(SqlWriter sql, IncludePath path, List<StoredResource> next)
    {
        var found = new List<StoredResource>();
        await using (var rows = await session.Query(sql.ToString(), sql.Values))
            while (await rows.Read())
            {
                if (taken.Contains(rows.Int64(0))) continue;
                if (!path.IsReverse && path.TargetTypes.Count > 0 && !path.TargetTypes.Contains(rows.Text(1)!)) continue;
                found.Add(store.Stored(rows));
            }
        foreach (var resource in await store.Visible(session, found, access))
        {
            taken.Add(resource.Pk);
            included.Add(resource);
            next.Add(resource);
            if (included.Count > limits.MostIncluded)
                throw new FaultException(new Fault(FaultKind.TooCostly, "too-costly", path.IsReverse ? "_revinclude" : "_include", $"The includes of this page bring more than {limits.MostIncluded} resources. Ask for a smaller page (_count) or fewer includes."));
        }
    }
}
