using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tervik.EndToEnd.Portal;

namespace Tervik.EndToEnd.Trust;

/// <summary>A node on which an account meets its limits soon.</summary>
public sealed class SmallNode : IAsyncLifetime
{
    public Node Node { get; } = new() { Others = ["mostPatientsPerHour=3", "mostRequestsOfAccount=4"] };
    public ValueTask InitializeAsync() => Node.InitializeAsync();
    public ValueTask DisposeAsync() => Node.DisposeAsync();
}

public sealed class LimitsTests(SmallNode small) : IClassFixture<SmallNode>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    async Task<List<string>> PatientsOf(string practitioner)
    {
        using var registry = await small.Node.Client("client/registry");
        var bundle = await registry.GetFromJsonAsync<JsonElement>(new Uri($"Appointment?actor={practitioner}&_count=1000&_elements=participant", UriKind.Relative), Stop);
        return [.. bundle.GetProperty("entry").EnumerateArray().SelectMany(entry => entry.GetProperty("resource").GetProperty("participant").EnumerateArray()).Select(one => one.GetProperty("actor").GetProperty("reference").GetString()!).Where(who => who.StartsWith("Patient/", StringComparison.Ordinal)).Distinct()];
    }

    [Fact]
    public async Task Who_looks_at_too_many_patients_is_stopped_on_every_way_and_known_patients_stay_open()
    {
        var patients = await PatientsOf("Practitioner/kuusk");
        Assert.True(patients.Count > 3, $"kuusk has {patients.Count} patients.");
        using var doctor = await small.Node.Client("Practitioner/kuusk");
        foreach (var patient in patients.Take(3)) Assert.Equal(HttpStatusCode.OK, (await doctor.GetAsync(new Uri(patient, UriKind.Relative), Stop)).StatusCode);
        foreach (var path in (string[])[patients[3], $"Observation?subject={patients[3]}&_count=1", $"{patients[3]}/$everything?_count=2", $"{patients[3]}/_history"])
        {
            using var refused = await doctor.GetAsync(new Uri(path, UriKind.Relative), Stop);
            Assert.Equal((path, HttpStatusCode.TooManyRequests), (path, refused.StatusCode));
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 3000, 3600);
            var outcome = await refused.Content.ReadFromJsonAsync<JsonElement>(Stop);
            Assert.Equal(("OperationOutcome", "throttled"), (outcome.GetProperty("resourceType").GetString(), outcome.GetProperty("issue")[0].GetProperty("code").GetString()));
        }
        using (var body = JsonContent.Create(new { resourceType = "Bundle", type = "batch", entry = new[] { new { request = new { method = "GET", url = patients[3] } } } }))
        {
            body.Headers.ContentType = new("application/fhir+json");
            Assert.Equal(HttpStatusCode.TooManyRequests, (await doctor.PostAsync(new Uri("", UriKind.Relative), body, Stop)).StatusCode);
        }
        using (var body = JsonContent.Create(new { resourceType = "Observation", status = "final", code = new { text = "weight" }, subject = new { reference = patients[3] } }))
        {
            body.Headers.ContentType = new("application/fhir+json");
            Assert.Equal(HttpStatusCode.TooManyRequests, (await doctor.PostAsync(new Uri("Observation", UriKind.Relative), body, Stop)).StatusCode);
        }
        Assert.Equal(HttpStatusCode.OK, (await doctor.GetAsync(new Uri(patients[0], UriKind.Relative), Stop)).StatusCode);
        // In the portal the same account: a page, and the list that shows more than there is room for.
        using var portal = await PortalPerson.SignIn(small.Node, "Practitioner/kuusk", to: "/account");
        foreach (var path in (string[])[$"/patients/{patients[3]["Patient/".Length..]}", "/patients"])
        {
            var (status, html) = await portal.Get(path);
            Assert.Equal((path, HttpStatusCode.TooManyRequests, true), (path, status, html.Contains("Too much at once", StringComparison.Ordinal)));
        }
        Assert.Contains("Limit", (await small.Node.Run("audit", "alerts")).Output, StringComparison.Ordinal);
        // The refusal is in the log, and nothing of a patient with it.
        using var registry = await small.Node.Client("client/registry");
        var log = await registry.GetFromJsonAsync<JsonElement>(new Uri("AuditEvent?agent=Practitioner/kuusk&_count=100", UriKind.Relative), Stop);
        var stopped = log.GetProperty("entry").EnumerateArray().Select(entry => entry.GetProperty("resource")).Where(audit => audit.TryGetProperty("outcomeDesc", out var words) && words.GetString() == "HTTP 429").ToList();
        Assert.True(stopped.Count >= 6);
        Assert.DoesNotContain(stopped, audit => audit.GetRawText().Contains("Patient/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_asks_too_often_is_told_when_to_ask_again()
    {
        using var doctor = await small.Node.Client("Practitioner/brandt");
        HttpResponseMessage? refused = null;
        for (var i = 0; i < 2000 && refused is null; i++)
        {
            var answer = await doctor.GetAsync(new Uri("Organization/tartu", UriKind.Relative), Stop);
            if (answer.StatusCode == HttpStatusCode.TooManyRequests) refused = answer;
            else Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
        Assert.NotNull(refused);
        Assert.True(refused.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1));
        Assert.Contains("throttled", await refused.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_tries_to_sign_in_again_and_again_is_stopped()
    {
        await using var node = new Node { Others = ["mostSignInsOfAddress=5"] };
        await node.InitializeAsync();
        using var http = new HttpClient { BaseAddress = new Uri(node.Address) };
        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 20; i++)
        {
            using var body = new FormUrlEncodedContent([new("person", "Practitioner/guess")]);
            answers.Add((await http.PostAsync(new Uri("/sign-in", UriKind.Relative), body, Stop)).StatusCode);
        }
        Assert.Contains(HttpStatusCode.TooManyRequests, answers);
        Assert.Contains(HttpStatusCode.BadRequest, answers);
    }
}
