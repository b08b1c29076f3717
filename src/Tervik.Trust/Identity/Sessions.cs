using Microsoft.AspNetCore.Http;
using Tervik.Storage;

namespace Tervik.Trust.Identity;

/// <summary>A session as its owner sees it.</summary>
/// <param name="Id">Names it; tells nothing of its secret.</param>
/// <param name="Device">Where it was opened.</param>
/// <param name="OpenedUs">Microseconds since 1970-01-01 UTC.</param>
/// <param name="SeenUs">Likewise: the last request, to the minute.</param>
/// <param name="IsThis">It is the one that asks.</param>
public sealed record OwnSession(string Id, Device Device, long OpenedUs, long SeenUs, bool IsThis);

/// <summary>How somebody was identified.</summary>
/// <param name="Method"><c>eid</c>, <c>passkey</c> or <c>demonstration</c>.</param>
/// <param name="Assurance">How surely.</param>
/// <param name="AtUs">When, microseconds since 1970-01-01 UTC.</param>
/// <param name="Others">Who else the same person was proved to be, such as the patient that a professional is as well.</param>
public sealed record Identified(string Method, Assurance Assurance, long AtUs, IReadOnlyList<string> Others);

/// <summary>Sessions of people in a browser: kept on the server, so that they can be ended; the browser holds a random secret in a cookie.</summary>
public sealed class Sessions(Database database, TrustSettings settings, TimeProvider clock)
{
    /// <summary>Of the hash of a secret: enough to tell apart the sessions of one person.</summary>
    const int IdCharacters = 16;
    static readonly object Key = new(), Opened = new();

    /// <summary>The time of the last request is written no more often than this.</summary>
    readonly long seenPrecisionUs = (long)Math.Min(TimeSpan.FromMinutes(1).TotalMicroseconds, settings.SessionIdle.TotalMicroseconds / 10);

    readonly CredentialCache<OpenSession> recent = new(clock);

    sealed record OpenSession(string Agent, long SeenUs, long EndsUs, Identified By);

    /// <summary>Opens a session for a person whose identity was established, and sets its cookie.</summary>
    /// <remarks>Always under a new secret: one that was planted before the sign-in is worth nothing after it.</remarks>
    /// <param name="request">The request that proved it.</param>
    /// <param name="agent">Who.</param>
    /// <param name="by">How.</param>
    /// <param name="stop">Stops waiting.</param>
    public async Task Open(HttpContext request, string agent, Identified by, CancellationToken stop)
    {
        await Close(request, stop);
        var secret = Secret.New();
        var nowUs = clock.NowUs();
        await database.Write(async session =>
        {
            await session.Execute("DELETE FROM session WHERE ends_us < $1", nowUs);
            return await session.Execute("INSERT INTO session (secret, agent, opened_us, seen_us, ends_us, device, assurance, authenticated_us, method, others) VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9)",
                Secret.Hash(secret), agent, nowUs, nowUs + (long)settings.SessionLongest.TotalMicroseconds, Device.Of(request.Request.Headers.UserAgent.ToString()).ToString(), (long)by.Assurance, by.AtUs, by.Method, string.Join(' ', by.Others));
        }, stop);
        request.Response.Cookies.Append(CookieName(request), secret, CookieOptions(request));
        // The forms of the page that answers belong to the new session.
        request.Items[Opened] = secret;
        Identification.Forget(request);
    }

    /// <summary>Ends the request's session, if there is one.</summary>
    public async Task Close(HttpContext request, CancellationToken stop)
    {
        if (SecretOf(request) is not { } secret || Secret.Hash(secret) is not { } hash) return;
        await database.Write(session => session.Execute("DELETE FROM session WHERE secret = $1", hash), stop);
        recent.Forget(hash);
        request.Response.Cookies.Delete(CookieName(request), CookieOptions(request));
        request.Items.Remove(Key);
        request.Items.Remove(Opened);
        Identification.Forget(request);
    }

    /// <summary>The sessions of a person that are open, the last used first.</summary>
    public async Task<List<OwnSession>> Of(HttpContext request, string agent, CancellationToken stop)
    {
        var (own, nowUs) = (Secret.Hash(SecretOf(request)), clock.NowUs());
        return await database.ReadOnce(async session =>
        {
            var open = new List<OwnSession>();
            await using var rows = await session.Query("SELECT secret, device, opened_us, seen_us FROM session WHERE agent = $1 AND ends_us > $2 AND seen_us > $3 ORDER BY seen_us DESC LIMIT 100",
                agent, nowUs, nowUs - (long)settings.SessionIdle.TotalMicroseconds);
            while (await rows.Read()) open.Add(new(rows.Text(0)![..IdCharacters], Device.Parse(rows.Text(1)!), rows.Int64(2), rows.Int64(3), rows.Text(0) == own));
            return open;
        }, stop);
    }

