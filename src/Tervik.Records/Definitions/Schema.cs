using System.Collections.Frozen;

namespace Tervik.Records.Definitions;

/// <summary>The types of FHIR R4 (4.0.1), its search parameters and compartments, read once from the packed official definitions.</summary>
public sealed class Schema
{
    static readonly string[] Strengths = ["", "example", "preferred", "extensible", "required"];

    readonly FrozenDictionary<string, FhirType> types;

    /// <summary>FHIR R4. Loading takes some 20 ms; parts that are rarely needed (constraints, value sets) are read when first asked for.</summary>
    public static Schema R4 => Loaded.R4;

    // A class of its own, so that the definitions are read when first asked for.
    static class Loaded
    {
        public static readonly Schema R4 = new(Pack.Open("schema.pack"));
    }

    Schema(Pack pack)
    {
        var byName = new Dictionary<string, FhirType>(1024, StringComparer.Ordinal);
        var drafts = pack.List(TypeDraft.Read);
        foreach (var draft in drafts) byName.Add(draft.Type.Name, draft.Type);
        foreach (var draft in drafts) draft.Link(byName);
        types = byName.ToFrozenDictionary(StringComparer.Ordinal);
        ResourceTypes = [.. byName.Values.Where(type => type is { Kind: FhirTypeKind.Resource, IsAbstract: false }).OrderBy(type => type.Name, StringComparer.Ordinal)];
        ResourceTable = new NameTable<FhirType>(ResourceTypes, static type => type.Name);
        SearchParameters = pack.List(ReadSearchParameter);
        Compartments = pack.List(static pack => new CompartmentDefinition(pack.Text(),
            pack.List(static pack => (Type: pack.Text(), Codes: pack.Texts())).ToFrozenDictionary(row => row.Type, row => (IReadOnlyList<string>)row.Codes, StringComparer.Ordinal)));
    }

    /// <summary>A type by name: <c>Patient</c>, <c>HumanName</c>, <c>code</c>, or a backbone by path (<c>Patient.contact</c>); null when unknown.</summary>
    public FhirType? Find(string name) => types.GetValueOrDefault(name);
    /// <summary>A resource type that can be stored, by the UTF-8 bytes of its name, without allocation; null when unknown.</summary>
    public FhirType? FindResource(ReadOnlySpan<byte> name) => ResourceTable.Find(name);
    /// <summary>All types, backbones included.</summary>
    public IEnumerable<FhirType> Types => types.Values;
    /// <summary>All resource types that can be stored (146 in R4), by name.</summary>
    public IReadOnlyList<FhirType> ResourceTypes { get; }
    /// <summary>The search parameters of R4, one row per parameter as published (<c>base</c> may name several types, or Resource/DomainResource).</summary>
    public IReadOnlyList<SearchParameterDefinition> SearchParameters { get; }
    /// <summary>The compartments of R4 (Patient, Encounter, RelatedPerson, Practitioner, Device).</summary>
    public IReadOnlyList<CompartmentDefinition> Compartments { get; }

    NameTable<FhirType> ResourceTable { get; }

    static SearchParameterDefinition ReadSearchParameter(Pack pack) => new()
    {
        Url = pack.Text(),
        Code = pack.Text(),
        Type = pack.Text(),
        Base = pack.Texts(),
        Expression = pack.OptionalText(),
        Target = pack.Texts(),
        Components = pack.List(static pack => (pack.Text(), pack.Text())),
        Description = pack.OptionalText(),
    };

    /// <summary>A type whose elements still name their types.</summary>
    sealed record TypeDraft(FhirType Type, string? Base, (Element Element, (string Type, string? Profile)[] Forms)[] Elements)
    {
        public static TypeDraft Read(Pack pack)
        {
            var type = new FhirType { Name = pack.Text(), Kind = (FhirTypeKind)pack.Int() };
            var baseName = pack.OptionalText();
            type.IsAbstract = pack.Flag();
            var count = pack.Int();
            var elements = new (Element, (string, string?)[])[count];
            for (var i = 0; i < count; i++) elements[i] = ReadElement(pack, type);
            return new(type, baseName, elements);
        }

        static (Element, (string, string?)[]) ReadElement(Pack pack, FhirType type)
        {
            var (name, min, max, flags) = (pack.Text(), pack.Int(), pack.Int(), pack.Int());
            var forms = pack.List(static pack => (pack.Text(), pack.OptionalText()));
            var element = new Element
            {
                Owner = type,
                Name = name,
                Min = min,
                Max = max == 0 ? int.MaxValue : max,
                IsChoice = (flags & 1) != 0,
                IsArray = (flags & 2) != 0,
                InSummary = (flags & 4) != 0,
                IsModifier = (flags & 8) != 0,
                IsXmlAttribute = (flags & 16) != 0,
                ReferenceTargets = pack.Texts(),
                BindingStrength = pack.Int() is var strength and not 0 ? Strengths[strength] : null,
                BindingValueSet = pack.OptionalText(),
            };
            return (element, forms);
        }

        public void Link(Dictionary<string, FhirType> types)
        {
            Type.Base = Base is null ? null : types[Base];
            var elements = new Element[Elements.Length];
            for (var i = 0; i < elements.Length; i++)
            {
                var (element, forms) = Elements[i];
                var linked = new ElementOfType[forms.Length];
                for (var j = 0; j < forms.Length; j++)
                    linked[j] = new(element, types[forms[j].Type], JsonName(element, forms[j].Type)) { Profile = forms[j].Profile };
                element.Forms = linked;
                elements[i] = element;
            }
            Type.SetElements(elements);
        }

        static string JsonName(Element element, string type) =>
            element.IsChoice ? $"{element.Name}{char.ToUpperInvariant(type[0])}{type.AsSpan(1)}" : element.Name;
    }
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
