using System.Globalization;
using System.Text;
using Tervik.Demo.Illnesses;
using Tervik.Demo.Institutions;
using Tervik.Demo.Notes;
using Tervik.Demo.Writing;

namespace Tervik.Demo.Lives;

/// <summary>What is written at a contact: Encounter, Observations, reports, pictures, procedures, referrals and notes.</summary>
sealed partial class Life
{
    static readonly Term Laboratory = Term.Of("observation-category", "laboratory", "Laboratory"), VitalSigns = Term.Of("observation-category", "vital-signs", "Vital signs"), Survey = Term.Of("observation-category", "survey", "Survey"), Social = Term.Of("observation-category", "social-history", "Social history");
    static readonly Term High = Term.Of("v3-ObservationInterpretation", "H", "High"), Low = Term.Of("v3-ObservationInterpretation", "L", "Low"), Normal = Term.Of("v3-ObservationInterpretation", "N", "Normal");
    static readonly Term BloodPressure = Term.Loinc("85354-9", "Blood pressure");
    static readonly Marker Systolic = Marker.Of("systolic"), Diastolic = Marker.Of("diastolic");

    readonly List<(string Kind, DateOnly Since)> flags = [];
    readonly List<(string Id, DateOnly Day, Link Link, string Name, bool IsAbnormal)> reports = [];
    Visit? lastVisit;

    /// <summary>A contact begins; nothing later than yesterday.</summary>
    Visit Open(DateOnly day, Clinician clinician, string type, Term? kind = null, int minutes = 25, double? hour = null)
    {
        day = Min(day, today.AddDays(-1));
        var start = Math.Round((hour ?? 8 + dice.Roll() * 7.5) * 12) / 12;
        var isRecorded = day >= recordedFrom;
        return new() { Id = isRecorded ? NewId("visit") : "", Start = person.Country.At(day, start), Clinician = clinician, Type = type, Class = kind ?? Visit.Ambulatory, Minutes = minutes, IsRecorded = isRecorded };
    }

    /// <summary>The contact ends: Encounter and note are written.</summary>
    /// <param name="visit">What happened.</param>
    /// <param name="note">What kind of note.</param>
    /// <param name="left">Day of discharge after a stay.</param>
    void Close(Visit visit, NoteKind note = NoteKind.Progress, DateOnly? left = null)
    {
        if (!visit.IsRecorded) return;
        var isHere = left >= today;
        var end = left is { } day ? person.Country.At(day, 11) : visit.Start.AddMinutes(visit.Minutes);
        using (w.Resource("Encounter", visit.Id))
        {
            w.Text("status", isHere ? "in-progress" : "finished");
            w.Coding("class", visit.Class);
            using (w.One("type")) w.Text("text", visit.Type);
            w.Reference("subject", person.Link);
            using (w.One("participant")) w.Reference("individual", visit.Clinician.Link);
            w.Period("period", visit.Start, isHere ? null : end);
            if (visit.Reasons.Count > 0)
            {
                w.ConceptList("reasonCode", visit.Reasons.Select(reason => reason.Illness.Code));
                using (w.List("diagnosis"))
                    foreach (var reason in visit.Reasons)
                        using (w.Item()) w.Reference("condition", ConditionLink(reason));
            }
            if (left is not null && !isHere)
                using (w.Object("hospitalization")) w.Concept("dischargeDisposition", Term.Of("discharge-disposition", "home", "Home"));
            if (left is not null)
                using (w.One("location"))
                {
                    w.Reference("location", new($"Location/{visit.Clinician.Organization}-ward", $"{visit.Clinician.Specialty.Name}, ward"));
                    w.Text("status", isHere ? "active" : "completed");
                }
            w.Reference("serviceProvider", OrganizationOf(visit.Clinician));
        }
        if (note != NoteKind.None && !isHere) WriteNote(note, visit, end);
        if (lastVisit is null || visit.Start >= lastVisit.Start) lastVisit = visit;
    }

    static Link OrganizationOf(Clinician one) => new($"Organization/{one.Organization}", Institution.Name(one.Country, one.Organization));
    static Link ConditionLink(Ailment ailment) => new($"Condition/{ailment.Id}", ailment.Illness.Code.Display);

