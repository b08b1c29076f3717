using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Tervik.Portal.Explain;
using Tervik.Records.Indexing;

namespace Tervik.Portal.Timeline;

/// <summary>What of an entry can be found by its words: names of codes, notes, narratives, conclusions, messages, and the text of attachments that lie inside the entry.</summary>
static class SearchableText
{
    /// <summary>Of a longer attachment, the beginning is searched.</summary>
    public const int MostOfAttachmentBytes = 128 * 1024;
    const int MostTexts = 400;

    // Elements whose strings are words for people.
    static readonly HashSet<string> Spoken = new(StringComparer.Ordinal)
    {
        "display", "text", "title", "description", "conclusion", "comment", "contentString", "valueString", "valueMarkdown", "patientInstruction", "instruction", "name", "summary", "deviceName", "note", "code",
    };

    /// <summary>All texts of a resource, in its order.</summary>
    public static List<string> Of(JsonElement resource)
    {
        var texts = new List<string>();
        Collect(resource, texts);
        return texts;
    }

    static void Collect(JsonElement json, List<string> texts)
    {
        if (texts.Count >= MostTexts) return;
        if (json.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in json.EnumerateArray()) Collect(item, texts);
            return;
        }
        if (json.ValueKind != JsonValueKind.Object) return;
        string? system = null, code = null, type = null;
        JsonElement data = default;
        foreach (var member in json.EnumerateObject())
        {
            switch (member.Name)
            {
                case "system" when member.Value.ValueKind == JsonValueKind.String: system = member.Value.GetString(); continue;
                case "contentType" when member.Value.ValueKind == JsonValueKind.String: type = member.Value.GetString(); continue;
                case "data" when member.Value.ValueKind == JsonValueKind.String: data = member.Value; continue;
                case "div" when member.Value.ValueKind == JsonValueKind.String: texts.Add(NarrativeText.Of(member.Value.GetString()!)); continue;
                case "code" when member.Value.ValueKind == JsonValueKind.String: code = member.Value.GetString(); break;
                case "meta" or "identifier" or "subject" or "patient": continue;
            }
            if (member.Value.ValueKind == JsonValueKind.String)
            {
                if (Spoken.Contains(member.Name)) texts.Add(member.Value.GetString()!);
            }
            else Collect(member.Value, texts);
        }
        // Who searches "blood sugar" means HbA1c too.
        if (system is not null && code is not null && Explanations.Find(system, code) is { } explanation) texts.Add(explanation.Title);
        if (data.ValueKind == JsonValueKind.String && Attachment(type, data) is { } attached) texts.Add(attached);
    }

    /// <summary>The text of an attachment; null when it is no text or broken.</summary>
    static string? Attachment(string? type, JsonElement data)
    {
        if (type is null || !type.StartsWith("text/", StringComparison.OrdinalIgnoreCase)) return null;
        var base64 = data.GetString()!.AsSpan();
        // Base64 turns 3 bytes into 4 characters.
        if (base64.Length > MostOfAttachmentBytes / 3 * 4) base64 = base64[..(MostOfAttachmentBytes / 3 * 4)];
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(base64.Length) + 3];
        if (!Convert.TryFromBase64Chars(base64, bytes, out var length)) return null;
        var charset = type.Contains("iso-8859-1", StringComparison.OrdinalIgnoreCase) || type.Contains("latin1", StringComparison.OrdinalIgnoreCase) ? Encoding.Latin1
            : type.Contains("utf-16", StringComparison.OrdinalIgnoreCase) ? Encoding.Unicode : Encoding.UTF8;
        var text = charset.GetString(bytes.AsSpan(0, length));
        return type.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) || type.StartsWith("text/xml", StringComparison.OrdinalIgnoreCase) ? NarrativeText.Of(text) : text;
    }

    /// <summary>People, organizations and places of an entry: their names where it says them, else the references.</summary>
    public static (List<string> Names, List<string> References) Who(JsonElement resource)
    {
        var (names, references) = (new List<string>(), new List<string>());
        CollectWho(resource, names, references);
        return (names, references);
    }

    static void CollectWho(JsonElement json, List<string> names, List<string> references)
    {
        if (json.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in json.EnumerateArray()) CollectWho(item, names, references);
        }
        else if (json.ValueKind == JsonValueKind.Object)
        {
            if (json.TryGetProperty("reference", out var reference) && reference.ValueKind == JsonValueKind.String && reference.GetString() is { } text && IsWho(text))
            {
                if (json.TryGetProperty("display", out var display) && display.ValueKind == JsonValueKind.String) names.Add(display.GetString()!);
                else references.Add(text);
            }
            else
                foreach (var member in json.EnumerateObject())
                    if (member.Name is not ("subject" or "patient" or "meta" or "text")) CollectWho(member.Value, names, references);
        }
    }

    static bool IsWho(string reference) => reference.StartsWith("Practitioner", StringComparison.Ordinal) || reference.StartsWith("Organization/", StringComparison.Ordinal) || reference.StartsWith("Location/", StringComparison.Ordinal)
        || reference.StartsWith("CareTeam/", StringComparison.Ordinal) || reference.StartsWith("RelatedPerson/", StringComparison.Ordinal);
}
