using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace Tervik.EndToEnd.Portal;

public sealed class DetailsTests(Browser browser) : IClassFixture<Browser>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static async Task<JsonObject> Patient(HttpClient api, string id) => (await api.GetFromJsonAsync<JsonObject>(new Uri($"Patient/{id}", UriKind.Relative), Stop))!;

    static async Task Put(HttpClient api, JsonObject patient)
    {
        using var content = new StringContent(patient.ToJsonString(), Encoding.UTF8, "application/fhir+json");
        using var answer = await api.PutAsync(new Uri($"Patient/{patient["id"]}", UriKind.Relative), content, Stop);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }

    static Dictionary<string, string> Fields(string html)
    {
        var fields = PageChecks.Hidden(html);
        foreach (var name in (string[])["phone", "email", "street", "postal-code", "city", "country", "kin-name", "kin-phone"]) fields[name] = PageChecks.Value(html, name);
        foreach (var name in (string[])["preferred-language", "interpreter", "kin-relation"]) fields[name] = "";
        return fields;
    }

    [Theory, InlineData(1280, false), InlineData(360, true)]
    public async Task Faults_stand_by_their_fields_and_nothing_typed_is_lost(int width, bool dark)
    {
        var page = await browser.Open(width, dark);
        await Browser.SignIn(page, "Mari Tamm");
        await page.GotoAsync("/patients/p01/details");
        await PageChecks.IsAccessible(page, width, $"details-{width}-{(dark ? "dark" : "light")}");
        await page.EvaluateAsync("document.querySelector('form.form').noValidate = true");
        await page.Locator("#phone").FillAsync("call me");
        await page.Locator("#email").FillAsync("mari at example");
        await page.Locator("#street").FillAsync("Väike 5\nkorter 2");
        await page.Locator("#kin-phone").FillAsync("+372 512 3456");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save my details" }).ClickAsync();
        foreach (var field in (string[])["phone", "email", "kin-name"]) Assert.True(await page.Locator($"#{field}-error").IsVisibleAsync(), field);
        Assert.Equal(("call me", "mari at example", "Väike 5\nkorter 2", "+372 512 3456"),
            (await page.Locator("#phone").InputValueAsync(), await page.Locator("#email").InputValueAsync(), await page.Locator("#street").InputValueAsync(), await page.Locator("#kin-phone").InputValueAsync()));
        await PageChecks.IsAccessible(page, width, $"details-wrong-{width}-{(dark ? "dark" : "light")}");
    }

    [Fact]
    public async Task What_no_field_shows_stays_to_the_letter()
    {
        using var api = await browser.Node.Client("Practitioner/holm");
        var before = await Patient(api, "p04");
        before["extension"] = JsonNode.Parse("""[{"url":"http://example.org/own","valueDecimal":1.50},{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthPlace","valueAddress":{"city":"Võru"}}]""");
        before["telecom"] = JsonNode.Parse("""[{"system":"phone","value":"+372 100","use":"old"},{"system":"phone","value":"+372 200 3000","use":"mobile","rank":1},{"system":"fax","value":"77"}]""");
        before["contact"] = JsonNode.Parse("""[{"relationship":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0131","code":"E"}]}],"name":{"family":"Employer"}},{"relationship":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0131","code":"N"}]}],"name":{"family":"Mägi","given":["Anu"]},"telecom":[{"system":"phone","value":"+372 300 4000"}],"gender":"female"}]""");
        before["communication"] = JsonNode.Parse("""[{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"ru"}]},"preferred":true}]""");
        await Put(api, before);
        var page = await browser.Open(javaScript: false);
        await Browser.SignIn(page, $"{before["name"]![0]!["given"]![0]} {before["name"]![0]!["family"]}");
        await page.GotoAsync("/patients/p04/details");
        Assert.Equal(("+372 200 3000", "Anu Mägi"), (await page.Locator("#phone").InputValueAsync(), await page.Locator("#kin-name").InputValueAsync()));
        await page.Locator("#phone").FillAsync("+372 555 6666");
        await page.Locator("#email").FillAsync("kristjan@example.org");
        await page.Locator("#preferred-language").SelectOptionAsync("et");
        await page.Locator("#interpreter").SelectOptionAsync("no");
        await page.Locator("#kin-relation").SelectOptionAsync("SIB");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save my details" }).ClickAsync();
        await page.ArrivesAt("**saved=1");
        Assert.Contains("saved", await page.Locator("[role=status]").First.InnerTextAsync(), StringComparison.Ordinal);

        before["telecom"]![1]!["value"] = "+372 555 6666";
        before["telecom"]!.AsArray().Add(new JsonObject { ["system"] = "email", ["value"] = "kristjan@example.org" });
        before["communication"] = JsonNode.Parse("""[{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"et"}]},"preferred":true},{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"ru"}]}}]""");
        before["extension"]!.AsArray().Add(JsonNode.Parse("""{"url":"http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired","valueBoolean":false}"""));
        before["contact"]![1]!["relationship"]!.AsArray().Add(JsonNode.Parse("""{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-RoleCode","code":"SIB"}]}"""));
        var after = await Patient(api, "p04");
        before.Remove("meta");
        after.Remove("meta");
        Assert.True(JsonNode.DeepEquals(before, after), $"{before}\n{after}");
        Assert.Contains("1.50", after["extension"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_somebody_else_stored_is_shown_beside_then_saved_once()
    {
        using var api = await browser.Node.Client("Practitioner/holm");
        var page = await browser.Open(360);
        await Browser.SignIn(page, "Mari Tamm");
        await page.GotoAsync("/patients/p01/details");
        await page.Locator("#phone").FillAsync("+372 511 1111");
        var other = await Patient(api, "p01");
        other["telecom"] = JsonNode.Parse("""[{"system":"phone","value":"+372 522 2222"}]""");
        await Put(api, other);
        await page.GetByRole(AriaRole.Button, new() { Name = "Save my details" }).ClickAsync();
        Assert.Contains("+372 522 2222", await page.Locator("#phone-theirs").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal("+372 511 1111", await page.Locator("#phone").InputValueAsync());
        await PageChecks.IsAccessible(page, 360, "details-conflict-360");
        var fields = Fields(await page.ContentAsync());
        fields["phone"] = "+372 511 1111";
        Assert.Equal(302, (await PageChecks.Post(page, "/patients/p01/details", fields)).Status);
        Assert.Equal(302, (await PageChecks.Post(page, "/patients/p01/details", fields)).Status);
        var stored = await Patient(api, "p01");
        Assert.Equal(("+372 511 1111", int.Parse(other["meta"]!["versionId"]!.ToString(), System.Globalization.CultureInfo.InvariantCulture) + 2), (stored["telecom"]![0]!["value"]!.ToString(), int.Parse(stored["meta"]!["versionId"]!.ToString(), System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task Others_and_professionals_have_no_such_page()
    {
        var page = await browser.Open();
        await Browser.SignIn(page, "Søren Holm");
        Assert.Equal(404, (await page.GotoAsync("/patients/p01/details"))!.Status);
        Assert.Equal(403, (await PageChecks.Post(page, "/patients/p01/details", PageChecks.Hidden(await PageChecks.Get(page, "/patients")))).Status);
        var other = await browser.Open();
        await Browser.SignIn(other, "Jaan Kask");
        Assert.Equal(404, (await PageChecks.Post(other, "/patients/p01/details", Fields(await PageChecks.Get(other, "/patients/p02/details")))).Status);
    }

    [Fact]
    public async Task Each_naughty_string_is_stored_and_shown_unharmed()
    {
        var strings = PageChecks.Naughty();
        using var api = await browser.Node.Client("Practitioner/kuusk", "read");
        var page = await browser.Open();
        await Browser.SignIn(page, "Jaan Kask");
        const string Path = "/patients/p02/details";
        var html = await PageChecks.Get(page, Path);
        // Three at a time, each in a field of its own.
        foreach (var some in strings.Chunk(3))
        {
            var fields = Fields(html);
            (fields["kin-name"], fields["city"], fields["street"]) = (Cut(some[0], 200), Cut(some[some.Length / 2], 100), Cut(some[^1], 500));
            var answer = await PageChecks.Post(page, Path, fields);
            Assert.True(answer.Status == 302, $"{string.Join(' ', some)}: {await answer.TextAsync()}");
            html = await PageChecks.Get(page, Path);
            Assert.Equal((PageChecks.Kept(fields["kin-name"]), PageChecks.Kept(fields["city"]), Lines(fields["street"])), (PageChecks.Value(html, "kin-name"), PageChecks.Value(html, "city"), PageChecks.Value(html, "street")));
        }
        var last = strings.Chunk(3).Last();
        Assert.Equal(PageChecks.Kept(Cut(last[0], 200)), (await Patient(api, "p02"))["contact"]![0]!["name"]!["text"]!.ToString());
        // A few as a browser shows them: no script runs, no element appears.
        foreach (var text in strings.Where(text => text.Contains("<script", StringComparison.OrdinalIgnoreCase) && text.Length < 100).Take(3))
        {
            await page.GotoAsync(Path);
            page.Dialog += (_, dialog) => Assert.Fail($"A script ran: {dialog.Message}");
            await page.Locator("#kin-name").FillAsync(text);
            await page.GetByRole(AriaRole.Button, new() { Name = "Save my details" }).ClickAsync();
            await page.ArrivesAt("**saved=1");
            Assert.Equal(PageChecks.Kept(text), await page.Locator("#kin-name").InputValueAsync());
        }
    }

    static string Cut(string text, int longest) => text.Length <= longest ? text : text[..longest];

    // An address has lines, without spaces around each.
    static string Lines(string text) => string.Join('\n', PageChecks.Kept(text).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
}