    void Measure(Visit visit, IEnumerable<string> measures, DateOnly? day = null, double? hour = null)
    {
        if (!visit.IsRecorded) return;
        foreach (var key in measures)
        {
            var at = day ?? visit.Day;
            if (key == "bp") WriteBloodPressure(visit, at, hour);
            else if (Marker.Of(key) is var marker && !(key == "bmi" && body.Age(at) < 2)) WriteMarker(visit, marker, key == "bmi" ? MassIndex(visit, at) : body.Measure(marker, at), at, hour ?? 0.1, isHourOfDay: hour is not null);
        }
    }

    /// <summary>Computed from the weight just taken.</summary>
    decimal MassIndex(Visit visit, DateOnly day)
    {
        var metres = body.Expect("height", day) / 100;
        return Math.Round((decimal)((visit.Found.TryGetValue(Marker.Of("weight"), out var weight) ? (double)weight : body.Expect("weight", day)) / (metres * metres)), 1);
    }

    void WriteBloodPressure(Visit visit, DateOnly day, double? hour)
    {
        if (body.Age(day) < 6) return;
        var (systolic, diastolic) = (body.Measure(Systolic, day), body.Measure(Diastolic, day));
        diastolic = Math.Min(diastolic, systolic - 22);
        (visit.Found[Systolic], visit.Found[Diastolic]) = (systolic, diastolic);
        using var _ = w.Resource("Observation", NewId("bp"));
        w.Text("status", "final");
        w.Concepts("category", VitalSigns);
        w.Concept("code", BloodPressure);
        Context(visit, When(visit, day, hour ?? 0.08, hour is not null), visit.Clinician.Link);
        using (w.List("component"))
        {
            Component(Systolic, systolic);
            Component(Diastolic, diastolic);
        }

        void Component(Marker marker, decimal value)
        {
            using var item = w.Item();
            w.Concept("code", marker.Code);
            w.Amount("valueQuantity", value, marker.Unit, marker.Ucum);
            Interpret(marker, value, day);
        }
    }

    DateTimeOffset When(Visit visit, DateOnly day, double hour, bool isHourOfDay) =>
        isHourOfDay ? person.Country.At(day, hour) : (day == visit.Day ? visit.Start : person.Country.At(day, 8)).AddMinutes(Math.Round(hour * 60));

    void Context(Visit visit, DateTimeOffset at, Link performer)
    {
        w.Reference("subject", person.Link);
        w.Reference("encounter", visit.Link);
        w.Instant("effectiveDateTime", at);
        w.References("performer", performer);
    }

    string WriteMarker(Visit visit, Marker marker, decimal value, DateOnly day, double hour, bool isHourOfDay = false)
    {
        if (!visit.IsRecorded) return "";
        visit.Found[marker] = value;
        var id = NewId(marker.Key);
        var at = When(visit, day, hour, isHourOfDay);
        var isLaboratory = marker.Kind == MarkerKind.Laboratory;
        using var _ = w.Resource("Observation", id);
        w.Text("status", "final");
        w.Concepts("category", marker.Kind switch { MarkerKind.Laboratory => Laboratory, MarkerKind.Vital => VitalSigns, _ => Survey });
        w.Concept("code", marker.Code);
        Context(visit, at, isLaboratory ? new($"Organization/{person.Country.Hospital}-laboratory", Institution.Name(person.Country, $"{person.Country.Hospital}-laboratory")) : visit.Clinician.Link);
        if (isLaboratory) w.Instant("issued", at.AddHours(5));
        w.Amount("valueQuantity", value, marker.Unit.Length > 0 ? marker.Unit : marker.Ucum.Trim('{', '}'), marker.Ucum);
        Interpret(marker, value, day);
        return id;
    }

    (double? Low, double? High) RangeOf(Marker marker, DateOnly day) => person.IsFemale && marker.RangeOfWomen is var (low, high) ? (low, high) : body.Age(day) < 12 && marker.Kind == MarkerKind.Vital ? (null, null) : (marker.Low, marker.High);

