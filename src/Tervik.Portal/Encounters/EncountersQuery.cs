using System.Globalization;
using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;

namespace Tervik.Portal.Encounters;

/// <summary>Reads appointments and visits of a patient.</summary>
static class EncountersQuery
{
    public static async Task<SectionModel> Load(Section section)
    {
        var now = section.Today.AddHours(-12).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var coming = await section.Group("coming", Words.Of("fact Coming appointments"), "Appointment", Appointment, ("date", $"ge{now}"), ("_sort", "date"));
        var unscheduled = await section.Group("unscheduled", Words.Of("Appointments without a date yet"), "Appointment", Appointment, ("date:missing", "true"), ("status", "proposed,pending,waitlist,booked"));
        var visits = await section.Group("visits", Words.Of("Visits and stays"), "Encounter", Visit, ("status:not", "entered-in-error"), ("_sort", "-date"));
        var earlier = await section.Group("earlier", Words.Of("Earlier appointments"), "Appointment", Appointment, ("date", $"lt{now}"), ("_sort", "-date"));
        return section.Model(coming, unscheduled, visits with { ByYear = true }, earlier with { ByYear = true });
    }

    /// <summary>An appointment in a line; null when it was entered in error.</summary>
    public static SectionLine? Appointment(Shown shown)
    {
        var json = shown.Json;
        var status = json.TextAt("status");
        if (status == "entered-in-error") return null;
        var start = FhirDate.Of(json, "start") ?? FhirDate.Of(json, "requestedPeriod");
        var people = json.ItemsAt("participant").Where(participant => participant.At("actor").TextAt("reference")?.StartsWith("Patient/", StringComparison.Ordinal) != true).ToList();
        return shown.Line(start, start is { } begin ? FhirDate.Read(json.TextAt("end")) is { } end && begin.Text.Length > 10 && end.Local.Date == begin.Local.Date ? $"{begin.DayAndTime}–{end.Local:HH:mm}" : begin.DayAndTime : null,
            [status is null or "booked" or "fulfilled" ? null : new(States.Of(status)!, status is "cancelled" or "noshow" ? "danger" : "info")],
            [
                status == "cancelled" && Codes.Write(json.At("cancelationReason")) is { } cancelled ? new(Words.Of("fact Why not"), cancelled) : null,
                .. people.Where(IsPlace).Select(participant => shown.Reference(Words.Of("fact Place"), participant.At("actor"))),
                .. people.Where(participant => !IsPlace(participant)).Select(participant => shown.Reference(Words.Of("fact With"), participant.At("actor"))),
                shown.Text(Words.Of("fact Why"), "reasonCode") ?? shown.FirstReference(Words.Of("fact Why"), "reasonReference"),
                json.TextAt("description") is { } description && description != shown.Title ? new(null, description) : null,
                json.TextAt("patientInstruction") is { } instruction ? new(Words.Of("fact Please note"), instruction) : null,
                shown.FirstReference(Words.Of("Belongs to the referral"), "basedOn"),
                json.TextAt("comment") is { } comment ? new(Words.Of("fact Note"), comment) : null,
            ], json.ItemsAt("serviceType").Any() || json.At("appointmentType").Exists() ? null : json.TextAt("description"));
    }

    static bool IsPlace(JsonElement participant) => participant.At("actor").TextAt("reference") is { } target && (target.StartsWith("Location/", StringComparison.Ordinal) || target.StartsWith("HealthcareService/", StringComparison.Ordinal));

    /// <summary>A visit or a stay in a line.</summary>
    public static SectionLine? Visit(Shown shown)
    {
        var json = shown.Json;
        var status = json.TextAt("status");
        var period = json.At("period");
        var (start, end) = (FhirDate.Read(period.TextAt("start")), FhirDate.Read(period.TextAt("end")));
        var kind = ElementWords.VisitKind(json.At("class"));
        return shown.Line(start ?? end, When(start, end, IsStay(json)),
            [status is null or "finished" ? null : new(States.Of(status)!, status == "cancelled" ? "danger" : "info")],
            [
                kind is null ? null : new(Words.Of("fact Kind"), kind),
                shown.Reference(Words.Of("fact Place"), json.At("serviceProvider")),
                .. json.ItemsAt("location").Select(location => Ward(shown, location)),
                .. json.ItemsAt("participant").Select(participant => shown.Reference(Words.Of("fact With"), participant.At("individual"))),
                .. json.ItemsAt("reasonCode").Select(Codes.Write).OfType<string>().Select(why => new Fact(Words.Of("fact Why"), why)),
                .. json.ItemsAt("reasonReference").Select(why => shown.Reference(Words.Of("fact Why"), why)),
                .. json.ItemsAt("diagnosis").Select(diagnosis => shown.Reference(Words.Of("fact Diagnosis"), diagnosis.At("condition"))),
                Codes.Write(json.At("hospitalization").At("admitSource")) is { } source ? new(Words.Of("fact Came from"), source) : null,
                Codes.Write(json.At("hospitalization").At("dischargeDisposition")) is { } after ? new(Words.Of("fact Went to"), after) : null,
                new(Words.Of("What belongs to it"), Words.Of("Notes, results and more of this visit"), $"{shown.Href}#belongs"),
            ], Codes.First(json, "type") ?? Codes.Write(json.At("serviceType")) ?? kind ?? ElementWords.Type("Encounter"));
    }

    static string? When(FhirDate? start, FhirDate? end, bool isStay) => (start, end) switch
    {
        (null, null) => null,
        ({ } from, null) => isStay ? Words.Of("since {0}", from.Day) : from.DayAndTime,
        (null, { } to) => Words.Of("until {0}", to.Day),
        ({ } from, { } to) => from.Local.Date == to.Local.Date ? from.DayAndTime : $"{from.Day} – {to.Day}",
    };

    static bool IsStay(JsonElement encounter) => encounter.At("class").TextAt("code") is "IMP" or "ACUTE" or "NONAC" or "OBSENC" or "SS";

    static Fact? Ward(Shown shown, JsonElement location) => shown.Mentions.NameOf(location.At("location"), shown.Json) is { } name
        ? new(Words.Of("Ward or room"), Values.Period(location.At("period")) is { } when ? $"{name} ({when})" : name) : null;
}
