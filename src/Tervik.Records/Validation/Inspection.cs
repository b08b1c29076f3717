using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Tervik.Records.Definitions;
using Tervik.Records.FhirPath;
using Tervik.Records.Files;
using Tervik.Records.Model;
using Tervik.Records.Terminology;

namespace Tervik.Records.Validation;

/// <summary>One pass over a resource: structure first, then the constraints of each element. Reused; allocates only when something is wrong.</summary>
sealed partial class Inspection
{
    /// <summary>After so many faults the rest is not listed.</summary>
    const int MostFaults = 100;

    static readonly UTF8Encoding Utf8 = new(false);

    /// <summary>Where the pass is: property names and places in lists, joined to a FHIRPath only for a fault.</summary>
    readonly List<(string Name, int Index)> path = [];
    List<Fault>? faults;
    List<SentFile>? files;
    ValidationDepth depth;
    JsonElement root;
    /// <summary>The nearest resource: <c>%resource</c>.</summary>
    Node resource;

    public IReadOnlyList<Fault> Run(Node checkedResource, ValidationDepth wanted, out IReadOnlyList<SentFile> found)
    {
        (faults, files, depth, root, resource) = (null, null, wanted, checkedResource.Value, checkedResource);
        path.Clear();
        path.Add((resource.Type.Name, -1));
        Object(resource.Value, resource.Type, isResource: true);
        if (depth >= ValidationDepth.Invariants) Domain(checkedResource);
        found = files ?? (IReadOnlyList<SentFile>)[];
        files = null;
        return faults ?? (IReadOnlyList<Fault>)[];
    }

    string Where()
    {
        var text = new StringBuilder();
        foreach (var (name, index) in path)
        {
            if (text.Length > 0) text.Append('.');
            text.Append(name);
            if (index >= 0) text.Append(CultureInfo.InvariantCulture, $"[{index}]");
        }
        return text.ToString();
    }

    void Wrong(string code, string what, string? child = null, string severity = "error")
    {
        faults ??= [];
        if (faults.Count >= MostFaults) return;
        faults.Add(new Fault(FaultKind.Unprocessable, code, child is null ? Where() : $"{Where()}.{child}", what) { Severity = severity });
    }

