using System.Globalization;
using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Shell;
using Tervik.Records.Resources;

namespace Tervik.Portal.Writing;

/// <summary>Something that stands in the record already.</summary>
/// <param name="Type">Resource type.</param>
/// <param name="Id">Logical id.</param>
/// <param name="Title">In words.</param>
/// <param name="Codes">Each as <c>system|code</c>.</param>
/// <param name="Date">When, or null.</param>
public sealed record Known(string Type, string Id, string Title, IReadOnlyList<string> Codes, FhirDate? Date = null)
{
    /// <summary>Codes of one system.</summary>
    public IEnumerable<string> In(string system) => Codes.Where(code => code.StartsWith(system + "|", StringComparison.Ordinal)).Select(code => code[(system.Length + 1)..]);
}

/// <summary>What the record says that matters while something is written: the hints are a function of it and of what was typed.</summary>
/// <param name="Today">Day at the institution.</param>
/// <param name="Now">The same moment as FHIR writes it, in UTC.</param>
/// <param name="Author">Who writes.</param>
/// <param name="PatientId">Whose record.</param>
/// <param name="PatientName">In words.</param>
public sealed record Situation(DateOnly Today, string Now, SignedIn Author, string PatientId, string PatientName)
{
    /// <summary><c>female</c>, <c>male</c>, or what else the record says; null when it says nothing.</summary>
    public string? Sex { get; init; }
    public DateOnly? Born { get; init; }
    /// <summary>Active problems.</summary>
    public IReadOnlyList<Known> Conditions { get; init; } = [];
    /// <summary>Active allergies, without the statement that there is none.</summary>
    public IReadOnlyList<Known> Allergies { get; init; } = [];
    /// <summary>Entries that say that no allergy is known.</summary>
    public IReadOnlyList<StoredResource> NoKnownAllergy { get; init; } = [];
    public IReadOnlyList<Known> Medication { get; init; } = [];
    /// <summary>Orders that are still open.</summary>
    public IReadOnlyList<Known> Orders { get; init; } = [];
    public IReadOnlyList<Known> Vaccinations { get; init; } = [];
    /// <summary>Latest estimated glomerular filtration rate, mL/min/1.73 m².</summary>
    public (decimal Value, FhirDate Date)? KidneyFunction { get; init; }
    /// <summary>Latest height in cm.</summary>
    public (decimal Value, FhirDate Date)? Height { get; init; }
    public bool IsPregnant { get; init; }
    /// <summary>The encounter that is running.</summary>
    public (string Reference, string Title)? Encounter { get; init; }

    /// <summary>Without the entry that is being written: it is no duplicate of itself.</summary>
    public Situation Without(string id) => this with
    {
        Conditions = [.. Conditions.Where(known => known.Id != id)], Allergies = [.. Allergies.Where(known => known.Id != id)], NoKnownAllergy = [.. NoKnownAllergy.Where(known => known.Id != id)],
        Medication = [.. Medication.Where(known => known.Id != id)], Orders = [.. Orders.Where(known => known.Id != id)], Vaccinations = [.. Vaccinations.Where(known => known.Id != id)],
    };

    public int? AgeYears => Born is { } born ? Today.Year - born.Year - (Today < born.AddYears(Today.Year - born.Year) ? 1 : 0) : null;
    public int? AgeMonths(DateOnly at) => Born is { } born ? (at.Year - born.Year) * 12 + at.Month - born.Month - (at.Day < born.Day ? 1 : 0) : null;

    public System.Text.Json.Nodes.JsonObject Subject => Elements.Reference($"Patient/{PatientId}", PatientName);
}

/// <summary>Reads the <see cref="Situation"/> from the record.</summary>
sealed class SituationQuery(RecordQuery record, TimeProvider clock)
{
    const string Most = "200";
    static readonly string[] KidneyFunctionCodes = ["33914-3", "48642-3", "48643-1", "50044-7", "62238-1", "69405-9", "77147-7", "88293-6", "88294-4", "98979-8"];
    static readonly string[] PregnancyCodes = ["77386006", "72892002", "Z33", "Z34", "Z34.9"];

