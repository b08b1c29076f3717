using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tervik.Portal.Access;
using Tervik.Portal.Reading;
using Tervik.Portal.Shell;
using Tervik.Trust;
using Tervik.Trust.AuditLog;
using Tervik.Trust.Identity;

namespace Tervik.EndToEnd.Portal;

public sealed class AccessPageTests(Node node) : IClassFixture<Node>
{
    static LoggedAccess Access(string agent, DateTime at) => new(new DateTimeOffset(at).Us(), agent, new("read", "Patient"), "portal:chart", ["Patient/p"], [5], 200, null);

    [Fact]
    public void A_visit_is_one_persons_accesses_of_a_day_or_with_no_more_than_twelve_hours_between()
    {
        var day = new DateTime(2026, 11, 20, 0, 0, 0, DateTimeKind.Local);
        LoggedAccess[] accesses =
        [
            Access("Practitioner/a", day.AddHours(1)), Access("Practitioner/a", day.AddHours(20)), // one day, nineteen hours apart
            Access("Practitioner/b", day.AddHours(21)),
            Access("Practitioner/a", day.AddHours(31)), // the next day, eleven hours later
            Access("Practitioner/a", day.AddHours(49)), // the day after, eighteen hours later
        ];
        Assert.Equal(["a3", "b1", "a1"], AccessQuery.Visits([.. accesses.Reverse()]).Select(visit => $"{visit[0].Agent![^1]}{visit.Count}"));
    }

    [Fact]
    public void A_record_that_was_shredded_says_so_in_every_language()
    {
        var access = new LoggedAccess(0, "client/operator", new("shred", "Patient", "p"), null, [], [5], 200, null);
        var before = CultureInfo.CurrentUICulture;
        try
        {
            var words = new List<string>();
            foreach (var language in (string[])["en", "da", "et", "ko"])
            {
                CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(language);
                words.Add(AccessWords.Of(access));
            }
            Assert.Equal("destroyed the keys of this record: what it held cannot be read any more", words[0]);
            Assert.Equal(4, words.Distinct().Count());
        }
        finally
        {
            CultureInfo.CurrentUICulture = before;
        }
    }

    [Fact]
    public async Task The_page_says_up_to_when_it_is_complete_and_which_unit_is_new()
    {
        await TestPatient.Make(node, "t-seen", "Nähtud", "Vaadeldav", "610101-9021");
        await TestPatient.Put(node, "Encounter/t-seen-other", """{"resourceType":"Encounter","id":"t-seen-other","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/t-seen"},"period":{"start":"2026-10-01","end":"2026-10-01"},"participant":[{"individual":{"reference":"Practitioner/practice-tartu-1-d1"} },{"individual":{"reference":"Practitioner/kuusk"} }]}""");
        foreach (var who in (string[])["holm", "practice-tartu-1-d1", "kuusk"])
        {
            using var doctor = await PortalPerson.SignIn(node, $"Practitioner/{who}", to: "/account");
            await doctor.Get("/patients/t-seen");
        }
        using (var holm = await PortalPerson.SignIn(node, "Practitioner/holm", to: "/account")) await holm.Get("/patients");
        using var patient = await PortalPerson.SignIn(node, "Patient/t-seen");
        var (_, html) = await patient.Get("/patients/t-seen/access");
        Assert.Matches(@"This list is complete up to \d\d:\d\d:\d\d", html);
        // The second of the practice is not new any more; the hospital's department is.
        Assert.Equal(2, html.Split("opened this record for the first time on").Length - 1);
        Assert.Equal(2, html.Split("first time for this unit").Length - 1);
        Assert.Contains("saw the list of patients, in a list with other patients", html, StringComparison.Ordinal);
        Assert.DoesNotContain("holds not what was sealed", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gap_in_the_log_is_shown_with_its_time()
    {
        var header = new PatientHeader("p", "Mari Tamm", null, null, null, null, IsDeceased: false, [], []);
        var model = new AccessModel(header, [], [], [], new(null, null, null, null), null, null) { CompleteUntil = DateTime.Now, Gaps = [(new(2026, 11, 20, 9, 0, 0), new(2026, 11, 20, 9, 5, 7))] };
        await using var services = new ServiceCollection().BuildServiceProvider();
        await using var renderer = new HtmlRenderer(services, NullLoggerFactory.Instance);
        var frame = new Frame(new("Patient/p", PrincipalKind.Patient, "Mari Tamm"), "auto", "/", "token");
        var html = await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<AccessPage>(ParameterView.FromDictionary(new Dictionary<string, object?> { ["Frame"] = frame, ["Model"] = model }))).ToHtmlString());
        Assert.Contains("Between 20 November 2026 09:00:00 and 20 November 2026 09:05:07 the log does not hold what was sealed", html, StringComparison.Ordinal);
    }
}
