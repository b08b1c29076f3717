using System.Globalization;
using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;

namespace Tervik.Portal.Entry;

/// <summary>One element of an entry in words.</summary>
/// <param name="Depth">0 for the entry's own elements.</param>
/// <param name="Label">What the reader calls the element.</param>
/// <param name="Value">In words; null for an element with parts of its own, which follow.</param>
/// <param name="Href">The page of what it refers to, when that is an entry of the same patient.</param>
/// <param name="Path">Where it stands: tells the same element of two versions apart from others.</param>
public sealed record EntryRow(int Depth, string Label, string? Value, string? Href, string Path);

/// <summary>One element that differs between two versions.</summary>
/// <param name="Label">Its name and those of the elements it is in.</param>
/// <param name="Before">Null when it was not there.</param>
/// <param name="After">Null when it is no longer there.</param>
public sealed record EntryChange(string Label, string? Before, string? After);

/// <summary>Writes the elements of any resource as rows, in the order of the record.</summary>
static class EntryRows
{
    const int DeepestRow = 4, MostRows = 300;
    static readonly string[] Unshown = ["resourceType", "id", "meta", "contained", "extension", "modifierExtension", "implicitRules", "language", "subject", "patient"];
    static readonly string[] StateElements = ["status", "clinicalStatus", "verificationStatus", "lifecycleStatus", "achievementStatus", "docStatus"];

    public static List<EntryRow> Of(JsonElement resource, Mentions mentions)
    {
        var rows = new List<EntryRow>();
        foreach (var member in resource.EnumerateObject())
            if (!Unshown.Contains(member.Name) && !IsSkipped(member)) Add(rows, resource, mentions, 0, member.Name, member.Name, member.Value);
        return rows;
    }

    // Narratives and the bytes of files are no values of a line; members with a low line only carry extensions.
    static bool IsSkipped(JsonProperty member) => member.Name.StartsWith('_') || member.Name == "text" && member.Value.ValueKind == JsonValueKind.Object || member.Name == "data" && member.Value.ValueKind == JsonValueKind.String;

    static void Add(List<EntryRow> rows, JsonElement resource, Mentions mentions, int depth, string name, string path, JsonElement value)
    {
        if (rows.Count >= MostRows || depth > DeepestRow) return;
        if (value.ValueKind == JsonValueKind.Array)
        {
            var number = 0;
            foreach (var item in value.EnumerateArray()) Add(rows, resource, mentions, depth, name, $"{path}[{(number++).ToString(CultureInfo.InvariantCulture)}]", item);
            return;
        }
        var label = ElementWords.Element(name);
        if (Short(name, value, resource, mentions) is { } words)
        {
            if (words.Length > 0) rows.Add(new(depth, label, words, value.ValueKind == JsonValueKind.Object ? mentions.HrefOf(value) : null, path));
            return;
        }
        rows.Add(new(depth, label, null, null, path));
        foreach (var member in value.EnumerateObject())
            if (member.Name is not ("id" or "extension") && !IsSkipped(member)) Add(rows, resource, mentions, depth + 1, member.Name, $"{path}.{member.Name}", member.Value);
    }

    /// <summary>A value that fits in a line; null for an element with parts of its own.</summary>
    static string? Short(string name, JsonElement value, JsonElement resource, Mentions mentions)
    {
        if (StateElements.Contains(name) && States.Of(value) is { } state) return state;
        if (name == "class" && ElementWords.VisitKind(value) is { } kind) return kind;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return Words.Of(value.ValueKind == JsonValueKind.True ? "Yes" : "No");
        if (value.ValueKind != JsonValueKind.Object) return FhirDate.Read(value.AsText()) is { } date && (value.AsText()!.Length >= 10 || IsDate(name)) ? date.DayAndTime
            : value.ValueKind == JsonValueKind.Number ? Numbers.Write(value.GetRawText()) : Coded(name, value.AsText()) ?? "";
        if (value.At("reference").Exists() || value.At("identifier").ValueKind == JsonValueKind.Object && value.At("display").Exists()) return mentions.NameOf(value, resource) ?? value.TextAt("reference") ?? "";
        if (value.At("start").Exists() || value.At("end").Exists())
            return string.Join(" – ", FhirDate.Read(value.TextAt("start"))?.DayAndTime ?? "", FhirDate.Read(value.TextAt("end"))?.DayAndTime ?? "");
        if (value.At("value").Exists() && Values.Quantity(value) is { } quantity) return quantity;
        if (value.At("low").ValueKind == JsonValueKind.Object || value.At("high").ValueKind == JsonValueKind.Object) return value.At("type").Exists() || value.At("appliesTo").Exists() ? null : Values.Range(value);
        return value.At("coding").ValueKind == JsonValueKind.Array || value.At("code").ValueKind == JsonValueKind.String || value.At("text").ValueKind == JsonValueKind.String && !value.At("status").Exists() && value.EnumerateObject().Count() == 1 ? Codes.Write(value) : null;
    }

    // "2024-03" is a date where a date is expected, and may be a number elsewhere.
    static bool IsDate(string name) => name.EndsWith("DateTime", StringComparison.Ordinal) || name.EndsWith("Date", StringComparison.Ordinal) || name is "date" or "start" or "end";

    static string? Coded(string name, string? text) => text is not null && name is "priority" or "criticality" && Words.Has($"{name} {text}") ? Words.Of($"{name} {text}") : name is "intent" or "use" or "mode" or "criticality" or "priority" or "type" or "category" ? Codes.Readable(text) : text;

    /// <summary>What differs between two versions, in the order of the newer one.</summary>
    public static List<EntryChange> Changes(JsonElement before, JsonElement after, Mentions mentions)
    {
        var (old, young) = (Leaves(before, mentions), Leaves(after, mentions));
        var changes = young.Where(leaf => !old.TryGetValue(leaf.Key, out var was) || was.Value != leaf.Value.Value).Select(leaf => new EntryChange(leaf.Value.Label, old.GetValueOrDefault(leaf.Key).Value, leaf.Value.Value)).ToList();
        changes.AddRange(old.Where(leaf => !young.ContainsKey(leaf.Key)).Select(leaf => new EntryChange(leaf.Value.Label, leaf.Value.Value, null)));
        return changes;
    }

    static Dictionary<string, (string Label, string? Value)> Leaves(JsonElement resource, Mentions mentions)
    {
        var leaves = new Dictionary<string, (string, string?)>(StringComparer.Ordinal);
        var above = new string[DeepestRow + 1];
        foreach (var row in Of(resource, mentions))
        {
            above[row.Depth] = row.Label;
            if (row.Value is not null) leaves.TryAdd(row.Path, (string.Join(" › ", above[..(row.Depth + 1)]), row.Value));
        }
        return leaves;
    }
}
