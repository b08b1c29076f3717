using System.Collections.Concurrent;
using Tervik.Records.Indexing;
using Tervik.Storage;

namespace Tervik.Records.Search;

/// <summary>What the vocabulary says about the values of one search: which keys a form, a text or a beginning stands for.</summary>
sealed class Vocabulary(Session session, Keys keys, VocabularyMemory memory, SearchLimits limits)
{
    /// <summary>The snapshot the search runs in.</summary>
    public Session Session => session;

    /// <summary>Keys of the values that can be found under any of <paramref name="forms"/>.</summary>
    public async ValueTask<long[]> KeysOf(IReadOnlyList<long> forms)
    {
        if (forms.Count == 1) return await KeysOf(forms[0]);
        var found = new SortedSet<long>();
        foreach (var form in forms) found.UnionWith(await KeysOf(form));
        return [.. found];
    }

    async ValueTask<long[]> KeysOf(long form)
    {
        var version = keys.VocabularyVersion;
        if (memory.Find(form, version) is { } known) return known;
        var found = new List<long>();
        await using (var rows = await session.Query("SELECT key FROM form WHERE form = $1", form))
            while (await rows.Read()) found.Add(rows.Int64(0));
        return memory.Keep(form, version, [.. found]);
    }

    /// <summary>Keys of values of which a text begins with <paramref name="folded"/>, or has a word that does.</summary>
    public async ValueTask<long[]> WithText(long parameter, string folded)
    {
        var found = new SortedSet<long>();
        await using var rows = await session.Query(
            $"SELECT key FROM txt WHERE param = $1 AND ((val >= $2 AND val < $3) OR {session.Dialect.Position("val", "$4")} > 0)", parameter, folded, FoldedText.After(folded), " " + folded);
        while (await rows.Read()) Take(found, rows.Int64(0));
        return [.. found];
    }

    /// <summary>Keys of the values between two texts, the second excluded; null for no end.</summary>
    public async ValueTask<long[]> Between(long parameter, string from, string to)
    {
        var found = new SortedSet<long>();
        await using var rows = await session.Query("SELECT key FROM txt WHERE param = $1 AND val >= $2 AND val < $3", parameter, from, to);
        while (await rows.Read()) Take(found, rows.Int64(0));
        return [.. found];
    }

    void Take(SortedSet<long> found, long key)
    {
        found.Add(key);
        if (found.Count > limits.MostCodes)
            throw new FaultException(new Fault(FaultKind.TooCostly, "too-costly", null, $"A value of the search stands for more than {limits.MostCodes} different codes or texts. Be more specific."));
    }
}

/// <summary>Remembers what forms stand for, so that a repeated search asks the database once less. Shared by all searches of an engine.</summary>
sealed class VocabularyMemory
{
    const int MostForms = 50_000;
    /// <summary>Another program on the same PostgreSQL may add to the vocabulary unnoticed.</summary>
    const long LifetimeMs = 2_000;

    readonly ConcurrentDictionary<long, (long[] Keys, long Version, long UntilMs)> known = new();

    public long[]? Find(long form, long version) =>
        known.TryGetValue(form, out var entry) && entry.Version == version && entry.UntilMs > Environment.TickCount64 ? entry.Keys : null;

    public long[] Keep(long form, long version, long[] found)
    {
        if (known.Count > MostForms) known.Clear();
        known[form] = (found, version, Environment.TickCount64 + LifetimeMs);
        return found;
    }
}