    void Interpret(Marker marker, decimal value, DateOnly day)
    {
        var (low, high) = RangeOf(marker, day);
        if (low is null && high is null) return;
        w.Concepts("interpretation", (double)value > high ? High : (double)value < low ? Low : Normal);
        using var range = w.One("referenceRange");
        if (low is { } from) w.Amount("low", (decimal)from, marker.Unit.Length > 0 ? marker.Unit : "INR", marker.Ucum);
        if (high is { } to) w.Amount("high", (decimal)to, marker.Unit.Length > 0 ? marker.Unit : "INR", marker.Ucum);
    }

    /// <summary>Panels are taken and reported.</summary>
    void Test(Visit visit, IReadOnlyList<string> panels, bool always, DateOnly? day = null)
    {
        if (!visit.IsRecorded) return;
        var at = day ?? visit.Day;
        foreach (var panel in panels)
        {
            if (!always && lastTests.TryGetValue(panel, out var last) && at.DayNumber - last.DayNumber < DaysBetweenTests) continue;
            lastTests[panel] = at;
            var (_, code, keys) = Array.Find(Marker.Panels, one => one.Key == panel);
            var results = new List<Link>(keys.Length);
            var outside = new List<string>();
            foreach (var key in keys)
            {
                var marker = Marker.Of(key);
                var value = body.Measure(marker, at);
                if (panel == "blood" && key == "wbc" && visit.Found.TryGetValue(White, out var counted) && visit.Type == "Chemotherapy") value = counted;
                results.Add(new($"Observation/{WriteMarker(visit, marker, value, at, 0.25)}", marker.Code.Display));
                var (low, high) = RangeOf(marker, at);
                if ((double)value > high || (double)value < low) outside.Add(marker.Code.Display);
            }
            WriteReport(visit, code, results, outside, When(visit, at, 0.25, isHourOfDay: false));
        }
    }

    void WriteReport(Visit visit, Term code, List<Link> results, List<string> outside, DateTimeOffset at)
    {
        var id = NewId("report");
        using var _ = w.Resource("DiagnosticReport", id);
        w.Text("status", "final");
        w.Concepts("category", Term.Of("v2-0074", "LAB", "Laboratory"));
        w.Concept("code", code);
        w.Reference("subject", person.Link);
        w.Reference("encounter", visit.Link);
        w.Instant("effectiveDateTime", at);
        w.Instant("issued", at.AddHours(5));
        w.References("performer", new Link($"Organization/{person.Country.Hospital}-laboratory", Institution.Name(person.Country, $"{person.Country.Hospital}-laboratory")));
        w.References("result", [.. results]);
        w.Text("conclusion", outside.Count == 0 ? "All values are within the usual range." : $"Outside the usual range: {string.Join(", ", outside)}.");
        reports.Add((id, DateOnly.FromDateTime(at.DateTime), new($"DiagnosticReport/{id}", code.Display), code.Display, outside.Count > 0));
    }

