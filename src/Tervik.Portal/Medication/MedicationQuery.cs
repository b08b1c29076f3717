using System.Globalization;
using System.Text.Json;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Records.Access;
using Tervik.Records.Resources;

namespace Tervik.Portal.Medication;

/// <summary>What the medication page shows.</summary>
/// <param name="Patient">Whose.</param>
/// <param name="Today">The day of the plan.</param>
/// <param name="Current">What is taken now, newest first.</param>
/// <param name="Past">What was taken, newest first.</param>
/// <param name="Allergies">That concern medication.</param>
/// <param name="Requests">For renewal: open ones first, then by date.</param>
/// <param name="All">Every prescription and report.</param>
public sealed record MedicationModel(PatientHeader Patient, DateOnly Today, IReadOnlyList<MedicationLine> Current, IReadOnlyList<MedicationLine> Past, IReadOnlyList<MedicationAllergy> Allergies, IReadOnlyList<RenewalRequest> Requests, IReadOnlyList<MedicationLine> All)
{
    /// <summary>The plan of the day.</summary>
    public IReadOnlyList<(DoseTime Time, IReadOnlyList<PlanEntry> Entries)> Plan => DosePlan.Of(Current, Today);
    /// <summary>The seven days from today.</summary>
    public IReadOnlyList<(MedicationLine Line, IReadOnlyList<int> Doses)> Week => DosePlan.Week(Current, Today);
    /// <summary>What is known about the current medication together.</summary>
    public IReadOnlyList<Interaction> Together => Interactions.Between(Current);
    /// <summary>Medication of the same kind.</summary>
    public IReadOnlyList<Duplicate> Duplicates => Interactions.Duplicates(Current);
    /// <summary>Medication that does not go with an allergy.</summary>
    public IReadOnlyList<AllergyConflict> Conflicts => [.. Current.SelectMany(line => AllergyConflicts.Check(line, Allergies))];
    /// <summary>The open request for this medication; null when there is none.</summary>
    public RenewalRequest? OpenRequest(MedicationLine line) => Requests.FirstOrDefault(request => request.IsOpen && request.Medication == line.Id);
}

/// <summary>Reads the medication of a patient and puts together what is about the same thing.</summary>
sealed class MedicationQuery(RecordQuery record, RecordStore store)
{
    const string MostEntries = "500";
    static readonly string[] CurrentStates = ["active", "on-hold", "intended"];

    /// <returns>What the page shows, and all that was read for it, for the log; null when there is no such patient for this reader.</returns>
    public async Task<(MedicationModel Model, IReadOnlyList<StoredResource> Read)?> Load(string id, AccessFilter filter, CancellationToken stop)
    {
        if (await record.Patient(id, filter, stop) is not var (header, patient)) return null;
        List<StoredResource> read = [patient];
        var lines = await Lines(id, filter, read, stop);
        var (current, past) = Together(lines);
        var allergies = await Allergies(id, filter, read, stop);
        var tasks = await record.Find(id, "Task", filter, stop, ("code", RenewalRequest.Token), ("_count", MostEntries));
        read.AddRange(tasks);
        var requests = tasks.Select(task => task.Take(json => RenewalRequest.Read(task, json, lines))).OrderBy(request => request.IsOpen ? 0 : 1).ThenByDescending(request => request.Stored.AtUs).ToList();
        return (new(header, DateOnly.FromDateTime(record.Today), current, past, allergies, requests, lines), read);
    }

    /// <summary>What a patient takes now, for other pages: the base of <see cref="Interactions.Check"/>.</summary>
    public async Task<IReadOnlyList<MedicationLine>> Current(string id, AccessFilter filter, CancellationToken stop) => Together(await Lines(id, filter, [], stop)).Current;

    /// <summary>The allergies of a patient, for other pages: the base of <see cref="AllergyConflicts.Check"/>.</summary>
    public Task<IReadOnlyList<MedicationAllergy>> Allergies(string id, AccessFilter filter, CancellationToken stop) => Allergies(id, filter, [], stop);

    async Task<IReadOnlyList<MedicationAllergy>> Allergies(string id, AccessFilter filter, List<StoredResource> read, CancellationToken stop)
    {
        var found = await record.Find(id, "AllergyIntolerance", filter, stop, ("_count", MostEntries));
        read.AddRange(found);
        return [.. found.Select(allergy => allergy.Take(json => MedicationAllergy.Read(allergy.Id, json))).OfType<MedicationAllergy>()];
    }