    void Object(JsonElement value, FhirType type, bool isResource)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            Wrong("structure", $"An object ({type.Name}) was expected, but {Node.Described(value.ValueKind)} was found.");
            return;
        }
        UInt128 seenElements = 0, seenForms = 0, seenShadows = 0;
        var isEmpty = true;
        foreach (var property in value.EnumerateObject())
        {
            var raw = JsonMarshal.GetRawUtf8PropertyName(property);
            if (isResource && raw.SequenceEqual("resourceType"u8)) continue;
            isEmpty = false;
            var isShadow = raw.Length > 1 && raw[0] == '_';
            var form = type.ByJsonName(isShadow ? raw[1..] : raw);
            if (form is null || isShadow && form.Type.Kind != FhirTypeKind.Primitive)
            {
                Wrong("structure", $"{type.Name} has no element {Utf8.GetString(raw)}.", Utf8.GetString(raw));
                continue;
            }
            var bit = UInt128.One << form.Ordinal;
            ref var seen = ref isShadow ? ref seenShadows : ref seenForms;
            if ((seen & bit) != 0) Wrong("structure", $"{Utf8.GetString(raw)} is given twice.", Utf8.GetString(raw));
            seen |= bit;
            var elementBit = UInt128.One << form.Element.Ordinal;
            if ((seenElements & elementBit) != 0 && form.Element.IsChoice && ((seenForms | seenShadows) & bit) == bit && IsSecondForm(value, form))
                Wrong("structure", $"Only one form of {form.Element.Name}[x] is possible.", form.JsonName);
            seenElements |= elementBit;
            Member(value, property.Value, form, isShadow);
        }
        if (isEmpty && !isResource) Wrong("invariant", "An element must have a value or children (ele-1).");
        foreach (var element in (Element[])type.Elements)
            if (element.Min > 0 && (seenElements & UInt128.One << element.Ordinal) == 0)
                Wrong("required", $"{element.Path} is required, but absent.", element.Name);
        if (depth < ValidationDepth.Invariants || isEmpty) return;
        Constraints(value, type);
        Published(value, type, type.Name);
    }

    static bool IsSecondForm(JsonElement parent, ElementOfType form)
    {
        foreach (var other in form.Element.Forms)
            if (other != form && (parent.TryGetProperty(other.Utf8Name, out _) || parent.TryGetProperty(other.Utf8ShadowName, out _))) return true;
        return false;
    }

    void Member(JsonElement parent, JsonElement value, ElementOfType form, bool isShadow)
    {
        var element = form.Element;
        if (element.IsArray)
        {
            if (value.ValueKind != JsonValueKind.Array)
            {
                Wrong("structure", $"{element.Path} repeats: an array was expected, but {Node.Described(value.ValueKind)} was found.", form.JsonName);
                return;
            }
            var count = value.GetArrayLength();
            if (count == 0) Wrong("structure", "An array must not be empty.", form.JsonName);
            if (count > element.Max) Wrong("structure", string.Create(CultureInfo.InvariantCulture, $"{element.Path} may occur {element.Max} times at most, but occurs {count} times."), form.JsonName);
            JsonElement other = default;
            if (form.Type.Kind == FhirTypeKind.Primitive) parent.TryGetProperty(isShadow ? form.Utf8Name : form.Utf8ShadowName, out other);
            var index = 0;
            foreach (var item in value.EnumerateArray())
            {
                path.Add((form.JsonName, index));
                if (item.ValueKind == JsonValueKind.Null) NullItem(form, other, index);
                else Item(item, form, isShadow);
                path.RemoveAt(path.Count - 1);
                index++;
            }
            return;
        }
        path.Add((form.JsonName, -1));
        if (value.ValueKind == JsonValueKind.Null) Wrong("structure", "null is no value; leave the property out.");
        else Item(value, form, isShadow);
        path.RemoveAt(path.Count - 1);
    }

    /// <summary>null stands in a list of primitives only where the other list has something.</summary>
    void NullItem(ElementOfType form, JsonElement other, int index)
    {
        var hasOther = form.Type.Kind == FhirTypeKind.Primitive && other.ValueKind == JsonValueKind.Array && index < other.GetArrayLength() && other[index].ValueKind != JsonValueKind.Null;
        if (!hasOther) Wrong("structure", "null stands where a value was expected.");
    }

    void Item(JsonElement item, ElementOfType form, bool isShadow)
    {
        if (isShadow) Object(item, form.Type, isResource: false);
        else if (form.Type.Kind == FhirTypeKind.Primitive) Primitive(item, form);
        else if (form.Type is { Kind: FhirTypeKind.Resource, IsAbstract: true }) Contained(item);
        else
        {
            Object(item, form.Type, isResource: false);
            if (depth >= ValidationDepth.Invariants && form.Type.Name != form.Element.Path && item.ValueKind == JsonValueKind.Object) Published(item, form.Type, form.Element.Path);
            if (form.Element.BindingStrength == "required") Binding(item, form);
        }
    }

    void Contained(JsonElement item)
    {
        if (Node.ResourceTypeOf(item) is { IsAbstract: false } type)
        {
            var outer = resource;
            resource = new(type, null, item, default, -1);
            Object(item, type, isResource: true);
            resource = outer;
        }
        else Wrong("structure", "A resource with a resourceType of FHIR R4 was expected.");
    }

    void Primitive(JsonElement value, ElementOfType form)
    {
        if (Primitives.Expected(form.Type.Name, value) is { } expected)
        {
            Wrong("value", $"{Shortened(value)} is not {form.Type.Name}: {expected} was expected.");
            return;
        }
        // Bytes where any type may stand, as in an extension: those of files are found with their types.
        if (form.Element.IsChoice && form.Type.Name == "base64Binary") (files ??= []).Add(new(Where(), null, value));
        if (form.Type.Name == "xhtml" && Narrative.WhatIsWrong(value.GetString()!) is { } wrong) Wrong("invariant", wrong);
        if (form.Element.BindingStrength == "required" && form.Type.Name == "code" && form.Element.BindingValueSet is { } set && R4Terminology.Instance.ValueSet(set) is { } codes && !codes.Contains(value.GetString()!))
            Wrong("code-invalid", $"{Shortened(value)} is not in the value set {set}, which is required here.");
    }

    void Binding(JsonElement value, ElementOfType form)
    {
        if (form.Element.BindingValueSet is not { } set || value.ValueKind != JsonValueKind.Object || R4Terminology.Instance.ValueSet(set) is not { } codes) return;
        switch (form.Type.Name)
        {
            case "Coding" when !IsIn(value, codes): Wrong("code-invalid", $"The coding is not in the value set {set}, which is required here."); break;
            case "CodeableConcept" when value.TryGetProperty("coding"u8, out var codings) && codings.ValueKind == JsonValueKind.Array:
                foreach (var coding in codings.EnumerateArray())
                    if (IsIn(coding, codes)) return;
                Wrong("code-invalid", $"None of the codings is in the value set {set}, which is required here.");
                break;
        }
    }

    static bool IsIn(JsonElement coding, ValueSetCodes codes) => coding.ValueKind == JsonValueKind.Object && coding.TryGetProperty("code"u8, out var code) && code.ValueKind == JsonValueKind.String
        && (coding.TryGetProperty("system"u8, out var system) && system.ValueKind == JsonValueKind.String ? codes.Contains(system.GetString()!, code.GetString()!) : codes.Contains(code.GetString()!));

    /// <summary>Constraints of the specification that are not checked by hand.</summary>
    void Published(JsonElement value, FhirType type, string place)
    {
        foreach (var constraint in ConstraintTable.R4.At(place))
        {
            bool? holds;
            try
            {
                holds = constraint.Expression.IsTrue(new(type, null, value, default, -1), resource);
            }
            catch (FhirPathException)
            {
                continue; // what the structure has refused already may not be evaluated
            }
            if (holds == false) Wrong("invariant", $"{constraint.Human} ({constraint.Key}).", severity: constraint.IsError ? "error" : "warning");
        }
    }

    static string Shortened(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 60 ? text : text[..59] + "…";
    }
}
