using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Records.Operations;
using Tervik.Records.FhirPath;
using Tervik.Records.Model;

namespace Tervik.Records.Patch;

/// <summary>FHIRPath Patch (fhirpatch.html): add, insert, delete, replace and move, given as Parameters.</summary>
static class FhirPathPatch
{
    public static JsonNode Apply(JsonObject resource, JsonElement parameters)
    {
        if (!parameters.TryGetProperty("parameter"u8, out var list)) return resource; // nothing to change
        if (list.ValueKind != JsonValueKind.Array) throw Wrong(FaultKind.Invalid, "Parameters.parameter", "A list of operations was expected.");
        var index = 0;
        foreach (var parameter in list.EnumerateArray())
        {
            var where = string.Create(CultureInfo.InvariantCulture, $"Parameters.parameter[{index++}]");
            if (parameter.ValueKind != JsonValueKind.Object || !parameter.TryGetProperty("name"u8, out var name) || !name.ValueEquals("operation"u8)) throw Wrong(FaultKind.Invalid, where, "A parameter named operation was expected.");
            Apply(resource, new Operation(parameter, where));
        }
        return resource;
    }

    static FaultException Wrong(FaultKind kind, string where, string what) => new(new Fault(kind, kind == FaultKind.Invalid ? "invalid" : "processing", where, what));

    /// <summary>The parts of one operation.</summary>
    sealed class Operation(JsonElement parameter, string where)
    {
        public string Where => where;
        public string Type => Text("type");
        public string Path => Text("path");
        public string Name => Text("name");
        public int Index(string name) => Part(name) is { } part && Value(part) is var (_, value) && value.TryGetInt32(out var index) ? index : throw Wrong(FaultKind.Invalid, where, $"The operation has no integer {name}.");

        string Text(string name) => Part(name) is { } part && Value(part) is var (_, value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(FaultKind.Invalid, where, $"The operation has no text {name}.");

        /// <summary>The new value with its type (<c>String</c> of <c>valueString</c>), or an object put together from parts.</summary>
        public (string? Type, JsonNode Value) New()
        {
            var part = Part("value") ?? throw Wrong(FaultKind.Invalid, where, "The operation has no value.");
            return New(part);
        }

        (string? Type, JsonNode Value) New(JsonElement part)
        {
            if (part.TryGetProperty("part"u8, out var parts) && parts.ValueKind == JsonValueKind.Array)
            {
                var made = new JsonObject();
                foreach (var item in parts.EnumerateArray())
                {
                    var (_, value) = New(item);
                    var name = item.GetProperty("name"u8).GetString()!;
                    if (made[name] is JsonArray list) list.Add(value);
                    else if (made[name] is { } single)
                    {
                        made.Remove(name);
                        made[name] = new JsonArray(single, value);
                    }
                    else made[name] = value;
                }
                return (null, made);
            }
            if (part.TryGetProperty("resource"u8, out var resource)) return (null, JsonNode.Parse(resource.GetRawText())!);
            var (type, found) = Value(part);
            return type is null ? throw Wrong(FaultKind.Invalid, where, "The operation has no value.") : (type, JsonNode.Parse(found.GetRawText())!);
        }

        JsonElement? Part(string name)
        {
            if (parameter.TryGetProperty("part"u8, out var parts) && parts.ValueKind == JsonValueKind.Array)
                foreach (var part in parts.EnumerateArray())
                    if (part.ValueKind == JsonValueKind.Object && part.TryGetProperty("name"u8, out var found) && found.ValueEquals(name)) return part;
            return null;
        }

        static (string? Type, JsonElement Value) Value(JsonElement part)
        {
            foreach (var property in part.EnumerateObject())
                if (property.Name.StartsWith("value", StringComparison.Ordinal) && property.Name.Length > 5) return (property.Name[5..], property.Value);
            return (null, default);
        }
    }

    static void Apply(JsonObject resource, Operation operation)
    {
        var found = Select(resource, operation);
        switch (operation.Type)
        {
            case "add": Add(Single(found, operation), operation); break;
            case "insert": Insert(found, operation); break;
            case "delete":
                if (found.Count > 1) throw Wrong(FaultKind.Unprocessable, operation.Where, $"{operation.Path} finds {found.Count} elements; one at most can be deleted.");
                if (found.Count == 1) Remove(found[0]);
                break;
            case "replace": Replace(Single(found, operation), operation.New().Value); break;
            case "move": Move(found, operation); break;
            case var other: throw Wrong(FaultKind.Invalid, operation.Where, $"{other} is no operation; add, insert, delete, replace and move are.");
        }
    }

    /// <summary>An element found, as a place in the tree that can be changed.</summary>
    sealed record Found(Node Node, JsonNode Value);

