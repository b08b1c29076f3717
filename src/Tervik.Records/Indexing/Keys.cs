using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Text;

namespace Tervik.Records.Indexing;

/// <summary>Makes the 64-bit keys of the index. The seed is a secret of the store, so that nobody can craft two texts with one key.</summary>
/// <param name="seed">Drawn at random when the store is created, kept in table <c>setting</c>.</param>
/// <remarks>Keys are compared only for equality; a match is rechecked on the body where a false one could harm. 0 is never a key.</remarks>
public sealed class Keys(long seed)
{
    // Forgetting costs only that the vocabulary of a value is offered to the writer once more.
    const int MostKnown = 200_000;
    readonly ConcurrentDictionary<long, bool> known = new();
    long vocabulary;

    /// <summary>Grows with every change of the vocabulary that this process made: what was looked up at another number may be out of date.</summary>
    internal long VocabularyVersion => Volatile.Read(ref vocabulary);

    /// <summary>The same keys, knowing no vocabulary.</summary>
    public Keys WithoutMemory() => new(seed);

    /// <summary>Key of a resource, also the target of references to it and the number of its compartment: hash of <c>Type/id</c>. Also used for absolute and canonical URLs.</summary>
    public long Reference(string typeAndId) => Hash(typeAndId);

    /// <summary>Key of a parameter of a type, for tables rng, str, rev and fwd.</summary>
    public long Parameter(string type, string code) => Hash($"{type}|{code}");

    /// <summary>Key of one form of a value, for tables ix and ixg: token forms <c>code</c>, <c>system|code</c>, <c>|code</c>, <c>system|</c>, a uri, a flag.</summary>
    public long Value(string type, string code, string form) => Hash($"{type}|{code}={form}");

    /// <summary>Key under which every resource of a type stands in ixg, and in ix once per compartment it is in.</summary>
    public long Member(string type) => Hash($"{type}|");

    /// <summary>Key of a mark (Marks/Marking.cs) in one patient's record.</summary>
    /// <param name="compartment">Key of the patient.</param>
    /// <param name="what">A sensitive category, an item, a period.</param>
    public long Mark(long compartment, string what) => Hash(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"mark {compartment} {what}"));

    /// <summary>Hash of any text under the store's seed.</summary>
    public long Hash(string text)
    {
        Span<byte> buffer = stackalloc byte[512];
        return Hash(Encoding.UTF8.GetMaxByteCount(text.Length) <= buffer.Length
            ? buffer[..Encoding.UTF8.GetBytes(text, buffer)]
            : Encoding.UTF8.GetBytes(text));
    }

    /// <summary>The same of UTF-8 bytes.</summary>
    public long Hash(ReadOnlySpan<byte> utf8)
    {
        var key = unchecked((long)XxHash3.HashToUInt64(utf8, seed));
        return key == 0 ? 1 : key;
    }

    /// <summary>Whether the vocabulary of this key is known to be stored already.</summary>
    public bool Knows(long key) => known.ContainsKey(key);

    /// <summary>Remembers the vocabulary of <paramref name="entries"/>. Call only after they are durable.</summary>
    public void Learn(IndexEntries entries)
    {
        if (entries.Forms.Length == 0 && entries.Texts.Length == 0) return;
        if (known.Count > MostKnown) known.Clear();
        Interlocked.Increment(ref vocabulary);
        foreach (var (_, key) in entries.Forms) known.TryAdd(key, true);
        foreach (var (_, _, key) in entries.Texts) known.TryAdd(key, true);
    }
}
