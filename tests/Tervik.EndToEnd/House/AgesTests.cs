using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Tervik.Bom;

namespace Tervik.EndToEnd.House;

/// <summary>Components are held against the times of docs/security/updates.md. What day it is, the tests say.</summary>
public sealed class AgesTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;
    static readonly DateOnly Today = new(2026, 11, 27);

    /// <summary>Vulnerabilities as <c>severity:days ago</c>, versions as <c>number:days ago</c>; <c>?</c> where the source tells no day, <c>~</c> before the days since it was seen first.</summary>
    static Component Of(string kind, string version, string vulnerabilities, string releases)
    {
        static IEnumerable<(string Name, string Days)> Parts(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(one => one.Split(':')).Select(one => (one[0], one[1]));
        static DateOnly? Day(string days) => days == "?" ? null : Today.AddDays(-int.Parse(days.TrimStart('~'), System.Globalization.CultureInfo.InvariantCulture));
        return new(kind, "one", version, [.. Parts(vulnerabilities).Select(one => new Vulnerability("A-1", one.Name, Day(one.Days)))],
            [.. Parts(releases).Select(one => one.Days[0] == '~' ? new Release(one.Name, null, Day(one.Days)) : new Release(one.Name, Day(one.Days)))]);
    }

    [Theory]
    // Nothing is due: the newest, previews, older versions.
    [InlineData("nuget", "2.1.0", "", "2.1.0:400 2.2.0-rc.1:100 1.9.9:1 2.0.7:3", "")]
    // Vulnerabilities by what they are rated.
    [InlineData("nuget", "2.1.0", "critical:2", "", "due 2/2")]
    [InlineData("nuget", "2.1.0", "critical:3", "", "OVER 3/2")]
    [InlineData("npm", "2.1.0", "high:7", "", "due 7/7")]
    [InlineData("npm", "2.1.0", "high:8", "", "OVER 8/7")]
    [InlineData("nuget", "2.1.0", "moderate:30 low:31", "", "OVER 31/30, due 30/30")]
    // The source tells no day: that it is in time cannot be shown.
    [InlineData("nuget", "2.1.0", "low:?", "", "OVER ?/30")]
    // Versions: the first that was not taken counts.
    [InlineData("nuget", "2.1.0", "", "2.1.0:400 2.1.1:90", "due 90/90")]
    [InlineData("nuget", "2.1.0", "", "2.1.0:400 2.1.1:91 2.1.2:1", "OVER 91/90")]
    [InlineData("nuget", "2.1.0", "", "2.1.0:400 3.0.0:180", "due 180/180")]
    [InlineData("npm", "2.1.0", "", "2.1.0:400 3.0.0:181 2.2.0:10", "OVER 181/180, due 10/90")]
    [InlineData("nuget", "2.9.0", "", "2.9.0:9 2.10.0:5", "due 5/90")]
    [InlineData("nuget", "2.1.0.1", "", "2.1.0.1:300 2.1.0.2:5", "due 5/90")]
    // Without days, from when it was seen first.
    [InlineData("nuget", "2.1.0", "", "2.1.0:~400 2.1.1:~91", "OVER 91/90")]
    [InlineData("nuget", "2.1.0", "", "2.1.0:~400 2.1.1:~0", "due 0/90")]
    [InlineData("nuget", "2.1.0", "", "2.1.1:?", "due ?/90")]
    // .NET itself within a week.
    [InlineData("generic", "10.0.1", "", "10.0.1:30 10.0.2:7", "due 7/7")]
    [InlineData("generic", "10.0.1", "", "10.0.1:30 10.0.2:8", "OVER 8/7")]
    // Nobody looks after it: two years of silence, then half a year.
    [InlineData("npm", "2.1.0", "", "2.1.0:730", "")]
    [InlineData("npm", "2.1.0", "", "2.1.0:731", "due 1/180")]
    [InlineData("npm", "2.1.0", "", "2.1.0:911", "OVER 181/180")]
    [InlineData("nuget", "2.1.0", "", "2.1.0:~911", "")] // it was seen so long ago, and may have been published later
    public void What_is_due_and_what_is_over_follows_from_days(string kind, string version, string vulnerabilities, string releases, string expected)
    {
        var due = Ages.Judge(Of(kind, version, vulnerabilities, releases), [], Today);
        Assert.Equal(expected, string.Join(", ", due.Select(one => $"{(one.IsOver ? "OVER" : "due")} {one.Days?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "?"}/{one.Within}")));
    }

    public static TheoryData<string, int, string> Tables => new()
    {
        { """{"unknown":[],"components":[{"kind":"nuget","name":"A","version":"1.0.0","vulnerabilities":[],"versions":[{"version":"1.0.0","published":"2026-10-01"}]}]}""", 0, "0 over their time, 0 due, 0 not known" },
        { """{"unknown":[],"components":[{"kind":"nuget","name":"A","version":"1.0.0","vulnerabilities":[{"id":"https://advisories.example/1","severity":"high","published":null}],"versions":[]}]}""", 1, "OVER nuget A 1.0.0" },
        { """{"unknown":[{"what":"vulnerabilities","words":"The source publishes none."}],"components":[]}""", 2, "Not known: The source publishes none." },
        { """{"unknown":[],"components":[{"kind":"nuget","name":"A","version":"1.0.0","vulnerabilities":[],"versions":[],"untold":true}]}""", 2, "No source tells of nuget A 1.0.0." },
    };

    [Theory, MemberData(nameof(Tables))]
    public void The_table_says_it_and_so_does_the_exit_code(string facts, int code, string words)
    {
        using var json = JsonDocument.Parse(facts);
        using var table = new StringWriter();
        Assert.Equal(code, Ages.Report(json.RootElement, [], Today, table));
        Assert.Contains(words, table.ToString(), StringComparison.Ordinal);
    }

    static async Task<(int Code, string Output, string Error)> Ask(string bom, params (string Name, string Value)[] environment)
    {
        var folder = Directory.CreateTempSubdirectory("tervik-ages-");
        var start = new ProcessStartInfo("node", [Path.Combine(SourceTests.Root, "tools/ages.mjs"), Path.Combine(folder.FullName, "seen.json")]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = SourceTests.Root };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(bom);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync(Stop);
        var output = await process.StandardOutput.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop);
        folder.Delete(recursive: true);
        return (process.ExitCode, output, await error);
    }

    const string Bom = """{"components":[{"name":"Some.Library","version":"1.0.0","purl":"pkg:nuget/Some.Library@1.0.0"},{"name":"@scope/thing","version":"1.0.0","purl":"pkg:npm/%40scope/thing@1.0.0"},{"name":"dotnet","version":"10.0.1","purl":"pkg:generic/dotnet@10.0.1"}]}""";

    [Fact]
    public async Task What_the_sources_tell_is_read_and_what_they_do_not_tell_is_said()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var address = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/";
        free.Stop();
        using var source = new HttpListener { Prefixes = { address } };
        source.Start();
        var tellsVulnerabilities = true;
        _ = Task.Run(async () =>
        {
            while (source.IsListening)
            {
                var request = await source.GetContextAsync();
                var answer = request.Request.Url!.AbsolutePath switch
                {
                    "/index.json" => $$"""{"resources":[{"@id":"{{address}}r/","@type":"RegistrationsBaseUrl/3.6.0"}{{(tellsVulnerabilities ? """,{"@id":"x","@type":"VulnerabilityInfo/6.7.0"}""" : "")}}]}""",
                    "/r/some.library/index.json" => $$"""{"items":[{"@id":"{{address}}page","items":[{"catalogEntry":{"version":"1.0.0","published":"2026-01-02T03:04:05Z","vulnerabilities":[{"advisoryUrl":"https://advisories.example/7","severity":"2"}]} }]},{"@id":"{{address}}page"}]}""",
                    "/page" => """{"items":[{"catalogEntry":{"version":"1.0.1","published":"2026-03-02T03:04:05Z"}},{"catalogEntry":{"version":"1.0.2"}},{"catalogEntry":{"version":"1.0.3","listed":false,"published":"1900-01-01T00:00:00Z"}}]}""",
                    "/releases.json" => """{"releases":[{"release-version":"10.0.2","release-date":"2026-11-10"},{"release-version":"10.0.1","release-date":"2026-10-10"}]}""",
                    var npm when npm.Contains("thing", StringComparison.Ordinal) => """{"name":"@scope/thing","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"@scope/thing","version":"1.0.0"}},"time":{"created":"2026-01-01T00:00:00Z","1.0.0":"2026-01-01T00:00:00Z"}}""",
                    _ => null,
                };
                request.Response.StatusCode = answer is null ? 404 : 200;
                if (answer is not null) await request.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(answer));
                request.Response.Close();
            }
        }, Stop);
        var empty = Path.Combine(Path.GetTempPath(), "tervik-no-npmrc");
        (string, string)[] environment = [("TERVIK_NUGET_SOURCE", $"{address}index.json"), ("TERVIK_DOTNET_RELEASES", $"{address}releases.json"), ("npm_config_registry", address), ("npm_config_userconfig", empty), ("npm_config_cache", Path.Combine(Path.GetTempPath(), $"tervik-npm-{Guid.NewGuid():N}")), ("npm_config_fetch_retries", "0")];
        var (code, output, error) = await Ask(Bom, environment);
        Assert.True(code == 0, error);
        using var facts = JsonDocument.Parse(output);
        using var table = new StringWriter();
        Assert.Equal(1, Ages.Report(facts.RootElement, [], Today, table));
        foreach (var line in (string[])["OVER nuget Some.Library 1.0.0", "high vulnerability https://advisories.example/7", "270   90  newer version 1.0.2, seen first", "OVER generic dotnet 10.0.1", "17    7  newer version 10.0.2", "ok   npm @scope/thing 1.0.0", "Not known: The source of npm publishes no known vulnerabilities."])
            Assert.Contains(line, table.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("The source of NuGet publishes no", table.ToString(), StringComparison.Ordinal);
        tellsVulnerabilities = false;
        Assert.Contains("The source of NuGet publishes no known vulnerabilities.", (await Ask(Bom, environment)).Output, StringComparison.Ordinal);
        source.Stop();

        (code, _, error) = await Ask(Bom, environment);
        Assert.Equal((2, true), (code, error.Contains("does not answer", StringComparison.Ordinal)));
    }

    [Fact]
    public void What_is_held_back_is_held_until_its_day_and_a_vulnerability_never()
    {
        var component = Of("npm", "2.1.0", "low:31", "2.1.0:999 3.0.0:500");
        string Judged(string name, int days) => string.Join(", ", Ages.Judge(component, [new(name, Today.AddDays(days), "why")], Today).Select(one => $"{(one.IsOver ? "OVER" : "due")} {one.What}").Order(StringComparer.Ordinal));
        Assert.Equal("OVER low vulnerability A-1, due new major version 3.0.0, held back until 2026-11-27", Judged("npm one", 0));
        Assert.Equal("OVER low vulnerability A-1, OVER new major version 3.0.0", Judged("npm one", -1));
        Assert.Equal("OVER low vulnerability A-1, OVER new major version 3.0.0", Judged("nuget one", 100));

        // What is held back now has a reason, and the page names it.
        using var file = File.OpenText(Path.Combine(SourceTests.Root, "src/Tervik/Bom/held-back.tsv"));
        var page = File.ReadAllText(Path.Combine(SourceTests.Root, "docs/security/updates.md"));
        Assert.All(HeldBack.Read(file), held => Assert.True(held.Why.Length > 40 && page.Contains(held.Component.Split(' ')[1], StringComparison.Ordinal), held.Component));
    }

    [Fact]
    public void The_times_are_those_of_the_page()
    {
        var page = File.ReadAllText(Path.Combine(SourceTests.Root, "docs/security/updates.md"));
        foreach (var row in (string[])["CVSS 9.0 and more, in something we call | 2 days |", "| CVSS 7.0 to 8.9 | 7 days |", "| lower | 30 days |", "| .NET: the monthly servicing release | 7 days |", "| any other new version | 90 days; a new major version 180 days |", "without a release for two years, or without a maintainer | is replaced, or taken over, within 180 days |"])
            Assert.Contains(row, page, StringComparison.Ordinal);
    }
}
