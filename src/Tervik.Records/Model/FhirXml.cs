using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using Tervik.Records.Definitions;

namespace Tervik.Records.Model;

/// <summary>FHIR XML to and from JSON (xml.html), driven by the schema; decimals keep every digit, narratives are copied.</summary>
/// <remarks>What the schema does not know comes through as it is, so that validation can name it. Document type declarations are refused.</remarks>
public static partial class FhirXml
{
    const string Fhir = "http://hl7.org/fhir", Xhtml = "http://www.w3.org/1999/xhtml";

    /// <summary>Reads one resource.</summary>
    /// <exception cref="FaultException">It is not well-formed XML, no FHIR resource, or over a limit; the fault names line and column.</exception>
    public static byte[] ToJson(ReadOnlyMemory<byte> xml, DocumentLimits? limits = null)
    {
        limits ??= DocumentLimits.Default;
        if (xml.Length > limits.Bytes)
            throw new FaultException(new Fault(FaultKind.TooLarge, "too-long", null, string.Create(CultureInfo.InvariantCulture, $"The document has {xml.Length} bytes; at most {limits.Bytes} are accepted.")));
        var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, IgnoreProcessingInstructions = true, IgnoreWhitespace = true, MaxCharactersInDocument = limits.Bytes };
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(xml.ToArray(), writable: false), settings);
            reader.MoveToContent();
            var root = XmlPart.Read(reader, limits.Depth);
            while (reader.Read())
                if (reader.NodeType is XmlNodeType.Element or XmlNodeType.Text) throw Wrong("Something follows the resource.", reader);
            if (root.Namespace != Fhir) throw new FaultException(new Fault(FaultKind.Invalid, "structure", null, $"The root element {root.Name} is not in the namespace {Fhir}."));
            var output = new ArrayBufferWriter<byte>(xml.Length);
            using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
                WriteResource(json, root);
            return output.WrittenSpan.ToArray();
        }
        catch (XmlException fault)
        {
            throw new FaultException(new Fault(FaultKind.Invalid, "structure", null, $"This is not well-formed XML: {fault.Message}"));
        }
    }

    static FaultException Wrong(string what, XmlReader reader) => new(new Fault(FaultKind.Invalid, "structure", null,
        reader is IXmlLineInfo line ? string.Create(CultureInfo.InvariantCulture, $"{what} (line {line.LineNumber}, column {line.LinePosition})") : what));

    /// <summary>An XML element read into memory.</summary>
    sealed class XmlPart
    {
        public required string Name { get; init; }
        public required string Namespace { get; init; }
        public List<(string Name, string Value)> Attributes { get; } = [];
        public List<XmlPart> Children { get; } = [];
        /// <summary>Markup of a narrative.</summary>
        public string? Markup { get; private init; }

        public string? Attribute(string name)
        {
            foreach (var attribute in Attributes)
                if (attribute.Name == name) return attribute.Value;
            return null;
        }

        public static XmlPart Read(XmlReader reader, int depth)
        {
            if (depth == 0) throw new FaultException(new Fault(FaultKind.TooLarge, "too-costly", null, "The XML has too many elements inside each other."));
            if (reader.NamespaceURI == Xhtml) return new() { Name = reader.LocalName, Namespace = Xhtml, Markup = reader.ReadOuterXml() };
            var part = new XmlPart { Name = reader.LocalName, Namespace = reader.NamespaceURI };
            var isEmpty = reader.IsEmptyElement;
            while (reader.MoveToNextAttribute())
                if (reader.Prefix != "xmlns" && reader.Name != "xmlns" && reader.NamespaceURI != "http://www.w3.org/2001/XMLSchema-instance") part.Attributes.Add((reader.LocalName, reader.Value));
            reader.MoveToElement();
            reader.Read();
            if (isEmpty) return part;
            while (reader.NodeType != XmlNodeType.EndElement)
            {
                if (reader.NodeType == XmlNodeType.Element) part.Children.Add(Read(reader, depth - 1));
                else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA) throw Wrong($"Text inside {part.Name}; FHIR has its values in the attribute value.", reader);
                else if (!reader.Read()) break;
            }
            reader.Read();
            return part;
        }
    }

    static void WriteResource(Utf8JsonWriter json, XmlPart part)
    {
        json.WriteStartObject();
        json.WriteString("resourceType"u8, part.Name);
        WriteMembers(json, part, Schema.R4.Find(part.Name) is { Kind: FhirTypeKind.Resource } type ? type : null);
        json.WriteEndObject();
    }

    static void WriteMembers(Utf8JsonWriter json, XmlPart part, FhirType? type)
    {
        foreach (var (name, value) in part.Attributes)
            if (name != "value" || type?.Kind is not FhirTypeKind.Primitive) json.WriteString(name, value);
        foreach (var group in part.Children.GroupBy(child => child.Name))
        {
            var form = type?.ByJsonName(group.Key);
            var items = group.ToList();
            if (form is null || form.Type.Kind == FhirTypeKind.Primitive) WritePrimitives(json, group.Key, items, form);
            else
            {
                json.WritePropertyName(group.Key);
                var isArray = form.Element.IsArray || items.Count > 1;
                if (isArray) json.WriteStartArray();
                foreach (var item in items) WriteItem(json, item, form.Type);
                if (isArray) json.WriteEndArray();
            }
        }
    }

    static void WriteItem(Utf8JsonWriter json, XmlPart item, FhirType type)
    {
        if (type is { Kind: FhirTypeKind.Resource, IsAbstract: true })
        {
            if (item.Children.Count == 1) WriteResource(json, item.Children[0]);
            else json.WriteNullValue();
            return;
        }
        json.WriteStartObject();
        WriteMembers(json, item, type);
        json.WriteEndObject();
    }

    static void WritePrimitives(Utf8JsonWriter json, string name, List<XmlPart> items, ElementOfType? form)
    {
        var isArray = form?.Element.IsArray == true || items.Count > 1;
        if (items.Exists(item => item.Markup is not null || item.Attribute("value") is not null))
        {
            json.WritePropertyName(name);
            if (isArray) json.WriteStartArray();
            foreach (var item in items) WriteValue(json, item.Markup ?? item.Attribute("value"), form?.Type.Name);
            if (isArray) json.WriteEndArray();
        }
        if (!items.Exists(HasShadow) && items.Exists(item => item.Markup is not null || item.Attribute("value") is not null)) return;
        json.WritePropertyName("_" + name);
        if (isArray) json.WriteStartArray();
        foreach (var item in items)
        {
            if (!HasShadow(item) && isArray)
            {
                json.WriteNullValue();
                continue;
            }
            json.WriteStartObject();
            WriteMembers(json, item, form?.Type ?? Schema.R4.Find("string"));
            json.WriteEndObject();
        }
        if (isArray) json.WriteEndArray();
    }

    static bool HasShadow(XmlPart item) => item.Children.Count > 0 || item.Attribute("id") is not null;

    static void WriteValue(Utf8JsonWriter json, string? value, string? type)
    {
        if (value is null) json.WriteNullValue();
        else if (type == "boolean" && value is "true" or "false") json.WriteBooleanValue(value == "true");
        else if (type is "integer" or "decimal" or "positiveInt" or "unsignedInt" && JsonNumber().IsMatch(value)) json.WriteRawValue(value, skipInputValidation: true);
        else json.WriteStringValue(value);
    }

    [GeneratedRegex(@"^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$")]
    private static partial Regex JsonNumber();

    /// <summary>Writes a resource as XML.</summary>
    /// <param name="json">A valid resource.</param>
    public static byte[] FromJson(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 1000 });
        using var output = new MemoryStream(json.Length * 2);
        using (var xml = XmlWriter.Create(output, new XmlWriterSettings { Encoding = new UTF8Encoding(false), OmitXmlDeclaration = false, CheckCharacters = false }))
            WriteResource(xml, document.RootElement);
        return output.ToArray();
    }

    static void WriteResource(XmlWriter xml, JsonElement resource)
    {
        var node = Node.Resource(resource);
        xml.WriteStartElement(node.Type.Name, Fhir);
        WriteMembers(xml, resource, node.Type);
        xml.WriteEndElement();
    }

    static void WriteMembers(XmlWriter xml, JsonElement parent, FhirType type)
    {
        foreach (var element in type.Elements)
            if (element.IsXmlAttribute && parent.TryGetProperty(element.Forms[0].Utf8Name, out var attribute)) xml.WriteAttributeString(element.Name, attribute.ToString());
        foreach (var element in type.Elements)
        {
            if (element.IsXmlAttribute) continue;
            foreach (var form in element.Forms)
                if (form.Type.Kind == FhirTypeKind.Primitive) WritePrimitives(xml, parent, form);
                else if (parent.TryGetProperty(form.Utf8Name, out var value))
                {
                    if (value.ValueKind != JsonValueKind.Array) WriteComplex(xml, form, value);
                    else foreach (var item in value.EnumerateArray()) WriteComplex(xml, form, item);
                }
        }
    }

    static void WriteComplex(XmlWriter xml, ElementOfType form, JsonElement value)
    {
        xml.WriteStartElement(form.JsonName, Fhir);
        if (form.Type is { Kind: FhirTypeKind.Resource, IsAbstract: true }) WriteResource(xml, value);
        else WriteMembers(xml, value, form.Type);
        xml.WriteEndElement();
    }

    static void WritePrimitives(XmlWriter xml, JsonElement parent, ElementOfType form)
    {
        var hasValue = parent.TryGetProperty(form.Utf8Name, out var value);
        var hasShadow = parent.TryGetProperty(form.Utf8ShadowName, out var shadow);
        if (!hasValue && !hasShadow) return;
        if (value.ValueKind != JsonValueKind.Array && shadow.ValueKind != JsonValueKind.Array)
        {
            WritePrimitive(xml, form, value, shadow);
            return;
        }
        for (var items = new ItemPairs(value, shadow); items.MoveNext();) WritePrimitive(xml, form, items.Value, items.Shadow);
    }

    static void WritePrimitive(XmlWriter xml, ElementOfType form, JsonElement value, JsonElement shadow)
    {
        if (form.Type.Name == "xhtml")
        {
            if (value.ValueKind == JsonValueKind.String) xml.WriteRaw(value.GetString()!);
            return;
        }
        xml.WriteStartElement(form.JsonName, Fhir);
        if (shadow.ValueKind == JsonValueKind.Object && shadow.TryGetProperty("id"u8, out var id)) xml.WriteAttributeString("id", id.GetString());
        if (value.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null))
            xml.WriteAttributeString("value", value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText());
        if (shadow.ValueKind == JsonValueKind.Object && shadow.TryGetProperty("extension"u8, out var extensions))
            foreach (var extension in extensions.EnumerateArray())
            {
                xml.WriteStartElement("extension", Fhir);
                WriteMembers(xml, extension, Schema.R4.Find("Extension")!);
                xml.WriteEndElement();
            }
        xml.WriteEndElement();
    }
}
