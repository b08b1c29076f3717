using System.Buffers;
using System.Text.Json;
using Tervik.Records.Definitions;

namespace Tervik.Records.Model;

/// <summary>Gives out a part of a resource (<c>_summary</c>, <c>_elements</c>), tagged SUBSETTED, by copying bytes of the stored body.</summary>
/// <remarks>Source: FHIR R4, search.html#summary and search.html#elements.</remarks>
public sealed class Subset
{
    /// <summary><c>_summary=true</c>: the elements that the specification marks, and mandatory ones, at every level.</summary>
    public static Subset Summary { get; } = new((_, element) => element.InSummary || element.Min > 0, isDeep: true);
    /// <summary><c>_summary=text</c>: narrative, id, meta and mandatory elements.</summary>
    public static Subset Text { get; } = new((_, element) => element.Name is "text" or "id" or "meta" || element.Min > 0, isDeep: false);
    /// <summary><c>_summary=data</c>: all but the narrative.</summary>
    public static Subset Data { get; } = new((_, element) => element.Name != "text", isDeep: false);

    static ReadOnlySpan<byte> Tag => """{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED","display":"Resource encoded in summary mode"}"""u8;

    readonly Func<FhirType, Element, bool> keeps;
    readonly bool isDeep;

    Subset(Func<FhirType, Element, bool> keeps, bool isDeep) => (this.keeps, this.isDeep) = (keeps, isDeep);

    /// <summary><c>_elements=name,birthDate</c>; a name may be qualified (<c>Patient.name</c>). Mandatory elements, id, meta and what could change the meaning are always kept.</summary>
    public static Subset Elements(IEnumerable<string> names)
    {
        var wanted = names.Select(name => name.Trim()).Where(name => name.Length > 0).ToHashSet(StringComparer.Ordinal);
        return new((type, element) => element.Min > 0 || element.Name is "id" or "meta" or "implicitRules" or "modifierExtension"
            || wanted.Contains(element.Name) || wanted.Contains($"{type.Name}.{element.Name}"), isDeep: false);
    }

    /// <summary>Writes the part of <paramref name="body"/>, a stored (minified, valid) resource.</summary>
    public void Write(ReadOnlySpan<byte> body, IBufferWriter<byte> output)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 1000 });
        reader.Read();
        var type = TypeOf(body) ?? throw new FaultException(new Fault(FaultKind.Internal, "exception", null, "The stored body is no resource."));
        output.Write("{\"resourceType\":\""u8);
        output.Write(System.Text.Encoding.UTF8.GetBytes(type.Name));
        output.Write("\""u8);
        var wroteMeta = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            if (reader.ValueTextEquals("meta"u8))
            {
                output.Write(",\"meta\":"u8);
                reader.Read();
                WriteTagged(body, ref reader, output);
                wroteMeta = true;
            }
            else if (Kept(type, reader.ValueSpan) is not { } form) Pass(ref reader);
            else
            {
                output.Write(","u8);
                WriteMember(body, start, form, ref reader, output);
            }
        }
        if (!wroteMeta)
        {
            output.Write(",\"meta\":{\"tag\":["u8);
            output.Write(Tag);
            output.Write("]}"u8);
        }
        output.Write("}"u8);
    }

    static FhirType? TypeOf(ReadOnlySpan<byte> resource)
    {
        var reader = new Utf8JsonReader(resource, new JsonReaderOptions { MaxDepth = 1000 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("resourceType"u8);
            reader.Read();
            if (isType) return Schema.R4.FindResource(reader.ValueSpan);
            reader.Skip();
        }
        return null;
    }

    ElementOfType? Kept(FhirType type, ReadOnlySpan<byte> name)
    {
        var form = type.ByJsonName(name is [(byte)'_', ..] ? name[1..] : name);
        return form is not null && keeps(type, form.Element) ? form : null;
    }

    static void Pass(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    /// <summary>Writes a member whose name the reader has just read.</summary>
    void WriteMember(ReadOnlySpan<byte> body, int start, ElementOfType form, ref Utf8JsonReader reader, IBufferWriter<byte> output)
    {
        var nameEnd = (int)reader.TokenStartIndex + reader.ValueSpan.Length + 2;
        reader.Read();
        if (!isDeep || form.Type.Kind == FhirTypeKind.Primitive)
        {
            reader.Skip();
            output.Write(body[start..(int)reader.BytesConsumed]);
            return;
        }
        output.Write(body[start..nameEnd]);
        output.Write(":"u8);
        WriteValue(body, form.Type, ref reader, output);
    }

    void WriteValue(ReadOnlySpan<byte> body, FhirType type, ref Utf8JsonReader reader, IBufferWriter<byte> output)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            output.Write("["u8);
            for (var first = true; reader.Read() && reader.TokenType != JsonTokenType.EndArray; first = false)
            {
                if (!first) output.Write(","u8);
                WriteValue(body, type, ref reader, output);
            }
            output.Write("]"u8);
        }
        else if (reader.TokenType == JsonTokenType.StartObject && type is not { Kind: FhirTypeKind.Resource, IsAbstract: true } && KeepsAny(type, reader)) WriteObject(body, type, ref reader, output);
        else
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            output.Write(body[start..(int)reader.BytesConsumed]);
        }
    }

    // An object of which nothing would be left (only extensions, say) is given whole: an empty one is not FHIR.
    bool KeepsAny(FhirType type, Utf8JsonReader ahead)
    {
        while (ahead.Read() && ahead.TokenType == JsonTokenType.PropertyName)
        {
            if (Kept(type, ahead.ValueSpan) is not null) return true;
            Pass(ref ahead);
        }
        return false;
    }

    void WriteObject(ReadOnlySpan<byte> body, FhirType type, ref Utf8JsonReader reader, IBufferWriter<byte> output)
    {
        output.Write("{"u8);
        for (var first = true; reader.Read() && reader.TokenType == JsonTokenType.PropertyName;)
        {
            var start = (int)reader.TokenStartIndex;
            if (Kept(type, reader.ValueSpan) is not { } form)
            {
                Pass(ref reader);
                continue;
            }
            if (!first) output.Write(","u8);
            first = false;
            WriteMember(body, start, form, ref reader, output);
        }
        output.Write("}"u8);
    }

    /// <summary>Writes meta with the tag added; the reader stands on its opening.</summary>
    static void WriteTagged(ReadOnlySpan<byte> body, ref Utf8JsonReader reader, IBufferWriter<byte> output)
    {
        output.Write("{"u8);
        var wroteTag = false;
        for (var first = true; reader.Read() && reader.TokenType == JsonTokenType.PropertyName; first = false)
        {
            if (!first) output.Write(","u8);
            var start = (int)reader.TokenStartIndex;
            var isTag = reader.ValueTextEquals("tag"u8);
            reader.Read();
            reader.Skip();
            var member = body[start..(int)reader.BytesConsumed];
            if (!isTag || member[^1] != ']')
            {
                output.Write(member);
                continue;
            }
            output.Write(member[..^1]);
            if (member[^2] != '[') output.Write(","u8);
            output.Write(Tag);
            output.Write("]"u8);
            wroteTag = true;
        }
        if (!wroteTag)
        {
            output.Write(body[(int)reader.BytesConsumed - 2] == '{' ? "\"tag\":["u8 : ",\"tag\":["u8);
            output.Write(Tag);
            output.Write("]"u8);
        }
        output.Write("}"u8);
    }
}
