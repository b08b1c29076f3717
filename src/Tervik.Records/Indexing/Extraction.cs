using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Tervik.Records.Definitions;
using Tervik.Records.Marks;
using Tervik.Records.Model;

namespace Tervik.Records.Indexing;

/// <summary>Collects the entries of one resource. Reused: besides the result it allocates only for values whose vocabulary is new.</summary>
sealed partial class Extraction
{
    // A resource with more is indexed by its first values only; the longest narrative of the official examples has 6,000 words.
    const int MostWords = 20_000;

    readonly List<long> values = [];
    readonly List<(long, long)> references = [];
    readonly List<(long, long, long)> ranges = [];
    readonly List<(long, string)> strings = [];
    readonly List<(long, long, long)> tuples = [];
    readonly List<long> words = [];
    readonly List<(long, long)> forms = [];
    readonly List<(long, string, long)> texts = [];
    readonly List<(long Compartment, int Rank)> compartments = [];
    readonly List<(JsonElement Value, FhirType Type)>[] parts = [[], [], []];
    readonly List<Node> nodes = [];
    byte[] scratch = new byte[1024];
    int used;
    long presentLow, presentHigh;
    Keys keys = null!;
    Node resource;

    public IndexEntries Run(SearchParameterCatalog catalog, Keys keysOfStore, Node root, string? id)
    {
        (keys, resource) = (keysOfStore, root);
        Clear();
        var type = root.Type.Name;
        if (catalog.For(type) is not { } parameters)
            throw new FaultException(new Fault(FaultKind.Invalid, "structure", null, $"'{type}' is no resource type that can be stored."));
        var plan = parameters.Plan;
        foreach (var property in root.Value.EnumerateObject())
        {
            var name = JsonMarshal.GetRawUtf8PropertyName(property);
            foreach (var (extracted, form) in plan.Find(name))
                extracted.Selection!.Enter(property.Value, form, 0, (this, extracted), static (value, leaf, state) => state.Item1.Found(state.extracted, value, leaf));
            if (name.SequenceEqual("text"u8)) Narrative(property.Value);
            else if (id is null && name.SequenceEqual("id"u8)) id = property.Value.GetString();
        }
        foreach (var extracted in plan.AtRoot) Composite(extracted, root.Value);
        foreach (var extracted in plan.Truths) Truth(extracted);
        foreach (var extracted in plan.General) General(extracted);
        return Finish(type, id, plan.HasPrimaryPath);
    }

    void Clear()
    {
        values.Clear();
        references.Clear();
        ranges.Clear();
        strings.Clear();
        tuples.Clear();
        words.Clear();
        forms.Clear();
        texts.Clear();
        compartments.Clear();
        presentLow = presentHigh = 0;
    }

    IndexEntries Finish(string type, string? id, bool hasPrimaryPath)
    {
        if (type == "Patient" && id is not null) compartments.Add((keys.Reference($"Patient/{id}"), 0));
        values.Add(keys.Member(type));
        if (presentLow != 0 || presentHigh != 0) ranges.Add((keys.Parameter(type, "#"), presentLow, presentHigh));
        // Tells patient=X apart from the rest of X's compartment.
        if (hasPrimaryPath && compartments.Exists(item => item.Rank > 0 && !compartments.Contains((item.Compartment, 0)))) values.Add(keys.Value(type, "guest", ""));
        return new IndexEntries
        {
            Scan = compartments.Count == 0 ? BodyScan.Empty : BodyScan.Of(JsonMarshal.GetRawUtf8Value(resource.Value), type, keys),
            Compartments = Ranked(),
            Values = Sorted(values),
            References = Sorted(references),
            Ranges = Sorted(ranges),
            Strings = SortedTexts(strings),
            Tuples = Sorted(tuples),
            Words = Sorted(words),
            Forms = Sorted(forms),
            Texts = [.. texts.Distinct().OrderBy(text => text.Item1).ThenBy(text => text.Item2, StringComparer.Ordinal).ThenBy(text => text.Item3)],
        };
    }

