using System.Globalization;
using Tervik.Demo.Institutions;
using Tervik.Demo.Notes;
using Tervik.Demo.Writing;

namespace Tervik.Demo.Lives;

/// <summary>What is to come and waits to be done: appointments, messages, tasks.</summary>
sealed partial class Life
{
    /// <summary>Appointments are made for so many days ahead.</summary>
    const int DaysAhead = 60;
    static readonly Term Reminder = Term.Of("communication-category", "reminder", "Message"), Instruction = Term.Of("communication-category", "instruction", "Advice");

    /// <summary>Who mainly treats this person.</summary>
    Clinician Treating => person.Shape.Team is [var (_, professional), ..] ? staff[professional] : doctor;

    void WriteAgenda()
    {
        if (lastVisit is { } visit && (person.Shape.IsPersona || dice.Chance(0.5))) WriteAppointment(NewId("appointment"), "fulfilled", visit.Start, visit.Minutes, visit.Clinician, visit.Type);
        if (death is { } day)
        {
            if (person.Shape.IsPersona) WriteAppointment($"{person.Id}-appointment", "cancelled", person.Country.At(Workday(day.AddDays(20)), 10), 30, doctor, "Control visit");
            return;
        }
        var lasting = ailments.Any(one => one.IsActive(today) && one.Illness.Controls >= 1);
        if (person.Shape.IsPersona || dice.Chance(lasting ? 0.55 : 0.15))
            WriteAppointment(person.Shape.IsPersona ? $"{person.Id}-appointment" : NewId("appointment"), "booked", Slot(dice.Between(4, DaysAhead - 4)), 30, Treating, Has("pregnancy", today) ? "Antenatal visit" : lasting ? "Control visit" : "Consultation");
        if (person.Shape.Today is var (professional, hour)) WriteAppointment($"{person.Id}-appointment-today", "booked", person.Country.At(today, hour), 30, staff[professional], lasting ? "Control visit" : "Consultation");
        WriteMessages();
        WriteTasks();
        WriteNewReferral();
        WritePathways();
    }

    /// <summary>Some of those whom a specialist of the tour sees today were also referred to the unit these days, so that its inbox holds referrals at every stage. No dice: nobody's life changes by it.</summary>
    void WriteNewReferral()
    {
        if (person.Shape.Today is not var (professional, _) || staff[professional] is not { } receiver || receiver.Specialty == Specialty.General || person.Number % 3 != 0) return;
        var (id, sent) = ($"{person.Id}-new-referral", person.Country.At(Workday(today.AddDays(-4 - person.Number % 9)), 10));
        using (BeginReferral(id, sent, doctor.Link, receiver.Specialty, receiver, person.Number % 2 == 0, isDone: false))
        {
            w.References("performer", OrganizationOf(receiver), ServiceOf(receiver));
            using (w.One("reasonCode")) w.Text("text", "New complaints");
            using (w.One("note")) w.Text("text", "Please see whether the treatment has to be changed, and tell us what to look after meanwhile.");
        }
        WriteTriage(id, sent, doctor.Link, receiver, person.Number % 2 == 0, person.Number / 3 % 3);
    }

    DateTimeOffset Slot(int days) => person.Country.At(Workday(today.AddDays(days)), 8 + dice.Between(0, 14) / 2.0);

    void WriteAppointment(string id, string status, DateTimeOffset start, int minutes, Clinician clinician, string description)
    {
        minutes = Math.Min(minutes, 60);
        using var _ = w.Resource("Appointment", id);
        w.Text("status", status);
        if (status == "cancelled") w.Concept("cancelationReason", Term.Of("appointment-cancellation-reason", "pat-dec", "The patient has died"));
        using (w.One("serviceType")) w.Text("text", description);
        w.Concepts("specialty", clinician.Specialty.Term);
        w.Concept("appointmentType", new("http://terminology.hl7.org/CodeSystem/v2-0276", description.StartsWith("Consultation", StringComparison.Ordinal) ? "ROUTINE" : "FOLLOWUP", description.StartsWith("Consultation", StringComparison.Ordinal) ? "Routine" : "Follow-up"));
        if (ailments.FindLast(one => one.IsActive(now) && one.Illness.Controls > 0) is { } reason) w.References("reasonReference", ConditionLink(reason));
        w.Text("description", description);
        w.Instant("start", start);
        w.Instant("end", start.AddMinutes(minutes));
        w.Number("minutesDuration", minutes);
        w.Instant("created", start.AddDays(-34));
        using (w.List("participant"))
        {
            Participant(person.Link);
            Participant(clinician.Link);
            Participant(clinician.Specialty == Specialty.General ? new($"Location/{clinician.Organization}-rooms", Institution.Name(clinician.Country, clinician.Organization))
                : new($"Location/{clinician.Organization}-clinic", $"{clinician.Specialty.Name}, outpatient clinic"));
            // What is asked before such a visit is asked before this one (Institutions/Questionnaires).
            if (status == "booked" && person.Shape.IsPersona && clinician.Profession == Profession.Doctor) Participant(new($"HealthcareService/{clinician.Organization}-{(clinician.Specialty == Specialty.General ? "consultation" : "outpatient")}"));
        }

        void Participant(Link actor)
        {
            using var item = w.Item();
            w.Reference("actor", actor);
            w.Text("required", "required");
            w.Text("status", "accepted");
        }
    }

