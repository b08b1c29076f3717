using Tervik.Demo.Writing;

namespace Tervik.Demo.Illnesses;

/// <summary>An examination with pictures.</summary>
/// <param name="Key">Name in the tables, and of its words in the notes.</param>
/// <param name="Modality">DICOM modality.</param>
/// <param name="Code">What was done, LOINC.</param>
/// <param name="Site">Body part, SNOMED CT.</param>
/// <param name="Images">In each series.</param>
sealed record Picture(string Key, Term Modality, Term Code, Term Site, params int[] Images)
{
    static Term Dicom(string code, string name) => new("http://dicom.nema.org/resources/ontology/DCM", code, name);
    static readonly Term Xray = Dicom("DX", "X-ray"), Ct = Dicom("CT", "CT scan"), Mr = Dicom("MR", "MR scan"), Ultrasound = Dicom("US", "Ultrasound");

    public static readonly Picture[] All =
    [
        new("chest", Xray, Term.Loinc("36643-5", "X-ray of the chest"), Term.Snomed("51185008", "Chest"), 1, 1),
        new("knee", Xray, Term.Loinc("37644-2", "X-ray of the knee"), Term.Snomed("72696002", "Knee"), 2),
        new("hip", Xray, Term.Loinc("37616-0", "X-ray of the hip"), Term.Snomed("29836001", "Hip"), 2),
        new("wrist", Xray, Term.Loinc("37682-2", "X-ray of the wrist"), Term.Snomed("8205005", "Wrist"), 2),
        new("ankle", Xray, Term.Loinc("37547-7", "X-ray of the ankle"), Term.Snomed("344001", "Ankle"), 2),
        new("head", Ct, Term.Loinc("24725-4", "CT scan of the head"), Term.Snomed("69536005", "Head"), 32, 160),
        new("abdomen", Ct, Term.Loinc("79103-8", "CT scan of the abdomen"), Term.Snomed("818983003", "Abdomen"), 96, 210),
        new("prostate", Mr, Term.Loinc("30648-0", "MR scan of the prostate"), Term.Snomed("41216001", "Prostate"), 24, 24, 30),
        new("mammography", Dicom("MG", "Mammography"), Term.Loinc("24606-6", "X-ray of the breasts"), Term.Snomed("76752008", "Breast"), 4),
        new("echo", Ultrasound, Term.Loinc("34552-0", "Ultrasound of the heart"), Term.Snomed("80891009", "Heart"), 18),
        new("angiography", Dicom("XA", "X-ray of vessels"), Term.Loinc("18745-0", "Angiography of the heart"), Term.Snomed("41801008", "Heart artery"), 9, 12),
        new("fetus", Ultrasound, Term.Loinc("11525-3", "Ultrasound in pregnancy"), Term.Snomed("35039007", "Womb"), 14),
    ];

    static readonly Dictionary<string, Picture> ByKey = All.ToDictionary(one => one.Key, StringComparer.Ordinal);

    public static Picture Of(string key) => ByKey[key];
}
