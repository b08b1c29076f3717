using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tervik.Authz;

/// <summary>One request and what docs/access.md says of its answer.</summary>
/// <param name="Who">Asks.</param>
/// <param name="Family">Of paths, for the table.</param>
/// <param name="Method">Of HTTP.</param>
/// <param name="Path">Below /fhir/; of a page with a slash before it.</param>
/// <param name="Target">What it is about.</param>
public sealed record Case(Caller Who, string Family, HttpMethod Method, string Path, Item Target)
{
    /// <summary>What is sent.</summary>
    public string? Body { get; init; }
    /// <summary>Further headers.</summary>
    public (string Name, string Value)[] Headers { get; init; } = [];
    /// <summary>The answer bears the canary of the target's newest version.</summary>
    public bool MustShow { get; init; }
    /// <summary>Exactly these are the matches of the search, over all pages.</summary>
    public HashSet<string>? Matches { get; init; }
    /// <summary>Exactly so many are counted.</summary>
    public int? Total { get; init; }
    /// <summary>Exactly this is answered.</summary>
    public int? Status { get; init; }
    /// <summary>Exactly this in each entry of the answer of a bundle.</summary>
    public int? Entries { get; init; }
    /// <summary>The target is hidden: the answer is the one for what never existed.</summary>
    public bool Hidden { get; init; }

    /// <summary>A page of the portal, not of the API.</summary>
    public bool IsPage => Path.StartsWith('/');

    /// <summary>As a command for a shell.</summary>
    public string Curl(string address) => $"curl -X {Method} {(Who.Agent is null ? "" : $"-H 'Authorization: Bearer <{Who.Kind}: {Who.Agent}{(Who.Read ? "" : ", write only")}{(Who.Write ? "" : ", read only")}>' ")}{string.Concat(Headers.Select(one => $"-H '{one.Name}: {one.Value}' "))}{(Body is null ? "" : $"-d '{Body}' ")}'{address}{(IsPage ? "" : "/fhir/")}{Path}'";
}

/// <summary>Draws requests from the data of the world, so that most would hit something.</summary>
public sealed class Cases
{
    /// <summary>An id of which nothing ever was; without a letter that ids of the world begin with.</summary>
    public const string Never = "zz-never";
    static readonly string[] Clinical = ["Observation", "Condition", "MedicationRequest", "Encounter", "DocumentReference", "DiagnosticReport", "AllergyIntolerance", "List", "Appointment", "ServiceRequest", "CarePlan"];

    readonly World world;
    readonly Oracle oracle;
    readonly int seed;
    Random random = new(0);
    readonly Dictionary<Caller, HashSet<Item>> seen = new(ReferenceEqualityComparer.Instance);
    readonly List<Item> patients, records;
    readonly Dictionary<string, List<Item>> byPatient;

    /// <summary>From a seed.</summary>
    /// <param name="world">Gives the data.</param>
    /// <param name="oracle">Says what is expected.</param>
    /// <param name="seed">Everything random comes from it.</param>
    public Cases(World world, Oracle oracle, int seed)
    {
        (this.world, this.oracle, this.seed) = (world, oracle, seed);
        patients = [.. world.Items.Where(item => item.Type == "Patient")];
        records = [.. world.Items.Where(item => Oracle.CompartmentsOf(item, item.Versions[0]!).Count > 0 || item.Type == "Binary")];
        byPatient = patients.ToDictionary(patient => patient.Reference, patient => records.Where(item => item.Type == "Binary" ? item.Id == patient.Id + "-b" : item.Versions.OfType<JsonObject>().Any(body => Oracle.CompartmentsOf(item, body).Contains(patient.Reference))).ToList());
    }

    HashSet<Item> SeenBy(Caller who) => seen.TryGetValue(who, out var known) ? known : seen[who] = [.. world.Items.Where(item => oracle.Sees(who, item))];

    readonly Dictionary<Caller, List<Item>> drawn = new(ReferenceEqualityComparer.Instance);

    List<Item> Findable(Caller who) => drawn.TryGetValue(who, out var known) ? known : drawn[who] = [.. records.Where(item => oracle.Sees(who, item))];

    T Any<T>(IReadOnlyList<T> of) => of[random.Next(of.Count)];

    Item Patient(string id) => patients.First(one => one.Id == id);

    static string? SubjectOf(Item item) => (item.Latest?["subject"] ?? item.Latest?["patient"])?["reference"]?.ToString();

