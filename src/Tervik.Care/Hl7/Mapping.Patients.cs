using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.Trust.Relations;

namespace Tervik.Care.Hl7;

/// <content>PID, PD1, NK1, ROL and MRG.</content>
sealed partial class Mapping
{
    const string Extensions = "http://hl7.org/fhir/StructureDefinition/";
    /// <summary>Merged patients are followed so far; more are a circle.</summary>
    const int LongestChain = 8;

    /// <summary>Relationships from which the portal derives that a parent may see a child's record, when the parent's national number stands with them. A hospital's next of kin proves no custody: the number is left out.</summary>
    static readonly HashSet<string> Custody = ["PRN", "MTH", "FTH", "GRD"];

    /// <summary>The numbers by which a PID names its patient: PID-3, of old senders PID-2, of those without either PID-4.</summary>
    List<(Key Key, Hl7Value Value)> KeysOf(Hl7Segment pid) =>
        new[] { pid[3], pid[2], pid[4] }.Select(KeysOf).FirstOrDefault(keys => keys.Count > 0) ?? throw Missing(pid, 3, "an identifier of the patient");

    List<(Key Key, Hl7Value Value)> KeysOf(Hl7Field field) => [.. field.Repetitions.Select(value => (Key: types.KeyOf(value), Value: value)).Where(one => one.Key is not null).Select(one => (one.Key!.Value, one.Value))];

    /// <summary>The patient of the first number that is known, and who it was merged into; a new one when none is.</summary>
    async ValueTask<Edited> PatientOf(Hl7Segment pid, bool mayBeMerged = false)
    {
        var keys = KeysOf(pid);
        var patient = await Known(keys, mayBeMerged);
        if (patient is null)
        {
            patient = changes.Begin("Patient", Guid.CreateVersion7().ToString("D"));
            patient.Put("active", true);
            foreach (var (key, _) in keys.Take(1)) changes.Name(patient, key, isGuarded: true);
        }
        foreach (var (key, value) in keys)
        {
            if (await Owner(key, value.Place) is { } owner && owner.Id != patient.Id)
            {
                if (!await IsSame(owner, patient)) Warn(Hl7Error.DuplicateKey, value.Place, "This identifier is another patient's in the record. It was not given to this one; the first one in PID-3 decided.");
                continue;
            }
            patient.Identify(types.Identifier(value));
            changes.Name(patient, key);
        }
        return patient;
    }

    ValueTask<Edited?> Owner(Key key, Hl7Place place) => changes.Find("Patient", key, place);

    async ValueTask<Edited?> Known(IReadOnlyList<(Key Key, Hl7Value Value)> keys, bool mayBeMerged = false)
    {
        foreach (var (key, value) in keys)
            if (await Owner(key, value.Place) is { } found) return mayBeMerged ? found : await Survivor(found);
        return null;
    }

    /// <summary>Who a patient was merged into; itself when it was not.</summary>
    async ValueTask<Edited> Survivor(Edited patient)
    {
        for (var i = 0; i < LongestChain; i++)
        {
            if (patient.Resource.Items("link").FirstOrDefault(link => link.Text("type") == "replaced-by")?["other"].Text("reference") is not ['P', 'a', 't', 'i', 'e', 'n', 't', '/', .. var id] || await changes.Read("Patient", id) is not { } other) break;
            patient = other;
        }
        return patient;
    }

    async ValueTask<bool> IsSame(Edited one, Edited other) => (await Survivor(one)).Id == (await Survivor(other)).Id;

