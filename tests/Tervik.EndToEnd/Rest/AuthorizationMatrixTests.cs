using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tervik.EndToEnd.Portal;

namespace Tervik.EndToEnd.Rest;

/// <summary>Two patients and two professionals, over real HTTP: each asks for what is the other's by every way there is. The answer must be the one that is given
/// for a patient who does not exist, byte for byte after ids and times.</summary>
public sealed partial class AuthorizationMatrixTests(Node node) : IClassFixture<Node>
{
    /// <summary>Of the foreign patient: must never be in an answer.</summary>
    static readonly Dictionary<string, string> Canaries = new() { ["p01"] = "Tamm", ["p02"] = "Kask", ["t-closed"] = "Quarnkvist", ["t-child"] = "Zibulkova" };

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Ways to reach data; {p} is the patient, {c} the family name, {n} the national number.</summary>
    static readonly (string Name, string Method, string Path, string? Body, string? Header)[] Ways =
    [
        ("read", "GET", "Patient/{p}", null, null),
        ("read head", "HEAD", "Patient/{p}", null, null),
        ("read of an entry", "GET", "Observation/{p}-weight-0", null, null),
        ("vread", "GET", "Patient/{p}/_history/1", null, null),
        ("history of instance", "GET", "Patient/{p}/_history", null, null),
        ("history of an entry", "GET", "Appointment/{p}-appointment/_history", null, null),
        ("search by id", "GET", "Patient?_id={p}&_total=accurate", null, null),
        ("search by name", "GET", "Patient?name={c}&_total=accurate", null, null),
        ("search exact", "GET", "Patient?family:exact={c}&_total=accurate", null, null),
        ("search by POST", "POST", "Patient/_search", "_id={p}&_total=accurate", "application/x-www-form-urlencoded"),
        ("search of entries", "GET", "Observation?patient=Patient/{p}&_total=accurate", null, null),
        ("search by subject", "GET", "Observation?subject={p}&_total=accurate&_sort=-date", null, null),
        ("chain", "GET", "Observation?patient.name={c}&_total=accurate", null, null),
        ("chain by id", "GET", "Observation?patient._id={p}&_total=accurate", null, null),
        ("reverse chain", "GET", "Practitioner?_has:Encounter:participant:patient={p}&_total=accurate", null, null),
        ("nested reverse chain", "GET", "Practitioner?_has:Encounter:participant:patient.name={c}&_total=accurate", null, null),
        ("filter", "GET", "Patient?_filter=family%20eq%20{c}&_total=accurate", null, null),
        ("sort", "GET", "Patient?_sort=family&_count=1&_id={p}", null, null),
        ("count", "GET", "Patient?_id={p}&_summary=count", null, null),
        ("missing", "GET", "Patient?_id={p}&birthdate:missing=false&_total=accurate", null, null),
        ("include", "GET", "Observation?_id={p}-weight-0&_include=Observation:patient", null, null),
        ("revinclude", "GET", "Patient?_id={p}&_revinclude=*", null, null),
        ("revinclude from the directory", "GET", "Practitioner?_id=kuusk,holm&_revinclude=Encounter:participant&_has:Encounter:participant:patient={p}", null, null),
        ("system search", "GET", "?_type=Patient,Observation&_id={p},{p}-weight-0", null, null),
        ("compartment", "GET", "Patient/{p}/Observation?_total=accurate", null, null),
        ("whole compartment", "GET", "Patient/{p}/*", null, null),
        ("everything", "GET", "Patient/{p}/$everything", null, null),
        ("summary", "GET", "Patient/{p}/$summary", null, null),
        ("summary by identifier", "GET", "Patient/$summary?identifier={n}", null, null),
        ("summary by POST", "POST", "Patient/{p}/$summary", """{"resourceType":"Parameters"}""", "application/fhir+json"),
        ("encounter everything", "GET", "Encounter/{p}-visit-0/$everything", null, null),
        ("lastn", "GET", "Observation/$lastn?patient={p}", null, null),
        ("meta", "GET", "Patient/{p}/$meta", null, null),
        ("validate stored", "GET", "Patient/{p}/$validate", null, null),
        ("audit log", "GET", "AuditEvent?patient=Patient/{p}", null, null),
        ("batch", "POST", "", """{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Patient/{p}"}},{"request":{"method":"GET","url":"Observation?patient={p}&_total=accurate"}}]}""", "application/fhir+json"),
        ("patch", "PATCH", "Patient/{p}", """[{"op":"add","path":"/active","value":false}]""", "application/json-patch+json"),
        ("patch of an entry", "PATCH", "Observation/{p}-weight-0", """[{"op":"replace","path":"/status","value":"amended"}]""", "application/json-patch+json"),
        ("conditional patch", "PATCH", "Observation?patient={p}&code=29463-7", """[{"op":"replace","path":"/status","value":"amended"}]""", "application/json-patch+json"),
        ("delete", "DELETE", "Appointment/{p}-appointment", null, null),
        ("conditional delete", "DELETE", "Appointment?actor=Patient/{p}", null, null),
        ("write into a record", "POST", "Observation", """{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{p}"}}""", "application/fhir+json"),
        ("transaction into a record", "POST", "", """{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{p}"}},"request":{"method":"POST","url":"Observation"}}]}""", "application/fhir+json"),
        ("transaction that reads", "POST", "", """{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"GET","url":"Patient/{p}"}}]}""", "application/fhir+json"),
        ("conditional reference", "POST", "", """{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?_id={p}"}},"request":{"method":"POST","url":"Observation"}}]}""", "application/fhir+json"),
    ];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var agent in (string[])["Patient/p01", "Patient/p02", "Practitioner/holm", "Practitioner/kuusk", "nobody"])
                foreach (var (name, _, _, _, _) in Ways) cases.Add(agent, name);
            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task What_is_anothers_looks_like_what_does_not_exist(string agent, string way)
    {
        using var client = await Of(agent);
        var foreign = agent is "Patient/p02" or "Practitioner/kuusk" ? "p01" : "p02";
        var hidden = await Ask(client, way, foreign, Canaries[foreign]);
        var absent = await Ask(client, way, "p99", "Nobodyx");
        Assert.DoesNotContain(Canaries[foreign], hidden.Body.Replace($"={Canaries[foreign]}", "", StringComparison.Ordinal).Replace($"%20{Canaries[foreign]}", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(absent.Status, hidden.Status);
        Assert.Equal(Normal(absent.Body, "p99", "Nobodyx"), Normal(hidden.Body, foreign, Canaries[foreign]));
    }

    [Theory, InlineData("Patient/p01", "p01"), InlineData("Practitioner/holm", "p01"), InlineData("Patient/p02", "p02"), InlineData("Practitioner/kuusk", "p02")]
    public async Task What_is_ones_own_is_found_by_the_same_ways(string agent, string own)
    {
        using var client = await Of(agent);
        foreach (var (name, method, _, _, _) in Ways)
        {
            if (method is not "GET" || name is "audit log") continue;
            var answer = await Ask(client, name, own, Canaries[own]);
            Assert.True(answer.Status == HttpStatusCode.OK, $"{name}: {answer.Status} {answer.Body}");
            Assert.DoesNotContain("\"total\":0", answer.Body, StringComparison.Ordinal);
        }
    }

    /// <summary>By every way, that patient is as one who does not exist; in the portal too.</summary>
    async Task IsAbsent(string agent, string patient)
    {
        using var client = await Of(agent);
        foreach (var (way, _, _, _, _) in Ways)
        {
            var (hidden, absent) = (await Ask(client, way, patient, Canaries[patient]), await Ask(client, way, "p99", "Nobodyx"));
            Assert.Equal((way, absent.Status), (way, hidden.Status));
            Assert.Equal((way, Normal(absent.Body, "p99", "Nobodyx")), (way, Normal(hidden.Body, patient, Canaries[patient])));
        }
        using var person = await PortalPerson.SignIn(node, agent);
        foreach (var page in (string[])["", "/timeline", "/results", "/access", "/access/proof", $"/entry/Observation/{patient}-weight-0"])
            Assert.Equal((page, HttpStatusCode.NotFound), (page, (await person.Get($"/patients/{patient}{page}")).Status));
    }

    /// <summary>By every way of reading, that patient is there; in the portal too.</summary>
    async Task IsThere(string agent, string patient)
    {
        using var client = await Of(agent);
        foreach (var (way, method, _, _, _) in Ways)
        {
            if (method is not "GET" || way is "audit log") continue;
            var answer = await Ask(client, way, patient, Canaries[patient]);
            Assert.True(answer.Status == HttpStatusCode.OK && !answer.Body.Contains("\"total\":0", StringComparison.Ordinal), $"{way}: {answer.Status} {answer.Body}");
        }
        using var person = await PortalPerson.SignIn(node, agent);
        Assert.Equal(HttpStatusCode.OK, (await person.Get($"/patients/{patient}")).Status);
    }

    /// <summary>Liisa is the mother of the child, once the record says so with her national number.</summary>
    [Fact]
    public async Task A_child_is_there_for_its_parent_while_the_record_says_so()
    {
        const string Mother = """{"resourceType":"RelatedPerson","id":"t-child-mother","active":true,"patient":{"reference":"Patient/t-child"},"identifier":[{"system":"urn:tervik:sample:national-id","value":"880123-9002"}],"relationship":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-RoleCode","code":"MTH"}]}]}""";
        await TestPatient.Make(node, "t-mother", "Liisa", "Zibulka", "880123-9002");
        await TestPatient.Make(node, "t-child", "Otto", "Zibulkova", "160719-9005", born: DateTime.Today.AddYears(-9).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
        await IsAbsent("Patient/t-mother", "t-child");
        await TestPatient.Put(node, "RelatedPerson/t-child-mother", Mother);
        await IsThere("Patient/t-mother", "t-child");
        // She sees who has looked, by name; what she did is in the child's log.
        using var mother = await PortalPerson.SignIn(node, "Patient/t-mother");
        Assert.Contains("Liisa Zibulka", (await mother.Get("/patients/t-child/access")).Html, StringComparison.Ordinal);
        using var api = await Of("Patient/t-mother");
        Assert.Contains("Patient/t-mother", await api.GetStringAsync(new Uri("AuditEvent?patient=Patient/t-child", UriKind.Relative), Stop), StringComparison.Ordinal);
        await IsAbsent("Patient/p02", "t-child");
        await TestPatient.Put(node, "RelatedPerson/t-child-mother", Mother.Replace("true", "false", StringComparison.Ordinal));
        await IsAbsent("Patient/t-mother", "t-child");
    }

    /// <summary>holm treats a patient who closes the record to him, opens it again, and closes it to his hospital.</summary>
    [Fact]
    public async Task A_patient_who_closed_the_record_is_absent_for_the_professional()
    {
        await TestPatient.Make(node, "t-closed", "Arne", "Quarnkvist", "800505-9004");
        await IsThere("Practitioner/holm", "t-closed");
        using var patient = await PortalPerson.SignIn(node, "Patient/t-closed");
        foreach (var actor in (string[])["Practitioner/holm", "Organization/tartu"])
        {
            await TestPatient.Put(node, "PractitionerRole/holm-tartu", """{"resourceType":"PractitionerRole","id":"holm-tartu","practitioner":{"reference":"Practitioner/holm"},"organization":{"reference":"Organization/tartu"}}""");
            var page = $"/patients/t-closed/sharing/close?actor={actor}";
            Assert.Contains("Holm", (await patient.Get(page)).Html, StringComparison.Ordinal);
            await patient.Post(page, "/patients/t-closed/sharing/close", ("actor", actor), ("understood", "yes"));
            await IsAbsent("Practitioner/holm", "t-closed");
            await IsThere("Patient/t-closed", "t-closed");
            await patient.Post("/patients/t-closed/sharing", "/patients/t-closed/sharing/open", ("choice", await patient.FirstChoice("/patients/t-closed/sharing")));
            await IsThere("Practitioner/holm", "t-closed");
        }
    }

    /// <summary>One adult lets another in: the record is there, the list of who has looked is not, nothing can be written; and it ends with the next request.</summary>
    [Fact]
    public async Task An_adult_who_was_let_in_reads_and_does_nothing_else()
    {
        await TestPatient.Make(node, "t-owner", "Mats", "Oversund", "900909-9008");
        await TestPatient.Make(node, "t-friend", "Frida", "Nybakke", "010615-9009");
        using var owner = await PortalPerson.SignIn(node, "Patient/t-owner");
        using var friend = await PortalPerson.SignIn(node, "Patient/t-friend");
        Assert.Equal(HttpStatusCode.NotFound, (await friend.Get("/patients/t-owner")).Status);
        var (status, html) = await owner.Post("/patients/t-owner/family", "/patients/t-owner/family/let-in", ("number", "010615-9009"), ("until", DateTime.Today.AddDays(3).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)), times: 2);
        Assert.Equal((HttpStatusCode.OK, 1), (status, Regex.Count(html, "name=\"choice\"")));
        Assert.Contains("Mats Oversund", (await friend.Get("/patients/t-owner")).Html, StringComparison.Ordinal);
        foreach (var page in (string[])["access", "access/proof", "access/question?agent=&day=2026-11-25", "sharing", "family", "sharing/consents"])
            Assert.Equal((page, HttpStatusCode.NotFound), (page, (await friend.Get($"/patients/t-owner/{page}")).Status));
        using var api = await Of("Patient/t-friend");
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync(new Uri("Patient/t-owner", UriKind.Relative), Stop)).StatusCode);
        Assert.DoesNotContain("\"entry\"", await api.GetStringAsync(new Uri("AuditEvent?patient=Patient/t-owner", UriKind.Relative), Stop), StringComparison.Ordinal);
        Assert.Contains("Frida Nybakke", (await owner.Get("/patients/t-owner/access")).Html, StringComparison.Ordinal);
        await owner.Post("/patients/t-owner/family", "/patients/t-owner/family/end", ("choice", await owner.FirstChoice("/patients/t-owner/family")));
        Assert.Equal(HttpStatusCode.NotFound, (await friend.Get("/patients/t-owner")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync(new Uri("Patient/t-owner", UriKind.Relative), Stop)).StatusCode);
    }

    [Fact]
    public async Task The_cursor_of_somebody_else_opens_nothing()
    {
        using var mine = await Of("Practitioner/kuusk");
        using var first = JsonDocument.Parse(await mine.GetStringAsync(new Uri("Observation?_count=1&_sort=date", UriKind.Relative), Stop));
        var next = first.RootElement.GetProperty("link").EnumerateArray().First(link => link.GetProperty("relation").GetString() == "next").GetProperty("url").GetString()!;
        using var other = await Of("Patient/p01");
        var body = await (await other.GetAsync(new Uri(next), Stop)).Content.ReadAsStringAsync(Stop);
        Assert.DoesNotContain("Patient/p02", body, StringComparison.Ordinal);
        Assert.DoesNotMatch("\"id\":\"p(?!01)\\d\\d", body);
    }

    [Fact]
    public async Task A_history_of_everything_holds_only_ones_own()
    {
        foreach (var path in (string[])["_history?_count=1000", "Observation/_history?_count=1000", "Patient/_history", "?_type=Observation&_count=1000"])
        {
            using var client = await Of("Patient/p01");
            var body = await client.GetStringAsync(new Uri(path, UriKind.Relative), Stop);
            Assert.Contains("p01", body, StringComparison.Ordinal);
            Assert.DoesNotMatch("Patient/p(?!01)\\d\\d", body);
        }
    }

    async Task<HttpClient> Of(string agent) => agent == "nobody" ? new HttpClient { BaseAddress = new Uri($"{node.Address}/fhir/") } : await node.Client(agent);

    /// <summary>The patient's national number as a search parameter's value; one that nobody has for who does not exist.</summary>
    async Task<string> Number(string patient)
    {
        using var reader = await node.Client("client/reader", "read");
        using var answer = await reader.GetAsync(new Uri($"Patient/{patient}", UriKind.Relative), Stop);
        if (!answer.IsSuccessStatusCode) return "urn%3Anone%7C0";
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop));
        var identifier = json.RootElement.GetProperty("identifier")[0];
        return Uri.EscapeDataString($"{identifier.GetProperty("system").GetString()}|{identifier.GetProperty("value").GetString()}");
    }

    async Task<(HttpStatusCode Status, string Body)> Ask(HttpClient client, string way, string patient, string canary)
    {
        var (_, method, path, body, type) = Ways.Single(one => one.Name == way);
        if (path.Contains("{n}", StringComparison.Ordinal)) path = path.Replace("{n}", await Number(patient), StringComparison.Ordinal);
        string Fill(string text) => text.Replace("{p}", patient, StringComparison.Ordinal).Replace("{c}", canary, StringComparison.Ordinal);
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Fill(path), UriKind.Relative));
        if (body is not null) request.Content = new StringContent(Fill(body), Encoding.UTF8, type!);
        using var answer = await client.SendAsync(request, Stop);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }

    static string Normal(string body, string patient, string canary) => Secrets().Replace(Cursors().Replace(body.Replace(patient, "{p}", StringComparison.Ordinal).Replace(canary, "{c}", StringComparison.Ordinal), "_cursor="), "\"lastUpdated\":\"\"");

    [GeneratedRegex("_cursor=[^\"&]+")]
    private static partial Regex Cursors();

    [GeneratedRegex("\"(lastUpdated|lastModified|recorded)\":\"[^\"]+\"")]
    private static partial Regex Secrets();
}