    /// <summary>The case of a number: the same for the same seed, whatever was drawn before.</summary>
    /// <param name="number">Which.</param>
    /// <param name="about">Half of the cases are about one of these.</param>
    public Case Number(int number, IReadOnlyList<Item>? about = null)
    {
        random = new(unchecked(seed * 1_000_003 + number));
        var who = Any(world.Callers);
        var patient = Any(patients);
        var target = random.Next(10) switch { 0 => patient, 1 => Any(world.Items), _ => Any(byPatient[patient.Reference]) };
        if (about is not null && random.Next(2) == 0)
        {
            target = Any(about);
            patient = patients.Find(one => target.Id.StartsWith(one.Id, StringComparison.Ordinal)) ?? patient;
        }
        // Two of three are about what there is to find for this caller, so that most show something.
        else if (random.Next(3) > 0 && Findable(who) is { Count: > 0 } findable)
        {
            target = Any(findable);
            patient = target.Latest is { } latest && Oracle.CompartmentsOf(target, latest).Order(StringComparer.Ordinal).FirstOrDefault() is { } of ? patients.Find(one => one.Reference == of) ?? patient : patient;
        }
        var visible = SeenBy(who);
        var isHidden = !visible.Contains(target);
        var isFine = who.Agent is not null && !who.Dead && who.Read;
        var (type, id) = (target.Type, target.Id);
        var mustShow = oracle.MustShow(who, target) && target.Latest is not null;
        Case Get(string family, string path) => new(who, family, HttpMethod.Get, path, target) { Hidden = isHidden };
        HashSet<string> Of(IEnumerable<Item> items) => [.. items.Where(item => item.Latest is not null && visible.Contains(item)).Select(item => item.Reference)];
        var kind = Any(Clinical);
        bool InSearch(Item item) => item.Type == kind && (kind == "Appointment" ? item.Latest is { } latest && Oracle.CompartmentsOf(item, latest).Contains(patient.Reference) : SubjectOf(item) == patient.Reference);
        if (who.OnlyWrites && random.Next(2) == 0) return WriteOnly(who, target);
        switch (random.Next(48))
        {
            case 0: case 1: return Get("read", $"{type}/{id}") with { MustShow = mustShow };
            case 2: return Get("read", $"{type}/{id}") with { Method = HttpMethod.Head };
            case 3: return Get("read conditional", $"{type}/{id}") with { Headers = [("If-None-Match", $"W/\"{random.Next(1, 3)}\"")] };
            case 4: return Get("read conditional", $"{type}/{id}") with { Headers = [("If-Modified-Since", "Mon, 01 Jan 2035 00:00:00 GMT")] };
            case 5: return Get("read subset", $"{type}/{id}?{Any<string>(["_summary=true", "_summary=text", "_elements=id,note,name,code", "_format=xml", "_pretty=true"])}");
            case 6:
                var version = random.Next(1, 4);
                return Get("vread", $"{type}/{id}/_history/{version}") with { Hidden = version > target.Versions.Count ? isHidden : !oracle.Sees(who, target, version) };
            case 7: return Get("history", $"{type}/{id}/_history") with { MustShow = mustShow, Hidden = !Enumerable.Range(1, target.Versions.Count).Any(one => oracle.Sees(who, target, one)) };
            case 8: return Get("history", $"{type}/_history?_count=200") with { Hidden = false };
            case 9: return Get("history", "_history?_count=300") with { Hidden = false };
            case 10: return Get("search by id", $"{type}?_id={id}") with { MustShow = mustShow && isFine };
            case 11: return Get("search by id", $"{type}?_id={id},qq-nobody&_total=accurate") with { Total = isFine ? mustShow ? 1 : isHidden || target.Latest is null ? 0 : null : null };
            case 12: return new(who, "search by patient", HttpMethod.Get, $"{kind}?patient={patient.Id}&_count=200", patient) { Matches = isFine ? Of(world.Items.Where(InSearch)) : null };
            case 13: return new(who, "search by patient", HttpMethod.Post, $"{kind}/_search", patient) { Body = $"patient=Patient/{patient.Id}&_count=200", Headers = [("Content-Type", "application/x-www-form-urlencoded")], Matches = isFine ? Of(world.Items.Where(InSearch)) : null };
            case 14: return new(who, "count", HttpMethod.Get, $"{kind}?patient={patient.Id}&{Any<string>(["_summary=count", "_total=accurate&_count=1", "_count=0"])}", patient) { Total = isFine ? Of(world.Items.Where(InSearch)).Count : null };
            case 15:
            {
                var code = Any<string>(["718-7", "2345-7"]);
                return new(who, "search by code", HttpMethod.Get, $"Observation?code=http://loinc.org|{code}&_count=500", target) { Matches = isFine ? Of(world.Items.Where(item => item.Type == "Observation" && item.Latest?["code"]!["coding"]![0]!["code"]!.ToString() == code)) : null };
            }
            case 16:
            {
                var code = Any<string>(["F32.1", "F10.2", "A54.0", "Q90.9", "T74.1", "N97.0", "I10"]);
                return new(who, "search by code", HttpMethod.Get, $"Condition?code=http://hl7.org/fhir/sid/icd-10|{code}&_count=500", target) { Matches = isFine ? Of(world.Items.Where(item => item.Type == "Condition" && item.Latest?["code"]!["coding"]![0]!["code"]!.ToString() == code)) : null };
            }
            case 17: return new(who, "compartment", HttpMethod.Get, $"Patient/{patient.Id}/{Any<string>([kind, "*"])}?_count=200", patient);
            case 18: return new(who, "chain", HttpMethod.Get, $"{Any<string>(["Observation?patient.identifier=urn:oid:1.2.208.176.1.2|", "Condition?subject:Patient.identifier=", "MedicationRequest?patient.identifier="])}{patient.Latest!["identifier"]![0]!["value"]}&_count=200", patient);
            case 19: return new(who, "_has", HttpMethod.Get, $"Patient?_has:Condition:patient:code={Any<string>(["F32.1", "F10.2", "A54.0", "Q90.9", "T74.1", "N97.0"])}&_count=200", patient);
            case 20: return Get("_has", $"Patient?_has:{Any<string>(["Observation:patient", "Condition:patient", "MedicationRequest:patient"])}:_id={id}");
            case 21: return Get("_has", $"Condition?_has:List:item:_id={id}") with { Hidden = false };
            case 22: return Get("_filter", $"{type}?_filter=_id eq {id}");
            case 23: return Get("_include", $"{type}?_id={id}&_include=*&_include:iterate=*");
            case 24: return Get("_revinclude", $"{type}?_id={id}&_revinclude=*");
            case 25: return new(who, "_include", HttpMethod.Get, $"{Any<string>(["DiagnosticReport?_include=DiagnosticReport:result&_include=DiagnosticReport:subject", "List?_include=List:item&_revinclude:iterate=Provenance:target", "MedicationRequest?_include=*&_include:iterate=Condition:subject", "DocumentReference?_include=*", "Appointment?_include=Appointment:actor", "Provenance?_include=Provenance:target", "Encounter?_revinclude=Observation:encounter"])}&patient={patient.Id}&_count=100", patient);
            case 26: return new(who, "_revinclude", HttpMethod.Get, $"Patient?_id={patient.Id}&_revinclude={Any<string>(["*", "Observation:subject", "Condition:subject", "Appointment:actor", "Provenance:target", "List:subject"])}&_revinclude:iterate=Provenance:target", patient);
            case 27: return new(who, "sort and modifiers", HttpMethod.Get, $"{kind}?{Any<string>(["_sort=-_lastUpdated", "_sort=_id", "code:missing=true", "code:not=718-7", "_id:missing=false", "patient:missing=false", "_lastUpdated=gt2000", "_security:not=X"])}&_count={Any<string>(["3", "50", "500"])}&_total=accurate", target);
            case 28: return new(who, "paging", HttpMethod.Get, $"{kind}?_count=7&patient={patient.Id}", patient) { Matches = isFine ? Of(world.Items.Where(InSearch)) : null };
            case 29: return new(who, "system search", HttpMethod.Get, $"?_type={kind},Patient&_id={id}&_count=100", target) { Hidden = isHidden };
            case 30: return new(who, "operations", HttpMethod.Get, $"Patient/{patient.Id}/{Any<string>(["$everything?_count=500", "$summary"])}", patient) { Hidden = !visible.Contains(patient) };
            case 31: return new(who, "operations", HttpMethod.Get, Any<string>([$"Observation/$lastn?patient=Patient/{patient.Id}&max=3", $"Patient/{patient.Id}/$meta", $"{type}/{id}/$meta"]), target);
            case 32: return new(who, "batch", HttpMethod.Post, "", target) { Body = Bundle("batch", ("GET", $"{type}/{id}", null, null), ("GET", $"{type}?_id={id}", null, null), ("GET", $"Patient/{patient.Id}", null, null)), Hidden = false };
            case 33: return new(who, "batch", HttpMethod.Post, "", target) { Body = Bundle("batch", ("GET", $"{type}/{id}", null, null), ("GET", $"{type}/{id}/_history/1", null, null)), Hidden = isHidden && !oracle.Sees(who, target, 1) };
            case 34:
                // Patients read their own log and that of their children, and of nobody who let them in.
                return random.Next(2) == 0 ? new(who, "access log", HttpMethod.Get, $"AuditEvent?patient={patient.Id}&_count=50", patient) { Hidden = who.Agent?.StartsWith("Patient/", StringComparison.Ordinal) == true && !oracle.ReadsLog(who, patient.Reference) }
                    : new(who, "access log", HttpMethod.Get, $"AuditEvent?entity={type}/{id}&_count=50", target);
            case 35: case 36:
                return new(who, "page of a patient", HttpMethod.Get, $"/patients/{patient.Id}{Any<string>(["", "/timeline", "/results", "/conditions", "/medication", "/allergies", "/vaccinations", "/procedures", "/imaging", "/documents", "/encounters", "/appointments", "/appointments/new", "/appointments/calendar", "/messages", "/referrals", "/referrals/new", "/pathways", "/pathways/new", "/care-team", "/wishes", "/details", "/flowsheet", "/handover", "/download", "/summary.json", "/summary.html", "/new/note"])}", patient) { Hidden = !visible.Contains(patient) };
            case 37: return new(who, "page of an entry", HttpMethod.Get, $"/patients/{patient.Id}/entry/{type}/{id}{Any<string>(["", "/history"])}", target) { Hidden = isHidden && target != patient, MustShow = mustShow && visible.Contains(patient) && who.Agent?.StartsWith("client/", StringComparison.Ordinal) == false && type is ("Condition" or "Observation" or "AllergyIntolerance" or "MedicationRequest") && SubjectOf(target) == patient.Reference };
            case 38:
                var document = Any(records.Where(item => item.Type == "DocumentReference").ToList());
                return new(who, "file of a document", HttpMethod.Get, $"/patients/{document.Id[..3]}/documents/DocumentReference/{document.Id}{Any<string>(["", "/0"])}", document) { Hidden = !visible.Contains(document) && visible.Contains(Patient(document.Id[..3])) };
            case 42:
            {
                // A referral likewise: on its page, and on the forms of what is done with it.
                if (random.Next(3) == 0)
                {
                    var referral = Any(records.Where(item => item.Type == "ServiceRequest").ToList());
                    return new(who, "page of a referral", HttpMethod.Get, $"/patients/{patient.Id}/referrals/{referral.Id}{Any<string>(["", "/accept", "/return"])}", referral) { Hidden = !visible.Contains(referral) || !visible.Contains(patient) };
                }
                if (random.Next(2) == 0)
                {
                    var pathway = Any(records.Where(item => item.Type == "CarePlan").ToList());
                    return new(who, "page of a pathway", HttpMethod.Get, $"/patients/{patient.Id}/pathways/{pathway.Id}{Any<string>(["", "/done?step=talk", "/end"])}", pathway) { Hidden = !visible.Contains(pathway) || !visible.Contains(patient) };
                }
                // An appointment on its page: there for who sees it, on the page of whose it is.
                var appointment = Any(records.Where(item => item.Type == "Appointment").ToList());
                return new(who, "page of an appointment", HttpMethod.Get, $"/patients/{patient.Id}/appointments/{appointment.Id}{Any<string>(["", "/move", "/cancel", "/calendar.ics", "/questionnaire"])}", appointment) { Hidden = !visible.Contains(appointment) || !visible.Contains(patient) };
            }
            case 43: return new(who, "find appointments", HttpMethod.Get, "Appointment/$find?start=2026-12-01&end=2026-12-02", target) { Status = who.Agent is null || who.Dead ? 401 : who.Smart is null ? who.Read ? 200 : 403 : null };
            case 44:
                // Holding for who is not one's own is refused in the same words whether there is such a patient or not.
                return new(who, "hold an appointment", HttpMethod.Post, "Appointment/$hold", patient) { Headers = [("Content-Type", "application/fhir+json")], Hidden = !oracle.Sees(who with { Read = true }, patient),
                    Body = $$$"""{"resourceType":"Parameters","parameter":[{"name":"appointment-reference","valueReference":{"reference":"Appointment/p-1-1-1"}},{"name":"patient-reference","valueReference":{"reference":"Patient/{{{patient.Id}}}"}}]}""" };
            case 39: return new(who, "page for what is not one's own", HttpMethod.Get, $"/patients/{patient.Id}{Any<string>(["/access", "/access/proof", "/access/question", "/sharing", "/sharing/hide", "/sharing/as", "/sharing/close", "/sharing/consents", "/family", "/emergency"])}", patient) { Hidden = !visible.Contains(patient) };
            case 40: return new(who, "page of all patients", HttpMethod.Get, Any<string>(["/", "/messages", "/messages?show=unread", "/messages/new", "/patients", "/today", "/tasks", "/referrals", "/waiting-times", "/notices", "/reviews", "/look-up", "/account", "/calendar", $"/calendar?day={world.Day(10)}", $"/calendar?day={world.Day(5)}", $"/calendar?day={world.Day(10)}&of=appointment-calendar", $"/calendar?day={world.Day(5)}&of=rolenamed-role-calendar", "/calendar/absences", "/calendar/waiting", "/calendar/numbers", "/clinics", "/clinics/services/new", "/clinics/calendars/new", "/clinics/calendars/appointment-calendar", "/clinics/calendars/appointment-calendar/hours/0", $"/patients?name={patient.Id}", $"/go?q={Any<string>(["p", "final", patient.Id])}", $"/go?q={Any<string>(["p", "a", patient.Id])}&about={patient.Id}"]), patient);
            case 41:
                // What patients chose is theirs alone to read; to all others there are no such Consents.
                var whose = Any(world.Choices.Select(choice => choice.Patient).Distinct().ToList());
                var own = whose == who.Agent && isFine ? world.Choices.Select((choice, i) => (choice, i)).Where(one => one.choice.Patient == whose).Select(one => one.i).ToList() : [];
                var which = own.Count > 0 ? Any(own) : random.Next(world.Choices.Count);
                return random.Next(2) == 0 ? new(who, "choices", HttpMethod.Get, $"Consent?_tag=urn:tervik:consent%7Cchoice&patient={whose}&_count=2", patient) { Matches = isFine ? [.. own.Select(i => $"Consent/choice-choice-{i}")] : null }
                    : new(who, "choices", HttpMethod.Get, $"Consent/choice-choice-{which}", patient) { Status = !isFine ? null : world.Choices[which].Patient == who.Agent ? 200 : 404 };
        }
        // What writes: only where the target is hidden, so that nothing can change; a condition that never holds comes with it where the protocol has one.
        // A system client writes everything, so that nothing is hidden from it there; of a token that only writes, its holder's sight counts.
        if (who.Agent is null || who.Agent.StartsWith("client/", StringComparison.Ordinal) && !who.Dead || oracle.Sees(who with { Read = true }, target)) return Get("read", $"{type}/{id}") with { MustShow = mustShow };
        var never = ("If-Match", "W/\"999\"");
        var json = ("Content-Type", "application/fhir+json");
        return random.Next(7) switch
        {
            0 => Get("write", $"{type}/{id}") with { Method = HttpMethod.Put, Headers = [never, json], Body = Stub(target) },
            1 => Get("write", $"{type}/{id}") with { Method = HttpMethod.Delete, Headers = [never] },
            2 => Get("patch", $"{type}/{id}") with { Method = HttpMethod.Patch, Headers = [never, ("Content-Type", "application/json-patch+json")], Body = """[{"op":"test","path":"/status","value":"final"}]""" },
            3 => Get("patch", $"{type}/{id}") with { Method = HttpMethod.Patch, Headers = [never, json], Body = """{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"delete"},{"name":"path","valueString":"Observation.note"}]}]}""" },
            4 => Get("conditional write", $"{type}?_id={id}") with { Method = HttpMethod.Patch, Headers = [never, ("Content-Type", "application/json-patch+json")], Body = """[{"op":"test","path":"/id","value":"x"}]""" },
            5 => Get("conditional write", $"{type}?_id={id}") with { Method = HttpMethod.Delete },
            _ => Get("transaction", "") with { Method = HttpMethod.Post, Headers = [json], Body = Bundle("transaction", ("PUT", $"{type}/{id}", "W/\"999\"", Stub(target))) },
        };
    }

