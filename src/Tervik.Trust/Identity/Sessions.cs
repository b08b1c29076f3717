using Microsoft.AspNetCore.Http;
using Tervik.Storage;

namespace Tervik.Trust.Identity;

/// <summary>Sessions of people in a browser: kept on the server, so that they can be ended; the browser holds a random secret in a cookie.</summary>
public sealed class Sessions(Database database, TrustSettings settings, TimeProvider clock)
{
    /// <summary>The time of the last request is written no more often than this.</summary>
    static readonly TimeSpan SeenPrecision = TimeSpan.FromMinutes(1);

    readonly CredentialCache<OpenSession> recent = new(clock);

    sealed record OpenSession(string Agent, long SeenUs, long EndsUs);

    /// <summary>Opens a session for a person whose identity was established, and sets its cookie.</summary>
    /// <remarks>Always under a new secret: one that was planted before the sign-in is worth nothing after it.</remarks>
    public async Task Open(HttpContext request, string agent, CancellationToken stop)
    {
        await Close(request, stop);
        var secret = Secret.New();
        var nowUs = clock.NowUs();
        await database.Write(async session =>
        {
            await session.Execute("DELETE FROM session WHERE ends_us < $1", nowUs);
            return await session.Execute("INSERT INTO session (secret, agent, opened_us, seen_us, ends_us) VALUES ($1, $2, $3, $3, $4)",
                Secret.Hash(secret), agent, nowUs, nowUs + (long)settings.SessionLongest.TotalMicroseconds);
        }, stop);
        request.Response.Cookies.Append(CookieName(request), secret, CookieOptions(request));
        Identification.Forget(request);
    }

    /// <summary>Ends the request's session, if there is one.</summary>
    public async Task Close(HttpContext request, CancellationToken stop)
    {
        if (SecretOf(request) is not { } secret || Secret.Hash(secret) is not { } hash) return;
        await database.Write(session => session.Execute("DELETE FROM session WHERE secret = $1", hash), stop);
        recent.Forget(hash);
        request.Response.Cookies.Delete(CookieName(request), CookieOptions(request));
        Identification.Forget(request);
    }

    /// <summary>Ends all sessions of a person except the request's own.</summary>
    public async Task CloseOthers(HttpContext request, string agent, CancellationToken stop)
    {
        var own = Secret.Hash(SecretOf(request)) ?? "";
        var ended = await database.Write(async session =>
        {
            var hashes = new List<string>();
            await using (var rows = await session.Query("SELECT secret FROM session WHERE agent = $1 AND secret <> $2", agent, own))
                while (await rows.Read()) hashes.Add(rows.Text(0)!);
            await session.Execute("DELETE FROM session WHERE agent = $1 AND secret <> $2", agent, own);
            return hashes;
        }, stop);
        ended.ForEach(recent.Forget);
    }

    /// <summary>Who is signed in; null when there is no session or it has ended.</summary>
    internal async ValueTask<Principal?> Find(HttpContext request, CancellationToken stop)
    {
        if (Secret.Hash(SecretOf(request)) is not { } hash) return null;
        if (await recent.Find(hash, Read, stop) is not { } open) return null;
        var nowUs = clock.NowUs();
        if (nowUs >= open.EndsUs || nowUs - open.SeenUs >= (long)settings.SessionIdle.TotalMicroseconds) return null;
        if (nowUs - open.SeenUs >= (long)SeenPrecision.TotalMicroseconds)
        {
            await database.Write(session => session.Execute("UPDATE session SET seen_us = $1 WHERE secret = $2", nowUs, hash), stop);
            recent.Forget(hash);
        }
        // Forms of the portal are guarded one by one; a cookie alone never writes to the record.
        return Principal.Of(open.Agent, Scope.Read);
    }

    /// <summary>The session's secret as sent; null when none was.</summary>
    internal static string? SecretOf(HttpContext request) => request.Request.Cookies[CookieName(request)];

    // Over https the browser enforces what the prefix says: this host only, secure, whole site.
    static string CookieName(HttpContext request) => request.Request.IsHttps ? "__Host-tervik" : "tervik-session";

    static CookieOptions CookieOptions(HttpContext request) =>
        new() { HttpOnly = true, Secure = request.Request.IsHttps, SameSite = SameSiteMode.Lax, Path = "/", IsEssential = true };

    ValueTask<OpenSession?> Read(string hash, CancellationToken stop) => database.Read(async session =>
    {
        await using var rows = await session.Query("SELECT agent, seen_us, ends_us FROM session WHERE secret = $1", hash);
        return await rows.Read() ? new OpenSession(rows.Text(0)!, rows.Int64(1), rows.Int64(2)) : null;
    }, stop);
}
