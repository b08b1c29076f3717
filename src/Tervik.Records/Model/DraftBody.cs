using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Tervik.Records.Model;

/// <summary>Composes the two parts of a stored body between which the writer puts version and time.</summary>
public static class DraftBody
{
    static readonly SearchValues<byte> SpaceOrQuote = SearchValues.Create(" \t\r\n\""u8);

    /// <summary>Splits a resource into head and tail: minified, escapes undone where JSON allows it, numbers byte for byte, elements in the client's order after id and meta.</summary>
    /// <param name="resource">An object with a resourceType, parsed from UTF-8.</param>
    /// <param name="id">Logical id it will have, whatever the JSON says.</param>
    /// <returns>Head: <c>{"resourceType":"X","id":"1","meta":{</c>. Tail: the members of meta other than versionId and lastUpdated, each with a leading comma, <c>}</c>, and the other elements.</returns>
    public static (byte[] Head, byte[] Tail) Compose(JsonElement resource, string id)
    {
        var type = resource.GetProperty("resourceType"u8);
        var head = Concat("{\"resourceType\":"u8, JsonMarshal.GetRawUtf8Value(type), ",\"id\":\""u8, Encoding.UTF8.GetBytes(id), "\",\"meta\":{"u8);

        // What is copied never grows; a comma takes the place of the one that stood before or of the opening brace.
        var buffer = ArrayPool<byte>.Shared.Rent(JsonMarshal.GetRawUtf8Value(resource).Length + 8);
        var length = 0;
        if (resource.TryGetProperty("meta"u8, out var meta) && meta.ValueKind == JsonValueKind.Object)
            foreach (var member in meta.EnumerateObject())
                if (!member.NameEquals("versionId"u8) && !member.NameEquals("lastUpdated"u8)) CopyMember(member, buffer, ref length);
        buffer[length++] = (byte)'}';
        foreach (var member in resource.EnumerateObject())
            if (!member.NameEquals("resourceType"u8) && !member.NameEquals("id"u8) && !member.NameEquals("meta"u8)) CopyMember(member, buffer, ref length);
        buffer[length++] = (byte)'}';
        var tail = buffer.AsSpan(0, length).ToArray();
        ArrayPool<byte>.Shared.Return(buffer);
        return (head, tail);
    }

    /// <summary>A JSON value minified and unescaped as in a stored body.</summary>
    public static byte[] Minified(JsonElement value)
    {
        var raw = JsonMarshal.GetRawUtf8Value(value);
        var buffer = ArrayPool<byte>.Shared.Rent(raw.Length);
        var length = 0;
        Copy(raw, buffer, ref length);
        var minified = buffer.AsSpan(0, length).ToArray();
        ArrayPool<byte>.Shared.Return(buffer);
        return minified;
    }

    static byte[] Concat(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c, ReadOnlySpan<byte> d, ReadOnlySpan<byte> e)
    {
        var all = new byte[a.Length + b.Length + c.Length + d.Length + e.Length];
        a.CopyTo(all);
        b.CopyTo(all.AsSpan(a.Length));
        c.CopyTo(all.AsSpan(a.Length + b.Length));
        d.CopyTo(all.AsSpan(a.Length + b.Length + c.Length));
        e.CopyTo(all.AsSpan(all.Length - e.Length));
        return all;
    }

    static void CopyMember(JsonProperty member, byte[] buffer, ref int length)
    {
        buffer[length++] = (byte)',';
        buffer[length++] = (byte)'"';
        CopyText(JsonMarshal.GetRawUtf8PropertyName(member), buffer, ref length);
        buffer[length++] = (byte)'"';
        buffer[length++] = (byte)':';
        Copy(JsonMarshal.GetRawUtf8Value(member.Value), buffer, ref length);
    }

    /// <summary>Copies valid JSON without the white space between its tokens.</summary>
    static void Copy(ReadOnlySpan<byte> json, byte[] buffer, ref int length)
    {
        while (true)
        {
            var next = json.IndexOfAny(SpaceOrQuote);
            var plain = next < 0 ? json : json[..next];
            plain.CopyTo(buffer.AsSpan(length));
            length += plain.Length;
            if (next < 0) return;
            if (json[next] != '"')
            {
                json = json[(next + 1)..];
                continue;
            }
            json = json[(next + 1)..];
            var end = EndOfText(json);
            buffer[length++] = (byte)'"';
            CopyText(json[..end], buffer, ref length);
            buffer[length++] = (byte)'"';
            json = json[(end + 1)..];
        }
    }

    static int EndOfText(ReadOnlySpan<byte> json)
    {
        for (var place = 0; ;)
        {
            place += json[place..].IndexOfAny((byte)'"', (byte)'\\');
            if (json[place] == '"') return place;
            place += 2;
        }
    }

    /// <summary>Copies the inside of a JSON string; escapes that JSON does not demand become the character itself.</summary>
    static void CopyText(ReadOnlySpan<byte> text, byte[] buffer, ref int length)
    {
        while (true)
        {
            var next = text.IndexOf((byte)'\\');
            var plain = next < 0 ? text : text[..next];
            plain.CopyTo(buffer.AsSpan(length));
            length += plain.Length;
            if (next < 0) return;
            text = text[next..];
            text = text[CopyEscape(text, buffer, ref length)..];
        }
    }

    /// <returns>Bytes read.</returns>
    static int CopyEscape(ReadOnlySpan<byte> text, byte[] buffer, ref int length)
    {
        if (text[1] == '/')
        {
            buffer[length++] = (byte)'/';
            return 2;
        }
        if (text[1] != 'u')
        {
            text[..2].CopyTo(buffer.AsSpan(length));
            length += 2;
            return 2;
        }
        var unit = FhirJson.EscapedUnit(text, 0);
        if (char.IsHighSurrogate(unit) && text[6..].StartsWith("\\u"u8) && char.IsLowSurrogate(FhirJson.EscapedUnit(text, 6)))
        {
            length += new Rune(unit, FhirJson.EscapedUnit(text, 6)).EncodeToUtf8(buffer.AsSpan(length));
            return 12;
        }
        var shortForm = unit switch { '"' => '"', '\\' => '\\', '\b' => 'b', '\f' => 'f', '\n' => 'n', '\r' => 'r', '\t' => 't', _ => '\0' };
        if (shortForm != '\0')
        {
            buffer[length++] = (byte)'\\';
            buffer[length++] = (byte)shortForm;
        }
        else if (unit < ' ' || char.IsSurrogate(unit))
        {
            text[..6].CopyTo(buffer.AsSpan(length));
            length += 6;
        }
        else length += new Rune(unit).EncodeToUtf8(buffer.AsSpan(length));
        return 6;
    }
}
