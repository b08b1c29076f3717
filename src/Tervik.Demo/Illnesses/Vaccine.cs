using Tervik.Demo.Writing;

namespace Tervik.Demo.Illnesses;

/// <summary>A vaccine of a country's schedule.</summary>
/// <param name="Code">ATC.</param>
/// <param name="Series">What it protects against.</param>
/// <param name="From">First birth year that gets it.</param>
/// <param name="Months">Age in months at each dose.</param>
sealed record Vaccine(Term Code, string Series, int From, params int[] Months)
{
    /// <summary>Only girls until this birth year, and everyone from it on; 0: everyone.</summary>
    public int GirlsUntil { get; init; }

    static readonly Term Dtp = Term.Atc("J07AJ52", "Diphtheria, tetanus and whooping cough vaccine"), Six = Term.Atc("J07CA09", "Six-in-one vaccine"), Five = Term.Atc("J07CA06", "Five-in-one vaccine"),
        Pcv = Term.Atc("J07AL02", "Pneumococcal vaccine"), Mmr = Term.Atc("J07BD52", "Measles, mumps and rubella vaccine"), Hpv = Term.Atc("J07BM03", "HPV vaccine"), Polio = Term.Atc("J07BF03", "Polio vaccine"),
        Rota = Term.Atc("J07BH01", "Rotavirus vaccine"), Bcg = Term.Atc("J07AN01", "Tuberculosis vaccine (BCG)"), HepatitisB = Term.Atc("J07BC01", "Hepatitis B vaccine"), Varicella = Term.Atc("J07BK01", "Chickenpox vaccine"),
        Encephalitis = Term.Atc("J07BA02", "Japanese encephalitis vaccine"), Smallpox = Term.Atc("J07BX01", "Smallpox vaccine");

    /// <summary>Every year from 65, and with chronic illness.</summary>
    public static readonly Term Influenza = Term.Atc("J07BB02", "Influenza vaccine");
    public static readonly Term Covid = Term.Atc("J07BN01", "COVID-19 vaccine");
    /// <summary>Every ten years of adult life.</summary>
    public static readonly Term Tetanus = Term.Atc("J07AM51", "Tetanus and diphtheria vaccine");
    /// <summary>In the second half of pregnancy.</summary>
    public static readonly Term Pertussis = Dtp;

    /// <summary>Schedules by country code, simplified: what a child of that birth year was offered.</summary>
    public static readonly Dictionary<string, Vaccine[]> Schedules = new()
    {
        ["DK"] =
        [
            new(Smallpox, "Smallpox", 1900, 8), new(Polio, "Polio", 1950, 5, 6, 15), new(Five, "Diphtheria, tetanus, whooping cough, polio and Hib", 1997, 3, 5, 12), new(Dtp, "Diphtheria, tetanus, whooping cough and polio", 1998, 60),
            new(Pcv, "Pneumococci", 2007, 3, 5, 12), new(Mmr, "Measles, mumps and rubella", 1986, 15, 48), new(Hpv, "HPV", 1993, 144, 150) { GirlsUntil = 2006 },
        ],
        ["EE"] =
        [
            new(Smallpox, "Smallpox", 1900, 8), new(Bcg, "Tuberculosis", 1955, 0), new(Dtp, "Diphtheria, tetanus and whooping cough", 1957, 3, 4, 6, 24, 80), new(Polio, "Polio", 1958, 3, 4, 6, 24), new(Mmr, "Measles, mumps and rubella", 1992, 12, 156),
            new(HepatitisB, "Hepatitis B", 2003, 0, 1, 6), new(Six, "Six-in-one", 2015, 3, 4, 6, 24), new(Rota, "Rotavirus", 2014, 2, 3, 4), new(Hpv, "HPV", 2004, 144, 150) { GirlsUntil = 2012 },
        ],
        ["KR"] =
        [
            new(Smallpox, "Smallpox", 1900, 8), new(Bcg, "Tuberculosis", 1962, 0), new(Dtp, "Diphtheria, tetanus and whooping cough", 1958, 2, 4, 6, 18, 60), new(Polio, "Polio", 1962, 2, 4, 6, 60), new(Mmr, "Measles, mumps and rubella", 1985, 12, 60),
            new(HepatitisB, "Hepatitis B", 1995, 0, 1, 6), new(Encephalitis, "Japanese encephalitis", 1985, 12, 13, 24), new(Varicella, "Chickenpox", 2005, 12), new(Pcv, "Pneumococci", 2014, 2, 4, 6, 12), new(Rota, "Rotavirus", 2023, 2, 4), new(Hpv, "HPV", 2003, 144, 150) { GirlsUntil = 2100 },
        ],
    };

    /// <summary>Whether somebody of this birth year and sex was offered it; the smallpox vaccine ended with those born in 1976.</summary>
    public bool IsFor(int birthYear, bool isFemale) => birthYear >= From && (GirlsUntil == 0 || isFemale || birthYear >= GirlsUntil) && (Code != Smallpox || birthYear <= 1976);
}
