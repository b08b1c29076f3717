using System.Buffers;
using System.Text.Json;

namespace Tervik.Records.Rest;

/// <summary>Replaces references inside a resource by copying bytes: everything else, digits included, stays as it was.</summary>
public static class ReferenceRewriter
{
    /// <summary>Copies <paramref name="resource"/> with the texts that <paramref name="replace"/> answers replaced.</summary>
    /// <param name="resource">A JSON object.</param>
    /// <param name="replace">Given the text and whether it is <c>Reference.reference</c>; returns the new text or null.</param>
    /// <returns>The resource itself when nothing was replaced.</returns>
    public static ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> resource, Func<string, bool, string?> replace)
    {
        var reader = new Utf8JsonReader(resource.Span, new JsonReaderOptions { MaxDepth = 1000 });
        ArrayBufferWriter<byte>? output = null;
        var copied = 0;
        var isReference = false;
        var isValue = false;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                isReference = reader.ValueTextEquals("reference"u8);
                // An identifier may look like a reference (urn:uuid:…) and must stay.
                isValue = reader.ValueTextEquals("value"u8) || reader.ValueTextEquals("id"u8) || reader.ValueTextEquals("div"u8);
                continue;
            }
            if (reader.TokenType != JsonTokenType.String || isValue) continue;
            if (!MayRefer(reader.ValueSpan, isReference) || replace(reader.GetString()!, isReference) is not { } text) continue;
            output ??= new ArrayBufferWriter<byte>(resource.Length + 256);
            output.Write(resource.Span[copied..(int)reader.TokenStartIndex]);
            output.Write(JsonSerializer.SerializeToUtf8Bytes(text, StringJson.Default.String));
            copied = (int)reader.BytesConsumed;
        }
        if (output is null) return resource;
        output.Write(resource.Span[copied..]);
        return output.WrittenMemory;
    }

    static bool MayRefer(ReadOnlySpan<byte> text, bool isReference) => isReference || text.StartsWith("urn:"u8) || text.StartsWith("http"u8);
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
sealed partial class StringJson : System.Text.Json.Serialization.JsonSerializerContext;
