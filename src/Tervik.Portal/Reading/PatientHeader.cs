using System.Text.Json;

namespace Tervik.Portal.Reading;

/// <summary>Who a record is about.</summary>
/// <param name="Id">Logical id.</param>
/// <param name="Name">Never empty.</param>
/// <param name="Born">With the precision that is known.</param>
/// <param name="Age">Years, at death for the deceased; null when the birth date is unknown.</param>
/// <param name="Sex">In words, or null.</param>
/// <param name="Deceased">When, or null; see <paramref name="IsDeceased"/>.</param>
/// <param name="IsDeceased">Whether the patient is said to be deceased.</param>
/// <param name="Identifiers">Label and value, the national and medical record numbers first.</param>
/// <param name="Contacts">Telephone, e-mail, address, in one line each.</param>
public sealed record PatientHeader(string Id, string Name, FhirDate? Born, int? Age, string? Sex, FhirDate? Deceased, bool IsDeceased,
    IReadOnlyList<(string Label, string Value)> Identifiers, IReadOnlyList<string> Contacts)
{
    const int MostIdentifiers = 4;

    public static PatientHeader Read(JsonElement patient, DateTime today)
    {
        var born = FhirDate.Read(patient.TextAt("birthDate"));
        var deceased = FhirDate.Read(patient.TextAt("deceasedDateTime"));
        var isDeceased = deceased is not null || patient.At("deceasedBoolean").ValueKind == JsonValueKind.True;
        int? age = born is null || (isDeceased && deceased is null) ? null : Math.Max(0, born.Value.YearsUntil(deceased?.Local ?? today));
        return new(patient.TextAt("id") ?? "", Names.OfPerson(patient), born, age, SexOf(patient.TextAt("gender")), deceased, isDeceased,
            ReadIdentifiers(patient), ReadContacts(patient));
    }

    static string? SexOf(string? gender) => gender is "female" or "male" or "other" or "unknown" ? Words.Of($"sex {gender}") : Codes.Readable(gender);

    /// <summary>The identifier a list shows: a national one, else a medical record number, else any.</summary>
    public string? MainIdentifier => Identifiers.Count > 0 ? Identifiers[0].Value : null;

    static List<(string, string)> ReadIdentifiers(JsonElement patient)
    {
        var identifiers = new List<(int Rank, string Label, string Value)>();
        foreach (var identifier in patient.ItemsAt("identifier"))
            if (identifier.TextAt("value") is { } value && identifier.TextAt("use") != "old")
            {
                var (rank, label) = Describe(identifier);
                identifiers.Add((rank, label, value));
            }
        return [.. identifiers.OrderBy(i => i.Rank).Take(MostIdentifiers).Select(i => (i.Label, i.Value))];
    }

    static (int Rank, string Label) Describe(JsonElement identifier)
    {
        var type = identifier.At("type");
        var system = identifier.TextAt("system") ?? "";
        var name = Codes.Write(type);
        if (system == "urn:oid:1.2.208.176.1.2") return (0, Words.Of("CPR number"));
        if (Codes.Has(type, "NI", "NNDNK", "NNEST", "NNKOR")) return (0, Words.Of("National number"));
        if (Codes.Has(type, "SB", "SS")) return (0, name ?? Words.Of("National number"));
        if (Codes.Has(type, "MR")) return (1, Words.Of("Medical record number"));
        if (Codes.Has(type, "PPN", "DL")) return (3, name ?? Words.Of("Identity document"));
        return (name is null ? 4 : 2, name ?? Words.Of("Identifier"));
    }

    static List<string> ReadContacts(JsonElement patient)
    {
        var contacts = new List<string>();
        foreach (var contact in patient.ItemsAt("telecom"))
            if (contact.TextAt("value") is { } value && contact.TextAt("use") != "old") contacts.Add(value);
        var address = patient.FirstAt("address");
        string?[] parts = [.. address.ItemsAt("line").Select(line => line.AsText()), address.TextAt("postalCode"), address.TextAt("city"), address.TextAt("country")];
        var written = address.TextAt("text") ?? string.Join(", ", parts.OfType<string>());
        if (written.Length > 0) contacts.Add(written);
        return contacts;
    }
}