    async Task<List<MedicationLine>> Lines(string id, AccessFilter filter, List<StoredResource> read, CancellationToken stop)
    {
        var requests = await record.Find(id, "MedicationRequest", filter, stop, ("_sort", "-authoredon"), ("_count", MostEntries));
        var statements = await record.Find(id, "MedicationStatement", filter, stop, ("_count", MostEntries));
        read.AddRange(requests);
        read.AddRange(statements);
        // Names of what is only referred to, each read once.
        var known = new Dictionary<string, (string? Name, IReadOnlyList<string> Atc, string? Strength)>(StringComparer.Ordinal);
        var lines = new List<MedicationLine>();
        foreach (var stored in requests.Concat(statements))
        {
            using var json = JsonDocument.Parse(stored.Body);
            if (json.RootElement.TextAt("status") is "entered-in-error" or "draft" || json.RootElement.TextAt("intent") is "proposal" or "option" || json.RootElement.At("doNotPerform").ValueKind == JsonValueKind.True) continue;
            lines.Add(await Line(stored, json.RootElement));
        }
        return lines;

        async Task<MedicationLine> Line(StoredResource stored, JsonElement json)
        {
            var concept = json.At("medicationCodeableConcept");
            var (name, atc, strength) = concept.Exists() ? (Codes.Write(concept), Substances.AtcOf(concept), null) : await Referred(json, json.At("medicationReference"));
            var since = FhirDate.Of(json, "effectivePeriod", "effectiveDateTime", "authoredOn", "dateAsserted");
            var supply = json.At("dispenseRequest").At("validityPeriod");
            var dosages = json.ItemsAt(stored.Type == "MedicationRequest" ? "dosageInstruction" : "dosage").Select(dosage => Dosage.Read(dosage, since)).ToList();
            var prescriber = json.At("requester").TextAt("reference");
            return new(name ?? RecordEntry.TypeInWords(stored.Type), atc)
            {
                Type = stored.Type, Id = stored.Id, Version = stored.Version, Key = (name ?? stored.Id).ToLowerInvariant(), Strength = name is not null && name.Any(char.IsAsciiDigit) ? null : strength,
                Status = json.TextAt("status") ?? "unknown", IsOnHold = json.TextAt("status") == "on-hold", Since = since, Until = End(json, supply),
                Dosages = dosages, Why = Codes.First(json, "reasonCode") ?? await Reason(json), WhyStopped = Codes.Write(json.At("statusReason")) ?? Codes.First(json, "statusReason"),
                By = await NameOf(json.At("requester")) ?? await NameOf(json.At("informationSource")), Prescriber = prescriber?.StartsWith("Practitioner", StringComparison.Ordinal) == true ? prescriber : null,
                Prior = json.At("priorPrescription").TextAt("reference") is ['M', ..] prior ? prior[(prior.IndexOf('/', StringComparison.Ordinal) + 1)..] : null,
            };
        }

        async Task<(string?, IReadOnlyList<string>, string?)> Referred(JsonElement resource, JsonElement reference)
        {
            var display = reference.TextAt("display");
            if (reference.TextAt("reference") is ['#', .. var local])
                foreach (var contained in resource.ItemsAt("contained"))
                    if (contained.TextAt("id") == local) return Described(contained, display);
            return await Look(reference, medication => Described(medication, display)) ?? (display, Substances.AtcOf(display), null);
        }

        async Task<string?> Reason(JsonElement resource)
        {
            foreach (var reference in resource.ItemsAt("reasonReference"))
                if ((reference.TextAt("display") ?? (await Look(reference, condition => (Codes.Write(condition.At("code")), [], null)))?.Name) is { } words) return words;
            return null;
        }

        async Task<string?> NameOf(JsonElement reference) => reference.TextAt("display") ?? (await Look(reference, Person))?.Name;

        async Task<(string? Name, IReadOnlyList<string> Atc, string? Strength)?> Look(JsonElement reference, Func<JsonElement, (string?, IReadOnlyList<string>, string?)> take)
        {
            if (reference.TextAt("reference")?.Split('/') is not [var type, var logical, ..] || type.Length == 0 || !char.IsAsciiLetterUpper(type[0])) return null;
            if (known.TryGetValue($"{type}/{logical}", out var seen)) return seen;
            if (await store.Read(type, logical, filter, stop) is not { IsDeleted: false } stored) return null;
            read.Add(stored);
            return known[$"{type}/{logical}"] = stored.Take(take);
        }
    }

