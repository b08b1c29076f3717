using Tervik.Demo.Institutions;
using Tervik.Demo.Writing;

namespace Tervik.Demo.Illnesses;

/// <summary>An illness: whom it strikes, what follows from it, what it does to results, and what is done about it. Where the rates come from stands in docs/demo.md.</summary>
/// <param name="Key">Name in the tables here, and of its words in the notes.</param>
/// <param name="Code">SNOMED CT.</param>
/// <param name="Icd">ICD-10.</param>
/// <param name="Rates">New cases a year among 1,000 who do not have it, men, at 0-9, 10-19 … 90 and older, without the risks in <see cref="Raised"/>.</param>
sealed record Illness(string Key, Term Code, string Icd, double[] Rates)
{
    /// <summary>Factor on the rates for women.</summary>
    public double Women { get; init; } = 1;
    /// <summary>Factors with other illnesses (or <c>smoking</c>).</summary>
    public (string With, double Factor)[] Raised { get; init; } = [];
    /// <summary>Only with this one.</summary>
    public string? Needs { get; init; }
    /// <summary>Ends these: prediabetes is over when diabetes begins.</summary>
    public string[] Ends { get; init; } = [];
    /// <summary>Comes with this one: whoever has a heart attack has ischaemic heart disease.</summary>
    public string? Brings { get; init; }
    /// <summary>Days for which it is there before anybody knows: results creep towards it.</summary>
    public int Silent { get; init; }
    /// <summary>Over after about so many days; 0: stays.</summary>
    public int Days { get; init; }
    /// <summary>What it does to results; an acute one only while it lasts.</summary>
    public Effect[] Effects { get; init; } = [];
    /// <summary>Panels ordered when it begins and at controls.</summary>
    public string[] Panels { get; init; } = [];
    /// <summary>Vital signs and scores taken for it.</summary>
    public string[] Measures { get; init; } = [];
    /// <summary>Controls a year while it lasts.</summary>
    public double Controls { get; init; }
    /// <summary>What is prescribed, step by step; the next one when <see cref="Target"/> is missed. <c>a+b</c> are prescribed together, <c>b&lt;a</c> replaces a.</summary>
    public string[] Steps { get; init; } = [];
    /// <summary>Treatment goes on to the next step while this marker is above (or, when negative, below).</summary>
    public (string Marker, double Limit)? Target { get; init; }
    /// <summary>How many steps are taken at once when it begins.</summary>
    public int FirstSteps { get; init; } = 1;
    /// <summary>Whose field it is, where not that of <see cref="Referral"/>: a specialist who looks after somebody anyway controls it too.</summary>
    public Specialty? Field { get; init; }
    /// <summary>Who is asked.</summary>
    public Specialty? Referral { get; init; }
    /// <summary>Nights in hospital when it begins.</summary>
    public int Nights { get; init; }
    /// <summary>In hospital only from this age.</summary>
    public int NightsFrom { get; init; }
    /// <summary>Which ward.</summary>
    public Specialty? Ward { get; init; }
    /// <summary>What is done in hospital.</summary>
    public Term? Procedure { get; init; }
    /// <summary>Picture taken; see <see cref="Picture"/>.</summary>
    public string? Picture { get; init; }
    /// <summary>What the patient says; key of the words in the notes.</summary>
    public string Complaint { get; init; } = "check";
    /// <summary>Factor on the risk of dying.</summary>
    public double Deadly { get; init; } = 1;
    /// <summary>A cancer: referral, pictures, biopsy, operation, chemotherapy, follow-up.</summary>
    public bool IsCancer { get; init; }

    static Term S(string code, string name) => Term.Snomed(code, name);
    static Effect E(string marker, double plus = 0, double perYear = 0, double times = 1) => new(marker, plus, perYear, times);

