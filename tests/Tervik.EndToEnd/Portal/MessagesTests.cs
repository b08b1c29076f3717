using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace Tervik.EndToEnd.Portal;

/// <summary>Messages: patient with professional, professional with professional, live and without a script. Søren Holm treats the patients made here.</summary>
public sealed class MessagesTests(Browser browser) : IClassFixture<Browser>
{
    const string Doctor = "Søren Holm";
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static async Task<JsonNode> Read(HttpClient client, string path) => JsonNode.Parse(await client.GetStringAsync(new Uri(path, UriKind.Relative), Stop))!;

    /// <summary>A patient of the test's own, and a page on which they are signed in.</summary>
    async Task<IPage> Patient(string id, string given, string family, string number, bool javaScript = true, int width = 1280)
    {
        var page = await browser.Open(width, javaScript: javaScript);
        await TestPatient.Make(browser.Node, id, given, family, number);
        await Browser.SignIn(page, $"{given} {family}");
        return page;
    }

    async Task<IPage> SignedIn(string name, bool javaScript = true, int width = 1280, bool dark = false)
    {
        var page = await browser.Open(width, dark, javaScript);
        await Browser.SignIn(page, name);
        return page;
    }

    /// <summary>Begins a thread by its form.</summary>
    /// <returns>Id of the thread.</returns>
    static async Task<string> Write(IPage page, string about, string to, string topic, string text, string entry = "", string? urgent = null)
    {
        await page.GotoAsync($"/messages/new?about={about}{entry}");
        await page.SelectOptionAsync("#to", to);
        await page.FillAsync("#topic", topic);
        await page.FillAsync("#text", text);
        if (urgent is not null)
        {
            await page.CheckAsync("#urgent");
            await page.FillAsync("#urgent-reason", urgent);
        }
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await page.WaitForURLAsync(url => !url.Contains("/new", StringComparison.Ordinal));
        return new Uri(page.Url).AbsolutePath["/messages/".Length..];
    }

