using Microsoft.Playwright;

namespace Tervik.EndToEnd.Portal;

/// <summary>Debian's chromium, driven as a person would.</summary>
public sealed class Browser : IAsyncLifetime
{
    /// <summary>The one without windows where it is installed: it takes two thirds of the time. Null where there is neither.</summary>
    internal static string? Chromium { get; } = new[] { "/usr/bin/chromium-headless-shell", "/usr/bin/chromium" }.FirstOrDefault(File.Exists);

    public Node Node { get; init; } = new();
    IPlaywright? playwright;
    IBrowser? browser;

    public async ValueTask InitializeAsync()
    {
        if (Chromium is null) return;
        await Node.InitializeAsync();
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = ["--no-sandbox"] });
    }

    /// <summary>A page of a new person's browser.</summary>
    /// <param name="width">Of the window.</param>
    /// <param name="dark">Whether the system asks for dark pages.</param>
    /// <param name="javaScript">Whether scripts run.</param>
    /// <param name="keepsPolicy">Whether the content security policy holds: axe cannot be put into such a page.</param>
    public async Task<IPage> Open(int width = 1280, bool dark = false, bool javaScript = true, bool keepsPolicy = false)
    {
        Assert.SkipWhen(browser is null, "Chromium is not installed (Debian: chromium).");
        var context = await browser.NewContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = 900 }, ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light, JavaScriptEnabled = javaScript, BaseURL = Node.Address, BypassCSP = !keepsPolicy,
        });
        return await context.NewPageAsync();
    }

    /// <summary>Signs in on the demonstration page.</summary>
    public static async Task SignIn(IPage page, string name)
    {
        await page.GotoAsync($"/sign-in?name={Uri.EscapeDataString(name)}");
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new(name) }).First.ClickAsync();
        await page.ArrivesAt("**/");
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null) await browser.DisposeAsync();
        playwright?.Dispose();
        if (Chromium is not null) await Node.DisposeAsync();
    }
}
