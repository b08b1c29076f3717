using System.Globalization;
using System.Text.Json.Nodes;

namespace Tervik.Authz;

/// <summary>A resource of the world.</summary>
/// <param name="Name"><c>Type/id</c>.</param>
/// <param name="Patients">Ids of the patients whose compartment it is in.</param>
/// <param name="Json">As it is stored.</param>
/// <param name="Canary">A word that is in it and in nothing else; null in the directory.</param>
public sealed record Thing(string Name, IReadOnlyList<string> Patients, JsonObject Json, string? Canary)
{
    public string Type => Name[..Name.IndexOf('/', StringComparison.Ordinal)];
    public string Id => Name[(Name.IndexOf('/', StringComparison.Ordinal) + 1)..];
}

/// <summary>What a patient chose.</summary>
public sealed record Choice(string Patient, string Kind, string Actor, string What, bool IsEnded = false);

/// <summary>What a professional opened out of the ordinary.</summary>
public sealed record Opened(string Practitioner, string Patient, bool IsGlass, bool IsEnded);

/// <summary>A small nation, made from a seed, in which every rule of docs/access.md holds for somebody and does not for somebody else.</summary>
public sealed class World
{
    public const int PatientCount = 40, ProfessionalCount = 20;
    static readonly string[] Units = ["h1-a", "h1-b", "h2-a", "lab", "pharm", "gp"];

    readonly Random dice;
    readonly string? everywhere;
    int canaries;

    /// <param name="seed">The same makes the same.</param>
    /// <param name="now">Around when it all happens.</param>
    /// <param name="everywhere">A professional who is everybody's general practitioner; null for nobody.</param>
    public World(int seed, DateTime now, string? everywhere = null)
    {
        (dice, Now, this.everywhere) = (new(seed), now, everywhere);
        MakeDirectory();
        for (var i = 0; i < PatientCount; i++) MakePatient(i);
        MakeFamily();
        MakeChoices();
        (ByCanary, ByName) = ([], []);
        Index();
    }

    void Index()
    {
        ByCanary = Things.Where(thing => thing.Canary is not null).ToDictionary(thing => thing.Canary!);
        ByName = Things.ToDictionary(thing => thing.Name);
    }

    public DateTime Now { get; }
    public List<Thing> Things { get; private set; } = [];
    public List<Choice> Choices { get; private set; } = [];
    public List<Opened> Opened { get; } = [];
    public Dictionary<string, Thing> ByCanary { get; private set; }
    public Dictionary<string, Thing> ByName { get; private set; }
    /// <summary>Unit of each professional; null for who has no role.</summary>
    public Dictionary<string, string?> UnitOf { get; } = [];
    public Dictionary<string, string> RoleOf { get; } = [];
    public HashSet<string> Left { get; } = [];
    public static readonly Dictionary<string, string> PartOf = new() { ["h1-a"] = "h1", ["h1-b"] = "h1", ["h2-a"] = "h2" };

    /// <summary>The same world with fewer things and without anybody's choice.</summary>
    public World With(Predicate<Thing> kept)
    {
        var less = (World)MemberwiseClone();
        (less.Things, less.Choices) = (Things.FindAll(kept), []);
        less.Index();
        return less;
    }

    void Directory(string type, string id, JsonObject json)
    {
        json["resourceType"] = type;
        json["id"] = id;
        Things.Add(new($"{type}/{id}", [], json, null));
    }

    /// <summary>Puts something about patients into the world, with a canary in its narrative.</summary>
    void Add(string type, string id, string[] patients, string json)
    {
        var canary = string.Create(CultureInfo.InvariantCulture, $"zq{++canaries}q");
        var made = (JsonObject)JsonNode.Parse(json.Replace("CANARY", canary, StringComparison.Ordinal).Replace('\'', '"'))!;
        made["resourceType"] = type;
        made["id"] = id;
        made["text"] = new JsonObject { ["status"] = "generated", ["div"] = $"<div xmlns=\"http://www.w3.org/1999/xhtml\">{canary}</div>" };
        Things.Add(new($"{type}/{id}", patients, made, canary));
    }

