using Tervik.Records.Access;
using Tervik.Storage;
using Tervik.Trust.BreakGlass;
using Tervik.Trust.Consent;
using Tervik.Trust.Relations;
using Tervik.Trust.Tests.Relations;
using Xunit;

namespace Tervik.Trust.Tests.Decision;

/// <summary>Whose records a professional sees: each fact with its time and its scope, each choice, each way out of the ordinary.</summary>
public sealed class ProfessionalAccessTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static async Task<House> Given(Engine engine)
    {
        var house = await House.Open(engine);
        await house.Put("Patient", "a", "'active':true");
        await house.Put("Organization", "hospital", "'name':'H'");
        await house.Put("Organization", "ward", "'name':'W','partOf':{'reference':'Organization/hospital'}");
        await house.Put("Practitioner", "x", "'active':true");
        await house.Put("PractitionerRole", "x-ward", "'practitioner':{'reference':'Practitioner/x'},'organization':{'reference':'Organization/ward'},'code':[{'coding':[{'system':'urn:r','code':'doctor'}]}]");
        return house;
    }

    static async Task<AccessFilter> Seen(House house) => (await house.Professionals.Of("Practitioner/x", Stop)).Seeing;
    static async Task<bool> Sees(House house, string type = "Condition") => (await Seen(house)).CompartmentsFor(type).Contains(house.Store.Keys.Reference("Patient/a"));
    static async Task<bool> Writes(House house, string type = "Condition") => (await house.Professionals.Of("Practitioner/x", Stop)).Writing.CompartmentsFor(type).Contains(house.Store.Keys.Reference("Patient/a"));

    static string Encounter(string status, string? start, string? end, string who = "PractitionerRole/x-ward") => $$"""
        'status':'{{status}}','class':{'code':'AMB'},'subject':{'reference':'Patient/a'},'participant':[{'individual':{'reference':'{{who}}'} }]
        {{(start is null && end is null ? "" : $",'period':{{{(start is null ? "" : $"'start':'{start}'")}{(end is null ? "" : $"{(start is null ? "" : ",")}'end':'{end}'")}}}")}}
        """;

    // The clock stands at 2026-11-25 12:00.
    [Theory]
    [InlineData("finished", "2026-11-01", "2026-11-01", true)]
    [InlineData("finished", "2025-11-26", "2025-11-26", true)]
    [InlineData("finished", "2025-11-01", "2025-11-20", false)]
    [InlineData("finished", "2020-01-01", null, false)]
    [InlineData("in-progress", "2020-01-01", null, true)]
    [InlineData("planned", "2026-12-01", null, true)]
    [InlineData("planned", "2026-12-10", null, false)]
    [InlineData("cancelled", "2026-11-01", "2026-11-01", false)]
    [InlineData("entered-in-error", "2026-11-01", "2026-11-01", false)]
    public async Task An_encounter_counts_around_its_time(string status, string start, string? end, bool sees)
    {
        await using var house = await Given(Engine.Sqlite);
        await house.Put("Encounter", "e", Encounter(status, start, end));
        Assert.Equal(sees, await Sees(house));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_relation_begins_and_ends_with_time_alone(Engine engine)
    {
        await using var house = await Given(engine);
        await house.Put("Appointment", "p", "'status':'booked','start':'2027-01-10T08:00:00Z','end':'2027-01-10T08:30:00Z','participant':[{'actor':{'reference':'Patient/a'},'status':'accepted'},{'actor':{'reference':'Practitioner/x'},'status':'accepted'}]");
        Assert.False(await Sees(house));
        house.Clock.Now = new(2026, 12, 12, 0, 0, 0, TimeSpan.Zero);
        Assert.True(await Sees(house));
        Assert.Same(await Seen(house), await Seen(house));
        house.Clock.Now = new(2027, 2, 9, 9, 0, 0, TimeSpan.Zero);
        Assert.False(await Sees(house));
    }

    public static TheoryData<string, string, string, bool, bool> Facts => new()
    {
        // type, members, a type that is asked for, sees it, writes it
        { "Patient", "'generalPractitioner':[{'reference':'Practitioner/x'}]", "Condition", true, true },
        { "Patient", "'generalPractitioner':[{'reference':'Organization/ward'}]", "Condition", true, true },
        { "Patient", "'generalPractitioner':[{'reference':'Organization/hospital'}]", "Condition", false, false }, // not every ward of the hospital
        { "CareTeam", "'status':'active','subject':{'reference':'Patient/a'},'participant':[{'member':{'reference':'PractitionerRole/x-ward'}}]", "Condition", true, true },
        { "CareTeam", "'status':'active','period':{'end':'2026-11-01'},'subject':{'reference':'Patient/a'},'participant':[{'member':{'reference':'Practitioner/x'}}]", "Condition", false, false },
        { "CareTeam", "'status':'inactive','subject':{'reference':'Patient/a'},'participant':[{'member':{'reference':'Practitioner/x'}}]", "Condition", false, false },
        { "Encounter", "'status':'in-progress','class':{'code':'IMP'},'subject':{'reference':'Patient/a'},'serviceProvider':{'reference':'Organization/ward'},'period':{'start':'2026-11-20'}", "Condition", true, true },
        { "Encounter", "'status':'finished','class':{'code':'IMP'},'subject':{'reference':'Patient/a'},'serviceProvider':{'reference':'Organization/ward'},'period':{'start':'2026-11-20','end':'2026-11-24'}", "Condition", false, false },
        { "ServiceRequest", "'status':'active','intent':'order','subject':{'reference':'Patient/a'},'authoredOn':'2026-11-01','performer':[{'reference':'Organization/ward'}]", "Condition", true, true },
        { "ServiceRequest", "'status':'draft','intent':'order','subject':{'reference':'Patient/a'},'authoredOn':'2026-11-01','performer':[{'reference':'Organization/ward'}]", "Condition", false, false },
        { "ServiceRequest", "'status':'active','intent':'order','subject':{'reference':'Patient/a'},'authoredOn':'2026-01-01','performer':[{'reference':'Organization/ward'}]", "Condition", false, false },
        { "ServiceRequest", "'status':'active','intent':'order','category':[{'coding':[{'system':'http://snomed.info/sct','code':'108252007'}]}],'subject':{'reference':'Patient/a'},'authoredOn':'2026-11-01','performer':[{'reference':'Organization/ward'}]", "Condition", false, false },
        { "ServiceRequest", "'status':'active','intent':'order','category':[{'coding':[{'system':'http://snomed.info/sct','code':'108252007'}]}],'subject':{'reference':'Patient/a'},'authoredOn':'2026-11-01','performer':[{'reference':'Organization/ward'}]", "Observation", true, true },
        { "MedicationRequest", "'status':'active','intent':'order','subject':{'reference':'Patient/a'},'authoredOn':'2026-11-01','medicationCodeableConcept':{'text':'x'},'dispenseRequest':{'performer':{'reference':'Organization/ward'}}", "MedicationRequest", true, true },
        { "MedicationRequest", "'status':'active','intent':'order','subject':{'reference':'Patient/a'},'authoredOn':'2026-11-01','medicationCodeableConcept':{'text':'x'},'dispenseRequest':{'performer':{'reference':'Organization/ward'}}", "Observation", false, false },
        { "MedicationRequest", "'status':'completed','intent':'order','subject':{'reference':'Patient/a'},'authoredOn':'2026-11-01','medicationCodeableConcept':{'text':'x'},'dispenseRequest':{'performer':{'reference':'Organization/ward'}}", "MedicationRequest", false, false },
        { "Observation", "'status':'final','code':{'text':'x'},'subject':{'reference':'Patient/a'},'performer':[{'reference':'Practitioner/x'}]", "Condition", false, false },
    };

    [Theory, MemberData(nameof(Facts))]
    public async Task Each_kind_of_fact_opens_what_it_is_about(string type, string members, string asked, bool sees, bool writes)
    {
        await using var house = await Given(Engine.Sqlite);
        Assert.False(await Sees(house, asked));
        await house.Put(type, type == "Patient" ? "a" : "fact", members);
        Assert.Equal((sees, writes), (await Sees(house, asked), await Writes(house, asked)));
        Assert.Equal(sees, (await house.Care.Around("Patient/a", Stop)).Any(carer => carer.Who is "Practitioner/x" or "Organization/ward" && (carer.Scope is null || carer.Scope.Contains(asked))));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Every_rule_works_on_either_database(Engine engine)
    {
        await using var house = await Given(engine);
        var index = 0;
        foreach (var row in Facts)
            if (row.Data.Item1 != "Patient") await house.Put(row.Data.Item1, $"fact{index++}", row.Data.Item2);
        await house.Put("Patient", "a", Facts.First().Data.Item2);
        Assert.True(await Sees(house));
        Assert.Equal(["admission", "care team", "general practitioner", "order", "prescription", "referral"], (await house.Care.Around("Patient/a", Stop)).Select(carer => carer.Rule).Distinct().Order());
    }

    [Fact]
    public async Task Who_has_no_role_any_more_sees_nobody()
    {
        await using var house = await Given(Engine.Sqlite);
        await house.Put("Encounter", "e", Encounter("finished", "2026-11-01", "2026-11-01", "Practitioner/x"));
        Assert.True(await Sees(house));
        const string Role = "'practitioner':{'reference':'Practitioner/x'},'organization':{'reference':'Organization/ward'},'period':{'end':'2026-11-25'}";
        await house.Put("PractitionerRole", "x-ward", Role);
        Assert.True(await Sees(house));
        house.Clock.Now = new(2026, 11, 26, 0, 0, 0, TimeSpan.Zero);
        Assert.False(await Sees(house));
        await house.Exceptional.Open("1", ExceptionalKind.Glass, "Practitioner/x", "Patient/a", "", "life-threatening", "", Stop);
        Assert.False(await Sees(house));
        await house.Put("PractitionerRole", "other", "'practitioner':{'reference':'Practitioner/x'},'organization':{'reference':'Organization/hospital'},'active':true");
        Assert.True(await Sees(house));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Choices_hide_parts_and_their_end_shows_them(Engine engine)
    {
        await using var house = await Given(engine);
        await house.Put("Encounter", "e", Encounter("finished", "2026-11-01", "2026-11-01"));
        var mark = house.Store.Keys.Mark(house.Store.Keys.Reference("Patient/a"), "MH");
        Assert.Empty((await Seen(house)).HiddenMarks);
        await house.Sharing.Make("1", SharingKind.KeepOut, "Patient/a", SharingChoice.Everybody, 0, Stop, "MH");
        Assert.Equal([mark], (await Seen(house)).HiddenMarks);
        await house.Sharing.Make("other", SharingKind.KeepOut, "Patient/somebody", SharingChoice.Everybody, 0, Stop, "MH");
        Assert.Same(await Seen(house), await Seen(house));
        var end = (house.Clock.Now.AddHours(1) - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        await house.Sharing.Make("2", SharingKind.Allow, "Patient/a", "Practitioner/x", end, Stop, "MH");
        Assert.Empty((await Seen(house)).HiddenMarks);
        house.Clock.Now = house.Clock.Now.AddHours(1);
        Assert.Equal([mark], (await Seen(house)).HiddenMarks);
        await house.Sharing.Make("3", SharingKind.KeepOut, "Patient/a", "role urn:r|doctor", 0, Stop);
        Assert.False(await Sees(house));
        await house.Sharing.End("3", "Patient/a", Stop);
        await house.Sharing.End("1", "Patient/a", Stop);
        Assert.True(await Sees(house) && (await Seen(house)).HiddenMarks.Length == 0);
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_broken_glass_shows_all_but_an_opt_out_for_four_hours_and_writes_nothing(Engine engine)
    {
        await using var house = await Given(engine);
        var patient = house.Store.Keys.Reference("Patient/a");
        await house.Sharing.Make("1", SharingKind.KeepOut, "Patient/a", SharingChoice.Everybody, 0, Stop);
        await house.Sharing.Make("2", SharingKind.KeepOut, "Patient/a", SharingChoice.Everybody, 0, Stop, "MH");
        await house.Sharing.Make("3", SharingKind.OptOut, "Patient/a", SharingChoice.Everybody, 0, Stop, "GDIS");
        Assert.False(await Sees(house));
        await house.Exceptional.Open("g", ExceptionalKind.Glass, "Practitioner/x", "Patient/a", "Organization/ward", "life-threatening", "found in the street", Stop);
        await house.Exceptional.Open("g", ExceptionalKind.Glass, "Practitioner/x", "Patient/a", "Organization/ward", "life-threatening", "sent twice", Stop);
        Assert.True(await Sees(house));
        Assert.False(await Writes(house));
        Assert.Equal([house.Store.Keys.Mark(patient, "GDIS")], (await Seen(house)).HiddenMarks);
        var one = Assert.Single(await house.Exceptional.OfPatient("Patient/a", Stop));
        Assert.Equal(("found in the street", ReviewState.Waits), (one.Note, one.Review));
        house.Clock.Now = house.Clock.Now.AddHours(4);
        Assert.False(await Sees(house));
        Assert.Single((await house.Exceptional.ForReview(Stop)).Waiting);
        Assert.True(await house.Exceptional.Review("g", ReviewState.Justified, "Practitioner/lead", "yes", Stop));
        Assert.False(await house.Exceptional.Review("g", ReviewState.NotJustified, "Practitioner/lead", "no", Stop));
        Assert.Equal(ReviewState.Justified, (await house.Exceptional.Find("g", Stop))!.Review);
        await Assert.ThrowsAsync<ArgumentException>(() => house.Exceptional.Open("h", ExceptionalKind.Glass, "Practitioner/x", "Patient/a", "", "curiosity", "", Stop));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_declared_relation_opens_for_a_week_what_the_patient_did_not_close(Engine engine)
    {
        await using var house = await Given(engine);
        await house.Exceptional.Open("d", ExceptionalKind.Declared, "Practitioner/x", "Patient/a", "Organization/ward", "second-opinion", "", Stop);
        Assert.True(await Sees(house) && await Writes(house));
        await house.Sharing.Make("1", SharingKind.KeepOut, "Patient/a", "Organization/hospital", 0, Stop);
        Assert.False(await Sees(house) || await Writes(house));
        await house.Sharing.End("1", "Patient/a", Stop);
        Assert.True(await Sees(house));
        Assert.False(await house.Exceptional.Close("d", "Practitioner/other", Stop));
        Assert.True(await house.Exceptional.Close("d", "Practitioner/x", Stop));
        Assert.False(await Sees(house));
        await house.Exceptional.Open("d2", ExceptionalKind.Declared, "Practitioner/x", "Patient/a", "Organization/ward", "second-opinion", "", Stop);
        house.Clock.Now = house.Clock.Now.AddDays(7);
        Assert.False(await Sees(house));
        house.Clock.Now = house.Clock.Now.AddDays(8);
        var numbers = await house.Exceptional.Numbers(TimeSpan.FromDays(30), Stop);
        Assert.Equal((0, 2, 0, 2), (numbers.Glasses, numbers.Declared, numbers.NotJustified, numbers.Late));
    }

    [Fact]
    public async Task An_adult_is_let_into_a_part_only()
    {
        await using var house = await House.Open(Engine.Sqlite);
        await house.Put("Patient", "a", "'active':true");
        await house.Put("Patient", "friend", "'active':true");
        await house.Sharing.Make("1", SharingKind.LetIn, "Patient/a", "Patient/friend", 0, Stop, "medication appointments");
        var member = Assert.Single(await house.Family.Of("Patient/friend", Stop));
        Assert.True(member.Scope!.Contains("MedicationRequest") && member.Scope.Contains("Appointment") && member.Scope.Contains("Patient") && !member.Scope.Contains("Condition") && !member.Scope.Contains("Observation"));
        Assert.Equal(FamilyKind.LetIn, member.Kind);
        await house.Sharing.Make("2", SharingKind.OptOut, "Patient/a", SharingChoice.Everybody, 0, Stop, "SDV");
        Assert.Equal(["SDV"], Assert.Single(await house.Family.Of("Patient/friend", Stop)).Hidden);
        Assert.False(member.Books);
    }

    [Theory, InlineData("booking", true, true), InlineData("appointments booking", false, true), InlineData("appointments", false, false), InlineData("", true, false)]
    public async Task An_adult_is_let_in_to_book_where_the_patient_said_so(string what, bool isWhole, bool books)
    {
        await using var house = await House.Open(Engine.Sqlite);
        await house.Put("Patient", "a", "'active':true");
        await house.Put("Patient", "friend", "'active':true");
        await house.Sharing.Make("1", SharingKind.LetIn, "Patient/a", "Patient/friend", 0, Stop, what);
        var member = Assert.Single(await house.Family.Of("Patient/friend", Stop));
        Assert.Equal((isWhole, books), (member.Scope is null, member.Books));
        if (!isWhole) Assert.Equal(["Appointment", "AppointmentResponse", "Patient", "ServiceRequest", "Task"], member.Scope!.Order(StringComparer.Ordinal));
    }
}
