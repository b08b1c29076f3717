using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Tervik.Tests;

namespace Tervik.Screenshots;

/// <summary><c>./tervik screenshots</c>: every page of the running portal in every width and appearance, the main ones in every language; and of these the ones that <c>docs/tour.md</c> shows.</summary>
static partial class Program
{
    const string Chromium = "/usr/bin/chromium";
    static readonly int[] Widths = [360, 1280, 1920];
    static readonly string[] Languages = ["en", "da", "et", "ko"];

    /// <summary>One picture: its file is <c>name-width-scheme-language.png</c>.</summary>
    sealed record Shot(PortalPage Page, int Width, string Scheme, string Language)
    {
        public string File => string.Create(CultureInfo.InvariantCulture, $"{Page.Name}-{Width}-{Scheme}-{Language}.png");
    }

    static async Task<int> Main(string[] options)
    {
        if (options.Contains("--help"))
        {
            Console.WriteLine("./tervik screenshots [--url http://…] [--out DIR] [--only TEXT] [--tour FILE]\n  pictures of every page at 360, 1280 and 1920 pixels, light and dark, the main ones in four languages;\n  those that --tour (docs/tour.md) refers to are copied beside it. --only: names that hold TEXT; --only tour: only those of the tour.");
            return 0;
        }
        var folder = Option(options, "--out") ?? "artifacts/screenshots";
        var tour = Option(options, "--tour") ?? "docs/tour.md";
        var program = Option(options, "--program");
        Directory.CreateDirectory(folder);
        var data = Directory.CreateTempSubdirectory("tervik-screenshots-").FullName;
        var address = Option(options, "--url") ?? $"http://127.0.0.1:{FreePort()}";
        using var server = Option(options, "--url") is null ? Process.Start(new ProcessStartInfo(program!, ["serve", "--data", data, "--listen", address, "--set", "mostSignInsOfAddress=10000"]) { RedirectStandardOutput = true }) : null;
        try
        {
            await Ready(address);
            var shown = File.Exists(tour) ? Pictures().Matches(await File.ReadAllTextAsync(tour)).Select(match => match.Groups[1].Value).ToHashSet(StringComparer.Ordinal) : [];
            var only = Option(options, "--only");
            var shots = Shots().Where(shot => only is null || (only == "tour" ? shown.Contains(shot.File) : shot.File.Contains(only, StringComparison.Ordinal))).ToList();
            var faults = await Take(address, folder, shots);
            foreach (var name in shown.Order(StringComparer.Ordinal))
            {
                var taken = Path.Combine(folder, name);
                if (File.Exists(taken)) File.Copy(taken, Path.Combine(Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(tour))!, "images", "tour")).FullName, name), overwrite: true);
                else if (only is null) faults.Add($"{tour} shows {name}, which is no picture of a page.");
            }
            faults.ForEach(Console.Error.WriteLine);
            Console.WriteLine($"{shots.Count} pictures in {folder}, {faults.Count} faults");
            return faults.Count == 0 ? 0 : 1;
        }
        finally
        {
            server?.Kill(entireProcessTree: true);
            server?.WaitForExit();
            Directory.Delete(data, recursive: true);
        }
    }

    static IEnumerable<Shot> Shots() =>
        from page in PortalPage.All
        from width in Widths
        from scheme in (string[])["light", "dark"]
        from language in Languages
        where language == "en" || (page.IsMain && scheme == "light" && width != 1920)
        select new Shot(page, width, scheme, language);

    /// <summary>Takes them, one browser window for each person, width, scheme and language.</summary>
    static async Task<List<string>> Take(string address, string folder, IReadOnlyList<Shot> shots)
    {
        var faults = new List<string>();
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = ["--no-sandbox"] });
        var done = 0;
        foreach (var window in shots.GroupBy(shot => (shot.Page.Who, shot.Width, shot.Scheme, shot.Language)))
        {
            await using var context = await browser.NewContextAsync(new()
            {
                BaseURL = address, ViewportSize = new() { Width = window.Key.Width, Height = window.Key.Width == 360 ? 740 : 1000 }, ColorScheme = window.Key.Scheme == "dark" ? ColorScheme.Dark : ColorScheme.Light,
                ReducedMotion = ReducedMotion.Reduce, Locale = window.Key.Language,
            });
            await context.AddCookiesAsync([new() { Name = "language", Value = window.Key.Language, Url = address }]);
            var page = await context.NewPageAsync();
            var trouble = new List<string>();
            page.Console += (_, message) => { if (message.Type == "error" && !message.Text.Contains("404", StringComparison.Ordinal)) trouble.Add(message.Text); };
            page.PageError += (_, error) => trouble.Add(error);
            if (window.Key.Who is { } who)
            {
                await page.GotoAsync($"/sign-in?name={Uri.EscapeDataString(who)}");
                await page.Locator("button[name=person]").Filter(new() { HasText = who }).First.ClickAsync();
                await page.ArrivesAt("**/");
            }
            foreach (var shot in window)
            {
                var answer = await page.GoTo(shot.Page.Path);
                if (answer!.Status != 200 && !shot.Page.Name.EndsWith("not-found", StringComparison.Ordinal)) faults.Add($"{shot.File}: {shot.Page.Path} answered {answer.Status}.");
                faults.AddRange((await page.EvaluateAsync<string[]>(PortalPage.Misfits)).Select(misfit => $"{shot.File} {misfit}"));
                faults.AddRange(trouble.Select(one => $"{shot.File}: {one}"));
                trouble.Clear();
                await page.ScreenshotAsync(new() { Path = Path.Combine(folder, shot.File), FullPage = true });
                if (++done % 50 == 0) Console.WriteLine($"{done} of {shots.Count}");
            }
        }
        return faults;
    }

    static async Task Ready(string address)
    {
        using var http = new HttpClient();
        for (var wait = 0; wait < 600; wait++)
        {
            try
            {
                if ((await http.GetAsync(new Uri($"{address}/health/ready"))).IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(100);
            }
        }
        throw new TimeoutException($"{address} did not become ready.");
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    static string? Option(string[] options, string name) => Array.IndexOf(options, name) is var at and >= 0 && at + 1 < options.Length ? options[at + 1] : null;

    [GeneratedRegex(@"\(images/tour/([^)]+\.png)\)")]
    private static partial Regex Pictures();
}
