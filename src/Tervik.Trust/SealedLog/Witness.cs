using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Tervik.Storage.Sealing;

namespace Tervik.Trust.SealedLog;

/// <summary>A witness of logs (C2SP tlog-witness): signs a head only when it begins with the head signed before. A log that was set back, or shows different people different histories, finds no signature.</summary>
/// <param name="folder">Keeps the key and the newest head of each log.</param>
/// <param name="name">Of the key, when it is made.</param>
/// <param name="logs">Whose heads it signs.</param>
/// <param name="clock">Gives the time in signatures.</param>
/// <param name="vault">With whose keys its key is encrypted; null for a plain file.</param>
public sealed class Witness(string folder, string name, IReadOnlyList<NoteVerifier> logs, TimeProvider clock, Vault? vault = null) : IDisposable
{
    const int MostHashes = 63;
    readonly NoteSigner signer = NoteKeys.Load(new(Path.Combine(folder, "witness.key"), vault), () => name, NoteVerifier.Cosignature).Signer;
    readonly SemaphoreSlim turn = new(1, 1);

    /// <summary>Its key.</summary>
    public NoteVerifier Verifier => signer.Verifier;

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    /// <summary>Where the newest head of a log lies, with the signatures it had.</summary>
    public string FileOf(string origin) => Path.Combine(folder, $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(origin)).AsSpan(0, 8))}.checkpoint");

    /// <summary>Answers <c>POST add-checkpoint</c>.</summary>
    /// <param name="request">The old size, a consistency proof, an empty line, the checkpoint.</param>
    /// <param name="stop">Stops waiting.</param>
    /// <returns>HTTP status and text: 200 with the line of signature; 400 not understood; 404 an unknown log; 403 not signed by it; 409 with the size that was seen; 422 not consistent.</returns>
    public async Task<(int Status, string Text)> Add(string request, CancellationToken stop)
    {
        if (request.IndexOf("\n\n", StringComparison.Ordinal) is not (> 0 and var end)) return (400, "An empty line was expected between the proof and the checkpoint.\n");
        var lines = request[..end].Split('\n');
        if (!lines[0].StartsWith("old ", StringComparison.Ordinal) || !long.TryParse(lines[0][4..], NumberStyles.None, CultureInfo.InvariantCulture, out var old)) return (400, "The first line is 'old' and a size.\n");
        if (lines.Length > 1 + MostHashes) return (400, $"A proof has {MostHashes} hashes at most.\n");
        var proof = lines[1..].Select(NoteVerifier.Base64).ToList();
        if (proof.Exists(hash => hash is not { Length: MerkleTree.HashBytes })) return (400, "A line of the proof is 32 bytes in base64.\n");
        Checkpoint checkpoint;
        try
        {
            checkpoint = Checkpoint.Parse(request[(end + 2)..]);
        }
        catch (FormatException fault)
        {
            return (400, fault.Message + "\n");
        }
        var known = logs.Where(log => log.Name == checkpoint.Origin).ToList();
        if (known.Count == 0) return (404, $"The log {checkpoint.Origin} is not known here.\n");
        if (!known.Exists(checkpoint.IsSignedBy)) return (403, $"The checkpoint is not signed by {checkpoint.Origin}.\n");
        if (old > checkpoint.Size) return (400, "The old size is larger than the new one.\n");
        await turn.WaitAsync(stop);
        try
        {
            var file = FileOf(checkpoint.Origin);
            var before = File.Exists(file) ? Checkpoint.Parse(await File.ReadAllTextAsync(file, stop)) : null;
            if (old != (before?.Size ?? 0)) return (409, string.Create(CultureInfo.InvariantCulture, $"{before?.Size ?? 0}\n"));
            if (before is not null && !MerkleTree.IsConsistent(old, checkpoint.Size, before.Root, checkpoint.Root, proof!))
                return old == checkpoint.Size ? (409, string.Create(CultureInfo.InvariantCulture, $"{old}\n")) : (422, "The checkpoint does not begin with what was seen before.\n");
            var line = signer.Sign(checkpoint.Text, clock.GetUtcNow());
            await AccessSeal.Keep(file, request[(end + 2)..] + line, stop);
            return (200, line);
        }
        finally
        {
            turn.Release();
        }
    }
}
