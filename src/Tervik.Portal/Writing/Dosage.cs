using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tervik.Portal.Reading;

namespace Tervik.Portal.Writing;

/// <summary>How a medication is taken: so much of it, at these times, from then to then.</summary>
/// <param name="Dose">Each time, in <paramref name="Unit"/>.</param>
/// <param name="Unit">Key of <see cref="Units"/>.</param>
/// <param name="Times">Keys of <see cref="TimesOfDay"/>; empty when it is taken every so often.</param>
/// <param name="EveryHours">Every so many hours, or null.</param>
/// <param name="EveryDays">Every so many days, or null.</param>
public sealed partial record Dosage(decimal Dose, string Unit, IReadOnlyList<string> Times, int? EveryHours = null, int? EveryDays = null)
{
    /// <summary>Units by their words <c>unit {key}</c>: UCUM code.</summary>
    public static readonly (string Key, string Ucum)[] Units =
    [
        ("tablet", "{tbl}"), ("capsule", "{capsule}"), ("mg", "mg"), ("g", "g"), ("microgram", "ug"), ("ml", "mL"), ("units", "[iU]"), ("drop", "[drp]"), ("puff", "{puff}"), ("spray", "{spray}"),
        ("sachet", "{sachet}"), ("patch", "{patch}"), ("suppository", "{suppository}"), ("injection", "{injection}"), ("application", "{application}"),
    ];

    /// <summary>Times of day by their words <c>time {key}</c>: code of event-timing.</summary>
    public static readonly (string Key, string Code)[] TimesOfDay = [("morning", "MORN"), ("noon", "NOON"), ("evening", "EVE"), ("night", "NIGHT")];

    public bool IsAsNeeded { get; init; }
    /// <summary>What it is needed for, or empty.</summary>
    public string NeededFor { get; init; } = "";
    public DateOnly Start { get; init; }
    /// <summary>Number of days, or null until it is stopped.</summary>
    public int? Days { get; init; }
    /// <summary>Most in a day, in <see cref="Unit"/>; null when it is not said.</summary>
    public decimal? MostPerDay { get; init; }

    /// <summary>How often in a day at most, as far as the times say it; null when it is only taken when needed.</summary>
    public decimal? TimesPerDay => Times.Count > 0 ? Times.Count : EveryHours is { } hours ? 24m / hours : EveryDays is { } days ? 1m / days : null;

    /// <summary>In one line, in the reader's words.</summary>
    public string Text
    {
        get
        {
            List<string> parts = [Words.Of("dosage amount", Written(Dose), UnitWords(Unit, Dose))];
            if (Times.Count > 0) parts.AddRange(Times.Select(time => Words.Of($"time {time}")));
            else if (EveryHours is { } hours) parts.Add(Words.Of("dosage every hours", hours));
            else if (EveryDays is { } days) parts.Add(days == 1 ? Words.Of("dosage once a day") : days == 7 ? Words.Of("dosage once a week") : Words.Of("dosage every days", days));
            if (IsAsNeeded) parts.Add(NeededFor.Length > 0 ? Words.Of("dosage needed for", NeededFor) : Words.Of("as needed"));
            if (MostPerDay is { } most) parts.Add(Words.Of("dosage most", Written(most), UnitWords(Unit, most)));
            if (Days is { } length) parts.Add(length == 1 ? Words.Of("dosage for one day") : Words.Of("dosage for days", length));
            return string.Join(", ", parts);
        }
    }

    public static string UnitWords(string unit, decimal amount) => Words.Of(amount == 1 ? $"unit {unit}" : $"unit many {unit}");

    static string Written(decimal number) => number.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>Writes it into a FHIR Dosage; what that says beside it stays.</summary>
    public void Into(JsonObject dosage)
    {
        dosage["text"] = Text;
        var repeat = new JsonObject { ["boundsPeriod"] = new JsonObject { ["start"] = Start.Written() } };
        if (Days is { } days) repeat["boundsPeriod"]!["end"] = Start.AddDays(days - 1).Written();
        if (Times.Count > 0)
        {
            repeat["frequency"] = Times.Count;
            repeat["period"] = 1;
            repeat["periodUnit"] = "d";
            repeat["when"] = new JsonArray([.. Times.Select(time => (JsonNode)TimesOfDay.First(one => one.Key == time).Code)]);
        }
        else if ((EveryHours ?? EveryDays) is { } period)
        {
            repeat["frequency"] = 1;
            repeat["period"] = period;
            repeat["periodUnit"] = EveryHours is null ? "d" : "h";
        }
        dosage["timing"] = new JsonObject { ["repeat"] = repeat };
        if (NeededFor.Length > 0) dosage.PutChoice("asNeeded", "CodeableConcept", new JsonObject { ["text"] = NeededFor });
        else dosage.PutChoice("asNeeded", "Boolean", IsAsNeeded);
        dosage["doseAndRate"] = new JsonArray(new JsonObject { ["doseQuantity"] = Amount(Dose) });
        dosage.Put("maxDosePerPeriod", MostPerDay is { } most ? new JsonObject { ["numerator"] = Amount(most), ["denominator"] = Elements.Quantity(1, "day", "d") } : null);
    }

    JsonObject Amount(decimal value) => Elements.Quantity(value, UnitWords(Unit, value), Units.First(one => one.Key == Unit).Ucum);

