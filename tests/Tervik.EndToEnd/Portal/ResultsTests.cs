using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Playwright;
using Tervik.Portal.Explain;

namespace Tervik.EndToEnd.Portal;

/// <summary>Results with their chart, and the timeline with its search, as people use them.</summary>
public sealed class ResultsTests(Browser browser) : IClassFixture<Browser>
{
    const string HbA1c = "/patients/p01/results?code=http%3A%2F%2Floinc.org%7C4548-4", Pressure = "/patients/p01/results?code=http%3A%2F%2Floinc.org%7C8480-6";
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    async Task<IPage> SignedIn(string name = "Mari Tamm", int width = 1280, bool javaScript = true)
    {
        var page = await browser.Open(width, javaScript: javaScript);
        await Browser.SignIn(page, name);
        return page;
    }

    /// <summary>Writes as this agent; what it answers is a success.</summary>
    async Task Write(string agent, object resource, string type)
    {
        using var client = await browser.Node.Client(agent);
        using var answer = await client.PostAsJsonAsync(new Uri(type, UriKind.Relative), resource, Stop);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }

    static object Note(string patient, string title, string contentType, string text) => new
    {
        resourceType = "DocumentReference", status = "current", subject = new { reference = $"Patient/{patient}" }, date = "2026-10-02T10:00:00Z", description = title, type = new { text = title },
        content = new[] { new { attachment = new { contentType, data = Convert.ToBase64String(Encoding.UTF8.GetBytes(text)), title } } },
    };

