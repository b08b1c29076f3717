using System.Globalization;
using Tervik.Demo.Illnesses;
using Tervik.Demo.Institutions;

namespace Tervik.Demo.Lives;

/// <summary>How an illness goes: it begins, is treated, is controlled, and treatment changes.</summary>
sealed partial class Life
{
    /// <summary>No step of treatment is judged before the one before could work.</summary>
    const int DaysToWork = 75;
    /// <summary>Panels are not repeated within so many days at controls.</summary>
    const int DaysBetweenTests = 100;

    readonly Dictionary<string, DateOnly> lastTests = new(StringComparer.Ordinal);
    int controls;

    void Begin(Illness illness)
    {
        if (ailments.Exists(one => one.Illness.Key == illness.Key && (one.IsActive(now) || illness.IsCancer))) return;
        var ailment = new Ailment(illness, now, NewId("condition"));
        // An acute illness lasts as long as it lasts.
        if (illness.Passes) ailment.End = now.AddDays((int)(illness.Days * (0.8 + 0.4 * dice.Roll())));
        ailments.Add(ailment);
        // What is taken for it ends with it; after a heart attack it is taken for a year, after a stroke for good.
        if (ailment.End is { } end && illness.Key != "stroke") At(illness.Key == "mi" ? now.AddYears(1) : end, () => EndCourses(ailment));
        foreach (var ended in illness.Ends)
            if (Find(ended) is { } before) before.End = now;
        if (illness.Brings is { } brought && !Has(brought, now)) Begin(Illness.Of(brought));
        if (illness.IsCancer) Suspect(ailment);
        else if (illness.Nights > 0 && body.Age(now) >= illness.NightsFrom) Admit(ailment);
        else FirstVisit(ailment);
    }

    void EndCourses(Ailment ailment)
    {
        foreach (var course in courses)
            if (ReferenceEquals(course.Reason, ailment) && course.End is null) course.End = now;
    }

    void FirstVisit(Ailment ailment)
    {
        var illness = ailment.Illness;
        var isInjury = illness.Complaint == "fall";
        var visit = isInjury ? Open(now, Specialist(Specialty.Emergency), "Emergency visit", Visit.Emergency, minutes: 140, hour: 8 + dice.Roll() * 13)
            : Open(illness.Passes && illness.Days < 60 ? Workday(now.AddDays(dice.Between(0, 3))) : Workday(now), illness.Key == "cataract" ? Specialist(Specialty.Eyes) : doctor, illness.Passes ? "Consultation" : "Consultation, new problem");
        visit.Reasons.Add(ailment);
        visit.Complaint = illness.Complaint;
        (ailment.Recorded, ailment.Recorder, ailment.Encounter) = (visit.Day, visit.Clinician, visit.IsRecorded ? visit.Id : null);
        Measure(visit, illness.Measures);
        Test(visit, illness.Panels, always: true);
        if (illness.Picture is { } picture) Photograph(visit, picture, ailment, days: isInjury ? 0 : dice.Between(4, 20));
        if (illness.Referral is { } specialty) Refer(visit, specialty, ailment, isUrgent: false);
        if (illness is { Key: "cataract", Procedure: { } operation }) In(40, () => Operate(ailment, operation));
        Treat(ailment, visit, illness.FirstSteps);
        if (!illness.Passes || illness.Days > 60) PlanControl(visit, illness.Target is null ? 120 : 42);
        if (illness.Target is not null)
        {
            In(45, () => Control([ailment]));
            In(150, () => Control([ailment]));
            if (illness.Controls >= 3)
                foreach (var days in (int[])[95, 210, 280]) In(days, () => Control([ailment]));
        }
        Close(visit);
    }

    void Operate(Ailment ailment, Writing.Term operation)
    {
        var visit = Open(Workday(now), Specialist(Specialty.Eyes), "Operation, day case", minutes: 90);
        visit.Reasons.Add(ailment);
        visit.Plan.Add(("operated", []));
        WriteProcedure(operation, visit, ailment, minutes: 35);
        ailment.Relieved = now;
        Close(visit);
    }

