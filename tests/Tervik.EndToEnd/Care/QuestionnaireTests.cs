using System.Net;
using System.Text.Json;
using Microsoft.Playwright;
using Tervik.Care.Questionnaires;
using Tervik.EndToEnd.Portal;

namespace Tervik.EndToEnd.Care;

/// <summary>The questionnaire before a visit: in the browser with the keyboard alone, and by plain requests as without a script.</summary>
public sealed class QuestionnaireTests(Browser browser) : IClassFixture<Browser>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>One item of each kind that the page knows.</summary>
    const string Items = """
        {"linkId":"about","type":"display","text":"About your knee"},
        {"linkId":"reason","type":"text","text":"What hurts?","required":true},
        {"linkId":"pain","type":"boolean","text":"Is there pain?","required":true},
        {"linkId":"pain.much","type":"integer","text":"How much pain?","required":true,"enableWhen":[{"question":"pain","operator":"=","answerBoolean":true}],"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/minValue","valueInteger":0},{"url":"http://hl7.org/fhir/StructureDefinition/maxValue","valueInteger":10}]},
        {"linkId":"pain.strong","type":"string","text":"What did you take?","enableBehavior":"all","enableWhen":[{"question":"pain","operator":"=","answerBoolean":true},{"question":"pain.much","operator":">","answerInteger":5}]},
        {"linkId":"side","type":"choice","text":"Which knee?","answerOption":[{"valueCoding":{"system":"urn:t","code":"l","display":"Left"}},{"valueCoding":{"system":"urn:t","code":"r","display":"Right"}}]},
        {"linkId":"when","type":"open-choice","repeats":true,"text":"When does it hurt?","answerOption":[{"valueCoding":{"system":"urn:t","code":"walk","display":"Walking"}},{"valueCoding":{"system":"urn:t","code":"night","display":"At night"}}]},
        {"linkId":"sex","type":"choice","text":"Gender in the register","answerValueSet":"http://hl7.org/fhir/ValueSet/administrative-gender"},
        {"linkId":"weight","type":"quantity","text":"Weight","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-unit","valueCoding":{"system":"http://unitsofmeasure.org","code":"kg","display":"kg"}}]},
        {"linkId":"height","type":"decimal","text":"Height in metres"},
        {"linkId":"born","type":"date","text":"Date of birth","extension":[{"url":"urn:tervik:prefill","valueCode":"birth-date"}]},
        {"linkId":"fell","type":"dateTime","text":"When did you fall?"},
        {"linkId":"wakes","type":"time","text":"When do you wake up?"},
        {"linkId":"site","type":"url","text":"Address of your clinic"},
        {"linkId":"code","type":"string","text":"Code of the letter","maxLength":4,"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/regex","valueString":"[A-Z]{2}[0-9]{2}"},{"url":"http://hl7.org/fhir/StructureDefinition/entryFormat","valueString":"Two letters and two digits, such as AB12."}]},
        {"linkId":"fixed","type":"string","text":"Asked by","readOnly":true,"initial":[{"valueString":"The clinic"}]},
        {"linkId":"file","type":"attachment","text":"A picture"},
        {"linkId":"medicine","type":"group","repeats":true,"text":"Medicine","item":[{"linkId":"medicine.name","type":"string","text":"Name of the medicine","item":[{"linkId":"medicine.since","type":"string","text":"Taken since"}]}]}
        """;

    /// <summary>A patient with an appointment in ten days at a service that asks.</summary>
    async Task Make(string id, string items = Items, int days = 10)
    {
        var node = browser.Node;
        await TestPatient.Make(node, id, "Kaja", $"Knee-{id}", $"{id}-1");
        await TestClinic.Make(node, $"{id}-c");
        await TestPatient.Put(node, $"Questionnaire/{id}-q", $$"""{"resourceType":"Questionnaire","id":"{{id}}-q","url":"urn:test:{{id}}","title":"Before the knee clinic","status":"active","description":"Five minutes.","item":[{{items}}]}""");
        await TestPatient.Put(node, $"HealthcareService/{id}-s", $$$"""{"resourceType":"HealthcareService","id":"{{{id}}}-s","active":true,"name":"Knee clinic","extension":[{"url":"urn:tervik:bookable","extension":[{"url":"minutes","valuePositiveInt":20},{"url":"by","valueCode":"patient"},{"url":"questionnaire","valueReference":{"reference":"Questionnaire/{{{id}}}-q"}},{"url":"need","extension":[{"url":"calendar","valueReference":{"reference":"Schedule/{{{id}}}-c-anna"}}]}]}]}""");
        var start = DateTimeOffset.UtcNow.AddDays(days);
        await TestPatient.Put(node, $"Appointment/{id}-a", $$"""{"resourceType":"Appointment","id":"{{id}}-a","status":"booked","start":"{{start:yyyy-MM-dd'T'HH:mm:ss'Z'}}","end":"{{start.AddMinutes(20):yyyy-MM-dd'T'HH:mm:ss'Z'}}","participant":[{"actor":{"reference":"Patient/{{id}}"},"status":"accepted"},{"actor":{"reference":"Practitioner/holm"},"status":"accepted"},{"actor":{"reference":"HealthcareService/{{id}}-s"},"status":"accepted"}]}""");
    }

    static string Page(string id) => $"/patients/{id}/appointments/{id}-a/questionnaire";

    async Task<JsonElement?> Stored(string id)
    {
        using var system = await browser.Node.Client("client/answers");
        using var answer = await system.GetAsync(new Uri($"QuestionnaireResponse/{VisitQuestionnaires.ResponseId($"{id}-a", $"{id}-q")}", UriKind.Relative), Stop);
        if (answer.StatusCode == HttpStatusCode.NotFound) return null;
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop));
        return json.RootElement.Clone();
    }

    static string? Status(JsonElement? response) => response?.GetProperty("status").GetString();

    static async Task Type(IPage page, string label, string text)
    {
        await page.Tab(page.GetByLabel(label).First);
        await page.Keyboard.TypeAsync(text);
    }

    [Theory, InlineData(1280, false), InlineData(360, true)]
    public async Task With_the_keyboard_alone_the_questions_are_begun_finished_and_changed(int width, bool dark)
    {
        var (id, picture) = ($"quest{width}", $"{width}-{(dark ? "dark" : "light")}");
        await Make(id);
        var page = await browser.Open(width, dark);
        await Browser.SignIn(page, $"Knee-{id}");
        await page.GotoAsync($"/patients/{id}/appointments/{id}-a");
        await PageChecks.IsAccessible(page, width, $"questionnaire-link-{picture}");
        await page.Press(page.GetByRole(AriaRole.Link, new() { Name = "Answer the questions" }), "**/questionnaire");
        await PageChecks.IsAccessible(page, width, $"questionnaire-new-{picture}");
        // What the record knows stands there, with its source.
        Assert.Equal("1980-05-05", await page.GetByLabel("Date of birth").InputValueAsync());
        Assert.False(await page.GetByLabel("How much pain?").IsVisibleAsync());
        Assert.False(await page.GetByLabel("Taken since").IsVisibleAsync());
        await page.Tab(page.GetByLabel("Yes").First);
        await page.Keyboard.PressAsync("Space");
        Assert.True(await page.GetByLabel("How much pain?").IsVisibleAsync());
        Assert.False(await page.GetByLabel("What did you take?").IsVisibleAsync());
        await Type(page, "How much pain?", "7");
        Assert.True(await page.GetByLabel("What did you take?").IsVisibleAsync());
        await Type(page, "Name of the medicine", "Ibuprofen");
        Assert.True(await page.GetByLabel("Taken since").IsVisibleAsync());
        await PageChecks.IsAccessible(page, width, $"questionnaire-open-{picture}");
        // The enter key in a field saves, and does not send.
        await page.Keyboard.PressAsync("Enter");
        await page.ArrivesAt("**/questionnaire?change=1&saved=answers-begun");
        Assert.Equal("in-progress", Status(await Stored(id)));
        await PageChecks.IsAccessible(page, width, $"questionnaire-begun-{picture}");
        Assert.Equal("Ibuprofen", await page.GetByLabel("Name of the medicine").InputValueAsync());
        // Sent without what has to be answered: said at the item, nothing lost.
        await Type(page, "Code of the letter", "x1");
        await page.Tab(page.GetByRole(AriaRole.Button, new() { Name = "Send the answers" }));
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForSelectorAsync("#errors");
        Assert.Contains("Please answer: What hurts?", await page.Locator("#errors").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("Two letters and two digits", await page.Locator("#errors").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal("7", await page.GetByLabel("How much pain?").InputValueAsync());
        await PageChecks.IsAccessible(page, width, $"questionnaire-errors-{picture}");
        await page.GetByLabel("Code of the letter").FillAsync("AB12");
        await Type(page, "What hurts?", "The left knee");
        await page.Press(page.GetByRole(AriaRole.Button, new() { Name = "Send the answers" }), "**/appointments/*?saved=answers");
        Assert.Equal("completed", Status(await Stored(id)));
        await PageChecks.IsAccessible(page, width, $"questionnaire-sent-{picture}");
        await page.Press(page.GetByRole(AriaRole.Link, new() { Name = "Read the answers" }), "**/questionnaire");
        await PageChecks.IsAccessible(page, width, $"questionnaire-read-{picture}");
        await page.Press(page.GetByRole(AriaRole.Link, new() { Name = "Change the answers" }), "**/questionnaire?change=1");
        await page.GetByLabel("What hurts?").FillAsync("Both knees");
        await page.Press(page.GetByRole(AriaRole.Button, new() { Name = "Save the changes" }), "**/appointments/*?saved=answers");
        Assert.Equal("amended", Status(await Stored(id)));
        // Who treats the patient reads it at the appointment and in the record.
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        foreach (var path in (string[])[Page(id), $"/patients/{id}/documents/QuestionnaireResponse/{VisitQuestionnaires.ResponseId($"{id}-a", $"{id}-q")}"])
        {
            var (status, html) = await holm.Get(path);
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Contains("What hurts?", html, StringComparison.Ordinal);
            Assert.Contains("Both knees", html, StringComparison.Ordinal);
            Assert.Contains("Ibuprofen", html, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Without_a_script_questions_that_come_up_are_shown_before_anything_is_sent()
    {
        const string Id = "questplain";
        await Make(Id);
        using var kaja = await PortalPerson.SignIn(browser.Node, $"Patient/{Id}");
        (string, string)[] answers = [("q-reason", "Knee"), ("q-pain", "true"), ("q-medicine-n", "1"), ("q-medicine_2e_name-0", "")];
        // Required and not seen: it is said and shown.
        var (missing, html) = await kaja.Fill(Page(Id), Page(Id), [.. answers, ("act", "submit"), ("shown", "")]);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, missing);
        Assert.Contains("Please answer: How much pain?", html, StringComparison.Ordinal);
        Assert.Null(await Stored(Id));
        // Optional and not seen: shown as well, before it is sent.
        var (more, page) = await kaja.Fill(Page(Id), Page(Id), [.. answers, ("q-pain_2e_much", "8"), ("act", "submit"), ("shown", "q-pain_2e_much")]);
        Assert.Equal(HttpStatusCode.OK, more);
        Assert.Contains("there are further questions", page, StringComparison.Ordinal);
        Assert.Contains("value=\"q-pain_2e_much q-pain_2e_strong\"", page, StringComparison.Ordinal);
        Assert.Null(await Stored(Id));
        var (sent, _) = await kaja.Fill(Page(Id), Page(Id), [.. answers, ("q-pain_2e_much", "8"), ("q-when-o1", "urn:t|night"), ("q-when-other", "On stairs"), ("q-sex", "http://hl7.org/fhir/administrative-gender|female"), ("q-weight", "70,5"), ("q-height", "1.70"),
            ("q-fell", "2026-11-01"), ("q-fell-t", "08:30"), ("q-wakes", "07:00"), ("q-site", "https://example.org"), ("q-side", "urn:t|l"), ("act", "submit"), ("shown", "q-pain_2e_much q-pain_2e_strong")]);
        Assert.Equal(HttpStatusCode.OK, sent);
        var stored = (await Stored(Id))!.Value;
        Assert.Equal("completed", Status(stored));
        var text = stored.GetRawText();
        foreach (var part in (string[])["\"valueCoding\":{\"system\":\"urn:t\",\"code\":\"night\",\"display\":\"At night\"}", "\"valueString\":\"On stairs\"", "\"code\":\"female\",\"display\":\"Female\"", "\"value\":70.5,\"unit\":\"kg\"", "\"valueDecimal\":1.70", "\"valueTime\":\"07:00:00\"", "\"valueDateTime\":\"2026-11-01T08:30:00", "\"valueString\":\"The clinic\"", $"Appointment/{Id}-a"])
            Assert.Contains(part, text, StringComparison.Ordinal);
        // The same form again changes nothing, a form that began before it is told.
        var (_, stale) = await kaja.Fill($"{Page(Id)}?change=1", Page(Id), [.. answers, ("q-pain_2e_much", "3"), ("act", "submit"), ("shown", "q-pain_2e_much"), ("form-version", "1")]);
        Assert.Contains("Your answers were sent", stale, StringComparison.Ordinal);
        var (conflict, both) = await kaja.Fill($"{Page(Id)}?change=1", Page(Id), [.. answers, ("q-pain_2e_much", "4"), ("act", "submit"), ("shown", "q-pain_2e_much"), ("form-version", "1")]);
        Assert.Equal(HttpStatusCode.Conflict, conflict);
        Assert.Contains("Somebody changed this while you were writing", both, StringComparison.Ordinal);
        Assert.Contains("value=\"4\"", both, StringComparison.Ordinal);
        Assert.Equal("2", (await Stored(Id))!.Value.GetProperty("meta").GetProperty("versionId").GetString());
    }

    [Fact]
    public async Task One_more_time_is_added_without_a_script_and_what_was_typed_stays()
    {
        const string Id = "questmore";
        await Make(Id);
        using var kaja = await PortalPerson.SignIn(browser.Node, $"Patient/{Id}");
        var (status, html) = await kaja.Fill(Page(Id), Page(Id), ("q-medicine-n", "1"), ("q-medicine_2e_name-0", "Ibuprofen"), ("q-reason", "half a sen"), ("add", "q-medicine"));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("name=\"q-medicine_2e_name-1\"", html, StringComparison.Ordinal);
        Assert.Contains("value=\"Ibuprofen\"", html, StringComparison.Ordinal);
        Assert.Contains("half a sen", html, StringComparison.Ordinal);
        Assert.Null(await Stored(Id));
        await kaja.Fill(Page(Id), Page(Id), ("q-medicine-n", "2"), ("q-medicine_2e_name-0", "Ibuprofen"), ("q-medicine_2e_since-0", "May"), ("q-medicine_2e_name-1", "Paracetamol"), ("act", "save"));
        Assert.Equal("""{"linkId":"medicine","text":"Medicine","item":[{"linkId":"medicine.name","text":"Name of the medicine","answer":[{"valueString":"Ibuprofen","item":[{"linkId":"medicine.since","text":"Taken since","answer":[{"valueString":"May"}]}]}]}]}""", (await Stored(Id))!.Value.GetProperty("item").EnumerateArray().First(item => item.GetProperty("linkId").GetString() == "medicine").GetRawText());
    }

    [Fact]
    public async Task A_guardian_and_who_treats_may_answer_and_nobody_else_learns_that_there_is_anything()
    {
        const string Id = "questown";
        await Make(Id);
        await TestPatient.Make(browser.Node, "queststranger", "Stig", "Queststranger", "queststranger-1");
        using var stig = await PortalPerson.SignIn(browser.Node, "Patient/queststranger");
        Assert.Equal(HttpStatusCode.NotFound, (await stig.Get(Page(Id))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await stig.Get($"/patients/queststranger/appointments/{Id}-a/questionnaire")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await stig.Fill("/account", Page(Id), ("q-reason", "x"), ("act", "save"))).Status);
        using var other = await PortalPerson.SignIn(browser.Node, "Practitioner/kuusk");
        Assert.Equal(HttpStatusCode.NotFound, (await other.Get(Page(Id))).Status);
        Assert.Null(await Stored(Id));
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        Assert.Contains("Answer the questions", (await holm.Get(Page(Id))).Html, StringComparison.Ordinal);
        var (status, _) = await holm.Fill($"{Page(Id)}?change=1", Page(Id), ("q-reason", "Told on the phone"), ("q-pain", "false"), ("act", "submit"), ("shown", ""));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("completed", Status(await Stored(Id)));
        using var kaja = await PortalPerson.SignIn(browser.Node, $"Patient/{Id}");
        Assert.Contains("Told on the phone", (await kaja.Get(Page(Id))).Html, StringComparison.Ordinal);
        Assert.Contains("Søren Holm", (await kaja.Get($"/patients/{Id}/access")).Html, StringComparison.Ordinal);
        // A child's, by who has custody of it.
        await TestPatient.Put(browser.Node, "Appointment/quest-child", $$"""{"resourceType":"Appointment","id":"quest-child","status":"booked","start":"{{DateTimeOffset.UtcNow.AddDays(9):yyyy-MM-dd'T'HH:mm:ss'Z'}}","end":"{{DateTimeOffset.UtcNow.AddDays(9).AddMinutes(20):yyyy-MM-dd'T'HH:mm:ss'Z'}}","participant":[{"actor":{"reference":"Patient/p06"},"status":"accepted"},{"actor":{"reference":"HealthcareService/{{Id}}-s"},"status":"accepted"}]}""");
        using var liis = await PortalPerson.SignIn(browser.Node, "Patient/p03");
        const string Child = "/patients/p06/appointments/quest-child/questionnaire";
        Assert.Contains("Your answers were sent", (await liis.Fill(Child, Child, ("q-reason", "My child's knee"), ("q-pain", "false"), ("act", "submit"), ("shown", ""))).Html, StringComparison.Ordinal);
        Assert.Contains("My child's knee", (await liis.Get(Child)).Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await kaja.Get(Child)).Status);
    }

    [Fact]
    public async Task After_the_visit_it_is_read_only_and_what_cannot_be_answered_here_says_so()
    {
        const string Id = "questpast";
        await Make(Id, days: -1);
        using var kaja = await PortalPerson.SignIn(browser.Node, $"Patient/{Id}");
        Assert.DoesNotContain("name=\"q-reason\"", (await kaja.Get($"{Page(Id)}?change=1")).Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await kaja.Fill("/account", Page(Id), ("q-reason", "late"), ("act", "save"))).Status);
        const string File = "questfile";
        await Make(File, """{"linkId":"f","type":"attachment","text":"Your letter","required":true}""");
        using var other = await PortalPerson.SignIn(browser.Node, $"Patient/{File}");
        Assert.Contains("This questionnaire cannot be answered here", (await other.Get(Page(File))).Html, StringComparison.Ordinal);
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        Assert.Contains("f: an item of the type attachment cannot be answered here", (await holm.Get(Page(File))).Html, StringComparison.Ordinal);
    }
}
