using Tervik.Trust.AuditLog;

namespace Tervik.Trust.SealedLog;

/// <summary>One access as its reader can check it.</summary>
/// <param name="Event">Its number.</param>
/// <param name="Where">Its place in the tree and the way to the root; null when it is not sealed yet.</param>
/// <param name="Items">What it says, and hashes of what this reader may not see.</param>
public sealed record ProvenAccess(long Event, Inclusion? Where, IReadOnlyList<LeafItem> Items);

/// <summary>Accesses with all that is needed to check that they are in the sealed log, and that it goes on from what the reader saw before.</summary>
/// <param name="Checkpoint">The newest; null when nothing was sealed yet.</param>
/// <param name="Key">Whose signature counts.</param>
/// <param name="Accesses">In the order asked for.</param>
/// <param name="Consistency">From the size that the reader knew.</param>
public sealed record SealProof(KeptCheckpoint? Checkpoint, NoteVerifier Key, IReadOnlyList<ProvenAccess> Accesses, IReadOnlyList<byte[]> Consistency);

/// <summary>Proves to readers of the log what they see of it.</summary>
public sealed class SealProofs(AccessSeal seal)
{
    /// <summary>Proves these accesses, each as far as its reader sees it.</summary>
    /// <param name="seen">As <see cref="AuditView"/> gave them.</param>
    /// <param name="known">Size of the tree that the reader knew; 0 for none.</param>
    /// <param name="stop">Stops it.</param>
    public async Task<SealProof> Of(IReadOnlyList<SeenAccess> seen, long known, CancellationToken stop)
    {
        var newest = await seal.Newest(stop);
        var (inclusions, consistency) = newest is null ? ([], []) : await seal.Prove(newest, seen.Select(one => one.Access.Event), known, stop);
        return new(newest, seal.Verifier, [.. seen.Select(one =>
        {
            var visible = AccessLeaf.Texts(one.Access).ToHashSet(StringComparer.Ordinal);
            return new ProvenAccess(one.Access.Event, inclusions.GetValueOrDefault(one.Access.Event), AccessLeaf.Items(one.Whole, visible.Contains));
        })], consistency);
    }
}
