using System.Globalization;
using Microsoft.Playwright;

namespace Tervik.EndToEnd.Portal;

/// <summary>What holds on every page of both faces, in every appearance.</summary>
public sealed class PagesTests(Browser browser) : IClassFixture<Browser>
{
    /// <summary>The first page of somebody with an empty cache, all its parts together.</summary>
    const int MostBytes = 150_000;

    public static TheoryData<string, int, string> Variants
    {
        get
        {
            var variants = new TheoryData<string, int, string>();
            foreach (var who in PortalPage.All.Select(page => page.Who ?? "nobody").Distinct())
                foreach (var (width, appearance) in ((int, string)[])[(360, "light"), (360, "dark"), (1280, "light"), (1280, "dark"), (1280, "contrast")]) variants.Add(who, width, appearance);
            return variants;
        }
    }

    [Theory, MemberData(nameof(Variants))]
    public async Task Every_page_is_accessible_fits_its_width_and_asks_nobody_else(string who, int width, string appearance)
    {
        var page = await browser.Open(width, dark: appearance == "dark");
        if (appearance == "contrast") await page.Context.AddCookiesAsync([new() { Name = "appearance", Value = "contrast", Url = browser.Node.Address }]);
        var faults = new List<string>();
        page.Request += (_, request) => { if (!request.Url.StartsWith(browser.Node.Address, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal)) faults.Add($"asked {request.Url}"); };
        page.Console += (_, message) => { if (message.Type == "error" && !message.Text.Contains("404", StringComparison.Ordinal)) faults.Add(message.Text); };
        page.PageError += (_, error) => faults.Add(error);
        if (who != "nobody") await Browser.SignIn(page, who);
        foreach (var one in PortalPage.All.Where(one => (one.Who ?? "nobody") == who))
        {
            var answer = await page.GoTo(one.Path);
            if (answer!.Status != (one.Name.EndsWith("not-found", StringComparison.Ordinal) ? 404 : 200)) faults.Add($"{one.Path} answered {answer.Status}");
            faults.AddRange((await page.EvaluateAsync<string[]>(PortalPage.Misfits)).Select(misfit => $"{one.Path} {misfit}"));
            if (await page.Locator("h1").CountAsync() != 1) faults.Add($"{one.Path} has not one h1");
            faults.AddRange((await Accessibility.Violations(page, onlyColours: appearance != "light")).Select(violation => $"{one.Path}: {violation}"));
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Theory, InlineData("nobody"), InlineData("Mari Tamm"), InlineData("Søren Holm")]
    public async Task With_text_of_twice_the_size_nothing_is_cut_off(string who)
    {
        var page = await browser.Open();
        if (who != "nobody") await Browser.SignIn(page, who);
        var faults = new List<string>();
        foreach (var one in PortalPage.All.Where(one => (one.Who ?? "nobody") == who))
        {
            await page.GoTo(one.Path);
            await page.EvaluateAsync("document.documentElement.style.fontSize = '200%'");
            faults.AddRange((await page.EvaluateAsync<string[]>(PortalPage.Misfits)).Select(misfit => $"{one.Path} {misfit}"));
            // Text is cut off where an element hides what does not fit in it; what only screen readers read is meant to.
            faults.AddRange((await page.EvaluateAsync<string[]>("""
                [...document.querySelectorAll('main *, header *')].filter(e => e.clientWidth > 1 && ['hidden', 'clip'].includes(getComputedStyle(e).overflowX) && !e.closest('svg, [class*=sr-only], select')
                    && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1) && e.tagName !== 'INPUT').map(e => e.tagName + '.' + e.className)
                """)).Select(cut => $"{one.Path}: {cut} is cut off"));
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Theory, InlineData("nobody"), InlineData("Mari Tamm"), InlineData("Søren Holm")]
    public async Task Without_JavaScript_every_page_has_its_content_and_no_dead_control(string who)
    {
        var page = await browser.Open(javaScript: false);
        if (who != "nobody") await Browser.SignIn(page, who);
        var faults = new List<string>();
        foreach (var one in PortalPage.All.Where(one => (one.Who ?? "nobody") == who))
        {
            await page.GoTo(one.Path);
            var text = await page.Locator("main").InnerTextAsync();
            if (text.Length < 40) faults.Add($"{one.Path} says only {text}");
            // A button outside a form does nothing without a script.
            faults.AddRange((await page.Locator("button:visible").EvaluateAllAsync<string[]>("buttons => buttons.filter(button => !button.form).map(button => button.outerHTML)")).Select(dead => $"{one.Path}: {dead}"));
            if (await page.Locator("[aria-busy=true]:visible, .skeleton:visible").CountAsync() > 0) faults.Add($"{one.Path} waits for a script");
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Theory, InlineData("Mari Tamm"), InlineData("Søren Holm")]
    public async Task The_first_page_is_small(string who)
    {
        var page = await browser.Open();
        await Browser.SignIn(page, who);
        // A new browser that is already signed in: nothing is cached.
        var cookies = (await page.Context.CookiesAsync()).Select(cookie => new Cookie { Name = cookie.Name, Value = cookie.Value, Url = browser.Node.Address });
        var first = await browser.Open();
        await first.Context.AddCookiesAsync(cookies);
        var requests = new List<IRequest>();
        first.RequestFinished += (_, request) => requests.Add(request);
        await first.GotoAsync("/", new() { WaitUntil = WaitUntilState.NetworkIdle });
        var bytes = 0;
        foreach (var request in requests.Where(request => !request.Url.StartsWith("data:", StringComparison.Ordinal)))
            if (await request.SizesAsync() is { } sizes) bytes += sizes.ResponseBodySize + sizes.ResponseHeadersSize;
        Assert.InRange(bytes, 1, MostBytes);
    }

    [Theory, InlineData("Mari Tamm"), InlineData("Søren Holm")]
    public async Task No_link_is_dead(string who)
    {
        var page = await browser.Open();
        await Browser.SignIn(page, who);
        var links = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var one in PortalPage.All.Where(one => one.Who == who && !one.Name.EndsWith("not-found", StringComparison.Ordinal)))
        {
            await page.GoTo(one.Path);
            foreach (var link in await page.EvaluateAsync<string[]>("[...document.querySelectorAll('a[href]')].map(a => a.href.split('#')[0])")) links.TryAdd(link, one.Path);
        }
        var faults = new List<string>();
        foreach (var (link, from) in links)
            if (!link.StartsWith(browser.Node.Address, StringComparison.Ordinal)) faults.Add($"{from} leads elsewhere: {link}");
            else if (await page.Context.APIRequest.GetAsync(link) is { Ok: false } answer) faults.Add($"{link} on {from} answered {answer.Status}");
        Assert.True(links.Count > 20, $"Only {links.Count.ToString(CultureInfo.InvariantCulture)} links were found.");
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }
}
