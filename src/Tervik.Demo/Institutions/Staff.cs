using Tervik.Demo.People;
using Tervik.Demo.Writing;

namespace Tervik.Demo.Institutions;

/// <summary>What somebody does there.</summary>
enum Profession { Doctor, Nurse, Midwife, Officer }

/// <summary>One professional.</summary>
/// <param name="Id">Of the Practitioner; the role's is <c>id-role</c>.</param>
/// <param name="Given">Given name.</param>
/// <param name="Family">Family name.</param>
/// <param name="Profession">Doctor, nurse, midwife, or somebody who treats nobody.</param>
/// <param name="Specialty">Field.</param>
/// <param name="Country">Where.</param>
/// <param name="Organization">Id of the practice or department.</param>
/// <param name="Title">Qualification in words.</param>
sealed record Clinician(string Id, Name Given, Name Family, Profession Profession, Specialty Specialty, Country Country, string Organization, string Title)
{
    public string Name => Country.Code == "KR" ? $"{Family.Own}{Given.Own}" : $"{Given.Own} {Family.Own}";
    public string? Prefix => Profession switch { Profession.Doctor => "Dr.", Profession.Nurse => "Nurse", Profession.Midwife => "Midwife", _ => null };
    /// <summary>As readers see it.</summary>
    public Link Link { get; } = new($"Practitioner/{Id}", Shown(Given, Family, Profession, Country));

    static string Shown(Name given, Name family, Profession profession, Country country) =>
        (profession == Profession.Doctor ? "Dr. " : "") + (country.Code == "KR" ? $"{family.Own}{given.Own}" : $"{given.Own} {family.Own}");
}

/// <summary>Who works where: three hospitals with departments, and practices.</summary>
sealed class Staff
{
    const int Practices = 4;
    const int Topic = 1;

    readonly Dictionary<string, Clinician> byId = new(StringComparer.Ordinal);
    readonly Dictionary<(string Hospital, string Specialty, Profession), List<Clinician>> hospitals = [];
    readonly Dictionary<string, Clinician> leads = new(StringComparer.Ordinal);
    readonly Dictionary<string, List<Clinician>> practices = new(StringComparer.Ordinal);

    /// <param name="seed">Of the nation.</param>
    /// <param name="named">The personas among the staff; they are nobody's doctor by chance.</param>
    public Staff(long seed, IEnumerable<Clinician> named)
    {
        foreach (var one in named) byId.Add(one.Id, one);
        foreach (var country in Country.All)
        {
            var dice = Lives.Dice.For(seed, Topic, country.Offset);
            foreach (var specialty in Specialty.Departments)
            {
                Hire($"{country.Hospital}-{specialty.Key}-d1", Profession.Doctor, specialty, country, $"{country.Hospital}-{specialty.Key}", dice);
                Hire($"{country.Hospital}-{specialty.Key}-d2", Profession.Doctor, specialty, country, $"{country.Hospital}-{specialty.Key}", dice);
                Hire($"{country.Hospital}-{specialty.Key}-n1", specialty == Specialty.Obstetrics ? Profession.Midwife : Profession.Nurse, specialty, country, $"{country.Hospital}-{specialty.Key}", dice);
            }
            for (var practice = 1; practice <= Practices; practice++)
            {
                var id = PracticeId(country, practice);
                Hire($"{id}-d1", Profession.Doctor, Specialty.General, country, id, dice);
                Hire($"{id}-d2", Profession.Doctor, Specialty.General, country, id, dice);
                Hire($"{id}-n1", Profession.Nurse, Specialty.General, country, id, dice);
            }
        }
    }

    public IEnumerable<Clinician> All => byId.Values;
    public Clinician this[string id] => byId[id];
    /// <summary>The head of a unit: its first doctor, one of the tour where there is one.</summary>
    public Clinician Leads(string organization) => leads.TryGetValue(organization, out var lead) ? lead
        : leads[organization] = byId.Values.First(one => one.Organization == organization && one.Profession == Profession.Doctor);

    public static string PracticeId(Country country, int number) => $"practice-{country.Hospital}-{number}";

    void Hire(string id, Profession profession, Specialty specialty, Country country, string organization, Lives.Dice dice)
    {
        var isWoman = dice.Chance(profession == Profession.Doctor ? 0.55 : 0.9);
        var title = profession switch { Profession.Doctor => $"Specialist in {specialty.Term.Display.ToLowerInvariant()}", Profession.Nurse => "Registered nurse", _ => "Midwife" };
        var one = new Clinician(id, dice.Pick(isWoman ? country.Women : country.Men), dice.Pick(country.Families), profession, specialty, country, organization, title);
        byId.Add(id, one);
        if (specialty == Specialty.General) Of(practices, organization).Add(one);
        else Of(hospitals, (country.Hospital, specialty.Key, InHospital(profession))).Add(one);
    }

    // A maternity ward has midwives where the others have nurses.
    static Profession InHospital(Profession profession) => profession == Profession.Midwife ? Profession.Nurse : profession;

    static List<Clinician> Of<TKey>(Dictionary<TKey, List<Clinician>> lists, TKey key) where TKey : notnull
    {
        if (!lists.TryGetValue(key, out var list)) lists[key] = list = [];
        return list;
    }

    /// <summary>Somebody of a department; the same for the same patient.</summary>
    public Clinician Of(Country country, Specialty specialty, Profession profession, int patient)
    {
        var among = hospitals[(country.Hospital, specialty.Key, InHospital(profession))];
        return among[patient % among.Count];
    }

    /// <summary>The patient's own doctor or practice nurse.</summary>
    public Clinician OfPractice(Country country, Profession profession, int patient)
    {
        var among = practices[PracticeId(country, 1 + patient % Practices)].Where(one => one.Profession == profession).ToList();
        return among[patient / Practices % among.Count];
    }
}
