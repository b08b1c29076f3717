using System.Globalization;
using Tervik.Demo.Illnesses;
using Tervik.Demo.Institutions;
using Tervik.Demo.People;
using Tervik.Demo.Writing;

namespace Tervik.Demo.Lives;

/// <summary>One person from birth to today, year by year: what strikes them, what is done about it, what is written down.</summary>
/// <remarks>This file runs the clock; the others say what happens: Course (illness and treatment), Hospital, Cancer, Pregnancy, Prevention, Chart (what is known at the end), Agenda (what is to come).</remarks>
sealed partial class Life
{
    const int Topic = 4;
    /// <summary>Years for which everything is written down; of the time before, only illnesses, operations and vaccinations are known.</summary>
    const int RecordedYears = 6;
    /// <summary>The same for those whom the professionals of the tour see today; it keeps the first start of a node short.</summary>
    const int RecordedYearsOfPanels = 2;
    /// <summary>Only the last years take lives: who died long ago would not be looked up.</summary>
    const int YearsOfDeaths = 2;

    readonly Person person;
    readonly Population population;
    readonly Staff staff;
    readonly DateOnly today, recordedFrom;
    readonly Dice dice;
    readonly ResourceWriter w;
    readonly Body body;
    readonly Clinician doctor, nurse;
    readonly List<Ailment> ailments = [];
    readonly List<Course> courses = [];
    readonly List<Allergy> allergies = [];
    readonly PriorityQueue<Action, (DateOnly Day, int Order)> agenda = new();
    readonly Dictionary<string, int> counters = new(StringComparer.Ordinal);
    DateOnly? smokesFrom, quit, death;
    DateOnly now;
    int order;

    Life(Person person, Population population, Staff staff, DateOnly today, long seed, ResourceWriter w)
    {
        (this.person, this.population, this.staff, this.today, this.w) = (person, population, staff, today, w);
        dice = Dice.For(seed, Topic, person.Number);
        recordedFrom = Max(person.Birth, today.AddYears(person.Shape is { IsPersona: false, Today: not null } ? -RecordedYearsOfPanels : -RecordedYears));
        body = new(person, dice, ailments, courses);
        doctor = person.Shape.Doctor is { } named ? staff[named] : staff.OfPractice(person.Country, Profession.Doctor, person.Number);
        nurse = staff.OfPractice(person.Country, Profession.Nurse, person.Shape.Doctor is null ? person.Number : 0);
        now = person.Birth;
    }

    /// <summary>Lives a life and writes it.</summary>
    public static void Write(Person person, Population population, Staff staff, DateOnly today, long seed, ResourceWriter w) => new Life(person, population, staff, today, seed, w).Run();

    void Run()
    {
        GiveAllergies();
        foreach (var (illness, yearsAgo) in person.Shape.Had) Brew(Illness.Of(illness), Ago(yearsAgo));
        if (person.Shape.DiedYearsAgo is { } died) At(Ago(died), Die);
        if (person.Shape.WeeksPregnant is { } weeks) At(today.AddDays(-weeks * 7 - 2), Conceive);
        if (person.Shape.Discharged is { } stay) At(today.AddDays(-stay.DaysAgo - 9), () => Readmit(stay.Illness));
        StartSmoking();
        Vaccinate();
        for (var year = person.Birth.Year; year <= today.Year && death is null; year++)
        {
            var (from, to) = (Max(person.Birth, new(year, 1, 1)), Min(today.AddDays(-1), new(year, 12, 31)));
            if (to < from) break;
            StrikeIn(from, to);
            PlanControls(from, to);
            while (death is null && agenda.TryPeek(out var happening, out var when) && when.Day <= to)
            {
                agenda.Dequeue();
                now = when.Day;
                happening();
            }
        }
        now = death ?? today;
        if (person.Shape.YearsOfDialysis > 0) WriteDialysis();
        WriteChart();
        WriteAgenda();
    }

    /// <summary>Something happens on a day; what would be after today does not.</summary>
    void At(DateOnly day, Action happening) => agenda.Enqueue(happening, (day, order++));

    /// <summary>The same some days from now.</summary>
    void In(int days, Action happening) => At(now.AddDays(days), happening);

    /// <summary>An illness is found on a day; some have been there unknown before.</summary>
    void Brew(Illness illness, DateOnly found)
    {
        found = Max(person.Birth.AddDays(30), found);
        if (illness.Silent > 0) body.Brewing.Add((illness, found.AddDays(-illness.Silent), found));
        At(found, () => Begin(illness));
    }

