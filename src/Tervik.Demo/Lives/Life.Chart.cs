using System.Globalization;
using Tervik.Demo.Illnesses;
using Tervik.Demo.Institutions;
using Tervik.Demo.Writing;

namespace Tervik.Demo.Lives;

/// <summary>What stands in the record once the life is known to today: who it is, illnesses, medicines, allergies, family, plan.</summary>
sealed partial class Life
{
    static readonly Term Active = Term.Of("condition-clinical", "active", "Active"), Resolved = Term.Of("condition-clinical", "resolved", "Resolved"), Remission = Term.Of("condition-clinical", "remission", "Remission");
    static readonly Term Problem = Term.Of("condition-category", "problem-list-item", "Problem"), Diagnosis = Term.Of("condition-category", "encounter-diagnosis", "Diagnosis of a visit");
    static readonly Term AtHome = Term.Of("medicationrequest-category", "community", "At home");
    static readonly Term Mother = Term.Of("v3-RoleCode", "MTH", "Mother"), Father = Term.Of("v3-RoleCode", "FTH", "Father"), Guardian = Term.Of("v3-RoleCode", "GUARD", "Guardian"), Daughter = Term.Of("v3-RoleCode", "DAU", "Daughter");

    void WriteChart()
    {
        WritePatient();
        foreach (var ailment in ailments.OrderBy(one => one.Onset)) WriteCondition(ailment);
        foreach (var course in courses) WriteMedication(course);
        foreach (var allergy in allergies) WriteAllergy(allergy);
        if (allergies.Count == 0 && body.Age(today) > 2) WriteNoAllergy();
        if (person.Mother is { } mother) WriteParent(mother, Mother);
        if (person.Father is { } father) WriteParent(father, Father);
        if (person.Shape.Daughter is { } daughter) WriteDaughter(daughter);
        WriteFamilyHistory();
        if (death is null)
        {
            var age = person.AgeOn(today);
            if (age >= 82 || Has("hip", today) || (age > 70 && Has("osteoporosis", today))) WriteFlag(Term.Snomed("129839007", "Risk of falling"), "safety", Max(Ago(0.7), person.Birth));
            foreach (var (kind, since) in flags)
                if (kind == "mrsa") WriteFlag(Term.Snomed("266096002", "MRSA"), "clinical", since);
            WritePlan();
        }
    }

    void WritePatient()
    {
        using var _ = w.Resource("Patient", person.Id);
        using (w.One("identifier"))
        {
            w.Text("use", "official");
            w.Concept("type", Term.Of("v2-0203", "NI", "National identifier"));
            w.Text("system", person.Country.NationalId);
            w.Text("value", person.NationalId);
        }
        w.Flag("active", death is null);
        using (w.List("name"))
        {
            using (w.Item())
            {
                w.Text("use", "official");
                w.Text("family", person.Family.Own);
                w.Texts("given", person.Given.Own);
            }
            if (person.LatinName is not null)
                using (w.Item())
                {
                    w.Text("use", "usual");
                    w.Text("text", person.LatinName);
                    w.Text("family", person.Family.Latin);
                    w.Texts("given", person.Given.Latin!);
                }
        }
        using (w.List("telecom"))
        {
            using (w.Item())
            {
                w.Text("system", "phone");
                w.Text("value", person.Phone);
                w.Text("use", "mobile");
            }
            if (body.Age(today) is > 14 and < 80)
                using (w.Item())
                {
                    w.Text("system", "email");
                    w.Text("value", $"{person.Id}@example.org");
                    w.Text("use", "home");
                }
        }
        w.Text("gender", person.IsFemale ? "female" : "male");
        w.Day("birthDate", person.Birth);
        if (death is { } day) w.Instant("deceasedDateTime", person.Country.At(day, 4.5));
        using (w.One("address"))
        {
            w.Text("use", "home");
            w.Texts("line", person.Street);
            w.Text("city", person.City);
            w.Text("postalCode", person.Postal);
            w.Text("country", person.Country.Code);
        }
        if (body.Age(today) >= 18) w.Concept("maritalStatus", person.Partner is not null ? Term.Of("v3-MaritalStatus", "M", "Married") : body.Age(today) > 75 ? Term.Of("v3-MaritalStatus", "W", "Widowed") : Term.Of("v3-MaritalStatus", "S", "Never married"));
        if ((person.Mother ?? person.Partner ?? person.Shape.Daughter) is { } number)
        {
            var contact = population[number];
            using var one = w.One("contact");
            w.Concepts("relationship", Term.Of("v2-0131", "N", "Next of kin"));
            using (w.Object("name"))
            {
                w.Text("family", contact.Family.Own);
                w.Texts("given", contact.Given.Own);
            }
            using (w.One("telecom"))
            {
                w.Text("system", "phone");
                w.Text("value", contact.Phone);
            }
            w.Text("gender", contact.IsFemale ? "female" : "male");
        }
        using (w.One("communication"))
        {
            w.Concept("language", new("urn:ietf:bcp:47", person.Country.Language, person.Country.Language switch { "da" => "Danish", "et" => "Estonian", _ => "Korean" }));
            w.Flag("preferred", true);
        }
        w.References("generalPractitioner", doctor.Link);
        w.Reference("managingOrganization", new($"Organization/{person.Country.Hospital}", Institution.Name(person.Country.Hospital)));
    }

