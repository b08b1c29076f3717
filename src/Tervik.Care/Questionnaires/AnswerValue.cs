using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Records.Model;

namespace Tervik.Care.Questionnaires;

/// <summary>A value of an answer, an option or a condition: <c>value[x]</c> of QuestionnaireResponse, Questionnaire.item.answerOption, enableWhen and initial.</summary>
/// <param name="Kind">What stands for x: <c>Boolean</c>, <c>Decimal</c>, <c>Integer</c>, <c>Date</c>, <c>DateTime</c>, <c>Time</c>, <c>String</c>, <c>Uri</c>, <c>Coding</c>, <c>Quantity</c>, or another (<c>Attachment</c>, <c>Reference</c>), which is kept as it is.</param>
/// <param name="Text">As it is written; of a Coding its code, of a Quantity its number.</param>
public sealed record AnswerValue(string Kind, string Text)
{
    /// <summary>Of a Coding or a Quantity.</summary>
    public string? System { get; init; }
    /// <summary>Of a Quantity.</summary>
    public string? Code { get; init; }
    /// <summary>Words of a Coding, unit of a Quantity.</summary>
    public string? Display { get; init; }
    /// <summary>The JSON of what has no form here.</summary>
    public string? Raw { get; init; }

    /// <summary>Names it among the options of a question: <c>system|code</c>, or the value itself.</summary>
    public string Key => Kind == "Coding" ? $"{System}|{Text}" : Text;

    /// <summary>In words: what a Coding is called, the number and the unit of a Quantity.</summary>
    public string Words => Kind switch { "Coding" => Display ?? Text, "Quantity" => (Display ?? Code) is { } unit ? $"{Text} {unit}" : Text, _ => Text };

    /// <summary>As a number; null when it is none.</summary>
    public decimal? Number => Kind is "Decimal" or "Integer" or "Quantity" && decimal.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Reads the value of an element; null when it has none.</summary>
    /// <param name="parent">The element around it.</param>
    /// <param name="prefix">What its member begins with: <c>value</c>, or <c>answer</c> in enableWhen.</param>
    public static AnswerValue? Read(JsonElement parent, string prefix = "value")
    {
        if (parent.ValueKind != JsonValueKind.Object) return null;
        foreach (var member in parent.EnumerateObject())
        {
            if (member.Name.Length <= prefix.Length || !member.Name.StartsWith(prefix, StringComparison.Ordinal) || !char.IsAsciiLetterUpper(member.Name[prefix.Length])) continue;
            var (kind, json) = (member.Name[prefix.Length..], member.Value);
            return kind switch
            {
                "Coding" when json.ValueKind == JsonValueKind.Object => new(kind, json.TextAt("code") ?? "") { System = json.TextAt("system"), Display = json.TextAt("display") },
                "Quantity" when json.ValueKind == JsonValueKind.Object => new(kind, json.TextAt("value") ?? "") { System = json.TextAt("system"), Code = json.TextAt("code"), Display = json.TextAt("unit") },
                _ when json.ValueKind is JsonValueKind.Object or JsonValueKind.Array => new(kind, "") { Raw = json.GetRawText() },
                // Spaces of a text are the patient's.
                _ => json.ValueKind == JsonValueKind.String ? new(kind, json.GetString()!) : json.AsText() is { } text ? new(kind, text) : null,
            };
        }
        return null;
    }

    /// <summary>Writes it into an answer.</summary>
    public void Write(JsonObject answer) => answer[$"value{Kind}"] = Kind switch
    {
        _ when Raw is not null => JsonNode.Parse(Raw),
        "Boolean" => Text == "true",
        // The digits as they were written.
        "Decimal" or "Integer" => JsonNode.Parse(Text),
        "Coding" => Members(("system", System), ("code", Text.Length > 0 ? Text : null), ("display", Display)),
        "Quantity" => WithNumber(Members(("unit", Display), ("system", System), ("code", Code))),
        _ => Text,
    };

    JsonObject WithNumber(JsonObject quantity)
    {
        quantity.Insert(0, "value", JsonNode.Parse(Text));
        return quantity;
    }

    static JsonObject Members(params ReadOnlySpan<(string Name, string? Value)> members)
    {
        var json = new JsonObject();
        foreach (var (name, value) in members)
            if (value is not null) json[name] = value;
        return json;
    }

    /// <summary>Whether two values are the same: numbers by what they say and not by how they are written, codings by system and code.</summary>
    public bool Matches(AnswerValue other) => (Kind, other.Kind) switch
    {
        ("Coding", "Coding") => Text.Length > 0 || other.Text.Length > 0 ? Text == other.Text && (System is null || other.System is null || System == other.System) : Display == other.Display,
        _ => Compare(other) is { } order ? order == 0 : Kind == other.Kind && Text == other.Text,
    };

    /// <summary>Below zero when this comes before the other, above when after; null when there is no order between them.</summary>
    public int? Compare(AnswerValue other)
    {
        if (Number is { } number && other.Number is { } otherNumber)
            // A length is not compared with a weight, nor kilograms with pounds.
            return Kind == "Quantity" && other.Kind == "Quantity" && (Code ?? Display) is { } unit && (other.Code ?? other.Display) is { } otherUnit && unit != otherUnit ? null : number.CompareTo(otherNumber);
        if (Kind is not ("Date" or "DateTime" or "Time") || other.Kind is not ("Date" or "DateTime" or "Time") || (Kind == "Time") != (other.Kind == "Time")) return null;
        if (Text.Length > 10 && other.Text.Length > 10 && DateTimeOffset.TryParse(Text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) && DateTimeOffset.TryParse(other.Text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var otherAt)) return at.CompareTo(otherAt);
        // As exactly as both say.
        var length = Math.Min(Text.Length, other.Text.Length);
        return string.CompareOrdinal(Text, 0, other.Text, 0, length);
    }
}