    /// <summary>A FHIR Dosage as the form can show it; null when it says it otherwise than the form can.</summary>
    public static Dosage? Read(JsonElement dosage)
    {
        var (repeat, rates) = (dosage.At("timing").At("repeat"), dosage.ItemsAt("doseAndRate").ToList());
        if (rates is not [var rate] || UnitOf(rate.At("doseQuantity")) is not { } unit || !Number(rate.At("doseQuantity"), out var dose) || rate.At("rateQuantity").Exists() || rate.At("rateRatio").Exists()) return null;
        foreach (var member in repeat.ValueKind == JsonValueKind.Object ? repeat.EnumerateObject().Select(one => one.Name) : [])
            if (member is not ("boundsPeriod" or "frequency" or "period" or "periodUnit" or "when")) return null;
        if (dosage.At("timing").At("event").Exists()) return null;
        List<string> times = [];
        foreach (var when in repeat.ItemsAt("when"))
        {
            if (TimesOfDay.FirstOrDefault(one => one.Code == when.AsText()) is not { Key: { } key }) return null;
            times.Add(key);
        }
        int? hours = null, days = null;
        if (times.Count == 0 && repeat.At("period").Exists())
        {
            if (repeat.TextAt("frequency") is not (null or "1") || !int.TryParse(repeat.TextAt("period"), CultureInfo.InvariantCulture, out var period)) return null;
            (hours, days) = repeat.TextAt("periodUnit") switch { "h" => (period, null), "d" => (null, period), "wk" => (null, period * 7), _ => ((int?)null, (int?)null) };
            if (hours is null && days is null) return null;
        }
        var bounds = repeat.At("boundsPeriod");
        var (start, end) = (Day(bounds.TextAt("start")), Day(bounds.TextAt("end")));
        if (bounds.At("start").Exists() && start is null || bounds.At("end").Exists() && (end is null || start is null)) return null;
        decimal? most = null;
        if (dosage.At("maxDosePerPeriod") is { ValueKind: JsonValueKind.Object } limit)
        {
            if (!Number(limit.At("numerator"), out var number) || UnitOf(limit.At("numerator")) != unit || limit.At("denominator").TextAt("code") != "d" || !Number(limit.At("denominator"), out var per) || per != 1) return null;
            most = number;
        }
        return new(dose, unit, times, hours, days)
        {
            IsAsNeeded = dosage.At("asNeededBoolean").ValueKind == JsonValueKind.True || dosage.At("asNeededCodeableConcept").Exists(), NeededFor = Codes.Write(dosage.At("asNeededCodeableConcept")) ?? "",
            Start = start ?? default, Days = end is { } last && start is { } first ? last.DayNumber - first.DayNumber + 1 : null, MostPerDay = most,
        };
    }

    static DateOnly? Day(string? text) => text is { Length: >= 10 } && DateOnly.TryParseExact(text[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    static bool Number(JsonElement quantity, out decimal number)
    {
        number = 0;
        return quantity.At("value") is { ValueKind: JsonValueKind.Number } value && value.TryGetDecimal(out number);
    }

    static string? UnitOf(JsonElement quantity) => Units.FirstOrDefault(one => one.Ucum == quantity.TextAt("code")).Key
        ?? Units.FirstOrDefault(one => quantity.TextAt("unit") is { } unit && (one.Key == unit || one.Key + "s" == unit)).Key;

    /// <summary>How much of the substance is taken each time, in the unit of the catalogue; null when that cannot be said.</summary>
    /// <param name="dose">In <paramref name="unit"/>.</param>
    /// <param name="unit">Key of <see cref="Units"/>.</param>
    /// <param name="strength">Of one piece, or of a volume: <c>500 mg tablet</c>, <c>24 mg/ml oral solution</c>.</param>
    /// <param name="wanted">mg, microgram, units or ml.</param>
    public static decimal? AmountIn(decimal dose, string unit, string strength, string wanted)
    {
        if (Convert(dose, unit, wanted) is { } direct) return direct;
        if (unit is "g" or "mg" or "microgram" or "units") return null;
        // "500/125 mg" is of two substances and has no one strength.
        if (Strength().Match(strength) is not { Success: true } match || !decimal.TryParse(match.Groups["amount"].Value.Replace(',', '.'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)) return null;
        var of = match.Groups["unit"].Value.ToLowerInvariant() switch { "micrograms" or "microgram" or "µg" or "mcg" or "ug" => "microgram", "unit" or "units" or "iu" => "units", var same => same };
        if (Convert(amount, of, wanted) is not { } piece) return null;
        var isPerVolume = match.Groups["volume"].Success;
        if (isPerVolume != (unit == "ml")) return null;
        return dose * piece / (isPerVolume && match.Groups["volume"].Value is { Length: > 0 } volume ? decimal.Parse(volume.Replace(',', '.'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) : 1);
    }

    static decimal? Convert(decimal amount, string from, string to) => (from, to) switch
    {
        _ when from == to => amount,
        ("g", "mg") => amount * 1000,
        ("microgram", "mg") => amount / 1000,
        ("mg", "microgram") => amount * 1000,
        ("g", "microgram") => amount * 1_000_000,
        _ => null,
    };

    [GeneratedRegex(@"(?<![\d/.,])(?<amount>\d{1,7}(?:[.,]\d{1,4})?)\s*(?<unit>micrograms?|units?|mcg|µg|ug|iu|mg|g|ml)\b(?:\s*/\s*(?<volume>(?:\d{1,4}(?:[.,]\d{1,3})?)?)\s*ml\b)?", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Strength();
}
