using System.Text.Json;
using System.Text.RegularExpressions;
using Tervik.Portal.Allergies;
using Tervik.Portal.Conditions;
using Tervik.Portal.Documents;
using Tervik.Portal.Entry;
using Tervik.Portal.Imaging;
using Tervik.Portal.Reading;
using Tervik.Portal.Record;
using Tervik.Portal.Referrals;
using Tervik.Portal.Vaccinations;

namespace Tervik.EndToEnd.Portal;

/// <summary>The rules by which the section pages put entries into words: pure functions of JSON.</summary>
public sealed partial class SectionRulesTests
{
    static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;
    static Shown Of(string type, string json) => new("p", type, "1", Json(json), Mentions.None);

    [Theory]
    [InlineData("<p>Hello <b>you</b></p>", "<p>Hello <b>you</b></p>")]
    [InlineData("a<script>alert(1)</script>b", "ab")]
    [InlineData("a<SCRIPT SRC=//x></SCRIPT >b", "ab")]
    [InlineData("a<script>never closed", "a")]
    [InlineData("<p onclick=\"x()\" style='color:red' class=c id=i>t</p>", "<p>t</p>")]
    [InlineData("<a href=\"javascript:alert(1)\">t</a>", "<span>t</span>")]
    [InlineData("<a href=\" java\tscript:alert(1)\">t</a>", "<span>t</span>")]
    [InlineData("<a href=\"&#106;avascript:alert(1)\">t</a>", "<span>t</span>")]
    [InlineData("<a href='data:text/html,x'>t</a>", "<span>t</span>")]
    [InlineData("<a href=\"https://example.org/?a=1&amp;b=2\">t</a>", "<a href=\"https://example.org/?a=1&amp;b=2\" rel=\"noopener noreferrer nofollow\" class=\"ds-link\">t</a>")]
    [InlineData("x<img src=x onerror=alert(1)>", "x")]
    [InlineData("x<img src=\"https://tracker.example/p.png\" alt=\"Curve\">", "xCurve")]
    [InlineData("<img src=\"data:image/png;base64,AAAA\">", "<img src=\"data:image/png;base64,AAAA\" alt=\"\">")]
    [InlineData("<img src=\"data:image/svg+xml;base64,AAAA\">x", "x")]
    [InlineData("<svg><script>alert(1)</script></svg>x", "x")]
    [InlineData("<math><mi><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mi></math>x", "x")]
    [InlineData("<iframe src='javascript:alert(1)'></iframe>x", "x")]
    [InlineData("<p>open <b>both", "<p>open <b>both</b></p>")]
    [InlineData("</div></main><p>x</p>", "<p>x</p>")]
    [InlineData("1 < 2 & 3", "1 &lt; 2 &amp; 3")]
    [InlineData("<!-- <b>no</b> -->x<!DOCTYPE html><?php x ?>", "x")]
    [InlineData("&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;")]
    [InlineData("<![CDATA[<b>x</b>]]>", "&lt;b&gt;x&lt;/b&gt;")]
    [InlineData("<li>alone</li>", "alone")]
    [InlineData("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>")]
    [InlineData("<h1>Title</h1><h3>Part</h3>", "<h5>Title</h5><h6>Part</h6>")]
    [InlineData("<table><tr><td colspan=2 rowspan=x>a</td></tr></table>", "<table><tr><td colspan=\"2\">a</td></tr></table>")]
    [InlineData("<b title='\"><script>alert(1)</script>'>x</b>", "<b title=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\">x</b>")]
    public void Only_text_and_harmless_markup_is_left_of_foreign_html(string html, string expected) => Assert.Equal(expected, SafeHtml.Of(html)?.Value);

    [Theory, InlineData(""), InlineData("   "), InlineData("<script>x</script>"), InlineData("<div> </div>"), InlineData("<style>p{}</style>"), InlineData(null)]
    public void Html_without_anything_to_read_is_nothing(string? html) => Assert.Null(SafeHtml.Of(html));

    [GeneratedRegex("""^(?:[^<]|</?(?:a|abbr|acronym|b|big|blockquote|br|caption|cite|code|col|colgroup|dd|dfn|div|dl|dt|em|h5|h6|hr|i|img|li|ol|p|pre|q|samp|small|span|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul|var)(?: (?:abbr|alt|colspan|dir|href|lang|rowspan|scope|span|src|start|title|value|rel|class)="[^"<>]*")*>)*$""")]
    private static partial Regex Allowed();

    /// <summary>Whether nothing but the elements and attributes of the list is in it, and links lead where they may.</summary>
    internal static bool IsAllowed(string safe) => Allowed().IsMatch(safe) && Link().Matches(safe).All(link => LinkTarget().IsMatch(link.Groups[1].Value));

    [GeneratedRegex("^(?:https?://|mailto:|tel:|data:image/(?:png|jpeg|gif);base64,)", RegexOptions.IgnoreCase)]
    private static partial Regex LinkTarget();

