using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Tervik.EndToEnd.Rest;

public sealed class BundleTests(Node node) : IClassFixture<Node>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_transaction_with_one_bad_entry_writes_nothing_and_names_the_entry()
    {
        using var client = await node.Client("client/bundles");
        var (status, answer) = await Send(client, """
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"resource":{"resourceType":"Patient","identifier":[{"system":"urn:t","value":"rollback"}]},"request":{"method":"POST","url":"Patient"}},
              {"resource":{"resourceType":"Patient","gender":"nonsense","foo":1},"request":{"method":"POST","url":"Patient"}}]}
            """);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Equal("Bundle.entry[1].resource.gender", answer["issue"]![0]!["expression"]![0]!.GetValue<string>());
        Assert.Equal(0, await Count(client, "Patient?identifier=urn:t|rollback"));
    }

    [Theory]
    [InlineData("Patient/none", HttpStatusCode.NotFound)]
    [InlineData("Patient?birthdate=soon", HttpStatusCode.BadRequest)]
    public async Task A_transaction_whose_read_would_fail_writes_nothing(string read, HttpStatusCode expected)
    {
        using var client = await node.Client("client/bundles");
        var (status, answer) = await Send(client, $$$"""
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"resource":{"resourceType":"Patient","identifier":[{"system":"urn:t","value":"unread"}]},"request":{"method":"POST","url":"Patient"}},
              {"request":{"method":"GET","url":"{{{read}}}"}}]}
            """);
        Assert.Equal(expected, status);
        Assert.StartsWith("Bundle.entry[1]", answer["issue"]![0]!["expression"]![0]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(0, await Count(client, "Patient?identifier=urn:t|unread"));
    }

    [Fact]
    public async Task A_batch_answers_each_entry_by_itself()
    {
        using var client = await node.Client("client/bundles");
        var (status, answer) = await Send(client, """
            {"resourceType":"Bundle","type":"batch","entry":[
              {"request":{"method":"GET","url":"Patient/p01"}},{"request":{"method":"GET","url":"Patient/none"}},{"request":{"method":"GET","url":"Patient?birthdate=soon"}},
              {"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},{"request":{"method":"DELETE","url":"Patient/none"}},{"request":{"method":"BREW","url":"Patient"}}]}
            """);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(["200", "404", "400", "201", "204", "400"], answer["entry"]!.AsArray().Select(entry => entry!["response"]!["status"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Conditional_creates_of_many_clients_make_one_resource()
    {
        using var client = await node.Client("client/bundles");
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("Patient", UriKind.Relative)) { Content = Json("""{"resourceType":"Patient","identifier":[{"system":"urn:t","value":"once"}]}""") };
            request.Headers.Add("If-None-Exist", "identifier=urn:t|once");
            using var answer = await client.SendAsync(request, Stop);
            return answer.StatusCode;
        }));
        Assert.Single(answers, status => status == HttpStatusCode.Created);
        Assert.Equal(19, answers.Count(status => status == HttpStatusCode.OK));
        Assert.Equal(1, await Count(client, "Patient?identifier=urn:t|once"));
    }

    [Fact]
    public async Task Conditional_update_delete_and_references_work_in_a_transaction()
    {
        using var client = await node.Client("client/bundles");
        const string bundle = """
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"resource":{"resourceType":"Organization","identifier":[{"system":"urn:t","value":"org"}],"name":"V1"},"request":{"method":"PUT","url":"Organization?identifier=urn:t|org"}},
              {"request":{"method":"GET","url":"Organization?identifier=urn:t|org"}}]}
            """;
        var (_, first) = await Send(client, bundle);
        Assert.Equal("201", first["entry"]![0]!["response"]!["status"]!.GetValue<string>());
        Assert.Single(first["entry"]![1]!["resource"]!["entry"]!.AsArray());
        var (_, second) = await Send(client, bundle);
        Assert.Equal("200", second["entry"]![0]!["response"]!["status"]!.GetValue<string>());
        var (_, third) = await Send(client, """
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"resource":{"resourceType":"Location","name":"L","managingOrganization":{"reference":"Organization?identifier=urn:t|org"}},"request":{"method":"POST","url":"Location"}},
              {"request":{"method":"DELETE","url":"Organization?identifier=urn:t|none"}}]}
            """);
        Assert.StartsWith("Organization/", third["entry"]![0]!["resource"]!["managingOrganization"]!["reference"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("204", third["entry"]![1]!["response"]!["status"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("""{"resourceType":"Bundle","type":"collection"}""", 400)]
    [InlineData("""{"resourceType":"Bundle"}""", 400)]
    [InlineData("""{"resourceType":"Patient"}""", 400)]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient"}}]}""", 400)]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Nonsense"}}]}""", 400)]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Patient/z1"}},{"resource":{"resourceType":"Patient","id":"z1"},"request":{"method":"PUT","url":"Patient/z1"}}]}""", 400)]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[""", 400)]
    [InlineData("", 400)]
    public async Task A_bundle_that_is_none_is_refused_with_an_outcome(string body, int expected)
    {
        using var client = await node.Client("client/bundles");
        var (status, answer) = await Send(client, body);
        Assert.Equal(expected, (int)status);
        Assert.Equal("OperationOutcome", answer["resourceType"]!.GetValue<string>());
    }

    static StringContent Json(string text) => new(text, Encoding.UTF8, "application/fhir+json");

    static async Task<(HttpStatusCode, JsonNode)> Send(HttpClient client, string bundle)
    {
        using var answer = await client.PostAsync(new Uri("", UriKind.Relative), Json(bundle), Stop);
        return (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonNode>(Stop))!);
    }

    static async Task<int> Count(HttpClient client, string search) => (await client.GetFromJsonAsync<JsonNode>(new Uri($"{search}&_summary=count", UriKind.Relative), Stop))!["total"]!.GetValue<int>();
}
