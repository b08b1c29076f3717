using System.Collections.Frozen;
using System.Text;
using System.Text.Unicode;

namespace Tervik.Records.Files;

/// <summary>Whether the bytes of a file are of the media type it says. Types without a known beginning are not judged.</summary>
/// <remarks>Sources: the format of each (PNG 5.2, JPEG B.1.1.2, ISO 32000-2 7.5.2, DICOM PS3.10 7.1, RFC 9649 …); MS-CFB 2.2 and MS-OFFCRYPTO for documents of Office that are old or have a password.</remarks>
public static class FileSignatures
{
    /// <summary>So many first bytes tell a type that is no text: DICOM's mark ends at 132.</summary>
    public const int PrefixBytes = 192;

    /// <summary>Longer declared types are cut in what is said of them.</summary>
    const int LongestType = 80;
    /// <summary>An XML declaration ends before this.</summary>
    const int XmlDeclarationBytes = 200;

    delegate bool Beginning(ReadOnlySpan<byte> bytes);

    /// <param name="Name">In a sentence: <c>a PNG picture</c>.</param>
    /// <param name="Begins">What was expected, in words.</param>
    /// <param name="Is">False also when the bytes end too early to tell.</param>
    sealed record Signature(string Name, string Begins, Beginning Is);

    static readonly Signature
        Png = new("a PNG picture", "89 50 4E 47 0D 0A 1A 0A", static bytes => bytes.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])),
        Jpeg = new("a JPEG picture", "FF D8 FF", static bytes => bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])),
        Gif = new("a GIF picture", "GIF87a or GIF89a", static bytes => bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8)),
        Webp = new("a WebP picture", "RIFF, a length, WEBP", static bytes => IsRiff(bytes, "WEBP"u8)),
        Tiff = new("a TIFF picture", "II or MM and 42 or 43", static bytes => bytes.Length >= 4 && (bytes.StartsWith("II"u8) && bytes[2] is 42 or 43 && bytes[3] == 0 || bytes.StartsWith("MM"u8) && bytes[2] == 0 && bytes[3] is 42 or 43)),
        // Two letters alone begin many words: the reserved zeros and the length of the second header are looked at too.
        Bmp = new("a BMP picture", "BM and a bitmap header", static bytes => bytes.Length >= 18 && bytes.StartsWith("BM"u8) && !bytes[6..10].ContainsAnyExcept((byte)0) && bytes[14] is 12 or 40 or 52 or 56 or 64 or 108 or 124 && !bytes[15..18].ContainsAnyExcept((byte)0)),
        Pdf = new("a PDF document", "%PDF-", static bytes => bytes.StartsWith("%PDF-"u8)),
        Dicom = new("a DICOM object", "DICM after 128 bytes", static bytes => bytes.Length >= 132 && bytes[128..132].SequenceEqual("DICM"u8)),
        Zip = new("a ZIP archive", "PK 03 04, or PK 05 06 when it is empty", static bytes => bytes.StartsWith("PK\u0003\u0004"u8) || bytes.StartsWith("PK\u0005\u0006"u8)),
        Gzip = new("a gzip archive", "1F 8B 08", static bytes => bytes.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B, 0x08])),
        Compound = new("a document of an old Office", "D0 CF 11 E0 A1 B1 1A E1", static bytes => bytes.StartsWith((ReadOnlySpan<byte>)[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1])),
        Rtf = new("an RTF document", "{\\rtf", static bytes => bytes.StartsWith("{\\rtf"u8)),
        Mp4 = new("an MP4 film or sound", "ftyp after 4 bytes", static bytes => bytes.Length >= 12 && bytes[4..8].SequenceEqual("ftyp"u8)),
        Matroska = new("a WebM film", "1A 45 DF A3", static bytes => bytes.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3])),
        Avi = new("an AVI film", "RIFF, a length, AVI", static bytes => IsRiff(bytes, "AVI "u8)),
        Wav = new("a WAV sound", "RIFF, a length, WAVE", static bytes => IsRiff(bytes, "WAVE"u8)),
        Ogg = new("an Ogg film or sound", "OggS", static bytes => bytes.StartsWith("OggS"u8)),
        Flac = new("a FLAC sound", "fLaC", static bytes => bytes.StartsWith("fLaC"u8)),
        Mp3 = new("an MP3 sound", "ID3, or the header of a frame", static bytes => bytes.Length >= 4 && (bytes.StartsWith("ID3"u8) || IsMpegFrame(bytes))),
        Windows = new("a program for Windows", "MZ", static bytes => bytes.Length >= 64 && bytes.StartsWith("MZ"u8)),
        Elf = new("a program for Linux", "7F ELF", static bytes => bytes.StartsWith("\u007fELF"u8));

    /// <summary>In the order in which they are looked for: the weakest last.</summary>
    static readonly Signature[] All = [Png, Jpeg, Gif, Webp, Wav, Avi, Tiff, Bmp, Pdf, Dicom, Zip, Gzip, Compound, Rtf, Mp4, Matroska, Ogg, Flac, Elf, Windows, Mp3];

    static readonly FrozenDictionary<string, Signature[]> OfType = new Dictionary<string, Signature[]>
    {
        ["image/png"] = [Png], ["image/jpeg"] = [Jpeg], ["image/jpg"] = [Jpeg], ["image/pjpeg"] = [Jpeg], ["image/gif"] = [Gif], ["image/webp"] = [Webp], ["image/tiff"] = [Tiff], ["image/bmp"] = [Bmp], ["image/x-ms-bmp"] = [Bmp],
        ["image/heic"] = [Mp4], ["image/heif"] = [Mp4], ["image/avif"] = [Mp4],
        ["application/pdf"] = [Pdf], ["application/x-pdf"] = [Pdf], ["application/dicom"] = [Dicom], ["application/rtf"] = [Rtf], ["text/rtf"] = [Rtf],
        ["application/zip"] = [Zip], ["application/x-zip-compressed"] = [Zip], ["application/gzip"] = [Gzip], ["application/x-gzip"] = [Gzip],
        // Word itself names RTF so.
        ["application/msword"] = [Compound, Rtf], ["application/vnd.ms-excel"] = [Compound], ["application/vnd.ms-powerpoint"] = [Compound],
        ["video/mp4"] = [Mp4], ["audio/mp4"] = [Mp4], ["audio/x-m4a"] = [Mp4], ["video/webm"] = [Matroska], ["audio/webm"] = [Matroska], ["video/x-matroska"] = [Matroska], ["video/x-msvideo"] = [Avi],
        ["audio/wav"] = [Wav], ["audio/x-wav"] = [Wav], ["audio/wave"] = [Wav], ["audio/vnd.wave"] = [Wav], ["audio/ogg"] = [Ogg], ["video/ogg"] = [Ogg], ["application/ogg"] = [Ogg],
        ["audio/flac"] = [Flac], ["audio/mpeg"] = [Mp3], ["audio/mp3"] = [Mp3],
    }.ToFrozenDictionary();

    /// <summary>Types beside <c>text/…</c>, <c>…+json</c> and <c>…+xml</c> that are text.</summary>
    static readonly FrozenSet<string> Texts = FrozenSet.ToFrozenSet(["application/json", "application/xml", "application/ndjson", "application/x-ndjson", "application/fhir+ndjson", "application/javascript", "application/hl7-v2+er7", "x-application/hl7-v2+er7"]);

    /// <summary>How many first bytes of a file tell whether it is of this type: none when it is not judged, all of a text.</summary>
    public static int BytesNeeded(string contentType)
    {
        var (type, _) = Parse(contentType);
        return IsText(type) ? int.MaxValue : Expected(type).IsEmpty ? 0 : PrefixBytes;
    }

    /// <summary>What does not fit, with what was expected; null when it fits or is not judged.</summary>
    /// <param name="contentType">A media type, with or without parameters.</param>
    /// <param name="bytes">As many as <see cref="BytesNeeded"/> says, or all there are.</param>
    public static string? WhatIsWrong(string contentType, ReadOnlySpan<byte> bytes)
    {
        var (type, charset) = Parse(contentType);
        var expected = IsText(type) ? WrongText(type, charset, bytes) : WrongBeginning(type, bytes);
        return expected is null ? null : $"{(contentType.Length > LongestType ? contentType[..LongestType] + "…" : contentType)} is declared, but the content looks like {Seen(bytes)}; {expected} was expected.";
    }

    /// <summary>Whether the bytes are of a type that is judged, and fit it.</summary>
    public static bool Fits(string contentType, ReadOnlySpan<byte> bytes) => BytesNeeded(contentType) > 0 && WhatIsWrong(contentType, bytes) is null;

    static (string Type, string? Charset) Parse(string contentType)
    {
        var parts = contentType.Split(';', StringSplitOptions.TrimEntries);
        var charset = Array.Find(parts, static part => part.StartsWith("charset=", StringComparison.OrdinalIgnoreCase))?["charset=".Length..].Trim('"').ToLowerInvariant();
        return (parts[0].ToLowerInvariant(), charset);
    }

    static bool IsText(string type) => type.StartsWith("text/", StringComparison.Ordinal) && type != "text/rtf" || IsJson(type) || IsXml(type) || Texts.Contains(type);

    static bool IsJson(string type) => type is "application/json" or "text/json" || type.EndsWith("+json", StringComparison.Ordinal);

    static bool IsXml(string type) => type is "application/xml" or "text/xml" || type.EndsWith("+xml", StringComparison.Ordinal);

    static ReadOnlySpan<Signature> Expected(string type) => OfType.TryGetValue(type, out var known) ? known
        : type.StartsWith("application/vnd.openxmlformats-officedocument.", StringComparison.Ordinal) || type.StartsWith("application/vnd.ms-", StringComparison.Ordinal) && type.Contains("macroenabled", StringComparison.Ordinal) ? Office
        : type.StartsWith("application/vnd.oasis.opendocument.", StringComparison.Ordinal) && !type.EndsWith("-flat-xml", StringComparison.Ordinal) || type.EndsWith("+zip", StringComparison.Ordinal) ? Zips : [];

    // With a password, the archive lies inside a compound file.
    static readonly Signature[] Office = [Zip, Compound], Zips = [Zip];

    static string? WrongBeginning(string type, ReadOnlySpan<byte> bytes)
    {
        var expected = Expected(type);
        foreach (var signature in expected)
            if (signature.Is(bytes)) return null;
        return expected.IsEmpty ? null : string.Join(" or ", expected.ToArray().Select(static signature => $"{signature.Name} ({signature.Begins})"));
    }

    /// <returns>What was expected; null when it is such a text.</returns>
    static string? WrongText(string type, string? charset, ReadOnlySpan<byte> bytes)
    {
        // XML says its charset itself.
        if (IsXml(type)) charset ??= XmlCharset(bytes);
        switch (charset)
        {
            case null or "utf-8" or "utf8" or "us-ascii" or "ascii":
                if (bytes.Contains((byte)0) || !Utf8.IsValid(bytes)) return $"text in UTF-8 without NUL (or the name of its charset, as in {type}; charset=iso-8859-1)";
                break;
            case "utf-16" or "utf-16le" or "utf-16be":
                if (bytes.Length % 2 != 0 || HasZeroPair(bytes)) return "text in UTF-16 without NUL";
                break;
            default:
                if (bytes.Contains((byte)0)) return "text without NUL";
                break;
        }
        var content = Content(bytes);
        if (IsJson(type) && !IsLikeJson(content)) return "JSON";
        return IsXml(type) && !content.StartsWith("<"u8) ? "XML" : null;
    }

    static bool IsLikeJson(ReadOnlySpan<byte> content) => !content.IsEmpty && "{[\"-0123456789"u8.Contains(content[0]) || content.StartsWith("true"u8) || content.StartsWith("false"u8) || content.StartsWith("null"u8);

    static bool HasZeroPair(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i + 1 < bytes.Length; i += 2)
            if ((bytes[i] | bytes[i + 1]) == 0) return true;
        return false;
    }

    /// <summary>From the first byte on that is no mark, blank or half of a letter of UTF-16.</summary>
    static ReadOnlySpan<byte> Content(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])) bytes = bytes[3..];
        else if (IsUtf16(bytes)) bytes = bytes[2..];
        var place = bytes.IndexOfAnyExcept("\0 \t\r\n"u8);
        return place < 0 ? [] : bytes[place..];
    }

    static bool IsUtf16(ReadOnlySpan<byte> bytes) => bytes.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]) || bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]);

    static string? XmlCharset(ReadOnlySpan<byte> bytes)
    {
        if (IsUtf16(bytes)) return "utf-16";
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])) bytes = bytes[3..];
        if (!bytes.StartsWith("<?xml"u8)) return null;
        var head = bytes[..Math.Min(bytes.Length, XmlDeclarationBytes)];
        if (head.IndexOf("?>"u8) is var end and >= 0) head = head[..end];
        if (head.IndexOf("encoding"u8) is not (>= 0 and var name)) return null;
        var parts = Encoding.Latin1.GetString(head[name..]).Split('"', '\'');
        // What can be read so is not UTF-16, whatever the program said that wrote it.
        return parts.Length > 1 && parts[1].ToLowerInvariant() is var said && !said.StartsWith("utf-16", StringComparison.Ordinal) ? said : null;
    }

    /// <summary>What bytes look like, in a few words.</summary>
    static string Seen(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return "nothing: there are no bytes";
        foreach (var signature in All)
            if (signature.Is(bytes)) return signature.Name;
        var start = bytes[..Math.Min(bytes.Length, PrefixBytes)];
        if (start.Contains((byte)0)) return "nothing that is known";
        // A letter of several bytes may be cut where the first bytes end.
        for (var cut = 0; cut <= (start.Length == PrefixBytes ? 3 : 0); cut++)
            if (Utf8.IsValid(start[..^cut]))
                return bytes.Length > PrefixBytes && (bytes.Contains((byte)0) || !Utf8.IsValid(bytes)) ? "text that goes on as something else"
                    : Content(start) is [var first, ..] ? first switch { (byte)'<' => "XML or HTML", (byte)'{' or (byte)'[' => "JSON", _ => "text" } : "nothing but blanks";
        return "nothing that is known";
    }

    static bool IsRiff(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> form) => bytes.Length >= 12 && bytes.StartsWith("RIFF"u8) && bytes[8..12].SequenceEqual(form);

    /// <summary>11 bits of sync; then a version, a layer, a rate of bits and one of samples that are not the reserved ones.</summary>
    static bool IsMpegFrame(ReadOnlySpan<byte> bytes) => bytes[0] == 0xFF && (bytes[1] & 0xE0) == 0xE0 && (bytes[1] >> 3 & 3) != 1 && (bytes[1] >> 1 & 3) != 0 && bytes[2] >> 4 != 15 && (bytes[2] >> 2 & 3) != 3;
}
