using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tervik.Authz;

/// <summary>A resource of the seed world with everything it ever was.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Id">Its id.</param>
public sealed record Item(string Type, string Id)
{
    /// <summary>Oldest first; null is a deletion.</summary>
    public List<JsonObject?> Versions { get; } = [];
    /// <summary>The canary of each version; each text of the version bears it.</summary>
    public List<string> Canaries { get; } = [];
    /// <summary>Type and id.</summary>
    public string Reference => $"{Type}/{Id}";
    /// <summary>As it is now; null when it was deleted.</summary>
    public JsonObject? Latest => Versions[^1];
}

/// <summary>What a choice does, in the words of docs/access.md.</summary>
public enum ChoiceKind
{
    /// <summary>An adult reads.</summary>
    LetIn = 1,
    /// <summary>Kept from professionals.</summary>
    KeepOut = 2,
    /// <summary>An exception.</summary>
    Allow = 3,
    /// <summary>For all, in an emergency too.</summary>
    OptOut = 4,
}

/// <summary>A choice of a patient.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Patient">Whose record.</param>
/// <param name="Actor">Whom.</param>
/// <param name="What">Empty for everything, a category, <c>item Type/id</c>, <c>period from to</c>; of a let-in, the classes.</param>
/// <param name="Ended">It was taken back.</param>
public sealed record Choice(ChoiceKind Kind, string Patient, string Actor, string What = "", bool Ended = false);

/// <summary>A record opened out of the ordinary.</summary>
/// <param name="Glass">Break-glass; else a declared relation.</param>
/// <param name="Practitioner">Who.</param>
/// <param name="Patient">Whose.</param>
/// <param name="Expired">Its time is over.</param>
public sealed record Opened(bool Glass, string Practitioner, string Patient, bool Expired);

/// <summary>Somebody with a token.</summary>
/// <param name="Agent">As whom; null for nobody.</param>
/// <param name="Kind">For the table.</param>
/// <param name="Read">The token reads.</param>
/// <param name="Write">The token writes.</param>
/// <param name="Dead">The token has expired or was revoked.</param>
/// <param name="Revoked">Which of the two.</param>
/// <param name="Smart">The scopes of an application that asks for itself; null for a token of the installation.</param>
public sealed record Caller(string? Agent, string Kind, bool Read = true, bool Write = true, bool Dead = false, bool Revoked = false, string? Smart = null)
{
    /// <summary>It lives, and writes without reading.</summary>
    public bool OnlyWrites => this is { Read: false, Write: true, Dead: false };
}

/// <summary>A seeded nation in which every rule of docs/access.md holds for somebody and does not for somebody else.</summary>
public sealed class World
{
    /// <summary>Every canary begins so; 15 bytes, so that its base64 is whole.</summary>
    public const string CanaryPrefix = "cnr";
    /// <summary>In the whole of it.</summary>
    public const int Patients = 44;
    static readonly string[] Sensitive = ["F32.1", "F10.2", "A54.0", "Q90.9", "T74.1", "N97.0"];
    static readonly string[] Harmless = ["I10", "J45.0", "E11.9", "M54.5"];

    readonly Random random;
    readonly DateTime today;

    /// <summary>All resources in the order they are written.</summary>
    public List<Item> Items { get; } = [];
    /// <summary>All choices in the order they are made.</summary>
    public List<Choice> Choices { get; } = [];
    /// <summary>Opened out of the ordinary.</summary>
    public List<Opened> Openings { get; } = [];
    /// <summary>Everybody who asks.</summary>
    public List<Caller> Callers { get; } = [];
    /// <summary>Whose canary it is: item and number of the version from 1.</summary>
    public Dictionary<string, (Item Item, int Version)> Canaries { get; } = [];
    /// <summary>When it was made.</summary>
    public DateTime Now => today;

