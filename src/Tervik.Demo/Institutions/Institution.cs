using Tervik.Demo.People;
using Tervik.Demo.Writing;

namespace Tervik.Demo.Institutions;

/// <summary>Writes hospitals, departments, wards, practices and staff: what all patients' records refer to.</summary>
static class Institution
{
    static readonly (string Id, string Name, string Own)[] Hospitals =
        [("copenhagen", "Copenhagen Demo Hospital", "København Demohospital"), ("tartu", "Tartu Demo Hospital", "Tartu Demohaigla"), ("seoul", "Seoul Demo Hospital", "서울데모병원")];

    static readonly Dictionary<string, string[]> PracticeNames = new()
    {
        ["tartu"] = ["Emajõgi Family Practice", "Toome Family Practice", "Riia Street Family Practice", "Elva Family Practice"],
        ["copenhagen"] = ["Østerbro Family Practice", "Frederiksberg Family Practice", "Hvidovre Family Practice", "Roskilde Family Practice"],
        ["seoul"] = ["Daehangno Family Clinic", "Jongno Family Clinic", "Suwon Family Clinic", "Incheon Family Clinic"],
    };

    /// <summary>In which of their country's cities practices are; the others are where the hospital is.</summary>
    static readonly Dictionary<string, int> PracticeCities = new() { ["practice-tartu-4"] = 1, ["practice-copenhagen-2"] = 1, ["practice-copenhagen-3"] = 2, ["practice-copenhagen-4"] = 3, ["practice-seoul-3"] = 1, ["practice-seoul-4"] = 2 };

    /// <summary>Somebody of the tour lives there, far from the hospital.</summary>
    static readonly (string City, string Postal, decimal Latitude, decimal Longitude) Tallinn = ("Tallinn", "10111", 59.4370m, 24.7536m);

    static readonly Term HospitalType = Term.Of("organization-type", "prov", "Healthcare provider");
    static readonly Term DepartmentType = Term.Of("organization-type", "dept", "Hospital department");

    public static string Name(string hospital) => Hospitals.Single(one => one.Id == hospital).Name;

    public static string Name(Country country, string organization) => organization.StartsWith("practice-", StringComparison.Ordinal) ? PracticeNames[country.Hospital][organization[^1] - '1']
        : $"{Specialty.Departments.Single(one => $"{country.Hospital}-{one.Key}" == organization).Name}, {Name(country.Hospital)}";

    public static void Write(ResourceWriter w, Staff staff)
    {
        foreach (var country in Country.All)
        {
            var (id, name, own) = Hospitals.Single(one => one.Id == country.Hospital);
            foreach (var (i, city) in country.Cities.Concat(country == Country.Estonia ? [Tallinn] : []).Index()) Municipality(w, country, i + 1, city.City, city.Latitude, city.Longitude);
            Organization(w, id, name, HospitalType, country, partOf: null, own);
            Place(w, $"{id}-site", name, "Hospital", "HOSP", id, country, partOf: null);
            foreach (var specialty in Specialty.Departments)
            {
                var department = $"{id}-{specialty.Key}";
                Organization(w, department, Name(country, department), DepartmentType, country, partOf: new($"Organization/{id}", name), own: null);
                Place(w, $"{department}-clinic", $"{specialty.Name}, outpatient clinic", "Outpatient clinic", "OF", department, country, $"{id}-site");
                if (specialty.Beds) Place(w, $"{department}-ward", $"{specialty.Name}, ward", "Ward", "HU", department, country, $"{id}-site");
            }
            for (var i = 0; i < PracticeNames[id].Length; i++)
            {
                var practice = Staff.PracticeId(country, i + 1);
                Organization(w, practice, PracticeNames[id][i], HospitalType, country, partOf: null, own: null);
                Place(w, $"{practice}-rooms", PracticeNames[id][i], "Practice", "PROFF", practice, country, partOf: null);
            }
        }
        foreach (var one in staff.All) Professional(w, one, isLead: staff.Leads(one.Organization) == one);
        foreach (var (hospital, given, family) in Officers) Officer(w, Country.All.Single(country => country.Hospital == hospital), given, family);
    }

    /// <summary>Who is responsible for data protection at each hospital, and at the practices around it.</summary>
    static readonly (string Hospital, Name Given, Name Family)[] Officers =
        [("tartu", new("Riina"), new("Mets")), ("copenhagen", new("Birgitte"), new("Holst")), ("seoul", new("지아", "Jia"), new("문", "Moon"))];

    static void Officer(ResourceWriter w, Country country, Name given, Name family)
    {
        var one = new Clinician($"{country.Hospital}-officer", given, family, Profession.Officer, Specialty.General, country, country.Hospital, "Data protection officer");
        Person(w, one);
        foreach (var organization in PracticeNames[country.Hospital].Select((_, i) => Staff.PracticeId(country, i + 1)).Prepend(country.Hospital))
            using (w.Resource("PractitionerRole", organization == country.Hospital ? $"{one.Id}-role" : $"{one.Id}-{organization}"))
            {
                w.Flag("active", true);
                w.Reference("practitioner", one.Link);
                w.Reference("organization", new($"Organization/{organization}", organization == country.Hospital ? Name(organization) : Name(country, organization)));
                w.Concepts("code", new Term("urn:tervik:role", "data-protection", "Data protection officer"));
            }
    }

