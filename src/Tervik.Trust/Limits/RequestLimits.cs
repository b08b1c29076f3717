using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Tervik.Records.Access;
using Tervik.Trust.Identity;

namespace Tervik.Trust.Limits;

/// <summary>Requests in a second: of an account, an application, a network; and attempts to sign in.</summary>
public sealed class RequestLimits(LimitSettings settings) : IDisposable
{
    /// <summary>So many seconds' worth may come at once.</summary>
    const int BurstSeconds = 20;
    static readonly string[] SignIns = ["/sign-in", "/oauth", "/connect"];

    readonly PartitionedRateLimiter<string> accounts = Buckets<string>(settings.RequestsOfAccount, TimeSpan.FromSeconds(1), BurstSeconds), applications = Buckets<string>(settings.RequestsOfApplication, TimeSpan.FromSeconds(1), BurstSeconds);
    readonly PartitionedRateLimiter<IPAddress> addresses = Buckets<IPAddress>(settings.RequestsOfAddress, TimeSpan.FromSeconds(1), BurstSeconds), signIns = Buckets<IPAddress>(settings.SignInsOfAddress, TimeSpan.FromMinutes(1), 1);

    static PartitionedRateLimiter<TKey> Buckets<TKey>(int tokens, TimeSpan period, int burst) where TKey : notnull => PartitionedRateLimiter.Create<TKey, TKey>(key => RateLimitPartition.GetTokenBucketLimiter(key, _ => new()
    {
        TokensPerPeriod = tokens, ReplenishmentPeriod = period, TokenLimit = tokens * burst, QueueLimit = 0, AutoReplenishment = true,
    }));

    /// <summary>Whether a network asks for too much, before it is known who it is.</summary>
    /// <returns>After which time to ask again; null when all is well.</returns>
    public TimeSpan? Exceeds(HttpContext request)
    {
        if (request.Connection.RemoteIpAddress is not { } address) return null;
        var network = SecurityLog.NetworkOf(address);
        return Exceeds(addresses, network) ?? (HttpMethods.IsPost(request.Request.Method) && SignIns.Any(path => request.Request.Path.StartsWithSegments(path)) ? Exceeds(signIns, network) : null);
    }

    /// <summary>Whether an account or its application asks for too much.</summary>
    /// <returns>After which time to ask again; null when all is well.</returns>
    public TimeSpan? Exceeds(Principal principal)
    {
        if (principal.Agent is not { } agent) return null;
        var isProgram = principal.Kind == PrincipalKind.System;
        return Exceeds(isProgram ? applications : accounts, agent) ?? (principal.Client is { } client && !isProgram ? Exceeds(applications, client) : null);
    }

    static TimeSpan? Exceeds<TKey>(PartitionedRateLimiter<TKey> limiter, TKey key)
    {
        using var lease = limiter.AttemptAcquire(key);
        return lease.IsAcquired ? null : lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(1);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        accounts.Dispose();
        applications.Dispose();
        addresses.Dispose();
        signIns.Dispose();
    }
}
