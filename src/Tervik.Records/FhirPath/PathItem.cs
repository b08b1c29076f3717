using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tervik.Records.Definitions;
using Tervik.Records.Indexing;
using Tervik.Records.Model;

namespace Tervik.Records.FhirPath;

enum ItemKind
{
    Node, Boolean, Integer, Decimal, String, Date, DateTime, Time, Quantity, Type,
    /// <summary>What a reference points to, of which only the type is known.</summary>
    Target,
}

/// <summary>One item of a collection: an element of a resource, or a value of FHIRPath's own types.</summary>
readonly partial record struct PathItem(ItemKind Kind, Node Node, decimal Number, string Text)
{
    public static PathItem Of(Node node) => new(ItemKind.Node, node, 0, "");
    public static PathItem Of(bool truth) => new(ItemKind.Boolean, default, truth ? 1 : 0, "");
    public static PathItem Of(long number) => new(ItemKind.Integer, default, number, "");
    public static PathItem Of(decimal number) => new(ItemKind.Decimal, default, number, "");
    public static PathItem Of(string text) => new(ItemKind.String, default, 0, text);
    public static PathItem Quantity(decimal number, string unit) => new(ItemKind.Quantity, default, number, unit);
    public static PathItem Type(string name) => new(ItemKind.Type, default, 0, name);
    public static PathItem Target(string type) => new(ItemKind.Target, default, 0, type);

    public bool Truth => Number != 0;

    /// <summary>A date, dateTime (with T) or time (beginning with T) in its written precision; null when it is none.</summary>
    public static PathItem? Moment(string text)
    {
        if (text.StartsWith('T')) return TimeForm().IsMatch(text.AsSpan(1)) ? new(ItemKind.Time, default, 0, text[1..]) : null;
        var plain = text.TrimEnd('T');
        if (!DateForm().IsMatch(plain) || !DateRange.TryParse(plain.Length > 11 && plain[13..].IndexOf(':', StringComparison.Ordinal) < 0 ? plain[..13] + ":00" + plain[13..] : plain, out _)) return null;
        return new(text.Contains('T', StringComparison.Ordinal) ? ItemKind.DateTime : ItemKind.Date, default, 0, plain);
    }

    [GeneratedRegex(@"^([01]\d|2[0-3])(:[0-5]\d(:[0-5]\d(\.\d+)?)?)?$")]
    private static partial Regex TimeForm();

    [GeneratedRegex(@"^\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$")]
    private static partial Regex DateForm();

    /// <summary>The value of a primitive element, or of a Quantity; other items as they are.</summary>
    public PathItem Simple()
    {
        if (Kind != ItemKind.Node) return this;
        if (Node.IsPrimitive) return Node.HasValue ? OfPrimitive() : this;
        if (!Node.Type.Is("Quantity") || Node.Value.ValueKind != JsonValueKind.Object || !Node.Value.TryGetProperty("value"u8, out var value) || !TryDecimal(value.GetRawText(), out var number)) return this;
        var isUcum = Node.Value.TryGetProperty("system"u8, out var system) && system.ValueKind == JsonValueKind.String && system.ValueEquals(QuantityUnit.Ucum);
        var code = Node.Value.TryGetProperty("code"u8, out var found) && found.ValueKind == JsonValueKind.String ? found.GetString()! : "1";
        return isUcum || !Node.Value.TryGetProperty("unit"u8, out var unit) || unit.ValueKind != JsonValueKind.String ? Quantity(number, code) : Quantity(number, unit.GetString()!);
    }

    PathItem OfPrimitive()
    {
        var text = Node.Text ?? "";
        switch (Node.Type.Name)
        {
            case "boolean": return Of(text == "true");
            case "integer" or "positiveInt" or "unsignedInt": return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? Of(whole) : Of(text);
            case "decimal": return TryDecimal(text, out var number) ? Of(number) : Of(text);
            case "date": return new(ItemKind.Date, default, 0, text);
            case "dateTime" or "instant": return new(ItemKind.DateTime, default, 0, text);
            case "time": return new(ItemKind.Time, default, 0, text);
            default: return Of(text);
        }
    }

    public static bool TryDecimal(string text, out decimal number) => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);

    /// <summary>Whether the item has this type or one derived from it (<c>Patient</c>, <c>FHIR.string</c>, <c>System.String</c>).</summary>
    public bool Is(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var (space, type) = dot < 0 ? (null, name) : (name[..dot], name[(dot + 1)..]);
        if (Kind == ItemKind.Target) return type == Text || type is "Resource" or "DomainResource";
        if (Kind == ItemKind.Node) return space is null or "FHIR" && Node.Type.Is(type);
        return space is null or "System" && type == Kind.ToString();
    }

    /// <summary>Name of the type with its namespace.</summary>
    public (string Space, string Name) TypeName() => Kind switch
    {
        ItemKind.Node => ("FHIR", Node.Type.Kind == FhirTypeKind.Backbone ? Node.Type.Base?.Name ?? "BackboneElement" : Node.Type.Name),
        ItemKind.Target => ("FHIR", Text),
        ItemKind.Type => ("System", "TypeInfo"),
        _ => ("System", Kind.ToString()),
    };

    /// <summary>As a text, or null where that makes no sense.</summary>
    public string? AsText()
    {
        var simple = Simple();
        return simple.Kind switch
        {
            ItemKind.Boolean => simple.Truth ? "true" : "false",
            ItemKind.Integer or ItemKind.Decimal => simple.Number.ToString(CultureInfo.InvariantCulture),
            ItemKind.String or ItemKind.Date or ItemKind.DateTime or ItemKind.Time => simple.Text,
            ItemKind.Quantity => string.Create(CultureInfo.InvariantCulture, $"{simple.Number} {(Calendar.IsWord(simple.Text) ? simple.Text : $"'{simple.Text}'")}"),
            _ => null,
        };
    }

    /// <summary>Equal as <c>=</c> says; null when precision does not allow an answer.</summary>
    public static bool? AreEqual(PathItem a, PathItem b)
    {
        (a, b) = (a.Simple(), b.Simple());
        if (a.Kind is ItemKind.Integer or ItemKind.Decimal && b.Kind is ItemKind.Integer or ItemKind.Decimal) return a.Number == b.Number;
        if (a.Kind is ItemKind.Quantity && b.Kind is ItemKind.Quantity) return Units.Compare(a, b) is { } order ? order == 0 : Calendar.Mixes(a.Text, b.Text) ? null : a.Number == b.Number && a.Text == b.Text ? true : null;
        if (Moments.Are(a, b)) return Moments.Compare(a, b) is { } order ? order == 0 : null;
        if (a.Kind != b.Kind) return false;
        return a.Kind switch
        {
            ItemKind.Boolean => a.Truth == b.Truth,
            ItemKind.Node => SameTree(a.Node, b.Node),
            _ => a.Text == b.Text,
        };
    }

    /// <summary>Equivalent as <c>~</c> says.</summary>
    public static bool AreEquivalent(PathItem a, PathItem b)
    {
        (a, b) = (a.Simple(), b.Simple());
        if (a.Kind is ItemKind.Integer or ItemKind.Decimal && b.Kind is ItemKind.Integer or ItemKind.Decimal)
        {
            var digits = Math.Min(a.Number.Scale, b.Number.Scale);
            return Math.Round(a.Number, digits, MidpointRounding.AwayFromZero) == Math.Round(b.Number, digits, MidpointRounding.AwayFromZero);
        }
        if (a.Kind == ItemKind.String && b.Kind == ItemKind.String) return string.Equals(Spaced(a.Text), Spaced(b.Text), StringComparison.OrdinalIgnoreCase);
        if (Moments.Are(a, b)) return Moments.Compare(a, b) == 0;
        if (a.Kind == ItemKind.Quantity && b.Kind == ItemKind.Quantity) return Units.Compare(Calendar.Ucum(a), Calendar.Ucum(b)) == 0;
        return AreEqual(a, b) == true;
    }

    static string Spaced(string text) => string.Join(' ', text.Split([' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Order; null when it cannot be told.</summary>
    /// <exception cref="FhirPathException">The types have no order, or no common one.</exception>
    public static int? Compare(PathItem a, PathItem b)
    {
        (a, b) = (a.Simple(), b.Simple());
        if (a.Kind is ItemKind.Integer or ItemKind.Decimal && b.Kind is ItemKind.Integer or ItemKind.Decimal) return a.Number.CompareTo(b.Number);
        if (a.Kind == ItemKind.String && b.Kind == ItemKind.String) return string.CompareOrdinal(a.Text, b.Text);
        if (a.Kind == ItemKind.Quantity && b.Kind == ItemKind.Quantity) return Units.Compare(a, b);
        if (Moments.Are(a, b)) return Moments.Compare(a, b);
        throw new FhirPathException($"{a.TypeName().Name} and {b.TypeName().Name} cannot be compared.");
    }

    static bool SameTree(Node a, Node b)
    {
        if (a.Type != b.Type && a.Type.Name != b.Type.Name) return false;
        if (a.IsPrimitive && (a.Text != b.Text)) return false;
        var (x, y) = (a.Children().ToList(), b.Children().ToList());
        if (x.Count != y.Count) return false;
        x.Sort(ByName);
        y.Sort(ByName);
        return x.Zip(y).All(pair => pair.First.Element?.Name == pair.Second.Element?.Name && (pair.First.IsPrimitive ? AreEqual(Of(pair.First), Of(pair.Second)) == true : SameTree(pair.First, pair.Second)));
    }

    // The order of properties has no meaning, that of list items has.
    static int ByName(Node a, Node b) => string.CompareOrdinal(a.Element?.Name, b.Element?.Name) is not 0 and var byName ? byName : a.Index.CompareTo(b.Index);
}

/// <summary>Units of quantities.</summary>
static class Units
{
    /// <summary>Order of two quantities in their canonical unit; null when they measure different things.</summary>
    public static int? Compare(PathItem a, PathItem b)
    {
        if (a.Text == b.Text) return a.Number.CompareTo(b.Number);
        if (Calendar.Mixes(a.Text, b.Text)) return null;
        (a, b) = (Calendar.Ucum(a), Calendar.Ucum(b));
        if (QuantityUnit.Canonical(a.Text) is not { } x || QuantityUnit.Canonical(b.Text) is not { } y || x.Name != y.Name) return null;
        var (left, right) = (x.Convert((double)a.Number), y.Convert((double)b.Number));
        return Math.Abs(left - right) <= 1e-12 * Math.Max(Math.Abs(left), Math.Abs(right)) ? 0 : left.CompareTo(right);
    }
}

/// <summary>Calendar durations: years and months have no length in seconds.</summary>
static class Calendar
{
    static readonly Dictionary<string, string> Codes = new(StringComparer.Ordinal)
    {
        ["year"] = "a", ["years"] = "a", ["month"] = "mo", ["months"] = "mo", ["week"] = "wk", ["weeks"] = "wk", ["day"] = "d", ["days"] = "d", ["hour"] = "h", ["hours"] = "h",
        ["minute"] = "min", ["minutes"] = "min", ["second"] = "s", ["seconds"] = "s", ["millisecond"] = "ms", ["milliseconds"] = "ms",
    };

    public static bool IsWord(string unit) => Codes.ContainsKey(unit);

    /// <summary>Whether a calendar year or month meets its UCUM namesake, which is another length.</summary>
    public static bool Mixes(string a, string b) => IsLong(a) && b is "a" or "mo" || IsLong(b) && a is "a" or "mo";

    static bool IsLong(string unit) => unit is "year" or "years" or "month" or "months";

    public static PathItem Ucum(PathItem quantity) => Codes.TryGetValue(quantity.Text, out var code) ? PathItem.Quantity(quantity.Number, code) : quantity;

    /// <summary>A moment moved by a duration, in its own precision; null when the unit is none of time.</summary>
    public static PathItem? Add(PathItem moment, PathItem duration, int sign)
    {
        var unit = Codes.TryGetValue(duration.Text, out var code) ? code : duration.Text;
        if (unit is "a" or "mo" && !IsWord(duration.Text)) return null;
        var amount = duration.Number * sign;
        return unit is "a" or "mo" or "wk" or "d" or "h" or "min" or "s" or "ms" ? Moments.Move(moment, amount, unit) : null;
    }
}