    void WriteCondition(Ailment ailment)
    {
        using var _ = w.Resource("Condition", ailment.Id);
        var isOver = !ailment.IsActive(now);
        var isInRemission = ailment.Illness.IsCancer && ailment.Onset < today.AddYears(-5);
        w.Concept("clinicalStatus", isOver ? Resolved : isInRemission ? Remission : Active);
        w.Concept("verificationStatus", Term.Of("condition-ver-status", "confirmed", "Confirmed"));
        w.Concepts("category", ailment.Illness.Passes && ailment.Illness.Days < 60 ? Diagnosis : Problem);
        w.Concept("code", ailment.Illness.Code, Term.Icd10(ailment.Illness.Icd, ailment.Illness.Code.Display));
        w.Reference("subject", person.Link);
        if (ailment.Encounter is { } encounter) w.Reference("encounter", new($"Encounter/{encounter}"));
        w.Day("onsetDateTime", ailment.Onset);
        if (isOver && ailment.End is { } end) w.Day("abatementDateTime", end);
        w.Day("recordedDate", Max(ailment.Recorded, ailment.Onset));
        if (ailment.Recorder is { } recorder) w.Reference("recorder", recorder.Link);
    }

    void WriteMedication(Course course)
    {
        var drug = course.Drug;
        var isOver = course.End is { } end && end <= now;
        using var _ = w.Resource("MedicationRequest", course.Id);
        w.Text("status", !isOver ? "active" : course.Stopped is null ? "completed" : "stopped");
        if (course.Stopped is { } why) w.Words("statusReason", why);
        w.Text("intent", "order");
        w.Concepts("category", AtHome);
        w.Concept("medicationCodeableConcept", drug.Code, text: drug.Name);
        w.Reference("subject", person.Link);
        if (course.Encounter is { } encounter) w.Reference("encounter", new($"Encounter/{encounter}"));
        w.Day("authoredOn", course.Start);
        w.Reference("requester", course.Prescriber.Link);
        if (course.Reason is { } reason) w.References("reasonReference", ConditionLink(reason));
        using (w.One("dosageInstruction"))
        {
            w.Text("text", drug.Text);
            using (w.Object("timing"))
            using (w.Object("repeat"))
            {
                if (drug.Days > 0)
                    using (w.Object("boundsPeriod"))
                    {
                        w.Day("start", course.Start);
                        w.Day("end", course.Start.AddDays(drug.Days));
                    }
                w.Number("frequency", Math.Max(1, drug.When.Length));
                w.Number("period", Math.Max(1, drug.Period));
                w.Text("periodUnit", drug.PeriodUnit);
                if (drug.When.Length > 0) w.Texts("when", drug.When);
            }
            if (drug.AsNeeded is { } needed) w.Words("asNeededCodeableConcept", needed);
            w.Concept("route", drug.Route);
            using (w.One("doseAndRate")) w.Amount("doseQuantity", drug.Dose, drug.Unit, drug.Ucum);
        }
        using (w.Object("dispenseRequest"))
        {
            // Prescriptions of lasting medicines are good for a year and are renewed; what is shown is the current one.
            var renewed = drug.Days > 0 ? course.Start : course.Start.AddDays(365 * Math.Max(0, ((course.End ?? now).DayNumber - course.Start.DayNumber - 1) / 365));
            using (w.Object("validityPeriod"))
            {
                w.Day("start", renewed);
                w.Day("end", renewed.AddDays(drug.Days > 0 ? Math.Max(30, drug.Days) : 365));
            }
            w.Number("numberOfRepeatsAllowed", drug.Days > 0 ? 0 : 3);
            using (w.Object("expectedSupplyDuration"))
            {
                w.Number("value", drug.Days > 0 ? drug.Days : 90);
                w.Text("unit", "days");
                w.Text("system", "http://unitsofmeasure.org");
                w.Text("code", "d");
            }
        }
    }

