using System.Text.Json;
using Tervik.Records.Indexing;

namespace Tervik.Records.Marks;

/// <summary>What a body says wherever it says it: the resources it refers to, and the sensitive categories of its codes.</summary>
/// <param name="Links">Keys of the targets of all literal references, contained resources' included, ascending; without people, places and institutions, which are nobody's compartment.</param>
/// <param name="Files">Those of <paramref name="Links"/> that are a Binary: a part of this resource, not something it depends on.</param>
/// <param name="Categories">See <see cref="SensitiveCodes"/>.</param>
public sealed record BodyScan(long[] Links, long[] Files, IReadOnlyList<string> Categories)
{
    /// <summary>Nothing.</summary>
    public static BodyScan Empty { get; } = new([], [], []);

    static ReadOnlySpan<byte> Reference => "reference"u8;

    /// <summary>Reads a body once.</summary>
    /// <param name="body">Valid FHIR JSON.</param>
    /// <param name="type">Its resource type.</param>
    /// <param name="keys">Of the store.</param>
    public static BodyScan Of(ReadOnlySpan<byte> body, string type, Keys keys)
    {
        List<long>? links = null, files = null;
        List<string>? categories = null;
        if (SensitiveCodes.CategoryOfType(type) is { } whole) categories = [whole];
        // Per depth: where the system and the code of the object stand. An object deeper than this has no coding of ours.
        const int Deepest = 128;
        Span<(int At, int Length)> systems = stackalloc (int, int)[Deepest], codes = stackalloc (int, int)[Deepest];
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 512 });
        var property = Property.Other;
        while (reader.Read())
        {
            var depth = reader.CurrentDepth;
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    if (depth < Deepest) systems[depth] = codes[depth] = default;
                    break;
                case JsonTokenType.PropertyName:
                    property = PropertyOf(reader.ValueSpan);
                    continue;
                case JsonTokenType.String:
                    var value = (At: (int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
                    if (property is Property.Reference or Property.Url) Link(ref reader, property, keys, ref links, ref files);
                    else if (property == Property.System && depth - 1 is >= 0 and < Deepest) systems[depth - 1] = value;
                    else if (property == Property.Code && depth - 1 is >= 0 and < Deepest) codes[depth - 1] = value;
                    break;
                case JsonTokenType.EndObject:
                    if (depth < Deepest && systems[depth].Length > 0 && codes[depth].Length > 0 && CategoryOf(body, systems[depth], codes[depth]) is { } category && categories?.Contains(category) != true)
                        (categories ??= []).Add(category);
                    break;
            }
            property = Property.Other;
        }
        return links is null && categories is null ? Empty : new(Sorted(links), Sorted(files), categories ?? []);
    }

    enum Property { Other, Reference, Url, System, Code }

    static Property PropertyOf(ReadOnlySpan<byte> name) => name.Length switch
    {
        9 when name.SequenceEqual(Reference) => Property.Reference,
        3 when name.SequenceEqual("url"u8) => Property.Url,
        6 when name.SequenceEqual("system"u8) => Property.System,
        4 when name.SequenceEqual("code"u8) => Property.Code,
        _ => Property.Other,
    };

    static void Link(ref Utf8JsonReader reader, Property property, Keys keys, ref List<long>? links, ref List<long>? files)
    {
        var text = reader.ValueSpan;
        var isFile = text.StartsWith("Binary/"u8);
        if (property == Property.Url ? !isFile : !IsOfRecord(text)) return;
        var history = text.IndexOf("/_history/"u8);
        if (history > 0) text = text[..history];
        var key = keys.Hash(text);
        (links ??= []).Add(key);
        if (isFile) (files ??= []).Add(key);
    }

    /// <summary>A relative reference to what can be in a patient's compartment. An id needs no escape in JSON, so the bytes are the text.</summary>
    static bool IsOfRecord(ReadOnlySpan<byte> text) => !text.IsEmpty && text[0] is >= (byte)'A' and <= (byte)'Z'
        && !text.StartsWith("Patient/"u8) && !text.StartsWith("Practitioner"u8) && !text.StartsWith("Organization/"u8) && !text.StartsWith("Location/"u8) && !text.StartsWith("HealthcareService/"u8);

    static string? CategoryOf(ReadOnlySpan<byte> body, (int At, int Length) system, (int At, int Length) code) =>
        SensitiveCodes.CategoryOf(System.Text.Encoding.UTF8.GetString(body.Slice(system.At, system.Length)), System.Text.Encoding.UTF8.GetString(body.Slice(code.At, code.Length)));

    static long[] Sorted(List<long>? list) => list is null ? [] : [.. list.Distinct().Order()];
}
