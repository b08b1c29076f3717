using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Tervik.Trust.SealedLog;

/// <summary>A node elsewhere that signs each head of the log it sees, and never one that does not begin with what it saw before.</summary>
/// <param name="Address">Where; <c>add-checkpoint</c> lies below it.</param>
/// <param name="Verifier">Its key.</param>
public sealed record WitnessPlace(Uri Address, NoteVerifier Verifier)
{
    /// <summary>Reads <c>address key, address key …</c>.</summary>
    /// <exception cref="FormatException">One has no address that is encrypted or on loopback, or no key of a witness.</exception>
    public static IReadOnlyList<WitnessPlace> Parse(string text) =>
    [
        .. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(one =>
            one.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var address, var key] && Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var place) && (place.Scheme == "https" || place.Scheme == "http" && place.IsLoopback) && NoteVerifier.Parse(key) is { Kind: NoteVerifier.Cosignature } verifier
                ? new WitnessPlace(place, verifier) : throw new FormatException($"'{one}' is no witness; its address (https://…, or http:// on loopback), a blank and its key (name+hash+key, kind 4) were expected.")),
    ];
}

/// <summary>Shows heads of the log to its witnesses (C2SP tlog-witness) and keeps what they sign.</summary>
sealed partial class Witnesses(AccessSeal seal, IReadOnlyList<WitnessPlace> places, ILogger<Witnesses> logger) : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    // Where a witness is, the settings say: an answer sends us nowhere else.
    readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = Patience, MaxResponseContentBufferSize = Checkpoint.LongestNote };
    readonly Dictionary<WitnessPlace, long> seen = [];
    long shown = -1;

    public void Dispose() => http.Dispose();

    /// <summary>Asks each witness, once for a head: who is away now is shown the next.</summary>
    public async Task Show(KeptCheckpoint checkpoint, CancellationToken stop)
    {
        if (places.Count == 0 || checkpoint.Size == shown) return;
        var lines = new StringBuilder();
        foreach (var place in places)
            try
            {
                lines.Append(await Ask(place, checkpoint, stop));
            }
            catch (Exception fault) when (fault is HttpRequestException or FormatException or TaskCanceledException && !stop.IsCancellationRequested)
            {
                NotSigned(logger, place.Verifier.Name, fault.Message);
            }
        if (lines.Length > 0) await seal.Cosign(checkpoint.Size, lines.ToString(), stop);
        shown = checkpoint.Size;
    }

    async Task<string> Ask(WitnessPlace place, KeptCheckpoint checkpoint, CancellationToken stop)
    {
        for (var isSecond = false; ; isSecond = true)
        {
            var old = seen.GetValueOrDefault(place);
            var (_, proof) = await seal.Prove(checkpoint, [], old, stop);
            var body = new StringBuilder().Append(CultureInfo.InvariantCulture, $"old {old}\n");
            foreach (var hash in proof) body.Append(Convert.ToBase64String(hash)).Append('\n');
            using var answer = await http.PostAsync(new Uri(place.Address, "add-checkpoint"), new StringContent(body.Append('\n').Append(checkpoint.Note).ToString(), Encoding.UTF8, "text/plain"), stop);
            var text = await answer.Content.ReadAsStringAsync(stop);
            if (answer.StatusCode == HttpStatusCode.Conflict && !isSecond && long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var its))
            {
                if (its > checkpoint.Size) throw new FormatException($"It has seen {its} events; this log has {checkpoint.Size}: it was set back.");
                seen[place] = its;
                continue;
            }
            if (!answer.IsSuccessStatusCode) throw new FormatException($"It answered {(int)answer.StatusCode}: {text.Trim()}");
            var cosigned = Checkpoint.Parse(checkpoint.Note + text);
            if (!cosigned.IsSignedBy(place.Verifier)) throw new FormatException("What it signed is not valid for its key.");
            seen[place] = checkpoint.Size;
            return text;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The witness {Witness} did not sign: {Reason}")]
    static partial void NotSigned(ILogger logger, string witness, string reason);
}
