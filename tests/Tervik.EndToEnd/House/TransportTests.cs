using System.Diagnostics;
using System.Net;

namespace Tervik.EndToEnd.House;

/// <summary>What leaves the machine is encrypted, and who sends is believed as far as the settings say.</summary>
public sealed class TransportTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static Settings Load(params (string Name, string Value)[] settings) => Settings.Load(null, settings.ToDictionary(one => one.Name, one => (string?)one.Value));

    [Theory, InlineData("http://127.0.0.1:8080", true), InlineData("http://localhost:8080", true), InlineData("http://[::1]:8080", true), InlineData("https://0.0.0.0:8443", true), InlineData("http://0.0.0.0:8080", false), InlineData("http://[::]:8080", false), InlineData("http://10.0.0.7", false), InlineData("http://node.example", false)]
    public void Without_encryption_only_loopback_is_served(string listen, bool isServed)
    {
        Assert.Equal(isServed, Load(("listen", listen), ("requireKeys", "false")).WhyNotServed is null);
        // Something in front encrypts, as the operator says.
        Assert.Null(Load(("listen", listen), ("behindProxy", "true"), ("requireKeys", "false")).WhyNotServed);
        Assert.Null(Load(("listen", listen), ("publicAddress", "https://health.example/"), ("requireKeys", "false")).WhyNotServed);
        Assert.Equal(isServed, Load(("listen", listen), ("publicAddress", "http://health.example/"), ("requireKeys", "false")).WhyNotServed is null);
    }

    [Theory]
    [InlineData("listen=http://127.0.0.1:8080", null), InlineData("listen=http://127.0.0.1:8080 demo=false", null), InlineData("listen=https://0.0.0.0:8443 demo=true", null), InlineData("listen=https://0.0.0.0:8443 keys=file:/elsewhere/key", null), InlineData("listen=https://0.0.0.0:8443 requireKeys=false", null)]
    [InlineData("listen=https://0.0.0.0:8443 keys=file:/elsewhere/key database=Host=db.example databaseDiskEncrypted=true", null), InlineData("listen=https://0.0.0.0:8443 database=Host=db.example requireKeys=false", null)]
    [InlineData("listen=https://0.0.0.0:8443", "requireKeys=false"), InlineData("listen=http://127.0.0.1:8080 publicAddress=https://health.example/", "requireKeys=false"), InlineData("listen=http://127.0.0.1:8080 behindProxy=true demo=false", "requireKeys=false"), InlineData("listen=http://127.0.0.1:8080 behindProxy=true", "requireKeys=false"), InlineData("listen=http://127.0.0.1:8080 requireKeys=true", "requireKeys=false")]
    [InlineData("listen=https://0.0.0.0:8443 keys=file:/elsewhere/key database=Host=db.example", "databaseDiskEncrypted=true"), InlineData("listen=https://0.0.0.0:8443 database=Host=db.example databaseDiskEncrypted=true", "requireKeys=false")]
    public void Where_others_reach_the_node_records_are_encrypted_at_rest_or_the_operator_says_that_they_are_not(string settings, string? because)
    {
        Assert.Equal(settings is "listen=http://127.0.0.1:8080" or "listen=http://127.0.0.1:8080 requireKeys=true" || settings.Contains("demo=true", StringComparison.Ordinal), Load([.. settings.Split(' ').Select(one => one.Split('=', 2)).Select(one => (one[0], one[1]))]).Demo); // nobody is let in as anybody there, either
        var why = Load([.. settings.Split(' ').Select(one => one.Split('=', 2)).Select(one => (one[0], one[1]))]).WhyNotServed;
        if (because is null) Assert.Null(why);
        else Assert.Contains(because, why, StringComparison.Ordinal);
    }

    [Fact]
    public void How_long_things_are_kept_is_a_setting_but_for_the_log()
    {
        var kept = Load(("keepEndedTokens", "7"), ("keepAnswered", "400"), ("keepAccessLog", "forever")).Retention;
        Assert.Equal((TimeSpan.FromDays(7), TimeSpan.FromDays(400)), (kept.EndedTokens, kept.Answered));
        Assert.Equal((TimeSpan.FromDays(30), TimeSpan.FromDays(1826)), (Load().Retention.EndedTokens, Load().Retention.Answered));
        Assert.Equal((TimeSpan.FromDays(90), TimeSpan.FromDays(365)), (Load(("keepNotices", "90")).Notices.Kept, Load().Notices.Kept));
        Assert.Contains("keepNotices", Assert.Throws<SettingsException>(() => Load(("keepNotices", "0"))).Message, StringComparison.Ordinal);
        Assert.Contains("sealed", Assert.Throws<SettingsException>(() => Load(("keepAccessLog", "3650"))).Message, StringComparison.Ordinal);
    }

    static async Task<(int Code, string Error)> Serve(string[] arguments, params (string Name, string Value)[] environment)
    {
        var folder = Directory.CreateTempSubdirectory("tervik-transport-");
        var start = new ProcessStartInfo(Node.Program, ["serve", "--demo", "false", "--data", folder.FullName, .. arguments]) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = folder.FullName };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            var error = await process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, error);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_node_that_others_could_listen_in_on_does_not_start_and_says_why()
    {
        var (code, error) = await Serve(["--listen", "http://0.0.0.0:0"]);
        Assert.True(code == 1 && error.Contains("behindProxy=true", StringComparison.Ordinal), error);
        (code, error) = await Serve(["--listen", "http://127.0.0.1:0"], ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.example:4317"));
        Assert.True(code == 1 && error.Contains("OTEL_EXPORTER_OTLP_ENDPOINT", StringComparison.Ordinal), error);
        (code, error) = await Serve(["--listen", "http://127.0.0.1:0", "--database", "Host=db.example;SSL Mode=Prefer"]);
        Assert.True(code == 1 && error.Contains("insecureDatabase=true", StringComparison.Ordinal), error);
        (code, error) = await Serve(["--listen", "http://127.0.0.1:0", "--database", "Host=db.example;Password=geheim"]);
        Assert.True(code == 1 && error.Contains("insecureDatabase=true", StringComparison.Ordinal) && !error.Contains("geheim", StringComparison.Ordinal), error);
        (code, error) = await Serve(["--listen", "http://127.0.0.1:0", "--set", "publicAddress=https://health.example/"]);
        Assert.True(code == 1 && error.Contains("requireKeys=false", StringComparison.Ordinal), error);
    }

    [Fact]
    public async Task Of_a_trusted_proxy_and_of_nobody_else_the_address_of_the_client_is_believed()
    {
        await using var behind = new Node { Others = ["trustedProxies=127.0.0.1, 10.0.0.0/8", "mostSignInsOfAddress=3"] };
        await behind.InitializeAsync();
        using var client = await behind.Client("client/proxied", "read");
        // The first it came from is who the last of ours saw; what that one claims before is not believed.
        using var request = new HttpRequestMessage(HttpMethod.Get, "Patient/p01") { Headers = { { "X-Forwarded-For", "198.51.100.1, 203.0.113.77, 10.0.0.7" } } };
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(request, Stop)).StatusCode);
        var log = await client.GetStringAsync(new Uri("AuditEvent?patient=Patient/p01&_count=50", UriKind.Relative), Stop);
        Assert.Contains("203.0.113.77", log, StringComparison.Ordinal);
        Assert.DoesNotContain("198.51.100.1", log, StringComparison.Ordinal);
        // Each network has a limit of its own.
        async Task<HttpStatusCode> SignIn(string from)
        {
            using var http = new HttpClient { BaseAddress = new(behind.Address) };
            using var form = new HttpRequestMessage(HttpMethod.Post, "/sign-in") { Headers = { { "X-Forwarded-For", from } }, Content = new FormUrlEncodedContent([new("person", "Patient/p01")]) };
            return (await http.SendAsync(form, Stop)).StatusCode;
        }
        for (var i = 0; i < 3; i++) await SignIn("203.0.113.1");
        Assert.Equal((HttpStatusCode.TooManyRequests, HttpStatusCode.BadRequest), (await SignIn("203.0.113.1"), await SignIn("203.0.113.2")));
    }

    [Fact]
    public void A_proxy_that_is_none_is_named()
    {
        Assert.Equal(3, Load(("trustedProxies", "10.0.0.7, 10.1.0.0/16, fd00::/8")).TrustedProxies.Count);
        Assert.Contains("trustedProxies", Assert.Throws<SettingsException>(() => Load(("trustedProxies", "proxy.example"))).Message, StringComparison.Ordinal);
    }
}
