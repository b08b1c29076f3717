using Tervik.Demo.Institutions;
using Tervik.Demo.Writing;

namespace Tervik.Demo.Lives;

/// <summary>Pathways that are under way (docs/pathways.md): one in time, one after a stay in hospital, one that waits for the hospital for too long. No dice: nobody's life changes by them.</summary>
sealed partial class Life
{
    void WritePathways()
    {
        switch (person.Id)
        {
            case "p01": WritePathway(Pathways.KneePain, doctor, 20, null, ("x-ray", 9, "A little wear, as expected at this age.")); break;
            case "p05":
                var sent = person.Country.At(today.AddDays(-24), 10);
                var surgeon = Specialist(Specialty.Surgery);
                var referral = $"{person.Id}-bowel-referral";
                using (BeginReferral(referral, sent, doctor.Link, Specialty.Surgery, surgeon, isUrgent: true, isDone: false))
                {
                    w.References("performer", OrganizationOf(surgeon), ServiceOf(surgeon));
                    using (w.One("reasonCode")) w.Text("text", "Blood in the stool");
                    using (w.One("note")) w.Text("text", "Blood in the stool for three weeks, and weight lost. Please examine the bowel.");
                }
                WriteTriage(referral, sent, doctor.Link, surgeon, isUrgent: true, state: 0);
                WritePathway(Pathways.Bowel, doctor, 24, (new($"ServiceRequest/{referral}", $"Referral: {Specialty.Surgery.Name.ToLowerInvariant()}"), OrganizationOf(surgeon)));
                break;
            case "p10": WritePathway(Pathways.HeartFailure, Treating, 6, null, ("call", 4, "No shortness of breath at rest. Weighs himself every morning.")); break;
        }
    }

    /// <param name="template">Which.</param>
    /// <param name="starter">Who began it.</param>
    /// <param name="daysAgo">When.</param>
    /// <param name="referral">The referral it began with and the unit that goes to.</param>
    /// <param name="done">Steps that were noted as done: which, how many days ago, and what came of it.</param>
    void WritePathway(Pathways.Template template, Clinician starter, int daysAgo, (Link Request, Link Unit)? referral, params ReadOnlySpan<(string Step, int DaysAgo, string Text)> done)
    {
        var start = today.AddDays(-daysAgo);
        var (id, at) = ($"{person.Id}-pathway", person.Country.At(start, 11));
        using var _ = w.Resource("CarePlan", id);
        using (w.One("contained"))
        {
            w.Text("resourceType", "PlanDefinition");
            w.Text("id", "template");
            Pathways.Content(w, template);
        }
        using (w.List("extension"))
        {
            Event("start", at, null, null, null);
            foreach (var (step, ago, text) in done) Event("done", person.Country.At(today.AddDays(-ago), 14), step, today.AddDays(-ago), text);
        }
        w.Texts("instantiatesCanonical", $"{template.Url}|1", "#template");
        w.Text("status", "active");
        w.Text("intent", "plan");
        w.Concepts("category", new Term("urn:tervik:care-plan", "pathway", "Pathway"));
        w.Text("title", template.Title);
        w.Text("description", template.Description);
        w.Reference("subject", person.Link);
        using (w.Object("period")) w.Day("start", start);
        w.Instant("created", at);
        w.Reference("author", starter.Link);
        if (referral is var (request, _)) w.References("supportingInfo", request);
        using var activities = w.List("activity");
        foreach (var step in template.Steps)
            using (w.Item())
            {
                w.Text("id", step.Id);
                using var detail = w.Object("detail");
                if (step.Answer is (_, "code", { } code)) w.Concept("code", code, text: step.Title);
                else w.Words("code", step.Title);
                w.Text("status", Has(done, step.Id) ? "completed" : "not-started");
                using (w.Object("scheduledPeriod")) w.Day("end", start.AddDays(step.Promised));
                if (step.Owner == "patient") w.References("performer", person.Link);
                else if (step.Owner == "starter") w.References("performer", starter.Link);
                else if (referral is var (_, unit)) w.References("performer", unit);
                w.Text("description", step.Text);
            }

        static bool Has(ReadOnlySpan<(string Step, int DaysAgo, string Text)> done, string step)
        {
            foreach (var one in done)
                if (one.Step == step) return true;
            return false;
        }

        void Event(string act, DateTimeOffset when, string? step, DateOnly? day, string? text)
        {
            using var _ = w.Item();
            w.Text("id", step is null ? act : $"{act}-{step}");
            using (w.List("extension"))
            {
                Part("act", "valueCode", act);
                using (w.Item())
                {
                    w.Text("url", "at");
                    w.Instant("valueInstant", when);
                }
                using (w.Item())
                {
                    w.Text("url", "who");
                    w.Reference("valueReference", starter.Link);
                }
                if (step is not null) Part("step", "valueString", step);
                if (day is { } of)
                    using (w.Item())
                    {
                        w.Text("url", "day");
                        w.Day("valueDate", of);
                    }
                if (text is not null) Part("text", "valueString", text);
            }
            w.Text("url", "urn:tervik:pathway:event");
        }

        void Part(string url, string type, string value)
        {
            using var _ = w.Item();
            w.Text("url", url);
            w.Text(type, value);
        }
    }
}