    [Fact]
    public async Task A_patient_writes_the_doctor_sees_it_live_and_answers_and_the_patient_sees_that_it_was_read()
    {
        var patient = await Patient("t-msg", "Linda", "Kirjutaja", "470404-9011");
        var doctor = await SignedIn(Doctor);
        await doctor.GotoAsync("/messages");
        // It comes while the page is open, without a hand on it.
        var thread = await Write(patient, "t-msg", "Practitioner/holm", "Tablets & <b>milk</b>", "May I take them with milk?");
        var line = doctor.Locator(".thread-line", new() { HasText = "Tablets & <b>milk</b>" });
        await line.WaitForAsync(new() { Timeout = 20_000 });
        Assert.Contains("Unread", await line.InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("Linda Kirjutaja", await line.InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("Not read yet", await patient.Locator("#messages").InnerTextAsync(), StringComparison.Ordinal);

        // Opening it where somebody looks is reading it; the patient's open page says so by itself.
        await line.GetByRole(AriaRole.Link).ClickAsync();
        await patient.Locator(".receipts", new() { HasText = "Read by" }).WaitForAsync(new() { Timeout = 20_000 });
        Assert.Contains("Søren Holm", await patient.Locator(".receipts").First.InnerTextAsync(), StringComparison.Ordinal);

        await doctor.FillAsync("#text", "Better with water.");
        await doctor.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await patient.Locator(".message", new() { HasText = "Better with water." }).WaitForAsync(new() { Timeout = 20_000 });
        await doctor.Locator(".receipts", new() { HasText = "Read by Linda Kirjutaja" }).WaitForAsync(new() { Timeout = 20_000 });

        using var api = await browser.Node.Client("Practitioner/holm");
        var head = await Read(api, $"Communication/{thread}");
        Assert.Equal(("in-progress", "Patient/t-msg"), ((string?)head["status"], (string?)head["subject"]!["reference"]));
        var parts = (await Read(api, $"Communication?part-of=Communication/{thread}&_sort=sent"))["entry"]!.AsArray();
        Assert.Equal(["Patient/t-msg", "Practitioner/holm"], parts.Select(part => (string?)part!["resource"]!["sender"]!["reference"]));
        Assert.NotNull((await Read(api, $"Provenance?target=Communication/{parts[0]!["resource"]!["id"]}"))["entry"]);
    }

    [Fact]
    public async Task Without_a_script_and_by_keyboard_alone_a_thread_is_begun_read_answered_taken_and_closed()
    {
        var patient = await Patient("t-keys", "Kalle", "Klahvid", "470404-9022", javaScript: false, width: 360);
        await patient.GotoAsync("/messages");
        await Press(patient, "Write a message");
        await patient.Locator("#to").FocusAsync();
        await patient.Keyboard.TypeAsync("Dr"); // Dr. Søren Holm
        await patient.Keyboard.PressAsync("Tab");
        await patient.Keyboard.TypeAsync("A question");
        await patient.Keyboard.PressAsync("Tab");
        await patient.Keyboard.TypeAsync("By keyboard");
        await Press(patient, "Send");
        Assert.Contains("By keyboard", await patient.Locator("#messages").InnerTextAsync(), StringComparison.Ordinal);
        var thread = new Uri(patient.Url).AbsolutePath;

        var doctor = await SignedIn(Doctor, javaScript: false);
        await doctor.GotoAsync(thread);
        await Press(doctor, "Mark as read");
        await Press(doctor, "I take care of it");
        Assert.Contains("Søren Holm takes care of it", await doctor.Locator("#thread-state").InnerTextAsync(), StringComparison.Ordinal);
        await Press(doctor, "Close the thread");
        Assert.Contains("Closed", await doctor.Locator("#thread-state").InnerTextAsync(), StringComparison.Ordinal);
        await patient.GotoAsync(thread);
        Assert.Contains("Read by", await patient.Locator(".receipts").First.InnerTextAsync(), StringComparison.Ordinal);
        // A message opens it again.
        await patient.FillAsync("#text", "One thing more");
        await Press(patient, "Send");
        await doctor.GotoAsync(thread);
        Assert.DoesNotContain("Closed", await doctor.Locator("#thread-state").InnerTextAsync(), StringComparison.Ordinal);
    }

    [Theory, InlineData(1280, false), InlineData(360, true)]
    public async Task The_pages_are_accessible_and_fit_their_width(int width, bool dark)
    {
        var (id, family) = ($"t-axe-{width}", width == 360 ? "Kitsas" : "Lai");
        await TestPatient.Make(browser.Node, id, "Aino", family, $"480404-9{width:0000}");
        var doctor = await SignedIn(Doctor, width: width, dark: dark);
        var thread = await Write(doctor, id, $"Patient/{id}", "Your result", "Please call us.", urgent: "Before the weekend");
        var about = $"/messages/new?about={id}&entry=Observation/{id}-weight-0";
        foreach (var (name, path) in ((string, string)[])[("inbox", "/messages"), ("unread", "/messages?show=unread"), ("thread", $"/messages/{thread}"), ("hand-over", $"/messages/{thread}/hand-over"), ("choose", "/messages/new"), ("new", about), ("about", $"/patients/{id}/messages")])
        {
            Assert.Equal(200, (await doctor.GotoAsync(path))!.Status);
            await PageChecks.IsAccessible(doctor, width, $"messages-{name}-{width}");
            Assert.Empty(await doctor.EvaluateAsync<string[]>(Tervik.Tests.PortalPage.Misfits));
        }
        // What is wrong stands by its field, and nothing is lost.
        await doctor.GotoAsync(about);
        await doctor.FillAsync("#text", "Kept <i>words</i>");
        await doctor.CheckAsync("#urgent");
        await doctor.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        foreach (var field in (string[])["to", "topic", "urgent-reason"]) Assert.True(await doctor.Locator($"#{field}-error").IsVisibleAsync(), field);
        Assert.Equal("Kept <i>words</i>", await doctor.InputValueAsync("#text"));
        await PageChecks.IsAccessible(doctor, width, $"messages-wrong-{width}");

        var patient = await SignedIn($"Aino {family}", width: width, dark: dark);
        foreach (var path in (string[])["/messages", $"/messages/{thread}", "/messages/new", $"/patients/{id}/messages"])
        {
            Assert.Equal(200, (await patient.GotoAsync(path))!.Status);
            await PageChecks.IsAccessible(patient, width, $"messages-patient-{width}");
        }
    }

    [Fact]
    public async Task Who_may_not_see_the_record_finds_no_thread_even_if_it_is_addressed_to_them_and_the_patient_reads_what_professionals_wrote()
    {
        await TestPatient.Make(browser.Node, "t-two", "Priit", "Kaugel", "490404-9033");
        var doctor = await SignedIn(Doctor);
        await doctor.GotoAsync("/messages/new?about=t-two");
        await doctor.FillAsync("#q", "Kuusk");
        await doctor.GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
        var thread = await WriteHere(doctor, "Practitioner/kuusk", "About a picture", "Secret-of-two");
        // No relation of care: nothing is there for her, in whatever way she asks.
        var colleague = await PortalPerson.SignIn(browser.Node, "Practitioner/kuusk");
        foreach (var path in (string[])[$"/messages/{thread}", $"/messages/{thread}/hand-over", $"/messages/live?thread={thread}", "/patients/t-two/messages", "/messages/new?about=t-two", "/messages?about=t-two"])
        {
            var (status, html) = await colleague.Get(path);
            Assert.Equal((path, 404), (path, (int)status));
            Assert.DoesNotContain("Secret-of-two", html, StringComparison.Ordinal);
        }
        foreach (var action in (string[])["", "/read", "/take", "/close", "/hand-over"]) Assert.Equal((action, 404), (action, (int)(await colleague.Fill("/messages", $"/messages/{thread}{action}", ("text", "x"), ("to", "Practitioner/holm"))).Status));
        var (_, inbox) = await colleague.Get("/messages");
        Assert.DoesNotContain("About a picture", inbox, StringComparison.Ordinal);
        // A relation opens it with the next request.
        await TestPatient.Put(browser.Node, "Encounter/t-two-visit-k", """{"resourceType":"Encounter","id":"t-two-visit-k","status":"in-progress","class":{"code":"AMB"},"subject":{"reference":"Patient/t-two"},"participant":[{"individual":{"reference":"Practitioner/kuusk"}}]}""");
        Assert.Contains("Secret-of-two", (await colleague.Get($"/messages/{thread}")).Html, StringComparison.Ordinal);
        // The patient reads it as part of the record, and is not in it: nothing to answer, nothing unread.
        var patient = await PortalPerson.SignIn(browser.Node, "Patient/t-two");
        Assert.Contains("About a picture", (await patient.Get("/patients/t-two/messages")).Html, StringComparison.Ordinal);
        var (_, read) = await patient.Get($"/messages/{thread}");
        Assert.Contains("Secret-of-two", read, StringComparison.Ordinal);
        Assert.DoesNotContain("name=\"text\"", read, StringComparison.Ordinal);
        Assert.DoesNotContain("About a picture", (await patient.Get("/messages")).Html, StringComparison.Ordinal);
        Assert.Equal(404, (int)(await patient.Fill("/messages/new", $"/messages/{thread}", ("text", "x"))).Status);
        // Another patient sees nothing of all this.
        var stranger = await PortalPerson.SignIn(browser.Node, "Patient/p01");
        foreach (var path in (string[])[$"/messages/{thread}", $"/messages/live?thread={thread}", "/patients/t-two/messages", "/messages/new?about=t-two"]) Assert.Equal(404, (int)(await stranger.Get(path)).Status);
    }

    static async Task<string> WriteHere(IPage page, string to, string topic, string text)
    {
        await page.SelectOptionAsync("#to", to);
        await page.FillAsync("#topic", topic);
        await page.FillAsync("#text", text);
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await page.WaitForURLAsync(url => !url.Contains("/new", StringComparison.Ordinal));
        return new Uri(page.Url).AbsolutePath["/messages/".Length..];
    }

    [Fact]
    public async Task Closing_the_record_and_signing_out_end_an_open_stream()
    {
        var patient = await Patient("t-closing", "Sulge", "Sulgeja", "500404-9044");
        var thread = await Write(patient, "t-closing", "Practitioner/holm", "Before it is closed", "Hello");
        var doctor = await SignedIn(Doctor);
        Assert.Equal(200, (await doctor.GotoAsync($"/messages/{thread}"))!.Status);
        const string Watch = """
            path => { window.seen = []; const source = new EventSource(path); for (const name of ['state', 'news', 'over']) source.addEventListener(name, event => { window.seen.push(`${name} ${event.data}`); if (name === 'over') source.close(); }); }
            """;
        // On a page of its own without a script, which does not leave when the stream or the session ends.
        var watching = await doctor.Context.NewPageAsync();
        await watching.GotoAsync((await doctor.Locator("link[rel=stylesheet]").GetAttributeAsync("href"))!);
        await watching.EvaluateAsync(Watch, $"/messages/live?thread={thread}");
        await watching.WaitForFunctionAsync("window.seen.some(one => one.startsWith('state'))");
        await patient.GotoAsync("/patients/t-closing/sharing/close?actor=Practitioner/holm");
        await patient.CheckAsync("#understood");
        await patient.GetByRole(AriaRole.Button, new() { Name = "Close my record" }).ClickAsync();
        await watching.WaitForFunctionAsync("window.seen.includes('over gone')", null, new() { Timeout = 20_000 });
        Assert.Equal(404, (await doctor.GotoAsync($"/messages/{thread}"))!.Status);

        await watching.EvaluateAsync(Watch, "/messages/live");
        await watching.WaitForFunctionAsync("window.seen.some(one => one.startsWith('state'))");
        await doctor.GotoAsync("/messages");
        await doctor.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await watching.WaitForFunctionAsync("window.seen.includes('over session')", null, new() { Timeout = 20_000 });
    }

    [Fact]
    public async Task Files_are_taken_by_what_their_bytes_are_and_a_thread_is_handed_over_by_professionals_alone()
    {
        var patient = await Patient("t-files", "Fail", "Failid", "510404-9055");
        byte[] png = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, (byte)'I', (byte)'H', (byte)'D', (byte)'R', 0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0];
        await patient.GotoAsync("/messages/new");
        await patient.SelectOptionAsync("#to", "Practitioner/holm");
        await patient.FillAsync("#topic", "A rash");
        foreach (var (name, bytes, error) in ((string, byte[], string)[])[("page.png", Encoding.ASCII.GetBytes("<script>alert(1)</script>"), "page.png is none of"), ("tool.pdf", [(byte)'M', (byte)'Z', .. new byte[100]], "tool.pdf is none of"), ("large.txt", [.. Enumerable.Repeat((byte)'a', 5_000_001)], "large.txt is larger")])
        {
            await patient.SetInputFilesAsync("#files", new FilePayload { Name = name, MimeType = "image/png", Buffer = bytes });
            await patient.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
            Assert.Contains(error, await patient.Locator("#files-error").InnerTextAsync(), StringComparison.Ordinal);
            Assert.Equal("A rash", await patient.InputValueAsync("#topic"));
        }
        await patient.SetInputFilesAsync("#files", new FilePayload { Name = "rash.bin", MimeType = "application/octet-stream", Buffer = png });
        await patient.FillAsync("#text", "See the picture");
        await patient.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await patient.WaitForURLAsync(url => !url.Contains("/new", StringComparison.Ordinal));
        var thread = new Uri(patient.Url).AbsolutePath["/messages/".Length..];
        var image = await patient.Locator(".message img").First.GetAttributeAsync("src");
        var file = await patient.APIRequest.GetAsync(image!);
        Assert.Equal((200, "image/png"), (file.Status, file.Headers["content-type"]));

        // Urgent, taking, handing over and closing are not the patient's.
        var plain = await PortalPerson.SignIn(browser.Node, "Patient/t-files");
        foreach (var action in (string[])["/take", "/close", "/hand-over"]) Assert.Equal((action, 404), (action, (int)(await plain.Fill($"/messages/{thread}", $"/messages/{thread}{action}", ("to", "Practitioner/kuusk"))).Status));
        Assert.Equal(200, (int)(await plain.Fill($"/messages/{thread}", $"/messages/{thread}", ("text", "Soon please"), ("urgent", "yes"), ("urgent-reason", "now"))).Status);
        using var api = await browser.Node.Client("Practitioner/holm");
        Assert.Equal("routine", (string?)(await Read(api, $"Communication/{thread}"))["priority"]);

        var doctor = await SignedIn(Doctor, javaScript: false);
        await doctor.GotoAsync($"/messages/{thread}/hand-over");
        await doctor.FillAsync("#q", "lund");
        await doctor.GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
        await doctor.SelectOptionAsync("#to", "Practitioner/lund");
        await doctor.FillAsync("#note", "Please look at the picture");
        await doctor.GetByRole(AriaRole.Button, new() { Name = "Hand over" }).ClickAsync();
        await doctor.WaitForURLAsync(url => !url.Contains("/hand-over", StringComparison.Ordinal));
        Assert.Contains("Maja Lund takes care of it", await doctor.Locator("#thread-state").InnerTextAsync(), StringComparison.Ordinal);
        var (_, seen) = await plain.Get($"/messages/{thread}");
        Assert.Contains("handed the thread over to", seen, StringComparison.Ordinal);
        Assert.Contains("Please look at the picture", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_form_twice_writes_once_and_naughty_strings_are_kept()
    {
        await TestPatient.Make(browser.Node, "t-twice", "Kaks", "Korda", "520404-9066");
        var patient = await PortalPerson.SignIn(browser.Node, "Patient/t-twice");
        await patient.Post("/messages/new", "/messages/new?about=t-twice", ("to", "Practitioner/holm"), ("topic", "Once"), ("text", "Only once"), times: 2);
        using var api = await browser.Node.Client("Practitioner/holm");
        var found = (await Read(api, "Communication?patient=t-twice&part-of:missing=true"))["entry"]!.AsArray();
        var thread = (string)Assert.Single(found)!["resource"]!["id"]!;
        Assert.Single((await Read(api, $"Communication?part-of=Communication/{thread}"))["entry"]!.AsArray());
        foreach (var text in PageChecks.Naughty().Where((_, i) => i % 40 == 0))
        {
            await patient.Fill($"/messages/{thread}", $"/messages/{thread}", ("text", text));
            Assert.Contains(PageChecks.Kept(text), (await patient.Get($"/messages/{thread}")).Html, StringComparison.Ordinal);
        }
    }

    /// <summary>Tabs to what bears the name, and presses Enter.</summary>
    static async Task Press(IPage page, string name)
    {
        for (var steps = 0; steps < 200; steps++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (await page.EvaluateAsync<string>("document.activeElement.textContent.trim()") == name) break;
        }
        Assert.Equal(name, await page.EvaluateAsync<string>("document.activeElement.textContent.trim()"));
        await page.EvaluateAsync("document.documentElement.dataset.before = 'yes'");
        await page.Keyboard.PressAsync("Enter");
        await page.Locator("html:not([data-before])").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await page.WaitForLoadStateAsync();
    }
}
