using Tervik.Portal.Reading;
using Tervik.Portal.Record;

namespace Tervik.Portal.Procedures;

/// <summary>Reads the procedures of a patient.</summary>
static class ProceduresQuery
{
    const string Open = "preparation,in-progress,on-hold";

    public static async Task<SectionModel> Load(Section section)
    {
        var open = await section.Group("planned", Words.Of("Planned or going on"), "Procedure", Line, ("status", Open), ("_sort", "date"));
        var done = await section.Group("done", Words.Of("What was done"), "Procedure", Line, ("status", "completed,not-done,stopped,unknown"), ("_sort", "-date"));
        return section.Model(open, done with { ByYear = true });
    }

    /// <summary>A procedure in a line.</summary>
    public static SectionLine? Line(Shown shown)
    {
        var json = shown.Json;
        var status = json.TextAt("status");
        var date = FhirDate.Of(json, "performedDateTime", "performedPeriod");
        return shown.Line(date, Values.Period(json.At("performedPeriod")) is { } period && json.At("performedPeriod").TextAt("end") is not null ? period : date?.Day ?? Values.Write(json, "performed"),
            [status is null or "completed" ? null : new(States.Of(status)!, status is "not-done" or "stopped" ? "warning" : "info")],
            [
                json.TextAt("status") is "not-done" or "stopped" && Codes.Write(json.At("statusReason")) is { } reason ? new(Words.Of("fact Why not"), reason) : null,
                (shown.Text(Words.Of("fact Why"), "reasonCode")) ?? shown.FirstReference(Words.Of("fact Why"), "reasonReference"),
                shown.Text(Words.Of("fact Part of the body"), "bodySite"),
                shown.Text(Words.Of("fact Outcome"), "outcome"),
                .. json.ItemsAt("complication").Select(Codes.Write).OfType<string>().Select(words => new Fact(Words.Of("fact Complication"), words)),
                .. json.ItemsAt("performer").Select(performer => shown.Reference(Words.Of("fact Done by"), performer.At("actor"))),
                shown.Reference(Words.Of("fact Place"), json.At("location")),
                shown.Reference(Words.Of("fact Visit"), json.At("encounter")),
                .. json.ItemsAt("report").Select(report => shown.Reference(Words.Of("fact Report"), report)),
                .. json.ItemsAt("followUp").Select(Codes.Write).OfType<string>().Select(words => new Fact(Words.Of("fact What comes after"), words)),
                .. shown.Notes(),
            ]);
    }
}
