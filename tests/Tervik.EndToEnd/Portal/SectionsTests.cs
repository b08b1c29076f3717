using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Playwright;

namespace Tervik.EndToEnd.Portal;

/// <summary>The section pages of the record, over entries of every kind they show.</summary>
public sealed class SectionsTests(SectionsTests.Seeded seeded) : IClassFixture<SectionsTests.Seeded>
{
    const string Png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    static readonly byte[] Pdf = "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"u8.ToArray();
    const string Letter = "Dear colleague,\nMari sleeps well again. <b>No</b> further visit.";
    const string Html = "<html><head><title>x</title><script>document.title='owned'</script></head><body onload=\"document.title='owned'\"><h1>Discharge</h1><p onclick=alert(1)>Home on <b>Friday</b>.</p><a href=\"javascript:alert(1)\">here</a><img src=x onerror=\"document.title='owned'\"></body></html>";

    static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>What the pages show, of patient p01; a letter of p02.</summary>
    static readonly string[] Resources =
    [
        """{"resourceType":"Location","id":"s-ward","name":"Ward 4 B","status":"active"}""",
        """{"resourceType":"Condition","id":"s-heart","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"provisional"}]},"severity":{"text":"Moderate"},"code":{"text":"Heart failure"},"subject":{"reference":"Patient/p01"},"onsetDateTime":"2024-03","recorder":{"reference":"Practitioner/holm"},"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/condition-dueTo","valueReference":{"reference":"Condition/s-pressure"}}]}""",
        """{"resourceType":"Condition","id":"s-pressure","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},"code":{"text":"High blood pressure of long standing"},"subject":{"reference":"Patient/p01"},"onsetAge":{"value":41,"unit":"years","system":"http://unitsofmeasure.org","code":"a"}}""",
        """{"resourceType":"Condition","id":"s-past","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"resolved"}]},"code":{"text":"Pneumonia"},"subject":{"reference":"Patient/p01"},"onsetDateTime":"2019-02-01","abatementDateTime":"2019-03-01"}""",
        """{"resourceType":"Condition","id":"s-error","verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"entered-in-error"}]},"code":{"text":"Never was"},"subject":{"reference":"Patient/p01"}}""",
        """{"resourceType":"AllergyIntolerance","id":"s-nuts","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-verification","code":"unconfirmed"}]},"type":"allergy","category":["food"],"criticality":"high","code":{"text":"Hazelnut"},"patient":{"reference":"Patient/p01"},"onsetDateTime":"1999","reaction":[{"manifestation":[{"text":"Swollen lips"},{"text":"Itching"}],"severity":"severe"}]}""",
        """{"resourceType":"Immunization","id":"s-dose1","status":"completed","vaccineCode":{"text":"Hepatitis B vaccine"},"patient":{"reference":"Patient/p01"},"occurrenceDateTime":"2021-01-10","lotNumber":"AB-1234","location":{"reference":"Location/s-ward"},"protocolApplied":[{"targetDisease":[{"text":"Hepatitis B"}],"doseNumberPositiveInt":1,"seriesDosesPositiveInt":3}]}""",
        """{"resourceType":"Immunization","id":"s-dose2","status":"completed","vaccineCode":{"text":"Hepatitis A and B vaccine"},"patient":{"reference":"Patient/p01"},"occurrenceDateTime":"2021-06-10","protocolApplied":[{"targetDisease":[{"text":"Hepatitis B"},{"text":"Hepatitis A"}],"doseNumberPositiveInt":2}]}""",
        """{"resourceType":"Immunization","id":"s-refused","status":"not-done","statusReason":{"text":"Fever on that day"},"vaccineCode":{"text":"Influenza vaccine"},"patient":{"reference":"Patient/p01"},"occurrenceDateTime":"2023-10-01"}""",
        """{"resourceType":"ImmunizationRecommendation","id":"s-due","patient":{"reference":"Patient/p01"},"date":"2024-01-01","recommendation":[{"vaccineCode":[{"text":"Hepatitis B vaccine, third dose"}],"forecastStatus":{"coding":[{"code":"due"}]},"dateCriterion":[{"code":{"coding":[{"system":"http://loinc.org","code":"30980-7"}]},"value":"2099-01-10"}],"doseNumberPositiveInt":3}]}""",
        """{"resourceType":"Procedure","id":"s-planned","status":"preparation","code":{"text":"Replacement of the left hip"},"subject":{"reference":"Patient/p01"},"performedDateTime":"2099-05-01"}""",
        """{"resourceType":"Procedure","id":"s-done","status":"completed","code":{"text":"Removal of the appendix"},"subject":{"reference":"Patient/p01"},"performedPeriod":{"start":"2015-05-01T08:00:00Z","end":"2015-05-01T09:00:00Z"},"performer":[{"actor":{"reference":"Practitioner/holm"}}],"reasonCode":[{"text":"Appendicitis"}],"report":[{"reference":"DiagnosticReport/s-report"}],"note":[{"text":"No complication."}]}""",
        """{"resourceType":"Encounter","id":"s-stay","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"},"subject":{"reference":"Patient/p01"},"period":{"start":"2024-03-01T10:00:00Z","end":"2024-03-05T12:00:00Z"},"participant":[{"individual":{"reference":"Practitioner/holm"}}],"reasonCode":[{"text":"Short of breath"}],"location":[{"location":{"reference":"Location/s-ward"},"period":{"start":"2024-03-01","end":"2024-03-05"}}],"hospitalization":{"dischargeDisposition":{"text":"Home"}}}""",
        """{"resourceType":"ServiceRequest","id":"s-open","status":"active","intent":"order","priority":"urgent","code":{"text":"Ultrasound of the heart"},"subject":{"reference":"Patient/p01"},"authoredOn":"2024-03-02","requester":{"reference":"Practitioner/holm"},"performer":[{"display":"Heart clinic"}]}""",
        """{"resourceType":"ServiceRequest","id":"s-booked","status":"active","intent":"order","code":{"text":"Visit to the eye clinic"},"subject":{"reference":"Patient/p01"},"authoredOn":"2024-03-03"}""",
        """{"resourceType":"ServiceRequest","id":"s-revoked","status":"revoked","intent":"order","code":{"text":"X-ray of the knee"},"subject":{"reference":"Patient/p01"},"authoredOn":"2020-03-03"}""",
        """{"resourceType":"Appointment","id":"s-eye","status":"booked","description":"Eye clinic","start":"2099-06-01T09:00:00Z","end":"2099-06-01T09:30:00Z","basedOn":[{"reference":"ServiceRequest/s-booked"}],"participant":[{"actor":{"reference":"Patient/p01"},"status":"accepted"},{"actor":{"reference":"Practitioner/kuusk"},"status":"accepted"}]}""",
        """{"resourceType":"ImagingStudy","id":"s-mr","status":"available","subject":{"reference":"Patient/p01"},"started":"2024-03-02T11:00:00Z","modality":[{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"MR"}],"numberOfSeries":1,"numberOfInstances":120,"description":"Heart with contrast","series":[{"uid":"1.2.3.4","modality":{"code":"MR"},"bodySite":{"display":"Heart"}}]}""",
        """{"resourceType":"DiagnosticReport","id":"s-report","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0074","code":"RAD"}]}],"code":{"text":"MRI report"},"subject":{"reference":"Patient/p01"},"effectiveDateTime":"2024-03-02","imagingStudy":[{"reference":"ImagingStudy/s-mr"}],"conclusion":"The heart pumps less than usual."}""",
        $$$"""{"resourceType":"DocumentReference","id":"s-letter","status":"current","type":{"text":"Letter"},"subject":{"reference":"Patient/p01"},"date":"2024-03-06T09:00:00Z","author":[{"reference":"Practitioner/holm"}],"description":"Discharge letter","context":{"encounter":[{"reference":"Encounter/s-stay"}]},"content":[{"attachment":{"contentType":"text/plain; charset=utf-8","data":"{{{Base64(Letter)}}}","title":"Letter"}},{"attachment":{"contentType":"text/html","data":"{{{Base64(Html)}}}","title":"Letter as a page"}},{"attachment":{"contentType":"application/pdf","data":"{{{Convert.ToBase64String(Pdf)}}}","title":"Letter.pdf"}},{"attachment":{"contentType":"image/png","data":"{{{Png}}}","title":"Curve"}},{"attachment":{"contentType":"application/pdf","data":"{{{Base64(Html)}}}","title":"Says PDF"}},{"attachment":{"contentType":"application/pdf","url":"Binary/s-own"}},{"attachment":{"contentType":"application/pdf","url":"Binary/s-foreign"}},{"attachment":{"contentType":"image/svg+xml","data":"{{{Base64("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")}}}","title":"Drawing"}}]}""",
        $$$"""{"resourceType":"DocumentReference","id":"s-other","status":"current","type":{"text":"Letter"},"subject":{"reference":"Patient/p02"},"date":"2024-03-06T09:00:00Z","content":[{"attachment":{"contentType":"text/plain","data":"{{{Base64("Jaan's secret")}}}"}}]}""",
        $$$"""{"resourceType":"Binary","id":"s-own","contentType":"application/pdf","securityContext":{"reference":"DocumentReference/s-letter"},"data":"{{{Convert.ToBase64String(Pdf)}}}"}""",
        $$$"""{"resourceType":"Binary","id":"s-foreign","contentType":"application/pdf","securityContext":{"reference":"DocumentReference/s-other"},"data":"{{{Convert.ToBase64String(Pdf)}}}"}""",
        """{"resourceType":"Composition","id":"s-summary","status":"final","type":{"text":"Summary"},"subject":{"reference":"Patient/p01"},"date":"2024-03-07","author":[{"reference":"Practitioner/holm"}],"title":"Summary of the stay","section":[{"title":"Problems","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><table><tr><th>Problem</th><td style=\"color:red\">Heart failure</td></tr></table></div>"},"entry":[{"reference":"Condition/s-heart"}]}]}""",
        """{"resourceType":"QuestionnaireResponse","id":"s-answers","status":"completed","subject":{"reference":"Patient/p01"},"authored":"2024-03-08","item":[{"linkId":"1","text":"Do you sleep well?","answer":[{"valueBoolean":true}]}]}""",
        """{"resourceType":"CareTeam","id":"s-team","status":"active","subject":{"reference":"Patient/p01"},"participant":[{"role":[{"text":"Cardiologist"}],"member":{"reference":"Practitioner/holm"}}]}""",
        """{"resourceType":"Goal","id":"s-goal","lifecycleStatus":"active","description":{"text":"Walk half an hour each day"},"subject":{"reference":"Patient/p01"},"target":[{"dueDate":"2099-01-01"}]}""",
        """{"resourceType":"CarePlan","id":"s-plan","status":"active","intent":"plan","title":"Heart failure plan","subject":{"reference":"Patient/p01"},"period":{"start":"2024-03-05"},"goal":[{"reference":"Goal/s-goal"}],"activity":[{"detail":{"code":{"text":"Weigh yourself"},"status":"in-progress","description":"Every morning"}}]}""",
    ];

