using System.Globalization;
using Tervik.Demo.Illnesses;
using Tervik.Demo.Institutions;
using Tervik.Demo.Writing;

namespace Tervik.Demo.Lives;

/// <summary>Something one can be allergic to.</summary>
/// <param name="Key">Name in the tables.</param>
/// <param name="Code">SNOMED CT.</param>
/// <param name="Category">FHIR category.</param>
/// <param name="IsHigh">Whether it can kill.</param>
/// <param name="Share">Of the people.</param>
/// <param name="Reactions">What happens.</param>
sealed record AllergyKind(string Key, Term Code, string Category, bool IsHigh, double Share, Term[] Reactions)
{
    static readonly Term Hives = Term.Snomed("126485001", "Hives"), Anaphylaxis = Term.Snomed("39579001", "Anaphylaxis"), Rash = Term.Snomed("271807003", "Skin rash"), Sneezing = Term.Snomed("76067001", "Sneezing"),
        Itching = Term.Snomed("418363000", "Itching"), Breath = Term.Snomed("267036007", "Shortness of breath"), Cough = Term.Snomed("11833005", "Dry cough"), Belly = Term.Snomed("21522001", "Belly pain");

    public static readonly AllergyKind[] All =
    [
        new("penicillin", Term.Snomed("91936005", "Allergy to penicillin"), "medication", false, 0.05, [Rash]),
        new("penicillin-severe", Term.Snomed("91936005", "Allergy to penicillin"), "medication", true, 0.003, [Anaphylaxis, Hives, Breath]),
        new("nsaid", Term.Snomed("293586001", "Allergy to ibuprofen and similar pain killers"), "medication", false, 0.012, [Hives, Belly]),
        new("grass", Term.Snomed("418689008", "Allergy to grass pollen"), "environment", false, 0.09, [Sneezing, Itching]),
        new("birch", Term.Snomed("419263009", "Allergy to tree pollen"), "environment", false, 0.08, [Sneezing, Itching]),
        new("peanut", Term.Snomed("91935009", "Allergy to peanut"), "food", true, 0.009, [Anaphylaxis, Hives]),
        new("egg", Term.Snomed("91930004", "Allergy to egg"), "food", false, 0.008, [Hives, Belly]),
        new("shellfish", Term.Snomed("300913006", "Allergy to shellfish"), "food", false, 0.012, [Hives, Itching]),
        new("latex", Term.Snomed("300916003", "Allergy to latex"), "environment", false, 0.006, [Rash, Itching]),
        new("contrast", Term.Snomed("293637006", "Allergy to contrast medium"), "medication", true, 0.003, [Hives, Breath]),
        // Not by chance: whoever coughs from an ACE inhibitor.
        new("ace", Term.Snomed("293500009", "Intolerance of ACE inhibitors"), "medication", false, 0, [Cough]),
    ];

    public static AllergyKind Of(string key) => All.Single(one => one.Key == key);
}

/// <summary>An allergy that somebody has.</summary>
sealed record Allergy(AllergyKind Kind, DateOnly Since, Clinician Recorder);

/// <summary>Vaccinations, children's checks, allergies.</summary>
sealed partial class Life
{
    static readonly string[] Lots = ["A21CA", "K47BX", "PX038", "NV912", "C5522", "TL740", "F88QD", "W1209"];

    void GiveAllergies()
    {
        var kinds = person.Shape.Allergies is { } given ? given.Select(AllergyKind.Of) : AllergyKind.All.Where(kind => dice.Chance(kind.Share));
        var age = person.AgeOn(today);
        foreach (var kind in kinds.ToList())
        {
            var since = person.Birth.AddYears(1).AddDays(dice.Between(0, 365 * Math.Max(1, Math.Min(age - 1, kind.Category == "medication" ? 40 : 9))));
            if (since < today) allergies.Add(new(kind, since, doctor));
        }
        if (allergies.Find(one => one.Kind is { IsHigh: true, Category: "food" }) is { } food) At(Max(food.Since, recordedFrom.AddDays(20)), () =>
        {
            var visit = Open(Workday(now), doctor, "Consultation");
            visit.Complaint = "reaction";
            Prescribe(Drug.Of("adrenaline"), null, visit);
            Close(visit);
        });
    }

