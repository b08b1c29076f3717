using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.Playwright;
using Tervik.EndToEnd.Portal;

namespace Tervik.EndToEnd.Care;

/// <summary>Pathways: starting one, going on by hand and by what the record says, late, left out, ended; on the demo nation.</summary>
public sealed class PathwaysTests(Browser browser) : IClassFixture<Browser>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;
    const string Hormones = "tartu-endocrinology-outpatient", Late = "/patients/p05/pathways/p05-pathway";

    static ILocator Link(IPage page, string name) => page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true });
    static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });
    static Task<string> Said(IPage page) => page.Locator("main").InnerTextAsync();

    static async Task Write(IPage page, string field, string text)
    {
        await page.Tab(page.Locator($"#{field}"));
        await page.Keyboard.TypeAsync(text);
    }

    [Theory, InlineData(1280, false, "Liis Saar", "p03"), InlineData(360, true, "Kristjan Rebane", "p04")]
    public async Task With_the_keyboard_alone_a_pathway_is_started_gone_on_with_left_out_and_ended_and_the_patient_reads_the_same_line(int width, bool dark, string who, string patient)
    {
        var picture = $"{width}-{(dark ? "dark" : "light")}";
        var (holm, own) = (await browser.Open(width, dark), await browser.Open(width, dark));
        await Browser.SignIn(holm, "Søren Holm");
        await holm.GotoAsync($"/patients/{patient}/pathways");
        await PageChecks.IsAccessible(holm, width, $"pathways-none-{picture}");
        await holm.Press(Link(holm, "Start a pathway").First, "**/pathways/new");
        // Nothing is chosen: it says so, and what was typed stays.
        await Write(holm, "note", "It hurts on stairs");
        await holm.Press(Button(holm, "Start a pathway"), "**/pathways/new");
        await holm.Locator("#errors").WaitForAsync();
        Assert.Equal("It hurts on stairs", await holm.Locator("#note").InputValueAsync());
        await PageChecks.IsAccessible(holm, width, $"pathway-errors-{picture}");
        await holm.Tab(holm.Locator("#template"));
        await holm.Keyboard.PressAsync("ArrowDown");
        Assert.Equal("knee-pain", await holm.Locator("input[name=template]:checked").InputValueAsync());
        await holm.Press(Button(holm, "Start a pathway"), "**/pathways/*?saved=pathway-start");
        var path = new Uri(holm.Url).AbsolutePath;
        var begun = await Said(holm);
        foreach (var text in (string[])["Next: X-ray of the knee – Dr. Søren Holm; Six weeks of exercises", "It hurts on stairs", "Who waits for it", "Comes after", "All of it is promised by"]) Assert.Contains(text, begun, StringComparison.Ordinal);
        await PageChecks.IsAccessible(holm, width, $"pathway-begun-{picture}");

        // A day before it began, or one that is to come, is none on which it was done.
        await holm.Press(holm.Locator($"a[href='{path}/done?step=x-ray']"), "**/done?step=x-ray");
        await PageChecks.IsAccessible(holm, width, $"pathway-done-{picture}");
        await Write(holm, "text", "A little wear");
        await holm.Press(Button(holm, "It is done"), "**?saved=pathway-done");
        await holm.Press(holm.Locator($"a[href='{path}/skip?step=referral']"), "**/skip?step=referral");
        await holm.Press(Button(holm, "Leave it out"), "**/skip");
        await holm.Locator("#errors").WaitForAsync(); // why?
        await PageChecks.IsAccessible(holm, width, $"pathway-skip-{picture}");
        await Write(holm, "text", "The exercises will do");
        await holm.Press(Button(holm, "Leave it out"), "**?saved=pathway-skip");
        await PageChecks.IsAccessible(holm, width, $"pathway-skipped-{picture}");

        await Browser.SignIn(own, who);
        await own.GotoAsync($"/patients/{patient}/pathways");
        await PageChecks.IsAccessible(own, width, $"patient-pathways-{picture}");
        await own.Press(Link(own, "Knee pain"), $"**{path}");
        Assert.Equal(await holm.Locator(".way-next").InnerTextAsync(), await own.Locator(".way-next").InnerTextAsync());
        var seen = await Said(own);
        foreach (var text in (string[])["A little wear", "The exercises will do", "Søren Holm left out: Referral to the specialists for bones and joints", $"waiting for {who} since"]) Assert.Contains(text, seen, StringComparison.Ordinal);
        Assert.DoesNotContain("Leave it out", seen, StringComparison.Ordinal);
        await PageChecks.IsAccessible(own, width, $"patient-pathway-{picture}");

        await holm.Press(Link(holm, "End the pathway"), "**/end");
        await PageChecks.IsAccessible(holm, width, $"pathway-end-{picture}");
        await Write(holm, "text", "The knee is fine again.");
        await holm.Press(Button(holm, "End the pathway"), "**?saved=pathway-end");
        await own.GotoAsync(path);
        Assert.DoesNotContain("Due by", await Said(own), StringComparison.Ordinal);
        foreach (var text in (string[])["Ended.", "The knee is fine again.", "not done"]) Assert.Contains(text, await Said(own), StringComparison.Ordinal);
        await PageChecks.IsAccessible(own, width, $"patient-pathway-ended-{picture}");
    }

    [Theory, InlineData(1280, true), InlineData(360, false)]
    public async Task One_that_is_late_says_so_to_the_patient_and_among_the_tasks_of_whom_it_concerns(int width, bool dark)
    {
        var picture = $"{width}-{(dark ? "dark" : "light")}";
        var (holm, eha) = (await browser.Open(width, dark), await browser.Open(width, dark));
        await Browser.SignIn(holm, "Søren Holm");
        await holm.GotoAsync("/tasks");
        await PageChecks.IsAccessible(holm, width, $"tasks-late-pathway-{picture}");
        await holm.Press(holm.Locator($"a[href='{Late}']"), $"**{Late}");
        await PageChecks.IsAccessible(holm, width, $"pathway-late-{picture}");
        await Browser.SignIn(eha, "Eha Põder");
        await eha.GotoAsync(Late);
        await PageChecks.IsAccessible(eha, width, $"patient-pathway-late-{picture}");
        var said = await Said(eha);
        foreach (var text in (string[])["Late", "It was promised by", "The hospital gives you a time", "Surgery, Tartu Demo Hospital", "Days later than promised: 21", "Eha Põder: waiting for Surgery, Tartu Demo Hospital since"]) Assert.Contains(text, said, StringComparison.OrdinalIgnoreCase);
        await eha.GotoAsync("/patients/p05/referrals");
        await eha.Press(Link(eha, "Pathways").Last, "**/pathways");
    }

    static string Action(string id, string owner, string more) => $$$"""{"id":"{{{id}}}","title":"Step {{{id}}}","participant":[{"type":"practitioner","role":{"coding":[{"system":"urn:tervik:pathway:owner","code":"{{{owner}}}"}]}}],{{{more}}}}""";
    static string After(string step, int days) => $"\"relatedAction\":[{{\"actionId\":\"{step}\",\"relationship\":\"after-end\",\"offsetDuration\":{{\"value\":{days},\"code\":\"d\",\"system\":\"http://unitsofmeasure.org\"}}}}]";

    const string Sent = "\"timingDuration\":{\"value\":2,\"code\":\"d\",\"system\":\"http://unitsofmeasure.org\"},\"output\":[{\"type\":\"ServiceRequest\",\"codeFilter\":[{\"path\":\"category\",\"code\":[{\"system\":\"http://snomed.info/sct\",\"code\":\"3457005\"}]}]}]";

    /// <summary>A template of the tests' own: referral, time, visit, result, talk.</summary>
    async Task Template(string id, string more = "") => await TestPatient.Put(browser.Node, $"PlanDefinition/{id}", $$"""
        {"resourceType":"PlanDefinition","id":"{{id}}","url":"urn:test:{{id}}","version":"3","status":"active","title":"Plan {{id}}","action":[
          {{Action("refer", "starter", Sent)}},
          {{Action("time", "receiver", After("refer", 5) + ",\"output\":[{\"type\":\"Appointment\"}]")}},
          {{Action("visit", "receiver", After("time", 10) + ",\"output\":[{\"type\":\"Encounter\"}]")}},
          {{Action("result", "receiver", After("visit", 7) + ",\"output\":[{\"type\":\"Observation\",\"codeFilter\":[{\"path\":\"code\",\"code\":[{\"system\":\"http://loinc.org\",\"code\":\"718-7\"}]}]}]")}},
          {{Action("talk", "starter", After("result", 3))}}{{more}}]}
        """);

    static async Task<string> Start(PortalPerson who, string patient, string template, params (string, string)[] more)
    {
        var (status, html) = await who.Fill($"/patients/{patient}/pathways/new", $"/patients/{patient}/pathways/new", [("template", template), .. more]);
        Assert.True(status == HttpStatusCode.OK && html.Contains("The pathway has begun.", StringComparison.Ordinal), html);
        return $"/patients/{patient}/pathways/{html.Split($"/patients/{patient}/entry/CarePlan/")[1].Split('"')[0]}";
    }

    static string Day(int days) => DateTime.UtcNow.AddDays(days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    [Fact]
    public async Task It_goes_on_by_itself_with_what_the_record_says_from_the_referral_to_the_result()
    {
        await TestPatient.Make(browser.Node, "path-auto", "Ott", "Onitsown", "path-auto-1");
        await Template("path-auto-plan");
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        using var ott = await PortalPerson.SignIn(browser.Node, "Patient/path-auto");
        var path = await Start(holm, "path-auto", "path-auto-plan");
        Assert.Contains("Next: Step refer – Dr. Søren Holm.", (await ott.Get(path)).Html, StringComparison.Ordinal);
        // The referral is written from the pathway, and is part of it.
        var refer = $"/patients/path-auto/referrals/new?pathway={path.Split('/')[^1]}";
        Assert.Contains(refer, (await holm.Get(path)).Html, StringComparison.Ordinal);
        var (status, html) = await holm.Fill(refer, "/patients/path-auto/referrals/new", ("service", Hormones), ("priority", "routine"), ("reason", "Tired"), ("question", "Why?"), ("pathway", path.Split('/')[^1]));
        Assert.Equal(HttpStatusCode.OK, status);
        var referral = html.Split("/patients/path-auto/entry/ServiceRequest/")[1].Split('"')[0];
        html = (await ott.Get(path)).Html;
        foreach (var text in (string[])["Next: Step time – Endocrinology, Tartu Demo Hospital.", $"/patients/path-auto/referrals/{referral}\""]) Assert.Contains(text, html, StringComparison.Ordinal);
        // A pathway that is not the patient's own is no reason of a referral.
        (_, html) = await holm.Fill("/patients/path-auto/referrals/new", "/patients/path-auto/referrals/new", ("service", "tartu-oncology-outpatient"), ("priority", "routine"), ("reason", "Tired"), ("question", "Why?"), ("pathway", "p05-pathway"));
        using var api = await browser.Node.Client("client/pathways");
        Assert.DoesNotContain("CarePlan/", await api.GetStringAsync(new Uri($"ServiceRequest/{html.Split("/patients/path-auto/entry/ServiceRequest/")[1].Split('"')[0]}", UriKind.Relative), Stop), StringComparison.Ordinal);

        await TestPatient.Put(browser.Node, "Appointment/path-auto-a", $$"""{"resourceType":"Appointment","id":"path-auto-a","status":"booked","created":"{{Day(0)}}","start":"{{Day(40)}}T09:00:00Z","end":"{{Day(40)}}T09:30:00Z","basedOn":[{"reference":"ServiceRequest/{{referral}}"}],"participant":[{"actor":{"reference":"Patient/path-auto"},"status":"accepted"}]}""");
        html = (await ott.Get(path)).Html;
        foreach (var text in (string[])["Next: Step visit – Endocrinology", "The visit that is booked is later than promised", "planned for"]) Assert.Contains(text, html, StringComparison.Ordinal);
        // An old result answers nothing; one that is measured after the visit does.
        await TestPatient.Put(browser.Node, "Observation/path-auto-old", $$"""{"resourceType":"Observation","id":"path-auto-old","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]},"subject":{"reference":"Patient/path-auto"},"effectiveDateTime":"{{Day(-3)}}"}""");
        await TestPatient.Put(browser.Node, "Encounter/path-auto-e", $$"""{"resourceType":"Encounter","id":"path-auto-e","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},"subject":{"reference":"Patient/path-auto"},"basedOn":[{"reference":"ServiceRequest/{{referral}}"}],"period":{"start":"{{Day(0)}}","end":"{{Day(0)}}"} }""");
        Assert.Contains("Next: Step result", (await holm.Get(path)).Html, StringComparison.Ordinal);
        await TestPatient.Put(browser.Node, "Observation/path-auto-new", $$"""{"resourceType":"Observation","id":"path-auto-new","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]},"subject":{"reference":"Patient/path-auto"},"effectiveDateTime":"{{Day(0)}}"}""");
        html = (await ott.Get(path)).Html;
        foreach (var text in (string[])["Next: Step talk – Dr. Søren Holm.", "/patients/path-auto/entry/Observation/path-auto-new\"", "/patients/path-auto/entry/Encounter/path-auto-e\""]) Assert.Contains(text, html, StringComparison.Ordinal);
        // What was promised stays in the plan, whatever becomes of the template.
        await TestPatient.Put(browser.Node, "PlanDefinition/path-auto-plan", """{"resourceType":"PlanDefinition","id":"path-auto-plan","status":"retired"}""");
        Assert.Contains("Next: Step talk – Dr. Søren Holm.", (await ott.Get(path)).Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Plan path-auto-plan", (await holm.Get("/patients/path-auto/pathways/new")).Html, StringComparison.Ordinal);
        using var plan = JsonDocument.Parse(await api.GetStringAsync(new Uri($"CarePlan/{path.Split('/')[^1]}", UriKind.Relative), Stop));
        Assert.Equal("urn:test:path-auto-plan|3", plan.RootElement.GetProperty("instantiatesCanonical")[0].GetString());
        Assert.Equal(5, plan.RootElement.GetProperty("activity").GetArrayLength());
        using var written = JsonDocument.Parse(await api.GetStringAsync(new Uri($"Provenance?target=CarePlan/{path.Split('/')[^1]}", UriKind.Relative), Stop));
        Assert.Equal(1, written.RootElement.GetProperty("entry").GetArrayLength());
        Assert.Contains("Søren Holm", (await ott.Get("/patients/path-auto/access")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_about_another_state_is_told_and_loses_nothing_one_that_is_sent_twice_writes_once_and_who_may_not_writes_nothing()
    {
        await TestPatient.Make(browser.Node, "path-stale", "Stella", "Stalepath", "path-stale-1");
        await Template("path-stale-plan");
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        using var kuusk = await PortalPerson.SignIn(browser.Node, "Practitioner/kuusk");
        using var patient = await PortalPerson.SignIn(browser.Node, "Patient/path-stale");
        using var api = await browser.Node.Client("client/pathways");
        async Task<int> Count() => JsonDocument.Parse(await api.GetStringAsync(new Uri("CarePlan?patient=Patient/path-stale&_summary=count", UriKind.Relative), Stop)).RootElement.GetProperty("total").GetInt32();
        const string New = "/patients/path-stale/pathways/new";
        await holm.Post(New, New, ("template", "path-stale-plan"), times: 2);
        Assert.Equal(1, await Count());
        var (status, html) = await holm.Fill(New, New, ("template", "path-stale-plan"));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, true), (status, html.Contains("There is an open pathway of this kind already", StringComparison.Ordinal)));
        var path = await Start(holm, "path-stale", "path-stale-plan", ("again", "path-stale-plan"));
        Assert.Equal(2, await Count());

        // Who does not treat the patient sees nothing; the patient reads, and writes nothing.
        foreach (var address in (string[])["/patients/path-stale/pathways", New, path, $"{path}/end", $"{path}/skip?step=talk"]) Assert.Equal((address, HttpStatusCode.NotFound), (address, (await kuusk.Get(address)).Status));
        Assert.Equal(HttpStatusCode.NotFound, (await kuusk.Fill("/account", $"{path}/end", ("form-version", "1"))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await kuusk.Fill("/account", New, ("template", "path-stale-plan"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await patient.Get(path)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await patient.Get(New)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await patient.Fill("/account", $"{path}/end", ("form-version", "1"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await patient.Fill("/account", New, ("template", "path-stale-plan"))).Status);
        // A pathway of somebody else is none of this record.
        Assert.Equal(HttpStatusCode.NotFound, (await holm.Get("/patients/path-stale/pathways/p05-pathway")).Status);
        Assert.Equal(2, await Count());

        var (skip, done) = ($"{path}/skip?step=time", $"{path}/done?step=time");
        var stale = PageChecks.Hidden((await holm.Get(skip)).Html);
        // A day that is to come is none on which something was done, and a step there is not is not done.
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await holm.Fill(done, $"{path}/done", ("step", "time"), ("day", Day(3)))).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await holm.Fill(done, $"{path}/done", ("step", "nothing"), ("day", Day(0)))).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await holm.Fill(skip, $"{path}/skip", ("step", "time"))).Status);
        await holm.Post(done, $"{path}/done", ("step", "time"), ("day", Day(0)), ("form-version", stale["form-version"]), times: 2);
        using (var plan = JsonDocument.Parse(await api.GetStringAsync(new Uri($"CarePlan/{path.Split('/')[^1]}", UriKind.Relative), Stop)))
            Assert.Equal((2, "2"), (plan.RootElement.GetProperty("extension").GetArrayLength(), plan.RootElement.GetProperty("meta").GetProperty("versionId").GetString()));
        (status, html) = await holm.Fill(path, $"{path}/skip", ("step", "time"), ("text", "They have no time"), ("form-version", stale["form-version"]));
        Assert.Equal(HttpStatusCode.Conflict, status);
        foreach (var text in (string[])["They have no time", "Søren Holm", "Take that back"]) Assert.Contains(text, html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await holm.Fill($"{path}/reopen?step=time", $"{path}/reopen", ("step", "time"))).Status);
        // Another step of a version that is not the newest: the form comes back with what was typed, and is sent again.
        (status, html) = await holm.Fill($"{path}/skip?step=talk", $"{path}/skip", ("step", "talk"), ("text", "Not needed"), ("form-version", stale["form-version"]));
        Assert.Equal((HttpStatusCode.Conflict, true), (status, html.Contains("Not needed", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.OK, (await holm.Fill($"{path}/skip?step=talk", $"{path}/skip", ("step", "talk"), ("text", "Not needed"))).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await holm.Fill($"{path}/call-off", $"{path}/call-off")).Status);
        (status, html) = await holm.Fill($"{path}/call-off", $"{path}/call-off", ("text", "Moved away"));
        Assert.Equal((HttpStatusCode.OK, true), (status, html.Contains("Called off. Nothing more will happen.", StringComparison.Ordinal)));
        Assert.DoesNotContain("/done?step=", html, StringComparison.Ordinal);
        // What is over is not gone on with.
        Assert.Equal(HttpStatusCode.Conflict, (await holm.Fill(path, $"{path}/end")).Status);
        foreach (var text in (string[])["Moved away", "Not needed"]) Assert.Contains(text, (await patient.Get(path)).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task From_a_referral_it_counts_from_when_that_was_sent_and_what_is_hidden_is_hidden_with_it()
    {
        await TestPatient.Make(browser.Node, "path-ref", "Rein", "Referredpath", "path-ref-1");
        await Template("path-ref-plan");
        await TestPatient.Put(browser.Node, "ServiceRequest/path-ref-sr", $$"""{"resourceType":"ServiceRequest","id":"path-ref-sr","status":"active","intent":"order","category":[{"coding":[{"system":"http://snomed.info/sct","code":"3457005"}]}],"code":{"text":"Goitre"},"subject":{"reference":"Patient/path-ref"},"authoredOn":"{{Day(-8)}}","requester":{"reference":"Practitioner/holm"},"performer":[{"reference":"Organization/tartu-endocrinology"}]}""");
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        using var kuusk = await PortalPerson.SignIn(browser.Node, "Practitioner/kuusk");
        using var patient = await PortalPerson.SignIn(browser.Node, "Patient/path-ref");
        Assert.Contains("/patients/path-ref/pathways/new?referral=path-ref-sr", (await holm.Get("/patients/path-ref/referrals/path-ref-sr")).Html, StringComparison.Ordinal);
        var path = await Start(holm, "path-ref", "path-ref-plan", ("referral", "path-ref-sr"));
        // Sent eight days ago, a time was to be given within five: late from the beginning, and it is the unit's.
        var (_, html) = await kuusk.Get("/tasks");
        Assert.Contains(path, html, StringComparison.Ordinal);
        foreach (var text in (string[])["It was promised by", "Endocrinology, Tartu Demo Hospital"]) Assert.Contains(text, (await kuusk.Get(path)).Html, StringComparison.Ordinal);
        Assert.Contains(path, (await holm.Get("/tasks")).Html, StringComparison.Ordinal);
        // The patient hides it: its page, the list and the tasks hold nothing of it.
        await patient.Fill("/patients/path-ref/sharing/hide?what=MH&actor=*", "/patients/path-ref/sharing/hide", ("what", $"item CarePlan/{path.Split('/')[^1]}"), ("actor", "*"), ("kind", "hide"), ("understood", "yes"));
        foreach (var who in new[] { kuusk, holm })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await who.Get(path)).Status);
            foreach (var list in (string[])["/patients/path-ref/pathways", "/tasks"]) Assert.DoesNotContain(path, (await who.Get(list)).Html, StringComparison.Ordinal);
        }
        Assert.Equal(HttpStatusCode.OK, (await patient.Get(path)).Status);
    }

    [Fact]
    public async Task A_template_that_is_not_understood_is_not_offered_and_the_log_says_why()
    {
        await TestPatient.Make(browser.Node, "path-odd", "Olev", "Oddplan", "path-odd-1");
        await Template("path-odd-plan", ",{\"id\":\"odd\",\"title\":\"Odd\",\"condition\":[{\"kind\":\"start\"}],\"timingDuration\":{\"value\":1,\"code\":\"d\",\"system\":\"http://unitsofmeasure.org\"},\"participant\":[{\"type\":\"patient\"}]}");
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        Assert.DoesNotContain("Plan path-odd-plan", (await holm.Get("/patients/path-odd/pathways/new")).Html, StringComparison.Ordinal);
        Assert.Contains("PlanDefinition/path-odd-plan (version 1) is not offered as a pathway. PlanDefinition.action[5].condition", browser.Node.Output, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await holm.Fill("/patients/path-odd/pathways/new", "/patients/path-odd/pathways/new", ("template", "path-odd-plan"))).Status);
    }
}
