using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tervik.EndToEnd.Rest;

/// <summary>The content of a file fits its type when it is taken in.</summary>
public sealed class FileTests(FileTests.Taken taken) : IClassFixture<FileTests.Taken>
{
    /// <summary>Two nodes: one as it comes, into which an old archive was imported, and one that accepts what does not fit.</summary>
    public sealed class Taken : IAsyncLifetime
    {
        public Node Node { get; } = new() { Others = ["publicAddress=https://health.example/", "requireKeys=false"] };
        public Node Accepting { get; } = new() { Others = ["unfitFiles=accept", "demo=false"] };
        public (int Code, string Output) Import { get; private set; }

        public async ValueTask InitializeAsync()
        {
            var file = Path.Combine(Node.Folder, "archive.json");
            await File.WriteAllTextAsync(file, Letter("old", "application/pdf", "Hello"u8));
            Import = await Node.Run("import", file);
            await Node.InitializeAsync();
            await Accepting.InitializeAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await Node.DisposeAsync();
            await Accepting.DisposeAsync();
        }
    }

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static string Attachment(string type, ReadOnlySpan<byte> bytes) => $$"""{"contentType":"{{type}}","data":"{{Convert.ToBase64String(bytes)}}"}""";

    static string Letter(string id, string type, ReadOnlySpan<byte> bytes, string status = "current") => $$$"""{"resourceType":"DocumentReference","id":"{{{id}}}","status":"{{{status}}}","content":[{"attachment":{{{Attachment(type, bytes)}}}}]}""";

