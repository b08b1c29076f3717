using System.Globalization;
using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Records.Resources;

namespace Tervik.Portal.Imaging;

/// <summary>Reads the imaging studies of a patient.</summary>
static class ImagingQuery
{
    const int MostReports = 200;
    /// <summary>Categories of imaging reports: HL7 v2 table 0074, LOINC, and what US records write.</summary>
    const string ImagingReports = "RAD,RUS,RX,CT,NMR,CUS,XRC,NMS,IMG,LP29684-5,LP29708-2,18726-0,imaging";

    public static async Task<SectionModel> Load(Section section)
    {
        var reports = section.Has("studies") ? await section.All("DiagnosticReport", MostReports, ("category", ImagingReports), ("_sort", "-date")) : [];
        var studies = await section.Group("studies", Words.Of("fact Images taken"), "ImagingStudy", shown => Line(shown, reports.Where(report => IsOf(report, shown)).Select(report => section.Take(report, one => one.Json.At("presentedForm").Exists() || one.Json.TextAt("conclusion") is not null
            ? new Fact(Words.Of("fact Report"), one.Title, $"/patients/{Uri.EscapeDataString(one.Patient)}/documents/{one.Type}/{Uri.EscapeDataString(one.Id)}") : new Fact(Words.Of("fact Report"), one.Title, one.Href)))), ("_sort", "-started"));
        return section.Model(studies with { ByYear = true });
    }

    // A report names its studies, or both answer the same order.
    static bool IsOf(StoredResource report, Shown study) => report.Take(json =>
        json.ItemsAt("imagingStudy").Any(one => one.TextAt("reference") == $"ImagingStudy/{study.Id}")
        || json.ItemsAt("basedOn").Select(order => order.TextAt("reference")).OfType<string>().Intersect(study.Json.ItemsAt("basedOn").Select(order => order.TextAt("reference")).OfType<string>()).Any());

    /// <summary>A study in a line; null when it was entered in error.</summary>
    public static SectionLine? Line(Shown shown, IEnumerable<Fact> reports)
    {
        var json = shown.Json;
        var status = json.TextAt("status");
        if (status == "entered-in-error") return null;
        var series = json.ItemsAt("series").ToList();
        var kinds = json.ItemsAt("modality").Concat(series.Select(one => one.At("modality"))).Select(Modality).OfType<string>().Distinct().ToList();
        var sites = series.Select(one => Codes.Write(one.At("bodySite"))).OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var name = json.TextAt("description") ?? Codes.First(json, "procedureCode") ?? (kinds.Count > 0 ? kinds[0] : ElementWords.Type("ImagingStudy"));
        var started = FhirDate.Of(json, "started");
        var pictures = Count(json, "numberOfInstances") ?? series.Sum(one => Count(one, "numberOfInstances") ?? one.ItemsAt("instance").Count());
        return shown.Line(started, started?.DayAndTime, [status is null or "available" ? null : new(States.Of(status)!, "info")],
            [
                kinds.Count > 0 && !(kinds.Count == 1 && kinds[0] == name) ? new(Words.Of("fact Kind"), string.Join(", ", kinds)) : null,
                sites.Count > 0 ? new(Words.Of("fact Part of the body"), string.Join(", ", sites)) : null,
                shown.Reference(Words.Of("fact Place"), json.At("location")) ?? series.SelectMany(one => one.ItemsAt("performer")).Select(performer => shown.Reference(Words.Of("fact Place"), performer.At("actor"))).OfType<Fact>().FirstOrDefault(),
                pictures > 0 ? new(Words.Of("fact Pictures"), pictures.ToString(CultureInfo.InvariantCulture)) : null,
                shown.Text(Words.Of("fact Why"), "reasonCode") ?? shown.FirstReference(Words.Of("fact Why"), "reasonReference"),
                shown.FirstReference(Words.Of("fact Ordered by"), "referrer"),
                shown.FirstReference(Words.Of("fact Read by"), "interpreter"),
                .. reports,
                shown.FirstReference(Words.Of("Belongs to the referral"), "basedOn"),
                shown.Reference(Words.Of("fact Visit"), json.At("encounter")),
                .. shown.Notes(),
            ], name);
    }

    static int? Count(JsonElement json, string name) => json.At(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var count) ? count : null;

    /// <summary>A DICOM modality in words; its display or code where we have no word for it.</summary>
    public static string? Modality(JsonElement coding) => coding.TextAt("code") is { } code && Words.Has($"modality {code}") ? Words.Of($"modality {code}") : Codes.Write(coding);
}