    /// <summary>PID into the Patient.</summary>
    async ValueTask<Edited> Patient(Hl7Segment pid, IReadOnlyList<Hl7Segment> group, bool mayBeMerged = false)
    {
        var patient = await PatientOf(pid, mayBeMerged);
        if (patient.IsNew && !pid[5].IsSaid && !patient.Resource.ContainsKey("name")) Warn(Hl7Error.Required, pid[5].Place, "PID-5 is missing: a patient without a name was begun.");
        if (pid[3].HasValue)
            foreach (var field in new[] { pid[2], pid[4] })
                foreach (var (key, value) in KeysOf(field))
                    if (await Owner(key, value.Place) is var owner && (owner is null || owner.Id == patient.Id)) patient.Identify(types.Identifier(value));
        if (pid[19].Text is { Length: > 0 } social) patient.Identify(DataTypes.Identifier(new(types.Namespaces.SystemOf("SS", "", "") is var system && system != Namespaces.Named("SS") ? system : "http://hl7.org/fhir/sid/us-ssn", social), "SS"));
        if (pid[20][1].Said is { } license) patient.Identify(DataTypes.Identifier(new(pid[20][2].Said is { } state ? Namespaces.Named($"DL-{state}") : types.Namespaces.Sender, license), "DL", types.Period(Nothing, pid[20][3])));

        patient.Replace("name", pid[5], _ => true, () => pid[5].Repetitions.Select(value => types.HumanName(value)));
        foreach (var alias in pid[9].Repetitions) patient.Add("name", types.HumanName(alias));
        patient.Extension(Extensions + "patient-mothersMaidenName", pid[6], "valueString", () => pid[6][1].Said);
        if (pid[7].IsNull) patient.Resource.Remove("_birthDate");
        patient.Set("birthDate", pid[7], () => DataTypes.Date(pid[7].First));
        if (Hl7Time.Read(pid[7].First) is { HasTime: true } born) patient.Put("_birthDate", Fhir.Object(("extension", Fhir.Array(Fhir.Extension(Extensions + "patient-birthTime", "valueDateTime", born.DateTime(types.Zone))))));
        patient.Set("gender", pid[8], () => Tables.Sex.GetValueOrDefault(pid[8].Text, "unknown"));
        patient.Replace("address", pid[11], _ => true, () => pid[11].Repetitions.Select((value, i) => types.Address(value, i == 0 ? pid[12].First.Said : null)));
        patient.Replace("telecom", pid[13], one => one.Text("use") != "work", () => pid[13].Repetitions.Select(value => types.ContactPoint(value, "home")));
        patient.Replace("telecom", pid[14], one => one.Text("use") == "work", () => pid[14].Repetitions.Select(value => types.ContactPoint(value, "work")));
        foreach (var value in pid[40].Repetitions) patient.Add("telecom", types.ContactPoint(value));
        patient.Set("communication", pid[15], () => DataTypes.Concept(pid[15].First, table: "0296") is { } language ? new JsonArray(new JsonObject { ["language"] = language }) : null);
        patient.Set("maritalStatus", pid[16], () => DataTypes.Concept(pid[16].First, Tables.MaritalStatus, "0002"));
        patient.Extension(Extensions + "patient-religion", pid[17], "valueCodeableConcept", () => DataTypes.Concept(pid[17].First, table: "0006"));
        patient.Extension(Extensions + "patient-birthPlace", pid[23], "valueAddress", () => new JsonObject { ["text"] = pid[23].Text });
        if (pid[25].IsSaid || pid[24].IsSaid)
        {
            patient.Resource.Remove("multipleBirthBoolean");
            patient.Resource.Remove("multipleBirthInteger");
            if (int.TryParse(pid[25].Text, NumberStyles.None, CultureInfo.InvariantCulture, out var order)) patient.Put("multipleBirthInteger", order);
            else patient.Put("multipleBirthBoolean", DataTypes.YesNo(pid[24].Text));
        }
        foreach (var (field, url) in new[] { (pid[26], "patient-citizenship"), (pid[28], "patient-nationality") })
            patient.Replace("extension", field, extension => extension.Text("url") == Extensions + url, () => field.Repetitions.Select(value => DataTypes.Concept(value) is { } country
                ? new JsonObject { ["extension"] = new JsonArray(Fhir.Extension("code", "valueCodeableConcept", country)), ["url"] = Extensions + url } : null));
        if (pid[29].IsSaid || pid[30].IsSaid)
        {
            patient.Resource.Remove("deceasedDateTime");
            patient.Resource.Remove("deceasedBoolean");
            if (types.DateTime(pid[29].First) is { } died && !pid[30].Text.Equals("N", StringComparison.OrdinalIgnoreCase)) patient.Put("deceasedDateTime", died);
            else patient.Put("deceasedBoolean", DataTypes.YesNo(pid[30].Text));
        }
        await Practice(patient, group);
        return patient;
    }