    /// <summary>A browser over a node with these entries.</summary>
    public sealed class Seeded : IAsyncLifetime
    {
        // One of the files says to be what it is not, as in old archives.
        public Browser Browser { get; } = new() { Node = new() { Others = ["unfitFiles=accept"] } };

        public async ValueTask InitializeAsync()
        {
            await Browser.InitializeAsync();
            if (Browser.Chromium is null) return;
            using var client = await Browser.Node.Client("client/sections");
            foreach (var resource in Resources) await Put(client, resource);
            await Put(client, Resources.First(resource => resource.Contains("\"s-heart\"", StringComparison.Ordinal)).Replace("Moderate", "Severe", StringComparison.Ordinal));
            await Put(client, """{"resourceType":"Provenance","id":"s-who","target":[{"reference":"Condition/s-heart/_history/2"},{"reference":"Patient/p01"}],"recorded":"2024-03-09T10:00:00Z","agent":[{"who":{"reference":"Practitioner/kuusk"}}]}""");
            for (var i = 0; i < 60; i++)
                await Put(client, $$"""{"resourceType":"Procedure","id":"s-many-{{i}}","status":"completed","code":{"text":"Dialysis {{i}}"},"subject":{"reference":"Patient/p03"},"performedDateTime":"2020-{{1 + i / 28:00}}-{{1 + i % 28:00}}"}""");
        }

