using System.Collections.Concurrent;

namespace Tervik.Trust.Identity;

/// <summary>What was found for recently used credentials, so that a busy client costs no query per request.</summary>
/// <remarks>A revocation on this node forgets the entry at once, also one that is just being read. Other nodes see it when the entry is <see cref="Lifetime"/> old: within a second.</remarks>
sealed class CredentialCache<T>(TimeProvider clock) where T : class
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMilliseconds(800);
    /// <summary>Above this the cache is emptied: entries are small and come back with the next request.</summary>
    const int MostEntries = 100_000;

    readonly ConcurrentDictionary<string, (T Found, long ReadAt)> entries = new(StringComparer.Ordinal);
    long generation;

    public async ValueTask<T?> Find(string hash, Func<string, CancellationToken, ValueTask<T?>> read, CancellationToken stop)
    {
        if (entries.TryGetValue(hash, out var entry) && clock.GetElapsedTime(entry.ReadAt) < Lifetime) return entry.Found;
        var before = Volatile.Read(ref generation);
        var readAt = clock.GetTimestamp();
        var found = await read(hash, stop);
        if (found is null)
        {
            entries.TryRemove(hash, out _);
            return null;
        }
        if (entries.Count >= MostEntries) entries.Clear();
        entries[hash] = (found, readAt);
        // Something was revoked while we read: what we read may be it.
        if (Volatile.Read(ref generation) != before) entries.TryRemove(hash, out _);
        return found;
    }

    public void ForgetAll()
    {
        Interlocked.Increment(ref generation);
        entries.Clear();
    }

    public void Forget(string hash)
    {
        Interlocked.Increment(ref generation);
        entries.TryRemove(hash, out _);
    }
}
