using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.Playwright;
using Tervik.Portal.Download;
using Tervik.Portal.Reading;

namespace Tervik.EndToEnd.Portal;

/// <summary>The record taken along: as PDF, as a page of its own, as International Patient Summary.</summary>
public sealed class DownloadTests(Browser browser) : IClassFixture<Browser>
{
    const int LargestPdf = 300_000;
    static readonly DateTime Day = new(2026, 11, 26);

    [Fact]
    public async Task Each_form_is_a_file_with_a_name_and_stands_in_the_log()
    {
        var page = await browser.Open();
        await Browser.SignIn(page, "Mari Tamm");
        foreach (var (form, type, start) in ((string, string, string)[])[("pdf", "application/pdf", "%PDF-1."), ("html", "text/html; charset=utf-8", "<!DOCTYPE html>"), ("json", "application/fhir+json; charset=utf-8", "{\"resourceType\":\"Bundle\"")])
        {
            var answer = await page.APIRequest.GetAsync($"/patients/p01/summary.{form}");
            Assert.Equal((200, type), (answer.Status, answer.Headers["content-type"]));
            Assert.Matches($"^attachment; filename=\"patient-summary-p01-\\d{{4}}-\\d\\d-\\d\\d\\.{form}\"$", answer.Headers["content-disposition"]);
            Assert.Equal("no-store", answer.Headers["cache-control"]);
            Assert.StartsWith(start, Encoding.UTF8.GetString(await answer.BodyAsync()), StringComparison.Ordinal);
        }
        await page.GotoAsync("/patients/p01/access");
        Assert.Contains("downloaded a summary of the record", await page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
    }

    [Theory, InlineData("pdf"), InlineData("html"), InlineData("json")]
    public async Task Of_somebody_else_there_is_nothing_to_download(string form)
    {
        var page = await browser.Open();
        await Browser.SignIn(page, "Mari Tamm");
        foreach (var id in (string[])["p02", "p99"]) Assert.Equal(404, (await page.APIRequest.GetAsync($"/patients/{id}/summary.{form}")).Status);
    }

    [Fact]
    public async Task The_page_of_its_own_needs_nothing_else_and_is_accessible()
    {
        var page = await browser.Open(360);
        await Browser.SignIn(page, "Mari Tamm");
        var html = await (await page.APIRequest.GetAsync("/patients/p01/summary.html")).TextAsync();
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.DoesNotMatch("(src|href)=", html);
        await page.SetContentAsync(html);
        Assert.Equal("Mari Tamm", await page.Locator("h1").InnerTextAsync());
        Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= 360);
        Assert.Empty(await Accessibility.Violations(page));
    }

    [Fact]
    public async Task A_page_on_paper_has_its_content_and_no_navigation()
    {
        var page = await browser.Open();
        await Browser.SignIn(page, "Mari Tamm");
        await page.EmulateMediaAsync(new() { Media = Media.Print });
        foreach (var path in (string[])["/", "/patients/p01/results", "/patients/p01/timeline", "/patients/p01/download"])
        {
            await page.GotoAsync(path);
            Assert.Empty(await page.EvaluateAsync<string[]>("[...document.querySelectorAll('nav, form, .site-header, .site-footer, .record-menu')].filter(e => e.checkVisibility()).map(e => e.tagName + '.' + e.className)"));
            Assert.True(await page.Locator("main h1").IsVisibleAsync());
        }
    }

    [Fact]
    public async Task The_PDF_has_every_section_and_the_name_and_number_on_each_page()
    {
        var page = await browser.Open();
        await Browser.SignIn(page, "Mari Tamm");
        var pdf = await (await page.APIRequest.GetAsync("/patients/p01/summary.pdf")).BodyAsync();
        Assert.InRange(pdf.Length, 10_000, LargestPdf);
        await page.SetContentAsync(await (await page.APIRequest.GetAsync("/patients/p01/summary.html")).TextAsync());
        var text = await TextOf(pdf);
        foreach (var title in await page.Locator("h2").AllInnerTextsAsync()) Assert.Contains(title, text, StringComparison.Ordinal);
        var pages = text.TrimEnd('\f', '\n').Split('\f');
        for (var i = 0; i < pages.Length; i++)
        {
            Assert.Contains("Mari Tamm", pages[i], StringComparison.Ordinal);
            Assert.Contains(FormattableString.Invariant($"Page {i + 1} of {pages.Length}"), pages[i], StringComparison.Ordinal);
        }
    }

