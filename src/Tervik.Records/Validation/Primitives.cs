using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using Tervik.Records.Indexing;

namespace Tervik.Records.Validation;

/// <summary>The formats of FHIR's primitive types (datatypes.html#primitive).</summary>
static partial class Primitives
{
    /// <summary>A string of more bytes is refused: 1 MB, as the specification says.</summary>
    const int LongestString = 1 << 20;

    /// <summary>What was expected when a value is not of its type; null when it is.</summary>
    /// <param name="type">Name of a primitive type.</param>
    /// <param name="value">A JSON value other than null.</param>
    public static string? Expected(string type, JsonElement value)
    {
        switch (type)
        {
            case "boolean": return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : "true or false";
            case "integer": return IsInteger(value, int.MinValue) ? null : "a whole number from -2147483648 to 2147483647";
            case "unsignedInt": return IsInteger(value, 0) ? null : "a whole number from 0 to 2147483647";
            case "positiveInt": return IsInteger(value, 1) ? null : "a whole number from 1 to 2147483647";
            case "decimal": return value.ValueKind == JsonValueKind.Number ? null : "a decimal number, without quotes";
        }
        if (value.ValueKind != JsonValueKind.String) return "a text in quotes";
        var raw = JsonMarshal.GetRawUtf8Value(value)[1..^1];
        if (raw.IsEmpty) return "a text that is not empty";
        if (!IsLegible(value, raw)) return "a text without control characters other than tab, line feed and carriage return, which XML could not carry";
        return type switch
        {
            "date" => IsDate(value) ? null : "a date such as 2026, 2026-01 or 2026-01-31",
            "dateTime" => IsDateTime(value) ? null : "a date or time such as 2026, 2026-01-31 or 2026-01-31T12:30:00+02:00",
            "instant" => Instant().IsMatch(value.GetString()!) && IsReal(value) ? null : "an instant such as 2026-01-31T12:30:00.000Z",
            "time" => Time().IsMatch(value.GetString()!) ? null : "a time such as 12:30:00",
            "code" => IsCode(raw) ? null : "a code without blanks at its ends and without two blanks in a row",
            "id" => IsId(raw) ? null : "1 to 64 letters, digits, hyphens and dots",
            "uri" or "url" or "canonical" => raw.IndexOfAny(" \t"u8) < 0 ? null : "an address without blanks",
            "oid" => Oid().IsMatch(value.GetString()!) ? null : "an OID such as urn:oid:1.2.3",
            "uuid" => Uuid().IsMatch(value.GetString()!) ? null : "a UUID such as urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
            "base64Binary" => IsBase64(value, raw) ? null : "base64",
            "string" or "markdown" => raw.Length > LongestString ? "at most 1 MB of text" : IsBlank(raw) ? "a text that is more than blanks" : null,
            _ => null,
        };
    }

    static bool IsInteger(JsonElement value, int least) => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least;

    static bool IsCode(ReadOnlySpan<byte> raw) => raw[0] != ' ' && raw[^1] != ' ' && raw.IndexOf("  "u8) < 0 && raw.IndexOf("\\t"u8) < 0 && raw.IndexOf("\\n"u8) < 0;

    static bool IsId(ReadOnlySpan<byte> raw)
    {
        // Definitional resources of published packages have longer ids; they are no danger.
        if (raw.Length > 128) return false;
        foreach (var c in raw)
            if (!char.IsAsciiLetterOrDigit((char)c) && c is not ((byte)'-' or (byte)'.')) return false;
        return true;
    }

    static bool IsLegible(JsonElement value, ReadOnlySpan<byte> raw)
    {
        // In UTF-8 text only an escape, or a character that begins with EF (U+FFFE, U+FFFF), can be one that XML has no place for.
        if (raw.IndexOfAny((byte)'\\', (byte)0xEF) < 0) return true;
        foreach (var letter in value.GetString()!)
            if (!XmlConvert.IsXmlChar(letter) && !char.IsSurrogate(letter)) return false;
        return true;
    }

    static bool IsBlank(ReadOnlySpan<byte> raw) => raw.IndexOfAnyExcept((byte)' ') < 0;

    static bool IsBase64(JsonElement value, ReadOnlySpan<byte> raw) => !raw.Contains((byte)'\\') ? Base64.IsValid(raw) : Base64.IsValid(value.GetString());

    static bool IsReal(JsonElement value) => DateRange.TryParse(value.GetString(), out _);

    static bool IsDate(JsonElement value) => value.GetString()!.Length is 4 or 7 or 10 && IsReal(value);

    static bool IsDateTime(JsonElement value)
    {
        var text = value.GetString()!;
        return text.Length <= 10 ? text.Length is 4 or 7 or 10 && IsReal(value) : DateTime().IsMatch(text) && IsReal(value);
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))$", RegexOptions.ExplicitCapture)]
    private static partial Regex Instant();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))$", RegexOptions.ExplicitCapture)]
    private static partial Regex DateTime();

    [GeneratedRegex(@"^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Time();

    [GeneratedRegex(@"^urn:oid:[0-2](\.(0|[1-9]\d*))+$", RegexOptions.ExplicitCapture)]
    private static partial Regex Oid();

    [GeneratedRegex(@"^urn:uuid:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$", RegexOptions.ExplicitCapture)]
    private static partial Regex Uuid();
}
