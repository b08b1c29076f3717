using System.Text.Json;

namespace Tervik.Records.Model;

/// <summary>Steps into a stored resource. Whatever is absent reads as absent: foreign records leave out what they like.</summary>
public static class JsonReading
{
    /// <summary>A member; undefined when there is none.</summary>
    public static JsonElement At(this JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value : default;

    /// <summary>A member's text; null when there is none or it is blank.</summary>
    public static string? TextAt(this JsonElement json, string name) => json.At(name).AsText();

    /// <summary>The text of a string, the digits of a number, yes or no; null when it is none of these or blank.</summary>
    public static string? AsText(this JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => json.GetString()!.Trim() is { Length: > 0 } text ? text : null,
        JsonValueKind.Number => json.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => null,
    };

    /// <summary>The items of an array member; a member that is no array counts as one item.</summary>
    public static IEnumerable<JsonElement> ItemsAt(this JsonElement json, string name) => json.At(name) switch
    {
        { ValueKind: JsonValueKind.Array } array => array.EnumerateArray(),
        { ValueKind: JsonValueKind.Undefined or JsonValueKind.Null } => [],
        var single => [single],
    };

    /// <summary>The first item of an array member, or the member itself; undefined when there is none.</summary>
    public static JsonElement FirstAt(this JsonElement json, string name)
    {
        foreach (var item in json.ItemsAt(name)) return item;
        return default;
    }

    /// <summary>Whether there is anything but null.</summary>
    public static bool Exists(this JsonElement json) => json.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);
}
