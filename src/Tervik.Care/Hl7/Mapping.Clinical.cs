using System.Globalization;
using System.Text.Json.Nodes;

namespace Tervik.Care.Hl7;

/// <content>AL1, IAM, DG1, PR1, OBX and IN1.</content>
sealed partial class Mapping
{
    const string AllergyClinical = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", AllergyVerification = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
    const string ConditionClinical = "http://terminology.hl7.org/CodeSystem/condition-clinical", ConditionVerification = "http://terminology.hl7.org/CodeSystem/condition-ver-status";

    async ValueTask Clinical(Edited patient, Edited? encounter, IReadOnlyList<Hl7Segment> group)
    {
        Edited? allergy = null;
        Edited? observation = null;
        foreach (var segment in group)
        {
            switch (segment.Name)
            {
                case "AL1":
                    allergy = await Allergy(patient, segment);
                    break;
                case "IAM":
                    allergy = await Adverse(patient, segment);
                    break;
                case "IAR" when allergy is not null:
                    if (DataTypes.Concept(segment[1].First) is { } manifestation) React(allergy, [manifestation], Tables.Severity.GetValueOrDefault(segment[2].Text));
                    break;
                case "DG1":
                    await Diagnosis(patient, encounter, segment);
                    break;
                case "PR1":
                    await Procedure(patient, encounter, segment);
                    break;
                case "OBX":
                    observation = await Observation(patient, encounter, segment);
                    break;
                case "IN1":
                    await Insurance(patient, segment);
                    break;
                case "NTE" when Previous(group, segment) is "IAM" or "AL1" or "IAR" && allergy is not null:
                    if (segment[3].HasValue) allergy.Add("note", new() { ["text"] = segment[3].Whole });
                    break;
                case "NTE" when Previous(group, segment) is "OBX" && observation is not null:
                    if (segment[3].HasValue) observation.Add("note", new() { ["text"] = segment[3].Whole });
                    break;
            }
        }
    }

    /// <summary>What a note is about: the segment before it that is none.</summary>
    static string? Previous(IReadOnlyList<Hl7Segment> group, Hl7Segment note) => group.TakeWhile(segment => segment != note).LastOrDefault(segment => segment.Name != "NTE")?.Name;

    /// <summary>What a code is told from others by: code and system, else its text.</summary>
    static string NameOfCode(JsonObject concept) => concept.Items("coding").FirstOrDefault() is { } coding ? $"{coding.Text("system")}|{coding.Text("code")}" : concept.Text("text") ?? "";

    async ValueTask<Edited> Allergy(Edited patient, Hl7Segment al1)
    {
        if (DataTypes.Concept(al1[3].First) is not { } code) throw Missing(al1, 3, "what the patient is allergic to");
        var allergy = await changes.ReadOrBegin("AllergyIntolerance", changes.IdOf("AllergyIntolerance", patient.Id, NameOfCode(code)));
        BeginAllergy(allergy, patient, code);
        Kind(allergy, al1[2]);
        allergy.Set("criticality", al1[4], () => Tables.Criticality.GetValueOrDefault(al1[4][1].Text));
        if (al1[5].HasValue) React(allergy, al1[5].Repetitions.Select(value => value[1].Said is { } manifestation ? new JsonObject { ["text"] = manifestation } : null).OfType<JsonObject>(), Tables.Severity.GetValueOrDefault(al1[4][1].Text));
        allergy.Set("onsetDateTime", al1[6], () => types.DateTime(al1[6].First));
        return allergy;
    }

    static void BeginAllergy(Edited allergy, Edited patient, JsonObject code)
    {
        allergy.Put("patient", Fhir.Reference(patient.Reference));
        allergy.Put("code", code);
        if (!allergy.Resource.ContainsKey("clinicalStatus") && !(allergy.Resource["verificationStatus"]?.Has("entered-in-error") ?? false)) allergy.Put("clinicalStatus", Fhir.Concept(AllergyClinical, "active"));
    }

    static void Kind(Edited allergy, Hl7Field field)
    {
        var kind = field[1].Text;
        allergy.Set("category", field, () => Fhir.Texts(Tables.AllergyCategory.GetValueOrDefault(kind)));
        if (kind is "DA" or "FA" or "MA" or "EA" or "AA" or "PA" or "LA") allergy.Put("type", "allergy");
    }

