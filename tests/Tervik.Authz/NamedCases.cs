using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Tervik.Authz;

/// <summary>A case with a name, for one of the ranked leak paths (docs/security/leak-paths.md).</summary>
/// <param name="Path">Number of the leak path.</param>
/// <param name="Name">What must hold.</param>
/// <param name="Fault">Tries it; null when it holds.</param>
public sealed record NamedCase(int Path, string Name, Func<Probe, Task<string?>> Fault);

/// <summary>The cases of the leak paths by name.</summary>
public static class NamedCases
{
    static readonly int[] NotFound = [404], Unknown = [401], Forbidden = [403], NoSuchOperation = [400, 403, 404, 405, 501];

    static async Task<string?> AllOf(params Func<Task<string?>>[] tries)
    {
        foreach (var one in tries)
            if (await one() is { } fault) return fault;
        return null;
    }

    static async Task<string?> Each<T>(IEnumerable<T> of, Func<T, Task<string?>> tried)
    {
        foreach (var one in of)
            if (await tried(one) is { } fault) return fault;
        return null;
    }

    static string Bundle(string type, string entry) => $$"""{"resourceType":"Bundle","type":"{{type}}","entry":[{{entry}}]}""";
    static string Get(string url) => $$$"""{"request":{"method":"GET","url":"{{{url}}}"}}""";

    static Caller Gp(Probe at) => at.As("Practitioner/gp");
    static Caller Team(Probe at) => at.As("Practitioner/team");
    static Caller Stranger(Probe at) => at.As("Practitioner/stranger");
    static Caller Patient(Probe at, int number) => at.As($"Patient/p{number:00}");
    static Caller System(Probe at) => at.Kind("system");
    static Item One(Probe at, string reference) => at.World.Items.First(item => item.Reference == reference);
    static readonly Caller Nobody = new(null, "nobody", Read: false, Write: false);

