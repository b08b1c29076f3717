using System.Globalization;
using System.Text.Json.Nodes;

namespace Tervik.Care.Hl7;

/// <content>PV1, PV2 and ROL into the Encounter, and what moves visits from one patient to another.</content>
sealed partial class Mapping
{
    /// <summary>A visit: what it is found by, of which kind that is.</summary>
    readonly record struct VisitName(Key Key, JsonObject? Identifier);

    /// <summary>What names the visit of a PV1: the visit number, the alternate one, the account; null when there is none.</summary>
    VisitName? NameOf(Hl7Segment pv1, Hl7Segment? pid)
    {
        foreach (var (value, type) in new[] { (pv1[19].First, "VN"), (pv1[50].First, null), (pid?[18].First ?? Nothing, "AN") })
            if (types.KeyOf(value) is { } key) return new(key, types.Identifier(value, type));
        return null;
    }

    async ValueTask<Edited> EncounterOf(Edited patient, Hl7Segment pv1, Hl7Segment? pid)
    {
        if (NameOf(pv1, pid) is { } name)
        {
            var encounter = await changes.Find("Encounter", name.Key, pv1[19].Place, patient.Reference)
                ?? await changes.ReadOrBegin("Encounter", changes.IdOf("Encounter", patient.Id, name.Key.System, name.Key.Value));
            if (name.Identifier is { } identifier) encounter.Identify(identifier);
            return encounter;
        }
        // Without any number, a visit is the one that began then.
        var began = Hl7Time.Read(pv1[44].First) ?? occurred;
        Warn(Hl7Error.Required, pv1[19].Place, "PV1-19 is missing: without a visit number, a visit is told from others by its time of admission alone.");
        return await changes.ReadOrBegin("Encounter", changes.IdOf("Encounter", patient.Id, "", began?.Instant(types.Zone) ?? message.ControlId));
    }

