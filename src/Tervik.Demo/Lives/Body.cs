using Tervik.Demo.Illnesses;
using Tervik.Demo.People;

namespace Tervik.Demo.Lives;

/// <summary>An illness that somebody has or had.</summary>
sealed class Ailment(Illness illness, DateOnly onset, string id)
{
    public Illness Illness => illness;
    public DateOnly Onset { get; } = onset;
    /// <summary>Logical id of the Condition.</summary>
    public string Id => id;
    public DateOnly? End { get; set; }
    /// <summary>When an operation removed most of it.</summary>
    public DateOnly? Relieved { get; set; }
    /// <summary>Steps of treatment taken, and when the last one was.</summary>
    public int Step { get; set; }
    public DateOnly LastStep { get; set; } = onset;
    public DateOnly Recorded { get; set; } = onset;
    public Institutions.Clinician? Recorder { get; set; }
    public string? Encounter { get; set; }

    public bool IsActive(DateOnly at) => Onset <= at && (End is not { } end || at < end);

    /// <summary>How much of its effects is felt: an acute illness fades, a pregnancy grows, what was operated away leaves a tenth.</summary>
    public double Strength(DateOnly at)
    {
        if (!IsActive(at)) return 0;
        var days = at.DayNumber - Onset.DayNumber;
        if (Relieved is { } relieved && at > relieved) return Math.Max(0.1, 1 - (at.DayNumber - relieved.DayNumber) / 60.0);
        if (!illness.Passes) return 1;
        var progress = Math.Min(1, days / (double)illness.Days);
        return illness.Key == "pregnancy" ? progress : Math.Min(1, (1 - progress) * 1.4);
    }
}

/// <summary>A drug that somebody takes or took.</summary>
sealed class Course(Drug drug, DateOnly start, string id, Ailment? reason)
{
    public Drug Drug => drug;
    public DateOnly Start => start;
    public string Id => id;
    public Ailment? Reason => reason;
    public DateOnly? End { get; set; }
    /// <summary>Why it was stopped, when it was.</summary>
    public string? Stopped { get; set; }
    public required Institutions.Clinician Prescriber { get; init; }
    public string? Encounter { get; init; }

    public bool IsActive(DateOnly at) => start <= at && (End is not { } end || at < end);
    /// <summary>Full after about ten weeks.</summary>
    public double Strength(DateOnly at) => IsActive(at) ? Math.Min(1, (at.DayNumber - start.DayNumber) / 70.0) : 0;
}

/// <summary>What would be measured in a person: the healthy value, what the illnesses add, what the drugs take away, and a little chance.</summary>
sealed class Body
{
    // Median heights and body mass indices of children, cm and kg/m²; between the ages the line is straight. Adults: 166 and 179.
    static readonly (double Age, double Girls, double Boys)[] Heights = [(0, 50, 50.5), (1, 74, 76), (2, 86, 88), (3, 95, 96), (4, 102, 103), (6, 116, 117), (8, 128, 128), (10, 138, 138), (12, 151, 149), (14, 161, 164), (16, 165, 175), (18, 166, 179)];
    static readonly (double Age, double Girls, double Boys)[] Masses = [(0, 13.6, 13.8), (1, 16.8, 17.2), (2, 16.2, 16.5), (4, 15.4, 15.6), (6, 15.4, 15.5), (8, 16.1, 16.1), (10, 17, 16.9), (12, 18.2, 17.9), (14, 19.6, 19.2), (16, 20.7, 20.6), (18, 21.4, 21.8)];

    readonly Person person;
    readonly Dice dice;
    readonly List<Ailment> ailments;
    readonly List<Course> courses;
    readonly Dictionary<string, double> traits = new(StringComparer.Ordinal);
    readonly double adultHeight, massTrait;

    public Body(Person person, Dice dice, List<Ailment> ailments, List<Course> courses)
    {
        (this.person, this.dice, this.ailments, this.courses) = (person, dice, ailments, courses);
        foreach (var marker in Marker.All) traits[marker.Key] = dice.Normal(0, marker.Between);
        adultHeight = (person.IsFemale ? 166 : 179) - (person.Country.Code == "KR" ? 5 : 0) + dice.Normal(0, 6);
        massTrait = dice.Normal(0, 1.7);
    }

    /// <summary>How much water a failing heart holds back, 0 to 1: what a stay in hospital takes away.</summary>
    public double Congestion { get; set; }

    /// <summary>Illnesses that have begun and that nobody knows of yet: results creep towards them.</summary>
    public List<(Illness Illness, DateOnly From, DateOnly To)> Brewing { get; } = [];

    public double Age(DateOnly at) => (at.DayNumber - person.Birth.DayNumber) / 365.25;

    /// <summary>One measurement, rounded as the laboratory would.</summary>
    public decimal Measure(Marker marker, DateOnly at)
    {
        var value = Expect(marker.Key, at);
        // What is far above the healthy value also varies more.
        if (marker.Within > 0) value += dice.Normal(0, marker.Within) * (marker.Men > 0 ? Math.Max(1, value / (marker.Men * 4)) : 1);
        return Rounded(marker, value);
    }

