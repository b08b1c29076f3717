using System.Text;
using System.Text.Json;
using Tervik.Records.Model;

namespace Tervik.Conformance.Suites;

/// <summary>Inputs of other servers' tests, named after what they are for. Each goes to an empty server over HTTP; what is expected is what FHIR says (http.html), not what the other server does.</summary>
static class ServerScenarios
{
    /// <summary>Not valid FHIR: refused with an OperationOutcome, and nothing is stored.</summary>
    static readonly HashSet<string> Invalid = new(StringComparer.Ordinal)
    {
        "InvalidObservation.json", "MoneyWithWrongDecimal.json", "ObservationWithInvalidStatus.json", "ObservationWithInvalidStatus.xml", "ObservationWithNoCode.json",
        "SearchParameterMissingExpression.json",
        "code-in-unknown-system-with-required-binding.xml",
        "Observation-For-Patient-f001.json", "ObservationWithBloodPressure.json", // interpretation is no list: STU3
        "Sequence.json", // chromosome without genomeBuild: msq-5
        "plandefinition-example.json", // the narrative ends in the middle
        "practitionerrole-questionnaire.json", // items without linkId
        "TokenOverflowChargeItem.json", // encounter and totalPriceComponent: R5
    };

    /// <summary>Bundles that are refused as a whole.</summary>
    static readonly HashSet<string> InvalidBundles = new(StringComparer.Ordinal)
    {
        "Bundle-TransactionForRollBack.json", // reads what is not there
        "Bundle-TransactionWithConditionalReferenceInResourceBody.json", // refers to nobody
        "Bundle-TransactionWithConditionalReferenceReferringToSameResource.json", // two entries for one resource
        "Bundle-TransactionWithInvalidBundleEntry.json", // no JSON
        "Bundle-TransactionWithInvalidProcessingRoutes.json", // an operation that does not exist
        "Bundle-TransactionWithMultipleEntriesModifyingSameResource.json",
        "Bundle-TransactionWithReferenceInResourceBody.json", // refers to a patient who is not there yet
        "Bundle-TransactionWithConditionalUpdateAndReference.json", // a system that is empty, series without modality
        "Bundle-TypeMissing.json",
        "SmartPatientA.json", // a participant without status
        "ValidCompartmentDefinition.json", // a collection is no request
        "post1.xml", // POST to an instance
    };

    /// <summary>Status of each entry, in order. 422: a text that is empty, or a code that does not exist; 405: an operation that is not offered.</summary>
    static readonly Dictionary<string, string> Statuses = new(StringComparer.Ordinal)
    {
        ["Bundle-Batch.json"] = "201 201 201 201 412 204 204 405 200 404",
        ["Bundle-BatchWithConditionalUpdateByIdentifier.json"] = "422 422 422 422",
        ["Bundle-BatchWithDuplicatedItems.json"] = "201 201 200 200 204 204 405 200 404",
        ["Bundle-BatchWithInvalidEleEnums.json"] = "422 201 422 201 422 204 204 405 200 404",
        ["Bundle-BinaryPatch.json"] = "201 200",
        ["Bundle-FhirPatch.json"] = "201 200 200",
        ["Bundle-TransactionWithAllValidRoutes.json"] = "201 201 201 201 200 200",
        ["Expand-ValueSets.json"] = "201 201",
    };

    public static IEnumerable<Case> Run(string path) => Task.Run(() => Cases(path)).GetAwaiter().GetResult();