    void WriteAllergy(Allergy allergy)
    {
        using var _ = w.Resource("AllergyIntolerance", NewId("allergy"));
        w.Concept("clinicalStatus", Term.Of("allergyintolerance-clinical", "active", "Active"));
        w.Concept("verificationStatus", Term.Of("allergyintolerance-verification", "confirmed", "Confirmed"));
        w.Text("type", allergy.Kind.Key == "ace" ? "intolerance" : "allergy");
        w.Texts("category", allergy.Kind.Category);
        w.Text("criticality", allergy.Kind.IsHigh ? "high" : "low");
        w.Concept("code", allergy.Kind.Code);
        w.Reference("patient", person.Link);
        w.Day("onsetDateTime", allergy.Since);
        w.Day("recordedDate", allergy.Since);
        w.Reference("recorder", allergy.Recorder.Link);
        using (w.One("reaction"))
        {
            w.ConceptList("manifestation", allergy.Kind.Reactions);
            w.Day("onset", allergy.Since);
            w.Text("severity", allergy.Kind.IsHigh ? "severe" : "mild");
        }
    }

    void WriteNoAllergy()
    {
        using var _ = w.Resource("AllergyIntolerance", NewId("allergy"));
        w.Concept("clinicalStatus", Term.Of("allergyintolerance-clinical", "active", "Active"));
        w.Concept("verificationStatus", Term.Of("allergyintolerance-verification", "confirmed", "Confirmed"));
        w.Concept("code", Term.Snomed("716186003", "No known allergy"));
        w.Reference("patient", person.Link);
        w.Day("recordedDate", recordedFrom);
        w.Reference("recorder", doctor.Link);
    }

    void WriteParent(int number, Term role)
    {
        var parent = population[number];
        using var _ = w.Resource("RelatedPerson", $"{person.Id}-{(role.Code == "MTH" ? "mother" : "father")}");
        Related(parent, [role, Guardian]);
    }

    void WriteDaughter(int number)
    {
        var daughter = population[number];
        var id = $"{person.Id}-daughter";
        using (w.Resource("RelatedPerson", id)) Related(daughter, [Daughter]);
        using (w.Resource("Consent", $"{person.Id}-consent"))
        {
            w.Text("status", "active");
            w.Concept("scope", Term.Of("consentscope", "patient-privacy", "Privacy"));
            w.Concepts("category", Term.Loinc("59284-0", "Consent"));
            w.Reference("patient", person.Link);
            w.Instant("dateTime", person.Country.At(Ago(0.8), 10));
            w.References("performer", person.Link);
            w.Concept("policyRule", Term.Of("v3-ActCode", "OPTIN", "Allowed by the patient"));
            using (w.Object("provision"))
            {
                w.Text("type", "permit");
                using (w.Object("period")) w.Day("start", Ago(0.8));
                using (w.One("actor"))
                {
                    w.Concept("role", Term.Of("v3-RoleCode", "DAU", "Daughter"));
                    w.Reference("reference", new($"RelatedPerson/{id}", daughter.Name));
                }
                w.Concepts("action", Term.Of("consentaction", "access", "Access"));
            }
        }
    }