    void Vaccinate()
    {
        foreach (var vaccine in Vaccine.Schedules[person.Country.Code])
        {
            if (!vaccine.IsFor(person.Birth.Year, person.IsFemale) || !dice.Chance(0.94)) continue;
            for (var dose = 0; dose < vaccine.Months.Length; dose++)
            {
                var (day, number) = (Workday(person.Birth.AddMonths(vaccine.Months[dose]).AddDays(dice.Between(1, 25))), dose + 1);
                if (day < today) At(day, () => WriteVaccination(vaccine.Code, vaccine.Series, day, number, vaccine.Months.Length));
            }
        }
        Yearly(Vaccine.Influenza, "Influenza", 6, (10, 0.68), age => age >= 65 || ailments.Exists(one => one.IsActive(now) && one.Illness.Key is "copd" or "hf" or "t2d" or "t1d" or "asthma" or "esrd"));
        Yearly(Vaccine.Covid, "COVID-19", 4, (11, 0.6), age => age >= 65);
        foreach (var (dose, month) in ((int, int)[])[(1, 5), (2, 7)])
            if (dice.Chance(0.85)) At(Workday(new DateOnly(2021, month, dice.Between(1, 28))), () => { if (person.AgeOn(now) >= 12) WriteVaccination(Vaccine.Covid, "COVID-19", now, dose, 2); });
        if (dice.Chance(0.7) && person.AgeOn(today) > 25) At(Workday(Ago(dice.Roll() * 10)), () => WriteVaccination(Vaccine.Tetanus, "Tetanus and diphtheria", now, 1, 1));

        void Yearly(Term vaccine, string series, int years, (int Month, double Chance) season, Func<int, bool> isOffered)
        {
            for (var year = today.Year - years; year <= today.Year; year++)
                if (dice.Chance(season.Chance)) At(Workday(new DateOnly(year, season.Month, dice.Between(1, 28))), () => { if (isOffered(person.AgeOn(now))) WriteVaccination(vaccine, series, now, 1, 1); });
        }
    }

    void ChildCheck()
    {
        var day = Workday(now);
        if (day < recordedFrom || day >= today) return;
        var visit = Open(day, doctor, "Child health check", minutes: 30);
        visit.Complaint = "growing";
        Measure(visit, ["weight", "height"]);
        visit.Plan.Add(("grows", []));
        Close(visit);
    }

    void WriteVaccination(Term vaccine, string series, DateOnly day, int dose, int doses)
    {
        using var _ = w.Resource("Immunization", NewId("vaccination"));
        w.Text("status", "completed");
        w.Concept("vaccineCode", vaccine);
        w.Reference("patient", person.Link);
        w.Day("occurrenceDateTime", day);
        w.Flag("primarySource", day >= recordedFrom);
        w.Text("lotNumber", string.Create(CultureInfo.InvariantCulture, $"{dice.Pick(Lots)}{day.Year % 100:00}{dice.Between(1, 9)}"));
        w.Concept("site", dice.Chance(0.7) ? Term.Of("v3-ActSite", "LA", "Left arm") : Term.Of("v3-ActSite", "RA", "Right arm"));
        w.Concept("route", Term.Of("v3-RouteOfAdministration", "IM", "Into a muscle"));
        using (w.One("performer")) w.Reference("actor", day >= recordedFrom ? nurse.Link : Practice);
        // What is given every year, or every ten, is the dose of no series.
        if (doses == 1) return;
        using (w.One("protocolApplied"))
        {
            w.Text("series", series);
            w.Number("doseNumberPositiveInt", dose);
            w.Number("seriesDosesPositiveInt", doses);
        }
    }

    Link Practice => new($"Organization/{doctor.Organization}", Institution.Name(person.Country, doctor.Organization));
}
