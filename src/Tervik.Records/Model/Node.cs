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
    public static Node Resource(JsonElement json) => throw new NotImplementedException(json.ValueKind.ToString());

    /// <summary>All children in the order of the JSON, array items one by one; unknown properties are left out (validation refuses them).</summary>
    public IEnumerable<Node> Children() => throw new NotImplementedException();

    /// <summary>Children under a FHIRPath name (<c>value</c> finds <c>valueQuantity</c>), added to <paramref name="found"/>.</summary>
    public void Children(string name, List<Node> found) => throw new NotImplementedException(name + found.Count);

    /// <summary>The text of a string-like primitive, or the raw digits of a number; null otherwise.</summary>
    public string? Text => throw new NotImplementedException();
}