    [Theory, InlineData("da", "Prøvesvar"), InlineData("et", "Praegused terviseprobleemid"), InlineData("ko", "알레르기와 과민 반응")]
    public async Task The_PDF_speaks_the_readers_language(string language, string title)
    {
        var page = await browser.Open();
        await Browser.SignIn(page, "Mari Tamm");
        await page.Context.AddCookiesAsync([new() { Name = "language", Value = language, Url = browser.Node.Address }]);
        Assert.Contains(title, await TextOf(await (await page.APIRequest.GetAsync("/patients/p01/summary.pdf")).BodyAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_are_written_in_every_alphabet_of_the_three_countries()
    {
        foreach (var name in (string[])["김서연", "Søren Østergaard Bæk Åse", "Õnne Põder Äär Šťastný", "Александр", "Ελένη"])
            Assert.Contains(name, await TextOf(SummaryPdf.Write(Summary(name, [["x", "y"]]))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_summary_gives_the_same_text()
    {
        var summary = Summary("Mari Tamm", [.. Enumerable.Range(0, 80).Select(row => new[] { FormattableString.Invariant($"Row {row}"), "A value" })]);
        var (first, second) = (SummaryPdf.Write(summary), SummaryPdf.Write(summary));
        Assert.Equal(await TextOf(first), await TextOf(second));
        Assert.Equal(first.Length, second.Length);
    }

    [Fact]
    public async Task No_text_is_lost_however_long_it_is()
    {
        // A word longer than a line, and a cell longer than a page.
        var (word, cell) = (new string('W', 400), string.Join(' ', Enumerable.Range(0, 3000).Select(n => FormattableString.Invariant($"w{n}"))));
        var text = await TextOf(SummaryPdf.Write(Summary("Mari Tamm", [[word, cell], ["last", "row"]])));
        Assert.Equal(400, text.Count(letter => letter == 'W'));
        for (var n = 0; n < 3000; n += 250) Assert.Matches(FormattableString.Invariant($@"\bw{n}\b"), text);
        Assert.Contains("last", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Naughty_strings_do_no_harm()
    {
        using var list = JsonDocument.Parse(File.ReadAllBytes(Tests.SharedData.Path("naughty-strings", "blns.json")));
        foreach (var text in list.RootElement.EnumerateArray().Select(item => item.GetString()!))
            Assert.Equal("%PDF"u8, SummaryPdf.Write(Summary(text, [[text, text]])).AsSpan(0, 4));
    }

    static ReadableSummary Summary(string name, List<string[]> rows)
    {
        using var patient = JsonDocument.Parse(JsonSerializer.Serialize(new { resourceType = "Patient", id = "x", name = new[] { new { text = name } }, birthDate = "1957-03-14", gender = "female" }));
        return new(PatientHeader.Read(patient.RootElement, Day), FhirDate.Read("2026-11-26T10:00:00+01:00")!.Value, [new("11450-4", name, [new(["Head", "Value"], rows)], [name])]);
    }

    /// <summary>The text as poppler reads it, a form feed after each page.</summary>
    static async Task<string> TextOf(byte[] pdf)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/pdftotext"), "pdftotext is not installed (Debian: poppler-utils).");
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, pdf);
            using var read = Process.Start(new ProcessStartInfo("/usr/bin/pdftotext", ["-enc", "UTF-8", "-layout", file, "-"]) { RedirectStandardOutput = true, StandardOutputEncoding = Encoding.UTF8 })!;
            var text = await read.StandardOutput.ReadToEndAsync();
            await read.WaitForExitAsync();
            return text;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
