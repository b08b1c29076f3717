using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Tervik.Care.Calendars;
using Tervik.EndToEnd.Portal;

namespace Tervik.EndToEnd.Care;

/// <summary>Appointments in the calendar of one's own: the file of one, and the private addresses.</summary>
public sealed class CalendarFeedTests(Browser browser) : IClassFixture<Browser>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static string Appointment(string id, string patient, string status, string start, string more = "") =>
        $$$"""{"resourceType":"Appointment","id":"{{{id}}}","status":"{{{status}}}","description":"Talk about the biopsy","start":"{{{start}}}:00+02:00","_start":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/tz-code","valueCode":"Europe/Tallinn"}]},"end":"{{{start}}}:40+02:00",{{{more}}}"participant":[{"actor":{"reference":"Patient/{{{patient}}}"},"status":"accepted"},{"actor":{"reference":"Practitioner/holm","display":"Søren Holm"},"status":"accepted"},{"actor":{"reference":"Location/x-house","display":"The house, Tartu"},"status":"accepted"}]}""".Replace(":00+02:00", ":00:00+02:00", StringComparison.Ordinal).Replace(":40+02:00", ":40:00+02:00", StringComparison.Ordinal);

    static string Day(int days) => DateTimeOffset.Now.AddDays(days).ToString("yyyy-MM-dd'T'08", System.Globalization.CultureInfo.InvariantCulture);

    async Task<(HttpStatusCode Status, string Body, EntityTagHeaderValue? Tag)> Fetch(string address, EntityTagHeaderValue? known = null)
    {
        // No cookie, no token: a calendar program.
        using var http = new HttpClient { BaseAddress = new(browser.Node.Address) };
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address).PathAndQuery);
        if (known is not null) request.Headers.IfNoneMatch.Add(known);
        using var answer = await http.SendAsync(request, Stop);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Stop), answer.Headers.ETag);
    }

    static string AddressIn(string html) => html.Split("<code class=\"secret\">")[1].Split('<')[0];

    [Fact]
    public async Task An_appointment_is_taken_into_a_calendar_without_what_it_is_about()
    {
        await TestPatient.Make(browser.Node, "ics", "Ida", "Kalender", "ics-1");
        await TestPatient.Put(browser.Node, "Appointment/ics-a", Appointment("ics-a", "ics", "booked", Day(20)));
        using var ida = await PortalPerson.SignIn(browser.Node, "Patient/ics");
        Assert.Contains("/patients/ics/appointments/ics-a/calendar.ics", (await ida.Get("/patients/ics/appointments/ics-a")).Html, StringComparison.Ordinal);
        var (status, text) = await ida.Get("/patients/ics/appointments/ics-a/calendar.ics");
        Assert.Equal(HttpStatusCode.OK, status);
        var seen = Ical.Net.Calendar.Load(text)!;
        Assert.Equal(("PUBLISH", "Appointment", "The house, Tartu", "CONFIRMED"), (seen.Method, seen.Events[0]!.Summary, seen.Events[0]!.Location, seen.Events[0]!.Status));
        Assert.Equal(8, seen.Events[0]!.DtStart!.Value.Hour);
        foreach (var hidden in (string[])["biopsy", "Holm", "Ida", "Kalender", "ics-a"]) Assert.DoesNotContain(hidden, text, StringComparison.Ordinal);
        await TestPatient.Put(browser.Node, "Appointment/ics-a", Appointment("ics-a", "ics", "cancelled", Day(20)));
        var after = Ical.Net.Calendar.Load((await ida.Get("/patients/ics/appointments/ics-a/calendar.ics")).Html)!;
        Assert.Equal(("CANCEL", "CANCELLED", seen.Events[0]!.Uid), (after.Method, after.Events[0]!.Status, after.Events[0]!.Uid));
        Assert.True(after.Events[0]!.Sequence > seen.Events[0]!.Sequence);
        await TestPatient.Make(browser.Node, "ics-other", "Otto", "Other", "ics-2");
        using var otto = await PortalPerson.SignIn(browser.Node, "Patient/ics-other");
        Assert.Equal(HttpStatusCode.NotFound, (await otto.Get("/patients/ics/appointments/ics-a/calendar.ics")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await otto.Get("/patients/ics-other/appointments/ics-a/calendar.ics")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await otto.Get("/patients/ics/appointments/calendar")).Status);
    }

    [Fact]
    public async Task A_feed_is_read_without_a_sign_in_until_it_is_revoked_and_each_read_is_in_the_log()
    {
        await TestPatient.Make(browser.Node, "feed", "Fia", "Feed", "feed-1");
        await TestPatient.Put(browser.Node, "Appointment/feed-a", Appointment("feed-a", "feed", "booked", Day(10)));
        await TestPatient.Put(browser.Node, "Appointment/feed-b", Appointment("feed-b", "feed", "booked", Day(11)));
        using var fia = await PortalPerson.SignIn(browser.Node, "Patient/feed");
        const string Page = "/patients/feed/appointments/calendar";
        var (status, html) = await fia.Fill(Page, Page, ("detail", "place"));
        Assert.Equal(HttpStatusCode.OK, status);
        var address = AddressIn(html);
        Assert.DoesNotContain(address, (await fia.Get(Page)).Html, StringComparison.Ordinal); // shown once
        var (read, text, tag) = await Fetch(address);
        Assert.Equal(HttpStatusCode.OK, read);
        Assert.Empty(CalendarFile.Read(System.Text.Encoding.UTF8.GetBytes(text)).Deviations);
        var seen = Ical.Net.Calendar.Load(text)!;
        Assert.Equal(3, seen.Events.Count); // the one that each test patient has too
        Assert.Contains("REFRESH-INTERVAL;VALUE=DURATION:PT60M", text, StringComparison.Ordinal);
        Assert.DoesNotContain("biopsy", text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotModified, (await Fetch(address, tag)).Status);
        // A cancelled one stays and says so.
        await TestPatient.Put(browser.Node, "Appointment/feed-b", Appointment("feed-b", "feed", "cancelled", Day(11)));
        var (changed, later, other) = await Fetch(address, tag);
        Assert.Equal((HttpStatusCode.OK, false), (changed, other!.Equals(tag)));
        Assert.Equal("CANCELLED", Ical.Net.Calendar.Load(later)!.Events.Single(one => one.Uid == CalendarEntry.UidOf("feed-b", new Uri(browser.Node.Address))).Status);
        Assert.Contains("read the appointments into a calendar", (await fia.Get("/patients/feed/access")).Html, StringComparison.Ordinal);
        // More, where the patient chose so.
        var all = Ical.Net.Calendar.Load((await Fetch(AddressIn((await fia.Fill(Page, Page, ("detail", "all"))).Html))).Body)!;
        Assert.Contains(all.Events, one => one.Summary == "Talk about the biopsy");
        // Revoked and unknown are alike.
        var id = (await fia.Get(Page)).Html.Split("name=\"feed\" value=\"")[^1].Split('"')[0];
        await fia.Fill(Page, $"{Page}/revoke", ("feed", id));
        var (revoked, unknown) = (await Fetch(address), await Fetch(address[..^6] + "xx.ics"));
        Assert.Equal((HttpStatusCode.NotFound, unknown.Body), (revoked.Status, revoked.Body));
        Assert.Equal(HttpStatusCode.NotFound, unknown.Status);
    }

    [Fact]
    public async Task When_the_access_of_who_made_it_is_withdrawn_a_feed_is_as_if_there_were_none()
    {
        await TestPatient.Make(browser.Node, "feed-mother", "Mia", "Mother", "feed-mother-1");
        await TestPatient.Make(browser.Node, "feed-child", "Carl", "Child", "feed-child-1", born: DateTime.Now.AddYears(-5).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
        static string Mother(string active) => $$"""{"resourceType":"RelatedPerson","id":"feed-mother-of","active":{{active}},"patient":{"reference":"Patient/feed-child"},"relationship":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-RoleCode","code":"MTH"}]}],"identifier":[{"system":"urn:tervik:sample:national-id","value":"feed-mother-1"}]}""";
        await TestPatient.Put(browser.Node, "RelatedPerson/feed-mother-of", Mother("true"));
        using var mia = await PortalPerson.SignIn(browser.Node, "Patient/feed-mother");
        const string Page = "/patients/feed-child/appointments/calendar";
        var address = AddressIn((await mia.Fill(Page, Page, ("detail", "time"))).Html);
        var (open, text, _) = await Fetch(address);
        Assert.Equal(HttpStatusCode.OK, open);
        Assert.DoesNotContain("LOCATION", text, StringComparison.Ordinal);
        await TestPatient.Put(browser.Node, "RelatedPerson/feed-mother-of", Mother("false"));
        var (closed, unknown) = (await Fetch(address), await Fetch($"{browser.Node.Address}/calendar-feed/nothing.ics"));
        Assert.Equal((HttpStatusCode.NotFound, unknown.Body), (closed.Status, closed.Body));
    }

    [Theory, InlineData(1280, false), InlineData(360, true)]
    public async Task The_page_of_addresses_is_accessible(int width, bool dark)
    {
        var page = await browser.Open(width, dark);
        await Browser.SignIn(page, "Liis Saar");
        await page.GotoAsync("/patients/p03/appointments");
        await page.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = "See them in your own calendar" }).ClickAsync();
        await page.ArrivesAt("**/appointments/calendar");
        await page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Make the address" }).ClickAsync();
        await page.ArrivesAt("**/appointments/calendar");
        Assert.Contains("/calendar-feed/", await page.Locator("code.secret").InnerTextAsync(), StringComparison.Ordinal);
        await PageChecks.IsAccessible(page, width, $"calendar-feeds-{width}-{(dark ? "dark" : "light")}");
    }

    [Theory, InlineData(1280, false), InlineData(360, true)]
    public async Task The_pages_of_notices_are_accessible_and_used_with_the_keyboard(int width, bool dark)
    {
        await TestPatient.Make(browser.Node, $"axe{width}", "Axel", $"Axe{width}", $"axe-{width}");
        using var axel = await PortalPerson.SignIn(browser.Node, $"Patient/axe{width}");
        for (var wait = 0; wait < 100 && !(await axel.Get("/notices")).Html.Contains("An appointment was booked", StringComparison.Ordinal); wait++) await Task.Delay(100, Stop);
        await axel.Fill("/notices", "/notices/read");
        var page = await browser.Open(width, dark);
        await Browser.SignIn(page, "Liis Saar");
        foreach (var (path, name) in ((string, string)[])[("/notices", "notices"), ("/notices/preferences", "notice-preferences")])
        {
            await page.GotoAsync(path);
            await PageChecks.IsAccessible(page, width, $"{name}-{width}-{(dark ? "dark" : "light")}");
        }
        await page.Locator("#quiet-from").FillAsync("22:30");
        await page.Locator("#before-10080").UncheckAsync();
        await page.Locator("#before-10080").PressAsync("Enter");
        await page.ArrivesAt("**/notices/preferences?saved=1");
        Assert.Equal(("22:30", false), (await page.Locator("#quiet-from").InputValueAsync(), await page.Locator("#before-10080").IsCheckedAsync()));
        await PageChecks.IsAccessible(page, width, $"notice-preferences-saved-{width}-{(dark ? "dark" : "light")}");
    }
}
