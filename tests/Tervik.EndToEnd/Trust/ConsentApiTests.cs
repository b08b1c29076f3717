using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tervik.EndToEnd.Identity;

namespace Tervik.EndToEnd.Trust;

/// <summary>A patient's choices as FHIR Consent: made, read and ended by an application the patient allowed it, and acting at once; to all others they do not exist.</summary>
public sealed class ConsentApiTests(OAuthNode node) : IClassFixture<OAuthNode>
{
    const string Id = "consent-app", Redirect = "https://consent.example/callback", All = "launch/patient patient/Consent.crus patient/Condition.rs";

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    sealed record Answer(HttpStatusCode Status, JsonElement Json, HttpResponseHeaders Headers)
    {
        public string? Where => Json.GetProperty("issue")[0].TryGetProperty("expression", out var places) ? places[0].GetString() : null;
    }

    async Task<HttpClient> App(string patient, string scope = All)
    {
        var (code, output) = await node.Node.Run("app", "add", Id, "--redirect", Redirect, "--scopes", $"{All} patient/Consent.rs?category=http://loinc.org|59284-0");
        Assert.True(code == 0, output);
        using var client = await OAuthClient.SignedIn(node.Node, patient);
        var tokens = await client.Exchange(await client.Code(("client_id", Id), ("redirect_uri", Redirect), ("scope", scope)), ("client_id", Id), ("redirect_uri", Redirect));
        var app = new HttpClient { BaseAddress = new Uri($"{node.Node.Address}/fhir/") };
        app.DefaultRequestHeaders.Authorization = new("Bearer", tokens["access_token"]);
        return app;
    }