    [Fact]
    public async Task A_chart_is_drawn_beside_its_table_from_this_host_alone()
    {
        var page = await SignedIn();
        var (faults, strangers) = (new List<string>(), new List<string>());
        page.Console += (_, message) => { if (message.Type is "error" or "warning") faults.Add(message.Text); };
        page.PageError += (_, error) => faults.Add(error);
        page.Request += (_, request) => { if (!request.Url.StartsWith(browser.Node.Address, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal)) strangers.Add(request.Url); };
        await page.GotoAsync(HbA1c);
        await page.Locator(".chart canvas").WaitForAsync();
        // Something is on the canvas, and it is not of one colour.
        Assert.True(await page.EvaluateAsync<int>("""
            () => { const c = document.querySelector('.chart canvas'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data, s = new Set(); for (let i = 0; i < d.length; i += 4) s.add(d.slice(i, i + 4).join()); return s.size; }
            """) > 3);
        Assert.Contains("Hemoglobin A1c", await page.GetByRole(AriaRole.Img).First.GetAttributeAsync("aria-label"), StringComparison.Ordinal);
        var rows = await page.Locator(".chosen tbody tr").CountAsync();
        Assert.True(rows > 1);
        await page.GetByRole(AriaRole.Button, new() { Name = "Earlier value" }).ClickAsync();
        var last = await page.Locator(".chosen tbody tr").First.Locator("td").First.Locator(".value").InnerTextAsync();
        Assert.Contains(last, await page.Locator(".chart-readout").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Empty(faults);
        Assert.Empty(strangers);
    }

    [Fact]
    public async Task Blood_pressure_is_one_chart_and_one_table_of_two_values()
    {
        var page = await SignedIn();
        await page.GotoAsync(Pressure);
        await page.Locator(".chart canvas").WaitForAsync();
        Assert.Equal(2, await page.Locator("th[data-series]").CountAsync());
        Assert.Equal(2, await page.Locator(".chosen tbody tr").First.Locator("td .value").CountAsync());
        Assert.Equal(1, await page.Locator(".chart").CountAsync());
    }

    [Fact]
    public async Task Without_JavaScript_there_is_the_table_and_the_explanation_opens()
    {
        var page = await SignedIn(javaScript: false);
        await page.GotoAsync(HbA1c);
        Assert.Equal(0, await page.Locator("canvas").CountAsync());
        Assert.True(await page.Locator("table[data-chart] tbody tr").CountAsync() > 1);
        await page.Locator("details.explain summary").ClickAsync();
        Assert.Contains("two to three months", await page.Locator("details.explain").InnerTextAsync(), StringComparison.Ordinal);
        await page.GotoAsync("/patients/p01/results");
        await page.GetByLabel("Find a result").FillAsync("blood sugar");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show", Exact = true }).ClickAsync();
        Assert.Equal(["Hemoglobin A1c", "Fasting glucose"], await page.Locator(".results tbody th a").AllInnerTextsAsync());
    }

    [Fact]
    public async Task A_report_about_a_value_and_an_order_after_it_are_what_happens_next()
    {
        using (var client = await browser.Node.Client("Practitioner/holm"))
        {
            var found = await client.GetFromJsonAsync<JsonElement>(new Uri("Observation?patient=p01&code=4548-4&_sort=-date&_count=1", UriKind.Relative), Stop);
            var observation = found.GetProperty("entry")[0].GetProperty("resource").GetProperty("id").GetString();
            await Write("Practitioner/holm", new
            {
                resourceType = "DiagnosticReport", status = "final", subject = new { reference = "Patient/p01" }, code = new { text = "Diabetes tests" }, effectiveDateTime = "2026-10-01", result = new[] { new { reference = $"Observation/{observation}" } },
                conclusion = "Stable; repeat in six months.",
            }, "DiagnosticReport");
            await Write("Practitioner/holm", new
            {
                resourceType = "ServiceRequest", status = "active", intent = "order", subject = new { reference = "Patient/p01" }, authoredOn = "2026-10-02", code = new { coding = new[] { new { system = "http://loinc.org", code = "4548-4" } }, text = "HbA1c again" },
            }, "ServiceRequest");
        }
        var page = await SignedIn();
        await page.GotoAsync(HbA1c);
        var next = await page.Locator("section:has(#next)").InnerTextAsync();
        Assert.Contains("Stable; repeat in six months.", next, StringComparison.Ordinal);
        Assert.Contains("HbA1c again", next, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Numbers_are_written_as_in_the_readers_country_and_machines_keep_theirs()
    {
        var page = await SignedIn();
        await page.GetByRole(AriaRole.Button, new() { Name = "Eesti" }).ClickAsync();
        await page.GotoAsync(HbA1c);
        Assert.Matches(@"^\d,\d %$", await page.Locator(".chosen tbody .value").First.InnerTextAsync());
        Assert.Matches(@"^\d(\.\d)?$", await page.Locator(".chosen tbody td[data-value]").First.GetAttributeAsync("data-value"));
    }

    [Fact]
    public async Task Words_inside_attachments_are_found_marked_and_only_in_the_own_record()
    {
        await Write("Practitioner/holm", Note("p01", "Kontroll", "text/plain", "Patsient kaebab öist köha. Kopsud puhtad, jätkata inhalatsiooniga."), "DocumentReference");
        await Write("Practitioner/holm", Note("p01", "진료 기록", "text/html; charset=utf-8", "<p>환자는 <b>두통</b>을 호소함</p>"), "DocumentReference");
        await Write("Practitioner/kuusk", Note("p02", "Secret", "text/plain", "inhalatsiooniga xylofon"), "DocumentReference");
        var page = await SignedIn(javaScript: false);
        async Task<string> Search(string words)
        {
            await page.GotoAsync("/patients/p01/timeline");
            await page.GetByLabel("Words in titles").FillAsync(words);
            await page.GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
            return await page.Locator("main").InnerTextAsync();
        }
        Assert.Contains("1 entry found", await Search("KOHA inhalatsioon"), StringComparison.Ordinal);
        Assert.Equal(["köha", "inhalatsioon"], await page.Locator("mark").AllInnerTextsAsync());
        Assert.Contains("진료 기록", await Search("두통"), StringComparison.Ordinal);
        var nothing = await Search("xylofon");
        Assert.Contains("0 entries found", nothing, StringComparison.Ordinal);
        Assert.DoesNotContain("Secret", nothing, StringComparison.Ordinal);
        Assert.Equal(404, (await page.GoTo("/patients/p02/timeline?q=xylofon"))!.Status);
        Assert.DoesNotContain("inhalatsiooniga", await page.ContentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_timeline_is_narrowed_by_kind_period_person_and_importance()
    {
        var page = await SignedIn(javaScript: false);
        async Task<int> Count(string query)
        {
            await page.GoTo($"/patients/p01/timeline{query}");
            return await page.Locator("ol.timeline li").CountAsync();
        }
        var all = await Count("");
        var visits = await Count("?kind=visits");
        Assert.InRange(visits, 1, all - 1);
        Assert.All(await page.Locator("ol.timeline .ds-tag:first-of-type").AllInnerTextsAsync(), tag => Assert.Equal("Visit", tag));
        var year = await Count("?from=2025-01-01&to=2025-12-31");
        Assert.InRange(year, 1, all - 1);
        Assert.Equal(["2025"], await page.Locator(".year h2").AllInnerTextsAsync());
        // The visits were with him; the vaccination does not say.
        Assert.InRange(await Count("?from=2025-01-01&to=2025-12-31&who=holm"), 1, year - 1);
        Assert.Equal(0, await Count("?who=nobodyatall"));
        // The hospital is only referred to, without its name: it is looked up.
        Assert.NotEqual(0, await Count("?who=tartu+demo"));
        Assert.NotEqual(0, await Count("?important=1"));
        Assert.True(await Count("?q=hemoglobin") > 0); // single measurements too
    }

    [Fact]
    public async Task A_search_with_many_hits_is_paged_without_loss_or_repetition()
    {
        var page = await SignedIn(javaScript: false);
        await page.GoTo("/patients/p01/timeline?q=e");
        var expected = int.Parse((await page.GetByRole(AriaRole.Status).InnerTextAsync()).Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        var seen = new List<string>();
        for (var pages = 0; pages < 20; pages++)
        {
            seen.AddRange(await page.Locator("ol.timeline a").EvaluateAllAsync<string[]>("links => links.map(link => link.getAttribute('href'))"));
            var next = page.GetByRole(AriaRole.Link, new() { Name = "Earlier" });
            if (await next.CountAsync() == 0) break;
            await next.ClickAsync();
        }
        Assert.True(expected > 40);
        Assert.Equal((expected, expected), (seen.Count, seen.Distinct().Count()));
    }

    /// <summary>What this nation measures can be explained to those who are measured; in every language, as another test says of each table.</summary>
    [Fact]
    public async Task Each_observation_and_unit_of_the_nation_is_explained()
    {
        using var client = await browser.Node.Client("Practitioner/holm");
        var found = await client.GetFromJsonAsync<JsonElement>(new Uri("Observation?_count=1000", UriKind.Relative), Stop);
        var unexplained = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var observation in found.GetProperty("entry").EnumerateArray().Select(entry => entry.GetProperty("resource")))
            foreach (var part in observation.TryGetProperty("component", out var components) ? [observation, .. components.EnumerateArray()] : new[] { observation })
            {
                if (Explanations.KeyOf(part.GetProperty("code")) is null) unexplained.Add(part.GetProperty("code").ToString());
                if (part.TryGetProperty("valueQuantity", out var quantity) && quantity.TryGetProperty("code", out var unit) && Explanations.OfUnit(unit.GetString()) is null) unexplained.Add(unit.ToString());
            }
        Assert.Empty(unexplained);
    }
}