    long[] Ranked()
    {
        if (compartments.Count == 0) return [];
        if (compartments.Count == 1) return [compartments[0].Compartment];
        return [.. compartments.OrderBy(item => item.Rank).Select(item => item.Compartment).Distinct()];
    }

    static T[] Sorted<T>(List<T> list) where T : IEquatable<T>
    {
        if (list.Count == 0) return [];
        list.Sort();
        var kept = 1;
        for (var i = 1; i < list.Count; i++)
            if (!list[i].Equals(list[i - 1])) kept++;
        var result = new T[kept];
        result[0] = list[0];
        for (int i = 1, at = 1; i < list.Count; i++)
            if (!list[i].Equals(list[i - 1])) result[at++] = list[i];
        return result;
    }

    static (long, string)[] SortedTexts(List<(long, string)> list)
    {
        if (list.Count == 0) return [];
        list.Sort(static (a, b) => a.Item1 != b.Item1 ? a.Item1.CompareTo(b.Item1) : string.CompareOrdinal(a.Item2, b.Item2));
        return [.. list.Distinct()];
    }

    void Found(Extracted extracted, JsonElement value, FhirType type)
    {
        var path = extracted.Path;
        switch (path.Kind)
        {
            case ParameterKind.Token or ParameterKind.Uri: Token(path, value, type); break;
            case ParameterKind.Date: Date(path.Key, path.LongKey, value, type); break;
            case ParameterKind.Number: Number(path, value, type); break;
            case ParameterKind.Quantity: Quantity(path, value, type); break;
            case ParameterKind.String: String(path, value); break;
            case ParameterKind.Reference: Reference(path, value); break;
            case ParameterKind.Composite: Composite(extracted, value); break;
        }
    }

    void General(Extracted extracted)
    {
        nodes.Clear();
        extracted.General!.SelectNodes(resource, nodes);
        foreach (var node in nodes.ToArray())
            if (node.Value.ValueKind != JsonValueKind.Undefined) Found(extracted, node.Value, node.Type);
        if (nodes.Count > 0 || extracted.Path.Kind != ParameterKind.Token) return;
        if (extracted.General.IsTrue(resource, resource) is { } truth) Truth(extracted.Path, truth);
    }

    void Truth(Extracted extracted)
    {
        parts[0].Clear();
        extracted.Selection!.Select(resource.Value, parts[0], static (value, type, found) => found.Add((value, type)));
        Truth(extracted.Path, parts[0].Exists(static part => part.Value.ValueKind != JsonValueKind.False));
    }

    void Truth(IndexPath path, bool truth)
    {
        Begin(path.Prefix);
        Append(truth ? "true"u8 : "false"u8);
        Present(path);
        Direct(path, keys.Hash(Bytes), truth ? "true" : "false");
    }

    void Present(IndexPath path)
    {
        if (path.Bit < 0) ranges.Add((keys.Parameter(path.Type, path.Name + "#"), 1, 1));
        else if (path.Bit < 63) presentLow |= 1L << path.Bit;
        else presentHigh |= 1L << path.Bit - 63;
    }

    void Date(long key, long longKey, JsonElement value, FhirType type)
    {
        if (Span(value, type) is { } span) Range(key, longKey, span.LowUs, span.HighUs);
    }

    /// <summary>The time a value covers; null when it says nothing.</summary>
    static DateRange? Span(JsonElement value, FhirType type)
    {
        if (type.Name == "Period") return Period(value);
        if (type.Name != "Timing") return Moment(value);
        DateRange? all = null;
        if (value.TryGetProperty("event"u8, out var events))
            foreach (var one in events.EnumerateArray())
                if (Moment(one) is { } moment) all = all is null ? moment : new(Math.Min(all.Value.LowUs, moment.LowUs), Math.Max(all.Value.HighUs, moment.HighUs));
        return all is null && value.TryGetProperty("repeat"u8, out var repeat) && repeat.TryGetProperty("boundsPeriod"u8, out var bounds) ? Period(bounds) : all;
    }

