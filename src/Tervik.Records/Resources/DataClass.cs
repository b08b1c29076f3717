using System.Text;

namespace Tervik.Records.Resources;

/// <summary>Classes of data with keys of their own, so that one can be destroyed and the rest stays.</summary>
static class DataClass
{
    public const string Contact = "contact";
    public const string Image = "image";
    public const string Genome = "genome";
    public const string Clinical = "clinical";

    public static string Of(string type) => type switch
    {
        "Patient" or "RelatedPerson" or "Person" => Contact,
        "ImagingStudy" or "Media" => Image,
        "MolecularSequence" => Genome,
        _ => Clinical,
    };

    /// <summary>What an encrypted body is bound to.</summary>
    public static byte[] Place(string type, string id, int version) => Encoding.UTF8.GetBytes($"{type}/{id}/_history/{version}");
}
