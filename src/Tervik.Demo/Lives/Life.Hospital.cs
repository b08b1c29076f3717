using Tervik.Demo.Illnesses;
using Tervik.Demo.Institutions;
using Tervik.Demo.Notes;
using Tervik.Demo.Writing;

namespace Tervik.Demo.Lives;

/// <summary>Stays in hospital, specialists, and the way through cancer.</summary>
sealed partial class Life
{
    static readonly Term Biopsy = Term.Snomed("86273004", "Biopsy"), Chemotherapy = Term.Snomed("367336001", "Chemotherapy"), Radiotherapy = Term.Snomed("108290001", "Radiotherapy");
    static readonly Marker White = Marker.Of("wbc");

    void Admit(Ailment ailment) => Stay(ailment, ailment.Illness.Nights + dice.Between(-1, 2), isFirst: true);

    void Readmit(string illness)
    {
        if (Find(illness) is { } ailment) Stay(ailment, nights: 9, isFirst: false);
    }

    void Stay(Ailment ailment, int nights, bool isFirst)
    {
        var illness = ailment.Illness;
        nights = Math.Max(1, nights);
        var ward = illness.Ward ?? Specialty.Medicine;
        if (ward == Specialty.Surgery && body.Age(now) < 15) ward = Specialty.Paediatrics;
        var visit = Open(now, Specialist(ward), "Hospital stay", Visit.Inpatient, minutes: nights * 24 * 60 - 180, hour: 9 + dice.Roll() * 10);
        visit.Reasons.Add(ailment);
        visit.Complaint = isFirst ? illness.Complaint : "worse";
        if (isFirst) (ailment.Recorded, ailment.Recorder, ailment.Encounter) = (visit.Day, visit.Clinician, visit.IsRecorded ? visit.Id : null);
        var (admitted, left) = (now, now.AddDays(nights));
        body.Congestion = illness.Key == "hf" ? 1 : 0;
        string[] measures = [.. illness.Measures.Union(["bp", "pulse", "temperature", "saturation"])];
        Measure(visit, measures);
        string[] panels = illness.Panels.Length > 0 ? illness.Panels : ["blood", "inflammation", "kidney"];
        Test(visit, panels, always: true);
        if (illness.Picture is { } picture) Photograph(visit, picture, ailment, days: 0);
        if (isFirst && illness.Procedure is { } procedure)
        {
            WriteProcedure(procedure, visit, ailment, minutes: 75);
            visit.Plan.Add(("operated", []));
            ailment.Relieved = illness.IsCancer || illness.Ward == Specialty.Surgery ? now : null;
        }
        WriteNursing(visit, admitted.AddDays(1));
        for (var day = admitted.AddDays(2); day < left; day = day.AddDays(2))
        {
            now = day;
            body.Congestion = illness.Key == "hf" ? Math.Max(0, 1 - (day.DayNumber - admitted.DayNumber) / (nights - 1.0)) : 0;
            Measure(visit, illness.Key == "hf" ? ["bp", "pulse", "temperature", "weight"] : ["bp", "pulse", "temperature"], day, hour: 7);
            Test(visit, [panels[0]], always: true, day);
        }
        (now, body.Congestion) = (left, 0);
        // Drugs against a cancer come after chemotherapy and radiation.
        if (isFirst && !illness.IsCancer) Treat(ailment, visit, illness.FirstSteps);
        if (!isFirst) visit.Plan.Add(("diuretic", []));
        PlanControl(visit, 14);
        Close(visit, NoteKind.Discharge, left);
        now = admitted;
        if (dice.Chance(0.04) && visit.IsRecorded) flags.Add(("mrsa", left));
        At(left.AddDays(dice.Between(8, 16)), () => Control([ailment]));
    }

    /// <summary>A referral, and the visit at the specialist's some weeks later.</summary>
    void Refer(Visit visit, Specialty specialty, Ailment ailment, bool isUrgent)
    {
        var specialist = Specialist(specialty);
        var weeks = isUrgent ? 1 : dice.Between(3, 9);
        WriteReferral(visit, specialty, specialist, ailment, isUrgent, isDone: now.AddDays(weeks * 7) < today, weeks * 7);
        visit.Plan.Add(("refer", [specialty.Name]));
        if (!isUrgent) In(weeks * 7, () => SpecialistVisit(specialist, ailment));
    }

    void SpecialistVisit(Clinician specialist, Ailment ailment)
    {
        if (!ailment.IsActive(now) || Workday(now) >= today) return;
        var visit = Open(Workday(now), specialist, "First visit at the specialist", minutes: 40);
        visit.Reasons.Add(ailment);
        visit.Complaint = "referred";
        Measure(visit, ailment.Illness.Measures);
        Test(visit, ailment.Illness.Panels, always: false);
        if (!Review(ailment, visit)) visit.Plan.Add(("continue", []));
        visit.Plan.Add(("back", []));
        Close(visit);
    }

