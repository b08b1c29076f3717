using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tervik.EndToEnd.Care;

/// <summary>IHE Scheduling over HTTP: <c>$find</c>, <c>$hold</c>, <c>$book</c>.</summary>
public sealed class SchedulingTests(Node node) : IClassFixture<Node>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;
    static readonly string Day = DateTime.UtcNow.AddDays(3).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), NextDay = DateTime.UtcNow.AddDays(4).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>A clinic and two patients of a test's own.</summary>
    async Task Make(string id)
    {
        await TestClinic.Make(node, id);
        await TestPatient.Make(node, $"{id}-pat", "Pia", $"Pia{id}", $"{id}-1");
        await TestPatient.Make(node, $"{id}-other", "Olle", $"Olle{id}", $"{id}-2");
    }

    static async Task<(HttpStatusCode Status, JsonElement Body)> Ask(HttpClient client, string operation, object parameters, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"Appointment/{operation}", UriKind.Relative)) { Content = new StringContent(parameters as string ?? JsonSerializer.Serialize(parameters), Encoding.UTF8, "application/fhir+json") };
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        using var answer = await client.SendAsync(request, Stop);
        var text = await answer.Content.ReadAsStringAsync(Stop);
        return (answer.StatusCode, JsonDocument.Parse(text).RootElement);
    }

    static object Parameters(params (string Name, string Value)[] all) => new
    {
        resourceType = "Parameters",
        parameter = all.Select(one => one.Name == "comment" ? (object)new { name = one.Name, valueString = one.Value } : new { name = one.Name, valueReference = new { reference = one.Value } }).ToArray(),
    };

    static async Task<List<JsonElement>> Find(HttpClient client, string query, int expected = 200)
    {
        using var answer = await client.GetAsync(new Uri($"Appointment/$find?{query}", UriKind.Relative), Stop);
        var text = await answer.Content.ReadAsStringAsync(Stop);
        Assert.True(expected == (int)answer.StatusCode, text);
        return expected == 200 ? [.. JsonDocument.Parse(text).RootElement.GetProperty("entry").EnumerateArray().Select(entry => entry.GetProperty("resource"))] : [];
    }

    static string Of(string clinic, string service, string more = "") => $"healthcare-service=HealthcareService/{clinic}-{service}&start={Day}&end={NextDay}{more}";
    static string Id(JsonElement resource) => resource.GetProperty("id").GetString()!;
    static JsonElement First(JsonElement bundle) => bundle.GetProperty("entry")[0].GetProperty("resource");
    static string Problem(JsonElement bundle) => (bundle.GetProperty("resourceType").GetString() == "Bundle" ? First(bundle) : bundle).GetProperty("issue")[0].GetProperty("diagnostics").GetString()!;

    [Fact]
    public async Task What_is_held_is_not_found_and_what_is_booked_is_in_the_record()
    {
        await Make("c1");
        using var patient = await node.Client("Patient/c1-pat");
        var found = await Find(patient, Of("c1", "visit"));
        // Two doctors, four hours, twenty minutes.
        Assert.Equal(24, found.Count);
        Assert.All(found, one => Assert.Equal("proposed", one.GetProperty("status").GetString()));
        Assert.EndsWith("T08:00:00+01:00", found[0].GetProperty("start").GetString(), StringComparison.Ordinal);
        Assert.Equal("Europe/Copenhagen", found[0].GetProperty("_start").GetProperty("extension")[0].GetProperty("valueCode").GetString());

        var (status, held) = await Ask(patient, "$hold", Parameters(("appointment-reference", $"Appointment/{Id(found[0])}")));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("pending", First(held).GetProperty("status").GetString());
        Assert.Contains("urn:tervik:held-until", First(held).GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(await Find(patient, Of("c1", "visit")), one => Id(one) == Id(found[0]));
        // Somebody else cannot have it, nor take over the hold.
        using var other = await node.Client("Patient/c1-other");
        var (taken, why) = await Ask(other, "$book", Parameters(("appointment-reference", $"Appointment/{Id(found[0])}")));
        Assert.Equal(HttpStatusCode.Conflict, taken);
        Assert.Equal(3, why.GetProperty("entry").EnumerateArray().Count(entry => entry.GetProperty("resource").GetProperty("resourceType").GetString() == "Appointment"));
        Assert.Equal(HttpStatusCode.NotFound, (await Ask(other, "$book", Parameters(("appointment-reference", $"Appointment/{Id(First(held))}")))).Status);

        var (booked, bundle) = await Ask(patient, "$book", Parameters(("appointment-reference", $"Appointment/{Id(First(held))}"), ("comment", "My back hurts.")));
        Assert.Equal(HttpStatusCode.OK, booked);
        var appointment = First(bundle);
        Assert.Equal(("booked", "My back hurts.", "Come fasting."), (appointment.GetProperty("status").GetString(), appointment.GetProperty("comment").GetString(), appointment.GetProperty("patientInstruction").GetString()));
        Assert.Equal(["Patient/c1-pat", "Practitioner/c1-anna", "Location/c1-house", "HealthcareService/c1-visit"], appointment.GetProperty("participant").EnumerateArray().Select(one => one.GetProperty("actor").GetProperty("reference").GetString()!));
        using var stored = JsonDocument.Parse(await patient.GetStringAsync(new Uri($"Appointment/{Id(appointment)}", UriKind.Relative), Stop));
        Assert.True(JsonElement.DeepEquals(appointment, stored.RootElement));
        Assert.Equal(23, (await Find(patient, Of("c1", "visit"))).Count);
        // The other never sees whose it is.
        using var hidden = await other.GetAsync(new Uri($"Appointment/{Id(appointment)}", UriKind.Relative), Stop);
        Assert.Equal(HttpStatusCode.NotFound, hidden.StatusCode);
        // Valid by the rules everybody's resources are held to.
        using var system = await node.Client("client/check");
        using var outcome = JsonDocument.Parse(await (await system.GetAsync(new Uri($"Appointment/{Id(appointment)}/$validate", UriKind.Relative), Stop)).Content.ReadAsStringAsync(Stop));
        Assert.DoesNotContain(outcome.RootElement.GetProperty("issue").EnumerateArray(), issue => issue.GetProperty("severity").GetString() is "error" or "fatal");
    }

    [Fact]
    public async Task A_key_makes_one_booking_however_often_it_is_sent()
    {
        await Make("c2");
        using var patient = await node.Client("Patient/c2-pat");
        var offer = Id((await Find(patient, Of("c2", "visit")))[3]);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Ask(patient, "$book", Parameters(("appointment-reference", $"Appointment/{offer}")), "the key")));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.Single(answers.Select(answer => Id(First(answer.Body))).Distinct());
        Assert.Equal(23, (await Find(patient, Of("c2", "visit"))).Count);
        // Cancelled is cancelled: the key does not book it again.
        var id = Id(First(answers[0].Body));
        Assert.Equal(HttpStatusCode.OK, (await Ask(patient, "$book", Cancel(id))).Status);
        Assert.Equal("cancelled", First((await Ask(patient, "$book", Parameters(("appointment-reference", $"Appointment/{offer}")), "the key")).Body).GetProperty("status").GetString());
        Assert.Equal(24, (await Find(patient, Of("c2", "visit"))).Count);
        // Another's key is another key.
        using var other = await node.Client("Patient/c2-other");
        Assert.Equal("booked", First((await Ask(other, "$book", Parameters(("appointment-reference", $"Appointment/{offer}")), "the key")).Body).GetProperty("status").GetString());
    }

    static string Cancel(string id) => $$$"""{"resourceType":"Parameters","parameter":[{"name":"appointment-resource","resource":{"resourceType":"Appointment","id":"{{{id}}}","status":"cancelled","cancelationReason":{"text":"I am well again"},"participant":[{"status":"declined"}]}}]}""";

    [Fact]
    public async Task Moving_takes_the_new_time_and_gives_back_the_old_and_cancelling_gives_it_to_others()
    {
        await Make("c3");
        using var patient = await node.Client("Patient/c3-pat");
        using var other = await node.Client("Patient/c3-other");
        var found = await Find(patient, Of("c3", "visit"));
        var id = Id(First((await Ask(patient, "$book", Parameters(("appointment-reference", $"Appointment/{Id(found[0])}")))).Body));
        var (status, moved) = await Ask(patient, "$book", Parameters(("appointment-reference", $"Appointment/{id}"), ("new-appointment-reference", $"Appointment/{Id(found[5])}")));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal((id, found[5].GetProperty("start").GetString(), "2"), (Id(First(moved)), First(moved).GetProperty("start").GetString(), First(moved).GetProperty("meta").GetProperty("versionId").GetString()));
        Assert.Equal(["Patient/c3-pat", "Practitioner/c3-bo", "Location/c3-house", "HealthcareService/c3-visit"], First(moved).GetProperty("participant").EnumerateArray().Select(one => one.GetProperty("actor").GetProperty("reference").GetString()!));
        var free = (await Find(other, Of("c3", "visit"))).Select(Id).ToHashSet();
        Assert.True(free.Contains(Id(found[0])) && !free.Contains(Id(found[5])));
        // Not somebody else's to move or to cancel, and there is no such appointment for them.
        Assert.Equal(HttpStatusCode.NotFound, (await Ask(other, "$book", Cancel(id))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Ask(other, "$book", Parameters(("appointment-reference", $"Appointment/{id}"), ("new-appointment-reference", $"Appointment/{Id(found[7])}")))).Status);
        Assert.Equal("cancelled", First((await Ask(patient, "$book", Cancel(id))).Body).GetProperty("status").GetString());
        Assert.Equal(24, (await Find(other, Of("c3", "visit"))).Count);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await Ask(patient, "$book", Cancel(id))).Status);
    }

    [Fact]
    public async Task A_scan_takes_a_doctor_the_room_and_the_scanner_with_the_time_to_clean_and_needs_a_referral()
    {
        await Make("c4");
        await TestPatient.Put(node, "ServiceRequest/c4-referral", """{"resourceType":"ServiceRequest","id":"c4-referral","status":"active","intent":"order","subject":{"reference":"Patient/c4-pat"},"code":{"text":"Scan"}}""");
        using var patient = await node.Client("Patient/c4-pat");
        Assert.Empty(await Find(patient, Of("c4", "scan")));
        var found = await Find(patient, Of("c4", "scan", "&referral-reference=ServiceRequest/c4-referral"));
        // 08:00 to 11:30 begins every quarter of an hour, with either doctor.
        Assert.Equal(30, found.Count);
        object With(string offer, string referral) => Parameters(("appointment-reference", $"Appointment/{offer}"), ("referral-reference", referral));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await Ask(patient, "$book", Parameters(("appointment-reference", $"Appointment/{Id(found[0])}")))).Status);
        using var other = await node.Client("Patient/c4-other");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await Ask(other, "$book", With(Id(found[0]), "ServiceRequest/c4-referral"))).Status);
        var (status, booked) = await Ask(patient, "$book", With(Id(found[4]), "ServiceRequest/c4-referral"));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("ServiceRequest/c4-referral", First(booked).GetProperty("basedOn")[0].GetProperty("reference").GetString());
        Assert.Contains("Device/c4-scanner", First(booked).GetRawText(), StringComparison.Ordinal);
        // 08:30 to 09:00 keeps the scanner from 08:25 to 09:10: the next is at 09:15, whoever the doctor is.
        var starts = (await Find(patient, Of("c4", "scan", "&referral-reference=ServiceRequest/c4-referral"))).Select(one => one.GetProperty("start").GetString()![11..16]).Distinct().ToList();
        Assert.Equal(["09:15", "09:30"], starts.Take(2));
        // One active appointment for each referral.
        var (again, why) = await Ask(patient, "$book", With(Id(found[^1]), "ServiceRequest/c4-referral"));
        Assert.Equal(HttpStatusCode.Conflict, again);
        Assert.Contains("has an appointment already", Problem(why), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Staff_book_what_patients_may_not_and_for_those_they_treat()
    {
        await Make("c5");
        using var patient = await node.Client("Patient/c5-pat");
        using var doctor = await node.Client("Practitioner/holm");
        using var stranger = await node.Client("Practitioner/c5-bo");
        Assert.Empty(await Find(patient, Of("c5", "staff")));
        var offer = Id((await Find(doctor, Of("c5", "staff")))[0]);
        Assert.Equal(HttpStatusCode.Forbidden, (await Ask(patient, "$book", Parameters(("appointment-reference", $"Appointment/{offer}")))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await Ask(doctor, "$book", Parameters(("appointment-reference", $"Appointment/{offer}")))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await Ask(stranger, "$book", Parameters(("appointment-reference", $"Appointment/{offer}"), ("patient-reference", "Patient/c5-pat")))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await Ask(patient, "$book", Parameters(("appointment-reference", $"Appointment/{offer}"), ("patient-reference", "Patient/c5-other")))).Status);
        Assert.Equal(HttpStatusCode.OK, (await Ask(doctor, "$book", Parameters(("appointment-reference", $"Appointment/{offer}"), ("patient-reference", "Patient/c5-pat")))).Status);
        using var reader = await node.Client("Patient/c5-pat", "read");
        Assert.Equal(HttpStatusCode.Forbidden, (await Ask(reader, "$hold", Parameters(("appointment-reference", $"Appointment/{offer}")))).Status);
        using var nobody = new HttpClient { BaseAddress = new Uri($"{node.Address}/fhir/") };
        Assert.Equal(HttpStatusCode.Unauthorized, (await Ask(nobody, "$find", Parameters())).Status);
    }

    [Fact]
    public async Task A_group_has_as_many_places_as_the_room()
    {
        await Make("c6");
        using var system = await node.Client("client/desk");
        var offer = Id((await Find(system, Of("c6", "group")))[0]);
        for (var i = 0; i < 4; i++) await TestPatient.Make(node, $"c6-g{i}", "G", $"Group{i}", $"c6-g{i}");
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Ask(system, "$book", Parameters(("appointment-reference", $"Appointment/{offer}"), ("patient-reference", $"Patient/c6-g{i}")))));
        Assert.Equal(3, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.DoesNotContain(await Find(system, Of("c6", "group")), one => Id(one) == offer);
    }

    [Fact]
    public async Task An_appointment_that_comes_another_way_takes_its_time_and_gives_it_back()
    {
        await Make("c7");
        using var system = await node.Client("client/hospital");
        var found = await Find(system, Of("c7", "visit"));
        var (start, end) = (found[0].GetProperty("start").GetString(), found[0].GetProperty("end").GetString());
        string Body(string status) => $$$"""{"resourceType":"Appointment","id":"c7-outside","status":"{{{status}}}","start":"{{{start}}}","end":"{{{end}}}","participant":[{"actor":{"reference":"Patient/c7-pat"},"status":"accepted"},{"actor":{"reference":"Practitioner/c7-anna"},"status":"accepted"}]}""";
        await TestPatient.Put(node, "Appointment/c7-outside", Body("booked"));
        await Until(async () => (await Find(system, Of("c7", "visit"))).TrueForAll(one => Id(one) != Id(found[0])));
        await TestPatient.Put(node, "Appointment/c7-outside", Body("cancelled"));
        await Until(async () => (await Find(system, Of("c7", "visit"))).Exists(one => Id(one) == Id(found[0])));
        // What the desk booked is given back as well, when a system cancels it.
        var booked = First((await Ask(system, "$book", Parameters(("appointment-reference", $"Appointment/{Id(found[0])}"), ("patient-reference", "Patient/c7-pat")))).Body);
        var changed = JsonNode.Parse(booked.GetRawText())!.AsObject();
        changed["status"] = "noshow";
        await TestPatient.Put(node, $"Appointment/{Id(booked)}", changed.ToJsonString());
        await Until(async () => (await Find(system, Of("c7", "visit"))).Exists(one => Id(one) == Id(found[0])));
    }

    static async Task Until(Func<Task<bool>> holds)
    {
        for (var wait = 0; wait < 100; wait++)
        {
            if (await holds()) return;
            await Task.Delay(100, Stop);
        }
        Assert.Fail("It did not come to hold within ten seconds.");
    }

    [Fact]
    public async Task What_is_taken_is_taken_after_a_kill()
    {
        await using var own = new Node();
        await own.InitializeAsync();
        await TestClinic.Make(own, "k");
        await TestPatient.Make(own, "k-pat", "Pia", "Piak", "k-1");
        using (var patient = await own.Client("Patient/k-pat"))
        {
            var found = await Find(patient, Of("k", "visit"));
            Assert.Equal(HttpStatusCode.OK, (await Ask(patient, "$hold", Parameters(("appointment-reference", $"Appointment/{Id(found[0])}")))).Status);
            Assert.Equal(HttpStatusCode.OK, (await Ask(patient, "$book", Parameters(("appointment-reference", $"Appointment/{Id(found[1])}")))).Status);
            await own.Kill();
            await own.InitializeAsync();
            Assert.Equal(22, (await Find(patient, Of("k", "visit"))).Count);
            Assert.Equal(HttpStatusCode.Conflict, (await Ask(patient, "$book", Parameters(("appointment-reference", $"Appointment/{Id(found[1])}")))).Status);
        }
    }

    [Fact]
    public async Task Pages_of_a_search_go_on_where_the_last_one_ended_and_the_total_is_that_of_all()
    {
        await Make("c8");
        using var patient = await node.Client("Patient/c8-pat");
        var all = (await Find(patient, Of("c8", "visit"))).Select(Id).ToList();
        var paged = new List<string>();
        for (var next = $"Appointment/$find?{Of("c8", "visit", "&_count=7")}"; next is not null;)
        {
            using var page = JsonDocument.Parse(await patient.GetStringAsync(new Uri(next, UriKind.RelativeOrAbsolute), Stop));
            Assert.Equal(24, page.RootElement.GetProperty("total").GetInt32());
            paged.AddRange(page.RootElement.GetProperty("entry").EnumerateArray().Select(entry => Id(entry.GetProperty("resource"))));
            next = page.RootElement.GetProperty("link").EnumerateArray().Where(link => link.GetProperty("relation").GetString() == "next").Select(link => link.GetProperty("url").GetString()).FirstOrDefault();
        }
        Assert.Equal(all, paged);
        Assert.All(await Find(patient, Of("c8", "visit", "&practitioner=Practitioner/c8-bo&time-from=10:00&time-to=11:00")), one => Assert.Equal(("10", "Practitioner/c8-bo"), (one.GetProperty("start").GetString()![11..13], one.GetProperty("participant")[0].GetProperty("actor").GetProperty("reference").GetString())));
    }

    [Theory]
    [InlineData("start=yesterday", "start"), InlineData("start=2026-12-02&end=2026-12-01", "end"), InlineData("start=2026-12-01&end=2027-12-01", "end"), InlineData("_count=many", "_count"), InlineData("colour=red", "colour"), InlineData("_after=x", "_after"), InlineData("practitioner=Anna", "practitioner"), InlineData("time-from=late", "time-from"), InlineData("video=perhaps", "video")]
    public async Task A_question_that_is_not_understood_is_refused_with_its_place(string query, string where)
    {
        using var system = await node.Client("client/odd");
        using var answer = await system.GetAsync(new Uri($"Appointment/$find?{query}", UriKind.Relative), Stop);
        using var outcome = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop));
        Assert.InRange((int)answer.StatusCode, 400, 422);
        Assert.Equal(where, outcome.RootElement.GetProperty("issue")[0].GetProperty("expression")[0].GetString());
    }

    [Theory]
    [InlineData("{}"), InlineData("[]"), InlineData("""{"resourceType":"Patient"}"""), InlineData("""{"resourceType":"Parameters"}"""), InlineData("""{"resourceType":"Parameters","parameter":[{}]}"""), InlineData("""{"resourceType":"Parameters","parameter":["x",3,null]}"""), InlineData("""{"resourceType":"Parameters","parameter":[{"name":"appointment-reference","valueReference":{"reference":"Appointment/p-zzzzzzzzzzzzz-zzzzzzzzzzzzz-zzzzzzz"}}]}"""),
        InlineData("""{"resourceType":"Parameters","parameter":[{"name":"appointment-reference","valueReference":{"reference":"Appointment/p-1-1-1"}},{"name":"patient-reference","valueReference":{"reference":"Group/x"}}]}"""), InlineData("""{"resourceType":"Parameters","parameter":[{"name":"appointment-resource","resource":{"resourceType":"Appointment","id":"nobody","status":"cancelled"}}]}"""), InlineData("""{"resourceType":"Parameters","parameter":[{"name":"appointment-reference","valueInteger":7}]}""")]
    public async Task What_is_no_booking_is_refused_and_nothing_fails(string body)
    {
        using var system = await node.Client("client/odd");
        foreach (var operation in (string[])["$hold", "$book"])
        {
            var (status, answer) = await Ask(system, operation, body);
            Assert.True((int)status is >= 400 and < 500, $"{operation}: {status}");
            Assert.NotEmpty(Problem(answer));
        }
    }
}