    /// <summary>The controls of a year: as many as the most demanding illness asks for.</summary>
    void PlanControls(DateOnly from, DateOnly to)
    {
        if (to < recordedFrom) return;
        if (from <= recordedFrom && person.Shape.IsPersona) At(Max(from, recordedFrom.AddDays(1)), () => Control([]));
        var age = person.AgeOn(to);
        if (age < 6)
        {
            foreach (var months in (int[])[1, 5, 12, 24, 36, 48, 60])
                if (person.Birth.AddMonths(months) is var day && day >= from && day <= to) At(day, ChildCheck);
            return;
        }
        var wanted = age < 18 ? 0.3 : age < 40 ? 0.25 : age < 65 ? 0.45 : 0.9;
        foreach (var ailment in ailments)
            if (ailment.IsActive(from)) wanted = Math.Max(wanted, ailment.Illness.Controls);
        var share = (to.DayNumber - from.DayNumber + 1) / 365.25;
        var count = (int)(wanted * share + dice.Roll());
        for (var i = 0; i < count; i++)
        {
            // Spread over the year, with a little chance.
            var day = from.AddDays((int)((i + 0.15 + 0.7 * dice.Roll()) / count * (to.DayNumber - from.DayNumber)));
            if (day >= recordedFrom) At(day, () => Control([]));
        }
    }

    /// <param name="about">Illnesses it is about; none for all that are active.</param>
    void Control(List<Ailment> about)
    {
        if (now < recordedFrom) return;
        var active = (about.Count > 0 ? about : ailments).Where(one => one.IsActive(now) && (!one.Illness.Passes || one.Illness.Days > 60)).ToList();
        if (about.Count > 0 && active.Count == 0) return;
        var day = Workday(now);
        if (day >= today) return;
        var isFirst = controls++ == 0;
        // Who has a specialist sees them every second time, beginning with the first.
        var specialist = person.Shape.Team is [var (field, professional), ..] && controls % 2 == 1 && active.Exists(one => (one.Illness.Field ?? one.Illness.Referral)?.Key == field) ? staff[professional] : null;
        var clinician = specialist ?? (active.Count > 0 && dice.Chance(0.25) && !person.Shape.IsPersona ? nurse : doctor);
        var visit = Open(day, clinician, active.Count == 0 ? "Health check" : specialist is not null ? "Specialist control" : "Control visit");
        visit.Reasons.AddRange(active.OrderByDescending(one => one.Illness.Controls).Take(4));
        visit.Complaint = active.Count == 0 ? "check" : dice.Chance(0.6) ? "well" : "so-so";
        List<string> measures = ["bp", .. active.SelectMany(one => one.Illness.Measures)];
        if (active.Count == 0 || isFirst || dice.Chance(0.5)) measures.AddRange(["weight", "pulse"]);
        if (body.Age(day) < 18) measures.AddRange(["weight", "height"]);
        if (active.Count == 0) measures.Add("bmi");
        Measure(visit, measures.Distinct());
        Test(visit, [.. active.SelectMany(one => one.Illness.Panels).Concat(active.Count == 0 && body.Age(day) > 40 ? ["lipids", "diabetes"] : []).Distinct()], always: false);
        if (body.Age(day) >= 16 && dice.Chance(0.35)) WriteSmoking(visit);
        var changed = false;
        foreach (var ailment in active) changed |= Review(ailment, visit);
        if (!changed && active.Count > 0) visit.Plan.Add(("continue", []));
        if (active.Count > 0) PlanControl(visit, changed ? 56 : 180);
        if (changed) In(55, () => Control(active));
        Close(visit);
    }

    static void PlanControl(Visit visit, int days) => visit.Plan.Add(days < 60 ? ("weeks", [string.Create(CultureInfo.InvariantCulture, $"{days / 7}")]) : ("control", [string.Create(CultureInfo.InvariantCulture, $"{days / 30}")]));

    /// <summary>Whether the target is missed and treatment goes one step on.</summary>
    bool Review(Ailment ailment, Visit visit)
    {
        if (ailment.Illness.Target is not (var key, var limit) || ailment.Step >= ailment.Illness.Steps.Length || now.DayNumber - ailment.LastStep.DayNumber < DaysToWork) return false;
        if (!visit.Found.TryGetValue(Marker.Of(key), out var value)) return false;
        var isMissed = limit > 0 ? (double)value > limit : (double)value < -limit;
        // Not every doctor acts at once.
        if (!isMissed || !dice.Chance(0.8)) return false;
        visit.Plan.Add(("missed", [Marker.Of(key).Code.Display]));
        return Treat(ailment, visit, 1);
    }

