using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tervik.Conformance.Suites;
using Tervik.EndToEnd.Portal;

namespace Tervik.EndToEnd.Care;

/// <summary>Free times as everybody reads them: SMART Scheduling Links, held against the same checker as the published examples.</summary>
public sealed class PublicationTests(Node node) : IClassFixture<Node>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static async Task<List<(string Name, string Type, string Text)>> Files(HttpClient http, string manifest)
    {
        using var json = JsonDocument.Parse(manifest);
        var files = new List<(string, string, string)>();
        foreach (var output in json.RootElement.GetProperty("output").EnumerateArray())
        {
            var url = output.GetProperty("url").GetString()!;
            files.Add((url[(url.LastIndexOf('/') + 1)..], output.GetProperty("type").GetString()!, await http.GetStringAsync(new Uri(url), Stop)));
        }
        return files;
    }

    [Fact]
    public async Task What_patients_may_book_is_published_to_everybody_as_the_specification_has_it_and_nothing_of_any_patient()
    {
        await TestClinic.Make(node, "pub");
        // Without a phone number a place is left out; with one it is there.
        await TestPatient.Put(node, "Location/pub-house", """{"resourceType":"Location","id":"pub-house","status":"active","name":"The house","telecom":[{"system":"phone","value":"+45 00 00 00 00"}],"address":{"line":["1 Street"],"city":"Town","state":"North","postalCode":"1000","country":"DK"}}""");
        await TestPatient.Make(node, "pubpatient", "Pia", "Published", "published-1");
        using var stranger = new HttpClient { BaseAddress = new(node.Address) };
        using var answer = await stranger.GetAsync(new Uri("/fhir/$bulk-publish", UriKind.Relative), Stop);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("public, max-age=60", answer.Headers.CacheControl?.ToString().Replace("max-age=60, public", "public, max-age=60", StringComparison.Ordinal));
        var manifest = await answer.Content.ReadAsStringAsync(Stop);
        Assert.Empty(SchedulingLinks.CheckManifest(manifest));
        var files = await Files(stranger, manifest);
        Assert.Empty(SchedulingLinks.Check(files).Take(10));
        var all = string.Concat(files.Select(file => file.Text));
        Assert.Contains("\"id\":\"pub_house\"", all, StringComparison.Ordinal);
        Assert.Contains("\"id\":\"pub_visit\"", all, StringComparison.Ordinal);
        // What staff book, or patients with a referral, is not there; nor anybody's name or appointment.
        foreach (var hidden in (string[])["pub_scan", "pub_staff", "Patient", "Appointment/", "Published", "Practitioner"]) Assert.DoesNotContain(hidden, all, StringComparison.Ordinal);
        // Two doctors: a time that nobody has taken can be had twice.
        var slot = files.Where(file => file.Type == "Slot").SelectMany(file => file.Text.Split('\n')).First(line => line.Contains("Schedule/pub_visit", StringComparison.Ordinal) && line.Contains("\"free\"", StringComparison.Ordinal));
        Assert.Contains("\"valueInteger\":2", slot, StringComparison.Ordinal);
        Assert.Contains(manifest.Split('"').First(part => part.EndsWith("-North.ndjson", StringComparison.Ordinal)), manifest, StringComparison.Ordinal);
        Assert.Contains("\"state\":[\"North\"]", manifest, StringComparison.Ordinal);
        // The link leads whoever signs in to their own page of that service.
        using var parsed = JsonDocument.Parse(slot);
        var link = new Uri(parsed.RootElement.GetProperty("extension")[0].GetProperty("valueUrl").GetString()!);
        using var plain = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        using var away = await plain.GetAsync(link, Stop);
        Assert.StartsWith("/sign-in?to=%2Fappointments%2Fnew", away.Headers.Location!.OriginalString, StringComparison.Ordinal);
        using var pia = await PortalPerson.SignIn(node, "Patient/pubpatient");
        var (status, html) = await pia.Get(link.PathAndQuery + "&source=x&booking-referral=y");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("name=\"offer\"", html, StringComparison.Ordinal);
        Assert.Contains("visit at pub", html, StringComparison.Ordinal);
        await IsKept();
    }

    /// <summary>What has not changed is not sent again, and what is compressed says the same.</summary>
    async Task IsKept()
    {
        using var http = new HttpClient { BaseAddress = new(node.Address) };
        using var first = await http.GetAsync(new Uri("/fhir/$bulk-publish", UriKind.Relative), Stop);
        using var json = JsonDocument.Parse(await first.Content.ReadAsStringAsync(Stop));
        var url = new Uri(json.RootElement.GetProperty("output").EnumerateArray().First(file => file.GetProperty("type").GetString() == "Slot").GetProperty("url").GetString()!);
        using var file = await http.GetAsync(url, Stop);
        Assert.Equal("application/fhir+ndjson", file.Content.Headers.ContentType?.MediaType);
        Assert.NotNull(file.Content.Headers.LastModified);
        using var again = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { IfNoneMatch = { file.Headers.ETag! } } };
        using var same = await http.SendAsync(again, Stop);
        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
        using var since = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { IfModifiedSince = file.Content.Headers.LastModified } };
        using var old = await http.SendAsync(since, Stop);
        Assert.Equal(HttpStatusCode.NotModified, old.StatusCode);
        using var unpacking = new HttpClient(new HttpClientHandler { AutomaticDecompression = DecompressionMethods.GZip });
        Assert.Equal(await file.Content.ReadAsStringAsync(Stop), await unpacking.GetStringAsync(url, Stop));
        using var none = await http.GetAsync(new Uri("/fhir/$bulk-publish/slots-1999-W01.ndjson", UriKind.Relative), Stop);
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        Assert.Equal("OperationOutcome", (await none.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("resourceType").GetString());
    }
}

/// <summary>The operator can turn it off.</summary>
public sealed class NoPublicationTests(NoPublicationTests.Closed closed) : IClassFixture<NoPublicationTests.Closed>
{
    public sealed class Closed : IAsyncLifetime
    {
        public Node Node { get; } = new() { Others = ["publishSlots=false"] };
        public ValueTask InitializeAsync() => Node.InitializeAsync();
        public ValueTask DisposeAsync() => Node.DisposeAsync();
    }

    [Fact]
    public async Task Turned_off_there_is_neither_a_manifest_nor_a_file()
    {
        using var http = new HttpClient { BaseAddress = new(closed.Node.Address) };
        foreach (var path in (string[])["/fhir/$bulk-publish", "/fhir/$bulk-publish/locations.ndjson"])
            Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
    }
}