        static async Task Put(HttpClient client, string resource)
        {
            using var json = JsonDocument.Parse(resource);
            using var body = new StringContent(resource, Encoding.UTF8, "application/fhir+json");
            var answer = await client.PutAsync(new Uri($"{json.RootElement.GetProperty("resourceType").GetString()}/{json.RootElement.GetProperty("id").GetString()}", UriKind.Relative), body);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }

        public ValueTask DisposeAsync() => Browser.DisposeAsync();
    }

    /// <summary>A page and what must stand on it.</summary>
    static readonly (string Path, string[] Shown)[] Pages =
    [
        ("conditions", ["Heart failure", "Suspected", "March 2024", "Severe", "High blood pressure of long standing", "at the age of 41", "Pneumonia", "1 February 2019 – 1 March 2019", "Søren Holm"]),
        ("allergies", ["Hazelnut", "Swollen lips, Itching (severe)", "can be severe", "Not confirmed", "since 1999"]),
        ("vaccinations", ["Hepatitis B", "Hepatitis A", "2 doses", "dose 1 of 3", "AB-1234", "Ward 4 B", "Fever on that day", "due 10 January 2099"]),
        ("procedures", ["Replacement of the left hip", "Being prepared", "Removal of the appendix", "Appendicitis", "MRI report"]),
        ("encounters", ["Eye clinic", "1 June 2099, 09:00–09:30", "Stay in hospital", "Ward 4 B (1 March 2024 – 5 March 2024)", "Short of breath", "Home"]),
        ("referrals", ["Ultrasound of the heart", "Urgent", "It waits for an answer", "Heart clinic", "Appointment on 1 June 2099", "Called off"]),
        ("imaging", ["Heart with contrast", "MRI scan", "120", "MRI report"]),
        ("documents", ["Discharge letter", "Summary of the stay", "MRI report", "Answers to a questionnaire"]),
        ("documents?kind=letters", ["Discharge letter"]),
        ("documents/DocumentReference/s-letter", ["Mari sleeps well again. <b>No</b> further visit.", "Home on Friday", "Curve", "Letter.pdf", "The file lies in another system"]),
        ("documents/Composition/s-summary", ["Problems", "Heart failure"]),
        ("documents/QuestionnaireResponse/s-answers", ["Do you sleep well?", "Yes"]),
        ("documents/DiagnosticReport/s-report", ["The heart pumps less than usual."]),
        ("care-team", ["Søren Holm", "Cardiologist", "Walk half an hour each day", "Heart failure plan", "Weigh yourself"]),
        ("entry/Encounter/s-stay", ["Stay in hospital", "Written and measured in this visit", "Discharge letter"]),
        ("entry/Condition/s-heart", ["Certainty", "Suspected", "March 2024", "History: 2 versions"]),
        ("entry/Condition/s-heart/history", ["Version 2", "Kuusk", "Moderate", "Severe", "Version 1", "Søren Holm"]),
    ];

