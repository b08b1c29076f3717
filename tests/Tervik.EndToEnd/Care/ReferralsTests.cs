using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Tervik.EndToEnd.Portal;

namespace Tervik.EndToEnd.Care;

/// <summary>Referring, triage, advice and the patient's way, on the demo nation.</summary>
public sealed partial class ReferralsTests(Browser browser) : IClassFixture<Browser>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;
    const string Hormones = "tartu-endocrinology-outpatient", Cancer = "tartu-oncology-outpatient";

    [GeneratedRegex("name=\"form-version\" value=\"(\\d+)\"")]
    private static partial Regex Version();
    [GeneratedRegex("name=\"request\" value=\"(\\d+)\"")]
    private static partial Regex RequestVersion();
    [GeneratedRegex("/patients/[^/\"]+/referrals/([0-9a-z-]{10,64})[\"/]")]
    private static partial Regex Id();

    static async Task Write(IPage page, string field, string text)
    {
        await page.Tab(page.Locator($"#{field}"));
        await page.Keyboard.TypeAsync(text);
    }

    static async Task Choose(IPage page, string field, string value)
    {
        await page.Tab(page.Locator($"#{field}"));
        for (var i = 0; i < 80 && await page.Locator($"#{field}").InputValueAsync() != value; i++) await page.Keyboard.PressAsync("ArrowDown");
        Assert.Equal(value, await page.Locator($"#{field}").InputValueAsync());
    }

    static ILocator Link(IPage page, string name) => page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true });
    static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });
    static Task<string> Said(IPage page) => page.Locator("main").InnerTextAsync();

    [Theory, InlineData(1280, false, "Liis Saar", "p03"), InlineData(360, true, "Kristjan Rebane", "p04")]
    public async Task With_the_keyboard_alone_a_patient_is_referred_asked_about_accepted_booked_and_answered(int width, bool dark, string who, string patient)
    {
        var picture = $"{width}-{(dark ? "dark" : "light")}";
        var (holm, kuusk, own) = (await browser.Open(width, dark), await browser.Open(width, dark), await browser.Open(width, dark));
        await Browser.SignIn(holm, "Søren Holm");
        await holm.GotoAsync($"/patients/{patient}/referrals");
        await holm.Press(holm.Locator("p > a.ds-button").First, "**/referrals/new");
        await PageChecks.IsAccessible(holm, width, $"refer-{picture}");
        // Nothing is chosen: it says so, and what was typed stays.
        await Write(holm, "question", "Is it the thyroid?");
        await holm.Press(Button(holm, "Send the referral"), "**/referrals/new");
        await holm.Locator("#errors").WaitForAsync();
        Assert.Equal("Is it the thyroid?", await holm.Locator("#question").InputValueAsync());
        await PageChecks.IsAccessible(holm, width, $"refer-errors-{picture}");
        await Choose(holm, "service", Hormones);
        await holm.Tab(holm.Locator("input[name=priority]:checked"));
        await holm.Keyboard.PressAsync("ArrowDown");
        await Write(holm, "reason", "Always tired");
        await holm.Tab(holm.Locator("#document"));
        await holm.Keyboard.PressAsync("Space");
        await holm.Press(Button(holm, "Send the referral"), "**/referrals/*?saved=referral-send");
        var sent = await Said(holm);
        foreach (var text in (string[])["Next: ", "looks at it", "Promised by", "Is it the thyroid?", "Always tired", "Urgent"]) Assert.Contains(text, sent, StringComparison.Ordinal);
        await PageChecks.IsAccessible(holm, width, $"referral-sent-{picture}");
        var path = new Uri(holm.Url).AbsolutePath;

        await Browser.SignIn(kuusk, "Kadri Kuusk");
        await kuusk.GotoAsync("/referrals");
        await PageChecks.IsAccessible(kuusk, width, $"referral-inbox-{picture}");
        await kuusk.Press(kuusk.Locator($"a[href='{path}']").First, $"**{path}");
        await kuusk.Press(Button(kuusk, "I take care of it"), "**?saved=referral-take");
        await PageChecks.IsAccessible(kuusk, width, $"referral-taken-{picture}");
        await kuusk.Press(Link(kuusk, "Ask the referrer"), "**/ask");
        await PageChecks.IsAccessible(kuusk, width, $"referral-ask-{picture}");
        await Write(kuusk, "text", "Which medicines?");
        await kuusk.Press(Button(kuusk, "Ask the referrer"), "**?saved=referral-ask");

        await holm.GotoAsync(path);
        Assert.Contains("Which medicines?", await Said(holm), StringComparison.Ordinal);
        await holm.Press(Link(holm, "Answer the question"), "**/answer");
        await Write(holm, "text", "None at all");
        await holm.Press(Button(holm, "Answer the question"), "**?saved=referral-answer");

        await kuusk.GotoAsync(path);
        await kuusk.Press(Link(kuusk, "Accept"), "**/accept");
        await PageChecks.IsAccessible(kuusk, width, $"referral-accept-{picture}");
        await kuusk.Press(Button(kuusk, "Accept"), "**?saved=referral-accept");

        // The patient reads the same line, and books.
        await Browser.SignIn(own, who);
        await own.GotoAsync($"/patients/{patient}/referrals");
        await PageChecks.IsAccessible(own, width, $"patient-way-{picture}");
        var line = await own.Locator(".way-next").First.InnerTextAsync();
        Assert.Equal(line, await kuusk.Locator(".way-next").InnerTextAsync());
        Assert.Contains("Accepted. Next: a time is booked", line, StringComparison.Ordinal);
        await own.Press(Link(own, "Book a time"), "**/appointments/new?*");
        Assert.Equal(Hormones, await own.Locator("#service").InputValueAsync());
        await own.Press(own.Locator("button.offer").First, "**/appointments/held/*");
        await own.Press(Button(own, "Book this time"), "**/appointments/*?saved=booked");
        await own.GotoAsync(path);
        Assert.Contains("Next: the visit on", await Said(own), StringComparison.Ordinal);
        await PageChecks.IsAccessible(own, width, $"patient-booked-{picture}");

        await kuusk.GotoAsync(path);
        await kuusk.Press(Link(kuusk, "Write the answer and close"), "**/close");
        await Write(kuusk, "text", "The thyroid is fine.");
        await kuusk.Press(Button(kuusk, "Write the answer and close"), "**?saved=referral-close");
        await own.GotoAsync(path);
        foreach (var text in (string[])["The thyroid is fine.", "Done. The answer is there.", "None at all"]) Assert.Contains(text, await Said(own), StringComparison.Ordinal);
        await PageChecks.IsAccessible(own, width, $"patient-answered-{picture}");
    }

    [Theory, InlineData(1280, true), InlineData(360, false)]
    public async Task With_the_keyboard_alone_a_referral_is_answered_with_advice_that_the_patient_reads_in_plain_words(int width, bool dark)
    {
        var picture = $"{width}-{(dark ? "dark" : "light")}";
        var name = dark ? "adv-dark" : "adv-light";
        await TestPatient.Make(browser.Node, name, "Ave", dark ? "Advisedark" : "Advisedlight", $"{name}-1");
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        var path = await Sent(holm, name, Hormones);
        var kuusk = await browser.Open(width, dark);
        await Browser.SignIn(kuusk, "Kadri Kuusk");
        await kuusk.GotoAsync(path);
        await kuusk.Press(Link(kuusk, "Return with advice"), "**/return");
        await PageChecks.IsAccessible(kuusk, width, $"referral-return-{picture}");
        await Write(kuusk, "advice", "TSH 5.2: repeat in 3 months, no treatment.");
        await Write(kuusk, "plain", "Your thyroid is a little slow. Take the test again in three months.");
        await kuusk.Press(Button(kuusk, "Return with advice"), "**?saved=referral-return");
        await PageChecks.IsAccessible(kuusk, width, $"referral-returned-{picture}");
        using var patient = await PortalPerson.SignIn(browser.Node, $"Patient/{name}");
        var (_, html) = await patient.Get(path);
        foreach (var text in (string[])["Your thyroid is a little slow.", "TSH 5.2", "No visit is needed"]) Assert.Contains(text, html, StringComparison.Ordinal);
        Assert.Contains("Answered with advice", (await holm.Get("/referrals")).Html, StringComparison.Ordinal);
        using var system = await browser.Node.Client("client/advice");
        using var stored = JsonDocument.Parse(await system.GetStringAsync(new Uri($"ServiceRequest/{path.Split('/')[^1]}", UriKind.Relative), Stop));
        Assert.Equal("completed", stored.RootElement.GetProperty("status").GetString());
    }

    static async Task<string> Sent(PortalPerson from, string patient, string service, params (string, string)[] more)
    {
        var (status, html) = await from.Fill($"/patients/{patient}/referrals/new", $"/patients/{patient}/referrals/new", [("service", service), ("priority", "routine"), ("reason", "Tired"), ("question", "What is it?"), .. more]);
        Assert.True(status == HttpStatusCode.OK, html);
        Assert.Contains("The referral is sent.", html, StringComparison.Ordinal);
        return $"/patients/{patient}/referrals/{Id().Match(html.Split("aria-label=\"The way of")[1]).Groups[1].Value}";
    }

    static async Task<(string, string)[]> Versions(PortalPerson who, string path)
    {
        var (_, html) = await who.Get(path);
        return [("form-version", Version().Match(html).Groups[1].Value), ("request", RequestVersion().Match(html).Groups[1].Value)];
    }

    static async Task<(HttpStatusCode Status, string Html)> Do(PortalPerson who, string path, string act, params (string, string)[] fields)
    {
        var page = act == "take" ? path : $"{path}/{act}";
        return await who.Fill(page, $"{path}/{act}", [.. await Versions(who, page), .. fields]);
    }

    [Fact]
    public async Task A_redirected_referral_has_a_new_owner_keeps_its_history_and_the_unit_before_sees_the_patient_no_longer()
    {
        await TestPatient.Make(browser.Node, "ref-moved", "Mo", "Redirected", "ref-moved-1");
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        using var kuusk = await PortalPerson.SignIn(browser.Node, "Practitioner/kuusk");
        using var vaher = await PortalPerson.SignIn(browser.Node, "Practitioner/vaher");
        using var patient = await PortalPerson.SignIn(browser.Node, "Patient/ref-moved");
        Assert.Equal(HttpStatusCode.NotFound, (await kuusk.Get("/patients/ref-moved")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await kuusk.Get("/patients/ref-moved/referrals/new")).Status);
        var path = await Sent(holm, "ref-moved", Hormones);
        Assert.Equal(HttpStatusCode.OK, (await kuusk.Get("/patients/ref-moved")).Status);
        Assert.Contains(path, (await kuusk.Get("/referrals")).Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await vaher.Get(path)).Status);
        Assert.DoesNotContain(path, (await vaher.Get("/referrals")).Html, StringComparison.Ordinal);
        // Who is not of the receiving unit decides nothing, the patient neither.
        Assert.DoesNotContain($"{path}/accept", (await holm.Get(path)).Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, (await holm.Fill(path, $"{path}/accept", [("priority", "asap"), .. await Versions(kuusk, path)])).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await patient.Fill("/account", $"{path}/accept", ("priority", "asap"))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await vaher.Fill("/account", $"{path}/accept", ("priority", "asap"))).Status);
        var (status, html) = await Do(kuusk, path, "redirect", ("service", Cancer), ("text", "A lump was felt"));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("The referral is redirected.", html, StringComparison.Ordinal);
        Assert.DoesNotContain(path, html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await kuusk.Get(path)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await kuusk.Get("/patients/ref-moved")).Status);
        var (_, seen) = await vaher.Get(path);
        foreach (var text in (string[])["Kadri Kuusk redirected it to", "A lump was felt", "Oncology", "I take care of it"]) Assert.Contains(text, seen, StringComparison.Ordinal);
        Assert.Contains(path, (await vaher.Get("/referrals")).Html, StringComparison.Ordinal);
        Assert.Contains("A lump was felt", (await patient.Get(path)).Html, StringComparison.Ordinal);
        using var system = await browser.Node.Client("client/redirect");
        using var found = JsonDocument.Parse(await system.GetStringAsync(new Uri($"Task?focus=ServiceRequest/{path.Split('/')[^1]}", UriKind.Relative), Stop));
        var task = Assert.Single(found.RootElement.GetProperty("entry").EnumerateArray()).GetProperty("resource");
        Assert.Equal("Organization/tartu-oncology", task.GetProperty("owner").GetProperty("reference").GetString());
        Assert.Contains("Kadri Kuusk", (await patient.Get("/patients/ref-moved/access")).Html, StringComparison.Ordinal);
        // Who sent it and who it is about are told, and the notice leads there.
        foreach (var told in new[] { holm, patient })
        {
            var listed = "";
            for (var i = 0; i < 100 && !listed.Contains("There is news about a referral", StringComparison.Ordinal); i++, await Task.Delay(200, TestContext.Current.CancellationToken)) listed = (await told.Get("/notices")).Html;
            Assert.Contains("There is news about a referral", listed, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_form_about_another_state_is_told_and_loses_nothing_and_one_that_is_sent_twice_writes_once()
    {
        await TestPatient.Make(browser.Node, "ref-stale", "Stella", "Staleform", "ref-stale-1");
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        using var kuusk = await PortalPerson.SignIn(browser.Node, "Practitioner/kuusk");
        var refer = "/patients/ref-stale/referrals/new";
        async Task<(HttpStatusCode Status, string Html)> Again(PortalPerson who, string action, Dictionary<string, string> hidden, params (string, string)[] more) =>
            await who.Fill(action, action, [.. hidden.Where(one => one.Key is "form-version" or "request").Select(one => (one.Key, one.Value)), .. more]);
        using var api = await browser.Node.Client("client/stale");
        async Task<int> Count() => JsonDocument.Parse(await api.GetStringAsync(new Uri("ServiceRequest?patient=Patient/ref-stale&_summary=count", UriKind.Relative), Stop)).RootElement.GetProperty("total").GetInt32();
        var first = await holm.Post(refer, refer, ("service", Hormones), ("reason", "Tired"), ("question", "Why?"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, first.Status); // without an urgency
        Assert.Equal(0, await Count());
        var path = await Sent(holm, "ref-stale", Hormones);
        // A second one to the same service is asked about.
        var (status, html) = await holm.Fill(refer, refer, ("service", Hormones), ("priority", "routine"), ("reason", "Tired"), ("question", "What else?"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Contains("There is an open referral to", html, StringComparison.Ordinal);
        Assert.Equal(1, await Count());
        var second = await Sent(holm, "ref-stale", Hormones, ("again", Hormones));
        Assert.NotEqual(path, second);
        Assert.Equal(2, await Count());

        var stale = PageChecks.Hidden((await kuusk.Get($"{path}/return")).Html);
        Assert.Equal(HttpStatusCode.OK, (await Do(kuusk, path, "take")).Status);
        (status, html) = await Again(kuusk, $"{path}/return", stale, ("advice", "Repeat the test"), ("plain", "Take the test once more"));
        Assert.Equal(HttpStatusCode.Conflict, status);
        foreach (var text in (string[])["Repeat the test", "Take the test once more", "Kadri Kuusk"]) Assert.Contains(text, html, StringComparison.Ordinal);
        // Called off meanwhile: who writes advice keeps the text.
        Assert.Equal(HttpStatusCode.OK, (await Do(kuusk, path, "accept", ("priority", "asap"), ("text", ""))).Status);
        using var accepted = JsonDocument.Parse(await api.GetStringAsync(new Uri($"ServiceRequest/{path.Split('/')[^1]}", UriKind.Relative), Stop));
        Assert.Equal("asap", accepted.RootElement.GetProperty("priority").GetString());
        Assert.Equal(3, (DateOnly.Parse(accepted.RootElement.GetProperty("occurrencePeriod").GetProperty("end").GetString()!, System.Globalization.CultureInfo.InvariantCulture).DayNumber
            - DateOnly.Parse(accepted.RootElement.GetProperty("occurrencePeriod").GetProperty("start").GetString()!, System.Globalization.CultureInfo.InvariantCulture).DayNumber));
        stale = PageChecks.Hidden((await kuusk.Get($"{path}/return")).Html);
        Assert.Equal(HttpStatusCode.OK, (await Do(kuusk, path, "close", ("text", "Seen today"))).Status);
        (status, html) = await Again(kuusk, $"{path}/return", stale, ("advice", "Too late"), ("plain", "Too late in plain words"));
        Assert.Equal(HttpStatusCode.Conflict, status);
        foreach (var text in (string[])["Too late in plain words", "Nothing of yours was saved", "Seen today"]) Assert.Contains(text, html, StringComparison.Ordinal);

        // The same form of a triage twice.
        var versions = await Versions(kuusk, second);
        Assert.Equal(HttpStatusCode.OK, (await kuusk.Post(second, $"{second}/take", versions[0], versions[1], times: 2)).Status);
        Assert.Single((await kuusk.Get(second)).Html.Split("took it in hand")[1..]);
    }

    [Fact]
    public async Task A_referral_that_is_sent_twice_is_written_once_with_its_documents()
    {
        await TestPatient.Make(browser.Node, "ref-twice", "Tove", "Twicesent", "ref-twice-1");
        await TestPatient.Put(browser.Node, "DiagnosticReport/ref-twice-report", """{"resourceType":"DiagnosticReport","id":"ref-twice-report","status":"final","code":{"text":"Ultrasound of the neck"},"subject":{"reference":"Patient/ref-twice"},"issued":"2026-11-01T10:00:00Z"}""");
        var holm = await browser.Open();
        await Browser.SignIn(holm, "Søren Holm");
        const string Refer = "/patients/ref-twice/referrals/new";
        var fields = PageChecks.Hidden(await PageChecks.Get(holm, Refer));
        foreach (var (name, value) in ((string, string)[])[("service", Hormones), ("priority", "urgent"), ("reason", "A lump"), ("question", "What is it?"), ("document", "DiagnosticReport/ref-twice-report")]) fields[name] = value;
        var answers = await Task.WhenAll(PageChecks.Post(holm, Refer, fields), PageChecks.Post(holm, Refer, fields));
        Assert.All(answers, answer => Assert.Equal(302, answer.Status));
        Assert.Equal(answers[0].Headers["location"], answers[1].Headers["location"]);
        using var api = await browser.Node.Client("client/twice");
        foreach (var type in (string[])["ServiceRequest", "Task"])
        {
            using var found = JsonDocument.Parse(await api.GetStringAsync(new Uri($"{type}?patient=Patient/ref-twice", UriKind.Relative), Stop));
            var one = Assert.Single(found.RootElement.GetProperty("entry").EnumerateArray()).GetProperty("resource");
            if (type == "ServiceRequest") Assert.Equal("DiagnosticReport/ref-twice-report", one.GetProperty("supportingInfo")[0].GetProperty("reference").GetString());
            else Assert.Equal(("requested", "Organization/tartu-endocrinology", true), (one.GetProperty("status").GetString(), one.GetProperty("owner").GetProperty("reference").GetString(), one.GetProperty("restriction").GetProperty("period").TryGetProperty("end", out _)));
        }
        // A document of somebody else does not go with it.
        fields = PageChecks.Hidden(await PageChecks.Get(holm, Refer));
        foreach (var (name, value) in ((string, string)[])[("service", Cancer), ("priority", "urgent"), ("reason", "A lump"), ("question", "What is it?"), ("document", "DiagnosticReport/somebody-elses")]) fields[name] = value;
        Assert.Equal(422, (await PageChecks.Post(holm, Refer, fields)).Status);
    }

    [Fact]
    public async Task Waiting_times_are_shown_to_whoever_is_signed_in_and_not_of_fewer_than_five_people()
    {
        // The demo nation refers nobody to these.
        const string Many = "seoul-laboratory-outpatient", Few = "seoul-radiology-outpatient";
        foreach (var (service, people) in ((string, int)[])[(Many, 6), (Few, 4)])
            for (var i = 0; i < people; i++)
            {
                var (id, patient, sent) = ($"wait-{service}-{i}", $"Patient/p{8 + i:00}", DateTimeOffset.Now.AddDays(-60));
                await TestPatient.Put(browser.Node, $"ServiceRequest/{id}", $$"""{"resourceType":"ServiceRequest","id":"{{id}}","status":"completed","intent":"order","category":[{"coding":[{"system":"http://snomed.info/sct","code":"3457005"}]}],"code":{"text":"Eyes"},"subject":{"reference":"{{patient}}"},"authoredOn":"{{sent:yyyy-MM-dd}}","performer":[{"reference":"HealthcareService/{{service}}"}]}""");
                var start = new DateTimeOffset(sent.Date, TimeSpan.Zero).AddDays(7 * (i + 1)).AddHours(9);
                await TestPatient.Put(browser.Node, $"Appointment/{id}", $$$"""{"resourceType":"Appointment","id":"{{{id}}}","status":"fulfilled","start":"{{{start:yyyy-MM-dd'T'HH:mm:ss'Z'}}}","end":"{{{start.AddMinutes(30):yyyy-MM-dd'T'HH:mm:ss'Z'}}}","basedOn":[{"reference":"ServiceRequest/{{{id}}}"}],"participant":[{"actor":{"reference":"{{{patient}}}"},"status":"accepted"}]}""");
            }
        var page = await browser.Open(360, dark: true);
        await Browser.SignIn(page, "Mari Tamm");
        await page.GotoAsync("/waiting-times");
        var row = page.Locator("tr", new() { HasText = "Laboratory: outpatient visit – Laboratory, Seoul Demo Hospital" });
        foreach (var text in (string[])["21 days", "42 days", "5"]) Assert.Contains(text, await row.InnerTextAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("Radiology: outpatient visit – Radiology, Seoul", await Said(page), StringComparison.Ordinal);
        await PageChecks.IsAccessible(page, 360, "waiting-times-360-dark");
        await page.SetViewportSizeAsync(1280, 900);
        await PageChecks.IsAccessible(page, 1280, "waiting-times-1280-dark");
    }

    [Fact]
    public async Task A_referral_that_another_system_wrote_has_an_owner_and_a_clock_and_is_taken()
    {
        await TestPatient.Make(browser.Node, "ref-foreign", "Fay", "Foreignletter", "ref-foreign-1");
        var sent = DateTimeOffset.Now.AddDays(-20);
        await TestPatient.Put(browser.Node, "ServiceRequest/ref-foreign-1", $$"""{"resourceType":"ServiceRequest","id":"ref-foreign-1","status":"active","intent":"order","category":[{"coding":[{"system":"http://snomed.info/sct","code":"3457005"}]}],"code":{"text":"Goitre"},"subject":{"reference":"Patient/ref-foreign"},"authoredOn":"{{sent:yyyy-MM-dd}}","requester":{"reference":"Practitioner/holm"},"performer":[{"reference":"Organization/tartu-endocrinology"}]}""");
        using var kuusk = await PortalPerson.SignIn(browser.Node, "Practitioner/kuusk");
        const string Path = "/patients/ref-foreign/referrals/ref-foreign-1";
        var (_, html) = await kuusk.Get(Path);
        foreach (var text in (string[])["Endocrinology, Tartu Demo Hospital looks at it", "It was promised by", "Søren Holm"]) Assert.Contains(text, html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await Do(kuusk, Path, "take")).Status);
        Assert.Contains("Kadri Kuusk decides", (await kuusk.Get(Path)).Html, StringComparison.Ordinal);
        using var patient = await PortalPerson.SignIn(browser.Node, "Patient/ref-foreign");
        Assert.Contains("Kadri Kuusk decides", (await patient.Get("/patients/ref-foreign/referrals")).Html, StringComparison.Ordinal);
        // An order of a laboratory is no referral.
        await TestPatient.Put(browser.Node, "ServiceRequest/ref-foreign-2", """{"resourceType":"ServiceRequest","id":"ref-foreign-2","status":"active","intent":"order","category":[{"coding":[{"system":"http://snomed.info/sct","code":"108252007"}]}],"code":{"text":"Blood"},"subject":{"reference":"Patient/ref-foreign"},"authoredOn":"2026-11-20"}""");
        Assert.Equal(HttpStatusCode.NotFound, (await kuusk.Get("/patients/ref-foreign/referrals/ref-foreign-2")).Status);
    }
}
