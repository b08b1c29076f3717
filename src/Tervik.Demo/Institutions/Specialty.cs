using Tervik.Demo.Writing;

namespace Tervik.Demo.Institutions;

/// <summary>A field of medicine: a department of every hospital, or the practices.</summary>
/// <param name="Key">Part of the ids of its department and staff.</param>
/// <param name="Name">Of the department.</param>
/// <param name="Term">SNOMED CT.</param>
/// <param name="Beds">Whether it has a ward.</param>
sealed record Specialty(string Key, string Name, Term Term, bool Beds)
{
    public static readonly Specialty General = new("general", "General practice", Term.Snomed("394814009", "General practice"), Beds: false);
    public static readonly Specialty Emergency = new("emergency", "Emergency department", Term.Snomed("773568002", "Emergency medicine"), Beds: true);
    public static readonly Specialty Medicine = new("medicine", "Internal medicine", Term.Snomed("419192003", "Internal medicine"), Beds: true);
    public static readonly Specialty Cardiology = new("cardiology", "Cardiology", Term.Snomed("394579002", "Cardiology"), Beds: true);
    public static readonly Specialty Endocrinology = new("endocrinology", "Endocrinology", Term.Snomed("394583002", "Endocrinology"), Beds: false);
    public static readonly Specialty Nephrology = new("nephrology", "Kidney diseases", Term.Snomed("394589003", "Nephrology"), Beds: true);
    public static readonly Specialty Oncology = new("oncology", "Oncology", Term.Snomed("394593009", "Medical oncology"), Beds: true);
    public static readonly Specialty Surgery = new("surgery", "Surgery", Term.Snomed("394609007", "General surgery"), Beds: true);
    public static readonly Specialty Orthopaedics = new("orthopaedics", "Orthopaedics", Term.Snomed("394801008", "Orthopaedics"), Beds: true);
    public static readonly Specialty Obstetrics = new("obstetrics", "Pregnancy and birth", Term.Snomed("394585009", "Obstetrics and gynaecology"), Beds: true);
    public static readonly Specialty Paediatrics = new("paediatrics", "Children and adolescents", Term.Snomed("394537008", "Paediatrics"), Beds: true);
    public static readonly Specialty Psychiatry = new("psychiatry", "Psychiatry", Term.Snomed("394587001", "Psychiatry"), Beds: true);
    public static readonly Specialty Neurology = new("neurology", "Neurology", Term.Snomed("394591006", "Neurology"), Beds: true);
    public static readonly Specialty Lungs = new("lungs", "Lung diseases", Term.Snomed("418112009", "Pulmonary medicine"), Beds: true);
    public static readonly Specialty Eyes = new("eyes", "Eye diseases", Term.Snomed("394594003", "Ophthalmology"), Beds: false);
    public static readonly Specialty Rheumatology = new("rheumatology", "Rheumatology", Term.Snomed("394810000", "Rheumatology"), Beds: false);
    public static readonly Specialty Radiology = new("radiology", "Radiology", Term.Snomed("394914008", "Radiology"), Beds: false);
    public static readonly Specialty Laboratory = new("laboratory", "Laboratory", Term.Snomed("394596001", "Chemical pathology"), Beds: false);

    /// <summary>The departments of a hospital.</summary>
    public static readonly Specialty[] Departments =
        [Emergency, Medicine, Cardiology, Endocrinology, Nephrology, Oncology, Surgery, Orthopaedics, Obstetrics, Paediatrics, Psychiatry, Neurology, Lungs, Eyes, Rheumatology, Radiology, Laboratory];
}