    public static TheoryData<string, bool> AllPages
    {
        get
        {
            var all = new TheoryData<string, bool>();
            foreach (var (path, _) in Pages) { all.Add(path, true); all.Add(path, false); }
            return all;
        }
    }

    [Theory, MemberData(nameof(AllPages))]
    public async Task Every_section_says_what_is_recorded_and_is_accessible_on_a_phone(string path, bool isProfessional)
    {
        var page = await seeded.Browser.Open(360, dark: isProfessional, javaScript: true);
        await Browser.SignIn(page, isProfessional ? "Søren Holm" : "Mari Tamm");
        var answer = await page.GotoAsync($"/patients/p01/{path}");
        Assert.Equal(200, answer!.Status);
        var text = await page.Locator(".record-page").InnerTextAsync();
        foreach (var shown in Pages.Single(one => one.Path == path).Shown) Assert.Contains(shown, text, StringComparison.Ordinal);
        Assert.DoesNotContain("Never was", text, StringComparison.Ordinal);
        Assert.DoesNotContain("owned", await page.TitleAsync(), StringComparison.Ordinal);
        Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= 360, "The page is wider than the window.");
        Assert.Empty(await Accessibility.Violations(page));
        if (Environment.GetEnvironmentVariable("TERVIK_SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"section-{path.Replace('/', '-').Replace('?', '-')}-{(isProfessional ? "professional-dark" : "patient")}-360.png"), FullPage = true });
    }

    [Theory, InlineData("conditions"), InlineData("allergies"), InlineData("vaccinations"), InlineData("procedures"), InlineData("encounters"), InlineData("referrals"), InlineData("imaging"), InlineData("documents"), InlineData("care-team"),
        InlineData("documents/DocumentReference/s-other"), InlineData("documents/DocumentReference/s-other/0"), InlineData("entry/Condition/s-heart/history")]
    public async Task A_patient_does_not_reach_the_sections_of_another(string path)
    {
        var page = await seeded.Browser.Open(360);
        await Browser.SignIn(page, "Mari Tamm");
        Assert.Equal(404, (await page.APIRequest.GetAsync($"/patients/p02/{path}")).Status);
    }

    [Fact]
    public async Task The_file_of_another_patient_does_not_open_on_ones_own_page()
    {
        var page = await seeded.Browser.Open(360);
        await Browser.SignIn(page, "Mari Tamm");
        Assert.Equal(404, (await page.APIRequest.GetAsync("/patients/p01/documents/DocumentReference/s-other/0")).Status);
        Assert.Equal(404, (await page.APIRequest.GetAsync("/patients/p01/documents/DocumentReference/s-letter/6")).Status); // A Binary that says it belongs to another letter.
        Assert.Equal(404, (await page.APIRequest.GetAsync("/patients/p01/documents/DocumentReference/s-letter/8")).Status);
    }

    /// <summary>Number, type and disposition of the attachments of the letter.</summary>
    [Theory, InlineData(0, "text/plain; charset=utf-8", "inline"), InlineData(1, "application/octet-stream", "attachment"), InlineData(2, "application/pdf", "inline"), InlineData(3, "image/png", "inline"),
        InlineData(4, "application/octet-stream", "attachment"), InlineData(5, "application/pdf", "inline"), InlineData(7, "application/octet-stream", "attachment")]
    public async Task A_file_comes_with_its_bytes_and_is_shown_only_when_it_is_harmless(int number, string contentType, string disposition)
    {
        byte[] expected = number switch { 0 => Encoding.UTF8.GetBytes(Letter), 1 or 4 => Encoding.UTF8.GetBytes(Html), 2 or 5 => Pdf, 3 => Convert.FromBase64String(Png), _ => Encoding.UTF8.GetBytes("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>") };
        var page = await seeded.Browser.Open(360);
        await Browser.SignIn(page, "Mari Tamm");
        var file = await page.APIRequest.GetAsync($"/patients/p01/documents/DocumentReference/s-letter/{number}");
        Assert.Equal((200, contentType, "nosniff"), (file.Status, file.Headers["content-type"], file.Headers["x-content-type-options"]));
        Assert.StartsWith(disposition, file.Headers["content-disposition"], StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", file.Headers["content-security-policy"], StringComparison.Ordinal);
        Assert.Equal(expected, await file.BodyAsync());
        var saved = await page.APIRequest.GetAsync($"/patients/p01/documents/DocumentReference/s-letter/{number}?save=1");
        Assert.StartsWith("attachment", saved.Headers["content-disposition"], StringComparison.Ordinal);
        await page.GotoAsync("/patients/p01/access");
        Assert.Contains("opened a file", await page.Locator("ol.accesses").InnerTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_list_goes_on_and_its_link_shows_nothing_of_another_patient()
    {
        var page = await seeded.Browser.Open(javaScript: false);
        await Browser.SignIn(page, "Liis Saar");
        await page.GotoAsync("/patients/p03/procedures");
        var first = await page.Locator("section:has(#done) .line-title").AllInnerTextsAsync();
        Assert.Equal(50, first.Count);
        await page.GetByRole(AriaRole.Link, new() { Name = "Show more" }).ClickAsync();
        var rest = await page.Locator("section:has(#done) .line-title").AllInnerTextsAsync();
        Assert.Equal(60, first.Concat(rest).Count(title => title.StartsWith("Dialysis", StringComparison.Ordinal)));
        Assert.Equal(first.Count + rest.Count, first.Concat(rest).Distinct().Count());
        var query = new Uri(page.Url).Query;
        await page.GotoAsync($"/patients/p03/procedures{query[..^3]}AAA");
        Assert.Contains("There is nothing further", await page.Locator(".record-page").InnerTextAsync(), StringComparison.Ordinal);
        var mari = await seeded.Browser.Open();
        await Browser.SignIn(mari, "Mari Tamm");
        await mari.GotoAsync($"/patients/p01/procedures{query}");
        Assert.DoesNotContain("Dialysis", await mari.ContentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_section_says_what_that_means()
    {
        var page = await seeded.Browser.Open();
        using (var api = await seeded.Browser.Node.Client("client/registry"))
        using (var body = new StringContent("""{"resourceType":"Patient","id":"nothing-yet","name":[{"given":["Newly"],"family":"Arrived"}]}""", System.Text.Encoding.UTF8, "application/fhir+json"))
            Assert.True((await api.PutAsync(new Uri("Patient/nothing-yet", UriKind.Relative), body, TestContext.Current.CancellationToken)).IsSuccessStatusCode);
        await Browser.SignIn(page, "Newly Arrived");
        foreach (var (path, words) in ((string, string)[])[("imaging", "No X-ray, scan or other image is recorded."), ("referrals", "No referral or order is recorded."), ("documents", "No note, letter or report is recorded."), ("documents?kind=answers", "There is no document of this kind.")])
        {
            await page.GotoAsync($"/patients/nothing-yet/{path}");
            Assert.Contains(words, await page.Locator(".record-page").InnerTextAsync(), StringComparison.Ordinal);
        }
    }
}
