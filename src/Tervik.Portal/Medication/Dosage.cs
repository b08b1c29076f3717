using System.Globalization;
using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Portal.Shell;

namespace Tervik.Portal.Medication;

/// <summary>When on a day a dose is taken.</summary>
public enum DoseTime { Morning, Noon, Evening, Night, AnyTime, AsNeeded, AsWritten }

/// <summary>Doses of one medication at one time of a day.</summary>
/// <param name="Time">Which part of the day.</param>
/// <param name="Times">How many doses; 0 where no number is known (as needed, as written).</param>
/// <param name="Clock">The hour, where one is given.</param>
public sealed record PlannedDose(DoseTime Time, int Times, TimeOnly? Clock = null);

/// <summary>One Dosage of FHIR: how much, when, and for how long. Reads whatever stands there; what cannot be planned is kept as it was written.</summary>
public sealed record Dosage
{
    /// <summary>More doses in a day are an infusion or an error, nothing to plan by hand.</summary>
    const int MostDosesADay = 24;
    const decimal MinutesADay = 1440;
    const decimal LongestPeriod = 10_000;

    // Where a prescription does not say when it began, weeks begin on a Monday.
    static readonly DateOnly SomeMonday = new(2000, 1, 3);

    /// <summary>As the prescriber wrote it, or null.</summary>
    public string? Text { get; private init; }
    /// <summary>One dose, with its unit, or null.</summary>
    public string? Dose { get; private init; }
    /// <summary>Times in a period; 0 when not said.</summary>
    public int Frequency { get; private init; }
    /// <summary>At most that many times, or null.</summary>
    public int? FrequencyMax { get; private init; }
    /// <summary>The period in minutes; 0 when it is none or counted in months.</summary>
    public decimal PeriodMinutes { get; private init; }
    /// <summary>The period in whole months; 0 when it is not counted so.</summary>
    public int PeriodMonths { get; private init; }
    /// <summary>Events of the day, as FHIR codes them: MORN, CV, HS …</summary>
    public IReadOnlyList<string> When { get; private init; } = [];
    /// <summary>Hours of the day.</summary>
    public IReadOnlyList<TimeOnly> Clocks { get; private init; } = [];
    /// <summary>Days of the week.</summary>
    public IReadOnlyList<DayOfWeek> Days { get; private init; } = [];
    /// <summary>Single days.</summary>
    public IReadOnlyList<DateOnly> Events { get; private init; } = [];
    /// <summary>Only when needed.</summary>
    public bool IsAsNeeded { get; private init; }
    /// <summary>What for, when needed.</summary>
    public string? NeededFor { get; private init; }
    /// <summary>The most in a time, in words, or null.</summary>
    public string? Most { get; private init; }
    /// <summary>First day.</summary>
    public DateOnly? Start { get; private init; }
    /// <summary>Last day.</summary>
    public DateOnly? End { get; private init; }

    /// <summary>Whether days can be planned from it.</summary>
    public bool IsStructured => Frequency > 0 || Clocks.Count > 0 || When.Count > 0 || Days.Count > 0 || Events.Count > 0;

