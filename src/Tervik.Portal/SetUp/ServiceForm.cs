using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Care.Clinics;
using Tervik.Portal.Forms;
using Tervik.Portal.Reading;
using Tervik.Portal.Shell;
using Tervik.Records.Model;

namespace Tervik.Portal.SetUp;

/// <summary>A service as fields of a form, and back: what the form does not show of a HealthcareService stays as it is.</summary>
static class ServiceForm
{
    /// <summary>Groups of calendars that are offered beside those there are: a doctor, and a room, and a device.</summary>
    public const int Needs = 3, MostNeeds = 6;
    public const int LongestName = 200, LongestPreparation = 2000, LongestNotice = 24 * 60, LongestTarget = 730, LongestPause = 240, LongestAddress = 500;
    /// <summary>Languages to choose from, beside those a service has.</summary>
    public static readonly string[] Languages = ["en", "da", "et", "ko", "de", "fi", "ru", "sv"];
    public static readonly string[] By = ["patient", "referral", "staff"];
    static readonly string[] Parts = ["minutes", "step", "before", "after", "by", "notice-hours", "target-days", "video", "video-address", "series", "questionnaire", "need"];

    /// <summary>Name of the field of a need.</summary>
    public static string Need(int number) => string.Create(CultureInfo.InvariantCulture, $"need-{number}");

    /// <summary>What the fields of a new service begin with.</summary>
    public static Dictionary<string, string> New(string zoneUnit) => new(StringComparer.Ordinal) { ["active"] = "yes", ["unit"] = zoneUnit, ["by"] = "patient", ["way"] = "person", ["notice"] = "24", ["before"] = "0", ["after"] = "0" };

