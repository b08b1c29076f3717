using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tervik.Records.Patch;

/// <summary>JSON Patch (RFC 6902): all operations or none.</summary>
static class JsonPatch
{
    /// <summary>More operations in one patch are refused.</summary>
    const int MostOperations = 10_000;

    /// <summary>Applies <paramref name="patch"/>, an array of operations; numbers that are not touched keep their digits.</summary>
    /// <exception cref="FaultException">It is no patch, or an operation cannot be done; the fault names the operation.</exception>
    public static JsonNode? Apply(JsonNode? document, JsonElement patch)
    {
        if (patch.ValueKind != JsonValueKind.Array) throw Wrong(FaultKind.Invalid, "$", "A JSON Patch is an array of operations.");
        if (patch.GetArrayLength() > MostOperations) throw Wrong(FaultKind.TooLarge, "$", $"The patch has more than {MostOperations} operations.");
        var index = 0;
        foreach (var operation in patch.EnumerateArray())
        {
            document = Apply(document, operation, string.Create(CultureInfo.InvariantCulture, $"[{index}]"));
            index++;
        }
        return document;
    }

    static JsonNode? Apply(JsonNode? document, JsonElement operation, string where)
    {
        if (operation.ValueKind != JsonValueKind.Object) throw Wrong(FaultKind.Invalid, where, "An operation is an object.");
        var path = Pointer(operation, "path"u8, where);
        switch (Text(operation, "op"u8, where))
        {
            case "add": return Add(document, path, Value(operation, where), where);
            case "remove": return Remove(document, path, where, out _);
            case "replace":
                Find(document, path, where);
                if (path.Length == 0) return Value(operation, where);
                return Set(document, path, Value(operation, where), where);
            case "move":
                var from = Pointer(operation, "from"u8, where);
                if (path.AsSpan().StartsWith(from) && path.Length > from.Length) throw Wrong(FaultKind.Unprocessable, where, "A value cannot be moved into itself.");
                document = Remove(document, from, where, out var moved);
                return Add(document, path, moved, where);
            case "copy":
                return Add(document, path, Find(document, Pointer(operation, "from"u8, where), where)?.DeepClone(), where);
            case "test":
                var expected = Value(operation, where);
                return Same(Find(document, path, where), expected) ? document : throw Wrong(FaultKind.Unprocessable, where, $"The test of /{string.Join('/', path)} failed: another value is there.");
            case var other: throw Wrong(FaultKind.Invalid, where, $"{other} is no operation; add, remove, replace, move, copy and test are.");
        }
    }

    static FaultException Wrong(FaultKind kind, string where, string what) => new(new Fault(kind, kind == FaultKind.Unprocessable ? "processing" : "invalid", where, what));

    static string Text(JsonElement operation, ReadOnlySpan<byte> name, string where) => operation.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
        ? value.GetString()! : throw Wrong(FaultKind.Invalid, where, $"The operation has no text {System.Text.Encoding.UTF8.GetString(name)}.");

    static JsonNode? Value(JsonElement operation, string where) => !operation.TryGetProperty("value"u8, out var value)
        ? throw Wrong(FaultKind.Invalid, where, "The operation has no value.")
        : value.ValueKind == JsonValueKind.Null ? null : JsonNode.Parse(value.GetRawText());

    /// <summary>RFC 6901: parts between slashes; ~1 is a slash, ~0 a tilde.</summary>
    static string[] Pointer(JsonElement operation, ReadOnlySpan<byte> name, string where)
    {
        var text = Text(operation, name, where);
        if (text.Length == 0) return [];
        if (text[0] != '/') throw Wrong(FaultKind.Invalid, where, $"{text} is no JSON Pointer; it begins with a slash.");
        return [.. text[1..].Split('/').Select(part => part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
    }

    static JsonNode? Find(JsonNode? at, ReadOnlySpan<string> path, string where)
    {
        foreach (var part in path)
            at = at switch
            {
                JsonObject parent when parent.TryGetPropertyValue(part, out var child) => child,
                JsonArray list => list[Index(part, list.Count - 1, where)],
                _ => throw Wrong(FaultKind.Unprocessable, where, $"There is nothing at {part}."),
            };
        return at;
    }

    static int Index(string part, int last, string where) =>
        int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index <= last && (part.Length == 1 || part[0] != '0')
            ? index : throw Wrong(FaultKind.Unprocessable, where, $"{part} is no place in a list of {last + 1}.");

    static JsonNode? Add(JsonNode? document, string[] path, JsonNode? value, string where)
    {
        if (path.Length == 0) return value;
        switch (Find(document, path.AsSpan(..^1), where))
        {
            case JsonObject parent: parent[path[^1]] = value; break;
            case JsonArray list: list.Insert(path[^1] == "-" ? list.Count : Index(path[^1], list.Count, where), value); break;
            default: throw Wrong(FaultKind.Unprocessable, where, $"The parent of {path[^1]} is neither an object nor a list.");
        }
        return document;
    }

    static JsonNode? Set(JsonNode? document, string[] path, JsonNode? value, string where)
    {
        switch (Find(document, path.AsSpan(..^1), where))
        {
            case JsonObject parent: parent[path[^1]] = value; break;
            case JsonArray list: list[Index(path[^1], list.Count - 1, where)] = value; break;
        }
        return document;
    }

    static JsonNode? Remove(JsonNode? document, string[] path, string where, out JsonNode? removed)
    {
        removed = Find(document, path, where);
        if (path.Length == 0) return null;
        switch (Find(document, path.AsSpan(..^1), where))
        {
            case JsonObject parent: parent.Remove(path[^1]); break;
            case JsonArray list: list.RemoveAt(Index(path[^1], list.Count - 1, where)); break;
        }
        return document;
    }

    /// <summary>Equal as RFC 6902 says: numbers by value, objects without order.</summary>
    static bool Same(JsonNode? a, JsonNode? b) => (a, b) switch
    {
        (null, null) => true,
        (JsonObject x, JsonObject y) => x.Count == y.Count && x.All(member => y.TryGetPropertyValue(member.Key, out var other) && Same(member.Value, other)),
        (JsonArray x, JsonArray y) => x.Count == y.Count && x.Zip(y).All(pair => Same(pair.First, pair.Second)),
        (JsonValue x, JsonValue y) => x.GetValueKind() == y.GetValueKind() && (x.GetValueKind() == JsonValueKind.Number
            ? decimal.TryParse(x.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var m) && decimal.TryParse(y.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var n) ? m == n : x.ToJsonString() == y.ToJsonString()
            : x.ToString() == y.ToString()),
        _ => false,
    };
}
