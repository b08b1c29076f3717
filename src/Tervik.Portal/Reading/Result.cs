using System.Text.Json;

namespace Tervik.Portal.Reading;

/// <summary>How a value lies to what is usual.</summary>
public enum Flag { None, Low, High, Abnormal, CriticallyLow, CriticallyHigh }

/// <summary>One measured value: an Observation's own, or one of its components'.</summary>
/// <param name="ObservationId">Where it comes from.</param>
/// <param name="Code">Groups values of one kind: <c>system|code</c>, or the name where there is no code.</param>
/// <param name="Name">In words, never empty.</param>
/// <param name="Date">When it was measured; null when unknown.</param>
/// <param name="Value">With its unit, never empty.</param>
/// <param name="Number">To draw; null when it is no number.</param>
/// <param name="Unit">Of the number.</param>
/// <param name="Reference">The range that is usual, in words, or null.</param>
/// <param name="Low">Lower end of that range in the same unit, or null.</param>
/// <param name="High">Upper end, likewise.</param>
/// <param name="Flag">As the laboratory says, else computed from the range.</param>
public sealed record Result(string ObservationId, string Code, string Name, FhirDate? Date, string Value, double? Number, string? Unit, string? Reference, double? Low, double? High, Flag Flag)
{
    /// <summary>The observation that this is a component of (blood pressure of its upper and lower value), as <c>system|code</c>; null for an observation's own value.</summary>
    public string? Panel { get; init; }
    /// <summary>Name of <see cref="Panel"/>.</summary>
    public string? PanelName { get; init; }
    /// <summary>UCUM code of the unit, or null.</summary>
    public string? UnitCode { get; init; }
    /// <summary>As of <c>Observation.category</c>: <c>laboratory</c>, <c>vital-signs</c> …; the first one.</summary>
    public string? Category { get; init; }

    /// <summary>The values of an observation, in its order; none when it was entered in error or says nothing.</summary>
    /// <param name="id">Logical id.</param>
    /// <param name="observation">The resource.</param>
    /// <param name="of">Whose value it is: chooses between reference ranges for sexes and ages.</param>
    public static IEnumerable<Result> Read(string id, JsonElement observation, MeasuredPerson of = default)
    {
        if (observation.TextAt("status") is "entered-in-error" or "cancelled") yield break;
        var date = FhirDate.Of(observation, "effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued");
        if (Read(id, observation, observation, date, of) is { } own) yield return own;
        foreach (var component in observation.ItemsAt("component"))
            if (Read(id, observation, component, date, of) is { } part) yield return part;
    }

    static Result? Read(string id, JsonElement observation, JsonElement part, FhirDate? date, MeasuredPerson of)
    {
        if (Values.Write(part) is not { } value) return null;
        var isOwn = part.At("resourceType").Exists();
        var quantity = part.At("valueQuantity");
        var range = of.RangeOf(part, date);
        var (low, high) = (Bound(range, "low", quantity), Bound(range, "high", quantity));
        double? number = Values.Number(quantity) ?? (part.At("valueInteger") is { ValueKind: JsonValueKind.Number } integer ? integer.GetDouble() : null);
        var name = Codes.Write(part.At("code")) ?? Codes.Write(observation.At("code")) ?? RecordEntry.TypeInWords("Observation");
        return new(id, CodeOf(part.At("code")) ?? name, name, date, value, number, Values.Unit(quantity), range.TextAt("text") ?? Values.Range(range), low, high, FlagOf(part, number, low, high))
        {
            Panel = isOwn ? null : CodeOf(observation.At("code")), PanelName = isOwn ? null : Codes.Write(observation.At("code")), UnitCode = quantity.TextAt("code"),
            Category = Codes.Code(observation.FirstAt("category")),
        };
    }

    static string? CodeOf(JsonElement concept)
    {
        var coding = concept.FirstAt("coding");
        return coding.TextAt("code") is { } code ? $"{coding.TextAt("system")}|{code}" : null;
    }

    // A range in another unit cannot be compared by its numbers.
    static double? Bound(JsonElement range, string end, JsonElement quantity) =>
        range.At(end) is { ValueKind: JsonValueKind.Object } bound && (Values.Unit(bound) ?? Values.Unit(quantity)) == Values.Unit(quantity) ? Values.Number(bound) : null;

    static Flag FlagOf(JsonElement part, double? number, double? low, double? high)
    {
        foreach (var interpretation in part.ItemsAt("interpretation"))
        {
            if (Codes.Has(interpretation, "LL", "<")) return Flag.CriticallyLow;
            if (Codes.Has(interpretation, "HH", ">")) return Flag.CriticallyHigh;
            if (Codes.Has(interpretation, "L", "LU")) return Flag.Low;
            if (Codes.Has(interpretation, "H", "HU")) return Flag.High;
            if (Codes.Has(interpretation, "A", "AA", "POS", "DET")) return Flag.Abnormal;
            if (Codes.Has(interpretation, "N", "NEG", "ND")) return Flag.None;
        }
        return number < low ? Flag.Low : number > high ? Flag.High : Flag.None;
    }
}