    /// <summary>Reads one.</summary>
    /// <param name="dosage">Dosage of FHIR, valid or not.</param>
    /// <param name="since">When the prescription was written: where the dosage has no beginning of its own, periods count from it.</param>
    public static Dosage Read(JsonElement dosage, FhirDate? since)
    {
        var (timing, rate) = (dosage.At("timing"), dosage.FirstAt("doseAndRate"));
        var repeat = timing.At("repeat");
        var bounds = repeat.At("boundsPeriod");
        var start = Day(FhirDate.Read(bounds.TextAt("start"))) ?? Day(since);
        var (frequency, minutes, months) = Rhythm(repeat);
        if (frequency == 0 && !repeat.Exists()) (frequency, minutes) = OfCode(Codes.Code(timing.At("code")));
        var when = repeat.ItemsAt("when").Select(item => item.AsText()).OfType<string>().Where(code => SlotsOf(code).Length > 0).Distinct().ToList();
        if (frequency == 0 && !repeat.Exists() && Codes.Code(timing.At("code")) is "AM" or "PM" or "BED") when.Add(Codes.Code(timing.At("code")) switch { "AM" => "MORN", "PM" => "EVE", _ => "HS" });
        return new()
        {
            Text = dosage.TextAt("patientInstruction") ?? dosage.TextAt("text") ?? Codes.First(dosage, "additionalInstruction") ?? Codes.Write(timing.At("code")),
            Dose = Values.Quantity(rate.At("doseQuantity")) ?? Values.Range(rate.At("doseRange")) ?? Values.Write(rate, "rate"),
            Frequency = frequency, PeriodMinutes = minutes, PeriodMonths = months, FrequencyMax = Whole(repeat.At("frequencyMax")) is > 0 and <= MostDosesADay and var most && most > frequency && frequency > 0 ? most : null,
            When = when,
            Clocks = [.. repeat.ItemsAt("timeOfDay").Select(item => TimeOnly.TryParse(item.AsText(), CultureInfo.InvariantCulture, out var hour) ? hour : (TimeOnly?)null).OfType<TimeOnly>().Distinct().Order().Take(MostDosesADay)],
            Days = [.. repeat.ItemsAt("dayOfWeek").Select(item => Array.IndexOf(DayCodes, item.AsText()) is >= 0 and var at ? (DayOfWeek)at : (DayOfWeek?)null).OfType<DayOfWeek>().Distinct()],
            Events = [.. timing.ItemsAt("event").Select(item => Day(FhirDate.Read(item.AsText()))).OfType<DateOnly>().Distinct()],
            IsAsNeeded = dosage.At("asNeededBoolean").ValueKind == JsonValueKind.True || dosage.At("asNeededCodeableConcept").ValueKind == JsonValueKind.Object,
            NeededFor = Codes.Write(dosage.At("asNeededCodeableConcept")),
            Most = MostIn(dosage.FirstAt("maxDosePerPeriod")),
            Start = start, End = Day(FhirDate.Read(bounds.TextAt("end"))) ?? EndOf(start, repeat.At("boundsDuration")),
        };
    }

    static readonly string[] DayCodes = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    /// <summary>How many doses are planned on a day; 0 for what is taken as needed or cannot be planned.</summary>
    public int DosesOn(DateOnly day)
    {
        if (IsAsNeeded || !IsStructured || day < Start || day > End) return 0;
        if (Events.Count > 0) return Events.Count(one => one == day);
        var due = DueOn(day);
        if (due == 0) return 0;
        if (Clocks.Count > 0) return Clocks.Count;
        return When.Count > 0 ? Math.Max(due, Frequency == 0 ? Slots.Count : Math.Min(When.Count, Slots.Count)) : due;
    }

    /// <summary>The doses of a day by its parts.</summary>
    public IReadOnlyList<PlannedDose> On(DateOnly day)
    {
        if (day < Start || day > End) return [];
        if (IsAsNeeded) return [new(DoseTime.AsNeeded, 0)];
        if (!IsStructured) return [new(DoseTime.AsWritten, 0)];
        var doses = DosesOn(day);
        if (doses == 0) return [];
        if (Clocks.Count > 0 && Events.Count == 0) return [.. Clocks.Select(clock => new PlannedDose(SlotOf(clock), 1, clock))];
        var slots = Slots.Count > 0 && Events.Count == 0 ? Slots : [.. Spread(doses)];
        return [.. slots.Select((slot, i) => new PlannedDose(slot, doses / slots.Count + (i < doses % slots.Count ? 1 : 0))).Where(dose => dose.Times > 0).OrderBy(dose => dose.Time)];
    }

    // Doses due by rhythm: as many as begin between this midnight and the next, when the first is taken at once and all are spread evenly.
    int DueOn(DateOnly day)
    {
        if (Days.Count > 0) return !Days.Contains(day.DayOfWeek) ? 0 : PeriodMinutes == MinutesADay ? Math.Max(1, Frequency) : Math.Max(1, (Frequency + Days.Count - 1) / Days.Count);
        var first = Start ?? SomeMonday;
        if (PeriodMonths > 0)
        {
            var months = (day.Year - first.Year) * 12 + day.Month - first.Month;
            return months >= 0 && months % PeriodMonths == 0 && day.Day == Math.Min(first.Day, DateTime.DaysInMonth(day.Year, day.Month)) ? Frequency : 0;
        }
        if (PeriodMinutes == 0) return Math.Max(1, Frequency);
        var number = day.DayNumber - first.DayNumber;
        return number < 0 ? 0 : (int)(Before(number + 1) - Before(number));
    }

