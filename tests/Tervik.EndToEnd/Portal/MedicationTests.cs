using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Playwright;

namespace Tervik.EndToEnd.Portal;

public sealed class MedicationTests(Browser browser) : IClassFixture<Browser>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Gives a patient a prescription by the API.</summary>
    static async Task Prescribe(HttpClient api, string patient, string id, string atc, string name, string more) => await Put(api, $"MedicationRequest/{id}", $$"""
        {"resourceType":"MedicationRequest","id":"{{id}}","status":"active","intent":"order","subject":{"reference":"Patient/{{patient}}"},"authoredOn":"2026-03-02","requester":{"reference":"Practitioner/holm","display":"Søren Holm"},
        "medicationCodeableConcept":{"coding":[{"system":"http://www.whocc.no/atc","code":"{{atc}}"}],"text":"{{name}}"},{{more}}}
        """);

    static async Task Put(HttpClient api, string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/fhir+json");
        using var answer = await api.PutAsync(new Uri(path, UriKind.Relative), content, Stop);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }

    static async Task<List<JsonElement>> Tasks(HttpClient api, string medication)
    {
        var bundle = await api.GetFromJsonAsync<JsonElement>(new Uri($"Task?focus=MedicationRequest/{medication}", UriKind.Relative), Stop);
        return bundle.TryGetProperty("entry", out var entries) ? [.. entries.EnumerateArray().Select(entry => entry.GetProperty("resource"))] : [];
    }

    static Task Send(IPage page, string button) => page.GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync();

    const string Evening = """ "dosageInstruction":[{"text":"1 tablet every evening","timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"d","when":["EVE"]}},"doseAndRate":[{"doseQuantity":{"value":1,"unit":"tablet"}}]}] """;

    [Theory, InlineData(1280, false), InlineData(360, true)]
    public async Task The_page_shows_plan_reasons_interactions_and_the_past_to_both(int width, bool dark)
    {
        using var api = await browser.Node.Client("client/registry");
        await Prescribe(api, "p01", "w1", "B01AA03", "Warfarin 2.5 mg", $$""" "reasonCode":[{"text":"Atrial fibrillation"}],{{Evening}} """);
        await Prescribe(api, "p01", "i1", "M01AE01", "Ibuprofen 400 mg", """ "dosageInstruction":[{"asNeededCodeableConcept":{"text":"pain"},"doseAndRate":[{"doseQuantity":{"value":1,"unit":"tablet"}}]}] """);
        await Prescribe(api, "p01", "i2", "M01AE02", "Naproxen 250 mg", """ "dosageInstruction":[{"timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d"}}}] """);
        await Put(api, "MedicationRequest/x1", """{"resourceType":"MedicationRequest","id":"x1","status":"stopped","statusReason":{"text":"Cough"},"intent":"order","subject":{"reference":"Patient/p01"},"authoredOn":"2024-01-05","medicationCodeableConcept":{"text":"Enalapril 10 mg"}}""");
        foreach (var who in (string[])["Mari Tamm", "Søren Holm"])
        {
            var page = await browser.Open(width, dark);
            await Browser.SignIn(page, who);
            await page.GotoAsync("/patients/p01/medication");
            var text = await page.Locator("main").InnerTextAsync();
            foreach (var part in (string[])["Atrial fibrillation", "in the evening", "as needed: pain", "Warfarin 2.5 mg and Ibuprofen 400 mg", "Enalapril 10 mg", "Cough"]) Assert.Contains(part, text, StringComparison.Ordinal);
            Assert.Equal(who == "Søren Holm", text.Contains("Same class", StringComparison.Ordinal));
            Assert.Contains("Warfarin", await page.Locator(".plan-time:has(#time-Evening)").InnerTextAsync(), StringComparison.Ordinal);
            await PageChecks.IsAccessible(page, width, $"medication-{(who[0] == 'M' ? "patient" : "professional")}-{width}-{(dark ? "dark" : "light")}");
        }
    }

    [Theory, InlineData(360, false), InlineData(1280, true)]
    public async Task A_wrong_renewal_form_says_so_by_the_field_and_loses_nothing(int width, bool dark)
    {
        using var api = await browser.Node.Client("client/registry");
        await Prescribe(api, "p01", "renew-wrong", "C08CA01", "Amlodipine 5 mg", Evening);
        var page = await browser.Open(width, dark);
        await Browser.SignIn(page, "Mari Tamm");
        await page.GotoAsync("/patients/p01/medication/renew-wrong/renewal");
        await PageChecks.IsAccessible(page, width, $"renewal-{width}-{(dark ? "dark" : "light")}");
        await page.Locator("#days").FillAsync("few");
        await page.Locator("#comment").FillAsync("My ankles swell <b>a little</b>");
        await Send(page, "Send the request");
        Assert.Contains("number", await page.Locator("#days-error").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal(("few", "My ankles swell <b>a little</b>"), (await page.Locator("#days").InputValueAsync(), await page.Locator("#comment").InputValueAsync()));
        await PageChecks.IsAccessible(page, width, $"renewal-wrong-{width}-{(dark ? "dark" : "light")}");
        Assert.Empty(await Tasks(api, "renew-wrong"));
    }

    [Fact]
    public async Task A_request_is_made_once_told_apart_answered_and_read()
    {
        using var api = await browser.Node.Client("client/registry");
        await Prescribe(api, "p01", "renew-me", "C10AA07", "Rosuvastatin 10 mg", $$""" "dispenseRequest":{"validityPeriod":{"start":"2026-03-02","end":"2026-06-01"} },{{Evening}} """);
        var patient = await browser.Open(javaScript: false);
        await Browser.SignIn(patient, "Mari Tamm");
        await patient.GotoAsync("/patients/p01/medication");
        await patient.GetByRole(AriaRole.Link, new() { Name = "Ask for renewal of Rosuvastatin 10 mg" }).ClickAsync();
        var fields = PageChecks.Hidden(await patient.ContentAsync());
        (fields["days"], fields["pharmacy"], fields["comment"]) = ("5", "Raekoja", "");
        var stale = PageChecks.Hidden(await PageChecks.Get(patient, patient.Url));
        // The same form twice, as an impatient finger sends it.
        Assert.Equal(302, (await PageChecks.Post(patient, patient.Url, fields)).Status);
        Assert.Equal(302, (await PageChecks.Post(patient, patient.Url, fields)).Status);
        var task = Assert.Single(await Tasks(api, "renew-me"));
        Assert.Equal(("requested", "Practitioner/holm", "Patient/p01"), (task.GetProperty("status").GetString(), task.GetProperty("owner").GetProperty("reference").GetString(), task.GetProperty("requester").GetProperty("reference").GetString()));
        // Another form for the same medication is told, before and after sending.
        (stale["days"], stale["pharmacy"], stale["comment"]) = ("5", "", "");
        Assert.Equal(422, (await PageChecks.Post(patient, patient.Url, stale)).Status);
        Assert.Contains("already", await PageChecks.Get(patient, patient.Url), StringComparison.Ordinal);
        var other = PageChecks.Hidden(await PageChecks.Get(patient, "/patients/p01/medication/renew-me/renewal"));
        Assert.DoesNotContain("form-key", other.Keys);
        Assert.Single(await Tasks(api, "renew-me"));

        var doctor = await browser.Open(360);
        await Browser.SignIn(doctor, "Søren Holm");
        await doctor.GotoAsync("/patients/p01/medication");
        await doctor.GetByRole(AriaRole.Link, new() { Name = "Rosuvastatin 10 mg" }).First.ClickAsync();
        await PageChecks.IsAccessible(doctor, 360, "request-professional-360");
        Assert.Equal(0, await doctor.Locator("input[type=radio]:checked").CountAsync());
        await doctor.GetByLabel("Renew", new() { Exact = true }).CheckAsync();
        await Send(doctor, "Send the answer");
        Assert.True(await doctor.Locator("#days-error").IsVisibleAsync());
        Assert.True(await doctor.GetByLabel("Renew", new() { Exact = true }).IsCheckedAsync());
        await PageChecks.IsAccessible(doctor, 360, "request-wrong-360");
        await doctor.Locator("#days").FillAsync("90");
        await doctor.Locator("#words").FillAsync("Blood test in May, please.");
        await Send(doctor, "Send the answer");
        await doctor.ArrivesAt("**/medication**");

        task = Assert.Single(await Tasks(api, "renew-me"));
        Assert.Equal("completed", task.GetProperty("status").GetString());
        var renewedId = task.GetProperty("output")[0].GetProperty("valueReference").GetProperty("reference").GetString()!;
        var renewed = await api.GetFromJsonAsync<JsonElement>(new Uri(renewedId, UriKind.Relative), Stop);
        Assert.Equal(("active", "MedicationRequest/renew-me", 90), (renewed.GetProperty("status").GetString(), renewed.GetProperty("priorPrescription").GetProperty("reference").GetString(), renewed.GetProperty("dispenseRequest").GetProperty("expectedSupplyDuration").GetProperty("value").GetInt32()));
        Assert.Equal("completed", (await api.GetFromJsonAsync<JsonElement>(new Uri("MedicationRequest/renew-me", UriKind.Relative), Stop)).GetProperty("status").GetString());
        await patient.GotoAsync("/patients/p01/medication");
        Assert.Contains("Blood test in May, please.", await patient.Locator("section:has(#requests)").InnerTextAsync(), StringComparison.Ordinal);
        // One line goes on, since the first prescription.
        var card = patient.Locator(".medication-cards > li", new() { HasText = "Rosuvastatin" });
        Assert.Equal(1, await card.CountAsync());
        Assert.Contains("2 March 2026", await card.InnerTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_comes_second_sees_what_the_first_did()
    {
        using var api = await browser.Node.Client("client/registry");
        await Prescribe(api, "p01", "renew-twice", "H03AA01", "Levothyroxine 100 micrograms", Evening);
        var patient = await browser.Open(360);
        await Browser.SignIn(patient, "Mari Tamm");
        await patient.GotoAsync("/patients/p01/medication/renew-twice/renewal");
        await Send(patient, "Send the request");
        await patient.ArrivesAt("**/medication**");
        var id = Assert.Single(await Tasks(api, "renew-twice")).GetProperty("id").GetString();
        await patient.GotoAsync($"/patients/p01/medication/requests/{id}");
        var doctor = await browser.Open();
        await Browser.SignIn(doctor, "Søren Holm");
        await doctor.GotoAsync($"/patients/p01/medication/requests/{id}");
        var late = PageChecks.Hidden(await doctor.ContentAsync());
        await doctor.GetByLabel("Decline", new() { Exact = true }).CheckAsync();
        await Send(doctor, "Send the answer");
        Assert.True(await doctor.Locator("#words-error").IsVisibleAsync());
        await doctor.Locator("#words").FillAsync("Please come for a blood test first.");
        await Send(doctor, "Send the answer");
        await doctor.ArrivesAt("**/medication**");

        await Send(patient, "Withdraw the request");
        var text = await patient.Locator("main").InnerTextAsync();
        Assert.Contains("Please come for a blood test first.", text, StringComparison.Ordinal);
        Assert.Contains("Somebody changed this", text, StringComparison.Ordinal);
        await PageChecks.IsAccessible(patient, 360, "request-conflict-360");
        // A colleague who had the page open does not overwrite the answer either.
        (late["decision"], late["days"], late["words"]) = ("renew", "30", "");
        Assert.Equal(409, (await PageChecks.Post(doctor, $"/patients/p01/medication/requests/{id}/answer", late)).Status);
        Assert.Equal("rejected", Assert.Single(await Tasks(api, "renew-twice")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_prescription_that_was_stopped_meanwhile_is_not_renewed()
    {
        using var api = await browser.Node.Client("client/registry");
        await Prescribe(api, "p01", "renew-stopped", "C03CA01", "Furosemide 40 mg", Evening);
        var patient = await browser.Open();
        await Browser.SignIn(patient, "Mari Tamm");
        await patient.GotoAsync("/patients/p01/medication/renew-stopped/renewal");
        await Send(patient, "Send the request");
        var id = Assert.Single(await Tasks(api, "renew-stopped")).GetProperty("id").GetString();
        var doctor = await browser.Open();
        await Browser.SignIn(doctor, "Søren Holm");
        var path = $"/patients/p01/medication/requests/{id}";
        var form = PageChecks.Hidden(await PageChecks.Get(doctor, path));
        (form["decision"], form["days"], form["words"]) = ("renew", "30", "");
        await Prescribe(api, "p01", "renew-stopped", "C03CA01", "Furosemide 20 mg", Evening);
        var answer = await PageChecks.Post(doctor, $"{path}/answer", form);
        Assert.Equal(409, answer.Status);
        Assert.Equal("requested", Assert.Single(await Tasks(api, "renew-stopped")).GetProperty("status").GetString());
        // Shown with what is stored now, and sent once more, it is done.
        var again = PageChecks.Hidden(await answer.TextAsync());
        (again["decision"], again["days"], again["words"]) = ("renew", "30", "");
        Assert.Equal(302, (await PageChecks.Post(doctor, $"{path}/answer", again)).Status);
        // And once more by accident: the same.
        Assert.Equal(302, (await PageChecks.Post(doctor, $"{path}/answer", again)).Status);
    }

    [Fact]
    public async Task Nobody_else_asks_answers_or_withdraws()
    {
        using var api = await browser.Node.Client("client/registry");
        await Prescribe(api, "p01", "renew-mine", "A02BC01", "Omeprazole 20 mg", Evening);
        var other = await browser.Open();
        await Browser.SignIn(other, "Jaan Kask");
        var form = PageChecks.Hidden(await PageChecks.Get(other, "/patients/p02/details"));
        foreach (var path in (string[])["/patients/p01/medication/renew-mine/renewal", "/patients/p01/medication/requests/x/withdraw"]) Assert.Equal(404, (await PageChecks.Post(other, path, form)).Status);
        Assert.Equal(403, (await PageChecks.Post(other, "/patients/p01/medication/requests/x/answer", form)).Status);
        Assert.Equal(404, (await other.GotoAsync("/patients/p01/medication"))!.Status);
        Assert.Empty(await Tasks(api, "renew-mine"));
    }

    /// <summary>Many in one comment: a request for one medication waits until it is taken back.</summary>
    [Fact]
    public async Task Naughty_strings_are_stored_and_shown_unharmed()
    {
        var strings = PageChecks.Naughty().Where(text => text.Length < 1500);
        using var api = await browser.Node.Client("client/registry");
        await Prescribe(api, "p01", "renew-naughty", "R06AX13", "Loratadine 10 mg", Evening);
        var page = await browser.Open();
        await Browser.SignIn(page, "Mari Tamm");
        const string Form = "/patients/p01/medication/renew-naughty/renewal";
        foreach (var part in Parts(strings, 1900))
        {
            var fields = PageChecks.Hidden(await PageChecks.Get(page, Form));
            (fields["days"], fields["pharmacy"], fields["comment"]) = ("", part[..Math.Min(part.Length, 60)].Replace('\n', ' '), part);
            var answer = await PageChecks.Post(page, Form, fields);
            Assert.True(answer.Status == 302, await answer.TextAsync());
            var task = Assert.Single(await Tasks(api, "renew-naughty"), one => one.GetProperty("status").GetString() == "requested");
            Assert.Equal(PageChecks.Kept(part), task.GetProperty("note")[0].GetProperty("text").GetString());
            var path = $"/patients/p01/medication/requests/{task.GetProperty("id").GetString()}";
            await page.GotoAsync(path);
            Assert.Equal(PageChecks.Kept(part), (await page.Locator("dt:has-text('Comment') + dd").TextContentAsync())!);
            Assert.Equal(302, (await PageChecks.Post(page, $"{path}/withdraw", PageChecks.Hidden(await page.ContentAsync()))).Status);
        }
    }

    /// <summary>Strings put together, each on a line, up to a length.</summary>
    internal static IEnumerable<string> Parts(IEnumerable<string> strings, int longest)
    {
        var part = new StringBuilder();
        foreach (var text in strings)
        {
            if (part.Length + text.Length + 1 > longest)
            {
                yield return part.ToString();
                part.Clear();
            }
            part.Append(part.Length > 0 ? "\n" : "").Append(text);
        }
        if (part.Length > 0) yield return part.ToString();
    }
}