    void WriteMessages()
    {
        var isStaged = person.Shape.IsPersona || person.Shape.Today is not null;
        var drug = courses.FindLast(one => one.IsActive(today) && one.Drug.Days == 0 && one.Drug.AsNeeded is null);
        if (body.Age(today) < 16 || !(isStaged || dice.Chance(drug is null ? 0.08 : 0.3))) return;
        var words = NoteWords.In(person.Shape.IsPersona ? "en" : person.Country.Language);
        var asked = person.Country.At(Workday(today.AddDays(-dice.Between(6, 20))), 9.5);
        if (drug is not null)
        {
            var name = drug.Drug.Name.Split(' ')[0];
            var question = WriteMessage(person.Link, Treating.Link, asked, asked.AddHours(2.2), words["msg.ask", name], Reminder, null);
            var isRead = !isStaged && dice.Chance(0.6);
            WriteMessage(Treating.Link, person.Link, asked.AddHours(5.4), isRead ? asked.AddHours(9) : null, words["msg.answer"], Instruction, question);
            if (isStaged || dice.Chance(0.2))
            {
                var sent = person.Country.At(today.AddDays(-1), 19.25);
                var request = WriteMessage(person.Link, Treating.Link, sent, null, words["msg.renew", name], Reminder, null);
                WriteTask("Renew a prescription", $"{person.Name} asks for a renewal of {drug.Drug.Name}.", new($"MedicationRequest/{drug.Id}", drug.Drug.Name), new($"Communication/{request}"), sent, "routine", "requested");
            }
        }
        else if (isStaged || dice.Chance(0.5)) WriteMessage(Treating.Link, person.Link, asked, null, words["msg.remind"], Instruction, null);
        if (reports.Count > 0 && reports[^1].Day > today.AddDays(-90) && dice.Chance(0.6))
            WriteMessage(Treating.Link, person.Link, person.Country.At(Workday(reports[^1].Day), 15.5), person.Country.At(Workday(reports[^1].Day), 18), words["msg.result"], Instruction, null);
    }

    string WriteMessage(Link from, Link to, DateTimeOffset sent, DateTimeOffset? received, string text, Term category, string? answers)
    {
        var last = person.Country.At(today.AddDays(-1), 22);
        if (sent > last) sent = last;
        if (received > last) received = last;
        var id = NewId("message");
        using var _ = w.Resource("Communication", id);
        if (answers is not null) w.References("inResponseTo", new Link($"Communication/{answers}"));
        w.Text("status", "completed");
        w.Concepts("category", category);
        w.Reference("subject", person.Link);
        w.Instant("sent", sent);
        if (received is { } read) w.Instant("received", read);
        w.References("recipient", to);
        w.Reference("sender", from);
        using (w.One("payload")) w.Text("contentString", text);
        return id;
    }

    void WriteTasks()
    {
        if (reports.Count == 0) return;
        var report = reports.FindLast(one => one.IsAbnormal) is { Id: not null } abnormal ? abnormal : reports[^1];
        var isRecent = report.Day > today.AddDays(-21);
        if (!isRecent && person.Shape is { IsPersona: false, Today: null }) return;
        var isUrgent = report.IsAbnormal && dice.Chance(0.25);
        WriteTask("Review a result", string.Create(CultureInfo.InvariantCulture, $"{report.Name} of {person.Name}: {(report.IsAbnormal ? "outside the usual range" : "within the usual range")}."), report.Link, null,
            person.Country.At(isRecent ? report.Day : today.AddDays(-dice.Between(1, 4)), 14), isUrgent ? "urgent" : "routine", dice.Chance(0.25) ? "in-progress" : "requested");
    }

    void WriteTask(string what, string description, Link focus, Link? basedOn, DateTimeOffset at, string priority, string status)
    {
        using var _ = w.Resource("Task", NewId("task"));
        if (basedOn is { } origin) w.References("basedOn", origin);
        w.Text("status", status);
        w.Text("intent", "order");
        w.Text("priority", priority);
        w.Words("code", what);
        w.Text("description", description);
        w.Reference("focus", focus);
        w.Reference("for", person.Link);
        w.Instant("authoredOn", at);
        w.Instant("lastModified", at);
        w.Reference("requester", focus.Reference.StartsWith("MedicationRequest", StringComparison.Ordinal) ? person.Link : doctor.Link);
        w.Reference("owner", Treating.Link);
    }
}
