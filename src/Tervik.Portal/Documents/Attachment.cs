using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Records.Files;

namespace Tervik.Portal.Documents;

/// <summary>A file inside an entry, or one that an entry points to.</summary>
/// <param name="Number">Its place among the attachments of its entry, from 0, in the order of the record.</param>
/// <param name="ContentType">Media type without parameters, lower case; <c>application/octet-stream</c> when it is not said.</param>
/// <param name="Charset">Of a text, or null.</param>
/// <param name="Title">As it was named, or null.</param>
/// <param name="Url">Where the bytes are when they are not here, or null.</param>
/// <param name="Base64">The bytes, or null.</param>
/// <param name="SizeBytes">Of the file; null when it is not known.</param>
public sealed record Attachment(int Number, string ContentType, string? Charset, string? Title, string? Url, string? Base64, long? SizeBytes)
{
    const int DeepestElement = 12, MostAttachments = 200;
    const int LongestName = 100;

    // Elements of type Attachment in R4's resources that may concern a patient.
    static readonly FrozenSet<string> Elements = FrozenSet.ToFrozenSet(["attachment", "presentedForm", "contentAttachment", "valueAttachment", "sourceAttachment", "photo", "image", "content", "attachmentReport"]);

    // What a browser may show: no script can come of it. HTML and SVG are never among them.
    static readonly FrozenSet<string> ShownInline = FrozenSet.ToFrozenSet(["application/pdf", "image/png", "image/jpeg"]);

    static readonly FrozenDictionary<string, string> Endings = new Dictionary<string, string>
    {
        ["text/plain"] = ".txt", ["application/pdf"] = ".pdf", ["image/png"] = ".png", ["image/jpeg"] = ".jpg", ["text/html"] = ".html", ["application/xhtml+xml"] = ".html", ["text/xml"] = ".xml", ["application/xml"] = ".xml",
        ["application/hl7-v3+xml"] = ".xml", ["application/json"] = ".json", ["application/fhir+json"] = ".json", ["text/rtf"] = ".rtf", ["application/rtf"] = ".rtf", ["image/tiff"] = ".tif", ["image/gif"] = ".gif",
        ["application/dicom"] = ".dcm", ["text/csv"] = ".csv", ["application/msword"] = ".doc", ["application/vnd.openxmlformats-officedocument.wordprocessingml.document"] = ".docx",
    }.ToFrozenDictionary();

    /// <summary>All attachments of an entry, in its order.</summary>
    public static List<Attachment> In(JsonElement resource)
    {
        var found = new List<Attachment>();
        Collect(resource, found, 0);
        return found;
    }

    static void Collect(JsonElement json, List<Attachment> found, int depth)
    {
        if (depth > DeepestElement || json.ValueKind != JsonValueKind.Object) return;
        foreach (var member in json.EnumerateObject())
            foreach (var item in member.Value.ValueKind == JsonValueKind.Array ? member.Value.EnumerateArray().AsEnumerable() : [member.Value])
            {
                if (item.ValueKind != JsonValueKind.Object || found.Count >= MostAttachments) continue;
                if (Elements.Contains(member.Name) && (item.At("data").ValueKind == JsonValueKind.String || item.At("url").ValueKind == JsonValueKind.String)) found.Add(Read(found.Count, item));
                else Collect(item, found, depth + 1);
            }
    }

    static Attachment Read(int number, JsonElement attachment)
    {
        var parts = (attachment.TextAt("contentType") ?? "application/octet-stream").Split(';', StringSplitOptions.TrimEntries);
        var charset = parts.Skip(1).FirstOrDefault(part => part.StartsWith("charset=", StringComparison.OrdinalIgnoreCase))?["charset=".Length..].Trim('"');
        var data = attachment.TextAt("data");
        // Three bytes are four letters.
        long? size = data is not null ? data.Length / 4L * 3 - data.AsSpan().Count('=') : attachment.At("size").ValueKind == JsonValueKind.Number && attachment.At("size").TryGetInt64(out var said) ? said : null;
        return new(number, parts[0].ToLowerInvariant(), charset, attachment.TextAt("title"), attachment.TextAt("url"), data, size);
    }

    /// <summary>The id of the Binary that has the bytes; null when they are here or elsewhere.</summary>
    public string? BinaryId => Base64 is null && Url is not null && Url.StartsWith("Binary/", StringComparison.Ordinal) ? Url["Binary/".Length..].Split('/')[0] : null;

    /// <summary>Whether this node has the bytes.</summary>
    public bool IsHere => Base64 is not null || BinaryId is not null;

    public bool IsImage => ContentType is "image/png" or "image/jpeg";

    /// <summary>Whether it is text to be read in the page.</summary>
    public bool IsText => ContentType is "text/plain" or "text/markdown" or "text/html" or "application/xhtml+xml";

    public bool IsHtml => ContentType is "text/html" or "application/xhtml+xml";

    /// <summary>Whether a browser may show these bytes itself: a type on the list, and bytes that fit it. Plain text is text whatever it holds.</summary>
    public static bool MayBeInline(string contentType, ReadOnlySpan<byte> bytes) => contentType == "text/plain" || ShownInline.Contains(contentType) && FileSignatures.Fits(contentType, bytes);

    /// <summary>The bytes; null when they are not in the entry, or are no base64.</summary>
    public byte[]? Bytes()
    {
        if (Base64 is null) return null;
        var bytes = new byte[Base64.Length / 4 * 3 + 3];
        return Convert.TryFromBase64String(Base64, bytes, out var length) ? bytes[..length] : null;
    }

    /// <summary>Text of the bytes in their charset, UTF-8 where none is said; what it cannot read becomes a replacement character.</summary>
    public static string Text(byte[] bytes, string? charset)
    {
        var encoding = charset?.ToLowerInvariant() is "iso-8859-1" or "latin1" or "windows-1252" ? Encoding.Latin1 : charset?.ToLowerInvariant() is "utf-16" or "utf-16le" ? Encoding.Unicode : Encoding.UTF8;
        return encoding.GetString(bytes).TrimStart('\uFEFF');
    }

    /// <summary>A file name that every system takes: the title, with the ending its type has.</summary>
    public string FileName(string otherwise)
    {
        var name = string.Concat((Title ?? otherwise).Select(letter => char.IsControl(letter) || letter is '/' or '\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|' or ';' or '%' or '\'' || char.IsSurrogate(letter) || IsHidden(letter) ? '_' : letter)).Trim(' ', '.');
        if (name.Length == 0) name = "document";
        if (name.Length > LongestName) name = name[..LongestName].Trim(' ', '.');
        return Endings.TryGetValue(ContentType, out var ending) && !name.EndsWith(ending, StringComparison.OrdinalIgnoreCase) ? name + ending : name;
    }

    // Signs that change the direction of writing make "exe.pdf" of "fdp.exe".
    static bool IsHidden(char letter) => char.GetUnicodeCategory(letter) is System.Globalization.UnicodeCategory.Format or System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator;

    /// <summary><c>12 kB</c>; null when it is not known.</summary>
    public string? Size => SizeBytes switch { null => null, < 1000 => $"{SizeBytes} B", < 1_000_000 => $"{SizeBytes / 1000} kB", _ => $"{SizeBytes / 1_000_000} MB" };
}