    static DateRange? Period(JsonElement value)
    {
        var start = value.TryGetProperty("start"u8, out var from) ? Moment(from) : null;
        var end = value.TryGetProperty("end"u8, out var to) ? Moment(to) : null;
        return start is null && end is null ? null : new(start?.LowUs ?? long.MinValue, end?.HighUs ?? long.MaxValue);
    }

    static DateRange? Moment(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String) return null;
        var raw = JsonMarshal.GetRawUtf8Value(value)[1..^1];
        // Some programs escape the plus sign of an offset.
        if (raw.Contains((byte)'\\')) return DateRange.TryParse(value.GetString(), out var escaped) ? escaped : null;
        Span<char> text = stackalloc char[48];
        if (raw.Length > text.Length) return null;
        var length = Encoding.UTF8.GetChars(raw, text);
        return DateRange.TryParse(text[..length], out var range) ? range : null;
    }

    void Range(long key, long longKey, long low, long high)
    {
        if (low > high) return; // an end before its start finds nothing
        ranges.Add((key, low, high));
        if (low == long.MinValue || high == long.MaxValue || high - (decimal)low > IndexPath.LongRangeUs) ranges.Add((longKey, low, high));
    }

    void NumberRange(long key, long longKey, double low, double high)
    {
        if (low > high) return;
        var (from, to) = (double.IsNegativeInfinity(low) ? long.MinValue : OrderedNumber.Of(low), double.IsPositiveInfinity(high) ? long.MaxValue : OrderedNumber.Of(high));
        ranges.Add((key, from, to));
        if (from != to) ranges.Add((longKey, from, to));
    }

    static double? Decimal(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && double.TryParse(JsonMarshal.GetRawUtf8Value(value), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    static double? Decimal(JsonElement value, ReadOnlySpan<byte> name) => value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var field) ? Decimal(field) : null;

    void Number(IndexPath path, JsonElement value, FhirType type)
    {
        if (type.Name == "Range")
        {
            var low = value.TryGetProperty("low"u8, out var from) ? Decimal(from, "value"u8) : null;
            var high = value.TryGetProperty("high"u8, out var to) ? Decimal(to, "value"u8) : null;
            if (low is not null || high is not null) NumberRange(path.Key, path.LongKey, low ?? double.NegativeInfinity, high ?? double.PositiveInfinity);
        }
        else if (Decimal(value) is { } number) NumberRange(path.Key, path.LongKey, number, number);
    }

    void String(IndexPath path, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text) strings.Add((path.Key, FoldedText.ForIndex(text)));
    }

    void Narrative(JsonElement text)
    {
        if (text.ValueKind != JsonValueKind.Object || !text.TryGetProperty("div"u8, out var div) || div.ValueKind != JsonValueKind.String) return;
        foreach (var word in FoldedText.Words(NarrativeText.Of(div.GetString()!)))
        {
            if (words.Count == MostWords) return;
            words.Add(keys.Hash("word=" + word));
        }
    }

    void Begin(ReadOnlySpan<byte> prefix)
    {
        used = 0;
        Append(prefix);
    }

    void Append(ReadOnlySpan<byte> bytes)
    {
        if (used + bytes.Length > scratch.Length) Array.Resize(ref scratch, Math.Max(scratch.Length * 2, used + bytes.Length));
        bytes.CopyTo(scratch.AsSpan(used));
        used += bytes.Length;
    }

    /// <summary>The text of a JSON value: unescaped, so that the key does not depend on how the client wrote it.</summary>
    void Append(JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null) return;
        var raw = JsonMarshal.GetRawUtf8Value(value);
        if (value.ValueKind != JsonValueKind.String) Append(raw);
        else if (!raw.Contains((byte)'\\')) Append(raw[1..^1]);
        else Append(Encoding.UTF8.GetBytes(value.GetString()!));
    }

    ReadOnlySpan<byte> Bytes => scratch.AsSpan(0, used);
}