    /// <summary>PV1 into the Encounter; null when the message has none that says anything.</summary>
    async ValueTask<Edited?> Visit(Edited patient, IReadOnlyList<Hl7Segment> group)
    {
        if (group.FirstOrDefault(segment => segment.Name == "PV1") is not { } pv1) return null;
        // Who only updates a person sends PV1|1|N: there is no visit.
        if (Enumerable.Range(3, Math.Max(0, pv1.Count - 2)).All(number => !pv1[number].IsSaid) && (trigger is "A28" or "A31" or "A29" or "A60" || pv1[2].Text is "N" or "U" or "")) return null;
        var encounter = await EncounterOf(patient, pv1, group[0]);
        var pv2 = group.FirstOrDefault(segment => segment.Name == "PV2");
        encounter.Put("subject", Fhir.Reference(patient.Reference));
        if (types.Identifier(pv1[50].First) is { } alternate && pv1[19].HasValue) encounter.Identify(alternate);
        if (pv1[2].HasValue || encounter.IsNew) encounter.Put("class", ClassOf(pv1[2].First));
        Status(encounter, pv1);
        encounter.Set("type", pv1[4], () => DataTypes.Concept(pv1[4].First, Tables.AdmissionType, "0007") is { } type ? new JsonArray(type) : null);
        encounter.Set("serviceType", pv1[10], () => DataTypes.Concept(pv1[10].First, table: "0069"));
        await Places(encounter, pv1, pv2);
        foreach (var (field, code, text) in new[] { (pv1[7], "ATND", "attender"), (pv1[8], "REF", "referrer"), (pv1[9], "CON", "consultant"), (pv1[17], "ADM", "admitter"), (pv1[52], "PART", "Participation") })
            await Participants(encounter, field, code, text);
        foreach (var role in group.SkipWhile(segment => segment != pv1).Skip(1).Where(segment => segment.Name == "ROL" && segment[4].HasValue)) await Role(encounter, role);

        encounter.Set("hospitalization", "preAdmissionIdentifier", pv1[5], () => types.Identifier(pv1[5].First));
        encounter.Set("hospitalization", "reAdmission", pv1[13], () => DataTypes.Concept(pv1[13].First, Tables.Readmission, "0092"));
        encounter.Set("hospitalization", "admitSource", pv1[14], () => DataTypes.Concept(pv1[14].First, table: "0023"));
        encounter.Set("hospitalization", "specialArrangement", pv1[15], () => Fhir.Array(pv1[15].Repetitions.Select(value => (JsonNode?)DataTypes.Concept(value, table: "0009"))));
        encounter.Set("hospitalization", "specialCourtesy", pv1[16], () => DataTypes.Concept(pv1[16].First, table: "0099") is { } courtesy ? new JsonArray(courtesy) : null);
        encounter.Set("hospitalization", "dischargeDisposition", pv1[36], () => DataTypes.Concept(pv1[36].First, table: "0112"));
        encounter.Set("hospitalization", "dietPreference", pv1[38], () => DataTypes.Concept(pv1[38].First, table: "0114") is { } diet ? new JsonArray(diet) : null);
        if (pv1[37].HasValue && await Discharge(pv1[37].First) is { } destination) encounter.Set("hospitalization", "destination", pv1[37], () => destination);

        encounter.Set("period", "start", pv1[44], () => types.DateTime(pv1[44].First));
        if (trigger is "A01" or "A04" or "A05" or "A13") Remove(encounter, "end");
        if (trigger != "A13") encounter.Set("period", "end", pv1[45], () => types.DateTime(pv1[45].First));
        CheckPeriod(encounter, pv1);
        if (trigger == "A03" && encounter.Resource["period"].Text("end") is null && occurred is { } ended) encounter.Set("period", "end", message.First("EVN")?[2] ?? message.Header[7], () => ended.DateTime(types.Zone));
        if (encounter.IsNew && (pv1[39].HasValue ? await Organization(new Key(types.Namespaces.Sender, pv1[39].Text), pv1[39].Text, null, null) : await Authority(message.Header[4])) is { } provider) encounter.Put("serviceProvider", provider);
        if (pv2 is not null)
        {
            encounter.Set("reasonCode", pv2[3], () => DataTypes.Concept(pv2[3].First) is { } reason ? new JsonArray(reason) : null);
            encounter.Set("priority", pv2[25], () => DataTypes.Concept(pv2[25].First, Tables.Priority, "0217"));
            encounter.Set("length", pv2[11], () => DataTypes.Number(pv2[11].Text) is { } days ? Fhir.Object(("value", days), ("unit", "days"), ("system", "http://unitsofmeasure.org"), ("code", "d")) : null);
            encounter.Extension("http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedStartDate", pv2[8], "valueDateTime", () => types.DateTime(pv2[8].First));
            encounter.Extension("http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate", pv2[9], "valueDateTime", () => types.DateTime(pv2[9].First));
            foreach (var value in pv2[13].Repetitions)
                if (await Person(value) is { } source) encounter.Add("participant", new() { ["type"] = new JsonArray(Typed(V3Participation, "REF", "referrer")), ["individual"] = source });
        }
        return encounter;
    }

    static void Remove(Edited encounter, string member)
    {
        if (encounter.Resource["period"] is not JsonObject period) return;
        period.Remove(member);
        if (period.Count == 0) encounter.Resource.Remove("period");
    }

    static void CheckPeriod(Edited encounter, Hl7Segment pv1)
    {
        if (encounter.Resource["period"] is not JsonObject period || period.Text("start") is not { } start || period.Text("end") is not { } end) return;
        if (DateTimeOffset.TryParse(start, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var from) && DateTimeOffset.TryParse(end, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var to) && from > to)
            throw new Hl7Exception(new Hl7Fault(Hl7Error.DataType, pv1[45].IsSaid ? pv1[45].Place : pv1[44].Place, "The visit would end (PV1-45) before it begins (PV1-44)."));
    }

    static JsonObject ClassOf(Hl7Value value) => Tables.PatientClass.TryGetValue(value[1].Text, out var meaning) ? DataTypes.Coding(meaning)
        : DataTypes.Concept(value, table: "0004").Items("coding").FirstOrDefault()?.DeepClone().AsObject() ?? Fhir.Object(("system", "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"), ("code", "UNK"), ("display", "unknown"))!;

