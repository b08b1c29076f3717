using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tervik.Authz;

namespace Tervik.Tests;

/// <summary>What was received, held against what was logged.</summary>
/// <param name="Requests">Answers received.</param>
/// <param name="Accesses">Patients in them, each answer by itself: so many events there must be.</param>
/// <param name="Events">Events of these requests in the logs of the patients.</param>
/// <param name="Wrong">Where the numbers differ, in words.</param>
/// <param name="ByWay">Accesses of each way of asking.</param>
public sealed record Counted(int Requests, int Accesses, int Events, IReadOnlyList<string> Wrong, IReadOnlyDictionary<string, int> ByWay);

/// <summary>A client that asks a node in many ways and counts of which patients it received anything: every resource carries a mark of its patient, and whatever holds the mark was received.
/// Afterwards it reads each patient's log: for every answer with a mark there must be exactly one event. It shares nothing with the program but HTTP.</summary>
public sealed partial class CountingClient(string address, string registryToken, string doctorToken)
{
    /// <summary>Who asks; a portal session of the demonstration, and a token.</summary>
    public const string Doctor = "Practitioner/counting";
    const int Patients = 40, ObservationsEach = 6, Page = 500;

    readonly ConcurrentDictionary<(string Request, int Patient), int> received = [];
    readonly ConcurrentDictionary<string, int> ways = [];
    readonly ConcurrentDictionary<string, string> asked = [];
    int requests;

    [GeneratedRegex("Mark([a-j]{3})x")]
    private static partial Regex Mark();
    [GeneratedRegex("name=\"form-token\" value=\"([^\"]+)\"")]
    private static partial Regex FormToken();

    static string Id(int patient) => string.Create(CultureInfo.InvariantCulture, $"counted-{patient:000}");
    /// <summary>A family name: letters for the digits of a number, and an end.</summary>
    static string MarkOf(int patient) => $"Mark{Letters(patient)}x";
    static string Letters(int patient) => string.Concat(patient.ToString("000", CultureInfo.InvariantCulture).Select(digit => (char)('a' + digit - '0')));
    static int PatientOf(string letters) => int.Parse(string.Concat(letters.Select(letter => (char)('0' + letter - 'a'))), CultureInfo.InvariantCulture);

    HttpClient Api(string token) => new() { BaseAddress = new($"{address}/fhir/"), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };

    /// <summary>Puts the doctor and their patients.</summary>
    public async Task Prepare()
    {
        using var registry = Api(registryToken);
        await Put(registry, Doctor, """{"resourceType":"Practitioner","id":"counting","name":[{"family":"Lugeja","given":["Counting"]}]}""");
        for (var patient = 0; patient < Patients; patient++)
        {
            var (id, mark) = (Id(patient), MarkOf(patient));
            await Put(registry, $"Patient/{id}", $$"""{"resourceType":"Patient","id":"{{id}}","name":[{"family":"{{mark}}"}],"birthDate":"1970-01-01"}""");
            await Put(registry, $"Encounter/{id}", $$"""{"resourceType":"Encounter","id":"{{id}}","status":"finished","class":{"code":"AMB"},"reasonCode":[{"text":"{{mark}}"}],"subject":{"reference":"Patient/{{id}}"},"period":{"start":"2026-11-20","end":"2026-11-20"},"participant":[{"individual":{"reference":"{{Doctor}}"} } ] }""");
            for (var number = 0; number < ObservationsEach; number++) await Put(registry, $"Observation/{id}-{number}", Observation(patient, $"{id}-{number}", number));
        }
    }

    static string Observation(int patient, string? id, int number) => $$"""{"resourceType":"Observation",{{(id is null ? "" : $"\"id\":\"{id}\",")}}"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-{{number % 3}}"}],"text":"{{MarkOf(patient)}}"},"subject":{"reference":"Patient/{{Id(patient)}}"},"effectiveDateTime":"2026-11-2{{number % 7}}","valueQuantity":{"value":{{60 + number}},"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"} }""";