    static void React(Edited allergy, IEnumerable<JsonObject> manifestations, string? severity)
    {
        foreach (var manifestation in manifestations)
            allergy.Replace("reaction", reaction => JsonNode.DeepEquals((reaction["manifestation"] as JsonArray)?[0], manifestation),
                [Fhir.Object(("manifestation", new JsonArray(manifestation.DeepClone())), ("severity", severity))]);
    }

    async ValueTask<Edited> Adverse(Edited patient, Hl7Segment iam)
    {
        var identifier = types.KeyOfEntity(iam[7].First);
        if (DataTypes.Concept(iam[3].First) is not { } code)
        {
            if (DataTypes.Concept(iam[27].First) is not { } clinician) throw Missing(iam, 3, "what the patient is allergic to");
            code = clinician;
        }
        else if (DataTypes.Concept(iam[27].First).Items("coding").ToList() is { Count: > 0 } others)
        {
            if (code["coding"] is not JsonArray) code["coding"] = new JsonArray();
            foreach (var other in others)
                if (!code.Items("coding").Any(one => JsonNode.DeepEquals(one, other))) code["coding"]!.AsArray().Add(other.DeepClone());
        }
        var allergy = (identifier is { } key ? await changes.Find("AllergyIntolerance", key, iam[7].Place, patient.Reference) : null)
            ?? await changes.ReadOrBegin("AllergyIntolerance", changes.IdOf("AllergyIntolerance", patient.Id, identifier is { } named ? $"{named.System}|{named.Value}" : NameOfCode(code)));
        BeginAllergy(allergy, patient, code);
        allergy.Identify(types.EntityIdentifier(iam[7].First));
        Kind(allergy, iam[2]);
        allergy.Set("criticality", iam[4], () => Tables.Criticality.GetValueOrDefault(iam[4][1].Text));
        if (iam[9][1].Text is "IN" or "NA") allergy.Put("type", "intolerance");
        else if (iam[9][1].Text is "AL") allergy.Put("type", "allergy");
        if (iam[5].HasValue) React(allergy, iam[5].Repetitions.Select(value => DataTypes.Concept(value)).OfType<JsonObject>(), Tables.Severity.GetValueOrDefault(iam[4][1].Text));
        if (types.DateTime(iam[11].First) is { } onset) allergy.Put("onsetDateTime", onset);
        else if (iam[12].HasValue) allergy.Put("onsetString", iam[12].Text);
        allergy.Set("recordedDate", iam[13], () => types.DateTime(iam[13].First));
        var status = iam[17][1].Text.ToUpperInvariant();
        if (iam[6][1].Text == "D" || status == "E")
        {
            // ait-2: what never was has no clinical status.
            allergy.Resource.Remove("clinicalStatus");
            allergy.Put("verificationStatus", Fhir.Concept(AllergyVerification, "entered-in-error"));
            return allergy;
        }
        if (allergy.Resource["verificationStatus"]?.Has("entered-in-error") ?? false) allergy.Resource.Remove("verificationStatus");
        allergy.Put("clinicalStatus", Fhir.Concept(AllergyClinical, status == "I" ? "inactive" : "active"));
        if (status is "C" or "U" or "P" or "S" or "D") allergy.Put("verificationStatus", Fhir.Concept(AllergyVerification, status switch { "C" => "confirmed", "D" => "refuted", _ => "unconfirmed" }));
        if (iam[23].HasValue && await Person(iam[23].First) is { } recorder) allergy.Put("recorder", recorder);
        // Who said so, of whom the segment has no more than a name.
        if (iam[15][1].Text == "SEL") allergy.Put("asserter", Fhir.Reference(patient.Reference));
        else if (DataTypes.Display(iam[14].First, from: 1) is { } reporter) allergy.Put("asserter", Fhir.Object(("type", iam[15].HasValue ? "RelatedPerson" : "Practitioner"), ("display", reporter)));
        return allergy;
    }

