using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Playwright;

namespace Tervik.EndToEnd.Portal;

public sealed class WishesTests(Browser browser) : IClassFixture<Browser>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static async Task<List<JsonElement>> Consents(HttpClient api, string patient, string category)
    {
        var bundle = await api.GetFromJsonAsync<JsonElement>(new Uri($"Consent?patient=Patient/{patient}&category={category}", UriKind.Relative), Stop);
        return bundle.TryGetProperty("entry", out var entries) ? [.. entries.EnumerateArray().Select(entry => entry.GetProperty("resource"))] : [];
    }

    [Theory, InlineData(1280, false), InlineData(360, true)]
    public async Task The_pages_and_their_errors_are_accessible_and_nothing_is_ticked_beforehand(int width, bool dark)
    {
        var page = await browser.Open(width, dark);
        // Not Mari, whose wishes others of these tests write.
        await Browser.SignIn(page, "Liis Saar");
        await page.GotoAsync("/patients/p03/wishes");
        await PageChecks.IsAccessible(page, width, $"wishes-{width}-{(dark ? "dark" : "light")}");
        foreach (var kind in (string[])["organ-donation", "treatment"])
        {
            await page.GotoAsync($"/patients/p03/wishes/{kind}");
            Assert.Equal(0, await page.Locator("input:checked").CountAsync());
            await PageChecks.IsAccessible(page, width, $"wish-{kind}-{width}-{(dark ? "dark" : "light")}");
            await page.Locator("#text").FillAsync("Kept <i>words</i>");
            // As a browser that does not check itself would send it.
            await page.EvaluateAsync("document.querySelector('form.form').noValidate = true");
            await page.GetByRole(AriaRole.Button, new() { Name = "Save my wish" }).ClickAsync();
            Assert.True(await page.Locator($"#{(kind == "treatment" ? "cpr" : "choice")}-error").IsVisibleAsync());
            Assert.Equal("Kept <i>words</i>", await page.Locator("#text").InputValueAsync());
            await PageChecks.IsAccessible(page, width, $"wish-{kind}-wrong-{width}-{(dark ? "dark" : "light")}");
        }
    }

    [Fact]
    public async Task A_choice_is_written_once_changed_withdrawn_and_its_history_shown_to_both()
    {
        using var api = await browser.Node.Client("Practitioner/holm");
        var page = await browser.Open(javaScript: false);
        await Browser.SignIn(page, "Karl Dahl");
        await page.GotoAsync("/");
        var patient = (await page.GetByRole(AriaRole.Link, new() { Name = "Timeline" }).First.GetAttributeAsync("href"))!.Split('/')[2];
        var path = $"/patients/{patient}/wishes/organ-donation";
        await page.GotoAsync(path);
        var fields = PageChecks.Hidden(await page.ContentAsync());
        (fields["choice"], fields["text"]) = ("some", "");
        Assert.Equal(422, (await PageChecks.Post(page, path, fields)).Status); // Some, but none chosen.
        (fields["organ-heart"], fields["organ-kidneys"]) = ("yes", "yes");
        Assert.Equal(302, (await PageChecks.Post(page, path, fields)).Status);
        Assert.Equal(302, (await PageChecks.Post(page, path, fields)).Status); // Twice is once.
        await page.GotoAsync($"/patients/{patient}/wishes");
        Assert.Contains("Heart, Kidneys", await page.Locator("section:has(#organ-donation)").InnerTextAsync(), StringComparison.Ordinal);

        await page.GotoAsync(path);
        Assert.True(await page.Locator("input[name=choice][value=some]").IsCheckedAsync());
        Assert.True(await page.Locator("#organ-kidneys").IsCheckedAsync());
        await page.Locator("input[name=choice][value=all]").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save my wish" }).ClickAsync();
        await page.ArrivesAt("**/wishes**");
        await page.GotoAsync(path);
        await page.GetByRole(AriaRole.Button, new() { Name = "Withdraw my wish" }).ClickAsync();
        await page.ArrivesAt("**/wishes**");
        var section = page.Locator("section:has(#organ-donation)");
        Assert.Contains("withdrawn", await section.InnerTextAsync(), StringComparison.OrdinalIgnoreCase);
        await section.Locator("summary").ClickAsync();
        Assert.Equal(3, await section.Locator(".wish-history li").CountAsync());
        Assert.Contains("Karl Dahl", await section.Locator(".wish-history").InnerTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wish_changed_elsewhere_is_shown_beside_and_professionals_only_read()
    {
        using var api = await browser.Node.Client("Practitioner/holm");
        var page = await browser.Open(360);
        await Browser.SignIn(page, "Mari Tamm");
        const string Path = "/patients/p01/wishes/treatment";
        var first = PageChecks.Hidden(await PageChecks.Get(page, Path));
        (first["cpr"], first["intensive-care"], first["representative-name"], first["representative-phone"], first["text"]) = ("no", "undecided", "Tiit Tamm", "+372 512 3456", "No hospital food");
        Assert.Equal(302, (await PageChecks.Post(page, Path, first)).Status);
        await page.GotoAsync(Path);
        // Another hand, by the API: what the form does not know stays beside.
        var stored = Assert.Single(await Consents(api, "p01", "acd"));
        using var changed = new StringContent(stored.GetRawText().Replace("\"deny\"", "\"permit\"", StringComparison.Ordinal).Replace("Tiit", "Anu", StringComparison.Ordinal), Encoding.UTF8, "application/fhir+json");
        using (var put = await api.PutAsync(new Uri($"Consent/{stored.GetProperty("id").GetString()}", UriKind.Relative), changed, Stop)) Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync(Stop));
        await page.Locator("#text").FillAsync("Flowers, please");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save my wish" }).ClickAsync();
        Assert.Contains("Anu Tamm", await page.Locator("#representative-name-theirs").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("Try to resuscitate me", await page.Locator("#cpr-theirs").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal(("Tiit Tamm", "Flowers, please"), (await page.Locator("#representative-name").InputValueAsync(), await page.Locator("#text").InputValueAsync()));
        await PageChecks.IsAccessible(page, 360, "wish-conflict-360");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save my wish" }).ClickAsync();
        await page.ArrivesAt("**/wishes**");
        Assert.Contains("Flowers, please", await page.Locator("section:has(#treatment)").InnerTextAsync(), StringComparison.Ordinal);

        var doctor = await browser.Open();
        await Browser.SignIn(doctor, "Søren Holm");
        await doctor.GotoAsync("/patients/p01/wishes");
        var text = await doctor.Locator("main").InnerTextAsync();
        foreach (var part in (string[])["Do not try to resuscitate me", "Tiit Tamm, +372 512 3456", "Flowers, please"]) Assert.Contains(part, text, StringComparison.Ordinal);
        Assert.Equal(0, await doctor.Locator("main form").CountAsync());
        Assert.Equal(404, (await doctor.GotoAsync(Path))!.Status);
        Assert.Equal(403, (await PageChecks.Post(doctor, Path, PageChecks.Hidden(await PageChecks.Get(doctor, "/patients")))).Status);
    }

    [Fact]
    public async Task Naughty_strings_are_stored_and_shown_unharmed()
    {
        var strings = PageChecks.Naughty();
        var page = await browser.Open();
        await Browser.SignIn(page, "Jaan Kask");
        const string Path = "/patients/p02/wishes/treatment";
        foreach (var part in MedicationTests.Parts(strings, 4900))
        {
            var fields = PageChecks.Hidden(await PageChecks.Get(page, Path));
            var name = part[..Math.Min(150, part.Length)].Replace('\n', ' ').Trim();
            (fields["cpr"], fields["intensive-care"], fields["representative-name"], fields["representative-phone"], fields["text"]) = ("yes", "yes", name, "", part);
            var answer = await PageChecks.Post(page, Path, fields);
            Assert.True(answer.Status == 302, await answer.TextAsync());
            var html = await PageChecks.Get(page, Path);
            Assert.Equal((PageChecks.Kept(name), PageChecks.Kept(part)), (PageChecks.Value(html, "representative-name"), PageChecks.Value(html, "text")));
            await page.GotoAsync("/patients/p02/wishes");
            Assert.Equal(PageChecks.Kept(part), await page.Locator("section:has(#treatment) > .prose").TextContentAsync());
        }
    }
}