    void Related(People.Person other, IReadOnlyList<Term> roles)
    {
        using (w.One("identifier"))
        {
            w.Text("use", "official");
            w.Text("system", other.Country.NationalId);
            w.Text("value", other.NationalId);
        }
        w.Flag("active", true);
        w.Reference("patient", person.Link);
        w.ConceptList("relationship", roles);
        using (w.One("name"))
        {
            w.Text("family", other.Family.Own);
            w.Texts("given", other.Given.Own);
        }
        using (w.One("telecom"))
        {
            w.Text("system", "phone");
            w.Text("value", other.Phone);
        }
        w.Text("gender", other.IsFemale ? "female" : "male");
        w.Day("birthDate", other.Birth);
    }

    void WriteFamilyHistory()
    {
        if (body.Age(today) < 18) return;
        string[] inherited = ["t2d", "ihd", "breast", "colon", "dementia", "hypertension", "depression"];
        foreach (var key in inherited)
        {
            // A family illness is known more often by those who have it themselves.
            if (!dice.Chance(ailments.Exists(one => one.Illness.Key == key) ? 0.45 : 0.06)) continue;
            var isMother = key == "breast" || dice.Chance(0.5);
            using var _ = w.Resource("FamilyMemberHistory", NewId("family"));
            w.Text("status", "completed");
            w.Reference("patient", person.Link);
            w.Day("date", Max(recordedFrom, person.Birth.AddYears(18)));
            w.Concept("relationship", isMother ? Mother : Father);
            using (w.One("condition"))
            {
                w.Concept("code", Illness.Of(key).Code);
                using (w.Object("onsetAge"))
                {
                    w.Number("value", dice.Between(46, 78));
                    w.Text("unit", "years");
                    w.Text("system", "http://unitsofmeasure.org");
                    w.Text("code", "a");
                }
            }
        }
    }

    void WriteFlag(Term code, string category, DateOnly since)
    {
        using var _ = w.Resource("Flag", NewId("flag"));
        w.Text("status", "active");
        w.Concepts("category", Term.Of("flag-category", category, category == "safety" ? "Safety" : "Clinical"));
        w.Concept("code", code);
        w.Reference("subject", person.Link);
        using (w.Object("period")) w.Day("start", since);
        w.Reference("author", nurse.Link);
    }

    static readonly (string Illness, string Title, string Goal, string? Marker, double High, string[] Activities)[] Plans =
    [
        ("t2d", "Diabetes plan", "Hemoglobin A1c below 7 %", "hba1c", 7, ["Eye check every year", "Foot check every year", "Walk for 30 minutes on five days a week", "Blood and urine tests every six months"]),
        ("t1d", "Diabetes plan", "Hemoglobin A1c below 7 %", "hba1c", 7, ["Measure glucose before meals and at bedtime", "Eye check every year", "Blood tests every three months"]),
        ("hf", "Heart failure plan", "Weight stable within 2 kg", "weight", 0, ["Weigh yourself every morning", "Call when the weight rises by 2 kg in three days", "Drink no more than 1.5 litres a day", "Control at the heart failure nurse"]),
        ("copd", "Lung plan", "Walk up two floors without a break", null, 0, ["Stop smoking", "Inhaler technique shown at each visit", "Pulmonary rehabilitation", "Influenza vaccine every autumn"]),
        ("breast", "Cancer plan", "Treatment completed as planned", null, 0, ["Operation", "Chemotherapy, six times", "Radiotherapy", "Letrozole for five years", "Mammography every year"]),
        ("colon", "Cancer plan", "Treatment completed as planned", null, 0, ["Operation", "Chemotherapy, six times", "Colonoscopy after one year", "Scan every six months"]),
        ("prostate", "Cancer plan", "PSA below 0.2", "psa", 0.2, ["Operation", "Radiotherapy", "PSA every three months"]),
        ("esrd", "Dialysis plan", "Potassium below 5.5 before dialysis", "potassium", 5.5, ["Dialysis on Monday, Wednesday and Friday", "Little salt and potassium", "Protect the arm with the fistula", "Assessment for a transplant"]),
        ("depression", "Mental health plan", "PHQ-9 below 10", "phq9", 10, ["Talk therapy every second week", "Medicine every morning", "Safety plan with telephone numbers", "Be outdoors every day"]),
        ("pregnancy", "Birth plan", "Healthy mother and child", null, 0, ["Visits at the midwife", "Ultrasound in week 20", "Whooping cough vaccine", "Visit of the birth ward"]),
        ("hypertension", "Blood pressure plan", "Blood pressure below 140/90", "systolic", 140, ["Measure at home for a week before each visit", "Less salt", "Walk for 30 minutes on five days a week"]),
        ("asthma", "Asthma plan", "No attack at night", null, 0, ["Preventive inhaler every day", "Rescue inhaler before sport", "Check of the inhaler technique"]),
    ];