    static (string?, IReadOnlyList<string>, string?) Person(JsonElement person) => (person.TextAt("resourceType") == "PractitionerRole" ? person.At("practitioner").TextAt("display") : Names.OfPerson(person), [], null);

    static (string?, IReadOnlyList<string>, string?) Described(JsonElement medication, string? display)
    {
        var code = medication.At("code");
        var ingredients = medication.ItemsAt("ingredient").ToList();
        var atc = Substances.AtcOf(code);
        if (atc.Count == 0) atc = [.. ingredients.SelectMany(ingredient => Substances.AtcOf(ingredient.At("itemCodeableConcept"))).Distinct()];
        var name = Codes.Write(code) ?? display ?? (string.Join(" / ", ingredients.Select(ingredient => Codes.Write(ingredient.At("itemCodeableConcept"))).OfType<string>()) is { Length: > 0 } parts ? parts : null);
        return (name, atc, ingredients.Count == 1 ? Values.Write(ingredients[0], "strength") ?? Strength(ingredients[0].At("strength")) : null);
    }

    static string? Strength(JsonElement ratio) => Values.Quantity(ratio.At("numerator")) is { } amount
        ? Values.Quantity(ratio.At("denominator")) is { } per && per is not ("1" or "1 1") ? $"{amount} / {per}" : amount : null;

    // When it ends, or ended: by the period of the taking, else of the supply, else of the dosage.
    static FhirDate? End(JsonElement json, JsonElement supply) => FhirDate.Read(json.At("effectivePeriod").TextAt("end"))
        ?? json.ItemsAt("dosageInstruction").Select(dosage => FhirDate.Read(dosage.At("timing").At("repeat").At("boundsPeriod").TextAt("end"))).Where(end => end is not null).OrderBy(end => end!.Value.Instant).LastOrDefault()
        ?? FhirDate.Read(supply.TextAt("end"));

    /// <summary>One line for each medication. Of what is taken now the newest prescription counts; a report adds what it knows.</summary>
    static (IReadOnlyList<MedicationLine> Current, IReadOnlyList<MedicationLine> Past) Together(List<MedicationLine> lines)
    {
        var byId = lines.Where(line => line.Type == "MedicationRequest").DistinctBy(line => line.Id).ToDictionary(line => line.Id, StringComparer.Ordinal);
        var groups = lines.GroupBy(line => line.Key).ToList();
        var current = new List<MedicationLine>();
        var past = new List<MedicationLine>();
        foreach (var group in groups)
        {
            // A prescription says more than a report of the same.
            var taken = group.Where(line => CurrentStates.Contains(line.Status)).OrderBy(line => line.IsReported).ThenByDescending(line => line.Since?.Instant).ToList();
            if (taken.Count > 0)
                current.Add(taken[0] with
                {
                    Since = First(taken.Concat(Chain(taken[0]))), Why = taken.Select(line => line.Why).FirstOrDefault(why => why is not null), By = taken.Select(line => line.By).FirstOrDefault(by => by is not null),
                    Dosages = taken.Select(line => line.Dosages).FirstOrDefault(dosages => dosages.Count > 0) ?? [], Earlier = group.Count(line => !line.IsReported) - taken.Count(line => !line.IsReported),
                });
            else
            {
                var ended = group.OrderByDescending(line => line.Until?.Instant ?? line.Since?.Instant).ThenBy(line => line.IsReported).ToList();
                past.Add(ended[0] with { Since = First(ended), Earlier = ended.Count - 1, Why = ended.Select(line => line.Why).FirstOrDefault(why => why is not null), WhyStopped = ended.Select(line => line.WhyStopped).FirstOrDefault(why => why is not null) });
            }
        }
        return ([.. current.OrderBy(line => line.IsOnHold).ThenByDescending(line => line.Since?.Instant)], [.. past.OrderByDescending(line => line.Until?.Instant ?? line.Since?.Instant)]);

        IEnumerable<MedicationLine> Chain(MedicationLine line)
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            for (var prior = line.Prior; prior is not null && seen.Add(prior) && byId.TryGetValue(prior, out var before); prior = before.Prior) yield return before;
        }
    }

    static FhirDate? First(IEnumerable<MedicationLine> lines) => lines.Select(line => line.Since).Where(since => since is not null).OrderBy(since => since!.Value.Instant).FirstOrDefault();
}
