using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tervik.Authz;

/// <summary>One request and what must come of it. In whatever comes, no canary may be of something that the asker may not see.</summary>
/// <param name="Asker">Who.</param>
/// <param name="Family">Of which ways to data it is.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Below the address of the node.</param>
public sealed record Case(Asker Asker, string Family, string Method, string Path)
{
    /// <summary>Body, and its type.</summary>
    public (string Text, string Type)? Body { get; init; }
    /// <summary>The only statuses that are right; empty for any.</summary>
    public int[] Statuses { get; init; } = [];
    /// <summary>Ids that a search must find, all and no others; null when the oracle does not say.</summary>
    public IReadOnlySet<string>? Ids { get; init; }
    /// <summary>The total it must give; null when the oracle does not say.</summary>
    public int? Total { get; init; }
    /// <summary>Must answer as this other path does, which is about what does not exist; null for no such comparison.</summary>
    public string? Like { get; init; }
    /// <summary>The page is asked in the portal, with a session.</summary>
    public bool IsPage { get; init; }
    /// <summary>A header with a version that never is, so that nothing is changed.</summary>
    public bool IsGuarded { get; init; }

    public override string ToString() => $"{Asker.Kind} {Asker.Id}: {Method} {Path}{(Body is { } body ? $" {body.Text}" : "")}";
}

/// <summary>All cases of a world: every asker by every way at everything.</summary>
public static class Cases
{
    static readonly string[] Types = ["Patient", "Encounter", "Condition", "Observation", "MedicationRequest", "DiagnosticReport", "DocumentReference", "Appointment", "CareTeam", "ServiceRequest", "AllergyIntolerance", "List", "RelatedPerson"];
    static readonly string[] Pages = ["", "/timeline", "/results", "/conditions", "/medication", "/allergies", "/documents", "/encounters", "/referrals", "/care-team", "/handover", "/flowsheet", "/download", "/access", "/apps"];

    public static IReadOnlyList<Asker> Askers { get; } =
    [
        new("nobody", "nobody"), new("refused", "refused"), new("system", "reader"), new("writer", "writer"),
        .. Enumerable.Range(0, World.ProfessionalCount).Select(i => new Asker("professional", $"dr{i}")), .. ((int[])[0, 1, 5, 10, 30, 31, 32, 33, 34, 35, 36, 37, 38]).Select(i => new Asker("patient", $"pt{i}")),
    ];

    public static List<Case> All(World world, Oracle oracle, int seed)
    {
        var dice = new Random(seed);
        List<Case> cases = [.. Reads(world, oracle), .. Searches(world, oracle), .. Ways(world, oracle), .. Writes(world, oracle, dice), .. Portal(world, oracle)];
        // In another order each time, so that no case hangs on the one before.
        for (var i = cases.Count - 1; i > 0; i--) (cases[i], cases[dice.Next(i + 1)]) = (cases[dice.Next(i + 1)], cases[i]);
        return cases;
    }

    static int[] Refusal(Asker asker) => asker.Kind switch { "nobody" or "refused" => [401], "writer" => [403], _ => [] };

    static IEnumerable<Case> Reads(World world, Oracle oracle)
    {
        var way = 0;
        foreach (var asker in Askers)
            foreach (var thing in world.Things)
            {
                int[] statuses = Refusal(asker) is { Length: > 0 } refusal ? refusal : oracle.Sees(asker, thing) ? [200] : [404];
                var (family, method, path) = (way++ % 5) switch
                {
                    0 => ("head", "HEAD", $"/fhir/{thing.Name}"),
                    1 => ("vread", "GET", $"/fhir/{thing.Name}/_history/1"),
                    2 => ("history of one", "GET", $"/fhir/{thing.Name}/_history"),
                    _ => ("read", "GET", $"/fhir/{thing.Name}"),
                };
                yield return new(asker, family, method, path) { Statuses = statuses, Like = statuses is [404] ? path.Replace(thing.Id, "no-such", StringComparison.Ordinal) : null };
            }
    }

    static IEnumerable<Case> Searches(World world, Oracle oracle)
    {
        var way = 0;
        foreach (var asker in Askers)
            for (var i = 0; i < World.PatientCount; i++)
                foreach (var type in Types)
                {
                    var patient = $"pt{i}";
                    var refusal = Refusal(asker);
                    var ids = world.Things.Where(thing => thing.Type == type && thing.Patients.Contains(patient) && oracle.Sees(asker, thing)).Select(thing => thing.Id).ToHashSet();
                    var query = type == "Patient" ? $"_id={patient}" : $"patient={patient}";
                    var (family, method, path, body) = (way++ % 6) switch
                    {
                        0 => ("search by POST", "POST", $"/fhir/{type}/_search", ((string, string)?)($"{query}&_count=100&_total=accurate", "application/x-www-form-urlencoded")),
                        1 => ("count", "GET", $"/fhir/{type}?{query}&_summary=count", null),
                        2 => ("pages", "GET", $"/fhir/{type}?{query}&_count=1&_sort=-_lastUpdated&_total=accurate", null),
                        3 => ("search with two sorts", "GET", $"/fhir/{type}?{query}&_count=100&_sort=_id,-_lastUpdated&_total=accurate", null),
                        4 => ("search in the compartment", "GET", type == "Patient" ? $"/fhir/Patient?_id={patient}&_count=100&_total=accurate" : $"/fhir/Patient/{patient}/{type}?_count=100&_total=accurate", null),
                        _ => ("search", "GET", $"/fhir/{type}?{query}&_count=100&_total=accurate", null),
                    };
                    // Whoever does not see the patient has no compartment to search in either.
                    yield return new(asker, family, method, path)
                    {
                        Body = body, Statuses = refusal.Length > 0 ? refusal : family == "search in the compartment" ? [200, 404] : [200],
                        Ids = refusal.Length > 0 || family == "count" ? null : ids, Total = refusal.Length > 0 ? null : ids.Count,
                    };
                }
    }

