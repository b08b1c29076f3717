using System.Buffers;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tervik.Records.Files;

/// <summary>A file inside a resource that was sent: a view of its base64, valid as long as the JSON is.</summary>
/// <param name="where">FHIRPath of the data.</param>
/// <param name="contentType">What it says to be; null for bytes that say nothing, such as those of a signature.</param>
/// <param name="data">The base64, which validation has found to be some.</param>
public sealed class SentFile(string where, string? contentType, JsonElement data)
{
    // White space inside is skipped here: DecodeFromUtf8 loses its place when it meets such text in parts.
    const int LettersAtATime = 4096;

    byte[]? unescaped;

    /// <summary>FHIRPath of the data.</summary>
    public string Where => where;
    /// <summary>The declared media type with its parameters, or null.</summary>
    public string? ContentType => contentType;

    ReadOnlySpan<byte> Letters
    {
        get
        {
            if (unescaped is not null) return unescaped;
            var raw = JsonMarshal.GetRawUtf8Value(data)[1..^1];
            return raw.Contains((byte)'\\') ? unescaped = Encoding.UTF8.GetBytes(data.GetString()!) : raw;
        }
    }

    /// <summary>Reads on.</summary>
    /// <param name="place">Where in the base64; 0 at first.</param>
    /// <param name="bytes">Receives the next bytes; up to two at its end stay free.</param>
    /// <returns>How many; 0 at the end.</returns>
    /// <exception cref="FormatException">It is no base64.</exception>
    public int Read(ref int place, Span<byte> bytes)
    {
        var text = Letters;
        Span<byte> letters = stackalloc byte[LettersAtATime];
        var written = 0;
        while (bytes.Length - written >= 3)
        {
            var most = (int)Math.Min(LettersAtATime, (bytes.Length - written) / 3 * 4L);
            var count = 0;
            while (count < most && place < text.Length)
            {
                var run = text.Slice(place, Math.Min(most - count, text.Length - place));
                var blank = run.IndexOfAny(" \t\r\n"u8);
                if (blank >= 0) run = run[..blank];
                run.CopyTo(letters[count..]);
                count += run.Length;
                place += run.Length + (blank < 0 ? 0 : 1);
            }
            if (count == 0) break;
            if (Base64.DecodeFromUtf8(letters[..count], bytes[written..], out _, out var decoded) != OperationStatus.Done) throw new FormatException($"{where} is no base64.");
            written += decoded;
        }
        return written;
    }

    /// <summary>What does not fit the declared type; null when all is well.</summary>
    public Fault? WhatIsUnfit()
    {
        if (contentType is null || FileSignatures.BytesNeeded(contentType) is not (> 0 and var needed)) return null;
        var bytes = ArrayPool<byte>.Shared.Rent(Math.Min(needed, Letters.Length / 4 * 3 + 3));
        try
        {
            var place = 0;
            var found = bytes.AsSpan(0, Read(ref place, bytes));
            return FileSignatures.WhatIsWrong(contentType, found) is { } wrong ? new Fault(FaultKind.Unprocessable, "value", where, wrong) : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>The same for the same bytes under the same type.</summary>
    public string Fingerprint => $"{Convert.ToHexStringLower(SHA256.HashData(Letters))} {contentType}";
}
