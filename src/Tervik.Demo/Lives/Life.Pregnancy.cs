using Tervik.Demo.Illnesses;
using Tervik.Demo.Institutions;
using Tervik.Demo.Notes;
using Tervik.Demo.Writing;

namespace Tervik.Demo.Lives;

/// <summary>Pregnancy, from the first visit to the birth.</summary>
sealed partial class Life
{
    const int DaysOfPregnancy = 280;
    static readonly Term Birth = Term.Snomed("3950001", "Birth"), Caesarean = Term.Snomed("11466000", "Caesarean section");

    /// <summary>Chance of conceiving within a year: births by age of the mother, rounded; in Korea half of it.</summary>
    double Fertility(int age) => (age switch { < 16 or > 44 => 0, < 20 => 0.004, < 25 => 0.035, < 30 => 0.09, < 35 => 0.105, < 40 => 0.055, _ => 0.011 }) * (person.Country.Code == "KR" ? 0.5 : 1);

    void Conceive()
    {
        if (Has("pregnancy", now)) return;
        var illness = Illness.Of("pregnancy");
        var start = now;
        var pregnancy = new Ailment(illness, start, NewId("condition")) { End = start.AddDays(DaysOfPregnancy + dice.Between(-12, 9)) };
        ailments.Add(pregnancy);
        At(start.AddDays(8 * 7), () => Antenatal(pregnancy, 8));
        foreach (var week in (int[])[13, 20, 25, 29, 33, 36, 38]) At(start.AddDays(week * 7), () => Antenatal(pregnancy, week));
        At(pregnancy.End.Value, () => GiveBirth(pregnancy));
    }

    void Antenatal(Ailment pregnancy, int week)
    {
        if (!pregnancy.IsActive(now) || Workday(now) >= today) return;
        var clinician = week is 8 or 25 ? doctor : Specialist(Specialty.Obstetrics, Profession.Midwife);
        var visit = Open(Workday(now), clinician, week == 8 ? "First visit in pregnancy" : "Antenatal visit", minutes: 30);
        visit.Reasons.Add(pregnancy);
        visit.Complaint = week == 8 ? "pregnant" : "movements";
        visit.Plan.Add(("week", [week.ToString(System.Globalization.CultureInfo.InvariantCulture)]));
        if (week == 8)
        {
            (pregnancy.Recorded, pregnancy.Recorder, pregnancy.Encounter) = (visit.Day, visit.Clinician, visit.IsRecorded ? visit.Id : null);
            Prescribe(Drug.Of("folic-acid-pregnancy"), pregnancy, visit);
            WriteReferral(visit, Specialty.Obstetrics, Specialist(Specialty.Obstetrics), pregnancy, isUrgent: false, isDone: true, days: 21);
            WriteDueDate(visit, pregnancy.Onset.AddDays(DaysOfPregnancy));
            Test(visit, ["blood", "iron", "thyroid"], always: true);
        }
        Measure(visit, ["bp", "weight"]);
        if (week is 25 or 36) Test(visit, ["blood", "diabetes"], always: true);
        if (week is 13 or 20) Photograph(visit, "fetus", pregnancy, days: 0);
        if (week == 29) WriteVaccination(Vaccine.Pertussis, "Whooping cough", visit.Day, dose: 1, doses: 1);
        Close(visit);
    }

    void GiveBirth(Ailment pregnancy)
    {
        var isCaesarean = dice.Chance(person.Country.Code == "KR" ? 0.45 : 0.2);
        var nights = isCaesarean ? 3 : 2;
        var visit = Open(now, Specialist(Specialty.Obstetrics), "Hospital stay, birth", Visit.Inpatient, minutes: nights * 24 * 60, hour: 3 + dice.Roll() * 18);
        visit.Reasons.Add(pregnancy);
        visit.Complaint = "labour";
        Measure(visit, ["bp", "pulse", "temperature"]);
        Test(visit, ["blood"], always: true);
        WriteProcedure(isCaesarean ? Caesarean : Birth, visit, pregnancy, minutes: isCaesarean ? 45 : 25);
        visit.Plan.Add((isCaesarean ? "caesarean" : "born", []));
        Close(visit, NoteKind.Discharge, now.AddDays(nights));
    }
}