    public static decimal Rounded(Marker marker, double value) => Math.Round((decimal)Math.Clamp(value, marker.Floor, marker.Ceiling), marker.Digits);

    /// <summary>The value without chance.</summary>
    public double Expect(string key, DateOnly at)
    {
        switch (key)
        {
            case "height": return Height(at);
            case "weight": return Weight(at);
            case "bmi": return Weight(at) / Math.Pow(Height(at) / 100, 2);
            case "creatinine": return Creatinine(Expect("egfr", at), at);
            case "cholesterol": return Expect("ldl", at) + Expect("hdl", at) + Expect("triglycerides", at) / 2.2;
        }
        var marker = Marker.Of(key);
        var age = Age(at);
        var value = (person.IsFemale ? marker.Women : marker.Men) + marker.PerDecade * Math.Max(0, (age - 30) / 10) + traits[key];
        if (age < 18) value += Childhood(key, 18 - age);
        return Changed(key, Math.Clamp(value, marker.Floor, marker.Ceiling), at);
    }

    double Changed(string key, double value, DateOnly at)
    {
        var times = 1.0;
        foreach (var ailment in ailments)
        {
            if (ailment.Illness.Effects.Length == 0 || ailment.Strength(at) is not (> 0 and var strength)) continue;
            foreach (var effect in ailment.Illness.Effects)
                if (effect.Marker == key) value += strength * (effect.Plus + effect.PerYear * Math.Min(15, (at.DayNumber - ailment.Onset.DayNumber) / 365.25));
        }
        foreach (var (illness, from, to) in Brewing)
        {
            if (at < from || at >= to) continue;
            foreach (var effect in illness.Effects)
                if (effect.Marker == key) value += effect.Plus * 0.75 * (at.DayNumber - from.DayNumber) / (to.DayNumber - from.DayNumber);
        }
        if (Congestion > 0) value += Congestion * key switch { "weight" => 4.5, "probnp" => 3800, "saturation" => -4, "pulse" => 16, "breaths" => 6, _ => 0 };
        foreach (var course in courses)
        {
            if (course.Drug.Effects.Length == 0 || course.Strength(at) is not (> 0 and var strength)) continue;
            foreach (var effect in course.Drug.Effects)
            {
                if (effect.Marker != key) continue;
                value += strength * effect.Plus;
                times *= 1 + (effect.Times - 1) * strength;
            }
        }
        return value * times;
    }

    static double Childhood(string key, double years) => key switch
    {
        "systolic" => -1.6 * years, "diastolic" => -1.0 * years, "pulse" => 2.4 * years, "breaths" => 0.7 * years, "hb" => -1.1 * years, "psa" => -0.6, "temperature" => 0.01 * years, _ => 0,
    };

    double Height(DateOnly at)
    {
        var age = Age(at);
        var adult = person.IsFemale ? 166.0 : 179.0;
        return (age >= 18 ? adult : On(Heights, age)) * adultHeight / adult - (age > 60 ? (age - 60) * 0.08 : 0);
    }

    double Weight(DateOnly at)
    {
        var age = Age(at);
        var mass = age >= 18 ? (person.IsFemale ? 21.4 : 22.4) + (Math.Min(age, 65) - 18) * 0.055 : On(Masses, age);
        var kilograms = (mass + massTrait * Math.Min(1, 0.3 + age / 25)) * Math.Pow(Height(at) / 100, 2);
        return Math.Max(2.4, Changed("weight", kilograms, at));
    }

    double On((double Age, double Girls, double Boys)[] curve, double age)
    {
        var next = Array.FindIndex(curve, point => point.Age > age);
        if (next <= 0) return next == 0 ? Of(curve[0]) : Of(curve[^1]);
        var share = (age - curve[next - 1].Age) / (curve[next].Age - curve[next - 1].Age);
        return Of(curve[next - 1]) + share * (Of(curve[next]) - Of(curve[next - 1]));

        double Of((double Age, double Girls, double Boys) point) => person.IsFemale ? point.Girls : point.Boys;
    }

    /// <summary>CKD-EPI 2021 turned around, so that creatinine and filtration rate tell the same. µmol/L.</summary>
    double Creatinine(double egfr, DateOnly at)
    {
        var (kappa, alpha) = person.IsFemale ? (0.7, -0.241) : (0.9, -0.302);
        var ratio = Math.Max(5, egfr) / (142 * Math.Pow(0.9938, Math.Max(18, Age(at))) * (person.IsFemale ? 1.012 : 1));
        var milligrams = ratio < 1 ? kappa * Math.Pow(ratio, -1 / 1.2) : kappa * Math.Pow(ratio, 1 / alpha);
        return Math.Clamp(milligrams * 88.4, 20, 1100) * Math.Clamp(0.35 + Age(at) / 26, 0.35, 1);
    }
}