    static async Task Put(HttpClient http, string reference, string json)
    {
        using var body = Fhir(json);
        using var answer = await http.PutAsync(new Uri(reference, UriKind.Relative), body);
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{reference}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    static StringContent Fhir(string json, string type = "application/fhir+json") => new(json, Encoding.UTF8, type);

    /// <summary>Asks, a few clients at a time.</summary>
    public async Task Ask(int count, int clients, int seed)
    {
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async client =>
        {
            using var api = Api(doctorToken);
            var (portal, secret) = await SignIn();
            using var _ = portal;
            var random = new Random(seed * 1000 + client);
            while (Interlocked.Increment(ref next) <= count) await AskOnce(api, portal, secret, random);
        }));
    }

    async Task<(HttpClient Http, string Secret)> SignIn()
    {
        var cookies = new CookieContainer();
        var http = new HttpClient(new HttpClientHandler { CookieContainer = cookies, AllowAutoRedirect = false }) { BaseAddress = new(address) };
        var token = FormToken().Match(await http.GetStringAsync(new Uri("/sign-in", UriKind.Relative))).Groups[1].Value;
        using var form = new FormUrlEncodedContent([new("form-token", WebUtility.HtmlDecode(token)), new("person", Doctor), new("to", "/account")]);
        using var answer = await http.PostAsync(new Uri("/sign-in", UriKind.Relative), form);
        return answer.StatusCode == HttpStatusCode.Redirect ? (http, cookies.GetCookies(new(address))["tervik-session"]!.Value) : throw new InvalidOperationException($"The sign-in answered {(int)answer.StatusCode}.");
    }

    async Task AskOnce(HttpClient api, HttpClient portal, string secret, Random random)
    {
        var patient = random.Next(Patients);
        var (id, number) = (Id(patient), random.Next(ObservationsEach));
        switch (random.Next(24))
        {
            case 0: await Get(api, "read", $"Observation/{id}-{number}"); break;
            case 1: await Get(api, "read of a patient", $"Patient/{id}"); break;
            case 2: await Get(api, "vread", $"Observation/{id}-{number}/_history/1"); break;
            case 3: await Get(api, "history of one", $"Observation/{id}-{number}/_history"); break;
            case 4: await Get(api, "history of a type", "Encounter/_history?_count=15"); break;
            case 5: await Get(api, "history of all", "_history?_count=10"); break;
            case 6: await Get(api, "search of a patient", $"Observation?subject=Patient/{id}&_count=20"); break;
            case 7: await Get(api, "search over patients", $"Observation?code=http://loinc.org|8867-{number % 3}&_sort=-date&_count=12"); break;
            case 8: await Get(api, "search with include", $"Encounter?subject=Patient/{id}&_include=Encounter:subject&_revinclude=Observation:encounter"); break;
            case 9: await Get(api, "chained search", $"Observation?subject:Patient.family=Mark{Letters(patient)[..2]}&_count=8"); break;
            case 10: await Get(api, "compartment", $"Patient/{id}/Observation?_count=3"); break;
            case 11: await Get(api, "search that finds nothing", "Observation?code=nothing-of-this"); break;
            case 12: await Get(api, "count alone", $"Observation?subject=Patient/{id}&_summary=count"); break;
            case 13: await Get(api, "$everything", $"Patient/{id}/$everything?_count=10"); break;
            case 14: await Get(api, "$lastn", $"Observation/$lastn?subject=Patient/{id}&max=2"); break;
            case 15: await Get(api, "$summary", $"Patient/{id}/$summary"); break;
            case 16: await Send(api, "POST _search", HttpMethod.Post, "Observation/_search", new StringContent($"subject=Patient/{id}&_count=4", Encoding.UTF8, "application/x-www-form-urlencoded"), ByMarks); break;
            case 17: await Send(api, "create", HttpMethod.Post, "Observation", Fhir(Observation(patient, null, number)), ByMarks); break;
            case 18: await Send(api, "update", HttpMethod.Put, $"Observation/{id}-{number}", Fhir(Observation(patient, $"{id}-{number}", number)), ByMarks); break;
            case 19: await Send(api, "batch", HttpMethod.Post, "", Fhir(Bundle("batch", [.. Enumerable.Range(0, 6).Select(i => $$"""{"request":{"method":"GET","url":"Observation/{{Id((patient + i * number) % Patients)}}-{{number}}"} }"""), """{"request":{"method":"GET","url":"Encounter?_count=5"}}"""])), ByEntries); break;
            case 20: await Send(api, "transaction", HttpMethod.Post, "", Fhir(Bundle("transaction", [.. Enumerable.Range(0, 3).Select(i => $$"""{"request":{"method":"POST","url":"Observation"},"resource":{{Observation((patient + i) % Patients, null, i)}} }""")])), ByEntries); break;
            case 21: await Get(portal, "portal: a record", $"/patients/{id}{(string[])["", "/timeline", "/results", "/conditions", "/medication", "/encounters", "/flowsheet", "/handover"] switch { var pages => pages[random.Next(pages.Length)] }}"); break;
            case 22: await Get(portal, "portal: list of patients", random.Next(2) == 0 ? "/patients" : SealedSearch.Address($"/patients?name=Mark{Letters(patient)[..2]}", secret)); break;
            default: await Get(portal, "portal: search", SealedSearch.Address($"/go?q={MarkOf(patient).TrimEnd('x')}", secret)); break;
        }
    }

    static string Bundle(string type, string[] entries) => $$"""{"resourceType":"Bundle","type":"{{type}}","entry":[{{string.Join(',', entries)}}]}""";

    static IEnumerable<int> ByMarks(string body) => Mark().Matches(body).Select(mark => PatientOf(mark.Groups[1].Value)).Distinct();

    /// <summary>Each entry of a bundle is an access of its own.</summary>
    static IEnumerable<int> ByEntries(string body)
    {
        using var json = JsonDocument.Parse(body);
        return json.RootElement.GetProperty("entry").EnumerateArray().SelectMany(entry => ByMarks(entry.GetRawText())).ToList();
    }

    Task Get(HttpClient http, string way, string path) => Send(http, way, HttpMethod.Get, path, null, ByMarks);

    async Task Send(HttpClient http, string way, HttpMethod method, string path, HttpContent? content, Func<string, IEnumerable<int>> patientsIn)
    {
        var id = Guid.NewGuid().ToString("N");
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content, Headers = { { "X-Request-Id", id } } };
        using var answer = await http.SendAsync(request);
        var body = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{way}, {path}: {(int)answer.StatusCode} {body[..Math.Min(body.Length, 400)]}");
        Interlocked.Increment(ref requests);
        asked[id] = $"{way}, {path}";
        var count = 0;
        foreach (var patient in patientsIn(body))
        {
            received.AddOrUpdate((id, patient), 1, (_, times) => times + 1);
            count++;
        }
        ways.AddOrUpdate(way, count, (_, before) => before + count);
    }

    /// <summary>Reads the log of each patient and compares. It is asked at once after the last answer.</summary>
    public async Task<Counted> Compare()
    {
        using var registry = Api(registryToken);
        var (events, wrong) = (0, new List<string>());
        for (var patient = 0; patient < Patients; patient++)
        {
            var logged = new Dictionary<string, int>(StringComparer.Ordinal);
            for (var next = (string?)$"AuditEvent?patient=Patient/{Id(patient)}&_count={Page}"; next is not null;)
            {
                using var json = JsonDocument.Parse(await registry.GetByteArrayAsync(new Uri(next, UriKind.RelativeOrAbsolute)));
                next = json.RootElement.GetProperty("link").EnumerateArray().Where(link => link.GetProperty("relation").GetString() == "next").Select(link => link.GetProperty("url").GetString()).FirstOrDefault();
                if (json.RootElement.TryGetProperty("entry", out var entries))
                    foreach (var entry in entries.EnumerateArray())
                        if (RequestOf(entry.GetProperty("resource")) is { } request && asked.ContainsKey(request)) logged[request] = logged.GetValueOrDefault(request) + 1;
            }
            events += logged.Values.Sum();
            foreach (var ((request, _), times) in received.Where(one => one.Key.Patient == patient))
                if (logged.GetValueOrDefault(request) != times) wrong.Add($"{Id(patient)}, {asked[request]}: received {times} times, logged {logged.GetValueOrDefault(request)} times");
            foreach (var (request, times) in logged)
                if (!received.ContainsKey((request, patient))) wrong.Add($"{Id(patient)}, {asked[request]}: logged {times} times, received nothing");
        }
        return new(requests, received.Values.Sum(), events, wrong, ways.ToDictionary());
    }

    static string? RequestOf(JsonElement audit)
    {
        foreach (var entity in audit.GetProperty("entity").EnumerateArray())
            if (entity.GetProperty("type").GetProperty("code").GetString() == "XrequestId") return entity.GetProperty("what").GetProperty("identifier").GetProperty("value").GetString();
        return null;
    }
}
