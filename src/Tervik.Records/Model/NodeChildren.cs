using System.Collections;
using System.Text.Json;
using Tervik.Records.Definitions;

namespace Tervik.Records.Model;

/// <summary>The children of a node, in the order of the JSON. In a <c>foreach</c> it allocates nothing.</summary>
public readonly struct NodeChildren(Node parent) : IEnumerable<Node>
{
    /// <summary>Walks the children.</summary>
    public Walk GetEnumerator() => new(parent);
    IEnumerator<Node> IEnumerable<Node>.GetEnumerator() => GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Position among the children.</summary>
    public struct Walk : IEnumerator<Node>
    {
        readonly Node parent;
        readonly JsonElement json;
        JsonElement.ObjectEnumerator properties;
        ElementOfType? form;
        ItemPairs items;

        internal Walk(Node parent)
        {
            this.parent = parent;
            json = parent.IsPrimitive ? parent.Shadow : parent.Value;
            if (json.ValueKind == JsonValueKind.Object) properties = json.EnumerateObject();
        }

        /// <inheritdoc/>
        public Node Current { get; private set; }
        readonly object IEnumerator.Current => Current;

        /// <inheritdoc/>
        public bool MoveNext()
        {
            if (json.ValueKind != JsonValueKind.Object) return false;
            while (true)
            {
                while (items.MoveNext())
                {
                    if (Node.Make(form!, items.Value, items.Shadow, items.Index) is not { } item) continue;
                    Current = item;
                    return true;
                }
                if (!properties.MoveNext()) return false;
                if (Open(properties.Current) is not { } single) continue;
                Current = single;
                return true;
            }
        }

        /// <summary>Looks at a property: gives its only node, or prepares the walk over its array and gives null.</summary>
        Node? Open(JsonProperty property)
        {
            form = parent.FormOf(property, out var isShadow);
            if (form is null) return null;
            var isPrimitive = form.Type.Kind == FhirTypeKind.Primitive;
            var (value, shadow) = (property.Value, default(JsonElement));
            if (isShadow)
            {
                // With a value beside it, the pair was, or will be, given where the value stands.
                if (!isPrimitive || json.TryGetProperty(form.Utf8Name, out _)) return null;
                (value, shadow) = (default, property.Value);
            }
            else if (isPrimitive) json.TryGetProperty(form.Utf8ShadowName, out shadow);
            if (value.ValueKind != JsonValueKind.Array && shadow.ValueKind != JsonValueKind.Array) return Node.Make(form, value, shadow, -1);
            items = new(value, shadow);
            return null;
        }

        /// <inheritdoc/>
        public readonly void Reset() => throw new NotSupportedException();
        /// <inheritdoc/>
        public readonly void Dispose() { }
    }
}

/// <summary>Walks an array of values and the array of their shadows side by side. A value where an array was expected counts as an array of one: reading is lenient, validation is not.</summary>
struct ItemPairs
{
    readonly bool hasValues, hasShadows;
    JsonElement.ArrayEnumerator values, shadows;
    JsonElement singleValue, singleShadow;

    public ItemPairs(JsonElement value, JsonElement shadow)
    {
        hasValues = value.ValueKind == JsonValueKind.Array;
        hasShadows = shadow.ValueKind == JsonValueKind.Array;
        if (hasValues) values = value.EnumerateArray();
        else singleValue = value;
        if (hasShadows) shadows = shadow.EnumerateArray();
        else singleShadow = shadow;
        Index = -1;
    }

    public int Index { get; private set; }
    public JsonElement Value { get; private set; }
    public JsonElement Shadow { get; private set; }

    public bool MoveNext()
    {
        var more = Next(hasValues, ref values, ref singleValue, out var value) | Next(hasShadows, ref shadows, ref singleShadow, out var shadow);
        if (!more) return false;
        (Value, Shadow) = (value, shadow);
        Index++;
        return true;
    }

    static bool Next(bool isArray, ref JsonElement.ArrayEnumerator items, ref JsonElement single, out JsonElement item)
    {
        item = default;
        if (isArray)
        {
            if (!items.MoveNext()) return false;
            item = items.Current;
            return true;
        }
        (item, single) = (single, default);
        return item.ValueKind != JsonValueKind.Undefined;
    }
}
