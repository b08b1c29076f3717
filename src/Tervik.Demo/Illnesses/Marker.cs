using Tervik.Demo.Writing;

namespace Tervik.Demo.Illnesses;

/// <summary>Where a result comes from.</summary>
enum MarkerKind { Laboratory, Vital, Survey }

/// <summary>Something that is measured.</summary>
/// <param name="Key">Name in the tables here.</param>
/// <param name="Code">LOINC.</param>
/// <param name="Unit">As written.</param>
/// <param name="Ucum">As coded.</param>
/// <param name="Women">Usual value of a healthy woman of 30.</param>
/// <param name="Men">Usual value of a healthy man of 30.</param>
/// <param name="PerDecade">Change with each ten years after 30.</param>
/// <param name="Between">Standard deviation between people.</param>
/// <param name="Within">Standard deviation from one measurement to the next.</param>
/// <param name="Digits">Decimals.</param>
/// <param name="Low">Lower end of the reference range, or null.</param>
/// <param name="High">Upper end, or null.</param>
sealed record Marker(string Key, Term Code, string Unit, string Ucum, double Women, double Men, double PerDecade, double Between, double Within, int Digits, double? Low, double? High)
{
    public MarkerKind Kind { get; init; } = MarkerKind.Laboratory;
    /// <summary>Reference range of women where it differs.</summary>
    public (double Low, double High)? RangeOfWomen { get; init; }
    /// <summary>A result is never below.</summary>
    public double Floor { get; init; }
    /// <summary>A result is never above.</summary>
    public double Ceiling { get; init; } = double.MaxValue;

    static Marker Lab(string key, string loinc, string name, string unit, string ucum, double women, double men, double perDecade, double between, double within, int digits, double? low, double? high) =>
        new(key, Term.Loinc(loinc, name), unit, ucum, women, men, perDecade, between, within, digits, low, high);

    static Marker Vital(string key, string loinc, string name, string unit, string ucum, double women, double men, double perDecade, double between, double within, int digits, double? low, double? high) =>
        new(key, Term.Loinc(loinc, name), unit, ucum, women, men, perDecade, between, within, digits, low, high) { Kind = MarkerKind.Vital };

    static Marker Survey(string key, string loinc, string name, double usual, double between, double within, double? low, double? high, double ceiling) =>
        new(key, Term.Loinc(loinc, name), "points", "{score}", usual, usual, 0, between, within, 0, low, high) { Kind = MarkerKind.Survey, Ceiling = ceiling };