    /// <summary>Makes the world of a seed.</summary>
    /// <param name="seed">Everything random comes from it.</param>
    /// <param name="now">From which the dates of the facts are counted.</param>
    public World(int seed, DateTime now)
    {
        (random, today) = (new(seed), now);
        MakeDirectory();
        for (var i = 1; i <= Patients; i++) MakePatient(i);
        MakeShared();
        MakeChoices();
        MakeCallers();
    }

    // What makes a relation stays: it counts though it is hidden.
    static readonly HashSet<string> Facts = ["Encounter", "Appointment", "CareTeam", "ServiceRequest"];

    /// <summary>The same world in which nothing that is hidden from all professionals was ever written.</summary>
    public World WithoutHidden(int seed)
    {
        var (oracle, other) = (new Oracle(this), new World(seed, today));
        var hidden = Items.Where(item => oracle.IsHiddenFromAll(item) && !Facts.Contains(item.Type) && item.Latest?["dispenseRequest"] is null).Select(item => item.Reference).ToHashSet();
        other.Items.RemoveAll(item => hidden.Contains(item.Reference));
        other.Choices.RemoveAll(choice => choice.What.StartsWith("item ", StringComparison.Ordinal) && hidden.Contains(choice.What[5..]));
        // Nobody opens a record that does not exist.
        other.Openings.RemoveAll(opened => hidden.Contains(opened.Patient));
        return other;
    }

    internal string Day(int offset) => today.AddDays(offset).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    string Moment(int offset) => today.AddDays(offset).ToString("yyyy-MM-dd'T'10:00:00'Z'", CultureInfo.InvariantCulture);

    string NewCanary()
    {
        var text = new StringBuilder(CanaryPrefix);
        // Without p: an id of a patient, p13, in it would be taken for that id.
        for (var i = 0; i < 12; i++) text.Append("abcdefghijklmnoqrstuvwxyz0123456789"[random.Next(35)]);
        return text.ToString();
    }

    /// <summary>A resource with a canary wherever <c>§</c> stands.</summary>
    Item Put(string type, string id, object content)
    {
        var item = Items.Find(one => one.Type == type && one.Id == id);
        if (item is null) Items.Add(item = new(type, id));
        var canary = NewCanary();
        var text = JsonSerializer.Serialize(content).Replace("\\u00A7", canary, StringComparison.OrdinalIgnoreCase).Replace("§", canary, StringComparison.Ordinal);
        var json = JsonNode.Parse(text)!.AsObject();
        if (type == "Binary") json["data"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(canary + " the file " + canary));
        json.Insert(0, "resourceType", type);
        json.Insert(1, "id", id);
        item.Versions.Add(json);
        item.Canaries.Add(canary);
        Canaries[canary] = (item, item.Versions.Count);
        return item;
    }

    static void Delete(Item item)
    {
        item.Versions.Add(null);
        item.Canaries.Add("");
    }

    static object Ref(string to) => new { reference = to };
    static object Code(string system, string code) => new { coding = new[] { new { system, code, display = "§" } }, text = "§" };
    static object Icd(string code) => Code("http://hl7.org/fhir/sid/icd-10", code);
    static object Loinc(string code) => Code("http://loinc.org", code);

    /// <summary>Professionals: name of the rule, and the unit of their role; null for no role.</summary>
    static readonly (string Name, string? Unit)[] Staff =
    [
        ("gp", "clinic"), ("gpunit", "clinic2"), ("enc", "ward3"), ("encold", "ward3"), ("admission", "ward1"), ("admissionold", "ward2"), ("appointment", "ward3"), ("appointmentold", "ward3"),
        ("team", "ward3"), ("teamold", "ward3"), ("referral", "ward3"), ("referralold", "ward3"), ("lab", "lab1"), ("labold", "lab2"), ("pharmacy", "pharm1"), ("pharmacyold", "pharm2"),
        ("left", "ward3"), ("stranger", "ward3"), ("glass", "ward3"), ("glassold", "ward3"), ("declared", "ward3"), ("norole", null), ("cancelled", "ward3"), ("rolenamed", "ward3"), ("other", "foreign"), ("lead", "ward3"),
    ];