    static void Organization(ResourceWriter w, string id, string name, Term type, Country country, Link? partOf, string? own)
    {
        using var _ = w.Resource("Organization", id);
        using (w.One("identifier"))
        {
            w.Text("system", "urn:tervik:demo:organization");
            w.Text("value", id);
        }
        w.Flag("active", true);
        w.Concepts("type", type);
        w.Text("name", name);
        if (own is not null) w.Texts("alias", own);
        if (partOf is { } parent) w.Reference("partOf", parent);
        else
            using (w.One("address"))
            {
                w.Text("city", country.Cities[0].City);
                w.Text("postalCode", country.Cities[0].Postal);
                w.Text("country", country.Code);
            }
    }

    /// <summary>What distances begin from: the middle of where patients live.</summary>
    static void Municipality(ResourceWriter w, Country country, int number, string city, decimal latitude, decimal longitude)
    {
        using var _ = w.Resource("Location", $"{country.Hospital}-municipality-{number}");
        w.Text("status", "active");
        w.Text("name", city);
        w.Text("mode", "instance");
        using (w.Object("address"))
        {
            w.Text("city", city);
            w.Text("country", country.Code);
        }
        w.Concept("physicalType", new Term("http://terminology.hl7.org/CodeSystem/location-physical-type", "jdn", "Jurisdiction"));
        using (w.Object("position"))
        {
            w.Number("longitude", longitude);
            w.Number("latitude", latitude);
        }
    }

    static void Place(ResourceWriter w, string id, string name, string form, string type, string organization, Country country, string? partOf)
    {
        using var _ = w.Resource("Location", id);
        w.Text("status", "active");
        w.Text("name", name);
        w.Text("mode", "instance");
        w.Concepts("type", Term.Of("v3-RoleCode", type, form));
        // Of each place the same every time; nobody answers at a number that begins so.
        var number = id.Sum(letter => letter) % 90 + 10;
        using (w.One("telecom"))
        {
            w.Text("system", "phone");
            w.Text("value", $"{country.PhonePrefix}000 00{number}");
        }
        var (city, postal, latitude, longitude) = country.Cities[PracticeCities.GetValueOrDefault(organization)];
        using (w.Object("address"))
        {
            w.Texts("line", $"{country.Streets[number % country.Streets.Length]} {number}");
            w.Text("city", city);
            w.Text("postalCode", postal);
            w.Text("country", country.Code);
        }
        using (w.Object("position"))
        {
            w.Number("longitude", longitude);
            w.Number("latitude", latitude);
        }
        w.Reference("managingOrganization", new($"Organization/{organization}", Name(country, organization, form)));
        if (partOf is not null) w.Reference("partOf", new($"Location/{partOf}"));
    }

    static string Name(Country country, string organization, string form) => form == "Hospital" ? Name(country.Hospital) : Name(country, organization);

    static void Professional(ResourceWriter w, Clinician one, bool isLead)
    {
        Person(w, one);
        using (w.Resource("PractitionerRole", $"{one.Id}-role"))
        {
            w.Flag("active", true);
            w.Reference("practitioner", one.Link);
            w.Reference("organization", new($"Organization/{one.Organization}", Name(one.Country, one.Organization)));
            var profession = one.Profession switch
            {
                Profession.Doctor => Term.Snomed("158965000", "Doctor"), Profession.Nurse => Term.Snomed("224535009", "Registered nurse"), _ => Term.Snomed("309453006", "Registered midwife"),
            };
            w.ConceptList("code", isLead ? [profession, new("urn:tervik:role", "unit-lead", "Head of the unit")] : [profession]);
            w.Concepts("specialty", one.Specialty.Term);
            w.References("location", new Link(one.Specialty == Specialty.General ? $"Location/{one.Organization}-rooms" : $"Location/{one.Organization}-clinic"));
        }
    }

    static void Person(ResourceWriter w, Clinician one)
    {
        using (w.Resource("Practitioner", one.Id))
        {
            using (w.One("identifier"))
            {
                w.Text("system", "urn:tervik:demo:staff");
                w.Text("value", one.Id);
            }
            w.Flag("active", true);
            using (w.List("name"))
            {
                using (w.Item())
                {
                    w.Text("use", "official");
                    w.Text("family", one.Family.Own);
                    w.Texts("given", one.Given.Own);
                    if (one.Prefix is { } prefix) w.Texts("prefix", prefix);
                }
                if (one.Family.Latin is { } family && one.Given.Latin is { } given)
                    using (w.Item())
                    {
                        w.Text("use", "usual");
                        w.Text("text", $"{one.Prefix} {given} {family}".TrimStart());
                        w.Text("family", family);
                        w.Texts("given", given);
                        if (one.Prefix is { } prefix) w.Texts("prefix", prefix);
                    }
            }
            using (w.One("qualification")) w.Words("code", one.Title);
            w.ConceptList("communication", [new("urn:ietf:bcp:47", one.Country.Language, one.Country.Language switch { "da" => "Danish", "et" => "Estonian", _ => "Korean" }), new("urn:ietf:bcp:47", "en", "English")]);
        }
    }
}
