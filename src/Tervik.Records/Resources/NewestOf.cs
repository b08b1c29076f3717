using Tervik.Storage;

namespace Tervik.Records.Resources;

/// <summary>Asks when a resource of some types was stored last: while the answer is the same, what was derived from them holds.</summary>
/// <param name="types">Resource types.</param>
public sealed class NewestOf(params string[] types)
{
    // Not max(at_us), nor type = …: PostgreSQL would walk back along the times of all types until it meets one of this, which of rarely written ones is the whole record.
    readonly string sql = $"SELECT max(at) FROM ({string.Join(" UNION ALL ", types.Select(type => $"SELECT (SELECT at_us FROM res WHERE type >= '{type}' AND type <= '{type}' ORDER BY type DESC, at_us DESC LIMIT 1) AS at"))}) AS newest";

    /// <summary>Microseconds since 1970-01-01 UTC; 0 when there is none.</summary>
    /// <param name="session">A snapshot of the caller's.</param>
    public async ValueTask<long> In(Session session)
    {
        await using var rows = await session.Query(sql);
        return await rows.Read() ? rows.Int64(0) : 0;
    }
}
