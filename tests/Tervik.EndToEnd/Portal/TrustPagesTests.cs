using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Playwright;
using Tervik.DemoPortal.SignIn;
using Tervik.DemoPortal.Tour;
using Tervik.Portal.Shell;
using Tervik.Portal.SignIn;

namespace Tervik.EndToEnd.Portal;

public sealed class TrustPagesTests(Browser browser) : IClassFixture<Browser>
{
    /// <summary>What everyone reaches who is p01 or holm; for the policy, and for axe where the page is one of this folder's.</summary>
    static readonly (string Name, string? Who, string Path)[] Pages =
    [
        ("family", "Mari Tamm", "/patients/p01/family"), ("sharing", "Mari Tamm", "/patients/p01/sharing?name=holm"), ("close", "Mari Tamm", "/patients/p01/sharing/close?actor=Practitioner/holm"),
        ("access", "Mari Tamm", "/patients/p01/access?from=2026-01-01"), ("question", "Mari Tamm", "/patients/p01/access/question?agent=Practitioner/holm&day=2026-11-25"), ("account", "Mari Tamm", "/account"),
        ("access-professional", "Søren Holm", "/patients/p01/access"),
    ];

    static async Task Check(IPage page, string name, int width, bool dark)
    {
        Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width, $"{name} is wider than the window.");
        Assert.Empty((await Accessibility.Violations(page)).Select(violation => $"{name}: {violation}"));
        if (Environment.GetEnvironmentVariable("TERVIK_SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}-{width}-{(dark ? "dark" : "light")}.png"), FullPage = true });
    }

    [Theory, InlineData(1280, false), InlineData(360, true)]
    public async Task Pages_about_who_sees_what_are_accessible_and_fit_their_width(int width, bool dark)
    {
        await TestPatient.Make(browser.Node, "t-viewer", "Viivi", "Vaatleja", "700101-9001");
        await TestPatient.Make(browser.Node, "t-shown", "Karl", "Nattdal", "691112-9011");
        using (var owner = await PortalPerson.SignIn(browser.Node, "Patient/t-shown"))
            await owner.Post("/patients/t-shown/family", "/patients/t-shown/family/let-in", ("number", "700101-9001"), ("until", DateTime.Today.AddYears(2).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)));
        foreach (var who in Pages.GroupBy(page => page.Who))
        {
            var page = await browser.Open(width, dark);
            await Browser.SignIn(page, who.Key!);
            foreach (var (name, _, path) in who)
            {
                await page.GoTo(path);
                await Check(page, name, width, dark);
            }
        }
        var viewer = await browser.Open(width, dark);
        await Browser.SignIn(viewer, "Viivi Vaatleja");
        await viewer.GotoAsync("/patients/t-shown");
        Assert.Contains("You are looking at the record of Karl Nattdal", await viewer.Locator(".acting").InnerTextAsync(), StringComparison.Ordinal);
        await Check(viewer, "acting", width, dark);
        await viewer.GotoAsync("/patients/t-viewer/access");
        Assert.Contains("they looked this person up to let them into their own record", await viewer.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_page_breaks_the_content_security_policy()
    {
        var page = await browser.Open(keepsPolicy: true);
        var broken = new List<string>();
        page.Console += (_, message) => { if (message.Text.Contains("Content Security Policy", StringComparison.Ordinal)) broken.Add($"{page.Url}: {message.Text}"); };
        await page.GotoAsync("/sign-in");
        foreach (var (who, paths) in ((string, string[])[])
        [
            ("Mari Tamm", [.. Pages.Where(one => one.Who == "Mari Tamm").Select(one => one.Path), .. Ways("p01"), "/", "/patients/p01/entry/Appointment/p01-appointment", "/patients/p01/results?code=http%3A%2F%2Floinc.org%7C4548-4"]),
            ("Søren Holm", ["/patients", .. Ways("p01"), "/account"]),
        ])
        {
            await Browser.SignIn(page, who);
            foreach (var path in paths)
                if ((await page.APIRequest.GetAsync(path)).Status == 200) await page.GoTo(path);
        }
        Assert.Empty(broken);
        var answer = await page.GotoAsync("/account");
        Assert.Equal(("nosniff", "no-store"), ((await answer!.AllHeadersAsync())["x-content-type-options"], (await answer.AllHeadersAsync())["cache-control"]));
    }

    static IEnumerable<string> Ways(string patient) => Tervik.Portal.Record.RecordWays.All.SelectMany(group => group.Ways).Select(way => $"/patients/{patient}{way.Path}");

    [Fact]
    public async Task What_is_wrong_with_the_form_stands_by_its_field_and_nothing_is_lost()
    {
        var page = await browser.Open();
        await TestPatient.Make(browser.Node, "t-form", "Signy", "Formann", "820303-9012");
        await TestPatient.Make(browser.Node, "t-form-other", "Ander", "Formansen", "820303-9013");
        await Browser.SignIn(page, "Signy Formann");
        await page.GotoAsync("/patients/t-form/family");
        var until = DateTime.Today.AddYears(1).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        foreach (var (number, error) in ((string, string)[])[("000000-9999", "We know nobody with this number"), ("820303-9012", "This is your own number")])
        {
            await page.FillAsync("#number", number);
            await page.FillAsync("#until", until);
            await page.GetByRole(AriaRole.Button, new() { Name = "Let them in" }).ClickAsync();
            Assert.Contains(error, await page.Locator("#number-error").InnerTextAsync(), StringComparison.Ordinal);
            Assert.Equal((number, until), (await page.InputValueAsync("#number"), await page.InputValueAsync("#until")));
        }
        await page.FillAsync("#number", "820303-9013");
        await page.FillAsync("#until", "2000-01-01");
        await page.GetByRole(AriaRole.Button, new() { Name = "Let them in" }).ClickAsync();
        Assert.True(await page.Locator("#until-error").IsVisibleAsync());
        // Closing asks that its effect was read.
        await page.GotoAsync("/patients/t-form/sharing/close?actor=Practitioner/lund");
        await page.GetByRole(AriaRole.Button, new() { Name = "Close my record" }).ClickAsync();
        Assert.True(await page.Locator("#understood-error").IsVisibleAsync());
        await page.CheckAsync("#understood");
        await page.GetByRole(AriaRole.Button, new() { Name = "Close my record" }).ClickAsync();
        Assert.Contains("Maja Lund", await page.Locator("section:has(#closed)").InnerTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_looks_wrong_becomes_a_case_whose_state_the_patient_sees_and_the_professional_does_not()
    {
        await TestPatient.Make(browser.Node, "t-case", "Niilo", "Kysyja", "530404-9010");
        using (var doctor = await PortalPerson.SignIn(browser.Node, "Practitioner/holm")) await doctor.Get("/patients/t-case");
        var page = await browser.Open();
        await Browser.SignIn(page, "Niilo Kysyja");
        await page.GotoAsync("/patients/t-case/access");
        await page.GetByRole(AriaRole.Link, new() { NameRegex = new("This looks wrong: .*Holm") }).First.ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Send the question" }).ClickAsync();
        Assert.False(await page.EvaluateAsync<bool>("document.querySelector('#text').checkValidity()"));
        await page.FillAsync("#text", "I was not there <b>that</b> day.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send the question" }).ClickAsync();
        var cases = page.Locator("section:has(#cases)");
        Assert.Contains("I was not there <b>that</b> day.", await cases.InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("sent", await cases.InnerTextAsync(), StringComparison.Ordinal);
        using var institution = await browser.Node.Client("client/protection");
        var task = await institution.GetStringAsync(new Uri("Task?code=urn:tervik:task|access-question", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Contains("I was not there", task, StringComparison.Ordinal);
        using var accused = await browser.Node.Client("Practitioner/holm");
        Assert.DoesNotContain("I was not there", await accused.GetStringAsync(new Uri("Task?code=urn:tervik:task|access-question", UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_that_is_ended_is_signed_out_with_its_next_request()
    {
        await TestPatient.Make(browser.Node, "t-devices", "Eha", "Seadmets", "411211-9005");
        var (here, there) = (await browser.Open(), await browser.Open());
        await Browser.SignIn(here, "Eha Seadmets");
        await Browser.SignIn(there, "Eha Seadmets");
        await here.GotoAsync("/account");
        var devices = here.Locator("section:has(#sessions)");
        Assert.Equal(2, await devices.Locator("ul.rows > li").CountAsync());
        Assert.Contains("Chrome on Linux", await devices.InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal(1, await devices.GetByText("this device").CountAsync());
        await devices.GetByRole(AriaRole.Button, new() { NameRegex = new("^Sign out there: Chrome") }).First.ClickAsync();
        Assert.Equal(1, await devices.Locator("ul.rows > li").CountAsync());
        await there.GotoAsync("/account");
        Assert.Contains("/sign-in", there.Url, StringComparison.Ordinal);
    }

    [Theory, InlineData(1280, false), InlineData(360, true)]
    public async Task People_of_the_tour_are_offered_first(int width, bool dark)
    {
        TourPersona[] personas =
        [
            new("Patient/p01", "Mari Tamm", false, () => "A teacher of 69 with diabetes.", () => ["Look at the trend of the long-term sugar.", "See who has looked."]),
            new("Patient/p02", "Jaan Kask", false, () => "A retired sailor.", () => []), new("Practitioner/holm", "Dr. Søren Holm", true, () => "A general practitioner.", () => ["Open Mari Tamm."]),
        ];
        var page = await browser.Open(width, dark);
        foreach (var (name, html) in ((string, string)[])
            [("sign-in-personas", await Render<SignInPage>(new SignInModel("/", null, new(null, HasPasskeys: false), DemoSignIn.Part<DemoPart>(("Frame", new Frame(null, "auto", "/sign-in", "token")), ("Model", new DemoModel("", "/", [], [], null, personas))), null))), ("tour", await Render<TourPage>(new TourModel(personas)))])
        {
            await page.RouteAsync("**/under-test", route => route.FulfillAsync(new() { ContentType = "text/html; charset=utf-8", Body = html }));
            await page.GotoAsync("/under-test");
            Assert.Equal(3, await page.Locator(".personas > li").CountAsync());
            Assert.Equal(2, await page.Locator(".personas details").CountAsync());
            await Check(page, name, width, dark);
            await page.UnrouteAllAsync();
        }
    }

    static async Task<string> Render<TPage>(object model) where TPage : IComponent
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        await using var renderer = new HtmlRenderer(services, NullLoggerFactory.Instance);
        var parameters = ParameterView.FromDictionary(new Dictionary<string, object?> { ["Frame"] = new Frame(null, "auto", "/sign-in", "token") { HasTour = true }, ["Model"] = model });
        return await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<TPage>(parameters)).ToHtmlString());
    }
}

/// <summary>A node whose sessions end after seconds.</summary>
public sealed class SessionTimeTests
{
    static async Task<Browser> GivenSessionsOf(int seconds)
    {
        var browser = new Browser { Node = new Node { Others = [$"sessionIdleSeconds={seconds}"] } };
        await browser.InitializeAsync();
        return browser;
    }

    [Fact]
    public async Task Before_a_session_ends_it_can_be_kept_and_after_it_nothing_that_was_typed_is_lost()
    {
        await using var browser = await GivenSessionsOf(12);
        var page = await browser.Open(keepsPolicy: true);
        await Browser.SignIn(page, "Mari Tamm");
        var (dialog, stay) = (page.Locator("#session"), page.GetByRole(AriaRole.Button, new() { Name = "Stay signed in" }));
        await stay.WaitForAsync();
        Assert.Matches("^0:0[1-6]$", await dialog.GetByRole(AriaRole.Timer).InnerTextAsync());
        Assert.True(await stay.EvaluateAsync<bool>("button => button === document.activeElement"));
        await page.Keyboard.PressAsync("Enter");
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        // Kept: longer than the time since the sign-in.
        await stay.WaitForAsync();
        await page.Keyboard.PressAsync("Enter");
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.Equal(200, (await page.GotoAsync("/patients/p01/family"))!.Status);
        await page.FillAsync("#number", "490902-0001");
        await page.FillAsync("#until", "2027-01-01");
        var again = page.GetByRole(AriaRole.Button, new() { Name = "Sign in and go on" });
        await again.WaitForAsync(new() { Timeout = 30_000 });
        Assert.Equal("490902-0001", await page.InputValueAsync("#number"));
        Assert.Equal(1, await page.EvaluateAsync<int>("document.querySelectorAll('dialog[open]').length"));
        await again.ClickAsync();
        await page.GetByText("You were signed out while writing").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("Mari Tamm") }).First.ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        Assert.Equal(("490902-0001", "2027-01-01"), (await page.InputValueAsync("#number"), await page.InputValueAsync("#until")));
        Assert.Contains("You have let nobody in", await page.Locator("section:has(#let-in)").InnerTextAsync(), StringComparison.Ordinal);
        // Nobody typed into this page, and yet it holds what was typed: it is not given up at the end of the next session either.
        await again.WaitForAsync(new() { Timeout = 30_000 });
        Assert.Equal("490902-0001", await page.InputValueAsync("#number"));
    }

    [Fact]
    public async Task When_nothing_was_typed_the_page_gives_way_to_the_sign_in()
    {
        await using var browser = await GivenSessionsOf(2);
        var page = await browser.Open();
        await Browser.SignIn(page, "Mari Tamm");
        await page.ArrivesAt("**/sign-in?to=%2F");
    }

    [Fact]
    public async Task After_a_sign_out_in_one_tab_the_others_give_way_too()
    {
        await using var browser = await GivenSessionsOf(1800);
        var page = await browser.Open();
        await Browser.SignIn(page, "Mari Tamm");
        var other = await page.Context.NewPageAsync();
        await other.GotoAsync("/patients/p01/timeline");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out", Exact = true }).ClickAsync();
        await other.ArrivesAt("**/sign-in?to=**");
        Assert.DoesNotContain("Mari", await other.Locator("main h1").InnerTextAsync(), StringComparison.Ordinal);
    }
}