    static async Task<List<Case>> Cases(string path)
    {
        var cases = new List<Case>();
        foreach (var file in Directory.EnumerateFiles(path, "*.*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            await using var house = await FhirHouse.Open();
            cases.Add(await Suite.Attempt(Path.GetRelativePath(path, file), async () => await Check(house, Path.GetFileName(file), await File.ReadAllBytesAsync(file))));
        }
        cases.Add(await Scenario("references by criteria to a patient who is there", path, ReferencesToPresentPatient));
        cases.Add(await Scenario("search parameters that cannot be indexed", path, BrokenParameters));
        cases.Add(await Scenario("search parameters of other servers find what they describe", path, StoredParameters));
        return cases;
    }

    static async Task<Case> Scenario(string name, string path, Func<FhirHouse, string, Task<string?>> check)
    {
        await using var house = await FhirHouse.Open();
        return await Suite.Attempt(name, () => check(house, path));
    }

    static async Task<string?> Check(FhirHouse house, string name, byte[] bytes)
    {
        if (bytes is [0xEF, 0xBB, 0xBF, ..]) bytes = bytes[3..];
        var mediaType = Path.GetExtension(name) == ".xml" ? "application/fhir+xml" : "application/fhir+json";
        if (InvalidBundles.Contains(name)) return await Refused(house, await house.Send(HttpMethod.Post, "", bytes, mediaType));
        using var document = JsonDocument.Parse(mediaType == "application/fhir+xml" ? FhirXml.ToJson(bytes) : bytes);
        var type = document.RootElement.GetProperty("resourceType").GetString()!;
        if (Invalid.Contains(name)) return await Refused(house, await house.Send(HttpMethod.Post, type, bytes, mediaType));
        if (type == "Bundle") return await Accepted(house, name, bytes);
        return await RoundTrip(house, document.RootElement, type, bytes, mediaType);
    }

    static async Task<string?> Refused(FhirHouse house, FhirAnswer answer)
    {
        if (answer.Status is < 400 or > 499) return $"{answer.Text} instead of a refusal";
        if (answer.Json.GetProperty("resourceType").GetString() != "OperationOutcome" || answer.Json.GetProperty("issue")[0].GetProperty("diagnostics").GetString() is not { Length: > 10 }) return "no OperationOutcome that says why";
        var stored = await house.Get("?_summary=count&_type=Patient,Observation,Encounter,SearchParameter,Condition");
        return stored.Json.GetProperty("total").GetInt32() == 0 ? null : $"{answer.Status}, but something was stored";
    }

    static async Task<string?> Accepted(FhirHouse house, string name, byte[] bytes)
    {
        var answer = await house.Send(HttpMethod.Post, "", bytes);
        if (answer.Status != 200) return answer.Text;
        if (Statuses.TryGetValue(name, out var expected) && answer.Statuses != expected) return $"{answer.Statuses} instead of {expected}";
        if (!Statuses.ContainsKey(name) && answer.Statuses.Split(' ').FirstOrDefault(status => status is not ("200" or "201")) is { } other) return $"{answer.Statuses}: {other}";
        foreach (var entry in answer.Json.GetProperty("entry").EnumerateArray())
            if (entry.GetProperty("response").TryGetProperty("location", out var location))
            {
                var place = location.GetString()!.Split("/fhir/")[^1].Split("/_history")[0];
                var read = await house.Get(place);
                if (read.Status is not (200 or 410)) return $"{place}: {read.Text}";
                // What was sent under urn:uuid is a reference to the new resource now.
                if (read.Json.GetRawText().Contains("\"reference\":\"urn:uuid", StringComparison.Ordinal)) return $"{place} still refers to urn:uuid";
            }
        return null;
    }

    /// <summary>Created, read back the same in JSON and in XML, found by id and in its history.</summary>
    static async Task<string?> RoundTrip(FhirHouse house, JsonElement sent, string type, byte[] bytes, string mediaType)
    {
        var id = sent.TryGetProperty("id", out var given) ? given.GetString()! : "new";
        if (!sent.TryGetProperty("id", out _))
            (bytes, mediaType) = (Encoding.UTF8.GetBytes($"{{\"resourceType\":\"{type}\",\"id\":\"new\",{sent.GetRawText()[(sent.GetRawText().IndexOf(',', StringComparison.Ordinal) + 1)..]}"), "application/fhir+json");
        var created = await house.Send(HttpMethod.Put, $"{type}/{id}", bytes, mediaType);
        if (created.Status != 201) return created.Text;
        var read = await house.Get($"{type}/{id}");
        foreach (var property in sent.EnumerateObject())
            if (property.Name is not ("id" or "meta") && (!read.Json.TryGetProperty(property.Name, out var kept) || Examples.Difference(property.Value, kept, property.Name) is not null)) return $"{property.Name} differs after reading";
        var found = await house.Get($"{type}?_id={id}&_total=accurate");
        if (found.Json.GetProperty("total").GetInt32() != 1) return $"_id: {found.Text}";
        var history = await house.Get($"{type}/{id}/_history");
        return history.Json.GetProperty("entry").GetArrayLength() == 1 ? null : "history";
    }

    /// <summary>The bundles refused above, when the patient they mean exists.</summary>
    static async Task<string?> ReferencesToPresentPatient(FhirHouse house, string path)
    {
        await house.Send(HttpMethod.Put, "Patient/known", """{"resourceType":"Patient","id":"known","identifier":[{"value":"12345"},{"system":"http:/example.org/fhir/ids","value":"234234"}]}"""u8.ToArray());
        var folder = Path.Combine(path, "ms-fhir-server");
        var first = await house.Send(HttpMethod.Post, "", await File.ReadAllBytesAsync(Path.Combine(folder, "Normative/Bundle-TransactionWithConditionalReferenceInResourceBody.json")));
        if (first.Status != 200) return first.Text;
        var subjects = await house.Get("Observation?subject=Patient/known&_total=accurate");
        return subjects.Json.GetProperty("total").GetInt32() == 2 ? null : $"{subjects.Json.GetProperty("total")} of 2 refer to the patient";
    }

    /// <summary>Refused when active; as a draft stored, but a search by it says that it is not known.</summary>
    static async Task<string?> BrokenParameters(FhirHouse house, string path)
    {
        foreach (var name in new[] { "SearchParameterExpressionWrongProperty.json", "SearchParameterUnsupportedType.json" })
        {
            var draft = (await File.ReadAllTextAsync(Path.Combine(path, "ms-fhir-server/Normative", name))).TrimStart('\uFEFF');
            var active = System.Text.RegularExpressions.Regex.Replace(draft, "\"status\": *\"draft\"", "\"status\":\"active\"");
            if (await Refused(house, await house.Post("SearchParameter", active)) is { } why) return $"{name}: {why}";
            if (await house.Post("SearchParameter", draft) is { Status: not 201 } failed) return failed.Text;
            await house.Store.SearchParameters.Idle;
            using var document = JsonDocument.Parse(draft);
            if (await house.Get($"Encounter?{document.RootElement.GetProperty("code").GetString()}=1") is { Status: 200 } found && !found.Json.GetRawText().Contains("\"mode\":\"outcome\"", StringComparison.Ordinal)) return $"{name}: a search by it ignores it in silence";
            foreach (var entry in (await house.Get("SearchParameter")).Json.GetProperty("entry").EnumerateArray())
                await house.Send(HttpMethod.Delete, $"SearchParameter/{entry.GetProperty("resource").GetProperty("id").GetString()}", null);
        }
        return null;
    }

    static async Task<string?> StoredParameters(FhirHouse house, string path)
    {
        string Read(string name) => File.ReadAllText(Path.Combine(path, "ms-fhir-server", name)).TrimStart('\uFEFF');
        foreach (var (parameter, resource, search) in new[]
        {
            ("Normative/SearchParameter-AppointmentStatus.json", "Normative/Appointment.json", "Appointment?foo="),
            ("Normative/SearchParameter-SpecimenStatus.json", "R4/specimen-example.json", "Specimen?foo="),
            ("Normative/SearchParameter-Resource-idfoo.json", "Normative/Patient-f001.json", "Patient?_idfoo="),
        })
        {
            using var document = JsonDocument.Parse(Read(resource));
            var (type, id) = (document.RootElement.GetProperty("resourceType").GetString()!, document.RootElement.GetProperty("id").GetString()!);
            if (await house.Send(HttpMethod.Put, $"{type}/{id}", Encoding.UTF8.GetBytes(Read(resource))) is { Status: not 201 } refused) return $"{resource}: {refused.Text}";
            if (await house.Post("SearchParameter", Read(parameter)) is { Status: not 201 } failed) return $"{parameter}: {failed.Text}";
            await house.Store.SearchParameters.Idle;
            var value = search.Contains("_idfoo", StringComparison.Ordinal) ? id : document.RootElement.GetProperty("status").GetString();
            var found = await house.Get($"{search}{value}&_total=accurate");
            if (found.Status != 200 || found.Json.GetProperty("total").GetInt32() != 1) return $"{search}{value}: {found.Text}";
        }
        return null;
    }
}