    decimal Before(int number) => decimal.Ceiling(number * MinutesADay * Frequency / PeriodMinutes);

    List<DoseTime> Slots
    {
        get
        {
            if (When.Count == 0) return [];
            var slots = When.SelectMany(SlotsOf).Distinct().ToList();
            // "With meals", twice a day: the day has three, so two of them.
            return When.All(code => code is "C" or "AC" or "PC") && Frequency is 1 or 2 ? Frequency == 1 ? [DoseTime.AnyTime] : [DoseTime.Morning, DoseTime.Evening] : slots;
        }
    }

    // As they are usually spread where nobody said when.
    static DoseTime[] Spread(int doses) => doses switch
    {
        1 => [DoseTime.AnyTime],
        2 => [DoseTime.Morning, DoseTime.Evening],
        3 => [DoseTime.Morning, DoseTime.Noon, DoseTime.Evening],
        _ => [DoseTime.Morning, DoseTime.Evening, DoseTime.Noon, DoseTime.Night],
    };

    static DoseTime SlotOf(TimeOnly clock) => clock.Hour switch { >= 4 and < 11 => DoseTime.Morning, >= 11 and < 16 => DoseTime.Noon, >= 16 and < 21 => DoseTime.Evening, _ => DoseTime.Night };

    static DoseTime[] SlotsOf(string code) => code.Split('.')[0] switch
    {
        "MORN" or "WAKE" or "CM" or "ACM" or "PCM" => [DoseTime.Morning],
        "NOON" or "AFT" or "CD" or "ACD" or "PCD" => [DoseTime.Noon],
        "EVE" or "CV" or "ACV" or "PCV" => [DoseTime.Evening],
        "NIGHT" or "PHS" or "HS" => [DoseTime.Night],
        "C" or "AC" or "PC" => [DoseTime.Morning, DoseTime.Noon, DoseTime.Evening],
        _ => [],
    };

    /// <summary>Frequency and period; nothing when they are no rhythm one could plan by.</summary>
    static (int Frequency, decimal Minutes, int Months) Rhythm(JsonElement repeat)
    {
        var (unit, period) = (repeat.TextAt("periodUnit"), Decimal(repeat.At("period")));
        if (Whole(repeat.At("frequency")) is not { } frequency)
        {
            if (period is null) return default;
            frequency = 1;
        }
        if (frequency <= 0) return default;
        if (period is null && unit is null) (period, unit) = (1, "d");
        if (period is not (> 0 and <= LongestPeriod)) return default;
        if (unit is "mo" or "a" && decimal.IsInteger(period.Value)) return frequency <= MostDosesADay ? (frequency, 0, (int)period.Value * (unit == "a" ? 12 : 1)) : default;
        var minutes = period.Value * unit switch { "min" => 1, "h" => 60, "d" => MinutesADay, "wk" => 7 * MinutesADay, "mo" => 30 * MinutesADay, "a" => 365 * MinutesADay, _ => 0 };
        return minutes > 0 && frequency <= MostDosesADay * decimal.Ceiling(minutes / MinutesADay) && frequency * MinutesADay / minutes <= MostDosesADay ? (frequency, minutes, 0) : default;
    }

    static (int Frequency, decimal Minutes) OfCode(string? code) => code switch
    {
        "QD" => (1, MinutesADay), "BID" => (2, MinutesADay), "TID" => (3, MinutesADay), "QID" => (4, MinutesADay), "QOD" => (1, 2 * MinutesADay),
        "Q1H" => (1, 60), "Q2H" => (1, 120), "Q3H" => (1, 180), "Q4H" => (1, 240), "Q6H" => (1, 360), "Q8H" => (1, 480), "WK" => (1, 7 * MinutesADay), _ => default,
    };

    static DateOnly? Day(FhirDate? date) => date is { } known ? DateOnly.FromDateTime(known.Local) : null;

