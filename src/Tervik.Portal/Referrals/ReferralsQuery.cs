using System.Text.Json;
using Tervik.Care.Referrals;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Records.Resources;

namespace Tervik.Portal.Referrals;

/// <summary>What came of a referral so far.</summary>
/// <param name="Appointment">The next appointment that is booked for it, or null.</param>
/// <param name="Report">A report that answers it, or null.</param>
/// <param name="Visit">A visit that took place for it, or null.</param>
/// <param name="Task">Status of the task by which somebody works on it, or null.</param>
public sealed record Outcome(FhirDate? Appointment, bool Report, bool Visit, string? Task);

/// <summary>Reads the orders of a patient and what is closed; open referrals are read by <see cref="ReferralQuery"/>.</summary>
static class ReferralsQuery
{
    const int MostAnswers = 200;

    // Types that may say basedOn, and their search parameter for it.
    static readonly (string Type, string Parameter, string Words)[] Answers =
        [("Appointment", "based-on", "fact Appointment"), ("DiagnosticReport", "based-on", "fact Report"), ("Encounter", "based-on", "fact Visit"), ("ImagingStudy", "basedon", "fact Images taken"), ("Procedure", "based-on", "fact Done"), ("Task", "based-on", "fact Work on it")];

    public static async Task<SectionModel> Load(Section section)
    {
        var answers = new Dictionary<string, List<StoredResource>>(StringComparer.Ordinal);
        var open = await Group(section, answers, "open", Words.Of("Open referrals and orders"), ("status", "draft,active,on-hold,unknown"), ("category:not", $"{Referral.Snomed}|{Referral.Category}"));
        var closed = await Group(section, answers, "closed", Words.Of("Closed referrals and orders"), ("status", "completed,revoked"));
        return section.Model(open, closed with { ByYear = true });
    }

    static async Task<SectionGroup> Group(Section section, Dictionary<string, List<StoredResource>> answers, string key, string title, params (string, string)[] which)
    {
        if (!section.Has(key)) return new(key, title, [], null);
        var group = await section.Requests(which);
        await section.Mentions.Add(group.Found);
        if (group.Found.Count > 0)
        {
            var ids = string.Join(',', group.Found.Select(request => $"ServiceRequest/{request.Id}"));
            foreach (var (type, parameter, _) in Answers)
            {
                var found = await section.All(type, MostAnswers, (parameter, ids));
                await section.Mentions.Add(found);
                foreach (var answer in found)
                    foreach (var target in answer.Take(json => json.ItemsAt("basedOn").Select(reference => reference.TextAt("reference")).OfType<string>().ToList()))
                    {
                        if (!answers.TryGetValue(target, out var list)) answers[target] = list = [];
                        list.Add(answer);
                    }
            }
        }
        return new(key, title, section.Lines(group.Found, shown => Line(shown, section, answers.GetValueOrDefault($"ServiceRequest/{shown.Id}", []))), group.Next);
    }

    static Task<(IReadOnlyList<StoredResource> Found, string? Next)> Requests(this Section section, (string, string)[] which) => section.Page("ServiceRequest", section.Cursor, Section.PageSize, [.. which, ("_sort", "-authored")]);

    static SectionLine Line(Shown shown, Section section, List<StoredResource> answers)
    {
        var json = shown.Json;
        var links = answers.Select(answer => section.Take(answer, one => (one.Type, Fact: new Fact(Words.Of(Answers.First(kind => kind.Type == one.Type).Words), one.Entry.Date is { } when ? $"{one.Title}, {when.Day}" : one.Title, one.Href),
            one.Entry.Date, Status: one.Json.TextAt("status")))).ToList();
        var outcome = new Outcome(
            links.Where(link => link.Type == "Appointment" && link.Status is "booked" or "pending" or "proposed" or "arrived" or "checked-in" && link.Date is { } at && at.Local >= section.Today.Date).Select(link => link.Date).Order(Comparer<FhirDate?>.Create((a, b) => a!.Value.CompareTo(b!.Value))).FirstOrDefault(),
            links.Exists(link => link.Type == "DiagnosticReport" && link.Status is "final" or "amended" or "corrected" or "appended"), links.Exists(link => link.Type is "Encounter" or "Procedure" && link.Status is "finished" or "completed"),
            links.FindLast(link => link.Type == "Task").Status);
        var line = shown.Line(shown.Entry.Date, FhirDate.Of(json, "authoredOn") is { } written ? Words.Of("fact written {0}", written.Day) : null,
            [json.TextAt("priority") is { } priority && priority != "routine" ? new(Words.OfCode("priority", priority), priority is "stat" or "asap" ? "danger" : "warning") : null, json.At("doNotPerform").ValueKind == JsonValueKind.True ? new(Words.Of("Not to be done"), "danger") : null],
            [
                new(Words.Of("fact What happens next"), Next(json.TextAt("status"), json.TextAt("intent"), outcome)),
                shown.Reference(Words.Of("fact From"), json.At("requester")),
                .. json.ItemsAt("performer").Select(performer => shown.Reference(Words.Of("fact To"), performer)),
                shown.Text(Words.Of("fact To"), "performerType"),
                shown.Text(Words.Of("fact Why"), "reasonCode") ?? shown.FirstReference(Words.Of("fact Why"), "reasonReference"),
                FhirDate.Of(json, "occurrenceDateTime", "occurrencePeriod") is { } planned ? new(Words.Of("fact Planned for"), planned.Day) : null,
                shown.Text(Words.Of("fact Part of the body"), "bodySite"),
                json.TextAt("patientInstruction") is { } instruction ? new(Words.Of("fact Please note"), instruction) : null,
                .. links.Select(link => link.Fact),
                shown.Reference(Words.Of("fact Visit"), json.At("encounter")),
                .. shown.Notes(),
            ]);
        return ReferralQuery.IsReferral(json) ? line with { Href = $"/patients/{Uri.EscapeDataString(shown.Patient)}/referrals/{Uri.EscapeDataString(shown.Id)}" } : line;
    }

    /// <summary>How a referral stands and what happens next, in a sentence.</summary>
    /// <param name="status">Of the ServiceRequest.</param>
    /// <param name="intent">Likewise: a proposal or plan is not an order yet.</param>
    /// <param name="outcome">What came of it so far.</param>
    public static string Next(string? status, string? intent, Outcome outcome) => status switch
    {
        "revoked" => Words.Of("next revoked"),
        "on-hold" => Words.Of("next on-hold"),
        "draft" => Words.Of("next draft"),
        "completed" => Words.Of(outcome.Report ? "next completed with report" : "next completed"),
        "active" or null or "unknown" => outcome switch
        {
            { Report: true } => Words.Of("next report"),
            { Appointment: { } at } => Words.Of("next appointment {0}", at.DayAndTime),
            { Visit: true } => Words.Of("next visited"),
            { Task: "rejected" or "failed" or "cancelled" } => Words.Of("next rejected"),
            { Task: "accepted" or "in-progress" or "ready" } => Words.Of("next accepted"),
            _ => Words.Of(intent is "proposal" or "plan" ? "next proposal" : "next waiting"),
        },
        _ => States.Of(status)!,
    };
}