    static Hl7Value Nothing => new("", Delimiters.Usual, default);

    /// <summary>PD1 and ROL: who usually cares for the patient.</summary>
    async ValueTask Practice(Edited patient, IReadOnlyList<Hl7Segment> group)
    {
        var carers = new List<JsonObject?>();
        foreach (var details in group.Where(segment => segment.Name == "PD1").Take(1))
        {
            foreach (var value in details[3].Repetitions) carers.Add(await Organization(value));
            foreach (var value in details[4].Repetitions) carers.Add(await Person(value));
            patient.Extension(Extensions + "patient-disability", details[6], "valueCodeableConcept", () => DataTypes.Concept(details[6].First, table: "0310"));
            patient.Extension(Extensions + "patient-congregation", details[14], "valueString", () => details[14][1].Said);
            if (details[3].IsNull && details[4].IsNull) patient.Resource.Remove("generalPractitioner");
        }
        foreach (var role in group.Where(segment => segment.Name == "ROL" && segment[3][1].Text == "PP" && segment[2].Text != "DE"))
            foreach (var value in role[4].Repetitions) carers.Add(await Person(value));
        if (carers.OfType<JsonObject>().Any()) patient.Replace("generalPractitioner", _ => true, carers);
    }

    /// <summary>NK1 into a RelatedPerson; an employer or insurer is a contact of the patient instead.</summary>
    async ValueTask Kin(Edited patient, Hl7Segment nk1)
    {
        var relationships = new[] { DataTypes.Concept(nk1[3].First, Tables.Relationship, "0063"), DataTypes.Concept(nk1[7].First, Tables.ContactRole, "0131") }.OfType<JsonObject>().ToList();
        if (nk1[13].HasValue && (!nk1[2].HasValue || nk1[3][1].Text is "EMR" or "E" or "F" or "I" or "S"))
        {
            patient.Add("contact", Fhir.Object(("relationship", Fhir.Array(relationships)), ("name", types.HumanName(nk1[2].First)), ("organization", await Organization(nk1[13].First)),
                ("telecom", Fhir.Array(nk1[5].Repetitions.Select(value => types.ContactPoint(value)).Concat(nk1[6].Repetitions.Select(value => types.ContactPoint(value, "work")))))));
            return;
        }
        if (!nk1[2].HasValue && !nk1[30].HasValue && !nk1[33].HasValue) return;
        var keys = KeysOf(nk1[33].HasValue ? nk1[33] : nk1[12]);
        var person = await changes.ReadOrBegin("RelatedPerson", changes.IdOf("RelatedPerson", patient.Id, keys.Count > 0 ? $"{keys[0].Key.System}|{keys[0].Key.Value}" : $"{nk1[2].First.Raw}\u001F{nk1[3][1].Text}"));
        person.Put("patient", Fhir.Reference(patient.Reference));
        if (person.IsNew) person.Put("active", true);
        var mayHaveCustody = relationships.Exists(relationship => Custody.Any(code => relationship.Has(code)));
        foreach (var (_, value) in keys)
            if (types.Identifier(value) is { } identifier && !(mayHaveCustody && IsNational(identifier))) person.Identify(identifier);
        if (relationships.Count > 0) person.Put("relationship", new JsonArray([.. relationships]));
        var names = nk1[2].HasValue ? nk1[2] : nk1[30];
        person.Replace("name", names, _ => true, () => names.Repetitions.Select(value => types.HumanName(value)));
        person.Replace("address", nk1[4], _ => true, () => nk1[4].Repetitions.Select(value => types.Address(value)));
        person.Replace("telecom", nk1[5], one => one.Text("use") != "work", () => nk1[5].Repetitions.Select(value => types.ContactPoint(value)));
        person.Replace("telecom", nk1[6], one => one.Text("use") == "work", () => nk1[6].Repetitions.Select(value => types.ContactPoint(value, "work")));
        foreach (var value in nk1[40].Repetitions) person.Add("telecom", types.ContactPoint(value));
        person.Set("gender", nk1[15], () => Tables.Sex.GetValueOrDefault(nk1[15].Text, "unknown"));
        person.Set("birthDate", nk1[16], () => DataTypes.Date(nk1[16].First));
        if (types.Period(nk1[8].First, nk1[9].First) is { } period) person.Put("period", period);
        person.Set("communication", nk1[20], () => DataTypes.Concept(nk1[20].First, table: "0296") is { } language ? new JsonArray(new JsonObject { ["language"] = language }) : null);
    }