    /// <summary>A picture is ordered and, when its day has come, taken and described.</summary>
    void Photograph(Visit visit, string key, Ailment ailment, int days)
    {
        if (!visit.IsRecorded) return;
        var picture = Picture.Of(key);
        var day = days == 0 ? visit.Day : Workday(visit.Day.AddDays(days));
        var isDone = day < today;
        var radiologist = Specialist(Specialty.Radiology);
        var order = NewId("order");
        using (w.Resource("ServiceRequest", order))
        {
            w.Text("status", isDone ? "completed" : "active");
            w.Text("intent", "order");
            w.Concepts("category", Term.Snomed("363679005", "Imaging"));
            w.Text("priority", days == 0 ? "urgent" : "routine");
            w.Concept("code", picture.Code);
            w.Reference("subject", person.Link);
            w.Reference("encounter", visit.Link);
            w.Instant("authoredOn", visit.Start.AddMinutes(15));
            w.Reference("requester", visit.Clinician.Link);
            w.References("performer", OrganizationOf(radiologist));
            w.References("reasonReference", ConditionLink(ailment));
        }
        if (!isDone) return;
        var at = days == 0 ? visit.Start.AddMinutes(40) : person.Country.At(day, Math.Round((8 + dice.Roll() * 7) * 4) / 4);
        var study = NewId("imaging");
        using (w.Resource("ImagingStudy", study))
        {
            using (w.One("identifier"))
            {
                w.Text("system", "urn:dicom:uid");
                w.Text("value", string.Create(CultureInfo.InvariantCulture, $"urn:oid:2.25.{1000 + person.Number}{at:yyyyMMddHHmm}"));
            }
            w.Text("status", "available");
            w.Codings("modality", picture.Modality);
            w.Reference("subject", person.Link);
            w.Reference("encounter", visit.Link);
            w.Instant("started", at);
            w.References("basedOn", new Link($"ServiceRequest/{order}"));
            w.References("interpreter", radiologist.Link);
            w.Number("numberOfSeries", picture.Images.Length);
            w.Number("numberOfInstances", picture.Images.Sum());
            w.Text("description", picture.Code.Display);
            using (w.List("series"))
                for (var i = 0; i < picture.Images.Length; i++)
                    using (w.Item())
                    {
                        w.Text("uid", string.Create(CultureInfo.InvariantCulture, $"2.25.{1000 + person.Number}{at:yyyyMMddHHmm}{i + 1}"));
                        w.Number("number", i + 1);
                        w.Coding("modality", picture.Modality);
                        w.Number("numberOfInstances", picture.Images[i]);
                        w.Coding("bodySite", picture.Site);
                    }
        }
        var report = NewId("report");
        using (w.Resource("DiagnosticReport", report))
        {
            w.Text("status", "final");
            w.Concepts("category", Term.Of("v2-0074", "RAD", "Radiology"));
            w.Concept("code", picture.Code);
            w.Reference("subject", person.Link);
            w.Reference("encounter", visit.Link);
            w.Instant("effectiveDateTime", at);
            w.Instant("issued", at.AddHours(3));
            w.References("performer", radiologist.Link);
            w.References("imagingStudy", new Link($"ImagingStudy/{study}", picture.Code.Display));
            w.Text("conclusion", NoteWords.In("en").Picture(picture, ailment).Conclusion);
        }
        reports.Add((report, day, new($"DiagnosticReport/{report}", picture.Code.Display), picture.Code.Display, true));
        WriteDocument(NoteKind.Imaging, at.AddHours(3), radiologist, visit, words => words.Imaging(picture, ailment, radiologist));
    }

    void WriteProcedure(Term code, Visit visit, Ailment ailment, int minutes)
    {
        using var _ = w.Resource("Procedure", NewId("procedure"));
        w.Text("status", "completed");
        w.Concept("code", code);
        w.Reference("subject", person.Link);
        if (visit.IsRecorded) w.Reference("encounter", visit.Link);
        var at = visit.Class == Visit.Inpatient ? visit.Start.AddHours(5) : visit.Start.AddMinutes(10);
        w.Period("performedPeriod", at, at.AddMinutes(minutes));
        using (w.One("performer")) w.Reference("actor", visit.Clinician.Link);
        w.References("reasonReference", ConditionLink(ailment));
    }

    void WriteReferral(Visit visit, Specialty specialty, Clinician specialist, Ailment ailment, bool isUrgent, bool isDone, int days)
    {
        if (!visit.IsRecorded) return;
        var (id, sent) = (NewId("referral"), visit.Start.AddMinutes(20));
        using (BeginReferral(id, sent, visit.Clinician.Link, specialty, specialist, isUrgent, isDone))
        {
            w.Reference("encounter", visit.Link);
            w.References("performer", specialist.Link, OrganizationOf(specialist), ServiceOf(specialist));
            w.ConceptList("reasonCode", [ailment.Illness.Code]);
            w.References("reasonReference", ConditionLink(ailment));
            using (w.One("note")) w.Text("text", isUrgent ? $"Suspicion of {ailment.Illness.Code.Display.ToLowerInvariant()}; please see within a week." : $"{ailment.Illness.Code.Display}: please assess and advise on treatment.");
        }
        if (!isDone) WriteTriage(id, sent, visit.Clinician.Link, specialist, isUrgent, person.Number % 3);
        // What the waiting times are reckoned from.
        else if (visit.Day > today.AddDays(-90) && Workday(visit.Day.AddDays(days)) is var seen && seen < today) WriteSeen(id, sent, person.Country.At(seen, 9), specialist);
    }