    async ValueTask Diagnosis(Edited patient, Edited? encounter, Hl7Segment dg1)
    {
        var code = DataTypes.Concept(dg1[3].First);
        // Before 2.3.1 the method in DG1-2 said which system the code is of.
        if (code.Items("coding").FirstOrDefault() is { } coding && !coding.ContainsKey("system") && dg1[2].Text is { Length: > 0 } method && Tables.SystemOf(method) is { } system) coding["system"] = system;
        if (dg1[4].HasValue) (code ??= [])["text"] = code.Text("text") ?? dg1[4].Text;
        if (code is null) throw Missing(dg1, 3, "a diagnosis");
        var identifier = types.KeyOfEntity(dg1[20].First);
        var condition = (identifier is { } key ? await changes.Find("Condition", key, dg1[20].Place, patient.Reference) : null)
            ?? await changes.ReadOrBegin("Condition", changes.IdOf("Condition", patient.Id, encounter?.Id, identifier is { } named ? $"{named.System}|{named.Value}" : NameOfCode(code)));
        condition.Put("subject", Fhir.Reference(patient.Reference));
        condition.Put("code", code);
        condition.Identify(types.EntityIdentifier(dg1[20].First));
        if (encounter is not null) condition.Put("encounter", Fhir.Reference(encounter.Reference));
        condition.Put("category", new JsonArray(Fhir.Concept("http://terminology.hl7.org/CodeSystem/condition-category", "encounter-diagnosis", "Encounter Diagnosis")));
        condition.Set("onsetDateTime", dg1[5], () => types.DateTime(dg1[5].First));
        condition.Set("recordedDate", dg1[19], () => types.DateTime(dg1[19].First));
        if (dg1[16].HasValue && await Person(dg1[16].First) is { } asserter) condition.Put("asserter", asserter);
        var isWrong = dg1[21].Text == "D";
        if (isWrong)
        {
            // con-5: what never was has no clinical status.
            condition.Resource.Remove("clinicalStatus");
            condition.Put("verificationStatus", Fhir.Concept(ConditionVerification, "entered-in-error"));
        }
        else
        {
            if (condition.Resource["verificationStatus"]?.Has("entered-in-error") ?? false) condition.Resource.Remove("verificationStatus");
            if (!condition.Resource.ContainsKey("clinicalStatus")) condition.Put("clinicalStatus", Fhir.Concept(ConditionClinical, "active"));
            if (dg1[6][1].Text is "F" or "W") condition.Put("verificationStatus", Fhir.Concept(ConditionVerification, dg1[6][1].Text == "F" ? "confirmed" : "provisional"));
        }
        encounter?.Replace("diagnosis", diagnosis => diagnosis["condition"].Text("reference") == condition.Reference, isWrong ? [] :
            [Fhir.Object(("condition", Fhir.Reference(condition.Reference)), ("use", DataTypes.Concept(dg1[6].First, Tables.DiagnosisType, "0052")), ("rank", DataTypes.PositiveInt(dg1[15].Text)))]);
    }

