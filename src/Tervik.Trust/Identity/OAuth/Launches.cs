using Tervik.Storage;

namespace Tervik.Trust.Identity.OAuth;

/// <summary>Launches of an application from the portal (SMART, EHR launch): the opaque value that tells, once and for a short time, about whom.</summary>
public sealed class Launches(Database database, TimeProvider clock)
{
    static readonly TimeSpan Lasts = TimeSpan.FromMinutes(5);

    /// <summary>Begins a launch.</summary>
    /// <returns>The value of the parameter <c>launch</c>.</returns>
    public async Task<string> Begin(string agent, string patient, CancellationToken stop)
    {
        var (secret, nowUs) = (Secret.New(), clock.NowUs());
        await database.Write(async session =>
        {
            await session.Execute("DELETE FROM oauth_launch WHERE ends_us < $1", nowUs);
            return await session.Execute("INSERT INTO oauth_launch (id, agent, patient, ends_us) VALUES ($1, $2, $3, $4)", Secret.Hash(secret), agent, patient, nowUs + (long)Lasts.TotalMicroseconds);
        }, stop);
        return secret;
    }

    /// <summary>About whom a launch of this person is, <c>Patient/id</c>; null when there is none, or it has ended.</summary>
    public async Task<string?> Find(string launch, string agent, CancellationToken stop)
    {
        if (Secret.Hash(launch) is not { } hash) return null;
        var nowUs = clock.NowUs();
        return await database.ReadOnce(async session =>
        {
            await using var rows = await session.Query("SELECT patient FROM oauth_launch WHERE id = $1 AND agent = $2 AND ends_us > $3", hash, agent, nowUs);
            return await rows.Read() ? rows.Text(0) : null;
        }, stop);
    }

    /// <summary>A launch is used once.</summary>
    public Task End(string launch, CancellationToken stop) => database.Write(session => session.Execute("DELETE FROM oauth_launch WHERE id = $1", Secret.Hash(launch)), stop);
}