    /// <summary>Ends one session of a person.</summary>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> Close(string id, string agent, CancellationToken stop)
    {
        if (id.Length != IdCharacters) return false;
        var hash = await database.Write(async session =>
        {
            string? found = null;
            await using (var rows = await session.Query($"SELECT secret FROM session WHERE agent = $1 AND substr(secret, 1, {IdCharacters}) = $2", agent, id))
                if (await rows.Read()) found = rows.Text(0);
            if (found is not null) await session.Execute("DELETE FROM session WHERE secret = $1", found);
            return found;
        }, stop);
        if (hash is null) return false;
        recent.Forget(hash);
        return true;
    }

    /// <summary>Keeps the request's session for its whole idle time from now on.</summary>
    public async Task Extend(HttpContext request, CancellationToken stop)
    {
        if (Secret.Hash(SecretOf(request)) is not { } hash) return;
        await Touch(hash, clock.NowUs(), stop);
        if (request.Items[Key] is OpenSession open) request.Items[Key] = open with { SeenUs = clock.NowUs() };
    }

    /// <summary>Whole seconds, rounded up, until the request's session ends if nothing more is asked; null when it has none.</summary>
    public long? SecondsLeft(HttpContext request) => request.Items[Key] is not OpenSession open ? null
        : Math.Max(0, (Math.Min(open.EndsUs, open.SeenUs + (long)settings.SessionIdle.TotalMicroseconds) - clock.NowUs() + 999_999) / 1_000_000);

    async Task Touch(string hash, long nowUs, CancellationToken stop)
    {
        await database.Write(session => session.Execute("UPDATE session SET seen_us = $1 WHERE secret = $2", nowUs, hash), stop);
        recent.Forget(hash);
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

    /// <summary>Whether the request's session is still open, long after the request began. To ask is not to use it: it ends when it would have.</summary>
    public async ValueTask<bool> IsOpen(HttpContext request, CancellationToken stop)
    {
        if (Secret.Hash(SecretOf(request)) is not { } hash || await recent.Find(hash, Read, stop) is not { } open) return false;
        var nowUs = clock.NowUs();
        return nowUs < open.EndsUs && nowUs - open.SeenUs < (long)settings.SessionIdle.TotalMicroseconds;
    }

    /// <summary>Who is signed in; null when there is no session or it has ended.</summary>
    internal async ValueTask<Principal?> Find(HttpContext request, CancellationToken stop)
    {
        if (Secret.Hash(SecretOf(request)) is not { } hash) return null;
        if (await recent.Find(hash, Read, stop) is not { } open) return null;
        var nowUs = clock.NowUs();
        if (nowUs >= open.EndsUs || nowUs - open.SeenUs >= (long)settings.SessionIdle.TotalMicroseconds) return null;
        if (nowUs - open.SeenUs >= seenPrecisionUs)
        {
            await Touch(hash, nowUs, stop);
            open = open with { SeenUs = nowUs };
        }
        request.Items[Key] = open;
        // Forms of the portal are guarded one by one; a cookie alone never writes to the record.
        return Principal.Of(open.Agent, Scope.Read) with { Assurance = open.By.Assurance, AuthenticatedUs = open.By.AtUs };
    }

    /// <summary>How the person of the request's session was identified; null when it has none. After <see cref="Identification.Of"/>.</summary>
    public static Identified? By(HttpContext request) => (request.Items[Key] as OpenSession)?.By;

    /// <summary>The session's secret as sent, or as given out with this answer; null when there is none.</summary>
    internal static string? SecretOf(HttpContext request) => request.Items[Opened] as string ?? request.Request.Cookies[CookieName(request)];

    // Over https the browser enforces what the prefix says: this host only, secure, whole site.
    static string CookieName(HttpContext request) => request.Request.IsHttps ? "__Host-tervik" : "tervik-session";

    static CookieOptions CookieOptions(HttpContext request) =>
        new() { HttpOnly = true, Secure = request.Request.IsHttps, SameSite = SameSiteMode.Lax, Path = "/", IsEssential = true };

    ValueTask<OpenSession?> Read(string hash, CancellationToken stop) => database.Read(async session =>
    {
        await using var rows = await session.Query("SELECT agent, seen_us, ends_us, method, assurance, authenticated_us, others FROM session WHERE secret = $1", hash);
        return await rows.Read() ? new OpenSession(rows.Text(0)!, rows.Int64(1), rows.Int64(2),
            new(rows.Text(3)!, (Assurance)rows.Int64(4), rows.Int64(5), rows.Text(6)!.Split(' ', StringSplitOptions.RemoveEmptyEntries))) : null;
    }, stop);
}
