using System.Text;
using System.Text.Json.Nodes;
using Tervik.Care.Hl7;
using Tervik.Storage;

namespace Tervik.Care.Tests.Hl7;

/// <summary>ADT: what messages make of the record.</summary>
public sealed class AdmissionTests
{
    const string Event = "EVN|A01|202601020300+0100", Jane = "PID|1||12^^^HOSP&1.2.3&ISO^MR||Doe^Jane^M||19800203|F|||Main Street 1^^Town^^1000^DK^H||555^PRN^PH||da|M";
    static readonly string Visit = Pv1((2, "I"), (3, "W3^12^2^HOSP"), (7, "77^House^Gregory^^^Dr^^^DOCS"), (44, "202601020200+0100"));

    /// <summary>Of the visit V1, unless another is said.</summary>
    static string Pv1(params (int Number, string Value)[] fields) => Hospital.Segment("PV1", [(19, "V1"), .. fields]);

    static string Text(JsonNode? node, params object[] path)
    {
        foreach (var step in path) node = step is int i ? node![i] : node![(string)step];
        return node is JsonValue value && value.TryGetValue<string>(out var text) ? text : node!.ToJsonString();
    }

    [Theory]
    [InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task An_admission_brings_the_patient_the_visit_and_where_it_is_with_who_says_so(Engine engine)
    {
        await using var hospital = await Hospital.Open(engine);
        await hospital.Told("ADT^A01^ADT_A01", Event, Jane, Visit, "AL1|1|DA|PEN^Penicillin^L|SV|Rash|20200101", "DG1|1||I21^Infarct^I10||20260102|W", "OBX|1|NM|8867-4^Heart rate^LN||72|/min^per minute^UCUM|60-100|N|||F|||202601020215", "IN1|1|GOLD^Gold plan|INS1|Insurer|||||||||||||SEL", "ZZZ|anything");
        var (patient, encounter) = (await hospital.The("Patient"), await hospital.The("Encounter"));
        Assert.Equal(("urn:oid:1.2.3", "12", "Doe", "1980-02-03", "female"), (Text(patient, "identifier", 0, "system"), Text(patient, "identifier", 0, "value"), Text(patient, "name", 0, "family"), Text(patient, "birthDate"), Text(patient, "gender")));
        Assert.Equal(("in-progress", "IMP", "V1", "2026-01-02T02:00:00+01:00"), (Text(encounter, "status"), Text(encounter, "class", "code"), Text(encounter, "identifier", 0, "value"), Text(encounter, "period", "start")));
        Assert.Equal(["Bed", "Room", "Site", "Ward"], (await hospital.All("Location")).Select(place => Text(place, "physicalType", "coding", 0, "display")).Order());
        Assert.Equal("2", Text((await hospital.All("Location")).Single(place => "Location/" + Text(place, "id") == Text(encounter, "location", 0, "location", "reference")), "name"));
        Assert.Equal(("ATND", $"Practitioner/{Text(await hospital.The("Practitioner"), "id")}"), (Text(encounter, "participant", 0, "type", 0, "coding", 0, "code"), Text(encounter, "participant", 0, "individual", "reference")));
        var (allergy, condition, observation, coverage) = (await hospital.The("AllergyIntolerance"), await hospital.The("Condition"), await hospital.The("Observation"), await hospital.The("Coverage"));
        Assert.Equal(("medication", "high", "Rash", "2020-01-01"), (Text(allergy, "category", 0), Text(allergy, "criticality"), Text(allergy, "reaction", 0, "manifestation", 0, "text"), Text(allergy, "onsetDateTime")));
        Assert.Equal(("I21", "provisional"), (Text(condition, "code", "coding", 0, "code"), Text(condition, "verificationStatus", "coding", 0, "code")));
        Assert.Equal(("72", "http://unitsofmeasure.org", "final"), (Text(observation, "valueQuantity", "value"), Text(observation, "valueQuantity", "system"), Text(observation, "status")));
        Assert.Equal(($"Patient/{Text(patient, "id")}", "self"), (Text(coverage, "subscriber", "reference"), Text(coverage, "relationship", "coding", 0, "code")));
        // Each write is in the log of the patient concerned, and noted with its source.
        Assert.Contains(hospital.Logged, one => one.Interaction.Type == "Encounter" && one.Resources is [{ Compartments: [var whose] }] && whose == hospital.Store.Keys.Reference($"Patient/{Text(patient, "id")}"));
        var notes = await hospital.All("Provenance");
        Assert.Equal(2, notes.Count); // of the patient, and of what is nobody's
        Assert.All(notes, note => Assert.Equal(("client/his", "1"), (Text(note, "agent", 0, "who", "display"), Text(note, "entity", 0, "what", "identifier", "value"))));
    }

    [Theory]
    [InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task The_same_message_a_second_time_has_the_same_answer_and_changes_nothing(Engine engine)
    {
        await using var hospital = await Hospital.Open(engine);
        var text = hospital.Text("ADT^A01^ADT_A01", Event, Jane, Visit);
        var first = await hospital.Take(text);
        var count = await hospital.Count();
        Assert.Equal((first.Text, count), ((await hospital.Take(text)).Text, await hospital.Count()));
        // The same control id for something else is something else: some senders begin to count again.
        Assert.Equal("AA", (await hospital.Take(text.Replace("^Jane^", "^Joan^", StringComparison.Ordinal))).Messages[0].Code);
        Assert.Equal("Joan", Text(await hospital.The("Patient"), "name", 0, "given", 0));
    }

    [Theory]
    [InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Of_messages_about_a_new_patient_at_once_one_makes_it(Engine engine)
    {
        await using var hospital = await Hospital.Open(engine);
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(() => hospital.Send("ADT^A04^ADT_A01", "EVN|A04", Jane, Visit.Replace("|V1|", $"|V{i}|", StringComparison.Ordinal)))));
        // Who came last of many may be asked to send again; nobody makes a second patient.
        foreach (var again in answers.Where(answer => answer.Code != "AA")) Assert.Equal(409, again.Status);
        await hospital.The("Patient");
        Assert.Equal(answers.Count(answer => answer.Code == "AA"), (await hospital.All("Encounter")).Count);
    }

    [Fact]
    public async Task What_a_message_does_not_carry_stays_and_two_quotation_marks_remove_it()
    {
        await using var hospital = await Hospital.Open();
        await hospital.Told("ADT^A01", Event, Jane, Visit);
        await hospital.Told("ADT^A08", "EVN|A08", "PID|1||12^^^HOSP&1.2.3&ISO^MR||Doe^Jane^M||\"\"", Pv1((2, "I"), (7, "\"\"")));
        var patient = await hospital.The("Patient");
        Assert.False(patient.ContainsKey("birthDate"));
        Assert.Equal(("female", "Town", "555", "M"), (Text(patient, "gender"), Text(patient, "address", 0, "city"), Text(patient, "telecom", 0, "value"), Text(patient, "maritalStatus", "coding", 0, "code")));
        var encounter = await hospital.The("Encounter");
        Assert.False(encounter.ContainsKey("participant"));
        Assert.Equal(("in-progress", "2026-01-02T02:00:00+01:00"), (Text(encounter, "status"), Text(encounter, "period", "start")));
    }

    [Fact]
    public async Task A_visit_goes_through_transfer_discharge_and_their_cancellations()
    {
        await using var hospital = await Hospital.Open();
        async Task<string> After(string trigger, string visit)
        {
            await hospital.Told($"ADT^{trigger}", $"EVN|{trigger}|202601020300+0100", Jane, visit);
            return Text(await hospital.The("Encounter"), "status");
        }
        Assert.Equal("planned", await After("A05", Pv1((2, "P"))));
        Assert.Equal("in-progress", await After("A01", Visit));
        Assert.Equal("in-progress", await After("A02", Pv1((2, "I"), (3, "W4^1^1^HOSP"), (6, "W3^12^2^HOSP"))));
        Assert.Equal(["active", "completed"], (await hospital.The("Encounter"))["location"]!.AsArray().Select(place => Text(place, "status")).Order());
        Assert.Equal("onleave", await After("A21", Pv1((2, "I"))));
        Assert.Equal("in-progress", await After("A22", Pv1((2, "I"))));
        Assert.Equal("finished", await After("A03", Pv1((2, "I"), (45, "202601030900+0100"))));
        Assert.Equal("2026-01-03T09:00:00+01:00", Text(await hospital.The("Encounter"), "period", "end"));
        Assert.Equal("in-progress", await After("A13", Pv1((2, "I"))));
        Assert.Null((await hospital.The("Encounter"))["period"]!["end"]);
        Assert.Equal("cancelled", await After("A11", Pv1((2, "I"))));
        Assert.Equal("entered-in-error", await After("A23", Pv1((2, "I"))));
    }

    [Fact]
    public async Task A_merge_replaces_the_old_record_and_what_is_sent_with_the_old_number_goes_to_the_new_one()
    {
        await using var hospital = await Hospital.Open();
        await hospital.Told("ADT^A04", Event, Jane, Visit);
        await hospital.Told("ADT^A04", Event, Jane.Replace("|12^", "|99^", StringComparison.Ordinal), Pv1((2, "O"), (19, "V2")));
        await hospital.Told("ADT^A40^ADT_A39", "EVN|A40", Jane, "MRG|99^^^HOSP&1.2.3&ISO^MR");
        var (kept, gone) = (await hospital.Patient("12"), await hospital.Patient("99"));
        Assert.Equal(("false", "replaced-by", $"Patient/{Text(kept, "id")}"), (Text(gone, "active"), Text(gone, "link", 0, "type"), Text(gone, "link", 0, "other", "reference")));
        Assert.Equal(("true", "replaces", $"Patient/{Text(gone, "id")}"), (Text(kept, "active"), Text(kept, "link", 0, "type"), Text(kept, "link", 0, "other", "reference")));
        await hospital.Told("ADT^A04", Event, Jane.Replace("|12^", "|99^", StringComparison.Ordinal), Pv1((2, "O"), (19, "V3")));
        Assert.Equal($"Patient/{Text(kept, "id")}", Text((await hospital.All("Encounter")).Single(visit => Text(visit, "identifier", 0, "value") == "V3"), "subject", "reference"));
        Assert.Equal(2, (await hospital.All("Patient")).Count);
    }

    [Fact]
    public async Task A_merge_with_a_number_that_nobody_had_keeps_it_for_later()
    {
        await using var hospital = await Hospital.Open();
        await hospital.Told("ADT^A40^ADT_A39", "EVN|A40", Jane, "MRG|99^^^HOSP&1.2.3&ISO^MR");
        Assert.Equal("false", Text(await hospital.Patient("99"), "active"));
        await hospital.Told("ADT^A08", "EVN|A08", Jane.Replace("|12^", "|99^", StringComparison.Ordinal));
        Assert.Equal(2, (await hospital.All("Patient")).Count);
    }

    [Fact]
    public async Task A_changed_number_is_added_and_the_old_one_still_finds_the_patient()
    {
        await using var hospital = await Hospital.Open();
        await hospital.Told("ADT^A04", Event, Jane);
        await hospital.Told("ADT^A47", "EVN|A47", Jane.Replace("|12^", "|13^", StringComparison.Ordinal), "MRG|12^^^HOSP&1.2.3&ISO^MR");
        await hospital.Told("ADT^A08", "EVN|A08", Jane);
        var identifiers = (await hospital.The("Patient"))["identifier"]!.AsArray();
        Assert.Equal(["12", "13"], identifiers.Select(one => Text(one, "value")).Order());
    }

    [Fact]
    public async Task A_visit_that_was_another_patients_by_mistake_moves_and_linked_patients_stay_two()
    {
        await using var hospital = await Hospital.Open();
        var john = Jane.Replace("|12^", "|50^", StringComparison.Ordinal).Replace("Jane", "John", StringComparison.Ordinal);
        await hospital.Told("ADT^A04", Event, Jane);
        await hospital.Told("ADT^A04", Event, john, Visit);
        await hospital.Told("ADT^A45^ADT_A45", "EVN|A45", Jane, "MRG|50^^^HOSP&1.2.3&ISO^MR||||V1", Pv1((2, "I")));
        Assert.Equal($"Patient/{Text(await hospital.Patient("12"), "id")}", Text(await hospital.The("Encounter"), "subject", "reference"));
        await hospital.Told("ADT^A24^ADT_A24", "EVN|A24", Jane, john);
        Assert.Equal("seealso", Text(await hospital.Patient("50"), "link", 0, "type"));
        await hospital.Told("ADT^A37^ADT_A37", "EVN|A37", Jane, john);
        Assert.Null((await hospital.Patient("50"))["link"]);
    }

    [Fact]
    public async Task The_first_number_decides_and_one_that_is_another_patients_is_not_taken_over()
    {
        await using var hospital = await Hospital.Open();
        await hospital.Told("ADT^A04", Event, "PID|1||1^^^A~2^^^B||One^Ann");
        var taken = await hospital.Send("ADT^A04", Event, "PID|1||3^^^A~2^^^B||Two^Ben");
        // Nobody is known by the first one: the second one is whose it is.
        Assert.Equal("AA", taken.Code);
        await hospital.Told("ADT^A04", Event, "PID|1||9^^^A||Nine^Nia");
        var mixed = await hospital.Send("ADT^A08", Event, "PID|1||9^^^A~2^^^B||Nine^Nia");
        Assert.Equal(("AA", Hl7Error.DuplicateKey), (mixed.Code, Assert.Single(mixed.Faults).Code));
        Assert.Contains("ERR||PID^1^3^2|205^Duplicate key identifier^HL70357|W", mixed.Answer, StringComparison.Ordinal);
        Assert.Equal(["9"], (await hospital.Patient("9"))["identifier"]!.AsArray().Select(one => Text(one, "value")));
    }

    [Fact]
    public async Task A_visit_number_of_another_patient_is_another_visit()
    {
        await using var hospital = await Hospital.Open();
        await hospital.Told("ADT^A04", Event, Jane, Visit);
        await hospital.Told("ADT^A04", Event, Jane.Replace("|12^", "|50^", StringComparison.Ordinal), Visit);
        Assert.Equal(2, (await hospital.All("Encounter")).Select(visit => Text(visit, "subject", "reference")).Distinct().Count());
    }

    [Fact]
    public async Task A_next_of_kin_gives_no_custody()
    {
        await using var hospital = await Hospital.Open();
        await hospital.Told("ADT^A04", Event, Jane, Hospital.Segment("NK1", (2, "Doe^Mary"), (3, "MTH^Mother^HL70063"), (33, "0101501234^^^NAT^NI~5^^^HOSP^MR")));
        await hospital.Told("ADT^A04", Event, Jane, Hospital.Segment("NK1", (2, "Doe^Sam"), (3, "BRO^Brother^HL70063"), (33, "0202601234^^^NAT^NI")));
        var kin = await hospital.All("RelatedPerson");
        Assert.Equal(["5"], kin.Single(one => Text(one, "name", 0, "given", 0) == "Mary")["identifier"]!.AsArray().Select(one => Text(one, "value")));
        Assert.Equal("0202601234", Text(kin.Single(one => Text(one, "name", 0, "given", 0) == "Sam"), "identifier", 0, "value"));
    }

    [Fact]
    public async Task Allergies_are_added_changed_and_taken_back()
    {
        await using var hospital = await Hospital.Open();
        Task Told(string action, string severity) => hospital.Told("ADT^A60^ADT_A60", "EVN|A60", Jane, $"IAM|1|FA^Food^HL70127|PNUT^Peanut^L|{severity}|Hives|{action}|A1^HIS||||201805||||||C", "NTE|1||seen twice");
        await Told("A", "MO");
        await Told("U", "SV");
        var allergy = await hospital.The("AllergyIntolerance");
        Assert.Equal(("high", "confirmed", "active", "severe", "2018-05", "seen twice"), (Text(allergy, "criticality"), Text(allergy, "verificationStatus", "coding", 0, "code"), Text(allergy, "clinicalStatus", "coding", 0, "code"), Text(allergy, "reaction", 0, "severity"), Text(allergy, "onsetDateTime"), Text(allergy, "note", 0, "text")));
        await Told("D", "SV");
        allergy = await hospital.The("AllergyIntolerance");
        Assert.Equal(("entered-in-error", false), (Text(allergy, "verificationStatus", "coding", 0, "code"), allergy.ContainsKey("clinicalStatus")));
    }

    public static TheoryData<string> Events => [.. Enumerable.Range(1, 62).Where(number => number is not (19 or 56 or 57 or 58 or 59)).Select(number => $"A{number:00}")];

    [Theory, MemberData(nameof(Events))]
    public async Task Every_event_is_taken(string trigger)
    {
        await using var hospital = await Hospital.Open();
        await hospital.Told("ADT^A01", Event, Jane, Visit);
        if (trigger == "A20") await hospital.Told("ADT^A20", "EVN|A20", "NPU|W3^12^2^HOSP|U");
        else await hospital.Told($"ADT^{trigger}", [$"EVN|{trigger}|20260102", Jane, .. trigger is "A24" or "A37" or "A17" ? (string[])[Visit, "PID|2||60^^^HOSP&1.2.3&ISO||Roe^Rex", Pv1((2, "I"), (3, "W4^1^1^HOSP"), (19, "V6"))] : ["MRG|60^^^HOSP&1.2.3&ISO^MR||ACC1||60|V0", Visit]]);
    }

    [Theory]
    [InlineData("PID|1||||Doe^Jane", "AE", "PID^1^3", 101)]
    [InlineData("PID|1||12||Doe^Jane||19801399", "AE", "PID^1^7^1", 102)]
    [InlineData("PV1|1|I", "AE", "PID^1", 100)]
    [InlineData("PID|1||12||Doe^Jane\rAL1|1|DA", "AE", "AL1^1^3", 101)]
    [InlineData("PID|1||12||Doe^Jane\rPV1|1|I|||||||||||||||||V1|||||||||||||||||||||||||202601030000|202601020000", "AE", "PV1^1^45", 102)]
    public async Task What_cannot_be_mapped_is_refused_where_it_stands_and_nothing_is_written(string segments, string code, string place, int error)
    {
        await using var hospital = await Hospital.Open();
        var taken = await hospital.Send("ADT^A01", ["EVN|A01", .. segments.Split('\r')]);
        Assert.Equal((code, place, error), (taken.Code, taken.Faults[0].Where.ToString(), (int)taken.Faults[0].Code));
        Assert.Equal(0, await hospital.Count());
    }

    [Theory]
    [InlineData("ORU^R01", "2.5", "MSH^1^9^1^1", 200)]
    [InlineData("ADT^A99", "2.5", "MSH^1^9^1^2", 201)]
    [InlineData("SIU^S25", "2.5", "MSH^1^9^1^2", 201)]
    [InlineData("ADT^A01", "3.0", "MSH^1^12", 203)]
    public async Task What_is_not_taken_at_all_is_rejected(string type, string version, string place, int error)
    {
        await using var hospital = await Hospital.Open();
        var taken = (await hospital.Take(hospital.Text(type, Jane).Replace("|P|2.5", $"|P|{version}", StringComparison.Ordinal))).Messages[0];
        Assert.Equal(("AR", place, error, 400), (taken.Code, taken.Faults[0].Where.ToString(), (int)taken.Faults[0].Code, taken.Status));
    }

    [Theory]
    [InlineData("2.1"), InlineData("2.2"), InlineData("2.3"), InlineData("2.3.1"), InlineData("2.4"), InlineData("2.5.1"), InlineData("2.6"), InlineData("2.7.1"), InlineData("2.8.2")]
    public async Task Every_version_is_taken_and_answered_in_it(string version)
    {
        await using var hospital = await Hospital.Open();
        foreach (var (segment, code) in new[] { (Jane, "AA"), ("PID|1||||x", "AE") })
        {
            var answer = Hl7Message.Parse((await hospital.Take(hospital.Text("ADT^A01", "EVN|A01", segment).Replace("|P|2.5", $"|P|{version}", StringComparison.Ordinal))).Text);
            Assert.Equal(("ACK", version, code), (answer.Type, answer.Version, answer.Segments[1][1].Text));
            Assert.Equal(("EHR", "HIS"), (answer.Header[3].Text, answer.Header[5].Text));
            if (code == "AE") Assert.Contains("101", answer.First("ERR")![string.CompareOrdinal(version, "2.5") < 0 ? 1 : 3].Raw, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_batch_is_answered_by_a_batch_and_one_bad_message_does_not_hold_the_others()
    {
        await using var hospital = await Hospital.Open();
        var answer = await hospital.Take($"FHS|^~\\&\rBHS|^~\\&\r{hospital.Text("ADT^A04", Event, Jane)}{hospital.Text("ADT^A04", Event, "PID|1")}{hospital.Text("ADT^A04", Event, Jane.Replace("|12^", "|13^", StringComparison.Ordinal))}BTS|3\rFTS|1\r");
        Assert.Equal(["AA", "AE", "AA"], answer.Messages.Select(one => one.Code));
        Assert.Equal((3, 422), (Hl7Text.Split(answer.Text).Messages.Count, answer.Status));
        Assert.Equal(2, (await hospital.All("Patient")).Count);
    }

    [Fact]
    public async Task Who_may_not_write_a_type_writes_nothing_of_the_message()
    {
        await using var hospital = await Hospital.Open();
        hospital.Forbidden = "Encounter";
        var taken = await hospital.Send("ADT^A01", Event, Jane, Visit);
        Assert.Equal(("AR", 403, 0), (taken.Code, taken.Status, await hospital.Count()));
        Assert.Contains(hospital.Logged, one => one.Status == 403);
    }

    [Fact]
    public async Task Names_in_any_character_set_reach_the_record()
    {
        await using var hospital = await Hospital.Open();
        var text = hospital.Text("ADT^A04", Event, Jane.Replace("Doe", "Sørensen Õunapuu", StringComparison.Ordinal)).Replace("|2.5\r", "|2.5||||||8859/15\r", StringComparison.Ordinal);
        Assert.Equal("AA", (await hospital.Take(CodePagesEncodingProvider.Instance.GetEncoding("iso-8859-15")!.GetBytes(text))).Messages[0].Code);
        Assert.Equal("Sørensen Õunapuu", Text(await hospital.The("Patient"), "name", 0, "family"));
    }

    [Fact]
    public async Task Names_of_authorities_have_the_systems_of_the_settings()
    {
        await using var hospital = await Hospital.Open(settings: new() { Systems = Hl7Settings.ParseSystems("CPR=urn:oid:1.2.208.176.1.2") });
        await hospital.Told("ADT^A04", Event, "PID|1||0101801234^^^CPR^NNDNK~7^^^LAB~8||Doe^Jane");
        Assert.Equal(["urn:oid:1.2.208.176.1.2", "urn:id:LAB", "urn:id:HOSP"], (await hospital.The("Patient"))["identifier"]!.AsArray().Select(one => Text(one, "system")));
    }
}
