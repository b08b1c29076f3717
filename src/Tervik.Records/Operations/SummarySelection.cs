using System.Text.Json.Nodes;
using Tervik.Records.Access;
using Tervik.Records.Resources;
using Tervik.Records.Search;

namespace Tervik.Records.Operations;

/// <summary>A resource that was chosen for a section, parsed.</summary>
sealed record SummaryEntry(SummarySection Section, StoredResource Source, JsonObject Json);

/// <summary>Chooses from a record what a clinician elsewhere needs: what holds now, and of what is measured or done again and again the latest.</summary>
/// <remarks>The choice is ours, the guide leaves it to the author. Every query runs under the reader's access filter.</remarks>
sealed class SummarySelection(SearchEngine searches)
{
    /// <summary>So many are looked at for each kind; a summary is no export.</summary>
    const int MostRead = 200;
    const int MostShown = 60;
    const int MostReports = 20;

    const string Final = "final,amended,corrected";
    static readonly string[] DirectiveCategories = ["acd", "dnr", "emrgonly", "hcd", "npp", "polst", "75781-5", "42348-3"];

    public async Task<List<SummaryEntry>> Of(string patient, AccessFilter filter, CancellationToken stop)
    {
        var chosen = new List<SummaryEntry>();
        await Add(SummarySection.Medications, "MedicationRequest", [new("status", "active,on-hold"), new("_sort", "-authoredon")], medication => medication.Text("intent") is not ("proposal" or "option"), MostRead);
        await Add(SummarySection.Medications, "MedicationStatement", [new("status", "active,intended,on-hold"), new("_sort", "-effective")], All, MostRead);
        await Add(SummarySection.Allergies, "AllergyIntolerance", [new("_sort", "-date")], allergy => allergy["verificationStatus"].Code() is not ("entered-in-error" or "refuted"), MostRead);
        var conditions = await Read(SummarySection.Problems, "Condition", [new("_sort", "-onset-date")], condition => condition["verificationStatus"].Code() is not ("entered-in-error" or "refuted"));
        chosen.AddRange(conditions.Where(entry => IsActive(entry.Json)));
        await Add(SummarySection.Immunizations, "Immunization", [new("status", "completed"), new("_sort", "-date")], All, MostRead);
        AddLatest(await Read(SummarySection.Results, "Observation", [new("category", "laboratory"), new("status", Final), new("_sort", "-date")], HasContent), MostShown);
        AddLatest(await Read(SummarySection.Results, "Observation", [new("category", "imaging"), new("status", Final), new("_sort", "-date")], HasContent), MostReports);
        AddLatest(await Read(SummarySection.Results, "DiagnosticReport", [new("status", $"{Final},appended"), new("_sort", "-date")], IsOfDiagnostics), MostReports);
        AddLatest(await Read(SummarySection.Procedures, "Procedure", [new("status", "completed"), new("_sort", "-date")], All), MostShown);
        await AddDevices();
        AddLatest(await Read(SummarySection.VitalSigns, "Observation", [new("category", "vital-signs"), new("status", Final), new("_sort", "-date")], vital => HasContent(vital) && vital.Time("effective")?.Length >= 10), MostReports);
        AddLatest([.. conditions.Where(entry => !IsActive(entry.Json)).Select(entry => entry with { Section = SummarySection.PastProblems })], MostShown);
        AddLatest(await Read(SummarySection.SocialHistory, "Observation", [new("category", "social-history"), new("status", Final), new("_sort", "-date")], social => HasContent(social) && !IsOfPregnancy(social)), MostReports);
        var pregnancy = string.Join(',', SummaryCodes.DeliveryDates.Concat(SummaryCodes.PregnancyOutcomes).Append(SummaryCodes.PregnancyStatus).Order(StringComparer.Ordinal).Select(code => $"{SummaryCodes.Loinc}|{code}"));
        AddLatest(await Read(SummarySection.Pregnancy, "Observation", [new("code", pregnancy), new("status", Final), new("_sort", "-date")], HasContent), MostReports);
        await Add(SummarySection.CarePlan, "CarePlan", [new("status", "active,on-hold"), new("_sort", "-date")], All, MostReports);
        await Add(SummarySection.AdvanceDirectives, "Consent", [new("status", "active"), new("_sort", "-date")], IsDirective, MostReports);
        await Add(SummarySection.Alerts, "Flag", [new("_sort", "-date")], flag => flag.Text("status") == "active", MostReports);
        return chosen;

        async Task<List<SummaryEntry>> Read(SummarySection section, string type, List<KeyValuePair<string, string>> parameters, Func<JsonObject, bool> isWanted)
        {
            parameters = [new("patient", $"Patient/{patient}"), .. parameters, new("_count", MostRead.ToString(System.Globalization.CultureInfo.InvariantCulture))];
            var page = await searches.Search(new(type, parameters, Strict: true), filter, stop);
            return [.. page.Matches.Select(stored => new SummaryEntry(section, stored, JsonNode.Parse(stored.Body)!.AsObject())).Where(entry => isWanted(entry.Json))];
        }

        async Task Add(SummarySection section, string type, List<KeyValuePair<string, string>> parameters, Func<JsonObject, bool> isWanted, int most) => chosen.AddRange((await Read(section, type, parameters, isWanted)).Take(most));

        // They come newest first: the first of each kind is the latest.
        void AddLatest(IReadOnlyList<SummaryEntry> entries, int most) => chosen.AddRange(entries.DistinctBy(entry => (entry.Source.Type, entry.Json["code"].Kind() ?? entry.Source.Id)).Take(most));

        // A device that is only recorded as the patient's is in use as far as the record knows; a statement says how.
        async Task AddDevices()
        {
            var uses = await Read(SummarySection.Devices, "DeviceUseStatement", [], use => use.Text("status") is "active" or "intended" or "on-hold");
            chosen.AddRange(uses);
            var stated = uses.Select(use => use.Json["device"].Text("reference")).ToHashSet();
            chosen.AddRange((await Read(SummarySection.Devices, "Device", [], device => device.Text("status") is null or "active")).Where(device => !stated.Contains($"Device/{device.Source.Id}")));
        }
    }

    static bool All(JsonObject resource) => true;

    static bool IsActive(JsonObject condition) => condition["clinicalStatus"].Code() switch
    {
        "active" or "recurrence" or "relapse" => true,
        null => condition.Form("abatement") is null,
        _ => false,
    };

    /// <summary>Notes of visits are reports too in some systems; the section is about tests.</summary>
    static bool IsOfDiagnostics(JsonObject report) => report["result"] is JsonArray { Count: > 0 } || report["category"].Codings().Any(coding => coding.Text("system") == SummaryCodes.DiagnosticService);

    static bool HasContent(JsonObject observation) => observation.Form("value") is not null || observation["dataAbsentReason"] is not null || observation["component"] is not null || observation["hasMember"] is not null;

    static bool IsOfPregnancy(JsonObject observation) => observation["code"].Codings().Any(coding =>
        coding.Text("system") == SummaryCodes.Loinc && coding.Text("code") is { } code && (code == SummaryCodes.PregnancyStatus || SummaryCodes.DeliveryDates.Contains(code) || SummaryCodes.PregnancyOutcomes.Contains(code)));

    static bool IsDirective(JsonObject consent) => consent["scope"].Code() == "adr" || consent["category"].Codings().Any(coding => DirectiveCategories.Contains(coding.Text("code")));
}
