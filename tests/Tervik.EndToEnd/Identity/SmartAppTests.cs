using System.Net;
using System.Text;
using Microsoft.Playwright;
using Tervik.EndToEnd.Portal;

namespace Tervik.EndToEnd.Identity;

/// <summary>An application written with the SMART JS client signs in through the portal in a real browser, from another origin.</summary>
public sealed class SmartAppTests(Browser browser) : IClassFixture<Browser>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static string Library => Path.Combine(SharedData.Repository!, "node_modules/fhirclient/build/fhir-client.js");

    const string Page = """
        <!doctype html><meta charset="utf-8"><title>app</title><script src="/fhir-client.js"></script><pre id="out">…</pre>
        <script>
          // A public application names itself when it refreshes (RFC 6749, section 6, with 3.2.1).
          FHIR.oauth2.settings.refreshTokenWithClientId = true;
          const out = document.getElementById('out');
          const tell = async (name, ask) => { try { const got = await ask(); out.textContent += `\n${name}: ${typeof got === 'object' ? (got.total ?? got.id) : got}`; } catch (fault) { out.textContent += `\n${name}: refused ${fault.status ?? fault.statusCode ?? fault.message}`; } };
          if (location.pathname === '/launch') FHIR.oauth2.authorize({ clientId: 'browser-app', scope: 'SCOPES', redirectUri: '/app', iss: new URLSearchParams(location.search).get('iss') || 'ISSUER' });
          else FHIR.oauth2.ready().then(async client => {
            out.textContent = `patient: ${client.patient.id}`;
            await tell('observations', () => client.request(`Observation?patient=${client.patient.id}&category=laboratory&_summary=count`));
            await tell('vital signs', () => client.request(`Observation?patient=${client.patient.id}&category=vital-signs&_summary=count`));
            await tell('conditions', () => client.request(`Condition?patient=${client.patient.id}&_summary=count`));
            await tell('another patient', () => client.request('Observation?patient=p02&_summary=count'));
            await tell('create', () => client.create({ resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: { reference: `Patient/${client.patient.id}` } }));
            await tell('refreshed', async () => (await client.refresh()).tokenResponse.access_token ? 'yes' : 'no');
            await tell('after', () => client.request(`Observation?patient=${client.patient.id}&category=laboratory&_count=1`).then(bundle => bundle.resourceType));
            out.textContent += '\ndone';
          }).catch(fault => { out.textContent = `failed: ${fault.message}\ndone`; });
        </script>
        """;

    [Theory, InlineData("Mari Tamm", false), InlineData("Søren Holm", true)]
    public async Task It_reads_what_its_scopes_allow_and_nothing_more(string who, bool isLaunched)
    {
        Assert.SkipUnless(File.Exists(Library), "The npm package fhirclient is not installed.");
        using var app = new HttpListener();
        var port = FreePort();
        var origin = $"http://127.0.0.1:{port}";
        var scopes = $"openid fhirUser offline_access {(isLaunched ? "launch" : "launch/patient")} patient/Observation.rs?category=laboratory";
        app.Prefixes.Add(origin + "/");
        app.Start();
        var serving = Serve(app, Page.Replace("SCOPES", scopes, StringComparison.Ordinal).Replace("ISSUER", $"{browser.Node.Address}/fhir", StringComparison.Ordinal));
        var (code, output) = await browser.Node.Run("app", "add", "browser-app", "--name", "Browser app", "--redirect", $"{origin}/app", "--launch", $"{origin}/launch", "--home", $"{origin}/launch");
        Assert.True(code == 0, output);

        var page = await browser.Open();
        await Browser.SignIn(page, who);
        if (isLaunched)
        {
            await page.GotoAsync("/patients/p01/apps");
            await page.GetByRole(AriaRole.Button, new() { Name = "Open Browser app" }).ClickAsync();
        }
        else
        {
            await page.GotoAsync("/apps");
            await page.GetByRole(AriaRole.Link, new() { Name = "Open Browser app" }).ClickAsync();
        }
        await page.GetByRole(AriaRole.Heading, new() { Name = "Browser app asks for access" }).WaitForAsync();
        Assert.Empty(await Accessibility.Violations(page));
        Assert.Empty(await page.EvaluateAsync<string[]>(PortalPage.Misfits));
        if (await page.Locator("select#patient").CountAsync() > 0) await page.SelectOptionAsync("#patient", "Patient/p01");
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow", Exact = true }).ClickAsync();
        await page.GetByText("done").WaitForAsync();
        var told = (await page.Locator("#out").InnerTextAsync()).Split('\n').Where(line => line.Contains(": ", StringComparison.Ordinal)).ToDictionary(line => line.Split(": ")[0], line => line.Split(": ", 2)[1]);
        using var reader = await browser.Node.Client("client/reader", "read");
        var laboratory = await reader.GetStringAsync(new Uri("Observation?patient=p01&category=laboratory&_summary=count", UriKind.Relative), Stop);
        Assert.Equal("p01", told["patient"]);
        Assert.Contains($"\"total\":{told["observations"]}", laboratory, StringComparison.Ordinal);
        Assert.NotEqual("0", told["observations"]);
        Assert.Equal(("0", "0"), (told["vital signs"], told["another patient"]));
        Assert.StartsWith("refused", told["conditions"], StringComparison.Ordinal);
        Assert.StartsWith("refused", told["create"], StringComparison.Ordinal);
        Assert.Equal(("yes", "Bundle"), (told["refreshed"], told["after"]));
        await page.GotoAsync($"{browser.Node.Address}/apps");
        await page.GetByRole(AriaRole.Button, new() { Name = "Take back the access of Browser app" }).First.ClickAsync();
        app.Stop();
        await serving;
    }

    static async Task Serve(HttpListener app, string page)
    {
        try
        {
            while (app.IsListening)
            {
                var context = await app.GetContextAsync();
                var isLibrary = context.Request.Url!.AbsolutePath == "/fhir-client.js";
                var bytes = isLibrary ? await File.ReadAllBytesAsync(Library, Stop) : Encoding.UTF8.GetBytes(page);
                context.Response.ContentType = isLibrary ? "text/javascript" : "text/html";
                await context.Response.OutputStream.WriteAsync(bytes, Stop);
                context.Response.Close();
            }
        }
        catch (Exception end) when (end is HttpListenerException or ObjectDisposedException) { }
    }

    static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
