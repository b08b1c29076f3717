namespace Tervik.Records.Definitions;

/// <summary>The types of FHIR R4 (4.0.1), its search parameters and compartments, read once from the packed official definitions.</summary>
public sealed class Schema
{
    /// <summary>FHIR R4. Loading takes well under 150 ms; parts that are rarely needed (constraints, value sets) are read when first asked for.</summary>
    public static Schema R4 => throw new NotImplementedException();

    /// <summary>A type by name: <c>Patient</c>, <c>HumanName</c>, <c>code</c>, or a backbone by path (<c>Patient.contact</c>); null when unknown.</summary>
    public FhirType? Find(string name) => throw new NotImplementedException(name);
    /// <summary>All resource types that can be stored (148 in R4), by name.</summary>
    public IReadOnlyList<FhirType> ResourceTypes => throw new NotImplementedException();
    /// <summary>The search parameters of R4, one row per parameter as published (<c>base</c> may name several types, or Resource/DomainResource).</summary>
    public IReadOnlyList<SearchParameterDefinition> SearchParameters => throw new NotImplementedException();
    /// <summary>The compartments of R4 (Patient, Encounter, RelatedPerson, Practitioner, Device).</summary>
    public IReadOnlyList<CompartmentDefinition> Compartments => throw new NotImplementedException();
}

/// <summary>What a type is made of.</summary>
public enum FhirTypeKind
{
    /// <summary>string, code, dateTime …</summary>
    Primitive,
    /// <summary>HumanName, Quantity, Extension …</summary>
    Complex,
    /// <summary>Part of one resource, named by its path.</summary>
    Backbone,
    /// <summary>Patient, Bundle …</summary>
    Resource,
}

/// <summary>A FHIR type and its elements, inherited ones included, in the order of the specification.</summary>
public sealed class FhirType
{
    /// <summary><c>Patient</c>, <c>HumanName</c>, <c>dateTime</c>; for a backbone its path, <c>Patient.contact</c>.</summary>
    public required string Name { get; init; }
    /// <summary>Primitive, complex, backbone or resource.</summary>
    public required FhirTypeKind Kind { get; init; }
    /// <summary>The type it specializes (<c>code</c> -> <c>string</c>, <c>Patient</c> -> <c>DomainResource</c>, <c>Age</c> -> <c>Quantity</c>); null at the root.</summary>
    public FhirType? Base { get; internal set; }
    /// <summary>Whether it cannot occur by itself (Resource, DomainResource, Element, BackboneElement).</summary>
    public bool IsAbstract { get; init; }
    /// <summary>Elements in order; a choice is one element.</summary>
    public IReadOnlyList<Element> Elements { get; internal set; } = [];
    /// <summary>The element and type behind a JSON property name without leading underscore: <c>valueQuantity</c> gives (value[x], Quantity). Null when unknown.</summary>
    public ElementOfType? ByJsonName(string jsonName) => throw new NotImplementedException(jsonName);
    /// <summary>The same by UTF-8 bytes, without allocation.</summary>
    public ElementOfType? ByJsonName(ReadOnlySpan<byte> jsonName) => throw new NotImplementedException(jsonName.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
    /// <summary>The element by its FHIRPath name: <c>value</c> for value[x]. Null when unknown.</summary>
    public Element? ByName(string name) => throw new NotImplementedException(name);
    /// <summary>Whether this is, or specializes, <paramref name="name"/>.</summary>
    public bool Is(string name)
    {
        for (var type = this; type is not null; type = type.Base)
            if (type.Name == name) return true;
        return false;
    }
}

/// <summary>An element under one of its types, as found behind a JSON property name.</summary>
/// <param name="Element">The element.</param>
/// <param name="Type">Its type under this name.</param>
/// <param name="JsonName">The property name, such as <c>valueQuantity</c>.</param>
public sealed record ElementOfType(Element Element, FhirType Type, string JsonName);

/// <summary>An element of a type.</summary>
public sealed class Element
{
    /// <summary>FHIRPath name: <c>value</c> for <c>value[x]</c>.</summary>
    public required string Name { get; init; }
    /// <summary><c>Observation.value[x]</c>.</summary>
    public required string Path { get; init; }
    /// <summary>At least.</summary>
    public required int Min { get; init; }
    /// <summary>At most; <see cref="int.MaxValue"/> for <c>*</c>.</summary>
    public required int Max { get; init; }
    /// <summary>Whether JSON writes it as an array (the base definition allows more than one).</summary>
    public required bool IsArray { get; init; }
    /// <summary>Whether it is a choice of types (<c>value[x]</c>).</summary>
    public required bool IsChoice { get; init; }
    /// <summary>The forms it can take: one, or one per type of a choice.</summary>
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
    /// <summary>Canonical URL of the bound value set, or null.</summary>
    public string? BindingValueSet { get; init; }
}

/// <summary>A search parameter as published.</summary>
public sealed record SearchParameterDefinition
{
    /// <summary>Canonical URL.</summary>
    public required string Url { get; init; }
    /// <summary>Name in a query: <c>birthdate</c>.</summary>
    public required string Code { get; init; }
    /// <summary>number, date, string, token, reference, composite, quantity, uri or special.</summary>
    public required string Type { get; init; }
    /// <summary>Resource types it applies to; may hold <c>Resource</c> or <c>DomainResource</c>.</summary>
    public required IReadOnlyList<string> Base { get; init; }
    /// <summary>FHIRPath over the resource; alternatives for several types are joined by <c>|</c>. Null for special ones.</summary>
    public string? Expression { get; init; }
    /// <summary>Types a reference may point to.</summary>
    public IReadOnlyList<string> Target { get; init; } = [];
    /// <summary>Parts of a composite: canonical URL and FHIRPath relative to <see cref="Expression"/>.</summary>
    public IReadOnlyList<(string Definition, string Expression)> Components { get; init; } = [];
    /// <summary>Human description.</summary>
    public string? Description { get; init; }
}

/// <summary>Which search parameters place a resource in a compartment.</summary>
/// <param name="Code"><c>Patient</c>, <c>Encounter</c> …</param>
/// <param name="Members">Resource type to parameter codes (an empty list: not a member; <c>{def}</c>: the resource itself).</param>
public sealed record CompartmentDefinition(string Code, IReadOnlyDictionary<string, IReadOnlyList<string>> Members);
