using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Care.Clinics;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Records.Model;
using Tervik.Records.Resources;
using Tervik.Records.Search;
using Tervik.Records.Terminology;

namespace Tervik.Care.Questionnaires;

/// <summary>The Questionnaire that a service asks before the visit, and the QuestionnaireResponse of an appointment.</summary>
public sealed class VisitQuestionnaires(RecordStore store, SearchEngine search)
{
    /// <summary>Of the QuestionnaireResponse: for which Appointment (valueReference).</summary>
    public const string AppointmentExtension = "urn:tervik:appointment";
    const string Display = "http://hl7.org/fhir/StructureDefinition/display";

    readonly Expansion expansion = new(store);

    /// <summary>The Questionnaire of a service, with the answers to choose from; null when it asks nothing, or there is none.</summary>
    public async Task<(Questionnaire Questionnaire, StoredResource Stored)?> Of(Service service, AccessFilter filter, CancellationToken stop)
    {
        if (service.Questionnaire?.Split('/') is not ["Questionnaire", var id] || await store.Read("Questionnaire", id, filter, stop) is not { IsDeleted: false } stored) return null;
        using var json = FhirJson.Parse(stored.Body);
        var questionnaire = Questionnaire.Read(id, json.RootElement);
        var options = new Dictionary<string, IReadOnlyList<AnswerOption>>(StringComparer.Ordinal);
        foreach (var set in questionnaire.All.Where(item => item.Options is null).Select(item => item.ValueSet).OfType<string>().Distinct(StringComparer.Ordinal))
            if (await Options(set, filter, stop) is { } listed) options[set] = listed;
        var whole = questionnaire.With(options);
        var missing = whole.All.Where(item => item is { Type: ItemType.Choice, Options: null, IsRequired: true }).Select(item => $"{item.LinkId}: the answers to choose from are not known here ({item.ValueSet ?? "no answerOption and no answerValueSet"}), or are more than {Questionnaire.MostOptions}.").ToList();
        return (missing.Count == 0 ? whole : whole with { Faults = [.. whole.Faults, .. missing] }, stored);
    }

    /// <summary>The codes of a value set with their words; null when it is not known, cannot be listed, or is too long to choose from.</summary>
    async Task<IReadOnlyList<AnswerOption>?> Options(string url, AccessFilter filter, CancellationToken stop)
    {
        var bare = url.Split('|')[0];
        var stored = bare.StartsWith("ValueSet/", StringComparison.Ordinal) ? await store.Read("ValueSet", bare["ValueSet/".Length..], filter, stop)
            : (await search.Search(new("ValueSet", [new("url", bare), new("_count", "1")], Strict: true), filter, stop)).Matches is [var first, ..] ? first : null;
        if (stored is { IsDeleted: false })
        {
            using var json = FhirJson.Parse(stored.Body);
            if (Questionnaire.Listed(json.RootElement) is { } listed) return listed.Count <= Questionnaire.MostOptions ? listed : null;
        }
        try
        {
            var codes = await store.Database.Read(async session => await expansion.CodesOf(bare, session, "answerValueSet"), stop);
            if (codes.Count is 0 or > Questionnaire.MostOptions) return null;
            // In the order of the code system, as it was published.
            return [.. codes.Select(code => (code, Concept: R4Terminology.Instance.System(code.System)?.Find(code.Code)))
                .Select(one => (Option: new AnswerOption(new("Coding", one.code.Code) { System = one.code.System.Length > 0 ? one.code.System : null, Display = one.Concept?.Display }), Order: Order(one.code.System, one.Concept)))
                .OrderBy(one => one.Order).ThenBy(one => one.Option.Value.Words, StringComparer.Ordinal).Select(one => one.Option)];
        }
        catch (FaultException)
        {
            return null;
        }
    }

    static int Order(string system, Concept? concept)
    {
        if (concept is null || R4Terminology.Instance.System(system) is not { } all) return int.MaxValue;
        for (var i = 0; i < all.Concepts.Count; i++)
            if (ReferenceEquals(all.Concepts[i], concept)) return i;
        return int.MaxValue;
    }

    /// <summary>Id of the QuestionnaireResponse to a Questionnaire for an appointment: there is one, however often and by whomever it is begun.</summary>
    public static string ResponseId(string appointment, string questionnaire) => $"answers-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{appointment}\n{questionnaire}")).AsSpan(0, 16))}";

    /// <summary>The answers of an appointment; null when there are none that the reader may see.</summary>
    public async ValueTask<StoredResource?> Answers(string appointment, string questionnaire, AccessFilter filter, CancellationToken stop) =>
        await store.Read("QuestionnaireResponse", ResponseId(appointment, questionnaire), filter, stop) is { IsDeleted: false } stored ? stored : null;

    /// <summary>The answers as a resource.</summary>
    /// <param name="sheet">With the answers.</param>
    /// <param name="before">What it replaces, or null.</param>
    /// <param name="patient">Reference of the patient, and their name.</param>
    /// <param name="appointment">Logical id of the Appointment.</param>
    /// <param name="author">Who writes, and their name; null for one who writes for the patient: whose compartment it is in is not to change with it. The Provenance names them.</param>
    /// <param name="isComplete">They are handed in.</param>
    /// <param name="now">When.</param>
    public static JsonObject Write(AnswerSheet sheet, JsonElement? before, (string Reference, string Name) patient, string appointment, (string Reference, string Name)? author, bool isComplete, DateTimeOffset now)
    {
        static JsonObject Link(string reference, string name) => new() { ["reference"] = reference, ["display"] = name };
        var status = before?.TextAt("status") is "completed" or "amended" ? "amended" : isComplete ? "completed" : "in-progress";
        var response = new JsonObject
        {
            ["resourceType"] = "QuestionnaireResponse",
            ["extension"] = new JsonArray(new JsonObject { ["url"] = AppointmentExtension, ["valueReference"] = new JsonObject { ["reference"] = $"Appointment/{appointment}" } }),
            ["questionnaire"] = sheet.Questionnaire.Canonical,
            ["_questionnaire"] = new JsonObject { ["extension"] = new JsonArray(new JsonObject { ["url"] = Display, ["valueString"] = sheet.Questionnaire.Title }) },
            ["status"] = status,
            ["subject"] = Link(patient.Reference, patient.Name),
            ["authored"] = now.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture),
        };
        if (author is var (reference, name)) response["author"] = Link(reference, name);
        if (sheet.Write() is { Count: > 0 } items) response["item"] = items;
        return response;
    }
}
