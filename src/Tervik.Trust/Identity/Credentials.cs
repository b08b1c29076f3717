using Tervik.Storage;

namespace Tervik.Trust.Identity;

/// <summary>What was ended.</summary>
/// <param name="Sessions">In a browser.</param>
/// <param name="Tokens">Personal tokens.</param>
/// <param name="Allowed">What was allowed to applications.</param>
/// <param name="AppTokens">Codes, access and refresh tokens of applications.</param>
public sealed record Ended(long Sessions, long Tokens, long Allowed, long AppTokens)
{
    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Sessions} sessions, {Tokens} personal tokens, {Allowed} accesses of applications with {AppTokens} tokens");
}

/// <summary>All by which accounts get in: ended together, when somebody leaves, is deleted, or something was stolen.</summary>
public sealed class Credentials(Database database, TimeProvider clock)
{
    /// <summary>Ends all sessions, personal tokens and accesses of applications. Every node refuses them within a second (<see cref="CredentialCache{T}.Lifetime"/>).</summary>
    /// <param name="agent">Whose: <c>Patient/id</c>, <c>Practitioner/id</c>, <c>client/name</c>; null for everybody's.</param>
    /// <param name="stop">Stops waiting.</param>
    public Task<Ended> End(string? agent, CancellationToken stop)
    {
        var nowUs = clock.NowUs();
        return database.Write(async session =>
        {
            async ValueTask<long> Change(string sql, string column, params SqlValue[] values) =>
                agent is null ? await session.Execute(sql, values) : await session.Execute($"{sql} AND {column} = ${values.Length + 1}", [.. values, agent]);
            // The body says the status too; no other text in it can hold these quotes. A node that changes the same row at this moment finds another version and fails.
            string Revoked(string table) => $"UPDATE {table} SET status = 'revoked', version = $1, body = replace(body, '\"Status\":\"valid\"', '\"Status\":\"revoked\"') WHERE status = 'valid'";
            var version = Guid.NewGuid().ToString();
            await Change("DELETE FROM oauth_launch WHERE 1 = 1", "agent");
            return new Ended(
                await Change("DELETE FROM session WHERE 1 = 1", "agent"), await Change("UPDATE access_token SET revoked_us = $1 WHERE revoked_us = 0 AND ends_us > $1", "agent", nowUs),
                await Change(Revoked("oauth_authorization"), "subject", version), await Change(Revoked("oauth_token"), "subject", version));
        }, stop);
    }
}
