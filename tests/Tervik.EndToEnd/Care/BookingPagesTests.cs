using System.Net;
using System.Text.Json;
using Microsoft.Playwright;
using Tervik.EndToEnd.Portal;

namespace Tervik.EndToEnd.Care;

/// <summary>Booking, moving and cancelling in the browser, on the demo nation.</summary>
public sealed class BookingPagesTests(Browser browser) : IClassFixture<Browser>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;
    const string Consultation = "practice-tartu-1-consultation";

    [Theory, InlineData(1280, false, "Liis Saar", "p03"), InlineData(360, true, "Kristjan Rebane", "p04")]
    public async Task With_the_keyboard_alone_an_appointment_is_booked_moved_and_cancelled(int width, bool dark, string who, string patient)
    {
        var (page, picture) = (await browser.Open(width, dark), $"{width}-{(dark ? "dark" : "light")}");
        await Browser.SignIn(page, who);
        await page.GotoAsync($"/patients/{patient}/appointments");
        await PageChecks.IsAccessible(page, width, $"appointments-{picture}");
        await page.Press(page.GetByRole(AriaRole.Link, new() { Name = "Book an appointment" }), "**/appointments/new");
        await page.Tab(page.Locator("#service"));
        for (var i = 0; i < 40 && await page.Locator("#service").InputValueAsync() != Consultation; i++) await page.Keyboard.PressAsync("ArrowDown");
        await page.Press(page.GetByRole(AriaRole.Button, new() { Name = "Show free times" }), $"**/appointments/new?*service={Consultation}*");
        await PageChecks.IsAccessible(page, width, $"find-appointment-{picture}");
        await page.Press(page.Locator("button.offer").Nth(2), "**/appointments/held/*");
        Assert.Matches(@"\d+:\d\d minutes more", await page.Locator("#hold-clock").InnerTextAsync());
        await PageChecks.IsAccessible(page, width, $"held-appointment-{picture}");
        await page.Press(page.GetByRole(AriaRole.Button, new() { Name = "Keep it longer" }), "**/appointments/held/*");
        await page.Tab(page.Locator("#comment"));
        await page.Keyboard.TypeAsync("It hurts when I walk.");
        await page.Press(page.GetByRole(AriaRole.Button, new() { Name = "Book this time" }), "**/appointments/*?saved=booked");
        Assert.Contains("It hurts when I walk.", await page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
        await PageChecks.IsAccessible(page, width, $"booked-appointment-{picture}");
        var booked = await page.Locator(".appointment-facts time").GetAttributeAsync("datetime");
        await page.Press(page.GetByRole(AriaRole.Link, new() { Name = "Move it" }), "**/move");
        await PageChecks.IsAccessible(page, width, $"move-appointment-{picture}");
        await page.Press(page.Locator("button.offer").Nth(5), "**/appointments/*?saved=moved");
        Assert.NotEqual(booked, await page.Locator(".appointment-facts time").GetAttributeAsync("datetime"));
        await page.Press(page.GetByRole(AriaRole.Link, new() { Name = "Cancel the appointment" }), "**/cancel");
        await PageChecks.IsAccessible(page, width, $"cancel-appointment-{picture}");
        await page.Tab(page.Locator("input[name=reason]").First);
        await page.Keyboard.PressAsync("Space");
        await page.Press(page.GetByRole(AriaRole.Button, new() { Name = "Cancel the appointment" }), "**/appointments/*?saved=cancelled");
        Assert.Contains("Cancelled", await page.Locator(".appointment-facts").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await page.GetByRole(AriaRole.Link, new() { Name = "Move it" }).CountAsync());
    }

    static string Offer(string html, int number) => html.Split("name=\"offer\" value=\"")[number + 1].Split('"')[0];

    [Fact]
    public async Task What_another_has_taken_meanwhile_is_said_and_other_times_are_shown()
    {
        var find = $"appointments/new?service={Consultation}";
        using var liis = await PortalPerson.SignIn(browser.Node, "Patient/p03");
        using var kristjan = await PortalPerson.SignIn(browser.Node, "Patient/p04");
        var (_, html) = await liis.Get($"/patients/p03/{find}");
        var offer = Offer(html, 8);
        Assert.Contains("This time is kept for you", (await kristjan.Fill($"/patients/p04/{find}", "/patients/p04/appointments/hold", ("offer", offer), ("service", Consultation))).Html, StringComparison.Ordinal);
        var (status, answer) = await liis.Fill($"/patients/p03/{find}", "/patients/p03/appointments/hold", ("offer", offer), ("service", Consultation));
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("Somebody else has just taken this time", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(offer, answer, StringComparison.Ordinal);
        Assert.Contains("name=\"offer\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_that_was_opened_before_somebody_else_changed_the_appointment_changes_nothing_and_shows_it_anew()
    {
        using var liis = await PortalPerson.SignIn(browser.Node, "Patient/p03");
        var find = $"/patients/p03/appointments/new?service={Consultation}";
        var (_, html) = await liis.Get(find);
        var (_, hold) = await liis.Fill(find, "/patients/p03/appointments/hold", ("offer", Offer(html, 30)), ("service", Consultation));
        var held = "/patients/p03/appointments/held/" + hold.Split("/patients/p03/appointments/held/")[1].Split('"')[0];
        var (_, booked) = await liis.Fill(held, held, ("act", "book"), ("comment", ""));
        var path = "/patients/p03/appointments/" + booked.Split("/patients/p03/appointments/").Select(rest => rest.Split('"', '/', '?')[0]).First(id => Guid.TryParse(id, out _));
        var (_, move) = await liis.Get($"{path}/move");
        var (status, _) = await liis.Fill($"{path}/move", $"{path}/move", ("offer", Offer(move, 3)));
        Assert.Equal(HttpStatusCode.OK, status);
        foreach (var (to, field) in new[] { ("move", ("offer", Offer(move, 5))), ("cancel", ("reason", "other")) })
        {
            var (stale, said) = await liis.Fill($"{path}/{to}", $"{path}/{to}", field, ("form-version", "1"));
            Assert.Equal(HttpStatusCode.Conflict, stale);
            Assert.Contains("Somebody else changed this appointment meanwhile", said, StringComparison.Ordinal);
            Assert.Contains("name=\"form-version\" value=\"2\"", said, StringComparison.Ordinal);
        }
        Assert.Contains("Booked", (await liis.Get(path)).Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await liis.Fill($"{path}/cancel", $"{path}/cancel", ("reason", "other"))).Status);
        Assert.Contains("Cancelled", (await liis.Get(path)).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Places_are_shown_with_their_distance_from_where_one_lives_and_the_nearest_can_come_first()
    {
        // Jaan Kask lives in Tallinn, Liis Saar in Tartu; the practice is in Tartu, another one in Elva.
        using var jaan = await PortalPerson.SignIn(browser.Node, "Patient/p02");
        var (_, far) = await jaan.Get($"/patients/p02/appointments/new?service={Consultation}");
        Assert.Matches(@"Emajõgi Family Practice \(16[345] km\)", far);
        Assert.Matches(@"class=""offer-with"">[^<]*, 16[345] km<", far);
        Assert.Contains("No time is free", (await jaan.Get($"/patients/p02/appointments/new?service={Consultation}&within=100")).Html, StringComparison.Ordinal);
        using var liis = await PortalPerson.SignIn(browser.Node, "Patient/p03");
        var (_, near) = await liis.Get("/patients/p03/appointments/new?order=near&way=person");
        var places = System.Text.RegularExpressions.Regex.Matches(near, @"class=""offer-far"">(?:&lt;|<)? ?(\d+) km").Select(match => int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.True(places.Count > 3);
        Assert.Equal(places.Order(), places);
        Assert.Contains("Elva Family Practice", near.Split("id=\"times\"")[1], StringComparison.Ordinal);
        var (_, within) = await liis.Get("/patients/p03/appointments/new?order=near&way=person&within=10");
        Assert.Contains("Emajõgi Family Practice", within.Split("id=\"times\"")[1], StringComparison.Ordinal);
        Assert.DoesNotContain("Elva Family Practice", within.Split("id=\"times\"")[1], StringComparison.Ordinal);
        // Of who has no address nothing is guessed.
        await TestPatient.Make(browser.Node, "homeless", "Hans", "Homeless", "homeless-1");
        using var hans = await PortalPerson.SignIn(browser.Node, "Patient/homeless");
        var (_, nowhere) = await hans.Get($"/patients/homeless/appointments/new?service={Consultation}&order=near&within=10");
        Assert.DoesNotContain("How far", nowhere, StringComparison.Ordinal);
        Assert.Contains("name=\"offer\"", nowhere, StringComparison.Ordinal);
        foreach (var (width, dark) in new[] { (1280, false), (360, true) })
        {
            var page = await browser.Open(width, dark);
            await Browser.SignIn(page, "Liis Saar");
            await page.GotoAsync("/patients/p03/appointments/new?order=near");
            await PageChecks.IsAccessible(page, width, $"find-nearest-{width}");
        }
    }

    [Fact]
    public async Task A_guardian_books_for_a_child_and_nobody_for_a_stranger()
    {
        using var liis = await PortalPerson.SignIn(browser.Node, "Patient/p03");
        var find = $"/patients/p06/appointments/new?service={Consultation}";
        var (status, html) = await liis.Get(find);
        Assert.Equal(HttpStatusCode.OK, status);
        var (held, hold) = await liis.Fill(find, "/patients/p06/appointments/hold", ("offer", Offer(html, 12)), ("service", Consultation));
        Assert.Equal(HttpStatusCode.OK, held);
        var path = "/patients/p06/appointments/held/" + hold.Split("/patients/p06/appointments/held/")[1].Split('"')[0];
        var (booked, page) = await liis.Fill(path, path, ("act", "book"), ("comment", ""));
        Assert.Equal(HttpStatusCode.OK, booked);
        Assert.Contains("The appointment is booked.", page, StringComparison.Ordinal);
        // The hold belongs to who made it, and the page of a stranger is not there.
        await TestPatient.Make(browser.Node, "stranger", "Stig", "Stranger", "stranger-1");
        using var stig = await PortalPerson.SignIn(browser.Node, "Patient/stranger");
        foreach (var stranger in (string[])["/patients/p03/appointments", "/patients/p03/appointments/new", path, "/patients/p03/appointments/p03-appointment", "/patients/p03/appointments/p03-appointment/cancel", "/patients/p03/appointments/p03-appointment/move"])
            Assert.True(HttpStatusCode.NotFound == (await stig.Get(stranger)).Status, stranger);
        // Nor is another's appointment on one's own page, nor another's hold.
        Assert.Equal(HttpStatusCode.NotFound, (await stig.Get("/patients/stranger/appointments/p03-appointment")).Status);
        Assert.DoesNotContain("This time is kept", (await stig.Get(path.Replace("p06", "stranger", StringComparison.Ordinal))).Html, StringComparison.Ordinal);
        var own = $"/patients/stranger/appointments/new?service={Consultation}";
        Assert.Equal(HttpStatusCode.NotFound, (await stig.Fill(own, "/patients/p03/appointments/hold", ("offer", Offer(html, 13)), ("service", Consultation))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await stig.Fill(own, "/patients/p03/appointments/p03-appointment/cancel", ("reason", "other"))).Status);
    }

    [Fact]
    public async Task An_adult_books_for_whom_asked_them_to_and_otherwise_only_reads()
    {
        await TestPatient.Make(browser.Node, "asks", "Asta", "Asker", "700101-9101");
        await TestPatient.Make(browser.Node, "helps", "Hans", "Helper", "700101-9102");
        using var asta = await PortalPerson.SignIn(browser.Node, "Patient/asks");
        using var hans = await PortalPerson.SignIn(browser.Node, "Patient/helps");
        const string family = "/patients/asks/family", find = $"/patients/asks/appointments/new?service={Consultation}";
        var until = ("until", DateTime.Today.AddDays(30).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
        await asta.Fill(family, $"{family}/let-in", ("number", "700101-9102"), until, ("part", "appointments"));
        Assert.DoesNotContain("Book an appointment", (await hans.Get("/patients/asks/appointments")).Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await hans.Get(find)).Status);
        var (_, own) = await hans.Get(find.Replace("asks", "helps", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.NotFound, (await hans.Fill(find.Replace("asks", "helps", StringComparison.Ordinal), "/patients/asks/appointments/hold", ("offer", Offer(own, 20)), ("service", Consultation))).Status);

        Assert.Contains("books appointments for you", (await asta.Fill(family, $"{family}/let-in", ("number", "700101-9102"), until, ("part", "appointments"), ("books", "yes"))).Html, StringComparison.Ordinal);
        var (_, html) = await hans.Get(find);
        Assert.Contains("You were let in: you can read, and book", html, StringComparison.Ordinal);
        var (_, hold) = await hans.Fill(find, "/patients/asks/appointments/hold", ("offer", Offer(html, 20)), ("service", Consultation));
        var held = "/patients/asks/appointments/held/" + hold.Split("/patients/asks/appointments/held/")[1].Split('"')[0];
        var (_, booked) = await hans.Fill(held, held, ("act", "book"), ("comment", ""));
        Assert.Contains("The appointment is booked.", booked, StringComparison.Ordinal);
        var path = "/patients/asks/appointments/" + booked.Split("/patients/asks/appointments/").Select(rest => rest.Split('"', '/', '?')[0]).First(id => Guid.TryParse(id, out _));
        Assert.Equal(HttpStatusCode.OK, (await asta.Get(path)).Status);
        // Who booked is in the log that she reads, and is told of it as she is.
        Assert.Contains("Hans Helper", (await asta.Get("/patients/asks/access")).Html, StringComparison.Ordinal);
        for (var i = 0; i < 100 && !(await hans.Get("/notices")).Html.Contains("Asta Asker", StringComparison.Ordinal); i++) await Task.Delay(200, Stop);
        Assert.Contains("Asta Asker", (await hans.Get("/notices")).Html, StringComparison.Ordinal);
        Assert.Contains("Cancelled", (await hans.Fill($"{path}/cancel", $"{path}/cancel", ("reason", "other"))).Html, StringComparison.Ordinal);
        // He reads nothing else, writes nothing else, and no longer books when she has ended it.
        Assert.Equal(HttpStatusCode.NotFound, (await hans.Get("/patients/asks/new/note")).Status);
        for (var i = 0; i < 2; i++) await asta.Fill(family, $"{family}/end", ("choice", await asta.FirstChoice(family)));
        Assert.Equal(HttpStatusCode.NotFound, (await hans.Get(find)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await hans.Get(path)).Status);
    }

    [Theory, InlineData(1280, false, "Liis Saar", "p03"), InlineData(360, true, "Kristjan Rebane", "p04")]
    public async Task A_series_is_booked_week_by_week_and_cancelled_with_what_comes_after(int width, bool dark, string who, string patient)
    {
        const string dressing = "practice-tartu-1-dressing";
        var (page, picture) = (await browser.Open(width, dark), $"{width}-{(dark ? "dark" : "light")}");
        await Browser.SignIn(page, who);
        await page.GotoAsync($"/patients/{patient}/appointments/new?service={dressing}");
        await page.Press(page.Locator("button.offer").Nth(width == 360 ? 7 : 3), "**/appointments/held/*");
        await page.SelectOptionAsync("#times", "4");
        await PageChecks.IsAccessible(page, width, $"series-hold-{picture}");
        await page.Press(page.GetByRole(AriaRole.Button, new() { Name = "Book this time" }), "**/appointments/*?saved=series*");
        await PageChecks.IsAccessible(page, width, $"series-{picture}");
        var others = page.Locator("section:has(> #series) li");
        var count = await others.CountAsync();
        Assert.InRange(count, 1, 3);
        // The second of them, with those after it.
        await page.Press(others.First.GetByRole(AriaRole.Link), "**/appointments/*");
        await page.Press(page.GetByRole(AriaRole.Link, new() { Name = "Cancel the appointment" }), "**/cancel");
        await page.CheckAsync("input[name=reason] >> nth=0");
        if (count > 1) await page.CheckAsync("#later");
        await PageChecks.IsAccessible(page, width, $"series-cancel-{picture}");
        await page.Press(page.GetByRole(AriaRole.Button, new() { Name = "Cancel the appointment" }), "**/appointments/*?saved=cancelled*");
        Assert.Equal(count - 1, await page.Locator("section:has(> #series) li", new() { HasText = "Cancelled" }).CountAsync());
    }

    [Fact]
    public async Task The_room_of_a_visit_by_video_opens_a_quarter_of_an_hour_before_it()
    {
        await TestPatient.Make(browser.Node, "seen-far", "Faye", "Far", "700101-9103");
        async Task Put(string id, int fromNow, string room) => await TestPatient.Put(browser.Node, $"Appointment/{id}", $$$"""{"resourceType":"Appointment","id":"{{{id}}}","status":"booked","start":"{{{DateTime.UtcNow.AddMinutes(fromNow):yyyy-MM-dd'T'HH:mm:ss'Z'}}}","end":"{{{DateTime.UtcNow.AddMinutes(fromNow + 20):yyyy-MM-dd'T'HH:mm:ss'Z'}}}","extension":[{"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.virtualService","extension":[{"url":"addressUrl","valueUrl":"{{{room}}}"}]}],"participant":[{"actor":{"reference":"Patient/seen-far"},"status":"accepted"},{"actor":{"reference":"Practitioner/holm"},"status":"accepted"}]}""");
        await Put("far-soon", 10, "https://video.test/rooms/soon");
        await Put("far-later", 40, "https://video.test/rooms/later");
        await Put("far-odd", 10, "javascript:alert(1)");
        using var faye = await PortalPerson.SignIn(browser.Node, "Patient/seen-far");
        var (_, soon) = await faye.Get("/patients/seen-far/appointments/far-soon");
        Assert.Contains("href=\"https://video.test/rooms/soon\"", soon, StringComparison.Ordinal);
        var (_, later) = await faye.Get("/patients/seen-far/appointments/far-later");
        Assert.Contains("a quarter of an hour before", later, StringComparison.Ordinal);
        Assert.DoesNotContain("video.test", later, StringComparison.Ordinal);
        Assert.DoesNotContain("javascript:", (await faye.Get("/patients/seen-far/appointments/far-odd")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_professional_books_what_patients_may_not_and_says_that_they_have_come()
    {
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        using var liis = await PortalPerson.SignIn(browser.Node, "Patient/p03");
        const string Long = "practice-tartu-1-long";
        Assert.DoesNotContain("name=\"offer\"", (await liis.Get($"/patients/p03/appointments/new?service={Long}")).Html, StringComparison.Ordinal);
        var find = $"/patients/p03/appointments/new?service={Long}";
        var (_, html) = await holm.Get(find);
        // Not even with the address that the form of a professional has.
        var (refused, why) = await liis.Fill($"/patients/p03/appointments/new?service={Consultation}", "/patients/p03/appointments/hold", ("offer", Offer(html, 1)));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused);
        Assert.Contains("is booked by the clinic", why, StringComparison.Ordinal);
        var (_, hold) = await holm.Fill(find, "/patients/p03/appointments/hold", ("offer", Offer(html, 1)), ("service", Long));
        var path = "/patients/p03/appointments/held/" + hold.Split("/patients/p03/appointments/held/")[1].Split('"')[0];
        Assert.Equal(HttpStatusCode.NotFound, (await liis.Get(path.Replace("p03", "p05", StringComparison.Ordinal))).Status);
        var (_, booked) = await holm.Fill(path, path, ("act", "book"), ("comment", "Both knees"));
        Assert.Contains("The appointment is booked.", booked, StringComparison.Ordinal);
        // The patient sees it, and who looked is in the log.
        Assert.Contains("Long consultation", (await liis.Get("/patients/p03/appointments")).Html, StringComparison.Ordinal);
        Assert.Contains("Søren Holm", (await liis.Get("/patients/p03/access")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_the_day_a_patient_says_that_they_are_here()
    {
        using var system = await browser.Node.Client("client/today");
        var soon = DateTimeOffset.Now.AddMinutes(30);
        Assert.SkipUnless(soon.Date == DateTimeOffset.Now.Date, "Too near to midnight.");
        await TestPatient.Make(browser.Node, "arrives", "Ada", "Arrives", "arrives-1");
        await TestPatient.Put(browser.Node, "Appointment/arrives-today", $$$"""{"resourceType":"Appointment","id":"arrives-today","status":"booked","start":"{{{soon:yyyy-MM-dd'T'HH:mm:sszzz}}}","end":"{{{soon.AddMinutes(20):yyyy-MM-dd'T'HH:mm:sszzz}}}","participant":[{"actor":{"reference":"Patient/arrives"},"status":"accepted"},{"actor":{"reference":"Practitioner/holm"},"status":"accepted"}]}""");
        using var patient = await PortalPerson.SignIn(browser.Node, "Patient/arrives");
        const string Page = "/patients/arrives/appointments/arrives-today";
        Assert.Contains("I am here", (await patient.Get(Page)).Html, StringComparison.Ordinal);
        var (_, html) = await patient.Fill(Page, $"{Page}/arrive");
        Assert.Contains("They know that you are here.", html, StringComparison.Ordinal);
        using var stored = JsonDocument.Parse(await system.GetStringAsync(new Uri("Appointment/arrives-today", UriKind.Relative), Stop));
        Assert.Equal("arrived", stored.RootElement.GetProperty("status").GetString());
    }
}