    /// <summary>What all referrals say.</summary>
    ResourceWriter.Scope BeginReferral(string id, DateTimeOffset sent, Link from, Specialty specialty, Clinician receiver, bool isUrgent, bool isDone)
    {
        var scope = w.Resource("ServiceRequest", id);
        w.Text("status", isDone ? "completed" : "active");
        w.Text("intent", "order");
        w.Concepts("category", Term.Snomed("3457005", "Referral"));
        w.Text("priority", isUrgent ? "urgent" : "routine");
        w.Concept("code", Term.Snomed("103696004", $"Referral: {specialty.Name.ToLowerInvariant()}"));
        w.Reference("subject", person.Link);
        w.Instant("authoredOn", sent);
        w.Reference("requester", from);
        return scope;
    }

    static Link ServiceOf(Clinician specialist) => new($"HealthcareService/{specialist.Organization}-outpatient", $"{specialist.Specialty.Name}: outpatient visit – {Institution.Name(specialist.Country, specialist.Organization)}");

    /// <summary>Who has a referral in hand (docs/referrals.md): nobody yet (0), the referrer, who was asked something (1), or the unit, which accepted it (2).</summary>
    void WriteTriage(string referral, DateTimeOffset sent, Link from, Clinician receiver, bool isUrgent, int state)
    {
        var decided = sent.AddHours(26);
        if (decided.UtcDateTime.Date >= today.ToDateTime(TimeOnly.MinValue)) state = 0;
        var owner = state switch { 0 => OrganizationOf(receiver), 1 => from, _ => receiver.Link };
        using var _ = w.Resource("Task", $"{referral}-task");
        using (w.List("extension"))
        {
            Event("send", sent, from, OrganizationOf(receiver), null);
            if (state == 1) Event("ask", decided, receiver.Link, from, "Which medicines were tried before?");
            if (state == 2) Event("accept", decided, receiver.Link, receiver.Link, null);
        }
        w.References("basedOn", new Link($"ServiceRequest/{referral}"));
        w.Text("status", state switch { 0 => "requested", 1 => "on-hold", _ => "accepted" });
        w.Text("intent", "order");
        w.Text("priority", isUrgent ? "urgent" : "routine");
        w.Concept("code", new("urn:tervik:task", "referral", $"Referral: {receiver.Specialty.Name.ToLowerInvariant()}"));
        w.Reference("focus", new($"ServiceRequest/{referral}", $"Referral: {receiver.Specialty.Name.ToLowerInvariant()}"));
        w.Reference("for", person.Link);
        w.Instant("authoredOn", sent);
        w.Instant("lastModified", state == 0 ? sent : decided);
        w.Reference("requester", from);
        w.Reference("owner", owner);
        using (w.Object("restriction"))
            using (w.Object("period")) w.Day("end", DateOnly.FromDateTime(sent.UtcDateTime).AddDays(isUrgent ? 2 : 10));

        void Event(string act, DateTimeOffset at, Link who, Link to, string? text)
        {
            using var _ = w.Item();
            w.Text("id", act);
            using (w.List("extension"))
            {
                using (w.Item())
                {
                    w.Text("url", "act");
                    w.Text("valueCode", act);
                }
                using (w.Item())
                {
                    w.Text("url", "at");
                    w.Instant("valueInstant", at);
                }
                using (w.Item())
                {
                    w.Text("url", "who");
                    w.Reference("valueReference", who);
                }
                using (w.Item())
                {
                    w.Text("url", "to");
                    w.Reference("valueReference", to);
                }
                if (text is not null)
                    using (w.Item())
                    {
                        w.Text("url", "text");
                        w.Text("valueString", text);
                    }
            }
            w.Text("url", "urn:tervik:referral:event");
        }
    }

    /// <summary>The appointment that a referral led to.</summary>
    void WriteSeen(string referral, DateTimeOffset sent, DateTimeOffset start, Clinician specialist)
    {
        using var _ = w.Resource("Appointment", $"{referral}-appointment");
        w.Text("status", "fulfilled");
        w.Text("description", "First visit at the specialist");
        w.Instant("start", start);
        w.Instant("end", start.AddMinutes(30));
        w.Instant("created", sent.AddDays(1));
        w.References("basedOn", new Link($"ServiceRequest/{referral}"));
        using (w.List("participant"))
            foreach (var actor in (Link[])[person.Link, specialist.Link])
                using (w.Item())
                {
                    w.Reference("actor", actor);
                    w.Text("status", "accepted");
                }
    }

