namespace Tervik.Demo.Writing;

/// <summary>A code with a short name in plain English; the names are our own.</summary>
/// <param name="System">Code system, a URI.</param>
/// <param name="Code">In that system.</param>
/// <param name="Display">In words.</param>
sealed record Term(string System, string Code, string Display)
{
    const string Hl7 = "http://terminology.hl7.org/CodeSystem/";

    public static Term Snomed(string code, string display) => new("http://snomed.info/sct", code, display);
    public static Term Loinc(string code, string display) => new("http://loinc.org", code, display);
    public static Term Atc(string code, string display) => new("http://www.whocc.no/atc", code, display);
    public static Term Icd10(string code, string display) => new("http://hl7.org/fhir/sid/icd-10", code, display);
    /// <summary>A code of HL7's own terminology, such as <c>v3-ActCode</c>.</summary>
    public static Term Of(string system, string code, string display) => new(Hl7 + system, code, display);
}