    /// <summary>Takes so many steps of the treatment that are not taken yet.</summary>
    /// <returns>Whether anything was prescribed.</returns>
    bool Treat(Ailment ailment, Visit visit, int steps)
    {
        var isStarted = false;
        for (; steps > 0 && ailment.Step < ailment.Illness.Steps.Length; steps--)
        {
            var step = ailment.Illness.Steps[ailment.Step++];
            ailment.LastStep = now;
            var replaced = step.IndexOf('<', StringComparison.Ordinal);
            var drug = Drug.Of(replaced < 0 ? step : step[..replaced]);
            if (replaced >= 0 && courses.Find(one => one.IsActive(now) && one.Drug.Key == step[(replaced + 1)..]) is { } before)
            {
                Stop(before, "Not enough effect: changed");
                visit.Plan.Add(("stop", [before.Drug.Name]));
            }
            isStarted |= Prescribe(drug, ailment, visit);
        }
        return isStarted;
    }

    bool Prescribe(Drug drug, Ailment? reason, Visit visit)
    {
        if (drug.IsPenicillin && allergies.Exists(one => one.Kind.Key.StartsWith("penicillin", StringComparison.Ordinal))) drug = Drug.Of("clarithromycin");
        if (drug.Key == "ibuprofen" && (allergies.Exists(one => one.Kind.Key == "nsaid") || body.Age(now) > 75 || Has("ckd", now))) drug = Drug.Of("paracetamol");
        // Children get other medicines by weight; only inhalers, allergy pens and the usual courses are kept.
        if (body.Age(now) < 12 && !(drug.AsNeeded is not null || drug.Key is "budesonide" or "amoxicillin" or "penicillin-v" or "cetirizine" or "glargine" or "aspart")) return false;
        if (courses.Exists(one => one.IsActive(now) && (one.Drug.Code.Code == drug.Code.Code || IsSameKind(one.Drug, drug)))) return false;
        var course = new Course(drug, visit.Day, NewId("medication"), reason) { Prescriber = visit.Clinician.Profession == Profession.Doctor ? visit.Clinician : doctor, Encounter = visit.IsRecorded ? visit.Id : null };
        if (drug.Days > 0) course.End = visit.Day.AddDays(drug.Days);
        courses.Add(course);
        visit.Plan.Add(("start", [drug.Name]));
        if (drug.SideEffect is var (chance, sideEffect, instead) && dice.Chance(chance) && !(person.Shape.IsPersona && drug.Key == "metformin")) In(dice.Between(12, 40), () => Change(course, sideEffect, instead));
        return true;
    }

    // Two drugs on the renin-angiotensin system, two beta blockers or two statins are not taken together.
    static readonly string[] NotTogether = ["C09", "C07A", "C10AA"];

    static bool IsSameKind(Drug a, Drug b) => Array.Exists(NotTogether, kind => a.Code.Code.StartsWith(kind, StringComparison.Ordinal) && b.Code.Code.StartsWith(kind, StringComparison.Ordinal));

    void Stop(Course course, string why)
    {
        course.End = now;
        course.Stopped = why;
    }

    /// <summary>A drug is not tolerated: the patient calls, and gets another.</summary>
    void Change(Course course, string sideEffect, string instead)
    {
        if (!course.IsActive(now)) return;
        var visit = Open(Workday(now), course.Prescriber.Specialty == Specialty.General ? course.Prescriber : doctor, "Telephone consultation", Visit.Virtual, minutes: 10);
        if (course.Reason is { } reason) visit.Reasons.Add(reason);
        visit.Complaint = "side-effect";
        visit.Remark = sideEffect;
        Stop(course, sideEffect);
        visit.Plan.Add(("stop", [course.Drug.Name]));
        Prescribe(Drug.Of(instead), course.Reason, visit);
        if (sideEffect == "Dry cough" && visit.IsRecorded) allergies.Add(new(AllergyKind.Of("ace"), visit.Day, doctor));
        Close(visit);
    }
}