    /// <returns>The situation and all that was read for it, for the log; null when there is no such patient for this reader.</returns>
    public async Task<(Situation Situation, PatientHeader Patient, List<StoredResource> Read)?> Load(string id, Visit visit, CancellationToken stop)
    {
        var filter = visit.Filter;
        if (await record.Patient(id, filter, stop) is not var (header, patient)) return null;
        List<StoredResource> read = [patient];
        var conditions = await Find("Condition");
        var allergies = await Find("AllergyIntolerance");
        var requests = await Find("MedicationRequest", ("status", "active,on-hold"));
        var statements = await Find("MedicationStatement", ("status", "active,intended,on-hold"));
        var orders = await Find("ServiceRequest", ("status", "active,on-hold,draft"), ("_sort", "-authored"));
        var vaccinations = await Find("Immunization", ("status", "completed"), ("_sort", "-date"));
        var kidneys = await Find("Observation", ("code", string.Join(',', KidneyFunctionCodes.Select(code => $"{Catalogue.Loinc}|{code}"))), ("_sort", "-date"), ("_count", "1"));
        var heights = await Find("Observation", ("code", $"{Catalogue.Loinc}|8302-2"), ("_sort", "-date"), ("_count", "1"));
        var pregnancies = await Find("Observation", ("code", $"{Catalogue.Loinc}|82810-3"), ("_sort", "-date"), ("_count", "1"));
        var encounters = await Find("Encounter", ("status", "in-progress,arrived,triaged"), ("_sort", "-date"), ("_count", "1"));

        var active = conditions.Where(IsActive).Select(Read).ToList();
        var now = clock.GetUtcNow();
        return (new(DateOnly.FromDateTime(record.Today), now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), visit.Person, id, header.Name)
        {
            Sex = patient.Take(json => json.TextAt("gender")),
            Born = header.Born is { } born ? DateOnly.FromDateTime(born.Local) : null,
            Conditions = active,
            Allergies = [.. allergies.Where(IsActive).Where(one => !SaysNone(one)).Select(Read)],
            NoKnownAllergy = [.. allergies.Where(IsActive).Where(SaysNone)],
            Medication = [.. requests.Concat(statements).Select(Read)],
            Orders = [.. orders.Select(Read)],
            Vaccinations = [.. vaccinations.Select(Read)],
            KidneyFunction = Number(kidneys), Height = Number(heights),
            IsPregnant = active.Any(one => one.Codes.Any(code => PregnancyCodes.Contains(code[(code.LastIndexOf('|') + 1)..])))
                || pregnancies.Any(one => one.Take(json => Codes.Has(json.At("valueCodeableConcept"), "77386006", "LA15173-0"))),
            Encounter = encounters is [var running, ..] ? ($"Encounter/{running.Id}", RecordQuery.Entry(running).Title) : null,
        }, header, read);

        async Task<IReadOnlyList<StoredResource>> Find(string type, params (string Name, string Value)[] parameters)
        {
            var found = await record.Find(id, type, filter, stop, parameters.Any(one => one.Name == "_count") ? parameters : [.. parameters, ("_count", Most)]);
            read.AddRange(found);
            return found;
        }
    }

    static bool IsActive(StoredResource stored) => stored.Take(json => !Codes.Has(json.At("clinicalStatus"), "inactive", "resolved", "remission")
        && !Codes.Has(json.At("verificationStatus"), "refuted", "entered-in-error") && json.TextAt("status") is not ("inactive" or "entered-in-error"));

    static bool SaysNone(StoredResource allergy) => allergy.Take(json => AllergyForm.SaysNone(json));

    static (decimal, FhirDate)? Number(IReadOnlyList<StoredResource> found) => found is [var newest, ..] ? newest.Take(json =>
        json.At("valueQuantity").At("value") is { ValueKind: JsonValueKind.Number } value && value.TryGetDecimal(out var number) && FhirDate.Of(json, "effectiveDateTime", "effectiveInstant", "effectivePeriod", "issued") is { } date
            ? (number, date) : ((decimal, FhirDate)?)null) : null;

    static Known Read(StoredResource stored) => stored.Take(json =>
    {
        var entry = RecordEntry.Read(stored.Type, stored.Id, json);
        List<string> codes = [];
        foreach (var name in (string[])["code", "medicationCodeableConcept", "vaccineCode", "performerType", "orderDetail"])
            foreach (var concept in json.ItemsAt(name))
                foreach (var coding in concept.ItemsAt("coding"))
                    if (coding.TextAt("code") is { } code) codes.Add($"{coding.TextAt("system")}|{code}");
        // A medication that is only referred to within the entry.
        foreach (var contained in json.ItemsAt("contained"))
            if (contained.TextAt("resourceType") == "Medication")
                foreach (var coding in contained.At("code").ItemsAt("coding"))
                    if (coding.TextAt("code") is { } code) codes.Add($"{coding.TextAt("system")}|{code}");
        return new Known(stored.Type, stored.Id, entry.Title, codes, entry.Date);
    });
}
