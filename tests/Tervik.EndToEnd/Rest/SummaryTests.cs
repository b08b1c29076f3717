using System.Net;
using System.Text;
using System.Text.Json;
using Tervik.Conformance.Suites;
using Tervik.Records.Model;

namespace Tervik.EndToEnd.Rest;

/// <summary><c>Patient/[id]/$summary</c> over HTTP.</summary>
public sealed class SummaryTests(Node node) : IClassFixture<Node>
{
    const int MostPatients = 24;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Documents_of_the_sample_nation_keep_to_the_profiles()
    {
        using var client = await node.Client("client/reader", "read");
        using var patients = JsonDocument.Parse(await client.GetStringAsync(new Uri(FormattableString.Invariant($"Patient?_count={MostPatients}&_elements=id"), UriKind.Relative), Stop));
        var faults = new List<string>();
        foreach (var entry in patients.RootElement.GetProperty("entry").EnumerateArray())
        {
            var id = entry.GetProperty("resource").GetProperty("id").GetString();
            if (Ips.Wrong(await client.GetByteArrayAsync(new Uri($"Patient/{id}/$summary", UriKind.Relative), Stop)) is { } wrong) faults.Add($"{id}: {wrong}");
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Assert.Equal(MostPatients, patients.RootElement.GetProperty("entry").GetArrayLength());
    }

    [Fact]
    public async Task The_document_has_the_sections_of_the_guide_in_its_order_with_the_required_ones_always()
    {
        using var client = await node.Client("Patient/p01");
        var codes = Sections(await Summary(client, "Patient/p01/$summary")).Select(section => section.GetProperty("code").GetProperty("coding")[0].GetProperty("code").GetString()).ToList();
        Assert.Equal(["10160-0", "48765-2", "11450-4", "11369-6", "30954-2", "47519-4", "46264-8"], codes.Take(7));
    }

    [Fact]
    public async Task XML_holds_the_same_as_JSON()
    {
        using var client = await node.Client("Patient/p01");
        client.DefaultRequestHeaders.Add("Accept", "application/fhir+xml");
        var answer = await client.GetAsync(new Uri("Patient/p01/$summary", UriKind.Relative), Stop);
        Assert.Equal("application/fhir+xml", answer.Content.Headers.ContentType!.MediaType);
        using var document = JsonDocument.Parse(FhirXml.ToJson(await answer.Content.ReadAsByteArrayAsync(Stop)));
        using var plain = await node.Client("Patient/p01");
        Assert.Equal(Untimed(await Summary(plain, "Patient/p01/$summary")), Untimed(document.RootElement));
    }

    [Fact]
    public async Task The_same_record_gives_the_same_document_but_for_its_time()
    {
        using var client = await node.Client("Practitioner/holm");
        Assert.Equal(Untimed(await Summary(client, "Patient/p01/$summary")), Untimed(await Summary(client, "Patient/p01/$summary")));
    }

    [Fact]
    public async Task An_identifier_or_a_body_says_whose_too()
    {
        using var client = await node.Client("Patient/p01");
        var patient = JsonDocument.Parse(await client.GetStringAsync(new Uri("Patient/p01", UriKind.Relative), Stop)).RootElement.GetProperty("identifier")[0];
        var identifier = $"{patient.GetProperty("system").GetString()}|{patient.GetProperty("value").GetString()}";
        var expected = Untimed(await Summary(client, "Patient/p01/$summary"));
        Assert.Equal(expected, Untimed(await Summary(client, $"Patient/$summary?identifier={Uri.EscapeDataString(identifier)}")));
        var body = JsonSerializer.Serialize(new { resourceType = "Parameters", parameter = new[] { new { name = "identifier", valueString = identifier } } });
        Assert.Equal(expected, Untimed(await Summary(client, "Patient/$summary", body)));
        Assert.Equal(expected, Untimed(await Summary(client, "Patient/p01/$summary", "")));
    }

    [Theory]
    [InlineData("Patient/p99/$summary", HttpStatusCode.NotFound)]
    [InlineData("Patient/p02/$summary", HttpStatusCode.NotFound)]
    [InlineData("Patient/$summary?identifier=no%7Csuch", HttpStatusCode.NotFound)]
    [InlineData("Patient/$summary", HttpStatusCode.BadRequest)]
    [InlineData("Patient/p01/$summary?mood=blue", HttpStatusCode.BadRequest)]
    [InlineData("Patient/p01/$summary?profile=http://example.org/another", HttpStatusCode.UnprocessableEntity)]
    [InlineData("Patient/p01/$summary?graph=http://example.org/graph", HttpStatusCode.UnprocessableEntity)]
    [InlineData("Observation/$summary", HttpStatusCode.MethodNotAllowed)]
    public async Task What_cannot_be_answered_is_refused(string path, HttpStatusCode status)
    {
        using var client = await node.Client("Patient/p01");
        Assert.Equal(status, (await client.GetAsync(new Uri(path, UriKind.Relative), Stop)).StatusCode);
    }

    [Fact]
    public async Task What_somebody_typed_cannot_act_in_the_narrative()
    {
        using var writer = await node.Client("Practitioner/holm");
        const string Typed = "<script>alert('x')</script> & \"<b>\" 한글";
        var allergy = JsonSerializer.Serialize(new
        {
            resourceType = "AllergyIntolerance", patient = new { reference = "Patient/p01" }, code = new { text = Typed },
            clinicalStatus = new { coding = new[] { new { system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", code = "active" } } },
        });
        using var content = new StringContent(allergy, Encoding.UTF8, "application/fhir+json");
        Assert.Equal(HttpStatusCode.Created, (await writer.PostAsync(new Uri("AllergyIntolerance", UriKind.Relative), content, Stop)).StatusCode);
        var document = await Summary(writer, "Patient/p01/$summary");
        Assert.Null(Ips.Wrong(Encoding.UTF8.GetBytes(document.GetRawText())));
        var narrative = Sections(document).Single(section => section.GetProperty("code").GetProperty("coding")[0].GetProperty("code").GetString() == "48765-2").GetProperty("text").GetProperty("div").GetString()!;
        Assert.Contains("&lt;script&gt;alert('x')&lt;/script&gt; &amp; \"&lt;b&gt;\" 한글", narrative, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", narrative, StringComparison.Ordinal);
    }

    static JsonElement.ArrayEnumerator Sections(JsonElement document) => document.GetProperty("entry")[0].GetProperty("resource").GetProperty("section").EnumerateArray();

    static async Task<JsonElement> Summary(HttpClient client, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, new Uri(path, UriKind.Relative));
        if (!string.IsNullOrEmpty(body)) request.Content = new StringContent(body, Encoding.UTF8, "application/fhir+json");
        using var answer = await client.SendAsync(request, Stop);
        var text = await answer.Content.ReadAsStringAsync(Stop);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{path}: {answer.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>The entries; of the composition without the time at which it was made.</summary>
    static string Untimed(JsonElement document)
    {
        var made = document.GetProperty("timestamp").GetString()!;
        return document.GetProperty("entry").ToString().Replace(made, "", StringComparison.Ordinal);
    }
}