    void WritePlan()
    {
        var lasting = ailments.Where(one => one.IsActive(today) && (!one.Illness.Passes || one.Illness.Key is "pregnancy" or "depression")).ToList();
        if (lasting.Count == 0) return;
        var team = $"{person.Id}-team";
        List<Clinician> members = [doctor, .. person.Shape.Team.Select(one => staff[one.Professional])];
        foreach (var specialty in lasting.Select(one => one.Illness.Referral).OfType<Specialty>().DistinctBy(one => one.Key).Take(3))
            if (!members.Exists(one => one.Specialty.Key == specialty.Key)) members.Add(Specialist(specialty));
        if (lasting.Count > 1 && !members.Contains(nurse)) members.Add(nurse);
        using (w.Resource("CareTeam", team))
        {
            w.Text("status", "active");
            w.Text("name", "Care team");
            w.Reference("subject", person.Link);
            using (w.Object("period")) w.Day("start", Max(lasting[0].Onset, recordedFrom));
            using (w.List("participant"))
                foreach (var member in members)
                    using (w.Item())
                    {
                        w.Concepts("role", member.Specialty.Term, text: member.Title);
                        w.Reference("member", member.Link);
                        w.Reference("onBehalfOf", OrganizationOf(member));
                    }
            w.References("managingOrganization", Practice);
        }
        var written = 0;
        foreach (var (key, title, goal, marker, high, activities) in Plans)
        {
            if (lasting.Find(one => one.Illness.Key == key) is not { } ailment || written++ >= 2) continue;
            var goalId = NewId("goal");
            var start = Max(ailment.Onset, recordedFrom);
            using (w.Resource("Goal", goalId))
            {
                w.Text("lifecycleStatus", "active");
                w.Words("description", goal);
                w.Reference("subject", person.Link);
                w.Day("startDate", start);
                if (marker is not null && high > 0)
                    using (w.One("target"))
                    {
                        w.Concept("measure", Marker.Of(marker).Code);
                        using (w.Object("detailRange")) w.Amount("high", (decimal)high, Marker.Of(marker).Unit, Marker.Of(marker).Ucum);
                    }
                w.References("addresses", ConditionLink(ailment));
            }
            using (w.Resource("CarePlan", NewId("plan")))
            {
                w.Text("status", "active");
                w.Text("intent", "plan");
                w.Text("title", title);
                w.Reference("subject", person.Link);
                using (w.Object("period")) w.Day("start", start);
                w.Reference("author", members.Count > 1 && members[1].Specialty.Key == ailment.Illness.Referral?.Key ? members[1].Link : doctor.Link);
                w.References("careTeam", new Link($"CareTeam/{team}"));
                w.References("addresses", ConditionLink(ailment));
                w.References("goal", new Link($"Goal/{goalId}", goal));
                using (w.List("activity"))
                    foreach (var activity in activities)
                        using (w.Item())
                        using (w.Object("detail"))
                        {
                            w.Words("code", activity);
                            w.Text("status", "in-progress");
                        }
            }
        }
    }
}