    void MakeDirectory()
    {
        foreach (var (id, parent, country) in new (string, string?, string)[] { ("hospital", null, "DK"), ("ward1", "hospital", "DK"), ("ward2", "hospital", "DK"), ("ward3", "hospital", "DK"), ("clinic", null, "DK"), ("clinic2", null, "DK"),
            ("lab1", null, "DK"), ("lab2", null, "DK"), ("pharm1", null, "DK"), ("pharm2", null, "DK"), ("foreign", null, "EE") })
            Put("Organization", id, parent is null ? new { name = "§", address = new[] { new { country } } } : new { name = "§", partOf = Ref($"Organization/{parent}"), address = new[] { new { country } } });
        foreach (var (name, unit) in Staff)
        {
            Put("Practitioner", name, new { active = true, name = new[] { new { family = "§" } } });
            if (unit is null) continue;
            object period = name == "left" ? new { start = "2010-01-01", end = Day(-30) } : new { start = "2010-01-01" };
            Put("PractitionerRole", $"{name}-role", new { active = true, period, practitioner = Ref($"Practitioner/{name}"), organization = Ref($"Organization/{unit}"), code = new[] { name is "lead" ? Code("urn:tervik:role", "unit-lead") : Code("urn:test:role", name is "enc" ? "surgeon" : "nurse") } });
        }
        // Calendars, in which appointments are shown to those who work there.
        foreach (var actor in new[] { "Practitioner/appointment", "Practitioner/appointmentold", "PractitionerRole/rolenamed-role" })
            Put("Schedule", $"{actor.Split('/')[1]}-calendar", new { active = true, actor = new[] { Ref(actor) }, extension = new object[] { new { url = "urn:tervik:unit", valueReference = Ref("Organization/ward3") }, new { url = "urn:tervik:opening", extension = new object[]
                { new { url = "zone", valueCode = "Europe/Copenhagen" }, new { url = "start", valueString = "2020-01-01T08:00" }, new { url = "minutes", valuePositiveInt = 480 }, new { url = "rule", valueString = "FREQ=DAILY" } } } } });
        // It takes longer than anybody is there: times that are offered bear names of the node's own secret, which two worlds do not share.
        Put("HealthcareService", "ward3-visit", new { active = true, name = "§", providedBy = Ref("Organization/ward3"), extension = new[] { new { url = "urn:tervik:bookable", extension = new object[]
            { new { url = "minutes", valuePositiveInt = 600 }, new { url = "by", valueCode = "staff" }, new { url = "need", extension = new[] { new { url = "calendar", valueReference = Ref("Schedule/appointment-calendar") } } } } } } });
    }

    static string Pid(int i) => $"p{i:00}";