    /// <summary>Every case.</summary>
    public static IReadOnlyList<NamedCase> All { get; } =
    [
        // 1: a valid account without a relation.
        new(1, "Without a relation nobody is read", at => at.LooksAbsent(Stranger(at), at.Patients(Stranger(at), seen: false), "Patient/{id}")),
        new(1, "Without a relation nothing of anybody is read", at => Each<string>(["Observation", "Condition", "DocumentReference", "Encounter"], type => at.LooksAbsent(Stranger(at), at.Foreign(Stranger(at), type), $"{type}/{{id}}"))),
        new(1, "Without a relation nobody is found by name", at => Each(at.Patients(Stranger(at), seen: false).Take(5), patient => at.LooksAbsent(Stranger(at), [new("Patient", patient.Canaries[^1])], "Patient?name={id}&_total=accurate"))),
        new(1, "Who browses finds whom they have a relation with and no one else", async at =>
        {
            var answer = await at.Ask(Gp(at), "Patient?_count=500&_total=accurate");
            var expected = at.Patients(Gp(at), seen: true).Select(patient => patient.Id).Order(StringComparer.Ordinal).ToList();
            using var bundle = JsonDocument.Parse(answer.Body);
            var found = bundle.RootElement.GetProperty("entry").EnumerateArray().Select(entry => entry.GetProperty("resource").GetProperty("id").GetString()!).Order(StringComparer.Ordinal).ToList();
            return expected.SequenceEqual(found) && bundle.RootElement.GetProperty("total").GetInt32() == expected.Count ? null : $"expected {string.Join(' ', expected)}, got {bundle.RootElement.GetProperty("total")}: {string.Join(' ', found)}";
        }),
        new(1, "A relation that is over opens nothing", at => Each<string>(["encold", "admissionold", "appointmentold", "teamold", "referralold", "labold", "pharmacyold", "glassold", "left", "cancelled"],
            name => at.LooksAbsent(at.As($"Practitioner/{name}"), at.Patients(at.As($"Practitioner/{name}"), seen: false).Where(patient => name == "glassold" || at.World.Items.Exists(item => item.Id == $"{patient.Id}-{name}")), "Patient/{id}"))),
        new(1, "A page about a patient without a relation is the page about nobody", at => Each<string>(["", "/timeline", "/results", "/medication", "/flowsheet", "/handover", "/summary.json", "/emergency"], page => at.LooksAbsent(Stranger(at), at.Patients(Stranger(at), seen: false), "/patients/{id}" + page))),
        new(1, "The list of patients and the search field show nobody else", at => AllOf(
            () => at.ShowsOnly(Gp(at), "/patients"), () => at.ShowsOnly(Gp(at), "/go?q=p"), () => at.ShowsOnly(Stranger(at), "/patients"),
            () => Each(at.Patients(Stranger(at), seen: false).Take(5), patient => at.LooksAbsent(Stranger(at), [new("Patient", patient.Canaries[^1])], "/go?q={id}")))),
        new(1, "Behind a broken glass everything is read and nothing is written", at => Unwritten(at, at.As("Practitioner/glass"), NotTheirs(at, at.As("Practitioner/glass")))),
        new(1, "A relation with a scope writes nothing outside of it", at => Each<string>(["lab", "pharmacy"], name => at.Patients(at.As($"Practitioner/{name}"), seen: true).FirstOrDefault(patient => !at.Oracle.Writes(at.As($"Practitioner/{name}"), One(at, $"Condition/{patient.Id}-c2"))) is { } patient
            ? at.Refuses(at.As($"Practitioner/{name}"), [403, 404], "Condition", "POST", $$$"""{"resourceType":"Condition","code":{"text":"x"},"subject":{"reference":"{{{patient.Reference}}}"}}""") : Task.FromResult<string?>("nothing to try"))),
        new(1, "Patients, parents and who was let in write nothing by the API", at => AllOf(
            () => Unwritten(at, Patient(at, 4), at.Seen(Patient(at, 4), "Observation").Take(1)), () => Unwritten(at, Patient(at, 1), at.Seen(Patient(at, 1), "Observation").Where(item => item.Id.StartsWith("p31-", StringComparison.Ordinal)).Take(1)),
            () => Unwritten(at, Patient(at, 1), at.Seen(Patient(at, 1), "Observation").Where(item => item.Id.StartsWith("p10-", StringComparison.Ordinal)).Take(1)))),
        new(1, "Who was let in books for whom asked them to, and for nobody else", at => Each([("p15", 404), ("p13", 403), ("p12", 403), ("p16", 403), ("nobody", 403)], async one =>
        {
            // The offer never was: 404 says that the question was let through.
            var answer = await at.Ask(Patient(at, 2), "Appointment/$hold", "POST", $$$"""{"resourceType":"Parameters","parameter":[{"name":"appointment-reference","valueReference":{"reference":"Appointment/p-1-1-1"}},{"name":"patient-reference","valueReference":{"reference":"Patient/{{{one.Item1}}}"}}]}""");
            return answer.Status == one.Item2 ? null : $"expected {one.Item2} for {one.Item1}, got {answer.Status} {answer.Body}";
        })),
        new(1, "Who leads a unit sees its calendars and numbers, and no patient without a relation", at => AllOf(
            () => Each<string>(["/clinics", "/clinics/services/new", "/clinics/calendars/new", "/clinics/calendars/appointment-calendar", "/calendar", "/calendar?of=appointment-calendar", "/calendar/numbers", "/calendar/numbers.csv", "/calendar/waiting", "/calendar/absences"], page => at.ShowsOnly(at.As("Practitioner/lead"), page)),
            () => Each<Caller>([Gp(at), Stranger(at), Patient(at, 4)], who => Each<string>(["/clinics", "/clinics/calendars/appointment-calendar", "/calendar/numbers", "/calendar/numbers.csv"], page => at.Refuses(who, [403, 404], page))))),
        new(1, "Who treats does write", async at =>
        {
            var item = at.Seen(Gp(at), "Observation").First(one => at.Oracle.Writes(Gp(at), one) && one.Versions.Count == 1);
            var answer = await at.Ask(Gp(at), item.Reference, "PATCH", """[{"op":"test","path":"/resourceType","value":"Condition"}]""", "application/json-patch+json");
            return answer.Status == 422 ? null : $"expected 422 (the test of the patch fails), got {answer.Status} {answer.Body}";
        }),

        // 2: another's id in a place for one's own.
        new(2, "A file of another is as one that never was", at => AllOf(
            () => at.LooksAbsent(Gp(at), Files(at, Gp(at), hidden: false), "Binary/{id}"),
            () => at.LooksAbsent(Patient(at, 4), Files(at, Patient(at, 4), hidden: false), "Binary/{id}"))),
        new(2, "The file of a hidden document is as one that never was", async at =>
        {
            var readers = at.World.Callers.Where(who => who.Kind == "professional" && Files(at, who, hidden: true).Any()).ToList();
            return readers.Count == 0 ? "nothing to try" : await Each(readers, who => at.LooksAbsent(who, Files(at, who, hidden: true), "Binary/{id}"));
        }),
        new(2, "Another's entry is not on a page of one's own record", at => Each<string>(["Observation", "Condition", "DocumentReference", "Encounter"], type => AllOf(
            () => at.LooksAbsent(Patient(at, 4), at.Foreign(Patient(at, 4), type), $"/patients/p04/entry/{type}/{{id}}"),
            () => at.LooksAbsent(Patient(at, 4), at.Foreign(Patient(at, 4), type), $"/patients/p04/entry/{type}/{{id}}/history")))),
        new(2, "What is hidden has no page in the record that is seen", at => Each(at.World.Callers.Where(who => who.Kind == "professional").SelectMany(who => at.Patients(who, seen: true).Select(patient => (who, patient))).Where(pair => at.HiddenParts(pair.who, "Condition").Any(item => item.Id.StartsWith(pair.patient.Id + "-", StringComparison.Ordinal))).Take(12), pair => Each<string>(["", "/history"], part =>
            at.LooksAbsent(pair.who, at.HiddenParts(pair.who, "Condition").Where(item => item.Id.StartsWith(pair.patient.Id + "-", StringComparison.Ordinal)), $"/patients/{pair.patient.Id}/entry/Condition/{{id}}{part}")))),
        new(2, "Another's document and its file are not in one's own documents", at => Each<string>(["", "/0"], part => at.LooksAbsent(Patient(at, 4), at.Foreign(Patient(at, 4), "DocumentReference"), "/patients/p04/documents/DocumentReference/{id}" + part))),
        new(2, "Another's entry is not in one's own compartment", at => at.LooksAbsent(Patient(at, 4), at.Foreign(Patient(at, 4), "Observation"), "Patient/p04/Observation?_id={id}&_total=accurate")),
        new(2, "Another's appointment is no file for a calendar, and another's calendar has no page", at => AllOf(
            () => at.LooksAbsent(Patient(at, 4), at.Foreign(Patient(at, 4), "Appointment"), "/patients/p04/appointments/{id}/calendar.ics"),
            () => at.LooksAbsent(Patient(at, 4), at.Patients(Patient(at, 4), seen: false), "/patients/{id}/appointments/calendar"),
            () => Each(at.Patients(Gp(at), seen: true).Take(4), patient => at.Refuses(Gp(at), NotFound, $"/patients/{patient.Id}/appointments/calendar")),
            () => Each<Caller>([Nobody, Patient(at, 4), Gp(at)], who => at.Refuses(who, NotFound, "/calendar-feed/bm90LWEtc2VjcmV0LW5vdC1hLXNlY3JldC1ub3QtYS1z.ics")))),

        // 3: includes.
        new(3, "What refers to a patient comes without what is hidden", at => Each(WithHidden(at, Gp(at)), patient => at.ShowsOnly(Gp(at), $"Patient?_id={patient.Id}&_revinclude=*&_count=500", [patient]))),
        new(3, "What refers to the directory comes without what is hidden", at => AllOf(
            () => at.ShowsOnly(Gp(at), "Practitioner?_id=enc,gp,team&_revinclude=*&_revinclude:iterate=*"), () => at.ShowsOnly(Stranger(at), "Practitioner?_id=enc,gp,team&_revinclude=*&_revinclude:iterate=*"),
            () => at.ShowsOnly(Stranger(at), "Organization?_id=ward1,lab1,clinic2&_revinclude=*&_revinclude:iterate=*"))),
        new(3, "An appointment of two patients brings only the one that is seen", async at =>
        {
            var shared = at.World.Items.Where(item => item.Id.StartsWith("two-", StringComparison.Ordinal)).SelectMany(item => at.World.Callers.Where(who => who is { Agent: not null, Kind: "professional" or "patient" or "family" } && at.Oracle.Sees(who, item) && Oracle.CompartmentsOf(item, item.Latest!).Any(patient => !at.Oracle.Sees(who, One(at, patient)))).Select(who => (who, item))).ToList();
            return shared.Count == 0 ? "nothing to try" : await Each(shared, pair => at.ShowsOnly(pair.who, $"Appointment?_id={pair.item.Id}&_include=*&_include:iterate=*&_revinclude=*", [pair.item]));
        }),
        new(3, "The next page of an include shows no more than the first", async at =>
        {
            var (url, pages) = ((string?)"Observation?_count=2&_include=*&_include:iterate=*&_revinclude=*", 0);
            for (; url is not null && pages < 8; pages++)
            {
                var answer = await at.Ask(Gp(at), url);
                if (at.Leak(Gp(at), answer) is { } leak) return leak;
                url = Next(answer);
            }
            return pages < 3 ? "too few pages to try" : null;
        }),

        // 4: conclusions from a search.
        new(4, "A chain, a reverse chain and a filter find nothing through what is hidden", at => Each<string>(
            ["Patient?_has:Condition:patient:_id={id}&_total=accurate", "Observation?patient._has:Condition:patient:_id={id}&_total=accurate", "Provenance?target:Condition._id={id}&_total=accurate", "List?item:Condition._id={id}&_total=accurate", "List?item=Condition/{id}&_total=accurate", "Condition?_filter=_id eq {id}&_total=accurate"],
            path => at.LooksAbsent(Gp(at), at.HiddenParts(Gp(at), "Condition"), path))),
        new(4, "Counts, sorts and modifiers find nothing that is hidden", at => Each<string>(
            ["Condition?_id={id}&_summary=count", "Condition?_id={id}&_count=0&_total=accurate", "Condition?_id={id}&_sort=code&_total=accurate", "Condition?_id={id}&code:not=x&_total=accurate", "Condition?_id={id}&code:missing=false&_total=estimate", "Condition?_id={id}&subject:missing=false", "Condition?_id={id}&_lastUpdated=gt2000&_total=accurate", "?_type=Condition,Patient&_id={id}&_total=accurate"],
            path => at.LooksAbsent(Gp(at), at.HiddenParts(Gp(at), "Condition"), path))),
        new(4, "A conditional update, delete and patch find nothing that is hidden", at => AllOf(
            () => at.LooksAbsent(Gp(at), at.HiddenParts(Gp(at), "Condition"), "Condition?_id={id}", "DELETE"),
            () => at.LooksAbsent(Gp(at), at.HiddenParts(Gp(at), "Condition"), "Condition?_id={id}", "PATCH", """[{"op":"test","path":"/id","value":"x"}]""", "application/json-patch+json"),
            () => at.LooksAbsent(Gp(at), at.HiddenParts(Gp(at), "Condition"), "Condition/{id}", "PATCH", """[{"op":"test","path":"/resourceType","value":"Condition"}]""", "application/json-patch+json"))),
        new(4, "A conditional create makes what it would make if nothing were hidden", async at =>
        {
            var (patient, tried) = (at.Patients(Gp(at), seen: true).First(), 0);
            foreach (var hidden in at.HiddenParts(Gp(at), "Condition").Take(3))
            {
                var made = await at.Ask(Gp(at), "Condition", "POST", $$$"""{"resourceType":"Condition","subject":{"reference":"{{{patient.Reference}}}"},"code":{"text":"new"}}""", headers: ("If-None-Exist", $"_id={hidden.Id}"));
                if (made.Status != 201) return $"If-None-Exist: _id={hidden.Id}: expected 201, got {made.Status} {made.Body}";
                tried++;
            }
            return tried == 0 ? "nothing to try" : null;
        }),
        new(4, "What is closed as a whole is not counted", at => Each<string>(["Patient?_id={id}&_total=accurate", "Observation?patient={id}&_summary=count", "Observation?patient._id={id}&_total=accurate", "Condition?subject:Patient.gender=male&subject={id}&_total=accurate"], path => at.LooksAbsent(Gp(at), Closed(at), path))),

        // 5: a credential that lacks something, or is odd.
        new(5, "A token that only writes reads nothing", at => Each<string>(["Patient", "Observation?_count=5", "_history", "Patient/p01", "Patient/p01/$everything"], path => at.Refuses(at.Kind("system, write"), [401, 403, 404], path))),
        new(5, "A token that only reads writes nothing", at => AllOf(
            () => at.Refuses(at.Kind("system, read"), Forbidden, "Observation", "POST", """{"resourceType":"Observation","status":"final","code":{"text":"x"}}"""),
            () => at.Refuses(at.Kind("system, read"), Forbidden, "Observation/p01-o1", "DELETE"),
            () => at.Refuses(at.Kind("professional, read"), Forbidden, "Observation", "POST", """{"resourceType":"Observation","status":"final","code":{"text":"x"}}"""))),
        new(5, "A token that only writes does not find out by a test of a patch what is hidden from its holder", at => at.LooksAbsent(at.Kind("professional, write"), at.World.Items.Where(item => item.Type == "Condition" && item.Latest is not null && !at.Oracle.Sees(at.Kind("professional, write") with { Read = true }, item)), "Condition/{id}", "PATCH", """[{"op":"test","path":"/resourceType","value":"Condition"},{"op":"test","path":"/status","value":"x"}]""", "application/json-patch+json")),
        new(5, "Who only writes finds nothing by the condition of a write", at => Each(OnlyWriting(at), who => AllOf(
            () => at.Refuses(who, Forbidden, "Condition", "POST", NewCondition, headers: ("If-None-Exist", "subject=Patient/p04")),
            () => at.Refuses(who, Forbidden, "Condition", "POST", NewCondition, headers: ("If-None-Exist", "_id=zz-never")),
            () => at.Refuses(who, Forbidden, "Condition?subject=Patient/p04", "PUT", NewCondition), () => at.Refuses(who, Forbidden, "Condition?subject=Patient/p04", "DELETE"),
            () => Each<string>(["batch", "transaction"], kind => at.RefusesEach(who, kind, Bundle(kind, $$$"""{"request":{"method":"POST","url":"Condition","ifNoneExist":"subject=Patient/p04"},"resource":{{{NewCondition}}}}"""))),
            () => Each<string>(["batch", "transaction"], kind => at.RefusesEach(who, kind, Bundle(kind, """{"request":{"method":"DELETE","url":"Condition?subject=Patient/p04"}}"""))),
            () => at.Refuses(who, Forbidden, "", "POST", Bundle("transaction", """{"request":{"method":"POST","url":"Condition"},"resource":{"resourceType":"Condition","code":{"text":"x"},"subject":{"reference":"Patient?_id=p04"}}}"""))))),
        new(5, "Who only writes guesses nothing by the test of a patch", at => Each(OnlyWriting(at), who => Each<string>(["Condition", "Observation"], async type =>
        {
            var item = OneFor(at, who, type);
            foreach (var value in new[] { type, "wrong" })
                foreach (var path in new[] { item.Reference, $"{type}?_id={item.Id}", $"{type}/zz-never" })
                {
                    var guess = $$"""[{"op":"test","path":"/resourceType","value":"{{value}}"}]""";
                    if (await at.Refuses(who, Forbidden, path, "PATCH", guess, "application/json-patch+json", ("Prefer", "return=representation")) is { } fault) return fault;
                    var entry = $$$"""{"request":{"method":"PATCH","url":"{{{path}}}"},"resource":{"resourceType":"Binary","contentType":"application/json-patch+json","data":"{{{Convert.ToBase64String(Encoding.UTF8.GetBytes(guess))}}}"}}""";
                    foreach (var kind in new[] { "batch", "transaction" })
                        if (await at.RefusesEach(who, kind, Bundle(kind, entry)) is { } inBundle) return inBundle;
                }
            return null;
        }))),
        new(5, "Who only writes is given no resource for it", at => Each(OnlyWriting(at), who => Each<string>(["return=representation", "return=minimal", "return=OperationOutcome", ""], async prefer =>
        {
            var item = OneFor(at, who, "Condition");
            var (created, stored) = ($$$"""{"resourceType":"Condition","code":{"text":"x"},"subject":{"reference":"{{{Subject(item)}}}"}}""", item.Latest!.ToJsonString());
            (string, string)[] headers = prefer.Length == 0 ? [] : [("Prefer", prefer)];
            var answers = new List<Reply> { await at.Ask(who, "Condition", "POST", created, headers: headers), await at.Ask(who, "", "POST", Bundle("transaction", $$$"""{"request":{"method":"POST","url":"Condition"},"resource":{{{created}}}}"""), headers: headers) };
            if (who.Smart != "system/*.c")
                answers.AddRange([await at.Ask(who, item.Reference, "PUT", stored, headers: headers), await at.Ask(who, "", "POST", Bundle("transaction", $$$"""{"request":{"method":"PUT","url":"{{{item.Reference}}}"},"resource":{{{stored}}}}"""), headers: headers)]);
            if (who.Kind != "professional, write") answers.Add(await at.Ask(who, "", "POST", Bundle("batch", $$$"""{"request":{"method":"POST","url":"Condition"},"resource":{{{created}}}}"""), headers: headers));
            return answers.FirstOrDefault(answer => answer.Status is not (200 or 201) || answer.Body.Contains("\"Condition\"", StringComparison.Ordinal) || Authz.Run.CanariesIn(answer.All).Any()) is { } wrong ? $"{who.Kind} {prefer}: {wrong.All}" : null;
        }))),
        new(5, "Who only writes is told neither labels nor faults of what is stored", async at =>
        {
            var made = await at.Ask(System(at), "Basic/x-labels", "PUT", """{"resourceType":"Basic","id":"x-labels","meta":{"security":[{"system":"urn:x","code":"kept-secret"}]},"code":{"text":"x"}}""");
            if (made.Status is not (200 or 201)) return $"not written: {made.Body}";
            const string Nothing = """{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"system":"urn:x","code":"y"}]}}]}""";
            return await Each(OnlyWriting(at), who => AllOf(
                () => Each<string>(["$meta-add", "$meta-delete"], async operation => await at.Ask(who, $"Basic/x-labels/{operation}", "POST", Nothing) is var answer && answer.Status is 200 or 403 or 404 && !answer.All.Contains("kept-secret", StringComparison.Ordinal) ? null : $"{who.Kind} {operation}: {answer.All}"),
                () => Each<string>(["Basic/x-labels", "Basic/zz-never"], path => at.Refuses(who, Forbidden, $"{path}/$validate"))));
        }),
        new(5, "A message of HL7 v2 is taken from programs that may write, and from nobody else", async at =>
        {
            var before = (await at.Ask(System(at), "Patient/p04")).All;
            var message = $"MSH|^~\\&|HIS|HOSP|EHR|NODE|20260102030405+0100||ADT^A31^ADT_A05|x-1|P|2.5\rEVN|A31|20260102030405\rPID|1||{World.Number(4)}^^^&1.2.208.176.1.2&ISO^NI||Other^Name\rPV1|1|O";
            return await Each<(Caller Who, int Status)>([(Gp(at), 403), (Stranger(at), 403), (Patient(at, 4), 403), (Patient(at, 1), 403), (at.Kind("professional, write"), 403), (at.Kind("system, read"), 403), (at.Kind("revoked token"), 401), (Nobody, 401)],
                one => at.Refuses(one.Who, [one.Status], "/hl7/v2", "POST", message, "x-application/hl7-v2+er7"))
                ?? ((await at.Ask(System(at), "Patient/p04")).All == before ? null : "it was taken");
        }),
        new(5, "A token that has expired, was revoked, or is not quite one opens nothing", at => AllOf(
            () => Each(at.World.Callers.Where(who => who.Dead), who => at.Refuses(who, Unknown, "Patient")),
            () => Each<string>(["Bearer", "Bearer ", "Bearer x", "Basic eDp4", "Token x", "Bearer null", "Bearer undefined"], text => at.Refuses(Nobody, Unknown, "Patient", headers: ("Authorization", text))),
            () => at.Refuses(Nobody, Unknown, "Patient", headers: ("Authorization", $"Bearer {at.Token(System(at))}x")),
            () => at.Refuses(Nobody, Unknown, "Patient", headers: ("Authorization", $"Basic {at.Token(System(at))}")),
            () => at.Refuses(Nobody, Unknown, $"Patient?access_token={at.Token(System(at))}"))),
        new(5, "Nobody reads nothing, in the portal neither", at => AllOf(
            () => Each<string>(["Patient", "Patient/p01", "Practitioner", "Binary/p01-b", "_history", "?_type=Patient", "AuditEvent?patient=p01", "Patient/p01/$summary"], path => at.Refuses(Nobody, Unknown, path)),
            () => Each<string>(["/", "/patients", "/patients/p01", "/patients/p01/documents", "/patients/p01/documents/DocumentReference/p01-d/0", "/go?q=p", "/today", "/reviews", "/patients/p01/access", "/patients/p01/sharing"], path => at.Refuses(Nobody, [302, 303, 401], path)))),

        // 6 and 7: jobs and a second query language. The product has neither yet.
        new(6, "There is no job to read others' data by", at => Each<Caller>([Patient(at, 4), Gp(at), System(at)], who => Each<string>(["$export", "Patient/$export", "Group/x/$export", "$export-poll-status?_jobId=1", "$bulkdata-status"], path => at.Refuses(who, NoSuchOperation, path)))),
        new(6, "There is no import from an address", at => Each<Caller>([Patient(at, 4), Gp(at), System(at)], who => at.Refuses(who, NoSuchOperation, "$import", "POST", """{"resourceType":"Parameters","parameter":[{"name":"input","valueUri":"http://127.0.0.1/"}]}"""))),
        new(6, "There is no match of members and no merge of patients", at => Each<Caller>([Patient(at, 4), Gp(at), System(at)], who => Each<string>(["Patient/$member-match", "Patient/$merge", "Patient/$match"], path => at.Refuses(who, NoSuchOperation, path, "POST", """{"resourceType":"Parameters"}""")))),
        new(7, "There is no second query language at the root", at => Each<Caller>([Patient(at, 4), Gp(at), Stranger(at)], who => at.Refuses(who, NoSuchOperation, "$graphql?query={PatientList{name{family}}}"))),
        new(7, "There is none at a resource", at => Each<Caller>([Patient(at, 4), Gp(at), Stranger(at)], who => at.Refuses(who, NoSuchOperation, "Patient/p05/$graphql?query={name{family}}"))),
        new(7, "There is none by POST", at => Each<Caller>([Patient(at, 4), Gp(at), Stranger(at)], who => AllOf(
            () => at.Refuses(who, NoSuchOperation, "$graphql", "POST", """{"query":"{PatientList{name{family}}}"}""", "application/json"), () => at.Refuses(who, NoSuchOperation, "/graphql", "POST", """{"query":"{PatientList{name{family}}}"}""", "application/json")))),

        // 8: history.
        new(8, "No version of what is hidden is read", at => Each<string>(["Condition/{id}/_history", "Condition/{id}/_history/1", "Condition/{id}/_history/2"], path => at.LooksAbsent(Gp(at), at.HiddenParts(Gp(at), "Condition"), path))),
        new(8, "No version of another patient is read", at => Each<string>(["Patient/{id}/_history", "Patient/{id}/_history/1", "Patient/{id}/_history/2"], path => at.LooksAbsent(Gp(at), at.Patients(Gp(at), seen: false), path))),
        new(8, "The history of a type shows nothing that is hidden", at => Each<string>(["Condition/_history?_count=500", "MedicationRequest/_history?_count=500", "DocumentReference/_history?_count=500", "Binary/_history?_count=500"], path => at.ShowsOnly(Gp(at), path))),
        new(8, "What was deleted is deleted for who saw it, and never was for others", at => AllOf(
            () => at.LooksAbsent(Stranger(at), Gone(at), "Observation/{id}"), () => at.LooksAbsent(Stranger(at), Gone(at), "Observation/{id}/_history"), () => at.LooksAbsent(Stranger(at), Gone(at), "Observation/{id}/_history/1"),
            () => Each(Gone(at).Take(4), item => at.Refuses(System(at), [410], $"Observation/{item.Id}")))),
        new(8, "A new subject's readers see no version of the one before", at => Each(Moved(at).Where(item => at.World.Callers.Exists(who => who.Agent == Subject(item) && who.Read && !who.Dead)), item => AllOf(
            () => at.ShowsOnly(at.As(Subject(item)), $"Observation/{item.Id}/_history"), () => at.Refuses(at.As(Subject(item)), NotFound, $"Observation/{item.Id}/_history/1")))),

        // 9: another's page.
        new(9, "The next page of another shows nothing of theirs", async at =>
        {
            var next = Next(await at.Ask(Gp(at), "Observation?_count=3"));
            if (next is null) return "nothing to try";
            return await Each<Caller>([Stranger(at), Team(at), Patient(at, 4)], async who => at.Leak(who, await at.Ask(who, next)));
        }),
        new(9, "The next page opens nothing without a valid token", async at => Next(await at.Ask(Gp(at), "Observation?_count=3")) is { } next ? await AllOf(() => at.Refuses(Nobody, Unknown, next), () => at.Refuses(at.Kind("revoked token"), Unknown, next)) : "nothing to try"),
        new(9, "A cursor that was changed, or of another search, is refused or shows one's own", async at =>
        {
            if (Next(await at.Ask(System(at), "Observation?_count=3")) is not { } next) return "nothing to try";
            return await Each<string>([next, next.Replace("_cursor=", "_cursor=x", StringComparison.Ordinal), next.Replace("Observation?", "Condition?", StringComparison.Ordinal)], async url => at.Leak(Stranger(at), await at.Ask(Stranger(at), url)));
        }),

        // 10: answers made of others.
        new(10, "Everything of a patient is without what is hidden", at => Each(WithHidden(at, Gp(at)), patient => at.ShowsOnly(Gp(at), $"Patient/{patient.Id}/$everything?_count=500", [patient]))),
        new(10, "The summary of a patient is without what is hidden", at => Each(WithHidden(at, Gp(at)), patient => AllOf(() => at.ShowsOnly(Gp(at), $"Patient/{patient.Id}/$summary", [patient]), () => at.ShowsOnly(Gp(at), $"/patients/{patient.Id}/summary.json"), () => at.ShowsOnly(Gp(at), $"/patients/{patient.Id}/summary.html")))),
        new(10, "The pages of a patient are without what is hidden", at => Each(WithHidden(at, Gp(at)), patient => Each<string>(["", "/timeline", "/results", "/conditions", "/medication", "/documents", "/encounters", "/allergies", "/procedures", "/referrals", "/flowsheet", "/handover", "/care-team"], page => at.ShowsOnly(Gp(at), $"/patients/{patient.Id}{page}")))),
        new(10, "An entry of a batch is answered as what never was", at => AllOf(
            () => at.LooksAbsent(Gp(at), at.HiddenParts(Gp(at), "Condition"), "", "POST", Bundle("batch", Get("Condition/{id}") + "," + Get("Condition?_id={id}&_total=accurate") + "," + Get("Condition/{id}/_history"))),
            () => at.LooksAbsent(Gp(at), at.HiddenParts(Gp(at), "Condition"), "", "POST", Bundle("transaction", Get("Condition/{id}"))))),
        new(10, "A list, a provenance and a prescription of what is hidden are hidden", at => Each<string>(["List", "Provenance", "MedicationRequest"], async type =>
        {
            var readers = at.World.Callers.Where(who => who.Kind == "professional" && Withheld(at, who, type).Any()).ToList();
            return readers.Count == 0 ? $"{type}: nothing to try" : await Each(readers, who => at.LooksAbsent(who, Withheld(at, who, type), $"{type}/{{id}}"));
        })),
        new(10, "The last of each is without what is hidden", at => Each(at.Patients(Gp(at), seen: true).Take(8), patient => at.ShowsOnly(Gp(at), $"Observation/$lastn?patient={patient.Reference}&max=5"))),

        // 11: edges of a compartment.
        new(11, "To be what something is about by focus opens nothing", async at =>
        {
            var (foreign, own) = (at.Patients(Patient(at, 4), seen: false).First(), One(at, "Patient/p04"));
            var made = await at.Ask(System(at), "Observation/x-focus", "PUT", $$"""{"resourceType":"Observation","id":"x-focus","status":"final","code":{"text":"x"},"subject":{"reference":"{{foreign.Reference}}"},"focus":[{"reference":"{{own.Reference}}"}]}""");
            return made.Status is 200 or 201 ? await at.LooksAbsent(Patient(at, 4), [new("Observation", "x-focus")], "Observation/{id}") : $"not written: {made.Body}";
        }),
        new(11, "A linked patient's record is not opened by the link", at => Each<string>(["Observation", "Condition", "DocumentReference"], type => AllOf(
            () => at.LooksAbsent(Patient(at, 37), at.World.Items.Where(item => item.Type == type && item.Id.StartsWith("p36-", StringComparison.Ordinal) && !at.Oracle.Sees(Patient(at, 37), item)), $"{type}/{{id}}"),
            () => at.LooksAbsent(Patient(at, 36), at.World.Items.Where(item => item.Type == type && item.Id.StartsWith("p37-", StringComparison.Ordinal) && !at.Oracle.Sees(Patient(at, 36), item)), $"{type}/{{id}}")))),
        new(11, "An appointment of two opens neither record to the other", async at =>
        {
            var (first, second) = (Patient(at, 2), One(at, "Patient/p03"));
            return await AllOf(() => at.ShowsOnly(first, "Appointment/two-02", [One(at, "Appointment/two-02")]), () => at.LooksAbsent(first, [second], "Patient/{id}"), () => at.LooksAbsent(first, at.Foreign(first, "Condition").Where(item => item.Id.StartsWith("p03-", StringComparison.Ordinal)), "Condition/{id}"));
        }),
        new(11, "What is of nobody and not of the directory is for systems only", async at =>
        {
            foreach (var (type, body) in new[] { ("Bundle", """{"resourceType":"Bundle","id":"x-own","type":"collection"}"""), ("Device", """{"resourceType":"Device","id":"x-own","distinctIdentifier":"x"}"""), ("Task", """{"resourceType":"Task","id":"x-own","status":"requested","intent":"order"}""") })
            {
                var made = await at.Ask(System(at), $"{type}/x-own", "PUT", body);
                if (made.Status is not (200 or 201)) return $"not written: {made.Body}";
                foreach (var who in new[] { Gp(at), Patient(at, 4) })
                    if (await at.LooksAbsent(who, [new(type, "x-own")], $"{type}/{{id}}") is { } fault) return fault;
            }
            return null;
        }),

        // 12: what is pushed. The product pushes nothing yet.
        new(12, "Nobody but a system subscribes", at => Each<Caller>([Gp(at), Patient(at, 4), Stranger(at)], who => at.Refuses(who, [403, 404, 422], "Subscription", "POST", """{"resourceType":"Subscription","status":"requested","reason":"x","criteria":"Observation?","channel":{"type":"rest-hook","endpoint":"http://127.0.0.1/"}}"""))),
        new(12, "There is no stream to listen to", at => Each<Caller>([Gp(at), Patient(at, 4)], who => Each<string>(["/events", "/ws", "/websocket", "/sse"], path => at.Refuses(who, [400, 404], path)))),
        new(12, "A subscription of a system is seen by no one else", async at =>
        {
            var made = await at.Ask(System(at), "Subscription/x-sub", "PUT", """{"resourceType":"Subscription","id":"x-sub","status":"requested","reason":"x","criteria":"Observation?","channel":{"type":"rest-hook","endpoint":"http://127.0.0.1/"}}""");
            return made.Status is 200 or 201 or 422 ? await at.LooksAbsent(Gp(at), [new("Subscription", "x-sub")], "Subscription/{id}") : $"not written: {made.Status} {made.Body}";
        }),

        // 13: the log.
        new(13, "The log about another is as about nobody", at => Each<Caller>([Stranger(at), Patient(at, 4)], who => AllOf(
            () => at.LooksAbsent(who, at.Patients(who, seen: false), "AuditEvent?patient={id}"), () => at.LooksAbsent(who, at.Patients(who, seen: false), "/patients/{id}/access"), () => at.LooksAbsent(who, at.Patients(who, seen: false), "/patients/{id}/access/proof")))),
        new(13, "An adult who was let in sees neither the log nor what is shared", at => Each<string>(["/access", "/access/proof", "/sharing", "/sharing/hide"], page => at.Refuses(Patient(at, 1), [403, 404], "/patients/p10" + page))),
        new(13, "The API gives who was let in nothing of the log either", at => AllOf(
            () => at.LooksAbsent(Patient(at, 1), [One(at, "Patient/p10"), One(at, "Patient/p11")], "AuditEvent?patient={id}&_count=50"), () => at.LooksAbsent(Patient(at, 2), [One(at, "Patient/p12"), One(at, "Patient/p13")], "AuditEvent?patient={id}&_count=50"))),
        new(13, "Not even a professional with a relation sees what the patient chose", at => Each(at.Patients(Gp(at), seen: true).Take(6), patient => Each<string>(["/sharing", "/sharing/as", "/sharing/hide", "/sharing/consents"], page => at.Refuses(Gp(at), [403, 404], $"/patients/{patient.Id}{page}")))),
        new(13, "The sealed log tells no text of anybody", at => Each<string>(["/access-log/checkpoint", "/access-log/tile/0/000", "/access-log/tile/entries/000", "/access-log/key"], async path => Authz.Run.CanariesIn((await at.Ask(Nobody, path)).All).Any() ? $"{path}: a text of the record" : null)),

        // 14: that something is hidden.
        new(14, "What a patient chose is a Consent that never was", at => Each<Caller>([Gp(at), Team(at), Stranger(at), System(at), Patient(at, 1), Patient(at, 4)], who => AllOf(
            () => at.LooksAbsent(who, Enumerable.Range(0, at.World.Choices.Count).Where(i => at.World.Choices[i].Patient != who.Agent).Select(i => new Item("Consent", $"choice-choice-{i}")), "Consent/{id}"),
            () => at.LooksAbsent(who, at.World.Choices.Where(choice => choice.Patient != who.Agent).Select(choice => One(at, choice.Patient)), "Consent?_tag=urn:tervik:consent%7Cchoice&patient={id}")))),
        new(14, "Nobody ends what a patient chose", at => Each<Caller>([Gp(at), Patient(at, 1), Patient(at, 4)], who => at.LooksAbsent(who, [new("Consent", "choice-choice-0")], "Consent/{id}", "PUT", """{"resourceType":"Consent","id":"{id}","status":"inactive","scope":{"text":"x"},"category":[{"text":"x"}],"patient":{"reference":"Patient/p05"},"policyRule":{"text":"x"} }"""))),
        new(14, "A closed record is a record that never was", at => Each<string>(["Patient/{id}", "Patient/{id}/$everything", "Patient/{id}/$summary", "/patients/{id}", "/patients/{id}/timeline", "/patients/{id}/emergency", "/patients/{id}/new/note"], path => at.LooksAbsent(Gp(at), Closed(at), path))),
        new(14, "Somebody's own id for something new is refused, whether taken or free", at => AllOf(
            () => at.LooksAbsent(Gp(at), at.HiddenParts(Gp(at), "Condition"), "Condition/{id}", "PUT", $$$"""{"resourceType":"Condition","id":"{id}","subject":{"reference":"{{{at.Patients(Gp(at), seen: true).First().Reference}}}"},"code":{"text":"x"}}"""),
            () => at.LooksAbsent(Gp(at), at.Foreign(Gp(at), "Observation"), "Observation/{id}", "PUT", $$$"""{"resourceType":"Observation","id":"{id}","status":"final","subject":{"reference":"{{{at.Patients(Gp(at), seen: true).First().Reference}}}"},"code":{"text":"x"}}"""))),
        new(14, "Writing about a closed record is writing about nobody", at => at.LooksAbsent(Gp(at), Closed(at), "Observation", "POST", """{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{id}"}}""")),
        new(14, "The way out of the ordinary is offered whether something is hidden or not", async at =>
        {
            foreach (var patient in at.Patients(Gp(at), seen: true))
                if (!(await at.Ask(Gp(at), $"/patients/{patient.Id}")).Body.Contains($"/patients/{patient.Id}/emergency", StringComparison.Ordinal)) return $"not offered on {patient.Reference}";
            foreach (var patient in at.Patients(Gp(at), seen: false).Take(5))
                if (!(await at.Ask(Gp(at), $"/patients/{patient.Id}")).Body.Contains($"/patients/{patient.Id}/emergency", StringComparison.Ordinal)) return $"not offered on the page for {patient.Reference}, which is not seen";
            return null;
        }),

        // 15: who acts for somebody.
        new(15, "Who was let in no longer sees nothing", at => Each<string>(["Patient/{id}", "Patient/{id}/$everything", "Observation?patient={id}&_total=accurate", "/patients/{id}", "/patients/{id}/documents"], path => at.LooksAbsent(Patient(at, 3), [One(at, "Patient/p14")], path))),
        new(15, "The parents of who decides alone see nothing", at => Each<string>(["Patient/{id}", "Condition?patient={id}&_total=accurate", "/patients/{id}", "/patients/{id}/access"], path => at.LooksAbsent(Patient(at, 1), [One(at, "Patient/p32")], path))),
        new(15, "The parents of who decides on sensitive matters see the rest", at => AllOf(
            () => at.ShowsOnly(Patient(at, 2), "Patient/p33/$everything?_count=500", [One(at, "Patient/p33")]), () => at.ShowsOnly(Patient(at, 2), "/patients/p33"), () => at.ShowsOnly(Patient(at, 2), "/patients/p33/conditions"))),
        new(15, "The parents of a small child see all of it", at => at.ShowsOnly(Patient(at, 1), "Patient/p31/$everything?_count=500", at.World.Items.Where(item => item.Type is "Condition" or "Observation" && item.Id.StartsWith("p31-", StringComparison.Ordinal) && item.Latest is not null && at.Oracle.Sees(Patient(at, 1), item)))),
        new(15, "Who was let in to one class sees no other", at => AllOf(
            () => at.LooksAbsent(Patient(at, 1), Items(at, "Observation", "p11-"), "Observation/{id}"), () => at.LooksAbsent(Patient(at, 1), Items(at, "Condition", "p11-"), "Condition/{id}"),
            () => Each(Items(at, "MedicationRequest", "p11-").Where(item => at.Oracle.Sees(Patient(at, 1), item)).Take(3), item => at.ShowsOnly(Patient(at, 1), $"MedicationRequest/{item.Id}", [item])),
            () => at.LooksAbsent(Patient(at, 2), Items(at, "MedicationRequest", "p12-"), "MedicationRequest/{id}"), () => at.LooksAbsent(Patient(at, 2), Items(at, "Observation", "p13-"), "Observation/{id}"))),

        // 16: a wrong merge, or a thing that is another's now.
        new(16, "What was given to another patient is gone from who had it", at => Each(Moved(at), item => at.World.Callers.FirstOrDefault(who => who is { Dead: false, Read: true } && who.Agent == $"Patient/p{int.Parse(item.Id[1..3], CultureInfo.InvariantCulture) - 1:00}") is { } before && !at.Oracle.Sees(before, item) ? at.LooksAbsent(before, [item], "Observation/{id}") : Task.FromResult<string?>(null))),
        new(16, "Its next version is not in the history of who had it", at => Each(Moved(at), async item => at.World.Callers.FirstOrDefault(who => who is { Dead: false, Read: true } && who.Agent == $"Patient/p{int.Parse(item.Id[1..3], CultureInfo.InvariantCulture) - 1:00}") is { } before && !at.Oracle.Sees(before, item) && (await at.Ask(before, $"Observation/{item.Id}/_history")).Body.Contains(item.Canaries[^1], StringComparison.Ordinal) ? $"{before.Agent} {item.Reference}" : null)),
        new(16, "A link does not open the search of the other's record", at => AllOf(
            () => at.LooksAbsent(Patient(at, 36), [One(at, "Patient/p37")], "Patient/{id}"), () => at.LooksAbsent(Patient(at, 36), [One(at, "Patient/p37")], "Observation?patient={id}&_total=accurate"), () => at.ShowsOnly(Patient(at, 36), "Patient/p36/$everything?_count=500", [One(at, "Patient/p36")]))),

        // 17: caches.
        new(17, "Nothing about a patient may be kept by a cache that others share", at => Each<string>(["Patient/p04", "Patient?_id=p04", "Patient/p04/$everything", "Binary/p04-b", "/patients/p04", "/patients/p04/documents/DocumentReference/p04-d/0", "/patients/p04/summary.pdf"], async path =>
            await at.Ask(Patient(at, 4), path) is var answer && answer.Head.Split('\n').Any(line => line.StartsWith("Cache-Control:", StringComparison.Ordinal) && (line.Contains("no-store", StringComparison.Ordinal) || line.Contains("private", StringComparison.Ordinal))) ? null : $"{path}: {answer.Status} {answer.Head}")),
        new(17, "Not modified is not said about what is hidden", at => AllOf(
            () => at.LooksAbsent(Gp(at), at.HiddenParts(Gp(at), "Condition"), "Condition/{id}", headers: ("If-None-Match", "W/\"1\"")), () => at.LooksAbsent(Gp(at), at.HiddenParts(Gp(at), "Condition"), "Condition/{id}", headers: ("If-None-Match", "*")),
            () => at.LooksAbsent(Gp(at), at.HiddenParts(Gp(at), "Condition"), "Condition/{id}", headers: ("If-Modified-Since", "Mon, 01 Jan 2035 00:00:00 GMT")), () => at.LooksAbsent(Gp(at), at.Patients(Gp(at), seen: false), "Patient/{id}", headers: ("If-None-Match", "W/\"1\"")))),
        new(17, "The same address in turn gives each their own answer", at => Each(Enumerable.Range(0, 5), _ => Each<Caller>([System(at), Stranger(at), Patient(at, 4), Gp(at)], async who => at.Leak(who, await at.Ask(who, "Observation?_count=20&_total=accurate"))))),

        // 19: who else speaks for somebody. Other institutions' nodes are none of the product's yet.
        new(19, "A header does not say who asks", at => Each<string>(["X-Forwarded-User", "X-Remote-User", "X-User", "X-Client-Cert", "X-MS-CLIENT-PRINCIPAL-NAME", "Remote-User"], name => at.Refuses(Nobody, Unknown, "Patient/p04", headers: (name, "Patient/p04")))),
        new(19, "A header does not widen who asks", at => Each<string>(["X-Forwarded-User", "X-Act-As", "X-Patient", "X-Purpose-Of-Use", "X-Forwarded-For"], name => at.LooksAbsent(Stranger(at), at.Patients(Stranger(at), seen: false), "Patient/{id}", headers: (name, "127.0.0.1")))),
        new(19, "A header does not change the method to one that is allowed", at => AllOf(
            () => at.Refuses(at.Kind("system, read"), [403, 404, 405], "Observation/p04-o1", "POST", "{}", headers: ("X-HTTP-Method-Override", "DELETE")), () => at.ShowsOnly(System(at), "Observation/p04-o1", [One(at, "Observation/p04-o1")]))),

        // 20: what is parsed.
        new(20, "An external entity is not read", at => at.Refuses(System(at), [400, 415, 422], "Observation", "POST", """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><Observation xmlns="http://hl7.org/fhir"><status value="final"/><code><text value="&e;"/></code></Observation>""", "application/fhir+xml")),
        new(20, "Entities that grow, depth and doubled names are refused", at => AllOf(
            () => at.Refuses(System(at), [400, 413, 422], "Observation", "POST", """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Observation xmlns="http://hl7.org/fhir"><status value="final"/><code><text value="&b;"/></code></Observation>""", "application/fhir+xml"),
            () => at.Refuses(System(at), [400, 413, 422], "Observation", "POST", string.Concat(Enumerable.Repeat("""{"extension":[""", 3000))),
            () => at.Refuses(System(at), [400, 422], "Observation", "POST", """{"resourceType":"Observation","resourceType":"Patient","status":"final","code":{"text":"x"}}"""))),
        new(20, "A request with two lengths does not carry another", async at =>
        {
            var hidden = at.Patients(Patient(at, 4), seen: false).First();
            using var client = new TcpClient();
            await client.ConnectAsync(at.Address.Host, at.Address.Port);
            await using var stream = client.GetStream();
            var token = at.Token(Patient(at, 4));
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /fhir/Patient/_search HTTP/1.1\r\nHost: {at.Address.Authority}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /fhir/{hidden.Reference} HTTP/1.1\r\nHost: {at.Address.Authority}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"));
            using var reader = new StreamReader(stream, Encoding.UTF8);
            client.ReceiveTimeout = 5000;
            var text = await reader.ReadToEndAsync();
            return text.Contains(hidden.Canaries[^1], StringComparison.Ordinal) ? $"{hidden.Reference} in {text}" : null;
        }),
    ];

