using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace Tervik.EndToEnd.Portal;

/// <summary>The portal of a professional. Søren Holm (holm) treats Mari Tamm (p01) and not Jaan Kask (p02).</summary>
public sealed class ProfessionalTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    static readonly string[] Pages = ["/", "/today", "/patients", "/patients?show=hospital", "/patients/p01", "/patients/p01/flowsheet", "/patients/p01/handover", "/tasks", "/tasks/task-p01", "/go?q=mari&about=p01"];
    static bool isLoaded;

    static string Time(int days) => DateTime.UtcNow.AddDays(days).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Something of everything that a professional's pages show, for an own patient and for another's.</summary>
    public async ValueTask InitializeAsync()
    {
        if (isLoaded || Browser.Chromium is null) return;
        using var client = await browser.Node.Client("client/loader");
        foreach (var (patient, doctor) in ((string, string)[])[("p01", "holm"), ("p02", "kuusk")])
        {
            var subject = new { reference = $"Patient/{patient}" };
            await Put(client, new { resourceType = "Encounter", id = $"stay-{patient}", status = "in-progress", @class = new { code = "IMP" }, subject, period = new { start = Time(-2) }, type = new[] { new { text = "Pneumonia" } }, participant = new[] { new { individual = new { reference = $"Practitioner/{doctor}" } } } });
            await Put(client, new { resourceType = "Appointment", id = $"today-{patient}", status = "booked", start = Time(0), end = Time(0), description = "Control of blood pressure", participant = new[] { new { actor = subject, status = "accepted" }, new { actor = new { reference = $"Practitioner/{doctor}" }, status = "accepted" } } });
            await Put(client, new { resourceType = "Flag", id = $"flag-{patient}", status = "active", subject, code = new { text = "Risk of falling" } });
            await Put(client, new { resourceType = "AllergyIntolerance", id = $"allergy-{patient}", criticality = "high", patient = subject, code = new { text = "Penicillin" }, clinicalStatus = new { coding = new[] { new { system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", code = "active" } } } });
            await Put(client, new { resourceType = "Consent", id = $"directive-{patient}", status = "active", patient = subject, scope = new { coding = new[] { new { system = "http://terminology.hl7.org/CodeSystem/consentscope", code = "adr" } } }, category = new[] { new { text = "Do not resuscitate" } }, policyRule = new { text = "law" } });
            await Put(client, new { resourceType = "MedicationRequest", id = $"thin-{patient}", status = "active", intent = "order", subject, medicationCodeableConcept = new { text = "Warfarin 2.5 mg" }, dosageInstruction = new[] { new { text = "1 tablet in the evening" } } });
            foreach (var (id, code, value, unit, flag, days) in ((string, string, double, string, string, int)[])[("egfr", "33914-3", 24, "mL/min/{1.73_m2}", "L", -1), ("k", "2823-3", 6.9, "mmol/L", "HH", 0)])
                await Put(client, new { resourceType = "Observation", id = $"{id}-{patient}", status = "final", subject, effectiveDateTime = Time(days), category = new[] { new { coding = new[] { new { system = "http://terminology.hl7.org/CodeSystem/observation-category", code = "laboratory" } } } },
                    code = new { coding = new[] { new { system = "http://loinc.org", code, display = id == "k" ? "Potassium" : "eGFR" } } }, valueQuantity = new { value, unit }, interpretation = new[] { new { coding = new[] { new { system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", code = flag } } } } });
            await PutTask(client, $"task-{patient}", patient);
            await Put(client, new { resourceType = "Communication", id = $"message-{patient}", status = "completed", subject, sent = Time(0), recipient = new[] { new { reference = "Practitioner/holm" } }, sender = subject, payload = new[] { new { contentString = "May I take the tablets with milk?" } } });
        }
        isLoaded = true;
    }

    static async Task PutTask(HttpClient client, string id, string patient) => await Put(client, new
    {
        resourceType = "Task", id, status = "requested", intent = "order", priority = "urgent", description = "Call the patient about the result", code = new { text = "Call back" },
        @for = new { reference = $"Patient/{patient}" }, owner = new { reference = "Practitioner/holm" }, restriction = new { period = new { end = Time(-1) } },
    });

    static async Task Put(HttpClient client, object resource)
    {
        var json = JsonSerializer.SerializeToNode(resource)!;
        using var body = new StringContent(json.ToJsonString(), Encoding.UTF8, "application/fhir+json");
        using var answer = await client.PutAsync(new Uri($"{json["resourceType"]}/{json["id"]}", UriKind.Relative), body, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    async Task<string> NumberOf(string patient)
    {
        using var client = await browser.Node.Client("client/loader");
        return (string)(await Read(client, $"Patient/{patient}"))["identifier"]![0]!["value"]!;
    }

    static async Task<JsonNode> Read(HttpClient client, string path) => JsonNode.Parse(await client.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken))!;

    [Theory, InlineData(360, true), InlineData(1280, false), InlineData(1920, false)]
    public async Task Every_page_is_accessible_and_fits_its_width(int width, bool dark)
    {
        var page = await browser.Open(width, dark);
        await Browser.SignIn(page, "Søren Holm");
        foreach (var path in Pages)
        {
            Assert.Equal(200, (await page.GotoAsync(path))!.Status);
            await Look(page, path, width, dark);
        }
        await page.GotoAsync("/patients/p01");
        await page.Keyboard.PressAsync("Control+k");
        await page.GetByRole(AriaRole.Option).First.WaitForAsync();
        await Look(page, "/command", width, dark);
    }

    [Theory, InlineData(360), InlineData(1280)]
    public async Task The_overview_of_a_patient_says_what_is_new_next_and_to_do(int width)
    {
        var page = await browser.Open(width);
        await Browser.SignIn(page, "Mari Tamm");
        await Look(page, "/overview", width, dark: false);
        Assert.Contains("new result", await page.Locator("section:has(> #new)").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("Pneumonia", await page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
        // The task is the physician's, not the patient's.
        Assert.DoesNotContain("Call back", await page.Locator("section:has(> #todo)").InnerTextAsync(), StringComparison.Ordinal);
    }

    static async Task Look(IPage page, string name, int width, bool dark)
    {
        var needed = await page.EvaluateAsync<int>("document.documentElement.scrollWidth");
        var found = string.Join('\n', await Accessibility.Violations(page));
        if (Environment.GetEnvironmentVariable("TERVIK_SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"pro{name.Replace('/', '-').Split('?')[0]}-{width}-{(dark ? "dark" : "light")}.png"), FullPage = !name.EndsWith("command", StringComparison.Ordinal) });
        Assert.True(needed <= width, $"{name} is {needed} wide.");
        Assert.Equal(("", name), (found, name));
    }

    [Fact]
    public async Task From_the_day_to_the_chart_and_the_flowsheet_with_the_keyboard_alone()
    {
        var page = await browser.Open();
        await page.GotoAsync("/sign-in?name=Holm");
        await Press(page, "Søren Holm");
        await page.ArrivesAt("**/");
        Assert.Equal("My day", await page.Locator("h1").InnerTextAsync());
        Assert.Contains("Control of blood pressure", await page.Locator("section:has(> #appointments)").InnerTextAsync(), StringComparison.Ordinal);
        await Press(page, "Mari Tamm");
        await page.ArrivesAt("**/patients/p01");
        var alerts = await page.Locator(".alerts").InnerTextAsync();
        foreach (var warning in (string[])["Penicillin", "Risk of falling", "Do not resuscitate", "Warfarin", "Reduced kidney function"]) Assert.Contains(warning, alerts, StringComparison.Ordinal);
        Assert.Contains("1 tablet in the evening", await page.Locator("section:has(> #medication)").InnerTextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("Potassium", await page.Locator("section:has(> #laboratory) tbody tr").First.InnerTextAsync(), StringComparison.Ordinal); // the critical one
        await Press(page, "Flowsheet");
        await page.ArrivesAt("**/flowsheet");
        Assert.Contains("6.9", await page.Locator("tr:has-text('Potassium')").First.InnerTextAsync(), StringComparison.Ordinal);
        // The grid itself can be reached, and scrolled with the arrow keys.
        await page.Locator(".flowsheet").FocusAsync();
        Assert.Equal("region", await page.EvaluateAsync<string>("document.activeElement.getAttribute('role')"));
    }

    [Fact]
    public async Task The_command_bar_is_used_by_keyboard()
    {
        var page = await browser.Open();
        await Browser.SignIn(page, "Søren Holm");
        await page.Keyboard.PressAsync("Control+k");
        var field = page.Locator("#command-text");
        await page.Keyboard.TypeAsync("mari t");
        await page.GetByRole(AriaRole.Option, new() { NameRegex = new("Mari Tamm") }).WaitForAsync();
        await field.FillAsync("nobody of this name");
        await Assertions.Expect(page.GetByRole(AriaRole.Option)).ToHaveCountAsync(0);
        await field.FillAsync(await NumberOf("p01"));
        await Assertions.Expect(page.GetByRole(AriaRole.Option)).ToHaveCountAsync(1);
        Assert.Equal("1 hit", await page.Locator("#command-said").InnerTextAsync());
        Assert.Equal("true", await field.GetAttributeAsync("aria-expanded"));
        await page.Keyboard.PressAsync("Enter");
        await page.ArrivesAt("**/patients/p01");
        await page.Keyboard.PressAsync("Control+k");
        await page.GetByRole(AriaRole.Option, new() { Name = "My day", Exact = true }).WaitForAsync();
        var first = await field.GetAttributeAsync("aria-activedescendant");
        await page.Keyboard.PressAsync("ArrowDown");
        Assert.NotEqual(first, await field.GetAttributeAsync("aria-activedescendant"));
        await page.Keyboard.PressAsync("Escape");
        Assert.False(await page.Locator("#command").IsVisibleAsync());
        await page.Locator("#command-open").ClickAsync();
        await page.Keyboard.TypeAsync("flowsh");
        await Assertions.Expect(page.GetByRole(AriaRole.Option)).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync("Enter");
        await page.ArrivesAt("**/patients/p01/flowsheet");
    }

    [Fact]
    public async Task Without_JavaScript_search_or_go_to_is_a_page()
    {
        var page = await browser.Open(javaScript: false);
        await Browser.SignIn(page, "Søren Holm");
        await page.Locator("#command-open").ClickAsync();
        await page.ArrivesAt("**/go");
        await page.Locator("#q").FillAsync("mari tamm");
        await page.Locator("main form button").ClickAsync();
        await page.Locator("main").GetByRole(AriaRole.Link, new() { Name = "Mari Tamm" }).ClickAsync();
        Assert.EndsWith("/patients/p01", page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_professional_sees_only_own_patients_on_every_page()
    {
        var (own, other) = (await NumberOf("p01"), await NumberOf("p02"));
        var page = await browser.Open(javaScript: false);
        await Browser.SignIn(page, "Søren Holm");
        foreach (var path in (string[])[.. Pages, "/go?q=jaan+kask", $"/go?q={other}", "/patients?name=jaan+kask", $"/patients?name={other}"])
        {
            await page.GoTo(path);
            HoldsNothing(path, await page.ContentAsync());
        }
        var token = PageChecks.Hidden(await PageChecks.Get(page, "/go"))["form-token"];
        foreach (var text in (string[])["jaan kask", other]) HoldsNothing(text, await (await PageChecks.Post(page, "/go/find", new() { ["form-token"] = token, ["q"] = text })).TextAsync());
        Assert.Contains("Mari Tamm", await (await PageChecks.Post(page, "/go/find", new() { ["form-token"] = token, ["q"] = own })).TextAsync(), StringComparison.Ordinal);
        foreach (var path in (string[])["/patients/p02", "/patients/p02/flowsheet", "/patients/p02/handover", "/tasks/task-p02"]) Assert.Equal(404, (await page.GotoAsync(path))!.Status);
        // The number of an own patient is found, but only the whole of it.
        await page.GoTo($"/patients?name={own}");
        Assert.Contains("Mari Tamm", await page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
        await page.GoTo($"/patients?name={own[..^1]}");
        Assert.DoesNotContain("Mari Tamm", await page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);

        var patient = await browser.Open(javaScript: false);
        await Browser.SignIn(patient, "Mari Tamm");
        foreach (var path in (string[])["/today", "/patients", "/tasks", "/go", "/patients/p01/flowsheet", "/patients/p01/handover"]) Assert.Equal(403, (await patient.GotoAsync(path))!.Status);
        await patient.GotoAsync("/patients/p01/access");
        Assert.Contains("looked the patient up", await patient.Locator("ol.accesses").InnerTextAsync(), StringComparison.Ordinal);

        static void HoldsNothing(string path, string content)
        {
            foreach (var trace in (string[])["Jaan Kask", "/p02", "task-p02", "message-p02"]) Assert.False(content.Contains(trace, StringComparison.Ordinal), $"{path} holds {trace}.");
        }
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task What_is_searched_for_stands_in_no_address_and_going_back_reloading_and_ordering_keep_it(bool javaScript)
    {
        var page = await browser.Open(javaScript: javaScript);
        await Browser.SignIn(page, "Søren Holm");
        var number = await NumberOf("p01");
        var addresses = new List<string>();
        page.Request += (_, request) => addresses.Add(request.Url);
        async Task Found()
        {
            await page.Locator("main tbody").GetByRole(AriaRole.Link, new() { Name = "Mari Tamm" }).WaitForAsync();
            Assert.Equal((1, number), (await page.Locator("main tbody tr").CountAsync(), await page.Locator("#name").InputValueAsync()));
        }
        await page.GotoAsync("/patients");
        await page.Locator("#name").FillAsync(number);
        await page.Locator("#name").PressAsync("Enter");
        await page.ArrivesAt("**/patients?*sought=*");
        await Found();
        await page.ReloadAsync();
        await Found();
        await page.Locator("main tbody").GetByRole(AriaRole.Link, new() { Name = "Mari Tamm" }).ClickAsync();
        await page.ArrivesAt("**/patients/p01");
        await page.GoBackAsync();
        await Found();
        await page.Locator("#sort").SelectOptionAsync("oldest");
        await page.Locator("form.search-row button").ClickAsync();
        await page.ArrivesAt("**sort=oldest*");
        await Found();
        // Words of a record, too.
        await page.GotoAsync("/patients/p01/flowsheet");
        await page.Locator("#q").FillAsync("potas");
        await page.Locator("#q").PressAsync("Enter");
        await page.ArrivesAt("**/flowsheet?sought=*");
        Assert.Equal("potas", await page.Locator("#q").InputValueAsync());
        if (javaScript)
        {
            await page.Keyboard.PressAsync("Control+k");
            await page.Locator("#command-text").FillAsync("mari tamm");
            await page.GetByRole(AriaRole.Option, new() { NameRegex = new("Mari Tamm") }).WaitForAsync();
        }
        Assert.Contains(addresses, address => address.Contains("sought=", StringComparison.Ordinal));
        foreach (var told in (string[])[number, Uri.EscapeDataString(number), "potas", "mari", "tamm"]) Assert.DoesNotContain(addresses, address => address.Contains(told, StringComparison.OrdinalIgnoreCase));

        // Another session reads nothing from the address.
        var searched = addresses.Last(address => address.Contains("/patients?", StringComparison.Ordinal) && address.Contains("sought=", StringComparison.Ordinal));
        var other = await browser.Open();
        await Browser.SignIn(other, "Søren Holm");
        await other.GotoAsync(searched);
        Assert.Equal("", await other.Locator("#name").InputValueAsync());
    }

    [Fact]
    public async Task A_task_is_completed_once_and_a_conflict_shows_both_answers()
    {
        using var client = await browser.Node.Client("client/loader");
        await PutTask(client, "answered", "p01");
        var context = (await browser.Open(javaScript: false)).Context;
        var (first, second, third) = (await context.NewPageAsync(), await context.NewPageAsync(), await context.NewPageAsync());
        await Browser.SignIn(first, "Søren Holm");
        foreach (var page in (IPage[])[first, second, third]) await page.GotoAsync("/tasks/answered");
        // Declining needs a reason; what was chosen stays.
        await third.GetByLabel("I decline").CheckAsync();
        Assert.Equal(422, (await third.RunAndWaitForResponseAsync(() => third.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync(), answer => answer.Request.Method == "POST")).Status);
        Assert.True(await third.GetByLabel("I decline").IsCheckedAsync());
        await third.Locator("#comment").FillAsync("Not <b>my</b> patient 한국 'x'");

        foreach (var page in (IPage[])[first, second])
        {
            await page.GetByLabel("It is done").CheckAsync();
            await page.Locator("#comment").FillAsync("Called at noon");
            await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
            await page.ArrivesAt("**/tasks");
        }
        var task = await Read(client, "Task/answered");
        Assert.Equal(("completed", "2", 1), ((string?)task["status"], (string?)task["meta"]!["versionId"], task["note"]!.AsArray().Count));

        Assert.Equal(409, (await third.RunAndWaitForResponseAsync(() => third.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync(), answer => answer.Request.Method == "POST")).Status);
        Assert.Contains("Called at noon", await third.Locator(".theirs").AllInnerTextsAsync() is var theirs ? string.Join(' ', theirs) : "", StringComparison.Ordinal);
        Assert.Equal("Not <b>my</b> patient 한국 'x'", await third.Locator("#comment").InputValueAsync());
        await third.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await third.ArrivesAt("**/tasks");
        task = await Read(client, "Task/answered");
        Assert.Equal(("rejected", "3", "Not <b>my</b> patient 한국 'x'"), ((string?)task["status"], (string?)task["meta"]!["versionId"], (string?)task["note"]![1]!["text"]));
        var written = await Read(client, "Provenance?target=Task/answered");
        Assert.Equal(2, written["entry"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_message_is_marked_as_read_and_a_result_acknowledged_once()
    {
        using var client = await browser.Node.Client("client/loader");
        await Put(client, new { resourceType = "Communication", id = "to-read", status = "completed", subject = new { reference = "Patient/p01" }, sent = Time(0), recipient = new[] { new { reference = "Practitioner/holm" } }, sender = new { reference = "Patient/p01", display = "Reader" }, payload = new[] { new { contentString = "Only for this test" } } });
        await Put(client, new { resourceType = "Observation", id = "to-see", status = "final", subject = new { reference = "Patient/p01" }, effectiveDateTime = Time(0), code = new { text = "Lactate" }, valueQuantity = new { value = 9.5, unit = "mmol/L" }, interpretation = new[] { new { coding = new[] { new { system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", code = "HH" } } } } });
        var page = await browser.Open(javaScript: false);
        await Browser.SignIn(page, "Søren Holm");
        await page.GotoAsync("/tasks");
        var form = await page.Locator("form[action='/tasks/results/to-see']").EvaluateAsync<string>("form => new URLSearchParams(new FormData(form)).toString()");
        await page.GotoAsync("/messages?show=unread");
        await page.GetByRole(AriaRole.Link, new() { Name = "Only for this test" }).ClickAsync();
        await page.ArrivesAt("**/messages/to-read");
        await page.GetByRole(AriaRole.Button, new() { Name = "Mark as read" }).ClickAsync();
        await page.GotoAsync("/messages?show=unread");
        Assert.DoesNotContain("Only for this test", await page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
        var message = await Read(client, "Communication/to-read");
        Assert.Equal(("completed", true), ((string?)message["status"], message["received"] is not null));

        for (var times = 0; times < 2; times++)
        {
            var answer = await page.APIRequest.PostAsync("/tasks/results/to-see", new() { DataString = form, MaxRedirects = 0, Headers = new Dictionary<string, string> { ["content-type"] = "application/x-www-form-urlencoded", ["sec-fetch-site"] = "same-origin" } });
            Assert.Equal((int)HttpStatusCode.Redirect, answer.Status);
        }
        var tasks = await Read(client, "Task?focus=Observation/to-see");
        Assert.Single(tasks["entry"]!.AsArray());
        await page.GotoAsync("/tasks");
        Assert.DoesNotContain("Lactate", await page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
    }

    /// <summary>Tabs to what bears the name, and presses Enter.</summary>
    static async Task Press(IPage page, string name)
    {
        for (var steps = 0; steps < 200; steps++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (!(await page.EvaluateAsync<string>("document.activeElement.innerText ?? ''")).Contains(name, StringComparison.Ordinal)) continue;
            await page.Keyboard.PressAsync("Enter");
            return;
        }
        Assert.Fail($"{name} cannot be reached with the keyboard.");
    }
}