    static async Task<(HttpStatusCode Status, JsonNode? Json)> Send(Node node, HttpMethod method, string url, string body, string type = "application/fhir+json")
    {
        using var client = await node.Client("client/archive");
        using var request = new HttpRequestMessage(method, new Uri(url, UriKind.Relative)) { Content = new StringContent(body, Encoding.UTF8, type) };
        using var answer = await client.SendAsync(request, Stop);
        var text = await answer.Content.ReadAsStringAsync(Stop);
        return (answer.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    static async Task<JsonNode?> Read(Node node, string url)
    {
        using var client = await node.Client("client/archive");
        using var answer = await client.GetAsync(new Uri(url, UriKind.Relative), Stop);
        return answer.IsSuccessStatusCode ? JsonNode.Parse(await answer.Content.ReadAsStringAsync(Stop)) : null;
    }

    static (string Code, string? Where, string What) Issue(JsonNode? outcome) => (outcome!["issue"]![0]!["code"]!.GetValue<string>(), outcome["issue"]![0]!["expression"]?[0]?.GetValue<string>(), outcome["issue"]![0]!["diagnostics"]!.GetValue<string>());

    [Fact]
    public async Task A_file_that_is_not_what_it_says_is_refused_wherever_it_is()
    {
        var (png, pdf) = (Attachment("image/png", "<html><script>alert(1)</script>"u8), "%PDF-1.7 ..."u8.ToArray());
        (string Url, string Body, string Where)[] sent =
        [
            ("Binary/unfit", $$"""{"resourceType":"Binary","id":"unfit","contentType":"image/jpeg","data":"{{Convert.ToBase64String(pdf)}}"}""", "Binary.data"),
            ("DocumentReference/unfit", Letter("unfit", "application/pdf", "MZ"u8), "DocumentReference.content[0].attachment.data"),
            ("Patient/unfit", $$"""{"resourceType":"Patient","id":"unfit","photo":[{{Attachment("image/jpeg", [0xFF, 0xD8, 0xFF, 0xE0])}},{{png}}]}""", "Patient.photo[1].data"),
            ("Patient/unfit", $$"""{"resourceType":"Patient","id":"unfit","extension":[{"url":"urn:x","valueAttachment":{{png}} }]}""", "Patient.extension[0].valueAttachment.data"),
            ("Bundle/unfit", $$$"""{"resourceType":"Bundle","id":"unfit","type":"collection","entry":[{"resource":{{{Letter("in", "text/plain", [0xC3, 0x28])}}}}]}""", "Bundle.entry[0].resource.content[0].attachment.data"),
        ];
        foreach (var (url, body, where) in sent)
        {
            var (status, outcome) = await Send(taken.Node, HttpMethod.Put, url, body);
            Assert.Equal((HttpStatusCode.UnprocessableEntity, "value", where), (status, Issue(outcome).Code, Issue(outcome).Where));
            Assert.Contains("is declared, but the content looks like", Issue(outcome).What, StringComparison.Ordinal);
            Assert.Null(await Read(taken.Node, url));
        }
        var bundle = $$$"""
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"resource":{"resourceType":"Patient","id":"with-unfit"},"request":{"method":"PUT","url":"Patient/with-unfit"}},
              {"resource":{{{Letter("unfit", "application/pdf", "MZ"u8)}}},"request":{"method":"POST","url":"DocumentReference"}}]}
            """;
        var (refused, why) = await Send(taken.Node, HttpMethod.Post, "", bundle);
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "Bundle.entry[1].resource.content[0].attachment.data"), (refused, Issue(why).Where));
        Assert.Null(await Read(taken.Node, "Patient/with-unfit"));
        (_, why) = await Send(taken.Node, HttpMethod.Post, "", bundle.Replace("transaction", "batch", StringComparison.Ordinal));
        Assert.Equal(["201", "422"], why!["entry"]!.AsArray().Select(entry => entry!["response"]!["status"]!.GetValue<string>()));
        (_, why) = await Send(taken.Node, HttpMethod.Post, "DocumentReference/$validate", Letter("unfit", "application/pdf", "MZ"u8));
        Assert.Equal(("value", "error"), (Issue(why).Code, why!["issue"]![0]!["severity"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_file_that_fits_comes_back_as_it_was_sent()
    {
        foreach (var (name, type, bytes) in ((string, string, byte[])[])[("pdf", "application/pdf; version=1.7", "%PDF-1.7\n"u8.ToArray()), ("dicom", "application/dicom", [.. new byte[128], .. "DICM"u8, .. new byte[70_000]]), ("text", "text/plain", Encoding.UTF8.GetBytes("Tere, päike")), ("other", "application/x-vendor", "MZ"u8.ToArray())])
        {
            Assert.Equal(HttpStatusCode.Created, (await Send(taken.Node, HttpMethod.Put, $"DocumentReference/fit-{name}", Letter($"fit-{name}", type, bytes))).Status);
            Assert.Equal(Convert.ToBase64String(bytes), (await Read(taken.Node, $"DocumentReference/fit-{name}"))!["content"]![0]!["attachment"]!["data"]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task What_an_operator_imports_is_kept_with_a_warning_and_can_be_changed_but_not_joined_by_more()
    {
        Assert.True(taken.Import is { Code: 0 } && taken.Import.Output.Contains("1 written", StringComparison.Ordinal) && taken.Import.Output.Contains("warning: 1 files", StringComparison.Ordinal)
            && taken.Import.Output.Contains("archive.json DocumentReference: DocumentReference.content[0].attachment.data: application/pdf is declared", StringComparison.Ordinal), taken.Import.Output);
        const string place = "DocumentReference/old", jsonPatch = "application/json-patch+json";
        Assert.Equal(HttpStatusCode.OK, (await Send(taken.Node, HttpMethod.Put, place, Letter("old", "application/pdf", "Hello"u8, "superseded"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await Send(taken.Node, HttpMethod.Patch, place, """[{"op":"replace","path":"/status","value":"entered-in-error"}]""", jsonPatch)).Status);
        Assert.Equal(HttpStatusCode.OK, (await Send(taken.Node, HttpMethod.Post, $"{place}/$meta-add", """{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"system":"urn:x","code":"old"}]}}]}""")).Status);
        var (status, outcome) = await Send(taken.Node, HttpMethod.Patch, place, $$$"""[{"op":"add","path":"/content/1","value":{"attachment":{{{Attachment("application/pdf", "Other"u8)}}} } }]""", jsonPatch);
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "DocumentReference.content[1].attachment.data"), (status, Issue(outcome).Where));
        // The same bytes under another type are another file.
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await Send(taken.Node, HttpMethod.Put, place, Letter("old", "image/png", "Hello"u8))).Status);
        Assert.Equal("entered-in-error", (await Read(taken.Node, place))!["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task Where_the_settings_accept_it_a_file_is_stored_as_sent_and_counted_in_the_log()
    {
        var letter = $$$"""{"resourceType":"DocumentReference","id":"secret-letter","status":"current","content":[{"attachment":{{{Attachment("application/pdf", "Hello"u8)}}}},{"attachment":{{{Attachment("image/gif", "Hello"u8)}}}},{"attachment":{{{Attachment("text/plain", "Hello"u8)}}}}]}""";
        Assert.Equal(HttpStatusCode.Created, (await Send(taken.Accepting, HttpMethod.Put, "DocumentReference/secret-letter", letter)).Status);
        Assert.Equal("SGVsbG8=", (await Read(taken.Accepting, "DocumentReference/secret-letter"))!["content"]![0]!["attachment"]!["data"]!.GetValue<string>());
        var (_, outcome) = await Send(taken.Accepting, HttpMethod.Post, "DocumentReference/$validate", letter);
        Assert.Equal("warning", outcome!["issue"]![0]!["severity"]!.GetValue<string>());
        for (var wait = 0; wait < 50 && !taken.Accepting.Output.Contains("unfitFiles", StringComparison.Ordinal); wait++) await Task.Delay(100, Stop);
        using var line = JsonDocument.Parse(taken.Accepting.Output.Split('\n').Single(line => line.Contains("unfitFiles", StringComparison.Ordinal)));
        Assert.Equal(("Warning", 2), (line.RootElement.GetProperty("LogLevel").GetString(), line.RootElement.GetProperty("State").GetProperty("Count").GetInt32()));
        Assert.DoesNotContain("secret-letter", taken.Accepting.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_start_of_a_node_that_others_reach_says_that_no_scanner_is_set()
    {
        for (var wait = 0; wait < 50 && !taken.Node.Output.Contains("malwareScanner", StringComparison.Ordinal); wait++) await Task.Delay(100, Stop);
        Assert.Single(taken.Node.Output.Split('\n'), line => line.Contains("The setting malwareScanner names no scanner", StringComparison.Ordinal));
        Assert.DoesNotContain("malwareScanner", taken.Accepting.Output, StringComparison.Ordinal);
    }
}