    public static readonly Marker[] All =
    [
        Lab("hba1c", "4548-4", "Hemoglobin A1c", "%", "%", 5.2, 5.2, 0.07, 0.15, 0.12, 1, 4.0, 6.0) with { Floor = 4.2 },
        Lab("glucose", "14771-0", "Fasting glucose", "mmol/L", "mmol/L", 4.9, 5.0, 0.1, 0.25, 0.3, 1, 4.0, 6.0) with { Floor = 3.1 },
        Lab("cholesterol", "14647-2", "Cholesterol", "mmol/L", "mmol/L", 4.6, 4.6, 0.15, 0.5, 0.2, 1, 3.0, 5.0) with { Floor = 2.0 },
        Lab("ldl", "39469-2", "LDL cholesterol", "mmol/L", "mmol/L", 2.6, 2.7, 0.15, 0.45, 0.2, 1, null, 3.0) with { Floor = 0.7 },
        Lab("hdl", "14646-4", "HDL cholesterol", "mmol/L", "mmol/L", 1.6, 1.3, 0, 0.2, 0.08, 1, 1.0, null) with { Floor = 0.6 },
        Lab("triglycerides", "14927-8", "Triglycerides", "mmol/L", "mmol/L", 1.1, 1.3, 0.05, 0.3, 0.2, 1, null, 2.0) with { Floor = 0.4 },
        Lab("egfr", "62238-1", "Estimated glomerular filtration rate", "mL/min/1.73 m²", "mL/min/{1.73_m2}", 106, 106, -7.5, 8, 3, 0, 60, null) with { Floor = 5, Ceiling = 130 },
        Lab("creatinine", "14682-9", "Creatinine", "µmol/L", "umol/L", 65, 80, 2, 0, 0, 0, 60, 105) with { RangeOfWomen = (45, 90) },
        Lab("urea", "22664-7", "Urea", "mmol/L", "mmol/L", 4.6, 5.2, 0.3, 0.7, 0.5, 1, 3.0, 8.0) with { Floor = 1.5 },
        Lab("potassium", "2823-3", "Potassium", "mmol/L", "mmol/L", 4.0, 4.1, 0.03, 0.15, 0.17, 1, 3.5, 4.8) with { Floor = 2.6 },
        Lab("sodium", "2951-2", "Sodium", "mmol/L", "mmol/L", 140, 140, -0.1, 1.2, 1.2, 0, 137, 145) with { Floor = 122 },
        Lab("acr", "9318-7", "Urine albumin/creatinine ratio", "mg/g", "mg/g", 8, 7, 1.5, 3, 3, 0, null, 30) with { Floor = 2 },
        Lab("hb", "718-7", "Hemoglobin", "g/L", "g/L", 135, 150, -1, 6, 3, 0, 134, 170) with { RangeOfWomen = (117, 153), Floor = 55 },
        Lab("mcv", "787-2", "Mean red cell volume", "fL", "fL", 90, 90, 0.4, 3, 0.8, 0, 82, 98) with { Floor = 62 },
        Lab("wbc", "6690-2", "White blood cells", "10⁹/L", "10*9/L", 6.4, 6.4, 0, 1.1, 0.7, 1, 3.5, 8.8) with { Floor = 0.9 },
        Lab("platelets", "777-3", "Platelets", "10⁹/L", "10*9/L", 260, 235, -5, 35, 15, 0, 145, 390) with { Floor = 40 },
        Lab("crp", "1988-5", "C-reactive protein", "mg/L", "mg/L", 1.6, 1.4, 0.4, 0.8, 0.8, 0, null, 8) with { Floor = 1 },
        Lab("ferritin", "2276-4", "Ferritin", "µg/L", "ug/L", 60, 130, 6, 20, 8, 0, 15, 300) with { Floor = 4 },
        Lab("tsh", "3016-3", "Thyrotropin (TSH)", "mIU/L", "m[IU]/L", 1.7, 1.6, 0.08, 0.4, 0.25, 2, 0.3, 4.5) with { Floor = 0.05 },
        Lab("ft4", "14920-3", "Free thyroxine (T4)", "pmol/L", "pmol/L", 15.5, 15.8, 0, 1.3, 0.7, 1, 12, 22) with { Floor = 5 },
        Lab("alt", "1742-6", "Alanine aminotransferase (ALT)", "U/L", "U/L", 21, 27, 0, 6, 3, 0, 10, 70) with { RangeOfWomen = (10, 45), Floor = 7 },
        Lab("albumin", "1751-7", "Albumin", "g/L", "g/L", 43, 44, -0.8, 1.8, 0.9, 0, 36, 48) with { Floor = 20 },
        Lab("calcium", "2000-8", "Calcium", "mmol/L", "mmol/L", 2.35, 2.35, 0, 0.05, 0.04, 2, 2.20, 2.55) with { Floor = 1.7 },
        Lab("phosphate", "14879-1", "Phosphate", "mmol/L", "mmol/L", 1.1, 1.05, 0, 0.1, 0.1, 2, 0.75, 1.50) with { Floor = 0.5 },
        Lab("pth", "14866-8", "Parathyroid hormone", "pmol/L", "pmol/L", 4.2, 4.2, 0.2, 0.9, 0.5, 1, 1.5, 7.0) with { Floor = 1 },
        Lab("urate", "14933-6", "Urate", "µmol/L", "umol/L", 260, 330, 8, 35, 20, 0, 200, 480) with { RangeOfWomen = (150, 400), Floor = 120 },
        Lab("probnp", "33762-6", "NT-proBNP", "ng/L", "ng/L", 50, 30, 22, 15, 15, 0, null, 300) with { Floor = 10 },
        Lab("troponin", "67151-1", "Troponin T, high sensitivity", "ng/L", "ng/L", 4, 5, 1, 1, 1, 0, null, 14) with { Floor = 3 },
        Lab("psa", "2857-1", "Prostate-specific antigen", "µg/L", "ug/L", 0, 0.7, 0.35, 0.2, 0.12, 1, null, 4.0) with { Floor = 0.1 },
        Lab("ca153", "6875-9", "Cancer antigen 15-3", "kU/L", "k[IU]/L", 15, 15, 0, 3, 1.5, 0, null, 30) with { Floor = 4 },
        Lab("cea", "2039-6", "Carcinoembryonic antigen", "µg/L", "ug/L", 1.4, 1.6, 0.1, 0.4, 0.2, 1, null, 5.0) with { Floor = 0.4 },
        Lab("inr", "6301-6", "INR", "", "{INR}", 1.0, 1.0, 0, 0.04, 0.04, 1, 0.8, 1.2) with { Floor = 0.8 },
        Vital("weight", "29463-7", "Body weight", "kg", "kg", 0, 0, 0, 0, 0.5, 1, null, null),
        Vital("height", "8302-2", "Body height", "cm", "cm", 0, 0, 0, 0, 0, 0, null, null),
        Vital("bmi", "39156-5", "Body mass index", "kg/m²", "kg/m2", 0, 0, 0, 0, 0, 1, 18.5, 24.9),
        Vital("systolic", "8480-6", "Systolic blood pressure", "mmHg", "mm[Hg]", 114, 121, 3.2, 6, 5, 0, 90, 140) with { Floor = 82 },
        Vital("diastolic", "8462-4", "Diastolic blood pressure", "mmHg", "mm[Hg]", 73, 76, 0.8, 4, 4, 0, 60, 90) with { Floor = 45 },
        Vital("pulse", "8867-4", "Heart rate", "/min", "/min", 72, 69, 0, 5, 5, 0, 50, 100) with { Floor = 42 },
        Vital("temperature", "8310-5", "Body temperature", "°C", "Cel", 36.7, 36.7, 0, 0.1, 0.2, 1, 36.0, 37.9) with { Floor = 35.5 },
        Vital("saturation", "59408-5", "Oxygen saturation", "%", "%", 98, 98, -0.3, 0.5, 0.6, 0, 94, null) with { Floor = 82, Ceiling = 100 },
        Vital("breaths", "9279-1", "Respiratory rate", "/min", "/min", 14, 14, 0.2, 1, 1.2, 0, 12, 20) with { Floor = 10 },
        Survey("phq9", "44261-6", "PHQ-9 depression score", 2, 1, 1, null, 9, 27),
        Survey("mmse", "72106-8", "Mini-mental state score", 29, 0.6, 0.6, 26, null, 30),
        Survey("pain", "72514-3", "Pain, 0 to 10", 0.4, 0.4, 0.4, null, 3, 10),
        new("fev1", Term.Loinc("20152-5", "FEV1, per cent of predicted"), "%", "%", 98, 98, 0, 6, 3, 0, 80, null) { Kind = MarkerKind.Survey, Floor = 18, Ceiling = 125 },
    ];

