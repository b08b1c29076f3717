using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.Playwright;
using Tervik.EndToEnd.Portal;

namespace Tervik.EndToEnd.Care;

/// <summary>The calendar of those who work with it: moving, absences and what becomes of the appointments in them, the waiting list.</summary>
public sealed class CalendarPagesTests(Browser browser) : IClassFixture<Browser>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;
    const string Consultation = "practice-tartu-1-consultation";

    static string Offer(string html, Func<string, bool> which) => html.Split("name=\"offer\" value=\"").Skip(1).Where(which).Select(rest => rest.Split('"')[0]).First();

    /// <summary>Books what this patient finds from a day on, and gives the path of the appointment's page.</summary>
    static async Task<string> Book(PortalPerson person, string patient, DateTime from, string with = "", int number = 0)
    {
        var find = $"/patients/{patient}/appointments/new?service={Consultation}&person={Uri.EscapeDataString(with)}&from={from:yyyy-MM-dd}";
        var offers = (await person.Get(find)).Html.Split("name=\"offer\" value=\"");
        var (_, hold) = await person.Fill(find, $"/patients/{patient}/appointments/hold", ("offer", offers[number + 1].Split('"')[0]), ("service", Consultation));
        var held = $"/patients/{patient}/appointments/held/{hold.Split($"/patients/{patient}/appointments/held/")[1].Split('"')[0]}";
        var (status, booked) = await person.Fill(held, held, ("act", "book"), ("comment", ""));
        Assert.Equal(HttpStatusCode.OK, status);
        return $"/patients/{patient}/appointments/{booked.Split($"/patients/{patient}/appointments/").Select(rest => rest.Split('"', '/', '?')[0]).First(id => Guid.TryParse(id, out _))}";
    }

    /// <summary>What happens within a second or so beside the request.</summary>
    static async Task<string> Until(PortalPerson person, string path, string words)
    {
        for (var i = 0; i < 150; i++)
        {
            var (_, html) = await person.Get(path);
            if (html.Contains(words, StringComparison.Ordinal)) return html;
            await Task.Delay(200, Stop);
        }
        Assert.Fail($"{path} never said {words}");
        return "";
    }

    async Task<JsonElement> Stored(string path)
    {
        using var system = await browser.Node.Client("client/calendar");
        using var json = JsonDocument.Parse(await system.GetStringAsync($"/fhir/Appointment/{path.Split('/')[^1]}", Stop));
        return json.RootElement.Clone();
    }

    static DateTime Weekday(int days)
    {
        var day = DateTime.Today.AddDays(days);
        return day.DayOfWeek switch { DayOfWeek.Saturday => day.AddDays(2), DayOfWeek.Sunday => day.AddDays(1), _ => day };
    }

    [Fact]
    public async Task An_appointment_is_moved_in_the_calendar_with_the_keys_and_with_the_pointer()
    {
        using var liis = await PortalPerson.SignIn(browser.Node, "Patient/p03");
        var day = Weekday(20);
        var path = await Book(liis, "p03", day, "Practitioner/holm");
        var page = await browser.Open(1280, false);
        await Browser.SignIn(page, "Søren Holm");
        await page.GotoAsync($"/calendar?day={day:yyyy-MM-dd}");
        await PageChecks.IsAccessible(page, 1280, "calendar-day-1280");
        var id = path.Split('/')[^1];
        var entry = page.Locator($"[data-appointment='{id}']");
        var before = await entry.Locator(".calendar-when").InnerTextAsync();
        await entry.Locator(".calendar-move").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("ArrowDown");
        Assert.Matches(@"\d\d:\d\d", await page.Locator("#calendar-said").InnerTextAsync());
        await page.Keyboard.PressAsync("Escape");
        Assert.Equal(0, await page.Locator(".calendar-ghost").CountAsync());
        await entry.Locator(".calendar-move").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("Enter");
        await page.ArrivesAt("**/calendar?*saved=moved");
        await PageChecks.IsAccessible(page, 1280, "calendar-moved-1280");
        var moved = await page.Locator($"[data-appointment='{id}'] .calendar-when").InnerTextAsync();
        Assert.NotEqual(before, moved);
        // A week of one, and there to another day.
        await page.GotoAsync($"/calendar?day={day:yyyy-MM-dd}&of=holm-calendar");
        await PageChecks.IsAccessible(page, 1280, "calendar-week-1280");
        var free = page.Locator(".calendar-column").Nth(((int)day.DayOfWeek + 6) % 7 == 0 ? 1 : 0).Locator(".calendar-open").Last;
        await page.Locator($"[data-appointment='{id}'] .calendar-when").HoverAsync();
        await page.Mouse.DownAsync();
        foreach (var y in (float[])[90, 95, 100]) await free.HoverAsync(new() { Position = new() { X = 30, Y = y }, Force = true });
        await page.Mouse.UpAsync();
        await page.ArrivesAt("**/calendar?*saved=moved");
        Assert.NotEqual(day.Date, DateTimeOffset.Parse((await Stored(path)).GetProperty("start").GetString()!, CultureInfo.InvariantCulture).Date);
        // On a phone it is a list, whose links lead to pages.
        var phone = await browser.Open(360, true);
        await Browser.SignIn(phone, "Søren Holm");
        await phone.GotoAsync($"/calendar?day={day:yyyy-MM-dd}&of=holm-calendar");
        await PageChecks.IsAccessible(phone, 360, "calendar-week-360-dark");
        await phone.Locator($"[data-appointment='{id}'] .calendar-move").ClickAsync();
        await phone.ArrivesAt("**/move");
    }

    [Fact]
    public async Task A_move_to_what_is_taken_or_of_what_was_changed_is_refused_and_the_calendar_shown()
    {
        using var liis = await PortalPerson.SignIn(browser.Node, "Patient/p03");
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        var day = Weekday(24);
        var (one, other) = (await Book(liis, "p03", day, "Practitioner/holm"), await Book(liis, "p03", day, "Practitioner/holm", 2));
        var calendar = $"/calendar?day={day:yyyy-MM-dd}";
        var (_, find) = await holm.Get($"{other}/move?person=Practitioner%2Fholm&from={day:yyyy-MM-dd}");
        var offer = Offer(find, _ => true);
        var fields = (string version, string what) => new[] { ("offer", what), ("form-version", version), ("day", $"{day:yyyy-MM-dd}"), ("of", "") };
        Assert.Equal(HttpStatusCode.Conflict, (await holm.Fill(calendar, $"/calendar/{one.Split('/')[^1]}/move", fields("7", offer))).Status);
        Assert.Equal(HttpStatusCode.OK, (await holm.Fill(calendar, $"/calendar/{one.Split('/')[^1]}/move", fields("1", offer))).Status);
        var (status, html) = await holm.Fill(calendar, $"/calendar/{other.Split('/')[^1]}/move", fields("1", offer));
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("Somebody else has just taken this time", html, StringComparison.Ordinal);
        // Patients have no calendar, and who does not treat somebody sees that the time is taken and not whose it is.
        Assert.Equal(HttpStatusCode.Forbidden, (await liis.Get("/calendar")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await liis.Fill(one, $"/calendar/{one.Split('/')[^1]}/move", fields("2", offer))).Status);
    }

    [Fact]
    public async Task For_appointments_in_an_absence_other_times_are_kept_and_the_patient_takes_one()
    {
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        using var kristjan = await PortalPerson.SignIn(browser.Node, "Patient/p04");
        var day = Weekday(33);
        var (path, second) = (await Book(kristjan, "p04", day, "Practitioner/holm"), await Book(kristjan, "p04", day, "Practitioner/holm", 3));
        var form = $"/calendar/absences?of=holm-calendar&from-day={day:yyyy-MM-dd}&from-time=00:00&to-day={day:yyyy-MM-dd}&to-time=23:30&why=Course";
        Assert.Contains("2 appointments are in this time", (await holm.Get(form)).Html, StringComparison.Ordinal);
        var (status, absences) = await holm.Fill(form, "/calendar/absences", ("of", "holm-calendar"), ("from-day", $"{day:yyyy-MM-dd}"), ("from-time", "00:00"), ("to-day", $"{day:yyyy-MM-dd}"), ("to-time", "23:30"), ("why", "Course"));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("Course", absences, StringComparison.Ordinal);
        // Nobody is offered that day any more.
        Assert.DoesNotContain($"{day:yyyy-MM-dd}T", (await kristjan.Get($"/patients/p04/appointments/new?service={Consultation}&person=Practitioner%2Fholm&from={day:yyyy-MM-dd}")).Html, StringComparison.Ordinal);
        await Until(kristjan, path, "The clinic cannot keep this appointment. These times are kept for you");
        await Until(kristjan, second, "These times are kept for you");
        var page = await browser.Open(360, true);
        await Browser.SignIn(page, "Kristjan Rebane");
        await page.GotoAsync(path);
        await PageChecks.IsAccessible(page, 360, "kept-absence-360-dark");
        Assert.Equal(3, await page.Locator(".kept-times button").CountAsync());
        await page.GotoAsync("/patients/p04/appointments");
        await PageChecks.IsAccessible(page, 360, "kept-absence-list-360-dark");
        await page.GotoAsync(path);
        await page.Locator(".kept-times button").Nth(1).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.ArrivesAt("**/appointments/*?saved=moved");
        var now = await Stored(path);
        Assert.NotEqual(day.Date, DateTimeOffset.Parse(now.GetProperty("start").GetString()!, CultureInfo.InvariantCulture).Date);
        Assert.DoesNotContain("urn:tervik:kept-time", now.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("urn:tervik:waiting", now.GetRawText(), StringComparison.Ordinal);
        // Who chose none is to be called; when the absence is taken back, everything is as it was.
        Assert.Equal(HttpStatusCode.OK, (await kristjan.Fill(second, $"{second}/decline")).Status);
        Assert.Contains("Call: no other time was found", (await holm.Get("/calendar/absences")).Html, StringComparison.Ordinal);
        var staff = await browser.Open(1280, false);
        await Browser.SignIn(staff, "Søren Holm");
        await staff.GotoAsync("/calendar/absences");
        await PageChecks.IsAccessible(staff, 1280, "absences-1280");
        await staff.GotoAsync($"/calendar?day={day:yyyy-MM-dd}");
        await PageChecks.IsAccessible(staff, 1280, "calendar-absence-1280");
        var remove = absences.Split("/calendar/absences/").Select(rest => rest.Split('/')[0]).First(id => id.Length > 20 && !id.Contains('"', StringComparison.Ordinal));
        Assert.Contains("The time is open again", (await holm.Fill("/calendar/absences", $"/calendar/absences/{remove}/remove")).Html, StringComparison.Ordinal);
        for (var i = 0; i < 100 && (await Stored(second)).GetRawText().Contains("displaced", StringComparison.Ordinal); i++) await Task.Delay(200, Stop);
        Assert.DoesNotContain("displaced", (await Stored(second)).GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_leads_a_unit_sees_its_numbers_and_takes_them_along_as_a_file()
    {
        using var liis = await PortalPerson.SignIn(browser.Node, "Patient/p03");
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        var day = Weekday(40);
        var numbers = $"from={day.AddDays(-10):yyyy-MM-dd}&to={day.AddDays(10):yyyy-MM-dd}";
        int Booked(string csv) => csv.Split("\r\n").First(line => line.Contains("Consultation with a family doctor", StringComparison.Ordinal)) is var line ? int.Parse(line.Split(',')[3], CultureInfo.InvariantCulture) : 0;
        var (status, before) = await holm.Get($"/calendar/numbers.csv?{numbers}");
        Assert.Equal(HttpStatusCode.OK, status);
        var path = await Book(liis, "p03", day, "Practitioner/holm");
        var (_, after) = await holm.Get($"/calendar/numbers.csv?{numbers}");
        Assert.Equal(Booked(before) + 1, Booked(after));
        await liis.Fill($"{path}/cancel", $"{path}/cancel", ("reason", "pat"));
        Assert.Equal(Booked(before), Booked((await holm.Get($"/calendar/numbers.csv?{numbers}")).Html));
        foreach (var (width, dark) in new[] { (1280, false), (360, true) })
        {
            var page = await browser.Open(width, dark);
            await Browser.SignIn(page, "Søren Holm");
            await page.GotoAsync($"/calendar/numbers?{numbers}");
            await PageChecks.IsAccessible(page, width, $"numbers-{width}");
        }
        Assert.Equal(HttpStatusCode.Forbidden, (await liis.Get("/calendar/numbers")).Status);
    }

    [Fact]
    public async Task Who_waits_for_an_earlier_time_gets_one_kept_and_may_decline_or_take_it()
    {
        using var liis = await PortalPerson.SignIn(browser.Node, "Patient/p03");
        using var holm = await PortalPerson.SignIn(browser.Node, "Practitioner/holm");
        var path = await Book(liis, "p03", Weekday(50), "Practitioner/holm");
        // Not before a day that lies after every time there is: waits, and nothing is kept.
        var (status, waits) = await liis.Fill(path, $"{path}/earlier", ("act", "wait"), ("from", $"{DateTime.Today.AddDays(300):yyyy-MM-dd}"));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("You wait for an earlier time: number 1 of 1", waits, StringComparison.Ordinal);
        Assert.Contains("Liis Saar", (await holm.Get("/calendar/waiting")).Html, StringComparison.Ordinal);
        Assert.Contains("The order of the list follows it", (await holm.Fill("/calendar/waiting", $"/calendar/waiting/{path.Split('/')[^1]}", ("priority", "1"))).Html, StringComparison.Ordinal);
        var staff = await browser.Open(360, false);
        await Browser.SignIn(staff, "Søren Holm");
        await staff.GotoAsync("/calendar/waiting");
        await PageChecks.IsAccessible(staff, 360, "waiting-360");
        Assert.Contains("no longer on the list", (await liis.Fill(path, $"{path}/earlier", ("act", "stop"))).Html, StringComparison.Ordinal);
        await liis.Fill(path, $"{path}/earlier", ("act", "wait"), ("from", $"{DateTime.Today.AddDays(30):yyyy-MM-dd}"));
        await Until(liis, path, "An earlier time is kept for you");
        await Until(liis, "/notices", "Another time is kept for you");
        var page = await browser.Open(1280, true);
        await Browser.SignIn(page, "Liis Saar");
        await page.GotoAsync(path);
        await PageChecks.IsAccessible(page, 1280, "kept-earlier-1280-dark");
        var first = await page.Locator(".kept-times button").InnerTextAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "No, thank you" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.ArrivesAt("**/appointments/*?saved=declined");
        // The next is another one, and can be had by nobody else meanwhile.
        await Until(liis, path, "An earlier time is kept for you");
        await page.GotoAsync(path);
        Assert.NotEqual(first, await page.Locator(".kept-times button").InnerTextAsync());
        var kept = await page.Locator(".kept-times button").GetAttributeAsync("value");
        Assert.DoesNotContain(kept!, (await holm.Get($"/patients/p04/appointments/new?service={Consultation}&from={DateTime.Today.AddDays(30):yyyy-MM-dd}")).Html, StringComparison.Ordinal);
        await page.Locator(".kept-times button").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.ArrivesAt("**/appointments/*?saved=moved");
        Assert.DoesNotContain("urn:tervik:earlier", (await Stored(path)).GetRawText(), StringComparison.Ordinal);
    }
}