    // What somebody sees and may not write, one of each type.
    static IEnumerable<Item> NotTheirs(Probe at, Caller who) => ((string[])["Condition", "Observation", "MedicationRequest", "DocumentReference", "Patient"]).Select(type => at.World.Items.FirstOrDefault(item => item.Type == type && item.Latest is not null && at.Oracle.Sees(who, item) && !at.Oracle.Writes(who, item))).OfType<Item>();

    // Every way of writing is refused, and afterwards it is what it was.
    static async Task<string?> Unwritten(Probe at, Caller who, IEnumerable<Item> targets)
    {
        var tried = 0;
        foreach (var item in targets)
        {
            var (before, stored) = (await at.Ask(System(at), item.Reference), item.Latest!.ToJsonString());
            if (await AllOf(
                () => at.ShowsOnly(who, item.Reference, [item]),
                () => at.Refuses(who, [403, 404], item.Reference, "PUT", stored), () => at.Refuses(who, [403, 404], item.Type, "POST", stored), () => at.Refuses(who, [403, 404], item.Reference, "DELETE"),
                () => at.Refuses(who, [403, 404], item.Reference, "PATCH", """[{"op":"add","path":"/language","value":"da"}]""", "application/json-patch+json"), () => at.Refuses(who, [403, 404], $"{item.Type}?_id={item.Id}", "DELETE"),
                () => at.Refuses(who, [403, 404], $"{item.Reference}/$meta-add", "POST", """{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"system":"urn:x","code":"x"}]}}]}"""),
                () => at.Refuses(who, [403, 404], "", "POST", Bundle("transaction", $$$"""{"request":{"method":"DELETE","url":"{{{item.Reference}}}"}}"""))) is { } fault) return fault;
            var after = await at.Ask(System(at), item.Reference);
            if (before != after) return $"{who.Agent} changed {item.Reference}: {after.All}";
            tried++;
        }
        return tried == 0 ? $"{who.Agent}: nothing to try" : null;
    }

