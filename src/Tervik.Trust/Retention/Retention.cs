using Tervik.Storage;

namespace Tervik.Trust.Retention;

/// <summary>How long is kept what is no part of anybody's record.</summary>
public sealed record RetentionSettings
{
    /// <summary>Personal tokens and what applications were given, after they ended: their holders see what there was.</summary>
    public TimeSpan EndedTokens { get; init; } = TimeSpan.FromDays(30);
    /// <summary>Alerts that were answered, and openings of records that were reviewed, after the answer.</summary>
    public TimeSpan Answered { get; init; } = TimeSpan.FromDays(5 * 365.25);
}

/// <summary>What was removed, in rows.</summary>
/// <param name="Sessions">Sessions that had ended.</param>
/// <param name="Tokens">Personal tokens.</param>
/// <param name="AppTokens">Codes and tokens of applications, and permissions that were good once.</param>
/// <param name="Attempts">What waited for one answer: challenges, launches, used assertions.</param>
/// <param name="Alerts">Alerts with their answers.</param>
/// <param name="Openings">Broken glasses and declared relations.</param>
public sealed record Removed(long Sessions, long Tokens, long AppTokens, long Attempts, long Alerts, long Openings);

/// <summary>Removes what has had its time. Records, the choices of patients and the log of accesses are never removed by time: docs/security/data.md says so of each.</summary>
/// <param name="database">Opened with <see cref="TrustRoom.Migrations"/>.</param>
/// <param name="settings">Sessions and times.</param>
/// <param name="clock">Says what time it is.</param>
public sealed class Retention(Database database, TrustSettings settings, TimeProvider clock)
{
    /// <summary>A used assertion is refused for as long as it could be valid (Assertions).</summary>
    static readonly TimeSpan AssertionsLast = TimeSpan.FromMinutes(6);

    /// <summary>Removes it, kind by kind: whoever writes meanwhile waits for one kind at most.</summary>
    public async Task<Removed> Remove(CancellationToken stop)
    {
        var nowUs = clock.NowUs();
        long Before(TimeSpan time) => nowUs - (long)time.TotalMicroseconds;
        var (tokens, answered) = (Before(settings.Retention.EndedTokens), Before(settings.Retention.Answered));
        return new(
            await Change("DELETE FROM session WHERE ends_us < $1 OR seen_us < $2", nowUs, Before(settings.SessionIdle)),
            await Change("DELETE FROM access_token WHERE ends_us < $1 OR revoked_us > 0 AND revoked_us < $1", tokens),
            // A token whose code or ancestor comes again is recognized by its row, which stays as long as it could be used.
            await Change("DELETE FROM oauth_token WHERE expires_us < $1", tokens)
                + await Change("DELETE FROM oauth_authorization WHERE status <> 'valid' AND created_us < $1 AND NOT EXISTS (SELECT 1 FROM oauth_token WHERE allowed_by = oauth_authorization.id)", tokens),
            await Change("DELETE FROM passkey_challenge WHERE ends_us < $1", nowUs) + await Change("DELETE FROM oauth_launch WHERE ends_us < $1", nowUs) + await Change("DELETE FROM oauth_assertion WHERE ends_us < $1", Before(AssertionsLast)),
            await database.Write(async session =>
            {
                // What nobody has answered stays until somebody does.
                const string Old = "SELECT id FROM snooping_alert WHERE state <> 'Open' AND raised_us < $1 AND NOT EXISTS (SELECT 1 FROM snooping_review r WHERE r.id = snooping_alert.id AND r.at_us >= $1)";
                await session.Execute($"DELETE FROM snooping_alert_unit WHERE id IN ({Old})", answered);
                var removed = await session.Execute($"DELETE FROM snooping_alert WHERE id IN ({Old})", answered);
                await session.Execute("DELETE FROM snooping_review WHERE NOT EXISTS (SELECT 1 FROM snooping_alert a WHERE a.id = snooping_review.id)");
                return removed;
            }, stop),
            await Change("DELETE FROM exceptional_access WHERE review <> 0 AND reviewed_us < $1 AND ends_us < $1", answered));

        Task<int> Change(string sql, params SqlValue[] values) => database.Write(session => session.Execute(sql, values), stop);
    }
}
