using System.Text;

namespace Tervik.Care.Hl7;

/// <summary>Bytes to text (MSH-18), and a file to its messages (batches). Source: HL7 v2.8, chapter 2, sections 2.10.3 and 2.15.9.18; table 0211.</summary>
static class Hl7Text
{
    /// <summary>More messages in one file are refused.</summary>
    public const int MostMessages = 1000;

    static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    static Hl7Text() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <summary>Decodes by MSH-18; where that says nothing, as UTF-8 when the bytes are that, else as 8859/1.</summary>
    /// <param name="bytes">What was sent.</param>
    /// <param name="declared">The charset the transport said; null for none.</param>
    /// <exception cref="Hl7Exception">The character set is unknown, or the bytes are not of it.</exception>
    public static (string Text, Encoding Encoding) Decode(ReadOnlySpan<byte> bytes, string? declared = null)
    {
        if (bytes is [0xFE, 0xFF, ..]) return (Trimmed(Encoding.BigEndianUnicode.GetString(bytes[2..])), Encoding.BigEndianUnicode);
        if (bytes is [0xFF, 0xFE, ..]) return (Trimmed(Encoding.Unicode.GetString(bytes[2..])), Encoding.Unicode);
        if (bytes.StartsWith(Encoding.UTF8.Preamble)) bytes = bytes[3..];
        var name = CharacterSet(bytes) is { Length: > 0 } said ? said : declared ?? "";
        var encoding = name.ToUpperInvariant().Replace('_', '-').Replace(' ', '-') switch
        {
            "" or "ASCII" or "US-ASCII" or "ISO-IR6" => null,
            "UNICODE-UTF-8" or "UTF-8" or "UTF8" or "UNICODE" => Utf8,
            ['8', '8', '5', '9', '/', .. var part] => Known($"iso-8859-{part}"),
            ['8', '8', '5', '9', '-', .. var part] => Known($"iso-8859-{part}"),
            ['I', 'S', 'O', '-', '8', '8', '5', '9', '-', .. var part] => Known($"iso-8859-{part}"),
            ['I', 'S', 'O', '8', '8', '5', '9', '-' or '/', .. var part] => Known($"iso-8859-{part}"),
            "WINDOWS-1252" or "CP1252" => Known("windows-1252"),
            "KS-X-1001" or "EUC-KR" => Known("euc-kr"),
            "GB-18030-2000" or "GB18030" => Known("GB18030"),
            "BIG-5" or "BIG5" or "CNS-11643-1992" => Known("big5"),
            "ISO-IR87" or "ISO-IR14" or "ISO-IR159" => Known("iso-2022-jp"),
            _ => throw Unknown(name),
        };
        try
        {
            if (encoding is not null) return (Trimmed(encoding.GetString(bytes)), encoding);
            return (Trimmed(Utf8.GetString(bytes)), Utf8);
        }
        catch (DecoderFallbackException) when (encoding is null)
        {
            return (Trimmed(Encoding.Latin1.GetString(bytes)), Encoding.Latin1);
        }
        catch (DecoderFallbackException)
        {
            throw new Hl7Exception(new Hl7Fault(Hl7Error.DataType, new("MSH", 1, 18), $"The bytes of the message are not the character set that MSH-18 says ({Short(name)})."));
        }

        static Encoding Known(string name)
        {
            try
            {
                return Encoding.GetEncoding(name, EncoderFallback.ReplacementFallback, DecoderFallback.ExceptionFallback);
            }
            catch (ArgumentException)
            {
                throw Unknown(name);
            }
        }
    }

    static Hl7Exception Unknown(string name) => new(new Hl7Fault(Hl7Error.TableValue, new("MSH", 1, 18), $"The character set {Short(name)} is unknown; ASCII, UNICODE UTF-8 or 8859/1 to 8859/15 was expected."));

    static string Short(string text) => string.Concat(text.Take(30).Where(letter => letter is >= ' ' and < '\u007F'));

    static string Trimmed(string text) => text.TrimStart('\uFEFF', ' ', '\r', '\n', '\t').TrimEnd('\u001C', '\r', '\n', ' ', '\0');

    /// <summary>MSH-18, of which the bytes before it are ASCII whatever it says.</summary>
    static string CharacterSet(ReadOnlySpan<byte> bytes)
    {
        var start = bytes.IndexOf("MSH"u8);
        if (start < 0 || bytes.Length < start + 8) return "";
        var line = bytes[start..];
        if (line.IndexOfAny((byte)'\r', (byte)'\n') is >= 0 and var end) line = line[..end];
        if (line.Length < 8) return "";
        var fields = Encoding.Latin1.GetString(line).Split((char)line[3], 20);
        if (fields.Length < 18) return "";
        var repetition = fields[1] is [_, var one, ..] ? one : '~';
        return fields[17].Split(repetition)[0].Trim();
    }

    /// <summary>The messages of a file: one, several, or a batch (FHS, BHS … BTS, FTS).</summary>
    /// <exception cref="Hl7Exception">It holds none, or not as many as BTS-1 says: it was cut off.</exception>
    public static (IReadOnlyList<string> Messages, bool IsBatch) Split(string text)
    {
        if (text.Length == 0) throw new Hl7Exception(new Hl7Fault(Hl7Error.Sequence, new("MSH"), "Nothing was sent; a message was expected.")) { IsUnreadable = true };
        if (!IsHeader(text, "FHS") && !IsHeader(text, "BHS") && Next(text, 3) < 0) return ([text], false);
        var (messages, isBatch, from, inBatch) = (new List<string>(), false, -1, 0);
        for (var at = 0; at < text.Length;)
        {
            var end = text.AsSpan(at).IndexOfAny('\r', '\n') is >= 0 and var length ? at + length : text.Length;
            var name = end - at >= 3 ? text.Substring(at, 3) : "";
            if (name is "MSH" or "FHS" or "BHS" or "BTS" or "FTS")
            {
                if (from >= 0) messages.Add(text[from..at]);
                from = name == "MSH" ? at : -1;
                if (name == "MSH") inBatch++;
                if (messages.Count > MostMessages) throw Hl7Message.TooLarge($"The file holds more than {MostMessages} messages.");
                if (name != "MSH") isBatch = true;
                if (name == "BHS") inBatch = 0;
                if (name == "BTS" && text[at..end].Split(end - at > 3 ? text[at + 3] : '|') is [_, var count, ..] && int.TryParse(count.Trim(), out var said) && said != inBatch)
                    throw new Hl7Exception(new Hl7Fault(Hl7Error.Sequence, new("BTS", 1, 1), $"BTS-1 says {said} messages and the batch holds {inBatch}; none was taken.")) { IsUnreadable = true };
            }
            at = end;
            while (at < text.Length && text[at] is '\r' or '\n') at++;
        }
        if (from >= 0) messages.Add(text[from..]);
        if (messages.Count == 0 && !isBatch) return ([text], false);
        return (messages, isBatch);
    }

    static bool IsHeader(string text, string name) => text.StartsWith(name, StringComparison.Ordinal);

    static int Next(string text, int start)
    {
        for (var at = text.IndexOf("MSH", Math.Min(start, text.Length), StringComparison.Ordinal); at >= 0; at = text.IndexOf("MSH", at + 3, StringComparison.Ordinal))
            if (text[at - 1] is '\r' or '\n' && at + 3 < text.Length && text[at + 3] == text[3]) return at;
        return -1;
    }
}