    /// <summary>Status by what happened; where the event says nothing of it, it stays, and of a visit that is new it follows from class and times.</summary>
    /// <remarks>Source: the map Event[EncounterStatus]; A04 is in progress, since it says that somebody has arrived.</remarks>
    void Status(Edited encounter, Hl7Segment pv1)
    {
        var status = trigger switch
        {
            "A01" or "A02" or "A04" or "A06" or "A07" or "A12" or "A13" or "A17" or "A22" or "A32" or "A33" or "A52" => "in-progress",
            "A03" => "finished",
            "A05" or "A14" => "planned",
            "A09" or "A10" => encounter.Resource.Text("status") is { } before and not "planned" ? before : trigger == "A10" ? "arrived" : "in-progress",
            "A11" or "A27" or "A38" => "cancelled",
            "A21" or "A53" => "onleave",
            "A23" => "entered-in-error",
            "S15" or "S16" or "S26" => "cancelled",
            "S17" => "entered-in-error",
            _ => null,
        };
        if (status is null && !encounter.IsNew) return;
        status ??= message.Type == "SIU" ? "planned" : pv1[45].HasValue && trigger is not ("A15" or "A16" or "A25" or "A26") ? "finished" : trigger is "A15" or "A16" or "A25" or "A26" ? "in-progress" : pv1[2][1].Text is "P" ? "planned" : pv1[2][1].Text is "U" or "" ? "unknown" : "in-progress";
        encounter.Put("status", status);
    }

    async ValueTask Participants(Edited encounter, Hl7Field field, string code, string text)
    {
        if (!field.IsSaid) return;
        var people = new List<JsonObject?>();
        foreach (var value in field.Repetitions)
            if (await Person(value) is { } person)
                people.Add(new() { ["type"] = new JsonArray(Typed(V3Participation, code, text)), ["individual"] = person });
        encounter.Replace("participant", participant => participant.Items("type").Any(type => type.Has(code)), people);
    }

    static JsonObject Typed(string system, string code, string text)
    {
        var concept = Fhir.Concept(system, code, null);
        concept["text"] = text;
        return concept;
    }

    async ValueTask Role(Edited encounter, Hl7Segment role)
    {
        foreach (var value in role[4].Repetitions)
        {
            if (await Person(value) is not { } person) continue;
            var participant = Fhir.Object(("type", Fhir.Array(DataTypes.Concept(role[3].First, table: "0443"))), ("period", types.Period(role[5].First, role[6].First)), ("individual", person))!;
            if (role[2].Text == "DE") encounter.Replace("participant", one => one["individual"].Text("reference") is { } who && who == person.Text("reference") && JsonNode.DeepEquals(one["type"], participant["type"]), []);
            else encounter.Add("participant", participant);
        }
    }

    /// <summary>PV1-3, -6, -11, -42: where the patient is, was, will be.</summary>
    async ValueTask Places(Edited encounter, Hl7Segment pv1, Hl7Segment? pv2)
    {
        var now = pv1[3].HasValue ? await Place(pv1[3].First) : null;
        if (now is not null)
        {
            var isPlanned = encounter.Resource.Text("status") is "planned";
            var places = encounter.Resource.Items("location").Select(one => one.DeepClone().AsObject()).ToList();
            foreach (var place in places.Where(place => place.Text("status") is "active" or "planned" && place["location"].Text("reference") != now.Text("reference")))
            {
                if (place.Text("status") == "planned")
                {
                    place["status"] = "gone";
                    continue;
                }
                place["status"] = "completed";
                if (trigger is "A02" or "A06" or "A07" or "A17" && occurred is { HasTime: true } left && (place["period"] as JsonObject)?.ContainsKey("end") != true)
                    if (place["period"] is JsonObject period) period["end"] = left.DateTime(types.Zone);
            }
            places.RemoveAll(place => place.Text("status") == "gone");
            var status = encounter.Resource.Text("status") is "finished" ? "completed" : isPlanned ? "planned" : "active";
            if (places.Find(place => place["location"].Text("reference") == now.Text("reference")) is { } here) here["status"] = status;
            else places.Add(new() { ["location"] = now, ["status"] = status });
            encounter.Resource["location"] = new JsonArray([.. places]);
        }
        else if (pv1[3].IsNull) encounter.Replace("location", place => place.Text("status") == "active", []);
        else if (encounter.Resource.Text("status") is "finished")
            foreach (var place in encounter.Resource.Items("location").Where(place => place.Text("status") == "active")) place["status"] = "completed";
        foreach (var (field, status) in new[] { (pv1[6], "completed"), (pv1[11], "active"), (pv1[42], "reserved"), (pv2?[1] ?? default, "planned") })
        {
            if (!field.HasValueOrDefault || await Place(field.First) is not { } other) continue;
            if (!encounter.Resource.Items("location").Any(place => place["location"].Text("reference") == other.Text("reference"))) encounter.Add("location", new() { ["location"] = other, ["status"] = status });
        }
    }