    /// <summary>The ways around: what is found through something else, all at once, or by its absence.</summary>
    static IEnumerable<Case> Ways(World world, Oracle oracle)
    {
        foreach (var asker in Askers)
            for (var i = 0; i < World.PatientCount; i++)
            {
                var p = $"pt{i}";
                var refusal = Refusal(asker);
                bool Sees(string name) => oracle.Sees(asker, world.ByName[name]);
                string Canary(string name) => world.ByName[name].Canary!;
                Case Of(string family, string path, int? total = null) => new(asker, family, "GET", $"/fhir/{path}") { Statuses = refusal.Length > 0 ? refusal : total is null ? [] : [200], Total = refusal.Length > 0 ? null : total };
                yield return Of("has", $"Patient?_id={p}&_has:Condition:patient:code=F32.1&_total=accurate", Sees($"Patient/{p}") && Sees($"Condition/{p}-c1") ? 1 : 0);
                yield return Of("nested has", $"Patient?_id={p}&_has:Encounter:patient:_has:Condition:encounter:code=F10.2&_total=accurate", Sees($"Patient/{p}") && Sees($"Encounter/{p}-e0") && Sees($"Condition/{p}-c2") ? 1 : 0);
                yield return Of("chain", $"Observation?_id={p}-o1&encounter:Encounter._id={p}-e1&_total=accurate", Sees($"Observation/{p}-o1") && Sees($"Encounter/{p}-e1") ? 1 : 0);
                yield return Of("chain by name", $"Condition?_id={p}-c0&patient.family={Canary($"Patient/{p}")}&_total=accurate", Sees($"Patient/{p}") && Sees($"Condition/{p}-c0") ? 1 : 0);
                yield return Of("name", $"Patient?family:exact={Canary($"Patient/{p}")}&_total=accurate", Sees($"Patient/{p}") ? 1 : 0);
                yield return Of("name contains", $"Patient?name:contains={Canary($"Patient/{p}")[1..]}&_id={p}&_total=accurate", Sees($"Patient/{p}") ? 1 : 0);
                yield return Of("identifier", $"Patient?identifier=urn:tervik:sample:national-id|n{i}&_total=accurate", Sees($"Patient/{p}") ? 1 : 0);
                yield return Of("text", $"Condition?_text={Canary($"Condition/{p}-c1")}&_total=accurate", Sees($"Condition/{p}-c1") ? 1 : 0);
                yield return Of("code text", $"Condition?code:text={Canary($"Condition/{p}-c2")}&_total=accurate", Sees($"Condition/{p}-c2") ? 1 : 0);
                yield return Of("not", $"Condition?patient={p}&code:not=I10&_total=accurate", new[] { "c1", "c2" }.Count(c => Sees($"Condition/{p}-{c}")));
                yield return Of("missing", $"Condition?patient={p}&encounter:missing=false&_total=accurate", Sees($"Condition/{p}-c2") ? 1 : 0);
                yield return Of("filter", $"Condition?patient={p}&_filter=code eq F32.1 or code eq F10.2&_total=accurate", new[] { "c1", "c2" }.Count(c => Sees($"Condition/{p}-{c}")));
                yield return Of("list of ids", $"Observation?_id={p}-o0,{p}-o1,{p}-o2,no-such&_total=accurate", new[] { "o0", "o1", "o2" }.Count(o => Sees($"Observation/{p}-{o}")));
                yield return Of("by reference", $"MedicationRequest?_id={p}-m1&patient=Patient/{p}&_total=accurate", Sees($"MedicationRequest/{p}-m1") ? 1 : 0);
                yield return Of("by item", $"List?_id={p}-li&item:Condition.code=F32.1&_total=accurate", Sees($"List/{p}-li") && world.ByName[$"List/{p}-li"].Json.ToJsonString().Contains("-c1", StringComparison.Ordinal) && Sees($"Condition/{p}-c1") ? 1 : 0);
                yield return Of("include", $"Condition?patient={p}&_include=Condition:encounter&_include=Condition:patient&_include:iterate=Encounter:diagnosis");
                yield return Of("wildcard include", $"Observation?patient={p}&_include=*&_include:iterate=*");
                yield return Of("revinclude", $"Patient?_id={p}&_revinclude=*");
                yield return Of("revinclude iterate", $"Encounter?_id={p}-e1&_revinclude=Observation:encounter&_revinclude:iterate=Observation:derived-from&_revinclude:iterate=DiagnosticReport:result");
                yield return Of("revinclude from the directory", $"Practitioner?_id=dr{i % World.ProfessionalCount}&_revinclude=Encounter:participant&_revinclude=Appointment:actor");
                yield return Of("everything", $"Patient/{p}/$everything");
                yield return Of("summary", $"Patient/{p}/$summary");
                yield return Of("lastn", $"Observation/$lastn?patient={p}");
                yield return Of("whole compartment", $"Patient/{p}/*?_count=200");
                yield return Of("history of a type", $"Condition/_history?_count=200");
                yield return Of("history of all", $"_history?_count=300");
                yield return Of("search of the system", $"?_type=Condition,Encounter,Observation&patient={p}&_count=200");
                yield return Of("elements", $"Condition?patient={p}&_elements=code,subject");
                yield return Of("summary of elements", $"Condition?patient={p}&_summary=text");
                yield return Of("sort by text", $"Patient?_sort=family&_count=50");
                yield return Of("sort by reference", $"Observation?_sort=encounter,-date&_count=50");
                yield return Of("log", $"AuditEvent?patient=Patient/{p}");
                yield return Of("meta", $"Condition/{p}-c1/$meta");
                yield return Of("encounter everything", $"Encounter/{p}-e1/$everything");
                yield return new(asker, "batch", "POST", "/fhir") { Body = ($$$"""{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Condition/{{{p}}}-c1"}},{"request":{"method":"GET","url":"Condition?patient={{{p}}}"}},{"request":{"method":"GET","url":"Patient/{{{p}}}"}}]}""", "application/fhir+json") };
                yield return new(asker, "transaction that reads", "POST", "/fhir") { Body = ($$$"""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"GET","url":"Condition/{{{p}}}-c1"}}]}""", "application/fhir+json") };
            }
    }