    static readonly Dictionary<string, Marker> ByKey = All.ToDictionary(one => one.Key, StringComparer.Ordinal);

    public static Marker Of(string key) => ByKey[key];

    /// <summary>Laboratory values that are ordered, and reported, together.</summary>
    public static readonly (string Key, Term Code, string[] Markers)[] Panels =
    [
        ("diabetes", Term.Loinc("55399-0", "Diabetes tests"), ["hba1c", "glucose"]),
        ("lipids", Term.Loinc("57698-3", "Cholesterol tests"), ["cholesterol", "ldl", "hdl", "triglycerides"]),
        ("kidney", Term.Loinc("24362-6", "Kidney tests"), ["creatinine", "egfr", "potassium", "sodium", "urea"]),
        ("urine", Term.Loinc("34535-5", "Urine albumin test"), ["acr"]),
        ("blood", Term.Loinc("58410-2", "Blood count"), ["hb", "mcv", "wbc", "platelets"]),
        ("iron", Term.Loinc("50190-8", "Iron tests"), ["ferritin"]),
        ("thyroid", Term.Loinc("24348-5", "Thyroid tests"), ["tsh", "ft4"]),
        ("inflammation", Term.Loinc("1988-5", "Inflammation test"), ["crp"]),
        ("liver", Term.Loinc("24325-3", "Liver tests"), ["alt", "albumin"]),
        ("bone", Term.Loinc("11502-2", "Mineral tests"), ["calcium", "phosphate", "pth"]),
        ("urate", Term.Loinc("14933-6", "Urate test"), ["urate"]),
        ("heart", Term.Loinc("33762-6", "Heart failure test"), ["probnp"]),
        ("troponin", Term.Loinc("67151-1", "Heart muscle test"), ["troponin"]),
        ("psa", Term.Loinc("2857-1", "Prostate test"), ["psa"]),
        ("ca153", Term.Loinc("6875-9", "Breast cancer marker"), ["ca153"]),
        ("cea", Term.Loinc("2039-6", "Bowel cancer marker"), ["cea"]),
    ];
}