    /// <summary>DLD.</summary>
    async ValueTask<JsonObject?> Discharge(Hl7Value dld)
    {
        if ((dld[1].Sub(1).Said ?? dld[1].Said) is not { } code) return null;
        var location = await changes.ReadOrBegin("Location", changes.IdOf("Location", types.Namespaces.Sender, "discharged", code));
        if (location.IsNew)
        {
            location.Put("identifier", Fhir.Array(DataTypes.Identifier(new(types.Namespaces.Sender, code))));
            location.Put("name", dld[1].Sub(2).Said ?? code);
        }
        return Fhir.Reference(location.Reference, location.Resource.Text("name"));
    }

    /// <summary>Visits and accounts that were another patient's, or have another number (A35, A41, A42, A44, A45, A49 to A51).</summary>
    async ValueTask MoveVisits(List<Hl7Segment> group)
    {
        var mrg = MergeOf(group);
        var prior = mrg[1].HasValue ? await Known(KeysOf(mrg[1])) : null;
        var patient = await Patient(group[0], [.. group.TakeWhile(segment => segment.Name != "PV1")]);
        foreach (var nk1 in group.Where(segment => segment.Name == "NK1")) await Kin(patient, nk1);
        var from = prior ?? patient;
        var numbers = (trigger is "A51" ? mrg[6] : trigger is "A42" or "A45" or "A50" ? mrg[5] : mrg[3]).Repetitions.Select(value => (Key: types.KeyOf(value), Value: value)).Where(one => one.Key is not null).ToList();
        if (trigger is "A35" or "A41" or "A44" or "A49" && numbers.Count == 0) numbers = [.. mrg[3].Repetitions.Select(value => (types.KeyOf(value), value))];
        foreach (var (key, value) in numbers)
        {
            if (await changes.Find("Encounter", key!.Value, value.Place, from.Reference) is not { } moved) continue;
            switch (trigger)
            {
                case "A44" or "A45": // it was the other patient's by mistake
                    moved.Put("subject", Fhir.Reference(patient.Reference));
                    break;
                case "A42" or "A35" or "A41" when group.FirstOrDefault(segment => segment.Name == "PV1") is { } pv1 && NameOf(pv1, group[0]) is { } name && name.Key != key.Value: // two numbers were one visit
                    var kept = await EncounterOf(patient, pv1, group[0]);
                    if (kept.Id == moved.Id) break;
                    moved.Put("status", "entered-in-error");
                    var old = DataTypes.Identifier(key.Value, "VN");
                    old["use"] = "old";
                    kept.Identify(old);
                    break;
                default: // it has another number now
                    moved.Identify(types.Identifier(value));
                    Retire(moved, [key.Value]);
                    foreach (var said in group.Where(segment => segment.Name == "PV1").SelectMany(segment => (trigger == "A51" ? segment[50] : segment[19]).Repetitions)) moved.Identify(types.Identifier(said, "VN"));
                    if (trigger == "A49" && types.Identifier(group[0][18].First, "AN") is { } account) moved.Identify(account);
                    break;
            }
        }
        if (trigger is not ("A50" or "A51" or "A49" or "A44" or "A45")) await Visit(patient, group);
    }

    /// <summary>A20: NPU tells the state of beds.</summary>
    async ValueTask BedStatus()
    {
        var beds = message.All("NPU").ToList();
        if (beds.Count == 0) throw MissingSegment("NPU", "a bed");
        foreach (var npu in beds)
        {
            if (!npu[1].HasValue) throw Missing(npu, 1, "a bed");
            if (await Place(npu[1].First) is not { } bed || bed.Text("reference") is not { } reference || await changes.Read("Location", reference["Location/".Length..]) is not { } location) throw Missing(npu, 1, "a bed");
            location.Set("operationalStatus", npu[2], () => DataTypes.Concept(npu[2].First, table: "0116").Items("coding").FirstOrDefault()?.DeepClone());
        }
    }
}