    async ValueTask Procedure(Edited patient, Edited? encounter, Hl7Segment pr1)
    {
        var code = DataTypes.Concept(pr1[3].First);
        if (code.Items("coding").FirstOrDefault() is { } coding && !coding.ContainsKey("system") && pr1[2].Text is { Length: > 0 } method && Tables.SystemOf(method) is { } system) coding["system"] = system;
        if (pr1[4].HasValue && code.Text("text") is null) (code ??= [])["text"] = pr1[4].Text;
        if (code is null) throw Missing(pr1, 3, "a procedure");
        var (identifier, at) = (types.KeyOfEntity(pr1[19].First), Hl7Time.Read(pr1[5].First));
        var procedure = (identifier is { } key ? await changes.Find("Procedure", key, pr1[19].Place, patient.Reference) : null)
            ?? await changes.ReadOrBegin("Procedure", changes.IdOf("Procedure", patient.Id, identifier is { } named ? $"{named.System}|{named.Value}" : $"{NameOfCode(code)}|{at?.DateTime(types.Zone)}"));
        procedure.Identify(types.EntityIdentifier(pr1[19].First));
        procedure.Put("subject", Fhir.Reference(patient.Reference));
        procedure.Put("code", code);
        if (encounter is not null) procedure.Put("encounter", Fhir.Reference(encounter.Reference));
        // The segment does not say whether it was done; what lies behind the message was.
        procedure.Put("status", pr1[20].Text == "D" ? "entered-in-error" : at is { } done && occurred is { } told && done.At(types.Zone) <= told.At(types.Zone) ? "completed" : "unknown");
        procedure.Set("category", pr1[6], () => DataTypes.Concept(pr1[6].First, table: "0230"));
        if (at is { } begun)
        {
            var minutes = begun.HasTime && double.TryParse(pr1[7].Text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var sent) && sent is > 0 and < 100_000 ? sent : 0;
            procedure.Resource.Remove(minutes > 0 ? "performedDateTime" : "performedPeriod");
            if (minutes > 0) procedure.Put("performedPeriod", new JsonObject { ["start"] = begun.DateTime(types.Zone), ["end"] = Written(begun.At(types.Zone).AddMinutes(minutes)) });
            else procedure.Put("performedDateTime", begun.DateTime(types.Zone));
        }
        var performers = new List<JsonObject?>();
        foreach (var (field, function) in new[] { (pr1[8], "88189002"), (pr1[11], "304292004"), (pr1[12], null) })
            foreach (var value in field.Repetitions)
                if (await Person(value) is { } actor) performers.Add(Fhir.Object(("function", function is null ? null : Fhir.Concept("http://snomed.info/sct", function)), ("actor", actor)));
        if (performers.Count > 0) procedure.Replace("performer", _ => true, performers);
        procedure.Set("reasonCode", pr1[15], () => Fhir.Array(pr1[15].Repetitions.Select(value => (JsonNode?)DataTypes.Concept(value))));
        if (pr1[23].HasValue && await Place(pr1[23].First) is { } location) procedure.Put("location", location);
    }

