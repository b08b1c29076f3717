using System.Runtime.InteropServices;
using System.Text.Json;
using Tervik.Records.Definitions;

namespace Tervik.Records.Model;

/// <summary>One element of a resource: its JSON and its FHIR type. A view, which allocates nothing and keeps every digit.</summary>
/// <param name="Type">The type it has; for a contained resource, that resource's.</param>
/// <param name="Element">The element it is in its parent; null for a root.</param>
/// <param name="Value">The JSON value; <see cref="JsonValueKind.Undefined"/> for a primitive that has only extensions.</param>
/// <param name="Shadow">The object of the property with the underscore (id and extensions of a primitive), or undefined.</param>
/// <param name="Index">Place in its array, or -1.</param>
public readonly record struct Node(FhirType Type, Element? Element, JsonElement Value, JsonElement Shadow, int Index)
{
    /// <summary>The root of a resource whose <c>resourceType</c> is known.</summary>
    /// <exception cref="FaultException">The JSON is no object, or its resourceType is missing or unknown.</exception>
    public static Node Resource(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new FaultException(new Fault(FaultKind.Invalid, "structure", null, $"Expected a resource, a JSON object with a resourceType, but found {Described(json.ValueKind)}."));
        if (ResourceTypeOf(json) is { } type) return new(type, null, json, default, -1);
        throw new FaultException(json.TryGetProperty("resourceType"u8, out var name)
            ? new Fault(FaultKind.Invalid, "structure", "resourceType", $"{name.GetRawText()} is not a resource type of FHIR R4.")
            : new Fault(FaultKind.Invalid, "structure", "resourceType", "The resource does not say its resourceType."));
    }

    /// <summary>The type that a resource names, or null when it names none of R4.</summary>
    internal static FhirType? ResourceTypeOf(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty("resourceType"u8, out var name) && name.ValueKind == JsonValueKind.String
            ? Schema.R4.FindResource(Raw(name)[1..^1]) : null;

    /// <summary>Whether it is a primitive such as string or dateTime.</summary>
    public bool IsPrimitive => Type.Kind == FhirTypeKind.Primitive;
    /// <summary>Whether it has a value of its own: every element that is no primitive, and a primitive that is more than extensions.</summary>
    public bool HasValue => Value.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    /// <summary>All children in the order of the JSON, array items one by one; unknown properties are left out (validation refuses them).
    /// Those of a primitive are its id and extensions.</summary>
    public NodeChildren Children() => new(this);

    /// <summary>Children under a FHIRPath name (<c>value</c> finds <c>valueQuantity</c>), added to <paramref name="found"/>.
    /// A primitive has, besides id and extension, a child <c>value</c>: itself without them.</summary>
    public void Children(string name, List<Node> found)
    {
        if (Type.ByName(name) is not { } element) return;
        if (IsPrimitive && name == "value")
        {
            if (HasValue) found.Add(new(Type, element, Value, default, -1));
            return;
        }
        Children(element, found);
    }

    /// <summary>Children that are <paramref name="element"/> of this node's type, added to <paramref name="found"/>.</summary>
    public void Children(Element element, List<Node> found)
    {
        var parent = IsPrimitive ? Shadow : Value;
        if (parent.ValueKind != JsonValueKind.Object) return;
        if (element.IsChoice)
        {
            foreach (var property in parent.EnumerateObject())
                if (FormOf(property, out _) is { } form && form.Element == element)
                {
                    AddForm(parent, form, found);
                    return;
                }
        }
        else AddForm(parent, element.Forms[0], found);
    }

    /// <summary>The text of a string-like primitive, or the raw digits of a number; null otherwise.</summary>
    public string? Text => Value.ValueKind switch
    {
        JsonValueKind.String => Value.GetString(),
        JsonValueKind.Number => Value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => null,
    };

    /// <summary>The form behind a property, with or without underscore.</summary>
    internal ElementOfType? FormOf(JsonProperty property, out bool isShadow)
    {
        var name = JsonMarshal.GetRawUtf8PropertyName(property);
        isShadow = name.Length > 1 && name[0] == '_';
        if (name.Contains((byte)'\\')) return Type.ByJsonName(isShadow ? property.Name[1..] : property.Name);
        return Type.ByJsonName(isShadow ? name[1..] : name);
    }

    static void AddForm(JsonElement parent, ElementOfType form, List<Node> found)
    {
        var hasValue = parent.TryGetProperty(form.Utf8Name, out var value);
        JsonElement shadow = default;
        var hasShadow = form.Type.Kind == FhirTypeKind.Primitive && parent.TryGetProperty(form.Utf8ShadowName, out shadow);
        if (!hasValue && !hasShadow) return;
        if (value.ValueKind != JsonValueKind.Array && shadow.ValueKind != JsonValueKind.Array)
        {
            Add(form, value, shadow, -1, found);
            return;
        }
        for (var items = new ItemPairs(value, shadow); items.MoveNext();) Add(form, items.Value, items.Shadow, items.Index, found);
    }

    static void Add(ElementOfType form, JsonElement value, JsonElement shadow, int index, List<Node> found)
    {
        if (Make(form, value, shadow, index) is { } node) found.Add(node);
    }

    /// <summary>A child, or null where the JSON holds nothing of its type: null beside null, or a resource of unknown type.</summary>
    internal static Node? Make(ElementOfType form, JsonElement value, JsonElement shadow, int index)
    {
        if (form.Type.Kind == FhirTypeKind.Primitive)
        {
            if (value.ValueKind == JsonValueKind.Null) value = default;
            if (shadow.ValueKind != JsonValueKind.Object) shadow = default;
            return value.ValueKind == JsonValueKind.Undefined && shadow.ValueKind == JsonValueKind.Undefined ? null : new(form.Type, form.Element, value, shadow, index);
        }
        if (value.ValueKind != JsonValueKind.Object) return null;
        var type = form.Type is { Kind: FhirTypeKind.Resource, IsAbstract: true } ? ResourceTypeOf(value) : form.Type;
        return type is null ? null : new(type, form.Element, value, default, index);
    }

    internal static ReadOnlySpan<byte> Raw(JsonElement value) => JsonMarshal.GetRawUtf8Value(value);

    internal static string Described(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null",
    };
}