    /// <summary>Writes that must not do anything: at what the asker does not see they answer as at what does not exist, and at the rest they carry a version that never is.</summary>
    static IEnumerable<Case> Writes(World world, Oracle oracle, Random dice)
    {
        foreach (var asker in Askers.Where(asker => asker.Kind is "professional" or "patient" or "nobody" or "refused"))
            for (var n = 0; n < 120; n++)
            {
                var things = world.Things.Where(thing => thing.Patients.Count > 0 && thing.Type != "Patient").ToList();
                var thing = things[dice.Next(things.Count)];
                var isHidden = asker.Kind is "professional" or "patient" && !oracle.Sees(asker, thing);
                var (family, method, body, query) = (n % 5) switch
                {
                    0 => ("update", "PUT", (thing.Json.ToJsonString(), "application/fhir+json"), ""),
                    1 => ("patch", "PATCH", ("""[{"op":"test","path":"/resourceType","value":"x"}]""", "application/json-patch+json"), ""),
                    2 => ("FHIRPath patch", "PATCH", ("""{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"delete"},{"name":"path","valueString":"Resource.language"}]}]}""", "application/fhir+json"), ""),
                    3 => ("delete", "DELETE", ((string, string)?)null, ""),
                    _ => ("conditional delete", "DELETE", null, $"?_id={thing.Id}&_lastUpdated=lt2000-01-01"),
                };
                var path = query.Length > 0 ? $"/fhir/{thing.Type}{query}" : $"/fhir/{thing.Name}";
                yield return new(asker, family, method, path)
                {
                    Body = body, IsGuarded = true,
                    Statuses = asker.Kind is "nobody" or "refused" ? [401] : family == "conditional delete" ? [204, 403, 404, 412] : isHidden ? [] : [403, 409, 412, 422],
                    Like = isHidden && query.Length == 0 && family is not "update" ? path.Replace(thing.Id, "no-such", StringComparison.Ordinal) : null,
                };
            }
    }

    static IEnumerable<Case> Portal(World world, Oracle oracle)
    {
        foreach (var asker in Askers.Where(asker => asker.Kind is "professional" or "patient"))
            for (var i = 0; i < World.PatientCount; i++)
                foreach (var page in Pages)
                {
                    var sees = oracle.Sees(asker, world.ByName[$"Patient/pt{i}"]);
                    // Some pages are the professionals' only, and say so to everybody else whoever it is about; the log of another's record is the patient's and the parent's.
                    var isOfProfessionals = page is "/handover" or "/flowsheet";
                    yield return new(asker, "page", "GET", $"/patients/pt{i}{page}") { IsPage = true, Statuses = isOfProfessionals && asker.Kind == "patient" ? [403] : !sees ? [404] : page is "/access" ? [200, 404] : [200] };
                }
    }
}