    static DateOnly? EndOf(DateOnly? start, JsonElement duration)
    {
        if (start is null || Decimal(duration.At("value")) is not (> 0 and <= LongestPeriod and var value)) return null;
        var days = value * (duration.TextAt("code") ?? duration.TextAt("unit")) switch { "h" => 1m / 24, "d" => 1, "wk" => 7, "mo" => 30, "a" => 365, _ => 0 };
        return days > 0 && start.Value.DayNumber + decimal.Ceiling(days) - 1 <= DateOnly.MaxValue.DayNumber ? start.Value.AddDays((int)decimal.Ceiling(days) - 1) : null;
    }

    static int? Whole(JsonElement number) => number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out var whole) ? whole : null;
    static decimal? Decimal(JsonElement number) => number.ValueKind == JsonValueKind.Number && number.TryGetDecimal(out var value) ? value : null;

    static string? MostIn(JsonElement ratio) => Values.Quantity(ratio.At("numerator")) is { } most
        ? Values.Quantity(ratio.At("denominator")) is { } time ? ratio.At("denominator").TextAt("value") == "24" && ratio.At("denominator").TextAt("code") == "h" || time is "1 d" or "1 day" ? Words.Of("at most a day", most) : Words.Of("at most in", most, time) : Words.Of("at most", most) : null;

    /// <summary>How to take it, in the reader's words: "1 tablet · twice a day · with meals"; as it was written where nothing else is known; null when nothing is.</summary>
    public string? InWords
    {
        get
        {
            string?[] parts =
            [
                Dose, HowOften, .. When.Select(code => Words.OfCode("when", code)), Clocks.Count > 0 ? string.Join(", ", Clocks.Select(clock => clock.ToString("HH:mm", CultureInfo.InvariantCulture))) : null,
                IsAsNeeded ? NeededFor is null ? Words.Of("as needed") : Words.Of("as needed for", NeededFor) : null, Most,
            ];
            var structured = IsStructured || IsAsNeeded && (Dose ?? NeededFor ?? Most) is not null || Text is null && Dose is not null;
            return structured ? string.Join(" · ", parts.OfType<string>()) : Text ?? (IsAsNeeded ? Words.Of("as needed") : null);
        }
    }

    /// <summary>As it was written, where that says more than <see cref="InWords"/>.</summary>
    public string? Also => Text is not null && InWords != Text ? Text : null;

    string? HowOften
    {
        get
        {
            if (Days.Count > 0) return Words.Of("on days", string.Join(", ", Days.OrderBy(day => ((int)day + 6) % 7).Select(day => Language.Reader.DateTimeFormat.GetDayName(day))));
            if (Events.Count > 0) return string.Join(", ", Events.Order().Select(day => day.ToString(Words.Of("format of short day"), Language.Reader)));
            if (Frequency == 0) return null;
            if (PeriodMonths > 0) return Frequency > 1 ? Words.Of("times in months", Frequency, PeriodMonths) : PeriodMonths == 1 ? Words.Of("once a month") : Words.Of("every months", PeriodMonths);
            var times = FrequencyMax is { } most ? $"{Frequency}–{most}" : Frequency.ToString(CultureInfo.InvariantCulture);
            var isOnce = Frequency == 1 && FrequencyMax is null;
            // "Once a day" says nothing new beside "in the morning".
            if (PeriodMinutes == MinutesADay) return isOnce ? When.Count > 0 || Clocks.Count > 0 ? null : Words.Of("once a day") : times == "2" ? Words.Of("twice a day") : Words.Of("times a day", times);
            if (PeriodMinutes == 7 * MinutesADay) return isOnce ? Words.Of("once a week") : Words.Of("times a week", times);
            if (PeriodMinutes < MinutesADay) return isOnce ? Words.Of("every hours", Values.Short((PeriodMinutes / 60).ToString(CultureInfo.InvariantCulture))) : Words.Of("times in hours", times, Values.Short((PeriodMinutes / 60).ToString(CultureInfo.InvariantCulture)));
            var days = Values.Short((PeriodMinutes / MinutesADay).ToString("0.####", CultureInfo.InvariantCulture));
            return isOnce ? days == "2" ? Words.Of("every other day") : Words.Of("every days", days) : Words.Of("times in days", times, days);
        }
    }
}