    public static readonly Illness[] All =
    [
        // Metabolism
        new("obesity", S("414916001", "Obesity"), "E66.9", [2, 4, 8, 8, 8, 7, 5, 2, 0, 0]) { Effects = [E("weight", 21), E("systolic", 5), E("triglycerides", 0.5), E("hdl", -0.15), E("hba1c", 0.1)], Measures = ["weight", "bmi"], Controls = 0.3 },
        new("prediabetes", S("714628002", "Prediabetes"), "R73.0", [0, 0, 1, 3, 6, 9, 10, 8, 5, 3]) { Silent = 700, Raised = [("obesity", 3)], Effects = [E("hba1c", 0.7), E("glucose", 0.9)], Panels = ["diabetes"], Measures = ["weight"], Controls = 1 },
        new("t2d", S("44054006", "Type 2 diabetes"), "E11.9", [0, 0, 0.1, 0.3, 0.6, 1, 1.3, 1.3, 1, 0.5])
        {
            Field = Specialty.Endocrinology, Silent = 900, Raised = [("prediabetes", 22), ("obesity", 2.2)], Ends = ["prediabetes"], Effects = [E("hba1c", 2.4, 0.10), E("glucose", 3.6, 0.12), E("triglycerides", 0.5), E("acr", 8, 3)],
            Panels = ["diabetes", "lipids", "kidney", "urine"], Measures = ["bp", "weight", "bmi"], Controls = 2.4, Target = ("hba1c", 7.0),
            Steps = ["metformin", "metformin-1000<metformin", "empagliflozin", "semaglutide", "glargine", "aspart"], Complaint = "thirst", Deadly = 1.4,
        },
        new("t1d", S("46635009", "Type 1 diabetes"), "E10.9", [0.2, 0.3, 0.15, 0.08, 0.05, 0, 0, 0, 0, 0])
        {
            Effects = [E("hba1c", 5), E("glucose", 8)], Panels = ["diabetes", "lipids", "kidney", "urine"], Measures = ["bp", "weight"], Controls = 3, FirstSteps = 2, Steps = ["glargine", "aspart"],
            Nights = 3, Ward = Specialty.Medicine, Referral = Specialty.Endocrinology, Complaint = "thirst", Deadly = 1.5,
        },
        new("retinopathy", S("4855003", "Diabetic eye disease"), "H36.0", [0, 0, 18, 18, 18, 18, 18, 16, 12, 8]) { Needs = "t2d", Referral = Specialty.Eyes, Complaint = "eyes" },
        new("cholesterol", S("13644009", "High cholesterol"), "E78.0", [0, 0, 2, 6, 13, 20, 24, 18, 8, 3])
        {
            Silent = 600, Raised = [("obesity", 1.3), ("t2d", 1.6)], Effects = [E("ldl", 1.9), E("hdl", -0.1)], Panels = ["lipids"], Measures = ["bp"], Controls = 1, Target = ("ldl", 3.0),
            Steps = ["atorvastatin", "atorvastatin-80<atorvastatin", "ezetimibe"],
        },
        new("hypothyroid", S("40930008", "Underactive thyroid"), "E03.9", [0.05, 0.15, 0.3, 0.45, 0.6, 0.8, 0.9, 1, 1, 1])
        {
            Field = Specialty.Endocrinology, Silent = 420, Women = 4, Effects = [E("tsh", 9.5), E("ft4", -5.5), E("pulse", -6), E("ldl", 0.3)], Panels = ["thyroid"], Measures = ["weight", "pulse"], Controls = 1, Target = ("tsh", 4.5),
            Steps = ["levothyroxine", "levothyroxine-100<levothyroxine"], Complaint = "tired",
        },
        new("gout", S("90560007", "Gout"), "M10.9", [0, 0, 0.1, 0.5, 1.2, 2.2, 3, 4, 4.5, 4]) { Women = 0.3, Raised = [("ckd", 2), ("obesity", 1.8)], Effects = [E("urate", 190)], Panels = ["urate", "kidney"], Controls = 0.7, Steps = ["ibuprofen", "allopurinol"], FirstSteps = 2, Complaint = "joint" },

        // Heart, vessels, kidneys
        new("hypertension", S("38341003", "High blood pressure"), "I10", [0, 0, 1, 5, 13, 24, 34, 38, 35, 30])
        {
            Field = Specialty.Cardiology, Silent = 700, Raised = [("obesity", 1.9), ("t2d", 1.7), ("ckd", 2)], Effects = [E("systolic", 27), E("diastolic", 12)], Panels = ["kidney"], Measures = ["bp"], Controls = 1.5, Target = ("systolic", 140),
            Steps = ["ramipril", "amlodipine", "indapamide", "spironolactone"], Deadly = 1.1,
        },
        new("ckd", S("433144002", "Chronic kidney disease, stage 3"), "N18.3", [0, 0, 0.05, 0.2, 0.5, 1.5, 4, 8, 12, 15])
        {
            Field = Specialty.Nephrology, Silent = 1100, Raised = [("t2d", 2.2), ("hypertension", 1.8)], Effects = [E("egfr", -26, -1.6), E("urea", 4.5, 0.3), E("potassium", 0.25), E("acr", 80, 15), E("hb", -7, -0.6)],
            Panels = ["kidney", "blood", "urine"], Measures = ["bp"], Controls = 2, Steps = ["empagliflozin"], Deadly = 1.6, Complaint = "check",
        },
        new("esrd", S("46177005", "Kidney failure, on dialysis"), "N18.6", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        {
            Ends = ["ckd"], Effects = [E("egfr", -82), E("urea", 17), E("potassium", 0.9), E("hb", -42), E("phosphate", 0.95), E("pth", 32), E("calcium", -0.18), E("albumin", -4)],
            Panels = ["kidney", "blood", "bone", "iron"], Measures = ["bp", "weight"], Controls = 0, FirstSteps = 4, Steps = ["darbepoetin", "sevelamer", "alfacalcidol", "furosemide"], Referral = Specialty.Nephrology, Deadly = 4,
        },
        new("ihd", S("414545008", "Ischaemic heart disease"), "I25.9", [0, 0, 0, 0.2, 1, 2.5, 4.5, 6.5, 7, 7])
        {
            Women = 0.55, Raised = [("hypertension", 1.5), ("t2d", 1.8), ("cholesterol", 1.6), ("smoking", 1.8)], Effects = [E("probnp", 60)], Panels = ["lipids", "kidney"], Measures = ["bp", "pulse"], Controls = 1.5,
            FirstSteps = 4, Steps = ["aspirin", "atorvastatin", "metoprolol", "nitroglycerin", "atorvastatin-80<atorvastatin", "ezetimibe"], Target = ("ldl", 1.8), Referral = Specialty.Cardiology, Picture = "angiography", Complaint = "chest", Deadly = 1.5,
        },
        new("mi", S("22298006", "Heart attack"), "I21.9", [0, 0, 0, 0.1, 0.5, 1.1, 1.8, 2.6, 4, 5])
        {
            Field = Specialty.Cardiology, Women = 0.5, Raised = [("ihd", 4), ("smoking", 1.9), ("t2d", 1.5), ("hypertension", 1.3)], Brings = "ihd", Days = 60, Effects = [E("troponin", 640), E("crp", 18), E("probnp", 500)], Panels = ["troponin", "kidney", "blood", "lipids"], Measures = ["bp", "pulse", "saturation"],
            Nights = 5, Ward = Specialty.Cardiology, Procedure = S("415070008", "Balloon widening and stent of a heart artery"), Picture = "angiography", Steps = ["clopidogrel"], Complaint = "chest", Deadly = 3,
        },
        new("hf", S("84114007", "Heart failure"), "I50.9", [0, 0, 0, 0.05, 0.2, 0.6, 1.8, 4.5, 10, 18])
        {
            Raised = [("mi", 4), ("hypertension", 1.5), ("af", 1.8), ("ihd", 2)], Effects = [E("probnp", 2200, 120), E("saturation", -1.5), E("pulse", 10), E("weight", 2.5), E("egfr", -8), E("breaths", 2)],
            Panels = ["heart", "kidney", "blood"], Measures = ["bp", "pulse", "weight", "saturation"], Controls = 3, FirstSteps = 4, Steps = ["bisoprolol", "ramipril", "furosemide", "spironolactone", "empagliflozin", "sacubitril<ramipril"],
            Target = ("probnp", 900), Referral = Specialty.Cardiology, Nights = 6, Ward = Specialty.Cardiology, Picture = "echo", Complaint = "breath", Deadly = 3,
        },
        new("af", S("49436004", "Atrial fibrillation"), "I48.9", [0, 0, 0.05, 0.1, 0.4, 1.2, 4, 8, 13, 18])
        {
            Women = 0.75, Raised = [("hypertension", 1.4), ("hf", 1.8)], Effects = [E("pulse", 22), E("probnp", 350)], Panels = ["kidney", "blood", "thyroid"], Measures = ["bp", "pulse"], Controls = 1.5, FirstSteps = 2,
            Steps = ["apixaban", "metoprolol"], Referral = Specialty.Cardiology, Picture = "echo", Complaint = "palpitations", Deadly = 1.4,
        },
        new("stroke", S("422504002", "Stroke from a blocked artery"), "I63.9", [0, 0, 0.05, 0.1, 0.4, 1, 2.3, 5, 9, 13])
        {
            Raised = [("af", 2.6), ("hypertension", 1.7), ("t2d", 1.4), ("smoking", 1.6)], Days = 120, Effects = [E("crp", 8)], Panels = ["blood", "kidney", "lipids", "diabetes"], Measures = ["bp", "pulse"], Nights = 7, Ward = Specialty.Neurology,
            Procedure = S("472191000119101", "Clot-dissolving treatment"), Picture = "head", FirstSteps = 2, Steps = ["clopidogrel", "atorvastatin"], Referral = Specialty.Neurology, Complaint = "weakness", Deadly = 3,
        },

        // Lungs and allergy
        new("asthma", S("195967001", "Asthma"), "J45.9", [8, 3, 2, 1.5, 1.5, 1.5, 1.2, 1, 0.5, 0.3])
        {
            Effects = [E("fev1", -17)], Measures = ["saturation", "fev1"], Controls = 1, FirstSteps = 2, Steps = ["salbutamol", "budesonide", "formoterol<budesonide"], Target = ("fev1", -82), Complaint = "breath",
        },
        new("copd", S("13645005", "Chronic obstructive lung disease"), "J44.9", [0, 0, 0, 0.1, 0.4, 0.9, 1.6, 1.9, 1.6, 1.2])
        {
            Silent = 1200, Raised = [("smoking", 6)], Effects = [E("fev1", -38, -1.2), E("saturation", -2.5), E("breaths", 3)], Panels = ["blood"], Measures = ["saturation", "fev1", "weight"], Controls = 1.6, FirstSteps = 2,
            Steps = ["salbutamol", "tiotropium", "formoterol"], Target = ("fev1", -65), Referral = Specialty.Lungs, Picture = "chest", Complaint = "breath", Deadly = 2,
        },
        new("hayfever", S("367498001", "Hay fever"), "J30.1", [6, 8, 5, 2, 1, 0.5, 0.3, 0.1, 0, 0]) { Steps = ["cetirizine"], Complaint = "nose" },
        new("eczema", S("24079001", "Atopic eczema"), "L20.9", [14, 2, 1, 0.8, 0.6, 0.5, 0.5, 0.5, 0.5, 0.5]) { Days = 2500, Complaint = "skin" },

        // Mind and nerves
        new("depression", S("35489007", "Depression"), "F32.9", [0, 4, 5, 4.5, 4, 3.5, 3, 3, 3.5, 4])
        {
            Field = Specialty.Psychiatry, Women = 1.7, Days = 420, Effects = [E("phq9", 15)], Measures = ["phq9", "weight"], Panels = ["thyroid", "blood"], Controls = 4, Steps = ["sertraline", "sertraline-100<sertraline", "mirtazapine"], Target = ("phq9", 9), Complaint = "mood",
        },
        new("anxiety", S("197480006", "Anxiety disorder"), "F41.9", [0.5, 4, 4, 3, 2, 1.5, 1.5, 1.5, 1, 1]) { Field = Specialty.Psychiatry, Women = 1.7, Days = 500, Effects = [E("pulse", 6), E("phq9", 5)], Measures = ["phq9"], Controls = 2, Steps = ["escitalopram"], Complaint = "worry" },
        new("insomnia", S("193462001", "Sleeplessness"), "G47.0", [0, 0.5, 2, 3, 4, 5, 5, 5, 5, 5]) { Field = Specialty.Psychiatry, Days = 120, Steps = ["zopiclone"], Complaint = "sleep" },
        new("migraine", S("37796009", "Migraine"), "G43.9", [1, 3.5, 3.5, 3, 2, 1, 0.3, 0.1, 0, 0]) { Women = 2.2, Measures = ["bp"], Controls = 0.5, FirstSteps = 1, Steps = ["sumatriptan", "propranolol"], Complaint = "head" },
        new("epilepsy", S("84757009", "Epilepsy"), "G40.9", [0.6, 0.5, 0.4, 0.35, 0.35, 0.4, 0.6, 1, 1.3, 1.4]) { Panels = ["blood", "liver"], Controls = 1, Steps = ["levetiracetam"], Referral = Specialty.Neurology, Picture = "head", Complaint = "seizure", Deadly = 1.4 },
        new("parkinson", S("49049000", "Parkinson's disease"), "G20", [0, 0, 0, 0, 0.03, 0.15, 0.6, 1.3, 1.8, 1.6]) { Measures = ["bp"], Controls = 2, Steps = ["levodopa"], Referral = Specialty.Neurology, Complaint = "tremor", Deadly = 1.6 },
        new("dementia", S("52448006", "Dementia"), "F03", [0, 0, 0, 0, 0, 0.15, 1.2, 5, 20, 45]) { Silent = 800, Effects = [E("mmse", -6, -1.4), E("weight", -1, -0.6)], Panels = ["blood", "thyroid"], Measures = ["mmse", "weight"], Controls = 2, Steps = ["donepezil"], Picture = "head", Complaint = "memory", Deadly = 2 },

        // Bones and joints
        new("osteoarthritis", S("239873007", "Osteoarthritis of the knee"), "M17.9", [0, 0, 0, 0.5, 2.5, 5.5, 8, 10, 10, 7]) { Silent = 900, Women = 1.4, Raised = [("obesity", 1.7)], Effects = [E("pain", 3.2)], Measures = ["pain"], Controls = 0.7, Steps = ["paracetamol", "paracetamol-regular<paracetamol"], Target = ("pain", 3.5), Picture = "knee", Complaint = "joint" },
        new("osteoporosis", S("64859006", "Osteoporosis"), "M81.9", [0, 0, 0, 0, 0.1, 1, 2, 3.5, 5, 5]) { Women = 3.2, Panels = ["bone"], Measures = ["weight"], Controls = 0.6, FirstSteps = 2, Steps = ["calcium-d", "alendronate"], Complaint = "check" },
        new("rheumatoid", S("69896004", "Rheumatoid arthritis"), "M06.9", [0.05, 0.1, 0.15, 0.25, 0.35, 0.5, 0.6, 0.6, 0.4, 0.3]) { Women = 2.2, Effects = [E("crp", 24), E("hb", -9), E("pain", 4)], Panels = ["inflammation", "blood", "liver"], Measures = ["pain"], Controls = 3, FirstSteps = 2, Steps = ["methotrexate", "folic-acid"], Referral = Specialty.Rheumatology, Complaint = "joint" },
        new("back", S("279039007", "Low back pain"), "M54.5", [0, 4, 18, 22, 24, 24, 20, 16, 13, 10]) { Days = 35, Effects = [E("pain", 5)], Measures = ["pain"], Steps = ["ibuprofen"], Complaint = "back" },
        new("hip", S("5913000", "Broken hip"), "S72.0", [0, 0, 0, 0, 0.1, 0.3, 0.8, 2.4, 6.5, 15]) { Women = 1.6, Raised = [("osteoporosis", 2), ("dementia", 2)], Days = 150, Effects = [E("pain", 5), E("hb", -14), E("crp", 30)], Panels = ["blood", "kidney", "inflammation"], Measures = ["bp", "pain"], Nights = 8, Ward = Specialty.Orthopaedics, Procedure = S("179344006", "Hip replacement after a fracture"), Picture = "hip", FirstSteps = 2, Steps = ["oxycodone", "paracetamol"], Complaint = "fall", Deadly = 2.5 },
        new("wrist", S("65966004", "Broken forearm"), "S52.5", [4, 6, 2, 1.5, 1.7, 2.5, 3, 3.5, 4, 4.5]) { Raised = [("osteoporosis", 2)], Days = 50, Effects = [E("pain", 4)], Measures = ["pain"], Steps = ["paracetamol"], Picture = "wrist", Complaint = "fall" },
        new("ankle", S("16114001", "Broken ankle"), "S82.8", [1, 1.5, 1.5, 1.3, 1.3, 1.5, 1.5, 1.3, 1.2, 1]) { Days = 70, Effects = [E("pain", 4)], Measures = ["pain"], Steps = ["paracetamol"], Picture = "ankle", Complaint = "fall" },

        // Cancer
        new("breast", S("254837009", "Breast cancer"), "C50.9", [0, 0, 0.0002, 0.004, 0.016, 0.026, 0.033, 0.037, 0.036, 0.033]) { Women = 90, IsCancer = true, Effects = [E("ca153", 34)], Panels = ["blood", "liver", "ca153"], Controls = 2, Steps = ["letrozole"], Referral = Specialty.Oncology, Nights = 2, Ward = Specialty.Surgery, Procedure = S("64368001", "Removal of the tumour, keeping the breast"), Picture = "mammography", Complaint = "lump", Deadly = 2 },
        new("colon", S("363406005", "Colon cancer"), "C18.9", [0, 0, 0.02, 0.06, 0.2, 0.6, 1.5, 2.7, 3.6, 3.8]) { Women = 0.85, IsCancer = true, Effects = [E("cea", 11), E("hb", -14), E("weight", -4)], Panels = ["blood", "liver", "cea"], Controls = 2, Referral = Specialty.Oncology, Nights = 6, Ward = Specialty.Surgery, Procedure = S("23968004", "Removal of part of the colon"), Picture = "abdomen", Complaint = "bowel", Deadly = 4 },
        new("prostate", S("399068003", "Prostate cancer"), "C61", [0, 0, 0, 0, 0.15, 1.2, 4, 5.5, 5, 4.5]) { Women = 0, IsCancer = true, Effects = [E("psa", 13)], Panels = ["psa", "blood"], Controls = 2, Steps = ["bicalutamide"], Referral = Specialty.Oncology, Nights = 3, Ward = Specialty.Surgery, Procedure = S("90470006", "Removal of the prostate"), Picture = "prostate", Complaint = "urine", Deadly = 1.6 },

        // Belly, eyes, blood
        new("reflux", S("235595009", "Acid reflux"), "K21.9", [0.5, 1, 3, 4, 5, 6, 6, 5, 4, 3]) { Raised = [("obesity", 1.6)], Steps = ["pantoprazole"], Complaint = "stomach" },
        new("gallstones", S("235919008", "Gallstones"), "K80.2", [0, 0.2, 0.8, 1.2, 1.6, 2, 2.4, 2.6, 2.2, 1.5]) { Women = 1.7, Raised = [("obesity", 1.8)], Days = 60, Effects = [E("alt", 45), E("crp", 12)], Panels = ["liver", "blood", "inflammation"], Nights = 2, Ward = Specialty.Surgery, Procedure = S("45595009", "Keyhole removal of the gallbladder"), Picture = "abdomen", Complaint = "belly" },
        new("appendix", S("74400008", "Appendicitis"), "K35.8", [1, 2, 1.3, 0.9, 0.7, 0.6, 0.5, 0.4, 0.4, 0.3]) { Days = 21, Effects = [E("crp", 75), E("wbc", 7), E("temperature", 1.2)], Panels = ["blood", "inflammation"], Measures = ["temperature", "pulse"], Nights = 2, Ward = Specialty.Surgery, Procedure = S("80146002", "Removal of the appendix"), Picture = "abdomen", Complaint = "belly" },
        new("cataract", S("193570009", "Cataract"), "H26.9", [0, 0, 0, 0.1, 0.5, 2, 8, 18, 22, 15]) { Days = 200, Procedure = S("54885007", "Cataract operation with lens"), Complaint = "eyes" },
        new("anemia", S("87522002", "Iron deficiency anaemia"), "D50.9", [1.5, 1.5, 1.5, 1.5, 1.5, 1.2, 1.5, 2.5, 4, 5]) { Silent = 90, Women = 2.2, Days = 240, Effects = [E("hb", -30), E("mcv", -11), E("ferritin", -50)], Panels = ["blood", "iron"], Controls = 2, Steps = ["iron"], Complaint = "tired" },

        // Infections
        new("cold", S("54150009", "Cold"), "J06.9", [170, 70, 45, 45, 40, 35, 30, 30, 30, 30]) { Days = 10, Effects = [E("temperature", 0.9), E("crp", 8)], Measures = ["temperature"], Complaint = "cough" },
        new("otitis", S("65363002", "Middle ear infection"), "H66.9", [110, 12, 3, 2, 2, 1, 1, 1, 1, 1]) { Days = 9, Effects = [E("temperature", 1.3)], Measures = ["temperature"], Steps = ["amoxicillin"], Complaint = "ear" },
        new("tonsillitis", S("90176007", "Tonsillitis"), "J03.9", [35, 35, 22, 14, 8, 5, 3, 2, 1, 1]) { Days = 9, Effects = [E("temperature", 1.6), E("crp", 45), E("wbc", 5)], Panels = ["inflammation"], Measures = ["temperature"], Steps = ["penicillin-v"], Complaint = "throat" },
        new("influenza", S("6142004", "Influenza"), "J11.1", [18, 18, 14, 14, 14, 13, 13, 14, 16, 18]) { Days = 9, Effects = [E("temperature", 2.0), E("crp", 20), E("pulse", 14)], Panels = ["inflammation"], Measures = ["temperature", "pulse"], Steps = ["oseltamivir"], Complaint = "fever" },
        new("urinary", S("68566005", "Urinary tract infection"), "N39.0", [5, 4, 6, 6, 7, 8, 12, 20, 30, 40]) { Women = 4, Days = 8, Effects = [E("temperature", 0.5), E("crp", 16), E("wbc", 3)], Panels = ["inflammation"], Measures = ["temperature"], Steps = ["nitrofurantoin"], Complaint = "urine" },
        new("stomach", S("25374005", "Stomach flu"), "A09", [55, 18, 12, 12, 10, 9, 9, 10, 12, 15]) { Days = 6, Effects = [E("temperature", 0.8), E("potassium", -0.4), E("crp", 9)], Measures = ["temperature"], Complaint = "belly" },
        new("pneumonia", S("233604007", "Pneumonia"), "J18.9", [10, 3, 2, 2.5, 3, 4, 7, 13, 26, 42])
        {
            Raised = [("copd", 3), ("hf", 1.8), ("smoking", 1.4), ("dementia", 1.8)], Days = 24, Effects = [E("temperature", 2), E("crp", 120), E("wbc", 7), E("saturation", -5), E("pulse", 18), E("breaths", 7)], Panels = ["inflammation", "blood", "kidney"],
            Measures = ["temperature", "saturation", "pulse", "bp", "breaths"], Nights = 5, NightsFrom = 70, Ward = Specialty.Medicine, Picture = "chest", Steps = ["amoxicillin"], Complaint = "fever", Deadly = 1.5,
        },
        // Not by chance: see Pregnancy.
        new("pregnancy", S("77386006", "Pregnancy"), "Z33", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) { Days = 280, Effects = [E("hb", -13), E("weight", 7), E("systolic", -3), E("ferritin", -28), E("pulse", 8)] },
    ];

    static readonly Dictionary<string, Illness> ByKey = All.ToDictionary(one => one.Key, StringComparer.Ordinal);

    public static Illness Of(string key) => ByKey[key];

    /// <summary>Over after a time by itself or by treatment.</summary>
    public bool Passes => Days > 0;

    /// <summary>New cases among 1,000 in a year at this age, before what raises it.</summary>
    public double Rate(int age, bool isFemale) => Rates[Math.Min(9, age / 10)] * (isFemale ? Women : 1);
}
