using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Tervik.Records.Model;

/// <summary>How large a document may be.</summary>
/// <param name="Bytes">At most this many bytes.</param>
/// <param name="Depth">At most this many objects and arrays (JSON) or elements (XML) inside each other: deeper trees cost stack in everything that walks them.</param>
public sealed record DocumentLimits(int Bytes = 64 << 20, int Depth = 64)
{
    /// <summary>64 MB and 64 levels unless the settings say otherwise at start: a transaction of 30 MB fits, and no published example is deeper than 20.</summary>
    public static DocumentLimits Default { get; set; } = new();
}

/// <summary>Reads JSON strictly (RFC 8259, valid UTF-8) and within limits.</summary>
/// <remarks>Duplicate names are legal JSON; validation refuses them in a resource.</remarks>
public static class FhirJson
{
    /// <summary>Parses one JSON text. The caller disposes the document.</summary>
    /// <exception cref="FaultException">It is no JSON, not UTF-8, or over a limit; the fault names line and column, counted from 1.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8, DocumentLimits? limits = null)
    {
        limits ??= DocumentLimits.Default;
        if (utf8.Length > limits.Bytes)
            throw new FaultException(new Fault(FaultKind.TooLarge, "too-long", null, string.Create(CultureInfo.InvariantCulture, $"The document has {utf8.Length} bytes; at most {limits.Bytes} are accepted.")));
        if (utf8.Span.StartsWith("\uFEFF"u8)) utf8 = utf8[3..];
        if (!Utf8.IsValid(utf8.Span)) throw NotUtf8(utf8.Span);
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = limits.Depth });
        }
        catch (JsonException error)
        {
            throw Explained(error, utf8.Span, limits);
        }
        if (LoneSurrogate(utf8.Span) is not -1 and var place)
        {
            document.Dispose();
            throw Refused(utf8.Span, place, "an escape stands for half a character (a lone surrogate)");
        }
        return document;
    }

    /// <summary>Copies a JSON text with line breaks and two spaces per level; numbers keep every digit, text stays unescaped.</summary>
    public static void Indent(ReadOnlySpan<byte> utf8, IBufferWriter<byte> output)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 1000 });
        var before = JsonTokenType.None;
        while (reader.Read())
        {
            var token = reader.TokenType;
            var isEnd = token is JsonTokenType.EndObject or JsonTokenType.EndArray;
            var isFirst = before is JsonTokenType.StartObject or JsonTokenType.StartArray;
            if (before is not (JsonTokenType.None or JsonTokenType.PropertyName))
            {
                if (!isEnd && !isFirst) output.Write(","u8);
                if (!isEnd || !isFirst) NewLine(output, reader.CurrentDepth);
            }
            output.Write(utf8[(int)reader.TokenStartIndex..(int)reader.BytesConsumed].TrimEnd(": \t\r\n"u8));
            if (token == JsonTokenType.PropertyName) output.Write(": "u8);
            before = token;
        }
    }

    static void NewLine(IBufferWriter<byte> output, int depth)
    {
        var line = output.GetSpan(1 + 2 * depth)[..(1 + 2 * depth)];
        line.Fill((byte)' ');
        line[0] = (byte)'\n';
        output.Advance(line.Length);
    }

    static FaultException Explained(JsonException error, ReadOnlySpan<byte> utf8, DocumentLimits limits)
    {
        var what = error.Message;
        var cut = what.IndexOf(" LineNumber:", StringComparison.Ordinal);
        if (cut > 0) what = what[..cut];
        if (what.Contains("maximum configured depth", StringComparison.Ordinal))
            return new FaultException(new Fault(FaultKind.TooLarge, "too-costly", null, string.Create(CultureInfo.InvariantCulture,
                $"The JSON has more than {limits.Depth} objects and arrays inside each other (line {error.LineNumber + 1}).")));
        if (utf8.Trim(" \t\r\n"u8).IsEmpty) what = "The document is empty";
        return new FaultException(new Fault(FaultKind.Invalid, "structure", null, string.Create(CultureInfo.InvariantCulture,
            $"This is not valid JSON, line {error.LineNumber + 1}, column {error.BytePositionInLine + 1}: {what.TrimEnd('.')}.")));
    }

    static FaultException NotUtf8(ReadOnlySpan<byte> bytes)
    {
        var place = 0;
        while (Rune.DecodeFromUtf8(bytes[place..], out _, out var length) == OperationStatus.Done) place += length;
        return Refused(bytes, place, "a byte that is not UTF-8");
    }

    static FaultException Refused(ReadOnlySpan<byte> utf8, int place, string what)
    {
        var before = utf8[..place];
        var line = before.Count((byte)'\n') + 1;
        var column = place - before.LastIndexOf((byte)'\n');
        return new FaultException(new Fault(FaultKind.Invalid, "structure", null, string.Create(CultureInfo.InvariantCulture, $"This is not valid JSON, line {line}, column {column}: {what}.")));
    }

    /// <summary>Place of an escaped surrogate without its other half in valid JSON, or -1.</summary>
    static int LoneSurrogate(ReadOnlySpan<byte> json)
    {
        if (json.IndexOf("\\u"u8) < 0) return -1;
        for (var place = 0; ;)
        {
            var next = json[place..].IndexOf((byte)'\\');
            if (next < 0) return -1;
            place += next;
            if (json[place + 1] != 'u')
            {
                place += 2;
                continue;
            }
            var unit = EscapedUnit(json, place);
            if (char.IsHighSurrogate(unit) && json[(place + 6)..].StartsWith("\\u"u8) && char.IsLowSurrogate(EscapedUnit(json, place + 6))) place += 12;
            else if (char.IsSurrogate(unit)) return place;
            else place += 6;
        }
    }

    /// <summary>The UTF-16 unit of an escape <c>\u1234</c> at <paramref name="place"/> of valid JSON.</summary>
    internal static char EscapedUnit(ReadOnlySpan<byte> json, int place) =>
        (char)ushort.Parse(json.Slice(place + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
