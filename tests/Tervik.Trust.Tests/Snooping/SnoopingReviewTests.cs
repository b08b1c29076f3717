using Tervik.Records.Search;
using Tervik.Storage;
using Tervik.Trust.AuditLog;
using Tervik.Trust.Snooping;
using Tervik.Trust.Tests.Relations;

namespace Tervik.Trust.Tests.Snooping;

public sealed class SnoopingReviewTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>A hospital with two wards, somebody curious at ward a, and who reviews.</summary>
    sealed class Hospital : IAsyncDisposable
    {
        readonly House house;
        readonly AccessLog log;

        Hospital(House house)
        {
            this.house = house;
            Alerts = new(house.Trust, house.Register, house.Clock);
            log = new(house.Trust, house.Store.Keys, house.Clock);
            Review = NewReview();
        }

        public House House => house;
        public Alerts Alerts { get; }
        public SnoopingReview Review { get; set; }
        /// <summary>As after a restart.</summary>
        public SnoopingReview NewReview() => new(house.Trust, new(house.Store, new SearchEngine(house.Store), house.Care, house.Register), Alerts, house.Clock);

        public static async Task<Hospital> Open(Engine engine)
        {
            var house = await House.Open(engine);
            await house.Put("Organization", "hospital", "'active':true");
            await house.Put("Organization", "a", "'partOf':{'reference':'Organization/hospital'}");
            await house.Put("Organization", "b", "'partOf':{'reference':'Organization/hospital'}");
            foreach (var (who, where, code, members) in ((string, string, string, string)[])
            [
                ("curious", "a", "nurse", ",'name':[{'family':'Kask'}],'address':[{'line':['Pikk 18'],'postalCode':'10117'}]"), ("mate", "a", "nurse", ""), ("lead", "a", "unit-lead", ""), ("other-lead", "b", "unit-lead", ""),
                ("officer", "hospital", "data-protection", ""), ("stranger", "elsewhere", "data-protection", ""), ("ill", "b", "nurse", ",'identifier':[{'system':'urn:id','value':'7'}]"),
            ])
            {
                await house.Put("Practitioner", who, $"'active':true{members}");
                await house.Put("PractitionerRole", $"{who}-role", $"'active':true,'practitioner':{{'reference':'Practitioner/{who}'}},'organization':{{'reference':'Organization/{where}'}},'code':[{{'coding':[{{'system':'urn:tervik:role','code':'{code}'}}]}}]");
            }
            foreach (var (who, members) in ((string, string)[])
            [
                ("prominent", "'meta':{'security':[{'system':'http://terminology.hl7.org/CodeSystem/v3-ActCode','code':'CEL'}]}"), ("namesake", "'name':[{'family':'KASK'}]"), ("neighbour", "'address':[{'line':['Pikk  18'],'postalCode':'10117'}]"),
                ("colleague", "'identifier':[{'system':'urn:id','value':'7'}]"), ("anybody", "'active':true"), ("late", "'active':true"), ("treated", "'meta':{'security':[{'system':'http://terminology.hl7.org/CodeSystem/v3-ActCode','code':'CEL'}]}"), ("ward", "'name':[{'family':'Kask'}]"),
            ])
                await house.Put("Patient", who, members);
            await house.Put("Encounter", "now", Encounter("treated", "curious", "2026-11-24"));
            await house.Put("Encounter", "unit", Encounter("ward", "mate", "2026-11-10"));
            return new(house);
        }

        public static string Encounter(string patient, string who, string day) =>
            $"'status':'finished','class':{{'code':'AMB'}},'subject':{{'reference':'Patient/{patient}'}},'participant':[{{'individual':{{'reference':'Practitioner/{who}'}}}}],'period':{{'start':'{day}T09:00:00Z','end':'{day}T10:00:00Z'}}";

        public async Task Look(string patient, string who = "curious")
        {
            await log.Append(new($"Practitioner/{who}", new("read", "Patient", patient), null, [new($"Patient/{patient}", [house.Store.Keys.Reference($"Patient/{patient}")])], 200), AccessOrigin.Unknown, Stop);
            house.Clock.Now += TimeSpan.FromMinutes(1);
        }

        public async Task Judge()
        {
            while (await Review.Step(Stop)) { }
            while (await Review.FollowUp(Stop)) { }
        }

        public async Task<string[]> Found() => [.. (await Alerts.All(null, 100, Stop)).Select(alert => $"{alert.Rule} {alert.Patient ?? $"{alert.Patients}"} {alert.Reasons}").Order(StringComparer.Ordinal)];

        public async ValueTask DisposeAsync()
        {
            await log.DisposeAsync();
            await house.DisposeAsync();
        }
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task Curiosity_is_found_once_with_what_speaks_for_it_and_care_is_not(Engine engine)
    {
        await using var hospital = await Hospital.Open(engine);
        foreach (var patient in (string[])["prominent", "namesake", "neighbour", "colleague", "anybody", "treated", "ward", "prominent"]) await hospital.Look(patient);
        await hospital.Judge();
        string[] found =
        [
            "Curiosity Patient/colleague NoContact, Colleague", "Curiosity Patient/namesake NoContact, SameName", "Curiosity Patient/neighbour NoContact, SameAddress", "Curiosity Patient/prominent NoContact, Prominent",
        ];
        Assert.Equal(found, await hospital.Found());
        // The program ends and begins again: nothing is raised twice, and what comes is judged.
        hospital.Review = hospital.NewReview();
        await hospital.Look("prominent", "mate");
        await hospital.Judge();
        string[] then = [.. found, "Curiosity Patient/prominent NoContact, Prominent"];
        Assert.Equal(then, await hospital.Found());
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_look_without_a_relation_is_listed_when_a_week_later_there_still_is_none(Engine engine)
    {
        await using var hospital = await Hospital.Open(engine);
        await hospital.Look("anybody");
        await hospital.Look("late");
        await hospital.Judge();
        Assert.Empty(await hospital.Found());
        await hospital.House.Put("Encounter", "late", Hospital.Encounter("late", "curious", "2026-11-25"));
        hospital.House.Clock.Now += TimeSpan.FromDays(8);
        hospital.Review = hospital.NewReview();
        await hospital.Judge();
        Assert.Equal(["NoRelation Patient/anybody NoContact"], await hospital.Found());
    }

    [Fact]
    public async Task A_spree_is_one_alert_that_grows_also_over_a_restart()
    {
        await using var hospital = await Hospital.Open(Engine.Sqlite);
        for (var number = 0; number < 14; number++) await hospital.House.Put("Patient", $"s{number}", "'active':true");
        for (var number = 0; number < 9; number++) await hospital.Look($"s{number}");
        await hospital.Judge();
        Assert.Empty(await hospital.Found());
        hospital.Review = hospital.NewReview();
        for (var number = 9; number < 14; number++) await hospital.Look($"s{number}");
        await hospital.Judge();
        Assert.Equal(["Spree 14 NoContact"], await hospital.Found());
    }

    [Fact]
    public async Task Looks_off_duty_again_and_again_are_a_pattern()
    {
        await using var hospital = await Hospital.Open(Engine.Sqlite);
        for (var day = 20; day < 28; day++) await hospital.House.Put("Encounter", $"duty{day}", Hospital.Encounter("treated", "mate", $"2026-11-{day}"));
        for (var number = 0; number < 6; number++)
        {
            await hospital.House.Put("Patient", $"n{number}", "'active':true");
            await hospital.House.Put("Encounter", $"old{number}", Hospital.Encounter($"n{number}", "mate", "2025-01-10"));
        }
        hospital.House.Clock.Now = new(2026, 11, 23, 23, 30, 0, TimeSpan.Zero);
        for (var night = 0; night < 6; night++)
        {
            await hospital.Look($"n{night}", "mate");
            hospital.House.Clock.Now += TimeSpan.FromHours(night % 2 == 0 ? 1 : 23);
            await hospital.Judge();
        }
        Assert.Equal(["OffDuty 6 OffDuty"], await hospital.Found());
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task The_lead_of_the_unit_and_data_protection_review_an_alert_and_nobody_their_own(Engine engine)
    {
        await using var hospital = await Hospital.Open(engine);
        await hospital.Look("prominent");
        await hospital.Look("prominent", "lead");
        await hospital.Look("prominent", "officer");
        await hospital.Judge();
        async Task<string[]> Of(string who) => [.. (await hospital.Alerts.For($"Practitioner/{who}", null, 100, Stop)).Select(alert => alert.Agent.Split('/')[1]).Order(StringComparer.Ordinal)];
        Assert.Equal(["curious"], await Of("lead"));
        Assert.Equal(["curious", "lead"], await Of("officer"));
        Assert.Empty(await Of("other-lead"));
        Assert.Empty(await Of("stranger"));
        Assert.Empty(await Of("curious"));

        var alert = (await hospital.Alerts.For("Practitioner/lead", AlertState.Open, 100, Stop)).Single();
        await hospital.Alerts.Review(alert, "Practitioner/lead", AlertState.Explained, "She was called in.", Stop);
        await hospital.Alerts.Review(alert, "Practitioner/officer", AlertState.Confirmed, "She was not.", Stop);
        Assert.Empty(await hospital.Alerts.For("Practitioner/lead", AlertState.Open, 100, Stop));
        var (after, reviews) = (await hospital.Alerts.Find(alert.Id, "Practitioner/officer", Stop))!.Value;
        Assert.Equal((AlertState.Confirmed, "Practitioner/lead Explained She was called in.|Practitioner/officer Confirmed She was not."), (after.State, string.Join('|', reviews.Select(one => $"{one.Reviewer} {one.State} {one.Comment}"))));
        foreach (var nobody in (string[])["curious", "other-lead", "stranger", "mate"]) Assert.Null(await hospital.Alerts.Find(alert.Id, $"Practitioner/{nobody}", Stop));
    }

    [Fact]
    public async Task A_lead_whose_role_has_ended_reviews_nothing_any_more()
    {
        await using var hospital = await Hospital.Open(Engine.Sqlite);
        await hospital.Look("prominent");
        await hospital.Judge();
        Assert.Single(await hospital.Alerts.For("Practitioner/lead", null, 100, Stop));
        await hospital.House.Put("PractitionerRole", "lead-role", "'active':true,'practitioner':{'reference':'Practitioner/lead'},'organization':{'reference':'Organization/a'},'code':[{'coding':[{'system':'urn:tervik:role','code':'unit-lead'}]}],'period':{'end':'2026-11-01'}");
        Assert.Empty(await hospital.Alerts.For("Practitioner/lead", null, 100, Stop));
        Assert.Single(await hospital.Alerts.For("Practitioner/officer", null, 100, Stop));
    }
}
