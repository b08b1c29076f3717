using System.Diagnostics;
using Microsoft.Playwright;
using Tervik.Demo.Personas;
using Tervik.EndToEnd.Portal;

namespace Tervik.EndToEnd.Identity;

/// <summary>Demo eID and portal, each a process of its own, in a real browser with a security key that the browser pretends.</summary>
public sealed class IdentityBrowser : IAsyncLifetime
{
    Process? eid;

    public Browser Browser { get; private set; } = null!;
    public string Origin => $"http://localhost:{new Uri(Browser.Node.Address).Port}";

    public async ValueTask InitializeAsync()
    {
        var folder = Directory.CreateTempSubdirectory("tervik-identity-").FullName;
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var address = $"http://127.0.0.1:{((System.Net.IPEndPoint)listener.LocalEndpoint).Port}";
        listener.Stop();
        var node = new Node { Folder = folder, Others = ["publicAddress=http://localhost:{port}", "demoPatients=20", "demo=true", $"eidIssuer={address}", "eidClientId=tervik", $"eidSecret=file:{Path.Combine(folder, "demo-eid.secret")}", $"eidSystems={string.Join(';', Personas.EidSystems.Select(pair => $"{pair.Key}={pair.Value}"))}", "eidName=Demo eID"] };
        eid = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "tervik-demo-eid"), ["--data", folder, "--listen", address, "--portal", $"http://localhost:{new Uri(node.Address).Port}"]) { RedirectStandardOutput = true })!;
        await eid.StandardOutput.ReadLineAsync();
        Browser = new() { Node = node };
        await Browser.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Browser.DisposeAsync();
        eid?.Kill();
        eid?.Dispose();
    }
}

public sealed class IdentityPagesTests(IdentityBrowser identity) : IClassFixture<IdentityBrowser>
{
    async Task<IPage> SignIn(string subject, string means = "idcard", int width = 1280, bool dark = false)
    {
        var page = await identity.Browser.Open(width, dark);
        await page.GotoAsync($"{identity.Origin}/sign-in?to=/account");
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in with Demo eID" }).ClickAsync();
        await page.GetByLabel("Who are you?").SelectOptionAsync(new SelectOptionValue { Label = subject });
        await page.GetByLabel("With what?").SelectOptionAsync(means);
        await page.GetByRole(AriaRole.Button, new() { Name = "Identify" }).ClickAsync();
        return page;
    }

    static async Task AddKey(IPage page, bool leavesDevice = false)
    {
        var session = await page.Context.NewCDPSessionAsync(page);
        await session.SendAsync("WebAuthn.enable");
        await session.SendAsync("WebAuthn.addVirtualAuthenticator", new()
        {
            ["options"] = new Dictionary<string, object> { ["protocol"] = "ctap2", ["transport"] = "usb", ["hasResidentKey"] = true, ["hasUserVerification"] = true, ["isUserVerified"] = true, ["automaticPresenceSimulation"] = true, ["defaultBackupEligibility"] = leavesDevice },
        });
    }

    [Fact]
    public async Task Somebody_signs_in_with_the_eid_and_is_the_person_of_the_record()
    {
        var page = await SignIn($"Mari Tamm ({Personas.All[0].EidSubject})");
        await page.ArrivesAt("**/account");
        Assert.Contains("Mari Tamm", await page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_gives_up_comes_back_to_the_sign_in_with_a_word()
    {
        var page = await identity.Browser.Open();
        await page.GotoAsync($"{identity.Origin}/sign-in");
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in with Demo eID" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Give up" }).ClickAsync();
        await page.GetByText("The sign-in was given up.").WaitForAsync();
    }

    [Fact]
    public async Task A_professional_makes_a_passkey_and_signs_in_with_it()
    {
        var page = await SignIn("Dr. Søren Holm (STAFF-holm)");
        await page.ArrivesAt("**/account");
        await AddKey(page);
        await page.GetByRole(AriaRole.Link, new() { Name = "Add a passkey" }).ClickAsync();
        await page.GetByLabel("Name, such as").FillAsync("Key on my ring");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make a passkey" }).ClickAsync();
        await page.GetByText("bound to its device").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in with a passkey" }).ClickAsync();
        await page.ArrivesAt("**/");
        Assert.Contains("Søren Holm", await page.Locator("header").InnerTextAsync(), StringComparison.Ordinal);
    }

    [Theory, InlineData(1280, false), InlineData(390, true)]
    public async Task The_pages_are_accessible(int width, bool dark)
    {
        var page = await identity.Browser.Open(width, dark);
        await page.GotoAsync($"{identity.Origin}/sign-in");
        Assert.Empty(await Accessibility.Violations(page));
        page = await SignIn("Dr. Søren Holm (STAFF-holm)", width: width, dark: dark);
        await page.ArrivesAt("**/account");
        foreach (var path in (string[])["/account", "/account/passkeys/new", "/sign-in/confirm?for=OpenInEmergency&to=/"])
        {
            await page.GotoAsync(identity.Origin + path);
            Assert.Empty(await Accessibility.Violations(page));
        }
    }
}
