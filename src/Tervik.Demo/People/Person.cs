using System.Globalization;
using Tervik.Demo.Writing;

namespace Tervik.Demo.People;

/// <summary>Who somebody is, before anything happens to them.</summary>
sealed record Person
{
    public required int Number { get; init; }
    /// <summary>Logical id of the Patient, and beginning of the ids of all that is theirs.</summary>
    public required string Id { get; init; }
    public required Country Country { get; init; }
    public required bool IsFemale { get; init; }
    public required DateOnly Birth { get; init; }
    public required Name Given { get; init; }
    public required Name Family { get; init; }
    public required string City { get; init; }
    public required string Postal { get; init; }
    public required string Street { get; init; }
    public required string Phone { get; init; }
    public required string NationalId { get; init; }
    /// <summary>Numbers of the parents, for a child of the nation.</summary>
    public int? Mother { get; init; }
    public int? Father { get; init; }
    /// <summary>Number of the wife, husband or partner in the same home.</summary>
    public int? Partner { get; init; }
    public Shape Shape { get; init; } = Shape.None;

    public string Name => Country.Code == "KR" ? $"{Family.Own}{Given.Own}" : $"{Given.Own} {Family.Own}";
    public string? LatinName => Family.Latin is { } family && Given.Latin is { } given ? $"{given} {family}" : null;
    public Link Link => new($"Patient/{Id}", Name);

    public int AgeOn(DateOnly day) => day.Year - Birth.Year - (day.Month < Birth.Month || (day.Month == Birth.Month && day.Day < Birth.Day) ? 1 : 0);

    public static string IdOf(int number) => string.Create(CultureInfo.InvariantCulture, $"n{number:000000}");
}

/// <summary>What of a life is set beforehand: how personas, and the patients of the personas among the staff, get their stories.</summary>
sealed record Shape
{
    /// <summary>Everything by chance.</summary>
    public static readonly Shape None = new();

    /// <summary>Illnesses and how many years ago they began.</summary>
    public (string Illness, double YearsAgo)[] Had { get; init; } = [];
    /// <summary>No other lasting illness by chance.</summary>
    public bool IsPlain { get; init; }
    /// <summary>Own doctor; null for one of a practice nearby.</summary>
    public string? Doctor { get; init; }
    /// <summary>Who else is asked, by specialty, instead of somebody of the hospital.</summary>
    public (string Specialty, string Professional)[] Team { get; init; } = [];
    /// <summary>Keys of allergies; none of them by chance when set.</summary>
    public string[]? Allergies { get; init; }
    /// <summary>Null: by chance.</summary>
    public bool? Smokes { get; init; }
    /// <summary>Years since the death, or null.</summary>
    public double? DiedYearsAgo { get; init; }
    /// <summary>Weeks of a pregnancy today, or null.</summary>
    public int? WeeksPregnant { get; init; }
    /// <summary>Years of dialysis three times a week.</summary>
    public double YearsOfDialysis { get; init; }
    /// <summary>Days since the last stay in hospital, for the illness.</summary>
    public (string Illness, int DaysAgo)? Discharged { get; init; }
    /// <summary>Professional who sees them today, and when, in hours.</summary>
    public (string Professional, double Hour)? Today { get; init; }
    /// <summary>Number of a daughter who may see the record.</summary>
    public int? Daughter { get; init; }
    /// <summary>One of the people of the tour.</summary>
    public bool IsPersona { get; init; }
}