    void WriteSmoking(Visit visit)
    {
        if (!visit.IsRecorded) return;
        using var _ = w.Resource("Observation", NewId("smoking"));
        w.Text("status", "final");
        w.Concepts("category", Social);
        w.Concept("code", Term.Loinc("72166-2", "Smoking"));
        Context(visit, visit.Start.AddMinutes(4), visit.Clinician.Link);
        w.Concept("valueCodeableConcept", Smokes(now) ? Term.Snomed("77176002", "Smokes") : smokesFrom <= now ? Term.Snomed("8517006", "Used to smoke") : Term.Snomed("266919005", "Has never smoked"));
    }

    void WriteDueDate(Visit visit, DateOnly due)
    {
        if (!visit.IsRecorded) return;
        using var _ = w.Resource("Observation", NewId("due"));
        w.Text("status", "final");
        w.Concepts("category", Term.Of("observation-category", "exam", "Exam"));
        w.Concept("code", Term.Loinc("11778-8", "Expected day of birth"));
        Context(visit, visit.Start.AddMinutes(8), visit.Clinician.Link);
        w.Day("valueDateTime", due);
    }

    void WriteNote(NoteKind kind, Visit visit, DateTimeOffset end) =>
        WriteDocument(kind, kind == NoteKind.Discharge ? end : visit.Start.AddMinutes(Math.Min(visit.Minutes, 60)), visit.Clinician, visit, words => kind == NoteKind.Discharge
            ? words.Discharge(person, visit, end, courses.Where(one => one.IsActive(DateOnly.FromDateTime(end.DateTime))).Select(one => one.Drug), allergies) : words.Progress(visit));

    void WriteNursing(Visit visit, DateOnly day)
    {
        if (!visit.IsRecorded || day >= today) return;
        var helper = visit.Clinician.Specialty == Specialty.Cardiology && person.Shape.Team is [("cardiology", "lund")] ? staff["lund"] : staff.Of(person.Country, visit.Clinician.Specialty, Profession.Nurse, person.Number);
        var (sleep, pain) = (dice.Between(0, 2), dice.Between(0, 5));
        WriteDocument(NoteKind.Nursing, person.Country.At(day, 6.75), helper, visit, words => words.Nursing(helper, sleep, pain, visit.Found.GetValueOrDefault(Marker.Of("temperature"), 36.8m)));
    }

    /// <summary>A note in the language of the country; for the people of the tour in English first.</summary>
    void WriteDocument(NoteKind kind, DateTimeOffset at, Clinician author, Visit visit, Func<NoteWords, string> compose)
    {
        if (!visit.IsRecorded) return;
        string[] languages = person.Shape.IsPersona ? ["en", person.Country.Language] : [person.Country.Language];
        using var _ = w.Resource("DocumentReference", NewId("document"));
        w.Text("status", "current");
        w.Text("docStatus", "final");
        w.Concept("type", kind.Type());
        w.Concepts("category", Term.Loinc("47049-2", "Communication"));
        w.Reference("subject", person.Link);
        w.Instant("date", at);
        w.References("author", author.Link);
        w.Reference("custodian", OrganizationOf(author));
        w.Text("description", kind == NoteKind.Progress ? visit.Type : kind.Type().Display);
        using (w.List("content"))
            foreach (var language in languages)
                using (w.Item())
                using (w.Object("attachment"))
                {
                    var words = NoteWords.In(language);
                    w.Text("contentType", kind == NoteKind.Discharge ? "text/html" : "text/plain");
                    w.Text("language", language);
                    w.Base64("data", Encoding.UTF8.GetBytes(compose(words)));
                    w.Text("title", words.Title(kind));
                    w.Instant("creation", at);
                }
        using (w.Object("context"))
        {
            w.References("encounter", visit.Link);
            w.Period("period", visit.Start, at > visit.Start ? at : null);
        }
    }
}