    const string NewCondition = """{"resourceType":"Condition","code":{"text":"x"},"subject":{"reference":"Patient/p04"}}""";
    // Programs, applications and a professional.
    static IEnumerable<Caller> OnlyWriting(Probe at) => at.World.Callers.Where(who => who.OnlyWrites);
    // What they may write.
    static Item OneFor(Probe at, Caller who, string type) => who.Kind == "professional, write" ? at.World.Items.First(item => item.Type == type && item.Latest is not null && at.Oracle.Writes(who, item)) : One(at, type == "Condition" ? "Condition/p04-c1" : "Observation/p04-o1");
    static IEnumerable<Item> Items(Probe at, string type, string prefix) => at.World.Items.Where(item => item.Type == type && item.Id.StartsWith(prefix, StringComparison.Ordinal) && item.Latest is not null);
    static IEnumerable<Item> Gone(Probe at) => at.World.Items.Where(item => item.Latest is null);
    static IEnumerable<Item> Moved(Probe at) => at.World.Items.Where(item => item.Id.EndsWith("-moved", StringComparison.Ordinal));
    static string Subject(Item item) => item.Latest!["subject"]!["reference"]!.ToString();
    // Closed to all professionals, with a general practitioner and without.
    static IEnumerable<Item> Closed(Probe at) => [One(at, "Patient/p05")];
    // A Provenance is in the compartment of nobody by itself: found by its name.
    static IEnumerable<Item> Withheld(Probe at, Caller who, string type) => at.World.Items.Where(item => item.Type == type && at.Patients(who, seen: true).Any(patient => item.Id.StartsWith(patient.Id + "-", StringComparison.Ordinal)) && !at.Oracle.Sees(who, item));
    // Patients whom somebody sees in part.
    static IEnumerable<Item> WithHidden(Probe at, Caller who) => at.Patients(who, seen: true).Where(patient => at.HiddenParts(who, "Condition").Any(item => item.Id.StartsWith(patient.Id + "-", StringComparison.Ordinal)));
    static IEnumerable<Item> Files(Probe at, Caller who, bool hidden) => at.World.Items.Where(item => item.Type == "Binary" && !at.Oracle.Sees(who, item) && at.Oracle.Sees(who, One(at, "Patient/" + item.Id[..3])) == hidden);

    static string? Next(Reply answer)
    {
        if (answer.Status != 200) return null;
        using var bundle = JsonDocument.Parse(answer.Body);
        return bundle.RootElement.GetProperty("link").EnumerateArray().Where(link => link.GetProperty("relation").GetString() == "next").Select(link => link.GetProperty("url").GetString()).FirstOrDefault();
    }

    /// <summary>Tries all on a node of their own: some write.</summary>
    /// <returns>Each case with what was wrong, null when it holds.</returns>
    public static async Task<List<(NamedCase Case, string? Fault)>> Run(Probe at)
    {
        var tried = new List<(NamedCase, string?)>();
        foreach (var one in All) tried.Add((one, await one.Fault(at)));
        return tried;
    }
}
