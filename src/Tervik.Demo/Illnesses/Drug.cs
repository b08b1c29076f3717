using Tervik.Demo.Writing;

namespace Tervik.Demo.Illnesses;

/// <summary>What an illness or a drug does to a marker.</summary>
/// <param name="Marker">Key of the marker.</param>
/// <param name="Plus">Added, in the marker's unit.</param>
/// <param name="PerYear">Added with each year of an illness.</param>
/// <param name="Times">Then multiplied.</param>
sealed record Effect(string Marker, double Plus = 0, double PerYear = 0, double Times = 1);

/// <summary>A drug in one strength, and how it is taken.</summary>
/// <param name="Key">Name in the tables here.</param>
/// <param name="Code">ATC.</param>
/// <param name="Name">With strength and form.</param>
/// <param name="Text">How to take it, in words.</param>
/// <param name="Dose">Amount each time.</param>
/// <param name="Unit">Of the dose, in words.</param>
/// <param name="Ucum">Of the dose, coded.</param>
/// <param name="When">Event codes of the day (MORN, NIGHT, CM …); empty for every <paramref name="Period"/>.</param>
/// <param name="Period">Every so many of <paramref name="PeriodUnit"/>; 0 with <paramref name="When"/> or when needed.</param>
/// <param name="PeriodUnit">d or wk.</param>
sealed record Drug(string Key, Term Code, string Name, string Text, decimal Dose, string Unit, string Ucum, string[] When, int Period, string PeriodUnit)
{
    public Effect[] Effects { get; init; } = [];
    /// <summary>Taken for so many days; 0: until stopped.</summary>
    public int Days { get; init; }
    /// <summary>Only when needed, for this.</summary>
    public string? AsNeeded { get; init; }
    /// <summary>By mouth unless said otherwise.</summary>
    public Term Route { get; init; } = Term.Snomed("26643006", "By mouth");
    /// <summary>How often it has to be stopped, why, and what comes instead.</summary>
    public (double Chance, string Reason, string Instead)? SideEffect { get; init; }
    /// <summary>Whether it is a penicillin.</summary>
    public bool IsPenicillin => Code.Code.StartsWith("J01C", StringComparison.Ordinal);

    static readonly Term Inhaled = Term.Snomed("447694001", "Inhaled");
    static readonly Term UnderTheSkin = Term.Snomed("34206005", "Under the skin");

    static Drug Tablet(string key, string atc, string name, string text, string when, params Effect[] effects) =>
        new(key, Term.Atc(atc, name.Split(' ')[0]), name, text, 1, "tablet", "{tbl}", when.Split(' '), 0, "d") { Effects = effects };

    static Drug Needed(string key, string atc, string name, string text, string reason) =>
        new(key, Term.Atc(atc, name.Split(' ')[0]), name, text, 1, "tablet", "{tbl}", [], 0, "d") { AsNeeded = reason };

    static Drug Course(string key, string atc, string name, string text, string when, int days) => Tablet(key, atc, name, text, when) with { Days = days };

    static Drug Inhaler(string key, string atc, string name, string text, string when, decimal puffs, params Effect[] effects) =>
        new(key, Term.Atc(atc, name.Split(' ')[0]), name, text, puffs, "puff", "{puff}", when.Length == 0 ? [] : when.Split(' '), 0, "d") { Effects = effects, Route = Inhaled };

