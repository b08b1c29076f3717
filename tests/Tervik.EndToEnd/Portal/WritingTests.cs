using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Tervik.Portal.Writing;
using Tervik.Records.Validation;

namespace Tervik.EndToEnd.Portal;

/// <summary>The write forms as professionals use them, and as whoever wants to break them does.</summary>
public sealed partial class WritingTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    static string? peopled;

    /// <summary>Patients of our own, of whom nothing is known that could be a hint; all but one are Holm's.</summary>
    public async ValueTask InitializeAsync()
    {
        if (peopled == browser.Node.Address || Browser.Chromium is null) return;
        peopled = browser.Node.Address;
        using var system = await browser.Node.Client("client/tests");
        string[] patients = [.. Cases.SelectMany(one => (string[])[one.Patient, .. Enumerable.Range(0, Records).Select(record => $"{one.Patient}-{record}")]), "w-hints", "w-second", "w-other"];
        foreach (var id in patients)
        {
            await Put(system, $$$"""{"resourceType":"Patient","id":"{{{id}}}","name":[{"family":"Writing","given":["{{{id}}}"]}],"gender":"female","birthDate":"1971-03-04"}""");
            if (id != "w-other") await Put(system, $$$"""{"resourceType":"Encounter","id":"{{{id}}}-visit","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/{{{id}}}"},"participant":[{"individual":{"reference":"Practitioner/holm"}}]}""");
        }
        await Put(system, """{"resourceType":"Condition","id":"w-condition","subject":{"reference":"Patient/w-second"},"code":{"text":"Something"}}""");
    }

    static async Task Put(HttpClient api, string resource)
    {
        var parts = resource.Split('"');
        using var answer = await api.PutAsync(new Uri($"{parts[3]}/{parts[7]}", UriKind.Relative), new StringContent(resource, Encoding.UTF8, "application/fhir+json"), Stop);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>A form with what one would type into it.</summary>
    /// <param name="Key">As in the address.</param>
    /// <param name="Patient">Each form has a patient of its own, so that no hint of one comes from another.</param>
    /// <param name="Typed">Valid values by field.</param>
    /// <param name="Wrong">A field and a value that is refused.</param>
    /// <param name="Changed">A field and what it is changed to.</param>
    /// <param name="Meanwhile">What somebody else changes in the resource meanwhile.</param>
    sealed record Case(string Key, string Patient, Dictionary<string, string> Typed, (string Field, string Value) Wrong, (string Field, string Value) Changed, Action<JsonObject> Meanwhile)
    {
        public EntryForm Form => EntryForm.All.First(form => form.Key == Key);
    }

    // The naughty strings go into several records: what is known already is loaded for every form.
    const int Records = 8;

    static readonly Case[] Cases =
    [
        new("note", "w-note", new() { ["kind"] = "telephone", ["title"] = "Call about the knee", ["text"] = "Called at noon.\nBetter than last week." }, ("text", ""), ("title", "Second call"), json => json["description"] = "Title of another"),
        new("diagnosis", "w-diagnosis", new() { ["what"] = "Frozen shoulder", ["since"] = "2025-11", ["severity"] = "moderate", ["text"] = "Left side." }, ("since", "yesterday"), ("text", "Right side, not left."), json => json["note"]![0]!["text"] = "Both sides."),
        new("prescription", "w-prescription", new() { ["medication"] = "Ondansetron", ["strength"] = "4 mg tablet", ["dose"] = "1", ["morning"] = "yes", ["evening"] = "yes", ["days"] = "5", ["quantity"] = "10", ["text"] = "After the operation." },
            ("dose", "much"), ("days", "7"), json => json["dispenseRequest"]!["numberOfRepeatsAllowed"] = 2),
        new("observation", "w-observation", new() { ["systolic"] = "128", ["diastolic"] = "82", ["text"] = "After rest." }, ("systolic", "820"), ("systolic", "131"), json => json["component"]![1]!["valueQuantity"]!["value"] = 84),
        new("allergy", "w-allergy", new() { ["what"] = "Nickel", ["reaction"] = "Contact dermatitis", ["severity"] = "mild", ["text"] = "Belt buckle." }, ("since", "3000"), ("text", "Belt buckle and earring."), json => json["criticality"] = "low"),
        new("vaccination", "w-vaccination", new() { ["what"] = "Tick-borne encephalitis vaccine", ["lot"] = "X123", ["number"] = "2", ["site"] = "left-arm", ["text"] = "No reaction." }, ("when", "3000-01-01"), ("lot", "X124"), json => json["lotNumber"] = "Y999"),
        new("order", "w-order", new() { ["what"] = "Spirometry", ["priority"] = "urgent", ["reason-text"] = "Cough for months", ["text"] = "Before and after salbutamol." }, ("what", ""), ("reason-text", "Cough since spring"), json => json["priority"] = "stat"),
    ];

    public static TheoryData<string> Keys => [.. Cases.Select(one => one.Key)];
    static Case Of(string key) => Cases.Single(one => one.Key == key);
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    const string Who = "Søren Holm";

    [Theory, MemberData(nameof(Keys))]
    public async Task A_form_refuses_saves_survives_a_sign_out_and_shows_what_another_wrote(string key)
    {
        var one = Of(key);
        var page = await browser.Open();
        await Browser.SignIn(page, Who);
        using var api = await browser.Node.Client("Practitioner/holm");

        // Invalid: the message stands by the field, and nothing that was typed is lost.
        await page.GotoAsync($"/patients/{one.Patient}/new/{key}");
        await Accessible(page, "empty");
        await Fill(page, one.Typed);
        await Fill(page, new() { [one.Wrong.Field] = one.Wrong.Value });
        await Submit(page);
        Assert.NotEqual("", await page.Locator($"#{one.Wrong.Field}-error").InnerTextAsync());
        Assert.Equal("true", await page.Locator($"#{one.Wrong.Field}").GetAttributeAsync("aria-invalid"));
        Assert.Equal(1, await page.Locator($"#errors a[href='#{one.Wrong.Field}']").CountAsync());
        await Shows(page, one.Typed.Where(field => field.Key != one.Wrong.Field).Append(new(one.Wrong.Field, one.Wrong.Value)));
        await Accessible(page, "error");

        // The session ends while it is mended: what was typed comes back after the sign-in, and is saved once.
        if (one.Typed.TryGetValue(one.Wrong.Field, out var right)) await Fill(page, new() { [one.Wrong.Field] = right });
        else await Fill(page, new() { [one.Wrong.Field] = one.Wrong.Field == "when" ? DateTime.Today.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : "" });
        await page.Context.ClearCookiesAsync();
        await Submit(page);
        await page.Locator("#name").FillAsync(Who);
        await page.Locator("form[role=search] button").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new(Who) }).First.ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await Shows(page, one.Typed);
        await Submit(page);
        Assert.Contains($"/patients/{one.Patient}/{(key == "note" ? "documents" : "entry")}/{one.Form.Type}/", page.Url, StringComparison.Ordinal);
        Assert.Contains("saved", await page.Locator(".saved").InnerTextAsync(), StringComparison.Ordinal);
        var id = IdOf(page.Url);
        Valid(await api.GetStringAsync(new Uri($"{one.Form.Type}/{id}", UriKind.Relative), Stop));

        // Somebody else changes it through the interface meanwhile: both stand side by side, then what was decided is saved, and what the form does not know is kept.
        await page.GotoAsync($"/patients/{one.Patient}/edit/{one.Form.Type}/{id}");
        await Shows(page, one.Typed);
        var stored = JsonNode.Parse(await api.GetStringAsync(new Uri($"{one.Form.Type}/{id}", UriKind.Relative), Stop))!.AsObject();
        one.Meanwhile(stored);
        stored["identifier"] = new JsonArray(new JsonObject { ["system"] = "urn:test", ["value"] = "kept" });
        using var put = await api.PutAsync(new Uri($"{one.Form.Type}/{id}", UriKind.Relative), new StringContent(stored.ToJsonString(), Encoding.UTF8, "application/fhir+json"), Stop);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        await Fill(page, new() { [one.Changed.Field] = one.Changed.Value });
        await Submit(page);
        Assert.Contains("/edit/", page.Url, StringComparison.Ordinal);
        Assert.NotEqual(0, await page.Locator(".theirs").CountAsync());
        Assert.Equal(one.Changed.Value, await page.Locator($"#{one.Changed.Field}").InputValueAsync());
        await Accessible(page, "conflict");
        await Submit(page);
        Assert.Contains("saved=change", page.Url, StringComparison.Ordinal);
        var after = await api.GetStringAsync(new Uri($"{one.Form.Type}/{id}", UriKind.Relative), Stop);
        Valid(after);
        Assert.Equal(3, Version(after));
        Assert.Contains("kept", after, StringComparison.Ordinal);
        await page.GotoAsync($"/patients/{one.Patient}/edit/{one.Form.Type}/{id}");
        Assert.Equal(one.Changed.Value, await page.Locator($"#{one.Changed.Field}").InputValueAsync());

        // Taken back, with the reason in the Provenance.
        await page.Locator("details.wrong summary").ClickAsync();
        await page.Locator("#in-error").CheckAsync();
        await Submit(page);
        Assert.NotEqual("", await page.Locator("#reason-error").InnerTextAsync());
        await page.Locator("#reason").FillAsync("Belongs to another patient");
        await Submit(page);
        var ended = await api.GetStringAsync(new Uri($"{one.Form.Type}/{id}", UriKind.Relative), Stop);
        Valid(ended);
        Assert.Contains("entered-in-error", ended, StringComparison.Ordinal);
        Assert.Contains("Belongs to another patient", await api.GetStringAsync(new Uri($"Provenance/{id}-v4", UriKind.Relative), Stop), StringComparison.Ordinal);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_note_is_written_corrected_and_found_with_the_keyboard_alone(bool javaScript)
    {
        var page = await browser.Open(javaScript: javaScript);
        await Browser.SignIn(page, Who);
        var title = javaScript ? "By keyboard" : "By keyboard, without scripts";
        await page.GotoAsync("/patients/w-second");
        await Press(page, page.Locator(".record-side a[href$='/new/note']"));
        await page.ArrivesAt("**/new/note");
        // Sent with nothing in it: the messages are reached and lead to the field.
        await page.EvaluateAsync("document.querySelector('form.form').noValidate = true");
        await Press(page, page.Locator("form.form .form-actions button[type=submit]"));
        await page.Locator("#text-error").WaitForAsync();
        await Press(page, page.Locator("#errors a[href='#text']"));
        Assert.Equal("text", await page.EvaluateAsync<string>("document.activeElement.id || location.hash.slice(1)"));
        await TabTo(page, page.Locator("#title"));
        await page.Keyboard.TypeAsync(title);
        await TabTo(page, page.Locator("#text"));
        await page.Keyboard.TypeAsync("Written without a mouse.");
        await Press(page, page.Locator("form.form .form-actions button[type=submit]"));
        await page.ArrivesAt("**saved=note");
        await Press(page, page.Locator("main a[href*='/edit/']").First);
        await page.ArrivesAt("**/edit/**");
        await TabTo(page, page.Locator("#text"));
        await page.Keyboard.PressAsync("Control+End");
        await page.Keyboard.TypeAsync(" And corrected.");
        await Press(page, page.Locator("form.form .form-actions button[type=submit]"));
        await page.ArrivesAt("**saved=change");
        Assert.Contains("Written without a mouse. And corrected.", await page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
        await page.GotoAsync("/patients/w-second");
        Assert.Contains(title, await page.Locator("section:has(> #documents)").InnerTextAsync(), StringComparison.Ordinal);
    }

    /// <summary>Tabs until the element has the focus.</summary>
    static async Task TabTo(IPage page, ILocator wanted)
    {
        for (var press = 0; press < 200; press++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (await wanted.EvaluateAsync<bool>("element => element === document.activeElement")) return;
        }
        Assert.Fail($"{wanted} is not reached with the keyboard on {page.Url}.");
    }

    static async Task Press(IPage page, ILocator wanted)
    {
        await TabTo(page, wanted);
        await page.Keyboard.PressAsync("Enter");
    }

    [Fact]
    public async Task Hints_ask_before_an_allergy_a_double_dose_or_an_open_order_is_passed_over()
    {
        using var api = await browser.Node.Client("Practitioner/holm");
        await Post(api, """{"resourceType":"AllergyIntolerance","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},"code":{"coding":[{"system":"http://snomed.info/sct","code":"764146007"}],"text":"Penicillin allergy since childhood"},"patient":{"reference":"Patient/w-hints"}}""");
        var page = await browser.Open();
        await Browser.SignIn(page, Who);
        await page.GotoAsync("/patients/w-hints/new/prescription");
        await Fill(page, new() { ["medication"] = "Amoxicillin", ["strength"] = "500 mg capsule", ["dose"] = "4", ["unit"] = "capsule", ["morning"] = "yes" });
        await Submit(page);
        Assert.Contains("Penicillin allergy since childhood", await page.Locator(".hints").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("2000 mg at a time is more than usual", await page.Locator(".hints").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("4 capsules, in the morning", await page.Locator("#written").InnerTextAsync(), StringComparison.Ordinal);
        await Accessible(page, "hints");
        // Sent again without the tick, it asks again; with it, it is saved with who passed over what.
        await Submit(page);
        Assert.Equal(1, await page.Locator(".hints").CountAsync());
        await page.Locator("#confirmed").CheckAsync();
        // Another dose gives another hint: the tick was for what was read.
        await Fill(page, new() { ["dose"] = "5" });
        await Submit(page);
        Assert.Contains("2500 mg", await page.Locator(".hints").InnerTextAsync(), StringComparison.Ordinal);
        Assert.False(await page.Locator("#confirmed").IsCheckedAsync());
        await page.Locator("#confirmed").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save anyway" }).ClickAsync();
        Assert.Contains("saved=prescription", page.Url, StringComparison.Ordinal);
        var stored = await api.GetStringAsync(new Uri($"MedicationRequest/{IdOf(page.Url)}", UriKind.Relative), Stop);
        Valid(stored);
        using var json = JsonDocument.Parse(stored);
        var note = Assert.Single(json.RootElement.GetProperty("note").EnumerateArray());
        Assert.Contains("Saved in spite of", note.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal(("Practitioner/holm", true), (note.GetProperty("authorReference").GetProperty("reference").GetString(), note.TryGetProperty("time", out _)));
        Assert.Equal("J01CA04", json.RootElement.GetProperty("medicationCodeableConcept").GetProperty("coding")[0].GetProperty("code").GetString());

        foreach (var what in (string[])["Chest X-ray", "X-ray of the chest"])
        {
            await page.GotoAsync("/patients/w-hints/new/order");
            await Fill(page, new() { ["what"] = what, ["priority"] = "routine" });
            await Submit(page);
        }
        Assert.Contains("ordered already", await page.Locator(".hints").InnerTextAsync(), StringComparison.Ordinal);
        // No known allergy is refused while one stands there; that one is named.
        await page.GotoAsync("/patients/w-hints/new/allergy");
        await Fill(page, new() { ["kind"] = "none" });
        await Submit(page);
        Assert.Contains("Penicillin allergy since childhood", await page.Locator("#kind-error").InnerTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Vital_signs_are_one_commit_with_the_body_mass_index_and_the_impossible_is_refused()
    {
        using var desk = await Desk.At(browser.Node, "Practitioner/holm");
        using var api = await browser.Node.Client("Practitioner/holm");
        var (status, body) = await desk.Send("/patients/w-second/new/observation", new() { ["weight"] = "700", ["day"] = "2999-01-01" });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Contains("id=\"weight-error\"", body, StringComparison.Ordinal);
        Assert.Contains("id=\"day-error\"", body, StringComparison.Ordinal);
        (status, body) = await desk.Send("/patients/w-second/new/observation", new() { ["weight"] = "260", ["height"] = "180" });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Contains("260 kg is very unusual", body, StringComparison.Ordinal);
        (status, var saved) = await desk.Send("/patients/w-second/new/observation", new() { ["weight"] = "81,0", ["height"] = "180", ["pulse"] = "64", ["saturation"] = "87", ["smoking"] = "former", ["what"] = "CRP", ["value"] = "<4" });
        Assert.Equal(HttpStatusCode.Found, status);
        var first = IdOf(saved);
        var all = new List<JsonElement>();
        foreach (var suffix in (string[])["", "-2", "-3", "-4", "-5", "-6", "-7"])
        {
            var answer = await api.GetAsync(new Uri($"Observation/{first}{suffix}", UriKind.Relative), Stop);
            if (answer.StatusCode == HttpStatusCode.NotFound) break;
            var text = await answer.Content.ReadAsStringAsync(Stop);
            Valid(text);
            all.Add(JsonDocument.Parse(text).RootElement);
        }
        Assert.Equal(["64 N", "87 LL", "81.0", "180", "25 H", "former", "4 < N"], all.Select(Words));

        static string Words(JsonElement one) => one.TryGetProperty("valueQuantity", out var quantity)
            ? string.Join(' ', new[] { quantity.GetProperty("value").GetRawText(), quantity.TryGetProperty("comparator", out var comparator) ? comparator.GetString() : null, one.TryGetProperty("interpretation", out var flag) ? flag[0].GetProperty("coding")[0].GetProperty("code").GetString() : null }.OfType<string>())
            : one.GetProperty("valueCodeableConcept").GetProperty("coding")[0].GetProperty("code").GetString() == "8517006" ? "former" : "";
    }

    [Theory, MemberData(nameof(Keys))]
    public async Task The_same_form_sent_twice_at_once_writes_once_and_both_are_told_so(string key)
    {
        var one = Of(key);
        using var desk = await Desk.At(browser.Node, "Practitioner/holm");
        using var api = await browser.Node.Client("Practitioner/holm");
        var fields = await desk.Form($"/patients/w-second/new/{key}");
        foreach (var (name, value) in one.Typed) fields[name] = value;
        if (key == "diagnosis") fields["what"] = "Own words for a problem"; // Nothing that stands there already.
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => desk.Post($"/patients/w-second/new/{key}", fields)));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Found, answer.Status));
        var id = IdOf(Assert.Single(answers.Select(answer => answer.Body).Distinct()));
        Assert.Equal(1, Version(await api.GetStringAsync(new Uri($"{one.Form.Type}/{id}", UriKind.Relative), Stop)));
        // And once more, later.
        Assert.Equal((HttpStatusCode.Found, answers[0].Body), await desk.Post($"/patients/w-second/new/{key}", fields));
        Assert.Equal(1, Version(await api.GetStringAsync(new Uri($"{one.Form.Type}/{id}", UriKind.Relative), Stop)));
        // With something else in it, the same form shows both.
        fields["text"] = "Something else";
        Assert.Equal(HttpStatusCode.Conflict, (await desk.Post($"/patients/w-second/new/{key}", fields)).Status);
    }

    [Theory]
    [InlineData("Patient/w-note", "/patients/w-note/new/note", HttpStatusCode.NotFound)]
    [InlineData("Practitioner/holm", "/patients/w-other/new/note", HttpStatusCode.NotFound)]
    [InlineData("Practitioner/holm", "/patients/w-note/new/poem", HttpStatusCode.NotFound)]
    [InlineData("Practitioner/holm", "/patients/w-note/edit/Condition/w-condition", HttpStatusCode.NotFound)]
    [InlineData("Practitioner/holm", "/patients/w-note/edit/Encounter/w-note-visit", HttpStatusCode.NotFound)]
    [InlineData("Patient/w-second", "/patients/w-second/edit/Condition/w-condition", HttpStatusCode.NotFound)]
    public async Task Who_may_not_write_there_finds_nothing(string who, string path, HttpStatusCode expected)
    {
        using var desk = await Desk.At(browser.Node, who);
        Assert.Equal(expected, (await desk.Get(path)).Status);
        var fields = await desk.Form("/account");
        fields["text"] = "A text";
        Assert.Contains((await desk.Post(path, fields)).Status, (HttpStatusCode[])[HttpStatusCode.NotFound, HttpStatusCode.Forbidden]);
    }

    /// <summary>Free-text fields of each form, and the longest text that fits.</summary>
    static readonly Dictionary<string, (string Name, int Longest)[]> FreeTexts = new()
    {
        ["note"] = [("text", 50_000), ("title", 300)],
        ["diagnosis"] = [("what", 300), ("text", 10_000)],
        ["prescription"] = [("medication", 300), ("strength", 300), ("needed-for", 300), ("instruction", 1000), ("quantity-unit", 50), ("text", 10_000)],
        ["observation"] = [("what", 300), ("value", 2000), ("unit", 50), ("text", 10_000)],
        ["allergy"] = [("what", 300), ("reaction", 300), ("text", 10_000)],
        ["vaccination"] = [("what", 300), ("lot", 50), ("text", 10_000)],
        ["order"] = [("what", 300), ("reason-text", 300), ("instruction", 1000), ("text", 10_000)],
    };

    [Theory, MemberData(nameof(Keys))]
    public async Task Naughty_strings_are_stored_and_shown_unharmed_in_every_free_text(string key)
    {
        var strings = PageChecks.Naughty();
        var one = Of(key);
        using var desk = await Desk.At(browser.Node, "Practitioner/holm");
        using var api = await browser.Node.Client("Practitioner/holm");
        Assert.True(strings.Count > 450);
        var (failures, checkedTexts) = (new ConcurrentBag<string>(), 0);
        await Parallel.ForEachAsync(strings.Index(), new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Stop }, async (numbered, _) =>
        {
            var (number, text) = numbered;
            var path = $"/patients/{one.Patient}-{number % Records}";
            var fields = await desk.Form($"{path}/new/{key}");
            foreach (var (name, value) in one.Typed) fields[name] = value;
            if (key == "prescription") fields["needed"] = "yes";
            if (key == "observation") (fields["systolic"], fields["diastolic"]) = ("", "");
            if (key == "order") fields["kind"] = "procedure";
            var used = FreeTexts[key].Where(field => text.Length <= field.Longest && !(field.Name is "medication" or "strength" && text.Length > 140)).ToList();
            foreach (var (name, _) in used) fields[name] = text;
            // A number may have a unit, a text not.
            if (used.RemoveAll(field => field.Name == (number % 2 == 0 ? "unit" : "value")) > 0 && key == "observation") fields[number % 2 == 0 ? "unit" : "value"] = number % 2 == 0 ? "" : "7.5";
            if (key == "observation" && used.All(field => field.Name != "what")) return;
            var (status, body) = await desk.Post($"{path}/new/{key}", fields);
            if (status == HttpStatusCode.UnprocessableEntity && Seal().Match(body) is { Success: true } seal)
            {
                fields["confirmed"] = seal.Groups[1].Value;
                (status, body) = await desk.Post($"{path}/new/{key}", fields);
            }
            if (status != HttpStatusCode.Found)
            {
                failures.Add($"{status} for {JsonSerializer.Serialize(text)}: {Errors(body)}");
                return;
            }
            var id = IdOf(body);
            using var stored = JsonDocument.Parse(await api.GetStringAsync(new Uri($"{one.Form.Type}/{id}", UriKind.Relative), Stop));
            var values = Strings(stored.RootElement).ToHashSet(StringComparer.Ordinal);
            var shown = await desk.Form($"{path}/edit/{one.Form.Type}/{id}");
            foreach (var (name, _) in used)
            {
                Interlocked.Increment(ref checkedTexts);
                // The name of a medication and its strength are one text in the record; several reactions are several.
                var isStored = name is "medication" or "strength" ? values.Contains(text) || values.Contains($"{text} {text}") : name == "reaction" ? Parts(text).All(values.Contains)
                    : values.Contains(text) || name == "value" && stored.RootElement.TryGetProperty("valueQuantity", out var quantity) && AreSame(quantity.GetProperty("value").GetRawText(), text);
                var isShown = name is "medication" or "strength" ? $"{shown["medication"]} {shown["strength"]}".Trim() is var full && (full == text || full == $"{text} {text}")
                    : shown.GetValueOrDefault(name) == (name == "reaction" ? string.Join("; ", Parts(text)) : text) || name == "value" && AreSame(shown["value"], text) || (name, text) == ("unit", "1"); // UCUM's 1 is no unit.
                if (!isStored) failures.Add($"{name} not stored: {JsonSerializer.Serialize(text)}");
                if (!isShown) failures.Add($"{name} shown as {JsonSerializer.Serialize(shown.GetValueOrDefault(name))}: {JsonSerializer.Serialize(text)}");
            }
        });
        Assert.True(failures.IsEmpty, $"{failures.Count} of {checkedTexts}:\n{string.Join('\n', failures.Take(20))}");
        Assert.True(checkedTexts > 800, $"{checkedTexts} texts were checked.");
    }

    static bool AreSame(string shown, string typed) => decimal.TryParse(shown, CultureInfo.InvariantCulture, out var one) && decimal.TryParse(typed.Replace(',', '.'), CultureInfo.InvariantCulture, out var other) && one == other;

    static IEnumerable<string> Parts(string text) => text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).DefaultIfEmpty(text);

    static IEnumerable<string> Strings(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().SelectMany(member => member.Name == "data" ? [Encoding.UTF8.GetString(member.Value.GetBytesFromBase64())] : Strings(member.Value)),
        JsonValueKind.Array => json.EnumerateArray().SelectMany(Strings),
        JsonValueKind.String => [json.GetString()!],
        _ => [],
    };

    static string Errors(string body) => body.IndexOf("id=\"errors\"", StringComparison.Ordinal) is var at and >= 0 ? Tags().Replace(body[at..Math.Min(body.Length, at + 600)], " ") : body[..Math.Min(body.Length, 200)];

    [GeneratedRegex("name=\"confirmed\" value=\"([0-9a-f]+)\"")]
    private static partial Regex Seal();

    [GeneratedRegex("<[^>]*>|\\s+")]
    private static partial Regex Tags();

    static string IdOf(string address) => address[(address.LastIndexOf('/') + 1)..].Split('?')[0];

    static int Version(string resource)
    {
        using var json = JsonDocument.Parse(resource);
        return int.Parse(json.RootElement.GetProperty("meta").GetProperty("versionId").GetString()!, CultureInfo.InvariantCulture);
    }

    static void Valid(string resource)
    {
        using var json = JsonDocument.Parse(resource);
        Assert.Empty(ResourceValidator.Validate(Tervik.Records.Model.Node.Resource(json.RootElement), ValidationDepth.Invariants).Where(fault => fault.Severity is "error" or "fatal").Select(fault => $"{fault.Where}: {fault.What}"));
    }

    static async Task Post(HttpClient api, string resource)
    {
        using var answer = await api.PostAsync(new Uri(resource.Split('"')[3], UriKind.Relative), new StringContent(resource, Encoding.UTF8, "application/fhir+json"), Stop);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    static async Task Fill(IPage page, Dictionary<string, string> values)
    {
        foreach (var (name, value) in values)
        {
            var field = page.Locator($"form.form [name='{name}']").First;
            var kind = await field.EvaluateAsync<string>("field => field.tagName + ' ' + field.type");
            if (kind.StartsWith("SELECT", StringComparison.Ordinal)) await field.SelectOptionAsync(value);
            else if (kind.EndsWith("radio", StringComparison.Ordinal)) await page.Locator($"form.form [name='{name}'][value='{value}']").CheckAsync();
            else if (kind.EndsWith("checkbox", StringComparison.Ordinal)) await field.CheckAsync();
            else await field.FillAsync(value);
        }
    }

    static async Task Shows(IPage page, IEnumerable<KeyValuePair<string, string>> values)
    {
        foreach (var (name, value) in values)
        {
            var field = page.Locator($"form.form [name='{name}']").First;
            if (await field.EvaluateAsync<string>("field => field.type") is "checkbox") Assert.True(await field.IsCheckedAsync(), name);
            else Assert.Equal((name, value), (name, await field.InputValueAsync()));
        }
    }

    static Task Submit(IPage page) => page.Locator("form.form .form-actions button[type=submit]").ClickAsync();

    /// <summary>axe, and the width, on a phone and a desk, light and dark.</summary>
    static async Task Accessible(IPage page, string state)
    {
        foreach (var width in (int[])[1280, 360])
            foreach (var dark in (bool[])[false, true])
            {
                await page.SetViewportSizeAsync(width, 900);
                await page.EmulateMediaAsync(new() { ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light });
                Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width, $"{page.Url} is wider than {width} ({state}).");
                Assert.Empty((await Accessibility.Violations(page)).Select(violation => $"{page.Url} ({state}): {violation}"));
                if (Environment.GetEnvironmentVariable("TERVIK_SCREENSHOTS") is { Length: > 0 } folder)
                    await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{new Uri(page.Url).AbsolutePath.Split('/')[4]}-{state}-{width}-{(dark ? "dark" : "light")}.png"), FullPage = true });
            }
        await page.SetViewportSizeAsync(1280, 900);
    }

    /// <summary>A browser without a window: cookies, forms and what stands in them.</summary>
    sealed partial class Desk(HttpClient http) : IDisposable
    {
        public static async Task<Desk> At(EndToEnd.Node node, string who)
        {
            var desk = new Desk(new(new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = new() }) { BaseAddress = new(node.Address) });
            var fields = await desk.Form("/sign-in");
            Assert.Equal(HttpStatusCode.Found, (await desk.Post("/sign-in", new() { ["form-token"] = fields["form-token"], ["person"] = who, ["to"] = "/" })).Status);
            return desk;
        }

        public async Task<(HttpStatusCode Status, string Body)> Get(string path)
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), Stop);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Stop));
        }

        /// <summary>What a browser would send of the page's form if nothing was typed.</summary>
        public async Task<Dictionary<string, string>> Form(string path)
        {
            var page = (await Get(path)).Body;
            var fields = new Dictionary<string, string>();
            if (page.IndexOf("<form method=\"post\" class=\"form\"", StringComparison.Ordinal) is var start and >= 0) page = page[start..page.IndexOf("</form>", start, StringComparison.Ordinal)];
            foreach (Match input in Input().Matches(page))
                if (Attribute(input.Value, "name") is { } name && (Attribute(input.Value, "type") is not ("radio" or "checkbox") || input.Value.Contains(" checked", StringComparison.Ordinal))) fields.TryAdd(name, Attribute(input.Value, "value") ?? "");
            // The parser of HTML drops the first line break of a text area.
            foreach (Match area in Area().Matches(page)) fields[WebUtility.HtmlDecode(area.Groups[1].Value)] = WebUtility.HtmlDecode(area.Groups[2].Value) is ['\n', .. var rest] ? rest : WebUtility.HtmlDecode(area.Groups[2].Value);
            foreach (Match select in Select().Matches(page)) fields[select.Groups[1].Value] = Chosen().Match(select.Groups[2].Value) is { Success: true } option ? WebUtility.HtmlDecode(option.Groups[1].Value) : "";
            return fields;
        }

        public async Task<(HttpStatusCode Status, string Body)> Post(string path, Dictionary<string, string> fields)
        {
            using var answer = await http.PostAsync(new Uri(path, UriKind.Relative), new FormUrlEncodedContent(fields), Stop);
            return (answer.StatusCode, answer.StatusCode == HttpStatusCode.Found ? answer.Headers.Location!.ToString() : WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(Stop)));
        }

        /// <summary>Fills and sends a form.</summary>
        public async Task<(HttpStatusCode Status, string Body)> Send(string path, Dictionary<string, string> typed)
        {
            var fields = await Form(path);
            foreach (var (name, value) in typed) fields[name] = value;
            return await Post(path, fields);
        }

        static string? Attribute(string tag, string name) => Regex.Match(tag, $"\\s{name}=\"([^\"]*)\"") is { Success: true } match ? WebUtility.HtmlDecode(match.Groups[1].Value) : null;

        [GeneratedRegex("<input\\b[^>]*>")]
        private static partial Regex Input();

        [GeneratedRegex("<textarea\\b[^>]*?\\sname=\"([^\"]*)\"[^>]*>(.*?)</textarea>", RegexOptions.Singleline)]
        private static partial Regex Area();

        [GeneratedRegex("<select\\b[^>]*?\\sname=\"([^\"]*)\"[^>]*>(.*?)</select>", RegexOptions.Singleline)]
        private static partial Regex Select();

        [GeneratedRegex("<option value=\"([^\"]*)\" selected")]
        private static partial Regex Chosen();

        public void Dispose() => http.Dispose();
    }
}
