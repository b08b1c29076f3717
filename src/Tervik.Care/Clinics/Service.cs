using System.Text.Json;
using Tervik.Records.Indexing;
using Tervik.Records.Model;

namespace Tervik.Care.Clinics;

/// <summary>Who may book a service.</summary>
public enum BookableBy
{
    /// <summary>Patients, and whoever may act for them.</summary>
    Patient,
    /// <summary>Patients who were referred to it.</summary>
    Referral,
    /// <summary>Staff alone.</summary>
    Staff,
}

/// <summary>What a clinic offers: a HealthcareService with the extension <see cref="Extension"/>.</summary>
/// <param name="Id">Logical id of the HealthcareService.</param>
/// <param name="Name">As it is shown.</param>
/// <param name="Organization">Reference of who provides it, or null.</param>
/// <param name="OrganizationName">Its name, or null.</param>
/// <param name="Place">Reference of the Location, or null.</param>
/// <param name="PlaceName">Its name, or null.</param>
/// <param name="Minutes">Length of an appointment.</param>
/// <param name="Needs">What an appointment takes: of each of these lists one calendar (references of Schedules); the first is whose appointments are offered.</param>
public sealed record Service(string Id, string Name, string? Organization, string? OrganizationName, string? Place, string? PlaceName, int Minutes, IReadOnlyList<IReadOnlyList<string>> Needs)
{
    /// <summary>Of the extension that makes a service bookable. Its parts: <c>minutes</c>, <c>step</c>, <c>before</c>, <c>after</c>, <c>by</c>, <c>notice-hours</c>, <c>target-days</c>, <c>video</c>, <c>video-address</c>, <c>series</c>, <c>questionnaire</c>, <c>need</c> (each with <c>calendar</c>).</summary>
    public const string Extension = "urn:tervik:bookable";
    /// <summary>Longest appointment, in minutes.</summary>
    public const int Longest = 24 * 60;
    /// <summary>Most appointments of a series.</summary>
    public const int LongestSeries = 52;

    /// <summary>Key of its reference.</summary>
    public required long Key { get; init; }
    /// <summary>Minutes from the beginning of one offer to that of the next.</summary>
    public int Step { get; init; } = Minutes;
    /// <summary>Minutes to set up.</summary>
    public int Before { get; init; }
    /// <summary>Minutes to clean.</summary>
    public int After { get; init; }
    /// <summary>Who may book.</summary>
    public BookableBy By { get; init; }
    /// <summary>Whoever cancels later than so many hours before is told that the time may be lost to others; nobody is kept from it.</summary>
    public int NoticeHours { get; init; } = 24;
    /// <summary>Days within which a time should be to be had; null where the clinic promises none.</summary>
    public int? TargetDays { get; init; }
    /// <summary>By video.</summary>
    public bool IsVideo { get; init; }
    /// <summary>Where its video rooms are: an address under which each appointment has one of its own; null where there is none.</summary>
    public Uri? VideoAddress { get; init; }
    /// <summary>Most appointments that are booked at once, a week after the other; 1 for no series.</summary>
    public int Series { get; init; } = 1;
    /// <summary>How to prepare, in words for the patient; null for nothing.</summary>
    public string? Preparation { get; init; }
    /// <summary>Reference of the Questionnaire that is to be answered before the visit, or null.</summary>
    public string? Questionnaire { get; init; }
    /// <summary>Codes of what is done (<c>system|code</c>).</summary>
    public IReadOnlyList<string> Types { get; init; } = [];
    /// <summary>Codes of the specialty.</summary>
    public IReadOnlyList<string> Specialties { get; init; } = [];
    /// <summary>The same as they stand in the resource: serviceType and specialty of an Appointment.</summary>
    public (string Types, string Specialties) Raw { get; init; } = ("[]", "[]");
    /// <summary>Languages it is offered in, BCP 47.</summary>
    public IReadOnlyList<string> Languages { get; init; } = [];

    /// <summary>Reads a HealthcareService; null when it is not bookable, or no longer active.</summary>
    public static Service? Read(string id, JsonElement json, Keys keys)
    {
        if (json.TextAt("active") == "false" || json.Extension(Extension) is not { ValueKind: JsonValueKind.Object } bookable) return null;
        var needs = bookable.Extensions("need").Select(need => (IReadOnlyList<string>)[.. need.Extensions("calendar").Select(calendar => calendar.At("valueReference").TextAt("reference")).OfType<string>()]).Where(need => need.Count > 0).ToList();
        var minutes = bookable.Extension("minutes").At("valuePositiveInt") is { ValueKind: JsonValueKind.Number } length && length.TryGetInt32(out var number) ? number : 0;
        if (needs.Count == 0 || minutes is < 1 or > Longest) return null;
        int Number(string name, int otherwise) => bookable.Extension(name) is { ValueKind: JsonValueKind.Object } part && (part.At("valueUnsignedInt").AsText() ?? part.At("valuePositiveInt").AsText()) is { } text && int.TryParse(text, out var value) && value is >= 0 and <= 100_000 ? value : otherwise;
        var place = json.FirstAt("location");
        return new(id, json.TextAt("name") ?? Text(json.FirstAt("type")) ?? id, json.At("providedBy").TextAt("reference"), json.At("providedBy").TextAt("display"), place.TextAt("reference"), place.TextAt("display"), minutes, needs)
        {
            Key = keys.Reference($"HealthcareService/{id}"),
            Step = Math.Max(1, Number("step", minutes)), Before = Number("before", 0), After = Number("after", 0), NoticeHours = Number("notice-hours", 24),
            By = bookable.Extension("by").TextAt("valueCode") switch { "referral" => BookableBy.Referral, "staff" => BookableBy.Staff, _ => BookableBy.Patient },
            TargetDays = Number("target-days", -1) is var days and >= 0 ? days : null,
            IsVideo = bookable.Extension("video").TextAt("valueBoolean") == "true",
            VideoAddress = Uri.TryCreate(bookable.Extension("video-address").TextAt("valueUrl"), UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttps ? address : null,
            Series = Math.Clamp(Number("series", 1), 1, LongestSeries),
            Preparation = json.TextAt("extraDetails"),
            Questionnaire = bookable.Extension("questionnaire").At("valueReference").TextAt("reference"),
            Types = Codes(json, "type"), Specialties = Codes(json, "specialty"), Languages = Codes(json, "communication").Select(code => code[(code.LastIndexOf('|') + 1)..]).ToList(),
            Raw = (json.At("type") is { ValueKind: JsonValueKind.Array } types ? types.GetRawText() : "[]", json.At("specialty") is { ValueKind: JsonValueKind.Array } specialties ? specialties.GetRawText() : "[]"),
        };
    }

    static List<string> Codes(JsonElement json, string name) => [.. json.ItemsAt(name).SelectMany(concept => concept.ItemsAt("coding")).Select(coding => $"{coding.TextAt("system")}|{coding.TextAt("code")}")];

    /// <summary>The text of a CodeableConcept, or of its first coding.</summary>
    internal static string? Text(JsonElement concept) => concept.TextAt("text") ?? concept.FirstAt("coding").TextAt("display");
}

/// <summary>Steps into extensions.</summary>
public static class ExtensionReading
{
    /// <summary>The first extension of this address; undefined when there is none.</summary>
    public static JsonElement Extension(this JsonElement json, string url)
    {
        foreach (var extension in json.Extensions(url)) return extension;
        return default;
    }

    /// <summary>All of this address.</summary>
    public static IEnumerable<JsonElement> Extensions(this JsonElement json, string url) => json.ItemsAt("extension").Where(extension => extension.TextAt("url") == url);
}
