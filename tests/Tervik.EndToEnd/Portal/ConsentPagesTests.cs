using System.Net;
using System.Text.RegularExpressions;

namespace Tervik.EndToEnd.Portal;

/// <summary>What patients hide, what professionals open out of the ordinary, and who reviews it: in the portal, and by what the API answers then.</summary>
public sealed partial class ConsentPagesTests(Node node) : IClassFixture<Node>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static async Task Given(Node node, string id, string family, string number)
    {
        await TestPatient.Make(node, id, "Ida", family, number);
        await TestPatient.Put(node, $"Condition/{id}-low", $$"""{"resourceType":"Condition","id":"{{id}}-low","subject":{"reference":"Patient/{{id}}"},"recordedDate":"2026-09-01","code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"F32.1"}],"text":"Low spirits {{family}}"} }""");
        await TestPatient.Put(node, $"MedicationRequest/{id}-pill", $$"""{"resourceType":"MedicationRequest","id":"{{id}}-pill","status":"active","intent":"order","subject":{"reference":"Patient/{{id}}"},"authoredOn":"2026-09-01","medicationCodeableConcept":{"text":"Pill of {{family}}"},"reasonReference":[{"reference":"Condition/{{id}}-low"}] }""");
    }

    static async Task<int> Total(HttpClient client, string query)
    {
        var body = await client.GetStringAsync(new Uri(query + "&_summary=count", UriKind.Relative), Stop);
        return int.Parse(TotalOf().Match(body).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task A_category_that_the_patient_hides_is_gone_for_the_doctor_with_what_refers_to_it_and_comes_back()
    {
        await Given(node, "h-cat", "Hildebrandt", "900101-1001");
        using var doctor = await node.Client("Practitioner/holm");
        using var patient = await PortalPerson.SignIn(node, "Patient/h-cat");
        using var seen = await PortalPerson.SignIn(node, "Practitioner/holm");
        Assert.Equal((1, 1), (await Total(doctor, "Condition?patient=h-cat"), await Total(doctor, "MedicationRequest?patient=h-cat")));
        Assert.Contains("Pill of Hildebrandt", (await seen.Get("/patients/h-cat/medication")).Html, StringComparison.Ordinal);
        // What it would do stands there before.
        var (_, preview) = await patient.Get("/patients/h-cat/sharing/hide?what=MH&actor=*");
        Assert.Contains("Low spirits Hildebrandt", preview, StringComparison.Ordinal);
        Assert.Contains("Pill of Hildebrandt", preview, StringComparison.Ordinal);
        Assert.Equal(1, await Total(doctor, "Condition?patient=h-cat"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await patient.Fill("/patients/h-cat/sharing/hide?what=MH&actor=*", "/patients/h-cat/sharing/hide", ("what", "MH"), ("actor", "*"), ("kind", "hide"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await patient.Fill("/patients/h-cat/sharing/hide?what=MH&actor=*", "/patients/h-cat/sharing/hide", ("what", "MH"), ("actor", "*"), ("kind", "hide"), ("understood", "yes"))).Status);
        Assert.Equal((0, 0, 1), (await Total(doctor, "Condition?patient=h-cat"), await Total(doctor, "MedicationRequest?patient=h-cat"), await Total(doctor, "Observation?patient=h-cat")));
        Assert.Equal(HttpStatusCode.NotFound, (await doctor.GetAsync(new Uri("Condition/h-cat-low", UriKind.Relative), Stop)).StatusCode);
        foreach (var page in (string[])["", "/medication", "/conditions", "/timeline", "/handover", "/download", "/flowsheet"])
            Assert.DoesNotContain("Hildebrandt-", (await seen.Get($"/patients/h-cat{page}")).Html.Replace("Low spirits Hildebrandt", "Hildebrandt-", StringComparison.Ordinal).Replace("Pill of Hildebrandt", "Hildebrandt-", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await seen.Get("/patients/h-cat/entry/Condition/h-cat-low")).Status);
        // The patient sees everything, and what the doctor sees.
        using var own = await node.Client("Patient/h-cat");
        Assert.Equal(1, await Total(own, "Condition?patient=h-cat"));
        Assert.Contains("Low spirits Hildebrandt", (await patient.Get("/patients/h-cat/sharing/as?who=Practitioner/holm")).Html, StringComparison.Ordinal);
        // An exception for one person, and the end of it all.
        await patient.Fill("/patients/h-cat/sharing/hide?what=MH&actor=Practitioner/holm&kind=allow", "/patients/h-cat/sharing/hide", ("what", "MH"), ("actor", "Practitioner/holm"), ("kind", "allow"), ("understood", "yes"));
        Assert.Equal(1, await Total(doctor, "Condition?patient=h-cat"));
        for (var choice = 0; choice < 2; choice++) await patient.Post("/patients/h-cat/sharing", "/patients/h-cat/sharing/open", ("choice", await patient.FirstChoice("/patients/h-cat/sharing")));
        Assert.Equal((1, 1), (await Total(doctor, "Condition?patient=h-cat"), await Total(doctor, "MedicationRequest?patient=h-cat")));
    }

    [Fact]
    public async Task One_entry_and_a_period_are_hidden_from_an_institution()
    {
        await Given(node, "h-item", "Ingversen", "900101-1002");
        await Given(node, "h-item-other", "Ingvarsdotter", "900101-1012");
        using var doctor = await node.Client("Practitioner/holm");
        using var patient = await PortalPerson.SignIn(node, "Patient/h-item");
        Assert.Contains("what=item%20Condition%2Fh-item-low", (await patient.Get("/patients/h-item/entry/Condition/h-item-low")).Html, StringComparison.Ordinal);
        await patient.Fill("/patients/h-item/sharing/hide?what=MH&actor=*", "/patients/h-item/sharing/hide", ("what", "item Condition/h-item-low"), ("actor", "Practitioner/holm"), ("kind", "hide"), ("understood", "yes"));
        Assert.Equal((0, 0, 1), (await Total(doctor, "Condition?patient=h-item"), await Total(doctor, "MedicationRequest?patient=h-item"), await Total(doctor, "Encounter?patient=h-item")));
        await patient.Fill("/patients/h-item/sharing/hide?what=MH&actor=*", "/patients/h-item/sharing/hide", ("what", "period 2026-10-01 2026-10-01"), ("actor", "*"), ("kind", "hide"), ("understood", "yes"), ("until", "2099-01-01"));
        Assert.Equal((0, 0), (await Total(doctor, "Encounter?patient=h-item"), await Total(doctor, "Observation?patient=h-item")));
        Assert.Equal(1, await Total(doctor, "Patient?_id=h-item"));
        // What is no part, or nobody, makes no choice.
        foreach (var (what, actor) in ((string, string)[])[("XX", "*"), ("MH", "Practitioner/nobody"), ("MH", "Patient/p01"), ("period 2026-13-01 2026-10-01", "*"),
            // Another's entry, or a doctor: hiding it would take it, and all that refers to it, out of the records of others.
            ("item Condition/h-item-other-low", "*"), ("item Practitioner/holm", "*"), ("item Patient/h-item", "*")])
            Assert.Equal(HttpStatusCode.NotFound, (await patient.Fill("/patients/h-item/sharing/hide?what=MH&actor=*", "/patients/h-item/sharing/hide", ("what", what), ("actor", actor), ("kind", "hide"), ("understood", "yes"))).Status);
    }

    [Fact]
    public async Task A_broken_glass_opens_tells_the_patient_and_waits_for_the_lead()
    {
        await Given(node, "h-glass", "Jespersdotter", "900101-1003");
        using var kuusk = await PortalPerson.SignIn(node, "Practitioner/kuusk");
        using var api = await node.Client("Practitioner/kuusk");
        Assert.Equal(HttpStatusCode.NotFound, (await kuusk.Get("/patients/h-glass")).Status);
        // The offer is the same for a closed record and for one that does not exist.
        Assert.Equal((await kuusk.Get("/patients/no-such-one")).Html.Replace("no-such-one", "h-glass", StringComparison.Ordinal), (await kuusk.Get("/patients/h-glass")).Html);
        Assert.Equal(Keyless((await kuusk.Get("/patients/no-such-one/emergency")).Html.Replace("no-such-one", "h-glass", StringComparison.Ordinal)), Keyless((await kuusk.Get("/patients/h-glass/emergency")).Html));
        Assert.DoesNotContain("Jespersdotter", (await kuusk.Fill("/go", "/go", ("q", "jespersdotter"))).Html.Replace("jespersdotter", "", StringComparison.OrdinalIgnoreCase), StringComparison.OrdinalIgnoreCase);
        // By the whole number only, and on the log.
        Assert.DoesNotContain("Jespersdotter", (await kuusk.Fill("/look-up", "/look-up", ("number", "900101"))).Html, StringComparison.Ordinal);
        Assert.Contains("Ida Jespersdotter", (await kuusk.Fill("/look-up", "/look-up", ("number", "900101-1003"))).Html, StringComparison.Ordinal);
        var unit = Unit().Match((await kuusk.Get("/patients/h-glass/emergency")).Html).Groups[1].Value;
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await kuusk.Fill("/patients/h-glass/emergency", "/patients/h-glass/emergency", ("kind", "glass"), ("unit", unit))).Status);
        var (status, chart) = await kuusk.Fill("/patients/h-glass/emergency", "/patients/h-glass/emergency", ("kind", "glass"), ("unit", unit), ("reason", "cannot-be-asked"), ("note", "found asleep"));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("Low spirits Jespersdotter", chart, StringComparison.Ordinal);
        Assert.Contains("You have opened this record in an emergency.", chart, StringComparison.Ordinal);
        // Reads, writes nothing.
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync(new Uri("Condition/h-glass-low", UriKind.Relative), Stop)).StatusCode);
        using var written = new StringContent("""{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/h-glass"}}""", System.Text.Encoding.UTF8, "application/fhir+json");
        Assert.Equal(HttpStatusCode.Forbidden, (await api.PostAsync(new Uri("Observation", UriKind.Relative), written, Stop)).StatusCode);
        // The patient is told on the first page, until they have seen it; the log has it.
        using var patient = await PortalPerson.SignIn(node, "Patient/h-glass");
        var (_, first) = await patient.Get("/");
        Assert.Contains("found asleep", first, StringComparison.Ordinal);
        Assert.Contains("opened the record in an emergency", (await patient.Get("/patients/h-glass/access")).Html, StringComparison.Ordinal);
        await patient.Fill("/", "/patients/h-glass/emergency/noticed");
        Assert.DoesNotContain("found asleep", (await patient.Get("/")).Html, StringComparison.Ordinal);
        Assert.Contains("found asleep", (await patient.Get("/patients/h-glass/sharing")).Html, StringComparison.Ordinal);
        // Nobody reviews their own; the lead of the unit does, once there is one.
        Assert.DoesNotContain("found asleep", (await kuusk.Get("/reviews")).Html, StringComparison.Ordinal);
        using var lead = await PortalPerson.SignIn(node, "Practitioner/holm");
        Assert.DoesNotContain("found asleep", (await lead.Get("/reviews")).Html, StringComparison.Ordinal);
        await TestPatient.Put(node, "PractitionerRole/h-lead", $$"""{"resourceType":"PractitionerRole","id":"h-lead","active":true,"practitioner":{"reference":"Practitioner/holm"},"organization":{"reference":"{{unit}}"},"code":[{"coding":[{"system":"urn:tervik:role","code":"unit-lead"}]}]}""");
        var (_, reviews) = await lead.Get("/reviews");
        Assert.Contains("found asleep", reviews, StringComparison.Ordinal);
        var access = Access().Match(reviews).Groups[1].Value;
        Assert.Equal(HttpStatusCode.NotFound, (await kuusk.Fill("/reviews", "/reviews", ("access", access), ("finding", "justified"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await lead.Fill("/reviews", "/reviews", ("access", access), ("finding", "justified"), ("note", "was on duty"))).Status);
        Assert.Contains("there was a reason", (await patient.Get("/patients/h-glass/sharing")).Html, StringComparison.Ordinal);
        await TestPatient.Put(node, "PractitionerRole/h-lead", """{"resourceType":"PractitionerRole","id":"h-lead","active":false,"practitioner":{"reference":"Practitioner/holm"}}""");
    }

    [Fact]
    public async Task Patients_have_none_of_the_pages_of_professionals_and_nobody_hides_parts_of_anothers_record()
    {
        using var patient = await PortalPerson.SignIn(node, "Patient/p01");
        foreach (var path in (string[])["/look-up", "/reviews", "/patients/p01/emergency"]) Assert.Equal(HttpStatusCode.Forbidden, (await patient.Get(path)).Status);
        using var doctor = await PortalPerson.SignIn(node, "Practitioner/holm");
        foreach (var path in (string[])["/patients/p01/sharing/hide", "/patients/p01/sharing/as?who=Practitioner/holm", "/patients/p01/sharing"]) Assert.Equal(HttpStatusCode.NotFound, (await doctor.Get(path)).Status);
        foreach (var path in (string[])["/patients/p02/sharing/hide", "/patients/p02/sharing/as?who=Practitioner/kuusk"]) Assert.Equal(HttpStatusCode.NotFound, (await patient.Get(path)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await patient.Fill("/", "/patients/p02/sharing/hide", ("what", "MH"), ("actor", "*"), ("kind", "hide"), ("understood", "yes"))).Status);
    }

    static string Keyless(string html) => Keys().Replace(html, "");

    [GeneratedRegex("\"total\":(\\d+)")]
    private static partial Regex TotalOf();
    [GeneratedRegex("<option value=\"(Organization/[^\"]+)\"")]
    private static partial Regex Unit();
    [GeneratedRegex("name=\"access\" value=\"([^\"]+)\"")]
    private static partial Regex Access();
    [GeneratedRegex("name=\"form-(key|token)\" value=\"[^\"]+\"|data-seconds=\"\\d+\"")]
    private static partial Regex Keys();
}