    public static readonly Drug[] All =
    [
        Tablet("metformin", "A10BA02", "Metformin 500 mg tablets", "1 tablet with breakfast and 1 with dinner", "CM CV", new Effect("hba1c", -1.0), new("glucose", -1.4)) with { SideEffect = (0.06, "Stomach upset and diarrhoea", "sitagliptin") },
        Tablet("metformin-1000", "A10BA02", "Metformin 1000 mg tablets", "1 tablet with breakfast and 1 with dinner", "CM CV", new Effect("hba1c", -1.4), new("glucose", -1.9)),
        Tablet("sitagliptin", "A10BH01", "Sitagliptin 100 mg tablets", "1 tablet in the morning", "MORN", new Effect("hba1c", -0.7), new("glucose", -0.9)),
        Tablet("empagliflozin", "A10BK03", "Empagliflozin 10 mg tablets", "1 tablet in the morning", "MORN", new Effect("hba1c", -0.7), new("glucose", -1.1), new("systolic", -3), new("acr", Times: 0.7), new("weight", -2)) with { SideEffect = (0.05, "Repeated yeast infections", "sitagliptin") },
        new("semaglutide", Term.Atc("A10BJ06", "Semaglutide"), "Semaglutide 0.5 mg injection", "0.5 mg under the skin once a week", 0.5m, "mg", "mg", [], 1, "wk") { Effects = [new("hba1c", -1.2), new("glucose", -1.6), new("weight", -5)], Route = UnderTheSkin, SideEffect = (0.08, "Nausea", "glargine") },
        new("glargine", Term.Atc("A10AE04", "Insulin glargine"), "Insulin glargine 100 U/mL pen", "18 units at bedtime", 18, "units", "[iU]", ["HS"], 0, "d") { Effects = [new("hba1c", -1.5), new("glucose", -2.6), new("weight", 2)], Route = UnderTheSkin },
        new("aspart", Term.Atc("A10AB05", "Insulin aspart"), "Insulin aspart 100 U/mL pen", "6 units before each main meal", 6, "units", "[iU]", ["ACM", "ACD", "ACV"], 0, "d") { Effects = [new("hba1c", -1.6), new("glucose", -2)], Route = UnderTheSkin },
        Tablet("ramipril", "C09AA05", "Ramipril 5 mg tablets", "1 tablet in the morning", "MORN", new Effect("systolic", -12), new("diastolic", -6), new("potassium", 0.15), new("acr", Times: 0.65)) with { SideEffect = (0.1, "Dry cough", "losartan") },
        Tablet("losartan", "C09CA01", "Losartan 50 mg tablets", "1 tablet in the morning", "MORN", new Effect("systolic", -12), new("diastolic", -6), new("potassium", 0.15), new("acr", Times: 0.65)),
        Tablet("amlodipine", "C08CA01", "Amlodipine 5 mg tablets", "1 tablet in the morning", "MORN", new Effect("systolic", -11), new("diastolic", -6)) with { SideEffect = (0.07, "Swollen ankles", "indapamide") },
        Tablet("indapamide", "C03BA11", "Indapamide 1.5 mg tablets", "1 tablet in the morning", "MORN", new Effect("systolic", -9), new("diastolic", -4), new("potassium", -0.25), new("sodium", -1.5), new("urate", 30)),
        Tablet("spironolactone", "C03DA01", "Spironolactone 25 mg tablets", "1 tablet in the morning", "MORN", new Effect("systolic", -7), new("potassium", 0.35)),
        Tablet("atorvastatin", "C10AA05", "Atorvastatin 20 mg tablets", "1 tablet in the evening", "EVE", new Effect("ldl", Times: 0.6), new("triglycerides", Times: 0.85), new("alt", 3)) with { SideEffect = (0.05, "Muscle pain", "rosuvastatin") },
        Tablet("atorvastatin-80", "C10AA05", "Atorvastatin 80 mg tablets", "1 tablet in the evening", "EVE", new Effect("ldl", Times: 0.47), new("triglycerides", Times: 0.8), new("alt", 5)),
        Tablet("rosuvastatin", "C10AA07", "Rosuvastatin 10 mg tablets", "1 tablet in the evening", "EVE", new Effect("ldl", Times: 0.57)),
        Tablet("ezetimibe", "C10AX09", "Ezetimibe 10 mg tablets", "1 tablet in the evening", "EVE", new Effect("ldl", Times: 0.8)),
        Tablet("aspirin", "B01AC06", "Acetylsalicylic acid 75 mg tablets", "1 tablet in the morning", "MORN"),
        Tablet("clopidogrel", "B01AC04", "Clopidogrel 75 mg tablets", "1 tablet in the morning", "MORN"),
        Tablet("metoprolol", "C07AB02", "Metoprolol 50 mg prolonged-release tablets", "1 tablet in the morning", "MORN", new Effect("pulse", -11), new("systolic", -6), new("diastolic", -4)) with { SideEffect = (0.04, "Tiredness and slow pulse", "bisoprolol") },
        Tablet("bisoprolol", "C07AB07", "Bisoprolol 2.5 mg tablets", "1 tablet in the morning", "MORN", new Effect("pulse", -8), new("systolic", -4), new("diastolic", -3)),
        Tablet("apixaban", "B01AF02", "Apixaban 5 mg tablets", "1 tablet in the morning and 1 in the evening", "MORN EVE"),
        Tablet("furosemide", "C03CA01", "Furosemide 40 mg tablets", "1 tablet in the morning", "MORN", new Effect("potassium", -0.25), new("weight", -1.5), new("probnp", Times: 0.75)),
        Tablet("sacubitril", "C09DX04", "Sacubitril/valsartan 49/51 mg tablets", "1 tablet in the morning and 1 in the evening", "MORN EVE", new Effect("systolic", -9), new("probnp", Times: 0.6), new("potassium", 0.15)),
        Needed("nitroglycerin", "C01DA02", "Glyceryl trinitrate 0.5 mg tablets", "1 tablet under the tongue when the chest hurts; call for help when it does not pass in 5 minutes", "Chest pain"),
        Inhaler("salbutamol", "R03AC02", "Salbutamol inhaler 100 micrograms", "1 to 2 puffs when short of breath", "", 2) with { AsNeeded = "Shortness of breath" },
        Inhaler("budesonide", "R03BA02", "Budesonide inhaler 200 micrograms", "1 puff in the morning and 1 in the evening; rinse the mouth afterwards", "MORN EVE", 1, new Effect("fev1", 7)),
        Inhaler("formoterol", "R03AK07", "Budesonide/formoterol inhaler 160/4.5 micrograms", "2 puffs in the morning and 2 in the evening", "MORN EVE", 2, new Effect("fev1", 11)),
        Inhaler("tiotropium", "R03BB04", "Tiotropium inhaler 2.5 micrograms", "2 puffs in the morning", "MORN", 2, new Effect("fev1", 5)),
        Course("prednisolone", "H02AB06", "Prednisolone 25 mg tablets", "1 tablet in the morning for 5 days", "MORN", 5),
        Tablet("levothyroxine", "H03AA01", "Levothyroxine 75 micrograms tablets", "1 tablet half an hour before breakfast", "ACM", new Effect("tsh", -9.3), new("ft4", 5.2)),
        Tablet("levothyroxine-100", "H03AA01", "Levothyroxine 100 micrograms tablets", "1 tablet half an hour before breakfast", "ACM", new Effect("tsh", -11.5), new("ft4", 7)),
        Tablet("sertraline", "N06AB06", "Sertraline 50 mg tablets", "1 tablet in the morning", "MORN", new Effect("phq9", -6)) with { SideEffect = (0.1, "Nausea and restlessness", "mirtazapine") },
        Tablet("sertraline-100", "N06AB06", "Sertraline 100 mg tablets", "1 tablet in the morning", "MORN", new Effect("phq9", -9)),
        Tablet("escitalopram", "N06AB10", "Escitalopram 10 mg tablets", "1 tablet in the morning", "MORN", new Effect("phq9", -6)),
        Tablet("mirtazapine", "N06AX11", "Mirtazapine 15 mg tablets", "1 tablet at bedtime", "HS", new Effect("phq9", -7), new("weight", 2.5)),
        Needed("paracetamol", "N02BE01", "Paracetamol 500 mg tablets", "2 tablets when in pain, at most 8 a day", "Pain") with { Dose = 2 },
        Tablet("paracetamol-regular", "N02BE01", "Paracetamol 1 g tablets", "1 tablet morning, noon and evening", "MORN NOON EVE", new Effect("pain", -1)),
        Course("ibuprofen", "M01AE01", "Ibuprofen 400 mg tablets", "1 tablet with food morning, noon and evening for 10 days", "CM CD CV", 10),
        Course("oxycodone", "N02AA05", "Oxycodone 5 mg tablets", "1 tablet in the morning and 1 in the evening for 7 days", "MORN EVE", 7),
        Tablet("pantoprazole", "A02BC02", "Pantoprazole 40 mg tablets", "1 tablet before breakfast", "ACM"),
        Needed("sumatriptan", "N02CC01", "Sumatriptan 50 mg tablets", "1 tablet when an attack begins", "Migraine attack"),
        Tablet("propranolol", "C07AA05", "Propranolol 40 mg tablets", "1 tablet in the morning and 1 in the evening", "MORN EVE", new Effect("pulse", -9), new("systolic", -4)),
        Course("penicillin-v", "J01CE02", "Phenoxymethylpenicillin 800 mg tablets", "1 tablet morning, noon and evening for 7 days", "MORN NOON EVE", 7),
        Course("amoxicillin", "J01CA04", "Amoxicillin 750 mg tablets", "1 tablet morning, noon and evening for 7 days", "MORN NOON EVE", 7),
        Course("clarithromycin", "J01FA09", "Clarithromycin 500 mg tablets", "1 tablet in the morning and 1 in the evening for 7 days", "MORN EVE", 7),
        Course("nitrofurantoin", "J01XE01", "Nitrofurantoin 50 mg tablets", "1 tablet with food morning, noon and evening for 5 days", "CM CD CV", 5),
        Course("oseltamivir", "J05AH02", "Oseltamivir 75 mg capsules", "1 capsule in the morning and 1 in the evening for 5 days", "MORN EVE", 5),
        new("alendronate", Term.Atc("M05BA04", "Alendronate"), "Alendronate 70 mg tablets", "1 tablet once a week, standing, with a full glass of water before breakfast", 1, "tablet", "{tbl}", [], 1, "wk"),
        Tablet("calcium-d", "A12AX", "Calcium 500 mg with vitamin D 20 micrograms", "1 tablet in the morning and 1 in the evening", "MORN EVE"),
        Tablet("letrozole", "L02BG04", "Letrozole 2.5 mg tablets", "1 tablet in the morning", "MORN"),
        Tablet("bicalutamide", "L02BB03", "Bicalutamide 50 mg tablets", "1 tablet in the morning", "MORN", new Effect("psa", Times: 0.1)),
        Tablet("donepezil", "N06DA02", "Donepezil 10 mg tablets", "1 tablet at bedtime", "HS", new Effect("mmse", 1.5)),
        Tablet("levodopa", "N04BA02", "Levodopa/benserazide 100/25 mg tablets", "1 tablet morning, noon and evening", "MORN NOON EVE"),
        Tablet("levetiracetam", "N03AX14", "Levetiracetam 500 mg tablets", "1 tablet in the morning and 1 in the evening", "MORN EVE"),
        Tablet("allopurinol", "M04AA01", "Allopurinol 100 mg tablets", "1 tablet in the morning", "MORN", new Effect("urate", Times: 0.65)),
        new("methotrexate", Term.Atc("L04AX03", "Methotrexate"), "Methotrexate 2.5 mg tablets", "6 tablets once a week, always on the same day", 6, "tablets", "{tbl}", [], 1, "wk") { Effects = [new("crp", Times: 0.4), new("alt", 8)] },
        new("folic-acid", Term.Atc("B03BB01", "Folic acid"), "Folic acid 5 mg tablets", "1 tablet once a week, the day after methotrexate", 1, "tablet", "{tbl}", [], 1, "wk"),
        Tablet("folic-acid-pregnancy", "B03BB01", "Folic acid 0.4 mg tablets", "1 tablet in the morning", "MORN") with { Days = 84 },
        Tablet("iron", "B03AA07", "Ferrous sulphate 100 mg tablets", "1 tablet in the morning, not with milk", "MORN", new Effect("hb", 24), new("ferritin", 45), new("mcv", 9)) with { Days = 180 },
        Tablet("cetirizine", "R06AE07", "Cetirizine 10 mg tablets", "1 tablet in the evening in the pollen season", "EVE"),
        new("adrenaline", Term.Atc("C01CA24", "Adrenaline"), "Adrenaline 0.3 mg pen", "1 injection in the thigh at a severe allergic reaction; then call an ambulance", 0.3m, "mg", "mg", [], 0, "d") { AsNeeded = "Severe allergic reaction", Route = Term.Snomed("78421000", "Into a muscle") },
        Tablet("zopiclone", "N05CF01", "Zopiclone 3.75 mg tablets", "1 tablet at bedtime for 14 days", "HS") with { Days = 14 },
        Tablet("macrogol", "A06AD65", "Macrogol powder", "1 sachet in the morning", "MORN") with { Unit = "sachet", Ucum = "{sachet}" },
        new("darbepoetin", Term.Atc("B03XA02", "Darbepoetin"), "Darbepoetin alfa 30 micrograms injection", "30 micrograms at dialysis once a week", 30, "microgram", "ug", [], 1, "wk") { Effects = [new("hb", 22)], Route = Term.Snomed("47625008", "Into a vein") },
        Tablet("sevelamer", "V03AE02", "Sevelamer 800 mg tablets", "1 tablet with each main meal", "CM CD CV", new Effect("phosphate", -0.5)),
        Tablet("alfacalcidol", "A11CC03", "Alfacalcidol 0.25 micrograms capsules", "1 capsule in the evening", "EVE", new Effect("calcium", 0.12), new("pth", Times: 0.65)),
    ];

    static readonly Dictionary<string, Drug> ByKey = All.ToDictionary(one => one.Key, StringComparer.Ordinal);

    public static Drug Of(string key) => ByKey[key];
}