    void MakePatient(int i)
    {
        var (id, self) = (Pid(i), $"Patient/{Pid(i)}");
        // Ages: 31 a small child, 32 a Danish teenager, 33 an Estonian one of fifteen, 34 an Estonian one of thirteen.
        var born = i switch { 31 => Day(-5 * 366), 32 => Day(-16 * 366), 33 => Day(-15 * 366 - 30), 34 => Day(-13 * 366), _ => $"{1950 + i}-03-04" };
        var gps = new List<object>();
        if (Chance(0.3)) gps.Add(Ref("Practitioner/gp"));
        if (Chance(0.25)) gps.Add(Ref("Organization/clinic2"));
        var patient = new Dictionary<string, object>
        {
            ["identifier"] = new[] { new { system = "urn:oid:1.2.208.176.1.2", value = Number(i) } }, ["name"] = new[] { new { family = "§", given = new[] { "§" } } }, ["gender"] = i % 2 == 0 ? "male" : "female", ["birthDate"] = born,
            ["address"] = new[] { new { text = "§", city = "§", country = i is 33 or 34 ? "EE" : "DK" } },
        };
        if (gps.Count > 0) patient["generalPractitioner"] = gps;
        if (i == 35) patient["deceasedDateTime"] = Day(-20);
        if (i == 36) patient["link"] = new[] { new { other = Ref("Patient/p37"), type = "seealso" } };
        // A second version with other texts.
        Put("Patient", id, patient);
        if (i % 9 == 0) Put("Patient", id, patient);

        // Facts of relations: each professional of a rule with its chance.
        void Visit(string name, string status, int from, int? to, string? unit = null, string? who = null)
        {
            var content = new Dictionary<string, object> { ["status"] = status, ["class"] = new { system = "http://terminology.hl7.org/CodeSystem/v3-ActCode", code = "AMB" }, ["subject"] = Ref(self), ["reasonCode"] = new[] { new { text = "§" } },
                ["period"] = to is { } end ? new { start = Moment(from), end = Moment(end) } : new { start = Moment(from) } };
            if (who is not null) content["participant"] = new[] { new { individual = Ref(who) } };
            if (unit is not null) content["serviceProvider"] = Ref($"Organization/{unit}");
            Put("Encounter", $"{id}-{name}", content);
        }
        if (Chance(0.4)) Visit("enc", "finished", -40, -39, who: "Practitioner/enc");
        if (Chance(0.3)) Visit("encold", "finished", -500, -499, who: "Practitioner/encold");
        if (Chance(0.3)) Visit("left", "finished", -40, -39, who: "Practitioner/left");
        if (Chance(0.3)) Visit("norole", "in-progress", -3, null, who: "Practitioner/norole");
        if (Chance(0.3)) Visit("cancelled", "cancelled", -3, null, who: "Practitioner/cancelled");
        if (Chance(0.3)) Visit("admission", "in-progress", -3, null, unit: "ward1");
        if (Chance(0.3)) Visit("admissionold", "finished", -50, -45, unit: "ward2");
        foreach (var (name, offset, who) in new[] { ("appointment", 10, "Practitioner/appointment"), ("appointmentold", -100, "Practitioner/appointmentold"), ("rolenamed", 5, "PractitionerRole/rolenamed-role") })
            if (Chance(0.3))
                Put("Appointment", $"{id}-{name}", new { status = "booked", description = "§", start = Moment(offset), end = Moment(offset).Replace("10:00", "10:30", StringComparison.Ordinal),
                    participant = new object[] { new { actor = Ref(self), status = "accepted" }, new { actor = Ref(who), status = "accepted" } } });
        if (Chance(0.3)) Put("CareTeam", $"{id}-team", new { status = "active", name = "§", subject = Ref(self), participant = new[] { new { member = Ref("Practitioner/team") } } });
        if (Chance(0.3)) Put("CareTeam", $"{id}-teamold", new { status = "active", name = "§", subject = Ref(self), period = new { start = Day(-300), end = Day(-100) }, participant = new[] { new { member = Ref("Practitioner/teamold") } } });
        void Order(string name, int offset, string performer, bool laboratory)
        {
            var content = new Dictionary<string, object> { ["status"] = "active", ["intent"] = "order", ["code"] = new { text = "§" }, ["subject"] = Ref(self), ["authoredOn"] = Moment(offset), ["performer"] = new[] { Ref(performer) } };
            content["category"] = new[] { new { coding = new[] { new { system = "http://snomed.info/sct", code = laboratory ? "108252007" : "3457005" } } } };
            Put("ServiceRequest", $"{id}-{name}", content);
        }
        if (Chance(0.3)) Order("referral", -20, "Practitioner/referral", laboratory: false);
        if (Chance(0.3)) Order("referralold", -250, "Practitioner/referralold", laboratory: false);
        if (Chance(0.35)) Order("lab", -20, "Organization/lab1", laboratory: true);
        if (Chance(0.3)) Order("labold", -120, "Organization/lab2", laboratory: true);
        foreach (var (name, offset, unit) in new[] { ("pharmacy", -20, "pharm1"), ("pharmacyold", -500, "pharm2") })
            if (Chance(0.35))
                Put("MedicationRequest", $"{id}-{name}", new { status = "active", intent = "order", subject = Ref(self), authoredOn = Moment(offset), medicationCodeableConcept = Code("http://www.whocc.no/atc", "C09AA05"), dispenseRequest = new { performer = Ref($"Organization/{unit}") } });

        // The record itself. Odd ones have something sensitive, with what refers to it.
        for (var n = 1; n <= 3; n++)
        {
            var code = n == 1 ? Sensitive[i % Sensitive.Length] : Harmless[random.Next(Harmless.Length)];
            var condition = Put("Condition", $"{id}-c{n}", new { clinicalStatus = new { coding = new[] { new { system = "http://terminology.hl7.org/CodeSystem/condition-clinical", code = "active" } } }, code = Icd(code), subject = Ref(self), recordedDate = Day(-30 * n), note = new[] { new { text = "§" } } });
            Put("MedicationRequest", $"{id}-m{n}", new { status = "completed", intent = "order", subject = Ref(self), authoredOn = Moment(-30 * n), medicationCodeableConcept = Code("http://www.whocc.no/atc", "C07AB02"), reasonReference = new[] { Ref(condition.Reference) }, note = new[] { new { text = "§" } } });
        }
        for (var n = 1; n <= 5; n++)
        {
            var observation = new Dictionary<string, object> { ["status"] = "final", ["code"] = Loinc(n % 2 == 0 ? "718-7" : "2345-7"), ["subject"] = Ref(self), ["effectiveDateTime"] = Moment(-10 * n - 200 * (n / 4)), ["valueQuantity"] = new { value = 4 + n, unit = "§" }, ["note"] = new[] { new { text = "§" } } };
            if (n == 3) observation["contained"] = new[] { new { resourceType = "Specimen", id = "s", note = new[] { new { text = "§" } } } };
            if (n == 3) observation["specimen"] = Ref("#s");
            if (n == 4 && Items.Exists(one => one.Reference == $"Encounter/{id}-enc")) observation["encounter"] = Ref($"Encounter/{id}-enc");
            Put("Observation", $"{id}-o{n}", observation);
        }
        Put("DiagnosticReport", $"{id}-r", new { status = "final", code = Loinc("58410-2"), subject = Ref(self), effectiveDateTime = Moment(-10), result = new[] { Ref($"Observation/{id}-o1") }, conclusion = "§" });
        Put("AllergyIntolerance", $"{id}-a", new { patient = Ref(self), code = new { text = "§" }, clinicalStatus = new { coding = new[] { new { system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", code = "active" } } }, note = new[] { new { text = "§" } } });
        Put("Binary", $"{id}-b", new { contentType = "text/plain" });
        Put("DocumentReference", $"{id}-d", new { status = "current", subject = Ref(self), description = "§", date = Moment(-15), type = new { text = "§" }, content = new[] { new { attachment = new { contentType = "text/plain", url = $"Binary/{id}-b", title = "§" } } } });
        Put("List", $"{id}-l", new { status = "current", mode = "working", title = "§", subject = Ref(self), entry = new[] { new { item = Ref($"Condition/{id}-c{1 + i % 3}") } } });
        // A pathway of one step.
        object step = new { id = "talk", title = "§", description = "§", timingDuration = new { value = 3, code = "d", system = "http://unitsofmeasure.org" }, participant = new[] { new { type = "patient" } } };
        var plan = new Dictionary<string, object> { ["contained"] = new[] { new { resourceType = "PlanDefinition", id = "template", url = "urn:test:talk", status = "active", title = "§", action = new[] { step } } }, ["instantiatesCanonical"] = new[] { "#template" }, ["status"] = "active", ["intent"] = "plan",
            ["category"] = new[] { new { coding = new[] { new { system = "urn:tervik:care-plan", code = "pathway" } } } }, ["title"] = "§", ["subject"] = Ref(self), ["period"] = new { start = Day(-12) }, ["created"] = Moment(-12), ["author"] = Ref("Practitioner/gp"),
            ["activity"] = new[] { new { id = "talk", detail = new { code = new { text = "§" }, status = "not-started" } } } };
        // Odd ones are for something sensitive.
        if (i % 2 == 1) plan["addresses"] = new[] { Ref($"Condition/{id}-c1") };
        Put("CarePlan", $"{id}-plan", plan);
        Put("Provenance", $"{id}-pv", new { target = new[] { Ref($"Condition/{id}-c1") }, recorded = Moment(-29), agent = new[] { new { who = new { reference = "Practitioner/gp", display = "§" } } } });
        // Changed its subject, and was deleted.
        if (i % 4 == 0) Put("Observation", $"{id}-moved", new { status = "final", code = Loinc("718-7"), subject = Ref($"Patient/{Pid(i - 1)}"), effectiveDateTime = Moment(-5), note = new[] { new { text = "§" } } });
        if (i % 4 == 0) Put("Observation", $"{id}-moved", new { status = "final", code = Loinc("718-7"), subject = Ref(self), effectiveDateTime = Moment(-5), note = new[] { new { text = "§" } } });
        if (i % 5 == 0) Delete(Put("Observation", $"{id}-gone", new { status = "final", code = Loinc("718-7"), subject = Ref(self), effectiveDateTime = Moment(-5), note = new[] { new { text = "§" } } }));
    }

    void MakeShared()
    {
        for (var i = 2; i <= 20; i += 3)
            Put("Appointment", $"two-{i:00}", new { status = "booked", description = "§", start = Moment(3), end = Moment(3).Replace("10:00", "10:30", StringComparison.Ordinal),
                participant = new object[] { new { actor = Ref($"Patient/{Pid(i)}"), status = "accepted" }, new { actor = Ref($"Patient/{Pid(i + 1)}"), status = "accepted" } } });
        Put("Task", "question", new { status = "requested", intent = "order", description = "§" });
        foreach (var (child, parent) in new[] { (31, 1), (32, 1), (33, 2), (34, 3) })
            Put("RelatedPerson", $"parent-{child}", new { active = true, patient = Ref($"Patient/{Pid(child)}"), relationship = new[] { new { coding = new[] { new { system = "http://terminology.hl7.org/CodeSystem/v3-RoleCode", code = "MTH" } } } },
                identifier = new[] { new { system = "urn:oid:1.2.208.176.1.2", value = Number(parent) } }, name = new[] { new { family = "§" } } });
    }

    internal static string Number(int i) => string.Create(CultureInfo.InvariantCulture, $"0403{50 + i % 50:00}{1000 + i}");

    void MakeChoices()
    {
        string P(int i) => $"Patient/{Pid(i)}";
        Choices.Add(new(ChoiceKind.KeepOut, P(5), "*"));
        Choices.Add(new(ChoiceKind.KeepOut, P(6), "Organization/hospital"));
        Choices.Add(new(ChoiceKind.KeepOut, P(7), "Practitioner/enc"));
        Choices.Add(new(ChoiceKind.KeepOut, P(8), "role urn:test:role|nurse"));
        Choices.Add(new(ChoiceKind.KeepOut, P(9), "*"));
        Choices.Add(new(ChoiceKind.Allow, P(9), "Practitioner/gp"));
        string[] category = ["SEX", "MH", "SUD", "STD", "GDIS", "SDV"];
        // Sensitive[i % 6] is the code of patient i's first diagnosis.
        string CategoryOf(int i) => (i % 6) switch { 0 => "MH", 1 => "SUD", 2 => "STD", 3 => "GDIS", 4 => "SDV", _ => "SEX" };
        for (var i = 10; i <= 15; i++) Choices.Add(new(ChoiceKind.KeepOut, P(i), "*", CategoryOf(i)));
        Choices.Add(new(ChoiceKind.Allow, P(12), "Practitioner/enc", CategoryOf(12)));
        Choices.Add(new(ChoiceKind.KeepOut, P(13), "*", category[(14) % 6]));
        Choices.Add(new(ChoiceKind.KeepOut, P(16), "*", $"item Condition/{Pid(16)}-c2"));
        Choices.Add(new(ChoiceKind.KeepOut, P(17), "*", $"item Observation/{Pid(17)}-o1"));
        Choices.Add(new(ChoiceKind.KeepOut, P(18), "Organization/ward1", $"item DocumentReference/{Pid(18)}-d"));
        if (Items.Exists(one => one.Reference == $"Encounter/{Pid(19)}-enc")) Choices.Add(new(ChoiceKind.KeepOut, P(19), "*", $"item Encounter/{Pid(19)}-enc"));
        Choices.Add(new(ChoiceKind.KeepOut, P(20), "*", $"period {Day(-70)} {Day(-17)}"));
        Choices.Add(new(ChoiceKind.KeepOut, P(21), "Organization/hospital", $"period {Day(-45)} {Day(-13)}"));
        for (var i = 22; i <= 25; i++) Choices.Add(new(ChoiceKind.OptOut, P(i), "*", CategoryOf(i)));
        Choices.Add(new(ChoiceKind.Allow, P(23), "Practitioner/enc", CategoryOf(23)));
        Choices.Add(new(ChoiceKind.KeepOut, P(26), "*", Ended: true));
        Choices.Add(new(ChoiceKind.LetIn, P(10), P(1)));
        Choices.Add(new(ChoiceKind.LetIn, P(11), P(1), "medication"));
        Choices.Add(new(ChoiceKind.LetIn, P(12), P(2), "results"));
        Choices.Add(new(ChoiceKind.LetIn, P(13), P(2), "appointments"));
        Choices.Add(new(ChoiceKind.LetIn, P(14), P(3), Ended: true));
        Choices.Add(new(ChoiceKind.LetIn, P(22), P(3)));
        Choices.Add(new(ChoiceKind.LetIn, P(15), P(2), "appointments booking"));
        foreach (var i in new[] { 1, 5, 10, 16, 20, 22, 23, 40 })
        {
            Openings.Add(new(true, "Practitioner/glass", P(i), false));
            Openings.Add(new(true, "Practitioner/glassold", P(i), true));
            Openings.Add(new(false, "Practitioner/declared", P(i), false));
        }
    }

    void MakeCallers()
    {
        foreach (var (name, _) in Staff) Callers.Add(new($"Practitioner/{name}", "professional"));
        for (var i = 1; i <= 6; i++) Callers.Add(new($"Patient/{Pid(i)}", i <= 3 ? "family" : "patient"));
        foreach (var i in new[] { 10, 22, 31, 32, 36, 37 }) Callers.Add(new($"Patient/{Pid(i)}", "patient"));
        Callers.Add(new("Practitioner/gp", "professional, read", Write: false));
        Callers.Add(new("Practitioner/enc", "professional, write", Read: false));
        Callers.Add(new("client/reads", "system, read", Write: false));
        Callers.Add(new("client/writes", "system, write", Read: false));
        Callers.Add(new("client/creates", "application, c", Read: false, Smart: "system/*.c"));
        Callers.Add(new("client/changes", "application, cu", Read: false, Smart: "system/*.cu"));
        Callers.Add(new("client/both", "system"));
        Callers.Add(new("Practitioner/gp", "expired token", Dead: true));
        Callers.Add(new("Patient/p01", "revoked token", Dead: true, Revoked: true));
        Callers.Add(new("client/both", "revoked token", Dead: true, Revoked: true));
        Callers.Add(new(null, "nobody", Read: false, Write: false));
    }

    bool Chance(double p) => random.NextDouble() < p;
}
