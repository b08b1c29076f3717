using Tervik.Storage;

namespace Tervik.Trust.Identity;

/// <summary>A token as its holder sees it afterwards: without the secret.</summary>
/// <param name="Id">Names it for revocation.</param>
/// <param name="Agent">Who it acts as: <c>Patient/1</c>, <c>Practitioner/7</c> or <c>client/name</c>.</param>
/// <param name="Scope">What it allows.</param>
/// <param name="Label">What its maker called it.</param>
/// <param name="IssuedUs">Microseconds since 1970-01-01 UTC.</param>
/// <param name="EndsUs">Likewise: it is not valid from then on.</param>
/// <param name="RevokedUs">0 while it is valid.</param>
public sealed record AccessToken(string Id, string Agent, Scope Scope, string Label, long IssuedUs, long EndsUs, long RevokedUs);

/// <summary>Bearer tokens of programs: opaque random texts, of which only the SHA-256 is kept.</summary>
public sealed class AccessTokens(Database database, TimeProvider clock)
{
    /// <summary>Begins every token, so that one that was pasted into a file can be recognised.</summary>
    public const string Prefix = "tervik_";
    /// <summary>Longest time a token may be valid.</summary>
    public static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(366);
    const int LongestLabel = 100;
    const string Columns = "id, agent, scope, label, issued_us, ends_us, revoked_us";

    readonly CredentialCache<AccessToken> recent = new(clock);

    /// <summary>Makes a token.</summary>
    /// <param name="agent">Who it acts as.</param>
    /// <param name="scope">What it allows; never more than its agent may do.</param>
    /// <param name="label">For the list of one's tokens, at most 100 characters.</param>
    /// <param name="lifetime">At most <see cref="LongestLifetime"/>.</param>
    /// <param name="stop">Stops waiting.</param>
    /// <returns>The token, and the secret to send as <c>Authorization: Bearer</c>, which cannot be shown again.</returns>
    /// <exception cref="ArgumentException">The agent is none of <c>Patient/…</c>, <c>Practitioner/…</c>, <c>client/…</c>, or another value is out of its range.</exception>
    public async Task<(AccessToken Token, string Secret)> Issue(string agent, Scope scope, string label, TimeSpan lifetime, CancellationToken stop)
    {
        if (Principal.KindOf(agent) is null)
            throw new ArgumentException($"'{agent}' cannot hold a token; expected Patient/id, Practitioner/id or client/name.", nameof(agent));
        if (scope == Scope.None) throw new ArgumentException("A token needs a scope: read, write or both.", nameof(scope));
        if (lifetime <= TimeSpan.Zero || lifetime > LongestLifetime)
            throw new ArgumentException($"A token is valid for at most {LongestLifetime.Days} days.", nameof(lifetime));
        if (label.Length > LongestLabel) throw new ArgumentException($"A label has at most {LongestLabel} characters.", nameof(label));

        var secret = Secret.New(Prefix);
        var nowUs = clock.NowUs();
        var token = new AccessToken(Guid.CreateVersion7(clock.GetUtcNow()).ToString(), agent, scope, label, nowUs, nowUs + (long)lifetime.TotalMicroseconds, RevokedUs: 0);
        await database.Write(session => session.Execute(
            $"INSERT INTO access_token ({Columns}, secret) VALUES ($1, $2, $3, $4, $5, $6, 0, $7)",
            token.Id, agent, (long)scope, label, token.IssuedUs, token.EndsUs, Secret.Hash(secret)), stop);
        return (token, secret);
    }

    /// <summary>The tokens of an agent, newest first; those that ended or were revoked too.</summary>
    public Task<List<AccessToken>> Of(string agent, CancellationToken stop) => database.Read(async session =>
    {
        var tokens = new List<AccessToken>();
        await using var rows = await session.Query($"SELECT {Columns} FROM access_token WHERE agent = $1 ORDER BY issued_us DESC LIMIT 200", agent);
        while (await rows.Read()) tokens.Add(ReadToken(rows));
        return tokens;
    }, stop).AsTask();

    /// <summary>Ends a token; on this node at once, on others within a second.</summary>
    /// <param name="id">Which.</param>
    /// <param name="agent">Whose it must be; null for the operator, who may end any.</param>
    /// <param name="stop">Stops waiting.</param>
    /// <returns>Whether there was such a token that was still valid.</returns>
    public async Task<bool> Revoke(string id, string? agent, CancellationToken stop)
    {
        var nowUs = clock.NowUs();
        var hash = await database.Write(async session =>
        {
            var found = await SecretOf(session, id, agent);
            if (found is not null) await session.Execute("UPDATE access_token SET revoked_us = $1 WHERE id = $2", nowUs, id);
            return found;
        }, stop);
        if (hash is null) return false;
        recent.Forget(hash);
        return true;
    }

    /// <summary>Who holds this secret; null when it is unknown, ended or revoked.</summary>
    internal async ValueTask<Principal?> Find(ReadOnlyMemory<char> secret, CancellationToken stop)
    {
        if (!secret.Span.StartsWith(Prefix, StringComparison.Ordinal) || Secret.Hash(secret.Span) is not { } hash) return null;
        var token = await recent.Find(hash, Read, stop);
        return token is not null && token.EndsUs > clock.NowUs() ? Principal.Of(token.Agent, token.Scope) : null;
    }

    ValueTask<AccessToken?> Read(string hash, CancellationToken stop) => database.Read(async session =>
    {
        await using var rows = await session.Query($"SELECT {Columns} FROM access_token WHERE secret = $1 AND revoked_us = 0", hash);
        return await rows.Read() ? ReadToken(rows) : null;
    }, stop);

    static async ValueTask<string?> SecretOf(Session session, string id, string? agent)
    {
        await using var rows = await session.Query("SELECT secret, agent FROM access_token WHERE id = $1 AND revoked_us = 0", id);
        return await rows.Read() && (agent is null || rows.Text(1) == agent) ? rows.Text(0) : null;
    }

    static AccessToken ReadToken(Rows rows) => new(rows.Text(0)!, rows.Text(1)!, (Scope)rows.Int64(2), rows.Text(3)!, rows.Int64(4), rows.Int64(5), rows.Int64(6));
}