    static async Task<Answer> Send(HttpClient client, HttpMethod method, string path, string? body = null, string type = "application/fhir+json", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, type) };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await client.SendAsync(request, Stop);
        var text = await answer.Content.ReadAsStringAsync(Stop);
        return new(answer.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement.Clone(), answer.Headers);
    }

    /// <summary>A denial that gives way in an emergency, of what changes put in.</summary>
    static JsonObject Denial(string patient, params (string Name, string Json)[] provision)
    {
        var consent = JsonNode.Parse($$$"""
            {"resourceType":"Consent","status":"active","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},"category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],
             "patient":{"reference":"{{{patient}}}"},"policyRule":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"OPTIN"}]},
             "provision":{"type":"deny","provision":[{"type":"permit","purpose":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"BTG"}]}]}}
            """)!.AsObject();
        foreach (var (name, json) in provision) consent["provision"]![name] = JsonNode.Parse(json);
        return consent;
    }

    static (string, string) Actor(string reference) => ("actor", $$"""[{"role":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}]},"reference":{"reference":"{{reference}}"} }]""");

    async Task Given(string id, string number)
    {
        await TestPatient.Make(node.Node, id, "Ida", $"Konsent-{id}", number);
        await TestPatient.Put(node.Node, $"Condition/{id}-low", $$"""{"resourceType":"Condition","id":"{{id}}-low","subject":{"reference":"Patient/{{id}}"},"recordedDate":"2026-09-01","code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"F32.1"}]} }""");
    }

    static async Task<int> Seen(HttpClient doctor, string patient) => (await Send(doctor, HttpMethod.Get, $"Condition?patient={patient}&_summary=count")).Json.GetProperty("total").GetInt32();

    [Fact]
    public async Task A_choice_made_by_an_application_acts_at_once_stands_in_the_portal_and_is_ended_again()
    {
        await Given("c-app", "900301-1001");
        using var doctor = await node.Node.Client("Practitioner/holm");
        using var app = await App("Patient/c-app");
        Assert.Equal(1, await Seen(doctor, "c-app"));
        var made = await Send(app, HttpMethod.Post, "Consent", Denial("Patient/c-app", ("securityLabel", """[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"MH"}]"""), Actor("Practitioner/holm"), ("period", """{"end":"2099-12-31"}""")).ToJsonString());
        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.Equal(0, await Seen(doctor, "c-app"));
        Assert.Equal(HttpStatusCode.NotFound, (await Send(doctor, HttpMethod.Get, "Condition/c-app-low")).Status);

        var id = made.Json.GetProperty("id").GetString()!;
        Assert.EndsWith($"/fhir/Consent/{id}/_history/1", made.Headers.Location!.ToString(), StringComparison.Ordinal);
        var read = await Send(app, HttpMethod.Get, $"Consent/{id}");
        Assert.Equal((HttpStatusCode.OK, "active", "W/\"1\""), (read.Status, read.Json.GetProperty("status").GetString(), read.Headers.ETag!.ToString()));
        Assert.True(JsonElement.DeepEquals(made.Json, read.Json));
        using var portal = await Portal.PortalPerson.SignIn(node.Node, "Patient/c-app");
        Assert.Contains(id["choice-".Length..], (await portal.Get("/patients/c-app/sharing")).Html, StringComparison.Ordinal);
        Assert.Contains(id, (await portal.Get("/patients/c-app/sharing/consents")).Html, StringComparison.Ordinal);

        var ended = JsonNode.Parse(read.Json.GetRawText())!;
        Assert.Equal("Consent.status", (await Send(app, HttpMethod.Put, $"Consent/{id}", ended.ToJsonString())).Where);
        ended["status"] = "inactive";
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await Send(app, HttpMethod.Put, $"Consent/{id}", ended.ToJsonString(), headers: ("If-Match", "W/\"7\""))).Status);
        Assert.Equal(0, await Seen(doctor, "c-app"));
        var after = await Send(app, HttpMethod.Put, $"Consent/{id}", ended.ToJsonString(), headers: ("If-Match", "W/\"1\""));
        Assert.Equal((HttpStatusCode.OK, "inactive", "W/\"2\""), (after.Status, after.Json.GetProperty("status").GetString(), after.Headers.ETag!.ToString()));
        Assert.Equal(1, await Seen(doctor, "c-app"));

        // Each step is in the log that the patient reads: one event each, with the Consent it was about.
        using var own = await node.Node.Client("Patient/c-app");
        var log = (await Send(own, HttpMethod.Get, "AuditEvent?patient=c-app&_count=100")).Json.GetProperty("entry").EnumerateArray().Select(entry => entry.GetProperty("resource"))
            .Where(access => access.GetRawText().Contains($"Consent/{id}", StringComparison.Ordinal) && access.GetProperty("outcome").GetString() == "0").Select(access => access.GetProperty("action").GetString());
        Assert.Equal(["U", "R", "C"], log);
    }

    [Fact]
    public async Task Choices_are_found_page_by_page_by_status_and_id()
    {
        await Given("c-find", "900301-1002");
        using var app = await App("Patient/c-find");
        var ids = new List<string>();
        foreach (var category in (string[])["MH", "SEX", "SUD", "STD", "GDIS"])
        {
            var made = await Send(app, HttpMethod.Post, "Consent", Denial("Patient/c-find", ("securityLabel", $$"""[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"{{category}}"}]""")).ToJsonString());
            Assert.True(made.Status == HttpStatusCode.Created, $"{category}: {made.Json}");
            ids.Insert(0, made.Json.GetProperty("id").GetString()!);
        }
        var ended = (await Send(app, HttpMethod.Get, $"Consent/{ids[1]}")).Json;
        await Send(app, HttpMethod.Put, $"Consent/{ids[1]}", ended.GetRawText().Replace("\"active\"", "\"inactive\"", StringComparison.Ordinal));
        async Task<List<string>> Find(string query)
        {
            var (found, address) = (new List<string>(), $"Consent?_tag=urn:tervik:consent%7Cchoice{query}");
            for (var page = 0; page < 9; page++)
            {
                var bundle = (await Send(app, HttpMethod.Get, address)).Json;
                if (bundle.TryGetProperty("entry", out var entries)) found.AddRange(entries.EnumerateArray().Select(entry => entry.GetProperty("resource").GetProperty("id").GetString()!));
                if (bundle.GetProperty("link").EnumerateArray().FirstOrDefault(link => link.GetProperty("relation").GetString() == "next") is not { ValueKind: JsonValueKind.Object } next) break;
                address = new Uri(next.GetProperty("url").GetString()!).PathAndQuery["/fhir/".Length..];
            }
            return found;
        }
        Assert.Equal(ids, await Find(""));
        Assert.Equal(ids, await Find("&patient=c-find&_count=2"));
        Assert.Equal([ids[1]], await Find("&patient=Patient/c-find&status=inactive"));
        Assert.Equal(4, (await Find("&status=active&_count=3")).Count);
        Assert.Equal([ids[3]], await Find($"&_id={ids[3]},choice-other"));
        Assert.Empty(await Find("&patient=p01"));
        Assert.Equal(HttpStatusCode.BadRequest, (await Send(app, HttpMethod.Get, "Consent?_tag=urn:tervik:consent%7Cchoice&date=2026")).Status);
        // What others brought into the record as documents is found without the tag.
        Assert.Equal(0, (await Send(app, HttpMethod.Get, "Consent?patient=c-find&_total=accurate")).Json.GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task What_is_no_choice_is_refused_with_its_place_and_changes_nothing()
    {
        await Given("c-bad", "900301-1003");
        await Given("c-other", "900301-1004");
        using var app = await App("Patient/c-bad");
        string Item(string reference) => Denial("Patient/c-bad", ("data", $$"""[{"meaning":"dependents","reference":{"reference":"{{reference}}"} }]""")).ToJsonString();
        foreach (var (body, status, where) in ((string, int, string?)[])
        [
            ("{", 400, null), ("""{"resourceType":"Patient"}""", 400, "resourceType"), ("""{"resourceType":"Consent","status":"active"}""", 422, null),
            (Denial("Patient/c-other").ToJsonString(), 403, "Consent.patient"), (Denial("Patient/c-bad", Actor("Practitioner/nobody")).ToJsonString(), 422, "Consent.provision.actor"),
            (Denial("Patient/c-bad", Actor("Patient/c-other")).ToJsonString(), 422, "Consent.provision.actor"), (Item("Condition/c-other-low"), 422, "Consent.provision.data"), (Item("Practitioner/holm"), 422, "Consent.provision.data"), (Item("Condition/never"), 422, "Consent.provision.data"),
            (Denial("Patient/c-bad", ("actor", """[{"role":{"coding":[{"system":"urn:x","code":"nobody"}]},"reference":{"display":"x"}}]""")).ToJsonString(), 422, "Consent.provision.actor"),
            (Denial("Patient/c-bad").ToJsonString().Replace("\"active\"", "\"draft\"", StringComparison.Ordinal), 422, "Consent.status"),
            (Denial("Patient/c-bad", ("class", """[{"code":"Observation"}]""")).ToJsonString(), 422, "Consent.provision.class"),
            (new string(' ', 70_000) + Denial("Patient/c-bad").ToJsonString(), 413, null),
        ])
        {
            var answer = await Send(app, HttpMethod.Post, "Consent", body);
            Assert.True((int)answer.Status == status, $"{body}: {(int)answer.Status} {answer.Json}");
            if (where is not null) Assert.Equal(where, answer.Where);
        }
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await Send(app, HttpMethod.Post, "Consent", "<Consent/>", "application/fhir+xml")).Status);
        Assert.Equal(0, (await Send(app, HttpMethod.Get, "Consent?_tag=urn:tervik:consent%7Cchoice")).Json.GetProperty("total").GetInt32());
        using var doctor = await node.Node.Client("Practitioner/holm");
        Assert.Equal((1, 1), (await Seen(doctor, "c-bad"), await Seen(doctor, "c-other")));
        // The record itself takes no Consent from a patient, nor does a bundle.
        var bundle = $$$"""{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"POST","url":"Consent"},"resource":{{{Denial("Patient/c-bad").ToJsonString()}}}}]}""";
        Assert.StartsWith("403", (await Send(app, HttpMethod.Post, "", bundle)).Json.GetProperty("entry")[0].GetProperty("response").GetProperty("status").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_patient_and_what_the_patient_allowed_reads_or_makes_choices()
    {
        await Given("c-own", "900301-1005");
        using var app = await App("Patient/c-own");
        var id = (await Send(app, HttpMethod.Post, "Consent", Denial("Patient/c-own").ToJsonString())).Json.GetProperty("id").GetString()!;
        var body = Denial("Patient/c-own").ToJsonString();

        foreach (var agent in (string[])["Practitioner/holm", "Patient/p01", "client/registry"])
        {
            using var other = await node.Node.Client(agent);
            var (there, never) = (await Send(other, HttpMethod.Get, $"Consent/{id}"), await Send(other, HttpMethod.Get, "Consent/choice-never"));
            Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (there.Status, never.Status));
            Assert.Equal(never.Json.GetRawText().Replace("choice-never", id, StringComparison.Ordinal), there.Json.GetRawText());
            Assert.False((await Send(other, HttpMethod.Get, "Consent?_tag=urn:tervik:consent%7Cchoice&patient=c-own")).Json.TryGetProperty("entry", out _));
        }
        // An application reads only what it was granted, and a part of the Consents is none of the choices.
        foreach (var scope in (string[])["launch/patient patient/Condition.rs", "launch/patient patient/Consent.rs?category=http://loinc.org|59284-0"])
        {
            using var narrow = await App("Patient/c-own", scope);
            Assert.NotEqual(HttpStatusCode.OK, (await Send(narrow, HttpMethod.Get, $"Consent/{id}")).Status);
            Assert.DoesNotContain(id, (await Send(narrow, HttpMethod.Get, "Consent?_tag=urn:tervik:consent%7Cchoice")).Json.GetRawText(), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.Forbidden, (await Send(narrow, HttpMethod.Post, "Consent", body)).Status);
        }
        using (var reads = await App("Patient/c-own", "launch/patient patient/Consent.rs"))
        {
            Assert.Equal(HttpStatusCode.OK, (await Send(reads, HttpMethod.Get, $"Consent/{id}")).Status);
            Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), ((await Send(reads, HttpMethod.Post, "Consent", body)).Status, (await Send(reads, HttpMethod.Put, $"Consent/{id}", body)).Status));
        }
        // A token that says nothing of how its holder signed in changes nothing that is shared.
        using var personal = await node.Node.Client("Patient/c-own");
        Assert.Equal(HttpStatusCode.OK, (await Send(personal, HttpMethod.Get, $"Consent/{id}")).Status);
        var refused = await Send(personal, HttpMethod.Post, "Consent", body);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.Status);
        Assert.Contains("insufficient_user_authentication", refused.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.Contains("max_age=\"1800\"", refused.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }
}
