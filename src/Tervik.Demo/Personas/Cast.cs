using Tervik.Demo.Institutions;
using Tervik.Demo.People;

namespace Tervik.Demo.Personas;

/// <summary>The people of the tour: who they are and what happened to them. What a visitor reads about them stands in PersonaWords.resx.</summary>
static class Cast
{
    /// <summary>The professionals; the order is that of their panels.</summary>
    public static readonly Clinician[] Professionals =
    [
        Doctor("holm", "Søren", "Holm", Specialty.General, Country.Estonia, "practice-tartu-1", "Specialist in general medicine"),
        Doctor("kuusk", "Kadri", "Kuusk", Specialty.Endocrinology, Country.Estonia, "tartu-endocrinology", "Endocrinologist"),
        Doctor("vaher", "Anneli", "Vaher", Specialty.Oncology, Country.Estonia, "tartu-oncology", "Oncologist"),
        new("lund", new("Maja"), new("Lund"), Profession.Nurse, Specialty.Cardiology, Country.Denmark, "copenhagen-cardiology", "Nurse"),
        Doctor("brandt", "Jonas", "Brandt", Specialty.Psychiatry, Country.Denmark, "copenhagen-psychiatry", "Psychiatrist"),
        Doctor("bek", "Henrik", "Bek", Specialty.Nephrology, Country.Denmark, "copenhagen-nephrology", "Kidney specialist"),
        new("krogh", new("Signe"), new("Krogh"), Profession.Midwife, Specialty.Obstetrics, Country.Denmark, "copenhagen-obstetrics", "Midwife"),
        new("yoon", new("지현", "Jihyun"), new("윤", "Yoon"), Profession.Doctor, Specialty.Cardiology, Country.Korea, "seoul-cardiology", "Cardiologist"),
        new("han", new("민서", "Minseo"), new("한", "Han"), Profession.Doctor, Specialty.General, Country.Korea, "practice-seoul-1", "Specialist in family medicine"),
    ];

