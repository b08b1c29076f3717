using Tervik.Demo.People;
using Tervik.Demo.Writing;

namespace Tervik.Demo.Institutions;

/// <summary>Writes what can be booked: a calendar for everybody who sees patients, and the services of practices and outpatient clinics (docs/booking.md says what the extensions mean).</summary>
static class Calendars
{
    /// <summary>On the wall; Mondays to Fridays. With a rule, the first day has to be one of them.</summary>
    static readonly (string Start, int Minutes)[] Openings = [("2026-01-05T08:00", 240), ("2026-01-05T13:00", 180)];

    public static void Write(ResourceWriter w, Staff staff)
    {
        Questionnaires.Write(w);
        Pathways.Write(w);
        foreach (var one in staff.All.Where(one => one.Profession != Profession.Officer)) Calendar(w, one);
        foreach (var unit in staff.All.Where(one => one.Profession != Profession.Officer).GroupBy(one => one.Organization))
        {
            var (doctors, nurses) = (unit.Where(one => one.Profession == Profession.Doctor).ToList(), unit.Where(one => one.Profession != Profession.Doctor).ToList());
            var any = unit.First();
            if (any.Specialty == Specialty.General)
            {
                Service(w, any, "consultation", "Consultation with a family doctor", 30, "patient", doctors, questionnaire: Questionnaires.General);
                Service(w, any, "video", "Video consultation with a family doctor", 15, "patient", doctors, isVideo: true);
                Service(w, any, "nurse", "Nurse: blood test, vaccination, dressing", 15, "patient", nurses, preparation: "Drink water before a blood test. Do not eat for eight hours when you were told to come fasting.");
                Service(w, any, "dressing", "Nurse: dressing each week", 15, "patient", nurses, series: 8);
                Service(w, any, "long", "Long consultation, booked by the practice", 60, "staff", doctors);
            }
            else
            {
                Service(w, any, "outpatient", $"{any.Specialty.Name}: outpatient visit", 30, "referral", doctors, preparation: "Bring a list of the medicines you take.",
                    questionnaire: any.Specialty == Specialty.Cardiology ? Questionnaires.Heart : any.Specialty == Specialty.Lungs ? Questionnaires.Lungs : null);
                Service(w, any, "control", $"{any.Specialty.Name}: control visit, booked by the clinic", 30, "staff", doctors);
            }
        }
    }

    static string Zone(Country country) => country.Code switch { "DK" => "Europe/Copenhagen", "EE" => "Europe/Tallinn", _ => "Asia/Seoul" };

    static void Calendar(ResourceWriter w, Clinician one)
    {
        using var _ = w.Resource("Schedule", $"{one.Id}-calendar");
        using (w.List("extension"))
            foreach (var (start, minutes) in Openings)
                using (w.Item())
                {
                    using (w.List("extension"))
                    {
                        Part(w, "zone", "valueCode", Zone(one.Country));
                        Part(w, "start", "valueString", start);
                        using (w.Item())
                        {
                            w.Text("url", "minutes");
                            w.Number("valuePositiveInt", minutes);
                        }
                        Part(w, "rule", "valueString", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR");
                    }
                    w.Text("url", "urn:tervik:opening");
                }
        w.Flag("active", true);
        w.Concepts("specialty", one.Specialty.Term);
        w.References("actor", one.Link);
    }

    static void Service(ResourceWriter w, Clinician any, string key, string name, int minutes, string by, List<Clinician> people, bool isVideo = false, string? preparation = null, string? questionnaire = null, int series = 1)
    {
        if (people.Count == 0) return;
        using var _ = w.Resource("HealthcareService", $"{any.Organization}-{key}");
        using (w.List("extension"))
            using (w.Item())
            {
                using (w.List("extension"))
                {
                    using (w.Item())
                    {
                        w.Text("url", "minutes");
                        w.Number("valuePositiveInt", minutes);
                    }
                    Part(w, "by", "valueCode", by);
                    if (isVideo)
                    {
                        using (w.Item())
                        {
                            w.Text("url", "video");
                            w.Flag("valueBoolean", true);
                        }
                        Part(w, "video-address", "valueUrl", "https://video.example.org/rooms");
                    }
                    if (series > 1)
                        using (w.Item())
                        {
                            w.Text("url", "series");
                            w.Number("valuePositiveInt", series);
                        }
                    if (questionnaire is not null)
                        using (w.Item())
                        {
                            w.Text("url", "questionnaire");
                            w.Reference("valueReference", new($"Questionnaire/{questionnaire}"));
                        }
                    using (w.Item())
                    {
                        using (w.List("extension"))
                            foreach (var person in people)
                                using (w.Item())
                                {
                                    w.Text("url", "calendar");
                                    w.Reference("valueReference", new($"Schedule/{person.Id}-calendar"));
                                }
                        w.Text("url", "need");
                    }
                }
                w.Text("url", "urn:tervik:bookable");
            }
        w.Flag("active", true);
        w.Reference("providedBy", new($"Organization/{any.Organization}", Institution.Name(any.Country, any.Organization)));
        w.Concepts("type", new Term("urn:tervik:demo:service", key, name));
        w.Concepts("specialty", any.Specialty.Term);
        w.References("location", any.Specialty == Specialty.General ? new Link($"Location/{any.Organization}-rooms", Institution.Name(any.Country, any.Organization)) : new($"Location/{any.Organization}-clinic", $"{any.Specialty.Name}, outpatient clinic"));
        w.Text("name", $"{name} – {Institution.Name(any.Country, any.Organization)}");
        if (preparation is not null) w.Text("extraDetails", preparation);
    }

    static void Part(ResourceWriter w, string url, string type, string value)
    {
        using var _ = w.Item();
        w.Text("url", url);
        w.Text(type, value);
    }
}