    [Fact]
    public void Naughty_strings_leave_only_what_is_on_the_list_whatever_stands_around_them()
    {
        var strings = JsonSerializer.Deserialize<string[]>(File.ReadAllText(Tervik.Tests.SharedData.Path("naughty-strings", "blns.json")))!;
        Assert.NotEmpty(strings);
        foreach (var naughty in strings)
            foreach (var html in (string[])[naughty, $"<p>{naughty}</p>", $"<a href=\"{naughty}\">x</a>", $"<img src={naughty}>x", $"<b title='{naughty}'>x", $"<{naughty}>", $"<table><td>{naughty}"])
            {
                var safe = SafeHtml.Of(html)?.Value ?? "";
                Assert.Matches(Allowed(), safe);
                foreach (Match link in Link().Matches(safe)) Assert.Matches("^(?:https?://|mailto:|tel:|data:image/(?:png|jpeg|gif);base64,)", link.Groups[1].Value.ToLowerInvariant());
            }
    }

    [GeneratedRegex("(?:href|src)=\"([^\"]*)\"")]
    private static partial Regex Link();

    [Theory]
    [InlineData("""{"onsetDateTime":"2020-03"}""", "since March 2020")]
    [InlineData("""{"onsetDateTime":"2020","abatementDateTime":"2021-02-03"}""", "2020 – 3 February 2021")]
    [InlineData("""{"onsetAge":{"value":40,"unit":"years"}}""", "at the age of 40 years")]
    [InlineData("""{"abatementDateTime":"2021"}""", "until 2021")]
    [InlineData("""{"onsetDateTime":"2020","clinicalStatus":{"coding":[{"code":"resolved"}]}}""", "began 2020")]
    [InlineData("""{"recordedDate":"2020-01-02"}""", "recorded 2 January 2020")]
    [InlineData("{}", null)]
    public void A_problem_says_since_when(string condition, string? expected) => Assert.Equal(expected, ConditionsQuery.When(Json(condition)));

    [Theory]
    [InlineData("""{"code":{"coding":[{"code":"716186003"}]}}""", Knowledge.NoneKnown)]
    [InlineData("""{"code":{"coding":[{"code":"no-known-allergies"}]}}""", Knowledge.NoneKnown)]
    [InlineData("""{"code":{"coding":[{"code":"no-allergy-info"}]}}""", Knowledge.Unknown)]
    [InlineData("""{"code":{"text":"Cat"}}""", Knowledge.Some)]
    [InlineData("{}", Knowledge.Some)]
    public void No_allergy_and_no_knowledge_are_told_apart(string allergy, Knowledge expected) => Assert.Equal(expected, AllergiesQuery.Says(Json(allergy)));

    [Fact]
    public void An_allergy_says_reaction_danger_and_whether_it_is_confirmed()
    {
        var line = AllergiesQuery.Line(Of("AllergyIntolerance", """{"code":{"text":"Cat"},"criticality":"low","verificationStatus":{"coding":[{"code":"confirmed"}]},"reaction":[{"manifestation":[{"text":"Sneezing"}],"severity":"mild"}]}"""))!;
        Assert.Equal(("Cat", "mild, Confirmed", "Sneezing (mild)"), (line.Title, string.Join(", ", line.Tags.Select(tag => tag.Text)), line.Facts[0].Text));
        Assert.Null(AllergiesQuery.Line(Of("AllergyIntolerance", """{"code":{"text":"Cat"},"verificationStatus":{"coding":[{"code":"entered-in-error"}]}}""")));
    }

    [Theory]
    [InlineData("active", "order", false, false, false, null, "Sent. It waits for an answer or an appointment.")]
    [InlineData("active", "order", true, false, false, null, "Appointment on 1 June 2099, 09:00.")]
    [InlineData("active", "order", true, true, false, null, "The report is there. Whoever ordered it will go through it.")]
    [InlineData("active", "order", false, false, true, null, "It has been done; the report is awaited.")]
    [InlineData("active", "order", false, false, false, "rejected", "Declined. Whoever sent it decides what to do now.")]
    [InlineData("active", "order", false, false, false, "accepted", "Accepted; an appointment or an answer follows.")]
    [InlineData("active", "plan", false, false, false, null, "Proposed, not ordered yet.")]
    [InlineData("completed", "order", false, true, false, null, "Done; the report is there.")]
    [InlineData("completed", "order", false, false, false, null, "Done.")]
    [InlineData("revoked", "order", true, false, false, null, "Called off. Nothing more will happen.")]
    [InlineData("on-hold", null, false, false, false, null, "Paused for now.")]
    [InlineData("draft", null, false, false, false, null, "Being written; it has not been sent yet.")]
    public void A_referral_says_what_happens_next(string status, string? intent, bool appointment, bool report, bool visit, string? task, string expected) =>
        Assert.Equal(expected, ReferralsQuery.Next(status, intent, new(appointment ? FhirDate.Read("2099-06-01T09:00:00Z") : null, report, visit, task)));