    static List<Found> Select(JsonObject resource, Operation operation)
    {
        // The expression runs over an immutable copy whose nodes are found again by their JSON paths.
        using var document = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(resource, NodeJson.Default.JsonObject));
        var root = Node.Resource(document.RootElement);
        var nodes = new List<Node>();
        try
        {
            FhirPathExpression.Compile(operation.Path).SelectNodes(root, nodes);
        }
        catch (FhirPathException fault)
        {
            throw Wrong(FaultKind.Invalid, operation.Where, $"{operation.Path}: {fault.Message}");
        }
        return [.. nodes.Select(node => new Found(node with { Value = default, Shadow = default }, Locate(resource, document.RootElement, node.Value) ?? throw Wrong(FaultKind.Unprocessable, operation.Where, $"{operation.Path} does not point to an element of the resource.")))];
    }

    static JsonNode? Locate(JsonNode at, JsonElement here, JsonElement wanted)
    {
        if (IsSame(here, wanted)) return at;
        if (here.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in here.EnumerateObject())
                if (at[property.Name] is { } child && Locate(child, property.Value, wanted) is { } found) return found;
        }
        else if (here.ValueKind == JsonValueKind.Array)
        {
            var index = 0;
            foreach (var item in here.EnumerateArray())
                if (at[index++] is { } child && Locate(child, item, wanted) is { } found) return found;
        }
        return null;
    }

    /// <summary>The same place of the same document, not only an equal value.</summary>
    static bool IsSame(JsonElement a, JsonElement b) => a.ValueKind == b.ValueKind
        && System.Runtime.CompilerServices.Unsafe.AreSame(ref System.Runtime.InteropServices.MemoryMarshal.GetReference(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(a)),
            ref System.Runtime.InteropServices.MemoryMarshal.GetReference(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(b)))
        && System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(a).Length == System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(b).Length;

    static Found Single(List<Found> found, Operation operation) => found.Count == 1 ? found[0]
        : throw Wrong(FaultKind.Unprocessable, operation.Where, $"{operation.Path} finds {found.Count} elements; one was expected.");

    static void Add(Found target, Operation operation)
    {
        if (target.Value is not JsonObject parent) throw Wrong(FaultKind.Unprocessable, operation.Where, $"{operation.Path} is a primitive; nothing can be added to it.");
        var (type, value) = operation.New();
        var element = target.Node.Type.ByName(operation.Name) ?? target.Node.Type.ByJsonName(operation.Name)?.Element
            ?? throw Wrong(FaultKind.Unprocessable, operation.Where, $"{target.Node.Type.Name} has no element {operation.Name}.");
        var property = element.IsChoice && !operation.Name.StartsWith(element.Name, StringComparison.Ordinal) ? operation.Name
            : element.IsChoice && target.Node.Type.ByJsonName(operation.Name) is null ? element.Name + type : operation.Name;
        if (!element.IsArray) parent[property] = value;
        else if (parent[property] is JsonArray list) list.Add(value);
        else parent[property] = new JsonArray(value);
    }

    static JsonArray List(List<Found> found, Operation operation) => found.Count > 0 && found[0].Value.Parent is JsonArray list ? list
        : throw Wrong(FaultKind.Unprocessable, operation.Where, $"{operation.Path} finds no list.");

    static void Insert(List<Found> found, Operation operation)
    {
        var (list, index) = (List(found, operation), operation.Index("index"));
        if (index < 0 || index > list.Count) throw Wrong(FaultKind.Unprocessable, operation.Where, $"{index} is no place in a list of {list.Count}.");
        list.Insert(index, operation.New().Value);
    }

    static void Move(List<Found> found, Operation operation)
    {
        var (list, from, to) = (List(found, operation), operation.Index("source"), operation.Index("destination"));
        if (from < 0 || from >= list.Count || to < 0 || to >= list.Count) throw Wrong(FaultKind.Unprocessable, operation.Where, $"The list has {list.Count} elements; {from} to {to} is not in it.");
        var moved = list[from];
        list.RemoveAt(from);
        list.Insert(to, moved);
    }

    static void Replace(Found found, JsonNode value) => found.Value.ReplaceWith(value);

    static void Remove(Found found) => Remove(found.Value);

    /// <summary>What is empty afterwards goes too: FHIR has no empty elements.</summary>
    static void Remove(JsonNode node)
    {
        var parent = node.Parent;
        switch (parent)
        {
            case JsonArray list: list.Remove(node); break;
            case JsonObject owner: owner.Remove(node.GetPropertyName()); break;
        }
        if (parent is { Parent: not null } and (JsonArray { Count: 0 } or JsonObject { Count: 0 })) Remove(parent);
    }
}