    /// <summary>Suspicion at the doctor's, urgent referral, pictures, biopsy, operation, chemotherapy, radiation, and controls for years.</summary>
    void Suspect(Ailment ailment)
    {
        var illness = ailment.Illness;
        var visit = Open(Workday(now), doctor, "Consultation, new problem");
        visit.Reasons.Add(ailment);
        visit.Complaint = illness.Complaint;
        Measure(visit, ["bp", "weight"]);
        Test(visit, illness.Panels, always: true);
        Refer(visit, Specialty.Oncology, ailment, isUrgent: true);
        if (illness.Picture is { } picture) Photograph(visit, picture, ailment, days: 6);
        Close(visit);
        In(12, () => Diagnose(ailment));
        In(28, () => Stay(ailment, illness.Nights, isFirst: true));
        var cycles = illness.Key == "prostate" ? 0 : 6;
        for (var cycle = 0; cycle < cycles; cycle++)
        {
            var number = cycle + 1;
            In(62 + cycle * 21, () => Treatment(ailment, Chemotherapy, "Chemotherapy", $"{number}/{cycles}"));
        }
        if (illness.Key != "colon")
            for (var week = 0; week < 3; week++) In(205 + week * 7, () => Treatment(ailment, Radiotherapy, "Radiotherapy", null));
        In(232, () => Conclude(ailment));
    }

    void Diagnose(Ailment ailment)
    {
        var visit = Open(Workday(now), Specialist(Specialty.Oncology), "First visit at the specialist", minutes: 50);
        visit.Reasons.Add(ailment);
        visit.Complaint = "referred";
        WriteProcedure(Biopsy, visit, ailment, minutes: 20);
        visit.Plan.Add(("biopsy", []));
        (ailment.Recorded, ailment.Recorder, ailment.Encounter) = (visit.Day, visit.Clinician, visit.IsRecorded ? visit.Id : null);
        Close(visit);
    }

    /// <summary>The first part is over: a drug for years where there is one, and controls.</summary>
    void Conclude(Ailment ailment)
    {
        if (Workday(now) >= today) return;
        var visit = Open(Workday(now), Specialist(Specialty.Oncology), "Specialist control", minutes: 30);
        visit.Reasons.Add(ailment);
        visit.Complaint = "well";
        Measure(visit, ["bp", "weight"]);
        Test(visit, ailment.Illness.Panels, always: true);
        Treat(ailment, visit, 1);
        PlanControl(visit, 180);
        Close(visit);
    }

    void Treatment(Ailment ailment, Term treatment, string type, string? cycle)
    {
        if (Workday(now) >= today) return;
        var visit = Open(Workday(now), Specialist(Specialty.Oncology), type, minutes: treatment == Chemotherapy ? 240 : 30);
        visit.Reasons.Add(ailment);
        visit.Complaint = dice.Chance(0.5) ? "well" : "so-so";
        if (treatment == Chemotherapy)
        {
            Measure(visit, ["bp", "weight", "temperature"]);
            // The treatment keeps the white cells low; the blood count takes this instead of the body's own.
            visit.Found[White] = Body.Rounded(White, 2.2 + dice.Roll() * 2.6);
            Test(visit, ["liver", "blood"], always: true);
        }
        WriteProcedure(treatment, visit, ailment, minutes: treatment == Chemotherapy ? 200 : 15);
        visit.Plan.Add(cycle is null ? ("radiation", []) : ("cycle", [cycle]));
        Close(visit, cycle is null ? NoteKind.None : NoteKind.Progress);
    }

    /// <summary>Three times a week: weight, blood pressure, and once a month the laboratory.</summary>
    void WriteDialysis()
    {
        if (Find("esrd") is not { } ailment) return;
        var (clinician, helper) = (Specialist(Specialty.Nephrology), staff.Of(person.Country, Specialty.Nephrology, Profession.Nurse, person.Number));
        var month = 0;
        for (var day = Ago(person.Shape.YearsOfDialysis); day < today; day = day.AddDays(1))
        {
            if (day.DayOfWeek is not (DayOfWeek.Monday or DayOfWeek.Wednesday or DayOfWeek.Friday)) continue;
            now = day;
            var isMonthly = day.Month != month;
            month = day.Month;
            var visit = Open(day, isMonthly ? clinician : helper, "Haemodialysis", minutes: 255, hour: 8);
            visit.Reasons.Add(ailment);
            visit.Complaint = "well";
            var dry = Marker.Of("weight");
            var before = body.Measure(dry, day) + (decimal)(1.4 + dice.Roll() * 1.6);
            WriteMarker(visit, dry, Math.Round(before, 1), day, 0.1);
            Measure(visit, ["bp"]);
            WriteProcedure(Term.Snomed("302497006", "Haemodialysis"), visit, ailment, minutes: 240);
            WriteMarker(visit, dry, Math.Round(before - (decimal)(1.4 + dice.Roll() * 1.2), 1), day, 4.2);
            if (isMonthly) Test(visit, ["kidney", "blood", "bone", "iron"], always: true);
            visit.Plan.Add(("continue", []));
            Close(visit, isMonthly ? NoteKind.Progress : NoteKind.None);
        }
        now = death ?? today;
    }
}