    [Fact]
    public void A_combined_vaccine_stands_with_each_disease_newest_first_and_what_was_not_given_stands_apart()
    {
        Dose[] doses =
        [
            VaccinationsQuery.Read(Of("Immunization", """{"status":"completed","vaccineCode":{"text":"B"},"occurrenceDateTime":"2020-01-01","protocolApplied":[{"targetDisease":[{"text":"Hepatitis B"}],"doseNumberPositiveInt":1}]}"""))!,
            VaccinationsQuery.Read(Of("Immunization", """{"status":"completed","vaccineCode":{"text":"AB"},"occurrenceDateTime":"2021-01-01","protocolApplied":[{"targetDisease":[{"text":"Hepatitis A"},{"text":"Hepatitis B"}]}]}"""))!,
            VaccinationsQuery.Read(Of("Immunization", """{"status":"not-done","statusReason":{"text":"Fever"},"vaccineCode":{"text":"Flu"},"occurrenceDateTime":"2022-01-01"}"""))!,
        ];
        Assert.Equal("Hepatitis A: AB; Hepatitis B: AB, B", string.Join("; ", VaccinationsQuery.ByDisease(doses).OrderBy(one => one.Disease, StringComparer.Ordinal).Select(one => $"{one.Disease}: {string.Join(", ", one.Lines.Select(line => line.Title))}")));
        Assert.Equal(("dose 1", "Fever", false), (doses[0].Number, doses[2].Reason, doses[2].IsGiven));
    }

    [Theory, InlineData("2099-01-10", "due", false), InlineData("2020-01-10", "due", true), InlineData("2099-01-10", "overdue", true)]
    public void A_recommended_vaccine_is_late_when_its_day_has_passed_or_the_record_says_so(string day, string status, bool isLate)
    {
        var due = VaccinationsQuery.Due(Of("ImmunizationRecommendation", $$$"""{"recommendation":[{"vaccineCode":[{"text":"X"}],"forecastStatus":{"coding":[{"code":"{{{status}}}"}]},"dateCriterion":[{"code":{"coding":[{"code":"30980-7"}]},"value":"{{{day}}}"}]},{"vaccineCode":[{"text":"Y"}],"forecastStatus":{"coding":[{"code":"complete"}]}}]}"""), "2026-01-01").ToList();
        Assert.Equal(("X", isLate), (Assert.Single(due).Title, due[0].Tags.Any(tag => tag.Text == "Late")));
    }

    [Theory, InlineData("MR", "MRI scan"), InlineData("CT", "CT scan"), InlineData("ZZ", "ZZ")]
    public void A_modality_is_said_in_words(string code, string expected) => Assert.Equal(expected, ImagingQuery.Modality(Json($$"""{"code":"{{code}}" }""")));

    [Theory]
    [InlineData("Letter.pdf", "application/pdf", "Letter.pdf")]
    [InlineData("../../etc/passwd", "text/plain", "_.._etc_passwd.txt")]
    [InlineData("a\r\nSet-Cookie: x", "text/html", "a__Set-Cookie_ x.html")]
    [InlineData("\u202Efdp.exe", "application/octet-stream", "_fdp.exe")]
    [InlineData("", "image/png", "DocumentReference-0.png")]
    [InlineData("...", "image/png", "document.png")]
    public void A_file_has_a_name_that_every_system_takes(string title, string type, string expected) =>
        Assert.Equal(expected, new Attachment(0, type, null, title.Length == 0 ? null : title, null, "", null).FileName("DocumentReference-0"));

    [Theory, InlineData("text/html", "<p>", false), InlineData("image/svg+xml", "<svg", false), InlineData("application/pdf", "<html>", false), InlineData("application/pdf", "%PDF-1.7", true), InlineData("text/plain", "<script>", true), InlineData("application/xhtml+xml", "%PDF", false)]
    public void Only_what_a_browser_can_show_without_harm_is_inline(string type, string bytes, bool expected) => Assert.Equal(expected, Attachment.MayBeInline(type, System.Text.Encoding.ASCII.GetBytes(bytes)));

    [Fact]
    public void Two_versions_are_compared_element_by_element()
    {
        var changes = EntryRows.Changes(Json("""{"resourceType":"Condition","severity":{"text":"Mild"},"note":[{"text":"a"}],"recordedDate":"2020-01-01"}"""), Json("""{"resourceType":"Condition","severity":{"text":"Severe"},"recordedDate":"2020-01-01","bodySite":[{"text":"Knee"}]}"""), Mentions.None);
        Assert.Equal("Severity: Mild > Severe; Part of the body:  > Knee; Note: a > ", string.Join("; ", changes.Select(change => $"{change.Label}: {change.Before} > {change.After}")));
    }
}