    string Day(int days) => Now.AddDays(days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    T Any<T>(params T[] of) => of[dice.Next(of.Length)];
    string Professional() => $"dr{dice.Next(ProfessionalCount)}";
    /// <summary>A professional by themselves, or by their role.</summary>
    string Who() => Professional() is var id && UnitOf[id] is not null && dice.Next(2) == 0 ? $"PractitionerRole/{id}-role" : $"Practitioner/{id}";
    string Unit() => $"Organization/{Any(Units)}";

    void MakeDirectory()
    {
        foreach (var hospital in (string[])["h1", "h2", "lab", "pharm", "gp"]) Directory("Organization", hospital, new() { ["name"] = $"House {hospital}", ["address"] = new JsonArray(new JsonObject { ["country"] = "EE" }) });
        foreach (var (ward, hospital) in PartOf) Directory("Organization", ward, new() { ["name"] = $"Ward {ward}", ["partOf"] = new JsonObject { ["reference"] = $"Organization/{hospital}" } });
        for (var i = 0; i < ProfessionalCount; i++)
        {
            var id = $"dr{i}";
            Directory("Practitioner", id, new() { ["name"] = new JsonArray(new JsonObject { ["family"] = $"Doktor{i}" }) });
            UnitOf[id] = i == 19 ? null : Units[i % Units.Length];
            RoleOf[id] = i % 2 == 0 ? "doctor" : "nurse";
            if (UnitOf[id] is not { } unit) continue;
            var role = new JsonObject
            {
                ["active"] = true, ["practitioner"] = new JsonObject { ["reference"] = $"Practitioner/{id}" }, ["organization"] = new JsonObject { ["reference"] = $"Organization/{unit}" },
                ["code"] = new JsonArray(new JsonObject { ["coding"] = new JsonArray(new JsonObject { ["system"] = "urn:r", ["code"] = RoleOf[id] }) }),
            };
            if (i >= 17)
            {
                Left.Add(id);
                if (i == 17) role["active"] = false;
                else role["period"] = new JsonObject { ["end"] = Day(-5) };
            }
            Directory("PractitionerRole", $"{id}-role", role);
        }
    }

    void MakePatient(int i)
    {
        var p = $"pt{i}";
        var subject = $"'subject':{{'reference':'Patient/{p}'}}";
        var born = i == 31 ? Now.AddYears(-5) : i == 32 ? Now.AddYears(-15) : Now.AddYears(-40 - i % 30);
        var doctor = dice.Next(3) switch { 0 => $",'generalPractitioner':[{{'reference':'{Who()}'}}]", 1 => $",'generalPractitioner':[{{'reference':'{Unit()}'}}]", _ => "" };
        if (everywhere is not null) doctor = $",'generalPractitioner':[{{'reference':'Practitioner/{everywhere}'}}]";
        Add("Patient", p, [p], $"{{'identifier':[{{'system':'urn:tervik:sample:national-id','value':'n{i}'}}],'name':[{{'family':'CANARY'}}],'birthDate':'{born.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}','managingOrganization':{{'reference':'Organization/gp'}}{doctor}}}");
        string Encounter(string id, string more)
        {
            var start = Any(-10, -100, -300, -400, -700, 3, 20);
            var status = start > 0 ? "planned" : Any("finished", "finished", "in-progress", "cancelled", "entered-in-error", "onleave");
            var end = status is "finished" && dice.Next(3) > 0 ? $",'end':'{Day(start)}'" : "";
            return $"{{'status':'{status}','class':{{'code':'AMB'}},{subject},'period':{{'start':'{Day(start)}'{end}}},'participant':[{{'individual':{{'reference':'{Who()}'}}}}],'serviceProvider':{{'reference':'{Unit()}'}}{more}}}";
        }
        Add("Encounter", $"{p}-e0", [p], Encounter("e0", ""));
        Add("Encounter", $"{p}-e1", [p], Encounter("e1", dice.Next(3) == 0 ? $",'diagnosis':[{{'condition':{{'reference':'Condition/{p}-c1'}}}}]" : ""));
        string Coded(string code) => $"'code':{{'coding':[{{'system':'http://hl7.org/fhir/sid/icd-10','code':'{code}'}}],'text':'CANARY'}}";
        Add("Condition", $"{p}-c0", [p], $"{{{subject},{Coded("I10")},'recordedDate':'{Day(Any(-20, -45, -400))}'}}");
        Add("Condition", $"{p}-c1", [p], $"{{{subject},{Coded("F32.1")},'recordedDate':'{Day(-200)}'}}");
        Add("Condition", $"{p}-c2", [p], $"{{{subject},{Coded("F10.2")},'recordedDate':'{Day(-210)}','encounter':{{'reference':'Encounter/{p}-e0'}}}}");
        string Observed(int days) => $"'status':'final','code':{{'coding':[{{'system':'urn:o','code':'o'}}],'text':'CANARY'}},{subject},'effectiveDateTime':'{Day(days)}'";
        Add("Observation", $"{p}-o0", [p], $"{{{Observed(Any(-20, -45))}}}");
        Add("Observation", $"{p}-o1", [p], $"{{{Observed(-500)},'encounter':{{'reference':'Encounter/{p}-e1'}}}}");
        Add("Observation", $"{p}-o2", [p], $"{{{Observed(-600)},'derivedFrom':[{{'reference':'Observation/{p}-{Any("o0", "o1")}'}}]}}");
        string Prescribed(string more) => $"{{'status':'{Any("active", "active", "completed", "stopped")}','intent':'order',{subject},'authoredOn':'{Day(Any(-30, -300, -500))}','medicationCodeableConcept':{{'text':'CANARY'}}{more}}}";
        Add("MedicationRequest", $"{p}-m0", [p], Prescribed($",'dispenseRequest':{{'performer':{{'reference':'{Unit()}'}}}}"));
        Add("MedicationRequest", $"{p}-m1", [p], Prescribed($",'reasonReference':[{{'reference':'Condition/{p}-c1'}}]"));
        Add("DiagnosticReport", $"{p}-d0", [p], $"{{'status':'final','code':{{'text':'CANARY'}},{subject},'effectiveDateTime':'{Day(-550)}','result':[{{'reference':'Observation/{p}-{Any("o0", "o1", "o2")}'}}]}}");
        Add("DocumentReference", $"{p}-doc", [p], $"{{'status':'current','description':'CANARY',{subject},'date':'{Day(-620)}T10:00:00Z','content':[{{'attachment':{{'contentType':'text/plain','data':'{Convert.ToBase64String("text"u8)}'}}}}],'context':{{'encounter':[{{'reference':'Encounter/{p}-e1'}}]}}}}");
        Add("Appointment", $"{p}-ap", [p], Appointment([p]));
        if (i % 5 == 0) Add("Appointment", $"{p}-group", [p, $"pt{(i + 1) % PatientCount}"], Appointment([p, $"pt{(i + 1) % PatientCount}"]));
        Add("CareTeam", $"{p}-ct", [p], $"{{'status':'{Any("active", "active", "inactive")}','name':'CANARY',{subject},'period':{{'start':'{Day(-800)}'{(dice.Next(2) == 0 ? $",'end':'{Day(Any(-30, 30))}'" : "")}}},'participant':[{{'member':{{'reference':'{Who()}'}}}}]}}");
        var category = dice.Next(2) == 0 ? ",'category':[{'coding':[{'system':'http://snomed.info/sct','code':'108252007'}]}]" : "";
        Add("ServiceRequest", $"{p}-sr", [p], $"{{'status':'{Any("active", "completed", "draft", "revoked")}','intent':'order','code':{{'text':'CANARY'}},{subject},'authoredOn':'{Day(Any(-20, -120, -250))}','performer':[{{'reference':'{(dice.Next(2) == 0 ? Unit() : Who())}'}}]{category}}}");
        Add("AllergyIntolerance", $"{p}-al", [p], $"{{'clinicalStatus':{{'coding':[{{'system':'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical','code':'active'}}]}},'patient':{{'reference':'Patient/{p}'}},'code':{{'text':'CANARY'}},'recordedDate':'{Day(-640)}'}}");
        Add("List", $"{p}-li", [p], $"{{'status':'current','mode':'working','title':'CANARY',{subject},'date':'{Day(-650)}','entry':[{{'item':{{'reference':'Condition/{p}-{Any("c0", "c1")}'}}}}]}}");

        string Appointment(string[] patients)
        {
            var at = Any(-60, -10, 5, 60);
            return $"{{'status':'{Any("booked", "booked", "cancelled")}','description':'CANARY','start':'{Day(at)}T08:00:00Z','end':'{Day(at)}T08:30:00Z','participant':[{{'actor':{{'reference':'{Who()}'}},'status':'accepted'}},{string.Join(',', patients.Select(one => $"{{'actor':{{'reference':'Patient/{one}'}},'status':'accepted'}}"))}]}}";
        }
    }

    void MakeFamily()
    {
        foreach (var child in (string[])["pt31", "pt32"])
            Add("RelatedPerson", $"{child}-parent", [child], $"{{'active':true,'patient':{{'reference':'Patient/{child}'}},'identifier':[{{'system':'urn:tervik:sample:national-id','value':'n30'}}],'name':[{{'family':'CANARY'}}],'relationship':[{{'coding':[{{'system':'http://terminology.hl7.org/CodeSystem/v3-RoleCode','code':'MTH'}}]}}]}}");
        Add("RelatedPerson", "pt35-friend", ["pt35"], "{'active':true,'patient':{'reference':'Patient/pt35'},'identifier':[{'system':'urn:tervik:sample:national-id','value':'n30'}],'name':[{'family':'CANARY'}],'relationship':[{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/v3-RoleCode','code':'FRND'}]}]}");
        Choices.Add(new("pt33", "let in", "Patient/pt34", ""));
        Choices.Add(new("pt35", "let in", "Patient/pt36", "medication"));
        Choices.Add(new("pt37", "let in", "Patient/pt38", "", IsEnded: true));
    }

    void MakeChoices()
    {
        for (var i = 0; i < 30; i++)
        {
            var p = $"pt{i}";
            switch (i % 10)
            {
                case 1: Choices.Add(new(p, "keep out", "*", "")); break;
                case 2: Choices.Add(new(p, "keep out", "Organization/h1", "")); break;
                case 3: Choices.Add(new(p, "keep out", "*", "MH")); break;
                case 4: for (var d = 0; d < ProfessionalCount; d += 2) Choices.Add(new(p, "keep out", $"Practitioner/dr{d}", $"item Condition/{p}-c0")); break;
                case 5: Choices.Add(new(p, "keep out", "*", $"period {Day(-50)} {Day(-15)}")); break;
                case 6: Choices.Add(new(p, "opt out", "*", "SUD")); Choices.Add(new(p, "keep out", "role urn:r|nurse", "MH")); break;
                case 7: Choices.Add(new(p, "keep out", "*", "MH")); for (var d = 0; d < ProfessionalCount; d += 3) Choices.Add(new(p, "allow", $"Practitioner/dr{d}", "MH")); break;
                case 8: Choices.Add(new(p, "keep out", "role urn:r|doctor", "")); Choices.Add(new(p, "allow", "Organization/h2", "")); break;
                case 9: Choices.Add(new(p, "keep out", "*", "", IsEnded: true)); Choices.Add(new(p, "keep out", "Organization/h1-a", "SUD")); break;
            }
        }
        for (var i = 0; i < 25; i++) Opened.Add(new(Professional(), $"pt{dice.Next(PatientCount)}", IsGlass: i % 2 == 0, IsEnded: i % 5 == 0));
    }
}