    /// <summary>What the fields show of a HealthcareService.</summary>
    public static Dictionary<string, string> Values(JsonElement json)
    {
        var bookable = json.Extension(Service.Extension);
        string Number(string name, string otherwise = "") => bookable.Extension(name) is { ValueKind: JsonValueKind.Object } part ? part.TextAt("valueUnsignedInt") ?? part.TextAt("valuePositiveInt") ?? otherwise : otherwise;
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["name"] = json.TextAt("name") ?? Codes.Write(json.FirstAt("type")) ?? "", ["active"] = json.TextAt("active") == "false" || bookable.ValueKind != JsonValueKind.Object ? "no" : "yes", ["unit"] = json.At("providedBy").TextAt("reference") ?? "",
            ["minutes"] = Number("minutes"), ["step"] = Number("step"), ["before"] = Number("before", "0"), ["after"] = Number("after", "0"), ["notice"] = Number("notice-hours", "24"), ["target"] = Number("target-days"), ["series"] = Number("series"),
            ["by"] = bookable.Extension("by").TextAt("valueCode") is { } by && By.Contains(by) ? by : "patient", ["way"] = bookable.Extension("video").TextAt("valueBoolean") == "true" ? "video" : "person", ["video-address"] = bookable.Extension("video-address").TextAt("valueUrl") ?? "",
            ["preparation"] = json.TextAt("extraDetails") ?? "", ["questionnaire"] = bookable.Extension("questionnaire").At("valueReference").TextAt("reference") ?? "", ["place"] = json.FirstAt("location").TextAt("reference") ?? "",
            ["languages"] = string.Join(',', json.ItemsAt("communication").Select(concept => concept.FirstAt("coding").TextAt("code")).OfType<string>()),
        };
        foreach (var (i, need) in bookable.Extensions("need").Index()) values[Need(i)] = string.Join(',', need.Extensions("calendar").Select(calendar => calendar.At("valueReference").TextAt("reference")).OfType<string>());
        return values;
    }

    /// <summary>How many groups of calendars the form has.</summary>
    public static int NeedsOf(JsonElement service) => Math.Min(MostNeeds, Math.Max(Needs, service.Extension(Service.Extension).Extensions("need").Count()));

    /// <summary>The HealthcareService that the fields say; what is wrong is noted.</summary>
    /// <param name="form">As it was sent.</param>
    /// <param name="before">As it is stored; null for a new one.</param>
    /// <param name="model">What there is to choose from.</param>
    public static JsonObject Write(Form form, JsonObject? before, ClinicsModel model)
    {
        var service = before?.DeepClone().AsObject() ?? new JsonObject { ["resourceType"] = "HealthcareService" };
        var old = (service["extension"] as JsonArray)?.OfType<JsonObject>().FirstOrDefault(extension => extension["url"]?.GetValue<string>() == Service.Extension);
        var parts = new JsonArray();
        // Parts of other systems stay.
        foreach (var part in old?["extension"] as JsonArray ?? [])
            if (part?["url"]?.GetValue<string>() is { } url && !Parts.Contains(url)) parts.Add(part.DeepClone());
        void Add(string url, string type, JsonNode? value) => parts.Add(new JsonObject { ["url"] = url, [type] = value });

        service["active"] = form.Choice("active", ["yes", "no"]) == "yes";
        service["name"] = form.Text("name", LongestName);
        if (before is null && model.Units.FirstOrDefault(unit => unit.Reference == form.Choice("unit", model.Units.Select(unit => unit.Reference))) is { } unit) service["providedBy"] = new JsonObject { ["reference"] = unit.Reference, ["display"] = unit.Name };
        if (service["type"] is null) service["type"] = new JsonArray(new JsonObject { ["text"] = form["name"].Trim() });
        var (minutes, step) = (Whole(form, "minutes", 1, Service.Longest), Whole(form, "step", 1, Service.Longest, isRequired: false));
        var (pauseBefore, pauseAfter) = (Whole(form, "before", 0, LongestPause), Whole(form, "after", 0, LongestPause));
        var (notice, target) = (Whole(form, "notice", 0, LongestNotice), Whole(form, "target", 0, LongestTarget, isRequired: false));
        Add("minutes", "valuePositiveInt", minutes ?? 1);
        if (step is { } every && every != minutes) Add("step", "valuePositiveInt", every);
        if (pauseBefore > 0) Add("before", "valueUnsignedInt", pauseBefore);
        if (pauseAfter > 0) Add("after", "valueUnsignedInt", pauseAfter);
        Add("by", "valueCode", form.Choice("by", By));
        if (notice is { } hours && hours != 24) Add("notice-hours", "valueUnsignedInt", hours);
        if (target is { } days) Add("target-days", "valueUnsignedInt", days);
        if (form.Choice("way", ["person", "video"]) == "video")
        {
            Add("video", "valueBoolean", true);
            if (form.Text("video-address", LongestAddress, isRequired: false) is { Length: > 0 } address)
            {
                if (!Uri.TryCreate(address, UriKind.Absolute, out var rooms) || rooms.Scheme != Uri.UriSchemeHttps) form.Fail("video-address", Words.Of("service video address wrong"));
                Add("video-address", "valueUrl", address);
            }
        }
        if (Whole(form, "series", 1, Service.LongestSeries, isRequired: false) is { } series and > 1) Add("series", "valuePositiveInt", series);
        if (form.Choice("questionnaire", model.Questionnaires.Select(one => one.Reference).Append(Stored(before, "questionnaire")), isRequired: false) is { Length: > 0 } questionnaire) Add("questionnaire", "valueReference", Reference(questionnaire));
        var known = Calendars(before, model).ToHashSet(StringComparer.Ordinal);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < MostNeeds; i++)
        {
            var chosen = Chosen(form, Need(i)).Where(known.Contains).ToList();
            if (chosen.Count == 0) continue;
            taken.UnionWith(chosen);
            Add("need", "extension", new JsonArray([.. chosen.Select(calendar => new JsonObject { ["url"] = "calendar", ["valueReference"] = Reference(calendar) })]));
        }
        if (taken.Count == 0) form.Fail(Need(0), Words.Of("service needs a calendar"));

        var extensions = new JsonArray([.. (service["extension"] as JsonArray ?? []).OfType<JsonObject>().Where(extension => extension["url"]?.GetValue<string>() != Service.Extension).Select(extension => extension.DeepClone()), new JsonObject { ["url"] = Service.Extension, ["extension"] = parts }]);
        service["extension"] = extensions;
        var place = form.Choice("place", model.Places.Select(one => one.Reference).Append(StoredPlace(before)), isRequired: false);
        if (place.Length == 0) service.Remove("location");
        else if (place != StoredPlace(before)) service["location"] = new JsonArray(new JsonObject { ["reference"] = place, ["display"] = model.Places.First(one => one.Reference == place).Name });
        if (form.Text("preparation", LongestPreparation, isRequired: false) is { Length: > 0 } preparation) service["extraDetails"] = preparation;
        else service.Remove("extraDetails");
        WriteLanguages(form, service);
        return service;
    }

    static void WriteLanguages(Form form, JsonObject service)
    {
        var had = (service["communication"] as JsonArray ?? []).OfType<JsonObject>().ToDictionary(concept => ((concept["coding"] as JsonArray)?.FirstOrDefault()?["code"]?.GetValue<string>()) ?? concept.ToJsonString(), StringComparer.Ordinal);
        var chosen = Chosen(form, "languages").Where(code => Languages.Contains(code) || had.ContainsKey(code)).ToList();
        if (chosen.Count == 0) service.Remove("communication");
        else service["communication"] = new JsonArray([.. chosen.Select(code => had.TryGetValue(code, out var concept) ? concept.DeepClone()
            : new JsonObject { ["coding"] = new JsonArray(new JsonObject { ["system"] = "urn:ietf:bcp:47", ["code"] = code, ["display"] = Language.NameOf(code) }) })]);
    }

    /// <summary>References of the calendars to choose from: those of the reader's units, and those a service has.</summary>
    public static IEnumerable<string> Calendars(JsonObject? before, ClinicsModel model) =>
        model.Calendars.Select(line => $"Schedule/{line.Stored.Id}").Concat(Bookable(before).Where(part => part["url"]?.GetValue<string>() == "need").SelectMany(need => (need["extension"] as JsonArray ?? []).OfType<JsonObject>()).Select(calendar => calendar["valueReference"]?["reference"]?.GetValue<string>()).OfType<string>()).Distinct();

    static IEnumerable<JsonObject> Bookable(JsonObject? service) =>
        ((service?["extension"] as JsonArray)?.OfType<JsonObject>().FirstOrDefault(extension => extension["url"]?.GetValue<string>() == Service.Extension)?["extension"] as JsonArray ?? []).OfType<JsonObject>();

    static string Stored(JsonObject? service, string part) => Bookable(service).FirstOrDefault(one => one["url"]?.GetValue<string>() == part)?["valueReference"]?["reference"]?.GetValue<string>() ?? "";
    static string StoredPlace(JsonObject? service) => (service?["location"] as JsonArray)?.FirstOrDefault()?["reference"]?.GetValue<string>() ?? "";
    static JsonObject Reference(string reference) => new() { ["reference"] = reference };

    /// <summary>What is chosen in a group of boxes.</summary>
    public static string[] Chosen(Form form, string name) => form[name].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>A whole number; null when it is missing or none, which is noted.</summary>
    public static int? Whole(Form form, string name, int least, int most, bool isRequired = true)
    {
        if (form.Number(name, least, most, isRequired) is not { } number) return null;
        if (number == decimal.Truncate(number)) return (int)number;
        form.Fail(name, Words.Of("clinic whole number"));
        return null;
    }
}
