using System.Net;
using System.Text.Json;
using Microsoft.Playwright;
using Tervik.EndToEnd.Portal;

namespace Tervik.EndToEnd.Care;

/// <summary>The set-up of a clinic by who leads it: services, calendars, hours, and what becomes of appointments.</summary>
public sealed class SetUpPagesTests(Browser browser) : IClassFixture<Browser>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;
    const string Unit = "Organization/practice-tartu-1";

    async Task<JsonElement> Stored(string reference)
    {
        using var system = await browser.Node.Client("client/set-up");
        using var json = JsonDocument.Parse(await system.GetStringAsync($"/fhir/{reference}", Stop));
        return json.RootElement.Clone();
    }

    /// <summary>A room of the unit with a calendar, open every day from eight to noon, and a service that takes it.</summary>
    async Task Make(string id, string more = "")
    {
        await TestPatient.Put(browser.Node, $"Location/{id}-room", $$$"""{"resourceType":"Location","id":"{{{id}}}-room","status":"active","name":"Room {{{id}}}","managingOrganization":{"reference":"{{{Unit}}}"}}""");
        await TestPatient.Put(browser.Node, $"Schedule/{id}", $$$"""{"resourceType":"Schedule","id":"{{{id}}}","active":true,"actor":[{"reference":"Location/{{{id}}}-room","display":"Room {{{id}}}"}],"extension":[{"url":"urn:tervik:unit","valueReference":{"reference":"{{{Unit}}}"}},{"url":"urn:other","valueString":"stays"},{{{more}}}{"url":"urn:tervik:opening","extension":[{"url":"zone","valueCode":"Europe/Tallinn"},{"url":"start","valueString":"2026-01-01T08:00"},{"url":"minutes","valuePositiveInt":240},{"url":"rule","valueString":"FREQ=DAILY"},{"url":"urn:other:part","valueString":"stays too"}]}]}""");
        await TestPatient.Put(browser.Node, $"HealthcareService/{id}", $$$"""{"resourceType":"HealthcareService","id":"{{{id}}}","active":true,"name":"Service {{{id}}}","providedBy":{"reference":"{{{Unit}}}"},"comment":"stays","extension":[{"url":"urn:tervik:bookable","extension":[{"url":"minutes","valuePositiveInt":30},{"url":"by","valueCode":"patient"},{"url":"urn:other","valueString":"stays"},{"url":"need","extension":[{"url":"calendar","valueReference":{"reference":"Schedule/{{{id}}}"}}]}]}]}""");
    }

    static (string, string)[] Hours(string html, params (string Name, string Value)[] changed)
    {
        var fields = new List<(string, string)> { ("was", System.Text.RegularExpressions.Regex.Match(html, "name=\"was\" value=\"([^\"]*)\"").Groups[1].Value), ("act", "save") };
        (string Name, string Value)[] usual = [("from", "08:00"), ("to", "12:00"), ("first", "2026-01-01"), ("every", "1"), ("zone", "Europe/Tallinn"), ("days", "1"), ("days", "2"), ("days", "3"), ("days", "4"), ("days", "5"), ("days", "6"), ("days", "7")];
        return [.. fields.Where(field => changed.All(one => one.Name != field.Item1)), .. usual.Where(one => changed.All(other => other.Name != one.Name)), .. changed];
    }

    [Theory, InlineData(1280, false), InlineData(360, true)]
    public async Task With_the_keyboard_alone_a_device_gets_a_calendar_and_hours_and_a_service_that_takes_it_is_offered(int width, bool dark)
    {
        var (page, picture) = (await browser.Open(width, dark), $"{width}-{(dark ? "dark" : "light")}");
        var (device, service) = ($"Spirometer {picture}", $"Lung function {picture}");
        async Task Type(string field, string text)
        {
            await page.Tab(page.Locator(field));
            await page.Keyboard.PressAsync("Control+A");
            await page.Keyboard.TypeAsync(text);
        }
        async Task Check(string box)
        {
            await page.Tab(page.Locator(box));
            await page.Keyboard.PressAsync("Space");
        }
        await Browser.SignIn(page, "Søren Holm");
        await page.GotoAsync("/calendar");
        await page.Press(page.GetByRole(AriaRole.Link, new() { Name = "Clinic set-up" }), "**/clinics");
        await PageChecks.IsAccessible(page, width, $"clinics-{picture}");
        await page.Press(page.GetByRole(AriaRole.Link, new() { Name = "New calendar" }), "**/clinics/calendars/new");
        await PageChecks.IsAccessible(page, width, $"clinic-new-calendar-{picture}");
        await page.Tab(page.Locator("#whose"));
        await page.Keyboard.TypeAsync("Another device");
        await Type("#name", device);
        await page.Press(page.GetByRole(AriaRole.Button, new() { Name = "Make the calendar" }), "**/hours/new?saved=calendar");
        await PageChecks.IsAccessible(page, width, $"clinic-new-hours-{picture}");
        foreach (var day in (int[])[0, 1, 2, 3, 4]) await Check(day == 0 ? "#days" : $"#days-{day}");
        // Fields of time and day have keys of their own, which browsers take differently.
        await page.Locator("#from").FillAsync("09:00");
        await page.Locator("#to").FillAsync("11:00");
        await page.Locator("#first").FillAsync("2026-01-05");
        await page.Locator("#preview-from").FillAsync("2027-03-22");
        await page.Press(page.GetByRole(AriaRole.Button, new() { Name = "Look first" }), "**/hours/new");
        await page.Locator(".clinic-days").WaitForAsync();
        Assert.Equal(10, await page.Locator(".clinic-times").CountAsync());
        await PageChecks.IsAccessible(page, width, $"clinic-hours-preview-{picture}");
        await page.Press(page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }), "**/clinics/calendars/*?saved=hours");
        Assert.Contains("Monday, Tuesday, Wednesday, Thursday, Friday, 09:00–11:00", await page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
        await PageChecks.IsAccessible(page, width, $"clinic-calendar-{picture}");

        await page.GotoAsync("/clinics");
        await page.Press(page.GetByRole(AriaRole.Link, new() { Name = "New service" }), "**/clinics/services/new");
        await Type("#name", service);
        await Type("#minutes", "20");
        await Type("#target", "14");
        await page.Tab(page.GetByLabel(device).First);
        await page.Keyboard.PressAsync("Space");
        await page.Press(page.GetByRole(AriaRole.Button, new() { Name = "Look first" }), "**/clinics/services/new");
        await page.Locator(".clinic-days").WaitForAsync();
        Assert.Contains("6 times", await page.Locator(".clinic-days").InnerTextAsync(), StringComparison.Ordinal);
        await PageChecks.IsAccessible(page, width, $"clinic-service-preview-{picture}");
        await page.Press(page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }), "**/clinics/services/*?saved=service");
        await PageChecks.IsAccessible(page, width, $"clinic-service-{picture}");
        var id = page.Url.Split("/services/")[1].Split('?')[0];
        using var liis = await PortalPerson.SignIn(browser.Node, "Patient/p03");
        Assert.Contains("name=\"offer\"", (await liis.Get($"/patients/p03/appointments/new?service={id}")).Html, StringComparison.Ordinal);
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        Assert.Contains((await holm.Get("/calendar/numbers.csv")).Html.Split("\r\n"), line => line.Contains(service, StringComparison.Ordinal) && line.EndsWith(",14", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Appointments_that_a_change_leaves_outside_are_shown_before_and_after_it_and_stay()
    {
        await Make("outside");
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        using var liis = await PortalPerson.SignIn(browser.Node, "Patient/p03");
        var find = $"/patients/p03/appointments/new?service=outside&from={DateTime.Today.AddDays(8):yyyy-MM-dd}";
        var offer = (await liis.Get(find)).Html.Split("name=\"offer\" value=\"")[1].Split('"')[0];
        var (_, hold) = await liis.Fill(find, "/patients/p03/appointments/hold", ("offer", offer), ("service", "outside"));
        var held = $"/patients/p03/appointments/held/{hold.Split("/patients/p03/appointments/held/")[1].Split('"')[0]}";
        Assert.Equal(HttpStatusCode.OK, (await liis.Fill(held, held, ("act", "book"), ("comment", ""))).Status);

        const string hours = "/clinics/calendars/outside/hours/0";
        var (_, html) = await holm.Get(hours);
        Assert.DoesNotContain("no longer fit", html, StringComparison.Ordinal);
        // From nine on: the appointment at eight is outside.
        var (asked, again) = await holm.Fill(hours, hours, Hours(html, ("from", "09:00")));
        Assert.Equal(HttpStatusCode.OK, asked);
        Assert.Contains("Appointments that would no longer fit: 1", again, StringComparison.Ordinal);
        Assert.Contains("Liis Saar", again, StringComparison.Ordinal);
        Assert.Contains("\"2026-01-01T08:00\"", (await Stored("Schedule/outside")).GetRawText(), StringComparison.Ordinal);
        var seen = System.Text.RegularExpressions.Regex.Match(again, "name=\"seen\" value=\"([^\"]+)\"").Groups[1].Value;
        var (saved, after) = await holm.Fill(hours, hours, Hours(html, ("from", "09:00"), ("seen", seen)));
        Assert.Equal(HttpStatusCode.OK, saved);
        Assert.Contains("The hours are saved", after, StringComparison.Ordinal);
        Assert.Contains("Appointments that do not fit: 1", after, StringComparison.Ordinal);
        var stored = (await Stored("Schedule/outside")).GetRawText();
        foreach (var kept in (string[])["\"2026-01-01T09:00\"", "stays", "stays too", "urn:tervik:unit"]) Assert.Contains(kept, stored, StringComparison.Ordinal);
        Assert.Contains("\"status\":\"booked\"", (await Stored("Appointment?actor=HealthcareService/outside")).GetRawText(), StringComparison.Ordinal);
        var page = await browser.Open(360, true);
        await Browser.SignIn(page, "Søren Holm");
        await page.GotoAsync("/clinics/calendars/outside");
        await PageChecks.IsAccessible(page, 360, "clinic-outside-360-dark");
        // Who did it is noted with it.
        Assert.Contains("Practitioner/holm", (await Stored("Provenance?target=Schedule/outside")).GetRawText(), StringComparison.Ordinal);
        // Switched off, the service has an appointment that does not fit any more either.
        const string service = "/clinics/services/outside";
        var off = ServiceFields("outside", ("active", "no"));
        Assert.Contains("Appointments that would no longer fit: 1", (await holm.Fill(service, service, off)).Html, StringComparison.Ordinal);
        Assert.True((await Stored("HealthcareService/outside")).GetProperty("active").GetBoolean());
    }

    static (string, string)[] ServiceFields(string id, params (string Name, string Value)[] changed)
    {
        (string Name, string Value)[] usual = [("name", $"Service {id}"), ("active", "yes"), ("minutes", "30"), ("step", ""), ("before", "0"), ("after", "0"), ("by", "patient"), ("way", "person"), ("notice", "24"), ("target", ""), ("need-0", $"Schedule/{id}"), ("preparation", ""), ("act", "save")];
        return [.. usual.Where(one => changed.All(other => other.Name != one.Name)), .. changed];
    }

    [Fact]
    public async Task What_somebody_else_saved_meanwhile_is_shown_beside_it_and_what_the_form_does_not_know_stays()
    {
        await Make("meanwhile");
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        const string service = "/clinics/services/meanwhile";
        var (status, html) = await holm.Fill(service, service, ServiceFields("meanwhile", ("minutes", "40"), ("target", "7"), ("languages", "et"), ("languages", "en")));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("The service is saved and holds now.", html, StringComparison.Ordinal);
        var stored = await Stored("HealthcareService/meanwhile");
        Assert.Equal("stays", stored.GetProperty("comment").GetString());
        foreach (var part in (string[])["\"urn:other\"", "\"target-days\",\"valueUnsignedInt\":7", "\"minutes\",\"valuePositiveInt\":40", "urn:ietf:bcp:47"]) Assert.Contains(part, stored.GetRawText(), StringComparison.Ordinal);
        var (stale, said) = await holm.Fill(service, service, ServiceFields("meanwhile", ("minutes", "50"), ("form-version", "1")));
        Assert.Equal(HttpStatusCode.Conflict, stale);
        Assert.Contains("Søren Holm", said, StringComparison.Ordinal);
        Assert.Matches("Stored now:</span> <span class=\"theirs-value\">40<", said);
        Assert.Contains("name=\"form-version\" value=\"2\"", said, StringComparison.Ordinal);
        // The same with hours: of others that were changed nothing is lost, of these it is said.
        const string hours = "/clinics/calendars/meanwhile/hours/0";
        var (_, began) = await holm.Get(hours);
        Assert.Equal(HttpStatusCode.OK, (await holm.Fill(hours, hours, Hours(began, ("to", "13:00")))).Status);
        Assert.Equal(HttpStatusCode.OK, (await holm.Fill("/clinics/calendars/meanwhile/hours/new", "/clinics/calendars/meanwhile/hours/new", Hours("", ("from", "14:00"), ("to", "16:00")))).Status);
        var (conflict, theirs) = await holm.Fill(hours, hours, Hours(began, ("to", "15:00")));
        Assert.Equal(HttpStatusCode.Conflict, conflict);
        Assert.Matches("Stored now:</span> <span class=\"theirs-value\">13:00<", theirs);
        var now = (await Stored("Schedule/meanwhile")).GetRawText();
        Assert.Equal(2, now.Split("\"urn:tervik:opening\"").Length - 1);
        Assert.Contains("\"minutes\",\"valuePositiveInt\":300", now, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rule_that_the_form_cannot_show_stands_as_text_and_stays_untouched()
    {
        const string rule = """{"url":"urn:tervik:opening","extension":[{"url":"zone","valueCode":"Europe/Tallinn"},{"url":"start","valueString":"2026-01-05T17:00"},{"url":"minutes","valuePositiveInt":60},{"url":"rule","valueString":"FREQ=MONTHLY;BYDAY=1MO"}]}""";
        await Make("foreign", rule + ",");
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        Assert.Contains("FREQ=MONTHLY;BYDAY=1MO", (await holm.Get("/clinics/calendars/foreign")).Html, StringComparison.Ordinal);
        var (_, html) = await holm.Get("/clinics/calendars/foreign/hours/0");
        Assert.Contains("kept untouched", html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await holm.Fill("/clinics/calendars/foreign/hours/0", "/clinics/calendars/foreign/hours/0", Hours(html))).Status);
        var (_, other) = await holm.Get("/clinics/calendars/foreign/hours/1");
        Assert.Equal(HttpStatusCode.OK, (await holm.Fill("/clinics/calendars/foreign/hours/1", "/clinics/calendars/foreign/hours/1", Hours(other, ("except", "2026-12-24\n25.12.2026"), ("last", "2027-06-30")))).Status);
        var stored = (await Stored("Schedule/foreign")).GetRawText();
        Assert.Contains(rule, stored, StringComparison.Ordinal);
        Assert.Contains("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;UNTIL=20270630T205959Z", stored, StringComparison.Ordinal);
        Assert.Contains("2026-12-25T08:00", stored, StringComparison.Ordinal);
        var page = await browser.Open(1280, false);
        await Browser.SignIn(page, "Søren Holm");
        await page.GotoAsync("/clinics/calendars/foreign/hours/0");
        await PageChecks.IsAccessible(page, 1280, "clinic-foreign-hours-1280");
        Assert.Contains("The hours are removed", (await holm.Fill("/clinics/calendars/foreign/hours/0", "/clinics/calendars/foreign/hours/0", Hours(html, ("act", "remove")))).Html, StringComparison.Ordinal);
        Assert.DoesNotContain("FREQ=MONTHLY", (await Stored("Schedule/foreign")).GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_wrong_is_said_at_its_field_and_nothing_is_written()
    {
        await Make("wrong");
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        const string service = "/clinics/services/wrong", hours = "/clinics/calendars/wrong/hours/0";
        foreach (var (field, value, words) in new[] { ("name", "", "Fill this in."), ("minutes", "0", "from 1 to 1440"), ("minutes", "7.5", "whole number"), ("need-0", "Schedule/not-mine", "at least one calendar"), ("by", "anybody", "Choose one"), ("target", "-1", "from 0 to") })
        {
            var (status, html) = await holm.Fill(service, service, ServiceFields("wrong", (field, value)));
            Assert.Equal((field, HttpStatusCode.UnprocessableEntity), (field, status));
            Assert.Contains(words, html, StringComparison.Ordinal);
        }
        var (_, began) = await holm.Get(hours);
        foreach (var (field, value, words) in new[] { ("zone", "Mars/Olympus", "Write a time zone"), ("from", "25:00", ""), ("except", "tomorrow", "is no day"), ("every", "0", "from 1 to 52"), ("last", "2025-01-01", "Choose a date"), ("first", "", "Fill this in.") })
        {
            var (status, html) = await holm.Fill(hours, hours, Hours(began, (field, value)));
            Assert.Equal((field, HttpStatusCode.UnprocessableEntity), (field, status));
            Assert.Contains(words, html, StringComparison.Ordinal);
        }
        Assert.Equal("1", (await Stored("HealthcareService/wrong")).GetProperty("meta").GetProperty("versionId").GetString());
        Assert.Equal("1", (await Stored("Schedule/wrong")).GetProperty("meta").GetProperty("versionId").GetString());
    }

    [Fact]
    public async Task Who_does_not_lead_the_unit_sees_and_changes_nothing_of_it()
    {
        await Make("theirs");
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        using var liis = await PortalPerson.SignIn(browser.Node, "Patient/p03");
        using var vaher = await PortalPerson.SignIn(browser.Node, "Practitioner/vaher");
        string[] pages = ["/clinics", "/clinics/services/theirs", "/clinics/services/new", "/clinics/calendars/theirs", "/clinics/calendars/new", "/clinics/calendars/theirs/hours/0", "/clinics/calendars/theirs/hours/new"];
        foreach (var page in pages)
        {
            Assert.Equal((page, HttpStatusCode.OK), (page, (await holm.Get(page)).Status));
            Assert.Equal((page, HttpStatusCode.Forbidden), (page, (await liis.Get(page)).Status));
            // A lead too, of another unit.
            if (page.Contains("theirs", StringComparison.Ordinal)) Assert.Equal((page, HttpStatusCode.NotFound), (page, (await vaher.Get(page)).Status));
        }
        foreach (var (who, status) in new[] { (liis, HttpStatusCode.Forbidden), (vaher, HttpStatusCode.NotFound) })
        {
            Assert.Equal(status, (await who.Fill("/account", "/clinics/services/theirs", [.. ServiceFields("theirs", ("minutes", "10")), ("form-version", "1")])).Status);
            Assert.Equal(status, (await who.Fill("/account", "/clinics/calendars/theirs", ("active", "no"), ("capacity", "1"), ("act", "save"), ("form-version", "1"))).Status);
            Assert.Equal(status, (await who.Fill("/account", "/clinics/calendars/theirs/hours/0", Hours("", ("from", "10:00")))).Status);
        }
        // A service of a unit that one does not lead is not made either: the list is of one's own.
        var (refused, _) = await holm.Fill("/clinics/services/new", "/clinics/services/new", ServiceFields("theirs", ("unit", "Organization/practice-tartu-2")));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused);
        foreach (var reference in (string[])["HealthcareService/theirs", "Schedule/theirs"]) Assert.Equal("1", (await Stored(reference)).GetProperty("meta").GetProperty("versionId").GetString());
    }
}
