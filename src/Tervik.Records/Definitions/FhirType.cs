using System.Text;

namespace Tervik.Records.Definitions;

/// <summary>What a type is made of.</summary>
public enum FhirTypeKind
{
    /// <summary>string, code, dateTime …</summary>
    Primitive,
    /// <summary>HumanName, Quantity, Extension …</summary>
    Complex,
    /// <summary>Part of one type, named by its path.</summary>
    Backbone,
    /// <summary>Patient, Bundle …</summary>
    Resource,
}

/// <summary>A FHIR type and its elements, inherited ones included, in the order of the specification.</summary>
public sealed class FhirType
{
    NameTable<ElementOfType> byJsonName = NameTable<ElementOfType>.Empty;

    /// <summary><c>Patient</c>, <c>HumanName</c>, <c>dateTime</c>; for a backbone its path, <c>Patient.contact</c>.</summary>
    public required string Name { get; init; }
    /// <summary>Primitive, complex, backbone or resource.</summary>
    public required FhirTypeKind Kind { get; init; }
    /// <summary>The type it specializes (<c>code</c> -> <c>string</c>, <c>Patient</c> -> <c>DomainResource</c>, <c>Age</c> -> <c>Quantity</c>, a backbone -> <c>BackboneElement</c> or <c>Element</c>); null at the root.</summary>
    public FhirType? Base { get; internal set; }
    /// <summary>Whether it cannot occur by itself (Resource, DomainResource, Element, BackboneElement).</summary>
    public bool IsAbstract { get; internal set; }
    /// <summary>Elements in order; a choice is one element. Those of a primitive are id, extension and value.</summary>
    public IReadOnlyList<Element> Elements { get; private set; } = [];
    /// <summary>Every form of every element, in order; <see cref="ElementOfType.Ordinal"/> is the place here.</summary>
    internal ElementOfType[] Forms { get; private set; } = [];

    /// <summary>The element and type behind a JSON property name without leading underscore: <c>valueQuantity</c> gives (value[x], Quantity). Null when unknown.</summary>
    public ElementOfType? ByJsonName(string jsonName)
    {
        Span<byte> utf8 = stackalloc byte[NameTable<ElementOfType>.LongestName];
        return Encoding.UTF8.TryGetBytes(jsonName, utf8, out var written) ? byJsonName.Find(utf8[..written]) : null;
    }

    /// <summary>The same by UTF-8 bytes, without allocation.</summary>
    public ElementOfType? ByJsonName(ReadOnlySpan<byte> jsonName) => byJsonName.Find(jsonName);

    /// <summary>The element by its FHIRPath name: <c>value</c> for value[x]. Null when unknown.</summary>
    public Element? ByName(string name)
    {
        foreach (var element in (Element[])Elements)
            if (element.Name == name) return element;
        return null;
    }

    /// <summary>Whether this is, or specializes, <paramref name="name"/>.</summary>
    public bool Is(string name)
    {
        for (var type = this; type is not null; type = type.Base)
            if (type.Name == name) return true;
        return false;
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    internal void SetElements(Element[] elements)
    {
        Elements = elements;
        Forms = [.. elements.SelectMany(element => element.Forms)];
        for (var i = 0; i < Forms.Length; i++) Forms[i].Ordinal = i;
        for (var i = 0; i < elements.Length; i++) elements[i].Ordinal = i;
        byJsonName = new(Forms, static form => form.JsonName);
    }
}

/// <summary>An element under one of its types, as found behind a JSON property name.</summary>
/// <param name="Element">The element.</param>
/// <param name="Type">Its type under this name.</param>
/// <param name="JsonName">The property name, such as <c>valueQuantity</c>.</param>
public sealed record ElementOfType(Element Element, FhirType Type, string JsonName)
{
    /// <summary>Name of a profile the type must keep to, such as <c>SimpleQuantity</c>; null as a rule.</summary>
    public string? Profile { get; init; }
    /// <summary><see cref="JsonName"/> as UTF-8.</summary>
    internal byte[] Utf8Name { get; } = Encoding.UTF8.GetBytes(JsonName);
    /// <summary>The name with a leading underscore, where id and extensions of a primitive stand.</summary>
    internal byte[] Utf8ShadowName { get; } = Encoding.UTF8.GetBytes("_" + JsonName);
    /// <summary>Place among all forms of the type that owns the element.</summary>
    internal int Ordinal { get; set; }

    /// <summary>The same object: a schema holds each form once.</summary>
    public bool Equals(ElementOfType? other) => ReferenceEquals(this, other);
    /// <inheritdoc/>
    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}

/// <summary>An element of a type.</summary>
public sealed class Element
{
    string? path;

    /// <summary>The type it belongs to; inherited elements are repeated in each type.</summary>
    public required FhirType Owner { get; init; }
    /// <summary>FHIRPath name: <c>value</c> for <c>value[x]</c>.</summary>
    public required string Name { get; init; }
    /// <summary><c>Observation.value[x]</c>.</summary>
    public string Path => path ??= IsChoice ? $"{Owner.Name}.{Name}[x]" : $"{Owner.Name}.{Name}";
    /// <summary>At least.</summary>
    public required int Min { get; init; }
    /// <summary>At most; <see cref="int.MaxValue"/> for <c>*</c>.</summary>
    public required int Max { get; init; }
    /// <summary>Whether JSON writes it as an array (the base definition allows more than one).</summary>
    public required bool IsArray { get; init; }
    /// <summary>Whether it is a choice of types (<c>value[x]</c>).</summary>
    public required bool IsChoice { get; init; }
    /// <summary>The forms it can take: one, or one per type of a choice. Where the definition refers to another element's content (<c>Questionnaire.item.item</c>), that one's type.</summary>
    public IReadOnlyList<ElementOfType> Forms { get; internal set; } = [];
    /// <summary>Whether it is in <c>_summary=true</c>.</summary>
    public bool InSummary { get; init; }
    /// <summary>Whether it changes the meaning of the rest.</summary>
    public bool IsModifier { get; init; }
    /// <summary>XML attribute (<c>Extension.url</c>, <c>Element.id</c>) rather than an element.</summary>
    public bool IsXmlAttribute { get; init; }
    /// <summary>Types that references may point to; empty means any.</summary>
    public IReadOnlyList<string> ReferenceTargets { get; init; } = [];
    /// <summary>Strength of the binding (<c>required</c>, <c>extensible</c> …), or null.</summary>
    public string? BindingStrength { get; init; }
    /// <summary>Canonical URL of the bound value set, with its version where one was given; or null.</summary>
    public string? BindingValueSet { get; init; }
    /// <summary>Place among the elements of its owner.</summary>
    internal int Ordinal { get; set; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