    /// <summary>Which illnesses strike in a part of a year.</summary>
    void StrikeIn(DateOnly from, DateOnly to)
    {
        var days = to.DayNumber - from.DayNumber + 1;
        var age = person.AgeOn(to);
        foreach (var illness in Illness.All)
        {
            var rate = illness.Rate(age, person.IsFemale);
            if (rate <= 0 || (person.Shape.IsPlain && (!illness.Passes || illness.Days > 60 || illness.Nights > 0))) continue;
            // Of colds and the like before the record begins nothing remains.
            if (illness.Passes && illness.Nights == 0 && to < recordedFrom) continue;
            if (illness.Needs is { } needed && !Has(needed, from)) continue;
            foreach (var (with, factor) in illness.Raised)
                if (with == "smoking" ? Smokes(from) : Has(with, from)) rate *= factor;
            if (dice.Chance(rate * days / 365.25 / 1000)) Brew(illness, from.AddDays(dice.Between(0, days - 1) + illness.Silent));
        }
        if (person.IsFemale && person.Shape.WeeksPregnant is null && !person.Shape.IsPlain && to >= recordedFrom && dice.Chance(Fertility(age) * days / 365.25)) At(from.AddDays(dice.Between(0, days - 1)), Conceive);
        if (to > today.AddYears(-YearsOfDeaths) && person.Shape is { IsPersona: false, Today: null } && dice.Chance(Mortality(age, from) * days / 365.25)) At(from.AddDays(dice.Between(0, days - 1)), Die);
        if (Smokes(from) && dice.Chance(0.025)) At(from, () => quit ??= now);
    }

    /// <summary>Chance of dying within a year: doubles about every seven years of age, more with grave illness.</summary>
    double Mortality(int age, DateOnly at)
    {
        var risk = 0.000016 * Math.Exp(0.095 * age);
        foreach (var ailment in ailments)
            if (ailment.IsActive(at)) risk *= Math.Sqrt(ailment.Illness.Deadly);
        return Math.Min(0.6, risk);
    }

    void StartSmoking()
    {
        var share = person.Country.Code == "KR" && person.IsFemale ? 0.07 : person.IsFemale ? 0.24 : 0.34;
        if (person.Shape.Smokes ?? dice.Chance(person.Birth.Year > 1995 ? share / 2 : share)) smokesFrom = person.Birth.AddYears(17).AddDays(dice.Between(0, 1500));
    }

    void Die()
    {
        if (death is not null) return;
        death = now;
        foreach (var course in courses)
            if (course.End is null || course.End > now) course.End = now;
    }

    bool Smokes(DateOnly at) => smokesFrom <= at && (quit is null || at < quit);
    bool Has(string illness, DateOnly at)
    {
        foreach (var ailment in ailments)
            if (ailment.Illness.Key == illness && ailment.IsActive(at)) return true;
        return false;
    }

    Ailment? Find(string illness) => ailments.FindLast(ailment => ailment.Illness.Key == illness && ailment.IsActive(now));

    string NewId(string kind)
    {
        var number = counters.GetValueOrDefault(kind);
        counters[kind] = number + 1;
        return string.Create(CultureInfo.InvariantCulture, $"{person.Id}-{kind}-{number}");
    }

    DateOnly Ago(double years) => today.AddDays(-(int)(years * 365.25));

    /// <summary>The day itself or the Monday after: practices are closed at weekends.</summary>
    static DateOnly Workday(DateOnly day) => day.DayOfWeek switch { DayOfWeek.Saturday => day.AddDays(2), DayOfWeek.Sunday => day.AddDays(1), _ => day };

    static DateOnly Max(DateOnly a, DateOnly b) => a > b ? a : b;
    static DateOnly Min(DateOnly a, DateOnly b) => a < b ? a : b;

    /// <summary>Who of a specialty looks after this person.</summary>
    Clinician Specialist(Specialty specialty, Profession profession = Profession.Doctor)
    {
        foreach (var (field, professional) in person.Shape.Team)
            if (field == specialty.Key && (staff[professional].Profession == Profession.Doctor) == (profession == Profession.Doctor)) return staff[professional];
        return specialty == Specialty.General ? doctor : staff.Of(person.Country, specialty, profession, person.Number);
    }
}