    static bool IsNational(JsonObject identifier)
    {
        using var person = JsonDocument.Parse(new JsonObject { ["identifier"] = new JsonArray(identifier.DeepClone()) }.ToJsonString());
        return FamilyRelations.NationalNumbers(person.RootElement).Any();
    }

    /// <summary>PID-21: the mother, of whom nothing else is known. Her national number is left out, as of <see cref="Custody"/>.</summary>
    async ValueTask Mother(Edited patient, Hl7Segment pid)
    {
        var identifiers = pid[21].Repetitions.Select(value => types.Identifier(value)).OfType<JsonObject>().Where(identifier => !IsNational(identifier)).ToList();
        if (identifiers.Count == 0) return;
        var mother = await changes.ReadOrBegin("RelatedPerson", changes.IdOf("RelatedPerson", patient.Id, "mother"));
        mother.Put("patient", Fhir.Reference(patient.Reference));
        if (mother.IsNew) mother.Put("active", true);
        mother.Put("relationship", new JsonArray(Fhir.Concept("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "MTH", "mother")));
        foreach (var identifier in identifiers) mother.Identify(identifier);
    }

    /// <summary>A01 and its like of one patient: everything that belongs to the PID.</summary>
    async ValueTask<(Edited Patient, Edited? Encounter)> Person(IReadOnlyList<Hl7Segment> group)
    {
        // What follows the visit belongs to it.
        var visit = group.TakeWhile(segment => segment.Name != "PV1").ToList();
        var patient = await Patient(group[0], visit);
        foreach (var nk1 in group.Where(segment => segment.Name == "NK1")) await Kin(patient, nk1);
        await Mother(patient, group[0]);
        var encounter = await Visit(patient, group);
        await Clinical(patient, encounter, group);
        return (patient, encounter);
    }

    async ValueTask Administer()
    {
        var groups = Groups("PID");
        if (trigger == "A20")
        {
            await BedStatus();
            return;
        }
        if (groups.Count == 0) throw MissingSegment("PID", "a patient");
        switch (trigger)
        {
            case "A17": // two patients swap their places; each group says where they are now
            case not ("A18" or "A24" or "A30" or "A34" or "A35" or "A36" or "A37" or "A39" or "A40" or "A41" or "A42" or "A43" or "A44" or "A45" or "A46" or "A47" or "A48" or "A49" or "A50" or "A51"):
                foreach (var group in groups)
                {
                    var (patient, _) = await Person(group);
                    if (trigger == "A29") patient.Put("active", false);
                    else if (trigger is "A28" or "A31" && !patient.Resource.Items("link").Any(link => link.Text("type") == "replaced-by")) patient.Put("active", true);
                }
                break;
            case "A24" or "A37":
                await Link(groups);
                break;
            case "A18" or "A30" or "A34" or "A36" or "A39" or "A40":
                foreach (var group in groups) await Merge(group);
                break;
            case "A46" or "A47" or "A48" or "A51" or "A49":
                foreach (var group in groups) await ChangeIdentifiers(group);
                break;
            case "A43":
                foreach (var group in groups) await MoveIdentifiers(group);
                break;
            default: // A35 A41 A42 A44 A45 A50: accounts and visits
                foreach (var group in groups) await MoveVisits(group);
                break;
        }
    }

    Hl7Segment MergeOf(IReadOnlyList<Hl7Segment> group) => group.FirstOrDefault(segment => segment.Name == "MRG") ?? throw MissingSegment("MRG", "what was there before");

    /// <summary>MRG-1, of old senders MRG-4.</summary>
    List<(Key Key, Hl7Value Value)> PriorKeys(Hl7Segment mrg) => KeysOf(mrg[1].HasValue ? mrg[1] : mrg[4]) is { Count: > 0 } keys ? keys : throw Missing(mrg, 1, "the identifier that was there before");

    /// <summary>Two numbers turn out to be one patient: that of MRG is replaced by that of PID.</summary>
    async ValueTask Merge(IReadOnlyList<Hl7Segment> group)
    {
        var mrg = MergeOf(group);
        var keys = PriorKeys(mrg);
        var (survivor, _) = await Person(group);
        var prior = await Known(keys, mayBeMerged: true);
        if (prior is not null && prior.Id == survivor.Id)
        {
            // One record had both numbers already.
            Retire(survivor, keys.Select(one => one.Key));
            return;
        }
        if (prior is not null && await IsSame(prior, survivor)) return;
        if (prior is null)
        {
            prior = changes.Begin("Patient", Guid.CreateVersion7().ToString("D"));
            changes.Name(prior, keys[0].Key, isGuarded: true);
            foreach (var (_, value) in keys) prior.Identify(types.Identifier(value));
            if (mrg[7].HasValue) prior.Put("name", Fhir.Array(mrg[7].Repetitions.Select(value => (JsonNode?)types.HumanName(value))));
        }
        prior.Put("active", false);
        prior.Replace("link", link => link.Text("type") == "replaced-by", [LinkTo(survivor, "replaced-by")]);
        survivor.Add("link", LinkTo(prior, "replaces"));
    }

    static JsonObject LinkTo(Edited patient, string type) => new() { ["other"] = Fhir.Reference(patient.Reference), ["type"] = type };

    static void Retire(Edited patient, IEnumerable<Key> keys)
    {
        foreach (var key in keys)
            foreach (var identifier in patient.Resource.Items("identifier").Where(one => one.Text("system") == key.System && one.Text("value") == key.Value)) identifier["use"] = "old";
    }

    /// <summary>A24 and A37: two records that belong together, or no longer do; neither is changed otherwise.</summary>
    async ValueTask Link(List<List<Hl7Segment>> groups)
    {
        if (groups.Count != 2) throw MissingSegment("PID", "a second patient");
        var (one, other) = (await Patient(groups[0][0], groups[0]), await Patient(groups[1][0], groups[1]));
        if (one.Id == other.Id) return;
        foreach (var (from, to) in new[] { (one, other), (other, one) })
            from.Replace("link", link => link.Text("type") == "seealso" && link["other"].Text("reference") == to.Reference, trigger == "A24" ? [LinkTo(to, "seealso")] : []);
    }

    /// <summary>A46 to A51: a patient has another number than before.</summary>
    async ValueTask ChangeIdentifiers(List<Hl7Segment> group)
    {
        if (trigger == "A49" || trigger == "A51")
        {
            await MoveVisits(group);
            return;
        }
        var keys = PriorKeys(MergeOf(group));
        var (prior, current) = (await Known(keys), await Known(KeysOf(group[0])));
        if (prior is not null && current is not null && prior.Id != current.Id) throw new Hl7Exception(new Hl7Fault(Hl7Error.DuplicateKey, group[0][3].Place, "The new identifier is another patient's. If both are one person, send a merge (A40)."));
        if (prior is not null)
            foreach (var (key, _) in KeysOf(group[0])) changes.Name(prior, key);
        var (patient, _) = await Person(group);
        foreach (var (_, value) in keys) patient.Identify(types.Identifier(value));
        Retire(patient, keys.Select(one => one.Key).Except(KeysOf(group[0]).Select(one => one.Key)));
    }

    /// <summary>A43: a number was another patient's by mistake.</summary>
    async ValueTask MoveIdentifiers(List<Hl7Segment> group)
    {
        var mrg = MergeOf(group);
        var moved = KeysOf(group[0][3]).ConvertAll(one => one.Key);
        var prior = await Known(PriorKeys(mrg));
        var owners = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in KeysOf(group[0]))
            if (await Owner(key, value.Place) is { } owner) owners.Add(owner.Id);
        // The numbers that the wrong one has go; those that are left say who is right.
        if (prior is not null && prior.Resource.Items("identifier").Any(one => moved.Contains(new(one.Text("system"), one.Text("value") ?? ""))) && owners.Count > 1)
        {
            prior.Replace("identifier", one => moved.Contains(new(one.Text("system"), one.Text("value") ?? "")), []);
            var right = owners.First(id => id != prior.Id);
            foreach (var key in moved) changes.Name((await changes.Read("Patient", right))!, key);
        }
        await Person(group);
    }
}