    /// <summary>
    /// Whoever only writes is answered the same about what is there and what never was, and given nothing of it: conditions, patches and what shows something stored are refused.
    /// Nothing is changed: what would be let through bears a version that never fits.
    /// </summary>
    Case WriteOnly(Caller who, Item target)
    {
        var (type, id, creates, isProgram) = (target.Type, target.Id, who.Smart == "system/*.c", who.Agent!.StartsWith("client/", StringComparison.Ordinal));
        var (json, patch) = (("Content-Type", "application/fhir+json"), ("Content-Type", "application/json-patch+json"));
        var representation = ("Prefer", "return=representation");
        var guess = $$"""[{"op":"test","path":"/{{Any<string>(["status", "id", "resourceType", "gender"])}}","value":"{{Any<string>(["final", id, type, "male"])}}"}]""";
        var binary = $$"""{"resourceType":"Binary","contentType":"application/json-patch+json","data":"{{Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(guess))}}"}""";
        // A resource that the validator takes, without anything of the target.
        const string Fresh = """{"resourceType":"Basic","code":{"text":"x"}}""";
        var fresh = target.Canaries.Where(canary => canary.Length > 0).Aggregate(Stub(target), (body, canary) => body.Replace(canary, "x", StringComparison.Ordinal));
        Case Of(HttpMethod method, string path, string? body = null, params (string, string)[] headers) => new(who, "only writes", method, path, target) { Body = body, Headers = headers, Hidden = true, Status = 403 };
        switch (random.Next(12))
        {
            case 0: return Of(HttpMethod.Post, type, fresh, json, representation, ("If-None-Exist", $"_id={id}"));
            case 1: return Of(HttpMethod.Post, "Basic", Fresh, json, ("If-None-Exist", $"subject={Any(patients).Reference}"));
            case 2: return Of(HttpMethod.Put, $"{type}?_id={id}", fresh, json, representation);
            case 3: return Of(HttpMethod.Delete, $"{type}?_id={id}");
            case 4: return Of(HttpMethod.Patch, $"{type}?_id={id}", guess, patch, representation);
            case 5: return Of(HttpMethod.Patch, $"{type}/{id}", guess, patch, representation);
            case 6: return Of(HttpMethod.Get, $"{type}/{id}/$validate");
            case 7: return Of(HttpMethod.Get, $"{type}/{id}/$meta");
            // A professional's batch begins with the right to read.
            case 8: return Of(HttpMethod.Post, "", Bundle("batch", ("GET", $"{type}/{id}", null, null), ("GET", $"{type}?_id={id}", null, null), ("PATCH", $"{type}/{id}", null, binary), ("DELETE", $"{type}?_id={id}", null, null)), json, representation) with { Status = isProgram ? null : 403, Entries = isProgram ? 403 : null };
            case 9: return Of(HttpMethod.Post, "", Bundle("transaction", ("PATCH", $"{type}/{id}", null, binary)), json, representation);
            case 10: return Of(HttpMethod.Post, "", Bundle("transaction", ("DELETE", $"{type}?_id={id}", null, null)), json);
            // That an id is taken, and by how many versions, is told to who may write it.
            default: return Of(HttpMethod.Put, $"{type}/{id}", fresh, json, representation, ("If-Match", "W/\"999\"")) with { Hidden = false, Status = creates ? 403 : isProgram ? 412 : null };
        }
    }

    static string Stub(Item target) => target.Versions.OfType<JsonObject>().Last().ToJsonString();

    static string Bundle(string type, params (string Method, string Url, string? IfMatch, string? Resource)[] entries)
    {
        var bundle = new JsonObject { ["resourceType"] = "Bundle", ["type"] = type };
        var all = new JsonArray();
        foreach (var (method, url, ifMatch, resource) in entries)
        {
            var request = new JsonObject { ["method"] = method, ["url"] = url };
            if (ifMatch is not null) request["ifMatch"] = ifMatch;
            var entry = new JsonObject { ["request"] = request };
            if (resource is not null) entry["resource"] = JsonNode.Parse(resource);
            all.Add((JsonNode)entry);
        }
        bundle["entry"] = all;
        return bundle.ToJsonString(JsonSerializerOptions.Web);
    }
}