    /// <summary>The patients, p01 first.</summary>
    public static readonly Person[] Patients =
    [
        Patient(1, "Mari", "Tamm", true, "1957-03-14", Country.Estonia, "Tartu", "50106", "Kastani 42", "55512301", new()
        {
            Had = [("obesity", 24), ("hypertension", 16), ("cholesterol", 14), ("prediabetes", 8), ("t2d", 5.3), ("osteoarthritis", 7), ("retinopathy", 2.3), ("ckd", 1.6)],
            Doctor = "holm", Today = ("holm", 11.5), Allergies = ["grass"],
        }),
        Patient(2, "Jaan", "Kask", false, "1949-09-02", Country.Estonia, "Tallinn", "10117", "Pikk 18", "55512302", new()
        {
            Had = [("hypertension", 20), ("prediabetes", 18), ("t2d", 15), ("hypothyroid", 8), ("ihd", 5), ("gout", 3)], Team = [("endocrinology", "kuusk")], Today = ("kuusk", 11.5), Allergies = [], Smokes = false,
        }),
        Patient(3, "Liis", "Saar", true, "1988-01-23", Country.Estonia, "Tartu", "51013", "Vanemuise 7", "55512303", new() { Had = [("migraine", 12), ("anemia", 0.6)], Doctor = "holm", Allergies = [] }) with { Partner = 3 },
        Patient(4, "Kristjan", "Rebane", false, "1985-05-30", Country.Estonia, "Tartu", "51013", "Vanemuise 7", "55512304", new() { Had = [("hayfever", 22), ("back", 0.05)], Doctor = "holm", Allergies = ["penicillin-severe"] }) with { Partner = 2 },
        Patient(5, "Eha", "Põder", true, "1941-12-11", Country.Estonia, "Tartu", "50409", "Riia 110", "55512305", new()
        {
            Had = [("hypertension", 28), ("cholesterol", 20), ("hypothyroid", 17), ("osteoarthritis", 15), ("osteoporosis", 11), ("af", 7), ("reflux", 6.6), ("hip", 4.2), ("hf", 3.1), ("cataract", 2.2), ("insomnia", 0.1)],
            Doctor = "holm", Today = ("holm", 13.75), Daughter = 6, Allergies = ["nsaid"], Smokes = false,
        }),
        Patient(6, "Oskar", "Rebane", false, "2016-07-19", Country.Estonia, "Tartu", "51013", "Vanemuise 7", "55512304", new() { Had = [("eczema", 9.2), ("asthma", 5.4)], Doctor = "holm", Allergies = ["peanut"] }) with { Mother = 2, Father = 3 },
        Patient(7, "Kaja", "Põder", true, "1966-04-21", Country.Estonia, "Tartu", "50406", "Tähe 12", "55512307", new()
        {
            Had = [("hypertension", 7), ("breast", 0.75)], Doctor = "holm", Team = [("oncology", "vaher")], Today = ("vaher", 11.5), Allergies = [], Smokes = false,
        }),
        Patient(8, "Mads", "Østergaard", false, "1990-10-27", Country.Denmark, "København", "2200", "Nørre Allé 31", "55512308", new()
        {
            Had = [("anxiety", 0.95), ("depression", 0.7), ("insomnia", 0.2)], Team = [("psychiatry", "brandt")], Today = ("brandt", 11.5), Allergies = [],
        }),
        Patient(9, "Freja", "Nygaard", true, "2006-06-15", Country.Denmark, "København", "2300", "Engvej 5", "55512309", new() { Allergies = [], Smokes = false }),
        Patient(10, "Niels", "Bæk", false, "1953-04-04", Country.Denmark, "København", "2100", "Østerbrogade 88", "55512310", new()
        {
            Had = [("hypertension", 19), ("cholesterol", 15), ("mi", 6.4), ("hf", 1.4), ("ckd", 1)], Team = [("cardiology", "lund")], Discharged = ("hf", 6), Today = ("lund", 11.5), Allergies = [], Smokes = true,
        }),
        Patient(11, "Ingrid", "Skov", true, "1994-08-21", Country.Denmark, "Frederiksberg", "2000", "Rosenvej 14", "55512311", new() { WeeksPregnant = 29, Team = [("obstetrics", "krogh")], Today = ("krogh", 11.5), Allergies = ["latex"], Smokes = false }),
        Patient(12, "서연", "김", true, "1979-07-07", Country.Korea, "서울", "03080", "대학로 57", "55512312", new()
        {
            Had = [("prediabetes", 5), ("t2d", 3.2), ("cholesterol", 3), ("reflux", 1)], Doctor = "han", Today = ("han", 11.5), Allergies = ["shellfish"], Smokes = false,
        }, "Seoyeon", "Kim"),
        Patient(13, "영호", "최", false, "1951-01-17", Country.Korea, "서울", "04524", "퇴계로 20", "55512313", new()
        {
            Had = [("hypertension", 17), ("cholesterol", 12), ("mi", 2.1), ("af", 1.5)], Doctor = "han", Team = [("cardiology", "yoon")], Today = ("yoon", 11.5), Allergies = ["contrast"], Smokes = true,
        }, "Youngho", "Choi"),
        Patient(14, "Karl", "Dahl", false, "1969-11-12", Country.Denmark, "Hvidovre", "2650", "Birkevej 3", "55512314", new()
        {
            Had = [("hypertension", 18), ("ckd", 11), ("esrd", 3.1)], YearsOfDialysis = 3, Team = [("nephrology", "bek")], Today = ("bek", 11.5), Allergies = [], Smokes = false,
        }),
        Patient(15, "Helmi", "Oja", true, "1938-06-24", Country.Estonia, "Tartu", "50411", "Jakobi 9", "55512315", new()
        {
            Had = [("hypertension", 27), ("af", 9), ("dementia", 5), ("stroke", 2.5)], Doctor = "holm", DiedYearsAgo = 0.4, Allergies = [], Smokes = false,
        }),
    ];

    static Clinician Doctor(string id, string given, string family, Specialty specialty, Country country, string organization, string title) =>
        new(id, new(given), new(family), Profession.Doctor, specialty, country, organization, title);

    static Person Patient(int number, string given, string family, bool isFemale, string born, Country country, string city, string postal, string street, string phone, Shape shape, string? latinGiven = null, string? latinFamily = null)
    {
        var birth = DateOnly.ParseExact(born, "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        return new()
        {
            Number = number - 1, Id = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"p{number:00}"), Country = country, IsFemale = isFemale, Birth = birth, Given = new(given, latinGiven), Family = new(family, latinFamily),
            City = city, Postal = postal, Street = street, Phone = country.PhonePrefix + phone[..7], NationalId = NationalIds.Of(country, birth, isFemale, number * 7), Shape = shape with { IsPersona = true, IsPlain = true },
        };
    }
}