    /// <summary>A moment as FHIR writes it, to the second.</summary>
    static string Written(DateTimeOffset time) => time.Offset == TimeSpan.Zero ? time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) : time.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);

    async ValueTask<Edited?> Observation(Edited patient, Edited? encounter, Hl7Segment obx)
    {
        if (DataTypes.Concept(obx[3].First) is not { } code) throw Missing(obx, 3, "what was observed");
        var kind = obx[2].Text.ToUpperInvariant();
        if (kind is "ED" or "RP")
        {
            Warn(Hl7Error.DataType, obx[5].Place, "A document inside OBX-5 is not taken by this message; it was left out.");
            return null;
        }
        var identifier = types.KeyOfEntity(obx[21].First);
        var at = Hl7Time.Read(obx[14].First);
        var observation = (identifier is { } key ? await changes.Find("Observation", key, obx[21].Place, patient.Reference) : null)
            ?? await changes.ReadOrBegin("Observation", changes.IdOf("Observation", patient.Id, encounter?.Id, NameOfCode(code), obx[4].Text, (at ?? occurred)?.DateTime(types.Zone)));
        observation.Identify(types.EntityIdentifier(obx[21].First));
        observation.Put("subject", Fhir.Reference(patient.Reference));
        observation.Put("code", code);
        if (encounter is not null) observation.Put("encounter", Fhir.Reference(encounter.Reference));
        observation.Put("status", Tables.ResultStatus.GetValueOrDefault(obx[11].Text, obx[11].HasValue ? "unknown" : "final"));
        observation.Set("effectiveDateTime", obx[14], () => at?.DateTime(types.Zone));
        foreach (var name in observation.Resource.Select(member => member.Key).Where(name => name.StartsWith("value", StringComparison.Ordinal) || name is "component" or "dataAbsentReason").ToList()) observation.Resource.Remove(name);
        if (obx[5].Repetitions is { Count: > 1 } several && kind is not ("TX" or "FT" or "NA"))
            observation.Put("component", Fhir.Array(several.Select(value => ValueOf(kind, value, value.Raw, obx) is { } one ? new JsonObject { ["code"] = code.DeepClone(), [one.Name] = one.Value } : null)));
        else if (obx[5].HasValue && ValueOf(kind, obx[5].First, obx[5].Whole, obx) is { } one) observation.Put(one.Name, one.Value);
        else if (!obx[5].HasValue) observation.Put("dataAbsentReason", Fhir.Concept("http://terminology.hl7.org/CodeSystem/data-absent-reason", obx[11].Text == "N" ? "not-asked" : obx[11].Text == "X" ? "error" : "unknown"));
        observation.Set("interpretation", obx[8], () => Fhir.Array(obx[8].Repetitions.Select(value => (JsonNode?)Interpretation(value))));
        observation.Set("referenceRange", obx[7], () => new JsonArray(new JsonObject { ["text"] = obx[7].Whole }));
        observation.Set("method", obx[17], () => DataTypes.Concept(obx[17].First));
        observation.Set("bodySite", obx[20], () => DataTypes.Concept(obx[20].First));
        var performers = new List<JsonObject?>();
        foreach (var value in obx[16].Repetitions) performers.Add(await Person(value));
        if (obx[23].HasValue) performers.Add(await Organization(obx[23].First, obx[24]));
        if (performers.OfType<JsonObject>().Any()) observation.Replace("performer", _ => true, performers);
        return observation;
    }

    /// <summary>0078 has the codes of v3-ObservationInterpretation.</summary>
    static JsonObject? Interpretation(Hl7Value value)
    {
        if (DataTypes.Concept(value) is not { } concept) return null;
        if (concept.Items("coding").FirstOrDefault() is { } coding && (!coding.ContainsKey("system") || coding.Text("system") == Tables.TableOf("0078"))) coding["system"] = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
        return concept;
    }

    (string Name, JsonNode Value)? ValueOf(string kind, Hl7Value value, string whole, Hl7Segment obx)
    {
        (string, JsonNode)? Text(string? text) => string.IsNullOrWhiteSpace(text) ? null : ("valueString", JsonValue.Create(text));
        switch (kind)
        {
            case "NM":
                return DataTypes.Quantity(value.Text, obx[6].First) is { } number ? ("valueQuantity", number) : Text(value.Text);
            case "SN":
                var (comparator, first, separator, second) = (value[1].Text, value[2].Text, value[3].Text, value[4].Text);
                if (separator == "-" && DataTypes.Quantity(first, obx[6].First) is { } low && DataTypes.Quantity(second, obx[6].First) is { } high) return ("valueRange", new JsonObject { ["low"] = low, ["high"] = high });
                if (separator is ":" or "/" && DataTypes.Quantity(first, Nothing) is { } numerator && DataTypes.Quantity(second, Nothing) is { } denominator) return ("valueRatio", new JsonObject { ["numerator"] = numerator, ["denominator"] = denominator });
                if (separator.Length == 0 && comparator is "" or "=" or "<" or ">" or "<=" or ">=" && DataTypes.Quantity(first, obx[6].First, comparator is "" or "=" ? null : comparator) is { } quantity) return ("valueQuantity", quantity);
                return Text(string.Concat(comparator, first, separator, second));
            case "CE" or "CWE" or "CNE" or "CF" or "IS" or "ID" or "CD":
                return DataTypes.Concept(value) is { } concept ? ("valueCodeableConcept", concept) : null;
            case "DT" or "TS" or "DTM":
                return types.DateTime(value) is { } time ? ("valueDateTime", JsonValue.Create(time)) : null;
            case "TM" when value.Text is { Length: 4 or 6 } clock && clock.All(char.IsAsciiDigit) && TimeOnly.TryParseExact(clock.PadRight(6, '0'), "HHmmss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var hour):
                return ("valueTime", JsonValue.Create(hour.ToString("HH:mm:ss", CultureInfo.InvariantCulture)));
            case "DR":
                return types.Period(value[1], value[2]) is { } period ? ("valuePeriod", period) : null;
            case "NR" when DataTypes.Quantity(value[1].Text, obx[6].First) is { } from && DataTypes.Quantity(value[2].Text, obx[6].First) is { } to:
                return ("valueRange", new JsonObject { ["low"] = from, ["high"] = to });
            default:
                return Text(kind is "TX" or "FT" ? whole : message.Delimiters.Unescape(whole));
        }
    }

    /// <summary>IN1-16: the patient, when name and birth say so; else somebody related.</summary>
    async ValueTask<Edited> Subscriber(Edited patient, Hl7Segment in1, JsonObject name)
    {
        var born = DataTypes.Date(in1[18].First);
        if (patient.Resource.Items("name").Any(own => own.Text("family") == name.Text("family") && JsonNode.DeepEquals(own["given"], name["given"])) && (born is null || born == patient.Resource.Text("birthDate"))) return patient;
        var person = await changes.ReadOrBegin("RelatedPerson", changes.IdOf("RelatedPerson", patient.Id, "subscriber", in1[16].First.Raw));
        person.Put("patient", Fhir.Reference(patient.Reference));
        if (person.IsNew) person.Put("active", true);
        person.Put("name", new JsonArray(name));
        if (DataTypes.Concept(in1[17].First, Tables.Relationship, "0063") is { } relationship) person.Put("relationship", new JsonArray(relationship));
        person.Put("birthDate", born);
        if (in1[43].HasValue) person.Put("gender", Tables.Sex.GetValueOrDefault(in1[43].Text, "unknown"));
        if (types.Address(in1[19].First) is { } address) person.Put("address", new JsonArray(address));
        return person;
    }

    async ValueTask Insurance(Edited patient, Hl7Segment in1)
    {
        var plan = DataTypes.Concept(in1[2].First, table: "0072");
        var company = in1[3][1].Said;
        if (plan is null && company is null && !in1[4].HasValue) throw Missing(in1, 3, "an insurance company or a plan");
        var coverage = await changes.ReadOrBegin("Coverage", changes.IdOf("Coverage", patient.Id, company, in1[2][1].Text, in1[36].Text, in1[49][1].Text));
        coverage.Put("beneficiary", Fhir.Reference(patient.Reference));
        coverage.Put("status", DataTypes.Concept(in1[6].First) is null && in1[13].HasValue && Hl7Time.Read(in1[13].First) is { } ends && occurred is { } told && ends.At(types.Zone) < told.At(types.Zone) ? "cancelled" : "active");
        foreach (var value in in1[49].Repetitions) coverage.Identify(types.Identifier(value));
        if (plan is not null && in1[2][1].Said is { } planId) coverage.Identify(DataTypes.Identifier(new(Tables.SystemOf(in1[2][3].Text) ?? types.Namespaces.Sender, planId)));
        coverage.Set("subscriberId", in1[36], () => in1[36].Text);
        coverage.Set("type", in1[15], () => DataTypes.Concept(in1[15].First, table: "0086"));
        if (types.Period(in1[12].First, in1[13].First) is { } period) coverage.Put("period", period);
        JsonObject? payor = null;
        if (company is not null) payor = await Organization(new Key(types.Namespaces.SystemOf(in1[3][4]) ?? types.Namespaces.Sender, company), in1[4][1].Said, in1[3][5].Said, in1[5]);
        else if (in1[4].HasValue) payor = await Organization(in1[4].First, in1[5]);
        coverage.Put("payor", new JsonArray(payor ?? Fhir.Object(("display", in1[2][2].Said ?? in1[2][1].Text))!));
        coverage.Set("relationship", in1[17], () => Tables.Subscriber.TryGetValue(in1[17][1].Text, out var known) ? Fhir.Concept("http://terminology.hl7.org/CodeSystem/subscriber-relationship", known) : DataTypes.Concept(in1[17].First, table: "0063"));
        if (in1[17][1].Text is "SEL") coverage.Put("subscriber", Fhir.Reference(patient.Reference));
        else if (in1[16].HasValue && types.HumanName(in1[16].First) is { } name) coverage.Put("subscriber", Fhir.Reference((await Subscriber(patient, in1, name)).Reference));
        foreach (var (field, kind) in new[] { (in1[8], "group"), (in1[2], "plan") })
            coverage.Replace("class", field, one => one["type"].Has(kind), () => [field[1].Said is { } value
                ? Fhir.Object(("type", Fhir.Concept("http://terminology.hl7.org/CodeSystem/coverage-class", kind)), ("value", value), ("name", kind == "group" ? in1[9][1].Said : in1[2][2].Said)) : null]);
    }
}
