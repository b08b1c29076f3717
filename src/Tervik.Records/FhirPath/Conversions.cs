using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tervik.Records.FhirPath;

/// <summary>Conversions between FHIRPath's types; null when a value cannot be converted.</summary>
static partial class Conversions
{
    static readonly string[] True = ["true", "t", "yes", "y", "1", "1.0"], False = ["false", "f", "no", "n", "0", "0.0"];

    public static PathItem? Boolean(PathItem item) => item.Kind switch
    {
        ItemKind.Boolean => item,
        ItemKind.Integer or ItemKind.Decimal when item.Number is 0 or 1 => PathItem.Of(item.Number == 1),
        ItemKind.String when True.Contains(item.Text.ToLowerInvariant()) => PathItem.Of(true),
        ItemKind.String when False.Contains(item.Text.ToLowerInvariant()) => PathItem.Of(false),
        _ => null,
    };

    public static PathItem? Integer(PathItem item) => item.Kind switch
    {
        ItemKind.Integer => item,
        ItemKind.Boolean => PathItem.Of((long)item.Number),
        ItemKind.String when long.TryParse(item.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => PathItem.Of(number),
        _ => null,
    };

    public static PathItem? Decimal(PathItem item) => item.Kind switch
    {
        ItemKind.Decimal => item,
        ItemKind.Integer or ItemKind.Boolean => PathItem.Of(item.Number),
        ItemKind.String when decimal.TryParse(item.Text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) => PathItem.Of(number),
        _ => null,
    };

    public static PathItem? String(PathItem item) => item.AsText() is { } text ? PathItem.Of(text) : null;

    public static PathItem? Date(PathItem item) => item.Kind switch
    {
        ItemKind.Date => item,
        ItemKind.DateTime => new(ItemKind.Date, default, 0, item.Text.Split('T')[0]),
        ItemKind.String when PathItem.Moment(item.Text) is { Kind: ItemKind.Date } date => date,
        ItemKind.String when PathItem.Moment(item.Text) is { Kind: ItemKind.DateTime } time => Date(time),
        _ => null,
    };

    public static PathItem? DateTime(PathItem item) => item.Kind switch
    {
        ItemKind.DateTime => item,
        ItemKind.Date => item with { Kind = ItemKind.DateTime },
        ItemKind.String when PathItem.Moment(item.Text) is { Kind: ItemKind.Date or ItemKind.DateTime } moment => moment with { Kind = ItemKind.DateTime },
        _ => null,
    };

    public static PathItem? Time(PathItem item) => item.Kind switch
    {
        ItemKind.Time => item,
        ItemKind.String when PathItem.Moment("T" + item.Text.TrimStart('T')) is { Kind: ItemKind.Time } time => time,
        _ => null,
    };

    public static PathItem? Quantity(PathItem item) => item.Kind switch
    {
        ItemKind.Quantity => item,
        ItemKind.Integer or ItemKind.Decimal or ItemKind.Boolean => PathItem.Quantity(item.Number, "1"),
        ItemKind.String when Measured().Match(item.Text) is { Success: true } match && decimal.TryParse(match.Groups["n"].Value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            => match.Groups["u"].Success ? PathItem.Quantity(number, match.Groups["u"].Value) : match.Groups["w"].Success ? Calendar.IsWord(match.Groups["w"].Value) ? PathItem.Quantity(number, match.Groups["w"].Value) : null : PathItem.Quantity(number, "1"),
        _ => null,
    };

    [GeneratedRegex(@"^(?<n>[+-]?\d+(\.\d+)?)\s*('(?<u>[^']+)'|(?<w>[a-zA-Z]+))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Measured();
}

/// <summary>Text in other forms: encode(), decode(), escape(), unescape().</summary>
static partial class Codings
{
    public static string Encode(string text, string form) => form switch
    {
        "base64" => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)),
        "urlbase64" => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).Replace('+', '-').Replace('/', '_'),
        "hex" => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text)),
        _ => throw new FhirPathException($"{form} is no encoding."),
    };

    public static string Decode(string text, string form)
    {
        try
        {
            return form switch
            {
                "base64" => Encoding.UTF8.GetString(Convert.FromBase64String(text)),
                "urlbase64" => Encoding.UTF8.GetString(Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/'))),
                "hex" => Encoding.UTF8.GetString(Convert.FromHexString(text)),
                _ => throw new FhirPathException($"{form} is no encoding."),
            };
        }
        catch (FormatException)
        {
            throw new FhirPathException($"The text is not {form}.");
        }
    }

    public static string Escape(string text, string form) => form switch
    {
        "html" => WebUtility.HtmlEncode(text),
        "json" => JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString(),
        _ => throw new FhirPathException($"{form} is no escaping."),
    };

    static string Unquoted(string text)
    {
        try
        {
            using var json = JsonDocument.Parse($"\"{BareQuote().Replace(text, "\\")}\"");
            return json.RootElement.GetString()!;
        }
        catch (JsonException)
        {
            throw new FhirPathException("The text is not escaped as in JSON.");
        }
    }

    [GeneratedRegex("""(?<!\\)(?=")""")]
    private static partial Regex BareQuote();

    public static string Unescape(string text, string form) => form switch
    {
        "html" => WebUtility.HtmlDecode(text),
        "json" => Unquoted(text),
        _ => throw new FhirPathException($"{form} is no escaping."),
    };
}
